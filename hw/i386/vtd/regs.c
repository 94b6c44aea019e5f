/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: the register file [11.2-11.4]. One table says of every register where it is, how
 * wide, what software may write, what a written one clears, what reset leaves and who is told. An
 * 8-byte access is two 4-byte ones, low half first, so a side effect belongs to one half.
 */
#include <string.h>

#include "vtd-model.h"

typedef enum RegHook {
    HOOK_NONE = 0,
    HOOK_GCMD,
    HOOK_CCMD,
    HOOK_IOTLB,
    HOOK_FSTS,
    HOOK_FECTL,
    HOOK_FRCD,
    HOOK_PMEN,
    HOOK_IQT,
    HOOK_ICS,
    HOOK_IECTL,
    HOOK_PRS,
    HOOK_PECTL,
    HOOK_PERFINTRSTS,
    HOOK_PERFINTRCTL,
    HOOK_ECMD,
} RegHook;

/* What must be there for a register to be more than reserved. */
typedef enum RegNeeds {
    NEED_NOTHING,
    NEED_QI,
    NEED_IR,
    NEED_PRS,
    NEED_PMR,
    NEED_PLMR,
    NEED_PHMR,
    NEED_MTS,
    NEED_PMS,
    NEED_ECMDS,
} RegNeeds;

/* field_mask() in a constant expression */
#define MASK(f) ((~0ull >> (64 - ((f) & 0xff))) << (((f) >> 8) & 0xff))

#define FSTS_QUEUE (MASK(VTD_FSTS_IQE) | MASK(VTD_FSTS_ICE) | MASK(VTD_FSTS_ITE))
#define RTADDR_BITS (MASK(VTD_RTADDR_RTA) | MASK(VTD_RTADDR_TTM) | MASK(VTD_RTADDR_SSIRWE))
#define CCMD_BITS (MASK(VTD_CCMD_ICC) | MASK(VTD_CCMD_CIRG) | MASK(VTD_CCMD_FM) | \
                   MASK(VTD_CCMD_SID) | MASK(VTD_CCMD_DID))
#define IVA_BITS (MASK(VTD_IVA_ADDR) | MASK(VTD_IVA_IH) | MASK(VTD_IVA_AM))
#define IOTLB_BITS (MASK(VTD_IOTLB_IVT) | MASK(VTD_IOTLB_IIRG) | MASK(VTD_IOTLB_DR) | \
                    MASK(VTD_IOTLB_DW) | MASK(VTD_IOTLB_DID))
#define IQA_BITS (MASK(VTD_IQA_IQA) | MASK(VTD_IQA_DW) | MASK(VTD_IQA_QS))
#define IRTA_BITS (MASK(VTD_IRTA_IRTA) | MASK(VTD_IRTA_S)) /* EIME: if EIM */
#define PQA_BITS (MASK(VTD_PQA_PQA) | MASK(VTD_PQA_PQS))
#define PRS_BITS (MASK(VTD_PRS_PPR) | MASK(VTD_PRS_PRO))
#define MTRRDEF_BITS (MASK(VTD_MTRRDEF_E) | MASK(VTD_MTRRDEF_FE) | MASK(VTD_MTRRDEF_TYPE))
#define MTRR_BASE_BITS (MASK(VTD_MTRR_ADDR) | MASK(VTD_MTRR_BASE_TYPE))
#define MTRR_MASK_BITS (MASK(VTD_MTRR_ADDR) | MASK(VTD_MTRR_MASK_V))
#define ECMD_BITS (MASK(VTD_ECMD_CMD) | MASK(VTD_ECMD_OA))

typedef struct RegDesc {
    uint16_t offset;
    uint8_t bytes;
    uint8_t needs; /* RegNeeds */
    uint8_t hook;  /* RegHook */
    bool hook_high;    /* the upper half of a 64-bit register triggers */
    bool host_address; /* bits from HAW on are not implemented */
    uint64_t rw;   /* software may write */
    uint64_t w1c;  /* writing one clears */
    uint64_t reset;
} RegDesc;

#define EVENT_REGS(base, need, h)                                                          \
    { .offset = (base), .bytes = 4, .needs = (need), .hook = (h), .rw = MASK(VTD_EVENT_IM),  \
      .reset = MASK(VTD_EVENT_IM) },                                                       \
    { .offset = (base) + 4, .bytes = 4, .needs = (need), .rw = MASK(VTD_EVENT_DATA) },       \
    { .offset = (base) + 8, .bytes = 4, .needs = (need), .rw = MASK(VTD_EVENT_ADDR) },       \
    { .offset = (base) + 12, .bytes = 4, .needs = (need), .rw = MASK(VTD_EVENT_UADDR) }

static const RegDesc reg_table[] = {
    { .offset = VTD_REG_GCMD, .bytes = 4, .hook = HOOK_GCMD },
    { .offset = VTD_REG_RTADDR, .bytes = 8, .host_address = true, .rw = RTADDR_BITS },
    { .offset = VTD_REG_CCMD, .bytes = 8, .hook = HOOK_CCMD, .hook_high = true, .rw = CCMD_BITS },
    { .offset = VTD_REG_FSTS, .bytes = 4, .hook = HOOK_FSTS, .w1c = MASK(VTD_FSTS_PFO) },
    { .offset = VTD_REG_FSTS, .bytes = 4, .needs = NEED_QI, .hook = HOOK_FSTS, .w1c = FSTS_QUEUE },
    EVENT_REGS(VTD_REG_FECTL, NEED_NOTHING, HOOK_FECTL),
    { .offset = VTD_REG_PMEN, .bytes = 4, .needs = NEED_PMR, .hook = HOOK_PMEN,
      .rw = MASK(VTD_PMEN_EPM) },
    { .offset = VTD_REG_PLMBASE, .bytes = 4, .needs = NEED_PLMR, .rw = MASK(VTD_PLM_ADDR) },
    { .offset = VTD_REG_PLMLIMIT, .bytes = 4, .needs = NEED_PLMR, .rw = MASK(VTD_PLM_ADDR) },
    { .offset = VTD_REG_PHMBASE, .bytes = 8, .needs = NEED_PHMR, .host_address = true,
      .rw = MASK(VTD_PHM_ADDR) },
    { .offset = VTD_REG_PHMLIMIT, .bytes = 8, .needs = NEED_PHMR, .host_address = true,
      .rw = MASK(VTD_PHM_ADDR) },
    { .offset = VTD_REG_IQT, .bytes = 8, .needs = NEED_QI, .hook = HOOK_IQT,
      .rw = MASK(VTD_IQT_QT) },
    { .offset = VTD_REG_IQA, .bytes = 8, .needs = NEED_QI, .host_address = true,
      .rw = IQA_BITS },
    { .offset = VTD_REG_ICS, .bytes = 4, .needs = NEED_QI, .hook = HOOK_ICS,
      .w1c = MASK(VTD_ICS_IWC) },
    EVENT_REGS(VTD_REG_IECTL, NEED_QI, HOOK_IECTL),
    { .offset = VTD_REG_IRTA, .bytes = 8, .needs = NEED_IR, .host_address = true,
      .rw = IRTA_BITS },
    { .offset = VTD_REG_PQH, .bytes = 8, .needs = NEED_PRS, .rw = MASK(VTD_PQ_OFFSET) },
    { .offset = VTD_REG_PQT, .bytes = 8, .needs = NEED_PRS, .rw = MASK(VTD_PQ_OFFSET) },
    { .offset = VTD_REG_PQA, .bytes = 8, .needs = NEED_PRS, .host_address = true,
      .rw = PQA_BITS },
    { .offset = VTD_REG_PRS, .bytes = 4, .needs = NEED_PRS, .hook = HOOK_PRS, .w1c = PRS_BITS },
    EVENT_REGS(VTD_REG_PECTL, NEED_PRS, HOOK_PECTL),
    { .offset = VTD_REG_MTRRDEF, .bytes = 8, .needs = NEED_MTS, .rw = MTRRDEF_BITS },
    { .offset = VTD_REG_PERFINTRSTS, .bytes = 4, .needs = NEED_PMS, .hook = HOOK_PERFINTRSTS,
      .w1c = MASK(VTD_PERFINTRSTS_PIS) },
    EVENT_REGS(VTD_REG_PERFINTRCTL, NEED_PMS, HOOK_PERFINTRCTL),
    { .offset = VTD_REG_ECMD, .bytes = 8, .needs = NEED_ECMDS, .hook = HOOK_ECMD,
      .rw = ECMD_BITS },
};

static bool reg_exists(const VtdModel *m, RegNeeds needs)
{
    const VtdConfig *c = &m->cfg;

    switch (needs) {
    case NEED_QI:
        return c->qi;
    case NEED_IR:
        return c->ir;
    case NEED_PRS:
        return c->prs;
    case NEED_PMR:
        return c->plmr || c->phmr;
    case NEED_PLMR:
        return c->plmr;
    case NEED_PHMR:
        return c->phmr;
    case NEED_MTS:
        return c->mts;
    case NEED_PMS:
        return c->pms;
    case NEED_ECMDS:
        return c->ecmds;
    case NEED_NOTHING:
        break;
    }
    return true;
}

static void reg_enter(VtdModel *m, const RegDesc *d)
{
    uint64_t rw = d->rw;
    unsigned i = d->offset / 4;

    if (!reg_exists(m, d->needs)) {
        return;
    }
    if (d->host_address) {
        rw &= low_mask(m->cfg.haw);
    }
    m->rw_mask[i] |= (uint32_t)rw;
    m->w1c_mask[i] |= (uint32_t)d->w1c;
    if (d->bytes == 8) {
        m->rw_mask[i + 1] |= rw >> 32;
        m->w1c_mask[i + 1] |= d->w1c >> 32;
    }
    if (d->hook) {
        m->hook[i + d->hook_high] = d->hook;
    }
}

void vtd_regs_init(VtdModel *m)
{
    const RegDesc iva = {
        .offset = m->iva_base, .bytes = 8, .rw = IVA_BITS,
    };
    const RegDesc iotlb = {
        .offset = m->iva_base + 8, .bytes = 8, .hook = HOOK_IOTLB, .hook_high = true,
        .rw = IOTLB_BITS,
    };

    for (size_t i = 0; i < sizeof(reg_table) / sizeof(reg_table[0]); i++) {
        reg_enter(m, &reg_table[i]);
    }
    if (m->cfg.eim) {
        m->rw_mask[VTD_REG_IRTA / 4] |= field_mask(VTD_IRTA_EIME);
    }
    reg_enter(m, &iva);
    reg_enter(m, &iotlb);
    for (unsigned n = 0; n < m->cfg.nfr; n++) {
        unsigned top = m->frcd_base / 4 + n * 4 + 3;

        m->w1c_mask[top] |= field_mask(VTD_FRCD_F) >> 32;
        m->hook[top] = HOOK_FRCD;
    }
    if (m->cfg.mts) {
        for (unsigned off = VTD_REG_MTRR_FIX64K_00000; off < VTD_REG_MTRR_FIX4K_C0000 + 64;
             off += 8) {
            reg_enter(m, &(RegDesc) { .offset = off, .bytes = 8, .rw = MASK(VTD_MTRR_FIXED) });
        }
        for (unsigned off = VTD_REG_MTRR_PHYSBASE0; off < VTD_REG_MTRR_END; off += 16) {
            reg_enter(m, &(RegDesc) { .offset = off, .bytes = 8, .host_address = true,
                                      .rw = MTRR_BASE_BITS });
            reg_enter(m, &(RegDesc) { .offset = off + 8, .bytes = 8, .host_address = true,
                                      .rw = MTRR_MASK_BITS });
        }
    }
}

/* The power-good reset, which is the only one there is: sticky bits go too [11.3]. */
void vtd_regs_reset(VtdModel *m)
{
    memset(m->regs, 0, sizeof(m->regs));
    for (size_t i = 0; i < sizeof(reg_table) / sizeof(reg_table[0]); i++) {
        if (reg_table[i].reset && reg_exists(m, reg_table[i].needs)) {
            vtd_set_reg32(m, reg_table[i].offset, reg_table[i].reset);
        }
    }
    vtd_set_reg32(m, VTD_REG_VER,
                  reg_set(reg_make(VTD_VER_MAX, m->cfg.ver_max), VTD_VER_MIN, m->cfg.ver_min));
    vtd_set_reg64(m, VTD_REG_CAP, m->cap);
    vtd_set_reg64(m, VTD_REG_ECAP, m->ecap);
    if (m->cfg.mts) {
        uint64_t cap = reg_make(VTD_MTRRCAP_VCNT, VTD_MTRR_RANGES);

        cap = reg_set(cap, VTD_MTRRCAP_FIX, 1);
        vtd_set_reg64(m, VTD_REG_MTRRCAP, reg_set(cap, VTD_MTRRCAP_WC, 1));
    }
    vtd_perfmon_reset(m);
}

static void reg_write32(VtdModel *m, unsigned offset, uint32_t value)
{
    unsigned i = offset / 4;
    uint32_t old = m->regs[i];
    uint32_t now = (old & ~m->rw_mask[i]) | (value & m->rw_mask[i]);

    m->regs[i] = now & ~(value & m->w1c_mask[i]);
    switch (m->hook[i]) {
    case HOOK_GCMD:
        vtd_gcmd_write(m, value);
        break;
    case HOOK_CCMD:
        vtd_inv_ccmd_written(m);
        break;
    case HOOK_IOTLB:
        vtd_inv_iotlb_reg_written(m);
        break;
    case HOOK_FSTS:
        vtd_fault_status_written(m, old & ~m->regs[i]);
        break;
    case HOOK_FECTL:
        vtd_event_control_written(m, VTD_EVENT_FAULT);
        break;
    case HOOK_FRCD:
        vtd_fault_record_written(m);
        break;
    case HOOK_PMEN:
        vtd_pmr_written(m);
        break;
    case HOOK_IQT:
        vtd_qi_run(m);
        break;
    case HOOK_ICS:
        if (!vtd_reg32(m, VTD_REG_ICS)) {
            vtd_event_settle(m, VTD_EVENT_INVALIDATION);
        }
        break;
    case HOOK_IECTL:
        vtd_event_control_written(m, VTD_EVENT_INVALIDATION);
        break;
    case HOOK_PRS:
        vtd_prs_written(m);
        break;
    case HOOK_PECTL:
        vtd_event_control_written(m, VTD_EVENT_PAGE);
        break;
    case HOOK_PERFINTRSTS:
        if (!vtd_reg32(m, VTD_REG_PERFINTRSTS)) {
            vtd_event_settle(m, VTD_EVENT_PERF);
        }
        break;
    case HOOK_PERFINTRCTL:
        vtd_event_control_written(m, VTD_EVENT_PERF);
        break;
    case HOOK_ECMD:
        vtd_ecmd_written(m);
        break;
    default:
        break;
    }
}

static bool access_legal(VtdModel *m, uint64_t offset, unsigned size, const char *what)
{
    if ((size != 4 && size != 8) || offset % 4 || offset >= m->mmio_bytes ||
        size > m->mmio_bytes - offset) {
        VTD_GUEST_ERROR(m, "%s of %u bytes at 0x%llx: only aligned 4 and 8 byte accesses", what,
                        size, (unsigned long long)offset);
        return false;
    }
    return true;
}

uint64_t vtd_mmio_read(IommuModel *model, uint64_t offset, unsigned size)
{
    VtdModel *m = vtd_model(model);

    if (!access_legal(m, offset, size, "read")) {
        return 0;
    }
    if (offset >= VTD_PERF_FIRST) {
        return vtd_perfmon_read(m, offset, size);
    }
    return size == 4 ? vtd_reg32(m, offset) : vtd_reg64(m, offset);
}

void vtd_mmio_write(IommuModel *model, uint64_t offset, uint64_t value, unsigned size)
{
    VtdModel *m = vtd_model(model);
    bool counted;

    if (!access_legal(m, offset, size, "write")) {
        return;
    }
    if (offset >= VTD_PERF_FIRST) {
        vtd_perfmon_write(m, offset, value, size);
        return;
    }
    counted = vtd_perfmon_begin(m);
    if (size == 8 && offset == VTD_REG_ECMD) {
        /* The low half triggers, and must find its operand [11.4.14.1]. */
        reg_write32(m, offset + 4, value >> 32);
    }
    reg_write32(m, offset, value);
    if (size == 8 && offset != VTD_REG_ECMD) {
        reg_write32(m, offset + 4, value >> 32);
    }
    if (counted) {
        vtd_perfmon_count(m);
    }
}

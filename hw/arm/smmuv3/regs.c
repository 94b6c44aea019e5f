/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register file of one programming interface (IHI 0070 chapter 6): offsets, widths, writable bits,
 * guards, Update and acknowledge protocols, and what a write sets off.
 *
 * The model acts at once, so every acknowledge register follows in the same write.
 */
#include "internal.h"

/** Bits that may change now: guarded fields are read-only while their enable is on (6.2). */
typedef uint64_t RegGuard(const SmmuModel *m);
/** After the cell has changed. */
typedef void RegEffect(SmmuModel *m, uint64_t old);

typedef struct RegDef {
    uint32_t offset;
    uint8_t bytes;    /* 4 or 8 */
    uint8_t cell;     /* SmmuCell */
    uint64_t writable;
    RegGuard *guard;  /* NULL: always */
    RegEffect *effect;
} RegDef;

/* ---- Guards ------------------------------------------------------------------------------- */

static uint64_t guard_smmuen(const SmmuModel *m)
{
    return smmu_enabled(m) ? 0 : UINT64_MAX;
}

static uint64_t guard_cmdqen(const SmmuModel *m)
{
    return cell_get(m, CELL_CR0, CR0_CMDQEN) ? 0 : UINT64_MAX;
}

static uint64_t guard_eventqen(const SmmuModel *m)
{
    return cell_get(m, CELL_CR0, CR0_EVENTQEN) ? 0 : UINT64_MAX;
}

static uint64_t guard_priqen(const SmmuModel *m)
{
    return cell_get(m, CELL_CR0, CR0_PRIQEN) ? 0 : UINT64_MAX;
}

static uint64_t guard_cr1(const SmmuModel *m)
{
    uint64_t open = guard_smmuen(m) ? field_mask(CR1_TABLE) : 0;

    if (guard_cmdqen(m) && guard_eventqen(m) && guard_priqen(m) && !smmu_ecmdq_any_enabled(m)) {
        open |= field_mask(CR1_QUEUE);
    }
    return open;
}

static uint64_t guard_gerror_irq(const SmmuModel *m)
{
    return cell_get(m, CELL_IRQ_CTRL, IRQ_CTRL_GERROR_IRQEN) ? 0 : UINT64_MAX;
}

static uint64_t guard_eventq_irq(const SmmuModel *m)
{
    return cell_get(m, CELL_IRQ_CTRL, IRQ_CTRL_EVENTQ_IRQEN) ? 0 : UINT64_MAX;
}

static uint64_t guard_priq_irq(const SmmuModel *m)
{
    return cell_get(m, CELL_IRQ_CTRL, IRQ_CTRL_PRIQ_IRQEN) ? 0 : UINT64_MAX;
}

/** Only an error that is active can be acknowledged (6.3.20 leaves the rest open). */
static uint64_t guard_gerrorn(const SmmuModel *m)
{
    return m->ns.cell[CELL_GERROR] ^ m->ns.cell[CELL_GERRORN];
}

/* ---- Effects ------------------------------------------------------------------------------ */

static void effect_cr0(SmmuModel *m, uint64_t old)
{
    uint64_t now = m->ns.cell[CELL_CR0], changed = old ^ now;

    m->ns.cell[CELL_CR0ACK] = now;
    if (reg_get(changed, CR0_SMMUEN)) {
        m->recent.valid = false;
        if (!reg_get(now, CR0_SMMUEN)) {
            smmu_stall_terminate(m, true, 0);
        }
        smmu_mode_changed(m);
    }
    if (reg_get(changed, CR0_EVENTQEN) && reg_get(now, CR0_EVENTQEN)) {
        m->last_event_valid = false;
        smmu_stall_retry_waiting(m);
    }
    if (reg_get(changed, CR0_CMDQEN)) {
        /* Stopped: CONS is stable, and a CMD_SYNC that waits has not been consumed */
        m->sync[0].waiting = false;
        smmu_cmdq_forget(m, 0);
        if (reg_get(now, CR0_CMDQEN)) {
            smmu_cmdq_run(m, 0);
        }
    }
}

static void effect_cr2(SmmuModel *m, uint64_t old)
{
    if (old != m->ns.cell[CELL_CR2]) {
        /* Cached STEs were decoded for the old StreamWorld */
        m->recent.valid = false;
        iommu_cache_flush(&m->ste_cache);
        iommu_cache_flush(&m->cd_cache);
    }
}

static void effect_gbpa(SmmuModel *m, uint64_t old)
{
    uint64_t now = m->ns.cell[CELL_GBPA];

    if (!reg_get(now, GBPA_UPDATE)) {
        m->ns.cell[CELL_GBPA] = old; /* only a write with Update=1 changes anything (6.3.14) */
        return;
    }
    m->ns.cell[CELL_GBPA] = reg_set(now, GBPA_UPDATE, 0);
    if (reg_get(old, GBPA_ABORT) != reg_get(now, GBPA_ABORT) && !smmu_enabled(m)) {
        smmu_mode_changed(m);
    }
}

static void effect_irq_ctrl(SmmuModel *m, uint64_t old)
{
    (void)old;
    m->ns.cell[CELL_IRQ_CTRLACK] = m->ns.cell[CELL_IRQ_CTRL];
}

static void effect_gerrorn(SmmuModel *m, uint64_t old)
{
    uint64_t acked = old ^ m->ns.cell[CELL_GERRORN];

    if (reg_get(acked, GERROR_EVENTQ_ABT_ERR)) {
        smmu_stall_retry_waiting(m);
    }
    if (reg_get(acked, GERROR_CMDQ_ERR)) {
        smmu_cmdq_run(m, 0);
    }
}

static void effect_cmdq_prod(SmmuModel *m, uint64_t old)
{
    (void)old;
    smmu_cmdq_run(m, 0);
}

static void effect_eventq_cons(SmmuModel *m, uint64_t old)
{
    (void)old;
    smmu_stall_retry_waiting(m);
}

static void effect_atos(SmmuModel *m, SmmuCell ctrl, bool vatos)
{
    bool run = cell_get(m, ctrl, ATOS_CTRL_RUN) && smmu_enabled(m);

    cell_set(m, ctrl, ATOS_CTRL_RUN, 0);
    if (run) {
        smmu_atos_run(m, vatos);
    }
}

static void effect_gatos_ctrl(SmmuModel *m, uint64_t old)
{
    (void)old;
    effect_atos(m, CELL_GATOS_CTRL, false);
}

static void effect_vatos_ctrl(SmmuModel *m, uint64_t old)
{
    (void)old;
    effect_atos(m, CELL_VATOS_CTRL, true);
}

/* ---- The map ------------------------------------------------------------------------------ */

/* field_mask() as a constant expression, for the table */
#define MASK(f) ((~0ull >> (64 - ((f) & 0xff))) << (((f) >> 8) & 0xff))

#define CR0_BITS (MASK(CR0_SMMUEN) | MASK(CR0_PRIQEN) | MASK(CR0_EVENTQEN) | \
                  MASK(CR0_CMDQEN) | MASK(CR0_ATSCHK) | MASK(CR0_VMW))
#define CR1_BITS (MASK(CR1_QUEUE) | MASK(CR1_TABLE))
#define CR2_BITS (MASK(CR2_E2H) | MASK(CR2_RECINVSID) | MASK(CR2_REC_CFG_ATS))
#define GBPA_TYPES (MASK(GBPA_MEMATTR) | MASK(GBPA_MTCFG) | \
                    MASK(GBPA_ALLOCCFG) | MASK(GBPA_SHCFG))
#define GBPA_PERMS (MASK(GBPA_PRIVCFG) | MASK(GBPA_INSTCFG))
#define GBPA_BITS (GBPA_TYPES | GBPA_PERMS | MASK(GBPA_ABORT) | MASK(GBPA_UPDATE))
#define IRQ_BITS (MASK(IRQ_CTRL_GERROR_IRQEN) | MASK(IRQ_CTRL_PRIQ_IRQEN) | \
                  MASK(IRQ_CTRL_EVENTQ_IRQEN))
#define GERROR_MSI (MASK(GERROR_MSI_CMDQ_ABT_ERR) | MASK(GERROR_MSI_EVENTQ_ABT_ERR) | \
                    MASK(GERROR_MSI_PRIQ_ABT_ERR) | MASK(GERROR_MSI_GERROR_ABT_ERR))
#define GERROR_PRI (MASK(GERROR_PRIQ_ABT_ERR) | MASK(GERROR_MSI_PRIQ_ABT_ERR))
#define GERROR_BITS (GERROR_MSI | GERROR_PRI | MASK(GERROR_CMDQ_ERR) | \
                     MASK(GERROR_EVENTQ_ABT_ERR) | MASK(GERROR_SFM_ERR) | \
                     MASK(GERROR_CMDQP_ERR))
#define CFG2_BITS (MASK(IRQ_CFG2_MEMATTR) | MASK(IRQ_CFG2_SH))
#define STRTAB_BITS (MASK(STRTAB_BASE_ADDR) | MASK(STRTAB_BASE_RA))
#define STRTAB_CFG_BITS (MASK(STRTAB_CFG_LOG2SIZE) | MASK(STRTAB_CFG_SPLIT) | \
                         MASK(STRTAB_CFG_FMT))
#define Q_BASE_BITS (MASK(Q_BASE_LOG2SIZE) | MASK(Q_BASE_ADDR) | \
                     MASK(Q_BASE_HINT))
#define Q_FLAG_BITS (MASK(Q_INDEX) | MASK(Q_OVFLG))
#define ATOS_SID_SSID (MASK(ATOS_SID_SUBSTREAMID) | MASK(ATOS_SID_SSID_VALID))
#define ATOS_SID_BITS (MASK(ATOS_SID_STREAMID) | ATOS_SID_SSID)
#define ATOS_ADDR_BITS (MASK(ATOS_ADDR_HTTUI) | MASK(ATOS_ADDR_IND) | \
                        MASK(ATOS_ADDR_RNW) | MASK(ATOS_ADDR_PNU) | \
                        MASK(ATOS_ADDR_TYPE) | MASK(ATOS_ADDR_ADDR))

#define RO(reg, bytes) { SMMU_##reg, bytes, CELL_##reg, 0, NULL, NULL }
#define VATOS_AT(reg) (SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_##reg)

/* Sorted by offset */
static const RegDef reg_defs[] = {
    RO(IDR0, 4), RO(IDR1, 4), RO(IDR2, 4), RO(IDR3, 4), RO(IDR4, 4), RO(IDR5, 4),
    RO(IIDR, 4), RO(AIDR, 4),
    { SMMU_CR0, 4, CELL_CR0, CR0_BITS, NULL, effect_cr0 },
    RO(CR0ACK, 4),
    { SMMU_CR1, 4, CELL_CR1, CR1_BITS, guard_cr1, NULL },
    { SMMU_CR2, 4, CELL_CR2, CR2_BITS, guard_smmuen, effect_cr2 },
    RO(STATUSR, 4),
    { SMMU_GBPA, 4, CELL_GBPA, GBPA_BITS, NULL, effect_gbpa },
    RO(AGBPA, 4),
    { SMMU_IRQ_CTRL, 4, CELL_IRQ_CTRL, IRQ_BITS, NULL, effect_irq_ctrl },
    RO(IRQ_CTRLACK, 4),
    RO(GERROR, 4),
    { SMMU_GERRORN, 4, CELL_GERRORN, GERROR_BITS, guard_gerrorn, effect_gerrorn },
    { SMMU_GERROR_IRQ_CFG0, 8, CELL_GERROR_IRQ_CFG0, MASK(IRQ_CFG0_ADDR),
      guard_gerror_irq, NULL },
    { SMMU_GERROR_IRQ_CFG1, 4, CELL_GERROR_IRQ_CFG1, UINT32_MAX, guard_gerror_irq, NULL },
    { SMMU_GERROR_IRQ_CFG2, 4, CELL_GERROR_IRQ_CFG2, CFG2_BITS, guard_gerror_irq, NULL },
    { SMMU_STRTAB_BASE, 8, CELL_STRTAB_BASE, STRTAB_BITS, guard_smmuen, NULL },
    { SMMU_STRTAB_BASE_CFG, 4, CELL_STRTAB_BASE_CFG, STRTAB_CFG_BITS, guard_smmuen, NULL },
    { SMMU_CMDQ_BASE, 8, CELL_CMDQ_BASE, Q_BASE_BITS, guard_cmdqen, NULL },
    { SMMU_CMDQ_PROD, 4, CELL_CMDQ_PROD, MASK(Q_INDEX), NULL, effect_cmdq_prod },
    { SMMU_CMDQ_CONS, 4, CELL_CMDQ_CONS, MASK(Q_INDEX) | MASK(CMDQ_CONS_ERR),
      guard_cmdqen, NULL },
    { SMMU_EVENTQ_BASE, 8, CELL_EVENTQ_BASE, Q_BASE_BITS, guard_eventqen, NULL },
    { SMMU_EVENTQ_IRQ_CFG0, 8, CELL_EVENTQ_IRQ_CFG0, MASK(IRQ_CFG0_ADDR),
      guard_eventq_irq, NULL },
    { SMMU_EVENTQ_IRQ_CFG1, 4, CELL_EVENTQ_IRQ_CFG1, UINT32_MAX, guard_eventq_irq, NULL },
    { SMMU_EVENTQ_IRQ_CFG2, 4, CELL_EVENTQ_IRQ_CFG2, CFG2_BITS, guard_eventq_irq, NULL },
    { SMMU_PRIQ_BASE, 8, CELL_PRIQ_BASE, Q_BASE_BITS, guard_priqen, NULL },
    { SMMU_PRIQ_IRQ_CFG0, 8, CELL_PRIQ_IRQ_CFG0, MASK(IRQ_CFG0_ADDR), guard_priq_irq, NULL },
    { SMMU_PRIQ_IRQ_CFG1, 4, CELL_PRIQ_IRQ_CFG1, UINT32_MAX, guard_priq_irq, NULL },
    { SMMU_PRIQ_IRQ_CFG2, 4, CELL_PRIQ_IRQ_CFG2, CFG2_BITS | MASK(IRQ_CFG2_LO),
      guard_priq_irq, NULL },
    { SMMU_GATOS_CTRL, 4, CELL_GATOS_CTRL, MASK(ATOS_CTRL_RUN), NULL, effect_gatos_ctrl },
    { SMMU_GATOS_SID, 8, CELL_GATOS_SID, ATOS_SID_BITS, NULL, NULL },
    { SMMU_GATOS_ADDR, 8, CELL_GATOS_ADDR, ATOS_ADDR_BITS, NULL, NULL },
    RO(GATOS_PAR, 8),
    { SMMU_VATOS_SEL, 4, CELL_VATOS_SEL, MASK(VATOS_SEL_VMID), NULL, NULL },
    RO(IDR6, 4),
    { SMMU_EVENTQ_PROD, 4, CELL_EVENTQ_PROD, Q_FLAG_BITS, guard_eventqen, NULL },
    { SMMU_EVENTQ_CONS, 4, CELL_EVENTQ_CONS, Q_FLAG_BITS, NULL, effect_eventq_cons },
    { SMMU_PRIQ_PROD, 4, CELL_PRIQ_PROD, Q_FLAG_BITS, guard_priqen, NULL },
    { SMMU_PRIQ_CONS, 4, CELL_PRIQ_CONS, Q_FLAG_BITS, NULL, NULL },
    { VATOS_AT(CTRL), 4, CELL_VATOS_CTRL, MASK(ATOS_CTRL_RUN), NULL, effect_vatos_ctrl },
    { VATOS_AT(SID), 8, CELL_VATOS_SID, ATOS_SID_BITS, NULL, NULL },
    { VATOS_AT(ADDR), 8, CELL_VATOS_ADDR, ATOS_ADDR_BITS, NULL, NULL },
    { VATOS_AT(PAR), 8, CELL_VATOS_PAR, 0, NULL, NULL },
};

#define REG_DEFS (sizeof(reg_defs) / sizeof(reg_defs[0]))

/** Bits of @cell that exist in this configuration: what is not implemented is RES0. */
static uint64_t implemented(const SmmuConfig *c, SmmuCell cell)
{
    uint64_t absent = 0;

    switch (cell) {
    case CELL_CR0:
        absent |= c->pri ? 0 : field_mask(CR0_PRIQEN);
        absent |= c->ats ? 0 : field_mask(CR0_ATSCHK);
        absent |= c->vmw ? 0 : field_mask(CR0_VMW);
        return ~absent;
    case CELL_CR2:
        absent |= c->hyp ? 0 : field_mask(CR2_E2H);
        absent |= c->atsrecerr ? 0 : field_mask(CR2_REC_CFG_ATS);
        return ~absent;
    case CELL_GBPA:
        absent |= c->attr_types_ovr ? 0 : GBPA_TYPES;
        absent |= c->attr_perms_ovr ? 0 : GBPA_PERMS;
        return ~absent;
    case CELL_IRQ_CTRL:
        return c->pri ? UINT64_MAX : ~field_mask(IRQ_CTRL_PRIQ_IRQEN);
    case CELL_GERRORN:
        absent |= c->msi ? 0 : GERROR_MSI;
        absent |= c->pri ? 0 : GERROR_PRI;
        absent |= c->ecmdq ? 0 : field_mask(GERROR_CMDQP_ERR);
        return ~absent;
    case CELL_STRTAB_BASE_CFG:
        return c->st_level ? UINT64_MAX : ~field_mask(STRTAB_CFG_FMT);
    case CELL_GERROR_IRQ_CFG0:
    case CELL_GERROR_IRQ_CFG1:
    case CELL_GERROR_IRQ_CFG2:
    case CELL_EVENTQ_IRQ_CFG0:
    case CELL_EVENTQ_IRQ_CFG1:
    case CELL_EVENTQ_IRQ_CFG2:
        return c->msi ? UINT64_MAX : 0;
    case CELL_PRIQ_IRQ_CFG0:
    case CELL_PRIQ_IRQ_CFG1:
        return c->msi && c->pri ? UINT64_MAX : 0;
    case CELL_PRIQ_IRQ_CFG2:
        /* LO does without MSIs (6.3.1, MSI) */
        return !c->pri ? 0 : c->msi ? UINT64_MAX : field_mask(IRQ_CFG2_LO);
    case CELL_PRIQ_BASE:
    case CELL_PRIQ_PROD:
    case CELL_PRIQ_CONS:
        return c->pri ? UINT64_MAX : 0;
    case CELL_GATOS_SID:
        return !c->atos ? 0 : c->ssidsize ? UINT64_MAX : ~ATOS_SID_SSID;
    case CELL_GATOS_CTRL:
    case CELL_GATOS_ADDR:
        return c->atos ? UINT64_MAX : 0;
    case CELL_VATOS_SID:
        return !c->vatos ? 0 : c->ssidsize ? UINT64_MAX : ~ATOS_SID_SSID;
    case CELL_VATOS_CTRL:
    case CELL_VATOS_ADDR:
    case CELL_VATOS_SEL:
        return c->vatos ? UINT64_MAX : 0;
    default:
        return UINT64_MAX;
    }
}

/** The register at @offset or holding it in its upper half; NULL: undefined, RES0. */
static const RegDef *reg_find(uint64_t offset)
{
    size_t low = 0, high = REG_DEFS;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (reg_defs[mid].offset + reg_defs[mid].bytes <= offset) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < REG_DEFS && reg_defs[low].offset <= offset ? &reg_defs[low] : NULL;
}

void smmu_regs_reset(SmmuModel *m)
{
    m->ns = (SmmuBank) { .cell = { 0 } };
    smmu_config_id_registers(&m->config, m->ns.cell);
    cell_set(m, CELL_GBPA, GBPA_SHCFG, SHCFG_INCOMING);
    cell_set(m, CELL_GBPA, GBPA_ABORT, m->config.gbpa_abort);
}

/* ---- Identification, ECMDQ control pages -------------------------------------------------- */

/**
 * CIDR: a component with a page of registers. PIDR is zero, as IIDR of all sets but those of Arm's
 * own products: there is no JEP106 code or part number for this design, so no driver finds an
 * erratum (6.3.170).
 */
static uint32_t id_register(uint64_t offset)
{
    static const uint8_t cidr[] = { 0x0d, 0xf0, 0x05, 0xb1 };

    return offset >= SMMU_CIDR0 ? cidr[(offset - SMMU_CIDR0) / 4] : 0;
}

#define ECMDQ_CONTROL_FIRST SMMU_CMDQ_CONTROL_PAGE_BASE(0)
#define ECMDQ_GRANULE_64K   1u

uint64_t smmu_ecmdq_first_page(const SmmuModel *m)
{
    return SMMU_FIRST_EXTRA_PAGE + (m->config.vatos ? SMMU_PAGE_BYTES : 0);
}

/** Where control page n lies, and that it is there for good (6.3.49-51). Read-only. */
static uint64_t ecmdq_control_read(const SmmuModel *m, uint64_t offset)
{
    uint64_t page = (offset - ECMDQ_CONTROL_FIRST) / 32;
    uint64_t addr = smmu_ecmdq_first_page(m) + page * SMMU_PAGE_BYTES;
    uint64_t base = addr | reg_make(ECMDQ_PAGE_PRESET, 1) |
                    reg_make(ECMDQ_PAGE_CMDQGS, ECMDQ_GRANULE_64K);

    switch ((offset - ECMDQ_CONTROL_FIRST) % 32) {
    case 0:
        return base;
    case 4:
        return base >> 32;
    case 8:
    case 12:
        return reg_make(ECMDQ_PAGE_CFG_EN, 1);
    default:
        return 0;
    }
}

static bool in_ecmdq_control(const SmmuModel *m, uint64_t offset)
{
    return m->config.ecmdq && offset >= ECMDQ_CONTROL_FIRST &&
           offset < SMMU_CMDQ_CONTROL_PAGE_BASE(1u << m->config.ecmdq_log2nump);
}

bool smmu_in_ecmdq_pages(const SmmuModel *m, uint64_t offset)
{
    return m->config.ecmdq && offset >= smmu_ecmdq_first_page(m);
}

/* ---- Access ------------------------------------------------------------------------------- */

static uint64_t read_word(SmmuModel *m, uint64_t offset)
{
    const RegDef *r;

    if (in_ecmdq_control(m, offset)) {
        return ecmdq_control_read(m, offset);
    }
    if (smmu_in_ecmdq_pages(m, offset)) {
        return smmu_ecmdq_read(m, offset - smmu_ecmdq_first_page(m));
    }
    if (offset >= SMMU_PIDR4 && offset < SMMU_CIDR0 + 16) {
        return id_register(offset);
    }
    r = reg_find(offset);
    if (!r) {
        return 0;
    }
    return m->ns.cell[r->cell] >> (offset == r->offset ? 0 : 32);
}

uint64_t smmu_regs_read(SmmuModel *m, uint64_t offset, unsigned size)
{
    uint64_t low;

    if ((size != 4 && size != 8) || offset % size) {
        return 0; /* illegal access: RAZ/WI (6.2) */
    }
    if (smmu_pmcg_owns(m, offset)) {
        return smmu_pmcg_read(m, offset, size);
    }
    low = read_word(m, offset) & UINT32_MAX;
    return size == 8 ? low | read_word(m, offset + 4) << 32 : low;
}

/** Change the bits @mask of @r to those of @value, as far as they may. */
static void reg_store(SmmuModel *m, const RegDef *r, uint64_t value, uint64_t mask)
{
    uint64_t old = m->ns.cell[r->cell];

    mask &= r->writable & implemented(&m->config, r->cell);
    if (r->guard) {
        mask &= r->guard(m);
    }
    m->ns.cell[r->cell] = (old & ~mask) | (value & mask);
    if (r->effect) {
        r->effect(m, old);
    }
}

static void write_word(SmmuModel *m, uint64_t offset, uint64_t value)
{
    const RegDef *r = reg_find(offset);

    if (r && offset == r->offset) {
        reg_store(m, r, value & UINT32_MAX, UINT32_MAX);
    } else if (r) {
        reg_store(m, r, value << 32, ~(uint64_t)UINT32_MAX);
    }
}

void smmu_regs_write(SmmuModel *m, uint64_t offset, uint64_t value, unsigned size)
{
    const RegDef *r;

    if ((size != 4 && size != 8) || offset % size) {
        return;
    }
    if (smmu_pmcg_owns(m, offset)) {
        smmu_pmcg_write(m, offset, value, size);
        return;
    }
    if (smmu_in_ecmdq_pages(m, offset)) {
        smmu_ecmdq_write(m, offset - smmu_ecmdq_first_page(m), value, size);
        return;
    }
    r = reg_find(offset);
    if (size == 8 && r && r->bytes == 8 && r->offset == offset) {
        reg_store(m, r, value, UINT64_MAX);
        return;
    }
    write_word(m, offset, value);
    if (size == 8) {
        write_word(m, offset + 4, value >> 32);
    }
}

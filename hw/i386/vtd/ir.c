/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: interrupt remapping [5.1, 9.9, 9.10] and the interrupt entry cache [6.4].
 */
#include "vtd-model.h"

enum { SVT_NONE = 0, SVT_SID = 1, SVT_BUS = 2, SVT_RSVD = 3 };

/* One interrupt request on its way. */
typedef struct IrWalk {
    VtdModel *m;
    const VtdIrRequest *req;
    VtdIrResult *res;
    bool fpd;
} IrWalk;

/* ---- messages */

static void decode_message(uint64_t addr, uint32_t data, VtdIrq *irq)
{
    *irq = (VtdIrq) {
        .dest = reg_get(addr, VTD_APIC_ADDR_DEST) | reg_get(addr, VTD_APIC_ADDR_HI) << 8,
        .vector = reg_get(data, VTD_APIC_DATA_VECTOR),
        .delivery_mode = reg_get(data, VTD_APIC_DATA_DLM),
        .logical = reg_get(addr, VTD_APIC_ADDR_DM),
        .redirection_hint = reg_get(addr, VTD_APIC_ADDR_RH),
        .level = reg_get(data, VTD_APIC_DATA_TM),
    };
}

static void encode_message(const VtdIrq *irq, uint64_t *addr, uint32_t *data)
{
    uint64_t a = reg_make(VTD_MSI_ADDR_FEE, 0xfee);

    a = reg_set(a, VTD_APIC_ADDR_DEST, irq->dest & 0xff);
    a = reg_set(a, VTD_APIC_ADDR_HI, irq->dest >> 8);
    a = reg_set(a, VTD_APIC_ADDR_RH, irq->redirection_hint);
    *addr = reg_set(a, VTD_APIC_ADDR_DM, irq->logical);
    *data = reg_make(VTD_APIC_DATA_VECTOR, irq->vector) |
            reg_make(VTD_APIC_DATA_DLM, irq->delivery_mode) |
            reg_make(VTD_APIC_DATA_LEVEL, 1) | reg_make(VTD_APIC_DATA_TM, irq->level);
}

#define RTE_INDEX_LO REGFIELD(63, 49)
#define RTE_FORMAT   REGFIELD(48, 48)
#define RTE_INDEX_HI REGFIELD(11, 11)
#define RTE_DEST     REGFIELD(63, 56)
#define RTE_DM       REGFIELD(11, 11)

void vtd_ioapic_message(uint64_t rte, uint64_t *addr, uint32_t *data)
{
    VtdIrq irq = {
        .dest = reg_get(rte, RTE_DEST),
        .vector = reg_get(rte, VTD_APIC_DATA_VECTOR),
        .delivery_mode = reg_get(rte, VTD_APIC_DATA_DLM),
        .logical = reg_get(rte, RTE_DM),
        .level = reg_get(rte, VTD_APIC_DATA_TM),
    };
    uint64_t a = reg_make(VTD_MSI_ADDR_FEE, 0xfee);

    if (!reg_get(rte, RTE_FORMAT)) {
        encode_message(&irq, addr, data);
        return;
    }
    a = reg_set(a, VTD_MSI_ADDR_HANDLE_LO, reg_get(rte, RTE_INDEX_LO));
    a = reg_set(a, VTD_MSI_ADDR_HANDLE_HI, reg_get(rte, RTE_INDEX_HI));
    *addr = reg_set(a, VTD_MSI_ADDR_FORMAT, 1);
    *data = reg_make(VTD_APIC_DATA_VECTOR, irq.vector) | reg_make(VTD_APIC_DATA_TM, irq.level);
}

/* ---- endings */

static VtdIrStatus blocked(IrWalk *w, VtdFaultReason reason, uint32_t index)
{
    VtdModel *m = w->m;
    VtdFaultRecord record = {
        .reason = reason,
        .info = (uint64_t)index << 48,
        .sid = w->req->sid & 0xffff,
        .type = VTD_FTYPE_WRITE,
    };

    w->res->fault = reason;
    w->res->index = index;
    if (!w->req->probe) {
        m->base.counters.irq_blocked++;
        m->base.counters.faults++;
        vtd_fault_record(m, &record, w->fpd);
    }
    return VTD_IR_BLOCKED;
}

/* ---- entries */

static bool entry_reserved(const VtdModel *m, const uint64_t w[2])
{
    uint64_t source = field_mask(VTD_IRTE_SID) | field_mask(VTD_IRTE_SQ) | field_mask(VTD_IRTE_SVT);
    uint64_t low = field_mask(VTD_IRTE_P) | field_mask(VTD_IRTE_FPD) | field_mask(VTD_IRTE_V) |
                   field_mask(BITFIELD_AT(8, 4)); /* available to software */
    uint64_t high = source;

    low |= m->cfg.pi ? field_mask(VTD_IRTE_IM) : 0;
    if (m->cfg.pi && field_get(w, VTD_IRTE_IM)) {
        low |= field_mask(VTD_IRTE_URG) | field_mask(VTD_IRTE_PDAL);
        high |= field_mask(VTD_IRTE_PDAH) & (low_mask(m->cfg.haw) >> 32 << 32);
    } else {
        unsigned dlm = field_get(w, VTD_IRTE_DLM);

        low |= field_mask(VTD_IRTE_DM) | field_mask(VTD_IRTE_RH) | field_mask(VTD_IRTE_TM) |
               field_mask(VTD_IRTE_DLM);
        low |= field_mask(m->tables.eime ? VTD_IRTE_DST : VTD_IRTE_DST_XAPIC);
        if (dlm == 3 || dlm == 6) {
            return true;
        }
    }
    return (w[0] & ~low) || (w[1] & ~high) || field_get(w, VTD_IRTE_SVT) == SVT_RSVD;
}

/* Whether the entry lets @sid use it [9.9 SVT]. */
static bool source_allowed(const uint64_t w[2], uint32_t sid)
{
    static const uint16_t ignored[] = { 0, 4, 6, 7 };
    uint16_t expected = field_get(w, VTD_IRTE_SID);

    if (sid == VTD_SID_UNSPECIFIED) {
        return true;
    }
    switch (field_get(w, VTD_IRTE_SVT)) {
    case SVT_SID:
        return !((sid ^ expected) & 0xffff & ~ignored[field_get(w, VTD_IRTE_SQ)]);
    case SVT_BUS:
        return reg_get(sid, VTD_SID_BUS) >= reg_get(expected, VTD_SID_BUS) &&
               reg_get(sid, VTD_SID_BUS) <= reg_get(expected, VTD_SID_DEVFN); /* the last bus */
    default:
        return true;
    }
}

/* Find the entry of @index; a fault that it shows makes *@irte what was read, and is not cached. */
static VtdFaultReason find_entry(IrWalk *w, uint32_t index, VtdIrte *irte)
{
    VtdModel *m = w->m;
    uint64_t addr = m->tables.irt + index * (uint64_t)VTD_IRTE_BYTES;
    const VtdIrte *hit = w->req->probe ? NULL
                                       : iommu_cache_lookup_sized(&m->interrupts, index, 0, 0);

    vtd_perfmon_note(m, VTD_PERF_INT_LOOKUP);
    if (hit) {
        vtd_perfmon_note(m, field_get(hit->words, VTD_IRTE_IM) ? VTD_PERF_INT_HIT_POSTED
                                                               : VTD_PERF_INT_HIT_NONPOSTED);
        *irte = *hit;
        return VTD_FAULT_NONE;
    }
    if (index >= m->tables.irt_entries || (addr & ~low_mask(m->cfg.haw))) {
        return VTD_FAULT_IR_INDEX;
    }
    vtd_perfmon_note(m, VTD_PERF_READ);
    if (!vtd_read_words(m, addr, irte->words, 2, m->cfg.c)) {
        return VTD_FAULT_IR_READ;
    }
    w->fpd = field_get(irte->words, VTD_IRTE_FPD);
    if (!field_get(irte->words, VTD_IRTE_P)) {
        return VTD_FAULT_IR_P;
    }
    if (entry_reserved(m, irte->words)) {
        return VTD_FAULT_IR_ENTRY;
    }
    if (!w->req->probe) {
        VtdIrte *slot = iommu_cache_insert(&m->interrupts, index, 0, 0);

        *slot = *irte;
    }
    return VTD_FAULT_NONE;
}

static VtdIrStatus use_entry(IrWalk *w, uint32_t index, const uint64_t e[2])
{
    VtdModel *m = w->m;
    VtdIrq *irq = &w->res->irq;

    w->res->index = index;
    if (field_get(e, VTD_IRTE_IM)) {
        uint64_t pid = field_get(e, VTD_IRTE_PDAL) << 6 | field_get(e, VTD_IRTE_PDAH) << 32;
        VtdFaultReason reason;

        if (w->req->probe) {
            return VTD_IR_POSTED;
        }
        reason = vtd_post_interrupt(m, pid, field_get(e, VTD_IRTE_V), field_get(e, VTD_IRTE_URG));
        if (reason) {
            return blocked(w, reason, index);
        }
        m->base.counters.irq_remapped++;
        return VTD_IR_POSTED;
    }
    *irq = (VtdIrq) {
        .dest = field_get(e, m->tables.eime ? VTD_IRTE_DST : VTD_IRTE_DST_XAPIC),
        .vector = field_get(e, VTD_IRTE_V),
        .delivery_mode = field_get(e, VTD_IRTE_DLM),
        .logical = field_get(e, VTD_IRTE_DM),
        .redirection_hint = field_get(e, VTD_IRTE_RH),
        .level = field_get(e, VTD_IRTE_TM),
    };
    encode_message(irq, &w->res->msi_addr, &w->res->msi_data);
    if (!w->req->probe) {
        m->base.counters.irq_remapped++;
    }
    return VTD_IR_REMAPPED;
}

static VtdIrStatus remap(IrWalk *w)
{
    uint64_t addr = w->req->addr;
    uint32_t data = w->req->data;
    uint32_t index = reg_get(addr, VTD_MSI_ADDR_HANDLE_LO) |
                     reg_get(addr, VTD_MSI_ADDR_HANDLE_HI) << 15;
    VtdIrte irte = { { 0 } };
    VtdFaultReason reason;

    if (reg_get(addr, VTD_MSI_ADDR_SHV)) {
        if (reg_get(data, VTD_MSI_DATA_RSVD)) {
            return blocked(w, VTD_FAULT_IR_RSVD, 0);
        }
        index += reg_get(data, VTD_MSI_DATA_SUBHANDLE);
        if (index > 0xffff) {
            return blocked(w, VTD_FAULT_IR_INDEX, index & 0xffff);
        }
    }
    reason = find_entry(w, index, &irte);
    w->fpd = field_get(irte.words, VTD_IRTE_FPD);
    if (reason) {
        return blocked(w, reason, index);
    }
    /* Cached or not, an entry is for its own sources. */
    if (!source_allowed(irte.words, w->req->sid)) {
        return blocked(w, VTD_FAULT_IR_SOURCE, index);
    }
    return use_entry(w, index, irte.words);
}

VtdIrStatus vtd_remap_interrupt(IommuModel *model, const VtdIrRequest *req, VtdIrResult *res)
{
    VtdModel *m = vtd_model(model);
    IrWalk w = { .m = m, .req = req, .res = res };
    VtdIrStatus status;
    bool counted;

    *res = (VtdIrResult) { .msi_addr = req->addr, .msi_data = req->data };
    decode_message(req->addr, req->data, &res->irq);
    if (!vtd_gsts(m, VTD_GCMD_IRE)) {
        return m->cfg.irreq ? blocked(&w, VTD_FAULT_IR_REQUIRED, 0) : VTD_IR_PASS;
    }
    if (m->cfg.eimer && !m->tables.eime) {
        return blocked(&w, VTD_FAULT_IR_EIME, 0);
    }
    if (!reg_get(req->addr, VTD_MSI_ADDR_FORMAT)) {
        if (m->tables.eime || !vtd_gsts(m, VTD_GCMD_CFI)) {
            return blocked(&w, VTD_FAULT_IR_COMPAT, 0);
        }
        return VTD_IR_PASS;
    }
    counted = !req->probe && vtd_perfmon_begin(m);
    status = remap(&w);
    if (counted) {
        vtd_perfmon_count(m);
    }
    return status;
}

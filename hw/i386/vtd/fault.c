/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: fault reasons, primary fault logging and the fault status register
 * [7.1.3, 7.2, 11.4.7].
 */
#include "vtd-model.h"
#include "hw/iommu/note.h"

#define UR VTD_ANSWER_UR
#define CA VTD_ANSWER_CA
#define NO VTD_ANSWER_EMPTY
#define RP VTD_ANSWER_EMPTY_REPORTED

/*
 * Table 30: whether FPD silences it, the answer to a translation request and to a translated one.
 * Untranslated requests are answered UR throughout. Columns that cannot occur say UR.
 */
static const VtdFaultInfo fault_table[256] = {
    [VTD_FAULT_LRT_1] = { "LRT.1", false, CA, UR },
    [VTD_FAULT_LRT_2] = { "LRT.2", false, UR, UR },
    [VTD_FAULT_LRT_3] = { "LRT.3", false, CA, UR },
    [VTD_FAULT_LCT_1] = { "LCT.1", false, CA, UR },
    [VTD_FAULT_LCT_2] = { "LCT.2", true, UR, UR },
    [VTD_FAULT_LCT_3] = { "LCT.3", true, CA, UR },
    [VTD_FAULT_LCT_4] = { "LCT.4", true, CA, UR },
    [VTD_FAULT_LCT_5] = { "LCT.5", true, UR, UR },
    [VTD_FAULT_LSS_1] = { "LSS.1", true, CA, UR },
    [VTD_FAULT_LSS_2] = { "LSS.2", true, CA, UR },
    [VTD_FAULT_LGN_1] = { "LGN.1", true, NO, UR },
    [VTD_FAULT_LGN_2] = { "LGN.2", true, NO, UR },
    [VTD_FAULT_LGN_3] = { "LGN.3", true, NO, UR },
    [VTD_FAULT_LGN_4] = { "LGN.4", true, CA, UR },
    [VTD_FAULT_IR_RSVD] = { "IR request reserved", false, UR, UR },
    [VTD_FAULT_IR_INDEX] = { "IR index", false, UR, UR },
    [VTD_FAULT_IR_P] = { "IRTE P=0", true, UR, UR },
    [VTD_FAULT_IR_READ] = { "IRTE read", false, UR, UR },
    [VTD_FAULT_IR_ENTRY] = { "IRTE reserved", true, UR, UR },
    [VTD_FAULT_IR_COMPAT] = { "IR compatibility", false, UR, UR },
    [VTD_FAULT_IR_SOURCE] = { "IR source", true, UR, UR },
    [VTD_FAULT_IR_PID_READ] = { "PID access", true, UR, UR },
    [VTD_FAULT_IR_PID_RSVD] = { "PID reserved", true, UR, UR },
    [VTD_FAULT_IR_BAD_REQUEST] = { "IR range", false, UR, UR },
    [VTD_FAULT_IR_EIME] = { "IR EIME required", false, UR, UR },
    [VTD_FAULT_IR_REQUIRED] = { "IR required", false, UR, UR },
    [VTD_FAULT_RTA_1] = { "RTA.1", false, CA, UR },
    [VTD_FAULT_RTA_2] = { "RTA.2", false, UR, UR },
    [VTD_FAULT_RTA_3] = { "RTA.3", false, UR, UR },
    [VTD_FAULT_RTA_4] = { "RTA.4", false, UR, UR },
    [VTD_FAULT_RTA_5] = { "RTA.5", false, UR, UR },
    [VTD_FAULT_SRT_1] = { "SRT.1", false, CA, UR },
    [VTD_FAULT_SRT_2] = { "SRT.2", false, UR, UR },
    [VTD_FAULT_SRT_3] = { "SRT.3", false, CA, UR },
    [VTD_FAULT_SCT_1] = { "SCT.1", false, CA, UR },
    [VTD_FAULT_SCT_2] = { "SCT.2", true, UR, UR },
    [VTD_FAULT_SCT_3] = { "SCT.3", true, CA, UR },
    [VTD_FAULT_SCT_4] = { "SCT.4", true, CA, UR },
    [VTD_FAULT_SCT_5] = { "SCT.5", true, UR, UR },
    [VTD_FAULT_SCT_6] = { "SCT.6", true, UR, UR },
    [VTD_FAULT_SCT_7] = { "SCT.7", true, UR, UR },
    [VTD_FAULT_SCT_8] = { "SCT.8", true, UR, UR },
    [VTD_FAULT_SCT_9] = { "SCT.9", true, UR, UR },
    [VTD_FAULT_SCT_10] = { "SCT.10", true, UR, UR },
    [VTD_FAULT_SPD_1] = { "SPD.1", false, CA, CA },
    [VTD_FAULT_SPD_2] = { "SPD.2", true, NO, UR },
    [VTD_FAULT_SPD_3] = { "SPD.3", true, CA, CA },
    [VTD_FAULT_SPT_1] = { "SPT.1", false, CA, CA },
    [VTD_FAULT_SPT_2] = { "SPT.2", true, NO, UR },
    [VTD_FAULT_SPT_3] = { "SPT.3", true, CA, CA },
    [VTD_FAULT_SPT_4] = { "SPT.4", true, CA, CA },
    [VTD_FAULT_SPT_5] = { "SPT.5", true, NO, UR },
    [VTD_FAULT_SPT_6] = { "SPT.6", true, NO, UR },
    [VTD_FAULT_SFS_1] = { "SFS.1", true, NO, UR },
    [VTD_FAULT_SFS_2] = { "SFS.2", true, NO, UR },
    [VTD_FAULT_SFS_3] = { "SFS.3", true, NO, UR },
    [VTD_FAULT_SFS_4] = { "SFS.4", true, NO, UR },
    [VTD_FAULT_SFS_5] = { "SFS.5", true, NO, UR },
    [VTD_FAULT_SFS_6] = { "SFS.6", true, NO, UR },
    [VTD_FAULT_SFS_7] = { "SFS.7", true, NO, UR },
    [VTD_FAULT_SFS_8] = { "SFS.8", true, NO, UR },
    [VTD_FAULT_SFS_9] = { "SFS.9", true, NO, UR },
    [VTD_FAULT_SFS_10] = { "SFS.10", true, RP, UR },
    [VTD_FAULT_SSS_1] = { "SSS.1", true, CA, UR },
    [VTD_FAULT_SSS_2] = { "SSS.2", true, NO, UR },
    [VTD_FAULT_SSS_3] = { "SSS.3", true, CA, UR },
    [VTD_FAULT_SSS_4] = { "SSS.4", true, CA, UR },
    [VTD_FAULT_SSS_5] = { "SSS.5", true, CA, UR },
    [VTD_FAULT_SSS_6] = { "SSS.6", true, CA, UR },
    [VTD_FAULT_SGN_1] = { "SGN.1", true, NO, UR },
    [VTD_FAULT_SGN_2] = { "SGN.2", true, NO, UR },
    [VTD_FAULT_SGN_4] = { "SGN.4", true, NO, UR },
    [VTD_FAULT_SGN_5] = { "SGN.5", true, NO, UR },
    [VTD_FAULT_SGN_6] = { "SGN.6", true, NO, UR },
    [VTD_FAULT_SGN_7] = { "SGN.7", true, NO, UR },
    [VTD_FAULT_SGN_8] = { "SGN.8", true, CA, UR },
    [VTD_FAULT_SGN_10] = { "SGN.10", true, UR, UR },
};

#undef UR
#undef CA
#undef NO
#undef RP

const VtdFaultInfo *vtd_fault_info(VtdFaultReason reason)
{
    return &fault_table[reason & 0xff];
}

static unsigned frcd_offset(const VtdModel *m, unsigned n)
{
    return m->frcd_base + n * 16;
}

static bool frcd_pending(const VtdModel *m, unsigned n)
{
    return vtd_reg32(m, frcd_offset(m, n) + 12) & (field_mask(VTD_FRCD_F) >> 32);
}

/* The conditions that a fault event announces. */
static uint32_t fsts_conditions(const VtdModel *m)
{
    uint32_t v = vtd_reg32(m, VTD_REG_FSTS);

    return v & (field_mask(VTD_FSTS_PPF) | field_mask(VTD_FSTS_PFO) | field_mask(VTD_FSTS_IQE) |
                field_mask(VTD_FSTS_ICE) | field_mask(VTD_FSTS_ITE));
}

void vtd_fault_status_set(VtdModel *m, BitField bit)
{
    bool quiet = !fsts_conditions(m);

    vtd_set_reg32(m, VTD_REG_FSTS, reg_set(vtd_reg32(m, VTD_REG_FSTS), bit, 1));
    /* Overflow alone announces nothing: a pending fault has [7.3]. */
    if (quiet && bit != VTD_FSTS_PFO) {
        vtd_event_raise(m, VTD_EVENT_FAULT);
    }
}

void vtd_fault_status_written(VtdModel *m, uint32_t cleared)
{
    if (!fsts_conditions(m)) {
        vtd_event_settle(m, VTD_EVENT_FAULT);
    }
    /* The queue stands still while IQE or ITE is set [6.5.2.9]. */
    if (cleared & (field_mask(VTD_FSTS_IQE) | field_mask(VTD_FSTS_ITE))) {
        vtd_qi_run(m);
    }
}

void vtd_fault_record_written(VtdModel *m)
{
    bool pending = false;

    for (unsigned n = 0; n < m->cfg.nfr && !pending; n++) {
        pending = frcd_pending(m, n);
    }
    vtd_set_reg32(m, VTD_REG_FSTS, reg_set(vtd_reg32(m, VTD_REG_FSTS), VTD_FSTS_PPF, pending));
    if (!fsts_conditions(m)) {
        vtd_event_settle(m, VTD_EVENT_FAULT);
    }
}

void vtd_fault_index_check(VtdModel *m)
{
    if (!vtd_gsts(m, VTD_GCMD_TE) && !vtd_gsts(m, VTD_GCMD_IRE)) {
        m->fault_index = 0;
    }
}

/* Widest input address that any translation takes: FI has no bits above it [11.4.7.6]. */
static unsigned widest_input(const VtdModel *m)
{
    const VtdConfig *c = &m->cfg;

    if ((c->sagaw >> VTD_AW_57 & 1) || c->fs5lp) {
        return 57;
    }
    return (c->sagaw >> VTD_AW_48 & 1) || c->fsts ? 48 : 39;
}

static bool is_interrupt_fault(VtdFaultReason reason)
{
    return reason >= VTD_FAULT_IR_RSVD && reason <= VTD_FAULT_IR_REQUIRED &&
           reason != VTD_FAULT_IR_BAD_REQUEST;
}

static void frcd_fill(const VtdModel *m, const VtdFaultRecord *r, uint64_t words[2])
{
    words[0] = field_in_place(&r->info, VTD_FRCD_FI);
    if (!is_interrupt_fault(r->reason)) {
        words[0] &= low_mask(widest_input(m));
    }
    words[1] = 0;
    field_set(words, VTD_FRCD_SID, r->sid);
    field_set(words, VTD_FRCD_FR, r->reason);
    field_set(words, VTD_FRCD_T1, r->type >> 1);
    field_set(words, VTD_FRCD_T2, r->type & 1);
    if (m->cfg.dt) {
        field_set(words, VTD_FRCD_AT, r->at);
    }
    if (m->cfg.pasid && r->has_pasid) {
        field_set(words, VTD_FRCD_PP, 1);
        field_set(words, VTD_FRCD_PV, r->pasid);
        field_set(words, VTD_FRCD_PRIV, r->priv);
        field_set(words, VTD_FRCD_EXE, r->exec && r->type == VTD_FTYPE_READ);
    }
    field_set(words, VTD_FRCD_F, 1);
}

/* A pending record of the same requester stands for the new fault as well [7.2.1]. */
static bool collapses(const VtdModel *m, uint32_t sid)
{
    for (unsigned n = 0; n < m->cfg.nfr; n++) {
        uint64_t words[2] = { 0, vtd_reg64(m, frcd_offset(m, n) + 8) };

        if (field_get(words, VTD_FRCD_F) && field_get(words, VTD_FRCD_SID) == (sid & 0xffff)) {
            return true;
        }
    }
    return false;
}

static void note(VtdModel *m, const VtdFaultRecord *r, IommuNoteKind kind)
{
    IommuNote n = {
        .kind = kind, .index = m->fault_index, .code = r->reason, .stream = r->sid,
        .name = vtd_fault_info(r->reason)->name ? vtd_fault_info(r->reason)->name : "reserved",
    };

    frcd_fill(m, r, n.words);
    iommu_note(&m->base.host, &n);
}

static void fault_lost(VtdModel *m, const VtdFaultRecord *r)
{
    m->base.counters.events_lost++;
    note(m, r, IOMMU_NOTE_RECORD_LOST);
}

void vtd_fault_record(VtdModel *m, const VtdFaultRecord *r, bool fpd)
{
    uint32_t fsts = vtd_reg32(m, VTD_REG_FSTS);
    unsigned offset = frcd_offset(m, m->fault_index);
    uint64_t words[2];

    if (fpd && vtd_fault_info(r->reason)->qualified) {
        return;
    }
    if (vtd_timed_fault(m, r)) {
        return;
    }
    if (reg_get(fsts, VTD_FSTS_PFO)) {
        fault_lost(m, r);
        return;
    }
    /* Recommended where there are few records; with many, each fault is told. */
    if (m->cfg.nfr <= VTD_COLLAPSE_MAX_FRCD && collapses(m, r->sid)) {
        fault_lost(m, r);
        return;
    }
    if (frcd_pending(m, m->fault_index)) {
        fault_lost(m, r);
        vtd_fault_status_set(m, VTD_FSTS_PFO);
        return;
    }
    frcd_fill(m, r, words);
    vtd_set_reg64(m, offset, words[0]);
    vtd_set_reg64(m, offset + 8, words[1]);
    m->base.counters.events++;
    note(m, r, IOMMU_NOTE_RECORD);
    plan_step(&m->plan, IOMMU_STEP_QUEUE_WRITE, 0, 0, false, offset, 16);
    if (!reg_get(fsts, VTD_FSTS_PPF)) {
        vtd_set_reg32(m, VTD_REG_FSTS, reg_set(fsts, VTD_FSTS_FRI, m->fault_index));
        vtd_fault_status_set(m, VTD_FSTS_PPF);
    }
    m->fault_index = (m->fault_index + 1) % m->cfg.nfr;
}

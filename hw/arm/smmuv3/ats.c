/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCIe ATS: translation requests, and Translated transactions with their checks (IHI 0070 3.9.1,
 * 13.6, 13.7). Configuration errors answer Completer Abort, a service that is off Unsupported
 * Request, and a missing translation Success without rights (15.2).
 */
#include "internal.h"

static void record(SmmuModel *m, const SmmuReq *req, const SmmuFault *fault)
{
    uint64_t rec[EVENT_WORDS];

    if (req->quiet) {
        return;
    }
    m->base.counters.faults++;
    smmu_event_build(req, fault, rec);
    smmu_event_record(m, rec, req->ste && req->ste->mev);
}

/* ---- Translation requests ----------------------------------------------------------------- */

/** F_BAD_ATS_TREQ has fields of its own: what was asked, as it came (7.3.6). */
static void refuse_request(SmmuModel *m, const IommuTxn *txn, SmmuReq *req, IommuResult *res)
{
    uint64_t rec[EVENT_WORDS];
    SmmuFault fault = { .event = F_BAD_ATS_TREQ };

    res->status = IOMMU_STATUS_UR;
    res->fault = F_BAD_ATS_TREQ;
    if (req->quiet) {
        return;
    }
    m->base.counters.faults++;
    smmu_event_build(req, &fault, rec);
    field_set(rec, EVT_INPUTADDR, txn->addr & ~low_mask(12));
    field_set(rec, EVT_TREQ_P, txn->priv);
    field_set(rec, EVT_TREQ_X, txn->exec);
    field_set(rec, EVT_TREQ_W, !txn->no_write);
    field_set(rec, EVT_TREQ_R, 1);
    smmu_event_record(m, rec, req->ste && req->ste->mev);
}

/** Success that grants nothing, of the smallest size (3.9.1.2). */
static void grant_nothing(const SmmuModel *m, const SmmuReq *req, IommuResult *res)
{
    res->status = IOMMU_STATUS_OK;
    res->pa = req->addr;
    res->page_lg2 = smmu_min_granule(&m->config);
    res->rights = 0;
}

static bool is_translation_fault(const SmmuFault *fault)
{
    return fault->event >= F_TRANSLATION && fault->event <= F_PERMISSION;
}

static void answer_fault(SmmuModel *m, const SmmuReq *req, const SmmuFault *fault,
                         IommuResult *res)
{
    res->fault = fault->event;
    if (is_translation_fault(fault)) {
        grant_nothing(m, req, res);
        return;
    }
    res->status = IOMMU_STATUS_CA;
    if (cell_get(m, CELL_CR2, CR2_REC_CFG_ATS) &&
        (fault->event != C_BAD_STREAMID || cell_get(m, CELL_CR2, CR2_RECINVSID))) {
        record(m, req, fault);
    }
}

/** R, W and Exe of the completion (13.7.1). @rights: at both privileges. */
static void answer_rights(const IommuTxn *txn, const SmmuReq *req, uint8_t rights,
                          IommuResult *res)
{
    uint8_t at = req->pnu ? IOMMU_RIGHTS_P : IOMMU_RIGHTS_U;
    bool r = rights & at & IOMMU_RIGHTS_R;
    bool x = rights & at & IOMMU_RIGHTS_X;
    bool asked_exe = txn->has_pasid && txn->exec;

    switch (req->ste->over.instcfg) {
    case ATTR_CFG_SET:
        res->ats_r = x;
        res->ats_x = asked_exe && x;
        break;
    case ATTR_CFG_CLEAR:
        res->ats_r = r;
        res->ats_x = asked_exe && r;
        break;
    default:
        res->ats_r = r;
        res->ats_x = asked_exe && r && x;
        break;
    }
    res->ats_w = rights & at & IOMMU_RIGHTS_W;
    res->rights = rights;
}

/**
 * What the request would like to find, at its privilege. Exe alone is never granted (13.7.1), so it
 * is not asked for.
 */
static uint8_t request_need(const SmmuReq *req)
{
    uint8_t need = IOMMU_RIGHTS_W;

    need |= req->ste->over.instcfg == ATTR_CFG_SET ? IOMMU_RIGHTS_X : IOMMU_RIGHTS_R;
    return need & (req->pnu ? IOMMU_RIGHTS_P : IOMMU_RIGHTS_U);
}

/**
 * Split-stage: the completion holds the IPA, though both stages decide about rights and size
 * (13.6.3). The TLB does not know IPAs, so this always walks.
 */
static bool translate_split(SmmuModel *m, const IommuTxn *txn, SmmuReq *req, IommuResult *res,
                            SmmuFault *fault)
{
    PtRegime *s1 = req->stage1 ? &req->cd->half[bits(req->addr, 55, 55)] : NULL;
    PtRequest walk = {
        .addr = req->addr,
        .s1 = s1,
        .s2 = &req->ste->s2,
        .access = { .need = req->ats_need, .priv = req->pnu, .write = req->write },
        .flags = PT_REQ_GRANT | (req->quiet ? PT_REQ_NO_FILL : 0) |
                 (req->no_dirty ? PT_REQ_NO_DIRTY : 0),
    };
    PtResult found;
    PtFault pt_fault;

    if (!req->stage1 && !smmu_input_in_range(m, req->addr, fault)) {
        return false;
    }
    if (s1) {
        s1->walk_tag = tag_stage1(req->ste->world, req->ste->vmid, req->cd->asid,
                              req->cd->aset, true);
    }
    if (!pt_walk(&m->walker, &walk, &found, &pt_fault)) {
        smmu_fault_from_walk(&pt_fault, fault);
        return false;
    }
    res->pa = found.ipa;
    res->page_lg2 = found.lg2;
    answer_rights(txn, req, found.rights, res);
    return true;
}

static void translate_full(SmmuModel *m, const IommuTxn *txn, SmmuReq *req, IommuResult *res)
{
    SmmuFault fault;
    TlbEntry scratch;
    const TlbEntry *e = smmu_lookup_address(m, req, true, &scratch, &fault);

    if (!e) {
        answer_fault(m, req, &fault, res);
        return;
    }
    res->pa = e->out + (req->va & low_mask(e->lg2));
    res->page_lg2 = e->lg2;
    res->attr = smmu_entry_attr(req, e);
    answer_rights(txn, req, e->rights, res);
}

static void translate_request(SmmuModel *m, const IommuTxn *txn, SmmuReq *req, uint8_t eats,
                              IommuResult *res)
{
    SmmuFault fault;

    req->write = !txn->no_write;
    req->no_dirty = txn->no_write || txn->speculative;
    req->ind = false;
    req->ats_need = request_need(req);
    res->status = IOMMU_STATUS_OK;
    res->ats_priv = txn->has_pasid && txn->priv;
    if (!req->stage1 && !req->stage2) {
        /* S1DSS skips the only stage: identity, read and write (13.6.4) */
        if (!smmu_input_in_range(m, req->addr, &fault)) {
            answer_fault(m, req, &fault, res);
            return;
        }
        smmu_result_bypass(m, req, res);
        res->ats_r = true;
        res->ats_w = true;
    } else if (eats == STE_EATS_SPLIT) {
        if (!translate_split(m, txn, req, res, &fault)) {
            answer_fault(m, req, &fault, res);
        }
    } else {
        translate_full(m, txn, req, res);
    }
    if (res->status == IOMMU_STATUS_OK && !res->ats_r && !res->ats_w && !res->ats_x) {
        grant_nothing(m, req, res);
    }
}

void smmu_ats_request(SmmuModel *m, const IommuTxn *txn, IommuResult *res)
{
    SmmuFault fault;
    uint8_t eats;
    SmmuReq req;
    SmmuSte ste;
    SmmuCd cd;

    *res = (IommuResult) { .complete = txn->arrival };
    plan_begin(&m->plan);
    if (!txn->probe) {
        m->base.counters.ats_requests++;
    }
    smmu_req_init(&req, txn);
    if (!txn->has_pasid) {
        req.pnu = false; /* Execute and Privileged travel in the PASID prefix (13.7) */
    }
    if (!m->config.ats || !smmu_enabled(m)) {
        refuse_request(m, txn, &req, res);
        return;
    }
    if (!smmu_lookup_ste(m, &req, &ste, &fault)) {
        answer_fault(m, &req, &fault, res);
        return;
    }
    if (req.ste->config == STE_CONFIG_ABORT) {
        res->status = IOMMU_STATUS_UR;
        return;
    }
    eats = smmu_effective_eats(m, req.ste);
    if (eats == STE_EATS_OFF) {
        refuse_request(m, txn, &req, res);
        return;
    }
    if (!smmu_lookup_cd(m, &req, &cd, &fault)) {
        answer_fault(m, &req, &fault, res);
        return;
    }
    translate_request(m, txn, &req, eats, res);
}

/* ---- Translated transactions -------------------------------------------------------------- */

static void pass_translated(const SmmuModel *m, const SmmuReq *req, IommuResult *res)
{
    /* An address above OAS is terminated without an event (3.9.1.1) */
    if (req->addr & ~low_mask(m->config.oas)) {
        res->status = IOMMU_STATUS_ABORT;
        return;
    }
    smmu_result_bypass(m, req, res);
}

static void forbid(SmmuModel *m, const SmmuReq *req, IommuResult *res)
{
    SmmuFault fault = { .event = F_TRANSL_FORBIDDEN };

    res->status = IOMMU_STATUS_ABORT;
    res->fault = F_TRANSL_FORBIDDEN;
    record(m, req, &fault);
}

/** A configuration error aborts; REC_CFG_ATS alone decides about its event (3.9.1.3). */
static void abort_translated(SmmuModel *m, const SmmuReq *req, const SmmuFault *fault,
                             IommuResult *res)
{
    bool wanted = cell_get(m, CELL_CR2, CR2_REC_CFG_ATS);

    if (is_translation_fault(fault)) {
        wanted = fault->forced || req->ste->s2r;
    } else if (fault->event == F_WALK_EABT) {
        wanted = true;
    }
    res->status = IOMMU_STATUS_ABORT;
    res->fault = fault->event;
    if (wanted) {
        record(m, req, fault);
    }
}

/** EATS=0b10: the address is an IPA; stage 2 translates it as for any other transaction. */
static void translate_ipa(SmmuModel *m, SmmuReq *req, IommuResult *res)
{
    TlbEntry scratch;
    SmmuFault fault;
    const TlbEntry *e;

    req->stage1 = false;
    req->stage2 = true;
    e = smmu_lookup_address(m, req, false, &scratch, &fault);
    if (!e) {
        abort_translated(m, req, &fault, res);
        return;
    }
    res->status = IOMMU_STATUS_OK;
    res->pa = e->out + (req->addr & low_mask(e->lg2));
    res->page_lg2 = e->lg2;
    res->rights = e->rights;
    res->attr = smmu_entry_attr(req, e);
}

static void check_translated(SmmuModel *m, const IommuTxn *txn, SmmuReq *req, IommuResult *res)
{
    IommuMemAttr in = req->in;
    SmmuFault fault;
    uint8_t eats;
    SmmuSte ste;
    SmmuCd cd;

    if (!smmu_lookup_ste(m, req, &ste, &fault)) {
        abort_translated(m, req, &fault, res);
        return;
    }
    req->in = in; /* type, shareability and allocation overrides do not apply (13.1.4) */
    if (req->ste->config == STE_CONFIG_ABORT) {
        res->status = IOMMU_STATUS_ABORT;
        return;
    }
    eats = smmu_effective_eats(m, req->ste);
    if (eats == STE_EATS_OFF) {
        forbid(m, req, res);
        return;
    }
    if (req->ssv) {
        if (!smmu_lookup_cd(m, req, &cd, &fault)) {
            abort_translated(m, req, &fault, res);
            return;
        }
    } else if (req->ste->s1cdmax && req->ste->s1dss == STE_S1DSS_TERMINATE) {
        fault = (SmmuFault) { .event = F_STREAM_DISABLED };
        /* The PASID may merely have been dropped on the way, where PASIDTT is off */
        if (!txn->has_pasid) {
            abort_translated(m, req, &fault, res);
            return;
        }
    }
    if (eats == STE_EATS_SPLIT) {
        translate_ipa(m, req, res);
    } else {
        pass_translated(m, req, res);
    }
}

void smmu_ats_translated(SmmuModel *m, const IommuTxn *txn, IommuResult *res)
{
    IommuCounters *c = &m->base.counters;
    SmmuReq req;

    *res = (IommuResult) { .complete = txn->arrival };
    plan_begin(&m->plan);
    smmu_req_init(&req, txn);
    if (!m->config.pasidtt || !txn->has_pasid) {
        req.ssv = false;
        req.ssid = 0;
        req.pnu = false;
        req.ind = false;
    }
    if (!m->config.ats || !smmu_enabled(m)) {
        forbid(m, &req, res);
    } else if (!cell_get(m, CELL_CR0, CR0_ATSCHK)) {
        pass_translated(m, &req, res);
    } else {
        check_translated(m, txn, &req, res);
    }
    if (!txn->probe) {
        c->transactions++;
        c->ats_translated++;
        c->bypassed += res->status == IOMMU_STATUS_OK && res->bypassed;
        c->translated += res->status == IOMMU_STATUS_OK && !res->bypassed;
        c->aborted += res->status != IOMMU_STATUS_OK;
    }
}

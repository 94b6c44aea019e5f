/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translation procedure of an ordinary transaction (IHI 0070 3.3.2, 3.4, 3.11, 7.3.22):
 * GBPA -> STE -> CD -> TLB -> walk -> rights -> result, or a fault and what becomes of it (3.12,
 * 5.5).
 */
#include "internal.h"

#define NO_SLOT UINT32_MAX

static const char *const world_names[] = { "NS-EL1", "NS-EL2", "NS-EL2-E2H" };

void smmu_req_init(SmmuReq *req, const IommuTxn *txn)
{
    *req = (SmmuReq) {
        .addr = txn->addr,
        .va = txn->addr,
        .stream = txn->stream,
        .ssid = txn->has_pasid ? txn->pasid : 0,
        .ssv = txn->has_pasid,
        .write = txn->write,
        .atomic = txn->atomic,
        .ind = txn->exec && !txn->write, /* writes are always Data (13.1.1) */
        .pnu = txn->priv,
        .no_snoop = txn->no_snoop,
        .quiet = txn->probe,
        .no_dirty = txn->speculative,
        .in = txn->attr,
    };
}

uint8_t smmu_req_need(const SmmuReq *req)
{
    uint8_t need;

    if (req->ats_need) {
        return req->ats_need;
    }
    if (req->ind) {
        need = IOMMU_RIGHTS_X;
    } else {
        need = req->write ? IOMMU_RIGHTS_W : IOMMU_RIGHTS_R;
        need |= req->atomic ? IOMMU_RIGHTS_R : 0;
    }
    return need & (req->pnu ? IOMMU_RIGHTS_P : IOMMU_RIGHTS_U);
}

/** STE.PRIVCFG and INSTCFG, and the type overrides, on what the client asserted (13.1.4). */
static void req_apply_overrides(const SmmuModel *m, SmmuReq *req, const SmmuOverride *o)
{
    if (o->privcfg >= ATTR_CFG_CLEAR) {
        req->pnu = o->privcfg == ATTR_CFG_SET;
    }
    if (o->instcfg >= ATTR_CFG_CLEAR && !req->write) {
        req->ind = o->instcfg == ATTR_CFG_SET;
    }
    if (o->mtcfg || o->shcfg != SHCFG_INCOMING || o->alloccfg) {
        req->in = smmu_override_attr(o, req->in, m->config.mteperm);
    }
}

/* ---- Configuration lookup ----------------------------------------------------------------- */

bool smmu_lookup_ste(SmmuModel *m, SmmuReq *req, SmmuSte *scratch, SmmuFault *fault)
{
    if (req->quiet) {
        if (!smmu_ste_fetch(m, req->stream, true, scratch, fault)) {
            return false;
        }
        req->ste = scratch;
    } else {
        req->ste = smmu_ste_get(m, req->stream, fault);
        if (!req->ste) {
            return false;
        }
    }
    req_apply_overrides(m, req, &req->ste->over);
    return true;
}

bool smmu_lookup_cd(SmmuModel *m, SmmuReq *req, SmmuCd *scratch, SmmuFault *fault)
{
    const SmmuSte *ste = req->ste;
    uint32_t ssid = req->ssid;

    req->stage1 = ste->stage1;
    req->stage2 = ste->stage2;
    /* A SubstreamID must have a table to index (3.9, 5.2 S1CDMax) */
    if (req->ssv && (!ste->stage1 || (uint64_t)ssid >> ste->s1cdmax || !ste->s1cdmax)) {
        *fault = (SmmuFault) { .event = C_BAD_SUBSTREAMID };
        return false;
    }
    if (!ste->stage1) {
        return true;
    }
    if (ste->s1cdmax) {
        bool stolen = req->ssv && ssid == 0 && ste->s1dss == STE_S1DSS_SUBSTREAM0;

        if (stolen || (!req->ssv && ste->s1dss == STE_S1DSS_TERMINATE)) {
            *fault = (SmmuFault) { .event = F_STREAM_DISABLED };
            return false;
        }
        if (!req->ssv && ste->s1dss == STE_S1DSS_BYPASS) {
            req->stage1 = false;
            return true;
        }
    }
    if (req->quiet) {
        if (!smmu_cd_fetch(m, ste, req->stream, ssid, true, scratch, fault)) {
            return false;
        }
        req->cd = scratch;
        return true;
    }
    req->cd = smmu_cd_get(m, ste, req->stream, ssid, fault);
    return req->cd != NULL;
}

/**
 * STE and CD of @req. Those of the last transaction are taken without looking them up, unless the
 * plan is wanted: they are the most recently used ones, so nothing but time is saved.
 */
static bool lookup_configuration(SmmuModel *m, SmmuReq *req, SmmuSte *ste, SmmuCd *cd,
                                 SmmuFault *fault)
{
    if (m->recent.valid && m->recent.stream == req->stream && m->recent.ssv == req->ssv &&
        m->recent.ssid == req->ssid && !req->quiet && !m->plan.keep) {
        req->ste = m->recent.ste;
        req->cd = m->recent.cd;
        req->stage1 = req->cd != NULL;
        req->stage2 = req->ste->stage2;
        m->base.counters.config_lookups++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG, 0, 0, true, req->stream, 0);
        if (req->cd) {
            m->base.counters.config_lookups++;
            plan_step(&m->plan, IOMMU_STEP_CONFIG, 1, 0, true, req->ssid, 0);
        }
        req_apply_overrides(m, req, &req->ste->over);
        return true;
    }
    if (!smmu_lookup_ste(m, req, ste, fault)) {
        return false;
    }
    if (req->ste->config == STE_CONFIG_ABORT) {
        *fault = (SmmuFault) { .event = 0 };
        return false;
    }
    if (!smmu_lookup_cd(m, req, cd, fault)) {
        return false;
    }
    if (!req->quiet && m->profile.config.entries && m->profile.subconfig.entries) {
        m->recent.ste = req->ste;
        m->recent.cd = req->cd;
        m->recent.stream = req->stream;
        m->recent.ssid = req->ssid;
        m->recent.ssv = req->ssv;
        m->recent.valid = true;
    }
    return true;
}

/* ---- Address lookup ----------------------------------------------------------------------- */

bool smmu_input_in_range(const SmmuModel *m, uint64_t addr, SmmuFault *fault)
{
    /* IAS equals OAS: VMSAv8-64 is the only format (3.4) */
    if (addr & ~low_mask(m->config.oas)) {
        *fault = (SmmuFault) {
            .event = F_ADDR_SIZE, .stage = 1, .cls = EVT_CLASS_IN, .forced = true,
        };
        return false;
    }
    return true;
}

void smmu_fault_from_walk(const PtFault *walk, SmmuFault *fault)
{
    static const uint8_t events[] = {
        [PT_FAULT_RANGE] = F_TRANSLATION,
        [PT_FAULT_DISABLED] = F_TRANSLATION,
        [PT_FAULT_READ] = F_WALK_EABT,
        [PT_FAULT_EMPTY] = F_TRANSLATION,
        [PT_FAULT_MALFORMED] = F_TRANSLATION,
        [PT_FAULT_ADDR_SIZE] = F_ADDR_SIZE,
        [PT_FAULT_ACCESS] = F_ACCESS,
        [PT_FAULT_PERMISSION] = F_PERMISSION,
        [PT_FAULT_UPDATE] = F_WALK_EABT,
    };

    *fault = (SmmuFault) {
        .event = events[walk->kind],
        .stage = walk->stage,
        .cls = walk->cls,
        .tt_write = walk->table_write,
        .ipa = walk->ipa,
        .fetch_addr = walk->desc_addr,
        .read_missing = walk->kind == PT_FAULT_PERMISSION && walk->missing &&
                        walk->cls == PT_CLASS_INPUT &&
                        !(walk->missing & ~IOMMU_RIGHTS_R),
    };
}

/** Whether a hit on @e gives what @opaque needs, without another walk. */
static bool entry_suffices(const void *opaque, const TlbEntry *e)
{
    uint8_t need = smmu_req_need(opaque);

    return (e->rights & need) == need;
}

/** No hit serves unprivileged accesses under E0PD: another CD of the ASID may have left it. */
static bool entry_hidden(const void *opaque, const TlbEntry *e)
{
    (void)opaque;
    (void)e;
    return false;
}

/** As entry_suffices() for an ATS translation request: it also wants what a dirtying walk gives. */
static bool entry_grants(const void *opaque, const TlbEntry *e)
{
    const SmmuReq *req = opaque;
    uint8_t w = IOMMU_RIGHTS_W & (req->pnu ? IOMMU_RIGHTS_P : IOMMU_RIGHTS_U);

    return req->no_dirty || (e->rights & w) == (e->rights_dirty & w);
}

static unsigned no_height(const TlbEntry *e)
{
    (void)e;
    return 0;
}

/** For people: the structures behind @req as they are in memory, then the walk. */
static void trace_begin(SmmuModel *m, const SmmuReq *req)
{
    SmmuFault fault;
    SmmuSte ste;
    SmmuCd cd;

    iommu_trace_begin(&m->base.trace);
    IOMMU_TRACE(&m->base.trace, "%s %s%s, stream 0x%x, address 0x%llx",
                req->pnu ? "Privileged" : "Unprivileged", req->ind ? "instruction " : "",
                req->atomic ? "atomic" : req->write ? "write" : "read", req->stream,
                (unsigned long long)req->addr);
    if (req->ssv) {
        IOMMU_TRACE(&m->base.trace, "SubstreamID 0x%x", req->ssid);
    }
    if (smmu_ste_fetch(m, req->stream, true, &ste, &fault) && req->cd) {
        smmu_cd_fetch(m, &ste, req->stream, req->ssid, true, &cd, &fault);
    }
}

static void trace_tag(SmmuModel *m, uint64_t va, uint64_t tag)
{
    IOMMU_TRACE(&m->base.trace, "TLB miss: VA/IPA 0x%llx %s VMID=%u ASID=%u%s%s",
                (unsigned long long)va, world_names[reg_get(tag, TAG_WORLD)],
                (unsigned)reg_get(tag, TAG_VMID), (unsigned)reg_get(tag, TAG_ASID),
                reg_get(tag, TAG_S1) ? " stage 1" : "", reg_get(tag, TAG_S2) ? " stage 2" : "");
}

/** E0PD: unprivileged use must walk again, to find its F_TRANSLATION. */
static void take_user_rights(TlbEntry *e)
{
    e->rights &= ~IOMMU_RIGHTS_U;
    e->rights_dirty &= ~IOMMU_RIGHTS_U;
}

static const TlbEntry *walk_and_fill(SmmuModel *m, SmmuReq *req, bool grant, PtRegime *s1,
                                     uint64_t tag, TlbEntry *scratch, SmmuFault *fault)
{
    bool cached = !req->quiet && !req->no_update;
    PtRequest walk = {
        .addr = req->addr,
        .s1 = s1,
        .s2 = req->stage2 ? &req->ste->s2 : NULL,
        .access = {
            .need = smmu_req_need(req), .priv = req->pnu, .write = req->write, .exec = req->ind,
        },
        .flags = (req->quiet ? PT_REQ_NO_FILL : 0) | (req->no_update ? PT_REQ_NO_UPDATE : 0) |
                 (req->no_dirty ? PT_REQ_NO_DIRTY : 0) | (grant ? PT_REQ_GRANT : 0),
    };
    PtResult res;
    PtFault pt_fault;

    if (!pt_walk(&m->walker, &walk, &res, &pt_fault)) {
        smmu_fault_from_walk(&pt_fault, fault);
        return NULL;
    }
    *scratch = (TlbEntry) {
        .out = smmu_pa(m, res.out) & ~low_mask(res.lg2),
        .user = res.s1_attr | res.s2_attr << 16,
        .lg2 = res.lg2,
        .rights = res.rights,
        .rights_dirty = res.rights_dirty,
    };
    if (s1 && (s1->flags & VMSA_E0PD)) {
        take_user_rights(scratch);
    }
    scratch->attr = smmu_output_attr((IommuMemAttr) { .type = 0xff }, res.s1_attr, res.s2_attr,
                                     false);
    if (!cached || !res.settled || !(scratch->rights | scratch->rights_dirty)) {
        return scratch;
    }
    if (s1 && (res.s1_flags & PT_ENTRY_GLOBAL) && req->ste->world != SMMU_WORLD_EL2) {
        tag = (tag & ~field_mask(TAG_ASID)) | IOMMU_TAG_GLOBAL;
    }
    return tlb_fill(&m->tlb, req->va, tag, scratch);
}

const TlbEntry *smmu_lookup_address(SmmuModel *m, SmmuReq *req, bool grant, TlbEntry *scratch,
                                    SmmuFault *fault)
{
    const SmmuSte *ste = req->ste;
    TlbSufficesFn *suffices = grant ? entry_grants : entry_suffices;
    PtRegime *s1 = NULL;
    const TlbEntry *e;
    bool e0pd = false;
    uint64_t tag;

    if (req->stage1) {
        unsigned upper = bits(req->addr, 55, 55);

        s1 = &req->cd->half[upper];
        if (s1->flags & VMSA_TBI) {
            req->va = (req->addr & low_mask(56)) | (upper ? ~low_mask(56) : 0);
        }
        tag = tag_stage1(ste->world, ste->vmid, req->cd->asid, req->cd->aset, req->stage2);
        s1->walk_tag = tag;
        e0pd = s1->flags & VMSA_E0PD;
        if (e0pd && !req->pnu && !grant) {
            suffices = entry_hidden;
        }
    } else {
        if (!smmu_input_in_range(m, req->addr, fault)) {
            return NULL;
        }
        tag = ste->s2.walk_tag;
    }
    if (!req->quiet) {
        e = tlb_lookup(&m->tlb, &m->plan, &m->base.counters, req->va, tag,
                       suffices, req, no_height);
        if (e && e0pd) {
            *scratch = *e;
            take_user_rights(scratch);
            return scratch;
        }
        if (e) {
            return e;
        }
        if (m->base.trace.armed) {
            /* The whole walk is wanted, and an entry may be dropped at any time (16.2) */
            pt_walker_flush(&m->walker);
            trace_begin(m, req);
            trace_tag(m, req->va, tag);
        }
    }
    return walk_and_fill(m, req, grant, s1, tag, scratch, fault);
}

IommuMemAttr smmu_entry_attr(const SmmuReq *req, const TlbEntry *e)
{
    if (req->in.type == 0xff && req->in.sh == SH_NSH && !req->no_snoop) {
        return e->attr;
    }
    return smmu_output_attr(req->in, e->user & 0xffff, e->user >> 16, req->no_snoop);
}

/* ---- Outcomes ----------------------------------------------------------------------------- */

void smmu_result_bypass(const SmmuModel *m, const SmmuReq *req, IommuResult *res)
{
    res->status = IOMMU_STATUS_OK;
    res->bypassed = true;
    res->pa = req->addr;
    res->page_lg2 = m->config.oas;
    res->rights = IOMMU_RIGHTS_ALL;
    res->attr = smmu_output_attr(req->in, 0, 0, req->no_snoop);
}

/** SMMUEN=0: GBPA decides (3.11). */
static void translate_disabled(SmmuModel *m, const IommuTxn *txn, IommuResult *res)
{
    uint64_t gbpa = m->ns.cell[CELL_GBPA];
    SmmuOverride o = {
        .mtcfg = reg_get(gbpa, GBPA_MTCFG),
        .memattr = reg_get(gbpa, GBPA_MEMATTR),
        .alloccfg = reg_get(gbpa, GBPA_ALLOCCFG),
        .shcfg = reg_get(gbpa, GBPA_SHCFG),
    };
    SmmuReq req;

    smmu_req_init(&req, txn);
    /* An address above OAS is terminated without an event (3.4) */
    if (reg_get(gbpa, GBPA_ABORT) || (txn->addr & ~low_mask(m->config.oas))) {
        res->status = IOMMU_STATUS_ABORT;
        return;
    }
    req_apply_overrides(m, &req, &o);
    smmu_result_bypass(m, &req, res);
}

static bool is_translation_fault(const SmmuFault *fault)
{
    return fault->event >= F_TRANSLATION && fault->event <= F_PERMISSION && !fault->forced;
}

/** Stall, terminate, record: what A, R and S of the stage that faulted ask for (5.5). */
static void terminate(SmmuModel *m, const IommuTxn *txn, const SmmuReq *req,
                      const SmmuFault *fault, uint32_t slot, IommuResult *res)
{
    bool record = true, stall = false, abort = true;
    uint64_t rec[EVENT_WORDS];

    res->status = IOMMU_STATUS_ABORT;
    res->fault = fault->event;
    if (req->quiet) {
        return;
    }
    if (m->base.trace.armed && !m->base.trace.active) {
        trace_begin(m, req);
    }
    m->base.counters.faults += fault->event != 0;
    if (txn->speculative || fault->event == 0) {
        return; /* speculation leaves no trace (3.14); Config=0b0xx is silent */
    }
    if (fault->event == C_BAD_STREAMID) {
        record = cell_get(m, CELL_CR2, CR2_RECINVSID);
    } else if (is_translation_fault(fault)) {
        if (fault->stage == 1) {
            record = req->cd->r;
            stall = req->cd->s;
            abort = req->cd->a;
        } else {
            record = req->ste->s2r;
            stall = req->ste->s2s;
        }
    }
    smmu_event_build(req, fault, rec);
    if (stall) {
        if (smmu_stall_hold(m, txn, rec, slot, res)) {
            return;
        }
        /* A stall that cannot be is a recorded abort (3.12) */
        record = true;
        abort = true;
    }
    if (!abort) {
        res->status = IOMMU_STATUS_RAZWI;
    }
    if (record) {
        smmu_event_record(m, rec, req->ste && req->ste->mev);
    }
}

static void trace_result(SmmuModel *m, const SmmuFault *fault, const IommuResult *res)
{
    static const char *const statuses[] = {
        "ok", "abort", "RAZ/WI", "stalled", "UR", "CA", "interrupt",
    };
    IommuTrace *t = &m->base.trace;
    char rights[IOMMU_RIGHTS_TEXT];

    if (!t->active) {
        return;
    }
    if (res->status == IOMMU_STATUS_OK) {
        IOMMU_TRACE(t, "Result: PA 0x%llx, span 2^%u, attributes 0x%02x SH=%u, rights %s",
                    (unsigned long long)res->pa, res->page_lg2, res->attr.type, res->attr.sh,
                    iommu_rights_text(res->rights, rights));
    } else {
        smmu_event_trace(m, fault);
        IOMMU_TRACE(t, "Result: %s", statuses[res->status]);
    }
    iommu_trace_end(t);
}

static void translate_enabled(SmmuModel *m, const IommuTxn *txn, uint32_t slot, IommuResult *res)
{
    SmmuFault fault = { .event = 0 };
    const TlbEntry *e;
    TlbEntry scratch;
    SmmuSte ste;
    SmmuCd cd;
    SmmuReq req;

    smmu_req_init(&req, txn);
    if (!lookup_configuration(m, &req, &ste, &cd, &fault)) {
        terminate(m, txn, &req, &fault, slot, res);
    } else if (!req.stage1 && !req.stage2) {
        /* Config=0b100, or stage 1 alone skipped by S1DSS */
        if (smmu_input_in_range(m, req.addr, &fault)) {
            smmu_result_bypass(m, &req, res);
        } else {
            terminate(m, txn, &req, &fault, slot, res);
        }
    } else {
        e = smmu_lookup_address(m, &req, false, &scratch, &fault);
        if (e) {
            res->status = IOMMU_STATUS_OK;
            res->pa = e->out + (req.va & low_mask(e->lg2));
            res->page_lg2 = e->lg2;
            res->rights = e->rights;
            res->attr = smmu_entry_attr(&req, e);
        } else {
            terminate(m, txn, &req, &fault, slot, res);
        }
    }
    trace_result(m, &fault, res);
}

static void count_result(SmmuModel *m, const IommuResult *res)
{
    IommuCounters *c = &m->base.counters;

    c->transactions++;
    switch (res->status) {
    case IOMMU_STATUS_OK:
        c->bypassed += res->bypassed;
        c->translated += !res->bypassed;
        break;
    case IOMMU_STATUS_STALLED:
        c->stalled++;
        break;
    default:
        c->aborted++;
        break;
    }
}

void smmu_translate_ordinary(SmmuModel *m, const IommuTxn *txn, IommuResult *res)
{
    *res = (IommuResult) { .complete = txn->arrival };
    plan_begin(&m->plan);
    if (__builtin_expect(txn->speculative && txn->write, 0)) {
        res->status = IOMMU_STATUS_ABORT; /* whatever the tables say, without a record (3.14) */
    } else if (smmu_enabled(m)) {
        translate_enabled(m, txn, NO_SLOT, res);
    } else {
        translate_disabled(m, txn, res);
    }
    if (!txn->probe) {
        count_result(m, res);
    }
}

void smmu_translate_retry(SmmuModel *m, uint32_t slot, IommuResult *res)
{
    IommuTxn txn = m->stalls[slot].txn;

    *res = (IommuResult) { .complete = txn.arrival };
    if (!m->base.timed) {
        plan_begin(&m->plan); /* else iommu_timed_retry_begin() has done it */
    }
    translate_enabled(m, &txn, slot, res);
}

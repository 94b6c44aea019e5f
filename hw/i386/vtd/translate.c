/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: from a DMA request to an address or a fault [3.4-3.9, 3.15, 4.1, 4.2, 7.1.3].
 *
 * A request is untranslated, a translation request (ATS) or a translated one. All find the context
 * entry; the first two go on to the PASID entry and the page tables.
 */
#include "vtd-model.h"

#define READS (IOMMU_RIGHT_UR | IOMMU_RIGHT_PR)
#define WRITES (IOMMU_RIGHT_UW | IOMMU_RIGHT_PW)

/* TlbEntry.flags */
#define TLB_SNOOP 0x01u /* leaf SNP or PGSNP */

/* Largest page an address that no stage translates is answered with. */
#define BYPASS_LG2 30

/* A request on its way: what the tables have said so far. */
typedef struct Walk {
    VtdModel *m;
    const IommuTxn *txn;
    IommuResult *res;
    const VtdContext *ctx;
    const VtdSpace *space;
    uint64_t tag;   /* of its translations in the IOTLB */
    uint32_t pasid; /* in effect: the request's or RID_PASID */
    bool priv;
    bool settled;   /* the walk left memory so that its answer may be cached */
    VtdFault fault;
} Walk;

/* ---- endings */

static VtdFaultType fault_type(const IommuTxn *txn)
{
    if (txn->atomic) {
        return VTD_FTYPE_ATOMIC;
    }
    return txn->write ? VTD_FTYPE_WRITE : VTD_FTYPE_READ;
}

static void count_end(Walk *w)
{
    IommuCounters *c = &w->m->base.counters;

    if (w->txn->probe) {
        return;
    }
    if (w->res->status != IOMMU_STATUS_OK && w->res->status != IOMMU_STATUS_INTERRUPT) {
        c->aborted++;
    } else if (w->res->bypassed) {
        c->bypassed++;
    } else {
        c->translated++;
    }
}

static void end_refused(Walk *w, IommuStatus status)
{
    w->res->status = status;
    count_end(w);
}

/* A translation completion without any permission: a device may then ask for the page. */
static void end_empty(Walk *w)
{
    w->res->status = IOMMU_STATUS_OK;
    w->res->pa = 0;
    w->res->page_lg2 = VTD_PAGE_LG2;
    w->res->rights = 0;
    w->res->ats_priv = w->txn->has_pasid && w->txn->priv;
    count_end(w);
}

static void end_fault(Walk *w, VtdFaultReason reason)
{
    VtdModel *m = w->m;
    const IommuTxn *txn = w->txn;
    const VtdFaultInfo *info = vtd_fault_info(reason);
    VtdAnswer answer = VTD_ANSWER_UR;
    VtdFaultRecord record = {
        .reason = reason,
        .info = txn->addr,
        .sid = txn->stream,
        .pasid = txn->pasid,
        .type = fault_type(txn),
        .at = txn->kind,
        .has_pasid = txn->has_pasid,
        .exec = txn->exec,
        .priv = txn->priv,
    };

    if (txn->kind == IOMMU_TXN_ATS_REQUEST) {
        answer = info->request;
    } else if (txn->kind == IOMMU_TXN_TRANSLATED) {
        answer = info->translated;
    }
    w->res->fault = reason;
    IOMMU_TRACE(&m->base.trace, "Fault: %s (%02xh)", info->name, reason);
    if (!txn->probe) {
        m->base.counters.faults++;
        if (!txn->speculative && answer != VTD_ANSWER_EMPTY) {
            vtd_fault_record(m, &record, w->fault.fpd);
        }
    }
    if (answer == VTD_ANSWER_EMPTY || answer == VTD_ANSWER_EMPTY_REPORTED) {
        end_empty(w);
    } else if (answer == VTD_ANSWER_CA) {
        end_refused(w, IOMMU_STATUS_CA);
    } else {
        end_refused(w, txn->kind == IOMMU_TXN_UNTRANSLATED ? IOMMU_STATUS_ABORT : IOMMU_STATUS_UR);
    }
}

/* Largest aligned span around @addr, at most 2^@lg2 bytes, that keeps clear of FEExxxxx. */
static unsigned span_beside_interrupts(uint64_t addr, unsigned lg2)
{
    while (lg2 > VTD_PAGE_LG2 && (addr >> lg2) << lg2 <= VTD_INTR_LAST &&
           (addr | low_mask(lg2)) >= VTD_INTR_FIRST) {
        lg2--;
    }
    return lg2;
}

static void end_bypass(Walk *w)
{
    if (vtd_pmr_blocks(w->m, w->txn->addr, w->txn->size, false)) {
        end_refused(w, IOMMU_STATUS_ABORT); /* not recorded [3.13] */
        return;
    }
    w->res->status = IOMMU_STATUS_OK;
    w->res->pa = w->txn->addr;
    w->res->page_lg2 = span_beside_interrupts(w->txn->addr, BYPASS_LG2);
    w->res->rights = IOMMU_RIGHTS_ALL;
    w->res->attr = w->txn->attr;
    w->res->attr.snoop = !w->txn->no_snoop;
    w->res->bypassed = true;
    count_end(w);
}

/* ---- tables */

/* Context-level admission [3.4.2, 3.4.3]: does the entry allow this kind of request? */
static VtdFaultReason check_admission(const Walk *w)
{
    const IommuTxn *txn = w->txn;
    bool ats = txn->kind != IOMMU_TXN_UNTRANSLATED;

    if (!w->ctx->scalable) {
        return ats && w->ctx->tt != VTD_TT_DEVICE_TLB ? VTD_FAULT_LCT_5 : VTD_FAULT_NONE;
    }
    if (ats && !w->ctx->dte) {
        return VTD_FAULT_SCT_5;
    }
    if (txn->kind == IOMMU_TXN_TRANSLATED) {
        return txn->has_pasid && !w->ctx->eptr ? VTD_FAULT_SCT_10 : VTD_FAULT_NONE;
    }
    return txn->has_pasid && !w->ctx->paside ? VTD_FAULT_SCT_6 : VTD_FAULT_NONE;
}

static bool find_context(Walk *w)
{
    VtdFaultReason reason = vtd_check_mode(w->m, w->txn->has_pasid, w->txn->exec);

    if (!reason) {
        w->ctx = vtd_context_find(w->m, w->txn->stream & 0xffff, w->txn->probe, &w->fault);
        reason = w->ctx ? check_admission(w) : w->fault.reason;
        if (w->txn->has_pasid && w->txn->kind != IOMMU_TXN_TRANSLATED && w->fault.with_pasid) {
            reason = w->txn->kind == IOMMU_TXN_ATS_REQUEST ? w->fault.ats_with_pasid
                                                           : w->fault.with_pasid;
        }
    }
    if (reason) {
        end_fault(w, reason);
    }
    return !reason;
}

static bool find_space(Walk *w)
{
    const IommuTxn *txn = w->txn;
    const VtdPasidEntry *entry;
    VtdFaultReason reason;

    w->pasid = txn->pasid;
    if (!w->ctx->scalable) {
        w->space = &w->ctx->space;
        w->pasid = 0;
        return true;
    }
    reason = vtd_choose_pasid(w->m, w->ctx, txn->has_pasid, &w->pasid);
    if (reason) {
        end_fault(w, reason);
        return false;
    }
    entry = vtd_pasid_find(w->m, w->ctx, w->pasid, txn->probe, &w->fault);
    if (!entry) {
        end_fault(w, w->fault.reason);
        return false;
    }
    w->space = &entry->space;
    w->priv = txn->has_pasid ? txn->priv : w->ctx->rid_priv;
    if (txn->has_pasid && txn->exec) {
        end_fault(w, VTD_FAULT_SPT_5);
        return false;
    }
    if (w->priv && !w->space->sre) {
        end_fault(w, VTD_FAULT_SPT_6);
        return false;
    }
    return true;
}

/* Use what the last request found, if this one must find the same. */
static bool recall(Walk *w)
{
    VtdModel *m = w->m;
    const IommuTxn *txn = w->txn;
    const VtdMemo *memo = &m->memo;

    if (!memo->valid || memo->stream != txn->stream || memo->has_pasid != txn->has_pasid ||
        (txn->has_pasid && (memo->pasid != txn->pasid || txn->exec)) || txn->probe ||
        m->plan.keep) {
        return false;
    }
    w->priv = memo->ctx->scalable && (txn->has_pasid ? txn->priv : memo->ctx->rid_priv);
    if (w->priv && !memo->space->sre) {
        return false;
    }
    w->ctx = memo->ctx;
    w->space = memo->space;
    w->tag = memo->tag;
    w->pasid = memo->effective_pasid;
    w->fault.fpd = memo->fpd;
    m->base.counters.config_lookups += memo->ctx->scalable ? 2 : 1;
    return true;
}

/* Find the space of an untranslated request the long way, and remember it. */
static bool find_and_remember(Walk *w)
{
    VtdModel *m = w->m;
    uint64_t misses = m->base.counters.config_misses;

    if (!find_context(w) || !find_space(w)) {
        return false;
    }
    w->tag = vtd_tlb_tag(w->space, w->txn->stream & 0xffff, w->txn->has_pasid, w->pasid);
    if (!w->txn->probe && misses == m->base.counters.config_misses) {
        m->memo = (VtdMemo) {
            .valid = true,
            .has_pasid = w->txn->has_pasid,
            .fpd = w->fault.fpd,
            .stream = w->txn->stream,
            .pasid = w->txn->pasid,
            .effective_pasid = w->pasid,
            .ctx = w->ctx,
            .space = w->space,
            .tag = w->tag,
        };
    }
    return true;
}

/* ---- translation */

/* A zero-length read that write permission satisfies as well [3.7.1]. */
static bool lenient_read(const Walk *w)
{
    const IommuTxn *txn = w->txn;

    return txn->kind == IOMMU_TXN_UNTRANSLATED && !txn->size && !txn->write && w->m->cfg.zlr &&
           vtd_second_stage_involved(w->space);
}

static void make_request(const Walk *w, PtRequest *req)
{
    const IommuTxn *txn = w->txn;
    bool ats = txn->kind == IOMMU_TXN_ATS_REQUEST;
    /* Without NWFS a translation request always asks for both [4.1.2]. */
    bool write = ats ? !(txn->no_write && w->m->cfg.nwfs) : txn->write;
    bool read = ats || !txn->write || txn->atomic;
    uint8_t side = w->priv ? IOMMU_RIGHTS_P : IOMMU_RIGHTS_U;

    *req = (PtRequest) {
        .addr = txn->addr,
        .access = {
            .need = ((read ? READS : 0) | (write ? WRITES : 0)) & side,
            .priv = w->priv,
            .write = write,
        },
        .flags = (ats ? PT_REQ_GRANT | PT_REQ_MUST_GRANT : 0) |
                 (txn->probe ? PT_REQ_NO_FILL | PT_REQ_NO_UPDATE : 0) |
                 (txn->speculative ? PT_REQ_NO_DIRTY : 0),
    };
    if (w->space->pgtt == VTD_PGTT_FS || w->space->pgtt == VTD_PGTT_NESTED) {
        req->s1 = &w->space->fs;
    }
    if (vtd_second_stage_involved(w->space)) {
        req->s2 = &w->space->ss;
    }
}

static uint8_t page_flags(const Walk *w, const PtResult *walk)
{
    bool leaf = w->m->cfg.sc && reg_get(walk->s2_attr, VTD_SSA_SNP) &&
                vtd_second_stage_involved(w->space);

    return leaf || w->space->pgsnp ? TLB_SNOOP : 0;
}

/* Walk the tables. False: the request has ended in a fault. */
static bool walk_tables(Walk *w, PtRequest *req, TlbEntry *e)
{
    VtdFaultReason reason;
    PtResult walk;
    PtFault fault;
    bool ok = pt_walk(&w->m->walker, req, &walk, &fault);

    if (!ok && lenient_read(w) && fault.kind == PT_FAULT_PERMISSION && fault.stage == 2 &&
        fault.cls == PT_CLASS_INPUT && (fault.granted & WRITES)) {
        PtRequest any = *req;

        any.access.need = 0;
        ok = pt_walk(&w->m->walker, &any, &walk, &fault);
    }
    if (!ok) {
        reason = vtd_walk_reason(w->space, req, &fault);
        end_fault(w, reason);
        return false;
    }
    w->settled = walk.settled;
    *e = (TlbEntry) {
        .out = walk.out & ~low_mask(walk.lg2),
        .attr = { .type = vtd_memory_type(w->m, w->space, &walk) },
        .lg2 = walk.lg2,
        .rights = walk.rights,
        .rights_dirty = walk.rights_dirty,
        .flags = page_flags(w, &walk),
    };
    return true;
}

static bool tlb_suffices(const void *opaque, const TlbEntry *e)
{
    const PtRequest *req = opaque;

    return !(req->access.need & ~e->rights);
}

/* For lenient_read(): any access will do. */
static bool tlb_suffices_lenient(const void *opaque, const TlbEntry *e)
{
    const PtRequest *req = opaque;
    uint8_t side = req->access.priv ? IOMMU_RIGHTS_P : IOMMU_RIGHTS_U;

    return e->rights_dirty & side & (READS | WRITES);
}

/*
 * Rights that the answer to a translation request can give at all: with NW=1 none to write [4.1.2].
 */
static uint8_t grantable(const Walk *w)
{
    uint8_t side = w->priv ? IOMMU_RIGHTS_P : IOMMU_RIGHTS_U;

    return w->txn->no_write && w->m->cfg.nwfs ? side & ~WRITES : side;
}

/* An output in FEExxxxx: a page, or for a translation request any part of the answer. */
static bool hits_interrupts(const Walk *w, const TlbEntry *e, uint64_t pa)
{
    if (w->txn->kind == IOMMU_TXN_ATS_REQUEST) {
        return vtd_page_has_interrupts(e->out, e->lg2);
    }
    return vtd_in_intr_range(pa);
}

static void end_translated(Walk *w, const TlbEntry *e)
{
    const IommuTxn *txn = w->txn;
    IommuResult *res = w->res;
    uint64_t pa = e->out | (txn->addr & low_mask(e->lg2));
    char text[IOMMU_RIGHTS_TEXT];

    if (txn->kind == IOMMU_TXN_ATS_REQUEST && !(e->rights_dirty & grantable(w))) {
        end_empty(w); /* no translation, so no output that could be wrong */
        return;
    }
    if (hits_interrupts(w, e, pa)) {
        end_fault(w, w->ctx->scalable ? VTD_FAULT_SGN_8 : VTD_FAULT_LGN_4);
        return;
    }
    if (vtd_pmr_blocks(w->m, pa, txn->size, true)) {
        end_refused(w, txn->kind == IOMMU_TXN_UNTRANSLATED ? IOMMU_STATUS_ABORT : IOMMU_STATUS_UR);
        return;
    }
    res->status = IOMMU_STATUS_OK;
    res->pa = pa;
    res->page_lg2 = e->lg2;
    res->rights = e->rights;
    res->attr = e->attr;
    res->attr.snoop = !txn->no_snoop || (e->flags & TLB_SNOOP);
    if (txn->kind == IOMMU_TXN_ATS_REQUEST) {
        uint8_t rights = e->rights & grantable(w);

        res->ats_r = rights & READS;
        res->ats_w = rights & WRITES;
        res->ats_priv = txn->has_pasid && txn->priv;
        res->ats_no_snoop = e->flags & TLB_SNOOP;
        if (!res->ats_r && !res->ats_w) {
            end_empty(w);
            return;
        }
    }
    IOMMU_TRACE(&w->m->base.trace, "Result: PA 0x%llx, page 2^%u, rights %s",
                (unsigned long long)pa, e->lg2, iommu_rights_text(e->rights, text));
    count_end(w);
}

/* Input equals output, within the host address width [3.9]. */
static void pass_through(Walk *w)
{
    const IommuTxn *txn = w->txn;
    bool ats = txn->kind == IOMMU_TXN_ATS_REQUEST;

    if (txn->addr & ~low_mask(w->m->cfg.haw)) {
        end_fault(w, w->ctx->scalable ? VTD_FAULT_SGN_4 : VTD_FAULT_LGN_1);
        return;
    }
    if (vtd_in_intr_range(txn->addr)) {
        if (ats) {
            end_empty(w);
        } else {
            end_fault(w, w->ctx->scalable ? VTD_FAULT_SGN_8 : VTD_FAULT_LGN_4);
        }
        return;
    }
    if (ats) {
        w->res->ats_r = true;
        w->res->ats_w = !(txn->no_write && w->m->cfg.nwfs);
        w->res->ats_priv = txn->has_pasid && txn->priv;
        w->res->ats_no_snoop = w->space->pgsnp;
    }
    end_bypass(w);
    w->res->attr = (IommuMemAttr) {
        .type = w->space->cache_disable ? VTD_MT_UC : VTD_MT_WB, /* [table 9] */
        .snoop = !txn->no_snoop || w->space->pgsnp,
    };
}

/* Height of the table that a page's entry lies in. */
static unsigned page_height(const TlbEntry *e)
{
    return (e->lg2 - VTD_PAGE_LG2) / 9;
}

static void translate_by_tables(Walk *w)
{
    VtdModel *m = w->m;
    uint64_t tag = w->tag;
    const TlbEntry *e;
    TlbEntry fresh;
    PtRequest req;

    make_request(w, &req);
    if (!w->txn->probe) {
        e = tlb_lookup(&m->iotlb, &m->plan, &m->base.counters, w->txn->addr, tag,
                       lenient_read(w) ? tlb_suffices_lenient : tlb_suffices, &req, page_height);
        if (e) {
            if (__builtin_expect(m->base.trace.active, 0)) {
                iommu_trace_arm(&m->base.trace); /* a walk is wanted */
            }
            end_translated(w, e);
            return;
        }
    }
    if (!walk_tables(w, &req, &fresh)) {
        return;
    }
    /* Nothing that leads to a fault is cached, not even for some addresses of it [6.1, 6.2.4.1]. */
    if (!w->txn->probe && w->settled && (fresh.rights | fresh.rights_dirty) &&
        !vtd_page_has_interrupts(fresh.out, fresh.lg2)) {
        tlb_fill(&m->iotlb, w->txn->addr, tag, &fresh);
    }
    end_translated(w, &fresh);
}

/* ---- kinds of request */

/* The interrupt range, seen from requests that no table translates [3.15]. True: done. */
static bool interrupt_range(Walk *w)
{
    const IommuTxn *txn = w->txn;

    if (txn->write && !txn->atomic && txn->size == 4 && !(txn->addr & 3)) {
        w->res->status = IOMMU_STATUS_INTERRUPT;
        w->res->bypassed = true;
        count_end(w);
        return true;
    }
    if (!vtd_gsts(w->m, VTD_GCMD_TE)) {
        return false;
    }
    if (!txn->write && !txn->size) {
        w->res->status = IOMMU_STATUS_OK;
        w->res->pa = txn->addr;
        w->res->page_lg2 = VTD_PAGE_LG2;
        w->res->attr.snoop = !txn->no_snoop;
        w->res->bypassed = true;
        count_end(w);
    } else {
        end_fault(w, VTD_FAULT_IR_BAD_REQUEST);
    }
    return true;
}

static void untranslated(Walk *w)
{
    const IommuTxn *txn = w->txn;

    if (!txn->has_pasid && vtd_in_intr_range(txn->addr) && interrupt_range(w)) {
        return;
    }
    if (!vtd_gsts(w->m, VTD_GCMD_TE)) {
        end_bypass(w);
        return;
    }
    if (!recall(w) && !find_and_remember(w)) {
        return;
    }
    if (w->space->pgtt == VTD_PGTT_PT) {
        pass_through(w);
    } else {
        translate_by_tables(w);
    }
}

static void translation_request(Walk *w)
{
    const IommuTxn *txn = w->txn;

    if (!vtd_gsts(w->m, VTD_GCMD_TE)) {
        end_refused(w, IOMMU_STATUS_UR);
        return;
    }
    if (!find_context(w)) {
        return;
    }
    if (!txn->has_pasid && vtd_in_intr_range(txn->addr)) {
        /* Devices may ask for the place their MSIs go to: write-only, untranslated [S.1, S.2]. */
        w->res->ats_w = w->res->ats_u = !txn->no_write;
        w->res->pa = txn->addr;
        w->res->page_lg2 = VTD_PAGE_LG2;
        w->res->bypassed = true;
        count_end(w);
        return;
    }
    if (!find_space(w)) {
        return;
    }
    w->tag = vtd_tlb_tag(w->space, txn->stream & 0xffff, txn->has_pasid, w->pasid);
    if (w->space->pgtt == VTD_PGTT_PT) {
        pass_through(w);
    } else {
        translate_by_tables(w);
    }
}

static void translated(Walk *w)
{
    const IommuTxn *txn = w->txn;

    /* A PASID is no part of a translated request unless PTRS says so. */
    if (!vtd_gsts(w->m, VTD_GCMD_TE) || (txn->has_pasid && !w->m->cfg.ptrs)) {
        end_refused(w, IOMMU_STATUS_UR);
        return;
    }
    if (!find_context(w)) {
        return;
    }
    if (txn->has_pasid) {
        uint32_t pasid = txn->pasid;
        VtdFaultReason reason = vtd_choose_pasid(w->m, w->ctx, true, &pasid);

        if (reason) {
            end_fault(w, reason);
            return;
        }
    }
    if (txn->addr & ~low_mask(w->m->cfg.haw)) {
        end_fault(w, w->ctx->scalable ? VTD_FAULT_SGN_4 : VTD_FAULT_LGN_1);
    } else if (vtd_in_intr_range(txn->addr)) {
        end_fault(w, w->ctx->scalable ? VTD_FAULT_SGN_8 : VTD_FAULT_LGN_4);
    } else if (vtd_pmr_blocks(w->m, txn->addr, txn->size, false)) {
        end_refused(w, IOMMU_STATUS_UR);
    } else {
        end_bypass(w);
    }
}

static void count_begin(VtdModel *m, const IommuTxn *txn)
{
    m->base.counters.transactions++;
    if (txn->kind == IOMMU_TXN_ATS_REQUEST) {
        m->base.counters.ats_requests++;
    } else if (txn->kind == IOMMU_TXN_TRANSLATED) {
        m->base.counters.ats_translated++;
    }
}

/* A trace is to show every structure and entry; any may be dropped at any time [6.1]. */
static void forget_the_way(VtdModel *m)
{
    m->memo.valid = false;
    iommu_cache_flush(&m->contexts);
    iommu_cache_flush(&m->pasids);
    pt_walker_flush(&m->walker);
}

void vtd_translate(IommuModel *model, const IommuTxn *txn, IommuResult *res)
{
    VtdModel *m = vtd_model(model);
    Walk w = { .m = m, .txn = txn, .res = res };
    bool counted = !txn->probe && vtd_perfmon_begin(m);

    *res = (IommuResult) { .complete = txn->arrival };
    plan_begin(&m->plan);
    if (!txn->probe) {
        count_begin(m, txn);
        if (__builtin_expect(model->trace.armed, 0)) {
            forget_the_way(m);
            iommu_trace_begin(&model->trace);
        }
    }
    IOMMU_TRACE(&model->trace, "%s %s%s, source 0x%04x, address 0x%llx",
                txn->priv ? "Privileged" : "Unprivileged", txn->exec ? "instruction " : "",
                txn->atomic ? "atomic" : txn->write ? "write" : "read", txn->stream,
                (unsigned long long)txn->addr);
    if (txn->has_pasid) {
        IOMMU_TRACE(&model->trace, "PASID 0x%x", txn->pasid);
    }
    switch (txn->kind) {
    case IOMMU_TXN_ATS_REQUEST:
        translation_request(&w);
        break;
    case IOMMU_TXN_TRANSLATED:
        translated(&w);
        break;
    default:
        untranslated(&w);
        break;
    }
    if (__builtin_expect(model->trace.active, 0)) {
        iommu_trace_end(&model->trace);
    }
    if (counted) {
        m->perfmon.address_type = txn->kind;
        m->perfmon.notes[VTD_PERF_REQUEST] += res->status != IOMMU_STATUS_INTERRUPT;
        vtd_perfmon_count(m);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace events of both IOMMUs: what passes between QEMU and a model, in words.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-trace.h"

static const char *status_name(uint8_t status)
{
    static const char *const names[] = {
        [IOMMU_STATUS_OK] = "ok", [IOMMU_STATUS_ABORT] = "abort",
        [IOMMU_STATUS_RAZWI] = "raz/wi", [IOMMU_STATUS_STALLED] = "stalled",
        [IOMMU_STATUS_UR] = "UR", [IOMMU_STATUS_CA] = "CA",
        [IOMMU_STATUS_INTERRUPT] = "interrupt",
    };

    return status < ARRAY_SIZE(names) ? names[status] : "?";
}

static void answer_text(const IommuResult *res, char *text, size_t size)
{
    if (res->status == IOMMU_STATUS_STALLED) {
        snprintf(text, size, "stalled, fault 0x%x, tag %u", res->fault, res->tag);
    } else if (res->fault) {
        snprintf(text, size, "%s, fault 0x%x", status_name(res->status), res->fault);
    } else {
        snprintf(text, size, "%s", status_name(res->status));
    }
}

static const char *access_name(const IommuTxn *txn)
{
    if (txn->kind == IOMMU_TXN_ATS_REQUEST) {
        return txn->no_write ? "ATS request, read" : "ATS request";
    }
    if (txn->kind == IOMMU_TXN_TRANSLATED) {
        return txn->write ? "translated write" : "translated read";
    }
    return txn->probe ? "look" : txn->atomic ? "atomic" : txn->write ? "write" :
           txn->exec ? "fetch" : "read";
}

void iommu_shell_trace_begin_slow(IommuShell *s, IommuShellTraceMark *mark)
{
    const IommuCounters *c = &s->model->counters;

    mark->reads = c->walk_reads + c->config_reads;
    mark->hits = c->tlb_hits + c->utlb_hits;
}

/* With timing on the model has resolved the request; how long it takes is not known yet. */
static void way_text(IommuShell *s, const IommuShellTraceMark *mark, const IommuResult *res,
                     char *text, size_t size)
{
    const IommuCounters *c = &s->model->counters;
    uint64_t reads;

    if (!mark) {
        snprintf(text, size, "recent answer");
        return;
    }
    reads = c->walk_reads + c->config_reads - mark->reads;
    if (reads) {
        snprintf(text, size, "%" PRIu64 " table reads", reads);
    } else if (c->tlb_hits + c->utlb_hits > mark->hits) {
        snprintf(text, size, "TLB");
    } else {
        snprintf(text, size, res->bypassed ? "bypass" : "configuration");
    }
}

void iommu_shell_trace_translate_slow(IommuShell *s, const IommuShellTraceMark *mark,
                                      const IommuTxn *txn, const IommuResult *res)
{
    bool ok = res->status == IOMMU_STATUS_OK;
    char rights[IOMMU_RIGHTS_TEXT], answer[48], way[32];
    int pasid = iommu_shell_trace_pasid(txn->has_pasid, txn->pasid);

    answer_text(res, answer, sizeof(answer));
    way_text(s, mark, res, way, sizeof(way));
    IOMMU_TRACE_EVENT(s, translate, txn->stream, pasid, access_name(txn), txn->addr, answer,
                      ok ? res->pa : 0,
                      ok ? 1ull << MIN(res->page_lg2, 63) : 0,
                      iommu_rights_text(ok ? res->rights : 0, rights), way);
}

void iommu_shell_trace_register(IommuShell *s, bool write, uint64_t offset, unsigned size,
                          uint64_t value)
{
    char name[40];

    if (!(write ? IOMMU_TRACED(WRITE) : IOMMU_TRACED(READ))) {
        return;
    }
    s->model->ops->register_name(s->model, offset, name, sizeof(name));
    if (write) {
        IOMMU_TRACE_EVENT(s, write, name, offset, size, value);
    } else {
        IOMMU_TRACE_EVENT(s, read, name, offset, size, value);
    }
}

void iommu_shell_trace_resume(IommuShell *s, uint64_t number, const IommuResult *res)
{
    char answer[48];

    if (trace_event_get_state_backends(TRACE_SMMUV3_RESUME)) {
        answer_text(res, answer, sizeof(answer));
        trace_smmuv3_resume(iommu_shell_trace_unit(s), number, answer,
                            res->status == IOMMU_STATUS_OK ? res->pa : 0);
    }
}

void iommu_shell_trace_ats(IommuShell *s, const IommuAtsInv *inv, IommuAtsInvStatus status)
{
    static const char *const answers[] = {
        [IOMMU_ATS_INV_DONE] = "done", [IOMMU_ATS_INV_PENDING] = "pending",
        [IOMMU_ATS_INV_TIMEOUT] = "timed out",
    };

    IOMMU_TRACE_EVENT(s, ats_invalidate, inv->stream,
                      iommu_shell_trace_pasid(inv->has_pasid && !inv->global, inv->pasid),
                      inv->addr, inv->last, inv->itag, answers[status]);
}

void iommu_shell_trace_page_request(IommuShell *s, const IommuPageRequest *req)
{
    char text[4] = { req->r ? 'r' : '-', req->w ? 'w' : '-', req->x ? 'x' : '-' };

    IOMMU_TRACE_EVENT(s, page_request, req->stream,
                      iommu_shell_trace_pasid(req->has_pasid, req->pasid), req->addr, text,
                      req->prgi, req->last);
}

void iommu_shell_trace_note(IommuShell *s, const IommuNote *n)
{
    uint64_t unit = iommu_shell_trace_unit(s);
    const uint64_t *w = n->words;

    switch (n->kind) {
    case IOMMU_NOTE_COMMAND:
        if (s->ops->vtd) {
            trace_vtd_descriptor(unit, n->index, n->name, w[0], w[1], n->code);
        } else {
            trace_smmuv3_command(unit, n->queue, n->index, n->name, w[0], w[1], n->code);
        }
        break;
    case IOMMU_NOTE_RECORD:
        IOMMU_TRACE_EVENT(s, record, n->index, n->stream, n->name, n->code, w[0], w[1], w[2], w[3]);
        break;
    case IOMMU_NOTE_RECORD_LOST:
        IOMMU_TRACE_EVENT(s, record_lost, n->stream, n->name, n->code, w[0], w[1], w[2], w[3]);
        break;
    }
}

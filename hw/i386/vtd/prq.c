/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: page requests and the page request queue [7.4, 7.5, 11.4.11].
 */
#include <string.h>

#include "vtd-model.h"
#include "hw/iommu/note.h"

/* Codes of an automatic page group response. */
enum { RESPONSE_SUCCESS = 0, RESPONSE_INVALID = 1 };

/* Only the last request of a group is answered; a stop marker never is. */
static bool wants_response(const IommuPageRequest *req)
{
    return req->last && !iommu_page_request_is_stop_marker(req);
}

static void respond(VtdModel *m, const IommuPageRequest *req, uint8_t code)
{
    IommuPageResponse rsp = {
        .stream = req->stream,
        .has_pasid = req->has_pasid,
        .pasid = req->pasid,
        .prgi = req->prgi,
        .code = code,
    };

    if (wants_response(req) && m->base.host.ops->page_response) {
        m->base.host.ops->page_response(m->base.host.opaque, &rsp);
    }
}

static void respond_to_overflow(VtdModel *m, const IommuPageRequest *req)
{
    if (wants_response(req)) {
        vtd_perfmon_note(m, VTD_PERF_PAGE_OVERFLOW);
    }
    respond(m, req, RESPONSE_SUCCESS);
}

static void status_set(VtdModel *m, BitField bit)
{
    uint32_t prs = vtd_reg32(m, VTD_REG_PRS);

    vtd_set_reg32(m, VTD_REG_PRS, reg_set(prs, bit, 1));
    if (!prs) {
        vtd_event_raise(m, VTD_EVENT_PAGE);
    }
}

void vtd_prs_written(VtdModel *m)
{
    if (!vtd_reg32(m, VTD_REG_PRS)) {
        vtd_event_settle(m, VTD_EVENT_PAGE);
    }
}

/* Admission, then the tables as far as the PASID entry; page tables are not looked at [7.4.1]. */
static const VtdSpace *find_space(VtdModel *m, const IommuPageRequest *req, uint32_t *pasid,
                                  VtdFault *fault)
{
    uint32_t sid = req->stream & 0xffff;
    const VtdContext *ctx;

    if (m->tables.ttm == VTD_TTM_LEGACY) {
        *fault = (VtdFault) { .reason = VTD_FAULT_RTA_3 };
        return NULL;
    }
    if (m->tables.ttm == VTD_TTM_SCALABLE && m->cfg.smts) {
        ctx = vtd_context_find(m, sid, false, fault);
        if (!ctx) {
            return NULL;
        }
        if (req->has_pasid && !ctx->paside) {
            fault->reason = VTD_FAULT_SCT_6;
            return NULL;
        }
        if (!ctx->pre) {
            fault->reason = VTD_FAULT_SCT_8;
            return NULL;
        }
    }
    *pasid = req->pasid;
    return vtd_space_find(m, sid, req->has_pasid, pasid, false, &ctx, fault);
}

static void refuse(VtdModel *m, const IommuPageRequest *req, const VtdFault *fault)
{
    VtdFaultRecord record = {
        .reason = fault->reason,
        .info = req->addr,
        .sid = req->stream,
        .pasid = req->pasid,
        .type = VTD_FTYPE_PAGE_REQUEST,
        .has_pasid = req->has_pasid,
        .exec = req->x,
        .priv = req->priv,
    };

    m->base.counters.faults++;
    vtd_fault_record(m, &record, fault->fpd);
    respond(m, req, RESPONSE_INVALID);
}

static void make_descriptor(const IommuPageRequest *req, uint64_t w[4])
{
    memset(w, 0, VTD_PRQ_BYTES);
    field_set(w, VTD_PRQ_TYPE, VTD_PRQ_TYPE_PAGE_REQUEST);
    field_set(w, VTD_PRQ_RID, req->stream);
    if (req->has_pasid) {
        field_set(w, VTD_PRQ_PP, 1);
        field_set(w, VTD_PRQ_PASID, req->pasid);
        field_set(w, VTD_PRQ_EXR, req->x);
        field_set(w, VTD_PRQ_PMR, req->priv);
    }
    field_set(w, VTD_PRQ_RDR, req->r);
    field_set(w, VTD_PRQ_WRR, req->w);
    field_set(w, VTD_PRQ_LPIG, req->last);
    field_set(w, VTD_PRQ_PRGI, req->prgi);
    field_set(w, VTD_PRQ_ADDR, req->addr >> VTD_PAGE_LG2);
}

static void note(const VtdModel *m, const IommuPageRequest *req, IommuNoteKind kind)
{
    IommuNote n = {
        .kind = kind, .name = "page request", .stream = req->stream,
        .index = vtd_reg32(m, VTD_REG_PQT),
    };

    make_descriptor(req, n.words);
    iommu_note(&m->base.host, &n);
}

static bool write_descriptor(VtdModel *m, const IommuPageRequest *req, uint64_t addr)
{
    const IommuMemAttr attr = { .type = VTD_MT_WB, .snoop = true };
    uint64_t w[4];
    uint8_t raw[VTD_PRQ_BYTES];

    make_descriptor(req, w);
    for (unsigned i = 0; i < 4; i++) {
        le64_store(raw + 8 * i, w[i]);
    }
    plan_step(&m->plan, IOMMU_STEP_QUEUE_WRITE, 0, 0, false, addr, VTD_PRQ_BYTES);
    return m->base.host.ops->write(m->base.host.opaque, addr, raw, sizeof(raw), attr) ==
           IOMMU_MEM_OK;
}

static void enqueue(VtdModel *m, const IommuPageRequest *req)
{
    uint64_t pqa = vtd_reg64(m, VTD_REG_PQA);
    uint32_t bytes = VTD_PAGE_BYTES << reg_get(pqa, VTD_PQA_PQS);
    uint32_t tail = vtd_reg32(m, VTD_REG_PQT) % bytes;
    uint32_t next = (tail + VTD_PRQ_BYTES) % bytes;

    if (next == vtd_reg32(m, VTD_REG_PQH) % bytes) {
        m->base.counters.events_lost++;
        note(m, req, IOMMU_NOTE_RECORD_LOST);
        if (iommu_page_request_is_stop_marker(req) && m->cfg.sms) {
            return; /* dropped in silence [7.10] */
        }
        status_set(m, VTD_PRS_PRO);
        respond_to_overflow(m, req);
        return;
    }
    if (!write_descriptor(m, req, field_in_place(&pqa, VTD_PQA_PQA) + tail)) {
        note(m, req, IOMMU_NOTE_RECORD_LOST);
        VTD_GUEST_ERROR(m, "page request queue cannot be written at 0x%llx",
                        (unsigned long long)field_in_place(&pqa, VTD_PQA_PQA) + tail);
        return;
    }
    m->base.counters.events++;
    note(m, req, IOMMU_NOTE_RECORD);
    vtd_perfmon_note(m, VTD_PERF_PAGE_POSTED);
    vtd_set_reg32(m, VTD_REG_PQT, next);
    status_set(m, VTD_PRS_PPR);
}

static void take_request(VtdModel *m, const IommuPageRequest *req)
{
    const VtdSpace *space;
    VtdFault fault;
    uint32_t pasid;

    plan_begin(&m->plan);
    m->base.counters.page_requests++;
    if (!m->cfg.prs || !vtd_gsts(m, VTD_GCMD_TE)) {
        respond(m, req, RESPONSE_INVALID);
        return;
    }
    space = find_space(m, req, &pasid, &fault);
    if (!space) {
        refuse(m, req, &fault);
        return;
    }
    if (reg_get(vtd_reg32(m, VTD_REG_PRS), VTD_PRS_PRO)) {
        m->base.counters.events_lost++;
        note(m, req, IOMMU_NOTE_RECORD_LOST);
        respond_to_overflow(m, req);
        return;
    }
    if (!iommu_page_request_is_stop_marker(req)) {
        vtd_inv_page_request(m, space, pasid, req->addr);
    }
    enqueue(m, req);
}

void vtd_page_request(IommuModel *model, const IommuPageRequest *req)
{
    VtdModel *m = vtd_model(model);
    bool counted;

    if (vtd_timed_page_request(m, req)) {
        return;
    }
    counted = vtd_perfmon_begin(m);
    take_request(m, req);
    if (counted) {
        vtd_perfmon_count(m);
    }
}

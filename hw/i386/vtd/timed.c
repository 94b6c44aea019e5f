/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d with timing on: fault records and page requests wait for their cycle (docs/timing.rst,
 * "Records"). What time changes for descriptors is in qi.c.
 */
#include "vtd-model.h"
#include "hw/iommu/timed.h"

typedef enum RecordKind {
    RECORD_FAULT,
    RECORD_PAGE_REQUEST,
} RecordKind;

#define FRCD_BYTES 16

/* A fault as words of a record: FI in the first. */
#define KEPT_SID       BITFIELD_AT(64 + 0, 16)
#define KEPT_PASID     BITFIELD_AT(64 + 16, 20)
#define KEPT_HAS_PASID BITFIELD_AT(64 + 36, 1)
#define KEPT_EXEC      BITFIELD_AT(64 + 37, 1)
#define KEPT_PRIV      BITFIELD_AT(64 + 38, 1)
#define KEPT_TYPE      BITFIELD_AT(64 + 39, 8)
#define KEPT_AT        BITFIELD_AT(64 + 47, 2)
#define KEPT_REASON    BITFIELD_AT(128 + 0, 16)

static bool waits(const VtdModel *m)
{
    return m->base.timed && !m->committing;
}

bool vtd_timed_fault(VtdModel *m, const VtdFaultRecord *f)
{
    IommuRecord r = { .kind = RECORD_FAULT, .bytes = FRCD_BYTES, .words[0] = f->info };

    if (!waits(m)) {
        return false;
    }
    field_set(r.words, KEPT_SID, f->sid);
    field_set(r.words, KEPT_PASID, f->pasid);
    field_set(r.words, KEPT_HAS_PASID, f->has_pasid);
    field_set(r.words, KEPT_EXEC, f->exec);
    field_set(r.words, KEPT_PRIV, f->priv);
    field_set(r.words, KEPT_TYPE, f->type);
    field_set(r.words, KEPT_AT, f->at);
    field_set(r.words, KEPT_REASON, f->reason);
    iommu_timed_record(m->base.timed, &r);
    return true;
}

static VtdFaultRecord kept_fault(const IommuRecord *r)
{
    return (VtdFaultRecord) {
        .reason = field_get(r->words, KEPT_REASON), .info = r->words[0],
        .sid = field_get(r->words, KEPT_SID), .pasid = field_get(r->words, KEPT_PASID),
        .type = field_get(r->words, KEPT_TYPE), .at = field_get(r->words, KEPT_AT),
        .has_pasid = field_get(r->words, KEPT_HAS_PASID),
        .exec = field_get(r->words, KEPT_EXEC), .priv = field_get(r->words, KEPT_PRIV),
    };
}

bool vtd_timed_page_request(VtdModel *m, const IommuPageRequest *req)
{
    /* Its device has no more under way than its allocation. */
    IommuRecord r = { .kind = RECORD_PAGE_REQUEST, .bytes = VTD_PRQ_BYTES, .unbounded = true };

    if (!waits(m)) {
        return false;
    }
    iommu_record_put_page_request(&r, req);
    iommu_timed_record(m->base.timed, &r);
    return true;
}

void vtd_timed_commit(IommuModel *model, const IommuRecord *r)
{
    VtdModel *m = vtd_model(model);
    IommuPageRequest req;
    VtdFaultRecord fault;

    m->committing = true;
    if (r->kind == RECORD_PAGE_REQUEST) {
        req = iommu_record_page_request(r);
        vtd_page_request(model, &req);
    } else {
        fault = kept_fault(r);
        /* FPD was heeded when the fault was found. */
        vtd_fault_record(m, &fault, false);
    }
    m->committing = false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d with timing on: fault records and page requests wait for their cycle (docs/timing.rst,
 * "Records"). What time changes for descriptors is in qi.c.
 */
#include "vtd-model.h"
#include "hw/iommu/timed.h"

#include <string.h>

typedef enum RecordKind {
    RECORD_FAULT,
    RECORD_PAGE_REQUEST,
} RecordKind;

#define FRCD_BYTES 16

_Static_assert(sizeof(VtdFaultRecord) <= sizeof(((IommuRecord *)0)->words), "a fault fits");
_Static_assert(sizeof(IommuPageRequest) <= sizeof(((IommuRecord *)0)->words), "a request fits");

static bool keep(VtdModel *m, RecordKind kind, uint32_t bytes, const void *data, size_t size)
{
    IommuRecord r = { .kind = kind, .bytes = bytes };

    if (!m->base.timed || m->committing) {
        return false;
    }
    memcpy(r.words, data, size);
    iommu_timed_record(m->base.timed, &r);
    return true;
}

bool vtd_timed_fault(VtdModel *m, const VtdFaultRecord *r)
{
    return keep(m, RECORD_FAULT, FRCD_BYTES, r, sizeof(*r));
}

bool vtd_timed_page_request(VtdModel *m, const IommuPageRequest *req)
{
    return keep(m, RECORD_PAGE_REQUEST, VTD_PRQ_BYTES, req, sizeof(*req));
}

void vtd_timed_commit(IommuModel *model, const IommuRecord *r, bool room)
{
    VtdModel *m = vtd_model(model);
    IommuPageRequest req;
    VtdFaultRecord fault;

    m->committing = true;
    m->crowded = !room;
    if (r->kind == RECORD_PAGE_REQUEST) {
        memcpy(&req, r->words, sizeof(req));
        vtd_page_request(model, &req);
    } else {
        memcpy(&fault, r->words, sizeof(fault));
        /* FPD was heeded when the fault was found. */
        vtd_fault_record(m, &fault, false);
    }
    m->committing = false;
    m->crowded = false;
}

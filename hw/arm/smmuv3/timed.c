/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timing on: records wait for their cycle (docs/timing.rst, "Records"). Everything else that time
 * changes is in cmdq.c.
 */
#include "internal.h"
#include "hw/iommu/timed.h"

#include <string.h>

typedef enum RecordKind {
    RECORD_EVENT,
    RECORD_EVENT_MERGEABLE,
    RECORD_STALL,
    RECORD_PAGE_REQUEST,
} RecordKind;

/* IommuRecord.tag of a stall, token of a retry: whose it is. */
#define RECORD_STALL_SLOT   REGFIELD(15, 0)
#define RECORD_STALL_SERIAL REGFIELD(31, 16)

uint32_t smmu_timed_stall_tag(const SmmuModel *m, uint32_t slot)
{
    return reg_make(RECORD_STALL_SLOT, slot) |
           reg_make(RECORD_STALL_SERIAL, m->stalls[slot].serial);
}

void smmu_timed_retried(IommuModel *base, uint32_t token)
{
    SmmuModel *m = smmu_of(base);

    smmu_enter(m);
    smmu_stall_retried(m, reg_get(token, RECORD_STALL_SLOT), reg_get(token, RECORD_STALL_SERIAL),
                       iommu_timed_now(base->timed));
    smmu_leave(m);
}

static bool waits(const SmmuModel *m)
{
    return m->base.timed && !m->committing;
}

bool smmu_timed_event(SmmuModel *m, const uint64_t rec[EVENT_WORDS], bool may_merge)
{
    IommuRecord r = {
        .bytes = EVENT_BYTES,
        .kind = may_merge ? RECORD_EVENT_MERGEABLE : RECORD_EVENT,
    };

    if (!waits(m)) {
        return false;
    }
    memcpy(r.words, rec, EVENT_BYTES);
    iommu_timed_record(m->base.timed, &r);
    return true;
}

bool smmu_timed_stall(SmmuModel *m, const uint64_t rec[EVENT_WORDS], uint32_t slot)
{
    /* STALL_MAX bounds their number, and a stall may not be lost (3.12.2). */
    IommuRecord r = { .bytes = EVENT_BYTES, .kind = RECORD_STALL, .unbounded = true };

    if (!waits(m)) {
        return false;
    }
    r.tag = smmu_timed_stall_tag(m, slot);
    memcpy(r.words, rec, EVENT_BYTES);
    iommu_timed_record(m->base.timed, &r);
    return true;
}

bool smmu_timed_page_request(SmmuModel *m, const IommuPageRequest *req)
{
    /* Its device has no more under way than its allocation. */
    IommuRecord r = { .bytes = PRI_BYTES, .kind = RECORD_PAGE_REQUEST, .unbounded = true };

    if (!waits(m)) {
        return false;
    }
    iommu_record_put_page_request(&r, req);
    iommu_timed_record(m->base.timed, &r);
    return true;
}

void smmu_timed_commit(IommuModel *base, const IommuRecord *r)
{
    SmmuModel *m = smmu_of(base);
    IommuPageRequest req;

    smmu_enter(m);
    m->committing = true;
    switch (r->kind) {
    case RECORD_STALL:
        smmu_stall_report(m, r->words, reg_get(r->tag, RECORD_STALL_SLOT),
                          reg_get(r->tag, RECORD_STALL_SERIAL));
        break;
    case RECORD_PAGE_REQUEST:
        req = iommu_record_page_request(r);
        smmu_pri_request(m, &req);
        break;
    default:
        smmu_event_record(m, r->words, r->kind == RECORD_EVENT_MERGEABLE);
        break;
    }
    m->committing = false;
    smmu_leave(m);
}

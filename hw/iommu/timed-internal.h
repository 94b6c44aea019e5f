/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the timed model share.
 */
#ifndef HW_IOMMU_TIMED_INTERNAL_H
#define HW_IOMMU_TIMED_INTERNAL_H

#include "hw/iommu/timed.h"

/* Decided and not committed, a power of two. What is more takes no time. */
#define MAX_RECORDS (1u << 17)

/*
 * A plan of few lookups, that all hit and wait for nobody, by its lookups: two bits each, behind a
 * 1.
 */
#define SHAPE_STEPS 4u
#define SHAPES (1u << (2 * SHAPE_STEPS + 1))

typedef struct Kept {
    IommuRecord record;
    bool used;
} Kept;

struct IommuTimed {
    IommuModel *model;
    IommuTiming timing;
    IommuTimedOps ops;
    void *opaque;
    IommuSched *sched;
    bool resolving;         /* a request's plan is being made: records belong to it */
    bool commanding;        /* a command job is under way */
    Kept *records;          /* decided, not committed */
    uint32_t *free_records;
    uint32_t record_cap, free_count;
    IommuOp scratch[IOMMU_JOB_OPS];
    IommuShape *shapes[SHAPES]; /* of requests that found everything; made when first met */

    /* What a retry interrupted: its steps so far, and whose they are. */
    IommuStep outer_steps[IOMMU_PLAN_STEPS];
    uint32_t outer_count;
    uint64_t outer_job;
    bool outer_keep;
};

/** Room for more records. False: there is none, or there are MAX_RECORDS. */
bool iommu_timed_grow(IommuTimed *t);

#endif

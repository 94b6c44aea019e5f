/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plan: the ordered list of what one request or command used, left by the architecture code for
 * the scheduler and the performance monitors. Steps name no resource conflict; they only say what
 * was used. With timing off, and nobody counting, they are not kept.
 */
#ifndef HW_IOMMU_PLAN_H
#define HW_IOMMU_PLAN_H

#include <stdbool.h>
#include <stdint.h>

typedef enum IommuStepKind {
    IOMMU_STEP_TLB,        /* main TLB lookup; hit */
    IOMMU_STEP_CONFIG,     /* configuration cache lookup; hit; id: 0 STE/context, 1 CD/PASID */
    IOMMU_STEP_CONFIG_READ,/* structure read of @bytes at @addr */
    IOMMU_STEP_WALK,       /* a walk begins: a walker slot is held until WALK_END */
    IOMMU_STEP_WALK_END,
    IOMMU_STEP_TABLE_CACHE,/* walk cache lookup at (stage, height); hit */
    IOMMU_STEP_IPA_CACHE,  /* stage 2 cache lookup; hit */
    IOMMU_STEP_READ,       /* descriptor read at (stage, height), @addr */
    IOMMU_STEP_UPDATE,     /* descriptor compare-and-swap */
    IOMMU_STEP_QUEUE_READ, /* command or descriptor fetch */
    IOMMU_STEP_QUEUE_WRITE,/* event, fault, page request, status write */
    IOMMU_STEP_INVALIDATE, /* @dropped entries */
    IOMMU_STEP_MSI,
    IOMMU_STEP_RECORD,     /* a record that waits for its cycle; @addr: timed.c's handle of it */
    IOMMU_STEP_UTLB,       /* first-level TLB lookup; hit */
    IOMMU_STEP_DRAIN,      /* CMD_SYNC, wait descriptor: earlier requests and records are done */
    IOMMU_STEP_KINDS
} IommuStepKind;

typedef struct IommuStep {
    uint64_t addr;
    uint64_t fill;  /* lookups that hit: who filled the entry (plan_stamp), 0 if nobody is known */
    union {
        uint32_t bytes;
        uint32_t dropped; /* INVALIDATE: entries */
    };
    uint8_t kind;   /* IommuStepKind */
    uint8_t stage;
    uint8_t height;
    bool hit;
} IommuStep;

/*
 * More than any request takes. The longest is a translation request whose walk is made twice: each
 * of 5 descriptors of stage 1 is translated before it is read and again before it is updated, and
 * so is the output: 11 walks of stage 2, of at most 15 steps (a lookup, 4 of the walk cache, 5
 * reads, 5 updates); with stage 1's own 4 lookups, 5 reads and 5 updates 179, doubled 358. The
 * configuration takes 36, with each of two structures behind stage 2.
 */
#define IOMMU_PLAN_STEPS 448

/** Steps counted by [kind][stage][height][hit], while a performance monitor watches (pmu.h). */
typedef struct IommuTally {
    uint32_t n[IOMMU_STEP_KINDS][3][8][2];
} IommuTally;

typedef struct IommuPlan {
    uint32_t count;   /* steps of the current request */
    bool keep;        /* keep the steps (timing, performance monitors) */
    IommuTally *tally; /* with @keep: count the steps here too; NULL: nobody watches */
    uint64_t job;     /* number of the job this plan becomes (timing on), else 0 */
    IommuStep steps[IOMMU_PLAN_STEPS];
} IommuPlan;

/** Begin the plan of a new request. */
static inline void plan_begin(IommuPlan *p)
{
    p->count = 0;
}

/* Of a stamp, the low bits say how far the job must have come (sched.h: a WAIT's mark). */
#define IOMMU_PLAN_STAMP_BITS 10

/**
 * What a cache entry made now will remember: the job, and how far it must have come for the entry
 * to be there. 0 with timing off.
 */
static inline uint64_t plan_stamp(const IommuPlan *p)
{
    return p->job ? p->job << IOMMU_PLAN_STAMP_BITS | p->count : 0;
}

static inline void plan_step(IommuPlan *p, IommuStepKind kind, unsigned stage, unsigned height,
                             bool hit, uint64_t addr, uint32_t bytes)
{
    if (!__builtin_expect(p->keep, 0)) {
        return;
    }
    if (p->tally) {
        p->tally->n[kind][stage][height][hit]++;
    }
    if (p->count == IOMMU_PLAN_STEPS) {
        return;
    }
    p->steps[p->count++] = (IommuStep) {
        .addr = addr, .bytes = bytes, .kind = kind, .stage = stage, .height = height, .hit = hit,
    };
}

/** The lookup noted last hit an entry with stamp @fill. */
static inline void plan_hit(IommuPlan *p, uint64_t fill)
{
    if (__builtin_expect(p->keep, 0) && p->count) {
        p->steps[p->count - 1].fill = fill;
    }
}

#endif

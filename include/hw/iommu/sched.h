/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: plays jobs on resources, cycle by cycle, and knows no architecture.
 *
 * A job is a list of operations. A resource is a number of equal servers with a FIFO queue in
 * front. Events are processed in the order (cycle, phase, order of scheduling), phases being
 * release, continue, grant; nothing is ever reserved in the future, so what happens at a cycle
 * depends only on what happened before it. docs/timing.rst states the rules in full; a second
 * implementation exists (tests/oracle).
 */
#ifndef HW_IOMMU_SCHED_H
#define HW_IOMMU_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/iommu/state.h"

#define IOMMU_CYCLE_NEVER UINT64_MAX

typedef enum IommuResource {
    IOMMU_RES_TXN = 0,    /* transaction slots, held from arrival to response */
    IOMMU_RES_PORT,       /* transaction port */
    IOMMU_RES_CONFIG,     /* configuration cache lookup */
    IOMMU_RES_TLB,        /* main TLB lookup */
    IOMMU_RES_WALKER,     /* walker slots, held during a walk */
    IOMMU_RES_TABLE,      /* walk cache lookup */
    IOMMU_RES_IPA,        /* stage 2 cache lookup */
    IOMMU_RES_MEM,        /* memory port */
    IOMMU_RES_COMMAND,    /* command processor, held from fetch to consumption */
    IOMMU_RES_INVALIDATE, /* invalidation engine */
    IOMMU_RES_RECORD,     /* writer of events, faults and page requests, held during a write */
    IOMMU_RES_UTLB,       /* first-level TLB lookup */
    IOMMU_RESOURCES
} IommuResource;

typedef enum IommuOpKind {
    IOMMU_OP_USE,     /* queue for .res; a server is busy for .occupancy; go on after .latency */
    IOMMU_OP_HOLD,    /* queue for a slot of .res and keep it; takes no time once granted */
    IOMMU_OP_RELEASE, /* give the slot of .res back */
    IOMMU_OP_WAIT,    /* until job .arg >> 10 has progressed to mark .arg & 1023, or is done */
    IOMMU_OP_DRAIN,   /* until every job of classes .arg that is older than this one is done */
    IOMMU_OP_DELAY,   /* .latency */
    IOMMU_OP_ACTION,  /* call IommuSchedOps.action with .arg; it may append operations */
    IOMMU_OP_DONE,
} IommuOpKind;

/* IommuOp.arg of WAIT: job number << 10 | mark, as plan_stamp() makes it. */
#define IOMMU_WAIT_MARK_BITS 10

/**
 * @mark: plan steps that are complete once the operation is; never decreases along a job.
 * @occupancy, @latency: cycles.
 */
typedef struct IommuOp {
    uint64_t arg;
    uint32_t occupancy;
    uint32_t latency;
    uint16_t mark;
    uint8_t kind;
    uint8_t res;
} IommuOp;

/* Job classes, for IOMMU_OP_DRAIN. */
#define IOMMU_JOB_REQUEST 1u
#define IOMMU_JOB_COMMAND 2u
#define IOMMU_JOB_RECORD  4u

/** What one resource gives to a job that is alone. */
typedef struct IommuShapeUse {
    uint64_t busy; /* server-cycles */
    uint32_t grants;
    uint32_t res;
} IommuShapeUse;

#define IOMMU_SHAPE_OPS 16u

/**
 * A list of operations that many jobs share, with what it comes to for a job that is alone from its
 * first cycle to its last: then it needs no events.
 */
typedef struct IommuShape {
    uint32_t count;
    uint32_t uses;     /* of .use */
    bool closed;       /* there is such a form: the members below say it */
    uint64_t latency;  /* cycles from the first operation to DONE; no server is in USE then */
    IommuShapeUse use[IOMMU_RESOURCES];
    IommuOp ops[IOMMU_SHAPE_OPS];
} IommuShape;

/** Work out @shape from 1 to IOMMU_SHAPE_OPS operations, of which the last is DONE. */
void sched_shape_init(IommuShape *shape, const IommuOp *ops, uint32_t count);

typedef struct IommuSched IommuSched;

typedef struct IommuSchedOps {
    /** Job @job is done. May submit jobs. */
    void (*done)(void *opaque, uint64_t job, unsigned job_class, uint64_t cookie, uint64_t cycle);
    /** Operation ACTION of @job was reached. May submit jobs and call sched_append(@job). */
    void (*action)(void *opaque, uint64_t job, uint64_t arg, uint64_t cycle);
    /** Every operation as it ends; NULL: no log. @begin: cycle at which the job came to it. */
    void (*log)(void *opaque, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end);
} IommuSchedOps;

/** Totals of one resource since reset. */
typedef struct IommuResourceStats {
    uint64_t grants;
    uint64_t busy;      /* server-cycles occupied or held (holds: counted at release) */
    uint64_t waited;    /* job-cycles spent in the queue */
    uint32_t max_queue;
} IommuResourceStats;

/** @servers: number of servers of each resource, each at least 1. NULL if out of memory. */
IommuSched *sched_new(const uint32_t servers[IOMMU_RESOURCES], const IommuSchedOps *ops,
                      void *opaque);
void sched_free(IommuSched *s);

/** Forget every job and event; time goes back to 0. */
void sched_reset(IommuSched *s);

/** Current cycle: that of the event being processed, or the last run_until. */
uint64_t sched_now(const IommuSched *s);

/** Number that the next sched_submit() will give its job. Numbers start at 1. */
uint64_t sched_next_job(const IommuSched *s);

/**
 * A new job begins at the current cycle, behind what is already scheduled for it. @ops is copied;
 * the last must be DONE. Returns the job's number, or 0 if out of memory: then nothing has
 * happened.
 */
uint64_t sched_submit(IommuSched *s, unsigned job_class, uint64_t cookie, const IommuOp *ops,
                      size_t count);

/** The same with the operations of @shape, which outlives the job. */
uint64_t sched_submit_shape(IommuSched *s, unsigned job_class, uint64_t cookie,
                            const IommuShape *shape);

/**
 * From within its own ACTION only: put @ops behind the current operation of @job. False if out of
 * memory: the job is as it was.
 */
bool sched_append(IommuSched *s, uint64_t job, const IommuOp *ops, size_t count);

/** Process every event up to and including @cycle; time is then @cycle. */
void sched_run_until(IommuSched *s, uint64_t cycle);

/**
 * Cycle of the earliest event, or IOMMU_CYCLE_NEVER. A server that becomes free without anybody
 * queueing for it is none.
 */
uint64_t sched_next_event(const IommuSched *s);

/** Cycle from which no server is in USE, if no job goes on before: now, or later. */
uint64_t sched_idle_at(const IommuSched *s);

/** Every job with a smaller number is done. */
uint64_t sched_done_before(const IommuSched *s);

/** Whether job @job has progressed to @mark or is done: a WAIT for it would not block. */
bool sched_reached(const IommuSched *s, uint64_t job, unsigned mark);

/** Jobs of classes @classes that are not done. */
uint32_t sched_active(const IommuSched *s, unsigned classes);

/** Append everything to an image; take it back into a scheduler with the same servers. */
void sched_save(const IommuSched *s, IommuStateWriter *w);
/**
 * False if the image cannot be of such a scheduler, or out of memory: then it is as after reset.
 */
bool sched_load(IommuSched *s, IommuStateReader *r);

const IommuResourceStats *sched_stats(const IommuSched *s, IommuResource r);

#endif

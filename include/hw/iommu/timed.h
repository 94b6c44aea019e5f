/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timed model: a model and a scheduler, so that requests, commands and records happen at their
 * cycles.
 *
 * A client that waits submits requests here and is told when each is done. Whoever calls the
 * model's translate() directly is untimed: its request is resolved and its fills count as present
 * at once, and it uses no resource.
 *
 * The model's side is the four functions below and the timing members of IommuModelOps: while
 * IommuModel.timed is set, a model does not process its command queue on a doorbell but calls
 * iommu_timed_kick(), and hands every record to iommu_timed_record() instead of writing it.
 */
#ifndef HW_IOMMU_TIMED_H
#define HW_IOMMU_TIMED_H

#include "hw/iommu/model.h"
#include "hw/iommu/timing.h"

/** A decided event, fault or page request on its way to memory or registers. */
typedef struct IommuRecord {
    uint64_t words[4];
    uint32_t bytes;  /* what the write moves */
    uint32_t tag;    /* the model's own */
    uint8_t kind;    /* the model's own */
    bool unbounded;  /* by record.slots: something else bounds how many of them there are */
} IommuRecord;

/** A page request as words of a record, and back; any words give a request. */
void iommu_record_put_page_request(IommuRecord *r, const IommuPageRequest *req);
IommuPageRequest iommu_record_page_request(const IommuRecord *r);

typedef struct IommuTimed IommuTimed;

typedef struct IommuTimedOps {
    /** Request with cookie @cookie is done (its response leaves) at @cycle. May submit. */
    void (*done)(void *opaque, uint64_t cookie, uint64_t cycle);
    /** As IommuSchedOps.log. NULL: no log. */
    void (*log)(void *opaque, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end);
} IommuTimedOps;

/** Put @m on a clock. It must be freshly reset. NULL if out of memory. @m is not owned. */
IommuTimed *iommu_timed_new(IommuModel *m, const IommuTiming *t, const IommuTimedOps *ops,
                            void *opaque);

/** Take @m off the clock; jobs under way are forgotten, their records are committed first. */
void iommu_timed_free(IommuTimed *t);

/** Back to cycle 0, with the model reset by the caller. */
void iommu_timed_reset(IommuTimed *t);

/**
 * Resolve @txn at max(its arrival, now) and begin its job. *@res is the outcome, with .complete
 * IOMMU_CYCLE_NEVER: IommuTimedOps.done tells when. Returns the job's number.
 */
uint64_t iommu_timed_submit(IommuTimed *t, const IommuTxn *txn, IommuResult *res);

/** Process everything up to and including @cycle. */
void iommu_timed_run_until(IommuTimed *t, uint64_t cycle);

uint64_t iommu_timed_now(const IommuTimed *t);

/** Cycle of the next thing to happen, or IOMMU_CYCLE_NEVER. */
uint64_t iommu_timed_next(const IommuTimed *t);

/** The scheduler, for statistics. */
const IommuSched *iommu_timed_sched(const IommuTimed *t);

/* For models. */

/** The command queue may have something to do. */
void iommu_timed_kick(IommuTimed *t);

/** Commit @r later, at its cycle, through IommuModelOps.commit. */
void iommu_timed_record(IommuTimed *t, const IommuRecord *r);

/**
 * Around the resolution of a stalled request that is tried again, by a command or a register write:
 * what it uses becomes a job of its own. When that is over, IommuModelOps.retried gets @token.
 * False if out of memory: then it never does.
 */
void iommu_timed_retry_begin(IommuTimed *t);
bool iommu_timed_retry_end(IommuTimed *t, uint32_t token);

/**
 * Everything under way, into an image and back. The model's own image is loaded first: its command
 * queue may go on at once. False if the image is of another timing or damaged: nothing is under
 * way then.
 */
void iommu_timed_save(const IommuTimed *t, IommuStateWriter *w);
bool iommu_timed_load(IommuTimed *t, IommuStateReader *r);

#endif

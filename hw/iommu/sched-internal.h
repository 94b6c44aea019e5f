/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the scheduler share: jobs, servers and pending events of IommuSched.
 *
 * Continue events of the next SCHED_WHEEL cycles are in a wheel of FIFO lists, one for each cycle;
 * later ones wait in a heap and move to the wheel as time comes near. A heap event was scheduled
 * before any event of the same cycle that went to the wheel directly, so moving it in first keeps
 * the order. Grants are only ever due in the current cycle, so their list needs no wheel.
 *
 * A release changes nothing that anybody sees unless a job queues for the server. So servers in use
 * are only noted, with the cycle at which they become free, and looked at when somebody comes; a
 * release event is pending (IommuSched.armed) for resources with a queue alone. Its place among the
 * releases of one cycle is that of the grant that it follows from (SchedBusy.serial).
 *
 * Memory is taken when a job is submitted and nowhere else: a job has at most one pending event.
 */
#ifndef HW_IOMMU_SCHED_INTERNAL_H
#define HW_IOMMU_SCHED_INTERNAL_H

#include "hw/iommu/sched.h"

#define SCHED_WHEEL 1024u /* cycles, a power of two */
#define SCHED_CLASSES 3
#define SCHED_BLOCK 256u  /* a power of two */
#define SCHED_GRANTS 16u  /* a power of two, more than there are resources */

typedef enum SchedPhase { PHASE_RELEASE, PHASE_CONTINUE, PHASE_GRANT, PHASES } SchedPhase;

typedef struct SchedJob SchedJob;

/** Jobs; through which of their links depends on the list. */
typedef struct SchedList {
    SchedJob *head, *tail;
} SchedList;

/** A server in USE. */
typedef struct SchedBusy {
    uint64_t until;  /* cycle at which it becomes free */
    uint64_t serial; /* order of grants */
} SchedBusy;

typedef struct SchedFar {
    uint64_t cycle;
    uint64_t serial;
    SchedJob *job;
} SchedFar;

/* What every operation touches comes first. */
struct SchedJob {
    uint64_t number;
    uint64_t begun;       /* cycle at which it came to its current operation */
    const IommuOp *op;    /* the current operation */
    SchedJob *event_next; /* in a list of continue events */
    SchedJob *queue_next; /* in a resource queue, a waiters list, the drain list, or free */
    SchedList waiters;    /* jobs in WAIT for this one, newest last */
    uint16_t mark;
    uint16_t wait_mark;
    bool entered;         /* the current operation is under way, and ends with the next event */
    uint8_t class_index;
    uint32_t holding;     /* bit r: a slot of r is held */
    uint32_t count;       /* of .ops */
    const IommuOp *ops;   /* .own, or those of .shape */
    const IommuShape *shape; /* or NULL */
    uint64_t cookie;
    SchedJob *older, *newer; /* active list of the class */
    uint64_t held[IOMMU_RESOURCES]; /* cycle at which a slot was granted */
    IommuOp *own;         /* kept when the job is over and another takes its place */
    uint32_t room;        /* in .own */
    uint32_t id;          /* counts the places of jobs, from 0 */
};

/* Servers in USE are busy[first & mask] to busy[last - 1 & mask], by .until, then .serial. */
typedef struct SchedServer {
    uint32_t servers, free; /* .free: but for those of .busy whose time has come */
    SchedList queue;
    uint32_t length;
    uint32_t first, last, mask;
    SchedBusy *busy;
    bool grant_due;
    IommuResourceStats stats;
} SchedServer;

struct IommuSched {
    IommuSchedOps ops;
    void *opaque;
    uint64_t now;
    uint64_t limit;      /* what sched_run_until() was asked for, while it runs */
    uint64_t next_job;
    uint64_t serial;     /* of the next grant of a USE */
    uint32_t alive;      /* jobs that are not done */
    uint32_t armed;      /* bit r: a release event of r is pending, at its first .busy */
    uint64_t release_at; /* the earliest of those, or NEVER */
    SchedServer servers[IOMMU_RESOURCES];

    SchedJob **blocks; /* SCHED_BLOCK jobs each; they never move */
    uint32_t block_count;
    SchedJob *free_jobs;
    SchedJob **index;   /* hash of job number to job */
    uint32_t index_mask;
    uint32_t displaced; /* entries of it that are not at their number's own place */
    SchedJob *oldest[SCHED_CLASSES], *newest[SCHED_CLASSES];
    uint32_t active[SCHED_CLASSES];
    SchedList drains;

    uint8_t grants[SCHED_GRANTS];
    uint32_t grant_head, grant_tail;
    SchedFar *far;
    size_t far_count;
    uint64_t far_serial;
    uint64_t wheel_used[SCHED_WHEEL / 64];
    SchedList wheel[SCHED_WHEEL]; /* jobs, through SchedJob.event_next */
};

/** A continue event of @job at @cycle, which is not past. */
void sched_schedule(IommuSched *s, uint64_t cycle, SchedJob *job);

/** A server of @res, which is free now, is in USE until @cycle. */
void sched_occupy(IommuSched *s, unsigned res, uint64_t cycle);

/** Put @job at the end of the queue of @res; no grant is made due. */
void sched_enqueue(IommuSched *s, SchedJob *job, unsigned res);

/** Put @job at the end of a list that goes on by queue_next. */
static inline void sched_append_to(SchedList *list, SchedJob *job)
{
    job->queue_next = NULL;
    if (list->head) {
        list->tail->queue_next = job;
    } else {
        list->head = job;
    }
    list->tail = job;
}

/**
 * A grant event of @res is due now if it can be; else its next release is an event if it has a
 * queue.
 */
void sched_want_grant(IommuSched *s, unsigned res);

/* sched-jobs.c */

/** Job @number, or NULL. */
SchedJob *sched_job_find(const IommuSched *s, uint64_t number);

/**
 * A job without operations at the end of its class, in no list of events. NULL if out of memory.
 */
SchedJob *sched_job_new(IommuSched *s, uint64_t number, unsigned class_index);

/**
 * A job with a copy of @ops, which are then its own. NULL if out of memory.
 */
SchedJob *sched_job_copy(IommuSched *s, uint64_t number, unsigned class_index, const IommuOp *ops,
                         size_t count);

/** Take @job out of its class and out of the index; its place is free. */
void sched_job_free(IommuSched *s, SchedJob *job);

/** Room for the first jobs. */
bool sched_jobs_init(IommuSched *s);
void sched_jobs_reset(IommuSched *s);
void sched_jobs_destroy(IommuSched *s);

#endif

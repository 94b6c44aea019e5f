/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sched.c and sched-state.c share: jobs, servers and pending events of IommuSched.
 *
 * Events of the next SCHED_WHEEL cycles are in a wheel of FIFO lists, one for each cycle and phase; later
 * ones wait in a heap and move to the wheel as time comes near. A heap event was scheduled before any
 * event of the same cycle that went to the wheel directly, so moving it in first keeps the order.
 * Grants are only ever due in the current cycle, so their list needs no wheel.
 *
 * Memory is taken when a job is submitted and nowhere else: a job has at most one pending event, and
 * so has a busy server.
 */
#ifndef HW_IOMMU_SCHED_INTERNAL_H
#define HW_IOMMU_SCHED_INTERNAL_H

#include "hw/iommu/sched.h"

#define SCHED_WHEEL 1024u /* cycles, a power of two */
#define SCHED_NONE UINT32_MAX
#define SCHED_CLASSES 3
#define SCHED_GRANTS 16u  /* a power of two, more than there are resources */

typedef enum SchedPhase { PHASE_RELEASE, PHASE_CONTINUE, PHASE_GRANT, PHASES } SchedPhase;

typedef struct SchedList {
    uint32_t head, tail;
} SchedList;

/** A server that becomes free. */
typedef struct SchedRelease {
    uint32_t next;
    uint32_t res;
} SchedRelease;

typedef struct SchedSlot {
    SchedList continues; /* jobs, through SchedJob.event_next */
    SchedList releases;
} SchedSlot;

typedef struct SchedFar {
    uint64_t cycle;
    uint64_t serial;
    uint32_t subject; /* job slot, or resource */
    uint32_t phase;
} SchedFar;

typedef struct SchedJob {
    uint64_t number;
    uint64_t cookie;
    uint64_t begun;       /* cycle at which it came to its current operation */
    IommuOp *ops;         /* kept when the slot is reused */
    uint32_t count, cap;
    uint32_t pc;
    uint32_t mark;
    uint32_t event_next;  /* in a list of continue events */
    uint32_t queue_next;  /* in a resource queue, a waiters list or the drain list */
    uint32_t wait_mark;
    uint32_t waiters;     /* jobs in WAIT for this one, newest last */
    uint32_t older, newer;/* active list of the class */
    uint32_t class_index;
    uint32_t holding;     /* bit r: a slot of r is held */
    bool entered;         /* the current operation is already under way */
    uint64_t held[IOMMU_RESOURCES]; /* cycle at which a slot was granted */
} SchedJob;

typedef struct SchedServer {
    uint32_t servers, free;
    uint32_t head, tail, length;
    bool grant_due;
    IommuResourceStats stats;
} SchedServer;

struct IommuSched {
    IommuSchedOps ops;
    void *opaque;
    uint64_t now;
    uint64_t next_job;
    SchedServer servers[IOMMU_RESOURCES];

    SchedJob *jobs;
    uint32_t job_cap;
    uint32_t *free_jobs;
    uint32_t free_count;
    uint32_t *index; /* hash of job number to slot */
    uint32_t index_mask;
    uint32_t displaced; /* entries of it that are not at their number's own place */
    uint32_t oldest[SCHED_CLASSES], newest[SCHED_CLASSES], active[SCHED_CLASSES];
    SchedList drains;

    SchedSlot wheel[SCHED_WHEEL];
    uint64_t wheel_used[SCHED_WHEEL / 64];
    uint8_t grants[SCHED_GRANTS];
    uint32_t grant_head, grant_tail;
    SchedRelease *releases;
    uint32_t release_count, release_free; /* as many as there are servers */
    SchedFar *far;
    size_t far_count;
    uint64_t far_serial;
};

/** Put an event where it belongs. @cycle is not past; PHASE_GRANT: it is the current one. */
void sched_schedule(IommuSched *s, uint64_t cycle, SchedPhase phase, uint32_t subject);

/** The slot of job @number in IommuSched.jobs, or SCHED_NONE. */
uint32_t sched_job_slot(const IommuSched *s, uint64_t number);

/**
 * A job with @count operations of @ops at the end of its class, in no list of events. SCHED_NONE if
 * out of memory.
 */
uint32_t sched_job_new(IommuSched *s, uint64_t number, unsigned class_index, const IommuOp *ops,
                       size_t count);

/** Put job @slot at the end of the queue of @res; no grant is made due. */
void sched_enqueue(IommuSched *s, uint32_t slot, unsigned res);
/** Put job @slot at the end of the list that begins at @head and goes on by queue_next. */
void sched_append_to(IommuSched *s, uint32_t *head, uint32_t slot);
/** A grant event of @res is due now, if it can be. */
void sched_want_grant(IommuSched *s, unsigned res);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timed model: requests, commands and records of a model as jobs (docs/timing.rst).
 */
#include "hw/iommu/timed.h"

#include <stdlib.h>
#include <string.h>

/* IommuOp.arg of ACTION: what in the low half, which record in the high half. */
enum {
    ACT_SUBMIT_RECORD = IOMMU_ACTION_RECORD,
    ACT_EXECUTE = IOMMU_ACTION_EXECUTE,
    ACT_RETIRE = IOMMU_ACTION_VISIBLE,
    ACT_COMMIT,
};

struct IommuTimed {
    IommuModel *model;
    IommuTiming timing;
    IommuTimedOps ops;
    void *opaque;
    IommuSched *sched;
    bool resolving;         /* a request's plan is being made: records belong to it */
    bool commanding;        /* a command job is under way */
    IommuRecord *records;   /* decided, not committed */
    uint32_t *free_records;
    uint32_t record_cap, free_count;
    IommuOp scratch[IOMMU_JOB_OPS];
};

static uint32_t record_keep(IommuTimed *t, const IommuRecord *r)
{
    uint32_t slot;

    if (!t->free_count) {
        uint32_t cap = t->record_cap ? t->record_cap * 2 : 64;
        IommuRecord *records = realloc(t->records, cap * sizeof(*records));
        uint32_t *slots = realloc(t->free_records, cap * sizeof(*slots));

        if (!records || !slots) {
            abort(); /* host memory is gone */
        }
        t->records = records;
        t->free_records = slots;
        for (uint32_t i = cap; i-- > t->record_cap;) {
            t->free_records[t->free_count++] = i;
        }
        t->record_cap = cap;
    }
    slot = t->free_records[--t->free_count];
    t->records[slot] = *r;
    return slot;
}

/* A read or write of @bytes through the memory port, as play.c does it. */
static IommuOp memory_op(const IommuTiming *t, uint32_t bytes, bool write)
{
    uint32_t beats = bytes ? (bytes + t->mem_beat - 1) / t->mem_beat : 1;

    return (IommuOp) {
        .kind = IOMMU_OP_USE,
        .res = IOMMU_RES_MEM,
        .occupancy = t->mem_interval * beats,
        .latency = (write ? t->mem_write_latency : t->mem_latency) + t->mem_interval * (beats - 1),
    };
}

static void submit_record(IommuTimed *t, uint32_t slot)
{
    const IommuOp ops[] = {
        { .kind = IOMMU_OP_HOLD, .res = IOMMU_RES_RECORD },
        memory_op(&t->timing, t->records[slot].bytes, true),
        { .kind = IOMMU_OP_ACTION, .arg = (uint64_t)slot << 32 | ACT_COMMIT },
        { .kind = IOMMU_OP_RELEASE, .res = IOMMU_RES_RECORD },
        { .kind = IOMMU_OP_DONE },
    };

    sched_submit(t->sched, IOMMU_JOB_RECORD, 0, ops, sizeof(ops) / sizeof(ops[0]));
}

void iommu_timed_record(IommuTimed *t, const IommuRecord *r)
{
    uint32_t slot = record_keep(t, r);

    if (t->resolving && t->model->plan->count < IOMMU_PLAN_STEPS) {
        plan_step(t->model->plan, IOMMU_STEP_RECORD, 0, 0, false, slot, r->bytes);
    } else {
        submit_record(t, slot);
    }
}

/* Keep of a plan only the steps of one kind, or all but those. */
static void filter(IommuPlan *p, IommuStepKind kind, bool keep_it)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        if ((p->steps[i].kind == kind) == keep_it) {
            p->steps[kept++] = p->steps[i];
        }
    }
    p->count = kept;
}

/* Charge job @job, behind its current action, for what the plan says. */
static void charge(IommuTimed *t, uint64_t job)
{
    size_t count = iommu_ops_of_command(&t->timing, t->model->plan, t->sched, t->scratch);

    sched_append(t->sched, job, t->scratch, count);
}

static void commit(IommuTimed *t, uint64_t job, uint32_t slot)
{
    IommuPlan *p = t->model->plan;
    IommuRecord r = t->records[slot];

    t->free_records[t->free_count++] = slot;
    p->keep = true;
    plan_begin(p);
    t->model->ops->commit(t->model, &r);
    p->keep = false;
    /* The record's own write has been paid for; an MSI that it caused has not. */
    filter(p, IOMMU_STEP_MSI, true);
    charge(t, job);
}

/* Commands */

static void submit_command(IommuTimed *t, uint32_t bytes)
{
    const IommuOp ops[] = {
        { .kind = IOMMU_OP_HOLD, .res = IOMMU_RES_COMMAND },
        memory_op(&t->timing, bytes, false),
        { .kind = IOMMU_OP_ACTION, .arg = ACT_EXECUTE },
        { .kind = IOMMU_OP_DELAY, .latency = t->timing.command_latency },
        { .kind = IOMMU_OP_ACTION, .arg = ACT_RETIRE },
        { .kind = IOMMU_OP_RELEASE, .res = IOMMU_RES_COMMAND },
        { .kind = IOMMU_OP_DONE },
    };

    t->commanding = true;
    sched_submit(t->sched, IOMMU_JOB_COMMAND, 0, ops, sizeof(ops) / sizeof(ops[0]));
}

void iommu_timed_kick(IommuTimed *t)
{
    uint32_t bytes = t->commanding ? 0 : t->model->ops->command_pending(t->model);

    if (bytes) {
        submit_command(t, bytes);
    }
}

static void execute(IommuTimed *t, uint64_t job)
{
    IommuPlan *p = t->model->plan;

    p->keep = true;
    plan_begin(p);
    t->model->ops->command_execute(t->model);
    p->keep = false;
    /* Its fetch has been paid for already. */
    filter(p, IOMMU_STEP_QUEUE_READ, false);
    charge(t, job);
}

static void on_action(void *opaque, uint64_t job, uint64_t arg, uint64_t cycle)
{
    IommuTimed *t = opaque;

    (void)cycle;
    switch ((uint32_t)arg) {
    case ACT_SUBMIT_RECORD:
        submit_record(t, arg >> 32);
        break;
    case ACT_COMMIT:
        commit(t, job, arg >> 32);
        break;
    case ACT_EXECUTE:
        execute(t, job);
        break;
    case ACT_RETIRE:
        t->model->ops->command_retire(t->model);
        break;
    }
}

static void on_done(void *opaque, uint64_t job, unsigned job_class, uint64_t cookie,
                    uint64_t cycle)
{
    IommuTimed *t = opaque;

    (void)job;
    if (job_class == IOMMU_JOB_REQUEST) {
        t->ops.done(t->opaque, cookie, cycle);
    } else if (job_class == IOMMU_JOB_COMMAND) {
        t->commanding = false;
        iommu_timed_kick(t);
    }
}

static void on_log(void *opaque, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end)
{
    IommuTimed *t = opaque;

    t->ops.log(t->opaque, job, op, begin, end);
}

/* Requests */

uint64_t iommu_timed_submit(IommuTimed *t, const IommuTxn *txn, IommuResult *res)
{
    IommuPlan *p = t->model->plan;
    size_t count;

    if (txn->arrival > sched_now(t->sched)) {
        sched_run_until(t->sched, txn->arrival);
    }
    p->keep = true;
    p->job = sched_next_job(t->sched);
    t->resolving = true;
    t->model->ops->translate(t->model, txn, res);
    t->resolving = false;
    count = iommu_job_of_request(&t->timing, p, t->sched, t->scratch);
    p->keep = false;
    p->job = 0;
    res->complete = IOMMU_CYCLE_NEVER;
    return sched_submit(t->sched, IOMMU_JOB_REQUEST, txn->cookie, t->scratch, count);
}

void iommu_timed_run_until(IommuTimed *t, uint64_t cycle)
{
    sched_run_until(t->sched, cycle);
    t->model->ops->run_until(t->model, cycle);
}

uint64_t iommu_timed_now(const IommuTimed *t)
{
    return sched_now(t->sched);
}

uint64_t iommu_timed_next(const IommuTimed *t)
{
    return sched_next_event(t->sched);
}

const IommuSched *iommu_timed_sched(const IommuTimed *t)
{
    return t->sched;
}

void iommu_timed_reset(IommuTimed *t)
{
    sched_reset(t->sched);
    t->commanding = false;
    t->free_count = 0;
    for (uint32_t i = t->record_cap; i-- > 0;) {
        t->free_records[t->free_count++] = i;
    }
}

IommuTimed *iommu_timed_new(IommuModel *m, const IommuTiming *timing, const IommuTimedOps *ops,
                            void *opaque)
{
    IommuTimed *t = calloc(1, sizeof(*t));
    IommuSchedOps sched_ops = { .done = on_done, .action = on_action };
    uint32_t servers[IOMMU_RESOURCES];

    if (!t) {
        return NULL;
    }
    sched_ops.log = ops->log ? on_log : NULL;
    iommu_timing_servers(timing, servers);
    t->sched = sched_new(servers, &sched_ops, t);
    if (!t->sched || !m->ops->stamp_fills(m)) {
        sched_free(t->sched);
        free(t);
        return NULL;
    }
    t->model = m;
    t->timing = *timing;
    t->ops = *ops;
    t->opaque = opaque;
    m->timed = t;
    return t;
}

void iommu_timed_free(IommuTimed *t)
{
    if (!t) {
        return;
    }
    /* Nothing decided is lost: let what is under way come to its end. */
    while (sched_active(t->sched, IOMMU_JOB_RECORD | IOMMU_JOB_COMMAND) &&
           sched_next_event(t->sched) != IOMMU_CYCLE_NEVER) {
        sched_run_until(t->sched, sched_next_event(t->sched));
    }
    t->model->timed = NULL;
    sched_free(t->sched);
    free(t->records);
    free(t->free_records);
    free(t);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timed model: requests, commands and records of a model as jobs (docs/timing.rst).
 */
#include "hw/iommu/fields.h"

#include <stdlib.h>
#include <string.h>

#include "timed-internal.h"

/* IommuOp.arg of ACTION: what in the low half, which record or retry in the high half. */
enum {
    ACT_SUBMIT_RECORD = IOMMU_ACTION_RECORD,
    ACT_EXECUTE = IOMMU_ACTION_EXECUTE,
    ACT_RETIRE = IOMMU_ACTION_VISIBLE,
    ACT_RETRIED = IOMMU_ACTION_RETRIED,
    ACT_COMMIT,
};

/* IommuTxn.cookie of no client: the job of a request that is tried again. */
#define RETRY_COOKIE UINT64_MAX

#define NO_SLOT UINT32_MAX

bool iommu_timed_grow(IommuTimed *t)
{
    uint32_t cap = t->record_cap ? t->record_cap * 2 : 64;
    Kept *records;
    uint32_t *slots;

    if (cap > MAX_RECORDS) {
        return false;
    }
    records = realloc(t->records, cap * sizeof(*records));
    slots = realloc(t->free_records, cap * sizeof(*slots));
    t->records = records ? records : t->records;
    t->free_records = slots ? slots : t->free_records;
    if (!records || !slots) {
        return false;
    }
    memset(records + t->record_cap, 0, (cap - t->record_cap) * sizeof(*records));
    for (uint32_t i = cap; i-- > t->record_cap;) {
        slots[t->free_count++] = i;
    }
    t->record_cap = cap;
    return true;
}

static uint32_t record_keep(IommuTimed *t, const IommuRecord *r)
{
    uint32_t slot;

    if (!t->free_count && !iommu_timed_grow(t)) {
        return NO_SLOT;
    }
    slot = t->free_records[--t->free_count];
    t->records[slot] = (Kept) { .record = *r, .used = true };
    return slot;
}

/* Take a record out. False if there is none: a loaded image may name any. */
static bool record_take(IommuTimed *t, uint32_t slot, IommuRecord *r)
{
    if (slot >= t->record_cap || !t->records[slot].used) {
        return false;
    }
    *r = t->records[slot].record;
    t->records[slot].used = false;
    t->free_records[t->free_count++] = slot;
    return true;
}

/* The FIFO in front of the writer holds no more. */
static bool crowded(const IommuTimed *t, const IommuRecord *r)
{
    return !r->unbounded && sched_active(t->sched, IOMMU_JOB_RECORD) >= t->timing.record_slots;
}

/* Submit the job of the record in @slot. Without room for it, the record takes no time. */
static void submit_record(IommuTimed *t, uint32_t slot)
{
    IommuRecord r;
    IommuOp ops[] = {
        { .kind = IOMMU_OP_HOLD, .res = IOMMU_RES_RECORD },
        { .kind = IOMMU_OP_USE },
        { .kind = IOMMU_OP_ACTION, .arg = (uint64_t)slot << 32 | ACT_COMMIT },
        { .kind = IOMMU_OP_RELEASE, .res = IOMMU_RES_RECORD },
        { .kind = IOMMU_OP_DONE },
    };

    if (slot >= t->record_cap || !t->records[slot].used) {
        return;
    }
    r = t->records[slot].record;
    ops[1] = iommu_memory_op(&t->timing, r.bytes, true);
    if (!sched_submit(t->sched, IOMMU_JOB_RECORD, 0, ops, sizeof(ops) / sizeof(ops[0]))) {
        record_take(t, slot, &r);
        t->model->ops->commit(t->model, &r);
    }
}

/* Request @job hands its record over. If the FIFO is full, not before the writer comes to it. */
static void hand_over_record(IommuTimed *t, uint64_t job, uint32_t slot)
{
    static const IommuOp wait[] = {
        { .kind = IOMMU_OP_HOLD, .res = IOMMU_RES_RECORD },
        { .kind = IOMMU_OP_RELEASE, .res = IOMMU_RES_RECORD },
    };

    if (slot < t->record_cap && crowded(t, &t->records[slot].record)) {
        sched_append(t->sched, job, wait, sizeof(wait) / sizeof(wait[0]));
    }
    submit_record(t, slot);
}

void iommu_timed_record(IommuTimed *t, const IommuRecord *r)
{
    uint32_t slot;

    /* A client that waits for nothing cannot be made to wait: its record takes no time then. */
    if (!t->resolving && crowded(t, r)) {
        t->model->ops->commit(t->model, r);
        return;
    }
    slot = record_keep(t, r);
    if (slot == NO_SLOT) {
        t->model->ops->commit(t->model, r);
    } else if (t->resolving && t->model->plan->count < IOMMU_PLAN_STEPS) {
        plan_step(t->model->plan, IOMMU_STEP_RECORD, 0, 0, false, slot, r->bytes);
    } else {
        submit_record(t, slot);
    }
}

/* Keep of a plan only the steps of one kind. */
static void filter(IommuPlan *p, IommuStepKind kind)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->steps[i].kind == kind) {
            p->steps[kept++] = p->steps[i];
        }
    }
    p->count = kept;
}

/* Charge job @job, behind its current action, for what the plan says. */
static void charge(IommuTimed *t, uint64_t job)
{
    size_t count = iommu_ops_of_command(&t->timing, t->model->plan, t->sched, job, t->scratch);

    sched_append(t->sched, job, t->scratch, count);
}

static void commit(IommuTimed *t, uint64_t job, uint32_t slot)
{
    IommuPlan *p = t->model->plan;
    IommuRecord r;

    if (!record_take(t, slot, &r)) {
        return;
    }
    p->keep = true;
    plan_begin(p);
    t->model->ops->commit(t->model, &r);
    p->keep = false;
    /* The record's own write has been paid for; an MSI that it caused has not. */
    filter(p, IOMMU_STEP_MSI);
    charge(t, job);
}

/* Commands */

static void submit_command(IommuTimed *t, uint32_t bytes)
{
    IommuOp ops[] = {
        { .kind = IOMMU_OP_HOLD, .res = IOMMU_RES_COMMAND },
        iommu_memory_op(&t->timing, bytes, false),
        { .kind = IOMMU_OP_ACTION, .arg = ACT_EXECUTE },
        { .kind = IOMMU_OP_DELAY, .latency = t->timing.command_latency },
        { .kind = IOMMU_OP_ACTION, .arg = ACT_RETIRE },
        { .kind = IOMMU_OP_RELEASE, .res = IOMMU_RES_COMMAND },
        { .kind = IOMMU_OP_DONE },
    };

    ops[1].mark = 1; /* step 0 of every command is its read */
    /* Out of memory: the queue stands still until software rings again. */
    t->commanding = sched_submit(t->sched, IOMMU_JOB_COMMAND, 0, ops,
                                 sizeof(ops) / sizeof(ops[0]));
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
    p->job = job;
    plan_begin(p);
    t->model->ops->command_execute(t->model);
    p->keep = false;
    p->job = 0;
    charge(t, job);
}

static void on_action(void *opaque, uint64_t job, uint64_t arg, uint64_t cycle)
{
    IommuTimed *t = opaque;

    (void)cycle;
    switch ((uint32_t)arg) {
    case ACT_SUBMIT_RECORD:
        hand_over_record(t, job, arg >> 32);
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
    case ACT_RETRIED:
        t->model->ops->retried(t->model, arg >> 32);
        break;
    }
}

static void on_done(void *opaque, uint64_t job, unsigned job_class, uint64_t cookie,
                    uint64_t cycle)
{
    IommuTimed *t = opaque;

    (void)job;
    if (job_class == IOMMU_JOB_REQUEST && cookie != RETRY_COOKIE) {
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

/* The shape of the request that @p is the plan of, or NULL if it must be made on purpose. */
static const IommuShape *shape_of(IommuTimed *t, const IommuPlan *p)
{
    static const uint8_t codes[IOMMU_STEP_KINDS] = {
        [IOMMU_STEP_CONFIG] = 1, [IOMMU_STEP_UTLB] = 2, [IOMMU_STEP_TLB] = 3,
    };
    uint64_t done_before = sched_done_before(t->sched);
    unsigned key = 1;
    size_t count;

    if (p->count > SHAPE_STEPS) {
        return NULL;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const IommuStep *step = &p->steps[i];
        unsigned code = codes[step->kind];

        if (!code || step->fill >> IOMMU_PLAN_STAMP_BITS >= done_before) {
            return NULL;
        }
        key = key << 2 | code;
    }
    if (__builtin_expect(!t->shapes[key], 0)) {
        count = iommu_job_of_request(&t->timing, p, t->sched, t->scratch);
        t->shapes[key] = count <= IOMMU_SHAPE_OPS ? malloc(sizeof(IommuShape)) : NULL;
        if (t->shapes[key]) {
            sched_shape_init(t->shapes[key], t->scratch, count);
        }
    }
    return t->shapes[key];
}

/* Begin the job of the request just resolved; its number, or 0 if out of memory. */
static uint64_t submit_request(IommuTimed *t, uint64_t cookie)
{
    const IommuShape *shape = shape_of(t, t->model->plan);
    size_t count;

    if (shape) {
        return sched_submit_shape(t->sched, IOMMU_JOB_REQUEST, cookie, shape);
    }
    count = iommu_job_of_request(&t->timing, t->model->plan, t->sched, t->scratch);
    return sched_submit(t->sched, IOMMU_JOB_REQUEST, cookie, t->scratch, count);
}

uint64_t iommu_timed_submit(IommuTimed *t, const IommuTxn *txn, IommuResult *res)
{
    IommuPlan *p = t->model->plan;
    uint64_t job;

    /* Also at the same cycle: what an earlier input of it has begun comes first. */
    sched_run_until(t->sched, txn->arrival > sched_now(t->sched) ? txn->arrival
                                                                 : sched_now(t->sched));
    p->keep = true;
    p->job = sched_next_job(t->sched);
    t->resolving = true;
    t->model->ops->translate(t->model, txn, res);
    t->resolving = false;
    p->keep = false;
    p->job = 0;
    res->complete = IOMMU_CYCLE_NEVER;
    job = submit_request(t, txn->cookie);
    if (!job) {
        t->ops.done(t->opaque, txn->cookie, sched_now(t->sched)); /* out of memory: no time */
    }
    return job;
}

void iommu_timed_retry_begin(IommuTimed *t)
{
    IommuPlan *p = t->model->plan;

    t->outer_count = p->keep ? p->count : 0;
    t->outer_keep = p->keep;
    t->outer_job = p->job;
    memcpy(t->outer_steps, p->steps, t->outer_count * sizeof(*p->steps));
    plan_begin(p);
    p->keep = true;
    p->job = sched_next_job(t->sched);
    t->resolving = true;
}

bool iommu_timed_retry_end(IommuTimed *t, uint32_t token)
{
    IommuPlan *p = t->model->plan;
    size_t count = iommu_job_of_retry(&t->timing, p, t->sched, token, t->scratch);
    uint64_t job = sched_submit(t->sched, IOMMU_JOB_REQUEST, RETRY_COOKIE, t->scratch, count);

    t->resolving = false;
    p->count = t->outer_count;
    p->keep = t->outer_keep;
    p->job = t->outer_job;
    memcpy(p->steps, t->outer_steps, t->outer_count * sizeof(*p->steps));
    return job;
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

static void records_clear(IommuTimed *t)
{
    t->free_count = 0;
    for (uint32_t i = t->record_cap; i-- > 0;) {
        t->records[i].used = false;
        t->free_records[t->free_count++] = i;
    }
}

void iommu_timed_reset(IommuTimed *t)
{
    sched_reset(t->sched);
    t->commanding = false;
    records_clear(t);
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
    for (unsigned i = 0; i < SHAPES; i++) {
        free(t->shapes[i]);
    }
    free(t->records);
    free(t->free_records);
    free(t);
}

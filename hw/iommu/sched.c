/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: jobs on resources, cycle by cycle (docs/timing.rst, "Jobs, resources and events").
 * What an event is and where it waits is told in sched-internal.h.
 */
#include "hw/iommu/fields.h"

#include "sched-wheel.h"

/* Continue events. */

void sched_schedule(IommuSched *s, uint64_t cycle, SchedJob *job)
{
    schedule(s, cycle, job);
}

/*
 * When the only job there is goes on at @cycle, and nothing can come from outside until then, it
 * goes on at once, without an event: true, and time has come to it.
 */
static inline bool pass_time(IommuSched *s, uint64_t cycle)
{
    if (s->alive != 1 || cycle > s->limit) {
        return false;
    }
    s->now = cycle;
    return true;
}

/* Servers in use. */

/* Those before @last whose time has come are free. */
static inline void settle(const IommuSched *s, SchedServer *r, uint32_t last)
{
    while (r->first != last && r->busy[r->first & r->mask].until <= s->now) {
        r->first++;
        r->free++;
    }
}

static inline void occupy(IommuSched *s, SchedServer *r, uint64_t until)
{
    uint32_t at = r->last++;

    while (at != r->first && r->busy[(at - 1) & r->mask].until > until) {
        r->busy[at & r->mask] = r->busy[(at - 1) & r->mask];
        at--;
    }
    r->busy[at & r->mask] = (SchedBusy) { .until = until, .serial = s->serial++ };
    r->free--;
}

void sched_occupy(IommuSched *s, unsigned res, uint64_t cycle)
{
    occupy(s, &s->servers[res], cycle);
}

static void find_release(IommuSched *s)
{
    s->release_at = IOMMU_CYCLE_NEVER;
    for (uint32_t left = s->armed; left; left &= left - 1) {
        const SchedServer *r = &s->servers[__builtin_ctz(left)];
        uint64_t until = r->busy[r->first & r->mask].until;

        s->release_at = until < s->release_at ? until : s->release_at;
    }
}

/* Somebody queues for @res, and no grant is due: a server that becomes free is an event. */
static inline void want_release(IommuSched *s, unsigned res)
{
    SchedServer *r = &s->servers[res];

    if (r->first != r->last) {
        uint64_t until = r->busy[r->first & r->mask].until;

        s->armed |= 1u << res;
        s->release_at = until < s->release_at ? until : s->release_at;
    }
}

/* Resource queues. */

static inline void want_grant(IommuSched *s, unsigned res)
{
    SchedServer *r = &s->servers[res];

    if (r->grant_due || !r->queue.head) {
        return;
    }
    if (r->free) {
        r->grant_due = true;
        s->grants[s->grant_tail++ % SCHED_GRANTS] = res;
    } else {
        want_release(s, res);
    }
}

void sched_want_grant(IommuSched *s, unsigned res)
{
    want_grant(s, res);
}

/* The next release event, of those that are due now. */
static void run_release(IommuSched *s)
{
    unsigned res = 0;
    uint64_t serial = UINT64_MAX;

    for (uint32_t left = s->armed; left; left &= left - 1) {
        unsigned i = __builtin_ctz(left);
        const SchedServer *r = &s->servers[i];
        const SchedBusy *b = &r->busy[r->first & r->mask];

        if (b->until <= s->now && b->serial < serial) {
            serial = b->serial;
            res = i;
        }
    }
    s->armed &= ~(1u << res);
    settle(s, &s->servers[res], s->servers[res].last);
    want_grant(s, res);
    find_release(s);
}

static inline void enqueue(SchedServer *r, SchedJob *j)
{
    sched_append_to(&r->queue, j);
    if (++r->length > r->stats.max_queue) {
        r->stats.max_queue = r->length;
    }
}

void sched_enqueue(IommuSched *s, SchedJob *job, unsigned res)
{
    enqueue(&s->servers[res], job);
}

static inline void hold(IommuSched *s, SchedServer *r, SchedJob *j, unsigned res)
{
    r->free--;
    j->held[res] = s->now;
    j->holding |= 1u << res;
}

static inline void grant(IommuSched *s, unsigned res)
{
    SchedServer *r = &s->servers[res];
    uint32_t last = r->last; /* servers granted now do not come back before the next grant event */
    SchedJob *j;

    r->grant_due = false;
    while ((j = r->queue.head)) {
        const IommuOp *op = j->op;

        if (!r->free) {
            settle(s, r, last);
            if (!r->free) {
                want_release(s, res);
                break;
            }
        }
        r->queue.head = j->queue_next;
        r->length--;
        r->stats.grants++;
        r->stats.waited += s->now - j->begun;
        if (op->kind == IOMMU_OP_HOLD) {
            hold(s, r, j, res);
            schedule(s, s->now, j);
        } else {
            r->stats.busy += op->occupancy;
            occupy(s, r, s->now + op->occupancy);
            schedule(s, s->now + op->latency, j);
        }
    }
}

/* Nothing is left of the current cycle: what is scheduled for it now comes next. */
static inline bool cycle_is_over(const IommuSched *s)
{
    return !s->wheel[s->now % WHEEL].head && s->grant_head == s->grant_tail;
}

/**
 * Join the queue of @op's resource. True: the operation has ended already. A grant that would be
 * the next event is made at once.
 */
static inline bool join(IommuSched *s, SchedJob *j, const IommuOp *op)
{
    SchedServer *r = &s->servers[op->res];

    if (r->grant_due) {
        enqueue(r, j);
        return false;
    }
    if (!r->free) {
        settle(s, r, r->last);
    }
    if (!r->free || r->queue.head || !cycle_is_over(s)) {
        enqueue(r, j);
        want_grant(s, op->res);
        return false;
    }
    if (!r->stats.max_queue) {
        r->stats.max_queue = 1;
    }
    r->stats.grants++;
    if (op->kind == IOMMU_OP_HOLD) {
        hold(s, r, j, op->res);
        return true;
    }
    r->stats.busy += op->occupancy;
    occupy(s, r, s->now + op->occupancy);
    if (pass_time(s, s->now + op->latency)) {
        return true;
    }
    schedule(s, s->now + op->latency, j);
    return false;
}

/* Operations. */

static bool drained(const IommuSched *s, const SchedJob *j, unsigned classes)
{
    for (unsigned c = 0; c < SCHED_CLASSES; c++) {
        if ((classes >> c & 1) && s->oldest[c] && s->oldest[c]->number < j->number) {
            return false;
        }
    }
    return true;
}

/** Wake those that wait for @j and need wait no longer, in order; keep the others in order. */
static void wake_waiters(IommuSched *s, SchedJob *j, bool done)
{
    SchedJob *next = j->waiters.head, *w;

    j->waiters.head = NULL;
    while ((w = next)) {
        next = w->queue_next;
        if (done || w->wait_mark <= j->mark) {
            schedule(s, s->now, w);
        } else {
            sched_append_to(&j->waiters, w);
        }
    }
}

static void wake_drains(IommuSched *s)
{
    SchedJob *next = s->drains.head, *w;

    s->drains.head = NULL;
    while ((w = next)) {
        next = w->queue_next;
        if (drained(s, w, w->op->arg)) {
            schedule(s, s->now, w);
        } else {
            sched_append_to(&s->drains, w);
        }
    }
}

static inline void release(IommuSched *s, SchedJob *j, unsigned res)
{
    if (j->holding >> res & 1) {
        j->holding &= ~(1u << res);
        s->servers[res].stats.busy += s->now - j->held[res];
        s->servers[res].free++;
        want_grant(s, res);
    }
}

static inline void finish(IommuSched *s, SchedJob *j)
{
    uint64_t number = j->number;
    uint64_t cookie = j->cookie;
    unsigned c = j->class_index;
    bool was_oldest = s->oldest[c] == j;

    /* A plan that was cut short may have lost its releases. */
    for (unsigned r = 0; j->holding && r < IOMMU_RESOURCES; r++) {
        release(s, j, r);
    }
    if (j->waiters.head) {
        wake_waiters(s, j, true);
    }
    sched_job_free(s, j);
    if (was_oldest && s->drains.head) {
        wake_drains(s);
    }
    if (s->ops.done) {
        s->ops.done(s->opaque, number, 1u << c, cookie, s->now);
    }
}

/** The current operation has ended: log it, note the progress. */
static inline void end_op(IommuSched *s, SchedJob *j)
{
    const IommuOp *op = j->op;

    if (s->ops.log) {
        s->ops.log(s->opaque, j->number, op, j->begun, s->now);
    }
    if (op->mark > j->mark) {
        j->mark = op->mark;
        if (j->waiters.head) {
            wake_waiters(s, j, false);
        }
    }
}

/** Wait for a mark of another job. True: there is nothing to wait for. */
static bool enter_wait(IommuSched *s, SchedJob *j, uint64_t arg)
{
    uint64_t number = arg >> IOMMU_WAIT_MARK_BITS;
    unsigned mark = arg & low_mask(IOMMU_WAIT_MARK_BITS);

    /*
     * A plan waits for what was resolved before it, so none wait for each other; a command may wait
     * for a younger request, which was resolved before the command took effect. (Those of a
     * tampered image may, and stand still.)
     */
    if (number == j->number || sched_reached(s, number, mark)) {
        return true;
    }
    j->wait_mark = mark;
    sched_append_to(&sched_job_find(s, number)->waiters, j);
    return false;
}

/** Begin the current operation, which is not DONE. True: it has ended already. */
static inline bool enter_op(IommuSched *s, SchedJob *j)
{
    const IommuOp *op = j->op;

    switch (op->kind) {
    case IOMMU_OP_USE:
    case IOMMU_OP_HOLD:
        return join(s, j, op);
    case IOMMU_OP_RELEASE:
        release(s, j, op->res);
        return true;
    case IOMMU_OP_WAIT:
        return enter_wait(s, j, op->arg);
    case IOMMU_OP_DRAIN:
        if (drained(s, j, op->arg)) {
            return true;
        }
        sched_append_to(&s->drains, j);
        return false;
    case IOMMU_OP_DELAY:
        if (!op->latency || pass_time(s, s->now + op->latency)) {
            return true;
        }
        schedule(s, s->now + op->latency, j);
        return false;
    case IOMMU_OP_ACTION:
        if (s->ops.action) {
            s->ops.action(s->opaque, j->number, op->arg, s->now);
        }
        return true;
    default:
        return true;
    }
}

/**
 * Play a job that begins and is alone, if its shape says what that comes to, and nothing from
 * outside can come before it is done. Nobody may want to see its operations.
 */
static inline bool play_alone(IommuSched *s, SchedJob *j)
{
    const IommuShape *shape = j->shape;

    if (s->alive != 1 || !shape || !shape->closed || s->ops.log || j->op != j->ops ||
        s->now + shape->latency > s->limit) {
        return false;
    }
    for (uint32_t i = 0; i < shape->uses; i++) {
        SchedServer *r = &s->servers[shape->use[i].res];

        settle(s, r, r->last);
        if (r->first != r->last) {
            return false;
        }
    }
    for (uint32_t i = 0; i < shape->uses; i++) {
        const IommuShapeUse *u = &shape->use[i];
        IommuResourceStats *stats = &s->servers[u->res].stats;

        stats->grants += u->grants;
        stats->busy += u->busy;
        stats->max_queue |= !stats->max_queue;
    }
    s->now += shape->latency;
    return true;
}

static inline void job_continue(IommuSched *s, SchedJob *j)
{
    if (j->entered) {
        goto ended;
    }
    if (play_alone(s, j)) {
        finish(s, j);
        return;
    }
    while (j->op->kind != IOMMU_OP_DONE) {
        if (!enter_op(s, j)) {
            j->entered = true;
            return;
        }
ended:
        end_op(s, j);
        j->op++;
        j->begun = s->now;
    }
    end_op(s, j);
    finish(s, j);
}

/* Running. */

/** Process every event of the current cycle; time may pass in it, see pass_time(). */
static inline void run_cycle(IommuSched *s)
{
    for (;;) {
        const uint64_t cycle = s->now;
        unsigned slot = cycle % WHEEL;
        SchedList *l = &s->wheel[slot];
        SchedJob *job;

        while (__builtin_expect(s->release_at <= s->now, 0)) {
            run_release(s);
        }
        if (!l->head && s->grant_head == s->grant_tail) {
            return;
        }
        /* While jobs go on no release becomes due: who joins a queue has seen who is free. */
        while (s->now == cycle && (job = l->head)) {
            l->head = job->event_next;
            if (!l->head) {
                s->wheel_used[slot / 64] &= ~(1ull << (slot % 64));
            }
            job_continue(s, job);
        }
        /*
         * Time may have passed in them: then look at the cycle that it is now. What is in the old
         * list by then is for a later cycle, once round the wheel.
         */
        if (s->grant_head != s->grant_tail && !s->wheel[s->now % WHEEL].head) {
            grant(s, s->grants[s->grant_head++ % SCHED_GRANTS]);
        }
    }
}

static inline uint64_t next_event(const IommuSched *s)
{
    uint64_t next;

    if (s->grant_head != s->grant_tail) {
        return s->now;
    }
    next = wheel_next(s);
    /* Whatever is in the heap is later than anything the wheel can hold. */
    if (next == IOMMU_CYCLE_NEVER && s->far_count) {
        next = s->far[0].cycle;
    }
    return s->release_at < next ? s->release_at : next;
}

uint64_t sched_next_event(const IommuSched *s)
{
    return s->alive ? next_event(s) : IOMMU_CYCLE_NEVER;
}

uint64_t sched_idle_at(const IommuSched *s)
{
    uint64_t at = s->now;

    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        const SchedServer *r = &s->servers[i];
        uint64_t until = r->first != r->last ? r->busy[(r->last - 1) & r->mask].until : 0;

        at = until > at ? until : at;
    }
    return at;
}

void sched_run_until(IommuSched *s, uint64_t cycle)
{
    uint64_t outer = s->limit;

    s->limit = cycle;
    while (s->alive) {
        uint64_t next = next_event(s);

        if (next > cycle || next == IOMMU_CYCLE_NEVER) {
            break;
        }
        if (next != s->now) {
            set_now(s, next);
        }
        run_cycle(s);
    }
    if (cycle != IOMMU_CYCLE_NEVER && cycle > s->now) {
        set_now(s, cycle);
    }
    s->limit = outer;
}

static inline uint64_t submit(IommuSched *s, SchedJob *job, uint64_t cookie)
{
    job->cookie = cookie;
    schedule(s, s->now, job);
    return s->next_job++;
}

uint64_t sched_submit(IommuSched *s, unsigned job_class, uint64_t cookie, const IommuOp *ops,
                      size_t count)
{
    SchedJob *job = sched_job_copy(s, s->next_job, __builtin_ctz(job_class), ops, count);

    return job ? submit(s, job, cookie) : 0;
}

uint64_t sched_submit_shape(IommuSched *s, unsigned job_class, uint64_t cookie,
                            const IommuShape *shape)
{
    SchedJob *job = sched_job_new(s, s->next_job, __builtin_ctz(job_class));

    if (!job) {
        return 0;
    }
    job->shape = shape;
    job->op = job->ops = shape->ops;
    job->count = shape->count;
    return submit(s, job, cookie);
}

uint64_t sched_done_before(const IommuSched *s)
{
    uint64_t number = s->next_job;

    for (unsigned c = 0; c < SCHED_CLASSES; c++) {
        if (s->oldest[c] && s->oldest[c]->number < number) {
            number = s->oldest[c]->number;
        }
    }
    return number;
}

bool sched_reached(const IommuSched *s, uint64_t job, unsigned mark)
{
    const SchedJob *j;

    /* Most are long done. */
    if (job < sched_done_before(s)) {
        return true;
    }
    j = sched_job_find(s, job);
    return !j || j->mark >= mark;
}

uint64_t sched_now(const IommuSched *s)
{
    return s->now;
}

uint64_t sched_next_job(const IommuSched *s)
{
    return s->next_job;
}

uint32_t sched_active(const IommuSched *s, unsigned classes)
{
    uint32_t n = 0;

    for (unsigned c = 0; c < SCHED_CLASSES; c++) {
        n += classes >> c & 1 ? s->active[c] : 0;
    }
    return n;
}

const IommuResourceStats *sched_stats(const IommuSched *s, IommuResource r)
{
    return &s->servers[r].stats;
}

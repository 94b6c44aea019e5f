/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: jobs on resources, cycle by cycle (docs/timing.rst, "Jobs, resources and events").
 * What an event is and where it waits is told in sched-internal.h.
 */
#include "hw/iommu/fields.h"

#include <stdlib.h>
#include <string.h>

#include "sched-internal.h"

#define WHEEL SCHED_WHEEL
#define NONE SCHED_NONE

/* Lists of events. */

static inline void mark_used(IommuSched *s, unsigned slot)
{
    s->wheel_used[slot / 64] |= 1ull << (slot % 64);
}

static inline void continue_add(IommuSched *s, unsigned slot, uint32_t job)
{
    SchedList *l = &s->wheel[slot].continues;

    s->jobs[job].event_next = NONE;
    if (l->tail == NONE) {
        l->head = job;
    } else {
        s->jobs[l->tail].event_next = job;
    }
    l->tail = job;
    mark_used(s, slot);
}

static inline void release_add(IommuSched *s, unsigned slot, uint32_t res)
{
    SchedList *l = &s->wheel[slot].releases;
    uint32_t e = s->release_free;

    s->release_free = s->releases[e].next;
    s->releases[e] = (SchedRelease) { .next = NONE, .res = res };
    if (l->tail == NONE) {
        l->head = e;
    } else {
        s->releases[l->tail].next = e;
    }
    l->tail = e;
    mark_used(s, slot);
}

static void wheel_add(IommuSched *s, uint64_t cycle, SchedPhase phase, uint32_t subject)
{
    if (phase == PHASE_CONTINUE) {
        continue_add(s, cycle % WHEEL, subject);
    } else {
        release_add(s, cycle % WHEEL, subject);
    }
}

static bool far_before(const SchedFar *a, const SchedFar *b)
{
    return a->cycle != b->cycle ? a->cycle < b->cycle : a->serial < b->serial;
}

static void far_add(IommuSched *s, SchedFar e)
{
    size_t i;

    for (i = s->far_count++; i && far_before(&e, &s->far[(i - 1) / 2]); i = (i - 1) / 2) {
        s->far[i] = s->far[(i - 1) / 2];
    }
    s->far[i] = e;
}

static SchedFar far_take(IommuSched *s)
{
    SchedFar first = s->far[0];
    SchedFar last = s->far[--s->far_count];
    size_t i = 0;

    for (;;) {
        size_t c = 2 * i + 1;

        if (c >= s->far_count) {
            break;
        }
        if (c + 1 < s->far_count && far_before(&s->far[c + 1], &s->far[c])) {
            c++;
        }
        if (!far_before(&s->far[c], &last)) {
            break;
        }
        s->far[i] = s->far[c];
        i = c;
    }
    s->far[i] = last;
    return first;
}

static void far_schedule(IommuSched *s, uint64_t cycle, SchedPhase phase, uint32_t subject)
{
    far_add(s, (SchedFar) {
        .cycle = cycle, .serial = s->far_serial++, .subject = subject, .phase = phase,
    });
}

/* sched_schedule() where the phase is known. */

static inline void schedule_continue(IommuSched *s, uint64_t cycle, uint32_t job)
{
    if (__builtin_expect(cycle - s->now < WHEEL, 1)) {
        continue_add(s, cycle % WHEEL, job);
    } else {
        far_schedule(s, cycle, PHASE_CONTINUE, job);
    }
}

static inline void schedule_release(IommuSched *s, uint64_t cycle, uint32_t res)
{
    if (__builtin_expect(cycle - s->now < WHEEL, 1)) {
        release_add(s, cycle % WHEEL, res);
    } else {
        far_schedule(s, cycle, PHASE_RELEASE, res);
    }
}

static inline void schedule_grant(IommuSched *s, uint32_t res)
{
    s->grants[s->grant_tail++ % SCHED_GRANTS] = res;
    mark_used(s, s->now % WHEEL);
}

void sched_schedule(IommuSched *s, uint64_t cycle, SchedPhase phase, uint32_t subject)
{
    if (phase == PHASE_GRANT) {
        schedule_grant(s, subject);
    } else if (phase == PHASE_CONTINUE) {
        schedule_continue(s, cycle, subject);
    } else {
        schedule_release(s, cycle, subject);
    }
}

/** Move time to @cycle; no event may be earlier. */
static void set_now(IommuSched *s, uint64_t cycle)
{
    s->now = cycle;
    while (s->far_count && s->far[0].cycle - cycle < WHEEL) {
        SchedFar e = far_take(s);

        wheel_add(s, e.cycle, e.phase, e.subject);
    }
}

/** Earliest cycle in the wheel, or NEVER. */
static uint64_t wheel_next(const IommuSched *s)
{
    unsigned start = s->now % WHEEL;
    unsigned word = start / 64;
    uint64_t w = s->wheel_used[word] & (~0ull << (start % 64));

    for (unsigned n = 0; n <= WHEEL / 64; n++) {
        if (w) {
            unsigned slot = word * 64 + __builtin_ctzll(w);

            return s->now + ((slot - start) & (WHEEL - 1));
        }
        word = (word + 1) % (WHEEL / 64);
        w = s->wheel_used[word];
        if (word == start / 64) {
            w &= low_mask(start % 64);
        }
    }
    return IOMMU_CYCLE_NEVER;
}

/* Jobs by number. */

static inline uint32_t *index_slot(const IommuSched *s, uint64_t number)
{
    uint32_t h = number & s->index_mask;

    while (s->index[h] != NONE && s->jobs[s->index[h]].number != number) {
        h = (h + 1) & s->index_mask;
    }
    return &s->index[h];
}

static void index_insert(IommuSched *s, uint64_t number, uint32_t slot)
{
    uint32_t *at = index_slot(s, number);

    *at = slot;
    s->displaced += at != &s->index[number & s->index_mask];
}

static void index_remove(IommuSched *s, uint64_t number)
{
    uint32_t hole = index_slot(s, number) - s->index;

    s->displaced -= hole != (number & s->index_mask);
    s->index[hole] = NONE;
    if (!s->displaced) {
        return; /* each is where it belongs, as numbers that come one after the other mostly are */
    }
    /* Put those behind the gap in anew: some would no longer be found. */
    for (uint32_t h = (hole + 1) & s->index_mask; s->index[h] != NONE;
         h = (h + 1) & s->index_mask) {
        uint32_t slot = s->index[h];

        s->displaced -= h != (s->jobs[slot].number & s->index_mask);
        s->index[h] = NONE;
        index_insert(s, s->jobs[slot].number, slot);
    }
}

/* Room for more jobs, and for the events that they and the servers can have pending. */
static bool jobs_grow(IommuSched *s)
{
    uint32_t cap = s->job_cap ? s->job_cap * 2 : 256;
    size_t far_cap = (size_t)cap + s->release_count;
    SchedJob *jobs = realloc(s->jobs, cap * sizeof(*jobs));
    uint32_t *slots = realloc(s->free_jobs, cap * sizeof(*slots));
    SchedFar *far = realloc(s->far, far_cap * sizeof(*far));
    uint32_t *index = realloc(s->index, cap * 2 * sizeof(*index));

    /* What could be had is kept: it is at least as large as before. */
    s->jobs = jobs ? jobs : s->jobs;
    s->free_jobs = slots ? slots : s->free_jobs;
    s->far = far ? far : s->far;
    s->index = index ? index : s->index;
    if (!jobs || !slots || !far || !index) {
        return false;
    }
    memset(jobs + s->job_cap, 0, (cap - s->job_cap) * sizeof(*jobs));
    for (uint32_t i = cap; i-- > s->job_cap;) {
        slots[s->free_count++] = i;
    }
    s->index_mask = cap * 2 - 1;
    memset(index, 0xff, cap * 2 * sizeof(*index));
    s->displaced = 0;
    for (uint32_t i = 0; i < s->job_cap; i++) {
        index_insert(s, jobs[i].number, i);
    }
    s->job_cap = cap;
    return true;
}

/* Room for @count operations in @j. */
static bool ops_grow(SchedJob *j, uint32_t count)
{
    IommuOp *ops;

    if (count <= j->cap) {
        return true;
    }
    count = count < 16 ? 16 : count;
    ops = realloc(j->ops, count * sizeof(*ops));
    if (!ops) {
        return false;
    }
    j->ops = ops;
    j->cap = count;
    return true;
}

uint32_t sched_job_slot(const IommuSched *s, uint64_t number)
{
    return s->job_cap ? *index_slot(s, number) : NONE;
}

bool sched_reached(const IommuSched *s, uint64_t job, unsigned mark)
{
    bool old = true;
    uint32_t slot;

    /* Most are long done: older than the oldest of every class. */
    for (unsigned c = 0; c < SCHED_CLASSES; c++) {
        old &= s->oldest[c] == NONE || job < s->jobs[s->oldest[c]].number;
    }
    if (old) {
        return true;
    }
    slot = sched_job_slot(s, job);
    return slot == NONE || s->jobs[slot].mark >= mark;
}

/* Resource queues. */

static inline void want_grant(IommuSched *s, unsigned res)
{
    SchedServer *r = &s->servers[res];

    if (!r->grant_due && r->free && r->head != NONE) {
        r->grant_due = true;
        schedule_grant(s, res);
    }
}

void sched_want_grant(IommuSched *s, unsigned res)
{
    want_grant(s, res);
}

static inline void enqueue(IommuSched *s, uint32_t slot, unsigned res)
{
    SchedServer *r = &s->servers[res];

    s->jobs[slot].queue_next = NONE;
    if (r->tail == NONE) {
        r->head = slot;
    } else {
        s->jobs[r->tail].queue_next = slot;
    }
    r->tail = slot;
    if (++r->length > r->stats.max_queue) {
        r->stats.max_queue = r->length;
    }
}

void sched_enqueue(IommuSched *s, uint32_t slot, unsigned res)
{
    enqueue(s, slot, res);
}


static void grant(IommuSched *s, unsigned res)
{
    SchedServer *r = &s->servers[res];

    r->grant_due = false;
    while (r->free && r->head != NONE) {
        uint32_t slot = r->head;
        SchedJob *j = &s->jobs[slot];
        const IommuOp *op = &j->ops[j->pc];

        r->head = j->queue_next;
        if (r->head == NONE) {
            r->tail = NONE;
        }
        r->length--;
        r->free--;
        r->stats.grants++;
        r->stats.waited += s->now - j->begun;
        if (op->kind == IOMMU_OP_HOLD) {
            j->held[res] = s->now;
            j->holding |= 1u << res;
            schedule_continue(s, s->now, slot);
        } else {
            r->stats.busy += op->occupancy;
            schedule_release(s, s->now + op->occupancy, res);
            schedule_continue(s, s->now + op->latency, slot);
        }
    }
}

/* Nothing is left of the current cycle: what is scheduled for it now comes next. */
static inline bool cycle_is_over(const IommuSched *s)
{
    const SchedSlot *w = &s->wheel[s->now % WHEEL];

    return w->continues.head == NONE && w->releases.head == NONE && s->grant_head == s->grant_tail;
}

/**
 * Join the queue of @op's resource. True: the operation has ended already, a slot having been granted.
 * A grant that would be the next event is made at once.
 */
static inline bool join(IommuSched *s, SchedJob *j, uint32_t slot, const IommuOp *op)
{
    SchedServer *r = &s->servers[op->res];

    if (!r->free || r->head != NONE || r->grant_due || !cycle_is_over(s)) {
        enqueue(s, slot, op->res);
        want_grant(s, op->res);
        return false;
    }
    if (!r->stats.max_queue) {
        r->stats.max_queue = 1;
    }
    r->free--;
    r->stats.grants++;
    if (op->kind == IOMMU_OP_HOLD) {
        j->held[op->res] = s->now;
        j->holding |= 1u << op->res;
        return true;
    }
    r->stats.busy += op->occupancy;
    schedule_release(s, s->now + op->occupancy, op->res);
    schedule_continue(s, s->now + op->latency, slot);
    return false;
}

static void give_back(IommuSched *s, unsigned res)
{
    s->servers[res].free++;
    want_grant(s, res);
}

/* Operations. */

static bool drained(const IommuSched *s, const SchedJob *j, unsigned classes)
{
    for (unsigned c = 0; c < SCHED_CLASSES; c++) {
        if ((classes >> c & 1) && s->oldest[c] != NONE &&
            s->jobs[s->oldest[c]].number < j->number) {
            return false;
        }
    }
    return true;
}

/** Wake those of a list for whom @ready holds, in order; keep the others in order. */
static void wake_waiters(IommuSched *s, SchedJob *j, bool done)
{
    uint32_t *link = &j->waiters;

    while (*link != NONE) {
        uint32_t slot = *link;
        SchedJob *w = &s->jobs[slot];

        if (done || w->wait_mark <= j->mark) {
            *link = w->queue_next;
            schedule_continue(s, s->now, slot);
        } else {
            link = &w->queue_next;
        }
    }
}

static void wake_drains(IommuSched *s)
{
    uint32_t *link = &s->drains.head;

    while (*link != NONE) {
        uint32_t slot = *link;
        SchedJob *w = &s->jobs[slot];

        if (drained(s, w, w->ops[w->pc].arg)) {
            *link = w->queue_next;
            schedule_continue(s, s->now, slot);
        } else {
            link = &w->queue_next;
        }
    }
}

void sched_append_to(IommuSched *s, uint32_t *head, uint32_t slot)
{
    while (*head != NONE) {
        head = &s->jobs[*head].queue_next;
    }
    *head = slot;
    s->jobs[slot].queue_next = NONE;
}

static void release(IommuSched *s, SchedJob *j, unsigned res)
{
    if (j->holding >> res & 1) {
        j->holding &= ~(1u << res);
        s->servers[res].stats.busy += s->now - j->held[res];
        give_back(s, res);
    }
}

static void finish(IommuSched *s, uint32_t slot)
{
    SchedJob *j = &s->jobs[slot];
    uint64_t number = j->number;
    uint64_t cookie = j->cookie;
    unsigned c = j->class_index;
    bool was_oldest = s->oldest[c] == slot;

    /* A plan that was cut short may have lost its releases. */
    for (unsigned r = 0; j->holding && r < IOMMU_RESOURCES; r++) {
        release(s, j, r);
    }
    wake_waiters(s, j, true);
    if (j->older == NONE) {
        s->oldest[c] = j->newer;
    } else {
        s->jobs[j->older].newer = j->newer;
    }
    if (j->newer == NONE) {
        s->newest[c] = j->older;
    } else {
        s->jobs[j->newer].older = j->older;
    }
    s->active[c]--;
    index_remove(s, number);
    s->free_jobs[s->free_count++] = slot;
    if (was_oldest) {
        wake_drains(s);
    }
    if (s->ops.done) {
        s->ops.done(s->opaque, number, 1u << c, cookie, s->now);
    }
}

/** The current operation has ended: log it, note the progress, go to the next. */
static inline void end_op(IommuSched *s, SchedJob *j)
{
    const IommuOp *op = &j->ops[j->pc];

    if (s->ops.log) {
        s->ops.log(s->opaque, j->number, op, j->begun, s->now);
    }
    if (op->mark > j->mark) {
        j->mark = op->mark;
        if (j->waiters != NONE) {
            wake_waiters(s, j, false);
        }
    }
    j->pc++;
    j->begun = s->now;
    j->entered = false;
}

/** Begin the current operation. True: it has ended already. */
static inline bool enter_op(IommuSched *s, uint32_t slot)
{
    SchedJob *j = &s->jobs[slot];
    const IommuOp *op = &j->ops[j->pc];

    j->entered = true;
    switch (op->kind) {
    case IOMMU_OP_USE:
    case IOMMU_OP_HOLD:
        return join(s, j, slot, op);
    case IOMMU_OP_RELEASE:
        release(s, j, op->res);
        return true;
    case IOMMU_OP_WAIT: {
        uint64_t number = op->arg >> IOMMU_WAIT_MARK_BITS;
        unsigned mark = op->arg & ((1u << IOMMU_WAIT_MARK_BITS) - 1);

        if (number == j->number || sched_reached(s, number, mark)) {
            return true;
        }
        j->wait_mark = mark;
        sched_append_to(s, &s->jobs[*index_slot(s, number)].waiters, slot);
        return false;
    }
    case IOMMU_OP_DRAIN:
        if (drained(s, j, op->arg)) {
            return true;
        }
        sched_append_to(s, &s->drains.head, slot);
        return false;
    case IOMMU_OP_DELAY:
        if (!op->latency) {
            return true;
        }
        schedule_continue(s, s->now + op->latency, slot);
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

static void job_continue(IommuSched *s, uint32_t slot)
{
    /* An action may submit jobs and so move the array: look the job up again each time. */
    if (s->jobs[slot].entered) {
        end_op(s, &s->jobs[slot]);
    }
    for (;;) {
        SchedJob *j = &s->jobs[slot];

        if (j->ops[j->pc].kind == IOMMU_OP_DONE) {
            end_op(s, j);
            finish(s, slot);
            return;
        }
        if (!enter_op(s, slot)) {
            return;
        }
        end_op(s, &s->jobs[slot]);
    }
}

/* Running. */

static void run_release(IommuSched *s, SchedList *l)
{
    uint32_t e = l->head;
    uint32_t res = s->releases[e].res;

    l->head = s->releases[e].next;
    if (l->head == NONE) {
        l->tail = NONE;
    }
    s->releases[e].next = s->release_free;
    s->release_free = e;
    give_back(s, res);
}

static void run_continue(IommuSched *s, SchedList *l)
{
    uint32_t slot = l->head;

    l->head = s->jobs[slot].event_next;
    if (l->head == NONE) {
        l->tail = NONE;
    }
    job_continue(s, slot);
}

/** Process every event of the current cycle. */
static void run_cycle(IommuSched *s)
{
    unsigned slot = s->now % WHEEL;
    SchedSlot *w = &s->wheel[slot];

    for (;;) {
        if (w->releases.head != NONE) {
            run_release(s, &w->releases);
        } else if (w->continues.head != NONE) {
            run_continue(s, &w->continues);
        } else if (s->grant_head != s->grant_tail) {
            grant(s, s->grants[s->grant_head++ % SCHED_GRANTS]);
        } else {
            break;
        }
    }
    s->wheel_used[slot / 64] &= ~(1ull << (slot % 64));
}

uint64_t sched_next_event(const IommuSched *s)
{
    uint64_t w = wheel_next(s);

    /* Whatever is in the heap is later than anything the wheel can hold. */
    return w != IOMMU_CYCLE_NEVER ? w : s->far_count ? s->far[0].cycle : IOMMU_CYCLE_NEVER;
}

void sched_run_until(IommuSched *s, uint64_t cycle)
{
    for (;;) {
        uint64_t next = sched_next_event(s);

        if (next > cycle) {
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
}

uint32_t sched_job_new(IommuSched *s, uint64_t number, unsigned class_index, const IommuOp *ops,
                       size_t count)
{
    uint32_t slot;
    SchedJob *j;

    if (!s->free_count && !jobs_grow(s)) {
        return NONE;
    }
    slot = s->free_jobs[s->free_count - 1];
    j = &s->jobs[slot];
    if (!ops_grow(j, count)) {
        return NONE;
    }
    s->free_count--;
    memcpy(j->ops, ops, count * sizeof(IommuOp));
    j->number = number;
    j->begun = s->now;
    j->count = count;
    j->pc = 0;
    j->mark = 0;
    j->class_index = class_index;
    j->waiters = NONE;
    j->entered = false;
    j->holding = 0;
    j->newer = NONE;
    j->older = s->newest[class_index];
    if (j->older == NONE) {
        s->oldest[class_index] = slot;
    } else {
        s->jobs[j->older].newer = slot;
    }
    s->newest[class_index] = slot;
    s->active[class_index]++;
    index_insert(s, number, slot);
    return slot;
}

uint64_t sched_submit(IommuSched *s, unsigned job_class, uint64_t cookie, const IommuOp *ops,
                      size_t count)
{
    uint32_t slot = sched_job_new(s, s->next_job, __builtin_ctz(job_class), ops, count);

    if (slot == NONE) {
        return 0;
    }
    s->jobs[slot].cookie = cookie;
    schedule_continue(s, s->now, slot);
    return s->next_job++;
}

bool sched_append(IommuSched *s, uint64_t job, const IommuOp *ops, size_t count)
{
    SchedJob *j = &s->jobs[*index_slot(s, job)];

    if (!ops_grow(j, j->count + count)) {
        return false;
    }
    memmove(j->ops + j->pc + 1 + count, j->ops + j->pc + 1,
            (j->count - j->pc - 1) * sizeof(IommuOp));
    memcpy(j->ops + j->pc + 1, ops, count * sizeof(IommuOp));
    j->count += count;
    return true;
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

void sched_reset(IommuSched *s)
{
    s->now = 0;
    s->next_job = 1;
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        SchedServer *v = &s->servers[r];

        *v = (SchedServer) { .servers = v->servers, .free = v->servers, .head = NONE, .tail = NONE };
    }
    s->free_count = 0;
    for (uint32_t i = s->job_cap; i-- > 0;) {
        s->free_jobs[s->free_count++] = i;
    }
    if (s->index) {
        memset(s->index, 0xff, (s->index_mask + 1) * sizeof(uint32_t));
        s->displaced = 0;
    }
    for (unsigned c = 0; c < SCHED_CLASSES; c++) {
        s->oldest[c] = s->newest[c] = NONE;
        s->active[c] = 0;
    }
    s->drains = (SchedList) { NONE, NONE };
    memset(s->wheel, 0xff, sizeof(s->wheel));
    memset(s->wheel_used, 0, sizeof(s->wheel_used));
    s->grant_head = s->grant_tail = 0;
    s->release_free = NONE;
    for (uint32_t i = s->release_count; i-- > 0;) {
        s->releases[i].next = s->release_free;
        s->release_free = i;
    }
    s->far_count = 0;
    s->far_serial = 0;
}

IommuSched *sched_new(const uint32_t servers[IOMMU_RESOURCES], const IommuSchedOps *ops,
                      void *opaque)
{
    IommuSched *s = calloc(1, sizeof(*s));

    if (!s) {
        return NULL;
    }
    s->ops = *ops;
    s->opaque = opaque;
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        s->servers[r].servers = servers[r];
        s->release_count += servers[r];
    }
    s->releases = calloc(s->release_count, sizeof(*s->releases));
    if (!s->releases || !jobs_grow(s)) {
        sched_free(s);
        return NULL;
    }
    sched_reset(s);
    return s;
}

void sched_free(IommuSched *s)
{
    if (!s) {
        return;
    }
    for (uint32_t i = 0; i < s->job_cap; i++) {
        free(s->jobs[i].ops);
    }
    free(s->jobs);
    free(s->free_jobs);
    free(s->index);
    free(s->releases);
    free(s->far);
    free(s);
}

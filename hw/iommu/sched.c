/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: jobs on resources, cycle by cycle (docs/timing.rst, "Jobs, resources and events").
 *
 * Events of the next WHEEL cycles are in a wheel of FIFO lists, one for each cycle and phase; later
 * ones wait in a heap and move to the wheel as time comes near. A heap event was scheduled before any
 * event of the same cycle that went to the wheel directly, so moving it in first keeps the order.
 */
#include "hw/iommu/fields.h"
#include "hw/iommu/sched.h"

#include <stdlib.h>
#include <string.h>

#define WHEEL 1024u /* cycles, a power of two */
#define NONE UINT32_MAX

enum { PHASE_RELEASE, PHASE_CONTINUE, PHASE_GRANT, PHASES };

typedef struct Event {
    uint32_t next;
    uint32_t subject; /* job slot, or resource */
} Event;

typedef struct List {
    uint32_t head, tail;
} List;

typedef struct FarEvent {
    uint64_t cycle;
    uint64_t serial;
    uint32_t subject;
    uint32_t phase;
} FarEvent;

typedef struct Job {
    uint64_t number;
    uint64_t cookie;
    uint64_t begun;       /* cycle at which it came to its current operation */
    uint64_t held[IOMMU_RESOURCES]; /* cycle at which a slot was granted */
    uint32_t holding;     /* bit r: a slot of r is held */
    IommuOp *ops;         /* kept when the slot is reused */
    uint32_t count, cap;
    uint32_t pc;
    uint32_t mark;
    uint32_t class_index;
    uint32_t queue_next;  /* in a resource queue, a waiters list or the drain list */
    uint32_t wait_mark;
    uint32_t waiters;     /* jobs in WAIT for this one, newest last */
    uint32_t older, newer;/* active list of the class */
    bool entered;         /* the current operation is already under way */
} Job;

typedef struct Server {
    uint32_t servers, free;
    uint32_t head, tail, length;
    bool grant_due;
    IommuResourceStats stats;
} Server;

#define CLASSES 3

struct IommuSched {
    IommuSchedOps ops;
    void *opaque;
    uint64_t now;
    uint64_t next_job;
    Server servers[IOMMU_RESOURCES];

    Job *jobs;
    uint32_t job_cap;
    uint32_t *free_jobs;
    uint32_t free_count;
    uint32_t *index; /* hash of job number to slot */
    uint32_t index_mask;
    uint32_t oldest[CLASSES], newest[CLASSES], active[CLASSES];
    List drains;

    List wheel[WHEEL][PHASES];
    uint64_t wheel_used[WHEEL / 64];
    Event *events;
    uint32_t event_cap, event_free;
    FarEvent *far;
    size_t far_count, far_cap;
    uint64_t far_serial;
};

static void *grow(void *p, size_t count, size_t size)
{
    void *q = realloc(p, count * size);

    if (!q) {
        /* Host memory is gone; nothing sensible can go on, as with QEMU's own g_malloc. */
        abort();
    }
    return q;
}

/* Lists of events. */

static uint32_t event_new(IommuSched *s, uint32_t subject)
{
    uint32_t e = s->event_free;

    if (e == NONE) {
        uint32_t cap = s->event_cap ? s->event_cap * 2 : 1024;

        s->events = grow(s->events, cap, sizeof(Event));
        for (uint32_t i = s->event_cap; i < cap; i++) {
            s->events[i].next = i + 1 < cap ? i + 1 : NONE;
        }
        e = s->event_cap;
        s->event_cap = cap;
    }
    s->event_free = s->events[e].next;
    s->events[e] = (Event) { .next = NONE, .subject = subject };
    return e;
}

static void wheel_add(IommuSched *s, uint64_t cycle, unsigned phase, uint32_t subject)
{
    unsigned slot = cycle % WHEEL;
    List *l = &s->wheel[slot][phase];
    uint32_t e = event_new(s, subject);

    if (l->tail == NONE) {
        l->head = e;
    } else {
        s->events[l->tail].next = e;
    }
    l->tail = e;
    s->wheel_used[slot / 64] |= 1ull << (slot % 64);
}

static bool far_before(const FarEvent *a, const FarEvent *b)
{
    return a->cycle != b->cycle ? a->cycle < b->cycle : a->serial < b->serial;
}

static void far_add(IommuSched *s, FarEvent e)
{
    size_t i;

    if (s->far_count == s->far_cap) {
        s->far_cap = s->far_cap ? s->far_cap * 2 : 256;
        s->far = grow(s->far, s->far_cap, sizeof(FarEvent));
    }
    for (i = s->far_count++; i && far_before(&e, &s->far[(i - 1) / 2]); i = (i - 1) / 2) {
        s->far[i] = s->far[(i - 1) / 2];
    }
    s->far[i] = e;
}

static FarEvent far_take(IommuSched *s)
{
    FarEvent first = s->far[0];
    FarEvent last = s->far[--s->far_count];
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

static void schedule(IommuSched *s, uint64_t cycle, unsigned phase, uint32_t subject)
{
    if (cycle - s->now < WHEEL) {
        wheel_add(s, cycle, phase, subject);
    } else {
        far_add(s, (FarEvent) {
            .cycle = cycle, .serial = s->far_serial++, .subject = subject, .phase = phase,
        });
    }
}

/** Move time to @cycle; no event may be earlier. */
static void set_now(IommuSched *s, uint64_t cycle)
{
    s->now = cycle;
    while (s->far_count && s->far[0].cycle - cycle < WHEEL) {
        FarEvent e = far_take(s);

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

/* Numbers come one after the other: spread them, or a removal has one long run to close up. */
static uint32_t index_home(const IommuSched *s, uint64_t number)
{
    return ((number * 0x9e3779b97f4a7c15ull) >> 32) & s->index_mask;
}

static uint32_t *index_slot(const IommuSched *s, uint64_t number)
{
    uint32_t h = index_home(s, number);

    while (s->index[h] != NONE && s->jobs[s->index[h]].number != number) {
        h = (h + 1) & s->index_mask;
    }
    return &s->index[h];
}

static void index_remove(IommuSched *s, uint64_t number)
{
    uint32_t hole = index_slot(s, number) - s->index;

    /* Close the gap: move back what would no longer be found behind it. */
    for (uint32_t h = (hole + 1) & s->index_mask; s->index[h] != NONE;
         h = (h + 1) & s->index_mask) {
        uint32_t home = index_home(s, s->jobs[s->index[h]].number);

        if (((h - home) & s->index_mask) >= ((h - hole) & s->index_mask)) {
            s->index[hole] = s->index[h];
            hole = h;
        }
    }
    s->index[hole] = NONE;
}

static void jobs_grow(IommuSched *s)
{
    uint32_t cap = s->job_cap ? s->job_cap * 2 : 256;

    s->jobs = grow(s->jobs, cap, sizeof(Job));
    memset(s->jobs + s->job_cap, 0, (cap - s->job_cap) * sizeof(Job));
    s->free_jobs = grow(s->free_jobs, cap, sizeof(uint32_t));
    for (uint32_t i = cap; i-- > s->job_cap;) {
        s->free_jobs[s->free_count++] = i;
    }
    s->index_mask = cap * 2 - 1;
    s->index = grow(s->index, cap * 2, sizeof(uint32_t));
    memset(s->index, 0xff, cap * 2 * sizeof(uint32_t));
    for (uint32_t i = 0; i < s->job_cap; i++) {
        *index_slot(s, s->jobs[i].number) = i;
    }
    s->job_cap = cap;
}

static const Job *job_find(const IommuSched *s, uint64_t number)
{
    uint32_t i = s->job_cap ? *index_slot(s, number) : NONE;

    return i == NONE ? NULL : &s->jobs[i];
}

bool sched_reached(const IommuSched *s, uint64_t job, unsigned mark)
{
    const Job *j = job_find(s, job);

    return !j || j->mark >= mark;
}

/* Resource queues. */

static void want_grant(IommuSched *s, unsigned res)
{
    Server *r = &s->servers[res];

    if (!r->grant_due && r->free && r->head != NONE) {
        r->grant_due = true;
        schedule(s, s->now, PHASE_GRANT, res);
    }
}

static void join(IommuSched *s, uint32_t slot, unsigned res)
{
    Server *r = &s->servers[res];

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
    want_grant(s, res);
}

static void grant(IommuSched *s, unsigned res)
{
    Server *r = &s->servers[res];

    r->grant_due = false;
    while (r->free && r->head != NONE) {
        uint32_t slot = r->head;
        Job *j = &s->jobs[slot];
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
            schedule(s, s->now, PHASE_CONTINUE, slot);
        } else {
            r->stats.busy += op->occupancy;
            schedule(s, s->now + op->occupancy, PHASE_RELEASE, res);
            schedule(s, s->now + op->latency, PHASE_CONTINUE, slot);
        }
    }
}

static void give_back(IommuSched *s, unsigned res)
{
    s->servers[res].free++;
    want_grant(s, res);
}

/* Operations. */

static bool drained(const IommuSched *s, const Job *j, unsigned classes)
{
    for (unsigned c = 0; c < CLASSES; c++) {
        if ((classes >> c & 1) && s->oldest[c] != NONE &&
            s->jobs[s->oldest[c]].number < j->number) {
            return false;
        }
    }
    return true;
}

/** Wake those of a list for whom @ready holds, in order; keep the others in order. */
static void wake_waiters(IommuSched *s, Job *j, bool done)
{
    uint32_t *link = &j->waiters;

    while (*link != NONE) {
        uint32_t slot = *link;
        Job *w = &s->jobs[slot];

        if (done || w->wait_mark <= j->mark) {
            *link = w->queue_next;
            schedule(s, s->now, PHASE_CONTINUE, slot);
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
        Job *w = &s->jobs[slot];

        if (drained(s, w, w->ops[w->pc].arg)) {
            *link = w->queue_next;
            schedule(s, s->now, PHASE_CONTINUE, slot);
        } else {
            link = &w->queue_next;
        }
    }
}

static void append_to(IommuSched *s, uint32_t *head, uint32_t slot)
{
    while (*head != NONE) {
        head = &s->jobs[*head].queue_next;
    }
    *head = slot;
    s->jobs[slot].queue_next = NONE;
}

static void release(IommuSched *s, Job *j, unsigned res)
{
    if (j->holding >> res & 1) {
        j->holding &= ~(1u << res);
        s->servers[res].stats.busy += s->now - j->held[res];
        give_back(s, res);
    }
}

static void finish(IommuSched *s, uint32_t slot)
{
    Job *j = &s->jobs[slot];
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
static void end_op(IommuSched *s, Job *j)
{
    const IommuOp *op = &j->ops[j->pc];

    if (s->ops.log) {
        s->ops.log(s->opaque, j->number, op, j->begun, s->now);
    }
    if (op->mark > j->mark) {
        j->mark = op->mark;
        wake_waiters(s, j, false);
    }
    j->pc++;
    j->begun = s->now;
    j->entered = false;
}

/** Begin the current operation. True: it has ended already. */
static bool enter_op(IommuSched *s, uint32_t slot)
{
    Job *j = &s->jobs[slot];
    const IommuOp op = j->ops[j->pc];

    j->entered = true;
    switch (op.kind) {
    case IOMMU_OP_USE:
    case IOMMU_OP_HOLD:
        join(s, slot, op.res);
        return false;
    case IOMMU_OP_RELEASE:
        release(s, j, op.res);
        return true;
    case IOMMU_OP_WAIT: {
        uint64_t number = op.arg >> IOMMU_WAIT_MARK_BITS;
        unsigned mark = op.arg & ((1u << IOMMU_WAIT_MARK_BITS) - 1);

        if (number == j->number || sched_reached(s, number, mark)) {
            return true;
        }
        j->wait_mark = mark;
        append_to(s, &s->jobs[*index_slot(s, number)].waiters, slot);
        return false;
    }
    case IOMMU_OP_DRAIN:
        if (drained(s, j, op.arg)) {
            return true;
        }
        append_to(s, &s->drains.head, slot);
        return false;
    case IOMMU_OP_DELAY:
        if (!op.latency) {
            return true;
        }
        schedule(s, s->now + op.latency, PHASE_CONTINUE, slot);
        return false;
    case IOMMU_OP_ACTION:
        if (s->ops.action) {
            s->ops.action(s->opaque, j->number, op.arg, s->now);
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
        Job *j = &s->jobs[slot];

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

static bool take(IommuSched *s, unsigned phase, uint32_t *subject)
{
    List *l = &s->wheel[s->now % WHEEL][phase];
    uint32_t e = l->head;

    if (e == NONE) {
        return false;
    }
    l->head = s->events[e].next;
    if (l->head == NONE) {
        l->tail = NONE;
    }
    *subject = s->events[e].subject;
    s->events[e].next = s->event_free;
    s->event_free = e;
    return true;
}

/** Process every event of the current cycle. */
static void run_cycle(IommuSched *s)
{
    unsigned slot = s->now % WHEEL;
    uint32_t subject;

    for (;;) {
        if (take(s, PHASE_RELEASE, &subject)) {
            give_back(s, subject);
        } else if (take(s, PHASE_CONTINUE, &subject)) {
            job_continue(s, subject);
        } else if (take(s, PHASE_GRANT, &subject)) {
            grant(s, subject);
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

uint64_t sched_submit(IommuSched *s, unsigned job_class, uint64_t cookie, const IommuOp *ops,
                      size_t count)
{
    unsigned c = __builtin_ctz(job_class);
    uint32_t slot;
    Job *j;

    if (!s->free_count) {
        jobs_grow(s);
    }
    slot = s->free_jobs[--s->free_count];
    j = &s->jobs[slot];
    if (j->cap < count) {
        j->cap = count < 16 ? 16 : count;
        j->ops = grow(j->ops, j->cap, sizeof(IommuOp));
    }
    memcpy(j->ops, ops, count * sizeof(IommuOp));
    j->number = s->next_job++;
    j->cookie = cookie;
    j->begun = s->now;
    j->count = count;
    j->pc = 0;
    j->mark = 0;
    j->class_index = c;
    j->waiters = NONE;
    j->entered = false;
    j->holding = 0;
    j->newer = NONE;
    j->older = s->newest[c];
    if (j->older == NONE) {
        s->oldest[c] = slot;
    } else {
        s->jobs[j->older].newer = slot;
    }
    s->newest[c] = slot;
    s->active[c]++;
    *index_slot(s, j->number) = slot;
    schedule(s, s->now, PHASE_CONTINUE, slot);
    return j->number;
}

void sched_append(IommuSched *s, uint64_t job, const IommuOp *ops, size_t count)
{
    Job *j = &s->jobs[*index_slot(s, job)];

    if (j->count + count > j->cap) {
        j->cap = j->count + count;
        j->ops = grow(j->ops, j->cap, sizeof(IommuOp));
    }
    memmove(j->ops + j->pc + 1 + count, j->ops + j->pc + 1,
            (j->count - j->pc - 1) * sizeof(IommuOp));
    memcpy(j->ops + j->pc + 1, ops, count * sizeof(IommuOp));
    j->count += count;
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

    for (unsigned c = 0; c < CLASSES; c++) {
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
        Server *v = &s->servers[r];

        *v = (Server) { .servers = v->servers, .free = v->servers, .head = NONE, .tail = NONE };
    }
    s->free_count = 0;
    for (uint32_t i = s->job_cap; i-- > 0;) {
        s->free_jobs[s->free_count++] = i;
    }
    if (s->index) {
        memset(s->index, 0xff, (s->index_mask + 1) * sizeof(uint32_t));
    }
    for (unsigned c = 0; c < CLASSES; c++) {
        s->oldest[c] = s->newest[c] = NONE;
        s->active[c] = 0;
    }
    s->drains = (List) { NONE, NONE };
    memset(s->wheel, 0xff, sizeof(s->wheel));
    memset(s->wheel_used, 0, sizeof(s->wheel_used));
    s->event_free = NONE;
    for (uint32_t i = s->event_cap; i-- > 0;) {
        s->events[i].next = s->event_free;
        s->event_free = i;
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
    free(s->events);
    free(s->far);
    free(s);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: its jobs and pending events as a saved image (state.h). What can be derived (free
 * servers, lists) is rebuilt, so that whatever an image says, the scheduler is consistent
 * afterwards.
 */
#include <stdlib.h>

#include "hw/iommu/fields.h"
#include "sched-internal.h"

#define MAX_JOBS (1u << 20)
#define MAX_OPS  (1u << 24)
#define MAX_CYCLE (1ull << 53) /* no machine runs so long; and a job's number fits a stamp */

/*
 * A job: number, cookie, begun, then what JOB_* name, then the cycles at which slots were granted.
 */
#define JOB_WORDS   (5u + IOMMU_RESOURCES)
#define JOB_CLASS   REGFIELD(7, 0)
#define JOB_ENTERED REGFIELD(8, 8)
#define JOB_MARK    REGFIELD(31, 16)
#define JOB_HOLDING REGFIELD(63, 32)
#define JOB_COUNT   REGFIELD(31, 0)
#define JOB_PC      REGFIELD(63, 32)

#define OP_WORDS     3u
#define OP_OCCUPANCY REGFIELD(31, 0)
#define OP_LATENCY   REGFIELD(63, 32)
#define OP_KIND      REGFIELD(7, 0)
#define OP_RES       REGFIELD(15, 8)
#define OP_MARK      REGFIELD(31, 16)

#define EVENT_WORDS   2u
#define EVENT_PHASE   REGFIELD(7, 0)
#define EVENT_SUBJECT REGFIELD(63, 32)

/* A member of a queue, of a waiters list or of the drain list: whose list, which job. */
#define MEMBER_LIST  REGFIELD(31, 0)
#define MEMBER_JOB   REGFIELD(63, 32)
#define LIST_DRAINS  UINT32_MAX
#define LIST_WAITERS (1u << 30) /* | number of the job waited for; else a resource */

#define STATS_WORDS 4u

/* ---- Saving */

typedef struct Words {
    uint64_t *w;
    size_t count, cap;
    bool failed;
} Words;

static void put(Words *v, uint64_t word)
{
    if (v->count == v->cap && !v->failed) {
        size_t cap = v->cap ? v->cap * 2 : 256;
        uint64_t *w = realloc(v->w, cap * sizeof(*w));

        v->failed = !w;
        v->w = w ? w : v->w;
        v->cap = w ? cap : v->cap;
    }
    if (!v->failed) {
        v->w[v->count++] = word;
    }
}

static void put_item(IommuStateWriter *w, const char *name, Words *v)
{
    w->failed |= v->failed;
    iommu_state_put(w, name, v->w, 8, v->count);
    free(v->w);
}

/*
 * Jobs are numbered here in the order in which they are written: class by class, oldest first. By
 * id.
 */
static uint32_t *number_jobs(const IommuSched *s)
{
    uint32_t *as = calloc(s->block_count * SCHED_BLOCK, sizeof(*as));
    uint32_t n = 0;

    for (unsigned c = 0; as && c < SCHED_CLASSES; c++) {
        for (const SchedJob *j = s->oldest[c]; j; j = j->newer) {
            as[j->id] = n++;
        }
    }
    return as;
}

static void save_job(const SchedJob *j, Words *jobs, Words *ops)
{
    put(jobs, j->number);
    put(jobs, j->cookie);
    put(jobs, j->begun);
    put(jobs, reg_make(JOB_CLASS, j->class_index) | reg_make(JOB_ENTERED, j->entered) |
              reg_make(JOB_MARK, j->mark) | reg_make(JOB_HOLDING, j->holding));
    put(jobs, reg_make(JOB_COUNT, j->count) | reg_make(JOB_PC, j->op - j->ops));
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        put(jobs, j->holding >> r & 1 ? j->held[r] : 0);
    }
    for (uint32_t i = 0; i < j->count; i++) {
        const IommuOp *op = &j->ops[i];

        put(ops, op->arg);
        put(ops, reg_make(OP_OCCUPANCY, op->occupancy) | reg_make(OP_LATENCY, op->latency));
        put(ops, reg_make(OP_KIND, op->kind) | reg_make(OP_RES, op->res) |
                 reg_make(OP_MARK, op->mark));
    }
}

static void save_list(const uint32_t *as, uint32_t list, const SchedJob *head, Words *members)
{
    for (const SchedJob *j = head; j; j = j->queue_next) {
        put(members, reg_make(MEMBER_LIST, list) | reg_make(MEMBER_JOB, as[j->id]));
    }
}

static void save_event(Words *events, uint64_t cycle, SchedPhase phase, uint32_t subject)
{
    put(events, cycle);
    put(events, reg_make(EVENT_PHASE, phase) | reg_make(EVENT_SUBJECT, subject));
}

/* An event that is not in a list of its cycle, so that its place must be found. */
typedef struct Apart {
    uint64_t cycle, serial;
    uint32_t subject; /* job, as numbered here, or resource */
} Apart;

static int apart_order(const void *a, const void *b)
{
    const Apart *x = a, *y = b;

    return x->cycle != y->cycle ? (x->cycle < y->cycle ? -1 : 1)
                                : (x->serial < y->serial ? -1 : x->serial > y->serial);
}

static void save_apart(Apart *a, size_t count, SchedPhase phase, Words *events)
{
    qsort(a, count, sizeof(*a), apart_order);
    for (size_t i = 0; i < count; i++) {
        save_event(events, a[i].cycle, phase, a[i].subject);
    }
}

/* Servers in use; those whose time has come are free. */
static void save_releases(const IommuSched *s, Apart *a, Words *events)
{
    size_t count = 0;

    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        const SchedServer *r = &s->servers[i];

        for (uint32_t at = r->first; at != r->last; at++) {
            const SchedBusy *b = &r->busy[at & r->mask];

            if (b->until > s->now) {
                a[count++] = (Apart) { b->until, b->serial, i };
            }
        }
    }
    save_apart(a, count, PHASE_RELEASE, events);
}

static void save_continues(const IommuSched *s, const uint32_t *as, Apart *a, Words *events)
{
    for (uint64_t cycle = s->now; cycle < s->now + SCHED_WHEEL; cycle++) {
        for (const SchedJob *j = s->wheel[cycle % SCHED_WHEEL].head; j; j = j->event_next) {
            save_event(events, cycle, PHASE_CONTINUE, as[j->id]);
        }
    }
    for (size_t i = 0; i < s->far_count; i++) {
        a[i] = (Apart) { s->far[i].cycle, s->far[i].serial, as[s->far[i].job->id] };
    }
    save_apart(a, s->far_count, PHASE_CONTINUE, events);
}

/* Each phase in the order in which its events will be processed. */
static void save_events(const IommuSched *s, const uint32_t *as, Words *events)
{
    size_t room = s->far_count + 1;
    Apart *apart;

    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        room += s->servers[i].last - s->servers[i].first;
    }
    apart = malloc(room * sizeof(*apart));
    if (!apart) {
        events->failed = true;
        return;
    }
    for (uint32_t g = s->grant_head; g != s->grant_tail; g++) {
        save_event(events, s->now, PHASE_GRANT, s->grants[g % SCHED_GRANTS]);
    }
    save_releases(s, apart, events);
    save_continues(s, as, apart, events);
    free(apart);
}

void sched_save(const IommuSched *s, IommuStateWriter *w)
{
    Words clock = { 0 }, jobs = { 0 }, ops = { 0 }, members = { 0 }, events = { 0 }, stats = { 0 };
    uint32_t *as = number_jobs(s);

    if (!as) {
        w->failed = true;
        return;
    }
    put(&clock, s->now);
    put(&clock, s->next_job);
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        const SchedServer *v = &s->servers[r];

        put(&clock, v->servers);
        save_list(as, r, v->queue.head, &members);
        put(&stats, v->stats.grants);
        put(&stats, v->stats.busy);
        put(&stats, v->stats.waited);
        put(&stats, v->stats.max_queue);
    }
    for (unsigned c = 0; c < SCHED_CLASSES; c++) {
        for (const SchedJob *j = s->oldest[c]; j; j = j->newer) {
            save_job(j, &jobs, &ops);
            save_list(as, LIST_WAITERS | as[j->id], j->waiters.head, &members);
        }
    }
    save_list(as, LIST_DRAINS, s->drains.head, &members);
    save_events(s, as, &events);
    free(as);
    put_item(w, "sched.clock", &clock);
    put_item(w, "sched.jobs", &jobs);
    put_item(w, "sched.ops", &ops);
    put_item(w, "sched.members", &members);
    put_item(w, "sched.events", &events);
    put_item(w, "sched.stats", &stats);
}

/* ---- Loading */

/*
 * A whole item of @per words an element; NULL if it is absent, has another shape, or is too long.
 */
static uint64_t *get_item(IommuStateReader *r, const char *name, size_t per, size_t most,
                          size_t *count)
{
    long words = iommu_state_count(r, name);
    uint64_t *v;

    if (words < 0 || (size_t)words % per || (size_t)words / per > most) {
        return NULL;
    }
    v = malloc(words * sizeof(*v) + 1);
    if (v && !iommu_state_get(r, name, v, 8, words)) {
        free(v);
        v = NULL;
    }
    *count = words / per;
    return v;
}

typedef struct Loader {
    IommuSched *s;
    SchedJob **jobs;   /* by their number in the image */
    bool *placed;      /* it is in a list */
    size_t count;
} Loader;

static bool unpack_ops(const uint64_t *w, IommuOp *ops, size_t count)
{
    for (size_t i = 0; i < count; i++, w += OP_WORDS) {
        ops[i] = (IommuOp) {
            .arg = w[0],
            .occupancy = reg_get(w[1], OP_OCCUPANCY),
            .latency = reg_get(w[1], OP_LATENCY),
            .kind = reg_get(w[2], OP_KIND),
            .res = reg_get(w[2], OP_RES),
            .mark = reg_get(w[2], OP_MARK),
        };
        if (ops[i].kind > IOMMU_OP_DONE || ops[i].res >= IOMMU_RESOURCES ||
            (ops[i].kind == IOMMU_OP_DONE) != (i == count - 1)) {
            return false;
        }
    }
    return count;
}

/* The slots that job @j holds come out of the servers. */
static bool take_held(IommuSched *s, SchedJob *j, const uint64_t *held)
{
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        if (!(j->holding >> r & 1)) {
            continue;
        }
        if (!s->servers[r].free || held[r] > s->now) {
            return false;
        }
        s->servers[r].free--;
        j->held[r] = held[r];
    }
    return !(j->holding >> IOMMU_RESOURCES);
}

static SchedJob *load_job(IommuSched *s, const uint64_t *w, const IommuOp *ops, size_t count)
{
    unsigned c = reg_get(w[3], JOB_CLASS);
    uint64_t pc = reg_get(w[4], JOB_PC);
    SchedJob *j;

    if (c >= SCHED_CLASSES || pc >= count || !w[0] || w[0] >= s->next_job || w[2] > s->now ||
        sched_job_find(s, w[0]) || (s->newest[c] && s->newest[c]->number > w[0])) {
        return NULL;
    }
    j = sched_job_copy(s, w[0], c, ops, count);
    if (!j) {
        return NULL;
    }
    j->cookie = w[1];
    j->begun = w[2];
    j->entered = reg_get(w[3], JOB_ENTERED);
    j->mark = reg_get(w[3], JOB_MARK);
    j->holding = reg_get(w[3], JOB_HOLDING);
    j->op = j->ops + pc;
    return take_held(s, j, w + 5) ? j : NULL;
}

static bool load_jobs(Loader *l, IommuStateReader *r)
{
    size_t op_count = 0, at = 0;
    uint64_t *jobs = get_item(r, "sched.jobs", JOB_WORDS, MAX_JOBS, &l->count);
    uint64_t *words = get_item(r, "sched.ops", OP_WORDS, MAX_OPS, &op_count);
    IommuOp *ops = malloc((op_count + 1) * sizeof(*ops));
    bool ok = jobs && words && ops;

    if (ok) {
        l->jobs = calloc(l->count + 1, sizeof(*l->jobs));
        l->placed = calloc(l->count + 1, sizeof(*l->placed));
        ok = l->jobs && l->placed;
    }
    for (size_t i = 0; ok && i < l->count; i++) {
        size_t count = reg_get(jobs[i * JOB_WORDS + 4], JOB_COUNT);

        ok = count <= op_count - at && unpack_ops(words + at * OP_WORDS, ops, count) &&
             (l->jobs[i] = load_job(l->s, jobs + i * JOB_WORDS, ops, count));
        at += count;
    }
    free(jobs);
    free(words);
    free(ops);
    return ok;
}

/* Job @i of the image goes into a list: it may be in one only. */
static SchedJob *place(Loader *l, uint64_t i)
{
    if (i >= l->count || l->placed[i]) {
        return NULL;
    }
    l->placed[i] = true;
    return l->jobs[i];
}

static bool load_member(Loader *l, uint64_t word)
{
    IommuSched *s = l->s;
    uint64_t list = reg_get(word, MEMBER_LIST);
    uint64_t of = list & ~(uint64_t)LIST_WAITERS;
    SchedJob *j = place(l, reg_get(word, MEMBER_JOB));
    const IommuOp *op;

    if (!j || !j->entered) {
        return false;
    }
    op = j->op;
    if (list == LIST_DRAINS) {
        sched_append_to(&s->drains, j);
        return op->kind == IOMMU_OP_DRAIN;
    }
    if (list < IOMMU_RESOURCES) {
        sched_enqueue(s, j, list);
        return (op->kind == IOMMU_OP_USE || op->kind == IOMMU_OP_HOLD) && op->res == list;
    }
    if (!(list & LIST_WAITERS) || of >= l->count || op->kind != IOMMU_OP_WAIT ||
        l->jobs[of] == j) {
        return false;
    }
    j->wait_mark = op->arg & low_mask(IOMMU_WAIT_MARK_BITS);
    sched_append_to(&l->jobs[of]->waiters, j);
    return true;
}

static bool load_event(Loader *l, uint64_t cycle, uint64_t word)
{
    IommuSched *s = l->s;
    uint64_t subject = reg_get(word, EVENT_SUBJECT);
    uint64_t phase = reg_get(word, EVENT_PHASE);
    SchedJob *j;

    if (cycle < s->now || cycle > 2 * MAX_CYCLE || phase >= PHASES) {
        return false;
    }
    if (phase == PHASE_CONTINUE) {
        j = place(l, subject);
        if (j) {
            sched_schedule(s, cycle, j);
        }
        return j;
    }
    if (subject >= IOMMU_RESOURCES) {
        return false;
    }
    if (phase == PHASE_GRANT) {
        sched_want_grant(s, subject);
        return cycle == s->now;
    }
    if (!s->servers[subject].free) {
        return false;
    }
    sched_occupy(s, subject, cycle);
    return true;
}

/*
 * Members of lists first: a grant looks at its queue. Releases before grants: it looks at servers.
 */
static bool load_lists(Loader *l, IommuStateReader *r)
{
    size_t members = 0, events = 0;
    uint64_t *m = get_item(r, "sched.members", 1, MAX_JOBS, &members);
    uint64_t *e = get_item(r, "sched.events", EVENT_WORDS, 2 * MAX_JOBS, &events);
    bool ok = m && e;

    for (size_t i = 0; ok && i < members; i++) {
        ok = load_member(l, m[i]);
    }
    for (unsigned grants = 0; grants < 2; grants++) {
        for (size_t i = 0; ok && i < events; i++) {
            const uint64_t *w = e + i * EVENT_WORDS;

            if ((reg_get(w[1], EVENT_PHASE) == PHASE_GRANT) == grants) {
                ok = load_event(l, w[0], w[1]);
            }
        }
    }
    for (size_t i = 0; ok && i < l->count; i++) {
        ok = l->placed[i];
    }
    free(m);
    free(e);
    return ok;
}

static bool load_clock(IommuSched *s, IommuStateReader *r)
{
    uint64_t clock[2 + IOMMU_RESOURCES];
    uint64_t stats[IOMMU_RESOURCES][STATS_WORDS];

    if (!iommu_state_get(r, "sched.clock", clock, 8, 2 + IOMMU_RESOURCES) ||
        !iommu_state_get(r, "sched.stats", stats, 8, IOMMU_RESOURCES * STATS_WORDS) ||
        clock[0] > MAX_CYCLE || !clock[1] || clock[1] > MAX_CYCLE) {
        return false;
    }
    s->now = clock[0];
    s->next_job = clock[1];
    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        if (clock[2 + i] != s->servers[i].servers) {
            return false;
        }
        s->servers[i].stats = (IommuResourceStats) {
            stats[i][0], stats[i][1], stats[i][2], stats[i][3],
        };
    }
    return true;
}

bool sched_load(IommuSched *s, IommuStateReader *r)
{
    Loader l = { .s = s };
    bool ok;

    sched_reset(s);
    ok = load_clock(s, r) && load_jobs(&l, r) && load_lists(&l, r);
    free(l.jobs);
    free(l.placed);
    if (!ok) {
        sched_reset(s);
    }
    return ok;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations, as they end, become what there is to see: when servers are busy or held, and what
 * each job waits for. Feeds the curves of a page and the tracks of a Chrome trace.
 */
#include <string.h>

#include "sim.h"

/* ---- curves */

const char *sim_cache_name(SimCache c)
{
    static const char *const names[SIM_CACHES] = {
        [SIM_CACHE_CONFIG] = "configuration", [SIM_CACHE_UTLB] = "first-level TLB",
        [SIM_CACHE_TLB] = "main TLB", [SIM_CACHE_WALK] = "walk caches",
        [SIM_CACHE_IPA] = "stage 2 cache",
    };

    return names[c];
}

SimLookups sim_lookups(const IommuCounters *n, SimCache c)
{
    switch (c) {
    case SIM_CACHE_CONFIG:
        return (SimLookups) { n->config_lookups, n->config_lookups - n->config_misses };
    case SIM_CACHE_UTLB:
        return (SimLookups) { n->utlb_lookups, n->utlb_hits };
    case SIM_CACHE_TLB:
        return (SimLookups) { n->tlb_lookups, n->tlb_hits };
    case SIM_CACHE_WALK:
        return (SimLookups) { n->walkcache_lookups, n->walkcache_hits };
    case SIM_CACHE_IPA:
        return (SimLookups) { n->ipa_lookups, n->ipa_hits };
    default:
        return (SimLookups) { 0, 0 };
    }
}

static void add_window(SimWindow *to, const SimWindow *w)
{
    to->requests += w->requests;
    to->latency += w->latency;
    for (unsigned c = 0; c < SIM_CACHES; c++) {
        to->caches[c].lookups += w->caches[c].lookups;
        to->caches[c].hits += w->caches[c].hits;
    }
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        to->busy[r] += w->busy[r];
    }
}

/* Two windows become one, when time has outgrown them. */
static void widen(SimCurves *c)
{
    for (unsigned i = 0; i < SIM_WINDOWS / 2; i++) {
        SimWindow w = c->windows[2 * i];

        add_window(&w, &c->windows[2 * i + 1]);
        c->windows[i] = w;
    }
    memset(&c->windows[SIM_WINDOWS / 2], 0, SIM_WINDOWS / 2 * sizeof(SimWindow));
    c->window_lg2++;
}

static SimWindow *window_at(SimCurves *c, uint64_t cycle)
{
    while (cycle >> c->window_lg2 >= SIM_WINDOWS) {
        widen(c);
    }
    return &c->windows[cycle >> c->window_lg2];
}

void sim_curves_request(SimCurves *c, uint64_t arrival, uint64_t latency)
{
    SimWindow *w = window_at(c, arrival);

    w->requests++;
    w->latency += latency;
}

void sim_curves_counters(SimCurves *c, uint64_t cycle, const IommuCounters *n)
{
    SimWindow *w = window_at(c, cycle);

    for (unsigned i = 0; i < SIM_CACHES; i++) {
        SimLookups now = sim_lookups(n, i), last = sim_lookups(&c->last, i);

        w->caches[i].lookups += now.lookups - last.lookups;
        w->caches[i].hits += now.hits - last.hits;
    }
    c->last = *n;
}

static void curves_busy(SimCurves *c, unsigned res, uint64_t begin, uint64_t end)
{
    if (begin < end) {
        window_at(c, end - 1); /* from now on windows are as wide as they get here */
    }
    while (begin < end) {
        uint64_t stop = ((begin >> c->window_lg2) + 1) << c->window_lg2;

        stop = MIN(stop, end);
        window_at(c, begin)->busy[res] += stop - begin;
        begin = stop;
    }
}

/* ---- jobs */

typedef struct ObservedJob {
    uint64_t held[IOMMU_RESOURCES]; /* since when */
    uint32_t holding;
} ObservedJob;

struct SimObserver {
    SimCurves *curves;
    SimPerfetto *perfetto;
    GHashTable *jobs; /* number -> ObservedJob */
};

SimObserver *sim_observer_new(SimCurves *curves, SimPerfetto *perfetto)
{
    SimObserver *o = g_new0(SimObserver, 1);

    o->curves = curves;
    o->perfetto = perfetto;
    o->jobs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return o;
}

void sim_observer_free(SimObserver *o)
{
    if (o) {
        g_hash_table_unref(o->jobs);
        g_free(o);
    }
}

static void busy(SimObserver *o, unsigned res, uint64_t job, uint64_t begin, uint64_t end)
{
    if (o->curves) {
        curves_busy(o->curves, res, begin, end);
    }
    if (o->perfetto) {
        sim_perfetto_busy(o->perfetto, res, job, begin, end);
    }
}

static void release(SimObserver *o, ObservedJob *j, uint64_t job, unsigned res, uint64_t end)
{
    if (j->holding >> res & 1) {
        j->holding &= ~(1u << res);
        busy(o, res, job, j->held[res], end);
    }
}

static ObservedJob *job_of(SimObserver *o, uint64_t job, const IommuOp *op, uint64_t begin)
{
    gpointer key = GSIZE_TO_POINTER(job);
    ObservedJob *j = g_hash_table_lookup(o->jobs, key);

    if (!j) {
        j = g_new0(ObservedJob, 1);
        g_hash_table_insert(o->jobs, key, j);
        if (o->perfetto) {
            /* What a job is, the slot says that it takes first. */
            sim_perfetto_job(o->perfetto, job, op->res == IOMMU_RES_COMMAND ? "command"
                             : op->res == IOMMU_RES_RECORD ? "record" : "request", begin);
        }
    }
    return j;
}

void sim_observe(SimObserver *o, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end)
{
    ObservedJob *j = job_of(o, job, op, begin);
    uint64_t granted;

    switch (op->kind) {
    case IOMMU_OP_USE:
        granted = sim_span_granted(op, end);
        busy(o, op->res, job, granted, granted + op->occupancy);
        break;
    case IOMMU_OP_HOLD:
        j->held[op->res] = end;
        j->holding |= 1u << op->res;
        break;
    case IOMMU_OP_RELEASE:
        release(o, j, job, op->res, end);
        break;
    default:
        break;
    }
    if (o->perfetto) {
        sim_perfetto_stage(o->perfetto, job, op, begin, end);
    }
    if (op->kind == IOMMU_OP_DONE) {
        for (unsigned r = 0; j->holding && r < IOMMU_RESOURCES; r++) {
            release(o, j, job, r, end);
        }
        if (o->perfetto) {
            sim_perfetto_job_end(o->perfetto, job, end);
        }
        g_hash_table_remove(o->jobs, GSIZE_TO_POINTER(job));
    }
}

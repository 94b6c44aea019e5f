/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feed a source to a bed, and observe.
 */
#include <string.h>
#include <time.h>

#include "sim.h"

/* What is known of a request under way; found by cookie. */
typedef struct Flight {
    uint64_t job, arrival, addr;
    uint32_t stream;
    GArray *spans;
} Flight;

typedef struct Run {
    SimBed bed;
    const SimRunOptions *o;
    SimReport *r;
    Flight *flights;         /* by the low bits of the cookie, reused */
    uint64_t *free_flights;
    size_t flight_cap, free_count;
    GHashTable *spans_of;    /* job -> Flight's spans */
    SimObserver *observer;   /* NULL: nobody looks */
} Run;

const char *sim_resource_name(unsigned r)
{
    static const char *const names[IOMMU_RESOURCES] = {
        [IOMMU_RES_TXN] = "TXN", [IOMMU_RES_PORT] = "PORT", [IOMMU_RES_CONFIG] = "CONFIG",
        [IOMMU_RES_TLB] = "TLB", [IOMMU_RES_WALKER] = "WALKER", [IOMMU_RES_TABLE] = "TABLE",
        [IOMMU_RES_IPA] = "IPA", [IOMMU_RES_MEM] = "MEM", [IOMMU_RES_COMMAND] = "COMMAND",
        [IOMMU_RES_INVALIDATE] = "INVALIDATE", [IOMMU_RES_RECORD] = "RECORD",
        [IOMMU_RES_UTLB] = "UTLB",
    };

    return r < IOMMU_RESOURCES ? names[r] : "?";
}

const char *sim_op_name(unsigned kind)
{
    static const char *const names[] = {
        [IOMMU_OP_USE] = "use", [IOMMU_OP_HOLD] = "hold", [IOMMU_OP_RELEASE] = "release",
        [IOMMU_OP_WAIT] = "wait", [IOMMU_OP_DRAIN] = "drain", [IOMMU_OP_DELAY] = "delay",
        [IOMMU_OP_ACTION] = "action", [IOMMU_OP_DONE] = "done",
    };

    return kind < G_N_ELEMENTS(names) ? names[kind] : "?";
}

/* ---- flights */

static uint64_t flight_new(Run *run)
{
    if (!run->free_count) {
        size_t cap = run->flight_cap ? run->flight_cap * 2 : 256;

        run->flights = g_renew(Flight, run->flights, cap);
        memset(run->flights + run->flight_cap, 0, (cap - run->flight_cap) * sizeof(Flight));
        run->free_flights = g_renew(uint64_t, run->free_flights, cap);
        for (size_t i = cap; i-- > run->flight_cap;) {
            run->free_flights[run->free_count++] = i;
        }
        run->flight_cap = cap;
    }
    return run->free_flights[--run->free_count];
}

static void slow_clear(SimSlow *s)
{
    if (s->spans) {
        g_array_unref(s->spans);
    }
    memset(s, 0, sizeof(*s));
}

/* Keep @f among the slowest, longest first. Takes over its spans. */
static void keep_slow(SimReport *r, Flight *f, uint64_t done)
{
    uint64_t latency = done - f->arrival;
    unsigned at = r->slow_count;

    while (at && latency > r->slowest[at - 1].done - r->slowest[at - 1].arrival) {
        at--;
    }
    if (at == SIM_SLOWEST) {
        return;
    }
    if (r->slow_count == SIM_SLOWEST) {
        slow_clear(&r->slowest[SIM_SLOWEST - 1]);
    } else {
        r->slow_count++;
    }
    memmove(&r->slowest[at + 1], &r->slowest[at], (r->slow_count - 1 - at) * sizeof(SimSlow));
    r->slowest[at] = (SimSlow) {
        .job = f->job, .arrival = f->arrival, .done = done, .addr = f->addr, .stream = f->stream,
        .spans = f->spans,
    };
    f->spans = NULL;
}

static void count_latency(SimReport *r, uint64_t latency)
{
    if (latency < SIM_LATENCIES) {
        r->latencies[latency]++;
    } else {
        gpointer key = GSIZE_TO_POINTER(latency);
        gsize n = GPOINTER_TO_SIZE(g_hash_table_lookup(r->long_latencies, key));

        g_hash_table_insert(r->long_latencies, key, GSIZE_TO_POINTER(n + 1));
    }
    r->latency_sum += latency;
    r->latency_min = MIN(r->latency_min, latency);
    r->latency_max = MAX(r->latency_max, latency);
}

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    Run *run = opaque;
    uint64_t slot = cookie & ((1u << SIM_SLOT_BITS) - 1);
    Flight *f = &run->flights[slot];
    uint64_t latency = cycle - f->arrival;

    count_latency(run->r, latency);
    if (run->r->curves) {
        sim_curves_request(run->r->curves, f->arrival, latency);
    }
    if (run->o->log) {
        fprintf(run->o->log, "%" PRIu64 " done %" PRIu64 "\n", cycle, f->job);
    }
    keep_slow(run->r, f, cycle);
    if (run->spans_of) {
        g_hash_table_remove(run->spans_of, GSIZE_TO_POINTER(f->job));
    }
    if (f->spans) {
        g_array_unref(f->spans);
        f->spans = NULL;
    }
    run->free_flights[run->free_count++] = slot;
}

static void on_op(void *opaque, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end)
{
    Run *run = opaque;
    GArray *spans;

    if (run->o->log) {
        fprintf(run->o->log, "%" PRIu64 " op %" PRIu64 " %s %s %" PRIu64 "\n", end, job,
                sim_op_name(op->kind),
                op->kind <= IOMMU_OP_RELEASE ? sim_resource_name(op->res) : "-", begin);
    }
    if (run->observer) {
        sim_observe(run->observer, job, op, begin, end);
    }
    spans = run->spans_of ? g_hash_table_lookup(run->spans_of, GSIZE_TO_POINTER(job)) : NULL;
    if (spans) {
        SimSpan span = { .op = *op, .begin = begin, .end = end };

        g_array_append_val(spans, span);
    }
}

/* ---- items */

static void log_request(Run *run, const IommuTxn *txn, uint64_t job, const IommuResult *res)
{
    fprintf(run->o->log, "%" PRIu64 " request %" PRIu64 " status %u pa 0x%" PRIx64 " fault 0x%x",
            sim_bed_now(&run->bed), job, res->status, res->status ? 0 : res->pa, res->fault);
    if (txn->kind == IOMMU_TXN_ATS_REQUEST && res->status == IOMMU_STATUS_OK) {
        fprintf(run->o->log, " ats %d%d%d", res->ats_r, res->ats_w, res->ats_x);
    }
    fputc('\n', run->o->log);
}

static void do_request(Run *run, SimItem *item)
{
    SimReport *r = run->r;
    uint64_t slot = flight_new(run);
    Flight *f = &run->flights[slot];
    IommuTxn *txn = &item->txn;
    IommuResult res;

    txn->arrival = item->cycle;
    /* A stall outlives the flight, whose slot another takes: the count above tells them apart. */
    txn->cookie = (r->requests + 1) << SIM_SLOT_BITS | slot;
    *f = (Flight) { .arrival = item->cycle, .addr = txn->addr, .stream = txn->stream };
    if (run->spans_of) {
        f->spans = g_array_new(FALSE, FALSE, sizeof(SimSpan));
    }
    f->job = iommu_timed_submit(run->bed.timed, txn, &res);
    if (run->spans_of) {
        g_hash_table_insert(run->spans_of, GSIZE_TO_POINTER(f->job), f->spans);
    }
    if (res.status == IOMMU_STATUS_STALLED) {
        sim_bed_stalled(&run->bed, txn->cookie, f->job);
    }
    r->requests++;
    r->bytes += txn->size;
    r->ok += res.status == IOMMU_STATUS_OK;
    r->stalled += res.status == IOMMU_STATUS_STALLED;
    r->faulted += res.status != IOMMU_STATUS_OK && res.status != IOMMU_STATUS_STALLED;
    if (r->curves) {
        sim_curves_counters(r->curves, item->cycle, &run->bed.model->counters);
    }
    if (run->o->log) {
        log_request(run, txn, f->job, &res);
    }
}

static bool do_item(Run *run, SimItem *item, char **error)
{
    SimBed *b = &run->bed;
    RegBus bus;
    uint64_t value;

    if (run->o->inputs && run->o->log && b->timed) {
        fprintf(run->o->log, "%" PRIu64 " input ", item->cycle);
        sim_trace_print(run->o->log, item);
    }
    if (b->timed && item->kind == SIM_REQUEST) {
        if (b->wake_at <= item->cycle) {
            sim_bed_run_until(b, item->cycle); /* else time goes on by itself */
        }
        do_request(run, item);
        return true;
    }
    if (b->timed) {
        sim_bed_run_until(b, item->cycle);
    } else if (item->kind == SIM_REQUEST || item->kind == SIM_PAGE) {
        *error = g_strdup("a request comes before 'start'");
        return false;
    }
    if ((item->kind == SIM_WRITE || item->kind == SIM_READ) && item->addr >= b->register_bytes) {
        *error = g_strdup_printf("the IOMMU has no register at 0x%" PRIx64 ": its registers have "
                                 "0x%" PRIx64 " bytes", item->addr, b->register_bytes);
        return false;
    }
    switch (item->kind) {
    case SIM_MEMORY:
        if (!ramhost_at(&b->ram, item->addr, 8)) {
            *error = g_strdup_printf("memory has no address 0x%" PRIx64, item->addr);
            return false;
        }
        ramhost_write64(&b->ram, item->addr, item->value);
        break;
    case SIM_WRITE:
        bus = sim_bed_bus(b);
        bus.write(bus.opaque, item->addr, item->value, item->size);
        break;
    case SIM_READ:
        bus = sim_bed_bus(b);
        value = bus.read(bus.opaque, item->addr, item->size);
        if (run->o->log) {
            fprintf(run->o->log, "%" PRIu64 " read 0x%" PRIx64 " 0x%" PRIx64 "\n",
                    sim_bed_now(b), item->addr, value);
        }
        break;
    case SIM_REQUEST:
        break; /* done above */
    case SIM_PAGE:
        if (b->model->ops->page_request) {
            b->model->ops->page_request(b->model, &item->page);
        }
        break;
    case SIM_START:
        sim_bed_start(b);
        break;
    }
    return true;
}

static void finish(Run *run)
{
    SimReport *r = run->r;
    uint64_t next;

    while (run->bed.timed && (next = iommu_timed_next(run->bed.timed)) != IOMMU_CYCLE_NEVER) {
        sim_bed_run_until(&run->bed, next);
    }
    r->cycles = run->bed.timed ? sched_idle_at(iommu_timed_sched(run->bed.timed)) : 0;
    r->counters = run->bed.model->counters;
    if (r->curves) {
        sim_curves_counters(r->curves, run->bed.timed ? sim_bed_now(&run->bed) : 0, &r->counters);
    }
    iommu_timing_servers(&run->bed.profile->timing, r->servers);
    for (unsigned i = 0; run->bed.timed && i < IOMMU_RESOURCES; i++) {
        r->resources[i] = *sched_stats(iommu_timed_sched(run->bed.timed), i);
    }
    r->bus_reads = run->bed.ram.reads;
}

static void log_memory(Run *run)
{
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, run->bed.ram.bytes,
                                                       run->bed.ram.size);

    fprintf(run->o->log, "memory %s\n", sum);
}

/* Of this process: what others of the machine do is not in it. */
static double processor_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

bool sim_run(SimSource *s, const IommuProfile *profile, const SimRunOptions *o, SimReport *r,
             char **error)
{
    Run run = { .o = o, .r = r };
    SimPerfetto *perfetto = NULL;
    double begun;
    SimItem item;
    bool ok = true;

    memset(r, 0, sizeof(*r));
    r->latency_min = UINT64_MAX;
    r->latencies = g_new0(uint64_t, SIM_LATENCIES);
    r->long_latencies = g_hash_table_new(g_direct_hash, g_direct_equal);
    s->machine.devices = o->devices;
    if (!sim_bed_init(&run.bed, &s->machine, profile, error)) {
        return false;
    }
    run.bed.log = o->log;
    run.bed.opaque = &run;
    run.bed.timed_ops.done = on_done;
    run.bed.timed_ops.log = o->log || o->perfetto || o->details ? on_op : NULL;
    if (o->details) {
        run.spans_of = g_hash_table_new(g_direct_hash, g_direct_equal);
        r->curves = g_new0(SimCurves, 1);
    }
    if (o->perfetto) {
        perfetto = sim_perfetto_new(o->perfetto, profile->timing.clock_mhz);
    }
    if (o->perfetto || o->details) {
        run.observer = sim_observer_new(r->curves, perfetto);
    }
    begun = processor_seconds();
    while (ok && s->next(s, &item, error)) {
        ok = do_item(&run, &item, error);
        if (ok && o->copy) {
            sim_trace_put(o->copy, &item);
        }
        if (!ok && s->where) {
            g_autofree char *why = *error, *where = s->where(s);

            *error = g_strconcat(where, ": ", why, NULL);
        }
    }
    ok = ok && !*error;
    if (ok && !run.bed.timed) {
        *error = g_strdup("the trace has no 'start'");
        ok = false;
    }
    finish(&run);
    r->seconds = processor_seconds() - begun;
    if (ok && o->log) {
        log_memory(&run);
    }
    sim_bed_destroy(&run.bed);
    sim_observer_free(run.observer);
    if (perfetto) {
        sim_perfetto_free(perfetto);
    }
    for (size_t i = 0; i < run.flight_cap; i++) {
        if (run.flights[i].spans) {
            g_array_unref(run.flights[i].spans);
        }
    }
    g_free(run.flights);
    g_free(run.free_flights);
    if (run.spans_of) {
        g_hash_table_destroy(run.spans_of);
    }
    return ok;
}

void sim_report_clear(SimReport *r)
{
    for (unsigned i = 0; i < r->slow_count; i++) {
        slow_clear(&r->slowest[i]);
    }
    g_clear_pointer(&r->curves, g_free);
    g_clear_pointer(&r->latencies, g_free);
    g_clear_pointer(&r->long_latencies, g_hash_table_destroy);
}

static gint by_value(gconstpointer a, gconstpointer b)
{
    gsize x = *(const gsize *)a, y = *(const gsize *)b;

    return x < y ? -1 : x > y;
}

void sim_each_latency(const SimReport *r, void (*fn)(void *opaque, uint64_t cycles, uint64_t n),
                      void *opaque)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gsize));
    GHashTableIter it;
    gpointer k, v;

    for (uint64_t i = 0; i < SIM_LATENCIES; i++) {
        if (r->latencies[i]) {
            fn(opaque, i, r->latencies[i]);
        }
    }
    g_hash_table_iter_init(&it, r->long_latencies);
    while (g_hash_table_iter_next(&it, &k, &v)) {
        gsize key = GPOINTER_TO_SIZE(k);

        g_array_append_val(keys, key);
    }
    g_array_sort(keys, by_value);
    for (guint i = 0; i < keys->len; i++) {
        gsize key = g_array_index(keys, gsize, i);

        fn(opaque, key, GPOINTER_TO_SIZE(g_hash_table_lookup(r->long_latencies,
                                                             GSIZE_TO_POINTER(key))));
    }
}

typedef struct Percentile {
    uint64_t want, seen, answer;
} Percentile;

static void find_percentile(void *opaque, uint64_t cycles, uint64_t n)
{
    Percentile *p = opaque;

    if (p->seen <= p->want) {
        p->answer = cycles;
    }
    p->seen += n;
}

uint64_t sim_percentile(const SimReport *r, double percent)
{
    uint64_t total = r->requests - r->stalled;
    Percentile p = { .want = total * percent / 100.0 };

    if (p.want >= total && total) {
        p.want = total - 1;
    }
    sim_each_latency(r, find_percentile, &p);
    return p.answer;
}

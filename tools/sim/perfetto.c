/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chrome trace JSON, as Perfetto and chrome://tracing read it. Two processes: "resources" has a
 * track for each server that was ever used, with complete events that do not overlap; "jobs" has
 * nested asynchronous events, one a job, and in it what it waited for and what served it.
 * A cycle is shown as a nanosecond, whatever the clock: so all times are exact.
 */
#include "sim.h"

#define PID_RESOURCES 1
#define PID_JOBS 2

/* Tracks are numbered resource by resource: no resource has more servers than this. */
#define TRACKS (1u << 16)

typedef struct Busy {
    uint64_t begin, end, job;
} Busy;

struct SimPerfetto {
    FILE *f;
    GArray *busy[IOMMU_RESOURCES];
    GHashTable *jobs; /* number -> name, until it is over */
    uint64_t last;
};

/* Microseconds, the unit of the format. */
#define TIME "%" PRIu64 ".%03u"
#define TIME_OF(cycle) (cycle) / 1000, (unsigned)((cycle) % 1000)

static void process(FILE *f, unsigned pid, const char *name)
{
    fprintf(f, "{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}},\n"
            "{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_sort_index\","
            "\"args\":{\"sort_index\":%u}}",
            pid, name, pid, pid);
}

SimPerfetto *sim_perfetto_new(FILE *f, uint32_t mhz)
{
    SimPerfetto *p = g_new0(SimPerfetto, 1);

    p->f = f;
    p->jobs = g_hash_table_new(NULL, NULL);
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        p->busy[r] = g_array_new(FALSE, FALSE, sizeof(Busy));
    }
    fprintf(f, "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"a nanosecond is\":\"a cycle\","
            "\"clock.mhz\":\"%u\"},\"traceEvents\":[\n", mhz);
    process(f, PID_RESOURCES, "resources");
    fputs(",\n", f);
    process(f, PID_JOBS, "jobs");
    return p;
}

/* ---- jobs */

static void asynchronous(SimPerfetto *p, char phase, uint64_t job, const char *name, uint64_t cycle)
{
    fprintf(p->f, ",\n{\"ph\":\"%c\",\"cat\":\"job\",\"id\":\"0x%" PRIx64 "\",\"pid\":%u,\"tid\":0,"
            "\"name\":\"%s\",\"ts\":" TIME, phase, job, PID_JOBS, name, TIME_OF(cycle));
    p->last = MAX(p->last, cycle);
}

void sim_perfetto_job(SimPerfetto *p, uint64_t job, const char *name, uint64_t cycle)
{
    g_hash_table_insert(p->jobs, GSIZE_TO_POINTER(job), (gpointer)name);
    asynchronous(p, 'b', job, name, cycle);
    fprintf(p->f, ",\"args\":{\"job\":%" PRIu64 "}}", job);
}

void sim_perfetto_job_end(SimPerfetto *p, uint64_t job, uint64_t cycle)
{
    const char *name = g_hash_table_lookup(p->jobs, GSIZE_TO_POINTER(job));

    g_hash_table_remove(p->jobs, GSIZE_TO_POINTER(job));
    asynchronous(p, 'e', job, name, cycle);
    fputc('}', p->f);
}

static void stage(SimPerfetto *p, uint64_t job, const char *name, uint64_t begin, uint64_t end)
{
    if (begin < end) {
        asynchronous(p, 'b', job, name, begin);
        fputc('}', p->f);
        asynchronous(p, 'e', job, name, end);
        fputc('}', p->f);
    }
}

void sim_perfetto_stage(SimPerfetto *p, uint64_t job, const IommuOp *op, uint64_t begin,
                        uint64_t end)
{
    uint64_t granted = sim_span_granted(op, end);
    g_autofree char *name = NULL;

    if (op->kind == IOMMU_OP_USE || op->kind == IOMMU_OP_HOLD) {
        name = g_strdup_printf("queue %s", sim_resource_name(op->res));
        stage(p, job, name, begin, granted);
        stage(p, job, sim_resource_name(op->res), granted, end);
    } else if (op->kind == IOMMU_OP_WAIT) {
        name = g_strdup_printf("wait for job %" PRIu64, op->arg >> IOMMU_WAIT_MARK_BITS);
        stage(p, job, name, begin, end);
    } else if (op->kind == IOMMU_OP_DRAIN || op->kind == IOMMU_OP_DELAY) {
        stage(p, job, sim_op_name(op->kind), begin, end);
    }
}

/* ---- resources */

void sim_perfetto_busy(SimPerfetto *p, unsigned res, uint64_t job, uint64_t begin, uint64_t end)
{
    Busy b = { .begin = begin, .end = end, .job = job };

    if (begin < end) {
        g_array_append_val(p->busy[res], b);
    }
}

static gint by_begin(gconstpointer a, gconstpointer b)
{
    const Busy *x = a, *y = b;

    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static void track(FILE *f, unsigned res, unsigned server)
{
    unsigned tid = res * TRACKS + server + 1;

    fprintf(f, ",\n{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":"
            "\"%s %u\"}},\n{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_sort_index\","
            "\"args\":{\"sort_index\":%u}}", PID_RESOURCES, tid, sim_resource_name(res), server + 1,
            PID_RESOURCES, tid, tid);
}

/*
 * Servers are equal: each grant is shown on the first that is free. There are never more at once
 * than the resource has.
 */
static void tracks(SimPerfetto *p, unsigned res)
{
    g_autoptr(GArray) until = g_array_new(FALSE, FALSE, sizeof(uint64_t));

    g_array_sort(p->busy[res], by_begin);
    for (guint i = 0; i < p->busy[res]->len; i++) {
        const Busy *b = &g_array_index(p->busy[res], Busy, i);
        guint server = 0;

        while (server < until->len && g_array_index(until, uint64_t, server) > b->begin) {
            server++;
        }
        if (server == until->len) {
            g_array_append_val(until, b->end);
            track(p->f, res, server);
        }
        g_array_index(until, uint64_t, server) = b->end;
        fprintf(p->f, ",\n{\"ph\":\"X\",\"pid\":%u,\"tid\":%u,\"name\":\"job %" PRIu64 "\",\"ts\":"
                TIME ",\"dur\":" TIME ",\"args\":{\"job\":%" PRIu64 "}}", PID_RESOURCES,
                res * TRACKS + server + 1, b->job, TIME_OF(b->begin), TIME_OF(b->end - b->begin),
                b->job);
    }
}

void sim_perfetto_free(SimPerfetto *p)
{
    g_autoptr(GList) left = g_hash_table_get_keys(p->jobs);

    /* A run that failed leaves jobs behind. */
    for (GList *l = left; l; l = l->next) {
        sim_perfetto_job_end(p, GPOINTER_TO_SIZE(l->data), p->last);
    }
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        tracks(p, r);
        g_array_unref(p->busy[r]);
    }
    fputs("\n]}\n", p->f);
    g_hash_table_unref(p->jobs);
    g_free(p);
}

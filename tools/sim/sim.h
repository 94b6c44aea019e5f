/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-sim: what its rooms share. bed.c puts a model on a clock over plain memory; trace*.c and
 * generate.c are sources of items; run.c feeds a source to a bed; observe.c and the others report.
 */
#ifndef TOOLS_SIM_H
#define TOOLS_SIM_H

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>

#include "hw/iommu/profilefile.h"
#include "hw/iommu/timed.h"
#include "tests/lib/ramhost.h"
#include "tests/lib/regbus.h"

/*
 * ---- words and numbers ------------------------------------------------------------------------
 */

/** What stands between blanks in @line; g_strfreev. */
char **sim_words(const char *line);
/** Whether @text is a number: decimal, or hexadecimal with 0x; no sign, no more than 64 bits. */
bool sim_number(const char *text, uint64_t *v);
/** Whether *@text begins with one, which it is then moved behind. */
bool sim_number_prefix(const char **text, uint64_t *v);

/*
 * ---- items: docs/specs/trace.rst --------------------------------------------------------------
 */

typedef enum SimItemKind {
    SIM_MEMORY,  /* a processor writes 64-bit @value at @addr */
    SIM_WRITE,   /* a processor writes @value to the register at @addr, @size bytes */
    SIM_READ,    /* a processor reads it */
    SIM_REQUEST, /* @txn arrives */
    SIM_PAGE,    /* @page arrives */
    SIM_START,   /* the clock starts: cycle 0 */
} SimItemKind;

typedef struct SimItem {
    uint64_t cycle; /* 0 before SIM_START */
    SimItemKind kind;
    uint8_t size;
    uint64_t addr, value;
    IommuTxn txn;
    IommuPageRequest page;
} SimItem;

/** What a trace says of the machine it needs. */
typedef struct SimMachine {
    bool vtd;
    char *set;            /* named set of capabilities; NULL: "max" */
    uint64_t memory_base;
    uint64_t memory_bytes;
    bool devices;         /* what devices are told (ATS, PRI) is logged; they answer at once */
} SimMachine;

void sim_machine_clear(SimMachine *m);

/** A stream of items. next(): false at the end, or with *@error set. */
typedef struct SimSource SimSource;
struct SimSource {
    SimMachine machine; /* known before the first next() */
    bool (*next)(SimSource *s, SimItem *item, char **error);
    /** Where the last item came from, for messages; g_free. NULL: nobody could look there. */
    char *(*where)(const SimSource *s);
    void (*free)(SimSource *s);
};

/** Text or binary trace, told apart by the first bytes. @path "-" is standard input. */
SimSource *sim_trace_open(const char *path, char **error);

/** Writes items; text, or binary if @binary. */
typedef struct SimTraceWriter SimTraceWriter;
SimTraceWriter *sim_trace_create(const char *path, bool binary, const SimMachine *m, char **error);
void sim_trace_put(SimTraceWriter *w, const SimItem *item);
/** False if something could not be written. */
bool sim_trace_close(SimTraceWriter *w);

/**
 * The @words of one item after "start", such as "5", "t", "0x8", "0x1000", "64"; @path and @line
 * are for messages. False with *@error.
 */
bool sim_trace_parse(const char *path, unsigned long line, char **words, SimItem *item,
                     char **error);
/** The same in the other direction, without the cycle, with a newline. */
void sim_trace_print(FILE *f, const SimItem *item);

/* ---- converters */

/**
 * Write the set-up of @setup, and then what @path says, into @out. @kind: "log" (an event log with
 * inputs) or "script" (descriptors of iommu-dma). @streams: how many devices the generator set up,
 * of which all must be; 0: @setup is another trace, and none of its devices are known.
 */
bool sim_convert(const char *kind, const char *path, SimSource *setup, uint64_t streams,
                 SimTraceWriter *out, char **error);

/*
 * ---- generator --------------------------------------------------------------------------------
 */

#define SIM_FIRST_DEVICE 8u /* StreamID, and requester ID */

typedef struct SimGeneratorOptions {
    const char *iommu;   /* smmuv3, vtd */
    const char *mode;    /* bypass, s1, s2, nested */
    const char *order;   /* sequential, random, stride, zipf: docs/specs/trace.rst */
    uint64_t count;      /* requests */
    uint64_t pages;      /* working set, 4 KB pages */
    uint64_t streams;    /* devices, each with its own address space */
    uint64_t gap;        /* cycles between arrivals; 0: as fast as the port takes them */
    uint64_t size;       /* bytes of a request */
    uint64_t page_bytes; /* 4096: pages of 4 KB; 0: the largest that fit */
    uint64_t writes;     /* percent */
    uint64_t commands;   /* one invalidation for so many requests; 0: none */
    uint64_t seed;
} SimGeneratorOptions;

/** Whether all of @o is allowed. */
bool sim_generator_check(const SimGeneratorOptions *o, char **error);
SimSource *sim_generator_new(const SimGeneratorOptions *o, char **error);

/*
 * ---- bed --------------------------------------------------------------------------------------
 */

typedef struct SimBed {
    RamHost ram;
    IommuHostOps host_ops;  /* RamHost's, with ours in front where we listen */
    IommuModel *model;
    uint64_t register_bytes; /* of its registers, from offset 0 */
    IommuTimed *timed;      /* NULL before the clock starts */
    const IommuProfile *profile;
    IommuTimedOps timed_ops;
    void *opaque;           /* of timed_ops */
    FILE *log;              /* side effects are logged here if not NULL */
    uint64_t wake_at;       /* cycle at which the model wants to be woken, or never */
    GHashTable *stalled;    /* requests whose stall has not ended: cookie -> job */
} SimBed;

bool sim_bed_init(SimBed *b, const SimMachine *m, const IommuProfile *profile, char **error);
void sim_bed_destroy(SimBed *b);
/** The clock starts. */
void sim_bed_start(SimBed *b);
uint64_t sim_bed_now(const SimBed *b);
/** The clock goes on to @cycle, of which no input is played yet. It has started. */
void sim_bed_run_until(SimBed *b, uint64_t cycle);
/** The request with @cookie, job @job, has stalled: the log names the job when that ends. */
void sim_bed_stalled(SimBed *b, uint64_t cookie, uint64_t job);
RegBus sim_bed_bus(SimBed *b);

/*
 * ---- run and its observations -----------------------------------------------------------------
 */

/* IommuTxn.cookie: one more than the requests before it << this | what run.c knows it by. */
#define SIM_SLOT_BITS 28

#define SIM_SLOWEST 16
#define SIM_WINDOWS 200
#define SIM_LATENCIES 65536u

typedef struct SimSpan {
    IommuOp op;
    uint64_t begin, end;
} SimSpan;

/** A request that was slow, with everything it did. */
typedef struct SimSlow {
    uint64_t job, arrival, done, addr;
    uint32_t stream;
    GArray *spans; /* SimSpan; NULL unless spans are kept */
} SimSlow;

/** Caches whose hit rate is shown against time. */
typedef enum SimCache {
    SIM_CACHE_CONFIG, SIM_CACHE_UTLB, SIM_CACHE_TLB, SIM_CACHE_WALK, SIM_CACHE_IPA,
    SIM_CACHES
} SimCache;

typedef struct SimLookups {
    uint64_t lookups, hits;
} SimLookups;

/** A slice of time, for curves. */
typedef struct SimWindow {
    uint64_t requests, latency;     /* of those that arrive in it */
    SimLookups caches[SIM_CACHES];
    uint64_t busy[IOMMU_RESOURCES]; /* server-cycles */
} SimWindow;

typedef struct SimCurves {
    unsigned window_lg2;            /* of the cycles of a window */
    SimWindow windows[SIM_WINDOWS];
    IommuCounters last;             /* what has been told so far */
} SimCurves;

/** What was run. */
typedef struct SimOrigin {
    const char *command;                 /* line */
    const char *trace;                   /* NULL: generated */
    const SimGeneratorOptions *generate; /* NULL: a trace */
} SimOrigin;

typedef struct SimReport {
    uint64_t requests, ok, faulted, stalled;
    uint64_t cycles;           /* last event */
    uint64_t latency_sum, latency_min, latency_max;
    uint64_t *latencies;       /* requests by cycles, below SIM_LATENCIES */
    GHashTable *long_latencies;/* the others: cycles -> count */
    uint64_t bytes;
    SimCurves *curves;         /* NULL unless asked for */
    SimSlow slowest[SIM_SLOWEST];
    unsigned slow_count;
    IommuCounters counters;
    IommuResourceStats resources[IOMMU_RESOURCES];
    uint32_t servers[IOMMU_RESOURCES];
    uint64_t bus_reads;        /* structures and descriptors read from memory */
    double seconds;            /* of the host's processor */
    SimOrigin origin;          /* set by the caller of sim_run(); may stay empty */
} SimReport;

typedef struct SimRunOptions {
    FILE *log;                 /* every event with its cycle */
    FILE *perfetto;            /* Chrome trace JSON */
    bool details;              /* keep what the slowest requests did, and curves */
    SimTraceWriter *copy;      /* write every item here too */
    bool inputs;               /* the log tells every item as well */
    bool devices;              /* SimMachine.devices */
} SimRunOptions;

bool sim_run(SimSource *s, const IommuProfile *profile, const SimRunOptions *o, SimReport *r,
             char **error);
void sim_report_clear(SimReport *r);

const char *sim_resource_name(unsigned r);
const char *sim_op_name(unsigned kind);

/** Call @fn for every latency that occurred, shortest first. */
void sim_each_latency(const SimReport *r, void (*fn)(void *opaque, uint64_t cycles, uint64_t n),
                      void *opaque);

/** Latency below which @percent of the requests stay. */
uint64_t sim_percentile(const SimReport *r, double percent);

/** What was run, in a line; g_free. */
char *sim_describe(const SimReport *r);
void sim_print_summary(const SimReport *r, const IommuProfile *profile, FILE *out);
bool sim_write_json(const SimReport *r, const IommuProfile *profile, const char *path,
                    char **error);
bool sim_write_html(const SimReport *r, const IommuProfile *profile, const char *path,
                    char **error);

/** Share of its servers that @res had busy or held, 0 to 1. */
double sim_busy_share(const SimReport *r, unsigned res);
/** @a / @b; 0 where @b is. */
double sim_ratio(uint64_t a, uint64_t b);
/** Of the requests that did not stall, cycles. */
double sim_mean_latency(const SimReport *r);
/** Of the main TLB, 0 to 1. */
double sim_hit_rate(const SimReport *r);
/** Reads of memory for a miss of the main TLB. */
double sim_reads_per_miss(const SimReport *r);

/*
 * ---- observation ------------------------------------------------------------------------------
 */

/** Cycle in which a server was granted to an operation that ended at @end: before, it queued. */
static inline uint64_t sim_span_granted(const IommuOp *op, uint64_t end)
{
    return op->kind == IOMMU_OP_USE ? end - op->latency : end;
}

const char *sim_cache_name(SimCache c);
SimLookups sim_lookups(const IommuCounters *n, SimCache c);

void sim_curves_request(SimCurves *c, uint64_t arrival, uint64_t latency);
/** What @n has more than the last time was looked up at @cycle. */
void sim_curves_counters(SimCurves *c, uint64_t cycle, const IommuCounters *n);

/** A Chrome trace under way; the head is written at once. @f stays the caller's. */
typedef struct SimPerfetto SimPerfetto;
SimPerfetto *sim_perfetto_new(FILE *f, uint32_t mhz);
/** Job @job, a @name (static), begins; ends. */
void sim_perfetto_job(SimPerfetto *p, uint64_t job, const char *name, uint64_t cycle);
void sim_perfetto_job_end(SimPerfetto *p, uint64_t job, uint64_t cycle);
/** It came to @op at @begin, and ended it at @end. */
void sim_perfetto_stage(SimPerfetto *p, uint64_t job, const IommuOp *op, uint64_t begin,
                        uint64_t end);
/** A server of @res was busy with @job, or held by it. */
void sim_perfetto_busy(SimPerfetto *p, unsigned res, uint64_t job, uint64_t begin, uint64_t end);
/** Writes the rest. */
void sim_perfetto_free(SimPerfetto *p);

/** Tells @curves and @perfetto (either may be NULL) what follows from operations. */
typedef struct SimObserver SimObserver;
SimObserver *sim_observer_new(SimCurves *curves, SimPerfetto *perfetto);
/** Arguments as of IommuSchedOps.log. */
void sim_observe(SimObserver *o, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end);
void sim_observer_free(SimObserver *o);

/*
 * ---- sweep ------------------------------------------------------------------------------------
 */

typedef struct SimSweep {
    char *name;        /* parameter */
    GPtrArray *values; /* char * */
} SimSweep;

/** "tlb.entries=64..4096:x2", "pages=1..16:+3", "tlb.replacement=lru,rr". NULL with *@error. */
SimSweep *sim_sweep_parse(const char *text, char **error);
void sim_sweep_free(SimSweep *s);

/** What a plot shows of one run. */
typedef struct SimPoint {
    const char *value;
    double mean, median, p99; /* latency, cycles */
    double hit_rate;          /* 0 to 1 */
} SimPoint;

/** An SVG of SimPoints, in the order of the sweep. @command: of which run; NULL: is not told. */
void sim_plot_sweep(FILE *f, const char *name, const char *command, const GArray *points);

/** A sweep of what @trace or the generator does on @profile. */
typedef struct SimSweepRun {
    const SimSweep *sweep;
    const IommuProfile *profile;
    char **sets;                  /* what was set in it; NULL: nothing */
    const char *command;          /* command line */
    const char *trace;            /* NULL: the generator */
    SimGeneratorOptions generate;
    const char *csv, *plot;       /* where they go; @csv NULL: standard output; @plot NULL: none */
    bool head;                    /* the table has one */
} SimSweepRun;

bool sim_sweep_run(const SimSweepRun *s, char **error);
/** Print a command line for each value, made of that of this process: together the same table. */
bool sim_sweep_jobs(const SimSweepRun *s, int argc, char **argv, char **error);

/*
 * ---- profiles ---------------------------------------------------------------------------------
 */

/** Whether @name is a profile's that the program carries, and no file's. */
bool sim_profile_is_named(const char *name);
/** iommu_profile_set(), with a hint if "timing." was forgotten or is too much. */
bool sim_profile_set(IommuProfile *p, const char *name, const char *value, char **error);
/** Words "NAME=VALUE"; @sets NULL: none. */
bool sim_profile_set_all(IommuProfile *p, char **sets, char **error);
/** List the parameters: name, value, unit, and for timing what is allowed. */
void sim_profile_print(const IommuProfile *p, FILE *out);

/*
 * ---- output files: "-" is standard output -----------------------------------------------------
 */

FILE *sim_output_open(const char *path, char **error);
/** The end of the process: if not @keep, what was opened or made here is removed. */
void sim_outputs_end(bool keep);
/** @f may be NULL. */
bool sim_output_close(FILE *f, const char *path, char **error);
/** Whether @path (may be NULL) can be written; what is written at the end would fail too late. */
bool sim_output_check(const char *path, char **error);

/** A file that the command line names. */
typedef struct SimFile {
    const char *name; /* what it is, such as "--json" */
    const char *path; /* NULL: not given */
    bool output;
} SimFile;

/** Whether no output is another of @files. */
bool sim_files_apart(const SimFile *files, unsigned n, char **error);

#endif

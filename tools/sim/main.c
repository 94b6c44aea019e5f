/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-sim: run a trace or a generator through either IOMMU model on a clock, without QEMU.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

typedef struct Options {
    SimGeneratorOptions generate;
    char *profile;
    char **sets;
    char *log, *json, *html, *perfetto, *write_trace, *sweep, *csv, *plot, *convert, *setup;
    gboolean inputs, devices, binary, jobs, quiet, parameters, generator;
} Options;

static bool apply_set(IommuProfile *p, const char *text, char **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "=", 2);

    if (!parts[0] || !parts[1]) {
        *error = g_strdup_printf("--set '%s': NAME=VALUE is expected", text);
        return false;
    }
    return iommu_profile_set(p, parts[0], parts[1], error);
}

static SimSource *open_source(const Options *o, const char *trace, char **error)
{
    return trace ? sim_trace_open(trace, error) : sim_generator_new(&o->generate, error);
}

static FILE *open_output(const char *path, char **error)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "w") : stdout;

    if (!f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
    }
    return f;
}

static bool close_output(FILE *f, const char *path, char **error)
{
    if (f && (f == stdout ? fflush(f) : fclose(f))) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return false;
    }
    return true;
}

/* What is written at the end of a run would be told too late. */
static bool writable(const char *path, char **error)
{
    FILE *f = path && strcmp(path, "-") ? fopen(path, "a") : NULL;

    if (path && strcmp(path, "-") && !f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return false;
    }
    return !f || close_output(f, path, error);
}

/* ---- one run */

static bool run_once(const Options *o, const char *trace, const IommuProfile *p, char **error)
{
    SimRunOptions run = { .spans = o->html != NULL, .inputs = o->inputs, .devices = o->devices };
    g_autofree char *late = NULL;
    SimSource *s = open_source(o, trace, error);
    SimReport r = { 0 };
    bool ok = s != NULL;

    ok = ok && writable(o->json, error) && writable(o->html, error);
    if (ok && o->log) {
        ok = (run.log = open_output(o->log, error)) != NULL;
    }
    if (ok && o->perfetto) {
        ok = (run.perfetto = open_output(o->perfetto, error)) != NULL;
    }
    if (ok && o->write_trace) {
        ok = (run.copy = sim_trace_create(o->write_trace, o->binary, &s->machine, error)) != NULL;
    }
    if (run.perfetto) {
        sim_perfetto_begin(run.perfetto);
    }
    ok = ok && sim_run(s, p, &run, &r, error);
    if (run.perfetto) {
        sim_perfetto_end(run.perfetto);
    }
    if (run.copy && !sim_trace_close(run.copy) && ok) {
        *error = g_strdup_printf("%s: cannot be written", o->write_trace);
        ok = false;
    }
    ok = close_output(run.perfetto, o->perfetto, ok ? error : &late) && ok;
    ok = close_output(run.log, o->log, ok ? error : &late) && ok;
    if (ok && !o->quiet) {
        sim_print_summary(&r, p, stdout);
    }
    ok = ok && (!o->json || sim_write_json(&r, p, o->json, error));
    ok = ok && (!o->html || sim_write_html(&r, p, o->html, error));
    sim_report_clear(&r);
    if (s) {
        s->free(s);
    }
    return ok;
}

/* ---- converters */

static bool convert(const Options *o, const char *path, char **error)
{
    SimTraceWriter *out = NULL;
    SimSource *setup;
    bool ok;

    if (!o->write_trace) {
        *error = g_strdup("--convert: --write-trace says where the trace goes");
        return false;
    }
    setup = o->setup ? sim_trace_open(o->setup, error) : sim_generator_new(&o->generate, error);
    ok = setup && (out = sim_trace_create(o->write_trace, o->binary, &setup->machine, error)) &&
         sim_convert(o->convert, path, setup, out, error);
    if (out && !sim_trace_close(out) && ok) {
        *error = g_strdup_printf("%s: cannot be written", o->write_trace);
        ok = false;
    }
    if (setup) {
        setup->free(setup);
    }
    return ok;
}

/* ---- sweeps */

static const char csv_head[] = "requests,cycles,latency_mean,latency_median,latency_p99,latency_max,"
                               "tlb_hit_rate,reads_per_miss,walks,bytes_per_cycle\n";

static void csv_row(FILE *f, const char *name, uint64_t value, const SimReport *r)
{
    const IommuCounters *c = &r->counters;
    uint64_t done = MAX(r->requests - r->stalled, 1);

    if (name) {
        fprintf(f, "%" PRIu64 ",", value);
    }
    fprintf(f, "%" PRIu64 ",%" PRIu64 ",%.4f,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.6f,%.4f,%" PRIu64
            ",%.4f\n", r->requests, r->cycles, (double)r->latency_sum / done,
            sim_percentile(r, 50), sim_percentile(r, 99), r->latency_max,
            c->tlb_lookups ? (double)c->tlb_hits / c->tlb_lookups : 0,
            c->tlb_misses ? (double)(c->walk_reads + c->config_reads) / c->tlb_misses : 0, c->walks,
            r->cycles ? (double)r->bytes / r->cycles : 0);
    fflush(f);
}

/* A command line for each value, for GNU parallel or an array job: each prints one CSV row. */
static void print_jobs(const SimSweep *sweep, int argc, char **argv)
{
    for (guint i = 0; i < sweep->values->len; i++) {
        uint64_t v = g_array_index(sweep->values, uint64_t, i);

        for (int a = 0; a < argc; a++) {
            g_autofree char *word = g_shell_quote(argv[a]);

            if (!strcmp(argv[a], "--jobs")) {
                continue;
            }
            if (!strcmp(argv[a], "--sweep")) {
                printf(" --sweep '%s=%" PRIu64 "'", sweep->name, v);
                a++;
                continue;
            }
            if (g_str_has_prefix(argv[a], "--sweep=")) {
                printf(" --sweep '%s=%" PRIu64 "'", sweep->name, v);
                continue;
            }
            printf("%s%s", a ? " " : "", word);
        }
        putchar('\n');
    }
}

/* A generator option may be swept as well as a parameter of the profile. */
static bool set_swept(Options *o, IommuProfile *p, const char *name, uint64_t v, char **error)
{
    const struct {
        const char *name;
        uint64_t *value;
    } generator[] = {
        { "pages", &o->generate.pages }, { "streams", &o->generate.streams },
        { "gap", &o->generate.gap }, { "size", &o->generate.size },
        { "count", &o->generate.count }, { "commands", &o->generate.commands },
        { "seed", &o->generate.seed },
    };
    g_autofree char *text = g_strdup_printf("%" PRIu64, v);

    for (unsigned i = 0; i < G_N_ELEMENTS(generator); i++) {
        if (!strcmp(name, generator[i].name)) {
            *generator[i].value = v;
            return true;
        }
    }
    return iommu_profile_set(p, name, text, error) && iommu_profile_check(p, error);
}

static void add_point(GArray *points, uint64_t value, const SimReport *r)
{
    const IommuCounters *c = &r->counters;
    SimPoint p = {
        .value = value,
        .mean = (double)r->latency_sum / MAX(r->requests - r->stalled, 1),
        .median = sim_percentile(r, 50),
        .p99 = sim_percentile(r, 99),
        .hit_rate = c->tlb_lookups ? (double)c->tlb_hits / c->tlb_lookups : 0,
    };

    g_array_append_val(points, p);
}

static bool write_plot(const Options *o, const SimSweep *sweep, const GArray *points, char **error)
{
    FILE *f = open_output(o->plot, error);

    if (f) {
        sim_plot_sweep(f, sweep->name, points);
    }
    return f && close_output(f, o->plot, error);
}

static bool run_sweep(Options *o, const char *trace, const IommuProfile *base,
                      const SimSweep *sweep, char **error)
{
    FILE *csv = open_output(o->csv ? o->csv : "-", error);
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(SimPoint));
    g_autofree char *late = NULL;
    bool ok = csv && writable(o->plot, error);

    for (guint i = 0; ok && i < sweep->values->len; i++) {
        uint64_t v = g_array_index(sweep->values, uint64_t, i);
        IommuProfile p = *base;
        SimRunOptions run = { 0 };
        SimReport r = { 0 };
        SimSource *s = NULL;

        ok = set_swept(o, &p, sweep->name, v, error) && (s = open_source(o, trace, error)) &&
             sim_run(s, &p, &run, &r, error);
        if (ok && !i) {
            fprintf(csv, "%s,%s", sweep->name, csv_head);
        }
        if (ok) {
            csv_row(csv, sweep->name, v, &r);
            add_point(points, v, &r);
        }
        sim_report_clear(&r);
        if (s) {
            s->free(s);
        }
    }
    ok = close_output(csv, o->csv ? o->csv : "-", ok ? error : &late) && ok;
    return ok && (!o->plot || write_plot(o, sweep, points, error));
}

/* ---- command line */

/* An option that would do nothing beside, or without, another one is a mistake. */
static bool options_fit(const Options *o, char **error)
{
    const struct {
        const char *name;
        bool given, fits;
        const char *why;
    } rules[] = {
        { "csv", o->csv, o->sweep, "is for --sweep" },
        { "plot", o->plot, o->sweep, "is for --sweep" },
        { "jobs", o->jobs, o->sweep, "is for --sweep" },
        { "log", o->log, !o->sweep, "is of one run, not for --sweep" },
        { "json", o->json, !o->sweep, "is of one run, not for --sweep" },
        { "html", o->html, !o->sweep, "is of one run, not for --sweep" },
        { "perfetto", o->perfetto, !o->sweep, "is of one run, not for --sweep" },
        { "write-trace", o->write_trace, !o->sweep, "is of one run, not for --sweep" },
        { "log-inputs", o->inputs, o->log, "is for --log" },
        { "log-devices", o->devices, o->log, "is for --log" },
        { "binary", o->binary, o->write_trace, "is for --write-trace" },
        { "setup", o->setup, o->convert, "is for --convert" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].given && !rules[i].fits) {
            *error = g_strdup_printf("--%s %s; see --help", rules[i].name, rules[i].why);
            return false;
        }
    }
    return true;
}

static void print_parameter(void *opaque, const char *name, const char *unit, const char *value)
{
    fprintf(opaque, "%-34s %-10s %s\n", name, value, unit);
}

static bool work(Options *o, const char *trace, int argc, char **argv, char **error)
{
    g_autofree char *why = NULL;
    IommuProfile *p = iommu_profile_open(o->profile, &why);
    SimSweep *sweep = NULL;
    bool ok = p != NULL;

    if (!ok) {
        *error = g_strconcat("profile ", why, NULL);
    }
    for (char **set = o->sets; ok && set && *set; set++) {
        ok = apply_set(p, *set, error);
    }
    ok = ok && iommu_profile_check(p, error);
    if (ok && o->sweep) {
        ok = (sweep = sim_sweep_parse(o->sweep, error)) != NULL;
    }
    if (!ok) {
        /* said already */
    } else if (o->parameters) {
        iommu_profile_each(p, print_parameter, stdout);
    } else if (o->convert) {
        ok = convert(o, trace, error);
    } else if (sweep && o->jobs) {
        print_jobs(sweep, argc, argv);
    } else if (sweep) {
        ok = run_sweep(o, trace, p, sweep, error);
    } else {
        ok = run_once(o, trace, p, error);
    }
    sim_sweep_free(sweep);
    iommu_profile_free(p);
    return ok;
}

static void options_clear(Options *o)
{
    char *words[] = {
        (char *)o->generate.iommu, (char *)o->generate.mode, (char *)o->generate.order, o->profile,
        o->log, o->json, o->html, o->perfetto, o->write_trace, o->sweep, o->csv, o->plot, o->convert,
        o->setup,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        g_free(words[i]);
    }
    g_strfreev(o->sets);
}

int main(int argc, char **argv)
{
    Options o = {
        .generate = {
            .count = 100000, .pages = 512, .streams = 1, .gap = 1, .size = 64, .page_bytes = 4096,
            .seed = 1,
        },
    };
    int64_t count = o.generate.count, pages = o.generate.pages, streams = 1, gap = 1, size = 64;
    int64_t writes = 0, commands = 0, seed = 1;
    gboolean huge = FALSE;
    const GOptionEntry entries[] = {
        { "profile", 'p', 0, G_OPTION_ARG_STRING, &o.profile, "sizes and latencies (default: full)",
          "NAME|FILE" },
        { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.sets, "one parameter of the profile",
          "NAME=VALUE" },
        { "parameters", 0, 0, G_OPTION_ARG_NONE, &o.parameters, "list the parameters and stop", NULL },
        { "log", 'l', 0, G_OPTION_ARG_FILENAME, &o.log, "every event with its cycle", "FILE" },
        { "log-inputs", 0, 0, G_OPTION_ARG_NONE, &o.inputs, "... and every item of the trace", NULL },
        { "log-devices", 0, 0, G_OPTION_ARG_NONE, &o.devices,
          "... and what devices are told: ATS invalidations, page responses", NULL },
        { "json", 'j', 0, G_OPTION_ARG_FILENAME, &o.json, "the summary, for programs", "FILE" },
        { "html", 0, 0, G_OPTION_ARG_FILENAME, &o.html, "a page with pictures", "FILE" },
        { "perfetto", 0, 0, G_OPTION_ARG_FILENAME, &o.perfetto, "Chrome trace JSON", "FILE" },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o.quiet, "no summary", NULL },
        { "sweep", 0, 0, G_OPTION_ARG_STRING, &o.sweep, "run for each value, print CSV",
          "NAME=FROM..TO:xN" },
        { "csv", 0, 0, G_OPTION_ARG_FILENAME, &o.csv, "where the sweep's CSV goes", "FILE" },
        { "plot", 0, 0, G_OPTION_ARG_FILENAME, &o.plot, "a picture of the sweep, as SVG", "FILE" },
        { "convert", 0, 0, G_OPTION_ARG_STRING, &o.convert,
          "make a trace of a log or a script instead of running it", "KIND" },
        { "setup", 0, 0, G_OPTION_ARG_FILENAME, &o.setup,
          "... with the set-up of this trace (default: the generator's)", "TRACE" },
        { "jobs", 0, 0, G_OPTION_ARG_NONE, &o.jobs, "print the sweep's command lines instead", NULL },
        { "write-trace", 'w', 0, G_OPTION_ARG_FILENAME, &o.write_trace, "write what ran as a trace",
          "FILE" },
        { "binary", 'b', 0, G_OPTION_ARG_NONE, &o.binary, "... in the compact form", NULL },
        { "generate", 'g', 0, G_OPTION_ARG_NONE, &o.generator, "make up the requests", NULL },
        { "iommu", 0, 0, G_OPTION_ARG_STRING, &o.generate.iommu, "smmuv3 (default) or vtd", "NAME" },
        { "mode", 0, 0, G_OPTION_ARG_STRING, &o.generate.mode, "bypass, s1 (default), s2, nested",
          "MODE" },
        { "order", 0, 0, G_OPTION_ARG_STRING, &o.generate.order,
          "sequential, random (default), stride, zipf", "ORDER" },
        { "count", 'n', 0, G_OPTION_ARG_INT64, &count, "requests (100000)", "N" },
        { "pages", 0, 0, G_OPTION_ARG_INT64, &pages, "working set of each device (512)", "N" },
        { "huge", 0, 0, G_OPTION_ARG_NONE, &huge, "map with the largest pages that fit", NULL },
        { "streams", 0, 0, G_OPTION_ARG_INT64, &streams, "devices (1)", "N" },
        { "gap", 0, 0, G_OPTION_ARG_INT64, &gap, "cycles between arrivals (1)", "N" },
        { "size", 0, 0, G_OPTION_ARG_INT64, &size, "bytes of a request (64)", "N" },
        { "writes", 0, 0, G_OPTION_ARG_INT64, &writes, "percent of requests (0)", "N" },
        { "commands", 0, 0, G_OPTION_ARG_INT64, &commands, "an invalidation every N requests", "N" },
        { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "of the generator (1)", "N" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_auto(GStrv) original = g_strdupv(argv);
    int original_count = argc;
    g_autoptr(GOptionContext) context = g_option_context_new("[TRACE|-]");
    g_autoptr(GError) err = NULL;
    char *error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, "Runs a trace, or generated requests, through an SMMUv3 or VT-d "
                                 "on a clock.");
    g_option_context_set_description(context, "Examples:\n"
        "  iommu-sim --generate --profile mmu600 --pages 8192 --html out.html\n"
        "  iommu-sim --generate --iommu vtd --mode nested --sweep tlb.entries=64..4096:x2\n"
        "  iommu-sim --generate --sweep pages=16..4096:x2 --jobs | parallel\n"
        "  iommu-sim trace.txt --log events.log\n"
        "  iommu-sim --convert script dma.txt --pages 64 --write-trace dma.trace\n");
    if (!g_option_context_parse(context, &argc, &argv, &err)) {
        fprintf(stderr, "iommu-sim: %s\n", err->message);
        return 1;
    }
    o.profile = o.profile ? o.profile : g_strdup("full");
    o.generate.iommu = o.generate.iommu ? o.generate.iommu : g_strdup("smmuv3");
    o.generate.mode = o.generate.mode ? o.generate.mode : g_strdup("s1");
    o.generate.order = o.generate.order ? o.generate.order : g_strdup("random");
    if (argc > 2 || (argc == 2) == (o.generator || o.parameters)) {
        fputs("iommu-sim: a trace file or --generate is needed, one of them; see --help\n", stderr);
        return 1;
    }
    if (count < 0 || pages < 0 || streams < 0 || gap < 0 || size < 0 || writes < 0 || commands < 0) {
        fputs("iommu-sim: numbers may not be negative\n", stderr);
        return 1;
    }
    o.generate.count = count;
    o.generate.pages = pages;
    o.generate.streams = streams;
    o.generate.gap = gap;
    o.generate.size = size;
    o.generate.writes = writes;
    o.generate.commands = commands;
    o.generate.seed = seed;
    o.generate.page_bytes = huge ? 0 : 4096;
    bool ok = options_fit(&o, &error) &&
              work(&o, argc == 2 ? argv[1] : NULL, original_count, original, &error);

    if (!ok) {
        fprintf(stderr, "iommu-sim: %s\n", error ? error : "failed");
        g_free(error);
    }
    options_clear(&o);
    return !ok;
}

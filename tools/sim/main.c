/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-sim: run a trace or a generator through either IOMMU model on a clock, without QEMU.
 */
#include <string.h>

#include "sim.h"

#define NOT_GIVEN INT64_MIN

typedef struct Options {
    SimGeneratorOptions generate;
    gint64 count, pages, streams, gap, size, writes, commands, seed; /* NOT_GIVEN: as it is */
    gboolean huge;
    char *command; /* line */
    char *iommu, *mode, *order;
    char *profile;
    char **sets;
    char **sweeps; /* one at most is allowed */
    char *sweep;   /* it; NULL: none */
    char *log, *json, *html, *perfetto, *write_trace, *csv, *plot, *convert, *setup;
    gboolean inputs, devices, binary, jobs, no_head, quiet, parameters, generator;
} Options;

static SimSource *open_source(const Options *o, const char *trace, char **error)
{
    return trace ? sim_trace_open(trace, error) : sim_generator_new(&o->generate, error);
}

/* ---- one run */

static bool run_once(const Options *o, const char *trace, const IommuProfile *p, char **error)
{
    SimRunOptions run = { .details = o->html != NULL, .inputs = o->inputs, .devices = o->devices };
    g_autofree char *late = NULL;
    SimSource *s = open_source(o, trace, error);
    SimReport r = { 0 };
    bool ok = s != NULL;

    ok = ok && sim_output_check(o->json, error) && sim_output_check(o->html, error);
    if (ok && o->log) {
        ok = (run.log = sim_output_open(o->log, error)) != NULL;
    }
    if (ok && o->perfetto) {
        ok = (run.perfetto = sim_output_open(o->perfetto, error)) != NULL;
    }
    if (ok && o->write_trace) {
        ok = (run.copy = sim_trace_create(o->write_trace, o->binary, &s->machine, error)) != NULL;
    }
    ok = ok && sim_run(s, p, &run, &r, error);
    if (run.copy && !sim_trace_close(run.copy) && ok) {
        *error = g_strdup_printf("%s: cannot be written", o->write_trace);
        ok = false;
    }
    ok = sim_output_close(run.perfetto, o->perfetto, ok ? error : &late) && ok;
    ok = sim_output_close(run.log, o->log, ok ? error : &late) && ok;
    r.origin = (SimOrigin) {
        .command = o->command, .trace = trace, .generate = trace ? NULL : &o->generate,
    };
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

    setup = o->setup ? sim_trace_open(o->setup, error) : sim_generator_new(&o->generate, error);
    ok = setup && (out = sim_trace_create(o->write_trace, o->binary, &setup->machine, error)) &&
         sim_convert(o->convert, path, setup, o->setup ? 0 : o->generate.streams, out, error);
    if (out && !sim_trace_close(out) && ok) {
        *error = g_strdup_printf("%s: cannot be written", o->write_trace);
        ok = false;
    }
    if (setup) {
        setup->free(setup);
    }
    return ok;
}

/* ---- command line */

/* The generator's numbers: what --help calls them, and where they go. */
#define NUMBERS(X) X(count) X(pages) X(streams) X(gap) X(size) X(writes) X(commands) X(seed)

static bool take_numbers(Options *o, char **error)
{
    const struct {
        const char *name;
        gint64 value;
        uint64_t *to;
    } numbers[] = {
#define X(name) { #name, o->name, &o->generate.name },
        NUMBERS(X)
#undef X
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (numbers[i].value == NOT_GIVEN) {
            continue;
        }
        if (numbers[i].value < 0) {
            *error = g_strdup_printf("--%s %" G_GINT64_FORMAT ": a number may not be negative",
                                     numbers[i].name, numbers[i].value);
            return false;
        }
        *numbers[i].to = numbers[i].value;
    }
    return true;
}

typedef struct Rule {
    const char *name;
    bool given, fits;
    const char *why;
} Rule;

/* An option that would do nothing beside, or without, another one is a mistake. */
static bool options_fit(const Options *o, char **error)
{
    bool generates = o->generator || (o->convert && !o->setup);
    const char *generator = o->convert ? "is of the generator's set-up, not beside --setup"
                                       : "is for --generate";
    bool one = !o->sweep && !o->convert && !o->parameters;
    const char *run = o->sweep ? "is of one run, not for --sweep"
                               : o->convert ? "is of a run, not for --convert"
                                            : "is of a run, not for --parameters";
    const Rule rules[] = {
        { "csv", o->csv, o->sweep && !o->jobs, "is for --sweep, and not for --jobs" },
        { "plot", o->plot, o->sweep && !o->jobs, "is for --sweep, and not for --jobs" },
        { "jobs", o->jobs, o->sweep, "is for --sweep" },
        { "no-head", o->no_head, o->sweep, "is for --sweep" },
        { "log", o->log, one, run },
        { "json", o->json, one, run },
        { "html", o->html, one, run },
        { "perfetto", o->perfetto, one, run },
        { "write-trace", o->write_trace, one || o->convert, run },
        { "quiet", o->quiet, one, run },
        { "log-inputs", o->inputs, o->log, "is for --log" },
        { "log-devices", o->devices, o->log, "is for --log" },
        { "binary", o->binary, o->write_trace, "is for --write-trace" },
        { "setup", o->setup, o->convert, "is for --convert" },
        { "convert", o->convert, o->write_trace, "needs --write-trace, which says where to" },
        { "convert", o->convert, !o->sweep && !o->parameters, "is neither swept nor listed" },
        { "generate", o->generator, !o->convert, "is not for --convert, which needs a file" },
        { "generate", o->generator, !o->parameters, "is of runs, not for --parameters" },
        { "sweep", o->sweep && o->sweeps[1], false, "can be given once only" },
        { "sweep", o->sweep, !o->parameters, "is of runs, not for --parameters" },
        { "profile", o->profile, !o->convert, "is of a run, not for --convert" },
        { "set", o->sets, !o->convert, "is of a run, not for --convert" },
        { "iommu", o->iommu, generates, generator },
        { "mode", o->mode, generates, generator },
        { "order", o->order, generates, generator },
        { "huge", o->huge, generates, generator },
#define X(name) { #name, o->name != NOT_GIVEN, generates, generator },
        NUMBERS(X)
#undef X
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].given && !rules[i].fits) {
            *error = g_strdup_printf("--%s %s; see --help", rules[i].name, rules[i].why);
            return false;
        }
    }
    return true;
}

/*
 * Standard output takes one of the outputs, and then no summary. A sweep's table goes there if no
 * file is named.
 */
static bool one_standard_output(Options *o, char **error)
{
    const char *csv = o->sweep && !o->jobs && !o->csv ? "-" : o->csv;
    const struct {
        const char *name, *path;
    } outputs[] = {
        { "log", o->log }, { "json", o->json }, { "html", o->html }, { "perfetto", o->perfetto },
        { "write-trace", o->write_trace }, { "csv", csv }, { "plot", o->plot },
    };
    const char *first = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(outputs); i++) {
        if (g_strcmp0(outputs[i].path, "-")) {
            continue;
        }
        if (first) {
            *error = g_strdup_printf("--%s -: standard output is taken by --%s", outputs[i].name,
                                     first);
            return false;
        }
        first = outputs[i].name;
        o->quiet = true;
    }
    return true;
}

/* An output would destroy what is read, or what another one writes. */
static bool files_apart(const Options *o, const char *trace, const SimSweep *sweep, char **error)
{
    bool named = sim_profile_is_named(o->profile);
    const SimFile files[] = {
        { o->convert ? "the file to convert" : "the trace", trace, false },
        { "--setup", o->setup, false }, { "--profile", named ? NULL : o->profile, false },
        { "--log", o->log, true }, { "--json", o->json, true }, { "--html", o->html, true },
        { "--perfetto", o->perfetto, true }, { "--write-trace", o->write_trace, true },
        { "--csv", o->csv, true }, { "--plot", o->plot, true },
    };
    bool profiles = sweep && !strcmp(sweep->name, "profile");

    for (guint i = 0; profiles && i < sweep->values->len; i++) {
        const char *value = g_ptr_array_index(sweep->values, i);
        SimFile read[] = {
            { "--csv", o->csv, true }, { "--plot", o->plot, true }, { "--sweep", value, false },
        };

        if (!sim_profile_is_named(value) &&
            !sim_files_apart(read, G_N_ELEMENTS(read), error)) {
            return false;
        }
    }
    return sim_files_apart(files, G_N_ELEMENTS(files), error);
}

/* What is swept is not given as well: that would do nothing. */
static bool sweep_fits(const Options *o, const SimSweep *sweep, bool profile_given, char **error)
{
    const struct {
        const char *name;
        bool given;
    } options[] = {
        { "profile", profile_given }, { "iommu", o->iommu }, { "mode", o->mode },
        { "order", o->order },
#define X(name) { #name, o->name != NOT_GIVEN },
        NUMBERS(X)
#undef X
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        if (options[i].given && !strcmp(options[i].name, sweep->name)) {
            *error = g_strdup_printf("--%s does nothing where --sweep %s= says it for each run",
                                     sweep->name, sweep->name);
            return false;
        }
    }
    for (char **set = o->sets; set && *set; set++) {
        size_t length = strlen(sweep->name);

        if (!strncmp(*set, sweep->name, length) && (*set)[length] == '=') {
            *error = g_strdup_printf("--set %s does nothing where --sweep %s= says it for each run",
                                     *set, sweep->name);
            return false;
        }
    }
    return true;
}

static bool work(Options *o, const char *trace, int argc, char **argv, char **error)
{
    g_autofree char *why = NULL;
    bool profile_given = o->profile != NULL;
    IommuProfile *p;
    SimSweep *sweep = NULL;
    bool ok;

    o->profile = o->profile ? o->profile : g_strdup("full");
    p = iommu_profile_open(o->profile, &why);
    ok = p != NULL;

    if (!ok) {
        *error = g_strconcat("profile ", why, NULL);
    }
    ok = ok && sim_profile_set_all(p, o->sets, error) && iommu_profile_check(p, error);
    if (ok && o->sweep) {
        ok = (sweep = sim_sweep_parse(o->sweep, error)) != NULL &&
             sweep_fits(o, sweep, profile_given, error);
    }
    ok = ok && files_apart(o, trace, sweep, error);
    if (!ok) {
        /* said already */
    } else if (o->parameters) {
        sim_profile_print(p, stdout);
    } else if (o->convert) {
        ok = convert(o, trace, error);
    } else if (sweep) {
        SimSweepRun run = {
            .sweep = sweep, .profile = p, .sets = o->sets, .command = o->command, .trace = trace,
            .generate = o->generate, .csv = o->csv, .plot = o->plot, .head = !o->no_head,
        };

        ok = o->jobs ? sim_sweep_jobs(&run, argc, argv, error) : sim_sweep_run(&run, error);
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
        o->command, o->iommu, o->mode, o->order, o->profile, o->log, o->json, o->html, o->perfetto,
        o->write_trace, o->csv, o->plot, o->convert, o->setup,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        g_free(words[i]);
    }
    g_strfreev(o->sets);
    g_strfreev(o->sweeps);
}

static char *command_line(int argc, char **argv)
{
    GString *out = g_string_new("iommu-sim");
    char *word;

    for (int a = 1; a < argc; a++) {
        bool plain = argv[a][strspn(argv[a], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789-_.,:=/+")] == 0;

        word = plain && *argv[a] ? g_strdup(argv[a]) : g_shell_quote(argv[a]);
        g_string_append_printf(out, " %s", word);
        g_free(word);
    }
    word = g_utf8_make_valid(out->str, out->len);
    g_string_free(out, TRUE);
    return word;
}

int main(int argc, char **argv)
{
    Options o = {
        .generate = {
            .iommu = "smmuv3", .mode = "s1", .order = "random", .count = 100000, .pages = 512,
            .streams = 1, .gap = 1, .size = 64, .page_bytes = 4096, .seed = 1,
        },
#define X(name) .name = NOT_GIVEN,
        NUMBERS(X)
#undef X
    };
    const GOptionEntry entries[] = {
        { "profile", 'p', 0, G_OPTION_ARG_STRING, &o.profile, "sizes and latencies (default: full)",
          "NAME|FILE" },
        { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.sets, "one parameter of the profile",
          "NAME=VALUE" },
        { "parameters", 0, 0, G_OPTION_ARG_NONE, &o.parameters, "list the parameters and stop",
          NULL },
        { "log", 'l', 0, G_OPTION_ARG_FILENAME, &o.log, "every event with its cycle", "FILE" },
        { "log-inputs", 0, 0, G_OPTION_ARG_NONE, &o.inputs, "... and every item of the trace",
          NULL },
        { "log-devices", 0, 0, G_OPTION_ARG_NONE, &o.devices,
          "... and what devices are told: ATS invalidations, page responses", NULL },
        { "json", 'j', 0, G_OPTION_ARG_FILENAME, &o.json, "the summary, for programs", "FILE" },
        { "html", 0, 0, G_OPTION_ARG_FILENAME, &o.html, "a page with pictures", "FILE" },
        { "perfetto", 0, 0, G_OPTION_ARG_FILENAME, &o.perfetto, "Chrome trace JSON", "FILE" },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o.quiet, "no summary", NULL },
        { "sweep", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.sweeps,
          "run for each value, print CSV", "NAME=VALUES" },
        { "csv", 0, 0, G_OPTION_ARG_FILENAME, &o.csv, "where the sweep's CSV goes", "FILE" },
        { "no-head", 0, 0, G_OPTION_ARG_NONE, &o.no_head, "... without the line of names", NULL },
        { "plot", 0, 0, G_OPTION_ARG_FILENAME, &o.plot, "a picture of the sweep, as SVG", "FILE" },
        { "convert", 0, 0, G_OPTION_ARG_STRING, &o.convert,
          "make a trace of a log or a script instead of running it", "KIND" },
        { "setup", 0, 0, G_OPTION_ARG_FILENAME, &o.setup,
          "... with the set-up of this trace (default: the generator's)", "TRACE" },
        { "jobs", 0, 0, G_OPTION_ARG_NONE, &o.jobs, "print the sweep's command lines instead",
          NULL },
        { "write-trace", 'w', 0, G_OPTION_ARG_FILENAME, &o.write_trace, "write what ran as a trace",
          "FILE" },
        { "binary", 'b', 0, G_OPTION_ARG_NONE, &o.binary, "... in the compact form", NULL },
        { "generate", 'g', 0, G_OPTION_ARG_NONE, &o.generator, "make up the requests", NULL },
        { "iommu", 0, 0, G_OPTION_ARG_STRING, &o.iommu, "smmuv3 (default) or vtd", "NAME" },
        { "mode", 0, 0, G_OPTION_ARG_STRING, &o.mode, "bypass, s1 (default), s2, nested",
          "MODE" },
        { "order", 0, 0, G_OPTION_ARG_STRING, &o.order,
          "sequential, random (default), stride (of 17 pages), zipf", "ORDER" },
        { "count", 'n', 0, G_OPTION_ARG_INT64, &o.count, "requests (100000)", "N" },
        { "pages", 0, 0, G_OPTION_ARG_INT64, &o.pages, "working set of each device (512)", "N" },
        { "huge", 0, 0, G_OPTION_ARG_NONE, &o.huge, "map with the largest pages that fit", NULL },
        { "streams", 0, 0, G_OPTION_ARG_INT64, &o.streams, "devices (1)", "N" },
        { "gap", 0, 0, G_OPTION_ARG_INT64, &o.gap, "cycles between arrivals (1)", "N" },
        { "size", 0, 0, G_OPTION_ARG_INT64, &o.size, "bytes of a request (64)", "N" },
        { "writes", 0, 0, G_OPTION_ARG_INT64, &o.writes, "percent of requests (0)", "N" },
        { "commands", 0, 0, G_OPTION_ARG_INT64, &o.commands,
          "an invalidation every N requests (none)", "N" },
        { "seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "of the generator (1)", "N" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_auto(GStrv) original = g_strdupv(argv);
    int original_count = argc;
    g_autoptr(GOptionContext) context = g_option_context_new("[TRACE|-]");
    g_autoptr(GError) err = NULL;
    char *error = NULL, *late = NULL;
    bool ok, dashes;
    int files;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, "Runs a trace, or generated requests, through an SMMUv3 "
                                 "or VT-d on a clock.");
    g_option_context_set_description(context, "Examples:\n"
        "  iommu-sim --generate --profile mmu600 --pages 8192 --html out.html\n"
        "  iommu-sim --generate --iommu vtd --mode nested --sweep tlb.entries=64..4096:x2\n"
        "  iommu-sim --generate --sweep pages=16..4096:x2 --jobs | parallel\n"
        "  iommu-sim --generate --sweep profile=full,mmu600,gem5 --csv table.csv --plot plot.svg\n"
        "  iommu-sim trace.txt --log events.log\n"
        "  iommu-sim --convert script dma.txt --pages 64 --write-trace dma.trace\n\n"
        "VALUES are FROM..TO:xN, FROM..TO:+N or A,B,C. FILE may be -. docs/specs/iommu-sim.rst "
        "tells more.\n");
    if (!g_option_context_parse(context, &argc, &argv, &err)) {
        fprintf(stderr, "iommu-sim: %s\n", err->message);
        return 1;
    }
    o.sweep = o.sweeps ? o.sweeps[0] : NULL;
    ok = take_numbers(&o, &error) && options_fit(&o, &error) && one_standard_output(&o, &error);
    /* GLib leaves "--" where a name begins with a dash. */
    dashes = argc > 1 && !strcmp(argv[1], "--");
    files = argc - 1 - dashes;
    if (ok && (files > 1 || (files == 1) == (o.generator || o.parameters))) {
        error = g_strdup(o.convert ? "--convert: one file to convert is needed"
                         : "a trace file or --generate is needed, one of them; see --help");
        ok = false;
    }
    o.command = command_line(original_count, original);
    o.generate.iommu = o.iommu ? o.iommu : o.generate.iommu;
    o.generate.mode = o.mode ? o.mode : o.generate.mode;
    o.generate.order = o.order ? o.order : o.generate.order;
    o.generate.page_bytes = o.huge ? 0 : 4096;
    ok = ok && work(&o, files ? argv[1 + dashes] : NULL, original_count, original, &error);
    ok = sim_output_close(stdout, "-", ok ? &error : &late) && ok;
    g_free(late);
    sim_outputs_end(ok);
    if (!ok) {
        fprintf(stderr, "iommu-sim: %s\n", error ? error : "failed");
        g_free(error);
    }
    options_clear(&o);
    return !ok;
}

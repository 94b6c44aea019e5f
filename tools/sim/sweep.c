/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameter sweeps: "NAME=FROM..TO:xN", "NAME=FROM..TO:+N", "NAME=A,B,C"; one run for each value,
 * or a command line for each.
 */
#include <string.h>

#include "sim.h"

#define MOST_VALUES 1000u

/* ---- values */

static void add(GPtrArray *values, uint64_t v)
{
    g_ptr_array_add(values, g_strdup_printf("%" PRIu64, v));
}

static bool parse_range(const char *text, GPtrArray *values)
{
    uint64_t from, to, step;
    char how;

    if (!sim_number_prefix(&text, &from) || !g_str_has_prefix(text, "..")) {
        return false;
    }
    text += 2;
    if (!sim_number_prefix(&text, &to) || text[0] != ':' || (text[1] != 'x' && text[1] != '+')) {
        return false;
    }
    how = text[1];
    text += 2;
    if (!sim_number_prefix(&text, &step) || *text || (how == 'x' ? step < 2 || !from : !step)) {
        return false;
    }
    /* One more than are allowed, so that this can be told. */
    for (uint64_t v = from; v <= to && values->len <= MOST_VALUES;
         v = how == 'x' ? v * step : v + step) {
        add(values, v);
        if (how == 'x' ? v > to / step : v > to - MIN(step, to)) {
            break;
        }
    }
    return values->len > 0;
}

/* Words; what they must be, the parameter knows. */
static bool parse_list(const char *text, GPtrArray *values)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (char **w = words; *w; w++) {
        if (!**w) {
            return false;
        }
        g_ptr_array_add(values, g_strdup(*w));
    }
    return values->len > 0;
}

SimSweep *sim_sweep_parse(const char *text, char **error)
{
    const char *equals = strchr(text, '=');
    SimSweep *s = g_new0(SimSweep, 1);
    bool range = equals && strstr(equals, "..");

    s->values = g_ptr_array_new_with_free_func(g_free);
    if (!equals || !(range ? parse_range : parse_list)(equals + 1, s->values)) {
        *error = g_strdup_printf("--sweep '%s': %s is allowed", text, range
                                 ? "FROM..TO:xN with 1 <= FROM <= TO and N >= 2, or FROM..TO:+N "
                                   "with FROM <= TO and N >= 1"
                                 : "NAME=FROM..TO:xN, NAME=FROM..TO:+N or NAME=A,B,C");
        sim_sweep_free(s);
        return NULL;
    }
    if (s->values->len > MOST_VALUES) {
        *error = g_strdup_printf("--sweep '%.60s': %u values at most are allowed", text,
                                 MOST_VALUES);
        sim_sweep_free(s);
        return NULL;
    }
    s->name = g_strndup(text, equals - text);
    return s;
}

void sim_sweep_free(SimSweep *s)
{
    if (s) {
        g_ptr_array_unref(s->values);
        g_free(s->name);
        g_free(s);
    }
}

static const char *value_at(const SimSweepRun *s, guint i)
{
    return g_ptr_array_index(s->sweep->values, i);
}

/* What one value makes of everything. */
typedef struct Setting {
    SimGeneratorOptions generate;
    IommuProfile profile;
    IommuProfile *opened; /* which its name belongs to; NULL: SimSweepRun.profile */
} Setting;

static void setting_clear(Setting *to)
{
    if (to->opened) {
        iommu_profile_free(to->opened);
    }
}

static bool set_profile(const SimSweepRun *s, const char *value, Setting *to, char **error)
{
    g_autofree char *why = NULL;

    to->opened = iommu_profile_open(value, &why);
    if (!to->opened) {
        *error = g_strconcat("profile ", why, NULL);
        return false;
    }
    to->profile = *to->opened;
    return sim_profile_set_all(&to->profile, s->sets, error);
}

/* False with *@error; false without: @name is none of the generator's. */
static bool set_generator(const char *name, const char *value, SimGeneratorOptions *o,
                          char **error)
{
    const struct {
        const char *name;
        uint64_t *number;
        const char **word;
    } options[] = {
        { "pages", &o->pages, NULL }, { "streams", &o->streams, NULL }, { "gap", &o->gap, NULL },
        { "size", &o->size, NULL }, { "writes", &o->writes, NULL }, { "count", &o->count, NULL },
        { "commands", &o->commands, NULL }, { "seed", &o->seed, NULL },
        { "iommu", NULL, &o->iommu }, { "mode", NULL, &o->mode }, { "order", NULL, &o->order },
    };
    unsigned i = 0;

    while (i < G_N_ELEMENTS(options) && strcmp(name, options[i].name)) {
        i++;
    }
    if (i == G_N_ELEMENTS(options)) {
        return false;
    }
    if (options[i].word) {
        *options[i].word = value;
    } else if (!sim_number(value, options[i].number)) {
        *error = g_strdup_printf("--sweep '%s': a number is expected for each value", name);
        return false;
    }
    return sim_generator_check(o, error);
}

/* A generator option may be swept as well as a parameter of the profile, or the profile. */
static bool set_value(const SimSweepRun *s, const char *value, Setting *to, char **error)
{
    const char *name = s->sweep->name;

    *to = (Setting) { .generate = s->generate, .profile = *s->profile };
    if (!strcmp(name, "profile")) {
        return set_profile(s, value, to, error) && iommu_profile_check(&to->profile, error);
    }
    if (set_generator(name, value, &to->generate, error)) {
        if (s->trace) {
            *error = g_strdup_printf("--sweep '%s': is the generator's, and '%s' is a trace", name,
                                     s->trace);
        }
        return !s->trace;
    }
    return !*error && sim_profile_set(&to->profile, name, value, error) &&
           iommu_profile_check(&to->profile, error);
}

static bool set_any(const SimSweepRun *s, char **error)
{
    if (s->trace && !strcmp(s->trace, "-")) {
        *error = g_strdup("--sweep: a trace from standard input can be played only once");
        return false;
    }
    for (guint i = 0; i < s->sweep->values->len; i++) {
        Setting to;
        bool ok = set_value(s, value_at(s, i), &to, error);

        setting_clear(&to);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* ---- runs */

static const char csv_head[] = "requests,cycles,latency_mean,latency_median,latency_p99,"
                               "latency_max,tlb_hit_rate,reads_per_miss,walks,bytes_per_cycle\n";

static void csv_row(FILE *f, const char *value, const SimReport *r)
{
    fprintf(f, "%s,%" PRIu64 ",%" PRIu64 ",%.4f,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.6f,"
            "%.4f,%" PRIu64 ",%.4f\n", value, r->requests, r->cycles, sim_mean_latency(r),
            sim_percentile(r, 50), sim_percentile(r, 99), r->latency_max, sim_hit_rate(r),
            sim_reads_per_miss(r), r->counters.walks, sim_ratio(r->bytes, r->cycles));
    fflush(f);
}

static void add_point(GArray *points, const char *value, const SimReport *r)
{
    SimPoint p = {
        .value = value, .mean = sim_mean_latency(r), .median = sim_percentile(r, 50),
        .p99 = sim_percentile(r, 99), .hit_rate = sim_hit_rate(r),
    };

    g_array_append_val(points, p);
}

static bool run_value(const SimSweepRun *s, const char *value, SimReport *r, char **error)
{
    SimRunOptions run = { 0 };
    SimSource *source = NULL;
    Setting to;
    bool ok = set_value(s, value, &to, error);

    if (ok) {
        source = s->trace ? sim_trace_open(s->trace, error)
                          : sim_generator_new(&to.generate, error);
    }
    ok = source && sim_run(source, &to.profile, &run, r, error);
    if (source) {
        source->free(source);
    }
    setting_clear(&to);
    return ok;
}

static bool write_plot(const SimSweepRun *s, const GArray *points, char **error)
{
    FILE *f = sim_output_open(s->plot, error);

    if (f) {
        sim_plot_sweep(f, s->sweep->name, s->command, points);
    }
    return f && sim_output_close(f, s->plot, error);
}

bool sim_sweep_run(const SimSweepRun *s, char **error)
{
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(SimPoint));
    const char *path = s->csv ? s->csv : "-";
    g_autofree char *late = NULL;
    FILE *csv = NULL;
    bool ok = set_any(s, error) && sim_output_check(s->plot, error) &&
              (csv = sim_output_open(path, error)) != NULL;

    for (guint i = 0; ok && i < s->sweep->values->len; i++) {
        SimReport r = { 0 };

        ok = run_value(s, value_at(s, i), &r, error);
        if (ok && !i && s->head) {
            fprintf(csv, "%s,%s", s->sweep->name, csv_head);
        }
        if (ok) {
            csv_row(csv, value_at(s, i), &r);
            add_point(points, value_at(s, i), &r);
        }
        sim_report_clear(&r);
    }
    ok = sim_output_close(csv, path, ok ? error : &late) && ok;
    return ok && (!s->plot || write_plot(s, points, error));
}

/* ---- command lines, for a shell, GNU parallel or an array job */

bool sim_sweep_jobs(const SimSweepRun *s, int argc, char **argv, char **error)
{
    if (!set_any(s, error)) {
        return false;
    }
    for (guint i = 0; i < s->sweep->values->len; i++) {
        g_autofree char *sweep = g_strdup_printf("%s=%s", s->sweep->name, value_at(s, i));
        bool options = true; /* behind "--" there are none */

        for (int a = 0; a < argc; a++) {
            bool apart = !strcmp(argv[a], "--sweep");
            bool swept = options && (apart || g_str_has_prefix(argv[a], "--sweep="));
            g_autofree char *word = g_shell_quote(swept ? sweep : argv[a]);

            if (options && !strcmp(argv[a], "--jobs")) {
                continue;
            }
            if (swept) {
                printf(" --sweep %s%s", word, i && s->head ? " --no-head" : "");
                a += apart;
                continue;
            }
            options = options && strcmp(argv[a], "--");
            printf("%s%s", a ? " " : "", word);
        }
        putchar('\n');
    }
    return true;
}

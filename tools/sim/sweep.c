/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameter sweeps: "NAME=FROM..TO:xN", "NAME=FROM..TO:+N", "NAME=A,B,C"; one run for each value,
 * or a command line for each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define MOST_VALUES 1000u

/* ---- values */

static bool number(const char **text, uint64_t *v)
{
    char *end;

    errno = 0;
    *v = strtoull(*text, &end, 0);
    if (!g_ascii_isdigit(**text) || errno) {
        return false;
    }
    *text = end;
    return true;
}

static bool parse_range(const char *text, GArray *values)
{
    uint64_t from, to, step;
    char how;

    if (!number(&text, &from) || !g_str_has_prefix(text, "..")) {
        return false;
    }
    text += 2;
    if (!number(&text, &to) || text[0] != ':' || (text[1] != 'x' && text[1] != '+')) {
        return false;
    }
    how = text[1];
    text += 2;
    if (!number(&text, &step) || *text || (how == 'x' ? step < 2 || !from : !step)) {
        return false;
    }
    /* One more than are allowed, so that this can be told. */
    for (uint64_t v = from; v <= to && values->len <= MOST_VALUES;
         v = how == 'x' ? v * step : v + step) {
        g_array_append_val(values, v);
        if (how == 'x' ? v > to / step : v > to - MIN(step, to)) {
            break;
        }
    }
    return values->len > 0;
}

static bool parse_list(const char *text, GArray *values)
{
    for (;; text++) {
        uint64_t v;

        if (!number(&text, &v)) {
            return false;
        }
        g_array_append_val(values, v);
        if (*text != ',') {
            return !*text;
        }
    }
}

SimSweep *sim_sweep_parse(const char *text, char **error)
{
    const char *equals = strchr(text, '=');
    SimSweep *s = g_new0(SimSweep, 1);

    s->values = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    if (!equals || (!parse_range(equals + 1, s->values) &&
                    (g_array_set_size(s->values, 0), !parse_list(equals + 1, s->values)))) {
        *error = g_strdup_printf("--sweep '%s': NAME=FROM..TO:xN, NAME=FROM..TO:+N or NAME=A,B,C "
                                 "is allowed", text);
        sim_sweep_free(s);
        return NULL;
    }
    if (s->values->len > MOST_VALUES) {
        *error = g_strdup_printf("--sweep '%s': %u values at most are allowed", text, MOST_VALUES);
        sim_sweep_free(s);
        return NULL;
    }
    s->name = g_strndup(text, equals - text);
    return s;
}

void sim_sweep_free(SimSweep *s)
{
    if (s) {
        g_array_unref(s->values);
        g_free(s->name);
        g_free(s);
    }
}

static uint64_t value_at(const SimSweepRun *s, guint i)
{
    return g_array_index(s->sweep->values, uint64_t, i);
}

/* A generator option may be swept as well as a parameter of the profile. */
static bool set_value(const SimSweepRun *s, uint64_t v, SimGeneratorOptions *o, IommuProfile *p,
                      char **error)
{
    const struct {
        const char *name;
        uint64_t *value;
    } generator[] = {
        { "pages", &o->pages }, { "streams", &o->streams }, { "gap", &o->gap },
        { "size", &o->size }, { "writes", &o->writes }, { "count", &o->count },
        { "commands", &o->commands }, { "seed", &o->seed },
    };
    const char *name = s->sweep->name;
    g_autofree char *text = g_strdup_printf("%" PRIu64, v);

    *o = s->generate;
    *p = *s->profile;
    for (unsigned i = 0; i < G_N_ELEMENTS(generator); i++) {
        if (strcmp(name, generator[i].name)) {
            continue;
        }
        if (s->trace) {
            *error = g_strdup_printf("--sweep '%s': is the generator's, and '%s' is a trace", name,
                                     s->trace);
            return false;
        }
        *generator[i].value = v;
        return true;
    }
    return iommu_profile_set(p, name, text, error) && iommu_profile_check(p, error);
}

static bool set_any(const SimSweepRun *s, char **error)
{
    if (s->trace && !strcmp(s->trace, "-")) {
        *error = g_strdup("--sweep: a trace from standard input can be played only once");
        return false;
    }
    for (guint i = 0; i < s->sweep->values->len; i++) {
        SimGeneratorOptions o;
        IommuProfile p;

        if (!set_value(s, value_at(s, i), &o, &p, error)) {
            return false;
        }
    }
    return true;
}

/* ---- runs */

static const char csv_head[] = "requests,cycles,latency_mean,latency_median,latency_p99,"
                               "latency_max,tlb_hit_rate,reads_per_miss,walks,bytes_per_cycle\n";

static void csv_row(FILE *f, uint64_t value, const SimReport *r)
{
    const IommuCounters *c = &r->counters;
    uint64_t done = MAX(r->requests - r->stalled, 1);

    fprintf(f, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.4f,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.6f,"
            "%.4f,%" PRIu64 ",%.4f\n", value, r->requests, r->cycles,
            (double)r->latency_sum / done, sim_percentile(r, 50), sim_percentile(r, 99),
            r->latency_max, c->tlb_lookups ? (double)c->tlb_hits / c->tlb_lookups : 0,
            c->tlb_misses ? (double)(c->walk_reads + c->config_reads) / c->tlb_misses : 0, c->walks,
            r->cycles ? (double)r->bytes / r->cycles : 0);
    fflush(f);
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

static bool run_value(const SimSweepRun *s, uint64_t v, SimReport *r, char **error)
{
    SimRunOptions run = { 0 };
    SimGeneratorOptions o;
    SimSource *source;
    IommuProfile p;
    bool ok;

    if (!set_value(s, v, &o, &p, error)) {
        return false;
    }
    source = s->trace ? sim_trace_open(s->trace, error) : sim_generator_new(&o, error);
    ok = source && sim_run(source, &p, &run, r, error);
    if (source) {
        source->free(source);
    }
    return ok;
}

static bool write_plot(const SimSweepRun *s, const GArray *points, char **error)
{
    FILE *f = sim_output_open(s->plot, error);

    if (f) {
        sim_plot_sweep(f, s->sweep->name, points);
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
        g_autofree char *sweep = g_strdup_printf("%s=%" PRIu64, s->sweep->name, value_at(s, i));

        for (int a = 0; a < argc; a++) {
            bool swept = !strcmp(argv[a], "--sweep");
            g_autofree char *word =
                g_shell_quote(swept || g_str_has_prefix(argv[a], "--sweep=") ? sweep : argv[a]);

            if (!strcmp(argv[a], "--jobs")) {
                continue;
            }
            if (swept || g_str_has_prefix(argv[a], "--sweep=")) {
                printf(" --sweep %s", word);
                a += swept;
                continue;
            }
            printf("%s%s", a ? " " : "", word);
        }
        puts(i && s->head ? " --no-head" : "");
    }
    return true;
}

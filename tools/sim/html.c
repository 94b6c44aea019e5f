/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One self-contained page: latency histogram, hit rates, load and occupancy against time, and the
 * slowest requests drawn stage by stage. SVG only; no script.
 */
#include <stdlib.h>

#include "chart.h"
#include "page.h"

#define WIDE 900
#define HALF 450
#define HIGH 180
#define LOW 70

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:960px;padding:0 1em;"
    "color:#222;background:#fff}h1{font-size:1.5em}h2{font-size:1.15em;margin:1.6em 0 .3em}"
    ".command{overflow-wrap:anywhere;font-size:13px}pre{overflow-x:auto}"
    "table{border-collapse:collapse}td,th{padding:.15em .9em .15em 0;text-align:right}"
    "th:first-child,td:first-child{text-align:left}.bar{fill:#3b7dd8}"
    ".charts{display:flex;flex-wrap:wrap}.charts p{margin:.6em 0 0 60px}"
    "@media(prefers-color-scheme:dark){body{background:#181a1d;color:#ddd}}";

static void escape(FILE *f, const char *text)
{
    g_autofree char *safe = g_markup_escape_text(text, -1);

    fputs(safe, f);
}

/* ---- histogram: latencies in up to 80 bars of equal width */

#define BARS 80

typedef struct Histogram {
    uint64_t first, width;
    uint64_t bars[BARS];
    uint64_t most;
} Histogram;

static void add_bar(void *opaque, uint64_t cycles, uint64_t n)
{
    Histogram *h = opaque;
    uint64_t i = (cycles - h->first) / h->width;

    i = MIN(i, BARS - 1);
    h->bars[i] += n;
    h->most = MAX(h->most, h->bars[i]);
}

static void histogram(FILE *f, const SimReport *r)
{
    /* The longest two hundredths would squeeze all others: they go into the last bar. */
    uint64_t last = MAX(sim_percentile(r, 99.5), r->latency_min + 1);
    Histogram h = {
        .first = r->latency_min,
        .width = (last - r->latency_min) / (BARS - 1) + 1,
    };
    Chart c;

    sim_each_latency(r, add_bar, &h);
    fputs("<h2>Latency</h2>", f);
    c = chart_begin(f, WIDE, HIGH, h.first, h.first + h.width * BARS, h.most, "requests",
                    "cycles; what is longer is in the last bar");
    for (int i = 0; i < BARS; i++) {
        uint64_t from = h.first + i * h.width;
        double y = chart_y(&c, h.bars[i]), x = chart_x(&c, from);

        if (h.bars[i]) {
            fprintf(f, "<rect class=bar x=%.1f y=%.1f width=%.1f height=%.1f><title>%" PRIu64
                    " requests, %" PRIu64 " to %" PRIu64 " cycles</title></rect>", x,
                    MIN(y, c.top + c.height - 0.5), c.width / BARS - 1,
                    MAX(c.top + c.height - y, 0.5), h.bars[i], from,
                    i == BARS - 1 ? MAX(r->latency_max, from) : from + h.width - 1);
        }
    }
    chart_end(&c);
}

/* ---- curves */

typedef struct Curves {
    const SimReport *r;
    const SimWindow *windows;
    unsigned n;
    double x[SIM_WINDOWS]; /* the middle of each window */
    double length[SIM_WINDOWS];
} Curves;

static void curves_init(Curves *v, const SimReport *r)
{
    unsigned lg2 = r->curves->window_lg2;
    uint64_t n = (MAX(r->cycles, 1) - 1) >> lg2;

    *v = (Curves) { .r = r, .windows = r->curves->windows, .n = MIN(n + 1, SIM_WINDOWS) };
    for (unsigned i = 0; i < v->n; i++) {
        uint64_t begin = (uint64_t)i << lg2, end = MIN(begin + (1ull << lg2), MAX(r->cycles, 1));

        v->x[i] = (begin + end) / 2.0;
        v->length[i] = end - begin;
    }
}

static Chart begin(FILE *f, const Curves *v, double width, double height, double most,
                   const char *unit)
{
    return chart_begin(f, width, height, 0, v->r->cycles, most, unit, "cycle");
}

static void hit_rates(FILE *f, const Curves *v)
{
    const char *names[SIM_CACHES];
    unsigned colours[SIM_CACHES], used = 0;
    Chart c;

    for (unsigned i = 0; i < SIM_CACHES; i++) {
        if (sim_lookups(&v->r->counters, i).lookups) {
            names[used] = sim_cache_name(i);
            colours[used++] = i;
        }
    }
    if (!used) {
        return;
    }
    fputs("<h2>Hit rates</h2>", f);
    chart_legend(f, names, colours, used);
    c = begin(f, v, WIDE, HIGH, 100, "percent of lookups");
    for (unsigned i = 0; i < used; i++) {
        double y[SIM_WINDOWS];

        for (unsigned w = 0; w < v->n; w++) {
            const SimLookups *l = &v->windows[w].caches[colours[i]];

            y[w] = l->lookups ? 100.0 * l->hits / l->lookups : -1;
        }
        chart_curve(&c, colours[i], v->x, y, v->n, names[i]);
    }
    chart_end(&c);
}

static void one_curve(FILE *f, const Curves *v, const char *title, const char *unit,
                      const double *y)
{
    double most = 0;
    Chart c;

    for (unsigned i = 0; i < v->n; i++) {
        most = MAX(most, y[i]);
    }
    fprintf(f, "<h2>%s</h2>", title);
    c = begin(f, v, WIDE, HIGH, most > 0 ? most : 1, unit);
    chart_curve(&c, 0, v->x, y, v->n, title);
    chart_end(&c);
}

static void requests(FILE *f, const Curves *v)
{
    double latency[SIM_WINDOWS], load[SIM_WINDOWS];

    for (unsigned i = 0; i < v->n; i++) {
        const SimWindow *w = &v->windows[i];

        latency[i] = w->requests ? (double)w->latency / w->requests : -1;
        load[i] = w->requests / v->length[i];
    }
    one_curve(f, v, "Mean latency", "cycles, of the requests that arrive", latency);
    one_curve(f, v, "Arrivals", "requests a cycle", load);
}

static void occupancy(FILE *f, const Curves *v)
{
    fputs("<h2>Occupancy</h2><p>Share of its servers that a resource has busy or, where they are "
          "slots, held.</p><div class=charts>", f);
    for (unsigned res = 0; res < IOMMU_RESOURCES; res++) {
        uint32_t servers = v->r->servers[res];
        double y[SIM_WINDOWS];
        Chart c;

        if (!v->r->resources[res].grants) {
            continue;
        }
        for (unsigned i = 0; i < v->n; i++) {
            y[i] = 100.0 * v->windows[i].busy[res] / (v->length[i] * servers);
        }
        fprintf(f, "<div><p>%s, %u server%s: %.2f %% on the average</p>", sim_resource_name(res),
                servers, servers == 1 ? "" : "s", 100 * sim_busy_share(v->r, res));
        c = begin(f, v, HALF, LOW, 100, "percent");
        chart_curve(&c, 0, v->x, y, v->n, sim_resource_name(res));
        chart_end(&c);
        fputs("</div>", f);
    }
    fputs("</div>", f);
}

/* ---- tables */

static void resource_table(FILE *f, const SimReport *r)
{
    fputs("<h2>Resources</h2><table id=resources><tr><th>resource<th>servers<th>grants"
          "<th>busy cycles<th>busy share<th>cycles queued<th>longest queue</tr>", f);
    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        const IommuResourceStats *s = &r->resources[i];

        if (s->grants) {
            fprintf(f, "<tr><td>%s<td>%u<td>%" PRIu64 "<td>%" PRIu64 "<td>%.2f %%<td>%" PRIu64
                    "<td>%u</tr>", sim_resource_name(i), r->servers[i], s->grants, s->busy,
                    100 * sim_busy_share(r, i), s->waited, s->max_queue);
        }
    }
    fputs("</table>", f);
}

static void cache_table(FILE *f, const SimReport *r)
{
    fputs("<h2>Caches</h2><table id=caches><tr><th>cache<th>lookups<th>hits<th>hit rate</tr>", f);
    for (unsigned i = 0; i < SIM_CACHES; i++) {
        SimLookups l = sim_lookups(&r->counters, i);

        if (l.lookups) {
            fprintf(f, "<tr><td>%s<td>%" PRIu64 "<td>%" PRIu64 "<td>%.3f %%</tr>",
                    sim_cache_name(i), l.lookups, l.hits, 100 * sim_ratio(l.hits, l.lookups));
        }
    }
    fputs("</table>", f);
}

static void parameter(void *opaque, const char *name, const char *unit, const char *value)
{
    fprintf(opaque, "<tr><td>%s<td>%s<td style='text-align:left'>%s</tr>", name, value, unit);
}

static void head(FILE *f, const SimReport *r, const IommuProfile *profile)
{
    g_autofree char *name = g_markup_escape_text(profile->name, -1);
    char *summary = NULL;
    size_t length;
    FILE *text = open_memstream(&summary, &length);

    fprintf(f, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
            "content='width=device-width'><title>iommu-sim: %s</title><style>%s%s%s</style>"
            "<h1>iommu-sim: %s</h1>", name, style, chart_style, slowest_style, name);
    if (r->origin.command) {
        fputs("<p class=command><code>", f);
        escape(f, r->origin.command);
        fputs("</code></p>", f);
    }
    fputs("<pre>", f);
    if (text) {
        sim_print_summary(r, profile, text);
        fclose(text);
        escape(f, summary);
        free(summary);
    }
    fputs("</pre>", f);
}

bool sim_write_html(const SimReport *r, const IommuProfile *profile, const char *path,
                    char **error)
{
    FILE *f = sim_output_open(path, error);
    Curves v;

    if (!f) {
        return false;
    }
    head(f, r, profile);
    curves_init(&v, r);
    if (r->requests > r->stalled) {
        histogram(f, r);
        hit_rates(f, &v);
        requests(f, &v);
    }
    occupancy(f, &v);
    resource_table(f, r);
    cache_table(f, r);
    page_slowest(f, r);
    fputs("<h2>Profile</h2><table id=profile><tr><th>parameter<th>value<th style='text-align:left'>"
          "unit</tr>", f);
    iommu_profile_each(profile, parameter, f);
    fputs("</table></html>\n", f);
    return sim_output_close(f, path, error);
}

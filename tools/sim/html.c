/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One self-contained page: latency histogram, hit rate and load against time, occupancy of the
 * resources, and the slowest requests drawn stage by stage. SVG only; no script.
 */
#include <errno.h>

#include "sim.h"

#define WIDTH 860
#define HEIGHT 200
#define LEFT 60

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:960px;color:#222;"
    "background:#fff}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.6em}"
    "table{border-collapse:collapse}td,th{padding:.15em .9em .15em 0;text-align:right}"
    "th:first-child,td:first-child{text-align:left}svg{display:block}"
    "text{font:12px system-ui,sans-serif;fill:#555}.bar{fill:#3b7dd8}.line{fill:none;"
    "stroke:#3b7dd8;stroke-width:1.5}.hit{stroke:#2a9d5c}.grid{stroke:#e3e3e3}"
    ".queue{fill:#f0b429}.use{fill:#3b7dd8}.hold{fill:#8e6bbf}.wait{fill:#d64545}"
    "@media(prefers-color-scheme:dark){body{background:#181a1d;color:#ddd}text{fill:#aaa}"
    ".grid{stroke:#333}}";

static void escape(FILE *f, const char *text)
{
    g_autofree char *safe = g_markup_escape_text(text, -1);

    fputs(safe, f);
}

static void axis(FILE *f, double top, const char *unit, const char *right)
{
    for (int i = 0; i <= 4; i++) {
        double y = HEIGHT - i * HEIGHT / 4.0 + 10;

        fprintf(f, "<line class=grid x1=%d x2=%d y1=%.1f y2=%.1f /><text x=%d y=%.1f "
                "text-anchor=end>%.4g</text>", LEFT, LEFT + WIDTH, y, y, LEFT - 6, y + 4,
                top * i / 4);
    }
    fprintf(f, "<text x=%d y=%d>%s</text><text x=%d y=%d text-anchor=end>%s</text>", LEFT,
            HEIGHT + 28, unit, LEFT + WIDTH, HEIGHT + 28, right);
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
    /* The longest hundredth would squeeze all others: it goes into the last bar. */
    uint64_t last = MAX(sim_percentile(r, 99.5), r->latency_min + 1);
    Histogram h = {
        .first = r->latency_min,
        .width = (last - r->latency_min) / (BARS - 1) + 1,
    };
    g_autofree char *from = g_strdup_printf("%" PRIu64 " cycles", h.first);
    g_autofree char *to = g_strdup_printf("%" PRIu64 " cycles and more",
                                          h.first + h.width * (BARS - 1));

    sim_each_latency(r, add_bar, &h);
    fprintf(f, "<h2>Latency</h2><svg width=%d height=%d>", WIDTH + LEFT + 10, HEIGHT + 34);
    axis(f, h.most, from, to);
    for (int i = 0; i < BARS; i++) {
        double height = h.most ? (double)h.bars[i] / h.most * HEIGHT : 0;

        if (h.bars[i]) {
            fprintf(f, "<rect class=bar x=%.1f y=%.1f width=%.1f height=%.1f><title>%" PRIu64
                    " requests, %" PRIu64 " to %" PRIu64 " cycles</title></rect>",
                    LEFT + i * (double)WIDTH / BARS, HEIGHT + 10 - height,
                    (double)WIDTH / BARS - 1, MAX(height, 0.5), h.bars[i], h.first + i * h.width,
                    h.first + (i + 1) * h.width - 1);
        }
    }
    fputs("</svg>", f);
}

/* ---- curves */

typedef double WindowValue(const SimReport *r, const SimWindow *w);

static double hit_rate(const SimReport *r, const SimWindow *w)
{
    (void)r;
    return w->lookups ? 100.0 * w->hits / w->lookups : 0;
}

static double mean_latency(const SimReport *r, const SimWindow *w)
{
    (void)r;
    return w->requests ? (double)w->latency / w->requests : 0;
}

static double load(const SimReport *r, const SimWindow *w)
{
    return (double)w->requests / r->window_cycles;
}

static void curve(FILE *f, const SimReport *r, const char *title, WindowValue *value, double top)
{
    unsigned n = MIN(r->cycles / r->window_cycles + 1, SIM_WINDOWS);
    g_autofree char *to = g_strdup_printf("cycle %" PRIu64, r->cycles);

    if (top == 0) {
        for (unsigned i = 0; i < n; i++) {
            top = MAX(top, value(r, &r->windows[i]));
        }
    }
    top = top > 0 ? top : 1;
    fprintf(f, "<h2>%s</h2><svg width=%d height=%d>", title, WIDTH + LEFT + 10, HEIGHT + 34);
    axis(f, top, "cycle 0", to);
    fputs("<polyline class=line points='", f);
    for (unsigned i = 0; i < n; i++) {
        if (r->windows[i].requests || r->windows[i].lookups) {
            fprintf(f, "%.1f,%.1f ", LEFT + (i + 0.5) * WIDTH / n,
                    HEIGHT + 10 - value(r, &r->windows[i]) / top * HEIGHT);
        }
    }
    fputs("'/></svg>", f);
}

/* ---- tables */

static void occupancy(FILE *f, const SimReport *r)
{
    fputs("<h2>Resources</h2><table><tr><th>resource<th>grants<th>busy cycles<th>busy share"
          "<th>cycles queued<th>longest queue</tr>", f);
    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        const IommuResourceStats *s = &r->resources[i];
        double share = r->cycles ? 100.0 * s->busy / r->cycles : 0;

        if (s->grants) {
            fprintf(f, "<tr><td>%s<td>%" PRIu64 "<td>%" PRIu64 "<td>%.2f %%<td>%" PRIu64
                    "<td>%u</tr>", sim_resource_name(i), s->grants, s->busy, share, s->waited,
                    s->max_queue);
        }
    }
    fputs("</table>", f);
}

static void slow_request(FILE *f, const SimSlow *s)
{
    double length = MAX(s->done - s->arrival, 1);

    fprintf(f, "<p>job %" PRIu64 ": stream 0x%x, address 0x%" PRIx64 ", cycles %" PRIu64 " to %"
            PRIu64 " (%" PRIu64 ")</p><svg width=%d height=34>", s->job, s->stream, s->addr,
            s->arrival, s->done, s->done - s->arrival, WIDTH + LEFT + 10);
    for (guint i = 0; s->spans && i < s->spans->len; i++) {
        const SimSpan *span = &g_array_index(s->spans, SimSpan, i);
        const IommuOp *op = &span->op;
        double x = LEFT + (span->begin - s->arrival) / length * WIDTH;
        double w = (span->end - span->begin) / length * WIDTH;
        double served = op->kind == IOMMU_OP_USE ? op->latency / length * WIDTH : 0;
        const char *class = op->kind == IOMMU_OP_WAIT ? "wait"
                            : op->kind == IOMMU_OP_HOLD ? "hold" : "use";

        if (w <= 0 || op->kind > IOMMU_OP_DELAY) {
            continue;
        }
        if (op->kind == IOMMU_OP_USE && w > served + 0.01) {
            fprintf(f, "<rect class=queue x=%.2f y=6 width=%.2f height=22><title>queued for %s, %"
                    PRIu64 " cycles</title></rect>", x, w - served,
                    sim_resource_name(op->res), span->end - span->begin - op->latency);
            x += w - served;
            w = served;
        }
        fprintf(f, "<rect class=%s x=%.2f y=6 width=%.2f height=22 stroke=white><title>%s %s, "
                "cycles %" PRIu64 " to %" PRIu64 "</title></rect>", class, x, MAX(w, 0.5),
                sim_op_name(op->kind),
                op->kind <= IOMMU_OP_RELEASE ? sim_resource_name(op->res) : "", span->begin,
                span->end);
        if (w > 52 && op->kind <= IOMMU_OP_HOLD) {
            fprintf(f, "<text x=%.2f y=21 style='fill:#fff'>%s</text>", x + 4,
                    sim_resource_name(op->res));
        }
    }
    fputs("</svg>", f);
}

static void parameter(void *opaque, const char *name, const char *unit, const char *value)
{
    fprintf(opaque, "<tr><td>%s<td>%s<td style='text-align:left'>%s</tr>", name, value, unit);
}

bool sim_write_html(const SimReport *r, const IommuProfile *profile, const char *path,
                    char **error)
{
    FILE *f = fopen(path, "w");
    g_autofree char *summary = NULL;
    size_t length;
    FILE *text;
    bool ok;

    if (!f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return false;
    }
    fprintf(f, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
            "content='width=device-width'><title>iommu-sim</title><style>%s</style>"
            "<h1>iommu-sim: ", style);
    escape(f, profile->name);
    fputs("</h1><pre>", f);
    text = open_memstream(&summary, &length);
    if (text) {
        sim_print_summary(r, profile, text);
        fclose(text);
        escape(f, summary);
    }
    fputs("</pre>", f);
    if (r->requests > r->stalled) {
        histogram(f, r);
        curve(f, r, "TLB hit rate, percent", hit_rate, 100);
        curve(f, r, "Mean latency, cycles, by cycle of arrival", mean_latency, 0);
        curve(f, r, "Requests a cycle", load, 0);
    }
    occupancy(f, r);
    fprintf(f, "<h2>The %u slowest requests</h2><p>Blue: being served. Yellow: queued. Purple: waiting "
            "for a slot. Red: waiting for another request's fill.</p>", r->slow_count);
    for (unsigned i = 0; i < r->slow_count; i++) {
        slow_request(f, &r->slowest[i]);
    }
    fputs("<h2>Profile</h2><table>", f);
    iommu_profile_each(profile, parameter, f);
    fputs("</table></html>\n", f);
    ok = !ferror(f);
    if (fclose(f) || !ok) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return false;
    }
    return true;
}

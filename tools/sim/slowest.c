/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slowest requests, drawn stage by stage. A bar begins when the request gets its transaction
 * slot: what it waited for that stands in its text, as it may be longer than all the rest.
 */
#include <string.h>

#include "chart.h"
#include "page.h"

#define LEFT 60.0
#define WIDTH 800.0

const char slowest_style[] =
    ".queue{fill:#f0b429}.use{fill:#3b7dd8}.held{fill:#8e6bbf}.wait{fill:#d64545}"
    ".delay{fill:#8a949e}.stages{font-size:12px;margin:0 0 0 60px;color:#777}.in{fill:#fff}"
    ".request{margin:1.2em 0 .1em;font-size:14px}";

static uint64_t granted_at(const SimSlow *s)
{
    for (guint i = 0; s->spans && i < s->spans->len; i++) {
        const SimSpan *span = &g_array_index(s->spans, SimSpan, i);

        if (span->op.kind == IOMMU_OP_HOLD && span->op.res == IOMMU_RES_TXN) {
            return span->end;
        }
    }
    return s->arrival;
}

typedef struct Bar {
    FILE *f;
    uint64_t begin;
    double cycles;
} Bar;

static double x_of(const Bar *b, uint64_t cycle)
{
    return LEFT + (cycle - b->begin) / b->cycles * WIDTH;
}

static void piece(const Bar *b, const char *class, const char *what, const char *label,
                  uint64_t begin, uint64_t end)
{
    double x = x_of(b, begin), width = x_of(b, end) - x;

    fprintf(b->f, "<rect class=%s x=%.2f y=6 width=%.2f height=22><title>%s, cycles %" PRIu64
            " to %" PRIu64 "</title></rect>", class, x, MAX(width - 0.8, 0.4), what, begin, end);
    if (label && width > 8.5 * strlen(label)) {
        fprintf(b->f, "<text class=in x=%.2f y=21>%s</text>", x + 4, label);
    }
}

static void draw_span(const Bar *b, const SimSpan *span)
{
    const IommuOp *op = &span->op;
    const char *name = sim_resource_name(op->res);
    uint64_t granted = sim_span_granted(op, span->end);
    g_autofree char *queued = g_strdup_printf("queued for %s", name);

    if (span->begin < b->begin || span->begin == span->end) {
        return;
    }
    switch (op->kind) {
    case IOMMU_OP_USE:
    case IOMMU_OP_HOLD:
        if (span->begin < granted) {
            piece(b, "queue", queued, NULL, span->begin, granted);
        }
        if (granted < span->end) {
            piece(b, "use", name, name, granted, span->end);
        }
        break;
    case IOMMU_OP_WAIT:
        piece(b, "wait", "waiting for a fill", "WAIT", span->begin, span->end);
        break;
    case IOMMU_OP_DELAY:
        piece(b, "delay", "response", NULL, span->begin, span->end);
        break;
    default:
        break;
    }
}

/* Below the stages: while it kept a walker. */
static void draw_walkers(const Bar *b, const SimSlow *s)
{
    uint64_t since = UINT64_MAX;

    for (guint i = 0; i < s->spans->len; i++) {
        const SimSpan *span = &g_array_index(s->spans, SimSpan, i);

        if (span->op.res != IOMMU_RES_WALKER) {
            continue;
        }
        if (span->op.kind == IOMMU_OP_HOLD) {
            since = span->end;
        } else if (span->op.kind == IOMMU_OP_RELEASE && since != UINT64_MAX) {
            fprintf(b->f, "<rect class=held x=%.2f y=30 width=%.2f height=5><title>WALKER held, "
                    "cycles %" PRIu64 " to %" PRIu64 "</title></rect>", x_of(b, since),
                    MAX(x_of(b, span->end) - x_of(b, since), 0.4), since, span->end);
            since = UINT64_MAX;
        }
    }
}

static void axis(const Bar *b, uint64_t end)
{
    uint64_t step = MAX(chart_step(b->cycles, 8), 1);
    uint64_t first = (b->begin + step - 1) / step;

    for (uint64_t c = first * step; c <= end; c += step) {
        fprintf(b->f, "<path class=grid d='M%.1f,36 v4' /><text x=%.1f y=52 text-anchor=middle>%"
                PRIu64 "</text>", x_of(b, c), x_of(b, c), c);
    }
}

/* The same in words. */
static void write_span(FILE *f, const SimSpan *span, uint64_t begin, bool *any)
{
    const IommuOp *op = &span->op;
    uint64_t granted = sim_span_granted(op, span->end);
    const char *comma = *any ? ", " : "";

    if (span->begin < begin || span->begin == span->end) {
        return;
    }
    if (op->kind == IOMMU_OP_USE || op->kind == IOMMU_OP_HOLD) {
        fprintf(f, "%s%s", comma, sim_resource_name(op->res));
        if (granted < span->end) {
            fprintf(f, " %" PRIu64, span->end - granted);
        }
        if (span->begin < granted) {
            fprintf(f, " (queued %" PRIu64 ")", granted - span->begin);
        }
        *any = true;
    } else if (op->kind == IOMMU_OP_WAIT) {
        fprintf(f, "%swait %" PRIu64 " for job %" PRIu64, comma, span->end - span->begin,
                op->arg >> IOMMU_WAIT_MARK_BITS);
        *any = true;
    } else if (op->kind == IOMMU_OP_DELAY) {
        fprintf(f, "%sresponse %" PRIu64, comma, span->end - span->begin);
        *any = true;
    }
}

static void slow_request(FILE *f, const SimSlow *s)
{
    uint64_t granted = granted_at(s);
    Bar b = { .f = f, .begin = granted, .cycles = MAX(s->done - granted, 1) };
    bool any = false;

    fprintf(f, "<p class=request>job %" PRIu64 ", stream 0x%x, address 0x%" PRIx64 ": %" PRIu64
            " cycles. Arrived in cycle %" PRIu64 ", waited %" PRIu64
            " for a transaction slot, then took %" PRIu64 ".</p>", s->job, s->stream, s->addr,
            s->done - s->arrival, s->arrival, granted - s->arrival, s->done - granted);
    if (!s->spans) {
        return;
    }
    fprintf(f, "<svg width=%.0f height=58>", LEFT + WIDTH + 40);
    for (guint i = 0; i < s->spans->len; i++) {
        draw_span(&b, &g_array_index(s->spans, SimSpan, i));
    }
    draw_walkers(&b, s);
    axis(&b, s->done);
    fputs("</svg><p class=stages>", f);
    for (guint i = 0; i < s->spans->len; i++) {
        write_span(f, &g_array_index(s->spans, SimSpan, i), granted, &any);
    }
    fputs("</p>", f);
}

void page_slowest(FILE *f, const SimReport *r)
{
    static const struct {
        const char *class, *what;
    } key[] = {
        { "use", "being served" }, { "queue", "queued" }, { "wait", "waiting for another's fill" },
        { "delay", "response" }, { "held", "walker held" },
    };

    fprintf(f, "<h2>The %u slowest requests</h2><p class=key>", r->slow_count);
    for (unsigned i = 0; i < G_N_ELEMENTS(key); i++) {
        fprintf(f, "<span><svg width=14 height=10><rect class=%s width=14 height=10 /></svg>%s"
                "</span>", key[i].class, key[i].what);
    }
    fputs("</p>", f);
    for (unsigned i = 0; i < r->slow_count; i++) {
        slow_request(f, &r->slowest[i]);
    }
}

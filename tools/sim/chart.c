/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Axes with round numbers, curves and their legend.
 */
#include <math.h>

#include "chart.h"

const char chart_style[] =
    "svg{display:block}text{font:12px system-ui,sans-serif;fill:#555}.grid{stroke:#e3e3e3}"
    ".curve{fill:none;stroke-width:1.6}.c0{stroke:#3b7dd8}.c1{stroke:#d1701f}.c2{stroke:#2a9d5c}"
    ".c3{stroke:#8e6bbf}.c4{stroke:#c23b6b}.key{margin:.2em 0 0 60px;font-size:13px}"
    ".key svg{display:inline;vertical-align:middle;margin:0 .4em 0 0}.key span{margin-right:1.6em}"
    "@media(prefers-color-scheme:dark){text{fill:#aaa}.grid{stroke:#333}}";

double chart_step(double range, unsigned ticks)
{
    double rough = range / ticks, unit;

    if (!(rough > 0)) {
        return 1;
    }
    unit = pow(10, floor(log10(rough)));
    return rough <= unit ? unit : rough <= 2 * unit ? 2 * unit : rough <= 5 * unit ? 5 * unit
                                                                                   : 10 * unit;
}

void chart_number(char *text, size_t size, double v)
{
    static const struct {
        double unit;
        const char *letter;
    } units[] = { { 1e12, " T" }, { 1e9, " G" }, { 1e6, " M" }, { 1e4, " k" } };

    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (v >= units[i].unit) {
            double shown = units[i].unit == 1e4 ? v / 1e3 : v / units[i].unit;

            snprintf(text, size, "%.6g%s", shown, units[i].letter);
            return;
        }
    }
    snprintf(text, size, "%.4g", fabs(v) < 1e-9 ? 0 : v);
}

double chart_x(const Chart *c, double x)
{
    double range = c->last - c->first;

    return c->left + (range > 0 ? (x - c->first) / range * c->width : 0);
}

double chart_y(const Chart *c, double y)
{
    return c->top + c->height - y / c->most * c->height;
}

static void x_axis(const Chart *c, const char *below)
{
    double step = fmax(chart_step(c->last - c->first, c->width > 600 ? 8 : 5), 1);
    double begin = ceil(c->first / step) * step;
    unsigned ticks = begin <= c->last ? floor((c->last - begin) / step) + 1 : 0;
    char text[32];

    for (unsigned i = 0; i < ticks; i++) {
        double x = begin + i * step;

        chart_number(text, sizeof(text), x);
        fprintf(c->f, "<path class=grid d='M%.1f,%.1f v4' /><text x=%.1f y=%.1f "
                "text-anchor=middle>%s</text>", chart_x(c, x), c->top + c->height, chart_x(c, x),
                c->top + c->height + 16, text);
    }
    fprintf(c->f, "<text x=%.1f y=%.1f text-anchor=end>%s</text>", c->left + c->width,
            c->top + c->height + 31, below);
}

Chart chart_begin(FILE *f, double width, double height, double first, double last, double most,
                  const char *unit, const char *below)
{
    double step = chart_step(most, height > 120 ? 5 : 2);
    unsigned ticks = fmax(ceil(most / step - 1e-9), 1);
    Chart c = {
        .f = f, .left = 60, .top = 22, .width = width - 84, .height = height, .first = first,
        .last = last, .most = ticks * step,
    };
    char text[32];

    fprintf(f, "<svg width=%.0f height=%.0f>", width, height + 58);
    for (unsigned i = 0; i <= ticks; i++) {
        double y = chart_y(&c, i * step);

        chart_number(text, sizeof(text), i * step);
        fprintf(f, "<path class=grid d='M%.1f,%.1f h%.1f' /><text x=%.1f y=%.1f text-anchor=end>%s"
                "</text>", c.left, y, c.width, c.left - 6, y + 4, text);
    }
    fprintf(f, "<text x=%.1f y=12>%s</text>", c.left, unit);
    x_axis(&c, below);
    return c;
}

void chart_end(const Chart *c)
{
    fputs("</svg>", c->f);
}

void chart_curve(const Chart *c, unsigned colour, const double *x, const double *y, unsigned n,
                 const char *title)
{
    unsigned i = 0;

    while (i < n) {
        unsigned begin = i;

        while (i < n && y[i] >= 0) {
            i++;
        }
        if (i == begin) {
            i++;
            continue;
        }
        fprintf(c->f, "<polyline class='curve c%u' points='", colour);
        if (i == begin + 1) {
            /* A point alone would not be seen. */
            fprintf(c->f, "%.1f,%.1f ", chart_x(c, x[begin]) - 1, chart_y(c, y[begin]));
        }
        for (unsigned p = begin; p < i; p++) {
            fprintf(c->f, "%.1f,%.1f ", chart_x(c, x[p]), chart_y(c, y[p]));
        }
        fprintf(c->f, "'><title>%s</title></polyline>", title);
    }
}

void chart_legend(FILE *f, const char *const *names, const unsigned *colours, unsigned n)
{
    fputs("<p class=key>", f);
    for (unsigned i = 0; i < n; i++) {
        fprintf(f, "<span><svg width=22 height=8><path class='curve c%u' d='M0,4 h22' /></svg>%s"
                "</span>", colours[i], names[i]);
    }
    fputs("</p>", f);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plot of a sweep: latency (mean, median, 99th percentile) and TLB hit rate by the value swept, as
 * one self-contained SVG. The values are set at equal distances, as sweeps by a factor want it.
 */
#include <math.h>

#include "chart.h"
#include "sim.h"

#define WIDTH 760.0
#define HEIGHT 420.0
#define LEFT 70.0
#define RIGHT 690.0
#define TOP 40.0
#define BOTTOM 350.0

static double x_of(guint i, guint n)
{
    return n > 1 ? LEFT + (RIGHT - LEFT) * i / (n - 1) : (LEFT + RIGHT) / 2;
}

static double y_of(double v, double most)
{
    return BOTTOM - (BOTTOM - TOP) * v / most;
}

/* A round number at least as large, for the end of an axis. */
static double round_up(double v)
{
    double unit = pow(10, floor(log10(v > 1 ? v : 1)));

    return ceil(v / unit) * unit;
}

static void curve(FILE *f, const GArray *points, size_t offset, double most, const char *colour,
                  const char *dash)
{
    fprintf(f, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"", colour,
            dash);
    for (guint i = 0; i < points->len; i++) {
        const SimPoint *p = &g_array_index(points, SimPoint, i);
        double v = *(const double *)((const char *)p + offset);

        fprintf(f, "%.1f,%.1f ", x_of(i, points->len), y_of(v, most));
    }
    fputs("\"/>\n", f);
    for (guint i = 0; i < points->len; i++) {
        const SimPoint *p = &g_array_index(points, SimPoint, i);
        double v = *(const double *)((const char *)p + offset);
        g_autofree char *value = g_markup_escape_text(p->value, -1);

        fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"><title>%s: %g"
                "</title></circle>\n", x_of(i, points->len), y_of(v, most), colour, value, v);
    }
}

static void axes(FILE *f, const char *name, const GArray *points, double most)
{
    g_autofree char *safe = g_markup_escape_text(name, -1);

    for (unsigned i = 0; i <= 5; i++) {
        double y = BOTTOM - (BOTTOM - TOP) * i / 5;
        char label[32];

        chart_number(label, sizeof(label), most * i / 5);
        fprintf(f, "<path d=\"M%g,%.1f H%g\" stroke=\"#ddd\"/><text x=\"%g\" y=\"%.1f\" "
                "text-anchor=\"end\">%s</text><text x=\"%g\" y=\"%.1f\">%u %%</text>\n", LEFT, y,
                RIGHT, LEFT - 6, y + 4, label, RIGHT + 6, y + 4, 20 * i);
    }
    for (guint i = 0; i < points->len; i++) {
        if (points->len <= 16 || i % (points->len / 12) == 0) {
            g_autofree char *value =
                g_markup_escape_text(g_array_index(points, SimPoint, i).value, -1);

            fprintf(f, "<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>\n",
                    x_of(i, points->len), BOTTOM + 18, value);
        }
    }
    fprintf(f, "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\" font-weight=\"bold\">%s</text>\n",
            (LEFT + RIGHT) / 2, BOTTOM + 40, safe);
}

void sim_plot_sweep(FILE *f, const char *name, const char *command, const GArray *points)
{
    static const struct {
        const char *what, *colour, *dash;
        size_t offset;
    } curves[] = {
        { "mean latency", "#1f5fa8", "", offsetof(SimPoint, mean) },
        { "median", "#58a06a", "", offsetof(SimPoint, median) },
        { "99th percentile", "#c06030", "", offsetof(SimPoint, p99) },
    };
    double most = 1;

    for (guint i = 0; i < points->len; i++) {
        const SimPoint *p = &g_array_index(points, SimPoint, i);

        most = MAX(most, MAX(p->mean, p->p99));
    }
    most = round_up(most);
    fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" "
            "viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"%g\" height=\"%g\" fill=\"#fff\"/>\n", WIDTH, HEIGHT, WIDTH, HEIGHT,
            WIDTH, HEIGHT);
    axes(f, name, points, most);
    for (unsigned i = 0; i < G_N_ELEMENTS(curves); i++) {
        curve(f, points, curves[i].offset, most, curves[i].colour, curves[i].dash);
        fprintf(f, "<text x=\"%g\" y=\"22\" fill=\"%s\">%s, cycles</text>\n", LEFT + 150 * i,
                curves[i].colour, curves[i].what);
    }
    curve(f, points, offsetof(SimPoint, hit_rate), 1, "#777", " stroke-dasharray=\"5 4\"");
    fprintf(f, "<text x=\"%g\" y=\"22\" fill=\"#777\">TLB hit rate (right)</text>\n", LEFT + 470);
    if (command) {
        bool cut = g_utf8_strlen(command, -1) > 110;
        g_autofree char *shown = cut ? g_utf8_substring(command, 0, 107) : g_strdup(command);
        g_autofree char *safe = g_markup_printf_escaped("%s%s", shown, cut ? "..." : "");

        fprintf(f, "<text x=\"%g\" y=\"%g\" font-size=\"11\" fill=\"#777\">%s</text>\n", LEFT,
                BOTTOM + 60, safe);
    }
    fputs("</svg>\n", f);
}

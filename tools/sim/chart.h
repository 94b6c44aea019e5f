/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Charts of a page, as SVG within HTML.
 */
#ifndef TOOLS_SIM_CHART_H
#define TOOLS_SIM_CHART_H

#include <stdint.h>
#include <stdio.h>

/** The area of the plot; axes are labelled left of it and below it. */
typedef struct Chart {
    FILE *f;
    double left, top, width, height;
    double first, last; /* what the x axis runs from and to */
    double most;        /* ... and the y axis to, from 0 */
} Chart;

/** Begin an SVG with axes. @most is rounded up to what the axis shows. @unit is of the y axis. */
Chart chart_begin(FILE *f, double width, double height, double first, double last, double most,
                  const char *unit, const char *below);
void chart_end(const Chart *c);

double chart_x(const Chart *c, double x);
double chart_y(const Chart *c, double y);

/** A curve of @n points; where @y is negative it has a gap. @colour: an index. */
void chart_curve(const Chart *c, unsigned colour, const double *x, const double *y, unsigned n,
                 const char *title);
/** Names of @n curves, above the next chart. */
void chart_legend(FILE *f, const char *const *names, const unsigned *colours, unsigned n);

/** The CSS that the charts need. */
extern const char chart_style[];

/** A distance of round numbers that puts about @ticks into @range. */
double chart_step(double range, unsigned ticks);
/** @v in at most five characters and a letter, such as "250", "37.9 k". */
void chart_number(char *text, size_t size, double v);

#endif

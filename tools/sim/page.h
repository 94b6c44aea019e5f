/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of the page that html.c writes.
 */
#ifndef TOOLS_SIM_PAGE_H
#define TOOLS_SIM_PAGE_H

#include "sim.h"

extern const char slowest_style[];
void page_slowest(FILE *f, const SimReport *r);

#endif

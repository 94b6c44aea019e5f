/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few words of GLib that the table builders of tests/lib use, for programs that are linked
 * statically for another architecture, where there is no GLib.
 */
#ifndef GUEST_GLIB_H
#define GUEST_GLIB_H

#include <stdio.h>
#include <stdlib.h>

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define G_N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define g_error(...)          \
    do {                      \
        printf("# ");         \
        printf(__VA_ARGS__);  \
        printf("\n");         \
        fflush(stdout);       \
        abort();              \
    } while (0)

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameter sweeps: "NAME=FROM..TO:xN", "NAME=FROM..TO:+N", "NAME=A,B,C".
 */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define MOST_VALUES 1000

static bool parse_range(const char *text, GArray *values)
{
    char *end;
    uint64_t from = strtoull(text, &end, 0), to, step;
    char how;

    if (end == text || strncmp(end, "..", 2)) {
        return false;
    }
    text = end + 2;
    to = strtoull(text, &end, 0);
    if (end == text || *end != ':' || (end[1] != 'x' && end[1] != '+')) {
        return false;
    }
    how = end[1];
    text = end + 2;
    step = strtoull(text, &end, 0);
    if (end == text || *end || (how == 'x' ? step < 2 || !from : !step)) {
        return false;
    }
    for (uint64_t v = from; v <= to && values->len < MOST_VALUES;
         v = how == 'x' ? v * step : v + step) {
        g_array_append_val(values, v);
    }
    return values->len > 0;
}

static bool parse_list(const char *text, GArray *values)
{
    char *end;

    do {
        uint64_t v = strtoull(text, &end, 0);

        if (end == text) {
            return false;
        }
        g_array_append_val(values, v);
        text = end + 1;
    } while (*end == ',');
    return !*end;
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output files. "-" is standard output.
 */
#include <errno.h>
#include <string.h>

#include "sim.h"

FILE *sim_output_open(const char *path, char **error)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "w") : stdout;

    if (!f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
    }
    return f;
}

bool sim_output_close(FILE *f, const char *path, char **error)
{
    bool ok = !f || !ferror(f);

    if (f && (f == stdout ? fflush(f) : fclose(f))) {
        ok = false;
    }
    if (!ok) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
    }
    return ok;
}

bool sim_output_check(const char *path, char **error)
{
    FILE *f = path && strcmp(path, "-") ? fopen(path, "a") : NULL;

    if (path && strcmp(path, "-") && !f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return false;
    }
    return !f || sim_output_close(f, path, error);
}

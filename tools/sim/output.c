/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: outputs, which a failed run takes back, and whether two names are one file. "-" is
 * standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim.h"

/* Names of the files that this process has made, or emptied. */
static GPtrArray *made;

static void remember(const char *path)
{
    if (!made) {
        made = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(made, g_strdup(path));
}

void sim_outputs_end(bool keep)
{
    for (guint i = 0; made && !keep && i < made->len; i++) {
        const char *path = g_ptr_array_index(made, i);
        struct stat st;

        if (!lstat(path, &st) && S_ISREG(st.st_mode)) {
            unlink(path);
        }
    }
    if (made) {
        g_ptr_array_unref(made);
        made = NULL;
    }
}

FILE *sim_output_open(const char *path, char **error)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "w") : stdout;

    if (!f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
    } else if (f != stdout) {
        remember(path);
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
        *error = g_strdup_printf("%s: %s", strcmp(path, "-") ? path : "standard output",
                                 g_strerror(errno));
    }
    return ok;
}

bool sim_output_check(const char *path, char **error)
{
    bool there = path && access(path, F_OK) == 0;
    FILE *f = path && strcmp(path, "-") ? fopen(path, "a") : NULL;

    if (path && strcmp(path, "-") && !f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return false;
    }
    if (f && !there) {
        remember(path);
    }
    return !f || sim_output_close(f, path, error);
}

/* ---- two names of one file */

/* A file that is there, and can be destroyed: a device or a pipe can not. */
static bool look(const SimFile *f, struct stat *st)
{
    bool standard = !strcmp(f->path, "-");

    return (standard ? fstat(f->output ? STDOUT_FILENO : STDIN_FILENO, st) : stat(f->path, st)) ==
           0;
}

/* The name of a file to come, in a directory that is there; g_free. */
static char *canonical(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path), *base = g_path_get_basename(path);
    char *real = realpath(dir, NULL), *name;

    name = g_build_filename(real ? real : dir, base, NULL);
    free(real);
    return name;
}

static bool same(const SimFile *a, const SimFile *b)
{
    g_autofree char *x = NULL, *y = NULL;
    struct stat s, t;
    bool there = look(a, &s), also = look(b, &t);

    if (there && also) {
        return S_ISREG(s.st_mode) && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
    }
    if (there || also) {
        return false;
    }
    x = canonical(a->path);
    y = canonical(b->path);
    return !strcmp(x, y);
}

bool sim_files_apart(const SimFile *files, unsigned n, char **error)
{
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = 0; j < i; j++) {
            const SimFile *a = &files[i], *b = &files[j];

            if (a->path && b->path && (a->output || b->output) && same(a, b)) {
                *error = g_strdup_printf("%s %s: is the same file as %s %s", a->name, a->path,
                                         b->name, b->path);
                return false;
            }
        }
    }
    return true;
}

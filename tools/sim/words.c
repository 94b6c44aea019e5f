/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words and numbers of what people write: traces, scripts, sweeps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

char **sim_words(const char *line)
{
    char **words = g_strsplit_set(line, " \t\r\n", -1), **out = words;

    /* Runs of blanks leave empty words, which go. */
    for (char **w = words; *w; w++) {
        if (**w) {
            *out++ = *w;
        } else {
            g_free(*w);
        }
    }
    *out = NULL;
    return words;
}

bool sim_number_prefix(const char **text, uint64_t *v)
{
    const char *s = *text;
    bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
    char *end;

    /* strtoull() would take blanks and signs. */
    if (!g_ascii_isdigit(s[0]) || (hex && !g_ascii_isxdigit(s[2]))) {
        return false;
    }
    errno = 0;
    *v = strtoull(s, &end, hex ? 16 : 10);
    *text = end;
    return !errno;
}

bool sim_number(const char *text, uint64_t *v)
{
    return sim_number_prefix(&text, v) && !*text;
}

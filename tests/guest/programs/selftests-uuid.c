/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uuid_parse() for the kernel's VFIO selftests, which are linked without libuuid. */
#include <stdio.h>

int uuid_parse(const char *text, unsigned char *out);

int uuid_parse(const char *text, unsigned char *out)
{
    unsigned at = 0;

    while (*text) {
        unsigned byte;

        if (*text == '-') {
            text++;
            continue;
        }
        if (at == 16 || sscanf(text, "%2x", &byte) != 1 || !text[1]) {
            return -1;
        }
        out[at++] = byte;
        text += 2;
    }
    return at == 16 ? 0 : -1;
}

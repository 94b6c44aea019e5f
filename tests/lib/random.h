/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers that are the same on every machine: xorshift*. The state must not be 0. */
#ifndef TESTS_LIB_RANDOM_H
#define TESTS_LIB_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1dull;
}

/** 0 to @n - 1. */
static inline unsigned random_below(uint64_t *state, unsigned n)
{
    return (unsigned)(random_next(state) >> 32) % n;
}

#endif

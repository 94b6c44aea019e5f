/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timing loop of the engine's benchmarks.
 */
#ifndef BENCH_ENGINE_BENCH_H
#define BENCH_ENGINE_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

static inline double bench_now(void)
{
    struct timespec t;

    /* Our own time: what else the machine does counts as little as can be. */
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/**
 * Run @body(opaque, n) until it has taken long enough; best of several runs, in ns a repetition.
 */
static inline double bench_run(void (*body)(void *opaque, uint64_t n), void *opaque)
{
    double best = 1e30;
    uint64_t n = 64;

    for (;;) {
        double start = bench_now(), took;

        body(opaque, n);
        took = bench_now() - start;
        if (took > 4e6) {
            break;
        }
        n *= 2;
    }
    for (int i = 0; i < 40; i++) {
        double start = bench_now(), took;

        body(opaque, n);
        took = (bench_now() - start) / n;
        best = took < best ? took : best;
    }
    return best;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Benchmark in QEMU: what one IOMMU must be told for the measurements of main.c.
 *
 * Address spaces: "one" is translated by one stage, "nested" by two (where both emulators have it).
 * IOVA page i of a space, i < BENCH_PAGES_MAX, is data page i % BENCH_DATA_PAGES.
 */
#ifndef BENCH_QEMU_QEMU_BENCH_H
#define BENCH_QEMU_QEMU_BENCH_H

#include "../../tests/lib/emulator.h"

#define BENCH_PAGES_MAX  65536u
#define BENCH_DATA_PAGES 64u
#define BENCH_IOVA       0x123400000000ull /* all levels of a 48-bit table take part */
#define BENCH_BATCH      1000u             /* most invalidations in one ring of the doorbell */

typedef struct BenchIommu {
    const char *name;
    bool x86;
    const char *ours, *baseline; /* properties, for both stages if nested */
    bool nested;                 /* the baseline has nested translation */

    /** Build tables and switch translation on; @nested chooses the address space. */
    void *(*start)(Emulator *e, uint64_t data, bool nested);
    /** Invalidate everything. */
    bool (*flush)(void *state);
    /**
     * Put @batch invalidations of another address space into the queue, and a wait behind, without
     * ringing: each of one page, or each of the whole space.
     */
    void (*queue_other)(void *state, unsigned batch, bool whole);
    /** Ring, and wait until all have been done. */
    bool (*ring)(void *state);
    void (*free)(void *state);
} BenchIommu;

extern const BenchIommu bench_smmu;
extern const BenchIommu bench_vtd;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Benchmark in QEMU: the same scripts on our IOMMU and on QEMU's own, side by side, in nanoseconds
 * of the host. What a DMA takes is what iommu-dma says of itself (HOST_NS): translation and the 64
 * bytes that move, without the test's own part; "floor" is the same on a machine without an IOMMU.
 * What an invalidation takes is the time of a doorbell write with a batch in the queue, less that
 * of an empty batch, for each of the batch: the shortest of many of either.
 *
 * Prints lines "IOMMU MEASUREMENT SIDE NS"; sides take turns, and the best of several counts.
 */
#include "qemu-bench.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RAM_BYTES   (256ull << 20)
#define DMA_BYTES   64
#define ROUNDS      5
#define COUNT       100000
#define RING_ROUNDS 100
#define SIDES_MAX   5

typedef struct Side {
    const char *name;
    bool walks; /* no caches: every DMA walks */
    bool floor; /* no IOMMU */
    uint64_t iova;
    Emulator *e;
    void *state;
    double best; /* -1: not measured */
} Side;

typedef struct Bench {
    const BenchIommu *iommu;
    Side side[SIDES_MAX];
    unsigned sides;
} Bench;

static void die(const Bench *b, const char *what)
{
    fprintf(stderr, "qemu-bench: %s: %s\n", b->iommu->name, what);
    exit(1);
}

static void add_side(Bench *b, const char *name, const char *binary, const char *iommu,
                     const char *dma)
{
    EmulatorConfig c = {
        .x86 = b->iommu->x86, .no_iommu = !iommu, .binary = binary,
        .iommu = iommu && *iommu ? iommu : NULL, .dma = dma,
        .ram_bytes = RAM_BYTES, .log = "/dev/null",
    };
    Side *s = &b->side[b->sides++];

    *s = (Side) {
        .name = name, .walks = strstr(name, "walks"), .floor = !iommu, .iova = BENCH_IOVA,
        .e = emulator_start(&c),
    };
    if (!s->e) {
        die(b, "the emulator does not start");
    }
}

static void start_all(Bench *b, bool nested)
{
    for (unsigned i = 0; i < b->sides; i++) {
        Side *s = &b->side[i];
        uint64_t data;

        if (s->state) {
            b->iommu->free(s->state);
        }
        emulator_clear(s->e);
        data = gmem_alloc(&s->e->mem, BENCH_DATA_PAGES * 4096ull, 4096);
        if (s->floor) {
            s->iova = data;
            continue;
        }
        s->state = b->iommu->start(s->e, data, nested);
        if (!s->state) {
            die(b, "the IOMMU does not come up");
        }
    }
}

/* Host nanoseconds of one DMA; @pages in turn if @sequential, else at random. */
static double dma_ns(Bench *b, Side *s, unsigned pages, unsigned count, bool sequential)
{
    DmaDesc desc = dma_make_read(s->iova, DMA_BYTES, 0);
    DmaCompletion c;
    uint64_t txns;

    if (sequential) {
        dma_set_strided(&desc, count, 4096, pages * 4096ull);
    } else {
        dma_set_random(&desc, count, 4096, pages * 4096ull, 1);
    }
    dma_ch_write(&s->e->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_CLEAR, 1));
    if (!emulator_dma(s->e, &desc, &c) || c.status != IDMA_STATUS_OK) {
        die(b, "a DMA failed");
    }
    txns = dma_ch_read(&s->e->dma, 0, IDMA_CH_STAT_TXNS);
    return (double)dma_ch_read(&s->e->dma, 0, IDMA_CH_STAT_HOST_NS) / txns;
}

static void report(const Bench *b, const char *measurement)
{
    for (unsigned i = 0; i < b->sides; i++) {
        if (b->side[i].best >= 0) {
            printf("%s %s %s %.1f\n", b->iommu->name, measurement, b->side[i].name,
                   b->side[i].best);
        }
    }
    fflush(stdout);
}

static void keep_best(Side *s, double ns, bool first)
{
    s->best = first || ns < s->best ? ns : s->best;
}

static void measure_set(Bench *b, const char *space, unsigned pages)
{
    g_autofree char *name = g_strdup_printf("%s_%u", space, pages);

    for (unsigned round = 0; round <= ROUNDS; round++) {
        for (unsigned i = 0; i < b->sides; i++) {
            if (b->side[i].floor && pages > BENCH_DATA_PAGES) {
                b->side[i].best = -1;
                continue;
            }
            /* The first round only warms up. */
            keep_best(&b->side[i], dma_ns(b, &b->side[i], pages, COUNT, false), round <= 1);
        }
    }
    report(b, name);
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* One doorbell with @batch invalidations before the wait. */
static double ring_ns(Bench *b, Side *s, unsigned batch, bool whole)
{
    double start;

    b->iommu->queue_other(s->state, batch, whole);
    start = now_ns();
    if (!b->iommu->ring(s->state)) {
        die(b, "the queue stopped");
    }
    return now_ns() - start;
}

/* Invalidations of another address space while @live pages of ours have been used. */
static void measure_invalidation(Bench *b, unsigned live, bool whole)
{
    g_autofree char *name = g_strdup_printf("invalidate_%s_among_%u", whole ? "space" : "page",
                                            live);
    double idle[SIDES_MAX] = { 0 };

    for (unsigned i = 0; i < b->sides; i++) {
        Side *s = &b->side[i];

        s->best = -1;
        if (s->walks || s->floor) {
            continue;
        }
        if (!b->iommu->flush(s->state)) {
            die(b, "the queue stopped");
        }
        dma_ns(b, s, live, live, true);
    }
    for (unsigned round = 0; round < RING_ROUNDS; round++) {
        for (unsigned i = 0; i < b->sides; i++) {
            Side *s = &b->side[i];

            if (!s->walks && !s->floor) {
                double none = ring_ns(b, s, 0, whole);

                idle[i] = round == 0 || none < idle[i] ? none : idle[i];
                keep_best(s, ring_ns(b, s, BENCH_BATCH, whole), round == 0);
            }
        }
    }
    for (unsigned i = 0; i < b->sides; i++) {
        if (b->side[i].best >= 0) {
            b->side[i].best = MAX(b->side[i].best - idle[i], 0) / BENCH_BATCH;
        }
    }
    report(b, name);
}

static void run(const BenchIommu *iommu, const char *ours, const char *baseline)
{
    static const unsigned sets[] = { 1, 64, 1024, 4096, 65536 };
    static const unsigned live[] = { 256, 4096, 65536 };
    g_autofree char *full = g_strdup_printf("%s,caches=full", iommu->ours);
    g_autofree char *off = g_strdup_printf("%s,caches=off", iommu->ours);
    Bench b = { .iommu = iommu };

    add_side(&b, "ours", ours, full, NULL);
    add_side(&b, "ours_plain", ours, full, "port=off");
    add_side(&b, "ours_walks", ours, off, NULL);
    add_side(&b, "baseline", baseline, iommu->baseline, NULL);
    add_side(&b, "floor", ours, NULL, NULL);
    start_all(&b, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        measure_set(&b, "one_stage", sets[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(live); i++) {
        measure_invalidation(&b, live[i], false);
        measure_invalidation(&b, live[i], true);
    }
    if (iommu->nested) {
        start_all(&b, true);
        for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
            measure_set(&b, "nested", sets[i]);
        }
    }
    for (unsigned i = 0; i < b.sides; i++) {
        if (b.side[i].state) {
            iommu->free(b.side[i].state);
        }
        emulator_stop(b.side[i].e);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 || (strcmp(argv[1], "smmuv3") && strcmp(argv[1], "vtd"))) {
        fprintf(stderr, "usage: qemu-bench smmuv3|vtd OURS BASELINE\n");
        return 2;
    }
    run(strcmp(argv[1], "vtd") ? &bench_smmu : &bench_vtd, argv[2], argv[3]);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine alone: nanoseconds of a cache hit, a fill, a walk, and of invalidations among few and
 * many unrelated entries. Prints one JSON object; "target" is the most it may be where a target is
 * set.
 */
#include "bench.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/tlb.h"
#include "hw/iommu/walk.h"
#include "tests/lib/ramhost.h"
#include "tests/unit/engine/toy.h"

static volatile uint64_t sink;
static bool first_row = true;

static void row(const char *name, double ns, double target, const uint64_t *scanned)
{
    printf("%s\n  \"%s\": { \"ns\": %.1f", first_row ? "{" : ",", name, ns);
    if (target) {
        printf(", \"target\": %.0f", target);
    }
    if (scanned) {
        printf(", \"scanned\": %llu", (unsigned long long)*scanned);
    }
    printf(" }");
    first_row = false;
}

/*
 * Caches
 */

#define GROUP_MASK    0x0000ffff00000000ull
#define SUBGROUP_MASK 0x0000ffff0000ffffull

typedef struct CacheBench {
    IommuCache cache;
    uint64_t pages;
    uint64_t tag;
    uint64_t scanned;
} CacheBench;

static void cache_start(CacheBench *b, const char *profile, uint64_t pages)
{
    IommuCacheConfig config = {
        .geometry = iommu_profile_find(profile)->tlb,
        .payload_bytes = sizeof(TlbEntry),
        .group_mask = GROUP_MASK,
        .subgroup_mask = SUBGROUP_MASK,
    };

    memset(b, 0, sizeof(*b));
    if (!iommu_cache_init(&b->cache, &config)) {
        abort();
    }
    b->pages = pages;
    b->tag = 5ull << 32 | 7;
}

static void fill(CacheBench *b, uint64_t tag, uint64_t first, uint64_t count)
{
    TlbEntry e = { .lg2 = 12, .rights = IOMMU_RIGHTS_ALL };

    for (uint64_t i = 0; i < count; i++) {
        e.out = i << 12;
        *(TlbEntry *)iommu_cache_insert(&b->cache, (first + i) << 12, 12, tag) = e;
    }
}

static void body_hit(void *opaque, uint64_t n)
{
    CacheBench *b = opaque;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        TlbEntry *e = iommu_cache_lookup(&b->cache, (i & (b->pages - 1)) << 12 | 0x123, b->tag);

        sum += e->out;
    }
    sink += sum;
}

static void body_fill(void *opaque, uint64_t n)
{
    CacheBench *b = opaque;
    TlbEntry e = { .lg2 = 12, .rights = IOMMU_RIGHTS_ALL };

    for (uint64_t i = 0; i < n; i++) {
        *(TlbEntry *)iommu_cache_insert(&b->cache, i << 12, 12, b->tag) = e;
    }
}

static void body_page(void *opaque, uint64_t n)
{
    CacheBench *b = opaque;

    for (uint64_t i = 0; i < n; i++) {
        fill(b, b->tag, 1, 1);
        sink += iommu_cache_invalidate_range(&b->cache, 0x1000, 0x1fff, b->tag, SUBGROUP_MASK);
    }
    b->scanned = iommu_cache_last_scan(&b->cache);
}

static void body_scope(void *opaque, uint64_t n)
{
    CacheBench *b = opaque;

    for (uint64_t i = 0; i < n; i++) {
        fill(b, b->tag, 1, 16);
        sink += iommu_cache_invalidate(&b->cache, b->tag, SUBGROUP_MASK);
    }
    b->scanned = iommu_cache_last_scan(&b->cache);
}

static void body_group(void *opaque, uint64_t n)
{
    CacheBench *b = opaque;

    for (uint64_t i = 0; i < n; i++) {
        fill(b, b->tag, 1, 16);
        sink += iommu_cache_invalidate(&b->cache, b->tag, GROUP_MASK);
    }
    b->scanned = iommu_cache_last_scan(&b->cache);
}

static void bench_caches(void)
{
    static const uint64_t unrelated[] = { 256, 4096, 57344 };
    CacheBench b;
    char name[64];

    cache_start(&b, "full", 64);
    fill(&b, b.tag, 0, 64);
    row("cache_hit_64_pages", bench_run(body_hit, &b), 8, NULL);
    iommu_cache_destroy(&b.cache);

    cache_start(&b, "full", 32768);
    fill(&b, b.tag, 0, 32768);
    row("cache_hit_32768_pages", bench_run(body_hit, &b), 0, NULL);
    iommu_cache_destroy(&b.cache);

    cache_start(&b, "full", 64);
    fill(&b, b.tag, 0, 64);
    iommu_cache_insert(&b.cache, 1ull << 40, 21, b.tag);
    iommu_cache_insert(&b.cache, 1ull << 41, 30, b.tag);
    row("cache_hit_3_sizes_alive", bench_run(body_hit, &b), 0, NULL);
    iommu_cache_destroy(&b.cache);

    cache_start(&b, "full", 0);
    row("cache_fill_evicting", bench_run(body_fill, &b), 0, NULL);
    iommu_cache_destroy(&b.cache);

    for (unsigned i = 0; i < sizeof(unrelated) / sizeof(unrelated[0]); i++) {
        cache_start(&b, "full", 0);
        fill(&b, 6ull << 32 | 7, 0, unrelated[i]);
        snprintf(name, sizeof(name), "invalidate_page_among_%u", (unsigned)unrelated[i]);
        row(name, bench_run(body_page, &b), 0, &b.scanned);
        snprintf(name, sizeof(name), "invalidate_subgroup_of_16_among_%u", (unsigned)unrelated[i]);
        row(name, bench_run(body_scope, &b), 0, &b.scanned);
        snprintf(name, sizeof(name), "invalidate_group_of_16_among_%u", (unsigned)unrelated[i]);
        row(name, bench_run(body_group, &b), 0, &b.scanned);
        iommu_cache_destroy(&b.cache);
    }
}

/*
 * Walks
 */

#define PAGES 64

typedef struct WalkBench {
    RamHost ram;
    IommuCounters counters;
    IommuTrace trace;
    IommuPlan plan;
    PtWalker walker;
    PtRegime s1, s2;
    PtRequest req;
} WalkBench;

static void walk_start(WalkBench *b, const char *profile, bool nested)
{
    uint64_t next = 0x10000;

    memset(b, 0, sizeof(*b));
    ramhost_init(&b->ram, 0, 16 << 20);
    if (!pt_walker_init(&b->walker, &b->ram.host, &b->counters, &b->trace, &b->plan,
                        iommu_profile_find(profile), 0xffff, 0xffff)) {
        abort();
    }
    b->s1 = toy_regime(1, 0x1000, 3);
    b->s2 = toy_regime(2, 0x2000, 3);
    for (uint64_t i = 0; i < PAGES; i++) {
        toy_map(&b->ram, &b->s1, 0x12345000000 + (i << 12), 0, TOY_PAGE | (0x400000 + (i << 12)),
                0, &next);
    }
    for (uint64_t i = 0; i < 2048; i++) {
        toy_map(&b->ram, &b->s2, i << 12, 0, TOY_PAGE | i << 12, 0, &next);
    }
    b->req = (PtRequest) {
        .s1 = &b->s1,
        .s2 = nested ? &b->s2 : NULL,
        .access = { .need = IOMMU_RIGHT_UR },
    };
}

static void walk_end(WalkBench *b)
{
    pt_walker_destroy(&b->walker);
    ramhost_destroy(&b->ram);
}

static void body_walk(void *opaque, uint64_t n)
{
    WalkBench *b = opaque;
    PtFault fault;
    PtResult res;

    for (uint64_t i = 0; i < n; i++) {
        b->req.addr = 0x12345000000 + ((i % PAGES) << 12);
        if (!pt_walk(&b->walker, &b->req, &res, &fault)) {
            abort();
        }
        sink += res.out;
    }
}

static void bench_walk(const char *name, const char *profile, bool nested, double target)
{
    WalkBench *b = malloc(sizeof(*b));
    double ns;

    walk_start(b, profile, nested);
    ns = bench_run(body_walk, b);
    printf(",\n  \"%s_reads\": %.2f", name, (double)b->counters.walk_reads / b->counters.walks);
    row(name, ns, target, NULL);
    walk_end(b);
    free(b);
}

int main(void)
{
    bench_caches();
    bench_walk("walk_4_level", "off", false, 150);
    bench_walk("walk_4_level_walk_caches", "full", false, 0);
    bench_walk("walk_nested", "off", true, 700);
    bench_walk("walk_nested_caches", "full", true, 0);
    printf("\n}\n");
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IommuCache: look-up, fill, replacement (test-cache-inv.c: invalidation).
 */
#include <stdlib.h>
#include <string.h>

#include "cachefix.h"
#include "hw/iommu/tlb.h"

/*
 * Allocations are counted by the linker's --wrap.
 */

static unsigned allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
    allocations++;
    return __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations++;
    return __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    allocations++;
    return __real_aligned_alloc(align, n);
}

/*
 * Geometry
 */

static bool valid(uint32_t entries, uint32_t ways, IommuReplacement replacement)
{
    IommuCacheGeometry g = { .entries = entries, .ways = ways, .replacement = replacement };
    const char *error = NULL;
    bool ok = iommu_cache_geometry_valid(&g, &error);

    g_assert_true(ok == !error);
    return ok;
}

static void test_geometry(void)
{
    g_assert_true(valid(0, 0, IOMMU_REPLACE_LRU));
    g_assert_true(valid(1, 1, IOMMU_REPLACE_LRU));
    g_assert_true(valid(48, 3, IOMMU_REPLACE_LRU));
    g_assert_true(valid(1u << 20, 64, IOMMU_REPLACE_PLRU));
    g_assert_false(valid(1u << 21, 64, IOMMU_REPLACE_LRU));
    g_assert_false(valid(8, 0, IOMMU_REPLACE_LRU));
    g_assert_false(valid(65, 65, IOMMU_REPLACE_LRU));
    g_assert_false(valid(9, 2, IOMMU_REPLACE_LRU));
    g_assert_true(valid(12, 2, IOMMU_REPLACE_LRU)); /* six sets: published sizes are like that */
    g_assert_true(valid(348, 4, IOMMU_REPLACE_RANDOM));
    g_assert_false(valid(48, 3, IOMMU_REPLACE_PLRU));
    g_assert_false(valid(8, 2, (IommuReplacement)4));
    g_assert_false(valid(2, 4, IOMMU_REPLACE_LRU));
}

/*
 * Look-up
 */

static void test_miss_when_empty(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    g_assert_null(iommu_cache_lookup(&c, 0x1000, tag_of(1, 1)));
    g_assert_null(iommu_cache_lookup_sized(&c, UINT64_MAX, 0, UINT64_MAX));
    g_assert_null(iommu_cache_peek(&c, UINT64_MAX, 63, UINT64_MAX));
    iommu_cache_destroy(&c);
}

static void test_hit_anywhere_in_span(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x12345678, 12, tag_of(1, 1), 7);
    g_assert_cmpuint(get(&c, 0x12345000, tag_of(1, 1)), ==, 7);
    g_assert_cmpuint(get(&c, 0x12345fff, tag_of(1, 1)), ==, 7);
    g_assert_cmpuint(get(&c, 0x12346000, tag_of(1, 1)), ==, 0);
    g_assert_cmpuint(get(&c, 0x12344fff, tag_of(1, 1)), ==, 0);
    iommu_cache_destroy(&c);
}

static void test_tag_must_match(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, tag_of(1, 1), 7);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(1, 2)), ==, 0);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(2, 1)), ==, 0);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(1, 1) | 1ull << 62), ==, 0);
    iommu_cache_destroy(&c);
}

static void test_all_address_bits_matter(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0xffff800012345000, 12, tag_of(1, 1), 7);
    for (unsigned bit = 12; bit < 64; bit++) {
        g_assert_cmpuint(get(&c, 0xffff800012345000 ^ 1ull << bit, tag_of(1, 1)), ==, 0);
    }
    iommu_cache_destroy(&c);
}

static void test_mixed_sizes(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x40000000, 30, tag_of(1, 1), 30);
    put(&c, 0x00200000, 21, tag_of(1, 1), 21);
    put(&c, 0x00100000, 16, tag_of(1, 1), 16);
    put(&c, 0x00001000, 12, tag_of(1, 1), 12);
    put(&c, 0, 63, tag_of(2, 1), 63);
    g_assert_cmpuint(get(&c, 0x7fffffff, tag_of(1, 1)), ==, 30);
    g_assert_cmpuint(get(&c, 0x003fffff, tag_of(1, 1)), ==, 21);
    g_assert_cmpuint(get(&c, 0x0010ffff, tag_of(1, 1)), ==, 16);
    g_assert_cmpuint(get(&c, 0x00001fff, tag_of(1, 1)), ==, 12);
    g_assert_cmpuint(get(&c, 0x7123456789abcdef, tag_of(2, 1)), ==, 63);
    g_assert_cmpuint(get(&c, 0x8123456789abcdef, tag_of(2, 1)), ==, 0);
    iommu_cache_destroy(&c);
}

static void test_smallest_size_first(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x200000, 21, tag_of(1, 1), 21);
    put(&c, 0x201000, 12, tag_of(1, 1), 12);
    g_assert_cmpuint(get(&c, 0x201000, tag_of(1, 1)), ==, 12);
    g_assert_cmpuint(get(&c, 0x202000, tag_of(1, 1)), ==, 21);
    iommu_cache_destroy(&c);
}

static void test_sized_lookup_sees_its_size_only(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x200000, 21, tag_of(1, 1), 21);
    g_assert_null(iommu_cache_lookup_sized(&c, 0x200000, 12, tag_of(1, 1)));
    g_assert_nonnull(iommu_cache_lookup_sized(&c, 0x3fffff, 21, tag_of(1, 1)));
    iommu_cache_destroy(&c);
}

static void test_index_as_address(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, UINT32_MAX, 0, 0, 1);
    put(&c, 0, 0, 0, 2);
    g_assert_cmpuint(get(&c, UINT32_MAX, 0), ==, 1);
    g_assert_cmpuint(get(&c, 0, 0), ==, 2);
    g_assert_cmpuint(get(&c, 1, 0), ==, 0);
    iommu_cache_destroy(&c);
}

static void test_global_matches_every_subgroup_of_group(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, global_tag(3), 9);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(3, 1)), ==, 9);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(3, 0xffff)), ==, 9);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(4, 1)), ==, 0);
    g_assert_null(iommu_cache_lookup_sized(&c, 0x1000, 12, tag_of(3, 1)));
    iommu_cache_destroy(&c);
}

static void test_exact_before_global(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, global_tag(3), 9);
    put(&c, 0x1000, 12, tag_of(3, 1), 1);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(3, 1)), ==, 1);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(3, 2)), ==, 9);
    iommu_cache_destroy(&c);
}

static void test_insert_takes_over_equal(void)
{
    IommuCache c;

    start(&c, 64, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, tag_of(1, 1), 1);
    put(&c, 0x1fff, 12, tag_of(1, 1), 2);
    g_assert_cmpuint(c.live, ==, 1);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(1, 1)), ==, 2);
    iommu_cache_destroy(&c);
}

static void test_no_entries(void)
{
    IommuCache c;
    uint64_t *p;

    start(&c, 0, 0, IOMMU_REPLACE_LRU);
    p = iommu_cache_insert(&c, 0x1000, 12, tag_of(1, 1));
    *p = 5;
    g_assert_cmpuint(*p, ==, 5);
    g_assert_null(iommu_cache_lookup(&c, 0x1000, tag_of(1, 1)));
    g_assert_null(iommu_cache_lookup_sized(&c, 0x1000, 12, tag_of(1, 1)));
    g_assert_null(iommu_cache_peek(&c, 0x1000, 12, tag_of(1, 1)));
    g_assert_cmpuint(iommu_cache_invalidate(&c, 0, 0), ==, 0);
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0, UINT64_MAX, 0, 0), ==, 0);
    iommu_cache_flush(&c);
    iommu_cache_destroy(&c);
}

static void test_one_entry(void)
{
    IommuCache c;

    start(&c, 1, 1, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, tag_of(1, 1), 1);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(1, 1)), ==, 1);
    put(&c, 0x200000, 21, global_tag(1), 2);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(1, 1)), ==, 0);
    g_assert_cmpuint(get(&c, 0x200000, tag_of(1, 1)), ==, 2);
    g_assert_cmpuint(c.live, ==, 1);
    iommu_cache_destroy(&c);
}

static void test_aligned_window_does_not_conflict(void)
{
    IommuCache c;

    start(&c, 64, 1, IOMMU_REPLACE_LRU);
    for (uint64_t i = 0; i < 64; i++) {
        put(&c, 0x7f0000000000 + (i << 12), 12, tag_of(9, 9), i + 1);
    }
    for (uint64_t i = 0; i < 64; i++) {
        g_assert_cmpuint(get(&c, 0x7f0000000000 + (i << 12), tag_of(9, 9)), ==, i + 1);
    }
    iommu_cache_destroy(&c);
}

static void test_payload_large(void)
{
    IommuCacheConfig config = {
        .geometry = { .entries = 8, .ways = 4 }, .payload_bytes = 1001,
    };
    IommuCache c;

    g_assert_true(iommu_cache_init(&c, &config));
    for (unsigned i = 0; i < 8; i++) {
        memset(iommu_cache_insert(&c, i, 0, 0), i + 1, 1001);
    }
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t *p = iommu_cache_peek(&c, i, 0, 0);

        g_assert_nonnull(p);
        g_assert_cmpuint(p[0], ==, i + 1);
        g_assert_cmpuint(p[1000], ==, i + 1);
    }
    iommu_cache_destroy(&c);
}

static void test_nothing_allocated_after_init(void)
{
    IommuCache c;
    unsigned before;

    start(&c, 256, 4, IOMMU_REPLACE_LRU);
    before = allocations;
    for (uint64_t i = 0; i < 10000; i++) {
        put(&c, i << 12, 12 + i % 3 * 9, tag_of(i % 7, i % 11), i);
        get(&c, i << 11, tag_of(i % 7, i % 11));
        if (i % 100 == 99) {
            iommu_cache_invalidate(&c, tag_of(i % 7, 0), GROUP);
        }
    }
    iommu_cache_flush(&c);
    g_assert_cmpuint(allocations, ==, before);
    g_assert_cmpuint(before, >, 0);
    iommu_cache_destroy(&c);
}

/*
 * Replacement
 */

static void test_lru(void)
{
    IommuCache c;

    start(&c, 4, 4, IOMMU_REPLACE_LRU);
    for (uint64_t i = 0; i < 4; i++) {
        put(&c, i << 12, 12, 0, i + 1);
    }
    get(&c, 0, 0); /* page 1 is now the oldest */
    put(&c, 4ull << 12, 12, 0, 5);
    g_assert_true(has(&c, 0, 12, 0));
    g_assert_false(has(&c, 1ull << 12, 12, 0));
    g_assert_true(has(&c, 2ull << 12, 12, 0));
    iommu_cache_destroy(&c);
}

static void test_lru_peek_is_no_use(void)
{
    IommuCache c;

    start(&c, 2, 2, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, 0, 1);
    put(&c, 0x2000, 12, 0, 2);
    iommu_cache_peek(&c, 0x1000, 12, 0);
    put(&c, 0x3000, 12, 0, 3);
    g_assert_false(has(&c, 0x1000, 12, 0));
    iommu_cache_destroy(&c);
}

/* 16 entries, 17 pages, two passes: LRU misses every time. */
static void test_lru_cycle_misses_always(void)
{
    IommuCache c;
    unsigned misses = 0;

    start(&c, 16, 16, IOMMU_REPLACE_LRU);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0; i < 17; i++) {
            if (!iommu_cache_lookup(&c, i << 12, 0)) {
                misses++;
                put(&c, i << 12, 12, 0, 1);
            }
        }
    }
    g_assert_cmpuint(misses, ==, 34);
    iommu_cache_destroy(&c);
}

static void test_lru_survives_clock_wrap(void)
{
    IommuCache c;

    start(&c, 4, 4, IOMMU_REPLACE_LRU);
    for (uint64_t i = 0; i < 4; i++) {
        put(&c, i << 12, 12, 0, i + 1);
    }
    c.clock = UINT32_MAX - 1;
    get(&c, 2ull << 12, 0);
    get(&c, 0, 0); /* wraps */
    put(&c, 4ull << 12, 12, 0, 5);
    g_assert_false(has(&c, 1ull << 12, 12, 0));
    put(&c, 5ull << 12, 12, 0, 6);
    g_assert_false(has(&c, 3ull << 12, 12, 0));
    put(&c, 6ull << 12, 12, 0, 7);
    g_assert_false(has(&c, 2ull << 12, 12, 0));
    g_assert_true(has(&c, 0, 12, 0));
    g_assert_cmpuint(c.clock, <, 100);
    iommu_cache_destroy(&c);
}

static void test_plru(void)
{
    IommuCache c;

    start(&c, 4, 4, IOMMU_REPLACE_PLRU);
    for (uint64_t i = 0; i < 4; i++) {
        put(&c, i << 12, 12, 0, i + 1);
    }
    /* Tree: last use right half, way 3; so the victim is in the left half, not way 1: way 0. */
    put(&c, 4ull << 12, 12, 0, 5);
    g_assert_false(has(&c, 0, 12, 0));
    /* Then way 0 used: right half; there way 3 was last: way 2. */
    put(&c, 5ull << 12, 12, 0, 6);
    g_assert_false(has(&c, 2ull << 12, 12, 0));
    g_assert_true(has(&c, 1ull << 12, 12, 0));
    g_assert_true(has(&c, 3ull << 12, 12, 0));
    iommu_cache_destroy(&c);
}

static void test_plru_never_evicts_last_used(void)
{
    IommuCache c;

    start(&c, 64, 64, IOMMU_REPLACE_PLRU);
    for (uint64_t i = 0; i < 64; i++) {
        put(&c, i << 12, 12, 0, 1);
    }
    for (uint64_t i = 64; i < 1000; i++) {
        uint64_t kept = (i - 1) << 12;

        g_assert_nonnull(iommu_cache_lookup(&c, kept, 0));
        put(&c, i << 12, 12, 0, 1);
        g_assert_true(has(&c, kept, 12, 0));
    }
    iommu_cache_destroy(&c);
}

static void test_round_robin(void)
{
    IommuCache c;

    start(&c, 3, 3, IOMMU_REPLACE_RR);
    for (uint64_t i = 0; i < 3; i++) {
        put(&c, i << 12, 12, 0, 1);
    }
    for (uint64_t i = 3; i < 9; i++) {
        get(&c, (i - 3) << 12, 0); /* a use changes nothing */
        put(&c, i << 12, 12, 0, 1);
        g_assert_false(has(&c, (i - 3) << 12, 12, 0));
        g_assert_true(has(&c, (i - 2) << 12, 12, 0));
    }
    iommu_cache_destroy(&c);
}

static uint64_t random_signature(uint32_t seed)
{
    IommuCacheConfig config = {
        .geometry = { .entries = 8, .ways = 8, .replacement = IOMMU_REPLACE_RANDOM, .seed = seed },
        .payload_bytes = 8,
    };
    IommuCache c;
    uint64_t found = 0;

    g_assert_true(iommu_cache_init(&c, &config));
    for (uint64_t i = 0; i < 64; i++) {
        put(&c, i << 12, 12, 0, 1);
    }
    for (uint64_t i = 0; i < 64; i++) {
        found |= (uint64_t)has(&c, i << 12, 12, 0) << i;
    }
    iommu_cache_destroy(&c);
    return found;
}

static void test_random_repeats_by_seed(void)
{
    g_assert_cmpuint(random_signature(1), ==, random_signature(1));
    g_assert_cmpuint(random_signature(1), !=, random_signature(2));
    g_assert_cmpint(__builtin_popcountll(random_signature(0)), ==, 8);
}

static void test_free_way_before_eviction(gconstpointer data)
{
    IommuCache c;

    start(&c, 4, 4, GPOINTER_TO_UINT(data));
    for (uint64_t i = 0; i < 4; i++) {
        put(&c, i << 12, 12, 0, 1);
    }
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0x2000, 0x2fff, 0, 0), ==, 1);
    put(&c, 9ull << 12, 12, 0, 1);
    g_assert_cmpuint(c.live, ==, 4);
    g_assert_true(has(&c, 0, 12, 0));
    g_assert_true(has(&c, 1ull << 12, 12, 0));
    g_assert_true(has(&c, 3ull << 12, 12, 0));
    iommu_cache_destroy(&c);
}

/* A TLB of @first entries in front of 64. */
static void tlb_new(IommuTlb *t, uint32_t first)
{
    const IommuCacheGeometry main = { .entries = 64, .ways = 4 };
    const IommuCacheGeometry small = { .entries = first, .ways = first ? first : 1 };

    memset(t, 0, sizeof(*t));
    g_assert_true(iommu_tlb_init(t, &main, &small, GROUP, SUBGROUP));
}

static bool may_read(const void *need, const TlbEntry *e)
{
    return e->rights & *(const uint8_t *)need;
}

static unsigned height_of(const TlbEntry *e)
{
    return (e->lg2 - 12) / 9;
}

typedef struct TlbBench {
    IommuTlb t;
    IommuPlan plan;
    IommuCounters counters;
} TlbBench;

static const TlbEntry *find(TlbBench *b, uint64_t addr, uint64_t tag)
{
    static const uint8_t need = IOMMU_RIGHTS_R;

    plan_begin(&b->plan);
    return tlb_lookup(&b->t, &b->plan, &b->counters, addr, tag, may_read, &need, height_of);
}

static void tlb_page(TlbBench *b, uint64_t number, uint64_t tag)
{
    tlb_fill(&b->t, number << 12, tag,
             &(TlbEntry) { .out = number << 20, .lg2 = 12, .rights = IOMMU_RIGHTS_R });
}

/* Kinds of the steps that the last lookup left, and whether the last of them hit. */
static void assert_steps(const TlbBench *b, int first, int second, bool hit)
{
    g_assert_cmpuint(b->plan.count, ==, second < 0 ? 1 : 2);
    g_assert_cmpuint(b->plan.steps[0].kind, ==, first);
    if (second >= 0) {
        g_assert_cmpuint(b->plan.steps[1].kind, ==, second);
    }
    g_assert_cmpuint(b->plan.steps[b->plan.count - 1].hit, ==, hit);
}

static void test_tlb_fill_and_lookup(void)
{
    TlbEntry e = { .out = 0x80000000, .lg2 = 21, .rights = IOMMU_RIGHTS_R };
    TlbBench b = { .plan.keep = true };

    tlb_new(&b.t, 0);
    tlb_fill(&b.t, 0x212345, tag_of(1, 1), &e);
    g_assert_nonnull(find(&b, 0x3fffff, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_TLB, -1, true);
    g_assert_cmpuint(b.plan.steps[0].height, ==, 1);
    g_assert_cmphex(find(&b, 0x3fffff, tag_of(1, 1))->out, ==, 0x80000000);
    g_assert_null(find(&b, 0x400000, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_TLB, -1, false);
    g_assert_cmpuint(b.counters.tlb_lookups, ==, 3);
    g_assert_cmpuint(b.counters.tlb_hits, ==, 2);
    g_assert_cmpuint(b.counters.utlb_lookups, ==, 0);
    iommu_tlb_destroy(&b.t);
}

static void test_tlb_first_level(void)
{
    TlbBench b = { .plan.keep = true };

    tlb_new(&b.t, 2);
    for (unsigned i = 1; i <= 3; i++) {
        tlb_page(&b, i, tag_of(1, 1));
    }
    /* The oldest has left the first level, and comes back by way of the main TLB. */
    g_assert_nonnull(find(&b, 3 << 12, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_UTLB, -1, true);
    g_assert_nonnull(find(&b, 1 << 12, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_UTLB, IOMMU_STEP_TLB, true);
    g_assert_nonnull(find(&b, 1 << 12, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_UTLB, -1, true);
    g_assert_null(find(&b, 9 << 12, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_UTLB, IOMMU_STEP_TLB, false);
    g_assert_cmpuint(b.counters.utlb_lookups, ==, 4);
    g_assert_cmpuint(b.counters.utlb_hits, ==, 2);
    g_assert_cmpuint(b.counters.tlb_lookups, ==, 2);
    g_assert_cmpuint(b.counters.tlb_hits, ==, 1);
    iommu_tlb_destroy(&b.t);
}

/* What grants too little in the first level is a miss of it; so is the main TLB's then. */
static void test_tlb_first_level_rights(void)
{
    TlbBench b = { .plan.keep = true };

    tlb_new(&b.t, 2);
    tlb_fill(&b.t, 0x1000, tag_of(1, 1), &(TlbEntry) { .lg2 = 12, .rights = IOMMU_RIGHTS_W });
    g_assert_null(find(&b, 0x1000, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_UTLB, IOMMU_STEP_TLB, false);
    g_assert_cmpuint(b.counters.utlb_hits, ==, 0);
    iommu_tlb_destroy(&b.t);
}

/* A global entry that comes back by way of the main TLB is global there too. */
static void test_tlb_first_level_global(void)
{
    uint64_t global = (tag_of(1, 7) & GROUP) | IOMMU_TAG_GLOBAL;
    TlbBench b = { .plan.keep = true };

    tlb_new(&b.t, 1);
    tlb_page(&b, 5, global);
    tlb_page(&b, 6, tag_of(1, 1));
    g_assert_nonnull(find(&b, 5 << 12, tag_of(1, 1)));
    assert_steps(&b, IOMMU_STEP_UTLB, IOMMU_STEP_TLB, true);
    g_assert_nonnull(find(&b, 5 << 12, tag_of(1, 2)));
    assert_steps(&b, IOMMU_STEP_UTLB, -1, true);
    iommu_tlb_destroy(&b.t);
}

static void test_tlb_first_level_invalidation(void)
{
    TlbBench b = { .plan.keep = true };

    tlb_new(&b.t, 4);
    tlb_page(&b, 1, tag_of(1, 1));
    tlb_page(&b, 2, tag_of(1, 1));
    tlb_page(&b, 3, tag_of(2, 1));
    g_assert_cmpuint(tlb_invalidate_range(&b.t, 1 << 12, (2 << 12) - 1, tag_of(1, 1), SUBGROUP), ==,
                     1);
    g_assert_null(find(&b, 1 << 12, tag_of(1, 1)));
    g_assert_nonnull(find(&b, 2 << 12, tag_of(1, 1)));
    g_assert_cmpuint(tlb_invalidate(&b.t, tag_of(1, 1), GROUP), ==, 1);
    g_assert_null(find(&b, 2 << 12, tag_of(1, 1)));
    g_assert_nonnull(find(&b, 3 << 12, tag_of(2, 1)));
    tlb_flush(&b.t);
    g_assert_null(find(&b, 3 << 12, tag_of(2, 1)));
    iommu_tlb_destroy(&b.t);
}

int main(int argc, char **argv)
{
    static const char *const policies[] = { "lru", "plru", "rr", "random" };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/cache/geometry", test_geometry);
    g_test_add_func("/engine/cache/miss-when-empty", test_miss_when_empty);
    g_test_add_func("/engine/cache/hit-anywhere-in-span", test_hit_anywhere_in_span);
    g_test_add_func("/engine/cache/tag-must-match", test_tag_must_match);
    g_test_add_func("/engine/cache/all-address-bits-matter", test_all_address_bits_matter);
    g_test_add_func("/engine/cache/mixed-sizes", test_mixed_sizes);
    g_test_add_func("/engine/cache/smallest-size-first", test_smallest_size_first);
    g_test_add_func("/engine/cache/sized-lookup", test_sized_lookup_sees_its_size_only);
    g_test_add_func("/engine/cache/index-as-address", test_index_as_address);
    g_test_add_func("/engine/cache/global-matches-group",
                    test_global_matches_every_subgroup_of_group);
    g_test_add_func("/engine/cache/exact-before-global", test_exact_before_global);
    g_test_add_func("/engine/cache/insert-takes-over-equal", test_insert_takes_over_equal);
    g_test_add_func("/engine/cache/no-entries", test_no_entries);
    g_test_add_func("/engine/cache/one-entry", test_one_entry);
    g_test_add_func("/engine/cache/aligned-window", test_aligned_window_does_not_conflict);
    g_test_add_func("/engine/cache/payload-large", test_payload_large);
    g_test_add_func("/engine/cache/nothing-allocated", test_nothing_allocated_after_init);
    g_test_add_func("/engine/cache/lru", test_lru);
    g_test_add_func("/engine/cache/lru-peek-is-no-use", test_lru_peek_is_no_use);
    g_test_add_func("/engine/cache/lru-cycle", test_lru_cycle_misses_always);
    g_test_add_func("/engine/cache/lru-clock-wrap", test_lru_survives_clock_wrap);
    g_test_add_func("/engine/cache/plru", test_plru);
    g_test_add_func("/engine/cache/plru-keeps-last-used", test_plru_never_evicts_last_used);
    g_test_add_func("/engine/cache/round-robin", test_round_robin);
    g_test_add_func("/engine/cache/random-by-seed", test_random_repeats_by_seed);
    g_test_add_func("/engine/cache/tlb", test_tlb_fill_and_lookup);
    g_test_add_func("/engine/cache/tlb-first-level", test_tlb_first_level);
    g_test_add_func("/engine/cache/tlb-first-level-rights", test_tlb_first_level_rights);
    g_test_add_func("/engine/cache/tlb-first-level-global", test_tlb_first_level_global);
    g_test_add_func("/engine/cache/tlb-first-level-invalidation",
                    test_tlb_first_level_invalidation);
    for (unsigned i = 0; i < G_N_ELEMENTS(policies); i++) {
        g_autofree char *way = g_strdup_printf("/engine/cache/free-way-first/%s", policies[i]);

        g_test_add_data_func(way, GUINT_TO_POINTER(i), test_free_way_before_eviction);
    }
    return g_test_run();
}

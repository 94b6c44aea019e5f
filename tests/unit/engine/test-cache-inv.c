/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IommuCache: invalidation, what it costs, and random operations against a list.
 */
#include "cachefix.h"
#include "hw/iommu/fields.h"

static void test_invalidate_subgroup(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    for (uint64_t i = 0; i < 8; i++) {
        put(&c, i << 12, 12, tag_of(1, 1), 1);
        put(&c, i << 12, 12, tag_of(1, 2), 1);
        put(&c, i << 12, 12, tag_of(2, 1), 1);
    }
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(1, 1), SUBGROUP), ==, 8);
    g_assert_cmpuint(c.live, ==, 16);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(1, 1), SUBGROUP), ==, 0);
    iommu_cache_destroy(&c);
}

static void test_invalidate_group_takes_globals(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, tag_of(1, 1), 1);
    put(&c, 0x2000, 12, global_tag(1), 1);
    put(&c, 0x3000, 12, tag_of(2, 1), 1);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(1, 0), GROUP), ==, 2);
    g_assert_true(has(&c, 0x3000, 12, tag_of(2, 1)));
    iommu_cache_destroy(&c);
}

static void test_invalidate_subgroup_spares_globals(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x2000, 12, global_tag(1), 1);
    put(&c, 0x2000, 12, tag_of(1, 0), 1);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(1, 0), SUBGROUP | IOMMU_TAG_GLOBAL), ==, 1);
    g_assert_true(has(&c, 0x2000, 12, global_tag(1)));
    iommu_cache_destroy(&c);
}

/* The global bit belongs to no scope, even if a mask names it. */
static void test_masks_may_name_the_global_bit(void)
{
    IommuCacheConfig config = {
        .geometry = { .entries = 1024, .ways = 4 },
        .payload_bytes = 8,
        .group_mask = GROUP | IOMMU_TAG_GLOBAL,
        .subgroup_mask = SUBGROUP | IOMMU_TAG_GLOBAL,
    };
    IommuCache c;

    g_assert_true(iommu_cache_init(&c, &config));
    put(&c, 0x1000, 12, global_tag(1), 5);
    g_assert_cmpuint(get(&c, 0x1000, tag_of(1, 1)), ==, 5);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(1, 0), SUBGROUP), ==, 1);
    put(&c, 0x1000, 12, global_tag(1), 5);
    put(&c, 0x1000, 12, tag_of(2, 1), 6);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(1, 0), GROUP), ==, 1);
    /* The indexes serve masks that leave the bit out. */
    g_assert_cmpuint(iommu_cache_last_scan(&c), ==, 1);
    put(&c, 0x2000, 12, tag_of(2, 2), 7);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(2, 2), SUBGROUP), ==, 1);
    g_assert_cmpuint(iommu_cache_last_scan(&c), ==, 1);
    iommu_cache_destroy(&c);
}

/* A scope may lie anywhere in the tag: its index still keeps scopes apart. */
static void test_scope_anywhere_in_tag(void)
{
    for (unsigned lsb = 0; lsb < 56; lsb += 4) {
        IommuCacheConfig config = {
            .geometry = { .entries = 4096, .ways = 4 },
            .payload_bytes = 8,
            .group_mask = 0x7full << lsb,
        };
        IommuCache c;

        g_assert_true(iommu_cache_init(&c, &config));
        for (uint64_t scope = 0; scope < 128; scope++) {
            put(&c, 0x1000, 12, scope << lsb, scope + 1);
        }
        g_assert_cmpuint(c.live, ==, 128);
        for (uint64_t scope = 0; scope < 128; scope++) {
            g_assert_cmpuint(iommu_cache_invalidate(&c, scope << lsb, 0x7full << lsb), ==, 1);
            g_assert_cmpuint(iommu_cache_last_scan(&c), <=, 2);
        }
        iommu_cache_destroy(&c);
    }
}

/* A scope narrower than a subgroup: the list is followed, the rest of the mask still counts. */
static void test_invalidate_mask_beyond_subgroup(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, tag_of(1, 1), 1);
    put(&c, 0x1000, 12, tag_of(1, 1) | 1ull << 20, 1);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(1, 1) | 1ull << 20, SUBGROUP | 1ull << 20),
                     ==, 1);
    g_assert_true(has(&c, 0x1000, 12, tag_of(1, 1)));
    iommu_cache_destroy(&c);
}

static void test_invalidate_everything(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    for (uint64_t i = 0; i < 100; i++) {
        put(&c, i << 12, 12, tag_of(1, i), 1);
    }
    g_assert_cmpuint(iommu_cache_invalidate(&c, 0, 0), ==, 100);
    g_assert_cmpuint(c.live, ==, 0);
    g_assert_cmpuint(c.sizes, ==, 0);
    iommu_cache_destroy(&c);
}

static void test_range_inside_large_entry(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x40000000, 30, tag_of(1, 1), 1);
    put(&c, 0x80000000, 30, tag_of(1, 1), 1);
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0x41234000, 0x41234fff, tag_of(1, 1),
                                                  SUBGROUP), ==, 1);
    g_assert_false(has(&c, 0x40000000, 30, tag_of(1, 1)));
    g_assert_true(has(&c, 0x80000000, 30, tag_of(1, 1)));
    iommu_cache_destroy(&c);
}

static void test_range_ends_are_inclusive(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    for (uint64_t i = 0; i < 8; i++) {
        put(&c, i << 12, 12, tag_of(1, 1), 1);
    }
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0x2fff, 0x5000, tag_of(1, 1), SUBGROUP), ==,
                     4);
    g_assert_true(has(&c, 0x1000, 12, tag_of(1, 1)));
    g_assert_false(has(&c, 0x2000, 12, tag_of(1, 1)));
    g_assert_false(has(&c, 0x5000, 12, tag_of(1, 1)));
    g_assert_true(has(&c, 0x6000, 12, tag_of(1, 1)));
    iommu_cache_destroy(&c);
}

static void test_range_at_top_of_address_space(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    put(&c, UINT64_MAX, 12, tag_of(1, 1), 1);
    put(&c, 0, 12, tag_of(1, 1), 1);
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, UINT64_MAX - 0xfff, UINT64_MAX, tag_of(1, 1),
                                                  SUBGROUP), ==, 1);
    g_assert_true(has(&c, 0, 12, tag_of(1, 1)));
    iommu_cache_destroy(&c);
}

static void test_range_empty_drops_nothing(void)
{
    IommuCache c;

    start(&c, 1024, 4, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, tag_of(1, 1), 1);
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0x2000, 0x0fff, 0, 0), ==, 0);
    g_assert_cmpuint(c.live, ==, 1);
    iommu_cache_destroy(&c);
}

/* Cost: entries looked at must not grow with what is unrelated. */

static void start_crowded(IommuCache *c)
{
    start(c, 65536, 8, IOMMU_REPLACE_LRU);
    for (uint64_t i = 0; i < 50000; i++) {
        put(c, i << 12, 12, tag_of(1, 1), 1);
    }
    for (uint64_t i = 0; i < 20; i++) {
        put(c, i << 12, 12, tag_of(2, 2), 1);
    }
}

static void test_cost_of_page(void)
{
    IommuCache c;

    start_crowded(&c);
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0x5000, 0x5fff, tag_of(1, 1), SUBGROUP), ==,
                     1);
    g_assert_cmpuint(iommu_cache_last_scan(&c), <=, 8);
    iommu_cache_destroy(&c);
}

static void test_cost_of_subgroup(void)
{
    IommuCache c;

    start_crowded(&c);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(2, 2), SUBGROUP), ==, 20);
    g_assert_cmpuint(iommu_cache_last_scan(&c), ==, 20);
    iommu_cache_destroy(&c);
}

static void test_cost_of_group(void)
{
    IommuCache c;

    start_crowded(&c);
    g_assert_cmpuint(iommu_cache_invalidate(&c, tag_of(2, 0), GROUP), ==, 20);
    g_assert_cmpuint(iommu_cache_last_scan(&c), ==, 20);
    iommu_cache_destroy(&c);
}

/* A huge range of a scope that holds little goes by the scope. */
/* A page goes by its set whatever sizes the entries that cover it have, global ones too. */
static void test_cost_of_page_under_global_block(void)
{
    IommuCache c;

    start_crowded(&c);
    put(&c, 0, 30, global_tag(1), 1);
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0x5000, 0x5fff, tag_of(1, 0), GROUP), ==, 2);
    g_assert_cmpuint(iommu_cache_last_scan(&c), <=, 16);
    g_assert_false(has(&c, 0, 30, global_tag(1)));
    iommu_cache_destroy(&c);
}

static void test_cost_of_huge_range(void)
{
    IommuCache c;

    start_crowded(&c);
    g_assert_cmpuint(iommu_cache_invalidate_range(&c, 0, UINT64_MAX, tag_of(2, 2), SUBGROUP), ==,
                     20);
    g_assert_cmpuint(iommu_cache_last_scan(&c), ==, 20);
    iommu_cache_destroy(&c);
}

static void test_cost_of_flush_when_empty(void)
{
    IommuCache c;

    start(&c, 65536, 8, IOMMU_REPLACE_LRU);
    put(&c, 0x1000, 12, 0, 1);
    iommu_cache_flush(&c);
    g_assert_cmpuint(iommu_cache_last_scan(&c), ==, 1);
    iommu_cache_destroy(&c);
}

/*
 * Random operations against a list that is searched from end to end.
 */

#define MODEL_MAX 64

typedef struct ModelEntry {
    uint64_t first, last, tag, value;
    unsigned lg2;
} ModelEntry;

static uint64_t random_tag(GRand *r)
{
    unsigned group = g_rand_int_range(r, 0, 3);

    if (g_rand_int_range(r, 0, 5) == 0) {
        return global_tag(group);
    }
    return tag_of(group, g_rand_int_range(r, 0, 3)) | (uint64_t)g_rand_int_range(r, 0, 2) << 20;
}

static uint64_t random_addr(GRand *r)
{
    uint64_t a = (uint64_t)g_rand_int_range(r, 0, 40) << 12 | g_rand_int_range(r, 0, 4096);

    switch (g_rand_int_range(r, 0, 4)) {
    case 0:
        return a | 0xffff800000000000;
    case 1:
        return a << 9;
    case 2:
        return UINT64_MAX - a;
    default:
        return a;
    }
}

static void check_against(const IommuCache *c, const ModelEntry *m, unsigned n)
{
    g_assert_cmpuint(c->live, ==, n);
    for (unsigned i = 0; i < n; i++) {
        const uint64_t *p = iommu_cache_peek(c, m[i].first, m[i].lg2, m[i].tag);

        g_assert_nonnull(p);
        g_assert_cmpuint(*p, ==, m[i].value);
    }
}

/* An insert may have evicted one entry, and no more: forget it too. */
static unsigned forget_evicted(const IommuCache *c, ModelEntry *m, unsigned n)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n; i++) {
        if (has(c, m[i].first, m[i].lg2, m[i].tag)) {
            m[kept++] = m[i];
        }
    }
    g_assert_cmpuint(kept + 1, >=, n);
    return kept;
}

static void test_random_operations(gconstpointer data)
{
    static const unsigned lg2s[] = { 12, 16, 21, 30 };
    static const uint64_t masks[] = {
        0, GROUP, SUBGROUP, SUBGROUP | 1ull << 20, 0xffff, IOMMU_TAG_GLOBAL | GROUP,
        IOMMU_TAG_GLOBAL | SUBGROUP, ~0ull,
    };
    GRand *r = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
    ModelEntry m[MODEL_MAX];
    unsigned n = 0;
    uint64_t hits = 0, drops = 0;
    IommuCache c;

    /* One set; few ways, where going by address is the least work; no power of two of sets. */
    if (GPOINTER_TO_UINT(data) % 3 == 1) {
        start(&c, 64, 64, IOMMU_REPLACE_LRU);
    } else if (GPOINTER_TO_UINT(data) % 3 == 2) {
        start(&c, 16384, 4, IOMMU_REPLACE_LRU);
    } else {
        start(&c, 75 * 8, 8, IOMMU_REPLACE_LRU);
    }
    for (unsigned step = 0; step < 20000; step++) {
        uint64_t addr = random_addr(r), tag = random_tag(r);

        switch (g_rand_int_range(r, 0, 10)) {
        case 0: case 1: case 2: case 3: {
            unsigned lg2 = lg2s[g_rand_int_range(r, 0, 4)];
            uint64_t first = addr & ~low_mask(lg2);
            unsigned i;

            for (i = 0; i < n; i++) {
                if (m[i].first == first && m[i].lg2 == lg2 && m[i].tag == tag) {
                    break;
                }
            }
            if (i == MODEL_MAX) {
                break;
            }
            m[i] = (ModelEntry) { first, first | low_mask(lg2), tag, step + 1, lg2 };
            n = i == n ? n + 1 : n;
            put(&c, addr, lg2, tag, step + 1);
            n = forget_evicted(&c, m, n);
            break;
        }
        case 4: case 5: case 6: case 7: {
            uint64_t want = 0, found;
            unsigned best = 64;

            tag &= ~IOMMU_TAG_GLOBAL;
            for (unsigned pass = 0; pass < 2 && !want; pass++) {
                uint64_t t = pass ? (tag & ~(SUBGROUP & ~GROUP)) | IOMMU_TAG_GLOBAL : tag;

                for (unsigned i = 0; i < n; i++) {
                    if (m[i].tag == t && addr >= m[i].first && addr <= m[i].last &&
                        m[i].lg2 < best) {
                        best = m[i].lg2;
                        want = m[i].value;
                    }
                }
            }
            found = get(&c, addr, tag);
            g_assert_cmpuint(found, ==, want);
            hits += !!found;
            break;
        }
        default: {
            uint64_t mask = masks[g_rand_int_range(r, 0, G_N_ELEMENTS(masks))];
            uint64_t first = 0, last = UINT64_MAX;
            unsigned kept = 0, dropped;

            if (g_rand_int_range(r, 0, 4)) {
                uint64_t span = (uint64_t)g_rand_int_range(r, 0, 5) << g_rand_int_range(r, 0, 24);

                first = addr;
                last = addr + span < addr ? UINT64_MAX : addr + span;
            } else if (g_rand_int_range(r, 0, 10)) {
                break; /* whole scopes empty the cache too often to be interesting */
            }
            for (unsigned i = 0; i < n; i++) {
                if (((m[i].tag ^ tag) & mask) || m[i].first > last || m[i].last < first) {
                    m[kept++] = m[i];
                }
            }
            dropped = n - kept;
            n = kept;
            g_assert_cmpuint(first == 0 && last == UINT64_MAX
                                 ? iommu_cache_invalidate(&c, tag, mask)
                                 : iommu_cache_invalidate_range(&c, first, last, tag, mask),
                             ==, dropped);
            drops += dropped;
            check_against(&c, m, n);
        }
        }
    }
    g_assert_cmpuint(hits, >, 100);
    g_assert_cmpuint(drops, >, 100);
    iommu_cache_destroy(&c);
    g_rand_free(r);
}

/*
 * With conflicts: whatever is found is what was last put in, and nothing that was dropped comes
 * back.
 */
static void test_random_evictions(gconstpointer data)
{
    GRand *r = g_rand_new_with_seed(7);
    GHashTable *now = g_hash_table_new(g_direct_hash, g_direct_equal);
    uint64_t hits = 0;
    IommuCache c;

    start(&c, 32, 4, GPOINTER_TO_UINT(data));
    for (uintptr_t step = 1; step < 20000; step++) {
        uintptr_t page = g_rand_int_range(r, 1, 100);

        if (step % 1000 == 0) {
            iommu_cache_flush(&c);
            g_hash_table_remove_all(now);
        } else if (g_rand_boolean(r)) {
            put(&c, page << 12, 12, tag_of(1, 1), step);
            g_hash_table_insert(now, (void *)page, (void *)step);
        } else {
            uint64_t found = get(&c, page << 12, tag_of(1, 1));

            if (found) {
                g_assert_cmpuint(found, ==, (uintptr_t)g_hash_table_lookup(now, (void *)page));
                hits++;
            }
        }
        g_assert_cmpuint(c.live, <=, 32);
    }
    g_assert_cmpuint(hits, >, 1000);
    g_hash_table_destroy(now);
    iommu_cache_destroy(&c);
    g_rand_free(r);
}

int main(int argc, char **argv)
{
    static const char *const policies[] = { "lru", "plru", "rr", "random" };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/cache/invalidate-subgroup", test_invalidate_subgroup);
    g_test_add_func("/engine/cache/invalidate-group-with-globals",
                    test_invalidate_group_takes_globals);
    g_test_add_func("/engine/cache/invalidate-subgroup-spares-globals",
                    test_invalidate_subgroup_spares_globals);
    g_test_add_func("/engine/cache/invalidate-mask-beyond-subgroup",
                    test_invalidate_mask_beyond_subgroup);
    g_test_add_func("/engine/cache/masks-and-global-bit", test_masks_may_name_the_global_bit);
    g_test_add_func("/engine/cache/invalidate-everything", test_invalidate_everything);
    g_test_add_func("/engine/cache/range-inside-large-entry", test_range_inside_large_entry);
    g_test_add_func("/engine/cache/range-inclusive", test_range_ends_are_inclusive);
    g_test_add_func("/engine/cache/range-at-top", test_range_at_top_of_address_space);
    g_test_add_func("/engine/cache/range-empty", test_range_empty_drops_nothing);
    g_test_add_func("/engine/cache/cost-page", test_cost_of_page);
    g_test_add_func("/engine/cache/cost-subgroup", test_cost_of_subgroup);
    g_test_add_func("/engine/cache/cost-group", test_cost_of_group);
    g_test_add_func("/engine/cache/cost-page-under-global",
                    test_cost_of_page_under_global_block);
    g_test_add_func("/engine/cache/cost-huge-range", test_cost_of_huge_range);
    g_test_add_func("/engine/cache/cost-scope-anywhere", test_scope_anywhere_in_tag);
    g_test_add_func("/engine/cache/cost-flush", test_cost_of_flush_when_empty);
    for (unsigned seed = 1; seed <= 8; seed++) {
        g_autofree char *name = g_strdup_printf("/engine/cache/random-operations/%u", seed);

        g_test_add_data_func(name, GUINT_TO_POINTER(seed), test_random_operations);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(policies); i++) {
        g_autofree char *evict = g_strdup_printf("/engine/cache/random-evictions/%s", policies[i]);

        g_test_add_data_func(evict, GUINT_TO_POINTER(i), test_random_evictions);
    }
    return g_test_run();
}

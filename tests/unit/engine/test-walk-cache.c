/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker's caches: what is kept, what a hit spares, what an invalidation takes away.
 */
#include <glib.h>

#include "walkfix.h"

#define VA  0x123456789000ull
#define IPA 0x180000ull
#define OUT 0x700000ull

#define UR IOMMU_RIGHT_UR
#define UW IOMMU_RIGHT_UW

static void start(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    walkfix_map1(f, VA + 0x1000, TOY_PAGE | (OUT + 0x1000));
    g_assert_true(walkfix_go(f, VA, UR, 0));
    ramhost_forget(&f->ram);
}

static void start_nested(WalkFix *f)
{
    walkfix_nest(f);
    walkfix_map1(f, VA, TOY_PAGE | IPA);
    walkfix_map2(f, IPA, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    ramhost_forget(&f->ram);
}

/* Reads of a walk of @va from here. */
static uint64_t reads(WalkFix *f, uint64_t va)
{
    ramhost_forget(&f->ram);
    g_assert_true(walkfix_go(f, va, UR, 0));
    return f->ram.reads;
}

static void test_last_table_is_found(WalkFix *f)
{
    start(f);
    g_assert_cmpuint(reads(f, VA), ==, 1);
    g_assert_cmpuint(reads(f, VA + 0x1000), ==, 1);
    g_assert_cmphex(f->res.out, ==, OUT + 0x1000);
}

/* 1 read under the same last table, 2 under the one above, and so on. */
static void test_each_level_is_found(WalkFix *f)
{
    start(f);
    for (unsigned height = 0; height < 4; height++) {
        uint64_t va = VA ^ 1ull << (12 + 9 * height);

        walkfix_map1(f, va, TOY_PAGE | OUT);
        g_assert_cmpuint(reads(f, va), ==, height + 1);
    }
}

static void test_counters(WalkFix *f)
{
    start(f);
    /* The cold walk asked heights 0, 1, 2; the next one finds the first. */
    g_assert_cmpuint(f->counters.walkcache_lookups, ==, 3);
    g_assert_cmpuint(f->counters.walkcache_hits, ==, 0);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->counters.walkcache_lookups, ==, 4);
    g_assert_cmpuint(f->counters.walkcache_hits, ==, 1);
    g_assert_cmpuint(walkfix_steps(f, IOMMU_STEP_TABLE_CACHE), ==, 4);
}

static void test_off_looks_nothing_up(WalkFix *f)
{
    start_nested(f);
    g_assert_cmpuint(f->counters.walkcache_lookups, ==, 0);
    g_assert_cmpuint(f->counters.ipa_lookups, ==, 0);
    g_assert_cmpuint(reads(f, VA), ==, 24);
}

static void test_tag_separates(WalkFix *f)
{
    start(f);
    f->s1.walk_tag++;
    g_assert_cmpuint(reads(f, VA), ==, 4);
}

static void test_entry_marked_not_to_be_cached(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 1), walkfix_desc1(f, VA, 1) | TOY_NC);
    g_assert_cmpuint(reads(f, VA), ==, 4);
    g_assert_cmpuint(reads(f, VA), ==, 2);
}

static void test_stage2_leaf_marked_not_to_be_cached(WalkFix *f)
{
    f->use = FIX_USE_S2;
    walkfix_map2(f, VA, TOY_PAGE | TOY_NC | OUT);
    g_assert_cmpuint(reads(f, VA), ==, 4);
    g_assert_cmpuint(reads(f, VA), ==, 1);
    walkfix_map2(f, VA, TOY_PAGE | OUT);
    g_assert_cmpuint(reads(f, VA), ==, 1);
    g_assert_cmpuint(reads(f, VA), ==, 0);
}

/* A stale table entry is used until it is invalidated: the cache is really there. */
static void test_stale_until_invalidated(WalkFix *f)
{
    start(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 1), 0);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(pt_walker_invalidate(&f->walker, 1, false, VA, VA + 0xfff, 0, 0), ==, 3);
    g_assert_false(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->fault.height, ==, 1);
}

static void test_leaf_only_spares_tables(WalkFix *f)
{
    start_nested(f);
    g_assert_cmpuint(pt_walker_invalidate(&f->walker, 2, true, IPA, IPA + 0xfff, 0, 0), ==, 1);
    /* One stage 2 read: its last table is still known, and all of stage 1. */
    g_assert_cmpuint(reads(f, VA), ==, 2);
    g_assert_cmpuint(pt_walker_invalidate(&f->walker, 1, true, 0, UINT64_MAX, 0, 0), ==, 0);
}

static void test_stage1_only(WalkFix *f)
{
    start_nested(f);
    g_assert_cmpuint(pt_walker_invalidate(&f->walker, 1, false, 0, UINT64_MAX, 0, 0), ==, 3);
    g_assert_cmpuint(reads(f, VA), ==, 4);
}

static void test_stage2_only(WalkFix *f)
{
    start_nested(f);
    pt_walker_invalidate(&f->walker, 2, false, 0, UINT64_MAX, 0, 0);
    /* Stage 1's last table is known; its page, and the final one, are translated afresh. */
    g_assert_cmpuint(reads(f, VA), ==, 1 + 4 + 1);
}

static void test_both_stages(WalkFix *f)
{
    start_nested(f);
    pt_walker_invalidate(&f->walker, 0, false, 0, UINT64_MAX, 0, 0);
    g_assert_cmpuint(f->walker.ipa.live, ==, 0);
    g_assert_cmpuint(f->walker.tables[0][0].live, ==, 0);
    g_assert_cmpuint(f->walker.tables[1][0].live, ==, 0);
}

static void test_flush(WalkFix *f)
{
    start_nested(f);
    g_assert_cmpuint(f->walker.ipa.live, >, 0);
    pt_walker_flush(&f->walker);
    g_assert_cmpuint(f->walker.ipa.live, ==, 0);
    for (unsigned height = 0; height < 3; height++) {
        g_assert_cmpuint(f->walker.tables[0][height].live, ==, 0);
        g_assert_cmpuint(f->walker.tables[1][height].live, ==, 0);
    }
}

static void test_other_tag_is_spared(WalkFix *f)
{
    start_nested(f);
    g_assert_cmpuint(pt_walker_invalidate(&f->walker, 0, false, 0, UINT64_MAX, 0x999, 0xffff), ==,
                     0);
    g_assert_cmpuint(pt_walker_invalidate(&f->walker, 0, false, 0, UINT64_MAX, FIX_S1_TAG,
                                          FIX_GROUP), ==, 3);
    g_assert_cmpuint(reads(f, VA), ==, 4);
}

static void test_other_address_is_spared(WalkFix *f)
{
    start(f);
    /* Under another last table, but the same one above. */
    g_assert_cmpuint(pt_walker_invalidate(&f->walker, 1, false, VA + 0x200000, VA + 0x200fff, 0, 0),
                     ==, 2);
    g_assert_cmpuint(reads(f, VA), ==, 1);
}

static void test_last_scan(WalkFix *f)
{
    start_nested(f);
    pt_walker_invalidate(&f->walker, 1, false, 0, UINT64_MAX, 0, 0);
    g_assert_cmpuint(pt_walker_last_scan(&f->walker), ==, 3);
}

static void test_limits_are_kept_with_the_table(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 3), walkfix_desc1(f, VA, 3) & ~TOY_W);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(reads(f, VA), ==, 1);
    g_assert_cmphex(f->res.rights & IOMMU_RIGHTS_W, ==, 0);
}

/* Stage 1's cached tables are intermediate addresses: moving the page under them needs no stage 1
   invalidation. */
static void test_cached_table_is_an_ipa(WalkFix *f)
{
    uint64_t page;

    start_nested(f);
    page = walkfix_slot1(f, VA, 0) & ~0xfffull;
    memcpy(ramhost_at(&f->ram, 0x600000, 4096), ramhost_at(&f->ram, page, 4096), 4096);
    ramhost_write64(&f->ram, 0x600000 + (walkfix_slot1(f, VA, 0) & 0xfff),
                    TOY_PAGE | (IPA + 0x1000));
    walkfix_map2(f, page, TOY_PAGE | 0x600000);
    pt_walker_invalidate(&f->walker, 2, true, page, page + 0xfff, 0, 0);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.ipa, ==, IPA + 0x1000);
}

static void test_ipa_entry_of_a_block(WalkFix *f)
{
    uint64_t next = FIX_RAM - 0x10000;

    f->use = FIX_USE_S2;
    toy_map(&f->ram, &f->s2, 0x40000000, 1, TOY_PAGE | 0x600000, 0, &next);
    g_assert_cmpuint(reads(f, 0x40000000), ==, 3);
    g_assert_cmpuint(reads(f, 0x401fffff), ==, 0);
    g_assert_cmphex(f->res.out, ==, 0x7fffff);
    g_assert_cmpuint(f->res.lg2, ==, 21);
    pt_walker_invalidate(&f->walker, 2, true, 0x40123000, 0x40123fff, 0, 0);
    g_assert_cmpuint(reads(f, 0x40000000), ==, 1);
}

static void test_one_entry_each(WalkFix *f)
{
    start(f);
    g_assert_cmpuint(reads(f, VA), ==, 1);
    walkfix_map1(f, VA ^ 1ull << 30, TOY_PAGE | OUT);
    g_assert_cmpuint(reads(f, VA ^ 1ull << 30), ==, 3);
    /* The only entries of heights 0 and 1 now lead elsewhere. */
    g_assert_cmpuint(reads(f, VA), ==, 3);
}

/* A level without a cache of its own is not asked; those above it are. */
static void test_one_level_without_a_cache(WalkFix *f)
{
    IommuProfile profile = *iommu_profile_find("full");

    profile.tables[0][0].entries = 0;
    pt_walker_destroy(&f->walker);
    g_assert_true(pt_walker_init(&f->walker, &f->ram.host, &f->counters, &f->trace, &f->plan,
                                 &profile, FIX_GROUP, 0xffff));
    start(f);
    g_assert_cmpuint(f->counters.walkcache_lookups, ==, 2);
    g_assert_cmpuint(reads(f, VA), ==, 2);
    g_assert_cmpuint(f->counters.walkcache_lookups, ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    walkfix_add_with("/engine/walkcache/last-table", "full", test_last_table_is_found);
    walkfix_add_with("/engine/walkcache/each-level", "full", test_each_level_is_found);
    walkfix_add_with("/engine/walkcache/counters", "full", test_counters);
    walkfix_add_with("/engine/walkcache/off", "off", test_off_looks_nothing_up);
    walkfix_add_with("/engine/walkcache/tag-separates", "full", test_tag_separates);
    walkfix_add_with("/engine/walkcache/not-to-be-cached", "full",
                     test_entry_marked_not_to_be_cached);
    walkfix_add_with("/engine/walkcache/leaf-not-to-be-cached", "full",
                     test_stage2_leaf_marked_not_to_be_cached);
    walkfix_add_with("/engine/walkcache/stale-until-invalidated", "full",
                     test_stale_until_invalidated);
    walkfix_add_with("/engine/walkcache/leaf-only", "full", test_leaf_only_spares_tables);
    walkfix_add_with("/engine/walkcache/stage1-only", "full", test_stage1_only);
    walkfix_add_with("/engine/walkcache/stage2-only", "full", test_stage2_only);
    walkfix_add_with("/engine/walkcache/both-stages", "full", test_both_stages);
    walkfix_add_with("/engine/walkcache/flush", "full", test_flush);
    walkfix_add_with("/engine/walkcache/other-tag", "full", test_other_tag_is_spared);
    walkfix_add_with("/engine/walkcache/other-address", "full", test_other_address_is_spared);
    walkfix_add_with("/engine/walkcache/last-scan", "full", test_last_scan);
    walkfix_add_with("/engine/walkcache/limits-kept", "full", test_limits_are_kept_with_the_table);
    walkfix_add_with("/engine/walkcache/table-is-an-ipa", "full", test_cached_table_is_an_ipa);
    walkfix_add_with("/engine/walkcache/ipa-block", "full", test_ipa_entry_of_a_block);
    walkfix_add_with("/engine/walkcache/one-level-off", "full", test_one_level_without_a_cache);
    walkfix_add_with("/engine/walkcache/one-entry", "one", test_one_entry_each);
    return g_test_run();
}

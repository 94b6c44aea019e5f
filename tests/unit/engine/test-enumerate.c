/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pt_enumerate(): every mapping of a range, both stages composed.
 */
#include <glib.h>

#include "walkfix.h"

#define VA  0x123456789000ull
#define IPA 0x180000ull
#define OUT 0x700000ull

typedef struct Seen {
    uint64_t addr, out, bytes;
    uint8_t rights;
} Seen;

typedef struct List {
    Seen seen[512];
    unsigned count;
    unsigned stop_at; /* 0: never */
} List;

static bool note(void *opaque, uint64_t addr, uint64_t out, uint64_t bytes, uint8_t rights)
{
    List *l = opaque;

    g_assert_cmpuint(l->count, <, G_N_ELEMENTS(l->seen));
    l->seen[l->count++] = (Seen) { addr, out, bytes, rights };
    return l->count != l->stop_at;
}

static void list(WalkFix *f, uint64_t first, uint64_t last, List *l)
{
    l->count = 0;
    pt_enumerate(&f->walker, f->use & FIX_USE_S1 ? &f->s1 : NULL,
                 f->use & FIX_USE_S2 ? &f->s2 : NULL, first, last, note, l);
}

static void check(const List *l, unsigned i, uint64_t addr, uint64_t out, uint64_t bytes)
{
    g_assert_cmpuint(i, <, l->count);
    g_assert_cmphex(l->seen[i].addr, ==, addr);
    g_assert_cmphex(l->seen[i].out, ==, out);
    g_assert_cmphex(l->seen[i].bytes, ==, bytes);
}

static void test_nothing_mapped(WalkFix *f)
{
    List l = { .stop_at = 0 };

    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 0);
}

static void test_pages_and_blocks_in_order(WalkFix *f)
{
    List l = { .stop_at = 0 };

    walkfix_map1(f, VA, TOY_PAGE | OUT);
    walkfix_map1(f, 0, TOY_PAGE | 0x5000);
    toy_map(&f->ram, &f->s1, 0x40000000, 2, TOY_PAGE | 0x80000000, 0, &f->next);
    toy_map(&f->ram, &f->s1, 0xffffffe00000, 1, TOY_PAGE | 0x200000, 0, &f->next);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 4);
    check(&l, 0, 0, 0x5000, 0x1000);
    check(&l, 1, 0x40000000, 0x80000000, 0x40000000);
    check(&l, 2, VA, OUT, 0x1000);
    check(&l, 3, 0xffffffe00000, 0x200000, 0x200000);
}

static void test_range_cuts(WalkFix *f)
{
    List l = { .stop_at = 0 };

    toy_map(&f->ram, &f->s1, 0x40000000, 1, TOY_PAGE | 0x80000000, 0, &f->next);
    walkfix_map1(f, 0x40200000, TOY_PAGE | OUT);
    list(f, 0x40001000, 0x40002fff, &l);
    g_assert_cmpuint(l.count, ==, 1);
    check(&l, 0, 0x40001000, 0x80001000, 0x2000);
    list(f, 0x401ff000, 0x40200fff, &l);
    g_assert_cmpuint(l.count, ==, 2);
    check(&l, 0, 0x401ff000, 0x801ff000, 0x1000);
    check(&l, 1, 0x40200000, OUT, 0x1000);
    list(f, 5, 4, &l);
    g_assert_cmpuint(l.count, ==, 0);
}

static void test_stops_when_told(WalkFix *f)
{
    List l = { .stop_at = 3 };

    for (unsigned i = 0; i < 8; i++) {
        walkfix_map1(f, VA + (i << 12), TOY_PAGE | (OUT + (i << 12)));
    }
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 3);
}

static void test_rights_after_tables(WalkFix *f)
{
    List l = { .stop_at = 0 };

    walkfix_map1(f, VA, (TOY_PAGE & ~TOY_X) | OUT);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 2), walkfix_desc1(f, VA, 2) & ~TOY_W);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 1);
    g_assert_cmphex(l.seen[0].rights, ==, IOMMU_RIGHTS_R);
}

static void test_writable_clean_counts_as_writable(WalkFix *f)
{
    List l = { .stop_at = 0 };

    walkfix_map1(f, VA, (TOY_PAGE & ~TOY_W) | TOY_DBM | OUT);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmphex(l.seen[0].rights & IOMMU_RIGHTS_W, ==, 0);
    f->s1.update_dirty = true;
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmphex(l.seen[0].rights & IOMMU_RIGHTS_W, ==, IOMMU_RIGHTS_W);
    g_assert_cmphex(walkfix_desc1(f, VA, 0) & TOY_W, ==, 0);
}

static void test_access_flag(WalkFix *f)
{
    List l = { .stop_at = 0 };

    f->s1.flags |= TOY_FLAG_AF;
    walkfix_map1(f, VA, (TOY_PAGE & ~TOY_AF) | OUT);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 0);
    f->s1.update_access = true;
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 1);
    g_assert_cmphex(walkfix_desc1(f, VA, 0) & TOY_AF, ==, 0);
}

static void test_bad_entries_are_skipped(WalkFix *f)
{
    List l = { .stop_at = 0 };

    walkfix_map1(f, VA, TOY_PAGE | TOY_BAD | OUT);
    walkfix_map1(f, VA + 0x1000, TOY_PAGE | 1ull << 49);
    walkfix_map1(f, VA + 0x2000, TOY_TABLE | OUT);
    walkfix_map1(f, VA + 0x3000, TOY_PAGE | OUT);
    walkfix_map1(f, VA + (1ull << 39), TOY_PAGE | OUT);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA + (1ull << 39), 3), TOY_TABLE | 1ull << 40);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 1);
    check(&l, 0, VA + 0x3000, OUT, 0x1000);
}

static void test_upper_half(WalkFix *f)
{
    List l = { .stop_at = 0 };

    f->s1.flags |= TOY_FLAG_UPPER;
    f->s1.root = 0x3000;
    f->s1.top = 2;
    f->s1.in_bits = 39;
    ramhost_write64(&f->ram, 0x3000 + 511 * 8, TOY_PAGE | 0x40000000);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 1);
    check(&l, 0, 0xffffffffc0000000, 0x40000000, 0x40000000);
}

/* With the top byte ignored one mapping answers at 256 addresses: it is told once. */
static void test_top_byte_ignored(WalkFix *f)
{
    List l = { .stop_at = 0 };

    f->s1.flags |= TOY_FLAG_TBI;
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 1);
    list(f, VA | 0xa5ull << 56, VA | 0xa5ull << 56 | 0xfff, &l);
    g_assert_cmpuint(l.count, ==, 0);
}

static void test_concatenated(WalkFix *f)
{
    List l = { .stop_at = 0 };

    f->s1 = toy_regime(1, 0x10000, 1);
    f->s1.in_bits = 34;
    walkfix_map1(f, 15ull << 30, TOY_PAGE | OUT);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 1);
    check(&l, 0, 15ull << 30, OUT, 0x1000);
}

static void test_stage2_alone(WalkFix *f)
{
    List l = { .stop_at = 0 };

    f->use = FIX_USE_S2;
    walkfix_map2(f, VA, TOY_PAGE | OUT);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 1);
    check(&l, 0, VA, OUT, 0x1000);
}

static void test_nested(WalkFix *f)
{
    List l = { .stop_at = 0 };

    walkfix_nest(f);
    walkfix_map1(f, VA, TOY_PAGE | IPA);
    walkfix_map1(f, VA + 0x1000, (TOY_PAGE & ~TOY_X) | (IPA + 0x1000));
    walkfix_map1(f, VA + 0x2000, TOY_PAGE | (IPA + 0x2000));
    walkfix_map2(f, IPA, TOY_PAGE | OUT);
    walkfix_map2(f, IPA + 0x1000, (TOY_PAGE & ~TOY_W) | (OUT + 0x5000));
    walkfix_map2(f, IPA + 0x2000, 0);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 2);
    check(&l, 0, VA, OUT, 0x1000);
    check(&l, 1, VA + 0x1000, OUT + 0x5000, 0x1000);
    g_assert_cmphex(l.seen[1].rights, ==, IOMMU_RIGHTS_R);
}

static void test_nested_sizes(WalkFix *f)
{
    uint64_t next = FIX_RAM - 0x10000;
    List l = { .stop_at = 0 };

    walkfix_nest(f);
    /* 2 MB of stage 1 over two pages of stage 2. */
    toy_map(&f->ram, &f->s1, VA, 1, TOY_PAGE | 0x40000000, 0, &f->next);
    walkfix_map2(f, 0x40003000, TOY_PAGE | OUT);
    walkfix_map2(f, 0x40007000, TOY_PAGE | (OUT + 0x1000));
    /* A page of stage 1 in a block of stage 2. */
    walkfix_map1(f, VA + 0x200000, TOY_PAGE | 0x80345000);
    toy_map(&f->ram, &f->s2, 0x80200000, 1, TOY_PAGE | 0x600000, 0, &next);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 3);
    check(&l, 0, (VA & ~0x1fffffull) + 0x3000, OUT, 0x1000);
    check(&l, 1, (VA & ~0x1fffffull) + 0x7000, OUT + 0x1000, 0x1000);
    check(&l, 2, VA + 0x200000, 0x745000, 0x1000);
}

static void test_nested_unreadable_table(WalkFix *f)
{
    List l = { .stop_at = 0 };

    walkfix_nest(f);
    walkfix_map1(f, VA, TOY_PAGE | IPA);
    walkfix_map2(f, walkfix_slot1(f, VA, 1), 0);
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpuint(l.count, ==, 0);
}

static void test_touches_nothing(WalkFix *f)
{
    IommuCounters before;
    List l = { .stop_at = 0 };

    walkfix_nest(f);
    walkfix_map1(f, VA, TOY_PAGE | IPA);
    before = f->counters;
    list(f, 0, UINT64_MAX, &l);
    g_assert_cmpmem(&before, sizeof(before), &f->counters, sizeof(f->counters));
    g_assert_cmpuint(f->ram.swaps + f->ram.writes, ==, 0);
    g_assert_cmpuint(f->walker.ipa.live, ==, 0);
    g_assert_cmpuint(f->plan.count, ==, 0);
}

static unsigned counted;

static bool count_only(void *opaque, uint64_t addr, uint64_t out, uint64_t bytes, uint8_t rights)
{
    (void)opaque;
    (void)addr;
    (void)out;
    (void)bytes;
    (void)rights;
    counted++;
    return true;
}

/* A table that points to itself at every height maps 2^36 pages: the visit ends by itself. */
static void test_endless_tables(WalkFix *f)
{
    for (unsigned i = 0; i < 512; i++) {
        ramhost_write64(&f->ram, FIX_S1_ROOT + i * 8, TOY_TABLE | FIX_S1_ROOT);
    }
    counted = 0;
    pt_enumerate(&f->walker, &f->s1, NULL, 0, UINT64_MAX, count_only, NULL);
    g_assert_cmpuint(f->ram.errors, ==, 1);
    g_assert_cmpuint(f->ram.reads, ==, PT_ENUMERATE_READS);
}

/* Against one walk for each page. */
static void test_random(WalkFix *f)
{
    GRand *r = g_rand_new_with_seed(11);
    List *l = g_new0(List, 1);

    walkfix_nest(f);
    for (unsigned i = 0; i < 150; i++) {
        uint64_t va = VA + ((uint64_t)g_rand_int_range(r, 0, 300) << 12);
        uint64_t ipa = IPA + ((uint64_t)g_rand_int_range(r, 0, 0x60) << 12);

        walkfix_map1(f, va, TOY_PAGE | ipa);
        walkfix_map2(f, ipa, g_rand_int_range(r, 0, 4) ? TOY_PAGE | ipa : 0);
    }
    list(f, VA, VA + (300 << 12) - 1, l);
    for (unsigned i = 0, at = 0; i < 300; i++) {
        uint64_t va = VA + ((uint64_t)i << 12);

        if (walkfix_go(f, va, IOMMU_RIGHT_UR, 0)) {
            check(l, at, va, f->res.out, 0x1000);
            at++;
        } else {
            g_assert_true(at == l->count || l->seen[at].addr > va);
        }
    }
    g_assert_cmpuint(l->count, >, 50);
    g_free(l);
    g_rand_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    walkfix_add("/engine/enumerate/nothing", test_nothing_mapped);
    walkfix_add("/engine/enumerate/in-order", test_pages_and_blocks_in_order);
    walkfix_add("/engine/enumerate/range-cuts", test_range_cuts);
    walkfix_add("/engine/enumerate/stops", test_stops_when_told);
    walkfix_add("/engine/enumerate/rights", test_rights_after_tables);
    walkfix_add("/engine/enumerate/writable-clean", test_writable_clean_counts_as_writable);
    walkfix_add("/engine/enumerate/access-flag", test_access_flag);
    walkfix_add("/engine/enumerate/bad-entries", test_bad_entries_are_skipped);
    walkfix_add("/engine/enumerate/upper-half", test_upper_half);
    walkfix_add("/engine/enumerate/top-byte-ignored", test_top_byte_ignored);
    walkfix_add("/engine/enumerate/concatenated", test_concatenated);
    walkfix_add("/engine/enumerate/stage2-alone", test_stage2_alone);
    walkfix_add("/engine/enumerate/nested", test_nested);
    walkfix_add("/engine/enumerate/nested-sizes", test_nested_sizes);
    walkfix_add("/engine/enumerate/nested-unreadable", test_nested_unreadable_table);
    walkfix_add("/engine/enumerate/touches-nothing", test_touches_nothing);
    walkfix_add_with("/engine/enumerate/endless", "off", test_endless_tables);
    walkfix_add("/engine/enumerate/random", test_random);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random tables, requests and software changes: the walker with caches off, of one entry, tiny and
 * full, against the reference. Same result or fault, field for field, and the same memory
 * afterwards.
 *
 * Tables are trees: no table is reached by two paths or at two heights, and stage 2 never maps the
 * client's or stage 1's pages onto its own tables. Else a descriptor updated by one path would
 * leave caches stale on another, which is software's business to invalidate.
 */
#include <glib.h>
#include <string.h>

#include "refwalk.h"
#include "walkfix.h"

#define HEIGHTS 3
#define FAN 3          /* entries used in each table */
#define STEPS 6000

/* Frames: stage 2's tables, stage 1's tables, data. Stage 1's are addressed through stage 2. */
#define S2_TABLES (1 + 1 + 1)
#define S1_TABLES (1 + FAN + FAN * FAN)
#define S2_FIRST 0
#define S1_FIRST S2_TABLES
#define DATA_FIRST (S1_FIRST + S1_TABLES)
#define FRAMES (DATA_FIRST + 6)

typedef struct World {
    RamHost ram;
    IommuCounters counters;
    IommuTrace trace;
    IommuPlan plan;
    PtWalker walker;
} World;

#define WORLDS 5 /* off, one, tiny, full, and the reference's memory */

typedef struct Test {
    GRand *r;
    World *worlds;
    PtRegime s1, s2;
    bool nested;
    uint64_t good, bad;
    uint64_t kinds[PT_FAULT_UPDATE + 1];
} Test;

static bool chance(Test *t, unsigned percent)
{
    return (unsigned)g_rand_int_range(t->r, 0, 100) < percent;
}

static uint64_t frame(unsigned n)
{
    return (uint64_t)n << 12;
}

static void write_all(Test *t, uint64_t addr, uint64_t value)
{
    for (unsigned i = 0; i < WORLDS; i++) {
        ramhost_write64(&t->worlds[i].ram, addr, value);
    }
}

/* Index n of the few used in a table: spread, and the last one among them. */
static uint64_t index_of(unsigned n)
{
    return n == 0 ? 0 : n == 1 ? 1 : 511;
}

static uint64_t random_bits(Test *t, bool table)
{
    uint64_t bits = TOY_V;

    bits |= chance(t, 92) ? TOY_R : 0;
    bits |= chance(t, table ? 92 : 50) ? TOY_W : 0;
    bits |= chance(t, table ? 92 : 60) ? TOY_X : 0;
    bits |= chance(t, 88) ? TOY_U : 0;
    bits |= chance(t, 50) ? TOY_AF : 0;
    bits |= chance(t, 3) ? TOY_BAD : 0;
    bits |= chance(t, 10) ? TOY_NC : 0;
    if (!table) {
        bits |= TOY_LEAF;
        bits |= chance(t, 60) ? TOY_DBM : 0;
        bits |= chance(t, 12) ? TOY_DEV : 0;
        bits |= reg_make(TOY_ATTR, g_rand_int_range(t->r, 0, 16));
    }
    return bits;
}

/* Some entries are no good at all. */
static bool spoil(Test *t, uint64_t *desc)
{
    if (chance(t, 4)) {
        *desc &= ~TOY_V;
        return true;
    }
    if (chance(t, 2)) {
        *desc = (*desc & ~0x000ffffffffff000ull) | 1ull << 47; /* outside memory */
        return true;
    }
    if (chance(t, 2)) {
        *desc = (*desc & ~0x000ffffffffff000ull) | 1ull << 49; /* beyond the output size */
        return true;
    }
    return false;
}

/* Stage 2's leaf for intermediate page @n. */
static uint64_t stage2_leaf(Test *t, unsigned n)
{
    uint64_t desc = random_bits(t, false);

    if (n >= S1_FIRST && n < DATA_FIRST) {
        /* A stage 1 table stays what it is, nearly always readable. */
        desc |= chance(t, 95) ? TOY_R : 0;
        desc |= frame(n);
    } else {
        desc |= frame(g_rand_int_range(t->r, DATA_FIRST, FRAMES));
    }
    spoil(t, &desc);
    return desc;
}

/* Stage 2's block of the second 2 MB. */
static uint64_t stage2_block(Test *t)
{
    uint64_t desc = random_bits(t, false);

    spoil(t, &desc);
    return desc;
}

/* Stage 1's leaf at @height; without stage 2 its output is not looked at, so anything goes. */
static uint64_t stage1_leaf(Test *t, unsigned height)
{
    uint64_t desc = random_bits(t, false);

    if (height == 0) {
        desc |= frame(g_rand_int_range(t->r, DATA_FIRST, FRAMES));
        desc |= chance(t, 20) ? 0x200000 : 0;
        desc |= chance(t, 10) ? TOY_CONT : 0;
    }
    spoil(t, &desc);
    return desc;
}

static unsigned stage1_table(unsigned height, unsigned n)
{
    return S1_FIRST + (height == 2 ? 0 : height == 1 ? 1 + n : 1 + FAN + n);
}

static uint64_t stage1_entry(Test *t, unsigned height, unsigned n)
{
    uint64_t desc;

    if (height == 0 || chance(t, 12)) {
        return stage1_leaf(t, height);
    }
    desc = random_bits(t, true) | frame(stage1_table(height - 1, n));
    spoil(t, &desc);
    return desc;
}

static uint64_t stage1_slot(unsigned height, unsigned table, unsigned n)
{
    return frame(stage1_table(height, table)) + index_of(n) * 8;
}

static unsigned tables_at(unsigned height)
{
    return height == 2 ? 1 : height == 1 ? FAN : FAN * FAN;
}

static void build(Test *t)
{
    /* Stage 2: one table of each height for the first 2 MB, a block for the second. */
    write_all(t, frame(S2_FIRST), TOY_TABLE | TOY_NC | frame(S2_FIRST + 1));
    write_all(t, frame(S2_FIRST + 1), TOY_TABLE | frame(S2_FIRST + 2));
    write_all(t, frame(S2_FIRST + 1) + 8, stage2_block(t));
    for (unsigned n = 0; n < FRAMES; n++) {
        write_all(t, frame(S2_FIRST + 2) + n * 8, stage2_leaf(t, n));
    }
    for (unsigned height = 0; height < HEIGHTS; height++) {
        for (unsigned table = 0; table < tables_at(height); table++) {
            for (unsigned n = 0; n < FAN; n++) {
                write_all(t, stage1_slot(height, table, n),
                          stage1_entry(t, height, table * FAN + n));
            }
        }
    }
}

static uint64_t random_va(Test *t)
{
    uint64_t va = 0;

    for (unsigned height = 0; height < HEIGHTS; height++) {
        va |= index_of(g_rand_int_range(t->r, 0, FAN)) << (12 + 9 * height);
    }
    if (chance(t, 1)) {
        va |= 1ull << 45;
    }
    return va | g_rand_int_range(t->r, 0, 4096);
}

static PtRequest random_request(Test *t)
{
    static const uint8_t needs[] = {
        IOMMU_RIGHT_UR, IOMMU_RIGHT_UW, IOMMU_RIGHT_UR | IOMMU_RIGHT_UW, IOMMU_RIGHT_UX,
        IOMMU_RIGHT_PR, IOMMU_RIGHT_PW, IOMMU_RIGHT_PR | IOMMU_RIGHT_PW | IOMMU_RIGHT_PX,
    };
    PtRequest req = { .addr = random_va(t) };

    req.access.need = needs[g_rand_int_range(t->r, 0, G_N_ELEMENTS(needs))];
    req.access.write = req.access.need & IOMMU_RIGHTS_W;
    req.access.exec = req.access.need & IOMMU_RIGHTS_X;
    req.access.priv = req.access.need & IOMMU_RIGHTS_P;
    req.s1 = &t->s1;
    req.s2 = t->nested ? &t->s2 : NULL;
    if (t->nested && chance(t, 15)) {
        req.s1 = NULL;
        req.addr = frame(g_rand_int_range(t->r, 0, FRAMES + 2)) | 0x10;
        req.addr |= chance(t, 20) ? 0x200000 : 0;
    }
    req.flags |= chance(t, 30) ? PT_REQ_GRANT : 0;
    req.flags |= chance(t, 15) ? PT_REQ_NO_DIRTY : 0;
    req.flags |= chance(t, 10) ? PT_REQ_NO_UPDATE : 0;
    req.flags |= chance(t, 5) ? PT_REQ_NO_FILL : 0;
    return req;
}

/* Compared field by field: padding is nobody's promise. */
static void same_result(const PtResult *a, const PtResult *b)
{
    g_assert_cmphex(a->out, ==, b->out);
    g_assert_cmphex(a->ipa, ==, b->ipa);
    g_assert_cmphex(a->va, ==, b->va);
    g_assert_cmphex(a->s1_attr, ==, b->s1_attr);
    g_assert_cmphex(a->s2_attr, ==, b->s2_attr);
    g_assert_cmpuint(a->lg2, ==, b->lg2);
    g_assert_cmphex(a->rights, ==, b->rights);
    g_assert_cmphex(a->rights_dirty, ==, b->rights_dirty);
    g_assert_cmphex(a->s1_rights, ==, b->s1_rights);
    g_assert_cmphex(a->s2_rights, ==, b->s2_rights);
    g_assert_cmphex(a->s1_flags, ==, b->s1_flags & ~PT_ENTRY_NO_CACHE);
    g_assert_cmphex(a->s2_flags, ==, b->s2_flags & ~PT_ENTRY_NO_CACHE);
}

static void same_fault(const PtFault *a, const PtFault *b)
{
    g_assert_cmpstr(pt_fault_name(a->kind), ==, pt_fault_name(b->kind));
    g_assert_cmpuint(a->stage, ==, b->stage);
    g_assert_cmpuint(a->cls, ==, b->cls);
    g_assert_cmpuint(a->height, ==, b->height);
    g_assert_cmpuint(a->top, ==, b->top);
    g_assert_cmpuint(a->table_write, ==, b->table_write);
    g_assert_cmpuint(a->table_top, ==, b->table_top);
    g_assert_cmphex(a->missing, ==, b->missing);
    g_assert_cmphex(a->ipa, ==, b->ipa);
    g_assert_cmphex(a->desc_addr, ==, b->desc_addr);
    g_assert_cmphex(a->desc, ==, b->desc);
}

static void translate(Test *t)
{
    PtRequest req = random_request(t);
    World *judge = &t->worlds[WORLDS - 1];
    PtResult want, res;
    PtFault want_fault, fault;
    bool ok = ref_walk(&judge->ram, &req, &want, &want_fault);

    for (unsigned i = 0; i < WORLDS - 1; i++) {
        World *w = &t->worlds[i];
        bool got = pt_walk(&w->walker, &req, &res, &fault);

        g_assert_true(got == ok);
        if (ok) {
            same_result(&want, &res);
        } else {
            same_fault(&want_fault, &fault);
        }
        g_assert_cmpmem(judge->ram.bytes, judge->ram.size, w->ram.bytes, w->ram.size);
    }
    if (ok) {
        t->good++;
        if (!(req.flags & PT_REQ_GRANT)) {
            g_assert_cmphex(req.access.need & ~want.rights, ==, 0);
        }
    } else {
        t->bad++;
        t->kinds[want_fault.kind]++;
    }
}

static void invalidate(Test *t, unsigned stage, bool leaf_only, uint64_t addr, unsigned lg2,
                       const PtRegime *r)
{
    uint64_t first = addr & ~low_mask(lg2);

    for (unsigned i = 0; i < WORLDS - 1; i++) {
        pt_walker_invalidate(&t->worlds[i].walker, stage, leaf_only, first, first | low_mask(lg2),
                             r->walk_tag, 0xffff);
    }
}

/* Software changes an entry and invalidates exactly what the change makes stale. */
static void change(Test *t)
{
    if (t->nested && chance(t, 50)) {
        unsigned n = g_rand_int_range(t->r, 0, FRAMES + 1);

        if (n == FRAMES) {
            write_all(t, frame(S2_FIRST + 1) + 8, stage2_block(t));
            invalidate(t, 2, true, 0x3ff000, 12, &t->s2);
        } else {
            write_all(t, frame(S2_FIRST + 2) + n * 8, stage2_leaf(t, n));
            invalidate(t, 2, true, frame(n), 12, &t->s2);
        }
        /* What was reached through a stage 1 table is stale with it (IHI 0070 3.17). */
        invalidate(t, 1, false, 0, 63, &t->s1);
    } else {
        unsigned height = g_rand_int_range(t->r, 0, HEIGHTS);
        unsigned table = g_rand_int_range(t->r, 0, tables_at(height));
        unsigned n = g_rand_int_range(t->r, 0, FAN);
        uint64_t va = index_of(n) << (12 + 9 * height);

        for (unsigned h = height + 1, up = table; h < HEIGHTS; h++, up /= FAN) {
            va |= index_of(up % FAN) << (12 + 9 * h);
        }
        write_all(t, stage1_slot(height, table, n), stage1_entry(t, height, table * FAN + n));
        invalidate(t, 1, height == 0, va, 12 + 9 * height, &t->s1);
    }
}

static void start_world(World *w, const char *profile)
{
    ramhost_init(&w->ram, 0, frame(FRAMES));
    g_assert_true(pt_walker_init(&w->walker, &w->ram.host, &w->counters, &w->trace, &w->plan,
                                 iommu_profile_find(profile), FIX_GROUP, 0xffff));
}

static PtRegime random_regime(Test *t, unsigned stage, uint64_t root)
{
    PtRegime r = toy_regime(stage, root, HEIGHTS - 1);

    r.walk_tag = stage == 1 ? FIX_S1_TAG : FIX_S2_TAG;
    r.flags = chance(t, 75) ? TOY_FLAG_AF : 0;
    r.update_access = chance(t, 70);
    r.update_dirty = r.update_access && chance(t, 70);
    r.update_table = r.update_access && chance(t, 40);
    r.table_needs_write = stage == 1 && chance(t, 25);
    r.protect_walk = stage == 2 && chance(t, 30);
    return r;
}

static void run(uint32_t seed, bool nested)
{
    static const char *const profiles[WORLDS] = { "off", "one", "tiny", "full", "off" };
    Test t = { .r = g_rand_new_with_seed(seed), .nested = nested };

    t.worlds = g_new0(World, WORLDS);
    for (unsigned i = 0; i < WORLDS; i++) {
        start_world(&t.worlds[i], profiles[i]);
    }
    t.s1 = random_regime(&t, 1, frame(stage1_table(2, 0)));
    t.s2 = random_regime(&t, 2, frame(S2_FIRST));
    build(&t);
    for (unsigned step = 0; step < STEPS; step++) {
        if (chance(&t, 8)) {
            change(&t);
        } else {
            translate(&t);
        }
    }
    g_test_message("seed %u: %u good, %u faults", seed, (unsigned)t.good, (unsigned)t.bad);
    for (unsigned i = 0; i < WORLDS; i++) {
        pt_walker_destroy(&t.worlds[i].walker);
        ramhost_destroy(&t.worlds[i].ram);
    }
    /* The test is worth something only if much succeeds and much fails. */
    g_assert_cmpuint(t.good, >, STEPS / 50);
    g_assert_cmpuint(t.bad, >, STEPS / 50);
    g_free(t.worlds);
    g_rand_free(t.r);
}

static void test_single(gconstpointer data)
{
    run(GPOINTER_TO_UINT(data), false);
}

static void test_nested(gconstpointer data)
{
    run(GPOINTER_TO_UINT(data), true);
}

int main(int argc, char **argv)
{
    unsigned seeds;

    g_test_init(&argc, &argv, NULL);
    seeds = g_test_thorough() ? 400 : 12;
    for (unsigned seed = 1; seed <= seeds; seed++) {
        g_autofree char *single = g_strdup_printf("/engine/random/single/%u", seed);
        g_autofree char *nested = g_strdup_printf("/engine/random/nested/%u", seed);

        g_test_add_data_func(single, GUINT_TO_POINTER(seed), test_single);
        g_test_add_data_func(nested, GUINT_TO_POINTER(seed), test_nested);
    }
    return g_test_run();
}

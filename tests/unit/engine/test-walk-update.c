/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware update of access flags and dirty state, races with software, and ATS-style grants
 * (IHI 0070 3.13; VT-d 3.6.2, 3.7.2).
 */
#include <glib.h>

#include "walkfix.h"

#define VA  0x123456789000ull
#define IPA 0x180000ull
#define OUT 0x700000ull

#define UR IOMMU_RIGHT_UR
#define UW IOMMU_RIGHT_UW
#define UX IOMMU_RIGHT_UX
#define PW IOMMU_RIGHT_PW

#define CLEAN (TOY_V | TOY_LEAF | TOY_R | TOY_X | TOY_U | TOY_DBM) /* AF clear, writable-clean */

static void manage(PtRegime *r)
{
    r->flags |= TOY_FLAG_AF;
    r->update_access = true;
    r->update_dirty = true;
}

static void start_single(WalkFix *f)
{
    manage(&f->s1);
    walkfix_map1(f, VA, CLEAN | OUT);
}

/* Stage 1 managed, stage 2 all rights and nothing to update. */
static void start_nested(WalkFix *f)
{
    walkfix_nest(f);
    manage(&f->s1);
    walkfix_map1(f, VA, CLEAN | IPA);
    walkfix_map2(f, IPA, TOY_PAGE | OUT);
}

static uint64_t leaf1(WalkFix *f)
{
    return walkfix_desc1(f, VA, 0);
}

/* Stage 2's descriptor for the page that holds stage 1's leaf for VA. */
static void map_leaf_table(WalkFix *f, uint64_t bits)
{
    uint64_t page = walkfix_slot1(f, VA, 0) & ~0xfffull;

    walkfix_map2(f, page, bits | page);
}

static uint64_t leaf_table(WalkFix *f)
{
    return walkfix_desc2(f, walkfix_slot1(f, VA, 0), 0);
}

/*
 * One stage
 */

static void test_read_sets_access_flag(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | OUT);
    g_assert_cmphex(f->res.s1_flags & PT_ENTRY_AF_CLEAR, ==, 0);
    g_assert_cmpuint(f->ram.swaps, ==, 1);
    g_assert_cmpuint(f->counters.walk_updates, ==, 1);
    g_assert_cmpuint(walkfix_steps(f, IOMMU_STEP_UPDATE), ==, 1);
    g_assert_cmphex(f->res.rights & IOMMU_RIGHTS_W, ==, 0);
    g_assert_cmphex(f->res.rights_dirty & IOMMU_RIGHTS_W, ==, IOMMU_RIGHTS_W);
}

static void test_write_sets_both_in_one_swap(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UW, 0));
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | TOY_W | OUT);
    g_assert_cmpuint(f->ram.swaps, ==, 1);
    g_assert_cmphex(f->res.rights & IOMMU_RIGHTS_W, ==, IOMMU_RIGHTS_W);
}

static void test_nothing_to_update_nothing_written(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UW, 0));
    g_assert_true(walkfix_go(f, VA, UW, 0));
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->ram.swaps, ==, 1);
}

static void test_access_update_off(WalkFix *f)
{
    start_single(f);
    f->s1.update_access = false;
    walkfix_faults(f, VA, UR, PT_FAULT_ACCESS, 1, PT_CLASS_INPUT, 0);
    g_assert_cmpuint(f->ram.swaps, ==, 0);
}

static void test_dirty_update_off(WalkFix *f)
{
    start_single(f);
    f->s1.update_dirty = false;
    walkfix_faults(f, VA, UW, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(f->fault.missing, ==, UW);
    g_assert_cmphex(leaf1(f), ==, CLEAN | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.rights_dirty, ==, f->res.rights);
}

static void test_no_access_flag_on_permission_fault(WalkFix *f)
{
    start_single(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), (CLEAN & ~TOY_X) | OUT);
    walkfix_faults(f, VA, UX, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(leaf1(f) & TOY_AF, ==, 0);
}

/* Dirty state cannot give what a table above forbids (IHI 0070 3.13.3.1). */
static void test_no_dirty_against_table_limits(WalkFix *f)
{
    start_single(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 1), walkfix_desc1(f, VA, 1) & ~TOY_W);
    walkfix_faults(f, VA, UW, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(leaf1(f), ==, CLEAN | OUT);
}

static void test_no_dirty_request(WalkFix *f)
{
    start_single(f);
    g_assert_false(walkfix_go(f, VA, UW, PT_REQ_NO_DIRTY));
    g_assert_cmpuint(f->fault.kind, ==, PT_FAULT_PERMISSION);
    g_assert_cmphex(leaf1(f) & TOY_W, ==, 0);
    g_assert_true(walkfix_go(f, VA, UR, PT_REQ_NO_DIRTY));
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | OUT);
}

static void test_no_update_request(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UW, PT_REQ_NO_UPDATE));
    g_assert_cmphex(f->res.rights & IOMMU_RIGHTS_W, ==, IOMMU_RIGHTS_W);
    g_assert_cmphex(leaf1(f), ==, CLEAN | OUT);
    g_assert_cmpuint(f->ram.swaps, ==, 0);
    f->s1.update_access = false;
    g_assert_false(walkfix_go(f, VA, UR, PT_REQ_NO_UPDATE));
    g_assert_cmpuint(f->fault.kind, ==, PT_FAULT_ACCESS);
}

static void test_no_fill_writes_nothing(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UW, PT_REQ_NO_FILL));
    g_assert_cmphex(leaf1(f), ==, CLEAN | OUT);
    g_assert_cmpuint(f->ram.swaps, ==, 0);
}

static void test_update_abort(WalkFix *f)
{
    uint64_t slot;

    start_single(f);
    slot = walkfix_slot1(f, VA, 0);
    ramhost_abort(&f->ram, slot, slot + 7, RAMHOST_CAS);
    walkfix_faults(f, VA, UR, PT_FAULT_UPDATE, 1, PT_CLASS_TABLE, 0);
    g_assert_cmphex(f->fault.desc_addr, ==, slot);
    g_assert_cmphex(f->fault.desc, ==, CLEAN | OUT);
    g_assert_cmpuint(f->counters.walk_updates, ==, 0);
}

static void test_update_attributes(WalkFix *f)
{
    start_single(f);
    f->s1.walk_attr.type = 0x77;
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->ram.last_attr.type, ==, 0x77);
    g_assert_cmphex(f->ram.last_swap, ==, walkfix_slot1(f, VA, 0));
}

static void test_table_entries_are_marked(WalkFix *f)
{
    start_single(f);
    f->s1.update_table = true;
    g_assert_true(walkfix_go(f, VA, UR, 0));
    for (unsigned height = 0; height < 4; height++) {
        g_assert_cmphex(walkfix_desc1(f, VA, height) & TOY_AF, ==, TOY_AF);
    }
    g_assert_cmpuint(f->ram.swaps, ==, 4);
}

/* An entry is marked when it is used, so those above a fault are. */
static void test_tables_above_a_fault_are_marked(WalkFix *f)
{
    start_single(f);
    f->s1.update_table = true;
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), 0);
    walkfix_faults(f, VA, UR, PT_FAULT_EMPTY, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(walkfix_desc1(f, VA, 1) & TOY_AF, ==, TOY_AF);
    g_assert_cmpuint(f->ram.swaps, ==, 3);
}

static void test_table_update_abort(WalkFix *f)
{
    uint64_t slot;

    start_single(f);
    f->s1.update_table = true;
    slot = walkfix_slot1(f, VA, 3);
    ramhost_abort(&f->ram, slot, slot + 7, RAMHOST_CAS);
    walkfix_faults(f, VA, UR, PT_FAULT_UPDATE, 1, PT_CLASS_TABLE, 3);
    g_assert_true(f->fault.top);
}

/* A table entry seen without marking it may not be cached: a later walk must mark it. */
static void test_unmarked_table_is_not_cached(WalkFix *f)
{
    start_single(f);
    f->s1.update_table = true;
    g_assert_true(walkfix_go(f, VA, UR, PT_REQ_NO_UPDATE));
    g_assert_cmpuint(f->ram.swaps, ==, 0);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->ram.swaps, ==, 4);
}

/*
 * Races: the hook changes the entry between our reading and our swapping it.
 */

static void race_with(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    (void)kind;
    (void)n;
    ramhost_write64(ram, addr, *(uint64_t *)opaque);
}

static void test_race_to_empty(WalkFix *f)
{
    uint64_t desc = 0;

    start_single(f);
    ramhost_hook(&f->ram, race_with, &desc, RAMHOST_CAS, 1);
    walkfix_faults(f, VA, UR, PT_FAULT_EMPTY, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(leaf1(f), ==, 0);
    g_assert_cmpuint(f->ram.swaps_failed, ==, 1);
    g_assert_cmpuint(f->counters.walk_updates, ==, 0);
}

static void test_race_to_another_page(WalkFix *f)
{
    uint64_t desc = CLEAN | (OUT + 0x1000);

    start_single(f);
    ramhost_hook(&f->ram, race_with, &desc, RAMHOST_CAS, 1);
    g_assert_true(walkfix_go(f, VA, UW, 0));
    g_assert_cmphex(f->res.out, ==, OUT + 0x1000);
    g_assert_cmphex(leaf1(f), ==, desc | TOY_AF | TOY_W);
    g_assert_cmpuint(f->ram.swaps, ==, 2);
}

static void test_race_to_what_we_wanted(WalkFix *f)
{
    uint64_t desc = CLEAN | TOY_AF | OUT;

    start_single(f);
    ramhost_hook(&f->ram, race_with, &desc, RAMHOST_CAS, 1);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->ram.swaps, ==, 1);
    g_assert_cmpuint(f->counters.walk_updates, ==, 0);
}

static void test_race_takes_right_away(WalkFix *f)
{
    uint64_t desc = (CLEAN & ~TOY_DBM) | TOY_AF | OUT;

    start_single(f);
    ramhost_hook(&f->ram, race_with, &desc, RAMHOST_CAS, 1);
    walkfix_faults(f, VA, UW, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(leaf1(f), ==, desc);
}

/* A table entry becomes a leaf under our hands. */
static void test_race_table_to_leaf(WalkFix *f)
{
    uint64_t desc = TOY_PAGE | 0x40000000;

    start_single(f);
    f->s1.update_table = true;
    for (unsigned height = 2; height < 4; height++) {
        uint64_t slot = walkfix_slot1(f, VA, height);

        ramhost_write64(&f->ram, slot, ramhost_read64(&f->ram, slot) | TOY_AF);
    }
    ramhost_hook(&f->ram, race_with, &desc, RAMHOST_CAS, 1);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.out, ==, 0x40000000 | (VA & 0x1fffff));
    g_assert_cmpuint(f->res.lg2, ==, 21);
}

static void race_for_ever(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    (void)opaque;
    (void)kind;
    ramhost_write64(ram, addr, CLEAN | (OUT + (n % 256 << 12)));
}

static void test_race_for_ever(WalkFix *f)
{
    start_single(f);
    ramhost_hook(&f->ram, race_for_ever, NULL, RAMHOST_CAS, 0);
    walkfix_faults(f, VA, UR, PT_FAULT_UPDATE, 1, PT_CLASS_TABLE, 0);
    g_assert_cmpuint(f->ram.swaps, ==, 1000);
}

/*
 * Two stages
 */

static void test_stage1_update_needs_stage2_write(WalkFix *f)
{
    start_nested(f);
    map_leaf_table(f, TOY_PAGE & ~TOY_W);
    walkfix_faults(f, VA, UR, PT_FAULT_PERMISSION, 2, PT_CLASS_TABLE, 0);
    g_assert_true(f->fault.table_write);
    g_assert_cmphex(f->fault.missing, ==, PW);
    g_assert_cmphex(f->fault.ipa, ==, walkfix_slot1(f, VA, 0));
    g_assert_false(f->fault.table_top);
    g_assert_cmphex(leaf1(f), ==, CLEAN | IPA);
}

/* Reading a descriptor that needs no update asks for no right to write. */
static void test_no_stage1_update_no_stage2_write(WalkFix *f)
{
    start_nested(f);
    map_leaf_table(f, TOY_PAGE & ~TOY_W);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), CLEAN | TOY_AF | IPA);
    g_assert_true(walkfix_go(f, VA, UR, 0));
}

/* The right to write was asked for with the read: the update does not ask again. */
static void test_right_to_write_is_asked_once(WalkFix *f)
{
    start_nested(f);
    f->s1.table_needs_write = true;
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->counters.walk_updates, ==, 1);
    g_assert_cmpuint(f->counters.walk_reads, ==, 24);
}

/*
 * A look that writes nothing passes a table whose page would have been made dirty; what lies below
 * may not be cached, or a later walk would not make it so.
 */
static void test_look_through_clean_table_page(WalkFix *f)
{
    uint64_t page;

    start_nested(f);
    manage(&f->s2);
    page = walkfix_slot1(f, VA, 1) & ~0xfffull;
    walkfix_map2(f, page, CLEAN | TOY_AF | page);
    g_assert_true(walkfix_go(f, VA, UR, 0)); /* the page is now in the IPA cache, clean */
    pt_walker_invalidate(&f->walker, 1, false, 0, UINT64_MAX, 0, 0);
    f->s1.table_needs_write = true;
    g_assert_true(walkfix_go(f, VA, UR, PT_REQ_NO_UPDATE));
    g_assert_cmphex(walkfix_desc2(f, page, 0) & TOY_W, ==, 0);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(walkfix_desc2(f, page, 0) & TOY_W, ==, TOY_W);
}

/* The page of the updated table is written, so it becomes dirty itself (3.13.4). */
static void test_stage1_update_dirties_table_page(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    map_leaf_table(f, CLEAN | TOY_AF);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(leaf_table(f) & TOY_W, ==, TOY_W);
    g_assert_cmphex(leaf1(f) & TOY_AF, ==, TOY_AF);
}

static void test_table_page_is_dirtied_whatever_the_client_wants(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    map_leaf_table(f, CLEAN | TOY_AF);
    g_assert_true(walkfix_go(f, VA, UR, PT_REQ_NO_DIRTY | PT_REQ_GRANT));
    g_assert_cmphex(leaf_table(f) & TOY_W, ==, TOY_W);
}

static void test_table_page_read_is_not_dirtied(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    map_leaf_table(f, CLEAN);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), CLEAN | TOY_AF | IPA);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(leaf_table(f) & (TOY_W | TOY_AF), ==, TOY_AF);
}

static void test_both_stages_dirty_on_write(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    walkfix_map2(f, IPA, CLEAN | OUT);
    g_assert_true(walkfix_go(f, VA, UW, 0));
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | TOY_W | IPA);
    g_assert_cmphex(walkfix_desc2(f, IPA, 0), ==, CLEAN | TOY_AF | TOY_W | OUT);
}

/* Stage 1's update may be done even though stage 2 then faults (TR13). */
static void test_stage1_update_stays_when_stage2_faults(WalkFix *f)
{
    start_nested(f);
    walkfix_map2(f, IPA, 0);
    walkfix_faults(f, VA, UW, PT_FAULT_EMPTY, 2, PT_CLASS_INPUT, 0);
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | TOY_W | IPA);
}

/* The IPA cache holds a clean entry; a write makes memory dirty and the entry too. */
static void test_cached_clean_entry_is_made_dirty(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    walkfix_map2(f, IPA, CLEAN | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(walkfix_desc2(f, IPA, 0) & TOY_W, ==, 0);
    g_assert_true(walkfix_go(f, VA, UW, 0));
    g_assert_cmphex(walkfix_desc2(f, IPA, 0) & TOY_W, ==, TOY_W);
}

/*
 * Grants
 */

static void test_grant_reports_missing_rights(WalkFix *f)
{
    start_single(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), (TOY_PAGE & ~(TOY_W | TOY_X)) | OUT);
    g_assert_true(walkfix_go(f, VA, UR | UW | UX, PT_REQ_GRANT));
    g_assert_cmphex(f->res.rights & IOMMU_RIGHTS_U, ==, UR);
    g_assert_cmphex(f->res.out, ==, OUT);
}

static void test_grant_dirties(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT));
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | TOY_W | OUT);
    g_assert_cmphex(f->res.rights & (UR | UW), ==, UR | UW);
}

static void test_grant_without_dirtying(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT | PT_REQ_NO_DIRTY));
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | OUT);
    g_assert_cmphex(f->res.rights & (UR | UW), ==, UR);
}

/* What cannot come of it is not tried: one walk. */
static void test_grant_without_dirtying_walks_once(WalkFix *f)
{
    start_single(f);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT | PT_REQ_NO_DIRTY));
    g_assert_cmpuint(f->counters.walk_reads, ==, 4);
}

static void test_grant_of_nothing_marks_nothing(WalkFix *f)
{
    start_single(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), TOY_V | TOY_LEAF | TOY_R | OUT);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT)); /* privileged rights only */
    g_assert_cmphex(f->res.rights & IOMMU_RIGHTS_U, ==, 0);
    g_assert_cmphex(leaf1(f) & TOY_AF, ==, 0);
}

static void test_grant_other_faults_stay(WalkFix *f)
{
    start_single(f);
    g_assert_false(walkfix_go(f, VA + 0x1000, UR, PT_REQ_GRANT));
    g_assert_cmpuint(f->fault.kind, ==, PT_FAULT_EMPTY);
    f->s1.update_access = false;
    g_assert_false(walkfix_go(f, VA, UR, PT_REQ_GRANT));
    g_assert_cmpuint(f->fault.kind, ==, PT_FAULT_ACCESS);
}

static void test_grant_stage1_nothing_spares_stage2(WalkFix *f)
{
    start_nested(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), TOY_V | TOY_LEAF | TOY_R | TOY_AF | IPA);
    walkfix_map2(f, IPA, 0);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT));
    g_assert_cmphex(f->res.rights, ==, 0);
    g_assert_cmphex(f->res.rights_dirty, ==, 0);
}

/* Dirty state of neither stage changes for a write that the other forbids (HT9). */
static void test_grant_stage2_read_only_leaves_stage1_clean(WalkFix *f)
{
    start_nested(f);
    walkfix_map2(f, IPA, (TOY_PAGE & ~TOY_W) | OUT);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT));
    g_assert_cmphex(f->res.rights & (UR | UW), ==, UR);
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | IPA);
}

static void test_grant_stage1_read_only_leaves_stage2_clean(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), (TOY_PAGE & ~TOY_W) | IPA);
    walkfix_map2(f, IPA, CLEAN | OUT);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT));
    g_assert_cmphex(f->res.rights & (UR | UW), ==, UR);
    g_assert_cmphex(walkfix_desc2(f, IPA, 0), ==, CLEAN | TOY_AF | OUT);
}

static void test_grant_dirties_both_stages(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    walkfix_map2(f, IPA, CLEAN | OUT);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT));
    g_assert_cmphex(f->res.rights & (UR | UW), ==, UR | UW);
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | TOY_W | IPA);
    g_assert_cmphex(walkfix_desc2(f, IPA, 0), ==, CLEAN | TOY_AF | TOY_W | OUT);
}

/* The write cannot be had, since the table cannot be updated: what was found before stands. */
static void test_grant_falls_back(WalkFix *f)
{
    start_nested(f);
    map_leaf_table(f, TOY_PAGE & ~TOY_W);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), CLEAN | TOY_AF | IPA);
    g_assert_true(walkfix_go(f, VA, UR | UW, PT_REQ_GRANT));
    g_assert_cmphex(f->res.rights & (UR | UW), ==, UR);
    g_assert_cmphex(leaf1(f), ==, CLEAN | TOY_AF | IPA);
}

/* A page granted nothing is not marked, and may not be cached as if it were. */
static void test_grant_of_nothing_is_not_cached(WalkFix *f)
{
    start_nested(f);
    manage(&f->s2);
    walkfix_map2(f, IPA, (CLEAN & ~(TOY_X | TOY_DBM)) | OUT);
    g_assert_true(walkfix_go(f, VA, UX, PT_REQ_GRANT));
    g_assert_cmphex(walkfix_desc2(f, IPA, 0) & TOY_AF, ==, 0);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(walkfix_desc2(f, IPA, 0) & TOY_AF, ==, TOY_AF);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    walkfix_add("/engine/update/read-sets-access-flag", test_read_sets_access_flag);
    walkfix_add("/engine/update/write-one-swap", test_write_sets_both_in_one_swap);
    walkfix_add("/engine/update/nothing-to-do", test_nothing_to_update_nothing_written);
    walkfix_add("/engine/update/access-off", test_access_update_off);
    walkfix_add("/engine/update/dirty-off", test_dirty_update_off);
    walkfix_add("/engine/update/permission-fault", test_no_access_flag_on_permission_fault);
    walkfix_add("/engine/update/table-limits", test_no_dirty_against_table_limits);
    walkfix_add("/engine/update/no-dirty", test_no_dirty_request);
    walkfix_add("/engine/update/no-update", test_no_update_request);
    walkfix_add("/engine/update/no-fill", test_no_fill_writes_nothing);
    walkfix_add("/engine/update/abort", test_update_abort);
    walkfix_add("/engine/update/attributes", test_update_attributes);
    walkfix_add("/engine/update/tables", test_table_entries_are_marked);
    walkfix_add("/engine/update/tables-above-fault", test_tables_above_a_fault_are_marked);
    walkfix_add("/engine/update/table-abort", test_table_update_abort);
    walkfix_add("/engine/update/unmarked-table-not-cached", test_unmarked_table_is_not_cached);
    walkfix_add("/engine/update/race-to-empty", test_race_to_empty);
    walkfix_add("/engine/update/race-to-another-page", test_race_to_another_page);
    walkfix_add("/engine/update/race-to-wanted", test_race_to_what_we_wanted);
    walkfix_add("/engine/update/race-takes-right", test_race_takes_right_away);
    walkfix_add("/engine/update/race-table-to-leaf", test_race_table_to_leaf);
    walkfix_add("/engine/update/race-for-ever", test_race_for_ever);
    walkfix_add("/engine/update/nested-needs-write", test_stage1_update_needs_stage2_write);
    walkfix_add("/engine/update/nested-no-update-no-write",
                test_no_stage1_update_no_stage2_write);
    walkfix_add_with("/engine/update/nested-write-asked-once", "off",
                     test_right_to_write_is_asked_once);
    walkfix_add("/engine/update/nested-look-through", test_look_through_clean_table_page);
    walkfix_add("/engine/update/nested-dirties-table", test_stage1_update_dirties_table_page);
    walkfix_add("/engine/update/nested-dirties-table-always",
                test_table_page_is_dirtied_whatever_the_client_wants);
    walkfix_add("/engine/update/nested-table-read", test_table_page_read_is_not_dirtied);
    walkfix_add("/engine/update/nested-both", test_both_stages_dirty_on_write);
    walkfix_add("/engine/update/nested-stage1-stays", test_stage1_update_stays_when_stage2_faults);
    walkfix_add("/engine/update/cached-clean", test_cached_clean_entry_is_made_dirty);
    walkfix_add("/engine/grant/missing-rights", test_grant_reports_missing_rights);
    walkfix_add("/engine/grant/dirties", test_grant_dirties);
    walkfix_add("/engine/grant/no-dirty", test_grant_without_dirtying);
    walkfix_add("/engine/grant/no-dirty-walks-once", test_grant_without_dirtying_walks_once);
    walkfix_add("/engine/grant/nothing", test_grant_of_nothing_marks_nothing);
    walkfix_add("/engine/grant/other-faults", test_grant_other_faults_stay);
    walkfix_add("/engine/grant/stage1-nothing", test_grant_stage1_nothing_spares_stage2);
    walkfix_add("/engine/grant/stage2-read-only", test_grant_stage2_read_only_leaves_stage1_clean);
    walkfix_add("/engine/grant/stage1-read-only", test_grant_stage1_read_only_leaves_stage2_clean);
    walkfix_add("/engine/grant/both-stages", test_grant_dirties_both_stages);
    walkfix_add("/engine/grant/falls-back", test_grant_falls_back);
    walkfix_add("/engine/grant/nothing-not-cached", test_grant_of_nothing_is_not_cached);
    return g_test_run();
}

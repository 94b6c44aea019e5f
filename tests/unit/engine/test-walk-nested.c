/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker with stage 1 over stage 2: order, faults, and the combination of the two
 * (IHI 0070 13.4.4, 3.12; VT-d 3.8).
 */
#include <glib.h>

#include "walkfix.h"

#define VA  0x123456789000ull
#define IPA 0x180000ull
#define OUT 0x700000ull

#define UR IOMMU_RIGHT_UR
#define UW IOMMU_RIGHT_UW
#define PR IOMMU_RIGHT_PR
#define PW IOMMU_RIGHT_PW

/* VA -> IPA -> OUT, all rights, nothing to update. */
static void start(WalkFix *f)
{
    walkfix_nest(f);
    walkfix_map1(f, VA, TOY_PAGE | IPA);
    walkfix_map2(f, IPA, TOY_PAGE | OUT);
}

/* Page that holds stage 1's descriptor for VA at @height. */
static uint64_t table_page(WalkFix *f, unsigned height)
{
    return walkfix_slot1(f, VA, height) & ~0xfffull;
}

static void test_both_stages(WalkFix *f)
{
    start(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), TOY_PAGE | reg_make(TOY_ATTR, 3) | IPA);
    walkfix_map2(f, IPA, TOY_PAGE | TOY_DEV | reg_make(TOY_ATTR, 9) | OUT);
    g_assert_true(walkfix_go(f, VA | 0x321, UR | UW, 0));
    g_assert_cmphex(f->res.out, ==, OUT | 0x321);
    g_assert_cmphex(f->res.ipa, ==, IPA | 0x321);
    g_assert_cmphex(f->res.va, ==, VA | 0x321);
    g_assert_cmphex(f->res.s1_attr, ==, 3);
    g_assert_cmphex(f->res.s2_attr, ==, 9);
    g_assert_cmphex(f->res.s1_flags, ==, 0);
    g_assert_cmphex(f->res.s2_flags, ==, PT_ENTRY_DEVICE);
}

/* (4 + 1) (4 + 1) - 1 */
static void test_cold_walk_reads_24(WalkFix *f)
{
    start(f);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->counters.walk_reads, ==, 24);
    g_assert_cmpuint(f->ram.reads, ==, 24);
    g_assert_cmpuint(f->counters.walk_updates, ==, 0);
}

/* All tables are in few pages, so the IPA cache spares most of stage 2. */
static void test_ipa_cache_spares_reads(WalkFix *f)
{
    start(f);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->counters.ipa_lookups, ==, 5);
    pt_walker_invalidate(&f->walker, 1, false, 0, UINT64_MAX, 0, 0);
    ramhost_forget(&f->ram);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->ram.reads, ==, 4);
    g_assert_cmpuint(f->counters.ipa_hits, ==, 5);
}

typedef struct Order {
    uint64_t seen[64];
    unsigned count;
} Order;

static void note_read(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    Order *o = opaque;

    (void)ram;
    (void)kind;
    (void)n;
    g_assert_cmpuint(o->count, <, 64);
    o->seen[o->count++] = addr;
}

static void test_order_of_reads(WalkFix *f)
{
    Order o = { .count = 0 };
    unsigned at = 0;

    start(f);
    ramhost_hook(&f->ram, note_read, &o, RAMHOST_READ, 0);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(o.count, ==, 24);
    for (int height = 3; height >= -1; height--) {
        uint64_t ipa = height >= 0 ? walkfix_slot1(f, VA, height) : IPA;

        for (int h2 = 3; h2 >= 0; h2--) {
            g_assert_cmphex(o.seen[at++], ==, walkfix_slot2(f, ipa, h2));
        }
        if (height >= 0) {
            g_assert_cmphex(o.seen[at++], ==, ipa); /* stage 2 is one to one here */
        }
    }
}

/* Stage 1 descriptors are read where stage 2 says, not where stage 1 says. */
static void test_tables_at_intermediate_addresses(WalkFix *f)
{
    uint64_t page;

    start(f);
    page = table_page(f, 1);
    memcpy(ramhost_at(&f->ram, 0x600000, 4096), ramhost_at(&f->ram, page, 4096), 4096);
    memset(ramhost_at(&f->ram, page, 4096), 0, 4096);
    walkfix_map2(f, page, TOY_PAGE | 0x600000);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.out, ==, OUT);
}

static void test_stage2_fault_on_each_table(WalkFix *f)
{
    start(f);
    for (unsigned height = 0; height < 4; height++) {
        uint64_t slot = walkfix_slot1(f, VA, height);
        uint64_t kept = walkfix_desc2(f, slot, 0);

        walkfix_map2(f, slot, 0);
        pt_walker_flush(&f->walker);
        walkfix_faults(f, VA, UW, PT_FAULT_EMPTY, 2, PT_CLASS_TABLE, 0);
        g_assert_cmphex(f->fault.ipa, ==, slot);
        g_assert_false(f->fault.table_write);
        g_assert_true(f->fault.table_top == (height == 3));
        g_assert_false(f->fault.top);
        g_assert_cmphex(f->fault.desc_addr, ==, walkfix_slot2(f, slot, 0));
        walkfix_map2(f, slot, kept);
    }
}

static void test_stage2_fault_on_final_address(WalkFix *f)
{
    start(f);
    walkfix_map2(f, IPA, 0);
    walkfix_faults(f, VA | 0x18, UR, PT_FAULT_EMPTY, 2, PT_CLASS_INPUT, 0);
    g_assert_cmphex(f->fault.ipa, ==, IPA | 0x18);
    g_assert_false(f->fault.table_top);
}

static void test_stage2_table_without_read_right(WalkFix *f)
{
    start(f);
    walkfix_map2(f, walkfix_slot1(f, VA, 2), (TOY_PAGE & ~TOY_R) | table_page(f, 2));
    walkfix_faults(f, VA, UW, PT_FAULT_PERMISSION, 2, PT_CLASS_TABLE, 0);
    g_assert_cmphex(f->fault.missing, ==, PR);
    g_assert_false(f->fault.table_write);
}

static void test_stage2_permission_on_final_address(WalkFix *f)
{
    start(f);
    walkfix_map2(f, IPA, (TOY_PAGE & ~TOY_W) | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    walkfix_faults(f, VA, UR | UW, PT_FAULT_PERMISSION, 2, PT_CLASS_INPUT, 0);
    g_assert_cmphex(f->fault.missing, ==, UW);
    g_assert_cmphex(f->fault.ipa, ==, IPA);
}

static void test_stage1_fault_before_final_stage2(WalkFix *f)
{
    start(f);
    walkfix_map2(f, IPA, 0);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), (TOY_PAGE & ~TOY_W) | IPA);
    walkfix_faults(f, VA, UW, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(f->fault.ipa, ==, 0);
}

static void test_stage2_of_lower_table_after_stage1_of_upper(WalkFix *f)
{
    start(f);
    walkfix_map2(f, walkfix_slot1(f, VA, 1), 0);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 2), 0);
    walkfix_faults(f, VA, UR, PT_FAULT_EMPTY, 1, PT_CLASS_INPUT, 2);
}

static void test_stage1_root_outside_stage2_range(WalkFix *f)
{
    start(f);
    f->s1.root = 1ull << 48;
    walkfix_faults(f, VA, UR, PT_FAULT_RANGE, 2, PT_CLASS_TABLE, 3);
    g_assert_true(f->fault.table_top);
    g_assert_cmphex(f->fault.ipa, ==, (1ull << 48) + (VA >> 39) * 8);
}

static void test_stage1_output_outside_stage2_range(WalkFix *f)
{
    start(f);
    f->s1.out_bits = 52;
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), TOY_PAGE | 1ull << 48);
    walkfix_faults(f, VA, UR, PT_FAULT_RANGE, 2, PT_CLASS_INPUT, 3);
    g_assert_cmphex(f->fault.ipa, ==, 1ull << 48);
}

static void test_abort_reading_stage1_descriptor(WalkFix *f)
{
    start(f);
    walkfix_map2(f, walkfix_slot1(f, VA, 1), TOY_PAGE | 0x40000000);
    walkfix_faults(f, VA, UR, PT_FAULT_READ, 1, PT_CLASS_TABLE, 1);
    g_assert_cmphex(f->fault.desc_addr, ==, 0x40000000 | (walkfix_slot1(f, VA, 1) & 0xfff));
}

static void test_abort_reading_stage2_descriptor(WalkFix *f)
{
    uint64_t slot;

    start(f);
    slot = walkfix_slot2(f, table_page(f, 3), 0);
    ramhost_abort(&f->ram, slot, slot + 7, RAMHOST_READ);
    walkfix_faults(f, VA, UR, PT_FAULT_READ, 2, PT_CLASS_TABLE, 0);
    g_assert_cmphex(f->fault.desc_addr, ==, slot);
    g_assert_true(f->fault.table_top);
}

static void test_rights_are_those_of_both(WalkFix *f)
{
    start(f);
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, 0), (TOY_PAGE & ~TOY_X) | IPA);
    walkfix_map2(f, IPA, (TOY_PAGE & ~TOY_W) | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.rights, ==, IOMMU_RIGHTS_R);
    g_assert_cmphex(f->res.s1_rights, ==, IOMMU_RIGHTS_R | IOMMU_RIGHTS_W);
    g_assert_cmphex(f->res.s2_rights, ==, IOMMU_RIGHTS_R | IOMMU_RIGHTS_X);
}

static void test_span_is_the_smaller(WalkFix *f)
{
    uint64_t next = FIX_RAM - 0x10000;

    walkfix_nest(f);
    /* 2 MB at stage 1 over 4 KB at stage 2, and the other way about. */
    toy_map(&f->ram, &f->s1, VA, 1, TOY_PAGE | 0x40000000, 0, &f->next);
    walkfix_map2(f, 0x40000000 | (VA & 0x1ff000), TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA | 0x77, UR, 0));
    g_assert_cmpuint(f->res.lg2, ==, 12);
    g_assert_cmphex(f->res.out, ==, OUT | 0x77);

    walkfix_map1(f, VA + 0x200000, TOY_PAGE | 0x80345000);
    toy_map(&f->ram, &f->s2, 0x80200000, 1, TOY_PAGE | 0x600000, 0, &next);
    g_assert_true(walkfix_go(f, (VA + 0x200000) | 0x77, UR, 0));
    g_assert_cmpuint(f->res.lg2, ==, 12);
    g_assert_cmphex(f->res.out, ==, 0x745077);
}

static void test_table_needs_write(WalkFix *f)
{
    uint64_t slot;

    start(f);
    f->s1.table_needs_write = true;
    g_assert_true(walkfix_go(f, VA, UR, 0));
    pt_walker_flush(&f->walker);
    slot = walkfix_slot1(f, VA, 1);
    walkfix_map2(f, slot, (TOY_PAGE & ~TOY_W) | table_page(f, 1));
    walkfix_faults(f, VA, UR, PT_FAULT_PERMISSION, 2, PT_CLASS_TABLE, 0);
    g_assert_cmphex(f->fault.missing, ==, PW);
    g_assert_false(f->fault.table_write);
    g_assert_cmphex(f->fault.ipa, ==, slot);
}

static void test_protected_walk(WalkFix *f)
{
    start(f);
    walkfix_map2(f, walkfix_slot1(f, VA, 0), TOY_PAGE | TOY_DEV | table_page(f, 0));
    g_assert_true(walkfix_go(f, VA, UR, 0));
    f->s2.protect_walk = true;
    /* Also when what was allowed before is cached: a walk's own rule, not the entry's. */
    walkfix_faults(f, VA, UR, PT_FAULT_PERMISSION, 2, PT_CLASS_TABLE, 0);
    g_assert_cmphex(f->fault.ipa, ==, walkfix_slot1(f, VA, 0));
}

static void test_protected_walk_lets_data_be_device(WalkFix *f)
{
    start(f);
    f->s2.protect_walk = true;
    walkfix_map2(f, IPA, TOY_PAGE | TOY_DEV | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
}

static void test_stage2_access_flag_of_table(WalkFix *f)
{
    start(f);
    f->s2.flags |= TOY_FLAG_AF;
    walkfix_map2(f, walkfix_slot1(f, VA, 2), (TOY_PAGE & ~TOY_AF) | table_page(f, 2));
    walkfix_faults(f, VA, UR, PT_FAULT_ACCESS, 2, PT_CLASS_TABLE, 0);
}

/* A cached stage 2 entry that grants too little is no answer: memory may grant more by now. */
static void test_ipa_entry_with_too_few_rights(WalkFix *f)
{
    start(f);
    walkfix_map2(f, IPA, (TOY_PAGE & ~TOY_W) | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    walkfix_map2(f, IPA, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA, UW, 0));
}

static void test_walk_ipa(WalkFix *f)
{
    uint32_t attr;
    uint64_t pa;

    start(f);
    walkfix_map2(f, IPA, TOY_PAGE | reg_make(TOY_ATTR, 6) | OUT);
    g_assert_true(pt_walk_ipa(&f->walker, &f->s2, IPA | 0x40, PT_CLASS_CONFIG, 0, &pa, &attr,
                              &f->fault));
    g_assert_cmphex(pa, ==, OUT | 0x40);
    g_assert_cmphex(attr, ==, 6);
    g_assert_cmpuint(f->counters.walk_reads, ==, 4);
    g_assert_cmpuint(f->counters.walks, ==, 0);
}

static void test_walk_ipa_faults(WalkFix *f)
{
    uint32_t attr;
    uint64_t pa;

    start(f);
    walkfix_map2(f, IPA, (TOY_PAGE & ~TOY_R) | OUT);
    g_assert_false(pt_walk_ipa(&f->walker, &f->s2, IPA, PT_CLASS_CONFIG, 0, &pa, &attr,
                               &f->fault));
    g_assert_cmpuint(f->fault.kind, ==, PT_FAULT_PERMISSION);
    g_assert_cmpuint(f->fault.cls, ==, PT_CLASS_CONFIG);
    g_assert_cmpuint(f->fault.stage, ==, 2);
    g_assert_cmphex(f->fault.ipa, ==, IPA);
}

static void test_walk_ipa_protected(WalkFix *f)
{
    uint32_t attr;
    uint64_t pa;

    start(f);
    walkfix_map2(f, IPA, TOY_PAGE | TOY_DEV | OUT);
    g_assert_true(pt_walk_ipa(&f->walker, &f->s2, IPA, PT_CLASS_CONFIG, 0, &pa, &attr, &f->fault));
    f->s2.protect_walk = true;
    g_assert_false(pt_walk_ipa(&f->walker, &f->s2, IPA, PT_CLASS_CONFIG, 0, &pa, &attr,
                               &f->fault));
    g_assert_cmpuint(f->fault.kind, ==, PT_FAULT_PERMISSION);
}

static void test_trace_names_both_addresses(WalkFix *f)
{
    start(f);
    iommu_trace_arm(&f->trace);
    iommu_trace_begin(&f->trace);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_nonnull(strstr(f->trace.text, "stage 1 height 3: IPA 0x1120, PA 0x1120 = 0x"));
    g_assert_nonnull(strstr(f->trace.text, "stage 2 height 0: PA 0x"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    walkfix_add("/engine/nested/both-stages", test_both_stages);
    walkfix_add_with("/engine/nested/cold-walk-reads-24", "off", test_cold_walk_reads_24);
    walkfix_add_with("/engine/nested/ipa-cache-spares-reads", "full", test_ipa_cache_spares_reads);
    walkfix_add_with("/engine/nested/order-of-reads", "off", test_order_of_reads);
    walkfix_add("/engine/nested/tables-at-ipas", test_tables_at_intermediate_addresses);
    walkfix_add("/engine/nested/stage2-fault-on-each-table", test_stage2_fault_on_each_table);
    walkfix_add("/engine/nested/stage2-fault-on-final", test_stage2_fault_on_final_address);
    walkfix_add("/engine/nested/table-without-read-right", test_stage2_table_without_read_right);
    walkfix_add("/engine/nested/permission-on-final", test_stage2_permission_on_final_address);
    walkfix_add("/engine/nested/stage1-fault-before-final", test_stage1_fault_before_final_stage2);
    walkfix_add("/engine/nested/upper-stage1-before-lower-stage2",
                test_stage2_of_lower_table_after_stage1_of_upper);
    walkfix_add("/engine/nested/root-outside-range", test_stage1_root_outside_stage2_range);
    walkfix_add("/engine/nested/output-outside-range", test_stage1_output_outside_stage2_range);
    walkfix_add("/engine/nested/abort-stage1-descriptor", test_abort_reading_stage1_descriptor);
    walkfix_add("/engine/nested/abort-stage2-descriptor", test_abort_reading_stage2_descriptor);
    walkfix_add("/engine/nested/rights-of-both", test_rights_are_those_of_both);
    walkfix_add("/engine/nested/span-is-the-smaller", test_span_is_the_smaller);
    walkfix_add("/engine/nested/table-needs-write", test_table_needs_write);
    walkfix_add("/engine/nested/protected-walk", test_protected_walk);
    walkfix_add("/engine/nested/protected-walk-data", test_protected_walk_lets_data_be_device);
    walkfix_add("/engine/nested/access-flag-of-table", test_stage2_access_flag_of_table);
    walkfix_add("/engine/nested/ipa-entry-too-few-rights", test_ipa_entry_with_too_few_rights);
    walkfix_add("/engine/nested/walk-ipa", test_walk_ipa);
    walkfix_add("/engine/nested/walk-ipa-faults", test_walk_ipa_faults);
    walkfix_add("/engine/nested/walk-ipa-protected", test_walk_ipa_protected);
    walkfix_add("/engine/nested/trace", test_trace_names_both_addresses);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker with one stage.
 */
#include <glib.h>
#include <string.h>

#include "walkfix.h"

#define VA  0x123456789000ull
#define OUT 0x700000ull

#define UR IOMMU_RIGHT_UR
#define UW IOMMU_RIGHT_UW
#define UX IOMMU_RIGHT_UX
#define PR IOMMU_RIGHT_PR
#define PW IOMMU_RIGHT_PW

/* Change the descriptor on the way to VA. */
static void set1(WalkFix *f, unsigned height, uint64_t desc)
{
    ramhost_write64(&f->ram, walkfix_slot1(f, VA, height), desc);
}

static void test_four_levels(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA | 0x123, UR, 0));
    g_assert_cmphex(f->res.out, ==, OUT | 0x123);
    g_assert_cmphex(f->res.ipa, ==, OUT | 0x123);
    g_assert_cmphex(f->res.va, ==, VA | 0x123);
    g_assert_cmpuint(f->res.lg2, ==, 12);
    g_assert_cmphex(f->res.rights, ==, IOMMU_RIGHTS_ALL);
    g_assert_cmphex(f->res.s2_rights, ==, IOMMU_RIGHTS_ALL);
    g_assert_cmpuint(f->counters.walk_reads, ==, 4);
    g_assert_cmpuint(f->counters.walks, ==, 1);
    g_assert_cmpuint(f->ram.reads, ==, 4);
}

static void test_every_depth(WalkFix *f)
{
    for (unsigned top = 0; top < PT_MAX_HEIGHT; top++) {
        uint64_t va = 0xabcdef123456789a & low_mask(12 + 9 * (top + 1));
        uint64_t before = f->counters.walk_reads;

        f->s1 = toy_regime(1, 0x1000 + 0x10000 * (top + 1), top);
        f->s1.walk_tag = top;
        walkfix_map1(f, va, TOY_PAGE | OUT);
        g_assert_true(walkfix_go(f, va, UR, 0));
        g_assert_cmphex(f->res.out, ==, OUT | (va & 0xfff));
        g_assert_cmpuint(f->counters.walk_reads - before, ==, top + 1);
    }
}

static void test_every_granule(WalkFix *f)
{
    static const unsigned granules[] = { 12, 14, 16 };

    for (unsigned i = 0; i < 3; i++) {
        unsigned g = granules[i];
        uint64_t va = 0x0000abcdef123456 & low_mask(g + (g - 3) * 2);

        f->s1 = toy_regime(1, 0x10000 * (i + 1), 1);
        f->s1.granule_lg2 = g;
        f->s1.in_bits = g + (g - 3) * 2;
        f->s1.walk_tag = i;
        f->next = (f->next + 0xffff) & ~0xffffull;
        walkfix_map1(f, va, TOY_PAGE | OUT);
        g_assert_true(walkfix_go(f, va, UR, 0));
        g_assert_cmphex(f->res.out, ==, OUT | (va & low_mask(g)));
        g_assert_cmpuint(f->res.lg2, ==, g);
    }
}

static void test_blocks(WalkFix *f)
{
    for (unsigned height = 1; height <= 2; height++) {
        uint64_t va = VA + ((uint64_t)height << 40);
        unsigned lg2 = 12 + 9 * height;

        toy_map(&f->ram, &f->s1, va, height, TOY_PAGE | 0x40000000, 0, &f->next);
        g_assert_true(walkfix_go(f, va, UR, 0));
        g_assert_cmphex(f->res.out, ==, 0x40000000 | (va & low_mask(lg2)));
        g_assert_cmpuint(f->res.lg2, ==, lg2);
    }
}

static void test_contiguous_span(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | TOY_CONT | 0x709000);
    g_assert_true(walkfix_go(f, VA | 0x5, UR, 0));
    g_assert_cmphex(f->res.out, ==, 0x700000 | (VA & 0xf000) | 0x5);
    g_assert_cmpuint(f->res.lg2, ==, 16);
}

/* A top table of more than one granule: its index takes every bit below the input size. */
static void test_concatenated_top_table(WalkFix *f)
{
    uint64_t va = 15ull << 30 | 0x1234000;

    f->s1 = toy_regime(1, 0x10000, 1);
    f->s1.in_bits = 34;
    walkfix_map1(f, va, TOY_PAGE | OUT);
    g_assert_cmphex(walkfix_slot1(f, va, 1), ==, 0x10000 + (va >> 21) * 8);
    g_assert_true(walkfix_go(f, va, UR, 0));
    g_assert_cmphex(f->res.out, ==, OUT);
}

static void test_upper_half(WalkFix *f)
{
    uint64_t va = 0xffffff8000000000ull | 0x1234000;

    f->s1.flags |= TOY_FLAG_UPPER;
    f->s1.root = 0x3000;
    f->s1.top = 2;
    f->s1.in_bits = 39;
    ramhost_write64(&f->ram, 0x3000, TOY_TABLE | 0x4000);
    ramhost_write64(&f->ram, 0x4000 + (0x1234000 >> 21) * 8, TOY_TABLE | 0x5000);
    ramhost_write64(&f->ram, 0x5000 + 0x34 * 8, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, va, UR, 0));
    g_assert_cmphex(f->res.out, ==, OUT);
    walkfix_faults(f, 0x1000, UR, PT_FAULT_RANGE, 1, PT_CLASS_INPUT, 2);
    f->s1.flags |= TOY_FLAG_EPD;
    walkfix_faults(f, va, UR, PT_FAULT_DISABLED, 1, PT_CLASS_INPUT, 2);
}

static void test_top_byte_ignored(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    f->s1.flags |= TOY_FLAG_TBI;
    g_assert_true(walkfix_go(f, VA | 0xa5ull << 56, UR, 0));
    g_assert_cmphex(f->res.va, ==, VA);
    g_assert_cmphex(f->res.out, ==, OUT);
}

static void test_range(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    walkfix_faults(f, 1ull << 48 | VA, UR, PT_FAULT_RANGE, 1, PT_CLASS_INPUT, 3);
    g_assert_true(f->fault.top);
    g_assert_cmpuint(f->ram.reads, ==, 0);
}

static void test_empty_at_every_height(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    for (unsigned height = 0; height < 4; height++) {
        uint64_t kept = walkfix_desc1(f, VA, height);
        uint64_t slot = walkfix_slot1(f, VA, height);

        ramhost_write64(&f->ram, slot, 0x700 | (uint64_t)height << 40);
        pt_walker_flush(&f->walker);
        walkfix_faults(f, VA, UR, PT_FAULT_EMPTY, 1, PT_CLASS_INPUT, height);
        g_assert_true(f->fault.top == (height == 3));
        g_assert_cmphex(f->fault.desc_addr, ==, slot);
        g_assert_cmphex(f->fault.desc, ==, 0x700 | (uint64_t)height << 40);
        ramhost_write64(&f->ram, slot, kept);
    }
}

static void test_malformed(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | TOY_BAD | OUT);
    walkfix_faults(f, VA, UR, PT_FAULT_MALFORMED, 1, PT_CLASS_INPUT, 0);
    g_assert_false(f->fault.top);
}

static void test_table_below_the_last_level(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_TABLE | OUT);
    walkfix_faults(f, VA, UR, PT_FAULT_MALFORMED, 1, PT_CLASS_INPUT, 0);
}

static void test_leaf_too_high(WalkFix *f)
{
    toy_map(&f->ram, &f->s1, VA, 3, TOY_PAGE | OUT, 0, &f->next);
    walkfix_faults(f, VA, UR, PT_FAULT_MALFORMED, 1, PT_CLASS_INPUT, 3);
    g_assert_true(f->fault.top);
}

static void test_address_size_of_table(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    set1(f, 2, TOY_TABLE | 1ull << 48);
    walkfix_faults(f, VA, UR, PT_FAULT_ADDR_SIZE, 1, PT_CLASS_INPUT, 2);
}

static void test_address_size_of_leaf(WalkFix *f)
{
    f->s1.out_bits = 23;
    walkfix_map1(f, VA, TOY_PAGE | 0x800000);
    walkfix_faults(f, VA, UR, PT_FAULT_ADDR_SIZE, 1, PT_CLASS_INPUT, 0);
}

static void test_read_abort_at_every_height(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    for (unsigned height = 0; height < 4; height++) {
        uint64_t slot = walkfix_slot1(f, VA, height);

        ramhost_abort_none(&f->ram);
        ramhost_abort(&f->ram, slot, slot + 7, RAMHOST_READ);
        pt_walker_flush(&f->walker);
        walkfix_faults(f, VA, UR, PT_FAULT_READ, 1, PT_CLASS_TABLE, height);
        g_assert_cmphex(f->fault.desc_addr, ==, slot);
        g_assert_true(f->fault.top == (height == 3));
    }
}

static void test_table_outside_memory(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    set1(f, 3, TOY_TABLE | 1ull << 47);
    walkfix_faults(f, VA, UR, PT_FAULT_READ, 1, PT_CLASS_TABLE, 2);
}

static void test_permission(WalkFix *f)
{
    walkfix_map1(f, VA, (TOY_PAGE & ~(TOY_W | TOY_X)) | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.rights, ==, UR | PR);
    walkfix_faults(f, VA, UR | UW, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(f->fault.missing, ==, UW);
    walkfix_faults(f, VA, UX, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    g_assert_cmphex(f->fault.missing, ==, UX);
}

static void test_permission_by_privilege(WalkFix *f)
{
    walkfix_map1(f, VA, (TOY_PAGE & ~TOY_U) | OUT);
    walkfix_faults(f, VA, UR, PT_FAULT_PERMISSION, 1, PT_CLASS_INPUT, 0);
    f->priv = true;
    g_assert_true(walkfix_go(f, VA, PR | PW, 0));
}

static void test_limits_of_tables(WalkFix *f)
{
    for (unsigned height = 1; height < 4; height++) {
        WalkFix *g = walkfix_new("full");

        walkfix_map1(g, VA, TOY_PAGE | OUT);
        ramhost_write64(&g->ram, walkfix_slot1(g, VA, height),
                        walkfix_desc1(g, VA, height) & ~TOY_W);
        g_assert_true(walkfix_go(g, VA, UR, 0));
        g_assert_false(walkfix_go(g, VA, UW, 0)); /* also through what is now cached */
        g_assert_cmpuint(g->fault.kind, ==, PT_FAULT_PERMISSION);
        g_assert_cmpuint(g->fault.height, ==, 0);
        walkfix_free(g);
    }
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    set1(f, 3, walkfix_desc1(f, VA, 3) & ~TOY_W);
    set1(f, 1, walkfix_desc1(f, VA, 1) & ~TOY_X);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.rights, ==, UR | PR);
}

static void test_access_flag_before_permission(WalkFix *f)
{
    f->s1.flags |= TOY_FLAG_AF;
    walkfix_map1(f, VA, TOY_V | TOY_LEAF | TOY_R | OUT);
    walkfix_faults(f, VA, UW, PT_FAULT_ACCESS, 1, PT_CLASS_INPUT, 0);
}

static void test_access_flag_that_does_not_matter(WalkFix *f)
{
    walkfix_map1(f, VA, (TOY_PAGE & ~TOY_AF) | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.s1_flags & PT_ENTRY_AF_CLEAR, ==, 0);
}

static void test_attributes_and_flags_of_leaf(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | TOY_DEV | reg_make(TOY_ATTR, 0xb) | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmphex(f->res.s1_attr, ==, 0xb);
    g_assert_cmphex(f->res.s1_flags, ==, PT_ENTRY_DEVICE);
    g_assert_cmphex(f->res.s2_attr, ==, 0);
}

static void test_attributes_of_reads(WalkFix *f)
{
    f->s1.walk_attr = (IommuMemAttr) { .type = 0x44, .sh = 3, .space = 1, .snoop = true };
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->ram.last_attr.type, ==, 0x44);
    g_assert_cmpuint(f->ram.last_attr.sh, ==, 3);
    g_assert_cmpuint(f->ram.last_attr.space, ==, 1);
    g_assert_true(f->ram.last_attr.snoop);
}

static void test_stage2_alone(WalkFix *f)
{
    f->use = FIX_USE_S2;
    walkfix_map2(f, VA, TOY_PAGE | reg_make(TOY_ATTR, 5) | OUT);
    g_assert_true(walkfix_go(f, VA | 0x45, UR | UW, 0));
    g_assert_cmphex(f->res.out, ==, OUT | 0x45);
    g_assert_cmphex(f->res.ipa, ==, VA | 0x45);
    g_assert_cmphex(f->res.s2_attr, ==, 5);
    g_assert_cmphex(f->res.s1_rights, ==, IOMMU_RIGHTS_ALL);
    g_assert_cmpuint(f->res.lg2, ==, 12);
}

static void test_stage2_alone_faults(WalkFix *f)
{
    f->use = FIX_USE_S2;
    walkfix_map2(f, VA, TOY_PAGE | OUT);
    walkfix_faults(f, VA + 0x1234, UR, PT_FAULT_EMPTY, 2, PT_CLASS_INPUT, 0);
    g_assert_cmphex(f->fault.ipa, ==, VA + 0x1234);
    walkfix_faults(f, 1ull << 50, UR, PT_FAULT_RANGE, 2, PT_CLASS_INPUT, 3);
    g_assert_cmphex(f->fault.ipa, ==, 1ull << 50);
}

static void test_stage2_read_abort(WalkFix *f)
{
    f->use = FIX_USE_S2;
    f->s2.root = 1ull << 40;
    walkfix_faults(f, VA, UR, PT_FAULT_READ, 2, PT_CLASS_INPUT, 3);
    g_assert_cmphex(f->fault.desc_addr, ==, (1ull << 40) + (VA >> 39) * 8);
}

/* PT_REQ_NO_FILL leaves caches, counters and plan as they were, and does not believe the caches. */
static void test_no_fill(WalkFix *f)
{
    IommuCounters counters;
    uint32_t live;

    walkfix_map1(f, VA, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    counters = f->counters;
    live = f->walker.tables[0][0].live;
    set1(f, 1, 0);
    g_assert_false(walkfix_go(f, VA, UR, PT_REQ_NO_FILL));
    walkfix_map1(f, VA ^ 1ull << 40, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA ^ 1ull << 40, UR, PT_REQ_NO_FILL));
    g_assert_cmpmem(&counters, sizeof(counters), &f->counters, sizeof(f->counters));
    g_assert_cmpuint(f->walker.tables[0][0].live, ==, live);
    g_assert_cmpuint(walkfix_steps(f, IOMMU_STEP_WALK), ==, 1);
    g_assert_cmpuint(walkfix_steps(f, IOMMU_STEP_READ), ==, 4);
}

static void test_plan_of_a_walk(WalkFix *f)
{
    f->plan.keep = true;
    plan_begin(&f->plan);
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    g_assert_cmpuint(f->plan.count, ==, 6);
    g_assert_cmpuint(f->plan.steps[0].kind, ==, IOMMU_STEP_WALK);
    for (unsigned i = 0; i < 4; i++) {
        const IommuStep *s = &f->plan.steps[1 + i];

        g_assert_cmpuint(s->kind, ==, IOMMU_STEP_READ);
        g_assert_cmpuint(s->stage, ==, 1);
        g_assert_cmpuint(s->height, ==, 3 - i);
        g_assert_cmphex(s->addr, ==, walkfix_slot1(f, VA, 3 - i));
        g_assert_cmpuint(s->bytes, ==, 8);
    }
    g_assert_cmpuint(f->plan.steps[5].kind, ==, IOMMU_STEP_WALK_END);
    g_assert_true(f->plan.steps[5].hit);
}

static void test_trace(WalkFix *f)
{
    walkfix_map1(f, VA, TOY_PAGE | OUT);
    iommu_trace_arm(&f->trace);
    iommu_trace_begin(&f->trace);
    g_assert_true(walkfix_go(f, VA, UR, 0));
    iommu_trace_end(&f->trace);
    g_assert_true(g_str_has_prefix(f->trace.text,
                                   "stage 1 height 3: PA 0x1120 = 0x000000000010003d:"
                                   " table: toy height 3 RWXU\n"));
    g_assert_nonnull(strstr(f->trace.text, ": leaf: toy height 0 RWXU AF\n"));
}

static void test_fault_is_traced(WalkFix *f)
{
    iommu_trace_arm(&f->trace);
    iommu_trace_begin(&f->trace);
    g_assert_false(walkfix_go(f, VA, UR, 0));
    g_assert_nonnull(strstr(f->trace.text, ": empty: "));
    g_assert_nonnull(strstr(f->trace.text, "stage 1: fault: no translation at 0x123456789000\n"));
}

static void test_fault_names(void)
{
    for (unsigned i = 0; i <= PT_FAULT_UPDATE; i++) {
        g_assert_cmpstr(pt_fault_name(i), !=, "unknown");
    }
    g_assert_cmpstr(pt_fault_name(PT_FAULT_UPDATE + 1), ==, "unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    walkfix_add("/engine/walk/four-levels", test_four_levels);
    walkfix_add("/engine/walk/every-depth", test_every_depth);
    walkfix_add("/engine/walk/every-granule", test_every_granule);
    walkfix_add("/engine/walk/blocks", test_blocks);
    walkfix_add("/engine/walk/contiguous-span", test_contiguous_span);
    walkfix_add("/engine/walk/concatenated-top-table", test_concatenated_top_table);
    walkfix_add("/engine/walk/upper-half", test_upper_half);
    walkfix_add("/engine/walk/top-byte-ignored", test_top_byte_ignored);
    walkfix_add("/engine/walk/range", test_range);
    walkfix_add("/engine/walk/empty-at-every-height", test_empty_at_every_height);
    walkfix_add("/engine/walk/malformed", test_malformed);
    walkfix_add("/engine/walk/table-below-last-level", test_table_below_the_last_level);
    walkfix_add("/engine/walk/leaf-too-high", test_leaf_too_high);
    walkfix_add("/engine/walk/address-size-of-table", test_address_size_of_table);
    walkfix_add("/engine/walk/address-size-of-leaf", test_address_size_of_leaf);
    walkfix_add("/engine/walk/read-abort-at-every-height", test_read_abort_at_every_height);
    walkfix_add("/engine/walk/table-outside-memory", test_table_outside_memory);
    walkfix_add("/engine/walk/permission", test_permission);
    walkfix_add("/engine/walk/permission-by-privilege", test_permission_by_privilege);
    walkfix_add("/engine/walk/limits-of-tables", test_limits_of_tables);
    walkfix_add("/engine/walk/access-flag-before-permission", test_access_flag_before_permission);
    walkfix_add("/engine/walk/access-flag-ignored", test_access_flag_that_does_not_matter);
    walkfix_add("/engine/walk/leaf-attributes", test_attributes_and_flags_of_leaf);
    walkfix_add("/engine/walk/read-attributes", test_attributes_of_reads);
    walkfix_add("/engine/walk/stage2-alone", test_stage2_alone);
    walkfix_add("/engine/walk/stage2-alone-faults", test_stage2_alone_faults);
    walkfix_add("/engine/walk/stage2-read-abort", test_stage2_read_abort);
    walkfix_add("/engine/walk/no-fill", test_no_fill);
    walkfix_add_with("/engine/walk/plan", "off", test_plan_of_a_walk);
    walkfix_add("/engine/walk/trace", test_trace);
    walkfix_add("/engine/walk/trace-fault", test_fault_is_traced);
    g_test_add_func("/engine/walk/fault-names", test_fault_names);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fault of a real PCI device's DMA leaves behind in the SMMUv3's event queue, and that it
 * moves no data (Arm IHI 0070, chapter 7.3). With every cache size.
 */
#include "qemu/osdep.h"
#include "sw-smmuv3.h"

#define ONE_EVENT 4 /* bytes: QEMU splits a longer faulting access */

static void test_bad_ste(const SwCase *c)
{
    static const uint64_t invalid[STE_WORDS];
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_ste(&b, invalid);
    smmu_bench_read_faults(&b, VA_SRC, C_BAD_STE);
    smmu_bench_end(&b);
}

static void test_bad_streamid(const SwCase *c)
{
    StreamTable tiny;
    SmmuBench b;

    smmu_bench_start(&b, c);
    stream_table_init_linear(&tiny, &b.m->mem, 3);
    g_assert_true(smmu_driver_start(&b.d, &tiny));
    smmu_bench_read_faults(&b, VA_SRC, C_BAD_STREAMID);
    smmu_bench_end(&b);
}

static void test_stage1_translation_fault(const SwCase *c)
{
    SmmuEventWords e;
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_stage1(&b, &s, 12);
    e = smmu_bench_read_faults(&b, VA_SRC + 0x40000018, F_TRANSLATION);
    g_assert_cmphex(e.input_addr, ==, VA_SRC + 0x40000018);
    g_assert_true(e.rnw);
    g_assert_false(e.s2);
    g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
    g_assert_false(e.stall);
    smmu_bench_end(&b);
}

static void test_stage1_range_fault(const SwCase *c)
{
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_stage1(&b, &s, 12);
    smmu_bench_read_faults(&b, VA_SRC | 1ull << VA_BITS, F_TRANSLATION);
    smmu_bench_end(&b);
}

static void test_stage1_permission_fault(const SwCase *c)
{
    SmmuEventWords e;
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_stage1(&b, &s, 12);
    arm_pages_map_smallest(&s.pages, VA_DST, b.dst, 4096, ARM_S1_RO);
    e = smmu_bench_write_faults(&b, VA_DST, b.dst, F_PERMISSION);
    g_assert_cmphex(e.input_addr, ==, VA_DST);
    g_assert_false(e.rnw);
    g_assert_false(e.s2);
    /* Reading is allowed, before and after. */
    sw_edu_read(b.m, VA_DST, 0, ONE_EVENT);
    smmu_bench_no_event(&b);
    smmu_bench_end(&b);
}

static void test_stage1_access_fault(const SwCase *c)
{
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_stage1(&b, &s, 12);
    arm_pages_set(&s.pages, VA_SRC, reg_set(arm_pages_get(&s.pages, VA_SRC), PTE_AF, 0));
    smmu_bench_read_faults(&b, VA_SRC, F_ACCESS);
    smmu_bench_end(&b);
}

static void test_bad_cd(const SwCase *c)
{
    static const uint64_t invalid[CD_WORDS];
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_stage1(&b, &s, 12);
    cd_table_set(&s.cds, 0, invalid);
    g_assert_true(smmu_driver_issue(&b.d, smmu_make_cfgi_cd(SID, 0, true)));
    smmu_bench_read_faults(&b, VA_SRC, C_BAD_CD);
    smmu_bench_end(&b);
}

static void test_stage2_faults(const SwCase *c)
{
    SmmuEventWords e;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_has_stage2(&b)) {
        smmu_bench_stage2(&b, &s2, 12);
        e = smmu_bench_read_faults(&b, IPA_SRC + 0x4000000, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
        g_assert_cmphex(e.ipa, ==, IPA_SRC + 0x4000000);

        arm_pages_map_smallest(&s2, IPA_DST, b.dst, 4096, ARM_S2_RO);
        e = smmu_bench_write_faults(&b, IPA_DST, b.dst, F_PERMISSION);
        g_assert_true(e.s2);
        g_assert_false(e.rnw);
    }
    smmu_bench_end(&b);
}

/* The final address is missing at stage 2. */
static void test_nested_input_fault(const SwCase *c)
{
    SmmuEventWords e;
    SmmuStage1 s;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_nests(&b, &s, &s2)) {
        arm_pages_unmap(&s2, IPA_SRC);
        e = smmu_bench_read_faults(&b, VA_SRC + 0x28, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
        g_assert_cmphex(e.input_addr, ==, VA_SRC + 0x28);
        g_assert_cmphex(e.ipa, ==, IPA_SRC);
    }
    smmu_bench_end(&b);
}

/* A stage 1 table is missing at stage 2. */
static void test_nested_table_fault(const SwCase *c)
{
    SmmuEventWords e;
    SmmuStage1 s;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_nests(&b, &s, &s2)) {
        uint64_t desc = arm_pages_desc_input(&s.pages, VA_SRC, 2);

        arm_pages_unmap(&s2, desc);
        e = smmu_bench_read_faults(&b, VA_SRC, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_TT);
        g_assert_cmphex(e.ipa, ==, desc & ~0xfffull);
    }
    smmu_bench_end(&b);
}

/* The CD is missing at stage 2. */
static void test_nested_cd_fault(const SwCase *c)
{
    SmmuEventWords e;
    SmmuStage1 s;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_nests(&b, &s, &s2)) {
        arm_pages_unmap(&s2, s.cds.ptr);
        e = smmu_bench_read_faults(&b, VA_SRC, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_CD);
        g_assert_cmphex(e.ipa, ==, s.cds.ptr & ~0xfffull);
    }
    smmu_bench_end(&b);
}

static void test_nested_stage1_fault(const SwCase *c)
{
    SmmuEventWords e;
    SmmuStage1 s;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_nests(&b, &s, &s2)) {
        arm_pages_unmap(&s.pages, VA_SRC);
        e = smmu_bench_read_faults(&b, VA_SRC, F_TRANSLATION);
        g_assert_false(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
    }
    smmu_bench_end(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/smmuv3/faults/SE1-invalid", test_bad_ste, NULL);
    sw_add_cached("/smmuv3/faults/ST4+RG29-streamid-out-of-range", test_bad_streamid, NULL);
    sw_add_cached("/smmuv3/faults/EV6+EV7-stage1-translation", test_stage1_translation_fault, NULL);
    sw_add_cached("/smmuv3/faults/EV12-stage1-range", test_stage1_range_fault, NULL);
    sw_add_cached("/smmuv3/faults/EV6-stage1-permission", test_stage1_permission_fault, NULL);
    sw_add_cached("/smmuv3/faults/EV6-stage1-access", test_stage1_access_fault, NULL);
    sw_add_cached("/smmuv3/faults/CD2-invalid", test_bad_cd, NULL);
    sw_add_cached("/smmuv3/faults/EV7-stage2-faults", test_stage2_faults, NULL);
    sw_add_cached("/smmuv3/faults/EV7-nested-input", test_nested_input_fault, NULL);
    sw_add_cached("/smmuv3/faults/EV7-nested-table", test_nested_table_fault, NULL);
    sw_add_cached("/smmuv3/faults/EV7-nested-cd", test_nested_cd_fault, NULL);
    sw_add_cached("/smmuv3/faults/EV7-nested-stage1", test_nested_stage1_fault, NULL);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA of a real PCI device through the SMMUv3: each way to translate, each granule, and what
 * invalidation must take back (Arm IHI 0070, chapters 3, 4 and 5). With every cache size.
 */
#include "qemu/osdep.h"
#include "sw-smmuv3.h"

/* ---- without translation ----------------------------------------------------------------- */

static void test_disabled_bypass(const SwCase *c)
{
    SmmuBench b;

    smmu_bench_start(&b, c);
    g_assert_true(smmu_driver_cr0(&b.d, 0));
    g_assert_true(smmu_driver_gbpa(&b.d, (uint32_t)reg_make(GBPA_SHCFG, SHCFG_INCOMING)));
    sw_fill(b.m, b.src, BYTES, 1);
    sw_edu_copy(b.m, b.dst, b.src, BYTES);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 1));
    smmu_bench_end(&b);
}

static void test_disabled_abort(const SwCase *c)
{
    SmmuBench b;

    smmu_bench_start(&b, c);
    g_assert_true(smmu_driver_cr0(&b.d, (uint32_t)field_mask(CR0_EVENTQEN)));
    g_assert_true(smmu_driver_gbpa(&b.d, (uint32_t)reg_make(GBPA_ABORT, 1)));
    sw_fill(b.m, b.dst, BYTES, 2);
    sw_edu_write(b.m, b.dst, 0, BYTES);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 2));
    smmu_bench_no_event(&b);
    smmu_bench_end(&b);
}

static void test_ste_bypass(const SwCase *c)
{
    uint64_t ste[STE_WORDS];
    SmmuBench b;

    smmu_bench_start(&b, c);
    ste_bypass(ste);
    smmu_bench_ste(&b, ste);
    smmu_bench_copies(&b, b.src, b.dst);
    smmu_bench_end(&b);
}

static void test_ste_abort(const SwCase *c)
{
    uint64_t ste[STE_WORDS];
    SmmuBench b;

    smmu_bench_start(&b, c);
    ste_abort(ste);
    smmu_bench_ste(&b, ste);
    sw_fill(b.m, b.dst, BYTES, 2);
    sw_edu_write(b.m, b.dst, 0, BYTES);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 2));
    smmu_bench_no_event(&b);
    smmu_bench_end(&b);
}

static void test_two_level_table(const SwCase *c)
{
    StreamTable two;
    uint64_t ste[STE_WORDS];
    SmmuBench b;

    smmu_bench_start(&b, c);
    stream_table_init_two_level(&two, &b.m->mem, 16, 8);
    g_assert_true(smmu_driver_start(&b.d, &two));
    smmu_bench_read_faults(&b, VA_SRC, C_BAD_STREAMID); /* its first-level descriptor is empty */
    b.table = two;
    ste_bypass(ste);
    stream_table_set(&b.table, SID, ste);
    g_assert_true(smmu_driver_issue(&b.d, smmu_make_cfgi_ste(SID, false)));
    smmu_bench_copies(&b, b.src, b.dst);
    smmu_bench_end(&b);
}

/* ---- stage 1 ----------------------------------------------------------------------------- */

static void test_stage1(const SwCase *c)
{
    const unsigned granule_lg2 = GPOINTER_TO_UINT(c->data);
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_has_granule(&b, granule_lg2)) {
        smmu_bench_stage1(&b, &s, granule_lg2);
        smmu_bench_copies(&b, VA_SRC, VA_DST);
    }
    smmu_bench_end(&b);
}

/* A block of level 2 where pages were used above: 2 MB, 32 MB or 512 MB. */
static void test_stage1_block(const SwCase *c)
{
    const unsigned granule_lg2 = GPOINTER_TO_UINT(c->data);
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_has_granule(&b, granule_lg2)) {
        uint64_t block;

        smmu_bench_stage1(&b, &s, granule_lg2);
        block = 1ull << arm_pages_level_lg2(&s.pages, 2);
        /* Both frames lie in 1 GB of RAM, within a block or two. */
        for (uint64_t pa = 0x40000000; pa < 0x80000000; pa += block) {
            arm_pages_map_level(&s.pages, 0x7f0000000000ull + pa, pa, 2, ARM_S1_RW);
        }
        smmu_bench_copies(&b, 0x7f0000000000ull + b.src, 0x7f0000000000ull + b.dst);
    }
    smmu_bench_end(&b);
}

/* After TLBI and CMD_SYNC nothing of an old translation may be used. */
static void test_tlbi(const SwCase *c)
{
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_stage1(&b, &s, 12);
    smmu_bench_copies(&b, VA_SRC, VA_DST);

    arm_pages_unmap(&s.pages, VA_SRC);
    g_assert_true(smmu_driver_issue(&b.d, smmu_make_tlbi_nh_va(0, ASID, VA_SRC, true)));
    smmu_bench_read_faults(&b, VA_SRC, F_TRANSLATION);

    /* Another page of the same stream is untouched; the page comes back elsewhere. */
    sw_fill(b.m, b.dst + 4096, BYTES, 7);
    arm_pages_map_smallest(&s.pages, VA_SRC, b.dst + 4096, 4096, ARM_S1_RW);
    sw_edu_copy(b.m, VA_DST, VA_SRC, BYTES);
    smmu_bench_no_event(&b);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 7));
    smmu_bench_end(&b);
}

static void test_cfgi(const SwCase *c)
{
    uint64_t ste[STE_WORDS];
    SmmuStage1 s;
    SmmuBench b;

    smmu_bench_start(&b, c);
    smmu_bench_stage1(&b, &s, 12);
    smmu_bench_copies(&b, VA_SRC, VA_DST);
    ste_bypass(ste);
    smmu_bench_ste(&b, ste);
    smmu_bench_copies(&b, b.src, b.dst);
    smmu_bench_end(&b);
}

/* ---- stage 2 ----------------------------------------------------------------------------- */

static void test_stage2(const SwCase *c)
{
    const unsigned granule_lg2 = GPOINTER_TO_UINT(c->data);
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_has_stage2(&b) && smmu_bench_has_granule(&b, granule_lg2)) {
        smmu_bench_stage2(&b, &s2, granule_lg2);
        smmu_bench_copies(&b, IPA_SRC, IPA_DST);
    }
    smmu_bench_end(&b);
}

static void test_stage2_tlbi(const SwCase *c)
{
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_has_stage2(&b)) {
        smmu_bench_stage2(&b, &s2, 12);
        smmu_bench_copies(&b, IPA_SRC, IPA_DST);
        arm_pages_unmap(&s2, IPA_SRC);
        g_assert_true(smmu_driver_issue(&b.d, smmu_make_tlbi_s2_ipa(VMID, IPA_SRC, true)));
        smmu_bench_read_faults(&b, IPA_SRC, F_TRANSLATION);
    }
    smmu_bench_end(&b);
}

/* ---- both -------------------------------------------------------------------------------- */

static void test_nested(const SwCase *c)
{
    const SmmuGranules *g = c->data;
    SmmuStage1 s;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_has_nesting(&b) && smmu_bench_has_granule(&b, g->s1) &&
        smmu_bench_has_granule(&b, g->s2)) {
        smmu_bench_nested(&b, &s, &s2, *g);
        smmu_bench_copies(&b, VA_SRC, VA_DST);
    }
    smmu_bench_end(&b);
}

/* Unmapping at stage 2 alone: the combined entry goes only with NH_ALL as well (CM23). */
static void test_nested_tlbi(const SwCase *c)
{
    SmmuStage1 s;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_nests(&b, &s, &s2)) {
        smmu_bench_copies(&b, VA_SRC, VA_DST);
        arm_pages_unmap(&s2, IPA_SRC);
        g_assert_true(smmu_driver_push(&b.d, smmu_make_tlbi_s2_ipa(VMID, IPA_SRC, true)));
        g_assert_true(smmu_driver_issue(&b.d, smmu_make_tlbi_nh_all(VMID)));
        smmu_bench_read_faults(&b, VA_SRC, F_TRANSLATION);
    }
    smmu_bench_end(&b);
}

int main(int argc, char **argv)
{
    static const unsigned granules[] = { 12, 14, 16 };
    static const char *const names[] = { "4K", "16K", "64K" };
    static SmmuGranules pairs[9];

    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/smmuv3/dma/RS1-disabled-bypass", test_disabled_bypass, NULL);
    sw_add_cached("/smmuv3/dma/RS1-disabled-abort", test_disabled_abort, NULL);
    sw_add_cached("/smmuv3/dma/SE2+SE39-bypass", test_ste_bypass, NULL);
    sw_add_cached("/smmuv3/dma/SE2-abort-silent", test_ste_abort, NULL);
    sw_add_cached("/smmuv3/dma/ST6+ST9-two-level", test_two_level_table, NULL);
    for (unsigned i = 0; i < 3; i++) {
        gpointer granule = GUINT_TO_POINTER(granules[i]);
        g_autofree char *s1 = g_strdup_printf("/smmuv3/dma/SE2+CD3-stage1-%s", names[i]);
        g_autofree char *block = g_strdup_printf("/smmuv3/dma/WK5-block-%s", names[i]);
        g_autofree char *s2 = g_strdup_printf("/smmuv3/dma/SE2+SE8-stage2-%s", names[i]);

        sw_add_cached(s1, test_stage1, granule);
        sw_add_cached(block, test_stage1_block, granule);
        sw_add_cached(s2, test_stage2, granule);
        for (unsigned j = 0; j < 3; j++) {
            g_autofree char *both = g_strdup_printf("/smmuv3/dma/SE2+EV12-nested-%s-on-%s",
                                                    names[i], names[j]);

            pairs[3 * i + j] = (SmmuGranules) { granules[i], granules[j] };
            sw_add_cached(both, test_nested, &pairs[3 * i + j]);
        }
    }
    sw_add_cached("/smmuv3/dma/CM23+CM34-tlbi-va", test_tlbi, NULL);
    sw_add_cached("/smmuv3/dma/CM13-cfgi-ste", test_cfgi, NULL);
    sw_add_cached("/smmuv3/dma/CM23-tlbi-s2-ipa", test_stage2_tlbi, NULL);
    sw_add_cached("/smmuv3/dma/CM23-nested-tlbi", test_nested_tlbi, NULL);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA of a real PCI device through the SMMUv3: each way to translate, each granule, and what a
 * fault leaves behind (Arm IHI 0070, chapters 3, 5 and 7.3). With every cache size.
 */
#include "qemu/osdep.h"
#include "sw-machine.h"

#include "../lib/smmu-driver.h"

#define SID SW_EDU_BDF
#define LOG2SIZE 8
#define BYTES 4096
#define ONE_EVENT 4 /* bytes: QEMU splits a longer faulting access */

#define ASID 5
#define VMID 9

/* Input addresses that differ from their outputs in every part. */
#define VA_SRC 0x123456780000ull
#define VA_DST 0x00fedcba0000ull
#define IPA_SRC 0x2345670000ull
#define IPA_DST 0x0fedc20000ull

#define VA_BITS 48
#define IPA_BITS 42
#define IPA_TABLES (1ull << 41) /* stage 1 tables and CDs of a nested stream lie here and above */

/* Wide enough for a page of any granule. */
#define FRAME (64 * 1024)

typedef struct Bench {
    SwMachine *m;
    SmmuDriver d;
    StreamTable table;
    uint64_t src, dst; /* physical */
} Bench;

static void bench_start(Bench *b, const SwCase *c)
{
    b->m = sw_machine_virt(c->caches, NULL);
    smmu_driver_init(&b->d, &b->m->regs, &b->m->mem);
    stream_table_init_linear(&b->table, &b->m->mem, LOG2SIZE);
    g_assert_true(smmu_driver_start(&b->d, &b->table));
    b->src = gmem_alloc(&b->m->mem, FRAME, FRAME);
    b->dst = gmem_alloc(&b->m->mem, FRAME, FRAME);
}

static void bench_end(Bench *b)
{
    sw_machine_free(b->m);
}

static void set_ste(Bench *b, const uint64_t ste[STE_WORDS])
{
    stream_table_set(&b->table, SID, ste);
    g_assert_true(smmu_driver_issue(&b->d, smmu_make_cfgi_ste(SID, true)));
}

static void assert_no_event(Bench *b)
{
    SmmuEventWords e;

    if (smmu_driver_event(&b->d, &e)) {
        g_error("unexpected event %#x at %#" PRIx64, e.num, e.input_addr);
    }
}

/* The device copies a frame by its own addresses: twice, so that caches are filled and used. */
static void assert_copies(Bench *b, uint64_t src, uint64_t dst)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        sw_fill(b->m, b->src, BYTES, seed);
        sw_edu_copy(b->m, dst, src, BYTES);
        assert_no_event(b);
        g_assert_true(sw_filled(b->m, b->dst, BYTES, seed));
    }
}

/* A read of @va faults; what the one record says. */
static SmmuEventWords assert_read_faults(Bench *b, uint64_t va, unsigned num)
{
    SmmuEventWords e;

    sw_edu_read(b->m, va, 0, ONE_EVENT);
    g_assert_true(smmu_driver_event(&b->d, &e));
    g_assert_cmphex(e.num, ==, num);
    g_assert_cmphex(e.sid, ==, SID);
    assert_no_event(b);
    return e;
}

/* A write to @va faults, and changes nothing at @pa. */
static SmmuEventWords assert_write_faults(Bench *b, uint64_t va, uint64_t pa, unsigned num)
{
    SmmuEventWords e;

    sw_fill(b->m, pa, 64, 3);
    sw_edu_write(b->m, va, 0, ONE_EVENT);
    g_assert_true(smmu_driver_event(&b->d, &e));
    g_assert_cmphex(e.num, ==, num);
    g_assert_cmphex(e.sid, ==, SID);
    g_assert_true(sw_filled(b->m, pa, 64, 3));
    return e;
}

/* ---- without translation -------------------------------------------------------------------- */

static void test_disabled_bypass(const SwCase *c)
{
    Bench b;

    bench_start(&b, c);
    g_assert_true(smmu_driver_cr0(&b.d, 0));
    g_assert_true(smmu_driver_gbpa(&b.d, (uint32_t)reg_make(GBPA_SHCFG, SHCFG_INCOMING)));
    sw_fill(b.m, b.src, BYTES, 1);
    sw_edu_copy(b.m, b.dst, b.src, BYTES);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 1));
    bench_end(&b);
}

static void test_disabled_abort(const SwCase *c)
{
    Bench b;

    bench_start(&b, c);
    g_assert_true(smmu_driver_cr0(&b.d, (uint32_t)field_mask(CR0_EVENTQEN)));
    g_assert_true(smmu_driver_gbpa(&b.d, (uint32_t)reg_make(GBPA_ABORT, 1)));
    sw_fill(b.m, b.dst, BYTES, 2);
    sw_edu_write(b.m, b.dst, 0, BYTES);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 2));
    assert_no_event(&b);
    bench_end(&b);
}

static void test_ste_bypass(const SwCase *c)
{
    uint64_t ste[STE_WORDS];
    Bench b;

    bench_start(&b, c);
    ste_bypass(ste);
    set_ste(&b, ste);
    assert_copies(&b, b.src, b.dst);
    bench_end(&b);
}

static void test_ste_abort(const SwCase *c)
{
    uint64_t ste[STE_WORDS];
    Bench b;

    bench_start(&b, c);
    ste_abort(ste);
    set_ste(&b, ste);
    sw_fill(b.m, b.dst, BYTES, 2);
    sw_edu_write(b.m, b.dst, 0, BYTES);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 2));
    assert_no_event(&b);
    bench_end(&b);
}

static void test_bad_ste(const SwCase *c)
{
    static const uint64_t invalid[STE_WORDS];
    Bench b;

    bench_start(&b, c);
    set_ste(&b, invalid);
    assert_read_faults(&b, VA_SRC, C_BAD_STE);
    bench_end(&b);
}

static void test_bad_streamid(const SwCase *c)
{
    StreamTable tiny;
    Bench b;

    bench_start(&b, c);
    stream_table_init_linear(&tiny, &b.m->mem, 3);
    g_assert_true(smmu_driver_start(&b.d, &tiny));
    assert_read_faults(&b, VA_SRC, C_BAD_STREAMID);
    bench_end(&b);
}

static void test_two_level_table(const SwCase *c)
{
    StreamTable two;
    uint64_t ste[STE_WORDS];
    Bench b;

    bench_start(&b, c);
    stream_table_init_two_level(&two, &b.m->mem, 16, 8);
    g_assert_true(smmu_driver_start(&b.d, &two));
    assert_read_faults(&b, VA_SRC, C_BAD_STREAMID); /* its first-level descriptor is empty */
    b.table = two;
    ste_bypass(ste);
    stream_table_set(&b.table, SID, ste);
    g_assert_true(smmu_driver_issue(&b.d, smmu_make_cfgi_ste(SID, false)));
    assert_copies(&b, b.src, b.dst);
    bench_end(&b);
}

/* ---- stage 1 --------------------------------------------------------------------------------- */

typedef struct Stage1 {
    TableSpace space;
    ArmPages pages;
    CdTable cds;
} Stage1;

static void stage1_init(Stage1 *s, const TableSpace *space, unsigned granule_lg2)
{
    uint64_t cd[CD_WORDS];

    s->space = *space;
    arm_pages_init_simple(&s->pages, &s->space, 1, granule_lg2, VA_BITS);
    cd_table_init(&s->cds, &s->space, STE_S1FMT_LINEAR, 0);
    cd_stage1(cd, &s->pages, ASID);
    cd_table_set(&s->cds, 0, cd);
}

/* Stage 1 that maps VA_SRC and VA_DST to frames at @src and @dst. */
static void stage1_only(Bench *b, Stage1 *s, unsigned granule_lg2)
{
    TableSpace physical = table_space(&b->m->mem);
    uint64_t ste[STE_WORDS];

    stage1_init(s, &physical, granule_lg2);
    arm_pages_map_smallest(&s->pages, VA_SRC, b->src, FRAME, ARM_S1_RW);
    arm_pages_map_smallest(&s->pages, VA_DST, b->dst, FRAME, ARM_S1_RW);
    ste_stage1(ste, &s->cds);
    set_ste(b, ste);
}

/* Skip a granule that IDR5 does not have. */
static bool has_granule(Bench *b, unsigned granule_lg2)
{
    static const BitField field[] = {
        [12] = IDR5_GRAN4K, [14] = IDR5_GRAN16K, [16] = IDR5_GRAN64K,
    };

    if (!reg_get(b->d.idr5, field[granule_lg2])) {
        g_test_skip("IDR5 does not have this granule");
        return false;
    }
    return true;
}

static bool has_nesting(Bench *b)
{
    if (!reg_get(b->d.idr0, IDR0_S1P) || !reg_get(b->d.idr0, IDR0_S2P)) {
        g_test_skip("IDR0 does not have both stages");
        return false;
    }
    return true;
}

static void test_stage1(const SwCase *c)
{
    const unsigned granule_lg2 = GPOINTER_TO_UINT(c->data);
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    if (has_granule(&b, granule_lg2)) {
        stage1_only(&b, &s, granule_lg2);
        assert_copies(&b, VA_SRC, VA_DST);
    }
    bench_end(&b);
}

/* A block of level 2 where pages were used above: 2 MB, 32 MB or 512 MB. */
static void test_stage1_block(const SwCase *c)
{
    const unsigned granule_lg2 = GPOINTER_TO_UINT(c->data);
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    if (has_granule(&b, granule_lg2)) {
        uint64_t block;

        stage1_only(&b, &s, granule_lg2);
        block = 1ull << arm_pages_level_lg2(&s.pages, 2);
        /* Both frames lie in 1 GB of RAM, within a block or two. */
        for (uint64_t pa = 0x40000000; pa < 0x80000000; pa += block) {
            arm_pages_map_level(&s.pages, 0x7f0000000000ull + pa, pa, 2, ARM_S1_RW);
        }
        assert_copies(&b, 0x7f0000000000ull + b.src, 0x7f0000000000ull + b.dst);
    }
    bench_end(&b);
}

static void test_stage1_translation_fault(const SwCase *c)
{
    SmmuEventWords e;
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    stage1_only(&b, &s, 12);
    e = assert_read_faults(&b, VA_SRC + 0x40000018, F_TRANSLATION);
    g_assert_cmphex(e.input_addr, ==, VA_SRC + 0x40000018);
    g_assert_true(e.rnw);
    g_assert_false(e.s2);
    g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
    g_assert_false(e.stall);
    bench_end(&b);
}

static void test_stage1_range_fault(const SwCase *c)
{
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    stage1_only(&b, &s, 12);
    assert_read_faults(&b, VA_SRC | 1ull << VA_BITS, F_TRANSLATION);
    bench_end(&b);
}

static void test_stage1_permission_fault(const SwCase *c)
{
    SmmuEventWords e;
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    stage1_only(&b, &s, 12);
    arm_pages_map_smallest(&s.pages, VA_DST, b.dst, 4096, ARM_S1_RO);
    e = assert_write_faults(&b, VA_DST, b.dst, F_PERMISSION);
    g_assert_cmphex(e.input_addr, ==, VA_DST);
    g_assert_false(e.rnw);
    g_assert_false(e.s2);
    /* Reading is allowed, before and after. */
    sw_edu_read(b.m, VA_DST, 0, ONE_EVENT);
    assert_no_event(&b);
    bench_end(&b);
}

static void test_stage1_access_fault(const SwCase *c)
{
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    stage1_only(&b, &s, 12);
    arm_pages_set(&s.pages, VA_SRC, reg_set(arm_pages_get(&s.pages, VA_SRC), PTE_AF, 0));
    assert_read_faults(&b, VA_SRC, F_ACCESS);
    bench_end(&b);
}

static void test_bad_cd(const SwCase *c)
{
    static const uint64_t invalid[CD_WORDS];
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    stage1_only(&b, &s, 12);
    cd_table_set(&s.cds, 0, invalid);
    g_assert_true(smmu_driver_issue(&b.d, smmu_make_cfgi_cd(SID, 0, true)));
    assert_read_faults(&b, VA_SRC, C_BAD_CD);
    bench_end(&b);
}

/* After TLBI and CMD_SYNC nothing of an old translation may be used. */
static void test_tlbi(const SwCase *c)
{
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    stage1_only(&b, &s, 12);
    assert_copies(&b, VA_SRC, VA_DST);

    arm_pages_unmap(&s.pages, VA_SRC);
    g_assert_true(smmu_driver_issue(&b.d, smmu_make_tlbi_nh_va(0, ASID, VA_SRC, true)));
    assert_read_faults(&b, VA_SRC, F_TRANSLATION);

    /* Another page of the same stream is untouched; the page comes back elsewhere. */
    sw_fill(b.m, b.dst + 4096, BYTES, 7);
    arm_pages_map_smallest(&s.pages, VA_SRC, b.dst + 4096, 4096, ARM_S1_RW);
    sw_edu_copy(b.m, VA_DST, VA_SRC, BYTES);
    assert_no_event(&b);
    g_assert_true(sw_filled(b.m, b.dst, BYTES, 7));
    bench_end(&b);
}

static void test_cfgi(const SwCase *c)
{
    uint64_t ste[STE_WORDS];
    Stage1 s;
    Bench b;

    bench_start(&b, c);
    stage1_only(&b, &s, 12);
    assert_copies(&b, VA_SRC, VA_DST);
    ste_bypass(ste);
    set_ste(&b, ste);
    assert_copies(&b, b.src, b.dst);
    bench_end(&b);
}

/* ---- stage 2 --------------------------------------------------------------------------------- */

static void stage2_init(Bench *b, ArmPages *s2, unsigned granule_lg2)
{
    TableSpace physical = table_space(&b->m->mem);

    arm_pages_init_simple(s2, &physical, 2, granule_lg2, IPA_BITS);
    arm_pages_map_smallest(s2, IPA_SRC, b->src, FRAME, ARM_S2_RW);
    arm_pages_map_smallest(s2, IPA_DST, b->dst, FRAME, ARM_S2_RW);
}

static void stage2_only(Bench *b, ArmPages *s2, unsigned granule_lg2)
{
    uint64_t ste[STE_WORDS];

    stage2_init(b, s2, granule_lg2);
    ste_stage2(ste, s2, VMID);
    set_ste(b, ste);
}

static bool has_stage2(Bench *b)
{
    if (!reg_get(b->d.idr0, IDR0_S2P)) {
        g_test_skip("IDR0.S2P is 0");
        return false;
    }
    return true;
}

static void test_stage2(const SwCase *c)
{
    const unsigned granule_lg2 = GPOINTER_TO_UINT(c->data);
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_stage2(&b) && has_granule(&b, granule_lg2)) {
        stage2_only(&b, &s2, granule_lg2);
        assert_copies(&b, IPA_SRC, IPA_DST);
    }
    bench_end(&b);
}

static void test_stage2_faults(const SwCase *c)
{
    SmmuEventWords e;
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_stage2(&b)) {
        stage2_only(&b, &s2, 12);
        e = assert_read_faults(&b, IPA_SRC + 0x4000000, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
        g_assert_cmphex(e.ipa, ==, IPA_SRC + 0x4000000);

        arm_pages_map_smallest(&s2, IPA_DST, b.dst, 4096, ARM_S2_RO);
        e = assert_write_faults(&b, IPA_DST, b.dst, F_PERMISSION);
        g_assert_true(e.s2);
        g_assert_false(e.rnw);
    }
    bench_end(&b);
}

static void test_stage2_tlbi(const SwCase *c)
{
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_stage2(&b)) {
        stage2_only(&b, &s2, 12);
        assert_copies(&b, IPA_SRC, IPA_DST);
        arm_pages_unmap(&s2, IPA_SRC);
        g_assert_true(smmu_driver_issue(&b.d, smmu_make_tlbi_s2_ipa(VMID, IPA_SRC, true)));
        assert_read_faults(&b, IPA_SRC, F_TRANSLATION);
    }
    bench_end(&b);
}

/* ---- both ------------------------------------------------------------------------------------ */

typedef struct Granules {
    unsigned s1, s2;
} Granules;

static void nested(Bench *b, Stage1 *s, ArmPages *s2, Granules g)
{
    uint64_t ste[STE_WORDS];
    TableSpace intermediate;

    stage2_init(b, s2, g.s2);
    intermediate = arm_pages_nested_space(s2, IPA_TABLES);
    stage1_init(s, &intermediate, g.s1);
    arm_pages_map_smallest(&s->pages, VA_SRC, IPA_SRC, FRAME, ARM_S1_RW);
    arm_pages_map_smallest(&s->pages, VA_DST, IPA_DST, FRAME, ARM_S1_RW);
    ste_nested(ste, &s->cds, s2, VMID);
    set_ste(b, ste);
}

static void test_nested(const SwCase *c)
{
    const Granules *g = c->data;
    Stage1 s;
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_nesting(&b) && has_granule(&b, g->s1) && has_granule(&b, g->s2)) {
        nested(&b, &s, &s2, *g);
        assert_copies(&b, VA_SRC, VA_DST);
    }
    bench_end(&b);
}

static const Granules small = { 12, 12 };

/* The final address is missing at stage 2. */
static void test_nested_input_fault(const SwCase *c)
{
    SmmuEventWords e;
    Stage1 s;
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_nesting(&b)) {
        nested(&b, &s, &s2, small);
        arm_pages_unmap(&s2, IPA_SRC);
        e = assert_read_faults(&b, VA_SRC + 0x28, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
        g_assert_cmphex(e.input_addr, ==, VA_SRC + 0x28);
        g_assert_cmphex(e.ipa, ==, IPA_SRC);
    }
    bench_end(&b);
}

/* A stage 1 table is missing at stage 2. */
static void test_nested_table_fault(const SwCase *c)
{
    SmmuEventWords e;
    Stage1 s;
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_nesting(&b)) {
        uint64_t desc;

        nested(&b, &s, &s2, small);
        desc = arm_pages_desc_input(&s.pages, VA_SRC, 2);
        arm_pages_unmap(&s2, desc);
        e = assert_read_faults(&b, VA_SRC, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_TT);
        g_assert_cmphex(e.ipa, ==, desc & ~0xfffull);
    }
    bench_end(&b);
}

/* The CD is missing at stage 2. */
static void test_nested_cd_fault(const SwCase *c)
{
    SmmuEventWords e;
    Stage1 s;
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_nesting(&b)) {
        nested(&b, &s, &s2, small);
        arm_pages_unmap(&s2, s.cds.ptr);
        e = assert_read_faults(&b, VA_SRC, F_TRANSLATION);
        g_assert_true(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_CD);
        g_assert_cmphex(e.ipa, ==, s.cds.ptr & ~0xfffull);
    }
    bench_end(&b);
}

static void test_nested_stage1_fault(const SwCase *c)
{
    SmmuEventWords e;
    Stage1 s;
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_nesting(&b)) {
        nested(&b, &s, &s2, small);
        arm_pages_unmap(&s.pages, VA_SRC);
        e = assert_read_faults(&b, VA_SRC, F_TRANSLATION);
        g_assert_false(e.s2);
        g_assert_cmpuint(e.cls, ==, EVT_CLASS_IN);
    }
    bench_end(&b);
}

/* Unmapping at stage 2 alone: the combined entry goes only with NH_ALL as well (CM23). */
static void test_nested_tlbi(const SwCase *c)
{
    Stage1 s;
    ArmPages s2;
    Bench b;

    bench_start(&b, c);
    if (has_nesting(&b)) {
        nested(&b, &s, &s2, small);
        assert_copies(&b, VA_SRC, VA_DST);
        arm_pages_unmap(&s2, IPA_SRC);
        g_assert_true(smmu_driver_push(&b.d, smmu_make_tlbi_s2_ipa(VMID, IPA_SRC, true)));
        g_assert_true(smmu_driver_issue(&b.d, smmu_make_tlbi_nh_all(VMID)));
        assert_read_faults(&b, VA_SRC, F_TRANSLATION);
    }
    bench_end(&b);
}

int main(int argc, char **argv)
{
    static const unsigned granules[] = { 12, 14, 16 };
    static const char *const names[] = { "4K", "16K", "64K" };
    static Granules pairs[9];

    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/smmuv3/dma/RS1-disabled-bypass", test_disabled_bypass, NULL);
    sw_add_cached("/smmuv3/dma/RS1-disabled-abort", test_disabled_abort, NULL);
    sw_add_cached("/smmuv3/dma/SE2+SE39-bypass", test_ste_bypass, NULL);
    sw_add_cached("/smmuv3/dma/SE2-abort-silent", test_ste_abort, NULL);
    sw_add_cached("/smmuv3/dma/SE1-invalid", test_bad_ste, NULL);
    sw_add_cached("/smmuv3/dma/ST4+RG29-streamid-out-of-range", test_bad_streamid, NULL);
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

            pairs[3 * i + j] = (Granules) { granules[i], granules[j] };
            sw_add_cached(both, test_nested, &pairs[3 * i + j]);
        }
    }
    sw_add_cached("/smmuv3/dma/EV6+EV7-stage1-translation", test_stage1_translation_fault, NULL);
    sw_add_cached("/smmuv3/dma/EV12-stage1-range", test_stage1_range_fault, NULL);
    sw_add_cached("/smmuv3/dma/EV6-stage1-permission", test_stage1_permission_fault, NULL);
    sw_add_cached("/smmuv3/dma/EV6-stage1-access", test_stage1_access_fault, NULL);
    sw_add_cached("/smmuv3/dma/CD2-invalid", test_bad_cd, NULL);
    sw_add_cached("/smmuv3/dma/CM23+CM34-tlbi-va", test_tlbi, NULL);
    sw_add_cached("/smmuv3/dma/CM13-cfgi-ste", test_cfgi, NULL);
    sw_add_cached("/smmuv3/dma/EV7-stage2-faults", test_stage2_faults, NULL);
    sw_add_cached("/smmuv3/dma/CM23-tlbi-s2-ipa", test_stage2_tlbi, NULL);
    sw_add_cached("/smmuv3/dma/EV7-nested-input", test_nested_input_fault, NULL);
    sw_add_cached("/smmuv3/dma/EV7-nested-table", test_nested_table_fault, NULL);
    sw_add_cached("/smmuv3/dma/EV7-nested-cd", test_nested_cd_fault, NULL);
    sw_add_cached("/smmuv3/dma/EV7-nested-stage1", test_nested_stage1_fault, NULL);
    sw_add_cached("/smmuv3/dma/CM23-nested-tlbi", test_nested_tlbi, NULL);
    return g_test_run();
}

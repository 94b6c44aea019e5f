/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with an enabled SMMUv3, two frames of RAM, and the ways to let edu reach them. */
#include "qemu/osdep.h"
#include "sw-smmuv3.h"

#define LOG2SIZE 8
#define ONE_EVENT 4 /* bytes: QEMU splits a longer faulting access */
#define FRAME (64 * 1024)
#define IPA_TABLES (1ull << 41) /* stage 1 tables and CDs of a nested stream lie here and above */

void smmu_bench_start(SmmuBench *b, const SwCase *c)
{
    b->m = sw_machine_virt(c->caches, NULL);
    smmu_driver_init(&b->d, &b->m->regs, &b->m->mem);
    stream_table_init_linear(&b->table, &b->m->mem, LOG2SIZE);
    g_assert_true(smmu_driver_start(&b->d, &b->table));
    b->src = gmem_alloc(&b->m->mem, FRAME, FRAME);
    b->dst = gmem_alloc(&b->m->mem, FRAME, FRAME);
}

void smmu_bench_end(SmmuBench *b)
{
    sw_machine_free(b->m);
}

void smmu_bench_ste(SmmuBench *b, const uint64_t ste[STE_WORDS])
{
    stream_table_set(&b->table, SID, ste);
    g_assert_true(smmu_driver_issue(&b->d, smmu_make_cfgi_ste(SID, true)));
}

void smmu_bench_no_event(SmmuBench *b)
{
    SmmuEventWords e;

    if (smmu_driver_event(&b->d, &e)) {
        g_error("unexpected event %#x at %#" PRIx64, e.num, e.input_addr);
    }
}

void smmu_bench_copies(SmmuBench *b, uint64_t src, uint64_t dst)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        sw_fill(b->m, b->src, BYTES, seed);
        sw_edu_copy(b->m, dst, src, BYTES);
        smmu_bench_no_event(b);
        g_assert_true(sw_filled(b->m, b->dst, BYTES, seed));
    }
}

SmmuEventWords smmu_bench_read_faults(SmmuBench *b, uint64_t va, unsigned num)
{
    SmmuEventWords e;

    sw_edu_read(b->m, va, 0, ONE_EVENT);
    g_assert_true(smmu_driver_event(&b->d, &e));
    g_assert_cmphex(e.num, ==, num);
    g_assert_cmphex(e.sid, ==, SID);
    smmu_bench_no_event(b);
    return e;
}

SmmuEventWords smmu_bench_write_faults(SmmuBench *b, uint64_t va, uint64_t pa, unsigned num)
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

static void stage1_init(SmmuStage1 *s, const TableSpace *space, unsigned granule_lg2)
{
    uint64_t cd[CD_WORDS];

    s->space = *space;
    arm_pages_init_simple(&s->pages, &s->space, 1, granule_lg2, VA_BITS);
    cd_table_init(&s->cds, &s->space, STE_S1FMT_LINEAR, 0);
    cd_stage1(cd, &s->pages, ASID);
    cd_table_set(&s->cds, 0, cd);
}

void smmu_bench_stage1(SmmuBench *b, SmmuStage1 *s, unsigned granule_lg2)
{
    TableSpace physical = table_space(&b->m->mem);
    uint64_t ste[STE_WORDS];

    stage1_init(s, &physical, granule_lg2);
    arm_pages_map_smallest(&s->pages, VA_SRC, b->src, FRAME, ARM_S1_RW);
    arm_pages_map_smallest(&s->pages, VA_DST, b->dst, FRAME, ARM_S1_RW);
    ste_stage1(ste, &s->cds);
    smmu_bench_ste(b, ste);
}

bool smmu_bench_has_granule(SmmuBench *b, unsigned granule_lg2)
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

bool smmu_bench_has_nesting(SmmuBench *b)
{
    if (!reg_get(b->d.idr0, IDR0_S1P) || !reg_get(b->d.idr0, IDR0_S2P)) {
        g_test_skip("IDR0 does not have both stages");
        return false;
    }
    return true;
}

static void stage2_init(SmmuBench *b, ArmPages *s2, unsigned granule_lg2)
{
    TableSpace physical = table_space(&b->m->mem);

    arm_pages_init_simple(s2, &physical, 2, granule_lg2, IPA_BITS);
    arm_pages_map_smallest(s2, IPA_SRC, b->src, FRAME, ARM_S2_RW);
    arm_pages_map_smallest(s2, IPA_DST, b->dst, FRAME, ARM_S2_RW);
}

void smmu_bench_stage2(SmmuBench *b, ArmPages *s2, unsigned granule_lg2)
{
    uint64_t ste[STE_WORDS];

    stage2_init(b, s2, granule_lg2);
    ste_stage2(ste, s2, VMID);
    smmu_bench_ste(b, ste);
}

bool smmu_bench_has_stage2(SmmuBench *b)
{
    if (!reg_get(b->d.idr0, IDR0_S2P)) {
        g_test_skip("IDR0.S2P is 0");
        return false;
    }
    return true;
}

void smmu_bench_nested(SmmuBench *b, SmmuStage1 *s, ArmPages *s2, SmmuGranules g)
{
    uint64_t ste[STE_WORDS];
    TableSpace intermediate;

    stage2_init(b, s2, g.s2);
    intermediate = arm_pages_nested_space(s2, IPA_TABLES);
    stage1_init(s, &intermediate, g.s1);
    arm_pages_map_smallest(&s->pages, VA_SRC, IPA_SRC, FRAME, ARM_S1_RW);
    arm_pages_map_smallest(&s->pages, VA_DST, IPA_DST, FRAME, ARM_S1_RW);
    ste_nested(ste, &s->cds, s2, VMID);
    smmu_bench_ste(b, ste);
}

bool smmu_bench_nests(SmmuBench *b, SmmuStage1 *s, ArmPages *s2)
{
    if (!smmu_bench_has_nesting(b)) {
        return false;
    }
    smmu_bench_nested(b, s, s2, (SmmuGranules) { 12, 12 });
    return true;
}

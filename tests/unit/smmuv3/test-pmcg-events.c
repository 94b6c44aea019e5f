/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The performance monitor counter group: events, filters, overflow (IHI 0070 chapter 10). */
#include "pmcgfix.h"

#include "hw/iommu/timed.h"

/* ---- Events ------------------------------------------------------------------------------- */

static void test_transactions(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    for (unsigned i = 0; i < 5; i++) {
        access_at(f, VA + i * PAGE, i & 1);
    }
    g_assert_cmpuint(count(f, 0), ==, 5);
}

static void test_terminated_count(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    count_all(f, 1, PMCG_EV_TLB_MISS);
    expect_event(f, VA_HOLE, false, F_TRANSLATION);
    g_assert_cmpuint(count(f, 0), ==, 1);
    g_assert_cmpuint(count(f, 1), ==, 1);
}

static void test_disabled_smmu_counts(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 0), ==, 1);
}

static void test_probes_do_not_count(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    count_all(f, 1, PMCG_EV_WALK_ACCESS);
    t.probe = true;
    run(f, &t);
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==, 0);
}

static void test_tlb_miss(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TLB_MISS);
    access_at(f, VA, false);
    access_at(f, VA + 8, false);
    access_at(f, VA + PAGE, false);
    g_assert_cmpuint(count(f, 0), ==, 2);
}

static void test_config_miss_once_a_transaction(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_CONFIG_MISS);
    count_all(f, 1, PMCG_EV_CONFIG_LOOKUP_MISS);
    access_at(f, VA, false); /* misses STE and CD */
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 0), ==, 1);
    g_assert_cmpuint(count(f, 1), ==, 2);
}

/**
 * Every read of memory that a transaction makes is an access of event 4 or of event 5. @walk: how
 * many of event 4 there are, 0 if that depends on caches.
 */
static void check_accesses(Fix *f, unsigned config, unsigned walk)
{
    uint64_t reads, swaps;

    count_all(f, 0, PMCG_EV_CONFIG_ACCESS);
    count_all(f, 1, PMCG_EV_WALK_ACCESS);
    reads = f->ram.reads;
    swaps = f->ram.swaps;
    access_at(f, f->at, false);
    g_assert_cmpuint(count(f, 0), ==, config);
    if (walk) {
        g_assert_cmpuint(count(f, 1), ==, walk);
    }
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==,
                     f->ram.reads - reads + f->ram.swaps - swaps);
}

static void test_accesses_stage1(Fix *f)
{
    scene_stage1(f);
    check_accesses(f, 2, 3);
}

static void test_accesses_stage2(Fix *f)
{
    scene_stage2(f);
    check_accesses(f, 1, 3);
}

static void test_accesses_nested(Fix *f)
{
    scene_nested(f);
    /* Without caches: address of the CD, three tables, each read after its address, the output */
    check_accesses(f, 2, f->config.profile == iommu_profile_find("off") ? 3 + 3 * (3 + 1) + 3 : 0);
}

static void test_httu_is_walk_access(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_HA, 1);
    cd_put_field(f, CD_HD, 1);
    arm_pages_map(&f->s1, VA_HOLE, PA, PAGE, ARM_S1_RW & ~field_mask(PTE_AF));
    count_all(f, 0, PMCG_EV_UPDATE);
    count_all(f, 1, PMCG_EV_WALK_ACCESS);
    access_at(f, VA_HOLE, false);
    g_assert_cmpuint(f->ram.swaps, >, 0);
    g_assert_cmpuint(count(f, 0), ==, f->ram.swaps);
    g_assert_cmpuint(count(f, 1), ==, 3 + f->ram.swaps);
}

static void enable_ats(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_EATS, STE_EATS_FULL);
    cr0_set(f, CR0_ATSCHK, 1);
}

static void test_ats_request(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    enable_ats(f);
    count_all(f, 0, PMCG_EV_ATS_REQUEST);
    count_all(f, 1, PMCG_EV_TRANSACTION);
    count_all(f, 2, PMCG_EV_ATS_TRANSLATED);
    t.kind = IOMMU_TXN_ATS_REQUEST;
    run(f, &t);
    g_assert_cmpuint(count(f, 0), ==, 1);
    g_assert_cmpuint(count(f, 1), ==, 1);
    g_assert_cmpuint(count(f, 2), ==, 0);
}

static void test_ats_request_that_fails(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f); /* EATS=0: refused */
    count_all(f, 0, PMCG_EV_ATS_REQUEST);
    t.kind = IOMMU_TXN_ATS_REQUEST;
    run(f, &t);
    g_assert_cmpuint(count(f, 0), ==, 1);
}

static void test_translated(Fix *f)
{
    IommuTxn t = txn_at(PA, false);

    enable_ats(f);
    count_all(f, 0, PMCG_EV_ATS_TRANSLATED);
    count_all(f, 1, PMCG_EV_TRANSACTION);
    count_all(f, 2, PMCG_EV_ATS_REQUEST);
    t.kind = IOMMU_TXN_TRANSLATED;
    run(f, &t);
    g_assert_cmpuint(count(f, 0), ==, 1);
    g_assert_cmpuint(count(f, 1), ==, 1);
    g_assert_cmpuint(count(f, 2), ==, 0);
}

static void test_prefetch(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    count_all(f, 1, PMCG_EV_TLB_MISS);
    count_all(f, 2, PMCG_EV_CONFIG_ACCESS);
    count_all(f, 3, PMCG_EV_WALK_ACCESS);
    cmd(f, smmu_make_prefetch_addr(SID, false, 0, VA, 0));
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==, 0);
    g_assert_cmpuint(count(f, 2), ==, 2);
    g_assert_cmpuint(count(f, 3), ==, 3);
}

static void test_atos(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    count_all(f, 1, PMCG_EV_TLB_MISS);
    count_all(f, 2, PMCG_EV_CONFIG_ACCESS);
    count_all(f, 3, PMCG_EV_WALK_ACCESS);
    wr64(f, SMMU_GATOS_SID, SID);
    wr64(f, SMMU_GATOS_ADDR, VA | reg_make(ATOS_ADDR_TYPE, ATOS_TYPE_S1) |
                             reg_make(ATOS_ADDR_RNW, 1));
    wr(f, SMMU_GATOS_CTRL, 1);
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==, 0);
    g_assert_cmpuint(count(f, 2), ==, 2);
    g_assert_cmpuint(count(f, 3), ==, 3);
}

static void test_retry_not_counted_again(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, false);

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    count_all(f, 1, PMCG_EV_WALK_ACCESS);
    t.cookie = 1;
    g_assert_cmpuint(run(f, &t).status, ==, IOMMU_STATUS_STALLED);
    expect_one_event(f, F_TRANSLATION);
    g_assert_cmpuint(count(f, 0), ==, 1);
    set_count(f, 0, 0);
    set_count(f, 1, 0);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==, 0);
}

/* Three levels from level 1: nothing is ever looked up for level 0. */
static void test_walk_caches_by_level(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_S1L0_LOOKUP);
    count_all(f, 1, PMCG_EV_S1L1_LOOKUP);
    count_all(f, 2, PMCG_EV_S1L1_MISS);
    count_all(f, 3, PMCG_EV_S1L2_LOOKUP);
    count_all(f, 4, PMCG_EV_S1L2_MISS);
    count_all(f, 5, PMCG_EV_S2L2_LOOKUP);
    access_at(f, VA, false);        /* misses at both levels */
    access_at(f, VA + PAGE, false); /* finds the level 3 table by its level 2 descriptor */
    g_assert_cmpuint(count(f, 0), ==, 0);
    g_assert_cmpuint(count(f, 1), ==, 1);
    g_assert_cmpuint(count(f, 2), ==, 1);
    g_assert_cmpuint(count(f, 3), ==, 2);
    g_assert_cmpuint(count(f, 4), ==, 1);
    g_assert_cmpuint(count(f, 5), ==, 0);
}

static void test_walk_caches_stage2(Fix *f)
{
    scene_stage2(f);
    count_all(f, 0, PMCG_EV_S2L2_LOOKUP);
    count_all(f, 1, PMCG_EV_S2L2_MISS);
    count_all(f, 2, PMCG_EV_S1L2_LOOKUP);
    access_at(f, IPA, false);
    access_at(f, IPA + PAGE, false);
    g_assert_cmpuint(count(f, 0), ==, 2);
    g_assert_cmpuint(count(f, 1), ==, 1);
    g_assert_cmpuint(count(f, 2), ==, 0);
}

static void test_same_as_model_counters(Fix *f)
{
    const IommuCounters *c = &f->m->counters;

    scene_nested(f);
    count_all(f, 0, PMCG_EV_TLB_LOOKUP);
    count_all(f, 1, PMCG_EV_TLB_LOOKUP_MISS);
    count_all(f, 2, PMCG_EV_IPA_LOOKUP);
    count_all(f, 3, PMCG_EV_IPA_MISS);
    count_all(f, 4, PMCG_EV_S1_READ);
    count_all(f, 5, PMCG_EV_S2_READ);
    count_all(f, 6, PMCG_EV_WALK);
    count_all(f, 7, PMCG_EV_CONFIG_LOOKUP);
    f->m->counters = (IommuCounters) { 0 };
    for (unsigned i = 0; i < 40; i++) {
        access_at(f, VA + (i * 7 % 16) * PAGE, i & 1);
    }
    g_assert_cmpuint(count(f, 0), ==, c->tlb_lookups);
    g_assert_cmpuint(count(f, 1), ==, c->tlb_misses);
    g_assert_cmpuint(count(f, 2), ==, c->ipa_lookups);
    g_assert_cmpuint(count(f, 3), ==, c->ipa_lookups - c->ipa_hits);
    g_assert_cmpuint(count(f, 4) + count(f, 5), ==, c->walk_reads);
    g_assert_cmpuint(count(f, 4), >, 0);
    g_assert_cmpuint(count(f, 6), ==, c->walks);
    g_assert_cmpuint(count(f, 7), ==, c->config_lookups);
}

/* Two entries in front of the main TLB. */
static void edit_first_level(SmmuConfig *c)
{
    static IommuProfile p;

    p = *iommu_profile_find("full");
    p.utlb = (IommuCacheGeometry) { .entries = 2, .ways = 2 };
    c->profile = &p;
}

static void test_first_level(Fix *f)
{
    const IommuCounters *c = &f->m->counters;

    scene_stage1(f);
    count_all(f, 0, PMCG_EV_UTLB_LOOKUP);
    count_all(f, 1, PMCG_EV_UTLB_MISS);
    count_all(f, 2, PMCG_EV_TLB_LOOKUP);
    count_all(f, 3, PMCG_EV_TLB_LOOKUP_MISS);
    count_all(f, 4, PMCG_EV_TLB_MISS);
    access_at(f, VA, false);
    access_at(f, VA, false);            /* found in the first level */
    access_at(f, VA + PAGE, false);
    access_at(f, VA + 2 * PAGE, false); /* drives VA out of the first level, not of the main TLB */
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 0), ==, 5);
    g_assert_cmpuint(count(f, 1), ==, 4);
    g_assert_cmpuint(count(f, 2), ==, 4);
    g_assert_cmpuint(count(f, 3), ==, 3);
    g_assert_cmpuint(count(f, 4), ==, 3);
    g_assert_cmpuint(count(f, 0), ==, c->utlb_lookups);
    g_assert_cmpuint(count(f, 0) - count(f, 1), ==, c->utlb_hits);
}

static void test_no_first_level(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_UTLB_LOOKUP);
    count_all(f, 1, PMCG_EV_UTLB_MISS);
    access_at(f, VA, false);
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==, 0);
}

static void test_unknown_event(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, 8);
    count_all(f, 1, 0x86); /* MMU-600's walk cache of leaves, which this model has not */
    count_all(f, 2, 0xaf); /* behind the last */
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 0) + count(f, 1) + count(f, 2), ==, 0);
}

static void test_cycles(Fix *f)
{
    f->ram.now = 1000;
    count_all(f, 0, PMCG_EV_CYCLES);
    f->ram.now = 1234;
    g_assert_cmpuint(count(f, 0), ==, 234);
    wr64(f, PMCG_PAGE0 + PMCG_CNTENCLR0, 1);
    f->ram.now = 5000;
    g_assert_cmpuint(count(f, 0), ==, 234);
}

static void test_cycles_ignore_filter(Fix *f)
{
    count_streams(f, 0, PMCG_EV_CYCLES, false, OTHER_SID);
    f->ram.now += 10;
    g_assert_cmpuint(count(f, 0), ==, 10);
}

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    (void)opaque;
    (void)cookie;
    (void)cycle;
}

static void test_cycles_of_timed_model(Fix *f)
{
    static const IommuTimedOps ops = { .done = on_done };
    IommuTimed *t = iommu_timed_new(f->m, &iommu_timing_standard, &ops, f);

    f->ram.now = 99;
    count_all(f, 0, PMCG_EV_CYCLES);
    iommu_timed_run_until(t, 77);
    g_assert_cmpuint(count(f, 0), ==, 77);
    iommu_timed_free(t);
}

/* ---- Enables ------------------------------------------------------------------------------ */

static void test_global_enable(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    access_at(f, VA, false);
    pm_wr(f, PMCG_CR, 0);
    access_at(f, VA, false);
    pm_wr(f, PMCG_CR, 1);
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 0), ==, 2);
}

static void test_counters_are_independent(Fix *f)
{
    scene_stage1(f);
    for (unsigned n = 0; n < 8; n++) {
        count_all(f, n, n & 1 ? PMCG_EV_TLB_MISS : PMCG_EV_TRANSACTION);
        set_count(f, n, 100 * n);
    }
    wr64(f, PMCG_PAGE0 + PMCG_CNTENCLR0, 1u << 4);
    access_at(f, VA, false);
    access_at(f, VA, false);
    for (unsigned n = 0; n < 8; n++) {
        g_assert_cmpuint(count(f, n), ==, 100 * n + (n == 4 ? 0 : n & 1 ? 1 : 2));
    }
}

/* ---- Filters ------------------------------------------------------------------------------ */

typedef struct FilterRow {
    const char *name;
    bool span;
    uint32_t smr;
    uint32_t streams[8]; /* those of 0..31 that count, ended by 99 */
} FilterRow;

static const FilterRow filter_rows[] = {
    { "exact", false, 5, { 5, 99 } },
    { "exact-0", false, 0, { 0, 99 } },
    { "span-1-bit", true, 0x6, { 6, 7, 99 } },
    { "span-2-bits", true, 0x9, { 8, 9, 10, 11, 99 } },
    { "span-3-bits", true, 0x13, { 16, 17, 18, 19, 20, 21, 22, 23 } },
};

static bool row_has(const FilterRow *r, uint32_t stream)
{
    for (unsigned i = 0; i < 8 && r->streams[i] != 99; i++) {
        if (r->streams[i] == stream) {
            return true;
        }
    }
    return false;
}

static void test_filter_row(Fix *f)
{
    const FilterRow *r = f->data;

    count_streams(f, 0, PMCG_EV_TRANSACTION, r->span, r->smr);
    for (uint32_t sid = 0; sid < 32; sid++) {
        IommuTxn t = txn_at(VA, false);

        t.stream = sid;
        set_count(f, 0, 0);
        run(f, &t);
        g_assert_cmpuint(count(f, 0), ==, row_has(r, sid));
    }
}

static void check_all_streams(Fix *f, uint32_t smr)
{
    IommuTxn t = txn_at(VA, false);

    count_streams(f, 0, PMCG_EV_TRANSACTION, true, smr);
    for (uint32_t sid = 0; sid < 32; sid++) {
        t.stream = sid;
        run(f, &t);
    }
    t.stream = 0xffffffff;
    run(f, &t);
    g_assert_cmpuint(count(f, 0), ==, 33);
}

static void test_filter_all_ones(Fix *f)
{
    check_all_streams(f, 0xffffffff);
}

static void test_filter_all_but_top(Fix *f)
{
    check_all_streams(f, 0x7fffffff);
}

static void test_filter_of_walk_accesses(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    count_streams(f, 0, PMCG_EV_CONFIG_ACCESS, false, OTHER_SID);
    count_streams(f, 1, PMCG_EV_WALK_ACCESS, false, OTHER_SID);
    run(f, &t);
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==, 0);
    count_streams(f, 1, PMCG_EV_WALK_ACCESS, false, SID);
    t.addr = VA + PAGE;
    run(f, &t);
    g_assert_cmpuint(count(f, 1), >, 0);
}

static void edit_one_filter(SmmuConfig *c)
{
    c->pmcg_one_filter = true;
}

static void test_one_filter(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    count_streams(f, 1, PMCG_EV_TRANSACTION, true, ALL_STREAMS);
    count_streams(f, 0, PMCG_EV_TRANSACTION, false, OTHER_SID);
    g_assert_cmphex(pm_rd(f, PMCG_EVTYPER(1)), ==, PMCG_EV_TRANSACTION);
    g_assert_cmphex(pm_rd(f, PMCG_SMR(1)), ==, 0);
    run(f, &t);
    g_assert_cmpuint(count(f, 1), ==, 0);
    t.stream = OTHER_SID;
    run(f, &t);
    g_assert_cmpuint(count(f, 1), ==, 1);
}

/* ---- Overflow, capture, interrupts -------------------------------------------------------- */

static void test_overflow_sets_ovs(Fix *f)
{
    at_the_brink(f);
    access_at(f, VA, false);
    g_assert_cmphex(ovs(f), ==, 1);
}

static void test_overflow_goes_on(Fix *f)
{
    at_the_brink(f);
    access_at(f, VA, false);
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 0), ==, 1);
}

static void test_overflow_wraps_past_zero(Fix *f)
{
    at_the_brink(f);
    count_all(f, 1, PMCG_EV_WALK_ACCESS); /* three of them at once */
    set_count(f, 1, UINT64_MAX - 1);
    access_at(f, VA, false);
    g_assert_cmpuint(count(f, 1), ==, 1);
    g_assert_cmphex(ovs(f), ==, 3);
}

static void test_overflow_interrupts(Fix *f)
{
    at_the_brink(f);
    irq_on(f, 0);
    access_at(f, VA, false);
    g_assert_cmpuint(pulses_of(f), ==, 1);
}

static void test_overflow_again_interrupts(Fix *f)
{
    at_the_brink(f);
    irq_on(f, 0);
    access_at(f, VA, false);
    set_count(f, 0, UINT64_MAX);
    access_at(f, VA, false); /* OVS is still set */
    g_assert_cmpuint(pulses_of(f), ==, 2);
}

static void test_no_interrupt_without_inten(Fix *f)
{
    at_the_brink(f);
    irq_on(f, 1);
    access_at(f, VA, false);
    g_assert_cmpuint(pulses_of(f), ==, 0);
}

static void test_no_interrupt_without_irqen(Fix *f)
{
    at_the_brink(f);
    irq_on(f, 0);
    pm_wr(f, PMCG_IRQ_CTRL, 0);
    access_at(f, VA, false);
    g_assert_cmpuint(pulses_of(f), ==, 0);
}

static void test_msi(Fix *f)
{
    at_the_brink(f);
    wr64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0, 0x1000040);
    pm_wr(f, PMCG_IRQ_CFG1, 0xabcd1234);
    pm_wr(f, PMCG_IRQ_CFG2, reg_make(IRQ_CFG2_MEMATTR, 1));
    irq_on(f, 0);
    access_at(f, VA, false);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, 0x1000040);
    g_assert_cmphex(f->ram.msis[0].data, ==, 0xabcd1234);
    g_assert_cmphex(f->ram.msis[0].attr.type, ==, 0x04); /* Device-nGnRE */
}

static void test_msi_address_0(Fix *f)
{
    at_the_brink(f);
    irq_on(f, 0);
    access_at(f, VA, false);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
}

static void fail_msi(Fix *f)
{
    at_the_brink(f);
    wr64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0, 0x1000040);
    ramhost_abort(&f->ram, 0x1000040, 0x1000043, RAMHOST_MSI);
    irq_on(f, 0);
    access_at(f, VA, false);
}

static void test_msi_abort(Fix *f)
{
    fail_msi(f);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_STATUS), ==, 1);
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, 0);
    pm_wr(f, PMCG_IRQ_CTRL, 0);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_STATUS), ==, 1);
    pm_wr(f, PMCG_IRQ_CTRL, 1);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_STATUS), ==, 0);
}

static void edit_v30(SmmuConfig *c)
{
    c->minor = 0;
    smmu_config_trim(c);
}

static void test_msi_abort_v30(Fix *f)
{
    fail_msi(f);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_STATUS), ==, 0);
}

static uint64_t shadow(Fix *f, unsigned n)
{
    return rd64(f, COUNTERS + PMCG_SVR + 8 * n);
}

static void test_capture_by_register(Fix *f)
{
    set_count(f, 0, 11);
    set_count(f, 7, 77);
    wr(f, COUNTERS + PMCG_CAPR, 1);
    set_count(f, 0, 12);
    g_assert_cmpuint(shadow(f, 0), ==, 11);
    g_assert_cmpuint(shadow(f, 7), ==, 77);
    g_assert_cmpuint(rd(f, COUNTERS + PMCG_CAPR), ==, 0);
}

static void test_capture_by_overflow(Fix *f)
{
    at_the_brink(f);
    set_count(f, 1, 55);
    pm_wr(f, PMCG_EVTYPER(0), pm_rd(f, PMCG_EVTYPER(0)) | field_mask(EVTYPER_OVFCAP));
    access_at(f, VA, false);
    access_at(f, VA, false);
    g_assert_cmpuint(shadow(f, 0), ==, 0); /* post-overflow */
    g_assert_cmpuint(shadow(f, 1), ==, 55);
}

static void test_no_capture_without_ovfcap(Fix *f)
{
    at_the_brink(f);
    set_count(f, 1, 55);
    access_at(f, VA, false);
    g_assert_cmpuint(shadow(f, 1), ==, 0);
}

static void edit_no_capture(SmmuConfig *c)
{
    c->pmcg_capture = false;
}

static void test_capture_absent(Fix *f)
{
    set_count(f, 0, 11);
    wr(f, COUNTERS + PMCG_CAPR, 1);
    g_assert_cmpuint(shadow(f, 0), ==, 0);
    pm_wr(f, PMCG_EVTYPER(0), UINT32_MAX);
    g_assert_cmphex(pm_rd(f, PMCG_EVTYPER(0)), ==, 0x2000ffff);
}

static void test_cycles_overflow_in_time(Fix *f)
{
    irq_on(f, 0);
    count_all(f, 0, PMCG_EV_CYCLES);
    set_count(f, 0, UINT64_MAX - 99);
    g_assert_cmpuint(f->ram.wake_cycle, ==, f->ram.now + 100);
    f->ram.now += 99;
    f->m->ops->run_until(f->m, f->ram.now);
    g_assert_cmpuint(pulses_of(f), ==, 0);
    f->ram.now++;
    f->m->ops->run_until(f->m, f->ram.now);
    g_assert_cmpuint(pulses_of(f), ==, 1);
    g_assert_cmphex(ovs(f), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/pmcg/PM4-transactions", test_transactions);
    fix_add("/smmuv3/pmcg/PM5-terminated-transactions", test_terminated_count);
    fix_add("/smmuv3/pmcg/PM5-SMMUEN-off", test_disabled_smmu_counts);
    fix_add("/smmuv3/pmcg/PM4-probes", test_probes_do_not_count);
    fix_add("/smmuv3/pmcg/PM4-TLB-miss", test_tlb_miss);
    fix_add("/smmuv3/pmcg/PM4-configuration-miss", test_config_miss_once_a_transaction);
    fix_add_profiles("/smmuv3/pmcg/PM4-accesses-stage-1", test_accesses_stage1);
    fix_add_profiles("/smmuv3/pmcg/PM4-accesses-stage-2", test_accesses_stage2);
    fix_add_profiles("/smmuv3/pmcg/PM4-accesses-nested", test_accesses_nested);
    fix_add("/smmuv3/pmcg/PM4-HTTU-is-a-walk-access", test_httu_is_walk_access);
    fix_add("/smmuv3/pmcg/PM4-ATS-request", test_ats_request);
    fix_add("/smmuv3/pmcg/PM4-ATS-request-that-fails", test_ats_request_that_fails);
    fix_add("/smmuv3/pmcg/PM4-translated", test_translated);
    fix_add("/smmuv3/pmcg/PM4+PM5-prefetch", test_prefetch);
    fix_add("/smmuv3/pmcg/PM4+PM5-ATOS", test_atos);
    fix_add("/smmuv3/pmcg/PM7-retry-is-not-counted-again", test_retry_not_counted_again);
    fix_add("/smmuv3/pmcg/PM4-walk-caches-by-level", test_walk_caches_by_level);
    fix_add("/smmuv3/pmcg/PM4-walk-caches-of-stage-2", test_walk_caches_stage2);
    fix_add_profiles("/smmuv3/pmcg/PM4-same-as-the-model", test_same_as_model_counters);
    fix_add_config("/smmuv3/pmcg/PM4-first-level", "max", edit_first_level, test_first_level);
    fix_add("/smmuv3/pmcg/PM4-no-first-level", test_no_first_level);
    fix_add("/smmuv3/pmcg/PM4-unknown-event", test_unknown_event);
    fix_add("/smmuv3/pmcg/PM4-cycles", test_cycles);
    fix_add("/smmuv3/pmcg/PM6-cycles-ignore-the-filter", test_cycles_ignore_filter);
    fix_add_reset("/smmuv3/pmcg/PM4-cycles-of-a-timed-model", "max", NULL,
                  test_cycles_of_timed_model);

    fix_add("/smmuv3/pmcg/PM11+PM12-global-enable", test_global_enable);
    fix_add("/smmuv3/pmcg/PM1-independent-counters", test_counters_are_independent);

    for (size_t i = 0; i < G_N_ELEMENTS(filter_rows); i++) {
        char *name = g_strconcat("/smmuv3/pmcg/PM6-filter-", filter_rows[i].name, NULL);

        fix_add_data(name, "max", NULL, test_filter_row, &filter_rows[i]);
        g_free(name);
    }
    fix_add("/smmuv3/pmcg/PM6-filter-all-ones", test_filter_all_ones);
    fix_add("/smmuv3/pmcg/PM6-filter-all-but-the-top-bit", test_filter_all_but_top);
    fix_add("/smmuv3/pmcg/PM6-filter-of-accesses", test_filter_of_walk_accesses);
    fix_add_config("/smmuv3/pmcg/PM6+PM10-one-filter-for-all", "max", edit_one_filter,
                   test_one_filter);

    fix_add("/smmuv3/pmcg/PM2-overflow-sets-ovs", test_overflow_sets_ovs);
    fix_add("/smmuv3/pmcg/PM2-overflow-goes-on", test_overflow_goes_on);
    fix_add("/smmuv3/pmcg/PM2-overflow-past-zero", test_overflow_wraps_past_zero);
    fix_add("/smmuv3/pmcg/PM2-overflow-interrupts", test_overflow_interrupts);
    fix_add("/smmuv3/pmcg/PM2-overflow-with-ovs-set", test_overflow_again_interrupts);
    fix_add("/smmuv3/pmcg/PM2+PM11-without-INTEN", test_no_interrupt_without_inten);
    fix_add("/smmuv3/pmcg/PM2+PM13-without-IRQEN", test_no_interrupt_without_irqen);
    fix_add("/smmuv3/pmcg/PM2+PM15-MSI", test_msi);
    fix_add("/smmuv3/pmcg/PM15-MSI-address-0", test_msi_address_0);
    fix_add("/smmuv3/pmcg/PM16-MSI-abort", test_msi_abort);
    fix_add_config("/smmuv3/pmcg/PM16-MSI-abort-v3.0", "mmu600", edit_v30, test_msi_abort_v30);
    fix_add_reset("/smmuv3/pmcg/PM3-capture-by-register", "max", NULL, test_capture_by_register);
    fix_add("/smmuv3/pmcg/PM3-capture-by-overflow", test_capture_by_overflow);
    fix_add("/smmuv3/pmcg/PM3-no-capture-without-OVFCAP", test_no_capture_without_ovfcap);
    fix_add_reset("/smmuv3/pmcg/PM3+PM10-capture-absent", "max", edit_no_capture,
                  test_capture_absent);
    fix_add("/smmuv3/pmcg/PM2-cycles-overflow-in-time", test_cycles_overflow_in_time);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Performance counters read through QEMU equal what iommu-dma did (Arm IHI 0070 chapter 10; VT-d
 * chapter 10), and their interrupt arrives.
 */
#include "qemu/osdep.h"
#include "dma-machine.h"

#include "../lib/arm-pages.h"
#include "../lib/smmu-driver.h"
#include "../lib/vtd-driver.h"
#include "../lib/vtd-pages.h"
#include "hw/iommu/smmuv3-pmcg.h"
#include "hw/iommu/vtd-perfmon.h"

#define PAGES 64
#define PAGE 4096ull
#define IOVA 0x40000000ull
#define HOLE (IOVA + (1ull << 30))
#define RID DMA_RID(0)
#define DID 7
#define ASID 5
#define SLEEP_NS 12345

typedef struct Bench {
    DmaMachine *m;
    uint64_t target;
    SmmuDriver smmu;
    StreamTable streams;
    CdTable cds;
    ArmPages arm;
    VtdDriver vtd;
    VtdRootTable root;
    VtdPages ss;
} Bench;

static uint64_t rd64(Bench *b, uint64_t offset)
{
    return reg_read64(&b->m->iommu, offset);
}

static void wr64(Bench *b, uint64_t offset, uint64_t value)
{
    reg_write64(&b->m->iommu, offset, value);
}

static uint32_t rd32(Bench *b, uint64_t offset)
{
    return reg_read32(&b->m->iommu, offset);
}

static void wr32(Bench *b, uint64_t offset, uint32_t value)
{
    reg_write32(&b->m->iommu, offset, value);
}

/* One transaction to each of @count pages, beginning with the first, over and over. */
static uint64_t touch_pages(Bench *b, uint32_t count, uint64_t base)
{
    uint64_t before = dma_ch_read(&b->m->dma, 0, IDMA_CH_STAT_TXNS);
    DmaDesc d = dma_make_read(base, 64, 0);

    dma_set_strided(&d, count, PAGE, PAGES * PAGE);
    dma_do(b->m, d);
    return dma_ch_read(&b->m->dma, 0, IDMA_CH_STAT_TXNS) - before;
}

/* ---- SMMUv3 --------------------------------------------------------------------------------- */

static void smmu_start(Bench *b)
{
    uint64_t cd[CD_WORDS], ste[STE_WORDS];
    TableSpace space;

    b->m = dma_machine_new("", NULL, NULL);
    b->target = gmem_alloc(&b->m->mem, PAGES * PAGE, PAGE);
    smmu_driver_init(&b->smmu, &b->m->iommu, &b->m->mem);
    stream_table_init_linear(&b->streams, &b->m->mem, 8);
    g_assert_true(smmu_driver_start(&b->smmu, &b->streams));
    space = table_space(&b->m->mem);
    arm_pages_init_simple(&b->arm, &space, 1, 12, 39);
    arm_pages_map_smallest(&b->arm, IOVA, b->target, PAGES * PAGE, ARM_S1_RW);
    cd_table_init(&b->cds, &space, STE_S1FMT_LINEAR, 0);
    cd_stage1(cd, &b->arm, ASID);
    cd_table_set(&b->cds, 0, cd);
    ste_stage1(ste, &b->cds);
    stream_table_set(&b->streams, RID, ste);
    g_assert_true(smmu_driver_issue(&b->smmu, smmu_make_cfgi_ste(RID, true)));
}

static void pmcg_count(Bench *b, unsigned n, unsigned event, bool span, uint32_t smr)
{
    wr32(b, PMCG_PAGE0 + PMCG_EVTYPER(n), reg_make(EVTYPER_EVENT, event) |
                                          reg_make(EVTYPER_FILTER_SID_SPAN, span));
    wr32(b, PMCG_PAGE0 + PMCG_SMR(n), smr);
    wr64(b, PMCG_PAGE0 + PMCG_CNTENSET0, 1ull << n);
}

static uint64_t pmcg_read(Bench *b, unsigned n)
{
    return rd64(b, PMCG_PAGE1 + PMCG_EVCNTR + 8 * n);
}

static void test_smmu_counts(void)
{
    Bench b = { 0 };
    uint64_t did;

    smmu_start(&b);
    pmcg_count(&b, 0, PMCG_EV_TRANSACTION, true, UINT32_MAX);
    pmcg_count(&b, 1, PMCG_EV_TRANSACTION, false, RID);
    pmcg_count(&b, 2, PMCG_EV_TRANSACTION, false, RID + 1);
    pmcg_count(&b, 3, PMCG_EV_TLB_MISS, false, RID);
    pmcg_count(&b, 4, PMCG_EV_CONFIG_ACCESS, false, RID);
    wr32(&b, PMCG_PAGE0 + PMCG_CR, 1);
    did = touch_pages(&b, 3 * PAGES, IOVA);
    g_assert_cmpuint(did, ==, 3 * PAGES);
    g_assert_cmpuint(pmcg_read(&b, 0), ==, did);
    g_assert_cmpuint(pmcg_read(&b, 1), ==, did);
    g_assert_cmpuint(pmcg_read(&b, 2), ==, 0);
    g_assert_cmpuint(pmcg_read(&b, 3), ==, PAGES);
    g_assert_cmpuint(pmcg_read(&b, 4), ==, 2);
    dma_machine_free(b.m);
}

static void test_smmu_terminated(void)
{
    Bench b = { 0 };
    uint64_t did;

    smmu_start(&b);
    pmcg_count(&b, 0, PMCG_EV_TRANSACTION, true, UINT32_MAX);
    wr32(&b, PMCG_PAGE0 + PMCG_CR, 1);
    did = touch_pages(&b, 1, HOLE);
    g_assert_cmpuint(did, ==, 1);
    g_assert_cmpuint(pmcg_read(&b, 0), ==, 1);
    dma_machine_free(b.m);
}

static void test_smmu_cycles(void)
{
    Bench b = { 0 };

    smmu_start(&b);
    pmcg_count(&b, 0, PMCG_EV_CYCLES, true, UINT32_MAX);
    wr32(&b, PMCG_PAGE0 + PMCG_CR, 1);
    qtest_clock_step(b.m->qts, SLEEP_NS);
    /* The default profile's clock is 1 GHz. */
    g_assert_cmpuint(pmcg_read(&b, 0), ==, SLEEP_NS);
    dma_machine_free(b.m);
}

/* virt: SPI 78, that is INTID 110, of the GICv3 at 0x08000000. */
#define GICD        0x08000000ull
#define GICD_CTLR   0x0
#define GICD_PEND   (GICD + 0x200 + 4 * (110 / 32))
#define GICD_CFG    (GICD + 0xc00 + 4 * (110 / 16))
#define PEND_BIT    (1u << (110 % 32))
#define EDGE_BIT    (2u << (2 * (110 % 16)))

static bool irq_pending(Bench *b)
{
    return qtest_readl(b->m->qts, GICD_PEND) & PEND_BIT;
}

static void test_smmu_interrupt(void)
{
    Bench b = { 0 };

    smmu_start(&b);
    qtest_writel(b.m->qts, GICD + GICD_CTLR, 0x10); /* ARE */
    qtest_writel(b.m->qts, GICD_CFG, EDGE_BIT);
    pmcg_count(&b, 0, PMCG_EV_TRANSACTION, true, UINT32_MAX);
    wr64(&b, PMCG_PAGE1 + PMCG_EVCNTR, UINT64_MAX);
    wr64(&b, PMCG_PAGE0 + PMCG_INTENSET0, 1);
    wr32(&b, PMCG_PAGE0 + PMCG_IRQ_CTRL, 1);
    g_assert_false(irq_pending(&b));
    wr32(&b, PMCG_PAGE0 + PMCG_CR, 1);
    touch_pages(&b, 1, IOVA);
    g_assert_true(irq_pending(&b));
    g_assert_cmphex(rd64(&b, PMCG_PAGE1 + PMCG_OVSSET0), ==, 1);
    dma_machine_free(b.m);
}

static void test_smmu_cycles_interrupt(void)
{
    Bench b = { 0 };

    smmu_start(&b);
    qtest_writel(b.m->qts, GICD + GICD_CTLR, 0x10);
    qtest_writel(b.m->qts, GICD_CFG, EDGE_BIT);
    pmcg_count(&b, 0, PMCG_EV_CYCLES, true, UINT32_MAX);
    wr64(&b, PMCG_PAGE0 + PMCG_INTENSET0, 1);
    wr32(&b, PMCG_PAGE0 + PMCG_IRQ_CTRL, 1);
    wr64(&b, PMCG_PAGE1 + PMCG_EVCNTR, UINT64_MAX - SLEEP_NS);
    wr32(&b, PMCG_PAGE0 + PMCG_CR, 1);
    qtest_clock_step(b.m->qts, SLEEP_NS);
    g_assert_false(irq_pending(&b));
    qtest_clock_step(b.m->qts, 2);
    g_assert_true(irq_pending(&b));
    dma_machine_free(b.m);
}

/* What Linux finds where QEMU's own model has none. */
static void test_smmu_absent(void)
{
    DmaMachine *m = dma_machine_new("pmcg=0", NULL, NULL);

    g_assert_cmphex(reg_read32(&m->iommu, PMCG_PAGE0 + PMCG_CFGR), ==, 0);
    dma_machine_free(m);
}

/* ---- VT-d ----------------------------------------------------------------------------------- */

static void vtd_start(Bench *b)
{
    uint64_t ctx[VTD_CTX_WORDS];
    TableSpace space;

    b->m = dma_machine_new("model=max", NULL, NULL);
    b->target = gmem_alloc(&b->m->mem, PAGES * PAGE, PAGE);
    vtd_driver_init(&b->vtd, &b->m->iommu, &b->m->mem);
    vtd_root_init(&b->root, &b->m->mem, false);
    space = table_space(&b->m->mem);
    vtd_pages_init(&b->ss, &space, 2, 4);
    vtd_pages_map_smallest(&b->ss, IOVA, b->target, PAGES * PAGE, VTD_SS_RW);
    vtd_ctx_second_stage(ctx, &b->ss, DID);
    vtd_ctx_set(&b->root, RID, ctx);
    g_assert_true(vtd_driver_start(&b->vtd, &b->root));
}

static void perf_config(Bench *b, unsigned n, unsigned group, uint32_t event, bool interrupt)
{
    wr64(b, rd32(b, VTD_REG_PERFCFGOFF) + VTD_PERF_CFG_STRIDE * n,
         reg_make(VTD_PERFCFG_EGI, group) | reg_make(VTD_PERFCFG_ES, event) |
         reg_make(VTD_PERFCFG_IO, interrupt));
    wr64(b, VTD_REG_ECMD, reg_make(VTD_ECMD_CMD, VTD_ECMD_ENABLE_COUNTER) |
                          reg_make(VTD_ECMD_OA, n));
    g_assert_cmphex(rd64(b, VTD_REG_ECRSP), ==, 0);
}

static uint64_t perf_counter(Bench *b, unsigned n)
{
    unsigned stride = 1u << (10 + reg_get(rd64(b, VTD_REG_PERFCAP), VTD_PERFCAP_CS));

    return rd32(b, VTD_REG_PERFCNTROFF) + n * stride;
}

static void test_vtd_counts(void)
{
    Bench b = { 0 };
    uint64_t did;

    vtd_start(&b);
    perf_config(&b, 0, 0, VTD_PERF_G0_REQUESTS, false);
    perf_config(&b, 1, 3, VTD_PERF_G3_IOTLB_LOOKUP, false);
    perf_config(&b, 2, 3, VTD_PERF_G3_IOTLB_HIT, false);
    perf_config(&b, 3, 2, VTD_PERF_G2_CTXT_HIT, false);
    did = touch_pages(&b, 3 * PAGES, IOVA);
    g_assert_cmpuint(did, ==, 3 * PAGES);
    g_assert_cmpuint(rd64(&b, perf_counter(&b, 0)), ==, did);
    g_assert_cmpuint(rd64(&b, perf_counter(&b, 1)), ==, did);
    g_assert_cmpuint(rd64(&b, perf_counter(&b, 2)), ==, did - PAGES);
    g_assert_cmpuint(rd64(&b, perf_counter(&b, 3)), ==, did - 1);
    dma_machine_free(b.m);
}

static void test_vtd_clocks(void)
{
    Bench b = { 0 };

    vtd_start(&b);
    perf_config(&b, 0, 0, VTD_PERF_G0_CLOCKS, false);
    qtest_clock_step(b.m->qts, SLEEP_NS);
    g_assert_cmpuint(rd64(&b, perf_counter(&b, 0)), ==, SLEEP_NS);
    dma_machine_free(b.m);
}

static void test_vtd_overflow(void)
{
    Bench b = { 0 };

    vtd_start(&b);
    perf_config(&b, 0, 0, VTD_PERF_G0_REQUESTS, true);
    wr64(&b, perf_counter(&b, 0), UINT64_MAX);
    touch_pages(&b, 2, IOVA);
    g_assert_cmphex(rd32(&b, VTD_REG_PERFINTRSTS), ==, 1);
    g_assert_cmphex(rd32(&b, VTD_REG_PERFINTRCTL), ==, 0xc0000000); /* masked, pending */
    g_assert_cmphex(rd64(&b, rd32(&b, VTD_REG_PERFOVFOFF)), ==, 1);
    g_assert_cmpuint(rd64(&b, perf_counter(&b, 0)), ==, 1);
    dma_machine_free(b.m);
}

static void test_vtd_absent(void)
{
    DmaMachine *m = dma_machine_new("", NULL, NULL);

    g_assert_cmphex(reg_read64(&m->iommu, VTD_REG_PERFCAP), ==, 0);
    g_assert_cmphex(reg_read64(&m->iommu, VTD_REG_ECCAP0 + 24), ==, 0);
    dma_machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (dma_is_x86()) {
        qtest_add_func("/vtd/pmu/V2-counts-what-the-device-did", test_vtd_counts);
        qtest_add_func("/vtd/pmu/V2-clocks", test_vtd_clocks);
        qtest_add_func("/vtd/pmu/V3-overflow", test_vtd_overflow);
        qtest_add_func("/vtd/pmu/R5-absent", test_vtd_absent);
    } else {
        qtest_add_func("/smmuv3/pmu/PM4+PM6-counts-what-the-device-did", test_smmu_counts);
        qtest_add_func("/smmuv3/pmu/PM5-terminated", test_smmu_terminated);
        qtest_add_func("/smmuv3/pmu/PM4-cycles", test_smmu_cycles);
        qtest_add_func("/smmuv3/pmu/PM2-interrupt", test_smmu_interrupt);
        qtest_add_func("/smmuv3/pmu/PM2-cycles-interrupt", test_smmu_cycles_interrupt);
        qtest_add_func("/smmuv3/pmu/PM8-absent", test_smmu_absent);
    }
    return g_test_run();
}

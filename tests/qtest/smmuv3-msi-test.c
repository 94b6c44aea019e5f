/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSIs of the SMMUv3 and of its counter group arrive at an ITS under their own DeviceIDs: event
 * queue, GERROR, PRI queue, CMD_SYNC, counter overflow (Arm IHI 0070 3.18, 6.3.21-36, 10.4). The
 * ITS maps events of these two DeviceIDs and of no other; one that got there is pending in the
 * redistributor's table in memory (IHI 0069).
 */
#include "qemu/osdep.h"
#include "dma-smmu.h"
#include "hw/iommu/smmuv3-pmcg.h"

/* virt's memory map, and the DeviceIDs that its device tree and IORT tell of */
#define GITS_BASE 0x08080000ull
#define GICR_BASE 0x080a0000ull
#define UNIT_ID   0xfffe
#define PMCG_ID   0xffff

/* IHI 0069, 12.19 and 12.11 */
#define GITS_CTLR       0x0000
#define GITS_CBASER     0x0080
#define GITS_CWRITER    0x0088
#define GITS_CREADR     0x0090
#define GITS_BASER(n)   (0x0100 + 8 * (n))
#define GITS_TRANSLATER 0x10040
#define GICR_CTLR       0x0000
#define GICR_PROPBASER  0x0070
#define GICR_PENDBASER  0x0078
#define VALID           (1ull << 63)
#define BASER_64K       REGFIELD(9, 8)
#define BASER_PAGES     REGFIELD(7, 0)
#define PROPBASER_BITS  REGFIELD(4, 0)

#define ITS_MAPD  0x08
#define ITS_MAPC  0x09
#define ITS_MAPTI 0x0a
#define ITS_ID    REGFIELD(63, 32) /* DeviceID; second word of MAPTI: LPI */

#define EVENTS_LG2 3
#define LPI_BASE   8192u
#define KB64       0x10000

typedef struct Its {
    DmaSmmu *b;
    uint64_t queue, pending;
    uint32_t next;
} Its;

static void its_command(Its *its, uint64_t w0, uint64_t w1, uint64_t w2)
{
    QTestState *q = its->b->m->qts;
    uint64_t at = its->queue + its->next;

    qtest_writeq(q, at, w0);
    qtest_writeq(q, at + 8, w1);
    qtest_writeq(q, at + 16, w2);
    qtest_writeq(q, at + 24, 0);
    its->next += 32;
    qtest_writeq(q, GITS_BASE + GITS_CWRITER, its->next);
    g_assert_cmphex(qtest_readq(q, GITS_BASE + GITS_CREADR), ==, its->next);
}

static uint64_t its_baser(Its *its, unsigned pages)
{
    uint64_t at = gmem_alloc(&its->b->m->mem, pages * KB64, KB64);

    return VALID | at | reg_make(BASER_64K, 2) | reg_make(BASER_PAGES, pages - 1);
}

/** LPI of event @event of device @id. */
static unsigned lpi_of(unsigned id, unsigned event)
{
    return LPI_BASE + (id == PMCG_ID ? 1u << EVENTS_LG2 : 0) + event;
}

static void its_map_device(Its *its, unsigned id)
{
    uint64_t itt = gmem_alloc(&its->b->m->mem, KB64, KB64);

    its_command(its, ITS_MAPD | reg_make(ITS_ID, id), EVENTS_LG2 - 1, VALID | itt);
    for (unsigned e = 0; e < 1u << EVENTS_LG2; e++) {
        its_command(its, ITS_MAPTI | reg_make(ITS_ID, id), reg_make(ITS_ID, lpi_of(id, e)) | e, 0);
    }
}

static Its its_start(DmaSmmu *b)
{
    QTestState *q = b->m->qts;
    Its its = { .b = b };

    /* Configuration and pending bits of 16-bit INTIDs */
    qtest_writeq(q, GICR_BASE + GICR_PROPBASER,
                 gmem_alloc(&b->m->mem, KB64, KB64) | reg_make(PROPBASER_BITS, 15));
    its.pending = gmem_alloc(&b->m->mem, KB64, KB64);
    qtest_writeq(q, GICR_BASE + GICR_PENDBASER, its.pending);
    qtest_writel(q, GICR_BASE + GICR_CTLR, 1);

    /* Device table: 8 bytes for each of 64K; collections; command queue of one page */
    qtest_writeq(q, GITS_BASE + GITS_BASER(0), its_baser(&its, 8));
    qtest_writeq(q, GITS_BASE + GITS_BASER(1), its_baser(&its, 1));
    its.queue = gmem_alloc(&b->m->mem, KB64, KB64);
    qtest_writeq(q, GITS_BASE + GITS_CBASER, VALID | its.queue);
    qtest_writel(q, GITS_BASE + GITS_CTLR, 1);
    its_command(&its, ITS_MAPC, 0, VALID);
    its_map_device(&its, UNIT_ID);
    its_map_device(&its, PMCG_ID);
    return its;
}

/** Whether exactly the LPI of @event of @id is pending (@id 0: none is). It is taken. */
static void expect_lpi(Its *its, unsigned id, unsigned event)
{
    QTestState *q = its->b->m->qts;

    for (unsigned lpi = LPI_BASE; lpi < LPI_BASE + (2u << EVENTS_LG2); lpi++) {
        uint8_t byte = qtest_readb(q, its->pending + lpi / 8);
        bool is = byte >> (lpi % 8) & 1;

        if (is != (id && lpi == lpi_of(id, event))) {
            g_error("LPI %u is %spending", lpi, is ? "" : "not ");
        }
        qtest_writeb(q, its->pending + lpi / 8, byte & ~(1u << (lpi % 8)));
    }
}

static void aim(DmaSmmu *b, uint32_t cfg0, uint32_t cfg1, unsigned event)
{
    reg_write64(&b->m->iommu, cfg0, GITS_BASE + GITS_TRANSLATER);
    reg_write32(&b->m->iommu, cfg1, event);
}

static void start(Its *its, const char *properties)
{
    DmaSmmu *b = ds_new(properties);

    *its = its_start(b);
    aim(b, SMMU_EVENTQ_IRQ_CFG0, SMMU_EVENTQ_IRQ_CFG1, 1);
    aim(b, SMMU_GERROR_IRQ_CFG0, SMMU_GERROR_IRQ_CFG1, 2);
    aim(b, SMMU_PRIQ_IRQ_CFG0, SMMU_PRIQ_IRQ_CFG1, 3);
    g_assert_true(smmu_driver_irq_ctrl(&b->d, (uint32_t)(field_mask(IRQ_CTRL_EVENTQ_IRQEN) |
                                                         field_mask(IRQ_CTRL_GERROR_IRQEN) |
                                                         field_mask(IRQ_CTRL_PRIQ_IRQEN))));
    expect_lpi(its, 0, 0);
}

static void test_event(void)
{
    Its its;

    start(&its, "");
    ds_stage1(its.b);
    ds_faults(its.b, ds_read(DS_VA_HOLE), F_TRANSLATION);
    expect_lpi(&its, UNIT_ID, 1);
    ds_free(its.b);
}

static void test_gerror(void)
{
    Its its;

    start(&its, "");
    smmu_driver_push(&its.b->d, smmu_make(CMD_DPTI_ALL));
    g_assert_cmpuint(smmu_driver_cmdq_error(&its.b->d), ==, CERROR_ILL);
    expect_lpi(&its, UNIT_ID, 2);
    ds_free(its.b);
}

static void test_priq(void)
{
    DmaDesc d;
    Its its;

    start(&its, "");
    ds_stage1(its.b);
    ds_ste(its.b, STE_EATS, STE_EATS_FULL);
    d = dma_make_page_request(DS_VA_HOLE, 1, true, false, true);
    dma_start(&its.b->m->dma, 0, &d);
    expect_lpi(&its, UNIT_ID, 3);
    ds_free(its.b);
}

static void test_cmd_sync(void)
{
    Its its;

    start(&its, "");
    g_assert_true(smmu_driver_push(&its.b->d,
                                   smmu_make_sync_msi(GITS_BASE + GITS_TRANSLATER, 4)));
    g_assert_true(smmu_driver_drain(&its.b->d));
    expect_lpi(&its, UNIT_ID, 4);
    ds_free(its.b);
}

/* Counter 0 counts transactions and is one short of its end. */
static void overflow_soon(DmaSmmu *b)
{
    const RegBus *r = &b->m->iommu;

    reg_write32(r, PMCG_PAGE0 + PMCG_EVTYPER(0), PMCG_EV_TRANSACTION);
    reg_write32(r, PMCG_PAGE0 + PMCG_SMR(0), DS_SID);
    reg_write64(r, PMCG_PAGE1 + PMCG_EVCNTR, ~0ull);
    reg_write64(r, PMCG_PAGE0 + PMCG_INTENSET0, 1);
    reg_write64(r, PMCG_PAGE0 + PMCG_CNTENSET0, 1);
    reg_write32(r, PMCG_PAGE0 + PMCG_IRQ_CTRL, 1);
    reg_write32(r, PMCG_PAGE0 + PMCG_CR, 1);
}

static void test_pmcg(void)
{
    Its its;

    start(&its, "");
    ds_bypass(its.b);
    reg_write64(&its.b->m->iommu, PMCG_PAGE0 + PMCG_IRQ_CFG0, GITS_BASE + GITS_TRANSLATER);
    reg_write32(&its.b->m->iommu, PMCG_PAGE0 + PMCG_IRQ_CFG1, 5);
    overflow_soon(its.b);
    ds_ok(its.b, ds_read(its.b->pa), its.b->pa);
    expect_lpi(&its, PMCG_ID, 5);
    ds_free(its.b);
}

/** To RAM, an MSI is a plain write; it needs no ITS. */
static void test_to_ram(void)
{
    DmaSmmu *b = ds_new("");
    uint64_t at = gmem_alloc(&b->m->mem, 64, 64);

    ds_stage1(b);
    reg_write64(&b->m->iommu, SMMU_EVENTQ_IRQ_CFG0, at);
    reg_write32(&b->m->iommu, SMMU_EVENTQ_IRQ_CFG1, 0xcafe);
    g_assert_true(smmu_driver_irq_ctrl(&b->d, (uint32_t)field_mask(IRQ_CTRL_EVENTQ_IRQEN)));
    ds_faults(b, ds_read(DS_VA_HOLE), F_TRANSLATION);
    g_assert_cmphex(qtest_readl(b->m->qts, at), ==, 0xcafe);
    ds_free(b);
}

/** Where nothing answers, GERROR says whose MSI it was. */
static void test_abort(void)
{
    DmaSmmu *b = ds_new("");

    ds_stage1(b);
    reg_write64(&b->m->iommu, SMMU_EVENTQ_IRQ_CFG0, DS_NOWHERE);
    g_assert_true(smmu_driver_irq_ctrl(&b->d, (uint32_t)field_mask(IRQ_CTRL_EVENTQ_IRQEN)));
    ds_faults(b, ds_read(DS_VA_HOLE), F_TRANSLATION);
    g_assert_cmphex(ds_reg(b, SMMU_GERROR) ^ ds_reg(b, SMMU_GERRORN), ==,
                    field_mask(GERROR_MSI_EVENTQ_ABT_ERR));
    g_assert_true(smmu_driver_push(&b->d, smmu_make_sync_msi(DS_NOWHERE, 1)));
    g_assert_true(smmu_driver_drain(&b->d));
    g_assert_cmphex(ds_reg(b, SMMU_GERROR) ^ ds_reg(b, SMMU_GERRORN), ==,
                    field_mask(GERROR_MSI_EVENTQ_ABT_ERR) |
                    field_mask(GERROR_MSI_CMDQ_ABT_ERR));
    ds_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!dma_is_x86()) {
        qtest_add_func("/smmuv3/msi/IR1+RG24-event-queue", test_event);
        qtest_add_func("/smmuv3/msi/IR8+RG24-GERROR", test_gerror);
        qtest_add_func("/smmuv3/msi/IR1+RG34-PRI-queue", test_priq);
        qtest_add_func("/smmuv3/msi/IR5+CM33-CMD_SYNC", test_cmd_sync);
        qtest_add_func("/smmuv3/msi/PM16-counter-overflow", test_pmcg);
        qtest_add_func("/smmuv3/msi/IR1-to-memory", test_to_ram);
        qtest_add_func("/smmuv3/msi/IR8+RG26-abort", test_abort);
    }
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Things that happen while others are under way.
 */
#include "hw/iommu/smmuv3-layout.h"
#include "simfix.h"
#include "tests/lib/smmu-driver.h"
#include "tests/lib/smmu-tables.h"

#define BASE 0x40000000ull
#define BYTES (4ull << 20)
#define PAGE 0x10000000ull

typedef struct Fix {
    IommuProfile profile;
    SimBed bed;
    RegBus bus;
    GuestMem mem;
    SmmuDriver d;
    StreamTable streams;
    uint64_t finished;
} Fix;

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    Fix *f = opaque;

    (void)cookie;
    (void)cycle;
    f->finished++;
}

static Fix *fix_new(const char *settings)
{
    SimMachine machine = { .memory_base = BASE, .memory_bytes = BYTES };
    Fix *f = g_new0(Fix, 1);
    char *error = NULL;

    f->profile = simfix_profile("full", settings);
    g_assert_true(sim_bed_init(&f->bed, &machine, &f->profile, &error));
    f->bed.timed_ops.done = on_done;
    f->bed.opaque = f;
    f->bus = sim_bed_bus(&f->bed);
    f->mem = ramhost_guestmem(&f->bed.ram, BASE + 0x1000, BASE + BYTES);
    stream_table_init_linear(&f->streams, &f->mem, 6);
    smmu_driver_init(&f->d, &f->bus, &f->mem);
    return f;
}

static void fix_free(Fix *f)
{
    sim_bed_destroy(&f->bed);
    g_free(f);
}

/* A command executed, but not retired, when its queue is switched off says nothing of the next queue. */
static void test_queue_switched_off(void)
{
    Fix *f = fix_new("timing.command.latency=1000");
    uint32_t on;

    g_assert_true(smmu_driver_start(&f->d, &f->streams));
    on = reg_read32(&f->bus, SMMU_CR0);
    sim_bed_start(&f->bed);
    g_assert_true(smmu_driver_push(&f->d, smmu_make_cfgi_all()));
    iommu_timed_run_until(f->bed.timed, 500); /* fetched at 100, would retire at 1101 */

    reg_write32(&f->bus, SMMU_CR0, on & ~(uint32_t)field_mask(CR0_CMDQEN));
    gmem_write64(&f->mem, f->d.cmdq, 0xff); /* no such command */
    reg_write32(&f->bus, SMMU_CMDQ_CONS, 0);
    reg_write32(&f->bus, SMMU_CMDQ_PROD, 1);
    reg_write32(&f->bus, SMMU_CR0, on);
    iommu_timed_run_until(f->bed.timed, 100000);
    g_assert_cmpuint(reg_get(reg_read32(&f->bus, SMMU_GERROR), GERROR_CMDQ_ERR), ==, 1);
    g_assert_cmpuint(reg_get(reg_read32(&f->bus, SMMU_CMDQ_CONS), Q_INDEX), ==, 0);
    fix_free(f);
}

static void map_global(Fix *f, uint32_t stream, bool aset, uint64_t pa)
{
    uint64_t attrs = ARM_S1_RW & ~field_mask(PTE_NG);
    TableSpace space = table_space(&f->mem);
    uint64_t ste[STE_WORDS], cd[CD_WORDS];
    ArmPages pages;
    CdTable cds;

    arm_pages_init_simple(&pages, &space, 1, 12, 48);
    arm_pages_map_smallest(&pages, PAGE, pa, 4096, attrs);
    cd_table_init(&cds, &space, 0, 0);
    cd_stage1(cd, &pages, 7);
    field_set(cd, CD_ASET, aset);
    cd_table_set(&cds, 0, cd);
    ste_stage1(ste, &cds);
    stream_table_set(&f->streams, stream, ste);
}

static uint64_t translate(Fix *f, uint32_t stream)
{
    IommuTxn t = { .addr = PAGE, .stream = stream, .size = 4, .attr = { .type = 0xff } };
    IommuResult res;

    iommu_translate(f->bed.model, &t, &res);
    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_OK);
    return res.pa;
}

/* TL3: a global entry matches every ASID of its ASET, and none of the other. */
static void test_aset(void)
{
    Fix *f = fix_new("");

    map_global(f, 1, false, 0x1000);
    map_global(f, 2, true, 0x2000);
    map_global(f, 3, false, 0x3000);
    g_assert_true(smmu_driver_start(&f->d, &f->streams));
    g_assert_cmphex(translate(f, 1), ==, 0x1000);
    g_assert_cmphex(translate(f, 2), ==, 0x2000);
    /* Same ASET as stream 1: software says that the two agree, so its entry serves. */
    g_assert_cmphex(translate(f, 3), ==, 0x1000);
    fix_free(f);
}

/* A stalled request's retry is paid for by the CMD_RESUME: walk and all. */
static void test_retry_is_charged(void)
{
    Fix *f = fix_new("timing.mem.latency=100");
    IommuTxn t = {
        .addr = PAGE + 4096, .stream = 1, .size = 4, .cookie = 1, .attr = { .type = 0xff },
    };
    uint64_t cd[CD_WORDS], ste[STE_WORDS];
    TableSpace space = table_space(&f->mem);
    SmmuEventWords event;
    IommuResult res;
    ArmPages pages;
    CdTable cds;
    uint64_t begun;

    arm_pages_init_simple(&pages, &space, 1, 12, 48);
    arm_pages_map_smallest(&pages, PAGE, 0x1000, 4096, ARM_S1_RW);
    cd_table_init(&cds, &space, 0, 0);
    cd_stage1(cd, &pages, 7);
    field_set(cd, CD_S, 1);
    cd_table_set(&cds, 0, cd);
    ste_stage1(ste, &cds);
    stream_table_set(&f->streams, 1, ste);
    g_assert_true(smmu_driver_start(&f->d, &f->streams));
    sim_bed_start(&f->bed);
    iommu_timed_submit(f->bed.timed, &t, &res);
    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_STALLED);
    iommu_timed_run_until(f->bed.timed, 10000);
    g_assert_true(smmu_driver_event(&f->d, &event));
    g_assert_true(event.stall);

    arm_pages_map_smallest(&pages, PAGE + 4096, 0x2000, 4096, ARM_S1_RW);
    begun = iommu_timed_now(f->bed.timed);
    g_assert_true(smmu_driver_push(&f->d, smmu_make_resume(1, event.stag, true, false)));
    while (!f->bed.ram.stall_count) {
        g_assert_cmpuint(iommu_timed_next(f->bed.timed), !=, IOMMU_CYCLE_NEVER);
        iommu_timed_run_until(f->bed.timed, iommu_timed_next(f->bed.timed));
    }
    g_assert_cmpuint(f->bed.ram.stalls[0].result.pa, ==, 0x2000);
    iommu_timed_run_until(f->bed.timed, begun + 100000);
    /* Fetch, and at least the leaf's read. */
    g_assert_cmpuint(sched_stats(iommu_timed_sched(f->bed.timed), IOMMU_RES_COMMAND)->busy, >=,
                     2 * 100);
    fix_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smmuv3/timed/RG11-switched-off-command-does-not-retire",
                    test_queue_switched_off);
    g_test_add_func("/smmuv3/timed/TL3-global-entries-keep-to-their-ASET", test_aset);
    g_test_add_func("/smmuv3/timed/FM10-retry-is-charged", test_retry_is_charged);
    return g_test_run();
}

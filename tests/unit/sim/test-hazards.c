/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Things that happen while others are under way.
 */
#include "hw/iommu/smmuv3-layout.h"
#include "hw/iommu/smmuv3-pmcg.h"
#include "hw/iommu/smmuv3.h"
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
    uint64_t last;     /* cycle in which a request was done last */
} Fix;

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    Fix *f = opaque;

    (void)cookie;
    f->last = cycle;
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

/*
 * A command executed, but not retired, when its queue is switched off says nothing of the next
 * queue.
 */
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

/*
 * The retry of a stalled request is a job of its own, and its client hears of it when that is over.
 */
static void test_retry_takes_time(void)
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
    /* The command's fetch; STE, CD, TLB and walk cache; the leaf; the response. */
    g_assert_cmpuint(f->bed.ram.stalls[0].result.complete, ==, begun + 100 + 4 + 100 + 1);
    g_assert_cmpuint(iommu_timed_now(f->bed.timed), ==, begun + 100 + 4 + 100 + 1);
    iommu_timed_run_until(f->bed.timed, begun + 100000);
    /* The command itself: fetch and its own cycle. */
    g_assert_cmpuint(sched_stats(iommu_timed_sched(f->bed.timed), IOMMU_RES_COMMAND)->busy, ==,
                     101);
    fix_free(f);
}

/* A client that waits for nothing faults faster than records can be written: none is lost. */
static void test_records_are_bounded(void)
{
    Fix *f = fix_new("timing.record.slots=4");
    IommuTxn t = { .size = 4, .attr = { .type = 0xff } };
    SmmuEventWords event;
    IommuResult res;

    g_assert_true(smmu_driver_start(&f->d, &f->streams)); /* every STE is invalid */
    sim_bed_start(&f->bed);
    for (unsigned i = 0; i < 60; i++) {
        t.stream = i; /* another stream each time: nothing merges */
        iommu_translate(f->bed.model, &t, &res);
        g_assert_cmpuint(res.status, ==, IOMMU_STATUS_ABORT);
        g_assert_cmpuint(sched_active(iommu_timed_sched(f->bed.timed), IOMMU_JOB_RECORD), <=, 4);
    }
    g_assert_cmpuint(f->bed.model->counters.events, ==, 56);
    iommu_timed_run_until(f->bed.timed, 100000);
    g_assert_cmpuint(f->bed.model->counters.events, ==, 60);
    g_assert_cmpuint(f->bed.model->counters.events_lost, ==, 0);
    g_assert_cmpuint(reg_get(reg_read32(&f->bus, SMMU_EVENTQ_PROD), Q_OVFLG), ==, 0);
    for (unsigned i = 0; i < 60; i++) {
        g_assert_true(smmu_driver_event(&f->d, &event));
    }
    fix_free(f);
}

/* A device that forgets what it has asked for can ask without end: what is kept of it has one. */
static void test_page_requests_are_bounded(void)
{
    const unsigned most = 1u << 17, more = most + 100;
    Fix *f = fix_new("");
    IommuPageRequest page = { .stream = 1, .r = true };

    g_assert_true(smmu_driver_start(&f->d, &f->streams));
    sim_bed_start(&f->bed);
    for (unsigned i = 0; i < more; i++) {
        page.addr = (uint64_t)i << 12;
        f->bed.model->ops->page_request(f->bed.model, &page);
    }
    g_assert_cmpuint(sched_active(iommu_timed_sched(f->bed.timed), IOMMU_JOB_RECORD), ==, most);
    fix_free(f);
}

/* Requests that fault faster than records can be written wait for the writer, one after another. */
static void test_full_fifo_holds_requests(void)
{
    Fix *f = fix_new("timing.record.slots=1 timing.mem.write-latency=50");
    IommuTxn t = { .size = 4, .attr = { .type = 0xff } };
    uint64_t done[4];
    IommuResult res;

    g_assert_true(smmu_driver_start(&f->d, &f->streams)); /* every STE is invalid */
    sim_bed_start(&f->bed);
    for (unsigned i = 0; i < 4; i++) {
        t.stream = i;
        iommu_timed_submit(f->bed.timed, &t, &res);
    }
    for (unsigned i = 0; i < 4; i++) {
        while (f->finished == i) {
            g_assert_cmpuint(iommu_timed_next(f->bed.timed), !=, IOMMU_CYCLE_NEVER);
            iommu_timed_run_until(f->bed.timed, iommu_timed_next(f->bed.timed));
        }
        done[i] = f->last;
    }
    iommu_timed_run_until(f->bed.timed, 10000);
    g_assert_cmpuint(f->bed.model->counters.events, ==, 4);
    /* The first finds room; the second waits for the first one's record, and so on. */
    g_assert_cmpuint(done[1] - done[0], ==, 50);
    g_assert_cmpuint(done[2] - done[1], ==, 50);
    g_assert_cmpuint(done[3] - done[2], ==, 50);
    fix_free(f);
}

/* What a prefetch command brings is waited for as what a request brings is. */
static void test_prefetch_is_waited_for(void)
{
    Fix *f = fix_new("timing.mem.latency=100");
    IommuTxn t = { .addr = PAGE, .stream = 1, .size = 4, .attr = { .type = 0xff } };
    uint64_t fetched, walked;
    IommuResult res;

    map_global(f, 1, false, 0x1000);
    g_assert_true(smmu_driver_start(&f->d, &f->streams));
    sim_bed_start(&f->bed);
    fetched = iommu_timed_now(f->bed.timed) + 100;
    g_assert_true(smmu_driver_push(&f->d, smmu_make_prefetch_addr(1, false, 0, PAGE, 0)));
    iommu_timed_run_until(f->bed.timed, fetched);
    g_assert_cmpuint(f->bed.model->counters.tlb_misses, ==, 1);
    /* STE and CD, then four descriptors; three lookups of a cycle, and the walk cache. */
    walked = fetched + 6 * 100 + 4;
    t.arrival = fetched + 1;
    iommu_timed_submit(f->bed.timed, &t, &res);
    g_assert_cmpuint(f->bed.model->counters.tlb_misses, ==, 1);
    while (!f->finished) {
        g_assert_cmpuint(iommu_timed_next(f->bed.timed), !=, IOMMU_CYCLE_NEVER);
        iommu_timed_run_until(f->bed.timed, iommu_timed_next(f->bed.timed));
    }
    g_assert_cmpuint(f->last, ==, walked + 1);
    fix_free(f);
}

/* A counter of cycles overflows in its cycle, whatever happens next and when. */
static void test_clock_overflows_in_its_cycle(void)
{
    Fix *f = fix_new("");
    uint64_t begun, pulses;

    g_assert_true(smmu_driver_start(&f->d, &f->streams));
    sim_bed_start(&f->bed);
    begun = sim_bed_now(&f->bed);
    reg_write32(&f->bus, PMCG_PAGE0 + PMCG_EVTYPER(0), PMCG_EV_CYCLES);
    reg_write64(&f->bus, PMCG_PAGE1 + PMCG_EVCNTR, -16ull);
    reg_write64(&f->bus, PMCG_PAGE0 + PMCG_CNTENSET0, 1);
    reg_write64(&f->bus, PMCG_PAGE0 + PMCG_INTENSET0, 1);
    reg_write32(&f->bus, PMCG_PAGE0 + PMCG_IRQ_CTRL, 1);
    reg_write32(&f->bus, PMCG_PAGE0 + PMCG_CR, 1);
    pulses = f->bed.ram.pulses;
    sim_bed_run_until(&f->bed, begun + 15);
    g_assert_cmpuint(f->bed.ram.pulses, ==, pulses);
    sim_bed_run_until(&f->bed, begun + 16);
    g_assert_cmpuint(f->bed.ram.pulses, ==, pulses + 1);
    g_assert_cmpuint(f->bed.ram.pulse_lines[pulses], ==, SMMU_IRQ_PMCG);
    sim_bed_run_until(&f->bed, begun + 5000);
    g_assert_cmpuint(f->bed.ram.pulses, ==, pulses + 1);
    fix_free(f);
}

/* Saved while a retry is on its way, and loaded into another model: it ends there, once. */
static void test_retry_survives_loading(void)
{
    Fix *f = fix_new("timing.mem.latency=100"), *g = fix_new("timing.mem.latency=100");
    IommuTxn t = {
        .addr = PAGE + 4096, .stream = 1, .size = 4, .cookie = 42, .attr = { .type = 0xff },
    };
    uint64_t cd[CD_WORDS], ste[STE_WORDS];
    TableSpace space = table_space(&f->mem);
    IommuStateWriter w = { 0 };
    SmmuEventWords event;
    IommuStateReader r;
    IommuResult res;
    ArmPages pages;
    CdTable cds;

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
    sim_bed_start(&g->bed);
    iommu_timed_submit(f->bed.timed, &t, &res);
    iommu_timed_run_until(f->bed.timed, 10000);
    g_assert_true(smmu_driver_event(&f->d, &event));
    arm_pages_map_smallest(&pages, PAGE + 4096, 0x2000, 4096, ARM_S1_RW);
    g_assert_true(smmu_driver_push(&f->d, smmu_make_resume(1, event.stag, true, false)));
    iommu_timed_run_until(f->bed.timed, 10000 + 150);
    g_assert_cmpuint(f->bed.ram.stall_count, ==, 0);

    f->bed.model->ops->save(f->bed.model, &w);
    iommu_timed_save(f->bed.timed, &w);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_true(g->bed.model->ops->load(g->bed.model, &r));
    g_assert_true(iommu_timed_load(g->bed.timed, &r));
    free(w.data);
    iommu_timed_run_until(f->bed.timed, 100000);
    iommu_timed_run_until(g->bed.timed, 100000);
    g_assert_cmpuint(f->bed.ram.stall_count, ==, 1);
    g_assert_cmpuint(g->bed.ram.stall_count, ==, 1);
    g_assert_cmpuint(g->bed.ram.stalls[0].cookie, ==, 42);
    g_assert_cmpuint(g->bed.ram.stalls[0].result.pa, ==, 0x2000);
    g_assert_cmpuint(g->bed.ram.stalls[0].result.complete, ==,
                     f->bed.ram.stalls[0].result.complete);
    fix_free(f);
    fix_free(g);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smmuv3/timed/RG11-switched-off-command-does-not-retire",
                    test_queue_switched_off);
    g_test_add_func("/smmuv3/timed/TL3-global-entries-keep-to-their-ASET", test_aset);
    g_test_add_func("/smmuv3/timed/FM10-retry-takes-time", test_retry_takes_time);
    g_test_add_func("/smmuv3/timed/FM10-retry-survives-loading", test_retry_survives_loading);
    g_test_add_func("/smmuv3/timed/PM2-clock-overflows-in-its-cycle",
                    test_clock_overflows_in_its_cycle);
    g_test_add_func("/smmuv3/timed/CM11-prefetch-is-waited-for", test_prefetch_is_waited_for);
    g_test_add_func("/smmuv3/timed/EV13-records-are-bounded", test_records_are_bounded);
    g_test_add_func("/smmuv3/timed/AT20-page-requests-are-bounded",
                    test_page_requests_are_bounded);
    g_test_add_func("/smmuv3/timed/EV13-full-fifo-holds-requests", test_full_fifo_holds_requests);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With timing=on, what is done for devices that cannot wait takes no time and is counted apart:
 * member "untimed" of stagewalk-counters (docs/system/timing.rst).
 */
#include "qemu/osdep.h"
#include "dma-iommu.h"
#include "sw-qom.h"

#include "../lib/vtd-driver.h"

#define IOVA 0x7000123000ull
#define PAGES 16u
#define COUNT 100u

typedef struct Fixture {
    DmaIommu *di;
    DmaMachine *m;
    uint64_t pa;
} Fixture;

static bool start(Fixture *f, const char *iommu, const char *props)
{
    f->di = di_new_with(iommu, props);
    if (!f->di) {
        return false;
    }
    f->m = di_machine(f->di);
    f->pa = gmem_alloc(&f->m->mem, PAGES * 4096, 4096);
    for (unsigned i = 0; i < PAGES; i++) {
        di_map(f->di, DI_NO_PASID, IOVA + 4096 * i, f->pa + 4096 * i, true);
    }
    return true;
}

/* COUNT writes that go round the pages. */
static DmaCompletion fill(Fixture *f)
{
    DmaDesc desc = dma_make_fill(IOVA, 64, 1, true);
    DmaCompletion c;

    dma_set_strided(&desc, COUNT, 4096, PAGES * 4096);
    c = dma_do(f->m, desc);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_OK);
    g_assert_cmpuint(c.done, ==, COUNT);
    return c;
}

static void assert_all_untimed(Fixture *f, const char *name, uint64_t expected)
{
    g_assert_cmpuint(di_counter(f->di, name), ==, expected);
    g_assert_cmpuint(di_untimed(f->di, name), ==, expected);
}

static void test_timed(void)
{
    Fixture f;

    if (!start(&f, "timing=on", NULL)) {
        return;
    }
    fill(&f);
    g_assert_cmpuint(di_counter(f.di, "transactions"), ==, COUNT);
    g_assert_cmpuint(di_counter(f.di, "tlb_misses"), ==, PAGES);
    for (unsigned i = 0; i < 2; i++) {
        static const char *const names[] = { "transactions", "tlb_lookups" };

        g_assert_cmpuint(di_untimed(f.di, names[i]), ==, 0);
    }
    di_free(f.di);
}

static void test_plain(void)
{
    Fixture f;
    uint64_t cycle;

    if (!start(&f, "timing=on", "port=off")) {
        return;
    }
    cycle = qtest_clock_step(f.m->qts, 1);
    fill(&f);
    /* The device waits for nothing but its driver's polling. */
    g_assert_cmpuint(qtest_clock_step(f.m->qts, 1) - cycle, <, COUNT);
    assert_all_untimed(&f, "transactions", COUNT);
    assert_all_untimed(&f, "translated", COUNT);
    assert_all_untimed(&f, "tlb_lookups", COUNT);
    assert_all_untimed(&f, "tlb_misses", PAGES);
    assert_all_untimed(&f, "walks", PAGES);
    assert_all_untimed(&f, "config_misses", 2);
    g_assert_cmpuint(di_untimed(f.di, "walk_reads"), >=, PAGES);
    assert_all_untimed(&f, "walk_reads", di_counter(f.di, "walk_reads"));
    /* What registers and commands do is nobody's request. */
    g_assert_cmpuint(di_counter(f.di, "commands"), >, 0);
    g_assert_cmpuint(di_untimed(f.di, "commands"), ==, 0);
    di_free(f.di);
}

/* A fault of such a device is its own; the record takes its time. */
static void test_fault(void)
{
    Fixture f;
    DiFault fault;

    if (!start(&f, "timing=on", "port=off")) {
        return;
    }
    dma_do(f.m, dma_make_fill(IOVA + PAGES * 4096, 8, 1, false));
    qtest_clock_step(f.m->qts, 1000000);
    g_assert_true(di_fault(f.di, &fault));
    g_assert_cmphex(fault.addr, ==, IOVA + PAGES * 4096);
    /* QEMU may ask more than once for an access that fails. */
    g_assert_cmpuint(di_counter(f.di, "aborted"), >=, 1);
    assert_all_untimed(&f, "aborted", di_counter(f.di, "aborted"));
    assert_all_untimed(&f, "faults", di_counter(f.di, "aborted"));
    g_assert_cmpuint(di_counter(f.di, "events"), >=, 1);
    g_assert_cmpuint(di_untimed(f.di, "events"), ==, 0);
    di_free(f.di);
}

/* A write of the device itself, and message @data to @addr when it is done. */
static void fill_and_tell(Fixture *f, uint64_t addr, uint32_t data)
{
    DmaDesc desc = dma_make_fill(IOVA, 8, 1, false);

    dma_enable_msix(f->m, 0, addr, data);
    dma_ch_write(&f->m->dma, 0, IDMA_CH_INTR_ENABLE, reg_make(IDMA_CH_INTR_DONE, 1));
    field_set(desc.w, IDMA_D_IRQ, 1);
    dma_do(f->m, desc);
    g_assert_cmpuint(dma_ch_read(&f->m->dma, 0, IDMA_CH_STAT_IRQS), ==, 1);
}

/* The device's DMA waits; its message goes where any device's goes. */
static void test_message(void)
{
    Fixture f;

    if (!start(&f, "timing=on", NULL)) {
        return;
    }
    fill_and_tell(&f, IOVA + 4096, 0xfeed);
    g_assert_cmphex(gmem_read32(&f.m->mem, f.pa + 4096), ==, 0xfeed);
    g_assert_cmpuint(di_counter(f.di, "transactions"), ==, 2);
    g_assert_cmpuint(di_untimed(f.di, "transactions"), ==, 1);
    g_assert_cmpuint(di_untimed(f.di, "tlb_misses"), ==, 1);
    g_assert_cmpuint(di_untimed(f.di, "config_misses"), ==, 0);
    di_free(f.di);
}

/* VT-d's interrupt requests are no transactions, and are not waited for either. */
static void test_interrupt(void)
{
    Fixture f;
    VtdDriver d;

    if (!start(&f, "timing=on", NULL)) {
        return;
    }
    vtd_driver_init(&d, &f.m->iommu, &f.m->mem);
    g_assert_true(vtd_driver_irta(&d, gmem_alloc(&f.m->mem, 4096, 4096), 3, false));
    fill_and_tell(&f, vtd_msi_address(5, false), 0); /* an absent entry */
    g_assert_cmpuint(di_counter(f.di, "transactions"), ==, 1);
    g_assert_cmpuint(di_untimed(f.di, "transactions"), ==, 0);
    assert_all_untimed(&f, "irq_blocked", 1);
    assert_all_untimed(&f, "faults", 1);
    di_free(f.di);
}

static void test_timing_off(void)
{
    Fixture f;

    if (!start(&f, "timing=off", NULL)) {
        return;
    }
    g_autofree char *path = sw_iommu_path(f.m->qts);
    g_autofree char *json = sw_get(f.m->qts, path, "stagewalk-counters");

    g_assert_nonnull(strstr(json, "\"transactions\""));
    g_assert_null(strstr(json, "untimed"));
    di_free(f.di);
}

/* Every name is explained in the documentation. */
static void test_documented(void)
{
    g_autofree char *file = NULL, *text = NULL, *path = NULL, *json = NULL;
    g_auto(GStrv) words = NULL;
    Fixture f;

    if (!start(&f, "timing=on", NULL)) {
        return;
    }
    file = g_build_filename(g_getenv("STAGEWALK_DOCS"), "specs", "performance-counters.rst", NULL);
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    path = sw_iommu_path(f.m->qts);
    json = sw_get(f.m->qts, path, "stagewalk-counters");
    words = g_strsplit(json, "\"", -1);
    g_assert_cmpuint(g_strv_length(words), >, 20);
    for (unsigned i = 1; words[i]; i += 2) {
        g_autofree char *row = g_strdup_printf("\n``%s`` ", words[i]);

        if (!strstr(text, row)) {
            g_error("%s says nothing of %s", file, words[i]);
        }
    }
    di_free(f.di);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/iommu-untimed/clients-that-wait", test_timed);
    qtest_add_func("/iommu-untimed/plain-dma", test_plain);
    qtest_add_func("/iommu-untimed/fault", test_fault);
    qtest_add_func("/iommu-untimed/message", test_message);
    if (dma_is_x86()) {
        qtest_add_func("/iommu-untimed/interrupt-request", test_interrupt);
    }
    qtest_add_func("/iommu-untimed/timing-off", test_timing_off);
    qtest_add_func("/iommu-untimed/documented", test_documented);
    return g_test_run();
}

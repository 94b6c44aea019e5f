/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace events of both IOMMUs (docs/system/tracing.rst): each is written when it is enabled, says
 * what happened, and is not written when it is not.
 */
#include "qemu/osdep.h"
#include "dma-iommu.h"

#include "../lib/smmu-driver.h"
#include "../lib/vtd-driver.h"

#define IOVA 0x7000123000ull
#define POLLS 1000

/* @file: where the lines go. */
typedef struct Fixture {
    DmaIommu *di;
    DmaMachine *m;
    uint64_t pa;
    char *file;
} Fixture;

static const char *set(void)
{
    return dma_is_x86() ? "vtd" : "smmuv3";
}

static char *log_file(void)
{
    g_autoptr(GError) error = NULL;
    char *name = NULL;
    int fd = g_file_open_tmp("iommu-trace-XXXXXX", &name, &error);

    g_assert_no_error(error);
    close(fd);
    return name;
}

/* Enables the events @events of the set. */
static char *trace_args(Fixture *f, const char *events)
{
    *f = (Fixture) { .file = log_file() };
    return g_strdup_printf("-trace enable=%s_%s,file=%s", set(), events, f->file);
}

/* A machine that a driver has set up. */
static bool start(Fixture *f, const char *events)
{
    g_autofree char *args = trace_args(f, events);

    f->di = di_new_with_args(args);
    if (!f->di) {
        return false;
    }
    f->m = di_machine(f->di);
    f->pa = gmem_alloc(&f->m->mem, 4096, 4096);
    return true;
}

/* One as it is after reset. */
static void start_bare(Fixture *f, const char *events)
{
    g_autofree char *args = trace_args(f, events);

    f->m = dma_machine_new("", NULL, args);
}

static void stop(Fixture *f)
{
    if (f->di) {
        di_free(f->di);
    } else {
        dma_machine_free(f->m);
    }
    unlink(f->file);
    g_free(f->file);
}

/* Lines of the set that match @pattern behind its name. */
static unsigned lines(Fixture *f, const char *pattern)
{
    g_autofree char *text = NULL, *named = g_strdup_printf("^%s_%s", set(), pattern);
    g_autoptr(GError) error = NULL;
    g_autoptr(GRegex) regex = g_regex_new(named, G_REGEX_MULTILINE, 0, &error);
    g_autoptr(GMatchInfo) match = NULL;
    unsigned count = 0;

    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(f->file, &text, NULL, NULL));
    g_regex_match(regex, text, 0, &match);
    for (; g_match_info_matches(match); count++) {
        g_match_info_next(match, NULL);
    }
    if (!count) {
        g_test_message("no line matches %s in:\n%s", named, text);
    }
    return count;
}

static DmaDesc fill(uint64_t addr)
{
    return dma_make_fill(addr, 8, 1, false);
}

static DmaDesc paged(uint64_t addr, uint32_t pasid)
{
    DmaDesc desc = fill(addr);

    dma_set_pasid(&desc, pasid);
    field_set(desc.w, IDMA_D_AT, IDMA_AT_ATC);
    field_set(desc.w, IDMA_D_PAGE, 1);
    return desc;
}

/* Start @desc, and let it get as far as waiting for @what. */
static void start_until(Fixture *f, DmaDesc desc, unsigned what)
{
    dma_start(&f->m->dma, 0, &desc);
    for (int i = 0;
         reg_get(dma_ch_read(&f->m->dma, 0, IDMA_CH_STATUS), IDMA_CH_STATUS_WAIT) != what; i++) {
        g_assert_cmpint(i, <, POLLS);
        qtest_clock_step(f->m->qts, 1000);
    }
}

/* ---- registers ------------------------------------------------------------------------------ */

static void test_registers(void)
{
    Fixture f;

    if (!start(&f, "*")) {
        return;
    }
    if (dma_is_x86()) {
        const char *whole = "read 0xfed90000: ECAP \\(0x10, 8 bytes\\) is 0x[1-9a-f]";
        unsigned before = lines(&f, whole);

        reg_read64(&f.m->iommu, VTD_REG_ECAP);
        g_assert_cmpuint(lines(&f, whole), ==, before + 1);
        reg_read32(&f.m->iommu, VTD_REG_ECAP + 4);
        g_assert_cmpuint(lines(&f, "read 0xfed90000: ECAP\\+4 \\(0x14, 4 bytes\\) is 0x"), ==, 1);
        g_assert_cmpuint(lines(&f, "write 0xfed90000: RTADDR \\(0x20, 8 bytes\\) := 0x"), >=, 1);
    } else {
        const char *whole = "read 0x9050000: IDR5 \\(0x14, 4 bytes\\) is 0x[1-9a-f]";
        unsigned before = lines(&f, whole);

        reg_read32(&f.m->iommu, SMMU_IDR5);
        g_assert_cmpuint(lines(&f, whole), ==, before + 1);
        g_assert_cmpuint(lines(&f, "write 0x9050000: STRTAB_BASE \\(0x80, 8 bytes\\) := 0x"), >=, 1);
        g_assert_cmpuint(lines(&f, "write 0x9050000: CMDQ_PROD \\(0x98, 4 bytes\\) := 0x"), >=, 1);
    }
    stop(&f);
}

/* What is not enabled is not written. */
static void test_off(void)
{
    Fixture f;

    if (!start(&f, "write")) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    dma_do(f.m, fill(IOVA));
    g_assert_cmpuint(lines(&f, "write "), >, 0);
    g_assert_cmpuint(lines(&f, "(?!write)"), ==, 0);
    stop(&f);
}

/* ---- queues --------------------------------------------------------------------------------- */

static void test_command(void)
{
    Fixture f;

    if (!start(&f, "*")) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    di_unmap(f.di, DI_NO_PASID, IOVA);
    if (dma_is_x86()) {
        g_assert_cmpuint(lines(&f, "descriptor 0x[0-9a-f]+: 0x[0-9a-f]+: PASID IOTLB "
                                   "[0-9a-f]{15}6 0{6}7000123000 error 0$"), ==, 1);
        g_assert_cmpuint(lines(&f, "descriptor .*: wait .* error 0$"), >=, 1);
    } else {
        g_assert_cmpuint(lines(&f, "command 0x[0-9a-f]+: queue 0, 0x[0-9a-f]+: CMD_TLBI_NH_VA "
                                   "[0-9a-f]{14}12 [0-9a-f]{6}7000123[0-9a-f]{3} error 0$"), ==, 1);
        g_assert_cmpuint(lines(&f, "command .*: CMD_SYNC .* error 0$"), >=, 1);
    }
    stop(&f);
}

/* One that is illegal is told with its error. */
static void test_command_error(void)
{
    Fixture f;

    start_bare(&f, "*");
    if (dma_is_x86()) {
        VtdDriver d;

        vtd_driver_init(&d, &f.m->iommu, &f.m->mem);
        g_assert_true(vtd_driver_queue(&d, false));
        vtd_driver_push(&d, (VtdDescWords) { .w = { 0xf } });
        g_assert_cmpuint(lines(&f, "descriptor .*: unknown descriptor 0{15}f 0{16} error 3$"), ==, 1);
    } else {
        SmmuDriver d;

        smmu_driver_init(&d, &f.m->iommu, &f.m->mem);
        g_assert_true(smmu_driver_start_queues(&d));
        g_assert_true(smmu_driver_push(&d, (SmmuCmdWords) { .w = { 0xff } }));
        g_assert_cmpuint(lines(&f, "command .*: unknown command 0{14}ff 0{16} error 1$"), ==, 1);
    }
    stop(&f);
}

static void test_record(void)
{
    Fixture f;

    if (!start(&f, "record*")) {
        return;
    }
    dma_do(f.m, fill(IOVA));
    if (dma_is_x86()) {
        g_assert_cmpuint(lines(&f, "record 0xfed90000: 0x0: sid 0x20 SFS.2 \\(0x71\\) "
                                   "0{6}7000123000 "), ==, 1);
    } else {
        g_assert_cmpuint(lines(&f, "record 0x9050000: 0x0: sid 0x20 F_TRANSLATION \\(0x10\\) .* "
                                   "0{6}7000123000 "), ==, 1);
    }
    g_assert_cmpuint(lines(&f, "record_lost "), ==, 0);
    stop(&f);
}

/* More faults than there is room for, and nobody takes them. */
static void test_record_lost(void)
{
    Fixture f;

    if (!start(&f, "record*")) {
        return;
    }
    for (unsigned i = 0; i < 300 && !lines(&f, "record_lost "); i++) {
        dma_do(f.m, fill(IOVA + 4096 * i));
    }
    g_assert_cmpuint(lines(&f, "record_lost 0x[0-9a-f]+: sid 0x20 "), ==, 1);
    stop(&f);
}

/* ---- requests ------------------------------------------------------------------------------- */

static void test_translate(void)
{
    Fixture f;
    g_autofree char *ok = NULL;

    if (!start(&f, "translate")) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpuint(dma_do(f.m, fill(IOVA)).status, ==, IDMA_STATUS_OK);
    }
    ok = g_strdup_printf("translate 0x[0-9a-f]+: sid 0x20 pasid -1 write 0x7000123000: ok pa "
                         "0x%" PRIx64 " span 0x1000 rights [r-][w-].{4} by ", f.pa);
    g_assert_cmpuint(lines(&f, ok), ==, 4);
    g_assert_cmpuint(lines(&f, "translate .* by [1-9][0-9]* table reads$"), ==, 1);
    g_assert_cmpuint(lines(&f, "translate .* by (TLB|recent answer)$"), ==, 3);
    g_assert_cmpuint(lines(&f, "translate .* by recent answer$"), >=, 1);
    dma_do(f.m, fill(IOVA + 4096));
    g_assert_cmpuint(lines(&f, "translate .* write 0x7000124000: abort, fault 0x(10|71) pa 0x0 "), ==,
                     1);
    stop(&f);
}

static void test_page_request(void)
{
    Fixture f;
    DiPageRequest req;

    if (!start(&f, "*")) {
        return;
    }
    start_until(&f, paged(IOVA, 1), IDMA_WAIT_PAGE);
    g_assert_true(di_page_request(f.di, &req));
    di_map(f.di, 1, IOVA, f.pa, true);
    di_respond(f.di, &req, 0);
    g_assert_true(dma_wait(&f.m->dma, 0));
    g_assert_cmpuint(lines(&f, "page_request .*: sid 0x20 pasid 1 0x7000123000 -w- group [0-9]+ "
                               "last 1$"), ==, 1);
    g_assert_cmpuint(lines(&f, "record .*: sid 0x20 page request \\(0x0\\)"), ==, 1);
    g_assert_cmpuint(lines(&f, "page_response .*: sid 0x20 pasid 1 group [0-9]+ code 0$"), ==, 1);
    g_assert_cmpuint(lines(&f, "translate .* ATS request 0x7000123000: ok[ ,]"), >=, 2);
    g_assert_cmpuint(lines(&f, "translate .* translated write "), ==, 1);
    stop(&f);
}

static void test_ats(void)
{
    Fixture f;

    if (!start(&f, "*")) {
        return;
    }
    g_assert_true(di_invalidate_device(f.di, 1, IOVA));
    g_assert_cmpuint(lines(&f, "ats_invalidate .*: sid 0x20 pasid 1 0x7000123000-0x7000123fff tag "
                               "0x[0-9a-f]+ (done|pending)$"), ==, 1);
    stop(&f);
}

static void test_stall(void)
{
    Fixture f;
    DiFault fault;
    DmaDesc desc = fill(IOVA);
    g_autofree char *retried = NULL;

    if (!start(&f, "*")) {
        return;
    }
    if (!di_enable_stall(f.di, 1)) {
        g_test_skip("VT-d does not stall");
        stop(&f);
        return;
    }
    dma_set_pasid(&desc, 1);
    start_until(&f, desc, IDMA_WAIT_STALL);
    g_assert_true(di_fault(f.di, &fault));
    g_assert_cmpuint(lines(&f, "translate .*: stalled, fault 0x10, tag [0-9]+ "), ==, 1);
    di_map(f.di, 1, IOVA, f.pa, true);
    di_resume(f.di, true);
    g_assert_true(dma_wait(&f.m->dma, 0));
    retried = g_strdup_printf("resume .*: transaction [0-9]+: ok pa 0x%" PRIx64 "$", f.pa);
    g_assert_cmpuint(lines(&f, retried), ==, 1);
    stop(&f);
}

static void test_interrupt(void)
{
    Fixture f;

    if (!start(&f, "*")) {
        return;
    }
    if (dma_is_x86()) {
        /* Fault events to an address that is memory. */
        reg_write32(&f.m->iommu, VTD_REG_FEADDR, f.pa);
        reg_write32(&f.m->iommu, VTD_REG_FEDATA, 0x5a);
        reg_write32(&f.m->iommu, VTD_REG_FECTL, 0);
        dma_do(f.m, fill(IOVA));
        g_assert_cmpuint(lines(&f, "msi 0xfed90000: 0x[0-9a-f]+ := 0x5a$"), ==, 1);
    } else {
        reg_write32(&f.m->iommu, SMMU_IRQ_CTRL, field_mask(IRQ_CTRL_EVENTQ_IRQEN));
        dma_do(f.m, fill(IOVA));
        g_assert_cmpuint(lines(&f, "irq 0x9050000: line 0$"), ==, 1);
    }
    stop(&f);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void test_reset_and_load(void)
{
    Fixture f;

    if (!start(&f, "*")) {
        return;
    }
    g_assert_cmpuint(lines(&f, "reset 0x[0-9a-f]+$"), ==, 1);
    dma_machine_migrate(f.m);
    /* The emulator that loads has begun the file anew. */
    g_assert_cmpuint(lines(&f, "load 0x[0-9a-f]+: [1-9][0-9]* bytes, ok 1$"), ==, 1);
    stop(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/iommu-trace/registers", test_registers);
    qtest_add_func("/iommu-trace/off", test_off);
    qtest_add_func("/iommu-trace/command", test_command);
    qtest_add_func("/iommu-trace/command-error", test_command_error);
    qtest_add_func("/iommu-trace/record", test_record);
    qtest_add_func("/iommu-trace/record-lost", test_record_lost);
    qtest_add_func("/iommu-trace/translate", test_translate);
    qtest_add_func("/iommu-trace/page-request", test_page_request);
    qtest_add_func("/iommu-trace/ats", test_ats);
    qtest_add_func("/iommu-trace/stall", test_stall);
    qtest_add_func("/iommu-trace/interrupt", test_interrupt);
    qtest_add_func("/iommu-trace/reset-and-load", test_reset_and_load);
    return g_test_run();
}

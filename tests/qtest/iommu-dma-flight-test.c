/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma with work in flight when the machine migrates, the function is reset, the device is
 * unplugged or its bus gets another number: nothing is lost that should go on, and nothing is
 * heard of again that should not (docs/specs/iommu-dma.rst, "Migration" and "Configuration
 * space"). Each kind of waiting is tried with time and without.
 */
#include "qemu/osdep.h"
#include "dma-iommu.h"

#include "hw/pci/pci_regs.h"

#define IOVA 0x7000123000ull
#define PASID 1
#define DATA 0x1122334455667788ull
#define POLLS 1000
#define GAP 5000u /* cycles, longer than any latency */
#define TXNS 64u

typedef struct Fixture {
    DmaIommu *di;
    DmaMachine *m;
    uint64_t pa;
    bool timed;
    DiPageRequest request;
    DiFault fault;
} Fixture;

/** A kind of waiting. */
typedef struct Kind {
    const char *name;
    bool smmu_only, timed_only;
    void (*begin)(Fixture *f); /* leave work in flight */
    void (*end)(Fixture *f);   /* let it go on, and check what comes of it */
    void (*poke)(Fixture *f);  /* the device is gone or reset: answer it all the same */
} Kind;

typedef struct Case {
    const Kind *kind;
    bool timed;
} Case;

/* A write of PASID through the device TLB if @atc, which asks for the page. */
static DmaDesc fill(bool atc)
{
    DmaDesc desc = dma_make_fill(IOVA, 8, DATA, false);

    dma_set_pasid(&desc, PASID);
    field_set(desc.w, IDMA_D_AT, atc ? IDMA_AT_ATC : IDMA_AT_UNTRANSLATED);
    field_set(desc.w, IDMA_D_PAGE, atc);
    return desc;
}

static void start_until(Fixture *f, DmaDesc desc, unsigned what)
{
    dma_start(&f->m->dma, 0, &desc);
    for (int i = 0; reg_get(dma_ch_read(&f->m->dma, 0, IDMA_CH_STATUS),
                            IDMA_CH_STATUS_WAIT) != what; i++) {
        g_assert_cmpint(i, <, POLLS);
        qtest_clock_step(f->m->qts, 1000);
    }
}

static DmaCompletion finish(DmaMachine *m)
{
    DmaCompletion c;

    g_assert_true(dma_wait(&m->dma, 0));
    dma_completion(&m->dma, 0, &c);
    return c;
}

static uint64_t at_page(Fixture *f)
{
    return gmem_read64(&f->m->mem, f->pa);
}

/* With time, records come when their cycle does. */
static void wait_fault(Fixture *f, DiFault *fault)
{
    for (int i = 0; !di_fault(f->di, fault); i++) {
        g_assert_cmpint(i, <, POLLS);
        qtest_clock_step(f->m->qts, 1000);
    }
}

/* ---- stalled (SMMUv3) ----------------------------------------------------------------------- */

static void stall_begin(Fixture *f)
{
    g_assert_true(di_enable_stall(f->di, PASID));
    start_until(f, fill(false), IDMA_WAIT_STALL);
    wait_fault(f, &f->fault);
    g_assert_cmphex(f->fault.addr, ==, IOVA);
}

static void stall_end(Fixture *f)
{
    di_map(f->di, PASID, IOVA, f->pa, true);
    di_resume(f->di, true);
    g_assert_cmpuint(finish(f->m).status, ==, IDMA_STATUS_STALLED_OK);
    g_assert_cmphex(at_page(f), ==, DATA);
    g_assert_cmpuint(dma_ch_read(&f->m->dma, 0, IDMA_CH_STAT_STALLS), ==, 1);
}

static void stall_poke(Fixture *f)
{
    di_map(f->di, PASID, IOVA, f->pa, true);
    di_resume(f->di, true);
}

/* ---- waiting for a page --------------------------------------------------------------------- */

static void page_begin(Fixture *f)
{
    start_until(f, fill(true), IDMA_WAIT_PAGE);
    for (int i = 0; !di_page_request(f->di, &f->request); i++) {
        g_assert_cmpint(i, <, POLLS);
        qtest_clock_step(f->m->qts, 1000);
    }
    g_assert_cmphex(f->request.addr, ==, IOVA);
}

static void page_poke(Fixture *f)
{
    di_map(f->di, PASID, IOVA, f->pa, true);
    di_respond(f->di, &f->request, 0);
}

static void page_end(Fixture *f)
{
    DmaCompletion c;

    page_poke(f);
    c = finish(f->m);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_OK);
    g_assert_true(c.paged);
    g_assert_cmphex(at_page(f), ==, DATA);
    g_assert_cmpuint(dma_read(&f->m->dma, IDMA_PRI_OUTSTANDING), ==, 0);
}

/* ---- an invalidation that has not been answered --------------------------------------------- */

static void held_begin(Fixture *f)
{
    dma_write(&f->m->dma, IDMA_ATC_MODE, IDMA_ATC_HOLD);
    di_invalidate_device_begin(f->di, PASID, IOVA);
    for (int i = 0; dma_read(&f->m->dma, IDMA_ATC_HELD) != 1; i++) {
        g_assert_cmpint(i, <, POLLS);
        qtest_clock_step(f->m->qts, 1000);
    }
    g_assert_false(di_invalidate_device_done(f->di));
}

static void wait_invalidated(Fixture *f)
{
    for (int i = 0; !di_invalidate_device_done(f->di); i++) {
        g_assert_cmpint(i, <, POLLS);
        qtest_clock_step(f->m->qts, 1000);
    }
}

static void held_end(Fixture *f)
{
    g_assert_cmpuint(dma_read(&f->m->dma, IDMA_ATC_HELD), ==, 1);
    g_assert_false(di_invalidate_device_done(f->di));
    dma_write(&f->m->dma, IDMA_CTRL, reg_make(IDMA_CTRL_INV_ANSWER, 1));
    wait_invalidated(f);
}

/* A device that is gone answers no more: the queue must not wait for ever. */
static void held_poke(Fixture *f)
{
    for (int i = 0; !di_invalidate_device_done(f->di) && !di_invalidate_device_failed(f->di);
         i++) {
        g_assert_cmpint(i, <, POLLS);
        qtest_clock_step(f->m->qts, 1000);
    }
}

/* ---- waiting for cycles --------------------------------------------------------------------- */

static void timed_begin(Fixture *f)
{
    DmaDesc desc = fill(false);

    di_map(f->di, PASID, IOVA, f->pa, true);
    dma_set_strided(&desc, TXNS, 8, 4096);
    field_set(desc.w, IDMA_D_GAP, GAP);
    field_set(desc.w, IDMA_D_FLIGHT, 4);
    start_until(f, desc, IDMA_WAIT_TIME);
}

static void timed_end(Fixture *f)
{
    DmaCompletion c = finish(f->m);

    g_assert_cmpuint(c.status, ==, IDMA_STATUS_OK);
    g_assert_cmpuint(c.done, ==, TXNS);
    g_assert_cmpuint(c.end - c.start, >=, (TXNS - 1) * GAP);
    for (unsigned i = 0; i < TXNS; i++) {
        g_assert_cmphex(gmem_read64(&f->m->mem, f->pa + 8 * i), ==, DATA);
    }
}

static void timed_poke(Fixture *f)
{
    gmem_write64(&f->m->mem, f->pa, 0);
    qtest_clock_step(f->m->qts, 10000000);
}

static const Kind kinds[] = {
    { .name = "stall", .smmu_only = true, .begin = stall_begin, .end = stall_end,
      .poke = stall_poke },
    { .name = "page", .begin = page_begin, .end = page_end, .poke = page_poke },
    { .name = "invalidation", .begin = held_begin, .end = held_end,
      .poke = held_poke },
    { .name = "cycle", .timed_only = true, .begin = timed_begin, .end = timed_end,
      .poke = timed_poke },
};

/* ---- what happens meanwhile ----------------------------------------------------------------- */

static bool start(Fixture *f, const Case *c, bool behind_ports)
{
    const char *iommu = c->timed ? "timing=on" : "";

    if (c->kind->smmu_only && dma_is_x86()) {
        g_test_skip("VT-d does not stall");
        return false;
    }
    *f = (Fixture) { .timed = c->timed };
    f->di = behind_ports ? di_new_behind_ports(iommu, NULL) : di_new_with(iommu, NULL);
    if (!f->di) {
        return false;
    }
    f->m = di_machine(f->di);
    f->pa = gmem_alloc(&f->m->mem, 4096, 4096);
    c->kind->begin(f);
    return true;
}

static void test_migrate(const void *data)
{
    const Case *c = data;
    Fixture f;

    if (!start(&f, c, false)) {
        return;
    }
    dma_machine_migrate(f.m);
    c->kind->end(&f);
    di_free(f.di);
}

/* And what has migrated can be reset. */
static void test_migrate_flr(const void *data)
{
    const Case *c = data;
    Fixture f;

    if (!start(&f, c, false)) {
        return;
    }
    dma_machine_migrate(f.m);
    dma_flr(f.m);
    c->kind->poke(&f);
    qtest_clock_step(f.m->qts, 1000000);
    g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_IDLE);
    g_assert_cmphex(at_page(&f), ==, 0);
    di_free(f.di);
}

static void test_flr(const void *data)
{
    const Case *c = data;
    Fixture f;

    if (!start(&f, c, false)) {
        return;
    }
    dma_flr(f.m);
    g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_IDLE);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_HELD), ==, 0);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_PRI_OUTSTANDING), ==, 0);
    c->kind->poke(&f);
    qtest_clock_step(f.m->qts, 1000000);
    g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_IDLE);
    g_assert_cmphex(at_page(&f), ==, 0);
    di_free(f.di);
}

static void test_unplug(const void *data)
{
    const Case *c = data;
    Fixture f;
    DmaMachine *other;

    if (!start(&f, c, true)) {
        return;
    }
    other = dma_machine_other(f.m);
    di_share(f.di, other->rid);
    dma_unplug(f.m);
    c->kind->poke(&f);
    qtest_clock_step(f.m->qts, 1000000);
    g_assert_cmphex(at_page(&f), ==, 0);
    /* The IOMMU serves those that are left. */
    di_map(f.di, DI_NO_PASID, IOVA + 4096, f.pa, true);
    g_assert_cmpuint(dma_do(other, dma_make_fill(IOVA + 4096, 8, DATA, false)).status, ==,
                     IDMA_STATUS_OK);
    g_assert_cmphex(at_page(&f), ==, DATA);
    dma_machine_other_free(other);
    di_free(f.di);
}

/*
 * Two buses exchange their numbers while a device on each waits for the end of a stall: each hears
 * of its own, whatever the order in which they notice.
 */
static void test_renumber(const void *data)
{
    bool timed = *(const bool *)data;
    Fixture f = { .timed = timed };
    DmaDesc desc = fill(false);
    DiFault fault;
    DmaMachine *other;
    uint64_t pb;

    if (dma_is_x86()) {
        g_test_skip("VT-d does not stall");
        return;
    }
    f.di = di_new_behind_ports(timed ? "timing=on" : "", NULL);
    if (!f.di) {
        return;
    }
    f.m = di_machine(f.di);
    f.pa = gmem_alloc(&f.m->mem, 4096, 4096);
    pb = gmem_alloc(&f.m->mem, 4096, 4096);
    other = dma_machine_other(f.m);
    dma_enable_pasid(other, true);
    di_share(f.di, other->rid);
    stall_begin(&f);
    field_set(desc.w, IDMA_D_ADDR, IOVA + 4096);
    dma_start(&other->dma, 0, &desc);
    wait_fault(&f, &fault);
    g_assert_cmphex(fault.addr, ==, IOVA + 4096);
    g_assert_cmphex(fault.rid, ==, other->rid);

    /* By way of 3, as a bus number must not be there twice. */
    dma_number_bus(f.m, 0, 3);
    dma_number_bus(f.m, 1, 1);
    dma_number_bus(f.m, 0, 2);
    f.m->rid = 2 << 8;
    other->rid = 1 << 8;
    /* Only the first notices before its stall ends. */
    dma_cfg_write(f.m, 0, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    qtest_clock_step(f.m->qts, 1000);
    g_assert_cmphex(reg_get(dma_read(&f.m->dma, IDMA_PATH), IDMA_PATH_RID), ==, f.m->rid);

    di_map(f.di, PASID, IOVA, f.pa, true);
    di_map(f.di, PASID, IOVA + 4096, pb, true);
    di_resume_fault(f.di, &fault, true);
    g_assert_cmpuint(finish(other).status, ==, IDMA_STATUS_STALLED_OK);
    g_assert_cmphex(gmem_read64(&f.m->mem, pb), ==, DATA);
    g_assert_cmphex(at_page(&f), ==, 0);
    di_resume_fault(f.di, &f.fault, true);
    g_assert_cmpuint(finish(f.m).status, ==, IDMA_STATUS_STALLED_OK);
    g_assert_cmphex(at_page(&f), ==, DATA);
    dma_machine_other_free(other);
    di_free(f.di);
}

static void add(const char *what, void (*fn)(const void *))
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        for (int timed = kinds[i].timed_only; timed <= 1; timed++) {
            Case *c = g_new(Case, 1);
            g_autofree char *path = g_strdup_printf("/iommu-dma-flight/%s/%s%s", what,
                                                    kinds[i].name, timed ? "-timed" : "");

            *c = (Case) { .kind = &kinds[i], .timed = timed };
            qtest_add_data_func_full(path, c, fn, g_free);
        }
    }
}

int main(int argc, char **argv)
{
    static const bool off, on = true;

    g_test_init(&argc, &argv, NULL);
    add("migrate", test_migrate);
    add("migrate-flr", test_migrate_flr);
    add("flr", test_flr);
    add("unplug", test_unplug);
    qtest_add_data_func("/iommu-dma-flight/renumber", &off, test_renumber);
    qtest_add_data_func("/iommu-dma-flight/renumber-timed", &on, test_renumber);
    return g_test_run();
}

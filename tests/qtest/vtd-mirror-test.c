/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mirrors of a device's mappings behind a VT-d unit in caching mode: what vfio-pci would map into a
 * host IOMMU, judged by iommu-mirror. Also with tables that map far more than anybody can mirror.
 */
#include "qemu/osdep.h"
#include "dma-machine.h"

#include "../lib/vtd-driver.h"
#include "qobject/qdict.h"

#define DID 5
#define IOVA 0x1234567000ull
#define MIRROR "/machine/peripheral/mirror"
#define MIRROR_MAX (1u << 20) /* mappings of a device that are mirrored at most */
#define INTERRUPT_PAGES 256   /* FEExxxxx is no memory: nobody is told of pages there */
#define PAGES 1000
#define TABLE_ENTRIES 512
#define BATCHES 6

typedef struct Fixture {
    DmaMachine *m;
    VtdDriver d;
    VtdRootTable root;
    VtdPages pages;
    uint64_t pa;
    char *log; /* of guest errors */
} Fixture;

static char *get_string(Fixture *f, const char *property)
{
    QDict *r = qtest_qmp(f->m->qts, "{ 'execute': 'qom-get', 'arguments': { 'path': %s, "
                         "'property': %s } }", MIRROR, property);
    char *text;

    g_assert_true(qdict_haskey(r, "return"));
    text = g_strdup(qdict_get_str(r, "return"));
    qobject_unref(r);
    return text;
}

static uint64_t get(Fixture *f, const char *property)
{
    QDict *r = qtest_qmp(f->m->qts, "{ 'execute': 'qom-get', 'arguments': { 'path': %s, "
                         "'property': %s } }", MIRROR, property);
    uint64_t n;

    g_assert_true(qdict_haskey(r, "return"));
    n = qdict_get_int(r, "return");
    qobject_unref(r);
    return n;
}

/* What it holds is what the tables say, and all it was told was right. */
static void assert_exact(Fixture *f, uint64_t mappings)
{
    g_autofree char *wrong = get_string(f, "check");

    g_assert_cmpstr(wrong, ==, "");
    g_assert_cmpuint(get(f, "mappings"), ==, mappings);
    g_assert_cmpuint(get(f, "errors"), ==, 0);
}

static void point_device_at(Fixture *f, VtdPages *pages)
{
    uint64_t ctx[VTD_CTX_WORDS];

    vtd_ctx_second_stage(ctx, pages, DID);
    vtd_ctx_set(&f->root, f->m->rid, ctx);
}

/* A unit that translates for the device; nothing is mapped. */
static void start(Fixture *f, const char *properties)
{
    g_autofree char *iommu = g_strdup_printf("caching-mode=on%s", properties);
    g_autofree char *args = NULL;
    TableSpace physical;
    int fd = g_file_open_tmp("vtd-mirror-XXXXXX", &f->log, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    args = g_strdup_printf("-d guest_errors -D %s", f->log);
    /* The mirror must come behind its target. */
    f->m = dma_machine_new(iommu, "port=on -device iommu-mirror,id=mirror,target=dma", args);
    physical = table_space(&f->m->mem);
    vtd_driver_init(&f->d, &f->m->iommu, &f->m->mem);
    vtd_root_init(&f->root, &f->m->mem, false);
    vtd_pages_init(&f->pages, &physical, 2, 3);
    point_device_at(f, &f->pages);
    f->pa = gmem_alloc(&f->m->mem, 4096, 4096);
    g_assert_true(vtd_driver_start(&f->d, &f->root));
}

static void stop(Fixture *f)
{
    dma_machine_free(f->m);
    unlink(f->log);
    g_free(f->log);
}

static void map(Fixture *f, uint64_t iova)
{
    vtd_pages_map(&f->pages, iova, f->pa, 4096, VTD_SS_RW);
}

static void invalidate(Fixture *f)
{
    g_assert_true(vtd_driver_issue(&f->d, vtd_make_iotlb_domain(DID)));
}

static bool logged(Fixture *f, const char *text)
{
    g_autofree char *all = NULL;

    g_assert_true(g_file_get_contents(f->log, &all, NULL, NULL));
    return strstr(all, text);
}

/* ---- ordinary life -------------------------------------------------------------------------- */

static void test_map_unmap(void)
{
    Fixture f;

    start(&f, "");
    assert_exact(&f, 0);
    map(&f, IOVA);
    g_assert_true(vtd_driver_issue(&f.d, vtd_make_iotlb_page(DID, IOVA, 0, false)));
    assert_exact(&f, 1);
    for (unsigned i = 1; i < PAGES; i++) {
        map(&f, IOVA + i * 4096);
    }
    invalidate(&f);
    assert_exact(&f, PAGES);
    g_assert_cmpuint(get(&f, "events"), ==, PAGES);
    vtd_pages_unmap(&f.pages, IOVA + 4096);
    g_assert_true(vtd_driver_issue(&f.d, vtd_make_iotlb_page(DID, IOVA + 4096, 0, false)));
    assert_exact(&f, PAGES - 1);
    g_assert_cmpuint(get(&f, "events"), ==, PAGES + 1);
    stop(&f);
}

/* What did not change is not told again. */
static void test_no_change(void)
{
    Fixture f;
    uint64_t events;

    start(&f, "");
    map(&f, IOVA);
    invalidate(&f);
    events = get(&f, "events");
    invalidate(&f);
    g_assert_true(vtd_driver_issue(&f.d, vtd_make_context_global()));
    g_assert_true(vtd_driver_issue(&f.d, vtd_make_iotlb_global()));
    g_assert_cmpuint(get(&f, "events"), ==, events);
    assert_exact(&f, 1);
    stop(&f);
}

/* While the device bypasses, it sees plain memory in place of mappings. */
static void test_bypass(void)
{
    Fixture f;

    start(&f, "");
    map(&f, IOVA);
    invalidate(&f);
    g_assert_cmpuint(get(&f, "plain"), ==, 0);
    g_assert_true(vtd_driver_gcmd(&f.d, VTD_GCMD_TE, false));
    g_assert_cmpuint(get(&f, "plain"), >, 0);
    g_assert_cmpuint(get(&f, "mappings"), ==, 0);
    g_assert_true(vtd_driver_gcmd(&f.d, VTD_GCMD_TE, true));
    g_assert_cmpuint(get(&f, "plain"), ==, 0);
    assert_exact(&f, 1);
    stop(&f);
}

static void test_timed(void)
{
    Fixture f;

    start(&f, ",timing=on");
    for (unsigned i = 0; i < PAGES; i++) {
        map(&f, IOVA + i * 4096);
    }
    invalidate(&f);
    assert_exact(&f, PAGES);
    vtd_pages_unmap(&f.pages, IOVA);
    invalidate(&f);
    assert_exact(&f, PAGES - 1);
    stop(&f);
}

/* ---- hostile tables ------------------------------------------------------------------------- */

/* Three tables of second stage, each entry of which leads to the next: 2^27 pages. */
static VtdPages endless(Fixture *f)
{
    VtdPages pages = f->pages;
    uint64_t next = f->pa;

    for (unsigned level = 0; level < 3; level++) {
        uint64_t table = gmem_alloc(&f->m->mem, 4096, 4096);

        for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
            gmem_write64(&f->m->mem, table + 8 * i, next | VTD_SS_RW);
        }
        next = table;
    }
    pages.root = next;
    return pages;
}

static void test_too_many(const void *properties)
{
    Fixture f;
    VtdPages pages;

    start(&f, properties);
    map(&f, IOVA);
    invalidate(&f);
    pages = endless(&f);
    point_device_at(&f, &pages);
    g_assert_true(vtd_driver_issue(&f.d, vtd_make_context_global()));
    invalidate(&f);
    g_assert_cmpuint(get(&f, "mappings"), ==, MIRROR_MAX - INTERRUPT_PAGES);
    g_assert_cmpuint(get(&f, "errors"), ==, 0);
    g_assert_true(logged(&f, "mirrored"));
    /* Sane tables again: the mirror is whole again. */
    point_device_at(&f, &f.pages);
    g_assert_true(vtd_driver_issue(&f.d, vtd_make_context_global()));
    invalidate(&f);
    assert_exact(&f, 1);
    stop(&f);
}

/* After one look at such tables the main loop has its turn, whatever else is in the queue. */
static void test_turns(void)
{
    Fixture f;
    VtdPages pages;
    uint64_t at, head;

    start(&f, "");
    pages = endless(&f);
    at = gmem_alloc(&f.m->mem, 16, 16);
    point_device_at(&f, &pages);
    g_assert_true(vtd_driver_issue(&f.d, vtd_make_context_global()));
    head = reg_read64(&f.m->iommu, VTD_REG_IQH);
    for (unsigned i = 0; i < BATCHES; i++) {
        VtdDescWords batch[] = { vtd_make_iotlb_domain(DID), vtd_make_wait_status(at, i + 1) };

        for (unsigned k = 0; k < ARRAY_SIZE(batch); k++) {
            gmem_write_words(&f.m->mem, f.d.queue + f.d.tail, batch[k].w, 2);
            f.d.tail += 16;
        }
    }
    reg_write64(&f.m->iommu, VTD_REG_IQT, f.d.tail);
    /* One batch a turn: the doorbell's, the timer's; by itself that goes on when time does. */
    g_assert_cmpuint(reg_read64(&f.m->iommu, VTD_REG_IQH) - head, <=, 2 * 2 * 16);
    g_assert_cmpuint(gmem_read32(&f.m->mem, at), <, BATCHES / 2 + 1);
    qtest_clock_step(f.m->qts, 1000000);
    g_assert_cmpuint(reg_read64(&f.m->iommu, VTD_REG_IQH), ==, f.d.tail);
    g_assert_cmpuint(gmem_read32(&f.m->mem, at), ==, BATCHES);
    stop(&f);
}

static void test_baseline(void)
{
    g_test_skip("iommu-mirror is ours");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    if (g_getenv("STAGEWALK_BASELINE")) {
        qtest_add_func("/vtd-mirror/baseline", test_baseline);
        return g_test_run();
    }
    qtest_add_func("/vtd-mirror/map-unmap", test_map_unmap);
    qtest_add_func("/vtd-mirror/no-change", test_no_change);
    qtest_add_func("/vtd-mirror/bypass", test_bypass);
    qtest_add_func("/vtd-mirror/timed", test_timed);
    qtest_add_data_func("/vtd-mirror/too-many", "", test_too_many);
    qtest_add_data_func("/vtd-mirror/too-many-timed", ",timing=on", test_too_many);
    qtest_add_func("/vtd-mirror/turns", test_turns);
    return g_test_run();
}

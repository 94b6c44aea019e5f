/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that are answered without the model (hw/iommu/qdev-fast.c): every invalidation and every
 * change of a register takes effect at once, rights and address spaces are kept apart, and the
 * counters are what they would be. Through the port and as plain DMA; with caches off, where
 * nothing may be remembered, as the cross-check.
 */
#include "qemu/osdep.h"
#include "dma-iommu.h"

#define IOVA 0x7000123000ull
#define TIMES 5 /* the model answers some, then the table does */

typedef struct Fixture {
    DmaIommu *di;
    DmaMachine *m;
    bool full, off, port;
    uint64_t pa, pb;
} Fixture;

typedef struct Case {
    const char *caches;
    bool port;
} Case;

static bool start(Fixture *f, const Case *c)
{
    g_autofree char *iommu = g_strdup_printf("caches=%s", c->caches);

    *f = (Fixture) { .port = c->port, .full = g_str_equal(c->caches, "full"),
                     .off = g_str_equal(c->caches, "off") };
    f->di = di_new_with(iommu, c->port ? NULL : "port=off");
    if (!f->di) {
        return false;
    }
    f->m = di_machine(f->di);
    f->pa = gmem_alloc(&f->m->mem, 4096, 4096);
    f->pb = gmem_alloc(&f->m->mem, 4096, 4096);
    return true;
}

static uint64_t read_at(Fixture *f, uint64_t pa)
{
    return gmem_read64(&f->m->mem, pa);
}

static uint8_t fill(Fixture *f, uint64_t addr, uint64_t data)
{
    return dma_do(f->m, dma_make_fill(addr, 8, data, false)).status;
}

/* Writes that all succeed and go to @pa. */
static void fill_often(Fixture *f, uint64_t addr, uint64_t pa, uint64_t data)
{
    for (unsigned i = 0; i < TIMES; i++) {
        g_assert_cmpuint(fill(f, addr, data + i), ==, IDMA_STATUS_OK);
        g_assert_cmphex(read_at(f, pa), ==, data + i);
    }
}

static void assert_refused(Fixture *f, uint8_t status)
{
    g_assert_cmpuint(status, ==, f->port ? IDMA_STATUS_ABORTED : IDMA_STATUS_UR);
}

static void test_unmap(const void *data)
{
    Fixture f;
    DiFault fault;

    if (!start(&f, data)) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    fill_often(&f, IOVA, f.pa, 1);
    g_assert_false(di_fault(f.di, &fault));
    di_unmap(f.di, DI_NO_PASID, IOVA);
    assert_refused(&f, fill(&f, IOVA, 100));
    g_assert_true(di_fault(f.di, &fault));
    g_assert_cmphex(fault.addr, ==, IOVA);
    g_assert_cmphex(read_at(&f, f.pa), ==, TIMES);
    di_free(f.di);
}

static void test_remap(const void *data)
{
    Fixture f;

    if (!start(&f, data)) {
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        di_map(f.di, DI_NO_PASID, IOVA, i % 2 ? f.pb : f.pa, true);
        fill_often(&f, IOVA, i % 2 ? f.pb : f.pa, 100 * i);
        di_unmap(f.di, DI_NO_PASID, IOVA);
    }
    di_free(f.di);
}

/* An entry that is changed without an invalidation: only what no cache holds must be seen. */
static void test_no_invalidation(const void *data)
{
    Fixture f;

    if (!start(&f, data)) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    fill_often(&f, IOVA, f.pa, 1);
    di_map(f.di, DI_NO_PASID, IOVA, f.pb, true);
    fill_often(&f, IOVA, f.off ? f.pb : f.pa, 100);
    /* A neighbour's invalidation may take it away, its own must. */
    di_map(f.di, DI_NO_PASID, IOVA + 4096, f.pa, true);
    di_unmap(f.di, DI_NO_PASID, IOVA);
    di_map(f.di, DI_NO_PASID, IOVA, f.pb, true);
    fill_often(&f, IOVA, f.pb, 200);
    di_free(f.di);
}

static void test_rights(const void *data)
{
    Fixture f;

    if (!start(&f, data)) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, false);
    for (unsigned i = 0; i < TIMES; i++) {
        g_assert_cmpuint(dma_do(f.m, dma_make_read(IOVA, 8, 0)).status, ==, IDMA_STATUS_OK);
        assert_refused(&f, fill(&f, IOVA, 7));
        assert_refused(&f, dma_do(f.m, dma_make_atomic(IDMA_OP_SWAP, IOVA, 8, 7, 0)).status);
    }
    g_assert_cmphex(read_at(&f, f.pa), ==, 0);
    di_free(f.di);
}

static void test_switch(const void *data)
{
    Fixture f;

    if (!start(&f, data)) {
        return;
    }
    /* Translated, f.pa is page f.pb; not translated, it is itself. */
    di_map(f.di, DI_NO_PASID, f.pa, f.pb, true);
    fill_often(&f, f.pa, f.pb, 1);
    di_enable(f.di, false);
    fill_often(&f, f.pa, f.pa, 100);
    di_enable(f.di, true);
    fill_often(&f, f.pa, f.pb, 200);
    g_assert_cmphex(read_at(&f, f.pa), ==, 100 + TIMES - 1);
    di_free(f.di);
}

static void test_spaces(const void *data)
{
    Fixture f;
    const Case *c = data;

    if (!c->port) {
        g_test_skip("plain DMA has no PASID");
        return;
    }
    if (!start(&f, data)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    di_map(f.di, 2, IOVA, f.pb, true);
    for (unsigned i = 0; i < 2 * TIMES; i++) {
        DmaDesc desc = dma_make_fill(IOVA, 8, i, false);

        dma_set_pasid(&desc, 1 + i % 2);
        g_assert_cmpuint(dma_do(f.m, desc).status, ==, IDMA_STATUS_OK);
        g_assert_cmphex(read_at(&f, i % 2 ? f.pb : f.pa), ==, i);
    }
    di_unmap(f.di, 1, IOVA);
    for (unsigned pasid = 1; pasid <= 2; pasid++) {
        DmaDesc desc = dma_make_fill(IOVA, 8, 100, false);

        dma_set_pasid(&desc, pasid);
        g_assert_cmpuint(dma_do(f.m, desc).status, ==, pasid == 1 ? IDMA_STATUS_ABORTED
                                                                  : IDMA_STATUS_OK);
    }
    di_free(f.di);
}

static void test_counters(const void *data)
{
    static const char *const names[] = {
        "transactions", "translated", "bypassed", "aborted", "tlb_lookups", "tlb_hits",
        "tlb_misses", "config_lookups",
    };
    uint64_t before[ARRAY_SIZE(names)], more[ARRAY_SIZE(names)];
    Fixture f;
    DmaDesc desc;

    if (!start(&f, data)) {
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        di_map(f.di, DI_NO_PASID, IOVA + 4096 * i, f.pa, true);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        before[i] = di_counter(f.di, names[i]);
    }
    desc = dma_make_fill(IOVA, 8, 1, false);
    dma_set_strided(&desc, 4000, 4096, 4 * 4096);
    g_assert_cmpuint(dma_do(f.m, desc).done, ==, 4000);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        more[i] = di_counter(f.di, names[i]) - before[i];
    }
    g_assert_cmpuint(more[0], ==, 4000);
    g_assert_cmpuint(more[1], ==, 4000);
    g_assert_cmpuint(more[2] + more[3], ==, 0);
    g_assert_cmpuint(more[4], ==, 4000);
    g_assert_cmpuint(more[5], ==, f.full ? 4000 - 4 : 0);
    g_assert_cmpuint(more[6], ==, f.full ? 4 : 4000);
    /* Stream table entry and context descriptor; context and PASID entry. */
    g_assert_cmpuint(more[7], ==, 2 * 4000);
    di_free(f.di);
}

static void add(const char *what, void (*fn)(const void *))
{
    static const Case cases[] = {
        { "off", true }, { "one", true }, { "full", true }, { "off", false }, { "full", false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        g_autofree char *path = g_strdup_printf("/iommu-dma-recent/%s/%s/caches-%s", what,
                                                cases[i].port ? "port" : "plain",
                                                cases[i].caches);

        qtest_add_data_func(path, &cases[i], fn);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("unmap", test_unmap);
    add("remap", test_remap);
    add("no-invalidation", test_no_invalidation);
    add("rights", test_rights);
    add("switch", test_switch);
    add("spaces", test_spaces);
    add("counters", test_counters);
    return g_test_run();
}

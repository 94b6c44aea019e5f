/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma through the transaction port of our IOMMUs: PASID, ATS and its device TLB, PRI,
 * stalls (docs/specs/iommu-dma.rst). Each runs behind the SMMUv3 and behind VT-d.
 */
#include "qemu/osdep.h"
#include "dma-iommu.h"

#include "hw/pci/pci_regs.h"

#define IOVA 0x7000123000ull
#define POLLS 1000

typedef struct Fixture {
    DmaIommu *di;
    DmaMachine *m;
    uint64_t pa, pb; /* two pages */
} Fixture;

static bool start(Fixture *f, const char *props)
{
    f->di = di_new(props);
    if (!f->di) {
        return false;
    }
    f->m = di_machine(f->di);
    f->pa = gmem_alloc(&f->m->mem, 4096, 4096);
    f->pb = gmem_alloc(&f->m->mem, 4096, 4096);
    return true;
}

static void stop(Fixture *f)
{
    di_free(f->di);
}

static DmaDesc fill(uint64_t addr, uint64_t data)
{
    return dma_make_fill(addr, 8, data, false);
}

/* Through the device TLB. */
static DmaDesc by_atc(DmaDesc desc, bool page)
{
    field_set(desc.w, IDMA_D_AT, IDMA_AT_ATC);
    field_set(desc.w, IDMA_D_PAGE, page);
    return desc;
}

static DmaDesc with_pasid(DmaDesc desc, uint32_t pasid)
{
    dma_set_pasid(&desc, pasid);
    return desc;
}

static unsigned waits_for(Fixture *f)
{
    return reg_get(dma_ch_read(&f->m->dma, 0, IDMA_CH_STATUS), IDMA_CH_STATUS_WAIT);
}

/* Start @desc, and let it get as far as waiting for @what. */
static void start_until(Fixture *f, DmaDesc desc, unsigned what)
{
    dma_start(&f->m->dma, 0, &desc);
    for (int i = 0; waits_for(f) != what; i++) {
        g_assert_cmpint(i, <, POLLS);
        g_assert_cmpuint(dma_ch_state(&f->m->dma, 0), ==, IDMA_CH_BUSY);
        qtest_clock_step(f->m->qts, 1000);
    }
}

static DmaCompletion finish(Fixture *f)
{
    DmaCompletion c;

    g_assert_true(dma_wait(&f->m->dma, 0));
    dma_completion(&f->m->dma, 0, &c);
    return c;
}

static void assert_status(DmaCompletion c, uint8_t status)
{
    g_assert_cmpuint(c.status, ==, status);
}

/* ---- path and PASID ------------------------------------------------------------------------- */

static void test_path(void)
{
    Fixture f;
    uint64_t path;

    if (!start(&f, NULL)) {
        return;
    }
    path = dma_read(&f.m->dma, IDMA_PATH);
    g_assert_cmpuint(reg_get(path, IDMA_PATH_PORT), ==, 1);
    g_assert_cmpuint(reg_get(path, IDMA_PATH_PASID), ==, 1);
    g_assert_cmpuint(reg_get(path, IDMA_PATH_ATS), ==, 1);
    g_assert_cmpuint(reg_get(path, IDMA_PATH_PRI), ==, 1);
    g_assert_cmphex(reg_get(path, IDMA_PATH_RID), ==, DMA_RID(0));
    stop(&f);
}

static void test_port_off(void)
{
    Fixture f;

    if (!start(&f, "port=off")) {
        return;
    }
    g_assert_cmpuint(reg_get(dma_read(&f.m->dma, IDMA_PATH), IDMA_PATH_PORT), ==, 0);
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    assert_status(dma_do(f.m, fill(IOVA, 5)), IDMA_STATUS_OK);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 5);
    assert_status(dma_do(f.m, with_pasid(fill(IOVA, 6), 0)), IDMA_STATUS_NO_PATH);
    stop(&f);
}

static void test_pasid_isolation(void)
{
    Fixture f;
    DmaCompletion c;
    DiFault fault;

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    di_map(f.di, 2, IOVA, f.pb, true);
    assert_status(dma_do(f.m, with_pasid(fill(IOVA, 11), 1)), IDMA_STATUS_OK);
    assert_status(dma_do(f.m, with_pasid(fill(IOVA, 22), 2)), IDMA_STATUS_OK);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 11);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pb), ==, 22);
    g_assert_false(di_fault(f.di, &fault));
    c = dma_do(f.m, with_pasid(fill(IOVA, 33), 3));
    assert_status(c, IDMA_STATUS_ABORTED);
    g_assert_true(di_fault(f.di, &fault));
    g_assert_cmpuint(fault.pasid, ==, 3);
    g_assert_cmphex(fault.addr, ==, IOVA);
    g_assert_cmphex(c.fault, ==, fault.reason);
    stop(&f);
}

static void test_pasid_forced(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(fill(IOVA, 1), 1);

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    dma_enable_pasid(f.m, false);
    assert_status(dma_do(f.m, desc), IDMA_STATUS_NOT_ENABLED);
    field_set(desc.w, IDMA_D_FORCE, 1);
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    stop(&f);
}

static void test_debug_pa(void)
{
    Fixture f;
    DmaDesc desc = fill(IOVA + 0x80, 1);

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    field_set(desc.w, IDMA_D_DEBUG_PA, 1);
    g_assert_cmphex(dma_do(f.m, desc).pa, ==, f.pa + 0x80);
    stop(&f);
}

static void test_zero_read(void)
{
    Fixture f;

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    assert_status(dma_do(f.m, dma_make(IDMA_OP_ZERO_READ, IOVA, 0)), IDMA_STATUS_OK);
    assert_status(dma_do(f.m, dma_make(IDMA_OP_ZERO_READ, IOVA + 4096, 0)), IDMA_STATUS_ABORTED);
    stop(&f);
}

/* ---- ATS ------------------------------------------------------------------------------------ */

static void test_ats_request(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(dma_make(IDMA_OP_ATS_REQUEST, IOVA, 4096), 1);
    DmaCompletion c;

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, false);
    field_set(desc.w, IDMA_D_DEBUG_PA, 1);
    c = dma_do(f.m, desc);
    assert_status(c, IDMA_STATUS_OK);
    g_assert_cmphex(c.pa, ==, f.pa);
    g_assert_cmpuint(field_get(&c.value, IDMA_V_ATS_R), ==, 1);
    g_assert_cmpuint(field_get(&c.value, IDMA_V_ATS_W), ==, 0);
    g_assert_cmpuint(field_get(&c.value, IDMA_V_ATS_LG2), ==, 12);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_USED), ==, 1);
    stop(&f);
}

static void test_atc_hit(void)
{
    Fixture f;

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    for (int i = 1; i <= 5; i++) {
        assert_status(dma_do(f.m, with_pasid(by_atc(fill(IOVA, i), false), 1)), IDMA_STATUS_OK);
    }
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 5);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_LOOKUPS), ==, 5);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_HITS), ==, 4);
    stop(&f);
}

static void test_atc_replacement(void)
{
    Fixture f;
    DmaDesc desc = by_atc(fill(IOVA, 1), false);

    if (!start(&f, "atc-entries=4")) {
        return;
    }
    for (int i = 0; i < 5; i++) {
        di_map(f.di, DI_NO_PASID, IOVA + 4096 * i, f.pa, true);
    }
    /* Five pages in turn through four entries: least recently used never hits. */
    dma_set_strided(&desc, 20, 4096, 5 * 4096);
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_USED), ==, 4);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_HITS), ==, 0);
    /* Four pages: all but the first four hit. */
    dma_write(&f.m->dma, IDMA_CTRL, reg_make(IDMA_CTRL_ATC_FLUSH, 1));
    dma_set_strided(&desc, 20, 4096, 4 * 4096);
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_HITS), ==, 16);
    stop(&f);
}

static void test_atc_no_right(void)
{
    Fixture f;

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, false);
    assert_status(dma_do(f.m, with_pasid(by_atc(fill(IOVA, 1), false), 1)), IDMA_STATUS_DENIED);
    assert_status(dma_do(f.m, with_pasid(by_atc(dma_make_read(IOVA, 8, 0), false), 1)),
                  IDMA_STATUS_OK);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 0);
    stop(&f);
}

static void test_atc_invalidate(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(by_atc(fill(IOVA, 7), false), 1);

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    di_map(f.di, 2, IOVA, f.pb, true);
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    assert_status(dma_do(f.m, with_pasid(by_atc(fill(IOVA, 8), false), 2)), IDMA_STATUS_OK);
    di_unmap(f.di, 1, IOVA);
    g_assert_true(di_invalidate_device(f.di, 1, IOVA));
    assert_status(dma_do(f.m, desc), IDMA_STATUS_DENIED);
    /* The other PASID's entry stays. */
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_USED), ==, 1);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_DROPPED), ==, 1);
    stop(&f);
}

static void test_atc_invalidate_all(void)
{
    Fixture f;
    DmaDesc desc = by_atc(fill(IOVA, 7), false);

    if (!start(&f, NULL)) {
        return;
    }
    for (int i = 0; i < 8; i++) {
        di_map(f.di, DI_NO_PASID, IOVA + 4096 * i, f.pa, true);
    }
    dma_set_strided(&desc, 8, 4096, 0);
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_USED), ==, 8);
    g_assert_true(di_invalidate_device(f.di, DI_NO_PASID, 0));
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_USED), ==, 0);
    stop(&f);
}

/* A device that ignores invalidations goes on with what it had. */
static void test_atc_ignore(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(by_atc(fill(IOVA, 9), false), 1);

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    dma_write(&f.m->dma, IDMA_ATC_MODE, IDMA_ATC_IGNORE);
    di_unmap(f.di, 1, IOVA);
    g_assert_true(di_invalidate_device(f.di, 1, IOVA));
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    stop(&f);
}

/* One that never answers makes the queue report a time-out. */
static void test_atc_mute(void)
{
    Fixture f;

    if (!start(&f, NULL)) {
        return;
    }
    dma_write(&f.m->dma, IDMA_ATC_MODE, IDMA_ATC_MUTE);
    g_assert_false(di_invalidate_device(f.di, 1, IOVA));
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_INVALIDATIONS), ==, 1);
    stop(&f);
}

static void test_atc_hold(void)
{
    Fixture f;

    if (!start(&f, NULL)) {
        return;
    }
    dma_write(&f.m->dma, IDMA_ATC_MODE, IDMA_ATC_HOLD);
    di_invalidate_device_begin(f.di, 1, IOVA);
    g_assert_false(di_invalidate_device_done(f.di));
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_HELD), ==, 1);
    dma_write(&f.m->dma, IDMA_CTRL, reg_make(IDMA_CTRL_INV_ANSWER, 1));
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_HELD), ==, 0);
    g_assert_true(di_invalidate_device_done(f.di));
    stop(&f);
}

static void test_atc_disabled(void)
{
    Fixture f;

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, DI_NO_PASID, IOVA, f.pa, true);
    assert_status(dma_do(f.m, by_atc(fill(IOVA, 1), false)), IDMA_STATUS_OK);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_USED), ==, 1);
    dma_enable_ats(f.m, false);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_ATC_USED), ==, 0);
    assert_status(dma_do(f.m, by_atc(fill(IOVA, 1), false)), IDMA_STATUS_NOT_ENABLED);
    stop(&f);
}

/* ---- PRI ------------------------------------------------------------------------------------ */

static DiPageRequest take_request(Fixture *f)
{
    DiPageRequest req;

    g_assert_true(di_page_request(f->di, &req));
    return req;
}

static void test_pri_page_in(void)
{
    Fixture f;
    DiPageRequest req;
    DmaCompletion c;

    if (!start(&f, NULL)) {
        return;
    }
    start_until(&f, with_pasid(by_atc(fill(IOVA + 8, 3), true), 1), IDMA_WAIT_PAGE);
    req = take_request(&f);
    g_assert_cmphex(req.addr, ==, IOVA);
    g_assert_cmpuint(req.pasid, ==, 1);
    g_assert_true(req.w && !req.r && req.last);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_PRI_OUTSTANDING), ==, 1);
    di_map(f.di, 1, IOVA, f.pa, true);
    di_respond(f.di, &req, 0);
    c = finish(&f);
    assert_status(c, IDMA_STATUS_OK);
    g_assert_true(c.paged);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa + 8), ==, 3);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_PRI_OUTSTANDING), ==, 0);
    stop(&f);
}

static void test_pri_no_progress(void)
{
    Fixture f;
    int answers = 0;

    if (!start(&f, NULL)) {
        return;
    }
    /* Success, again and again, with no page: the device gives up. */
    start_until(&f, with_pasid(by_atc(fill(IOVA, 3), true), 1), IDMA_WAIT_PAGE);
    while (dma_ch_state(&f.m->dma, 0) == IDMA_CH_BUSY) {
        DiPageRequest req;

        if (di_page_request(f.di, &req)) {
            di_respond(f.di, &req, 0);
            answers++;
        }
        g_assert_cmpint(answers, <=, 16);
    }
    assert_status(finish(&f), IDMA_STATUS_DENIED);
    stop(&f);
}

static void check_pri_response(unsigned code, uint8_t status, uint16_t pri_status)
{
    Fixture f;
    DiPageRequest req;
    unsigned cap;

    if (!start(&f, NULL)) {
        return;
    }
    cap = dma_cfg_ext_cap(f.m, 0, PCI_EXT_CAP_ID_PRI);
    start_until(&f, with_pasid(by_atc(fill(IOVA, 3), true), 1), IDMA_WAIT_PAGE);
    req = take_request(&f);
    di_respond(f.di, &req, code);
    assert_status(finish(&f), status);
    g_assert_cmphex(dma_cfg_read(f.m, 0, cap + PCI_PRI_STATUS, 2), ==,
                    pri_status | PCI_PRI_STATUS_PASID);
    stop(&f);
}

static void test_pri_invalid(void)
{
    check_pri_response(1, IDMA_STATUS_PRI_INVALID, 0);
}

static void test_pri_failure(void)
{
    check_pri_response(15, IDMA_STATUS_PRI_FAILURE, PCI_PRI_STATUS_RF);
}

static void test_pri_group(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(dma_make_page_request(IOVA, 77, true, true, true), 1);
    DiPageRequest req;
    DmaCompletion c;

    if (!start(&f, NULL)) {
        return;
    }
    field_set(desc.w, IDMA_D_COUNT, 3);
    start_until(&f, desc, IDMA_WAIT_PAGE);
    for (int i = 0; i < 3; i++) {
        req = take_request(&f);
        g_assert_cmphex(req.addr, ==, IOVA + 4096 * i);
        g_assert_cmpuint(req.prgi, ==, 77);
        g_assert_true(req.r && req.w);
        g_assert_true(req.last == (i == 2));
    }
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_PRI_OUTSTANDING), ==, 3);
    di_respond(f.di, &req, 0);
    c = finish(&f);
    assert_status(c, IDMA_STATUS_OK);
    g_assert_cmpuint(field_get(&c.value, IDMA_V_PRGI), ==, 77);
    g_assert_cmpuint(field_get(&c.value, IDMA_V_PR_CODE), ==, 0);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_PRI_OUTSTANDING), ==, 0);
    stop(&f);
}

static void test_pri_limit(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(dma_make_page_request(IOVA, 1, true, false, false), 1);
    DmaCompletion c;

    if (!start(&f, NULL)) {
        return;
    }
    dma_cfg_write(f.m, 0, dma_cfg_ext_cap(f.m, 0, PCI_EXT_CAP_ID_PRI) + PCI_PRI_ALLOC_REQ, 2, 4);
    field_set(desc.w, IDMA_D_COUNT, 3);
    c = dma_do(f.m, desc);
    assert_status(c, IDMA_STATUS_PRI_LIMIT);
    g_assert_cmpuint(c.done, ==, 2);
    stop(&f);
}

/* With one request allocated, a second access waits until the first is answered. */
static void test_pri_credit(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(by_atc(fill(IOVA, 3), true), 1);
    DiPageRequest req;

    if (!start(&f, NULL)) {
        return;
    }
    dma_cfg_write(f.m, 0, dma_cfg_ext_cap(f.m, 0, PCI_EXT_CAP_ID_PRI) + PCI_PRI_ALLOC_REQ, 1, 4);
    dma_set_strided(&desc, 2, 4096, 0);
    field_set(desc.w, IDMA_D_FLIGHT, 2);
    start_until(&f, desc, IDMA_WAIT_PAGE);
    req = take_request(&f);
    g_assert_false(di_page_request(f.di, &(DiPageRequest) { 0 }));
    di_map(f.di, 1, IOVA, f.pa, true);
    di_map(f.di, 1, IOVA + 4096, f.pb, true);
    di_respond(f.di, &req, 0);
    while (dma_ch_state(&f.m->dma, 0) == IDMA_CH_BUSY) {
        if (di_page_request(f.di, &req)) {
            g_assert_cmphex(req.addr, ==, IOVA + 4096);
            di_respond(f.di, &req, 0);
        }
    }
    assert_status(finish(&f), IDMA_STATUS_OK);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pb), ==, 3);
    stop(&f);
}

static void test_pri_stop_marker(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(dma_make(IDMA_OP_STOP_MARKER, 0, 0), 5);
    DiPageRequest req;

    if (!start(&f, NULL)) {
        return;
    }
    assert_status(dma_do(f.m, desc), IDMA_STATUS_OK);
    req = take_request(&f);
    g_assert_cmpuint(req.pasid, ==, 5);
    g_assert_true(req.last && !req.r && !req.w);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_PRI_OUTSTANDING), ==, 0);
    stop(&f);
}

static void test_pri_flr(void)
{
    Fixture f;
    DiPageRequest req;

    if (!start(&f, NULL)) {
        return;
    }
    start_until(&f, with_pasid(by_atc(fill(IOVA, 3), true), 1), IDMA_WAIT_PAGE);
    req = take_request(&f);
    dma_flr(f.m);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_PRI_OUTSTANDING), ==, 0);
    g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_IDLE);
    /* The answer to what is forgotten does no harm. */
    di_map(f.di, 1, IOVA, f.pa, true);
    di_respond(f.di, &req, 0);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 0);
    stop(&f);
}

/* A ring that is not in memory yet is paged in, like anything else. */
static void test_pri_ring(void)
{
    Fixture f;
    DmaDesc desc = with_pasid(fill(IOVA, 42), 1);
    uint64_t attr = reg_make(IDMA_D_PASID_EN, 1) | reg_make(IDMA_D_PASID, 1) |
                    reg_make(IDMA_D_AT, IDMA_AT_ATC) | reg_make(IDMA_D_PAGE, 1);
    DiPageRequest req;
    DmaCompletion c;
    DmaRing r;

    if (!start(&f, NULL)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    dma_ring_init(&r, &f.m->dma, &f.m->mem, 0, 3, 1ull << 40, attr);
    dma_ring_put(&r, &desc);
    dma_ring_ring(&r);
    for (int i = 0; i < 2; i++) {
        while (!di_page_request(f.di, &req)) {
            g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_BUSY);
        }
        g_assert_cmphex(req.addr, ==, (i ? r.cmpl : r.base) + (1ull << 40));
        di_map(f.di, 1, req.addr, i ? r.cmpl : r.base, true);
        di_respond(f.di, &req, 0);
    }
    g_assert_true(dma_ring_take(&r, &c));
    assert_status(c, IDMA_STATUS_OK);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 42);
    stop(&f);
}

/* ---- stalls (SMMUv3) ------------------------------------------------------------------------ */

static bool start_stalled(Fixture *f)
{
    DiFault fault;

    if (!start(f, NULL)) {
        return false;
    }
    if (!di_enable_stall(f->di, 1)) {
        g_test_skip("VT-d does not stall");
        stop(f);
        return false;
    }
    start_until(f, with_pasid(fill(IOVA, 3), 1), IDMA_WAIT_STALL);
    g_assert_true(di_fault(f->di, &fault));
    g_assert_cmphex(fault.addr, ==, IOVA);
    return true;
}

static void test_stall_retry(void)
{
    Fixture f;
    DmaCompletion c;

    if (!start_stalled(&f)) {
        return;
    }
    di_map(f.di, 1, IOVA, f.pa, true);
    di_resume(f.di, true);
    c = finish(&f);
    assert_status(c, IDMA_STATUS_STALLED_OK);
    g_assert_true(c.stalled);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 3);
    g_assert_cmpuint(dma_ch_read(&f.m->dma, 0, IDMA_CH_STAT_STALLS), ==, 1);
    stop(&f);
}

static void test_stall_abort(void)
{
    Fixture f;
    DmaCompletion c;

    if (!start_stalled(&f)) {
        return;
    }
    di_resume(f.di, false);
    c = finish(&f);
    assert_status(c, IDMA_STATUS_ABORTED);
    g_assert_true(c.stalled);
    stop(&f);
}

static void test_stall_flr(void)
{
    Fixture f;

    if (!start_stalled(&f)) {
        return;
    }
    dma_flr(f.m);
    di_map(f.di, 1, IOVA, f.pa, true);
    di_resume(f.di, true);
    g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_IDLE);
    g_assert_cmphex(gmem_read64(&f.m->mem, f.pa), ==, 0);
    stop(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/iommu-dma-ats/path", test_path);
    qtest_add_func("/iommu-dma-ats/port-off", test_port_off);
    qtest_add_func("/iommu-dma-ats/debug-pa", test_debug_pa);
    qtest_add_func("/iommu-dma-ats/zero-read", test_zero_read);
    qtest_add_func("/iommu-dma-ats/pasid/isolation", test_pasid_isolation);
    qtest_add_func("/iommu-dma-ats/pasid/forced", test_pasid_forced);
    qtest_add_func("/iommu-dma-ats/atc/request", test_ats_request);
    qtest_add_func("/iommu-dma-ats/atc/hit", test_atc_hit);
    qtest_add_func("/iommu-dma-ats/atc/replacement", test_atc_replacement);
    qtest_add_func("/iommu-dma-ats/atc/no-right", test_atc_no_right);
    qtest_add_func("/iommu-dma-ats/atc/invalidate", test_atc_invalidate);
    qtest_add_func("/iommu-dma-ats/atc/invalidate-all", test_atc_invalidate_all);
    qtest_add_func("/iommu-dma-ats/atc/ignore", test_atc_ignore);
    qtest_add_func("/iommu-dma-ats/atc/mute", test_atc_mute);
    qtest_add_func("/iommu-dma-ats/atc/hold", test_atc_hold);
    qtest_add_func("/iommu-dma-ats/atc/disabled", test_atc_disabled);
    qtest_add_func("/iommu-dma-ats/pri/page-in", test_pri_page_in);
    qtest_add_func("/iommu-dma-ats/pri/no-progress", test_pri_no_progress);
    qtest_add_func("/iommu-dma-ats/pri/invalid", test_pri_invalid);
    qtest_add_func("/iommu-dma-ats/pri/failure", test_pri_failure);
    qtest_add_func("/iommu-dma-ats/pri/group", test_pri_group);
    qtest_add_func("/iommu-dma-ats/pri/limit", test_pri_limit);
    qtest_add_func("/iommu-dma-ats/pri/credit", test_pri_credit);
    qtest_add_func("/iommu-dma-ats/pri/stop-marker", test_pri_stop_marker);
    qtest_add_func("/iommu-dma-ats/pri/flr", test_pri_flr);
    qtest_add_func("/iommu-dma-ats/pri/ring", test_pri_ring);
    qtest_add_func("/iommu-dma-ats/stall/retry", test_stall_retry);
    qtest_add_func("/iommu-dma-ats/stall/abort", test_stall_abort);
    qtest_add_func("/iommu-dma-ats/stall/flr", test_stall_flr);
    return g_test_run();
}

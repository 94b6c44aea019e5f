/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On a clock: invalidations drain what is under way, waits come after it, records and events appear
 * at their cycle (6.5.4, 5.1.7, docs/timing.rst).
 */
#include "fixture.h"
#include "hw/iommu/timed.h"

#define FOREVER 1000000u

typedef struct Clock {
    IommuTimed *t;
    uint64_t done_cycle; /* of the last request that finished */
    unsigned done;
} Clock;

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    Clock *c = opaque;

    (void)cookie;
    c->done++;
    c->done_cycle = cycle;
}

static const IommuTimedOps timed_ops = { .done = on_done };

/* A unit must be fresh to be put on a clock; the scenes then run on it. */
static void start(Fix *f, Clock *c, void (*scene)(Fix *))
{
    *c = (Clock) { .t = iommu_timed_new(f->m, &iommu_timing_standard, &timed_ops, c) };
    g_assert_nonnull(c->t);
    scene(f);
}

static void run_bus(void *opaque)
{
    Fix *f = opaque;

    iommu_timed_run_until(f->m->timed, iommu_timed_now(f->m->timed) + 1);
}

static void clocked(Fix *f, Clock *c, void (*scene)(Fix *))
{
    f->bus.wait = run_bus;
    start(f, c, scene);
}

static IommuResult submit(Fix *f, Clock *c, uint64_t addr)
{
    IommuTxn t = fix_txn(addr, true);
    IommuResult res;

    t.arrival = iommu_timed_now(c->t);
    iommu_timed_submit(c->t, &t, &res);
    (void)f;
    return res;
}

/* Cycle at which the word at @addr becomes non-zero. */
static uint64_t when_written(Fix *f, Clock *c, uint64_t addr)
{
    for (unsigned i = 0; i < FOREVER; i++) {
        if (gmem_read32(&f->mem, addr)) {
            return iommu_timed_now(c->t);
        }
        run_bus(f);
    }
    g_assert_not_reached();
}

static void finish(Fix *f, Clock *c)
{
    iommu_timed_free(c->t);
    f->bus.wait = NULL;
}

static void wait_drains_requests(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16), written;
    IommuResult res;
    Clock c;

    clocked(f, &c, scene_nested);
    res = submit(f, &c, IOVA);
    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_OK);
    vtd_driver_push(&f->drv, vtd_make_iotlb_domain(DID));
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 1));
    g_assert_cmpuint(gmem_read32(&f->mem, at), ==, 0);
    written = when_written(f, &c, at);
    /* A cold nested walk takes long; the wait came after it. */
    g_assert_cmpuint(c.done, ==, 1);
    g_assert_cmpuint(written, >=, c.done_cycle);
    g_assert_cmpuint(c.done_cycle, >, 1000);
    finish(f, &c);
}

static void wait_alone_is_quick(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16), begin;
    Clock c;

    clocked(f, &c, scene_nested);
    begin = iommu_timed_now(c.t);
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 1));
    g_assert_cmpuint(when_written(f, &c, at) - begin, <, 1000);
    finish(f, &c);
}

static void requests_after_the_wait_see_the_change(Fix *f)
{
    IommuResult res;
    Clock c;

    clocked(f, &c, scene_ss);
    submit(f, &c, IOVA);
    vtd_pages_unmap(&f->ss, IOVA);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iotlb_page(DID, IOVA, 0, false)));
    res = submit(f, &c, IOVA);
    g_assert_cmphex(res.fault, ==, VTD_FAULT_SSS_2);
    finish(f, &c);
}

static void records_have_their_cycle(Fix *f)
{
    Clock c;
    IommuResult res;

    clocked(f, &c, scene_ss);
    fix_event_to(f, VTD_REG_FECTL, 0xfee01000, 0x41);
    res = submit(f, &c, HOLE);
    g_assert_cmphex(res.fault, ==, VTD_FAULT_SSS_2);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FSTS), ==, 0); /* the walk is still under way */
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    iommu_timed_run_until(c.t, iommu_timed_now(c.t) + FOREVER);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FSTS), ==, 2);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    fix_assert_record(f, VTD_FAULT_SSS_2);
    finish(f, &c);
}

/* Two records find room in the FIFO; those of a client that waits for nothing take no time then. */
static void records_are_bounded(Fix *f)
{
    IommuTiming timing = iommu_timing_standard;
    IommuTxn t = fix_txn(HOLE, true);
    IommuResult res;
    Clock c = { 0 };

    timing.record_slots = 2;
    f->bus.wait = run_bus;
    c.t = iommu_timed_new(f->m, &timing, &timed_ops, &c);
    g_assert_nonnull(c.t);
    scene_ss(f);
    for (unsigned i = 0; i < 4; i++) {
        iommu_translate(f->m, &t, &res);
        g_assert_cmphex(res.fault, ==, VTD_FAULT_SSS_2);
        g_assert_cmpuint(sched_active(iommu_timed_sched(c.t), IOMMU_JOB_RECORD), <=, 2);
    }
    g_assert_cmpuint(f->m->counters.events, ==, 2);
    iommu_timed_run_until(c.t, iommu_timed_now(c.t) + FOREVER);
    g_assert_cmpuint(f->m->counters.events, ==, 4);
    g_assert_false(reg_get(fix_reg32(f, VTD_REG_FSTS), VTD_FSTS_PFO));
    finish(f, &c);
}

static void fault_before_wait(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);
    Clock c;

    clocked(f, &c, scene_ss);
    submit(f, &c, HOLE);
    vtd_driver_push(&f->drv, vtd_make_iotlb_global());
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 1));
    when_written(f, &c, at);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FSTS) & 2, ==, 2);
    finish(f, &c);
}

static void same_answers_off_the_clock(Fix *f)
{
    IommuResult timed[40], plain;
    IommuTxn t;
    Clock c;

    clocked(f, &c, scene_nested);
    for (unsigned i = 0; i < 40; i++) {
        timed[i] = submit(f, &c, IOVA + i * PAGE / 2);
    }
    finish(f, &c);
    fix_flush(f);
    for (unsigned i = 0; i < 40; i++) {
        t = fix_txn(IOVA + i * PAGE / 2, true);
        plain = fix_do(f, &t);
        g_assert_cmpuint(plain.status, ==, timed[i].status);
        g_assert_cmphex(plain.pa, ==, timed[i].pa);
        g_assert_cmphex(plain.fault, ==, timed[i].fault);
    }
}

/* Whoever mirrors everything looks once a batch, before its wait completes; or when it is over. */
static void one_notice_a_batch(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);
    Clock c;

    clocked(f, &c, scene_ss);
    f->m->ops->watch(f->m, RID, true);
    for (unsigned i = 0; i < 8; i++) {
        vtd_driver_push(&f->drv, vtd_make_iotlb_domain(DID));
    }
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 1));
    when_written(f, &c, at);
    g_assert_cmpuint(f->ram.unmap_count, >=, 1);
    g_assert_cmpuint(f->ram.unmap_count, <=, 2);
    finish(f, &c);
}

static void notice_without_wait(Fix *f)
{
    Clock c;

    clocked(f, &c, scene_ss);
    f->m->ops->watch(f->m, RID, true);
    vtd_driver_push(&f->drv, vtd_make_iotlb_domain(DID));
    for (unsigned i = 0; i < 2000; i++) {
        run_bus(f);
    }
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
    finish(f, &c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/vtd/timed/I5-wait-drains-requests", wait_drains_requests);
    fix_add_profiles("/vtd/timed/I5-wait-alone", wait_alone_is_quick);
    fix_add_profiles("/vtd/timed/I5-requests-after-the-wait",
                     requests_after_the_wait_see_the_change);
    fix_add_profiles("/vtd/timed/F5-records", records_have_their_cycle);
    fix_add_profiles("/vtd/timed/F3-records-are-bounded", records_are_bounded);
    fix_add_profiles("/vtd/timed/I3-fault-before-wait", fault_before_wait);
    fix_add_profiles("/vtd/timed/same-answers", same_answers_off_the_clock);
    fix_add("/vtd/timed/one-notice-a-batch", one_notice_a_batch);
    fix_add("/vtd/timed/notice-without-wait", notice_without_wait);
    return g_test_run();
}

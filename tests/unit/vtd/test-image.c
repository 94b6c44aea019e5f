/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that earlier programs saved are loaded, and nothing of them is lost
 * (docs/devel/migration.rst). The scenes are those that the kept images were made of.
 */
#include "fixture.h"
#include "../image.h"
#include "hw/iommu/timed.h"

#include <stdlib.h>

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    (void)opaque;
    (void)cookie;
    (void)cycle;
}

static const IommuTimedOps timed_ops = { .done = on_done };

static void run_bus(void *opaque)
{
    Fix *f = opaque;

    iommu_timed_run_until(f->m->timed, iommu_timed_now(f->m->timed) + 1);
}

static IommuStateWriter save(Fix *f)
{
    IommuStateWriter w = { 0 };

    f->m->ops->save(f->m, &w);
    if (f->m->timed) {
        iommu_timed_save(f->m->timed, &w);
    }
    g_assert_false(w.failed);
    return w;
}

/* Load the kept image into a unit as it is after reset, and look what it saves then. */
static void check(Fix *f, const char *name)
{
    IommuStateWriter kept = image_read(name), now;
    IommuStateReader r = image_reader(&kept);

    f->m->ops->reset(f->m);
    g_assert_true(f->m->ops->load(f->m, &r));
    if (f->m->timed) {
        g_assert_true(iommu_timed_load(f->m->timed, &r));
    }
    g_assert_cmpuint(iommu_state_left(&r), ==, 0);
    now = save(f);
    image_assert_holds(&now, &kept);
    free(now.data);
    free(kept.data);
}

/* A fault that nobody took, an invalidation without answer, and a wait that hangs on it. */
static void kept(Fix *f)
{
    IommuStateWriter w;
    uint64_t at = gmem_alloc(&f->mem, 16, 16);

    scene_fs(f);
    fix_read(f, HOLE);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 9));
    w = save(f);
    image_offer(&w, "vtd-1.txt");
    free(w.data);
    check(f, "vtd-1.txt");
    fix_assert_record(f, VTD_FAULT_SFS_2);
}

/* Requests and a fault under way. */
static void kept_timed(Fix *f)
{
    IommuTimed *t;
    IommuStateWriter w;
    IommuResult res;

    t = iommu_timed_new(f->m, &iommu_timing_standard, &timed_ops, NULL);
    g_assert_nonnull(t);
    f->bus.wait = run_bus;
    scene_fs(f);
    for (unsigned i = 0; i < 4; i++) {
        IommuTxn txn = fix_txn(i == 3 ? HOLE : IOVA + i * PAGE, false);

        txn.cookie = i + 1;
        txn.arrival = iommu_timed_now(t) + i;
        iommu_timed_submit(t, &txn, &res);
    }
    vtd_driver_push(&f->drv, vtd_make_context_global());
    iommu_timed_run_until(t, iommu_timed_now(t) + 20);
    w = save(f);
    image_offer(&w, "vtd-timed-1.txt");
    free(w.data);
    iommu_timed_reset(t);
    check(f, "vtd-timed-1.txt");
    f->bus.wait = NULL;
    iommu_timed_free(t);
}

/* What nobody takes is noticed. */
static void unknown_item(Fix *f)
{
    uint32_t value = 1;
    IommuStateWriter w = save(f);
    IommuStateReader r;

    iommu_state_put(&w, "later", &value, 4, 1);
    r = image_reader(&w);
    g_assert_true(f->m->ops->load(f->m, &r));
    g_assert_cmpuint(iommu_state_left(&r), ==, 1);
    free(w.data);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_config("/vtd/image/kept", "spr", NULL, kept);
    fix_add_config("/vtd/image/kept-timed", "spr", NULL, kept_timed);
    fix_add("/vtd/image/unknown-item", unknown_item);
    return g_test_run();
}

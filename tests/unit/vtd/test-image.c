/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that earlier programs saved are loaded, and nothing of them is lost
 * (docs/devel/migration.rst). The scenes are those that the kept images were made of.
 */
#include "fixture.h"
#include "../image.h"

static void run_bus(void *opaque)
{
    Fix *f = opaque;

    iommu_timed_run_until(f->m->timed, iommu_timed_now(f->m->timed) + 1);
}

/* A fault that nobody took, an invalidation without answer, and a wait that hangs on it. */
static void kept(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);

    scene_fs(f);
    fix_read(f, HOLE);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 9));
    image_check(f->m, "vtd-1.txt");
    fix_assert_record(f, VTD_FAULT_SFS_2);
}

/* Requests and a fault under way. */
static void kept_timed(Fix *f)
{
    IommuTimed *t;

    t = image_start_clock(f->m);
    f->bus.wait = run_bus;
    scene_fs(f);
    for (unsigned i = 0; i < 4; i++) {
        image_submit(t, fix_txn(i == 3 ? HOLE : IOVA + i * PAGE, false), i);
    }
    vtd_driver_push(&f->drv, vtd_make_context_global());
    iommu_timed_run_until(t, iommu_timed_now(t) + 20);
    image_check(f->m, "vtd-timed-1.txt");
    f->bus.wait = NULL;
    iommu_timed_free(t);
}

/* What nobody takes is noticed. */
static void unknown_item(Fix *f)
{
    image_check_unknown_item(f->m, "later");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_config("/vtd/image/kept", "spr", NULL, kept);
    fix_add_config("/vtd/image/kept-timed", "spr", NULL, kept_timed);
    fix_add("/vtd/image/unknown-item", unknown_item);
    return g_test_run();
}

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

/*
 * Something of everything: a stall, records nobody took, an invalidation without answer, counters.
 */
static void make_state(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, true);

    scene_stage1(f);
    access_at(f, VA_HOLE, false);
    cd_put_field(f, CD_S, 1);
    t.cookie = 9;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_STALLED);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    smmu_driver_push(&f->drv, smmu_make_sync(SYNC_CS_NONE));
    wr(f, SMMU_IRQ_CTRL, field_mask(IRQ_CTRL_EVENTQ_IRQEN));
}

static void test_image(Fix *f)
{

    make_state(f);
    image_check(f->m, "smmuv3-1.txt");
    /* The stall that was saved is there: its answer is told. */
    ramhost_forget(&f->ram);
    f->m->ops->reset(f->m);
    g_assert_cmpuint(f->ram.stall_count, ==, 1);
    g_assert_cmpuint(f->ram.stalls[0].cookie, ==, 9);
}

/* Requests, a record and a command under way. */
static void test_timed_image(Fix *f)
{
    IommuTimed *t;

    f->m->ops->reset(f->m);
    t = image_start_clock(f->m);
    f->bus.wait = run_bus;
    g_assert_true(smmu_driver_start(&f->drv, &f->streams));
    scene_stage1(f);
    for (unsigned i = 0; i < 4; i++) {
        image_submit(t, txn_at(i == 3 ? VA_HOLE : VA + i * PAGE, false), i);
    }
    smmu_driver_push(&f->drv, smmu_make_tlbi_nsnh_all());
    iommu_timed_run_until(t, iommu_timed_now(t) + 20);
    image_check(f->m, "smmuv3-timed-1.txt");
    f->bus.wait = NULL;
    iommu_timed_free(t);
}

/* What nobody takes is noticed. */
static void test_unknown_item(Fix *f)
{
    image_check_unknown_item(f->m, "smmuv3.later");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_config("/smmuv3/image/kept", "mmu700", NULL, test_image);
    fix_add_config("/smmuv3/image/kept-timed", "mmu700", NULL, test_timed_image);
    fix_add("/smmuv3/image/unknown-item", test_unknown_item);
    return g_test_run();
}

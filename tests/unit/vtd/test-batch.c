/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long batches of invalidations (VT-d 5.10, 6.5.2): one doorbell does a bounded amount of work, and
 * whoever mirrors mappings is told what a whole batch changed before its wait descriptor completes.
 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#define MANY 5000u

static IommuHostOps changed_ops;

/* The host, less or other than the array offers. */
static IommuHostOps *change_host(Fix *f)
{
    changed_ops = *f->m->host.ops;
    f->m->host.ops = &changed_ops;
    return &changed_ops;
}

/* Descriptors into the queue, no doorbell yet. */
static void put(Fix *f, VtdDescWords d)
{
    unsigned bytes = f->drv.wide ? 32 : 16;

    gmem_write_words(&f->mem, f->drv.queue + f->drv.tail, d.w, bytes / 8);
    f->drv.tail = (f->drv.tail + bytes) & ((4096u << f->drv.qs) - 1);
}

static void ring(Fix *f)
{
    fix_set32(f, VTD_REG_IQT, f->drv.tail);
}

static uint32_t head(Fix *f)
{
    return fix_reg64(f, VTD_REG_IQH);
}

/* MANY descriptors and a wait that writes @at. */
static void put_many(Fix *f, VtdDescWords d, uint64_t at)
{
    for (unsigned i = 0; i < MANY; i++) {
        put(f, d);
    }
    put(f, vtd_make_wait_status(at, 1));
}

static uint64_t start_long_queue(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);

    f->drv.qs = 7;
    scene_legacy(f);
    return at;
}

static void doorbell_is_bounded(Fix *f)
{
    uint64_t at = start_long_queue(f), commands = f->m->counters.commands;
    unsigned turns = 0;

    put_many(f, vtd_make_iotlb_domain(DID), at);
    ring(f);
    g_assert_cmpuint(f->m->counters.commands - commands, <, MANY / 2);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 0);
    for (; head(f) != f->drv.tail; turns++) {
        g_assert_cmpuint(f->ram.wakes, ==, turns + 1);
        g_assert_cmpuint(turns, <, 100);
        f->m->ops->run_until(f->m, f->ram.now);
    }
    g_assert_cmpuint(turns, >=, 2);
    g_assert_cmpuint(f->ram.wakes, ==, turns);
    g_assert_cmpuint(f->m->counters.commands - commands, ==, MANY + 1);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 1);
}

static void without_wake_all_at_once(Fix *f)
{
    uint64_t at = start_long_queue(f);

    change_host(f)->wake = NULL;
    put_many(f, vtd_make_iotlb_domain(DID), at);
    ring(f);
    g_assert_cmphex(head(f), ==, f->drv.tail);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 1);
}

static void disabled_amid(Fix *f)
{
    uint64_t at = start_long_queue(f), commands;

    put_many(f, vtd_make_iotlb_domain(DID), at);
    ring(f);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_QIE, false));
    commands = f->m->counters.commands;
    f->m->ops->run_until(f->m, f->ram.now);
    g_assert_cmpuint(f->m->counters.commands, ==, commands);
    g_assert_cmphex(head(f), ==, 0);
}

static void error_ends_it(Fix *f)
{
    uint64_t at = start_long_queue(f), commands;
    uint32_t left;

    put_many(f, vtd_make_iotlb_domain(DID), at);
    ring(f);
    left = head(f);
    gmem_write64(&f->mem, f->drv.queue + left, ~0ull);
    commands = f->m->counters.commands;
    f->m->ops->run_until(f->m, f->ram.now);
    f->m->ops->run_until(f->m, f->ram.now);
    g_assert_cmpuint(f->m->counters.commands, ==, commands);
    g_assert_cmphex(head(f), ==, left);
    g_assert_true(reg_get(vtd_driver_fsts(&f->drv), VTD_FSTS_IQE));
}

static void saved_amid(Fix *f)
{
    uint64_t at = start_long_queue(f);
    IommuStateWriter w = { 0 };
    IommuStateReader r;

    put_many(f, vtd_make_iotlb_domain(DID), at);
    ring(f);
    f->m->ops->save(f->m, &w);
    f->m->ops->reset(f->m);
    f->ram.wakes = 0;
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_true(f->m->ops->load(f->m, &r));
    g_assert_cmpuint(f->ram.wakes, ==, 1);
    for (unsigned i = 0; i < 100 && head(f) != f->drv.tail; i++) {
        f->m->ops->run_until(f->m, f->ram.now);
    }
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 1);
    free(w.data);
}

/* ---- notices ------------------------------------------------------------------------------- */

static uint64_t unmaps_at_write;

static void on_write(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    (void)opaque;
    (void)kind;
    (void)addr;
    (void)n;
    unmaps_at_write = ram->unmap_count;
}

static void one_notice_a_batch(Fix *f)
{
    uint64_t at;

    scene_ss(f);
    at = gmem_alloc(&f->mem, 16, 16);
    f->m->ops->watch(f->m, RID, true);
    for (unsigned i = 0; i < 20; i++) {
        put(f, vtd_make_iotlb_domain(DID));
        put(f, vtd_make_iotlb_global());
    }
    put(f, vtd_make_wait_status(at, 1));
    unmaps_at_write = 0;
    ramhost_hook(&f->ram, on_write, f, RAMHOST_WRITE, 0);
    ring(f);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 1);
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
    g_assert_cmphex(f->ram.unmaps[0].stream, ==, RID);
    g_assert_cmphex(f->ram.unmaps[0].addr, ==, 0);
    g_assert_cmphex(f->ram.unmaps[0].last, ==, ~0ull);
    /* ... which came first */
    g_assert_cmpuint(unmaps_at_write, ==, 1);
}

static void each_wait_has_its_notice(Fix *f)
{
    uint64_t at;

    scene_ss(f);
    at = gmem_alloc(&f->mem, 16, 16);
    f->m->ops->watch(f->m, RID, true);
    for (unsigned i = 0; i < 3; i++) {
        put(f, vtd_make_iotlb_domain(DID));
        put(f, vtd_make_iotlb_domain(DID));
        put(f, vtd_make_wait_status(at, 1));
    }
    ring(f);
    g_assert_cmpuint(f->ram.unmap_count, ==, 3);
}

static void notice_without_wait(Fix *f)
{
    scene_ss(f);
    f->m->ops->watch(f->m, RID, true);
    put(f, vtd_make_iotlb_domain(DID));
    put(f, vtd_make_iotlb_domain(DID));
    ring(f);
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
}

static void ranges_at_once(Fix *f)
{
    scene_ss(f);
    f->m->ops->watch(f->m, RID, true);
    put(f, vtd_make_iotlb_page(DID, IOVA, 0, false));
    put(f, vtd_make_iotlb_page(DID, IOVA + 4 * PAGE, 1, false));
    ring(f);
    g_assert_cmpuint(f->ram.unmap_count, ==, 2);
    g_assert_cmphex(f->ram.unmaps[0].last, ==, IOVA + PAGE - 1);
    g_assert_cmphex(f->ram.unmaps[1].addr, ==, IOVA + 4 * PAGE);
    g_assert_cmphex(f->ram.unmaps[1].last, ==, IOVA + 6 * PAGE - 1);
}

static void range_within_all(Fix *f)
{
    scene_ss(f);
    f->m->ops->watch(f->m, RID, true);
    put(f, vtd_make_iotlb_domain(DID));
    put(f, vtd_make_iotlb_page(DID, IOVA, 0, false));
    ring(f);
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
    g_assert_cmphex(f->ram.unmaps[0].last, ==, ~0ull);
}

static uint64_t unmaps_at_ats;
static Fix *fix;

static IommuAtsInvStatus on_ats(void *opaque, const IommuAtsInv *inv)
{
    (void)opaque;
    (void)inv;
    unmaps_at_ats = fix->ram.unmap_count;
    return IOMMU_ATS_INV_DONE;
}

static void notice_before_device_tlb(Fix *f)
{
    scene_ss(f);
    fix = f;
    change_host(f)->ats_invalidate = on_ats;
    f->m->ops->watch(f->m, RID, true);
    put(f, vtd_make_iotlb_domain(DID));
    put(f, vtd_make_devtlb(RID, 0, 52));
    unmaps_at_ats = 0;
    ring(f);
    g_assert_cmpuint(unmaps_at_ats, ==, 1);
}

static void nobody_watches_any_more(Fix *f)
{
    scene_ss(f);
    f->m->ops->watch(f->m, RID, true);
    f->m->ops->watch(f->m, OTHER_RID, true);
    f->m->ops->watch(f->m, RID, false);
    f->m->ops->watch(f->m, RID, false);
    put(f, vtd_make_iotlb_global());
    ring(f);
    /* OTHER_RID has no context entry, so nothing is mapped for it. */
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
}

/* Each wait gives a notice; they are dear, so a doorbell does fewer descriptors. */
static void notices_are_dear(Fix *f)
{
    uint64_t commands, at;

    f->drv.qs = 7;
    scene_ss(f);
    at = gmem_alloc(&f->mem, 16, 16);
    f->m->ops->watch(f->m, RID, true);
    for (unsigned i = 0; i < 1000; i++) {
        put(f, vtd_make_iotlb_domain(DID));
        put(f, vtd_make_wait_status(at, i + 1));
    }
    commands = f->m->counters.commands;
    ring(f);
    g_assert_cmpuint(f->m->counters.commands - commands, <, 100);
    for (unsigned i = 0; i < 1000 && head(f) != f->drv.tail; i++) {
        f->m->ops->run_until(f->m, f->ram.now);
    }
    g_assert_cmpuint(gmem_read32(&f->mem, at), ==, 1000);
    g_assert_cmpuint(f->ram.unmap_count, ==, 1000);
}

static void streams_once(Fix *f)
{
    scene_ss(f);
    for (unsigned i = 0; i < 10; i++) {
        put(f, vtd_make_context_device(DID, RID, 0));
        put(f, vtd_make_pasid_selective(DID, PASID));
    }
    ring(f);
    g_assert_cmpuint(f->stream_calls, ==, 1);
    g_assert_cmphex(f->stream_ignored, ==, 0xffff);
}

static void streams_together(Fix *f)
{
    scene_ss(f);
    put(f, vtd_make_context_device(DID, 0x0810, 0));
    put(f, vtd_make_context_device(DID, 0x0812, 0));
    put(f, vtd_make_context_device(DID, 0x0810, 1));
    ring(f);
    g_assert_cmpuint(f->stream_calls, ==, 1);
    /* All that were named are among them, others on other buses are not. */
    g_assert_cmphex((f->stream ^ 0x0810) & ~f->stream_ignored, ==, 0);
    g_assert_cmphex((f->stream ^ 0x0812) & ~f->stream_ignored, ==, 0);
    g_assert_cmphex((f->stream ^ 0x0814) & ~f->stream_ignored, ==, 0);
    g_assert_cmphex((f->stream ^ 0x0910) & ~f->stream_ignored, !=, 0);
}

static void reset_owes_nothing(Fix *f)
{
    scene_ss(f);
    f->m->ops->watch(f->m, RID, true);
    f->m->ops->reset(f->m);
    vtd_driver_init(&f->drv, &f->bus, &f->mem);
    ramhost_forget(&f->ram);
    scene_ss(f);
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
    put(f, vtd_make_iotlb_domain(DID));
    ring(f);
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/batch/I3-doorbell-is-bounded", doorbell_is_bounded);
    fix_add("/vtd/batch/I3-without-wake", without_wake_all_at_once);
    fix_add("/vtd/batch/G8-disabled-amid", disabled_amid);
    fix_add("/vtd/batch/I6-error-amid", error_ends_it);
    fix_add("/vtd/batch/I3-saved-amid", saved_amid);
    fix_add("/vtd/batch/I3-one-notice", one_notice_a_batch);
    fix_add("/vtd/batch/I3-each-wait-has-its-notice", each_wait_has_its_notice);
    fix_add("/vtd/batch/I3-notice-without-wait", notice_without_wait);
    fix_add("/vtd/batch/I1-ranges-at-once", ranges_at_once);
    fix_add("/vtd/batch/I1-range-within-all", range_within_all);
    fix_add("/vtd/batch/I4-notice-before-device-tlb", notice_before_device_tlb);
    fix_add("/vtd/batch/I3-nobody-watches", nobody_watches_any_more);
    fix_add("/vtd/batch/I3-notices-are-dear", notices_are_dear);
    fix_add("/vtd/batch/I3-streams-once", streams_once);
    fix_add("/vtd/batch/I3-streams-together", streams_together);
    fix_add("/vtd/batch/R4-reset-owes-nothing", reset_owes_nothing);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be visible when an interrupt arrives (5.2.3, 6.5.2.8, 7.2, 7.4): the interrupt's
 * receiver looks at once.
 */
#include "fixture.h"

#define EVENT_ADDR 0xfee01000ull
#define FRCD0 0x220u

static Fix *fix;
static void (*look)(Fix *f);
static unsigned looks;

static IommuMemStatus on_msi(void *opaque, uint64_t addr, uint32_t data, IommuMemAttr attr,
                             IommuMsiSource source)
{
    (void)opaque;
    (void)addr;
    (void)data;
    (void)attr;
    (void)source;
    looks++;
    look(fix);
    return IOMMU_MEM_OK;
}

/* From now on @fn runs when an interrupt message arrives. */
static void watch_interrupts(Fix *f, void (*fn)(Fix *))
{
    static IommuHostOps ops;

    ops = *f->m->host.ops;
    ops.send_msi = on_msi;
    f->m->host.ops = &ops;
    fix = f;
    look = fn;
    looks = 0;
}

static uint64_t place;

static void see_fault_record(Fix *f)
{
    g_assert_cmphex(fix_reg32(f, VTD_REG_FSTS) & 2, ==, 2);
    g_assert_cmphex(fix_reg32(f, FRCD0 + 12) >> 31, ==, 1);
    g_assert_cmphex(fix_reg64(f, FRCD0), ==, HOLE);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FECTL), ==, 0);
}

static void fault_event(Fix *f)
{
    scene_fs(f);
    fix_event_to(f, VTD_REG_FECTL, EVENT_ADDR, 1);
    watch_interrupts(f, see_fault_record);
    fix_read(f, HOLE);
    g_assert_cmpuint(looks, ==, 1);
}

static void see_wait_status(Fix *f)
{
    g_assert_cmphex(gmem_read32(&f->mem, place), ==, 5);
    g_assert_cmphex(fix_reg32(f, VTD_REG_ICS), ==, 1);
}

static void invalidation_event(Fix *f)
{
    VtdDescWords d;

    place = gmem_alloc(&f->mem, 16, 16);
    scene_fs(f);
    fix_event_to(f, VTD_REG_IECTL, EVENT_ADDR, 1);
    watch_interrupts(f, see_wait_status);
    d = vtd_make_wait_status(place, 5);
    field_set(d.w, VTD_WAIT_IF, 1);
    vtd_driver_push(&f->drv, d);
    g_assert_cmpuint(looks, ==, 1);
}

static void see_page_request(Fix *f)
{
    g_assert_cmphex(gmem_read64(&f->mem, place), !=, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 32);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PRS), ==, 1);
}

static void page_request_event(Fix *f)
{
    IommuPageRequest req = { .addr = HOLE, .stream = RID, .last = true, .r = true };

    place = gmem_alloc(&f->mem, 4096, 4096);
    scene_fs(f);
    fix_set64(f, VTD_REG_PQA, place);
    fix_event_to(f, VTD_REG_PECTL, EVENT_ADDR, 1);
    watch_interrupts(f, see_page_request);
    f->m->ops->page_request(f->m, &req);
    g_assert_cmpuint(looks, ==, 1);
}

static void see_posted(Fix *f)
{
    g_assert_cmphex(gmem_read64(&f->mem, place), ==, 1ull << 0x21);
    g_assert_cmphex(gmem_read64(&f->mem, place + 32) & 1, ==, 1);
}

static void posted_notification(Fix *f)
{
    uint64_t irte[2], pid[8], table = gmem_alloc(&f->mem, 4096, 4096);
    VtdIrRequest req = { .addr = vtd_msi_address(3, false), .sid = RID };
    VtdIrResult res;

    place = gmem_alloc(&f->mem, 64, 64);
    vtd_pid(pid, 0xf2, 1);
    gmem_write_words(&f->mem, place, pid, 8);
    vtd_irte_posted(irte, 0x21, place, false);
    gmem_write_words(&f->mem, table + 3 * 16, irte, 2);
    g_assert_true(vtd_driver_queue(&f->drv, false));
    fix_set64(f, VTD_REG_IRTA, table | 7);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SIRTP, true));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_IRE, true));
    watch_interrupts(f, see_posted);
    g_assert_cmpuint(vtd_remap_interrupt(f->m, &req, &res), ==, VTD_IR_POSTED);
    g_assert_cmpuint(looks, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/order/F3+R7-fault-event", fault_event);
    fix_add("/vtd/order/I3+R7-invalidation-event", invalidation_event);
    fix_add("/vtd/order/P1+R7-page-request-event", page_request_event);
    fix_add_profiles("/vtd/order/N8+N7-posted-notification", posted_notification);
    return g_test_run();
}

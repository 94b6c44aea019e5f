/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nested translation on VT-d: first-stage tables in the program's memory, invalidated by ioctl. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/nested.h"

#define VA 0x700000000ull

typedef struct Stage {
    Bed b;
    NestedParent parent;
    Nested n;
} Stage;

static void open_stage(Stage *s)
{
    bed_open(&s->b, 0, -1);
    nested_parent(&s->parent, &s->b);
    nested_open(&s->n, &s->b, &s->parent, 0, nested_granule());
}

static void user_tables_translate(void)
{
    Stage s;

    open_stage(&s);
    nested_map(&s.n, VA, 3);
    nested_map(&s.n, VA + PAGE, 8);
    CHECK_EQ(bed_write(&s.b, VA, 11), IDMA_STATUS_OK);
    CHECK_EQ(bed_write(&s.b, VA + PAGE, 12), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 3), 11));
    CHECK(page_is(nested_page(&s.parent, 8), 12));
    page_fill(nested_page(&s.parent, 8), 13);
    CHECK_EQ(bed_verify(&s.b, VA + PAGE, 13), IDMA_STATUS_OK);
}

static void large_leaves(void)
{
    Stage s;

    open_stage(&s);
    vtd_pages_map_level(&s.n.pages, VA, NESTED_DATA_GPA, 2, VTD_FS_USER_RW);
    CHECK_EQ(bed_write(&s.b, VA + 300 * PAGE, 21), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 300), 21));
}

static void accessed_and_dirty(void)
{
    uint64_t entry;
    Stage s;

    /* The flags that the walk sets are the program's own, as in a guest's page tables. */
    open_stage(&s);
    nested_map(&s.n, VA, 1);
    CHECK_EQ(bed_verify(&s.b, VA, 0), IDMA_STATUS_OK);
    entry = vtd_pages_get(&s.n.pages, VA);
    CHECK_EQ(reg_get(entry, VTD_FS_A), 1);
    CHECK_EQ(reg_get(entry, VTD_FS_D), 0);
    CHECK_EQ(bed_write(&s.b, VA, 1), IDMA_STATUS_OK);
    entry = vtd_pages_get(&s.n.pages, VA);
    CHECK_EQ(reg_get(entry, VTD_FS_D), 1);
}

static void read_only(void)
{
    Stage s;

    open_stage(&s);
    vtd_pages_map_smallest(&s.n.pages, VA, nested_gpa(1), PAGE, VTD_FS_USER_RO);
    CHECK_EQ(bed_verify(&s.b, VA, 0), IDMA_STATUS_OK);
    CHECK(refused(bed_write(&s.b, VA, 1)));
    CHECK(page_is(nested_page(&s.parent, 1), 0));
}

/* What one form of invalidation must do: the new page after it, either one before. */
static void changed(Stage *s, uint64_t addr, uint64_t pages, uint32_t flags)
{
    struct iommu_hwpt_vtd_s1_invalidate request = {
        .addr = addr,
        .npages = pages,
        .flags = flags,
    };
    uint32_t done = 0;

    nested_map(&s->n, VA, 1);
    OK(nested_invalidate_all(&s->n));
    CHECK_EQ(bed_write(&s->b, VA, 31), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s->parent, 1), 31));
    nested_map(&s->n, VA, 2);
    CHECK_EQ(bed_write(&s->b, VA, 32), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s->parent, 1), 32) != page_is(nested_page(&s->parent, 2), 32));
    OK(hwpt_invalidate(s->b.iommufd, s->n.hwpt, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, &request,
                       sizeof(request), 1, &done));
    CHECK_EQ(done, 1);
    CHECK_EQ(bed_write(&s->b, VA, 33), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s->parent, 2), 33));
    CHECK(!page_is(nested_page(&s->parent, 1), 33));
}

static void one_page(void)
{
    Stage s;

    open_stage(&s);
    changed(&s, VA, 1, IOMMU_VTD_INV_FLAGS_LEAF);
    changed(&s, VA, 1, 0);
}

static void many_pages(void)
{
    Stage s;

    open_stage(&s);
    changed(&s, VA - 5 * PAGE, 16, IOMMU_VTD_INV_FLAGS_LEAF);
    changed(&s, VA - 200 * PAGE, 1000, 0);
}

static void everything(void)
{
    Stage s;

    open_stage(&s);
    changed(&s, 0, UINT64_MAX, 0);
}

static void unmapped(void)
{
    Stage s;

    open_stage(&s);
    nested_map(&s.n, VA, 1);
    CHECK_EQ(bed_write(&s.b, VA, 41), IDMA_STATUS_OK);
    nested_unmap(&s.n, VA);
    OK(nested_invalidate(&s.n, VA));
    klog_mark();
    CHECK(refused(bed_write(&s.b, VA, 42)));
    CHECK(bed_fault_logged(&s.b, "", NULL, VA, -1));
    CHECK(page_is(nested_page(&s.parent, 1), 41));
}

static void bad_requests_refused(void)
{
    struct iommu_hwpt_vtd_s1_invalidate requests[3];
    uint32_t done;
    Stage s;

    open_stage(&s);
    for (unsigned bad = 0; bad < 4; bad++) {
        memset(requests, 0, sizeof(requests));
        for (unsigned i = 0; i < 3; i++) {
            requests[i].addr = VA;
            requests[i].npages = 1;
        }
        switch (bad) {
        case 0:
            requests[1].addr = VA + 8;
            break;
        case 1:
            requests[1].npages = UINT64_MAX;
            break;
        case 2:
            requests[1].flags = 1 << 5;
            break;
        default:
            requests[1].__reserved = 1;
            break;
        }
        CHECK(hwpt_invalidate(s.b.iommufd, s.n.hwpt, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, requests,
                              sizeof(requests[0]), 3, &done) < 0);
        CHECK_EQ(done, 1);
    }
}

static void second_stage_faults(void)
{
    Stage s;

    open_stage(&s);
    vtd_pages_map_smallest(&s.n.pages, VA, 0x123456000, PAGE, VTD_FS_USER_RW);
    klog_mark();
    CHECK(refused(bed_write(&s.b, VA, 1)));
    CHECK(bed_fault_logged(&s.b, "", NULL, VA, -1));
}

static void replaced(void)
{
    Nested other;
    Stage s;

    open_stage(&s);
    nested_map(&s.n, VA, 1);
    CHECK_EQ(bed_write(&s.b, VA, 51), IDMA_STATUS_OK);
    nested_open(&other, &s.b, &s.parent, 1, nested_granule());
    nested_map(&other, VA, 2);
    CHECK_EQ(bed_write(&s.b, VA, 52), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 1), 51));
    CHECK(page_is(nested_page(&s.parent, 2), 52));
    OK(vfio_attach(&s.b.vfio, s.n.hwpt));
    CHECK_EQ(bed_write(&s.b, VA, 53), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 1), 53));
    OK(vfio_attach(&s.b.vfio, s.parent.hwpt));
    CHECK_EQ(bed_write(&s.b, nested_gpa(4), 54), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 4), 54));
}

static void device_tlb_follows(void)
{
    Stage s;

    /* The kernel invalidates the device TLB along with the IOTLB. */
    open_stage(&s);
    s.b.ats = true;
    nested_map(&s.n, VA, 1);
    if (bed_write(&s.b, VA, 61) == IDMA_STATUS_NOT_ENABLED) {
        tap_skip("the kernel has not enabled ATS");
    }
    CHECK(page_is(nested_page(&s.parent, 1), 61));
    nested_map(&s.n, VA, 2);
    OK(nested_invalidate(&s.n, VA));
    CHECK(dma_read(&s.b.dma, IDMA_ATC_INVALIDATIONS) > 0);
    CHECK_EQ(bed_write(&s.b, VA, 62), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 2), 62));
    CHECK(page_is(nested_page(&s.parent, 1), 61));
}

int main(void)
{
    static const Test tests[] = {
        { "first-stage tables in the program's memory translate", user_tables_translate },
        { "2 MB leaves of the first stage over 4 KB leaves of the second", large_leaves },
        { "accessed and dirty flags appear in the program's tables", accessed_and_dirty },
        { "a read-only leaf refuses writes", read_only },
        { "a changed entry is used after one page was invalidated, leaf and not", one_page },
        { "a changed entry is used after a range was invalidated", many_pages },
        { "a changed entry is used after everything was invalidated", everything },
        { "an emptied entry faults after invalidation, with a record", unmapped },
        { "bad requests are refused and counted", bad_requests_refused },
        { "second-stage faults are recorded", second_stage_faults },
        { "first stages are replaced by another and by the bare second stage", replaced },
        { "the device TLB follows the program's invalidations", device_tlb_follows },
    };

    return tap_main(TESTS(tests));
}

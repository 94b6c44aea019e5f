/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dirty tracking: the bitmap of iommufd is exactly the set of pages the device wrote. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bed.h"

#define IOVA 0x2000000000ull /* a multiple of every huge page */

/* A huge page of a 64 KB kernel is 8,192 of its pages. */
enum { PAGES = 2048, MOST_PAGES = 8192, WORDS = MOST_PAGES / 64, WRITES = 1000 };

typedef struct Tracked {
    Bed b;
    uint32_t ioas, hwpt;
    unsigned pages;
    uint8_t *memory;
    uint64_t want[WORDS];
} Tracked;

static void open_tracked(Tracked *t, bool huge)
{
    struct iommu_hw_info info;
    int hwpt;

    memset(t, 0, sizeof(*t));
    bed_open(&t->b, 0, -1);
    OK(hw_info(t->b.iommufd, t->b.vfio.dev_id, NULL, 0, &info));
    if (!(info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING)) {
        tap_skip("the kernel does not report IOMMU_HW_CAP_DIRTY_TRACKING for this IOMMU");
    }
    t->pages = huge ? MAX(PAGES, huge_page_size() / PAGE) : PAGES;
    CHECK(t->pages <= MOST_PAGES);
    t->memory = memory_alloc(t->pages * (size_t)PAGE, huge);
    t->ioas = OK(ioas_alloc(t->b.iommufd));
    OK(ioas_huge_pages(t->b.iommufd, t->ioas, huge));
    hwpt = hwpt_alloc(t->b.iommufd, t->b.vfio.dev_id, t->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
    t->hwpt = OK(hwpt);
    OK(vfio_attach(&t->b.vfio, t->hwpt));
    OK(ioas_map(t->b.iommufd, t->ioas, t->memory, t->pages * (uint64_t)PAGE, IOVA, IOAS_RW));
}

static void start(Tracked *t)
{
    OK(hwpt_set_dirty_tracking(t->b.iommufd, t->hwpt, true));
}

static void get(Tracked *t, uint64_t bitmap[WORDS], uint32_t flags)
{
    memset(bitmap, 0, WORDS * 8);
    OK(hwpt_get_dirty(t->b.iommufd, t->hwpt, IOVA, t->pages * (uint64_t)PAGE, PAGE, bitmap, flags));
}

/* Domains are invalidated when they are left. */
static void leave_and_return(Tracked *t)
{
    OK(vfio_detach(&t->b.vfio));
    OK(vfio_attach(&t->b.vfio, t->hwpt));
}

/*
 * The bitmap is what was written since it was last cleared. Linux 7.3 clears the flags in an
 * SMMUv3's tables but does not invalidate its TLB (the gather structure it passes has no page size,
 * and arm_smmu_iotlb_sync() returns at once), so that what is cached as dirty is not marked again.
 * Where the IOMMU saw no invalidation this makes up for it; true if so.
 */
static bool check_bitmap(Tracked *t, uint32_t flags)
{
    bool clear = !(flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR), any = false, made_up = false;
    uint64_t bitmap[WORDS];
    Counters before, after;

    counters_read(&before);
    get(t, bitmap, flags);
    counters_read(&after);
    for (unsigned i = 0; i < WORDS; i++) {
        if (bitmap[i] != t->want[i]) {
            FAIL("word %u is %#" PRIx64 ", written were %#" PRIx64, i, bitmap[i], t->want[i]);
        }
        any |= bitmap[i] != 0;
    }
    if (clear) {
        memset(t->want, 0, sizeof(t->want));
        made_up = any && on_arm() && after.invalidations == before.invalidations;
        if (made_up) {
            leave_and_return(t);
        }
    }
    return made_up;
}

static void write_page(Tracked *t, unsigned page)
{
    DmaDesc desc = dma_make_fill(IOVA + page * (uint64_t)PAGE + random() % 512 * 8, 8, page, false);

    CHECK_EQ(bed_dma(&t->b, desc).status, IDMA_STATUS_OK);
    t->want[page / 64] |= 1ull << page % 64;
}

/* WRITES small writes, on a part of the pages so that many stay clean. */
static void write_some(Tracked *t, unsigned seed)
{
    srandom(seed);
    for (int i = 0; i < WRITES; i++) {
        write_page(t, random() % PAGES & ~(seed & 1));
    }
}

static void random_writes(void)
{
    Tracked t;

    open_tracked(&t, false);
    start(&t);
    check_bitmap(&t, 0);
    write_some(&t, 1);
    check_bitmap(&t, 0);
    write_some(&t, 2);
    check_bitmap(&t, 0);
    check_bitmap(&t, 0);
}

static void no_clear(void)
{
    Tracked t;

    open_tracked(&t, false);
    start(&t);
    write_some(&t, 3);
    check_bitmap(&t, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);
    check_bitmap(&t, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);
    check_bitmap(&t, 0);
    check_bitmap(&t, 0);
}

static void reads_are_clean(void)
{
    Tracked t;
    DmaDesc desc = dma_make(IDMA_OP_READ, IOVA, 8);

    open_tracked(&t, false);
    start(&t);
    dma_set_strided(&desc, PAGES, PAGE, 0);
    CHECK_EQ(bed_dma(&t.b, desc).status, IDMA_STATUS_OK);
    check_bitmap(&t, 0);
    write_page(&t, 77);
    check_bitmap(&t, 0);
}

static void written_again(void)
{
    Tracked t;

    /* The page is cached as writable and dirty: clearing must reach the TLB. */
    open_tracked(&t, false);
    start(&t);
    for (int i = 0; i < 20; i++) {
        write_page(&t, 5);
        if (check_bitmap(&t, 0)) {
            tap_skip("Linux clears dirty flags without invalidating the SMMU's TLB");
        }
    }
    check_bitmap(&t, 0);
}

static void off_and_on(void)
{
    Tracked t;

    open_tracked(&t, false);
    start(&t);
    write_page(&t, 1);
    OK(hwpt_set_dirty_tracking(t.b.iommufd, t.hwpt, false));
    write_page(&t, 2);
    /* Turning it on begins with a clean slate. */
    start(&t);
    memset(t.want, 0, sizeof(t.want));
    check_bitmap(&t, 0);
    write_page(&t, 3);
    check_bitmap(&t, 0);
}

static void atomics_dirty(void)
{
    Tracked t;

    open_tracked(&t, false);
    start(&t);
    CHECK_EQ(bed_dma(&t.b, dma_make_atomic(IDMA_OP_FETCH_ADD, IOVA + 9 * PAGE, 8, 1, 0)).status,
             IDMA_STATUS_OK);
    t.want[0] |= 1 << 9;
    check_bitmap(&t, 0);
}

static void large_leaves(void)
{
    unsigned leaf = huge_page_size() / PAGE, first;
    Tracked t;

    /* A large leaf has one dirty bit: all of its pages are reported. */
    open_tracked(&t, true);
    first = t.pages > leaf ? leaf : 0;
    start(&t);
    write_page(&t, first + 17);
    memset((uint8_t *)t.want + first / 8, 0xff, leaf / 8);
    check_bitmap(&t, 0);
    check_bitmap(&t, 0);
}

static void unmapped_and_read(void)
{
    Tracked t;
    uint64_t bitmap[WORDS];

    open_tracked(&t, false);
    start(&t);
    write_page(&t, 33);
    get(&t, bitmap, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);
    CHECK_EQ(bitmap[0], 1ull << 33);
    OK(ioas_unmap(t.b.iommufd, t.ioas, IOVA, PAGES * PAGE));
    CHECK(refused(bed_write(&t.b, IOVA + 33 * PAGE, 1)));
    OK(ioas_map(t.b.iommufd, t.ioas, t.memory, PAGES * PAGE, IOVA, IOAS_RW));
    /* A new mapping begins dirty on Arm and clean on x86. */
    get(&t, bitmap, 0);
    memset(t.want, 0, sizeof(t.want));
    check_bitmap(&t, 0);
    write_page(&t, 34);
    check_bitmap(&t, 0);
}

int main(void)
{
    static const Test tests[] = {
        { "the bitmap is what 1,000 random writes touched, twice", random_writes, 120 },
        { "NO_CLEAR leaves the bits", no_clear, 120 },
        { "reads do not dirty", reads_are_clean },
        { "a page written after each clearing is reported each time", written_again },
        { "tracking off and on starts clean", off_and_on },
        { "an atomic operation dirties", atomics_dirty },
        { "a large leaf is dirty as a whole", large_leaves },
        { "unmapping forgets", unmapped_and_read },
    };

    return tap_main(TESTS(tests));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommufd mappings seen by a device: data, faults and their records, huge pages, reset, rebinding.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bed.h"

#define IOVA      0x10000000ull
#define HUGE_IOVA 0x1000000000ull /* a multiple of every huge page */

static void data_both_ways(void)
{
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint64_t *memory = memory_alloc(4 * PAGE, false);

    OK(ioas_map(b.iommufd, ioas, memory, 4 * PAGE, IOVA, IOAS_RW));
    CHECK_EQ(bed_write(&b, IOVA + PAGE, 0x1122334455667788), IDMA_STATUS_OK);
    CHECK(page_is((uint8_t *)memory + PAGE, 0x1122334455667788));
    CHECK(page_is(memory, 0));
    page_fill((uint8_t *)memory + 2 * PAGE, 0xfeedface);
    CHECK_EQ(bed_verify(&b, IOVA + 2 * PAGE, 0xfeedface), IDMA_STATUS_OK);
    CHECK_EQ(bed_verify(&b, IOVA + 2 * PAGE, 0xfeedfacf), IDMA_STATUS_MISMATCH);
    CHECK_EQ(bed_dma(&b, dma_make_copy(IOVA + 3 * PAGE, IOVA + PAGE, PAGE)).status,
             IDMA_STATUS_OK);
    CHECK(page_is((uint8_t *)memory + 3 * PAGE, 0x1122334455667788));
    CHECK(!bed_dma(&b, dma_make_fill(IOVA, PAGE, 1, false)).bypassed);
}

static void atomics(void)
{
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint64_t *memory = memory_alloc(PAGE, false);
    DmaCompletion c;

    OK(ioas_map(b.iommufd, ioas, memory, PAGE, IOVA, IOAS_RW));
    memory[3] = 40;
    c = bed_dma(&b, dma_make_atomic(IDMA_OP_FETCH_ADD, IOVA + 24, 8, 2, 0));
    CHECK_EQ(c.status, IDMA_STATUS_OK);
    CHECK_EQ(c.value, 40);
    CHECK_EQ(memory[3], 42);
    c = bed_dma(&b, dma_make_atomic(IDMA_OP_CAS, IOVA + 24, 8, 7, 42));
    CHECK_EQ(c.value, 42);
    CHECK_EQ(memory[3], 7);
}

static void nothing_mapped_faults(void)
{
    Bed b;

    bed_open_attached(&b, 0);
    klog_mark();
    CHECK(refused(bed_write(&b, 0x2345000, 1)));
    CHECK(bed_fault_logged(&b, "F_TRANSLATION", NULL, 0x2345000, -1));
}

static void read_only_is_read_only(void)
{
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint8_t *memory = memory_alloc(PAGE, false);

    page_fill(memory, 5);
    OK(ioas_map(b.iommufd, ioas, memory, PAGE, IOVA, IOAS_RO));
    CHECK_EQ(bed_verify(&b, IOVA, 5), IDMA_STATUS_OK);
    klog_mark();
    CHECK(refused(bed_write(&b, IOVA, 6)));
    CHECK(bed_fault_logged(&b, "F_PERMISSION", NULL, IOVA, -1));
    CHECK(page_is(memory, 5));
}

static void unmapped_at_once(void)
{
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint8_t *memory = memory_alloc(PAGE, false);

    OK(ioas_map(b.iommufd, ioas, memory, PAGE, IOVA, IOAS_RW));
    CHECK_EQ(bed_write(&b, IOVA, 1), IDMA_STATUS_OK);
    OK(ioas_unmap(b.iommufd, ioas, IOVA, PAGE));
    klog_mark();
    CHECK(refused(bed_write(&b, IOVA, 2)));
    CHECK(bed_fault_logged(&b, "F_TRANSLATION", NULL, IOVA, -1));
    CHECK(page_is(memory, 1));
}

static void remapped_to_the_new_page(void)
{
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint8_t *memory = memory_alloc(2 * PAGE, false);

    OK(ioas_map(b.iommufd, ioas, memory, PAGE, IOVA, IOAS_RW));
    CHECK_EQ(bed_write(&b, IOVA, 1), IDMA_STATUS_OK);
    OK(ioas_unmap(b.iommufd, ioas, IOVA, PAGE));
    OK(ioas_map(b.iommufd, ioas, memory + PAGE, PAGE, IOVA, IOAS_RW));
    CHECK_EQ(bed_write(&b, IOVA, 2), IDMA_STATUS_OK);
    CHECK(page_is(memory, 1));
    CHECK(page_is(memory + PAGE, 2));
}

static void random_changes(void)
{
    enum { SLOTS = 48, STEPS = 600 };
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint8_t *memory = memory_alloc(SLOTS * PAGE, false);
    int at[SLOTS]; /* which page of memory lies at the slot; -1: none */
    unsigned faults = 0;

    srandom(1);
    for (int i = 0; i < SLOTS; i++) {
        at[i] = -1;
    }
    for (int step = 0; step < STEPS; step++) {
        unsigned slot = random() % SLOTS, page = random() % SLOTS;
        uint64_t iova = IOVA + slot * (uint64_t)PAGE;

        if (random() % 3 == 0) {
            if (at[slot] >= 0) {
                OK(ioas_unmap(b.iommufd, ioas, iova, PAGE));
                at[slot] = -1;
            } else {
                OK(ioas_map(b.iommufd, ioas, memory + page * PAGE, PAGE, iova, IOAS_RW));
                at[slot] = page;
            }
        } else if (at[slot] >= 0) {
            CHECK_EQ(bed_write(&b, iova, step), IDMA_STATUS_OK);
            CHECK(page_is(memory + at[slot] * PAGE, step));
        } else {
            CHECK(refused(bed_write(&b, iova, step)));
            faults++;
        }
    }
    CHECK(faults > 20);
}

static void huge_pages(void)
{
    const uint64_t size = MAX(8 * MIB, huge_page_size()), pages = size / PAGE;
    uint8_t *memory = memory_alloc(size, true);
    uint64_t reads[2];
    uint32_t ioas;
    Bed b;

    /* The same memory in large leaves and in pages: one walk after another, nothing cached. */
    for (int huge = 1; huge >= 0; huge--) {
        Counters before, after;
        DmaDesc desc;

        ioas = bed_open_attached(&b, 0);
        OK(ioas_huge_pages(b.iommufd, ioas, huge));
        OK(ioas_map(b.iommufd, ioas, memory, size, HUGE_IOVA, IOAS_RW));
        desc = dma_make(IDMA_OP_FILL, HUGE_IOVA, 64);
        dma_set_strided(&desc, pages, PAGE, 0);
        field_set(desc.w, IDMA_D_DATA, 0xa0 + huge);
        counters_read(&before);
        CHECK_EQ(bed_dma(&b, desc).status, IDMA_STATUS_OK);
        counters_read(&after);
        reads[huge] = after.walk_reads - before.walk_reads;
        for (unsigned i = 0; i < pages; i++) {
            CHECK_EQ(memory[i * (size_t)PAGE], 0xa0 + huge);
        }
        CHECK_EQ(bed_dma(&b, dma_make_fill(HUGE_IOVA + 2 * MIB - 512, 1024, 3, false)).status,
                 IDMA_STATUS_OK);
        CHECK_EQ(memory[2 * MIB + 511 - 7], 3);
        CHECK(refused(bed_dma(&b, dma_make_fill(HUGE_IOVA + size, 8, 3, false)).status));
        bed_close(&b);
    }
    tap_note("descriptor reads for %" PRIu64 " pages: %" PRIu64 " in leaves of %zu MB, %" PRIu64
             " in pages", pages, reads[1], huge_page_size() >> 20, reads[0]);
    CHECK(reads[0] >= pages);
    /* With caches one walk for each leaf; without, a level less for each page. */
    CHECK(reads[1] < reads[0]);
}

static void detached_is_blocked(void)
{
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint8_t *memory = memory_alloc(PAGE, false);

    OK(ioas_map(b.iommufd, ioas, memory, PAGE, IOVA, IOAS_RW));
    CHECK_EQ(bed_write(&b, IOVA, 1), IDMA_STATUS_OK);
    OK(vfio_detach(&b.vfio));
    CHECK(refused(bed_write(&b, IOVA, 2)));
    CHECK(page_is(memory, 1));
    OK(vfio_attach(&b.vfio, ioas));
    CHECK_EQ(bed_write(&b, IOVA, 3), IDMA_STATUS_OK);
    CHECK(page_is(memory, 3));
}

static void replaced_space(void)
{
    Bed b;
    uint32_t first = bed_open_attached(&b, 0), second = OK(ioas_alloc(b.iommufd));
    uint8_t *memory = memory_alloc(2 * PAGE, false);

    OK(ioas_map(b.iommufd, first, memory, PAGE, IOVA, IOAS_RW));
    OK(ioas_map(b.iommufd, second, memory + PAGE, PAGE, IOVA, IOAS_RW));
    CHECK_EQ(bed_write(&b, IOVA, 1), IDMA_STATUS_OK);
    OK(vfio_attach(&b.vfio, second));
    CHECK_EQ(bed_write(&b, IOVA, 2), IDMA_STATUS_OK);
    OK(vfio_attach(&b.vfio, first));
    CHECK_EQ(bed_write(&b, IOVA, 3), IDMA_STATUS_OK);
    CHECK(page_is(memory, 3));
    CHECK(page_is(memory + PAGE, 2));
}

static void function_level_reset(void)
{
    Bed b;
    uint32_t ioas = bed_open_attached(&b, 0);
    uint8_t *memory = memory_alloc(PAGE, false);

    OK(ioas_map(b.iommufd, ioas, memory, PAGE, IOVA, IOAS_RW));
    CHECK_EQ(bed_write(&b, IOVA, 1), IDMA_STATUS_OK);
    CHECK(dma_ch_read(&b.dma, 0, IDMA_CH_STAT_TXNS) > 0);
    OK(vfio_reset(&b.vfio));
    CHECK_EQ(dma_ch_read(&b.dma, 0, IDMA_CH_STAT_TXNS), 0);
    /* VFIO restores configuration space, bus mastering among it. */
    CHECK_EQ(bed_write(&b, IOVA, 2), IDMA_STATUS_OK);
    CHECK(page_is(memory, 2));
}

static void rebound_ten_times(void)
{
    klog_mark();
    for (int i = 0; i < 10; i++) {
        Bed b;
        uint32_t ioas = bed_open_attached(&b, 0);
        uint8_t *memory = memory_alloc(PAGE, false);

        OK(ioas_map(b.iommufd, ioas, memory, PAGE, IOVA, IOAS_RW));
        CHECK_EQ(bed_write(&b, IOVA, i), IDMA_STATUS_OK);
        CHECK(page_is(memory, i));
        bed_close(&b);
        OK(pci_bind(b.name, NULL));
    }
    CHECK_EQ(klog_count("event:") + klog_count("fault addr"), 0);
}

int main(void)
{
    static const Test tests[] = {
        { "data goes both ways through a mapping", data_both_ways },
        { "atomics go through a mapping", atomics },
        { "DMA to nothing faults, and the record names function and address",
          nothing_mapped_faults },
        { "a read-only mapping refuses writes, with a record", read_only_is_read_only },
        { "DMA faults as soon as the unmap has returned", unmapped_at_once },
        { "after unmap and map the new page is used", remapped_to_the_new_page },
        { "600 random maps, unmaps and writes do what they must", random_changes },
        { "huge pages become large leaves and move the same data", huge_pages },
        { "a detached function is blocked", detached_is_blocked },
        { "replacing the address space takes effect at once", replaced_space },
        { "mappings survive a function level reset", function_level_reset },
        { "ten rounds of bind, DMA, unbind leave no fault", rebound_ten_times },
    };

    return tap_main(TESTS(tests));
}

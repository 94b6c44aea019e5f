/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a guest's guest: its SMMUv3 driver has a first stage, the level below it the second. */
#include <string.h>

#include "lib/bed.h"

#define FAR (1ull << 39) /* what one entry of a 4-level table's root reaches */

/*
 * Pages that share no table but the root, in memory of which each lies in a leaf of its own of the
 * stage below, be that one of 2 MB. A walk of one stage would read a descriptor a level.
 */
static void walks_go_through_both_stages(void)
{
    enum { PAGES = 24, APART = 2 * MIB, LEVELS = 4 };
    uint8_t *memory = memory_alloc(PAGES * APART, false);
    Counters before, after;
    uint64_t walks, reads;
    Bed b;
    uint32_t ioas;

    ioas = bed_open_attached(&b, 0);
    for (unsigned i = 0; i < PAGES; i++) {
        OK(ioas_map(b.iommufd, ioas, memory + i * APART, PAGE, (i + 1) * FAR, IOAS_RW));
    }
    counters_read(&before);
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_EQ(bed_write(&b, (i + 1) * FAR, 0x100 + i), IDMA_STATUS_OK);
    }
    counters_read(&after);
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK(page_is(memory + i * APART, 0x100 + i));
    }
    walks = after.walks - before.walks;
    reads = after.walk_reads - before.walk_reads;
    tap_note("%" PRIu64 " walks read %" PRIu64 " descriptors", walks, reads);
    CHECK(walks >= PAGES);
    CHECK(reads >= LEVELS * walks + PAGES / 2);
}

/* One page at the same address of the device, time and again another one below. */
static void invalidations_reach_the_hardware(void)
{
    enum { ROUNDS = 50 };
    uint8_t *memory = memory_alloc(ROUNDS * PAGE, false);
    Counters before, after;
    Bed b;
    uint32_t ioas;

    ioas = bed_open_attached(&b, 0);
    counters_read(&before);
    for (unsigned i = 0; i < ROUNDS; i++) {
        OK(ioas_map(b.iommufd, ioas, memory + i * PAGE, PAGE, FAR, IOAS_RW));
        CHECK_EQ(bed_write(&b, FAR, 0x200 + i), IDMA_STATUS_OK);
        CHECK(page_is(memory + i * PAGE, 0x200 + i));
        OK(ioas_unmap(b.iommufd, ioas, FAR, PAGE));
    }
    counters_read(&after);
    CHECK(refused(bed_write(&b, FAR, 0x300)));
    for (unsigned i = 0; i < ROUNDS; i++) {
        CHECK(page_is(memory + i * PAGE, 0x200 + i));
    }
    CHECK(after.invalidations - before.invalidations >= ROUNDS);
}

int main(void)
{
    static const Test tests[] = {
        { "a walk reads descriptors of both levels", walks_go_through_both_stages },
        { "50 pages in turn at one address: each invalidation reaches the first level's SMMU",
          invalidations_reach_the_hardware },
    };

    return tap_main(TESTS(tests));
}

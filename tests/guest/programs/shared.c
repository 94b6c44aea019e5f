/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One second stage below the first stages of two functions: what is unmapped there is gone for
 * both.
 */
#include <errno.h>
#include <string.h>

#include "lib/nested.h"

#define VA 0x700000000ull

enum { DEVICES = 2 };

typedef struct Shared {
    Bed b[DEVICES];
    NestedParent parent;
    Nested n[DEVICES];
} Shared;

static void open_shared(Shared *s)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        bed_open(&s->b[i], i, i ? s->b[0].iommufd : -1);
        if (i == 0) {
            nested_parent(&s->parent, &s->b[0]);
        }
        nested_open(&s->n[i], &s->b[i], &s->parent, i, nested_granule());
    }
}

/* Both functions know the same page, each by an address of its own. */
static void both_write(Shared *s)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        nested_map(&s->n[i], VA + i * MIB, 6);
        CHECK_EQ(bed_write(&s->b[i], VA + i * MIB, 100 + i), IDMA_STATUS_OK);
        CHECK(page_is(nested_page(&s->parent, 6), 100 + i));
    }
}

static void same_memory(void)
{
    Shared s;

    open_shared(&s);
    both_write(&s);
    CHECK(refused(bed_write(&s.b[0], VA + MIB, 1)));
    CHECK(refused(bed_write(&s.b[1], VA, 1)));
}

static void unmapped_below(void)
{
    Counters before, after;
    Shared s;

    open_shared(&s);
    both_write(&s);
    counters_read(&before);
    OK(ioas_unmap(s.parent.iommufd, s.parent.ioas, NESTED_DATA_GPA, NESTED_DATA));
    counters_read(&after);
    tap_note("%" PRIu64 " invalidations for one unmap below two first stages",
             after.invalidations - before.invalidations);
    /* Arm: by IPA, and all of stage 1 of that VMID. VT-d: each first stage's domain too. */
    CHECK(after.invalidations - before.invalidations >= 2);
    for (unsigned i = 0; i < DEVICES; i++) {
        CHECK(refused(bed_write(&s.b[i], VA + i * MIB, 200 + i)));
    }
    CHECK(page_is(nested_page(&s.parent, 6), 101));
}

static void remapped_below(void)
{
    Shared s;

    /* Other memory at the same intermediate address; the first stages are not touched. */
    open_shared(&s);
    both_write(&s);
    OK(ioas_unmap(s.parent.iommufd, s.parent.ioas, NESTED_DATA_GPA, NESTED_DATA));
    uint8_t *other = memory_alloc(NESTED_DATA, false);
    OK(ioas_map(s.parent.iommufd, s.parent.ioas, other, NESTED_DATA, NESTED_DATA_GPA, IOAS_RW));
    for (unsigned i = 0; i < DEVICES; i++) {
        CHECK_EQ(bed_write(&s.b[i], VA + i * MIB, 300 + i), IDMA_STATUS_OK);
        CHECK(page_is(other + 6 * PAGE, 300 + i));
    }
    CHECK(page_is(nested_page(&s.parent, 6), 101));
}

static void tables_unmapped_below(void)
{
    Shared s;

    /* The tables themselves lie in the second stage: without them the walk itself faults. */
    open_shared(&s);
    both_write(&s);
    OK(ioas_unmap(s.parent.iommufd, s.parent.ioas, NESTED_GPA, NESTED_TABLES));
    for (unsigned i = 0; i < DEVICES; i++) {
        CHECK(refused(bed_write(&s.b[i], VA + i * MIB, 400 + i)));
    }
}

static void one_leaves(void)
{
    Shared s;

    open_shared(&s);
    both_write(&s);
    OK(vfio_detach(&s.b[0].vfio));
    CHECK(refused(bed_write(&s.b[0], VA, 500)));
    CHECK_EQ(bed_write(&s.b[1], VA + MIB, 501), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 6), 501));
    OK(vfio_attach(&s.b[0].vfio, s.n[0].hwpt));
    CHECK_EQ(bed_write(&s.b[0], VA, 502), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 6), 502));
}

static void invalidation_is_for_one(void)
{
    Shared s;

    open_shared(&s);
    for (unsigned i = 0; i < DEVICES; i++) {
        nested_map(&s.n[i], VA, 1 + i);
        CHECK_EQ(bed_write(&s.b[i], VA, 600 + i), IDMA_STATUS_OK);
    }
    /* Each changes its own tables and invalidates for itself. */
    for (unsigned i = 0; i < DEVICES; i++) {
        nested_map(&s.n[i], VA, 11 + i);
        OK(nested_invalidate(&s.n[i], VA));
        CHECK_EQ(bed_write(&s.b[i], VA, 700 + i), IDMA_STATUS_OK);
        CHECK(page_is(nested_page(&s.parent, 11 + i), 700 + i));
        CHECK(page_is(nested_page(&s.parent, 1 + i), 600 + i));
    }
}

int main(void)
{
    static const Test tests[] = {
        { "two first stages lead to the same memory, each by its own addresses", same_memory },
        { "what is unmapped in the second stage faults for both", unmapped_below },
        { "what is mapped there instead is used by both", remapped_below },
        { "unmapping the tables faults both", tables_unmapped_below },
        { "one function leaves and comes back, the other works on", one_leaves },
        { "each first stage is edited and invalidated alone", invalidation_is_for_one },
    };

    return tap_main(TESTS(tests));
}

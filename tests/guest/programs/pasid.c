/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PASIDs of one function in address spaces of their own: attach, isolation, replace, detach. */
#include <errno.h>
#include <string.h>

#include "lib/bed.h"

#define IOVA 0x30000000ull

enum { FIRST = 1, SECOND = 42 };

/* A domain with one page at IOVA. */
typedef struct Space {
    uint32_t ioas, hwpt;
    uint8_t *memory;
} Space;

static void make_space(Bed *b, Space *s)
{
    int hwpt;

    s->ioas = OK(ioas_alloc(b->iommufd));
    hwpt = hwpt_alloc(b->iommufd, b->vfio.dev_id, s->ioas, IOMMU_HWPT_ALLOC_PASID);
    if (hwpt == -EOPNOTSUPP) {
        tap_skip("the kernel refuses IOMMU_HWPT_ALLOC_PASID for this IOMMU");
    }
    s->hwpt = OK(hwpt);
    s->memory = memory_alloc(2 * PAGE, false);
    OK(ioas_map(b->iommufd, s->ioas, s->memory, PAGE, IOVA, IOAS_RW));
}

/* How many bits of PASID it has. */
static unsigned open_bed(Bed *b)
{
    struct iommu_hw_info info;

    bed_open(b, 0, -1);
    if (!vfio_knows_pasids(&b->vfio)) {
        tap_skip("the kernel has no VFIO_DEVICE_ATTACH_PASID, which came with Linux 6.15");
    }
    OK(hw_info(b->iommufd, b->vfio.dev_id, NULL, 0, &info));
    if (!info.out_max_pasid_log2) {
        tap_skip("the kernel reports no PASIDs for this function");
    }
    return info.out_max_pasid_log2;
}

static unsigned write_as(Bed *b, uint32_t pasid, uint64_t pattern)
{
    b->has_pasid = true;
    b->pasid = pasid;
    return bed_write(b, IOVA, pattern);
}

/* Two address spaces, one behind each PASID. */
static void open_two(Bed *b, Space *one, Space *two)
{
    open_bed(b);
    make_space(b, one);
    make_space(b, two);
    OK(vfio_attach_pasid(&b->vfio, one->hwpt, FIRST));
    OK(vfio_attach_pasid(&b->vfio, two->hwpt, SECOND));
}

static void two_spaces(void)
{
    Space one, two;
    Bed b;

    open_two(&b, &one, &two);
    CHECK_EQ(write_as(&b, FIRST, 11), IDMA_STATUS_OK);
    CHECK_EQ(write_as(&b, SECOND, 12), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 11));
    CHECK(page_is(two.memory, 12));
    CHECK_EQ(write_as(&b, FIRST, 13), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 13));
    CHECK(page_is(two.memory, 12));
}

static void isolated(void)
{
    Space one, two;
    Bed b;

    /* What only one maps the other cannot reach, in either direction. */
    open_two(&b, &one, &two);
    OK(ioas_map(b.iommufd, one.ioas, one.memory + PAGE, PAGE, IOVA + PAGE, IOAS_RW));
    OK(ioas_map(b.iommufd, two.ioas, two.memory + PAGE, PAGE, IOVA + 2 * PAGE, IOAS_RW));
    for (unsigned i = 0; i < 2; i++) {
        uint64_t own = IOVA + (1 + i) * PAGE, others = IOVA + (2 - i) * PAGE;

        b.has_pasid = true;
        b.pasid = i ? SECOND : FIRST;
        CHECK_EQ(bed_write(&b, own, 21 + i), IDMA_STATUS_OK);
        klog_mark();
        CHECK(refused(bed_write(&b, others, 31 + i)));
        CHECK(bed_fault_logged(&b, "F_TRANSLATION", NULL, others, b.pasid));
    }
    CHECK(page_is(one.memory + PAGE, 21));
    CHECK(page_is(two.memory + PAGE, 22));
}

static void with_and_without(void)
{
    Space plain, one;
    Bed b;

    open_bed(&b);
    make_space(&b, &plain);
    make_space(&b, &one);
    OK(vfio_attach(&b.vfio, plain.hwpt));
    OK(vfio_attach_pasid(&b.vfio, one.hwpt, FIRST));
    CHECK_EQ(write_as(&b, FIRST, 41), IDMA_STATUS_OK);
    b.has_pasid = false;
    CHECK_EQ(bed_write(&b, IOVA, 42), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 41));
    CHECK(page_is(plain.memory, 42));
}

static void never_attached(void)
{
    Space one;
    Bed b;

    open_bed(&b);
    make_space(&b, &one);
    OK(vfio_attach_pasid(&b.vfio, one.hwpt, FIRST));
    CHECK(refused(write_as(&b, FIRST + 1, 51)));
    CHECK(refused(write_as(&b, 0xfffff, 52)));
    CHECK(page_is(one.memory, 0));
}

static void replaced(void)
{
    Space one, two;
    Bed b;

    open_bed(&b);
    make_space(&b, &one);
    make_space(&b, &two);
    OK(vfio_attach_pasid(&b.vfio, one.hwpt, FIRST));
    CHECK_EQ(write_as(&b, FIRST, 61), IDMA_STATUS_OK);
    OK(vfio_attach_pasid(&b.vfio, two.hwpt, FIRST));
    CHECK_EQ(write_as(&b, FIRST, 62), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 61));
    CHECK(page_is(two.memory, 62));
    OK(vfio_attach_pasid(&b.vfio, one.hwpt, FIRST));
    CHECK_EQ(write_as(&b, FIRST, 63), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 63));
    CHECK(page_is(two.memory, 62));
}

static void detached(void)
{
    Space one, two;
    Bed b;

    open_two(&b, &one, &two);
    CHECK_EQ(write_as(&b, FIRST, 71), IDMA_STATUS_OK);
    CHECK_EQ(write_as(&b, SECOND, 72), IDMA_STATUS_OK);
    OK(vfio_detach_pasid(&b.vfio, FIRST));
    CHECK(refused(write_as(&b, FIRST, 73)));
    CHECK(page_is(one.memory, 71));
    CHECK_EQ(write_as(&b, SECOND, 74), IDMA_STATUS_OK);
    OK(vfio_attach_pasid(&b.vfio, one.hwpt, FIRST));
    CHECK_EQ(write_as(&b, FIRST, 75), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 75));
}

static void unmapped_under_a_pasid(void)
{
    Space one;
    Bed b;

    open_bed(&b);
    make_space(&b, &one);
    OK(vfio_attach_pasid(&b.vfio, one.hwpt, FIRST));
    CHECK_EQ(write_as(&b, FIRST, 81), IDMA_STATUS_OK);
    OK(ioas_unmap(b.iommufd, one.ioas, IOVA, PAGE));
    CHECK(refused(write_as(&b, FIRST, 82)));
    OK(ioas_map(b.iommufd, one.ioas, one.memory + PAGE, PAGE, IOVA, IOAS_RW));
    CHECK_EQ(write_as(&b, FIRST, 83), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 81));
    CHECK(page_is(one.memory + PAGE, 83));
}

static void many(void)
{
    enum { COUNT = 40 };
    Space spaces[COUNT];
    unsigned apart;
    Bed b;

    /* PASIDs far apart: the tables they are found in have more than one level. */
    apart = ((1u << open_bed(&b)) - 1) / COUNT;
    apart = apart < 401 ? apart : 401;
    for (unsigned i = 0; i < COUNT; i++) {
        make_space(&b, &spaces[i]);
        OK(vfio_attach_pasid(&b.vfio, spaces[i].hwpt, 1 + i * apart));
    }
    tap_note("PASIDs up to %u", 1 + (COUNT - 1) * apart);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            CHECK_EQ(write_as(&b, 1 + i * apart, 1000 * round + i), IDMA_STATUS_OK);
        }
        for (unsigned i = 0; i < COUNT; i++) {
            CHECK(page_is(spaces[i].memory, 1000 * round + i));
        }
    }
}

static void two_functions(void)
{
    Space one, two;
    Bed b, c;

    /* The same PASID of another function is another address space. */
    open_bed(&b);
    bed_open(&c, 1, b.iommufd);
    make_space(&b, &one);
    make_space(&c, &two);
    OK(vfio_attach_pasid(&b.vfio, one.hwpt, FIRST));
    CHECK(refused(write_as(&c, FIRST, 91)));
    OK(vfio_attach_pasid(&c.vfio, two.hwpt, FIRST));
    CHECK_EQ(write_as(&b, FIRST, 92), IDMA_STATUS_OK);
    CHECK_EQ(write_as(&c, FIRST, 93), IDMA_STATUS_OK);
    CHECK(page_is(one.memory, 92));
    CHECK(page_is(two.memory, 93));
}

int main(void)
{
    static const Test tests[] = {
        { "two PASIDs lead to two address spaces", two_spaces },
        { "neither reaches what only the other maps, and records carry the PASID", isolated },
        { "requests without a PASID have a space of their own", with_and_without },
        { "a PASID that was never attached is refused", never_attached },
        { "replacing a PASID's space takes effect at once", replaced },
        { "a detached PASID is refused, the others go on", detached },
        { "unmapping under a PASID takes effect at once", unmapped_under_a_pasid },
        { "forty PASIDs far apart keep apart", many },
        { "the same PASID of two functions is two spaces", two_functions },
    };

    return tap_main(TESTS(tests));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I/O page faults that the program itself answers: IOMMU_FAULT_QUEUE_ALLOC. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/bed.h"

#define IOVA 0x50000000ull

enum { ROOM = 16, PASID = 6 };

typedef struct Faulting {
    Bed b;
    uint32_t ioas, hwpt;
    int queue, queue_id;
    uint8_t *memory;
} Faulting;

/* @pasid 0: faults of requests without one. */
static void open_faulting(Faulting *f, uint32_t pasid)
{
    struct iommu_hw_info info;
    int hwpt;

    memset(f, 0, sizeof(*f));
    bed_open(&f->b, 0, -1);
    if (pasid && !vfio_knows_pasids(&f->b.vfio)) {
        tap_skip("the kernel has no VFIO_DEVICE_ATTACH_PASID, which came with Linux 6.15");
    }
    OK(hw_info(f->b.iommufd, f->b.vfio.dev_id, NULL, 0, &info));
    if (pasid && !info.out_max_pasid_log2) {
        tap_skip("the kernel reports no PASIDs for this function");
    }
    /* VT-d takes page requests of the device TLB; Arm's driver stalls of plain requests. */
    f->b.ats = f->b.page = !on_arm();
    f->ioas = OK(ioas_alloc(f->b.iommufd));
    f->queue_id = OK(fault_queue_alloc(f->b.iommufd, &f->queue));
    hwpt = hwpt_alloc_fault(f->b.iommufd, f->b.vfio.dev_id, f->ioas,
                            pasid ? IOMMU_HWPT_ALLOC_PASID : 0, f->queue_id);
    if (hwpt == -EOPNOTSUPP) {
        tap_skip("the kernel refuses IOMMU_HWPT_FAULT_ID_VALID for this IOMMU");
    }
    f->hwpt = OK(hwpt);
    if (pasid) {
        f->b.has_pasid = true;
        f->b.pasid = pasid;
        OK(vfio_attach_pasid(&f->b.vfio, f->hwpt, pasid));
    } else {
        OK(vfio_attach(&f->b.vfio, f->hwpt));
    }
    f->memory = memory_alloc(ROOM * PAGE, false);
}

/* Faults that are waiting, at least one. */
static unsigned take(Faulting *f, struct iommu_hwpt_pgfault *faults, unsigned room)
{
    struct pollfd wait = { .fd = f->queue, .events = POLLIN };
    ssize_t length;

    if (poll(&wait, 1, 3000) != 1) {
        FAIL("no fault came; channel status %#" PRIx64,
             dma_ch_read(&f->b.dma, 0, IDMA_CH_STATUS));
    }
    length = read(f->queue, faults, room * sizeof(*faults));
    if (length <= 0) {
        FAIL("fault queue: %s", strerror(errno));
    }
    return length / sizeof(*faults);
}

static void answer(Faulting *f, uint32_t cookie, uint32_t code)
{
    struct iommu_hwpt_page_response response = { .cookie = cookie, .code = code };

    CHECK_EQ(write(f->queue, &response, sizeof(response)), sizeof(response));
}

static void start_write(Faulting *f, uint64_t iova, uint64_t pattern)
{
    bed_start(&f->b, 0, dma_make_fill(iova, PAGE, pattern, false));
}

static void served(Faulting *f)
{
    struct iommu_hwpt_pgfault fault;

    for (unsigned i = 0; i < 5; i++) {
        uint64_t iova = IOVA + i * PAGE;

        start_write(f, iova, 10 + i);
        CHECK_EQ(take(f, &fault, 1), 1);
        CHECK_EQ(fault.addr & ~(uint64_t)(PAGE - 1), iova);
        CHECK(fault.perm & IOMMU_PGFAULT_PERM_WRITE);
        CHECK(fault.flags & IOMMU_PGFAULT_FLAGS_LAST_PAGE);
        CHECK_EQ(fault.dev_id, f->b.vfio.dev_id);
        CHECK_EQ(!!(fault.flags & IOMMU_PGFAULT_FLAGS_PASID_VALID), f->b.has_pasid);
        if (f->b.has_pasid) {
            CHECK_EQ(fault.pasid, f->b.pasid);
        }
        CHECK_EQ(dma_ch_state(&f->b.dma, 0), IDMA_CH_BUSY);
        OK(ioas_map(f->b.iommufd, f->ioas, f->memory + i * PAGE, PAGE, iova, IOAS_RW));
        answer(f, fault.cookie, IOMMUFD_PAGE_RESP_SUCCESS);
        CHECK(!refused(bed_finish(&f->b, 0).status));
        CHECK(page_is(f->memory + i * PAGE, 10 + i));
        /* Once mapped, no more faults. */
        CHECK(!refused(bed_write(&f->b, iova, 20 + i)));
        CHECK(page_is(f->memory + i * PAGE, 20 + i));
    }
}

static void served_without_pasid(void)
{
    Faulting f;

    open_faulting(&f, 0);
    served(&f);
}

static void served_with_pasid(void)
{
    Faulting f;

    open_faulting(&f, PASID);
    served(&f);
}

static void invalid(void)
{
    struct iommu_hwpt_pgfault fault;
    Faulting f;

    open_faulting(&f, PASID);
    start_write(&f, IOVA, 1);
    CHECK_EQ(take(&f, &fault, 1), 1);
    answer(&f, fault.cookie, IOMMUFD_PAGE_RESP_INVALID);
    CHECK(refused(bed_finish(&f.b, 0).status));
    /* Refused once is not refused for ever. */
    start_write(&f, IOVA, 2);
    CHECK_EQ(take(&f, &fault, 1), 1);
    OK(ioas_map(f.b.iommufd, f.ioas, f.memory, PAGE, IOVA, IOAS_RW));
    answer(&f, fault.cookie, IOMMUFD_PAGE_RESP_SUCCESS);
    CHECK(!refused(bed_finish(&f.b, 0).status));
    CHECK(page_is(f.memory, 2));
}

static void success_without_a_page(void)
{
    struct iommu_hwpt_pgfault fault;
    Faulting f;

    /* An answer that repairs nothing: the device tries again and faults again. */
    open_faulting(&f, PASID);
    start_write(&f, IOVA, 1);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(take(&f, &fault, 1), 1);
        CHECK_EQ(fault.addr & ~(uint64_t)(PAGE - 1), IOVA);
        answer(&f, fault.cookie, IOMMUFD_PAGE_RESP_SUCCESS);
    }
    CHECK_EQ(take(&f, &fault, 1), 1);
    answer(&f, fault.cookie, IOMMUFD_PAGE_RESP_INVALID);
    CHECK(refused(bed_finish(&f.b, 0).status));
}

static void read_access(void)
{
    struct iommu_hwpt_pgfault fault;
    Faulting f;

    open_faulting(&f, PASID);
    page_fill(f.memory, 5);
    bed_start(&f.b, 0, dma_make_verify(IOVA, PAGE, 5, false));
    CHECK_EQ(take(&f, &fault, 1), 1);
    CHECK(fault.perm & IOMMU_PGFAULT_PERM_READ);
    CHECK(!(fault.perm & IOMMU_PGFAULT_PERM_WRITE));
    OK(ioas_map(f.b.iommufd, f.ioas, f.memory, PAGE, IOVA, IOAS_RO));
    answer(&f, fault.cookie, IOMMUFD_PAGE_RESP_SUCCESS);
    CHECK(!refused(bed_finish(&f.b, 0).status));
    /* A write to the page that is there, but read-only, faults too. */
    start_write(&f, IOVA, 6);
    CHECK_EQ(take(&f, &fault, 1), 1);
    CHECK(fault.perm & IOMMU_PGFAULT_PERM_WRITE);
    answer(&f, fault.cookie, IOMMUFD_PAGE_RESP_INVALID);
    CHECK(refused(bed_finish(&f.b, 0).status));
    CHECK(page_is(f.memory, 5));
}

static void several_at_once(void)
{
    enum { CHANNELS = 4 };
    struct iommu_hwpt_pgfault faults[CHANNELS];
    unsigned have = 0;
    Faulting f;

    open_faulting(&f, PASID);
    for (unsigned ch = 0; ch < CHANNELS; ch++) {
        bed_start(&f.b, ch, dma_make_fill(IOVA + ch * PAGE, PAGE, 40 + ch, false));
    }
    while (have < CHANNELS) {
        have += take(&f, faults + have, CHANNELS - have);
    }
    /* Answered in another order than they came. */
    for (unsigned i = CHANNELS; i-- > 0;) {
        uint64_t page = (faults[i].addr - IOVA) / PAGE;

        CHECK(page < CHANNELS);
        OK(ioas_map(f.b.iommufd, f.ioas, f.memory + page * PAGE, PAGE, IOVA + page * PAGE,
                    IOAS_RW));
        answer(&f, faults[i].cookie, IOMMUFD_PAGE_RESP_SUCCESS);
    }
    for (unsigned ch = 0; ch < CHANNELS; ch++) {
        CHECK(!refused(bed_finish(&f.b, ch).status));
        CHECK(page_is(f.memory + ch * PAGE, 40 + ch));
    }
}

static void group_of_pages(void)
{
    enum { PAGES = 4 };
    struct iommu_hwpt_pgfault faults[PAGES];
    unsigned have = 0;
    DmaCompletion c;
    DmaDesc desc;
    Faulting f;

    if (on_arm()) {
        tap_skip("Linux does not serve page request groups on an SMMUv3, only stalls");
    }
    open_faulting(&f, PASID);
    desc = dma_make_page_request(IOVA, 9, true, true, true);
    dma_set_strided(&desc, PAGES, PAGE, 0);
    f.b.ats = false;
    bed_start(&f.b, 0, desc);
    while (have < PAGES) {
        have += take(&f, faults + have, PAGES - have);
    }
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_EQ(faults[i].addr, IOVA + i * PAGE);
        CHECK_EQ(faults[i].grpid, 9);
        CHECK_EQ(!!(faults[i].flags & IOMMU_PGFAULT_FLAGS_LAST_PAGE), i == PAGES - 1);
    }
    answer(&f, faults[PAGES - 1].cookie, IOMMUFD_PAGE_RESP_SUCCESS);
    c = bed_finish(&f.b, 0);
    CHECK_EQ(c.status, IDMA_STATUS_OK);
    CHECK_EQ(field_get(&c.value, IDMA_V_PRGI), 9);
    CHECK_EQ(field_get(&c.value, IDMA_V_PR_CODE), 0);
}

static void detached_with_a_fault(void)
{
    struct iommu_hwpt_pgfault fault;
    Faulting f;

    /* Nobody answers: leaving the address space must end the access. */
    open_faulting(&f, PASID);
    start_write(&f, IOVA, 1);
    CHECK_EQ(take(&f, &fault, 1), 1);
    OK(vfio_detach_pasid(&f.b.vfio, PASID));
    CHECK(refused(bed_finish(&f.b, 0).status));
    OK(vfio_attach_pasid(&f.b.vfio, f.hwpt, PASID));
    OK(ioas_map(f.b.iommufd, f.ioas, f.memory, PAGE, IOVA, IOAS_RW));
    CHECK(!refused(bed_write(&f.b, IOVA, 2)));
    CHECK(page_is(f.memory, 2));
}

static void wrong_answers(void)
{
    struct iommu_hwpt_page_response response = { .cookie = 12345 };
    struct iommu_hwpt_pgfault fault;
    Faulting f;

    open_faulting(&f, PASID);
    start_write(&f, IOVA, 1);
    CHECK_EQ(take(&f, &fault, 1), 1);
    /* No such fault; no such code. */
    CHECK(write(f.queue, &response, sizeof(response)) < 0);
    response = (struct iommu_hwpt_page_response) { .cookie = fault.cookie, .code = 7 };
    CHECK(write(f.queue, &response, sizeof(response)) < 0);
    CHECK_EQ(dma_ch_state(&f.b.dma, 0), IDMA_CH_BUSY);
    answer(&f, fault.cookie, IOMMUFD_PAGE_RESP_INVALID);
    CHECK(refused(bed_finish(&f.b, 0).status));
}

int main(void)
{
    static const Test tests[] = {
        { "faults without a PASID are served, the DMA resumes", served_without_pasid },
        { "faults with a PASID are served, the DMA resumes", served_with_pasid },
        { "an invalid answer ends the DMA, and only that one", invalid },
        { "an answer that maps nothing brings the fault again", success_without_a_page },
        { "reads and writes are told apart", read_access },
        { "four faults at once, answered in reverse", several_at_once },
        { "a group of pages has one answer", group_of_pages },
        { "detaching ends a fault nobody answers", detached_with_a_fault },
        { "answers to nothing are refused", wrong_answers },
    };

    return tap_main(TESTS(tests));
}

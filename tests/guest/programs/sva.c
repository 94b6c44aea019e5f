/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared virtual addressing: the device works on the program's own addresses, page faults included.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bed.h"

#define DRIVER "uio_pci_sva"

/* A capability, and what the kernel does not do without it. */
typedef struct Needed {
    uint64_t bit;
    const char *without;
} Needed;

/* Why the kernel cannot bind a process to the function; empty if nothing speaks against it. */
static char cannot_bind[96];

#ifdef __aarch64__
/* Forced by the SMMU, or promised for the function by the device tree. */
static bool may_stall(const char *name, uint32_t idr0)
{
    char path[96];

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/of_node/dma-can-stall", name);
    return (idr0 >> 24 & 3) == 2 || ((idr0 >> 24 & 3) == 0 && access(path, F_OK) == 0);
}
#endif

/*
 * uio_pci_generic_sva says EINVAL whatever the reason was: iommufd tells what the kernel knows of
 * the IOMMU. Asked once and first, for Linux 7.3 cannot give the function to vfio-pci after that
 * driver, which leaves its interrupts behind.
 */
static void ask_what_is_missing(void)
{
#ifdef __aarch64__
    struct iommu_hw_info_arm_smmuv3 have = { 0 };
    const uint32_t *value = &have.idr[0];
    static const Needed needed[] = {
        { 1u << 4, "binds no process without IDR0.COHACC" },
    };
#else
    struct iommu_hw_info_vtd have = { 0 };
    const __aligned_u64 *value = &have.ecap_reg;
    static const Needed needed[] = {
        { 1ull << 29, "serves no page faults without ECAP.PRS" },
        { 1ull << 2, "binds no process without ECAP.DT" },
        { 1ull << 40, "binds no process without ECAP.PASID" },
        { 1ull << 47, "binds no process without ECAP.FSTS" },
        { 1ull << 48, "binds no process without ECAP.SMPWCS" },
    };
#endif
    struct iommu_hw_info info;
    char name[PCI_NAME_MAX];
    VfioDevice vfio;
    int fd = iommufd_open();

    if (access("/sys/bus/pci/drivers/" DRIVER, F_OK)) {
        snprintf(cannot_bind, sizeof(cannot_bind),
                 "the kernel has no uio_pci_generic_sva, which came with Linux 6.19");
        return;
    }
    if (fd < 0 || !pci_find(IDMA_VENDOR_ID, IDMA_DEVICE_ID, 0, name) ||
        pci_bind(name, "vfio-pci") || vfio_open(&vfio, fd, name)) {
        return;
    }
    if (!hw_info(fd, vfio.dev_id, &have, sizeof(have), &info)) {
        if (!info.out_max_pasid_log2) {
            snprintf(cannot_bind, sizeof(cannot_bind),
                     "the kernel reports no PASIDs for this function");
        }
#ifdef __aarch64__
        if (!may_stall(name, *value)) {
            snprintf(cannot_bind, sizeof(cannot_bind), "the kernel serves no page faults without "
                     "IDR0.STALL_MODEL 2, or 0 and dma-can-stall");
        }
#endif
        for (unsigned i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
            if (!(*value & needed[i].bit)) {
                snprintf(cannot_bind, sizeof(cannot_bind), "the kernel %s", needed[i].without);
            }
        }
    }
    vfio_close(&vfio);
    close(fd);
    pci_bind(name, NULL);
}

/*
 * The function bound to uio_pci_generic_sva. Opening its UIO device binds this process's address
 * space to a PASID; closing it, or the end of the process, unbinds.
 */
static int open_sva(Bed *b)
{
    char path[128], node[64] = "";
    struct dirent *entry;
    DIR *directory;
    void *bar;
    int fd, error;

    *b = (Bed) { .iommufd = -1, .has_pasid = true };
    if (cannot_bind[0]) {
        tap_skip("%s", cannot_bind);
    }
    if (!pci_find(IDMA_VENDOR_ID, IDMA_DEVICE_ID, 0, b->name)) {
        tap_skip("the machine has no iommu-dma");
    }
    error = pci_bind(b->name, DRIVER);
    if (error) {
        tap_skip("%s does not bind to " DRIVER ": %s", b->name, strerror(-error));
    }
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/uio", b->name);
    directory = opendir(path);
    while (directory && (entry = readdir(directory))) {
        if (!strncmp(entry->d_name, "uio", 3)) {
            snprintf(node, sizeof(node), "/dev/%.16s", entry->d_name);
        }
    }
    if (directory) {
        closedir(directory);
    }
    fd = open(node, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        FAIL("%s: %s: the kernel does not bind this process to the function", node,
             strerror(errno));
    }
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/pasid", b->name);
    b->pasid = sysfs_number(path);
    bar = mmap(NULL, IDMA_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bar == MAP_FAILED) {
        FAIL("BAR 0 through %s: %s", node, strerror(errno));
    }
    bed_registers(b, bar);
    dma_write(&b->dma, IDMA_CTRL, reg_make(IDMA_CTRL_RESET, 1));
    /* Page requests need ATS; where Linux serves stalls instead, plain requests do. */
    b->ats = b->page = !on_arm();
    return fd;
}

static uint8_t *untouched(size_t pages)
{
    void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    CHECK(memory != MAP_FAILED);
    return memory;
}

static uint64_t address(const void *memory)
{
    return (uintptr_t)memory;
}

static void malloced(void)
{
    uint8_t *memory, *page;
    Bed b;

    open_sva(&b);
    memory = malloc(3 * PAGE);
    memset(memory, 0x5a, 3 * PAGE);
    page = (uint8_t *)((address(memory) + PAGE - 1) & ~(uint64_t)(PAGE - 1));
    CHECK_EQ(bed_verify(&b, address(page), 0x5a5a5a5a5a5a5a5a), IDMA_STATUS_OK);
    CHECK(!refused(bed_write(&b, address(page), 0x123)));
    CHECK(page_is(page, 0x123));
    CHECK_EQ(page[-1], 0x5a);
    CHECK_EQ(page[PAGE], 0x5a);
}

static void demand_faults(void)
{
    enum { PAGES = 64 };
    uint8_t *memory = untouched(PAGES);
    Counters before, after;
    DmaDesc desc;
    Bed b;

    open_sva(&b);
    counters_read(&before);
    desc = dma_make(IDMA_OP_FILL, address(memory), PAGE);
    dma_set_strided(&desc, PAGES, PAGE, 0);
    field_set(desc.w, IDMA_D_DATA, 77);
    CHECK(!refused(bed_dma(&b, desc).status));
    counters_read(&after);
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK(page_is(memory + i * PAGE, 77));
    }
    tap_note("%d pages: %" PRIu64 " stalls, %" PRIu64 " page requests", PAGES,
             after.stalled - before.stalled, after.page_requests - before.page_requests);
    CHECK(after.stalled - before.stalled + after.page_requests - before.page_requests > 0);
}

static void read_then_write(void)
{
    uint8_t *memory = untouched(1);
    Bed b;

    /* A read of what was never written shows zeros; the write after it gets a page of its own. */
    open_sva(&b);
    CHECK(!refused(bed_verify(&b, address(memory), 0)));
    CHECK(!refused(bed_write(&b, address(memory), 9)));
    CHECK(page_is(memory, 9));
}

static void unmapped(void)
{
    uint8_t *memory = untouched(2);
    Bed b;

    open_sva(&b);
    CHECK(!refused(bed_write(&b, address(memory), 1)));
    CHECK_EQ(munmap(memory, PAGE), 0);
    CHECK(refused(bed_write(&b, address(memory), 2)));
    CHECK(!refused(bed_write(&b, address(memory) + PAGE, 3)));
    CHECK(page_is(memory + PAGE, 3));
}

static void never_mapped(void)
{
    Bed b;

    open_sva(&b);
    CHECK(refused(bed_write(&b, 0x1000, 1)));
    CHECK(refused(bed_verify(&b, 0x7000, 1)));
}

static void protected(void)
{
    uint8_t *memory = untouched(1);
    Bed b;

    open_sva(&b);
    CHECK(!refused(bed_write(&b, address(memory), 4)));
    CHECK_EQ(mprotect(memory, PAGE, PROT_READ), 0);
    CHECK(refused(bed_write(&b, address(memory), 5)));
    CHECK(!refused(bed_verify(&b, address(memory), 4)));
    CHECK_EQ(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), 0);
    CHECK(!refused(bed_write(&b, address(memory), 6)));
    CHECK(page_is(memory, 6));
}

static void moved(void)
{
    uint8_t *memory = untouched(1), *other;
    Bed b;

    /* The page goes to another address, and another page comes to this one. */
    open_sva(&b);
    CHECK(!refused(bed_write(&b, address(memory), 7)));
    other = mremap(memory, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, untouched(1));
    CHECK(other != MAP_FAILED);
    CHECK(mmap(memory, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
               0) == memory);
    CHECK(!refused(bed_verify(&b, address(other), 7)));
    CHECK(!refused(bed_write(&b, address(memory), 8)));
    CHECK(page_is(memory, 8));
    CHECK(page_is(other, 7));
}

static void copied_on_write(void)
{
    uint8_t *memory = untouched(1);
    int status;
    pid_t child;
    int ends[2];
    char go;
    Bed b;

    open_sva(&b);
    CHECK(!refused(bed_write(&b, address(memory), 10)));
    CHECK_EQ(pipe(ends), 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        /* Only after the parent's device has written: the child's page is the old one. */
        if (read(ends[0], &go, 1) != 1) {
            _exit(1);
        }
        _exit(page_is(memory, 10) ? 0 : 1);
    }
    CHECK(!refused(bed_write(&b, address(memory), 11)));
    CHECK(page_is(memory, 11));
    CHECK_EQ(write(ends[1], "g", 1), 1);
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0);
}

static void huge(void)
{
    const uint64_t size = huge_page_size();
    uint8_t *memory = untouched(2 * size / PAGE), *aligned;
    Bed b;

    open_sva(&b);
    aligned = (uint8_t *)((address(memory) + size - 1) & ~(size - 1));
    madvise(aligned, size, MADV_HUGEPAGE);
    CHECK(!refused(bed_write(&b, address(aligned) + 100 * PAGE, 12)));
    CHECK(page_is(aligned + 100 * PAGE, 12));
    CHECK(page_is(aligned + 99 * PAGE, 0));
    aligned[0] = 1;
    /* Split again, with a hole. */
    CHECK_EQ(munmap(aligned + 100 * PAGE, PAGE), 0);
    CHECK(refused(bed_write(&b, address(aligned) + 100 * PAGE, 13)));
    CHECK(!refused(bed_write(&b, address(aligned) + 101 * PAGE, 14)));
    CHECK(page_is(aligned + 101 * PAGE, 14));
}

static void two_processes(void)
{
    uint8_t *memory = untouched(1);
    int status, ends[2], back[2];
    uint32_t pasid = 0;
    pid_t child;
    char byte;
    Bed b;

    /* One device at a time, so one after the other; each by its own PASID. */
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(pipe(back), 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        open_sva(&b);
        CHECK(!refused(bed_write(&b, address(memory), 20)));
        CHECK_EQ(write(ends[1], &b.pasid, sizeof(b.pasid)), sizeof(b.pasid));
        if (read(back[0], &byte, 1) != 1) {
            _exit(1);
        }
        _exit(page_is(memory, 20) ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &pasid, sizeof(pasid)) != sizeof(pasid)) {
        waitpid(child, &status, 0);
        tap_child(status);
        FAIL("the other process told no PASID");
    }
    CHECK(page_is(memory, 0));
    CHECK_EQ(write(back[1], "g", 1), 1);
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0);
    open_sva(&b);
    CHECK(!refused(bed_write(&b, address(memory), 21)));
    CHECK(page_is(memory, 21));
}

static void exits_at_work(void)
{
    enum { JOB = 200 };
    uint8_t *memory = untouched(1);
    Bed b;

    /*
     * A process that ends without closing anything, in the middle of a long job. It stops its
     * device first, as the kernel's interface wants it: Linux 7.3 does not drain at a process's
     * end, and frees faults that its worker has yet to serve (docs/guest-cookbook.rst).
     */
    for (unsigned round = 0; round < 5; round++) {
        pid_t child;
        int status;

        fflush(stdout);
        child = fork();
        if (child == 0) {
            uint8_t *own = untouched(JOB);
            DmaDesc desc = dma_make(IDMA_OP_FILL, address(own), PAGE);

            open_sva(&b);
            dma_set_strided(&desc, JOB, PAGE, 0);
            bed_start(&b, 0, desc);
            usleep(500);
            bed_quiesce(&b, 0);
            _exit(0);
        }
        waitpid(child, &status, 0);
        tap_child(status);
    }
    usleep(200000);
    open_sva(&b);
    CHECK(!refused(bed_write(&b, address(memory), 31)));
    CHECK(page_is(memory, 31));
}

static void unbound_pasid(void)
{
    Bed b;
    int fd = open_sva(&b);
    uint8_t *memory = untouched(1);
    uint32_t pasid = b.pasid;

    CHECK(!refused(bed_write(&b, address(memory), 1)));
    /* Another PASID than the one bound. */
    b.pasid = pasid + 1;
    CHECK(refused(bed_write(&b, address(memory), 2)));
    b.pasid = pasid;
    CHECK(!refused(bed_write(&b, address(memory), 3)));
    CHECK(page_is(memory, 3));
    close(fd);
}

int main(void)
{
    static const Test tests[] = {
        { "DMA to malloc'd memory", malloced },
        { "pages that are not there are faulted in", demand_faults },
        { "a read, then a write of an untouched page", read_then_write },
        { "munmap ends access at once, next to it all goes on", unmapped },
        { "addresses that were never mapped are refused", never_mapped },
        { "mprotect takes the right to write, and gives it back", protected },
        { "mremap moves the page", moved },
        { "a page shared by fork is copied before the device writes", copied_on_write },
        { "a huge page, then split", huge },
        { "two processes are two address spaces", two_processes },
        { "a process that exits at work is drained", exits_at_work },
        { "only the PASID that is bound", unbound_pasid },
    };

    ask_what_is_missing();
    return tap_main(TESTS(tests));
}

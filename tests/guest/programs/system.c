/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to a driver: reset and death at work, hot plug, other domain types, suspend. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bed.h"

#define IOVA 0x10000000ull

/* Functions: two on the root bus, and the one that is plugged in. */
enum { HOT = 2 };

#define DISK_NODE "/dev/nvme0n1"

static void attached(Bed *b, unsigned index, void *memory)
{
    uint32_t ioas = bed_open_attached(b, index);

    OK(ioas_map(b->iommufd, ioas, memory, PAGE, IOVA, IOAS_RW));
}

/* DMA works, and nothing is left in the kernel's log. */
static void works(unsigned index, uint64_t pattern)
{
    void *memory = memory_alloc(PAGE, false);
    Bed b;

    attached(&b, index, memory);
    CHECK_EQ(bed_write(&b, IOVA, pattern), IDMA_STATUS_OK);
    CHECK(page_is(memory, pattern));
    bed_close(&b);
}

static DmaDesc endless(void)
{
    DmaDesc desc = dma_make_fill(IOVA, PAGE, 1, false);

    dma_set_strided(&desc, 100000000, PAGE, PAGE);
    return desc;
}

static void reset_at_work(void)
{
    void *memory = memory_alloc(PAGE, false);
    Bed b;

    attached(&b, 0, memory);
    klog_mark();
    for (unsigned i = 0; i < 5; i++) {
        bed_start(&b, 1, endless());
        usleep(2000);
        CHECK_EQ(dma_ch_state(&b.dma, 1), IDMA_CH_BUSY);
        OK(vfio_reset(&b.vfio));
        CHECK_EQ(dma_ch_state(&b.dma, 1), IDMA_CH_IDLE);
        CHECK_EQ(bed_write(&b, IOVA, 10 + i), IDMA_STATUS_OK);
        CHECK(page_is(memory, 10 + i));
    }
    CHECK_EQ(klog_count("event:") + klog_count("fault addr"), 0);
}

static void killed_at_work(void)
{
    for (unsigned i = 0; i < 5; i++) {
        pid_t child;
        int status;

        fflush(stdout);
        child = fork();
        if (child == 0) {
            Bed b;

            attached(&b, 0, memory_alloc(PAGE, false));
            bed_start(&b, 0, endless());
            usleep(2000);
            _exit(0);
        }
        waitpid(child, &status, 0);
        CHECK_EQ(status, 0);
    }
    works(0, 21);
}

static bool wait_for_function(unsigned index, bool there, double limit)
{
    double end = seconds() + limit;
    char name[PCI_NAME_MAX];

    while (seconds() < end) {
        if (pci_find(IDMA_VENDOR_ID, IDMA_DEVICE_ID, index, name) == there) {
            return true;
        }
        usleep(20000);
    }
    return false;
}

/* QEMU forgets a function some time after the guest has let go of it. */
static void plug(void)
{
    double end = seconds() + 10;

    while (!host_command("{\"execute\": \"device_add\", \"arguments\": "
                         "{\"driver\": \"iommu-dma\", \"id\": \"hot\", \"bus\": \"rp\"}}")) {
        CHECK(seconds() < end);
        usleep(500000);
    }
}

static void hot_plugged(void)
{
    char name[PCI_NAME_MAX];

    klog_mark();
    plug();
    CHECK(wait_for_function(HOT, true, 15));
    works(HOT, 30);
    CHECK(pci_find(IDMA_VENDOR_ID, IDMA_DEVICE_ID, HOT, name));
    OK(pci_bind(name, NULL));
    CHECK(host_command("{\"execute\": \"device_del\", \"arguments\": {\"id\": \"hot\"}}"));
    CHECK(wait_for_function(HOT, false, 15));
    works(0, 31);
    /* Another in the same place: nothing of the first one is left. */
    plug();
    /* QEMU's port may not announce it while the first one's events stand: turn the slot on. */
    for (unsigned i = 0; i < 10 && !wait_for_function(HOT, true, 2); i++) {
        sysfs_write("/sys/bus/pci/slots/0/power", "1");
    }
    CHECK(wait_for_function(HOT, true, 0.1));
    works(HOT, 32);
    CHECK_EQ(klog_count("event:") + klog_count("fault addr"), 0);
}

static int disk_open(void)
{
    double end = seconds() + 5;
    int fd;

    do {
        fd = open(DISK_NODE, O_RDWR | O_DIRECT | O_CLOEXEC);
    } while (fd < 0 && seconds() < end && usleep(20000) == 0);
    if (fd < 0) {
        FAIL(DISK_NODE ": %s", strerror(errno));
    }
    return fd;
}

/* 4 MB to the disk and back, by the disk driver's own DMA. */
static void disk_works(unsigned seed)
{
    enum { SIZE = 4 * MIB };
    uint64_t *out = memory_alloc(SIZE, false), *in = memory_alloc(SIZE, false);
    int fd = disk_open();

    for (unsigned i = 0; i < SIZE / 8; i++) {
        out[i] = idma_pattern(seed, 1, i);
    }
    CHECK_EQ(pwrite(fd, out, SIZE, 0), SIZE);
    CHECK_EQ(pread(fd, in, SIZE, 0), SIZE);
    CHECK(!memcmp(in, out, SIZE));
    close(fd);
}

static void group_type_path(const char *name, char *path, size_t size)
{
    snprintf(path, size, "/sys/bus/pci/devices/%s/iommu_group/type", name);
}

static bool domain_is(const char *path, const char *type)
{
    char have[32];

    OK(sysfs_read(path, have, sizeof(have)));
    return !strcmp(have, type);
}

static void disk_name(char name[PCI_NAME_MAX])
{
    CHECK(pci_find(0x1b36, 0x0010, 0, name));
}

static void strict_to_lazy(void)
{
    char name[PCI_NAME_MAX], path[128];
    Counters before, after;

    /* The only change of type that a bound driver allows. */
    disk_name(name);
    group_type_path(name, path, sizeof(path));
    klog_mark();
    CHECK(domain_is(path, "DMA"));
    disk_works(41);
    OK(sysfs_write(path, "DMA-FQ"));
    CHECK(domain_is(path, "DMA-FQ"));
    counters_read(&before);
    disk_works(42);
    counters_read(&after);
    CHECK(after.translated > before.translated);
    CHECK_EQ(after.faults, before.faults);
}

static void types_of_an_unbound_disk(void)
{
    static const char *const types[] = { "identity", "DMA", "identity", "DMA-FQ", "DMA" };
    char name[PCI_NAME_MAX], path[128];

    disk_name(name);
    group_type_path(name, path, sizeof(path));
    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        bool identity = !strcmp(types[i], "identity");
        Counters before, after;

        OK(pci_bind(name, NULL));
        OK(sysfs_write(path, types[i]));
        CHECK(domain_is(path, types[i]));
        OK(pci_bind(name, "nvme"));
        counters_read(&before);
        disk_works(50 + i);
        counters_read(&after);
        CHECK((after.bypassed > before.bypassed) == identity);
        CHECK((after.translated > before.translated) == !identity);
        CHECK_EQ(after.faults, before.faults);
    }
}

static void suspended(const char *level, const char *state)
{
    char states[64];
    int error;

    OK(sysfs_read("/sys/power/state", states, sizeof(states)));
    if (!strstr(states, state)) {
        tap_skip("the kernel knows no sleep state '%s' here, only '%s'", state, states);
    }
    disk_works(61);
    klog_mark();
    OK(sysfs_write("/sys/power/pm_test", level));
    error = sysfs_write("/sys/power/state", state);
    if (error) {
        FAIL("suspend to %s, test level %s: %s", state, level, strerror(-error));
    }
    CHECK_EQ(klog_count("event:") + klog_count("fault addr"), 0);
    disk_works(62);
    works(0, 63);
}

static void suspended_devices(void)
{
    suspended("devices", "freeze");
}

static void suspended_core(void)
{
    char depths[64];

    /* Down to where the IOMMU itself is turned off and on. */
    OK(sysfs_read("/sys/power/mem_sleep", depths, sizeof(depths)));
    if (!strstr(depths, "deep")) {
        tap_skip("the kernel finds no sleep deeper than idle on this machine: %s", depths);
    }
    OK(sysfs_write("/sys/power/mem_sleep", "deep"));
    suspended("core", "mem");
}

int main(void)
{
    static const Test tests[] = {
        { "a function reset at work is silent and works again", reset_at_work },
        { "a function whose driver is killed at work is silent and works again", killed_at_work },
        { "a function plugged in below a port works, twice", hot_plugged, 90 },
        { "a disk's domain goes from strict to lazy while in use", strict_to_lazy },
        { "an unbound disk changes between translated and identity", types_of_an_unbound_disk, 60 },
        { "devices suspend and resume", suspended_devices },
        { "the IOMMU suspends and resumes", suspended_core },
    };

    return tap_main(TESTS(tests));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IOMMU's performance counters through Linux's own drivers: what perf reads is what was done.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "lib/bed.h"

#define IOVA 0x10000000ull
#define SOURCES "/sys/bus/event_source/devices"

enum { PAGES = 64 };

/* Events by what they mean, in each driver's encoding ("event_group" is bits 31:28 on x86). */
#ifdef __aarch64__
#define SOURCE "smmuv3_pmcg_"
enum {
    CYCLES = 0, REQUESTS = 1, TLB_MISSES = 2, TABLE_READS = 4, CONFIG_READS = 5,
    TLB_LOOKUPS = 0xa1, WALKS = 0xa5, UTLB_LOOKUPS = 0xad, UTLB_MISSES = 0xae,
};
#else
#define SOURCE "dmar"
enum {
    CYCLES = 0x0 << 28 | 0x1,
    REQUESTS = 0x0 << 28 | 0x2,
    READS = 0x1 << 28 | 0x1,
    TLB_LOOKUPS = 0x3 << 28 | 0x1,
    TLB_HITS = 0x3 << 28 | 0x2,
};
#endif

/* A counter that counts from now on. */
static int count(uint64_t event, uint64_t filter)
{
    char path[160], name[64] = "";
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .config = event,
        .config1 = filter,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };
    DIR *directory = opendir(SOURCES);
    struct dirent *entry;
    int fd;

    while (directory && (entry = readdir(directory))) {
        if (!strncmp(entry->d_name, SOURCE, strlen(SOURCE))) {
            snprintf(name, sizeof(name), "%.60s", entry->d_name);
        }
    }
    if (directory) {
        closedir(directory);
    }
    if (!name[0]) {
        FAIL("no event source " SOURCE "* in " SOURCES ": its driver did not bind");
    }
    snprintf(path, sizeof(path), SOURCES "/%s/type", name);
    attr.type = sysfs_number(path);
    fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
    if (fd < 0) {
        FAIL("perf_event_open of %s, event %#" PRIx64 ": %s", name, event, strerror(errno));
    }
    return fd;
}

static uint64_t counted(int fd)
{
    uint64_t values[3];

    CHECK_EQ(read(fd, values, sizeof(values)), sizeof(values));
    /* Enabled but not running all the time would be an estimate. */
    CHECK_EQ(values[1], values[2]);
    return values[0];
}

static void attached(Bed *b, unsigned index, int iommufd)
{
    uint8_t *memory = memory_alloc(PAGES * PAGE, false);
    uint32_t ioas;

    bed_open(b, index, iommufd);
    ioas = OK(ioas_alloc(b->iommufd));
    OK(ioas_huge_pages(b->iommufd, ioas, false));
    OK(vfio_attach(&b->vfio, ioas));
    OK(ioas_map(b->iommufd, ioas, memory, PAGES * PAGE, IOVA, IOAS_RW));
}

/* One write to each page; the device's own count of transactions. */
static uint64_t touch(Bed *b)
{
    uint64_t before = dma_ch_read(&b->dma, 0, IDMA_CH_STAT_TXNS);
    DmaDesc desc = dma_make_fill(IOVA, 64, 1, false);

    dma_set_strided(&desc, PAGES, PAGE, 0);
    CHECK_EQ(bed_dma(b, desc).status, IDMA_STATUS_OK);
    return dma_ch_read(&b->dma, 0, IDMA_CH_STAT_TXNS) - before;
}

static void transactions(void)
{
    uint64_t done = 0;
    int requests;
    Bed b;

    attached(&b, 0, -1);
    requests = count(REQUESTS, 0);
    for (unsigned i = 0; i < 10; i++) {
        done += touch(&b);
    }
    CHECK_EQ(done, 10 * PAGES);
    CHECK_EQ(counted(requests), done);
}

/* With a first level some lookups end there, and never come to the main TLB. */
static void check_lookups(const Counters *before, const Counters *after)
{
    uint64_t first = after->utlb_lookups - before->utlb_lookups;
    uint64_t first_hits = after->utlb_hits - before->utlb_hits;

    CHECK_EQ(after->tlb_lookups - before->tlb_lookups, 2 * PAGES - first_hits);
    CHECK(first == 2 * PAGES || first == 0);
    CHECK(after->tlb_misses - before->tlb_misses >= PAGES);
    /* With timing on, the device waits for each. */
    CHECK_EQ(after->untimed, before->untimed);
}

static void as_the_model(void)
{
    Counters before, after;
    Bed b;
#ifdef __aarch64__
    int requests, misses, lookups, walks, reads, config;

    attached(&b, 0, -1);
    requests = count(REQUESTS, 0);
    misses = count(TLB_MISSES, 0);
    lookups = count(TLB_LOOKUPS, 0);
    walks = count(WALKS, 0);
    reads = count(TABLE_READS, 0);
    config = count(CONFIG_READS, 0);
    counters_read(&before);
    touch(&b);
    touch(&b);
    counters_read(&after);
    CHECK_EQ(counted(requests), 2 * PAGES);
    CHECK_EQ(counted(misses), after.tlb_misses - before.tlb_misses);
    CHECK_EQ(counted(lookups), after.tlb_lookups - before.tlb_lookups);
    CHECK_EQ(counted(walks), after.walks - before.walks);
    CHECK_EQ(counted(reads), after.walk_reads - before.walk_reads +
                             after.walk_updates - before.walk_updates);
    CHECK_EQ(counted(config), after.config_reads - before.config_reads);
#else
    int requests, lookups, hits, reads;

    attached(&b, 0, -1);
    requests = count(REQUESTS, 0);
    lookups = count(TLB_LOOKUPS, 0);
    hits = count(TLB_HITS, 0);
    reads = count(READS, 0);
    counters_read(&before);
    touch(&b);
    touch(&b);
    counters_read(&after);
    CHECK_EQ(counted(requests), 2 * PAGES);
    CHECK_EQ(counted(lookups), after.tlb_lookups - before.tlb_lookups);
    CHECK_EQ(counted(hits), after.tlb_hits - before.tlb_hits);
    /* Tables of both kinds, and the descriptors of the invalidation queue. */
    CHECK_EQ(counted(reads), after.walk_reads - before.walk_reads +
                             after.config_reads - before.config_reads +
                             after.commands - before.commands);
#endif
    check_lookups(&before, &after);
}

#ifdef __aarch64__
/* By raw event: the driver knows no name for these. */
static void first_level(void)
{
    Counters before, after;
    int lookups, misses;
    Bed b;

    attached(&b, 0, -1);
    lookups = count(UTLB_LOOKUPS, 0);
    misses = count(UTLB_MISSES, 0);
    counters_read(&before);
    touch(&b);
    touch(&b);
    counters_read(&after);
    CHECK_EQ(counted(lookups), after.utlb_lookups - before.utlb_lookups);
    CHECK_EQ(counted(lookups) - counted(misses), after.utlb_hits - before.utlb_hits);
}
#endif

static void time_passes(void)
{
    uint64_t first, second;
    int cycles = count(CYCLES, 0);

    first = counted(cycles);
    usleep(20000);
    second = counted(cycles);
    CHECK(second > first);
}

/* Time is the device's too: none for a request with timing off, the counter's cycles with it on. */
static void cycles_of_dma(void)
{
    uint64_t inner, outer, begin, end, first, second;
    DmaCompletion c;
    int cycles;
    Bed b;

    attached(&b, 0, -1);
    cycles = count(CYCLES, 0);
    c = bed_dma(&b, dma_make_fill(IOVA, 64, 1, false));
    CHECK_EQ(c.status, IDMA_STATUS_OK);
    if (!reg_get(dma_read(&b.dma, IDMA_PATH), IDMA_PATH_TIMED)) {
        CHECK_EQ(c.end, c.start);
        return;
    }
    CHECK(c.end > c.start);
    begin = dma_read(&b.dma, IDMA_CYCLE);
    first = counted(cycles);
    c = bed_dma(&b, dma_make_fill(IOVA + PAGE, 64, 1, false));
    second = counted(cycles);
    end = dma_read(&b.dma, IDMA_CYCLE);
    inner = c.end - c.start;
    outer = end - begin;
    CHECK(inner > 0);
    CHECK(second - first >= inner);
    CHECK(second - first <= outer);
}

static void stopped(void)
{
    uint64_t done;
    int requests;
    Bed b;

    attached(&b, 0, -1);
    requests = count(REQUESTS, 0);
    done = touch(&b);
    CHECK_EQ(ioctl(requests, PERF_EVENT_IOC_DISABLE, 0), 0);
    touch(&b);
    CHECK_EQ(counted(requests), done);
    CHECK_EQ(ioctl(requests, PERF_EVENT_IOC_ENABLE, 0), 0);
    done += touch(&b);
    CHECK_EQ(counted(requests), done);
}

static void filtered(void)
{
#ifdef __aarch64__
    Bed b, c;
    int requests;

    attached(&b, 0, -1);
    attached(&c, 1, b.iommufd);
    /* filter_enable, and the StreamID: on this machine the requester id. */
    requests = count(REQUESTS, 1ull << 33 | pci_rid(c.name));
    touch(&b);
    CHECK_EQ(counted(requests), 0);
    CHECK_EQ(touch(&c), counted(requests));
#else
    tap_skip("the events of VT-d's specification have no requester filter");
#endif
}

int main(void)
{
    static const Test tests[] = {
        { "requests counted are the device's own", transactions },
        { "lookups, misses, walks and reads counted are the model's own", as_the_model },
#ifdef __aarch64__
        { "lookups of the first level are counted by raw events", first_level },
#endif
        { "cycles pass", time_passes },
        { "cycles of DMA are the device's own", cycles_of_dma },
        { "a stopped counter stands still", stopped },
        { "a filter picks one function", filtered },
    };

    return tap_main(TESTS(tests));
}

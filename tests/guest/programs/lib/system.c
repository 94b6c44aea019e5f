/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest around a test. */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

int sysfs_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

    if (fd < 0) {
        return -errno;
    }
    if (write(fd, text, strlen(text)) < 0) {
        error = -errno;
    }
    close(fd);
    return error;
}

int sysfs_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0) {
        return -errno;
    }
    length = read(fd, text, size - 1);
    close(fd);
    if (length < 0) {
        return -errno;
    }
    text[length] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return 0;
}

uint64_t sysfs_number(const char *path)
{
    char text[32];
    int error = sysfs_read(path, text, sizeof(text));

    if (error) {
        FAIL("%s: %s", path, strerror(-error));
    }
    return strtoull(text, NULL, 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A function may go between its being listed and its being asked: -1. */
static long pci_number(const char *name, const char *what)
{
    char path[128], text[32];

    snprintf(path, sizeof(path), PCI_DEVICES "/%.15s/%s", name, what);
    return sysfs_read(path, text, sizeof(text)) ? -1 : strtol(text, NULL, 0);
}

bool pci_find(uint16_t vendor, uint16_t device, unsigned index, char name[PCI_NAME_MAX])
{
    char found[64][PCI_NAME_MAX];
    DIR *directory = opendir(PCI_DEVICES);
    unsigned count = 0;
    struct dirent *entry;

    while (directory && (entry = readdir(directory)) && count < 64) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (pci_number(entry->d_name, "vendor") == vendor &&
            pci_number(entry->d_name, "device") == device) {
            snprintf(found[count++], PCI_NAME_MAX, "%.15s", entry->d_name);
        }
    }
    if (directory) {
        closedir(directory);
    }
    qsort(found, count, PCI_NAME_MAX, by_name);
    if (index >= count) {
        return false;
    }
    memcpy(name, found[index], PCI_NAME_MAX);
    return true;
}

uint16_t pci_rid(const char *name)
{
    unsigned domain, bus, device, function;

    if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4) {
        FAIL("'%s' is no PCI name", name);
    }
    return bus << 8 | device << 3 | function;
}

int pci_bind(const char *name, const char *driver)
{
    char path[128], link[128] = "";
    const char *bound;
    int error;

    snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", name);
    if (readlink(path, link, sizeof(link) - 1) > 0) {
        bound = strrchr(link, '/') + 1;
        if (driver && !strcmp(bound, driver)) {
            return 0;
        }
        snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver/unbind", name);
        error = sysfs_write(path, name);
        if (error) {
            return error;
        }
    }
    snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver_override", name);
    error = sysfs_write(path, driver ? driver : "\n");
    if (error || !driver) {
        return error;
    }
    error = sysfs_write("/sys/bus/pci/drivers_probe", name);
    if (error) {
        return error;
    }
    snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", name);
    return access(path, F_OK) ? -ENODEV : 0;
}

/* /dev/kmsg hands out one record a read; this descriptor stays at the mark. */
static int klog_fd = -1;

void klog_mark(void)
{
    if (klog_fd >= 0) {
        close(klog_fd);
    }
    klog_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    lseek(klog_fd, 0, SEEK_END);
}

static bool has_all(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (!strstr(text, *words)) {
            return false;
        }
    }
    return true;
}

bool klog_find(char *line, size_t size, const char *const *words)
{
    double end = seconds() + 2;
    char record[1024];

    while (seconds() < end) {
        ssize_t length = read(klog_fd, record, sizeof(record) - 1);

        if (length < 0) {
            usleep(2000);
            continue;
        }
        record[length] = '\0';
        if (has_all(record, words)) {
            if (line) {
                snprintf(line, size, "%s", record);
            }
            return true;
        }
    }
    return false;
}

unsigned klog_count(const char *word)
{
    char record[1024];
    unsigned count = 0;
    ssize_t length;

    while ((length = read(klog_fd, record, sizeof(record) - 1)) > 0) {
        record[length] = '\0';
        count += strstr(record, word) != NULL;
    }
    return count;
}

bool on_arm(void)
{
#ifdef __aarch64__
    return true;
#else
    return false;
#endif
}

static uint64_t counter(const char *line, const char *name)
{
    char pattern[64];
    const char *at;

    snprintf(pattern, sizeof(pattern), " %s=", name);
    at = strstr(line, pattern);
    return at ? strtoull(at + strlen(pattern), NULL, 10) : 0;
}

/* One line from the console, which is where the host answers; without its end. */
static void host_line(char *line, size_t size)
{
    size_t length = 0;

    fflush(stdout);
    while (length < size - 1 && read(0, line + length, 1) == 1 && line[length] != '\n') {
        length++;
    }
    line[length] = '\0';
}

bool host_command(const char *json)
{
    char line[512];

    printf("@qmp %s\n", json);
    host_line(line, sizeof(line));
    if (strcmp(line, "ok")) {
        tap_note("%s", line);
        return false;
    }
    return true;
}

void counters_read(Counters *c)
{
    char line[4096];

    /* The answer is " name=value name=value ...". */
    printf("@counters\n");
    host_line(line, sizeof(line));
#define COUNTER(name) c->name = counter(line, #name)
    COUNTER(transactions);
    COUNTER(translated);
    COUNTER(bypassed);
    COUNTER(aborted);
    COUNTER(stalled);
    COUNTER(utlb_lookups);
    COUNTER(utlb_hits);
    COUNTER(tlb_lookups);
    COUNTER(tlb_hits);
    COUNTER(tlb_misses);
    COUNTER(walks);
    COUNTER(walk_reads);
    COUNTER(walk_updates);
    COUNTER(config_reads);
    COUNTER(commands);
    COUNTER(invalidations);
    COUNTER(faults);
    COUNTER(events);
    COUNTER(interrupts);
    COUNTER(irq_remapped);
    COUNTER(irq_blocked);
    COUNTER(ats_requests);
    COUNTER(page_requests);
#undef COUNTER
    c->untimed = counter(line, "untimed.transactions");
    if (!c->transactions && !c->commands) {
        FAIL("the host did not tell the IOMMU's counters");
    }
}

/* The number behind @name, which ends in a colon, in /proc/meminfo; 0 if it is not there. */
static uint64_t meminfo(const char *name)
{
    FILE *file = fopen("/proc/meminfo", "r");
    uint64_t value = 0;
    char line[128];

    while (file && fgets(line, sizeof(line), file)) {
        if (!strncmp(line, name, strlen(name))) {
            value = strtoull(line + strlen(name), NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return value;
}

size_t huge_page_size(void)
{
    return meminfo("Hugepagesize:") << 10;
}

/* Have the kernel keep enough huge pages free for @size bytes. */
static void reserve_huge_pages(size_t size)
{
    uint64_t page = huge_page_size(), needed = page ? (size + page - 1) / page : 0;
    char text[24];

    if (meminfo("HugePages_Free:") < needed) {
        snprintf(text, sizeof(text), "%" PRIu64, meminfo("HugePages_Total:") + needed);
        sysfs_write("/proc/sys/vm/nr_hugepages", text);
    }
}

void *memory_alloc(size_t size, bool huge)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | (huge ? MAP_HUGETLB : 0);
    void *memory;

    if (huge) {
        reserve_huge_pages(size);
    }
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) {
        if (huge) {
            tap_skip("no huge pages of %zu MB for %zu MB: %s", huge_page_size() >> 20, size >> 20,
                     strerror(errno));
        }
        FAIL("%zu bytes of memory: %s", size, strerror(errno));
    }
    return memory;
}

double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

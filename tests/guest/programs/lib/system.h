/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest around a test: sysfs, driver binding, the kernel's log, the emulator's counters.
 */
#ifndef GUEST_SYSTEM_H
#define GUEST_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_NAME_MAX 16

/** Write @text to a file of sysfs or debugfs. 0 or a negative errno. */
int sysfs_write(const char *path, const char *text);

/** First line of a file, without its end. 0 or a negative errno. */
int sysfs_read(const char *path, char *text, size_t size);

/** Number in a file; fails the test if there is none. */
uint64_t sysfs_number(const char *path);

/**
 * PCI name ("0000:00:02.0") of the @index-th function with these ids, in the order of their names.
 * False if there are not so many.
 */
bool pci_find(uint16_t vendor, uint16_t device, unsigned index, char name[PCI_NAME_MAX]);

/** Requester id of a PCI name: bus, device, function. */
uint16_t pci_rid(const char *name);

/** Take @name from its driver and give it to @driver alone; NULL: to none. 0 or negative errno. */
int pci_bind(const char *name, const char *driver);

/** Mark the end of the kernel's log: klog_find() looks at what comes after. */
void klog_mark(void);

/**
 * Wait until a line of the kernel's log after the mark contains all of @words, which end with NULL.
 * False after two seconds. The line, if @line is not NULL, is copied there.
 */
bool klog_find(char *line, size_t size, const char *const *words);

/** Lines after the mark that contain @word. */
unsigned klog_count(const char *word);

/** True on an Arm guest, false on an x86 one. */
bool on_arm(void);

/** Counters of the emulated IOMMU, read by the host from outside. */
typedef struct Counters {
    uint64_t transactions, translated, bypassed, aborted, stalled;
    uint64_t utlb_lookups, utlb_hits, tlb_lookups, tlb_hits, tlb_misses;
    uint64_t walks, walk_reads, walk_updates, config_reads;
    uint64_t commands, invalidations, faults, events, interrupts;
    uint64_t irq_remapped, irq_blocked, ats_requests, page_requests;
    uint64_t untimed; /* transactions that did not wait; 0 with timing off */
} Counters;

/** Ask the host. Counters it does not know are 0. */
void counters_read(Counters *c);

/** Have the host run one command of QEMU's machine protocol (JSON). False if QEMU refuses. */
bool host_command(const char *json);

/**
 * Bytes of a huge page, what one entry of the last but one table level spans; 0: there are none.
 */
size_t huge_page_size(void);

/**
 * Zeroed, present memory of @size bytes; @huge: in huge pages, or a skip where they cannot be had
 * (those of a 64 KB kernel are so large that they must be reserved when it starts: hugepages=N).
 */
void *memory_alloc(size_t size, bool huge);

/** Seconds since boot. */
double seconds(void);

#endif

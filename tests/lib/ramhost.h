/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RamHost: an IommuHost over a plain array, for unit tests, benchmarks, fuzzers and the simulator.
 *
 * Memory is [base, base + size); everything outside aborts, and so do accesses that touch an abort
 * window. Whatever a model does besides reading and writing is counted and kept for the test to
 * look at. A hook may run before the n-th access of a kind, to change memory behind the model's
 * back at the worst moment.
 */
#ifndef TESTS_LIB_RAMHOST_H
#define TESTS_LIB_RAMHOST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guestmem.h"
#include "hw/iommu/host.h"
#include "hw/iommu/txn.h"

#define RAMHOST_WINDOWS 16
#define RAMHOST_KEPT 256 /* of pulses, MSIs, ...: the first so many are kept, all are counted */

/** Kinds of memory access; bits of an abort window. */
#define RAMHOST_READ  0x1u
#define RAMHOST_WRITE 0x2u
#define RAMHOST_CAS   0x4u
#define RAMHOST_MSI   0x8u
#define RAMHOST_ANY   0xfu

typedef struct RamWindow {
    uint64_t first, last; /* inclusive */
    unsigned kinds;       /* RAMHOST_*: what aborts */
} RamWindow;

typedef struct RamMsi {
    uint64_t addr;
    uint32_t data;
    IommuMemAttr attr;
    IommuMsiSource source;
} RamMsi;

typedef struct RamStall {
    uint64_t cookie;
    IommuResult result;
} RamStall;

typedef struct RamHost RamHost;

/**
 * Runs before the access is made. @n counts the accesses of this kind from 1. May change memory.
 */
typedef void RamHook(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n);

struct RamHost {
    uint8_t *bytes;
    uint64_t base;
    uint64_t size;
    IommuHost host; /* give this to the model */

    RamWindow windows[RAMHOST_WINDOWS];
    unsigned window_count;

    uint64_t reads, writes, swaps; /* accesses attempted, aborted ones included */
    uint64_t swaps_failed;         /* compare-and-swaps that found something else */
    uint64_t aborts;
    uint64_t last_read, last_write, last_swap; /* addresses */
    IommuMemAttr last_attr;        /* of the last read, write or swap */

    RamHook *hook;
    void *hook_opaque;
    unsigned hook_kinds;  /* RAMHOST_READ, _WRITE, _CAS */
    uint64_t hook_n;      /* before the n-th access of a kind since ramhost_hook(); 0: each */
    uint64_t hook_reads, hook_writes, hook_swaps;

    uint64_t pulses;
    unsigned pulse_lines[RAMHOST_KEPT];
    uint64_t msi_count;
    RamMsi msis[RAMHOST_KEPT];
    uint64_t unmap_count;
    IommuUnmap unmaps[RAMHOST_KEPT];
    uint64_t ats_count;
    IommuAtsInv ats[RAMHOST_KEPT];
    IommuAtsInvStatus ats_answer; /* what an ATS invalidation gets */
    uint64_t response_count;
    IommuPageResponse responses[RAMHOST_KEPT];
    uint64_t stall_count;
    RamStall stalls[RAMHOST_KEPT];
    uint64_t mode_changes;
    uint64_t wakes;
    uint64_t wake_cycle; /* of the last wake */
    uint64_t now;        /* what the model's clock shows; the test advances it */
    uint64_t errors;
    char error[256];     /* text of the last guest error */
};

/** @size bytes of zeroes at @base. False: the machine has not so much. */
bool ramhost_try_init(RamHost *ram, uint64_t base, uint64_t size);
/** The same; aborts the program if there is not so much. */
void ramhost_init(RamHost *ram, uint64_t base, uint64_t size);
void ramhost_destroy(RamHost *ram);

/** Address @addr in the array, or NULL if [addr, addr + len) is not all inside. */
void *ramhost_at(RamHost *ram, uint64_t addr, size_t len);

/** Little-endian words, as the guest's CPU reads and writes them: no window, no count, no hook. */
uint64_t ramhost_read64(RamHost *ram, uint64_t addr);
uint32_t ramhost_read32(RamHost *ram, uint64_t addr);
void ramhost_write64(RamHost *ram, uint64_t addr, uint64_t value);
void ramhost_write32(RamHost *ram, uint64_t addr, uint32_t value);

/** Accesses of @kinds that touch [@first, @last] abort from now on. */
void ramhost_abort(RamHost *ram, uint64_t first, uint64_t last, unsigned kinds);
/** No access inside memory aborts any more. */
void ramhost_abort_none(RamHost *ram);

/** Run @hook before the @n-th access of each of @kinds from now on (0: before every one). */
void ramhost_hook(RamHost *ram, RamHook *hook, void *opaque, unsigned kinds, uint64_t n);

/** Set every count to 0 and forget what was kept; memory, windows and hook stay. */
void ramhost_forget(RamHost *ram);

/** The same memory for the builders of this directory, handing out blocks of [@first, @end). */
GuestMem ramhost_guestmem(RamHost *ram, uint64_t first, uint64_t end);

#endif

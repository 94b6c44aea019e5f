/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine under qtest with an IOMMU and one `edu` device behind it.
 */
#ifndef TESTS_QTEST_SW_MACHINE_H
#define TESTS_QTEST_SW_MACHINE_H

#include "tests/qtest/libqtest.h"

#include "../lib/guestmem.h"
#include "../lib/regbus.h"

/** Requester id of the edu device (bus 0, slot 4, function 0), also its StreamID. */
#define SW_EDU_BDF 0x20

/** How large the model's caches are: values of its "caches" property. */
extern const char *const sw_cache_sizes[];
#define SW_CACHE_SIZES 3

/**
 * @mem: RAM, with a region for gmem_alloc() that nothing else uses.
 * @regs: the IOMMU's registers.
 * @iommu_base: where they are.
 */
typedef struct SwMachine {
    QTestState *qts;
    GuestMem mem;
    RegBus regs;
    uint64_t iommu_base;
    uint64_t edu_bar;
    uint64_t ecam; /* 0: configuration space by I/O ports (x86) */
    char *args;
} SwMachine;

/**
 * Start `virt` with an SMMUv3 / `q35` with a VT-d unit. @caches: NULL, or a value of the "caches"
 * property; @properties: further properties of the IOMMU ("name=value,name=value"), or NULL.
 */
SwMachine *sw_machine_virt(const char *caches, const char *properties);
SwMachine *sw_machine_q35(const char *caches, const char *properties);
void sw_machine_free(SwMachine *m);

/**
 * Save the machine, end it, and go on in a new process that loads the state. (edu has no state to
 * migrate: its configuration is made anew.)
 */
void sw_machine_migrate(SwMachine *m);

/**
 * Start the emulator with @args, which it must refuse: exit status 1 and one line that names
 * @value, what was wrong, and holds @allowed, what would be right.
 */
void sw_assert_refused(const char *args, const char *value, const char *allowed);

/**
 * Whether the binary under test has a "caches" property: QEMU's own models do not. (The runner sets
 * STAGEWALK_BASELINE for these.)
 */
bool sw_has_cache_sizes(void);

/** What a test registered with sw_add_cached() gets. */
typedef struct SwCase {
    const char *caches; /* NULL: the binary has no such property */
    const void *data;
} SwCase;

/**
 * Registers a test for each cache size as PATH/caches-off, -one, -full; once as PATH if the
 * binary has no such property. @data must outlive the tests.
 */
void sw_add_cached(const char *path, void (*fn)(const SwCase *c), const void *data);

/* edu: a DMA engine with a 4 KB buffer of its own. */

/** Copy @bytes from @iova into the device at @offset of its buffer. */
void sw_edu_read(SwMachine *m, uint64_t iova, unsigned offset, unsigned bytes);

/** Copy @bytes from @offset of the device's buffer to @iova. */
void sw_edu_write(SwMachine *m, uint64_t iova, unsigned offset, unsigned bytes);

/** RAM to RAM through the device: read from @src, then write to @dst. */
void sw_edu_copy(SwMachine *m, uint64_t dst, uint64_t src, unsigned bytes);

/** Let the device send the MSI (@addr, @data). */
void sw_edu_msi(SwMachine *m, uint64_t addr, uint16_t data);

/* RAM. */

/** Fill @bytes (a multiple of 8) at physical @pa with a pattern that depends on @seed. */
void sw_fill(SwMachine *m, uint64_t pa, unsigned bytes, uint64_t seed);

/** Whether that pattern is there. */
bool sw_filled(SwMachine *m, uint64_t pa, unsigned bytes, uint64_t seed);

#endif

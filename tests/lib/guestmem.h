/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory as a driver sees it: read, write, and hand out zeroed blocks.
 *
 * Everything in tests/lib that programs an IOMMU works through these two callbacks, so one builder
 * serves unit tests and fuzzers (a plain array), qtests (the qtest socket) and guests.
 */
#ifndef TESTS_LIB_GUESTMEM_H
#define TESTS_LIB_GUESTMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * @write, @read: move @len bytes at physical @addr.
 * @next, @end: what is left for gmem_alloc(); @next only moves up.
 */
typedef struct GuestMem {
    void (*write)(void *opaque, uint64_t addr, const void *buf, size_t len);
    void (*read)(void *opaque, uint64_t addr, void *buf, size_t len);
    void *opaque;
    uint64_t next;
    uint64_t end;
} GuestMem;

/**
 * A zeroed block of @bytes, aligned to @align (a power of two, or 0 for 64). Aborts the program
 * if the memory is used up: a test that needs more has to start with more.
 */
uint64_t gmem_alloc(GuestMem *m, uint64_t bytes, uint64_t align);

/** Write zeroes over @bytes at @addr. */
void gmem_zero(GuestMem *m, uint64_t addr, uint64_t bytes);

/* Little-endian words. */
uint64_t gmem_read64(GuestMem *m, uint64_t addr);
uint32_t gmem_read32(GuestMem *m, uint64_t addr);
void gmem_write64(GuestMem *m, uint64_t addr, uint64_t value);
void gmem_write32(GuestMem *m, uint64_t addr, uint32_t value);

/** @count words of 64 bits, held in host order at @words. */
void gmem_write_words(GuestMem *m, uint64_t addr, const uint64_t *words, size_t count);
void gmem_read_words(GuestMem *m, uint64_t addr, uint64_t *words, size_t count);

/** Called when a block has been placed at physical @pa and must be reachable at @addr. */
typedef void TableMapFn(void *opaque, uint64_t addr, uint64_t pa, uint64_t bytes);

/**
 * Where tables are placed, and by which address the hardware that reads them knows the place.
 *
 * Tables that are read with physical addresses: @delta 0 and no @map. Stage 1 tables and Arm CDs
 * under a stage 2, or VT-d first-stage tables of a nested PASID, are read with intermediate
 * addresses: these lie @delta above the physical ones (so that nothing works by accident), and @map
 * enters each new block in the lower stage's table. Blocks are then @lg2 aligned and padded: each
 * has lower-stage pages of its own, which a test may take away alone.
 */
typedef struct TableSpace {
    GuestMem *mem;
    uint64_t delta;
    unsigned lg2;
    TableMapFn *map;
    void *opaque;
} TableSpace;

/** A space of physical addresses. */
TableSpace table_space(GuestMem *mem);

/**
 * A space @delta above physical addresses; each block is entered with @map, padded to 2^@lg2
 * bytes. @delta must be a multiple of every table's alignment.
 */
TableSpace table_space_nested(GuestMem *mem, uint64_t delta, unsigned lg2, TableMapFn *map,
                              void *opaque);

/** A zeroed block; the address that pointers to it hold. */
uint64_t table_alloc(TableSpace *s, uint64_t bytes, uint64_t align);

/** Physical address behind @addr of the space. */
static inline uint64_t table_pa(const TableSpace *s, uint64_t addr)
{
    return addr - s->delta;
}

#endif

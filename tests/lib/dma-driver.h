/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small driver of iommu-dma (docs/specs/iommu-dma.rst): one-shot descriptors and rings. It polls,
 * over any register access, so that qtests and benchmarks share it.
 */
#ifndef TESTS_LIB_DMA_DRIVER_H
#define TESTS_LIB_DMA_DRIVER_H

#include "guestmem.h"
#include "hw/misc/iommu-dma.h"
#include "regbus.h"

/** One descriptor, in host order. For what no maker sets: field_set(d.w, IDMA_D_GAP, 4). */
typedef struct DmaDesc {
    uint64_t w[IDMA_DESC_WORDS];
} DmaDesc;

/** One completion: raw, and decoded. */
typedef struct DmaCompletion {
    uint64_t w[IDMA_CMPL_WORDS];
    uint8_t status; /* IDMA_STATUS_* */
    uint8_t op;
    bool stalled, razwi, paged, bypassed, phase;
    uint32_t fault;
    uint32_t done;
    uint32_t errors;
    uint64_t cookie, addr, pa, value, start, end;
} DmaCompletion;

typedef struct DmaDriver {
    const RegBus *bus; /* registers of BAR 0 */
    unsigned channels;
} DmaDriver;

/** Check that an iommu-dma of a version we know is there. */
bool dma_driver_init(DmaDriver *d, const RegBus *bus);

uint64_t dma_read(DmaDriver *d, uint32_t reg);
void dma_write(DmaDriver *d, uint32_t reg, uint64_t value);

/** Registers of channel @ch. */
uint64_t dma_ch_read(DmaDriver *d, unsigned ch, uint32_t reg);
void dma_ch_write(DmaDriver *d, unsigned ch, uint32_t reg, uint64_t value);
unsigned dma_ch_state(DmaDriver *d, unsigned ch);

/** Start @desc as a one-shot on @ch, which is idle. */
void dma_start(DmaDriver *d, unsigned ch, const DmaDesc *desc);

/** Wait until @ch is not busy. False if it stays so for REG_POLLS looks. */
bool dma_wait(DmaDriver *d, unsigned ch);

/** The last completion of @ch. */
void dma_completion(DmaDriver *d, unsigned ch, DmaCompletion *c);

/** Start, wait, and the completion. False if it never ends. */
bool dma_run(DmaDriver *d, unsigned ch, const DmaDesc *desc, DmaCompletion *c);

void dma_completion_decode(const uint64_t w[IDMA_CMPL_WORDS], DmaCompletion *c);

/** On-board memory. Offsets and lengths are multiples of 8. */
void dma_local_write(DmaDriver *d, uint32_t offset, const void *buf, uint32_t len);
void dma_local_read(DmaDriver *d, uint32_t offset, void *buf, uint32_t len);

/** A ring of 2^@lg2 descriptors, and as many completions, in guest memory. */
typedef struct DmaRing {
    DmaDriver *d;
    GuestMem *mem;
    unsigned ch;
    unsigned lg2;
    uint64_t base, cmpl;         /* by physical address */
    uint32_t tail, taken;
} DmaRing;

/**
 * Put both rings into @mem and enable them on @ch, which is idle. @iova_delta: what the device must
 * add to a physical address; @attr: RING_ATTR.
 */
void dma_ring_init(DmaRing *r, DmaDriver *d, GuestMem *mem, unsigned ch, unsigned lg2,
                   uint64_t iova_delta, uint64_t attr);

/** Write a descriptor. False if the ring is full. The device sees it after dma_ring_ring(). */
bool dma_ring_put(DmaRing *r, const DmaDesc *desc);
void dma_ring_ring(DmaRing *r);

/** Take the next completion, waiting for it. False if it does not come. */
bool dma_ring_take(DmaRing *r, DmaCompletion *c);

/* ---- descriptors, one maker each ------------------------------------------------------------ */

DmaDesc dma_make(unsigned op, uint64_t addr, uint32_t length);
DmaDesc dma_make_read(uint64_t addr, uint32_t length, uint32_t local);
DmaDesc dma_make_write(uint64_t addr, uint32_t length, uint32_t local);
DmaDesc dma_make_copy(uint64_t dst, uint64_t src, uint32_t length);
/** @mixed: a different word in each quadword; else @data in every one. */
DmaDesc dma_make_fill(uint64_t addr, uint32_t length, uint64_t data, bool mixed);
DmaDesc dma_make_verify(uint64_t addr, uint32_t length, uint64_t data, bool mixed);
DmaDesc dma_make_atomic(unsigned op, uint64_t addr, uint32_t length, uint64_t data,
                        uint64_t compare);
DmaDesc dma_make_page_request(uint64_t addr, unsigned prgi, bool r, bool w, bool last);

/** Set PASID. */
void dma_set_pasid(DmaDesc *desc, uint32_t pasid);

/** Repeat for @count elements, @stride apart, start offsets modulo @window (0: no limit). */
void dma_set_strided(DmaDesc *desc, uint32_t count, uint64_t stride, uint64_t window);
void dma_set_random(DmaDesc *desc, uint32_t count, uint64_t granule, uint64_t window,
                    uint64_t seed);

/** Bytes that FILL writes at @addr. */
void dma_pattern(uint64_t data, bool mixed, uint64_t addr, void *buf, size_t len);

#endif

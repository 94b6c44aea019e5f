/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test bed: an iommu-dma function opened through VFIO, its registers, and DMA in one call.
 */
#ifndef GUEST_BED_H
#define GUEST_BED_H

#include <unistd.h>

#include "dma-driver.h"
#include "glib.h"
#include "iommufd.h"
#include "system.h"
#include "tap.h"
#include "vfio.h"

/** The kernel's page: what can be mapped. */
#define PAGE ((unsigned)getpagesize())
#define MIB (1u << 20)

typedef struct Bed {
    char name[PCI_NAME_MAX];
    int iommufd;
    bool own_iommufd;
    VfioDevice vfio;
    void *bar;
    size_t bar_size;
    RegBus bus;
    DmaDriver dma;
    uint32_t pasid; /* what bed_dma() puts into descriptors, if @has_pasid */
    bool has_pasid;
    bool ats;       /* bed_dma() goes through the device TLB */
    bool page;      /* ... and requests pages that are not there */
} Bed;

/**
 * Open the @index-th iommu-dma on @iommufd (negative: a new one). Registers are mapped, it may
 * master the bus, it is attached to nothing. Fails or skips the test where that is impossible.
 */
void bed_open(Bed *b, unsigned index, int iommufd);

/** Same with a new iommufd, attached to a new IOAS that maps nothing; the IOAS. */
uint32_t bed_open_attached(Bed *b, unsigned index);

/** Give everything back: a function whose BAR is mapped cannot leave its driver. */
void bed_close(Bed *b);

/** Drive registers that are mapped at @bar already, by a driver other than VFIO. */
void bed_registers(Bed *b, void *bar);

/** Start @desc on channel @ch with the bed's PASID and address type. */
void bed_start(Bed *b, unsigned ch, DmaDesc desc);

/** Wait until channel @ch is not busy; fails if it stays so. */
DmaCompletion bed_finish(Bed *b, unsigned ch);

/**
 * Bring channel @ch to rest the way a driver must before its PASID goes: nothing at work, every
 * page request or stall answered. Page requests are counted by the device, so that its work can be
 * cut short; of stalls it knows nothing, and on Arm this waits for the end of the work.
 */
void bed_quiesce(Bed *b, unsigned ch);

/** Run @desc on channel 0 with the bed's PASID and address type; fails if it does not end. */
DmaCompletion bed_dma(Bed *b, DmaDesc desc);

/** Same, for one page; the status. */
unsigned bed_write(Bed *b, uint64_t iova, uint64_t pattern);
unsigned bed_verify(Bed *b, uint64_t iova, uint64_t pattern);

/** Every quadword at @memory is @pattern: true for the whole page. */
bool page_is(const void *memory, uint64_t pattern);
void page_fill(void *memory, uint64_t pattern);

/** The status that says the IOMMU ended the transaction. */
bool refused(unsigned status);

/**
 * The kernel's log has an event of this function at @iova, of kind @what: as the driver names it on
 * Arm, or a fault reason ("0x71", NULL: any) on x86. @pasid negative: without.
 */
bool bed_fault_logged(Bed *b, const char *arm_event, const char *x86_reason, uint64_t iova,
                      int pasid);

#endif

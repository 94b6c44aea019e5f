/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small VT-d driver (VT-d 5.10): bring-up, invalidation queue, fault recording registers,
 * interrupt remapping tables.
 */
#ifndef TESTS_LIB_VTD_DRIVER_H
#define TESTS_LIB_VTD_DRIVER_H

#include "guestmem.h"
#include "hw/iommu/vtd-layout.h"
#include "regbus.h"
#include "vtd-tables.h"

#define VTD_DESC_WORDS 4 /* the largest; 128-bit descriptors leave the upper two zero */
#define VTD_IRTE_WORDS (VTD_IRTE_BYTES / 8)
#define VTD_PID_WORDS  (VTD_PID_BYTES / 8)

/** One invalidation descriptor, in host order. */
typedef struct VtdDescWords {
    uint64_t w[VTD_DESC_WORDS];
} VtdDescWords;

/** One fault record: raw, and decoded. */
typedef struct VtdFaultWords {
    uint64_t w[2];
    uint8_t reason;     /* VtdFaultReason */
    uint16_t sid;
    uint64_t addr;      /* page address (DMA faults) */
    uint16_t index;     /* interrupt index (interrupt faults) */
    bool pp;
    uint32_t pasid;
    bool exe, priv;
    uint8_t type;       /* VTD_FAULT_WRITE ... */
    uint8_t at;
} VtdFaultWords;

/* VtdFaultWords.type: T2 and T1 taken together. */
enum {
    VTD_FAULT_TYPE_WRITE = 0, VTD_FAULT_TYPE_PAGE_REQUEST = 1, VTD_FAULT_TYPE_READ = 2,
    VTD_FAULT_TYPE_ATOMIC = 3,
};

/**
 * @wide: 256-bit descriptors: needed for scalable mode. Set by vtd_driver_start().
 * @qs: log2 of the pages of the invalidation queue; set it before vtd_driver_start() (0: one).
 */
typedef struct VtdDriver {
    const RegBus *bus;
    GuestMem *mem;
    uint64_t cap, ecap;
    bool wide;
    unsigned qs;
    uint64_t queue;
    uint32_t tail;        /* byte offset */
    uint64_t status;      /* where wait descriptors write */
    uint32_t status_data; /* what the last one writes */
    unsigned next_fault;  /* fault recording register that is next to look at */
} VtdDriver;

/** Read the capabilities. */
void vtd_driver_init(VtdDriver *d, const RegBus *bus, GuestMem *mem);

/** Turn one bit of GCMD on or off, leaving the others as GSTS has them; waits for GSTS. */
bool vtd_driver_gcmd(VtdDriver *d, BitField bit, bool on);

/** Install a root table: RTADDR, SRTP, then global invalidation if the queue runs. */
bool vtd_driver_root(VtdDriver *d, uint64_t rtaddr);

/** Enable the invalidation queue; @wide: 256-bit descriptors. */
bool vtd_driver_queue(VtdDriver *d, bool wide);

/** From reset to translation on: root table, queue, global invalidation, TE. */
bool vtd_driver_start(VtdDriver *d, const VtdRootTable *root);

/** Put a descriptor into the queue and move the tail; does not wait. */
void vtd_driver_push(VtdDriver *d, VtdDescWords desc);

/** A wait descriptor with status write; wait for it. False on a queue error or a time-out. */
bool vtd_driver_wait(VtdDriver *d);

/** A descriptor, then a wait. */
bool vtd_driver_issue(VtdDriver *d, VtdDescWords desc);

/** Context, PASID (scalable mode) and IOTLB, all global. */
bool vtd_driver_invalidate_all(VtdDriver *d);

/** Status bits of FSTS. */
uint32_t vtd_driver_fsts(VtdDriver *d);

/**
 * After IQE: replace the descriptor at the head by @desc and clear the error, so that the queue
 * goes on.
 */
void vtd_driver_queue_recover(VtdDriver *d, VtdDescWords desc);

/** Take the next fault record, in the order of recording, and clear it. False if there is none. */
bool vtd_driver_fault(VtdDriver *d, VtdFaultWords *f);

/** Clear PFO. */
void vtd_driver_clear_overflow(VtdDriver *d);

void vtd_fault_decode(const uint64_t w[2], VtdFaultWords *f);

/* ---- register-based invalidation (legacy mode, major version <= 5) ----------------------- */

/** Global context-cache and IOTLB invalidation; returns the granularity done, 0 if refused. */
unsigned vtd_driver_ccmd_global(VtdDriver *d);
unsigned vtd_driver_iotlb_global(VtdDriver *d);

/* ---- interrupt remapping ----------------------------------------------------------------- */

/** Install a table of 2^(@s + 1) IRTEs at @table (VTD_IRTE_BYTES each); @eime: x2APIC ids. */
bool vtd_driver_irta(VtdDriver *d, uint64_t table, unsigned s, bool eime);

/** Remapped fixed edge interrupt: @vector to @apic_id (xAPIC), any requester. */
void vtd_irte_fixed(uint64_t irte[VTD_IRTE_WORDS], uint8_t vector, uint8_t apic_id);

/** Accept only requester @sid (SVT 01, all bits compared). */
void vtd_irte_verify(uint64_t irte[VTD_IRTE_WORDS], uint16_t sid);

/** Posted: @vector into the posted interrupt descriptor at @pid. */
void vtd_irte_posted(uint64_t irte[VTD_IRTE_WORDS], uint8_t vector, uint64_t pid, bool urgent);

/** Posted interrupt descriptor: notify with @nv at @apic_id (xAPIC). */
void vtd_pid(uint64_t pid[VTD_PID_WORDS], uint8_t nv, uint8_t apic_id);

/** Address of an MSI in remappable format for @index; data is @subhandle if @shv. */
uint64_t vtd_msi_address(uint16_t index, bool shv);

/* ---- descriptors, one maker each (6.5.2) ------------------------------------------------- */

VtdDescWords vtd_make(VtdDescType type);
VtdDescWords vtd_make_context_global(void);
VtdDescWords vtd_make_context_domain(uint16_t did);
VtdDescWords vtd_make_context_device(uint16_t did, uint16_t sid, unsigned fm);
VtdDescWords vtd_make_iotlb_global(void);
VtdDescWords vtd_make_iotlb_domain(uint16_t did);
/** 2^@am pages around @addr; @leaf_only: IH. */
VtdDescWords vtd_make_iotlb_page(uint16_t did, uint64_t addr, unsigned am, bool leaf_only);
VtdDescWords vtd_make_pasid_domain(uint16_t did);
VtdDescWords vtd_make_pasid_selective(uint16_t did, uint32_t pasid);
VtdDescWords vtd_make_pasid_global(void);
VtdDescWords vtd_make_piotlb_pasid(uint16_t did, uint32_t pasid);
VtdDescWords vtd_make_piotlb_page(uint16_t did, uint32_t pasid, uint64_t addr, unsigned am,
                                  bool leaf_only);
/** 2^@lg2_pages pages at @addr; 52: everything. */
VtdDescWords vtd_make_devtlb(uint16_t sid, uint64_t addr, unsigned lg2_pages);
VtdDescWords vtd_make_pdevtlb(uint16_t sid, uint32_t pasid, uint64_t addr, unsigned lg2_pages,
                              bool global);
VtdDescWords vtd_make_iec_global(void);
/** 2^@im entries around @index. */
VtdDescWords vtd_make_iec_index(uint16_t index, unsigned im);
VtdDescWords vtd_make_wait_status(uint64_t addr, uint32_t data);
VtdDescWords vtd_make_wait_interrupt(void);
VtdDescWords vtd_make_page_response(uint16_t rid, bool pp, uint32_t pasid, unsigned prgi,
                                    unsigned code);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma behind either IOMMU, with PASIDs, ATS and PRI: the few things that a test of the device
 * wants of an IOMMU, in one set of words for both.
 */
#ifndef TESTS_QTEST_DMA_IOMMU_H
#define TESTS_QTEST_DMA_IOMMU_H

#include "dma-machine.h"

/** "No PASID" as an address space. */
#define DI_NO_PASID UINT32_MAX
#define DI_PASIDS 8

typedef struct DmaIommu DmaIommu;

typedef struct DiPageRequest {
    uint64_t addr;
    uint32_t pasid; /* DI_NO_PASID if it had none */
    uint16_t prgi;
    bool r, w, last;
} DiPageRequest;

/** A fault record: what both IOMMUs tell. */
typedef struct DiFault {
    uint32_t reason; /* the architecture's */
    uint32_t pasid;
    uint64_t addr;   /* page */
    bool write;
    unsigned rid;
    uint16_t stag;   /* SMMUv3: of what stalls */
} DiFault;

/**
 * A machine with our IOMMU, and the device with PASID, ATS and PRI enabled. Address spaces:
 * PASIDs 0 to DI_PASIDS - 1, and requests without PASID. NULL, and the test skipped, if the
 * emulator's IOMMU has no transaction port. @props: properties of iommu-dma, or NULL.
 */
DmaIommu *di_new(const char *props);

/** Same, with further properties of the IOMMU. */
DmaIommu *di_new_with(const char *iommu, const char *props);

/** Same as di_new(), with more arguments of the emulator. */
DmaIommu *di_new_with_args(const char *args);

/** Same, the device behind a root port (dma_machine_new_behind_ports()). */
DmaIommu *di_new_behind_ports(const char *iommu, const char *props);
/** Let @rid have the same address spaces as the device. */
void di_share(DmaIommu *di, unsigned rid);
void di_free(DmaIommu *di);
DmaMachine *di_machine(DmaIommu *di);

/** Map a page. No invalidation: what was not present is cached nowhere. */
void di_map(DmaIommu *di, uint32_t pasid, uint64_t iova, uint64_t pa, bool writable);

/** Take a page away and invalidate the IOMMU's TLB, but no device TLB. */
void di_unmap(DmaIommu *di, uint32_t pasid, uint64_t iova);

/**
 * Invalidate the device TLB for one page (@iova 0: for everything), and wait. False if the
 * queue reports that the device did not answer.
 */
bool di_invalidate_device(DmaIommu *di, uint32_t pasid, uint64_t iova);

/** Same, without waiting; then whether it has been answered. */
void di_invalidate_device_begin(DmaIommu *di, uint32_t pasid, uint64_t iova);
bool di_invalidate_device_done(DmaIommu *di);
/** Whether the queue has stopped because the device did not answer. */
bool di_invalidate_device_failed(DmaIommu *di);

/** Take the oldest page request, fault record. False if there is none. */
bool di_page_request(DmaIommu *di, DiPageRequest *req);
bool di_fault(DmaIommu *di, DiFault *fault);

/** Answer the group of @req: PCIe response codes 0, 1, 15. */
void di_respond(DmaIommu *di, const DiPageRequest *req, unsigned code);

/** Switch translation off and on: while it is off, requests bypass. */
void di_enable(DmaIommu *di, bool on);

/** Counter @name of the model (property stagewalk-counters). */
uint64_t di_counter(DmaIommu *di, const char *name);
/** The part of it that belongs to requests which did not wait; only with timing=on. */
uint64_t di_untimed(DmaIommu *di, const char *name);

/** SMMUv3 only: let faults of the PASID stall; false for VT-d. */
bool di_enable_stall(DmaIommu *di, uint32_t pasid);
/** End the stall that di_fault() has told last: retry, or abort. */
void di_resume(DmaIommu *di, bool retry);
/** End the stall of @fault. */
void di_resume_fault(DmaIommu *di, const DiFault *fault, bool retry);

#endif

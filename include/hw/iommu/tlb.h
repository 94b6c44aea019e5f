/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Main TLB: complete translations (both stages combined) of every page size, in an IommuCache.
 */
#ifndef HW_IOMMU_TLB_H
#define HW_IOMMU_TLB_H

#include "hw/iommu/cache.h"
#include "hw/iommu/txn.h"

/** Payload of a main TLB entry. */
typedef struct TlbEntry {
    uint64_t out;         /* first output address of the span */
    uint64_t ready;       /* cycle at which its fill completes (timing on) */
    IommuMemAttr attr;    /* final output attributes before per-access ones (No_snoop) */
    uint32_t user;        /* the model's own */
    uint8_t lg2;          /* span */
    uint8_t rights;       /* IOMMU_RIGHT_* usable on a hit */
    uint8_t rights_dirty; /* rights a new walk might grant by dirtying */
    uint8_t flags;        /* the model's own */
} TlbEntry;

static inline TlbEntry *tlb_lookup(IommuCache *c, uint64_t addr, uint64_t tag)
{
    return iommu_cache_lookup(c, addr, tag);
}

/** Enter a translation; @entry is copied. @addr: any address in the span. */
static inline TlbEntry *tlb_fill(IommuCache *c, uint64_t addr, uint64_t tag,
                                 const TlbEntry *entry)
{
    TlbEntry *e = iommu_cache_insert(c, addr, entry->lg2, tag);

    *e = *entry;
    return e;
}

#endif

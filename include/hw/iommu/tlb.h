/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLB: complete translations (both stages combined) of every page size, in two levels. The first
 * level is small and belongs to the port; many profiles have none. The main TLB is behind it. What
 * is found in the main TLB, and what a walk finds, enters the first level too; what leaves the main
 * TLB to make room does not leave the first level. (docs/timing.rst, "Order".)
 */
#ifndef HW_IOMMU_TLB_H
#define HW_IOMMU_TLB_H

#include "hw/iommu/cache.h"
#include "hw/iommu/counters.h"
#include "hw/iommu/txn.h"

/** Payload of a TLB entry. */
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

typedef struct IommuTlb {
    IommuCache main;
    IommuCache first; /* of 0 entries: there is none */
} IommuTlb;

/** False if out of memory: what was allocated, iommu_tlb_destroy() frees. */
static inline bool iommu_tlb_init(IommuTlb *t, const IommuCacheGeometry *main,
                                  const IommuCacheGeometry *first, uint64_t group_mask,
                                  uint64_t subgroup_mask)
{
    IommuCacheConfig config = {
        .geometry = *main, .payload_bytes = sizeof(TlbEntry), .group_mask = group_mask,
        .subgroup_mask = subgroup_mask,
    };

    if (!iommu_cache_init(&t->main, &config)) {
        return false;
    }
    config.geometry = *first;
    return iommu_cache_init(&t->first, &config);
}

static inline void iommu_tlb_destroy(IommuTlb *t)
{
    iommu_cache_destroy(&t->main);
    iommu_cache_destroy(&t->first);
}

static inline bool iommu_tlb_stamp_fills(IommuTlb *t, const IommuPlan *plan)
{
    return iommu_cache_stamp_fills(&t->main, plan) && iommu_cache_stamp_fills(&t->first, plan);
}

static inline bool tlb_has_first(const IommuTlb *t)
{
    return t->first.keys;
}

/** Whether an entry serves request @req. */
typedef bool TlbSufficesFn(const void *req, const TlbEntry *e);
/** Level of the table an entry came from, for IommuStep.height. */
typedef unsigned TlbHeightFn(const TlbEntry *e);

/**
 * Look an address up in both levels, and leave the steps and counts of it. NULL: no entry serves.
 * The functions are known where this is inlined.
 */
static inline const TlbEntry *tlb_lookup(IommuTlb *t, IommuPlan *p, IommuCounters *c,
                                         uint64_t addr, uint64_t tag, TlbSufficesFn *suffices,
                                         const void *req, TlbHeightFn *height)
{
    const TlbEntry *e;

    if (__builtin_expect(tlb_has_first(t), 0)) {
        e = iommu_cache_lookup(&t->first, addr, tag);
        c->utlb_lookups++;
        if (e && suffices(req, e)) {
            c->utlb_hits++;
            plan_step(p, IOMMU_STEP_UTLB, 0, height(e), true, addr, 0);
            plan_hit(p, iommu_cache_hit_fill(&t->first));
            return e;
        }
        plan_step(p, IOMMU_STEP_UTLB, 0, 0, false, addr, 0);
    }
    e = iommu_cache_lookup(&t->main, addr, tag);
    c->tlb_lookups++;
    if (!e || !suffices(req, e)) {
        c->tlb_misses++;
        plan_step(p, IOMMU_STEP_TLB, 0, 0, false, addr, 0);
        return NULL;
    }
    c->tlb_hits++;
    plan_step(p, IOMMU_STEP_TLB, 0, height(e), true, addr, 0);
    plan_hit(p, iommu_cache_hit_fill(&t->main));
    if (__builtin_expect(tlb_has_first(t), 0)) {
        *(TlbEntry *)iommu_cache_insert(&t->first, addr, e->lg2,
                                        iommu_cache_tag_of(&t->main, e)) = *e;
    }
    return e;
}

/** Enter a translation; @entry is copied. @addr: any address in the span. */
static inline TlbEntry *tlb_fill(IommuTlb *t, uint64_t addr, uint64_t tag, const TlbEntry *entry)
{
    TlbEntry *e = iommu_cache_insert(&t->main, addr, entry->lg2, tag);

    *e = *entry;
    if (tlb_has_first(t)) {
        *(TlbEntry *)iommu_cache_insert(&t->first, addr, entry->lg2, tag) = *entry;
    }
    return e;
}

/* Invalidation: as of IommuCache, in both levels; what is returned is of the main TLB. */

static inline uint32_t tlb_invalidate(IommuTlb *t, uint64_t value, uint64_t mask)
{
    if (tlb_has_first(t)) {
        iommu_cache_invalidate(&t->first, value, mask);
    }
    return iommu_cache_invalidate(&t->main, value, mask);
}

static inline uint32_t tlb_invalidate_range(IommuTlb *t, uint64_t first, uint64_t last,
                                            uint64_t value, uint64_t mask)
{
    if (tlb_has_first(t)) {
        iommu_cache_invalidate_range(&t->first, first, last, value, mask);
    }
    return iommu_cache_invalidate_range(&t->main, first, last, value, mask);
}

static inline void tlb_flush(IommuTlb *t)
{
    if (tlb_has_first(t)) {
        iommu_cache_flush(&t->first);
    }
    iommu_cache_flush(&t->main);
}

#endif

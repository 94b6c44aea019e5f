/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tagged set-associative cache: the one structure behind TLBs, stage 2 (IPA) caches, walk caches
 * and configuration caches.
 *
 * An entry covers 2^lg2 consecutive addresses (lg2 = 0 for a configuration cache, whose "address"
 * is an index such as a StreamID) under a 64-bit context tag whose layout the model chooses. Sizes
 * may be mixed. The set is chosen by (addr >> lg2, lg2, tag & group_mask), so every entry that an
 * invalidation by address can mean is found by looking into one set for each size that is alive.
 *
 * Two masks name the model's invalidation scopes: @group_mask (VMID and world; domain-id) and
 * @subgroup_mask, a superset (plus ASID; plus PASID). Entries of one group, and of one subgroup,
 * are on index lists threaded through the array, so invalidating a scope costs what the scope
 * holds.
 *
 * Global entries (Arm nG=0) carry IOMMU_TAG_GLOBAL and zero in the bits that are in the
 * subgroup mask but not in the group mask; a lookup tries them after the exact tag.
 *
 * Nothing is allocated after iommu_cache_init(). A cache of 0 entries always misses, and its
 * insert returns a scratch slot that holds until the next insert.
 *
 * Limits: lg2 is 0..63; entries of lg2 below 6 are for indices, whose "addresses" are below 2^58.
 * Bit 63 of a mask passed as @group_mask or @subgroup_mask is ignored.
 */
#ifndef HW_IOMMU_CACHE_H
#define HW_IOMMU_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/iommu/plan.h"

/** Tag bit of entries that match every subgroup of their group. */
#define IOMMU_TAG_GLOBAL (1ull << 63)

typedef enum IommuReplacement {
    IOMMU_REPLACE_LRU = 0,  /* true LRU */
    IOMMU_REPLACE_PLRU,     /* tree pseudo-LRU; ways a power of two */
    IOMMU_REPLACE_RR,       /* round robin in each set */
    IOMMU_REPLACE_RANDOM,   /* xorshift32, seeded by the geometry */
} IommuReplacement;

/**
 * @entries: 0 (off), else a multiple of @ways; at most 1 << 20. A power of two of sets is fastest.
 * @ways: 1..64; entries == ways is fully associative.
 */
typedef struct IommuCacheGeometry {
    uint32_t entries;
    uint32_t ways;
    IommuReplacement replacement;
    uint32_t seed;
} IommuCacheGeometry;

typedef struct IommuCacheConfig {
    IommuCacheGeometry geometry;
    uint32_t payload_bytes; /* rounded up to 8 */
    uint64_t group_mask;
    uint64_t subgroup_mask;
} IommuCacheConfig;

typedef struct IommuCacheKey IommuCacheKey;
typedef struct IommuCacheLinks IommuCacheLinks;

/** Members are private to cache.c and its inline fast path. */
typedef struct IommuCache {
    IommuCacheConfig config;
    uint32_t sets;
    uint32_t set_mask;       /* 0 if the number of sets is no power of two */
    uint32_t set_lg2;
    uint32_t live;           /* valid entries */
    uint64_t sizes;          /* bit lg2: some non-global entry of that size is alive */
    uint64_t global_sizes;   /* bit lg2: some global entry of that size is alive */
    uint32_t size_count[64];
    uint32_t global_count[64];
    IommuCacheKey *keys;     /* entries, set by set */
    uint8_t *payloads;
    uint8_t *scratch;
    uint64_t *occupied;      /* a bit for each entry: set if it is valid */
    uint32_t *stamps;        /* LRU */
    uint64_t *set_state;     /* PLRU bits or round-robin hand of each set */
    uint32_t clock;
    uint32_t random;
    IommuCacheLinks *links;
    uint32_t *group_heads;
    uint32_t *subgroup_heads;
    uint32_t *group_lens;    /* entries on each bucket's list */
    uint32_t *subgroup_lens;
    uint32_t bucket_mask;
    uint32_t last_scan;
    const IommuPlan *plan;   /* stamps fills; NULL: none */
    uint64_t *fills;         /* plan_stamp() of each entry's fill */
    uint64_t hit_fill;       /* that of the entry last found or inserted */
} IommuCache;

/** False if the geometry is out of range (then *@error, if not NULL, names the value). */
bool iommu_cache_geometry_valid(const IommuCacheGeometry *g, const char **error);

/** Allocate. The geometry must be valid. False if out of memory. */
bool iommu_cache_init(IommuCache *c, const IommuCacheConfig *config);
void iommu_cache_destroy(IommuCache *c);

/**
 * Find the entry that covers @addr under @tag, trying every live size, smallest first, exact tag
 * before global. Counts as a use for replacement. Returns its payload or NULL.
 */
void *iommu_cache_lookup(IommuCache *c, uint64_t addr, uint64_t tag);

/** Same, one size only and no global entries: configuration and walk caches. */
void *iommu_cache_lookup_sized(IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag);

/** Same as iommu_cache_lookup_sized but leaves no mark: for probes. */
const void *iommu_cache_peek(const IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag);

/**
 * Allocate the entry (@addr >> @lg2, @tag), evicting if needed; an equal one is taken over.
 * Returns its payload, undefined as yet: the caller fills it. Never NULL.
 */
void *iommu_cache_insert(IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag);

/**
 * Drop every entry with (tag & @mask) == (@value & @mask). Uses the subgroup or group index when
 * @mask covers its mask, else looks at every entry. Global entries are compared like any other
 * (their subgroup bits are zero and bit 63 is set). Returns how many were dropped.
 */
uint32_t iommu_cache_invalidate(IommuCache *c, uint64_t value, uint64_t mask);

/**
 * Drop every entry that overlaps [@first, @last] (inclusive) and has (tag & @mask) ==
 * (@value & @mask). Looks into one set for each page and live size, or follows an index list, or
 * looks at every entry, whichever is least work. Returns how many were dropped.
 */
uint32_t iommu_cache_invalidate_range(IommuCache *c, uint64_t first, uint64_t last, uint64_t value,
                                      uint64_t mask);

/** Tag of the entry whose payload a lookup has just returned. */
uint64_t iommu_cache_tag_of(const IommuCache *c, const void *payload);

/** Show @fn the payload of every entry, which it may change. */
void iommu_cache_each(IommuCache *c, void (*fn)(void *payload, void *opaque), void *opaque);

/** Drop everything. */
void iommu_cache_flush(IommuCache *c);

/**
 * Stamp entries from now on with plan_stamp(@plan) as they are inserted, so that a later hit can
 * tell whose fill it meets. False if out of memory.
 */
bool iommu_cache_stamp_fills(IommuCache *c, const IommuPlan *plan);

/** plan_stamp() under which the entry last found or inserted was filled; 0 if unstamped. */
static inline uint64_t iommu_cache_hit_fill(const IommuCache *c)
{
    return c->hit_fill;
}

/** Entries that the last invalidation looked at: what its cost depends on. */
uint32_t iommu_cache_last_scan(const IommuCache *c);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cache.c and cacheinv.c share: keys, placement and index lists of IommuCache.
 */
#ifndef HW_IOMMU_CACHE_INTERNAL_H
#define HW_IOMMU_CACHE_INTERNAL_H

#include "hw/iommu/cache.h"
#include "hw/iommu/fields.h"

#define IOMMU_CACHE_MAX_ENTRIES (1u << 20)
#define IOMMU_CACHE_MAX_WAYS 64
#define IOMMU_CACHE_MAX_BUCKETS (1u << 16)

#define CACHE_NIL UINT32_MAX

/*
 * Page number and size in one word, so that a key is two comparisons and a set of four ways one
 * cache line. No entry has the value of a free one: size 63 leaves a page number of one bit.
 */
#define CACHE_KEY_PAGE REGFIELD(57, 0)
#define CACHE_KEY_LG2  REGFIELD(63, 58)
#define CACHE_FREE     UINT64_MAX

struct IommuCacheKey {
    uint64_t page;
    uint64_t tag;
};

/* Doubly linked through entry numbers; CACHE_NIL ends a list. */
struct IommuCacheLinks {
    uint32_t group_prev, group_next;
    uint32_t subgroup_prev, subgroup_next;
};

static inline uint64_t cache_page(uint64_t addr, unsigned lg2)
{
    return reg_make(CACHE_KEY_PAGE, addr >> lg2) | reg_make(CACHE_KEY_LG2, lg2);
}

static inline uint64_t cache_key_first(const IommuCacheKey *k)
{
    return reg_get(k->page, CACHE_KEY_PAGE) << reg_get(k->page, CACHE_KEY_LG2);
}

static inline uint64_t cache_key_last(const IommuCacheKey *k)
{
    return cache_key_first(k) | low_mask(reg_get(k->page, CACHE_KEY_LG2));
}

/*
 * Spread scope bits, which lie anywhere in a tag, over the low bits (Fibonacci hashing). A
 * product's bit depends on no higher bit of its factors, so the upper half is folded in first.
 */
static inline uint64_t cache_mix(uint64_t scope)
{
    return ((scope ^ scope >> 32) * 0x9e3779b97f4a7c15ull) >> 32;
}

/*
 * Consecutive pages fall into consecutive sets, and so do pages a whole number of set spans apart:
 * an aligned window as large as the cache never conflicts with itself.
 */
static inline uint32_t cache_set(const IommuCache *c, uint64_t number, uint64_t mixed)
{
    if (__builtin_expect(c->set_mask || c->sets == 1, 1)) {
        return (number ^ (number >> c->set_lg2) ^ mixed) & c->set_mask;
    }
    return (number + mixed) % c->sets;
}

static inline void *cache_payload(const IommuCache *c, uint32_t i)
{
    return c->payloads + (size_t)i * c->config.payload_bytes;
}

static inline uint32_t cache_group_bucket(const IommuCache *c, uint64_t tag)
{
    return cache_mix(tag & c->config.group_mask) & c->bucket_mask;
}

static inline uint32_t cache_subgroup_bucket(const IommuCache *c, uint64_t tag)
{
    return cache_mix(tag & c->config.subgroup_mask) & c->bucket_mask;
}

/* Make valid entry @i free: off the index lists, out of the counts. */
void cache_drop(IommuCache *c, uint32_t i);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of IommuCache share: tags of two scopes, and a cache of 64-bit values.
 */
#ifndef TESTS_UNIT_ENGINE_CACHEFIX_H
#define TESTS_UNIT_ENGINE_CACHEFIX_H

#include <glib.h>

#include "hw/iommu/cache.h"

#define GROUP    0x0000ffff00000000ull
#define SUBGROUP 0x0000ffff0000ffffull

static inline uint64_t tag_of(unsigned group, unsigned subgroup)
{
    return (uint64_t)group << 32 | subgroup;
}

static inline uint64_t global_tag(unsigned group)
{
    return IOMMU_TAG_GLOBAL | (uint64_t)group << 32;
}

static inline void start(IommuCache *c, uint32_t entries, uint32_t ways,
                         IommuReplacement replacement)
{
    IommuCacheConfig config = {
        .geometry = { .entries = entries, .ways = ways, .replacement = replacement },
        .payload_bytes = sizeof(uint64_t),
        .group_mask = GROUP,
        .subgroup_mask = SUBGROUP,
    };
    const char *error = NULL;

    g_assert_true(iommu_cache_geometry_valid(&config.geometry, &error));
    g_assert_true(iommu_cache_init(c, &config));
}

static inline void put(IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag, uint64_t value)
{
    *(uint64_t *)iommu_cache_insert(c, addr, lg2, tag) = value;
}

/* Value found, or 0. */
static inline uint64_t get(IommuCache *c, uint64_t addr, uint64_t tag)
{
    uint64_t *p = iommu_cache_lookup(c, addr, tag);

    return p ? *p : 0;
}

static inline bool has(const IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag)
{
    return iommu_cache_peek(c, addr, lg2, tag);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker's caches: walk caches of each stage and level, and the stage 2 (IPA) cache.
 *
 * A table found at height h is entered in the cache of height h under the input bits that lead to
 * it. With two stages the stage 1 caches hold intermediate addresses, so a stage 2 invalidation has
 * nothing to look for in them (IHI 0070 3.17; VT-d 6.2.5).
 */
#include <string.h>

#include "walk-internal.h"

bool pt_walker_init(PtWalker *w, const IommuHost *host, IommuCounters *counters, IommuTrace *trace,
                    IommuPlan *plan, const IommuProfile *profile, uint64_t group_mask,
                    uint64_t subgroup_mask)
{
    IommuCacheConfig config = {
        .geometry = profile->ipa,
        .payload_bytes = sizeof(PtLeaf),
        .group_mask = group_mask,
        .subgroup_mask = subgroup_mask,
    };
    bool ok;

    memset(w, 0, sizeof(*w));
    w->host = host;
    w->counters = counters;
    w->trace = trace;
    w->plan = plan;
    ok = iommu_cache_init(&w->ipa, &config);
    config.payload_bytes = sizeof(PtTableEntry);
    for (unsigned stage = 0; stage < 2; stage++) {
        for (unsigned height = 0; ok && height < PT_MAX_HEIGHT; height++) {
            config.geometry = profile->tables[stage][height];
            ok = iommu_cache_init(&w->tables[stage][height], &config);
        }
    }
    if (!ok) {
        pt_walker_destroy(w);
    }
    return ok;
}

bool pt_walker_stamp_fills(PtWalker *w)
{
    bool ok = iommu_cache_stamp_fills(&w->ipa, w->plan);

    for (unsigned stage = 0; stage < 2; stage++) {
        for (unsigned height = 0; height < PT_MAX_HEIGHT; height++) {
            ok = ok && iommu_cache_stamp_fills(&w->tables[stage][height], w->plan);
        }
    }
    return ok;
}

void pt_walker_destroy(PtWalker *w)
{
    iommu_cache_destroy(&w->ipa);
    for (unsigned stage = 0; stage < 2; stage++) {
        for (unsigned height = 0; height < PT_MAX_HEIGHT; height++) {
            iommu_cache_destroy(&w->tables[stage][height]);
        }
    }
}

static uint32_t drop_tables(PtWalker *w, unsigned stage, uint64_t first, uint64_t last,
                            uint64_t value, uint64_t mask, uint32_t *scanned)
{
    uint32_t dropped = 0;

    for (unsigned height = 0; height < PT_MAX_HEIGHT; height++) {
        IommuCache *c = &w->tables[stage - 1][height];

        dropped += iommu_cache_invalidate_range(c, first, last, value, mask);
        *scanned += iommu_cache_last_scan(c);
    }
    return dropped;
}

uint32_t pt_walker_invalidate(PtWalker *w, unsigned stage, bool leaf_only, uint64_t first,
                              uint64_t last, uint64_t value, uint64_t mask)
{
    uint32_t dropped = 0;

    w->last_scan = 0;
    if (!leaf_only && stage != 2) {
        dropped += drop_tables(w, 1, first, last, value, mask, &w->last_scan);
    }
    if (!leaf_only && stage != 1) {
        dropped += drop_tables(w, 2, first, last, value, mask, &w->last_scan);
    }
    if (stage != 1) {
        dropped += iommu_cache_invalidate_range(&w->ipa, first, last, value, mask);
        w->last_scan += iommu_cache_last_scan(&w->ipa);
    }
    return dropped;
}

void pt_walker_flush(PtWalker *w)
{
    pt_walker_invalidate(w, 0, false, 0, UINT64_MAX, 0, 0);
}

uint32_t pt_walker_last_scan(const PtWalker *w)
{
    return w->last_scan;
}

const char *pt_fault_name(PtFaultKind kind)
{
    static const char *const names[] = {
        [PT_FAULT_NONE] = "none",
        [PT_FAULT_RANGE] = "input range",
        [PT_FAULT_DISABLED] = "table disabled",
        [PT_FAULT_READ] = "descriptor read aborted",
        [PT_FAULT_EMPTY] = "no translation",
        [PT_FAULT_MALFORMED] = "malformed descriptor",
        [PT_FAULT_ADDR_SIZE] = "address size",
        [PT_FAULT_ACCESS] = "access flag",
        [PT_FAULT_PERMISSION] = "permission",
        [PT_FAULT_UPDATE] = "descriptor update aborted",
    };

    return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

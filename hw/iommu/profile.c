/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Built-in profiles: the cache sizes of a microarchitecture.
 */
#include <string.h>

#include "hw/iommu/profile.h"

#define LRU(n, w) { .entries = (n), .ways = (w), .replacement = IOMMU_REPLACE_LRU }
#define LEVELS(n, w) { LRU(n, w), LRU(n, w), LRU(n, w), LRU(n, w), LRU(n, w) }

#define X(member, key, unit, least, most, standard) .member = (standard),
#define STANDARD_TIMING { IOMMU_TIMING_PARAMETERS(X) }

#define ALIKE(n)                                                                                   \
    .utlb = LRU(0, 1), .tlb = LRU(n, n), .ipa = LRU(n, n),                                         \
    .tables = { LEVELS(n, n), LEVELS(n, n) }, .config = LRU(n, n), .subconfig = LRU(n, n),         \
    .interrupt = LRU(n, n)

/* Narrow and slow, so that requests meet. */
#define TINY_TIMING                                                                       \
    {                                                                                     \
        .clock_mhz = 1000, .txn_slots = 4, .port_interval = 1, .port_latency = 1,         \
        .response_latency = 1, .config_width = 1, .config_latency = 2, .utlb_width = 1,   \
        .utlb_latency = 1, .tlb_width = 1, .tlb_latency = 2, .walker_slots = 2,           \
        .table_width = 1, .table_latency = 3, .ipa_width = 1, .ipa_latency = 3,           \
        .mem_interval = 2, .mem_latency = 20,                                             \
        .mem_write_latency = 10, .mem_beat = 64, .record_slots = 1024,                    \
        .command_latency = 1, .invalidate_base = 3, .invalidate_rate = 1,                 \
    }

const IommuTiming iommu_timing_standard = STANDARD_TIMING;

static const IommuProfile profiles[] = {
    {
        .name = "full",
        .utlb = LRU(0, 1),
        .tlb = LRU(65536, 8),
        .ipa = LRU(16384, 8),
        .tables = { LEVELS(4096, 4), LEVELS(4096, 4) },
        .config = LRU(1024, 4),
        .subconfig = LRU(4096, 4),
        .interrupt = LRU(4096, 4),
        .timing = STANDARD_TIMING,
    },
    { .name = "one", ALIKE(1), .timing = STANDARD_TIMING },
    { .name = "off", ALIKE(0), .timing = STANDARD_TIMING },
    { .name = "tiny", ALIKE(4), .timing = TINY_TIMING }, /* profiles/tiny.ini is its twin */
};

const IommuProfile *iommu_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (strcmp(profiles[i].name, name) == 0) {
            return &profiles[i];
        }
    }
    return NULL;
}

const char *iommu_profile_names(void)
{
    return "full, one, off, tiny";
}

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

#define ALIKE(n)                                                                          \
    .tlb = LRU(n, n), .ipa = LRU(n, n), .tables = { LEVELS(n, n), LEVELS(n, n) },         \
    .config = LRU(n, n), .subconfig = LRU(n, n), .interrupt = LRU(n, n),                  \
    .timing = STANDARD_TIMING

const IommuTiming iommu_timing_standard = STANDARD_TIMING;

static const IommuProfile profiles[] = {
    {
        .name = "full",
        .tlb = LRU(65536, 8),
        .ipa = LRU(16384, 8),
        .tables = { LEVELS(4096, 4), LEVELS(4096, 4) },
        .config = LRU(1024, 4),
        .subconfig = LRU(4096, 4),
        .interrupt = LRU(4096, 4),
        .timing = STANDARD_TIMING,
    },
    { .name = "one", ALIKE(1) },
    { .name = "off", ALIKE(0) },
    { .name = "tiny", ALIKE(4) },
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

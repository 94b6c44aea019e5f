/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profile: the sizes and latencies of a microarchitecture.
 */
#ifndef HW_IOMMU_PROFILE_H
#define HW_IOMMU_PROFILE_H

#include "hw/iommu/cache.h"
#include "hw/iommu/format.h"
#include "hw/iommu/timing.h"

typedef struct IommuProfile {
    const char *name;
    IommuCacheGeometry utlb;      /* first-level TLB of the port */
    IommuCacheGeometry tlb;       /* main TLB */
    IommuCacheGeometry ipa;       /* stage 2 cache */
    IommuCacheGeometry tables[2][PT_MAX_HEIGHT]; /* walk caches: [stage - 1][height found] */
    IommuCacheGeometry config;    /* STE; context entries */
    IommuCacheGeometry subconfig; /* CD; PASID entries */
    IommuCacheGeometry interrupt; /* VT-d interrupt entry cache */
    IommuTiming timing;
} IommuProfile;

/** The timing that holds where a profile says nothing: that of "full". */
extern const IommuTiming iommu_timing_standard;

/** The built-in profiles, as profiles/ has them; the first is the default. */
extern const IommuProfile iommu_profiles[];
extern const unsigned iommu_profile_count;

/**
 * Built-in profiles: "full" (generous; the default), "one" (every cache has one entry), "off"
 * (no cache at all), "tiny" (four entries each). NULL if @name is none of them: the other files of
 * profiles/ are found by iommu_profile_open() only.
 */
const IommuProfile *iommu_profile_find(const char *name);

/** Names of the built-in profiles, for messages: "full, one, off, tiny". */
const char *iommu_profile_names(void);

#endif

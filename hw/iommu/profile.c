/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Built-in profiles: the cache sizes of a microarchitecture. Their values come from profiles/, by
 * hw/iommu/embed-profiles.
 */
#include <string.h>

#include "hw/iommu/profile.h"

const IommuProfile *iommu_profile_find(const char *name)
{
    for (unsigned i = 0; i < iommu_profile_count; i++) {
        if (strcmp(iommu_profiles[i].name, name) == 0) {
            return &iommu_profiles[i];
        }
    }
    return NULL;
}

const char *iommu_profile_names(void)
{
    return "full, one, off, tiny";
}

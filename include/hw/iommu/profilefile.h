/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles as files (GKeyFile, docs/specs/profiles.rst). Needs GLib: for tools, tests and QEMU's
 * shells, not for engine or models.
 */
#ifndef HW_IOMMU_PROFILEFILE_H
#define HW_IOMMU_PROFILEFILE_H

#include "hw/iommu/profile.h"

/** A profile of profiles/, as text: the programs carry them. A NULL name ends the list. */
typedef struct IommuShippedProfile {
    const char *name, *text;
} IommuShippedProfile;

extern const IommuShippedProfile iommu_shipped_profiles[];

/**
 * Find a profile by what a user calls it: the name of one that is built in (profile.h) or of one in
 * profiles/, or else a file. The one lookup of every program. NULL: as iommu_profile_load(), and
 * for an unknown name the line lists what there is. Free the result with iommu_profile_free().
 */
IommuProfile *iommu_profile_open(const char *name, char **error);

/**
 * Read a profile. What the file does not mention has the value of the built-in profile "full".
 * NULL: *@error (g_free) is one line that names file, key, value and what is allowed. Free the
 * result with iommu_profile_free().
 */
IommuProfile *iommu_profile_load(const char *path, char **error);
void iommu_profile_free(IommuProfile *p);

/**
 * Set one parameter by its name "section.key" ("tlb.entries", "timing.mem.latency"). False: as
 * above, without a file name.
 */
bool iommu_profile_set(IommuProfile *p, const char *name, const char *value, char **error);

/** Whether the geometries of @p as a whole make sense; false: as above. */
bool iommu_profile_check(const IommuProfile *p, char **error);

/** Call @fn for every parameter: its name, unit and current value. */
void iommu_profile_each(const IommuProfile *p,
                        void (*fn)(void *opaque, const char *name, const char *unit,
                                   const char *value), void *opaque);

#endif

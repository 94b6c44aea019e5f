/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state: a self-describing little-endian byte image of named items. A model appends its
 * architectural state; a reader finds items by name, so that items may be added later. Caches are
 * never saved: they may be empty at any time.
 */
#ifndef HW_IOMMU_STATE_H
#define HW_IOMMU_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct IommuStateWriter {
    uint8_t *data; /* malloc'd; the caller frees it */
    size_t len;
    size_t cap;
    bool failed; /* out of memory, or an item that cannot be saved (name over 255 bytes) */
} IommuStateWriter;

typedef struct IommuStateReader {
    const uint8_t *data;
    size_t len;
} IommuStateReader;

/** Append @count unsigned integers of @width bytes (1, 2, 4, 8) in host order under @name. */
void iommu_state_put(IommuStateWriter *w, const char *name, const void *items, unsigned width,
                     size_t count);

/**
 * Restore an item saved under @name. False, and nothing written, if it is absent or its width or
 * count differ.
 */
bool iommu_state_get(IommuStateReader *r, const char *name, void *items, unsigned width,
                     size_t count);

/** Number of elements saved under @name, or -1. */
long iommu_state_count(IommuStateReader *r, const char *name);

/** Whether the image is well formed as a whole (no item runs past its end). */
bool iommu_state_valid(const IommuStateReader *r);

#endif

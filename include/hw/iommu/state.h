/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state: a self-describing little-endian byte image of named items. A model appends its
 * architectural state; a reader finds items by name, so that items may be added later. Caches are
 * never saved: they may be empty at any time. docs/devel/migration.rst has the rules.
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
    uint32_t taken; /* items restored */
} IommuStateReader;

/** An item of an image. */
typedef struct IommuStateItem {
    const uint8_t *name; /* not terminated */
    size_t name_len;
    unsigned width;
    uint32_t count;
    const uint8_t *values; /* little endian */
} IommuStateItem;

/** Append @count unsigned integers of @width bytes (1, 2, 4, 8) in host order under @name. */
void iommu_state_put(IommuStateWriter *w, const char *name, const void *items, unsigned width,
                     size_t count);

/**
 * Restore an item saved under @name. False, and nothing written, if it is absent or its width or
 * count differ.
 */
bool iommu_state_get(IommuStateReader *r, const char *name, void *items, unsigned width,
                     size_t count);

/**
 * Items that nobody has restored: state of a later program, which would be lost. Each item must
 * have been restored at most once.
 */
uint32_t iommu_state_left(const IommuStateReader *r);

/**
 * The item at *@at (0: the first), which goes on to the next. False at the end, or of a bad image.
 */
bool iommu_state_next(const IommuStateReader *r, size_t *at, IommuStateItem *item);
/** Element @i of @item. */
uint64_t iommu_state_value(const IommuStateItem *item, uint32_t i);

/** Number of elements saved under @name, or -1. */
long iommu_state_count(IommuStateReader *r, const char *name);

/** Whether the image is well formed as a whole (no item runs past its end). */
bool iommu_state_valid(const IommuStateReader *r);

#endif

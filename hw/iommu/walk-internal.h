/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the walker's files share: payloads of its caches and the arithmetic of table indices.
 */
#ifndef HW_IOMMU_WALK_INTERNAL_H
#define HW_IOMMU_WALK_INTERNAL_H

#include "hw/iommu/fields.h"
#include "hw/iommu/walk.h"

/** Descriptors are 64 bits in every format. */
#define PT_DESC_BYTES 8

/**
 * A leaf as one stage uses it; payload of the IPA cache.
 * Rights are those memory gives now, so that the entry stays true for later requests of any kind.
 */
typedef struct PtLeaf {
    uint64_t out; /* first output address of the span */
    uint32_t attr;
    uint8_t lg2;
    uint8_t rights;
    uint8_t rights_dirty;
    uint8_t flags;
} PtLeaf;

/** Payload of a walk cache: a table, and what the entries above it left to grant. */
typedef struct PtTableEntry {
    uint64_t table;
    uint8_t limits;
} PtTableEntry;

/** log2 of the input bytes that one descriptor at @height stands for. */
static inline unsigned pt_entry_lg2(unsigned granule_lg2, unsigned height)
{
    return granule_lg2 + (granule_lg2 - 3) * height;
}

/** Byte offset in its table of the descriptor for @va, whose index ends below bit @end. */
static inline uint64_t pt_entry_offset(uint64_t va, unsigned end, unsigned shift)
{
    return end > shift ? bits(va, end - 1, shift) * PT_DESC_BYTES : 0;
}

static inline uint64_t pt_leaf_addr(const PtLeaf *leaf, uint64_t in)
{
    return leaf->out | (in & low_mask(leaf->lg2));
}

#endif

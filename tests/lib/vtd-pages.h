/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d first- and second-stage paging structures (VT-d 5.10, 3.6, 3.7, 9.7-9.8): 3, 4 or 5
 * levels of 512 entries, leaves of 4 KB, 2 MB and 1 GB.
 *
 * Levels are VT-d's: 1 holds 4 KB pages, 2 and 3 may hold 2 MB and 1 GB leaves, up to level 5.
 */
#ifndef TESTS_LIB_VTD_PAGES_H
#define TESTS_LIB_VTD_PAGES_H

#include "guestmem.h"
#include "hw/iommu/vtd-layout.h"

/** @stage: 1 or 2. @levels: 3 (second stage only), 4 or 5. @root: FSPTPTR or SSPTPTR. */
typedef struct VtdPages {
    TableSpace space;
    unsigned stage;
    unsigned levels;
    uint64_t root;
} VtdPages;

/** Allocate an empty structure. */
void vtd_pages_init(VtdPages *t, const TableSpace *space, unsigned stage, unsigned levels);

/** log2 of what one entry of @level spans. */
static inline unsigned vtd_pages_level_lg2(unsigned level)
{
    return 12 + 9 * (level - 1);
}

/**
 * Enter one leaf of @level (1, 2 or 3) with the entry bits @attrs. Tables on the way are made with
 * all rights; a leaf in the way is replaced.
 */
void vtd_pages_map_level(VtdPages *t, uint64_t addr, uint64_t pa, unsigned level, uint64_t attrs);

/** Map [addr, addr + size) with the largest leaves that fit, up to 1 GB. */
void vtd_pages_map(VtdPages *t, uint64_t addr, uint64_t pa, uint64_t size, uint64_t attrs);

/** Same with 4 KB leaves only. */
void vtd_pages_map_smallest(VtdPages *t, uint64_t addr, uint64_t pa, uint64_t size, uint64_t attrs);

/** Clear the entry that ends the walk of @addr. */
void vtd_pages_unmap(VtdPages *t, uint64_t addr);

/**
 * Physical address of the entry that a walk of @addr reads at @level; 0 if the walk ends before.
 */
uint64_t vtd_pages_entry_addr(VtdPages *t, uint64_t addr, unsigned level);

/** The address by which the walker knows it (a GPA when nested). */
uint64_t vtd_pages_entry_input(VtdPages *t, uint64_t addr, unsigned level);

/** Level of the entry that ends the walk of @addr: a leaf or an empty one. */
unsigned vtd_pages_leaf_level(VtdPages *t, uint64_t addr);

/** The entry that ends the walk of @addr: as it is now, and its replacement. */
uint64_t vtd_pages_get(VtdPages *t, uint64_t addr);
void vtd_pages_set(VtdPages *t, uint64_t addr, uint64_t entry);

/** First-stage leaf for users: read-only, or read and write. */
#define VTD_FS_USER_RO (reg_make(VTD_FS_P, 1) | reg_make(VTD_FS_US, 1))
#define VTD_FS_USER_RW (VTD_FS_USER_RO | reg_make(VTD_FS_RW, 1))

/** Second-stage leaf rights. */
#define VTD_SS_RO (reg_make(VTD_SS_R, 1))
#define VTD_SS_WO (reg_make(VTD_SS_W, 1))
#define VTD_SS_RW (VTD_SS_RO | VTD_SS_WO)

/**
 * A place for first-stage structures under @second_stage: guest-physical addresses lie @delta above
 * the physical ones.
 */
TableSpace vtd_nested_space(VtdPages *second_stage, uint64_t delta);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested translation: a second stage that the kernel fills, and below it a first stage whose tables
 * are the program's own memory. On Arm that is a vIOMMU with a vSTE, on x86 a VT-d first-stage
 * table.
 */
#ifndef GUEST_NESTED_H
#define GUEST_NESTED_H

#include "bed.h"
#include "smmu-driver.h"
#include "smmu-tables.h"
#include "vtd-pages.h"

#define NESTED_GPA    0x40000000ull /* where @memory lies for the second stage */
#define NESTED_TABLES (8 * MIB)     /* tables come first in it, data after */
#define NESTED_DATA   (4 * MIB)
#define NESTED_DATA_GPA (NESTED_GPA + NESTED_TABLES)
#define NESTED_VSID   0x1234u       /* of the first device; the next follow */
#define NESTED_ASID   7u      /* of the first device's context 0 */

/** The second stage: a nesting parent domain over @ioas, with @memory at NESTED_GPA. */
typedef struct NestedParent {
    int iommufd;
    uint32_t ioas, hwpt;
    uint8_t *memory;
    GuestMem mem;
} NestedParent;

/** A device's first stage below a parent. */
typedef struct Nested {
    Bed *b;
    NestedParent *parent;
    uint32_t hwpt;
    uint32_t invalidate; /* the object that invalidations go to */
    unsigned granule_lg2; /* log2 of the bytes of a first-stage page */
    TableSpace space;
#ifdef __aarch64__
    uint32_t viommu, vdevice, vsid;
    uint16_t asid; /* one guest's devices share a VMID: their ASIDs must differ */
    ArmPages pages;
    CdTable cds;
    uint64_t ste[2];
#else
    VtdPages pages;
#endif
} Nested;

/** Make the second stage for the device of @b; skips the test where the kernel has none. */
void nested_parent(NestedParent *p, Bed *b);

/** log2 of the kernel's page: the granule to take if there is no reason for another. */
unsigned nested_granule(void);

/**
 * Give the device of @b an empty first stage below @p and attach it. @index: 0, 1, ...
 *
 * Its tables have pages of 2^@granule_lg2 bytes, which need not be the size of the second stage's:
 * on VT-d 12, on Arm 12, 14 or 16 where IDR5 has it.
 */
void nested_open(Nested *n, Bed *b, NestedParent *p, unsigned index, unsigned granule_lg2);

/** The program's view of data page @page (of the kernel's size), and its second-stage address. */
void *nested_page(NestedParent *p, unsigned page);
uint64_t nested_gpa(unsigned page);

/**
 * Edit the first stage: no invalidation. nested_map() enters one of the kernel's pages, which takes
 * several leaves of a smaller granule and is too little for a larger one; nested_map_range() enters
 * @length bytes from data page @page on, with pages only.
 */
void nested_map(Nested *n, uint64_t va, unsigned page);
void nested_map_range(Nested *n, uint64_t va, unsigned page, uint64_t length);
void nested_unmap(Nested *n, uint64_t va);

/** Have one page, or everything of this first stage, invalidated through the kernel. */
int nested_invalidate(Nested *n, uint64_t va);
int nested_invalidate_all(Nested *n);

#ifdef __aarch64__
/** Send raw commands; @done: how many the kernel carried out. */
int nested_commands(Nested *n, const SmmuCmdWords *commands, uint32_t count, uint32_t *done);

/** Another context descriptor, for PASID @ssid, over @pages. */
void nested_set_cd(Nested *n, uint32_t ssid, const ArmPages *pages, uint16_t asid);
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-table format: how the one radix walker (walk.h) reads a format's descriptors.
 *
 * Levels are counted by height: 0 is the level of the smallest pages (Arm level 3, VT-d PTE), and
 * each table above it is one higher (Arm level 3 - height; VT-d level height + 1). All descriptors
 * are 64 bits, little endian. A format never touches memory and knows no cache; it answers
 * questions.
 *
 * Formats: VMSAv8-64 stage 1 and stage 2 (hw/arm/smmuv3/vmsa*.c), VT-d first and second stage
 * (hw/i386/vtd/firststage.c, secondstage.c).
 */
#ifndef HW_IOMMU_FORMAT_H
#define HW_IOMMU_FORMAT_H

#include "hw/iommu/txn.h"

/* Heights there are: five levels have tables of heights 0 to 4 (LPA2 with 4 KB: levels 3 to -1). */
#define PT_MAX_HEIGHT 5

typedef enum PtEntryKind {
    PT_ENTRY_EMPTY,     /* not valid / not present */
    PT_ENTRY_TABLE,     /* points to the next table */
    PT_ENTRY_LEAF,      /* maps a page or block */
    PT_ENTRY_MALFORMED, /* present with reserved bits set */
    PT_ENTRY_ADDR_SIZE, /* output or next-table address exceeds the regime's output size */
} PtEntryKind;

/* PtEntry.flags */
#define PT_ENTRY_AF_CLEAR   0x01u /* access flag clear and it matters (leaf) */
#define PT_ENTRY_GLOBAL     0x02u /* leaf matches every ASID */
#define PT_ENTRY_DEVICE     0x04u /* stage 2 leaf of a Device memory type */
#define PT_ENTRY_NO_CACHE   0x08u /* may not enter a walk cache, nor the stage 2 cache */

/** One decoded descriptor. */
typedef struct PtEntry {
    uint64_t addr;        /* next table, or output address of the leaf (ignored below lg2) */
    uint32_t attr;        /* leaf: memory attributes, the format's own encoding */
    uint8_t kind;         /* PtEntryKind */
    uint8_t lg2;          /* leaf: log2 of the bytes it maps (a contiguous span may be larger) */
    uint8_t flags;
    uint8_t rights;       /* table: what later levels may still grant; leaf: what it grants */
    uint8_t rights_dirty; /* leaf: what it grants once made dirty; == rights if nothing changes */
} PtEntry;

struct PtFormat;

/**
 * Regime: one stage of one translation context, decoded from a CD, STE, context or PASID entry.
 * Owned by whoever decoded it (usually a configuration cache payload). Each half of an Arm stage 1
 * address space (TTB0, TTB1) is a regime of its own.
 */
typedef struct PtRegime {
    const struct PtFormat *format;
    uint64_t root;        /* address of the top table; an input of stage 2 if there is one */
    uint64_t walk_tag;    /* cache tag of this stage's walk-cache and IPA-cache entries */
    IommuMemAttr walk_attr;      /* attributes of descriptor accesses */
    uint8_t stage;        /* 1 or 2 */
    uint8_t top;          /* height of the top table */
    uint8_t granule_lg2;  /* 12, 14, 16: also the smallest page */
    uint8_t in_bits;      /* input address size in bits */
    uint8_t out_bits;     /* effective output address size in bits */
    bool update_access;   /* hardware sets access flags in leaves */
    bool update_dirty;    /* hardware sets dirty state */
    bool update_table;    /* hardware sets access flags in table descriptors */
    /*
     * Whatever would have to be written is a fault instead (PT_FAULT_ACCESS): a VT-d walk that does
     * not snoop. Rights come first.
     */
    bool update_faults;
    bool table_needs_write; /* stage 1 only: reading a descriptor needs write right at stage 2 */
    bool protect_walk;    /* stage 2 only: walks and CD fetches through Device memory fault */
    uint32_t flags;       /* the format's own options */
    uint64_t attr_map[2]; /* the format's own: MAIR, PAT */
} PtRegime;

/** What part of an access the format is asked about. */
typedef struct PtAccess {
    uint8_t need;     /* IOMMU_RIGHT_* that must all be granted (atomic: R and W) */
    bool priv;
    bool write;       /* a write or atomic: dirties */
    bool exec;
} PtAccess;

typedef struct PtRoot {
    uint64_t table;      /* address of the top table */
    uint8_t height;
    uint8_t granule_lg2;
    uint8_t in_bits;     /* index bits of the top table end below this: it may be concatenated */
} PtRoot;

/** Why an input address has no root. */
typedef enum PtRootStatus {
    PT_ROOT_OK = 0,
    PT_ROOT_RANGE,    /* outside the input range, or not canonical */
    PT_ROOT_DISABLED, /* that half is disabled (EPDx, E0PDx) */
} PtRootStatus;

typedef struct PtFormat {
    const char *name;

    /**
     * Choose and check the table for input address @va; may reduce it (*@va with a tag byte
     * replaced by the sign).
     */
    PtRootStatus (*root)(const PtRegime *r, uint64_t *va, const PtAccess *access, PtRoot *root);

    /** Decode @desc read at @height of a table with @granule_lg2. */
    void (*decode)(const PtRegime *r, uint64_t desc, unsigned height, unsigned granule_lg2,
                   PtEntry *entry);

    /**
     * Turn accumulated table limits and a leaf into final rights: *@rights as it stands,
     * *@rights_dirty if the leaf were made dirty (superset; equal if the dirty state is already set
     * or hardware may not set it). @limits is the AND of every table entry's .rights, all ones at
     * first.
     */
    void (*rights)(const PtRegime *r, const PtEntry *leaf, uint8_t limits, uint8_t *rights,
                   uint8_t *rights_dirty);

    /**
     * The descriptor as hardware must leave it after use: access flag, extended access, dirty if
     * @dirty. Equal to @desc if nothing is to be written. Only what the regime enables.
     */
    uint64_t (*update)(const PtRegime *r, uint64_t desc, const PtEntry *entry, unsigned height,
                       bool dirty);

    /** One-line description of a descriptor's fields for the annotated trace. */
    void (*describe)(const PtRegime *r, uint64_t desc, unsigned height, char *buf, size_t size);
} PtFormat;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMSAv8-64 translation tables (Arm DDI 0487, D8; summarised by IHI 0070 3.4): stage 1 and stage 2,
 * granules of 4, 16 and 64 KB, every level, 48- and 52-bit addresses, concatenated start tables.
 *
 * Levels are Arm's: 3 holds pages, smaller numbers are nearer the root, -1 exists with LPA2.
 */
#ifndef TESTS_LIB_VMSA_TABLES_H
#define TESTS_LIB_VMSA_TABLES_H

#include "guestmem.h"
#include "hw/iommu/fields.h"

/* Leaf descriptor fields (DDI 0487 D8.3). */
#define VMSA_VALID     REGFIELD(0, 0)
#define VMSA_TYPE      REGFIELD(1, 1)    /* 1: table, or page at level 3; 0: block */
#define VMSA_ATTRINDX  REGFIELD(4, 2)    /* stage 1 */
#define VMSA_MEMATTR   REGFIELD(5, 2)    /* stage 2 */
#define VMSA_NS        REGFIELD(5, 5)    /* stage 1 */
#define VMSA_AP        REGFIELD(7, 6)    /* stage 1 AP[2:1] */
#define VMSA_S2AP      REGFIELD(7, 6)    /* stage 2: bit 6 read, bit 7 write */
#define VMSA_SH        REGFIELD(9, 8)
#define VMSA_AF        REGFIELD(10, 10)
#define VMSA_NG        REGFIELD(11, 11)  /* stage 1 */
#define VMSA_DBM       REGFIELD(51, 51)
#define VMSA_CONTIG    REGFIELD(52, 52)
#define VMSA_PXN       REGFIELD(53, 53)  /* stage 1 */
#define VMSA_UXN       REGFIELD(54, 54)  /* stage 1 */
#define VMSA_XN        REGFIELD(54, 53)  /* stage 2 XN[1:0] */

/* Table descriptor fields. */
#define VMSA_TABLE_AF  REGFIELD(10, 10)  /* HAFT */
#define VMSA_PXNTABLE  REGFIELD(59, 59)
#define VMSA_UXNTABLE  REGFIELD(60, 60)
#define VMSA_APTABLE   REGFIELD(62, 61)
#define VMSA_NSTABLE   REGFIELD(63, 63)

/* VMSA_AP values. */
#define VMSA_AP_PRIV_RW 0u
#define VMSA_AP_ALL_RW  1u
#define VMSA_AP_PRIV_RO 2u
#define VMSA_AP_ALL_RO  3u

/* VMSA_S2AP values. */
#define VMSA_S2AP_NONE 0u
#define VMSA_S2AP_RO   1u
#define VMSA_S2AP_WO   2u
#define VMSA_S2AP_RW   3u

/* VMSA_MEMATTR values without FWB. */
#define VMSA_MEMATTR_DEVICE 0x1u /* Device-nGnRE */
#define VMSA_MEMATTR_NC     0x5u
#define VMSA_MEMATTR_WB     0xfu

#define VMSA_SH_INNER 3u

/** Start level: let vmsa_init() choose. */
#define VMSA_START_AUTO (-2)

/**
 * @stage: 1 or 2.
 * @granule_lg2: 12, 14 or 16.
 * @in_bits: 64 - TxSZ.
 * @ds: LPA2 layout (4 and 16 KB).
 * @wide: 52-bit output with 64 KB pages.
 * @upper: stage 1 table of the upper half (TTB1): its inputs begin at 2^64 - 2^in_bits.
 * @start: start level, or VMSA_START_AUTO; a deeper one than needed concatenates (stage 2 only).
 */
typedef struct VmsaConfig {
    unsigned stage;
    unsigned granule_lg2;
    unsigned in_bits;
    bool ds;
    bool wide;
    bool upper;
    int start;
} VmsaConfig;

/** @ttb: what TTBx / S2TTB must hold. */
typedef struct VmsaTable {
    VmsaConfig config;
    TableSpace space;
    uint64_t ttb;
    int start;
} VmsaTable;

/** Allocate an empty table. @config must describe a legal one. */
void vmsa_init(VmsaTable *t, const TableSpace *space, const VmsaConfig *config);

/** A stage 1 or stage 2 table with @granule_lg2 and @in_bits, nothing special. */
void vmsa_init_simple(VmsaTable *t, const TableSpace *space, unsigned stage, unsigned granule_lg2,
                      unsigned in_bits);

/** Start level of a table of @in_bits without concatenation (16 KB stage 2: with, where needed). */
int vmsa_start_level(const VmsaConfig *config);

/** log2 of what one entry of @level spans. */
unsigned vmsa_level_lg2(const VmsaTable *t, int level);

/** Whether @level may hold leaves. */
bool vmsa_level_has_leaves(const VmsaTable *t, int level);

/**
 * Enter one leaf of @level, with the lower and upper attributes @attrs (descriptor bits). Tables on
 * the way are allocated; a leaf in the way is replaced.
 */
void vmsa_map_level(VmsaTable *t, uint64_t va, uint64_t pa, int level, uint64_t attrs);

/** Map [va, va + size) with the largest leaves that addresses and size allow. */
void vmsa_map(VmsaTable *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs);

/** Same with pages (level 3) only. */
void vmsa_map_pages(VmsaTable *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs);

/** Clear the descriptor that ends the walk of @va. */
void vmsa_unmap(VmsaTable *t, uint64_t va);

/**
 * Physical address of the descriptor that a walk of @va reads at @level; 0 if the walk ends before.
 */
uint64_t vmsa_desc_addr(VmsaTable *t, uint64_t va, int level);

/** The address by which the walker knows it (differs from the physical one when nested). */
uint64_t vmsa_desc_input(VmsaTable *t, uint64_t va, int level);

/** Level of the descriptor that ends the walk of @va: a leaf or an empty one. */
int vmsa_leaf_level(VmsaTable *t, uint64_t va);

/** The descriptor that ends the walk of @va: as it is now, and its replacement. */
uint64_t vmsa_get(VmsaTable *t, uint64_t va);
void vmsa_set(VmsaTable *t, uint64_t va, uint64_t desc);

/** Stage 1 leaf bits: AF, non-global, inner shareable, AttrIndx 0, access @ap (VMSA_AP_*). */
static inline uint64_t vmsa_s1_attrs(unsigned ap)
{
    return reg_make(VMSA_AF, 1) | reg_make(VMSA_NG, 1) | reg_make(VMSA_SH, VMSA_SH_INNER) |
           reg_make(VMSA_AP, ap);
}

/** Stage 2 leaf bits: AF, inner shareable, write-back, access @s2ap (VMSA_S2AP_*). */
static inline uint64_t vmsa_s2_attrs(unsigned s2ap)
{
    return reg_make(VMSA_AF, 1) | reg_make(VMSA_SH, VMSA_SH_INNER) | reg_make(VMSA_S2AP, s2ap) |
           reg_make(VMSA_MEMATTR, VMSA_MEMATTR_WB);
}

#define VMSA_S1_RW vmsa_s1_attrs(VMSA_AP_ALL_RW)
#define VMSA_S1_RO vmsa_s1_attrs(VMSA_AP_ALL_RO)
#define VMSA_S2_RW vmsa_s2_attrs(VMSA_S2AP_RW)
#define VMSA_S2_RO vmsa_s2_attrs(VMSA_S2AP_RO)

/** Stage 2 tables as a place for stage 1 tables: use as TableMapFn with a VmsaTable as opaque. */
void vmsa_map_block(void *stage2, uint64_t ipa, uint64_t pa, uint64_t bytes);

/**
 * A place for stage 1 tables and CDs under @stage2: intermediate addresses lie @delta above the
 * physical ones.
 */
TableSpace vmsa_nested_space(VmsaTable *stage2, uint64_t delta);

#endif

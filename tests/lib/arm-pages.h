/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMSAv8-64 translation tables (Arm DDI 0487, D8; summarised by IHI 0070 3.4): stage 1 and stage 2,
 * granules of 4, 16 and 64 KB, every level, 48- and 52-bit addresses, concatenated start tables.
 *
 * Levels are Arm's: 3 holds pages, smaller numbers are nearer the root, -1 exists with LPA2.
 */
#ifndef TESTS_LIB_ARM_PAGES_H
#define TESTS_LIB_ARM_PAGES_H

#include "guestmem.h"
#include "hw/iommu/smmuv3-layout.h"

/* Fields that the layout header has bit by bit. */
#define VMSA_AP        REGFIELD(7, 6)   /* stage 1 leaf AP[2:1] */
#define VMSA_S2AP      REGFIELD(7, 6)   /* stage 2 leaf: bit 6 read, bit 7 write */
#define VMSA_APTABLE   REGFIELD(62, 61) /* stage 1 table */

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

/* S2PTE_MEMATTR values without FWB. */
#define VMSA_MEMATTR_DEVICE 0x1u /* Device-nGnRE */
#define VMSA_MEMATTR_NC     0x5u
#define VMSA_MEMATTR_WB     0xfu

/** Start level: let arm_pages_init() choose. */
#define ARM_START_AUTO (-2)

/**
 * @stage: 1 or 2.
 * @granule_lg2: 12, 14 or 16.
 * @in_bits: 64 - TxSZ.
 * @ds: LPA2 layout (4 and 16 KB).
 * @wide: 52-bit output with 64 KB pages.
 * @upper: stage 1 table of the upper half (TTB1): its inputs begin at 2^64 - 2^in_bits.
 * @start: start level, or ARM_START_AUTO; a deeper one than needed concatenates (stage 2 only).
 */
typedef struct ArmPagesConfig {
    unsigned stage;
    unsigned granule_lg2;
    unsigned in_bits;
    bool ds;
    bool wide;
    bool upper;
    int start;
} ArmPagesConfig;

/** @ttb: what TTBx / S2TTB must hold. */
typedef struct ArmPages {
    ArmPagesConfig config;
    TableSpace space;
    uint64_t ttb;
    int start;
} ArmPages;

/** Allocate an empty table. @config must describe a legal one. */
void arm_pages_init(ArmPages *t, const TableSpace *space, const ArmPagesConfig *config);

/** A stage 1 or stage 2 table with @granule_lg2 and @in_bits, nothing special. */
void arm_pages_init_simple(ArmPages *t, const TableSpace *space, unsigned stage,
                           unsigned granule_lg2, unsigned in_bits);

/** Start level of a table of @in_bits without concatenation (16 KB stage 2: with, where needed). */
int arm_pages_start_level(const ArmPagesConfig *config);

/** log2 of what one entry of @level spans. */
unsigned arm_pages_level_lg2(const ArmPages *t, int level);

/** Whether @level may hold leaves. */
bool arm_pages_level_has_leaves(const ArmPages *t, int level);

/**
 * Enter one leaf of @level, with the lower and upper attributes @attrs (descriptor bits). Tables on
 * the way are allocated; a leaf in the way is replaced.
 */
void arm_pages_map_level(ArmPages *t, uint64_t va, uint64_t pa, int level, uint64_t attrs);

/** Map [va, va + size) with the largest leaves that addresses and size allow. */
void arm_pages_map(ArmPages *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs);

/** Same with pages (level 3) only. */
void arm_pages_map_smallest(ArmPages *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs);

/** Clear the descriptor that ends the walk of @va. */
void arm_pages_unmap(ArmPages *t, uint64_t va);

/**
 * Physical address of the descriptor that a walk of @va reads at @level; 0 if the walk ends before.
 */
uint64_t arm_pages_desc_addr(ArmPages *t, uint64_t va, int level);

/** The address by which the walker knows it (differs from the physical one when nested). */
uint64_t arm_pages_desc_input(ArmPages *t, uint64_t va, int level);

/** Level of the descriptor that ends the walk of @va: a leaf or an empty one. */
int arm_pages_leaf_level(ArmPages *t, uint64_t va);

/** The descriptor that ends the walk of @va: as it is now, and its replacement. */
uint64_t arm_pages_get(ArmPages *t, uint64_t va);
void arm_pages_set(ArmPages *t, uint64_t va, uint64_t desc);

/** Stage 1 leaf bits: AF, non-global, inner shareable, AttrIndx 0, access @ap (VMSA_AP_*). */
static inline uint64_t arm_s1_attrs(unsigned ap)
{
    return reg_make(PTE_AF, 1) | reg_make(PTE_NG, 1) | reg_make(PTE_SH, SH_ISH) |
           reg_make(VMSA_AP, ap);
}

/** Stage 2 leaf bits: AF, inner shareable, write-back, access @s2ap (VMSA_S2AP_*). */
static inline uint64_t arm_s2_attrs(unsigned s2ap)
{
    return reg_make(PTE_AF, 1) | reg_make(PTE_SH, SH_ISH) | reg_make(VMSA_S2AP, s2ap) |
           reg_make(S2PTE_MEMATTR, VMSA_MEMATTR_WB);
}

#define ARM_S1_RW arm_s1_attrs(VMSA_AP_ALL_RW)
#define ARM_S1_RO arm_s1_attrs(VMSA_AP_ALL_RO)
#define ARM_S2_RW arm_s2_attrs(VMSA_S2AP_RW)
#define ARM_S2_RO arm_s2_attrs(VMSA_S2AP_RO)

/** Stage 2 tables as a place for stage 1 tables: use as TableMapFn with a ArmPages as opaque. */
void arm_pages_map_block(void *stage2, uint64_t ipa, uint64_t pa, uint64_t bytes);

/**
 * A place for stage 1 tables and CDs under @stage2: intermediate addresses lie @delta above the
 * physical ones.
 */
TableSpace arm_pages_nested_space(ArmPages *stage2, uint64_t delta);

#endif

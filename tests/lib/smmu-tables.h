/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 configuration structures (Arm IHI 0070, chapters 3.3 and 5): Stream tables, Stream table
 * entries, Context descriptor tables, Context descriptors.
 *
 * An STE or CD is eight words in host order. The ste_ and cd_ functions make complete legal ones;
 * for anything unusual set single fields afterwards: field_set(ste, STE_S2PTW, 1).
 */
#ifndef TESTS_LIB_SMMU_TABLES_H
#define TESTS_LIB_SMMU_TABLES_H

#include "arm-pages.h"
#include "guestmem.h"
#include "hw/iommu/smmuv3-layout.h"

/* MAIR of the CDs made here: what AttrIndx 0 to 3 stand for. */
#define ARM_ATTRINDX_WB     0u
#define ARM_ATTRINDX_NC     1u
#define ARM_ATTRINDX_DEVICE 2u /* nGnRE */
#define ARM_ATTRINDX_WT     3u

/**
 * A Stream table of 2^@log2size entries: linear, or with first-level descriptors that each
 * cover 2^@split entries, whose second level is allocated when an entry of it is written.
 */
typedef struct StreamTable {
    GuestMem *mem;
    bool two_level;
    unsigned log2size;
    unsigned split;
    uint64_t base;
} StreamTable;

void stream_table_init_linear(StreamTable *t, GuestMem *mem, unsigned log2size);

/** @split: 6, 8 or 10. */
void stream_table_init_two_level(StreamTable *t, GuestMem *mem, unsigned log2size, unsigned split);

/** What STRTAB_BASE and STRTAB_BASE_CFG must hold. */
uint64_t stream_table_base_reg(const StreamTable *t);
uint32_t stream_table_cfg_reg(const StreamTable *t);

/** Physical address of the STE of @sid; 0 if its second level is absent. */
uint64_t stream_table_addr(StreamTable *t, uint32_t sid);

/** Physical address of the first-level descriptor of @sid (two-level tables). */
uint64_t stream_table_l1std_addr(StreamTable *t, uint32_t sid);

/** Write the STE of @sid: all words but the first, then the one that makes it valid. */
void stream_table_set(StreamTable *t, uint32_t sid, const uint64_t ste[STE_WORDS]);
void stream_table_get(StreamTable *t, uint32_t sid, uint64_t ste[STE_WORDS]);

/**
 * Context descriptors of one stream: one CD (@s1cdmax 0), or 2^@s1cdmax indexed by SubstreamID,
 * linear or in two levels (@s1fmt STE_S1FMT_*). Under a stage 2 it lies in a nested space.
 */
typedef struct CdTable {
    TableSpace space;
    unsigned s1fmt;
    unsigned s1cdmax;
    uint64_t ptr; /* S1ContextPtr */
} CdTable;

void cd_table_init(CdTable *t, const TableSpace *space, unsigned s1fmt, unsigned s1cdmax);

/** Physical address of the CD of @ssid; 0 if its second level is absent. */
uint64_t cd_table_addr(CdTable *t, uint32_t ssid);

/** Address by which the SMMU knows that CD (an IPA under a stage 2). */
uint64_t cd_table_input(CdTable *t, uint32_t ssid);

/** Physical address of the first-level descriptor of @ssid (two-level tables). */
uint64_t cd_table_l1cd_addr(CdTable *t, uint32_t ssid);

void cd_table_set(CdTable *t, uint32_t ssid, const uint64_t cd[CD_WORDS]);
void cd_table_get(CdTable *t, uint32_t ssid, uint64_t cd[CD_WORDS]);

/**
 * Stage 1 with @ttb0 for the lower half of addresses; the upper half is disabled (EPD1). Faults
 * are recorded (R) and abort (A); MAIR as above; output as wide as @ttb0's format allows.
 */
void cd_stage1(uint64_t cd[CD_WORDS], const ArmPages *ttb0, uint16_t asid);

/** Enable the upper half with @ttb1. */
void cd_add_upper(uint64_t cd[CD_WORDS], const ArmPages *ttb1);

/** Terminate without an event. */
void ste_abort(uint64_t ste[STE_WORDS]);

/** Pass, attributes as they come. */
void ste_bypass(uint64_t ste[STE_WORDS]);

/** Stage 1 with the CDs of @cds, StreamWorld EL1; requests without SubstreamID use CD 0. */
void ste_stage1(uint64_t ste[STE_WORDS], const CdTable *cds);

/** Stage 2 with @s2; faults are recorded (S2R) and abort. */
void ste_stage2(uint64_t ste[STE_WORDS], const ArmPages *s2, uint16_t vmid);

/** Both stages: @cds and the stage 1 tables must lie in a space that @s2 maps. */
void ste_nested(uint64_t ste[STE_WORDS], const CdTable *cds, const ArmPages *s2, uint16_t vmid);

/** Encoding of an address size in IPS, S2PS and IDR5.OAS: 32, 36, 40, 42, 44, 48, 52, 56. */
unsigned arm_address_size_code(unsigned address_bits);
unsigned arm_address_size_bits(unsigned code);

#endif

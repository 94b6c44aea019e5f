/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma behind an SMMUv3: complete small configurations of its stream, one access at a time,
 * and what must become of it.
 */
#ifndef TESTS_QTEST_DMA_SMMU_H
#define TESTS_QTEST_DMA_SMMU_H

#include "dma-machine.h"

#include "../lib/smmu-driver.h"

#define DS_SID   DMA_RID(0)
#define DS_ASID  7
#define DS_VMID  11
#define DS_SSID  3
#define DS_PAGES 8
#define DS_PAGE  4096ull

#define DS_VA      0x40000000ull                 /* DS_PAGES pages, read and write */
#define DS_VA_RO   (DS_VA + DS_PAGES * DS_PAGE)  /* the first of them, read-only */
#define DS_VA_HOLE (DS_VA + 64 * DS_PAGE)        /* not mapped */
#define DS_IPA     0x80000000ull                 /* nested: where DS_VA leads */
#define DS_IPA_RO  (DS_IPA + DS_PAGES * DS_PAGE)
#define DS_IPA_HOLE (DS_IPA + 64 * DS_PAGE)
#define DS_NOWHERE (1ull << 44)                  /* no memory there: accesses abort */

/** @pa: the frames that everything leads to. */
typedef struct DmaSmmu {
    DmaMachine *m;
    SmmuDriver d;
    StreamTable streams;
    CdTable cds;
    TableSpace physical, intermediate;
    ArmPages s1, s2;
    uint64_t ste[STE_WORDS]; /* as written */
    uint64_t cd[CD_WORDS];
    uint64_t pa;
    uint64_t at;             /* what the scene maps */
} DmaSmmu;

typedef void DsScene(DmaSmmu *b);

/**
 * Start with further properties of the SMMU ("name=value,..." or ""), queues and SMMUEN on; the
 * device may use PASIDs, ATS and PRI where the SMMU has them.
 */
DmaSmmu *ds_new(const char *properties);
void ds_free(DmaSmmu *b);

void ds_bypass(DmaSmmu *b);
void ds_stage1(DmaSmmu *b);
void ds_stage2(DmaSmmu *b);
/** CDs and stage 1 tables at intermediate addresses. */
void ds_nested(DmaSmmu *b);
/** Stage 1 with 8 CDs, those of DS_SSID and 0 valid; requests without PASID use CD 0. */
void ds_substreams(DmaSmmu *b);

/** Same, in a table of form @s1fmt with 2^@cdmax CDs. */
void ds_substreams_in(DmaSmmu *b, unsigned s1fmt, unsigned cdmax);

/** Write the STE (CD @ssid) as it now is, and invalidate. */
void ds_put_ste(DmaSmmu *b);
void ds_put_cd(DmaSmmu *b, uint32_t ssid);
/** Change one field of the STE (CD 0) and put it. */
void ds_ste(DmaSmmu *b, BitField field, uint64_t value);
void ds_cd(DmaSmmu *b, BitField field, uint64_t value);
void ds_issue(DmaSmmu *b, SmmuCmdWords cmd);

/** An 8-byte read or write. */
DmaDesc ds_read(uint64_t addr);
DmaDesc ds_write(uint64_t addr);
DmaDesc ds_with(DmaDesc desc, BitField field, uint64_t value);
DmaDesc ds_pasid(DmaDesc desc, uint32_t pasid);

/** @desc succeeds without event and reaches @pa (a write changes it, and only a write). */
void ds_ok(DmaSmmu *b, DmaDesc desc, uint64_t pa);
/** @desc ends with @status, and one event @num is left (0: none). */
SmmuEventWords ds_fails(DmaSmmu *b, DmaDesc desc, unsigned status, unsigned num);
/** Aborted with event @num. */
SmmuEventWords ds_faults(DmaSmmu *b, DmaDesc desc, unsigned num);
void ds_no_event(DmaSmmu *b);

/** A test: what @check finds with @properties. */
typedef struct DsFeature {
    const char *path;
    const char *properties;
    DsScene *check;
} DsFeature;

/** main() of a program that tests @features; on x86 it has none. */
int ds_main(int argc, char **argv, const DsFeature *features, size_t count);

uint32_t ds_reg(DmaSmmu *b, uint32_t offset);

#endif

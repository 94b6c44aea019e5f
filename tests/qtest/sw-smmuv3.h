/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with an enabled SMMUv3, two frames of RAM, and the ways to let edu reach them.
 */
#ifndef TESTS_QTEST_SW_SMMUV3_H
#define TESTS_QTEST_SW_SMMUV3_H

#include "sw-machine.h"

#include "../lib/smmu-driver.h"

#define SID SW_EDU_BDF
#define BYTES 4096 /* what is copied of a frame */

#define ASID 5
#define VMID 9

/* Input addresses that differ from their outputs in every part. */
#define VA_SRC 0x123456780000ull
#define VA_DST 0x00fedcba0000ull
#define IPA_SRC 0x2345670000ull
#define IPA_DST 0x0fedc20000ull

#define VA_BITS 48
#define IPA_BITS 42

/** @src, @dst: physical addresses of the frames, wide enough for a page of any granule. */
typedef struct SmmuBench {
    SwMachine *m;
    SmmuDriver d;
    StreamTable table;
    uint64_t src, dst;
} SmmuBench;

typedef struct SmmuStage1 {
    TableSpace space;
    ArmPages pages;
    CdTable cds;
} SmmuStage1;

/** log2 of the granule of each stage. */
typedef struct SmmuGranules {
    unsigned s1, s2;
} SmmuGranules;

/** Start; every STE is invalid. */
void smmu_bench_start(SmmuBench *b, const SwCase *c);
void smmu_bench_end(SmmuBench *b);

/** Install edu's STE. */
void smmu_bench_ste(SmmuBench *b, const uint64_t ste[STE_WORDS]);

/** Stage 1 that maps VA_SRC and VA_DST to the frames. */
void smmu_bench_stage1(SmmuBench *b, SmmuStage1 *s, unsigned granule_lg2);

/** Stage 2 that maps IPA_SRC and IPA_DST to the frames. */
void smmu_bench_stage2(SmmuBench *b, ArmPages *s2, unsigned granule_lg2);

/** Both; CD and stage 1 tables lie at intermediate addresses. */
void smmu_bench_nested(SmmuBench *b, SmmuStage1 *s, ArmPages *s2, SmmuGranules g);

/** The same with 4 KB granules. False, and the test skipped, where the SMMU lacks a stage. */
bool smmu_bench_nests(SmmuBench *b, SmmuStage1 *s, ArmPages *s2);

/* Skip the test where the SMMU does not have it. */
bool smmu_bench_has_granule(SmmuBench *b, unsigned granule_lg2);
bool smmu_bench_has_stage2(SmmuBench *b);
bool smmu_bench_has_nesting(SmmuBench *b);

/** edu copies a frame by its own addresses: twice, so that caches are filled and used. */
void smmu_bench_copies(SmmuBench *b, uint64_t src, uint64_t dst);

void smmu_bench_no_event(SmmuBench *b);

/** A read of @va faults; what the one record says. */
SmmuEventWords smmu_bench_read_faults(SmmuBench *b, uint64_t va, unsigned num);

/** A write to @va faults, and changes nothing at @pa. */
SmmuEventWords smmu_bench_write_faults(SmmuBench *b, uint64_t va, uint64_t pa, unsigned num);

#endif

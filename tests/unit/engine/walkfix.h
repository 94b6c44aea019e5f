/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every walker test starts from: memory, a walker of a given profile, and two toy regimes.
 */
#ifndef TESTS_UNIT_ENGINE_WALKFIX_H
#define TESTS_UNIT_ENGINE_WALKFIX_H

#include "hw/iommu/walk.h"
#include "tests/lib/ramhost.h"
#include "toy.h"

#define FIX_RAM     (8ull << 20)
#define FIX_S1_ROOT 0x1000
#define FIX_S2_ROOT 0x2000
#define FIX_TABLES  0x100000 /* tables of stage 1 are made from here up */
#define FIX_MAPPED  0x200000 /* a nested walk's stage 2 maps everything below one to one */
#define FIX_S1_TAG  0x101
#define FIX_S2_TAG  0x202
#define FIX_GROUP   0xff00

/**
 * @s1, @s2: regimes of four levels of 4 KB. @use: bits 0, 1: which of them walkfix_go() takes.
 */
typedef struct WalkFix {
    RamHost ram;
    IommuCounters counters;
    IommuTrace trace;
    IommuPlan plan;
    PtWalker walker;
    PtRegime s1, s2;
    unsigned use;
    bool priv;
    uint64_t next;
    PtResult res;
    PtFault fault;
} WalkFix;

/** Steps of @kind that all walks so far made. */
unsigned walkfix_steps(const WalkFix *f, IommuStepKind kind);

#define FIX_USE_S1 1u
#define FIX_USE_S2 2u

WalkFix *walkfix_new(const char *profile);
void walkfix_free(WalkFix *f);

/** Use both stages; stage 2 maps [0, FIX_MAPPED) one to one in 4 KB pages with all rights. */
void walkfix_nest(WalkFix *f);

/** Map @va by stage 1 (4 KB page, tables with all rights). */
void walkfix_map1(WalkFix *f, uint64_t va, uint64_t desc);

/** Map @ipa by stage 2. */
void walkfix_map2(WalkFix *f, uint64_t ipa, uint64_t desc);

/** Address of a descriptor of stage 1 / stage 2. */
uint64_t walkfix_slot1(WalkFix *f, uint64_t va, unsigned height);
uint64_t walkfix_slot2(WalkFix *f, uint64_t ipa, unsigned height);

/** Descriptor of stage 1 / stage 2 at @height, as memory holds it. */
uint64_t walkfix_desc1(WalkFix *f, uint64_t va, unsigned height);
uint64_t walkfix_desc2(WalkFix *f, uint64_t ipa, unsigned height);

/** Translate into f->res or f->fault. */
bool walkfix_go(WalkFix *f, uint64_t addr, uint8_t need, uint32_t flags);

/** Translate and assert the fault @kind of @stage and class @cls at @height. */
void walkfix_faults(WalkFix *f, uint64_t addr, uint8_t need, PtFaultKind kind, unsigned stage,
                    PtClass cls, unsigned height);

typedef void WalkFixTest(WalkFix *f);

/** Register @fn as @path/off, @path/one and @path/full, each with a fresh fixture. */
void walkfix_add(const char *path, WalkFixTest *fn);

/** Register @fn under @path with @profile only. */
void walkfix_add_with(const char *path, const char *profile, WalkFixTest *fn);

#endif

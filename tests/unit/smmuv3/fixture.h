/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every SMMUv3 unit test stands on: a fresh model over a plain array of memory, a driver for
 * it, and scenes, small complete configurations of each kind of stream.
 */
#ifndef TESTS_UNIT_SMMUV3_FIXTURE_H
#define TESTS_UNIT_SMMUV3_FIXTURE_H

#include <glib.h>

#include "hw/iommu/smmuv3.h"
#include "tests/lib/arm-pages.h"
#include "tests/lib/ramhost.h"
#include "tests/lib/smmu-driver.h"
#include "tests/lib/smmu-tables.h"

#define SID        5u
#define OTHER_SID  9u
#define SSID       3u
#define ASID       7u
#define VMID       11u

#define PAGE       4096ull
#define VA         0x40000000ull          /* mapped read and write, 16 pages */
#define VA_RO      (VA + 16 * PAGE)       /* mapped read-only */
#define VA_HOLE    (VA + 64 * PAGE)       /* not mapped */
#define IPA        0x80000000ull          /* nested: what VA leads to */
#define PA         0x12345000ull          /* what all of it leads to; outside memory */
#define IPA_DELTA  (1ull << 38)           /* IPAs of stage 1 tables lie so far above their PAs */

typedef struct Fix {
    RamHost ram;
    GuestMem mem;
    IommuModel *m;
    SmmuConfig config;
    RegBus bus;
    SmmuDriver drv;
    StreamTable streams;
    ArmPages s1, s2;
    CdTable cds;
    uint64_t ste[STE_WORDS]; /* the scene's, as written */
    uint64_t cd[CD_WORDS];
    uint64_t at;             /* an address that the scene maps, and where it leads */
    uint64_t to;
    SmmuEventWords event;    /* the one that a check took last */
    const void *data;        /* of fix_add_data() */
} Fix;

typedef void FixTest(Fix *f);
typedef void FixEdit(SmmuConfig *c);

/** Register @fn once: a fresh "max" model with caches of full size, queues and SMMUEN on. */
void fix_add(const char *name, FixTest *fn);

/** Same, without caches, with caches of one entry, and of full size. */
void fix_add_profiles(const char *name, FixTest *fn);

/** @fn on the named set @base as @edit (or NULL) changes it. */
void fix_add_config(const char *name, const char *base, FixEdit *edit, FixTest *fn);
void fix_add_config_profiles(const char *name, const char *base, FixEdit *edit, FixTest *fn);

/** Same with a model just reset: nothing is on. */
void fix_add_reset(const char *name, const char *base, FixEdit *edit, FixTest *fn);

/** @fn with f->data, which must stay. */
void fix_add_data(const char *name, const char *base, FixEdit *edit, FixTest *fn,
                  const void *data);

/**
 * One change to a scene's STE or CD and what an access gets then: an abort with @event, or where
 * that is 0 a translation.
 */
typedef struct FieldRow {
    const char *name;
    FixTest *scene;
    BitField field;
    uint64_t value;
    uint8_t event;
    const char *base;  /* NULL: max */
    FixEdit *edit;
    BitField field2;   /* 0: none */
    uint64_t value2;
} FieldRow;

#define ROW(name_, scene_, field_, value_, event_) \
    .name = (name_), .scene = (scene_), .field = (field_), .value = (value_), .event = (event_)

void fix_add_ste_rows(const FieldRow *rows, size_t count);
void fix_add_cd_rows(const FieldRow *rows, size_t count);

/* Edits that many tests share. */
void edit_stage1_only(SmmuConfig *c);
void edit_stage2_only(SmmuConfig *c);
void edit_no_stall(SmmuConfig *c);
void edit_force_stall(SmmuConfig *c);
void edit_httu_off(SmmuConfig *c);
void edit_httu_af(SmmuConfig *c);

/* ---- scenes ------------------------------------------------------------------------------- */

/** Stage 1, 4 KB, 39 bits: VA.. to PA.., VA_RO to PA. */
void scene_stage1(Fix *f);
/** Stage 2, 4 KB, 40 bits from two tables of level 1, VMID: IPA.. to PA.. */
void scene_stage2(Fix *f);
/** Both: VA.. to IPA.. to PA.. Tables of stage 1 lie at IPAs. */
void scene_nested(Fix *f);
/** Bypass by STE. */
void scene_bypass(Fix *f);
/** Stage 1 with 2^@cdmax CDs: substream SSID as scene_stage1(), CD 0 too. */
void scene_substreams(Fix *f, unsigned s1fmt, unsigned cdmax);

/** Write f->ste (f->cd) of the scene back after a change, with the invalidation it needs. */
void put_ste(Fix *f);
void put_cd(Fix *f);
/** Change one field of the scene's STE (CD) and put it. */
void ste_put_field(Fix *f, BitField field, uint64_t value);
void cd_put_field(Fix *f, BitField field, uint64_t value);

/* ---- actions ------------------------------------------------------------------------------ */

/** A transaction of SID as plain as can be. */
IommuTxn txn_at(uint64_t addr, bool write);
IommuResult run(Fix *f, const IommuTxn *txn);
IommuResult access_at(Fix *f, uint64_t addr, bool write);
IommuResult access_ssid(Fix *f, uint32_t ssid, uint64_t addr, bool write);

void cmd(Fix *f, SmmuCmdWords c);
uint32_t rd(Fix *f, uint64_t offset);
void wr(Fix *f, uint64_t offset, uint32_t value);
uint64_t rd64(Fix *f, uint64_t offset);
void wr64(Fix *f, uint64_t offset, uint64_t value);
/** Set bits of CR0, or clear them. */
void cr0_set(Fix *f, BitField field, uint64_t value);
/** Write CR2 with SMMUEN off for the moment. */
void cr2_set(Fix *f, BitField field, uint64_t value);

/* ---- checks ------------------------------------------------------------------------------- */

/** The access succeeds and leads to @pa. */
void expect_ok(Fix *f, uint64_t addr, bool write, uint64_t pa);
/** The access is aborted, with exactly one event @num (0: none), which lands in f->event. */
void expect_event(Fix *f, uint64_t addr, bool write, uint8_t num);
/** The oldest event is @num and the only one (0: there is none). */
void expect_one_event(Fix *f, uint8_t num);
/** A read succeeds and leads to @pa, whatever events there are. */
void expect_pa(Fix *f, uint64_t addr, uint64_t pa);

#define expect_fields(s2_, cls_, rnw_)              \
    do {                                            \
        g_assert_cmpuint(f->event.s2, ==, (s2_));   \
        g_assert_cmpuint(f->event.cls, ==, (cls_)); \
        g_assert_cmpuint(f->event.rnw, ==, (rnw_)); \
    } while (0)

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every VT-d unit test stands on: a fresh unit over a plain array of memory, a driver for it,
 * and scenes - small complete configurations of each translation type for one device.
 */
#ifndef TESTS_UNIT_VTD_FIXTURE_H
#define TESTS_UNIT_VTD_FIXTURE_H

#include <glib.h>

#include "hw/iommu/vtd.h"
#include "tests/lib/ramhost.h"
#include "tests/lib/vtd-driver.h"
#include "tests/lib/vtd-pages.h"
#include "tests/lib/vtd-tables.h"

/* The device, its domain, and what the scenes map: 16 pages at IOVA to PAGE_PA. */
#define RID      0x0810u
#define DID      5u
#define OTHER_RID 0x0920u
#define IOVA     0x40000000ull
#define PAGE_PA  0x12345000ull
#define PAGE     4096ull
#define RO_IOVA  (IOVA + 8 * PAGE)  /* read-only */
#define WO_IOVA  (IOVA + 9 * PAGE)  /* write-only (second stage) */
#define SUP_IOVA (IOVA + 10 * PAGE) /* supervisor (first stage) */
#define HOLE     (IOVA + 64 * PAGE) /* not mapped */
#define PASID    0x12345u
#define GPA_DELTA 0x100000000ull

typedef struct Fix {
    RamHost ram;
    GuestMem mem;
    IommuModel *m;
    RegBus bus;
    VtdDriver drv;
    VtdConfig cfg;
    VtdRootTable root;
    VtdPasidTable pasids;
    VtdPages fs, ss;
    uint64_t ctx[4];   /* the scene's entries, as written */
    uint64_t entry[8];
    unsigned iec_calls;
    bool iec_global;
    uint32_t iec_index, iec_ignored;
    unsigned stream_calls;
    uint32_t stream, stream_ignored;
} Fix;

/* A test's body. Registered by fix_add(), it gets a fresh "max" unit. */
typedef void FixTest(Fix *f);

/** Register @fn once, with caches of full size. */
void fix_add(const char *name, FixTest *fn);

/** Register @fn three times: without caches, with caches of one entry, and of full size. */
void fix_add_profiles(const char *name, FixTest *fn);

/** Register @fn with @cfg_edit applied to the named configuration @base. Full caches. */
void fix_add_config(const char *name, const char *base, void (*cfg_edit)(VtdConfig *), FixTest *fn);

/* ---- scenes: after them translation is on and the device's entries are written ---- */

void scene_legacy(Fix *f);
void scene_legacy_pass_through(Fix *f);
/** Scalable mode, first-stage PASID entry, in use for requests without PASID and for PASID. */
void scene_fs(Fix *f);
void scene_ss(Fix *f);
void scene_nested(Fix *f);
void scene_pt(Fix *f);
/** Second stage with accessed and dirty flags. */
void scene_ss_ad(Fix *f);

/** Write the context entry or PASID entry again after the test changed f->ctx or f->entry. */
void fix_put_context(Fix *f);
void fix_put_entry(Fix *f);
/** Global context, PASID and IOTLB invalidation. */
void fix_flush(Fix *f);

/* ---- requests ---- */

IommuTxn fix_txn(uint64_t addr, bool write);
IommuTxn fix_txn_pasid(uint64_t addr, bool write, uint32_t pasid);
IommuTxn fix_txn_ats(uint64_t addr, bool no_write);
IommuResult fix_do(Fix *f, const IommuTxn *txn);
IommuResult fix_read(Fix *f, uint64_t addr);
IommuResult fix_write(Fix *f, uint64_t addr);

/** @res is a success at @pa. */
void fix_assert_ok(const IommuResult *res, uint64_t pa);

/** Request @txn is aborted with @reason, and recorded with its source and page. */
void fix_assert_fault(Fix *f, const IommuTxn *txn, VtdFaultReason reason);
void fix_assert_read_fault(Fix *f, uint64_t addr, VtdFaultReason reason);
void fix_assert_write_fault(Fix *f, uint64_t addr, VtdFaultReason reason);
/** No fault record is pending. */
void fix_assert_no_record(Fix *f);
/** The next record is of @reason. */
void fix_assert_record(Fix *f, VtdFaultReason reason);

uint32_t fix_reg32(Fix *f, uint64_t offset);
uint64_t fix_reg64(Fix *f, uint64_t offset);
void fix_set32(Fix *f, uint64_t offset, uint32_t value);
void fix_set64(Fix *f, uint64_t offset, uint64_t value);

/** Event messages of group @control (FECTL, IECTL, PECTL) go to @addr with @data, unmasked. */
void fix_event_to(Fix *f, unsigned control, uint64_t addr, uint32_t data);

#endif

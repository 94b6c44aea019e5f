/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d remapping structures (VT-d 5.10, 3.4 and chapter 9): root and context tables of legacy
 * and scalable mode, PASID directories and tables.
 *
 * Entries are words in host order; the vtd_ctx_ and vtd_pasid_ functions make complete legal ones;
 * for anything unusual set single fields afterwards: field_set(entry, VTD_PASID_WPE, 1).
 * A device is named by its requester id: bus << 8 | device << 3 | function.
 */
#ifndef TESTS_LIB_VTD_TABLES_H
#define TESTS_LIB_VTD_TABLES_H

#include "guestmem.h"
#include "hw/iommu/vtd-layout.h"
#include "vtd-pages.h"

#define VTD_CTX_WORDS   (VTD_CTX_BYTES / 8)
#define VTD_SMCTX_WORDS (VTD_SMCTX_BYTES / 8)
#define VTD_PASID_WORDS (VTD_PASID_BYTES / 8)

/** Root table; context tables are allocated when an entry of theirs is written. */
typedef struct VtdRootTable {
    GuestMem *mem;
    bool scalable;
    uint64_t base;
} VtdRootTable;

void vtd_root_init(VtdRootTable *t, GuestMem *mem, bool scalable);

/** What RTADDR must hold. */
uint64_t vtd_root_reg(const VtdRootTable *t);

/** Physical address of the root entry of @rid's bus. */
uint64_t vtd_root_addr(const VtdRootTable *t, uint16_t rid);

/** Physical address of @rid's context entry; 0 if there is no context table. */
uint64_t vtd_ctx_addr(const VtdRootTable *t, uint16_t rid);

/** Write @rid's context entry: 2 words (legacy) or 4 (scalable); the word with P goes last. */
void vtd_ctx_set(VtdRootTable *t, uint16_t rid, const uint64_t *entry);

/* Legacy context entries. */

void vtd_ctx_second_stage(uint64_t entry[VTD_CTX_WORDS], const VtdPages *ss, uint16_t did);

/** @aw: the largest width of CAP.SAGAW (VTD_AW_*). */
void vtd_ctx_pass_through(uint64_t entry[VTD_CTX_WORDS], unsigned aw, uint16_t did);

/** PASID directory of 2^(@pdts + 7) entries; tables of 64 PASIDs are allocated when needed. */
typedef struct VtdPasidTable {
    GuestMem *mem;
    unsigned pdts;
    uint64_t dir;
} VtdPasidTable;

void vtd_pasid_table_init(VtdPasidTable *t, GuestMem *mem, unsigned pdts);

/** Physical address of the directory entry, and of the table entry (0 if no table), of @pasid. */
uint64_t vtd_pasid_dir_addr(const VtdPasidTable *t, uint32_t pasid);
uint64_t vtd_pasid_addr(const VtdPasidTable *t, uint32_t pasid);

void vtd_pasid_set(VtdPasidTable *t, uint32_t pasid, const uint64_t entry[VTD_PASID_WORDS]);
void vtd_pasid_get(const VtdPasidTable *t, uint32_t pasid, uint64_t entry[VTD_PASID_WORDS]);

/**
 * Scalable context entry: requests with PASID are enabled if @pasid_enable; requests without use
 * @rid_pasid (0 unless ECAP.RPS).
 */
void vtd_smctx(uint64_t entry[VTD_SMCTX_WORDS], const VtdPasidTable *t, bool pasid_enable,
               uint32_t rid_pasid);

/* PASID table entries. */

void vtd_pasid_first_stage(uint64_t entry[VTD_PASID_WORDS], const VtdPages *fs, uint16_t did);
void vtd_pasid_second_stage(uint64_t entry[VTD_PASID_WORDS], const VtdPages *ss, uint16_t did);

/** @fs must lie in a space that @ss maps: vtd_nested_space(). */
void vtd_pasid_nested(uint64_t entry[VTD_PASID_WORDS], const VtdPages *fs, const VtdPages *ss,
                      uint16_t did);
void vtd_pasid_pass_through(uint64_t entry[VTD_PASID_WORDS], uint16_t did);

/** AW encoding of a structure of @levels: 3 -> 39 bits, 4 -> 48, 5 -> 57. */
static inline unsigned vtd_aw_code(unsigned levels)
{
    return levels - 2;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d root, context and PASID structures (VT-d 5.10, chapter 9). */
#include "vtd-tables.h"

#include <string.h>

#define TABLE_BYTES 4096
#define DEVFN_MASK 0xffu
#define SM_HALF    0x80u /* devfn bit that selects the half of a scalable root entry */

/* ---- root and context tables ------------------------------------------------------------- */

void vtd_root_init(VtdRootTable *t, GuestMem *mem, bool scalable)
{
    *t = (VtdRootTable) { .mem = mem, .scalable = scalable };
    t->base = gmem_alloc(mem, TABLE_BYTES, TABLE_BYTES);
}

uint64_t vtd_root_reg(const VtdRootTable *t)
{
    return t->base | reg_make(VTD_RTADDR_TTM, t->scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY);
}

uint64_t vtd_root_addr(const VtdRootTable *t, uint16_t rid)
{
    return t->base + VTD_ROOT_BYTES * (uint64_t)(rid >> 8);
}

/* The word of the root entry that leads to @rid: scalable mode has one for each half bus. */
static uint64_t root_word_addr(const VtdRootTable *t, uint16_t rid)
{
    return vtd_root_addr(t, rid) + (t->scalable && (rid & SM_HALF) ? 8 : 0);
}

uint64_t vtd_ctx_addr(const VtdRootTable *t, uint16_t rid)
{
    uint64_t root = gmem_read64(t->mem, root_word_addr(t, rid));
    uint64_t table = field_in_place(&root, VTD_ROOT_CTP);

    if (!reg_get(root, VTD_ROOT_P)) {
        return 0;
    }
    if (t->scalable) {
        return table + VTD_SMCTX_BYTES * (uint64_t)(rid & (SM_HALF - 1));
    }
    return table + VTD_CTX_BYTES * (uint64_t)(rid & DEVFN_MASK);
}

void vtd_ctx_set(VtdRootTable *t, uint16_t rid, const uint64_t *entry)
{
    size_t words = t->scalable ? VTD_SMCTX_WORDS : VTD_CTX_WORDS;
    uint64_t at = vtd_ctx_addr(t, rid);

    if (!at) {
        uint64_t table = gmem_alloc(t->mem, TABLE_BYTES, TABLE_BYTES);

        gmem_write64(t->mem, root_word_addr(t, rid), table | reg_make(VTD_ROOT_P, 1));
        at = vtd_ctx_addr(t, rid);
    }
    gmem_write_words(t->mem, at + 8, entry + 1, words - 1);
    gmem_write64(t->mem, at, entry[0]);
}

void vtd_ctx_second_stage(uint64_t entry[VTD_CTX_WORDS], const VtdPages *ss, uint16_t did)
{
    memset(entry, 0, VTD_CTX_BYTES);
    field_set(entry, VTD_CTX_P, 1);
    field_set(entry, VTD_CTX_TT, VTD_TT_UNTRANSLATED_ONLY);
    field_set(entry, VTD_CTX_SSPTPTR, ss->root >> 12);
    field_set(entry, VTD_CTX_AW, vtd_aw_code(ss->levels));
    field_set(entry, VTD_CTX_DID, did);
}

void vtd_ctx_pass_through(uint64_t entry[VTD_CTX_WORDS], unsigned aw, uint16_t did)
{
    memset(entry, 0, VTD_CTX_BYTES);
    field_set(entry, VTD_CTX_P, 1);
    field_set(entry, VTD_CTX_TT, VTD_TT_PASS_THROUGH);
    field_set(entry, VTD_CTX_AW, aw);
    field_set(entry, VTD_CTX_DID, did);
}

void vtd_smctx(uint64_t entry[VTD_SMCTX_WORDS], const VtdPasidTable *t, bool pasid_enable,
               uint32_t rid_pasid)
{
    memset(entry, 0, VTD_SMCTX_BYTES);
    field_set(entry, VTD_SMCTX_P, 1);
    field_set(entry, VTD_SMCTX_PASIDE, pasid_enable);
    field_set(entry, VTD_SMCTX_PDTS, t->pdts);
    field_set(entry, VTD_SMCTX_PASIDDIRPTR, t->dir >> 12);
    field_set(entry, VTD_SMCTX_RID_PASID, rid_pasid);
}

/* ---- PASID tables ------------------------------------------------------------------------ */

#define PASID_DIR_SHIFT 6 /* a table holds 64 PASIDs */
#define PASID_DIR_MIN_LG2 7

void vtd_pasid_table_init(VtdPasidTable *t, GuestMem *mem, unsigned pdts)
{
    uint64_t bytes = (uint64_t)VTD_PASIDDIR_BYTES << (pdts + PASID_DIR_MIN_LG2);

    *t = (VtdPasidTable) { .mem = mem, .pdts = pdts };
    t->dir = gmem_alloc(mem, bytes, TABLE_BYTES);
}

uint64_t vtd_pasid_dir_addr(const VtdPasidTable *t, uint32_t pasid)
{
    return t->dir + VTD_PASIDDIR_BYTES * (uint64_t)(pasid >> PASID_DIR_SHIFT);
}

uint64_t vtd_pasid_addr(const VtdPasidTable *t, uint32_t pasid)
{
    uint64_t dir = gmem_read64(t->mem, vtd_pasid_dir_addr(t, pasid));

    if (!reg_get(dir, VTD_PASIDDIR_P)) {
        return 0;
    }
    return field_in_place(&dir, VTD_PASIDDIR_SMPTBLPTR) +
           VTD_PASID_BYTES * (pasid & low_mask(PASID_DIR_SHIFT));
}

void vtd_pasid_set(VtdPasidTable *t, uint32_t pasid, const uint64_t entry[VTD_PASID_WORDS])
{
    uint64_t at = vtd_pasid_addr(t, pasid);

    if (!at) {
        uint64_t table = gmem_alloc(t->mem, TABLE_BYTES, TABLE_BYTES);

        gmem_write64(t->mem, vtd_pasid_dir_addr(t, pasid), table | reg_make(VTD_PASIDDIR_P, 1));
        at = vtd_pasid_addr(t, pasid);
    }
    gmem_write_words(t->mem, at + 8, entry + 1, VTD_PASID_WORDS - 1);
    gmem_write64(t->mem, at, entry[0]);
}

void vtd_pasid_get(const VtdPasidTable *t, uint32_t pasid, uint64_t entry[VTD_PASID_WORDS])
{
    gmem_read_words(t->mem, vtd_pasid_addr(t, pasid), entry, VTD_PASID_WORDS);
}

static void pasid_common(uint64_t entry[VTD_PASID_WORDS], VtdPgtt pgtt, uint16_t did)
{
    memset(entry, 0, VTD_PASID_BYTES);
    field_set(entry, VTD_PASID_P, 1);
    field_set(entry, VTD_PASID_PGTT, pgtt);
    field_set(entry, VTD_PASID_DID, did);
}

static void set_first_stage(uint64_t entry[VTD_PASID_WORDS], const VtdPages *fs)
{
    field_set(entry, VTD_PASID_FSPM, fs->levels - 4);
    field_set(entry, VTD_PASID_FSPTPTR, fs->root >> 12);
}

static void set_second_stage(uint64_t entry[VTD_PASID_WORDS], const VtdPages *ss)
{
    field_set(entry, VTD_PASID_AW, vtd_aw_code(ss->levels));
    field_set(entry, VTD_PASID_SSPTPTR, ss->root >> 12);
}

void vtd_pasid_first_stage(uint64_t entry[VTD_PASID_WORDS], const VtdPages *fs, uint16_t did)
{
    pasid_common(entry, VTD_PGTT_FS, did);
    set_first_stage(entry, fs);
}

void vtd_pasid_second_stage(uint64_t entry[VTD_PASID_WORDS], const VtdPages *ss, uint16_t did)
{
    pasid_common(entry, VTD_PGTT_SS, did);
    set_second_stage(entry, ss);
}

void vtd_pasid_nested(uint64_t entry[VTD_PASID_WORDS], const VtdPages *fs, const VtdPages *ss,
                      uint16_t did)
{
    pasid_common(entry, VTD_PGTT_NESTED, did);
    set_first_stage(entry, fs);
    set_second_stage(entry, ss);
}

void vtd_pasid_pass_through(uint64_t entry[VTD_PASID_WORDS], uint16_t did)
{
    pasid_common(entry, VTD_PGTT_PT, did);
}

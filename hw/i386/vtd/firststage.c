/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: first-stage paging structures [3.6, 9.7] as a format of the walker.
 */
#include <stdio.h>

#include "vtd-model.h"

#define WRITES (IOMMU_RIGHT_UW | IOMMU_RIGHT_PW)

static PtRootStatus fs_root(const PtRegime *r, uint64_t *va, const PtAccess *access, PtRoot *root)
{
    int64_t upper = (int64_t)*va >> (r->in_bits - 1);

    (void)access;
    if (upper != 0 && upper != -1) {
        return PT_ROOT_RANGE; /* not canonical */
    }
    *root = (PtRoot) {
        .table = r->root, .height = r->top, .granule_lg2 = VTD_PAGE_LG2, .in_bits = r->in_bits,
    };
    return PT_ROOT_OK;
}

static bool is_leaf(uint64_t desc, unsigned height)
{
    return height == 0 || (height <= 2 && reg_get(desc, VTD_FS_PS));
}

static bool reserved(const PtRegime *r, uint64_t desc, unsigned height)
{
    unsigned lg2 = VTD_PAGE_LG2 + 9 * height;

    if (height >= 1 && reg_get(desc, VTD_FS_PS)) {
        if (height > 2 || (height == 2 && !(r->flags & VTD_FSF_1GP))) {
            return true;
        }
        /* Bit 12 is PAT; the address begins at the page size. */
        if (desc & low_mask(lg2) & ~low_mask(13)) {
            return true;
        }
    }
    /* A nested entry holds a guest address, whose width is another matter (SFS.5). */
    return !(r->flags & VTD_FSF_NESTED) &&
           (field_in_place(&desc, VTD_FS_ADDR) & ~low_mask(r->out_bits));
}

static bool flags_missing(const PtRegime *r, uint64_t desc)
{
    return !reg_get(desc, VTD_FS_A) || ((r->flags & VTD_FSF_EAFE) && !reg_get(desc, VTD_FS_EA));
}

/* What an entry of any level grants or still lets lower levels grant [3.6.1]. */
static uint8_t entry_rights(const PtRegime *r, uint64_t desc)
{
    bool user = reg_get(desc, VTD_FS_US);
    bool write = reg_get(desc, VTD_FS_RW);
    uint8_t rights = IOMMU_RIGHT_PR;

    if (write || !(r->flags & VTD_FSF_WPE)) {
        rights |= IOMMU_RIGHT_PW;
    }
    if (user) {
        rights |= IOMMU_RIGHT_UR | (write ? IOMMU_RIGHT_UW : 0);
    }
    return rights;
}

static unsigned pat_index(uint64_t desc, unsigned height)
{
    bool pat = reg_get(desc, height ? VTD_FS_PAT_LARGE : VTD_FS_PAT4K);

    return pat << 2 | reg_get(desc, VTD_FS_PCD) << 1 | reg_get(desc, VTD_FS_PWT);
}

static void fs_decode(const PtRegime *r, uint64_t desc, unsigned height, unsigned granule_lg2,
                      PtEntry *e)
{
    (void)granule_lg2;
    *e = (PtEntry) { .kind = PT_ENTRY_EMPTY };
    if (!reg_get(desc, VTD_FS_P)) {
        return;
    }
    e->addr = field_in_place(&desc, VTD_FS_ADDR);
    if (reserved(r, desc, height)) {
        e->kind = PT_ENTRY_MALFORMED;
        return;
    }
    if ((r->flags & VTD_FSF_NESTED) && (e->addr & ~low_mask(r->out_bits))) {
        e->kind = PT_ENTRY_ADDR_SIZE;
        return;
    }
    e->rights = e->rights_dirty = entry_rights(r, desc);
    if (!is_leaf(desc, height)) {
        e->kind = PT_ENTRY_TABLE;
        return;
    }
    e->kind = PT_ENTRY_LEAF;
    e->lg2 = VTD_PAGE_LG2 + 9 * height;
    e->addr &= ~low_mask(e->lg2);
    e->attr = reg_make(VTD_FSA_PAT_INDEX, pat_index(desc, height));
    e->flags = flags_missing(r, desc) ? PT_ENTRY_AF_CLEAR : 0;
    if (!reg_get(desc, VTD_FS_D)) {
        e->rights &= ~WRITES; /* until the walk has set D */
    }
}

static void fs_rights(const PtRegime *r, const PtEntry *leaf, uint8_t limits, uint8_t *rights,
                      uint8_t *rights_dirty)
{
    (void)r;
    *rights = leaf->rights & limits;
    *rights_dirty = leaf->rights_dirty & limits;
}

static uint64_t fs_update(const PtRegime *r, uint64_t desc, const PtEntry *entry, unsigned height,
                          bool dirty)
{
    (void)height;
    desc = reg_set(desc, VTD_FS_A, 1);
    if (r->flags & VTD_FSF_EAFE) {
        desc = reg_set(desc, VTD_FS_EA, 1);
    }
    if (dirty && entry->kind == PT_ENTRY_LEAF) {
        desc = reg_set(desc, VTD_FS_D, 1);
    }
    return desc;
}

static void fs_describe(const PtRegime *r, uint64_t desc, unsigned height, char *buf, size_t size)
{
    static const char *const names[] = { "FS-PTE", "FS-PDE", "FS-PDPE", "FS-PML4E", "FS-PML5E" };

    (void)r;
    snprintf(buf, size, "%s P=%u R/W=%u U/S=%u A=%u D=%u %s ADDR=%llx", names[height],
             (unsigned)reg_get(desc, VTD_FS_P), (unsigned)reg_get(desc, VTD_FS_RW),
             (unsigned)reg_get(desc, VTD_FS_US), (unsigned)reg_get(desc, VTD_FS_A),
             (unsigned)reg_get(desc, VTD_FS_D), is_leaf(desc, height) ? "page" : "table",
             (unsigned long long)field_in_place(&desc, VTD_FS_ADDR));
}

const PtFormat vtd_fs_format = {
    .name = "VT-d first stage",
    .root = fs_root,
    .decode = fs_decode,
    .rights = fs_rights,
    .update = fs_update,
    .describe = fs_describe,
};

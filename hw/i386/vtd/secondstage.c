/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: second-stage paging structures [3.7, 9.8] as a format of the walker.
 */
#include <stdio.h>

#include "vtd-model.h"

#define READS (IOMMU_RIGHT_UR | IOMMU_RIGHT_PR)
#define WRITES (IOMMU_RIGHT_UW | IOMMU_RIGHT_PW)

static PtRootStatus ss_root(const PtRegime *r, uint64_t *va, const PtAccess *access, PtRoot *root)
{
    (void)access;
    if (*va & ~low_mask(r->in_bits)) {
        return PT_ROOT_RANGE;
    }
    *root = (PtRoot) {
        .table = r->root, .height = r->top, .granule_lg2 = VTD_PAGE_LG2, .in_bits = r->in_bits,
    };
    return PT_ROOT_OK;
}

static bool is_leaf(uint64_t desc, unsigned height)
{
    return height == 0 || (height <= 2 && reg_get(desc, VTD_SS_PS));
}

/* Second Stage I/O Read/Write Enable moves the permissions to IR and IW [3.7.1]. */
static uint8_t entry_rights(const PtRegime *r, uint64_t desc)
{
    bool irw = r->flags & VTD_SSF_IRW;
    uint8_t rights = 0;

    rights |= reg_get(desc, irw ? VTD_SS_IR : VTD_SS_R) ? READS : 0;
    rights |= reg_get(desc, irw ? VTD_SS_IW : VTD_SS_W) ? WRITES : 0;
    return rights;
}

static bool reserved(const PtRegime *r, uint64_t desc, unsigned height)
{
    unsigned lg2 = VTD_PAGE_LG2 + 9 * height;

    if (height >= 1 && reg_get(desc, VTD_SS_PS)) {
        if (height > 2 || !(r->flags & (height == 2 ? VTD_SSF_1G : VTD_SSF_2M)) ||
            (desc & low_mask(lg2) & ~low_mask(VTD_PAGE_LG2))) {
            return true;
        }
    }
    if (reg_get(desc, VTD_SS_SNP) && !(is_leaf(desc, height) && (r->flags & VTD_SSF_SC))) {
        return true;
    }
    if (reg_get(desc, VTD_SS_IW) && !(r->flags & VTD_SSF_IRW)) {
        return true;
    }
    return field_in_place(&desc, VTD_SS_ADDR) & ~low_mask(r->out_bits);
}

static bool flags_missing(const PtRegime *r, uint64_t desc)
{
    return (r->flags & VTD_SSF_AD) && !reg_get(desc, VTD_SS_A);
}

static void ss_decode(const PtRegime *r, uint64_t desc, unsigned height, unsigned granule_lg2,
                      PtEntry *e)
{
    (void)granule_lg2;
    *e = (PtEntry) { .kind = PT_ENTRY_EMPTY, .rights = entry_rights(r, desc) };
    if (!e->rights) {
        return;
    }
    e->rights_dirty = e->rights;
    e->addr = field_in_place(&desc, VTD_SS_ADDR);
    if (reserved(r, desc, height)) {
        e->kind = PT_ENTRY_MALFORMED;
        return;
    }
    if (!is_leaf(desc, height)) {
        e->kind = PT_ENTRY_TABLE;
        return;
    }
    e->kind = PT_ENTRY_LEAF;
    e->lg2 = VTD_PAGE_LG2 + 9 * height;
    e->attr = reg_make(VTD_SSA_EMT, reg_get(desc, VTD_SS_EMT)) |
              reg_make(VTD_SSA_IPAT, reg_get(desc, VTD_SS_IPAT)) |
              reg_make(VTD_SSA_SNP, reg_get(desc, VTD_SS_SNP));
    e->flags = flags_missing(r, desc) ? PT_ENTRY_AF_CLEAR : 0;
    if (vtd_page_has_interrupts(e->addr, e->lg2)) {
        e->flags |= PT_ENTRY_NO_CACHE; /* it leads to a fault [6.2.4.1] */
    }
    if ((r->flags & VTD_SSF_AD) && !reg_get(desc, VTD_SS_D)) {
        e->rights &= ~WRITES; /* until the walk has set D */
    }
}

static void ss_rights(const PtRegime *r, const PtEntry *leaf, uint8_t limits, uint8_t *rights,
                      uint8_t *rights_dirty)
{
    (void)r;
    *rights = leaf->rights & limits;
    *rights_dirty = leaf->rights_dirty & limits;
}

static uint64_t ss_update(const PtRegime *r, uint64_t desc, const PtEntry *entry, unsigned height,
                          bool dirty)
{
    (void)height;
    if (!r->update_access) {
        return desc;
    }
    desc = reg_set(desc, VTD_SS_A, 1);
    if (dirty && entry->kind == PT_ENTRY_LEAF) {
        desc = reg_set(desc, VTD_SS_D, 1);
    }
    return desc;
}

static void ss_describe(const PtRegime *r, uint64_t desc, unsigned height, char *buf, size_t size)
{
    static const char *const names[] = { "SS-PTE", "SS-PDE", "SS-PDPE", "SS-PML4E", "SS-PML5E" };
    bool irw = r->flags & VTD_SSF_IRW;

    snprintf(buf, size, "%s %s=%u %s=%u A=%u D=%u SNP=%u %s ADDR=%llx", names[height],
             irw ? "IR" : "R", (unsigned)reg_get(desc, irw ? VTD_SS_IR : VTD_SS_R),
             irw ? "IW" : "W", (unsigned)reg_get(desc, irw ? VTD_SS_IW : VTD_SS_W),
             (unsigned)reg_get(desc, VTD_SS_A), (unsigned)reg_get(desc, VTD_SS_D),
             (unsigned)reg_get(desc, VTD_SS_SNP), is_leaf(desc, height) ? "page" : "table",
             (unsigned long long)field_in_place(&desc, VTD_SS_ADDR));
}

const PtFormat vtd_ss_format = {
    .name = "VT-d second stage",
    .root = ss_root,
    .decode = ss_decode,
    .rights = ss_rights,
    .update = ss_update,
    .describe = ss_describe,
};

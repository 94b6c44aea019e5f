/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMSAv8-64 translation table formats, stage 1 and stage 2 (IHI 0070 3.3.5, 3.4, 3.13; the
 * descriptors themselves: Arm DDI 0487 D8.3). Granules of 4, 16 and 64 KB, 48- and 52-bit
 * addresses.
 *
 * Height 0 is Arm's level 3; height 4 is level -1.
 */
#include "internal.h"

#include <stdio.h>

#define VMSA_LEVEL(height) (3 - (int)(height))

static unsigned vmsa_stride(unsigned granule_lg2)
{
    return granule_lg2 - 3;
}

/** Output address or next-table address of @desc, from bit @low up. */
static uint64_t vmsa_output_addr(const PtRegime *r, uint64_t desc, unsigned low,
                                 unsigned granule_lg2)
{
    if (r->flags & VMSA_DS) {
        return (desc & low_mask(50) & ~low_mask(low)) | reg_get(desc, PTE_OA_HIGH_DS) << 50;
    }
    if (granule_lg2 == 16 && (r->flags & VMSA_LPA)) {
        return (desc & low_mask(48) & ~low_mask(low)) | reg_get(desc, PTE_OA_HIGH_64K) << 48;
    }
    return desc & low_mask(48) & ~low_mask(low);
}

static bool vmsa_block_allowed(const PtRegime *r, unsigned height, unsigned granule_lg2)
{
    switch (granule_lg2) {
    case 12:
        return height <= 2 || (height == 3 && (r->flags & VMSA_DS));
    case 14:
        return height == 1 || (height == 2 && (r->flags & VMSA_DS));
    default:
        return height == 1 || (height == 2 && (r->flags & VMSA_LPA));
    }
}

/** log2 of the leaves that a contiguous group has. */
static unsigned vmsa_cont_lg2(unsigned height, unsigned granule_lg2)
{
    switch (granule_lg2) {
    case 12:
        return 4;
    case 14:
        return height == 0 ? 7 : 5;
    default:
        return 5;
    }
}

/**
 * What both stages share: kind, address, size, access flag. The remaining fields of a leaf are the
 * caller's.
 */
static void vmsa_decode_common(const PtRegime *r, uint64_t desc, unsigned height,
                               unsigned granule_lg2, PtEntry *e)
{
    unsigned lg2 = granule_lg2 + height * vmsa_stride(granule_lg2);

    *e = (PtEntry) { .kind = PT_ENTRY_EMPTY };
    if (!reg_get(desc, PTE_VALID)) {
        return;
    }
    if (height > 0 && reg_get(desc, PTE_TABLE)) {
        e->addr = vmsa_output_addr(r, desc, granule_lg2, granule_lg2);
        e->kind = e->addr & ~low_mask(r->out_bits) ? PT_ENTRY_ADDR_SIZE : PT_ENTRY_TABLE;
        e->rights = IOMMU_RIGHTS_ALL;
        return;
    }
    /* 0b01 is a block where blocks exist, 0b11 at the last level a page; all else is invalid */
    if (height > 0 ? !vmsa_block_allowed(r, height, granule_lg2) : !reg_get(desc, PTE_TABLE)) {
        return;
    }
    e->addr = vmsa_output_addr(r, desc, lg2, granule_lg2);
    e->lg2 = lg2;
    if (e->addr & ~low_mask(r->out_bits)) {
        e->kind = PT_ENTRY_ADDR_SIZE;
        return;
    }
    e->kind = PT_ENTRY_LEAF;
    if ((r->flags & VMSA_CONT) && reg_get(desc, PTE_CONT)) {
        unsigned span = lg2 + vmsa_cont_lg2(height, granule_lg2);

        /* A group that reaches beyond the input range is no group (DDI 0487 D8.7.1) */
        if (span <= r->in_bits) {
            e->lg2 = span;
            e->addr &= ~low_mask(span);
        }
    }
    if (!reg_get(desc, PTE_AF) && (r->update_access || !(r->flags & VMSA_AFFD))) {
        e->flags |= PT_ENTRY_AF_CLEAR;
    }
}

/* ---- Roots -------------------------------------------------------------------------------- */

static PtRootStatus vmsa_s1_root(const PtRegime *r, uint64_t *va, const PtAccess *access,
                                 PtRoot *root)
{
    bool upper = r->flags & VMSA_UPPER;
    unsigned top = 63;

    if (r->flags & VMSA_TBI) {
        top = 55;
        *va = (*va & low_mask(56)) | (upper ? ~low_mask(56) : 0);
    }
    /* Bits above the range must all repeat the half's (3.4.1) */
    if (bits(*va, top, r->in_bits) != (upper ? low_mask(top - r->in_bits + 1) : 0)) {
        return PT_ROOT_RANGE;
    }
    if ((r->flags & VMSA_DISABLED) || ((r->flags & VMSA_E0PD) && !access->priv)) {
        return PT_ROOT_DISABLED;
    }
    root->table = r->root;
    root->height = r->top;
    root->granule_lg2 = r->granule_lg2;
    root->in_bits = r->in_bits;
    return PT_ROOT_OK;
}

static PtRootStatus vmsa_s2_root(const PtRegime *r, uint64_t *va, const PtAccess *access,
                                 PtRoot *root)
{
    (void)access;
    if (*va & ~low_mask(r->in_bits)) {
        return PT_ROOT_RANGE;
    }
    root->table = r->root;
    root->height = r->top;
    root->granule_lg2 = r->granule_lg2;
    root->in_bits = r->in_bits;
    return PT_ROOT_OK;
}

/* ---- Stage 1 ------------------------------------------------------------------------------ */

/** What an APTable/XNTable/PXNTable leaves to the levels below. */
static uint8_t vmsa_s1_table_rights(const PtRegime *r, uint64_t desc)
{
    uint8_t rights = IOMMU_RIGHTS_ALL;

    if (r->flags & VMSA_HAD) {
        return rights;
    }
    if (reg_get(desc, PTE_TABLE_AP1)) {
        rights &= ~IOMMU_RIGHTS_W;
    }
    if (r->flags & VMSA_ONE_PRIV) {
        return reg_get(desc, PTE_TABLE_UXN) ? rights & ~IOMMU_RIGHTS_X : rights;
    }
    if (reg_get(desc, PTE_TABLE_AP0)) {
        rights &= ~(IOMMU_RIGHT_UR | IOMMU_RIGHT_UW);
    }
    if (reg_get(desc, PTE_TABLE_UXN)) {
        rights &= ~IOMMU_RIGHT_UX;
    }
    if (reg_get(desc, PTE_TABLE_PXN)) {
        rights &= ~IOMMU_RIGHT_PX;
    }
    return rights;
}

/** AP and XN of a leaf, before hierarchical limits, WXN and PAN. */
static uint8_t vmsa_s1_leaf_rights(const PtRegime *r, uint64_t desc, bool writable)
{
    uint8_t rights = IOMMU_RIGHT_PR | (writable ? IOMMU_RIGHT_PW : 0);

    if (r->flags & VMSA_ONE_PRIV) {
        rights |= IOMMU_RIGHT_UR | (writable ? IOMMU_RIGHT_UW : 0);
        return reg_get(desc, PTE_XN) ? rights : rights | IOMMU_RIGHTS_X;
    }
    if (reg_get(desc, PTE_AP1)) {
        rights |= IOMMU_RIGHT_UR | (writable ? IOMMU_RIGHT_UW : 0);
    }
    if (!reg_get(desc, PTE_UXN)) {
        rights |= IOMMU_RIGHT_UX;
    }
    if (!reg_get(desc, PTE_PXN)) {
        rights |= IOMMU_RIGHT_PX;
    }
    return rights;
}

static void vmsa_s1_decode(const PtRegime *r, uint64_t desc, unsigned height, unsigned granule_lg2,
                           PtEntry *e)
{
    bool writable, clean;
    unsigned sh;

    vmsa_decode_common(r, desc, height, granule_lg2, e);
    if (e->kind == PT_ENTRY_TABLE) {
        e->rights = vmsa_s1_table_rights(r, desc);
        return;
    }
    if (e->kind != PT_ENTRY_LEAF) {
        return;
    }
    if (!reg_get(desc, PTE_NG)) {
        e->flags |= PT_ENTRY_GLOBAL;
    }
    writable = !reg_get(desc, PTE_AP2);
    clean = !writable && r->update_dirty && reg_get(desc, PTE_DBM);
    e->rights = vmsa_s1_leaf_rights(r, desc, writable);
    e->rights_dirty = vmsa_s1_leaf_rights(r, desc, writable || clean);
    sh = r->flags & VMSA_DS ? reg_get(r->flags, VMSA_SH) : reg_get(desc, PTE_SH);
    e->attr = smmu_s1_attr(r->attr_map[0] >> (8 * reg_get(desc, PTE_ATTRINDX)), sh);
}

/** Rules that look at write and unprivileged rights as they finally stand. */
static uint8_t vmsa_s1_restrict(const PtRegime *r, uint8_t rights, uint8_t writable)
{
    bool one_priv = r->flags & VMSA_ONE_PRIV;

    /* An unprivileged-writable page is never privileged-executable (DDI 0487 D8.4.1) */
    if (!one_priv && (writable & IOMMU_RIGHT_UW)) {
        rights &= ~IOMMU_RIGHT_PX;
    }
    if (r->flags & VMSA_WXN) {
        if (writable & IOMMU_RIGHT_UW) {
            rights &= ~IOMMU_RIGHT_UX;
        }
        if (writable & IOMMU_RIGHT_PW) {
            rights &= ~IOMMU_RIGHT_PX;
        }
    }
    if ((r->flags & VMSA_PAN) && !one_priv) {
        uint8_t user = IOMMU_RIGHT_UR | IOMMU_RIGHT_UW;

        if (r->flags & VMSA_EPAN) {
            user |= IOMMU_RIGHT_UX;
        }
        if (rights & user) {
            rights &= ~(IOMMU_RIGHT_PR | IOMMU_RIGHT_PW);
        }
    }
    return rights;
}

static void vmsa_s1_rights(const PtRegime *r, const PtEntry *leaf, uint8_t limits, uint8_t *rights,
                           uint8_t *rights_dirty)
{
    uint8_t dirty = leaf->rights_dirty & limits;

    /* Writable-clean counts as writable for the execute rules: it is one write away from it */
    *rights = vmsa_s1_restrict(r, leaf->rights & limits, dirty);
    *rights_dirty = vmsa_s1_restrict(r, dirty, dirty);
}

/* ---- Stage 2 ------------------------------------------------------------------------------ */

static uint8_t vmsa_s2_exec(const PtRegime *r, uint64_t desc)
{
    unsigned xn = reg_get(desc, S2PTE_XN);

    if (!(r->flags & VMSA_XNX)) {
        return xn & 2 ? 0 : IOMMU_RIGHTS_X;
    }
    switch (xn) {
    case 0:
        return IOMMU_RIGHTS_X;
    case 1:
        return IOMMU_RIGHT_UX;
    case 3:
        return IOMMU_RIGHT_PX;
    default:
        return 0;
    }
}

static void vmsa_s2_decode(const PtRegime *r, uint64_t desc, unsigned height, unsigned granule_lg2,
                           PtEntry *e)
{
    bool writable;
    unsigned sh;

    vmsa_decode_common(r, desc, height, granule_lg2, e);
    if (e->kind != PT_ENTRY_LEAF) {
        return;
    }
    writable = reg_get(desc, S2PTE_S2AP_W);
    e->rights = vmsa_s2_exec(r, desc) | (reg_get(desc, S2PTE_S2AP_R) ? IOMMU_RIGHTS_R : 0) |
                (writable ? IOMMU_RIGHTS_W : 0);
    e->rights_dirty = e->rights;
    if (!writable && r->update_dirty && reg_get(desc, PTE_DBM)) {
        e->rights_dirty |= IOMMU_RIGHTS_W;
    }
    sh = r->flags & VMSA_DS ? reg_get(r->flags, VMSA_SH) : reg_get(desc, PTE_SH);
    e->attr = smmu_s2_attr(reg_get(desc, S2PTE_MEMATTR), sh, r->flags & VMSA_FWB,
                           r->flags & VMSA_MTEPERM);
    if (smmu_s2_attr_is_device(e->attr)) {
        e->flags |= PT_ENTRY_DEVICE;
    }
}

static void vmsa_s2_rights(const PtRegime *r, const PtEntry *leaf, uint8_t limits, uint8_t *rights,
                           uint8_t *rights_dirty)
{
    (void)r;
    *rights = leaf->rights & limits;
    *rights_dirty = leaf->rights_dirty & limits;
}

/* ---- Updates (3.13) ----------------------------------------------------------------------- */

static uint64_t vmsa_update(const PtRegime *r, uint64_t desc, const PtEntry *e, bool dirty)
{
    if (e->kind == PT_ENTRY_TABLE) {
        return r->update_table ? reg_set(desc, PTE_AF, 1) : desc;
    }
    if (r->update_access) {
        desc = reg_set(desc, PTE_AF, 1);
    }
    if (dirty && r->update_dirty && reg_get(desc, PTE_DBM)) {
        desc = r->stage == 1 ? reg_set(desc, PTE_AP2, 0) : reg_set(desc, S2PTE_S2AP_W, 1);
    }
    return desc;
}

static uint64_t vmsa_format_update(const PtRegime *r, uint64_t desc, const PtEntry *entry,
                                   unsigned height, bool dirty)
{
    (void)height;
    return vmsa_update(r, desc, entry, dirty);
}

/* ---- Annotated trace ---------------------------------------------------------------------- */

static void vmsa_describe(const PtRegime *r, uint64_t desc, unsigned height, char *buf, size_t size)
{
    static const char *const sh_names[] = { "NSH", "SH1", "OSH", "ISH" };
    PtEntry e;
    int n;

    r->format->decode(r, desc, height, r->granule_lg2, &e);
    switch (e.kind) {
    case PT_ENTRY_EMPTY:
        snprintf(buf, size, "L%d invalid", VMSA_LEVEL(height));
        return;
    case PT_ENTRY_TABLE:
        snprintf(buf, size, "L%d table next=0x%llx APTable=%u UXNTable=%u PXNTable=%u",
                 VMSA_LEVEL(height), (unsigned long long)e.addr,
                 (unsigned)(reg_get(desc, PTE_TABLE_AP1) << 1 | reg_get(desc, PTE_TABLE_AP0)),
                 (unsigned)reg_get(desc, PTE_TABLE_UXN), (unsigned)reg_get(desc, PTE_TABLE_PXN));
        return;
    case PT_ENTRY_LEAF:
        break;
    default:
        snprintf(buf, size, "L%d output address beyond %u bits", VMSA_LEVEL(height), r->out_bits);
        return;
    }
    n = snprintf(buf, size, "L%d %s OA=0x%llx size=2^%u AF=%u DBM=%u SH=%s", VMSA_LEVEL(height),
                 height ? "block" : "page", (unsigned long long)e.addr, e.lg2,
                 (unsigned)reg_get(desc, PTE_AF), (unsigned)reg_get(desc, PTE_DBM),
                 sh_names[reg_get(desc, PTE_SH)]);
    if (n < 0 || (size_t)n >= size) {
        return;
    }
    if (r->stage == 1) {
        snprintf(buf + n, size - n, " AP[2:1]=%u%u UXN=%u PXN=%u nG=%u AttrIndx=%u",
                 (unsigned)reg_get(desc, PTE_AP2), (unsigned)reg_get(desc, PTE_AP1),
                 (unsigned)reg_get(desc, PTE_UXN), (unsigned)reg_get(desc, PTE_PXN),
                 (unsigned)reg_get(desc, PTE_NG), (unsigned)reg_get(desc, PTE_ATTRINDX));
    } else {
        snprintf(buf + n, size - n, " S2AP=%u%u XN=%u MemAttr=0x%x",
                 (unsigned)reg_get(desc, S2PTE_S2AP_W), (unsigned)reg_get(desc, S2PTE_S2AP_R),
                 (unsigned)reg_get(desc, S2PTE_XN), (unsigned)reg_get(desc, S2PTE_MEMATTR));
    }
}

const PtFormat vmsa_s1_format = {
    .name = "VMSAv8-64 stage 1",
    .root = vmsa_s1_root,
    .decode = vmsa_s1_decode,
    .rights = vmsa_s1_rights,
    .update = vmsa_format_update,
    .describe = vmsa_describe,
};

const PtFormat vmsa_s2_format = {
    .name = "VMSAv8-64 stage 2",
    .root = vmsa_s2_root,
    .decode = vmsa_s2_decode,
    .rights = vmsa_s2_rights,
    .update = vmsa_format_update,
    .describe = vmsa_describe,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page-table format made for tests.
 */
#include "toy.h"

#include <stdio.h>

static uint8_t toy_rights_of(uint64_t desc)
{
    uint8_t rights = 0;

    rights |= desc & TOY_R ? IOMMU_RIGHT_PR : 0;
    rights |= desc & TOY_W ? IOMMU_RIGHT_PW : 0;
    rights |= desc & TOY_X ? IOMMU_RIGHT_PX : 0;
    if (desc & TOY_U) {
        rights |= rights >> 3;
    }
    return rights;
}

static PtRootStatus toy_root(const PtRegime *r, uint64_t *va, const PtAccess *access, PtRoot *root)
{
    (void)access;
    if (r->flags & TOY_FLAG_TBI) {
        bool upper = bits(*va, 55, 55);

        *va = (*va & low_mask(56)) | (upper ? ~low_mask(56) : 0);
    }
    *root = (PtRoot) { r->root, r->top, r->granule_lg2, r->in_bits };
    if (r->flags & TOY_FLAG_UPPER ? *va < ~low_mask(r->in_bits) : *va > low_mask(r->in_bits)) {
        return PT_ROOT_RANGE;
    }
    return r->flags & TOY_FLAG_EPD ? PT_ROOT_DISABLED : PT_ROOT_OK;
}

static void toy_decode(const PtRegime *r, uint64_t desc, unsigned height, unsigned granule_lg2,
                       PtEntry *entry)
{
    unsigned lg2 = granule_lg2 + (granule_lg2 - 3) * height;

    *entry = (PtEntry) { .kind = PT_ENTRY_EMPTY };
    if (!(desc & TOY_V)) {
        return;
    }
    entry->rights = toy_rights_of(desc);
    entry->rights_dirty = entry->rights;
    entry->flags = desc & TOY_NC ? PT_ENTRY_NO_CACHE : 0;
    if (!(desc & TOY_LEAF)) {
        entry->kind = PT_ENTRY_TABLE;
        entry->addr = desc & low_mask(52) & ~low_mask(granule_lg2);
    } else {
        entry->kind = PT_ENTRY_LEAF;
        entry->lg2 = lg2 + (desc & TOY_CONT ? 4 : 0);
        entry->addr = desc & low_mask(52) & ~low_mask(lg2);
        entry->attr = field_get(&desc, TOY_ATTR);
        if ((desc & TOY_DBM) && !(desc & TOY_W)) {
            entry->rights_dirty = toy_rights_of(desc | TOY_W);
        }
        if ((r->flags & TOY_FLAG_AF) && !(desc & TOY_AF)) {
            entry->flags |= PT_ENTRY_AF_CLEAR;
        }
        entry->flags |= desc & TOY_DEV ? PT_ENTRY_DEVICE : 0;
    }
    if ((desc & TOY_BAD) || (height > 2 && (desc & TOY_LEAF)) ||
        (height == 0 && !(desc & TOY_LEAF))) {
        entry->kind = PT_ENTRY_MALFORMED;
    } else if (entry->addr > low_mask(r->out_bits)) {
        entry->kind = PT_ENTRY_ADDR_SIZE;
    }
}

static void toy_rights(const PtRegime *r, const PtEntry *leaf, uint8_t limits, uint8_t *rights,
                       uint8_t *rights_dirty)
{
    (void)r;
    *rights = leaf->rights & limits;
    *rights_dirty = leaf->rights_dirty & limits;
}

static uint64_t toy_update(const PtRegime *r, uint64_t desc, const PtEntry *entry, unsigned height,
                           bool dirty)
{
    (void)height;
    if (entry->kind == PT_ENTRY_TABLE) {
        return r->update_table ? desc | TOY_AF : desc;
    }
    if (r->update_access && (r->flags & TOY_FLAG_AF)) {
        desc |= TOY_AF;
    }
    if (r->update_dirty && dirty && (desc & TOY_DBM)) {
        desc |= TOY_W;
    }
    return desc;
}

static void toy_describe(const PtRegime *r, uint64_t desc, unsigned height, char *buf, size_t size)
{
    (void)r;
    snprintf(buf, size, "toy height %u %s%s%s%s%s%s", height, desc & TOY_R ? "R" : "-",
             desc & TOY_W ? "W" : "-", desc & TOY_X ? "X" : "-", desc & TOY_U ? "U" : "-",
             desc & TOY_AF ? " AF" : "", desc & TOY_DBM ? " DBM" : "");
}

const PtFormat toy_format = {
    .name = "toy",
    .root = toy_root,
    .decode = toy_decode,
    .rights = toy_rights,
    .update = toy_update,
    .describe = toy_describe,
};

PtRegime toy_regime(unsigned stage, uint64_t root, unsigned top)
{
    return (PtRegime) {
        .format = &toy_format,
        .root = root,
        .walk_tag = stage,
        .stage = stage,
        .top = top,
        .granule_lg2 = 12,
        .in_bits = 12 + 9 * (top + 1),
        .out_bits = 48,
    };
}

static uint64_t slot_of(uint64_t table, const PtRegime *r, uint64_t va, unsigned height)
{
    unsigned shift = r->granule_lg2 + (r->granule_lg2 - 3) * height;
    unsigned end = height == r->top ? r->in_bits : shift + r->granule_lg2 - 3;

    return table + bits(va, end - 1, shift) * 8;
}

uint64_t toy_slot(RamHost *ram, const PtRegime *r, uint64_t va, unsigned height)
{
    uint64_t table = r->root;

    for (unsigned h = r->top; h > height; h--) {
        uint64_t desc = ramhost_read64(ram, slot_of(table, r, va, h));

        if (!(desc & TOY_V) || (desc & TOY_LEAF)) {
            return 0;
        }
        table = desc & low_mask(52) & ~low_mask(r->granule_lg2);
    }
    return slot_of(table, r, va, height);
}

void toy_map(RamHost *ram, const PtRegime *r, uint64_t va, unsigned height, uint64_t desc,
             uint64_t table_bits, uint64_t *next)
{
    uint64_t table = r->root;

    for (unsigned h = r->top; h > height; h--) {
        uint64_t slot = slot_of(table, r, va, h);
        uint64_t entry = ramhost_read64(ram, slot);

        if (!(entry & TOY_V)) {
            entry = TOY_TABLE | table_bits | *next;
            *next += 1ull << r->granule_lg2;
            ramhost_write64(ram, slot, entry);
        }
        table = entry & low_mask(52) & ~low_mask(r->granule_lg2);
    }
    ramhost_write64(ram, slot_of(table, r, va, height), desc);
}

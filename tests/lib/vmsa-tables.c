/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMSAv8-64 translation tables, stage 1 and stage 2 (Arm DDI 0487 D8). */
#include "vmsa-tables.h"

#include <glib.h>

/* Output address bits that do not sit in place: LPA2, and 52-bit output with 64 KB pages. */
#define VMSA_DS_HIGH   REGFIELD(9, 8)    /* OA[51:50], in the place of SH */
#define VMSA_WIDE_HIGH REGFIELD(15, 12)  /* OA[51:48] */

#define BLOCK_OR_PAGE_BITS 48

/* Bits of the input address that one level resolves. */
static unsigned stride(const VmsaConfig *c)
{
    return c->granule_lg2 - 3;
}

int vmsa_start_level(const VmsaConfig *c)
{
    unsigned s = stride(c);
    int level = 4 - (int)((c->in_bits - c->granule_lg2 + s - 1) / s);

    /* 16 KB stage 2 has no level 0 without LPA2: two concatenated tables of level 1 instead. */
    if (c->stage == 2 && c->granule_lg2 == 14 && level == 0 && !c->ds) {
        level = 1;
    }
    return level;
}

unsigned vmsa_level_lg2(const VmsaTable *t, int level)
{
    return t->config.granule_lg2 + (unsigned)(3 - level) * stride(&t->config);
}

bool vmsa_level_has_leaves(const VmsaTable *t, int level)
{
    const VmsaConfig *c = &t->config;

    switch (c->granule_lg2) {
    case 12:
        return level >= (c->ds ? 0 : 1);
    case 14:
        return level >= (c->ds ? 1 : 2);
    default:
        return level >= (c->wide ? 1 : 2);
    }
}

void vmsa_init(VmsaTable *t, const TableSpace *space, const VmsaConfig *config)
{
    unsigned top_lg2;
    uint64_t bytes;

    t->config = *config;
    t->space = *space;
    t->start = config->start == VMSA_START_AUTO ? vmsa_start_level(config) : config->start;
    top_lg2 = vmsa_level_lg2(t, t->start);
    bytes = config->in_bits > top_lg2 ? 8ull << (config->in_bits - top_lg2) : 8;
    bytes = MAX(bytes, 64);
    t->ttb = table_alloc(&t->space, bytes, bytes);
}

void vmsa_init_simple(VmsaTable *t, const TableSpace *space, unsigned stage, unsigned granule_lg2,
                      unsigned in_bits)
{
    VmsaConfig c = {
        .stage = stage, .granule_lg2 = granule_lg2, .in_bits = in_bits, .start = VMSA_START_AUTO,
    };

    vmsa_init(t, space, &c);
}

/* An output or next-table address as the descriptor holds it. */
static uint64_t encode_addr(const VmsaConfig *c, uint64_t addr)
{
    if (c->ds && c->granule_lg2 != 16) {
        return (addr & low_mask(50)) | reg_make(VMSA_DS_HIGH, addr >> 50);
    }
    if (c->wide && c->granule_lg2 == 16) {
        return (addr & low_mask(48)) | reg_make(VMSA_WIDE_HIGH, addr >> 48);
    }
    return addr & low_mask(BLOCK_OR_PAGE_BITS);
}

static uint64_t decode_table(const VmsaConfig *c, uint64_t desc)
{
    uint64_t addr = desc & low_mask(BLOCK_OR_PAGE_BITS) & ~low_mask(c->granule_lg2);

    if (c->ds && c->granule_lg2 != 16) {
        return (desc & low_mask(50) & ~low_mask(c->granule_lg2)) |
               reg_get(desc, VMSA_DS_HIGH) << 50;
    }
    if (c->wide && c->granule_lg2 == 16) {
        return addr | reg_get(desc, VMSA_WIDE_HIGH) << 48;
    }
    return addr;
}

static bool is_table(uint64_t desc, int level)
{
    return level < 3 && reg_get(desc, VMSA_VALID) && reg_get(desc, VMSA_TYPE);
}

/* Offset of @va in the input range of the table. */
static uint64_t input_offset(const VmsaTable *t, uint64_t va)
{
    return va & low_mask(t->config.in_bits);
}

/*
 * Descriptor of @va at @level, as an address of the table space. Tables on the way are made if
 * @make; else 0 if there is none.
 */
static uint64_t find(VmsaTable *t, uint64_t va, int level, bool make)
{
    uint64_t table = t->ttb;

    for (int l = t->start;; l++) {
        unsigned lg2 = vmsa_level_lg2(t, l);
        uint64_t index = input_offset(t, va) >> lg2;
        uint64_t at, desc;

        if (l != t->start) {
            index &= low_mask(stride(&t->config));
        }
        at = table + 8 * index;
        if (l == level) {
            return at;
        }
        desc = gmem_read64(t->space.mem, table_pa(&t->space, at));
        if (is_table(desc, l)) {
            table = decode_table(&t->config, desc);
            continue;
        }
        if (!make) {
            return 0;
        }
        table = table_alloc(&t->space, 1ull << t->config.granule_lg2,
                            1ull << t->config.granule_lg2);
        desc = encode_addr(&t->config, table) | reg_make(VMSA_VALID, 1) | reg_make(VMSA_TYPE, 1);
        gmem_write64(t->space.mem, table_pa(&t->space, at), desc);
    }
}

void vmsa_map_level(VmsaTable *t, uint64_t va, uint64_t pa, int level, uint64_t attrs)
{
    uint64_t at = find(t, va, level, true);
    uint64_t desc = encode_addr(&t->config, pa & ~low_mask(vmsa_level_lg2(t, level)));

    /* With LPA2 the shareability comes from the CD or STE: its bits hold address. */
    if (t->config.ds && t->config.granule_lg2 != 16) {
        attrs = reg_set(attrs, VMSA_SH, 0);
    }
    desc |= attrs | reg_make(VMSA_VALID, 1) | reg_make(VMSA_TYPE, level == 3);
    gmem_write64(t->space.mem, table_pa(&t->space, at), desc);
}

void vmsa_map(VmsaTable *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs)
{
    while (size) {
        int level = t->start;
        uint64_t bytes;

        for (;; level++) {
            bytes = 1ull << vmsa_level_lg2(t, level);
            if (level == 3 || (vmsa_level_has_leaves(t, level) && bytes <= size &&
                               !((va | pa) & (bytes - 1)))) {
                break;
            }
        }
        vmsa_map_level(t, va, pa, level, attrs);
        va += bytes;
        pa += bytes;
        size -= MIN(bytes, size);
    }
}

void vmsa_map_pages(VmsaTable *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs)
{
    uint64_t page = 1ull << t->config.granule_lg2;

    for (uint64_t done = 0; done < size; done += page) {
        vmsa_map_level(t, va + done, pa + done, 3, attrs);
    }
}

int vmsa_leaf_level(VmsaTable *t, uint64_t va)
{
    int level = t->start;

    while (is_table(gmem_read64(t->space.mem, vmsa_desc_addr(t, va, level)), level)) {
        level++;
    }
    return level;
}

uint64_t vmsa_desc_input(VmsaTable *t, uint64_t va, int level)
{
    return find(t, va, level, false);
}

uint64_t vmsa_desc_addr(VmsaTable *t, uint64_t va, int level)
{
    uint64_t at = find(t, va, level, false);

    return at ? table_pa(&t->space, at) : 0;
}

uint64_t vmsa_get(VmsaTable *t, uint64_t va)
{
    return gmem_read64(t->space.mem, vmsa_desc_addr(t, va, vmsa_leaf_level(t, va)));
}

void vmsa_set(VmsaTable *t, uint64_t va, uint64_t desc)
{
    gmem_write64(t->space.mem, vmsa_desc_addr(t, va, vmsa_leaf_level(t, va)), desc);
}

void vmsa_unmap(VmsaTable *t, uint64_t va)
{
    vmsa_set(t, va, 0);
}

void vmsa_map_block(void *stage2, uint64_t ipa, uint64_t pa, uint64_t bytes)
{
    vmsa_map_pages(stage2, ipa, pa, bytes, VMSA_S2_RW);
}

TableSpace vmsa_nested_space(VmsaTable *stage2, uint64_t delta)
{
    return table_space_nested(stage2->space.mem, delta, stage2->config.granule_lg2,
                              vmsa_map_block, stage2);
}

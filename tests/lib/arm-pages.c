/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMSAv8-64 translation tables, stage 1 and stage 2 (Arm DDI 0487 D8). */
#include "arm-pages.h"

#include <glib.h>

#define BLOCK_OR_PAGE_BITS 48

/* Bits of the input address that one level resolves. */
static unsigned stride(const ArmPagesConfig *c)
{
    return c->granule_lg2 - 3;
}

int arm_pages_start_level(const ArmPagesConfig *c)
{
    unsigned s = stride(c);
    int level = 4 - (int)((c->in_bits - c->granule_lg2 + s - 1) / s);

    /* 16 KB stage 2 has no level 0 without LPA2: two concatenated tables of level 1 instead. */
    if (c->stage == 2 && c->granule_lg2 == 14 && level == 0 && !c->ds) {
        level = 1;
    }
    return level;
}

unsigned arm_pages_level_lg2(const ArmPages *t, int level)
{
    return t->config.granule_lg2 + (unsigned)(3 - level) * stride(&t->config);
}

bool arm_pages_level_has_leaves(const ArmPages *t, int level)
{
    const ArmPagesConfig *c = &t->config;

    switch (c->granule_lg2) {
    case 12:
        return level >= (c->ds ? 0 : 1);
    case 14:
        return level >= (c->ds ? 1 : 2);
    default:
        return level >= (c->wide ? 1 : 2);
    }
}

void arm_pages_init(ArmPages *t, const TableSpace *space, const ArmPagesConfig *config)
{
    unsigned top_lg2;
    uint64_t bytes;

    t->config = *config;
    t->space = *space;
    t->start = config->start == ARM_START_AUTO ? arm_pages_start_level(config) : config->start;
    top_lg2 = arm_pages_level_lg2(t, t->start);
    bytes = config->in_bits > top_lg2 ? 8ull << (config->in_bits - top_lg2) : 8;
    bytes = MAX(bytes, 64);
    t->ttb = table_alloc(&t->space, bytes, bytes);
}

void arm_pages_init_simple(ArmPages *t, const TableSpace *space, unsigned stage,
                           unsigned granule_lg2, unsigned in_bits)
{
    ArmPagesConfig c = {
        .stage = stage, .granule_lg2 = granule_lg2, .in_bits = in_bits, .start = ARM_START_AUTO,
    };

    arm_pages_init(t, space, &c);
}

/* An output or next-table address as the descriptor holds it. */
static uint64_t encode_addr(const ArmPagesConfig *c, uint64_t addr)
{
    if (c->ds && c->granule_lg2 != 16) {
        return (addr & low_mask(50)) | reg_make(PTE_OA_HIGH_DS, addr >> 50);
    }
    if (c->wide && c->granule_lg2 == 16) {
        return (addr & low_mask(48)) | reg_make(PTE_OA_HIGH_64K, addr >> 48);
    }
    return addr & low_mask(BLOCK_OR_PAGE_BITS);
}

static uint64_t decode_table(const ArmPagesConfig *c, uint64_t desc)
{
    uint64_t addr = desc & low_mask(BLOCK_OR_PAGE_BITS) & ~low_mask(c->granule_lg2);

    if (c->ds && c->granule_lg2 != 16) {
        return (desc & low_mask(50) & ~low_mask(c->granule_lg2)) |
               reg_get(desc, PTE_OA_HIGH_DS) << 50;
    }
    if (c->wide && c->granule_lg2 == 16) {
        return addr | reg_get(desc, PTE_OA_HIGH_64K) << 48;
    }
    return addr;
}

static bool is_table(uint64_t desc, int level)
{
    return level < 3 && reg_get(desc, PTE_VALID) && reg_get(desc, PTE_TABLE);
}

/* Offset of @va in the input range of the table. */
static uint64_t input_offset(const ArmPages *t, uint64_t va)
{
    return va & low_mask(t->config.in_bits);
}

/*
 * Descriptor of @va at @level, as an address of the table space. Tables on the way are made if
 * @make; else 0 if there is none.
 */
static uint64_t find(ArmPages *t, uint64_t va, int level, bool make)
{
    uint64_t table = t->ttb;

    for (int l = t->start;; l++) {
        unsigned lg2 = arm_pages_level_lg2(t, l);
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
        desc = encode_addr(&t->config, table) | reg_make(PTE_VALID, 1) | reg_make(PTE_TABLE, 1);
        gmem_write64(t->space.mem, table_pa(&t->space, at), desc);
    }
}

void arm_pages_map_level(ArmPages *t, uint64_t va, uint64_t pa, int level, uint64_t attrs)
{
    uint64_t at = find(t, va, level, true);
    uint64_t desc = encode_addr(&t->config, pa & ~low_mask(arm_pages_level_lg2(t, level)));

    /* With LPA2 the shareability comes from the CD or STE: its bits hold address. */
    if (t->config.ds && t->config.granule_lg2 != 16) {
        attrs = reg_set(attrs, PTE_SH, 0);
    }
    desc |= attrs | reg_make(PTE_VALID, 1) | reg_make(PTE_TABLE, level == 3);
    gmem_write64(t->space.mem, table_pa(&t->space, at), desc);
}

void arm_pages_map(ArmPages *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs)
{
    while (size) {
        int level = t->start;
        uint64_t bytes;

        for (;; level++) {
            bytes = 1ull << arm_pages_level_lg2(t, level);
            if (level == 3 || (arm_pages_level_has_leaves(t, level) && bytes <= size &&
                               !((va | pa) & (bytes - 1)))) {
                break;
            }
        }
        arm_pages_map_level(t, va, pa, level, attrs);
        va += bytes;
        pa += bytes;
        size -= MIN(bytes, size);
    }
}

void arm_pages_map_smallest(ArmPages *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs)
{
    uint64_t page = 1ull << t->config.granule_lg2;

    for (uint64_t done = 0; done < size; done += page) {
        arm_pages_map_level(t, va + done, pa + done, 3, attrs);
    }
}

int arm_pages_leaf_level(ArmPages *t, uint64_t va)
{
    int level = t->start;

    while (is_table(gmem_read64(t->space.mem, arm_pages_desc_addr(t, va, level)), level)) {
        level++;
    }
    return level;
}

uint64_t arm_pages_desc_input(ArmPages *t, uint64_t va, int level)
{
    return find(t, va, level, false);
}

uint64_t arm_pages_desc_addr(ArmPages *t, uint64_t va, int level)
{
    uint64_t at = find(t, va, level, false);

    return at ? table_pa(&t->space, at) : 0;
}

uint64_t arm_pages_get(ArmPages *t, uint64_t va)
{
    return gmem_read64(t->space.mem, arm_pages_desc_addr(t, va, arm_pages_leaf_level(t, va)));
}

void arm_pages_set(ArmPages *t, uint64_t va, uint64_t desc)
{
    gmem_write64(t->space.mem, arm_pages_desc_addr(t, va, arm_pages_leaf_level(t, va)), desc);
}

void arm_pages_unmap(ArmPages *t, uint64_t va)
{
    arm_pages_set(t, va, 0);
}

void arm_pages_map_block(void *stage2, uint64_t ipa, uint64_t pa, uint64_t bytes)
{
    arm_pages_map_smallest(stage2, ipa, pa, bytes, ARM_S2_RW);
}

TableSpace arm_pages_nested_space(ArmPages *stage2, uint64_t delta)
{
    return table_space_nested(stage2->space.mem, delta, stage2->config.granule_lg2,
                              arm_pages_map_block, stage2);
}

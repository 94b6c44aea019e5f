/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d first- and second-stage paging structures (VT-d 5.10, 9.7-9.8). */
#include "vtd-pages.h"

#include <glib.h>

#define VTD_TABLE_BYTES 4096
#define VTD_INDEX_BITS 9
#define VTD_LARGEST_LEAF 3 /* level of 1 GB leaves */

void vtd_pages_init(VtdPages *t, const TableSpace *space, unsigned stage, unsigned levels)
{
    *t = (VtdPages) { .space = *space, .stage = stage, .levels = levels };
    t->root = table_alloc(&t->space, VTD_TABLE_BYTES, VTD_TABLE_BYTES);
}

/* PS is the same bit in both stages. */
static uint64_t leaf_bit(unsigned level)
{
    return level == 1 ? 0 : reg_make(VTD_FS_PS, 1);
}

static uint64_t table_rights(const VtdPages *t)
{
    return t->stage == 1 ? VTD_FS_USER_RW : VTD_SS_RW;
}

static bool is_table(const VtdPages *t, uint64_t entry, unsigned level)
{
    bool present = t->stage == 1 ? reg_get(entry, VTD_FS_P) : (entry & VTD_SS_RW) != 0;

    return present && level > 1 && !reg_get(entry, VTD_FS_PS);
}

/* Entry of @addr at @level as an address of the table space; 0 if absent and not @make. */
static uint64_t find(VtdPages *t, uint64_t addr, unsigned level, bool make)
{
    uint64_t table = t->root;

    for (unsigned l = t->levels;; l--) {
        uint64_t index = (addr >> vtd_pages_level_lg2(l)) & low_mask(VTD_INDEX_BITS);
        uint64_t at = table + 8 * index;
        uint64_t entry;

        if (l == level) {
            return at;
        }
        entry = gmem_read64(t->space.mem, table_pa(&t->space, at));
        if (is_table(t, entry, l)) {
            table = field_in_place(&entry, VTD_SS_ADDR);
            continue;
        }
        if (!make) {
            return 0;
        }
        table = table_alloc(&t->space, VTD_TABLE_BYTES, VTD_TABLE_BYTES);
        gmem_write64(t->space.mem, table_pa(&t->space, at), table | table_rights(t));
    }
}

void vtd_pages_map_level(VtdPages *t, uint64_t addr, uint64_t pa, unsigned level, uint64_t attrs)
{
    uint64_t at = find(t, addr, level, true);

    pa &= ~low_mask(vtd_pages_level_lg2(level));
    gmem_write64(t->space.mem, table_pa(&t->space, at), pa | attrs | leaf_bit(level));
}

void vtd_pages_map(VtdPages *t, uint64_t addr, uint64_t pa, uint64_t size, uint64_t attrs)
{
    while (size) {
        unsigned level = MIN(t->levels, VTD_LARGEST_LEAF);
        uint64_t bytes;

        for (;; level--) {
            bytes = 1ull << vtd_pages_level_lg2(level);
            if (level == 1 || (bytes <= size && !((addr | pa) & (bytes - 1)))) {
                break;
            }
        }
        vtd_pages_map_level(t, addr, pa, level, attrs);
        addr += bytes;
        pa += bytes;
        size -= MIN(bytes, size);
    }
}

void vtd_pages_map_smallest(VtdPages *t, uint64_t addr, uint64_t pa, uint64_t size, uint64_t attrs)
{
    for (uint64_t done = 0; done < size; done += VTD_TABLE_BYTES) {
        vtd_pages_map_level(t, addr + done, pa + done, 1, attrs);
    }
}

unsigned vtd_pages_leaf_level(VtdPages *t, uint64_t addr)
{
    unsigned level = t->levels;

    while (is_table(t, gmem_read64(t->space.mem, vtd_pages_entry_addr(t, addr, level)), level)) {
        level--;
    }
    return level;
}

uint64_t vtd_pages_entry_input(VtdPages *t, uint64_t addr, unsigned level)
{
    return find(t, addr, level, false);
}

uint64_t vtd_pages_entry_addr(VtdPages *t, uint64_t addr, unsigned level)
{
    uint64_t at = find(t, addr, level, false);

    return at ? table_pa(&t->space, at) : 0;
}

uint64_t vtd_pages_get(VtdPages *t, uint64_t addr)
{
    return gmem_read64(t->space.mem, vtd_pages_entry_addr(t, addr, vtd_pages_leaf_level(t, addr)));
}

void vtd_pages_set(VtdPages *t, uint64_t addr, uint64_t entry)
{
    gmem_write64(t->space.mem, vtd_pages_entry_addr(t, addr, vtd_pages_leaf_level(t, addr)), entry);
}

void vtd_pages_unmap(VtdPages *t, uint64_t addr)
{
    vtd_pages_set(t, addr, 0);
}

static void map_block(void *second_stage, uint64_t gpa, uint64_t pa, uint64_t bytes)
{
    vtd_pages_map_smallest(second_stage, gpa, pa, bytes, VTD_SS_RW);
}

TableSpace vtd_nested_space(VtdPages *second_stage, uint64_t delta)
{
    return table_space_nested(second_stage->space.mem, delta, 12, map_block, second_stage);
}

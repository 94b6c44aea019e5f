/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: memory type of final pages and the MTRRs [3.11, 11.4.9]. It matters to devices that
 * take part in the processors' coherency; the model reports it in the result's attributes.
 */
#include "vtd-model.h"

/* Rows: MTRR or EMT type; columns: PAT type [Table 14]. */
static uint8_t combine(uint8_t base, uint8_t pat)
{
    switch (pat) {
    case VTD_MT_UC:
        return VTD_MT_UC;
    case VTD_MT_UCM:
        return base == VTD_MT_WC || base == VTD_MT_WP ? VTD_MT_WC : VTD_MT_UC;
    case VTD_MT_WC:
        return VTD_MT_WC;
    case VTD_MT_WT:
        return base == VTD_MT_UC || base == VTD_MT_WC ? VTD_MT_UC : VTD_MT_WT;
    case VTD_MT_WP:
        return base == VTD_MT_UC || base == VTD_MT_WC ? VTD_MT_UC : VTD_MT_WP;
    default:
        return base; /* WB leaves the type as it is */
    }
}

static uint8_t fixed_range_type(const VtdModel *m, uint64_t addr)
{
    unsigned reg, index;

    if (addr < 0x80000) {
        reg = VTD_REG_MTRR_FIX64K_00000;
        index = addr >> 16;
    } else if (addr < 0xc0000) {
        reg = addr < 0xa0000 ? VTD_REG_MTRR_FIX16K_80000 : VTD_REG_MTRR_FIX16K_A0000;
        index = addr >> 14 & 7;
    } else {
        reg = VTD_REG_MTRR_FIX4K_C0000 + ((addr - 0xc0000) >> 15) * 8;
        index = addr >> 12 & 7;
    }
    return vtd_reg64(m, reg) >> (8 * index) & 0xff;
}

/* Of overlapping ranges UC wins over WT, and WT over WB. */
static uint8_t overlap(uint8_t a, uint8_t b)
{
    if (a == VTD_MT_UC || b == VTD_MT_UC) {
        return VTD_MT_UC;
    }
    return a == VTD_MT_WT || b == VTD_MT_WT ? VTD_MT_WT : a;
}

static uint8_t mtrr_type(const VtdModel *m, uint64_t addr)
{
    uint64_t def = vtd_reg64(m, VTD_REG_MTRRDEF);
    bool found = false;
    uint8_t type = 0;

    if (!reg_get(def, VTD_MTRRDEF_E)) {
        return VTD_MT_UC;
    }
    if (addr < 0x100000 && reg_get(def, VTD_MTRRDEF_FE)) {
        return fixed_range_type(m, addr);
    }
    for (unsigned n = 0; n < VTD_MTRR_RANGES; n++) {
        uint64_t base = vtd_reg64(m, VTD_REG_MTRR_PHYSBASE0 + 16 * n);
        uint64_t mask = vtd_reg64(m, VTD_REG_MTRR_PHYSBASE0 + 16 * n + 8);
        uint64_t bits_compared = field_in_place(&mask, VTD_MTRR_ADDR);
        uint8_t t = reg_get(base, VTD_MTRR_BASE_TYPE);

        if (reg_get(mask, VTD_MTRR_MASK_V) && !((addr ^ base) & bits_compared)) {
            type = found ? overlap(type, t) : t;
            found = true;
        }
    }
    return found ? type : reg_get(def, VTD_MTRRDEF_TYPE);
}

uint8_t vtd_memory_type(const VtdModel *m, const VtdSpace *space, const PtResult *walk)
{
    uint8_t emt = reg_get(walk->s2_attr, VTD_SSA_EMT);
    unsigned index = reg_get(walk->s1_attr, VTD_FSA_PAT_INDEX);
    uint8_t pat = space->pat >> (4 * index) & 7;

    if (!m->cfg.mts || space->pgtt == VTD_PGTT_LEGACY || space->pgtt == VTD_PGTT_PT) {
        return VTD_MT_WB;
    }
    if (space->cache_disable) {
        return VTD_MT_UC;
    }
    if (space->pgtt == VTD_PGTT_SS) {
        return space->emte ? emt : VTD_MT_WB;
    }
    if (space->pgtt == VTD_PGTT_NESTED && space->emte) {
        return reg_get(walk->s2_attr, VTD_SSA_IPAT) ? emt : combine(emt, pat);
    }
    return combine(mtrr_type(m, walk->out), pat);
}

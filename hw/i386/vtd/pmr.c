/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: protected memory regions [3.13, 11.4.8].
 */
#include "vtd-model.h"

#define PMR_GRAIN 0x200000ull /* bits below are decoded as zeros (base) and ones (limit) */

void vtd_pmr_written(VtdModel *m)
{
    uint32_t v = vtd_reg32(m, VTD_REG_PMEN);

    vtd_set_reg32(m, VTD_REG_PMEN, reg_set(v, VTD_PMEN_PRS, reg_get(v, VTD_PMEN_EPM)));
    if (m->base.host.ops->mode_changed) {
        m->base.host.ops->mode_changed(m->base.host.opaque);
    }
}

static bool overlaps(uint64_t base, uint64_t limit, uint64_t first, uint64_t last)
{
    limit |= PMR_GRAIN - 1;
    return base <= limit && first <= limit && last >= base;
}

bool vtd_pmr_blocks(const VtdModel *m, uint64_t addr, uint32_t size, bool remapped)
{
    uint64_t last = addr + (size ? size - 1 : 0);

    if (!reg_get(vtd_reg32(m, VTD_REG_PMEN), VTD_PMEN_PRS)) {
        return false;
    }
    /* Units before version 2 leave requests that tables translate to those tables. */
    if (m->cfg.ver_max < 2 && remapped) {
        return false;
    }
    if (m->cfg.plmr && overlaps(vtd_reg32(m, VTD_REG_PLMBASE), vtd_reg32(m, VTD_REG_PLMLIMIT), addr,
                                last)) {
        return true;
    }
    return m->cfg.phmr && overlaps(vtd_reg64(m, VTD_REG_PHMBASE), vtd_reg64(m, VTD_REG_PHMLIMIT),
                                   addr, last);
}

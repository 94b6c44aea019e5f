/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: registers of performance monitoring [11.4.13]: capabilities, which are read-only
 * words of the register file, and counters with their configuration, which have a place of their
 * own above it.
 */
#include "vtd-model.h"

#include <string.h>

static uint64_t perfcap(const VtdConfig *c)
{
    return reg_make(VTD_PERFCAP_NCNTR, c->pmc) | reg_make(VTD_PERFCAP_CW, VTD_PERF_WIDTH) |
           reg_make(VTD_PERFCAP_EGCNT, VTD_PERF_GROUPS) | reg_make(VTD_PERFCAP_ATFS, 1) |
           reg_make(VTD_PERFCAP_PTLFS, 1) | reg_make(VTD_PERFCAP_CWE, 1) |
           reg_make(VTD_PERFCAP_GFS, 1) | reg_make(VTD_PERFCAP_IOS, 1);
}

/* Reset, after the register file's own. */
void vtd_perfmon_reset(VtdModel *m)
{
    memset(&m->perfmon, 0, sizeof(m->perfmon));
    m->perfmon.pmu.seen = iommu_pmu_now(&m->base);
    if (m->cfg.ecmds) {
        vtd_set_reg64(m, VTD_REG_ECCAP0 + 24, vtd_ecmd_eccap3(&m->cfg));
    }
    if (!m->cfg.pms) {
        return;
    }
    vtd_set_reg64(m, VTD_REG_PERFCAP, perfcap(&m->cfg));
    vtd_set_reg32(m, VTD_REG_PERFCFGOFF, VTD_PERF_CFG);
    vtd_set_reg32(m, VTD_REG_PERFFRZOFF, VTD_PERF_FRZ);
    vtd_set_reg32(m, VTD_REG_PERFOVFOFF, VTD_PERF_OVF);
    vtd_set_reg32(m, VTD_REG_PERFCNTROFF, VTD_PERF_CNT);
    for (unsigned g = 0; g < VTD_PERF_GROUPS; g++) {
        vtd_set_reg64(m, VTD_REG_PERFEVNTCAP0 + 8 * g, vtd_perfmon_events(g));
    }
}

/*
 * The 64-bit cell that holds the dword at @offset, and what of it software may write; NULL:
 * reserved.
 */
static uint64_t *cell_at(VtdModel *m, unsigned offset, uint64_t *writable, bool *clears)
{
    VtdPerfmon *p = &m->perfmon;
    unsigned cfg = (offset - VTD_PERF_CFG) / VTD_PERF_CFG_STRIDE;
    unsigned cnt = (offset - VTD_PERF_CNT) / VTD_PERF_CNT_STRIDE;
    bool locked;

    *clears = false;
    if (offset >= VTD_PERF_CNT) {
        if (cnt >= m->cfg.pmc || offset % VTD_PERF_CNT_STRIDE >= 8) {
            return NULL;
        }
        *writable = low_mask(VTD_PERF_WIDTH);
        return &p->count[cnt];
    }
    if (offset >= VTD_PERF_FRZ) {
        *writable = 0;
        *clears = (offset & ~7u) == VTD_PERF_OVF;
        if (*clears) {
            return &p->overflow;
        }
        return (offset & ~7u) == VTD_PERF_FRZ ? &p->frozen : NULL;
    }
    if (cfg >= m->cfg.pmc) {
        return NULL;
    }
    locked = reg_get(p->config[cfg], VTD_PERFCFG_EN);
    switch (offset % VTD_PERF_CFG_STRIDE & ~7u) {
    case 0:
        *writable = field_mask(VTD_PERFCFG_ES) | field_mask(VTD_PERFCFG_EGI) |
                    field_mask(VTD_PERFCFG_GFO) | field_mask(VTD_PERFCFG_IO);
        *writable = locked ? 0 : *writable;
        return &p->config[cfg];
    default:
        return NULL;
    }
}

/* The filters are 32 bits wide; those of requester, domain and PASID are not supported. */
static uint32_t *filter_at(VtdModel *m, unsigned offset, uint32_t *writable)
{
    unsigned n = (offset - VTD_PERF_CFG) / VTD_PERF_CFG_STRIDE;

    if (offset >= VTD_PERF_FRZ || n >= m->cfg.pmc) {
        return NULL;
    }
    *writable = reg_get(m->perfmon.config[n], VTD_PERFCFG_EN) ? 0 : UINT32_MAX;
    switch (offset % VTD_PERF_CFG_STRIDE) {
    case VTD_PERF_ATFLTR:
        *writable &= VTD_PERF_AT_WRITABLE;
        return &m->perfmon.at_filter[n];
    case VTD_PERF_PTLFLTR:
        *writable &= field_mask(VTD_PERFFLTR_EN) | field_mask(VTD_PERFFLTR_PTL);
        return &m->perfmon.level_filter[n];
    default:
        return NULL;
    }
}

static uint32_t read_word(VtdModel *m, unsigned offset)
{
    uint64_t writable, *cell;
    uint32_t mask, *filter = filter_at(m, offset, &mask);
    bool clears;

    if (filter) {
        return *filter;
    }
    cell = cell_at(m, offset, &writable, &clears);
    return cell ? *cell >> (offset & 4 ? 32 : 0) : 0;
}

static void write_word(VtdModel *m, unsigned offset, uint32_t value)
{
    unsigned shift = offset & 4 ? 32 : 0;
    uint64_t mask = (uint64_t)UINT32_MAX << shift, wide = (uint64_t)value << shift;
    uint64_t writable, *cell;
    uint32_t allowed, *filter = filter_at(m, offset, &allowed);
    bool clears;

    if (filter) {
        *filter = (*filter & ~allowed) | (value & allowed);
        return;
    }
    cell = cell_at(m, offset, &writable, &clears);
    if (cell && clears) {
        *cell &= ~wide;
    } else if (cell) {
        mask &= writable;
        *cell = (*cell & ~mask) | (wide & mask);
    }
}

uint64_t vtd_perfmon_read(VtdModel *m, unsigned offset, unsigned size)
{
    vtd_perfmon_catch_up(m);
    return read_word(m, offset) | (size == 8 ? (uint64_t)read_word(m, offset + 4) << 32 : 0);
}

void vtd_perfmon_write(VtdModel *m, unsigned offset, uint64_t value, unsigned size)
{
    vtd_perfmon_catch_up(m);
    write_word(m, offset, value);
    if (size == 8) {
        write_word(m, offset + 4, value >> 32);
    }
    vtd_perfmon_update(m);
}

/* ---- saved state */

void vtd_perfmon_save(VtdModel *m, IommuStateWriter *w)
{
    VtdPerfmon *p = &m->perfmon;

    if (!m->cfg.pms) {
        return;
    }
    vtd_perfmon_catch_up(m);
    iommu_state_put(w, "perf-config", p->config, 8, m->cfg.pmc);
    iommu_state_put(w, "perf-count", p->count, 8, m->cfg.pmc);
    iommu_state_put(w, "perf-at", p->at_filter, 4, m->cfg.pmc);
    iommu_state_put(w, "perf-level", p->level_filter, 4, m->cfg.pmc);
    iommu_state_put(w, "perf-frozen", &p->frozen, 8, 1);
    iommu_state_put(w, "perf-overflow", &p->overflow, 8, 1);
}

bool vtd_perfmon_load(VtdModel *m, IommuStateReader *r)
{
    VtdPerfmon *p = &m->perfmon;

    if (!m->cfg.pms) {
        return true;
    }
    if (!iommu_state_get(r, "perf-config", p->config, 8, m->cfg.pmc) ||
        !iommu_state_get(r, "perf-count", p->count, 8, m->cfg.pmc) ||
        !iommu_state_get(r, "perf-at", p->at_filter, 4, m->cfg.pmc) ||
        !iommu_state_get(r, "perf-level", p->level_filter, 4, m->cfg.pmc) ||
        !iommu_state_get(r, "perf-frozen", &p->frozen, 8, 1) ||
        !iommu_state_get(r, "perf-overflow", &p->overflow, 8, 1)) {
        return false;
    }
    for (unsigned n = 0; n < m->cfg.pmc; n++) {
        p->count[n] &= low_mask(VTD_PERF_WIDTH);
    }
    p->frozen &= low_mask(m->cfg.pmc);
    p->overflow &= low_mask(m->cfg.pmc);
    p->pmu.seen = iommu_pmu_now(&m->base);
    vtd_perfmon_update(m);
    return true;
}

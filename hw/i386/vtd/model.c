/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: making, resetting and asking a unit (hw/iommu/vtd.h, hw/iommu/model.h).
 */
#include <stdlib.h>
#include <string.h>

#include "vtd-model.h"

static void vtd_reset(IommuModel *model)
{
    VtdModel *m = vtd_model(model);

    vtd_regs_reset(m);
    memset(&m->tables, 0, sizeof(m->tables));
    memset(&m->queue, 0, sizeof(m->queue));
    m->fault_index = 0;
    vtd_watch_forget(m);
    vtd_inv_everything(m);
    iommu_cache_flush(&m->interrupts);
    vtd_epochs_reset(&m->context_epochs);
    vtd_epochs_reset(&m->pasid_epochs);
}

/* With timing off: the rest of a long queue, and counters of cycles. */
static void vtd_run_until(IommuModel *model, uint64_t cycle)
{
    VtdModel *m = vtd_model(model);

    (void)cycle;
    if (!m->base.timed) {
        vtd_qi_run(m);
    }
    vtd_perfmon_tick(m);
}

static void vtd_execute(IommuModel *model)
{
    bool counted = vtd_perfmon_begin(vtd_model(model));

    vtd_command_execute(model);
    if (counted) {
        vtd_perfmon_count(vtd_model(model));
    }
}

static void vtd_free(IommuModel *model)
{
    VtdModel *m = vtd_model(model);

    iommu_tlb_destroy(&m->iotlb);
    iommu_cache_destroy(&m->contexts);
    iommu_cache_destroy(&m->pasids);
    iommu_cache_destroy(&m->interrupts);
    pt_walker_destroy(&m->walker);
    free(m);
}

static bool vtd_stamp_fills(IommuModel *model)
{
    VtdModel *m = vtd_model(model);

    return iommu_tlb_stamp_fills(&m->iotlb, &m->plan) &&
           iommu_cache_stamp_fills(&m->contexts, &m->plan) &&
           iommu_cache_stamp_fills(&m->pasids, &m->plan) && pt_walker_stamp_fills(&m->walker);
}

static const IommuModelOps vtd_ops = {
    .name = "vtd",
    .translate = vtd_translate,
    .mmio_read = vtd_mmio_read,
    .mmio_write = vtd_mmio_write,
    .register_name = vtd_register_name,
    .page_request = vtd_page_request,
    .ats_inv_done = vtd_ats_inv_done,
    .run_until = vtd_run_until,
    .reset = vtd_reset,
    .save = vtd_save,
    .load = vtd_load,
    .enumerate = vtd_enumerate,
    .watch = vtd_watch,
    .free = vtd_free,
    .stamp_fills = vtd_stamp_fills,
    .command_pending = vtd_command_pending,
    .command_execute = vtd_execute,
    .command_retire = vtd_command_retire,
    .commit = vtd_timed_commit,
};

static bool make_caches(VtdModel *m, const IommuProfile *p)
{
    const uint64_t group = field_mask(VTD_TAG_DID);
    const uint64_t subgroup = group | field_mask(VTD_TAG_PASID);
    const struct {
        IommuCache *cache;
        IommuCacheConfig config;
    } caches[] = {
        { &m->contexts, { p->config, sizeof(VtdContext), 0, 0 } },
        { &m->pasids, { p->subconfig, sizeof(VtdPasidEntry), 0, 0 } },
        { &m->interrupts, { p->interrupt, sizeof(VtdIrte), 0, 0 } },
    };

    for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
        if (!iommu_cache_init(caches[i].cache, &caches[i].config)) {
            return false;
        }
    }
    return iommu_tlb_init(&m->iotlb, &p->tlb, &p->utlb, group, subgroup) &&
           pt_walker_init(&m->walker, &m->base.host, &m->base.counters, &m->base.trace, &m->plan, p,
                          group, subgroup);
}

IommuModel *vtd_new(const VtdConfig *cfg, const IommuHost *host, const VtdHostOps *extra)
{
    const IommuProfile *profile = cfg->profile ? cfg->profile : iommu_profile_find("full");
    VtdModel *m = calloc(1, sizeof(*m));

    if (!m) {
        return NULL;
    }
    m->base.ops = &vtd_ops;
    m->base.plan = &m->plan;
    m->base.host = *host;
    m->cfg = *cfg;
    m->cfg.profile = profile;
    if (extra) {
        m->extra = *extra;
    }
    m->cap = vtd_config_cap(cfg);
    m->ecap = vtd_config_ecap(cfg);
    m->mmio_bytes = vtd_config_mmio_size(cfg);
    m->frcd_base = reg_get(m->cap, VTD_CAP_FRO) * 16;
    m->iva_base = reg_get(m->ecap, VTD_ECAP_IRO) * 16;
    if (!make_caches(m, profile)) {
        vtd_free(&m->base);
        return NULL;
    }
    vtd_regs_init(m);
    vtd_reset(&m->base);
    return &m->base;
}

const VtdConfig *vtd_config_of(const IommuModel *m)
{
    return &((const VtdModel *)m)->cfg;
}

bool vtd_translation_enabled(const IommuModel *m)
{
    return vtd_gsts((const VtdModel *)m, VTD_GCMD_TE);
}

bool vtd_ir_enabled(const IommuModel *m)
{
    return vtd_gsts((const VtdModel *)m, VTD_GCMD_IRE);
}

bool vtd_ir_extended(const IommuModel *m)
{
    return ((const VtdModel *)m)->tables.eime;
}

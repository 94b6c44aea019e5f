/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: which translation context a source and PASID use [3.4], and looks at it from outside
 * that leave no mark.
 */
#include "vtd-model.h"

/* Whether the translation table mode lets any request with or without PASID through [3.4.1]. */
VtdFaultReason vtd_check_mode(const VtdModel *m, bool has_pasid, bool exec)
{
    switch ((VtdTtm)m->tables.ttm) {
    case VTD_TTM_LEGACY:
        /* SSIRWE is no condition for requests with PASID: table 30, RTA.1.4. */
        if (has_pasid) {
            return VTD_FAULT_RTA_2;
        }
        if (m->tables.ssirwe) {
            return VTD_FAULT_RTA_1;
        }
        break;
    case VTD_TTM_SCALABLE:
        if (!m->cfg.smts) {
            return VTD_FAULT_RTA_1;
        }
        break;
    case VTD_TTM_ABORT:
        return m->cfg.adms ? VTD_FAULT_RTA_4 : VTD_FAULT_RTA_1;
    case VTD_TTM_INVALID:
        return VTD_FAULT_RTA_1;
    }
    return has_pasid && exec && m->cfg.ver_max >= 8 ? VTD_FAULT_RTA_5 : VTD_FAULT_NONE;
}

/* PASID in effect and the limits it must keep, in the order of the tables that set them. */
VtdFaultReason vtd_choose_pasid(const VtdModel *m, const VtdContext *ctx, bool has_pasid,
                                   uint32_t *pasid)
{
    if (!has_pasid) {
        *pasid = ctx->rid_pasid;
        return VTD_FAULT_NONE;
    }
    if (*pasid >> (ctx->pdts + 7 + 6)) {
        return VTD_FAULT_SCT_7;
    }
    if (*pasid >> (m->cfg.pss + 1)) {
        return VTD_FAULT_SGN_10;
    }
    return *pasid == ctx->rid_pasid ? VTD_FAULT_SCT_9 : VTD_FAULT_NONE;
}

const VtdSpace *vtd_space_find(VtdModel *m, uint32_t sid, bool has_pasid, uint32_t *pasid,
                               bool probe, const VtdContext **ctx, VtdFault *fault)
{
    const VtdPasidEntry *entry;

    *fault = (VtdFault) { .reason = vtd_check_mode(m, has_pasid, false) };
    *ctx = NULL;
    if (fault->reason) {
        return NULL;
    }
    *ctx = vtd_context_find(m, sid, probe, fault);
    if (!*ctx) {
        return NULL;
    }
    if (!(*ctx)->scalable) {
        *pasid = 0;
        return &(*ctx)->space;
    }
    fault->reason = vtd_choose_pasid(m, *ctx, has_pasid, pasid);
    if (fault->reason) {
        return NULL;
    }
    entry = vtd_pasid_find(m, *ctx, *pasid, probe, fault);
    return entry ? &entry->space : NULL;
}

uint64_t vtd_tlb_tag(const VtdSpace *space, uint32_t sid, bool has_pasid, uint32_t pasid)
{
    uint64_t tag = reg_make(VTD_TAG_DID, space->did);

    tag = reg_set(tag, VTD_TAG_PASID, pasid);
    tag = reg_set(tag, VTD_TAG_KIND, has_pasid);
    tag = reg_set(tag, VTD_TAG_PGTT, space->pgtt);
    return reg_set(tag, VTD_TAG_SID, sid);
}

/* ---- looks from outside */

uint64_t vtd_enumerate(IommuModel *model, uint32_t stream, uint64_t first, uint64_t last,
                       IommuMappingFn *fn, void *opaque)
{
    VtdModel *m = vtd_model(model);
    const VtdSpace *space;
    const VtdContext *ctx;
    uint32_t pasid = 0;
    uint64_t top = low_mask(m->cfg.haw);
    VtdFault fault;
    bool off = !vtd_gsts(m, VTD_GCMD_TE);
    uint32_t reads;

    space = off ? NULL : vtd_space_find(m, stream & 0xffff, false, &pasid, true, &ctx, &fault);
    if (off || (space && space->pgtt == VTD_PGTT_PT)) {
        last = last > top ? top : last;
        if (first <= last) {
            fn(opaque, first, first, last - first + 1, IOMMU_RIGHTS_ALL);
        }
        return 0;
    }
    if (!space) {
        return 0;
    }
    reads = pt_enumerate(&m->walker, space->pgtt == VTD_PGTT_FS || space->pgtt == VTD_PGTT_NESTED
                                         ? &space->fs
                                         : NULL,
                         vtd_second_stage_involved(space) ? &space->ss : NULL, first, last, fn,
                         opaque);
    vtd_watch_looked(m, reads);
    return reads;
}

bool vtd_stream_bypassed(IommuModel *model, uint32_t stream)
{
    VtdModel *m = vtd_model(model);
    const VtdSpace *space;
    const VtdContext *ctx;
    uint32_t pasid = 0;
    VtdFault fault;

    if (!vtd_gsts(m, VTD_GCMD_TE)) {
        return true;
    }
    space = vtd_space_find(m, stream & 0xffff, false, &pasid, true, &ctx, &fault);
    return space && space->pgtt == VTD_PGTT_PT;
}

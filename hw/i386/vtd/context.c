/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: root and context entries of legacy and scalable mode [9.1-9.4, 3.4], the context
 * cache and its invalidation tags [6.2.2].
 */
#include <string.h>

#include "vtd-model.h"

bool vtd_read_words(VtdModel *m, uint64_t addr, uint64_t *words, unsigned count, bool snoop)
{
    const IommuMemAttr attr = { .type = VTD_MT_WB, .snoop = snoop };
    uint8_t raw[64];

    if (m->base.host.ops->read(m->base.host.opaque, addr, raw, count * 8, attr) != IOMMU_MEM_OK) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = le64_load(raw + 8 * i);
    }
    return true;
}

/* ---- epochs */

void vtd_epochs_reset(VtdEpochs *e)
{
    memset(e, 0, sizeof(*e));
}

uint64_t vtd_epoch_now(VtdEpochs *e)
{
    return ++e->clock;
}

bool vtd_epoch_valid(const VtdEpochs *e, uint64_t epoch, uint16_t did)
{
    return epoch > e->by_domain[did];
}

void vtd_epoch_expire_domain(VtdEpochs *e, uint16_t did)
{
    e->by_domain[did] = e->clock;
}

/* ---- second stage as context and PASID entries describe it */

bool vtd_aw_supported(const VtdModel *m, unsigned aw)
{
    return aw >= VTD_AW_39 && aw <= VTD_AW_57 && (m->cfg.sagaw >> aw & 1);
}

void vtd_space_second_stage(const VtdModel *m, VtdSpace *space, uint64_t table, unsigned aw,
                            bool snoop, bool update)
{
    unsigned aw_bits = 30 + 9 * aw;
    uint32_t flags = 0;

    space->ss_bits = m->cfg.mgaw < aw_bits ? m->cfg.mgaw : aw_bits;
    flags |= m->cfg.sslps & 1 ? VTD_SSF_2M : 0;
    flags |= m->cfg.sslps & 2 ? VTD_SSF_1G : 0;
    flags |= m->cfg.sc ? VTD_SSF_SC : 0;
    flags |= update ? VTD_SSF_AD : 0;
    flags |= m->tables.ssirwe ? VTD_SSF_IRW : 0;
    space->ss = (PtRegime) {
        .format = &vtd_ss_format,
        .root = table,
        .walk_tag = reg_make(VTD_TAG_DID, space->did),
        .walk_attr = { .type = VTD_MT_WB, .snoop = snoop },
        .stage = 2,
        .top = aw + 1,
        .granule_lg2 = VTD_PAGE_LG2,
        .in_bits = space->ss_bits,
        .out_bits = m->cfg.haw,
        .update_access = update,
        .update_dirty = update,
        .update_table = update,
        .update_faults = !snoop,
        .flags = flags,
    };
}

/* ---- legacy mode */

static bool above_haw(const VtdModel *m, uint64_t addr)
{
    return addr & ~low_mask(m->cfg.haw);
}

/* Bits of a domain-id that a unit of this width does not have. */
static bool did_too_wide(const VtdModel *m, uint64_t did)
{
    return did >> (4 + 2 * m->cfg.nd);
}

static void count_read(VtdModel *m, bool probe, uint64_t addr, uint32_t bytes)
{
    if (!probe) {
        m->base.counters.config_reads++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG_READ, 0, 0, false, addr, bytes);
    }
}

static VtdFaultReason legacy_root(VtdModel *m, uint32_t sid, bool probe, uint64_t *table)
{
    uint64_t addr = m->tables.root + reg_get(sid, VTD_SID_BUS) * VTD_ROOT_BYTES;
    uint64_t w[2];

    count_read(m, probe, addr, VTD_ROOT_BYTES);
    if (!vtd_read_words(m, addr, w, 2, m->cfg.c)) {
        return VTD_FAULT_LRT_1;
    }
    IOMMU_TRACE(&m->base.trace, "Root entry[0x%02x] at 0x%llx: 0x%016llx P=%u CTP=0x%llx",
                (unsigned)reg_get(sid, VTD_SID_BUS),
                (unsigned long long)addr, (unsigned long long)w[0],
                (unsigned)field_get(w, VTD_ROOT_P),
                (unsigned long long)field_in_place(w, VTD_ROOT_CTP));
    if (!field_get(w, VTD_ROOT_P)) {
        return VTD_FAULT_LRT_2;
    }
    *table = field_in_place(w, VTD_ROOT_CTP);
    if ((w[0] & ~(field_mask(VTD_ROOT_P) | field_mask(VTD_ROOT_CTP))) || w[1] ||
        above_haw(m, *table)) {
        return VTD_FAULT_LRT_3;
    }
    return VTD_FAULT_NONE;
}

static bool legacy_context_reserved(const VtdModel *m, const uint64_t w[2], unsigned tt)
{
    uint64_t low = field_mask(VTD_CTX_P) | field_mask(VTD_CTX_FPD) | field_mask(VTD_CTX_TT) |
                   field_mask(VTD_CTX_SSPTPTR);
    uint64_t high = field_mask(VTD_CTX_AW) | field_mask(VTD_CTX_DID) |
                    field_mask(BITFIELD_AT(67, 4));

    if ((w[0] & ~low) || (w[1] & ~high) || did_too_wide(m, field_get(w, VTD_CTX_DID))) {
        return true;
    }
    return tt != VTD_TT_PASS_THROUGH && above_haw(m, field_in_place(w, VTD_CTX_SSPTPTR));
}

static bool legacy_tt_supported(const VtdModel *m, unsigned tt)
{
    switch (tt) {
    case VTD_TT_UNTRANSLATED_ONLY:
        return true;
    case VTD_TT_DEVICE_TLB:
        return m->cfg.dt;
    case VTD_TT_PASS_THROUGH:
        return m->cfg.pt;
    default:
        return false;
    }
}

static VtdFaultReason legacy_decode(VtdModel *m, const uint64_t w[2], VtdContext *ctx)
{
    unsigned aw = field_get(w, VTD_CTX_AW);

    ctx->fpd = field_get(w, VTD_CTX_FPD);
    if (!field_get(w, VTD_CTX_P)) {
        return VTD_FAULT_LCT_2;
    }
    ctx->tt = field_get(w, VTD_CTX_TT);
    if (legacy_context_reserved(m, w, ctx->tt)) {
        return VTD_FAULT_LCT_3;
    }
    /* AW must be supported also for pass-through: software writes the largest there is. */
    if (!legacy_tt_supported(m, ctx->tt) ||
        (!vtd_aw_supported(m, aw) && (ctx->tt != VTD_TT_PASS_THROUGH || m->cfg.sagaw))) {
        return VTD_FAULT_LCT_4;
    }
    ctx->space.did = field_get(w, VTD_CTX_DID);
    ctx->space.pgtt = ctx->tt == VTD_TT_PASS_THROUGH ? VTD_PGTT_PT : VTD_PGTT_LEGACY;
    if (ctx->tt != VTD_TT_PASS_THROUGH) {
        vtd_space_second_stage(m, &ctx->space, field_in_place(w, VTD_CTX_SSPTPTR), aw, m->cfg.c,
                               false);
    }
    return VTD_FAULT_NONE;
}

static VtdFaultReason legacy_context(VtdModel *m, uint32_t sid, bool probe, VtdContext *ctx)
{
    VtdFaultReason reason;
    uint64_t table, addr, w[2];

    reason = legacy_root(m, sid, probe, &table);
    if (reason) {
        return reason;
    }
    addr = table + reg_get(sid, VTD_SID_DEVFN) * VTD_CTX_BYTES;
    count_read(m, probe, addr, VTD_CTX_BYTES);
    if (!vtd_read_words(m, addr, w, 2, m->cfg.c)) {
        return VTD_FAULT_LCT_1;
    }
    IOMMU_TRACE(&m->base.trace,
                "Context entry[0x%02x] at 0x%llx: 0x%016llx%016llx P=%u FPD=%u TT=%u AW=%u "
                "DID=%u SSPTPTR=0x%llx",
                (unsigned)reg_get(sid, VTD_SID_DEVFN), (unsigned long long)addr,
                (unsigned long long)w[1], (unsigned long long)w[0],
                (unsigned)field_get(w, VTD_CTX_P), (unsigned)field_get(w, VTD_CTX_FPD),
                (unsigned)field_get(w, VTD_CTX_TT), (unsigned)field_get(w, VTD_CTX_AW),
                (unsigned)field_get(w, VTD_CTX_DID),
                (unsigned long long)field_in_place(w, VTD_CTX_SSPTPTR));
    return legacy_decode(m, w, ctx);
}

/* ---- scalable mode */

/* Each half's reserved bits count when that half is present, whichever one is used. */
static bool scalable_root_reserved(const VtdModel *m, const uint64_t w[2])
{
    for (unsigned half = 0; half < 2; half++) {
        uint64_t present = field_mask(VTD_SMROOT_LP);
        uint64_t table = field_mask(VTD_SMROOT_LCTP);

        if ((w[half] & present) &&
            ((w[half] & ~(present | table)) || above_haw(m, w[half] & table))) {
            return true;
        }
    }
    return false;
}

static VtdFaultReason scalable_root(VtdModel *m, uint32_t sid, bool probe, uint64_t *table)
{
    uint64_t addr = m->tables.root + reg_get(sid, VTD_SID_BUS) * VTD_ROOT_BYTES;
    bool upper = reg_get(sid, VTD_SID_UPPER);
    uint64_t w[2];

    count_read(m, probe, addr, VTD_ROOT_BYTES);
    if (!vtd_read_words(m, addr, w, 2, m->cfg.c)) {
        return VTD_FAULT_SRT_1;
    }
    IOMMU_TRACE(&m->base.trace, "Scalable root entry[0x%02x] at 0x%llx: 0x%016llx%016llx, %s half",
                (unsigned)reg_get(sid, VTD_SID_BUS),
                (unsigned long long)addr, (unsigned long long)w[1], (unsigned long long)w[0],
                upper ? "upper" : "lower");
    if (!field_get(w, upper ? VTD_SMROOT_UP : VTD_SMROOT_LP)) {
        return VTD_FAULT_SRT_2;
    }
    if (scalable_root_reserved(m, w)) {
        return VTD_FAULT_SRT_3;
    }
    *table = field_in_place(w, upper ? VTD_SMROOT_UCTP : VTD_SMROOT_LCTP);
    return VTD_FAULT_NONE;
}

/* Fields of capabilities that are absent are reserved bits. */
static bool scalable_context_reserved(const VtdModel *m, const uint64_t w[4])
{
    const VtdConfig *c = &m->cfg;
    uint64_t low = field_mask(VTD_SMCTX_P) | field_mask(VTD_SMCTX_FPD) |
                   field_mask(VTD_SMCTX_PDTS) | field_mask(VTD_SMCTX_PASIDDIRPTR);
    uint64_t high = 0;

    low |= c->dt ? field_mask(VTD_SMCTX_DTE) : 0;
    low |= c->pasid ? field_mask(VTD_SMCTX_PASIDE) : 0;
    low |= c->prs ? field_mask(VTD_SMCTX_PRE) : 0;
    low |= c->ptrs ? field_mask(VTD_SMCTX_EPTR) : 0;
    high |= c->rps ? field_mask(VTD_SMCTX_RID_PASID) : 0;
    high |= c->rprivs ? field_mask(VTD_SMCTX_RID_PRIV) : 0;
    return (w[0] & ~low) || (w[1] & ~high) || w[2] || w[3] ||
           above_haw(m, field_in_place(w, VTD_SMCTX_PASIDDIRPTR));
}

static VtdFaultReason scalable_decode(VtdModel *m, const uint64_t w[4], VtdContext *ctx,
                                      VtdFault *fault)
{
    ctx->fpd = field_get(w, VTD_SMCTX_FPD);
    if (!field_get(w, VTD_SMCTX_P)) {
        return VTD_FAULT_SCT_2;
    }
    if (scalable_context_reserved(m, w)) {
        return VTD_FAULT_SCT_3;
    }
    ctx->scalable = true;
    ctx->dte = field_get(w, VTD_SMCTX_DTE);
    ctx->paside = field_get(w, VTD_SMCTX_PASIDE);
    ctx->pre = field_get(w, VTD_SMCTX_PRE);
    ctx->eptr = field_get(w, VTD_SMCTX_EPTR);
    ctx->pdts = field_get(w, VTD_SMCTX_PDTS);
    ctx->rid_pasid = field_get(w, VTD_SMCTX_RID_PASID);
    ctx->rid_priv = field_get(w, VTD_SMCTX_RID_PRIV);
    ctx->pasid_dir = field_in_place(w, VTD_SMCTX_PASIDDIRPTR);
    if ((ctx->pre && !ctx->dte) || ctx->rid_pasid >> (ctx->pdts + 7 + 6)) {
        return VTD_FAULT_SCT_4;
    }
    if (ctx->eptr && !ctx->paside) {
        /* Table 30 has no SCT.4.3 for requests that PASIDE=0 refuses anyhow. */
        fault->with_pasid = VTD_FAULT_SCT_6;
        fault->ats_with_pasid = ctx->dte ? VTD_FAULT_SCT_6 : VTD_FAULT_SCT_5;
        return VTD_FAULT_SCT_4;
    }
    return VTD_FAULT_NONE;
}

static VtdFaultReason scalable_context(VtdModel *m, uint32_t sid, bool probe, VtdContext *ctx,
                                       VtdFault *fault)
{
    VtdFaultReason reason;
    uint64_t table, addr, w[4];

    reason = scalable_root(m, sid, probe, &table);
    if (reason) {
        return reason;
    }
    addr = table + reg_get(sid, VTD_SID_INDEX) * VTD_SMCTX_BYTES;
    count_read(m, probe, addr, VTD_SMCTX_BYTES);
    if (!vtd_read_words(m, addr, w, 4, m->cfg.c)) {
        return VTD_FAULT_SCT_1;
    }
    IOMMU_TRACE(&m->base.trace,
                "Scalable context entry[0x%02x] at 0x%llx: 0x%016llx%016llx P=%u FPD=%u DTE=%u "
                "PASIDE=%u PRE=%u PDTS=%u RID_PASID=0x%x PASIDDIRPTR=0x%llx",
                (unsigned)reg_get(sid, VTD_SID_DEVFN), (unsigned long long)addr,
                (unsigned long long)w[1], (unsigned long long)w[0],
                (unsigned)field_get(w, VTD_SMCTX_P), (unsigned)field_get(w, VTD_SMCTX_FPD),
                (unsigned)field_get(w, VTD_SMCTX_DTE), (unsigned)field_get(w, VTD_SMCTX_PASIDE),
                (unsigned)field_get(w, VTD_SMCTX_PRE), (unsigned)field_get(w, VTD_SMCTX_PDTS),
                (unsigned)field_get(w, VTD_SMCTX_RID_PASID),
                (unsigned long long)field_in_place(w, VTD_SMCTX_PASIDDIRPTR));
    return scalable_decode(m, w, ctx, fault);
}

/* ---- context cache */

/* A legacy entry is invalidated by domain too; a scalable-mode one has no domain [6.2.2]. */
static bool context_current(const VtdModel *m, const VtdContext *ctx)
{
    return ctx->scalable || vtd_epoch_valid(&m->context_epochs, ctx->epoch, ctx->space.did);
}

const VtdContext *vtd_context_find(VtdModel *m, uint32_t sid, bool probe, VtdFault *fault)
{
    bool scalable = m->tables.ttm == VTD_TTM_SCALABLE;
    VtdContext *slot = probe ? NULL : iommu_cache_lookup_sized(&m->contexts, sid, 0, 0);
    VtdContext ctx = { .sid = sid };

    *fault = (VtdFault) { 0 };
    if (!probe) {
        m->base.counters.config_lookups++;
        m->memo.valid = false;
    }
    if (slot && context_current(m, slot)) {
        plan_step(&m->plan, IOMMU_STEP_CONFIG, 0, 0, true, sid, 0);
        plan_hit(&m->plan, iommu_cache_hit_fill(&m->contexts));
        fault->fpd = slot->fpd;
        return slot;
    }
    if (!probe) {
        m->base.counters.config_misses++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG, 0, 0, false, sid, 0);
    }
    fault->reason = scalable ? scalable_context(m, sid, probe, &ctx, fault)
                             : legacy_context(m, sid, probe, &ctx);
    fault->fpd = ctx.fpd;
    if (fault->reason) {
        return NULL;
    }
    slot = probe ? &m->probe_context : iommu_cache_insert(&m->contexts, sid, 0, 0);
    ctx.epoch = vtd_epoch_now(&m->context_epochs);
    *slot = ctx;
    return slot;
}

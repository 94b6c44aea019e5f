/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Invalidation: CMD_CFGI_* on the configuration caches, CMD_TLBI_* on TLB, walk caches and stage 2
 * cache (IHI 0070 3.17, 4.3, 4.4).
 */
#include "internal.h"

/* What an invalidation costs depends on what it drops (docs/timing.rst). */
static void inv_account(SmmuModel *m, uint32_t dropped)
{
    plan_step(&m->plan, IOMMU_STEP_INVALIDATE, 0, 0, false, 0, dropped);
}

/* ---- Configuration ------------------------------------------------------------------------ */

void smmu_inv_ste_range(SmmuModel *m, uint32_t first, uint32_t last)
{
    uint32_t dropped;

    m->recent.valid = false;
    m->base.counters.invalidations++;
    dropped = iommu_cache_invalidate_range(&m->ste_cache, first, last, 0, 0);
    /* An STE takes the CDs that were fetched through it along (4.3.1); ranges are powers of two */
    dropped += iommu_cache_invalidate(&m->cd_cache, first,
                                      UINT32_MAX & ~(uint64_t)(first ^ last));
    inv_account(m, dropped);
    smmu_notify_streams(m, first, last);
}

void smmu_inv_cd(SmmuModel *m, uint32_t stream, uint32_t ssid)
{
    m->recent.valid = false;
    m->base.counters.invalidations++;
    inv_account(m, iommu_cache_invalidate_range(&m->cd_cache, ssid, ssid, stream, UINT32_MAX));
    smmu_notify_streams(m, stream, stream);
}

void smmu_inv_cd_all(SmmuModel *m, uint32_t stream)
{
    m->recent.valid = false;
    m->base.counters.invalidations++;
    inv_account(m, iommu_cache_invalidate(&m->cd_cache, stream, UINT32_MAX));
    smmu_notify_streams(m, stream, stream);
}

/* ---- Translations ------------------------------------------------------------------------- */

/** What a TLBI command means. */
typedef enum TlbiScope {
    TLBI_STAGE1,       /* entries of stage 1, alone or with stage 2 */
    TLBI_STAGE2_ONLY,  /* entries of stage 2 alone */
    TLBI_BOTH,
} TlbiScope;

typedef struct TlbiKind {
    uint8_t op;
    uint8_t scope;   /* TlbiScope */
    bool el2;        /* EL2 and EL2-E2H worlds */
    bool vmid;
    bool asid;
    bool address;
    bool global;     /* with @asid: global entries too */
} TlbiKind;

static const TlbiKind tlbi_kinds[] = {
    { .op = CMD_TLBI_NH_ALL, .scope = TLBI_STAGE1, .vmid = true },
    { .op = CMD_TLBI_NH_ASID, .scope = TLBI_STAGE1, .vmid = true, .asid = true },
    { .op = CMD_TLBI_NH_VA, .scope = TLBI_STAGE1, .vmid = true, .asid = true, .address = true,
      .global = true },
    { .op = CMD_TLBI_NH_VAA, .scope = TLBI_STAGE1, .vmid = true, .address = true },
    { .op = CMD_TLBI_EL2_ALL, .scope = TLBI_STAGE1, .el2 = true },
    { .op = CMD_TLBI_EL2_ASID, .scope = TLBI_STAGE1, .el2 = true, .asid = true },
    { .op = CMD_TLBI_EL2_VA, .scope = TLBI_STAGE1, .el2 = true, .asid = true, .address = true,
      .global = true },
    { .op = CMD_TLBI_EL2_VAA, .scope = TLBI_STAGE1, .el2 = true, .address = true },
    { .op = CMD_TLBI_S12_VMALL, .scope = TLBI_BOTH, .vmid = true },
    { .op = CMD_TLBI_S2_IPA, .scope = TLBI_STAGE2_ONLY, .vmid = true, .address = true },
    { .op = CMD_TLBI_NSNH_ALL, .scope = TLBI_BOTH },
};

static const TlbiKind *tlbi_kind(unsigned op)
{
    const TlbiKind *k = tlbi_kinds;

    while (k->op != op) {
        k++;
    }
    return k;
}

/** Addresses that a command by address covers, inclusive. */
typedef struct Span {
    uint64_t first, last;
} Span;

static Span tlbi_span(const SmmuConfig *c, const TlbiKind *k, const uint64_t *w)
{
    static const uint8_t granules[] = { 12, 12, 14, 16 };
    unsigned tg = c->ril ? field_get(w, CMD_TLBI_TG) : TLBI_TG_NONE;
    uint64_t addr = k->scope == TLBI_STAGE2_ONLY ? field_get(w, CMD_TLBI_IPA) << 12
                                                 : field_get(w, CMD_ADDR) << 12;
    unsigned lg2 = granules[tg];
    Span s = { .first = addr & ~low_mask(lg2) };
    uint64_t pages, limit;

    if (tg == TLBI_TG_NONE) {
        s.last = s.first | low_mask(lg2);
        return s;
    }
    /* A range ends where its half of the address space does (4.4.1.1) */
    limit = s.first | low_mask(55);
    pages = field_get(w, CMD_TLBI_NUM) + 1;
    lg2 += field_get(w, CMD_TLBI_SCALE);
    if (lg2 > 55 || pages << lg2 >> lg2 != pages || (limit - s.first) < (pages << lg2) - 1) {
        s.last = limit;
    } else {
        s.last = s.first + (pages << lg2) - 1;
    }
    return s;
}

/** Drop from TLB and walker. Returns the TLB entries dropped. */
static uint32_t tlbi_drop(SmmuModel *m, const TlbiKind *k, bool leaf, Span s, uint64_t value,
                          uint64_t mask)
{
    uint32_t dropped;
    unsigned stage = k->scope == TLBI_STAGE1 ? 1 : k->scope == TLBI_STAGE2_ONLY ? 2 : 0;

    if (k->address) {
        dropped = tlb_invalidate_range(&m->tlb, s.first, s.last, value, mask);
    } else {
        dropped = tlb_invalidate(&m->tlb, value, mask);
    }
    pt_walker_invalidate(&m->walker, stage, leaf, s.first, s.last, value, mask);
    return dropped;
}

/** What a command means for one StreamWorld. Returns the TLB entries dropped. */
static uint32_t tlbi_world(SmmuModel *m, const TlbiKind *k, const uint64_t *w, SmmuWorld world,
                           Span s)
{
    uint64_t value = reg_make(TAG_WORLD, world), mask = field_mask(TAG_WORLD);
    bool leaf = k->address && field_get(w, CMD_LEAF);
    bool by_asid = k->asid && world != SMMU_WORLD_EL2;
    uint32_t dropped;

    if (k->vmid) {
        unsigned wild = m->config.vmw ? cell_get(m, CELL_CR0, CR0_VMW) : 0;

        wild = wild <= 4 ? wild : 0;
        mask |= field_mask(TAG_VMID) & ~reg_make(TAG_VMID, low_mask(wild));
        value |= reg_make(TAG_VMID, m->config.s2p ? field_get(w, CMD_TLBI_VMID) : 0);
    }
    if (k->scope == TLBI_STAGE1) {
        value |= reg_make(TAG_S1, 1);
        mask |= field_mask(TAG_S1);
    } else if (k->scope == TLBI_STAGE2_ONLY) {
        value |= reg_make(TAG_S2, 1);
        mask |= field_mask(TAG_S1) | field_mask(TAG_S2);
    }
    if (!by_asid) {
        dropped = tlbi_drop(m, k, leaf, s, value, mask);
    } else {
        uint64_t asid = reg_make(TAG_ASID, field_get(w, CMD_TLBI_ASID));

        dropped = tlbi_drop(m, k, leaf, s, value | asid,
                            mask | field_mask(TAG_ASID) | IOMMU_TAG_GLOBAL);
        if (k->global) {
            dropped += tlb_invalidate_range(&m->tlb, s.first, s.last, value | IOMMU_TAG_GLOBAL,
                                            mask | IOMMU_TAG_GLOBAL);
        }
    }
    /* A watcher does not know whether its page is global: by address, any ASID concerns it */
    if (by_asid && !k->global) {
        value |= reg_make(TAG_ASID, field_get(w, CMD_TLBI_ASID));
        mask |= field_mask(TAG_ASID);
    }
    smmu_notify_tlbi(m, s.first, s.last, value, mask);
    return dropped;
}

/* EL2 entries have no ASID, so one that is named by ASID alone means none of them (4.4.2.10). */
static uint32_t tlbi_everywhere(SmmuModel *m, const TlbiKind *k, const uint64_t *w)
{
    const Span all = { .first = 0, .last = UINT64_MAX };

    if (!k->el2) {
        return tlbi_world(m, k, w, SMMU_WORLD_EL1, all);
    }
    return tlbi_world(m, k, w, SMMU_WORLD_EL2_E2H, all) +
           (k->asid ? 0 : tlbi_world(m, k, w, SMMU_WORLD_EL2, all));
}

static uint32_t tlbi_addresses(SmmuModel *m, const TlbiKind *k, const uint64_t *w)
{
    Span s = tlbi_span(&m->config, k, w);
    SmmuWorld world = SMMU_WORLD_EL1;
    uint64_t sign, length;
    uint32_t dropped;

    if (k->el2) {
        world = cell_get(m, CELL_CR2, CR2_E2H) ? SMMU_WORLD_EL2_E2H : SMMU_WORLD_EL2;
    }
    dropped = tlbi_world(m, k, w, world, s);
    /* An address with a tag byte means the one that entries were made under, without it */
    sign = bits(s.first, 55, 55) ? ~low_mask(56) : 0;
    if (k->scope == TLBI_STAGE1 && (s.first & ~low_mask(56)) != sign) {
        length = s.last - s.first;
        s.first = (s.first & low_mask(56)) | sign;
        s.last = length < UINT64_MAX - s.first ? s.first + length : UINT64_MAX;
        dropped += tlbi_world(m, k, w, world, s);
    }
    return dropped;
}

void smmu_inv_tlbi(SmmuModel *m, const uint64_t cmd[CMD_WORDS])
{
    const TlbiKind *k = tlbi_kind(field_get(cmd, CMD_OP));

    m->base.counters.invalidations++;
    inv_account(m, k->address ? tlbi_addresses(m, k, cmd) : tlbi_everywhere(m, k, cmd));
}

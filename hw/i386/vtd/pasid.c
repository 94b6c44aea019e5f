/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: scalable-mode PASID directory and PASID table entries [9.5, 9.6, 3.4.3] and the
 * PASID cache [6.2.3].
 */
#include "vtd-model.h"

#define PASIDS_PER_TABLE_LG2 6

/* ---- directory */

static VtdFaultReason directory_entry(VtdModel *m, const VtdContext *ctx, uint32_t pasid,
                                      bool probe, bool *fpd, uint64_t *table)
{
    uint64_t addr = ctx->pasid_dir + (pasid >> PASIDS_PER_TABLE_LG2) * VTD_PASIDDIR_BYTES;
    uint64_t w;

    if (!probe) {
        m->base.counters.config_reads++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG_READ, 0, 0, false, addr, VTD_PASIDDIR_BYTES);
    }
    if (!vtd_read_words(m, addr, &w, 1, m->cfg.c)) {
        return VTD_FAULT_SPD_1;
    }
    *fpd |= field_get(&w, VTD_PASIDDIR_FPD);
    *table = field_in_place(&w, VTD_PASIDDIR_SMPTBLPTR);
    IOMMU_TRACE(&m->base.trace,
                "PASID directory entry[0x%x] at 0x%llx: 0x%016llx P=%u FPD=%u SMPTBLPTR=0x%llx",
                pasid, (unsigned long long)addr, (unsigned long long)w,
                (unsigned)field_get(&w, VTD_PASIDDIR_P), (unsigned)field_get(&w, VTD_PASIDDIR_FPD),
                (unsigned long long)*table);
    if (!field_get(&w, VTD_PASIDDIR_P)) {
        return VTD_FAULT_SPD_2;
    }
    if ((w & ~(field_mask(VTD_PASIDDIR_P) | field_mask(VTD_PASIDDIR_FPD) |
               field_mask(VTD_PASIDDIR_SMPTBLPTR))) ||
        (*table & ~low_mask(m->cfg.haw))) {
        return VTD_FAULT_SPD_3;
    }
    return VTD_FAULT_NONE;
}

/* ---- entry */

/* Bits that mean something to this unit; what they are in use for is PGTT's affair. */
static void entry_known_bits(const VtdModel *m, uint64_t known[8])
{
    const VtdConfig *c = &m->cfg;
    uint64_t host = low_mask(c->haw) & ~low_mask(VTD_PAGE_LG2);

    known[0] = field_mask(VTD_PASID_P) | field_mask(VTD_PASID_FPD) | field_mask(VTD_PASID_PGTT);
    if (c->ssts) {
        known[0] |= field_mask(VTD_PASID_AW) | host;
        known[0] |= c->ssads ? field_mask(VTD_PASID_SSADE) : 0;
    } else if (c->ver_max < 8) {
        /* AW is reserved without a second stage only since revision 4.1; drivers still write it. */
        known[0] |= field_mask(VTD_PASID_AW);
    }
    known[1] = low_mask(4 + 2 * c->nd);
    known[1] |= c->smpwcs ? field_mask(VTD_PASID_PWSNP) : 0;
    known[1] |= c->sc ? field_mask(VTD_PASID_PGSNP) : 0;
    if (c->mts) {
        known[1] |= field_mask(VTD_PASID_CD) | field_mask(VTD_PASID_EMTE) |
                    field_mask(VTD_PASID_PAT);
    }
    known[2] = field_mask(BITFIELD_AT(133, 2)); /* ignored for the sake of older software */
    known[2] |= c->srs ? field_mask(VTD_PASID_SRE) : 0;
    if (c->fsts) {
        known[2] |= field_mask(VTD_PASID_FSPM) | field_mask(VTD_PASID_WPE) | host;
        known[2] |= c->eafs ? field_mask(VTD_PASID_EAFE) : 0;
    }
    known[3] = known[4] = known[5] = known[6] = known[7] = 0;
}

static bool entry_reserved(const VtdModel *m, const uint64_t w[8])
{
    uint64_t known[8], unknown = 0;

    entry_known_bits(m, known);
    for (unsigned i = 0; i < 8; i++) {
        unknown |= w[i] & ~known[i];
    }
    return unknown;
}

static bool pgtt_supported(const VtdModel *m, unsigned pgtt)
{
    switch (pgtt) {
    case VTD_PGTT_FS:
        return m->cfg.fsts;
    case VTD_PGTT_SS:
        return m->cfg.ssts;
    case VTD_PGTT_NESTED:
        return m->cfg.nest;
    case VTD_PGTT_PT:
        return m->cfg.pt;
    default:
        return false;
    }
}

static void space_first_stage(const VtdModel *m, VtdSpace *space, const uint64_t w[8],
                              uint32_t pasid, bool snoop, bool ssade)
{
    bool nested = space->pgtt == VTD_PGTT_NESTED;
    bool five = field_get(w, VTD_PASID_FSPM) == 1;
    uint64_t tag = reg_make(VTD_TAG_DID, space->did);
    uint32_t flags = 0;

    flags |= m->cfg.fs1gp ? VTD_FSF_1GP : 0;
    flags |= field_get(w, VTD_PASID_WPE) ? VTD_FSF_WPE : 0;
    flags |= field_get(w, VTD_PASID_EAFE) ? VTD_FSF_EAFE : 0;
    flags |= nested ? VTD_FSF_NESTED : 0;
    space->fs = (PtRegime) {
        .format = &vtd_fs_format,
        .root = field_in_place(w, VTD_PASID_FSPTPTR),
        .walk_tag = reg_set(tag, VTD_TAG_PASID, pasid),
        .walk_attr = { .type = VTD_MT_WB, .snoop = snoop },
        .stage = 1,
        .top = five ? 4 : 3,
        .granule_lg2 = VTD_PAGE_LG2,
        .in_bits = five ? 57 : 48,
        .out_bits = nested ? space->ss_bits : m->cfg.haw,
        .update_access = true,
        .update_dirty = true,
        .update_table = true,
        .update_faults = !snoop,
        /* With second-stage flags in use, reading a first-stage entry asks for R and W [3.8.1]. */
        .table_needs_write = nested && ssade,
        .flags = flags,
    };
}

static VtdFaultReason entry_decode(VtdModel *m, const uint64_t w[8], uint32_t pasid,
                                   VtdPasidEntry *e)
{
    VtdSpace *space = &e->space;
    bool snoop = field_get(w, VTD_PASID_PWSNP);
    unsigned aw = field_get(w, VTD_PASID_AW);
    unsigned fspm = field_get(w, VTD_PASID_FSPM);
    bool first, second, ssade;

    e->fpd |= field_get(w, VTD_PASID_FPD);
    if (!field_get(w, VTD_PASID_P)) {
        return VTD_FAULT_SPT_2;
    }
    if (entry_reserved(m, w)) {
        return VTD_FAULT_SPT_3;
    }
    space->pgtt = field_get(w, VTD_PASID_PGTT);
    if (!pgtt_supported(m, space->pgtt)) {
        return VTD_FAULT_SPT_4;
    }
    first = space->pgtt == VTD_PGTT_FS || space->pgtt == VTD_PGTT_NESTED;
    second = space->pgtt == VTD_PGTT_SS || space->pgtt == VTD_PGTT_NESTED;
    ssade = second && field_get(w, VTD_PASID_SSADE);
    if ((second && !vtd_aw_supported(m, aw)) || (first && fspm > (m->cfg.fs5lp ? 1u : 0u))) {
        return VTD_FAULT_SPT_4;
    }
    space->did = field_get(w, VTD_PASID_DID);
    space->sre = field_get(w, VTD_PASID_SRE);
    space->pgsnp = field_get(w, VTD_PASID_PGSNP);
    space->cache_disable = field_get(w, VTD_PASID_CD);
    space->emte = field_get(w, VTD_PASID_EMTE);
    space->pat = field_get(w, VTD_PASID_PAT);
    if (second) {
        vtd_space_second_stage(m, space, field_in_place(w, VTD_PASID_SSPTPTR), aw, snoop, ssade);
    }
    if (first) {
        space_first_stage(m, space, w, pasid, snoop, ssade);
    }
    if (space->pgtt == VTD_PGTT_NESTED && space->fs.root >> space->ss_bits) {
        return VTD_FAULT_SPT_4;
    }
    return VTD_FAULT_NONE;
}

static void trace_entry(VtdModel *m, uint32_t pasid, uint64_t addr, const uint64_t w[8])
{
    IOMMU_TRACE(&m->base.trace,
                "PASID entry[0x%x] at 0x%llx: 0x%016llx%016llx%016llx P=%u FPD=%u PGTT=%u "
                "AW=%u SSADE=%u DID=%u PWSNP=%u PGSNP=%u SRE=%u FSPM=%u WPE=%u EAFE=%u "
                "SSPTPTR=0x%llx FSPTPTR=0x%llx",
                pasid, (unsigned long long)addr, (unsigned long long)w[2], (unsigned long long)w[1],
                (unsigned long long)w[0], (unsigned)field_get(w, VTD_PASID_P),
                (unsigned)field_get(w, VTD_PASID_FPD), (unsigned)field_get(w, VTD_PASID_PGTT),
                (unsigned)field_get(w, VTD_PASID_AW), (unsigned)field_get(w, VTD_PASID_SSADE),
                (unsigned)field_get(w, VTD_PASID_DID), (unsigned)field_get(w, VTD_PASID_PWSNP),
                (unsigned)field_get(w, VTD_PASID_PGSNP), (unsigned)field_get(w, VTD_PASID_SRE),
                (unsigned)field_get(w, VTD_PASID_FSPM), (unsigned)field_get(w, VTD_PASID_WPE),
                (unsigned)field_get(w, VTD_PASID_EAFE),
                (unsigned long long)field_in_place(w, VTD_PASID_SSPTPTR),
                (unsigned long long)field_in_place(w, VTD_PASID_FSPTPTR));
}

static VtdFaultReason entry_read(VtdModel *m, const VtdContext *ctx, uint32_t pasid, bool probe,
                                 VtdPasidEntry *e)
{
    VtdFaultReason reason;
    uint64_t table, addr, w[8];

    reason = directory_entry(m, ctx, pasid, probe, &e->fpd, &table);
    if (reason) {
        return reason;
    }
    addr = table + (pasid & low_mask(PASIDS_PER_TABLE_LG2)) * VTD_PASID_BYTES;
    if (!probe) {
        m->base.counters.config_reads++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG_READ, 0, 0, false, addr, VTD_PASID_BYTES);
    }
    if (!vtd_read_words(m, addr, w, 8, m->cfg.c)) {
        return VTD_FAULT_SPT_1;
    }
    trace_entry(m, pasid, addr, w);
    return entry_decode(m, w, pasid, e);
}

/* ---- cache */

static VtdEpochPair *pair_place(VtdEpochs *epochs, uint16_t did, uint32_t pasid)
{
    return &epochs->by_pair[(pasid ^ did * 0x9e5u) % VTD_EPOCH_PAIRS];
}

static void expire_if_noted(void *payload, void *opaque)
{
    const VtdEpochPair *note = opaque;
    VtdPasidEntry *e = payload;

    if (vtd_pair_tag(e->space.did, e->pasid) == note->pair && e->epoch <= note->epoch) {
        e->epoch = 0;
    }
}

void vtd_pasid_expire(VtdModel *m, uint16_t did, uint32_t pasid)
{
    VtdEpochPair *note = pair_place(&m->pasid_epochs, did, pasid);
    uint64_t pair = vtd_pair_tag(did, pasid);

    if (note->epoch && note->pair != pair) {
        iommu_cache_each(&m->pasids, expire_if_noted, note);
    }
    *note = (VtdEpochPair) { .pair = pair, .epoch = vtd_epoch_now(&m->pasid_epochs) };
}

static bool entry_valid(VtdModel *m, const VtdPasidEntry *e)
{
    const VtdEpochPair *note = pair_place(&m->pasid_epochs, e->space.did, e->pasid);

    return vtd_epoch_valid(&m->pasid_epochs, e->epoch, e->space.did) &&
           (note->pair != vtd_pair_tag(e->space.did, e->pasid) || e->epoch > note->epoch);
}

const VtdPasidEntry *vtd_pasid_find(VtdModel *m, const VtdContext *ctx, uint32_t pasid, bool probe,
                                    VtdFault *fault)
{
    uint64_t key = (uint64_t)pasid << 16 | ctx->sid;
    VtdPasidEntry *slot = probe ? NULL : iommu_cache_lookup_sized(&m->pasids, key, 0, 0);
    VtdPasidEntry e = { .sid = ctx->sid, .pasid = pasid };

    *fault = (VtdFault) { .fpd = ctx->fpd };
    if (!probe) {
        m->memo.valid = false;
    }
    if (slot && entry_valid(m, slot)) {
        plan_step(&m->plan, IOMMU_STEP_CONFIG, 1, 0, true, key, 0);
        plan_hit(&m->plan, iommu_cache_hit_fill(&m->pasids));
        m->base.counters.config_lookups++;
        fault->fpd |= slot->fpd;
        return slot;
    }
    if (!probe) {
        m->base.counters.config_lookups++;
        m->base.counters.config_misses++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG, 1, 0, false, key, 0);
    }
    fault->reason = entry_read(m, ctx, pasid, probe, &e);
    fault->fpd |= e.fpd;
    if (fault->reason) {
        return NULL;
    }
    slot = probe ? &m->probe_pasid : iommu_cache_insert(&m->pasids, key, 0, 0);
    e.epoch = vtd_epoch_now(&m->pasid_epochs);
    *slot = e;
    return slot;
}

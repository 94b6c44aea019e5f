/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream table entry: decode and validity (IHI 0070 5.2). The checks come in the order of 5.2.2, so
 * that the reason reported is the first one the architecture would find.
 */
#include "internal.h"

#define S2SL0_UNKNOWN 0xff

static bool ste_has_stage1(unsigned config)
{
    return config & STE_CONFIG_S1;
}

static bool ste_has_stage2(unsigned config)
{
    return config & STE_CONFIG_S2;
}

/** IgnoreSTESTRW(): STRW counts only for stage 1 alone, where EL2 exists. */
static bool ste_strw_unused(const SmmuConfig *c, unsigned config)
{
    return !c->s1p || !c->hyp || config != STE_CONFIG_S1_TRANS;
}

/** Smallest and largest legal S2T0SZ. */
static bool ste_s2t0sz_valid(const SmmuConfig *c, unsigned t0sz, unsigned granule, bool ds)
{
    unsigned max = !c->stt ? 39 : granule == 16 ? 47 : 48;
    unsigned min = 64 - c->oas;

    if (c->minor > 0) {
        unsigned floor = granule == 16 || ds ? 12 : 16;

        min = min > floor ? min : floor;
    }
    return t0sz >= min && t0sz <= max;
}

/** Height of the start table that S2SL0 and S2SL0_2 name, S2SL0_UNKNOWN if they name none. */
static unsigned ste_s2_height(const SmmuConfig *c, unsigned sl0, unsigned sl0_2, unsigned granule,
                              bool ds)
{
    static const uint8_t heights_4k[] = { 1, 2, 3, 0 };

    switch (granule) {
    case 12:
        if (ds && sl0_2) {
            return sl0 == 0 ? 4 : S2SL0_UNKNOWN;
        }
        return sl0 == 3 && !c->stt ? S2SL0_UNKNOWN : heights_4k[sl0];
    case 14:
        return sl0 == 3 && !ds ? S2SL0_UNKNOWN : sl0;
    default:
        return sl0 == 3 ? S2SL0_UNKNOWN : sl0;
    }
}

/**
 * Whether an input size fits a start height: its top table has 2 to 2^(stride + 4) entries, the
 * last for up to 16 concatenated tables.
 */
static bool ste_s2_consistent(unsigned in_bits, unsigned height, unsigned granule)
{
    unsigned stride = granule - 3;
    unsigned low = height * stride + granule + 1;

    return in_bits >= low && in_bits <= low + stride - 1 + 4;
}

static uint32_t ste_s2_flags(const SmmuConfig *c, const uint64_t *raw, bool ds)
{
    uint32_t flags = 0;
    unsigned sh = field_get(raw, STE_S2SH0);

    flags |= c->xnx ? VMSA_XNX : 0;
    flags |= c->fwb && field_get(raw, STE_S2FWB) ? VMSA_FWB : 0;
    flags |= c->mteperm ? VMSA_MTEPERM : 0;
    flags |= field_get(raw, STE_S2AFFD) ? VMSA_AFFD : 0;
    flags |= ds ? VMSA_DS : 0;
    flags |= c->oas == 52 ? VMSA_LPA : 0;
    return flags | reg_make(VMSA_SH, sh == 1 ? SH_NSH : sh);
}

static const char *ste_decode_stage2(const SmmuConfig *c, SmmuSte *ste)
{
    const uint64_t *raw = ste->raw;
    PtRegime *r = &ste->s2;
    bool ha = field_get(raw, STE_S2HA), hd = field_get(raw, STE_S2HD);
    bool haft = c->httu == SMMU_HTTU_HAFT && field_get(raw, STE_S2HAFT);
    uint64_t ttb = field_get(raw, STE_S2TTB) << 4;
    unsigned t0sz = field_get(raw, STE_S2T0SZ);
    unsigned granule, height, top_bits, ttb_bits;
    bool ds;

    ste->s2s = field_get(raw, STE_S2S);
    ste->s2r = field_get(raw, STE_S2R);
    if (ste->s2s && c->stall_model == SMMU_STALL_OFF) {
        return "S2S=1 but stalls are not implemented";
    }
    if (!ste->s2s && c->stall_model == SMMU_STALL_FORCE) {
        return "S2S=0 but STALL_MODEL forces stalls";
    }
    if (!field_get(raw, STE_S2AA64)) {
        return "S2AA64=0: VMSAv8-32 LPAE is not implemented";
    }
    if ((ha || hd) && c->httu == SMMU_HTTU_OFF) {
        return "S2HA or S2HD without HTTU";
    }
    if (hd && c->httu == SMMU_HTTU_AF) {
        return "S2HD without HTTU of dirty state";
    }
    if (haft && !ha) {
        return "S2HAFT=1 with S2HA=0";
    }
    granule = smmu_tg0_lg2(c, field_get(raw, STE_S2TG));
    if (!granule) {
        return "S2TG is reserved or not implemented";
    }
    ds = c->ds && granule != 16 && field_get(raw, STE_S2DS);
    r->out_bits = smmu_size_bits(c, field_get(raw, STE_S2PS));
    ttb_bits = granule != 16 && !ds && r->out_bits > 48 ? 48 : r->out_bits;
    if (ttb & ~low_mask(ttb_bits)) {
        return "S2TTB is out of range";
    }
    if (!ste_s2t0sz_valid(c, t0sz, granule, c->ds && field_get(raw, STE_S2DS))) {
        return "S2T0SZ is out of range";
    }
    height = ste_s2_height(c, field_get(raw, STE_S2SL0), field_get(raw, STE_S2SL0_2), granule, ds);
    r->in_bits = 64 - t0sz;
    if (height == S2SL0_UNKNOWN || !ste_s2_consistent(r->in_bits, height, granule)) {
        return "S2T0SZ, S2SL0 and S2TG are inconsistent";
    }
    if (field_get(raw, STE_S2ENDI)) {
        return "S2ENDI=1: tables are little endian only";
    }

    top_bits = r->in_bits - (granule + height * (granule - 3)) + 3;
    if (r->out_bits == 52 && top_bits < 6) {
        top_bits = 6;
    }
    r->format = &vmsa_s2_format;
    r->stage = 2;
    r->root = ttb & ~low_mask(top_bits);
    r->top = height;
    r->granule_lg2 = granule;
    r->update_access = ha;
    r->update_dirty = ha && hd;
    r->update_table = haft;
    r->protect_walk = ste_has_stage1(ste->config) && field_get(raw, STE_S2PTW);
    r->flags = ste_s2_flags(c, raw, ds);
    if (!r->update_access) {
        r->flags |= VMSA_CONT;
    }
    r->walk_attr = smmu_walk_attr(field_get(raw, STE_S2IR0), field_get(raw, STE_S2OR0),
                                  field_get(raw, STE_S2SH0));
    return NULL;
}

static const char *ste_decode_stage1(const SmmuConfig *c, SmmuSte *ste)
{
    const uint64_t *raw = ste->raw;
    unsigned cdmax = field_get(raw, STE_S1CDMAX);
    unsigned table_lg2;

    ste->s1stalld = field_get(raw, STE_S1STALLD);
    if (ste->s1stalld && c->stall_model != SMMU_STALL_ON) {
        return "S1STALLD=1 but STALL_MODEL offers no choice";
    }
    if (c->ssidsize && cdmax > c->ssidsize) {
        return "S1CDMax exceeds SSIDSIZE";
    }
    ste->s1cdmax = c->ssidsize ? cdmax : 0;
    if (ste->s1cdmax) {
        ste->s1fmt = field_get(raw, STE_S1FMT);
        if (ste->s1fmt == 3) {
            ste->s1fmt = STE_S1FMT_LINEAR;
        }
        if (ste->s1fmt != STE_S1FMT_LINEAR && !c->cd2l) {
            return "S1Fmt asks for two-level CD tables, which are not implemented";
        }
        ste->s1dss = field_get(raw, STE_S1DSS);
        if (ste->s1dss == 3) {
            ste->s1dss = STE_S1DSS_TERMINATE;
        }
    }
    ste->context_ptr = field_in_place(raw, STE_S1CONTEXTPTR);
    if (c->minor > 0 && (ste->context_ptr & ~low_mask(c->oas))) {
        return "S1ContextPtr is out of range";
    }
    /* Address bits inside the table are RES0 and taken as zero (5.2, S1ContextPtr) */
    switch (ste->s1fmt) {
    case STE_S1FMT_4K_L2:
        table_lg2 = ste->s1cdmax > 6 ? ste->s1cdmax - 6 + 3 : 3;
        break;
    case STE_S1FMT_64K_L2:
        table_lg2 = ste->s1cdmax > 10 ? ste->s1cdmax - 10 + 3 : 3;
        break;
    default:
        table_lg2 = ste->s1cdmax + 6;
        break;
    }
    ste->context_ptr &= ~low_mask(table_lg2);
    ste->cd_attr = smmu_walk_attr(field_get(raw, STE_S1CIR), field_get(raw, STE_S1COR),
                                  field_get(raw, STE_S1CSH));
    return NULL;
}

static const char *ste_check_eats(const SmmuConfig *c, SmmuSte *ste)
{
    bool s2s = field_get(ste->raw, STE_S2S);

    if (!c->ats || ste->config == STE_CONFIG_BYPASS) {
        return NULL;
    }
    ste->eats = field_get(ste->raw, STE_EATS);
    if (ste->eats == STE_EATS_SPLIT &&
        (ste->config != STE_CONFIG_NESTED || s2s || c->ns1ats)) {
        return "EATS=0b10 needs both stages, S2S=0 and split-stage ATS";
    }
    if (ste->eats == STE_EATS_FULL && s2s && ste_has_stage2(ste->config)) {
        return "EATS=0b01 with S2S=1";
    }
    if (ste->eats == STE_EATS_DPT) {
        ste->eats = STE_EATS_OFF; /* no Device Permission Table */
    }
    return NULL;
}

static void ste_decode_overrides(const SmmuConfig *c, SmmuSte *ste)
{
    const uint64_t *raw = ste->raw;
    SmmuOverride *o = &ste->over;

    o->shcfg = SHCFG_INCOMING;
    if (c->attr_types_ovr) {
        o->mtcfg = field_get(raw, STE_MTCFG);
        o->memattr = field_get(raw, STE_MEMATTR);
        o->alloccfg = field_get(raw, STE_ALLOCCFG);
        o->shcfg = field_get(raw, STE_SHCFG);
    }
    if (c->attr_perms_ovr) {
        o->privcfg = field_get(raw, STE_PRIVCFG);
        o->instcfg = field_get(raw, STE_INSTCFG);
    }
}

const char *smmu_ste_decode(const SmmuConfig *c, bool e2h, const uint64_t raw[STE_WORDS],
                            SmmuSte *ste)
{
    const char *illegal;
    unsigned strw;
    bool strw_unused;

    *ste = (SmmuSte) { .world = SMMU_WORLD_EL1 };
    for (unsigned i = 0; i < STE_WORDS; i++) {
        ste->raw[i] = raw[i];
    }
    if (!field_get(raw, STE_V)) {
        return "V=0";
    }
    ste->config = field_get(raw, STE_CONFIG);
    if (!(ste->config & STE_CONFIG_BYPASS)) {
        ste->config = STE_CONFIG_ABORT;
        return NULL;
    }
    ste->stage1 = ste_has_stage1(ste->config);
    ste->stage2 = ste_has_stage2(ste->config);
    if (ste->stage1 && !c->s1p) {
        return "Config enables stage 1, which is not implemented";
    }
    if (ste->stage2 && !c->s2p) {
        return "Config enables stage 2, which is not implemented";
    }
    illegal = ste_check_eats(c, ste);
    if (illegal) {
        return illegal;
    }
    strw_unused = ste_strw_unused(c, ste->config);
    strw = field_get(raw, STE_STRW);
    if (!strw_unused && strw != STE_STRW_EL1) {
        if (strw != STE_STRW_EL2) {
            return "STRW is reserved";
        }
        ste->world = e2h ? SMMU_WORLD_EL2_E2H : SMMU_WORLD_EL2;
    }
    if (ste->stage1) {
        illegal = ste_decode_stage1(c, ste);
        if (illegal) {
            return illegal;
        }
    }
    if (ste->stage2) {
        illegal = ste_decode_stage2(c, ste);
        if (illegal) {
            return illegal;
        }
    }
    /* Ignored by bypass and outside EL1 (IgnoreSTES2VMID) */
    if (c->s2p && ste->config != STE_CONFIG_BYPASS && ste->world == SMMU_WORLD_EL1) {
        ste->vmid = field_get(raw, STE_S2VMID);
        if (!c->vmid16 && ste->vmid > 0xff) {
            return "S2VMID exceeds 8 bits";
        }
    }
    ste->s2.walk_tag = tag_make(SMMU_WORLD_EL1, ste->vmid, 0, false, true);
    ste_decode_overrides(c, ste);
    ste->dre = field_get(raw, STE_DRE);
    ste->dcp = field_get(raw, STE_DCP);
    ste->ppar = field_get(raw, STE_PPAR);
    ste->mev = field_get(raw, STE_MEV);
    return NULL;
}

uint8_t smmu_effective_eats(const SmmuModel *m, const SmmuSte *ste)
{
    /* Split-stage needs Translated traffic to be looked at (5.2, EATS) */
    if (ste->eats == STE_EATS_SPLIT && !cell_get(m, CELL_CR0, CR0_ATSCHK)) {
        return STE_EATS_OFF;
    }
    return ste->eats;
}

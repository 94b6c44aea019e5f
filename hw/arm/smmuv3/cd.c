/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Context descriptors: lookup in linear and two-level tables, decode, validity, and the cache of
 * decoded CDs (IHI 0070 3.3.2, 5.3, 5.4). Behind stage 2 every address here is an IPA.
 */
#include "internal.h"

/* Leaf tables of two-level CD tables: 64 or 1024 CDs */
#define CD_SPLIT_4K   6u
#define CD_SPLIT_64K  10u

/** One half of the input range in the CD; the halves differ in the place of fields only. */
typedef struct CdHalfFields {
    BitField txsz, ir, or, sh, epd, tbi, had, e0pd, ttb;
} CdHalfFields;

static const CdHalfFields cd_half_fields[2] = {
    { CD_T0SZ, CD_IR0, CD_OR0, CD_SH0, CD_EPD0, CD_TBI0, CD_HAD0, CD_E0PD0, CD_TTB0 },
    { CD_T1SZ, CD_IR1, CD_OR1, CD_SH1, CD_EPD1, CD_TBI1, CD_HAD1, CD_E0PD1, CD_TTB1 },
};

static bool cd_txsz_valid(const SmmuConfig *c, unsigned txsz, unsigned granule, bool ds)
{
    unsigned max = !c->stt ? 39 : granule == 16 ? 47 : 48;
    unsigned min = c->vax >= 52 && (granule == 16 || ds) ? 12 : 16;

    return txsz >= min && txsz <= max;
}

/** Decode half @h into @cd. NULL, or why it is ILLEGAL; TxSZ is checked before (5.4.2). */
static const char *cd_decode_half(const SmmuConfig *c, unsigned h, unsigned granule, SmmuCd *cd)
{
    const CdHalfFields *f = &cd_half_fields[h];
    const uint64_t *raw = cd->raw;
    PtRegime *r = &cd->half[h];
    bool ds = c->ds && field_get(raw, CD_DS) && granule != 16;
    uint64_t ttb = field_get(raw, f->ttb) << 4;
    unsigned stride = granule - 3;
    unsigned ttb_bits, top_bits, sh;

    r->out_bits = smmu_size_bits(c, field_get(raw, CD_IPS));
    ttb_bits = granule != 16 && !ds && r->out_bits > 48 ? 48 : r->out_bits;
    if (ttb & ~low_mask(ttb_bits)) {
        return h ? "TTB1 is out of range" : "TTB0 is out of range";
    }
    r->in_bits = 64 - field_get(raw, f->txsz);
    r->granule_lg2 = granule;
    r->top = (r->in_bits - granule + stride - 1) / stride - 1;
    top_bits = r->in_bits - (granule + r->top * stride) + 3;
    if (r->out_bits == 52 && top_bits < 6) {
        top_bits = 6;
    }
    r->root = ttb & ~low_mask(top_bits);
    r->walk_attr = smmu_walk_attr(field_get(raw, f->ir), field_get(raw, f->or),
                                  field_get(raw, f->sh));
    sh = field_get(raw, f->sh);
    r->flags |= reg_make(VMSA_SH, sh == 1 ? SH_NSH : sh);
    r->flags |= ds ? VMSA_DS : 0;
    return NULL;
}

/** Fields that both halves share, and those that decide about the regime as a whole. */
static void cd_init_half(const SmmuConfig *c, unsigned h, SmmuWorld world, SmmuCd *cd)
{
    const CdHalfFields *f = &cd_half_fields[h];
    const uint64_t *raw = cd->raw;
    PtRegime *r = &cd->half[h];
    bool two_ranges = world != SMMU_WORLD_EL2;

    r->format = &vmsa_s1_format;
    r->stage = 1;
    r->granule_lg2 = smmu_min_granule(c);
    r->in_bits = 48;
    r->attr_map[0] = field_get(raw, CD_MAIR);
    r->update_access = c->httu >= SMMU_HTTU_AF && field_get(raw, CD_HA);
    r->update_dirty = c->httu >= SMMU_HTTU_AFDBM && r->update_access && field_get(raw, CD_HD);
    r->update_table = c->httu == SMMU_HTTU_HAFT && r->update_access && field_get(raw, CD_HAFT);
    r->flags = field_get(raw, CD_AFFD) ? VMSA_AFFD : 0;
    r->flags |= field_get(raw, CD_WXN) ? VMSA_WXN : 0;
    r->flags |= c->oas == 52 ? VMSA_LPA : 0;
    r->flags |= !r->update_access ? VMSA_CONT : 0;
    if (c->had && field_get(raw, f->had)) {
        r->flags |= VMSA_HAD;
    }
    cd->tbi[h] = field_get(raw, f->tbi);
    r->flags |= cd->tbi[h] ? VMSA_TBI : 0;
    if (two_ranges) {
        r->flags |= field_get(raw, CD_PAN) ? VMSA_PAN : 0;
        r->flags |= c->epan && field_get(raw, CD_EPAN) ? VMSA_EPAN : 0;
        cd->e0pd[h] = c->e0pd && field_get(raw, f->e0pd);
        r->flags |= cd->e0pd[h] ? VMSA_E0PD : 0;
    } else {
        r->flags |= VMSA_ONE_PRIV;
    }
    if (h) {
        r->flags |= VMSA_UPPER;
        r->flags |= !two_ranges || field_get(raw, f->epd) ? VMSA_DISABLED : 0;
    } else {
        r->flags |= two_ranges && field_get(raw, f->epd) ? VMSA_DISABLED : 0;
    }
}

/** Checks of 5.4.2 before the address fields. */
static const char *cd_check_common(const SmmuConfig *c, const SmmuSte *ste, const SmmuCd *cd,
                                   bool any_half)
{
    const uint64_t *raw = cd->raw;
    bool ha = field_get(raw, CD_HA), hd = field_get(raw, CD_HD);

    if (!field_get(raw, CD_V)) {
        return "V=0";
    }
    if (ste->s1stalld && cd->s) {
        return "S=1 but STE.S1STALLD=1";
    }
    if (c->term_model && !cd->a) {
        return "A=0 but TERM_MODEL knows only aborts";
    }
    if (c->stall_model == SMMU_STALL_OFF && cd->s) {
        return "S=1 but stalls are not implemented";
    }
    if (c->stall_model == SMMU_STALL_FORCE && !cd->s) {
        return "S=0 but STALL_MODEL forces stalls";
    }
    if (any_half && field_get(raw, CD_ENDI)) {
        return "ENDI=1: tables are little endian only";
    }
    if (!field_get(raw, CD_AA64)) {
        return "AA64=0: VMSAv8-32 LPAE is not implemented";
    }
    if ((ha || hd) && c->httu == SMMU_HTTU_OFF) {
        return "HA or HD without HTTU";
    }
    if (hd && c->httu == SMMU_HTTU_AF) {
        return "HD without HTTU of dirty state";
    }
    if (c->httu == SMMU_HTTU_HAFT && field_get(raw, CD_HAFT) && !ha) {
        return "HAFT=1 with HA=0";
    }
    if (ste->world != SMMU_WORLD_EL2 && !c->asid16 && cd->asid > 0xff) {
        return "ASID exceeds 8 bits";
    }
    return NULL;
}

const char *smmu_cd_decode(const SmmuConfig *c, const SmmuSte *ste, const uint64_t raw[CD_WORDS],
                           SmmuCd *cd)
{
    unsigned granule[2];
    const char *illegal;
    bool on[2], ds;

    *cd = (SmmuCd) { .asid = 0 };
    for (unsigned i = 0; i < CD_WORDS; i++) {
        cd->raw[i] = raw[i];
    }
    cd->a = field_get(raw, CD_A);
    cd->r = field_get(raw, CD_R);
    cd->s = field_get(raw, CD_S);
    cd->asid = field_get(raw, CD_ASID);
    cd->aset = field_get(raw, CD_ASET);
    for (unsigned h = 0; h < 2; h++) {
        cd_init_half(c, h, ste->world, cd);
        on[h] = !(cd->half[h].flags & VMSA_DISABLED);
    }
    illegal = cd_check_common(c, ste, cd, on[0] || on[1]);
    if (illegal) {
        return illegal;
    }
    if (ste->world == SMMU_WORLD_EL2) {
        cd->asid = 0;
    }
    granule[0] = smmu_tg0_lg2(c, field_get(raw, CD_TG0));
    granule[1] = smmu_tg1_lg2(c, field_get(raw, CD_TG1));
    ds = c->ds && field_get(raw, CD_DS);
    for (unsigned h = 0; h < 2; h++) {
        if (on[h] && !cd_txsz_valid(c, field_get(raw, cd_half_fields[h].txsz), granule[h], ds)) {
            return h ? "T1SZ is out of range" : "T0SZ is out of range";
        }
    }
    for (unsigned h = 0; h < 2; h++) {
        if (!on[h]) {
            continue; /* a disabled half is never looked at (5.4.1.1) */
        }
        if (!granule[h]) {
            return h ? "TG1 is reserved or not implemented" : "TG0 is reserved or not implemented";
        }
        illegal = cd_decode_half(c, h, granule[h], cd);
        if (illegal) {
            return illegal;
        }
    }
    return NULL;
}

/**
 * Read @count words of a CD or L1CD at @addr, an IPA if there is a stage 2.
 */
static bool cd_read(SmmuModel *m, const SmmuSte *ste, uint64_t addr, uint64_t *words,
                    unsigned count, bool quiet, SmmuFault *fault)
{
    uint8_t buf[CD_BYTES];

    if (ste->stage2) {
        PtFault walk;
        uint32_t attr;

        if (!pt_walk_ipa(&m->walker, &ste->s2, addr, PT_CLASS_CONFIG,
                         quiet ? PT_REQ_NO_FILL : 0, &addr, &attr, &walk)) {
            smmu_fault_from_walk(&walk, fault);
            return false;
        }
    }
    addr = smmu_pa(m, addr);
    if (!quiet) {
        m->base.counters.config_reads++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG_READ, 1, 0, false, addr, count * 8);
    }
    if (m->base.host.ops->read(m->base.host.opaque, addr, buf, count * 8, ste->cd_attr) !=
        IOMMU_MEM_OK) {
        *fault = (SmmuFault) { .event = F_CD_FETCH, .fetch_addr = addr };
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = le64_load(buf + 8 * i);
    }
    return true;
}

/** Address of the CD of @ssid, which is below 2^S1CDMax. */
static bool cd_locate(SmmuModel *m, const SmmuSte *ste, uint32_t ssid, bool quiet, uint64_t *addr,
                      SmmuFault *fault)
{
    unsigned split;
    uint64_t l1cd, l2ptr;

    if (ste->s1fmt == STE_S1FMT_LINEAR) {
        *addr = ste->context_ptr + (uint64_t)ssid * CD_BYTES;
        return true;
    }
    split = ste->s1fmt == STE_S1FMT_4K_L2 ? CD_SPLIT_4K : CD_SPLIT_64K;
    if (!cd_read(m, ste, ste->context_ptr + (uint64_t)(ssid >> split) * L1CD_BYTES, &l1cd, 1,
                 quiet, fault)) {
        return false;
    }
    l2ptr = field_in_place(&l1cd, L1CD_L2PTR) & ~low_mask(split + 6);
    IOMMU_TRACE(&m->base.trace, "L1CD[%u] = 0x%016llx: V=%u L2Ptr=0x%llx", ssid >> split,
                (unsigned long long)l1cd, (unsigned)reg_get(l1cd, L1CD_V),
                (unsigned long long)l2ptr);
    if (!reg_get(l1cd, L1CD_V) ||
        (m->config.minor > 0 && (field_in_place(&l1cd, L1CD_L2PTR) & ~low_mask(m->config.oas)))) {
        *fault = (SmmuFault) { .event = C_BAD_SUBSTREAMID };
        return false;
    }
    *addr = l2ptr + (ssid & low_mask(split)) * CD_BYTES;
    return true;
}

static void cd_trace(SmmuModel *m, uint32_t ssid, uint64_t addr, const SmmuSte *ste,
                     const SmmuCd *cd, const char *illegal)
{
    IommuTrace *t = &m->base.trace;

    IOMMU_TRACE(t, "CD[%u] at %s 0x%llx: V=%u ASID=%u A=%u R=%u S=%u HA=%u HD=%u PAN=%u WXN=%u "
                "MAIR=0x%016llx", ssid, ste->stage2 ? "IPA" : "PA", (unsigned long long)addr,
                (unsigned)field_get(cd->raw, CD_V), cd->asid, cd->a, cd->r, cd->s,
                (unsigned)field_get(cd->raw, CD_HA), (unsigned)field_get(cd->raw, CD_HD),
                (unsigned)field_get(cd->raw, CD_PAN), (unsigned)field_get(cd->raw, CD_WXN),
                (unsigned long long)field_get(cd->raw, CD_MAIR));
    if (illegal) {
        IOMMU_TRACE(t, "  ILLEGAL: %s", illegal);
        return;
    }
    for (unsigned h = 0; h < 2; h++) {
        const PtRegime *r = &cd->half[h];

        if (r->flags & VMSA_DISABLED) {
            IOMMU_TRACE(t, "  half %u: disabled", h);
        } else {
            IOMMU_TRACE(t, "  half %u: TTB=0x%llx T%uSZ=%u granule=2^%u start level=%d IPS=%u bits "
                        "TBI=%u HAD=%u", h, (unsigned long long)r->root, h, 64 - r->in_bits,
                        r->granule_lg2, 3 - r->top, r->out_bits, cd->tbi[h],
                        (r->flags & VMSA_HAD) != 0);
        }
    }
}

bool smmu_cd_fetch(SmmuModel *m, const SmmuSte *ste, uint32_t stream, uint32_t ssid, bool quiet,
                   SmmuCd *cd, SmmuFault *fault)
{
    uint64_t raw[CD_WORDS], addr;
    const char *illegal;

    (void)stream;
    if (!cd_locate(m, ste, ssid, quiet, &addr, fault) ||
        !cd_read(m, ste, addr, raw, CD_WORDS, quiet, fault)) {
        return false;
    }
    illegal = smmu_cd_decode(&m->config, ste, raw, cd);
    cd_trace(m, ssid, addr, ste, cd, illegal);
    if (illegal) {
        *fault = (SmmuFault) { .event = C_BAD_CD };
        return false;
    }
    return true;
}

SmmuCd *smmu_cd_get(SmmuModel *m, const SmmuSte *ste, uint32_t stream, uint32_t ssid,
                    SmmuFault *fault)
{
    SmmuCd fetched, *cd;

    m->base.counters.config_lookups++;
    cd = iommu_cache_lookup_sized(&m->cd_cache, ssid, 0, stream);
    plan_step(&m->plan, IOMMU_STEP_CONFIG, 1, 0, cd != NULL, ssid, 0);
    if (cd) {
        plan_hit(&m->plan, iommu_cache_hit_fill(&m->cd_cache));
        return cd;
    }
    m->base.counters.config_misses++;
    if (!smmu_cd_fetch(m, ste, stream, ssid, false, &fetched, fault)) {
        return NULL;
    }
    m->recent.valid = false;
    cd = iommu_cache_insert(&m->cd_cache, ssid, 0, stream);
    *cd = fetched;
    return cd;
}

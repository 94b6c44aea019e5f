/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory attributes: overrides, stage 1 replacement, stage 2 combination, S2FWB and the consistency
 * fix (IHI 0070 chapter 13). A type travels as a MAIR byte: outer half high, inner half low.
 */
#include "internal.h"

/* A MAIR byte, and one of its halves */
#define MAIR_OUTER     REGFIELD(7, 4)
#define MAIR_INNER     REGFIELD(3, 0)
#define MAIR_DEVICE    REGFIELD(3, 2)
#define HALF_KIND      REGFIELD(3, 2) /* 0 WT transient, 1 NC or WB transient, 2 WT, 3 WB */
#define HALF_RA        REGFIELD(1, 1)
#define HALF_WA        REGFIELD(0, 0)
#define HALF_NC        0x4u
#define HALF_ALLOC     0x3u

/* Packed leaf attributes: PtEntry.attr */
#define S1ATTR_MAIR    REGFIELD(7, 0)
#define S1ATTR_SH      REGFIELD(9, 8)
#define S2ATTR_MEMATTR REGFIELD(3, 0)
#define S2ATTR_SH      REGFIELD(5, 4)
#define S2ATTR_FWB     REGFIELD(6, 6)
#define S2ATTR_MTEPERM REGFIELD(7, 7)
#define ATTR_PRESENT   REGFIELD(15, 15)

/* Stage 2 MemAttr */
#define MEMATTR_OUTER  REGFIELD(3, 2)
#define MEMATTR_INNER  REGFIELD(1, 0)
#define MEMATTR_DEVICE REGFIELD(1, 0)
#define MEMATTR_FWB_NORMAL REGFIELD(2, 2)
#define MEMATTR_FWB_TYPE   REGFIELD(1, 0)
#define MEMATTR_TAG    0x4u /* iWB-oWB with MTEPERM */
#define FWB_NC         1u
#define FWB_WB         2u

/* ALLOCCFG */
#define ALLOC_OVERRIDE REGFIELD(3, 3)
#define ALLOC_RA       REGFIELD(2, 2)
#define ALLOC_WA       REGFIELD(1, 1)
#define ALLOC_TR       REGFIELD(0, 0)

/* Cacheability, weakest first: the larger of two wins (13.1.5) */
typedef enum Cacheability {
    CACHE_WB = 0,
    CACHE_WT = 1,
    CACHE_NC = 2,
} Cacheability;

/** One half, taken apart. */
typedef struct Half {
    uint8_t cache; /* Cacheability */
    bool ra, wa, transient;
} Half;

static bool type_is_device(uint8_t type)
{
    return reg_get(type, MAIR_OUTER) == 0;
}

static Half half_unpack(unsigned nibble)
{
    unsigned kind = reg_get(nibble, HALF_KIND);
    Half h = { .ra = reg_get(nibble, HALF_RA), .wa = reg_get(nibble, HALF_WA) };

    if (nibble == HALF_NC) {
        return (Half) { .cache = CACHE_NC };
    }
    h.cache = kind & 1 ? CACHE_WB : CACHE_WT;
    h.transient = kind < 2;
    return h;
}

static unsigned half_pack(Half h)
{
    unsigned kind;

    if (h.cache == CACHE_NC) {
        return HALF_NC;
    }
    /* Transient without allocation does not exist (13.1.7) */
    kind = (h.cache == CACHE_WB ? 1 : 0) | (h.transient && (h.ra || h.wa) ? 0 : 2);
    return reg_make(HALF_KIND, kind) | reg_make(HALF_RA, h.ra) | reg_make(HALF_WA, h.wa);
}

static unsigned half_of_code(unsigned code)
{
    switch (code) {
    case 1: /* WB RWA */
        return half_pack((Half) { .cache = CACHE_WB, .ra = true, .wa = true });
    case 2: /* WT RA */
        return half_pack((Half) { .cache = CACHE_WT, .ra = true });
    case 3: /* WB RA, no WA */
        return half_pack((Half) { .cache = CACHE_WB, .ra = true });
    default:
        return HALF_NC;
    }
}

bool smmu_attr_cacheable(IommuMemAttr a)
{
    return !type_is_device(a.type) && a.type != (HALF_NC << 4 | HALF_NC);
}

IommuMemAttr smmu_normalise_attr(IommuMemAttr a)
{
    if (!smmu_attr_cacheable(a)) {
        a.sh = SH_OSH;
        a.snoop = false;
    } else {
        a.snoop = true;
    }
    return a;
}

IommuMemAttr smmu_walk_attr(unsigned inner, unsigned outer, unsigned sh)
{
    IommuMemAttr a = {
        .type = half_of_code(outer) << 4 | half_of_code(inner),
        .sh = sh == 1 ? SH_NSH : sh,
    };

    return smmu_normalise_attr(a);
}

/** CR1's codes: 0 NC, 1 WB, 2 WT, 3 reserved and taken as 0. */
static IommuMemAttr cr1_attr(unsigned inner, unsigned outer, unsigned sh)
{
    return smmu_walk_attr(inner == 3 ? 0 : inner, outer == 3 ? 0 : outer, sh);
}

IommuMemAttr smmu_table_attr(const SmmuModel *m)
{
    return cr1_attr(cell_get(m, CELL_CR1, CR1_TABLE_IC), cell_get(m, CELL_CR1, CR1_TABLE_OC),
                    cell_get(m, CELL_CR1, CR1_TABLE_SH));
}

IommuMemAttr smmu_queue_attr(const SmmuModel *m)
{
    return cr1_attr(cell_get(m, CELL_CR1, CR1_QUEUE_IC), cell_get(m, CELL_CR1, CR1_QUEUE_OC),
                    cell_get(m, CELL_CR1, CR1_QUEUE_SH));
}

uint8_t smmu_memattr_type(unsigned memattr, bool mteperm)
{
    static const uint8_t halves[] = { 0, HALF_NC, 0xb /* WT RWA */, 0xf /* WB RWA */ };

    if (memattr == MEMATTR_TAG && mteperm) {
        return 0xff;
    }
    if (reg_get(memattr, MEMATTR_OUTER) == 0) {
        return reg_make(MAIR_DEVICE, reg_get(memattr, MEMATTR_DEVICE));
    }
    if (reg_get(memattr, MEMATTR_INNER) == 0) {
        return 0; /* 0b0100, 0b1000, 0b1100: Device-nGnRnE */
    }
    return halves[reg_get(memattr, MEMATTR_OUTER)] << 4 | halves[reg_get(memattr, MEMATTR_INNER)];
}

IommuMemAttr smmu_msi_attr(unsigned memattr, unsigned sh)
{
    IommuMemAttr a = {
        .type = smmu_memattr_type(memattr, false),
        .sh = sh == 1 ? SH_NSH : sh,
    };

    return smmu_normalise_attr(a);
}

uint32_t smmu_s1_attr(uint8_t mair, unsigned sh)
{
    /* Reserved encodings (5.4, MAIR) */
    if (type_is_device(mair)) {
        mair = reg_make(MAIR_DEVICE, reg_get(mair, MAIR_DEVICE));
    } else if (reg_get(mair, MAIR_INNER) == 0) {
        mair |= HALF_ALLOC;
    }
    return reg_make(ATTR_PRESENT, 1) | reg_make(S1ATTR_MAIR, mair) |
           reg_make(S1ATTR_SH, sh == 1 ? SH_NSH : sh);
}

uint32_t smmu_s2_attr(unsigned memattr, unsigned sh, bool fwb, bool mteperm)
{
    return reg_make(ATTR_PRESENT, 1) | reg_make(S2ATTR_MEMATTR, memattr) |
           reg_make(S2ATTR_SH, sh == 1 ? SH_NSH : sh) | reg_make(S2ATTR_FWB, fwb) |
           reg_make(S2ATTR_MTEPERM, mteperm);
}

bool smmu_s2_attr_is_device(uint32_t s2_attr)
{
    unsigned memattr = reg_get(s2_attr, S2ATTR_MEMATTR);

    if (reg_get(s2_attr, S2ATTR_FWB)) {
        return !reg_get(memattr, MEMATTR_FWB_NORMAL);
    }
    return type_is_device(smmu_memattr_type(memattr, reg_get(s2_attr, S2ATTR_MTEPERM)));
}

static Half override_hints(Half h, unsigned alloccfg)
{
    if (h.cache != CACHE_NC && reg_get(alloccfg, ALLOC_OVERRIDE)) {
        h.ra = reg_get(alloccfg, ALLOC_RA);
        h.wa = reg_get(alloccfg, ALLOC_WA);
        h.transient = reg_get(alloccfg, ALLOC_TR);
    }
    return h;
}

IommuMemAttr smmu_override_attr(const SmmuOverride *o, IommuMemAttr in, bool mteperm)
{
    if (o->mtcfg) {
        uint8_t type = smmu_memattr_type(o->memattr, mteperm);

        /* Cacheable stays with its own hints where it was cacheable before (13.1.4) */
        if (!type_is_device(type) && !type_is_device(in.type)) {
            for (unsigned lsb = 0; lsb <= 4; lsb += 4) {
                Half was = half_unpack(bits(in.type, lsb + 3, lsb));
                Half now = half_unpack(bits(type, lsb + 3, lsb));

                if (was.cache != CACHE_NC && now.cache != CACHE_NC) {
                    was.cache = now.cache;
                    type &= ~(0xf << lsb);
                    type |= half_pack(was) << lsb;
                }
            }
        }
        in.type = type;
    }
    if (o->shcfg != SHCFG_INCOMING) {
        in.sh = o->shcfg;
    }
    if (!type_is_device(in.type)) {
        unsigned outer = half_pack(override_hints(half_unpack(in.type >> 4), o->alloccfg));
        unsigned inner = half_pack(override_hints(half_unpack(in.type & 0xf), o->alloccfg));

        in.type = outer << 4 | inner;
    }
    return in;
}

/** Stronger shareability: NSH < ISH < OSH. */
static uint8_t combine_sh(uint8_t a, uint8_t b)
{
    if (a == SH_OSH || b == SH_OSH) {
        return SH_OSH;
    }
    return a == SH_ISH || b == SH_ISH ? SH_ISH : SH_NSH;
}

/** Stage 1 replaces type and shareability; hints combine with a cacheable input's (13.4.2). */
static IommuMemAttr apply_stage1(IommuMemAttr in, uint32_t s1)
{
    IommuMemAttr out = in;

    out.type = reg_get(s1, S1ATTR_MAIR);
    out.sh = reg_get(s1, S1ATTR_SH);
    if (type_is_device(out.type) || type_is_device(in.type)) {
        return out;
    }
    for (unsigned lsb = 0; lsb <= 4; lsb += 4) {
        Half from = half_unpack(bits(in.type, lsb + 3, lsb));
        Half to = half_unpack(bits(out.type, lsb + 3, lsb));

        if (from.cache != CACHE_NC && to.cache != CACHE_NC) {
            to.ra = to.ra && from.ra;
            to.wa = to.wa && from.wa;
            to.transient = to.transient || from.transient;
            out.type &= ~(0xf << lsb);
            out.type |= half_pack(to) << lsb;
        }
    }
    return out;
}

static uint8_t combine_types(uint8_t s1, uint8_t s2)
{
    uint8_t type = 0;

    if (type_is_device(s1) || type_is_device(s2)) {
        /* The larger encoding is the weaker Device type; Normal is weaker than any */
        if (!type_is_device(s1)) {
            return s2;
        }
        return !type_is_device(s2) || s1 < s2 ? s1 : s2;
    }
    for (unsigned lsb = 0; lsb <= 4; lsb += 4) {
        Half h = half_unpack(bits(s1, lsb + 3, lsb));
        Half k = half_unpack(bits(s2, lsb + 3, lsb));

        if (k.cache > h.cache) {
            h.cache = k.cache;
        }
        type |= half_pack(h) << lsb;
    }
    return type;
}

/** S2FWB=1: stage 2 may force Normal write-back, or keep stage 1 (13.1.6). */
static uint8_t fwb_type(uint8_t s1, unsigned memattr)
{
    if (!reg_get(memattr, MEMATTR_FWB_NORMAL)) {
        return combine_types(s1, reg_make(MAIR_DEVICE, reg_get(memattr, MEMATTR_FWB_TYPE)));
    }
    switch (reg_get(memattr, MEMATTR_FWB_TYPE)) {
    case FWB_NC:
        return combine_types(s1, HALF_NC << 4 | HALF_NC);
    case FWB_WB: {
        uint8_t type = 0;

        for (unsigned lsb = 0; lsb <= 4; lsb += 4) {
            Half h = half_unpack(bits(s1, lsb + 3, lsb));

            if (type_is_device(s1) || h.cache == CACHE_NC) {
                h = (Half) { .ra = true, .wa = true };
            }
            h.cache = CACHE_WB;
            type |= half_pack(h) << lsb;
        }
        return type;
    }
    default: /* 0b111 keeps stage 1; 0b100 is Reserved and taken alike */
        return s1;
    }
}

static IommuMemAttr apply_stage2(IommuMemAttr in, uint32_t s2)
{
    unsigned memattr = reg_get(s2, S2ATTR_MEMATTR);

    if (reg_get(s2, S2ATTR_FWB)) {
        in.type = fwb_type(in.type, memattr);
    } else {
        in.type = combine_types(in.type,
                                smmu_memattr_type(memattr, reg_get(s2, S2ATTR_MTEPERM)));
    }
    in.sh = combine_sh(in.sh, reg_get(s2, S2ATTR_SH));
    return in;
}

IommuMemAttr smmu_output_attr(IommuMemAttr in, uint32_t s1, uint32_t s2, bool no_snoop)
{
    if (s1) {
        in = apply_stage1(in, s1);
    }
    if (s2) {
        /* What stage 1 handed on is consistent before stage 2 looks at it (13.1.7) */
        in = apply_stage2(smmu_normalise_attr(in), s2);
    }
    in = smmu_normalise_attr(in);
    if (no_snoop && smmu_attr_cacheable(in)) {
        in.type = HALF_NC << 4 | HALF_NC;
        in = smmu_normalise_attr(in);
    }
    return in;
}

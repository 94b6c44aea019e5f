/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration: named sets of capabilities, what may be combined with what, and the ID registers
 * that say so to software (IHI 0070 2.2-2.9, 6.3.1-8, 6.3.45).
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* Physical address size encodings of IDR5.OAS, CD.IPS and STE.S2PS */
static const uint8_t size_bits[8] = { 32, 36, 40, 42, 44, 48, 52, 56 };

#define STALL_MAX_LIMIT 4096u
#define CMDQ_PAGES_GRANULE_64K 1u

static const SmmuConfig config_max = {
    .minor = 4,
    .s1p = true, .s2p = true, .cohacc = true, .httu = SMMU_HTTU_HAFT, .hyp = true,
    .ats = true, .asid16 = true, .msi = true, .atos = true, .pri = true, .vmw = true,
    .vmid16 = true, .cd2l = true, .vatos = true, .atsrecerr = true,
    .stall_model = SMMU_STALL_ON, .st_level = 1,
    .sidsize = 32, .ssidsize = 20, .cmdqs = 19, .eventqs = 19, .priqs = 19,
    .attr_perms_ovr = true, .attr_types_ovr = true,
    .ecmdq = true, .ecmdq_log2nump = 1, .ecmdq_log2numq = 4,
    .had = true, .xnx = true, .pps = true, .fwb = true, .stt = true, .ril = true, .bbml = 2,
    .e0pd = true, .ptwnnc = true, .pasidtt = true, .epan = true, .mteperm = true,
    .oas = 52, .gran4k = true, .gran16k = true, .gran64k = true, .ds = true, .vax = 52,
    .stall_max = 256,
    .pmcg = 8, .pmcg_size = 64, .pmcg_reloc = true, .pmcg_msi = true, .pmcg_capture = true,
};

/* QEMU 10.0, hw/arm/smmuv3 with stage=nested, as its guests see it in the ID registers */
static const SmmuConfig config_qemu = {
    .minor = 1,
    .s1p = true, .s2p = true, .cohacc = true, .hyp = false, .asid16 = true, .vmid16 = true,
    .stall_model = SMMU_STALL_OFF, .term_model = true, .st_level = 1,
    .sidsize = 16, .cmdqs = 19, .eventqs = 19,
    .had = true, .xnx = true, .ril = true, .bbml = 2,
    .oas = 44, .gran4k = true, .gran16k = true, .gran64k = true, .vax = 48,
};

/* Arm CoreLink MMU-600 (SMMUv3.1), from its technical reference manual */
static const SmmuConfig config_mmu600 = {
    .minor = 1, .iidr = 0x4830043b,
    .s1p = true, .s2p = true, .cohacc = true, .httu = SMMU_HTTU_AFDBM, .hyp = true,
    .ats = true, .asid16 = true, .msi = true, .pri = true, .vmw = true,
    .vmid16 = true, .cd2l = true, .stall_model = SMMU_STALL_ON, .st_level = 1,
    .sidsize = 24, .ssidsize = 20, .cmdqs = 19, .eventqs = 19, .priqs = 19,
    .attr_perms_ovr = true, .attr_types_ovr = true,
    .had = true, .xnx = true, .oas = 48, .gran4k = true, .gran16k = true, .gran64k = true,
    .vax = 48, .stall_max = 256,
    .pmcg = 4, .pmcg_size = 32, .pmcg_reloc = true, .pmcg_msi = true, .pmcg_capture = true,
    .pmcg_one_filter = true,
};

/* Arm CoreLink MMU-700 (SMMUv3.2), from its technical reference manual */
static const SmmuConfig config_mmu700 = {
    .minor = 2, .iidr = 0x4870043b,
    .s1p = true, .s2p = true, .cohacc = true, .httu = SMMU_HTTU_AFDBM, .hyp = true,
    .ats = true, .asid16 = true, .msi = true, .pri = true, .vmw = true,
    .vmid16 = true, .cd2l = true, .stall_model = SMMU_STALL_ON, .st_level = 1,
    .sidsize = 24, .ssidsize = 20, .cmdqs = 19, .eventqs = 19, .priqs = 19,
    .attr_perms_ovr = true, .attr_types_ovr = true,
    .ecmdq = true, .ecmdq_log2nump = 0, .ecmdq_log2numq = 4,
    .had = true, .xnx = true, .pps = true, .fwb = true, .stt = true, .ril = true, .bbml = 2,
    .oas = 52, .gran4k = true, .gran16k = true, .gran64k = true, .vax = 52, .stall_max = 256,
    .pmcg = 4, .pmcg_size = 32, .pmcg_reloc = true, .pmcg_msi = true, .pmcg_capture = true,
    .pmcg_one_filter = true,
};

static const SmmuConfig config_min = {
    .minor = 0,
    .s1p = true, .stall_model = SMMU_STALL_OFF, .term_model = true,
    .sidsize = 6, .cmdqs = 8, .eventqs = 7, .oas = 40, .gran4k = true, .vax = 48,
};

static const struct {
    const char *name;
    const SmmuConfig *config;
} named_configs[] = {
    { "max", &config_max },
    { "qemu", &config_qemu },
    { "mmu600", &config_mmu600 },
    { "mmu700", &config_mmu700 },
    { "min", &config_min },
};

bool smmu_config_named(SmmuConfig *c, const char *name)
{
    for (size_t i = 0; i < sizeof(named_configs) / sizeof(named_configs[0]); i++) {
        if (!strcmp(name, named_configs[i].name)) {
            *c = *named_configs[i].config;
            return true;
        }
    }
    return false;
}

const char *smmu_config_names(void)
{
    return "max, qemu, mmu600, mmu700, min";
}

/* ---- Checks ------------------------------------------------------------------------------- */

/** A numeric field and its range. */
typedef struct ConfigRange {
    const char *name;
    unsigned value, min, max;
} ConfigRange;

/** @broken if the first capability is on while a second it needs is not. */
typedef struct ConfigRule {
    bool broken;
    const char *text;
} ConfigRule;

/** A capability and the version that brought it (2.3-2.8). */
typedef struct ConfigSince {
    const char *text; /* as the user would write it */
    bool on;
    uint8_t minor;
} ConfigSince;

/** CFGR.SIZE (10.5.2.13). */
static bool config_pmcg_size_ok(const SmmuConfig *c)
{
    static const uint8_t sizes[] = { 32, 36, 40, 44, 48, 64 };

    for (size_t i = 0; i < sizeof(sizes); i++) {
        if (sizes[i] == c->pmcg_size) {
            return true;
        }
    }
    return !c->pmcg;
}

static bool config_check_ranges(const SmmuConfig *c, char *err, size_t size)
{
    const ConfigRange ranges[] = {
        { "minor", c->minor, 0, 4 },
        { "httu", c->httu, SMMU_HTTU_OFF, SMMU_HTTU_HAFT },
        { "stall_model", c->stall_model, SMMU_STALL_ON, SMMU_STALL_FORCE },
        { "st_level", c->st_level, 0, 1 },
        { "sidsize", c->sidsize, 0, 32 },
        { "ssidsize", c->ssidsize, 0, 20 },
        { "cmdqs", c->cmdqs, 0, 19 },
        { "eventqs", c->eventqs, 0, 19 },
        { "priqs", c->priqs, 0, 19 },
        { "bbml", c->bbml, 0, 2 },
        { "ecmdq_log2nump", c->ecmdq_log2nump, 0, 4 },
        { "ecmdq_log2numq", c->ecmdq_log2numq, 0, 8 },
        { "pmcg", c->pmcg, 0, PMCG_MAX_COUNTERS },
        { "stall_max", c->stall_max, c->stall_model == SMMU_STALL_OFF ? 0 : 1,
          c->stall_model == SMMU_STALL_OFF ? 0 : STALL_MAX_LIMIT },
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ranges[i].value < ranges[i].min || ranges[i].value > ranges[i].max) {
            snprintf(err, size, "%s=%u: must be %u to %u", ranges[i].name, ranges[i].value,
                     ranges[i].min, ranges[i].max);
            return false;
        }
    }
    if (!config_pmcg_size_ok(c)) {
        snprintf(err, size, "pmcg_size=%u: must be 32, 36, 40, 44, 48 or 64", c->pmcg_size);
        return false;
    }
    if (c->vax != 48 && c->vax != 52) {
        snprintf(err, size, "vax=%u: must be 48 or 52", c->vax);
        return false;
    }
    for (size_t i = 0; i < sizeof(size_bits); i++) {
        if (size_bits[i] == c->oas && c->oas <= 52) {
            return true;
        }
    }
    snprintf(err, size, "oas=%u: must be 32, 36, 40, 42, 44, 48 or 52", c->oas);
    return false;
}

/**
 * An SMMUv3.x has features of 3.(x + 1) at most (2.9); XNX and VAX are RES0 in v3.0 (6.3.4, 6.3.6).
 */
static bool config_check_version(const SmmuConfig *c, char *err, size_t size)
{
    const ConfigSince features[] = {
        { "xnx=on", c->xnx, 2 },
        { "vax=52", c->vax == 52, 2 },
        { "oas=52", c->oas == 52, 2 },
        { "fwb=on", c->fwb, 2 },
        { "stt=on", c->stt, 2 },
        { "ril=on", c->ril, 2 },
        { "bbml above 0", c->bbml, 2 },
        { "e0pd=on", c->e0pd, 3 },
        { "ptwnnc=on", c->ptwnnc, 3 },
        { "ecmdq=on", c->ecmdq, 3 },
        { "atsrecerr=on", c->atsrecerr, 3 },
        { "httu=haft", c->httu == SMMU_HTTU_HAFT, 4 },
        { "ds=on", c->ds, 4 },
        { "epan=on", c->epan, 4 },
        { "mteperm=on", c->mteperm, 4 },
        { "pasidtt=on", c->pasidtt, 4 },
    };

    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        if (features[i].on && c->minor + 1 < features[i].minor) {
            snprintf(err, size, "%s: needs minor=%u or above, not minor=%u", features[i].text,
                     features[i].minor - 1, c->minor);
            return false;
        }
    }
    return true;
}

bool smmu_config_check(const SmmuConfig *c, char *err, size_t size)
{
    bool wide_granule = c->gran64k || c->ds;
    const ConfigRule rules[] = {
        { !c->s1p && !c->s2p, "s1p=off, s2p=off: at least one stage must be on" },
        { c->hyp && !(c->s1p && c->s2p), "hyp=on: needs s1p=on and s2p=on" },
        { c->minor >= 2 && c->s1p && c->s2p && !c->hyp,
          "hyp=off: both stages from minor=2 on need hyp=on" },
        { c->ns1ats && !(c->ats && c->s1p && c->s2p), "ns1ats=on: needs ats=on and both stages" },
        { c->pri && !c->ats, "pri=on: needs ats=on" },
        { c->atsrecerr && !c->ats, "atsrecerr=on: needs ats=on" },
        { c->vmw && !c->s2p, "vmw=on: needs s2p=on" },
        { c->vatos && !(c->atos && c->s1p && c->s2p), "vatos=on: needs atos=on and both stages" },
        { c->ssidsize && !c->s1p, "ssidsize: substreams need s1p=on" },
        { c->cd2l && !c->ssidsize, "cd2l=on: needs ssidsize above 0" },
        { c->sidsize >= 7 && !c->st_level, "st_level=0: sidsize above 6 needs st_level=1" },
        { c->ecmdq && !(c->cohacc && c->msi), "ecmdq=on: needs cohacc=on and msi=on" },
        { c->pps && !(c->pri && c->ssidsize), "pps=on: needs pri=on and ssidsize above 0" },
        { c->pasidtt && !(c->ats && c->ssidsize),
          "pasidtt=on: needs ats=on and ssidsize above 0" },
        { c->xnx && !c->s2p, "xnx=on: needs s2p=on" },
        { c->had && !c->s1p, "had=on: needs s1p=on" },
        { c->ptwnnc && !c->s2p, "ptwnnc=on: needs s2p=on" },
        { c->mteperm && !c->s2p, "mteperm=on: needs s2p=on" },
        { c->minor >= 1 && c->s1p && !c->had, "had=off: stage 1 from minor=1 on needs had=on" },
        { c->minor >= 1 && c->s2p && !c->xnx, "xnx=off: stage 2 from minor=1 on needs xnx=on" },
        { c->minor >= 2 && !c->fwb, "fwb=off: minor=2 and above need fwb=on" },
        { c->minor >= 2 && !c->ril, "ril=off: minor=2 and above need ril=on" },
        { c->minor >= 2 && !c->bbml, "bbml=0: minor=2 and above need bbml=1 or 2" },
        { c->minor >= 3 && !c->e0pd, "e0pd=off: minor=3 and above need e0pd=on" },
        { c->minor >= 3 && c->s2p && !c->ptwnnc,
          "ptwnnc=off: stage 2 from minor=3 on needs ptwnnc=on" },
        { c->minor >= 4 && !c->epan, "epan=off: minor=4 and above need epan=on" },
        { c->minor >= 4 && c->s2p && !c->mteperm,
          "mteperm=off: stage 2 from minor=4 on needs mteperm=on" },
        { !c->gran4k && !c->gran16k && !c->gran64k,
          "gran4k=off, gran16k=off, gran64k=off: at least one granule must be on" },
        { c->ds && !(c->vax == 52 && (c->gran4k || c->gran16k)),
          "ds=on: needs vax=52 and gran4k=on or gran16k=on" },
        { c->vax == 52 && !wide_granule, "vax=52: needs gran64k=on or ds=on" },
        { c->oas == 52 && !wide_granule, "oas=52: needs gran64k=on or ds=on" },
    };

    if (!config_check_ranges(c, err, size) || !config_check_version(c, err, size)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].broken) {
            snprintf(err, size, "%s", rules[i].text);
            return false;
        }
    }
    return true;
}

void smmu_config_trim(SmmuConfig *c)
{
    if (c->minor < 1) {
        c->xnx = c->fwb = c->stt = c->ril = false;
        c->bbml = 0;
        c->vax = 48;
        c->oas = c->oas < 48 ? c->oas : 48;
    }
    if (c->minor < 2) {
        c->e0pd = c->ptwnnc = c->ecmdq = c->atsrecerr = false;
    }
    if (c->minor < 3) {
        c->httu = c->httu < SMMU_HTTU_AFDBM ? c->httu : SMMU_HTTU_AFDBM;
        c->ds = c->epan = c->mteperm = c->pasidtt = false;
    }
}

void smmu_config_fit(SmmuConfig *c, uint64_t bytes)
{
    if (smmu_mmio_size(c) <= bytes) {
        return;
    }
    c->ecmdq = false;
    if (smmu_mmio_size(c) > bytes) {
        c->vatos = false;
    }
}

uint64_t smmu_mmio_size(const SmmuConfig *c)
{
    uint64_t pages = c->vatos ? 1 : 0;

    if (c->ecmdq) {
        pages += 1u << c->ecmdq_log2nump;
    }
    return SMMU_FIRST_EXTRA_PAGE + pages * SMMU_PAGE_BYTES;
}

/* ---- Encodings ---------------------------------------------------------------------------- */

uint8_t smmu_size_bits(const SmmuConfig *c, uint64_t encoding)
{
    uint8_t bits = size_bits[encoding & 7];

    if (c->minor == 0 && bits > 48) {
        bits = 48; /* v3.0: the encodings above act as 48 bits (5.2, S2PS) */
    }
    return bits < c->oas ? bits : c->oas;
}

static uint8_t granule_if_on(const SmmuConfig *c, uint8_t lg2)
{
    bool on = lg2 == 12 ? c->gran4k : lg2 == 14 ? c->gran16k : c->gran64k;

    return on ? lg2 : 0;
}

uint8_t smmu_tg0_lg2(const SmmuConfig *c, uint64_t tg)
{
    switch (tg) {
    case TG0_4K:
        return granule_if_on(c, 12);
    case TG0_64K:
        return granule_if_on(c, 16);
    case TG0_16K:
        return granule_if_on(c, 14);
    default:
        return 0;
    }
}

uint8_t smmu_tg1_lg2(const SmmuConfig *c, uint64_t tg)
{
    switch (tg) {
    case TG1_16K:
        return granule_if_on(c, 14);
    case TG1_4K:
        return granule_if_on(c, 12);
    case TG1_64K:
        return granule_if_on(c, 16);
    default:
        return 0;
    }
}

uint8_t smmu_min_granule(const SmmuConfig *c)
{
    return c->gran4k ? 12 : c->gran16k ? 14 : 16;
}

static unsigned oas_encoding(const SmmuConfig *c)
{
    unsigned i = 0;

    while (size_bits[i] != c->oas) {
        i++;
    }
    return i;
}

/* ---- ID registers ------------------------------------------------------------------------- */

static uint64_t idr0(const SmmuConfig *c)
{
    return reg_make(IDR0_S2P, c->s2p) | reg_make(IDR0_S1P, c->s1p) |
           reg_make(IDR0_TTF, IDR0_TTF_AARCH64) | reg_make(IDR0_COHACC, c->cohacc) |
           reg_make(IDR0_HTTU, c->httu) | reg_make(IDR0_HYP, c->hyp) |
           reg_make(IDR0_ATS, c->ats) | reg_make(IDR0_NS1ATS, c->ns1ats) |
           reg_make(IDR0_ASID16, c->asid16) | reg_make(IDR0_MSI, c->msi) |
           reg_make(IDR0_ATOS, c->atos) |
           reg_make(IDR0_PRI, c->pri) | reg_make(IDR0_VMW, c->vmw) |
           reg_make(IDR0_VMID16, c->vmid16) | reg_make(IDR0_CD2L, c->cd2l) |
           reg_make(IDR0_VATOS, c->vatos) | reg_make(IDR0_TTENDIAN, IDR0_TTENDIAN_LITTLE) |
           reg_make(IDR0_ATSRECERR, c->atsrecerr) |
           reg_make(IDR0_STALL_MODEL, c->stall_model) |
           reg_make(IDR0_TERM_MODEL, c->term_model) | reg_make(IDR0_ST_LEVEL, c->st_level);
}

static uint64_t idr1(const SmmuConfig *c)
{
    return reg_make(IDR1_SIDSIZE, c->sidsize) | reg_make(IDR1_SSIDSIZE, c->ssidsize) |
           reg_make(IDR1_PRIQS, c->pri ? c->priqs : 0) | reg_make(IDR1_EVENTQS, c->eventqs) |
           reg_make(IDR1_CMDQS, c->cmdqs) | reg_make(IDR1_ATTR_PERMS_OVR, c->attr_perms_ovr) |
           reg_make(IDR1_ATTR_TYPES_OVR, c->attr_types_ovr) | reg_make(IDR1_ECMDQ, c->ecmdq);
}

static uint64_t idr3(const SmmuConfig *c)
{
    return reg_make(IDR3_HAD, c->had) | reg_make(IDR3_XNX, c->xnx) | reg_make(IDR3_PPS, c->pps) |
           reg_make(IDR3_FWB, c->fwb) | reg_make(IDR3_STT, c->stt) | reg_make(IDR3_RIL, c->ril) |
           reg_make(IDR3_BBML, c->bbml) | reg_make(IDR3_E0PD, c->e0pd) |
           reg_make(IDR3_PTWNNC, c->ptwnnc) | reg_make(IDR3_PASIDTT, c->pasidtt) |
           reg_make(IDR3_EPAN, c->epan) | reg_make(IDR3_MTEPERM, c->mteperm);
}

static uint64_t idr5(const SmmuConfig *c)
{
    return reg_make(IDR5_OAS, oas_encoding(c)) | reg_make(IDR5_GRAN4K, c->gran4k) |
           reg_make(IDR5_GRAN16K, c->gran16k) | reg_make(IDR5_GRAN64K, c->gran64k) |
           reg_make(IDR5_DS, c->ds) | reg_make(IDR5_VAX, c->vax == 52) |
           reg_make(IDR5_STALL_MAX, c->stall_max);
}

void smmu_config_id_registers(const SmmuConfig *c, uint64_t cell[SMMU_CELLS])
{
    cell[CELL_IDR0] = idr0(c);
    cell[CELL_IDR1] = idr1(c);
    cell[CELL_IDR2] = 0; /* BA_VATOS: the VATOS page is the first one */
    cell[CELL_IDR3] = idr3(c);
    cell[CELL_IDR4] = 0;
    cell[CELL_IDR5] = idr5(c);
    cell[CELL_IDR6] = c->ecmdq ? reg_make(IDR6_LOG2NUMQ, c->ecmdq_log2numq) |
                                 reg_make(IDR6_LOG2NUMP, c->ecmdq_log2nump) : 0;
    cell[CELL_IIDR] = c->iidr;
    cell[CELL_AIDR] = c->minor;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: what a unit advertises - named sets, consistency, CAP and ECAP [11.4.1-11.4.3].
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vtd-model.h"

#define FRO_LOW  0x220u  /* between the MTRRs and the performance monitoring block */
#define FRO_MID  0x600u
#define FRO_HIGH 0x1000u /* second page */
#define IRO_LOW  0x0f0u

static const VtdConfig config_qemu = {
    .name = "qemu",
    .ver_max = 1, .ver_min = 0,
    .haw = 48,
    .nd = 6,
    .sagaw = 0x6,
    .mgaw = 48,
    .sslps = 3,
    .psi = true,
    .nfr = 1,
    .mamv = 18,
    .dwd = true, .drd = true,
    .qi = true,
    .ir = true, .eim = true,
    .pt = true,
    .mhmv = 15,
};

/* CAP 19ED008C40780C66h, ECAP 0003EE9E86F050DFh. */
static const VtdConfig config_spr = {
    .name = "spr",
    .ver_max = 6, .ver_min = 0,
    .haw = 52,
    .nd = 6,
    .plmr = true, .phmr = true,
    .sagaw = 0xc,
    .mgaw = 57,
    .zlr = true,
    .sslps = 3,
    .psi = true,
    .nfr = 1,
    .fro = 0x40,
    .mamv = 45,
    .dwd = true, .drd = true,
    .fs1gp = true, .fs5lp = true,
    .pi = true,
    .c = true,
    .qi = true, .dt = true,
    .ir = true, .eim = true,
    .pt = true, .sc = true,
    .iro = 0x50,
    .mhmv = 15,
    .mts = true,
    .nest = true,
    .srs = true,
    .nwfs = true, .eafs = true,
    .pss = 19,
    .dit = true, .pds = true,
    .smts = true,
    .ssads = true, .ssts = true, .fsts = true,
    .smpwcs = true,
    .rps = true,
};

/*
 * EIMER and IRREQ stay clear: they are no abilities but refuse what firmware does before the
 * operating system takes over. CM stays clear: hardware has no use for it.
 */
static const VtdConfig config_max = {
    .name = "max",
    .ver_max = 8, .ver_min = 0,
    .haw = 52,
    .nd = 6,
    .plmr = true, .phmr = true,
    .sagaw = 0xe,
    .mgaw = 57,
    .zlr = true,
    .sslps = 3,
    .psi = true,
    .nfr = 8,
    .mamv = 45,
    .dwd = true, .drd = true,
    .fs1gp = true, .fs5lp = true,
    .pi = true,
    .esirtps = true, .esrtps = true,
    .ecmds = true, .pms = true, .pmc = 8,
    .c = true,
    .qi = true, .dt = true,
    .ir = true, .eim = true,
    .pt = true, .sc = true,
    .mhmv = 15,
    .mts = true,
    .nest = true,
    .prs = true,
    .srs = true,
    .nwfs = true, .eafs = true,
    .pss = 19,
    .pasid = true,
    .dit = true, .pds = true,
    .smts = true,
    .ssads = true, .ssts = true, .fsts = true,
    .smpwcs = true,
    .rps = true, .rprivs = true,
    .adms = true,
    .ptrs = true,
    .ssirws = true,
    .sms = true,
};

static const VtdConfig *const config_sets[] = { &config_qemu, &config_spr, &config_max };

bool vtd_config_named(VtdConfig *cfg, const char *name)
{
    for (size_t i = 0; i < sizeof(config_sets) / sizeof(config_sets[0]); i++) {
        if (!strcmp(config_sets[i]->name, name)) {
            *cfg = *config_sets[i];
            return true;
        }
    }
    return false;
}

const char *vtd_config_names(void)
{
    return "qemu, spr, max";
}

/* Offset of FRCD[0]: as asked for, or the first place that holds all of them. */
static unsigned config_fro(const VtdConfig *cfg)
{
    if (cfg->fro) {
        return cfg->fro * 16u;
    }
    if (cfg->nfr <= 14) {
        return FRO_LOW;
    }
    return cfg->nfr <= 160 ? FRO_MID : FRO_HIGH;
}

static unsigned config_iro(const VtdConfig *cfg)
{
    return cfg->iro ? cfg->iro * 16u : IRO_LOW;
}

void vtd_config_settle(VtdConfig *cfg)
{
    cfg->fro = config_fro(cfg) / 16;
    cfg->iro = config_iro(cfg) / 16;
}

uint64_t vtd_config_mmio_size(const VtdConfig *cfg)
{
    unsigned end = config_fro(cfg) + cfg->nfr * 16u;

    if (cfg->pms) {
        return VTD_PERF_END;
    }
    return end > VTD_PAGE_BYTES || config_iro(cfg) >= VTD_PAGE_BYTES ? 2 * VTD_PAGE_BYTES
                                                                    : VTD_PAGE_BYTES;
}

static bool complain(char *err, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool complain(char *err, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(err, size, fmt, ap);
    va_end(ap);
    return false;
}

/* A capability that must be clear unless what it builds on is set. */
typedef struct Dependency {
    const char *name;
    bool set;
    const char *needs;
    bool met;
} Dependency;

static bool config_check_dependencies(const VtdConfig *c, char *err, size_t size)
{
    const Dependency deps[] = {
        { "dt", c->dt, "qi=on", c->qi },
        { "ir", c->ir, "qi=on", c->qi },
        { "eim", c->eim, "ir=on", c->ir },
        { "pi", c->pi, "ir=on", c->ir },
        { "eimer", c->eimer, "eim=on", c->eim },
        { "irreq", c->irreq, "ir=on", c->ir },
        { "smts", c->smts, "qi=on", c->qi },
        { "smts", c->smts, "rwbf=off", !c->rwbf },
        { "fsts", c->fsts, "smts=on", c->smts },
        { "mts", c->mts, "smts=on", c->smts },
        { "nest", c->nest, "smts=on, fsts=on and ssts=on", c->smts && c->fsts && c->ssts },
        { "prs", c->prs, "dt=on and smts=on", c->dt && c->smts },
        { "srs", c->srs, "smts=on", c->smts },
        { "nwfs", c->nwfs, "dt=on", c->dt },
        { "smpwcs", c->smpwcs, "smts=on", c->smts },
        { "eafs", c->eafs, "fsts=on and smpwcs=on", c->fsts && c->smpwcs },
        { "pss", c->pss != 0, "smts=on", c->smts },
        { "pasid", c->pasid, "smts=on", c->smts },
        { "dit", c->dit, "dt=on", c->dt },
        { "pds", c->pds, "dt=on", c->dt },
        { "ssads", c->ssads, "smpwcs=on and ssts=on", c->smpwcs && c->ssts },
        { "rps", c->rps, "smts=on", c->smts },
        { "rprivs", c->rprivs, "srs=on", c->srs },
        { "ptrs", c->ptrs, "dt=on and pasid=on", c->dt && c->pasid },
        { "ssirws", c->ssirws, "ssts=on", c->ssts },
        { "sms", c->sms, "prs=on", c->prs },
        { "fs1gp", c->fs1gp, "fsts=on", c->fsts },
        { "fs5lp", c->fs5lp, "fsts=on", c->fsts },
        { "mhmv", c->mhmv != 0, "ir=on", c->ir },
        { "pms", c->pms, "ecmds=on", c->ecmds },
    };

    for (size_t i = 0; i < sizeof(deps) / sizeof(deps[0]); i++) {
        if (deps[i].set && !deps[i].met) {
            return complain(err, size, "%s needs %s", deps[i].name, deps[i].needs);
        }
    }
    return true;
}

static bool config_check_ranges(const VtdConfig *c, char *err, size_t size)
{
    const struct {
        const char *name;
        unsigned value, min, max;
    } ranges[] = {
        { "version (major)", c->ver_max, 1, 15 },
        { "version (minor)", c->ver_min, 0, 15 },
        { "haw", c->haw, 32, 52 },
        { "nd", c->nd, 0, 6 },
        { "mgaw", c->mgaw, 32, 57 },
        { "nfr", c->nfr, 1, VTD_MAX_FRCD },
        { "mamv", c->mamv, 0, 63 },
        { "mhmv", c->mhmv, 0, 15 },
        { "pss", c->pss, 0, 19 },
        { "pmc", c->pmc, c->pms, VTD_PERF_COUNTERS_MAX },
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ranges[i].value < ranges[i].min || ranges[i].value > ranges[i].max) {
            return complain(err, size, "%s=%u: must be %u to %u", ranges[i].name,
                            ranges[i].value, ranges[i].min, ranges[i].max);
        }
    }
    if (c->sagaw & ~0xeu) {
        return complain(err, size, "sagaw=0x%x: must be a combination of 0x2, 0x4 and 0x8",
                        c->sagaw);
    }
    /* A unit without second stage remaps interrupts, and may have a first stage. */
    if (!c->sagaw && c->ssts) {
        return complain(err, size, "sagaw=0: needs ssts=off");
    }
    if (c->sslps != 0 && c->sslps != 1 && c->sslps != 3) {
        return complain(err, size, "sslps=%u: must be 0, 1 or 3", c->sslps);
    }
    return true;
}

/* Whether [@first, @end) reaches into performance monitoring's or enhanced commands' registers. */
static bool overlaps_fixed(const VtdConfig *c, unsigned first, unsigned end)
{
    return (c->pms && first < VTD_REG_PERF_END && VTD_REG_PERFCAP < end) ||
           (c->ecmds && first < VTD_REG_ECMD_END && VTD_REG_ECMD < end);
}

/* The blocks whose place may be chosen must lie on unused offsets. */
static bool config_check_places(const VtdConfig *c, char *err, size_t size)
{
    unsigned fro = config_fro(c), fro_end = fro + c->nfr * 16u;
    unsigned iro = config_iro(c), iro_end = iro + 16;
    unsigned fixed_end = c->mts ? VTD_REG_MTRR_END : VTD_REG_PEUADDR + 4;

    if (c->fro > field_max(VTD_CAP_FRO) || c->iro > field_max(VTD_ECAP_IRO)) {
        return complain(err, size, "%s=0x%x: must be 0 to 0x3ff",
                        c->fro > field_max(VTD_CAP_FRO) ? "fro" : "iro",
                        c->fro > field_max(VTD_CAP_FRO) ? c->fro : c->iro);
    }
    if (fro < fixed_end || fro_end > VTD_MMIO_MAX_BYTES) {
        return complain(err, size,
                        "fro=0x%x: %u records there leave the free offsets 0x%x to 0x%x",
                        fro / 16, c->nfr, fixed_end, VTD_MMIO_MAX_BYTES - 1);
    }
    if (iro_end > VTD_MMIO_MAX_BYTES || (iro < fixed_end && iro != IRO_LOW)) {
        return complain(err, size, "iro=0x%x: must be 0xf or a place in 0x%x to 0x%x",
                        iro / 16, fixed_end, VTD_MMIO_MAX_BYTES - 1);
    }
    if (overlaps_fixed(c, fro, fro_end) || overlaps_fixed(c, iro, iro_end)) {
        return complain(err, size, "%s=0x%x: 0x300 to 0x44f are registers of pms and ecmds",
                        overlaps_fixed(c, fro, fro_end) ? "fro" : "iro",
                        overlaps_fixed(c, fro, fro_end) ? fro / 16 : iro / 16);
    }
    if (iro < fro_end && fro < iro_end) {
        return complain(err, size, "iro=0x%x: fault recording registers occupy 0x%x to 0x%x",
                        iro / 16, fro, fro_end - 1);
    }
    return true;
}

bool vtd_config_check(const VtdConfig *cfg, char *err, size_t size)
{
    return config_check_ranges(cfg, err, size) && config_check_dependencies(cfg, err, size) &&
           config_check_places(cfg, err, size);
}

uint64_t vtd_config_cap(const VtdConfig *c)
{
    uint64_t v = 0;

    v = reg_set(v, VTD_CAP_ND, c->nd);
    v = reg_set(v, VTD_CAP_RWBF, c->rwbf);
    v = reg_set(v, VTD_CAP_PLMR, c->plmr);
    v = reg_set(v, VTD_CAP_PHMR, c->phmr);
    v = reg_set(v, VTD_CAP_CM, c->cm);
    v = reg_set(v, VTD_CAP_SAGAW, c->sagaw);
    v = reg_set(v, VTD_CAP_MGAW, c->mgaw - 1);
    v = reg_set(v, VTD_CAP_ZLR, c->zlr);
    v = reg_set(v, VTD_CAP_FRO, config_fro(c) / 16);
    v = reg_set(v, VTD_CAP_SSLPS, c->sslps);
    v = reg_set(v, VTD_CAP_PSI, c->psi);
    v = reg_set(v, VTD_CAP_NFR, c->nfr - 1);
    v = reg_set(v, VTD_CAP_MAMV, c->mamv);
    v = reg_set(v, VTD_CAP_DWD, c->dwd || c->ver_max >= 2);
    v = reg_set(v, VTD_CAP_DRD, c->drd || c->ver_max >= 2);
    v = reg_set(v, VTD_CAP_FS1GP, c->fs1gp);
    v = reg_set(v, VTD_CAP_PI, c->pi);
    v = reg_set(v, VTD_CAP_FS5LP, c->fs5lp);
    v = reg_set(v, VTD_CAP_ECMDS, c->ecmds);
    v = reg_set(v, VTD_CAP_ESIRTPS, c->esirtps);
    v = reg_set(v, VTD_CAP_ESRTPS, c->esrtps);
    return v;
}

uint64_t vtd_config_ecap(const VtdConfig *c)
{
    uint64_t v = 0;

    v = reg_set(v, VTD_ECAP_C, c->c);
    v = reg_set(v, VTD_ECAP_QI, c->qi);
    v = reg_set(v, VTD_ECAP_DT, c->dt);
    v = reg_set(v, VTD_ECAP_IR, c->ir);
    v = reg_set(v, VTD_ECAP_EIM, c->eim);
    v = reg_set(v, VTD_ECAP_PT, c->pt);
    v = reg_set(v, VTD_ECAP_SC, c->sc);
    v = reg_set(v, VTD_ECAP_IRO, config_iro(c) / 16);
    v = reg_set(v, VTD_ECAP_MHMV, c->mhmv);
    v = reg_set(v, VTD_ECAP_MTS, c->mts);
    v = reg_set(v, VTD_ECAP_NEST, c->nest);
    v = reg_set(v, VTD_ECAP_PRS, c->prs);
    v = reg_set(v, VTD_ECAP_SRS, c->srs);
    v = reg_set(v, VTD_ECAP_NWFS, c->nwfs);
    v = reg_set(v, VTD_ECAP_EAFS, c->eafs);
    v = reg_set(v, VTD_ECAP_PSS, c->pss);
    v = reg_set(v, VTD_ECAP_PASID, c->pasid);
    v = reg_set(v, VTD_ECAP_DIT, c->dit);
    v = reg_set(v, VTD_ECAP_PDS, c->pds);
    v = reg_set(v, VTD_ECAP_SMTS, c->smts);
    v = reg_set(v, VTD_ECAP_SSADS, c->ssads);
    v = reg_set(v, VTD_ECAP_SSTS, c->ssts);
    v = reg_set(v, VTD_ECAP_FSTS, c->fsts);
    v = reg_set(v, VTD_ECAP_SMPWCS, c->smpwcs);
    v = reg_set(v, VTD_ECAP_RPS, c->rps);
    v = reg_set(v, VTD_ECAP_PMS, c->pms);
    v = reg_set(v, VTD_ECAP_ADMS, c->adms);
    v = reg_set(v, VTD_ECAP_RPRIVS, c->rprivs);
    v = reg_set(v, VTD_ECAP_PTRS, c->ptrs);
    v = reg_set(v, VTD_ECAP_SSIRWS, c->ssirws);
    v = reg_set(v, VTD_ECAP_SMS, c->sms);
    v = reg_set(v, VTD_ECAP_EIMER, c->eimer);
    v = reg_set(v, VTD_ECAP_IRREQ, c->irreq);
    return v;
}

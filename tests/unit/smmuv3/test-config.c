/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ID registers may say together (IHI 0070 2.2-2.9, 6.3.1-6.3.8): every rule between two fields
 * is broken once, and the message must name the culprit and what it needs; and trimming to each
 * version must give a legal set.
 */
#include "fixture.h"

/** @edit breaks one rule of a legal set ("max" if @base is NULL). */
typedef struct Broken {
    const char *path;
    const char *base;
    FixEdit *edit;
    const char *culprit; /* "property=value" or its name, as the message starts */
    const char *needs;   /* what it says is needed */
} Broken;

#define EDIT(name, ...)                     \
    static void edit_##name(SmmuConfig *c)  \
    {                                       \
        __VA_ARGS__;                        \
    }

/* Fields of IDR0 */
EDIT(no_stage, c->s1p = c->s2p = false)
EDIT(hyp_s1, c->s2p = false)
EDIT(hyp_s2, c->s1p = false)
EDIT(no_hyp_v32, c->hyp = false)
EDIT(pri, c->ats = false)
EDIT(atsrecerr, c->ats = c->pri = c->pps = c->pasidtt = false)
EDIT(ns1ats_no_ats, c->ats = c->pri = c->pps = c->pasidtt = c->atsrecerr = false; c->ns1ats = true)
EDIT(ns1ats_one_stage, c->s2p = c->hyp = false; c->ns1ats = true)
EDIT(vmw, c->s2p = c->hyp = false)
EDIT(vatos, c->atos = false)
EDIT(vatos_one_stage, c->s2p = c->hyp = c->vmw = false)
EDIT(st_level, c->st_level = 0)
EDIT(sid7_linear, c->st_level = 0; c->sidsize = 7)
/* IDR1 */
EDIT(ecmdq_cohacc, c->cohacc = false)
EDIT(ecmdq_msi, c->msi = false)
EDIT(ssid_no_stage1, c->s1p = c->hyp = c->vatos = c->had = false)
EDIT(cd2l, c->ssidsize = 0; c->pps = c->pasidtt = false)
/* IDR3: what it takes */
EDIT(pps_pri, c->pri = false)
EDIT(pps_ssid, c->ssidsize = 0; c->cd2l = c->pasidtt = false)
EDIT(pasidtt_ssid, c->ssidsize = 0; c->cd2l = c->pps = false)
EDIT(pasidtt_ats, c->ats = c->pri = c->pps = c->atsrecerr = false)
EDIT(xnx, c->s2p = c->hyp = c->vmw = c->vatos = false)
EDIT(ptwnnc, c->s2p = c->hyp = c->vmw = c->vatos = c->xnx = false)
EDIT(mteperm, c->s2p = c->hyp = c->vmw = c->vatos = c->xnx = c->ptwnnc = false)
EDIT(had_no_stage1, c->s1p = c->hyp = c->vatos = c->cd2l = c->pps = c->pasidtt = false;
     c->ssidsize = 0)
/* IDR3: mandatory from a version on */
EDIT(no_had, c->had = false)
EDIT(no_xnx, c->xnx = false)
EDIT(no_fwb, c->fwb = false)
EDIT(no_fwb_s1, c->s2p = c->hyp = c->vmw = c->vatos = c->xnx = c->ptwnnc = c->mteperm = false;
     c->fwb = false)
EDIT(no_ril, c->ril = false)
EDIT(no_bbml, c->bbml = 0)
EDIT(vax_50, c->vax = 50)
EDIT(no_e0pd, c->e0pd = false)
EDIT(no_ptwnnc, c->ptwnnc = false)
EDIT(no_epan, c->epan = false)
EDIT(no_mteperm, c->mteperm = false)
/* IDR5 */
EDIT(no_granule, c->gran4k = c->gran16k = c->gran64k = false; c->ds = false)
EDIT(ds_vax, c->vax = 48)
EDIT(ds_64k_only, c->gran4k = c->gran16k = false)
EDIT(vax_granule, c->gran64k = c->ds = false; c->oas = 48)
EDIT(oas_granule, c->gran64k = c->ds = false; c->vax = 48)
EDIT(stall_max_without, c->stall_model = SMMU_STALL_OFF)
EDIT(stall_max_none, c->stall_max = 0)
/* Newer than the version after its own */
EDIT(v30_xnx, c->minor = 0; smmu_config_trim(c); c->xnx = true)
EDIT(v30_vax, c->minor = 0; smmu_config_trim(c); c->vax = 52)
EDIT(v30_oas, c->minor = 0; smmu_config_trim(c); c->oas = 52)
EDIT(v30_fwb, c->minor = 0; smmu_config_trim(c); c->fwb = true)
EDIT(v30_stt, c->minor = 0; smmu_config_trim(c); c->stt = true)
EDIT(v30_ril, c->minor = 0; smmu_config_trim(c); c->ril = true)
EDIT(v30_bbml, c->minor = 0; smmu_config_trim(c); c->bbml = 1)
EDIT(v31_e0pd, c->minor = 1; smmu_config_trim(c); c->e0pd = true)
EDIT(v31_ptwnnc, c->minor = 1; smmu_config_trim(c); c->ptwnnc = true)
EDIT(v31_ecmdq, c->minor = 1; smmu_config_trim(c); c->ecmdq = true)
EDIT(v31_atsrecerr, c->minor = 1; smmu_config_trim(c); c->atsrecerr = true)
EDIT(v32_haft, c->minor = 2; smmu_config_trim(c); c->httu = SMMU_HTTU_HAFT)
EDIT(v32_ds, c->minor = 2; smmu_config_trim(c); c->ds = true)
EDIT(v32_epan, c->minor = 2; smmu_config_trim(c); c->epan = true)
EDIT(v32_mteperm, c->minor = 2; smmu_config_trim(c); c->mteperm = true)
EDIT(v32_pasidtt, c->minor = 2; smmu_config_trim(c); c->pasidtt = true)

static const Broken broken[] = {
    { "/smmuv3/config/ID1-one-stage-at-least", NULL, edit_no_stage, "s1p=off, s2p=off", "stage" },
    { "/smmuv3/config/ID1-hyp-needs-stage2", NULL, edit_hyp_s1, "hyp=on", "s2p=on" },
    { "/smmuv3/config/ID1-hyp-needs-stage1", NULL, edit_hyp_s2, "hyp=on", "s1p=on" },
    { "/smmuv3/config/ID1-hyp-from-v32", NULL, edit_no_hyp_v32, "hyp=off", "hyp=on" },
    { "/smmuv3/config/ID1-pri-needs-ats", NULL, edit_pri, "pri=on", "ats=on" },
    { "/smmuv3/config/ID1-atsrecerr-needs-ats", NULL, edit_atsrecerr, "atsrecerr=on", "ats=on" },
    { "/smmuv3/config/ID1-ns1ats-needs-ats", NULL, edit_ns1ats_no_ats, "ns1ats=on", "ats=on" },
    { "/smmuv3/config/ID1-ns1ats-needs-both-stages", NULL, edit_ns1ats_one_stage, "ns1ats=on",
      "both stages" },
    { "/smmuv3/config/ID1-vmw-needs-stage2", NULL, edit_vmw, "vmw=on", "s2p=on" },
    { "/smmuv3/config/ID1-vatos-needs-atos", NULL, edit_vatos, "vatos=on", "atos=on" },
    { "/smmuv3/config/ID1-vatos-needs-both-stages", NULL, edit_vatos_one_stage, "vatos=on",
      "both stages" },
    { "/smmuv3/config/ID2-st-level", NULL, edit_st_level, "st_level=0", "st_level=1" },
    { "/smmuv3/config/ID2-sidsize-7-linear", NULL, edit_sid7_linear, "st_level=0", "st_level=1" },
    { "/smmuv3/config/ID2-ecmdq-needs-cohacc", NULL, edit_ecmdq_cohacc, "ecmdq=on", "cohacc=on" },
    { "/smmuv3/config/ID2-ecmdq-needs-msi", NULL, edit_ecmdq_msi, "ecmdq=on", "msi=on" },
    { "/smmuv3/config/ID2-ssidsize-needs-stage1", NULL, edit_ssid_no_stage1, "ssidsize", "s1p=on" },
    { "/smmuv3/config/ID1-cd2l-needs-ssidsize", NULL, edit_cd2l, "cd2l=on", "ssidsize" },
    { "/smmuv3/config/ID4-pps-needs-pri", NULL, edit_pps_pri, "pps=on", "pri=on" },
    { "/smmuv3/config/ID4-pps-needs-ssidsize", NULL, edit_pps_ssid, "pps=on", "ssidsize" },
    { "/smmuv3/config/ID4-pasidtt-needs-ssidsize", NULL, edit_pasidtt_ssid, "pasidtt=on",
      "ssidsize" },
    { "/smmuv3/config/ID4-pasidtt-needs-ats", NULL, edit_pasidtt_ats, "pasidtt=on", "ats=on" },
    { "/smmuv3/config/ID4-xnx-needs-stage2", NULL, edit_xnx, "xnx=on", "s2p=on" },
    { "/smmuv3/config/ID4-ptwnnc-needs-stage2", NULL, edit_ptwnnc, "ptwnnc=on", "s2p=on" },
    { "/smmuv3/config/ID4-mteperm-needs-stage2", NULL, edit_mteperm, "mteperm=on", "s2p=on" },
    { "/smmuv3/config/ID4-had-needs-stage1", NULL, edit_had_no_stage1, "had=on", "s1p=on" },
    { "/smmuv3/config/ID5-had-from-v31", NULL, edit_no_had, "had=off", "had=on" },
    { "/smmuv3/config/ID5-xnx-from-v31", NULL, edit_no_xnx, "xnx=off", "xnx=on" },
    { "/smmuv3/config/ID5-xnx-from-v31-mmu600", "mmu600", edit_no_xnx, "xnx=off", "xnx=on" },
    { "/smmuv3/config/ID5-fwb-from-v32", "mmu700", edit_no_fwb, "fwb=off", "fwb=on" },
    { "/smmuv3/config/ID5-fwb-from-v32-without-stage2", NULL, edit_no_fwb_s1, "fwb=off", "fwb=on" },
    { "/smmuv3/config/ID5-ril-from-v32", "mmu700", edit_no_ril, "ril=off", "ril=on" },
    { "/smmuv3/config/ID5-bbml-from-v32", "mmu700", edit_no_bbml, "bbml=0", "bbml=1 or 2" },
    { "/smmuv3/config/ID5-e0pd-from-v33", NULL, edit_no_e0pd, "e0pd=off", "e0pd=on" },
    { "/smmuv3/config/ID5-ptwnnc-from-v33", NULL, edit_no_ptwnnc, "ptwnnc=off", "ptwnnc=on" },
    { "/smmuv3/config/ID5-epan-from-v34", NULL, edit_no_epan, "epan=off", "epan=on" },
    { "/smmuv3/config/ID5-mteperm-from-v34", NULL, edit_no_mteperm, "mteperm=off", "mteperm=on" },
    { "/smmuv3/config/ID6-one-granule-at-least", NULL, edit_no_granule, "gran4k=off", "granule" },
    { "/smmuv3/config/ID6-vax-of-two", NULL, edit_vax_50, "vax=50", "48 or 52" },
    { "/smmuv3/config/ID6-ds-needs-vax", NULL, edit_ds_vax, "ds=on", "vax=52" },
    { "/smmuv3/config/ID6-ds-needs-4k-or-16k", NULL, edit_ds_64k_only, "ds=on", "gran4k=on" },
    { "/smmuv3/config/ID6-vax-needs-64k-or-ds", NULL, edit_vax_granule, "vax=52", "gran64k=on" },
    { "/smmuv3/config/ID6-oas-needs-64k-or-ds", NULL, edit_oas_granule, "oas=52", "gran64k=on" },
    { "/smmuv3/config/ID7-stall-max-without-stalls", NULL, edit_stall_max_without,
      "stall_max=256", "0 to 0" },
    { "/smmuv3/config/ID7-stalls-without-stall-max", NULL, edit_stall_max_none, "stall_max=0",
      "1 to 4096" },
    { "/smmuv3/config/ID4-v30-no-xnx", NULL, edit_v30_xnx, "xnx=on", "minor=1" },
    { "/smmuv3/config/ID6-v30-no-vax", NULL, edit_v30_vax, "vax=52", "minor=1" },
    { "/smmuv3/config/ID6-v30-no-oas-52", NULL, edit_v30_oas, "oas=52", "minor=1" },
    { "/smmuv3/config/ID9-v30-no-fwb", NULL, edit_v30_fwb, "fwb=on", "minor=1" },
    { "/smmuv3/config/ID9-v30-no-stt", NULL, edit_v30_stt, "stt=on", "minor=1" },
    { "/smmuv3/config/ID9-v30-no-ril", NULL, edit_v30_ril, "ril=on", "minor=1" },
    { "/smmuv3/config/ID9-v30-no-bbml", NULL, edit_v30_bbml, "bbml", "minor=1" },
    { "/smmuv3/config/ID9-v31-no-e0pd", NULL, edit_v31_e0pd, "e0pd=on", "minor=2" },
    { "/smmuv3/config/ID9-v31-no-ptwnnc", NULL, edit_v31_ptwnnc, "ptwnnc=on", "minor=2" },
    { "/smmuv3/config/ID9-v31-no-ecmdq", NULL, edit_v31_ecmdq, "ecmdq=on", "minor=2" },
    { "/smmuv3/config/ID9-v31-no-atsrecerr", NULL, edit_v31_atsrecerr, "atsrecerr=on", "minor=2" },
    { "/smmuv3/config/ID9-v32-no-haft", NULL, edit_v32_haft, "httu=haft", "minor=3" },
    { "/smmuv3/config/ID9-v32-no-ds", NULL, edit_v32_ds, "ds=on", "minor=3" },
    { "/smmuv3/config/ID9-v32-no-epan", NULL, edit_v32_epan, "epan=on", "minor=3" },
    { "/smmuv3/config/ID9-v32-no-mteperm", NULL, edit_v32_mteperm, "mteperm=on", "minor=3" },
    { "/smmuv3/config/ID9-v32-no-pasidtt", NULL, edit_v32_pasidtt, "pasidtt=on", "minor=3" },
};

static void test_broken(const void *data)
{
    const Broken *b = data;
    char err[256] = "";
    SmmuConfig c;

    g_assert_true(smmu_config_named(&c, b->base ? b->base : "max"));
    g_assert_true(smmu_config_check(&c, err, sizeof(err)));
    b->edit(&c);
    if (smmu_config_check(&c, err, sizeof(err))) {
        g_error("%s: accepted", b->path);
    }
    if (strncmp(err, b->culprit, strlen(b->culprit)) || !strstr(err, b->needs)) {
        g_error("%s: says '%s', not what '%s' needs", b->path, err, b->culprit);
    }
    g_assert_null(strchr(err, '\n'));
    g_assert_null(smmu_new(&c, &(IommuHost) { 0 }));
}

/* What one is allowed of the version after its own (2.9): all of it, and each by itself. */
static void test_subset_of_next(void)
{
    char err[256] = "";

    for (unsigned minor = 0; minor <= 4; minor++) {
        SmmuConfig c;

        smmu_config_named(&c, "max");
        c.minor = minor;
        smmu_config_trim(&c);
        if (!smmu_config_check(&c, err, sizeof(err))) {
            g_error("minor=%u: %s", minor, err);
        }
        g_assert_cmpuint(c.stt, ==, minor >= 1);
        g_assert_cmpuint(c.e0pd, ==, minor >= 2);
        g_assert_cmpuint(c.pasidtt, ==, minor >= 3);
        g_assert_cmpuint(c.httu, ==, minor >= 3 ? SMMU_HTTU_HAFT : SMMU_HTTU_AFDBM);
        c.stt = c.ecmdq = c.atsrecerr = c.pasidtt = false;
        if (!smmu_config_check(&c, err, sizeof(err))) {
            g_error("minor=%u with none of its options: %s", minor, err);
        }
    }
}

/* Features without a version: each alone on the smallest set. */
static void test_options_alone(void)
{
    static const size_t options[] = {
        offsetof(SmmuConfig, cohacc), offsetof(SmmuConfig, ats), offsetof(SmmuConfig, asid16),
        offsetof(SmmuConfig, msi), offsetof(SmmuConfig, atos), offsetof(SmmuConfig, vmid16),
        offsetof(SmmuConfig, attr_perms_ovr), offsetof(SmmuConfig, attr_types_ovr),
        offsetof(SmmuConfig, had), offsetof(SmmuConfig, gran16k), offsetof(SmmuConfig, gran64k),
        offsetof(SmmuConfig, gbpa_abort),
    };
    char err[256] = "";

    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        SmmuConfig c;

        smmu_config_named(&c, "min");
        *(bool *)((char *)&c + options[i]) = true;
        if (!smmu_config_check(&c, err, sizeof(err))) {
            g_error("option %u: %s", i, err);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_test_add_data_func(broken[i].path, &broken[i], test_broken);
    }
    g_test_add_func("/smmuv3/config/ID9-subset-of-the-next-version", test_subset_of_next);
    g_test_add_func("/smmuv3/config/ID1-options-alone", test_options_alone);
    return g_test_run();
}

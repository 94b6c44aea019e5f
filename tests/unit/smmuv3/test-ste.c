/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stream table entries: decode, ILLEGAL conditions, ignored fields (IHI 0070 5.2). */
#include "fixture.h"

static void edit_ssid4(SmmuConfig *c)
{
    c->ssidsize = 4;
}

static void edit_ssid0(SmmuConfig *c)
{
    c->ssidsize = 0;
    c->cd2l = c->pps = c->pasidtt = false;
}

static void edit_no_cd2l(SmmuConfig *c)
{
    c->cd2l = false;
}

static void edit_ns1ats(SmmuConfig *c)
{
    c->ns1ats = true;
}

static void edit_no_ats(SmmuConfig *c)
{
    c->ats = c->pri = c->pps = c->pasidtt = c->atsrecerr = false;
}

static void edit_vmid8(SmmuConfig *c)
{
    c->vmid16 = false;
}

static void edit_4k_only(SmmuConfig *c)
{
    c->gran16k = c->gran64k = c->ds = false;
    c->oas = 48;
    c->vax = 48;
}

static void edit_v30(SmmuConfig *c)
{
    c->minor = 0;
    smmu_config_trim(c);
}

static void edit_no_stt(SmmuConfig *c)
{
    c->stt = false;
}

static const FieldRow rows[] = {
    { ROW("/smmuv3/ste/SE1+SE36-V0-illegal", scene_stage1,
          STE_V, 0, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE1-stage2-fields-ignored-without-stage2", scene_stage1,
          STE_S2TG, 3, 0),
      .field2 = STE_S2T0SZ,
      .value2 = 63 },
    { ROW("/smmuv3/ste/SE1-stage1-fields-ignored-without-stage1", scene_stage2,
          STE_S1CDMAX, 31, 0),
      .field2 = STE_S1STALLD, .value2 = 1, .edit = edit_no_stall },
    { ROW("/smmuv3/ste/SE2-stage1-not-implemented", scene_stage2,
          STE_CONFIG, STE_CONFIG_S1_TRANS, C_BAD_STE),
      .edit = edit_stage2_only },
    { ROW("/smmuv3/ste/SE2-stage2-not-implemented", scene_stage1,
          STE_CONFIG, STE_CONFIG_NESTED, C_BAD_STE),
      .edit = edit_stage1_only },
    { ROW("/smmuv3/ste/SE3-two-level-without-CD2L", scene_stage1,
          STE_S1FMT, STE_S1FMT_4K_L2, C_BAD_STE),
      .edit = edit_no_cd2l, .field2 = STE_S1CDMAX, .value2 = 8 },
    { ROW("/smmuv3/ste/SE3-S1Fmt-ignored-with-one-CD", scene_stage1,
          STE_S1FMT, STE_S1FMT_64K_L2, 0),
      .edit = edit_no_cd2l },
    { ROW("/smmuv3/ste/SE5-S1CDMax-above-SSIDSIZE", scene_stage1,
          STE_S1CDMAX, 5, C_BAD_STE),
      .edit = edit_ssid4 },
    { ROW("/smmuv3/ste/SE5-S1CDMax-ignored-without-substreams", scene_stage1,
          STE_S1CDMAX, 5, 0),
      .edit = edit_ssid0 },
    { ROW("/smmuv3/ste/SE10-CONT-is-a-hint", scene_stage1,
          STE_CONT, 4, 0) },
    { ROW("/smmuv3/ste/SE17-NSCFG-ignored", scene_stage1,
          STE_NSCFG, 3, 0) },
    { ROW("/smmuv3/ste/SE30-indirect-permissions-absent", scene_stage2,
          STE_S2PIE, 1, 0), .field2 = STE_S2POE, .value2 = 1 },
    { ROW("/smmuv3/ste/PE7-stage1-indirection-absent", scene_stage1,
          STE_S1PIE, 1, 0) },
    { ROW("/smmuv3/ste/SE33-MPAM-absent", scene_nested,
          STE_S1MPAM, 1, 0) },
    { ROW("/smmuv3/ste/SE12-S2FWB-with-LPAE", scene_stage2,
          STE_S2FWB, 1, C_BAD_STE), .field2 = STE_S2AA64, .value2 = 0 },
    { ROW("/smmuv3/ste/SE13-S1STALLD-without-stalls", scene_stage1,
          STE_S1STALLD, 1, C_BAD_STE),
      .edit = edit_no_stall },
    { ROW("/smmuv3/ste/SE13-S1STALLD-with-forced-stalls", scene_stage1,
          STE_S1STALLD, 1, C_BAD_STE),
      .edit = edit_force_stall },
    { ROW("/smmuv3/ste/SE14-split-stage-without-stage2", scene_stage1,
          STE_EATS, STE_EATS_SPLIT, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE14-split-stage-with-S2S", scene_nested,
          STE_EATS, STE_EATS_SPLIT, C_BAD_STE),
      .field2 = STE_S2S, .value2 = 1 },
    { ROW("/smmuv3/ste/SE14-split-stage-not-implemented", scene_nested,
          STE_EATS, STE_EATS_SPLIT, C_BAD_STE),
      .edit = edit_ns1ats },
    { ROW("/smmuv3/ste/SE14-full-ATS-with-S2S", scene_nested,
          STE_EATS, STE_EATS_FULL, C_BAD_STE),
      .field2 = STE_S2S, .value2 = 1 },
    { ROW("/smmuv3/ste/SE14-EATS-ignored-without-ATS", scene_stage1,
          STE_EATS, STE_EATS_SPLIT, 0),
      .edit = edit_no_ats },
    { ROW("/smmuv3/ste/SE14-EATS3-acts-as-0-without-DPT", scene_stage1,
          STE_EATS, STE_EATS_DPT, 0) },
    { ROW("/smmuv3/ste/SE15-STRW-01-illegal", scene_stage1,
          STE_STRW, 1, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE15-STRW-11-illegal", scene_stage1,
          STE_STRW, 3, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE15-STRW-ignored-with-stage2", scene_nested,
          STE_STRW, 3, 0) },
    { ROW("/smmuv3/ste/SE15-STRW-10-legal", scene_stage1,
          STE_STRW, STE_STRW_EL2, 0) },
    { ROW("/smmuv3/ste/SE19-vmid-high-byte-illegal", scene_stage2,
          STE_S2VMID, 0x1234, C_BAD_STE),
      .edit = edit_vmid8 },
    { ROW("/smmuv3/ste/SE19-vmid-high-byte-illegal-for-stage1-too", scene_stage1,
          STE_S2VMID, 0x100, C_BAD_STE),
      .edit = edit_vmid8 },
    { ROW("/smmuv3/ste/SE19-vmid-ignored-by-bypass", scene_bypass,
          STE_S2VMID, 0x1234, 0),
      .edit = edit_vmid8 },
    { ROW("/smmuv3/ste/SE19-vmid-ignored-by-EL2", scene_stage1,
          STE_S2VMID, 0x1234, 0), .edit = edit_vmid8,
      .field2 = STE_STRW, .value2 = STE_STRW_EL2 },
    { ROW("/smmuv3/ste/SE20-S2T0SZ-below-minimum", scene_stage2,
          STE_S2T0SZ, 15, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE20-S2T0SZ-above-maximum", scene_stage2,
          STE_S2T0SZ, 49, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE20-S2T0SZ-above-39-without-STT", scene_stage2,
          STE_S2T0SZ, 40, C_BAD_STE),
      .edit = edit_no_stt },
    { ROW("/smmuv3/ste/SE20-v30-S2T0SZ-below-64-IAS", scene_stage2,
          STE_S2T0SZ, 15, C_BAD_STE),
      .edit = edit_v30 },
    { ROW("/smmuv3/ste/SE21-start-level-too-deep", scene_stage2,
          STE_S2SL0, 3, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE21-start-level-too-high", scene_stage2,
          STE_S2SL0, 2, C_BAD_STE),
      .field2 = STE_S2T0SZ,
      .value2 = 30 },
    { ROW("/smmuv3/ste/SE21-more-than-16-tables-from-L1", scene_stage2,
          STE_S2T0SZ, 20, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE21-more-than-16-tables-from-L2", scene_stage2,
          STE_S2T0SZ, 29, C_BAD_STE), .field2 = STE_S2SL0, .value2 = 0 },
    { ROW("/smmuv3/ste/SE22-S2TG-reserved", scene_stage2,
          STE_S2TG, 3, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE22-S2TG-not-implemented", scene_stage2,
          STE_S2TG, TG0_64K, C_BAD_STE),
      .edit = edit_4k_only },
    { ROW("/smmuv3/ste/SE24-S2PS-above-OAS-acts-as-OAS", scene_stage2,
          STE_S2PS, 7, 0) },
    { ROW("/smmuv3/ste/SE25-LPAE-illegal", scene_stage2,
          STE_S2AA64, 0, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE25-S2AA64-ignored-without-stage2", scene_stage1,
          STE_S2AA64, 0, 0) },
    { ROW("/smmuv3/ste/SE26-big-endian-illegal", scene_stage2,
          STE_S2ENDI, 1, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE28-S2HA-without-HTTU", scene_stage2,
          STE_S2HA, 1, C_BAD_STE),
      .edit = edit_httu_off },
    { ROW("/smmuv3/ste/SE28-S2HD-without-HTTU", scene_stage2,
          STE_S2HD, 1, C_BAD_STE),
      .edit = edit_httu_off },
    { ROW("/smmuv3/ste/SE28-S2HD-with-AF-only", scene_stage2,
          STE_S2HD, 1, C_BAD_STE), .edit = edit_httu_af,
      .field2 = STE_S2HA, .value2 = 1 },
    { ROW("/smmuv3/ste/SE28-S2HAFT-without-S2HA", scene_stage2,
          STE_S2HAFT, 1, C_BAD_STE) },
    { ROW("/smmuv3/ste/SE28-S2HAFT-ignored-if-not-implemented", scene_stage2,
          STE_S2HAFT, 1, 0),
      .edit = edit_httu_af },
    { ROW("/smmuv3/ste/SE28-S2HD-alone-is-off", scene_stage2,
          STE_S2HD, 1, 0) },
    { ROW("/smmuv3/ste/AD17+SE32-S2TTB-beyond-S2PS", scene_stage2,
          STE_S2PS, 0, C_BAD_STE), .field2 = STE_S2TTB,
      .value2 = 1ull << 28 },
    { ROW("/smmuv3/ste/SE32-S2TTB-beyond-48-bits-without-DS", scene_stage2,
          STE_S2PS, 6, C_BAD_STE),
      .field2 = STE_S2TTB, .value2 = 1ull << 44 },
    { ROW("/smmuv3/ste/SE37-S2S-without-stalls", scene_stage2,
          STE_S2S, 1, C_BAD_STE),
      .edit = edit_no_stall },
    { ROW("/smmuv3/ste/SE37-S2S0-with-forced-stalls", scene_stage2,
          STE_S2S, 0, C_BAD_STE),
      .edit = edit_force_stall },
    { ROW("/smmuv3/ste/SE37-S2S1-with-forced-stalls", scene_stage2,
          STE_S2S, 1, 0),
      .edit = edit_force_stall },
    { ROW("/smmuv3/ste/AD18-S1ContextPtr-beyond-OAS", scene_stage1,
          STE_S1CONTEXTPTR, 1ull << 46, C_BAD_STE) },
};

static void test_abort_is_silent(Fix *f)
{
    scene_stage1(f);
    for (unsigned config = 0; config < 4; config++) {
        ste_put_field(f, STE_CONFIG, config);
        expect_event(f, VA, false, 0);
    }
    g_assert_cmpuint(f->m->counters.aborted, ==, 4);
}

static void test_low_pointer_bits(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    ste_put_field(f, STE_S1CONTEXTPTR, field_get(f->ste, STE_S1CONTEXTPTR) | 3);
    expect_ok(f, VA, false, PA);
}

static void test_s2ttb_aligned_down(Fix *f)
{
    scene_stage2(f);
    ste_put_field(f, STE_S2TTB, field_get(f->ste, STE_S2TTB) | 0xf);
    expect_ok(f, IPA, false, PA);
}

static void test_cached_until_invalidated(Fix *f)
{
    scene_bypass(f);
    expect_ok(f, PA, false, PA);
    ste_abort(f->ste);
    stream_table_set(&f->streams, SID, f->ste);
    expect_ok(f, PA, false, PA);
    cmd(f, smmu_make_cfgi_ste(SID, true));
    expect_event(f, PA, false, 0);
}

static void test_illegal_is_not_cached(Fix *f)
{
    scene_bypass(f);
    ste_put_field(f, STE_V, 0);
    expect_event(f, PA, false, C_BAD_STE);
    field_set(f->ste, STE_V, 1);
    stream_table_set(&f->streams, SID, f->ste);
    expect_ok(f, PA, false, PA);
}

static void test_cfgi_ste_takes_cds_along(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    field_set(f->cd, CD_V, 0);
    cd_table_set(&f->cds, 0, f->cd);
    cmd(f, smmu_make_cfgi_ste(SID, true));
    expect_event(f, VA, false, C_BAD_CD);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_ste_rows(rows, G_N_ELEMENTS(rows));
    fix_add("/smmuv3/ste/SE39-abort-is-silent", test_abort_is_silent);
    fix_add("/smmuv3/ste/SE4-pointer-bits-inside-the-table", test_low_pointer_bits);
    fix_add("/smmuv3/ste/SE32-S2TTB-aligned-down", test_s2ttb_aligned_down);
    fix_add("/smmuv3/ste/CM13-cached-until-invalidated", test_cached_until_invalidated);
    fix_add("/smmuv3/ste/TL17-illegal-is-not-cached", test_illegal_is_not_cached);
    fix_add("/smmuv3/ste/SE41-cfgi-ste-takes-cds-along", test_cfgi_ste_takes_cds_along);
    return g_test_run();
}

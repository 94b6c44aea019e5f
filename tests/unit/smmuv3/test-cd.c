/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Context descriptors: decode, validity, tables, substreams (IHI 0070 5.3, 5.4, 3.3.2). */
#include "fixture.h"

static void edit_term_model(SmmuConfig *c)
{
    c->term_model = true;
}

static void edit_asid8(SmmuConfig *c)
{
    c->asid16 = false;
}

static void edit_vax48(SmmuConfig *c)
{
    c->vax = 48;
    c->ds = false;
}

static void edit_no_stt(SmmuConfig *c)
{
    c->stt = false;
}

static void edit_no_16k(SmmuConfig *c)
{
    c->gran16k = false;
}

/** A CD whose upper half is on, with a table of its own kind. */
static void scene_two_halves(Fix *f)
{
    const ArmPagesConfig upper = {
        .stage = 1, .granule_lg2 = 12, .in_bits = 39, .upper = true, .start = ARM_START_AUTO,
    };
    TableSpace space = table_space(&f->mem);
    ArmPages ttb1;

    scene_stage1(f);
    arm_pages_init(&ttb1, &space, &upper);
    arm_pages_map_smallest(&ttb1, 0ull - 16 * PAGE, PA + 32 * PAGE, PAGE, ARM_S1_RW);
    cd_add_upper(f->cd, &ttb1);
    put_cd(f);
}

static void scene_el2(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_STRW, STE_STRW_EL2);
}

static void scene_s1stalld(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_S1STALLD, 1);
}

static const FieldRow rows[] = {
    { ROW("/smmuv3/cd/CD2+CD24-V0-illegal", scene_stage1,
          CD_V, 0, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD4-T0SZ-above-39-without-STT", scene_stage1,
          CD_T0SZ, 40, C_BAD_CD),
      .edit = edit_no_stt },
    { ROW("/smmuv3/cd/CD4-T0SZ-above-48", scene_stage1,
          CD_T0SZ, 49, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD4-T0SZ-below-16", scene_stage1,
          CD_T0SZ, 15, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD4-T0SZ-below-16-with-VAX48", scene_stage1,
          CD_T0SZ, 15, C_BAD_CD),
      .edit = edit_vax48 },
    { ROW("/smmuv3/cd/CD4-T1SZ-checked-though-TTB0-is-used", scene_two_halves,
          CD_T1SZ, 63, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD4-T1SZ-ignored-with-EPD1", scene_stage1,
          CD_T1SZ, 63, 0) },
    { ROW("/smmuv3/cd/CD5-TG0-reserved", scene_stage1,
          CD_TG0, 3, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD5-TG0-not-implemented", scene_stage1,
          CD_TG0, TG0_16K, C_BAD_CD),
      .edit = edit_no_16k },
    { ROW("/smmuv3/cd/CD5-TG1-reserved", scene_two_halves,
          CD_TG1, 0, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD5-TG1-ignored-with-EPD1", scene_stage1,
          CD_TG1, 0, 0) },
    { ROW("/smmuv3/cd/CD7-EPD1-ignored-in-EL2", scene_el2,
          CD_EPD1, 0, 0), .field2 = CD_TG1, .value2 = 0 },
    { ROW("/smmuv3/cd/CD7-EPD0-ignored-in-EL2", scene_el2,
          CD_EPD0, 1, 0) },
    { ROW("/smmuv3/cd/CD7-EPD0-faults", scene_stage1,
          CD_EPD0, 1, F_TRANSLATION) },
    { ROW("/smmuv3/cd/CD8-big-endian-illegal", scene_stage1,
          CD_ENDI, 1, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD8-ENDI-ignored-with-both-EPD", scene_stage1,
          CD_ENDI, 1, F_TRANSLATION),
      .field2 = CD_EPD0, .value2 = 1 },
    { ROW("/smmuv3/cd/CD9-IPS-above-OAS-acts-as-OAS", scene_stage1,
          CD_IPS, 7, 0) },
    { ROW("/smmuv3/cd/CD13-LPAE-illegal", scene_stage1,
          CD_AA64, 0, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD14-HA-without-HTTU", scene_stage1,
          CD_HA, 1, C_BAD_CD), .edit = edit_httu_off },
    { ROW("/smmuv3/cd/CD14-HD-without-HTTU", scene_stage1,
          CD_HD, 1, C_BAD_CD), .edit = edit_httu_off },
    { ROW("/smmuv3/cd/CD14-HD-with-AF-only", scene_stage1,
          CD_HD, 1, C_BAD_CD), .edit = edit_httu_af,
      .field2 = CD_HA, .value2 = 1 },
    { ROW("/smmuv3/cd/CD14-HAFT-without-HA", scene_stage1,
          CD_HAFT, 1, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD14-HAFT-ignored-if-not-implemented", scene_stage1,
          CD_HAFT, 1, 0),
      .edit = edit_httu_af },
    { ROW("/smmuv3/cd/CD14-HD-alone-is-off", scene_stage1,
          CD_HD, 1, 0) },
    { ROW("/smmuv3/cd/CD15-ASID-high-byte-illegal", scene_stage1,
          CD_ASID, 0x100, C_BAD_CD),
      .edit = edit_asid8 },
    { ROW("/smmuv3/cd/CD15-ASID-ignored-in-EL2", scene_el2,
          CD_ASID, 0x100, 0), .edit = edit_asid8 },
    { ROW("/smmuv3/cd/AD17+CD18-TTB0-beyond-IPS", scene_stage1,
          CD_IPS, 0, C_BAD_CD), .field2 = CD_TTB0,
      .value2 = 1ull << 28 },
    { ROW("/smmuv3/cd/CD18-TTB0-beyond-48-bits-without-DS", scene_stage1,
          CD_IPS, 6, C_BAD_CD),
      .field2 = CD_TTB0,
      .value2 = 1ull << 44 },
    { ROW("/smmuv3/cd/CD18-TTB0-ignored-with-EPD0", scene_two_halves,
          CD_EPD0, 1, F_TRANSLATION),
      .field2 = CD_TTB0, .value2 = ~0ull },
    { ROW("/smmuv3/cd/CD20-PIE-absent", scene_stage1,
          BITFIELD_AT(187, 1), 1, 0) },
    { ROW("/smmuv3/cd/CD22-PIIP-ignored", scene_stage1,
          BITFIELD_AT(448, 3), 4, 0) },
    { ROW("/smmuv3/cd/CD23-S-with-S1STALLD", scene_s1stalld,
          CD_S, 1, C_BAD_CD) },
    { ROW("/smmuv3/cd/CD23-S-without-stalls", scene_stage1,
          CD_S, 1, C_BAD_CD), .edit = edit_no_stall },
    { ROW("/smmuv3/cd/CD23-S0-with-forced-stalls", scene_stage1,
          CD_S, 0, C_BAD_CD),
      .edit = edit_force_stall },
    { ROW("/smmuv3/cd/CD23-A0-with-abort-only", scene_stage1,
          CD_A, 0, C_BAD_CD),
      .edit = edit_term_model },
    { ROW("/smmuv3/cd/CD25-EL2-has-no-upper-half", scene_el2,
          CD_T1SZ, 63, 0),
      .field2 = CD_EPD1, .value2 = 0 },
};

static void test_two_halves(Fix *f)
{
    scene_two_halves(f);
    expect_ok(f, VA, true, PA);
    expect_ok(f, 0ull - 16 * PAGE + 4, true, PA + 32 * PAGE + 4);
}

static void test_ttb_aligned_down(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_TTB0, field_get(f->cd, CD_TTB0) | 0xff);
    expect_ok(f, VA, false, PA);
}

static void test_el2_upper_half(Fix *f)
{
    scene_two_halves(f);
    ste_put_field(f, STE_STRW, STE_STRW_EL2);
    expect_event(f, 0ull - 16 * PAGE, false, F_TRANSLATION);
}

static void test_e2h_upper_half(Fix *f)
{
    scene_two_halves(f);
    cr2_set(f, CR2_E2H, 1);
    ste_put_field(f, STE_STRW, STE_STRW_EL2);
    expect_ok(f, 0ull - 16 * PAGE, false, PA + 32 * PAGE);
}

/* ---- Tables of CDs ------------------------------------------------------------------------ */

static void expect_ssid_ok(Fix *f, uint32_t ssid)
{
    IommuResult res = access_ssid(f, ssid, VA, false);

    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, PA);
}

static void expect_ssid_event(Fix *f, uint32_t ssid, uint8_t num)
{
    IommuResult res = access_ssid(f, ssid, VA, false);

    g_assert_cmpint(res.status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, num);
    g_assert_true(f->event.ssv);
    g_assert_cmphex(f->event.ssid, ==, ssid);
}

static void test_linear(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    expect_ssid_ok(f, SSID);
}

static void test_two_level_4k(Fix *f)
{
    scene_substreams(f, STE_S1FMT_4K_L2, 10);
    cd_table_set(&f->cds, 0x3c1, f->cd);
    expect_ssid_ok(f, SSID);
    expect_ssid_ok(f, 0x3c1);
}

static void test_two_level_64k(Fix *f)
{
    scene_substreams(f, STE_S1FMT_64K_L2, 12);
    cd_table_set(&f->cds, 0xc05, f->cd);
    expect_ssid_ok(f, SSID);
    expect_ssid_ok(f, 0xc05);
}

static void test_two_level_20_bits(Fix *f)
{
    scene_substreams(f, STE_S1FMT_64K_L2, 20);
    cd_table_set(&f->cds, 0xfffff, f->cd);
    expect_ssid_ok(f, 0xfffff);
}

static void test_two_level_few(Fix *f)
{
    scene_substreams(f, STE_S1FMT_4K_L2, 3);
    expect_ssid_ok(f, SSID);
}

static void test_s1fmt3(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    ste_put_field(f, STE_S1FMT, 3);
    expect_ssid_ok(f, SSID);
}

static void test_l1cd_invalid(Fix *f)
{
    scene_substreams(f, STE_S1FMT_4K_L2, 10);
    expect_ssid_event(f, 0x3c1, C_BAD_SUBSTREAMID);
}

static void test_l1cd_beyond_oas(Fix *f)
{
    scene_substreams(f, STE_S1FMT_4K_L2, 10);
    gmem_write64(&f->mem, cd_table_l1cd_addr(&f->cds, SSID),
                 reg_make(L1CD_V, 1) | reg_make(L1CD_L2PTR, 1ull << 40));
    expect_ssid_event(f, SSID, C_BAD_SUBSTREAMID);
}

static void test_cd_fetch_abort(Fix *f)
{
    uint64_t addr;

    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    addr = cd_table_addr(&f->cds, SSID);
    ramhost_abort(&f->ram, addr, addr + 7, RAMHOST_READ);
    expect_ssid_event(f, SSID, F_CD_FETCH);
    g_assert_cmphex(f->event.fetch_addr, ==, addr);
}

static void test_l1cd_fetch_abort(Fix *f)
{
    uint64_t addr;

    scene_substreams(f, STE_S1FMT_4K_L2, 10);
    addr = cd_table_l1cd_addr(&f->cds, SSID);
    ramhost_abort(&f->ram, addr, addr + 7, RAMHOST_READ);
    expect_ssid_event(f, SSID, F_CD_FETCH);
    g_assert_cmphex(f->event.fetch_addr, ==, addr);
}

static void test_failed_fetch_not_cached(Fix *f)
{
    uint64_t addr;

    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    addr = cd_table_addr(&f->cds, SSID);
    ramhost_abort(&f->ram, addr, addr + 7, RAMHOST_READ);
    expect_ssid_event(f, SSID, F_CD_FETCH);
    ramhost_abort_none(&f->ram);
    expect_ssid_ok(f, SSID);
}

static void test_cd_cached_by_substream(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    cd_table_set(&f->cds, 4, f->cd);
    expect_ssid_ok(f, SSID);
    expect_ssid_ok(f, 4);
    field_set(f->cd, CD_V, 0);
    cd_table_set(&f->cds, SSID, f->cd);
    cd_table_set(&f->cds, 4, f->cd);
    cmd(f, smmu_make_cfgi_cd(SID, SSID, true));
    expect_ssid_ok(f, 4);
    expect_ssid_event(f, SSID, C_BAD_CD);
}

static void test_cfgi_cd_all(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    expect_ssid_ok(f, SSID);
    field_set(f->cd, CD_V, 0);
    cd_table_set(&f->cds, SSID, f->cd);
    expect_ssid_ok(f, SSID);
    cmd(f, smmu_make_cfgi_cd_all(SID));
    expect_ssid_event(f, SSID, C_BAD_CD);
}

static void test_cds_are_by_stream(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    stream_table_set(&f->streams, OTHER_SID, f->ste);
    cmd(f, smmu_make_cfgi_ste(OTHER_SID, true));
    t.stream = OTHER_SID;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    expect_ok(f, VA, false, PA);
    field_set(f->cd, CD_V, 0);
    cd_table_set(&f->cds, 0, f->cd);
    cmd(f, smmu_make_cfgi_cd(SID, 0, true));
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    expect_event(f, VA, false, C_BAD_CD);
}

/* ---- SubstreamIDs ------------------------------------------------------------------------- */

static void test_ssid_out_of_range(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    expect_ssid_event(f, 32, C_BAD_SUBSTREAMID);
}

static void test_ssid_with_one_cd(Fix *f)
{
    scene_stage1(f);
    expect_ssid_event(f, 0, C_BAD_SUBSTREAMID);
}

static void test_ssid_without_stage1(Fix *f)
{
    scene_stage2(f);
    expect_ssid_event(f, SSID, C_BAD_SUBSTREAMID);
}

static void test_ssid_with_bypass(Fix *f)
{
    scene_bypass(f);
    expect_ssid_event(f, SSID, C_BAD_SUBSTREAMID);
}

static void edit_ssid0(SmmuConfig *c)
{
    c->ssidsize = 0;
    c->cd2l = c->pps = c->pasidtt = false;
}

static void test_ssid_not_implemented(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_S1CDMAX, 5);
    expect_ssid_event(f, 0, C_BAD_SUBSTREAMID);
}

static void test_s1dss_terminate(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_TERMINATE);
    expect_event(f, VA, false, F_STREAM_DISABLED);
    expect_ssid_ok(f, SSID);
}

static void test_s1dss_3_terminates(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    ste_put_field(f, STE_S1DSS, 3);
    expect_event(f, VA, false, F_STREAM_DISABLED);
}

static void test_s1dss_bypass(Fix *f)
{
    IommuResult res;

    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_BYPASS);
    field_set(f->cd, CD_V, 0);
    cd_table_set(&f->cds, 0, f->cd);
    res = access_at(f, VA, true);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, VA);
    g_assert_true(res.bypassed);
    expect_ssid_ok(f, SSID);
}

static void test_s1dss_substream0(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_SUBSTREAM0);
    expect_ok(f, VA, false, PA);
    expect_ssid_event(f, 0, F_STREAM_DISABLED);
    expect_ssid_ok(f, SSID);
}

static void test_s1dss_ignored_with_one_cd(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_TERMINATE);
    expect_ok(f, VA, false, PA);
}

static void test_ssid0_usable_with_dss0(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 5);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_TERMINATE);
    expect_ssid_ok(f, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_cd_rows(rows, G_N_ELEMENTS(rows));
    fix_add_profiles("/smmuv3/cd/AD11-two-halves", test_two_halves);
    fix_add("/smmuv3/cd/CD18-TTB-aligned-down", test_ttb_aligned_down);
    fix_add("/smmuv3/cd/TR7-EL2-upper-half-faults", test_el2_upper_half);
    fix_add("/smmuv3/cd/TR6+TR7-EL2-E2H-has-two-halves", test_e2h_upper_half);
    fix_add_profiles("/smmuv3/cd/SE3+ST2-linear", test_linear);
    fix_add_profiles("/smmuv3/cd/SE3-two-level-4k", test_two_level_4k);
    fix_add_profiles("/smmuv3/cd/SE3-two-level-64k", test_two_level_64k);
    fix_add_profiles("/smmuv3/cd/SE3-20-bits", test_two_level_20_bits);
    fix_add("/smmuv3/cd/SE3-few-cds-use-first-L1CD", test_two_level_few);
    fix_add("/smmuv3/cd/SE3-S1Fmt-3-is-linear", test_s1fmt3);
    fix_add("/smmuv3/cd/CD1-L1CD-invalid", test_l1cd_invalid);
    fix_add("/smmuv3/cd/AD18-L1CD-pointer-beyond-OAS", test_l1cd_beyond_oas);
    fix_add("/smmuv3/cd/EV6-F_CD_FETCH-of-cd", test_cd_fetch_abort);
    fix_add("/smmuv3/cd/EV6-F_CD_FETCH-of-l1cd", test_l1cd_fetch_abort);
    fix_add("/smmuv3/cd/CD27-failed-fetch-is-not-cached", test_failed_fetch_not_cached);
    fix_add("/smmuv3/cd/CM15-cfgi-cd-by-substream", test_cd_cached_by_substream);
    fix_add("/smmuv3/cd/CM15-cfgi-cd-all", test_cfgi_cd_all);
    fix_add("/smmuv3/cd/CM12-cds-are-cached-by-stream", test_cds_are_by_stream);
    fix_add("/smmuv3/cd/SE5-ssid-out-of-range", test_ssid_out_of_range);
    fix_add("/smmuv3/cd/SE5-ssid-with-one-cd", test_ssid_with_one_cd);
    fix_add("/smmuv3/cd/TR4-ssid-without-stage1", test_ssid_without_stage1);
    fix_add("/smmuv3/cd/TR4-ssid-with-bypass", test_ssid_with_bypass);
    fix_add_config("/smmuv3/cd/SE5-ssid-not-implemented", "max", edit_ssid0,
                   test_ssid_not_implemented);
    fix_add("/smmuv3/cd/SE6-S1DSS-terminate", test_s1dss_terminate);
    fix_add("/smmuv3/cd/SE6-S1DSS-3-terminates", test_s1dss_3_terminates);
    fix_add_profiles("/smmuv3/cd/SE6-S1DSS-bypass", test_s1dss_bypass);
    fix_add_profiles("/smmuv3/cd/SE6-S1DSS-substream0", test_s1dss_substream0);
    fix_add("/smmuv3/cd/SE6-S1DSS-ignored-with-one-cd", test_s1dss_ignored_with_one_cd);
    fix_add("/smmuv3/cd/TR5-ssid0-usable-with-S1DSS-0", test_ssid0_usable_with_dss0);
    return g_test_run();
}

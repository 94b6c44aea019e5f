/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ATS requests, Translated transactions, ATC_INV, PRI (IHI 0070 3.9, 4.5, 8, 13.6-7). */
#include "fixture.h"

#define BIT(f) (1ull << (((f) >> 8) & 0xff))

static IommuTxn treq_at(uint64_t addr, bool no_write)
{
    IommuTxn t = txn_at(addr, false);

    t.kind = IOMMU_TXN_ATS_REQUEST;
    t.no_write = no_write;
    return t;
}

static IommuResult treq(Fix *f, uint64_t addr, bool no_write)
{
    IommuTxn t = treq_at(addr, no_write);

    return run(f, &t);
}

static IommuResult translated(Fix *f, uint64_t addr, bool write)
{
    IommuTxn t = txn_at(addr, write);

    t.kind = IOMMU_TXN_TRANSLATED;
    return run(f, &t);
}

static void ats_on(Fix *f)
{
    ste_put_field(f, STE_EATS, STE_EATS_FULL);
}

static void expect_grant(Fix *f, IommuResult res, bool r, bool w)
{
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmpint(res.ats_r, ==, r);
    g_assert_cmpint(res.ats_w, ==, w);
    expect_one_event(f, 0);
}

static void expect_refused(Fix *f, IommuResult res, IommuStatus status, uint8_t event)
{
    g_assert_cmpint(res.status, ==, status);
    expect_one_event(f, event);
}

/* ---- Translation requests ----------------------------------------------------------------- */

static void test_full_stage1(Fix *f)
{
    IommuResult res;

    scene_stage1(f);
    ats_on(f);
    res = treq(f, VA, false);
    expect_grant(f, res, true, true);
    g_assert_cmphex(res.pa, ==, PA);
    g_assert_cmpuint(res.page_lg2, ==, 12);
    g_assert_false(res.ats_global);
    g_assert_false(res.ats_u);
    expect_grant(f, treq(f, VA, false), true, true);
}

static void test_full_nested(Fix *f)
{
    IommuResult res;

    scene_nested(f);
    ats_on(f);
    res = treq(f, VA, false);
    expect_grant(f, res, true, true);
    g_assert_cmphex(res.pa, ==, PA);
}

static void test_read_only(Fix *f)
{
    scene_stage1(f);
    ats_on(f);
    expect_grant(f, treq(f, VA_RO, false), true, false);
}

static void test_stage2_limits(Fix *f)
{
    scene_nested(f);
    ats_on(f);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_RO));
    expect_grant(f, treq(f, VA, false), true, false);
}

static void test_unmapped(Fix *f)
{
    IommuResult res;

    scene_stage1(f);
    ats_on(f);
    res = treq(f, VA_HOLE, false);
    expect_grant(f, res, false, false);
    g_assert_cmpuint(res.page_lg2, ==, 12);
}

static void test_no_user_right(Fix *f)
{
    scene_nested(f);
    ats_on(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_AP1));
    arm_pages_unmap(&f->s2, IPA);
    expect_grant(f, treq(f, VA, false), false, false);
}

static void test_no_grant_is_not_cached(Fix *f)
{
    scene_nested(f);
    ats_on(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_AP1));
    expect_grant(f, treq(f, VA, false), false, false);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) | BIT(PTE_AP1));
    cmd(f, smmu_make_tlbi_nh_all(VMID));
    expect_ok(f, VA, true, PA);
}

static void test_execute(Fix *f)
{
    IommuTxn t;
    IommuResult res;

    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    ats_on(f);
    t = treq_at(VA, false);
    t.exec = true;
    res = run(f, &t);
    g_assert_false(res.ats_x);
    t.has_pasid = true;
    t.pasid = SSID;
    res = run(f, &t);
    g_assert_true(res.ats_r);
    g_assert_true(res.ats_x);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) | BIT(PTE_UXN));
    cmd(f, smmu_make_tlbi_nh_all(0));
    res = run(f, &t);
    g_assert_true(res.ats_r);
    g_assert_false(res.ats_x);
}

static void test_execute_only(Fix *f)
{
    IommuTxn t;
    IommuResult res;

    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    ats_on(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_AP1));
    t = treq_at(VA, false);
    t.exec = true;
    t.has_pasid = true;
    t.pasid = SSID;
    res = run(f, &t);
    expect_grant(f, res, false, false);
    g_assert_false(res.ats_x);
    ste_put_field(f, STE_INSTCFG, ATTR_CFG_SET);
    res = run(f, &t);
    expect_grant(f, res, true, false);
    g_assert_true(res.ats_x);
}

static void test_privileged(Fix *f)
{
    IommuTxn t;
    IommuResult res;

    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    ats_on(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_AP1));
    t = treq_at(VA, false);
    t.priv = true;
    expect_grant(f, run(f, &t), false, false);
    t.has_pasid = true;
    t.pasid = SSID;
    res = run(f, &t);
    expect_grant(f, res, true, true);
    g_assert_true(res.ats_priv);
}

static void test_e0pd(Fix *f)
{
    scene_stage1(f);
    ats_on(f);
    expect_grant(f, treq(f, VA, false), true, true);
    cd_put_field(f, CD_E0PD0, 1);
    expect_grant(f, treq(f, VA, false), false, false);
    cmd(f, smmu_make_tlbi_nh_all(0));
    expect_grant(f, treq(f, VA, false), false, false);
}

static void test_instcfg_data(Fix *f)
{
    IommuTxn t;

    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) | BIT(PTE_UXN));
    field_set(f->ste, STE_INSTCFG, ATTR_CFG_CLEAR);
    ats_on(f);
    t = treq_at(VA, false);
    t.exec = true;
    t.has_pasid = true;
    t.pasid = SSID;
    g_assert_true(run(f, &t).ats_x);
}

static void stage1_clean(Fix *f)
{
    scene_stage1(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HD, 1);
    ats_on(f);
    arm_pages_set(&f->s1, VA, (arm_pages_get(&f->s1, VA) & ~BIT(PTE_AF)) | BIT(PTE_AP2) |
                                  BIT(PTE_DBM));
}

static void test_nw0_dirties(Fix *f)
{
    stage1_clean(f);
    expect_grant(f, treq(f, VA, false), true, true);
    g_assert_false(arm_pages_get(&f->s1, VA) & BIT(PTE_AP2));
    g_assert_true(arm_pages_get(&f->s1, VA) & BIT(PTE_AF));
}

static void test_nw1_does_not_dirty(Fix *f)
{
    stage1_clean(f);
    expect_grant(f, treq(f, VA, true), true, false);
    g_assert_true(arm_pages_get(&f->s1, VA) & BIT(PTE_AP2));
    g_assert_true(arm_pages_get(&f->s1, VA) & BIT(PTE_AF));
    expect_grant(f, treq(f, VA, false), true, true);
}

static void test_af_fault(Fix *f)
{
    scene_stage1(f);
    ats_on(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_AF));
    expect_grant(f, treq(f, VA, false), false, false);
}

static void test_s1dss_identity(Fix *f)
{
    IommuResult res;

    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    field_set(f->ste, STE_S1DSS, STE_S1DSS_BYPASS);
    ats_on(f);
    res = treq(f, 0x123456000, false);
    expect_grant(f, res, true, true);
    g_assert_cmphex(res.pa, ==, 0x123456000);
    g_assert_false(res.ats_u);
}

static void test_s1dss_nested(Fix *f)
{
    IommuResult res;

    scene_nested(f);
    field_set(f->ste, STE_S1CDMAX, 2);
    field_set(f->ste, STE_S1DSS, STE_S1DSS_BYPASS);
    ats_on(f);
    res = treq(f, IPA, false);
    expect_grant(f, res, true, true);
    g_assert_cmphex(res.pa, ==, PA);
}

static void split(Fix *f)
{
    scene_nested(f);
    cr0_set(f, CR0_ATSCHK, 1);
    ste_put_field(f, STE_EATS, STE_EATS_SPLIT);
}

static void test_split(Fix *f)
{
    IommuResult res;

    split(f);
    res = treq(f, VA + PAGE, false);
    expect_grant(f, res, true, true);
    g_assert_cmphex(res.pa, ==, IPA + PAGE);
    res = translated(f, IPA + PAGE + 8, true);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, PA + PAGE + 8);
}

static void test_split_rights_of_both(Fix *f)
{
    split(f);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_RO));
    expect_grant(f, treq(f, VA, false), true, false);
}

/** Stage 2 page that nobody may execute: Translated reads are Data unless INSTCFG says else. */
static void test_split_permissions(Fix *f)
{
    IommuTxn t = txn_at(IPA, false);

    split(f);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), S2PTE_XN, 2));
    t.kind = IOMMU_TXN_TRANSLATED;
    t.exec = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    ste_put_field(f, STE_INSTCFG, ATTR_CFG_SET);
    expect_refused(f, run(f, &t), IOMMU_STATUS_ABORT, F_PERMISSION);
    g_assert_true(f->event.ind);
}

static void test_translated_keeps_attributes(Fix *f)
{
    cr0_set(f, CR0_ATSCHK, 1);
    scene_stage1(f);
    field_set(f->ste, STE_MTCFG, 1);
    field_set(f->ste, STE_MEMATTR, 5);
    ats_on(f);
    g_assert_cmphex(translated(f, PA, false).attr.type, ==, 0xff);
}

static void test_split_fault(Fix *f)
{
    split(f);
    expect_refused(f, translated(f, IPA + 64 * PAGE, false), IOMMU_STATUS_ABORT, F_TRANSLATION);
    g_assert_true(f->event.s2);
}

static void test_split_without_atschk(Fix *f)
{
    split(f);
    cr0_set(f, CR0_ATSCHK, 0);
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_UR, F_BAD_ATS_TREQ);
}

static void test_split_s1dss(Fix *f)
{
    IommuResult res;

    split(f);
    field_set(f->ste, STE_S1CDMAX, 2);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_BYPASS);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_RO));
    res = treq(f, IPA, false);
    expect_grant(f, res, true, false);
    g_assert_cmphex(res.pa, ==, IPA);
}

/* ---- Requests that are refused ------------------------------------------------------------ */

static void test_disabled(Fix *f)
{
    scene_stage1(f);
    ats_on(f);
    cr0_set(f, CR0_SMMUEN, 0);
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_UR, F_BAD_ATS_TREQ);
}

static void test_eats_off(Fix *f)
{
    IommuTxn t;

    scene_stage1(f);
    t = treq_at(VA, true);
    expect_refused(f, run(f, &t), IOMMU_STATUS_UR, F_BAD_ATS_TREQ);
    g_assert_cmpuint(field_get(f->event.w, EVT_TREQ_R), ==, 1);
    g_assert_cmpuint(field_get(f->event.w, EVT_TREQ_W), ==, 0);
    g_assert_cmphex(f->event.w[2], ==, VA);
}

static void test_ste_bypass(Fix *f)
{
    scene_bypass(f);
    ats_on(f);
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_UR, F_BAD_ATS_TREQ);
}

static void test_ste_abort(Fix *f)
{
    scene_stage1(f);
    field_set(f->ste, STE_CONFIG, STE_CONFIG_ABORT);
    ats_on(f);
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_UR, 0);
}

static void test_bad_ste(Fix *f)
{
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_CA, 0);
    cr2_set(f, CR2_REC_CFG_ATS, 1);
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_CA, C_BAD_STE);
}

static void test_bad_cd(Fix *f)
{
    cr2_set(f, CR2_REC_CFG_ATS, 1);
    scene_stage1(f);
    ats_on(f);
    cd_put_field(f, CD_V, 0);
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_CA, C_BAD_CD);
}

static void test_bad_streamid(Fix *f)
{
    IommuTxn t = treq_at(VA, false);
    SmmuEventWords e;

    cr2_set(f, CR2_REC_CFG_ATS, 1);
    t.stream = 1000;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_CA);
    g_assert_true(smmu_driver_event(&f->drv, &e));
    g_assert_cmphex(e.num, ==, C_BAD_STREAMID);
    cr2_set(f, CR2_RECINVSID, 0);
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_CA);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 0);
}

static void test_walk_abort(Fix *f)
{
    uint64_t at;

    cr2_set(f, CR2_REC_CFG_ATS, 1);
    scene_stage1(f);
    ats_on(f);
    at = arm_pages_desc_addr(&f->s1, VA, 3);
    ramhost_abort(&f->ram, at, at + 7, RAMHOST_READ);
    expect_refused(f, treq(f, VA, false), IOMMU_STATUS_CA, F_WALK_EABT);
}

static void test_stage2_fault_of_walk(Fix *f)
{
    scene_nested(f);
    ats_on(f);
    arm_pages_unmap(&f->s2, arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12));
    expect_grant(f, treq(f, VA, false), false, false);
}

static void test_stall_does_not_apply(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    ats_on(f);
    expect_grant(f, treq(f, VA_HOLE, false), false, false);
}

/* ---- Translated transactions -------------------------------------------------------------- */

static void expect_passes(Fix *f, uint64_t addr)
{
    IommuResult res = translated(f, addr, true);

    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, addr);
    expect_one_event(f, 0);
}

static void test_unchecked_passes(Fix *f)
{
    expect_passes(f, PA);
}

static void test_translated_disabled(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    expect_refused(f, translated(f, PA, false), IOMMU_STATUS_ABORT, F_TRANSL_FORBIDDEN);
    g_assert_cmphex(f->event.input_addr, ==, PA);
}

static void test_checked_passes(Fix *f)
{
    cr0_set(f, CR0_ATSCHK, 1);
    scene_stage1(f);
    ats_on(f);
    expect_passes(f, PA);
}

static void test_checked_eats_off(Fix *f)
{
    cr0_set(f, CR0_ATSCHK, 1);
    scene_stage1(f);
    expect_refused(f, translated(f, PA, false), IOMMU_STATUS_ABORT, F_TRANSL_FORBIDDEN);
}

static void test_checked_bypass(Fix *f)
{
    cr0_set(f, CR0_ATSCHK, 1);
    scene_bypass(f);
    ats_on(f);
    expect_refused(f, translated(f, PA, false), IOMMU_STATUS_ABORT, F_TRANSL_FORBIDDEN);
}

static void test_checked_abort(Fix *f)
{
    cr0_set(f, CR0_ATSCHK, 1);
    ste_abort(f->ste);
    put_ste(f);
    expect_refused(f, translated(f, PA, false), IOMMU_STATUS_ABORT, 0);
}

static void test_checked_bad_ste(Fix *f)
{
    cr0_set(f, CR0_ATSCHK, 1);
    expect_refused(f, translated(f, PA, false), IOMMU_STATUS_ABORT, 0);
    cr2_set(f, CR2_REC_CFG_ATS, 1);
    expect_refused(f, translated(f, PA, false), IOMMU_STATUS_ABORT, C_BAD_STE);
}

static void test_above_oas(Fix *f)
{
    expect_refused(f, translated(f, 1ull << 52, false), IOMMU_STATUS_ABORT, 0);
}

static void test_pasidtt(Fix *f)
{
    IommuTxn t = txn_at(PA, false);

    cr0_set(f, CR0_ATSCHK, 1);
    cr2_set(f, CR2_REC_CFG_ATS, 1);
    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    ats_on(f);
    t.kind = IOMMU_TXN_TRANSLATED;
    t.has_pasid = true;
    t.pasid = 16;
    expect_refused(f, run(f, &t), IOMMU_STATUS_ABORT, C_BAD_SUBSTREAMID);
    t.pasid = SSID;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
}

static void edit_no_ats(SmmuConfig *c)
{
    c->ats = c->pri = c->pps = c->pasidtt = c->atsrecerr = false;
}

static void test_no_ats(Fix *f)
{
    scene_stage1(f);
    ats_on(f);
    g_assert_cmpint(treq(f, VA, false).status, ==, IOMMU_STATUS_UR);
    g_assert_cmpint(translated(f, PA, false).status, ==, IOMMU_STATUS_ABORT);
}

/* ---- ATC_INV ------------------------------------------------------------------------------ */

static void test_atc_inv(Fix *f)
{
    cmd(f, smmu_make_atc_inv(SID, true, SSID, false, 0x12345000, 2));
    g_assert_cmpuint(f->ram.ats_count, ==, 1);
    g_assert_cmpuint(f->ram.ats[0].stream, ==, SID);
    g_assert_true(f->ram.ats[0].has_pasid);
    g_assert_cmpuint(f->ram.ats[0].pasid, ==, SSID);
    g_assert_cmphex(f->ram.ats[0].addr, ==, 0x12344000);
    g_assert_cmphex(f->ram.ats[0].last, ==, 0x12347fff);
}

static void test_atc_inv_all(Fix *f)
{
    cmd(f, smmu_make_atc_inv(SID, false, 0, true, 0, 52));
    g_assert_false(f->ram.ats[0].has_pasid);
    g_assert_false(f->ram.ats[0].global);
    g_assert_cmphex(f->ram.ats[0].addr, ==, 0);
    g_assert_cmphex(f->ram.ats[0].last, ==, UINT64_MAX);
}

static void test_atc_inv_ignored(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    cmd(f, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    g_assert_cmpuint(f->ram.ats_count, ==, 0);
}

static void test_atc_inv_timeout(Fix *f)
{
    f->ram.ats_answer = IOMMU_ATS_INV_TIMEOUT;
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    g_assert_cmpint(smmu_driver_cmdq_error(&f->drv), ==, CERROR_NONE);
    smmu_driver_push(&f->drv, smmu_make_sync_msi(0x1400040, 1));
    g_assert_cmpint(smmu_driver_cmdq_error(&f->drv), ==, CERROR_ATC_INV_SYNC);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
}

static void test_sync_waits_for_atc_inv(Fix *f)
{
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 0));
    smmu_driver_push(&f->drv, smmu_make_sync_msi(0x1400040, 1));
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    f->m->ops->ats_inv_done(f->m, SID, f->ram.ats[0].itag, true);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    f->m->ops->ats_inv_done(f->m, SID, f->ram.ats[1].itag, true);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_true(smmu_driver_drain(&f->drv));
}

static void test_late_timeout(Fix *f)
{
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    smmu_driver_push(&f->drv, smmu_make_sync(SYNC_CS_NONE));
    f->m->ops->ats_inv_done(f->m, SID, f->ram.ats[0].itag, false);
    g_assert_cmpint(smmu_driver_cmdq_error(&f->drv), ==, CERROR_ATC_INV_SYNC);
}

static void test_stray_answer(Fix *f)
{
    f->m->ops->ats_inv_done(f->m, SID, 0, true);
    f->m->ops->ats_inv_done(f->m, SID, 12345, false);
    cmd(f, smmu_make_sync(SYNC_CS_NONE));
}

/* ---- PRI ---------------------------------------------------------------------------------- */

static IommuPageRequest ppr(bool last)
{
    return (IommuPageRequest) {
        .addr = 0x123456789000, .stream = SID, .pasid = SSID, .prgi = 0x155, .has_pasid = true,
        .last = last, .r = true, .w = true,
    };
}

static void request(Fix *f, IommuPageRequest p)
{
    f->m->ops->page_request(f->m, &p);
}

static void expect_response(Fix *f, uint8_t code, bool pasid)
{
    g_assert_cmpuint(f->ram.response_count, ==, 1);
    g_assert_cmpuint(f->ram.responses[0].stream, ==, SID);
    g_assert_cmphex(f->ram.responses[0].prgi, ==, 0x155);
    g_assert_cmphex(f->ram.responses[0].code, ==, code);
    g_assert_cmpint(f->ram.responses[0].has_pasid, ==, pasid);
    if (pasid) {
        g_assert_cmpuint(f->ram.responses[0].pasid, ==, SSID);
    }
}

static void test_ppr_record(Fix *f)
{
    IommuPageRequest p = ppr(true);
    uint64_t rec[PRI_WORDS];

    p.priv = true;
    p.x = true;
    request(f, p);
    g_assert_true(smmu_driver_page_request(&f->drv, rec));
    g_assert_cmpuint(field_get(rec, PRI_STREAMID), ==, SID);
    g_assert_cmpuint(field_get(rec, PRI_SUBSTREAMID), ==, SSID);
    g_assert_cmpuint(field_get(rec, PRI_SSV), ==, 1);
    g_assert_cmpuint(field_get(rec, PRI_LAST), ==, 1);
    g_assert_cmpuint(field_get(rec, PRI_R), ==, 1);
    g_assert_cmpuint(field_get(rec, PRI_W), ==, 1);
    g_assert_cmpuint(field_get(rec, PRI_X), ==, 1);
    g_assert_cmpuint(field_get(rec, PRI_PRIV), ==, 1);
    g_assert_cmphex(field_get(rec, PRI_PRGINDEX), ==, 0x155);
    g_assert_cmphex(field_get(rec, PRI_ADDR) << 12, ==, p.addr);
}

static void test_ppr_without_pasid(Fix *f)
{
    IommuPageRequest p = ppr(true);
    uint64_t rec[PRI_WORDS];

    p.has_pasid = false;
    p.priv = p.x = true;
    request(f, p);
    g_assert_true(smmu_driver_page_request(&f->drv, rec));
    g_assert_cmpuint(field_get(rec, PRI_SSV), ==, 0);
    g_assert_cmpuint(field_get(rec, PRI_X), ==, 0);
    g_assert_cmpuint(field_get(rec, PRI_PRIV), ==, 0);
}

static void test_pri_resp(Fix *f)
{
    cmd(f, smmu_make_pri_resp(SID, true, SSID, 0x155, PRI_RESP_SUCCESS));
    expect_response(f, 0, true);
}

static void test_pri_resp_codes(Fix *f)
{
    cmd(f, smmu_make_pri_resp(SID, false, 0, 0x155, PRI_RESP_FAILURE));
    expect_response(f, 0xf, false);
    ramhost_forget(&f->ram);
    cmd(f, smmu_make_pri_resp(SID, false, 0, 0x155, PRI_RESP_INVALID));
    expect_response(f, 1, false);
}

static void test_pri_disabled(Fix *f)
{
    cr0_set(f, CR0_PRIQEN, 0);
    request(f, ppr(false));
    expect_response(f, 0xf, false);
}

static void test_pri_smmu_disabled(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    request(f, ppr(true));
    expect_response(f, 0xf, false);
}

static void test_stop_marker_unanswered(Fix *f)
{
    IommuPageRequest p = ppr(true);

    p.r = p.w = false;
    cr0_set(f, CR0_PRIQEN, 0);
    request(f, p);
    g_assert_cmpuint(f->ram.response_count, ==, 0);
}

static void fill_priq(Fix *f)
{
    for (unsigned i = 0; i < 1u << f->drv.priq_log2size; i++) {
        request(f, ppr(false));
    }
    g_assert_cmpuint(reg_get(rd(f, SMMU_PRIQ_PROD), Q_OVFLG), ==, 0);
}

static void test_pri_overflow(Fix *f)
{
    fill_priq(f);
    request(f, ppr(false));
    g_assert_cmpuint(reg_get(rd(f, SMMU_PRIQ_PROD), Q_OVFLG), ==, 1);
    g_assert_cmpuint(f->ram.response_count, ==, 0);
    request(f, ppr(true));
    expect_response(f, 0, true);
}

static void test_overflow_blocks(Fix *f)
{
    uint32_t prod;

    fill_priq(f);
    request(f, ppr(false));
    wr(f, SMMU_PRIQ_CONS, 1); /* there is room, but the overflow is not acknowledged */
    prod = rd(f, SMMU_PRIQ_PROD);
    request(f, ppr(false));
    g_assert_cmphex(rd(f, SMMU_PRIQ_PROD), ==, prod);
    wr(f, SMMU_PRIQ_CONS, rd(f, SMMU_PRIQ_CONS) | (uint32_t)field_mask(Q_OVFLG));
    request(f, ppr(false));
    g_assert_cmphex(rd(f, SMMU_PRIQ_PROD), !=, prod);
}

static void edit_no_pps(SmmuConfig *c)
{
    c->pps = false;
}

static void test_overflow_ppar(Fix *f)
{
    scene_bypass(f);
    ste_put_field(f, STE_PPAR, 1);
    fill_priq(f);
    request(f, ppr(true));
    expect_response(f, 0, true);
}

static void test_overflow_no_ppar(Fix *f)
{
    scene_bypass(f);
    fill_priq(f);
    request(f, ppr(true));
    expect_response(f, 0, false);
}

static void test_overflow_bad_ste(Fix *f)
{
    cr2_set(f, CR2_REC_CFG_ATS, 1);
    fill_priq(f);
    request(f, ppr(true));
    expect_response(f, 0xf, false);
    expect_one_event(f, C_BAD_STE);
}

static void test_pri_abort(Fix *f)
{
    ramhost_abort(&f->ram, f->drv.priq, f->drv.priq + 15, RAMHOST_WRITE);
    request(f, ppr(true));
    expect_response(f, 0xf, false);
    g_assert_true(rd(f, SMMU_GERROR) & field_mask(GERROR_PRIQ_ABT_ERR));
    g_assert_cmpuint(rd(f, SMMU_PRIQ_PROD), ==, 0);
    ramhost_forget(&f->ram);
    request(f, ppr(true));
    expect_response(f, 0xf, false);
}

static void test_pri_irq(Fix *f)
{
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_PRIQ_IRQEN)));
    ramhost_forget(&f->ram);
    request(f, ppr(false));
    request(f, ppr(true));
    g_assert_cmpuint(f->ram.pulses, ==, 1);
    g_assert_cmpuint(f->ram.pulse_lines[0], ==, SMMU_IRQ_PRIQ);
}

static void test_pri_irq_last(Fix *f)
{
    wr(f, SMMU_PRIQ_IRQ_CFG2, field_mask(IRQ_CFG2_LO));
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_PRIQ_IRQEN)));
    ramhost_forget(&f->ram);
    request(f, ppr(false));
    g_assert_cmpuint(f->ram.pulses, ==, 0);
    request(f, ppr(true));
    g_assert_cmpuint(f->ram.pulses, ==, 1);
    request(f, ppr(true));
    g_assert_cmpuint(f->ram.pulses, ==, 2);
}


static void add_requests(void)
{
    fix_add_profiles("/smmuv3/ats/AT8+AT9-full-stage1", test_full_stage1);
    fix_add_profiles("/smmuv3/ats/AT32-full-nested", test_full_nested);
    fix_add_profiles("/smmuv3/ats/AT27-read-only", test_read_only);
    fix_add_profiles("/smmuv3/ats/AT27-stage2-limits", test_stage2_limits);
    fix_add_profiles("/smmuv3/ats/AT5+AT30-unmapped", test_unmapped);
    fix_add_profiles("/smmuv3/ats/AT6-stage1-grants-nothing", test_no_user_right);
    fix_add_profiles("/smmuv3/ats/AT6-no-grant-is-not-cached", test_no_grant_is_not_cached);
    fix_add_profiles("/smmuv3/ats/AT27-execute", test_execute);
    fix_add_profiles("/smmuv3/ats/AT27-execute-only", test_execute_only);
    fix_add_profiles("/smmuv3/ats/AT27-privileged", test_privileged);
    fix_add_profiles("/smmuv3/ats/CD17-e0pd", test_e0pd);
    fix_add("/smmuv3/ats/AT27-INSTCFG-data", test_instcfg_data);
    fix_add_profiles("/smmuv3/ats/AT29+HT9-NW0-dirties", test_nw0_dirties);
    fix_add_profiles("/smmuv3/ats/AT28-NW1-does-not-dirty", test_nw1_does_not_dirty);
    fix_add_profiles("/smmuv3/ats/HT10-access-flag-fault", test_af_fault);
    fix_add("/smmuv3/ats/AT7+AT33-S1DSS-identity", test_s1dss_identity);
    fix_add_profiles("/smmuv3/ats/AT33-S1DSS-nested", test_s1dss_nested);
    fix_add_profiles("/smmuv3/ats/AT12-split-stage", test_split);
    fix_add_profiles("/smmuv3/ats/AT12-split-rights-of-both", test_split_rights_of_both);
    fix_add("/smmuv3/ats/AT13+AT35-split-permissions", test_split_permissions);
    fix_add("/smmuv3/ats/MA9-translated-keeps-attributes", test_translated_keeps_attributes);
    fix_add("/smmuv3/ats/AT12-split-fault", test_split_fault);
    fix_add("/smmuv3/ats/AT12-split-without-ATSCHK", test_split_without_atschk);
    fix_add_profiles("/smmuv3/ats/AT34-split-S1DSS", test_split_s1dss);
    fix_add("/smmuv3/ats/AT4+RG14-disabled", test_disabled);
    fix_add("/smmuv3/ats/EV15-EATS-off", test_eats_off);
    fix_add("/smmuv3/ats/AT4-bypass", test_ste_bypass);
    fix_add("/smmuv3/ats/AT4-abort", test_ste_abort);
    fix_add("/smmuv3/ats/AT4+AT37-bad-STE", test_bad_ste);
    fix_add("/smmuv3/ats/AT4-bad-CD", test_bad_cd);
    fix_add("/smmuv3/ats/AT4-bad-StreamID", test_bad_streamid);
    fix_add("/smmuv3/ats/AT4-walk-abort", test_walk_abort);
    fix_add("/smmuv3/ats/AT4-stage2-fault-of-walk", test_stage2_fault_of_walk);
    fix_add("/smmuv3/ats/FM19-stall-does-not-apply", test_stall_does_not_apply);
}

static void add_pri(void)
{
    fix_add("/smmuv3/ats/AT26-record", test_ppr_record);
    fix_add("/smmuv3/ats/AT19-without-PASID", test_ppr_without_pasid);
    fix_add("/smmuv3/ats/CM28-response", test_pri_resp);
    fix_add("/smmuv3/ats/AT25-response-codes", test_pri_resp_codes);
    fix_add("/smmuv3/ats/AT23-disabled", test_pri_disabled);
    fix_add("/smmuv3/ats/AT23+RG13+RG14-SMMU-disabled", test_pri_smmu_disabled);
    fix_add("/smmuv3/ats/AT21-stop-marker-unanswered", test_stop_marker_unanswered);
    fix_add("/smmuv3/ats/AT20+AT21+RG43-overflow", test_pri_overflow);
    fix_add("/smmuv3/ats/AT20-overflow-blocks", test_overflow_blocks);
    fix_add_config("/smmuv3/ats/AT22-PPAR", "max", edit_no_pps, test_overflow_ppar);
    fix_add_config("/smmuv3/ats/AT22-no-PPAR", "max", edit_no_pps, test_overflow_no_ppar);
    fix_add_config("/smmuv3/ats/AT22-bad-STE", "max", edit_no_pps, test_overflow_bad_ste);
    fix_add("/smmuv3/ats/AT24-queue-abort", test_pri_abort);
    fix_add("/smmuv3/ats/IR1-page-request-queue", test_pri_irq);
    fix_add("/smmuv3/ats/IR1+RG34-interrupt-on-last", test_pri_irq_last);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_requests();
    fix_add("/smmuv3/ats/AT10-unchecked-passes", test_unchecked_passes);
    fix_add("/smmuv3/ats/AT10-disabled", test_translated_disabled);
    fix_add("/smmuv3/ats/AT10-checked-passes", test_checked_passes);
    fix_add("/smmuv3/ats/AT10-checked-EATS-off", test_checked_eats_off);
    fix_add("/smmuv3/ats/AT10-checked-bypass", test_checked_bypass);
    fix_add("/smmuv3/ats/AT10-checked-abort", test_checked_abort);
    fix_add("/smmuv3/ats/AT10-checked-bad-STE", test_checked_bad_ste);
    fix_add("/smmuv3/ats/AT11-above-OAS", test_above_oas);
    fix_add("/smmuv3/ats/AT14-PASIDTT", test_pasidtt);
    fix_add_config("/smmuv3/ats/ID1-no-ATS", "max", edit_no_ats, test_no_ats);
    fix_add("/smmuv3/ats/CM27-ATC_INV", test_atc_inv);
    fix_add("/smmuv3/ats/CM27-ATC_INV-all", test_atc_inv_all);
    fix_add("/smmuv3/ats/CM27-ignored-when-disabled", test_atc_inv_ignored);
    fix_add("/smmuv3/ats/AT16-timeout", test_atc_inv_timeout);
    fix_add("/smmuv3/ats/CM6+CM34-sync-waits", test_sync_waits_for_atc_inv);
    fix_add("/smmuv3/ats/CM36-late-timeout", test_late_timeout);
    fix_add("/smmuv3/ats/stray-answer", test_stray_answer);
    add_pri();
    return g_test_run();
}

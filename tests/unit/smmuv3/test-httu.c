/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware update of access flag and dirty state, both stages (IHI 0070 3.13). */
#include "fixture.h"

#define BIT(f) (1ull << (((f) >> 8) & 0xff))

static uint64_t s1_desc(Fix *f, uint64_t va)
{
    return arm_pages_get(&f->s1, va);
}

static uint64_t s2_desc(Fix *f, uint64_t ipa)
{
    return arm_pages_get(&f->s2, ipa);
}

/** Stage 1 with HA (and HD); the leaf of VA has AF=0 and is writable-clean if @hd. */
static void s1_httu(Fix *f, bool hd)
{
    scene_stage1(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HD, hd);
    arm_pages_set(&f->s1, VA, (s1_desc(f, VA) & ~BIT(PTE_AF)) |
                                  (hd ? BIT(PTE_AP2) | BIT(PTE_DBM) : 0));
}

static void s2_httu(Fix *f, bool hd)
{
    scene_stage2(f);
    field_set(f->ste, STE_S2HA, 1);
    ste_put_field(f, STE_S2HD, hd);
    arm_pages_set(&f->s2, IPA,
                  hd ? (s2_desc(f, IPA) & ~(BIT(PTE_AF) | BIT(S2PTE_S2AP_W))) | BIT(PTE_DBM)
                     : s2_desc(f, IPA) & ~BIT(PTE_AF));
}

static void test_s1_af(Fix *f)
{
    s1_httu(f, false);
    expect_ok(f, VA, false, PA);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AF));
}

static void test_s1_af_off(Fix *f)
{
    s1_httu(f, false);
    cd_put_field(f, CD_HA, 0);
    expect_event(f, VA, false, F_ACCESS);
    g_assert_false(s1_desc(f, VA) & BIT(PTE_AF));
}

static void test_s1_affd_ignored(Fix *f)
{
    s1_httu(f, false);
    cd_put_field(f, CD_AFFD, 1);
    expect_ok(f, VA, false, PA);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AF));
}

static void test_s1_dirty(Fix *f)
{
    s1_httu(f, true);
    expect_ok(f, VA, true, PA);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AF));
    g_assert_false(s1_desc(f, VA) & BIT(PTE_AP2));
    g_assert_true(s1_desc(f, VA) & BIT(PTE_DBM));
}

static void test_s1_read_does_not_dirty(Fix *f)
{
    s1_httu(f, true);
    expect_ok(f, VA, false, PA);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AP2));
    expect_ok(f, VA, true, PA);
    g_assert_false(s1_desc(f, VA) & BIT(PTE_AP2));
}

static void test_s1_no_dbm(Fix *f)
{
    s1_httu(f, true);
    arm_pages_set(&f->s1, VA, s1_desc(f, VA) & ~BIT(PTE_DBM));
    expect_event(f, VA, true, F_PERMISSION);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AP2));
}

static void test_s1_hd_off(Fix *f)
{
    s1_httu(f, true);
    cd_put_field(f, CD_HD, 0);
    expect_event(f, VA, true, F_PERMISSION);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AP2));
}

static void test_s1_aptable_wins(Fix *f)
{
    uint64_t at;

    s1_httu(f, true);
    at = arm_pages_desc_addr(&f->s1, VA, 2);
    gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | BIT(PTE_TABLE_AP1));
    expect_event(f, VA, true, F_PERMISSION);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AP2));
}

static void test_s1_clean_is_writable_for_wxn(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    s1_httu(f, true);
    cd_put_field(f, CD_WXN, 1);
    t.exec = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_PERMISSION);
}

static void test_s2_af(Fix *f)
{
    s2_httu(f, false);
    expect_ok(f, IPA, false, PA);
    g_assert_true(s2_desc(f, IPA) & BIT(PTE_AF));
}

static void test_s2_dirty(Fix *f)
{
    s2_httu(f, true);
    expect_ok(f, IPA, true, PA);
    g_assert_true(s2_desc(f, IPA) & BIT(PTE_AF));
    g_assert_true(s2_desc(f, IPA) & BIT(S2PTE_S2AP_W));
}

static void test_s2_read_does_not_dirty(Fix *f)
{
    s2_httu(f, true);
    expect_ok(f, IPA, false, PA);
    g_assert_false(s2_desc(f, IPA) & BIT(S2PTE_S2AP_W));
    expect_ok(f, IPA, true, PA);
    g_assert_true(s2_desc(f, IPA) & BIT(S2PTE_S2AP_W));
}

static void test_haft(Fix *f)
{
    uint64_t at;

    scene_stage1(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HAFT, 1);
    at = arm_pages_desc_addr(&f->s1, VA, 2);
    g_assert_false(gmem_read64(&f->mem, at) & BIT(PTE_AF));
    expect_ok(f, VA, false, PA);
    g_assert_true(gmem_read64(&f->mem, at) & BIT(PTE_AF));
    g_assert_true(gmem_read64(&f->mem, arm_pages_desc_addr(&f->s1, VA, 1)) & BIT(PTE_AF));
}

static void test_s2_haft(Fix *f)
{
    scene_stage2(f);
    field_set(f->ste, STE_S2HA, 1);
    ste_put_field(f, STE_S2HAFT, 1);
    expect_ok(f, IPA, false, PA);
    g_assert_true(gmem_read64(&f->mem, arm_pages_desc_addr(&f->s2, IPA, 2)) & BIT(PTE_AF));
}

static void test_no_haft(Fix *f)
{
    s1_httu(f, false);
    expect_ok(f, VA, false, PA);
    g_assert_false(gmem_read64(&f->mem, arm_pages_desc_addr(&f->s1, VA, 2)) & BIT(PTE_AF));
}

/* ---- Two stages --------------------------------------------------------------------------- */

/** Stage 1 HA and HD over stage 2; the leaf of VA is writable-clean with AF=0. */
static void nested_httu(Fix *f, bool s2hd)
{
    scene_nested(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HD, 1);
    field_set(f->ste, STE_S2HA, 1);
    ste_put_field(f, STE_S2HD, s2hd);
    arm_pages_set(&f->s1, VA, (s1_desc(f, VA) & ~BIT(PTE_AF)) | BIT(PTE_AP2) | BIT(PTE_DBM));
}

static uint64_t table_page(Fix *f)
{
    return arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
}

static void test_nested_update(Fix *f)
{
    nested_httu(f, false);
    expect_ok(f, VA, true, PA);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AF));
    g_assert_false(s1_desc(f, VA) & BIT(PTE_AP2));
}

static void test_table_must_be_writable(Fix *f)
{
    nested_httu(f, false);
    arm_pages_set(&f->s2, table_page(f),
                  reg_set(s2_desc(f, table_page(f)), VMSA_S2AP, VMSA_S2AP_RO));
    expect_event(f, VA, false, F_PERMISSION);
    expect_fields(true, EVT_CLASS_TT, true);
    g_assert_false(f->event.ttrnw);
    g_assert_cmphex(f->event.ipa, ==, table_page(f));
}

static void test_table_page_is_dirtied(Fix *f)
{
    nested_httu(f, true);
    arm_pages_set(&f->s2, table_page(f),
                  reg_set(s2_desc(f, table_page(f)), VMSA_S2AP, VMSA_S2AP_RO) | BIT(PTE_DBM));
    expect_ok(f, VA, false, PA);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AF));
    g_assert_true(s2_desc(f, table_page(f)) & BIT(S2PTE_S2AP_W));
}

static void test_cd_page_is_not_dirtied(Fix *f)
{
    uint64_t page;

    nested_httu(f, true);
    page = cd_table_input(&f->cds, 0) & ~low_mask(12);
    arm_pages_set(&f->s2, page,
                  (reg_set(s2_desc(f, page), VMSA_S2AP, VMSA_S2AP_RO) | BIT(PTE_DBM)) &
                  ~BIT(PTE_AF));
    expect_ok(f, VA, true, PA);
    g_assert_true(s2_desc(f, page) & BIT(PTE_AF));
    g_assert_false(s2_desc(f, page) & BIT(S2PTE_S2AP_W));
}

static void test_both_dirtied(Fix *f)
{
    nested_httu(f, true);
    arm_pages_set(&f->s2, IPA, reg_set(s2_desc(f, IPA), VMSA_S2AP, VMSA_S2AP_RO) | BIT(PTE_DBM));
    expect_ok(f, VA, true, PA);
    g_assert_false(s1_desc(f, VA) & BIT(PTE_AP2));
    g_assert_true(s2_desc(f, IPA) & BIT(S2PTE_S2AP_W));
}

/* ---- Speculation, races, aborts ----------------------------------------------------------- */

static void test_speculative_does_not_dirty(Fix *f)
{
    IommuTxn t = txn_at(VA, true);

    s1_httu(f, true);
    t.speculative = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, 0);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AP2));
}

static void test_probe_updates_nothing(Fix *f)
{
    IommuTxn t = txn_at(VA, true);
    uint64_t before;

    s1_httu(f, true);
    before = s1_desc(f, VA);
    t.probe = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(s1_desc(f, VA), ==, before);
}

/** The guest's CPU takes the page away just before our swap. */
static void unmap_behind(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    Fix *f = opaque;

    (void)ram;
    (void)kind;
    (void)addr;
    (void)n;
    arm_pages_unmap(&f->s1, VA);
}

static void test_race_with_cpu(Fix *f)
{
    s1_httu(f, false);
    ramhost_hook(&f->ram, unmap_behind, f, RAMHOST_CAS, 1);
    expect_event(f, VA, false, F_TRANSLATION);
    g_assert_cmphex(s1_desc(f, VA), ==, 0);
}

static void test_update_abort(Fix *f)
{
    uint64_t at;

    s1_httu(f, false);
    at = arm_pages_desc_addr(&f->s1, VA, 3);
    ramhost_abort(&f->ram, at, at + 7, RAMHOST_CAS);
    expect_event(f, VA, false, F_WALK_EABT);
    g_assert_cmphex(f->event.fetch_addr, ==, at);
}

/**
 * An ATS request that is granted nothing leaves the access flag clear; what it saw must not answer
 * the access that has to set it.
 */
static void test_ats_without_grant_stage1(Fix *f)
{
    IommuTxn t = txn_at(VA, false);
    IommuResult res;

    s1_httu(f, false);
    ste_put_field(f, STE_EATS, STE_EATS_FULL);
    arm_pages_set(&f->s1, VA, s1_desc(f, VA) & ~BIT(PTE_AP1));
    t.kind = IOMMU_TXN_ATS_REQUEST;
    res = run(f, &t);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_false(res.ats_r || res.ats_w);
    g_assert_false(s1_desc(f, VA) & BIT(PTE_AF));
    t = txn_at(VA, false);
    t.priv = true;
    g_assert_cmphex(run(f, &t).pa, ==, PA);
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AF));
}

/* Stage 2, execute-only: a request for data is granted nothing, an instruction fetch may use it. */
static void test_ats_without_grant_stage2(Fix *f)
{
    IommuTxn t = txn_at(IPA, false);
    IommuResult res;

    s2_httu(f, false);
    ste_put_field(f, STE_EATS, STE_EATS_FULL);
    arm_pages_set(&f->s2, IPA, reg_set(s2_desc(f, IPA), VMSA_S2AP, VMSA_S2AP_NONE));
    t.kind = IOMMU_TXN_ATS_REQUEST;
    res = run(f, &t);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_false(res.ats_r || res.ats_w);
    g_assert_false(s2_desc(f, IPA) & BIT(PTE_AF));
    t = txn_at(IPA, false);
    t.exec = true;
    g_assert_cmphex(run(f, &t).pa, ==, PA);
    g_assert_true(s2_desc(f, IPA) & BIT(PTE_AF));
}

/** CMD_SYNC, and the transaction's own end before it: what was updated is in memory. */
static void test_sync_shows_updates(Fix *f)
{
    s1_httu(f, true);
    expect_ok(f, VA, true, PA);
    cmd(f, smmu_make_tlbi_nh_all(0));
    g_assert_true(s1_desc(f, VA) & BIT(PTE_AF));
    g_assert_false(s1_desc(f, VA) & BIT(PTE_AP2));
}

static void test_contiguous_updates_one(Fix *f)
{
    s1_httu(f, false);
    for (unsigned i = 0; i < 16; i++) {
        arm_pages_set(&f->s1, VA + i * PAGE,
                      (ARM_S1_RW & ~BIT(PTE_AF)) | BIT(PTE_VALID) | BIT(PTE_TABLE) |
                      BIT(PTE_CONT) | ((PA & ~0xffffull) + i * PAGE));
    }
    expect_ok(f, VA + 3 * PAGE, false, (PA & ~0xffffull) + 3 * PAGE);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmpuint(!!(s1_desc(f, VA + i * PAGE) & BIT(PTE_AF)), ==, i == 3);
    }
    expect_ok(f, VA + 4 * PAGE, false, (PA & ~0xffffull) + 4 * PAGE);
    g_assert_true(s1_desc(f, VA + 4 * PAGE) & BIT(PTE_AF));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/httu/HT2-stage1-access-flag", test_s1_af);
    fix_add("/smmuv3/httu/HT3-access-flag-off", test_s1_af_off);
    fix_add("/smmuv3/httu/CD10-AFFD-ignored-with-HA", test_s1_affd_ignored);
    fix_add_profiles("/smmuv3/httu/HT4-stage1-dirty", test_s1_dirty);
    fix_add_profiles("/smmuv3/httu/HT4-stage1-read-does-not-dirty", test_s1_read_does_not_dirty);
    fix_add("/smmuv3/httu/HT4-stage1-without-DBM", test_s1_no_dbm);
    fix_add("/smmuv3/httu/HT4-stage1-without-HD", test_s1_hd_off);
    fix_add_profiles("/smmuv3/httu/HT5-APTable-wins", test_s1_aptable_wins);
    fix_add("/smmuv3/httu/HT4-clean-is-writable-for-WXN", test_s1_clean_is_writable_for_wxn);
    fix_add_profiles("/smmuv3/httu/HT2-stage2-access-flag", test_s2_af);
    fix_add_profiles("/smmuv3/httu/HT4-stage2-dirty", test_s2_dirty);
    fix_add_profiles("/smmuv3/httu/HT4-stage2-read-does-not-dirty", test_s2_read_does_not_dirty);
    fix_add_profiles("/smmuv3/httu/HT1-HAFT-stage1", test_haft);
    fix_add_profiles("/smmuv3/httu/HT1-HAFT-stage2", test_s2_haft);
    fix_add("/smmuv3/httu/HT1-no-HAFT", test_no_haft);
    fix_add_profiles("/smmuv3/httu/HT7-nested-update", test_nested_update);
    fix_add_profiles("/smmuv3/httu/HT7-table-must-be-writable", test_table_must_be_writable);
    fix_add_profiles("/smmuv3/httu/HT7-table-page-is-dirtied", test_table_page_is_dirtied);
    fix_add_profiles("/smmuv3/httu/HT5-cd-page-is-not-dirtied", test_cd_page_is_not_dirtied);
    fix_add_profiles("/smmuv3/httu/HT7-both-dirtied", test_both_dirtied);
    fix_add_profiles("/smmuv3/httu/HT12-speculative-does-not-dirty",
                     test_speculative_does_not_dirty);
    fix_add("/smmuv3/httu/probe-updates-nothing", test_probe_updates_nothing);
    fix_add_profiles("/smmuv3/httu/HT13-race-with-cpu", test_race_with_cpu);
    fix_add_profiles("/smmuv3/httu/AT29-no-grant-stage1-not-cached",
                     test_ats_without_grant_stage1);
    fix_add_profiles("/smmuv3/httu/AT29-no-grant-stage2-not-cached",
                     test_ats_without_grant_stage2);
    fix_add_profiles("/smmuv3/httu/HT8-sync-shows-updates", test_sync_shows_updates);
    fix_add("/smmuv3/httu/EV6-update-abort", test_update_abort);
    fix_add_profiles("/smmuv3/httu/WK6-contiguous-updates-one", test_contiguous_updates_one);
    return g_test_run();
}

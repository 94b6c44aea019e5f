/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which condition wins where a request meets several (VT-d 5.10, table 30 of 7.1.3, 3.6.2, 3.10):
 * what the random comparison with the second translation procedure found, one fact a test.
 */
#include "fixture.h"

/* ---- accessed and dirty flags on a walk that does not snoop --------------------------------- */

/* Flags of every entry on the way to @addr but the leaf's, which gets @leaf. */
static void use_tables(Fix *f, VtdPages *t, uint64_t addr, uint64_t leaf)
{
    uint64_t used = t->stage == 1 ? reg_make(VTD_FS_A, 1) | reg_make(VTD_FS_EA, 1)
                                  : reg_make(VTD_SS_A, 1) | reg_make(VTD_SS_D, 1);

    for (unsigned level = 1; level <= t->levels; level++) {
        uint64_t at = vtd_pages_entry_addr(t, addr, level);

        gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | (level == 1 ? leaf : used));
    }
}

static void unsnooped(Fix *f)
{
    field_set(f->entry, VTD_PASID_PWSNP, 0);
    fix_put_entry(f);
    fix_flush(f);
}

/* The leaf's own flags are clear; those above it are set. */
static void fs_leaf_unused(Fix *f, uint64_t addr)
{
    scene_fs(f);
    unsnooped(f);
    use_tables(f, &f->fs, addr, 0);
}

static void fs_right_before_accessed(Fix *f)
{
    fs_leaf_unused(f, SUP_IOVA);
    fix_assert_read_fault(f, SUP_IOVA, VTD_FAULT_SGN_2);
}

static void fs_write_right_before_accessed(Fix *f)
{
    fs_leaf_unused(f, RO_IOVA);
    fix_assert_write_fault(f, RO_IOVA, VTD_FAULT_SGN_6);
}

static void fs_accessed(Fix *f)
{
    fs_leaf_unused(f, RO_IOVA);
    fix_assert_read_fault(f, RO_IOVA, VTD_FAULT_SFS_9);
}

static void fs_right_before_dirty(Fix *f)
{
    fs_leaf_unused(f, RO_IOVA);
    use_tables(f, &f->fs, RO_IOVA, reg_make(VTD_FS_A, 1));
    fix_assert_write_fault(f, RO_IOVA, VTD_FAULT_SGN_6);
}

static void fs_table_at_once(Fix *f)
{
    scene_fs(f);
    unsnooped(f);
    /* No right at the leaf, but an entry above it is used whatever that grants. */
    fix_assert_read_fault(f, SUP_IOVA, VTD_FAULT_SFS_9);
}

static void fs_extended_accessed(Fix *f)
{
    fs_leaf_unused(f, IOVA);
    field_set(f->entry, VTD_PASID_EAFE, 1);
    fix_put_entry(f);
    fix_flush(f);
    use_tables(f, &f->fs, IOVA, reg_make(VTD_FS_A, 1));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SFS_9);
}

static void fs_reserved_before_accessed(Fix *f)
{
    uint64_t at;

    fs_leaf_unused(f, IOVA);
    at = vtd_pages_entry_addr(&f->fs, IOVA, 4);
    gmem_write64(&f->mem, at, (gmem_read64(&f->mem, at) & ~field_mask(VTD_FS_A)) |
                                  field_mask(VTD_FS_PS));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SFS_3);
}

static void ss_leaf_unused(Fix *f, uint64_t addr)
{
    scene_ss_ad(f);
    unsnooped(f);
    use_tables(f, &f->ss, addr, 0);
}

static void ss_right_before_accessed(Fix *f)
{
    ss_leaf_unused(f, RO_IOVA);
    fix_assert_write_fault(f, RO_IOVA, VTD_FAULT_SGN_6);
}

static void ss_accessed(Fix *f)
{
    ss_leaf_unused(f, RO_IOVA);
    fix_assert_read_fault(f, RO_IOVA, VTD_FAULT_SSS_5);
}

static void ss_right_before_dirty(Fix *f)
{
    ss_leaf_unused(f, RO_IOVA);
    use_tables(f, &f->ss, RO_IOVA, reg_make(VTD_SS_A, 1));
    fix_assert_write_fault(f, RO_IOVA, VTD_FAULT_SGN_6);
}

static void nested_dirty(Fix *f)
{
    scene_nested(f);
    unsnooped(f);
    use_tables(f, &f->fs, IOVA, reg_make(VTD_FS_A, 1));
    g_assert_cmpuint(fix_read(f, IOVA).status, ==, IOMMU_STATUS_OK);
    fix_assert_write_fault(f, IOVA, VTD_FAULT_SFS_9);
}

static void nested_right_before_dirty(Fix *f)
{
    scene_nested(f);
    unsnooped(f);
    use_tables(f, &f->fs, RO_IOVA, reg_make(VTD_FS_A, 1));
    fix_assert_write_fault(f, RO_IOVA, VTD_FAULT_SGN_6);
}

/* ---- conditions of table 30 that some kinds of request do not have --------------------------- */

static void eptr_without_paside(Fix *f)
{
    scene_fs(f);
    field_set(f->ctx, VTD_SMCTX_EPTR, 1);
    field_set(f->ctx, VTD_SMCTX_PASIDE, 0);
}

static void pasid_meets_paside(Fix *f)
{
    IommuTxn t = fix_txn_pasid(IOVA, false, PASID);

    eptr_without_paside(f);
    fix_put_context(f);
    fix_flush(f);
    fix_assert_fault(f, &t, VTD_FAULT_SCT_6);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SCT_4);
}

static void ats_with_pasid(Fix *f, VtdFaultReason reason)
{
    IommuTxn t = fix_txn_ats(IOVA, false);
    IommuResult res;

    fix_put_context(f);
    fix_flush(f);
    t.has_pasid = true;
    t.pasid = PASID;
    res = fix_do(f, &t);
    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_UR);
    fix_assert_record(f, reason);
}

static void ats_pasid_meets_paside(Fix *f)
{
    eptr_without_paside(f);
    ats_with_pasid(f, VTD_FAULT_SCT_6);
}

static void ats_pasid_meets_dte(Fix *f)
{
    eptr_without_paside(f);
    field_set(f->ctx, VTD_SMCTX_DTE, 0);
    field_set(f->ctx, VTD_SMCTX_PRE, 0);
    ats_with_pasid(f, VTD_FAULT_SCT_5);
}

static void start_legacy_io_rights(Fix *f)
{
    scene_legacy(f);
    fix_set64(f, VTD_REG_RTADDR, vtd_root_reg(&f->root) | field_mask(VTD_RTADDR_SSIRWE));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
}

static void legacy_pasid_before_io_rights(Fix *f)
{
    IommuTxn t = fix_txn_pasid(IOVA, false, PASID);

    start_legacy_io_rights(f);
    fix_assert_fault(f, &t, VTD_FAULT_RTA_2);
}

static void legacy_io_rights(Fix *f)
{
    start_legacy_io_rights(f);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_RTA_1);
}

/* ---- zero-length reads ----------------------------------------------------------------------- */

static IommuResult zero_length_read(Fix *f, uint64_t addr)
{
    IommuTxn t = fix_txn(addr, false);

    t.size = 0;
    return fix_do(f, &t);
}

/* Write-only, and clean: nothing is written, so it stays so; but it has been used. */
static void zero_length_of_clean(Fix *f)
{
    IommuResult res;
    uint64_t leaf;

    scene_ss_ad(f);
    res = zero_length_read(f, WO_IOVA);
    fix_assert_ok(&res, PAGE_PA + 9 * PAGE);
    leaf = vtd_pages_get(&f->ss, WO_IOVA);
    g_assert_true(reg_get(leaf, VTD_SS_A));
    g_assert_false(reg_get(leaf, VTD_SS_D));
}

static void zero_length_of_clean_nested(Fix *f)
{
    IommuResult res;

    scene_nested(f);
    field_set(f->entry, VTD_PASID_SSADE, 1);
    fix_put_entry(f);
    fix_flush(f);
    res = zero_length_read(f, WO_IOVA);
    fix_assert_ok(&res, PAGE_PA + 9 * PAGE);
}

static void zero_length_needs_user(Fix *f)
{
    IommuTxn t = fix_txn(SUP_IOVA, false);

    scene_nested(f);
    t.size = 0;
    fix_assert_fault(f, &t, VTD_FAULT_SGN_2);
}

/* ---- answers to translation requests --------------------------------------------------------- */

static void assert_answer(Fix *f, uint64_t addr, bool no_write, bool r, bool w)
{
    IommuTxn t = fix_txn_ats(addr, no_write);
    IommuResult res = fix_do(f, &t);

    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmpint(res.ats_r, ==, r);
    g_assert_cmpint(res.ats_w, ==, w);
}

#define INTERRUPTS 0xfee00000ull

/* Without a right there is no output address, so none that could be wrong. */
static void no_right_no_output(Fix *f)
{
    scene_fs(f);
    vtd_pages_map_level(&f->fs, SUP_IOVA, INTERRUPTS, 1, field_mask(VTD_FS_P));
    assert_answer(f, SUP_IOVA, false, false, false);
    fix_assert_no_record(f);
}

static void no_write_no_output(Fix *f)
{
    scene_ss(f);
    vtd_pages_map_level(&f->ss, WO_IOVA, INTERRUPTS, 1, VTD_SS_WO);
    assert_answer(f, WO_IOVA, true, false, false);
    fix_assert_no_record(f);
}

static void right_and_bad_output(Fix *f)
{
    IommuTxn t = fix_txn_ats(IOVA, false);

    scene_ss(f);
    vtd_pages_map_level(&f->ss, IOVA, INTERRUPTS, 1, VTD_SS_RW);
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_CA);
    fix_assert_record(f, VTD_FAULT_SGN_8);
}

/* W cannot be granted without D: table 30 answers with no right at all, not with R alone. */
static void dirty_unsnooped(Fix *f)
{
    fs_leaf_unused(f, IOVA);
    use_tables(f, &f->fs, IOVA, reg_make(VTD_FS_A, 1));
    assert_answer(f, IOVA, false, false, false);
    assert_answer(f, IOVA, true, true, false); /* NW=1 asks for no D */
    fix_assert_no_record(f);
}

static void dirty_denied_by_second_stage(Fix *f)
{
    uint64_t table;

    scene_nested(f);
    use_tables(f, &f->fs, IOVA, reg_make(VTD_FS_A, 1));
    table = vtd_pages_entry_input(&f->fs, IOVA, 1);
    vtd_pages_set(&f->ss, table, vtd_pages_get(&f->ss, table) & ~field_mask(VTD_SS_W));
    fix_flush(f);
    assert_answer(f, IOVA, false, false, false);
    assert_answer(f, IOVA, true, true, false);
    fix_assert_no_record(f);
}

static void dirty_failed(Fix *f)
{
    uint64_t at;

    scene_fs(f);
    use_tables(f, &f->fs, IOVA, reg_make(VTD_FS_A, 1));
    at = vtd_pages_entry_addr(&f->fs, IOVA, 1);
    ramhost_abort(&f->ram, at, at + 7, RAMHOST_CAS);
    assert_answer(f, IOVA, false, false, false);
    fix_assert_record(f, VTD_FAULT_SFS_10);
}

static void ss_dirty_unsnooped(Fix *f)
{
    IommuTxn t = fix_txn_ats(IOVA, false);

    ss_leaf_unused(f, IOVA);
    use_tables(f, &f->ss, IOVA, reg_make(VTD_SS_A, 1));
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_CA);
    fix_assert_record(f, VTD_FAULT_SSS_5);
    assert_answer(f, IOVA, true, true, false);
}

/*
 * ---- what the request itself says
 * ----------------------------------------------------------------
 */

static void pass_through_uncached(Fix *f)
{
    scene_pt(f);
    g_assert_cmpuint(fix_read(f, IOVA).attr.type, ==, VTD_MT_WB);
    field_set(f->entry, VTD_PASID_CD, 1);
    fix_put_entry(f);
    fix_flush(f);
    g_assert_cmpuint(fix_read(f, IOVA).attr.type, ==, VTD_MT_UC);
}

static void translated_snoops(Fix *f)
{
    IommuTxn t = fix_txn(PAGE_PA, false);

    scene_fs(f);
    t.kind = IOMMU_TXN_TRANSLATED;
    g_assert_true(fix_do(f, &t).attr.snoop);
    t.no_snoop = true;
    g_assert_false(fix_do(f, &t).attr.snoop);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, fn) fix_add_profiles(path, fn)
    ADD("/vtd/priority/T9-SGN.2-before-accessed", fs_right_before_accessed);
    ADD("/vtd/priority/T9-SGN.6-before-accessed", fs_write_right_before_accessed);
    ADD("/vtd/priority/T9-SFS.9-accessed", fs_accessed);
    ADD("/vtd/priority/T9-SGN.6-before-dirty", fs_right_before_dirty);
    ADD("/vtd/priority/T9-SFS.9-table-at-once", fs_table_at_once);
    ADD("/vtd/priority/T9-SFS.9-extended-accessed", fs_extended_accessed);
    ADD("/vtd/priority/T9-SFS.3-before-accessed", fs_reserved_before_accessed);
    ADD("/vtd/priority/T9-SGN.6-before-second-stage-accessed", ss_right_before_accessed);
    ADD("/vtd/priority/T9-SSS.5-accessed", ss_accessed);
    ADD("/vtd/priority/T9-SGN.6-before-second-stage-dirty", ss_right_before_dirty);
    ADD("/vtd/priority/T8+T9-SFS.9-nested-dirty", nested_dirty);
    ADD("/vtd/priority/T8+T9-SGN.6-before-nested-dirty", nested_right_before_dirty);
    ADD("/vtd/priority/SCT.6-not-SCT.4.3", pasid_meets_paside);
    ADD("/vtd/priority/SCT.6-not-SCT.4.3-ats", ats_pasid_meets_paside);
    ADD("/vtd/priority/SCT.5-not-SCT.4.3-ats", ats_pasid_meets_dte);
    ADD("/vtd/priority/RTA.2-not-RTA.1", legacy_pasid_before_io_rights);
    ADD("/vtd/priority/RTA.1-legacy-io-rights-without-pasid", legacy_io_rights);
    ADD("/vtd/priority/T7-zero-length-read-of-clean-page", zero_length_of_clean);
    ADD("/vtd/priority/T8-zero-length-read-of-clean-page", zero_length_of_clean_nested);
    ADD("/vtd/priority/T8-zero-length-read-needs-user", zero_length_needs_user);
    ADD("/vtd/priority/A1-no-right-no-output", no_right_no_output);
    ADD("/vtd/priority/A2-no-write-no-output", no_write_no_output);
    ADD("/vtd/priority/A1-SGN.8-with-a-right", right_and_bad_output);
    ADD("/vtd/priority/A2-SFS.9-dirty", dirty_unsnooped);
    ADD("/vtd/priority/A2-SFS.8-dirty", dirty_denied_by_second_stage);
    ADD("/vtd/priority/A2-SFS.10-dirty", dirty_failed);
    ADD("/vtd/priority/A2-SSS.5-dirty", ss_dirty_unsnooped);
    ADD("/vtd/priority/M3-pass-through-uncached", pass_through_uncached);
    ADD("/vtd/priority/M2-translated-snoops", translated_snoops);
    return g_test_run();
}

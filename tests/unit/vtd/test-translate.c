/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that succeed: addresses, rights, privilege, the interrupt range, accessed and dirty
 * flags.
 */
#include "fixture.h"

#include <string.h>

static void expect(Fix *f, IommuTxn t, uint64_t pa)
{
    IommuResult r = fix_do(f, &t);

    fix_assert_ok(&r, pa);
}

static void rights_of(Fix *f)
{
    expect(f, fix_txn(IOVA + 0x123, false), PAGE_PA + 0x123);
    expect(f, fix_txn(IOVA + 0x123, true), PAGE_PA + 0x123);
    expect(f, fix_txn(IOVA + 15 * PAGE, true), PAGE_PA + 15 * PAGE);
    expect(f, fix_txn(RO_IOVA, false), PAGE_PA + 8 * PAGE);
}

static void legacy(Fix *f)
{
    scene_legacy(f);
    rights_of(f);
    expect(f, fix_txn(WO_IOVA, true), PAGE_PA + 9 * PAGE);
}

static void first_stage(Fix *f)
{
    scene_fs(f);
    rights_of(f);
    expect(f, fix_txn_pasid(IOVA, true, PASID), PAGE_PA);
}

static void second_stage(Fix *f)
{
    scene_ss(f);
    rights_of(f);
    expect(f, fix_txn(WO_IOVA, true), PAGE_PA + 9 * PAGE);
    expect(f, fix_txn_pasid(IOVA, true, PASID), PAGE_PA);
}

static void nested(Fix *f)
{
    scene_nested(f);
    rights_of(f);
    expect(f, fix_txn(WO_IOVA, true), PAGE_PA + 9 * PAGE);
    expect(f, fix_txn_pasid(IOVA, true, PASID), PAGE_PA);
}

static void atomics(Fix *f)
{
    IommuTxn t = fix_txn(IOVA, true);

    scene_nested(f);
    t.atomic = true;
    expect(f, t, PAGE_PA);
}

static void pass_through(Fix *f)
{
    IommuResult r;

    scene_pt(f);
    r = fix_read(f, 0x123456789000);
    fix_assert_ok(&r, 0x123456789000);
    g_assert_true(r.bypassed);
    g_assert_cmpuint(f->m->counters.bypassed, ==, 1);
    expect(f, fix_txn_pasid(0x5000, true, PASID), 0x5000);
}

static void legacy_pass_through(Fix *f)
{
    IommuResult r;

    scene_legacy_pass_through(f);
    r = fix_write(f, 0xfffffffff000);
    fix_assert_ok(&r, 0xfffffffff000);
    g_assert_true(r.bypassed);
}

static void disabled(Fix *f)
{
    IommuTxn t = fix_txn_pasid(0x5000, true, PASID);
    IommuResult r = fix_do(f, &t);

    fix_assert_ok(&r, 0x5000);
    g_assert_true(r.bypassed);
    t = fix_txn_ats(0x5000, false);
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_UR);
    t = (IommuTxn) { .addr = 0x5000, .stream = RID, .kind = IOMMU_TXN_TRANSLATED };
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_UR);
    fix_assert_no_record(f);
}

static void translated_passes(Fix *f)
{
    IommuTxn t = { .addr = 0x12340000, .stream = RID, .size = 8, .kind = IOMMU_TXN_TRANSLATED };

    scene_fs(f);
    expect(f, t, 0x12340000);
    g_assert_cmpuint(f->m->counters.walks, ==, 0);
}

static void no_ptrs(VtdConfig *c)
{
    c->ptrs = false;
}

static void translated_with_pasid_refused(Fix *f)
{
    IommuTxn t = { .addr = 0x12340000, .stream = RID, .kind = IOMMU_TXN_TRANSLATED,
                   .has_pasid = true, .pasid = PASID };

    scene_fs(f);
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_UR);
    fix_assert_no_record(f);
}

/* ---- context entries ---- */

static void upper_half(Fix *f)
{
    scene_fs(f);
    vtd_ctx_set(&f->root, 0x08f9, f->ctx);
    IommuTxn t = fix_txn(IOVA, false);
    t.stream = 0x08f9;
    expect(f, t, PAGE_PA);
    t.stream = 0x0879; /* the same entry of the lower half is absent */
    fix_assert_fault(f, &t, VTD_FAULT_SCT_2);
}

static void rid_pasid(Fix *f)
{
    uint64_t other[8];

    scene_fs(f);
    memcpy(other, f->entry, sizeof(other));
    vtd_pasid_pass_through(other, 9);
    vtd_pasid_set(&f->pasids, 0x54321, other);
    field_set(f->ctx, VTD_SMCTX_RID_PASID, 0x54321);
    fix_put_context(f);
    fix_flush(f);
    expect(f, fix_txn(0x9000, false), 0x9000);
    expect(f, fix_txn_pasid(IOVA, false, PASID), PAGE_PA);
}

static void no_rps(VtdConfig *c)
{
    c->rps = false;
}

static void rid_pasid_is_zero_without_rps(Fix *f)
{
    scene_fs(f);
    expect(f, fix_txn(IOVA, false), PAGE_PA);
    field_set(f->ctx, VTD_SMCTX_RID_PASID, 1);
    fix_put_context(f);
    fix_flush(f);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SCT_3);
}

static void largest_pasid(Fix *f)
{
    scene_fs(f);
    vtd_pasid_set(&f->pasids, 0xfffff, f->entry);
    expect(f, fix_txn_pasid(IOVA, false, 0xfffff), PAGE_PA);
}

/* Ignored when the type does not use them; reserved where the capability is absent (E1). */
static void unused_fields_are_ignored(Fix *f)
{
    scene_fs(f);
    field_set(f->entry, VTD_PASID_AW, 7);
    field_set(f->entry, VTD_PASID_SSPTPTR, 0x12345);
    field_set(f->entry, VTD_PASID_SSADE, 1);
    field_set(f->entry, VTD_PASID_EMTE, 1);
    field_set(f->entry, BITFIELD_AT(133, 2), 3);
    fix_put_entry(f);
    fix_flush(f);
    expect(f, fix_txn(IOVA, false), PAGE_PA);
}

static void unused_first_stage_fields(Fix *f)
{
    scene_ss(f);
    field_set(f->entry, VTD_PASID_FSPM, 3);
    field_set(f->entry, VTD_PASID_FSPTPTR, 0x12345);
    field_set(f->entry, VTD_PASID_WPE, 1);
    field_set(f->entry, VTD_PASID_EAFE, 1);
    fix_put_entry(f);
    fix_flush(f);
    expect(f, fix_txn(IOVA, false), PAGE_PA);
}

static void poor(VtdConfig *c)
{
    c->srs = c->rprivs = c->eafs = c->mts = c->ssads = c->sc = false;
}

static void absent_capabilities_reserve(Fix *f)
{
    static const BitField fields[] = {
        VTD_PASID_SRE, VTD_PASID_EAFE, VTD_PASID_CD, VTD_PASID_EMTE, VTD_PASID_PAT,
        VTD_PASID_SSADE, VTD_PASID_PGSNP,
    };

    scene_fs(f);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        uint64_t keep[8];

        memcpy(keep, f->entry, sizeof(keep));
        field_set(f->entry, fields[i], 1);
        fix_put_entry(f);
        fix_flush(f);
        fix_assert_read_fault(f, IOVA, VTD_FAULT_SPT_3);
        memcpy(f->entry, keep, sizeof(keep));
    }
}

static void first_stage_only(VtdConfig *c)
{
    c->ssts = c->nest = c->ssads = c->ssirws = false;
    c->sagaw = 0;
}

static void first_stage_only_v1(VtdConfig *c)
{
    first_stage_only(c);
    c->ver_max = 1;
}

static void aw_reserved(Fix *f)
{
    scene_fs(f);
    expect(f, fix_txn(IOVA, false), PAGE_PA);
    field_set(f->entry, VTD_PASID_AW, VTD_AW_48);
    fix_put_entry(f);
    fix_flush(f);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SPT_3);
}

static void aw_tolerated(Fix *f)
{
    scene_fs(f);
    field_set(f->entry, VTD_PASID_AW, VTD_AW_48);
    fix_put_entry(f);
    fix_flush(f);
    expect(f, fix_txn(IOVA, false), PAGE_PA);
}

/* Two sources, one PASID, different tables under one domain: wrong, but no more than that. */
static void contradicting_entries(Fix *f)
{
    TableSpace space = table_space(&f->mem);
    VtdPages other;
    IommuTxn t = fix_txn(IOVA, false);

    scene_ss(f);
    vtd_pages_init(&other, &space, 2, 5);
    vtd_pages_map(&other, IOVA, PAGE_PA + 77 * PAGE, PAGE, VTD_SS_RW);
    vtd_ctx_set(&f->root, OTHER_RID, f->ctx);
    expect(f, t, PAGE_PA);
    vtd_pasid_second_stage(f->entry, &other, DID);
    fix_put_entry(f);
    t.stream = OTHER_RID;
    g_assert_cmpuint(fix_do(f, &t).status, <=, IOMMU_STATUS_ABORT);
}

/* ---- table shapes ---- */

static void levels(Fix *f)
{
    TableSpace space = table_space(&f->mem);

    scene_ss(f);
    for (unsigned n = 3; n <= 5; n++) {
        uint64_t top = (1ull << (12 + 9 * n)) - PAGE;
        VtdPages p;

        vtd_pages_init(&p, &space, 2, n);
        vtd_pages_map(&p, top, PAGE_PA, PAGE, VTD_SS_RW);
        vtd_pasid_second_stage(f->entry, &p, DID);
        fix_put_entry(f);
        fix_flush(f);
        expect(f, fix_txn(top, true), PAGE_PA);
        if (n < 5) {
            fix_assert_read_fault(f, top + PAGE, VTD_FAULT_SGN_5);
        }
    }
}

static void five_level_first_stage(Fix *f)
{
    TableSpace space = table_space(&f->mem);
    uint64_t high = ~0ull << 56;
    VtdPages p;

    scene_fs(f);
    vtd_pages_init(&p, &space, 1, 5);
    vtd_pages_map(&p, high, PAGE_PA, PAGE, VTD_FS_USER_RW);
    vtd_pages_map(&p, 1ull << 55, PAGE_PA + PAGE, PAGE, VTD_FS_USER_RW);
    vtd_pasid_first_stage(f->entry, &p, DID);
    field_set(f->entry, VTD_PASID_PWSNP, 1);
    fix_put_entry(f);
    fix_flush(f);
    expect(f, fix_txn(high, true), PAGE_PA);
    expect(f, fix_txn(1ull << 55, true), PAGE_PA + PAGE);
    fix_assert_read_fault(f, 1ull << 56, VTD_FAULT_SGN_1);
}

static void no_large_pages(VtdConfig *c)
{
    c->fs1gp = false;
    c->sslps = 0;
}

static void large_page_sizes(Fix *f)
{
    IommuResult r;

    scene_fs(f);
    vtd_pages_map_level(&f->fs, 0x200000, 0x600000, 2, VTD_FS_USER_RW);
    vtd_pages_map_level(&f->fs, 0x80000000, 0xc0000000, 3,
                        VTD_FS_USER_RW | reg_make(VTD_FS_PAT_LARGE, 1));
    r = fix_read(f, 0x212345);
    fix_assert_ok(&r, 0x612345);
    g_assert_cmpuint(r.page_lg2, ==, 21);
    r = fix_read(f, 0x87654321);
    fix_assert_ok(&r, 0xc7654321);
    g_assert_cmpuint(r.page_lg2, ==, 30);
}

static void large_pages_absent(Fix *f)
{
    scene_fs(f);
    vtd_pages_map_level(&f->fs, 0x200000, 0x600000, 2, VTD_FS_USER_RW);
    vtd_pages_map_level(&f->fs, 0x80000000, 0xc0000000, 3, VTD_FS_USER_RW);
    expect(f, fix_txn(0x212340, false), 0x612340); /* 2 MB is always there */
    fix_assert_read_fault(f, 0x87654321, VTD_FAULT_SFS_3);
}

static void second_stage_large_pages_absent(Fix *f)
{
    scene_ss(f);
    vtd_pages_map_level(&f->ss, 0x200000, 0x600000, 2, VTD_SS_RW);
    vtd_pages_map_level(&f->ss, 0x80000000, 0xc0000000, 3, VTD_SS_RW);
    fix_assert_read_fault(f, 0x212345, VTD_FAULT_SSS_3);
    fix_assert_read_fault(f, 0x87654321, VTD_FAULT_SSS_3);
}

static void nested_page_size_is_the_smaller(Fix *f)
{
    IommuResult r;

    scene_nested(f);
    vtd_pages_map_level(&f->ss, 0x4000000000, 0x40000000, 3, VTD_SS_RW);
    vtd_pages_map_level(&f->fs, 0x200000, 0x4000400000, 2, VTD_FS_USER_RW);
    r = fix_read(f, 0x201000);
    fix_assert_ok(&r, 0x40401000);
    g_assert_cmpuint(r.page_lg2, ==, 21);
}

static void ignored_bits(Fix *f)
{
    scene_fs(f);
    vtd_pages_set(&f->fs, IOVA,
                  vtd_pages_get(&f->fs, IOVA) | 1ull << 9 | 1ull << 11 | 0x7ffull << 52 |
                      1ull << 63 | 1ull << 8);
    expect(f, fix_txn(IOVA, true), PAGE_PA);
}

static void second_stage_ignored_bits(Fix *f)
{
    scene_ss(f);
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) | 1ull << 2 | 7ull << 3 | 1ull << 6 |
                                    3ull << 8 | 1ull << 10 | 0x3ffull << 52 | 1ull << 63);
    expect(f, fix_txn(IOVA, true), PAGE_PA);
}

static void io_rights(Fix *f)
{
    scene_ss(f);
    fix_set64(f, VTD_REG_RTADDR, vtd_root_reg(&f->root) | reg_make(VTD_RTADDR_SSIRWE, 1));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t at = vtd_pages_entry_addr(&f->ss, IOVA, level);
        uint64_t e = gmem_read64(&f->mem, at);

        gmem_write64(&f->mem, at, (e & ~3ull) | reg_make(VTD_SS_IR, 1) |
                                      reg_make(VTD_SS_IW, level > 1));
    }
    expect(f, fix_txn(IOVA, false), PAGE_PA);
    fix_assert_write_fault(f, IOVA, VTD_FAULT_SGN_6);
}

/* ---- privilege ---- */

static void privileged(Fix *f)
{
    IommuTxn t = fix_txn_pasid(SUP_IOVA, true, PASID);

    scene_fs(f);
    field_set(f->entry, VTD_PASID_SRE, 1);
    fix_put_entry(f);
    fix_flush(f);
    fix_assert_fault(f, &t, VTD_FAULT_SGN_2);
    t.priv = true;
    expect(f, t, PAGE_PA + 10 * PAGE);
    /* WPE=0: a supervisor writes where users may only read. */
    t.addr = RO_IOVA;
    expect(f, t, PAGE_PA + 8 * PAGE);
}

static void rid_priv(Fix *f)
{
    scene_fs(f);
    field_set(f->entry, VTD_PASID_SRE, 1);
    fix_put_entry(f);
    field_set(f->ctx, VTD_SMCTX_RID_PRIV, 1);
    fix_put_context(f);
    fix_flush(f);
    expect(f, fix_txn(SUP_IOVA, true), PAGE_PA + 10 * PAGE);
    field_set(f->entry, VTD_PASID_SRE, 0);
    fix_put_entry(f);
    fix_flush(f);
    fix_assert_read_fault(f, SUP_IOVA, VTD_FAULT_SPT_6);
}

static void privilege_needs_a_pasid(Fix *f)
{
    IommuTxn t = fix_txn(SUP_IOVA, false);

    scene_fs(f);
    t.priv = true; /* no PASID, no such attribute */
    fix_assert_fault(f, &t, VTD_FAULT_SGN_2);
}

/* ---- zero-length reads ---- */

static void no_zlr(VtdConfig *c)
{
    c->zlr = false;
}

static IommuTxn zlr(uint64_t addr)
{
    IommuTxn t = fix_txn(addr, false);

    t.size = 0;
    return t;
}

static void zero_length_read(Fix *f)
{
    scene_ss(f);
    expect(f, zlr(WO_IOVA), PAGE_PA + 9 * PAGE);
    expect(f, zlr(WO_IOVA), PAGE_PA + 9 * PAGE);
    expect(f, zlr(RO_IOVA), PAGE_PA + 8 * PAGE);
    fix_assert_read_fault(f, WO_IOVA, VTD_FAULT_SGN_7);
}

static void zero_length_read_absent(Fix *f)
{
    IommuTxn t = zlr(WO_IOVA);

    scene_ss(f);
    fix_assert_fault(f, &t, VTD_FAULT_SGN_7);
}

/* ---- interrupt range ---- */

static void interrupt_writes(Fix *f)
{
    IommuTxn t = fix_txn(0xfee00000, true);

    scene_fs(f);
    t.size = 4;
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_INTERRUPT);
    t.addr = 0xfeeffffc;
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_INTERRUPT);
    t.addr = 0xfef00000;
    fix_assert_fault(f, &t, VTD_FAULT_SFS_2);
}

static void other_requests_in_the_range(Fix *f)
{
    IommuTxn t = fix_txn(0xfee00000, true);
    IommuResult r;

    scene_fs(f);
    fix_assert_fault(f, &t, VTD_FAULT_IR_BAD_REQUEST); /* 8 bytes */
    t.size = 4;
    t.atomic = true;
    fix_assert_fault(f, &t, VTD_FAULT_IR_BAD_REQUEST);
    t = fix_txn(0xfee00000, false);
    fix_assert_fault(f, &t, VTD_FAULT_IR_BAD_REQUEST);
    t.size = 0;
    r = fix_do(f, &t);
    g_assert_cmpuint(r.status, ==, IOMMU_STATUS_OK);
    g_assert_true(r.bypassed);
}

static void range_with_pasid_is_translated(Fix *f)
{
    IommuTxn t = fix_txn_pasid(0xfee00000, true, PASID);

    scene_fs(f);
    vtd_pages_map(&f->fs, 0xfee00000, PAGE_PA, PAGE, VTD_FS_USER_RW);
    t.size = 4;
    expect(f, t, PAGE_PA);
}

/* ---- accessed and dirty flags ---- */

static uint64_t fs_entry(Fix *f, uint64_t addr, unsigned level)
{
    return gmem_read64(&f->mem, vtd_pages_entry_addr(&f->fs, addr, level));
}

static void first_stage_flags(Fix *f)
{
    scene_fs(f);
    fix_read(f, IOVA);
    for (unsigned level = 1; level <= 4; level++) {
        g_assert_true(reg_get(fs_entry(f, IOVA, level), VTD_FS_A));
        g_assert_false(reg_get(fs_entry(f, IOVA, level), VTD_FS_D));
        g_assert_false(reg_get(fs_entry(f, IOVA, level), VTD_FS_EA));
    }
    fix_write(f, IOVA);
    g_assert_true(reg_get(fs_entry(f, IOVA, 1), VTD_FS_D));
    g_assert_false(reg_get(fs_entry(f, IOVA, 2), VTD_FS_D));
    g_assert_cmphex(fs_entry(f, IOVA + PAGE, 1) & 0x60, ==, 0);
}

static void extended_accessed(Fix *f)
{
    scene_fs(f);
    field_set(f->entry, VTD_PASID_EAFE, 1);
    fix_put_entry(f);
    fix_flush(f);
    fix_write(f, IOVA);
    for (unsigned level = 1; level <= 4; level++) {
        g_assert_true(reg_get(fs_entry(f, IOVA, level), VTD_FS_EA));
    }
    /* A set by the processor does not stand for EA. */
    vtd_pages_set(&f->fs, IOVA + PAGE, vtd_pages_get(&f->fs, IOVA + PAGE) | reg_make(VTD_FS_A, 1));
    fix_read(f, IOVA + PAGE);
    g_assert_true(reg_get(fs_entry(f, IOVA + PAGE, 1), VTD_FS_EA));
}

static void refused_write_is_not_dirty(Fix *f)
{
    scene_fs(f);
    fix_write(f, RO_IOVA);
    g_assert_false(reg_get(fs_entry(f, RO_IOVA, 1), VTD_FS_D));
}

static void second_stage_flags(Fix *f)
{
    scene_ss_ad(f);
    fix_read(f, IOVA);
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t e = gmem_read64(&f->mem, vtd_pages_entry_addr(&f->ss, IOVA, level));

        g_assert_true(reg_get(e, VTD_SS_A));
        g_assert_false(reg_get(e, VTD_SS_D));
    }
    fix_write(f, IOVA);
    g_assert_true(reg_get(vtd_pages_get(&f->ss, IOVA), VTD_SS_D));
}

static void second_stage_flags_off(Fix *f)
{
    uint64_t before;

    scene_ss(f);
    before = vtd_pages_get(&f->ss, IOVA);
    fix_write(f, IOVA);
    g_assert_cmphex(vtd_pages_get(&f->ss, IOVA), ==, before);
    g_assert_cmpuint(f->ram.swaps, ==, 0);
}

static void nested_flags(Fix *f)
{
    uint64_t gpa;

    scene_nested(f);
    field_set(f->entry, VTD_PASID_SSADE, 1);
    fix_put_entry(f);
    fix_flush(f);
    fix_write(f, IOVA);
    g_assert_true(reg_get(fs_entry(f, IOVA, 1), VTD_FS_D));
    g_assert_true(reg_get(vtd_pages_get(&f->ss, IOVA + GPA_DELTA), VTD_SS_D));
    /* The first-stage table was written to: its page is dirty. */
    gpa = vtd_pages_entry_input(&f->fs, IOVA, 1);
    g_assert_true(reg_get(vtd_pages_get(&f->ss, gpa), VTD_SS_D));
}

static void ssade_asks_for_write_on_tables(Fix *f)
{
    uint64_t gpa;

    scene_nested(f);
    field_set(f->entry, VTD_PASID_SSADE, 1);
    fix_put_entry(f);
    gpa = vtd_pages_entry_input(&f->fs, IOVA, 4);
    vtd_pages_set(&f->ss, gpa, vtd_pages_get(&f->ss, gpa) & ~VTD_SS_WO);
    fix_flush(f);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SFS_6);
}

static void change_entry(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    Fix *f = opaque;

    (void)kind;
    (void)n;
    (void)ram;
    /* Software moves the page between the read and the update of its entry. */
    if (addr == vtd_pages_entry_addr(&f->fs, IOVA, 1)) {
        vtd_pages_map_level(&f->fs, IOVA, PAGE_PA + 64 * PAGE, 1, VTD_FS_USER_RW);
    }
}

static void entry_changes_before_update(Fix *f)
{
    scene_fs(f);
    ramhost_hook(&f->ram, change_entry, f, RAMHOST_CAS, 0);
    expect(f, fix_txn(IOVA, true), PAGE_PA + 64 * PAGE);
    g_assert_true(reg_get(fs_entry(f, IOVA, 1), VTD_FS_D));
}

/* ---- looks that leave no mark ---- */

static void probe(Fix *f)
{
    IommuTxn t = fix_txn(IOVA, true);
    IommuCounters before;
    uint64_t entry;

    scene_fs(f);
    t.probe = true;
    entry = vtd_pages_get(&f->fs, IOVA);
    before = f->m->counters;
    ramhost_forget(&f->ram);
    expect(f, t, PAGE_PA);
    t.addr = HOLE;
    g_assert_cmphex(fix_do(f, &t).fault, ==, VTD_FAULT_SFS_2);
    g_assert_cmphex(vtd_pages_get(&f->fs, IOVA), ==, entry);
    g_assert_cmpint(memcmp(&before, &f->m->counters, sizeof(before)), ==, 0);
    g_assert_cmpuint(f->ram.writes + f->ram.swaps, ==, 0);
    fix_assert_no_record(f);
}

static bool collect(void *opaque, uint64_t addr, uint64_t pa, uint64_t bytes, uint8_t rights)
{
    GString *s = opaque;

    g_string_append_printf(s, "%llx>%llx+%llx:%d%d ", (unsigned long long)addr,
                           (unsigned long long)pa, (unsigned long long)bytes,
                           !!(rights & IOMMU_RIGHTS_R), !!(rights & IOMMU_RIGHTS_W));
    return true;
}

static void enumerate(Fix *f)
{
    g_autoptr(GString) s = g_string_new(NULL);

    scene_nested(f);
    f->m->ops->enumerate(f->m, RID, IOVA + 7 * PAGE, IOVA + 9 * PAGE - 1, collect, s);
    g_assert_cmpstr(s->str, ==, "40007000>1234c000+1000:11 40008000>1234d000+1000:10 ");
    g_string_truncate(s, 0);
    f->m->ops->enumerate(f->m, OTHER_RID, 0, ~0ull, collect, s);
    g_assert_cmpstr(s->str, ==, "");
}

static void enumerate_pass_through(Fix *f)
{
    g_autoptr(GString) s = g_string_new(NULL);

    scene_pt(f);
    g_assert_true(vtd_stream_bypassed(f->m, RID));
    g_assert_false(vtd_stream_bypassed(f->m, OTHER_RID));
    f->m->ops->enumerate(f->m, RID, 0x1000, ~0ull, collect, s);
    g_assert_cmpstr(s->str, ==, "1000>1000+ffffffffff000:11 ");
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    g_assert_true(vtd_stream_bypassed(f->m, OTHER_RID));
}

static void trace(Fix *f)
{
    scene_nested(f);
    iommu_trace_arm(&f->m->trace);
    fix_write(f, IOVA);
    for (const char *const *word = (const char *const[]) { "Scalable root entry[",
             "Scalable context entry[", "PASID directory entry[", "PASID entry[", "FS-PML4E",
             "SS-PTE", "Result: PA 0x12345000, page 2^12, rights rw", NULL };
         *word; word++) {
        g_assert_nonnull(strstr(f->m->trace.text, *word));
    }
    /* A hit is no walk: the trace waits for one. */
    iommu_trace_arm(&f->m->trace);
    fix_write(f, IOVA);
    fix_read(f, HOLE);
    g_assert_nonnull(strstr(f->m->trace.text, "SFS.2"));
}

static void counters_add_up(Fix *f)
{
    const IommuCounters *c = &f->m->counters;
    IommuTxn t;

    scene_fs(f);
    for (unsigned i = 0; i < 40; i++) {
        t = fix_txn(IOVA + i * PAGE, i & 1);
        t.kind = i % 3;
        fix_do(f, &t);
    }
    g_assert_cmpuint(c->transactions, ==, 40);
    g_assert_cmpuint(c->transactions, ==, c->translated + c->bypassed + c->aborted + c->stalled);
    g_assert_cmpuint(c->tlb_lookups, ==, c->tlb_hits + c->tlb_misses);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/vtd/translate/T3-legacy", legacy);
    fix_add_profiles("/vtd/translate/T6-first-stage", first_stage);
    fix_add_profiles("/vtd/translate/T7-second-stage", second_stage);
    fix_add_profiles("/vtd/translate/T8-nested", nested);
    fix_add_profiles("/vtd/translate/T8-atomic", atomics);
    fix_add_profiles("/vtd/translate/T10-pass-through", pass_through);
    fix_add_profiles("/vtd/translate/T3+T10-legacy-pass-through", legacy_pass_through);
    fix_add("/vtd/translate/T1-disabled", disabled);
    fix_add("/vtd/translate/T4-translated-request", translated_passes);
    fix_add_config("/vtd/translate/T1-translated-with-pasid", "max", no_ptrs,
                   translated_with_pasid_refused);
    fix_add_profiles("/vtd/translate/T4-upper-half", upper_half);
    fix_add_profiles("/vtd/translate/T4-rid-pasid", rid_pasid);
    fix_add_config("/vtd/translate/T4-rid-pasid-absent", "max", no_rps,
                   rid_pasid_is_zero_without_rps);
    fix_add_profiles("/vtd/translate/T4-largest-pasid", largest_pasid);
    fix_add_profiles("/vtd/translate/E1-ignored-second-stage-fields", unused_fields_are_ignored);
    fix_add_profiles("/vtd/translate/E1-ignored-first-stage-fields", unused_first_stage_fields);
    fix_add_config("/vtd/translate/E1-reserved-fields", "max", poor, absent_capabilities_reserve);
    fix_add_config("/vtd/translate/E1-aw-reserved", "max", first_stage_only, aw_reserved);
    fix_add_config("/vtd/translate/E1-aw-tolerated-before-4.1", "max", first_stage_only_v1,
                   aw_tolerated);
    fix_add_profiles("/vtd/translate/E2-contradicting-entries", contradicting_entries);
    fix_add_profiles("/vtd/translate/T7-levels", levels);
    fix_add_profiles("/vtd/translate/T6-five-levels", five_level_first_stage);
    fix_add_profiles("/vtd/translate/T6-large-pages", large_page_sizes);
    fix_add_config("/vtd/translate/T6-large-pages-absent", "max", no_large_pages,
                   large_pages_absent);
    fix_add_config("/vtd/translate/T7-large-pages-absent", "max", no_large_pages,
                   second_stage_large_pages_absent);
    fix_add_profiles("/vtd/translate/T8-page-size", nested_page_size_is_the_smaller);
    fix_add_profiles("/vtd/translate/T6-ignored-bits", ignored_bits);
    fix_add_profiles("/vtd/translate/T7-ignored-bits", second_stage_ignored_bits);
    fix_add_profiles("/vtd/translate/T7-io-rights", io_rights);
    fix_add_profiles("/vtd/translate/T5-privileged", privileged);
    fix_add_profiles("/vtd/translate/T5-rid-priv", rid_priv);
    fix_add_profiles("/vtd/translate/T5-without-pasid", privilege_needs_a_pasid);
    fix_add_profiles("/vtd/translate/T7-zero-length-read", zero_length_read);
    fix_add_config("/vtd/translate/T7-zero-length-read-absent", "max", no_zlr,
                   zero_length_read_absent);
    fix_add_profiles("/vtd/translate/T2-interrupt-writes", interrupt_writes);
    fix_add_profiles("/vtd/translate/T2+IRF.29-other-requests", other_requests_in_the_range);
    fix_add_profiles("/vtd/translate/T2-with-pasid", range_with_pasid_is_translated);
    fix_add_profiles("/vtd/translate/T9-first-stage", first_stage_flags);
    fix_add_profiles("/vtd/translate/T9-extended-accessed", extended_accessed);
    fix_add_profiles("/vtd/translate/T9+F6-refused-write", refused_write_is_not_dirty);
    fix_add_profiles("/vtd/translate/T9-second-stage", second_stage_flags);
    fix_add_profiles("/vtd/translate/T9-second-stage-off", second_stage_flags_off);
    fix_add_profiles("/vtd/translate/T9-nested", nested_flags);
    fix_add_profiles("/vtd/translate/T8-ssade-tables", ssade_asks_for_write_on_tables);
    fix_add_profiles("/vtd/translate/T9-entry-changes", entry_changes_before_update);
    fix_add_profiles("/vtd/translate/probe", probe);
    fix_add("/vtd/translate/enumerate", enumerate);
    fix_add("/vtd/translate/enumerate-pass-through", enumerate_pass_through);
    fix_add("/vtd/translate/trace", trace);
    fix_add_profiles("/vtd/translate/counters", counters_add_up);
    return g_test_run();
}

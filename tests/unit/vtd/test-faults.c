/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every DMA fault condition of Table 30 (7.1.3): one scene broken in one way, one request, one
 * code. Then each is asked again by a translation request, whose answer is another column of the
 * table.
 */
#include "fixture.h"

typedef enum Ask { READ, WRITE, ATOMIC, PASID_READ, PASID_WRITE, PRIV_WRITE, EXEC } Ask;

/* What a translation request gets: UR, CA, or success without rights; NONE: not asked. */
typedef enum Ats { NONE, UR, CA, EMPTY, EMPTY_REPORTED } Ats;

typedef struct Condition {
    const char *name;
    void (*scene)(Fix *);
    void (*breaks)(Fix *);
    uint64_t addr;
    Ask ask;
    VtdFaultReason reason;
    Ats ats;
    bool qualified; /* FPD of the context entry silences it */
} Condition;

/* ---- ways to break things ---- */

static void abort_reads(Fix *f, uint64_t addr)
{
    ramhost_abort(&f->ram, addr, addr + 7, RAMHOST_READ);
}

static void root_unreadable(Fix *f)
{
    abort_reads(f, vtd_root_addr(&f->root, RID));
}

static void root_absent(Fix *f)
{
    gmem_write64(&f->mem, vtd_root_addr(&f->root, RID), 0);
}

static void root_reserved(Fix *f)
{
    uint64_t at = vtd_root_addr(&f->root, RID);

    gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | 1u << 1);
}

static void root_reserved_high(Fix *f)
{
    gmem_write64(&f->mem, vtd_root_addr(&f->root, RID) + 8, 1);
}

static void root_other_half_reserved(Fix *f)
{
    gmem_write64(&f->mem, vtd_root_addr(&f->root, RID) + 8, 3);
}

static void context_unreadable(Fix *f)
{
    abort_reads(f, vtd_ctx_addr(&f->root, RID));
}

static void context_absent(Fix *f)
{
    field_set(f->ctx, VTD_CTX_P, 0);
    fix_put_context(f);
}

static void context_reserved(Fix *f)
{
    f->ctx[1] |= 1ull << 63;
    fix_put_context(f);
}

static void legacy_reserved_71(Fix *f)
{
    field_set(f->ctx, BITFIELD_AT(71, 1), 1);
    fix_put_context(f);
}

static void legacy_pointer_above_haw(Fix *f)
{
    field_set(f->ctx, BITFIELD_AT(52, 1), 1);
    fix_put_context(f);
}

static void legacy_aw(Fix *f)
{
    field_set(f->ctx, VTD_CTX_AW, 4);
    fix_put_context(f);
}

static void legacy_tt(Fix *f)
{
    field_set(f->ctx, VTD_CTX_TT, 3);
    fix_put_context(f);
}

static void legacy_tt_device_tlb(Fix *f)
{
    field_set(f->ctx, VTD_CTX_TT, VTD_TT_DEVICE_TLB);
    fix_put_context(f);
}

static void ss_root_unreadable(Fix *f)
{
    legacy_tt_device_tlb(f);
    abort_reads(f, vtd_pages_entry_addr(&f->ss, IOVA, 4));
}

static void ss_leaf_unreadable(Fix *f)
{
    legacy_tt_device_tlb(f);
    abort_reads(f, vtd_pages_entry_addr(&f->ss, IOVA, 1));
}

static void ss_leaf_reserved(Fix *f)
{
    legacy_tt_device_tlb(f);
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) | reg_make(VTD_SS_IW, 1));
}

static void ss_to_interrupts(Fix *f)
{
    legacy_tt_device_tlb(f);
    vtd_pages_map_level(&f->ss, IOVA, 0xfee00000, 1, VTD_SS_RW);
}

static void mode(Fix *f, unsigned ttm)
{
    fix_set64(f, VTD_REG_RTADDR, reg_set(vtd_root_reg(&f->root), VTD_RTADDR_TTM, ttm));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
}

static void mode_invalid(Fix *f)
{
    mode(f, VTD_TTM_INVALID);
}

static void mode_abort(Fix *f)
{
    mode(f, VTD_TTM_ABORT);
}

static void legacy_with_irw(Fix *f)
{
    fix_set64(f, VTD_REG_RTADDR, vtd_root_reg(&f->root) | reg_make(VTD_RTADDR_SSIRWE, 1));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
}

static void pre_without_dte(Fix *f)
{
    field_set(f->ctx, VTD_SMCTX_DTE, 0);
    fix_put_context(f);
}

static void rid_pasid_beyond(Fix *f)
{
    field_set(f->ctx, VTD_SMCTX_PDTS, 0);
    field_set(f->ctx, VTD_SMCTX_RID_PASID, 1 << 13);
    fix_put_context(f);
}

static void eptr_without_paside(Fix *f)
{
    field_set(f->ctx, VTD_SMCTX_EPTR, 1);
    field_set(f->ctx, VTD_SMCTX_PASIDE, 0);
    fix_put_context(f);
}

static void no_paside(Fix *f)
{
    field_set(f->ctx, VTD_SMCTX_PASIDE, 0);
    fix_put_context(f);
}

static void small_directory(Fix *f)
{
    field_set(f->ctx, VTD_SMCTX_PDTS, 0);
    fix_put_context(f);
}

static void rid_pasid_same(Fix *f)
{
    field_set(f->ctx, VTD_SMCTX_RID_PASID, PASID);
    fix_put_context(f);
}

static void directory_unreadable(Fix *f)
{
    abort_reads(f, vtd_pasid_dir_addr(&f->pasids, 0));
}

static void directory_absent(Fix *f)
{
    gmem_write64(&f->mem, vtd_pasid_dir_addr(&f->pasids, 0), 0);
}

static void directory_reserved(Fix *f)
{
    uint64_t at = vtd_pasid_dir_addr(&f->pasids, 0);

    gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | 1u << 5);
}

static void entry_unreadable(Fix *f)
{
    abort_reads(f, vtd_pasid_addr(&f->pasids, 0));
}

static void entry_absent(Fix *f)
{
    field_set(f->entry, VTD_PASID_P, 0);
    fix_put_entry(f);
}

static void entry_reserved(Fix *f)
{
    f->entry[7] = 1;
    fix_put_entry(f);
}

static void entry_reserved_bit5(Fix *f)
{
    field_set(f->entry, BITFIELD_AT(5, 1), 1);
    fix_put_entry(f);
}

static void entry_aw(Fix *f)
{
    field_set(f->entry, VTD_PASID_AW, 5);
    fix_put_entry(f);
}

static void entry_pgtt(Fix *f)
{
    field_set(f->entry, VTD_PASID_PGTT, 5);
    fix_put_entry(f);
}

static void entry_fspm(Fix *f)
{
    field_set(f->entry, VTD_PASID_FSPM, 2);
    fix_put_entry(f);
}

static void entry_fsptptr(Fix *f)
{
    field_set(f->entry, VTD_PASID_FSPTPTR, 1ull << (48 - 12));
    fix_put_entry(f);
}

static void wpe(Fix *f)
{
    field_set(f->entry, VTD_PASID_SRE, 1);
    field_set(f->entry, VTD_PASID_WPE, 1);
    fix_put_entry(f);
}

static void fs_leaf_unreadable(Fix *f)
{
    abort_reads(f, vtd_pages_entry_addr(&f->fs, IOVA, 1));
}

static void fs_leaf_reserved(Fix *f)
{
    vtd_pages_map_level(&f->fs, IOVA, 1ull << 30, 2,
                        VTD_FS_USER_RW | reg_make(BITFIELD(0, 13, 1), 1));
}

static void fs_root_unreadable(Fix *f)
{
    abort_reads(f, vtd_pages_entry_addr(&f->fs, IOVA, 4));
}

static void fs_beyond_guest(Fix *f)
{
    vtd_pages_map_level(&f->fs, IOVA, 1ull << 48, 1, VTD_FS_USER_RW);
}

static void set_ss_right(Fix *f, unsigned level, uint64_t rights)
{
    uint64_t gpa = vtd_pages_entry_input(&f->fs, IOVA, level);
    uint64_t leaf = vtd_pages_get(&f->ss, gpa);

    vtd_pages_set(&f->ss, gpa, (leaf & ~VTD_SS_RW) | rights);
}

static void fs_top_unreadable_in_ss(Fix *f)
{
    set_ss_right(f, 4, VTD_SS_WO);
}

static void fs_lower_unreadable_in_ss(Fix *f)
{
    set_ss_right(f, 1, VTD_SS_WO);
}

static void fs_update_forbidden_in_ss(Fix *f)
{
    set_ss_right(f, 4, VTD_SS_RO);
}

static void unsnooped(Fix *f)
{
    field_set(f->entry, VTD_PASID_PWSNP, 0);
    fix_put_entry(f);
}

static void fs_update_fails(Fix *f)
{
    ramhost_abort(&f->ram, 0, ~0ull, RAMHOST_CAS);
}

static void sm_ss_leaf_unreadable(Fix *f)
{
    abort_reads(f, vtd_pages_entry_addr(&f->ss, IOVA, 1));
}

static void sm_ss_root_unreadable(Fix *f)
{
    abort_reads(f, vtd_pages_entry_addr(&f->ss, IOVA, 4));
}

static void sm_ss_leaf_reserved(Fix *f)
{
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) | reg_make(VTD_SS_IW, 1));
}

static void sm_ss_disjoint_rights(Fix *f)
{
    uint64_t at = vtd_pages_entry_addr(&f->ss, IOVA, 2);
    uint64_t e = gmem_read64(&f->mem, at);

    gmem_write64(&f->mem, at, (e & ~VTD_SS_RW) | VTD_SS_RO);
    vtd_pages_set(&f->ss, IOVA, (vtd_pages_get(&f->ss, IOVA) & ~VTD_SS_RW) | VTD_SS_WO);
}

static void sm_ss_to_interrupts(Fix *f)
{
    vtd_pages_map_level(&f->ss, IOVA, 0xfee00000, 1, VTD_SS_RW);
}

static void nested_ss_hole(Fix *f)
{
    vtd_pages_unmap(&f->ss, IOVA + GPA_DELTA);
}

static const Condition conditions[] = {
    { "/vtd/faults/LRT.1-root-read", scene_legacy, root_unreadable,
      IOVA, READ, VTD_FAULT_LRT_1, CA, false },
    { "/vtd/faults/LRT.2-root-absent", scene_legacy, root_absent,
      IOVA, READ, VTD_FAULT_LRT_2, UR, false },
    { "/vtd/faults/LRT.3-root-reserved", scene_legacy, root_reserved,
      IOVA, READ, VTD_FAULT_LRT_3, CA, false },
    { "/vtd/faults/LRT.3-root-reserved-high", scene_legacy, root_reserved_high,
      IOVA, WRITE, VTD_FAULT_LRT_3, CA, false },
    { "/vtd/faults/LCT.1-context-read", scene_legacy, context_unreadable,
      IOVA, READ, VTD_FAULT_LCT_1, CA, false },
    { "/vtd/faults/LCT.2-context-absent", scene_legacy, context_absent,
      IOVA, READ, VTD_FAULT_LCT_2, UR, true },
    { "/vtd/faults/LCT.3-context-reserved", scene_legacy, context_reserved,
      IOVA, READ, VTD_FAULT_LCT_3, CA, true },
    { "/vtd/faults/LCT.3-bit-71", scene_legacy, legacy_reserved_71,
      IOVA, READ, VTD_FAULT_LCT_3, CA, true },
    { "/vtd/faults/LCT.3-pointer-above-haw", scene_legacy, legacy_pointer_above_haw,
      IOVA, READ, VTD_FAULT_LCT_3, CA, true },
    { "/vtd/faults/LCT.4.1-width", scene_legacy, legacy_aw,
      IOVA, READ, VTD_FAULT_LCT_4, CA, true },
    { "/vtd/faults/LCT.4.2-type", scene_legacy, legacy_tt,
      IOVA, READ, VTD_FAULT_LCT_4, CA, true },
    { "/vtd/faults/LCT.4.3-top-table", scene_legacy, ss_root_unreadable,
      IOVA, READ, VTD_FAULT_LCT_4, CA, true },
    { "/vtd/faults/LSS.1-entry-read", scene_legacy, ss_leaf_unreadable,
      IOVA, READ, VTD_FAULT_LSS_1, CA, true },
    { "/vtd/faults/LSS.2-entry-reserved", scene_legacy, ss_leaf_reserved,
      IOVA, READ, VTD_FAULT_LSS_2, CA, true },
    { "/vtd/faults/LGN.1.1-above-guest-width", scene_legacy, legacy_tt_device_tlb,
      1ull << 48, READ, VTD_FAULT_LGN_1, EMPTY, true },
    { "/vtd/faults/LGN.1.3-pass-through-above-haw", scene_legacy_pass_through, NULL,
      1ull << 52, READ, VTD_FAULT_LGN_1, NONE, true },
    { "/vtd/faults/LGN.2-write-hole", scene_legacy, legacy_tt_device_tlb,
      HOLE, WRITE, VTD_FAULT_LGN_2, EMPTY, true },
    { "/vtd/faults/LGN.2-write-read-only", scene_legacy, NULL,
      RO_IOVA, WRITE, VTD_FAULT_LGN_2, NONE, true },
    { "/vtd/faults/LGN.2-atomic-read-only", scene_legacy, NULL,
      RO_IOVA, ATOMIC, VTD_FAULT_LGN_2, NONE, true },
    { "/vtd/faults/LGN.3-read-hole", scene_legacy, legacy_tt_device_tlb,
      HOLE, READ, VTD_FAULT_LGN_3, EMPTY, true },
    { "/vtd/faults/LGN.3-read-write-only", scene_legacy, NULL,
      WO_IOVA, READ, VTD_FAULT_LGN_3, NONE, true },
    { "/vtd/faults/LGN.4-output-in-range", scene_legacy, ss_to_interrupts,
      IOVA, READ, VTD_FAULT_LGN_4, CA, true },
    { "/vtd/faults/RTA.1-invalid-mode", scene_fs, mode_invalid,
      IOVA, READ, VTD_FAULT_RTA_1, CA, false },
    { "/vtd/faults/RTA.1-irw-in-legacy-mode", scene_legacy, legacy_with_irw,
      IOVA, READ, VTD_FAULT_RTA_1, CA, false },
    { "/vtd/faults/RTA.2-pasid-in-legacy-mode", scene_legacy, NULL,
      IOVA, PASID_READ, VTD_FAULT_RTA_2, UR, false },
    { "/vtd/faults/RTA.4-abort-mode", scene_fs, mode_abort,
      IOVA, READ, VTD_FAULT_RTA_4, UR, false },
    { "/vtd/faults/RTA.5-execute", scene_fs, NULL,
      IOVA, EXEC, VTD_FAULT_RTA_5, UR, false },
    { "/vtd/faults/SRT.1-root-read", scene_fs, root_unreadable,
      IOVA, READ, VTD_FAULT_SRT_1, CA, false },
    { "/vtd/faults/SRT.2-half-absent", scene_fs, root_absent,
      IOVA, READ, VTD_FAULT_SRT_2, UR, false },
    { "/vtd/faults/SRT.3-root-reserved", scene_fs, root_reserved,
      IOVA, READ, VTD_FAULT_SRT_3, CA, false },
    { "/vtd/faults/SRT.3-other-half-reserved", scene_fs, root_other_half_reserved,
      IOVA, READ, VTD_FAULT_SRT_3, CA, false },
    { "/vtd/faults/SCT.1-context-read", scene_fs, context_unreadable,
      IOVA, READ, VTD_FAULT_SCT_1, CA, false },
    { "/vtd/faults/SCT.2-context-absent", scene_fs, context_absent,
      IOVA, READ, VTD_FAULT_SCT_2, UR, true },
    { "/vtd/faults/SCT.3-context-reserved", scene_fs, context_reserved,
      IOVA, READ, VTD_FAULT_SCT_3, CA, true },
    { "/vtd/faults/SCT.4.1-pre-without-dte", scene_fs, pre_without_dte,
      IOVA, READ, VTD_FAULT_SCT_4, CA, true },
    { "/vtd/faults/SCT.4.2-rid-pasid-beyond", scene_fs, rid_pasid_beyond,
      IOVA, READ, VTD_FAULT_SCT_4, CA, true },
    { "/vtd/faults/SCT.4.3-eptr-without-paside", scene_fs, eptr_without_paside,
      IOVA, READ, VTD_FAULT_SCT_4, CA, true },
    { "/vtd/faults/SCT.6-paside-clear", scene_fs, no_paside,
      IOVA, PASID_READ, VTD_FAULT_SCT_6, UR, true },
    { "/vtd/faults/SCT.7-beyond-directory", scene_fs, small_directory,
      IOVA, PASID_READ, VTD_FAULT_SCT_7, UR, true },
    { "/vtd/faults/SCT.9-equals-rid-pasid", scene_fs, rid_pasid_same,
      IOVA, PASID_READ, VTD_FAULT_SCT_9, UR, true },
    { "/vtd/faults/SPD.1-directory-read", scene_fs, directory_unreadable,
      IOVA, READ, VTD_FAULT_SPD_1, CA, false },
    { "/vtd/faults/SPD.2-directory-absent", scene_fs, directory_absent,
      IOVA, READ, VTD_FAULT_SPD_2, EMPTY, true },
    { "/vtd/faults/SPD.3-directory-reserved", scene_fs, directory_reserved,
      IOVA, READ, VTD_FAULT_SPD_3, CA, true },
    { "/vtd/faults/SPT.1-entry-read", scene_fs, entry_unreadable,
      IOVA, READ, VTD_FAULT_SPT_1, CA, false },
    { "/vtd/faults/SPT.2-entry-absent", scene_fs, entry_absent,
      IOVA, READ, VTD_FAULT_SPT_2, EMPTY, true },
    { "/vtd/faults/SPT.3-entry-reserved", scene_fs, entry_reserved,
      IOVA, READ, VTD_FAULT_SPT_3, CA, true },
    { "/vtd/faults/SPT.3-bit-5", scene_fs, entry_reserved_bit5,
      IOVA, READ, VTD_FAULT_SPT_3, CA, true },
    { "/vtd/faults/SPT.4.1-width", scene_ss, entry_aw,
      IOVA, READ, VTD_FAULT_SPT_4, CA, true },
    { "/vtd/faults/SPT.4.2-type", scene_fs, entry_pgtt,
      IOVA, READ, VTD_FAULT_SPT_4, CA, true },
    { "/vtd/faults/SPT.4.3-paging-mode", scene_fs, entry_fspm,
      IOVA, READ, VTD_FAULT_SPT_4, CA, true },
    { "/vtd/faults/SPT.4.4-nested-root-beyond", scene_nested, entry_fsptptr,
      IOVA, READ, VTD_FAULT_SPT_4, CA, true },
    { "/vtd/faults/SPT.6-supervisor", scene_fs, NULL,
      IOVA, PRIV_WRITE, VTD_FAULT_SPT_6, EMPTY, true },
    { "/vtd/faults/SFS.1-entry-read", scene_fs, fs_leaf_unreadable,
      IOVA, READ, VTD_FAULT_SFS_1, EMPTY, true },
    { "/vtd/faults/SFS.2-hole", scene_fs, NULL,
      HOLE, READ, VTD_FAULT_SFS_2, EMPTY, true },
    { "/vtd/faults/SFS.3-entry-reserved", scene_fs, fs_leaf_reserved,
      IOVA, READ, VTD_FAULT_SFS_3, EMPTY, true },
    { "/vtd/faults/SFS.4-top-table", scene_fs, fs_root_unreadable,
      IOVA, READ, VTD_FAULT_SFS_4, EMPTY, true },
    { "/vtd/faults/SFS.5-beyond-guest-width", scene_nested, fs_beyond_guest,
      IOVA, READ, VTD_FAULT_SFS_5, EMPTY, true },
    { "/vtd/faults/SFS.6-top-table-right", scene_nested, fs_top_unreadable_in_ss,
      IOVA, READ, VTD_FAULT_SFS_6, EMPTY, true },
    { "/vtd/faults/SFS.7-table-right", scene_nested, fs_lower_unreadable_in_ss,
      IOVA, READ, VTD_FAULT_SFS_7, EMPTY, true },
    { "/vtd/faults/SFS.8-update-right", scene_nested, fs_update_forbidden_in_ss,
      IOVA, READ, VTD_FAULT_SFS_8, EMPTY, true },
    { "/vtd/faults/SFS.9-unsnooped-update", scene_fs, unsnooped,
      IOVA, READ, VTD_FAULT_SFS_9, EMPTY, true },
    { "/vtd/faults/SFS.10-update-fails", scene_fs, fs_update_fails,
      IOVA, READ, VTD_FAULT_SFS_10, EMPTY_REPORTED, true },
    { "/vtd/faults/SSS.1-entry-read", scene_ss, sm_ss_leaf_unreadable,
      IOVA, READ, VTD_FAULT_SSS_1, CA, true },
    { "/vtd/faults/SSS.2-hole", scene_ss, NULL,
      HOLE, READ, VTD_FAULT_SSS_2, EMPTY, true },
    { "/vtd/faults/SSS.2-no-right-left", scene_ss, sm_ss_disjoint_rights,
      IOVA, READ, VTD_FAULT_SSS_2, EMPTY, true },
    { "/vtd/faults/SSS.2-nested-hole", scene_nested, nested_ss_hole,
      IOVA, WRITE, VTD_FAULT_SSS_2, EMPTY, true },
    { "/vtd/faults/SSS.3-entry-reserved", scene_ss, sm_ss_leaf_reserved,
      IOVA, READ, VTD_FAULT_SSS_3, CA, true },
    { "/vtd/faults/SSS.4-top-table", scene_ss, sm_ss_root_unreadable,
      IOVA, READ, VTD_FAULT_SSS_4, CA, true },
    { "/vtd/faults/SSS.5-unsnooped-update", scene_ss_ad, unsnooped,
      IOVA, READ, VTD_FAULT_SSS_5, CA, true },
    { "/vtd/faults/SSS.6-update-fails", scene_ss_ad, fs_update_fails,
      IOVA, READ, VTD_FAULT_SSS_6, CA, true },
    { "/vtd/faults/SGN.1-not-canonical", scene_fs, NULL,
      1ull << 47, READ, VTD_FAULT_SGN_1, EMPTY, true },
    { "/vtd/faults/SGN.2-supervisor-page", scene_fs, NULL,
      SUP_IOVA, READ, VTD_FAULT_SGN_2, EMPTY, true },
    { "/vtd/faults/SGN.2-supervisor-page-write", scene_fs, NULL,
      SUP_IOVA, WRITE, VTD_FAULT_SGN_2, EMPTY, true },
    { "/vtd/faults/SGN.4.2-pass-through-above-haw", scene_pt, NULL,
      1ull << 52, READ, VTD_FAULT_SGN_4, EMPTY, true },
    { "/vtd/faults/SGN.5-above-guest-width", scene_ss, NULL,
      1ull << 48, READ, VTD_FAULT_SGN_5, EMPTY, true },
    { "/vtd/faults/SGN.6-first-stage-read-only", scene_fs, NULL,
      RO_IOVA, WRITE, VTD_FAULT_SGN_6, NONE, true },
    { "/vtd/faults/SGN.6-second-stage-read-only", scene_ss, NULL,
      RO_IOVA, WRITE, VTD_FAULT_SGN_6, NONE, true },
    { "/vtd/faults/SGN.6-nested-read-only", scene_nested, NULL,
      RO_IOVA, WRITE, VTD_FAULT_SGN_6, NONE, true },
    { "/vtd/faults/SGN.6-write-protect", scene_fs, wpe,
      RO_IOVA, PRIV_WRITE, VTD_FAULT_SGN_6, NONE, true },
    { "/vtd/faults/SGN.7-second-stage-write-only", scene_ss, NULL,
      WO_IOVA, READ, VTD_FAULT_SGN_7, NONE, true },
    { "/vtd/faults/SGN.7-nested-write-only", scene_nested, NULL,
      WO_IOVA, READ, VTD_FAULT_SGN_7, NONE, true },
    { "/vtd/faults/SGN.7-atomic-write-only", scene_ss, NULL,
      WO_IOVA, ATOMIC, VTD_FAULT_SGN_7, NONE, true },
    { "/vtd/faults/SGN.8-output-in-range", scene_ss, sm_ss_to_interrupts,
      IOVA, READ, VTD_FAULT_SGN_8, CA, true },
    { "/vtd/faults/SGN.8-pasid-pass-through", scene_pt, NULL,
      0xfee01000, PASID_WRITE, VTD_FAULT_SGN_8, NONE, true },
};

/* ---- running one ---- */

static IommuTxn make(const Condition *c)
{
    bool write = c->ask == WRITE || c->ask == ATOMIC || c->ask == PRIV_WRITE ||
                 c->ask == PASID_WRITE;
    IommuTxn t = fix_txn(c->addr, write);

    t.atomic = c->ask == ATOMIC;
    t.has_pasid = c->ask >= PASID_READ;
    t.pasid = t.has_pasid ? PASID : 0;
    t.priv = c->ask == PRIV_WRITE;
    t.exec = c->ask == EXEC;
    return t;
}

static const Condition *current;

/* Things that look in FPD's place must not be hidden by it: the record must come. */
static void check_record(Fix *f)
{
    const Condition *c = current;
    IommuTxn t = make(c);

    c->scene(f);
    if (c->breaks) {
        c->breaks(f);
        fix_flush(f);
    }
    fix_assert_fault(f, &t, c->reason);
    fix_assert_no_record(f);
    /* Nothing that led to a fault was cached: it faults again. */
    fix_assert_fault(f, &t, c->reason);
}

static bool mode_is_broken(const Condition *c)
{
    return c->breaks == mode_invalid || c->breaks == mode_abort || c->breaks == legacy_with_irw;
}

static void check_record_no_flush(Fix *f)
{
    const Condition *c = current;
    IommuTxn t = make(c);

    c->scene(f);
    c->breaks(f);
    fix_assert_fault(f, &t, c->reason);
    fix_assert_fault(f, &t, c->reason);
}

static void check_ats(Fix *f)
{
    const Condition *c = current;
    IommuTxn t = make(c);
    IommuResult res;

    c->scene(f);
    if (c->scene == scene_legacy && !c->breaks) {
        legacy_tt_device_tlb(f);
    }
    if (c->breaks) {
        c->breaks(f);
    }
    if (!mode_is_broken(c)) {
        fix_flush(f);
    }
    t.kind = IOMMU_TXN_ATS_REQUEST;
    t.no_write = !t.write; /* a request for reading only */
    t.write = t.atomic = false;
    res = fix_do(f, &t);
    /* A request for rights that are not there succeeds with none: no fault at all. */
    g_assert_true(res.fault == c->reason || (c->ats == EMPTY && !res.fault));
    if (c->ats == EMPTY || c->ats == EMPTY_REPORTED) {
        g_assert_cmpuint(res.status, ==, IOMMU_STATUS_OK);
        g_assert_false(res.ats_r || res.ats_w || res.ats_u);
        g_assert_cmpuint(res.page_lg2, ==, 12);
    } else {
        g_assert_cmpuint(res.status, ==, c->ats == CA ? IOMMU_STATUS_CA : IOMMU_STATUS_UR);
    }
    if (c->ats == EMPTY) {
        fix_assert_no_record(f);
    } else {
        fix_assert_record(f, c->reason);
    }
}

/* F1: FPD in the context entry silences qualified faults and no others. */
static void check_fpd(Fix *f)
{
    const Condition *c = current;
    IommuTxn t = make(c);
    uint64_t at;
    IommuResult res;

    c->scene(f);
    if (c->breaks) {
        c->breaks(f);
    }
    at = vtd_ctx_addr(&f->root, RID);
    if (at) {
        gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | field_mask(VTD_CTX_FPD));
    }
    if (!mode_is_broken(c)) {
        fix_flush(f);
    }
    res = fix_do(f, &t);
    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_ABORT);
    g_assert_cmphex(res.fault, ==, c->reason);
    if (c->qualified) {
        fix_assert_no_record(f);
    } else {
        fix_assert_record(f, c->reason);
    }
}


/* fix_add() takes a function without data: these pick the condition up from the list being made. */
#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static const Condition *next_condition(const char *path)
{
    for (size_t i = 0; i < CONDITIONS; i++) {
        if (g_str_has_prefix(path, conditions[i].name) &&
            path[strlen(conditions[i].name)] == '/') {
            return &conditions[i];
        }
    }
    g_assert_not_reached();
}

static void run_record(Fix *f)
{
    current = next_condition(g_test_get_path());
    if (mode_is_broken(current)) {
        check_record_no_flush(f);
    } else {
        check_record(f);
    }
}

static void run_ats(Fix *f)
{
    current = next_condition(g_test_get_path());
    check_ats(f);
}

static void run_fpd(Fix *f)
{
    current = next_condition(g_test_get_path());
    check_fpd(f);
}

/* ---- conditions that ask for something of their own ---- */

static IommuTxn translated_txn(uint64_t addr)
{
    return (IommuTxn) { .addr = addr, .stream = RID, .size = 8, .kind = IOMMU_TXN_TRANSLATED };
}

static void expect_ur(Fix *f, IommuTxn t, VtdFaultReason reason)
{
    IommuResult res = fix_do(f, &t);

    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_UR);
    g_assert_cmphex(res.fault, ==, reason);
    fix_assert_record(f, reason);
}

static void legacy_blocks_ats(Fix *f)
{
    scene_legacy(f);
    expect_ur(f, fix_txn_ats(IOVA, false), VTD_FAULT_LCT_5);
    expect_ur(f, translated_txn(PAGE_PA), VTD_FAULT_LCT_5);
}

static void blocked_ats_is_silenced(Fix *f)
{
    IommuTxn t = fix_txn_ats(IOVA, false);

    scene_legacy(f);
    field_set(f->ctx, VTD_CTX_FPD, 1);
    fix_put_context(f);
    fix_flush(f);
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_UR);
    fix_assert_no_record(f);
}

static void write_without_right_unsnooped(Fix *f)
{
    scene_ss_ad(f);
    unsnooped(f);
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t at = vtd_pages_entry_addr(&f->ss, RO_IOVA, level);

        gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | reg_make(VTD_SS_A, 1));
    }
    fix_flush(f);
    /* It is the right that is missing, not the flag. */
    fix_assert_write_fault(f, RO_IOVA, VTD_FAULT_SGN_6);
}

static void pass_through_blocks_ats(Fix *f)
{
    scene_legacy_pass_through(f);
    expect_ur(f, fix_txn_ats(IOVA, false), VTD_FAULT_LCT_5);
}

static void dte_blocks_ats(Fix *f)
{
    scene_fs(f);
    field_set(f->ctx, VTD_SMCTX_DTE, 0);
    field_set(f->ctx, VTD_SMCTX_PRE, 0);
    fix_put_context(f);
    fix_flush(f);
    expect_ur(f, fix_txn_ats(IOVA, false), VTD_FAULT_SCT_5);
    expect_ur(f, translated_txn(PAGE_PA), VTD_FAULT_SCT_5);
}

static void translated_above_haw(Fix *f)
{
    scene_fs(f);
    expect_ur(f, translated_txn(1ull << 52), VTD_FAULT_SGN_4);
}

static void legacy_translated_above_haw(Fix *f)
{
    scene_legacy(f);
    legacy_tt_device_tlb(f);
    fix_flush(f);
    expect_ur(f, translated_txn(1ull << 52), VTD_FAULT_LGN_1);
}

static void translated_into_interrupts(Fix *f)
{
    scene_fs(f);
    expect_ur(f, translated_txn(0xfee00000), VTD_FAULT_SGN_8);
}

static void translated_pasid_needs_eptr(Fix *f)
{
    IommuTxn t = translated_txn(PAGE_PA);

    scene_fs(f);
    t.has_pasid = true;
    t.pasid = PASID;
    expect_ur(f, t, VTD_FAULT_SCT_10);
}

static void translated_pasid_with_eptr(Fix *f)
{
    IommuTxn t = translated_txn(PAGE_PA);
    IommuResult res;

    scene_fs(f);
    field_set(f->ctx, VTD_SMCTX_EPTR, 1);
    fix_put_context(f);
    fix_flush(f);
    t.has_pasid = true;
    t.pasid = PASID;
    res = fix_do(f, &t);
    fix_assert_ok(&res, PAGE_PA);
}

static void narrow_pasid(VtdConfig *c)
{
    c->pss = 9;
}

static void pasid_beyond_pss(Fix *f)
{
    IommuTxn t;

    scene_fs(f);
    t = fix_txn_pasid(IOVA, false, 1 << 10);
    fix_assert_fault(f, &t, VTD_FAULT_SGN_10);
}

static void version_7(VtdConfig *c)
{
    c->ver_max = 7;
}

static void execute_before_version_8(Fix *f)
{
    IommuTxn t = fix_txn_pasid(IOVA, false, PASID);

    scene_fs(f);
    t.exec = true;
    fix_assert_fault(f, &t, VTD_FAULT_SPT_5);
}

static void dirty_unsnooped(Fix *f)
{
    uint64_t marked = reg_make(VTD_FS_A, 1);

    scene_fs(f);
    unsnooped(f);
    fix_flush(f);
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t at = vtd_pages_entry_addr(&f->fs, IOVA, level);

        gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | marked);
    }
    g_assert_cmpuint(fix_read(f, IOVA).status, ==, IOMMU_STATUS_OK);
    fix_assert_write_fault(f, IOVA, VTD_FAULT_SFS_9);
}

static void ss_dirty_unsnooped(Fix *f)
{
    scene_ss_ad(f);
    unsnooped(f);
    fix_flush(f);
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t at = vtd_pages_entry_addr(&f->ss, IOVA, level);

        gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | reg_make(VTD_SS_A, 1));
    }
    g_assert_cmpuint(fix_read(f, IOVA).status, ==, IOMMU_STATUS_OK);
    fix_assert_write_fault(f, IOVA, VTD_FAULT_SSS_5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < CONDITIONS; i++) {
        const Condition *c = &conditions[i];
        g_autofree char *ats = g_strconcat(c->name, "/ats", NULL);
        g_autofree char *fpd = g_strconcat(c->name, "/fpd", NULL);

        fix_add_profiles(c->name, run_record);
        if (c->ats != NONE) {
            fix_add_profiles(ats, run_ats);
        }
        fix_add(fpd, run_fpd);
    }
    fix_add_profiles("/vtd/faults/LCT.5-type-00-blocks-ats", legacy_blocks_ats);
    fix_add_profiles("/vtd/faults/LCT.5-pass-through-blocks-ats", pass_through_blocks_ats);
    fix_add_profiles("/vtd/faults/LCT.5+F1-silenced", blocked_ats_is_silenced);
    fix_add_profiles("/vtd/faults/SGN.6-unsnooped", write_without_right_unsnooped);
    fix_add_profiles("/vtd/faults/SCT.5-dte-clear", dte_blocks_ats);
    fix_add_profiles("/vtd/faults/SGN.4.1-translated-above-haw", translated_above_haw);
    fix_add_profiles("/vtd/faults/LGN.1.2-translated-above-haw", legacy_translated_above_haw);
    fix_add_profiles("/vtd/faults/SGN.8-translated", translated_into_interrupts);
    fix_add_profiles("/vtd/faults/SCT.10-eptr-clear", translated_pasid_needs_eptr);
    fix_add_profiles("/vtd/faults/SCT.10-eptr-set-passes", translated_pasid_with_eptr);
    fix_add_config("/vtd/faults/SGN.10-beyond-pss", "max", narrow_pasid, pasid_beyond_pss);
    fix_add_config("/vtd/faults/SPT.5-execute-before-version-8", "max", version_7,
                   execute_before_version_8);
    fix_add_profiles("/vtd/faults/SFS.9-dirty", dirty_unsnooped);
    fix_add_profiles("/vtd/faults/SSS.5-dirty", ss_dirty_unsnooped);
    return g_test_run();
}

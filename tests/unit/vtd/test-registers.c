/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register file and global commands (11.2-11.4, 6.6, 6.7). */
#include "fixture.h"

#define FRCD0 0x220u
#define IOTLB_REG 0xf8u
#define IVA_REG   0xf0u

/* ---- access ---- */

static void qword_is_two_dwords(Fix *f)
{
    fix_set64(f, VTD_REG_RTADDR, 0x123456789000ull);
    g_assert_cmphex(fix_reg32(f, VTD_REG_RTADDR), ==, 0x56789000u);
    g_assert_cmphex(fix_reg32(f, VTD_REG_RTADDR + 4), ==, 0x1234u);
    fix_set32(f, VTD_REG_RTADDR + 4, 0x4321);
    g_assert_cmphex(fix_reg64(f, VTD_REG_RTADDR), ==, 0x432156789000ull);
}

static void bad_sizes_do_nothing(Fix *f)
{
    fix_set64(f, VTD_REG_RTADDR, 0x1000);
    f->m->ops->mmio_write(f->m, VTD_REG_RTADDR, 0x2000, 2);
    f->m->ops->mmio_write(f->m, VTD_REG_RTADDR + 1, 0x2000, 4);
    f->m->ops->mmio_write(f->m, 0x100000, 1, 8);
    f->m->ops->mmio_write(f->m, vtd_config_mmio_size(&f->cfg) - 4, 1, 8);
    g_assert_cmphex(fix_reg64(f, VTD_REG_RTADDR), ==, 0x1000);
    g_assert_cmphex(f->m->ops->mmio_read(f->m, 0x100000, 8), ==, 0);
    g_assert_cmphex(f->m->ops->mmio_read(f->m, ~0ull, 8), ==, 0);
    g_assert_cmpuint(f->ram.errors, ==, 6);
}

static void reserved_bits_read_zero(Fix *f)
{
    fix_set64(f, VTD_REG_RTADDR, ~0ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_RTADDR), ==, 0x000ffffffffffc80ull);
    fix_set64(f, VTD_REG_IQA, ~0ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_IQA), ==, 0x000ffffffffff807ull);
    fix_set64(f, VTD_REG_IRTA, ~0ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_IRTA), ==, 0x000ffffffffff80full);
    fix_set64(f, VTD_REG_PQA, ~0ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQA), ==, 0x000ffffffffff007ull);
    fix_set32(f, VTD_REG_FEADDR, ~0u);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FEADDR), ==, 0xfffffffc);
    fix_set32(f, VTD_REG_FECTL, ~0u);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FECTL), ==, 0x80000000);
}

static void read_only_registers(Fix *f)
{
    uint64_t cap = fix_reg64(f, VTD_REG_CAP), ecap = fix_reg64(f, VTD_REG_ECAP);

    fix_set64(f, VTD_REG_CAP, ~cap);
    fix_set64(f, VTD_REG_ECAP, ~ecap);
    fix_set32(f, VTD_REG_VER, ~0u);
    fix_set32(f, VTD_REG_GSTS, ~0u);
    fix_set64(f, VTD_REG_IQH, ~0ull);
    fix_set64(f, VTD_REG_IQERCD, ~0ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_CAP), ==, cap);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECAP), ==, ecap);
    g_assert_cmphex(fix_reg32(f, VTD_REG_VER), ==, 0x80);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_IQH), ==, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_IQERCD), ==, 0);
}

static void old_version(VtdConfig *c)
{
    c->ver_max = 5;
}

static void ccmd_triggers_on_high_dword(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, false);
    g_assert_true(vtd_driver_root(&f->drv, vtd_root_reg(&f->root)));
    fix_set32(f, VTD_REG_CCMD, 0);
    g_assert_cmpuint(f->m->counters.invalidations, ==, 0);
    fix_set32(f, VTD_REG_CCMD + 4, 0x80000000u | VTD_GRAN_GLOBAL << 29);
    g_assert_cmpuint(f->m->counters.invalidations, ==, 1);
    g_assert_cmphex(fix_reg32(f, VTD_REG_CCMD + 4) >> 31, ==, 0);
}

static void low_dword_of_iotlb_is_quiet(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, false);
    g_assert_true(vtd_driver_root(&f->drv, vtd_root_reg(&f->root)));
    fix_set32(f, IOTLB_REG, ~0u);
    g_assert_cmpuint(f->m->counters.invalidations, ==, 0);
    fix_set32(f, IOTLB_REG + 4, 0x80000000u | VTD_GRAN_GLOBAL << 28);
    g_assert_cmpuint(f->m->counters.invalidations, ==, 1);
}

static void bare(VtdConfig *c)
{
    c->qi = c->dt = c->ir = c->eim = c->pi = false;
    c->prs = c->mts = c->nest = c->srs = c->nwfs = c->eafs = c->pasid = c->dit = c->pds = false;
    c->smts = c->ssads = c->fsts = c->smpwcs = c->rps = c->rprivs = c->ptrs = c->sms = false;
    c->fs1gp = c->fs5lp = c->plmr = c->phmr = false;
    c->pss = c->mhmv = 0;
}

static void absent_features_have_no_registers(Fix *f)
{
    static const uint16_t dwords[] = {
        VTD_REG_IQT, VTD_REG_IQA, VTD_REG_IQA + 4, VTD_REG_IECTL, VTD_REG_IEDATA, VTD_REG_IEADDR,
        VTD_REG_IEUADDR, VTD_REG_IRTA, VTD_REG_IRTA + 4, VTD_REG_PQH, VTD_REG_PQT, VTD_REG_PQA,
        VTD_REG_PRS, VTD_REG_PECTL, VTD_REG_PEDATA, VTD_REG_PEADDR, VTD_REG_PEUADDR, VTD_REG_PMEN,
        VTD_REG_PLMBASE, VTD_REG_PLMLIMIT, VTD_REG_PHMBASE, VTD_REG_PHMLIMIT, VTD_REG_MTRRCAP,
        VTD_REG_MTRRDEF, VTD_REG_MTRR_FIX64K_00000, VTD_REG_MTRR_PHYSBASE0,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(dwords); i++) {
        fix_set32(f, dwords[i], ~0u);
        g_assert_cmphex(fix_reg32(f, dwords[i]), ==, 0);
    }
    fix_set32(f, VTD_REG_GCMD, 0x07800000);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 0);
}

static void many_records(VtdConfig *c)
{
    c->nfr = 256;
    c->pms = false; /* whose registers take more pages */
}

static void records_on_a_second_page(Fix *f)
{
    g_assert_cmpuint(vtd_config_mmio_size(&f->cfg), ==, 8192);
    g_assert_cmphex(reg_get(fix_reg64(f, VTD_REG_CAP), VTD_CAP_FRO), ==, 0x100);
    g_assert_cmphex(fix_reg64(f, 0x1ff8), ==, 0);
    scene_legacy(f);
    for (unsigned i = 0; i < 256; i++) {
        fix_assert_read_fault(f, HOLE + i * PAGE, VTD_FAULT_LGN_3);
    }
}

static void spr_places(Fix *f)
{
    g_assert_cmphex(fix_reg64(f, VTD_REG_CAP), ==, 0x19ed008c40780c66ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECAP), ==, 0x0003ee9e86f050dfull);
}

/* What Linux prints of QEMU's unit at 48 bits: cap d2008c222f0686 (caching mode) ecap f00f5a. */
static void qemu_capabilities(Fix *f)
{
    g_assert_cmphex(fix_reg64(f, VTD_REG_CAP), ==, 0x00d2008c222f0606ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECAP), ==, 0xf00f5aull);
    g_assert_cmphex(fix_reg32(f, VTD_REG_VER), ==, 0x10);
}

/* ---- global commands ---- */

static void level_bits_follow_each_write(Fix *f)
{
    fix_set32(f, VTD_REG_GCMD, 1u << 26);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 1u << 26);
    fix_set32(f, VTD_REG_GCMD, 1u << 26 | 1u << 23);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 1u << 26 | 1u << 23);
    fix_set32(f, VTD_REG_GCMD, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 0);
}

static void one_shot_bits_stay_set(Fix *f)
{
    fix_set32(f, VTD_REG_GCMD, 1u << 30);
    fix_set32(f, VTD_REG_GCMD, 1u << 24);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 1u << 30 | 1u << 24);
    fix_set32(f, VTD_REG_GCMD, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 1u << 30 | 1u << 24);
}

static void absent_commands_read_zero(Fix *f)
{
    fix_set32(f, VTD_REG_GCMD, 1u << 29 | 1u << 28 | 1u << 27);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GCMD), ==, 0);
}

static void several_changes_at_once(Fix *f)
{
    scene_legacy(f);
    fix_set32(f, VTD_REG_GCMD, 0);
    fix_set32(f, VTD_REG_GCMD, 1u << 31 | 1u << 30 | 1u << 26 | 1u << 24);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 1u << 31 | 1u << 30 | 1u << 26 | 1u << 24);
    IommuResult r = fix_read(f, IOVA);
    fix_assert_ok(&r, PAGE_PA);
}

static void root_is_latched(Fix *f)
{
    IommuResult r;

    scene_legacy(f);
    fix_set64(f, VTD_REG_RTADDR, 0);
    r = fix_read(f, IOVA);
    fix_assert_ok(&r, PAGE_PA);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    /* Now it counts: memory at 0 holds no root entry. */
    fix_assert_read_fault(f, IOVA, VTD_FAULT_LRT_2);
}

static void no_esrtps(VtdConfig *c)
{
    c->esrtps = false;
}

static void stale_without_esrtps(Fix *f)
{
    IommuResult r;

    scene_legacy(f);
    g_assert_cmpuint(fix_read(f, IOVA).status, ==, IOMMU_STATUS_OK);
    fix_set64(f, VTD_REG_RTADDR, 0);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    r = fix_read(f, IOVA);
    fix_assert_ok(&r, PAGE_PA);
    g_assert_true(vtd_driver_invalidate_all(&f->drv));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_LRT_2);
}

static void set_root_needs_no_enable(Fix *f)
{
    scene_legacy(f);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, true));
    IommuResult r = fix_read(f, IOVA);
    fix_assert_ok(&r, PAGE_PA);
}

static void set_mode(Fix *f, unsigned ttm)
{
    fix_set64(f, VTD_REG_RTADDR, reg_set(vtd_root_reg(&f->root), VTD_RTADDR_TTM, ttm));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
}

static void bad_mode_is_accepted_then_faults(Fix *f)
{
    scene_legacy(f);
    set_mode(f, VTD_TTM_INVALID);
    g_assert_true(reg_get(fix_reg32(f, VTD_REG_GSTS), VTD_GCMD_SRTP));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_RTA_1);
}

static void legacy_only(VtdConfig *c)
{
    bare(c);
    c->adms = false;
}

static void modes_of_absent_features(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, false);
    set_mode(f, VTD_TTM_SCALABLE);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, true));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_RTA_1);
    set_mode(f, VTD_TTM_ABORT);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_RTA_1);
}

static void abort_mode_reads_no_table(Fix *f)
{
    scene_fs(f);
    set_mode(f, VTD_TTM_ABORT);
    ramhost_forget(&f->ram);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_RTA_4);
    g_assert_cmpuint(f->ram.reads, ==, 0);
}

static void disabling_translation_flushes(Fix *f)
{
    uint64_t walks;

    scene_fs(f);
    fix_read(f, IOVA);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, true));
    walks = f->m->counters.walks;
    fix_read(f, IOVA);
    g_assert_cmpuint(f->m->counters.walks, ==, walks + 1);
}

static void mode_changes_are_told(Fix *f)
{
    scene_legacy(f);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    g_assert_cmpuint(f->ram.mode_changes, ==, 1);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    g_assert_cmpuint(f->ram.mode_changes, ==, 2);
}

/* ---- register-based invalidation ---- */

static void registers_invalidate(Fix *f)
{
    vtd_pages_unmap(&f->ss, IOVA);
    g_assert_cmpuint(fix_read(f, IOVA).status, ==, IOMMU_STATUS_OK);
    g_assert_cmpuint(vtd_driver_iotlb_global(&f->drv), ==, VTD_GRAN_GLOBAL);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_LGN_3);
}

static void iotlb_register_global(Fix *f)
{
    scene_legacy(f);
    fix_read(f, IOVA);
    registers_invalidate(f);
}

static unsigned iotlb_request(Fix *f, unsigned gran, uint64_t addr, unsigned am, uint16_t did)
{
    uint64_t v;

    fix_set64(f, IVA_REG, addr | am);
    v = reg_make(VTD_IOTLB_IVT, 1) | reg_make(VTD_IOTLB_IIRG, gran) | reg_make(VTD_IOTLB_DID, did);
    fix_set64(f, IOTLB_REG, v);
    v = fix_reg64(f, IOTLB_REG);
    g_assert_false(reg_get(v, VTD_IOTLB_IVT));
    return reg_get(v, VTD_IOTLB_IAIG);
}

static void iotlb_register_page(Fix *f)
{
    scene_legacy(f);
    fix_read(f, IOVA);
    fix_read(f, IOVA + PAGE);
    vtd_pages_unmap(&f->ss, IOVA);
    vtd_pages_unmap(&f->ss, IOVA + PAGE);
    g_assert_cmpuint(iotlb_request(f, VTD_GRAN_SELECTIVE, IOVA, 0, DID), ==, VTD_GRAN_SELECTIVE);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_LGN_3);
    g_assert_cmpuint(fix_read(f, IOVA + PAGE).status, ==, IOMMU_STATUS_OK);
    g_assert_cmpuint(iotlb_request(f, VTD_GRAN_DOMAIN, 0, 0, DID), ==, VTD_GRAN_DOMAIN);
    fix_assert_read_fault(f, IOVA + PAGE, VTD_FAULT_LGN_3);
}

static void iotlb_register_refusals(Fix *f)
{
    scene_legacy(f);
    g_assert_cmpuint(iotlb_request(f, VTD_GRAN_SELECTIVE, IOVA, 46, DID), ==, 0);
    g_assert_cmpuint(iotlb_request(f, VTD_GRAN_RSVD, IOVA, 0, DID), ==, 0);
}

static void ccmd_device(Fix *f)
{
    uint64_t v = reg_make(VTD_CCMD_ICC, 1) | reg_make(VTD_CCMD_CIRG, VTD_GRAN_SELECTIVE) |
                 reg_make(VTD_CCMD_SID, RID ^ 1) | reg_make(VTD_CCMD_DID, DID);

    scene_legacy(f);
    fix_read(f, IOVA);
    field_set(f->ctx, VTD_CTX_P, 0);
    fix_put_context(f);
    fix_set64(f, VTD_REG_CCMD, v);
    g_assert_cmpuint(fix_read(f, IOVA).status, ==, IOMMU_STATUS_OK);
    /* Function mask 3 ignores SID bits 2:0. */
    fix_set64(f, VTD_REG_CCMD, reg_set(v, VTD_CCMD_FM, 3));
    g_assert_cmpuint(reg_get(fix_reg64(f, VTD_REG_CCMD), VTD_CCMD_CAIG), ==, VTD_GRAN_SELECTIVE);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_LCT_2);
}

static void registers_refuse_on_version_6(Fix *f)
{
    scene_legacy(f);
    g_assert_cmpuint(vtd_driver_iotlb_global(&f->drv), ==, 0);
    g_assert_cmpuint(vtd_driver_ccmd_global(&f->drv), ==, 0);
}

static void registers_refuse_in_scalable_mode(Fix *f)
{
    scene_fs(f);
    g_assert_cmpuint(vtd_driver_iotlb_global(&f->drv), ==, 0);
    g_assert_cmpuint(vtd_driver_ccmd_global(&f->drv), ==, 0);
}

/* ---- reset ---- */

static void power_on_reset(Fix *f)
{
    scene_fs(f);
    fix_read(f, HOLE);
    f->m->ops->reset(f->m);
    g_assert_cmphex(fix_reg32(f, VTD_REG_GSTS), ==, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FSTS), ==, 0);
    g_assert_cmphex(fix_reg64(f, FRCD0 + 8), ==, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FECTL), ==, 0x80000000);
    g_assert_cmphex(fix_reg32(f, VTD_REG_IECTL), ==, 0x80000000);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PECTL), ==, 0x80000000);
    g_assert_cmphex(fix_reg64(f, VTD_REG_CAP), ==, vtd_config_cap(&f->cfg));
    g_assert_false(vtd_translation_enabled(f->m));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/registers/R1-qword-is-two-dwords", qword_is_two_dwords);
    fix_add("/vtd/registers/R1-bad-sizes-do-nothing", bad_sizes_do_nothing);
    fix_add("/vtd/registers/R3-reserved-bits", reserved_bits_read_zero);
    fix_add("/vtd/registers/R3-read-only", read_only_registers);
    fix_add_config("/vtd/registers/R2-ccmd-high-dword", "max", old_version,
                   ccmd_triggers_on_high_dword);
    fix_add_config("/vtd/registers/R2-iotlb-high-dword", "max", old_version,
                   low_dword_of_iotlb_is_quiet);
    fix_add_config("/vtd/registers/R5-absent-features", "max", bare,
                   absent_features_have_no_registers);
    fix_add_config("/vtd/registers/R6-256-records", "max", many_records, records_on_a_second_page);
    fix_add_config("/vtd/registers/R6-sapphire-rapids", "spr", NULL, spr_places);
    fix_add_config("/vtd/registers/qemu-capabilities", "qemu", NULL, qemu_capabilities);
    fix_add("/vtd/registers/R4-power-on-reset", power_on_reset);
    fix_add("/vtd/gcmd/G1-level-bits", level_bits_follow_each_write);
    fix_add("/vtd/gcmd/G1-one-shot-bits", one_shot_bits_stay_set);
    fix_add("/vtd/gcmd/G1-absent-commands", absent_commands_read_zero);
    fix_add_profiles("/vtd/gcmd/G2-several-changes", several_changes_at_once);
    fix_add_profiles("/vtd/gcmd/G3-root-latched", root_is_latched);
    fix_add_profiles("/vtd/gcmd/G4-root-before-enable", set_root_needs_no_enable);
    fix_add_config("/vtd/gcmd/G5-stale-without-esrtps", "max", no_esrtps, stale_without_esrtps);
    fix_add("/vtd/gcmd/G6-bad-mode", bad_mode_is_accepted_then_faults);
    fix_add_config("/vtd/gcmd/G6-absent-modes", "max", legacy_only, modes_of_absent_features);
    fix_add_profiles("/vtd/gcmd/G7-abort-mode", abort_mode_reads_no_table);
    fix_add_profiles("/vtd/gcmd/C7-disable-flushes", disabling_translation_flushes);
    fix_add("/vtd/gcmd/mode-changes-are-told", mode_changes_are_told);
    fix_add_config("/vtd/gcmd/G9-iotlb-global", "max", old_version, iotlb_register_global);
    fix_add_config("/vtd/gcmd/G9-iotlb-page-domain", "max", old_version, iotlb_register_page);
    fix_add_config("/vtd/gcmd/G9-iotlb-refusals", "max", old_version, iotlb_register_refusals);
    fix_add_config("/vtd/gcmd/G9-ccmd-device-mask", "max", old_version, ccmd_device);
    fix_add("/vtd/gcmd/G9-version-6-refuses", registers_refuse_on_version_6);
    fix_add_config("/vtd/gcmd/G9-scalable-refuses", "max", old_version,
                   registers_refuse_in_scalable_mode);
    return g_test_run();
}

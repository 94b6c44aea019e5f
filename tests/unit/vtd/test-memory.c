/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protected memory, snooping, memory types (3.10, 3.11, 3.13, 11.4.8, 11.4.9). */
#include "fixture.h"

/* ---- protected memory ---- */

static void protect_low(Fix *f, uint32_t base, uint32_t limit)
{
    fix_set32(f, VTD_REG_PLMBASE, base);
    fix_set32(f, VTD_REG_PLMLIMIT, limit);
    fix_set32(f, VTD_REG_PMEN, 1u << 31);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PMEN), ==, 1u << 31 | 1);
}

static bool passes(Fix *f, uint64_t addr)
{
    IommuResult r = fix_write(f, addr);

    g_assert_cmphex(r.fault, ==, 0);
    return r.status == IOMMU_STATUS_OK;
}

static void low_region(Fix *f)
{
    protect_low(f, 0x01000000, 0x01200000);
    g_assert_true(passes(f, 0x00fff000));
    g_assert_false(passes(f, 0x01000000));
    g_assert_false(passes(f, 0x013ffff8)); /* the limit's low bits count as ones */
    g_assert_true(passes(f, 0x01400000));
    fix_set32(f, VTD_REG_PMEN, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PMEN), ==, 0);
    g_assert_true(passes(f, 0x01000000));
    fix_assert_no_record(f);
}

static void high_region(Fix *f)
{
    fix_set32(f, VTD_REG_PLMBASE, 0x200000); /* base above limit: none */
    fix_set64(f, VTD_REG_PHMBASE, 1ull << 40);
    fix_set64(f, VTD_REG_PHMLIMIT, 1ull << 40);
    fix_set32(f, VTD_REG_PMEN, 1u << 31);
    g_assert_true(passes(f, (1ull << 40) - PAGE));
    g_assert_false(passes(f, 1ull << 40));
    g_assert_false(passes(f, (1ull << 40) + 0x1ffff8));
    g_assert_true(passes(f, (1ull << 40) + 0x200000));
    g_assert_true(passes(f, 0));
}

static void granularity(Fix *f)
{
    fix_set32(f, VTD_REG_PLMBASE, ~0u);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PLMBASE), ==, 0xffe00000);
    fix_set64(f, VTD_REG_PHMLIMIT, ~0ull);
    g_assert_cmphex(fix_reg64(f, VTD_REG_PHMLIMIT), ==, 0x000fffffffe00000ull);
}

static void translated_output_is_checked(Fix *f)
{
    IommuTxn t = { .addr = PAGE_PA, .stream = RID, .size = 8, .kind = IOMMU_TXN_TRANSLATED };

    scene_fs(f);
    protect_low(f, 0x12200000, 0x12200000);
    g_assert_false(passes(f, IOVA));
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_UR);
    fix_assert_no_record(f);
}

static void own_accesses_are_free(Fix *f)
{
    scene_fs(f);
    protect_low(f, 0, 0x01e00000); /* every table */
    g_assert_true(passes(f, IOVA));
    fix_flush(f);
}

static void version_1(VtdConfig *c)
{
    c->ver_max = 1;
}

static void version_1_lets_remapping_decide(Fix *f)
{
    scene_fs(f);
    protect_low(f, 0x12200000, 0x12200000);
    g_assert_true(passes(f, IOVA));
    /* What no table translates is blocked all the same. */
    IommuTxn t = { .addr = PAGE_PA, .stream = RID, .size = 8, .kind = IOMMU_TXN_TRANSLATED };
    g_assert_cmpuint(fix_do(f, &t).status, ==, IOMMU_STATUS_UR);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    g_assert_false(passes(f, PAGE_PA));
}

/* ---- snooping ---- */

static bool saw_unsnooped;

static void note_snoop(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    (void)opaque;
    (void)kind;
    (void)addr;
    /* The attribute is that of the access before. */
    saw_unsnooped |= n > 1 && !ram->last_attr.snoop;
}

static bool unsnooped_access(Fix *f)
{
    saw_unsnooped = false;
    ramhost_hook(&f->ram, note_snoop, NULL, RAMHOST_READ, 0);
    fix_read(f, IOVA);
    return saw_unsnooped || !f->ram.last_attr.snoop;
}

static void all_accesses_snoop(Fix *f)
{
    scene_fs(f);
    fix_flush(f);
    g_assert_false(unsnooped_access(f));
}

static void walks_follow_pwsnp(Fix *f)
{
    scene_ss(f);
    field_set(f->entry, VTD_PASID_PWSNP, 0);
    fix_put_entry(f);
    fix_flush(f);
    g_assert_true(unsnooped_access(f));
}

static void no_c(VtdConfig *c)
{
    c->c = false;
}

static void legacy_walks_follow_c(Fix *f)
{
    scene_legacy(f);
    g_assert_true(unsnooped_access(f));
}

static void legacy_walks_snoop(Fix *f)
{
    scene_legacy(f);
    g_assert_false(unsnooped_access(f));
}

static bool result_snoops(Fix *f, bool no_snoop)
{
    IommuTxn t = fix_txn(IOVA, false);

    t.no_snoop = no_snoop;
    return fix_do(f, &t).attr.snoop;
}

static void final_page(Fix *f)
{
    scene_ss(f);
    g_assert_true(result_snoops(f, false));
    g_assert_false(result_snoops(f, true));
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) | reg_make(VTD_SS_SNP, 1));
    fix_flush(f);
    g_assert_true(result_snoops(f, true));
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) & ~field_mask(VTD_SS_SNP));
    field_set(f->entry, VTD_PASID_PGSNP, 1);
    fix_put_entry(f);
    fix_flush(f);
    g_assert_true(result_snoops(f, true));
}

static void no_sc(VtdConfig *c)
{
    c->sc = false;
}

static void snp_reserved_without_sc(Fix *f)
{
    scene_ss(f);
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) | reg_make(VTD_SS_SNP, 1));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SSS_3);
}

static void snp_reserved_in_tables(Fix *f)
{
    uint64_t at;

    scene_ss(f);
    at = vtd_pages_entry_addr(&f->ss, IOVA, 3);
    gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | reg_make(VTD_SS_SNP, 1));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SSS_3);
}

/* ---- memory types ---- */

enum { UC = 0, WC = 1, WT = 4, WP = 5, WB = 6, UCM = 7 };

static unsigned type_at(Fix *f, uint64_t addr)
{
    IommuResult r = fix_read(f, addr);

    g_assert_cmpuint(r.status, ==, IOMMU_STATUS_OK);
    return r.attr.type;
}

/* The combining table, row by row (MTRR or EMT), column by column (PAT). */
static const struct {
    uint8_t base;
    uint8_t of[6]; /* UC, UC-, WC, WT, WB, WP */
} combined[] = {
    { UC, { UC, UC, WC, UC, UC, UC } }, { WC, { UC, WC, WC, UC, WC, UC } },
    { WT, { UC, UC, WC, WT, WT, WP } }, { WB, { UC, UC, WC, WT, WB, WP } },
    { WP, { UC, WC, WC, WT, WP, WP } },
};
static const uint8_t pats[6] = { UC, UCM, WC, WT, WB, WP };

static void set_pat(Fix *f, uint32_t pat)
{
    field_set(f->entry, VTD_PASID_PAT, pat);
    fix_put_entry(f);
    fix_flush(f);
}

static void first_stage_combines(Fix *f)
{
    scene_fs(f);
    for (unsigned row = 0; row < 5; row++) {
        fix_set64(f, VTD_REG_MTRRDEF, 1u << 11 | combined[row].base);
        for (unsigned col = 0; col < 6; col++) {
            set_pat(f, pats[col]);
            g_assert_cmpuint(type_at(f, IOVA), ==, combined[row].of[col]);
        }
    }
}

static void nested_combines(Fix *f)
{
    scene_nested(f);
    field_set(f->entry, VTD_PASID_EMTE, 1);
    for (unsigned row = 0; row < 5; row++) {
        uint64_t leaf = vtd_pages_get(&f->ss, IOVA + GPA_DELTA) & ~(field_mask(VTD_SS_EMT));

        vtd_pages_set(&f->ss, IOVA + GPA_DELTA, reg_set(leaf, VTD_SS_EMT, combined[row].base));
        for (unsigned col = 0; col < 6; col++) {
            set_pat(f, pats[col]);
            g_assert_cmpuint(type_at(f, IOVA), ==, combined[row].of[col]);
        }
    }
    vtd_pages_set(&f->ss, IOVA + GPA_DELTA,
                  vtd_pages_get(&f->ss, IOVA + GPA_DELTA) | reg_make(VTD_SS_IPAT, 1));
    set_pat(f, UC);
    g_assert_cmpuint(type_at(f, IOVA), ==, WP); /* PAT is ignored */
}

static void second_stage_type(Fix *f)
{
    scene_ss(f);
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) | reg_make(VTD_SS_EMT, WT));
    fix_flush(f);
    g_assert_cmpuint(type_at(f, IOVA), ==, WB);
    field_set(f->entry, VTD_PASID_EMTE, 1);
    set_pat(f, 0);
    g_assert_cmpuint(type_at(f, IOVA), ==, WT);
    field_set(f->entry, VTD_PASID_CD, 1);
    set_pat(f, 0);
    g_assert_cmpuint(type_at(f, IOVA), ==, UC);
}

static void pat_index(Fix *f)
{
    scene_fs(f);
    fix_set64(f, VTD_REG_MTRRDEF, 1u << 11 | WB);
    set_pat(f, WB | UC << 4 | WT << 8 | WC << 12 | WP << 16);
    vtd_pages_map_level(&f->fs, IOVA + PAGE, PAGE_PA, 1, VTD_FS_USER_RW | reg_make(VTD_FS_PWT, 1));
    vtd_pages_map_level(&f->fs, IOVA + 2 * PAGE, PAGE_PA, 1,
                        VTD_FS_USER_RW | reg_make(VTD_FS_PCD, 1));
    vtd_pages_map_level(&f->fs, IOVA + 3 * PAGE, PAGE_PA, 1,
                        VTD_FS_USER_RW | reg_make(VTD_FS_PCD, 1) | reg_make(VTD_FS_PWT, 1));
    vtd_pages_map_level(&f->fs, IOVA + 4 * PAGE, PAGE_PA, 1,
                        VTD_FS_USER_RW | reg_make(VTD_FS_PAT4K, 1));
    vtd_pages_map_level(&f->fs, 0x200000, 0x600000, 2,
                        VTD_FS_USER_RW | reg_make(VTD_FS_PAT_LARGE, 1));
    g_assert_cmpuint(type_at(f, IOVA), ==, WB);
    g_assert_cmpuint(type_at(f, IOVA + PAGE), ==, UC);
    g_assert_cmpuint(type_at(f, IOVA + 2 * PAGE), ==, WT);
    g_assert_cmpuint(type_at(f, IOVA + 3 * PAGE), ==, WC);
    g_assert_cmpuint(type_at(f, IOVA + 4 * PAGE), ==, WP);
    g_assert_cmpuint(type_at(f, 0x200000), ==, WP);
}

static void map_at(Fix *f, uint64_t pa)
{
    vtd_pages_map_level(&f->fs, IOVA, pa, 1, VTD_FS_USER_RW);
    fix_flush(f);
}

static void variable_ranges(Fix *f)
{
    scene_fs(f);
    set_pat(f, WB);
    fix_set64(f, VTD_REG_MTRRDEF, 1u << 11 | WP);
    fix_set64(f, VTD_REG_MTRR_PHYSBASE0, 0x10000000 | WB);
    fix_set64(f, VTD_REG_MTRR_PHYSBASE0 + 8, 0xffffff0000000ull | 1u << 11);
    fix_set64(f, VTD_REG_MTRR_PHYSBASE0 + 16, 0x12000000 | WT);
    fix_set64(f, VTD_REG_MTRR_PHYSBASE0 + 24, 0xfffffff000000ull | 1u << 11);
    map_at(f, 0x11000000);
    g_assert_cmpuint(type_at(f, IOVA), ==, WB);
    map_at(f, 0x12000000); /* both: WT wins over WB */
    g_assert_cmpuint(type_at(f, IOVA), ==, WT);
    map_at(f, 0x30000000);
    g_assert_cmpuint(type_at(f, IOVA), ==, WP);
    fix_set64(f, VTD_REG_MTRR_PHYSBASE0 + 32, 0x12000000 | UC);
    fix_set64(f, VTD_REG_MTRR_PHYSBASE0 + 40, 0xfffffff000000ull | 1u << 11);
    map_at(f, 0x12000000);
    g_assert_cmpuint(type_at(f, IOVA), ==, UC);
    fix_set64(f, VTD_REG_MTRRDEF, WB); /* disabled: uncacheable */
    map_at(f, 0x11000000);
    g_assert_cmpuint(type_at(f, IOVA), ==, UC);
}

static void fixed_ranges(Fix *f)
{
    static const struct {
        uint32_t addr;
        uint16_t reg;
        uint8_t byte;
    } places[] = {
        { 0x00000, VTD_REG_MTRR_FIX64K_00000, 0 },     { 0x7f000, VTD_REG_MTRR_FIX64K_00000, 7 },
        { 0x80000, VTD_REG_MTRR_FIX16K_80000, 0 },     { 0xa4000, VTD_REG_MTRR_FIX16K_A0000, 1 },
        { 0xc1000, VTD_REG_MTRR_FIX4K_C0000, 1 },      { 0xcf000, VTD_REG_MTRR_FIX4K_C0000 + 8, 7 },
        { 0xff000, VTD_REG_MTRR_FIX4K_C0000 + 56, 7 },
    };

    scene_fs(f);
    set_pat(f, WB);
    fix_set64(f, VTD_REG_MTRRDEF, 1u << 11 | 1u << 10 | WB);
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        fix_set64(f, places[i].reg, (uint64_t)WT << (8 * places[i].byte));
        map_at(f, places[i].addr);
        g_assert_cmpuint(type_at(f, IOVA), ==, WT);
        fix_set64(f, places[i].reg, 0);
        fix_flush(f);
        g_assert_cmpuint(type_at(f, IOVA), ==, UC);
    }
}

static void pass_through_type(Fix *f)
{
    scene_pt(f);
    g_assert_cmpuint(type_at(f, 0x1000), ==, WB);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/pmr/M1-low", low_region);
    fix_add("/vtd/pmr/M1-high", high_region);
    fix_add("/vtd/pmr/M1-granularity", granularity);
    fix_add_profiles("/vtd/pmr/M1+F6-output", translated_output_is_checked);
    fix_add("/vtd/pmr/M1-own-accesses", own_accesses_are_free);
    fix_add_config("/vtd/pmr/M1-version-1", "max", version_1, version_1_lets_remapping_decide);
    fix_add_profiles("/vtd/snoop/M2-all", all_accesses_snoop);
    fix_add_profiles("/vtd/snoop/M2-pwsnp", walks_follow_pwsnp);
    fix_add_config("/vtd/snoop/M2-legacy-c-clear", "max", no_c, legacy_walks_follow_c);
    fix_add_profiles("/vtd/snoop/M2-legacy", legacy_walks_snoop);
    fix_add_profiles("/vtd/snoop/M2-final-page", final_page);
    fix_add_config("/vtd/snoop/M2-snp-reserved", "max", no_sc, snp_reserved_without_sc);
    fix_add_profiles("/vtd/snoop/M2-snp-in-tables", snp_reserved_in_tables);
    fix_add_profiles("/vtd/memtype/M3-first-stage", first_stage_combines);
    fix_add_profiles("/vtd/memtype/M3-nested", nested_combines);
    fix_add_profiles("/vtd/memtype/M3-second-stage", second_stage_type);
    fix_add_profiles("/vtd/memtype/M3-pat-index", pat_index);
    fix_add_profiles("/vtd/memtype/M3-variable-ranges", variable_ranges);
    fix_add_profiles("/vtd/memtype/M3-fixed-ranges", fixed_ranges);
    fix_add_profiles("/vtd/memtype/M3-pass-through", pass_through_type);
    return g_test_run();
}

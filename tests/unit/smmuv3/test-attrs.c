/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory attributes of results: MAIR, stage 2, S2FWB, overrides, No_snoop (IHI 0070 13). */
#include "fixture.h"

/* The fixture's CDs: AttrIndx 0 WB, 1 NC, 2 Device-nGnRE, 3 WT */
#define WB      0xffu
#define NC      0x44u
#define WT      0xbbu
#define NGNRNE  0x00u
#define NGNRE   0x04u
#define GRE     0x0cu

static void expect_attr(Fix *f, uint64_t addr, uint8_t type, uint8_t sh)
{
    for (unsigned i = 0; i < 2; i++) { /* by a walk, then by a hit */
        IommuResult res = access_at(f, addr, false);

        g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
        g_assert_cmphex(res.attr.type, ==, type);
        g_assert_cmpuint(res.attr.sh, ==, sh);
    }
}

static void s1_leaf(Fix *f, unsigned attrindx, unsigned sh)
{
    uint64_t desc = reg_set(arm_pages_get(&f->s1, VA), PTE_ATTRINDX, attrindx);

    arm_pages_set(&f->s1, VA, reg_set(desc, PTE_SH, sh));
}

static void s2_leaf(Fix *f, unsigned memattr, unsigned sh)
{
    uint64_t desc = reg_set(arm_pages_get(&f->s2, IPA), S2PTE_MEMATTR, memattr);

    arm_pages_set(&f->s2, IPA, reg_set(desc, PTE_SH, sh));
}

/* ---- Stage 1 ------------------------------------------------------------------------------ */

static void test_s1_wb(Fix *f)
{
    scene_stage1(f);
    s1_leaf(f, ARM_ATTRINDX_WB, SH_ISH);
    expect_attr(f, VA, WB, SH_ISH);
}

static void test_s1_nc_is_osh(Fix *f)
{
    scene_stage1(f);
    s1_leaf(f, ARM_ATTRINDX_NC, SH_NSH);
    expect_attr(f, VA, NC, SH_OSH);
}

static void test_s1_device_is_osh(Fix *f)
{
    scene_stage1(f);
    s1_leaf(f, ARM_ATTRINDX_DEVICE, SH_NSH);
    expect_attr(f, VA, NGNRE, SH_OSH);
}

static void test_s1_sh1_is_nsh(Fix *f)
{
    scene_stage1(f);
    s1_leaf(f, ARM_ATTRINDX_WB, 1);
    expect_attr(f, VA, WB, SH_NSH);
}

typedef struct Mair {
    const char *name;
    uint8_t mair, type;
} Mair;

static const Mair mairs[] = {
    { "reserved-device-is-device", 0x07, NGNRE },
    { "reserved-inner-is-WT-transient", 0xf0, 0xf3 },
    { "NC-inner", 0xf4, 0xf4 },
    { "WB-no-allocate", 0xcc, 0xcc },
    { "GRE", 0x0c, GRE },
};

static void test_mair(Fix *f)
{
    const Mair *row = f->data;

    scene_stage1(f);
    cd_put_field(f, CD_MAIR, row->mair);
    expect_attr(f, VA, row->type, row->type == GRE || row->type == NGNRE ? SH_OSH : SH_ISH);
}

static void test_input_hints_combine(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    t.attr.type = 0xee; /* WB, read-allocate only */
    g_assert_cmphex(run(f, &t).attr.type, ==, 0xee);
    t.attr.type = NC;
    g_assert_cmphex(run(f, &t).attr.type, ==, WB);
    t.attr.type = NGNRE;
    g_assert_cmphex(run(f, &t).attr.type, ==, WB);
}

/* ---- Stage 2 ------------------------------------------------------------------------------ */

typedef struct Combination {
    const char *name;
    uint8_t mair;
    uint8_t s1_sh, memattr, s2_sh;
    uint8_t type, sh;
} Combination;

static const Combination combinations[] = {
    { "WB+WB", WB, SH_ISH, 0xf, SH_ISH, WB, SH_ISH },
    { "WB+NC", WB, SH_ISH, 0x5, SH_ISH, NC, SH_OSH },
    { "WB+WT", WB, SH_ISH, 0xa, SH_ISH, WT, SH_ISH },
    { "NC+WB", NC, SH_ISH, 0xf, SH_NSH, NC, SH_OSH },
    { "WB+Device", WB, SH_ISH, 0x1, SH_ISH, NGNRE, SH_OSH },
    { "Device+WB", NGNRE, SH_ISH, 0xf, SH_ISH, NGNRE, SH_OSH },
    { "GRE+nGnRE", GRE, SH_ISH, 0x1, SH_ISH, NGNRE, SH_OSH },
    { "nGnRE+GRE", NGNRE, SH_ISH, 0x3, SH_ISH, NGNRE, SH_OSH },
    { "nGnRE+nGnRnE", NGNRE, SH_ISH, 0x0, SH_ISH, NGNRNE, SH_OSH },
    { "iWB-oNC-ISH+nGnRE", 0x4f, SH_ISH, 0x1, SH_ISH, NGNRE, SH_OSH },
    { "iWB-oNC-ISH+iWT-oWT-OSH", 0x4f, SH_ISH, 0xa, SH_OSH, 0x4b, SH_OSH },
    { "NSH+ISH", WB, SH_NSH, 0xf, SH_ISH, WB, SH_ISH },
    { "ISH+OSH", WB, SH_ISH, 0xf, SH_OSH, WB, SH_OSH },
    { "hints-pass-through", 0xee, SH_ISH, 0xf, SH_ISH, 0xee, SH_ISH },
};

static void combine(Fix *f, bool fwb)
{
    const Combination *c = f->data;

    scene_nested(f);
    cd_put_field(f, CD_MAIR, c->mair);
    ste_put_field(f, STE_S2FWB, fwb);
    s1_leaf(f, 0, c->s1_sh);
    s2_leaf(f, c->memattr, c->s2_sh);
    expect_attr(f, VA, c->type, c->sh);
}

static void test_combination(Fix *f)
{
    combine(f, false);
}

static const Combination fwb_combinations[] = {
    { "force-WB-over-NC", NC, SH_ISH, 0x6, SH_ISH, WB, SH_OSH },
    { "force-WB-over-Device", NGNRE, SH_ISH, 0x6, SH_ISH, WB, SH_OSH },
    { "force-WB-keeps-hints", 0xee, SH_ISH, 0x6, SH_ISH, 0xee, SH_ISH },
    { "keep-NC", NC, SH_ISH, 0x7, SH_ISH, NC, SH_OSH },
    { "keep-WB", WB, SH_ISH, 0x7, SH_ISH, WB, SH_ISH },
    { "keep-Device", NGNRE, SH_ISH, 0x7, SH_ISH, NGNRE, SH_OSH },
    { "NC-over-WB", WB, SH_ISH, 0x5, SH_ISH, NC, SH_OSH },
    { "NC-over-Device", NGNRE, SH_ISH, 0x5, SH_ISH, NGNRE, SH_OSH },
    { "Device-over-WB", WB, SH_ISH, 0x1, SH_ISH, NGNRE, SH_OSH },
    { "MTE-1111-is-0111", NC, SH_ISH, 0xf, SH_ISH, NC, SH_OSH },
    { "MTE-1110-is-0110", NC, SH_ISH, 0xe, SH_ISH, WB, SH_OSH },
};

static void test_fwb(Fix *f)
{
    combine(f, true);
}

static void test_mteperm(Fix *f)
{
    scene_stage2(f);
    s2_leaf(f, 0x4, SH_ISH);
    expect_attr(f, IPA, WB, SH_ISH);
}

static void edit_no_mteperm(SmmuConfig *c)
{
    c->minor = 3;
    smmu_config_trim(c);
    c->mteperm = false;
}

static void test_no_mteperm(Fix *f)
{
    scene_stage2(f);
    s2_leaf(f, 0x4, SH_ISH);
    expect_attr(f, IPA, NGNRNE, SH_OSH);
}

static void test_s2_only_takes_input(Fix *f)
{
    IommuTxn t = txn_at(IPA, false);

    scene_stage2(f);
    expect_attr(f, IPA, WB, SH_ISH);
    t.attr.type = NGNRE;
    g_assert_cmphex(run(f, &t).attr.type, ==, NGNRE);
    t.attr.type = 0xee;
    g_assert_cmphex(run(f, &t).attr.type, ==, 0xee);
}

static void test_ds_takes_sh_from_regime(Fix *f)
{
    const ArmPagesConfig c = {
        .stage = 1, .granule_lg2 = 12, .in_bits = 48, .ds = true, .start = ARM_START_AUTO,
    };
    TableSpace space = table_space(&f->mem);

    scene_stage1(f);
    arm_pages_init(&f->s1, &space, &c);
    arm_pages_map_smallest(&f->s1, VA, 3ull << 50, PAGE, ARM_S1_RW);
    cd_stage1(f->cd, &f->s1, ASID);
    cd_put_field(f, CD_SH0, SH_OSH);
    expect_attr(f, VA, WB, SH_OSH);
}

/* ---- Overrides, No_snoop ------------------------------------------------------------------ */

static void test_mtcfg_bypass(Fix *f)
{
    scene_bypass(f);
    expect_attr(f, PA, WB, SH_NSH);
    field_set(f->ste, STE_MTCFG, 1);
    ste_put_field(f, STE_MEMATTR, 5);
    expect_attr(f, PA, NC, SH_OSH);
    ste_put_field(f, STE_MEMATTR, 4);
    expect_attr(f, PA, WB, SH_NSH);
    ste_put_field(f, STE_MEMATTR, 8);
    expect_attr(f, PA, NGNRNE, SH_OSH);
}

static void test_shcfg(Fix *f)
{
    scene_bypass(f);
    ste_put_field(f, STE_SHCFG, SH_ISH);
    expect_attr(f, PA, WB, SH_ISH);
    ste_put_field(f, STE_SHCFG, SHCFG_INCOMING);
    expect_attr(f, PA, WB, SH_NSH);
}

static void test_alloccfg(Fix *f)
{
    scene_bypass(f);
    ste_put_field(f, STE_ALLOCCFG, 0xc);
    expect_attr(f, PA, 0xee, SH_NSH);
    ste_put_field(f, STE_ALLOCCFG, 0x7);
    expect_attr(f, PA, WB, SH_NSH);
}

static void edit_no_types_ovr(SmmuConfig *c)
{
    c->attr_types_ovr = false;
}

static void test_no_types_ovr(Fix *f)
{
    scene_bypass(f);
    field_set(f->ste, STE_MTCFG, 1);
    ste_put_field(f, STE_MEMATTR, 5);
    expect_attr(f, PA, WB, SH_NSH);
}

static void test_stage1_replaces_override(Fix *f)
{
    scene_stage1(f);
    field_set(f->ste, STE_MTCFG, 1);
    ste_put_field(f, STE_MEMATTR, 5);
    expect_attr(f, VA, WB, SH_ISH);
}

static void test_gbpa_device_to_wb(Fix *f)
{
    IommuTxn t = txn_at(PA, false);
    IommuResult res;

    cr0_set(f, CR0_SMMUEN, 0);
    g_assert_true(smmu_driver_gbpa(&f->drv, reg_make(GBPA_MTCFG, 1) | reg_make(GBPA_MEMATTR, 0xf) |
                                                reg_make(GBPA_SHCFG, SHCFG_INCOMING)));
    t.attr.type = NGNRE;
    t.attr.sh = SH_OSH;
    res = run(f, &t);
    g_assert_cmphex(res.attr.type, ==, WB);
    g_assert_cmpuint(res.attr.sh, ==, SH_OSH);
}

static void test_no_snoop(Fix *f)
{
    IommuTxn t = txn_at(VA, false);
    IommuResult res;

    scene_stage1(f);
    t.no_snoop = true;
    res = run(f, &t);
    g_assert_cmphex(res.attr.type, ==, NC);
    g_assert_cmpuint(res.attr.sh, ==, SH_OSH);
    g_assert_false(res.attr.snoop);
    expect_attr(f, VA, WB, SH_ISH);
}

static void test_no_snoop_after_fwb(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_nested(f);
    ste_put_field(f, STE_S2FWB, 1);
    s2_leaf(f, 0x6, SH_ISH);
    t.no_snoop = true;
    g_assert_cmphex(run(f, &t).attr.type, ==, NC);
}

static void test_no_snoop_spares_device(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    s1_leaf(f, ARM_ATTRINDX_DEVICE, 0);
    t.no_snoop = true;
    g_assert_cmphex(run(f, &t).attr.type, ==, NGNRE);
}

/* ---- Attributes of the SMMU's own accesses ------------------------------------------------ */

static void test_walk_attributes(Fix *f)
{
    scene_stage1(f);
    field_set(f->cd, CD_IR0, 2);
    field_set(f->cd, CD_OR0, 3);
    cd_put_field(f, CD_SH0, SH_OSH);
    access_at(f, VA, false);
    g_assert_cmphex(f->ram.last_attr.type, ==, 0xea);
    g_assert_cmpuint(f->ram.last_attr.sh, ==, SH_OSH);
}

static void test_s2_walk_attributes(Fix *f)
{
    scene_stage2(f);
    field_set(f->ste, STE_S2IR0, 0);
    ste_put_field(f, STE_S2OR0, 0);
    access_at(f, IPA, false);
    g_assert_cmphex(f->ram.last_attr.type, ==, NC);
    g_assert_cmpuint(f->ram.last_attr.sh, ==, SH_OSH);
}

static void test_cd_attributes(Fix *f)
{
    scene_stage1(f);
    field_set(f->cd, CD_V, 0);
    put_cd(f);
    field_set(f->ste, STE_S1CIR, 2);
    field_set(f->ste, STE_S1COR, 1);
    ste_put_field(f, STE_S1CSH, SH_OSH);
    cr0_set(f, CR0_EVENTQEN, 0);
    access_at(f, VA, false);
    g_assert_cmphex(f->ram.last_attr.type, ==, 0xfa);
    g_assert_cmpuint(f->ram.last_attr.sh, ==, SH_OSH);
}

static void add_rows(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mairs); i++) {
        char *name = g_strconcat("/smmuv3/attrs/CD21-", mairs[i].name, NULL);

        fix_add_data(name, "max", NULL, test_mair, &mairs[i]);
        g_free(name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(combinations); i++) {
        char *name = g_strconcat("/smmuv3/attrs/MA12+MA13-", combinations[i].name, NULL);

        fix_add_data(name, "max", NULL, test_combination, &combinations[i]);
        g_free(name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fwb_combinations); i++) {
        char *name = g_strconcat("/smmuv3/attrs/MA11-FWB-", fwb_combinations[i].name, NULL);

        fix_add_data(name, "max", NULL, test_fwb, &fwb_combinations[i]);
        g_free(name);
    }
}


int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows();
    fix_add_profiles("/smmuv3/attrs/MA2+MA10-stage1-WB", test_s1_wb);
    fix_add_profiles("/smmuv3/attrs/MA5-NC-is-OSH", test_s1_nc_is_osh);
    fix_add_profiles("/smmuv3/attrs/MA5-Device-is-OSH", test_s1_device_is_osh);
    fix_add("/smmuv3/attrs/WK8-SH-01-is-NSH", test_s1_sh1_is_nsh);
    fix_add_profiles("/smmuv3/attrs/MA10-input-hints-combine", test_input_hints_combine);
    fix_add("/smmuv3/attrs/PE6-MTEPERM", test_mteperm);
    fix_add_config("/smmuv3/attrs/PE6-no-MTEPERM", "max", edit_no_mteperm, test_no_mteperm);
    fix_add_profiles("/smmuv3/attrs/MA14-stage2-only-takes-input", test_s2_only_takes_input);
    fix_add("/smmuv3/attrs/CD19-DS-shareability", test_ds_takes_sh_from_regime);
    fix_add("/smmuv3/attrs/SE16+TR10-MTCFG", test_mtcfg_bypass);
    fix_add("/smmuv3/attrs/SE16-SHCFG", test_shcfg);
    fix_add("/smmuv3/attrs/SE16-ALLOCCFG", test_alloccfg);
    fix_add_config("/smmuv3/attrs/SE16-not-implemented", "max", edit_no_types_ovr,
                   test_no_types_ovr);
    fix_add("/smmuv3/attrs/MA14-stage1-replaces-override", test_stage1_replaces_override);
    fix_add("/smmuv3/attrs/MA6+MA17-GBPA-Device-to-WB", test_gbpa_device_to_wb);
    fix_add_profiles("/smmuv3/attrs/AT36-no-snoop", test_no_snoop);
    fix_add_profiles("/smmuv3/attrs/AT36-no-snoop-after-FWB", test_no_snoop_after_fwb);
    fix_add("/smmuv3/attrs/AT36-no-snoop-spares-Device", test_no_snoop_spares_device);
    fix_add("/smmuv3/attrs/CD6+MA19-stage1-walk", test_walk_attributes);
    fix_add("/smmuv3/attrs/MA19+SE23-stage2-walk", test_s2_walk_attributes);
    fix_add("/smmuv3/attrs/MA19+SE7-cd-fetch", test_cd_attributes);
    return g_test_run();
}

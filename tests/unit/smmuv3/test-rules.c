/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that belong to no single room: what lookups may depend on, which bits are ignored, which
 * addresses are checked and reported, what an invalidation promises (IHI 0070 3.3, 3.4, 3.9, 3.21,
 * 7.3, 13, 16).
 */
#include "fixture.h"

#define BIT(f) (1ull << (((f) >> 8) & 0xff))

static IommuResult treq(Fix *f, uint64_t addr)
{
    IommuTxn t = txn_at(addr, false);

    t.kind = IOMMU_TXN_ATS_REQUEST;
    return run(f, &t);
}

/* ---- Procedure ---------------------------------------------------------------------------- */

static void test_lookup_ignores_address(Fix *f)
{
    static const uint64_t addrs[] = { 0, VA, 1ull << 60, UINT64_MAX };

    for (size_t i = 0; i < G_N_ELEMENTS(addrs); i++) {
        expect_event(f, addrs[i], false, C_BAD_STE);
    }
    scene_stage1(f);
    cd_put_field(f, CD_V, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(addrs); i++) {
        expect_event(f, addrs[i], false, C_BAD_CD);
    }
}

static void test_no_stage2(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, true, PA);
    ste_put_field(f, STE_CONFIG, STE_CONFIG_NESTED);
    expect_event(f, VA, true, C_BAD_STE);
}

static void test_no_stage1(Fix *f)
{
    scene_stage2(f);
    expect_ok(f, IPA, true, PA);
    ste_put_field(f, STE_CONFIG, STE_CONFIG_NESTED);
    expect_event(f, IPA, true, C_BAD_STE);
}

static void test_s2_high_bits(Fix *f)
{
    scene_stage2(f);
    arm_pages_set(&f->s2, IPA, arm_pages_get(&f->s2, IPA) | ~low_mask(60));
    expect_ok(f, IPA, true, PA);
}

static void test_upper_ste(Fix *f)
{
    scene_nested(f);
    f->ste[5] |= ~low_mask(9); /* AssuredOnly, TL0, TL1, VMSPtr: bits 329 and up */
    f->ste[6] = UINT64_MAX;
    f->ste[7] = UINT64_MAX;
    put_ste(f);
    expect_ok(f, VA, true, PA);
}

static void test_ns_only(Fix *f)
{
    uint64_t at;
    IommuResult res;

    scene_stage1(f);
    ste_put_field(f, STE_NSCFG, 2);
    at = arm_pages_desc_addr(&f->s1, VA, 2);
    res = access_at(f, VA + PAGE, false);
    gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | BIT(PTE_TABLE_NS));
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) | BIT(PTE_NS));
    cmd(f, smmu_make_tlbi_nh_all(0));
    expect_ok(f, VA, true, PA);
    g_assert_cmphex(access_at(f, VA, false).attr.type, ==, res.attr.type);
}

static void test_override_then_combine(Fix *f)
{
    IommuTxn t = txn_at(IPA, false);
    IommuResult res;

    scene_stage2(f);
    t.attr = (IommuMemAttr) { .type = 0xff, .sh = SH_ISH };
    g_assert_cmphex(run(f, &t).attr.type, ==, 0xff);
    field_set(f->ste, STE_MTCFG, 1);
    ste_put_field(f, STE_MEMATTR, VMSA_MEMATTR_NC);
    res = run(f, &t);
    g_assert_cmphex(res.attr.type, ==, 0x44);
    g_assert_cmpuint(res.attr.sh, ==, SH_OSH);
}

/* The SMMU reads tables as data: who may not execute them does not matter. */
static void test_own_accesses_are_data(Fix *f)
{
    IommuTxn t = txn_at(VA, false);
    uint64_t page;

    scene_nested(f);
    page = arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
    arm_pages_set(&f->s2, page, reg_set(arm_pages_get(&f->s2, page), S2PTE_XN, 2));
    t.exec = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    expect_one_event(f, 0);
}

/* Device under a walk is judged before dirty state: the page stays clean. */
static void test_s2ptw_before_dirty(Fix *f)
{
    uint64_t page, desc;

    scene_nested(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HD, 1);
    field_set(f->ste, STE_S2HA, 1);
    field_set(f->ste, STE_S2HD, 1);
    ste_put_field(f, STE_S2PTW, 1);
    page = arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
    desc = reg_set(arm_pages_get(&f->s2, page), S2PTE_MEMATTR, VMSA_MEMATTR_DEVICE);
    desc = reg_set(desc, VMSA_S2AP, VMSA_S2AP_RO) | BIT(PTE_DBM);
    arm_pages_set(&f->s2, page, desc);
    expect_event(f, VA, true, F_PERMISSION);
    expect_fields(true, EVT_CLASS_TT, false);
    g_assert_cmphex(arm_pages_get(&f->s2, page), ==, desc);
}

/* ---- Addresses ---------------------------------------------------------------------------- */

static void test_input_reported_as_given(Fix *f)
{
    uint64_t addr = (VA_HOLE + 0x123) | 0x5aull << 56;

    scene_stage1(f);
    cd_put_field(f, CD_TBI0, 1);
    expect_event(f, addr, false, F_TRANSLATION);
    g_assert_cmphex(f->event.input_addr, ==, addr);
    expect_ok(f, VA + 3, true, PA + 3);
}

static void edit_vax48(SmmuConfig *c)
{
    c->vax = 48;
    c->ds = false;
}

static void test_vas_49_bits(Fix *f)
{
    TableSpace space = table_space(&f->mem);
    uint64_t top = low_mask(48) & ~low_mask(12);

    scene_stage1(f);
    arm_pages_init_simple(&f->s1, &space, 1, 12, 48);
    arm_pages_map_smallest(&f->s1, top, PA, PAGE, ARM_S1_RW);
    cd_stage1(f->cd, &f->s1, ASID);
    put_cd(f);
    expect_ok(f, top, false, PA);
    expect_event(f, 1ull << 48, false, F_TRANSLATION);
    expect_event(f, top | 1ull << 62, false, F_TRANSLATION);
}

/** A page at the very top of the output addresses of 48 bits. */
static uint64_t map_top(Fix *f)
{
    uint64_t top = low_mask(48) & ~low_mask(12);

    scene_stage1(f);
    cd_put_field(f, CD_IPS, 5);
    arm_pages_map_smallest(&f->s1, VA_HOLE, top, PAGE, ARM_S1_RW);
    return top;
}

static void test_ipa_is_pa(Fix *f)
{
    expect_ok(f, VA_HOLE, true, map_top(f));
}

static void test_completion_address(Fix *f)
{
    uint64_t top = map_top(f);
    IommuResult res;

    ste_put_field(f, STE_EATS, STE_EATS_FULL);
    res = treq(f, VA_HOLE);
    g_assert_cmphex(res.pa, ==, top);
    g_assert_false(res.ats_no_snoop);
}

/* CDs above the 32 bits that the CD itself allows to stage 1. */
static void test_cd_above_ips(Fix *f)
{
    TableSpace low, high;

    scene_nested(f);
    low = arm_pages_nested_space(&f->s2, 0);
    high = arm_pages_nested_space(&f->s2, IPA_DELTA);
    arm_pages_init_simple(&f->s1, &low, 1, 12, 39);
    arm_pages_map_smallest(&f->s1, VA, IPA, PAGE, ARM_S1_RW);
    cd_table_init(&f->cds, &high, STE_S1FMT_LINEAR, 0);
    cd_stage1(f->cd, &f->s1, ASID);
    field_set(f->cd, CD_IPS, 0);
    ste_nested(f->ste, &f->cds, &f->s2, VMID);
    put_cd(f);
    put_ste(f);
    g_assert_cmphex(cd_table_input(&f->cds, 0), >=, 1ull << 32);
    expect_ok(f, VA, true, PA);
}

static void edit_oas40(SmmuConfig *c)
{
    c->oas = 40;
}

static void test_fetch_address_within_oas(Fix *f)
{
    uint64_t at;

    scene_bypass(f);
    cr0_set(f, CR0_SMMUEN, 0);
    wr64(f, SMMU_STRTAB_BASE, rd64(f, SMMU_STRTAB_BASE) | 1ull << 45);
    cr0_set(f, CR0_SMMUEN, 1);
    cmd(f, smmu_make_cfgi_all());
    at = stream_table_addr(&f->streams, SID);
    ramhost_abort(&f->ram, at, at + 63, RAMHOST_READ);
    expect_event(f, PA, false, F_STE_FETCH);
    g_assert_cmphex(f->event.fetch_addr, ==, at);
}

static void test_table_outside_memory(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    wr64(f, SMMU_STRTAB_BASE, 0x4000000000);
    cr0_set(f, CR0_SMMUEN, 1);
    expect_event(f, VA, false, F_STE_FETCH);
}

static void test_permission_record(Fix *f)
{
    uint64_t want[EVENT_WORDS] = { 0 };

    scene_nested(f);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_RO));
    expect_event(f, VA, true, F_PERMISSION);
    field_set(want, EVT_S2, 1);
    field_set(want, EVT_CLASS, EVT_CLASS_IN);
    g_assert_cmphex(f->event.w[1], ==, want[1]);
    g_assert_cmphex(f->event.w[3], ==, IPA);
}

/* ---- ATS ---------------------------------------------------------------------------------- */

static void test_ats_substream_without_stage1(Fix *f)
{
    IommuTxn t = txn_at(IPA, false);

    scene_stage2(f);
    ste_put_field(f, STE_EATS, STE_EATS_FULL);
    cr2_set(f, CR2_REC_CFG_ATS, 1);
    t.kind = IOMMU_TXN_ATS_REQUEST;
    t.has_pasid = true;
    t.pasid = SSID;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_CA);
    expect_one_event(f, C_BAD_SUBSTREAMID);
}

static void edit_64k_only(SmmuConfig *c)
{
    c->gran4k = c->gran16k = c->ds = false;
}

static void test_stu(Fix *f)
{
    TableSpace space = table_space(&f->mem);
    IommuResult res;

    arm_pages_init_simple(&f->s1, &space, 1, 16, 42);
    cd_table_init(&f->cds, &space, STE_S1FMT_LINEAR, 0);
    cd_stage1(f->cd, &f->s1, ASID);
    ste_stage1(f->ste, &f->cds);
    field_set(f->ste, STE_EATS, STE_EATS_FULL);
    put_cd(f);
    put_ste(f);
    res = treq(f, VA);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmpuint(res.page_lg2, ==, 16);
}

/* Split-stage ATS needs ATSCHK: the change is complete once the STE has been invalidated. */
static void test_atschk_change(Fix *f)
{
    scene_nested(f);
    ste_put_field(f, STE_EATS, STE_EATS_SPLIT);
    g_assert_cmpint(treq(f, VA).status, ==, IOMMU_STATUS_UR);
    expect_one_event(f, F_BAD_ATS_TREQ);
    cr0_set(f, CR0_ATSCHK, 1);
    cmd(f, smmu_make_cfgi_ste(SID, true));
    g_assert_cmphex(treq(f, VA).pa, ==, IPA);
    cr0_set(f, CR0_ATSCHK, 0);
    cmd(f, smmu_make_cfgi_ste(SID, true));
    g_assert_cmpint(treq(f, VA).status, ==, IOMMU_STATUS_UR);
}

/* ---- Structures, invalidation ------------------------------------------------------------- */

static void test_structures_are_one_read(Fix *f)
{
    scene_stage1(f);
    arm_pages_unmap(&f->s1, VA);
    cd_put_field(f, CD_EPD0, 1);
    ramhost_forget(&f->ram);
    expect_event(f, VA, false, F_TRANSLATION);
    g_assert_cmpuint(f->ram.reads, ==, 2);
}

static void test_cfgi_and_sync(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    ste_bypass(f->ste);
    stream_table_set(&f->streams, SID, f->ste);
    cmd(f, smmu_make_cfgi_ste(SID, true));
    expect_ok(f, VA, false, VA);
}

static void test_ste_change_judges_cd(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    expect_ok(f, VA, false, PA);
    ste_put_field(f, STE_S1STALLD, 1);
    expect_event(f, VA, false, C_BAD_CD);
}

/** VA leads to @pa behind the TLB's back. */
static void move_va(Fix *f, uint64_t pa)
{
    arm_pages_set(&f->s1, VA, (arm_pages_get(&f->s1, VA) & ~(low_mask(48) & ~low_mask(12))) | pa);
}

static void test_misaligned_range(Fix *f)
{
    SmmuCmdWords c = smmu_make_range(smmu_make_tlbi_nh_va(0, ASID, VA, true), 12, 512, 2);

    scene_stage1(f);
    field_set(c.w, CMD_ADDR, (VA + PAGE) >> 12);
    expect_ok(f, VA + PAGE, false, PA + PAGE);
    arm_pages_unmap(&f->s1, VA + PAGE);
    cmd(f, c);
    expect_event(f, VA + PAGE, false, F_TRANSLATION);
}

static void test_vmid_without_stage2(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_S2VMID, VMID);
    expect_ok(f, VA, false, PA);
    move_va(f, 0x77700000);
    cmd(f, smmu_make_tlbi_nh_all(0));
    expect_ok(f, VA, false, 0x77700000);
}

static void test_s2_ipa_field(Fix *f)
{
    SmmuCmdWords c = smmu_make_tlbi_s2_ipa(VMID, IPA, true);

    scene_stage2(f);
    expect_ok(f, IPA, false, PA);
    arm_pages_unmap(&f->s2, IPA);
    c.w[1] |= ~low_mask(56);
    cmd(f, c);
    expect_event(f, IPA, false, F_TRANSLATION);
}

static void test_el2_has_no_global(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_STRW, STE_STRW_EL2);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_NG));
    expect_ok(f, VA, false, PA);
    move_va(f, 0x77700000);
    expect_ok(f, VA, false, PA);
    cmd(f, smmu_make_tlbi_el2_va(ASID + 9, VA, true));
    expect_ok(f, VA, false, 0x77700000);
}

/* Two streams, one ASID, two tables: either answer, but none of another VMID's. */
static void test_disagreeing_cds(Fix *f)
{
    TableSpace space = table_space(&f->mem);
    uint64_t ste[STE_WORDS], cd[CD_WORDS];
    IommuTxn t = txn_at(VA, false);
    ArmPages other;
    CdTable cds;

    scene_stage1(f);
    ste_put_field(f, STE_S2VMID, VMID);
    arm_pages_init_simple(&other, &space, 1, 12, 39);
    arm_pages_map_smallest(&other, VA, 0x77700000, PAGE, ARM_S1_RW);
    cd_table_init(&cds, &space, STE_S1FMT_LINEAR, 0);
    cd_stage1(cd, &other, ASID);
    cd_table_set(&cds, 0, cd);
    ste_stage1(ste, &cds);
    field_set(ste, STE_S2VMID, VMID);
    stream_table_set(&f->streams, OTHER_SID, ste);
    expect_ok(f, VA, false, PA);
    t.stream = OTHER_SID;
    g_assert_true(run(f, &t).pa == PA || run(f, &t).pa == 0x77700000);
    field_set(ste, STE_S2VMID, VMID + 1);
    stream_table_set(&f->streams, OTHER_SID, ste);
    cmd(f, smmu_make_cfgi_ste(OTHER_SID, true));
    g_assert_cmphex(run(f, &t).pa, ==, 0x77700000);
}

/* A block over pages that are still cached: old or new, and no conflict (BBML=2). */
static void test_overlapping_entries(Fix *f)
{
    uint64_t block = 0x60000000;

    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    arm_pages_map_level(&f->s1, VA, block, 2, ARM_S1_RW);
    for (unsigned i = 16; i-- > 0;) {
        IommuResult res = access_at(f, VA + i * PAGE, false);

        g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
        g_assert_true(res.pa == PA + i * PAGE || res.pa == block + i * PAGE);
    }
    expect_one_event(f, 0);
    cd_put_field(f, CD_ASID, ASID + 1);
    expect_pa(f, VA, block);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/rules/TR2-lookup-ignores-address", test_lookup_ignores_address);
    fix_add_config_profiles("/smmuv3/rules/TR3-stage2-not-implemented", "max", edit_stage1_only,
                            test_no_stage2);
    fix_add_config_profiles("/smmuv3/rules/TR3-stage1-not-implemented", "max", edit_stage2_only,
                            test_no_stage1);
    fix_add_profiles("/smmuv3/rules/TR11-stage2-bits-63-60-ignored", test_s2_high_bits);
    fix_add("/smmuv3/rules/SE9-upper-fields-ignored", test_upper_ste);
    fix_add_profiles("/smmuv3/rules/RS5+MA16-NS-bits-do-nothing", test_ns_only);
    fix_add_profiles("/smmuv3/rules/MA1-override-then-combine", test_override_then_combine);
    fix_add_profiles("/smmuv3/rules/MA7-own-accesses-are-data", test_own_accesses_are_data);
    fix_add_profiles("/smmuv3/rules/PE9-S2PTW-before-dirty-state", test_s2ptw_before_dirty);
    fix_add_profiles("/smmuv3/rules/AD1-input-reported-as-given", test_input_reported_as_given);
    fix_add_config_profiles("/smmuv3/rules/AD12-VAS-of-49-bits", "max", edit_vax48,
                            test_vas_49_bits);
    fix_add_profiles("/smmuv3/rules/AD16-IPA-is-PA", test_ipa_is_pa);
    fix_add_profiles("/smmuv3/rules/AT31-completion-address", test_completion_address);
    fix_add_profiles("/smmuv3/rules/AD19-CD-above-IPS", test_cd_above_ips);
    fix_add_config("/smmuv3/rules/EV10-fetch-address-within-OAS", "max", edit_oas40,
                   test_fetch_address_within_oas);
    fix_add("/smmuv3/rules/SY12-table-outside-memory", test_table_outside_memory);
    fix_add("/smmuv3/rules/EV16+EV17-no-other-flags", test_permission_record);
    fix_add("/smmuv3/rules/AT2-substream-without-stage1", test_ats_substream_without_stage1);
    fix_add_config("/smmuv3/rules/AT3-STU-is-smallest-granule", "max", edit_64k_only, test_stu);
    fix_add_profiles("/smmuv3/rules/RG16+AT15-ATSCHK-after-CFGI", test_atschk_change);
    fix_add("/smmuv3/rules/TL19-structures-are-one-read", test_structures_are_one_read);
    fix_add_profiles("/smmuv3/rules/TL18-CFGI-and-sync", test_cfgi_and_sync);
    fix_add_profiles("/smmuv3/rules/SY3-changed-STE-judges-CD", test_ste_change_judges_cd);
    fix_add_profiles("/smmuv3/rules/CM22-misaligned-range", test_misaligned_range);
    fix_add_config_profiles("/smmuv3/rules/CM24-VMID-without-stage2", "max", edit_stage1_only,
                            test_vmid_without_stage2);
    fix_add_profiles("/smmuv3/rules/CM8-IPA-ends-at-bit-55", test_s2_ipa_field);
    fix_add("/smmuv3/rules/TL4-nG-ignored-in-EL2", test_el2_has_no_global);
    fix_add_profiles("/smmuv3/rules/CD28-disagreeing-CDs", test_disagreeing_cds);
    fix_add_profiles("/smmuv3/rules/TL12-overlapping-entries", test_overlapping_entries);
    return g_test_run();
}

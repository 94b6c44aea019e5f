/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every capability of the SMMUv3's translation that iommu-dma's traffic can tell of, on and, where
 * it makes a difference, off (IHI 0070 3.3-3.14, 5.2, 5.4; properties in
 * docs/system/arm-smmuv3.rst). Stalls, ATS, PRI, ATOS and ECMDQ: smmuv3-requests-test.c. Memory
 * attributes reach no device: their tests are tests/unit/smmuv3/test-attrs.c. Counters: pmu-test.c.
 * Queue and table sizes: smmuv3-props-test.c.
 */
#include "qemu/osdep.h"
#include "dma-smmu.h"

/* ---- Substreams --------------------------------------------------------------------------- */

static void substreams_work(DmaSmmu *b, unsigned s1fmt, unsigned cdmax, uint32_t far)
{
    ds_substreams_in(b, s1fmt, cdmax);
    ds_ok(b, ds_pasid(ds_read(DS_VA), DS_SSID), b->pa);
    ds_ok(b, ds_read(DS_VA), b->pa); /* S1DSS: CD 0 */
    /* Its CD is invalid, or the first level leads to none */
    ds_faults(b, ds_pasid(ds_read(DS_VA), far),
              s1fmt == STE_S1FMT_LINEAR ? C_BAD_CD : C_BAD_SUBSTREAMID);
    cd_table_set(&b->cds, far, b->cd);
    ds_issue(b, smmu_make_cfgi_cd(DS_SID, far, false));
    ds_ok(b, ds_pasid(ds_write(DS_VA), far), b->pa);
}

static void linear_cds(DmaSmmu *b)
{
    substreams_work(b, STE_S1FMT_LINEAR, 7, 127);
}

static void cds_4k(DmaSmmu *b)
{
    substreams_work(b, STE_S1FMT_4K_L2, 12, 4095);
}

static void cds_64k(DmaSmmu *b)
{
    substreams_work(b, STE_S1FMT_64K_L2, 20, 0xfffff);
}

static void no_two_level_cds(DmaSmmu *b)
{
    ds_substreams_in(b, STE_S1FMT_LINEAR, 7);
    ds_ste(b, STE_S1FMT, STE_S1FMT_4K_L2);
    ds_faults(b, ds_pasid(ds_read(DS_VA), DS_SSID), C_BAD_STE);
}

static void s1dss_bypass(DmaSmmu *b)
{
    ds_substreams(b);
    ds_ste(b, STE_S1DSS, STE_S1DSS_BYPASS);
    ds_ok(b, ds_read(b->pa), b->pa);
    ds_ok(b, ds_pasid(ds_read(DS_VA), DS_SSID), b->pa);
    ds_ok(b, ds_pasid(ds_read(DS_VA), 0), b->pa);
}

/* ---- Addresses ---------------------------------------------------------------------------- */

static void upper_half(DmaSmmu *b)
{
    ArmPagesConfig c = { .stage = 1, .granule_lg2 = 12, .in_bits = 39, .upper = true,
                         .start = ARM_START_AUTO };
    uint64_t va = ~0ull << 39 | 0x123000;
    ArmPages upper;

    ds_stage1(b);
    arm_pages_init(&upper, &b->physical, &c);
    arm_pages_map_smallest(&upper, va, b->pa + DS_PAGE, DS_PAGE, ARM_S1_RW);
    cd_add_upper(b->cd, &upper);
    ds_put_cd(b, 0);
    ds_ok(b, ds_read(va), b->pa + DS_PAGE);
    ds_ok(b, ds_read(DS_VA), b->pa);
    ds_faults(b, ds_read(va + DS_PAGE), F_TRANSLATION);
    ds_cd(b, CD_EPD1, 1);
    ds_issue(b, smmu_make_tlbi_nh_all(0));
    ds_faults(b, ds_read(va), F_TRANSLATION);
}

static void top_byte(DmaSmmu *b)
{
    uint64_t tagged = DS_VA | 0x5aull << 56;

    ds_stage1(b);
    ds_faults(b, ds_read(tagged), F_TRANSLATION);
    ds_cd(b, CD_TBI0, 1);
    ds_ok(b, ds_read(tagged), b->pa);
    ds_ok(b, ds_write(DS_VA | 0xa5ull << 56), b->pa);
}

/** A stage 1 table of form @c that maps its last page. */
static void map_last(DmaSmmu *b, const ArmPagesConfig *c)
{
    uint64_t va = (1ull << c->in_bits) - (1ull << c->granule_lg2);

    ds_stage1(b);
    arm_pages_init(&b->s1, &b->physical, c);
    arm_pages_map_smallest(&b->s1, va, b->pa & ~0xffffull, 1ull << c->granule_lg2, ARM_S1_RW);
    cd_stage1(b->cd, &b->s1, DS_ASID);
    ds_put_cd(b, 0);
    b->at = va + (b->pa & ((1ull << c->granule_lg2) - 1));
}

static void va_52_64k(DmaSmmu *b)
{
    map_last(b, &(ArmPagesConfig) { .stage = 1, .granule_lg2 = 16, .in_bits = 52, .wide = true,
                                    .start = ARM_START_AUTO });
    ds_ok(b, ds_read(b->at), b->pa);
}

static void va_52_4k(DmaSmmu *b)
{
    map_last(b, &(ArmPagesConfig) { .stage = 1, .granule_lg2 = 12, .in_bits = 52, .ds = true,
                                    .start = ARM_START_AUTO });
    arm_pages_map_smallest(&b->s1, b->at & ~0xfffull, b->pa, DS_PAGE,
                           reg_set(ARM_S1_RW, PTE_OA_HIGH_DS, 0));
    ds_ok(b, ds_read(b->at & ~0xfffull), b->pa);
}

static void no_va_52(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_T0SZ, 12);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

static void small_table(DmaSmmu *b)
{
    map_last(b, &(ArmPagesConfig) { .stage = 1, .granule_lg2 = 12, .in_bits = 18,
                                    .start = ARM_START_AUTO });
    arm_pages_map_smallest(&b->s1, 0x3f000, b->pa, DS_PAGE, ARM_S1_RW);
    ds_ok(b, ds_read(0x3f000), b->pa);
    ds_faults(b, ds_read(0x40000), F_TRANSLATION);
}

static void no_small_table(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_T0SZ, 64 - 18);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

static void narrow_output(DmaSmmu *b)
{
    ds_bypass(b);
    ds_ok(b, ds_read(b->pa), b->pa);
    ds_faults(b, ds_read(1ull << 40), F_ADDR_SIZE);
}

static void no_granule(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_TG0, TG0_16K);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

/* ---- Rights ------------------------------------------------------------------------------- */

static DmaDesc privileged(DmaDesc d)
{
    return ds_with(ds_pasid(d, DS_SSID), IDMA_D_PRIV, 1);
}

static void leaf_is(DmaSmmu *b, uint64_t attrs)
{
    arm_pages_map_smallest(&b->s1, DS_VA, b->pa, DS_PAGE, attrs);
}

static void put_ssid(DmaSmmu *b, BitField field, uint64_t value)
{
    field_set(b->cd, field, value);
    ds_put_cd(b, DS_SSID);
    ds_issue(b, smmu_make_tlbi_nh_all(0));
}

static void privilege(DmaSmmu *b)
{
    ds_substreams(b);
    leaf_is(b, arm_s1_attrs(VMSA_AP_PRIV_RW));
    ds_ok(b, privileged(ds_write(DS_VA)), b->pa);
    ds_faults(b, ds_pasid(ds_read(DS_VA), DS_SSID), F_PERMISSION);
    ds_ste(b, STE_PRIVCFG, ATTR_CFG_SET);
    ds_ok(b, ds_pasid(ds_read(DS_VA), DS_SSID), b->pa);
    ds_ste(b, STE_PRIVCFG, ATTR_CFG_CLEAR);
    ds_faults(b, privileged(ds_read(DS_VA)), F_PERMISSION);
}

static void no_privilege_override(DmaSmmu *b)
{
    ds_substreams(b);
    leaf_is(b, arm_s1_attrs(VMSA_AP_PRIV_RW));
    ds_ste(b, STE_PRIVCFG, ATTR_CFG_SET);
    ds_faults(b, ds_pasid(ds_read(DS_VA), DS_SSID), F_PERMISSION);
}

static void instructions(DmaSmmu *b)
{
    DmaDesc fetch = ds_with(ds_pasid(ds_read(DS_VA), DS_SSID), IDMA_D_EXEC, 1);

    ds_substreams(b);
    ds_ok(b, fetch, b->pa);
    leaf_is(b, ARM_S1_RW | field_mask(PTE_UXN));
    ds_issue(b, smmu_make_tlbi_nh_all(0));
    ds_faults(b, fetch, F_PERMISSION);
    ds_ok(b, ds_pasid(ds_read(DS_VA), DS_SSID), b->pa);
    ds_ste(b, STE_INSTCFG, ATTR_CFG_CLEAR);
    ds_ok(b, fetch, b->pa);
    ds_ste(b, STE_INSTCFG, ATTR_CFG_SET);
    ds_faults(b, ds_pasid(ds_read(DS_VA), DS_SSID), F_PERMISSION);
    ds_ok(b, ds_pasid(ds_write(DS_VA), DS_SSID), b->pa); /* writes are data */
}

static void pan(DmaSmmu *b)
{
    ds_substreams(b);
    ds_ok(b, privileged(ds_read(DS_VA)), b->pa);
    put_ssid(b, CD_PAN, 1);
    ds_faults(b, privileged(ds_read(DS_VA)), F_PERMISSION);
    ds_ok(b, ds_pasid(ds_read(DS_VA), DS_SSID), b->pa);
}

/** EPAN: a page that unprivileged code may only execute counts as its, too. */
static void epan(DmaSmmu *b)
{
    ds_substreams(b);
    leaf_is(b, arm_s1_attrs(VMSA_AP_PRIV_RW));
    put_ssid(b, CD_PAN, 1);
    ds_ok(b, privileged(ds_read(DS_VA)), b->pa);
    put_ssid(b, CD_EPAN, 1);
    ds_faults(b, privileged(ds_read(DS_VA)), F_PERMISSION);
}

static void e0pd(DmaSmmu *b)
{
    ds_substreams(b);
    ds_ok(b, ds_pasid(ds_read(DS_VA), DS_SSID), b->pa);
    put_ssid(b, CD_E0PD0, 1);
    ds_faults(b, ds_pasid(ds_read(DS_VA), DS_SSID), F_TRANSLATION);
    ds_ok(b, privileged(ds_read(DS_VA)), b->pa);
}

static void wxn(DmaSmmu *b)
{
    DmaDesc fetch = ds_with(ds_pasid(ds_read(DS_VA), DS_SSID), IDMA_D_EXEC, 1);

    ds_substreams(b);
    put_ssid(b, CD_WXN, 1);
    ds_faults(b, fetch, F_PERMISSION);
    leaf_is(b, ARM_S1_RO);
    ds_issue(b, smmu_make_tlbi_nh_all(0));
    ds_ok(b, fetch, b->pa);
}

static void set_in_table(DmaSmmu *b, int level, BitField f)
{
    uint64_t at = arm_pages_desc_addr(&b->s1, DS_VA, level);

    qtest_writeq(b->m->qts, at, reg_set(qtest_readq(b->m->qts, at), f, 1));
}

static void hierarchy(DmaSmmu *b)
{
    ds_stage1(b);
    set_in_table(b, 2, PTE_TABLE_AP1);
    ds_faults(b, ds_write(DS_VA), F_PERMISSION);
    ds_ok(b, ds_read(DS_VA), b->pa);
    ds_cd(b, CD_HAD0, 1);
    ds_issue(b, smmu_make_tlbi_nh_all(0));
    ds_ok(b, ds_write(DS_VA), b->pa);
}

/** XNX: stage 2 tells privileged from unprivileged execution. */
static void stage2_xnx(DmaSmmu *b)
{
    DmaDesc fetch = ds_with(ds_read(DS_IPA), IDMA_D_EXEC, 1);

    ds_stage2(b);
    ds_ste(b, STE_INSTCFG, ATTR_CFG_SET);
    ds_ok(b, fetch, b->pa);
    /* XN=01: executable by privileged accesses alone not; 11: by those alone */
    arm_pages_set(&b->s2, DS_IPA, reg_set(arm_pages_get(&b->s2, DS_IPA), S2PTE_XN, 1));
    ds_ste(b, STE_PRIVCFG, ATTR_CFG_SET);
    ds_issue(b, smmu_make_tlbi_s12_vmall(DS_VMID));
    ds_faults(b, fetch, F_PERMISSION);
    ds_ste(b, STE_PRIVCFG, ATTR_CFG_CLEAR);
    ds_ok(b, fetch, b->pa);
}

/* ---- Hardware updates --------------------------------------------------------------------- */

static void leaf_clear_af(DmaSmmu *b)
{
    arm_pages_set(&b->s1, DS_VA, reg_set(arm_pages_get(&b->s1, DS_VA), PTE_AF, 0));
}

static void leaf_writable_clean(DmaSmmu *b)
{
    leaf_is(b, reg_set(arm_s1_attrs(VMSA_AP_ALL_RO), PTE_DBM, 1));
}

static void access_flag(DmaSmmu *b)
{
    ds_stage1(b);
    leaf_clear_af(b);
    ds_faults(b, ds_read(DS_VA), F_ACCESS);
    ds_cd(b, CD_HA, 1);
    ds_ok(b, ds_read(DS_VA), b->pa);
    g_assert_cmpuint(reg_get(arm_pages_get(&b->s1, DS_VA), PTE_AF), ==, 1);
}

static void no_access_flag(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_HA, 1);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

static void dirty(DmaSmmu *b)
{
    ds_stage1(b);
    field_set(b->cd, CD_HA, 1);
    ds_cd(b, CD_HD, 1);
    leaf_writable_clean(b);
    ds_ok(b, ds_read(DS_VA), b->pa);
    g_assert_cmpuint(reg_get(arm_pages_get(&b->s1, DS_VA), PTE_AP2), ==, 1); /* still clean */
    ds_ok(b, ds_write(DS_VA), b->pa);
    g_assert_cmpuint(reg_get(arm_pages_get(&b->s1, DS_VA), PTE_AP2), ==, 0);
}

static void no_dirty(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_HA, 1);
    leaf_clear_af(b);
    ds_ok(b, ds_read(DS_VA), b->pa);
    ds_cd(b, CD_HD, 1);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

static void dirty_stage2(DmaSmmu *b)
{
    ds_stage2(b);
    arm_pages_set(&b->s2, DS_IPA,
                  reg_set(reg_set(ARM_S2_RO | b->pa | 3, PTE_DBM, 1), PTE_AF, 0));
    field_set(b->ste, STE_S2HA, 1);
    ds_ste(b, STE_S2HD, 1);
    ds_ok(b, ds_read(DS_IPA), b->pa);
    g_assert_cmpuint(reg_get(arm_pages_get(&b->s2, DS_IPA), PTE_AF), ==, 1);
    g_assert_cmpuint(reg_get(arm_pages_get(&b->s2, DS_IPA), S2PTE_S2AP_W), ==, 0);
    ds_ok(b, ds_write(DS_IPA), b->pa);
    g_assert_cmpuint(reg_get(arm_pages_get(&b->s2, DS_IPA), S2PTE_S2AP_W), ==, 1);
}

/** HAFT: the tables on the way get their access flag too. */
static void table_flags(DmaSmmu *b)
{
    uint64_t at;

    ds_stage1(b);
    at = arm_pages_desc_addr(&b->s1, DS_VA, 2);
    qtest_writeq(b->m->qts, at, reg_set(qtest_readq(b->m->qts, at), PTE_AF, 0));
    field_set(b->cd, CD_HA, 1);
    ds_cd(b, CD_HAFT, 1);
    ds_ok(b, ds_read(DS_VA), b->pa);
    g_assert_cmpuint(reg_get(qtest_readq(b->m->qts, at), PTE_AF), ==, 1);
}

/* ---- Streams and tags --------------------------------------------------------------------- */

static void no_hyp(DmaSmmu *b)
{
    ds_stage1(b);
    ds_ste(b, STE_STRW, STE_STRW_EL2);
    ds_ok(b, ds_read(DS_VA), b->pa); /* one StreamWorld: STRW is ignored */
    ds_issue(b, smmu_make_tlbi_nh_all(0));
    ds_ok(b, ds_read(DS_VA), b->pa);
}

static void asid8(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_ASID, 0x107);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

static void vmid8(DmaSmmu *b)
{
    ds_stage2(b);
    ds_ste(b, STE_S2VMID, 0x10b);
    ds_faults(b, ds_read(DS_IPA), C_BAD_STE);
}

static void stage1_only(DmaSmmu *b)
{
    ds_stage1(b);
    ds_ok(b, ds_read(DS_VA), b->pa);
    ds_ste(b, STE_CONFIG, STE_CONFIG_S2_TRANS);
    ds_faults(b, ds_read(DS_VA), C_BAD_STE);
}

static void stage2_only(DmaSmmu *b)
{
    ds_stage2(b);
    ds_ok(b, ds_read(DS_IPA), b->pa);
    ds_ste(b, STE_CONFIG, STE_CONFIG_S1_TRANS);
    ds_faults(b, ds_read(DS_IPA), C_BAD_STE);
}

/** S2PTW: stage 1 tables in Device memory of stage 2 fault; without it they do not. */
static void protected_walk(DmaSmmu *b)
{
    uint64_t ipa;

    ds_nested(b);
    ipa = arm_pages_desc_input(&b->s1, DS_VA, 3);
    arm_pages_set(&b->s2, ipa, reg_set(arm_pages_get(&b->s2, ipa), S2PTE_MEMATTR,
                                       VMSA_MEMATTR_DEVICE));
    ds_ok(b, ds_read(DS_VA), b->pa);
    ds_ste(b, STE_S2PTW, 1);
    ds_issue(b, smmu_make_tlbi_s12_vmall(DS_VMID));
    ds_faults(b, ds_read(DS_VA), F_PERMISSION);
}

static const DsFeature features[] = {
    { "/smmuv3/features/SE4+CD3-linear-CDs", "", linear_cds },
    { "/smmuv3/features/SE4+CD3-CDs-4K-two-level", "", cds_4k },
    { "/smmuv3/features/SE4+CD3-CDs-64K-two-level", "", cds_64k },
    { "/smmuv3/features/ID1-cd2l-off", "cd2l=off", no_two_level_cds },
    { "/smmuv3/features/SE5-S1DSS-bypass", "", s1dss_bypass },
    { "/smmuv3/features/CD4-TTB1", "", upper_half },
    { "/smmuv3/features/AD8-TBI", "", top_byte },
    { "/smmuv3/features/ID6-vax-52-64K", "", va_52_64k },
    { "/smmuv3/features/ID6-ds-52-4K", "", va_52_4k },
    { "/smmuv3/features/ID6-vax-48", "vax=48", no_va_52 },
    { "/smmuv3/features/ID4-stt", "", small_table },
    { "/smmuv3/features/ID4-stt-off", "stt=off", no_small_table },
    { "/smmuv3/features/ID6-oas-40", "oas=40", narrow_output },
    { "/smmuv3/features/ID6-gran16k-off", "gran16k=off", no_granule },
    { "/smmuv3/features/MA13+PE1-privilege", "", privilege },
    { "/smmuv3/features/ID2-attr_perms_ovr-off", "attr_perms_ovr=off", no_privilege_override },
    { "/smmuv3/features/PE3+MA14-instructions", "", instructions },
    { "/smmuv3/features/PE5-PAN", "", pan },
    { "/smmuv3/features/ID4+PE5-EPAN", "", epan },
    { "/smmuv3/features/ID4-E0PD", "", e0pd },
    { "/smmuv3/features/PE4-WXN", "", wxn },
    { "/smmuv3/features/ID4-HAD", "", hierarchy },
    { "/smmuv3/features/ID4-XNX", "", stage2_xnx },
    { "/smmuv3/features/HT1-access-flag", "", access_flag },
    { "/smmuv3/features/HT1-access-flag-only", "httu=af", no_dirty },
    { "/smmuv3/features/HT1-httu-off", "httu=off", no_access_flag },
    { "/smmuv3/features/HT2-dirty-stage1", "", dirty },
    { "/smmuv3/features/HT2-dirty-stage2", "", dirty_stage2 },
    { "/smmuv3/features/HT3-HAFT", "httu=haft", table_flags },
    { "/smmuv3/features/ID1-hyp-off", "minor=1,hyp=off", no_hyp },
    { "/smmuv3/features/ID1-asid16-off", "asid16=off", asid8 },
    { "/smmuv3/features/ID1-vmid16-off", "vmid16=off", vmid8 },
    { "/smmuv3/features/ID1-stage1-only", "s2p=off", stage1_only },
    { "/smmuv3/features/ID1-stage2-only", "s1p=off", stage2_only },
    { "/smmuv3/features/PE9-S2PTW", "", protected_walk },
};

int main(int argc, char **argv)
{
    return ds_main(argc, argv, features, G_N_ELEMENTS(features));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address translation operations and Enhanced Command queues (IHI 0070 9, 3.5.6). */
#include "fixture.h"

#define BIT(f) (1ull << (((f) >> 8) & 0xff))
#define READ  field_mask(ATOS_ADDR_RNW)
#define WRITE 0ull

/** PAR of a GATOS request. */
static uint64_t gatos(Fix *f, uint64_t sid, unsigned type, uint64_t addr)
{
    wr64(f, SMMU_GATOS_SID, sid);
    wr64(f, SMMU_GATOS_ADDR, addr | reg_make(ATOS_ADDR_TYPE, type));
    wr(f, SMMU_GATOS_CTRL, 1);
    g_assert_cmpuint(rd(f, SMMU_GATOS_CTRL), ==, 0);
    expect_one_event(f, 0);
    return rd64(f, SMMU_GATOS_PAR);
}

static void expect_par(uint64_t par, uint64_t pa)
{
    g_assert_cmpuint(reg_get(par, ATOS_PAR_FAULT), ==, 0);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_ADDR), ==, pa);
}

static void expect_fault(uint64_t par, uint8_t code, unsigned reason, uint64_t faddr)
{
    g_assert_cmpuint(reg_get(par, ATOS_PAR_FAULT), ==, 1);
    g_assert_cmphex(reg_get(par, ATOS_PAR_FAULTCODE), ==, code);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_REASON), ==, reason);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_FADDR), ==, faddr);
}

static void test_s1(Fix *f)
{
    uint64_t par;

    scene_stage1(f);
    par = gatos(f, SID, ATOS_TYPE_S1, VA | READ);
    expect_par(par, PA);
    g_assert_cmphex(reg_get(par, ATOS_PAR_ATTR), ==, 0xff);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_SH), ==, SH_ISH);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_SIZE), ==, 0);
}

static void test_s12(Fix *f)
{
    scene_nested(f);
    expect_par(gatos(f, SID, ATOS_TYPE_S12, VA | READ), PA);
}

static void test_s2(Fix *f)
{
    scene_nested(f);
    expect_par(gatos(f, SID, ATOS_TYPE_S2, IPA | READ), PA);
}

static void test_s1_of_nested(Fix *f)
{
    scene_nested(f);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | WRITE), IPA);
    arm_pages_unmap(&f->s2, IPA);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | READ), IPA);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA_RO | WRITE), F_PERMISSION, 0, 0);
}

static void test_block_size(Fix *f)
{
    uint64_t par;

    scene_stage1(f);
    arm_pages_map_level(&f->s1, 0x80000000, 0x20000000, 2, ARM_S1_RW);
    par = gatos(f, SID, ATOS_TYPE_S1, 0x80000000 | READ);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_SIZE), ==, 1);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_ADDR), ==, 0x20000000 | 1 << 20);
}

static void test_faults(Fix *f)
{
    scene_stage1(f);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA_HOLE | READ), F_TRANSLATION, 0, 0);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA_RO | WRITE), F_PERMISSION, 0, 0);
    expect_fault(gatos(f, SID + 1, ATOS_TYPE_S1, VA | READ), C_BAD_STE, 0, 0);
    expect_fault(gatos(f, 5000, ATOS_TYPE_S1, VA | READ), C_BAD_STREAMID, 0, 0);
    expect_fault(gatos(f, SID | BIT(ATOS_SID_SSID_VALID), ATOS_TYPE_S1, VA | READ),
                 C_BAD_SUBSTREAMID, 0, 0);
}

static void test_s12_faults(Fix *f)
{
    uint64_t table;

    scene_nested(f);
    arm_pages_unmap(&f->s2, IPA);
    expect_fault(gatos(f, SID, ATOS_TYPE_S12, VA | READ), F_TRANSLATION, 3, IPA);
    table = arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
    arm_pages_unmap(&f->s2, table);
    cmd(f, smmu_make_tlbi_s12_vmall(VMID));
    expect_fault(gatos(f, SID, ATOS_TYPE_S12, VA | READ), F_TRANSLATION, 2, table);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA | READ), F_WALK_EABT, 0, 0);
}

static void test_cd_fault(Fix *f)
{
    uint64_t page;

    scene_nested(f);
    page = cd_table_input(&f->cds, 0) & ~low_mask(12);
    arm_pages_unmap(&f->s2, page);
    expect_fault(gatos(f, SID, ATOS_TYPE_S12, VA | READ), F_TRANSLATION, 1, page);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA | READ), F_CD_FETCH, 0, 0);
}

static void test_s2_fault(Fix *f)
{
    scene_nested(f);
    expect_fault(gatos(f, SID, ATOS_TYPE_S2, (IPA + 64 * PAGE) | READ), F_TRANSLATION, 3, 0);
    expect_fault(gatos(f, SID, ATOS_TYPE_S2, 1ull << 52 | READ), F_ADDR_SIZE, 0, 0);
}

static void test_inv_req(Fix *f)
{
    scene_stage1(f);
    expect_fault(gatos(f, SID, 0, VA | READ), ATOS_INV_REQ, 0, 0);
    expect_fault(gatos(f, SID | BIT(ATOS_SID_SSID_VALID), ATOS_TYPE_S2, VA | READ), ATOS_INV_REQ, 0,
                 0);
}

static void test_inv_stage(Fix *f)
{
    scene_stage1(f);
    expect_fault(gatos(f, SID, ATOS_TYPE_S2, VA | READ), ATOS_INV_STAGE, 0, 0);
    expect_fault(gatos(f, SID, ATOS_TYPE_S12, VA | READ), ATOS_INV_STAGE, 0, 0);
    ste_put_field(f, STE_CONFIG, STE_CONFIG_BYPASS);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA | READ), ATOS_INV_STAGE, 0, 0);
    ste_put_field(f, STE_CONFIG, STE_CONFIG_ABORT);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA | READ), ATOS_INV_STAGE, 0, 0);
}

static void test_priority(Fix *f)
{
    expect_fault(gatos(f, 5000, 0, VA | READ), ATOS_INV_REQ, 0, 0);
    expect_fault(gatos(f, SID, ATOS_TYPE_S2, VA | READ), C_BAD_STE, 0, 0);
    scene_stage1(f);
    cd_put_field(f, CD_V, 0);
    expect_fault(gatos(f, SID | BIT(ATOS_SID_SSID_VALID), ATOS_TYPE_S12, VA | READ),
                 ATOS_INV_STAGE, 0, 0);
    expect_fault(gatos(f, SID | BIT(ATOS_SID_SSID_VALID), ATOS_TYPE_S1, VA | READ),
                 C_BAD_SUBSTREAMID, 0, 0);
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA_HOLE | READ), C_BAD_CD, 0, 0);
}

static void test_disabled(Fix *f)
{
    scene_stage1(f);
    gatos(f, SID, ATOS_TYPE_S1, VA_HOLE | READ);
    cr0_set(f, CR0_SMMUEN, 0);
    wr64(f, SMMU_GATOS_ADDR, VA | READ | reg_make(ATOS_ADDR_TYPE, ATOS_TYPE_S1));
    wr(f, SMMU_GATOS_CTRL, 1);
    expect_fault(rd64(f, SMMU_GATOS_PAR), F_TRANSLATION, 0, 0);
}

static void test_ignores_overrides_and_stalls(Fix *f)
{
    scene_stage1(f);
    field_set(f->ste, STE_PRIVCFG, ATTR_CFG_SET);
    put_ste(f);
    cd_put_field(f, CD_S, 1);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_AP1));
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA | READ), F_PERMISSION, 0, 0);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | READ | BIT(ATOS_ADDR_PNU)), PA);
}

static void test_httui(Fix *f)
{
    uint64_t desc;

    scene_stage1(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HD, 1);
    desc = (arm_pages_get(&f->s1, VA) & ~BIT(PTE_AF)) | BIT(PTE_AP2) | BIT(PTE_DBM);
    arm_pages_set(&f->s1, VA, desc);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | WRITE | BIT(ATOS_ADDR_HTTUI)), PA);
    g_assert_cmphex(arm_pages_get(&f->s1, VA), ==, desc);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | WRITE), PA);
    g_assert_false(arm_pages_get(&f->s1, VA) & BIT(PTE_AP2));
    g_assert_true(arm_pages_get(&f->s1, VA) & BIT(PTE_AF));
}

/** Nested with HTTU at both stages: VA and what it leads to are writable-clean, VA has AF=0. */
static void nested_httu(Fix *f)
{
    scene_nested(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HD, 1);
    field_set(f->ste, STE_S2HA, 1);
    ste_put_field(f, STE_S2HD, 1);
    arm_pages_set(&f->s1, VA,
                  (arm_pages_get(&f->s1, VA) & ~BIT(PTE_AF)) | BIT(PTE_AP2) | BIT(PTE_DBM));
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_RO) |
                                   BIT(PTE_DBM));
}

static void test_s1_of_nested_read_marks(Fix *f)
{
    nested_httu(f);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | READ), IPA);
    g_assert_true(arm_pages_get(&f->s1, VA) & BIT(PTE_AF));
    g_assert_true(arm_pages_get(&f->s1, VA) & BIT(PTE_AP2));
}

static void test_s1_of_nested_write_dirties(Fix *f)
{
    uint64_t final;

    nested_httu(f);
    final = arm_pages_get(&f->s2, IPA);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | WRITE), IPA);
    g_assert_true(arm_pages_get(&f->s1, VA) & BIT(PTE_AF));
    g_assert_false(arm_pages_get(&f->s1, VA) & BIT(PTE_AP2));
    g_assert_cmphex(arm_pages_get(&f->s2, IPA), ==, final);
}

static void test_s1_of_nested_httui(Fix *f)
{
    uint64_t desc;

    nested_httu(f);
    desc = arm_pages_get(&f->s1, VA);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, VA | WRITE | BIT(ATOS_ADDR_HTTUI)), IPA);
    g_assert_cmphex(arm_pages_get(&f->s1, VA), ==, desc);
}

/* The update is a write of stage 1's table: where stage 2 forbids it, so does the answer. */
static void test_s1_of_nested_table_read_only(Fix *f)
{
    uint64_t page;

    nested_httu(f);
    page = arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
    arm_pages_set(&f->s2, page, reg_set(arm_pages_get(&f->s2, page), VMSA_S2AP, VMSA_S2AP_RO));
    expect_fault(gatos(f, SID, ATOS_TYPE_S1, VA | READ), F_WALK_EABT, 0, 0);
    g_assert_false(arm_pages_get(&f->s1, VA) & BIT(PTE_AF));
}

/* What an ATOS without update saw must not serve a transaction, which has to update. */
static void test_httui_not_cached(Fix *f)
{
    nested_httu(f);
    gatos(f, SID, ATOS_TYPE_S12, VA | WRITE | BIT(ATOS_ADDR_HTTUI));
    expect_ok(f, VA, true, PA);
    g_assert_false(arm_pages_get(&f->s1, VA) & BIT(PTE_AP2));
    g_assert_true(arm_pages_get(&f->s2, IPA) & BIT(S2PTE_S2AP_W));
}

static void test_s1dss(Fix *f)
{
    scene_nested(f);
    field_set(f->ste, STE_S1CDMAX, 2);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_BYPASS);
    expect_par(gatos(f, SID, ATOS_TYPE_S1, IPA | READ), IPA);
    expect_par(gatos(f, SID, ATOS_TYPE_S12, IPA | READ), PA);
}

static uint64_t vatos(Fix *f, uint64_t sid, unsigned type, uint64_t addr)
{
    wr64(f, SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_SID, sid);
    wr64(f, SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_ADDR, addr | reg_make(ATOS_ADDR_TYPE, type));
    wr(f, SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_CTRL, 1);
    return rd64(f, SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_PAR);
}

static void test_vatos(Fix *f)
{
    scene_nested(f);
    wr(f, SMMU_VATOS_SEL, VMID);
    expect_par(vatos(f, SID, ATOS_TYPE_S1, VA | READ), IPA);
    expect_fault(vatos(f, SID, ATOS_TYPE_S12, VA | READ), ATOS_INV_REQ, 0, 0);
    arm_pages_unmap(&f->s2, arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12));
    cmd(f, smmu_make_tlbi_s12_vmall(VMID));
    expect_fault(vatos(f, SID, ATOS_TYPE_S1, VA | READ), F_WALK_EABT, 0, 0);
}

static void test_vatos_other_vmid(Fix *f)
{
    scene_nested(f);
    wr(f, SMMU_VATOS_SEL, VMID + 1);
    expect_fault(vatos(f, SID, ATOS_TYPE_S1, VA | READ), C_BAD_STE, 0, 0);
}

static void test_vatos_bypass(Fix *f)
{
    scene_bypass(f);
    wr(f, SMMU_VATOS_SEL, 0);
    expect_fault(vatos(f, SID, ATOS_TYPE_S1, VA | READ), C_BAD_STE, 0, 0);
}

/* ---- ECMDQ -------------------------------------------------------------------------------- */

#define ECMDQ_LOG2 4u

/** Registers of queue @q, found as a driver finds them. */
static uint64_t ecmdq_reg(Fix *f, unsigned q)
{
    unsigned per_page = 1u << reg_get(rd(f, SMMU_IDR6), IDR6_LOG2NUMQ);
    uint64_t page = rd64(f, SMMU_CMDQ_CONTROL_PAGE_BASE(q / per_page));

    g_assert_cmpuint(reg_get(page, ECMDQ_PAGE_PRESET), ==, 1);
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONTROL_PAGE_STATUS(q / per_page)), ==, 1);
    return field_in_place(&page, ECMDQ_PAGE_ADDR) + q % per_page * (0x10000 / per_page);
}

static uint64_t ecmdq_start(Fix *f, unsigned q)
{
    uint64_t queue = gmem_alloc(&f->mem, CMD_BYTES << ECMDQ_LOG2, CMD_BYTES << ECMDQ_LOG2);
    uint64_t reg = ecmdq_reg(f, q);

    wr64(f, reg + SMMU_ECMDQ_BASE, queue | ECMDQ_LOG2);
    wr(f, reg + SMMU_ECMDQ_PROD, (uint32_t)field_mask(ECMDQ_PROD_EN));
    g_assert_cmpuint(reg_get(rd(f, reg + SMMU_ECMDQ_CONS), ECMDQ_CONS_ENACK), ==, 1);
    return queue;
}

static void ecmdq_push(Fix *f, unsigned q, uint64_t queue, unsigned index, SmmuCmdWords c)
{
    uint64_t reg = ecmdq_reg(f, q);
    uint32_t prod = rd(f, reg + SMMU_ECMDQ_PROD);

    gmem_write_words(&f->mem, queue + index * CMD_BYTES, c.w, CMD_WORDS);
    wr(f, reg + SMMU_ECMDQ_PROD, reg_set(prod, Q_INDEX, index + 1));
}

static void check_ecmdq(Fix *f, unsigned q)
{
    uint64_t queue = ecmdq_start(f, q), reg = ecmdq_reg(f, q);

    scene_bypass(f);
    expect_ok(f, PA, false, PA);
    ste_abort(f->ste);
    stream_table_set(&f->streams, SID, f->ste);
    ecmdq_push(f, q, queue, 0, smmu_make_cfgi_ste(SID, true));
    ecmdq_push(f, q, queue, 1, smmu_make_sync_msi(0x1400040, 5));
    expect_event(f, PA, false, 0);
    g_assert_cmpuint(reg_get(rd(f, reg + SMMU_ECMDQ_CONS), Q_INDEX), ==, 2);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
}

static void test_first_ecmdq(Fix *f)
{
    check_ecmdq(f, 0);
}

static void test_last_ecmdq(Fix *f)
{
    check_ecmdq(f, 31);
}

static void test_ecmdq_error(Fix *f)
{
    uint64_t queue = ecmdq_start(f, 3), reg = ecmdq_reg(f, 3);
    uint32_t cons;

    ecmdq_push(f, 3, queue, 0, (SmmuCmdWords) { .w = { 0xff, 0 } });
    cons = rd(f, reg + SMMU_ECMDQ_CONS);
    g_assert_cmpuint(reg_get(cons, ECMDQ_CONS_ERR), ==, 1);
    g_assert_cmpuint(reg_get(cons, ECMDQ_CONS_ERR_REASON), ==, CERROR_ILL);
    g_assert_cmpuint(reg_get(cons, Q_INDEX), ==, 0);
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, field_mask(GERROR_CMDQP_ERR));
    cmd(f, smmu_make_cfgi_all());
    gmem_write_words(&f->mem, queue, smmu_make_sync(SYNC_CS_NONE).w, CMD_WORDS);
    wr(f, reg + SMMU_ECMDQ_PROD,
       rd(f, reg + SMMU_ECMDQ_PROD) | (uint32_t)field_mask(ECMDQ_PROD_ERRACK));
    g_assert_cmpuint(reg_get(rd(f, reg + SMMU_ECMDQ_CONS), Q_INDEX), ==, 1);
}

static void test_ecmdq_msi_abort(Fix *f)
{
    uint64_t queue = ecmdq_start(f, 1);

    ramhost_abort(&f->ram, 0x1400040, 0x1400043, RAMHOST_MSI);
    ecmdq_push(f, 1, queue, 0, smmu_make_sync_msi(0x1400040, 5));
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, field_mask(GERROR_MSI_CMDQ_ABT_ERR));
}

static void test_ecmdq_syncs_are_apart(Fix *f)
{
    uint64_t queue = ecmdq_start(f, 0), reg = ecmdq_reg(f, 0);

    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    ecmdq_push(f, 0, queue, 0, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    ecmdq_push(f, 0, queue, 1, smmu_make_sync(SYNC_CS_NONE));
    g_assert_cmpuint(reg_get(rd(f, reg + SMMU_ECMDQ_CONS), Q_INDEX), ==, 1);
    cmd(f, smmu_make_sync(SYNC_CS_NONE));
    f->m->ops->ats_inv_done(f->m, SID, f->ram.ats[0].itag, true);
    g_assert_cmpuint(reg_get(rd(f, reg + SMMU_ECMDQ_CONS), Q_INDEX), ==, 2);
}

static void test_ecmdq_guards(Fix *f)
{
    uint64_t reg = ecmdq_reg(f, 0), base;
    uint32_t cr1 = rd(f, SMMU_CR1);

    ecmdq_start(f, 0);
    base = rd64(f, reg + SMMU_ECMDQ_BASE);
    wr64(f, reg + SMMU_ECMDQ_BASE, 0);
    wr(f, reg + SMMU_ECMDQ_CONS, 7);
    g_assert_cmphex(rd64(f, reg + SMMU_ECMDQ_BASE), ==, base);
    g_assert_cmpuint(reg_get(rd(f, reg + SMMU_ECMDQ_CONS), Q_INDEX), ==, 0);
    wr(f, SMMU_CR0, 0);
    wr(f, SMMU_CR1, 0);
    g_assert_cmphex(reg_get(rd(f, SMMU_CR1), CR1_QUEUE), ==, reg_get(cr1, CR1_QUEUE));
    wr(f, reg + SMMU_ECMDQ_PROD, 0);
    wr(f, SMMU_CR1, 0);
    g_assert_cmphex(rd(f, SMMU_CR1), ==, 0);
}

static void test_ecmdq_disabled(Fix *f)
{
    uint64_t queue = ecmdq_start(f, 0), reg = ecmdq_reg(f, 0);

    wr(f, reg + SMMU_ECMDQ_PROD, 0);
    g_assert_cmpuint(reg_get(rd(f, reg + SMMU_ECMDQ_CONS), ECMDQ_CONS_ENACK), ==, 0);
    ecmdq_push(f, 0, queue, 0, (SmmuCmdWords) { .w = { 0xff, 0 } });
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, 0);
}

static void edit_no_ecmdq(SmmuConfig *c)
{
    c->ecmdq = false;
}

static void test_no_ecmdq(Fix *f)
{
    g_assert_cmphex(rd(f, SMMU_IDR6), ==, 0);
    g_assert_cmphex(rd64(f, SMMU_CMDQ_CONTROL_PAGE_BASE(0)), ==, 0);
    wr(f, SMMU_FIRST_EXTRA_PAGE + SMMU_PAGE_BYTES + SMMU_ECMDQ_PROD, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_FIRST_EXTRA_PAGE + SMMU_PAGE_BYTES + SMMU_ECMDQ_PROD), ==, 0);
}


int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/atos/AO3+AO4+AO5-stage1", test_s1);
    fix_add_profiles("/smmuv3/atos/AO5-both-stages", test_s12);
    fix_add_profiles("/smmuv3/atos/AO5-stage2", test_s2);
    fix_add_profiles("/smmuv3/atos/AO10-stage1-of-nested", test_s1_of_nested);
    fix_add_profiles("/smmuv3/atos/AO5-block-size", test_block_size);
    fix_add("/smmuv3/atos/AO6+AO14-faults", test_faults);
    fix_add_profiles("/smmuv3/atos/AO15-both-stages-faults", test_s12_faults);
    fix_add("/smmuv3/atos/AO15-cd-fault", test_cd_fault);
    fix_add("/smmuv3/atos/AO15-stage2-fault", test_s2_fault);
    fix_add("/smmuv3/atos/AO12-INV_REQ", test_inv_req);
    fix_add("/smmuv3/atos/AO12-INV_STAGE", test_inv_stage);
    fix_add("/smmuv3/atos/AO16-priority", test_priority);
    fix_add("/smmuv3/atos/AO1-ignored-when-disabled", test_disabled);
    fix_add("/smmuv3/atos/AO9+AO10-no-overrides-no-stalls", test_ignores_overrides_and_stalls);
    fix_add_profiles("/smmuv3/atos/AO11-HTTUI", test_httui);
    fix_add_profiles("/smmuv3/atos/AO11-stage1-of-nested-read-marks",
                     test_s1_of_nested_read_marks);
    fix_add_profiles("/smmuv3/atos/AO11-stage1-of-nested-write-dirties",
                     test_s1_of_nested_write_dirties);
    fix_add_profiles("/smmuv3/atos/AO11-stage1-of-nested-HTTUI", test_s1_of_nested_httui);
    fix_add_profiles("/smmuv3/atos/AO15-stage1-of-nested-table-read-only",
                     test_s1_of_nested_table_read_only);
    fix_add_profiles("/smmuv3/atos/AO11-HTTUI-not-cached", test_httui_not_cached);
    fix_add("/smmuv3/atos/AO13-S1DSS", test_s1dss);
    fix_add("/smmuv3/atos/AO8+ID3+RG5-VATOS", test_vatos);
    fix_add("/smmuv3/atos/AO17-VATOS-other-vmid", test_vatos_other_vmid);
    fix_add("/smmuv3/atos/AO12-VATOS-bypass", test_vatos_bypass);
    fix_add("/smmuv3/atos/EC1+RG3+RG35-first-queue", test_first_ecmdq);
    fix_add("/smmuv3/atos/EC10-last-queue", test_last_ecmdq);
    fix_add("/smmuv3/atos/EC5+EC6-error", test_ecmdq_error);
    fix_add("/smmuv3/atos/EC7-msi-abort", test_ecmdq_msi_abort);
    fix_add("/smmuv3/atos/EC3-syncs-are-apart", test_ecmdq_syncs_are_apart);
    fix_add("/smmuv3/atos/EC2+EC9+RG17-guards", test_ecmdq_guards);
    fix_add("/smmuv3/atos/EC4-disabled", test_ecmdq_disabled);
    fix_add_config("/smmuv3/atos/EC1-absent", "max", edit_no_ecmdq, test_no_ecmdq);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an SMMUv3 does besides translating, through iommu-dma: stalls, ATS, PRI, address translation
 * operations, Enhanced Command queues; on, and off (IHI 0070 3.5.6, 3.9, 3.12, 8, 9).
 */
#include "qemu/osdep.h"
#include "dma-smmu.h"

/* ---- Stalls ------------------------------------------------------------------------------- */

static void forced_stall(DmaSmmu *b)
{
    DmaDesc d = ds_read(DS_VA_HOLE);
    SmmuEventWords e;

    ds_stage1(b);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD); /* CD.S must be 1 */
    ds_cd(b, CD_S, 1);
    dma_start(&b->m->dma, 0, &d);
    g_assert_true(smmu_driver_event(&b->d, &e));
    g_assert_true(e.stall);
    ds_issue(b, smmu_make_stall_term(DS_SID));
    g_assert_true(dma_wait(&b->m->dma, 0));
}

static void no_stall(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_S, 1);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

static void stall_disabled(DmaSmmu *b)
{
    ds_stage1(b);
    ds_ste(b, STE_S1STALLD, 1);
    ds_cd(b, CD_S, 1);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

static void stall_limit(DmaSmmu *b)
{
    SmmuEventWords e;

    ds_stage1(b);
    ds_cd(b, CD_S, 1);
    for (unsigned ch = 0; ch < 2; ch++) {
        DmaDesc d = ds_read(DS_VA_HOLE + ch * DS_PAGE);

        dma_start(&b->m->dma, ch, &d);
    }
    g_assert_true(smmu_driver_event(&b->d, &e));
    ds_no_event(b); /* the second waits for the first to be answered */
    ds_issue(b, smmu_make_resume(DS_SID, e.stag, false, true));
    g_assert_true(smmu_driver_event(&b->d, &e));
    g_assert_cmphex(e.input_addr, ==, DS_VA_HOLE + DS_PAGE);
    ds_issue(b, smmu_make_resume(DS_SID, e.stag, false, true));
    g_assert_true(dma_wait(&b->m->dma, 0) && dma_wait(&b->m->dma, 1));
}

static void term_model(DmaSmmu *b)
{
    ds_stage1(b);
    ds_cd(b, CD_A, 0);
    ds_faults(b, ds_read(DS_VA), C_BAD_CD);
}

/* ---- ATS, PRI ----------------------------------------------------------------------------- */

static DmaDesc by_atc(DmaDesc d)
{
    return ds_with(d, IDMA_D_AT, IDMA_AT_ATC);
}

static void ats(DmaSmmu *b)
{
    ds_stage1(b);
    ds_ste(b, STE_EATS, STE_EATS_FULL);
    ds_ok(b, by_atc(ds_read(DS_VA)), b->pa);
    ds_ok(b, by_atc(ds_write(DS_VA)), b->pa);
    ds_fails(b, by_atc(ds_write(DS_VA_RO)), IDMA_STATUS_DENIED, 0);
    ds_fails(b, by_atc(ds_read(DS_VA_HOLE)), IDMA_STATUS_DENIED, 0);
    ds_ok(b, ds_with(ds_read(b->pa), IDMA_D_AT, IDMA_AT_TRANSLATED), b->pa);
}

static void set_atschk(DmaSmmu *b)
{
    g_assert_true(smmu_driver_cr0(&b->d, ds_reg(b, SMMU_CR0) |
                                         (uint32_t)field_mask(CR0_ATSCHK)));
}

/** Split-stage: the device caches IPAs, and what it claims to be translated gets stage 2. */
static void split_stage(DmaSmmu *b)
{
    set_atschk(b);
    ds_nested(b);
    ds_ste(b, STE_EATS, STE_EATS_SPLIT);
    ds_ok(b, by_atc(ds_read(DS_VA)), b->pa);
    ds_ok(b, ds_with(ds_read(DS_IPA), IDMA_D_AT, IDMA_AT_TRANSLATED), b->pa);
    ds_faults(b, ds_with(ds_read(DS_IPA_HOLE), IDMA_D_AT, IDMA_AT_TRANSLATED), F_TRANSLATION);
}

static void no_split_stage(DmaSmmu *b)
{
    set_atschk(b);
    ds_nested(b);
    ds_ste(b, STE_EATS, STE_EATS_SPLIT);
    ds_faults(b, ds_read(DS_VA), C_BAD_STE);
}

static void ats_record(DmaSmmu *b)
{
    static const uint64_t invalid[CD_WORDS];
    DmaDesc d = dma_make(IDMA_OP_ATS_REQUEST, DS_VA, 4096);
    uint32_t cr0 = ds_reg(b, SMMU_CR0);

    ds_stage1(b);
    ds_ste(b, STE_EATS, STE_EATS_FULL);
    cd_table_set(&b->cds, 0, invalid);
    ds_issue(b, smmu_make_cfgi_cd(DS_SID, 0, true));
    ds_fails(b, d, IDMA_STATUS_CA, 0);
    g_assert_true(smmu_driver_cr0(&b->d, cr0 & ~(uint32_t)field_mask(CR0_SMMUEN)));
    reg_write32(&b->m->iommu, SMMU_CR2, (uint32_t)field_mask(CR2_REC_CFG_ATS));
    g_assert_true(smmu_driver_cr0(&b->d, cr0));
    ds_fails(b, d, IDMA_STATUS_CA, C_BAD_CD);
}

static void pasid_translated(DmaSmmu *b)
{
    DmaDesc d = ds_with(ds_pasid(ds_read(DS_VA), DS_SSID), IDMA_D_AT, IDMA_AT_ATC);

    ds_substreams(b);
    ds_ste(b, STE_EATS, STE_EATS_FULL);
    ds_ok(b, d, b->pa);
    ds_ok(b, d, b->pa);
}

/** A full PRI queue: an automatic answer, and OVFLG. */
static void pri_overflow(DmaSmmu *b)
{
    uint64_t w[PRI_WORDS];

    ds_stage1(b);
    ds_ste(b, STE_EATS, STE_EATS_FULL);
    for (unsigned i = 0; i < 3; i++) {
        DmaDesc d = dma_make_page_request(DS_VA_HOLE, i, true, false, true);

        dma_start(&b->m->dma, i, &d);
    }
    g_assert_cmpuint(reg_get(ds_reg(b, SMMU_PRIQ_PROD), Q_OVFLG), ==, 1);
    g_assert_true(dma_wait(&b->m->dma, 2)); /* answered: success */
    g_assert_cmpuint(reg_get(dma_read(&b->m->dma, IDMA_PRI_LAST), IDMA_PRI_LAST_PRGI), ==, 2);
    g_assert_cmpuint(reg_get(dma_read(&b->m->dma, IDMA_PRI_LAST), IDMA_PRI_LAST_CODE), ==, 0);
    g_assert_true(smmu_driver_page_request(&b->d, w));
    g_assert_true(smmu_driver_page_request(&b->d, w));
    g_assert_false(smmu_driver_page_request(&b->d, w));
}

/* ---- Address translation operations, command queues --------------------------------------- */

static void atos_at(DmaSmmu *b, uint64_t ctrl, uint64_t addr, unsigned type, uint64_t *par)
{
    const RegBus *r = &b->m->iommu;

    reg_write64(r, ctrl + 8, reg_make(ATOS_SID_STREAMID, DS_SID));
    reg_write64(r, ctrl + 16, addr | reg_make(ATOS_ADDR_TYPE, type) | field_mask(ATOS_ADDR_RNW));
    reg_write32(r, ctrl, 1);
    g_assert_cmphex(reg_read32(r, ctrl), ==, 0);
    *par = reg_read64(r, ctrl + 24);
}

static void gatos(DmaSmmu *b)
{
    uint64_t par;

    ds_nested(b);
    atos_at(b, SMMU_GATOS_CTRL, DS_VA, ATOS_TYPE_S12, &par);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_FAULT), ==, 0);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_ADDR), ==, b->pa);
    atos_at(b, SMMU_GATOS_CTRL, DS_VA, ATOS_TYPE_S1, &par);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_ADDR), ==, DS_IPA);
    atos_at(b, SMMU_GATOS_CTRL, DS_IPA, ATOS_TYPE_S2, &par);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_ADDR), ==, b->pa);
    atos_at(b, SMMU_GATOS_CTRL, DS_VA_HOLE, ATOS_TYPE_S12, &par);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_FAULT), ==, 1);
    g_assert_cmphex(reg_get(par, ATOS_PAR_FAULTCODE), ==, F_TRANSLATION);
    ds_no_event(b);
}

static void vatos(DmaSmmu *b)
{
    uint64_t par, page = SMMU_FIRST_EXTRA_PAGE;

    ds_nested(b);
    reg_write32(&b->m->iommu, SMMU_VATOS_SEL, DS_VMID);
    atos_at(b, page + SMMU_VATOS_CTRL, DS_VA, ATOS_TYPE_S1, &par);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_FAULT), ==, 0);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_ADDR), ==, DS_IPA);
    reg_write32(&b->m->iommu, SMMU_VATOS_SEL, DS_VMID + 1);
    atos_at(b, page + SMMU_VATOS_CTRL, DS_VA, ATOS_TYPE_S1, &par);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_FAULT), ==, 1);
}

/** The last queue of the last control page: an invalidation and a SYNC with an MSI. */
static void ecmdq(DmaSmmu *b)
{
    const RegBus *r = &b->m->iommu;
    uint32_t idr6 = ds_reg(b, SMMU_IDR6);
    unsigned pages = 1u << reg_get(idr6, IDR6_LOG2NUMP);
    unsigned queues = 1u << reg_get(idr6, IDR6_LOG2NUMQ);
    uint64_t base = reg_read64(r, SMMU_CMDQ_CONTROL_PAGE_BASE(pages - 1));
    uint64_t at = field_in_place(&base, ECMDQ_PAGE_ADDR) + (queues - 1) * (0x10000 / queues);
    uint64_t queue = gmem_alloc(&b->m->mem, 4096, 4096);
    uint64_t done = gmem_alloc(&b->m->mem, 64, 64);
    SmmuCmdWords c[2] = { smmu_make_tlbi_nh_all(0), smmu_make_sync_msi(done, 0x77) };

    ds_stage1(b);
    ds_ok(b, ds_read(DS_VA), b->pa);
    arm_pages_set(&b->s1, DS_VA, arm_pages_get(&b->s1, DS_VA) + DS_PAGE);
    for (unsigned i = 0; i < 4; i++) {
        qtest_writeq(b->m->qts, queue + 8 * i, c[i / 2].w[i % 2]);
    }
    reg_write64(r, at + SMMU_ECMDQ_BASE, queue | 8);
    reg_write32(r, at + SMMU_ECMDQ_CONS, 0);
    reg_write32(r, at + SMMU_ECMDQ_PROD, (uint32_t)field_mask(ECMDQ_PROD_EN) | 2);
    g_assert_cmpuint(reg_get(reg_read32(r, at + SMMU_ECMDQ_CONS), Q_INDEX), ==, 2);
    g_assert_cmphex(qtest_readl(b->m->qts, done), ==, 0x77);
    ds_ok(b, ds_read(DS_VA), b->pa + DS_PAGE);
}

static const DsFeature features[] = {
    { "/smmuv3/requests/ID1-stall-force", "stall=force", forced_stall },
    { "/smmuv3/requests/ID1-stall-off", "stall=off", no_stall },
    { "/smmuv3/requests/SE7-S1STALLD", "", stall_disabled },
    { "/smmuv3/requests/ID7-stall_max-1", "stall_max=1", stall_limit },
    { "/smmuv3/requests/ID1-term_model", "term_model=on", term_model },
    { "/smmuv3/requests/AT4+AT10-ATS", "", ats },
    { "/smmuv3/requests/AT12-split-stage-ATS", "", split_stage },
    { "/smmuv3/requests/ID1-ns1ats", "ns1ats=on", no_split_stage },
    { "/smmuv3/requests/AT4-REC_CFG_ATS", "", ats_record },
    { "/smmuv3/requests/ID4+AT13-PASIDTT", "", pasid_translated },
    { "/smmuv3/requests/AT20+AT21+AT22-PRI-overflow", "priqs=1", pri_overflow },
    { "/smmuv3/requests/AO1-GATOS", "", gatos },
    { "/smmuv3/requests/AO2-VATOS", "model=max,sidsize=16", vatos },
    { "/smmuv3/requests/EC1-ECMDQ", "model=max,sidsize=16", ecmdq },
};

int main(int argc, char **argv)
{
    return ds_main(argc, argv, features, G_N_ELEMENTS(features));
}

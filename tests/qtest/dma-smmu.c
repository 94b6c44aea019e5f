/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu-dma behind an SMMUv3: configurations of its stream, accesses, and what becomes of them. */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "dma-smmu.h"

#define VIRT_SMMU_WIDE 0x0b000000 /* where virt puts an SMMU of more than two pages */

#define S1_BITS 39
#define S2_BITS 42
#define IPA_TABLES (1ull << 41) /* CDs and stage 1 tables of a nested stream lie here and above */

DmaSmmu *ds_new(const char *properties)
{
    DmaSmmu *b = g_new0(DmaSmmu, 1);

    b->m = dma_machine_new(properties, NULL, NULL);
    if (!reg_read32(&b->m->iommu, SMMU_CIDR0)) {
        b->m->iommu_base = VIRT_SMMU_WIDE;
    }
    smmu_driver_init(&b->d, &b->m->iommu, &b->m->mem);
    b->physical = table_space(&b->m->mem);
    stream_table_init_linear(&b->streams, &b->m->mem, 6);
    b->pa = gmem_alloc(&b->m->mem, DS_PAGES * DS_PAGE, DS_PAGES * DS_PAGE);
    g_assert_true(smmu_driver_start(&b->d, &b->streams));
    if (reg_get(b->d.idr1, IDR1_SSIDSIZE)) {
        dma_enable_pasid(b->m, true);
    }
    if (reg_get(b->d.idr0, IDR0_ATS)) {
        dma_enable_ats(b->m, true);
    }
    if (reg_get(b->d.idr0, IDR0_PRI)) {
        dma_enable_pri(b->m, true);
    }
    return b;
}

void ds_free(DmaSmmu *b)
{
    dma_machine_free(b->m);
    g_free(b);
}

void ds_issue(DmaSmmu *b, SmmuCmdWords cmd)
{
    g_assert_true(smmu_driver_issue(&b->d, cmd));
}

void ds_put_ste(DmaSmmu *b)
{
    stream_table_set(&b->streams, DS_SID, b->ste);
    ds_issue(b, smmu_make_cfgi_ste(DS_SID, true));
}

void ds_put_cd(DmaSmmu *b, uint32_t ssid)
{
    cd_table_set(&b->cds, ssid, b->cd);
    ds_issue(b, smmu_make_cfgi_cd(DS_SID, ssid, true));
}

void ds_ste(DmaSmmu *b, BitField field, uint64_t value)
{
    field_set(b->ste, field, value);
    ds_put_ste(b);
}

void ds_cd(DmaSmmu *b, BitField field, uint64_t value)
{
    field_set(b->cd, field, value);
    ds_put_cd(b, 0);
}

/* ---- Scenes ------------------------------------------------------------------------------- */

static void map_pages(ArmPages *t, uint64_t at, uint64_t to, uint64_t rw, uint64_t ro)
{
    arm_pages_map_smallest(t, at, to, DS_PAGES * DS_PAGE, rw);
    arm_pages_map_smallest(t, at + DS_PAGES * DS_PAGE, to, DS_PAGE, ro);
}

static void make_stage1(DmaSmmu *b, TableSpace *space, unsigned s1fmt, unsigned cdmax, uint64_t to)
{
    arm_pages_init_simple(&b->s1, space, 1, 12, S1_BITS);
    map_pages(&b->s1, DS_VA, to, ARM_S1_RW, ARM_S1_RO);
    cd_table_init(&b->cds, space, s1fmt, cdmax);
    cd_stage1(b->cd, &b->s1, DS_ASID);
    cd_table_set(&b->cds, 0, b->cd);
    if (cdmax) {
        cd_table_set(&b->cds, DS_SSID, b->cd);
    }
    b->at = DS_VA;
}

static void make_stage2(DmaSmmu *b)
{
    arm_pages_init_simple(&b->s2, &b->physical, 2, 12, S2_BITS);
    map_pages(&b->s2, DS_IPA, b->pa, ARM_S2_RW, ARM_S2_RO);
    b->at = DS_IPA;
}

void ds_bypass(DmaSmmu *b)
{
    ste_bypass(b->ste);
    b->at = b->pa;
    ds_put_ste(b);
}

void ds_stage1(DmaSmmu *b)
{
    make_stage1(b, &b->physical, STE_S1FMT_LINEAR, 0, b->pa);
    ste_stage1(b->ste, &b->cds);
    ds_put_ste(b);
}

void ds_stage2(DmaSmmu *b)
{
    make_stage2(b);
    ste_stage2(b->ste, &b->s2, DS_VMID);
    ds_put_ste(b);
}

void ds_nested(DmaSmmu *b)
{
    make_stage2(b);
    b->intermediate = arm_pages_nested_space(&b->s2, IPA_TABLES);
    make_stage1(b, &b->intermediate, STE_S1FMT_LINEAR, 0, DS_IPA);
    ste_nested(b->ste, &b->cds, &b->s2, DS_VMID);
    ds_put_ste(b);
}

void ds_substreams_in(DmaSmmu *b, unsigned s1fmt, unsigned cdmax)
{
    make_stage1(b, &b->physical, s1fmt, cdmax, b->pa);
    ste_stage1(b->ste, &b->cds);
    field_set(b->ste, STE_S1DSS, STE_S1DSS_SUBSTREAM0);
    ds_put_ste(b);
}

void ds_substreams(DmaSmmu *b)
{
    ds_substreams_in(b, STE_S1FMT_LINEAR, 3);
}

/* ---- Accesses ----------------------------------------------------------------------------- */

DmaDesc ds_read(uint64_t addr)
{
    return dma_make_read(addr, 8, 0);
}

DmaDesc ds_write(uint64_t addr)
{
    return dma_make_fill(addr, 8, 0x5157455441474c4bull, false);
}

DmaDesc ds_with(DmaDesc desc, BitField field, uint64_t value)
{
    field_set(desc.w, field, value);
    return desc;
}

DmaDesc ds_pasid(DmaDesc desc, uint32_t pasid)
{
    dma_set_pasid(&desc, pasid);
    return desc;
}

void ds_no_event(DmaSmmu *b)
{
    SmmuEventWords e;

    if (smmu_driver_event(&b->d, &e)) {
        g_error("unexpected event %#x at %#" PRIx64, e.num, e.input_addr);
    }
}

static bool is_write(const DmaDesc *desc)
{
    return field_get(desc->w, IDMA_D_OP) != IDMA_OP_READ;
}

void ds_ok(DmaSmmu *b, DmaDesc desc, uint64_t pa)
{
    static uint64_t fresh = 0x1000;
    uint64_t before = ++fresh, after, got;
    DmaCompletion c;

    qtest_writeq(b->m->qts, pa, before);
    c = dma_do(b->m, desc);
    ds_no_event(b);
    if (c.status != IDMA_STATUS_OK) {
        g_error("status %u, fault %#x", c.status, c.fault);
    }
    after = qtest_readq(b->m->qts, pa);
    if (is_write(&desc)) {
        g_assert_cmphex(after, !=, before);
    } else {
        dma_local_read(&b->m->dma, 0, &got, sizeof(got));
        g_assert_cmphex(le64_to_cpu(got), ==, before);
    }
}

SmmuEventWords ds_fails(DmaSmmu *b, DmaDesc desc, unsigned status, unsigned num)
{
    uint64_t before = qtest_readq(b->m->qts, b->pa);
    SmmuEventWords e = { 0 };
    DmaCompletion c = dma_do(b->m, desc);

    g_assert_cmpuint(c.status, ==, status);
    if (num) {
        g_assert_true(smmu_driver_event(&b->d, &e));
        g_assert_cmphex(e.num, ==, num);
        g_assert_cmphex(e.sid, ==, DS_SID);
    }
    ds_no_event(b);
    g_assert_cmphex(qtest_readq(b->m->qts, b->pa), ==, before);
    return e;
}

SmmuEventWords ds_faults(DmaSmmu *b, DmaDesc desc, unsigned num)
{
    return ds_fails(b, desc, IDMA_STATUS_ABORTED, num);
}

uint32_t ds_reg(DmaSmmu *b, uint32_t offset)
{
    return reg_read32(&b->m->iommu, offset);
}

static void test_feature(const void *data)
{
    const DsFeature *f = data;
    DmaSmmu *b = ds_new(f->properties);

    f->check(b);
    ds_free(b);
}

int ds_main(int argc, char **argv, const DsFeature *features, size_t count)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < count && !dma_is_x86(); i++) {
        qtest_add_data_func(features[i].path, &features[i], test_feature);
    }
    return g_test_run();
}

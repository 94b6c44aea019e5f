/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every event of a Non-secure SMMUv3 (IHI 0070 7.3) out of iommu-dma's traffic, with the fields of
 * its record. Those that no configuration of this model gives rise to: F_UUT, F_TLB_CONFLICT,
 * F_CFG_CONFLICT, E_PAGE_REQUEST, F_VMS_FETCH (docs/system/arm-smmuv3.rst).
 */
#include "qemu/osdep.h"
#include "dma-smmu.h"

typedef enum Access { READ, WRITE, ATOMIC, EXEC, PRIV_READ, ATS, TRANSLATED } Access;

/**
 * One way to get an event: change a field of the scene's STE or CD, or do @prepare, then access.
 */
typedef struct Way {
    const char *path;
    DsScene *scene;
    Access access;
    uint64_t addr;      /* 0: what the scene maps */
    uint8_t event;
    BitField ste;       /* set to @value unless 0 */
    BitField cd;
    uint64_t value;
    DsScene *prepare;
    int64_t pasid;      /* -1 in the low half: none */
    bool s2;
    uint8_t cls;
    bool ipa;           /* the record has one, the page of what stage 2 was asked */
    uint8_t status;     /* 0: aborted */
    const char *properties;
} Way;

#define NO_PASID (-1)

static DmaDesc describe(const Way *w, uint64_t addr)
{
    DmaDesc d;

    switch (w->access) {
    case WRITE:
        d = ds_write(addr);
        break;
    case ATOMIC:
        d = dma_make_atomic(IDMA_OP_FETCH_ADD, addr, 8, 1, 0);
        break;
    case EXEC:
        d = ds_with(ds_read(addr), IDMA_D_EXEC, 1);
        break;
    case PRIV_READ:
        d = ds_with(ds_read(addr), IDMA_D_PRIV, 1);
        break;
    case ATS:
        d = dma_make(IDMA_OP_ATS_REQUEST, addr, 4096);
        break;
    case TRANSLATED:
        d = ds_with(ds_read(addr), IDMA_D_AT, IDMA_AT_TRANSLATED);
        break;
    default:
        d = ds_read(addr);
        break;
    }
    return w->pasid >= 0 ? ds_pasid(d, w->pasid) : d;
}

/* ---- Preparations ------------------------------------------------------------------------- */

/** The Stream table where there is no memory. */
static void stream_table_nowhere(DmaSmmu *b)
{
    g_assert_true(smmu_driver_cr0(&b->d, (uint32_t)(field_mask(CR0_EVENTQEN) |
                                                    field_mask(CR0_CMDQEN))));
    reg_write64(&b->m->iommu, SMMU_STRTAB_BASE, DS_NOWHERE);
    g_assert_true(smmu_driver_cr0(&b->d, (uint32_t)(field_mask(CR0_EVENTQEN) |
                                                    field_mask(CR0_CMDQEN) |
                                                    field_mask(CR0_SMMUEN))));
}

/** A Stream table too small for the device. */
static void stream_table_small(DmaSmmu *b)
{
    StreamTable tiny;

    stream_table_init_linear(&tiny, &b->m->mem, 3);
    g_assert_true(smmu_driver_start(&b->d, &tiny));
}

/** A first-level descriptor with Span=0. */
static void stream_table_span0(DmaSmmu *b)
{
    StreamTable two;

    stream_table_init_two_level(&two, &b->m->mem, 16, 8);
    g_assert_true(smmu_driver_start(&b->d, &two));
}

static void cds_nowhere(DmaSmmu *b)
{
    ds_ste(b, STE_S1CONTEXTPTR, DS_NOWHERE >> 6);
}

static void ttb0_nowhere(DmaSmmu *b)
{
    ds_cd(b, CD_TTB0, DS_NOWHERE >> 4);
}

static void s2ttb_nowhere(DmaSmmu *b)
{
    ds_ste(b, STE_S2TTB, DS_NOWHERE >> 4);
}

static void leaf_s1(DmaSmmu *b, BitField f, uint64_t value)
{
    arm_pages_set(&b->s1, DS_VA, reg_set(arm_pages_get(&b->s1, DS_VA), f, value));
}

static void no_af(DmaSmmu *b)
{
    leaf_s1(b, PTE_AF, 0);
}

static void no_af_s2(DmaSmmu *b)
{
    arm_pages_set(&b->s2, DS_IPA, reg_set(arm_pages_get(&b->s2, DS_IPA), PTE_AF, 0));
}

static void execute_never(DmaSmmu *b)
{
    leaf_s1(b, PTE_UXN, 1);
}

static void output_too_large(DmaSmmu *b)
{
    arm_pages_map_smallest(&b->s1, DS_VA, 1ull << 40, DS_PAGE, ARM_S1_RW);
    ds_cd(b, CD_IPS, arm_address_size_code(36));
}

static void output_too_large_s2(DmaSmmu *b)
{
    arm_pages_map_smallest(&b->s2, DS_IPA, 1ull << 40, DS_PAGE, ARM_S2_RW);
    ds_ste(b, STE_S2PS, arm_address_size_code(36));
}

static void privileged_only(DmaSmmu *b)
{
    arm_pages_map_smallest(&b->s1, DS_VA, b->pa, DS_PAGE, arm_s1_attrs(VMSA_AP_PRIV_RW));
}

static void write_only_s2(DmaSmmu *b)
{
    arm_pages_map_smallest(&b->s2, DS_IPA, b->pa, DS_PAGE, arm_s2_attrs(VMSA_S2AP_WO));
}

static void ipa_missing(DmaSmmu *b)
{
    arm_pages_unmap(&b->s2, DS_IPA);
}

static void ipa_of_table_missing(DmaSmmu *b)
{
    arm_pages_unmap(&b->s2, arm_pages_desc_input(&b->s1, DS_VA, 2));
}

static void ipa_of_cd_missing(DmaSmmu *b)
{
    arm_pages_unmap(&b->s2, b->cds.ptr);
}

static void ats_check(DmaSmmu *b)
{
    uint32_t cr0 = ds_reg(b, SMMU_CR0);

    g_assert_true(smmu_driver_cr0(&b->d, cr0 | (uint32_t)field_mask(CR0_ATSCHK)));
    ds_ste(b, STE_EATS, STE_EATS_OFF);
}

static const Way ways[] = {
    { "/smmuv3/events/EV6-C_BAD_STREAMID-beyond-table", ds_bypass, READ, 0, C_BAD_STREAMID,
      .prepare = stream_table_small, .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_STREAMID-span-0", ds_bypass, READ, 0, C_BAD_STREAMID,
      .prepare = stream_table_span0, .pasid = NO_PASID },
    { "/smmuv3/events/EV6-F_STE_FETCH", ds_bypass, READ, 0, F_STE_FETCH,
      .prepare = stream_table_nowhere, .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_STE-invalid", ds_stage1, READ, 0, C_BAD_STE, .ste = STE_V,
      .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_STE-S2TG", ds_stage2, READ, 0, C_BAD_STE, .ste = STE_S2TG,
      .value = 3, .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_STE-S2T0SZ", ds_stage2, WRITE, 0, C_BAD_STE, .ste = STE_S2T0SZ,
      .value = 63, .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_STE-S2ENDI", ds_stage2, READ, 0, C_BAD_STE, .ste = STE_S2ENDI,
      .value = 1, .pasid = NO_PASID },
    { "/smmuv3/events/EV6+AT5-F_BAD_ATS_TREQ-EATS-off", ds_stage1, ATS, 0, F_BAD_ATS_TREQ,
      .pasid = NO_PASID, .status = IDMA_STATUS_UR },
    { "/smmuv3/events/EV6-F_STREAM_DISABLED-S1DSS-terminate", ds_substreams, READ, 0,
      F_STREAM_DISABLED, .ste = STE_S1DSS, .value = STE_S1DSS_TERMINATE, .pasid = NO_PASID },
    { "/smmuv3/events/EV6-F_STREAM_DISABLED-substream-0", ds_substreams, READ, 0,
      F_STREAM_DISABLED, .pasid = 0 },
    { "/smmuv3/events/EV6-F_TRANSL_FORBIDDEN", ds_stage1, TRANSLATED, 0, F_TRANSL_FORBIDDEN,
      .prepare = ats_check, .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_SUBSTREAMID-beyond-CDMax", ds_substreams, READ, 0,
      C_BAD_SUBSTREAMID, .pasid = 8 },
    { "/smmuv3/events/EV6-C_BAD_SUBSTREAMID-no-table", ds_stage1, READ, 0, C_BAD_SUBSTREAMID,
      .pasid = 1 },
    { "/smmuv3/events/EV6-C_BAD_SUBSTREAMID-stage2-only", ds_stage2, READ, 0, C_BAD_SUBSTREAMID,
      .pasid = 1 },
    { "/smmuv3/events/EV6-C_BAD_SUBSTREAMID-bypass", ds_bypass, READ, 0, C_BAD_SUBSTREAMID,
      .pasid = 1 },
    { "/smmuv3/events/EV6-F_CD_FETCH", ds_stage1, READ, 0, F_CD_FETCH, .prepare = cds_nowhere,
      .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_CD-invalid", ds_stage1, READ, 0, C_BAD_CD, .cd = CD_V,
      .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_CD-AA64", ds_stage1, READ, 0, C_BAD_CD, .cd = CD_AA64,
      .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_CD-T0SZ", ds_stage1, READ, 0, C_BAD_CD, .cd = CD_T0SZ, .value = 63,
      .pasid = NO_PASID },
    { "/smmuv3/events/EV6-C_BAD_CD-substream", ds_substreams, READ, 0, C_BAD_CD, .pasid = 5 },
    { "/smmuv3/events/EV6-F_WALK_EABT-stage1", ds_stage1, READ, 0, F_WALK_EABT,
      .prepare = ttb0_nowhere, .pasid = NO_PASID, .cls = EVT_CLASS_TT },
    { "/smmuv3/events/EV6-F_WALK_EABT-stage2", ds_stage2, READ, 0, F_WALK_EABT,
      .prepare = s2ttb_nowhere, .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_TRANSLATION-stage1", ds_stage1, READ, DS_VA_HOLE, F_TRANSLATION,
      .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_TRANSLATION-beyond-T0SZ", ds_stage1, WRITE, 1ull << 45, F_TRANSLATION,
      .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_TRANSLATION-EPD1", ds_stage1, READ, ~0xfffull, F_TRANSLATION,
      .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_TRANSLATION-substream", ds_substreams, READ, DS_VA_HOLE, F_TRANSLATION,
      .pasid = DS_SSID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_TRANSLATION-stage2", ds_stage2, READ, DS_IPA_HOLE, F_TRANSLATION,
      .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN, .ipa = true },
    { "/smmuv3/events/EV7-F_TRANSLATION-beyond-S2T0SZ", ds_stage2, READ, 1ull << 43, F_TRANSLATION,
      .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN, .ipa = true },
    { "/smmuv3/events/EV7-F_TRANSLATION-nested-output", ds_nested, WRITE, 0, F_TRANSLATION,
      .prepare = ipa_missing, .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN, .ipa = true },
    { "/smmuv3/events/EV7-F_TRANSLATION-nested-table", ds_nested, READ, 0, F_TRANSLATION,
      .prepare = ipa_of_table_missing, .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_TT,
      .ipa = true },
    { "/smmuv3/events/EV7-F_TRANSLATION-nested-CD", ds_nested, READ, 0, F_TRANSLATION,
      .prepare = ipa_of_cd_missing, .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_CD,
      .ipa = true },
    { "/smmuv3/events/EV7-F_ADDR_SIZE-stage1-output", ds_stage1, READ, 0, F_ADDR_SIZE,
      .prepare = output_too_large, .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_ADDR_SIZE-stage2-output", ds_stage2, READ, 0, F_ADDR_SIZE,
      .prepare = output_too_large_s2, .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN,
      .ipa = true },
    { "/smmuv3/events/EV7+AD4-F_ADDR_SIZE-bypass-input", ds_bypass, READ, 1ull << 52, F_ADDR_SIZE,
      .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_ACCESS-stage1", ds_stage1, READ, 0, F_ACCESS, .prepare = no_af,
      .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_ACCESS-stage2", ds_stage2, READ, 0, F_ACCESS, .prepare = no_af_s2,
      .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN, .ipa = true },
    { "/smmuv3/events/EV7-F_PERMISSION-write", ds_stage1, WRITE, DS_VA_RO, F_PERMISSION,
      .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_PERMISSION-atomic", ds_stage1, ATOMIC, DS_VA_RO, F_PERMISSION,
      .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_PERMISSION-user", ds_stage1, READ, 0, F_PERMISSION,
      .prepare = privileged_only, .pasid = NO_PASID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7+PE3-F_PERMISSION-execute", ds_substreams, EXEC, 0, F_PERMISSION,
      .prepare = execute_never, .pasid = DS_SSID, .cls = EVT_CLASS_IN },
    { "/smmuv3/events/EV7-F_PERMISSION-stage2-write", ds_stage2, WRITE, DS_IPA_RO, F_PERMISSION,
      .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN, .ipa = true },
    { "/smmuv3/events/EV7-F_PERMISSION-stage2-read", ds_stage2, READ, 0, F_PERMISSION,
      .prepare = write_only_s2, .pasid = NO_PASID, .s2 = true, .cls = EVT_CLASS_IN, .ipa = true },
};

static void check_record(const Way *w, const SmmuEventWords *e, uint64_t addr)
{
    bool has_input = e->num >= F_BAD_ATS_TREQ && e->num != F_STREAM_DISABLED &&
                     e->num != C_BAD_SUBSTREAMID && e->num != F_CD_FETCH && e->num != C_BAD_CD;

    g_assert_false(e->stall);
    if (w->pasid >= 0 && e->num != C_BAD_STREAMID) {
        g_assert_true(e->ssv || w->event == F_STREAM_DISABLED);
    }
    if (e->ssv) {
        g_assert_cmphex(e->ssid, ==, w->pasid);
    }
    if (has_input) {
        g_assert_cmphex(e->input_addr, ==, addr);
    }
    if (e->num >= F_WALK_EABT) {
        g_assert_cmpuint(e->rnw, ==, w->access != WRITE && w->access != ATOMIC);
        g_assert_cmpuint(e->ind, ==, w->access == EXEC);
        g_assert_cmpuint(e->pnu, ==, w->access == PRIV_READ);
        g_assert_cmpuint(e->s2, ==, w->s2);
        g_assert_cmpuint(e->cls, ==, w->cls);
    }
    if (e->num == F_WALK_EABT || e->num == F_STE_FETCH || e->num == F_CD_FETCH) {
        g_assert_cmphex(e->fetch_addr & DS_NOWHERE, ==, DS_NOWHERE);
    }
    if (w->ipa && w->cls == EVT_CLASS_IN) {
        uint64_t ipa = w->scene == ds_nested ? DS_IPA : addr;

        g_assert_cmphex(e->ipa & ~0xfffull, ==, ipa & ~0xfffull);
    }
}

static void test_way(const void *data)
{
    const Way *w = data;
    DmaSmmu *b = ds_new(w->properties ? w->properties : "");
    SmmuEventWords e;
    uint64_t addr;

    w->scene(b);
    addr = w->addr ? w->addr : b->at;
    if (w->ste) {
        ds_ste(b, w->ste, w->value);
    }
    if (w->cd) {
        ds_cd(b, w->cd, w->value);
    }
    if (w->prepare) {
        w->prepare(b);
    }
    e = ds_fails(b, describe(w, addr), w->status ? w->status : IDMA_STATUS_ABORTED, w->event);
    check_record(w, &e, addr);
    ds_free(b);
}

/* ---- Recording, overflow ------------------------------------------------------------------ */

/** RECINVSID=0: C_BAD_STREAMID leaves no record. */
static void test_recinvsid_off(void)
{
    DmaSmmu *b = ds_new("");
    uint32_t cr0 = ds_reg(b, SMMU_CR0);

    stream_table_small(b);
    g_assert_true(smmu_driver_cr0(&b->d, cr0 & ~(uint32_t)field_mask(CR0_SMMUEN)));
    reg_write32(&b->m->iommu, SMMU_CR2, 0);
    g_assert_true(smmu_driver_cr0(&b->d, cr0));
    ds_fails(b, ds_read(b->pa), IDMA_STATUS_ABORTED, 0);
    ds_free(b);
}

/** CD.R=0 records nothing; CD.A=0 reads as zero and ignores writes. */
static void test_record_and_abort_bits(void)
{
    DmaSmmu *b = ds_new("");
    uint64_t got = ~0ull;

    ds_stage1(b);
    ds_cd(b, CD_R, 0);
    ds_fails(b, ds_read(DS_VA_HOLE), IDMA_STATUS_ABORTED, 0);
    field_set(b->cd, CD_R, 1);
    ds_cd(b, CD_A, 0);
    dma_local_write(&b->m->dma, 0, &got, sizeof(got));
    ds_fails(b, ds_read(DS_VA_HOLE), IDMA_STATUS_OK, F_TRANSLATION);
    dma_local_read(&b->m->dma, 0, &got, sizeof(got));
    g_assert_cmphex(got, ==, 0);
    ds_fails(b, ds_write(DS_VA_RO), IDMA_STATUS_OK, F_PERMISSION);
    ds_free(b);
}

/** A full queue loses the event and flips OVFLG; the acknowledgement lets the next be seen. */
static void test_overflow(void)
{
    DmaSmmu *b = ds_new("eventqs=2");
    SmmuEventWords e;

    ds_stage1(b);
    for (unsigned i = 0; i < 5; i++) {
        dma_do(b->m, ds_read(DS_VA_HOLE + i * DS_PAGE));
    }
    g_assert_cmpuint(reg_get(ds_reg(b, SMMU_EVENTQ_PROD), Q_OVFLG), ==, 1);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_true(smmu_driver_event(&b->d, &e));
        g_assert_cmphex(e.input_addr, ==, DS_VA_HOLE + i * DS_PAGE);
    }
    ds_no_event(b);
    ds_free(b);
}

/** MEV lets equal events merge: the same page over and over is one record. */
static void test_merge(void)
{
    DmaSmmu *b = ds_new("");

    ds_stage1(b);
    ds_ste(b, STE_MEV, 1);
    for (unsigned i = 0; i < 4; i++) {
        dma_do(b->m, ds_read(DS_VA_HOLE));
    }
    g_assert_cmpuint(smmu_driver_event_count(&b->d), ==, 1);
    ds_ste(b, STE_MEV, 0);
    dma_do(b->m, ds_read(DS_VA_HOLE));
    g_assert_cmpuint(smmu_driver_event_count(&b->d), ==, 2);
    ds_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!dma_is_x86()) {
        for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
            qtest_add_data_func(ways[i].path, &ways[i], test_way);
        }
        qtest_add_func("/smmuv3/events/RG19-RECINVSID-off", test_recinvsid_off);
        qtest_add_func("/smmuv3/events/FM4+FM5-CD-R-and-A", test_record_and_abort_bits);
        qtest_add_func("/smmuv3/events/Q9+RG42-overflow", test_overflow);
        qtest_add_func("/smmuv3/events/Q12-merging", test_merge);
    }
    return g_test_run();
}

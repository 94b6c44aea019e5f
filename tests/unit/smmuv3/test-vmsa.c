/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMSAv8-64: granules, levels, sizes, input ranges, descriptor checks, permissions (IHI 0070 3.4;
 * DDI 0487 D8).
 */
#include "fixture.h"

/* ---- Shapes: every granule, level and width ----------------------------------------------- */

typedef struct Shape {
    const char *name;
    unsigned granule_lg2;
    unsigned in_bits;
    bool ds, wide;
    int level;          /* of the leaf */
    int start;          /* stage 2 */
} Shape;

/* What output addresses a leaf of the shape must carry: all of their bits. */
static uint64_t shape_pa(const Shape *s, unsigned lg2)
{
    unsigned bits_out = s->ds || s->wide ? 52 : 48;
    uint64_t pa = 0x5a5a5a5a5a5a5a5aull & low_mask(bits_out);

    return (pa | 1ull << (bits_out - 1)) & ~low_mask(lg2);
}

static uint64_t shape_va(const Shape *s, unsigned lg2)
{
    return 0xa5a5a5a5a5a5a5a5ull & low_mask(s->in_bits) & ~low_mask(lg2);
}

static ArmPagesConfig shape_config(const Shape *s, unsigned stage)
{
    return (ArmPagesConfig) {
        .stage = stage, .granule_lg2 = s->granule_lg2, .in_bits = s->in_bits, .ds = s->ds,
        .wide = s->wide, .start = stage == 2 ? s->start : ARM_START_AUTO,
    };
}

static void check_leaf(Fix *f, uint64_t va, uint64_t pa, unsigned lg2)
{
    uint64_t offset = 0x123456789abcull & low_mask(lg2);
    IommuResult res;

    expect_ok(f, va, true, pa);
    expect_ok(f, va + offset, false, pa + offset);
    expect_ok(f, va + low_mask(lg2), false, pa + low_mask(lg2));
    res = access_at(f, va, false);
    g_assert_cmpuint(res.page_lg2, ==, lg2);
}

static void test_shape_s1(Fix *f)
{
    const Shape *s = f->data;
    ArmPagesConfig c = shape_config(s, 1);
    TableSpace space = table_space(&f->mem);
    unsigned lg2;

    arm_pages_init(&f->s1, &space, &c);
    lg2 = arm_pages_level_lg2(&f->s1, s->level);
    arm_pages_map_level(&f->s1, shape_va(s, lg2), shape_pa(s, lg2), s->level, ARM_S1_RW);
    cd_table_init(&f->cds, &space, STE_S1FMT_LINEAR, 0);
    cd_stage1(f->cd, &f->s1, ASID);
    put_cd(f);
    ste_stage1(f->ste, &f->cds);
    put_ste(f);
    check_leaf(f, shape_va(s, lg2), shape_pa(s, lg2), lg2);
    expect_event(f, shape_va(s, lg2) ^ (1ull << lg2), false, F_TRANSLATION);
}

static void test_shape_upper(Fix *f)
{
    const Shape *s = f->data;
    ArmPagesConfig c = shape_config(s, 1);
    TableSpace space = table_space(&f->mem);
    ArmPages ttb1;
    uint64_t va;
    unsigned lg2;

    c.upper = true;
    arm_pages_init(&f->s1, &space, &c);
    c.upper = false;
    arm_pages_init(&ttb1, &space, &c);
    lg2 = arm_pages_level_lg2(&f->s1, s->level);
    va = ~low_mask(s->in_bits) | shape_va(s, lg2);
    arm_pages_map_level(&f->s1, va, shape_pa(s, lg2), s->level, ARM_S1_RW);
    cd_table_init(&f->cds, &space, STE_S1FMT_LINEAR, 0);
    cd_stage1(f->cd, &ttb1, ASID);
    cd_add_upper(f->cd, &f->s1);
    put_cd(f);
    ste_stage1(f->ste, &f->cds);
    put_ste(f);
    check_leaf(f, va, shape_pa(s, lg2), lg2);
}

static void test_shape_s2(Fix *f)
{
    const Shape *s = f->data;
    ArmPagesConfig c = shape_config(s, 2);
    TableSpace space = table_space(&f->mem);
    unsigned lg2;

    arm_pages_init(&f->s2, &space, &c);
    lg2 = arm_pages_level_lg2(&f->s2, s->level);
    arm_pages_map_level(&f->s2, shape_va(s, lg2), shape_pa(s, lg2), s->level, ARM_S2_RW);
    ste_stage2(f->ste, &f->s2, VMID);
    put_ste(f);
    check_leaf(f, shape_va(s, lg2), shape_pa(s, lg2), lg2);
}

#define AUTO ARM_START_AUTO

static const Shape shapes[] = {
    { "4K-39-L3", 12, 39, false, false, 3, AUTO },
    { "4K-39-L2", 12, 39, false, false, 2, AUTO },
    { "4K-39-L1", 12, 39, false, false, 1, AUTO },
    { "4K-48-L3", 12, 48, false, false, 3, AUTO },
    { "4K-48-L2", 12, 48, false, false, 2, AUTO },
    { "4K-48-L1", 12, 48, false, false, 1, AUTO },
    { "4K-31-L3", 12, 31, false, false, 3, AUTO },
    { "4K-25-L2", 12, 25, false, false, 2, AUTO },
    { "4K-21-L3-STT", 12, 21, false, false, 3, AUTO },
    { "4K-16-L3-STT", 12, 16, false, false, 3, AUTO },
    { "4K-52-L3-DS", 12, 52, true, false, 3, AUTO },
    { "4K-52-L2-DS", 12, 52, true, false, 2, AUTO },
    { "4K-52-L1-DS", 12, 52, true, false, 1, AUTO },
    { "4K-52-L0-DS", 12, 52, true, false, 0, AUTO },
    { "4K-49-L3-DS", 12, 49, true, false, 3, AUTO },
    { "4K-48-L3-DS", 12, 48, true, false, 3, AUTO },
    { "16K-48-L3", 14, 48, false, false, 3, AUTO },
    { "16K-47-L2", 14, 47, false, false, 2, AUTO },
    { "16K-36-L3", 14, 36, false, false, 3, AUTO },
    { "16K-25-L3-STT", 14, 25, false, false, 3, AUTO },
    { "16K-52-L3-DS", 14, 52, true, false, 3, AUTO },
    { "16K-52-L2-DS", 14, 52, true, false, 2, AUTO },
    { "16K-52-L1-DS", 14, 52, true, false, 1, AUTO },
    { "64K-48-L3", 16, 48, false, true, 3, AUTO },
    { "64K-48-L2", 16, 48, false, true, 2, AUTO },
    { "64K-42-L3", 16, 42, false, true, 3, AUTO },
    { "64K-29-L3-STT", 16, 29, false, true, 3, AUTO },
    { "64K-52-L3", 16, 52, false, true, 3, AUTO },
    { "64K-52-L2", 16, 52, false, true, 2, AUTO },
    { "64K-52-L1", 16, 52, false, true, 1, AUTO },
};

/* Concatenated start tables: up to 16, at each start level (WK4) */
static const Shape concatenated[] = {
    { "4K-40-from-L1", 12, 40, false, false, 3, 1 },
    { "4K-43-from-L1", 12, 43, false, false, 2, 1 },
    { "4K-34-from-L2", 12, 34, false, false, 3, 2 },
    { "4K-25-from-L3-STT", 12, 25, false, false, 3, 3 },
    { "4K-52-from-L0-DS", 12, 52, true, false, 3, 0 },
    { "16K-40-from-L2", 14, 40, false, false, 3, 2 },
    { "16K-48-from-L1", 14, 48, false, false, 3, 1 },
    { "64K-46-from-L2", 16, 46, false, true, 3, 2 },
    { "64K-33-from-L3", 16, 33, false, true, 3, 3 },
};

/* ---- Nested with every pair of granules --------------------------------------------------- */

typedef struct Pair {
    unsigned s1, s2;
} Pair;

static const Pair pairs[] = {
    { 12, 12 }, { 12, 14 }, { 12, 16 }, { 14, 12 }, { 14, 14 }, { 14, 16 }, { 16, 12 }, { 16, 14 },
    { 16, 16 },
};

static void test_pair(Fix *f)
{
    const Pair *p = f->data;
    const ArmPagesConfig stage2 = {
        .stage = 2, .granule_lg2 = p->s2, .in_bits = 44, .wide = p->s2 == 16, .start = AUTO,
    };
    const ArmPagesConfig stage1 = {
        .stage = 1, .granule_lg2 = p->s1, .in_bits = 42, .wide = p->s1 == 16, .start = AUTO,
    };
    uint64_t ipa = 0x1e0000000ull, va = 0x3c0000000ull, pa = 0x9000000000ull;
    TableSpace outer = table_space(&f->mem), inner;
    unsigned smaller = p->s1 < p->s2 ? p->s1 : p->s2;

    arm_pages_init(&f->s2, &outer, &stage2);
    arm_pages_map_smallest(&f->s2, ipa, pa, 1 << 17, ARM_S2_RW);
    inner = arm_pages_nested_space(&f->s2, IPA_DELTA);
    arm_pages_init(&f->s1, &inner, &stage1);
    arm_pages_map_smallest(&f->s1, va, ipa, 1 << 17, ARM_S1_RW);
    cd_table_init(&f->cds, &inner, STE_S1FMT_LINEAR, 0);
    cd_stage1(f->cd, &f->s1, ASID);
    put_cd(f);
    ste_nested(f->ste, &f->cds, &f->s2, VMID);
    put_ste(f);
    check_leaf(f, va + (1 << 16), pa + (1 << 16), smaller);
    expect_ok(f, va + (1 << 17) - 4, true, pa + (1 << 17) - 4);
    expect_event(f, va + (1 << 17), false, F_TRANSLATION);
    expect_fields(false, EVT_CLASS_IN, true);
}

/* ---- Input ranges ------------------------------------------------------------------------- */

static void test_va_outside_range(Fix *f)
{
    scene_stage1(f);
    expect_event(f, VA | 1ull << 39, false, F_TRANSLATION);
    expect_fields(false, EVT_CLASS_IN, true);
    expect_event(f, VA | 1ull << 54, false, F_TRANSLATION);
    expect_event(f, VA | 1ull << 63, false, F_TRANSLATION);
    g_assert_cmphex(f->event.input_addr, ==, VA | 1ull << 63);
}

static void test_tbi(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_TBI0, 1);
    expect_ok(f, VA | 0xabull << 56, true, PA);
    expect_ok(f, VA, true, PA);
    expect_event(f, VA_HOLE | 0xabull << 56, true, F_TRANSLATION);
    g_assert_cmphex(f->event.input_addr, ==, VA_HOLE | 0xabull << 56);
    expect_event(f, VA | 1ull << 54, false, F_TRANSLATION);
}

static void test_no_tbi(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, true, PA);
    expect_event(f, VA | 0xabull << 56, true, F_TRANSLATION);
}

static void test_ipa_outside_range(Fix *f)
{
    scene_stage2(f);
    expect_event(f, IPA | 1ull << 40, false, F_TRANSLATION);
    expect_fields(true, EVT_CLASS_IN, true);
    g_assert_cmphex(f->event.ipa, ==, IPA | 1ull << 40);
}

static void test_ipa_above_ias(Fix *f)
{
    scene_stage2(f);
    expect_event(f, IPA | 1ull << 52, false, F_ADDR_SIZE);
    expect_fields(false, EVT_CLASS_IN, true);
}

static void test_ipa_above_ias_ignores_s2r(Fix *f)
{
    scene_stage2(f);
    ste_put_field(f, STE_S2R, 0);
    expect_event(f, IPA | 1ull << 52, false, F_ADDR_SIZE);
}

static void test_e0pd(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    cd_put_field(f, CD_E0PD0, 1);
    t.priv = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    expect_event(f, VA, false, F_TRANSLATION);
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
}

/* The entry is one that the CD, or another of its ASID, left before. */
static void test_e0pd_keeps_from_hits(Fix *f)
{
    IommuTxn t = txn_at(VA, false);
    IommuResult res;

    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    cd_put_field(f, CD_E0PD0, 1);
    expect_event(f, VA, false, F_TRANSLATION);
    t.priv = true;
    res = run(f, &t);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.rights & IOMMU_RIGHTS_U, ==, 0);
    cd_put_field(f, CD_E0PD0, 0);
    expect_ok(f, VA, false, PA);
}

static void edit_no_e0pd(SmmuConfig *c)
{
    c->minor = 2;
    smmu_config_trim(c);
    c->e0pd = false;
}

static void test_e0pd_not_implemented(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_E0PD0, 1);
    expect_ok(f, VA, false, PA);
}

static void test_e0pd_ignored_in_el2(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_E0PD0, 1);
    ste_put_field(f, STE_STRW, STE_STRW_EL2);
    expect_ok(f, VA, false, PA);
}

/* ---- Descriptors -------------------------------------------------------------------------- */

/** Replace the level 3 descriptor of VA, and start afresh. */
static void set_leaf(Fix *f, uint64_t desc)
{
    arm_pages_set(&f->s1, VA, desc);
    cmd(f, smmu_make_tlbi_nh_all(0));
}

static void test_level3_block(Fix *f)
{
    scene_stage1(f);
    set_leaf(f, arm_pages_get(&f->s1, VA) & ~field_mask(PTE_TABLE));
    expect_event(f, VA, false, F_TRANSLATION);
}

static void test_level0_block_without_ds(Fix *f)
{
    const ArmPagesConfig c = { .stage = 1, .granule_lg2 = 12, .in_bits = 48, .start = AUTO };
    TableSpace space = table_space(&f->mem);

    scene_stage1(f);
    arm_pages_init(&f->s1, &space, &c);
    arm_pages_map_smallest(&f->s1, VA, PA, PAGE, ARM_S1_RW);
    gmem_write64(&f->mem, arm_pages_desc_addr(&f->s1, VA, 0), ARM_S1_RW | reg_make(PTE_VALID, 1));
    cd_stage1(f->cd, &f->s1, ASID);
    put_cd(f);
    expect_event(f, VA, false, F_TRANSLATION);
}

static void test_output_beyond_ips(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_IPS, 0);
    set_leaf(f, arm_pages_get(&f->s1, VA) | 1ull << 33);
    expect_event(f, VA, false, F_ADDR_SIZE);
    expect_fields(false, EVT_CLASS_IN, true);
}

static void test_table_beyond_ips(Fix *f)
{
    uint64_t at;

    scene_stage1(f);
    cd_put_field(f, CD_IPS, 0);
    at = arm_pages_desc_addr(&f->s1, VA, 1);
    gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | 1ull << 40);
    expect_event(f, VA, false, F_ADDR_SIZE);
}

static void test_s2_output_beyond_s2ps(Fix *f)
{
    scene_stage2(f);
    ste_put_field(f, STE_S2PS, 0);
    arm_pages_set(&f->s2, IPA, arm_pages_get(&f->s2, IPA) | 1ull << 34);
    expect_event(f, IPA, false, F_ADDR_SIZE);
    expect_fields(true, EVT_CLASS_IN, true);
    g_assert_cmphex(f->event.ipa, ==, IPA);
}

static void test_64k_high_bits_beyond_ips(Fix *f)
{
    const ArmPagesConfig c = {
        .stage = 1, .granule_lg2 = 16, .in_bits = 42, .wide = true, .start = AUTO,
    };
    TableSpace space = table_space(&f->mem);

    scene_stage1(f);
    arm_pages_init(&f->s1, &space, &c);
    arm_pages_map_smallest(&f->s1, VA, 1ull << 50, 1 << 16, ARM_S1_RW);
    cd_stage1(f->cd, &f->s1, ASID);
    field_set(f->cd, CD_IPS, 5);
    put_cd(f);
    expect_event(f, VA, false, F_ADDR_SIZE);
}

static void test_walk_abort(Fix *f)
{
    uint64_t at;

    scene_stage1(f);
    at = arm_pages_desc_addr(&f->s1, VA, 2);
    ramhost_abort(&f->ram, at, at + 7, RAMHOST_READ);
    expect_event(f, VA, true, F_WALK_EABT);
    expect_fields(false, EVT_CLASS_TT, false);
    g_assert_cmphex(f->event.fetch_addr, ==, at);
    g_assert_cmphex(f->event.input_addr, ==, VA);
}

static void test_s2_walk_abort(Fix *f)
{
    uint64_t at;

    scene_stage2(f);
    at = arm_pages_desc_addr(&f->s2, IPA, 2);
    ramhost_abort(&f->ram, at, at + 7, RAMHOST_READ);
    expect_event(f, IPA, false, F_WALK_EABT);
    expect_fields(true, EVT_CLASS_IN, true);
    g_assert_cmphex(f->event.fetch_addr, ==, at);
}

static void test_contiguous(Fix *f)
{
    IommuResult res;

    scene_stage1(f);
    for (unsigned i = 0; i < 16; i++) {
        arm_pages_set(&f->s1, VA + i * PAGE,
                      ARM_S1_RW | reg_make(PTE_VALID, 1) | reg_make(PTE_TABLE, 1) |
                      reg_make(PTE_CONT, 1) | ((PA & ~0xffffull) + i * PAGE));
    }
    res = access_at(f, VA + 3 * PAGE + 8, false);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, (PA & ~0xffffull) + 3 * PAGE + 8);
    g_assert_cmpuint(res.page_lg2, ==, 16);
    expect_ok(f, VA + 15 * PAGE, true, (PA & ~0xffffull) + 15 * PAGE);
}

static void test_nt(Fix *f)
{
    scene_stage1(f);
    arm_pages_map_level(&f->s1, 0x80000000, 0x20000000, 2, ARM_S1_RW | reg_make(PTE_NT, 1));
    expect_ok(f, 0x80000123, false, 0x20000123);
}

static void test_execute_from_device(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    arm_pages_set(&f->s1, VA,
                  reg_set(arm_pages_get(&f->s1, VA), PTE_ATTRINDX, ARM_ATTRINDX_DEVICE));
    t.exec = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
}

/* ---- Permissions -------------------------------------------------------------------------- */

typedef struct Rights {
    const char *name;
    uint64_t set, clear;      /* bits of the leaf descriptor */
    uint64_t table;           /* bits of the level 2 table descriptor */
    BitField cd_field;        /* 0: none */
    const char *user, *priv;  /* what is granted: "rwx" or a part */
    bool el2;
    FixEdit *edit;
} Rights;

static void expect_right(Fix *f, bool priv, bool write, bool exec, bool granted)
{
    IommuTxn t = txn_at(VA, write);
    IommuResult res;

    t.priv = priv;
    t.exec = exec;
    res = run(f, &t);
    if (granted) {
        g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
        expect_one_event(f, 0);
    } else {
        g_assert_cmpint(res.status, ==, IOMMU_STATUS_ABORT);
        expect_one_event(f, F_PERMISSION);
        g_assert_cmpuint(f->event.pnu, ==, priv);
        g_assert_cmpuint(f->event.ind, ==, exec);
        g_assert_cmpuint(f->event.rnw, ==, !write);
        g_assert_false(f->event.s2);
    }
}

static void test_s1_rights(Fix *f)
{
    const Rights *r = f->data;
    uint64_t at;

    scene_stage1(f);
    at = arm_pages_desc_addr(&f->s1, VA, 2);
    gmem_write64(&f->mem, at, gmem_read64(&f->mem, at) | r->table);
    arm_pages_set(&f->s1, VA, (arm_pages_get(&f->s1, VA) & ~r->clear) | r->set);
    if (r->cd_field) {
        field_set(f->cd, r->cd_field, 1);
        if (r->cd_field == CD_EPAN) {
            field_set(f->cd, CD_PAN, 1);
        }
        put_cd(f);
    }
    if (r->el2) {
        ste_put_field(f, STE_STRW, STE_STRW_EL2);
    }
    for (unsigned priv = 0; priv < 2; priv++) {
        const char *granted = priv ? r->priv : r->user;

        expect_right(f, priv, false, false, strchr(granted, 'r') != NULL);
        expect_right(f, priv, true, false, strchr(granted, 'w') != NULL);
        expect_right(f, priv, false, true, strchr(granted, 'x') != NULL);
    }
}

static void edit_no_had(SmmuConfig *c)
{
    c->minor = 0;
    smmu_config_trim(c);
    c->had = false;
}

static void edit_no_epan(SmmuConfig *c)
{
    c->minor = 3;
    smmu_config_trim(c);
    c->epan = false;
}

#define BIT(f) (1ull << (((f) >> 8) & 0xff))
#define TABLES (BIT(PTE_TABLE_AP0) | BIT(PTE_TABLE_AP1) | BIT(PTE_TABLE_UXN) | BIT(PTE_TABLE_PXN))

/* The leaf of the scene: AP=01 (all RW), XN bits clear */
static const Rights s1_rights[] = {
    { "/smmuv3/vmsa/WK8-AP01-all-rw",
      0, 0, 0, 0, "rwx", "rw", false, NULL },
    { "/smmuv3/vmsa/WK8-AP00-priv-rw",
      0, BIT(PTE_AP1), 0, 0, "x", "rwx", false, NULL },
    { "/smmuv3/vmsa/WK8-AP10-priv-ro",
      BIT(PTE_AP2), BIT(PTE_AP1), 0, 0, "x", "rx", false, NULL },
    { "/smmuv3/vmsa/WK8-AP11-all-ro",
      BIT(PTE_AP2), 0, 0, 0, "rx", "rx", false, NULL },
    { "/smmuv3/vmsa/WK8-UXN",
      BIT(PTE_UXN), BIT(PTE_AP1), 0, 0, "", "rwx", false, NULL },
    { "/smmuv3/vmsa/WK8-PXN",
      BIT(PTE_PXN), BIT(PTE_AP1), 0, 0, "x", "rw", false, NULL },
    { "/smmuv3/vmsa/CD11-user-writable-is-PXN",
      0, 0, 0, 0, "rwx", "rw", false, NULL },
    { "/smmuv3/vmsa/CD11-WXN-user",
      0, 0, 0, CD_WXN, "rw", "rw", false, NULL },
    { "/smmuv3/vmsa/CD11-WXN-priv",
      0, BIT(PTE_AP1), 0, CD_WXN, "x", "rw", false, NULL },
    { "/smmuv3/vmsa/CD11-WXN-readonly-executes",
      BIT(PTE_AP2), 0, 0, CD_WXN, "rx", "rx", false, NULL },
    { "/smmuv3/vmsa/CD11-UWXN-ignored",
      BIT(PTE_AP2), 0, 0, CD_UWXN, "rx", "rx", false, NULL },
    { "/smmuv3/vmsa/CD12-PAN",
      BIT(PTE_AP2), 0, 0, CD_PAN, "rx", "x", false, NULL },
    { "/smmuv3/vmsa/CD12-PAN-spares-priv-pages",
      0, BIT(PTE_AP1), 0, CD_PAN, "x", "rwx", false, NULL },
    { "/smmuv3/vmsa/CD12-EPAN-counts-execute",
      0, BIT(PTE_AP1), 0, CD_EPAN, "x", "x", false, NULL },
    { "/smmuv3/vmsa/CD12-EPAN-spares-UXN-pages",
      BIT(PTE_UXN), BIT(PTE_AP1), 0, CD_EPAN, "", "rwx", false,
      NULL },
    { "/smmuv3/vmsa/CD12-EPAN-not-implemented",
      0, BIT(PTE_AP1), 0, CD_EPAN, "x", "rwx", false, edit_no_epan },
    { "/smmuv3/vmsa/WK8-APTable0-no-user-data",
      0, 0, BIT(PTE_TABLE_AP0), 0, "x", "rwx", false, NULL },
    { "/smmuv3/vmsa/WK8-APTable1-no-write",
      0, 0, BIT(PTE_TABLE_AP1), 0, "rx", "rx", false, NULL },
    { "/smmuv3/vmsa/WK8-UXNTable",
      0, 0, BIT(PTE_TABLE_UXN), 0, "rw", "rw", false, NULL },
    { "/smmuv3/vmsa/WK8-PXNTable",
      0, BIT(PTE_AP1), BIT(PTE_TABLE_PXN), 0, "x", "rw", false, NULL },
    { "/smmuv3/vmsa/CD16-HAD-ignores-tables",
      0, 0, TABLES, CD_HAD0, "rwx", "rw", false, NULL },
    { "/smmuv3/vmsa/CD16-HAD-not-implemented",
      0, 0, TABLES, CD_HAD0, "", "r", false, edit_no_had },
    { "/smmuv3/vmsa/MA15+TR9-EL2-has-one-privilege",
      0, BIT(PTE_AP1), 0, 0, "rwx", "rwx", true, NULL },
    { "/smmuv3/vmsa/TR9-EL2-XN",
      BIT(PTE_XN), 0, 0, 0, "rw", "rw", true, NULL },
    { "/smmuv3/vmsa/TR9-EL2-ignores-PXN",
      BIT(PTE_PXN), 0, 0, 0, "rwx", "rwx", true, NULL },
    { "/smmuv3/vmsa/CD12-EL2-ignores-PAN",
      0, 0, 0, CD_PAN, "rwx", "rwx", true, NULL },
    { "/smmuv3/vmsa/CD11-EL2-WXN",
      0, 0, 0, CD_WXN, "rw", "rw", true, NULL },
    { "/smmuv3/vmsa/WK8-EL2-APTable0-ignored",
      0, 0, BIT(PTE_TABLE_AP0), 0, "rwx", "rwx", true, NULL },
};

typedef struct S2Rights {
    const char *name;
    unsigned s2ap, xn;
    const char *user, *priv;
    FixEdit *edit;
} S2Rights;

static void edit_no_xnx(SmmuConfig *c)
{
    c->minor = 0;
    smmu_config_trim(c);
    c->xnx = false;
}

static const S2Rights s2_rights[] = {
    { "/smmuv3/vmsa/WK9-S2AP-none", VMSA_S2AP_NONE, 0, "x", "x", NULL },
    { "/smmuv3/vmsa/WK9-S2AP-ro", VMSA_S2AP_RO, 0, "rx", "rx", NULL },
    { "/smmuv3/vmsa/WK9-S2AP-wo", VMSA_S2AP_WO, 0, "wx", "wx", NULL },
    { "/smmuv3/vmsa/WK9-S2AP-rw", VMSA_S2AP_RW, 0, "rwx", "rwx", NULL },
    { "/smmuv3/vmsa/WK9-XN-10-none", VMSA_S2AP_RW, 2, "rw", "rw", NULL },
    { "/smmuv3/vmsa/WK9-XNX-01-user-only", VMSA_S2AP_RW, 1, "rwx", "rw", NULL },
    { "/smmuv3/vmsa/WK9-XNX-11-priv-only", VMSA_S2AP_RW, 3, "rw", "rwx", NULL },
    { "/smmuv3/vmsa/WK9-no-XNX-01-executes", VMSA_S2AP_RW, 1, "rwx", "rwx", edit_no_xnx },
    { "/smmuv3/vmsa/WK9-no-XNX-11-never", VMSA_S2AP_RW, 3, "rw", "rw", edit_no_xnx },
};

static void test_s2_rights(Fix *f)
{
    const S2Rights *r = f->data;
    uint64_t desc;

    scene_stage2(f);
    desc = reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, r->s2ap);
    arm_pages_set(&f->s2, IPA, reg_set(desc, S2PTE_XN, r->xn));
    for (unsigned i = 0; i < 6; i++) {
        IommuTxn t = txn_at(IPA, i % 3 == 1);
        bool granted;

        t.priv = i >= 3;
        t.exec = i % 3 == 2;
        granted = strchr(t.priv ? r->priv : r->user, "rwx"[i % 3]) != NULL;
        g_assert_cmpint(run(f, &t).status, ==, granted ? IOMMU_STATUS_OK : IOMMU_STATUS_ABORT);
        expect_one_event(f, granted ? 0 : F_PERMISSION);
        if (!granted) {
            g_assert_true(f->event.s2);
            g_assert_cmpuint(f->event.cls, ==, EVT_CLASS_IN);
            g_assert_cmphex(f->event.ipa, ==, IPA);
        }
    }
}

static void test_both_stages_must_grant(Fix *f)
{
    scene_nested(f);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_RO));
    expect_ok(f, VA, false, PA);
    expect_event(f, VA, true, F_PERMISSION);
    expect_fields(true, EVT_CLASS_IN, false);
    g_assert_cmphex(f->event.ipa, ==, IPA);
    expect_event(f, VA_RO, true, F_PERMISSION);
    expect_fields(false, EVT_CLASS_IN, false);
}

static void test_atomic_needs_both(Fix *f)
{
    IommuTxn t = txn_at(IPA, true);

    scene_stage2(f);
    t.atomic = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_WO));
    cmd(f, smmu_make_tlbi_s12_vmall(VMID));
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_PERMISSION);
    g_assert_true(f->event.rnw);
    arm_pages_set(&f->s2, IPA, reg_set(arm_pages_get(&f->s2, IPA), VMSA_S2AP, VMSA_S2AP_RO));
    cmd(f, smmu_make_tlbi_s12_vmall(VMID));
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_PERMISSION);
    g_assert_false(f->event.rnw);
}

static void test_write_is_data(Fix *f)
{
    IommuTxn t = txn_at(VA, true);

    scene_stage1(f);
    t.exec = true;
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) | BIT(PTE_UXN));
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
}

static void test_af_before_permission(Fix *f)
{
    scene_stage1(f);
    arm_pages_set(&f->s1, VA_RO, arm_pages_get(&f->s1, VA_RO) & ~BIT(PTE_AF));
    expect_event(f, VA_RO, true, F_ACCESS);
    expect_fields(false, EVT_CLASS_IN, false);
}

static void test_affd(Fix *f)
{
    scene_stage1(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~BIT(PTE_AF));
    cd_put_field(f, CD_AFFD, 1);
    expect_ok(f, VA, false, PA);
}

static void test_s2affd(Fix *f)
{
    scene_stage2(f);
    arm_pages_set(&f->s2, IPA, arm_pages_get(&f->s2, IPA) & ~BIT(PTE_AF));
    expect_event(f, IPA, false, F_ACCESS);
    expect_fields(true, EVT_CLASS_IN, true);
    ste_put_field(f, STE_S2AFFD, 1);
    expect_ok(f, IPA, false, PA);
}

/* ---- Walks of a nested stream ------------------------------------------------------------- */

static void test_s2_fault_of_table(Fix *f)
{
    uint64_t ipa;

    scene_nested(f);
    ipa = arm_pages_desc_input(&f->s1, VA, 3);
    arm_pages_unmap(&f->s2, ipa & ~low_mask(12));
    expect_event(f, VA, true, F_TRANSLATION);
    expect_fields(true, EVT_CLASS_TT, false);
    g_assert_cmphex(f->event.ipa, ==, ipa & ~low_mask(12));
}

static void test_s2_fault_of_cd(Fix *f)
{
    uint64_t ipa;

    scene_nested(f);
    ipa = cd_table_input(&f->cds, 0);
    arm_pages_unmap(&f->s2, ipa & ~low_mask(12));
    expect_event(f, VA, false, F_TRANSLATION);
    expect_fields(true, EVT_CLASS_CD, true);
    g_assert_cmphex(f->event.ipa, ==, ipa & ~low_mask(12));
}

static void test_s2_permission_of_table(Fix *f)
{
    uint64_t page;

    scene_nested(f);
    page = arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
    arm_pages_set(&f->s2, page, reg_set(arm_pages_get(&f->s2, page), VMSA_S2AP, VMSA_S2AP_WO));
    expect_event(f, VA, true, F_PERMISSION);
    expect_fields(true, EVT_CLASS_TT, false);
    g_assert_true(f->event.ttrnw);
}

static void make_device(Fix *f, uint64_t page)
{
    arm_pages_set(&f->s2, page,
                  reg_set(arm_pages_get(&f->s2, page), S2PTE_MEMATTR, VMSA_MEMATTR_DEVICE));
}

static void test_s2ptw(Fix *f)
{
    scene_nested(f);
    make_device(f, arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12));
    expect_ok(f, VA, false, PA);
    ste_put_field(f, STE_S2PTW, 1);
    cmd(f, smmu_make_tlbi_s12_vmall(VMID));
    expect_event(f, VA, false, F_PERMISSION);
    expect_fields(true, EVT_CLASS_TT, true);
}

static void test_s2ptw_of_cd(Fix *f)
{
    scene_nested(f);
    make_device(f, cd_table_input(&f->cds, 0) & ~low_mask(12));
    ste_put_field(f, STE_S2PTW, 1);
    expect_event(f, VA, false, F_PERMISSION);
    expect_fields(true, EVT_CLASS_CD, true);
}

static void test_s1_range_before_s2(Fix *f)
{
    scene_nested(f);
    arm_pages_unmap(&f->s2, arm_pages_desc_input(&f->s1, VA, 1) & ~low_mask(12));
    expect_event(f, VA | 1ull << 45, false, F_TRANSLATION);
    expect_fields(false, EVT_CLASS_IN, true);
}

static void test_reads_of_nested_walk(Fix *f)
{
    scene_nested(f);
    access_at(f, VA, false);
    /* S1 from level 1 under S2 from level 1: (3 + 1) * (3 + 1) - 1 descriptors, and 3 for the CD */
    g_assert_cmpuint(f->m->counters.walk_reads, ==, 15 + 3);
}

static void add_data(const char *path, const char *name, FixEdit *edit, FixTest *fn,
                     const void *data)
{
    char *full = g_strconcat(path, name, NULL);

    fix_add_data(full, "max", edit, fn, data);
    g_free(full);
}

static void edit_caches_off(SmmuConfig *c)
{
    c->profile = iommu_profile_find("off");
}

static void add_tables(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        const Shape *s = &shapes[i];

        add_data("/smmuv3/vmsa/WK2+WK5+WK7-stage1/", s->name, NULL, test_shape_s1, s);
        add_data("/smmuv3/vmsa/AD8+AD11-upper/", s->name, NULL, test_shape_upper, s);
        add_data("/smmuv3/vmsa/SE31+WK3+WK5-stage2/", s->name, NULL, test_shape_s2, s);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(concatenated); i++) {
        const Shape *s = &concatenated[i];

        add_data("/smmuv3/vmsa/SE21+WK3+WK4-concatenated/", s->name, NULL, test_shape_s2, s);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        char *name = g_strdup_printf("%uK-over-%uK", 1u << (pairs[i].s1 - 10),
                                     1u << (pairs[i].s2 - 10));

        add_data("/smmuv3/vmsa/TR13-nested/", name, NULL, test_pair, &pairs[i]);
        g_free(name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(s1_rights); i++) {
        fix_add_data(s1_rights[i].name, "max", s1_rights[i].edit, test_s1_rights, &s1_rights[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(s2_rights); i++) {
        fix_add_data(s2_rights[i].name, "max", s2_rights[i].edit, test_s2_rights, &s2_rights[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_tables();
    fix_add_profiles("/smmuv3/vmsa/AD6-va-outside-range", test_va_outside_range);
    fix_add_profiles("/smmuv3/vmsa/AD10-tbi", test_tbi);
    fix_add_profiles("/smmuv3/vmsa/AD10-no-tbi", test_no_tbi);
    fix_add_profiles("/smmuv3/vmsa/AD14-ipa-outside-range", test_ipa_outside_range);
    fix_add_profiles("/smmuv3/vmsa/AD5-ipa-above-IAS", test_ipa_above_ias);
    fix_add("/smmuv3/vmsa/FM2-ipa-above-IAS-ignores-S2R", test_ipa_above_ias_ignores_s2r);
    fix_add_profiles("/smmuv3/vmsa/CD17-e0pd", test_e0pd);
    fix_add_profiles("/smmuv3/vmsa/CD17-e0pd-keeps-from-hits", test_e0pd_keeps_from_hits);
    fix_add_config("/smmuv3/vmsa/CD17-not-implemented", "max", edit_no_e0pd,
                   test_e0pd_not_implemented);
    fix_add("/smmuv3/vmsa/CD17-ignored-in-EL2", test_e0pd_ignored_in_el2);
    fix_add("/smmuv3/vmsa/WK5-level3-block-is-invalid", test_level3_block);
    fix_add("/smmuv3/vmsa/WK5-level0-block-needs-DS", test_level0_block_without_ds);
    fix_add_profiles("/smmuv3/vmsa/AD13-output-beyond-IPS", test_output_beyond_ips);
    fix_add("/smmuv3/vmsa/CD9-table-beyond-IPS", test_table_beyond_ips);
    fix_add_profiles("/smmuv3/vmsa/AD15+SE24-output-beyond-S2PS", test_s2_output_beyond_s2ps);
    fix_add("/smmuv3/vmsa/WK7-64K-high-bits-beyond-IPS", test_64k_high_bits_beyond_ips);
    fix_add("/smmuv3/vmsa/EV18-walk-abort", test_walk_abort);
    fix_add("/smmuv3/vmsa/EV18-stage2-walk-abort", test_s2_walk_abort);
    fix_add_profiles("/smmuv3/vmsa/PE11-both-stages-must-grant", test_both_stages_must_grant);
    fix_add("/smmuv3/vmsa/WK6-contiguous", test_contiguous);
    fix_add_profiles("/smmuv3/vmsa/MA4+SY10-atomic-needs-both", test_atomic_needs_both);
    fix_add("/smmuv3/vmsa/MA3-write-is-data", test_write_is_data);
    fix_add("/smmuv3/vmsa/EV12+HT3-access-flag-before-permission", test_af_before_permission);
    fix_add("/smmuv3/vmsa/CD10-AFFD", test_affd);
    fix_add("/smmuv3/vmsa/SE27-S2AFFD", test_s2affd);
    fix_add_profiles("/smmuv3/vmsa/EV7+FM3+PE12-stage2-fault-of-table", test_s2_fault_of_table);
    fix_add_profiles("/smmuv3/vmsa/EV7-stage2-fault-of-cd", test_s2_fault_of_cd);
    fix_add_profiles("/smmuv3/vmsa/EV8+PE12-stage2-permission-of-table",
                     test_s2_permission_of_table);
    fix_add("/smmuv3/vmsa/TL14-nT-does-not-fault", test_nt);
    fix_add("/smmuv3/vmsa/MA18-execute-from-Device", test_execute_from_device);
    fix_add_profiles("/smmuv3/vmsa/SE29-S2PTW-of-table", test_s2ptw);
    fix_add_profiles("/smmuv3/vmsa/SE29-S2PTW-of-cd", test_s2ptw_of_cd);
    fix_add_profiles("/smmuv3/vmsa/EV12-stage1-range-before-stage2", test_s1_range_before_s2);
    fix_add_config("/smmuv3/vmsa/TR13-reads-of-nested-walk", "max", edit_caches_off,
                   test_reads_of_nested_walk);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLB tags and invalidation: what must go and what must stay (IHI 0070 3.17, 4.4). */
#include "fixture.h"

#define NEW_PA 0x77700000ull /* where a page leads after a change behind the TLB's back */

/** The page of @va in @t now leads elsewhere, and nobody is told. */
static void move_page(ArmPages *t, uint64_t va)
{
    arm_pages_set(t, va, (arm_pages_get(t, va) & ~(low_mask(48) & ~low_mask(12))) | NEW_PA);
}

/** Fill the TLB with VA and VA + PAGE, then move both pages. */
static void stale_stage1(Fix *f)
{
    expect_ok(f, VA, false, PA);
    expect_ok(f, VA + PAGE, false, PA + PAGE);
    move_page(&f->s1, VA);
    move_page(&f->s1, VA + PAGE);
}

static void stale_stage2(Fix *f)
{
    expect_ok(f, IPA, false, PA);
    expect_ok(f, IPA + PAGE, false, PA + PAGE);
    move_page(&f->s2, IPA);
    move_page(&f->s2, IPA + PAGE);
}

#define GONE(va)      expect_pa(f, (va), NEW_PA)
#define KEPT(va, pa)  expect_pa(f, (va), (pa))

/** Scene stage 1 with VMID in the STE, and stale entries. */
static void stage1_vmid(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_S2VMID, VMID);
    stale_stage1(f);
}

static void test_kept_without_command(Fix *f)
{
    stage1_vmid(f);
    KEPT(VA, PA);
}

static void test_nh_all(Fix *f)
{
    stage1_vmid(f);
    cmd(f, smmu_make_tlbi_nh_all(VMID));
    GONE(VA);
    GONE(VA + PAGE);
}

static void test_nh_all_other_vmid(Fix *f)
{
    stage1_vmid(f);
    cmd(f, smmu_make_tlbi_nh_all(VMID + 1));
    KEPT(VA, PA);
}

static void test_nh_asid(Fix *f)
{
    stage1_vmid(f);
    cmd(f, smmu_make_tlbi_nh_asid(VMID, ASID + 1));
    KEPT(VA, PA);
    cmd(f, smmu_make_tlbi_nh_asid(VMID + 1, ASID));
    KEPT(VA, PA);
    cmd(f, smmu_make_tlbi_nh_asid(VMID, ASID));
    GONE(VA);
}

static void test_nh_va(Fix *f)
{
    stage1_vmid(f);
    cmd(f, smmu_make_tlbi_nh_va(VMID, ASID, VA, true));
    GONE(VA);
    KEPT(VA + PAGE, PA + PAGE);
}

static void test_nh_va_other_asid(Fix *f)
{
    stage1_vmid(f);
    cmd(f, smmu_make_tlbi_nh_va(VMID, ASID + 1, VA, true));
    KEPT(VA, PA);
}

static void test_nh_va_low_bits(Fix *f)
{
    stage1_vmid(f);
    cmd(f, smmu_make_tlbi_nh_va(VMID, ASID, VA + PAGE - 1, true));
    GONE(VA);
}

static void test_nh_vaa(Fix *f)
{
    stage1_vmid(f);
    cmd(f, smmu_make_tlbi_nh_vaa(VMID, VA, true));
    GONE(VA);
    KEPT(VA + PAGE, PA + PAGE);
}

/* ---- Global entries ----------------------------------------------------------------------- */

static void stage1_global(Fix *f)
{
    scene_stage1(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~field_mask(PTE_NG));
    expect_ok(f, VA, false, PA);
    move_page(&f->s1, VA);
}

static void test_global_spared_by_asid(Fix *f)
{
    stage1_global(f);
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID));
    KEPT(VA, PA);
}

static void test_global_by_va_any_asid(Fix *f)
{
    stage1_global(f);
    cmd(f, smmu_make_tlbi_nh_va(0, ASID + 5, VA, true));
    GONE(VA);
}

static void test_global_by_vaa(Fix *f)
{
    stage1_global(f);
    cmd(f, smmu_make_tlbi_nh_vaa(0, VA, true));
    GONE(VA);
}

static void test_global_by_nh_all(Fix *f)
{
    stage1_global(f);
    cmd(f, smmu_make_tlbi_nh_all(0));
    GONE(VA);
}

static void test_global_serves_other_asid(Fix *f)
{
    stage1_global(f);
    cd_put_field(f, CD_ASID, ASID + 1);
    KEPT(VA, PA);
}

static void test_asid_separates(Fix *f)
{
    scene_stage1(f);
    stale_stage1(f);
    cd_put_field(f, CD_ASID, ASID + 1);
    GONE(VA);
    cd_put_field(f, CD_ASID, ASID);
    KEPT(VA, PA);
}

static void test_vmid_separates(Fix *f)
{
    stage1_vmid(f);
    ste_put_field(f, STE_S2VMID, VMID + 1);
    GONE(VA);
    ste_put_field(f, STE_S2VMID, VMID);
    KEPT(VA, PA);
}

static void test_streams_share(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    stale_stage1(f);
    stream_table_set(&f->streams, OTHER_SID, f->ste);
    cmd(f, smmu_make_cfgi_ste(OTHER_SID, true));
    t.stream = OTHER_SID;
    g_assert_cmphex(run(f, &t).pa, ==, PA);
}

static void test_cfgi_spares_tlb(Fix *f)
{
    scene_stage1(f);
    stale_stage1(f);
    cmd(f, smmu_make_cfgi_all());
    KEPT(VA, PA);
}

/* ---- EL2 ---------------------------------------------------------------------------------- */

static void stage1_el2(Fix *f, bool e2h)
{
    scene_stage1(f);
    cr2_set(f, CR2_E2H, e2h);
    ste_put_field(f, STE_STRW, STE_STRW_EL2);
    stale_stage1(f);
}

static void test_el2_spared_by_nh(Fix *f)
{
    stage1_el2(f, false);
    cmd(f, smmu_make_tlbi_nh_all(0));
    cmd(f, smmu_make_tlbi_nsnh_all());
    KEPT(VA, PA);
}

static void test_el2_all(Fix *f)
{
    stage1_el2(f, false);
    cmd(f, smmu_make_tlbi_el2_all());
    GONE(VA);
}

static void test_el2_va_ignores_asid(Fix *f)
{
    stage1_el2(f, false);
    cmd(f, smmu_make_tlbi_el2_va(ASID + 3, VA, true));
    GONE(VA);
    KEPT(VA + PAGE, PA + PAGE);
}

static void test_el2_vaa(Fix *f)
{
    stage1_el2(f, true);
    cmd(f, smmu_make_tlbi_el2_vaa(VA, true));
    GONE(VA);
    KEPT(VA + PAGE, PA + PAGE);
}

static void test_e2h_va_by_asid(Fix *f)
{
    stage1_el2(f, true);
    cmd(f, smmu_make_tlbi_el2_va(ASID + 3, VA, true));
    KEPT(VA, PA);
    cmd(f, smmu_make_tlbi_el2_va(ASID, VA, true));
    GONE(VA);
}

static void test_e2h_asid(Fix *f)
{
    stage1_el2(f, true);
    cmd(f, smmu_make_tlbi_el2_asid(ASID + 1));
    KEPT(VA, PA);
    cmd(f, smmu_make_tlbi_el2_asid(ASID));
    GONE(VA);
}

static void test_e2h_all(Fix *f)
{
    stage1_el2(f, true);
    cmd(f, smmu_make_tlbi_el2_all());
    GONE(VA);
}

static void test_el2_spared_by_el2_asid(Fix *f)
{
    stage1_el2(f, false);
    cmd(f, smmu_make_tlbi_el2_asid(0));
    cmd(f, smmu_make_tlbi_el2_asid(ASID));
    KEPT(VA, PA);
}

static void test_nh_spared_by_el2(Fix *f)
{
    scene_stage1(f);
    stale_stage1(f);
    cmd(f, smmu_make_tlbi_el2_all());
    KEPT(VA, PA);
}

/* ---- Stage 2 ------------------------------------------------------------------------------ */

static void test_s2_ipa(Fix *f)
{
    scene_stage2(f);
    stale_stage2(f);
    cmd(f, smmu_make_tlbi_s2_ipa(VMID + 1, IPA, true));
    KEPT(IPA, PA);
    cmd(f, smmu_make_tlbi_s2_ipa(VMID, IPA, true));
    GONE(IPA);
    KEPT(IPA + PAGE, PA + PAGE);
}

static void test_s12_vmall(Fix *f)
{
    scene_stage2(f);
    stale_stage2(f);
    cmd(f, smmu_make_tlbi_s12_vmall(VMID + 1));
    KEPT(IPA, PA);
    cmd(f, smmu_make_tlbi_s12_vmall(VMID));
    GONE(IPA);
}

static void test_nsnh_all(Fix *f)
{
    scene_stage2(f);
    stale_stage2(f);
    cmd(f, smmu_make_tlbi_nsnh_all());
    GONE(IPA);
}

static void test_nh_spares_stage2(Fix *f)
{
    scene_stage2(f);
    stale_stage2(f);
    cmd(f, smmu_make_tlbi_nh_all(VMID));
    KEPT(IPA, PA);
}

static void test_nested_s2_ipa_then_nh_all(Fix *f)
{
    scene_nested(f);
    expect_ok(f, VA, false, PA);
    move_page(&f->s2, IPA);
    cmd(f, smmu_make_tlbi_s2_ipa(VMID, IPA, true));
    cmd(f, smmu_make_tlbi_nh_all(VMID));
    GONE(VA);
}

static void test_nested_s12_vmall(Fix *f)
{
    scene_nested(f);
    expect_ok(f, VA, false, PA);
    move_page(&f->s2, IPA);
    cmd(f, smmu_make_tlbi_s12_vmall(VMID));
    GONE(VA);
}

/* Where stage 1 tables lie moves: every cached step that led there must go */
static void test_nested_table_moves(Fix *f)
{
    uint64_t page, copy, words[512];

    scene_nested(f);
    expect_ok(f, VA, false, PA);
    page = arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
    copy = gmem_alloc(&f->mem, PAGE, PAGE);
    gmem_read_words(&f->mem, page - IPA_DELTA, words, 512);
    for (unsigned i = 0; i < 512; i++) {
        words[i] = words[i] ? words[i] + 16 * PAGE : 0;
    }
    gmem_write_words(&f->mem, copy, words, 512);
    arm_pages_map_smallest(&f->s2, IPA + 16 * PAGE, PA + 64 * PAGE, PAGE, ARM_S2_RW);
    arm_pages_map_smallest(&f->s2, page, copy, PAGE, ARM_S2_RW);
    cmd(f, smmu_make_tlbi_s2_ipa(VMID, page, true));
    cmd(f, smmu_make_tlbi_s2_ipa(VMID, IPA + 16 * PAGE, true));
    cmd(f, smmu_make_tlbi_nh_va(VMID, ASID, VA, true));
    expect_pa(f, VA, PA + 64 * PAGE);
}

/* ---- Walk caches -------------------------------------------------------------------------- */

static void replace_table(Fix *f)
{
    uint64_t fresh = gmem_alloc(&f->mem, PAGE, PAGE);
    uint64_t at = arm_pages_desc_addr(&f->s1, VA, 2);

    gmem_write64(&f->mem, fresh + 8 * bits(VA, 20, 12),
                 ARM_S1_RW | reg_make(PTE_VALID, 1) | reg_make(PTE_TABLE, 1) | NEW_PA);
    gmem_write64(&f->mem, at, fresh | 3);
}

static void test_walk_cache_by_va(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    replace_table(f);
    cmd(f, smmu_make_tlbi_nh_va(0, ASID, VA, false));
    GONE(VA);
}

static void test_walk_cache_by_asid(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    replace_table(f);
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID));
    GONE(VA);
}

/* ---- VMID wildcards ----------------------------------------------------------------------- */

static void check_vmw(Fix *f, unsigned vmw, uint16_t vmid, bool gone)
{
    stage1_vmid(f);
    cr0_set(f, CR0_VMW, vmw);
    cmd(f, smmu_make_tlbi_nh_all(vmid));
    if (gone) {
        GONE(VA);
    } else {
        KEPT(VA, PA);
    }
}

static void test_vmw1(Fix *f)
{
    check_vmw(f, 1, VMID ^ 1, true);
}

static void test_vmw1_not_more(Fix *f)
{
    check_vmw(f, 1, VMID ^ 2, false);
}

static void test_vmw4(Fix *f)
{
    check_vmw(f, 4, VMID ^ 0xf, true);
}

static void test_vmw_reserved(Fix *f)
{
    check_vmw(f, 5, VMID ^ 1, false);
}

static void test_vmw_not_for_lookup(Fix *f)
{
    stage1_vmid(f);
    cr0_set(f, CR0_VMW, 4);
    ste_put_field(f, STE_S2VMID, VMID ^ 1);
    GONE(VA);
}

/* ---- Ranges ------------------------------------------------------------------------------- */

/** Eight stale pages; invalidate @pages of them from VA + PAGE. */
static void check_range(Fix *f, SmmuCmdWords c, unsigned first, unsigned last)
{
    for (unsigned i = 0; i < 8; i++) {
        expect_pa(f, VA + i * PAGE, PA + i * PAGE);
        move_page(&f->s1, VA + i * PAGE);
    }
    cmd(f, c);
    for (unsigned i = 0; i < 8; i++) {
        if (i >= first && i <= last) {
            GONE(VA + i * PAGE);
        } else {
            KEPT(VA + i * PAGE, PA + i * PAGE);
        }
    }
}

static void test_range(Fix *f)
{
    scene_stage1(f);
    check_range(f, smmu_make_range(smmu_make_tlbi_nh_va(0, ASID, VA + PAGE, true), 12, 3, 3), 1, 3);
}

static void test_range_scale(Fix *f)
{
    SmmuCmdWords c = smmu_make_tlbi_nh_vaa(0, VA + 2 * PAGE, true);

    scene_stage1(f);
    field_set(c.w, CMD_TLBI_TG, TLBI_TG_4K);
    field_set(c.w, CMD_TLBI_NUM, 1);
    field_set(c.w, CMD_TLBI_SCALE, 1);
    check_range(f, c, 2, 5);
}

static void edit_no_ril(SmmuConfig *c)
{
    c->minor = 1;
    smmu_config_trim(c);
    c->ril = false;
}

static void test_range_not_implemented(Fix *f)
{
    SmmuCmdWords c = smmu_make_tlbi_nh_vaa(0, VA + 2 * PAGE, true);

    scene_stage1(f);
    field_set(c.w, CMD_TLBI_TG, TLBI_TG_4K);
    check_range(f, c, 2, 2);
}

static void test_range_of_everything(Fix *f)
{
    SmmuCmdWords c = smmu_make_tlbi_nh_vaa(0, 0, true);

    scene_stage1(f);
    field_set(c.w, CMD_TLBI_TG, TLBI_TG_64K);
    field_set(c.w, CMD_TLBI_NUM, 31);
    field_set(c.w, CMD_TLBI_SCALE, 63);
    check_range(f, c, 0, 7);
}

static void test_range_of_ipas(Fix *f)
{
    scene_stage2(f);
    stale_stage2(f);
    cmd(f, smmu_make_range(smmu_make_tlbi_s2_ipa(VMID, IPA, true), 12, 4, 0));
    GONE(IPA);
    GONE(IPA + PAGE);
}

/* ---- Blocks, tags, upper half ------------------------------------------------------------- */

static void test_block_by_any_page(Fix *f)
{
    scene_stage1(f);
    arm_pages_map_level(&f->s1, 0x80000000, 0x20000000, 2, ARM_S1_RW);
    expect_pa(f, 0x80000000, 0x20000000);
    arm_pages_set(&f->s1, 0x80000000, (arm_pages_get(&f->s1, 0x80000000) & ~0x20000000ull) |
                                          0x60000000);
    cmd(f, smmu_make_tlbi_nh_va(0, ASID, 0x80000000 + 5 * PAGE, true));
    expect_pa(f, 0x80000000, 0x60000000);
}

static void test_tagged_address(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_TBI0, 1);
    stale_stage1(f);
    cmd(f, smmu_make_tlbi_nh_va(0, ASID, VA | 0x5aull << 56, true));
    GONE(VA);
    KEPT(VA + PAGE, PA + PAGE);
}

/** A stale entry of the page @va of the upper half. */
static void stale_upper(Fix *f, uint64_t va)
{
    const ArmPagesConfig config = { .stage = 1, .granule_lg2 = 12, .in_bits = 48, .upper = true };
    TableSpace space = table_space(&f->mem);
    ArmPages ttb1;

    scene_stage1(f);
    arm_pages_init(&ttb1, &space, &config);
    arm_pages_map_smallest(&ttb1, va, PA, PAGE, ARM_S1_RW);
    cd_add_upper(f->cd, &ttb1);
    put_cd(f);
    expect_pa(f, va, PA);
    move_page(&ttb1, va);
}

/* A range ends at the top of the address space, with or without a tag in its first address. */
static void check_range_at_top(Fix *f, uint64_t tagged)
{
    const uint64_t last = ~low_mask(12);

    stale_upper(f, last);
    cmd(f, smmu_make_range(smmu_make_tlbi_nh_va(0, ASID, tagged - 7 * PAGE, true), 12, 32, 0));
    GONE(last);
}

static void test_range_at_top(Fix *f)
{
    check_range_at_top(f, ~low_mask(12));
}

static void test_range_at_top_tagged(Fix *f)
{
    check_range_at_top(f, ~low_mask(12) ^ 0x29ull << 56);
}

/* One with a tag, as large as can be, still begins where it says. */
static void test_range_with_tag_begins(Fix *f)
{
    SmmuCmdWords c = smmu_make_tlbi_nh_va(0, ASID, 0x25ffffffffff0000, true);
    const uint64_t below = ~low_mask(32);

    stale_upper(f, below);
    field_set(c.w, CMD_TLBI_TG, TLBI_TG_4K);
    field_set(c.w, CMD_TLBI_SCALE, 63);
    cmd(f, c);
    KEPT(below, PA);
}

/* ---- Cost: one invalidation a command, of as many entries as went (docs/timing.rst) ---------- */

/** Steps of @kind in the plan made last, which was kept. */
static unsigned steps_of(const Fix *f, IommuStepKind kind)
{
    const IommuPlan *plan = f->m->plan;
    unsigned n = 0;

    g_assert_true(plan->keep);
    for (uint32_t i = 0; i < plan->count; i++) {
        n += plan->steps[i].kind == kind;
    }
    return n;
}

/** Entries that @c drops; there must be one step that says so. */
static uint32_t invalidated(Fix *f, SmmuCmdWords c)
{
    const IommuPlan *plan = f->m->plan;

    f->m->plan->keep = true;
    g_assert_true(smmu_driver_push(&f->drv, c));
    g_assert_cmpuint(steps_of(f, IOMMU_STEP_INVALIDATE), ==, 1);
    f->m->plan->keep = false;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->steps[i].kind == IOMMU_STEP_INVALIDATE) {
            return plan->steps[i].dropped;
        }
    }
    g_assert_not_reached();
}

static void test_cost_of_each_command(Fix *f)
{
    const SmmuCmdWords cmds[] = {
        smmu_make_tlbi_nh_all(VMID), smmu_make_tlbi_nh_asid(VMID, ASID),
        smmu_make_tlbi_nh_va(VMID, ASID, VA, false), smmu_make_tlbi_nh_vaa(VMID, VA, true),
        smmu_make_tlbi_el2_all(), smmu_make_tlbi_el2_asid(ASID),
        smmu_make_tlbi_el2_va(ASID, VA, true), smmu_make_tlbi_el2_vaa(VA, false),
        smmu_make_tlbi_s12_vmall(VMID), smmu_make_tlbi_s2_ipa(VMID, IPA, true),
        smmu_make_tlbi_nsnh_all(), smmu_make_cfgi_all(), smmu_make_cfgi_ste(SID, true),
        smmu_make_cfgi_cd(SID, 0, true), smmu_make_cfgi_cd_all(SID),
        smmu_make_range(smmu_make_tlbi_nh_va(VMID, ASID, VA, true), 12, 3, 3),
        smmu_make_range(smmu_make_tlbi_nh_vaa(VMID, VA | 0x5aull << 56, true), 12, 3, 3),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cmds); i++) {
        g_assert_cmpuint(invalidated(f, cmds[i]), ==, 0);
    }
}

static void test_cost_counts_entries(Fix *f)
{
    scene_stage1(f);
    stale_stage1(f);
    g_assert_cmpuint(invalidated(f, smmu_make_tlbi_nh_all(0)), ==, 2);
    g_assert_cmpuint(invalidated(f, smmu_make_cfgi_ste(SID, true)), ==, 2); /* STE and CD */
}

/** EL2_ALL names two StreamWorlds: it is one invalidation of the entries of both. */
static void test_cost_of_two_worlds(Fix *f)
{
    stage1_el2(f, false);
    cr2_set(f, CR2_E2H, 1);
    access_at(f, VA, false);
    g_assert_cmpuint(invalidated(f, smmu_make_tlbi_el2_all()), ==, 3);
}

static void test_cost_of_sync_msi(Fix *f)
{
    f->m->plan->keep = true;
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_sync_msi(0x1400040, 1)));
    g_assert_cmpuint(steps_of(f, IOMMU_STEP_MSI), ==, 1);
    g_assert_cmpuint(steps_of(f, IOMMU_STEP_DRAIN), ==, 1);
}

static void test_cost_of_stream_outside(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    t.stream = 5000;
    f->m->plan->keep = true;
    run(f, &t);
    g_assert_cmpuint(steps_of(f, IOMMU_STEP_CONFIG), ==, 1);
    g_assert_cmpuint(steps_of(f, IOMMU_STEP_CONFIG_READ), ==, 0);
}

/* ---- Address space sets ------------------------------------------------------------------- */

/* A global page of SID's is cached; another ASID then finds it changed in memory, with @aset. */
static void other_asid_in_set(Fix *f, bool aset, uint64_t pa)
{
    scene_stage1(f);
    arm_pages_set(&f->s1, VA, reg_set(arm_pages_get(&f->s1, VA), PTE_NG, 0));
    expect_pa(f, VA, PA);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) + PAGE);
    field_set(f->cd, CD_ASID, ASID + 1);
    field_set(f->cd, CD_ASET, aset);
    put_cd(f);
    expect_pa(f, VA, pa);
}

static void test_same_set_shares_global(Fix *f)
{
    other_asid_in_set(f, true, PA);
}

static void test_other_set_shares_nothing(Fix *f)
{
    other_asid_in_set(f, false, PA + PAGE);
}

/* Invalidations do not look at ASET. */
static void test_tlbi_ignores_set(Fix *f)
{
    for (unsigned aset = 0; aset < 2; aset++) {
        scene_stage1(f);
        cd_put_field(f, CD_ASET, aset);
        cmd(f, smmu_make_tlbi_nh_all(0));
        expect_pa(f, VA, PA);
        arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) + PAGE);
        cmd(f, smmu_make_tlbi_nh_asid(0, ASID));
        expect_pa(f, VA, PA + PAGE);
    }
}

/* ---- Watched streams ---------------------------------------------------------------------- */

static void expect_unmap(Fix *f, uint64_t addr, uint64_t last)
{
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
    g_assert_cmpuint(f->ram.unmaps[0].stream, ==, SID);
    g_assert_cmphex(f->ram.unmaps[0].addr, ==, addr);
    g_assert_cmphex(f->ram.unmaps[0].last, ==, last);
}

static void watch_stage1(Fix *f)
{
    scene_stage1(f);
    f->m->ops->watch(f->m, SID, true);
    ramhost_forget(&f->ram);
}

static void test_watch_va(Fix *f)
{
    watch_stage1(f);
    cmd(f, smmu_make_tlbi_nh_va(0, ASID, VA, true));
    expect_unmap(f, VA, VA + PAGE - 1);
}

static void test_watch_asid(Fix *f)
{
    watch_stage1(f);
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID + 1));
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID));
    expect_unmap(f, 0, UINT64_MAX);
}

static void test_watch_other_vmid(Fix *f)
{
    watch_stage1(f);
    cmd(f, smmu_make_tlbi_nh_va(VMID, ASID, VA, true));
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
}

static void test_watch_range(Fix *f)
{
    watch_stage1(f);
    cmd(f, smmu_make_range(smmu_make_tlbi_nh_va(0, ASID, VA, true), 12, 16, 0));
    expect_unmap(f, VA, VA + 16 * PAGE - 1);
}

static void test_watch_ipa(Fix *f)
{
    scene_stage2(f);
    f->m->ops->watch(f->m, SID, true);
    ramhost_forget(&f->ram);
    cmd(f, smmu_make_tlbi_s2_ipa(VMID, IPA, true));
    expect_unmap(f, IPA, IPA + PAGE - 1);
}

static void test_watch_nested_ipa(Fix *f)
{
    scene_nested(f);
    f->m->ops->watch(f->m, SID, true);
    ramhost_forget(&f->ram);
    cmd(f, smmu_make_tlbi_s2_ipa(VMID, IPA, true));
    expect_unmap(f, 0, UINT64_MAX);
}

static void test_watch_cfgi(Fix *f)
{
    watch_stage1(f);
    cmd(f, smmu_make_cfgi_ste(SID, true));
    expect_unmap(f, 0, UINT64_MAX);
}

/*
 * Software clears its structures, then invalidates by ASID: the tag that was, is the one that
 * counts.
 */
static void test_watch_cleared_first(Fix *f)
{
    static const uint64_t invalid[CD_WORDS];

    watch_stage1(f);
    cd_table_set(&f->cds, 0, invalid);
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID));
    expect_unmap(f, 0, UINT64_MAX);
}

/* A new ASID in memory, not yet invalidated: mappings may be of either. */
static void test_watch_either_asid(Fix *f)
{
    watch_stage1(f);
    field_set(f->cd, CD_ASID, ASID + 1);
    cd_table_set(&f->cds, 0, f->cd);
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID));
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID + 1));
    g_assert_cmpuint(f->ram.unmap_count, ==, 2);
    cmd(f, smmu_make_cfgi_cd(SID, 0, true));
    ramhost_forget(&f->ram);
    cmd(f, smmu_make_tlbi_nh_asid(0, ASID));
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
}

static void test_unwatch(Fix *f)
{
    watch_stage1(f);
    f->m->ops->watch(f->m, SID, false);
    cmd(f, smmu_make_tlbi_nh_va(0, ASID, VA, true));
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
}

static void test_mode_changes(Fix *f)
{
    ramhost_forget(&f->ram);
    cr0_set(f, CR0_SMMUEN, 0);
    cr0_set(f, CR0_SMMUEN, 1);
    g_assert_cmpuint(f->ram.mode_changes, ==, 2);
}


int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/smmuv3/invalidate/TL8-kept-without-command", test_kept_without_command);
    fix_add("/smmuv3/invalidate/CM23-NH_ALL", test_nh_all);
    fix_add("/smmuv3/invalidate/TL2-NH_ALL-spares-other-vmid", test_nh_all_other_vmid);
    fix_add("/smmuv3/invalidate/CM23-NH_ASID", test_nh_asid);
    fix_add("/smmuv3/invalidate/CM23-NH_VA", test_nh_va);
    fix_add("/smmuv3/invalidate/CM23-NH_VA-spares-other-asid", test_nh_va_other_asid);
    fix_add("/smmuv3/invalidate/CM18-low-address-bits-ignored", test_nh_va_low_bits);
    fix_add("/smmuv3/invalidate/CM23-NH_VAA", test_nh_vaa);
    fix_add("/smmuv3/invalidate/TL3-global-spared-by-NH_ASID", test_global_spared_by_asid);
    fix_add("/smmuv3/invalidate/TL3-global-by-NH_VA-of-any-asid", test_global_by_va_any_asid);
    fix_add("/smmuv3/invalidate/TL3-global-by-NH_VAA", test_global_by_vaa);
    fix_add("/smmuv3/invalidate/TL3-global-by-NH_ALL", test_global_by_nh_all);
    fix_add("/smmuv3/invalidate/TL3-global-serves-other-asid", test_global_serves_other_asid);
    fix_add("/smmuv3/invalidate/TL1-asid-separates", test_asid_separates);
    fix_add("/smmuv3/invalidate/TL2-vmid-separates", test_vmid_separates);
    fix_add("/smmuv3/invalidate/TR8-streams-share-entries", test_streams_share);
    fix_add("/smmuv3/invalidate/CM13+SE40-CFGI-spares-tlb", test_cfgi_spares_tlb);
    fix_add("/smmuv3/invalidate/TL1-EL2-spared-by-NH", test_el2_spared_by_nh);
    fix_add("/smmuv3/invalidate/CM23-EL2_ALL", test_el2_all);
    fix_add("/smmuv3/invalidate/CM23-EL2_VA-ignores-asid", test_el2_va_ignores_asid);
    fix_add("/smmuv3/invalidate/CM23-EL2_VAA", test_el2_vaa);
    fix_add("/smmuv3/invalidate/CM23-E2H-EL2_VA-by-asid", test_e2h_va_by_asid);
    fix_add("/smmuv3/invalidate/CM23-E2H-EL2_ASID", test_e2h_asid);
    fix_add("/smmuv3/invalidate/CM23-E2H-EL2_ALL", test_e2h_all);
    fix_add("/smmuv3/invalidate/CM23-EL2-spared-by-EL2_ASID", test_el2_spared_by_el2_asid);
    fix_add("/smmuv3/invalidate/TL1-NH-spared-by-EL2", test_nh_spared_by_el2);
    fix_add("/smmuv3/invalidate/CM23-S2_IPA", test_s2_ipa);
    fix_add("/smmuv3/invalidate/CM23-S12_VMALL", test_s12_vmall);
    fix_add("/smmuv3/invalidate/CM23-NSNH_ALL", test_nsnh_all);
    fix_add("/smmuv3/invalidate/CM23-NH_ALL-spares-stage2", test_nh_spares_stage2);
    fix_add_profiles("/smmuv3/invalidate/SY2-nested-S2_IPA-then-NH_ALL",
                     test_nested_s2_ipa_then_nh_all);
    fix_add_profiles("/smmuv3/invalidate/CM23-nested-S12_VMALL", test_nested_s12_vmall);
    fix_add_profiles("/smmuv3/invalidate/SY1+TL13-nested-table-moves", test_nested_table_moves);
    fix_add_profiles("/smmuv3/invalidate/CM23-Leaf0-drops-tables", test_walk_cache_by_va);
    fix_add_profiles("/smmuv3/invalidate/CM23-NH_ASID-drops-tables", test_walk_cache_by_asid);
    fix_add("/smmuv3/invalidate/TL10-VMW-1", test_vmw1);
    fix_add("/smmuv3/invalidate/TL10-VMW-1-one-bit-only", test_vmw1_not_more);
    fix_add("/smmuv3/invalidate/TL10-VMW-4", test_vmw4);
    fix_add("/smmuv3/invalidate/RG8-VMW-5-is-exact", test_vmw_reserved);
    fix_add("/smmuv3/invalidate/TL10-VMW-not-for-lookup", test_vmw_not_for_lookup);
    fix_add("/smmuv3/invalidate/CM19+CM21-range", test_range);
    fix_add("/smmuv3/invalidate/CM19-range-scale", test_range_scale);
    fix_add_config("/smmuv3/invalidate/CM19-not-implemented", "max", edit_no_ril,
                   test_range_not_implemented);
    fix_add("/smmuv3/invalidate/CM20-range-of-everything", test_range_of_everything);
    fix_add("/smmuv3/invalidate/CM19-range-of-IPAs", test_range_of_ipas);
    fix_add("/smmuv3/invalidate/CM20-range-at-the-top", test_range_at_top);
    fix_add("/smmuv3/invalidate/CM20-range-at-the-top-tagged", test_range_at_top_tagged);
    fix_add("/smmuv3/invalidate/CM20-range-with-tag-begins", test_range_with_tag_begins);
    fix_add("/smmuv3/invalidate/CM18-block-by-any-page", test_block_by_any_page);
    fix_add("/smmuv3/invalidate/AD10-tagged-address", test_tagged_address);
    fix_add("/smmuv3/invalidate/cost-one-step-a-command", test_cost_of_each_command);
    fix_add("/smmuv3/invalidate/cost-counts-entries", test_cost_counts_entries);
    fix_add("/smmuv3/invalidate/cost-of-two-worlds", test_cost_of_two_worlds);
    fix_add("/smmuv3/invalidate/cost-of-CMD_SYNC-msi", test_cost_of_sync_msi);
    fix_add("/smmuv3/invalidate/cost-of-stream-outside-table", test_cost_of_stream_outside);
    fix_add("/smmuv3/invalidate/TL3-global-of-the-same-ASET", test_same_set_shares_global);
    fix_add("/smmuv3/invalidate/TL3-global-of-another-ASET", test_other_set_shares_nothing);
    fix_add("/smmuv3/invalidate/CM18-TLBI-ignores-ASET", test_tlbi_ignores_set);
    fix_add("/smmuv3/invalidate/watch-NH_VA", test_watch_va);
    fix_add("/smmuv3/invalidate/watch-NH_ASID", test_watch_asid);
    fix_add("/smmuv3/invalidate/watch-other-vmid", test_watch_other_vmid);
    fix_add("/smmuv3/invalidate/watch-range", test_watch_range);
    fix_add("/smmuv3/invalidate/watch-S2_IPA", test_watch_ipa);
    fix_add("/smmuv3/invalidate/watch-nested-S2_IPA", test_watch_nested_ipa);
    fix_add("/smmuv3/invalidate/watch-CFGI_STE", test_watch_cfgi);
    fix_add("/smmuv3/invalidate/watch-structures-cleared-first", test_watch_cleared_first);
    fix_add("/smmuv3/invalidate/watch-either-asid", test_watch_either_asid);
    fix_add("/smmuv3/invalidate/watch-off", test_unwatch);
    fix_add("/smmuv3/invalidate/mode-changed", test_mode_changes);
    return g_test_run();
}

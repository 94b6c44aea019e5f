/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translation procedure: stages, bypass, GBPA, order of checks (IHI 0070 3.3.2, 3.4, 3.11). */
#include "fixture.h"

static void test_stage1(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA + 0x123, true, PA + 0x123);
    expect_ok(f, VA + 5 * PAGE + 8, false, PA + 5 * PAGE + 8);
    expect_ok(f, VA + 0x124, true, PA + 0x124);
}

static void test_stage2(Fix *f)
{
    scene_stage2(f);
    expect_ok(f, IPA + 0x123, true, PA + 0x123);
    expect_ok(f, IPA + 3 * PAGE, false, PA + 3 * PAGE);
}

static void test_nested(Fix *f)
{
    scene_nested(f);
    expect_ok(f, VA + 0x123, true, PA + 0x123);
    expect_ok(f, VA + 3 * PAGE, false, PA + 3 * PAGE);
    expect_ok(f, VA + 0x123, false, PA + 0x123);
}

static void test_bypass(Fix *f)
{
    IommuResult res;

    scene_bypass(f);
    res = access_at(f, PA, true);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, PA);
    g_assert_true(res.bypassed);
    g_assert_cmpuint(res.rights, ==, IOMMU_RIGHTS_ALL);
}

static void test_bypass_above_oas(Fix *f)
{
    scene_bypass(f);
    expect_event(f, 1ull << 52, false, F_ADDR_SIZE);
    expect_fields(false, EVT_CLASS_IN, true);
    g_assert_cmphex(f->event.input_addr, ==, 1ull << 52);
}

static void test_s1dss_bypass_above_oas(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_BYPASS);
    expect_event(f, 1ull << 52, false, F_ADDR_SIZE);
}

static void test_nested_s1dss_bypass(Fix *f)
{
    scene_nested(f);
    field_set(f->ste, STE_S1CDMAX, 2);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_BYPASS);
    expect_ok(f, IPA + 4, true, PA + 4);
    expect_event(f, VA, true, F_TRANSLATION);
    expect_fields(true, EVT_CLASS_IN, false);
}

/* ---- SMMUEN=0 ----------------------------------------------------------------------------- */

static void test_disabled_bypasses(Fix *f)
{
    scene_stage1(f);
    cr0_set(f, CR0_SMMUEN, 0);
    expect_ok(f, VA, true, VA);
}

static void test_gbpa_abort(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    g_assert_true(smmu_driver_gbpa(&f->drv, reg_make(GBPA_ABORT, 1)));
    expect_event(f, VA, true, 0);
    g_assert_cmpuint(f->m->counters.aborted, ==, 1);
}

static void edit_gbpa_abort(SmmuConfig *c)
{
    c->gbpa_abort = true;
}

static void test_gbpa_abort_at_reset(Fix *f)
{
    g_assert_cmpint(access_at(f, VA, false).status, ==, IOMMU_STATUS_ABORT);
}

static void test_gbpa_above_oas(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    expect_event(f, 1ull << 52, false, 0);
    expect_ok(f, low_mask(52), false, low_mask(52));
}

static void test_gbpa_attributes(Fix *f)
{
    IommuResult res;

    cr0_set(f, CR0_SMMUEN, 0);
    g_assert_true(smmu_driver_gbpa(&f->drv, reg_make(GBPA_MTCFG, 1) | reg_make(GBPA_MEMATTR, 5) |
                                                reg_make(GBPA_SHCFG, SH_ISH)));
    res = access_at(f, VA, false);
    g_assert_cmphex(res.attr.type, ==, 0x44);
    g_assert_cmpuint(res.attr.sh, ==, SH_OSH);
}

static void test_disabled_reads_no_table(Fix *f)
{
    scene_stage1(f);
    cr0_set(f, CR0_SMMUEN, 0);
    ramhost_forget(&f->ram);
    access_at(f, VA, false);
    g_assert_cmpuint(f->ram.reads, ==, 0);
}

static void test_tlb_survives_disable(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    cr0_set(f, CR0_SMMUEN, 0);
    expect_ok(f, VA, false, VA);
    cr0_set(f, CR0_SMMUEN, 1);
    expect_ok(f, VA, false, PA);
}

/* ---- Probes, speculation ------------------------------------------------------------------ */

static void test_probe_leaves_no_trace(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, true);
    IommuCounters before;

    scene_stage1(f);
    before = f->m->counters;
    t.probe = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    t.addr = VA + 4;
    g_assert_cmphex(run(f, &t).pa, ==, PA + 4);
    expect_one_event(f, 0);
    g_assert_cmpmem(&before, sizeof(before), &f->m->counters, sizeof(before));
}

static void test_speculative_read(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    t.speculative = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    t.addr = VA_HOLE;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, 0);
}

static void test_speculative_write(Fix *f)
{
    IommuTxn t = txn_at(VA, true);

    scene_stage1(f);
    expect_ok(f, VA, true, PA);
    t.speculative = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, 0);
}

static void test_speculative_bad_configuration(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    t.speculative = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, 0);
}

/* ---- Overrides ---------------------------------------------------------------------------- */

static void test_privcfg(Fix *f)
{
    scene_stage1(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~field_mask(PTE_AP1));
    expect_event(f, VA, false, F_PERMISSION);
    g_assert_false(f->event.pnu);
    ste_put_field(f, STE_PRIVCFG, ATTR_CFG_SET);
    expect_ok(f, VA, false, PA);
    ste_put_field(f, STE_PRIVCFG, 1);
    expect_event(f, VA, false, F_PERMISSION);
}

static void test_privcfg_clear(Fix *f)
{
    IommuTxn t = txn_at(VA, false);

    scene_stage1(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) & ~field_mask(PTE_AP1));
    t.priv = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_OK);
    ste_put_field(f, STE_PRIVCFG, ATTR_CFG_CLEAR);
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_PERMISSION);
    g_assert_false(f->event.pnu);
}

static void test_instcfg(Fix *f)
{
    scene_stage1(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) | field_mask(PTE_UXN));
    ste_put_field(f, STE_INSTCFG, ATTR_CFG_SET);
    expect_event(f, VA, false, F_PERMISSION);
    g_assert_true(f->event.ind);
    expect_ok(f, VA, true, PA);
}

static void edit_no_perms_ovr(SmmuConfig *c)
{
    c->attr_perms_ovr = false;
}

static void test_no_perms_ovr(Fix *f)
{
    scene_stage1(f);
    arm_pages_set(&f->s1, VA, arm_pages_get(&f->s1, VA) | field_mask(PTE_UXN));
    ste_put_field(f, STE_INSTCFG, ATTR_CFG_SET);
    expect_ok(f, VA, false, PA);
}

/* ---- The rest ----------------------------------------------------------------------------- */

static void test_counters_add_up(Fix *f)
{
    IommuCounters *c = &f->m->counters;

    scene_stage1(f);
    access_at(f, VA, false);
    access_at(f, VA + 8, false);
    access_at(f, VA_HOLE, false);
    access_at(f, VA_RO, true);
    cr0_set(f, CR0_SMMUEN, 0);
    access_at(f, VA, false);
    g_assert_cmpuint(c->transactions, ==, 5);
    g_assert_cmpuint(c->translated, ==, 2);
    g_assert_cmpuint(c->bypassed, ==, 1);
    g_assert_cmpuint(c->aborted, ==, 2);
    g_assert_cmpuint(c->tlb_lookups, ==, c->tlb_hits + c->tlb_misses);
    g_assert_cmpuint(c->tlb_hits, ==, 1);
    g_assert_cmpuint(c->faults, ==, 2);
    g_assert_cmpuint(c->events, ==, 2);
}

static void test_trace(Fix *f)
{
    scene_nested(f);
    iommu_trace_arm(&f->m->trace);
    access_at(f, VA, true);
    for (const char *const *want = (const char *const[]) {
             "STE[0x5]", "stage 1 and 2", "CD[0]", "ASID=7", "TLB miss", "L3 page", "S2AP",
             "Result: PA 0x12345000", NULL };
         *want; want++) {
        if (!strstr(f->m->trace.text, *want)) {
            g_error("trace lacks '%s':\n%s", *want, f->m->trace.text);
        }
    }
    g_assert_false(f->m->trace.active);
}

static void test_trace_of_fault(Fix *f)
{
    scene_stage1(f);
    iommu_trace_arm(&f->m->trace);
    access_at(f, VA_HOLE, true);
    g_assert_nonnull(strstr(f->m->trace.text, "F_TRANSLATION"));
    g_assert_nonnull(strstr(f->m->trace.text, "Result: abort"));
}

/** One mapping found. */
typedef struct Found {
    uint64_t addr, pa, bytes;
    unsigned count;
    uint8_t rights;
} Found;

static bool note_mapping(void *opaque, uint64_t addr, uint64_t pa, uint64_t bytes, uint8_t rights)
{
    Found *found = opaque;

    if (!found->count) {
        *found = (Found) { .addr = addr, .pa = pa, .rights = rights };
    }
    found->bytes += bytes;
    found->count++;
    return true;
}

static void test_enumerate(Fix *f)
{
    Found found = { 0 };

    scene_nested(f);
    f->m->ops->enumerate(f->m, SID, 0, UINT64_MAX, note_mapping, &found);
    g_assert_cmphex(found.addr, ==, VA);
    g_assert_cmphex(found.pa, ==, PA);
    g_assert_cmpuint(found.bytes, ==, 17 * PAGE);
}

static void test_enumerate_bypass(Fix *f)
{
    Found found = { 0 };

    scene_bypass(f);
    f->m->ops->enumerate(f->m, SID, 0x1000, UINT64_MAX, note_mapping, &found);
    g_assert_cmphex(found.addr, ==, 0x1000);
    g_assert_cmphex(found.pa, ==, 0x1000);
    g_assert_cmpuint(found.count, ==, 1);
    g_assert_cmphex(found.bytes, ==, (1ull << 52) - 0x1000);
}

static void test_enumerate_abort(Fix *f)
{
    Found found = { 0 };

    f->m->ops->enumerate(f->m, SID, 0, UINT64_MAX, note_mapping, &found);
    g_assert_cmpuint(found.count, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/translate/TR1-stage1", test_stage1);
    fix_add_profiles("/smmuv3/translate/TR1-stage2", test_stage2);
    fix_add_profiles("/smmuv3/translate/TR13-nested", test_nested);
    fix_add_profiles("/smmuv3/translate/SE39-bypass", test_bypass);
    fix_add("/smmuv3/translate/AD4-bypass-above-OAS", test_bypass_above_oas);
    fix_add("/smmuv3/translate/AD5-S1DSS-bypass-above-OAS", test_s1dss_bypass_above_oas);
    fix_add_profiles("/smmuv3/translate/SE6-nested-S1DSS-bypass", test_nested_s1dss_bypass);
    fix_add("/smmuv3/translate/RS1-disabled-bypasses", test_disabled_bypasses);
    fix_add("/smmuv3/translate/RS1-GBPA-abort", test_gbpa_abort);
    fix_add_reset("/smmuv3/translate/RS1-GBPA-abort-at-reset", "max", edit_gbpa_abort,
                  test_gbpa_abort_at_reset);
    fix_add("/smmuv3/translate/AD3-GBPA-above-OAS", test_gbpa_above_oas);
    fix_add("/smmuv3/translate/RG21-GBPA-attributes", test_gbpa_attributes);
    fix_add("/smmuv3/translate/RG14+RS2-disabled-reads-no-table", test_disabled_reads_no_table);
    fix_add_profiles("/smmuv3/translate/RS3-tlb-survives-disable", test_tlb_survives_disable);
    fix_add_profiles("/smmuv3/translate/probe-leaves-no-trace", test_probe_leaves_no_trace);
    fix_add("/smmuv3/translate/HT12-speculative-read", test_speculative_read);
    fix_add_profiles("/smmuv3/translate/HT12-speculative-write", test_speculative_write);
    fix_add("/smmuv3/translate/HT12-speculative-bad-configuration",
            test_speculative_bad_configuration);
    fix_add_profiles("/smmuv3/translate/SE18+TR10-PRIVCFG-set", test_privcfg);
    fix_add_profiles("/smmuv3/translate/SE18-PRIVCFG-clear", test_privcfg_clear);
    fix_add_profiles("/smmuv3/translate/SE18-INSTCFG-reads-only", test_instcfg);
    fix_add_config("/smmuv3/translate/SE18-not-implemented", "max", edit_no_perms_ovr,
                   test_no_perms_ovr);
    fix_add("/smmuv3/translate/counters-add-up", test_counters_add_up);
    fix_add("/smmuv3/translate/trace", test_trace);
    fix_add("/smmuv3/translate/trace-of-fault", test_trace_of_fault);
    fix_add("/smmuv3/translate/enumerate-nested", test_enumerate);
    fix_add("/smmuv3/translate/enumerate-bypass", test_enumerate_bypass);
    fix_add("/smmuv3/translate/enumerate-abort", test_enumerate_abort);
    return g_test_run();
}

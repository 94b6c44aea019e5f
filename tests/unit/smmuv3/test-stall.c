/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fault behaviour by A, R and S; stalls (IHI 0070 3.12, 4.7, 5.5, 7.2.1). */
#include "fixture.h"
#include "hw/iommu/timed.h"

static IommuResult stalling_access(Fix *f, uint64_t addr, uint64_t cookie)
{
    IommuTxn t = txn_at(addr, true);

    t.cookie = cookie;
    return run(f, &t);
}

/** Stage 1 that stalls; one stalled write to VA_HOLE with cookie 77, event taken. */
static void one_stall(Fix *f)
{
    IommuResult res;

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    res = stalling_access(f, VA_HOLE, 77);
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_STALLED);
    expect_one_event(f, F_TRANSLATION);
    g_assert_true(f->event.stall);
    g_assert_cmpuint(f->event.stag, ==, res.tag);
    g_assert_cmpuint(f->ram.stall_count, ==, 0);
}

static void expect_done(Fix *f, IommuStatus status)
{
    g_assert_cmpuint(f->ram.stall_count, ==, 1);
    g_assert_cmpuint(f->ram.stalls[0].cookie, ==, 77);
    g_assert_cmpint(f->ram.stalls[0].result.status, ==, status);
}

static void map_hole(Fix *f)
{
    arm_pages_map_smallest(&f->s1, VA_HOLE, PA, PAGE, ARM_S1_RW);
}

static void test_resume_retry(Fix *f)
{
    one_stall(f);
    map_hole(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    expect_done(f, IOMMU_STATUS_OK);
    g_assert_cmphex(f->ram.stalls[0].result.pa, ==, PA);
}

static void test_resume_retry_faults_again(Fix *f)
{
    uint16_t stag;

    one_stall(f);
    stag = f->event.stag;
    cmd(f, smmu_make_resume(SID, stag, true, false));
    g_assert_cmpuint(f->ram.stall_count, ==, 0);
    expect_one_event(f, F_TRANSLATION);
    g_assert_true(f->event.stall);
    map_hole(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    expect_done(f, IOMMU_STATUS_OK);
}

static void test_invalidation_spares_stalls(Fix *f)
{
    one_stall(f);
    map_hole(f);
    cmd(f, smmu_make_tlbi_nsnh_all());
    cmd(f, smmu_make_cfgi_all());
    g_assert_cmpuint(f->ram.stall_count, ==, 0);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    expect_done(f, IOMMU_STATUS_OK);
}

static void test_retry_sees_new_configuration(Fix *f)
{
    one_stall(f);
    ste_bypass(f->ste);
    put_ste(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    expect_done(f, IOMMU_STATUS_OK);
    g_assert_cmphex(f->ram.stalls[0].result.pa, ==, VA_HOLE);
}

static void test_resume_abort(Fix *f)
{
    one_stall(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, false, true));
    expect_done(f, IOMMU_STATUS_ABORT);
    expect_one_event(f, 0);
}

static void test_resume_razwi(Fix *f)
{
    one_stall(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, false, false));
    expect_done(f, IOMMU_STATUS_RAZWI);
}

static void edit_term_model(SmmuConfig *c)
{
    c->term_model = true;
}

static void test_resume_term_model(Fix *f)
{
    one_stall(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, false, false));
    expect_done(f, IOMMU_STATUS_ABORT);
}

static void test_resume_wrong_stream(Fix *f)
{
    one_stall(f);
    cmd(f, smmu_make_resume(SID + 1, f->event.stag, false, true));
    g_assert_cmpuint(f->ram.stall_count, ==, 0);
}

static void test_resume_unknown_stag(Fix *f)
{
    one_stall(f);
    cmd(f, smmu_make_resume(SID, f->event.stag + 1, false, true));
    cmd(f, smmu_make_resume(SID, 0xffff, false, true));
    g_assert_cmpuint(f->ram.stall_count, ==, 0);
}

static void test_resume_twice(Fix *f)
{
    one_stall(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, false, true));
    cmd(f, smmu_make_resume(SID, f->event.stag, false, true));
    expect_done(f, IOMMU_STATUS_ABORT);
}

static void test_stall_term(Fix *f)
{
    one_stall(f);
    cmd(f, smmu_make_stall_term(SID + 1));
    g_assert_cmpuint(f->ram.stall_count, ==, 0);
    cmd(f, smmu_make_stall_term(SID));
    expect_done(f, IOMMU_STATUS_ABORT);
}

static void test_smmuen_off_ends_stalls(Fix *f)
{
    one_stall(f);
    cr0_set(f, CR0_SMMUEN, 0);
    expect_done(f, IOMMU_STATUS_ABORT);
}

static void test_stage2_stall(Fix *f)
{
    scene_stage2(f);
    ste_put_field(f, STE_S2S, 1);
    g_assert_cmpint(stalling_access(f, IPA + 64 * PAGE, 77).status, ==, IOMMU_STATUS_STALLED);
    expect_one_event(f, F_TRANSLATION);
    g_assert_true(f->event.s2);
    g_assert_true(f->event.stall);
    arm_pages_map_smallest(&f->s2, IPA + 64 * PAGE, PA, PAGE, ARM_S2_RW);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    expect_done(f, IOMMU_STATUS_OK);
}

static void test_table_walk_stall(Fix *f)
{
    uint64_t page;

    scene_nested(f);
    ste_put_field(f, STE_S2S, 1);
    page = arm_pages_desc_input(&f->s1, VA, 3) & ~low_mask(12);
    arm_pages_unmap(&f->s2, page);
    g_assert_cmpint(stalling_access(f, VA, 77).status, ==, IOMMU_STATUS_STALLED);
    expect_one_event(f, F_TRANSLATION);
    g_assert_cmpuint(f->event.cls, ==, EVT_CLASS_TT);
    arm_pages_map_smallest(&f->s2, page, page - IPA_DELTA, PAGE, ARM_S2_RW);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    expect_done(f, IOMMU_STATUS_OK);
}

static void test_config_error_never_stalls(Fix *f)
{
    scene_stage1(f);
    field_set(f->cd, CD_S, 1);
    cd_put_field(f, CD_AA64, 0);
    g_assert_cmpint(stalling_access(f, VA, 77).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, C_BAD_CD);
}

static void test_walk_abort_never_stalls(Fix *f)
{
    uint64_t at;

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    at = arm_pages_desc_addr(&f->s1, VA, 3);
    ramhost_abort(&f->ram, at, at + 7, RAMHOST_READ);
    g_assert_cmpint(stalling_access(f, VA, 77).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_WALK_EABT);
}

static void test_client_that_cannot_wait(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    g_assert_cmpint(stalling_access(f, VA_HOLE, 0).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_TRANSLATION);
    g_assert_false(f->event.stall);
}

/* CD.A decides about transactions that are configured to be terminated; this one is not (3.12). */
static void test_client_that_cannot_wait_aborts(Fix *f)
{
    scene_stage1(f);
    field_set(f->cd, CD_A, 0);
    cd_put_field(f, CD_S, 1);
    g_assert_cmpint(stalling_access(f, VA_HOLE, 0).status, ==, IOMMU_STATUS_ABORT);
}

static void test_other_transactions_pass(Fix *f)
{
    one_stall(f);
    expect_ok(f, VA, true, PA);
}

static void test_r_ignored_by_stall(Fix *f)
{
    scene_stage1(f);
    field_set(f->cd, CD_R, 0);
    cd_put_field(f, CD_S, 1);
    g_assert_cmpint(stalling_access(f, VA_HOLE, 77).status, ==, IOMMU_STATUS_STALLED);
    expect_one_event(f, F_TRANSLATION);
}

/* ---- A queue that cannot take the record -------------------------------------------------- */

static void test_queue_disabled(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    cr0_set(f, CR0_EVENTQEN, 0);
    g_assert_cmpint(stalling_access(f, VA_HOLE, 77).status, ==, IOMMU_STATUS_STALLED);
    cr0_set(f, CR0_EVENTQEN, 1);
    expect_one_event(f, F_TRANSLATION);
    g_assert_true(f->event.stall);
}

static void test_queue_disabled_then_fixed(Fix *f)
{
    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    cr0_set(f, CR0_EVENTQEN, 0);
    stalling_access(f, VA_HOLE, 77);
    map_hole(f);
    cr0_set(f, CR0_EVENTQEN, 1);
    expect_one_event(f, 0);
    expect_done(f, IOMMU_STATUS_OK);
}

static void test_queue_full(Fix *f)
{
    unsigned entries = 1u << f->drv.eventq_log2size;
    SmmuEventWords e;

    scene_stage1(f);
    for (unsigned i = 0; i < entries; i++) {
        access_at(f, VA_HOLE, false);
    }
    cd_put_field(f, CD_S, 1);
    g_assert_cmpint(stalling_access(f, VA_HOLE, 77).status, ==, IOMMU_STATUS_STALLED);
    g_assert_cmpuint(reg_get(rd(f, SMMU_EVENTQ_PROD), Q_OVFLG), ==, 0);
    for (unsigned i = 0; i < entries; i++) {
        g_assert_true(smmu_driver_event(&f->drv, &e));
        g_assert_false(e.stall);
    }
    expect_one_event(f, F_TRANSLATION);
    g_assert_true(f->event.stall);
}

static void edit_stall_max2(SmmuConfig *c)
{
    c->stall_max = 2;
}

static void test_stall_max(Fix *f)
{
    SmmuEventWords first;

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(stalling_access(f, VA_HOLE, 77 + i).status, ==, IOMMU_STATUS_STALLED);
    }
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 2);
    g_assert_true(smmu_driver_event(&f->drv, &first));
    g_assert_true(smmu_driver_event(&f->drv, &f->event));
    g_assert_cmpuint(first.stag, !=, f->event.stag);
    cmd(f, smmu_make_resume(SID, first.stag, false, true));
    expect_done(f, IOMMU_STATUS_ABORT);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 1);
}

static void test_more_stalls_than_room(Fix *f)
{
    unsigned stalled = 0;

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    for (unsigned i = 0; i < 1000; i++) {
        stalled += stalling_access(f, VA_HOLE, i + 1).status == IOMMU_STATUS_STALLED;
    }
    g_assert_cmpuint(stalled, >, 2);
    g_assert_cmpuint(stalled, <, 1000);
    cmd(f, smmu_make_stall_term(SID));
    g_assert_cmpuint(f->ram.stall_count, ==, stalled);
}

static void test_no_room_aborts(Fix *f)
{
    IommuResult res = { .status = IOMMU_STATUS_STALLED };

    scene_stage1(f);
    field_set(f->cd, CD_A, 0);
    cd_put_field(f, CD_S, 1);
    for (unsigned i = 0; i < 1000 && res.status == IOMMU_STATUS_STALLED; i++) {
        res = stalling_access(f, VA_HOLE, i + 1);
    }
    g_assert_cmpint(res.status, ==, IOMMU_STATUS_ABORT);
}

static void test_counts_once(Fix *f)
{
    one_stall(f);
    map_hole(f);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    g_assert_cmpuint(f->m->counters.transactions, ==, 1);
    g_assert_cmpuint(f->m->counters.stalled, ==, 1);
}

/* ---- A, R, S ------------------------------------------------------------------------------ */

typedef struct Ars {
    const char *name;
    bool a, r;
    IommuStatus status;
    uint8_t event;
} Ars;

static const Ars ars[] = {
    { "000-razwi-silent", false, false, IOMMU_STATUS_RAZWI, 0 },
    { "010-razwi-recorded", false, true, IOMMU_STATUS_RAZWI, F_TRANSLATION },
    { "100-abort-silent", true, false, IOMMU_STATUS_ABORT, 0 },
    { "110-abort-recorded", true, true, IOMMU_STATUS_ABORT, F_TRANSLATION },
};

static void test_ars(Fix *f)
{
    const Ars *row = f->data;

    scene_stage1(f);
    field_set(f->cd, CD_A, row->a);
    cd_put_field(f, CD_R, row->r);
    g_assert_cmpint(access_at(f, VA_HOLE, false).status, ==, row->status);
    expect_one_event(f, row->event);
}

static void test_config_error_ignores_r(Fix *f)
{
    scene_stage1(f);
    field_set(f->cd, CD_R, 0);
    cd_put_field(f, CD_AA64, 0);
    expect_event(f, VA, false, C_BAD_CD);
}

static void test_s2r(Fix *f)
{
    scene_stage2(f);
    ste_put_field(f, STE_S2R, 0);
    expect_event(f, IPA + 64 * PAGE, false, 0);
}

static void test_stage2_always_aborts(Fix *f)
{
    scene_nested(f);
    cd_put_field(f, CD_A, 0);
    arm_pages_unmap(&f->s2, IPA);
    expect_event(f, VA, false, F_TRANSLATION);
    g_assert_true(f->event.s2);
}

static void expect_ill(Fix *f, SmmuCmdWords c)
{
    smmu_driver_push(&f->drv, c);
    g_assert_cmpint(smmu_driver_cmdq_error(&f->drv), ==, CERROR_ILL);
    smmu_driver_cmdq_recover(&f->drv, smmu_make_sync(SYNC_CS_NONE));
}

static void test_resume_illegal(Fix *f)
{
    expect_ill(f, smmu_make_resume(SID, 0, true, false));
}

static void test_stall_term_illegal(Fix *f)
{
    expect_ill(f, smmu_make_stall_term(SID));
}

/* A record of a stall that was never made, as only a saved state that was tampered with has one. */
static void test_record_of_no_stall(Fix *f)
{
    IommuRecord r = { .kind = 2 /* a stall's */, .bytes = EVENT_BYTES };

    one_stall(f);
    for (uint32_t slot = 1; slot <= UINT16_MAX; slot++) {
        r.tag = slot;
        f->m->ops->commit(f->m, &r);
    }
    expect_one_event(f, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/stall/FM10-resume-retry", test_resume_retry);
    fix_add("/smmuv3/stall/FM13-resume-retry-faults-again", test_resume_retry_faults_again);
    fix_add("/smmuv3/stall/CM17-invalidation-spares-stalls", test_invalidation_spares_stalls);
    fix_add("/smmuv3/stall/CM17+FM10-retry-sees-new-configuration",
            test_retry_sees_new_configuration);
    fix_add("/smmuv3/stall/CM30-resume-abort", test_resume_abort);
    fix_add("/smmuv3/stall/CM30-resume-razwi", test_resume_razwi);
    fix_add_config("/smmuv3/stall/CM30-resume-with-TERM_MODEL", "max", edit_term_model,
                   test_resume_term_model);
    fix_add("/smmuv3/stall/CM30-resume-wrong-stream", test_resume_wrong_stream);
    fix_add("/smmuv3/stall/CM30-resume-unknown-stag", test_resume_unknown_stag);
    fix_add("/smmuv3/stall/FM9-resume-twice", test_resume_twice);
    fix_add("/smmuv3/stall/CM31-stall-term", test_stall_term);
    fix_add("/smmuv3/stall/RG15-smmuen-off-ends-stalls", test_smmuen_off_ends_stalls);
    fix_add("/smmuv3/stall/FM4-stage2-stall", test_stage2_stall);
    fix_add_profiles("/smmuv3/stall/FM3-table-walk-stall", test_table_walk_stall);
    fix_add("/smmuv3/stall/FM1-config-error-never-stalls", test_config_error_never_stalls);
    fix_add("/smmuv3/stall/FM1-walk-abort-never-stalls", test_walk_abort_never_stalls);
    fix_add("/smmuv3/stall/FM8-client-that-cannot-wait", test_client_that_cannot_wait);
    fix_add("/smmuv3/stall/FM8-client-that-cannot-wait-aborts",
            test_client_that_cannot_wait_aborts);
    fix_add("/smmuv3/stall/FM16-other-transactions-pass", test_other_transactions_pass);
    fix_add("/smmuv3/stall/FM5-R-ignored-by-stall", test_r_ignored_by_stall);
    fix_add("/smmuv3/stall/FM11+Q6-queue-disabled", test_queue_disabled);
    fix_add("/smmuv3/stall/EV3-queue-disabled-then-fixed", test_queue_disabled_then_fixed);
    fix_add("/smmuv3/stall/Q12-queue-full-is-no-overflow", test_queue_full);
    fix_add_config("/smmuv3/stall/ID7-STALL_MAX", "max", edit_stall_max2, test_stall_max);
    fix_add_config("/smmuv3/stall/FM8-more-stalls-than-room", "max", edit_stall_max2,
                   test_more_stalls_than_room);
    fix_add_config("/smmuv3/stall/FM8-no-room-aborts", "max", edit_stall_max2,
                   test_no_room_aborts);
    fix_add("/smmuv3/stall/counts-once", test_counts_once);
    for (size_t i = 0; i < G_N_ELEMENTS(ars); i++) {
        char *name = g_strconcat("/smmuv3/stall/FM19-ARS-", ars[i].name, NULL);

        fix_add_data(name, "max", NULL, test_ars, &ars[i]);
        g_free(name);
    }
    fix_add("/smmuv3/stall/FM1-config-error-ignores-R", test_config_error_ignores_r);
    fix_add("/smmuv3/stall/FM5-S2R-silences", test_s2r);
    fix_add("/smmuv3/stall/FM7+FM15-stage2-always-aborts", test_stage2_always_aborts);
    fix_add_config("/smmuv3/stall/CM30+FM6-illegal-without-stalls", "max", edit_no_stall,
                   test_resume_illegal);
    fix_add_config("/smmuv3/stall/CM31-illegal-without-stalls", "max", edit_no_stall,
                   test_stall_term_illegal);
    fix_add("/smmuv3/stall/record-of-no-stall", test_record_of_no_stall);
    return g_test_run();
}

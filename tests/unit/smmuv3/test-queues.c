/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event queue, command queue, interrupts and global errors (IHI 0070 3.5, 3.18, 4, 7.1 to 7.5).
 */
#include "fixture.h"

/* ---- Event records ------------------------------------------------------------------------ */

static void test_record_fields(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE + 0x123, false);

    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    t.has_pasid = true;
    t.pasid = SSID;
    t.priv = true;
    t.exec = true;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_TRANSLATION);
    g_assert_true(f->event.ssv);
    g_assert_cmpuint(f->event.ssid, ==, SSID);
    g_assert_true(f->event.pnu);
    g_assert_true(f->event.ind);
    g_assert_true(f->event.rnw);
    g_assert_cmphex(f->event.input_addr, ==, VA_HOLE + 0x123);
    g_assert_cmphex(f->event.w[3], ==, 0);
    g_assert_false(f->event.stall);
}

static void test_write_is_not_ind(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, true);

    scene_stage1(f);
    t.exec = true;
    run(f, &t);
    expect_one_event(f, F_TRANSLATION);
    g_assert_false(f->event.ind);
    g_assert_false(f->event.rnw);
}

static void test_config_record_is_bare(Fix *f)
{
    expect_event(f, VA, true, C_BAD_STE);
    g_assert_cmphex(f->event.w[0], ==, C_BAD_STE | (uint64_t)SID << 32);
    g_assert_cmphex(f->event.w[1], ==, 0);
    g_assert_cmphex(f->event.w[2], ==, 0);
    g_assert_cmphex(f->event.w[3], ==, 0);
}

/* ---- Priority (7.3.22): each cause hides the later ones ----------------------------------- */

static void test_priority(Fix *f)
{
    uint64_t ste_at, cd_at;

    scene_substreams(f, STE_S1FMT_LINEAR, 4);
    ste_at = stream_table_addr(&f->streams, SID);
    cd_at = cd_table_addr(&f->cds, SSID);
    arm_pages_unmap(&f->s1, VA);
    ramhost_abort(&f->ram, cd_at, cd_at + 7, RAMHOST_READ);
    g_assert_cmpint(access_ssid(f, SSID, VA, false).status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, F_CD_FETCH);
    ste_put_field(f, STE_S1DSS, STE_S1DSS_SUBSTREAM0);
    access_ssid(f, 0, VA, false);
    expect_one_event(f, F_STREAM_DISABLED);
    access_ssid(f, 16, VA, false);
    expect_one_event(f, C_BAD_SUBSTREAMID);
    ste_put_field(f, STE_V, 0);
    access_ssid(f, 16, VA, false);
    expect_one_event(f, C_BAD_STE);
    ramhost_abort(&f->ram, ste_at, ste_at + 7, RAMHOST_READ);
    access_ssid(f, 16, VA, false);
    expect_one_event(f, F_STE_FETCH);
}

static void test_bad_cd_before_translation(Fix *f)
{
    scene_stage1(f);
    arm_pages_unmap(&f->s1, VA);
    cd_put_field(f, CD_V, 0);
    expect_event(f, VA, false, C_BAD_CD);
}

/* ---- Event queue -------------------------------------------------------------------------- */

static void test_overflow(Fix *f)
{
    unsigned entries = 1u << f->drv.eventq_log2size;

    scene_stage1(f);
    for (unsigned i = 0; i < entries; i++) {
        access_at(f, VA_HOLE, i & 1);
    }
    g_assert_cmpuint(reg_get(rd(f, SMMU_EVENTQ_PROD), Q_OVFLG), ==, 0);
    access_at(f, VA_HOLE, false);
    g_assert_cmpuint(reg_get(rd(f, SMMU_EVENTQ_PROD), Q_OVFLG), ==, 1);
    access_at(f, VA_HOLE, false);
    g_assert_cmpuint(reg_get(rd(f, SMMU_EVENTQ_PROD), Q_OVFLG), ==, 1);
    g_assert_cmpuint(f->m->counters.events_lost, ==, 2);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, entries);
}

static void test_overflow_does_not_block(Fix *f)
{
    SmmuEventWords e;

    test_overflow(f);
    g_assert_true(smmu_driver_event(&f->drv, &e));
    access_at(f, VA_HOLE, false);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 1u << f->drv.eventq_log2size);
}

static void test_disabled_queue_drops(Fix *f)
{
    cr0_set(f, CR0_EVENTQEN, 0);
    g_assert_cmpint(access_at(f, VA, false).status, ==, IOMMU_STATUS_ABORT);
    g_assert_cmpuint(reg_get(rd(f, SMMU_EVENTQ_PROD), Q_INDEX), ==, 0);
    g_assert_cmpuint(reg_get(rd(f, SMMU_EVENTQ_PROD), Q_OVFLG), ==, 0);
}

static void test_event_write_abort(Fix *f)
{
    ramhost_abort(&f->ram, f->drv.eventq, f->drv.eventq + 31, RAMHOST_WRITE);
    access_at(f, VA, false);
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, field_mask(GERROR_EVENTQ_ABT_ERR));
    g_assert_cmpuint(rd(f, SMMU_EVENTQ_PROD), ==, 0);
    ramhost_abort_none(&f->ram);
    access_at(f, VA, false);
    g_assert_cmpuint(rd(f, SMMU_EVENTQ_PROD), ==, 0);
    wr(f, SMMU_GERRORN, rd(f, SMMU_GERROR));
    expect_event(f, VA, false, C_BAD_STE);
}

/** The record is on its way: software must not be told yet. */
static void prod_not_moved(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    Fix *f = opaque;

    (void)kind;
    (void)addr;
    (void)n;
    g_assert_cmpuint(rd(f, SMMU_EVENTQ_PROD), ==, 0);
    g_assert_cmpuint(ram->pulses, ==, 0);
}

static void test_record_before_prod(Fix *f)
{
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_EVENTQ_IRQEN)));
    ramhost_forget(&f->ram);
    ramhost_hook(&f->ram, prod_not_moved, f, RAMHOST_WRITE, 1);
    access_at(f, VA, false);
    g_assert_cmpuint(rd(f, SMMU_EVENTQ_PROD), ==, 1);
    g_assert_cmpuint(f->ram.pulses, ==, 1);
}

static void test_queue_shrinks(Fix *f)
{
    expect_event(f, VA, false, C_BAD_STE);
    cr0_set(f, CR0_EVENTQEN, 0);
    wr(f, SMMU_EVENTQ_PROD, 0x1f);
    wr(f, SMMU_EVENTQ_CONS, 0x1f);
    wr64(f, SMMU_EVENTQ_BASE, reg_set(rd64(f, SMMU_EVENTQ_BASE), Q_BASE_LOG2SIZE, 2));
    cr0_set(f, CR0_EVENTQEN, 1);
    access_at(f, VA, false);
    g_assert_cmpuint(rd(f, SMMU_EVENTQ_PROD), ==, 0);
}

static void test_va_outside_vas(Fix *f)
{
    scene_stage1(f);
    cmd(f, smmu_make_tlbi_nh_va(0, ASID, 1ull << 54, false));
    expect_ok(f, VA, false, PA);
}

static void test_queue_wraps(Fix *f)
{
    unsigned entries = 1u << f->drv.eventq_log2size;

    for (unsigned i = 0; i < 3 * entries; i++) {
        expect_event(f, VA, false, C_BAD_STE);
    }
}

static void test_inconsistent_eventq(Fix *f)
{
    wr(f, SMMU_EVENTQ_CONS, 5);
    access_at(f, VA, false);
    g_assert_cmpuint(reg_get(rd(f, SMMU_EVENTQ_PROD), Q_INDEX), ==, 0);
}

static void test_merge_off(Fix *f)
{
    scene_stage1(f);
    access_at(f, VA_HOLE, false);
    access_at(f, VA_HOLE + 8, false);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 2);
}

static void test_merge_on(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_MEV, 1);
    access_at(f, VA_HOLE, false);
    access_at(f, VA_HOLE + 8, false);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 1);
    access_at(f, VA_HOLE, true);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 2);
    access_at(f, VA_HOLE + PAGE, true);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 3);
}

static void test_read_event_is_not_merged_into(Fix *f)
{
    scene_stage1(f);
    ste_put_field(f, STE_MEV, 1);
    expect_event(f, VA_HOLE, false, F_TRANSLATION);
    expect_event(f, VA_HOLE, false, F_TRANSLATION);
}

/* ---- Command queue ------------------------------------------------------------------------ */

static void push_raw(Fix *f, uint64_t w0, uint64_t w1)
{
    SmmuCmdWords c = { .w = { w0, w1 } };

    smmu_driver_push(&f->drv, c);
}

static void expect_ill(Fix *f, SmmuCmdWords c)
{
    uint32_t cons = rd(f, SMMU_CMDQ_CONS);

    smmu_driver_push(&f->drv, c);
    g_assert_cmpint(smmu_driver_cmdq_error(&f->drv), ==, CERROR_ILL);
    g_assert_cmpuint(reg_get(rd(f, SMMU_CMDQ_CONS), Q_INDEX), ==, reg_get(cons, Q_INDEX));
    smmu_driver_cmdq_recover(&f->drv, smmu_make_sync(SYNC_CS_NONE));
    g_assert_true(smmu_driver_drain(&f->drv));
}

/** Opcodes that a Non-secure queue of "max" must not know. */
static void test_unknown_opcodes(Fix *f)
{
    static const uint8_t absent[] = {
        0x00, 0x07, 0x08, 0x14, 0x18, 0x1a, 0x29, 0x31, 0x42, 0x47, 0x50, 0x51, 0x52, 0x53, 0x58,
        0x5a, 0x60, 0x70, 0x73, 0x80, 0x8f, 0xff,
    };

    for (size_t i = 0; i < sizeof(absent); i++) {
        expect_ill(f, (SmmuCmdWords) { .w = { absent[i], 0 } });
    }
}

static void test_ssec(Fix *f)
{
    SmmuCmdWords c = smmu_make_cfgi_all();

    field_set(c.w, CMD_SSEC, 1);
    expect_ill(f, c);
}

static void test_stage1_only_commands(Fix *f)
{
    expect_ill(f, smmu_make_tlbi_s12_vmall(0));
    expect_ill(f, smmu_make_tlbi_s2_ipa(0, 0, false));
    expect_ill(f, smmu_make_tlbi_el2_all());
    cmd(f, smmu_make_tlbi_nsnh_all());
    cmd(f, smmu_make_tlbi_nh_all(0));
}

static void test_stage2_only_commands(Fix *f)
{
    expect_ill(f, smmu_make_cfgi_cd(SID, 0, true));
    expect_ill(f, smmu_make_cfgi_cd_all(SID));
    expect_ill(f, smmu_make_tlbi_nh_all(0));
    expect_ill(f, smmu_make_tlbi_nh_asid(0, 0));
    expect_ill(f, smmu_make_tlbi_nh_va(0, 0, 0, false));
    expect_ill(f, smmu_make_tlbi_nh_vaa(0, 0, false));
    cmd(f, smmu_make_tlbi_s12_vmall(0));
    cmd(f, smmu_make_tlbi_nsnh_all());
}

static void edit_no_hyp(SmmuConfig *c)
{
    c->minor = 1;
    smmu_config_trim(c);
    c->hyp = false;
}

static void test_no_hyp_commands(Fix *f)
{
    expect_ill(f, smmu_make_tlbi_el2_all());
    expect_ill(f, smmu_make_tlbi_el2_asid(0));
    expect_ill(f, smmu_make_tlbi_el2_va(0, 0, false));
    expect_ill(f, smmu_make_tlbi_el2_vaa(0, false));
}

static void edit_no_ats(SmmuConfig *c)
{
    c->ats = c->pri = c->pps = c->pasidtt = c->atsrecerr = false;
}

static void test_no_ats_commands(Fix *f)
{
    expect_ill(f, smmu_make_atc_inv(SID, false, 0, false, 0, 0));
    expect_ill(f, smmu_make_pri_resp(SID, false, 0, 0, PRI_RESP_SUCCESS));
}

static void test_bad_parameters(Fix *f)
{
    SmmuCmdWords c = smmu_make_tlbi_nh_va(0, 0, 0, false);

    expect_ill(f, smmu_make_sync(3));
    expect_ill(f, smmu_make_atc_inv(SID, false, 0, false, 0, 53));
    expect_ill(f, smmu_make_pri_resp(SID, false, 0, 0, 3));
    field_set(c.w, CMD_TLBI_TG, TLBI_TG_4K);
    expect_ill(f, c);
    field_set(c.w, CMD_TLBI_TTL, 3);
    cmd(f, c);
}

static void test_error_stops_queue(Fix *f)
{
    scene_bypass(f);
    push_raw(f, 0xff, 0);
    expect_ok(f, PA, false, PA);
    ste_abort(f->ste);
    stream_table_set(&f->streams, SID, f->ste);
    smmu_driver_push(&f->drv, smmu_make_cfgi_all());
    expect_ok(f, PA, false, PA);
    g_assert_true(rd(f, SMMU_GERROR) & field_mask(GERROR_CMDQ_ERR));
    smmu_driver_cmdq_recover(&f->drv, smmu_make_sync(SYNC_CS_NONE));
    g_assert_true(smmu_driver_drain(&f->drv));
    expect_event(f, PA, false, 0);
}

static void test_cmdqen_does_not_ack(Fix *f)
{
    push_raw(f, 0xff, 0);
    cr0_set(f, CR0_CMDQEN, 0);
    cr0_set(f, CR0_CMDQEN, 1);
    g_assert_cmpint(smmu_driver_cmdq_error(&f->drv), ==, CERROR_ILL);
    g_assert_false(smmu_driver_drain(&f->drv));
}

static void test_fetch_abort(Fix *f)
{
    uint64_t at = f->drv.cmdq + CMD_BYTES * (f->drv.cmdq_prod & low_mask(f->drv.cmdq_log2size));

    ramhost_abort(&f->ram, at, at + 15, RAMHOST_READ);
    smmu_driver_push(&f->drv, smmu_make_sync(SYNC_CS_NONE));
    g_assert_cmpint(smmu_driver_cmdq_error(&f->drv), ==, CERROR_ABT);
    ramhost_abort_none(&f->ram);
    wr(f, SMMU_GERRORN, rd(f, SMMU_GERROR));
    g_assert_true(smmu_driver_drain(&f->drv));
}

static void test_disabled_queue_waits(Fix *f)
{
    scene_bypass(f);
    expect_ok(f, PA, false, PA);
    ste_abort(f->ste);
    stream_table_set(&f->streams, SID, f->ste);
    cr0_set(f, CR0_CMDQEN, 0);
    smmu_driver_push(&f->drv, smmu_make_cfgi_all());
    expect_ok(f, PA, false, PA);
    cr0_set(f, CR0_CMDQEN, 1);
    expect_event(f, PA, false, 0);
}

static void test_inconsistent_cmdq(Fix *f)
{
    uint32_t size = 1u << f->drv.cmdq_log2size;
    uint32_t cons = rd(f, SMMU_CMDQ_CONS);

    wr(f, SMMU_CMDQ_PROD, (cons + size + 1) & (2 * size - 1));
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), ==, cons);
    g_assert_cmpuint(f->ram.errors, ==, 1);
}

static void test_full_lap(Fix *f)
{
    uint32_t size = 1u << f->drv.cmdq_log2size;
    uint32_t cons = rd(f, SMMU_CMDQ_CONS);
    SmmuCmdWords c = smmu_make_cfgi_all();

    for (uint32_t i = 0; i < size; i++) {
        gmem_write_words(&f->mem, f->drv.cmdq + i * CMD_BYTES, c.w, CMD_WORDS);
    }
    f->m->counters.commands = 0;
    wr(f, SMMU_CMDQ_PROD, (cons + size) & (2 * size - 1));
    g_assert_cmpuint(f->m->counters.commands, ==, size);
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), ==, rd(f, SMMU_CMDQ_PROD));
}

static void test_prefetch(Fix *f)
{
    scene_stage1(f);
    cmd(f, smmu_make_prefetch_config(SID, false, 0));
    cmd(f, smmu_make_prefetch_config(31, false, 0));
    cmd(f, smmu_make_prefetch_config(UINT32_MAX, true, 0xfffff));
    cmd(f, smmu_make_prefetch_addr(SID, false, 0, VA, 0));
    cmd(f, smmu_make_prefetch_addr(SID, false, 0, VA_HOLE, 31));
    cmd(f, smmu_make_prefetch_addr(SID, true, 3, VA, 3));
    expect_one_event(f, 0);
    ramhost_forget(&f->ram);
    expect_ok(f, VA, false, PA);
    g_assert_cmpuint(f->ram.reads, ==, 0);
}

static void test_prefetch_does_not_dirty(Fix *f)
{
    uint64_t desc;

    scene_stage1(f);
    field_set(f->cd, CD_HA, 1);
    cd_put_field(f, CD_HD, 1);
    desc = arm_pages_get(&f->s1, VA) | field_mask(PTE_AP2) | field_mask(PTE_DBM);
    arm_pages_set(&f->s1, VA, desc);
    cmd(f, smmu_make_prefetch_addr(SID, false, 0, VA, 0));
    g_assert_cmphex(arm_pages_get(&f->s1, VA), ==, desc);
}

static void test_prefetch_disabled(Fix *f)
{
    scene_stage1(f);
    cr0_set(f, CR0_SMMUEN, 0);
    f->m->counters.config_reads = 0;
    cmd(f, smmu_make_prefetch_addr(SID, false, 0, VA, 0));
    g_assert_cmpuint(f->m->counters.config_reads, ==, 0);
}

/* ---- CMD_SYNC ----------------------------------------------------------------------------- */

static void test_sync_none(Fix *f)
{
    ramhost_forget(&f->ram);
    cmd(f, smmu_make_sync(SYNC_CS_NONE));
    g_assert_cmpuint(f->ram.pulses, ==, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
}

static void test_sync_sev_is_none(Fix *f)
{
    SmmuCmdWords c = smmu_make_sync_msi(0x1400040, 1);
    uint32_t cons = rd(f, SMMU_CMDQ_CONS);

    field_set(c.w, CMD_SYNC_CS, SYNC_CS_SEV);
    ramhost_forget(&f->ram);
    g_assert_true(smmu_driver_push(&f->drv, c));
    g_assert_cmpuint(f->ram.pulses, ==, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), !=, cons);
    g_assert_cmpuint(rd(f, SMMU_GERROR), ==, 0);
}

static void test_sync_irq(Fix *f)
{
    ramhost_forget(&f->ram);
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_sync(SYNC_CS_IRQ)));
    g_assert_cmpuint(f->ram.pulses, ==, 1);
    g_assert_cmpuint(f->ram.pulse_lines[0], ==, SMMU_IRQ_CMDQ_SYNC);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
}

static void test_sync_msi(Fix *f)
{
    SmmuCmdWords c = smmu_make_sync_msi(0x1400040, 0xabcd);

    field_set(c.w, CMD_SYNC_MSIATTR, 0xf);
    field_set(c.w, CMD_SYNC_MSH, SH_ISH);
    ramhost_forget(&f->ram);
    g_assert_true(smmu_driver_push(&f->drv, c));
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, 0x1400040);
    g_assert_cmphex(f->ram.msis[0].data, ==, 0xabcd);
    g_assert_cmphex(f->ram.msis[0].attr.type, ==, 0xff);
    g_assert_cmpuint(f->ram.msis[0].attr.sh, ==, SH_ISH);
}

static void test_sync_msi_device(Fix *f)
{
    SmmuCmdWords c = smmu_make_sync_msi(0x1400040, 1);

    field_set(c.w, CMD_SYNC_MSIATTR, 1);
    field_set(c.w, CMD_SYNC_MSH, 0);
    g_assert_true(smmu_driver_push(&f->drv, c));
    g_assert_cmphex(f->ram.msis[0].attr.type, ==, 0x04);
    g_assert_cmpuint(f->ram.msis[0].attr.sh, ==, SH_OSH);
}

static void test_sync_msi_abort(Fix *f)
{
    ramhost_abort(&f->ram, 0x1400040, 0x1400043, RAMHOST_MSI);
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_sync_msi(0x1400040, 1)));
    g_assert_true(rd(f, SMMU_GERROR) & field_mask(GERROR_MSI_CMDQ_ABT_ERR));
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), ==, rd(f, SMMU_CMDQ_PROD));
}

static void edit_no_msi(SmmuConfig *c)
{
    c->msi = c->ecmdq = false;
}

static void test_sync_without_msi(Fix *f)
{
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_sync_msi(0x1400040, 1)));
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    g_assert_cmpuint(f->ram.pulses, ==, 1);
}

/* ---- Interrupts --------------------------------------------------------------------------- */

static void test_eventq_irq(Fix *f)
{
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_EVENTQ_IRQEN)));
    ramhost_forget(&f->ram);
    access_at(f, VA, false);
    access_at(f, VA + PAGE, true);
    g_assert_cmpuint(f->ram.pulses, ==, 1);
    g_assert_cmpuint(f->ram.pulse_lines[0], ==, SMMU_IRQ_EVENTQ);
    while (smmu_driver_event(&f->drv, &f->event)) {
        continue;
    }
    access_at(f, VA, false);
    g_assert_cmpuint(f->ram.pulses, ==, 2);
}

static void test_eventq_irq_off(Fix *f)
{
    ramhost_forget(&f->ram);
    access_at(f, VA, false);
    g_assert_cmpuint(f->ram.pulses, ==, 0);
}

static void eventq_msi(Fix *f)
{
    wr64(f, SMMU_EVENTQ_IRQ_CFG0, 0x1400080);
    wr(f, SMMU_EVENTQ_IRQ_CFG1, 42);
    wr(f, SMMU_EVENTQ_IRQ_CFG2, 0xf | SH_ISH << 4);
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_EVENTQ_IRQEN) |
                                                    field_mask(IRQ_CTRL_GERROR_IRQEN)));
    ramhost_forget(&f->ram);
}

static void test_eventq_msi(Fix *f)
{
    eventq_msi(f);
    access_at(f, VA, false);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, 0x1400080);
    g_assert_cmpuint(f->ram.msis[0].data, ==, 42);
    g_assert_cmpuint(f->ram.msis[0].attr.sh, ==, SH_ISH);
}

static void test_eventq_msi_abort(Fix *f)
{
    eventq_msi(f);
    ramhost_abort(&f->ram, 0x1400080, 0x1400083, RAMHOST_MSI);
    access_at(f, VA, false);
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, field_mask(GERROR_MSI_EVENTQ_ABT_ERR));
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 1);
}

static void test_gerror_irq(Fix *f)
{
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_GERROR_IRQEN)));
    ramhost_forget(&f->ram);
    push_raw(f, 0xff, 0);
    g_assert_cmpuint(f->ram.pulses, ==, 1);
    g_assert_cmpuint(f->ram.pulse_lines[0], ==, SMMU_IRQ_GERROR);
}

static void test_gerror_msi_abort_is_quiet(Fix *f)
{
    wr64(f, SMMU_GERROR_IRQ_CFG0, 0x1400080);
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_GERROR_IRQEN)));
    ramhost_abort(&f->ram, 0x1400080, 0x1400083, RAMHOST_MSI);
    ramhost_forget(&f->ram);
    push_raw(f, 0xff, 0);
    g_assert_cmphex(rd(f, SMMU_GERROR), ==,
                    field_mask(GERROR_CMDQ_ERR) | field_mask(GERROR_MSI_GERROR_ABT_ERR));
    g_assert_cmpuint(f->ram.aborts, ==, 1);
}

static void test_gerror_not_twice(Fix *f)
{
    g_assert_true(smmu_driver_irq_ctrl(&f->drv, field_mask(IRQ_CTRL_GERROR_IRQEN)));
    ramhost_abort(&f->ram, 0x1400040, 0x1400043, RAMHOST_MSI);
    ramhost_forget(&f->ram);
    smmu_driver_push(&f->drv, smmu_make_sync_msi(0x1400040, 1));
    smmu_driver_push(&f->drv, smmu_make_sync_msi(0x1400040, 1));
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, field_mask(GERROR_MSI_CMDQ_ABT_ERR));
}

static void test_irq_cfg_guarded(Fix *f)
{
    eventq_msi(f);
    wr64(f, SMMU_EVENTQ_IRQ_CFG0, 0x5000);
    wr(f, SMMU_EVENTQ_IRQ_CFG1, 7);
    g_assert_cmphex(rd64(f, SMMU_EVENTQ_IRQ_CFG0), ==, 0x1400080);
    g_assert_cmpuint(rd(f, SMMU_EVENTQ_IRQ_CFG1), ==, 42);
}

/* A queue laid over our own registers must do no harm */
static void test_event_onto_own_registers(Fix *f)
{
    cr0_set(f, CR0_EVENTQEN, 0);
    wr64(f, SMMU_EVENTQ_BASE, 0x1000ull << 32 | 4);
    cr0_set(f, CR0_EVENTQEN, 1);
    access_at(f, VA, false);
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, field_mask(GERROR_EVENTQ_ABT_ERR));
}


int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/smmuv3/queues/EV1+EV5+EV14-record-fields", test_record_fields);
    fix_add("/smmuv3/queues/EV5-write-is-not-InD", test_write_is_not_ind);
    fix_add("/smmuv3/queues/EV14-config-record-is-bare", test_config_record_is_bare);
    fix_add("/smmuv3/queues/EV11-priority", test_priority);
    fix_add("/smmuv3/queues/EV11-C_BAD_CD-before-translation", test_bad_cd_before_translation);
    fix_add("/smmuv3/queues/EV13+Q12+RG42-overflow", test_overflow);
    fix_add("/smmuv3/queues/EV13-overflow-does-not-block", test_overflow_does_not_block);
    fix_add("/smmuv3/queues/EV2+Q6-disabled-queue-drops", test_disabled_queue_drops);
    fix_add("/smmuv3/queues/EV4+Q8-event-write-abort", test_event_write_abort);
    fix_add("/smmuv3/queues/IR3+Q5-record-before-PROD", test_record_before_prod);
    fix_add("/smmuv3/queues/RG44-queue-shrinks", test_queue_shrinks);
    fix_add("/smmuv3/queues/CM26-va-outside-VAS", test_va_outside_vas);
    fix_add("/smmuv3/queues/Q1+Q2-queue-wraps", test_queue_wraps);
    fix_add("/smmuv3/queues/Q3-inconsistent-event-queue", test_inconsistent_eventq);
    fix_add("/smmuv3/queues/SE11-MEV0-does-not-merge", test_merge_off);
    fix_add("/smmuv3/queues/EV9-MEV1-merges", test_merge_on);
    fix_add("/smmuv3/queues/Q9-read-event-is-not-merged-into", test_read_event_is_not_merged_into);
    fix_add("/smmuv3/queues/CM1+CM4+CM16+CM29-unknown-opcodes", test_unknown_opcodes);
    fix_add("/smmuv3/queues/CM7-SSec", test_ssec);
    fix_add_config("/smmuv3/queues/CM23-stage1-only", "max", edit_stage1_only,
                   test_stage1_only_commands);
    fix_add_config("/smmuv3/queues/CM23-stage2-only", "max", edit_stage2_only,
                   test_stage2_only_commands);
    fix_add_config("/smmuv3/queues/CM23-no-Hyp", "max", edit_no_hyp, test_no_hyp_commands);
    fix_add_config("/smmuv3/queues/CM27-no-ATS", "max", edit_no_ats, test_no_ats_commands);
    fix_add("/smmuv3/queues/CM4-bad-parameters", test_bad_parameters);
    fix_add("/smmuv3/queues/CM38+CM39-error-stops-queue", test_error_stops_queue);
    fix_add("/smmuv3/queues/RG32-CMDQEN-does-not-acknowledge", test_cmdqen_does_not_ack);
    fix_add("/smmuv3/queues/CM5-fetch-abort", test_fetch_abort);
    fix_add("/smmuv3/queues/CM2+RG11-disabled-queue-waits", test_disabled_queue_waits);
    fix_add("/smmuv3/queues/Q3-inconsistent-command-queue", test_inconsistent_cmdq);
    fix_add("/smmuv3/queues/Q2+Q4+RG31-full-lap", test_full_lap);
    fix_add("/smmuv3/queues/CM9+CM10-prefetch", test_prefetch);
    fix_add("/smmuv3/queues/CM11-prefetch-does-not-dirty", test_prefetch_does_not_dirty);
    fix_add("/smmuv3/queues/CM10+TL15-prefetch-disabled", test_prefetch_disabled);
    fix_add("/smmuv3/queues/CM33-sync-none", test_sync_none);
    fix_add("/smmuv3/queues/CM33-sync-sev-is-none", test_sync_sev_is_none);
    fix_add("/smmuv3/queues/CM33-sync-irq", test_sync_irq);
    fix_add("/smmuv3/queues/CM33+CM40-sync-msi", test_sync_msi);
    fix_add("/smmuv3/queues/IR4-sync-msi-device", test_sync_msi_device);
    fix_add("/smmuv3/queues/CM34-sync-msi-abort", test_sync_msi_abort);
    fix_add_config("/smmuv3/queues/CM33-sync-without-msi", "max", edit_no_msi,
                   test_sync_without_msi);
    fix_add("/smmuv3/queues/IR1-event-queue", test_eventq_irq);
    fix_add("/smmuv3/queues/IR2-event-queue-off", test_eventq_irq_off);
    fix_add("/smmuv3/queues/IR2-event-queue-msi", test_eventq_msi);
    fix_add("/smmuv3/queues/IR5-event-queue-msi-abort", test_eventq_msi_abort);
    fix_add("/smmuv3/queues/IR8-gerror", test_gerror_irq);
    fix_add("/smmuv3/queues/IR8+RG26-gerror-msi-abort-is-quiet", test_gerror_msi_abort_is_quiet);
    fix_add("/smmuv3/queues/IR8-second-error-is-not-logged", test_gerror_not_twice);
    fix_add("/smmuv3/queues/RG24-irq-config-guarded", test_irq_cfg_guarded);
    fix_add("/smmuv3/queues/SY11-event-queue-outside-memory", test_event_onto_own_registers);
    return g_test_run();
}

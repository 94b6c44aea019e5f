/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where registers are, which versions have what, and what queues promise (IHI 0070 2.9, 3.5, 3.9,
 * 6.2, 6.3).
 */
#include "fixture.h"

/* ---- Places ------------------------------------------------------------------------------- */

static void test_pages(Fix *f)
{
    uint64_t vatos = 0x20000 + 0x10000ull * reg_get(rd(f, SMMU_IDR2), IDR2_BA_VATOS);
    uint64_t ecmdq = rd64(f, SMMU_CMDQ_CONTROL_PAGE_BASE(0));

    wr(f, 0x100a8, 5);
    wr64(f, vatos + 0xa08, 0x1234);
    g_assert_cmphex(rd(f, 0x100a8), ==, 5);
    g_assert_cmphex(rd(f, 0xa8), ==, 0);
    g_assert_cmphex(rd64(f, vatos + 0xa08), ==, 0x1234);
    ecmdq = field_in_place(&ecmdq, ECMDQ_PAGE_ADDR);
    g_assert_cmphex(ecmdq, >, vatos);
    g_assert_cmphex(ecmdq, <, smmu_mmio_size(&f->config));
    wr64(f, ecmdq, 0x40 | 5);
    g_assert_cmphex(rd64(f, ecmdq), ==, 0x40 | 5);
    wr(f, smmu_mmio_size(&f->config), UINT32_MAX);
    g_assert_cmphex(rd(f, smmu_mmio_size(&f->config)), ==, 0);
}

typedef struct Place {
    uint32_t offset;
    unsigned size;
    uint64_t value; /* bits that it has, different for each */
} Place;

/* Numbers of 6.2.1, not of the layout header */
static const Place places[] = {
    { 0x28, 4, 0xabc }, { 0x2c, 4, 0xb }, { 0x50, 4, 0x5 },
    { 0x68, 8, 0x11110 }, { 0x70, 4, 0x22222222 }, { 0x74, 4, 0x3f },
    { 0x80, 8, 0x3333330040 }, { 0x88, 4, 0x10205 }, { 0x90, 8, 0x4444444403 },
    { 0x98, 4, 0x6 }, { 0x9c, 4, 0x7 }, { 0xa0, 8, 0x5555555504 },
    { 0xb0, 8, 0x66664 }, { 0xb8, 4, 0x77777777 }, { 0xbc, 4, 0x2e },
    { 0xc0, 8, 0x8888888805 }, { 0xd0, 8, 0x99998 }, { 0xd8, 4, 0xaaaaaaaa },
    { 0xdc, 4, 0x8000001d }, { 0x108, 8, 0x1000300000009 }, { 0x110, 8, 0xbbbbbb000 },
    { 0x180, 4, 0xcccc }, { 0x100a8, 4, 0x8 }, { 0x100ac, 4, 0x9 }, { 0x100c8, 4, 0xa },
    { 0x100cc, 4, 0xb },
};

static void test_offsets(Fix *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        /* IRQ_CTRL last: it guards the MSI registers */
        const Place *p = &places[(i + 3) % G_N_ELEMENTS(places)];

        f->m->ops->mmio_write(f->m, p->offset, p->value, p->size);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        const Place *p = &places[i];

        if (f->m->ops->mmio_read(f->m, p->offset, p->size) != p->value) {
            g_error("register 0x%x holds 0x%llx", p->offset,
                    (unsigned long long)f->m->ops->mmio_read(f->m, p->offset, p->size));
        }
    }
    g_assert_cmphex(rd(f, 0x54), ==, 5);
    g_assert_cmphex(rd(f, 0x1c), ==, 4);
}

static void test_dormant(Fix *f)
{
    g_assert_cmpuint(reg_get(rd(f, SMMU_IDR0), IDR0_DORMHINT), ==, 0);
    g_assert_cmphex(rd(f, SMMU_STATUSR), ==, 0);
    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    g_assert_cmphex(rd(f, SMMU_STATUSR), ==, 0);
}

/* ---- Versions and sets -------------------------------------------------------------------- */

static void test_versions(void)
{
    static const char *const names[] = { "max", "qemu", "mmu600", "mmu700", "min" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        SmmuConfig c;

        smmu_config_named(&c, names[i]);
        if (c.minor < 1) {
            g_assert_false(c.fwb || c.ril || c.bbml);
        }
        if (c.minor < 2) {
            g_assert_false(c.e0pd || c.ptwnnc || c.ecmdq);
        }
        if (c.minor < 3) {
            g_assert_false(c.epan || c.mteperm);
        }
    }
}

static void test_pcie_streams(void)
{
    static const char *const names[] = { "max", "qemu", "mmu600", "mmu700" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        SmmuConfig c;

        smmu_config_named(&c, names[i]);
        g_assert_cmpuint(c.sidsize, >=, 16);
    }
}

static void edit_no_pri(SmmuConfig *c)
{
    c->pri = c->pps = false;
}

static void test_ats_without_pri(Fix *f)
{
    uint32_t idr0 = rd(f, SMMU_IDR0);

    g_assert_cmpuint(reg_get(idr0, IDR0_ATS), ==, 1);
    g_assert_cmpuint(reg_get(idr0, IDR0_PRI), ==, 0);
    wr(f, SMMU_CR0, UINT32_MAX);
    g_assert_cmpuint(reg_get(rd(f, SMMU_CR0), CR0_PRIQEN), ==, 0);
    g_assert_cmpuint(reg_get(rd(f, SMMU_CR0), CR0_ATSCHK), ==, 1);
}

static void edit_oas40(SmmuConfig *c)
{
    c->oas = 40;
}

static void test_ias_is_oas(Fix *f)
{
    g_assert_cmpuint(reg_get(rd(f, SMMU_IDR5), IDR5_OAS), ==, 2);
    scene_bypass(f);
    expect_ok(f, low_mask(40), false, low_mask(40));
    expect_event(f, 1ull << 40, false, F_ADDR_SIZE);
}

/* ---- Queues ------------------------------------------------------------------------------- */

static void test_eventq_off_keeps_records(Fix *f)
{
    uint32_t prod;

    access_at(f, VA, false);
    prod = rd(f, SMMU_EVENTQ_PROD);
    cr0_set(f, CR0_EVENTQEN, 0);
    access_at(f, VA, true);
    g_assert_cmphex(rd(f, SMMU_EVENTQ_PROD), ==, prod);
    cr0_set(f, CR0_EVENTQEN, 1);
    expect_one_event(f, C_BAD_STE);
}

static void test_sync_shows_events(Fix *f)
{
    access_at(f, VA, false);
    cmd(f, smmu_make_sync(SYNC_CS_NONE));
    expect_one_event(f, C_BAD_STE);
}

static void test_cmdq_is_only_read(Fix *f)
{
    size_t bytes = (size_t)CMD_BYTES << f->drv.cmdq_log2size;
    uint64_t commands = f->m->counters.commands;
    g_autofree uint8_t *before = NULL;

    g_assert_true(smmu_driver_push(&f->drv, smmu_make_cfgi_all()));
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_tlbi_nsnh_all()));
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_sync(SYNC_CS_NONE)));
    before = g_memdup2(ramhost_at(&f->ram, f->drv.cmdq, bytes), bytes);
    ramhost_forget(&f->ram);
    wr(f, SMMU_CMDQ_PROD, rd(f, SMMU_CMDQ_PROD)); /* a doorbell with nothing new */
    cr0_set(f, CR0_CMDQEN, 0);
    cr0_set(f, CR0_CMDQEN, 1);
    g_assert_cmpuint(f->m->counters.commands, ==, commands + 3);
    g_assert_cmpuint(f->ram.reads + f->ram.writes + f->ram.swaps, ==, 0);
    g_assert_cmpmem(before, bytes, ramhost_at(&f->ram, f->drv.cmdq, bytes), bytes);
}

static void test_prod_moved_back(Fix *f)
{
    uint32_t cons, prod;

    for (unsigned i = 0; i < 4; i++) {
        cmd(f, smmu_make_cfgi_all());
    }
    cons = rd(f, SMMU_CMDQ_CONS);
    prod = rd(f, SMMU_CMDQ_PROD);
    ramhost_forget(&f->ram);
    wr(f, SMMU_CMDQ_PROD, prod - 2);
    g_assert_cmphex(rd(f, SMMU_CMDQ_CONS), ==, cons);
    g_assert_cmpuint(f->ram.reads, ==, 0);
    wr(f, SMMU_CMDQ_PROD, prod);
    cmd(f, smmu_make_cfgi_all());
}

static void test_msi_address(Fix *f)
{
    SmmuCmdWords c = smmu_make_sync_msi(1ull << 54 | 0x1400040, 1);

    g_assert_true(smmu_driver_push(&f->drv, c));
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, 0x1400040);
}

static void test_resume_without_sync(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, true);

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    t.cookie = 77;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_STALLED);
    expect_one_event(f, F_TRANSLATION);
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_resume(SID, f->event.stag, false, true)));
    g_assert_cmpuint(f->ram.stall_count, ==, 1);
}

/* No event of a configuration that CFGI and CMD_SYNC have ended. */
static void test_sync_drops_old_events(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, true);

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    cr0_set(f, CR0_EVENTQEN, 0);
    t.cookie = 77;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_STALLED);
    ste_bypass(f->ste);
    put_ste(f);
    cr0_set(f, CR0_EVENTQEN, 1);
    expect_one_event(f, 0);
    g_assert_cmpuint(f->ram.stall_count, ==, 1);
    g_assert_cmphex(f->ram.stalls[0].result.pa, ==, VA_HOLE);
}

/* ---- ATOS --------------------------------------------------------------------------------- */

static void test_atos_over_disable(Fix *f)
{
    uint64_t par;

    scene_stage1(f);
    wr64(f, SMMU_GATOS_SID, SID);
    wr64(f, SMMU_GATOS_ADDR, VA | reg_make(ATOS_ADDR_TYPE, ATOS_TYPE_S1) |
                                 field_mask(ATOS_ADDR_RNW));
    wr(f, SMMU_GATOS_CTRL, 1);
    cr0_set(f, CR0_SMMUEN, 0);
    g_assert_cmpuint(rd(f, SMMU_GATOS_CTRL), ==, 0);
    par = rd64(f, SMMU_GATOS_PAR);
    g_assert_cmpuint(reg_get(par, ATOS_PAR_FAULT), ==, 0);
    g_assert_cmphex(field_in_place(&par, ATOS_PAR_ADDR), ==, PA);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_reset("/smmuv3/registermap/RG1-pages", "max", NULL, test_pages);
    fix_add_reset("/smmuv3/registermap/RG2-offsets", "max", NULL, test_offsets);
    fix_add("/smmuv3/registermap/IR7-never-dormant", test_dormant);
    g_test_add_func("/smmuv3/registermap/ID9-named-sets", test_versions);
    g_test_add_func("/smmuv3/registermap/SY13-16-bits-of-requester-id", test_pcie_streams);
    fix_add_reset("/smmuv3/registermap/AT1-ATS-without-PRI", "max", edit_no_pri,
                  test_ats_without_pri);
    fix_add_config("/smmuv3/registermap/AD2-IAS-is-OAS", "max", edit_oas40, test_ias_is_oas);
    fix_add("/smmuv3/registermap/RG12-disabled-queue-keeps-records",
            test_eventq_off_keeps_records);
    fix_add("/smmuv3/registermap/Q7-sync-shows-events", test_sync_shows_events);
    fix_add("/smmuv3/registermap/Q10-command-queue-is-only-read", test_cmdq_is_only_read);
    fix_add("/smmuv3/registermap/Q11-PROD-moved-back", test_prod_moved_back);
    fix_add("/smmuv3/registermap/CM8-MSI-address-truncated-to-OAS", test_msi_address);
    fix_add("/smmuv3/registermap/CM32-resume-needs-no-sync", test_resume_without_sync);
    fix_add("/smmuv3/registermap/CM35-no-event-of-old-configuration", test_sync_drops_old_events);
    fix_add("/smmuv3/registermap/AO2-RUN-across-disable", test_atos_over_disable);
    return g_test_run();
}

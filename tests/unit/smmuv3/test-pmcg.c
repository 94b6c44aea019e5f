/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The performance monitor counter group: registers, reset, saved state (IHI 0070 chapter 10). */
#include "pmcgfix.h"

#include <stdlib.h>

/* ---- Registers ---------------------------------------------------------------------------- */

static void test_cfgr_max(Fix *f)
{
    uint32_t v = pm_rd(f, PMCG_CFGR);

    g_assert_cmpuint(reg_get(v, CFGR_NCTR), ==, 7);
    g_assert_cmpuint(reg_get(v, CFGR_SIZE), ==, 63);
    g_assert_cmpuint(reg_get(v, CFGR_RELOC_CTRS), ==, 1);
    g_assert_cmpuint(reg_get(v, CFGR_MSI), ==, 1);
    g_assert_cmpuint(reg_get(v, CFGR_CAPTURE), ==, 1);
    g_assert_cmpuint(reg_get(v, CFGR_SID_FILTER_TYPE), ==, 0);
    pm_wr(f, PMCG_CFGR, 0);
    g_assert_cmphex(pm_rd(f, PMCG_CFGR), ==, v);
}

static void test_cfgr_mmu600(Fix *f)
{
    /* NCTR=3, SIZE=31, RELOC_CTRS, MSI, CAPTURE, SID_FILTER_TYPE */
    g_assert_cmphex(pm_rd(f, PMCG_CFGR), ==, 0xf01f03);
}

static void edit_no_ats(SmmuConfig *c)
{
    c->ats = c->pri = c->atsrecerr = c->pps = c->pasidtt = false;
}

static void test_ceid(Fix *f)
{
    g_assert_cmphex(rd64(f, PMCG_PAGE0 + PMCG_CEID0), ==, 0xff);
    g_assert_cmphex(rd64(f, PMCG_PAGE0 + PMCG_CEID1), ==, 0);
}

static void test_ceid_without_ats(Fix *f)
{
    g_assert_cmphex(rd64(f, PMCG_PAGE0 + PMCG_CEID0), ==, 0x3f);
}

static void test_aidr(Fix *f)
{
    g_assert_cmphex(pm_rd(f, PMCG_AIDR), ==, 4);
}

static void test_identification(Fix *f)
{
    g_assert_cmphex(pm_rd(f, PMCG_CIDR0), ==, 0x0d);
    g_assert_cmphex(pm_rd(f, PMCG_CIDR0 + 4), ==, 0x90);
    g_assert_cmphex(pm_rd(f, PMCG_CIDR0 + 8), ==, 0x05);
    g_assert_cmphex(pm_rd(f, PMCG_CIDR0 + 12), ==, 0xb1);
    g_assert_cmphex(pm_rd(f, PMCG_PMDEVARCH), ==, 0x23bu << 21 | 1u << 20 | 0x2a56);
    g_assert_cmphex(pm_rd(f, PMCG_PMDEVTYPE), ==, 0x56);
}

static void test_iidr_and_pidr(Fix *f)
{
    g_assert_cmphex(pm_rd(f, PMCG_IIDR), ==, 0x4830043b);
    g_assert_cmphex(pm_rd(f, PMCG_PIDR0), ==, 0x83);
    g_assert_cmphex(pm_rd(f, PMCG_PIDR0 + 4), ==, 0xb4);
    g_assert_cmphex(pm_rd(f, PMCG_PIDR0 + 8), ==, 0x0b);
    g_assert_cmphex(pm_rd(f, PMCG_PIDR0 + 12), ==, 0);
    g_assert_cmphex(pm_rd(f, PMCG_PIDR4), ==, 4);
}

static void test_reloc(Fix *f)
{
    static const uint32_t moved[] = { PMCG_EVCNTR, PMCG_SVR, PMCG_OVSCLR0, PMCG_OVSSET0 };

    set_count(f, 0, 0x1234567890);
    wr64(f, COUNTERS + PMCG_OVSSET0, 0xff);
    wr(f, COUNTERS + PMCG_CAPR, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(moved); i++) {
        g_assert_cmphex(rd64(f, PMCG_PAGE1 + moved[i]), !=, 0);
        g_assert_cmphex(rd64(f, PMCG_PAGE0 + moved[i]), ==, 0);
    }
}

static void edit_one_page(SmmuConfig *c)
{
    c->pmcg_reloc = false;
}

static void test_no_reloc(Fix *f)
{
    wr64(f, PMCG_PAGE0 + PMCG_EVCNTR + 8, 77);
    g_assert_cmpuint(rd64(f, PMCG_PAGE0 + PMCG_EVCNTR + 8), ==, 77);
    wr64(f, PMCG_PAGE1 + PMCG_EVCNTR + 8, 78);
    g_assert_cmpuint(rd64(f, PMCG_PAGE1 + PMCG_EVCNTR + 8), ==, 0);
    g_assert_cmpuint(rd64(f, PMCG_PAGE0 + PMCG_EVCNTR + 8), ==, 77);
}

static void edit_no_group(SmmuConfig *c)
{
    c->pmcg = 0;
}

static void test_absent(Fix *f)
{
    for (uint32_t at = 0; at < PMCG_PAGE_BYTES; at += 4) {
        wr(f, PMCG_PAGE0 + at, UINT32_MAX);
        wr(f, PMCG_PAGE1 + at, UINT32_MAX);
        g_assert_cmphex(rd(f, PMCG_PAGE0 + at), ==, 0);
        g_assert_cmphex(rd(f, PMCG_PAGE1 + at), ==, 0);
    }
}

static void test_res0(Fix *f)
{
    static const uint32_t res0[] = { PMCG_SCR, PMCG_GMPAM, 0xe48, 0xe74, 0xe78, 0xe80, 0x800 };

    for (size_t i = 0; i < G_N_ELEMENTS(res0); i++) {
        pm_wr(f, res0[i], UINT32_MAX);
        g_assert_cmphex(pm_rd(f, res0[i]), ==, 0);
    }
}

static void test_evtyper_fields(Fix *f)
{
    pm_wr(f, PMCG_EVTYPER(0), UINT32_MAX);
    pm_wr(f, PMCG_SMR(0), UINT32_MAX);
    /* OVFCAP, FILTER_SID_SPAN, EVENT; no Secure or Realm state, no MPAM */
    g_assert_cmphex(pm_rd(f, PMCG_EVTYPER(0)), ==, 0xa000ffff);
    g_assert_cmphex(pm_rd(f, PMCG_SMR(0)), ==, UINT32_MAX);
}

static void edit_sid16(SmmuConfig *c)
{
    c->sidsize = 16;
}

static void test_smr_width(Fix *f)
{
    pm_wr(f, PMCG_SMR(2), UINT32_MAX);
    g_assert_cmphex(pm_rd(f, PMCG_SMR(2)), ==, 0xffff);
}

static void test_beyond_counters(Fix *f)
{
    pm_wr(f, PMCG_EVTYPER(8), UINT32_MAX);
    pm_wr(f, PMCG_SMR(8), UINT32_MAX);
    set_count(f, 8, 5);
    g_assert_cmphex(pm_rd(f, PMCG_EVTYPER(8)) | pm_rd(f, PMCG_SMR(8)) | count(f, 8), ==, 0);
}

static void check_set_clear(Fix *f, uint64_t set, uint64_t clear)
{
    wr64(f, set, UINT64_MAX);
    g_assert_cmphex(rd64(f, set), ==, 0xff);
    g_assert_cmphex(rd64(f, clear), ==, 0xff);
    wr64(f, clear, 0x0f);
    g_assert_cmphex(rd64(f, set), ==, 0xf0);
    wr64(f, set, 1);
    g_assert_cmphex(rd64(f, clear), ==, 0xf1);
}

static void test_cnten(Fix *f)
{
    check_set_clear(f, PMCG_PAGE0 + PMCG_CNTENSET0, PMCG_PAGE0 + PMCG_CNTENCLR0);
}

static void test_inten(Fix *f)
{
    check_set_clear(f, PMCG_PAGE0 + PMCG_INTENSET0, PMCG_PAGE0 + PMCG_INTENCLR0);
}

static void test_ovs(Fix *f)
{
    check_set_clear(f, COUNTERS + PMCG_OVSSET0, COUNTERS + PMCG_OVSCLR0);
}

static void test_ovsset_is_silent(Fix *f)
{
    irq_on(f, 0);
    wr64(f, COUNTERS + PMCG_OVSSET0, 1);
    g_assert_cmpuint(pulses_of(f), ==, 0);
}

static void test_irq_ctrl_ack(Fix *f)
{
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_CTRL) | pm_rd(f, PMCG_CR), ==, 0);
    pm_wr(f, PMCG_IRQ_CTRL, UINT32_MAX);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_CTRL), ==, 1);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_CTRLACK), ==, 1);
    pm_wr(f, PMCG_IRQ_CTRL, 0);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_CTRLACK), ==, 0);
}

static void test_irq_cfg_guarded(Fix *f)
{
    wr64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0, UINT64_MAX);
    pm_wr(f, PMCG_IRQ_CFG2, UINT32_MAX);
    g_assert_cmphex(rd64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0), ==, 0xffffffffffffcull);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_CFG2), ==, 0x3f);
    pm_wr(f, PMCG_IRQ_CTRL, 1);
    wr64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0, 0);
    pm_wr(f, PMCG_IRQ_CFG1, 7);
    pm_wr(f, PMCG_IRQ_CFG2, 0);
    g_assert_cmphex(rd64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0), ==, 0xffffffffffffcull);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_CFG1), ==, 0);
    g_assert_cmphex(pm_rd(f, PMCG_IRQ_CFG2), ==, 0x3f);
}

static void edit_no_msi(SmmuConfig *c)
{
    c->pmcg_msi = false;
}

static void test_irq_cfg_absent(Fix *f)
{
    wr64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0, UINT64_MAX);
    pm_wr(f, PMCG_IRQ_CFG1, UINT32_MAX);
    pm_wr(f, PMCG_IRQ_CFG2, UINT32_MAX);
    g_assert_cmphex(rd64(f, PMCG_PAGE0 + PMCG_IRQ_CFG0) | pm_rd(f, PMCG_IRQ_CFG1) |
                    pm_rd(f, PMCG_IRQ_CFG2), ==, 0);
}

static void test_narrow_counters(Fix *f)
{
    wr(f, PMCG_PAGE1 + PMCG_EVCNTR + 4 * 3, 0x89abcdef);
    g_assert_cmphex(rd(f, PMCG_PAGE1 + PMCG_EVCNTR + 4 * 3), ==, 0x89abcdef);
    g_assert_cmphex(rd(f, PMCG_PAGE1 + PMCG_EVCNTR + 4 * 2), ==, 0);
    g_assert_cmphex(rd64(f, PMCG_PAGE1 + PMCG_EVCNTR + 4 * 2), ==, 0x89abcdef00000000);
}

static void edit_36_bits(SmmuConfig *c)
{
    c->pmcg_size = 36;
}

static void test_odd_width(Fix *f)
{
    set_count(f, 0, UINT64_MAX);
    g_assert_cmphex(count(f, 0), ==, 0xfffffffff);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    scene_stage1(f);
    access_at(f, VA, false);
    g_assert_cmphex(count(f, 0), ==, 0);
    g_assert_cmphex(ovs(f), ==, 1);
}

/* ---- Reset, saved state, configuration ---------------------------------------------------- */

static void test_reset(Fix *f)
{
    at_the_brink(f);
    irq_on(f, 0);
    f->m->ops->reset(f->m);
    g_assert_cmphex(pm_rd(f, PMCG_CR) | pm_rd(f, PMCG_IRQ_CTRL), ==, 0);
    access_at(f, VA, false);
    g_assert_cmphex(ovs(f), ==, 0);
}

static void test_migrate(Fix *f)
{
    IommuStateWriter w = { 0 };
    IommuStateReader r;

    at_the_brink(f);
    irq_on(f, 0);
    set_count(f, 5, 500);
    f->m->ops->save(f->m, &w);
    f->m->ops->reset(f->m);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_true(f->m->ops->load(f->m, &r));
    g_assert_cmpuint(count(f, 5), ==, 500);
    access_at(f, VA, false);
    g_assert_cmphex(ovs(f), ==, 1);
    g_assert_cmpuint(pulses_of(f), ==, 1);
    free(w.data);
}

static void test_bad_config(void)
{
    SmmuConfig c;
    char err[200];

    smmu_config_named(&c, "max");
    c.pmcg = 65;
    g_assert_false(smmu_config_check(&c, err, sizeof(err)));
    g_assert_cmpstr(err, ==, "pmcg=65: must be 0 to 64");
    c.pmcg = 1;
    c.pmcg_size = 33;
    g_assert_false(smmu_config_check(&c, err, sizeof(err)));
    g_assert_cmpstr(err, ==, "pmcg_size=33: must be 32, 36, 40, 44, 48 or 64");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_reset("/smmuv3/pmcg/PM12-CFGR", "max", NULL, test_cfgr_max);
    fix_add_reset("/smmuv3/pmcg/PM12-CFGR-mmu600", "mmu600", NULL, test_cfgr_mmu600);
    fix_add_reset("/smmuv3/pmcg/PM12+PM4-CEID", "max", NULL, test_ceid);
    fix_add_reset("/smmuv3/pmcg/PM12+PM4-CEID-without-ATS", "max", edit_no_ats,
                  test_ceid_without_ats);
    fix_add_reset("/smmuv3/pmcg/PM17-AIDR", "max", NULL, test_aidr);
    fix_add_reset("/smmuv3/pmcg/PM18-identification", "max", NULL, test_identification);
    fix_add_reset("/smmuv3/pmcg/PM18-IIDR-and-PIDR", "mmu600", NULL, test_iidr_and_pidr);
    fix_add_reset("/smmuv3/pmcg/PM9-counters-on-page-1", "max", NULL, test_reloc);
    fix_add_reset("/smmuv3/pmcg/PM8+PM9-counters-on-page-0", "max", edit_one_page, test_no_reloc);
    fix_add_reset("/smmuv3/pmcg/PM8-absent-group", "max", edit_no_group, test_absent);
    fix_add_reset("/smmuv3/pmcg/PM8+PM14+PM17-RES0", "max", NULL, test_res0);
    fix_add_reset("/smmuv3/pmcg/PM10-EVTYPER-and-SMR", "max", NULL, test_evtyper_fields);
    fix_add_reset("/smmuv3/pmcg/PM6+PM10-SMR-width", "max", edit_sid16, test_smr_width);
    fix_add_reset("/smmuv3/pmcg/PM1-beyond-the-counters", "max", NULL, test_beyond_counters);
    fix_add_reset("/smmuv3/pmcg/PM11-CNTEN", "max", NULL, test_cnten);
    fix_add_reset("/smmuv3/pmcg/PM11-INTEN", "max", NULL, test_inten);
    fix_add_reset("/smmuv3/pmcg/PM11-OVS", "max", NULL, test_ovs);
    fix_add_reset("/smmuv3/pmcg/PM11-OVSSET-is-silent", "max", NULL, test_ovsset_is_silent);
    fix_add_reset("/smmuv3/pmcg/PM13-IRQ-CTRLACK", "max", NULL, test_irq_ctrl_ack);
    fix_add_reset("/smmuv3/pmcg/PM13+PM15-IRQ-CFG-guarded", "max", NULL, test_irq_cfg_guarded);
    fix_add_reset("/smmuv3/pmcg/PM15-IRQ-CFG-without-MSI", "max", edit_no_msi,
                  test_irq_cfg_absent);
    fix_add_reset("/smmuv3/pmcg/PM8-32-bit-counters", "mmu600", NULL, test_narrow_counters);
    fix_add_config("/smmuv3/pmcg/PM12-36-bit-counters", "max", edit_36_bits, test_odd_width);
    fix_add("/smmuv3/pmcg/PM12+PM13-reset", test_reset);
    fix_add("/smmuv3/pmcg/state-migrate", test_migrate);
    g_test_add_func("/smmuv3/pmcg/config-bad-values-are-named", test_bad_config);
    return g_test_run();
}

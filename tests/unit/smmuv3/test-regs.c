/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, identification, guards, reset, saved state, configuration (IHI 0070 chapter 6). */
#include "fixture.h"

#include <stdlib.h>

/* ---- Access ------------------------------------------------------------------------------- */

static void test_halves(Fix *f)
{
    wr(f, SMMU_STRTAB_BASE, 0x89abcdc0);
    wr(f, SMMU_STRTAB_BASE + 4, 0x40123456);
    g_assert_cmphex(rd64(f, SMMU_STRTAB_BASE), ==, 0x4012345689abcdc0);
    g_assert_cmphex(rd(f, SMMU_STRTAB_BASE), ==, 0x89abcdc0);
    g_assert_cmphex(rd(f, SMMU_STRTAB_BASE + 4), ==, 0x40123456);
}

static void test_res0_bits(Fix *f)
{
    wr64(f, SMMU_STRTAB_BASE, UINT64_MAX);
    g_assert_cmphex(rd64(f, SMMU_STRTAB_BASE), ==, 0x40ffffffffffffc0);
    wr64(f, SMMU_EVENTQ_BASE, UINT64_MAX);
    g_assert_cmphex(rd64(f, SMMU_EVENTQ_BASE), ==, 0x40ffffffffffffff);
    wr(f, SMMU_CR1, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_CR1), ==, 0xfff);
    wr(f, SMMU_CMDQ_PROD, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_CMDQ_PROD), ==, 0xfffff);
}

static void test_undefined(Fix *f)
{
    static const uint32_t offsets[] = { 0x30, 0x3c, 0x58, 0x5c, 0xa8, 0xc8, 0x200, 0xe00, 0x8000,
                                        0x10000, 0x100b0, 0x1fffc };

    for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++) {
        wr(f, offsets[i], UINT32_MAX);
        g_assert_cmphex(rd(f, offsets[i]), ==, 0);
    }
}

static void test_absent_registers(Fix *f)
{
    /* S2PII, AGBPA, MPAMIDR, GMPAM, GBPMPAM, DPT_BASE, DPT_BASE_CFG, DPT_CFG_FAR, S_IDR0 */
    static const uint32_t offsets[] = { 0x30, 0x48, 0x130, 0x138, 0x13c, 0x200, 0x208, 0x210,
                                        0x8000 };

    for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++) {
        wr(f, offsets[i], UINT32_MAX);
        g_assert_cmphex(rd(f, offsets[i]), ==, 0);
    }
    g_assert_cmphex(rd(f, SMMU_STATUSR), ==, 0);
}

static void test_bad_sizes(Fix *f)
{
    f->m->ops->mmio_write(f->m, SMMU_CR1, 0xff, 1);
    f->m->ops->mmio_write(f->m, SMMU_CR1 + 2, 0xff, 4);
    f->m->ops->mmio_write(f->m, SMMU_STRTAB_BASE + 4, UINT64_MAX, 8);
    g_assert_cmphex(rd(f, SMMU_CR1), ==, 0);
    g_assert_cmphex(rd64(f, SMMU_STRTAB_BASE), ==, 0);
    g_assert_cmphex(f->m->ops->mmio_read(f->m, SMMU_IDR0, 2), ==, 0);
}

static void test_wide_access_to_pair(Fix *f)
{
    uint64_t both = rd64(f, SMMU_IDR0);

    g_assert_cmphex(both, ==, rd(f, SMMU_IDR0) | (uint64_t)rd(f, SMMU_IDR1) << 32);
}

static void test_read_only(Fix *f)
{
    static const uint32_t offsets[] = { SMMU_IDR0, SMMU_IDR1, SMMU_IDR3, SMMU_IDR5, SMMU_IDR6,
                                        SMMU_IIDR, SMMU_AIDR, SMMU_CR0ACK, SMMU_STATUSR,
                                        SMMU_IRQ_CTRLACK, SMMU_GERROR, SMMU_GATOS_PAR };

    for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++) {
        uint32_t before = rd(f, offsets[i]);

        wr(f, offsets[i], ~before);
        g_assert_cmphex(rd(f, offsets[i]), ==, before);
    }
}

static void test_component_id(Fix *f)
{
    static const uint8_t cidr[] = { 0x0d, 0xf0, 0x05, 0xb1 };

    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(rd(f, SMMU_CIDR0 + 4 * i), ==, cidr[i]);
    }
}

/* ---- CR0, guards -------------------------------------------------------------------------- */

static void test_cr0ack(Fix *f)
{
    wr(f, SMMU_CR0, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_CR0), ==, 0x1df);
    g_assert_cmphex(rd(f, SMMU_CR0ACK), ==, 0x1df);
    wr(f, SMMU_CR0, 0);
    g_assert_cmphex(rd(f, SMMU_CR0ACK), ==, 0);
}


static void test_absent_fields(Fix *f)
{
    wr(f, SMMU_CR0, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_CR0), ==, 0xd);
    wr(f, SMMU_CR0, 0);
    wr(f, SMMU_CR2, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_CR2), ==, 2);
    wr64(f, SMMU_PRIQ_BASE, UINT64_MAX);
    g_assert_cmphex(rd64(f, SMMU_PRIQ_BASE), ==, 0);
    wr64(f, SMMU_EVENTQ_IRQ_CFG0, UINT64_MAX);
    g_assert_cmphex(rd64(f, SMMU_EVENTQ_IRQ_CFG0), ==, 0);
    wr64(f, SMMU_GATOS_ADDR, UINT64_MAX);
    g_assert_cmphex(rd64(f, SMMU_GATOS_ADDR), ==, 0);
    wr(f, SMMU_IRQ_CTRL, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_IRQ_CTRL), ==, 5);
    g_assert_cmphex(rd(f, SMMU_IRQ_CTRLACK), ==, 5);
    wr(f, SMMU_GBPA, (uint32_t)field_mask(GBPA_UPDATE) | 0xfffff);
    g_assert_cmphex(rd(f, SMMU_GBPA), ==, reg_make(GBPA_SHCFG, SHCFG_INCOMING));
}

static void test_guarded_by_smmuen(Fix *f)
{
    uint64_t base = rd64(f, SMMU_STRTAB_BASE);
    uint32_t cfg = rd(f, SMMU_STRTAB_BASE_CFG), cr2 = rd(f, SMMU_CR2), cr1 = rd(f, SMMU_CR1);

    wr64(f, SMMU_STRTAB_BASE, ~base);
    wr(f, SMMU_STRTAB_BASE_CFG, ~cfg);
    wr(f, SMMU_CR2, ~cr2);
    wr(f, SMMU_CR1, ~cr1);
    g_assert_cmphex(rd64(f, SMMU_STRTAB_BASE), ==, base);
    g_assert_cmphex(rd(f, SMMU_STRTAB_BASE_CFG), ==, cfg);
    g_assert_cmphex(rd(f, SMMU_CR2), ==, cr2);
    g_assert_cmphex(rd(f, SMMU_CR1), ==, cr1);
}

static void test_guarded_by_queues(Fix *f)
{
    uint64_t cmdq = rd64(f, SMMU_CMDQ_BASE), eventq = rd64(f, SMMU_EVENTQ_BASE);
    uint64_t priq = rd64(f, SMMU_PRIQ_BASE);
    uint32_t cons = rd(f, SMMU_CMDQ_CONS);

    wr64(f, SMMU_CMDQ_BASE, 0);
    wr64(f, SMMU_EVENTQ_BASE, 0);
    wr64(f, SMMU_PRIQ_BASE, 0);
    wr(f, SMMU_CMDQ_CONS, 0x55);
    wr(f, SMMU_EVENTQ_PROD, 0x55);
    wr(f, SMMU_PRIQ_PROD, 0x55);
    g_assert_cmphex(rd64(f, SMMU_CMDQ_BASE), ==, cmdq);
    g_assert_cmphex(rd64(f, SMMU_EVENTQ_BASE), ==, eventq);
    g_assert_cmphex(rd64(f, SMMU_PRIQ_BASE), ==, priq);
    g_assert_cmphex(rd(f, SMMU_CMDQ_CONS), ==, cons);
    g_assert_cmphex(rd(f, SMMU_EVENTQ_PROD), ==, 0);
    g_assert_cmphex(rd(f, SMMU_PRIQ_PROD), ==, 0);
}

static void test_cr1_halves(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    wr(f, SMMU_CR1, 0);
    g_assert_cmphex(reg_get(rd(f, SMMU_CR1), CR1_TABLE), ==, 0);
    g_assert_cmphex(reg_get(rd(f, SMMU_CR1), CR1_QUEUE), !=, 0);
}

static void test_gbpa_update(Fix *f)
{
    uint32_t before = rd(f, SMMU_GBPA);

    wr(f, SMMU_GBPA, before | (uint32_t)field_mask(GBPA_ABORT));
    g_assert_cmphex(rd(f, SMMU_GBPA), ==, before);
    wr(f, SMMU_GBPA, before | (uint32_t)(field_mask(GBPA_ABORT) | field_mask(GBPA_UPDATE)));
    g_assert_cmphex(rd(f, SMMU_GBPA), ==, before | (uint32_t)field_mask(GBPA_ABORT));
}

static void test_gerrorn_of_inactive(Fix *f)
{
    wr(f, SMMU_GERRORN, UINT32_MAX);
    g_assert_cmphex(rd(f, SMMU_GERRORN), ==, 0);
}

/* ---- Identification ----------------------------------------------------------------------- */

static void test_id_max(Fix *f)
{
    uint32_t idr0 = rd(f, SMMU_IDR0), idr1 = rd(f, SMMU_IDR1), idr3 = rd(f, SMMU_IDR3);
    uint32_t idr5 = rd(f, SMMU_IDR5);

    g_assert_cmpuint(reg_get(idr0, IDR0_TTF), ==, IDR0_TTF_AARCH64);
    g_assert_cmpuint(reg_get(idr0, IDR0_TTENDIAN), ==, IDR0_TTENDIAN_LITTLE);
    g_assert_cmpuint(reg_get(idr0, IDR0_HTTU), ==, 3);
    g_assert_cmpuint(reg_get(idr0, IDR0_BTM), ==, 0);
    g_assert_cmpuint(reg_get(idr0, IDR0_SEV), ==, 0);
    g_assert_cmpuint(reg_get(idr1, IDR1_SSIDSIZE), ==, 20);
    g_assert_cmpuint(reg_get(idr1, IDR1_SIDSIZE), ==, 32);
    g_assert_cmpuint(reg_get(idr1, IDR1_ECMDQ), ==, 1);
    g_assert_cmpuint(reg_get(idr3, IDR3_BBML), ==, 2);
    g_assert_cmpuint(reg_get(idr3, IDR3_MPAM), ==, 0);
    g_assert_cmpuint(reg_get(idr5, IDR5_OAS), ==, 6);
    g_assert_cmpuint(reg_get(idr5, IDR5_VAX), ==, 1);
    g_assert_cmpuint(reg_get(idr5, IDR5_STALL_MAX), ==, 256);
    g_assert_cmpuint(rd(f, SMMU_AIDR), ==, 4);
}

static void test_id_min(Fix *f)
{
    uint32_t idr0 = rd(f, SMMU_IDR0);

    g_assert_cmphex(idr0, ==, reg_make(IDR0_S1P, 1) | reg_make(IDR0_TTF, 2) |
                                  reg_make(IDR0_TTENDIAN, 2) | reg_make(IDR0_STALL_MODEL, 1) |
                                  reg_make(IDR0_TERM_MODEL, 1));
    g_assert_cmphex(rd(f, SMMU_IDR3), ==, 0);
    g_assert_cmphex(rd(f, SMMU_IDR5), ==, reg_make(IDR5_OAS, 2) | reg_make(IDR5_GRAN4K, 1));
    g_assert_cmphex(rd(f, SMMU_AIDR), ==, 0);
}

static void test_named_sets(void)
{
    static const char *const names[] = { "max", "qemu", "mmu600", "mmu700", "min" };
    SmmuConfig c;
    char err[200];

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_true(smmu_config_named(&c, names[i]));
        g_assert_nonnull(strstr(smmu_config_names(), names[i]));
        if (!smmu_config_check(&c, err, sizeof(err))) {
            g_error("%s: %s", names[i], err);
        }
    }
    g_assert_false(smmu_config_named(&c, "nonsense"));
}

typedef struct BadConfig {
    const char *name;
    FixEdit *edit;
} BadConfig;

#define BAD(field, value)                          \
    static void bad_##field(SmmuConfig *c)         \
    {                                              \
        c->field = (value);                        \
    }
BAD(oas, 50)
BAD(vax, 50)
BAD(sidsize, 33)
BAD(ssidsize, 21)
BAD(cmdqs, 20)
BAD(eventqs, 20)
BAD(priqs, 20)
BAD(minor, 5)
BAD(bbml, 3)
BAD(httu, 4)
BAD(stall_model, 3)
BAD(stall_max, 0)
BAD(st_level, 0)
BAD(s1p, false)
BAD(s2p, false)
BAD(hyp, false)
BAD(ats, false)
BAD(pri, false)
BAD(atos, false)
BAD(msi, false)
BAD(had, false)
BAD(xnx, false)
BAD(fwb, false)
BAD(ril, false)
BAD(e0pd, false)
BAD(ptwnnc, false)
BAD(epan, false)
BAD(mteperm, false)
BAD(ecmdq_log2nump, 5)
BAD(ecmdq_log2numq, 9)

#define BAD_ROW(field) { #field, bad_##field }

static void test_bad_configs(void)
{
    static const BadConfig rows[] = {
        BAD_ROW(oas), BAD_ROW(vax), BAD_ROW(sidsize), BAD_ROW(ssidsize), BAD_ROW(cmdqs),
        BAD_ROW(eventqs), BAD_ROW(priqs), BAD_ROW(minor), BAD_ROW(bbml), BAD_ROW(httu),
        BAD_ROW(stall_model), BAD_ROW(stall_max), BAD_ROW(st_level), BAD_ROW(s1p), BAD_ROW(s2p),
        BAD_ROW(hyp), BAD_ROW(ats), BAD_ROW(pri), BAD_ROW(atos), BAD_ROW(msi),
        BAD_ROW(had), BAD_ROW(xnx), BAD_ROW(fwb), BAD_ROW(ril), BAD_ROW(e0pd), BAD_ROW(ptwnnc),
        BAD_ROW(epan), BAD_ROW(mteperm), BAD_ROW(ecmdq_log2nump), BAD_ROW(ecmdq_log2numq),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char err[200] = "";
        SmmuConfig c;

        smmu_config_named(&c, "max");
        rows[i].edit(&c);
        if (smmu_config_check(&c, err, sizeof(err)) || !strstr(err, rows[i].name)) {
            g_error("%s: '%s' does not name it", rows[i].name, err);
        }
        g_assert_null(strchr(err, '\n'));
    }
}

static void test_fit(void)
{
    SmmuConfig c;

    smmu_config_named(&c, "max");
    g_assert_cmphex(smmu_mmio_size(&c), ==, 0x20000 + 3 * 0x10000);
    smmu_config_fit(&c, 0x30000);
    g_assert_false(c.ecmdq);
    g_assert_true(c.vatos);
    smmu_config_fit(&c, 0x20000);
    g_assert_false(c.vatos);
    g_assert_cmphex(smmu_mmio_size(&c), ==, 0x20000);
}

/* ---- Reset, saved state ------------------------------------------------------------------- */

static void test_reset(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA, false, PA);
    access_at(f, VA_HOLE, false);
    f->m->ops->reset(f->m);
    g_assert_cmphex(rd(f, SMMU_CR0), ==, 0);
    g_assert_cmphex(rd(f, SMMU_CR0ACK), ==, 0);
    g_assert_cmphex(rd(f, SMMU_EVENTQ_PROD), ==, 0);
    g_assert_cmphex(rd(f, SMMU_IRQ_CTRL), ==, 0);
    g_assert_cmphex(rd(f, SMMU_GERROR), ==, 0);
    g_assert_cmphex(access_at(f, VA, false).pa, ==, VA);
}

static void test_reset_ends_stalls(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, true);

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    t.cookie = 9;
    g_assert_cmpint(run(f, &t).status, ==, IOMMU_STATUS_STALLED);
    f->m->ops->reset(f->m);
    g_assert_cmpuint(f->ram.stall_count, ==, 1);
    g_assert_cmpint(f->ram.stalls[0].result.status, ==, IOMMU_STATUS_ABORT);
}

/** Move @f to a new model through an image. */
static void migrate(Fix *f)
{
    IommuStateWriter w = { 0 };
    IommuStateReader r;

    f->m->ops->save(f->m, &w);
    g_assert_false(w.failed);
    f->m->ops->free(f->m);
    f->m = smmu_new(&f->config, &f->ram.host);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_true(f->m->ops->load(f->m, &r));
    free(w.data);
}

static void test_migrate(Fix *f)
{
    scene_nested(f);
    access_at(f, VA_HOLE, false);
    migrate(f);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 1);
    g_assert_true(smmu_driver_event(&f->drv, &f->event));
    expect_ok(f, VA, true, PA);
    cmd(f, smmu_make_cfgi_all());
}

static void test_migrate_stall(Fix *f)
{
    IommuTxn t = txn_at(VA_HOLE, true);

    scene_stage1(f);
    cd_put_field(f, CD_S, 1);
    t.cookie = 9;
    t.priv = true;
    run(f, &t);
    expect_one_event(f, F_TRANSLATION);
    migrate(f);
    arm_pages_map_smallest(&f->s1, VA_HOLE, PA, PAGE, ARM_S1_RW);
    cmd(f, smmu_make_resume(SID, f->event.stag, true, false));
    g_assert_cmpuint(f->ram.stall_count, ==, 1);
    g_assert_cmpuint(f->ram.stalls[0].cookie, ==, 9);
    g_assert_cmphex(f->ram.stalls[0].result.pa, ==, PA);
}

static void test_migrate_waiting_sync(Fix *f)
{
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    smmu_driver_push(&f->drv, smmu_make_sync(SYNC_CS_NONE));
    migrate(f);
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), !=, rd(f, SMMU_CMDQ_PROD));
    f->m->ops->ats_inv_done(f->m, SID, 0, true);
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), ==, rd(f, SMMU_CMDQ_PROD));
}

/*
 * What was asked before a reset is answered after it: no CMD_SYNC of now may take it for its own.
 */
static void test_answer_across_reset(Fix *f)
{
    uint32_t old;

    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    old = f->ram.ats[0].itag;
    f->m->ops->reset(f->m);
    g_assert_true(smmu_driver_start(&f->drv, &f->streams));
    ramhost_forget(&f->ram);
    smmu_driver_push(&f->drv, smmu_make_atc_inv(SID, false, 0, false, 0, 52));
    smmu_driver_push(&f->drv, smmu_make_sync(SYNC_CS_NONE));
    f->m->ops->ats_inv_done(f->m, SID, old, true);
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), !=, rd(f, SMMU_CMDQ_PROD));
    f->m->ops->ats_inv_done(f->m, SID, f->ram.ats[0].itag, true);
    g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), ==, rd(f, SMMU_CMDQ_PROD));
}

#define MANY 3000u

/* A long queue at one doorbell: the host has its turn in between, and saved it goes on. */
static void test_long_queue(Fix *f)
{
    SmmuCmdWords c = smmu_make_tlbi_nsnh_all();
    uint64_t queue = gmem_alloc(&f->mem, 4096 * CMD_BYTES, 4096 * CMD_BYTES);
    uint32_t cons = 0;

    for (unsigned i = 0; i < MANY; i++) {
        for (unsigned w = 0; w < CMD_WORDS; w++) {
            gmem_write64(&f->mem, queue + i * CMD_BYTES + 8 * w, c.w[w]);
        }
    }
    cr0_set(f, CR0_CMDQEN, 0);
    wr64(f, SMMU_CMDQ_BASE, queue | 12);
    wr(f, SMMU_CMDQ_PROD, 0);
    wr(f, SMMU_CMDQ_CONS, 0);
    cr0_set(f, CR0_CMDQEN, 1);
    ramhost_forget(&f->ram);
    wr(f, SMMU_CMDQ_PROD, MANY);
    for (unsigned turns = 0; rd(f, SMMU_CMDQ_CONS) != MANY; turns++) {
        g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS), >, cons);
        g_assert_cmpuint(rd(f, SMMU_CMDQ_CONS) - cons, <=, 1024);
        g_assert_cmpuint(f->ram.wakes, ==, 1);
        g_assert_cmpuint(turns, <, 4);
        cons = rd(f, SMMU_CMDQ_CONS);
        ramhost_forget(&f->ram);
        if (turns == 0) {
            migrate(f);
            g_assert_cmpuint(f->ram.wakes, ==, 1);
            ramhost_forget(&f->ram);
        }
        f->m->ops->run_until(f->m, 0);
    }
    g_assert_cmpuint(f->ram.wakes, ==, 0);
}

static void test_load_refuses(Fix *f)
{
    IommuStateWriter w = { 0 };
    IommuStateReader r;
    IommuModel *other;
    SmmuConfig c = f->config;

    f->m->ops->save(f->m, &w);
    c.sidsize = 16;
    other = smmu_new(&c, &f->ram.host);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_false(other->ops->load(other, &r));
    r.len = 5;
    g_assert_false(f->m->ops->load(f->m, &r));
    r.len = 0;
    g_assert_false(f->m->ops->load(f->m, &r));
    other->ops->free(other);
    free(w.data);
}

/* ---- The SMMU's own writes landing on its registers --------------------------------------- */

static void hit_registers(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    Fix *f = opaque;

    (void)ram;
    (void)kind;
    (void)addr;
    (void)n;
    wr(f, SMMU_CR0, 0);
    wr(f, SMMU_CMDQ_PROD, 0x12345);
}

static void test_own_writes_ignored(Fix *f)
{
    uint32_t cr0 = rd(f, SMMU_CR0), prod = rd(f, SMMU_CMDQ_PROD);

    ramhost_hook(&f->ram, hit_registers, f, RAMHOST_WRITE | RAMHOST_READ, 0);
    access_at(f, VA, false);
    g_assert_cmphex(rd(f, SMMU_CR0), ==, cr0);
    g_assert_cmphex(rd(f, SMMU_CMDQ_PROD), ==, prod);
    g_assert_cmpuint(f->ram.errors, >, 0);
}


int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_reset("/smmuv3/regs/RG6-halves", "max", NULL, test_halves);
    fix_add_reset("/smmuv3/regs/RG7-RES0-bits", "max", NULL, test_res0_bits);
    fix_add_reset("/smmuv3/regs/RG4+RG7-undefined-locations", "max", NULL, test_undefined);
    fix_add_reset("/smmuv3/regs/RG20+RG22+RG25+RG36+RG37+RS6-absent-registers", "max", NULL,
                  test_absent_registers);
    fix_add_reset("/smmuv3/regs/RG6-bad-sizes", "max", NULL, test_bad_sizes);
    fix_add_reset("/smmuv3/regs/RG6-wide-access-to-a-pair", "max", NULL, test_wide_access_to_pair);
    fix_add_reset("/smmuv3/regs/RG7-read-only", "max", NULL, test_read_only);
    fix_add_reset("/smmuv3/regs/RG45-component-id", "max", NULL, test_component_id);
    fix_add_reset("/smmuv3/regs/RG9-CR0ACK", "max", NULL, test_cr0ack);
    fix_add_reset("/smmuv3/regs/RG7+RG8+RG23-absent-fields", "min", NULL, test_absent_fields);
    fix_add("/smmuv3/regs/RG19+RG28+RG29-guarded-by-SMMUEN", test_guarded_by_smmuen);
    fix_add("/smmuv3/regs/RG30+RG33+RG42+RG43-guarded-by-queues", test_guarded_by_queues);
    fix_add("/smmuv3/regs/RG17-CR1-halves", test_cr1_halves);
    fix_add_reset("/smmuv3/regs/RG21-GBPA-update", "max", NULL, test_gbpa_update);
    fix_add_reset("/smmuv3/regs/RG27-GERRORN-of-inactive", "max", NULL, test_gerrorn_of_inactive);
    fix_add_reset("/smmuv3/regs/ID1+ID2+ID4+ID6+ID8-max", "max", NULL, test_id_max);
    fix_add_reset("/smmuv3/regs/ID1-min", "min", NULL, test_id_min);
    g_test_add_func("/smmuv3/config/named-sets", test_named_sets);
    g_test_add_func("/smmuv3/config/ID5-bad-values-are-named", test_bad_configs);
    g_test_add_func("/smmuv3/config/fit", test_fit);
    fix_add("/smmuv3/regs/RG8-reset", test_reset);
    fix_add("/smmuv3/regs/RG15-reset-ends-stalls", test_reset_ends_stalls);
    fix_add("/smmuv3/regs/state-migrate", test_migrate);
    fix_add("/smmuv3/regs/state-migrate-stall", test_migrate_stall);
    fix_add("/smmuv3/regs/state-migrate-waiting-sync", test_migrate_waiting_sync);
    fix_add("/smmuv3/regs/AT16-answer-across-a-reset", test_answer_across_reset);
    fix_add("/smmuv3/regs/CM6-long-queue-in-turns", test_long_queue);
    fix_add("/smmuv3/regs/state-load-refuses", test_load_refuses);
    fix_add("/smmuv3/regs/own-writes-ignored", test_own_writes_ignored);
    return g_test_run();
}

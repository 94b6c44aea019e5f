/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SMMUv3 test fixture. */
#include "fixture.h"

#include <stdlib.h>

#define RAM_BASE 0x1000000ull
#define RAM_SIZE (8ull << 20)
#define STREAMS_LOG2 5

/** One registered case. */
typedef struct Case {
    FixTest *fn;
    FixEdit *edit;
    const char *base;
    const char *profile;
    const void *data;
    bool reset_only;
} Case;

static uint64_t bus_read(void *opaque, uint64_t offset, unsigned size)
{
    Fix *f = opaque;

    return f->m->ops->mmio_read(f->m, offset, size);
}

static void bus_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Fix *f = opaque;

    f->m->ops->mmio_write(f->m, offset, value, size);
}

static void run_case(gconstpointer data)
{
    const Case *c = data;
    Fix *f = g_new0(Fix, 1);
    char err[200];

    ramhost_init(&f->ram, RAM_BASE, RAM_SIZE);
    f->mem = ramhost_guestmem(&f->ram, RAM_BASE, RAM_BASE + RAM_SIZE);
    g_assert_true(smmu_config_named(&f->config, c->base));
    f->config.profile = iommu_profile_find(c->profile);
    if (c->edit) {
        c->edit(&f->config);
    }
    if (!smmu_config_check(&f->config, err, sizeof(err))) {
        g_error("%s", err);
    }
    f->data = c->data;
    f->m = smmu_new(&f->config, &f->ram.host);
    g_assert_nonnull(f->m);
    f->bus = (RegBus) { .read = bus_read, .write = bus_write, .opaque = f };
    smmu_driver_init(&f->drv, &f->bus, &f->mem);
    if (!c->reset_only) {
        stream_table_init_linear(&f->streams, &f->mem, STREAMS_LOG2);
        g_assert_true(smmu_driver_start(&f->drv, &f->streams));
    }
    c->fn(f);
    f->m->ops->free(f->m);
    ramhost_destroy(&f->ram);
    g_free(f);
}

static void add(const char *name, const char *suffix, Case c)
{
    Case *kept = g_new(Case, 1);
    char *path = g_strconcat(name, suffix, NULL);

    *kept = c;
    g_test_add_data_func_full(path, kept, run_case, g_free);
    g_free(path);
}

void fix_add_config(const char *name, const char *base, FixEdit *edit, FixTest *fn)
{
    add(name, "", (Case) { .fn = fn, .edit = edit, .base = base, .profile = "full" });
}

void fix_add_config_profiles(const char *name, const char *base, FixEdit *edit, FixTest *fn)
{
    add(name, "/off", (Case) { .fn = fn, .edit = edit, .base = base, .profile = "off" });
    add(name, "/one", (Case) { .fn = fn, .edit = edit, .base = base, .profile = "one" });
    add(name, "/full", (Case) { .fn = fn, .edit = edit, .base = base, .profile = "full" });
}

void fix_add(const char *name, FixTest *fn)
{
    fix_add_config(name, "max", NULL, fn);
}

void fix_add_profiles(const char *name, FixTest *fn)
{
    fix_add_config_profiles(name, "max", NULL, fn);
}

void fix_add_reset(const char *name, const char *base, FixEdit *edit, FixTest *fn)
{
    add(name, "",
        (Case) { .fn = fn, .edit = edit, .base = base, .profile = "full", .reset_only = true });
}

void fix_add_data(const char *name, const char *base, FixEdit *edit, FixTest *fn, const void *data)
{
    add(name, "",
        (Case) { .fn = fn, .edit = edit, .base = base, .profile = "full", .data = data });
}

static void check_row(Fix *f, const FieldRow *row)
{
    if (row->event) {
        expect_event(f, f->at, false, row->event);
    } else {
        expect_ok(f, f->at, false, f->to);
    }
}

static void run_ste_row(Fix *f)
{
    const FieldRow *row = f->data;

    row->scene(f);
    field_set(f->ste, row->field, row->value);
    if (row->field2) {
        field_set(f->ste, row->field2, row->value2);
    }
    put_ste(f);
    check_row(f, row);
}

static void run_cd_row(Fix *f)
{
    const FieldRow *row = f->data;

    row->scene(f);
    field_set(f->cd, row->field, row->value);
    if (row->field2) {
        field_set(f->cd, row->field2, row->value2);
    }
    put_cd(f);
    check_row(f, row);
}

static void add_rows(const FieldRow *rows, size_t count, FixTest *fn)
{
    for (size_t i = 0; i < count; i++) {
        fix_add_data(rows[i].name, rows[i].base ? rows[i].base : "max", rows[i].edit, fn, &rows[i]);
    }
}

void fix_add_ste_rows(const FieldRow *rows, size_t count)
{
    add_rows(rows, count, run_ste_row);
}

void fix_add_cd_rows(const FieldRow *rows, size_t count)
{
    add_rows(rows, count, run_cd_row);
}

/* ---- edits -------------------------------------------------------------------------------- */

void edit_stage1_only(SmmuConfig *c)
{
    c->s2p = c->hyp = c->vmw = c->vatos = c->xnx = c->ptwnnc = c->mteperm = false;
}

void edit_stage2_only(SmmuConfig *c)
{
    c->s1p = c->hyp = c->vatos = c->had = c->cd2l = c->pps = c->pasidtt = false;
    c->ssidsize = 0;
}

void edit_no_stall(SmmuConfig *c)
{
    c->stall_model = SMMU_STALL_OFF;
    c->stall_max = 0;
}

void edit_force_stall(SmmuConfig *c)
{
    c->stall_model = SMMU_STALL_FORCE;
}

void edit_httu_off(SmmuConfig *c)
{
    c->httu = SMMU_HTTU_OFF;
}

void edit_httu_af(SmmuConfig *c)
{
    c->httu = SMMU_HTTU_AF;
}

/* ---- scenes ------------------------------------------------------------------------------- */

void put_ste(Fix *f)
{
    stream_table_set(&f->streams, SID, f->ste);
    cmd(f, smmu_make_cfgi_ste(SID, true));
}

void put_cd(Fix *f)
{
    cd_table_set(&f->cds, 0, f->cd);
    if (f->cds.s1cdmax) {
        cd_table_set(&f->cds, SSID, f->cd);
    }
    cmd(f, smmu_make_cfgi_cd_all(SID));
}

void ste_put_field(Fix *f, BitField field, uint64_t value)
{
    field_set(f->ste, field, value);
    put_ste(f);
}

void cd_put_field(Fix *f, BitField field, uint64_t value)
{
    field_set(f->cd, field, value);
    put_cd(f);
}

static void map_stage1(Fix *f, uint64_t to)
{
    arm_pages_map_smallest(&f->s1, VA, to, 16 * PAGE, ARM_S1_RW);
    arm_pages_map_smallest(&f->s1, VA_RO, to, PAGE, ARM_S1_RO);
}

void scene_substreams(Fix *f, unsigned s1fmt, unsigned cdmax)
{
    TableSpace space = table_space(&f->mem);

    f->at = VA;
    f->to = PA;
    arm_pages_init_simple(&f->s1, &space, 1, 12, 39);
    map_stage1(f, PA);
    cd_table_init(&f->cds, &space, s1fmt, cdmax);
    cd_stage1(f->cd, &f->s1, ASID);
    ste_stage1(f->ste, &f->cds);
    put_cd(f);
    put_ste(f);
}

void scene_stage1(Fix *f)
{
    scene_substreams(f, STE_S1FMT_LINEAR, 0);
}

static void init_stage2(Fix *f)
{
    const ArmPagesConfig config = { .stage = 2, .granule_lg2 = 12, .in_bits = 40, .start = 1 };
    TableSpace space = table_space(&f->mem);

    f->at = IPA;
    f->to = PA;
    arm_pages_init(&f->s2, &space, &config);
    arm_pages_map_smallest(&f->s2, IPA, PA, 16 * PAGE, ARM_S2_RW);
    arm_pages_map_smallest(&f->s2, IPA + 16 * PAGE, PA, PAGE, ARM_S2_RO);
}

void scene_stage2(Fix *f)
{
    init_stage2(f);
    ste_stage2(f->ste, &f->s2, VMID);
    put_ste(f);
}

void scene_nested(Fix *f)
{
    TableSpace inner;

    init_stage2(f);
    inner = arm_pages_nested_space(&f->s2, IPA_DELTA);
    f->at = VA;
    arm_pages_init_simple(&f->s1, &inner, 1, 12, 39);
    map_stage1(f, IPA);
    cd_table_init(&f->cds, &inner, STE_S1FMT_LINEAR, 0);
    cd_stage1(f->cd, &f->s1, ASID);
    ste_nested(f->ste, &f->cds, &f->s2, VMID);
    put_cd(f);
    put_ste(f);
}

void scene_bypass(Fix *f)
{
    f->at = PA;
    f->to = PA;
    ste_bypass(f->ste);
    put_ste(f);
}

/* ---- actions ------------------------------------------------------------------------------ */

IommuTxn txn_at(uint64_t addr, bool write)
{
    return (IommuTxn) {
        .addr = addr, .stream = SID, .size = 4, .write = write, .attr = { .type = 0xff },
    };
}

IommuResult run(Fix *f, const IommuTxn *txn)
{
    IommuResult res;

    iommu_translate(f->m, txn, &res);
    return res;
}

IommuResult access_at(Fix *f, uint64_t addr, bool write)
{
    IommuTxn t = txn_at(addr, write);

    return run(f, &t);
}

IommuResult access_ssid(Fix *f, uint32_t ssid, uint64_t addr, bool write)
{
    IommuTxn t = txn_at(addr, write);

    t.has_pasid = true;
    t.pasid = ssid;
    return run(f, &t);
}

void cmd(Fix *f, SmmuCmdWords c)
{
    g_assert_true(smmu_driver_issue(&f->drv, c));
}

uint32_t rd(Fix *f, uint64_t offset)
{
    return reg_read32(&f->bus, offset);
}

void wr(Fix *f, uint64_t offset, uint32_t value)
{
    reg_write32(&f->bus, offset, value);
}

uint64_t rd64(Fix *f, uint64_t offset)
{
    return reg_read64(&f->bus, offset);
}

void wr64(Fix *f, uint64_t offset, uint64_t value)
{
    reg_write64(&f->bus, offset, value);
}

void cr0_set(Fix *f, BitField field, uint64_t value)
{
    g_assert_true(smmu_driver_cr0(&f->drv, reg_set(rd(f, SMMU_CR0), field, value)));
}

void cr2_set(Fix *f, BitField field, uint64_t value)
{
    cr0_set(f, CR0_SMMUEN, 0);
    wr(f, SMMU_CR2, reg_set(rd(f, SMMU_CR2), field, value));
    cr0_set(f, CR0_SMMUEN, 1);
}

/* ---- checks ------------------------------------------------------------------------------- */

void expect_one_event(Fix *f, uint8_t num)
{
    if (!num) {
        g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 0);
        return;
    }
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 1);
    g_assert_true(smmu_driver_event(&f->drv, &f->event));
    g_assert_cmphex(f->event.num, ==, num);
    g_assert_cmpuint(f->event.sid, ==, SID);
}

void expect_ok(Fix *f, uint64_t addr, bool write, uint64_t pa)
{
    IommuResult res = access_at(f, addr, write);

    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, pa);
    expect_one_event(f, 0);
}

void expect_event(Fix *f, uint64_t addr, bool write, uint8_t num)
{
    IommuResult res = access_at(f, addr, write);

    g_assert_cmpint(res.status, ==, IOMMU_STATUS_ABORT);
    expect_one_event(f, num);
}

void expect_pa(Fix *f, uint64_t addr, uint64_t pa)
{
    IommuResult res = access_at(f, addr, false);

    g_assert_cmpint(res.status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res.pa, ==, pa);
}

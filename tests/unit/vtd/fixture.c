/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d unit tests: fixture and scenes (see fixture.h). */
#include "fixture.h"

#include <string.h>

#define RAM_BYTES (4u << 20)
#define HEAP_FIRST 0x10000u

typedef struct FixCase {
    FixTest *fn;
    const char *base;
    const char *profile;
    void (*edit)(VtdConfig *);
} FixCase;

/* ---- making and registering ---- */

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

/* The host's opaque is the RamHost, which is the fixture's first member. */
static void told_iec(void *opaque, bool global, uint32_t index, uint32_t ignored)
{
    Fix *f = opaque;

    f->iec_calls++;
    f->iec_global = global;
    f->iec_index = index;
    f->iec_ignored = ignored;
}

static void told_streams(void *opaque, uint32_t stream, uint32_t ignored)
{
    Fix *f = opaque;

    f->stream_calls++;
    f->stream = stream;
    f->stream_ignored = ignored;
}

static const VtdHostOps extra_ops = {
    .iec_invalidate = told_iec,
    .streams_changed = told_streams,
};

static void run_case(const void *data)
{
    const FixCase *c = data;
    Fix *f = g_new0(Fix, 1);
    char err[200] = "";

    g_assert_true(vtd_config_named(&f->cfg, c->base));
    f->cfg.profile = iommu_profile_find(c->profile);
    g_assert_nonnull(f->cfg.profile);
    if (c->edit) {
        c->edit(&f->cfg);
    }
    if (!vtd_config_check(&f->cfg, err, sizeof(err))) {
        g_error("%s", err);
    }
    ramhost_init(&f->ram, 0, RAM_BYTES);
    f->mem = ramhost_guestmem(&f->ram, HEAP_FIRST, RAM_BYTES);
    g_assert_true(f->ram.host.opaque == f);
    f->m = vtd_new(&f->cfg, &f->ram.host, &extra_ops);
    g_assert_nonnull(f->m);
    f->bus = (RegBus) { .read = bus_read, .write = bus_write, .opaque = f };
    vtd_driver_init(&f->drv, &f->bus, &f->mem);
    c->fn(f);
    f->m->ops->free(f->m);
    ramhost_destroy(&f->ram);
    g_free(f);
}

static void add(const char *name, FixTest *fn, const char *base, const char *profile,
                void (*edit)(VtdConfig *))
{
    FixCase *c = g_new0(FixCase, 1);

    *c = (FixCase) { .fn = fn, .base = base, .profile = profile, .edit = edit };
    g_test_add_data_func_full(name, c, run_case, g_free);
}

void fix_add(const char *name, FixTest *fn)
{
    add(name, fn, "max", "full", NULL);
}

void fix_add_profiles(const char *name, FixTest *fn)
{
    static const char *const profiles[] = { "off", "one", "full" };

    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *full = g_strdup_printf("%s/%s", name, profiles[i]);

        add(full, fn, "max", profiles[i], NULL);
    }
}

void fix_add_config(const char *name, const char *base, void (*cfg_edit)(VtdConfig *), FixTest *fn)
{
    add(name, fn, base, "full", cfg_edit);
}

/* ---- scenes ---- */

static void map_second_stage(VtdPages *ss, uint64_t delta)
{
    vtd_pages_map_smallest(ss, IOVA + delta, PAGE_PA, 16 * PAGE, VTD_SS_RW);
    vtd_pages_map_level(ss, RO_IOVA + delta, PAGE_PA + 8 * PAGE, 1, VTD_SS_RO);
    vtd_pages_map_level(ss, WO_IOVA + delta, PAGE_PA + 9 * PAGE, 1, VTD_SS_WO);
}

static void map_first_stage(VtdPages *fs, uint64_t out)
{
    vtd_pages_map_smallest(fs, IOVA, out, 16 * PAGE, VTD_FS_USER_RW);
    vtd_pages_map_level(fs, RO_IOVA, out + 8 * PAGE, 1, VTD_FS_USER_RO);
    vtd_pages_map_level(fs, SUP_IOVA, out + 10 * PAGE, 1,
                        reg_make(VTD_FS_P, 1) | reg_make(VTD_FS_RW, 1));
}

void fix_put_context(Fix *f)
{
    vtd_ctx_set(&f->root, RID, f->ctx);
}

void fix_put_entry(Fix *f)
{
    vtd_pasid_set(&f->pasids, 0, f->entry);
    vtd_pasid_set(&f->pasids, PASID, f->entry);
}

void fix_flush(Fix *f)
{
    g_assert_true(vtd_driver_invalidate_all(&f->drv));
}

static void start(Fix *f)
{
    g_assert_true(vtd_driver_start(&f->drv, &f->root));
    ramhost_forget(&f->ram);
    f->stream_calls = 0;
}

static void start_scalable(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, true);
    vtd_pasid_table_init(&f->pasids, &f->mem, 7);
    vtd_smctx(f->ctx, &f->pasids, f->cfg.pasid, 0);
    field_set(f->ctx, VTD_SMCTX_DTE, f->cfg.dt);
    field_set(f->ctx, VTD_SMCTX_PRE, f->cfg.prs);
    fix_put_context(f);
    field_set(f->entry, VTD_PASID_PWSNP, f->cfg.smpwcs);
    fix_put_entry(f);
    start(f);
}

void scene_legacy(Fix *f)
{
    TableSpace space = table_space(&f->mem);

    vtd_root_init(&f->root, &f->mem, false);
    vtd_pages_init(&f->ss, &space, 2, 4);
    map_second_stage(&f->ss, 0);
    vtd_ctx_second_stage(f->ctx, &f->ss, DID);
    fix_put_context(f);
    start(f);
}

void scene_legacy_pass_through(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, false);
    vtd_ctx_pass_through(f->ctx, VTD_AW_57, DID);
    fix_put_context(f);
    start(f);
}

void scene_fs(Fix *f)
{
    TableSpace space = table_space(&f->mem);

    vtd_pages_init(&f->fs, &space, 1, 4);
    map_first_stage(&f->fs, PAGE_PA);
    vtd_pasid_first_stage(f->entry, &f->fs, DID);
    start_scalable(f);
}

void scene_ss(Fix *f)
{
    TableSpace space = table_space(&f->mem);

    vtd_pages_init(&f->ss, &space, 2, 4);
    map_second_stage(&f->ss, 0);
    vtd_pasid_second_stage(f->entry, &f->ss, DID);
    start_scalable(f);
}

void scene_ss_ad(Fix *f)
{
    TableSpace space = table_space(&f->mem);

    vtd_pages_init(&f->ss, &space, 2, 4);
    map_second_stage(&f->ss, 0);
    vtd_pasid_second_stage(f->entry, &f->ss, DID);
    field_set(f->entry, VTD_PASID_SSADE, 1);
    start_scalable(f);
}

/* First-stage output IOVA + GPA_DELTA, which the second stage takes to PAGE_PA. */
void scene_nested(Fix *f)
{
    TableSpace space = table_space(&f->mem), nested;

    vtd_pages_init(&f->ss, &space, 2, 4);
    map_second_stage(&f->ss, GPA_DELTA);
    nested = vtd_nested_space(&f->ss, GPA_DELTA);
    vtd_pages_init(&f->fs, &nested, 1, 4);
    map_first_stage(&f->fs, IOVA + GPA_DELTA);
    vtd_pages_map_level(&f->fs, WO_IOVA, WO_IOVA + GPA_DELTA, 1, VTD_FS_USER_RW);
    vtd_pasid_nested(f->entry, &f->fs, &f->ss, DID);
    start_scalable(f);
}

void scene_pt(Fix *f)
{
    vtd_pasid_pass_through(f->entry, DID);
    start_scalable(f);
}

/* ---- requests ---- */

IommuTxn fix_txn(uint64_t addr, bool write)
{
    return (IommuTxn) { .addr = addr, .stream = RID, .size = 8, .write = write };
}

IommuTxn fix_txn_pasid(uint64_t addr, bool write, uint32_t pasid)
{
    IommuTxn t = fix_txn(addr, write);

    t.has_pasid = true;
    t.pasid = pasid;
    return t;
}

IommuTxn fix_txn_ats(uint64_t addr, bool no_write)
{
    return (IommuTxn) {
        .addr = addr, .stream = RID, .kind = IOMMU_TXN_ATS_REQUEST, .no_write = no_write,
    };
}

IommuResult fix_do(Fix *f, const IommuTxn *txn)
{
    IommuResult res;

    memset(&res, 0xee, sizeof(res)); /* the model must write all of it */
    iommu_translate(f->m, txn, &res);
    return res;
}

IommuResult fix_read(Fix *f, uint64_t addr)
{
    IommuTxn t = fix_txn(addr, false);

    return fix_do(f, &t);
}

IommuResult fix_write(Fix *f, uint64_t addr)
{
    IommuTxn t = fix_txn(addr, true);

    return fix_do(f, &t);
}

void fix_assert_ok(const IommuResult *res, uint64_t pa)
{
    g_assert_cmphex(res->fault, ==, 0);
    g_assert_cmpuint(res->status, ==, IOMMU_STATUS_OK);
    g_assert_cmphex(res->pa, ==, pa);
    g_assert_cmpuint(res->page_lg2, >=, 12);
}

void fix_assert_fault(Fix *f, const IommuTxn *txn, VtdFaultReason reason)
{
    IommuResult res = fix_do(f, txn);
    VtdFaultWords rec;

    g_assert_cmphex(res.fault, ==, reason);
    g_assert_cmpuint(res.status, ==, IOMMU_STATUS_ABORT);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_cmphex(rec.reason, ==, reason);
    g_assert_cmphex(rec.sid, ==, txn->stream);
    g_assert_cmphex(rec.addr, ==, txn->addr & ~0xfffull);
    g_assert_cmpuint(rec.type, ==, txn->atomic ? VTD_FAULT_TYPE_ATOMIC
                                   : txn->write ? VTD_FAULT_TYPE_WRITE
                                                : VTD_FAULT_TYPE_READ);
}

void fix_assert_read_fault(Fix *f, uint64_t addr, VtdFaultReason reason)
{
    IommuTxn t = fix_txn(addr, false);

    fix_assert_fault(f, &t, reason);
}

void fix_assert_write_fault(Fix *f, uint64_t addr, VtdFaultReason reason)
{
    IommuTxn t = fix_txn(addr, true);

    fix_assert_fault(f, &t, reason);
}

void fix_assert_no_record(Fix *f)
{
    VtdFaultWords rec;

    g_assert_false(vtd_driver_fault(&f->drv, &rec));
}

void fix_assert_record(Fix *f, VtdFaultReason reason)
{
    VtdFaultWords rec;

    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_cmphex(rec.reason, ==, reason);
}

uint32_t fix_reg32(Fix *f, uint64_t offset)
{
    return reg_read32(&f->bus, offset);
}

uint64_t fix_reg64(Fix *f, uint64_t offset)
{
    return reg_read64(&f->bus, offset);
}

void fix_set32(Fix *f, uint64_t offset, uint32_t value)
{
    reg_write32(&f->bus, offset, value);
}

void fix_set64(Fix *f, uint64_t offset, uint64_t value)
{
    reg_write64(&f->bus, offset, value);
}

void fix_event_to(Fix *f, unsigned control, uint64_t addr, uint32_t data)
{
    fix_set32(f, control + 4, data);
    fix_set32(f, control + 8, (uint32_t)addr);
    fix_set32(f, control + 12, addr >> 32);
    fix_set32(f, control, 0);
}

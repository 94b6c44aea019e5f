/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration sets and their checks, saved state, and input that means nothing. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

/* ---- configuration ---- */

static void expect_error(const VtdConfig *c, const char *words)
{
    char err[200] = "";

    g_assert_false(vtd_config_check(c, err, sizeof(err)));
    if (!strstr(err, words)) {
        g_error("\"%s\" does not say \"%s\"", err, words);
    }
    g_assert_null(strchr(err, '\n'));
}

static void named_sets(void)
{
    static const char *const names[] = { "qemu", "spr", "max" };
    VtdConfig c;
    char err[200];

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_true(vtd_config_named(&c, names[i]));
        g_assert_true(vtd_config_check(&c, err, sizeof(err)));
        g_assert_nonnull(strstr(vtd_config_names(), names[i]));
    }
    g_assert_false(vtd_config_named(&c, "nothing"));
}

/* Where the model chose a place, the configuration then says which. */
static void settled(void)
{
    VtdConfig c;

    vtd_config_named(&c, "qemu");
    vtd_config_settle(&c);
    g_assert_cmphex(c.fro, ==, 0x22);
    g_assert_cmphex(c.iro, ==, 0xf);
    vtd_config_named(&c, "spr");
    vtd_config_settle(&c);
    g_assert_cmphex(c.fro, ==, 0x40);
    g_assert_cmphex(c.iro, ==, 0x50);
    vtd_config_named(&c, "qemu");
    c.nfr = 256;
    vtd_config_settle(&c);
    g_assert_cmphex(c.fro, ==, 0x100);
    g_assert_cmpuint(vtd_config_mmio_size(&c), ==, 8192);
}

static void dependencies(void)
{
    VtdConfig c, max;

    vtd_config_named(&max, "max");
#define BREAK(change, words)    \
    do {                        \
        c = max;                \
        change;                 \
        expect_error(&c, words); \
    } while (0)
    BREAK(c.qi = false, "needs qi=on");
    BREAK(c.ir = false, "needs ir=on");
    BREAK(c.dt = false, "needs dt=on");
    BREAK(c.smts = false, "needs smts=on");
    BREAK(c.ssts = false, "needs");
    BREAK(c.fsts = false, "needs");
    BREAK(c.smpwcs = false, "needs");
    BREAK(c.srs = false, "rprivs needs srs=on");
    BREAK(c.pasid = false, "ptrs needs");
    BREAK(c.prs = false, "sms needs prs=on");
    BREAK(c.rwbf = true, "smts needs rwbf=off");
#undef BREAK
}

static void ranges(void)
{
    VtdConfig c, max;

    vtd_config_named(&max, "max");
#define BREAK(change, words)    \
    do {                        \
        c = max;                \
        change;                 \
        expect_error(&c, words); \
    } while (0)
    BREAK(c.haw = 53, "haw=53: must be 32 to 52");
    BREAK(c.haw = 31, "haw=31");
    BREAK(c.mgaw = 58, "mgaw=58");
    BREAK(c.nd = 7, "nd=7: must be 0 to 6");
    BREAK(c.nfr = 0, "nfr=0");
    BREAK(c.nfr = 257, "nfr=257");
    BREAK(c.pss = 20, "pss=20: must be 0 to 19");
    BREAK(c.mamv = 64, "mamv=64");
    BREAK(c.mhmv = 16, "mhmv=16");
    BREAK(c.ver_max = 0, "version (major)=0");
    BREAK(c.sagaw = 1, "sagaw=0x1");
    BREAK(c.sagaw = 0, "sagaw=0");
    BREAK(c.sslps = 2, "sslps=2: must be 0, 1 or 3");
    BREAK(c.fro = 0x10, "fro=0x10");
    BREAK(c.fro = 0x1ff, "fro=0x1ff");
    BREAK(c.iro = 0x12, "iro=0x12");
    BREAK(c.iro = 0x22, "iro=0x22");
    BREAK(c.iro = 0x400, "iro=0x400");
#undef BREAK
}

/* ---- saved state ---- */

static void save(Fix *f, IommuStateReader *r)
{
    IommuStateWriter w = { 0 };

    f->m->ops->save(f->m, &w);
    g_assert_false(w.failed);
    *r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_true(iommu_state_valid(r));
}

static void round_trip(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);
    IommuStateReader r;
    IommuModel *old;
    IommuTxn t = fix_txn_pasid(IOVA, true, PASID);
    IommuResult res;

    scene_nested(f);
    fix_read(f, HOLE);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 9));
    save(f, &r);
    /* The other side: a new unit over the same memory. */
    old = f->m;
    f->m = vtd_new(&f->cfg, &f->ram.host, NULL);
    g_assert_true(f->m->ops->load(f->m, &r));
    for (unsigned off = 0; off < 4096; off += 4) {
        g_assert_cmphex(f->m->ops->mmio_read(f->m, off, 4), ==, old->ops->mmio_read(old, off, 4));
    }
    old->ops->free(old);
    free((void *)r.data);
    res = fix_do(f, &t);
    fix_assert_ok(&res, PAGE_PA);
    fix_assert_record(f, VTD_FAULT_SFS_2);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 0);
    f->m->ops->ats_inv_done(f->m, RID, f->ram.ats[0].itag, true);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 9);
    /* The recording index went along. */
    fix_read(f, HOLE);
    g_assert_cmphex(fix_reg64(f, 0x230), ==, HOLE);
}

static void other_unit_refuses(Fix *f)
{
    IommuStateReader r;
    IommuModel *other;
    VtdConfig c = f->cfg;

    save(f, &r);
    c.nfr = 4;
    other = vtd_new(&c, &f->ram.host, NULL);
    g_assert_false(other->ops->load(other, &r));
    other->ops->free(other);
    free((void *)r.data);
}

static void damaged_images(Fix *f)
{
    IommuStateReader r, cut;
    uint8_t *copy;

    scene_fs(f);
    save(f, &r);
    copy = g_malloc(r.len);
    for (size_t i = 0; i < 3000; i++) {
        memcpy(copy, r.data, r.len);
        copy[g_test_rand_int_range(0, (int)r.len)] ^= 1u << g_test_rand_int_range(0, 8);
        cut = (IommuStateReader) {
            .data = copy, .len = i % 7 ? r.len : (size_t)g_test_rand_int_range(0, (int)r.len),
        };
        f->m->ops->load(f->m, &cut);
        fix_read(f, IOVA);
        vtd_driver_push(&f->drv, vtd_make_context_global());
    }
    g_free(copy);
    free((void *)r.data);
}

/* ---- garbage ---- */

static void random_registers(Fix *f)
{
    scene_nested(f);
    for (unsigned i = 0; i < 60000; i++) {
        uint64_t off = g_test_rand_int_range(0, 0x140) * 4;
        uint64_t value = (uint64_t)(uint32_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();

        if (i % 5 == 0) {
            value &= 0x1fffff0; /* now and then a plausible address */
        }
        f->m->ops->mmio_write(f->m, off, value, i & 1 ? 8 : 4);
        f->m->ops->mmio_read(f->m, off, i & 2 ? 8 : 4);
        if (i % 16 == 0) {
            IommuPageRequest req = { .addr = value, .stream = RID, .last = true, .r = true };
            VtdIrRequest irq = { .addr = 0xfee00000 | (value & 0xfffff), .data = value >> 32 };
            VtdIrResult out;

            fix_read(f, value);
            f->m->ops->page_request(f->m, &req);
            vtd_remap_interrupt(f->m, &irq, &out);
        }
    }
}

static void random_memory(Fix *f)
{
    scene_nested(f);
    for (unsigned i = 0; i < 60000; i++) {
        uint64_t addr = 0x10000 + (uint64_t)g_test_rand_int_range(0, 0x20000) * 8;
        uint64_t value = gmem_read64(&f->mem, addr) ^ 1ull << g_test_rand_int_range(0, 64);
        IommuTxn t = fix_txn_pasid(IOVA + g_test_rand_int_range(0, 80) * PAGE, i & 1, PASID);

        gmem_write64(&f->mem, addr, value);
        t.kind = i % 3;
        t.has_pasid = i & 4;
        fix_do(f, &t);
        if (i % 64 == 0) {
            vtd_driver_push(&f->drv, vtd_make_iotlb_global());
            fix_set32(f, VTD_REG_FSTS, ~0u);
        }
    }
    g_assert_cmpuint(f->m->counters.transactions, ==, f->m->counters.translated +
                     f->m->counters.bypassed + f->m->counters.aborted);
}

static void random_descriptors(Fix *f)
{
    scene_fs(f);
    for (unsigned i = 0; i < 60000; i++) {
        VtdDescWords d = vtd_make(g_test_rand_int_range(0, 16));

        for (unsigned n = g_test_rand_int_range(0, 6); n; n--) {
            d.w[g_test_rand_int_range(0, 2)] |= 1ull << g_test_rand_int_range(4, 64);
        }
        f->ram.ats_answer = g_test_rand_int_range(0, 3);
        vtd_driver_push(&f->drv, d);
        f->m->ops->ats_inv_done(f->m, RID, g_test_rand_int_range(0, 40), i & 1);
        fix_set32(f, VTD_REG_FSTS, ~0u);
    }
}

/* A table that points to itself at every level is as deep as any other. */
static void tables_in_circles(Fix *f)
{
    uint64_t page;

    scene_ss(f);
    page = f->ss.root;
    for (unsigned i = 0; i < 512; i++) {
        gmem_write64(&f->mem, page + 8 * i, page | VTD_SS_RW);
    }
    IommuResult r = fix_read(f, IOVA);
    fix_assert_ok(&r, page);
}

static void every_pointer_leads_nowhere(Fix *f)
{
    scene_nested(f);
    ramhost_abort(&f->ram, 0, ~0ull, RAMHOST_ANY);
    for (unsigned i = 0; i < 100; i++) {
        g_assert_cmpuint(fix_read(f, IOVA + i * PAGE).status, ==, IOMMU_STATUS_ABORT);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/config/named-sets", named_sets);
    g_test_add_func("/vtd/config/settled", settled);
    g_test_add_func("/vtd/config/R5-dependencies", dependencies);
    g_test_add_func("/vtd/config/ranges", ranges);
    fix_add_profiles("/vtd/state/round-trip", round_trip);
    fix_add("/vtd/state/other-unit-refuses", other_unit_refuses);
    fix_add("/vtd/state/damaged-images", damaged_images);
    fix_add_profiles("/vtd/garbage/R8-registers", random_registers);
    fix_add_profiles("/vtd/garbage/E2-memory", random_memory);
    fix_add_profiles("/vtd/garbage/I6-descriptors", random_descriptors);
    fix_add_profiles("/vtd/garbage/E2-circles", tables_in_circles);
    fix_add_profiles("/vtd/garbage/T12-nowhere", every_pointer_leads_nowhere);
    return g_test_run();
}

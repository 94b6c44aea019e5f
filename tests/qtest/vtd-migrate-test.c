/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VT-d unit in the middle of its work moves to another process: nothing is programmed again. */
#include "qemu/osdep.h"
#include "sw-machine.h"

#include "../lib/vtd-driver.h"

#define RID SW_EDU_BDF
#define BYTES 4096
#define DID 7
#define IOVA_SRC 0x2345678000ull
#define IOVA_DST 0x0fedcba000ull

typedef struct Bench {
    SwMachine *m;
    VtdDriver d;
    VtdRootTable root;
    VtdPages pages;
    uint64_t src, dst;
} Bench;

static void bench_start(Bench *b, const SwCase *c, bool scalable)
{
    TableSpace physical;

    b->m = sw_machine_q35(c->caches, scalable ? "model=max" : NULL);
    vtd_driver_init(&b->d, &b->m->regs, &b->m->mem);
    vtd_root_init(&b->root, &b->m->mem, scalable);
    physical = table_space(&b->m->mem);
    vtd_pages_init(&b->pages, &physical, scalable ? 1 : 2, scalable ? 4 : 3);
    b->src = gmem_alloc(&b->m->mem, BYTES, BYTES);
    b->dst = gmem_alloc(&b->m->mem, BYTES, BYTES);
    vtd_pages_map_smallest(&b->pages, IOVA_SRC, b->src, BYTES,
                           scalable ? VTD_FS_USER_RW : VTD_SS_RW);
    vtd_pages_map_smallest(&b->pages, IOVA_DST, b->dst, BYTES,
                           scalable ? VTD_FS_USER_RW : VTD_SS_RW);
    if (scalable) {
        uint64_t entry[VTD_PASID_WORDS], ctx[VTD_SMCTX_WORDS];
        VtdPasidTable pasids;

        vtd_pasid_table_init(&pasids, &b->m->mem, 0);
        vtd_pasid_first_stage(entry, &b->pages, DID);
        field_set(entry, VTD_PASID_PWSNP, 1);
        vtd_pasid_set(&pasids, 0, entry);
        vtd_smctx(ctx, &pasids, false, 0);
        vtd_ctx_set(&b->root, RID, ctx);
    } else {
        uint64_t ctx[VTD_CTX_WORDS];

        vtd_ctx_second_stage(ctx, &b->pages, DID);
        vtd_ctx_set(&b->root, RID, ctx);
    }
    g_assert_true(vtd_driver_start(&b->d, &b->root));
}

static void assert_copies(Bench *b)
{
    VtdFaultWords f;

    for (uint64_t seed = 1; seed <= 2; seed++) {
        sw_fill(b->m, b->src, BYTES, seed);
        sw_edu_copy(b->m, IOVA_DST, IOVA_SRC, BYTES);
        g_assert_false(vtd_driver_fault(&b->d, &f));
        g_assert_true(sw_filled(b->m, b->dst, BYTES, seed));
    }
}

static void check_translation(const SwCase *c, bool scalable)
{
    Bench b;

    bench_start(&b, c, scalable);
    assert_copies(&b);
    sw_machine_migrate(b.m);
    assert_copies(&b);
    /* The queue goes on where it was. */
    vtd_pages_unmap(&b.pages, IOVA_SRC);
    g_assert_true(vtd_driver_invalidate_all(&b.d));
    sw_edu_read(b.m, IOVA_SRC, 0, 4);
    g_assert_cmpuint(reg_get(vtd_driver_fsts(&b.d), VTD_FSTS_PPF), ==, 1);
    sw_machine_free(b.m);
}

static void test_legacy(const SwCase *c)
{
    check_translation(c, false);
}

static void test_scalable(const SwCase *c)
{
    if (!sw_has_cache_sizes()) {
        g_test_skip("QEMU's own model has no model=max");
        return;
    }
    check_translation(c, true);
}

static void test_faults(const SwCase *c)
{
    VtdFaultWords f;
    Bench b;

    bench_start(&b, c, false);
    sw_edu_read(b.m, IOVA_SRC + 0x40000000, 0, 4);
    sw_machine_migrate(b.m);
    g_assert_cmpuint(reg_get(vtd_driver_fsts(&b.d), VTD_FSTS_PPF), ==, 1);
    g_assert_true(vtd_driver_fault(&b.d, &f));
    g_assert_cmphex(f.reason, ==, VTD_FAULT_LGN_3);
    g_assert_cmphex(f.addr, ==, IOVA_SRC + 0x40000000);
    g_assert_cmpuint(reg_get(vtd_driver_fsts(&b.d), VTD_FSTS_PPF), ==, 0);
    sw_machine_free(b.m);
}

static void test_interrupts(const SwCase *c)
{
    uint64_t irte[VTD_IRTE_WORDS], table;
    VtdFaultWords f;
    Bench b;

    bench_start(&b, c, false);
    table = gmem_alloc(&b.m->mem, 4096, 4096);
    vtd_irte_fixed(irte, 0x51, 0);
    vtd_irte_verify(irte, RID + 8);
    gmem_write_words(&b.m->mem, table, irte, VTD_IRTE_WORDS);
    g_assert_true(vtd_driver_irta(&b.d, table, 3, false));
    sw_machine_migrate(b.m);
    sw_edu_msi(b.m, vtd_msi_address(0, false), 0);
    g_assert_true(vtd_driver_fault(&b.d, &f));
    g_assert_cmphex(f.reason, ==, VTD_FAULT_IR_SOURCE);
    sw_machine_free(b.m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/vtd/migrate/legacy", test_legacy, NULL);
    sw_add_cached("/vtd/migrate/scalable", test_scalable, NULL);
    sw_add_cached("/vtd/migrate/faults", test_faults, NULL);
    sw_add_cached("/vtd/migrate/interrupts", test_interrupts, NULL);
    return g_test_run();
}

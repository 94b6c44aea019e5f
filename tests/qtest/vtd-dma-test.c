/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA of a real PCI device through VT-d: every translation type of legacy and scalable mode, page
 * sizes, and what a fault leaves behind (VT-d 5.10, chapters 3 and 7). With every cache size.
 */
#include "qemu/osdep.h"
#include "sw-machine.h"

#include "../lib/vtd-driver.h"

#define RID SW_EDU_BDF
#define BYTES 4096
#define ONE_FAULT 4 /* bytes: QEMU splits a longer faulting access */
#define DID 7

/* Input addresses (below 2^39) that differ from their outputs in every part. */
#define IOVA_SRC 0x2345678000ull
#define IOVA_DST 0x0fedcba000ull

/* Guest-physical addresses between the stages of a nested PASID. */
#define GPA_SRC 0x1111222000ull
#define GPA_DST 0x1333444000ull
#define GPA_TABLES (1ull << 38)

#define SCALABLE "x-scalable-mode=on"
#define FIRST_STAGE "x-scalable-mode=on,x-flts=on"
#define EVERYTHING "model=max"

typedef struct Bench {
    SwMachine *m;
    VtdDriver d;
    VtdRootTable root;
    VtdPasidTable pasids; /* scalable mode */
    uint64_t src, dst;    /* physical */
} Bench;

/* Machine with translation on and an empty root table. */
static void bench_start(Bench *b, const SwCase *c, const char *properties, bool scalable)
{
    b->m = sw_machine_q35(c->caches, properties);
    vtd_driver_init(&b->d, &b->m->regs, &b->m->mem);
    vtd_root_init(&b->root, &b->m->mem, scalable);
    g_assert_true(vtd_driver_start(&b->d, &b->root));
    b->src = gmem_alloc(&b->m->mem, BYTES, BYTES);
    b->dst = gmem_alloc(&b->m->mem, BYTES, BYTES);
}

static void bench_end(Bench *b)
{
    sw_machine_free(b->m);
}

static void invalidate(Bench *b)
{
    g_assert_true(vtd_driver_invalidate_all(&b->d));
}

static void assert_no_fault(Bench *b)
{
    VtdFaultWords f;

    if (vtd_driver_fault(&b->d, &f)) {
        g_error("unexpected fault %#x at %#" PRIx64, f.reason, f.addr);
    }
}

/* The device copies by its own addresses: twice, so that caches are filled and used. */
static void assert_copies(Bench *b, uint64_t src, uint64_t dst)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        sw_fill(b->m, b->src, BYTES, seed);
        sw_edu_copy(b->m, dst, src, BYTES);
        assert_no_fault(b);
        g_assert_true(sw_filled(b->m, b->dst, BYTES, seed));
    }
}

static void assert_fault(Bench *b, unsigned reason, unsigned type, uint64_t addr)
{
    VtdFaultWords f;

    g_assert_cmpuint(reg_get(vtd_driver_fsts(&b->d), VTD_FSTS_PPF), ==, 1);
    g_assert_true(vtd_driver_fault(&b->d, &f));
    g_assert_cmphex(f.reason, ==, reason);
    g_assert_cmphex(f.sid, ==, RID);
    g_assert_cmphex(f.addr, ==, addr & ~0xfffull);
    g_assert_cmpuint(f.type, ==, type);
    g_assert_false(f.pp);
}

static void assert_read_faults(Bench *b, uint64_t iova, unsigned reason)
{
    sw_edu_read(b->m, iova, 0, ONE_FAULT);
    assert_fault(b, reason, VTD_FAULT_TYPE_READ, iova);
}

/* A write that faults changes nothing at @pa. */
static void assert_write_faults(Bench *b, uint64_t iova, uint64_t pa, unsigned reason)
{
    sw_fill(b->m, pa, 64, 3);
    sw_edu_write(b->m, iova, 0, ONE_FAULT);
    assert_fault(b, reason, VTD_FAULT_TYPE_WRITE, iova);
    g_assert_true(sw_filled(b->m, pa, 64, 3));
}

/* ---- legacy mode ------------------------------------------------------------------------- */

static unsigned widest_aw(const Bench *b)
{
    uint64_t sagaw = reg_get(b->d.cap, VTD_CAP_SAGAW);

    for (unsigned aw = VTD_AW_57; aw > VTD_AW_39; aw--) {
        if (sagaw & 1u << aw) {
            return aw;
        }
    }
    return VTD_AW_39;
}

static void map_frames(Bench *b, VtdPages *pages, uint64_t src, uint64_t dst, uint64_t rights)
{
    vtd_pages_map_smallest(pages, src, b->src, BYTES, rights);
    vtd_pages_map_smallest(pages, dst, b->dst, BYTES, rights);
}

static void legacy_start(Bench *b, const SwCase *c, VtdPages *ss, unsigned levels)
{
    TableSpace physical;
    uint64_t ctx[VTD_CTX_WORDS];

    bench_start(b, c, NULL, false);
    physical = table_space(&b->m->mem);
    vtd_pages_init(ss, &physical, 2, levels);
    map_frames(b, ss, IOVA_SRC, IOVA_DST, VTD_SS_RW);
    vtd_ctx_second_stage(ctx, ss, DID);
    vtd_ctx_set(&b->root, RID, ctx);
    invalidate(b);
}

static void test_disabled(const SwCase *c)
{
    Bench b;

    bench_start(&b, c, NULL, false);
    g_assert_true(vtd_driver_gcmd(&b.d, VTD_GCMD_TE, false));
    assert_copies(&b, b.src, b.dst);
    bench_end(&b);
}

static void test_legacy(const SwCase *c)
{
    const unsigned levels = GPOINTER_TO_UINT(c->data);
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, levels);
    if (reg_get(b.d.cap, VTD_CAP_SAGAW) & 1u << vtd_aw_code(levels)) {
        assert_copies(&b, IOVA_SRC, IOVA_DST);
    } else {
        g_test_skip("CAP.SAGAW does not have this width");
    }
    bench_end(&b);
}

static void test_legacy_large(const SwCase *c)
{
    const unsigned level = GPOINTER_TO_UINT(c->data);
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    if (reg_get(b.d.cap, VTD_CAP_SSLPS) & 1u << (level - 2)) {
        uint64_t bytes = 1ull << vtd_pages_level_lg2(level);

        for (uint64_t pa = 0; pa < 1ull << 30; pa += bytes) {
            vtd_pages_map_level(&ss, (4ull << 30) + pa, pa, level, VTD_SS_RW);
        }
        assert_copies(&b, (4ull << 30) + b.src, (4ull << 30) + b.dst);
    } else {
        g_test_skip("CAP.SSLPS does not have this size");
    }
    bench_end(&b);
}

static void test_legacy_pass_through(const SwCase *c)
{
    uint64_t ctx[VTD_CTX_WORDS];
    Bench b;

    bench_start(&b, c, NULL, false);
    vtd_ctx_pass_through(ctx, widest_aw(&b), DID);
    vtd_ctx_set(&b.root, RID, ctx);
    invalidate(&b);
    if (reg_get(b.d.ecap, VTD_ECAP_PT)) {
        assert_copies(&b, b.src, b.dst);
    } else {
        g_test_skip("ECAP.PT is 0");
    }
    bench_end(&b);
}

static void test_no_root(const SwCase *c)
{
    Bench b;

    bench_start(&b, c, NULL, false);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_LRT_2);
    bench_end(&b);
}

static void test_no_context(const SwCase *c)
{
    static const uint64_t absent[VTD_CTX_WORDS];
    Bench b;

    bench_start(&b, c, NULL, false);
    vtd_ctx_set(&b.root, RID, absent);
    invalidate(&b);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_LCT_2);
    bench_end(&b);
}

static void test_fault_processing_disabled(const SwCase *c)
{
    uint64_t ctx[VTD_CTX_WORDS] = { 0 };
    Bench b;

    bench_start(&b, c, NULL, false);
    field_set(ctx, VTD_CTX_FPD, 1); /* honoured even in an entry that is not present */
    vtd_ctx_set(&b.root, RID, ctx);
    invalidate(&b);
    sw_edu_read(b.m, IOVA_SRC, 0, ONE_FAULT);
    assert_no_fault(&b);
    bench_end(&b);
}

static void test_context_reserved(const SwCase *c)
{
    uint64_t ctx[VTD_CTX_WORDS];
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    vtd_ctx_second_stage(ctx, &ss, DID);
    ctx[1] |= 1ull << 63;
    vtd_ctx_set(&b.root, RID, ctx);
    invalidate(&b);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_LCT_3);
    bench_end(&b);
}

static void test_context_bad_type(const SwCase *c)
{
    uint64_t ctx[VTD_CTX_WORDS];
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    vtd_ctx_second_stage(ctx, &ss, DID);
    field_set(ctx, VTD_CTX_TT, 3);
    vtd_ctx_set(&b.root, RID, ctx);
    invalidate(&b);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_LCT_4);
    bench_end(&b);
}

static void test_legacy_absent(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    assert_read_faults(&b, IOVA_SRC + 0x40000000, VTD_FAULT_LGN_3);
    assert_write_faults(&b, IOVA_DST + 0x40000000, b.dst, VTD_FAULT_LGN_2);
    bench_end(&b);
}

static void test_legacy_rights(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    vtd_pages_map_smallest(&ss, IOVA_SRC, b.src, BYTES, VTD_SS_RO);
    vtd_pages_map_smallest(&ss, IOVA_DST, b.dst, BYTES, VTD_SS_WO);
    invalidate(&b);
    assert_copies(&b, IOVA_SRC, IOVA_DST);
    assert_write_faults(&b, IOVA_SRC, b.src, VTD_FAULT_LGN_2);
    assert_read_faults(&b, IOVA_DST, VTD_FAULT_LGN_3);
    bench_end(&b);
}

static void test_legacy_too_wide(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    assert_read_faults(&b, IOVA_SRC | 1ull << 39, VTD_FAULT_LGN_1);
    bench_end(&b);
}

static void test_legacy_entry_reserved(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    vtd_pages_set(&ss, IOVA_SRC, vtd_pages_get(&ss, IOVA_SRC) | 1ull << 51);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_LSS_2);
    bench_end(&b);
}

/* After an invalidation and its wait nothing of an old translation may be used. */
static void test_page_invalidation(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    assert_copies(&b, IOVA_SRC, IOVA_DST);
    vtd_pages_unmap(&ss, IOVA_SRC);
    g_assert_true(vtd_driver_issue(&b.d, vtd_make_iotlb_page(DID, IOVA_SRC, 0, true)));
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_LGN_3);
    bench_end(&b);
}

static void test_domain_invalidation(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    legacy_start(&b, c, &ss, 3);
    assert_copies(&b, IOVA_SRC, IOVA_DST);
    vtd_pages_unmap(&ss, IOVA_SRC);
    g_assert_true(vtd_driver_issue(&b.d, vtd_make_iotlb_domain(DID)));
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_LGN_3);
    bench_end(&b);
}

/* ---- scalable mode ----------------------------------------------------------------------- */

/* Requests without PASID go by PASID 0, whose entry is @entry. */
static void scalable_set(Bench *b, const uint64_t entry_without_snoop[VTD_PASID_WORDS])
{
    uint64_t entry[VTD_PASID_WORDS], ctx[VTD_SMCTX_WORDS];

    memcpy(entry, entry_without_snoop, sizeof(entry));
    /* Accessed and dirty bits can only be set on walks that snoop (T9). */
    if (field_get(entry, VTD_PASID_P)) {
        field_set(entry, VTD_PASID_PWSNP, reg_get(b->d.ecap, VTD_ECAP_SMPWCS));
    }
    vtd_pasid_table_init(&b->pasids, &b->m->mem, 0);
    vtd_pasid_set(&b->pasids, 0, entry);
    vtd_smctx(ctx, &b->pasids, false, 0);
    vtd_ctx_set(&b->root, RID, ctx);
    invalidate(b);
}

static void pages_start(Bench *b, const SwCase *c, VtdPages *pages, unsigned stage)
{
    TableSpace physical;
    uint64_t entry[VTD_PASID_WORDS];

    bench_start(b, c, stage == 1 ? FIRST_STAGE : SCALABLE, true);
    physical = table_space(&b->m->mem);
    if (stage == 1) {
        vtd_pages_init(pages, &physical, 1, 4);
        map_frames(b, pages, IOVA_SRC, IOVA_DST, VTD_FS_USER_RW);
        vtd_pasid_first_stage(entry, pages, DID);
    } else {
        vtd_pages_init(pages, &physical, 2, widest_aw(b) + 2);
        map_frames(b, pages, IOVA_SRC, IOVA_DST, VTD_SS_RW);
        vtd_pasid_second_stage(entry, pages, DID);
    }
    scalable_set(b, entry);
}

static void test_scalable_second_stage(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    pages_start(&b, c, &ss, 2);
    assert_copies(&b, IOVA_SRC, IOVA_DST);
    bench_end(&b);
}

static void test_scalable_first_stage(const SwCase *c)
{
    VtdPages fs;
    Bench b;

    pages_start(&b, c, &fs, 1);
    assert_copies(&b, IOVA_SRC, IOVA_DST);
    /* Accessed and dirty are always kept (T9). */
    g_assert_cmpuint(reg_get(vtd_pages_get(&fs, IOVA_SRC), VTD_FS_A), ==, 1);
    g_assert_cmpuint(reg_get(vtd_pages_get(&fs, IOVA_SRC), VTD_FS_D), ==, 0);
    g_assert_cmpuint(reg_get(vtd_pages_get(&fs, IOVA_DST), VTD_FS_A), ==, 1);
    g_assert_cmpuint(reg_get(vtd_pages_get(&fs, IOVA_DST), VTD_FS_D), ==, 1);
    bench_end(&b);
}

static void test_first_stage_large(const SwCase *c)
{
    VtdPages fs;
    Bench b;

    pages_start(&b, c, &fs, 1);
    vtd_pages_map(&fs, 1ull << 40, 0, 1ull << 29, VTD_FS_USER_RW); /* in 2 MB leaves */
    assert_copies(&b, (1ull << 40) + b.src, (1ull << 40) + b.dst);
    bench_end(&b);
}

static void test_scalable_pass_through(const SwCase *c)
{
    uint64_t entry[VTD_PASID_WORDS];
    Bench b;

    bench_start(&b, c, SCALABLE, true);
    vtd_pasid_pass_through(entry, DID);
    scalable_set(&b, entry);
    if (reg_get(b.d.ecap, VTD_ECAP_PT)) {
        assert_copies(&b, b.src, b.dst);
    } else {
        g_test_skip("ECAP.PT is 0");
    }
    bench_end(&b);
}

static void test_nested(const SwCase *c)
{
    TableSpace physical, nested_space;
    VtdPages fs, ss;
    uint64_t entry[VTD_PASID_WORDS];
    Bench b;

    if (!sw_has_cache_sizes()) {
        g_test_skip("QEMU's own model does not nest");
        return;
    }
    bench_start(&b, c, EVERYTHING, true);
    g_assert_cmpuint(reg_get(b.d.ecap, VTD_ECAP_NEST), ==, 1);
    physical = table_space(&b.m->mem);
    vtd_pages_init(&ss, &physical, 2, 4);
    map_frames(&b, &ss, GPA_SRC, GPA_DST, VTD_SS_RW);
    nested_space = vtd_nested_space(&ss, GPA_TABLES);
    vtd_pages_init(&fs, &nested_space, 1, 4);
    vtd_pages_map_smallest(&fs, IOVA_SRC, GPA_SRC, BYTES, VTD_FS_USER_RW);
    vtd_pages_map_smallest(&fs, IOVA_DST, GPA_DST, BYTES, VTD_FS_USER_RW);
    vtd_pasid_nested(entry, &fs, &ss, DID);
    scalable_set(&b, entry);
    assert_copies(&b, IOVA_SRC, IOVA_DST);

    /* Without the second stage of the data page, nothing. */
    vtd_pages_unmap(&ss, GPA_SRC);
    g_assert_true(vtd_driver_issue(&b.d, vtd_make_iotlb_domain(DID)));
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_SSS_2);
    bench_end(&b);
}

static void test_scalable_no_context(const SwCase *c)
{
    static const uint64_t absent[VTD_SMCTX_WORDS];
    Bench b;

    bench_start(&b, c, SCALABLE, true);
    vtd_ctx_set(&b.root, RID, absent);
    invalidate(&b);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_SCT_2);
    bench_end(&b);
}

static void test_scalable_no_pasid(const SwCase *c)
{
    static const uint64_t absent[VTD_PASID_WORDS];
    Bench b;

    bench_start(&b, c, SCALABLE, true);
    scalable_set(&b, absent);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_SPT_2);
    bench_end(&b);
}

static void test_scalable_bad_pgtt(const SwCase *c)
{
    uint64_t entry[VTD_PASID_WORDS];
    Bench b;

    bench_start(&b, c, SCALABLE, true);
    vtd_pasid_pass_through(entry, DID);
    field_set(entry, VTD_PASID_PGTT, 7);
    scalable_set(&b, entry);
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_SPT_4);
    bench_end(&b);
}

static void test_second_stage_absent(const SwCase *c)
{
    VtdPages ss;
    Bench b;

    pages_start(&b, c, &ss, 2);
    assert_read_faults(&b, IOVA_SRC + 0x40000000, VTD_FAULT_SSS_2);
    bench_end(&b);
}

static void test_first_stage_absent(const SwCase *c)
{
    VtdPages fs;
    Bench b;

    pages_start(&b, c, &fs, 1);
    assert_read_faults(&b, IOVA_SRC + 0x40000000, VTD_FAULT_SFS_2);
    bench_end(&b);
}

static void test_first_stage_read_only(const SwCase *c)
{
    VtdPages fs;
    Bench b;

    pages_start(&b, c, &fs, 1);
    vtd_pages_map_smallest(&fs, IOVA_DST, b.dst, BYTES, VTD_FS_USER_RO);
    assert_write_faults(&b, IOVA_DST, b.dst, VTD_FAULT_SGN_6);
    bench_end(&b);
}

static void test_first_stage_canonical(const SwCase *c)
{
    VtdPages fs;
    Bench b;

    pages_start(&b, c, &fs, 1);
    assert_read_faults(&b, IOVA_SRC | 1ull << 47, VTD_FAULT_SGN_1);
    bench_end(&b);
}

static void test_pasid_iotlb_invalidation(const SwCase *c)
{
    VtdPages fs;
    Bench b;

    pages_start(&b, c, &fs, 1);
    assert_copies(&b, IOVA_SRC, IOVA_DST);
    vtd_pages_unmap(&fs, IOVA_SRC);
    g_assert_true(vtd_driver_issue(&b.d, vtd_make_piotlb_pasid(DID, 0)));
    assert_read_faults(&b, IOVA_SRC, VTD_FAULT_SFS_2);
    bench_end(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/vtd/dma/T1-disabled", test_disabled, NULL);
    for (unsigned levels = 3; levels <= 5; levels++) {
        g_autofree char *path = g_strdup_printf("/vtd/dma/T3+T7-legacy-%u-levels", levels);

        sw_add_cached(path, test_legacy, GUINT_TO_POINTER(levels));
    }
    sw_add_cached("/vtd/dma/T7-legacy-2M", test_legacy_large, GUINT_TO_POINTER(2));
    sw_add_cached("/vtd/dma/T7-legacy-1G", test_legacy_large, GUINT_TO_POINTER(3));
    sw_add_cached("/vtd/dma/T10-legacy-pass-through", test_legacy_pass_through, NULL);
    sw_add_cached("/vtd/dma/LRT.2+F2-no-root", test_no_root, NULL);
    sw_add_cached("/vtd/dma/LCT.2-no-context", test_no_context, NULL);
    sw_add_cached("/vtd/dma/F1-processing-disabled", test_fault_processing_disabled, NULL);
    sw_add_cached("/vtd/dma/LCT.3-context-reserved", test_context_reserved, NULL);
    sw_add_cached("/vtd/dma/LCT.4.2-context-type", test_context_bad_type, NULL);
    sw_add_cached("/vtd/dma/LGN.2+LGN.3-absent", test_legacy_absent, NULL);
    sw_add_cached("/vtd/dma/LGN.2+LGN.3-rights", test_legacy_rights, NULL);
    sw_add_cached("/vtd/dma/LGN.1.1-too-wide", test_legacy_too_wide, NULL);
    sw_add_cached("/vtd/dma/LSS.2-entry-reserved", test_legacy_entry_reserved, NULL);
    sw_add_cached("/vtd/dma/I1+I7-page-invalidation", test_page_invalidation, NULL);
    sw_add_cached("/vtd/dma/I7-domain-invalidation", test_domain_invalidation, NULL);
    sw_add_cached("/vtd/dma/T4+T7-second-stage", test_scalable_second_stage, NULL);
    sw_add_cached("/vtd/dma/T6+T9-first-stage", test_scalable_first_stage, NULL);
    sw_add_cached("/vtd/dma/T6-first-stage-2M", test_first_stage_large, NULL);
    sw_add_cached("/vtd/dma/T10-scalable-pass-through", test_scalable_pass_through, NULL);
    sw_add_cached("/vtd/dma/T8+SSS.2-nested", test_nested, NULL);
    sw_add_cached("/vtd/dma/SCT.2-no-context", test_scalable_no_context, NULL);
    sw_add_cached("/vtd/dma/SPT.2-no-pasid", test_scalable_no_pasid, NULL);
    sw_add_cached("/vtd/dma/SPT.4.2-bad-pgtt", test_scalable_bad_pgtt, NULL);
    sw_add_cached("/vtd/dma/SSS.2-absent", test_second_stage_absent, NULL);
    sw_add_cached("/vtd/dma/SFS.2-absent", test_first_stage_absent, NULL);
    sw_add_cached("/vtd/dma/SGN.6-read-only", test_first_stage_read_only, NULL);
    sw_add_cached("/vtd/dma/SGN.1-not-canonical", test_first_stage_canonical, NULL);
    sw_add_cached("/vtd/dma/I1-pasid-invalidation", test_pasid_iotlb_invalidation, NULL);
    return g_test_run();
}

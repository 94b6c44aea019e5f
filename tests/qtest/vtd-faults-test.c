/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every DMA fault reason of VT-d 5.10 (table 30 of 7.1.3) that a device inside QEMU can be given,
 * with its record, and every descriptor of the invalidation queue (6.5.2), both by iommu-dma. Not
 * here: failing updates (SFS.10, SSS.6: memory of QEMU's takes every update) and reasons of
 * features that the unit does not have (host permission tables).
 */
#include "qemu/osdep.h"
#include "dma-machine.h"

#include "../lib/vtd-driver.h"

#define PAGE 4096ull
#define PAGES 8
#define DID 7
#define PASID 5

#define IOVA    0x40000000ull          /* PAGES pages, read and write */
#define RO_IOVA (IOVA + PAGES * PAGE)  /* read-only */
#define WO_IOVA (RO_IOVA + PAGE)       /* write-only (second stage) */
#define SUP_IOVA (WO_IOVA + PAGE)      /* supervisor (first stage) */
#define MSI_IOVA (SUP_IOVA + PAGE)     /* leads into the interrupt range */
#define HOLE    (IOVA + 64 * PAGE)
#define GPA     0x80000000ull          /* nested: where IOVA leads, RO_IOVA and so on behind it */
#define GPA_TABLES (1ull << 38)
#define NOWHERE (1ull << 37)           /* no memory there: accesses abort */
#define INTERRUPTS 0xfee00000ull
#define TOO_WIDE (1ull << 48)          /* for 4 levels */

typedef struct Bench {
    DmaMachine *m;
    VtdDriver d;
    VtdRootTable root;
    VtdPasidTable pasids;
    VtdPages fs, ss;
    uint64_t ctx[VTD_SMCTX_WORDS];
    uint64_t entry[VTD_PASID_WORDS];
    uint64_t pa;
} Bench;

typedef void Scene(Bench *b);

/* ---- scenes: one device, translation on ------------------------------------------------------ */

static Bench *bench_new(void)
{
    Bench *b = g_new0(Bench, 1);

    b->m = dma_machine_new("model=max", NULL, NULL);
    vtd_driver_init(&b->d, &b->m->iommu, &b->m->mem);
    b->pa = gmem_alloc(&b->m->mem, (PAGES + 4) * PAGE, PAGE);
    dma_enable_pasid(b->m, true);
    dma_enable_ats(b->m, true);
    dma_enable_pri(b->m, true);
    return b;
}

static void bench_free(Bench *b)
{
    dma_machine_free(b->m);
    g_free(b);
}

static void flush(Bench *b)
{
    g_assert_true(vtd_driver_invalidate_all(&b->d));
}

/* The context entry and the PASID entry as they now are; PASID 0 is that of requests without. */
static void put(Bench *b)
{
    vtd_ctx_set(&b->root, b->m->rid, b->ctx);
    if (b->root.scalable) {
        vtd_pasid_set(&b->pasids, 0, b->entry);
        vtd_pasid_set(&b->pasids, PASID, b->entry);
    }
    flush(b);
}

static void map(VtdPages *t, uint64_t at, uint64_t to, uint64_t ro, uint64_t rw)
{
    vtd_pages_map_smallest(t, at, to, PAGES * PAGE, rw);
    vtd_pages_map_level(t, at + (RO_IOVA - IOVA), to, 1, ro);
    vtd_pages_map_level(t, at + (WO_IOVA - IOVA), to, 1, t->stage == 2 ? VTD_SS_WO : rw);
    vtd_pages_map_level(t, at + (SUP_IOVA - IOVA), to, 1,
                        t->stage == 2 ? rw : rw & ~field_mask(VTD_FS_US));
    vtd_pages_map_level(t, at + (MSI_IOVA - IOVA), INTERRUPTS, 1, rw);
}

static void make_second(Bench *b, uint64_t at)
{
    TableSpace physical = table_space(&b->m->mem);

    vtd_pages_init(&b->ss, &physical, 2, 4);
    map(&b->ss, at, b->pa, VTD_SS_RO, VTD_SS_RW);
}

static void make_first(Bench *b, const TableSpace *space, uint64_t to)
{
    vtd_pages_init(&b->fs, space, 1, 4);
    map(&b->fs, IOVA, to, VTD_FS_USER_RO, VTD_FS_USER_RW);
}

static void start(Bench *b, bool scalable)
{
    vtd_root_init(&b->root, &b->m->mem, scalable);
    g_assert_true(vtd_driver_start(&b->d, &b->root));
}

static void start_scalable(Bench *b)
{
    start(b, true);
    vtd_pasid_table_init(&b->pasids, &b->m->mem, 0);
    vtd_smctx(b->ctx, &b->pasids, true, 0);
    field_set(b->ctx, VTD_SMCTX_DTE, 1);
    field_set(b->ctx, VTD_SMCTX_PRE, 1);
    field_set(b->entry, VTD_PASID_PWSNP, 1);
    put(b);
}

static void legacy(Bench *b)
{
    start(b, false);
    make_second(b, IOVA);
    vtd_ctx_second_stage(b->ctx, &b->ss, DID);
    put(b);
}

static void legacy_pass_through(Bench *b)
{
    start(b, false);
    vtd_ctx_pass_through(b->ctx, VTD_AW_57, DID);
    put(b);
}

static void first(Bench *b)
{
    TableSpace physical = table_space(&b->m->mem);

    make_first(b, &physical, b->pa);
    vtd_pasid_first_stage(b->entry, &b->fs, DID);
    start_scalable(b);
}

static void second(Bench *b)
{
    make_second(b, IOVA);
    vtd_pasid_second_stage(b->entry, &b->ss, DID);
    start_scalable(b);
}

static void nested(Bench *b)
{
    TableSpace space;

    make_second(b, GPA);
    space = vtd_nested_space(&b->ss, GPA_TABLES);
    make_first(b, &space, GPA);
    vtd_pages_map_level(&b->fs, RO_IOVA, GPA + (RO_IOVA - IOVA), 1, VTD_FS_USER_RW);
    vtd_pages_map_level(&b->fs, WO_IOVA, GPA + (WO_IOVA - IOVA), 1, VTD_FS_USER_RW);
    vtd_pasid_nested(b->entry, &b->fs, &b->ss, DID);
    start_scalable(b);
}

static void pass_through(Bench *b)
{
    vtd_pasid_pass_through(b->entry, DID);
    start_scalable(b);
}

/* ---- what is then broken ------------------------------------------------------------------- */

/* RTADDR as it stands with @set more, installed; the queue may not work any more. */
static void install(Bench *b, uint64_t rtaddr)
{
    reg_write64(&b->m->iommu, VTD_REG_RTADDR, rtaddr);
    g_assert_true(vtd_driver_gcmd(&b->d, VTD_GCMD_SRTP, true));
}

static void root_nowhere(Bench *b)
{
    install(b, NOWHERE | (vtd_root_reg(&b->root) & (PAGE - 1)));
}

static void root_word(Bench *b, uint64_t clear, uint64_t set)
{
    uint64_t at = vtd_root_addr(&b->root, b->m->rid);

    gmem_write64(&b->m->mem, at, (gmem_read64(&b->m->mem, at) & ~clear) | set);
    flush(b);
}

static void root_absent(Bench *b)
{
    root_word(b, 1, 0);
}

static void root_reserved(Bench *b)
{
    root_word(b, 0, 2);
}

static void contexts_nowhere(Bench *b)
{
    root_word(b, ~(PAGE - 1), NOWHERE);
}

static void mode_invalid(Bench *b)
{
    install(b, reg_set(vtd_root_reg(&b->root), VTD_RTADDR_TTM, VTD_TTM_INVALID));
}

static void mode_abort(Bench *b)
{
    install(b, reg_set(vtd_root_reg(&b->root), VTD_RTADDR_TTM, VTD_TTM_ABORT));
}

static void legacy_io_rights(Bench *b)
{
    install(b, reg_set(vtd_root_reg(&b->root), VTD_RTADDR_SSIRWE, 1));
}

static void directory_word(Bench *b, uint64_t value)
{
    gmem_write64(&b->m->mem, vtd_pasid_dir_addr(&b->pasids, 0), value);
    flush(b);
}

static void directory_absent(Bench *b)
{
    directory_word(b, 0);
}

static void directory_reserved(Bench *b)
{
    directory_word(b, gmem_read64(&b->m->mem, vtd_pasid_dir_addr(&b->pasids, 0)) | 1u << 2);
}

static void pasid_table_nowhere(Bench *b)
{
    directory_word(b, NOWHERE | 1);
}

/* The entry of IOVA at @level: @clear, then @set. */
static void change(Bench *b, VtdPages *t, uint64_t at, unsigned level, uint64_t clear, uint64_t set)
{
    uint64_t place = vtd_pages_entry_addr(t, at, level);

    g_assert_cmphex(place, !=, 0);
    gmem_write64(&b->m->mem, place, (gmem_read64(&b->m->mem, place) & ~clear) | set);
    flush(b);
}

static void ss_lower_nowhere(Bench *b)
{
    change(b, &b->ss, IOVA, 4, field_mask(VTD_SS_ADDR), NOWHERE);
}

static void ss_reserved(Bench *b)
{
    change(b, &b->ss, IOVA, 4, 0, field_mask(VTD_SS_PS));
}

static void fs_lower_nowhere(Bench *b)
{
    change(b, &b->fs, IOVA, 4, field_mask(VTD_FS_ADDR), NOWHERE);
}

static void fs_reserved(Bench *b)
{
    change(b, &b->fs, IOVA, 4, 0, field_mask(VTD_FS_PS));
}

static void fs_leaf_too_wide(Bench *b)
{
    change(b, &b->fs, IOVA, 1, field_mask(VTD_FS_ADDR), TOO_WIDE);
}

/* The second stage's leaf of the first-stage table of @level loses @rights. */
static void table_loses(Bench *b, unsigned level, uint64_t rights)
{
    change(b, &b->ss, vtd_pages_entry_input(&b->fs, IOVA, level), 1, rights, 0);
}

static void top_table_write_only(Bench *b)
{
    table_loses(b, 4, VTD_SS_RO);
}

static void leaf_table_write_only(Bench *b)
{
    table_loses(b, 1, VTD_SS_RO);
}

static void leaf_table_read_only(Bench *b)
{
    table_loses(b, 1, VTD_SS_WO);
}

static void leaf_table_absent(Bench *b)
{
    table_loses(b, 1, VTD_SS_RW);
}

static void second_stage_flags_unsnooped(Bench *b)
{
    field_set(b->entry, VTD_PASID_PWSNP, 0);
    field_set(b->entry, VTD_PASID_SSADE, 1);
    put(b);
}

static void eptr_without_paside(Bench *b)
{
    field_set(b->ctx, VTD_SMCTX_EPTR, 1);
    field_set(b->ctx, VTD_SMCTX_PASIDE, 0);
    put(b);
}

/* ---- faults ---------------------------------------------------------------------------------- */

typedef enum Access { READ, WRITE, ATOMIC, ZERO, ATS, TRANSLATED, PAGE_REQUEST } Access;

/* Change a field of the context or PASID entry, or do @prepare, then access. */
typedef struct Way {
    const char *path;
    Scene *scene;
    Access access;
    uint64_t addr; /* 0: IOVA */
    uint8_t reason;
    BitField ctx;
    BitField entry;
    uint64_t value;
    Scene *prepare;
    bool pasid, priv, exec;
    uint32_t other_pasid;
    uint8_t status; /* 0: aborted */
} Way;

static const Way ways[] = {
#define WAY(path, s, a, r, ...) { path, s, a, .reason = (r), __VA_ARGS__ }
    WAY("/vtd/dma-faults/LRT.1", legacy, READ, VTD_FAULT_LRT_1, .prepare = root_nowhere),
    WAY("/vtd/dma-faults/LRT.2", legacy, READ, VTD_FAULT_LRT_2, .prepare = root_absent),
    WAY("/vtd/dma-faults/LRT.3", legacy, WRITE, VTD_FAULT_LRT_3, .prepare = root_reserved),
    WAY("/vtd/dma-faults/LCT.1", legacy, READ, VTD_FAULT_LCT_1, .prepare = contexts_nowhere),
    WAY("/vtd/dma-faults/LCT.2", legacy, READ, VTD_FAULT_LCT_2, .ctx = VTD_CTX_P),
    WAY("/vtd/dma-faults/LCT.3", legacy, ATOMIC, VTD_FAULT_LCT_3, .ctx = BITFIELD_AT(4, 1),
        .value = 1),
    WAY("/vtd/dma-faults/LCT.4.1", legacy, READ, VTD_FAULT_LCT_4, .ctx = VTD_CTX_AW, .value = 5),
    WAY("/vtd/dma-faults/LCT.4.2", legacy, READ, VTD_FAULT_LCT_4, .ctx = VTD_CTX_TT, .value = 3),
    WAY("/vtd/dma-faults/LCT.4.3", legacy, READ, VTD_FAULT_LCT_4, .ctx = VTD_CTX_SSPTPTR,
        .value = NOWHERE >> 12),
    WAY("/vtd/dma-faults/LCT.5-request", legacy, ATS, VTD_FAULT_LCT_5, .status = IDMA_STATUS_UR),
    WAY("/vtd/dma-faults/LCT.5-translated", legacy, TRANSLATED, VTD_FAULT_LCT_5,
        .status = IDMA_STATUS_UR),
    WAY("/vtd/dma-faults/LSS.1", legacy, READ, VTD_FAULT_LSS_1, .prepare = ss_lower_nowhere),
    WAY("/vtd/dma-faults/LSS.2", legacy, READ, VTD_FAULT_LSS_2, .prepare = ss_reserved),
    WAY("/vtd/dma-faults/LGN.1.1", legacy, READ, VTD_FAULT_LGN_1, .addr = TOO_WIDE),
    WAY("/vtd/dma-faults/LGN.1.3", legacy_pass_through, READ, VTD_FAULT_LGN_1, .addr = 1ull << 60),
    WAY("/vtd/dma-faults/LGN.2-absent", legacy, WRITE, VTD_FAULT_LGN_2, .addr = HOLE),
    WAY("/vtd/dma-faults/LGN.2-read-only", legacy, WRITE, VTD_FAULT_LGN_2, .addr = RO_IOVA),
    WAY("/vtd/dma-faults/LGN.2-atomic", legacy, ATOMIC, VTD_FAULT_LGN_2, .addr = RO_IOVA),
    WAY("/vtd/dma-faults/LGN.3-absent", legacy, READ, VTD_FAULT_LGN_3, .addr = HOLE),
    WAY("/vtd/dma-faults/LGN.3-write-only", legacy, READ, VTD_FAULT_LGN_3, .addr = WO_IOVA),
    WAY("/vtd/dma-faults/LGN.3-atomic", legacy, ATOMIC, VTD_FAULT_LGN_3, .addr = WO_IOVA),
    WAY("/vtd/dma-faults/LGN.4", legacy, READ, VTD_FAULT_LGN_4, .addr = MSI_IOVA),
    WAY("/vtd/dma-faults/IRF.29-read", legacy, READ, VTD_FAULT_IR_BAD_REQUEST, .addr = INTERRUPTS),
    WAY("/vtd/dma-faults/IRF.29-long-write", first, WRITE, VTD_FAULT_IR_BAD_REQUEST,
        .addr = INTERRUPTS),
    WAY("/vtd/dma-faults/RTA.1-invalid-mode", first, READ, VTD_FAULT_RTA_1,
        .prepare = mode_invalid),
    WAY("/vtd/dma-faults/RTA.1-legacy-io-rights", legacy, READ, VTD_FAULT_RTA_1,
        .prepare = legacy_io_rights),
    WAY("/vtd/dma-faults/RTA.2", legacy, READ, VTD_FAULT_RTA_2, .pasid = true),
    WAY("/vtd/dma-faults/RTA.3", legacy, PAGE_REQUEST, VTD_FAULT_RTA_3,
        .status = IDMA_STATUS_PRI_INVALID),
    WAY("/vtd/dma-faults/RTA.4", first, READ, VTD_FAULT_RTA_4, .prepare = mode_abort),
    WAY("/vtd/dma-faults/RTA.4-request", first, ATS, VTD_FAULT_RTA_4, .prepare = mode_abort,
        .status = IDMA_STATUS_UR),
    WAY("/vtd/dma-faults/RTA.4-page-request", first, PAGE_REQUEST, VTD_FAULT_RTA_4,
        .prepare = mode_abort, .status = IDMA_STATUS_PRI_INVALID),
    WAY("/vtd/dma-faults/RTA.5", first, READ, VTD_FAULT_RTA_5, .pasid = true, .exec = true),
    WAY("/vtd/dma-faults/SRT.1", first, READ, VTD_FAULT_SRT_1, .prepare = root_nowhere),
    WAY("/vtd/dma-faults/SRT.1-request", first, ATS, VTD_FAULT_SRT_1, .prepare = root_nowhere,
        .status = IDMA_STATUS_CA),
    WAY("/vtd/dma-faults/SRT.2", first, READ, VTD_FAULT_SRT_2, .prepare = root_absent),
    WAY("/vtd/dma-faults/SRT.3", first, READ, VTD_FAULT_SRT_3, .prepare = root_reserved),
    WAY("/vtd/dma-faults/SCT.1", first, READ, VTD_FAULT_SCT_1, .prepare = contexts_nowhere),
    WAY("/vtd/dma-faults/SCT.2", first, READ, VTD_FAULT_SCT_2, .ctx = VTD_SMCTX_P),
    WAY("/vtd/dma-faults/SCT.3", first, WRITE, VTD_FAULT_SCT_3, .ctx = BITFIELD_AT(7, 1),
        .value = 1),
    WAY("/vtd/dma-faults/SCT.4.1", first, READ, VTD_FAULT_SCT_4, .ctx = VTD_SMCTX_DTE),
    WAY("/vtd/dma-faults/SCT.4.2", first, READ, VTD_FAULT_SCT_4, .ctx = VTD_SMCTX_RID_PASID,
        .value = 1 << 13),
    WAY("/vtd/dma-faults/SCT.4.3", first, READ, VTD_FAULT_SCT_4, .prepare = eptr_without_paside),
    WAY("/vtd/dma-faults/SCT.6-not-SCT.4.3", first, READ, VTD_FAULT_SCT_6,
        .prepare = eptr_without_paside, .pasid = true),
    WAY("/vtd/dma-faults/SCT.6", first, READ, VTD_FAULT_SCT_6, .ctx = VTD_SMCTX_PASIDE,
        .pasid = true),
    WAY("/vtd/dma-faults/SCT.7", first, READ, VTD_FAULT_SCT_7, .pasid = true,
        .other_pasid = 1 << 13),
    WAY("/vtd/dma-faults/SCT.8", first, PAGE_REQUEST, VTD_FAULT_SCT_8, .ctx = VTD_SMCTX_PRE,
        .status = IDMA_STATUS_PRI_INVALID),
    WAY("/vtd/dma-faults/SCT.9", first, READ, VTD_FAULT_SCT_9, .ctx = VTD_SMCTX_RID_PASID,
        .value = PASID, .pasid = true),
    WAY("/vtd/dma-faults/SCT.10", first, TRANSLATED, VTD_FAULT_SCT_10, .pasid = true,
        .status = IDMA_STATUS_UR),
    WAY("/vtd/dma-faults/SPD.1", first, READ, VTD_FAULT_SPD_1, .ctx = VTD_SMCTX_PASIDDIRPTR,
        .value = NOWHERE >> 12),
    WAY("/vtd/dma-faults/SPD.2", first, READ, VTD_FAULT_SPD_2, .prepare = directory_absent),
    WAY("/vtd/dma-faults/SPD.3", first, READ, VTD_FAULT_SPD_3, .prepare = directory_reserved),
    WAY("/vtd/dma-faults/SPT.1", first, READ, VTD_FAULT_SPT_1, .prepare = pasid_table_nowhere),
    WAY("/vtd/dma-faults/SPT.2", first, READ, VTD_FAULT_SPT_2, .entry = VTD_PASID_P),
    WAY("/vtd/dma-faults/SPT.2-pasid", first, WRITE, VTD_FAULT_SPT_2, .pasid = true,
        .other_pasid = 9),
    WAY("/vtd/dma-faults/SPT.3", first, READ, VTD_FAULT_SPT_3, .entry = BITFIELD_AT(5, 1),
        .value = 1),
    WAY("/vtd/dma-faults/SPT.4.1", second, READ, VTD_FAULT_SPT_4, .entry = VTD_PASID_AW,
        .value = 5),
    WAY("/vtd/dma-faults/SPT.4.2", first, READ, VTD_FAULT_SPT_4, .entry = VTD_PASID_PGTT,
        .value = 6),
    WAY("/vtd/dma-faults/SPT.4.3", first, READ, VTD_FAULT_SPT_4, .entry = VTD_PASID_FSPM,
        .value = 2),
    WAY("/vtd/dma-faults/SPT.4.4", nested, READ, VTD_FAULT_SPT_4, .entry = VTD_PASID_FSPTPTR,
        .value = TOO_WIDE >> 12),
    WAY("/vtd/dma-faults/SPT.6", first, READ, VTD_FAULT_SPT_6, .pasid = true, .priv = true),
    WAY("/vtd/dma-faults/SFS.1", first, READ, VTD_FAULT_SFS_1, .prepare = fs_lower_nowhere),
    WAY("/vtd/dma-faults/SFS.2", first, READ, VTD_FAULT_SFS_2, .addr = HOLE),
    WAY("/vtd/dma-faults/SFS.2-pasid", first, WRITE, VTD_FAULT_SFS_2, .addr = HOLE, .pasid = true),
    WAY("/vtd/dma-faults/SFS.3", first, READ, VTD_FAULT_SFS_3, .prepare = fs_reserved),
    WAY("/vtd/dma-faults/SFS.4", first, READ, VTD_FAULT_SFS_4, .entry = VTD_PASID_FSPTPTR,
        .value = NOWHERE >> 12),
    WAY("/vtd/dma-faults/SFS.5", nested, READ, VTD_FAULT_SFS_5, .prepare = fs_leaf_too_wide),
    WAY("/vtd/dma-faults/SFS.6", nested, READ, VTD_FAULT_SFS_6, .prepare = top_table_write_only),
    WAY("/vtd/dma-faults/SFS.7", nested, READ, VTD_FAULT_SFS_7, .prepare = leaf_table_write_only),
    WAY("/vtd/dma-faults/SFS.8", nested, READ, VTD_FAULT_SFS_8, .prepare = leaf_table_read_only),
    WAY("/vtd/dma-faults/SFS.9", first, READ, VTD_FAULT_SFS_9, .entry = VTD_PASID_PWSNP),
    WAY("/vtd/dma-faults/SSS.1", second, READ, VTD_FAULT_SSS_1, .prepare = ss_lower_nowhere),
    WAY("/vtd/dma-faults/SSS.2", second, READ, VTD_FAULT_SSS_2, .addr = HOLE),
    WAY("/vtd/dma-faults/SSS.2-nested-table", nested, READ, VTD_FAULT_SSS_2,
        .prepare = leaf_table_absent),
    WAY("/vtd/dma-faults/SSS.3", second, READ, VTD_FAULT_SSS_3, .prepare = ss_reserved),
    WAY("/vtd/dma-faults/SSS.3-request", second, ATS, VTD_FAULT_SSS_3, .prepare = ss_reserved,
        .status = IDMA_STATUS_CA),
    WAY("/vtd/dma-faults/SSS.4", second, READ, VTD_FAULT_SSS_4, .entry = VTD_PASID_SSPTPTR,
        .value = NOWHERE >> 12),
    WAY("/vtd/dma-faults/SSS.5", second, READ, VTD_FAULT_SSS_5,
        .prepare = second_stage_flags_unsnooped),
    WAY("/vtd/dma-faults/SGN.1", first, READ, VTD_FAULT_SGN_1, .addr = 1ull << 50),
    WAY("/vtd/dma-faults/SGN.2", first, READ, VTD_FAULT_SGN_2, .addr = SUP_IOVA),
    WAY("/vtd/dma-faults/SGN.4.1", first, TRANSLATED, VTD_FAULT_SGN_4, .addr = 1ull << 60,
        .status = IDMA_STATUS_UR),
    WAY("/vtd/dma-faults/SGN.4.2", pass_through, READ, VTD_FAULT_SGN_4, .addr = 1ull << 60),
    WAY("/vtd/dma-faults/SGN.5", second, READ, VTD_FAULT_SGN_5, .addr = TOO_WIDE),
    WAY("/vtd/dma-faults/SGN.6", first, WRITE, VTD_FAULT_SGN_6, .addr = RO_IOVA),
    WAY("/vtd/dma-faults/SGN.6-atomic", second, ATOMIC, VTD_FAULT_SGN_6, .addr = RO_IOVA),
    WAY("/vtd/dma-faults/SGN.6-nested", nested, WRITE, VTD_FAULT_SGN_6, .addr = RO_IOVA),
    WAY("/vtd/dma-faults/SGN.7", second, READ, VTD_FAULT_SGN_7, .addr = WO_IOVA),
    WAY("/vtd/dma-faults/SGN.7-nested", nested, ATOMIC, VTD_FAULT_SGN_7, .addr = WO_IOVA),
    WAY("/vtd/dma-faults/SGN.8-untranslated", first, READ, VTD_FAULT_SGN_8, .addr = MSI_IOVA),
    WAY("/vtd/dma-faults/SGN.8-translation-request", first, ATS, VTD_FAULT_SGN_8, .addr = MSI_IOVA,
        .status = IDMA_STATUS_CA),
    WAY("/vtd/dma-faults/SGN.8-translated", first, TRANSLATED, VTD_FAULT_SGN_8, .addr = INTERRUPTS,
        .status = IDMA_STATUS_UR),
    WAY("/vtd/dma-faults/SGN.8-pass-through-pasid", pass_through, READ, VTD_FAULT_SGN_8,
        .addr = INTERRUPTS, .pasid = true),
};

static DmaDesc describe(const Way *w, uint64_t addr)
{
    static const uint8_t ops[] = {
        [READ] = IDMA_OP_READ, [WRITE] = IDMA_OP_WRITE, [ATOMIC] = IDMA_OP_FETCH_ADD,
        [ZERO] = IDMA_OP_ZERO_READ, [ATS] = IDMA_OP_ATS_REQUEST, [TRANSLATED] = IDMA_OP_READ,
    };
    DmaDesc d;

    if (w->access == PAGE_REQUEST) {
        d = dma_make_page_request(addr, 3, true, false, true);
    } else {
        d = dma_make(ops[w->access], addr, w->access == ATS ? PAGE : w->access == ZERO ? 0 : 8);
    }
    if (w->access == TRANSLATED) {
        field_set(d.w, IDMA_D_AT, IDMA_AT_TRANSLATED);
    }
    if (w->pasid) {
        dma_set_pasid(&d, w->other_pasid ? w->other_pasid : PASID);
    }
    field_set(d.w, IDMA_D_PRIV, w->priv);
    field_set(d.w, IDMA_D_EXEC, w->exec);
    return d;
}

static unsigned record_type(Access access)
{
    switch (access) {
    case WRITE:
        return VTD_FAULT_TYPE_WRITE;
    case ATOMIC:
        return VTD_FAULT_TYPE_ATOMIC;
    case PAGE_REQUEST:
        return VTD_FAULT_TYPE_PAGE_REQUEST;
    default:
        return VTD_FAULT_TYPE_READ;
    }
}

static void test_way(const void *data)
{
    const Way *w = data;
    uint64_t addr = w->addr ? w->addr : IOVA;
    Bench *b = bench_new();
    DmaCompletion c;
    VtdFaultWords f;

    w->scene(b);
    if (w->ctx) {
        field_set(b->ctx, w->ctx, w->value);
        put(b);
    }
    if (w->entry) {
        field_set(b->entry, w->entry, w->value);
        put(b);
    }
    if (w->prepare) {
        w->prepare(b);
    }
    c = dma_do(b->m, describe(w, addr));
    g_assert_cmpuint(c.status, ==, w->status ? w->status : IDMA_STATUS_ABORTED);
    g_assert_true(vtd_driver_fault(&b->d, &f));
    g_assert_cmphex(f.reason, ==, w->reason);
    g_assert_cmphex(f.sid, ==, b->m->rid);
    if (w->reason != VTD_FAULT_IR_BAD_REQUEST) {
        g_assert_cmphex(f.addr & low_mask(48), ==, addr & low_mask(48) & ~(PAGE - 1));
    }
    g_assert_cmpuint(f.type, ==, record_type(w->access));
    g_assert_cmpint(f.pp, ==, w->pasid);
    g_assert_cmphex(f.pasid, ==, w->pasid ? (w->other_pasid ? w->other_pasid : PASID) : 0);
    g_assert_cmpint(f.priv, ==, w->priv);
    g_assert_cmpint(f.exe, ==, w->exec);
    g_assert_cmpuint(f.at, ==, w->access == ATS ? 1 : w->access == TRANSLATED ? 2 : 0);
    g_assert_false(vtd_driver_fault(&b->d, &f));
    bench_free(b);
}

/* ---- invalidation ---------------------------------------------------------------------------- */

/* After a page was moved, what makes the unit look again (6.5.2, I7). */
typedef struct Inval {
    const char *path;
    Scene *scene;
    VtdDescWords (*make)(void);
    bool pasid;
} Inval;

static VtdDescWords iotlb_domain(void)
{
    return vtd_make_iotlb_domain(DID);
}

static VtdDescWords iotlb_page(void)
{
    return vtd_make_iotlb_page(DID, IOVA, 0, false);
}

static VtdDescWords iotlb_pages(void)
{
    return vtd_make_iotlb_page(DID, IOVA, 9, false);
}

static VtdDescWords iotlb_leaf(void)
{
    return vtd_make_iotlb_page(DID, IOVA, 0, true);
}

static VtdDescWords piotlb_all(void)
{
    return vtd_make_piotlb_pasid(DID, PASID);
}

static VtdDescWords piotlb_page(void)
{
    return vtd_make_piotlb_page(DID, PASID, IOVA, 0, false);
}

static VtdDescWords piotlb_leaf(void)
{
    return vtd_make_piotlb_page(DID, PASID, IOVA, 0, true);
}

static VtdDescWords piotlb_rid(void)
{
    return vtd_make_piotlb_page(DID, 0, IOVA, 0, false);
}

static const Inval invals[] = {
    { "/vtd/dma-invalidate/I1-legacy-global", legacy, vtd_make_iotlb_global, false },
    { "/vtd/dma-invalidate/I1-legacy-domain", legacy, iotlb_domain, false },
    { "/vtd/dma-invalidate/I1-legacy-page", legacy, iotlb_page, false },
    { "/vtd/dma-invalidate/I1-legacy-pages", legacy, iotlb_pages, false },
    { "/vtd/dma-invalidate/I1-legacy-leaf", legacy, iotlb_leaf, false },
    { "/vtd/dma-invalidate/I1-second-global", second, vtd_make_iotlb_global, true },
    { "/vtd/dma-invalidate/I1-second-domain", second, iotlb_domain, true },
    { "/vtd/dma-invalidate/I1-second-page", second, iotlb_page, true },
    { "/vtd/dma-invalidate/I1-second-pages", second, iotlb_pages, false },
    { "/vtd/dma-invalidate/I1-first-global", first, vtd_make_iotlb_global, true },
    { "/vtd/dma-invalidate/I1-first-domain", first, iotlb_domain, true },
    { "/vtd/dma-invalidate/I1-first-pasid", first, piotlb_all, true },
    { "/vtd/dma-invalidate/I1-first-pasid-page", first, piotlb_page, true },
    { "/vtd/dma-invalidate/I1-first-pasid-leaf", first, piotlb_leaf, true },
    { "/vtd/dma-invalidate/C1-first-rid-pasid-page", first, piotlb_rid, false },
    { "/vtd/dma-invalidate/I1-nested-domain", nested, iotlb_domain, true },
    { "/vtd/dma-invalidate/I1-nested-pasid", nested, piotlb_all, true },
    { "/vtd/dma-invalidate/I1-nested-pasid-page", nested, piotlb_page, true },
};

static void assert_reads_at(Bench *b, bool pasid, uint64_t pa)
{
    DmaDesc d = dma_make_read(IOVA, 8, 0);
    DmaCompletion c;

    field_set(d.w, IDMA_D_DEBUG_PA, 1);
    if (pasid) {
        dma_set_pasid(&d, PASID);
    }
    c = dma_do(b->m, d);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_OK);
    g_assert_cmphex(c.pa, ==, pa);
}

static void test_invalidate(const void *data)
{
    const Inval *v = data;
    Bench *b = bench_new();
    VtdPages *t;
    uint64_t to;

    v->scene(b);
    t = v->scene == first || v->scene == nested ? &b->fs : &b->ss;
    to = v->scene == nested ? GPA : b->pa;
    assert_reads_at(b, v->pasid, b->pa);
    vtd_pages_map_level(t, IOVA, to + PAGE, 1, t->stage == 1 ? VTD_FS_USER_RW : VTD_SS_RW);
    g_assert_true(vtd_driver_issue(&b->d, v->make()));
    assert_reads_at(b, v->pasid, b->pa + PAGE);
    bench_free(b);
}

/* A PASID entry that now means another table: PASID cache, then what was found by it. */
static void test_entry(const void *data)
{
    VtdDescWords pc = GPOINTER_TO_UINT(data) == VTD_PC_GLOBAL ? vtd_make_pasid_global()
                      : GPOINTER_TO_UINT(data) == VTD_PC_DOMAIN
                          ? vtd_make_pasid_domain(DID) : vtd_make_pasid_selective(DID, PASID);
    Bench *b = bench_new();
    TableSpace physical;

    first(b);
    assert_reads_at(b, true, b->pa);
    physical = table_space(&b->m->mem);
    make_first(b, &physical, b->pa + PAGE);
    field_set(b->entry, VTD_PASID_FSPTPTR, b->fs.root >> 12);
    vtd_pasid_set(&b->pasids, PASID, b->entry);
    g_assert_true(vtd_driver_issue(&b->d, pc));
    g_assert_true(vtd_driver_issue(&b->d, piotlb_all()));
    assert_reads_at(b, true, b->pa + PAGE);
    bench_free(b);
}

/* A context entry that now means another table. */
static void test_context(const void *data)
{
    unsigned gran = GPOINTER_TO_UINT(data);
    Bench *b = bench_new();

    legacy(b);
    assert_reads_at(b, false, b->pa);
    b->pa += PAGE;
    make_second(b, IOVA);
    field_set(b->ctx, VTD_CTX_SSPTPTR, b->ss.root >> 12);
    vtd_ctx_set(&b->root, b->m->rid, b->ctx);
    g_assert_true(vtd_driver_issue(&b->d, gran == VTD_GRAN_GLOBAL ? vtd_make_context_global()
                                          : gran == VTD_GRAN_DOMAIN
                                              ? vtd_make_context_domain(DID)
                                              : vtd_make_context_device(DID, b->m->rid, 0)));
    g_assert_true(vtd_driver_issue(&b->d, iotlb_domain()));
    assert_reads_at(b, false, b->pa);
    bench_free(b);
}

/* Descriptors that the unit refuses, and where it says so. */
static void test_refused(void)
{
    VtdDescWords bad[] = {
        vtd_make(0), vtd_make(VTD_DESC_HPT), vtd_make_context_global(), vtd_make_iotlb_global(),
        vtd_make_pasid_global(), vtd_make_piotlb_pasid(DID, PASID), vtd_make_iec_global(),
        vtd_make_wait_interrupt(),
    };
    static const uint8_t errors[] = {
        VTD_IQEI_TYPE, VTD_IQEI_TYPE, VTD_IQEI_RESERVED, VTD_IQEI_TYPE, VTD_IQEI_TYPE,
        VTD_IQEI_TYPE, VTD_IQEI_RESERVED, VTD_IQEI_RESERVED,
    };
    Bench *b = bench_new();

    first(b);
    bad[2].w[1] = 1;
    field_set(bad[3].w, VTD_TLB_G, VTD_GRAN_RSVD);
    field_set(bad[4].w, VTD_PC_G, VTD_PC_RSVD);
    field_set(bad[5].w, VTD_PTLB_G, VTD_GRAN_GLOBAL);
    bad[6].w[2] = 1;
    bad[7].w[3] = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint64_t head = reg_read64(&b->m->iommu, VTD_REG_IQH);

        vtd_driver_push(&b->d, bad[i]);
        g_assert_true(reg_get(vtd_driver_fsts(&b->d), VTD_FSTS_IQE));
        g_assert_cmpuint(reg_get(reg_read64(&b->m->iommu, VTD_REG_IQERCD), VTD_IQERCD_IQEI), ==,
                         errors[i]);
        g_assert_cmphex(reg_read64(&b->m->iommu, VTD_REG_IQH), ==, head);
        vtd_driver_queue_recover(&b->d, vtd_make_iotlb_global());
        g_assert_true(vtd_driver_wait(&b->d));
    }
    bench_free(b);
}

/* Types without effect on translations, each before a wait. */
static void test_accepted(void)
{
    Bench *b = bench_new();
    VtdDescWords good[] = {
        vtd_make_devtlb(b->m->rid, IOVA, 0), vtd_make_devtlb(b->m->rid, IOVA, 9),
        vtd_make_devtlb(b->m->rid, 0, 52), vtd_make_pdevtlb(b->m->rid, PASID, IOVA, 0, false),
        vtd_make_pdevtlb(b->m->rid, PASID, 0, 52, true), vtd_make_iec_global(),
        vtd_make_iec_index(5, 2), vtd_make_wait_interrupt(),
        vtd_make_page_response(b->m->rid, false, 0, 1, 0),
    };

    first(b);
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(vtd_driver_issue(&b->d, good[i]));
        g_assert_false(reg_get(vtd_driver_fsts(&b->d), VTD_FSTS_IQE));
    }
    g_assert_true(reg_get(reg_read32(&b->m->iommu, VTD_REG_ICS), VTD_ICS_IWC));
    bench_free(b);
}

/* One doorbell for more than one turn of the queue: the rest follows without another. */
static void test_long_batch(void)
{
    Bench *b = bench_new();
    unsigned waits = 0;

    b->d.qs = 7;
    legacy(b);
    for (unsigned i = 0; i < 6000; i++) {
        VtdDescWords d = vtd_make_iotlb_domain(i & 0xff);

        gmem_write_words(&b->m->mem, b->d.queue + b->d.tail, d.w, 2);
        b->d.tail += 16;
    }
    reg_write32(&b->m->iommu, VTD_REG_IQT, b->d.tail);
    while (reg_read64(&b->m->iommu, VTD_REG_IQH) != b->d.tail) {
        g_assert_cmpuint(waits++, <, 10000);
        qtest_clock_step(b->m->qts, 1000);
    }
    g_assert_true(vtd_driver_wait(&b->d));
    bench_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (dma_is_x86()) {
        for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
            qtest_add_data_func(ways[i].path, &ways[i], test_way);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(invals); i++) {
            qtest_add_data_func(invals[i].path, &invals[i], test_invalidate);
        }
        qtest_add_data_func("/vtd/dma-invalidate/I4+I7-pasid-selective",
                            GUINT_TO_POINTER(VTD_PC_PASID_SELECTIVE), test_entry);
        qtest_add_data_func("/vtd/dma-invalidate/I4+I7-pasid-domain",
                            GUINT_TO_POINTER(VTD_PC_DOMAIN), test_entry);
        qtest_add_data_func("/vtd/dma-invalidate/I4+I7-pasid-global",
                            GUINT_TO_POINTER(VTD_PC_GLOBAL), test_entry);
        qtest_add_data_func("/vtd/dma-invalidate/I7-context-global",
                            GUINT_TO_POINTER(VTD_GRAN_GLOBAL), test_context);
        qtest_add_data_func("/vtd/dma-invalidate/I7-context-domain",
                            GUINT_TO_POINTER(VTD_GRAN_DOMAIN), test_context);
        qtest_add_data_func("/vtd/dma-invalidate/I7-context-device",
                            GUINT_TO_POINTER(VTD_GRAN_SELECTIVE), test_context);
        qtest_add_func("/vtd/dma-invalidate/I6-refused", test_refused);
        qtest_add_func("/vtd/dma-invalidate/I2+I3+P6-accepted", test_accepted);
        qtest_add_func("/vtd/dma-invalidate/I3-long-batch", test_long_batch);
    }
    return g_test_run();
}

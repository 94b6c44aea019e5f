/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Performance monitoring and enhanced commands (VT-d chapter 10, 11.4.13, 11.4.14). */
#include "fixture.h"

#include <stdlib.h>

#include "hw/iommu/timed.h"
#include "hw/iommu/vtd-perfmon.h"

#define MSI_ADDR 0xfee01000ull
#define MSI_DATA 0x41u
#define MAX_COUNT ((1ull << 48) - 1)

static unsigned cfg(unsigned n)
{
    return VTD_PERF_CFG + VTD_PERF_CFG_STRIDE * n;
}

static uint64_t counter(unsigned n)
{
    return VTD_PERF_CNT + VTD_PERF_CNT_STRIDE * n;
}

static uint64_t count(Fix *f, unsigned n)
{
    return fix_reg64(f, counter(n));
}

static uint64_t frozen(Fix *f)
{
    return fix_reg64(f, VTD_PERF_FRZ);
}

static uint64_t overflow(Fix *f)
{
    return fix_reg64(f, VTD_PERF_OVF);
}

/** Issue a command; its status. */
static unsigned ecmd(Fix *f, unsigned code, uint64_t operand)
{
    uint64_t rsp;

    fix_set64(f, VTD_REG_ECMD, reg_make(VTD_ECMD_CMD, code) | reg_make(VTD_ECMD_OA, operand));
    rsp = fix_reg64(f, VTD_REG_ECRSP);
    g_assert_cmpuint(reg_get(rsp, VTD_ECRSP_IP), ==, 0);
    return reg_get(rsp, VTD_ECRSP_SC);
}

static uint64_t config_of(unsigned group, uint32_t events)
{
    return reg_make(VTD_PERFCFG_EGI, group) | reg_make(VTD_PERFCFG_ES, events);
}

/** Configure counter @n and try to enable it; the command's status. */
static unsigned enable(Fix *f, unsigned n, uint64_t config)
{
    fix_set64(f, cfg(n), config);
    return ecmd(f, VTD_ECMD_ENABLE_COUNTER, n);
}

static void count_events(Fix *f, unsigned n, unsigned group, uint32_t events)
{
    g_assert_cmpuint(enable(f, n, config_of(group, events)), ==, VTD_ECMD_OK);
}

static void set_filter(Fix *f, unsigned n, unsigned which, uint32_t bits)
{
    fix_set32(f, cfg(n) + which, (uint32_t)field_mask(VTD_PERFFLTR_EN) | bits);
}

/* ---- discovery ---- */

static void perfcap(Fix *f)
{
    uint64_t v = fix_reg64(f, VTD_REG_PERFCAP);

    g_assert_cmpuint(reg_get(fix_reg64(f, VTD_REG_ECAP), VTD_ECAP_PMS), ==, 1);
    g_assert_cmpuint(reg_get(v, VTD_PERFCAP_NCNTR), ==, 8);
    g_assert_cmpuint(reg_get(v, VTD_PERFCAP_CW), ==, 48);
    g_assert_cmpuint(reg_get(v, VTD_PERFCAP_EGCNT), ==, 5);
    g_assert_cmpuint(reg_get(v, VTD_PERFCAP_IOS), ==, 1);
    g_assert_cmpuint(reg_get(v, VTD_PERFCAP_GFS), ==, 1);
    g_assert_cmpuint(reg_get(v, VTD_PERFCAP_CWE), ==, 1);
    g_assert_cmpuint(reg_get(v, VTD_PERFCAP_PCCS), ==, 0);
    /* Address type and level filters; no event takes the other three. */
    g_assert_cmpuint(v >> 32 & 0x1f, ==, 0x18);
    g_assert_cmpuint(v >> 60, ==, 0);
}

static void offsets(Fix *f)
{
    uint32_t config = fix_reg32(f, VTD_REG_PERFCFGOFF), freeze = fix_reg32(f, VTD_REG_PERFFRZOFF);
    uint32_t ovf = fix_reg32(f, VTD_REG_PERFOVFOFF), cnt = fix_reg32(f, VTD_REG_PERFCNTROFF);

    g_assert_cmpuint(config % 256, ==, 0);
    g_assert_cmpuint(freeze % 8 + ovf % 8, ==, 0);
    g_assert_cmpuint(cnt % 1024, ==, 0);
    g_assert_cmpuint(cnt + 8 * 1024, <=, vtd_config_mmio_size(&f->cfg));
}

static void event_capabilities(Fix *f)
{
    static const uint32_t expected[] = { 0x3, 0xc9, 0xff, 0x3, 0x7 };

    for (unsigned g = 0; g < G_N_ELEMENTS(expected); g++) {
        g_assert_cmphex(fix_reg64(f, VTD_REG_PERFEVNTCAP0 + 8 * g), ==, expected[g]);
    }
    g_assert_cmphex(fix_reg64(f, VTD_REG_PERFEVNTCAP0 + 40), ==, 0);
}

static void eccap(Fix *f)
{
    g_assert_cmpuint(reg_get(fix_reg64(f, VTD_REG_CAP), VTD_CAP_ECMDS), ==, 1);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECCAP0), ==, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECCAP0 + 8), ==, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECCAP0 + 16), ==, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECCAP0 + 24), ==, 0x3full << 48);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECSTS0), ==, 0);
}

static void without_pms(VtdConfig *c)
{
    c->pms = false;
}

static void without_ecmds(VtdConfig *c)
{
    c->pms = c->ecmds = false;
}

static void absent_registers(Fix *f)
{
    for (unsigned at = VTD_REG_PERFCAP; at < VTD_REG_PERF_END; at += 4) {
        fix_set32(f, at, ~0u);
        g_assert_cmphex(fix_reg32(f, at), ==, 0);
    }
    g_assert_cmpuint(vtd_config_mmio_size(&f->cfg), ==, 4096);
}

static void absent_commands(Fix *f)
{
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECCAP0 + 24), ==, 0);
    g_assert_cmpuint(ecmd(f, VTD_ECMD_FREEZE, 0), ==, VTD_ECMD_UNDEFINED);
}

static void absent_interface(Fix *f)
{
    for (unsigned at = VTD_REG_ECMD; at < VTD_REG_ECMD_END; at += 4) {
        fix_set32(f, at, ~0u);
        g_assert_cmphex(fix_reg32(f, at), ==, 0);
    }
}

static void bad_config(void)
{
    VtdConfig c;
    char err[200];

    vtd_config_named(&c, "max");
    c.ecmds = false;
    g_assert_false(vtd_config_check(&c, err, sizeof(err)));
    g_assert_cmpstr(err, ==, "pms needs ecmds=on");
    c.ecmds = true;
    c.pmc = 17;
    g_assert_false(vtd_config_check(&c, err, sizeof(err)));
    g_assert_cmpstr(err, ==, "pmc=17: must be 1 to 16");
    c.pmc = 16;
    c.fro = 0x40;
    g_assert_false(vtd_config_check(&c, err, sizeof(err)));
    g_assert_cmpstr(err, ==, "fro=0x40: 0x300 to 0x44f are registers of pms and ecmds");
}

/* ---- commands ---- */

static void undefined_commands(Fix *f)
{
    static const uint8_t codes[] = { 0, 1, 2, 239, 246, 255 };

    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_assert_cmpuint(ecmd(f, codes[i], 0), ==, VTD_ECMD_UNDEFINED);
    }
}

static void command_in_halves(Fix *f)
{
    fix_set64(f, cfg(2), config_of(0, VTD_PERF_G0_REQUESTS));
    fix_set32(f, VTD_REG_ECMD + 4, 0);
    fix_set32(f, VTD_REG_ECMD, VTD_ECMD_ENABLE_COUNTER | 2u << 16);
    g_assert_cmpuint(reg_get(fix_reg64(f, cfg(2)), VTD_PERFCFG_EN), ==, 1);
}

static void operand_is_48_bits(Fix *f)
{
    fix_set64(f, cfg(0), config_of(0, VTD_PERF_G0_REQUESTS));
    g_assert_cmpuint(ecmd(f, VTD_ECMD_ENABLE_COUNTER, 1ull << 16), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(ecmd(f, VTD_ECMD_ENABLE_COUNTER, 1ull << 47), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(reg_get(fix_reg64(f, cfg(0)), VTD_PERFCFG_EN), ==, 0);
}

static void new_command_clears_response(Fix *f)
{
    g_assert_cmpuint(ecmd(f, VTD_ECMD_DISABLE_COUNTER, 99), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(ecmd(f, VTD_ECMD_FREEZE, 0), ==, VTD_ECMD_OK);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECRSP), ==, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_ECMD), ==, 0);
}

static void enable_sets_en(Fix *f)
{
    fix_set64(f, cfg(1), config_of(0, VTD_PERF_G0_REQUESTS) | 1);
    g_assert_cmpuint(reg_get(fix_reg64(f, cfg(1)), VTD_PERFCFG_EN), ==, 0); /* read-only */
    g_assert_cmpuint(ecmd(f, VTD_ECMD_ENABLE_COUNTER, 1), ==, VTD_ECMD_OK);
    g_assert_cmpuint(reg_get(fix_reg64(f, cfg(1)), VTD_PERFCFG_EN), ==, 1);
    g_assert_cmpuint(ecmd(f, VTD_ECMD_DISABLE_COUNTER, 1), ==, VTD_ECMD_OK);
    g_assert_cmpuint(reg_get(fix_reg64(f, cfg(1)), VTD_PERFCFG_EN), ==, 0);
}

static void bad_index(Fix *f)
{
    g_assert_cmpuint(ecmd(f, VTD_ECMD_ENABLE_COUNTER, 8), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(ecmd(f, VTD_ECMD_DISABLE_COUNTER, 8), ==, VTD_ECMD_FAILED);
}

static void enable_checks_events(Fix *f)
{
    g_assert_cmpuint(enable(f, 0, config_of(0, 0)), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(enable(f, 0, config_of(0, 1u << 2)), ==, VTD_ECMD_FAILED); /* unsupported */
    g_assert_cmpuint(enable(f, 0, config_of(3, 0x7)), ==, VTD_ECMD_FAILED); /* one of three */
    g_assert_cmpuint(enable(f, 0, config_of(5, 1)), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(enable(f, 0, config_of(15, 1)), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(enable(f, 0, config_of(3, 0x3)), ==, VTD_ECMD_OK);
}

static void enable_checks_filters(Fix *f)
{
    set_filter(f, 0, VTD_PERF_ATFLTR, 1);
    g_assert_cmpuint(enable(f, 0, config_of(3, VTD_PERF_G3_IOTLB_HIT)), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(enable(f, 0, config_of(0, VTD_PERF_G0_REQUESTS)), ==, VTD_ECMD_OK);
    set_filter(f, 1, VTD_PERF_PTLFLTR, 1);
    g_assert_cmpuint(enable(f, 1, config_of(0, VTD_PERF_G0_REQUESTS)), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(enable(f, 1, config_of(3, VTD_PERF_G3_IOTLB_LOOKUP)), ==, VTD_ECMD_FAILED);
    g_assert_cmpuint(enable(f, 1, config_of(3, VTD_PERF_G3_IOTLB_HIT)), ==, VTD_ECMD_OK);
}

static void several_events_take_no_filter(Fix *f)
{
    set_filter(f, 0, VTD_PERF_PTLFLTR, 1);
    g_assert_cmpuint(enable(f, 0, config_of(2, VTD_PERF_G2_SS_HIT | VTD_PERF_G2_FS_HIT)), ==,
                     VTD_ECMD_FAILED);
}

static void reset_config(Fix *f)
{
    count_events(f, 0, 0, VTD_PERF_G0_REQUESTS);
    set_filter(f, 1, VTD_PERF_ATFLTR, 1);
    fix_set64(f, counter(0), 5);
    ecmd(f, VTD_ECMD_FREEZE, 0);
    g_assert_cmpuint(ecmd(f, VTD_ECMD_RESET_CONFIG, 0), ==, VTD_ECMD_OK);
    g_assert_cmphex(fix_reg64(f, cfg(0)) | fix_reg32(f, cfg(1) + VTD_PERF_ATFLTR), ==, 0);
    g_assert_cmphex(frozen(f) | overflow(f), ==, 0);
    g_assert_cmpuint(count(f, 0), ==, 5);
}

static void reset_values(Fix *f)
{
    fix_set64(f, counter(0), 5);
    fix_set64(f, counter(7), 7);
    count_events(f, 3, 0, VTD_PERF_G0_REQUESTS);
    g_assert_cmpuint(ecmd(f, VTD_ECMD_RESET_VALUES, 0), ==, VTD_ECMD_OK);
    g_assert_cmpuint(count(f, 0) + count(f, 7), ==, 0);
    g_assert_cmpuint(reg_get(fix_reg64(f, cfg(3)), VTD_PERFCFG_EN), ==, 1);
}

static void freeze(Fix *f)
{
    scene_legacy(f);
    count_events(f, 0, 0, VTD_PERF_G0_REQUESTS);
    fix_read(f, IOVA);
    ecmd(f, VTD_ECMD_FREEZE, 0);
    g_assert_cmphex(frozen(f), ==, 0xff);
    fix_read(f, IOVA);
    g_assert_cmpuint(count(f, 0), ==, 1);
    ecmd(f, VTD_ECMD_UNFREEZE, 0);
    g_assert_cmphex(frozen(f), ==, 0);
    fix_read(f, IOVA);
    g_assert_cmpuint(count(f, 0), ==, 2);
}

static void freeze_is_read_only(Fix *f)
{
    ecmd(f, VTD_ECMD_FREEZE, 0);
    fix_set64(f, VTD_PERF_FRZ, 0);
    g_assert_cmphex(frozen(f), ==, 0xff);
    ecmd(f, VTD_ECMD_DISABLE_COUNTER, 3);
    g_assert_cmphex(frozen(f), ==, 0xf7);
}

/* ---- registers ---- */

static void locked_while_enabled(Fix *f)
{
    uint64_t before;

    count_events(f, 0, 0, VTD_PERF_G0_REQUESTS);
    before = fix_reg64(f, cfg(0));
    fix_set64(f, cfg(0), ~0ull);
    set_filter(f, 0, VTD_PERF_ATFLTR, 7);
    set_filter(f, 0, VTD_PERF_PTLFLTR, 7);
    g_assert_cmphex(fix_reg64(f, cfg(0)), ==, before);
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_ATFLTR), ==, 0);
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_PTLFLTR), ==, 0);
}

static void reserved_bits(Fix *f)
{
    fix_set64(f, cfg(0), ~0ull);
    g_assert_cmphex(fix_reg64(f, cfg(0)), ==, 0x0fffffff00000f06);
    for (unsigned at = 8; at < 0x100; at += 4) {
        fix_set32(f, cfg(0) + at, ~0u);
    }
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_RIDFLTR), ==, 0);
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_DIDFLTR), ==, 0);
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_PASIDFLTR), ==, 0);
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_ATFLTR), ==, 0x80000007);
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_PTLFLTR), ==, 0x8000001f);
    g_assert_cmphex(fix_reg32(f, cfg(0) + VTD_PERF_CNTRCAP), ==, 0);
}

static void counter_width(Fix *f)
{
    fix_set64(f, counter(0), ~0ull);
    g_assert_cmphex(count(f, 0), ==, MAX_COUNT);
    fix_set32(f, counter(1) + 4, 0x1234);
    g_assert_cmphex(count(f, 1), ==, 0x123400000000);
}

static void writable_while_enabled(Fix *f)
{
    scene_legacy(f);
    count_events(f, 0, 0, VTD_PERF_G0_REQUESTS);
    fix_set64(f, counter(0), 100);
    fix_read(f, IOVA);
    g_assert_cmpuint(count(f, 0), ==, 101);
}

static void beyond_counters(Fix *f)
{
    fix_set64(f, cfg(8), ~0ull);
    fix_set64(f, counter(8), ~0ull);
    fix_set64(f, counter(0) + 8, ~0ull);
    g_assert_cmphex(fix_reg64(f, cfg(8)) | count(f, 8) | fix_reg64(f, counter(0) + 8), ==, 0);
}

/* ---- events ---- */

static void requests_by_type(Fix *f)
{
    IommuTxn ats = fix_txn_ats(IOVA, false), done = fix_txn(PAGE_PA, false);

    scene_ss(f);
    field_set(f->ctx, VTD_SMCTX_DTE, 1);
    fix_put_context(f);
    count_events(f, 0, 0, VTD_PERF_G0_REQUESTS);
    for (unsigned type = 0; type < 3; type++) {
        set_filter(f, 1 + type, VTD_PERF_ATFLTR, 1u << type);
        count_events(f, 1 + type, 0, VTD_PERF_G0_REQUESTS);
    }
    set_filter(f, 4, VTD_PERF_ATFLTR, 0x6);
    count_events(f, 4, 0, VTD_PERF_G0_REQUESTS);
    fix_read(f, IOVA);
    fix_read(f, HOLE); /* a fault is a request too */
    fix_write(f, IOVA);
    fix_do(f, &ats);
    fix_do(f, &ats);
    done.kind = IOMMU_TXN_TRANSLATED;
    fix_do(f, &done);
    g_assert_cmpuint(count(f, 0), ==, 6);
    g_assert_cmpuint(count(f, 1), ==, 3);
    g_assert_cmpuint(count(f, 2), ==, 2);
    g_assert_cmpuint(count(f, 3), ==, 1);
    g_assert_cmpuint(count(f, 4), ==, 3);
}

static void requests_while_off(Fix *f)
{
    count_events(f, 0, 0, VTD_PERF_G0_REQUESTS);
    fix_read(f, IOVA);
    g_assert_cmpuint(count(f, 0), ==, 1);
}

static void probes(Fix *f)
{
    IommuTxn t = fix_txn(IOVA, false);

    scene_ss(f);
    count_events(f, 0, 0, VTD_PERF_G0_REQUESTS);
    count_events(f, 1, 1, VTD_PERF_G1_MRDS);
    t.probe = true;
    fix_do(f, &t);
    g_assert_cmpuint(count(f, 0) + count(f, 1), ==, 0);
}

static void clocks(Fix *f)
{
    count_events(f, 0, 0, VTD_PERF_G0_CLOCKS);
    f->ram.now += 1000;
    g_assert_cmpuint(count(f, 0), ==, 1000);
    ecmd(f, VTD_ECMD_FREEZE, 0);
    f->ram.now += 1000;
    ecmd(f, VTD_ECMD_UNFREEZE, 0);
    f->ram.now += 5;
    g_assert_cmpuint(count(f, 0), ==, 1005);
}

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    (void)opaque;
    (void)cookie;
    (void)cycle;
}

static void clocks_of_timed_model(Fix *f)
{
    static const IommuTimedOps ops = { .done = on_done };
    IommuTimed *t = iommu_timed_new(f->m, &iommu_timing_standard, &ops, f);

    f->ram.now = 99;
    count_events(f, 0, 0, VTD_PERF_G0_CLOCKS);
    iommu_timed_run_until(t, 77);
    g_assert_cmpuint(count(f, 0), ==, 77);
    iommu_timed_free(t);
}

/* Every read that a request makes is one. */
static void memory_reads(Fix *f)
{
    uint64_t reads;

    scene_nested(f);
    count_events(f, 0, 1, VTD_PERF_G1_MRDS);
    reads = f->ram.reads;
    fix_read(f, IOVA);
    fix_read(f, IOVA + PAGE);
    g_assert_cmpuint(count(f, 0), ==, f->ram.reads - reads);
    g_assert_cmpuint(count(f, 0), >, 0);
}

static void queue_reads(Fix *f)
{
    scene_ss(f);
    count_events(f, 0, 1, VTD_PERF_G1_MRDS);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iotlb_global()));
    g_assert_cmpuint(count(f, 0), ==, 2); /* with the wait */
}

static void ad_updates(Fix *f)
{
    scene_ss_ad(f);
    count_events(f, 0, 1, VTD_PERF_G1_AD_UPDATE);
    f->ram.swaps = 0;
    fix_write(f, IOVA);
    g_assert_cmpuint(f->ram.swaps, >, 0);
    g_assert_cmpuint(count(f, 0), ==, f->ram.swaps);
}

/* Two requests of a device: both caches miss, then hit. */
static void configuration_caches(Fix *f)
{
    scene_fs(f);
    count_events(f, 0, 2, VTD_PERF_G2_CTXT_LOOKUP);
    count_events(f, 1, 2, VTD_PERF_G2_CTXT_HIT);
    count_events(f, 2, 2, VTD_PERF_G2_PASID_LOOKUP);
    count_events(f, 3, 2, VTD_PERF_G2_PASID_HIT);
    for (unsigned i = 0; i < 3; i++) {
        fix_read(f, IOVA);
    }
    g_assert_cmpuint(count(f, 0), ==, 3);
    g_assert_cmpuint(count(f, 1), ==, 2);
    g_assert_cmpuint(count(f, 2), ==, 3);
    g_assert_cmpuint(count(f, 3), ==, 2);
}

/* Four levels: a cold walk looks for three tables; its neighbour finds the nearest at once. */
static void check_nonleaf(Fix *f, uint32_t lookup, uint32_t hit, uint32_t other)
{
    count_events(f, 0, 2, lookup);
    count_events(f, 1, 2, hit);
    set_filter(f, 2, VTD_PERF_PTLFLTR, 1u << 1);
    count_events(f, 2, 2, hit);
    set_filter(f, 3, VTD_PERF_PTLFLTR, 0x1d);
    count_events(f, 3, 2, hit);
    count_events(f, 4, 2, other);
    fix_read(f, IOVA);
    fix_read(f, IOVA + PAGE);
    g_assert_cmpuint(count(f, 0), ==, 3 + 1);
    g_assert_cmpuint(count(f, 1), ==, 1);
    g_assert_cmpuint(count(f, 2), ==, 1); /* found by its PDE */
    g_assert_cmpuint(count(f, 3), ==, 0);
    g_assert_cmpuint(count(f, 4), ==, 0);
}

static void nonleaf_first_stage(Fix *f)
{
    scene_fs(f);
    check_nonleaf(f, VTD_PERF_G2_FS_LOOKUP, VTD_PERF_G2_FS_HIT, VTD_PERF_G2_SS_LOOKUP);
}

static void nonleaf_second_stage(Fix *f)
{
    scene_ss(f);
    check_nonleaf(f, VTD_PERF_G2_SS_LOOKUP, VTD_PERF_G2_SS_HIT, VTD_PERF_G2_FS_LOOKUP);
}

static void iotlb(Fix *f)
{
    scene_ss(f);
    count_events(f, 0, 3, VTD_PERF_G3_IOTLB_LOOKUP);
    count_events(f, 1, 3, VTD_PERF_G3_IOTLB_HIT);
    for (unsigned i = 0; i < 4; i++) {
        fix_read(f, IOVA + 8 * i);
    }
    g_assert_cmpuint(count(f, 0), ==, 4);
    g_assert_cmpuint(count(f, 1), ==, 3);
}

static void iotlb_hits_by_level(Fix *f)
{
    const uint64_t large = IOVA + (1ull << 30), size = 2ull << 20;

    scene_ss(f);
    vtd_pages_map_level(&f->ss, large, 0x40000000, 2, VTD_SS_RW);
    for (unsigned level = 0; level < 3; level++) {
        set_filter(f, level, VTD_PERF_PTLFLTR, 1u << level);
        count_events(f, level, 3, VTD_PERF_G3_IOTLB_HIT);
    }
    fix_read(f, IOVA);
    fix_read(f, IOVA + 8);
    for (unsigned i = 0; i < 4; i++) {
        fix_read(f, large + i * size / 4);
    }
    g_assert_cmpuint(count(f, 0), ==, 1);
    g_assert_cmpuint(count(f, 1), ==, 3);
    g_assert_cmpuint(count(f, 2), ==, 0);
}

static void same_as_model_counters(Fix *f)
{
    const IommuCounters *c = &f->m->counters;

    scene_nested(f);
    count_events(f, 0, 3, VTD_PERF_G3_IOTLB_LOOKUP);
    count_events(f, 1, 3, VTD_PERF_G3_IOTLB_HIT);
    count_events(f, 2, 2, VTD_PERF_G2_SS_LOOKUP | VTD_PERF_G2_FS_LOOKUP);
    count_events(f, 3, 2, VTD_PERF_G2_SS_HIT | VTD_PERF_G2_FS_HIT);
    count_events(f, 4, 2, VTD_PERF_G2_CTXT_LOOKUP | VTD_PERF_G2_PASID_LOOKUP);
    count_events(f, 5, 1, VTD_PERF_G1_MRDS);
    f->m->counters = (IommuCounters) { 0 };
    for (unsigned i = 0; i < 40; i++) {
        fix_read(f, IOVA + (i * 5 % 8) * PAGE);
    }
    g_assert_cmpuint(count(f, 0), ==, c->tlb_lookups);
    g_assert_cmpuint(count(f, 1), ==, c->tlb_hits);
    g_assert_cmpuint(count(f, 2), ==, c->walkcache_lookups);
    g_assert_cmpuint(count(f, 3), ==, c->walkcache_hits);
    g_assert_cmpuint(count(f, 4), ==, c->config_lookups);
    g_assert_cmpuint(count(f, 5), ==, c->walk_reads + c->config_reads);
}

static void remap(Fix *f, unsigned index)
{
    VtdIrRequest req = { .addr = vtd_msi_address(index, false), .sid = RID };
    VtdIrResult res;

    vtd_remap_interrupt(f->m, &req, &res);
}

static void put_irte(Fix *f, uint64_t table, unsigned index, const uint64_t irte[VTD_IRTE_WORDS])
{
    for (unsigned i = 0; i < VTD_IRTE_WORDS; i++) {
        gmem_write64(&f->mem, table + VTD_IRTE_BYTES * index + 8 * i, irte[i]);
    }
}

static void interrupts(Fix *f)
{
    uint64_t table = gmem_alloc(&f->mem, 4096, 4096), pid = gmem_alloc(&f->mem, 64, 64);
    uint64_t irte[VTD_IRTE_WORDS];

    vtd_irte_fixed(irte, 0x55, 1);
    put_irte(f, table, 3, irte);
    vtd_irte_posted(irte, 0x56, pid, false);
    put_irte(f, table, 4, irte);
    g_assert_true(vtd_driver_queue(&f->drv, true));
    g_assert_true(vtd_driver_irta(&f->drv, table, 7, false));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_IRE, true));
    count_events(f, 0, 4, VTD_PERF_G4_INT_LOOKUP);
    count_events(f, 1, 4, VTD_PERF_G4_INT_HIT_NONPOSTED);
    count_events(f, 2, 4, VTD_PERF_G4_INT_HIT_POSTED);
    count_events(f, 3, 1, VTD_PERF_G1_MRDS);
    remap(f, 3);
    remap(f, 3);
    remap(f, 3);
    remap(f, 4);
    remap(f, 4);
    g_assert_cmpuint(count(f, 0), ==, 5);
    g_assert_cmpuint(count(f, 1), ==, 2);
    g_assert_cmpuint(count(f, 2), ==, 1);
    g_assert_cmpuint(count(f, 3), ==, 2);
}

static void page_requests(Fix *f)
{
    uint64_t queue = gmem_alloc(&f->mem, 4096, 4096);
    IommuPageRequest req = { .stream = RID, .addr = IOVA, .last = true, .r = true };

    scene_fs(f);
    field_set(f->ctx, VTD_SMCTX_DTE, 1);
    field_set(f->ctx, VTD_SMCTX_PRE, 1);
    fix_put_context(f);
    fix_set64(f, VTD_REG_PQA, queue);
    fix_set64(f, VTD_REG_PQH, 0);
    fix_set64(f, VTD_REG_PQT, 0);
    count_events(f, 0, 1, VTD_PERF_G1_PG_REQ_POSTED);
    count_events(f, 1, 1, VTD_PERF_G1_PG_REQ_OVERFLOW);
    for (unsigned i = 0; i < 130; i++) {
        req.prgi = i;
        f->m->ops->page_request(f->m, &req);
    }
    req.last = false; /* never answered */
    f->m->ops->page_request(f->m, &req);
    g_assert_cmpuint(count(f, 0), ==, 127); /* a page holds 128, one stays free */
    g_assert_cmpuint(count(f, 1), ==, 3);
    g_assert_cmpuint(f->ram.response_count, ==, 3);
}

static void several_events_sum(Fix *f)
{
    scene_ss(f);
    count_events(f, 0, 3, VTD_PERF_G3_IOTLB_LOOKUP | VTD_PERF_G3_IOTLB_HIT);
    fix_read(f, IOVA);
    fix_read(f, IOVA);
    g_assert_cmpuint(count(f, 0), ==, 2 + 1);
}

/* ---- overflow ---- */

/** Counter 0 overflows with the next request. */
static void at_the_brink(Fix *f, uint64_t more)
{
    scene_ss(f);
    g_assert_cmpuint(enable(f, 0, config_of(0, VTD_PERF_G0_REQUESTS) | more), ==, VTD_ECMD_OK);
    fix_set64(f, counter(0), MAX_COUNT);
    fix_event_to(f, VTD_REG_PERFINTRCTL, MSI_ADDR, MSI_DATA);
    ramhost_forget(&f->ram);
}

#define IO  reg_make(VTD_PERFCFG_IO, 1)
#define GFO reg_make(VTD_PERFCFG_GFO, 1)

static void overflow_goes_on(Fix *f)
{
    at_the_brink(f, 0);
    fix_read(f, IOVA);
    fix_read(f, IOVA);
    g_assert_cmphex(overflow(f), ==, 1);
    g_assert_cmpuint(count(f, 0), ==, 1);
    g_assert_cmphex(frozen(f), ==, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    fix_set64(f, VTD_PERF_OVF, 1);
    g_assert_cmphex(overflow(f), ==, 0);
}

static void overflow_interrupts(Fix *f)
{
    at_the_brink(f, IO);
    fix_read(f, IOVA);
    g_assert_cmpuint(fix_reg32(f, VTD_REG_PERFINTRSTS), ==, 1);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, MSI_ADDR);
    g_assert_cmphex(f->ram.msis[0].data, ==, MSI_DATA);
}

static void one_interrupt_while_pending(Fix *f)
{
    at_the_brink(f, IO);
    fix_read(f, IOVA);
    fix_set64(f, counter(0), MAX_COUNT);
    fix_read(f, IOVA);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    fix_set32(f, VTD_REG_PERFINTRSTS, 1);
    g_assert_cmpuint(fix_reg32(f, VTD_REG_PERFINTRSTS), ==, 0);
    fix_set64(f, counter(0), MAX_COUNT);
    fix_read(f, IOVA);
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
}

static void masked_interrupt(Fix *f)
{
    at_the_brink(f, IO);
    fix_set32(f, VTD_REG_PERFINTRCTL, 1u << 31);
    fix_read(f, IOVA);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PERFINTRCTL), ==, 0xc0000000);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    fix_set32(f, VTD_REG_PERFINTRCTL, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PERFINTRCTL), ==, 0);
}

static void pending_settles(Fix *f)
{
    at_the_brink(f, IO);
    fix_set32(f, VTD_REG_PERFINTRCTL, 1u << 31);
    fix_read(f, IOVA);
    fix_set32(f, VTD_REG_PERFINTRSTS, 1);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PERFINTRCTL), ==, 0x80000000);
}

static void overflow_freezes(Fix *f)
{
    at_the_brink(f, GFO);
    count_events(f, 1, 0, VTD_PERF_G0_REQUESTS);
    fix_read(f, IOVA);
    g_assert_cmphex(frozen(f), ==, 0xff);
    fix_read(f, IOVA);
    g_assert_cmpuint(count(f, 0), ==, 0);
    g_assert_cmpuint(count(f, 1), ==, 1);
}

static void clocks_overflow_in_time(Fix *f)
{
    fix_event_to(f, VTD_REG_PERFINTRCTL, MSI_ADDR, MSI_DATA);
    g_assert_cmpuint(enable(f, 0, config_of(0, VTD_PERF_G0_CLOCKS) | IO), ==, VTD_ECMD_OK);
    fix_set64(f, counter(0), MAX_COUNT - 99);
    g_assert_cmpuint(f->ram.wake_cycle, ==, f->ram.now + 100);
    f->ram.now += 99;
    f->m->ops->run_until(f->m, f->ram.now);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    f->ram.now++;
    f->m->ops->run_until(f->m, f->ram.now);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
}

/* ---- reset, saved state ---- */

static void reset(Fix *f)
{
    at_the_brink(f, IO);
    f->m->ops->reset(f->m);
    g_assert_cmphex(fix_reg64(f, cfg(0)) | count(f, 0), ==, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PERFINTRCTL), ==, 0x80000000);
    g_assert_cmpuint(reg_get(fix_reg64(f, VTD_REG_PERFCAP), VTD_PERFCAP_NCNTR), ==, 8);
}

static void migrate(Fix *f)
{
    IommuStateWriter w = { 0 };
    IommuStateReader r;

    at_the_brink(f, IO);
    f->m->ops->save(f->m, &w);
    f->m->ops->reset(f->m);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_true(f->m->ops->load(f->m, &r));
    fix_read(f, IOVA);
    g_assert_cmphex(overflow(f), ==, 1);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    free(w.data);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/perfmon/V2-PERFCAP", perfcap);
    fix_add("/vtd/perfmon/V2-offsets", offsets);
    fix_add("/vtd/perfmon/V2-event-capabilities", event_capabilities);
    fix_add("/vtd/perfmon/V1-ECCAP", eccap);
    fix_add_config("/vtd/perfmon/R5-without-PMS", "max", without_pms, absent_registers);
    fix_add_config("/vtd/perfmon/R5+V1-commands-without-PMS", "max", without_pms,
                   absent_commands);
    fix_add_config("/vtd/perfmon/R5-without-ECMDS", "max", without_ecmds, absent_interface);
    g_test_add_func("/vtd/perfmon/config-bad-values-are-named", bad_config);

    fix_add("/vtd/perfmon/V1-undefined-commands", undefined_commands);
    fix_add("/vtd/perfmon/V1+R2-command-in-halves", command_in_halves);
    fix_add("/vtd/perfmon/V1-operand-is-48-bits", operand_is_48_bits);
    fix_add("/vtd/perfmon/V1-response-of-the-last-command", new_command_clears_response);
    fix_add("/vtd/perfmon/V1-enable-and-disable", enable_sets_en);
    fix_add("/vtd/perfmon/V1+V2-bad-index", bad_index);
    fix_add("/vtd/perfmon/V2-enable-checks-events", enable_checks_events);
    fix_add("/vtd/perfmon/V2-enable-checks-filters", enable_checks_filters);
    fix_add("/vtd/perfmon/V2-several-events-take-no-filter", several_events_take_no_filter);
    fix_add("/vtd/perfmon/V1-reset-configuration", reset_config);
    fix_add("/vtd/perfmon/V1-reset-values", reset_values);
    fix_add("/vtd/perfmon/V1-freeze", freeze);
    fix_add("/vtd/perfmon/V3-freeze-status", freeze_is_read_only);

    fix_add("/vtd/perfmon/V3-locked-while-enabled", locked_while_enabled);
    fix_add("/vtd/perfmon/R3-reserved-bits", reserved_bits);
    fix_add("/vtd/perfmon/V3-counter-width", counter_width);
    fix_add("/vtd/perfmon/V3-writable-while-enabled", writable_while_enabled);
    fix_add("/vtd/perfmon/V2-beyond-the-counters", beyond_counters);

    fix_add("/vtd/perfmon/V2-requests-by-type", requests_by_type);
    fix_add("/vtd/perfmon/V2-requests-while-off", requests_while_off);
    fix_add("/vtd/perfmon/V2-probes", probes);
    fix_add("/vtd/perfmon/V2-clocks", clocks);
    fix_add("/vtd/perfmon/V2-clocks-of-a-timed-model", clocks_of_timed_model);
    fix_add_profiles("/vtd/perfmon/V2-memory-reads", memory_reads);
    fix_add("/vtd/perfmon/V2-queue-reads", queue_reads);
    fix_add("/vtd/perfmon/V2-accessed-and-dirty-updates", ad_updates);
    fix_add("/vtd/perfmon/V2-configuration-caches", configuration_caches);
    fix_add("/vtd/perfmon/V2-nonleaf-first-stage", nonleaf_first_stage);
    fix_add("/vtd/perfmon/V2-nonleaf-second-stage", nonleaf_second_stage);
    fix_add("/vtd/perfmon/V2-iotlb", iotlb);
    fix_add("/vtd/perfmon/V2-iotlb-hits-by-level", iotlb_hits_by_level);
    fix_add_profiles("/vtd/perfmon/V2-same-as-the-model", same_as_model_counters);
    fix_add("/vtd/perfmon/V2-interrupts", interrupts);
    fix_add("/vtd/perfmon/V2-page-requests", page_requests);
    fix_add("/vtd/perfmon/V2-several-events-sum", several_events_sum);

    fix_add("/vtd/perfmon/V3-overflow-goes-on", overflow_goes_on);
    fix_add("/vtd/perfmon/V3+F5-overflow-interrupts", overflow_interrupts);
    fix_add("/vtd/perfmon/V3+F5-one-interrupt-while-pending", one_interrupt_while_pending);
    fix_add("/vtd/perfmon/F5-masked-interrupt", masked_interrupt);
    fix_add("/vtd/perfmon/F5-pending-settles", pending_settles);
    fix_add("/vtd/perfmon/V3-overflow-freezes", overflow_freezes);
    fix_add("/vtd/perfmon/V3-clocks-overflow-in-time", clocks_overflow_in_time);

    fix_add("/vtd/perfmon/V1-reset", reset);
    fix_add("/vtd/perfmon/state-migrate", migrate);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stream table lookup: linear, two-level, ranges (IHI 0070 3.3.1, 5.1, 6.3.24-25). */
#include "fixture.h"

#define LOG2 12u

/** Install a two-level table of 2^LOG2 streams whose STE @sid bypasses. */
static void two_level(Fix *f, unsigned split, uint32_t sid)
{
    uint64_t ste[STE_WORDS];

    cr0_set(f, CR0_SMMUEN, 0);
    stream_table_init_two_level(&f->streams, &f->mem, LOG2, split);
    wr64(f, SMMU_STRTAB_BASE, stream_table_base_reg(&f->streams));
    wr(f, SMMU_STRTAB_BASE_CFG, stream_table_cfg_reg(&f->streams));
    cr0_set(f, CR0_SMMUEN, 1);
    ste_bypass(ste);
    stream_table_set(&f->streams, sid, ste);
    cmd(f, smmu_make_cfgi_all());
}

static IommuStatus access_sid(Fix *f, uint32_t sid)
{
    IommuTxn t = txn_at(PA, false);

    t.stream = sid;
    return run(f, &t).status;
}

static void expect_bad_streamid(Fix *f, uint32_t sid)
{
    SmmuEventWords e;

    g_assert_cmpint(access_sid(f, sid), ==, IOMMU_STATUS_ABORT);
    g_assert_true(smmu_driver_event(&f->drv, &e));
    g_assert_cmphex(e.num, ==, C_BAD_STREAMID);
    g_assert_cmphex(e.sid, ==, sid);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 0);
}

static void test_linear(Fix *f)
{
    scene_bypass(f);
    g_assert_cmpint(access_sid(f, SID), ==, IOMMU_STATUS_OK);
}

static void test_linear_out_of_range(Fix *f)
{
    expect_bad_streamid(f, 32);
    expect_bad_streamid(f, UINT32_MAX);
}

static void test_recinvsid_off(Fix *f)
{
    cr2_set(f, CR2_RECINVSID, 0);
    g_assert_cmpint(access_sid(f, 32), ==, IOMMU_STATUS_ABORT);
    g_assert_cmpuint(smmu_driver_event_count(&f->drv), ==, 0);
}

static void check_split(Fix *f, unsigned split)
{
    uint32_t sid = 3u << split | 5;

    two_level(f, split, sid);
    g_assert_cmpint(access_sid(f, sid), ==, IOMMU_STATUS_OK);
    expect_bad_streamid(f, 2u << split | 5);
    expect_bad_streamid(f, 1u << LOG2);
}

static void test_split6(Fix *f)
{
    check_split(f, 6);
}

static void test_split8(Fix *f)
{
    check_split(f, 8);
}

static void test_split10(Fix *f)
{
    check_split(f, 10);
}

static void test_reserved_split_is_6(Fix *f)
{
    uint32_t sid = 3u << 6 | 5;

    two_level(f, 6, sid);
    cr0_set(f, CR0_SMMUEN, 0);
    wr(f, SMMU_STRTAB_BASE_CFG,
       reg_set(stream_table_cfg_reg(&f->streams), STRTAB_CFG_SPLIT, 7));
    cr0_set(f, CR0_SMMUEN, 1);
    cmd(f, smmu_make_cfgi_all());
    g_assert_cmpint(access_sid(f, sid), ==, IOMMU_STATUS_OK);
}

static void set_span(Fix *f, uint32_t sid, unsigned span)
{
    uint64_t at = stream_table_l1std_addr(&f->streams, sid);

    gmem_write64(&f->mem, at, reg_set(gmem_read64(&f->mem, at), L1STD_SPAN, span));
    cmd(f, smmu_make_cfgi_ste(sid, false));
}

static void test_span(Fix *f)
{
    uint32_t sid = 3u << 6 | 5;

    two_level(f, 6, sid);
    set_span(f, sid, 0);
    expect_bad_streamid(f, sid);
    set_span(f, sid, 3);
    expect_bad_streamid(f, sid);
    set_span(f, sid, 4);
    g_assert_cmpint(access_sid(f, sid), ==, IOMMU_STATUS_OK);
    set_span(f, sid, 8);
    expect_bad_streamid(f, sid);
    set_span(f, sid, 31);
    expect_bad_streamid(f, sid);
}

static void test_invalid_is_not_followed(Fix *f)
{
    uint32_t sid = 3u << 6 | 5;

    two_level(f, 6, sid);
    set_span(f, sid, 0);
    ramhost_forget(&f->ram);
    access_sid(f, sid);
    g_assert_cmpuint(f->ram.reads, ==, 1);
}

static void test_l1std_abort(Fix *f)
{
    uint32_t sid = 3u << 6 | 5;
    uint64_t at;
    SmmuEventWords e;

    two_level(f, 6, sid);
    at = stream_table_l1std_addr(&f->streams, sid);
    ramhost_abort(&f->ram, at, at + 7, RAMHOST_READ);
    g_assert_cmpint(access_sid(f, sid), ==, IOMMU_STATUS_ABORT);
    g_assert_true(smmu_driver_event(&f->drv, &e));
    g_assert_cmphex(e.num, ==, F_STE_FETCH);
    g_assert_cmphex(e.fetch_addr, ==, at);
}

static void test_ste_abort(Fix *f)
{
    uint64_t at = stream_table_addr(&f->streams, SID);

    ramhost_abort(&f->ram, at, at + 7, RAMHOST_READ);
    expect_event(f, PA, false, F_STE_FETCH);
    g_assert_cmphex(f->event.fetch_addr, ==, at);
}

static void test_base_aligned_down(Fix *f)
{
    scene_bypass(f);
    cr0_set(f, CR0_SMMUEN, 0);
    wr64(f, SMMU_STRTAB_BASE, stream_table_base_reg(&f->streams) | 0x7c0);
    cr0_set(f, CR0_SMMUEN, 1);
    cmd(f, smmu_make_cfgi_all());
    expect_ok(f, PA, false, PA);
}

static void edit_linear_only(SmmuConfig *c)
{
    c->st_level = 0;
    c->sidsize = 6;
}

static void test_linear_only(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    wr(f, SMMU_STRTAB_BASE_CFG,
       rd(f, SMMU_STRTAB_BASE_CFG) | (uint32_t)reg_make(STRTAB_CFG_FMT, STRTAB_FMT_2LVL));
    g_assert_cmpuint(reg_get(rd(f, SMMU_STRTAB_BASE_CFG), STRTAB_CFG_FMT), ==, STRTAB_FMT_LINEAR);
}

static void test_size_capped_at_sidsize(Fix *f)
{
    cr0_set(f, CR0_SMMUEN, 0);
    wr(f, SMMU_STRTAB_BASE_CFG, reg_make(STRTAB_CFG_LOG2SIZE, 20));
    cr0_set(f, CR0_SMMUEN, 1);
    expect_bad_streamid(f, 64);
}

static void test_fetch_attributes(Fix *f)
{
    scene_bypass(f);
    access_at(f, PA, false);
    g_assert_cmphex(f->ram.last_attr.type, ==, 0xff);
    g_assert_cmpuint(f->ram.last_attr.sh, ==, SH_ISH);
}

static void test_cfgi_range(Fix *f)
{
    uint64_t bypass[STE_WORDS], abort_ste[STE_WORDS];

    ste_bypass(bypass);
    ste_abort(abort_ste);
    for (uint32_t sid = 0; sid < 8; sid++) {
        stream_table_set(&f->streams, sid, bypass);
        cmd(f, smmu_make_cfgi_ste(sid, true));
        g_assert_cmpint(access_sid(f, sid), ==, IOMMU_STATUS_OK);
        stream_table_set(&f->streams, sid, abort_ste);
    }
    cmd(f, smmu_make_cfgi_ste_range(2, 1));
    /* Streams 0 to 3: low Range + 1 bits are ignored */
    for (uint32_t sid = 0; sid < 8; sid++) {
        g_assert_cmpint(access_sid(f, sid), ==,
                        sid < 4 ? IOMMU_STATUS_ABORT : IOMMU_STATUS_OK);
    }
    cmd(f, smmu_make_cfgi_all());
    g_assert_cmpint(access_sid(f, 7), ==, IOMMU_STATUS_ABORT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/strtab/ST1+ST5-linear", test_linear);
    fix_add("/smmuv3/strtab/ST4-linear-out-of-range", test_linear_out_of_range);
    fix_add("/smmuv3/strtab/RG29-no-event-without-RECINVSID", test_recinvsid_off);
    fix_add_profiles("/smmuv3/strtab/ST6-split-6", test_split6);
    fix_add_profiles("/smmuv3/strtab/ST6-split-8", test_split8);
    fix_add_profiles("/smmuv3/strtab/ST6-split-10", test_split10);
    fix_add("/smmuv3/strtab/RG29-reserved-split-acts-as-6", test_reserved_split_is_6);
    fix_add("/smmuv3/strtab/ST7+ST8+ST9-span", test_span);
    fix_add("/smmuv3/strtab/TL16-invalid-is-not-followed", test_invalid_is_not_followed);
    fix_add("/smmuv3/strtab/EV6-F_STE_FETCH-of-L1STD", test_l1std_abort);
    fix_add("/smmuv3/strtab/EV6-F_STE_FETCH-of-STE", test_ste_abort);
    fix_add("/smmuv3/strtab/RG28-base-aligned-down", test_base_aligned_down);
    fix_add_config("/smmuv3/strtab/RG29-FMT-absent-with-linear-only", "max", edit_linear_only,
                   test_linear_only);
    fix_add_config("/smmuv3/strtab/RG29-size-capped-at-SIDSIZE", "max", edit_linear_only,
                   test_size_capped_at_sidsize);
    fix_add("/smmuv3/strtab/MA19+RG18+ST10-fetch-attributes", test_fetch_attributes);
    fix_add("/smmuv3/strtab/CM14-cfgi-range", test_cfgi_range);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The invalidation queue: fetching, errors, wait descriptors, device-TLB invalidations (6.5.2). */
#include "fixture.h"

#define EVENT_ADDR 0xfee01000ull
#define EVENT_DATA 0x41u

static uint32_t head(Fix *f)
{
    return fix_reg64(f, VTD_REG_IQH);
}

static unsigned iqei(Fix *f)
{
    return reg_get(fix_reg64(f, VTD_REG_IQERCD), VTD_IQERCD_IQEI);
}

static bool fsts(Fix *f, BitField bit)
{
    return reg_get(vtd_driver_fsts(&f->drv), bit);
}

/* @desc must be refused with @error, the head left on it; after repair the queue goes on. */
static void refused(Fix *f, VtdDescWords desc, VtdIqei error)
{
    uint32_t at = head(f);

    vtd_driver_push(&f->drv, desc);
    g_assert_true(fsts(f, VTD_FSTS_IQE));
    g_assert_cmpuint(iqei(f), ==, error);
    g_assert_cmphex(head(f), ==, at);
    vtd_driver_queue_recover(&f->drv, vtd_make_wait_status(f->drv.status, ~0u));
    g_assert_false(fsts(f, VTD_FSTS_IQE));
    g_assert_cmphex(head(f), !=, at);
    g_assert_true(vtd_driver_wait(&f->drv));
}

static void accepted(Fix *f, VtdDescWords desc)
{
    g_assert_true(vtd_driver_issue(&f->drv, desc));
    g_assert_false(fsts(f, VTD_FSTS_IQE));
}

/* ---- enabling ---- */

static void disable_resets_head(Fix *f)
{
    scene_legacy(f);
    g_assert_cmphex(head(f), !=, 0);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_QIE, false));
    g_assert_cmphex(head(f), ==, 0);
}

static void nothing_runs_while_disabled(Fix *f)
{
    scene_legacy(f);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_QIE, false));
    fix_set32(f, VTD_REG_IQT, 16);
    g_assert_cmphex(head(f), ==, 0);
    /* Enabling with a tail already set runs what is there. */
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_QIE, true));
    g_assert_cmphex(head(f), ==, 16);
}

static void runs_without_translation(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, false);
    g_assert_true(vtd_driver_queue(&f->drv, false));
    accepted(f, vtd_make_iotlb_global());
}

static void wraps_around(Fix *f)
{
    scene_legacy(f);
    for (unsigned i = 0; i < 300; i++) {
        accepted(f, vtd_make_context_global());
    }
    g_assert_cmphex(head(f), ==, f->drv.tail);
}

static void one_doorbell_for_many(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);
    uint64_t commands;

    scene_legacy(f);
    commands = f->m->counters.commands;
    for (unsigned i = 0; i < 50; i++) {
        VtdDescWords d = i < 49 ? vtd_make_iotlb_domain(i) : vtd_make_wait_status(at, 1);

        gmem_write_words(&f->mem, f->drv.queue + f->drv.tail, d.w, 2);
        f->drv.tail += 16;
    }
    fix_set32(f, VTD_REG_IQT, f->drv.tail);
    g_assert_cmphex(head(f), ==, f->drv.tail);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 1);
    g_assert_cmpuint(f->m->counters.commands - commands, ==, 50);
}

static void largest_queue(Fix *f)
{
    f->drv.qs = 7;
    vtd_root_init(&f->root, &f->mem, false);
    g_assert_true(vtd_driver_queue(&f->drv, false));
    for (unsigned i = 0; i < 33000; i++) {
        vtd_driver_push(&f->drv, vtd_make_context_global());
    }
    g_assert_false(fsts(f, VTD_FSTS_IQE));
    g_assert_cmpuint(f->m->counters.commands, ==, 33000);
}

/* ---- errors ---- */

static void bad_type(Fix *f)
{
    scene_legacy(f);
    refused(f, vtd_make(0), VTD_IQEI_TYPE);
    refused(f, vtd_make(0xb), VTD_IQEI_TYPE);
    refused(f, vtd_make(0xf), VTD_IQEI_TYPE);
    refused(f, vtd_make(VTD_DESC_HPT), VTD_IQEI_TYPE);
}

static void high_type_bits_count(Fix *f)
{
    VtdDescWords d = vtd_make_context_global();

    scene_legacy(f);
    field_set(d.w, VTD_DESC_TYPE_HI, 1);
    refused(f, d, VTD_IQEI_TYPE);
}

static void wide_types_in_legacy_mode(Fix *f)
{
    scene_legacy(f);
    refused(f, vtd_make_pasid_global(), VTD_IQEI_TYPE);
    refused(f, vtd_make_piotlb_pasid(DID, PASID), VTD_IQEI_TYPE);
    refused(f, vtd_make_page_response(RID, false, 0, 0, 0), VTD_IQEI_TYPE);
}

static void reserved_granularity(Fix *f)
{
    VtdDescWords d = vtd_make_context_global();

    scene_fs(f);
    field_set(d.w, VTD_CC_G, VTD_GRAN_RSVD);
    refused(f, d, VTD_IQEI_TYPE);
    d = vtd_make_iotlb_global();
    field_set(d.w, VTD_TLB_G, VTD_GRAN_RSVD);
    refused(f, d, VTD_IQEI_TYPE);
    d = vtd_make_pasid_global();
    field_set(d.w, VTD_PC_G, VTD_PC_RSVD);
    refused(f, d, VTD_IQEI_TYPE);
    d = vtd_make_piotlb_pasid(DID, PASID);
    field_set(d.w, VTD_PTLB_G, VTD_GRAN_GLOBAL);
    refused(f, d, VTD_IQEI_TYPE);
}

static void reserved_bits(Fix *f)
{
    static const struct {
        VtdDescType type;
        BitField bit;
    } cases[] = {
        { VTD_DESC_CONTEXT, BITFIELD_AT(6, 1) },  { VTD_DESC_CONTEXT, BITFIELD_AT(64, 1) },
        { VTD_DESC_IOTLB, BITFIELD_AT(32, 1) },   { VTD_DESC_IOTLB, BITFIELD_AT(71, 1) },
        { VTD_DESC_DEVTLB, BITFIELD_AT(4, 1) },   { VTD_DESC_DEVTLB, BITFIELD_AT(65, 1) },
        { VTD_DESC_IEC, BITFIELD_AT(5, 1) },      { VTD_DESC_IEC, BITFIELD_AT(64, 1) },
        { VTD_DESC_WAIT, BITFIELD_AT(8, 1) },     { VTD_DESC_WAIT, BITFIELD_AT(64, 1) },
        { VTD_DESC_PIOTLB, BITFIELD_AT(52, 1) },  { VTD_DESC_PIOTLB, BITFIELD_AT(71, 1) },
        { VTD_DESC_PASID, BITFIELD_AT(52, 1) },   { VTD_DESC_PASID, BITFIELD_AT(100, 1) },
        { VTD_DESC_PDEVTLB, BITFIELD_AT(65, 1) }, { VTD_DESC_PGRP_RSP, BITFIELD_AT(5, 1) },
        { VTD_DESC_IOTLB, BITFIELD_AT(128, 1) },  { VTD_DESC_WAIT, BITFIELD_AT(255, 1) },
        { VTD_DESC_PASID, BITFIELD_AT(192, 1) },
    };

    scene_fs(f);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        VtdDescWords d = vtd_make(cases[i].type);

        field_set(d.w, cases[i].bit, 1);
        refused(f, d, VTD_IQEI_RESERVED);
    }
}

static void no_dit_no_pds(VtdConfig *c)
{
    c->dit = c->pds = false;
}

static void fields_of_absent_features(Fix *f)
{
    VtdDescWords d = vtd_make_devtlb(RID, IOVA, 0);

    scene_fs(f);
    field_set(d.w, VTD_DTLB_PFSID_HI, 1);
    refused(f, d, VTD_IQEI_RESERVED);
    d = vtd_make_wait_status(f->drv.status, 1);
    field_set(d.w, VTD_WAIT_PD, 1);
    refused(f, d, VTD_IQEI_RESERVED);
}

static void fields_of_present_features(Fix *f)
{
    VtdDescWords d = vtd_make_devtlb(RID, IOVA, 0);

    scene_fs(f);
    field_set(d.w, VTD_DTLB_PFSID_HI, 1);
    accepted(f, d);
    d = vtd_make_wait_status(f->drv.status, 1);
    field_set(d.w, VTD_WAIT_PD, 1);
    accepted(f, d);
    d = vtd_make_page_response(RID, false, 0, 0, 0);
    field_set(d.w, BITFIELD_AT(66, 1), 1);
    accepted(f, d);
}

static void minimal(VtdConfig *c)
{
    c->dt = c->prs = c->ptrs = c->nwfs = c->dit = c->pds = c->sms = false;
    c->ir = c->eim = c->pi = false;
    c->mhmv = 0;
}

static void types_of_absent_features(Fix *f)
{
    scene_fs(f);
    refused(f, vtd_make_devtlb(RID, IOVA, 0), VTD_IQEI_TYPE);
    refused(f, vtd_make_pdevtlb(RID, PASID, IOVA, 0, false), VTD_IQEI_TYPE);
    refused(f, vtd_make_page_response(RID, false, 0, 0, 0), VTD_IQEI_TYPE);
    refused(f, vtd_make_iec_global(), VTD_IQEI_TYPE);
}

static void address_mask_too_large(Fix *f)
{
    scene_legacy(f);
    refused(f, vtd_make_iotlb_page(DID, 0, 46, false), VTD_IQEI_RESERVED);
    accepted(f, vtd_make_iotlb_page(DID, 0, 45, false));
}

static void piotlb_takes_any_mask(Fix *f)
{
    scene_fs(f);
    accepted(f, vtd_make_piotlb_page(DID, PASID, 0, 63, false));
}

static void tail_beyond_queue(Fix *f)
{
    scene_legacy(f);
    fix_set32(f, VTD_REG_IQT, 4096);
    g_assert_true(fsts(f, VTD_FSTS_IQE));
    g_assert_cmpuint(iqei(f), ==, VTD_IQEI_TAIL);
}

static void fetch_error(Fix *f)
{
    scene_legacy(f);
    ramhost_abort(&f->ram, f->drv.queue, f->drv.queue + 4095, RAMHOST_READ);
    vtd_driver_push(&f->drv, vtd_make_context_global());
    g_assert_cmpuint(iqei(f), ==, VTD_IQEI_FETCH);
    /* Once it can be read again the same slot is executed. */
    ramhost_abort_none(&f->ram);
    fix_set32(f, VTD_REG_FSTS, (uint32_t)field_mask(VTD_FSTS_IQE));
    g_assert_cmphex(head(f), ==, f->drv.tail);
}

static void narrow_queue_in_scalable_mode(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, true);
    g_assert_true(vtd_driver_root(&f->drv, vtd_root_reg(&f->root)));
    g_assert_true(vtd_driver_queue(&f->drv, false));
    vtd_driver_push(&f->drv, vtd_make_context_global());
    g_assert_cmpuint(iqei(f), ==, VTD_IQEI_WIDTH);
}

static void no_scalable(VtdConfig *c)
{
    g_assert_true(vtd_config_named(c, "qemu"));
}

static void wide_queue_without_scalable_mode(Fix *f)
{
    g_assert_true(vtd_driver_queue(&f->drv, true));
    vtd_driver_push(&f->drv, vtd_make_context_global());
    g_assert_cmpuint(iqei(f), ==, VTD_IQEI_WIDTH);
}

static void wide_queue_in_legacy_mode(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, false);
    g_assert_true(vtd_driver_queue(&f->drv, true));
    accepted(f, vtd_make_iotlb_global());
}

static void misaligned_tail(Fix *f)
{
    scene_fs(f);
    fix_set32(f, VTD_REG_IQT, f->drv.tail + 16);
    g_assert_cmpuint(iqei(f), ==, VTD_IQEI_TAIL_ALIGN);
}

static void bad_table_mode(Fix *f)
{
    scene_fs(f);
    fix_set64(f, VTD_REG_RTADDR, reg_set(vtd_root_reg(&f->root), VTD_RTADDR_TTM, VTD_TTM_INVALID));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    vtd_driver_push(&f->drv, vtd_make_context_global());
    g_assert_cmpuint(iqei(f), ==, VTD_IQEI_TTM);
}

static void abort_mode_keeps_the_queue(Fix *f)
{
    scene_fs(f);
    fix_set64(f, VTD_REG_RTADDR, reg_set(vtd_root_reg(&f->root), VTD_RTADDR_TTM, VTD_TTM_ABORT));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    accepted(f, vtd_make_pasid_global());
}

static void stops_until_cleared(Fix *f)
{
    uint32_t at;

    scene_legacy(f);
    at = head(f);
    vtd_driver_push(&f->drv, vtd_make(0));
    vtd_driver_push(&f->drv, vtd_make_context_global());
    g_assert_cmphex(head(f), ==, at);
    /* Clearing alone retries the same slot. */
    fix_set32(f, VTD_REG_FSTS, (uint32_t)field_mask(VTD_FSTS_IQE));
    g_assert_true(fsts(f, VTD_FSTS_IQE));
    g_assert_cmphex(head(f), ==, at);
}

static void no_error_no_information(Fix *f)
{
    scene_legacy(f);
    g_assert_cmpuint(iqei(f), ==, VTD_IQEI_NONE);
    g_assert_false(fsts(f, VTD_FSTS_IQE));
}

static void error_is_an_event(Fix *f)
{
    scene_legacy(f);
    fix_event_to(f, VTD_REG_FECTL, EVENT_ADDR, EVENT_DATA);
    vtd_driver_push(&f->drv, vtd_make(0));
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, EVENT_ADDR);
    g_assert_cmphex(f->ram.msis[0].data, ==, EVENT_DATA);
}

/* ---- wait ---- */

static void wait_writes_32_bits(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);

    scene_legacy(f);
    gmem_write64(&f->mem, at, ~0ull);
    accepted(f, vtd_make_wait_status(at, 0x1234));
    g_assert_cmphex(gmem_read64(&f->mem, at), ==, 0xffffffff00001234ull);
    g_assert_true(f->ram.last_attr.snoop);
    g_assert_cmpuint(f->ram.errors, ==, 0);
}

static void wait_without_effect(Fix *f)
{
    VtdDescWords d = vtd_make(VTD_DESC_WAIT);

    scene_legacy(f);
    field_set(d.w, VTD_WAIT_DATA, 5);
    field_set(d.w, VTD_WAIT_FN, 1);
    accepted(f, d);
}

static void wait_interrupt(Fix *f)
{
    scene_legacy(f);
    fix_event_to(f, VTD_REG_IECTL, EVENT_ADDR, EVENT_DATA);
    accepted(f, vtd_make_wait_interrupt());
    g_assert_cmphex(fix_reg32(f, VTD_REG_ICS), ==, 1);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    /* A second one while IWC stands is not announced again. */
    accepted(f, vtd_make_wait_interrupt());
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    fix_set32(f, VTD_REG_ICS, 1);
    g_assert_cmphex(fix_reg32(f, VTD_REG_ICS), ==, 0);
    accepted(f, vtd_make_wait_interrupt());
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
}

static void wait_status_unwritable(Fix *f)
{
    uint64_t before;

    scene_legacy(f);
    before = f->ram.errors;
    accepted(f, vtd_make_wait_status(1ull << 40, 1));
    g_assert_cmpuint(f->ram.errors, ==, before + 1);
}

/* ---- device-TLB invalidation ---- */

static void device_tlb_sizes(Fix *f)
{
    scene_fs(f);
    accepted(f, vtd_make_devtlb(RID, IOVA, 0));
    accepted(f, vtd_make_devtlb(RID, IOVA, 9));
    accepted(f, vtd_make_devtlb(RID, 0, 52));
    accepted(f, vtd_make_pdevtlb(RID, PASID, IOVA, 1, true));
    g_assert_cmpuint(f->ram.ats_count, ==, 4);
    g_assert_cmphex(f->ram.ats[0].addr, ==, IOVA);
    g_assert_cmphex(f->ram.ats[0].last, ==, IOVA + PAGE - 1);
    g_assert_cmphex(f->ram.ats[0].stream, ==, RID);
    g_assert_false(f->ram.ats[0].has_pasid);
    g_assert_cmphex(f->ram.ats[1].last, ==, IOVA + 0x200000 - 1);
    g_assert_cmphex(f->ram.ats[2].addr, ==, 0);
    g_assert_cmphex(f->ram.ats[2].last, ==, ~0ull);
    g_assert_true(f->ram.ats[3].has_pasid && f->ram.ats[3].global);
    g_assert_cmphex(f->ram.ats[3].pasid, ==, PASID);
    g_assert_cmphex(f->ram.ats[3].last, ==, IOVA + 2 * PAGE - 1);
}

static void wait_holds_for_completion(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);

    scene_fs(f);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    vtd_driver_push(&f->drv, vtd_make_devtlb(OTHER_RID, IOVA, 0));
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 7));
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 0);
    f->m->ops->ats_inv_done(f->m, RID, f->ram.ats[0].itag, true);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 0);
    f->m->ops->ats_inv_done(f->m, OTHER_RID, f->ram.ats[1].itag, true);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 7);
    g_assert_cmphex(head(f), ==, f->drv.tail);
}

static void tags_run_out(Fix *f)
{
    scene_fs(f);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    for (unsigned i = 0; i < 40; i++) {
        vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    }
    g_assert_cmpuint(f->ram.ats_count, ==, 32);
    g_assert_cmphex(head(f), !=, f->drv.tail);
    f->m->ops->ats_inv_done(f->m, RID, 5, true);
    g_assert_cmpuint(f->ram.ats_count, ==, 33);
    g_assert_cmpuint(f->ram.ats[32].itag, ==, 5);
}

static void time_out(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16);
    uint32_t stopped;

    scene_fs(f);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 7));
    f->m->ops->ats_inv_done(f->m, RID, f->ram.ats[0].itag, false);
    g_assert_true(fsts(f, VTD_FSTS_ITE));
    g_assert_cmphex(reg_get(fix_reg64(f, VTD_REG_IQERCD), VTD_IQERCD_ITESID), ==, RID);
    /* The wait never completes, and nothing is fetched until ITE is cleared. */
    stopped = head(f);
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 8));
    g_assert_cmphex(head(f), ==, stopped);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 0);
    fix_set32(f, VTD_REG_FSTS, (uint32_t)field_mask(VTD_FSTS_ITE));
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 8);
}

static void immediate_time_out(Fix *f)
{
    scene_fs(f);
    f->ram.ats_answer = IOMMU_ATS_INV_TIMEOUT;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    g_assert_true(fsts(f, VTD_FSTS_ITE));
    g_assert_false(vtd_driver_wait(&f->drv));
}

static void unexpected_completion(Fix *f)
{
    scene_fs(f);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0));
    f->m->ops->ats_inv_done(f->m, OTHER_RID, f->ram.ats[0].itag, true);
    g_assert_true(fsts(f, VTD_FSTS_ICE));
    g_assert_cmphex(reg_get(fix_reg64(f, VTD_REG_IQERCD), VTD_IQERCD_ICESID), ==, OTHER_RID);
    /* A later one does not overwrite what software has not read. */
    f->m->ops->ats_inv_done(f->m, 1, 77, true);
    g_assert_cmphex(reg_get(fix_reg64(f, VTD_REG_IQERCD), VTD_IQERCD_ICESID), ==, OTHER_RID);
    /* The queue goes on. */
    f->m->ops->ats_inv_done(f->m, RID, f->ram.ats[0].itag, true);
    accepted(f, vtd_make_context_global());
}

static void page_response_is_sent(Fix *f)
{
    scene_fs(f);
    accepted(f, vtd_make_page_response(RID, true, PASID, 0x1ff, 1));
    g_assert_cmpuint(f->ram.response_count, ==, 1);
    g_assert_cmphex(f->ram.responses[0].stream, ==, RID);
    g_assert_true(f->ram.responses[0].has_pasid);
    g_assert_cmphex(f->ram.responses[0].pasid, ==, PASID);
    g_assert_cmphex(f->ram.responses[0].prgi, ==, 0x1ff);
    g_assert_cmpuint(f->ram.responses[0].code, ==, 1);
}

/* What Linux does before it lets a PASID go (P8). */
static void linux_drain(Fix *f)
{
    VtdDescWords fence = vtd_make(VTD_DESC_WAIT), last;
    uint64_t at = gmem_alloc(&f->mem, 16, 16);

    scene_fs(f);
    field_set(fence.w, VTD_WAIT_FN, 1);
    field_set(fence.w, VTD_WAIT_DATA, 2);
    vtd_driver_push(&f->drv, fence);
    vtd_driver_push(&f->drv, vtd_make_piotlb_pasid(DID, PASID));
    vtd_driver_push(&f->drv, vtd_make_pdevtlb(RID, PASID, 0, 52, false));
    last = vtd_make_wait_status(at, 2);
    field_set(last.w, VTD_WAIT_PD, 1);
    vtd_driver_push(&f->drv, last);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 2);
    g_assert_cmpuint(f->ram.ats_count, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/qi/G8-disable-resets-head", disable_resets_head);
    fix_add("/vtd/qi/G8-enable-with-tail", nothing_runs_while_disabled);
    fix_add("/vtd/qi/G8-runs-without-translation", runs_without_translation);
    fix_add("/vtd/qi/I6-wraps", wraps_around);
    fix_add("/vtd/qi/I6-one-doorbell-for-many", one_doorbell_for_many);
    fix_add("/vtd/qi/I6-largest-queue", largest_queue);
    fix_add("/vtd/qi/IQEI.0-no-error", no_error_no_information);
    fix_add("/vtd/qi/IQEI.1-tail-beyond", tail_beyond_queue);
    fix_add("/vtd/qi/IQEI.2-fetch-error", fetch_error);
    fix_add("/vtd/qi/IQEI.3-bad-type", bad_type);
    fix_add("/vtd/qi/IQEI.3-high-type-bits", high_type_bits_count);
    fix_add("/vtd/qi/IQEI.3-wide-type-in-legacy-mode", wide_types_in_legacy_mode);
    fix_add("/vtd/qi/IQEI.3-reserved-granularity", reserved_granularity);
    fix_add_config("/vtd/qi/IQEI.3-absent-features", "max", minimal, types_of_absent_features);
    fix_add("/vtd/qi/IQEI.4-reserved-bits", reserved_bits);
    fix_add_config("/vtd/qi/IQEI.4-absent-features", "max", no_dit_no_pds,
                   fields_of_absent_features);
    fix_add("/vtd/qi/IQEI.4-present-features", fields_of_present_features);
    fix_add("/vtd/qi/I1-address-mask-beyond-mamv", address_mask_too_large);
    fix_add("/vtd/qi/I1-piotlb-any-mask", piotlb_takes_any_mask);
    fix_add("/vtd/qi/IQEI.5-narrow-in-scalable-mode", narrow_queue_in_scalable_mode);
    fix_add_config("/vtd/qi/IQEI.5-wide-without-scalable", "max", no_scalable,
                   wide_queue_without_scalable_mode);
    fix_add("/vtd/qi/IQEI.5-wide-in-legacy-mode-works", wide_queue_in_legacy_mode);
    fix_add("/vtd/qi/IQEI.6-misaligned-tail", misaligned_tail);
    fix_add("/vtd/qi/IQEI.7-bad-mode", bad_table_mode);
    fix_add("/vtd/qi/G7-abort-mode-keeps-queue", abort_mode_keeps_the_queue);
    fix_add("/vtd/qi/I6-stops-until-cleared", stops_until_cleared);
    fix_add("/vtd/qi/I6+F5-error-is-an-event", error_is_an_event);
    fix_add("/vtd/qi/I3-status-write", wait_writes_32_bits);
    fix_add("/vtd/qi/I3-no-status-no-interrupt", wait_without_effect);
    fix_add("/vtd/qi/I3+F5-interrupt", wait_interrupt);
    fix_add("/vtd/qi/I3-status-unwritable", wait_status_unwritable);
    fix_add("/vtd/qi/I2-sizes", device_tlb_sizes);
    fix_add("/vtd/qi/I3+I4-wait-for-completions", wait_holds_for_completion);
    fix_add("/vtd/qi/I6-tags-run-out", tags_run_out);
    fix_add("/vtd/qi/I6-time-out", time_out);
    fix_add("/vtd/qi/I6-immediate-time-out", immediate_time_out);
    fix_add("/vtd/qi/I6-unexpected-completion", unexpected_completion);
    fix_add("/vtd/qi/P6-page-response", page_response_is_sent);
    fix_add("/vtd/qi/P8-drain", linux_drain);
    return g_test_run();
}

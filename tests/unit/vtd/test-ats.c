/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ATS translation requests and page requests (4.1, 4.2, 7.4, 7.5). */
#include "fixture.h"

#define EVENT_ADDR 0xfee02000ull
#define EVENT_DATA 0x52u

/* ---- translation completions ---- */

static IommuResult ask(Fix *f, uint64_t addr, bool no_write)
{
    IommuTxn t = fix_txn_ats(addr, no_write);

    return fix_do(f, &t);
}

static IommuResult ask_pasid(Fix *f, uint64_t addr, bool no_write, bool priv)
{
    IommuTxn t = fix_txn_ats(addr, no_write);

    t.has_pasid = true;
    t.pasid = PASID;
    t.priv = priv;
    return fix_do(f, &t);
}

static void assert_rights(const IommuResult *r, bool read, bool write)
{
    g_assert_cmpuint(r->status, ==, IOMMU_STATUS_OK);
    g_assert_cmpint(r->ats_r, ==, read);
    g_assert_cmpint(r->ats_w, ==, write);
    g_assert_false(r->ats_u || r->ats_x || r->ats_global);
}

static void rights(Fix *f)
{
    IommuResult r;

    scene_ss(f);
    r = ask(f, IOVA, false);
    assert_rights(&r, true, true);
    g_assert_cmphex(r.pa, ==, PAGE_PA);
    r = ask(f, RO_IOVA, false);
    assert_rights(&r, true, false);
    r = ask(f, WO_IOVA, false);
    assert_rights(&r, false, true);
    r = ask(f, HOLE, false);
    assert_rights(&r, false, false);
    fix_assert_no_record(f);
}

static void supervisor_page_grants_nothing(Fix *f)
{
    IommuResult r;

    scene_fs(f);
    r = ask(f, SUP_IOVA, false);
    assert_rights(&r, false, false);
    g_assert_cmpuint(r.page_lg2, ==, 12);
    fix_assert_no_record(f);
}

static void no_write_flag(Fix *f)
{
    IommuResult r;

    scene_fs(f);
    r = ask(f, IOVA, true);
    assert_rights(&r, true, false);
    g_assert_false(reg_get(vtd_pages_get(&f->fs, IOVA), VTD_FS_D));
    r = ask(f, IOVA, false);
    assert_rights(&r, true, true);
    g_assert_true(reg_get(vtd_pages_get(&f->fs, IOVA), VTD_FS_D));
}

static void no_nwfs(VtdConfig *c)
{
    c->nwfs = false;
}

static void no_write_flag_unsupported(Fix *f)
{
    IommuResult r;

    scene_fs(f);
    r = ask(f, IOVA, true);
    assert_rights(&r, true, true);
    g_assert_true(reg_get(vtd_pages_get(&f->fs, IOVA), VTD_FS_D));
}

static void no_dirty_without_write_right(Fix *f)
{
    IommuResult r;

    scene_nested(f);
    field_set(f->entry, VTD_PASID_SSADE, 1);
    fix_put_entry(f);
    vtd_pages_map_level(&f->fs, RO_IOVA, RO_IOVA + GPA_DELTA, 1, VTD_FS_USER_RW);
    fix_flush(f);
    r = ask(f, RO_IOVA, false); /* the second stage forbids writing */
    assert_rights(&r, true, false);
    g_assert_false(reg_get(vtd_pages_get(&f->fs, RO_IOVA), VTD_FS_D));
    g_assert_false(reg_get(vtd_pages_get(&f->ss, RO_IOVA + GPA_DELTA), VTD_SS_D));
}

static void privilege(Fix *f)
{
    IommuResult r;

    scene_fs(f);
    r = ask_pasid(f, SUP_IOVA, false, true); /* SRE=0 */
    assert_rights(&r, false, false);
    g_assert_true(r.ats_priv);
    field_set(f->entry, VTD_PASID_SRE, 1);
    fix_put_entry(f);
    fix_flush(f);
    r = ask_pasid(f, SUP_IOVA, false, true);
    assert_rights(&r, true, true);
    g_assert_true(r.ats_priv);
    r = ask_pasid(f, IOVA, false, false);
    g_assert_false(r.ats_priv);
}

static void rid_priv_leaves_priv_clear(Fix *f)
{
    IommuResult r;

    scene_fs(f);
    field_set(f->entry, VTD_PASID_SRE, 1);
    fix_put_entry(f);
    field_set(f->ctx, VTD_SMCTX_RID_PRIV, 1);
    fix_put_context(f);
    fix_flush(f);
    r = ask(f, SUP_IOVA, false);
    assert_rights(&r, true, true);
    g_assert_false(r.ats_priv);
}

static void interrupt_range(Fix *f)
{
    IommuResult r;

    scene_fs(f);
    r = ask(f, 0xfee00000, false);
    g_assert_cmpuint(r.status, ==, IOMMU_STATUS_OK);
    g_assert_true(r.ats_w && r.ats_u && !r.ats_r);
    r = ask(f, 0xfee00000, true);
    g_assert_cmpuint(r.status, ==, IOMMU_STATUS_OK);
    g_assert_false(r.ats_w || r.ats_u || r.ats_r);
    fix_assert_no_record(f);
}

static void large_answer_over_the_interrupt_range(Fix *f)
{
    IommuResult r;

    scene_ss(f);
    vtd_pages_map_level(&f->ss, 0x80000000, 0xc0000000, 3, VTD_SS_RW);
    r = ask(f, 0x80000000, false); /* the page holds FEExxxxx */
    g_assert_cmpuint(r.status, ==, IOMMU_STATUS_CA);
    fix_assert_record(f, VTD_FAULT_SGN_8);
    r = fix_read(f, 0x80000000);   /* this request does not touch it */
    fix_assert_ok(&r, 0xc0000000);
    fix_assert_read_fault(f, 0xbee00000, VTD_FAULT_SGN_8);
}

static void pass_through_is_answered(Fix *f)
{
    IommuResult r;

    scene_pt(f);
    r = ask(f, 0x123456789000, false);
    assert_rights(&r, true, true);
    g_assert_cmphex(r.pa, ==, 0x123456789000);
    g_assert_cmpuint(r.page_lg2, ==, 30);
    r = ask(f, 0xfed00000, false); /* as large as the interrupt range lets it be */
    g_assert_cmpuint(r.page_lg2, ==, 21);
    r = ask_pasid(f, 0xfee00000, false, false);
    assert_rights(&r, false, false);
}

static void snoop(Fix *f)
{
    IommuResult r;

    scene_ss(f);
    r = ask(f, IOVA, false);
    g_assert_false(r.ats_no_snoop);
    vtd_pages_set(&f->ss, IOVA, vtd_pages_get(&f->ss, IOVA) | reg_make(VTD_SS_SNP, 1));
    fix_flush(f);
    r = ask(f, IOVA, false);
    g_assert_true(r.ats_no_snoop);
    field_set(f->entry, VTD_PASID_PGSNP, 1);
    fix_put_entry(f);
    fix_flush(f);
    r = ask(f, IOVA + PAGE, false);
    g_assert_true(r.ats_no_snoop);
}

static void legacy_device_tlb(Fix *f)
{
    IommuResult r;
    IommuTxn t = { .addr = PAGE_PA, .stream = RID, .size = 8, .kind = IOMMU_TXN_TRANSLATED };

    scene_legacy(f);
    field_set(f->ctx, VTD_CTX_TT, VTD_TT_DEVICE_TLB);
    fix_put_context(f);
    fix_flush(f);
    r = ask(f, IOVA, false);
    assert_rights(&r, true, true);
    r = fix_do(f, &t);
    fix_assert_ok(&r, PAGE_PA);
    g_assert_cmpuint(f->m->counters.ats_requests, ==, 1);
    g_assert_cmpuint(f->m->counters.ats_translated, ==, 1);
}

/* ---- page requests ---- */

static uint64_t prq_start(Fix *f, unsigned pqs)
{
    uint64_t bytes = 4096ull << pqs, base = gmem_alloc(&f->mem, bytes, bytes);

    fix_set64(f, VTD_REG_PQH, 0);
    fix_set64(f, VTD_REG_PQT, 0);
    fix_set64(f, VTD_REG_PQA, base | pqs);
    return base;
}

static IommuPageRequest page_request(uint64_t addr)
{
    return (IommuPageRequest) {
        .addr = addr, .stream = RID, .has_pasid = true, .pasid = PASID, .prgi = 0x155, .last = true,
        .r = true, .w = true,
    };
}

static void send(Fix *f, IommuPageRequest req)
{
    f->m->ops->page_request(f->m, &req);
}

static void assert_response(Fix *f, unsigned n, unsigned code)
{
    g_assert_cmpuint(f->ram.response_count, ==, n);
    g_assert_cmpuint(f->ram.responses[n - 1].code, ==, code);
    g_assert_cmphex(f->ram.responses[n - 1].stream, ==, RID);
    g_assert_cmphex(f->ram.responses[n - 1].prgi, ==, 0x155);
}

static void descriptor(Fix *f)
{
    IommuPageRequest req = page_request(HOLE);
    uint64_t base, w[4];

    scene_fs(f);
    base = prq_start(f, 0);
    req.priv = true;
    send(f, req);
    gmem_read_words(&f->mem, base, w, 4);
    g_assert_cmphex(field_get(w, VTD_PRQ_TYPE), ==, 1);
    g_assert_cmphex(field_get(w, VTD_PRQ_PP), ==, 1);
    g_assert_cmphex(field_get(w, VTD_PRQ_RID), ==, RID);
    g_assert_cmphex(field_get(w, VTD_PRQ_PASID), ==, PASID);
    g_assert_cmphex(field_get(w, VTD_PRQ_PMR), ==, 1);
    g_assert_cmphex(field_get(w, VTD_PRQ_EXR), ==, 0);
    g_assert_cmphex(field_get(w, VTD_PRQ_RDR), ==, 1);
    g_assert_cmphex(field_get(w, VTD_PRQ_WRR), ==, 1);
    g_assert_cmphex(field_get(w, VTD_PRQ_LPIG), ==, 1);
    g_assert_cmphex(field_get(w, VTD_PRQ_PRGI), ==, 0x155);
    g_assert_cmphex(field_get(w, VTD_PRQ_ADDR) << 12, ==, HOLE);
    g_assert_cmphex(w[2] | w[3], ==, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 32);
    g_assert_cmpuint(f->ram.response_count, ==, 0);
}

static void without_pasid(Fix *f)
{
    IommuPageRequest req = page_request(HOLE);
    uint64_t base, w[4];

    scene_fs(f);
    base = prq_start(f, 0);
    req.has_pasid = false;
    send(f, req);
    gmem_read_words(&f->mem, base, w, 4);
    g_assert_cmphex(field_get(w, VTD_PRQ_PP), ==, 0);
    g_assert_cmphex(field_get(w, VTD_PRQ_PASID), ==, 0);
}

static void full_queue(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    for (unsigned i = 0; i < 127; i++) {
        send(f, page_request(HOLE));
    }
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 127 * 32);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PRS), ==, 1);
    send(f, page_request(HOLE));
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 127 * 32);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PRS), ==, 3);
    assert_response(f, 1, 0);
    /* While PRO stands all are discarded, room or not. */
    fix_set64(f, VTD_REG_PQH, 127 * 32);
    send(f, page_request(HOLE));
    assert_response(f, 2, 0);
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 127 * 32);
    fix_set32(f, VTD_REG_PRS, 2);
    send(f, page_request(HOLE));
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 0);
    g_assert_cmpuint(f->ram.response_count, ==, 2);
    fix_assert_no_record(f);
}

static void only_the_last_is_answered(Fix *f)
{
    IommuPageRequest req = page_request(HOLE);

    scene_fs(f);
    prq_start(f, 0);
    fix_set64(f, VTD_REG_PQH, 32); /* full from the start */
    req.last = false;
    send(f, req);
    g_assert_cmpuint(f->ram.response_count, ==, 0);
    send(f, page_request(HOLE));
    assert_response(f, 1, 0);
}

static void refused(Fix *f, VtdFaultReason reason)
{
    VtdFaultWords rec;
    IommuPageRequest req = page_request(HOLE);

    f->ram.response_count = 0;
    req.last = false;
    send(f, req);
    g_assert_cmpuint(f->ram.response_count, ==, 0);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_cmphex(rec.reason, ==, reason);
    g_assert_cmpuint(rec.type, ==, VTD_FAULT_TYPE_PAGE_REQUEST);
    g_assert_cmphex(rec.pasid, ==, PASID);
    send(f, page_request(HOLE));
    assert_response(f, 1, 1);
    fix_assert_record(f, reason);
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 0);
}

static void blocked_by_pre(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    field_set(f->ctx, VTD_SMCTX_PRE, 0);
    fix_put_context(f);
    fix_flush(f);
    refused(f, VTD_FAULT_SCT_8);
}

static void blocked_by_paside(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    field_set(f->ctx, VTD_SMCTX_PASIDE, 0);
    fix_put_context(f);
    fix_flush(f);
    refused(f, VTD_FAULT_SCT_6);
}

static void absent_entry(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    field_set(f->entry, VTD_PASID_P, 0);
    fix_put_entry(f);
    fix_flush(f);
    refused(f, VTD_FAULT_SPT_2);
}

static void legacy_mode(Fix *f)
{
    scene_legacy(f);
    prq_start(f, 0);
    refused(f, VTD_FAULT_RTA_3);
}

static void abort_mode(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    fix_set64(f, VTD_REG_RTADDR, reg_set(vtd_root_reg(&f->root), VTD_RTADDR_TTM, VTD_TTM_ABORT));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    refused(f, VTD_FAULT_RTA_4);
}

static void translation_off(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    send(f, page_request(HOLE));
    assert_response(f, 1, 1);
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 0);
}

static void implicit_invalidation_first_stage(Fix *f)
{
    IommuTxn t = fix_txn_pasid(IOVA, false, PASID), next = fix_txn_pasid(IOVA + PAGE, false, PASID);

    scene_fs(f);
    prq_start(f, 0);
    fix_do(f, &t);
    fix_do(f, &next);
    vtd_pages_map_level(&f->fs, IOVA, PAGE_PA + 99 * PAGE, 1, VTD_FS_USER_RW);
    vtd_pages_map_level(&f->fs, IOVA + PAGE, PAGE_PA + 99 * PAGE, 1, VTD_FS_USER_RW);
    send(f, page_request(IOVA));
    g_assert_cmphex(fix_do(f, &t).pa, ==, PAGE_PA + 99 * PAGE);
    g_assert_cmphex(fix_do(f, &next).pa, ==, PAGE_PA + PAGE); /* one page only */
}

static void implicit_invalidation_nested(Fix *f)
{
    IommuTxn t = fix_txn_pasid(IOVA + PAGE, false, PASID);

    scene_nested(f);
    prq_start(f, 0);
    fix_do(f, &t);
    vtd_pages_map_level(&f->ss, IOVA + PAGE + GPA_DELTA, PAGE_PA + 99 * PAGE, 1, VTD_SS_RW);
    send(f, page_request(HOLE)); /* the whole domain goes */
    g_assert_cmphex(fix_do(f, &t).pa, ==, PAGE_PA + 99 * PAGE);
}

static void implicit_invalidation_second_stage(Fix *f)
{
    IommuTxn t = fix_txn_pasid(IOVA, false, PASID);

    scene_ss(f);
    prq_start(f, 0);
    fix_do(f, &t);
    vtd_pages_map_level(&f->ss, IOVA, PAGE_PA + 99 * PAGE, 1, VTD_SS_RW);
    send(f, page_request(IOVA));
    g_assert_cmphex(fix_do(f, &t).pa, ==, PAGE_PA + 99 * PAGE);
}

static void stop_marker(Fix *f)
{
    IommuPageRequest req = page_request(0);
    uint64_t base, w[4];

    scene_fs(f);
    base = prq_start(f, 0);
    req.r = req.w = false;
    send(f, req);
    gmem_read_words(&f->mem, base, w, 4);
    g_assert_cmphex(field_get(w, VTD_PRQ_LPIG), ==, 1);
    g_assert_cmphex(field_get(w, VTD_PRQ_RDR) | field_get(w, VTD_PRQ_WRR), ==, 0);
    /* Full: dropped without a word. */
    fix_set64(f, VTD_REG_PQH, 64);
    fix_set32(f, VTD_REG_PRS, 1);
    send(f, req);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PRS), ==, 0);
    g_assert_cmpuint(f->ram.response_count, ==, 0);
}

static void events(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    fix_event_to(f, VTD_REG_PECTL, EVENT_ADDR, EVENT_DATA);
    send(f, page_request(HOLE));
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, EVENT_ADDR);
    g_assert_cmphex(f->ram.msis[0].data, ==, EVENT_DATA);
    send(f, page_request(HOLE));
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    fix_set32(f, VTD_REG_PRS, 1);
    send(f, page_request(HOLE));
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
}

static void masked_event_is_forgotten_when_served(Fix *f)
{
    scene_fs(f);
    prq_start(f, 0);
    fix_event_to(f, VTD_REG_PECTL, EVENT_ADDR, EVENT_DATA);
    fix_set32(f, VTD_REG_PECTL, 0x80000000);
    send(f, page_request(HOLE));
    g_assert_cmphex(fix_reg32(f, VTD_REG_PECTL), ==, 0xc0000000);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    fix_set32(f, VTD_REG_PRS, 1);
    g_assert_cmphex(fix_reg32(f, VTD_REG_PECTL), ==, 0x80000000);
    fix_set32(f, VTD_REG_PECTL, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
}

static void queue_unwritable(Fix *f)
{
    uint64_t base;

    scene_fs(f);
    base = prq_start(f, 0);
    ramhost_abort(&f->ram, base, base + 4095, RAMHOST_WRITE);
    send(f, page_request(HOLE));
    g_assert_cmphex(fix_reg64(f, VTD_REG_PQT), ==, 0);
    g_assert_cmpuint(f->ram.errors, ==, 1);
}

/* The device's own order - its requests, then the completion - is the order of the calls (P9). */
static void completion_after_requests(Fix *f)
{
    uint64_t at = gmem_alloc(&f->mem, 16, 16), base;

    scene_fs(f);
    base = prq_start(f, 0);
    f->ram.ats_answer = IOMMU_ATS_INV_PENDING;
    vtd_driver_push(&f->drv, vtd_make_pdevtlb(RID, PASID, 0, 52, false));
    vtd_driver_push(&f->drv, vtd_make_wait_status(at, 3));
    send(f, page_request(HOLE));
    f->m->ops->ats_inv_done(f->m, RID, f->ram.ats[0].itag, true);
    g_assert_cmphex(gmem_read32(&f->mem, at), ==, 3);
    g_assert_cmphex(gmem_read64(&f->mem, base), !=, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/vtd/ats/A1-rights", rights);
    fix_add_profiles("/vtd/ats/A1-supervisor-page", supervisor_page_grants_nothing);
    fix_add_profiles("/vtd/ats/A2-no-write", no_write_flag);
    fix_add_config("/vtd/ats/A2-no-write-unsupported", "max", no_nwfs, no_write_flag_unsupported);
    fix_add_profiles("/vtd/ats/A2-no-dirty-without-right", no_dirty_without_write_right);
    fix_add_profiles("/vtd/ats/T5+SPT.6-privilege", privilege);
    fix_add_profiles("/vtd/ats/T5-rid-priv", rid_priv_leaves_priv_clear);
    fix_add_profiles("/vtd/ats/T2-interrupt-range", interrupt_range);
    fix_add_profiles("/vtd/ats/T2+SGN.8-large-answer", large_answer_over_the_interrupt_range);
    fix_add_profiles("/vtd/ats/A4-pass-through", pass_through_is_answered);
    fix_add_profiles("/vtd/ats/A1-snoop", snoop);
    fix_add_profiles("/vtd/ats/T3-legacy", legacy_device_tlb);
    fix_add("/vtd/prq/P1-descriptor", descriptor);
    fix_add("/vtd/prq/P1-without-pasid", without_pasid);
    fix_add("/vtd/prq/P3+P7-full", full_queue);
    fix_add("/vtd/prq/P3-only-the-last-is-answered", only_the_last_is_answered);
    fix_add("/vtd/prq/P2+SCT.8-pre", blocked_by_pre);
    fix_add("/vtd/prq/P2+SCT.6-paside", blocked_by_paside);
    fix_add("/vtd/prq/P2+SPT.2-absent-entry", absent_entry);
    fix_add("/vtd/prq/P2+RTA.3-legacy-mode", legacy_mode);
    fix_add("/vtd/prq/G7+RTA.4-abort-mode", abort_mode);
    fix_add("/vtd/prq/P2-translation-off", translation_off);
    fix_add("/vtd/prq/P4-first-stage", implicit_invalidation_first_stage);
    fix_add("/vtd/prq/P4-nested", implicit_invalidation_nested);
    fix_add("/vtd/prq/P4-second-stage", implicit_invalidation_second_stage);
    fix_add("/vtd/prq/P5-stop-marker", stop_marker);
    fix_add("/vtd/prq/P7+F5-events", events);
    fix_add("/vtd/prq/F5-masked-and-served", masked_event_is_forgotten_when_served);
    fix_add("/vtd/prq/P1-queue-unwritable", queue_unwritable);
    fix_add("/vtd/prq/P9-order", completion_after_requests);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the caches keep, and what each invalidation removes and spares (6.1, 6.2, 6.5). The full
 * caches of these tests keep an entry until it is invalidated, so a stale answer shows that it was
 * spared and a fault that it was removed.
 */
#include "fixture.h"

/* A second PASID and a second domain beside the scene's. */
#define PASID2 0x00777u
#define DID2   6u

static IommuStatus status_of(Fix *f, uint64_t addr)
{
    return fix_read(f, addr).status;
}

static IommuStatus pasid_status(Fix *f, uint64_t addr, uint32_t pasid)
{
    IommuTxn t = fix_txn_pasid(addr, false, pasid);

    return fix_do(f, &t).status;
}

static void issue(Fix *f, VtdDescWords d)
{
    g_assert_true(vtd_driver_issue(&f->drv, d));
}

#define KEPT(expr) g_assert_cmpuint((expr), ==, IOMMU_STATUS_OK)
#define GONE(expr) g_assert_cmpuint((expr), ==, IOMMU_STATUS_ABORT)

/* ---- staleness ---- */

static void stale_until_invalidated(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, IOVA));
    vtd_pages_unmap(&f->ss, IOVA);
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_iotlb_page(DID, IOVA, 0, false));
    GONE(status_of(f, IOVA));
}

static void never_stale_after_flush(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, IOVA));
    vtd_pages_unmap(&f->ss, IOVA);
    issue(f, vtd_make_iotlb_global());
    GONE(status_of(f, IOVA));
}

static void hits_read_nothing(Fix *f)
{
    scene_nested(f);
    fix_write(f, IOVA);
    ramhost_forget(&f->ram);
    fix_write(f, IOVA + 8);
    fix_read(f, IOVA + 16);
    g_assert_cmpuint(f->ram.reads, ==, 0);
    g_assert_cmpuint(f->m->counters.tlb_hits, ==, 2);
}

static void faults_are_not_cached(Fix *f)
{
    scene_ss(f);
    fix_assert_read_fault(f, HOLE, VTD_FAULT_SSS_2);
    vtd_pages_map(&f->ss, HOLE, PAGE_PA, PAGE, VTD_SS_RW);
    KEPT(status_of(f, HOLE));
}

/* An output in the interrupt range is a fault as any other: software mends the entry. */
static void check_interrupt_output(Fix *f, VtdPages *pages, uint64_t rights)
{
    vtd_pages_map_level(pages, IOVA, 0xfee00000, 1, rights);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SGN_8);
    vtd_pages_map_level(pages, IOVA, PAGE_PA, 1, rights);
    KEPT(status_of(f, IOVA));
}

static void interrupt_output_is_not_cached(Fix *f)
{
    scene_ss(f);
    check_interrupt_output(f, &f->ss, VTD_SS_RW);
}

static void interrupt_output_of_first_stage_is_not_cached(Fix *f)
{
    scene_fs(f);
    check_interrupt_output(f, &f->fs, VTD_FS_USER_RW);
}

static void nested_interrupt_output_is_not_cached(Fix *f)
{
    scene_nested(f);
    vtd_pages_map_level(&f->ss, IOVA + GPA_DELTA, 0xfee00000, 1, VTD_SS_RW);
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SGN_8);
    vtd_pages_map_level(&f->ss, IOVA + GPA_DELTA, PAGE_PA, 1, VTD_SS_RW);
    KEPT(status_of(f, IOVA));
}

static void caching_mode(VtdConfig *c)
{
    c->cm = true;
}

static void absent_entries_are_not_cached(Fix *f)
{
    scene_fs(f);
    field_set(f->entry, VTD_PASID_P, 0);
    fix_put_entry(f);
    fix_flush(f);
    GONE(status_of(f, IOVA));
    field_set(f->entry, VTD_PASID_P, 1);
    fix_put_entry(f);
    KEPT(status_of(f, IOVA));
}

static void absent_context_is_not_cached(Fix *f)
{
    scene_legacy(f);
    field_set(f->ctx, VTD_CTX_P, 0);
    fix_put_context(f);
    fix_flush(f);
    GONE(status_of(f, IOVA));
    field_set(f->ctx, VTD_CTX_P, 1);
    fix_put_context(f);
    KEPT(status_of(f, IOVA));
}

static void more_rights_without_invalidation(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, RO_IOVA));
    fix_assert_write_fault(f, RO_IOVA, VTD_FAULT_SGN_6);
    vtd_pages_set(&f->ss, RO_IOVA, vtd_pages_get(&f->ss, RO_IOVA) | VTD_SS_WO);
    KEPT(fix_write(f, RO_IOVA).status);
}

static void write_to_clean_entry_sets_dirty(Fix *f)
{
    scene_ss_ad(f);
    KEPT(status_of(f, IOVA));
    g_assert_false(reg_get(vtd_pages_get(&f->ss, IOVA), VTD_SS_D));
    KEPT(fix_write(f, IOVA).status);
    g_assert_true(reg_get(vtd_pages_get(&f->ss, IOVA), VTD_SS_D));
}

static void large_pages_hit_throughout(Fix *f)
{
    scene_ss(f);
    vtd_pages_map_level(&f->ss, 0x80000000, 0x40000000, 3, VTD_SS_RW);
    IommuResult r = fix_read(f, 0x80000000);
    g_assert_cmpuint(r.page_lg2, ==, 30);
    ramhost_forget(&f->ram);
    r = fix_read(f, 0xbffff123);
    fix_assert_ok(&r, 0x7ffff123);
    g_assert_cmpuint(f->ram.reads, ==, 0);
}

static void reserved_parent_is_not_cached(Fix *f)
{
    uint64_t at, good;

    scene_ss(f);
    at = vtd_pages_entry_addr(&f->ss, IOVA, 2);
    good = gmem_read64(&f->mem, at);
    gmem_write64(&f->mem, at, good | reg_make(VTD_SS_SNP, 1));
    fix_assert_read_fault(f, IOVA, VTD_FAULT_SSS_3);
    gmem_write64(&f->mem, at, good);
    KEPT(status_of(f, IOVA));
}

/*
 * Requests in a row take a short cut; what it says must follow every change of what it remembers.
 */
static void requests_in_a_row(Fix *f)
{
    IommuTxn user = fix_txn_pasid(SUP_IOVA, false, PASID), super = user;

    scene_fs(f);
    field_set(f->entry, VTD_PASID_SRE, 1);
    fix_put_entry(f);
    fix_flush(f);
    super.priv = true;
    for (unsigned i = 0; i < 3; i++) {
        KEPT(fix_do(f, &super).status);
        GONE(fix_do(f, &user).status);
        KEPT(pasid_status(f, IOVA, PASID));
        KEPT(status_of(f, IOVA));
    }
    field_set(f->entry, VTD_PASID_SRE, 0);
    fix_put_entry(f);
    issue(f, vtd_make_pasid_global());
    GONE(fix_do(f, &super).status);
    super.exec = true;
    g_assert_cmphex(fix_do(f, &super).fault, ==, VTD_FAULT_RTA_5);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    KEPT(fix_do(f, &super).status);
}

/* Two sources with tables of their own take turns; what one remembers is not the other's. */
static void sources_take_turns(Fix *f)
{
    TableSpace space = table_space(&f->mem);
    VtdPasidTable others;
    uint64_t ctx[4], entry[8];
    IommuTxn t = fix_txn(IOVA, false);
    VtdPages p;

    scene_fs(f);
    vtd_pages_init(&p, &space, 1, 4);
    vtd_pages_map(&p, IOVA, PAGE_PA + 70 * PAGE, PAGE, VTD_FS_USER_RW);
    vtd_pasid_table_init(&others, &f->mem, 0);
    vtd_pasid_first_stage(entry, &p, DID2);
    field_set(entry, VTD_PASID_PWSNP, 1);
    vtd_pasid_set(&others, 0, entry);
    vtd_smctx(ctx, &others, false, 0);
    vtd_ctx_set(&f->root, OTHER_RID, ctx);
    for (unsigned i = 0; i < 12; i++) {
        unsigned times = 1 + i % 3;

        t.stream = i & 1 ? OTHER_RID : RID;
        while (times--) {
            g_assert_cmphex(fix_do(f, &t).pa, ==, i & 1 ? PAGE_PA + 70 * PAGE : PAGE_PA);
        }
    }
}

static void privilege_in_a_row(Fix *f)
{
    IommuTxn t = fix_txn_pasid(IOVA, false, PASID);

    scene_fs(f);
    for (unsigned i = 0; i < 3; i++) {
        t.priv = false;
        KEPT(fix_do(f, &t).status);
        KEPT(fix_do(f, &t).status);
        t.priv = true; /* SRE=0 */
        g_assert_cmphex(fix_do(f, &t).fault, ==, VTD_FAULT_SPT_6);
    }
}

static void short_cut_keeps_count(Fix *f)
{
    scene_fs(f);
    for (unsigned i = 0; i < 10; i++) {
        KEPT(status_of(f, IOVA));
    }
    g_assert_cmpuint(f->m->counters.config_lookups, ==, 20);
    g_assert_cmpuint(f->m->counters.config_misses, ==, 2);
}

/* ---- tags ---- */

static void requests_with_and_without_pasid_differ(Fix *f)
{
    uint64_t walks;

    scene_fs(f);
    KEPT(status_of(f, IOVA));
    walks = f->m->counters.walks;
    KEPT(pasid_status(f, IOVA, PASID));
    g_assert_cmpuint(f->m->counters.walks, ==, walks + 1);
}

static void canonical_halves_differ(Fix *f)
{
    uint64_t high = 0xffff800000000000ull;
    IommuResult r;

    scene_fs(f);
    vtd_pages_map(&f->fs, high, PAGE_PA + 5 * PAGE, PAGE, VTD_FS_USER_RW);
    vtd_pages_map(&f->fs, 0, PAGE_PA + 6 * PAGE, PAGE, VTD_FS_USER_RW);
    r = fix_read(f, high);
    fix_assert_ok(&r, PAGE_PA + 5 * PAGE);
    r = fix_read(f, 0);
    fix_assert_ok(&r, PAGE_PA + 6 * PAGE);
    r = fix_read(f, high);
    fix_assert_ok(&r, PAGE_PA + 5 * PAGE);
}

/* ---- context cache ---- */

static void drop_context_entry(Fix *f)
{
    field_set(f->ctx, VTD_CTX_P, 0);
    fix_put_context(f);
}

static void context_device_legacy(Fix *f)
{
    scene_legacy(f);
    KEPT(status_of(f, IOVA));
    drop_context_entry(f);
    issue(f, vtd_make_context_device(DID, OTHER_RID, 0));
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_context_device(DID2, RID, 0)); /* the domain counts in legacy mode */
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_context_device(DID, RID, 0));
    GONE(status_of(f, IOVA));
    g_assert_cmphex(f->stream, ==, RID);
    g_assert_cmphex(f->stream_ignored, ==, 0);
}

static void context_domain_legacy(Fix *f)
{
    scene_legacy(f);
    KEPT(status_of(f, IOVA));
    drop_context_entry(f);
    issue(f, vtd_make_context_domain(DID2));
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_context_domain(DID));
    GONE(status_of(f, IOVA));
}

static void context_domain_scalable_is_global(Fix *f)
{
    scene_fs(f);
    KEPT(status_of(f, IOVA));
    drop_context_entry(f);
    issue(f, vtd_make_context_domain(DID2));
    GONE(status_of(f, IOVA));
}

static void context_device_scalable_ignores_domain(Fix *f)
{
    scene_fs(f);
    KEPT(status_of(f, IOVA));
    drop_context_entry(f);
    issue(f, vtd_make_context_device(DID2, RID, 0));
    GONE(status_of(f, IOVA));
}

static void context_function_mask(Fix *f)
{
    scene_legacy(f);
    KEPT(status_of(f, IOVA));
    drop_context_entry(f);
    issue(f, vtd_make_context_device(DID, RID | 3, 1)); /* ignores bit 2 only */
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_context_device(DID, RID | 4, 1));
    GONE(status_of(f, IOVA));
}

/* ---- PASID cache ---- */

static void absent_entry(Fix *f)
{
    field_set(f->entry, VTD_PASID_P, 0);
    fix_put_entry(f);
}

static void pasid_domain(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    absent_entry(f);
    issue(f, vtd_make_pasid_domain(DID2));
    KEPT(pasid_status(f, IOVA, PASID));
    issue(f, vtd_make_pasid_domain(DID));
    GONE(pasid_status(f, IOVA, PASID));
}

static void pasid_selective(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    KEPT(status_of(f, IOVA));
    absent_entry(f);
    issue(f, vtd_make_pasid_selective(DID2, PASID));
    issue(f, vtd_make_pasid_selective(DID, PASID2));
    KEPT(pasid_status(f, IOVA, PASID));
    issue(f, vtd_make_pasid_selective(DID, PASID));
    GONE(pasid_status(f, IOVA, PASID));
    KEPT(status_of(f, IOVA)); /* RID_PASID is another one */
    issue(f, vtd_make_pasid_global());
    GONE(status_of(f, IOVA));
}

/* Whatever a note of an invalidation is filed under, it is of one domain and PASID. */
static void pasid_selective_is_exact(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    absent_entry(f);
    for (unsigned bit = 0; bit < 20; bit++) {
        issue(f, vtd_make_pasid_selective(DID, PASID ^ 1u << bit));
    }
    for (unsigned bit = 0; bit < 16; bit++) {
        issue(f, vtd_make_pasid_selective(DID ^ 1u << bit, PASID));
    }
    KEPT(pasid_status(f, IOVA, PASID));
}

static void pasid_selective_lasts(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    absent_entry(f);
    issue(f, vtd_make_pasid_selective(DID, PASID));
    for (uint32_t other = 1u << 12; other < 1u << 20; other += 1u << 12) {
        issue(f, vtd_make_pasid_selective(DID, PASID ^ other));
    }
    GONE(pasid_status(f, IOVA, PASID));
}

static void pasid_domain_is_exact(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    absent_entry(f);
    for (uint32_t other = 1; other < 1u << 16; other <<= 1) {
        issue(f, vtd_make_pasid_domain(DID ^ other));
    }
    KEPT(pasid_status(f, IOVA, PASID));
}

/* ---- IOTLB, legacy and second stage ---- */

static void unmap_two(Fix *f)
{
    KEPT(status_of(f, IOVA));
    KEPT(status_of(f, IOVA + PAGE));
    vtd_pages_unmap(&f->ss, IOVA);
    vtd_pages_unmap(&f->ss, IOVA + PAGE);
}

static void page_spares_the_rest(Fix *f)
{
    unmap_two(f);
    issue(f, vtd_make_iotlb_page(DID2, IOVA, 0, false));
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_iotlb_page(DID, IOVA, 0, false));
    GONE(status_of(f, IOVA));
    KEPT(status_of(f, IOVA + PAGE));
    issue(f, vtd_make_iotlb_page(DID, IOVA, 1, false)); /* two pages */
    GONE(status_of(f, IOVA + PAGE));
}

static void page_legacy(Fix *f)
{
    scene_legacy(f);
    page_spares_the_rest(f);
}

static void page_second_stage(Fix *f)
{
    scene_ss(f);
    page_spares_the_rest(f);
}

static void domain_spares_other_domains(Fix *f)
{
    scene_ss(f);
    unmap_two(f);
    issue(f, vtd_make_iotlb_domain(DID2));
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_iotlb_domain(DID));
    GONE(status_of(f, IOVA));
    GONE(status_of(f, IOVA + PAGE));
}

static void address_above_mgaw_ignored(Fix *f)
{
    scene_ss(f);
    unmap_two(f);
    issue(f, vtd_make_iotlb_page(DID, IOVA | 1ull << 60, 0, false));
    GONE(status_of(f, IOVA));
}

static void narrow_domains(VtdConfig *c)
{
    c->nd = 2; /* 8 bits */
}

static void domain_bits_above_width_ignored(Fix *f)
{
    scene_ss(f);
    unmap_two(f);
    issue(f, vtd_make_iotlb_domain(0x100 | DID));
    GONE(status_of(f, IOVA));
}

static void no_psi(VtdConfig *c)
{
    c->psi = false;
}

static void page_without_psi_takes_the_domain(Fix *f)
{
    scene_ss(f);
    unmap_two(f);
    issue(f, vtd_make_iotlb_page(DID, IOVA, 0, false));
    GONE(status_of(f, IOVA));
    GONE(status_of(f, IOVA + PAGE));
}

/* A page request in a domain of first-stage entries knows nothing of their addresses: all go. */
static void page_drops_first_stage_of_domain(Fix *f)
{
    scene_fs(f);
    KEPT(status_of(f, IOVA));
    vtd_pages_unmap(&f->fs, IOVA);
    issue(f, vtd_make_iotlb_page(DID2, 0, 0, false));
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_iotlb_page(DID, 0x7000, 0, false));
    GONE(status_of(f, IOVA));
}

static void page_drops_nested_of_domain(Fix *f)
{
    scene_nested(f);
    KEPT(status_of(f, IOVA));
    vtd_pages_unmap(&f->ss, IOVA + GPA_DELTA);
    issue(f, vtd_make_iotlb_page(DID, IOVA + GPA_DELTA, 0, false));
    GONE(status_of(f, IOVA));
}

/* ---- PASID IOTLB ---- */

static void piotlb_page(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    KEPT(pasid_status(f, IOVA + PAGE, PASID));
    vtd_pages_unmap(&f->fs, IOVA);
    vtd_pages_unmap(&f->fs, IOVA + PAGE);
    issue(f, vtd_make_piotlb_page(DID, PASID2, IOVA, 0, false));
    issue(f, vtd_make_piotlb_page(DID2, PASID, IOVA, 0, false));
    KEPT(pasid_status(f, IOVA, PASID));
    issue(f, vtd_make_piotlb_page(DID, PASID, IOVA, 0, false));
    GONE(pasid_status(f, IOVA, PASID));
    KEPT(pasid_status(f, IOVA + PAGE, PASID));
}

static void piotlb_pasid(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    KEPT(status_of(f, IOVA));
    vtd_pages_unmap(&f->fs, IOVA);
    issue(f, vtd_make_piotlb_pasid(DID, PASID));
    GONE(pasid_status(f, IOVA, PASID));
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_piotlb_pasid(DID, 0)); /* RID_PASID */
    GONE(status_of(f, IOVA));
}

static void piotlb_page_spares_second_stage(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, IOVA));
    vtd_pages_unmap(&f->ss, IOVA);
    issue(f, vtd_make_piotlb_page(DID, 0, IOVA, 0, false));
    KEPT(status_of(f, IOVA));
    issue(f, vtd_make_piotlb_pasid(DID, 0)); /* of any type */
    GONE(status_of(f, IOVA));
}

/* ---- paging-structure caches ---- */

/*
 * Make the table that @level's entry leads to unreachable; another page of it tells what is cached.
 */
static void cut(VtdPages *t, GuestMem *mem, unsigned level)
{
    gmem_write64(mem, vtd_pages_entry_addr(t, IOVA, level), 0);
}

static void structures_are_cached(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, IOVA));
    cut(&f->ss, &f->mem, 2);
    KEPT(status_of(f, IOVA + PAGE)); /* another leaf of the same table */
    issue(f, vtd_make_iotlb_page(DID, IOVA + PAGE, 0, true)); /* leaf only */
    KEPT(status_of(f, IOVA + PAGE));
    issue(f, vtd_make_iotlb_page(DID, IOVA + PAGE, 0, false));
    GONE(status_of(f, IOVA + PAGE));
}

static void first_stage_structures(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    cut(&f->fs, &f->mem, 2);
    KEPT(pasid_status(f, IOVA + PAGE, PASID));
    issue(f, vtd_make_piotlb_page(DID, PASID, IOVA + PAGE, 0, true));
    KEPT(pasid_status(f, IOVA + PAGE, PASID));
    issue(f, vtd_make_piotlb_page(DID, PASID, IOVA + PAGE, 0, false));
    GONE(pasid_status(f, IOVA + PAGE, PASID));
}

static void piotlb_spares_second_stage_structures(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, IOVA));
    cut(&f->ss, &f->mem, 2);
    issue(f, vtd_make_piotlb_pasid(DID, 0));
    KEPT(status_of(f, IOVA + PAGE));
    issue(f, vtd_make_iotlb_domain(DID));
    GONE(status_of(f, IOVA + PAGE));
}

/* ---- sequences that must suffice (6.5.3.3) ---- */

static void change_of_pasid_entry(Fix *f)
{
    scene_fs(f);
    KEPT(pasid_status(f, IOVA, PASID));
    absent_entry(f);
    issue(f, vtd_make_pasid_selective(DID, PASID));
    issue(f, vtd_make_piotlb_pasid(DID, PASID));
    GONE(pasid_status(f, IOVA, PASID));
}

static void change_of_context_entry(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, IOVA));
    drop_context_entry(f);
    issue(f, vtd_make_context_device(0, RID, 0));
    issue(f, vtd_make_pasid_domain(DID));
    issue(f, vtd_make_iotlb_domain(DID));
    GONE(status_of(f, IOVA));
}

static void change_of_root(Fix *f)
{
    scene_ss(f);
    KEPT(status_of(f, IOVA));
    gmem_write64(&f->mem, vtd_root_addr(&f->root, RID), 0);
    fix_flush(f);
    GONE(status_of(f, IOVA));
}

static void caching_mode_new_mapping(Fix *f)
{
    scene_ss(f);
    GONE(status_of(f, HOLE));
    vtd_pages_map(&f->ss, HOLE, PAGE_PA, PAGE, VTD_SS_RW);
    issue(f, vtd_make_iotlb_page(DID, HOLE, 0, true));
    KEPT(status_of(f, HOLE));
}

/* ---- watchers ---- */

static void watchers_hear_their_domain(Fix *f)
{
    scene_ss(f);
    f->m->ops->watch(f->m, RID, true);
    issue(f, vtd_make_iotlb_page(DID2, IOVA, 0, false));
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
    issue(f, vtd_make_iotlb_page(DID, IOVA, 1, false));
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
    g_assert_cmphex(f->ram.unmaps[0].stream, ==, RID);
    g_assert_cmphex(f->ram.unmaps[0].addr, ==, IOVA);
    g_assert_cmphex(f->ram.unmaps[0].last, ==, IOVA + 2 * PAGE - 1);
    issue(f, vtd_make_iotlb_domain(DID));
    g_assert_cmphex(f->ram.unmaps[1].addr, ==, 0);
    g_assert_cmphex(f->ram.unmaps[1].last, ==, ~0ull);
    issue(f, vtd_make_iotlb_global());
    g_assert_cmpuint(f->ram.unmap_count, ==, 3);
    f->m->ops->watch(f->m, RID, false);
    issue(f, vtd_make_iotlb_global());
    g_assert_cmpuint(f->ram.unmap_count, ==, 3);
}

static void watchers_hear_rid_pasid(Fix *f)
{
    scene_fs(f);
    f->m->ops->watch(f->m, RID, true);
    f->m->ops->watch(f->m, RID, true); /* once is enough */
    issue(f, vtd_make_piotlb_page(DID, PASID, IOVA, 0, false));
    g_assert_cmpuint(f->ram.unmap_count, ==, 0);
    issue(f, vtd_make_piotlb_page(DID, 0, IOVA, 0, false));
    g_assert_cmpuint(f->ram.unmap_count, ==, 1);
    issue(f, vtd_make_piotlb_pasid(DID, 0));
    g_assert_cmpuint(f->ram.unmap_count, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/caches/C6-stale-until-invalidated", stale_until_invalidated);
    fix_add_profiles("/vtd/caches/I7-fresh-after-global", never_stale_after_flush);
    fix_add("/vtd/caches/C3-hits-read-nothing", hits_read_nothing);
    fix_add_profiles("/vtd/caches/C4-no-negative-caching", faults_are_not_cached);
    fix_add_profiles("/vtd/caches/C4-interrupt-output", interrupt_output_is_not_cached);
    fix_add_profiles("/vtd/caches/C4-interrupt-output-of-first-stage",
                     interrupt_output_of_first_stage_is_not_cached);
    fix_add_profiles("/vtd/caches/C4-nested-interrupt-output",
                     nested_interrupt_output_is_not_cached);
    fix_add_profiles("/vtd/caches/C4-absent-pasid-entry", absent_entries_are_not_cached);
    fix_add_profiles("/vtd/caches/C4-absent-context-entry", absent_context_is_not_cached);
    fix_add_config("/vtd/caches/C4-caching-mode", "max", caching_mode, caching_mode_new_mapping);
    fix_add_profiles("/vtd/caches/C5-reserved-parent", reserved_parent_is_not_cached);
    fix_add_profiles("/vtd/caches/C8-more-rights", more_rights_without_invalidation);
    fix_add_profiles("/vtd/caches/C3-write-to-clean-entry", write_to_clean_entry_sets_dirty);
    fix_add("/vtd/caches/C2-large-page", large_pages_hit_throughout);
    fix_add_profiles("/vtd/caches/C3-requests-in-a-row", requests_in_a_row);
    fix_add_profiles("/vtd/caches/C1-sources-take-turns", sources_take_turns);
    fix_add_profiles("/vtd/caches/SPT.6-privilege-in-a-row", privilege_in_a_row);
    fix_add("/vtd/caches/short-cut-keeps-count", short_cut_keeps_count);
    fix_add("/vtd/caches/C1-kinds", requests_with_and_without_pasid_differ);
    fix_add_profiles("/vtd/caches/C2-canonical-halves", canonical_halves_differ);
    fix_add("/vtd/invalidate/I7-context-device-legacy", context_device_legacy);
    fix_add("/vtd/invalidate/I7-context-domain-legacy", context_domain_legacy);
    fix_add("/vtd/invalidate/I7-context-domain-scalable", context_domain_scalable_is_global);
    fix_add("/vtd/invalidate/I7-context-device-scalable", context_device_scalable_ignores_domain);
    fix_add("/vtd/invalidate/I7-context-function-mask", context_function_mask);
    fix_add("/vtd/invalidate/I7-pasid-domain", pasid_domain);
    fix_add("/vtd/invalidate/I7-pasid-selective", pasid_selective);
    fix_add("/vtd/invalidate/I7-pasid-selective-is-exact", pasid_selective_is_exact);
    fix_add("/vtd/invalidate/I7-pasid-selective-lasts", pasid_selective_lasts);
    fix_add("/vtd/invalidate/I7-pasid-domain-is-exact", pasid_domain_is_exact);
    fix_add("/vtd/invalidate/I1-page-legacy", page_legacy);
    fix_add("/vtd/invalidate/I1-page-second-stage", page_second_stage);
    fix_add("/vtd/invalidate/I1-domain", domain_spares_other_domains);
    fix_add("/vtd/invalidate/I1-address-above-mgaw", address_above_mgaw_ignored);
    fix_add_config("/vtd/invalidate/I1-domain-width", "max", narrow_domains,
                   domain_bits_above_width_ignored);
    fix_add_config("/vtd/invalidate/I1-page-without-psi", "max", no_psi,
                   page_without_psi_takes_the_domain);
    fix_add("/vtd/invalidate/I7-page-drops-first-stage", page_drops_first_stage_of_domain);
    fix_add_profiles("/vtd/invalidate/I7-page-drops-nested", page_drops_nested_of_domain);
    fix_add("/vtd/invalidate/I7-piotlb-page", piotlb_page);
    fix_add("/vtd/invalidate/I7-piotlb-pasid", piotlb_pasid);
    fix_add("/vtd/invalidate/I7-piotlb-spares-second-stage", piotlb_page_spares_second_stage);
    fix_add("/vtd/invalidate/C5-structures", structures_are_cached);
    fix_add("/vtd/invalidate/C5-first-stage-structures", first_stage_structures);
    fix_add("/vtd/invalidate/C5-piotlb-spares-structures", piotlb_spares_second_stage_structures);
    fix_add_profiles("/vtd/invalidate/I7-pasid-entry-sequence", change_of_pasid_entry);
    fix_add_profiles("/vtd/invalidate/I7-context-entry-sequence", change_of_context_entry);
    fix_add_profiles("/vtd/invalidate/I7-root-sequence", change_of_root);
    fix_add("/vtd/invalidate/watch-domain", watchers_hear_their_domain);
    fix_add("/vtd/invalidate/watch-rid-pasid", watchers_hear_rid_pasid);
    return g_test_run();
}

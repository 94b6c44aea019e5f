/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Twins of VT-d: a guest that edits leaves, tables, PASID, context and interrupt entries and
 * invalidates exactly what the architecture asks for (VT-d 5.10, 6.5.2, 6.5.3.3).
 */
#include "twin.h"

#include "../lib/vtd-driver.h"
#include "hw/iommu/vtd.h"

#define STREAMS 8
#define PASIDS 4
#define PAGES 12
#define GPA_DELTA (1ull << 38)
#define IRTES 8

#define DATA (FUZZ_RAM_BASE + (6ull << 20))

/* PASIDs of the one PASID table, each with a domain of its own; legacy mode has domains too. */
enum { PASID_FS, PASID_SS, PASID_NESTED, PASID_PT };
#define DID(pasid) ((uint16_t)(1 + (pasid)))
#define DID_LEGACY 5

typedef struct Guest {
    VtdConfig config;
    VtdDriver d;
    VtdRootTable root;
    VtdPasidTable pasids;
    VtdPages ss, fs, nested_fs;
    uint64_t irtes;
    uint64_t vas[PAGES], gpas[PAGES];
    bool scalable;
} Guest;

static void issue(Guest *g, VtdDescWords d)
{
    if (!vtd_driver_issue(&g->d, d)) {
        fuzz_fail("descriptor type %u is refused: FSTS %#x",
                  (unsigned)field_get(d.w, VTD_DESC_TYPE_LO), vtd_driver_fsts(&g->d));
    }
}

/* ---- leaves ------------------------------------------------------------------------------ */

static unsigned leaf_level(unsigned i)
{
    return i % 3 == 2 ? 2 : 1;
}

static uint64_t some_attrs(FuzzBed *b, const Guest *g, const VtdPages *t)
{
    if (t->stage == 1) {
        uint64_t attrs = VTD_FS_USER_RW;

        attrs = reg_set(attrs, VTD_FS_US, !fuzz_chance(b->in, 8));
        attrs = reg_set(attrs, VTD_FS_RW, !fuzz_chance(b->in, 4));
        return reg_set(attrs, VTD_FS_A, fuzz_chance(b->in, 4));
    }
    return (fuzz_chance(b->in, 4) ? 1 + fuzz_below(b->in, 3) : VTD_SS_RW) |
           reg_make(VTD_SS_SNP, g->config.sc && fuzz_chance(b->in, 4));
}

static void map_leaf(FuzzBed *b, Guest *g, VtdPages *t, uint64_t addr, unsigned i)
{
    uint64_t out = t == &g->nested_fs ? g->gpas[fuzz_below(b->in, PAGES)]
                                      : DATA + ((uint64_t)fuzz_below(b->in, 256) << 12);

    vtd_pages_map_level(t, addr, out, leaf_level(i), some_attrs(b, g, t));
}

static void invalidate_first_stage(FuzzBed *b, Guest *g, const VtdPages *t, uint64_t va,
                                   unsigned am, bool leaf_only)
{
    uint32_t pasid = t == &g->fs ? PASID_FS : PASID_NESTED;

    switch (fuzz_below(b->in, 6)) {
    case 0:
        issue(g, vtd_make_piotlb_pasid(DID(pasid), pasid));
        break;
    case 1:
        issue(g, vtd_make_iotlb_domain(DID(pasid)));
        break;
    case 2:
        issue(g, vtd_make_iotlb_global());
        break;
    default:
        issue(g, vtd_make_piotlb_page(DID(pasid), pasid, va, am + fuzz_below(b->in, 3),
                                      leaf_only));
        break;
    }
}

static void edit_first_stage(FuzzBed *b, Guest *g)
{
    VtdPages *t = fuzz_chance(b->in, 2) ? &g->fs : &g->nested_fs;
    unsigned i = fuzz_below(b->in, PAGES);
    bool was_present = reg_get(vtd_pages_get(t, g->vas[i]), VTD_FS_P);

    if (was_present && fuzz_chance(b->in, 5)) {
        vtd_pages_set(t, g->vas[i], 0);
    } else {
        map_leaf(b, g, t, g->vas[i], i);
    }
    /* Without caching mode nothing that faulted is in a cache. */
    if (was_present) {
        invalidate_first_stage(b, g, t, g->vas[i], 9 * (leaf_level(i) - 1), true);
    }
}

static void invalidate_second_stage(FuzzBed *b, Guest *g, uint64_t gpa, unsigned am, bool leaf_only)
{
    static const uint16_t dids[] = { DID(PASID_SS), DID(PASID_NESTED), DID_LEGACY };
    uint32_t how = fuzz_below(b->in, 6);

    am += fuzz_below(b->in, 3);
    for (unsigned i = 0; i < 3; i++) {
        if (how) {
            issue(g, vtd_make_iotlb_page(dids[i], gpa, am, leaf_only));
        } else {
            issue(g, vtd_make_iotlb_domain(dids[i]));
        }
    }
}

static void edit_second_stage(FuzzBed *b, Guest *g)
{
    unsigned i = fuzz_below(b->in, PAGES);
    bool was_present = vtd_pages_get(&g->ss, g->gpas[i]) & VTD_SS_RW;

    if (was_present && fuzz_chance(b->in, 5)) {
        vtd_pages_set(&g->ss, g->gpas[i], 0);
    } else {
        map_leaf(b, g, &g->ss, g->gpas[i], i);
    }
    if (was_present) {
        invalidate_second_stage(b, g, g->gpas[i], 9 * (leaf_level(i) - 1), true);
    }
}

/*
 * A table goes away for a moment: invalidation of one page with IH=0 must reach the
 * paging-structure caches on its way, and only that page is then asked for.
 */
static void hide_table(FuzzBed *b, Guest *g, TwinResult *r)
{
    unsigned i = fuzz_below(b->in, PAGES), level = 3 + fuzz_below(b->in, 2);
    VtdPages *t = !g->scalable || fuzz_chance(b->in, 2) ? &g->ss : &g->fs;
    uint64_t addr = t == &g->ss ? g->gpas[i] : g->vas[i];
    uint64_t at = vtd_pages_entry_addr(t, addr, level > t->levels ? t->levels : level);
    uint64_t entry = gmem_read64(&b->mem, at);

    gmem_write64(&b->mem, at, entry & ~VTD_SS_RW); /* the same bits as P and R/W */
    if (t == &g->ss) {
        invalidate_second_stage(b, g, addr, 0, false);
    } else {
        invalidate_first_stage(b, g, t, addr, 0, false);
    }
    /* Others go by the same table and were told nothing: they keep quiet. */
    twin_request(t == &g->ss ? PASID_SS : PASID_FS, 0, addr, r, b);
    gmem_write64(&b->mem, at, gmem_read64(&b->mem, at) | (entry & VTD_SS_RW));
}

/* ---- configuration ----------------------------------------------------------------------- */

static void write_pasid(FuzzBed *b, Guest *g, uint32_t pasid)
{
    uint64_t entry[VTD_PASID_WORDS];

    switch (pasid) {
    case PASID_FS:
        vtd_pasid_first_stage(entry, &g->fs, DID(pasid));
        break;
    case PASID_SS:
        vtd_pasid_second_stage(entry, &g->ss, DID(pasid));
        break;
    case PASID_NESTED:
        vtd_pasid_nested(entry, &g->nested_fs, &g->ss, DID(pasid));
        break;
    default:
        vtd_pasid_pass_through(entry, DID(pasid));
        break;
    }
    if (pasid == PASID_SS || pasid == PASID_NESTED) {
        field_set(entry, VTD_PASID_SSADE, g->config.ssads); /* one SSPTPTR, one SSADE (E2) */
    }
    field_set(entry, VTD_PASID_PWSNP, 1);
    field_set(entry, VTD_PASID_PGSNP, g->config.sc && fuzz_chance(b->in, 4));
    field_set(entry, VTD_PASID_WPE, fuzz_chance(b->in, 4));
    field_set(entry, VTD_PASID_SRE, fuzz_chance(b->in, 2));
    field_set(entry, VTD_PASID_EAFE, g->config.eafs && pasid == PASID_FS && fuzz_chance(b->in, 4));
    field_set(entry, VTD_PASID_FPD, fuzz_chance(b->in, 8));
    field_set(entry, VTD_PASID_P, !fuzz_chance(b->in, 16));
    vtd_pasid_set(&g->pasids, pasid, entry);
}

static void edit_pasid(FuzzBed *b, Guest *g)
{
    uint32_t pasid = fuzz_below(b->in, PASIDS);

    write_pasid(b, g, pasid);
    issue(g, fuzz_chance(b->in, 2) ? vtd_make_pasid_domain(DID(pasid))
                                   : vtd_make_pasid_selective(DID(pasid), pasid));
    issue(g, pasid == PASID_SS || pasid == PASID_NESTED
                 ? vtd_make_iotlb_domain(DID(pasid)) : vtd_make_piotlb_pasid(DID(pasid), pasid));
}

static uint32_t rid_pasid(uint16_t rid)
{
    return rid % PASIDS;
}

static void write_context(FuzzBed *b, Guest *g, uint16_t rid)
{
    uint64_t entry[VTD_SMCTX_WORDS] = { 0 };

    if (g->scalable) {
        vtd_smctx(entry, &g->pasids, !fuzz_chance(b->in, 4), rid_pasid(rid));
        field_set(entry, VTD_SMCTX_DTE, fuzz_chance(b->in, 2));
        field_set(entry, VTD_SMCTX_RID_PRIV, g->config.rprivs && fuzz_chance(b->in, 4));
    } else if (rid == STREAMS - 1) {
        vtd_ctx_pass_through(entry, vtd_aw_code(4), DID(PASID_PT));
    } else {
        vtd_ctx_second_stage(entry, &g->ss, rid < 4 ? DID_LEGACY : DID(PASID_SS));
        field_set(entry, VTD_CTX_TT, fuzz_chance(b->in, 2));
    }
    field_set(entry, VTD_CTX_FPD, fuzz_chance(b->in, 8));
    field_set(entry, VTD_CTX_P, !fuzz_chance(b->in, 16));
    vtd_ctx_set(&g->root, rid, entry);
}

static void edit_context(FuzzBed *b, Guest *g)
{
    uint16_t rid = (uint16_t)fuzz_below(b->in, STREAMS);

    write_context(b, g, rid);
    /* Entries are tagged with the domain that they had (legacy mode): both are told. */
    issue(g, vtd_make_context_device(DID_LEGACY, rid, 0));
    issue(g, vtd_make_context_device(DID(PASID_SS), rid, 0));
    issue(g, vtd_make_context_device(DID(PASID_PT), rid, 0));
    for (uint16_t did = 1; did <= DID_LEGACY; did++) {
        if (g->scalable) {
            issue(g, vtd_make_pasid_domain(did));
        }
        issue(g, vtd_make_iotlb_domain(did));
    }
}

/* ---- interrupts -------------------------------------------------------------------------- */

static void write_irte(FuzzBed *b, Guest *g, unsigned index)
{
    uint64_t irte[VTD_IRTE_WORDS];

    vtd_irte_fixed(irte, (uint8_t)fuzz_take(b->in, 1), 0);
    if (fuzz_chance(b->in, 2)) {
        vtd_irte_verify(irte, (uint16_t)fuzz_below(b->in, STREAMS));
    }
    field_set(irte, VTD_IRTE_P, !fuzz_chance(b->in, 4));
    gmem_write_words(&b->mem, g->irtes + VTD_IRTE_BYTES * index, irte, VTD_IRTE_WORDS);
}

static void edit_irte(FuzzBed *b, Guest *g)
{
    unsigned index = fuzz_below(b->in, IRTES);

    write_irte(b, g, index);
    issue(g, vtd_make_iec_index((uint16_t)index, fuzz_below(b->in, 2)));
}

static void interrupt(FuzzBed *b, TwinResult *r)
{
    VtdIrRequest q = {
        .addr = vtd_msi_address((uint16_t)fuzz_below(b->in, IRTES), false),
        .sid = fuzz_below(b->in, STREAMS),
    };
    VtdIrResult res;

    r->seen = (uint64_t)vtd_remap_interrupt(b->m, &q, &res) << 32;
    r->seen |= (uint64_t)res.fault << 16 | res.irq.vector;
}

static void take_faults(Guest *g, TwinResult *r)
{
    VtdFaultWords f;

    while (vtd_driver_fault(&g->d, &f)) {
        r->seen = r->seen * 31 + f.w[0] * 7 + f.w[1];
    }
    r->seen = r->seen * 31 + vtd_driver_fsts(&g->d);
    vtd_driver_clear_overflow(&g->d);
}

/* ---- twin -------------------------------------------------------------------------------- */

static void start(Twin *t, const IommuProfile *profile, bool timed)
{
    FuzzBed *b = &t->bed;
    Guest *g = t->guest;
    TableSpace physical = table_space(&b->mem), nested;

    b->mem.end = DATA;
    vtd_config_named(&g->config, "max");
    g->config.profile = profile;
    g->config.cm = false;
    g->config.ssads = fuzz_chance(b->in, 2);
    g->scalable = !fuzz_chance(b->in, 4);
    fuzz_bed_attach(b, vtd_new(&g->config, &b->ram.host, NULL), vtd_config_mmio_size(&g->config));
    if (timed) {
        fuzz_bed_clock(b);
    }

    vtd_pages_init(&g->ss, &physical, 2, 4);
    nested = vtd_nested_space(&g->ss, GPA_DELTA);
    vtd_pages_init(&g->fs, &physical, 1, 4);
    vtd_pages_init(&g->nested_fs, &nested, 1, 4);
    for (unsigned i = 0; i < PAGES; i++) {
        g->vas[i] = 0x100000000ull * (1 + i) + 0x30000;
        g->gpas[i] = 0x100000000ull * (20 + i) + 0x30000;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        map_leaf(b, g, &g->ss, g->gpas[i], i);
        map_leaf(b, g, &g->fs, g->vas[i], i);
        map_leaf(b, g, &g->nested_fs, g->vas[i], i);
    }
    vtd_root_init(&g->root, &b->mem, g->scalable);
    vtd_pasid_table_init(&g->pasids, &b->mem, 0);
    for (uint32_t pasid = 0; pasid < PASIDS; pasid++) {
        write_pasid(b, g, pasid);
    }
    for (uint16_t rid = 0; rid < STREAMS; rid++) {
        write_context(b, g, rid);
    }
    g->irtes = gmem_alloc(&b->mem, 4096, 4096);
    for (unsigned i = 0; i < IRTES; i++) {
        write_irte(b, g, i);
    }
    vtd_driver_init(&g->d, &b->bus, &b->mem);
    if (!vtd_driver_start(&g->d, &g->root) || !vtd_driver_irta(&g->d, g->irtes, 2, false)) {
        fuzz_fail("the unit does not come up");
    }
}

static void step(Twin *t, TwinResult *r)
{
    FuzzBed *b = &t->bed;
    Guest *g = t->guest;
    uint32_t which, rid;

    switch (fuzz_below(b->in, 32)) {
    case 0 ... 1:
        if (g->scalable) {
            edit_first_stage(b, g);
        }
        break;
    case 2 ... 3:
        edit_second_stage(b, g);
        break;
    case 4:
        hide_table(b, g, r);
        break;
    case 5:
        if (g->scalable) {
            edit_pasid(b, g);
        }
        break;
    case 6:
        edit_context(b, g);
        break;
    case 7:
        edit_irte(b, g);
        break;
    case 8 ... 9:
        interrupt(b, r);
        break;
    case 10:
        take_faults(g, r);
        break;
    default:
        which = fuzz_below(b->in, PAGES);
        rid = fuzz_below(b->in, STREAMS);
        twin_request(rid, PASIDS,
                     !g->scalable || rid_pasid((uint16_t)rid) == PASID_SS ||
                     fuzz_chance(b->in, 16) ? g->gpas[which] : g->vas[which], r, b);
        break;
    }
}

void twin_vtd(const uint8_t *data, size_t size)
{
    static const TwinOps ops = { sizeof(Guest), start, step };

    twin_run(&ops, data, size);
}

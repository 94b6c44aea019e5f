/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differential test: VT-d configurations within what QEMU 10.0's model has: legacy mode, and
 * scalable mode with either stage, for requests without PASID; legal ones and such with a mistake.
 */
#include "differential.h"

#include <stdio.h>
#include <string.h>

#include "../lib/vtd-driver.h"

#define DID 7
#define FRCD_MAX 16

enum { R_REASON, R_SID, R_TYPE, R_ADDR, R_PP, R_EXE_PRIV };

static const char *const field_names[] = {
    "reason", "sid", "type", "addr", "pp", "exe.priv", NULL,
};

static const DiffVariant variants[] = {
    { "legacy 48", "model=qemu,aw-bits=48", "aw-bits=48" },
    { "legacy 39", "model=qemu,aw-bits=39", "aw-bits=39" },
    { "scalable second stage", "model=qemu,x-scalable-mode=on", "x-scalable-mode=on" },
    { "scalable first stage", "model=qemu,x-scalable-mode=on,x-flts=on",
      "x-scalable-mode=on,x-flts=on" },
};
#define V_LEGACY_39 (&variants[1])
#define V_SECOND    (&variants[2])
#define V_FIRST     (&variants[3])

typedef struct Side {
    Emulator *e;
    VtdDriver driver;
    VtdRootTable root;
    VtdPasidTable pasids;
    VtdPages pages;
    bool scalable, first, translates;
    const char *mistake;
    unsigned agaw; /* largest */
    uint64_t ctx[VTD_SMCTX_WORDS];
    uint64_t pasid[VTD_PASID_WORDS];
    DiffPlace place[DIFF_PLACES];
    unsigned level[DIFF_PLACES];
} Side;

/* ---- mistakes ------------------------------------------------------------------------------- */

typedef struct Mistake {
    const char *name;
    bool scalable, legacy;
    bool pasid;      /* in the PASID entry; else in the context entry */
    bool translates; /* needs page tables */
    BitField field;
    uint64_t value;
} Mistake;

static const Mistake mistakes[] = {
    { "CTX.P=0", false, true, false, false, VTD_CTX_P, 0 },
    { "CTX.TT=3", false, true, false, false, VTD_CTX_TT, 3 },
    { "CTX.AW=0", false, true, false, true, VTD_CTX_AW, 0 },
    { "CTX.AW=3", false, true, false, true, VTD_CTX_AW, 3 },
    { "CTX.AW=7", false, true, false, true, VTD_CTX_AW, 7 },
    { "CTX reserved low bit", false, true, false, false, BITFIELD_AT(5, 1), 1 },
    { "CTX reserved high bit", false, true, false, false, BITFIELD_AT(90, 1), 1 },
    { "CTX.SSPTPTR beyond HAW", false, true, false, true, VTD_CTX_SSPTPTR, 1ull << 40 },
    { "SMCTX.P=0", true, false, false, false, VTD_SMCTX_P, 0 },
    { "SMCTX reserved bit", true, false, false, false, BITFIELD_AT(100, 1), 1 },
    { "SMCTX.PASIDDIRPTR beyond HAW", true, false, false, false, VTD_SMCTX_PASIDDIRPTR,
      1ull << 40 },
    { "PASID.P=0", true, false, true, false, VTD_PASID_P, 0 },
    { "PASID.PGTT=0", true, false, true, false, VTD_PASID_PGTT, 0 },
    { "PASID.PGTT=6", true, false, true, false, VTD_PASID_PGTT, 6 },
    { "PASID.AW=0", true, false, true, true, VTD_PASID_AW, 0 },
    { "PASID.AW=3", true, false, true, true, VTD_PASID_AW, 3 },
    { "PASID.PWSNP=1", true, false, true, true, VTD_PASID_PWSNP, 1 },
    { "PASID.FSPM=1", true, false, true, true, VTD_PASID_FSPM, 1 },
};

static void make_mistake(Side *s, GRand *rand)
{
    const Mistake *m;

    do {
        m = &mistakes[pick(rand, G_N_ELEMENTS(mistakes))];
    } while (!(s->scalable ? m->scalable : m->legacy) || (m->translates && !s->translates));
    field_set(m->pasid ? s->pasid : s->ctx, m->field, m->value);
    s->mistake = m->name;
    /* Half of them with fault processing disabled. */
    if (chance(rand, 50)) {
        return;
    }
    if (m->pasid) {
        field_set(s->pasid, VTD_PASID_FPD, 1);
    } else if (s->scalable) {
        field_set(s->ctx, VTD_SMCTX_FPD, 1);
    } else {
        field_set(s->ctx, VTD_CTX_FPD, 1);
    }
}

/* ---- configuration -------------------------------------------------------------------------- */

static uint64_t leaf_attrs(const Side *s, GRand *rand)
{
    static const unsigned rights[] = { 3, 3, 3, 3, 3, 1, 2, 0 };
    unsigned r = rights[pick(rand, G_N_ELEMENTS(rights))];

    if (s->first) {
        uint64_t attrs = reg_make(VTD_FS_P, 1) | reg_make(VTD_FS_RW, r != 1) |
                         reg_make(VTD_FS_A, 1) | reg_make(VTD_FS_D, 1);

        /* Requests without PASID are those of a user: U/S must be set all the way. */
        return reg_set(attrs, VTD_FS_US, r != 0);
    }
    return reg_make(VTD_SS_R, r & 1) | reg_make(VTD_SS_W, r >> 1);
}

static unsigned input_bits(const Side *s)
{
    unsigned bits = vtd_pages_level_lg2(s->pages.levels) + 9;

    /* The upper half of a first-stage space is canonical addresses; use the lower. */
    return s->first ? bits - 1 : bits;
}

static const char *spoil(Side *s, GRand *rand, uint64_t in)
{
    static const char *const names[] = { "empty", "beyond HAW", "bit 63" };
    uint64_t entry = vtd_pages_get(&s->pages, in);
    unsigned how = pick(rand, 3);

    switch (how) {
    case 0:
        entry = 0;
        break;
    case 1:
        entry |= 1ull << 51;
        break;
    default:
        entry |= 1ull << 63;
        break;
    }
    vtd_pages_set(&s->pages, in, entry);
    return names[how];
}

static void init_place(Side *s, GRand *rand, unsigned i)
{
    DiffPlace *p = &s->place[i];
    unsigned level = chance(rand, 25) ? 2 : 1, lg2 = vtd_pages_level_lg2(level);

    diff_place_init(s->e, p, i);
    p->iova = p->pa;
    snprintf(p->note, sizeof(p->note), "place %u", i);
    if (!s->translates) {
        return;
    }
    p->iova = rand64(rand) & low_mask(input_bits(s)) & ~low_mask(lg2);
    /* Keep out of the interrupt range. */
    if (p->iova >> 20 == 0xfee) {
        p->iova ^= 1ull << 28;
    }
    vtd_pages_map_level(&s->pages, p->iova, p->pa & ~low_mask(lg2), level, leaf_attrs(s, rand));
    s->level[i] = level;
    p->iova |= p->pa & low_mask(lg2);
    if (chance(rand, 10)) {
        snprintf(p->note, sizeof(p->note), "place %u, %s", i, spoil(s, rand, p->iova));
    }
}

/*
 * Accessed flags of every entry on the way: QEMU's capabilities have no page-walk coherency in
 * scalable mode (ECAP.SMPWCS), without which an update of a flag is a fault (SFS.9).
 */
static void pre_set_flags(Side *s)
{
    for (unsigned i = 0; i < DIFF_PLACES && s->translates; i++) {
        for (unsigned level = 4; level >= 1; level--) {
            uint64_t at = vtd_pages_entry_addr(&s->pages, s->place[i].iova, level), entry;

            if (at) {
                entry = gmem_read64(&s->e->mem, at);
                if (reg_get(entry, VTD_FS_P)) {
                    gmem_write64(&s->e->mem, at, reg_set(entry, VTD_FS_A, 1));
                }
            }
        }
    }
}

static void init_legacy(Side *s, GRand *rand, const DiffVariant *v)
{
    TableSpace space = table_space(&s->e->mem);

    if (chance(rand, 10)) {
        vtd_ctx_pass_through(s->ctx, v == V_LEGACY_39 ? VTD_AW_39 : VTD_AW_48, DID);
        return;
    }
    s->translates = true;
    vtd_pages_init(&s->pages, &space, 2, v == V_LEGACY_39 || chance(rand, 40) ? 3 : 4);
    vtd_ctx_second_stage(s->ctx, &s->pages, DID);
}

static void init_scalable(Side *s, GRand *rand)
{
    TableSpace space = table_space(&s->e->mem);

    vtd_pasid_table_init(&s->pasids, &s->e->mem, pick(rand, 4));
    vtd_smctx(s->ctx, &s->pasids, false, 0);
    if (chance(rand, 10)) {
        vtd_pasid_pass_through(s->pasid, DID);
        return;
    }
    s->translates = true;
    if (s->first) {
        vtd_pages_init(&s->pages, &space, 1, 4);
        vtd_pasid_first_stage(s->pasid, &s->pages, DID);
        /* First stage has no use for AW, but QEMU's model takes its width from there (VTD-7). */
        field_set(s->pasid, VTD_PASID_AW, VTD_AW_48);
    } else {
        vtd_pages_init(&s->pages, &space, 2, chance(rand, 40) ? 3 : 4);
        vtd_pasid_second_stage(s->pasid, &s->pages, DID);
    }
}

static void *configure(Emulator *e, const DiffVariant *v, unsigned block, GRand *rand,
                       char *summary)
{
    Side *s = g_new0(Side, 1);
    bool present = !chance(rand, 4);

    (void)block;
    s->e = e;
    s->scalable = v == V_SECOND || v == V_FIRST;
    s->first = v == V_FIRST;
    s->agaw = v == V_LEGACY_39 ? 39 : 48;
    vtd_driver_init(&s->driver, &e->iommu, &e->mem);
    vtd_root_init(&s->root, &e->mem, s->scalable);
    if (s->scalable) {
        init_scalable(s, rand);
    } else {
        init_legacy(s, rand, v);
    }
    for (unsigned i = 0; i < DIFF_PLACES; i++) {
        init_place(s, rand, i);
    }
    if (chance(rand, 18)) {
        make_mistake(s, rand);
    }
    if (present) {
        if (s->scalable) {
            vtd_pasid_set(&s->pasids, 0, s->pasid);
        }
        vtd_ctx_set(&s->root, EMULATOR_RID, s->ctx);
    }
    if (s->first) {
        pre_set_flags(s);
    }
    snprintf(summary, DIFF_NAME, "%s %s%u levels%s%s%s", v->name,
             s->translates ? "" : "pass-through ",
             s->translates ? s->pages.levels : 0, present ? "" : ", no entry",
             s->mistake ? ", " : "", s->mistake ? s->mistake : "");
    if (!vtd_driver_start(&s->driver, &s->root)) {
        g_free(s);
        return NULL;
    }
    return s;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static bool invalidate_leaf(Side *s, GRand *rand, uint64_t in, DiffStep *step)
{
    VtdDriver *d = &s->driver;
    size_t used = strlen(step->change);
    unsigned how = pick(rand, 3);

    if (s->first) {
        snprintf(step->change + used, sizeof(step->change) - used, ", PIOTLB %s",
                 how ? "page" : "PASID");
        return vtd_driver_issue(d, how ? vtd_make_piotlb_page(DID, 0, in & ~0xfffull, 0, false)
                                       : vtd_make_piotlb_pasid(DID, 0));
    }
    switch (how) {
    case 0:
        snprintf(step->change + used, sizeof(step->change) - used, ", IOTLB global");
        return vtd_driver_issue(d, vtd_make_iotlb_global());
    case 1:
        snprintf(step->change + used, sizeof(step->change) - used, ", IOTLB domain");
        return vtd_driver_issue(d, vtd_make_iotlb_domain(DID));
    default:
        snprintf(step->change + used, sizeof(step->change) - used, ", IOTLB page");
        /* A leaf of 2 MB needs all of its pages named. */
        return vtd_driver_issue(d, vtd_make_iotlb_page(DID, in & ~0x1fffffull, 9, false));
    }
}

static bool change_leaf(Side *s, GRand *rand, DiffStep *step)
{
    unsigned i = pick(rand, DIFF_PLACES);
    uint64_t in = s->place[i].iova;

    vtd_pages_unmap(&s->pages, in);
    if (chance(rand, 30)) {
        snprintf(step->change, sizeof(step->change), "unmap place %u", i);
        return invalidate_leaf(s, rand, in, step);
    }
    if (!invalidate_leaf(s, rand, in, step)) {
        return false;
    }
    snprintf(step->change, sizeof(step->change), "remap place %u", i);
    vtd_pages_map_level(&s->pages, in & ~0xfffull, s->place[i].pa, 1, leaf_attrs(s, rand));
    if (s->first) {
        pre_set_flags(s);
    }
    return invalidate_leaf(s, rand, in, step);
}

static bool change_entry(Side *s, GRand *rand, DiffStep *step)
{
    uint64_t gone[VTD_SMCTX_WORDS] = { 0 };
    bool away = chance(rand, 25);

    snprintf(step->change, sizeof(step->change), "context entry %s", away ? "gone" : "back");
    vtd_ctx_set(&s->root, EMULATOR_RID, away ? gone : s->ctx);
    if (!vtd_driver_issue(&s->driver,
                          chance(rand, 50) ? vtd_make_context_global()
                                           : vtd_make_context_device(DID, EMULATOR_RID, 0))) {
        return false;
    }
    if (s->scalable && !vtd_driver_issue(&s->driver, vtd_make_pasid_global())) {
        return false;
    }
    return vtd_driver_issue(&s->driver, vtd_make_iotlb_global());
}

static bool step(void *side, GRand *rand, DiffStep *step, DmaDesc *desc)
{
    Side *s = side;
    bool ok = true;

    if (chance(rand, 8) && s->translates) {
        ok = change_leaf(s, rand, step);
    } else if (chance(rand, 4)) {
        ok = change_entry(s, rand, step);
    }
    diff_transaction(rand, s->place, DIFF_PLACES, chance(rand, 30) ? 64 : 38, step, desc);
    if (step->addr >> 20 == 0xfee || (step->addr + step->len) >> 20 == 0xfee) {
        field_set(desc->w, IDMA_D_ADDR, step->addr ^ (1ull << 28));
        step->addr ^= 1ull << 28;
    }
    return ok;
}

/* ---- results -------------------------------------------------------------------------------- */

static unsigned events(void *side, DiffEvent *out, unsigned max)
{
    Side *s = side;
    unsigned count = reg_get(s->driver.cap, VTD_CAP_NFR) + 1, n = 0;
    uint64_t at = s->e->iommu_base + reg_get(s->driver.cap, VTD_CAP_FRO) * 16;
    uint64_t w[2 * FRCD_MAX];

    g_assert(count <= FRCD_MAX);
    emulator_read_words(s->e, at, w, 2 * count);
    for (unsigned i = 0; i < count; i++) {
        DiffEvent ev = { { 0 } };
        VtdFaultWords f;

        if (!field_get(&w[2 * i], VTD_FRCD_F)) {
            continue;
        }
        /* F is the top bit of the register: a write of its dword alone clears it (7.2.1). */
        emulator_write(s->e, at + 16 * i + 12, field_mask(VTD_FRCD_F) >> 32, 4);
        vtd_fault_decode(&w[2 * i], &f);
        ev.field[R_REASON] = f.reason;
        ev.field[R_SID] = f.sid;
        ev.field[R_TYPE] = f.type;
        ev.field[R_ADDR] = f.addr;
        ev.field[R_PP] = f.pp ? f.pasid | 1ull << 20 : 0;
        ev.field[R_EXE_PRIV] = f.exe << 1 | f.priv;
        diff_add_event(out, max, &n, &ev, R_ADDR, -1);
    }
    vtd_driver_clear_overflow(&s->driver);
    return n;
}

static unsigned exclude(void *side, DiffRange *ranges, unsigned max)
{
    Side *s = side;

    g_assert(max >= 2);
    ranges[0] = (DiffRange) { s->driver.queue, 4096ull << s->driver.qs };
    ranges[1] = (DiffRange) { s->driver.status & ~63ull, 64 };
    return 2;
}

/* ---- known differences: entries of docs/baseline-differences.rst ---------------------------- */

/* Reasons that QEMU reports in scalable mode by the codes of legacy mode. */
static const struct {
    uint8_t ours, theirs;
} legacy_reasons[] = {
    { VTD_FAULT_SRT_2, VTD_FAULT_LRT_2 }, { VTD_FAULT_SRT_3, VTD_FAULT_LRT_3 },
    { VTD_FAULT_SCT_2, VTD_FAULT_LCT_2 }, { VTD_FAULT_SCT_3, VTD_FAULT_LCT_3 },
    { VTD_FAULT_SSS_2, VTD_FAULT_LGN_2 }, { VTD_FAULT_SSS_2, VTD_FAULT_LGN_3 },
    { VTD_FAULT_SSS_3, VTD_FAULT_LSS_2 }, { VTD_FAULT_SGN_5, VTD_FAULT_LGN_1 },
    { VTD_FAULT_SGN_4, VTD_FAULT_LGN_1 }, { VTD_FAULT_SGN_6, VTD_FAULT_LGN_2 },
    { VTD_FAULT_SGN_7, VTD_FAULT_LGN_3 },
};

static bool legacy_reason(uint64_t ours, uint64_t theirs)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(legacy_reasons); i++) {
        if (legacy_reasons[i].ours == ours && legacy_reasons[i].theirs == theirs) {
            return true;
        }
    }
    return false;
}

static bool one_record(const DiffResult *r, DiffEvent *ev)
{
    *ev = r->event[0];
    return !r->ok && r->events == 1;
}

static bool no_record(const DiffResult *r)
{
    return !r->ok && r->events == 0;
}

static bool fault_processing_disabled(const Side *s)
{
    return s->scalable ? field_get(s->ctx, VTD_SMCTX_FPD) || field_get(s->pasid, VTD_PASID_FPD)
                       : field_get(s->ctx, VTD_CTX_FPD);
}

/* Rights of the second-stage leaf of @addr: bit 0 read, bit 1 write. */
static unsigned leaf_rights(Side *s, uint64_t addr)
{
    uint64_t leaf = s->translates ? vtd_pages_get(&s->pages, addr) : 0;

    if (s->first) {
        return reg_get(leaf, VTD_FS_P) ? 1 | reg_get(leaf, VTD_FS_RW) << 1 : 0;
    }
    return reg_get(leaf, VTD_SS_R) | reg_get(leaf, VTD_SS_W) << 1;
}

static bool made(const Side *s, const char *mistake)
{
    return s->mistake && !strcmp(s->mistake, mistake);
}

static const char *known(void *side, const DiffStep *step, const DiffResult *ours,
                         const DiffResult *theirs)
{
    Side *s = side;
    bool atomic = step->op == IDMA_OP_FETCH_ADD;
    DiffEvent a, b;

    if (no_record(ours) && one_record(theirs, &b) && fault_processing_disabled(s)) {
        return "VTD-4";
    }
    if (one_record(ours, &a) && atomic && theirs->ok && leaf_rights(s, a.field[R_ADDR]) == 2) {
        return "VTD-5";
    }
    if (one_record(ours, &a) && no_record(theirs) && leaf_rights(s, a.field[R_ADDR]) != 3 &&
        leaf_rights(s, a.field[R_ADDR]) != 0) {
        return "VTD-6";
    }
    /* Pass-through beyond what the platform addresses: QEMU's region for the device ends there. */
    if (one_record(ours, &a) && no_record(theirs) && !s->translates &&
        (a.field[R_REASON] == VTD_FAULT_LGN_1 || a.field[R_REASON] == VTD_FAULT_SGN_4)) {
        return "VTD-9";
    }
    if (made(s, "PASID.AW=0") && s->first) {
        return "VTD-7";
    }
    /* FSPM without first stage, PWSNP without coherent walks: reserved. */
    if (((made(s, "PASID.FSPM=1") && !s->first) || made(s, "PASID.PWSNP=1")) &&
        (fault_processing_disabled(s) ? no_record(ours)
                                      : one_record(ours, &a) &&
                                        a.field[R_REASON] == VTD_FAULT_SPT_3)) {
        return "VTD-10";
    }
    if (one_record(ours, &a) && one_record(theirs, &b)) {
        bool reserved = s->first ? a.field[R_REASON] == VTD_FAULT_SFS_3 &&
                                   (b.field[R_REASON] == VTD_FAULT_SGN_2 ||
                                    b.field[R_REASON] == VTD_FAULT_SGN_6)
                                 : a.field[R_REASON] ==
                                   (s->scalable ? VTD_FAULT_SSS_3 : VTD_FAULT_LSS_2) &&
                                   (b.field[R_REASON] == VTD_FAULT_LGN_2 ||
                                    b.field[R_REASON] == VTD_FAULT_LGN_3);
        bool reason = s->scalable && legacy_reason(a.field[R_REASON], b.field[R_REASON]);
        bool wide = b.field[R_ADDR] != a.field[R_ADDR] &&
                    (b.field[R_ADDR] & low_mask(s->agaw)) == a.field[R_ADDR];
        bool pp = s->scalable && !a.field[R_PP] && b.field[R_PP] == 1ull << 20;
        bool type = atomic && a.field[R_TYPE] == VTD_FAULT_TYPE_ATOMIC &&
                    b.field[R_TYPE] == VTD_FAULT_TYPE_WRITE;

        /* With these out of the way nothing else may differ. */
        if (reason || reserved) {
            b.field[R_REASON] = a.field[R_REASON];
        }
        if (pp) {
            b.field[R_PP] = a.field[R_PP];
        }
        if (wide) {
            b.field[R_ADDR] = a.field[R_ADDR];
        }
        if (type) {
            b.field[R_TYPE] = a.field[R_TYPE];
        }
        if (!memcmp(&a, &b, sizeof(a))) {
            if (wide) {
                return "VTD-11";
            }
            if (reserved) {
                return "VTD-8";
            }
            if (reason) {
                return "VTD-1";
            }
            return pp ? "VTD-2" : "VTD-3";
        }
    }
    return NULL;
}

static const DiffPlace *places(void *side)
{
    Side *s = side;

    return s->place;
}

static void stop(void *side)
{
    Side *s = side;

    vtd_driver_gcmd(&s->driver, VTD_GCMD_TE, false);
    vtd_driver_gcmd(&s->driver, VTD_GCMD_QIE, false);
}

const DiffScript vtd_script = {
    .name = "vtd",
    .x86 = true,
    .variants = variants,
    .variant_count = G_N_ELEMENTS(variants),
    .field_names = field_names,
    .configure = configure,
    .step = step,
    .events = events,
    .exclude = exclude,
    .known = known,
    .places = places,
    .stop = stop,
    .free = g_free,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random units and configurations against the slow reference of refvtd.h: outcome, address, page
 * size, rights, memory type, snooping, fault record, and every entry that hardware had to update.
 * With -m thorough 1,000,000 translations, else 30,000; each third with caches off, of one entry,
 * and full size.
 *
 * A difference names its seed (give it back with SEED=...); only the specification can say which
 * side is right.
 */
#include "fixture.h"
#include "tests/lib/random.h"
#include "refvtd.h"

#include <stdlib.h>
#include <string.h>

#define ACCESSES  50u
#define MAPPINGS  5u
#define SPACES    3u
#define MUTATIONS 6u
#define INTERRUPTS 0xfee00000ull

/* What one PASID, or the device in legacy mode, is translated by. */
typedef struct Space {
    unsigned pgtt; /* VtdPgtt */
    uint32_t pasid;
    VtdPages fs, ss;
    uint64_t entry[VTD_PASID_WORDS];
    uint64_t va[MAPPINGS], gpa[MAPPINGS];
} Space;

typedef struct Scene {
    Fix *f;
    uint64_t seed, state;
    bool scalable, io_rights, cached;
    unsigned spaces;
    Space space[SPACES];
    RefUnit unit;
    uint8_t *shadow; /* tables as they ought to be */
    uint64_t first, end;
} Scene;

static uint64_t rnd(Scene *s)
{
    return random_next(&s->state);
}

static unsigned pick(Scene *s, unsigned n)
{
    return random_below(&s->state, n);
}

static bool one_in(Scene *s, unsigned n)
{
    return pick(s, n) == 0;
}

/* ---- units ---------------------------------------------------------------------------------- */

static void random_features(Scene *s, VtdConfig *c)
{
    static const uint8_t haws[] = { 52, 48, 46, 40 }, widths[] = { 39, 48, 57, 48, 57 };
    static const uint8_t large[] = { 0, 1, 3, 3 };
    bool *const may_lack[] = {
        &c->zlr, &c->fs1gp, &c->fs5lp, &c->c, &c->pt, &c->sc, &c->nest, &c->srs, &c->nwfs,
        &c->eafs, &c->pasid, &c->dit, &c->pds, &c->ssads, &c->ssts, &c->fsts, &c->smpwcs,
        &c->rps, &c->rprivs, &c->adms, &c->ptrs, &c->ssirws, &c->mts, &c->prs, &c->sms,
    };

    c->haw = haws[pick(s, 4)];
    c->mgaw = widths[pick(s, 5)];
    c->sagaw = (uint8_t)(pick(s, 7) + 1) << 1;
    c->sslps = large[pick(s, 4)];
    c->ver_max = (uint8_t)(6 + pick(s, 3));
    c->nd = (uint8_t)(1 + pick(s, 6));
    if (one_in(s, 4)) {
        c->pss = (uint8_t)(8 + pick(s, 12));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(may_lack); i++) {
        *may_lack[i] &= !one_in(s, 8);
    }
}

static void random_unit(Scene *s)
{
    Fix *f = s->f;
    const IommuProfile *profile = f->cfg.profile;
    char err[200];

    do {
        g_assert_true(vtd_config_named(&f->cfg, "max"));
        f->cfg.profile = profile;
        if (!one_in(s, 4)) {
            random_features(s, &f->cfg);
        }
    } while (!vtd_config_check(&f->cfg, err, sizeof(err)));
    f->m->ops->free(f->m);
    f->m = vtd_new(&f->cfg, &f->ram.host, NULL);
    g_assert_nonnull(f->m);
    memset(f->ram.bytes, 0, f->mem.next - f->ram.base);
    ramhost_abort_none(&f->ram);
    f->mem = ramhost_guestmem(&f->ram, 0x10000, f->ram.base + f->ram.size);
    vtd_driver_init(&f->drv, &f->bus, &f->mem);
    s->unit = (RefUnit) {
        .cap = fix_reg64(f, VTD_REG_CAP), .ecap = fix_reg64(f, VTD_REG_ECAP),
        .ver = fix_reg32(f, VTD_REG_VER), .haw = f->cfg.haw,
    };
    if (f->cfg.mts && one_in(s, 2)) { /* else memory is UC */
        static const uint8_t types[] = { VTD_MT_UC, VTD_MT_WC, VTD_MT_WT, VTD_MT_WP, VTD_MT_WB };

        s->unit.mtrr = types[pick(s, 5)];
        fix_set64(f, VTD_REG_MTRRDEF,
                  reg_make(VTD_MTRRDEF_E, 1) | reg_make(VTD_MTRRDEF_TYPE, s->unit.mtrr));
    }
}

/* ---- page tables ---------------------------------------------------------------------------- */

static unsigned ss_levels(Scene *s)
{
    unsigned levels;

    do {
        levels = 3 + pick(s, 3);
    } while (!(s->f->cfg.sagaw >> (levels - 2) & 1));
    return levels;
}

/** Bits of the addresses to be mapped by a second stage. */
static unsigned ss_bits(const Scene *s, const VtdPages *ss)
{
    /* At most what a first-stage entry can hold */
    return MIN(MIN(12 + 9 * ss->levels, s->f->cfg.mgaw), 51);
}

/** What a second-stage leaf, or with @table a table entry, may hold. */
static uint64_t ss_attrs(Scene *s)
{
    const uint64_t rights[] = { VTD_SS_RO, VTD_SS_WO, VTD_SS_RW, VTD_SS_RW, VTD_SS_RW };
    uint64_t e = rights[pick(s, 5)];

    e |= reg_make(VTD_SS_A, one_in(s, 2)) | reg_make(VTD_SS_D, one_in(s, 3));
    e |= reg_make(VTD_SS_SNP, s->f->cfg.sc && one_in(s, 3));
    return e | reg_make(VTD_SS_EMT, (unsigned)"\0\1\4\5\6"[pick(s, 5)]) |
           reg_make(VTD_SS_IPAT, one_in(s, 3));
}

static uint64_t fs_attrs(Scene *s, unsigned level)
{
    uint64_t e = reg_make(VTD_FS_P, 1);

    e |= reg_make(VTD_FS_RW, !one_in(s, 3)) | reg_make(VTD_FS_US, !one_in(s, 4));
    e |= reg_make(VTD_FS_A, one_in(s, 2)) | reg_make(VTD_FS_D, one_in(s, 3));
    e |= reg_make(VTD_FS_EA, one_in(s, 3)) | reg_make(VTD_FS_PCD, one_in(s, 3));
    e |= reg_make(VTD_FS_PWT, one_in(s, 3));
    return e | reg_make(level == 1 ? VTD_FS_PAT4K : VTD_FS_PAT_LARGE, one_in(s, 3));
}

/** Level of a leaf that the stage may have; seldom one that it may not. */
static unsigned leaf_level(Scene *s, const VtdPages *t)
{
    unsigned most = t->stage == 1 ? (s->f->cfg.fs1gp ? 3 : 2)
                                  : 1 + (s->f->cfg.sslps & 1) + (s->f->cfg.sslps >> 1 & 1);

    most = one_in(s, 20) ? 3 : most;
    return 1 + pick(s, MIN(most, t->levels));
}

/** Where data is: almost always inside the host's addresses, sometimes in the interrupt range. */
static uint64_t random_pa(Scene *s)
{
    if (one_in(s, 12)) {
        return INTERRUPTS | (rnd(s) & 0xfffff);
    }
    return rnd(s) & low_mask(one_in(s, 20) ? 52 : s->f->cfg.haw);
}

static uint64_t random_va(Scene *s, const Space *p)
{
    unsigned n = p->fs.levels == 5 ? 57 : 48;
    uint64_t va = rnd(s) & low_mask(n - 1);

    if (one_in(s, 8)) {
        return INTERRUPTS | (rnd(s) & 0xfffff);
    }
    return one_in(s, 2) ? va : va | ~low_mask(n - 1);
}

static void map_some(Scene *s, Space *p)
{
    bool first = p->pgtt == VTD_PGTT_FS || p->pgtt == VTD_PGTT_NESTED;
    bool second = p->pgtt != VTD_PGTT_FS && p->pgtt != VTD_PGTT_PT;

    for (unsigned i = 0; i < MAPPINGS; i++) {
        uint64_t to = random_pa(s);
        unsigned level, lg2;

        p->va[i] = rnd(s) & low_mask(s->f->cfg.haw);
        if (second) {
            unsigned bits = ss_bits(s, &p->ss);

            /* Data above the tables, which lie low */
            p->gpa[i] = (rnd(s) & low_mask(bits - 1)) | (first ? 1ull << (bits - 1) : 0);
            if (!first && one_in(s, 8)) {
                p->gpa[i] = INTERRUPTS | (rnd(s) & 0xfffff);
            }
            level = leaf_level(s, &p->ss);
            lg2 = vtd_pages_level_lg2(level);
            vtd_pages_map_level(&p->ss, p->gpa[i] & ~low_mask(lg2), to & ~low_mask(lg2), level,
                                ss_attrs(s));
            to = p->gpa[i];
            p->va[i] = to;
        }
        if (first) {
            p->va[i] = random_va(s, p);
            level = leaf_level(s, &p->fs);
            lg2 = vtd_pages_level_lg2(level);
            vtd_pages_map_level(&p->fs, p->va[i] & ~low_mask(lg2), to & ~low_mask(lg2), level,
                                fs_attrs(s, level));
            p->gpa[i] = (to & ~low_mask(lg2)) | (p->va[i] & low_mask(lg2));
        }
    }
}

/** IR and IW of the tables as their R and W: the builders know only these. */
static void io_rights_of(Scene *s, VtdPages *ss, uint64_t input)
{
    for (unsigned level = ss->levels; level > 0; level--) {
        uint64_t at = vtd_pages_entry_addr(ss, input, level), e;

        if (!at) {
            return;
        }
        e = gmem_read64(&s->f->mem, at);
        e = reg_set(e, VTD_SS_IR, reg_get(e, VTD_SS_R));
        gmem_write64(&s->f->mem, at, reg_set(e, VTD_SS_IW, reg_get(e, VTD_SS_W)));
    }
}

/** Flags of the entries on the way to @input as if they had all been used. */
static void use_entries(Scene *s, VtdPages *t, uint64_t input)
{
    uint64_t used = t->stage == 2 ? reg_make(VTD_SS_A, 1) | reg_make(VTD_SS_D, one_in(s, 2))
                                  : reg_make(VTD_FS_A, 1) | reg_make(VTD_FS_EA, 1);

    for (unsigned level = t->levels; level > 0; level--) {
        uint64_t at = vtd_pages_entry_addr(t, input, level);

        if (!at) {
            return;
        }
        gmem_write64(&s->f->mem, at, gmem_read64(&s->f->mem, at) | used);
        used &= level == 2 && one_in(s, 2) ? 0 : used;
    }
}

static void use_space(Scene *s, Space *p)
{
    for (unsigned i = 0; i < MAPPINGS && p->pgtt != VTD_PGTT_PT; i++) {
        if (p->pgtt != VTD_PGTT_FS) {
            use_entries(s, &p->ss, p->gpa[i]);
        }
        for (unsigned level = p->fs.levels; level > 0 && p->pgtt == VTD_PGTT_NESTED; level--) {
            uint64_t input = vtd_pages_entry_input(&p->fs, p->va[i], level);

            if (input) {
                use_entries(s, &p->ss, input);
            }
        }
        if (p->pgtt != VTD_PGTT_SS) {
            use_entries(s, &p->fs, p->va[i]);
        }
    }
}

static void give_io_rights(Scene *s, Space *p)
{
    if (!s->io_rights || p->pgtt == VTD_PGTT_FS || p->pgtt == VTD_PGTT_PT) {
        return;
    }
    for (unsigned i = 0; i < MAPPINGS; i++) {
        io_rights_of(s, &p->ss, p->gpa[i]);
        for (unsigned level = p->fs.levels; level > 0 && p->pgtt == VTD_PGTT_NESTED; level--) {
            uint64_t input = vtd_pages_entry_input(&p->fs, p->va[i], level);

            if (input) {
                io_rights_of(s, &p->ss, input);
            }
        }
    }
}

/* ---- one bit of one entry -------------------------------------------------------------------- */

static bool choose_flip(Scene *s, uint64_t *where, unsigned *which)
{
    static const uint8_t fs_table[] = { 0, 1, 2, 5, 7, 10, 50 };
    static const uint8_t fs_leaf[] = { 0, 1, 1, 2, 2, 5, 5, 6, 6, 10, 8, 13, 50, 60 };
    static const uint8_t ss_table[] = { 0, 1, 7, 8, 11, 50, 61, 62 };
    static const uint8_t ss_leaf[] = { 0, 0, 1, 1, 8, 8, 9, 9, 11, 12, 50, 61, 62, 10 };
    Space *p = &s->space[pick(s, s->spaces)];
    unsigned i = pick(s, MAPPINGS), level, leaf;
    bool first = p->pgtt == VTD_PGTT_FS || (p->pgtt == VTD_PGTT_NESTED && one_in(s, 2));
    VtdPages *t = first ? &p->fs : &p->ss;
    uint64_t input = first ? p->va[i] : p->gpa[i];

    if (p->pgtt == VTD_PGTT_PT) {
        return false;
    }
    if (!first && p->pgtt == VTD_PGTT_NESTED && one_in(s, 2)) {
        input = vtd_pages_entry_input(&p->fs, p->va[i],
                                      vtd_pages_leaf_level(&p->fs, p->va[i]));
    }
    leaf = level = vtd_pages_leaf_level(t, input);
    if (one_in(s, 3)) {
        level += pick(s, t->levels - level + 1);
    }
    *where = vtd_pages_entry_addr(t, input, level);
    if (first) {
        *which = level == leaf ? fs_leaf[pick(s, sizeof(fs_leaf))]
                               : fs_table[pick(s, sizeof(fs_table))];
    } else {
        *which = level == leaf ? ss_leaf[pick(s, sizeof(ss_leaf))]
                               : ss_table[pick(s, sizeof(ss_table))];
    }
    /* These end the walk of everything: not too often */
    return level == leaf || one_in(s, 2);
}

/* All are chosen before the first is made: the builders would lose their way in broken tables. */
static void mutate(Scene *s)
{
    unsigned which[MUTATIONS], count = 0;
    uint64_t where[MUTATIONS];

    for (unsigned i = pick(s, MUTATIONS + 1); i > 0; i--) {
        count += choose_flip(s, &where[count], &which[count]);
    }
    if (count && one_in(s, 6)) {
        uint64_t page = where[pick(s, count)] & ~low_mask(12);

        ramhost_abort(&s->f->ram, page, page + 0xfff,
                      one_in(s, 2) ? RAMHOST_READ : RAMHOST_CAS | RAMHOST_WRITE);
    }
    for (unsigned i = 0; i < count; i++) {
        gmem_write64(&s->f->mem, where[i],
                     gmem_read64(&s->f->mem, where[i]) ^ 1ull << which[i]);
    }
}

static void flip_any(Scene *s, uint64_t addr, unsigned words)
{
    addr += 8 * pick(s, words);
    gmem_write64(&s->f->mem, addr, gmem_read64(&s->f->mem, addr) ^ 1ull << pick(s, 64));
}

/* ---- configurations -------------------------------------------------------------------------- */

static bool supported(const Scene *s, unsigned pgtt)
{
    const VtdConfig *c = &s->f->cfg;

    switch (pgtt) {
    case VTD_PGTT_FS:
        return c->fsts;
    case VTD_PGTT_SS:
        return c->ssts && c->sagaw;
    case VTD_PGTT_NESTED:
        return c->nest;
    default:
        return c->pt;
    }
}

static void random_entry(Scene *s, Space *p)
{
    const VtdConfig *c = &s->f->cfg;
    const struct {
        BitField field;
        bool have;
        unsigned one_in;
    } flags[] = {
        { VTD_PASID_FPD, true, 12 },
        { VTD_PASID_SSADE, c->ssts && c->ssads, 2 },
        { VTD_PASID_PGSNP, c->sc, 3 },
        { VTD_PASID_CD, c->mts, 4 },
        { VTD_PASID_EMTE, c->mts, 2 },
        { VTD_PASID_WPE, c->fsts, 2 },
        { VTD_PASID_EAFE, c->eafs, 2 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        field_set(p->entry, flags[i].field, flags[i].have && one_in(s, flags[i].one_in));
    }
    field_set(p->entry, VTD_PASID_PWSNP, c->smpwcs && !one_in(s, 5));
    field_set(p->entry, VTD_PASID_SRE, c->srs && !one_in(s, 4));
    if (c->mts) {
        uint32_t pat = 0;

        for (unsigned i = 0; i < 8; i++) {
            pat |= (uint32_t)"\0\1\4\5\6\7"[pick(s, 6)] << (4 * i);
        }
        field_set(p->entry, VTD_PASID_PAT, pat);
    }
}

static void make_space(Scene *s, Space *p, unsigned index)
{
    TableSpace space = table_space(&s->f->mem);
    unsigned did = 1 + index;

    do {
        p->pgtt = 1 + pick(s, 4);
    } while (!supported(s, p->pgtt));
    if (p->pgtt == VTD_PGTT_SS || p->pgtt == VTD_PGTT_NESTED) {
        vtd_pages_init(&p->ss, &space, 2, ss_levels(s));
    }
    if (p->pgtt == VTD_PGTT_NESTED) {
        space = vtd_nested_space(&p->ss, one_in(s, 2) ? 0 : 1ull << (ss_bits(s, &p->ss) - 3));
    }
    if (p->pgtt == VTD_PGTT_FS || p->pgtt == VTD_PGTT_NESTED) {
        vtd_pages_init(&p->fs, &space, 1, s->f->cfg.fs5lp && one_in(s, 2) ? 5 : 4);
    }
    switch (p->pgtt) {
    case VTD_PGTT_FS:
        vtd_pasid_first_stage(p->entry, &p->fs, did);
        break;
    case VTD_PGTT_SS:
        vtd_pasid_second_stage(p->entry, &p->ss, did);
        break;
    case VTD_PGTT_NESTED:
        vtd_pasid_nested(p->entry, &p->fs, &p->ss, did);
        break;
    default:
        vtd_pasid_pass_through(p->entry, did);
        break;
    }
    random_entry(s, p);
    map_some(s, p);
    give_io_rights(s, p);
    if (one_in(s, 3) || (!field_get(p->entry, VTD_PASID_PWSNP) && !one_in(s, 4))) {
        use_space(s, p);
    }
}

static void configure_scalable(Scene *s)
{
    Fix *f = s->f;
    const VtdConfig *c = &f->cfg;
    unsigned pdts = pick(s, 3);

    vtd_pasid_table_init(&f->pasids, &f->mem, pdts);
    s->spaces = 1 + pick(s, SPACES);
    for (unsigned i = 0; i < s->spaces; i++) {
        Space *p = &s->space[i];

        p->pasid = rnd(s) & low_mask(MIN(13 + pdts, c->pss + 1u));
        if (i == 0 && !(c->rps && one_in(s, 2))) {
            p->pasid = 0;
        }
        for (unsigned j = 0; j < i; j++) {
            p->pasid += p->pasid == s->space[j].pasid ? 8 : 0; /* a third that meets both is fine */
        }
        make_space(s, p, i);
        vtd_pasid_set(&f->pasids, p->pasid, p->entry);
    }
    vtd_smctx(f->ctx, &f->pasids, c->pasid && !one_in(s, 12), s->space[0].pasid);
    field_set(f->ctx, VTD_SMCTX_FPD, one_in(s, 12));
    field_set(f->ctx, VTD_SMCTX_DTE, c->dt && !one_in(s, 8));
    field_set(f->ctx, VTD_SMCTX_PRE, c->prs && one_in(s, 8));
    field_set(f->ctx, VTD_SMCTX_EPTR, c->ptrs && one_in(s, 2));
    field_set(f->ctx, VTD_SMCTX_RID_PRIV, c->rprivs && one_in(s, 3));
    fix_put_context(f);
    if (one_in(s, 8)) {
        flip_any(s, vtd_pasid_addr(&f->pasids, s->space[0].pasid), VTD_PASID_WORDS);
    }
    if (one_in(s, 20)) {
        flip_any(s, vtd_pasid_dir_addr(&f->pasids, s->space[0].pasid), 1);
    }
    if (one_in(s, 12)) {
        flip_any(s, vtd_ctx_addr(&f->root, RID), VTD_SMCTX_WORDS);
    }
}

static void configure_legacy(Scene *s)
{
    Fix *f = s->f;
    TableSpace space = table_space(&f->mem);
    Space *p = &s->space[0];

    s->spaces = 1;
    p->pgtt = f->cfg.pt && one_in(s, 6) ? VTD_PGTT_PT : VTD_PGTT_SS;
    if (p->pgtt == VTD_PGTT_PT) {
        vtd_ctx_pass_through(f->ctx, ss_levels(s) - 2, DID);
    } else {
        vtd_pages_init(&p->ss, &space, 2, ss_levels(s));
        vtd_ctx_second_stage(f->ctx, &p->ss, DID);
        if (f->cfg.dt && !one_in(s, 3)) {
            field_set(f->ctx, VTD_CTX_TT, VTD_TT_DEVICE_TLB);
        }
    }
    field_set(f->ctx, VTD_CTX_FPD, one_in(s, 12));
    map_some(s, p);
    fix_put_context(f);
    if (one_in(s, 8)) {
        flip_any(s, vtd_ctx_addr(&f->root, RID), VTD_CTX_WORDS);
    }
}

static void start(Scene *s)
{
    Fix *f = s->f;
    uint64_t rtaddr = vtd_root_reg(&f->root) | reg_make(VTD_RTADDR_SSIRWE, s->io_rights);

    if (one_in(s, 20)) {
        flip_any(s, vtd_root_addr(&f->root, RID), 2);
    }
    g_assert_true(vtd_driver_root(&f->drv, rtaddr));
    g_assert_true(vtd_driver_queue(&f->drv, s->scalable));
    g_assert_true(vtd_driver_invalidate_all(&f->drv));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, true));
    if (f->cfg.esrtps && one_in(s, 60)) {
        rtaddr = reg_set(rtaddr, VTD_RTADDR_TTM, pick(s, 4));
        fix_set64(f, VTD_REG_RTADDR, rtaddr);
        g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SRTP, true));
    }
    s->unit.rtaddr = fix_reg64(f, VTD_REG_RTADDR);
}

static void configure(Scene *s)
{
    Fix *f = s->f;
    const VtdConfig *c = &f->cfg;

    random_unit(s);
    s->first = f->mem.next;
    s->scalable = !c->sagaw || !one_in(s, 4);
    for (unsigned pgtt = 1; s->scalable && !supported(s, pgtt); pgtt++) {
        s->scalable = pgtt < 4;
    }
    s->io_rights = c->ssirws && one_in(s, s->scalable ? 6 : 60);
    vtd_root_init(&f->root, &f->mem, s->scalable);
    if (s->scalable) {
        configure_scalable(s);
    } else {
        configure_legacy(s);
    }
    mutate(s);
    start(s);
    s->end = f->mem.next;
    s->shadow = g_memdup2(ramhost_at(&f->ram, s->first, s->end - s->first), s->end - s->first);
}

/* ---- translations ---------------------------------------------------------------------------- */

static bool aborts(const RamHost *ram, uint64_t addr, unsigned kind)
{
    for (unsigned i = 0; i < ram->window_count; i++) {
        const RamWindow *w = &ram->windows[i];

        if ((w->kinds & kind) && addr >= w->first && addr <= w->last) {
            return true;
        }
    }
    return !ramhost_at((RamHost *)ram, addr, 8);
}

static bool read_ram(void *opaque, uint64_t addr, uint64_t *value)
{
    RamHost *ram = opaque;

    if (aborts(ram, addr, RAMHOST_READ)) {
        return false;
    }
    *value = ramhost_read64(ram, addr);
    return true;
}

static bool update_ram(void *opaque, uint64_t addr)
{
    return !aborts(opaque, addr, RAMHOST_CAS);
}

static uint64_t random_address(Scene *s, const Space *p)
{
    uint64_t addr = p->va[pick(s, MAPPINGS)];

    if (one_in(s, 30)) {
        return INTERRUPTS | (rnd(s) & 0xffff8);
    }
    if (one_in(s, 4)) {
        addr ^= 1ull << (3 + pick(s, 61));
    } else if (one_in(s, 2)) {
        addr ^= rnd(s) & 0xff0;
    }
    return addr & ~7ull;
}

static IommuTxn random_txn(Scene *s)
{
    unsigned which = pick(s, s->spaces), kind = pick(s, 8);
    const Space *p = &s->space[which];
    IommuTxn t = fix_txn(random_address(s, p), kind < 3);

    t.size = one_in(s, 4) ? 4 : 8;
    t.atomic = kind == 2;
    t.no_snoop = one_in(s, 3);
    if (kind == 3) {
        t.size = 0;
    } else if (kind == 4 && s->f->cfg.dt) {
        t.kind = IOMMU_TXN_ATS_REQUEST;
        t.no_write = one_in(s, 2);
        t.write = t.atomic = t.no_snoop = false;
        t.size = 0;
    } else if (kind == 5 && s->f->cfg.dt && one_in(s, 3)) {
        t.kind = IOMMU_TXN_TRANSLATED;
        t.write = one_in(s, 2);
    }
    if (s->scalable ? which != 0 || one_in(s, 12) : one_in(s, 30)) {
        t.has_pasid = true;
        t.pasid = one_in(s, 12) ? p->pasid ^ 1u << pick(s, 20) : p->pasid;
        t.priv = one_in(s, 3);
        t.exec = !t.write && one_in(s, 12);
    }
    if (one_in(s, 60)) {
        t.stream ^= 1u << pick(s, 16);
    }
    return t;
}

static RefRequest request_of(const IommuTxn *t)
{
    static const RefKind kinds[] = {
        [IOMMU_TXN_UNTRANSLATED] = REF_UNTRANSLATED, [IOMMU_TXN_ATS_REQUEST] = REF_TRANSLATION,
        [IOMMU_TXN_TRANSLATED] = REF_TRANSLATED,
    };

    return (RefRequest) {
        .kind = kinds[t->kind], .addr = t->addr, .sid = (uint16_t)t->stream,
        .has_pasid = t->has_pasid, .pasid = t->pasid, .read = !t->write || t->atomic,
        .write = t->write, .zero = !t->write && t->size == 0, .dword = t->size == 4,
        .priv = t->priv, .exec = t->exec, .no_write = t->no_write, .no_snoop = t->no_snoop,
    };
}

static void differ(Scene *s, const IommuTxn *t, const RefResult *ref, const char *what,
                   uint64_t model, uint64_t expected)
{
    g_autofree char *pasid = t->has_pasid ? g_strdup_printf(" PASID 0x%x", t->pasid) : NULL;

    g_error("seed 0x%llx: %s of %s%s%s%s 0x%llx%s by 0x%x (reason 0x%x): model 0x%llx, "
            "reference 0x%llx", (unsigned long long)s->seed, what, t->priv ? "privileged " : "",
            t->exec ? "instruction " : "",
            t->kind == IOMMU_TXN_ATS_REQUEST ? "translation request"
            : t->kind == IOMMU_TXN_TRANSLATED ? "translated " : "",
            t->kind == IOMMU_TXN_ATS_REQUEST ? (t->no_write ? " NW" : "")
            : t->atomic ? "atomic" : t->write ? "write" : t->size ? "read" : "zero-length read",
            (unsigned long long)t->addr, pasid ? pasid : "", t->stream, ref->reason,
            (unsigned long long)model, (unsigned long long)expected);
}

#define SAME(what, model, expected)                       \
    do {                                                  \
        if ((model) != (expected)) {                      \
            differ(s, t, ref, (what), (model), (expected)); \
        }                                                 \
    } while (0)

static void check_record(Scene *s, const IommuTxn *t, const RefResult *ref)
{
    VtdFaultWords rec;
    bool have = vtd_driver_fault(&s->f->drv, &rec), pasid = t->has_pasid && s->f->cfg.pasid;

    SAME("record", have ? rec.reason : 0, ref->recorded ? ref->reason : 0);
    if (!have) {
        return;
    }
    SAME("FRCD.SID", rec.sid, t->stream);
    SAME("FRCD.FI", rec.addr & low_mask(48), t->addr & low_mask(48) & ~low_mask(12));
    SAME("FRCD.T", rec.type, t->atomic ? VTD_FAULT_TYPE_ATOMIC
                             : t->write ? VTD_FAULT_TYPE_WRITE : VTD_FAULT_TYPE_READ);
    SAME("FRCD.PP", rec.pp, pasid);
    SAME("FRCD.PASID", rec.pasid, pasid ? t->pasid : 0);
    SAME("FRCD.PRIV", rec.priv, pasid && t->priv);
    SAME("FRCD.EXE", rec.exe, pasid && t->exec);
    SAME("FRCD.AT", rec.at, s->f->cfg.dt ? t->kind : 0);
    SAME("second record", vtd_driver_fault(&s->f->drv, &rec), false);
}

static void check_page(Scene *s, const IommuTxn *t, const RefResult *ref, const IommuResult *res)
{
    SAME("address", res->pa, ref->pa);
    if (!ref->through) {
        SAME("page size", res->page_lg2, ref->lg2);
    }
    if (s->scalable && s->f->cfg.mts && t->kind != IOMMU_TXN_TRANSLATED) {
        SAME("memory type", res->attr.type, ref->type);
    }
}

static void check_untranslated(Scene *s, const IommuTxn *t, const RefResult *ref,
                               const IommuResult *res)
{
    uint8_t own = t->has_pasid ? t->priv
                               : s->unit.rtaddr && field_get(s->f->ctx, VTD_SMCTX_RID_PRIV);
    uint8_t readable = IOMMU_RIGHT_UR, writable = IOMMU_RIGHT_UW;

    if (ref->outcome == REF_INTERRUPT) {
        SAME("status", res->status, IOMMU_STATUS_INTERRUPT);
        return;
    }
    SAME("status", res->status,
         ref->outcome == REF_OK ? IOMMU_STATUS_OK
         : t->kind == IOMMU_TXN_TRANSLATED ? IOMMU_STATUS_UR : IOMMU_STATUS_ABORT);
    if (!ref->translated) {
        return;
    }
    check_page(s, t, ref, res);
    SAME("snoop", res->attr.snoop, ref->snoop);
    if (!ref->through) {
        if (own && s->scalable) {
            readable = IOMMU_RIGHT_PR;
            writable = IOMMU_RIGHT_PW;
        }
        SAME("R", !!(res->rights & readable), ref->r);
        /* A cached page may have been found clean, and made dirty by another name since */
        if (!ref->clean && !(ref->w && s->cached)) {
            SAME("W", !!(res->rights & writable), ref->w);
        }
    }
}

static void check_answer(Scene *s, const IommuTxn *t, const RefResult *ref, const IommuResult *res)
{
    SAME("status", res->status, ref->outcome == REF_OK   ? IOMMU_STATUS_OK
                                : ref->outcome == REF_CA ? IOMMU_STATUS_CA : IOMMU_STATUS_UR);
    if (ref->outcome != REF_OK) {
        return;
    }
    SAME("R", res->ats_r, ref->answer_r);
    SAME("W", res->ats_w, ref->answer_w);
    SAME("U", res->ats_u, ref->answer_u);
    SAME("PRIV", res->ats_priv, ref->answer_priv);
    SAME("EXE", res->ats_x, false);
    SAME("G", res->ats_global, false);
    if (ref->translated) {
        check_page(s, t, ref, res);
        SAME("N", res->ats_no_snoop, ref->snoop);
    }
}

/* What came of all translations of a run. */
typedef struct Tally {
    unsigned translated, updated, answered, recorded;
    unsigned reason[256];
} Tally;

static void check_one(Scene *s, Tally *tally)
{
    RefMemory memory = { .read = read_ram, .update = update_ram, .opaque = &s->f->ram };
    IommuTxn txn = random_txn(s), *t = &txn;
    RefRequest req = request_of(t);
    RefResult result, *ref = &result;
    IommuResult res;

    ref_translate(&s->unit, &req, &memory, ref);
    res = fix_do(s->f, t);
    if (t->kind == IOMMU_TXN_ATS_REQUEST) {
        check_answer(s, t, ref, &res);
    } else {
        check_untranslated(s, t, ref, &res);
    }
    check_record(s, t, ref);
    tally->translated += ref->translated;
    tally->answered += ref->translated && t->kind == IOMMU_TXN_ATS_REQUEST;
    tally->recorded += ref->recorded && ref->reason;
    tally->updated += ref->writes != 0;
    tally->reason[ref->reason]++;
    for (unsigned i = 0; i < ref->writes; i++) {
        SAME("entry", ramhost_read64(&s->f->ram, ref->write[i].addr), ref->write[i].value);
        le64_store(s->shadow + (ref->write[i].addr - s->first), ref->write[i].value);
    }
    /* Nothing else was written */
    for (uint64_t a = s->first; a + 8 <= s->end && getenv("SEED"); a += 8) {
        SAME("unasked entry", ramhost_read64(&s->f->ram, a), le64_load(s->shadow + (a - s->first)));
    }
}

/** A test of faults alone, or of none, would be no test: every reason must have come up. */
static void check_tally(const Tally *t, unsigned total)
{
    static const uint8_t reasons[] = {
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x29, 0x30, 0x31,
        0x33, 0x34, 0x39, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x48, 0x49, 0x51, 0x52, 0x59,
        0x5a, 0x5b, 0x5d, 0x70, 0x71, 0x72, 0x73, 0x74, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x7b, 0x7c,
        0x7d, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x89, 0x90, 0x91,
    };

    g_test_message("%u requests: %u translated (%u for device TLBs), %u faults recorded, %u update "
                   "entries", total, t->translated, t->answered, t->recorded, t->updated);
    for (unsigned i = 1; i < 256; i++) {
        if (t->reason[i]) {
            g_test_message("reason %02xh: %u", i, t->reason[i]);
        }
    }
    g_assert_cmpuint(t->translated, >, total / 5);
    g_assert_cmpuint(t->answered, >, total / 100);
    g_assert_cmpuint(t->updated, >, total / 100);
    for (size_t i = 0; i < G_N_ELEMENTS(reasons) && g_test_thorough(); i++) {
        if (!t->reason[reasons[i]]) {
            g_error("reason 0x%x never came up", reasons[i]);
        }
    }
}

static void test_random(Fix *f)
{
    const char *only = getenv("SEED");
    unsigned total = only ? ACCESSES : g_test_thorough() ? 333350 : 10000;
    uint64_t seed0 = only ? strtoull(only, NULL, 0) : 0x57d1;
    Tally tally = { 0 };

    for (unsigned n = 0; n < total / ACCESSES; n++) {
        Scene s = {
            .f = f, .seed = seed0 + n, .cached = f->cfg.profile != iommu_profile_find("off"),
        };

        s.state = s.seed * 0x9e3779b97f4a7c15ull | 1;
        for (unsigned i = 0; i < 8; i++) {
            rnd(&s);
        }
        configure(&s);
        for (unsigned i = 0; i < ACCESSES; i++) {
            check_one(&s, &tally);
        }
        if (memcmp(s.shadow, ramhost_at(&f->ram, s.first, s.end - s.first), s.end - s.first)) {
            g_error("seed 0x%llx: an entry was written that must not be",
                    (unsigned long long)s.seed);
        }
        g_free(s.shadow);
    }
    if (!only) {
        check_tally(&tally, total);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/vtd/reference/random-configurations", test_random);
    return g_test_run();
}

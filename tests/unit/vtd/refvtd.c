/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slow reference: see refvtd.h. Bit numbers are those of the specification's own tables. */
#include "refvtd.h"

#include <string.h>

/* How a translation request is answered on a condition; table 30. */
typedef enum Answer { NONE, UR, CA, NO_RIGHTS, RIGHTS, NO_RIGHTS_REPORTED } Answer;

/* Fault reasons with what table 30 says of them: qualified by FPD, and the two ATS columns. */
typedef struct Condition {
    uint8_t reason;
    bool qualified;
    Answer request, translated;
} Condition;

static const Condition LRT_1 = { 0x08, false, CA, UR }, LRT_2 = { 0x01, false, UR, UR },
    LRT_3 = { 0x0a, false, CA, UR }, LCT_1 = { 0x09, false, CA, UR },
    LCT_2 = { 0x02, true, UR, UR }, LCT_3 = { 0x0b, true, CA, UR },
    LCT_4_1 = { 0x03, true, CA, UR }, LCT_4_3 = { 0x03, true, CA, NONE },
    LCT_5 = { 0x0d, true, UR, UR }, LSS_1 = { 0x07, true, CA, NONE },
    LSS_2 = { 0x0c, true, CA, NONE }, LGN_1_1 = { 0x04, true, NO_RIGHTS, NONE },
    LGN_1_2 = { 0x04, true, NONE, UR }, LGN_1_3 = { 0x04, true, NONE, NONE },
    LGN_2 = { 0x05, true, RIGHTS, NONE }, LGN_3 = { 0x06, true, RIGHTS, NONE },
    LGN_4 = { 0x0e, true, CA, UR }, IR_29 = { 0x29, false, NONE, NONE },
    RTA_1 = { 0x30, false, CA, UR }, RTA_2 = { 0x31, false, UR, UR },
    RTA_4 = { 0x33, false, UR, UR }, RTA_5 = { 0x34, false, UR, UR },
    SRT_1 = { 0x38, false, CA, UR }, SRT_2 = { 0x39, false, UR, UR },
    SRT_3 = { 0x3a, false, CA, UR }, SCT_1 = { 0x40, false, CA, UR },
    SCT_2 = { 0x41, true, UR, UR }, SCT_3 = { 0x42, true, CA, UR },
    SCT_4 = { 0x43, true, CA, UR }, SCT_5 = { 0x44, true, UR, UR },
    SCT_6 = { 0x45, true, UR, NONE }, SCT_7 = { 0x46, true, UR, UR },
    SCT_9 = { 0x48, true, UR, UR }, SCT_10 = { 0x49, true, NONE, UR },
    SPD_1 = { 0x50, false, CA, CA }, SPD_2 = { 0x51, true, NO_RIGHTS, UR },
    SPD_3 = { 0x52, true, CA, CA }, SPT_1 = { 0x58, false, CA, CA },
    SPT_2 = { 0x59, true, NO_RIGHTS, UR }, SPT_3 = { 0x5a, true, CA, CA },
    SPT_4 = { 0x5b, true, CA, CA }, SPT_5 = { 0x5c, true, NO_RIGHTS, NONE },
    SPT_6 = { 0x5d, true, NO_RIGHTS, NONE }, SFS_1 = { 0x70, true, NO_RIGHTS, NONE },
    SFS_2 = { 0x71, true, NO_RIGHTS, NONE }, SFS_3 = { 0x72, true, NO_RIGHTS, NONE },
    SFS_4 = { 0x73, true, NO_RIGHTS, NONE }, SFS_5 = { 0x74, true, NO_RIGHTS, NONE },
    SFS_6 = { 0x75, true, NO_RIGHTS, NONE }, SFS_7 = { 0x76, true, NO_RIGHTS, NONE },
    SFS_8 = { 0x77, true, NO_RIGHTS, NONE }, SFS_9 = { 0x90, true, NO_RIGHTS, NONE },
    SFS_10 = { 0x91, true, NO_RIGHTS_REPORTED, NONE }, SSS_1 = { 0x78, true, CA, NONE },
    SSS_2 = { 0x79, true, NO_RIGHTS, NONE }, SSS_3 = { 0x7a, true, CA, NONE },
    SSS_4 = { 0x7b, true, CA, NONE }, SSS_5 = { 0x7c, true, CA, NONE },
    SSS_6 = { 0x7d, true, CA, NONE }, SGN_1 = { 0x80, true, NO_RIGHTS, NONE },
    SGN_2 = { 0x81, true, NO_RIGHTS, NONE }, SGN_4_1 = { 0x83, true, NONE, UR },
    SGN_4_2 = { 0x83, true, NO_RIGHTS, NONE }, SGN_5 = { 0x84, true, NO_RIGHTS, NONE },
    SGN_6 = { 0x85, true, RIGHTS, NONE }, SGN_7 = { 0x86, true, RIGHTS, NONE },
    SGN_8 = { 0x87, true, CA, UR }, SGN_10 = { 0x89, true, UR, UR };

enum { UC_TYPE = 0, WC = 1, WT = 4, WP = 5, WB = 6, UC_MINUS = 7 };
enum { FIRST = 1, SECOND = 2, NESTED = 3, PASS = 4 }; /* PGTT */

typedef struct Ref {
    const RefUnit *u;
    const RefRequest *q;
    const RefMemory *m;
    RefResult *res;
    bool scalable, fpd, priv;
    /* Of the translation in force */
    uint64_t ss_root, fs_root;
    unsigned ss_levels, fs_levels;
    bool ad, snooped, wpe, eafe, pgsnp, cd, emte, nested;
    uint64_t pat;
    /* What the last leaves said */
    uint64_t fs_leaf, ss_leaf;
    unsigned fs_lg2, ss_lg2;
} Ref;

/* ---- bits --------------------------------------------------------------------------------- */

static uint64_t field(uint64_t v, unsigned hi, unsigned lo)
{
    v >>= lo;
    return hi - lo == 63 ? v : v & ((1ull << (hi - lo + 1)) - 1);
}

static bool bit(uint64_t v, unsigned n)
{
    return v >> n & 1;
}

static uint64_t at(const uint64_t *words, unsigned hi, unsigned lo)
{
    return field(words[lo / 64], hi % 64, lo % 64);
}

/** Whether any of bits [@hi:@lo], which may span words or be none, is set. */
static bool any(const uint64_t *words, unsigned hi, unsigned lo)
{
    for (unsigned n = lo; n <= hi && hi != ~0u; n++) {
        if (words[n / 64] >> (n % 64) & 1) {
            return true;
        }
    }
    return false;
}

static bool cap(const Ref *r, unsigned n)
{
    return bit(r->u->cap, n);
}

static bool ecap(const Ref *r, unsigned n)
{
    return bit(r->u->ecap, n);
}

static unsigned mgaw(const Ref *r)
{
    return (unsigned)field(r->u->cap, 21, 16) + 1;
}

static bool above(uint64_t v, unsigned bits)
{
    return bits < 64 && v >> bits;
}

static unsigned ss_width(const Ref *r)
{
    unsigned aw = 12 + 9 * r->ss_levels;

    return aw < mgaw(r) ? aw : mgaw(r);
}

/* ---- outcomes ------------------------------------------------------------------------------ */

static bool fault(Ref *r, Condition c)
{
    RefResult *res = r->res;
    Answer how = r->q->kind == REF_TRANSLATION ? c.request
                 : r->q->kind == REF_TRANSLATED ? c.translated : UR;

    res->reason = c.reason;
    res->recorded = !(c.qualified && r->fpd);
    res->outcome = how == CA ? REF_CA : REF_UR;
    if (how == NO_RIGHTS || how == NO_RIGHTS_REPORTED || how == RIGHTS) {
        res->outcome = REF_OK;
        res->recorded &= how == NO_RIGHTS_REPORTED;
        res->answer_priv = r->q->has_pasid && r->q->priv;
    }
    return false;
}

/** Memory must hold @set more bits at @addr, which holds @now. */
static void must_write(Ref *r, uint64_t addr, uint64_t set, uint64_t now)
{
    RefResult *res = r->res;
    unsigned i = 0;

    while (i < res->writes && res->write[i].addr != addr) {
        i++;
    }
    if (i == res->writes) {
        res->write[i].addr = addr;
        res->write[i].value = now;
        res->writes++;
    }
    res->write[i].value |= set;
}

static bool get(Ref *r, uint64_t addr, uint64_t *value)
{
    RefResult *res = r->res;

    if (!r->m->read(r->m->opaque, addr, value)) {
        return false;
    }
    for (unsigned i = 0; i < res->writes; i++) { /* what this very request has set before */
        if (res->write[i].addr == addr) {
            *value = res->write[i].value;
        }
    }
    return true;
}

static bool get_words(Ref *r, uint64_t addr, uint64_t *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!get(r, addr + 8 * i, &words[i])) {
            return false;
        }
    }
    return true;
}

static bool interrupt_range(uint64_t addr)
{
    return addr >> 20 == 0xfee;
}

/* ---- second stage [3.7] --------------------------------------------------------------------- */

/** What an access asks of the second stage, and which faults stand for what. */
typedef struct Want {
    bool read, write; /* both: atomic */
    bool either;      /* as much as is granted; nothing at all is a fault */
    bool no_read, no_write; /* @either: the first stage has withheld that */
    bool zero;        /* W does for a read */
    const Condition *denied; /* NULL: by the kind of access */
} Want;

static bool ss_fault(Ref *r, Condition legacy, Condition scalable)
{
    return fault(r, r->scalable ? scalable : legacy);
}

static bool lacks(Ref *r, const Want *w, bool readable, bool writable)
{
    if (!r->scalable) {
        if (w->either) {
            return readable || writable ? true : fault(r, LGN_3);
        }
        if (w->write && !writable) {
            return fault(r, LGN_2);
        }
        return w->read && !readable && !(w->zero && writable) ? fault(r, LGN_3) : true;
    }
    if (!readable && !writable) {
        return fault(r, SSS_2);
    }
    if (w->either) {
        return (readable && !w->no_read) || (writable && !w->no_write) ? true : fault(r, SGN_6);
    }
    if (w->write && !writable) {
        return fault(r, w->denied ? *w->denied : SGN_6);
    }
    if (w->read && !readable && !(w->zero && writable)) {
        return fault(r, w->denied ? *w->denied : SGN_7);
    }
    return true;
}

static bool ss_reserved(const Ref *r, uint64_t e, unsigned level, bool leaf)
{
    unsigned sslps = (unsigned)field(r->u->cap, 37, 34);
    bool reserved = false;

    if (level > 1 && bit(e, 7)) {
        reserved |= level > 3 || !bit(sslps, level - 2);
    }
    if (leaf && level > 1) {
        reserved |= field(e, 12 + 9 * (level - 1) - 1, 12) != 0;
    }
    reserved |= bit(e, 11) && (!leaf || !ecap(r, 7));
    if (r->u->haw < 52) {
        reserved |= field(e, 51, r->u->haw) != 0;
    }
    /* IW, where it is not enabled; units without it read the old TM bit, reserved as well */
    reserved |= bit(e, 62) && !bit(r->u->rtaddr, 7);
    return reserved;
}

static bool second_stage(Ref *r, uint64_t gpa, const Want *want, uint64_t *pa, bool *readable,
                         bool *writable)
{
    uint64_t table = r->ss_root, e, place;
    bool io_bits = bit(r->u->rtaddr, 7), top = true;

    *readable = *writable = true;
    for (unsigned level = r->ss_levels;; level--, top = false) {
        unsigned lg2 = 12 + 9 * (level - 1);
        bool rd, wr, leaf;
        uint64_t set = 0;

        place = table + 8 * field(gpa, lg2 + 8, lg2);
        if (!get(r, place, &e)) {
            return top ? ss_fault(r, LCT_4_3, SSS_4) : ss_fault(r, LSS_1, SSS_1);
        }
        rd = bit(e, io_bits ? 61 : 0);
        wr = bit(e, io_bits ? 62 : 1);
        if (!rd && !wr) {
            *readable = *writable = false;
            return lacks(r, want, false, false);
        }
        leaf = level == 1 || bit(e, 7);
        if (ss_reserved(r, e, level, leaf)) {
            return ss_fault(r, LSS_2, SSS_3);
        }
        *readable &= rd;
        *writable &= wr;
        if (leaf && !lacks(r, want, *readable, *writable)) {
            return false;
        }
        if (r->ad) {
            bool dirty = leaf && want->write;

            set = (1ull << 8 | (uint64_t)dirty << 9) & ~e;
            if (set) {
                if (!r->snooped) {
                    return fault(r, SSS_5);
                }
                if (!r->m->update(r->m->opaque, place)) {
                    return fault(r, SSS_6);
                }
                must_write(r, place, set, e);
            }
        }
        if (leaf) {
            r->ss_leaf = e | set;
            r->ss_lg2 = lg2;
            *pa = field(e, 51, lg2) << lg2 | field(gpa, lg2 - 1, 0);
            return true;
        }
        table = field(e, 51, 12) << 12;
    }
}

/* ---- first stage [3.6, 3.8] ------------------------------------------------------------------ */

static bool fs_reserved(const Ref *r, uint64_t e, unsigned level, bool leaf)
{
    bool reserved = false;

    if (level > 3 && bit(e, 7)) {
        reserved = true;
    }
    if (level == 3 && bit(e, 7) && !cap(r, 56)) {
        reserved = true;
    }
    if (leaf && level > 1) {
        reserved |= field(e, 12 + 9 * (level - 1) - 1, 13) != 0;
    }
    if (!r->nested && r->u->haw < 52) {
        reserved |= field(e, 51, r->u->haw) != 0;
    }
    return reserved;
}

/** Where the first-stage entry at @addr is in memory. */
static bool structure(Ref *r, uint64_t addr, bool update, bool top, uint64_t *place)
{
    bool readable, writable;
    Want w = {
        .read = true, .write = update || r->ad,
        .denied = update ? &SFS_8 : top ? &SFS_6 : &SFS_7,
    };

    if (!r->nested) {
        *place = addr;
        return true;
    }
    return second_stage(r, addr, &w, place, &readable, &writable);
}

static bool first_stage(Ref *r, const Want *want, uint64_t *out, bool *readable, bool *writable)
{
    uint64_t table = r->fs_root, va = r->q->addr, e, place, again;
    unsigned n = r->fs_levels == 5 ? 57 : 48;
    bool user = true, rw = true, top = true;
    uint64_t sign = va >> (n - 1);

    if (sign != 0 && sign != (1ull << (64 - n + 1)) - 1) {
        return fault(r, SGN_1);
    }
    for (unsigned level = r->fs_levels;; level--, top = false) {
        unsigned lg2 = 12 + 9 * (level - 1);
        uint64_t where = table + 8 * field(va, lg2 + 8, lg2), set = 1ull << 5;
        bool leaf;

        if (!structure(r, where, false, top, &place)) {
            return false;
        }
        if (!get(r, place, &e)) {
            return fault(r, top ? SFS_4 : SFS_1);
        }
        if (!bit(e, 0)) {
            return fault(r, SFS_2);
        }
        leaf = level == 1 || bit(e, 7);
        if (fs_reserved(r, e, level, leaf)) {
            return fault(r, SFS_3);
        }
        table = field(e, 51, leaf ? lg2 : 12) << (leaf ? lg2 : 12);
        if (r->nested && above(table, ss_width(r))) {
            return fault(r, SFS_5);
        }
        rw &= bit(e, 1);
        user &= bit(e, 2);
        if (leaf) {
            *readable = r->priv || user;
            *writable = r->priv ? !r->wpe || rw : user && rw;
            if (!*readable) {
                return fault(r, SGN_2);
            }
            if (want->write && !*writable) {
                return fault(r, SGN_6);
            }
            if (want->write) {
                set |= 1ull << 6;
            }
        }
        set |= (uint64_t)r->eafe << 10;
        if (set & ~e) {
            if (!r->snooped) {
                return fault(r, SFS_9);
            }
            if (!structure(r, where, true, top, &again)) {
                return false;
            }
            if (!r->m->update(r->m->opaque, place)) {
                return fault(r, SFS_10);
            }
            must_write(r, place, set, e);
        }
        if (leaf) {
            r->fs_leaf = e | set;
            r->fs_lg2 = lg2;
            *out = table | field(va, lg2 - 1, 0);
            return true;
        }
    }
}

/* ---- memory type and snooping [3.10, 3.11] --------------------------------------------------- */

static unsigned combine(unsigned memory, unsigned pat)
{
    switch (pat) {
    case UC_TYPE:
        return UC_TYPE;
    case WC:
        return WC;
    case UC_MINUS:
        return memory == WC || memory == WP ? WC : UC_TYPE;
    case WT:
        return memory == WT || memory == WB || memory == WP ? WT : UC_TYPE;
    case WP:
        return memory == WT || memory == WB || memory == WP ? WP : UC_TYPE;
    default: /* WB */
        return memory;
    }
}

static unsigned memory_type(const Ref *r, unsigned pgtt)
{
    unsigned i = 2 * bit(r->fs_leaf, 4) + bit(r->fs_leaf, 3), pat, emt;

    if (r->cd) {
        return UC_TYPE;
    }
    i += 4 * bit(r->fs_leaf, r->fs_lg2 == 12 ? 7 : 12);
    pat = (unsigned)field(r->pat, 4 * i + 2, 4 * i);
    emt = (unsigned)field(r->ss_leaf, 5, 3);
    switch (pgtt) {
    case FIRST:
        return combine(r->u->mtrr, pat);
    case SECOND:
        return r->emte ? emt : WB;
    case NESTED:
        if (!r->emte) {
            return combine(r->u->mtrr, pat);
        }
        return bit(r->ss_leaf, 6) ? emt : combine(emt, pat);
    default:
        return WB;
    }
}

/* ---- the request against its translation --------------------------------------------------- */

static bool finish(Ref *r, uint64_t pa, unsigned pgtt)
{
    const RefRequest *q = r->q;
    RefResult *res = r->res;
    bool second = pgtt == SECOND || pgtt == NESTED;
    bool leaf_snp = second && bit(r->ss_leaf, 11);

    if (q->kind == REF_TRANSLATION && pgtt == PASS && interrupt_range(pa)) {
        res->answer_priv = q->has_pasid && q->priv;
        return true; /* with PASID: no longer a condition of its own, and no right can be given */
    }
    if (interrupt_range(pa) ||
        (q->kind == REF_TRANSLATION && res->lg2 > 20 && pa >> res->lg2 == 0xfee00000 >> res->lg2)) {
        return fault(r, r->scalable ? SGN_8 : LGN_4);
    }
    res->pa = pa;
    res->translated = true;
    res->clean = res->w &&
                 (((pgtt == FIRST || pgtt == NESTED) && !bit(r->fs_leaf, 6)) ||
                  (second && r->ad && !bit(r->ss_leaf, 9)));
    res->type = memory_type(r, pgtt);
    if (q->kind == REF_TRANSLATION) {
        res->snoop = r->pgsnp || leaf_snp;
        res->answer_r = res->r;
        res->answer_w = res->w && !(q->no_write && ecap(r, 33));
        res->answer_priv = q->has_pasid && q->priv;
        res->translated = res->answer_r || res->answer_w;
    } else {
        res->snoop = !q->no_snoop || r->pgsnp || leaf_snp;
    }
    return true;
}

/** Condition S.1, S.2: a translation request without PASID into the interrupt range. */
static bool special(Ref *r)
{
    const RefRequest *q = r->q;

    if (q->kind != REF_TRANSLATION || q->has_pasid || !interrupt_range(q->addr)) {
        return false;
    }
    r->res->answer_w = r->res->answer_u = !q->no_write;
    return true;
}

static bool translated_request(Ref *r)
{
    if (above(r->q->addr, r->u->haw)) {
        return fault(r, r->scalable ? SGN_4_1 : LGN_1_2);
    }
    if (interrupt_range(r->q->addr)) {
        return fault(r, r->scalable ? SGN_8 : LGN_4);
    }
    r->res->pa = r->q->addr;
    r->res->translated = r->res->through = true;
    r->res->r = r->res->w = true;
    r->res->snoop = !r->q->no_snoop;
    r->res->type = WB;
    return true;
}

static bool pass_through(Ref *r)
{
    if (above(r->q->addr, r->u->haw)) {
        return fault(r, r->scalable ? SGN_4_2 : LGN_1_3);
    }
    r->res->r = r->res->w = r->res->through = true;
    return finish(r, r->q->addr, PASS);
}

static Want want_of(const Ref *r)
{
    const RefRequest *q = r->q;

    if (q->kind == REF_TRANSLATION) {
        bool read_only = q->no_write && ecap(r, 33);

        return (Want) { .read = read_only, .either = !read_only };
    }
    return (Want) { .read = q->read, .write = q->write, .zero = q->zero && cap(r, 22) };
}

static bool stages(Ref *r, unsigned pgtt, Want want, uint64_t *out)
{
    RefResult *res = r->res;
    uint64_t pa = r->q->addr;
    bool rd = true, wr = true;

    res->r = res->w = true;
    res->lg2 = 64;
    if (pgtt == FIRST || pgtt == NESTED) {
        if (!first_stage(r, &want, &pa, &res->r, &res->w)) {
            return false;
        }
        res->lg2 = r->fs_lg2;
        want.no_read = !res->r;
        want.no_write = !res->w;
    } else if (above(pa, ss_width(r))) {
        return fault(r, r->scalable ? SGN_5 : LGN_1_1);
    }
    if (pgtt != FIRST) {
        if (!second_stage(r, pa, &want, &pa, &rd, &wr)) {
            return false;
        }
        res->r &= rd;
        res->w &= wr;
        res->lg2 = r->ss_lg2 < res->lg2 ? r->ss_lg2 : res->lg2;
    }
    *out = pa;
    return true;
}

static bool walk(Ref *r, unsigned pgtt)
{
    Want want = want_of(r);
    uint64_t pa;

    if (!stages(r, pgtt, want, &pa)) {
        return false;
    }
    /* What is granted for writing is dirty before the answer: as if it were written now */
    if (want.either && r->res->w) {
        want = (Want) { .read = r->res->r, .write = true };
        if (!stages(r, pgtt, want, &pa)) {
            return false;
        }
    }
    return finish(r, pa, pgtt);
}

/* ---- legacy mode [3.4.2] --------------------------------------------------------------------- */

static bool legacy(Ref *r)
{
    uint64_t root[2], ctx[2];
    unsigned haw = r->u->haw, tt, aw, nd = 4 + 2 * (unsigned)field(r->u->cap, 2, 0);
    bool ats = r->q->kind != REF_UNTRANSLATED;
    uint64_t base = field(r->u->rtaddr, 63, 12) << 12;

    if (r->q->has_pasid) {
        return fault(r, RTA_2);
    }
    if (bit(r->u->rtaddr, 7)) {
        return fault(r, RTA_1);
    }
    if (!get_words(r, base + 16 * (r->q->sid >> 8), root, 2)) {
        return fault(r, LRT_1);
    }
    if (!bit(root[0], 0)) {
        return fault(r, LRT_2);
    }
    if (any(root, 11, 1) || any(root, 63, haw) || root[1]) {
        return fault(r, LRT_3);
    }
    if (!get_words(r, (field(root[0], 63, 12) << 12) + 16 * (r->q->sid & 0xff), ctx, 2)) {
        return fault(r, LCT_1);
    }
    r->fpd |= bit(ctx[0], 1);
    if (!bit(ctx[0], 0)) {
        return fault(r, LCT_2);
    }
    tt = (unsigned)at(ctx, 3, 2);
    if (any(ctx, 11, 4) || any(ctx, 71, 71) || any(ctx, 127, 88) ||
        any(ctx, 87, 72 + nd) || (tt != 2 && any(ctx, 63, haw))) {
        return fault(r, LCT_3);
    }
    aw = (unsigned)at(ctx, 66, 64);
    if (tt == 3 || (tt == 1 && !ecap(r, 2)) || (tt == 2 && !ecap(r, 6)) ||
        aw < 1 || aw > 3 || !bit(field(r->u->cap, 12, 8), aw)) {
        return fault(r, LCT_4_1);
    }
    if (ats && tt != 1) {
        return fault(r, LCT_5);
    }
    if (r->q->kind == REF_TRANSLATED) {
        return translated_request(r);
    }
    if (special(r)) {
        return true;
    }
    if (tt == 2) {
        return pass_through(r);
    }
    r->ss_levels = aw + 2;
    r->ss_root = field(ctx[0], 63, 12) << 12;
    r->snooped = true;
    return walk(r, SECOND);
}

/* ---- scalable mode [3.4.3] ------------------------------------------------------------------- */

static bool pasid_entry_reserved(const Ref *r, const uint64_t *e)
{
    unsigned haw = r->u->haw, nd = 4 + 2 * (unsigned)field(r->u->cap, 2, 0);
    bool ssts = ecap(r, 46), fsts = ecap(r, 47), mts = ecap(r, 25);

    return any(e, 5, 5) || any(e, 11, 10) || any(e, 86, 80) || any(e, 95, 91) ||
           any(e, 129, 129) || any(e, 139, 136) || any(e, 511, 192) ||
           any(e, 79, 64 + nd) || any(e, 63, haw) || any(e, 191, 128 + haw) ||
           (!ssts && (any(e, 4, 2) || any(e, 63, 12))) ||
           (!(ssts && ecap(r, 45)) && bit(e[0], 9)) ||
           (!ecap(r, 48) && at(e, 87, 87)) || (!ecap(r, 7) && at(e, 88, 88)) ||
           (!mts && (any(e, 90, 89) || any(e, 127, 96))) ||
           (!ecap(r, 31) && at(e, 128, 128)) ||
           (!fsts && (any(e, 132, 130) || any(e, 191, 140))) ||
           (!ecap(r, 34) && at(e, 135, 135));
}

static bool by_pasid_entry(Ref *r, const uint64_t *e)
{
    unsigned pgtt = (unsigned)at(e, 8, 6), aw = (unsigned)at(e, 4, 2), fspm;
    static const unsigned support[] = { 0, 47, 46, 26, 6 }; /* ECAP bit of each PGTT */
    bool first = pgtt == FIRST || pgtt == NESTED, second = pgtt == SECOND || pgtt == NESTED;

    r->fpd |= bit(e[0], 1);
    if (!bit(e[0], 0)) {
        return fault(r, SPT_2);
    }
    if (pasid_entry_reserved(r, e)) {
        return fault(r, SPT_3);
    }
    fspm = (unsigned)at(e, 131, 130);
    if (pgtt < 1 || pgtt > 4 || !ecap(r, support[pgtt]) ||
        (second && (aw < 1 || aw > 3 || !bit(field(r->u->cap, 12, 8), aw))) ||
        (first && (fspm > 1 || (fspm == 1 && !cap(r, 60))))) {
        return fault(r, SPT_4);
    }
    r->nested = pgtt == NESTED;
    r->ss_levels = aw + 2;
    r->fs_levels = fspm + 4;
    r->ss_root = field(e[0], 63, 12) << 12;
    r->fs_root = at(e, 191, 140) << 12;
    if (r->nested && above(r->fs_root, ss_width(r))) {
        return fault(r, SPT_4);
    }
    if (r->q->exec && r->u->ver >> 4 <= 7) {
        return fault(r, SPT_5);
    }
    if (r->priv && !at(e, 128, 128)) {
        return fault(r, SPT_6);
    }
    r->ad = second && bit(e[0], 9);
    r->snooped = at(e, 87, 87);
    r->pgsnp = at(e, 88, 88);
    r->cd = at(e, 89, 89);
    r->emte = at(e, 90, 90);
    r->pat = at(e, 127, 96);
    r->wpe = at(e, 132, 132);
    r->eafe = at(e, 135, 135);
    return pgtt == PASS ? pass_through(r) : walk(r, pgtt);
}

static bool context_reserved(const Ref *r, const uint64_t *c)
{
    return (!ecap(r, 2) && bit(c[0], 2)) || (!ecap(r, 40) && bit(c[0], 3)) ||
           (!ecap(r, 29) && bit(c[0], 4)) || bit(c[0], 5) || (!ecap(r, 56) && bit(c[0], 6)) ||
           any(c, 8, 7) || any(c, 255, 85) || any(c, 63, r->u->haw) ||
           (!ecap(r, 49) && any(c, 83, 64)) || (!ecap(r, 53) && at(c, 84, 84));
}

static bool scalable(Ref *r)
{
    const RefRequest *q = r->q;
    bool upper = q->sid & 0x80, ats = q->kind != REF_UNTRANSLATED;
    bool translated = q->kind == REF_TRANSLATED;
    uint64_t root[2], c[4], dir, e[8], base = field(r->u->rtaddr, 63, 12) << 12;
    unsigned haw = r->u->haw, bits;
    uint32_t rid_pasid, pasid;

    if (!get_words(r, base + 16 * (q->sid >> 8), root, 2)) {
        return fault(r, SRT_1);
    }
    if (!bit(root[upper], 0)) {
        return fault(r, SRT_2);
    }
    if ((bit(root[0], 0) && (any(root, 11, 1) || any(root, 63, haw))) ||
        (bit(root[1], 0) && (any(root, 75, 65) || any(root, 127, 64 + haw)))) {
        return fault(r, SRT_3);
    }
    if (!get_words(r, (field(root[upper], 63, 12) << 12) + 32 * (q->sid & 0x7f), c, 4)) {
        return fault(r, SCT_1);
    }
    r->fpd |= bit(c[0], 1);
    if (!bit(c[0], 0)) {
        return fault(r, SCT_2);
    }
    if (context_reserved(r, c)) {
        return fault(r, SCT_3);
    }
    bits = 13 + (unsigned)at(c, 11, 9);
    rid_pasid = (uint32_t)at(c, 83, 64);
    /* Inconsistent EPTR is no matter of requests that SCT.6 refuses */
    if ((bit(c[0], 4) && !bit(c[0], 2)) || above(rid_pasid, bits) ||
        (bit(c[0], 6) && !bit(c[0], 3) && !(q->has_pasid && !translated))) {
        return fault(r, SCT_4);
    }
    if (ats && !bit(c[0], 2)) {
        return fault(r, SCT_5);
    }
    if (q->has_pasid && !translated && !bit(c[0], 3)) {
        return fault(r, SCT_6);
    }
    if (q->has_pasid && translated && !bit(c[0], 6)) {
        return fault(r, SCT_10);
    }
    if (q->has_pasid && above(q->pasid, bits)) {
        return fault(r, SCT_7);
    }
    if (q->has_pasid && above(q->pasid, (unsigned)field(r->u->ecap, 39, 35) + 1)) {
        return fault(r, SGN_10);
    }
    if (q->has_pasid && q->pasid == rid_pasid) {
        return fault(r, SCT_9);
    }
    if (translated) {
        return translated_request(r);
    }
    if (special(r)) {
        return true;
    }
    pasid = q->has_pasid ? q->pasid : rid_pasid;
    r->priv = q->has_pasid ? q->priv : at(c, 84, 84);
    if (!get(r, (at(c, 63, 12) << 12) + 8 * (pasid >> 6), &dir)) {
        return fault(r, SPD_1);
    }
    r->fpd |= bit(dir, 1);
    if (!bit(dir, 0)) {
        return fault(r, SPD_2);
    }
    if (field(dir, 11, 2) || any(&dir, 63, haw)) {
        return fault(r, SPD_3);
    }
    if (!get_words(r, (field(dir, 63, 12) << 12) + 64 * (pasid & 63), e, 8)) {
        return fault(r, SPT_1);
    }
    return by_pasid_entry(r, e);
}

/* ---- any request ----------------------------------------------------------------------------- */

/** An untranslated request without PASID into the interrupt range [3.15]. True: that was it. */
static bool interrupt_request(Ref *r)
{
    const RefRequest *q = r->q;

    if (q->kind != REF_UNTRANSLATED || q->has_pasid || !interrupt_range(q->addr)) {
        return false;
    }
    if (q->write && !q->read && q->dword) {
        r->res->outcome = REF_INTERRUPT;
    } else if (q->zero) {
        r->res->pa = q->addr;
        r->res->translated = r->res->through = true;
        r->res->snoop = !q->no_snoop;
    } else {
        fault(r, IR_29);
    }
    return true;
}

void ref_translate(const RefUnit *unit, const RefRequest *req, const RefMemory *memory,
                   RefResult *res)
{
    Ref r = { .u = unit, .q = req, .m = memory, .res = res };
    unsigned ttm = (unsigned)field(unit->rtaddr, 11, 10);

    memset(res, 0, sizeof(*res));
    if (interrupt_request(&r)) {
        return;
    }
    if (req->kind == REF_TRANSLATED && req->has_pasid && !ecap(&r, 56)) {
        res->outcome = REF_UR; /* a protocol error, and no fault [4.2.1] */
        return;
    }
    if (ttm == 0) {
        legacy(&r);
    } else if (ttm == 1 && ecap(&r, 43)) {
        r.scalable = true;
        if (req->has_pasid && req->exec && unit->ver >> 4 >= 8) {
            fault(&r, RTA_5);
        } else {
            scalable(&r);
        }
    } else if (ttm == 3 && ecap(&r, 52)) {
        fault(&r, RTA_4);
    } else {
        fault(&r, RTA_1);
    }
}

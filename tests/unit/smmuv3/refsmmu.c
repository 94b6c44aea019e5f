/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slow reference: see refsmmu.h. Bit numbers are those of the specification's own tables. */
#include "refsmmu.h"

#include <string.h>

enum { TRANSLATION = 0x10, ADDR_SIZE = 0x11, ACCESS = 0x12, PERMISSION = 0x13, WALK_EABT = 0x0b,
       CD_FETCH = 0x09, BAD_CD = 0x0a, BAD_SUBSTREAMID = 0x08, STREAM_DISABLED = 0x06 };
enum { CLASS_CD, CLASS_TT, CLASS_IN };

typedef struct Ref {
    const uint64_t *ste;
    uint64_t cd[8];
    unsigned oas;
    bool stage1, stage2;
    uint8_t type, sh;       /* so far: the request's own, then stage 1's */
    RefRead *read;
    void *opaque;
    RefResult *res;
} Ref;

/** Bits [@hi:@lo] of a value, and of a structure by absolute number. */
static uint64_t field(uint64_t v, unsigned hi, unsigned lo)
{
    v >>= lo;
    return hi - lo == 63 ? v : v & ((1ull << (hi - lo + 1)) - 1);
}

static uint64_t at(const uint64_t *words, unsigned hi, unsigned lo)
{
    return field(words[lo / 64], hi % 64, lo % 64);
}

static bool bit(uint64_t v, unsigned n)
{
    return v >> n & 1;
}

static bool fault(Ref *r, uint8_t event, bool s2, unsigned cls, uint64_t ipa)
{
    r->res->event = event;
    r->res->s2 = s2;
    r->res->cls = cls;
    r->res->ipa = ipa;
    return false;
}

static bool abort_at(Ref *r, bool s2, unsigned cls, uint64_t ipa, uint64_t addr)
{
    r->res->fetch_addr = addr;
    return fault(r, WALK_EABT, s2, cls, ipa);
}

/** Memory must hold @value at @addr when all is done; several bits of one descriptor may come. */
static void must_write(Ref *r, uint64_t addr, uint64_t set, uint64_t clear, uint64_t now)
{
    RefResult *res = r->res;
    unsigned i = 0;

    while (i < res->writes && res->write[i].addr != addr) {
        i++;
    }
    if (i == res->writes) {
        res->write[i].value = now;
        res->write[i].addr = addr;
        res->writes++;
    }
    res->write[i].value = (res->write[i].value | set) & ~clear;
}

static unsigned size_of_code(const Ref *r, unsigned code)
{
    static const unsigned sizes[] = { 32, 36, 40, 42, 44, 48, 52, 56 };

    return sizes[code] < r->oas ? sizes[code] : r->oas;
}

/** Address field of a descriptor: D8.3.1 and WK7. */
static uint64_t output(const Ref *r, uint64_t desc, unsigned low, unsigned granule, bool ds)
{
    if (ds) {
        return field(desc, 49, low) << low | field(desc, 9, 8) << 50;
    }
    if (granule == 16 && r->oas == 52) {
        return field(desc, 47, low) << low | field(desc, 15, 12) << 48;
    }
    return field(desc, 47, low) << low;
}

static bool block_level(const Ref *r, int level, unsigned granule, bool ds)
{
    switch (granule) {
    case 12:
        return level == 1 || level == 2 || (level == 0 && ds);
    case 14:
        return level == 2 || (level == 1 && ds);
    default:
        return level == 2 || (level == 1 && r->oas == 52);
    }
}

/* ---- Attributes: MAIR bytes (13.1, MA) ---------------------------------------------------- */

static bool is_device(uint8_t type)
{
    return type < 0x10;
}

/** Of a Normal nibble: 0 Non-cacheable, 1 Write-Through, 2 Write-Back. */
static unsigned cacheability(unsigned nibble)
{
    return nibble == 4 ? 0 : nibble >= 0xc ? 2 : 1;
}

/** The weaker of stage 1's @nibble and stage 2's @s2 (1 NC, 2 WT, 3 WB); hints are stage 1's. */
static unsigned weaker(unsigned nibble, unsigned s2)
{
    unsigned c = cacheability(nibble);

    c = c < s2 - 1 ? c : s2 - 1;
    return c == 0 ? 4 : c == 1 ? 8 | (nibble & 3) : 0xc | (nibble & 3);
}

/** Device and iNC-oNC are Outer Shareable, whatever was asked. */
static void settle(Ref *r)
{
    if (is_device(r->type) || r->type == 0x44) {
        r->sh = 2;
    }
}

/** Stage 2's MemAttr[3:0] and SH on what there is; the more strongly ordered and shared wins. */
static void combine(Ref *r, unsigned memattr, unsigned sh)
{
    static const uint8_t strength[] = { [0] = 0, [3] = 1, [2] = 2 };

    if (memattr < 4) {
        uint8_t device = memattr << 2;

        r->type = is_device(r->type) && r->type < device ? r->type : device;
    } else if (!is_device(r->type)) {
        r->type = weaker(r->type >> 4, memattr >> 2) << 4 | weaker(r->type & 15, memattr & 3);
    }
    r->sh = strength[sh] > strength[r->sh] ? sh : r->sh;
    settle(r);
}

/** What a stage is asked, and why. */
typedef struct Want {
    bool read, write, exec, priv;
    unsigned cls;
    bool ttrnw;
} Want;

/** Stage 2 of @ipa. */
static bool stage2(Ref *r, uint64_t ipa, const Want *want, uint64_t *pa)
{
    static const int levels_4k[] = { 2, 1, 0, 3 };
    static const unsigned granules[] = { 12, 16, 14 };
    const uint64_t *ste = r->ste;
    unsigned granule = granules[at(ste, 175, 174)], stride = granule - 3;
    unsigned n = 64 - at(ste, 165, 160), sl0 = at(ste, 167, 166);
    bool ds = granule != 16 && at(ste, 195, 195);
    bool ha = at(ste, 184, 184), hd = ha && at(ste, 183, 183);
    unsigned ps = size_of_code(r, at(ste, 178, 176));
    uint64_t table = at(ste, 247, 196) << 4, desc, place, base;
    int level = granule == 12 ? levels_4k[sl0] : 3 - (int)sl0;
    bool readable, writable, executable, clean;
    unsigned lg2, top;

    if (granule == 12 && ds && at(ste, 194, 194)) {
        level = -1;
    }
    if (n < 64 && ipa >> n) {
        return fault(r, TRANSLATION, true, want->cls, ipa);
    }
    top = n;
    /* The start table, concatenated or not, is aligned to its size and never below 64 bytes */
    lg2 = granule + (3 - level) * stride;
    base = top > lg2 ? 8ull << (top - lg2) : 8;
    if (base < 64 && ps == 52) {
        base = 64;
    }
    table &= ~(base - 1);
    for (;; level++, top = lg2) {
        lg2 = granule + (3 - level) * stride;
        place = table + (top > lg2 ? field(ipa, top - 1, lg2) * 8 : 0);
        if (!r->read(r->opaque, place, &desc)) {
            return abort_at(r, true, want->cls, ipa, place);
        }
        if (!bit(desc, 0)) {
            return fault(r, TRANSLATION, true, want->cls, ipa);
        }
        if (level == 3 ? bit(desc, 1) : !bit(desc, 1)) {
            break;
        }
        if (level == 3) {
            return fault(r, TRANSLATION, true, want->cls, ipa);
        }
        table = output(r, desc, granule, granule, ds);
        if (table >> ps) {
            return fault(r, ADDR_SIZE, true, want->cls, ipa);
        }
    }
    if (level != 3 && !block_level(r, level, granule, ds)) {
        return fault(r, TRANSLATION, true, want->cls, ipa);
    }
    base = output(r, desc, lg2, granule, ds);
    if (base >> ps) {
        return fault(r, ADDR_SIZE, true, want->cls, ipa);
    }
    if (!bit(desc, 10) && !ha && !at(ste, 181, 181)) {
        return fault(r, ACCESS, true, want->cls, ipa);
    }
    readable = bit(desc, 6);
    writable = bit(desc, 7);
    clean = !writable && hd && bit(desc, 51);
    switch (field(desc, 54, 53)) {
    case 0:
        executable = true;
        break;
    case 1:
        executable = !want->priv;
        break;
    case 2:
        executable = false;
        break;
    default:
        executable = want->priv;
        break;
    }
    r->res->ttrnw = want->ttrnw;
    if ((want->read && !readable) || (want->write && !writable && !clean) ||
        (want->exec && !executable)) {
        return fault(r, PERMISSION, true, want->cls, ipa);
    }
    if (want->cls != CLASS_IN && r->stage1 && at(ste, 182, 182) && field(desc, 5, 4) == 0) {
        return fault(r, PERMISSION, true, want->cls, ipa);
    }
    if (ha && !bit(desc, 10)) {
        must_write(r, place, 1ull << 10, 0, desc);
    }
    if (want->write && clean) {
        must_write(r, place, 1ull << 7, 0, desc);
    }
    if (want->cls == CLASS_IN) {
        combine(r, field(desc, 5, 2), ds ? at(ste, 173, 172) : field(desc, 9, 8));
    }
    *pa = base | field(ipa, lg2 - 1, 0);
    return true;
}

/** Address of an SMMU access on behalf of stage 1. */
static bool through(Ref *r, uint64_t addr, unsigned cls, bool write, uint64_t *pa)
{
    Want want = { .read = true, .write = write, .priv = true, .cls = cls, .ttrnw = !write };

    if (!r->stage2) {
        *pa = addr;
        return true;
    }
    return stage2(r, addr, &want, pa);
}

/**
 * Which CD, if any (3.3.2, 5.2): @r->stage1 is off where S1DSS bypasses it. False: an event.
 */
static bool choose_cd(Ref *r, const RefAccess *a, unsigned *index)
{
    unsigned cdmax = at(r->ste, 63, 59), s1dss = at(r->ste, 65, 64);

    *index = 0;
    if (a->ssv && (!r->stage1 || !cdmax || a->ssid >> cdmax)) {
        r->res->event = BAD_SUBSTREAMID;
        return false;
    }
    if (!r->stage1 || !cdmax) {
        return true;
    }
    if (a->ssv ? !a->ssid && s1dss == 2 : s1dss == 0) {
        r->res->event = STREAM_DISABLED;
        return false;
    }
    r->stage1 = a->ssv || s1dss == 2;
    *index = a->ssv ? a->ssid : 0;
    return true;
}

static bool fetch_cd(Ref *r, unsigned index)
{
    uint64_t addr = (at(r->ste, 55, 6) << 6) + 64ull * index, pa;

    if (!through(r, addr, CLASS_CD, false, &pa)) {
        return false;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (!r->read(r->opaque, pa + 8 * i, &r->cd[i])) {
            r->res->fetch_addr = pa;
            r->res->event = CD_FETCH;
            return false;
        }
    }
    if (!at(r->cd, 31, 31)) {
        r->res->event = BAD_CD;
        return false;
    }
    return true;
}

/** Rights that stage 1 tables took away on the way down. */
typedef struct Tables {
    bool no_user, no_write, uxn, pxn;
} Tables;

/** Whether the leaf allows @a; *@dirty: only by being made dirty. */
static bool leaf_allows(const Ref *r, uint64_t desc, const Tables *t, const RefAccess *a,
                        bool *dirty)
{
    const uint64_t *cd = r->cd;
    bool hd = at(cd, 43, 43) && at(cd, 42, 42);
    bool user = bit(desc, 6) && !t->no_user;
    bool clean = bit(desc, 7) && hd && bit(desc, 51);
    bool write = (!bit(desc, 7) || clean) && !t->no_write;
    bool user_x = !bit(desc, 54) && !t->uxn;
    bool priv_x = !bit(desc, 53) && !t->pxn && !(user && write);
    bool r_ok, w_ok, x_ok;

    if (at(cd, 36, 36)) { /* WXN */
        user_x = user_x && !(user && write);
        priv_x = priv_x && !write;
    }
    if (a->priv) {
        bool pan = at(cd, 40, 40) && (user || (at(cd, 123, 123) && user_x));

        r_ok = !pan;
        w_ok = write && !pan;
        x_ok = priv_x;
    } else {
        r_ok = user;
        w_ok = user && write;
        x_ok = user_x;
    }
    *dirty = a->write && clean;
    return (!a->read || r_ok) && (!a->write || w_ok) && (!a->exec || x_ok);
}

/** What a CD says of one half of the addresses (5.4). */
typedef struct Half {
    unsigned granule, bits, sh;
    bool disabled, tbi, had, e0pd;
    uint64_t table;
} Half;

static Half half_of(const uint64_t *cd, bool upper)
{
    static const unsigned tg0[] = { 12, 16, 14 }, tg1[] = { 0, 14, 12, 16 };

    if (upper) {
        return (Half) {
            .granule = tg1[at(cd, 23, 22)], .bits = 64 - at(cd, 21, 16), .disabled = at(cd, 30, 30),
            .tbi = at(cd, 39, 39), .had = at(cd, 129, 129), .e0pd = at(cd, 130, 130),
            .table = at(cd, 183, 132) << 4, .sh = at(cd, 29, 28),
        };
    }
    return (Half) {
        .granule = tg0[at(cd, 7, 6)], .bits = 64 - at(cd, 5, 0), .disabled = at(cd, 14, 14),
        .tbi = at(cd, 38, 38), .had = at(cd, 65, 65), .e0pd = at(cd, 66, 66),
        .table = at(cd, 119, 68) << 4, .sh = at(cd, 13, 12),
    };
}

static bool stage1(Ref *r, const RefAccess *a, uint64_t *ipa)
{
    const uint64_t *cd = r->cd;
    Half h = half_of(cd, bit(a->addr, 55));
    unsigned granule = h.granule, stride = granule - 3, n = h.bits;
    bool ds = granule != 16 && at(cd, 186, 186), ha = at(cd, 43, 43), had = h.had;
    unsigned ips = size_of_code(r, at(cd, 34, 32)), lg2, top = n;
    int level = 4 - (int)((n - granule + stride - 1) / stride);
    uint64_t va = a->addr, table = h.table, desc, place, base;
    bool dirty;
    Tables t = { .no_user = false };

    if (h.disabled || (h.e0pd && !a->priv)) {
        return fault(r, TRANSLATION, false, CLASS_IN, 0);
    }
    if (h.tbi) {
        va = field(va, 55, 0) | (bit(va, 55) ? 0xffull << 56 : 0);
    }
    /* All bits above the input size are as bit 55 */
    if ((bit(va, 55) ? ~va : va) >> n) {
        return fault(r, TRANSLATION, false, CLASS_IN, 0);
    }
    lg2 = granule + (3 - level) * stride;
    base = top > lg2 ? 8ull << (top - lg2) : 8;
    if (base < 64 && ips == 52) {
        base = 64;
    }
    table &= ~(base - 1);
    for (;; level++, top = lg2) {
        lg2 = granule + (3 - level) * stride;
        if (!through(r, table + (top > lg2 ? field(va, top - 1, lg2) * 8 : 0), CLASS_TT, false,
                     &place)) {
            return false;
        }
        if (!r->read(r->opaque, place, &desc)) {
            return abort_at(r, false, CLASS_TT, 0, place);
        }
        if (!bit(desc, 0)) {
            return fault(r, TRANSLATION, false, CLASS_IN, 0);
        }
        if (level == 3 ? bit(desc, 1) : !bit(desc, 1)) {
            break;
        }
        if (level == 3) {
            return fault(r, TRANSLATION, false, CLASS_IN, 0);
        }
        table = output(r, desc, granule, granule, ds);
        if (table >> ips) {
            return fault(r, ADDR_SIZE, false, CLASS_IN, 0);
        }
        if (!had) {
            t.no_user |= bit(desc, 61);
            t.no_write |= bit(desc, 62);
            t.uxn |= bit(desc, 60);
            t.pxn |= bit(desc, 59);
        }
    }
    if (level != 3 && !block_level(r, level, granule, ds)) {
        return fault(r, TRANSLATION, false, CLASS_IN, 0);
    }
    base = output(r, desc, lg2, granule, ds);
    if (base >> ips) {
        return fault(r, ADDR_SIZE, false, CLASS_IN, 0);
    }
    if (!bit(desc, 10) && !ha && !at(cd, 35, 35)) {
        return fault(r, ACCESS, false, CLASS_IN, 0);
    }
    if (!leaf_allows(r, desc, &t, a, &dirty)) {
        return fault(r, PERMISSION, false, CLASS_IN, 0);
    }
    if ((ha && !bit(desc, 10)) || dirty) {
        uint64_t again;
        unsigned index_top = top;

        if (!through(r, table + (index_top > lg2 ? field(va, index_top - 1, lg2) * 8 : 0),
                     CLASS_TT, true, &again)) {
            return false;
        }
        must_write(r, place, ha ? 1ull << 10 : 0, dirty ? 1ull << 7 : 0, desc);
    }
    r->type = field(cd[3], 8 * field(desc, 4, 2) + 7, 8 * field(desc, 4, 2)); /* MAIR */
    r->sh = ds ? h.sh : field(desc, 9, 8);
    settle(r);
    *ipa = base | field(va, lg2 - 1, 0);
    return true;
}

void ref_translate(const uint64_t ste[8], unsigned oas, const RefAccess *access, RefRead *read,
                   void *opaque, RefResult *res)
{
    unsigned config = at(ste, 3, 1);
    Ref r = {
        .ste = ste, .oas = oas, .read = read, .opaque = opaque, .res = res,
        .stage1 = config & 1, .stage2 = config & 2, .type = 0xff,
    };
    Want want = {
        .read = access->read, .write = access->write, .exec = access->exec, .priv = access->priv,
        .cls = CLASS_IN,
    };
    uint64_t ipa = access->addr;
    unsigned index;

    memset(res, 0, sizeof(*res));
    if (!choose_cd(&r, access, &index)) {
        return;
    }
    if (r.stage1) {
        if (!fetch_cd(&r, index) || !stage1(&r, access, &ipa)) {
            return;
        }
    } else if (ipa >> oas) {
        fault(&r, ADDR_SIZE, false, CLASS_IN, 0);
        return;
    }
    if (r.stage2) {
        if (!stage2(&r, ipa, &want, &res->pa)) {
            return;
        }
    } else {
        res->pa = ipa;
    }
    res->type = r.type;
    res->sh = r.sh;
}

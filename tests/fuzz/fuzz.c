/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzzers of both models share: input, memory, requests, invariants. */
#include "fuzz.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/fields.h"

#define OPERATIONS 400

/* ---- input ------------------------------------------------------------------------------- */

uint64_t fuzz_take(FuzzInput *in, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes && in->left; i++) {
        v = v << 8 | *in->data++;
        in->left--;
    }
    return v;
}

uint32_t fuzz_below(FuzzInput *in, uint32_t n)
{
    return (uint32_t)(fuzz_take(in, n > 256 ? 2 : 1) % n);
}

bool fuzz_chance(FuzzInput *in, uint32_t n)
{
    return fuzz_below(in, n) == n - 1;
}

uint64_t fuzz_word(FuzzInput *in)
{
    switch (fuzz_below(in, 8)) {
    case 0:
        return fuzz_take(in, 1);
    case 1:
        return ~0ull;
    case 2:
        return 1ull << fuzz_below(in, 64);
    case 3:
        return (1ull << fuzz_below(in, 64)) - 1;
    case 4:
        return ~0ull << fuzz_below(in, 64);
    case 5:
        return FUZZ_RAM_BASE + (fuzz_take(in, 3) & (FUZZ_RAM_BYTES - 1));
    case 6:
        return fuzz_take(in, 4);
    default:
        return fuzz_take(in, 8);
    }
}

/* ---- bed --------------------------------------------------------------------------------- */

static uint64_t bus_read(void *opaque, uint64_t offset, unsigned size)
{
    FuzzBed *b = opaque;

    return b->m->ops->mmio_read(b->m, offset, size);
}

static void bus_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    FuzzBed *b = opaque;

    b->m->ops->mmio_write(b->m, offset, value, size);
}

void fuzz_bed_init(FuzzBed *b, FuzzInput *in)
{
    memset(b, 0, sizeof(*b));
    b->in = in;
    b->wild = fuzz_below(in, 3);
    ramhost_init(&b->ram, FUZZ_RAM_BASE, FUZZ_RAM_BYTES);
    b->mem = ramhost_guestmem(&b->ram, FUZZ_RAM_BASE, FUZZ_RAM_BASE + FUZZ_RAM_BYTES);
}

static void request_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    FuzzBed *b = opaque;

    if (!cookie || cookie > b->cookie || cycle < b->last_done) {
        fuzz_fail("request %" PRIu64 " is done at %" PRIu64 ", after one at %" PRIu64, cookie,
                  cycle, b->last_done);
    }
    b->last_done = cycle;
}

static void pass_time(void *opaque)
{
    FuzzBed *b = opaque;

    b->cycle = iommu_timed_now(b->timed) + 100;
    iommu_timed_run_until(b->timed, b->cycle);
}

void fuzz_bed_clock(FuzzBed *b)
{
    static const IommuTimedOps ops = { .done = request_done };

    b->timed = iommu_timed_new(b->m, &iommu_timing_standard, &ops, b);
    if (!b->timed) {
        fuzz_fail("the model cannot be put on a clock");
    }
    b->bus.wait = pass_time;
}

/* Far more events than a few hundred requests and commands make. */
#define EVENTS 10000000

void fuzz_bed_settle(FuzzBed *b)
{
    for (int i = 0; b->timed && iommu_timed_next(b->timed) != IOMMU_CYCLE_NEVER; i++) {
        if (i == EVENTS) {
            fuzz_fail("time goes on for ever");
        }
        iommu_timed_run_until(b->timed, iommu_timed_next(b->timed));
    }
}

IommuCounters fuzz_totals;

void fuzz_bed_destroy(FuzzBed *b)
{
    if (b->m) {
#define X(name, what) fuzz_totals.name += b->m->counters.name;
        IOMMU_COUNTERS(X)
#undef X
        if (b->timed) {
            iommu_timed_free(b->timed);
        }
        b->m->ops->free(b->m);
    }
    ramhost_destroy(&b->ram);
}

void fuzz_bed_attach(FuzzBed *b, IommuModel *m, uint64_t mmio_size)
{
    b->m = m;
    b->mmio_size = mmio_size;
    b->bus = (RegBus) { .read = bus_read, .write = bus_write, .opaque = b };
}

void fuzz_place(FuzzBed *b, uint64_t pa)
{
    if (b->place_count < FUZZ_PLACES) {
        b->places[b->place_count++] = pa;
    }
}

void fuzz_input_addr(FuzzBed *b, uint64_t addr)
{
    if (b->input_count < FUZZ_PLACES) {
        b->inputs[b->input_count++] = addr;
    }
}

const IommuProfile *fuzz_profile(FuzzInput *in)
{
#define SMALL(n, w, r) { .entries = (n), .ways = (w), .replacement = (r), .seed = 1 }
#define LEVELS(n, w, r)                                                                        \
    { SMALL(n, w, r), SMALL(n, w, r), SMALL(n, w, r), SMALL(n, w, r), SMALL(n, w, r) }
#define ALIKE(n, w, r)                                                                         \
    .tlb = SMALL(n, w, r), .ipa = SMALL(n, w, r),                                              \
    .tables = { LEVELS(n, w, r), LEVELS(n, w, r) },                                            \
    .config = SMALL(n, w, r), .subconfig = SMALL(n, w, r), .interrupt = SMALL(n, w, r)
    static const IommuProfile profiles[] = {
        { .name = "off", ALIKE(0, 1, IOMMU_REPLACE_LRU) },
        { .name = "one", ALIKE(1, 1, IOMMU_REPLACE_LRU) },
        { .name = "plru", ALIKE(16, 4, IOMMU_REPLACE_PLRU) },
        { .name = "round-robin", ALIKE(8, 2, IOMMU_REPLACE_RR) },
        { .name = "random", ALIKE(64, 8, IOMMU_REPLACE_RANDOM) },
        { .name = "lru", ALIKE(128, 4, IOMMU_REPLACE_LRU) },
    };

    return &profiles[fuzz_below(in, sizeof(profiles) / sizeof(profiles[0]))];
}

/* ---- invariants -------------------------------------------------------------------------- */

void fuzz_fail(const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "fuzz: ");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n");
    abort();
}

void fuzz_check(const FuzzBed *b)
{
    const IommuCounters *c = &b->m->counters;

    if (c->transactions != c->translated + c->bypassed + c->aborted + c->stalled) {
        fuzz_fail("transactions %" PRIu64 " != translated %" PRIu64 " + bypassed %" PRIu64
                  " + aborted %" PRIu64 " + stalled %" PRIu64, c->transactions, c->translated,
                  c->bypassed, c->aborted, c->stalled);
    }
    if (c->tlb_lookups != c->tlb_hits + c->tlb_misses) {
        fuzz_fail("tlb_lookups %" PRIu64 " != hits %" PRIu64 " + misses %" PRIu64, c->tlb_lookups,
                  c->tlb_hits, c->tlb_misses);
    }
}

static void check_result(const IommuTxn *t, const IommuResult *r)
{
    if (r->status > IOMMU_STATUS_INTERRUPT) {
        fuzz_fail("status %u", r->status);
    }
    if (r->status != IOMMU_STATUS_OK) {
        return;
    }
    if (r->page_lg2 < 12 || r->page_lg2 > 64) {
        fuzz_fail("a translation of %#" PRIx64 " spans 2^%u bytes", t->addr, r->page_lg2);
    }
    /* Translation keeps the offset in the page. */
    if (t->kind == IOMMU_TXN_UNTRANSLATED && ((r->pa ^ t->addr) & 0xfff)) {
        fuzz_fail("%#" PRIx64 " translates to %#" PRIx64, t->addr, r->pa);
    }
}

/* ---- operations -------------------------------------------------------------------------- */

static uint64_t some_input(FuzzBed *b)
{
    uint64_t a;

    if (!b->input_count || fuzz_chance(b->in, 8)) {
        return fuzz_word(b->in);
    }
    a = b->inputs[fuzz_below(b->in, b->input_count)] + fuzz_below(b->in, 64) * 64;
    if (fuzz_chance(b->in, 4)) {
        a += (uint64_t)fuzz_below(b->in, 16) << 12;
    }
    return a;
}

static void some_txn(FuzzBed *b, IommuTxn *t)
{
    uint32_t flags = (uint32_t)fuzz_take(b->in, 2);

    *t = (IommuTxn) {
        .addr = some_input(b),
        .arrival = b->cycle,
        .stream = fuzz_chance(b->in, 16) ? (uint32_t)fuzz_word(b->in)
                                         : fuzz_below(b->in, b->streams),
        .attr = { .type = 0xff, .snoop = flags & 1 },
        .write = flags & 2,
        .exec = !(flags & 2) && (flags & 0x1c) == 0x1c,
        .priv = flags & 0x20,
        .has_pasid = (flags & 0xc0) == 0xc0,
        .no_snoop = flags & 0x100,
        .no_write = flags & 0x200,
        .speculative = (flags & 0xc00) == 0xc00,
    };
    if (t->has_pasid) {
        t->pasid = fuzz_chance(b->in, 8) ? fuzz_word(b->in) & 0xfffff : fuzz_below(b->in, 8);
    }
    if ((flags & 0x7000) == 0x7000) {
        t->write = t->atomic = true;
        t->exec = false;
    }
    switch (fuzz_below(b->in, 8)) {
    case 0:
        t->kind = IOMMU_TXN_ATS_REQUEST;
        t->addr &= ~0xfffull;
        break;
    case 1:
        t->kind = IOMMU_TXN_TRANSLATED;
        break;
    case 2:
        t->cookie = ++b->cookie; /* can wait for a stall */
        break;
    }
    t->size = t->atomic ? 8 : fuzz_below(b->in, 65);
    if ((t->addr & 0xfff) + t->size > 0x1000) {
        t->addr &= ~0xfffull;
    }
}

/* A debugger's look must leave registers, memory and counters as they were. */
static void check_probe(FuzzBed *b, IommuTxn t)
{
    IommuCounters before = b->m->counters;
    IommuStateWriter s[2] = { { 0 }, { 0 } };
    uint64_t writes = b->ram.writes, swaps = b->ram.swaps, pulses = b->ram.pulses;
    IommuResult r;

    t.probe = true;
    b->m->ops->save(b->m, &s[0]);
    iommu_translate(b->m, &t, &r);
    b->m->ops->save(b->m, &s[1]);
#define X(name, what)                                                                          \
    if (before.name != b->m->counters.name) {                                                  \
        fuzz_fail("a probe of %#" PRIx64 " counts as %s", t.addr, #name);                      \
    }
    IOMMU_COUNTERS(X)
#undef X
    if (writes != b->ram.writes || swaps != b->ram.swaps || pulses != b->ram.pulses) {
        fuzz_fail("a probe of %#" PRIx64 " writes memory or interrupts", t.addr);
    }
    if (s[0].len != s[1].len || memcmp(s[0].data, s[1].data, s[0].len)) {
        fuzz_fail("a probe of %#" PRIx64 " changed the model's state", t.addr);
    }
    free(s[0].data);
    free(s[1].data);
}

static void do_translate(FuzzBed *b)
{
    IommuResult r;
    IommuTxn t;

    some_txn(b, &t);
    if (fuzz_chance(b->in, 32)) {
        check_probe(b, t);
    }
    memset(&r, 0xa5, sizeof(r));
    if (b->timed && t.cookie) {
        iommu_timed_submit(b->timed, &t, &r);
    } else {
        iommu_translate(b->m, &t, &r);
    }
    check_result(&t, &r);
}

static void do_register(FuzzBed *b, const uint32_t *registers, size_t count)
{
    unsigned size = fuzz_chance(b->in, 2) ? 8 : 4;
    uint64_t offset;

    if (fuzz_chance(b->in, 8)) {
        offset = fuzz_take(b->in, 4) % b->mmio_size;
    } else {
        offset = registers[fuzz_below(b->in, (uint32_t)count)];
        offset += fuzz_chance(b->in, 8) ? 4 : 0;
    }
    offset &= ~(uint64_t)(size - 1);
    if (offset + size > b->mmio_size) {
        return;
    }
    if (fuzz_chance(b->in, 4)) {
        b->m->ops->mmio_read(b->m, offset, size);
    } else {
        uint64_t v = fuzz_word(b->in);

        b->m->ops->mmio_write(b->m, offset, size == 4 ? (uint32_t)v : v, size);
    }
}

/* Returns the address damaged, 0 if none; *@old: what was there. */
static uint64_t do_damage(FuzzBed *b, uint64_t *old)
{
    uint64_t at;

    if (!b->place_count || fuzz_chance(b->in, 8)) {
        at = FUZZ_RAM_BASE + (fuzz_take(b->in, 3) & (FUZZ_RAM_BYTES - 8));
    } else {
        at = b->places[fuzz_below(b->in, b->place_count)] + 8 * (uint64_t)fuzz_below(b->in, 8);
    }
    if (!ramhost_at(&b->ram, at, 8)) {
        return 0;
    }
    *old = ramhost_read64(&b->ram, at);
    /* A flipped bit keeps the rest plausible. */
    ramhost_write64(&b->ram, at, fuzz_chance(b->in, 4) ? fuzz_word(b->in)
                                                       : *old ^ 1ull << fuzz_below(b->in, 64));
    return at;
}

/* Damage, look what requests make of it, and mend. */
static void do_passing_damage(FuzzBed *b)
{
    uint64_t old, at = do_damage(b, &old);

    for (unsigned i = fuzz_below(b->in, 4); i; i--) {
        do_translate(b);
    }
    if (at) {
        ramhost_write64(&b->ram, at, old);
    }
}

static void do_abort_window(FuzzBed *b)
{
    uint64_t first;

    if (b->ram.window_count >= 4 || fuzz_chance(b->in, 2)) {
        ramhost_abort_none(&b->ram);
        return;
    }
    first = b->place_count ? b->places[fuzz_below(b->in, b->place_count)] : fuzz_word(b->in);
    ramhost_abort(&b->ram, first, first + (8ull << fuzz_below(b->in, 10)) - 1,
                  1 + fuzz_below(b->in, RAMHOST_ANY));
}

/* The guest's CPU changes a word in the middle of what the model does. */
static void race(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    FuzzBed *b = opaque;
    uint64_t old;

    (void)kind;
    (void)addr;
    (void)n;
    ram->hook = NULL;
    do_damage(b, &old);
}

static void do_page_request(FuzzBed *b)
{
    uint32_t flags = (uint32_t)fuzz_take(b->in, 1);
    IommuPageRequest q = {
        .addr = some_input(b) & ~0xfffull, .arrival = b->cycle,
        .stream = fuzz_below(b->in, b->streams), .pasid = fuzz_below(b->in, 8),
        .prgi = (uint16_t)fuzz_below(b->in, 512), .has_pasid = flags & 1, .last = flags & 2,
        .r = flags & 4, .w = flags & 8, .x = flags & 16, .priv = flags & 32,
    };

    if (b->m->ops->page_request) {
        b->m->ops->page_request(b->m, &q);
    }
}

static void do_ats_answer(FuzzBed *b)
{
    b->ram.ats_answer = (IommuAtsInvStatus)fuzz_below(b->in, 3);
    if (b->m->ops->ats_inv_done) {
        b->m->ops->ats_inv_done(b->m, fuzz_below(b->in, b->streams),
                                (uint32_t)fuzz_below(b->in, 64), fuzz_chance(b->in, 2));
    }
}

/* A model that loads a saved state saves the same state. */
static void do_save_load(FuzzBed *b, IommuModel *spare)
{
    IommuStateWriter first = { 0 }, second = { 0 };
    IommuStateReader reader;

    b->m->ops->save(b->m, &first);
    reader = (IommuStateReader) { .data = first.data, .len = first.len };
    if (!iommu_state_valid(&reader) || !spare->ops->load(spare, &reader)) {
        fuzz_fail("a model does not load what it saved");
    }
    spare->ops->save(spare, &second);
    if (first.len != second.len || memcmp(first.data, second.data, first.len)) {
        fuzz_fail("saved state changes by saving and loading");
    }
    /* Damaged: refused or loaded, nothing worse. */
    if (first.len) {
        first.data[fuzz_take(b->in, 3) % first.len] ^= (uint8_t)(1 + fuzz_below(b->in, 255));
        spare->ops->load(spare, &reader);
    }
    free(first.data);
    free(second.data);
}

typedef struct Mappings {
    unsigned count;
    uint64_t first, last;
} Mappings;

static bool see_mapping(void *opaque, uint64_t addr, uint64_t pa, uint64_t bytes, uint8_t rights)
{
    Mappings *seen = opaque;

    (void)pa;
    if (!bytes || !rights) {
        fuzz_fail("enumerate shows an empty mapping at %#" PRIx64, addr);
    }
    if (addr > seen->last || addr + (bytes - 1) < seen->first) {
        fuzz_fail("enumerate shows %#" PRIx64 " outside what was asked for", addr);
    }
    return ++seen->count < 1000;
}

static void do_enumerate(FuzzBed *b)
{
    Mappings seen = { .first = some_input(b) & ~0xfffull };
    uint64_t span = (4096ull << fuzz_below(b->in, 12)) - 1;

    seen.last = seen.first > ~0ull - span ? ~0ull : seen.first + span;
    b->m->ops->enumerate(b->m, fuzz_below(b->in, b->streams), seen.first, seen.last, see_mapping,
                         &seen);
}

void fuzz_loop(FuzzBed *b, FuzzOpFn *own, void *opaque, const uint32_t *registers,
               size_t register_count, IommuModel *(*spare)(FuzzBed *b, void *opaque))
{
    uint64_t old;

    for (int i = 0; i < OPERATIONS && b->in->left; i++) {
        switch (fuzz_below(b->in, 32)) {
        case 0 ... 4:
            if (b->wild == 2) {
                do_register(b, registers, register_count);
            } else {
                do_translate(b);
            }
            break;
        case 5 ... 8:
            if (b->wild) {
                do_damage(b, &old);
            } else {
                do_passing_damage(b);
            }
            break;
        case 9 ... 14:
            own(b, opaque);
            break;
        case 15:
            do_page_request(b);
            break;
        case 16:
            do_ats_answer(b);
            break;
        case 17:
            do_abort_window(b);
            break;
        case 18:
            if (!b->wild) {
                do_translate(b);
                break;
            }
            ramhost_hook(&b->ram, race, b, RAMHOST_READ | RAMHOST_WRITE | RAMHOST_CAS,
                         1 + fuzz_below(b->in, 16));
            break;
        case 19:
            do_enumerate(b);
            break;
        case 20:
            b->m->ops->watch(b->m, fuzz_below(b->in, b->streams), fuzz_chance(b->in, 2));
            break;
        case 21:
            if (fuzz_chance(b->in, 4)) {
                IommuModel *other = spare(b, opaque);

                do_save_load(b, other);
                other->ops->free(other);
            }
            break;
        case 22:
            if (b->timed) {
                b->cycle = iommu_timed_now(b->timed) + fuzz_take(b->in, 2);
                iommu_timed_run_until(b->timed, b->cycle);
            } else {
                b->cycle += fuzz_take(b->in, 2);
                b->m->ops->run_until(b->m, b->cycle);
            }
            break;
        case 23:
            if (b->wild && fuzz_chance(b->in, 16)) {
                b->m->ops->reset(b->m);
                if (b->timed) {
                    iommu_timed_reset(b->timed);
                    b->cycle = b->last_done = 0;
                }
            }
            break;
        default:
            do_translate(b);
            break;
        }
        fuzz_check(b);
    }
    fuzz_bed_settle(b);
    fuzz_check(b);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small driver of iommu-dma (docs/specs/iommu-dma.rst). */
#include "dma-driver.h"

#include <string.h>

bool dma_driver_init(DmaDriver *d, const RegBus *bus)
{
    uint64_t id = reg_read64(bus, IDMA_ID);

    d->bus = bus;
    d->channels = reg_get(reg_read64(bus, IDMA_CAPS), IDMA_CAPS_CHANNELS);
    return reg_get(id, IDMA_ID_MAGIC) == IDMA_MAGIC &&
           reg_get(id, IDMA_ID_VERSION) == IDMA_REVISION;
}

uint64_t dma_read(DmaDriver *d, uint32_t reg)
{
    return reg_read64(d->bus, reg);
}

void dma_write(DmaDriver *d, uint32_t reg, uint64_t value)
{
    reg_write64(d->bus, reg, value);
}

uint64_t dma_ch_read(DmaDriver *d, unsigned ch, uint32_t reg)
{
    return reg_read64(d->bus, IDMA_CHANNEL(ch) + reg);
}

void dma_ch_write(DmaDriver *d, unsigned ch, uint32_t reg, uint64_t value)
{
    reg_write64(d->bus, IDMA_CHANNEL(ch) + reg, value);
}

unsigned dma_ch_state(DmaDriver *d, unsigned ch)
{
    return reg_get(dma_ch_read(d, ch, IDMA_CH_STATUS), IDMA_CH_STATUS_STATE);
}

void dma_start(DmaDriver *d, unsigned ch, const DmaDesc *desc)
{
    for (unsigned i = 0; i < IDMA_DESC_WORDS; i++) {
        dma_ch_write(d, ch, IDMA_CH_DESC + 8 * i, desc->w[i]);
    }
    dma_ch_write(d, ch, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_START, 1));
}

bool dma_wait(DmaDriver *d, unsigned ch)
{
    for (int i = 0; i < REG_POLLS; i++) {
        if (dma_ch_state(d, ch) != IDMA_CH_BUSY) {
            return true;
        }
        if (d->bus->wait) {
            d->bus->wait(d->bus->opaque);
        }
    }
    return false;
}

void dma_completion_decode(const uint64_t w[IDMA_CMPL_WORDS], DmaCompletion *c)
{
    memmove(c->w, w, sizeof(c->w));
    c->status = field_get(c->w, IDMA_C_STATUS);
    c->op = field_get(c->w, IDMA_C_OP);
    c->stalled = field_get(c->w, IDMA_C_STALLED);
    c->razwi = field_get(c->w, IDMA_C_RAZWI);
    c->paged = field_get(c->w, IDMA_C_PAGED);
    c->bypassed = field_get(c->w, IDMA_C_BYPASSED);
    c->phase = field_get(c->w, IDMA_C_PHASE);
    c->fault = field_get(c->w, IDMA_C_FAULT);
    c->cookie = field_get(c->w, IDMA_C_COOKIE);
    c->done = field_get(c->w, IDMA_C_DONE);
    c->errors = field_get(c->w, IDMA_C_ERRORS);
    c->addr = field_get(c->w, IDMA_C_ADDR);
    c->pa = field_get(c->w, IDMA_C_PA);
    c->value = field_get(c->w, IDMA_C_VALUE);
    c->start = field_get(c->w, IDMA_C_START);
    c->end = field_get(c->w, IDMA_C_END);
}

void dma_completion(DmaDriver *d, unsigned ch, DmaCompletion *c)
{
    uint64_t w[IDMA_CMPL_WORDS];

    for (unsigned i = 0; i < IDMA_CMPL_WORDS; i++) {
        w[i] = dma_ch_read(d, ch, IDMA_CH_CMPL + 8 * i);
    }
    dma_completion_decode(w, c);
}

bool dma_run(DmaDriver *d, unsigned ch, const DmaDesc *desc, DmaCompletion *c)
{
    dma_start(d, ch, desc);
    if (!dma_wait(d, ch)) {
        return false;
    }
    dma_completion(d, ch, c);
    return true;
}

void dma_local_write(DmaDriver *d, uint32_t offset, const void *buf, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 8) {
        reg_write64(d->bus, IDMA_LOCAL + offset + i, le64_load((const uint8_t *)buf + i));
    }
}

void dma_local_read(DmaDriver *d, uint32_t offset, void *buf, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 8) {
        le64_store((uint8_t *)buf + i, reg_read64(d->bus, IDMA_LOCAL + offset + i));
    }
}

/* ---- rings ---------------------------------------------------------------------------------- */

void dma_ring_init(DmaRing *r, DmaDriver *d, GuestMem *mem, unsigned ch, unsigned lg2,
                   uint64_t iova_delta, uint64_t attr)
{
    *r = (DmaRing) { .d = d, .mem = mem, .ch = ch, .lg2 = lg2 };
    r->base = gmem_alloc(mem, (uint64_t)IDMA_DESC_BYTES << lg2, 4096);
    r->cmpl = gmem_alloc(mem, (uint64_t)IDMA_CMPL_BYTES << lg2, 4096);
    dma_ch_write(d, ch, IDMA_CH_RING_BASE, r->base + iova_delta);
    dma_ch_write(d, ch, IDMA_CH_CMPL_BASE, r->cmpl + iova_delta);
    dma_ch_write(d, ch, IDMA_CH_RING_ATTR, attr);
    dma_ch_write(d, ch, IDMA_CH_RING_SIZE, lg2);
    dma_ch_write(d, ch, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_ENABLE, 1));
}

static uint32_t ring_entries(const DmaRing *r)
{
    return 1u << r->lg2;
}

bool dma_ring_put(DmaRing *r, const DmaDesc *desc)
{
    if (r->tail - r->taken == ring_entries(r) - 1) {
        return false;
    }
    gmem_write_words(r->mem,
                     r->base + (r->tail & (ring_entries(r) - 1)) * (uint64_t)IDMA_DESC_BYTES,
                     desc->w, IDMA_DESC_WORDS);
    r->tail++;
    return true;
}

void dma_ring_ring(DmaRing *r)
{
    dma_ch_write(r->d, r->ch, IDMA_CH_RING_TAIL, r->tail & (ring_entries(r) - 1));
}

bool dma_ring_take(DmaRing *r, DmaCompletion *c)
{
    uint32_t at = r->taken & (ring_entries(r) - 1);
    bool round = !(r->taken >> r->lg2 & 1);

    for (int i = 0; i < REG_POLLS; i++) {
        uint64_t w[IDMA_CMPL_WORDS];

        gmem_read_words(r->mem, r->cmpl + at * (uint64_t)IDMA_CMPL_BYTES, w, IDMA_CMPL_WORDS);
        dma_completion_decode(w, c);
        /* Zeroed memory has no status but phase 0; the first round's phase is 1. */
        if (c->phase == round) {
            r->taken++;
            dma_ch_write(r->d, r->ch, IDMA_CH_CMPL_HEAD, r->taken & (ring_entries(r) - 1));
            return true;
        }
        if (r->d->bus->wait) {
            r->d->bus->wait(r->d->bus->opaque);
        }
    }
    return false;
}

/* ---- descriptors ---------------------------------------------------------------------------- */

DmaDesc dma_make(unsigned op, uint64_t addr, uint32_t length)
{
    DmaDesc desc = { { 0 } };

    field_set(desc.w, IDMA_D_OP, op);
    field_set(desc.w, IDMA_D_ADDR, addr);
    field_set(desc.w, IDMA_D_LENGTH, length);
    field_set(desc.w, IDMA_D_COUNT, 1);
    return desc;
}

DmaDesc dma_make_read(uint64_t addr, uint32_t length, uint32_t local)
{
    DmaDesc desc = dma_make(IDMA_OP_READ, addr, length);

    field_set(desc.w, IDMA_D_LOCAL, local);
    return desc;
}

DmaDesc dma_make_write(uint64_t addr, uint32_t length, uint32_t local)
{
    DmaDesc desc = dma_make(IDMA_OP_WRITE, addr, length);

    field_set(desc.w, IDMA_D_LOCAL, local);
    return desc;
}

DmaDesc dma_make_copy(uint64_t dst, uint64_t src, uint32_t length)
{
    DmaDesc desc = dma_make(IDMA_OP_COPY, src, length);

    field_set(desc.w, IDMA_D_ADDR2, dst);
    return desc;
}

static DmaDesc make_pattern(unsigned op, uint64_t addr, uint32_t length, uint64_t data, bool mixed)
{
    DmaDesc desc = dma_make(op, addr, length);

    field_set(desc.w, IDMA_D_DATA, data);
    field_set(desc.w, IDMA_D_MIXED, mixed);
    return desc;
}

DmaDesc dma_make_fill(uint64_t addr, uint32_t length, uint64_t data, bool mixed)
{
    return make_pattern(IDMA_OP_FILL, addr, length, data, mixed);
}

DmaDesc dma_make_verify(uint64_t addr, uint32_t length, uint64_t data, bool mixed)
{
    return make_pattern(IDMA_OP_VERIFY, addr, length, data, mixed);
}

DmaDesc dma_make_atomic(unsigned op, uint64_t addr, uint32_t length, uint64_t data,
                        uint64_t compare)
{
    DmaDesc desc = dma_make(op, addr, length);

    field_set(desc.w, IDMA_D_DATA, data);
    field_set(desc.w, IDMA_D_COMPARE, compare);
    return desc;
}

DmaDesc dma_make_page_request(uint64_t addr, unsigned prgi, bool r, bool w, bool last)
{
    DmaDesc desc = dma_make(IDMA_OP_PAGE_REQUEST, addr, 4096);

    field_set(desc.w, IDMA_D_PRGI, prgi);
    field_set(desc.w, IDMA_D_PR_READ, r);
    field_set(desc.w, IDMA_D_PR_WRITE, w);
    field_set(desc.w, IDMA_D_LAST, last);
    return desc;
}

void dma_set_pasid(DmaDesc *desc, uint32_t pasid)
{
    field_set(desc->w, IDMA_D_PASID_EN, 1);
    field_set(desc->w, IDMA_D_PASID, pasid);
}

void dma_set_strided(DmaDesc *desc, uint32_t count, uint64_t stride, uint64_t window)
{
    field_set(desc->w, IDMA_D_ORDER, IDMA_ORDER_STRIDED);
    field_set(desc->w, IDMA_D_COUNT, count);
    field_set(desc->w, IDMA_D_STRIDE, stride);
    field_set(desc->w, IDMA_D_WINDOW, window);
}

void dma_set_random(DmaDesc *desc, uint32_t count, uint64_t granule, uint64_t window,
                    uint64_t seed)
{
    dma_set_strided(desc, count, granule, window);
    field_set(desc->w, IDMA_D_ORDER, IDMA_ORDER_RANDOM);
    field_set(desc->w, IDMA_D_SEED, seed);
}

void dma_pattern(uint64_t data, bool mixed, uint64_t addr, void *buf, size_t len)
{
    uint8_t *p = buf;

    for (size_t i = 0; i < len; i++) {
        uint64_t a = addr + i;

        p[i] = idma_pattern(data, mixed, a / 8) >> (a % 8 * 8);
    }
}

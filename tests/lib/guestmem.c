/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: allocation, little-endian words, placement of tables. */
#include "guestmem.h"

#include <glib.h>
#include <inttypes.h>

#include "hw/iommu/fields.h"

static uint64_t align_up(uint64_t v, uint64_t align)
{
    return (v + align - 1) & ~(align - 1);
}

uint64_t gmem_alloc(GuestMem *m, uint64_t bytes, uint64_t align)
{
    uint64_t addr = align_up(m->next, align ? align : 64);

    if (addr > m->end || bytes > m->end - addr) {
        g_error("guest memory used up: %" PRIu64 " bytes wanted, %#" PRIx64 " of %#" PRIx64 " left",
                bytes, m->next, m->end);
    }
    m->next = addr + bytes;
    gmem_zero(m, addr, bytes);
    return addr;
}

void gmem_zero(GuestMem *m, uint64_t addr, uint64_t bytes)
{
    static const uint8_t zeroes[4096];

    while (bytes) {
        size_t n = MIN(bytes, sizeof(zeroes));

        m->write(m->opaque, addr, zeroes, n);
        addr += n;
        bytes -= n;
    }
}

uint64_t gmem_read64(GuestMem *m, uint64_t addr)
{
    uint8_t raw[8];

    m->read(m->opaque, addr, raw, sizeof(raw));
    return le64_load(raw);
}

uint32_t gmem_read32(GuestMem *m, uint64_t addr)
{
    uint8_t raw[8] = { 0 };

    m->read(m->opaque, addr, raw, 4);
    return (uint32_t)le64_load(raw);
}

void gmem_write64(GuestMem *m, uint64_t addr, uint64_t value)
{
    gmem_write_words(m, addr, &value, 1);
}

void gmem_write32(GuestMem *m, uint64_t addr, uint32_t value)
{
    uint8_t raw[8];

    le64_store(raw, value);
    m->write(m->opaque, addr, raw, 4);
}

void gmem_write_words(GuestMem *m, uint64_t addr, const uint64_t *words, size_t count)
{
    uint8_t raw[64];

    /* A structure of up to 64 bytes goes out in one piece. */
    for (size_t i = 0; i < count; i++) {
        size_t in_piece = i % 8 + 1;

        le64_store(raw + 8 * (in_piece - 1), words[i]);
        if (in_piece == 8 || i == count - 1) {
            m->write(m->opaque, addr + 8 * (i + 1 - in_piece), raw, 8 * in_piece);
        }
    }
}

void gmem_read_words(GuestMem *m, uint64_t addr, uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        words[i] = gmem_read64(m, addr + 8 * i);
    }
}

TableSpace table_space(GuestMem *mem)
{
    return (TableSpace) { .mem = mem };
}

TableSpace table_space_nested(GuestMem *mem, uint64_t delta, unsigned lg2, TableMapFn *map,
                              void *opaque)
{
    return (TableSpace) { mem, delta, lg2, map, opaque };
}

uint64_t table_alloc(TableSpace *s, uint64_t bytes, uint64_t align)
{
    uint64_t pa;

    if (s->map) {
        uint64_t page = 1ull << s->lg2;

        bytes = align_up(bytes, page);
        align = MAX(align, page);
    }
    pa = gmem_alloc(s->mem, bytes, align);
    if (s->map) {
        s->map(s->opaque, pa + s->delta, pa, bytes);
    }
    return pa + s->delta;
}

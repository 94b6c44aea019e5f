/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: direct access to RAM. Where data lies at an address that needs no translation any more
 * (behind an IOMMU's port, or without an IOMMU), the piece of RAM around it is looked up once and
 * used until the memory map changes. Everything else goes the way of every other device.
 */
#include "qemu/osdep.h"
#include "iommu-dma-internal.h"

static void forget(IdmaDirect *direct)
{
    for (unsigned i = 0; i < IDMA_DIRECT_PIECES; i++) {
        IdmaPiece *p = &direct->piece[i];

        if (p->used) {
            address_space_cache_destroy(&p->cache);
            p->used = false;
        }
    }
}

static void map_changed(MemoryListener *listener)
{
    forget(container_of(listener, IdmaDirect, listener));
}

void idma_direct_stop(IdmaDirect *direct)
{
    if (direct->as) {
        memory_listener_unregister(&direct->listener);
        forget(direct);
        direct->as = NULL;
    }
}

void idma_direct_start(IdmaDirect *direct, AddressSpace *as)
{
    if (direct->as == as) {
        return;
    }
    idma_direct_stop(direct);
    direct->as = as;
    direct->listener = (MemoryListener) { .name = "iommu-dma", .commit = map_changed };
    memory_listener_register(&direct->listener, as);
}

/* Look up the piece of the memory map around @addr; what is no RAM is a piece too. */
static IdmaPiece *find_piece(IdmaDirect *direct, hwaddr addr)
{
    IdmaPiece *p = &direct->piece[direct->next];
    const MemoryRegionSection *section = &p->cache.mrs;

    direct->next = (direct->next + 1) % IDMA_DIRECT_PIECES;
    if (p->used) {
        address_space_cache_destroy(&p->cache);
    }
    p->used = true;
    address_space_cache_init(&p->cache, direct->as, addr, 1, true);
    p->first = section->offset_within_address_space;
    p->last = p->first + int128_get64(int128_sub(section->size, int128_one()));
    if (p->cache.ptr) {
        hwaddr bytes = p->last - p->first + 1;

        address_space_cache_destroy(&p->cache);
        address_space_cache_init(&p->cache, direct->as, p->first, bytes, true);
        p->last = p->first + p->cache.len - 1;
    }
    return p;
}

bool idma_direct_move(IdmaDirect *direct, hwaddr addr, void *buf, uint32_t len, bool write)
{
    IdmaPiece *p = NULL;

    for (unsigned i = 0; i < IDMA_DIRECT_PIECES; i++) {
        IdmaPiece *each = &direct->piece[i];

        if (each->used && addr >= each->first && addr <= each->last) {
            p = each;
        }
    }
    p = likely(p) ? p : find_piece(direct, addr);
    if (!p->cache.ptr || addr < p->first || addr > p->last || len - 1 > p->last - addr) {
        return false;
    }
    if (write) {
        memcpy((uint8_t *)p->cache.ptr + (addr - p->first), buf, len);
        address_space_cache_invalidate(&p->cache, addr - p->first, len);
    } else {
        memcpy(buf, (uint8_t *)p->cache.ptr + (addr - p->first), len);
    }
    return true;
}

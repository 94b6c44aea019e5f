/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: device TLB (PCIe base specification chapter 10, "ATS": Address Translation Cache).
 *
 * A fixed array, fully associative with least-recently-used replacement. A hash table over
 * (address, size, PASID, privilege) finds an entry; each size in use is tried.
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "iommu-dma-internal.h"

static uint64_t span_mask(unsigned lg2)
{
    return lg2 >= 64 ? ~0ull : (1ull << lg2) - 1;
}

static uint32_t bucket_of(const IdmaAtc *atc, uint64_t base, unsigned lg2, bool has_pasid,
                          uint32_t pasid, bool priv)
{
    uint64_t key = base ^ lg2 ^ (has_pasid ? 0x8000000000000000ull | pasid << 1 : 0) ^ priv;

    key *= 0x9e3779b97f4a7c15ull;
    return (key >> 32) & atc->mask;
}

static uint32_t entry_bucket(const IdmaAtc *atc, const IdmaAtcEntry *e)
{
    return bucket_of(atc, e->addr, e->lg2, e->has_pasid, e->pasid, e->priv);
}

void idma_atc_init(IdmaAtc *atc, uint32_t size)
{
    memset(atc, 0, sizeof(*atc));
    atc->size = size;
    if (size) {
        atc->entries = g_new0(IdmaAtcEntry, size);
        atc->mask = pow2ceil(size) * 2 - 1;
        atc->buckets = g_new0(uint32_t, atc->mask + 1);
    }
    idma_atc_flush(atc);
}

void idma_atc_destroy(IdmaAtc *atc)
{
    g_free(atc->entries);
    g_free(atc->buckets);
    memset(atc, 0, sizeof(*atc));
}

void idma_atc_flush(IdmaAtc *atc)
{
    if (atc->size) {
        memset(atc->buckets, 0, (atc->mask + 1) * sizeof(uint32_t));
    }
    memset(atc->by_lg2, 0, sizeof(atc->by_lg2));
    atc->used = atc->newest = atc->oldest = atc->free = 0;
    for (uint32_t i = atc->size; i > 0; i--) {
        atc->entries[i - 1] = (IdmaAtcEntry) { .next = atc->free };
        atc->free = i;
    }
}

static void unlink_use(IdmaAtc *atc, uint32_t id)
{
    IdmaAtcEntry *e = &atc->entries[id - 1];

    *(e->newer ? &atc->entries[e->newer - 1].older : &atc->newest) = e->older;
    *(e->older ? &atc->entries[e->older - 1].newer : &atc->oldest) = e->newer;
    e->newer = e->older = 0;
}

static void link_newest(IdmaAtc *atc, uint32_t id)
{
    IdmaAtcEntry *e = &atc->entries[id - 1];

    e->newer = 0;
    e->older = atc->newest;
    *(atc->newest ? &atc->entries[atc->newest - 1].newer : &atc->oldest) = id;
    atc->newest = id;
}

static void drop(IdmaAtc *atc, uint32_t id)
{
    IdmaAtcEntry *e = &atc->entries[id - 1];
    uint32_t *link = &atc->buckets[entry_bucket(atc, e)];

    while (*link != id) {
        link = &atc->entries[*link - 1].next;
    }
    *link = e->next;
    unlink_use(atc, id);
    atc->by_lg2[e->lg2]--;
    atc->used--;
    *e = (IdmaAtcEntry) { .next = atc->free };
    atc->free = id;
}

static uint32_t find(const IdmaAtc *atc, uint64_t base, unsigned lg2, bool has_pasid,
                     uint32_t pasid, bool priv)
{
    uint32_t id = atc->buckets[bucket_of(atc, base, lg2, has_pasid, pasid, priv)];

    for (; id; id = atc->entries[id - 1].next) {
        const IdmaAtcEntry *e = &atc->entries[id - 1];

        if (e->addr == base && e->lg2 == lg2 && e->has_pasid == has_pasid &&
            (!has_pasid || e->pasid == pasid) && e->priv == priv) {
            return id;
        }
    }
    return 0;
}

const IdmaAtcEntry *idma_atc_lookup(IdmaAtc *atc, uint64_t addr, bool has_pasid, uint32_t pasid,
                                    bool priv)
{
    atc->lookups++;
    if (!atc->used) {
        return NULL;
    }
    for (unsigned lg2 = 12; lg2 <= 64; lg2++) {
        uint32_t id;

        if (!atc->by_lg2[lg2]) {
            continue;
        }
        id = find(atc, addr & ~span_mask(lg2), lg2, has_pasid, pasid, priv);
        if (id) {
            unlink_use(atc, id);
            link_newest(atc, id);
            atc->hits++;
            return &atc->entries[id - 1];
        }
    }
    return NULL;
}

void idma_atc_insert(IdmaAtc *atc, uint64_t addr, uint64_t pa, unsigned lg2, uint8_t bits,
                     bool has_pasid, uint32_t pasid, bool priv)
{
    uint64_t base;
    IdmaAtcEntry *e;
    uint32_t id, b;

    if (!atc->size) {
        return;
    }
    lg2 = MIN(MAX(lg2, 12), 64);
    base = addr & ~span_mask(lg2);
    id = find(atc, base, lg2, has_pasid, pasid, priv);
    if (id) {
        drop(atc, id);
    } else if (!atc->free) {
        drop(atc, atc->oldest);
    }
    id = atc->free;
    e = &atc->entries[id - 1];
    atc->free = e->next;
    *e = (IdmaAtcEntry) {
        .addr = base, .pa = pa & ~span_mask(lg2), .pasid = pasid, .lg2 = lg2, .bits = bits,
        .used = true, .has_pasid = has_pasid, .priv = priv,
    };
    b = entry_bucket(atc, e);
    e->next = atc->buckets[b];
    atc->buckets[b] = id;
    link_newest(atc, id);
    atc->by_lg2[lg2]++;
    atc->used++;
}

static bool covers(const IommuAtsInv *inv, uint64_t addr, uint64_t last, bool has_pasid,
                   uint32_t pasid)
{
    if (last < inv->addr || addr > inv->last) {
        return false;
    }
    /*
     * 10.3.3 and 10.3.8: without a PASID it is about requests without one; with Global Invalidate
     * about every PASID. Entries marked Global are kept under the PASID that asked, so that an
     * invalidation of that PASID finds them as well.
     */
    if (inv->global) {
        return has_pasid;
    }
    if (!inv->has_pasid) {
        return !has_pasid;
    }
    return has_pasid && pasid == inv->pasid;
}

static void forget(IdmaAtc *atc, const IommuAtsInv *inv)
{
    for (uint32_t id = 1; id <= atc->size && atc->used; id++) {
        const IdmaAtcEntry *e = &atc->entries[id - 1];

        if (e->used &&
            covers(inv, e->addr, e->addr + span_mask(e->lg2), e->has_pasid, e->pasid)) {
            drop(atc, id);
            atc->dropped++;
        }
    }
}

/*
 * 10.3.1: the invalidation completes only when every request that uses what it took away has
 * completed; and a translation that was asked for before it arrived may not be used after it.
 */
static uint32_t mark_users(IdmaState *d, const IommuAtsInv *inv, unsigned held)
{
    uint32_t users = 0;

    for (unsigned c = 0; c < d->channels; c++) {
        IdmaChannel *ch = &d->ch[c];
        IdmaDesc ring;

        idma_decode_ring_attr(ch->ring_attr, &ring);
        for (unsigned i = 0; i <= IDMA_SLOTS; i++) {
            IdmaSlot *s = i < IDMA_SLOTS ? &ch->slots[i] : &ch->ring_slot;
            const IdmaDesc *desc = i < IDMA_SLOTS ? &ch->job.d : &ring;
            uint64_t addr = s->addr[s->leg];

            if (s->state == IDMA_SLOT_FREE || s->step == IDMA_STEP_ACCESS ||
                !covers(inv, addr, addr + MAX(s->len, 1) - 1, desc->has_pasid, desc->pasid)) {
                continue;
            }
            if (s->state == IDMA_SLOT_WAIT && s->step == IDMA_STEP_ATC) {
                s->holds |= 1u << held;
                users++;
            } else {
                s->stale = true;
            }
        }
    }
    return users;
}

static int held_find_free(const IdmaState *d)
{
    for (unsigned i = 0; i < IDMA_HELD_MAX; i++) {
        if (!d->held[i].used) {
            return i;
        }
    }
    return -1;
}

IommuAtsInvStatus idma_ats_invalidate(void *opaque, const IommuAtsInv *inv)
{
    IdmaState *d = opaque;
    uint64_t mode = reg_get(d->atc_mode, IDMA_ATC_MODE_MODE);
    int slot = held_find_free(d);
    uint32_t users;

    d->atc.invalidations++;
    if (mode == IDMA_ATC_IGNORE) {
        return IOMMU_ATS_INV_DONE;
    }
    forget(&d->atc, inv);
    if (mode == IDMA_ATC_MUTE) {
        return IOMMU_ATS_INV_TIMEOUT;
    }
    if (slot < 0) {
        /* More than the Invalidate Queue Depth that we advertise: nobody keeps count of it. */
        return IOMMU_ATS_INV_TIMEOUT;
    }
    users = mark_users(d, inv, slot);
    if (!users && mode == IDMA_ATC_OBEY) {
        return IOMMU_ATS_INV_DONE;
    }
    d->held[slot] = (IdmaHeld) {
        .stream = inv->stream, .itag = inv->itag, .users = users, .used = true,
        .on_request = mode == IDMA_ATC_HOLD,
    };
    return IOMMU_ATS_INV_PENDING;
}

static void answer(IdmaState *d, IdmaHeld *h, bool ok)
{
    uint32_t stream = h->stream, itag = h->itag;

    *h = (IdmaHeld) { .used = false };
    if (d->way) {
        d->portc->ats_inv_done(d->port, stream, itag, ok);
    }
}

void idma_atc_release(IdmaState *d, IdmaSlot *s)
{
    uint32_t holds = s->holds;

    s->holds = 0;
    while (holds) {
        IdmaHeld *h = &d->held[ctz32(holds)];

        holds &= holds - 1;
        if (h->used && h->users && --h->users == 0 && !h->on_request) {
            answer(d, h, true);
        }
    }
}

void idma_atc_answer_held(IdmaState *d, bool ok)
{
    for (unsigned i = 0; i < IDMA_HELD_MAX; i++) {
        IdmaHeld *h = &d->held[i];

        if (!h->used) {
            continue;
        }
        h->on_request = false;
        if (!ok || !h->users) {
            answer(d, h, ok);
        }
    }
}

unsigned idma_atc_held(const IdmaState *d)
{
    unsigned n = 0;

    for (unsigned i = 0; i < IDMA_HELD_MAX; i++) {
        n += d->held[i].used;
    }
    return n;
}

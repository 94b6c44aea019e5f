/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: who mirrors mappings (VFIO, vhost), and what he is told of invalidations [6.5.2,
 * caching mode].
 *
 * Software invalidates in batches and waits at their end. A mirror that must look at everything
 * again need do so once a batch: such notices are owed until a wait descriptor is about to
 * complete, something goes to a device TLB, or the batch ends (with timing on: when nothing is left
 * in the queue, or it stops). Notices of page ranges are given at once.
 */
#include <string.h>

#include "vtd-model.h"

#define WORD_BITS 64
#define STREAMS_COST 16u /* descriptors that a notice counts for in a doorbell's budget (qi.c) */
#define UNMAP_COST   64u
#define READS_COST   64u /* descriptors of page tables that count as one of the queue */

static const uint64_t all_addresses = ~0ull;

static bool get_bit(const uint64_t *bits, uint16_t n)
{
    return bits[n / WORD_BITS] >> (n % WORD_BITS) & 1;
}

static void set_bit(uint64_t *bits, uint16_t n, bool on)
{
    uint64_t bit = 1ull << (n % WORD_BITS);

    bits[n / WORD_BITS] = on ? bits[n / WORD_BITS] | bit : bits[n / WORD_BITS] & ~bit;
}

/* The next source-id from @sid on whose bit is set, or VTD_SOURCES. */
static uint32_t next_bit(const uint64_t *bits, uint32_t sid)
{
    while (sid < VTD_SOURCES && !get_bit(bits, sid)) {
        sid = bits[sid / WORD_BITS] >> (sid % WORD_BITS) ? sid + 1
                                                         : (sid / WORD_BITS + 1) * WORD_BITS;
    }
    return sid;
}

void vtd_watch(IommuModel *model, uint32_t stream, bool on)
{
    VtdWatch *w = &vtd_model(model)->watch;
    uint16_t sid = stream;

    if (get_bit(w->watched, sid) != on) {
        set_bit(w->watched, sid, on);
        w->count += on ? 1 : -1;
    }
    if (!on) {
        set_bit(w->owed, sid, false);
    }
}

void vtd_watch_forget(VtdModel *m)
{
    VtdWatch *w = &m->watch;

    memset(w->owed, 0, sizeof(w->owed));
    w->owes = w->streams_owed = false;
    w->told = 0;
}

static void unmap(VtdModel *m, uint16_t sid, uint64_t first, uint64_t last)
{
    VtdWatch *w = &m->watch;
    IommuUnmap u = { .stream = sid, .addr = first, .last = last };

    if (m->queue.batch && !first && last == all_addresses) {
        set_bit(w->owed, sid, true);
        w->owes = true;
    } else if (!get_bit(w->owed, sid)) {
        w->told += UNMAP_COST;
        m->base.host.ops->unmap(m->base.host.opaque, &u);
    }
}

static bool watched(const VtdModel *m)
{
    return m->watch.count && m->base.host.ops->unmap && vtd_gsts(m, VTD_GCMD_TE);
}

/* Tell those whose requests without PASID are in domain @did, and @pasid unless NULL; or @all. */
static void tell(VtdModel *m, bool all, uint16_t did, const uint32_t *pasid, uint64_t first,
                 uint64_t last)
{
    const VtdSpace *space;
    const VtdContext *ctx;
    VtdFault fault;

    if (!watched(m)) {
        return;
    }
    for (uint32_t sid = next_bit(m->watch.watched, 0); sid < VTD_SOURCES;
         sid = next_bit(m->watch.watched, sid + 1)) {
        uint32_t own = 0;

        space = vtd_space_find(m, sid, false, &own, true, &ctx, &fault);
        if (space && (all || (space->did == did && (!pasid || *pasid == own)))) {
            unmap(m, sid, first, last);
        }
    }
}

void vtd_tell_domain(VtdModel *m, bool any_domain, uint16_t did, uint64_t first, uint64_t last)
{
    tell(m, any_domain, did, NULL, first, last);
}

void vtd_tell_pasid(VtdModel *m, uint16_t did, uint32_t pasid, uint64_t first, uint64_t last)
{
    tell(m, false, did, &pasid, first, last);
}

void vtd_tell_streams(VtdModel *m, uint16_t sid, uint16_t ignored)
{
    VtdWatch *w = &m->watch;

    if (w->streams_owed) {
        w->ignored |= ignored | (w->sid ^ sid); /* both sets, and perhaps more */
    } else {
        w->sid = sid;
        w->ignored = ignored;
        w->streams_owed = true;
    }
    if (!m->queue.batch) {
        vtd_tell_owed(m);
    }
}

void vtd_watch_looked(VtdModel *m, uint32_t reads)
{
    m->watch.told += reads / READS_COST;
}

void vtd_tell_owed(VtdModel *m)
{
    VtdWatch *w = &m->watch;

    if (w->streams_owed) {
        w->streams_owed = false;
        w->told += STREAMS_COST;
        if (m->extra.streams_changed) {
            m->extra.streams_changed(m->base.host.opaque, w->sid, w->ignored);
        }
    }
    if (!w->owes) {
        return;
    }
    w->owes = false;
    for (uint32_t sid = next_bit(w->owed, 0); sid < VTD_SOURCES; sid = next_bit(w->owed, sid + 1)) {
        IommuUnmap u = { .stream = sid, .last = all_addresses };

        set_bit(w->owed, sid, false);
        w->told += UNMAP_COST;
        m->base.host.ops->unmap(m->base.host.opaque, &u);
    }
}

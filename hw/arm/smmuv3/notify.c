/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watched streams: whoever mirrors a stream's translations (vhost, VFIO) is told what invalidation
 * commands take away. There is no index from ASID and VMID to streams in the architecture, so each
 * watched stream's own configuration is looked at.
 */
#include "internal.h"

#include <stdlib.h>

#define NOTIFY_COST 64u /* commands that one notification counts for (cmdq.c) */

static void unmap(SmmuModel *m, uint32_t stream, uint64_t first, uint64_t last)
{
    IommuUnmap u = { .stream = stream, .addr = first, .last = last };

    m->notified += NOTIFY_COST;
    m->base.host.ops->unmap(m->base.host.opaque, &u);
}

/** Tag that translations of @stream without SubstreamID carry. False if it has none. */
static bool stream_tag(SmmuModel *m, uint32_t stream, uint64_t *tag)
{
    SmmuReq req = { .stream = stream, .quiet = true };
    SmmuFault fault;
    SmmuSte ste;
    SmmuCd cd;

    if (!smmu_enabled(m) || !smmu_lookup_ste(m, &req, &ste, &fault) ||
        !smmu_lookup_cd(m, &req, &cd, &fault) || !(req.stage1 || req.stage2)) {
        return false;
    }
    *tag = tag_make(ste.world, ste.vmid, req.stage1 ? cd.asid : 0, req.stage1, req.stage2);
    return true;
}

static void learn(SmmuModel *m, SmmuWatched *w)
{
    w->tagged = stream_tag(m, w->stream, &w->tag);
}

void smmu_learn_watched(SmmuModel *m)
{
    for (uint32_t i = 0; i < m->watched_count; i++) {
        learn(m, &m->watched[i]);
    }
}

/** Somebody could not be entered: all who mirror look again, whatever it was that went. */
static void tell_lost(SmmuModel *m)
{
    if (m->watch_lost && m->base.host.ops->mode_changed) {
        m->base.host.ops->mode_changed(m->base.host.opaque);
    }
}

void smmu_notify_streams(SmmuModel *m, uint32_t first, uint32_t last)
{
    tell_lost(m);
    for (uint32_t i = 0; i < m->watched_count && m->base.host.ops->unmap; i++) {
        SmmuWatched *w = &m->watched[i];

        if (w->stream >= first && w->stream <= last) {
            learn(m, w);
            unmap(m, w->stream, 0, UINT64_MAX);
        }
    }
}

/** What an invalidation of @value under @mask takes from a stream tagged @tag. */
static bool concerns(uint64_t tag, uint64_t value, uint64_t mask, bool *all)
{
    uint64_t kinds = field_mask(TAG_S1) | field_mask(TAG_S2);
    bool s2_only = (mask & field_mask(TAG_S1)) && !reg_get(value, TAG_S1);

    if ((tag ^ value) & mask & ~kinds) {
        return false;
    }
    if (s2_only && reg_get(tag, TAG_S1)) {
        /* An IPA went: which VAs led to it is not known */
        *all = true;
        return reg_get(tag, TAG_S2);
    }
    return !((tag ^ value) & mask & field_mask(TAG_S1));
}

void smmu_notify_tlbi(SmmuModel *m, uint64_t first, uint64_t last, uint64_t value, uint64_t mask)
{
    tell_lost(m);
    for (uint32_t i = 0; i < m->watched_count && m->base.host.ops->unmap; i++) {
        const SmmuWatched *w = &m->watched[i];
        bool all = false, hit = w->tagged && concerns(w->tag, value, mask, &all);
        uint64_t now;

        /*
         * Mappings may be of either: software that takes a stream down clears its structures first
         */
        if (stream_tag(m, w->stream, &now)) {
            hit |= concerns(now, value, mask, &all);
        }
        if (hit) {
            unmap(m, w->stream, all ? 0 : first, all ? UINT64_MAX : last);
        }
    }
}

static bool watched_has_room(SmmuModel *m)
{
    uint32_t cap = m->watched_cap ? 2 * m->watched_cap : 8;
    SmmuWatched *grown;

    if (m->watched_count < m->watched_cap) {
        return true;
    }
    grown = realloc(m->watched, cap * sizeof(*grown));
    if (grown) {
        m->watched = grown;
        m->watched_cap = cap;
    }
    return grown != NULL;
}

void smmu_watch(SmmuModel *m, uint32_t stream, bool on)
{
    uint32_t i = 0;

    while (i < m->watched_count && m->watched[i].stream != stream) {
        i++;
    }
    if (!on) {
        if (i < m->watched_count) {
            m->watched[i] = m->watched[--m->watched_count];
        }
    } else if (i == m->watched_count) {
        if (watched_has_room(m)) {
            m->watched[m->watched_count].stream = stream;
            learn(m, &m->watched[m->watched_count++]);
        } else {
            m->watch_lost = true;
        }
    }
}

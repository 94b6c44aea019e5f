/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watched streams: whoever mirrors a stream's translations (vhost, VFIO) is told what invalidation
 * commands take away. There is no index from ASID and VMID to streams in the architecture, so each
 * watched stream's own configuration is looked at.
 */
#include "internal.h"

#include <stdlib.h>

static void unmap(SmmuModel *m, uint32_t stream, uint64_t first, uint64_t last)
{
    IommuUnmap u = { .stream = stream, .addr = first, .last = last };

    m->base.host.ops->unmap(m->base.host.opaque, &u);
}

void smmu_notify_streams(SmmuModel *m, uint32_t first, uint32_t last)
{
    for (uint32_t i = 0; i < m->watched_count && m->base.host.ops->unmap; i++) {
        if (m->watched[i] >= first && m->watched[i] <= last) {
            unmap(m, m->watched[i], 0, UINT64_MAX);
        }
    }
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

void smmu_notify_tlbi(SmmuModel *m, uint64_t first, uint64_t last, uint64_t value, uint64_t mask)
{
    uint64_t kinds = field_mask(TAG_S1) | field_mask(TAG_S2);
    bool s2_only = (mask & field_mask(TAG_S1)) && !reg_get(value, TAG_S1);

    for (uint32_t i = 0; i < m->watched_count && m->base.host.ops->unmap; i++) {
        uint64_t tag;

        if (!stream_tag(m, m->watched[i], &tag) || ((tag ^ value) & mask & ~kinds)) {
            continue;
        }
        if (s2_only && reg_get(tag, TAG_S1)) {
            /* An IPA went: which VAs led to it is not known */
            if (reg_get(tag, TAG_S2)) {
                unmap(m, m->watched[i], 0, UINT64_MAX);
            }
        } else if (!((tag ^ value) & mask & field_mask(TAG_S1))) {
            unmap(m, m->watched[i], first, last);
        }
    }
}

bool smmu_watch(SmmuModel *m, uint32_t stream, bool on)
{
    uint32_t i = 0;

    while (i < m->watched_count && m->watched[i] != stream) {
        i++;
    }
    if (!on) {
        if (i < m->watched_count) {
            m->watched[i] = m->watched[--m->watched_count];
        }
        return true;
    }
    if (i < m->watched_count) {
        return true;
    }
    if (m->watched_count == m->watched_cap) {
        uint32_t cap = m->watched_cap ? 2 * m->watched_cap : 8;
        uint32_t *grown = realloc(m->watched, cap * sizeof(*grown));

        if (!grown) {
            return false;
        }
        m->watched = grown;
        m->watched_cap = cap;
    }
    m->watched[m->watched_count++] = stream;
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: its making, reset and end.
 */
#include <stdlib.h>
#include <string.h>

#include "sched-internal.h"

void sched_reset(IommuSched *s)
{
    s->now = 0;
    s->limit = 0;
    s->next_job = 1;
    s->serial = 0;
    s->armed = 0;
    s->release_at = IOMMU_CYCLE_NEVER;
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        SchedServer *v = &s->servers[r];

        *v = (SchedServer) {
            .servers = v->servers, .free = v->servers, .mask = v->mask, .busy = v->busy,
        };
    }
    sched_jobs_reset(s);
    s->drains = (SchedList) { NULL, NULL };
    memset(s->wheel, 0, sizeof(s->wheel));
    memset(s->wheel_used, 0, sizeof(s->wheel_used));
    s->grant_head = s->grant_tail = 0;
    s->far_count = 0;
    s->far_serial = 0;
}

/* Room for every server in use at once. */
static bool servers_init(SchedServer *r, uint32_t servers)
{
    uint64_t room = 1;

    while (room < servers) {
        room *= 2;
    }
    r->servers = servers;
    r->mask = room - 1;
    r->busy = calloc(room, sizeof(*r->busy));
    return r->busy;
}

IommuSched *sched_new(const uint32_t servers[IOMMU_RESOURCES], const IommuSchedOps *ops,
                      void *opaque)
{
    IommuSched *s = calloc(1, sizeof(*s));
    bool ok = s;

    if (!s) {
        return NULL;
    }
    s->ops = *ops;
    s->opaque = opaque;
    for (unsigned r = 0; ok && r < IOMMU_RESOURCES; r++) {
        ok = servers_init(&s->servers[r], servers[r]);
    }
    if (!ok || !sched_jobs_init(s)) {
        sched_free(s);
        return NULL;
    }
    sched_reset(s);
    return s;
}

void sched_free(IommuSched *s)
{
    if (!s) {
        return;
    }
    sched_jobs_destroy(s);
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        free(s->servers[r].busy);
    }
    free(s);
}

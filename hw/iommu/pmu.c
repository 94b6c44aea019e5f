/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Performance monitoring: what both models share.
 */
#include "hw/iommu/pmu.h"

#include <string.h>

#include "hw/iommu/fields.h"
#include "hw/iommu/timed.h"

#define STAGES 3u
#define HEIGHTS 8u

/* Further away than this a wake-up is as good as none, and a host may count in signed numbers. */
#define FAR_AWAY (1ull << 62)

bool iommu_pmu_watch(IommuPmu *p, IommuPlan *plan)
{
    if (p->watching) {
        return false;
    }
    p->watching = true;
    p->kept = plan->keep;
    memset(&p->tally, 0, sizeof(p->tally));
    plan->tally = &p->tally;
    plan->keep = true;
    return true;
}

void iommu_pmu_unwatch(IommuPmu *p, IommuPlan *plan)
{
    plan->keep = p->kept;
    plan->tally = NULL;
    p->watching = false;
}

/* The interval of indexes that @choice stands for. */
static void choose(uint8_t choice, unsigned count, unsigned *first, unsigned *last)
{
    *first = choice == IOMMU_TALLY_ANY ? 0 : choice;
    *last = choice == IOMMU_TALLY_ANY ? count - 1 : choice;
}

uint64_t iommu_tally_count(const IommuTally *t, IommuStepKind kind, uint8_t stage,
                           uint8_t height, uint8_t hit)
{
    unsigned s0, s1, h0, h1, b0, b1;
    uint64_t n = 0;

    choose(stage, STAGES, &s0, &s1);
    choose(height, HEIGHTS, &h0, &h1);
    choose(hit, 2, &b0, &b1);
    for (unsigned s = s0; s <= s1; s++) {
        for (unsigned h = h0; h <= h1; h++) {
            for (unsigned b = b0; b <= b1; b++) {
                n += t->n[kind][s][h][b];
            }
        }
    }
    return n;
}

uint64_t iommu_pmu_now(const IommuModel *m)
{
    if (m->timed) {
        return iommu_timed_now(m->timed);
    }
    return m->host.ops->now ? m->host.ops->now(m->host.opaque) : 0;
}

uint64_t iommu_pmu_elapsed(IommuPmu *p, const IommuModel *m)
{
    uint64_t now = iommu_pmu_now(m);
    uint64_t cycles = now > p->seen ? now - p->seen : 0;

    p->seen = now;
    return cycles;
}

void iommu_pmu_wake(const IommuModel *m, uint64_t cycles)
{
    uint64_t now = iommu_pmu_now(m);

    if (m->host.ops->wake && cycles < FAR_AWAY && now < FAR_AWAY) {
        m->host.ops->wake(m->host.opaque, now + cycles);
    }
}

bool iommu_pmu_add(uint64_t *count, unsigned width, uint64_t n)
{
    uint64_t most = low_mask(width);
    bool carry = n > most - *count;

    *count = (*count + n) & most;
    return carry;
}

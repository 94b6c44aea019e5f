/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Driving the performance monitor counter group in unit tests. */
#ifndef TESTS_UNIT_SMMUV3_PMCGFIX_H
#define TESTS_UNIT_SMMUV3_PMCGFIX_H

#include "fixture.h"

#include "hw/iommu/smmuv3-pmcg.h"

#define ALL_STREAMS UINT32_MAX

/* "max" has its counters on page 1. */
#define COUNTERS PMCG_PAGE1

static inline uint32_t pm_rd(Fix *f, uint32_t offset)
{
    return rd(f, PMCG_PAGE0 + offset);
}

static inline void pm_wr(Fix *f, uint32_t offset, uint32_t value)
{
    wr(f, PMCG_PAGE0 + offset, value);
}

static inline uint64_t count(Fix *f, unsigned n)
{
    return rd64(f, COUNTERS + PMCG_EVCNTR + 8 * n);
}

static inline void set_count(Fix *f, unsigned n, uint64_t value)
{
    wr64(f, COUNTERS + PMCG_EVCNTR + 8 * n, value);
}

static inline uint64_t ovs(Fix *f)
{
    return rd64(f, COUNTERS + PMCG_OVSSET0);
}

/** Counter @n counts @event of the streams that @smr and SPAN=@span stand for. */
static inline void count_streams(Fix *f, unsigned n, unsigned event, bool span, uint32_t smr)
{
    pm_wr(f, PMCG_EVTYPER(n), reg_make(EVTYPER_EVENT, event) |
                              reg_make(EVTYPER_FILTER_SID_SPAN, span));
    pm_wr(f, PMCG_SMR(n), smr);
    wr64(f, PMCG_PAGE0 + PMCG_CNTENSET0, 1ull << n);
    pm_wr(f, PMCG_CR, 1);
}

static inline void count_all(Fix *f, unsigned n, unsigned event)
{
    count_streams(f, n, event, true, ALL_STREAMS);
}

static inline void irq_on(Fix *f, unsigned n)
{
    wr64(f, PMCG_PAGE0 + PMCG_INTENSET0, 1ull << n);
    pm_wr(f, PMCG_IRQ_CTRL, 1);
}

static inline unsigned pulses_of(Fix *f)
{
    unsigned n = 0;

    for (unsigned i = 0; i < f->ram.pulses && i < RAMHOST_KEPT; i++) {
        n += f->ram.pulse_lines[i] == SMMU_IRQ_PMCG;
    }
    return n;
}

/** Counter 0 overflows with the next transaction. */
static inline void at_the_brink(Fix *f)
{
    scene_stage1(f);
    count_all(f, 0, PMCG_EV_TRANSACTION);
    set_count(f, 0, UINT64_MAX);
    ramhost_forget(&f->ram);
}

#endif

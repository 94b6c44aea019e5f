/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Performance monitoring, what both models share: watching the steps of one operation, a clock, and
 * counters of any width. Registers, filters and interrupts are the models' (IHI 0070 chapter 10,
 * VT-d chapter 10).
 *
 * While no counter is enabled nothing is watched and a translation costs what it always does. While
 * one is, the plan is kept (plan.h) and counted by kind, stage, height and hit.
 */
#ifndef HW_IOMMU_PMU_H
#define HW_IOMMU_PMU_H

#include "hw/iommu/model.h"

typedef struct IommuPmu {
    IommuTally tally; /* of the operation being watched */
    uint64_t seen;    /* cycle up to which clock events are counted */
    bool counting;    /* some counter is enabled; the model keeps it up to date */
    bool watching;
    bool kept;        /* IommuPlan.keep before the operation */
} IommuPmu;

/** Begin to watch the steps of an operation. False if one is being watched already. */
bool iommu_pmu_watch(IommuPmu *p, IommuPlan *plan);

/** The operation is over: @p->tally holds its steps. */
void iommu_pmu_unwatch(IommuPmu *p, IommuPlan *plan);

#define IOMMU_TALLY_ANY 0xffu

/** Steps of @kind in @t; @stage, @height and @hit may be IOMMU_TALLY_ANY. */
uint64_t iommu_tally_count(const IommuTally *t, IommuStepKind kind, uint8_t stage,
                           uint8_t height, uint8_t hit);

/**
 * Cycle of the clock behind clock events: that of the timed model, with timing off the host's.
 * Never goes back but for a reset.
 */
uint64_t iommu_pmu_now(const IommuModel *m);

/** Cycles since the last call, or since reset. */
uint64_t iommu_pmu_elapsed(IommuPmu *p, const IommuModel *m);

/** Be woken when the clock has advanced by @cycles: a counter will overflow. */
void iommu_pmu_wake(const IommuModel *m, uint64_t cycles);

/** Add @n to a counter of @width bits (1..64). True if it carried out of it. */
bool iommu_pmu_add(uint64_t *count, unsigned width, uint64_t n);

#endif

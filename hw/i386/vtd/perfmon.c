/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: performance monitoring - events, counters, filters, overflow [chapter 10]. Registers
 * are in perfmon-regs.c, the commands that drive it in ecmd.c.
 *
 * What the specification leaves open: a request that is answered as an interrupt request is no
 * event of group 0; a nonleaf lookup is one look into the cache of one level; memory reads are
 * those of tables, descriptors and interrupt entries.
 */
#include "vtd-model.h"

#include <string.h>

#define ANY IOMMU_TALLY_ANY

typedef enum EventCause {
    CAUSE_STEPS,  /* steps of the plan */
    CAUSE_DIRECT, /* told by vtd_perfmon_note() */
    CAUSE_READS,  /* steps that read memory, and what is told */
    CAUSE_CLOCK,
} EventCause;

typedef enum EventFilter {
    FILTER_NONE,
    FILTER_AT,
    FILTER_LEVEL,
} EventFilter;

typedef struct Event {
    uint32_t bit;
    uint8_t group;
    uint8_t cause;  /* EventCause */
    uint8_t filter; /* EventFilter */
    uint8_t kind;   /* IommuStepKind; DIRECT: VtdPerfNote */
    uint8_t stage, hit;
    uint8_t level;  /* FILTER_LEVEL: bit of PTL that height 0 is */
} Event;

#define STEPS(group, bit, kind, stage, hit) \
    { bit, group, CAUSE_STEPS, FILTER_NONE, kind, stage, hit, 0 }
#define LEVELS(group, bit, kind, stage, level) \
    { bit, group, CAUSE_STEPS, FILTER_LEVEL, kind, stage, 1, level }
#define DIRECT(group, bit, note, filter) { bit, group, CAUSE_DIRECT, filter, note, 0, 0, 0 }

static const Event events[] = {
    { VTD_PERF_G0_CLOCKS, 0, CAUSE_CLOCK, FILTER_NONE, 0, 0, 0, 0 },
    DIRECT(0, VTD_PERF_G0_REQUESTS, VTD_PERF_REQUEST, FILTER_AT),
    { VTD_PERF_G1_MRDS, 1, CAUSE_READS, FILTER_NONE, VTD_PERF_READ, 0, 0, 0 },
    STEPS(1, VTD_PERF_G1_AD_UPDATE, IOMMU_STEP_UPDATE, ANY, ANY),
    DIRECT(1, VTD_PERF_G1_PG_REQ_POSTED, VTD_PERF_PAGE_POSTED, FILTER_NONE),
    DIRECT(1, VTD_PERF_G1_PG_REQ_OVERFLOW, VTD_PERF_PAGE_OVERFLOW, FILTER_NONE),
    STEPS(2, VTD_PERF_G2_CTXT_LOOKUP, IOMMU_STEP_CONFIG, 0, ANY),
    STEPS(2, VTD_PERF_G2_CTXT_HIT, IOMMU_STEP_CONFIG, 0, 1),
    STEPS(2, VTD_PERF_G2_PASID_LOOKUP, IOMMU_STEP_CONFIG, 1, ANY),
    STEPS(2, VTD_PERF_G2_PASID_HIT, IOMMU_STEP_CONFIG, 1, 1),
    STEPS(2, VTD_PERF_G2_SS_LOOKUP, IOMMU_STEP_TABLE_CACHE, 2, ANY),
    /* What is found is the entry that points to the table: one level up. */
    LEVELS(2, VTD_PERF_G2_SS_HIT, IOMMU_STEP_TABLE_CACHE, 2, 1),
    STEPS(2, VTD_PERF_G2_FS_LOOKUP, IOMMU_STEP_TABLE_CACHE, 1, ANY),
    LEVELS(2, VTD_PERF_G2_FS_HIT, IOMMU_STEP_TABLE_CACHE, 1, 1),
    STEPS(3, VTD_PERF_G3_IOTLB_LOOKUP, IOMMU_STEP_TLB, ANY, ANY),
    LEVELS(3, VTD_PERF_G3_IOTLB_HIT, IOMMU_STEP_TLB, ANY, 0),
    DIRECT(4, VTD_PERF_G4_INT_LOOKUP, VTD_PERF_INT_LOOKUP, FILTER_NONE),
    DIRECT(4, VTD_PERF_G4_INT_HIT_NONPOSTED, VTD_PERF_INT_HIT_NONPOSTED, FILTER_NONE),
    DIRECT(4, VTD_PERF_G4_INT_HIT_POSTED, VTD_PERF_INT_HIT_POSTED, FILTER_NONE),
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

uint32_t vtd_perfmon_events(unsigned group)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < EVENTS; i++) {
        bits |= events[i].group == group ? events[i].bit : 0;
    }
    return bits;
}

/* ---- what one operation counts */

static uint64_t count_levels(const VtdPerfmon *p, const Event *e, uint32_t levels)
{
    uint64_t n = 0;

    for (unsigned height = 0; height + e->level < VTD_PERF_LEVELS; height++) {
        if (levels >> (height + e->level) & 1) {
            n += iommu_tally_count(&p->pmu.tally, e->kind, e->stage, height, e->hit);
        }
    }
    return n;
}

static uint64_t count_event(const VtdPerfmon *p, const Event *e, unsigned n)
{
    const IommuTally *t = &p->pmu.tally;
    uint64_t at = p->at_filter[n], level = p->level_filter[n];
    bool all_levels = !reg_get(level, VTD_PERFFLTR_EN);

    switch ((EventCause)e->cause) {
    case CAUSE_STEPS:
        if (e->filter == FILTER_LEVEL && !all_levels) {
            return count_levels(p, e, reg_get(level, VTD_PERFFLTR_PTL));
        }
        return iommu_tally_count(t, e->kind, e->stage, ANY, e->hit);
    case CAUSE_READS:
        return p->notes[e->kind] + iommu_tally_count(t, IOMMU_STEP_CONFIG_READ, ANY, ANY, ANY) +
               iommu_tally_count(t, IOMMU_STEP_READ, ANY, ANY, ANY) +
               iommu_tally_count(t, IOMMU_STEP_QUEUE_READ, ANY, ANY, ANY);
    case CAUSE_DIRECT:
        if (e->filter == FILTER_AT && reg_get(at, VTD_PERFFLTR_EN) &&
            !(reg_get(at, VTD_PERFFLTR_AT) >> p->address_type & 1)) {
            return 0;
        }
        return p->notes[e->kind];
    case CAUSE_CLOCK:
        break;
    }
    return 0;
}

/* Several selected events of a group are summed [10.2]. */
static uint64_t count_operation(const VtdPerfmon *p, unsigned n)
{
    uint32_t select = reg_get(p->config[n], VTD_PERFCFG_ES);
    unsigned group = reg_get(p->config[n], VTD_PERFCFG_EGI);
    uint64_t sum = 0;

    for (size_t i = 0; i < EVENTS; i++) {
        if (events[i].group == group && (events[i].bit & select)) {
            sum += count_event(p, &events[i], n);
        }
    }
    return sum;
}

static bool counts(const VtdPerfmon *p, unsigned n)
{
    return reg_get(p->config[n], VTD_PERFCFG_EN) && !(p->frozen >> n & 1);
}

static bool counts_clocks(const VtdPerfmon *p, unsigned n)
{
    return counts(p, n) && reg_get(p->config[n], VTD_PERFCFG_EGI) == 0 &&
           (reg_get(p->config[n], VTD_PERFCFG_ES) & VTD_PERF_G0_CLOCKS);
}

/* ---- overflow [10.3.1] */

static void finish(VtdModel *m, uint64_t overflowed)
{
    VtdPerfmon *p = &m->perfmon;
    bool interrupt = false;

    p->overflow |= overflowed;
    for (unsigned n = 0; n < m->cfg.pmc; n++) {
        if (overflowed >> n & 1) {
            interrupt |= reg_get(p->config[n], VTD_PERFCFG_IO);
            if (reg_get(p->config[n], VTD_PERFCFG_GFO)) {
                vtd_perfmon_freeze(m, true);
            }
        }
    }
    if (interrupt && !vtd_reg32(m, VTD_REG_PERFINTRSTS)) {
        vtd_set_reg32(m, VTD_REG_PERFINTRSTS, reg_make(VTD_PERFINTRSTS_PIS, 1));
        vtd_event_raise(m, VTD_EVENT_PERF);
    }
}

void vtd_perfmon_catch_up(VtdModel *m)
{
    VtdPerfmon *p = &m->perfmon;
    uint64_t cycles = iommu_pmu_elapsed(&p->pmu, &m->base);
    uint64_t overflowed = 0;

    for (unsigned n = 0; cycles && n < m->cfg.pmc; n++) {
        if (counts_clocks(p, n) && iommu_pmu_add(&p->count[n], VTD_PERF_WIDTH, cycles)) {
            overflowed |= 1ull << n;
        }
    }
    if (overflowed) {
        finish(m, overflowed);
    }
}

void vtd_perfmon_update(VtdModel *m)
{
    VtdPerfmon *p = &m->perfmon;
    uint64_t nearest = UINT64_MAX;

    p->pmu.counting = false;
    for (unsigned n = 0; n < m->cfg.pmc; n++) {
        p->pmu.counting |= counts(p, n);
        if (counts_clocks(p, n) && low_mask(VTD_PERF_WIDTH) - p->count[n] < nearest) {
            nearest = low_mask(VTD_PERF_WIDTH) - p->count[n];
        }
    }
    if (nearest != UINT64_MAX) {
        iommu_pmu_wake(&m->base, nearest + 1);
    }
}

void vtd_perfmon_tick(VtdModel *m)
{
    if (m->perfmon.pmu.counting) {
        vtd_perfmon_catch_up(m);
        vtd_perfmon_update(m);
    }
}

/* ---- operations */

bool vtd_perfmon_watch(VtdModel *m)
{
    VtdPerfmon *p = &m->perfmon;

    if (!iommu_pmu_watch(&p->pmu, &m->plan)) {
        return false;
    }
    memset(p->notes, 0, sizeof(p->notes));
    return true;
}

void vtd_perfmon_count(VtdModel *m)
{
    VtdPerfmon *p = &m->perfmon;
    uint64_t overflowed = 0;

    iommu_pmu_unwatch(&p->pmu, &m->plan);
    vtd_perfmon_catch_up(m);
    for (unsigned n = 0; n < m->cfg.pmc; n++) {
        if (counts(p, n) && iommu_pmu_add(&p->count[n], VTD_PERF_WIDTH, count_operation(p, n))) {
            overflowed |= 1ull << n;
        }
    }
    if (overflowed) {
        finish(m, overflowed);
        vtd_perfmon_update(m);
    }
}

/* ---- commands */

void vtd_perfmon_freeze(VtdModel *m, bool on)
{
    m->perfmon.frozen = on ? low_mask(m->cfg.pmc) : 0;
}

/* A filter is enabled that the one selected event does not take [10.5]. */
static bool filter_mismatch(const VtdPerfmon *p, unsigned n, const Event *e)
{
    return (reg_get(p->at_filter[n], VTD_PERFFLTR_EN) && e->filter != FILTER_AT) ||
           (reg_get(p->level_filter[n], VTD_PERFFLTR_EN) && e->filter != FILTER_LEVEL);
}

bool vtd_perfmon_enable(VtdModel *m, uint64_t n)
{
    VtdPerfmon *p = &m->perfmon;
    const Event *only = NULL;
    uint32_t select;
    unsigned group;

    if (n >= m->cfg.pmc) {
        return false;
    }
    select = reg_get(p->config[n], VTD_PERFCFG_ES);
    group = reg_get(p->config[n], VTD_PERFCFG_EGI);
    if (!select || (select & ~vtd_perfmon_events(group))) {
        return false;
    }
    for (size_t i = 0; i < EVENTS; i++) {
        if (events[i].group == group && events[i].bit == select) {
            only = &events[i];
        }
    }
    /* Filters are for counters of one event. */
    if (only ? filter_mismatch(p, n, only)
             : reg_get(p->at_filter[n], VTD_PERFFLTR_EN) ||
               reg_get(p->level_filter[n], VTD_PERFFLTR_EN)) {
        return false;
    }
    p->config[n] = reg_set(p->config[n], VTD_PERFCFG_EN, 1);
    return true;
}

bool vtd_perfmon_disable(VtdModel *m, uint64_t n)
{
    VtdPerfmon *p = &m->perfmon;

    if (n >= m->cfg.pmc) {
        return false;
    }
    p->config[n] = reg_set(p->config[n], VTD_PERFCFG_EN, 0);
    p->frozen &= ~(1ull << n);
    return true;
}

void vtd_perfmon_reset_config(VtdModel *m)
{
    VtdPerfmon *p = &m->perfmon;

    memset(p->config, 0, sizeof(p->config));
    memset(p->at_filter, 0, sizeof(p->at_filter));
    memset(p->level_filter, 0, sizeof(p->level_filter));
    p->frozen = 0;
    p->overflow = 0;
}

void vtd_perfmon_reset_values(VtdModel *m)
{
    memset(m->perfmon.count, 0, sizeof(m->perfmon.count));
}

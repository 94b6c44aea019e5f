/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Performance monitor counter group (IHI 0070 chapter 10): one group, associated with every
 * StreamID.
 *
 * Choices that the architecture leaves open: events 1, 2, 3 and 7 include terminated and
 * speculative transactions and leave out ATOS, prefetch commands and CMOs; SMMUEN=0 changes
 * nothing; a transaction that is retried after a stall is not counted again; writing OVSSET0 only
 * sets bits.
 */
#include "internal.h"

#include <string.h>

/* ---- Events ------------------------------------------------------------------------------- */

#define ANY IOMMU_TALLY_ANY
#define MISS 0
#define NO_KIND IOMMU_STEP_KINDS

/** What makes an event happen other than steps of the plan. */
typedef enum EventCause {
    CAUSE_STEPS,       /* each step */
    CAUSE_STEP_OF_TXN, /* a transaction that has at least one of the steps */
    CAUSE_TXN,
    CAUSE_ATS_REQUEST,
    CAUSE_TRANSLATED,
    CAUSE_CLOCK,
} EventCause;

typedef struct Event {
    uint16_t number;
    uint8_t cause;  /* EventCause */
    uint8_t kind;   /* IommuStepKind */
    uint8_t kind2;  /* another that counts as well, or NO_KIND */
    uint8_t stage, height, hit;
} Event;

#define STEPS(number, kind, stage, height, hit) \
    { number, CAUSE_STEPS, kind, NO_KIND, stage, height, hit }
#define OTHER(number, cause) { number, cause, NO_KIND, NO_KIND, 0, 0, 0 }
/* The table at height h is what a descriptor of level 2 - h points to. */
#define WALK_CACHE(lookup, miss, stage, height)                                  \
    STEPS(lookup, IOMMU_STEP_TABLE_CACHE, stage, height, ANY),                   \
    STEPS(miss, IOMMU_STEP_TABLE_CACHE, stage, height, MISS)

/* Ascending */
static const Event events[] = {
    OTHER(PMCG_EV_CYCLES, CAUSE_CLOCK),
    OTHER(PMCG_EV_TRANSACTION, CAUSE_TXN),
    { PMCG_EV_TLB_MISS, CAUSE_STEP_OF_TXN, IOMMU_STEP_TLB, NO_KIND, ANY, ANY, MISS },
    { PMCG_EV_CONFIG_MISS, CAUSE_STEP_OF_TXN, IOMMU_STEP_CONFIG, NO_KIND, ANY, ANY, MISS },
    { PMCG_EV_WALK_ACCESS, CAUSE_STEPS, IOMMU_STEP_READ, IOMMU_STEP_UPDATE, ANY, ANY, ANY },
    STEPS(PMCG_EV_CONFIG_ACCESS, IOMMU_STEP_CONFIG_READ, ANY, ANY, ANY),
    OTHER(PMCG_EV_ATS_REQUEST, CAUSE_ATS_REQUEST),
    OTHER(PMCG_EV_ATS_TRANSLATED, CAUSE_TRANSLATED),
    WALK_CACHE(PMCG_EV_S1L0_LOOKUP, PMCG_EV_S1L0_MISS, 1, 2),
    WALK_CACHE(PMCG_EV_S1L1_LOOKUP, PMCG_EV_S1L1_MISS, 1, 1),
    WALK_CACHE(PMCG_EV_S1L2_LOOKUP, PMCG_EV_S1L2_MISS, 1, 0),
    WALK_CACHE(PMCG_EV_S2L0_LOOKUP, PMCG_EV_S2L0_MISS, 2, 2),
    WALK_CACHE(PMCG_EV_S2L1_LOOKUP, PMCG_EV_S2L1_MISS, 2, 1),
    WALK_CACHE(PMCG_EV_S2L2_LOOKUP, PMCG_EV_S2L2_MISS, 2, 0),
    STEPS(PMCG_EV_CONFIG_LOOKUP, IOMMU_STEP_CONFIG, ANY, ANY, ANY),
    STEPS(PMCG_EV_CONFIG_LOOKUP_MISS, IOMMU_STEP_CONFIG, ANY, ANY, MISS),
    STEPS(PMCG_EV_TLB_LOOKUP, IOMMU_STEP_TLB, ANY, ANY, ANY),
    STEPS(PMCG_EV_TLB_LOOKUP_MISS, IOMMU_STEP_TLB, ANY, ANY, MISS),
    STEPS(PMCG_EV_IPA_LOOKUP, IOMMU_STEP_IPA_CACHE, ANY, ANY, ANY),
    STEPS(PMCG_EV_IPA_MISS, IOMMU_STEP_IPA_CACHE, ANY, ANY, MISS),
    STEPS(PMCG_EV_WALK, IOMMU_STEP_WALK, ANY, ANY, ANY),
    STEPS(PMCG_EV_S1_READ, IOMMU_STEP_READ, 1, ANY, ANY),
    STEPS(PMCG_EV_S2_READ, IOMMU_STEP_READ, 2, ANY, ANY),
    STEPS(PMCG_EV_UPDATE, IOMMU_STEP_UPDATE, ANY, ANY, ANY),
    WALK_CACHE(PMCG_EV_S1LM1_LOOKUP, PMCG_EV_S1LM1_MISS, 1, 3),
    WALK_CACHE(PMCG_EV_S2LM1_LOOKUP, PMCG_EV_S2LM1_MISS, 2, 3),
    STEPS(PMCG_EV_UTLB_LOOKUP, IOMMU_STEP_UTLB, ANY, ANY, ANY),
    STEPS(PMCG_EV_UTLB_MISS, IOMMU_STEP_UTLB, ANY, ANY, MISS),
};

static const Event *event_find(unsigned number)
{
    size_t low = 0, high = sizeof(events) / sizeof(events[0]);

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (events[mid].number < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < sizeof(events) / sizeof(events[0]) && events[low].number == number ? &events[low]
                                                                                    : NULL;
}

static uint64_t steps_of(const Event *e, const IommuTally *t)
{
    uint64_t n = iommu_tally_count(t, e->kind, e->stage, e->height, e->hit);

    if (e->kind2 != NO_KIND) {
        n += iommu_tally_count(t, e->kind2, e->stage, e->height, e->hit);
    }
    return n;
}

/** How often @e happened in one operation. */
static uint64_t event_count(const Event *e, SmmuPmcgOp op, const IommuTally *t)
{
    switch ((EventCause)e->cause) {
    case CAUSE_STEPS:
        return steps_of(e, t);
    case CAUSE_STEP_OF_TXN:
        return op != PMCG_OP_OTHER && steps_of(e, t);
    case CAUSE_TXN:
        return op != PMCG_OP_OTHER;
    case CAUSE_ATS_REQUEST:
        return op == PMCG_OP_ATS_REQUEST;
    case CAUSE_TRANSLATED:
        return op == PMCG_OP_TRANSLATED;
    case CAUSE_CLOCK:
        break;
    }
    return 0;
}

uint64_t smmu_pmcg_ceid0(const SmmuConfig *c)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        bool ats = events[i].cause == CAUSE_ATS_REQUEST || events[i].cause == CAUSE_TRANSLATED;

        if (events[i].number < 64 && (c->ats || !ats)) {
            bits |= 1ull << events[i].number;
        }
    }
    return bits;
}

/* ---- Counters ----------------------------------------------------------------------------- */

uint64_t smmu_pmcg_enabled(const SmmuModel *m)
{
    return reg_get(m->pmcg.cr, PMCG_CR_E) ? m->pmcg.cnten : 0;
}

/**
 * StreamID filter of counter @n (10.4). With SPAN the lowest zero of STREAMID and all below it
 * stand for any value; all ones, for every StreamID.
 */
static bool filter_matches(const SmmuModel *m, unsigned n, uint32_t stream)
{
    unsigned by = m->config.pmcg_one_filter ? 0 : n;
    uint64_t smr = m->pmcg.smr[by];
    uint64_t compare = low_mask(m->config.sidsize);

    if (reg_get(m->pmcg.evtyper[by], EVTYPER_FILTER_SID_SPAN)) {
        compare &= ~(smr ^ (smr + 1));
    }
    return !((stream ^ smr) & compare);
}

void smmu_pmcg_capture(SmmuModel *m)
{
    memcpy(m->pmcg.shadow, m->pmcg.count, sizeof(m->pmcg.shadow));
}

static void raise_irq(SmmuModel *m)
{
    SmmuPmcg *g = &m->pmcg;
    uint64_t addr = smmu_pa(m, field_in_place(&g->irq_cfg0, IRQ_CFG0_ADDR));
    IommuMemAttr attr = smmu_msi_attr(reg_get(g->irq_cfg2, IRQ_CFG2_MEMATTR),
                                      reg_get(g->irq_cfg2, IRQ_CFG2_SH));

    m->base.counters.interrupts++;
    m->base.host.ops->pulse_irq(m->base.host.opaque, SMMU_IRQ_PMCG);
    if (!m->config.pmcg_msi || !addr) {
        return;
    }
    m->base.counters.interrupts++;
    plan_step(&m->plan, IOMMU_STEP_MSI, 0, 0, false, addr, 4);
    if (m->base.host.ops->send_msi(m->base.host.opaque, addr, g->irq_cfg1, attr, IOMMU_MSI_PMU) !=
            IOMMU_MEM_OK && m->config.minor >= 1) {
        g->irq_status = reg_set(g->irq_status, PMCG_IRQ_STATUS_ABT, 1);
    }
}

/** Counters @overflowed carried out. Status and captured values are there before the interrupt. */
static void finish(SmmuModel *m, uint64_t overflowed)
{
    SmmuPmcg *g = &m->pmcg;
    bool captures = false;

    if (!overflowed) {
        return;
    }
    g->ovs |= overflowed;
    for (unsigned n = 0; n < m->config.pmcg; n++) {
        captures |= (overflowed >> n & 1) && reg_get(g->evtyper[n], EVTYPER_OVFCAP);
    }
    if (captures) {
        smmu_pmcg_capture(m);
    }
    if ((overflowed & g->inten) && reg_get(g->irq_ctrl, PMCG_IRQ_CTRL_IRQEN)) {
        raise_irq(m);
    }
}

static bool counts_cycles(const SmmuModel *m, unsigned n)
{
    return (smmu_pmcg_enabled(m) >> n & 1) &&
           reg_get(m->pmcg.evtyper[n], EVTYPER_EVENT) == PMCG_EV_CYCLES;
}

void smmu_pmcg_catch_up(SmmuModel *m)
{
    uint64_t cycles = iommu_pmu_elapsed(&m->pmcg.pmu, &m->base);
    uint64_t overflowed = 0;

    for (unsigned n = 0; cycles && n < m->config.pmcg; n++) {
        if (counts_cycles(m, n) &&
            iommu_pmu_add(&m->pmcg.count[n], m->config.pmcg_size, cycles)) {
            overflowed |= 1ull << n;
        }
    }
    finish(m, overflowed);
}

void smmu_pmcg_arm(SmmuModel *m)
{
    uint64_t nearest = UINT64_MAX;

    for (unsigned n = 0; n < m->config.pmcg; n++) {
        uint64_t left = low_mask(m->config.pmcg_size) - m->pmcg.count[n];

        if (counts_cycles(m, n) && left < nearest) {
            nearest = left;
        }
    }
    if (nearest != UINT64_MAX) {
        iommu_pmu_wake(&m->base, nearest + 1);
    }
}

void smmu_pmcg_tick(SmmuModel *m)
{
    if (m->pmcg.pmu.counting) {
        smmu_pmcg_catch_up(m);
        smmu_pmcg_arm(m);
    }
}

bool smmu_pmcg_watch(SmmuModel *m)
{
    return iommu_pmu_watch(&m->pmcg.pmu, &m->plan);
}

void smmu_pmcg_count(SmmuModel *m, SmmuPmcgOp op, uint32_t stream)
{
    SmmuPmcg *g = &m->pmcg;
    uint64_t on = smmu_pmcg_enabled(m), overflowed = 0;

    iommu_pmu_unwatch(&g->pmu, &m->plan);
    smmu_pmcg_catch_up(m);
    for (unsigned n = 0; n < m->config.pmcg; n++) {
        const Event *e = on >> n & 1 ? event_find(reg_get(g->evtyper[n], EVTYPER_EVENT)) : NULL;
        uint64_t count;

        if (!e || !filter_matches(m, n, stream)) {
            continue;
        }
        count = event_count(e, op, &g->pmu.tally);
        if (count && iommu_pmu_add(&g->count[n], m->config.pmcg_size, count)) {
            overflowed |= 1ull << n;
        }
    }
    finish(m, overflowed);
}

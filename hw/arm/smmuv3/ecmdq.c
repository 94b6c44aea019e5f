/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the Enhanced Command queues: control pages of 64 KB with evenly spaced queues of 16
 * bytes (IHI 0070 3.5.6, 6.2.5, 6.3.107-109). How commands are consumed is cmdq.c's.
 */
#include "internal.h"

#define ECMDQ_BASE_MASK (field_mask(Q_BASE_LOG2SIZE) | field_mask(Q_BASE_ADDR) | \
                         field_mask(Q_BASE_HINT))
#define ECMDQ_PROD_MASK (field_mask(Q_INDEX) | field_mask(ECMDQ_PROD_ERRACK) | \
                         field_mask(ECMDQ_PROD_EN))
#define ECMDQ_CONS_MASK (field_mask(Q_INDEX) | field_mask(ECMDQ_CONS_ERR) | \
                         field_mask(ECMDQ_CONS_ERR_REASON))

static bool ecmdq_enabled(const SmmuEcmdq *e)
{
    return reg_get(e->prod, ECMDQ_PROD_EN) || reg_get(e->cons, ECMDQ_CONS_ENACK);
}

bool smmu_ecmdq_any_enabled(const SmmuModel *m)
{
    for (uint32_t i = 0; i < m->ecmdq_count; i++) {
        if (ecmdq_enabled(&m->ecmdq[i])) {
            return true;
        }
    }
    return false;
}

/* Page and spacing are powers of two, so every queue has a slot of 64 KB / queues. */
int smmu_ecmdq_at(const SmmuModel *m, uint64_t offset, unsigned *reg)
{
    uint64_t spacing = SMMU_PAGE_BYTES >> m->config.ecmdq_log2numq;
    uint64_t queue = offset / spacing;

    *reg = offset % spacing;
    return *reg < 16 && queue < m->ecmdq_count ? (int)queue : -1;
}

uint64_t smmu_ecmdq_read(SmmuModel *m, uint64_t offset)
{
    unsigned reg;
    int q = smmu_ecmdq_at(m, offset, &reg);

    if (q < 0) {
        return 0;
    }
    switch (reg) {
    case SMMU_ECMDQ_BASE:
        return m->ecmdq[q].base;
    case SMMU_ECMDQ_BASE + 4:
        return m->ecmdq[q].base >> 32;
    case SMMU_ECMDQ_PROD:
        return m->ecmdq[q].prod | (uint64_t)m->ecmdq[q].cons << 32;
    case SMMU_ECMDQ_CONS:
        return m->ecmdq[q].cons;
    default:
        return 0;
    }
}

static void ecmdq_write_prod(SmmuModel *m, unsigned q, uint32_t value)
{
    SmmuEcmdq *e = &m->ecmdq[q];
    bool enable;

    e->prod = value & ECMDQ_PROD_MASK;
    enable = reg_get(e->prod, ECMDQ_PROD_EN);
    if (!enable && reg_get(e->cons, ECMDQ_CONS_ENACK)) {
        /* Stopped: CONS is stable, and a SYNC that waits is not consumed */
        m->sync[q + 1].waiting = false;
        smmu_cmdq_forget(m, q + 1);
    }
    e->cons = reg_set(e->cons, ECMDQ_CONS_ENACK, enable);
    smmu_cmdq_run(m, q + 1);
}

void smmu_ecmdq_write(SmmuModel *m, uint64_t offset, uint64_t value, unsigned size)
{
    unsigned reg;
    int q = smmu_ecmdq_at(m, offset, &reg);
    SmmuEcmdq *e;

    if (q < 0) {
        return;
    }
    e = &m->ecmdq[q];
    switch (reg) {
    case SMMU_ECMDQ_BASE:
    case SMMU_ECMDQ_BASE + 4:
        if (!ecmdq_enabled(e)) {
            if (size == 8) {
                e->base = value;
            } else {
                e->base = reg_set(e->base, reg ? REGFIELD(63, 32) : REGFIELD(31, 0), value);
            }
            e->base &= ECMDQ_BASE_MASK;
        }
        break;
    case SMMU_ECMDQ_PROD:
        ecmdq_write_prod(m, q, value);
        break;
    case SMMU_ECMDQ_CONS:
        if (!ecmdq_enabled(e)) {
            e->cons = value & ECMDQ_CONS_MASK;
        }
        break;
    default:
        break;
    }
}

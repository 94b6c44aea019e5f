/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stalled transactions: STAGs, records that wait for the Event queue, CMD_RESUME, CMD_STALL_TERM
 * (IHI 0070 3.12.2, 4.7.1-2, 7.2.1). The STAG is the slot's number.
 */
#include "internal.h"

static void stall_set_state(SmmuModel *m, uint32_t slot, SmmuStallState state)
{
    SmmuStall *s = &m->stalls[slot];

    m->stalls_reported -= s->state == SMMU_STALL_REPORTED;
    m->stalls_waiting -= s->state == SMMU_STALL_WAITING;
    m->stalls_done -= s->state == SMMU_STALL_DONE;
    s->state = state;
    m->stalls_reported += state == SMMU_STALL_REPORTED;
    m->stalls_waiting += state == SMMU_STALL_WAITING;
    m->stalls_done += state == SMMU_STALL_DONE;
}

static uint32_t stall_find_free(const SmmuModel *m)
{
    for (uint32_t i = 0; i < m->stall_slots; i++) {
        if (m->stalls[i].state == SMMU_STALL_FREE) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* Write a stall record to a queue known to be writable. */
static void stall_write(SmmuModel *m, const uint64_t rec[EVENT_WORDS], uint32_t slot)
{
    m->last_event_valid = false;
    stall_set_state(m, slot, smmu_event_write(m, rec) ? SMMU_STALL_REPORTED : SMMU_STALL_WAITING);
}

void smmu_stall_report(SmmuModel *m, const uint64_t rec[EVENT_WORDS], uint32_t slot,
                       uint16_t serial)
{
    if (m->stalls[slot].state != SMMU_STALL_REPORTED || m->stalls[slot].serial != serial) {
        return; /* terminated meanwhile */
    }
    if (smmu_eventq_writable(m)) {
        stall_write(m, rec, slot);
    } else {
        stall_set_state(m, slot, SMMU_STALL_WAITING);
    }
}

bool smmu_stall_hold(SmmuModel *m, const IommuTxn *txn, uint64_t rec[EVENT_WORDS], uint32_t slot,
                     IommuResult *res)
{
    if (!m->base.host.ops->stall_done || !txn->cookie) {
        return false;
    }
    if (slot == UINT32_MAX) {
        slot = stall_find_free(m);
        if (slot == UINT32_MAX) {
            return false;
        }
        m->stalls[slot].txn = *txn;
    }
    /*
     * STALL_MAX bounds the records that await an answer, and a record may not be written while the
     * queue cannot take it; the transaction then waits and is tried again as new.
     */
    stall_set_state(m, slot, SMMU_STALL_WAITING);
    if (m->stalls_reported < m->config.stall_max && smmu_eventq_writable(m)) {
        field_set(rec, EVT_STALL, 1);
        field_set(rec, EVT_STAG, slot);
        m->stalls[slot].serial++;
        if (smmu_timed_stall(m, rec, slot)) {
            stall_set_state(m, slot, SMMU_STALL_REPORTED);
        } else {
            stall_write(m, rec, slot);
        }
    }
    res->status = IOMMU_STATUS_STALLED;
    res->tag = slot;
    return true;
}

static void stall_finish(SmmuModel *m, uint32_t slot, const IommuResult *res)
{
    m->stalls[slot].res = *res;
    m->stalls[slot].res.tag = slot;
    stall_set_state(m, slot, SMMU_STALL_DONE);
}

static void stall_finish_status(SmmuModel *m, uint32_t slot, IommuStatus status)
{
    IommuResult res = { .status = status, .complete = m->stalls[slot].txn.arrival };

    stall_finish(m, slot, &res);
}

static void stall_retry(SmmuModel *m, uint32_t slot)
{
    IommuResult res;

    smmu_translate_retry(m, slot, &res);
    if (res.status != IOMMU_STATUS_STALLED) {
        stall_finish(m, slot, &res);
    }
}

void smmu_stall_retry_waiting(SmmuModel *m)
{
    for (uint32_t i = 0; i < m->stall_slots && m->stalls_waiting; i++) {
        if (!smmu_eventq_writable(m)) {
            return;
        }
        if (m->stalls[i].state == SMMU_STALL_WAITING) {
            stall_retry(m, i);
        }
    }
}

void smmu_stall_resume(SmmuModel *m, uint32_t stream, uint32_t stag, bool retry, bool abort)
{
    /* A STAG that is not this stream's, or not software's to know, is no STAG (4.7.1) */
    if (stag >= m->stall_slots || m->stalls[stag].state != SMMU_STALL_REPORTED ||
        m->stalls[stag].txn.stream != stream) {
        return;
    }
    if (retry) {
        stall_set_state(m, stag, SMMU_STALL_WAITING);
        stall_retry(m, stag);
    } else {
        stall_finish_status(m, stag, abort || m->config.term_model ? IOMMU_STATUS_ABORT
                                                                   : IOMMU_STATUS_RAZWI);
    }
    /* One record fewer is unresolved: another may be written */
    smmu_stall_retry_waiting(m);
}

void smmu_stall_terminate(SmmuModel *m, bool all, uint32_t stream)
{
    for (uint32_t i = 0; i < m->stall_slots; i++) {
        SmmuStall *s = &m->stalls[i];

        if ((s->state == SMMU_STALL_WAITING || s->state == SMMU_STALL_REPORTED) &&
            (all || s->txn.stream == stream)) {
            stall_finish_status(m, i, IOMMU_STATUS_ABORT);
        }
    }
}

void smmu_stall_tell_clients(SmmuModel *m)
{
    for (uint32_t i = 0; i < m->stall_slots && m->stalls_done; i++) {
        SmmuStall done = m->stalls[i];

        if (done.state != SMMU_STALL_DONE) {
            continue;
        }
        /* The slot is free before the client hears of it: it may stall again at once */
        stall_set_state(m, i, SMMU_STALL_FREE);
        m->base.host.ops->stall_done(m->base.host.opaque, done.txn.cookie, &done.res);
    }
}

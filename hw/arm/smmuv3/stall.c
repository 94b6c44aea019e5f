/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stalled transactions: STAGs, records that wait for the Event queue, CMD_RESUME, CMD_STALL_TERM
 * (IHI 0070 3.12.2, 4.7.1-2, 7.2.1). The STAG is the slot's number.
 */
#include "internal.h"
#include "hw/iommu/timed.h"

#include <stdlib.h>
#include <string.h>

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
    if (slot >= m->stall_slots || m->stalls[slot].state != SMMU_STALL_REPORTED ||
        m->stalls[slot].serial != serial) {
        return; /* terminated meanwhile, or a saved state that nobody saved */
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

    if (m->base.timed) {
        res.complete = iommu_timed_now(m->base.timed);
    }
    stall_finish(m, slot, &res);
}

/* With timing on the retry is a job; the client hears of it when that is over. */
static void stall_retry(SmmuModel *m, uint32_t slot)
{
    SmmuStall *s = &m->stalls[slot];
    bool later = false;
    IommuResult res;

    if (m->base.timed) {
        s->serial++; /* the end of an earlier attempt's job says nothing of this one */
        iommu_timed_retry_begin(m->base.timed);
        smmu_translate_retry(m, slot, &res);
        later = iommu_timed_retry_end(m->base.timed, smmu_timed_stall_tag(m, slot));
    } else {
        smmu_translate_retry(m, slot, &res);
    }
    if (res.status == IOMMU_STATUS_STALLED) {
        return;
    }
    if (later) {
        s->res = res;
        stall_set_state(m, slot, SMMU_STALL_RETRIED);
    } else {
        stall_finish(m, slot, &res);
    }
}

void smmu_stall_retried(SmmuModel *m, uint32_t slot, uint16_t serial, uint64_t cycle)
{
    IommuResult res;

    if (slot >= m->stall_slots || m->stalls[slot].state != SMMU_STALL_RETRIED ||
        m->stalls[slot].serial != serial) {
        return; /* terminated meanwhile */
    }
    res = m->stalls[slot].res;
    res.complete = cycle;
    stall_finish(m, slot, &res);
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

        if (((s->state == SMMU_STALL_WAITING || s->state == SMMU_STALL_REPORTED) &&
             (all || s->txn.stream == stream)) || (all && s->state == SMMU_STALL_RETRIED)) {
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

/* ---- Saved state -------------------------------------------------------------------------- */

/* A stalled transaction as a list of numbers: order and number are the format */
#define STALL_WORDS  11u
#define STALL_TXN    0u /* addr, arrival, cookie, stream | pasid, size | flags, attributes */
#define STALL_STATE  6u
#define STALL_RESULT 7u /* pa, attributes, the rest; of a retry that is not over */

#define STALL_PASID   REGFIELD(63, 32)
#define STALL_STREAM  REGFIELD(31, 0)
#define STALL_SIZE    REGFIELD(31, 0)
#define STALL_HAS_PASID REGFIELD(32, 32)
#define STALL_WRITE   REGFIELD(33, 33)
#define STALL_ATOMIC  REGFIELD(34, 34)
#define STALL_EXEC    REGFIELD(35, 35)
#define STALL_PRIV    REGFIELD(36, 36)
#define STALL_NO_SNOOP REGFIELD(37, 37)
#define ATTR_TYPE     REGFIELD(7, 0)
#define ATTR_SH       REGFIELD(15, 8)
#define ATTR_SNOOP    REGFIELD(16, 16)
#define ATTR_SPACE    REGFIELD(31, 24)
#define STATE_STATE   REGFIELD(7, 0)
#define STATE_SERIAL  REGFIELD(31, 16)
#define RESULT_FAULT  REGFIELD(31, 0)
#define RESULT_STATUS REGFIELD(39, 32)
#define RESULT_LG2    REGFIELD(47, 40)
#define RESULT_RIGHTS REGFIELD(55, 48)
#define RESULT_BYPASSED REGFIELD(56, 56)

static uint64_t attr_pack(IommuMemAttr a)
{
    return reg_make(ATTR_TYPE, a.type) | reg_make(ATTR_SH, a.sh) | reg_make(ATTR_SNOOP, a.snoop) |
           reg_make(ATTR_SPACE, a.space);
}

static IommuMemAttr attr_unpack(uint64_t w)
{
    return (IommuMemAttr) {
        .type = reg_get(w, ATTR_TYPE), .sh = reg_get(w, ATTR_SH),
        .snoop = reg_get(w, ATTR_SNOOP), .space = reg_get(w, ATTR_SPACE),
    };
}

static void stall_pack(const SmmuStall *s, uint64_t w[STALL_WORDS])
{
    const IommuTxn *t = &s->txn;

    w[STALL_TXN] = t->addr;
    w[STALL_TXN + 1] = t->arrival;
    w[STALL_TXN + 2] = t->cookie;
    w[STALL_TXN + 3] = reg_make(STALL_STREAM, t->stream) | reg_make(STALL_PASID, t->pasid);
    w[STALL_TXN + 4] = reg_make(STALL_SIZE, t->size) | reg_make(STALL_HAS_PASID, t->has_pasid) |
                       reg_make(STALL_WRITE, t->write) | reg_make(STALL_ATOMIC, t->atomic) |
                       reg_make(STALL_EXEC, t->exec) | reg_make(STALL_PRIV, t->priv) |
                       reg_make(STALL_NO_SNOOP, t->no_snoop);
    w[STALL_TXN + 5] = attr_pack(t->attr);
    w[STALL_STATE] = reg_make(STATE_STATE, s->state) | reg_make(STATE_SERIAL, s->serial);
    w[STALL_RESULT] = s->res.pa;
    w[STALL_RESULT + 1] = attr_pack(s->res.attr);
    w[STALL_RESULT + 2] = reg_make(RESULT_FAULT, s->res.fault) |
                          reg_make(RESULT_STATUS, s->res.status) |
                          reg_make(RESULT_LG2, s->res.page_lg2) |
                          reg_make(RESULT_RIGHTS, s->res.rights) |
                          reg_make(RESULT_BYPASSED, s->res.bypassed);
    if (s->state != SMMU_STALL_RETRIED) {
        memset(w + STALL_RESULT, 0, (STALL_WORDS - STALL_RESULT) * sizeof(*w));
    }
}

static void stall_unpack(const uint64_t w[STALL_WORDS], SmmuStall *s)
{
    uint64_t flags = w[STALL_TXN + 4], result = w[STALL_RESULT + 2];

    *s = (SmmuStall) {
        .txn = {
            .addr = w[STALL_TXN],
            .arrival = w[STALL_TXN + 1],
            .cookie = w[STALL_TXN + 2],
            .stream = reg_get(w[STALL_TXN + 3], STALL_STREAM),
            .pasid = reg_get(w[STALL_TXN + 3], STALL_PASID),
            .size = reg_get(flags, STALL_SIZE),
            .has_pasid = reg_get(flags, STALL_HAS_PASID),
            .write = reg_get(flags, STALL_WRITE),
            .atomic = reg_get(flags, STALL_ATOMIC),
            .exec = reg_get(flags, STALL_EXEC),
            .priv = reg_get(flags, STALL_PRIV),
            .no_snoop = reg_get(flags, STALL_NO_SNOOP),
            .attr = attr_unpack(w[STALL_TXN + 5]),
        },
        .res = {
            .pa = w[STALL_RESULT],
            .attr = attr_unpack(w[STALL_RESULT + 1]),
            .fault = reg_get(result, RESULT_FAULT),
            .status = reg_get(result, RESULT_STATUS),
            .page_lg2 = reg_get(result, RESULT_LG2),
            .rights = reg_get(result, RESULT_RIGHTS),
            .bypassed = reg_get(result, RESULT_BYPASSED),
        },
        .serial = reg_get(w[STALL_STATE], STATE_SERIAL),
    };
}

void smmu_stalls_save(const SmmuModel *m, IommuStateWriter *w)
{
    size_t words = (size_t)m->stall_slots * STALL_WORDS;
    uint64_t *stalls = calloc(words + 1, sizeof(*stalls));

    if (!stalls) {
        w->failed = true;
        return;
    }
    for (uint32_t i = 0; i < m->stall_slots; i++) {
        stall_pack(&m->stalls[i], stalls + (size_t)i * STALL_WORDS);
    }
    iommu_state_put(w, "smmuv3.stalls", stalls, 8, words);
    free(stalls);
}

/* A client that was told, or is told of while the image is made, has no stall any more. */
static bool state_outlives(uint64_t state)
{
    return state == SMMU_STALL_WAITING || state == SMMU_STALL_REPORTED ||
           state == SMMU_STALL_RETRIED;
}

bool smmu_stalls_load(SmmuModel *m, IommuStateReader *r)
{
    size_t words = (size_t)m->stall_slots * STALL_WORDS;
    uint64_t *stalls = calloc(words + 1, sizeof(*stalls));

    if (!stalls || !iommu_state_get(r, "smmuv3.stalls", stalls, 8, words)) {
        free(stalls);
        return false;
    }
    m->stalls_reported = 0;
    m->stalls_waiting = 0;
    m->stalls_done = 0;
    for (uint32_t i = 0; i < m->stall_slots; i++) {
        const uint64_t *w = stalls + (size_t)i * STALL_WORDS;
        uint64_t state = reg_get(w[STALL_STATE], STATE_STATE);

        stall_unpack(w, &m->stalls[i]);
        if (state_outlives(state)) {
            stall_set_state(m, i, state);
        }
    }
    free(stalls);
    return true;
}

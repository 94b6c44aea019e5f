/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event records and the Event queue (IHI 0070 3.5.3-5, 7.2, 7.3, 7.4).
 */
#include "internal.h"
#include "hw/iommu/note.h"

/** What each event's record carries beyond number, StreamID and SubstreamID (7.3). */
#define REC_INPUT  0x01u /* InputAddr, RnW, InD, PnU */
#define REC_STAGE  0x02u /* S2, CLASS */
#define REC_IPA    0x04u /* IPA of stage 2 faults */
#define REC_FETCH  0x08u /* FetchAddr */
#define REC_TTRNW  0x10u

typedef struct EventKind {
    const char *name;
    uint8_t fields;
    bool stray_merge; /* may merge whatever MEV says (7.3.1) */
} EventKind;

static const EventKind event_kinds[] = {
    [F_UUT] = { "F_UUT", REC_INPUT, true },
    [C_BAD_STREAMID] = { "C_BAD_STREAMID", 0, true },
    [F_STE_FETCH] = { "F_STE_FETCH", REC_FETCH, true },
    [C_BAD_STE] = { "C_BAD_STE", 0, true },
    [F_BAD_ATS_TREQ] = { "F_BAD_ATS_TREQ", 0, false },
    [F_STREAM_DISABLED] = { "F_STREAM_DISABLED", 0, false },
    [F_TRANSL_FORBIDDEN] = { "F_TRANSL_FORBIDDEN", REC_INPUT, false },
    [C_BAD_SUBSTREAMID] = { "C_BAD_SUBSTREAMID", 0, false },
    [F_CD_FETCH] = { "F_CD_FETCH", REC_FETCH, false },
    [C_BAD_CD] = { "C_BAD_CD", 0, false },
    [F_WALK_EABT] = { "F_WALK_EABT", REC_INPUT | REC_STAGE | REC_FETCH, false },
    [F_TRANSLATION] = { "F_TRANSLATION", REC_INPUT | REC_STAGE | REC_IPA, false },
    [F_ADDR_SIZE] = { "F_ADDR_SIZE", REC_INPUT | REC_STAGE | REC_IPA, false },
    [F_ACCESS] = { "F_ACCESS", REC_INPUT | REC_STAGE | REC_IPA, false },
    [F_PERMISSION] = { "F_PERMISSION", REC_INPUT | REC_STAGE | REC_IPA | REC_TTRNW, false },
};

#define EVENT_KINDS (sizeof(event_kinds) / sizeof(event_kinds[0]))

static const EventKind *event_kind(unsigned event)
{
    static const EventKind unknown = { "reserved event", 0, false };

    return event < EVENT_KINDS && event_kinds[event].name ? &event_kinds[event] : &unknown;
}

const char *smmu_event_name(unsigned event)
{
    return event_kind(event)->name;
}

void smmu_event_trace(SmmuModel *m, const SmmuFault *fault)
{
    static const char *const classes[] = { "CD", "TT", "IN", "?" };
    uint8_t fields = event_kind(fault->event)->fields;
    IommuTrace *t = &m->base.trace;

    if (fault->event == 0) {
        IOMMU_TRACE(t, "Terminated by STE.Config, no event");
        return;
    }
    if (!(fields & REC_STAGE)) {
        IOMMU_TRACE(t, "Fault: %s (0x%02x) FetchAddr=0x%llx", smmu_event_name(fault->event),
                    fault->event, (unsigned long long)fault->fetch_addr);
        return;
    }
    IOMMU_TRACE(t, "Fault: %s (0x%02x) stage %u CLASS=%s IPA=0x%llx FetchAddr=0x%llx",
                smmu_event_name(fault->event), fault->event, fault->stage,
                classes[fault->cls & 3], (unsigned long long)fault->ipa,
                (unsigned long long)fault->fetch_addr);
}

void smmu_event_build(const SmmuReq *req, const SmmuFault *fault, uint64_t rec[EVENT_WORDS])
{
    uint8_t fields = event_kind(fault->event)->fields;

    for (unsigned i = 0; i < EVENT_WORDS; i++) {
        rec[i] = 0;
    }
    field_set(rec, EVT_NUM, fault->event);
    field_set(rec, EVT_STREAMID, req->stream);
    if (req->ssv && fault->event != C_BAD_STREAMID) {
        field_set(rec, EVT_SSV, 1);
        field_set(rec, EVT_SUBSTREAMID, req->ssid);
    } else if (fault->event == C_BAD_STREAMID || fault->event == C_BAD_SUBSTREAMID) {
        field_set(rec, EVT_SSV, req->ssv);
        field_set(rec, EVT_SUBSTREAMID, req->ssid);
    }
    if (fields & REC_INPUT) {
        /* An atomic that lacks only the read right faults as a read (13.1.1) */
        bool read = !req->write || (req->atomic && fault->read_missing);

        field_set(rec, EVT_INPUTADDR, req->addr);
        field_set(rec, EVT_RNW, read);
        field_set(rec, EVT_IND, req->ind);
        field_set(rec, EVT_PNU, req->pnu);
    }
    if (fields & REC_STAGE) {
        field_set(rec, EVT_S2, fault->stage == 2);
        field_set(rec, EVT_CLASS, fault->cls);
    }
    if ((fields & REC_IPA) && fault->stage == 2) {
        field_set(rec, EVT_IPA, fault->ipa >> 12);
    }
    if (fields & REC_FETCH) {
        field_set(rec, EVT_FETCHADDR, fault->fetch_addr >> 3);
    }
    if ((fields & REC_TTRNW) && fault->stage == 2 && fault->cls == EVT_CLASS_TT) {
        field_set(rec, EVT_TTRNW, !fault->tt_write);
    }
    if (fault->event == F_UUT) {
        field_set(rec, EVT_REASON, fault->reason);
    }
}

/* ---- The queue ---------------------------------------------------------------------------- */

static unsigned eventq_log2(const SmmuModel *m)
{
    return smmu_q_log2(m->ns.cell[CELL_EVENTQ_BASE], m->config.eventqs);
}

static bool eventq_full(const SmmuModel *m)
{
    return smmu_q_full(cell_get(m, CELL_EVENTQ_PROD, Q_INDEX),
                       cell_get(m, CELL_EVENTQ_CONS, Q_INDEX), eventq_log2(m));
}

static bool eventq_running(const SmmuModel *m)
{
    return cell_get(m, CELL_CR0, CR0_EVENTQEN) && !smmu_gerror_active(m, GERROR_EVENTQ_ABT_ERR);
}

bool smmu_eventq_writable(const SmmuModel *m)
{
    return eventq_running(m) && !eventq_full(m);
}

static void note(SmmuModel *m, const uint64_t rec[EVENT_WORDS], IommuNoteKind kind)
{
    unsigned event = field_get(rec, EVT_NUM);

    iommu_note(&m->base.host, &(IommuNote) {
        .kind = kind, .name = smmu_event_name(event), .code = event,
        .index = cell_get(m, CELL_EVENTQ_PROD, Q_INDEX),
        .stream = field_get(rec, EVT_STREAMID), .words = { rec[0], rec[1], rec[2], rec[3] },
    });
}

/** @rec is lost: the queue is off, full, or in error. */
static void event_lost(SmmuModel *m, const uint64_t rec[EVENT_WORDS])
{
    m->base.counters.events_lost++;
    note(m, rec, IOMMU_NOTE_RECORD_LOST);
}

bool smmu_event_write(SmmuModel *m, const uint64_t rec[EVENT_WORDS])
{
    unsigned log2 = eventq_log2(m);
    uint32_t prod = cell_get(m, CELL_EVENTQ_PROD, Q_INDEX);
    bool was_empty = !smmu_q_used(prod, cell_get(m, CELL_EVENTQ_CONS, Q_INDEX), log2);
    uint64_t addr = smmu_pa(m, smmu_q_addr(m->ns.cell[CELL_EVENTQ_BASE], log2, EVENT_BYTES, prod));
    uint8_t buf[EVENT_BYTES];

    for (unsigned i = 0; i < EVENT_WORDS; i++) {
        le64_store(buf + 8 * i, rec[i]);
    }
    plan_step(&m->plan, IOMMU_STEP_QUEUE_WRITE, 0, 0, false, addr, EVENT_BYTES);
    if (m->base.host.ops->write(m->base.host.opaque, addr, buf, EVENT_BYTES,
                                smmu_queue_attr(m)) != IOMMU_MEM_OK) {
        /* Synchronous: PROD stays, and nobody is told there is something to read (7.2.2) */
        event_lost(m, rec);
        smmu_gerror(m, GERROR_EVENTQ_ABT_ERR);
        return false;
    }
    m->base.counters.events++;
    note(m, rec, IOMMU_NOTE_RECORD);
    cell_set(m, CELL_EVENTQ_PROD, Q_INDEX, smmu_q_wrap(prod + 1, log2));
    if (was_empty) {
        smmu_irq_raise(m, SMMU_SOURCE_EVENTQ);
    }
    return true;
}

/** Whether @rec says nothing that the newest unread record does not say (3.5.5, 7.3.1). */
static bool event_merges(const SmmuModel *m, const uint64_t rec[EVENT_WORDS], bool may_merge)
{
    const EventKind *kind = event_kind(field_get(rec, EVT_NUM));
    uint32_t prod = cell_get(m, CELL_EVENTQ_PROD, Q_INDEX);
    uint64_t page_offset = kind->fields & REC_INPUT ? low_mask(12) : 0;

    if (!m->last_event_valid || prod != m->last_event_prod || (!may_merge && !kind->stray_merge) ||
        !smmu_q_used(prod, cell_get(m, CELL_EVENTQ_CONS, Q_INDEX), eventq_log2(m))) {
        return false;
    }
    for (unsigned i = 0; i < EVENT_WORDS; i++) {
        uint64_t ignore = i == field_word(EVT_INPUTADDR) ? page_offset : 0;

        if ((rec[i] ^ m->last_event[i]) & ~ignore) {
            return false;
        }
    }
    return true;
}

void smmu_event_record(SmmuModel *m, const uint64_t rec[EVENT_WORDS], bool may_merge)
{
    if (smmu_timed_event(m, rec, may_merge)) {
        return;
    }
    if (!eventq_running(m)) {
        event_lost(m, rec);
        return;
    }
    if (event_merges(m, rec, may_merge)) {
        return;
    }
    if (eventq_full(m)) {
        event_lost(m, rec);
        if (cell_get(m, CELL_EVENTQ_PROD, Q_OVFLG) == cell_get(m, CELL_EVENTQ_CONS, Q_OVFLG)) {
            cell_set(m, CELL_EVENTQ_PROD, Q_OVFLG, !cell_get(m, CELL_EVENTQ_PROD, Q_OVFLG));
        }
        return;
    }
    m->last_event_valid = smmu_event_write(m, rec);
    m->last_event_prod = cell_get(m, CELL_EVENTQ_PROD, Q_INDEX);
    for (unsigned i = 0; i < EVENT_WORDS; i++) {
        m->last_event[i] = rec[i];
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page Request Interface: the PRI queue, overflow and automatic responses (IHI 0070 chapter 8).
 */
#include "internal.h"
#include "hw/iommu/note.h"

/* PCIe response codes (8.3) */
#define PRG_SUCCESS  0x0u
#define PRG_FAILURE  0xfu

void smmu_pri_respond(SmmuModel *m, uint32_t stream, bool ssv, uint32_t ssid, uint32_t prgi,
                      uint8_t code)
{
    IommuPageResponse rsp = {
        .stream = stream,
        .has_pasid = ssv && m->config.ssidsize,
        .pasid = ssv && m->config.ssidsize ? ssid : 0,
        .prgi = prgi,
        .code = code,
    };

    if (m->base.host.ops->page_response) {
        m->base.host.ops->page_response(m->base.host.opaque, &rsp);
    }
}

/** Whether STE.PPAR wants a PASID on the response. False in @*known: the STE cannot be had. */
static bool ste_ppar(SmmuModel *m, const IommuPageRequest *req, bool *known)
{
    SmmuReq lookup = { .stream = req->stream, .ssid = req->pasid, .ssv = req->has_pasid };
    uint64_t rec[EVENT_WORDS];
    SmmuFault fault;
    SmmuSte *ste = smmu_ste_get(m, req->stream, &fault);

    *known = ste != NULL;
    if (ste) {
        return ste->ppar;
    }
    if (cell_get(m, CELL_CR2, CR2_REC_CFG_ATS) &&
        (fault.event != C_BAD_STREAMID || cell_get(m, CELL_CR2, CR2_RECINVSID))) {
        smmu_event_build(&lookup, &fault, rec);
        smmu_event_record(m, rec, false);
    }
    return false;
}

/** Answer the last request of a group that the queue could not take (8.1). */
static void respond_overflow(SmmuModel *m, const IommuPageRequest *req)
{
    bool known = true, pasid = false;

    if (!req->last) {
        return;
    }
    if (req->has_pasid && m->config.ssidsize) {
        pasid = m->config.pps || ste_ppar(m, req, &known);
    }
    smmu_pri_respond(m, req->stream, pasid, req->pasid, req->prgi,
                     known ? PRG_SUCCESS : PRG_FAILURE);
}

static void make_record(const SmmuModel *m, const IommuPageRequest *req, uint64_t rec[PRI_WORDS])
{
    bool ssv = req->has_pasid && m->config.ssidsize;

    rec[0] = 0;
    rec[1] = 0;
    field_set(rec, PRI_STREAMID, req->stream);
    field_set(rec, PRI_SSV, ssv);
    field_set(rec, PRI_SUBSTREAMID, ssv ? req->pasid : 0);
    field_set(rec, PRI_PRIV, ssv && req->priv);
    field_set(rec, PRI_X, ssv && req->x);
    field_set(rec, PRI_R, req->r);
    field_set(rec, PRI_W, req->w);
    field_set(rec, PRI_LAST, req->last);
    field_set(rec, PRI_PRGINDEX, req->prgi);
    field_set(rec, PRI_ADDR, req->addr >> 12);
}

static void note(SmmuModel *m, const IommuPageRequest *req, IommuNoteKind kind)
{
    IommuNote n = {
        .kind = kind, .name = "page request", .stream = req->stream,
        .index = cell_get(m, CELL_PRIQ_PROD, Q_INDEX),
    };

    make_record(m, req, n.words);
    iommu_note(&m->base.host, &n);
}

static bool write_record(SmmuModel *m, const IommuPageRequest *req, unsigned log2, uint32_t prod)
{
    uint64_t addr = smmu_pa(m, smmu_q_addr(m->ns.cell[CELL_PRIQ_BASE], log2, PRI_BYTES, prod));
    uint64_t rec[PRI_WORDS];
    uint8_t buf[PRI_BYTES];

    make_record(m, req, rec);
    for (unsigned i = 0; i < PRI_WORDS; i++) {
        le64_store(buf + 8 * i, rec[i]);
    }
    plan_step(&m->plan, IOMMU_STEP_QUEUE_WRITE, 0, 0, false, addr, PRI_BYTES);
    return m->base.host.ops->write(m->base.host.opaque, addr, buf, PRI_BYTES,
                                   smmu_queue_attr(m)) == IOMMU_MEM_OK;
}

/** PRIQ_IRQ_CFG2.LO chooses between "no longer empty" and "a Last arrived" (6.3.36). */
static void interrupt(SmmuModel *m, bool was_empty, bool last)
{
    bool lo = cell_get(m, CELL_PRIQ_IRQ_CFG2, IRQ_CFG2_LO);

    if (lo ? last : was_empty) {
        smmu_irq_raise(m, SMMU_SOURCE_PRIQ);
    }
}

void smmu_pri_request(SmmuModel *m, const IommuPageRequest *req)
{
    unsigned log2 = smmu_q_log2(m->ns.cell[CELL_PRIQ_BASE], m->config.priqs);
    uint32_t prod = cell_get(m, CELL_PRIQ_PROD, Q_INDEX);
    uint32_t cons = cell_get(m, CELL_PRIQ_CONS, Q_INDEX);
    bool overflow = cell_get(m, CELL_PRIQ_PROD, Q_OVFLG) != cell_get(m, CELL_PRIQ_CONS, Q_OVFLG);
    bool stop = iommu_page_request_is_stop_marker(req);
    bool empty = !smmu_q_used(prod, cons, log2);

    if (smmu_timed_page_request(m, req)) {
        return;
    }
    plan_begin(&m->plan);
    m->base.counters.page_requests++;
    if (!m->config.pri || !smmu_enabled(m) || !cell_get(m, CELL_CR0, CR0_PRIQEN) ||
        smmu_gerror_active(m, GERROR_PRIQ_ABT_ERR)) {
        note(m, req, IOMMU_NOTE_RECORD_LOST);
        if (!stop) {
            smmu_pri_respond(m, req->stream, false, 0, req->prgi, PRG_FAILURE);
        }
        return;
    }
    if (!overflow && smmu_q_full(prod, cons, log2)) {
        cell_set(m, CELL_PRIQ_PROD, Q_OVFLG, !cell_get(m, CELL_PRIQ_PROD, Q_OVFLG));
        overflow = true;
    }
    if (overflow) {
        m->base.counters.events_lost++;
        note(m, req, IOMMU_NOTE_RECORD_LOST);
        if (!stop) {
            respond_overflow(m, req);
        }
        interrupt(m, false, req->last);
        return;
    }
    if (!write_record(m, req, log2, prod)) {
        note(m, req, IOMMU_NOTE_RECORD_LOST);
        smmu_gerror(m, GERROR_PRIQ_ABT_ERR);
        if (!stop) {
            smmu_pri_respond(m, req->stream, false, 0, req->prgi, PRG_FAILURE);
        }
        return;
    }
    m->base.counters.events++;
    note(m, req, IOMMU_NOTE_RECORD);
    cell_set(m, CELL_PRIQ_PROD, Q_INDEX, smmu_q_wrap(prod + 1, log2));
    interrupt(m, empty, req->last);
}

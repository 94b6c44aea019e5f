/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: the invalidation queue [6.5.2]. One table says of each descriptor type what it needs,
 * which bits it defines and what executes it.
 *
 * Descriptors execute one after the other and are complete when the next one starts, but for
 * device-TLB invalidations whose endpoint has not answered: a wait descriptor holds the queue for
 * those.
 */
#include <string.h>

#include "vtd-model.h"
#include "hw/iommu/note.h"
#include "hw/iommu/timed.h"

/*
 * Of one doorbell, with timing off: the rest follows when the host has had its turn. Notices to
 * whoever mirrors mappings count as several (watch.c).
 */
#define DRAIN_DESCRIPTORS 1024u

typedef enum QiOutcome {
    QI_DONE,  /* executed: go on */
    QI_RETRY, /* cannot start now: stay on the descriptor until something completes */
} QiOutcome;

typedef struct QiType {
    const char *name;
    bool (*supported)(const VtdConfig *cfg);
    bool wide; /* a 256-bit descriptor of scalable and abort-DMA mode */
    QiOutcome (*execute)(VtdModel *m, const uint64_t w[4]);
    VtdIqei (*check)(const VtdModel *m, const uint64_t w[4]); /* beyond reserved bits, or NULL */
    BitField fields[10]; /* defined fields beside the type; 0 ends */
    BitField dit_fields[2]; /* defined if DIT */
    BitField pds_field;     /* defined if PDS */
} QiType;

/* ---- execution */

static QiOutcome do_context(VtdModel *m, const uint64_t w[4])
{
    vtd_inv_context(m, field_get(w, VTD_CC_G), field_get(w, VTD_CC_DID), field_get(w, VTD_CC_SID),
                    field_get(w, VTD_CC_FM));
    return QI_DONE;
}

static QiOutcome do_iotlb(VtdModel *m, const uint64_t w[4])
{
    uint16_t did = field_get(w, VTD_TLB_DID);

    switch (field_get(w, VTD_TLB_G)) {
    case VTD_GRAN_GLOBAL:
        vtd_inv_iotlb_global(m);
        break;
    case VTD_GRAN_DOMAIN:
        vtd_inv_iotlb_domain(m, did);
        break;
    default:
        vtd_inv_iotlb_page(m, did, field_in_place(w, VTD_TLB_ADDR), field_get(w, VTD_TLB_AM),
                           field_get(w, VTD_TLB_IH));
        break;
    }
    return QI_DONE;
}

static QiOutcome do_interrupts(VtdModel *m, const uint64_t w[4])
{
    vtd_inv_interrupts(m, !field_get(w, VTD_IEC_G), field_get(w, VTD_IEC_IIDX),
                       field_get(w, VTD_IEC_IM));
    return QI_DONE;
}

static QiOutcome do_pasid(VtdModel *m, const uint64_t w[4])
{
    vtd_inv_pasid(m, field_get(w, VTD_PC_G), field_get(w, VTD_PC_DID), field_get(w, VTD_PC_PASID));
    return QI_DONE;
}

static QiOutcome do_piotlb(VtdModel *m, const uint64_t w[4])
{
    uint16_t did = field_get(w, VTD_PTLB_DID);
    uint32_t pasid = field_get(w, VTD_PTLB_PASID);

    if (field_get(w, VTD_PTLB_G) == VTD_GRAN_DOMAIN) {
        vtd_inv_piotlb_pasid(m, did, pasid);
    } else {
        vtd_inv_piotlb_page(m, did, pasid, field_in_place(w, VTD_PTLB_ADDR),
                            field_get(w, VTD_PTLB_AM), field_get(w, VTD_PTLB_IH));
    }
    return QI_DONE;
}

static void completion_timeout(VtdModel *m, uint32_t sid)
{
    if (!reg_get(vtd_reg32(m, VTD_REG_FSTS), VTD_FSTS_ITE)) {
        uint64_t v = vtd_reg64(m, VTD_REG_IQERCD);

        vtd_set_reg64(m, VTD_REG_IQERCD, reg_set(v, VTD_IQERCD_ITESID, sid));
    }
    m->queue.waiting = false; /* a wait that hangs on it never completes */
    vtd_fault_status_set(m, VTD_FSTS_ITE);
}

/* The size is the lowest zero bit from 12 on when @s; 4 KB else [PCIe ATS]. */
static void invalidation_range(uint64_t addr, bool s, uint64_t *first, uint64_t *last)
{
    uint64_t low = low_mask(VTD_PAGE_LG2);

    if (s) {
        uint64_t ones = addr | low;

        low = ones ^ (ones + 1); /* through the lowest zero; all ones wraps to everything */
    }
    *first = addr & ~low;
    *last = addr | low;
}

static QiOutcome send_device_invalidation(VtdModel *m, IommuAtsInv *inv)
{
    VtdQueue *q = &m->queue;
    unsigned tag = 0;

    while (tag < VTD_QI_ITAGS && (q->itags_busy >> tag & 1)) {
        tag++;
    }
    if (tag == VTD_QI_ITAGS) {
        return QI_RETRY;
    }
    m->base.counters.invalidations++;
    if (!m->base.host.ops->ats_invalidate) {
        return QI_DONE;
    }
    vtd_tell_owed(m);
    q->itags_busy |= 1u << tag;
    q->itag_sid[tag] = inv->stream;
    inv->itag = tag;
    switch (m->base.host.ops->ats_invalidate(m->base.host.opaque, inv)) {
    case IOMMU_ATS_INV_PENDING:
        break;
    case IOMMU_ATS_INV_TIMEOUT:
        q->itags_busy &= ~(1u << tag);
        completion_timeout(m, inv->stream);
        break;
    case IOMMU_ATS_INV_DONE:
        q->itags_busy &= ~(1u << tag);
        break;
    }
    return QI_DONE;
}

static QiOutcome do_device_tlb(VtdModel *m, const uint64_t w[4])
{
    IommuAtsInv inv = { .stream = field_get(w, VTD_DTLB_SID) };

    invalidation_range(field_in_place(&w[1], BITFIELD(0, 12, 52)), field_get(w, VTD_DTLB_S),
                       &inv.addr, &inv.last);
    return send_device_invalidation(m, &inv);
}

static QiOutcome do_pasid_device_tlb(VtdModel *m, const uint64_t w[4])
{
    IommuAtsInv inv = {
        .stream = field_get(w, VTD_PDTLB_SID),
        .has_pasid = true,
        .global = field_get(w, VTD_PDTLB_GI),
        .pasid = field_get(w, VTD_PDTLB_PASID),
    };

    invalidation_range(field_in_place(&w[1], BITFIELD(0, 12, 52)), field_get(w, VTD_PDTLB_S),
                       &inv.addr, &inv.last);
    return send_device_invalidation(m, &inv);
}

static QiOutcome do_page_response(VtdModel *m, const uint64_t w[4])
{
    IommuPageResponse rsp = {
        .stream = field_get(w, VTD_PGRSP_RID),
        .has_pasid = field_get(w, VTD_PGRSP_PP),
        .pasid = field_get(w, VTD_PGRSP_PASID),
        .prgi = field_get(w, VTD_PGRSP_PRGI),
        .code = field_get(w, VTD_PGRSP_RC),
    };

    if (m->base.host.ops->page_response) {
        m->base.host.ops->page_response(m->base.host.opaque, &rsp);
    }
    return QI_DONE;
}

static void complete_wait(VtdModel *m, const uint64_t *w)
{
    const IommuMemAttr attr = { .type = VTD_MT_WB, .snoop = true };
    uint64_t addr = field_in_place(&w[1], BITFIELD(0, 2, 62)) & low_mask(m->cfg.haw);
    uint8_t data[8];

    if (field_get(w, VTD_WAIT_SW)) {
        le64_store(data, field_get(w, VTD_WAIT_DATA));
        plan_step(&m->plan, IOMMU_STEP_QUEUE_WRITE, 0, 0, false, addr, 4);
        if (m->base.host.ops->write(m->base.host.opaque, addr, data, 4, attr) != IOMMU_MEM_OK) {
            VTD_GUEST_ERROR(m, "invalidation wait status cannot be written to 0x%llx",
                            (unsigned long long)addr);
        }
    }
    if (field_get(w, VTD_WAIT_IF) && !vtd_reg32(m, VTD_REG_ICS)) {
        vtd_set_reg32(m, VTD_REG_ICS, reg_make(VTD_ICS_IWC, 1));
        vtd_event_raise(m, VTD_EVENT_INVALIDATION);
    }
}

static QiOutcome do_wait(VtdModel *m, const uint64_t w[4])
{
    vtd_tell_owed(m); /* before software may reuse what it has unmapped */
    if (m->queue.itags_busy) {
        m->queue.waiting = true;
        m->queue.wait[0] = w[0];
        m->queue.wait[1] = w[1];
    } else {
        complete_wait(m, w);
    }
    return QI_DONE;
}

/* ---- what each type needs and may contain */

static bool always(const VtdConfig *c)
{
    (void)c;
    return true;
}

static bool needs_dt(const VtdConfig *c)
{
    return c->dt;
}

static bool needs_ir(const VtdConfig *c)
{
    return c->ir;
}

static bool needs_prs(const VtdConfig *c)
{
    return c->prs;
}

static VtdIqei check_context(const VtdModel *m, const uint64_t w[4])
{
    (void)m;
    return field_get(w, VTD_CC_G) == VTD_GRAN_RSVD ? VTD_IQEI_TYPE : VTD_IQEI_NONE;
}

static VtdIqei check_iotlb(const VtdModel *m, const uint64_t w[4])
{
    unsigned g = field_get(w, VTD_TLB_G);

    if (g == VTD_GRAN_RSVD) {
        return VTD_IQEI_TYPE;
    }
    /* An address mask beyond MAMV is a value the unit does not define. */
    if (g == VTD_GRAN_SELECTIVE && m->cfg.psi && field_get(w, VTD_TLB_AM) > m->cfg.mamv) {
        return VTD_IQEI_RESERVED;
    }
    return VTD_IQEI_NONE;
}

static VtdIqei check_piotlb(const VtdModel *m, const uint64_t w[4])
{
    unsigned g = field_get(w, VTD_PTLB_G);

    (void)m;
    return g == VTD_GRAN_DOMAIN || g == VTD_GRAN_SELECTIVE ? VTD_IQEI_NONE : VTD_IQEI_TYPE;
}

static VtdIqei check_pasid(const VtdModel *m, const uint64_t w[4])
{
    (void)m;
    return field_get(w, VTD_PC_G) == VTD_PC_RSVD ? VTD_IQEI_TYPE : VTD_IQEI_NONE;
}

static const QiType qi_types[] = {
    [VTD_DESC_CONTEXT] = {
        .name = "context cache", .supported = always, .execute = do_context,
        .check = check_context,
        .fields = { VTD_CC_G, VTD_CC_DID, VTD_CC_SID, VTD_CC_FM },
    },
    [VTD_DESC_IOTLB] = {
        .name = "IOTLB", .supported = always, .execute = do_iotlb, .check = check_iotlb,
        .fields = { VTD_TLB_G, VTD_TLB_DW, VTD_TLB_DR, VTD_TLB_DID, VTD_TLB_AM, VTD_TLB_IH,
                    VTD_TLB_ADDR },
    },
    [VTD_DESC_DEVTLB] = {
        .name = "device TLB", .supported = needs_dt, .execute = do_device_tlb,
        .fields = { VTD_DTLB_MIP, VTD_DTLB_SID, VTD_DTLB_S, VTD_DTLB_ADDR },
        .dit_fields = { VTD_DTLB_PFSID_LO, VTD_DTLB_PFSID_HI },
    },
    [VTD_DESC_IEC] = {
        .name = "interrupt entry cache", .supported = needs_ir, .execute = do_interrupts,
        .fields = { VTD_IEC_G, VTD_IEC_IM, VTD_IEC_IIDX },
    },
    [VTD_DESC_WAIT] = {
        .name = "wait", .supported = always, .execute = do_wait,
        .fields = { VTD_WAIT_IF, VTD_WAIT_SW, VTD_WAIT_FN, VTD_WAIT_DATA, VTD_WAIT_ADDR },
        .pds_field = VTD_WAIT_PD,
    },
    [VTD_DESC_PIOTLB] = {
        .name = "PASID IOTLB", .supported = always, .wide = true, .execute = do_piotlb,
        .check = check_piotlb,
        .fields = { VTD_PTLB_G, VTD_PTLB_DID, VTD_PTLB_PASID, VTD_PTLB_AM, VTD_PTLB_IH,
                    VTD_PTLB_ADDR },
    },
    [VTD_DESC_PASID] = {
        .name = "PASID cache", .supported = always, .wide = true, .execute = do_pasid,
        .check = check_pasid,
        .fields = { VTD_PC_G, VTD_PC_DID, VTD_PC_PASID },
    },
    [VTD_DESC_PDEVTLB] = {
        .name = "PASID device TLB", .supported = needs_dt, .wide = true,
        .execute = do_pasid_device_tlb,
        .fields = { VTD_PDTLB_MIP, VTD_PDTLB_SID, VTD_PDTLB_PASID, VTD_PDTLB_GI, VTD_PDTLB_S,
                    VTD_PDTLB_ADDR },
        .dit_fields = { VTD_PDTLB_PFSID_LO, VTD_PDTLB_PFSID_HI },
    },
    [VTD_DESC_PGRP_RSP] = {
        .name = "page group response", .supported = needs_prs, .wide = true,
        .execute = do_page_response,
        .fields = { VTD_PGRSP_PP, VTD_PGRSP_RC, VTD_PGRSP_RID, VTD_PGRSP_PASID, VTD_PGRSP_PRGI,
                    BITFIELD_AT(66, 1) /* ignored since 5.10 */ },
    },
};

#define QI_TYPES (sizeof(qi_types) / sizeof(qi_types[0]))

static unsigned descriptor_type(const uint64_t w[4])
{
    return field_get(w, VTD_DESC_TYPE_HI) << 4 | field_get(w, VTD_DESC_TYPE_LO);
}

static bool has_undefined_bits(const VtdModel *m, const QiType *t, const uint64_t w[4])
{
    uint64_t rest[2] = { w[0], w[1] };

    field_set(rest, VTD_DESC_TYPE_LO, 0);
    field_set(rest, VTD_DESC_TYPE_HI, 0);
    for (unsigned i = 0; i < sizeof(t->fields) / sizeof(t->fields[0]) && t->fields[i]; i++) {
        field_set(rest, t->fields[i], 0);
    }
    if (m->cfg.dit && t->dit_fields[0]) {
        field_set(rest, t->dit_fields[0], 0);
        field_set(rest, t->dit_fields[1], 0);
    }
    if (m->cfg.pds && t->pds_field) {
        field_set(rest, t->pds_field, 0);
    }
    return rest[0] || rest[1] || w[2] || w[3];
}

/* Find the type of a descriptor and whether it is legal now. */
static VtdIqei decode(const VtdModel *m, const uint64_t w[4], const QiType **type)
{
    unsigned n = descriptor_type(w);
    const QiType *t = n < QI_TYPES ? &qi_types[n] : NULL;

    if (!t || !t->execute || !t->supported(&m->cfg) ||
        (t->wide && m->tables.ttm == VTD_TTM_LEGACY)) {
        return VTD_IQEI_TYPE;
    }
    if (has_undefined_bits(m, t, w)) {
        return VTD_IQEI_RESERVED;
    }
    *type = t;
    return t->check ? t->check(m, w) : VTD_IQEI_NONE;
}

/* ---- the queue */

typedef struct QiShape {
    uint64_t base;
    uint32_t bytes;
    uint32_t entry;
    bool wide;
} QiShape;

static VtdIqei queue_shape(const VtdModel *m, QiShape *s)
{
    uint64_t iqa = vtd_reg64(m, VTD_REG_IQA);
    uint32_t tail = vtd_reg32(m, VTD_REG_IQT);

    s->base = field_in_place(&iqa, VTD_IQA_IQA);
    s->bytes = VTD_PAGE_BYTES << reg_get(iqa, VTD_IQA_QS);
    s->wide = reg_get(iqa, VTD_IQA_DW);
    s->entry = s->wide ? 32 : 16;
    if (m->tables.ttm == VTD_TTM_INVALID) {
        return VTD_IQEI_TTM;
    }
    if (s->wide ? !m->cfg.smts && !m->cfg.adms : m->tables.ttm != VTD_TTM_LEGACY) {
        return VTD_IQEI_WIDTH;
    }
    if (tail >= s->bytes) {
        return VTD_IQEI_TAIL;
    }
    return s->wide && tail % 32 ? VTD_IQEI_TAIL_ALIGN : VTD_IQEI_NONE;
}

/* What became of the descriptor at @head; @w: NULL if there was none. */
static void note(const VtdModel *m, uint32_t head, const uint64_t *w, VtdIqei error)
{
    unsigned n = w ? descriptor_type(w) : 0;

    iommu_note(&m->base.host, &(IommuNote) {
        .kind = IOMMU_NOTE_COMMAND, .index = head, .code = error,
        .name = n < QI_TYPES && qi_types[n].name ? qi_types[n].name : "unknown descriptor",
        .words = { w ? w[0] : 0, w ? w[1] : 0, w ? w[2] : 0, w ? w[3] : 0 },
    });
}

static void queue_error(VtdModel *m, VtdIqei iqei)
{
    uint64_t v = vtd_reg64(m, VTD_REG_IQERCD);

    vtd_set_reg64(m, VTD_REG_IQERCD, reg_set(v, VTD_IQERCD_IQEI, iqei));
    vtd_fault_status_set(m, VTD_FSTS_IQE);
}

static bool may_fetch(const VtdModel *m)
{
    uint32_t fsts = vtd_reg32(m, VTD_REG_FSTS);

    return vtd_gsts(m, VTD_GCMD_QIE) && !m->queue.waiting && !reg_get(fsts, VTD_FSTS_IQE) &&
           !reg_get(fsts, VTD_FSTS_ITE);
}

/* Fetch and decode the descriptor at @head into @w[4]. */
static VtdIqei fetch(VtdModel *m, const QiShape *s, uint32_t head, uint64_t *w,
                     const QiType **type)
{
    VtdIqei error;

    plan_step(&m->plan, IOMMU_STEP_QUEUE_READ, 0, 0, false, s->base + head, s->entry);
    if (!vtd_read_words(m, s->base + head, w, s->entry / 8, true)) {
        return VTD_IQEI_FETCH;
    }
    error = decode(m, w, type);
    if (error) {
        VTD_GUEST_ERROR(m, "invalidation descriptor %016llx %016llx at 0x%x: error %u",
                        (unsigned long long)w[1], (unsigned long long)w[0], head, error);
    }
    return error;
}

/* Fetch and execute the descriptor at @head. False: the queue stays where it is. */
static bool step(VtdModel *m, const QiShape *s, uint32_t head)
{
    const QiType *type = NULL;
    uint64_t w[4] = { 0 };
    VtdIqei error;

    plan_begin(&m->plan);
    error = fetch(m, s, head, w, &type);
    if (error) {
        note(m, head, w, error);
        queue_error(m, error);
        return false;
    }
    if (type->execute(m, w) == QI_RETRY) {
        return false;
    }
    m->base.counters.commands++;
    note(m, head, w, VTD_IQEI_NONE);
    vtd_set_reg32(m, VTD_REG_IQH, (head + s->entry) % s->bytes);
    return true;
}

static bool has_work(const VtdModel *m)
{
    return may_fetch(m) && vtd_reg32(m, VTD_REG_IQH) != vtd_reg32(m, VTD_REG_IQT);
}

void vtd_qi_wake(VtdModel *m)
{
    const IommuHostOps *ops = m->base.host.ops;

    if (!m->base.timed && ops->wake && has_work(m)) {
        ops->wake(m->base.host.opaque, ops->now ? ops->now(m->base.host.opaque) : 0);
    }
}

void vtd_qi_run(VtdModel *m)
{
    uint32_t limit = m->base.host.ops->wake ? DRAIN_DESCRIPTORS : UINT32_MAX;
    QiShape s;
    VtdIqei error;

    if (m->base.timed) {
        iommu_timed_kick(m->base.timed);
        return;
    }
    if (m->queue.running) {
        return;
    }
    m->queue.running = m->queue.batch = true;
    m->watch.told = 0;
    /* At most once around: software that moves the tail meanwhile rings again. */
    for (uint32_t n = 0; has_work(m); n++) {
        uint32_t head = vtd_reg32(m, VTD_REG_IQH);

        if (n + m->watch.told >= limit) {
            vtd_qi_wake(m);
            break;
        }
        error = queue_shape(m, &s);
        if (error) {
            note(m, head, NULL, error);
            queue_error(m, error);
            break;
        }
        if (n == s.bytes / s.entry || !step(m, &s, head % s.bytes)) {
            break;
        }
    }
    m->queue.running = m->queue.batch = false;
    vtd_tell_owed(m);
}

/* ---- one descriptor at a time, with timing on */

typedef enum QiProgress {
    PROGRESS_NONE,  /* there was nothing to do after all */
    PROGRESS_ERROR,
    PROGRESS_WAIT,  /* a wait descriptor: its completion is all there is to it */
    PROGRESS_DONE,
} QiProgress;

uint32_t vtd_command_pending(IommuModel *model)
{
    VtdModel *m = vtd_model(model);

    if (!has_work(m) || m->queue.no_itag) {
        return 0;
    }
    return reg_get(vtd_reg64(m, VTD_REG_IQA), VTD_IQA_DW) ? 32 : 16;
}

void vtd_command_execute(IommuModel *model)
{
    VtdModel *m = vtd_model(model);
    VtdCommand *c = &m->command;
    const QiType *type = NULL;
    QiShape s;

    c->outcome = PROGRESS_NONE;
    if (!vtd_command_pending(model)) {
        return; /* switched off since the fetch began */
    }
    c->error = queue_shape(m, &s);
    memset(c->words, 0, sizeof(c->words));
    c->head = vtd_reg32(m, VTD_REG_IQH);
    if (!c->error) {
        c->head %= s.bytes;
        c->next = (c->head + s.entry) % s.bytes;
        c->error = fetch(m, &s, c->head, c->words, &type);
    }
    if (c->error) {
        c->outcome = PROGRESS_ERROR;
    } else if (type->execute == do_wait) {
        plan_step(&m->plan, IOMMU_STEP_DRAIN, 0, 0, false, 0, 0);
        if (field_get(c->words, VTD_WAIT_SW)) {
            plan_step(&m->plan, IOMMU_STEP_QUEUE_WRITE, 0, 0, false, 0, 4);
        }
        if (field_get(c->words, VTD_WAIT_IF)) {
            plan_step(&m->plan, IOMMU_STEP_MSI, 0, 0, false, 0, 4);
        }
        c->outcome = PROGRESS_WAIT;
    } else {
        QiOutcome outcome;

        m->queue.batch = true;
        outcome = type->execute(m, c->words);
        m->queue.batch = false;
        m->queue.no_itag = outcome == QI_RETRY;
        c->outcome = outcome == QI_RETRY ? PROGRESS_NONE : PROGRESS_DONE;
    }
}

static void retire(VtdModel *m)
{
    const VtdCommand *c = &m->command;

    if (c->outcome == PROGRESS_NONE || !vtd_gsts(m, VTD_GCMD_QIE)) {
        return;
    }
    if (c->outcome == PROGRESS_ERROR) {
        note(m, c->head, c->words, c->error);
        queue_error(m, c->error);
        return;
    }
    if (c->outcome == PROGRESS_WAIT) {
        do_wait(m, c->words);
    }
    m->base.counters.commands++;
    note(m, c->head, c->words, VTD_IQEI_NONE);
    vtd_set_reg32(m, VTD_REG_IQH, c->next);
}

void vtd_command_retire(IommuModel *model)
{
    retire(vtd_model(model));
    if (!vtd_command_pending(model)) {
        vtd_tell_owed(vtd_model(model));
    }
}

void vtd_qi_disable(VtdModel *m)
{
    m->command.outcome = PROGRESS_NONE; /* nothing of the old queue retires into the next */
    vtd_set_reg32(m, VTD_REG_IQH, 0);
    m->queue.waiting = false;
}

void vtd_ats_inv_done(IommuModel *model, uint32_t stream, uint32_t itag, bool ok)
{
    VtdModel *m = vtd_model(model);
    VtdQueue *q = &m->queue;

    if (itag >= VTD_QI_ITAGS || !(q->itags_busy >> itag & 1) || q->itag_sid[itag] != stream) {
        if (!reg_get(vtd_reg32(m, VTD_REG_FSTS), VTD_FSTS_ICE)) {
            uint64_t v = vtd_reg64(m, VTD_REG_IQERCD);

            vtd_set_reg64(m, VTD_REG_IQERCD, reg_set(v, VTD_IQERCD_ICESID, stream));
        }
        vtd_fault_status_set(m, VTD_FSTS_ICE);
        return;
    }
    q->itags_busy &= ~(1u << itag);
    q->no_itag = false;
    if (!ok) {
        completion_timeout(m, stream);
    }
    if (q->waiting && !q->itags_busy) {
        q->waiting = false;
        complete_wait(m, q->wait);
    }
    vtd_qi_run(m);
}

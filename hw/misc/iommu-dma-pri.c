/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: Page Request Interface (PCIe base specification 10.4): page requests in groups, the
 * allocation limit, group responses, stop markers, and the capability's control bits.
 */
#include "qemu/osdep.h"
#include "iommu-dma-internal.h"

#define PRI_CODE_SUCCESS 0x0
#define PRI_CODE_INVALID 0x1

static uint8_t *pri_config(IdmaState *d, unsigned reg)
{
    IdmaState *pf = idma_pf(d);

    return PCI_DEVICE(pf)->config + pf->pri_cap + reg;
}

/** Virtual functions share their physical function's interface, and so its allocation. */
static uint32_t outstanding(IdmaState *d)
{
    return idma_pf(d)->pri_outstanding;
}

static bool may_send(IdmaState *d)
{
    return outstanding(d) < pci_get_long(pri_config(d, PCI_PRI_ALLOC_REQ));
}

static void send_request(IdmaChannel *ch, const IommuPageRequest *req)
{
    IdmaState *d = ch->dev;

    d->pri_sent++;
    ch->stats.pages++;
    d->portc->page_request(d->port, req);
}

static IommuPageRequest request_of(IdmaChannel *ch, const IdmaDesc *desc, uint64_t addr)
{
    IdmaState *d = ch->dev;

    return (IommuPageRequest) {
        .addr = addr & ~(uint64_t)0xfff, .arrival = idma_path_now(d), .stream = d->rid,
        .pasid = desc->has_pasid ? desc->pasid : 0, .has_pasid = desc->has_pasid,
        .priv = desc->priv, .x = desc->exec,
    };
}

/* Count a request before it is sent: its response may come before page_request() returns. */
static void join_group(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *desc, uint16_t prgi,
                       bool last)
{
    IdmaState *d = ch->dev;
    IdmaPrg *g = &d->prg[prgi];

    if (!g->used) {
        *g = (IdmaPrg) {
            .used = true, .has_pasid = desc->has_pasid, .pasid = desc->pasid,
            .channel = ch->index, .slot = IDMA_PRG_NOBODY,
        };
    }
    g->requests++;
    idma_pf(d)->pri_outstanding++;
    if (last) {
        g->closed = true;
        g->channel = ch->index;
        g->slot = s == &ch->ring_slot ? IDMA_SLOTS : s - ch->slots;
        s->prgi = prgi;
        s->state = IDMA_SLOT_PAGE;
    }
}

void idma_pri_fault(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *desc, bool read, bool write,
                    bool exec)
{
    IdmaState *d = ch->dev;
    IommuPageRequest req = request_of(ch, desc, s->addr[s->leg]);
    unsigned tried;

    s->paged = true;
    s->state = IDMA_SLOT_CREDIT;
    if (!pci_get_long(pri_config(d, PCI_PRI_ALLOC_REQ))) {
        s->state = IDMA_SLOT_DONE;
        s->status = IDMA_STATUS_PRI_LIMIT;
        return;
    }
    if (!may_send(d)) {
        return;
    }
    for (tried = 0; tried < IDMA_PRGI_COUNT && d->prg[d->next_prgi].used; tried++) {
        d->next_prgi = (d->next_prgi + 1) % IDMA_PRGI_COUNT;
    }
    if (tried == IDMA_PRGI_COUNT) {
        return;
    }
    req.prgi = d->next_prgi;
    d->next_prgi = (d->next_prgi + 1) % IDMA_PRGI_COUNT;
    req.r = read;
    req.w = write;
    req.x = exec;
    req.last = true;
    join_group(ch, s, desc, req.prgi, true);
    send_request(ch, &req);
}

void idma_pri_explicit(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *desc)
{
    IdmaState *d = ch->dev;
    IommuPageRequest req = request_of(ch, desc, s->addr[0]);
    IdmaPrg *g = &d->prg[desc->prgi];

    s->status = IDMA_STATUS_OK;
    s->state = IDMA_SLOT_DONE;
    s->paged = true;
    if (desc->op == IDMA_OP_STOP_MARKER) {
        /* 10.4.1.2.1: a page request with L set and neither R nor W; nobody answers it. */
        req.addr = 0;
        req.last = true;
        req.x = false;
        send_request(ch, &req);
        return;
    }
    if (!may_send(d) || g->closed) {
        s->status = IDMA_STATUS_PRI_LIMIT;
        return;
    }
    req.prgi = desc->prgi;
    req.r = desc->pr_read;
    req.w = desc->pr_write;
    req.last = s->last;
    join_group(ch, s, desc, desc->prgi, s->last);
    send_request(ch, &req);
}

static void update_stopped(IdmaState *d)
{
    uint16_t status = pci_get_word(pri_config(d, PCI_PRI_STATUS));
    bool enabled = pci_get_word(pri_config(d, PCI_PRI_CTRL)) & PCI_PRI_CTRL_ENABLE;

    if (!enabled && !outstanding(d)) {
        status |= PCI_PRI_STATUS_STOPPED;
    } else {
        status &= ~PCI_PRI_STATUS_STOPPED;
    }
    pci_set_word(pri_config(d, PCI_PRI_STATUS), status);
}

static void wake_creditless(IdmaState *d)
{
    for (unsigned i = 0; i < d->channels; i++) {
        idma_channel_wake(&d->ch[i]);
    }
}

static uint8_t status_of_code(uint8_t code)
{
    if (code == PRI_CODE_SUCCESS) {
        return IDMA_STATUS_OK;
    }
    return code == PRI_CODE_INVALID ? IDMA_STATUS_PRI_INVALID : IDMA_STATUS_PRI_FAILURE;
}

static void slot_answered(IdmaChannel *ch, IdmaSlot *s, uint8_t code)
{
    uint8_t status = status_of_code(code);

    s->at = idma_path_now(ch->dev);
    if (ch->phase == IDMA_PHASE_JOB && ch->job.d.op == IDMA_OP_PAGE_REQUEST) {
        uint64_t value = reg_make(IDMA_V_PRGI, s->prgi);

        s->value = reg_set(value, IDMA_V_PR_CODE, code);
        s->status = status;
        s->state = IDMA_SLOT_DONE;
    } else if (status != IDMA_STATUS_OK) {
        s->status = status;
        s->state = IDMA_SLOT_DONE;
    } else {
        s->state = IDMA_SLOT_READY;
    }
    idma_channel_wake(ch);
}

static IdmaSlot *waiting_slot(IdmaState *d, const IdmaPrg *g, uint16_t prgi)
{
    IdmaChannel *ch = &d->ch[g->channel];
    IdmaSlot *s;

    if (g->slot == IDMA_PRG_NOBODY) {
        return NULL;
    }
    s = g->slot == IDMA_SLOTS ? &ch->ring_slot : &ch->slots[g->slot];
    return s->state == IDMA_SLOT_PAGE && s->prgi == prgi ? s : NULL;
}

void idma_page_response(void *opaque, const IommuPageResponse *rsp)
{
    IdmaState *d = opaque;
    uint16_t status;
    IdmaPrg *g = rsp->prgi < IDMA_PRGI_COUNT ? &d->prg[rsp->prgi] : NULL;
    IdmaChannel *ch;
    IdmaSlot *s;

    if (!idma_pf(d)->pri_cap) {
        return;
    }
    d->pri_responses++;
    d->pri_last = reg_make(IDMA_PRI_LAST_PRGI, rsp->prgi);
    d->pri_last = reg_set(d->pri_last, IDMA_PRI_LAST_CODE, rsp->code);
    d->pri_last = reg_set(d->pri_last, IDMA_PRI_LAST_HAS_PASID, rsp->has_pasid);
    d->pri_last = reg_set(d->pri_last, IDMA_PRI_LAST_PASID, rsp->pasid);

    status = pci_get_word(pri_config(d, PCI_PRI_STATUS));
    if (status_of_code(rsp->code) == IDMA_STATUS_PRI_FAILURE) {
        status |= PCI_PRI_STATUS_RF;
        idma_pf(d)->pri_halted = true;
    }
    /* PRG Response PASID Required: a response carries the PASID of its requests, or is not ours. */
    if (!g || !g->used || g->has_pasid != rsp->has_pasid ||
        (g->has_pasid && g->pasid != rsp->pasid)) {
        status |= PCI_PRI_STATUS_UPRGI;
        pci_set_word(pri_config(d, PCI_PRI_STATUS), status);
        return;
    }
    pci_set_word(pri_config(d, PCI_PRI_STATUS), status);

    s = waiting_slot(d, g, rsp->prgi);
    ch = &d->ch[g->channel];
    idma_pf(d)->pri_outstanding -= MIN(g->requests, outstanding(d));
    *g = (IdmaPrg) { .used = false };
    if (s) {
        slot_answered(ch, s, rsp->code);
    }
    update_stopped(d);
    wake_creditless(d);
}

void idma_pri_reset(IdmaState *d)
{
    for (unsigned i = 0; i < IDMA_PRGI_COUNT; i++) {
        IdmaPrg *g = &d->prg[i];
        IdmaSlot *s;

        if (!g->used) {
            continue;
        }
        s = waiting_slot(d, g, i);
        idma_pf(d)->pri_outstanding -= MIN(g->requests, outstanding(d));
        *g = (IdmaPrg) { .used = false };
        if (s) {
            s->state = IDMA_SLOT_DONE;
            s->status = IDMA_STATUS_PRI_FAILURE;
        }
    }
    wake_creditless(d);
}

void idma_pri_forget(IdmaState *d, IdmaSlot *s)
{
    if (d->prg[s->prgi].used) {
        d->prg[s->prgi].slot = IDMA_PRG_NOBODY;
    }
}

void idma_pri_config_write(IdmaState *d)
{
    PCIDevice *dev = PCI_DEVICE(d);
    uint16_t ctrl;

    if (!d->pri_cap) {
        return;
    }
    ctrl = pci_get_word(pri_config(d, PCI_PRI_CTRL));
    /* 10.5.2.2: Reset acts while Enable is clear, and always reads as 0. */
    if (ctrl & PCI_PRI_CTRL_RESET && !(ctrl & PCI_PRI_CTRL_ENABLE)) {
        idma_pri_reset(d);
        for (int i = 0; i < pcie_sriov_num_vfs(dev); i++) {
            idma_pri_reset(IOMMU_DMA_BASE(pcie_sriov_get_vf_at_index(dev, i)));
        }
        d->pri_outstanding = 0;
        d->pri_halted = false;
    }
    pci_set_word(pri_config(d, PCI_PRI_CTRL), ctrl & ~PCI_PRI_CTRL_RESET);
    update_stopped(d);
}

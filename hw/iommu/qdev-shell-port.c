/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transaction port of an IOMMU model in QEMU: devices that speak PASID, ATS, PRI or stalls come
 * in here, and what the model has to tell them goes out.
 *
 * To the model a transaction is a number; which client's transaction it was is kept here for as
 * long as it is stalled or on its way through time, and migrates with the model. Number 0 tells
 * the model that the client cannot wait.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-shell.h"

static IommuShellClient *client_of(IommuShell *s, uint32_t stream)
{
    IommuShellClient *c;

    QLIST_FOREACH(c, &s->clients, next) {
        if (c->stream == stream) {
            return c;
        }
    }
    return NULL;
}

static uint32_t port_features(IommuPort *port)
{
    return iommu_shell_of(OBJECT(port))->port_features;
}

static void port_translate(IommuPort *port, const IommuTxn *txn, IommuResult *res)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));
    IommuTxn t = *txn;
    const IommuShellClient *c;
    uint64_t owed = 0;

    if (!iommu_shell_enter(s)) {
        *res = (IommuResult) { .status = IOMMU_STATUS_ABORT };
        return;
    }
    c = client_of(s, t.stream);
    t.cookie = c && c->client->stall_done ? ++s->last_number : 0;
    if (s->timed && !t.probe && c && c->client->done) {
        t.cookie = t.cookie ? t.cookie : ++s->last_number;
        t.arrival = MIN(t.arrival, iommu_shell_cycle(s));
        iommu_timed_submit(s->timed, &t, res);
        owed |= IOMMU_SHELL_OWES_DONE;
    } else {
        iommu_translate(s->model, &t, res);
    }
    if (res->status == IOMMU_STATUS_STALLED) {
        owed |= IOMMU_SHELL_OWES_STALL_DONE;
    }
    if (owed) {
        IommuShellPending p = {
            .number = t.cookie, .cookie = txn->cookie, .stream = t.stream, .owed = owed,
        };

        g_array_append_val(s->pending, p);
    }
    iommu_shell_leave(s);
}

static void port_page_request(IommuPort *port, const IommuPageRequest *req)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));

    if (s->model->ops->page_request && iommu_shell_enter(s)) {
        s->model->ops->page_request(s->model, req);
        iommu_shell_leave(s);
    }
}

static void port_ats_inv_done(IommuPort *port, uint32_t stream, uint32_t itag, bool ok)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));

    if (s->model->ops->ats_inv_done && iommu_shell_enter(s)) {
        s->model->ops->ats_inv_done(s->model, stream, itag, ok);
        iommu_shell_leave(s);
    }
}

static void port_attach(IommuPort *port, uint32_t stream, const IommuPortClient *client,
                        void *opaque)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));
    IommuShellClient *c, *next;

    QEMU_LOCK_GUARD(&s->lock);
    QLIST_FOREACH_SAFE(c, &s->clients, next, next) {
        /* The same device under an older requester id, or an older device under this one. */
        if (c->stream == stream || (client && c->opaque == opaque)) {
            QLIST_REMOVE(c, next);
            g_free(c);
        }
    }
    if (client) {
        c = g_new0(IommuShellClient, 1);
        c->stream = stream;
        c->client = client;
        c->opaque = opaque;
        QLIST_INSERT_HEAD(&s->clients, c, next);
    }
}

static AddressSpace *port_memory(IommuPort *port)
{
    return iommu_shell_of(OBJECT(port))->memory;
}

static uint64_t port_now(IommuPort *port, uint64_t *hertz)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));

    if (!s->timed) {
        *hertz = 1;
        return 0;
    }
    *hertz = s->profile->timing.clock_mhz * 1000000ull;
    return iommu_shell_cycle(s);
}

IommuAtsInvStatus iommu_shell_client_ats(IommuShell *s, const IommuAtsInv *inv)
{
    IommuShellClient *c = client_of(s, inv->stream);

    if (!c || !c->client->ats_invalidate) {
        return IOMMU_ATS_INV_DONE;
    }
    return c->client->ats_invalidate(c->opaque, inv);
}

/* Take @owed off transaction @number. NULL if nobody waits for it any more. */
static IommuShellClient *settle(IommuShell *s, uint64_t number, uint64_t owed, uint64_t *cookie)
{
    QEMU_LOCK_GUARD(&s->lock);
    for (guint i = 0; i < s->pending->len; i++) {
        IommuShellPending *p = &g_array_index(s->pending, IommuShellPending, i);
        IommuShellClient *c;

        if (p->number != number || !(p->owed & owed)) {
            continue;
        }
        c = client_of(s, p->stream);
        *cookie = p->cookie;
        p->owed &= ~owed;
        if (!p->owed) {
            g_array_remove_index(s->pending, i);
        }
        return c;
    }
    return NULL;
}

void iommu_shell_client_stall_done(IommuShell *s, uint64_t number, const IommuResult *res)
{
    uint64_t cookie;
    IommuShellClient *c = settle(s, number, IOMMU_SHELL_OWES_STALL_DONE, &cookie);

    if (c && c->client->stall_done) {
        c->client->stall_done(c->opaque, cookie, res);
    }
}

void iommu_shell_client_done(IommuShell *s, uint64_t number, uint64_t cycle)
{
    uint64_t cookie;
    IommuShellClient *c = settle(s, number, IOMMU_SHELL_OWES_DONE, &cookie);

    if (c && c->client->done) {
        c->client->done(c->opaque, cookie, cycle);
    }
}

void iommu_shell_client_page_response(IommuShell *s, const IommuPageResponse *rsp)
{
    IommuShellClient *c = client_of(s, rsp->stream);

    if (c && c->client->page_response) {
        c->client->page_response(c->opaque, rsp);
    }
}

void iommu_shell_port_class_init(ObjectClass *oc)
{
    IommuPortClass *pc = IOMMU_PORT_CLASS(oc);

    pc->features = port_features;
    pc->translate = port_translate;
    pc->page_request = port_page_request;
    pc->ats_inv_done = port_ats_inv_done;
    pc->attach = port_attach;
    pc->memory = port_memory;
    pc->now = port_now;
}

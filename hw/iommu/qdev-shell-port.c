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
#include "hw/iommu/qdev-trace.h"

/* Who has @stream: of several, the one that was last to say so. */
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

static IommuShellClient *client_by_id(IommuShell *s, uint64_t id)
{
    IommuShellClient *c;

    QLIST_FOREACH(c, &s->clients, next) {
        if (c->id == id) {
            return c;
        }
    }
    return NULL;
}

static IommuShellPending *pending_at(IommuShell *s, guint i)
{
    return &g_array_index(s->pending, IommuShellPending, i);
}

static uint32_t port_features(IommuPort *port)
{
    return iommu_shell_of(OBJECT(port))->port_features;
}

/* On its own, for its locals would cost a recent answer a stack frame. */
static __attribute__((noinline)) void translate_by_model(IommuPortWay *c, const IommuTxn *txn,
                                                         IommuResult *res)
{
    IommuShell *s = c->shell;
    IommuShellTraceMark mark;
    IommuCounters before;
    uint64_t owed = 0;
    IommuTxn t;

    if (!iommu_shell_enter_quiet(s)) {
        *res = (IommuResult) { .status = IOMMU_STATUS_ABORT };
        return;
    }
    t = *txn;
    iommu_shell_trace_begin(s, &mark);
    t.cookie = c->client->stall_done ? ++s->last_number : 0;
    if (s->timed && !t.probe && c->client->done) {
        t.cookie = t.cookie ? t.cookie : ++s->last_number;
        t.arrival = MIN(t.arrival, iommu_shell_cycle(s));
        iommu_timed_submit(s->timed, &t, res);
        owed |= IOMMU_SHELL_OWES_DONE;
    } else {
        iommu_shell_untimed_begin(s, &before);
        iommu_fast_learn(&s->fast, s->model, &t, res);
        iommu_shell_untimed_end(s, &before);
    }
    iommu_shell_trace_translate(s, &mark, &t, res);
    if (res->status == IOMMU_STATUS_STALLED) {
        owed |= IOMMU_SHELL_OWES_STALL_DONE;
    }
    if (owed) {
        IommuShellPending p = {
            .number = t.cookie, .cookie = txn->cookie, .client = c->id, .owed = owed,
        };

        g_array_append_val(s->pending, p);
    }
    iommu_shell_leave(s);
}

static void port_translate(IommuPortWay *c, const IommuTxn *txn, IommuResult *res)
{
    IommuShell *s = c->shell;

    if (iommu_fast_translate(&s->fast, txn, res, true)) {
        iommu_shell_trace_translate(s, NULL, txn, res);
        return;
    }
    translate_by_model(c, txn, res);
}

static void port_page_request(IommuPort *port, const IommuPageRequest *req)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));

    /* An automatic answer invalidates as a command would (VT-d 7.4) */
    if (s->model->ops->page_request && iommu_shell_enter(s)) {
        iommu_shell_trace_page_request(s, req);
        s->model->ops->page_request(s->model, req);
        iommu_shell_leave(s);
    }
}

static void port_ats_inv_done(IommuPort *port, uint32_t stream, uint32_t itag, bool ok)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));

    if (s->model->ops->ats_inv_done && iommu_shell_enter(s)) {
        IOMMU_TRACE_EVENT(s, ats_done, stream, itag, ok);
        s->model->ops->ats_inv_done(s->model, stream, itag, ok);
        iommu_shell_leave(s);
    }
}

static IommuPortWay *port_attach(IommuPort *port, uint32_t stream, const IommuPortClient *client,
                                 void *opaque)
{
    IommuShell *s = iommu_shell_of(OBJECT(port));
    IommuShellClient *c = g_new0(IommuShellClient, 1);

    QEMU_LOCK_GUARD(&s->lock);
    c->shell = s;
    c->id = ++s->last_client;
    c->stream = stream;
    c->client = client;
    c->opaque = opaque;
    QLIST_INSERT_HEAD(&s->clients, c, next);
    for (guint i = 0; i < s->pending->len; i++) {
        IommuShellPending *p = pending_at(s, i);

        if (!p->client && p->stream == stream) {
            p->client = c->id;
        }
    }
    return c;
}

static void port_move(IommuPortWay *c, uint32_t stream)
{
    QEMU_LOCK_GUARD(&c->shell->lock);
    c->stream = stream;
    QLIST_REMOVE(c, next);
    QLIST_INSERT_HEAD(&c->shell->clients, c, next);
}

static void port_detach(IommuPortWay *c)
{
    IommuShell *s = c->shell;

    QEMU_LOCK_GUARD(&s->lock);
    for (guint i = s->pending->len; i-- > 0;) {
        if (pending_at(s, i)->client == c->id) {
            g_array_remove_index(s->pending, i);
        }
    }
    QLIST_REMOVE(c, next);
    g_free(c);
}

void iommu_shell_port_saving(IommuShell *s)
{
    for (guint i = 0; i < s->pending->len; i++) {
        IommuShellPending *p = pending_at(s, i);
        const IommuShellClient *c = client_by_id(s, p->client);

        if (c) {
            p->stream = c->stream;
        }
    }
}

void iommu_shell_port_loaded(IommuShell *s)
{
    for (guint i = 0; i < s->pending->len; i++) {
        IommuShellPending *p = pending_at(s, i);
        const IommuShellClient *c = client_of(s, p->stream);

        p->client = c ? c->id : 0;
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
        IommuShellPending *p = pending_at(s, i);
        IommuShellClient *c;

        if (p->number != number || !(p->owed & owed)) {
            continue;
        }
        c = client_by_id(s, p->client);
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
    pc->move = port_move;
    pc->detach = port_detach;
    pc->memory = port_memory;
    pc->now = port_now;
}

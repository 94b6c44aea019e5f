/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell of an IOMMU model in QEMU: its lock, its registers, what it puts off until the model has
 * returned, and the properties that tools read.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-shell.h"
#include "hw/iommu/qdev-trace.h"
#include "block/aio.h"
#include "hw/qdev-core.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"

/* A guest can point a message at a device that answers with a fault, and so on for ever; after this
 * many steps the main loop gets its turn. */
#define DRAIN_BUDGET 1024

static GHashTable *shells; /* owner -> IommuShell; only under the BQL */

IommuShell *iommu_shell_of(Object *owner)
{
    return shells ? g_hash_table_lookup(shells, owner) : NULL;
}

void iommu_shell_deliver_msi(IommuShell *s, uint64_t addr, uint32_t data, IommuMemAttr attr,
                             IommuMsiSource source)
{
    if (s->ops->send_msi) {
        s->ops->send_msi(s, addr, data);
    } else {
        MemTxAttrs attrs = {
            .secure = attr.space == 1, .requester_id = s->msi_device_id[source],
        };

        address_space_stl_le(s->memory, addr, data, attrs, NULL);
    }
}

static void shell_act(IommuShell *s, const IommuShellAction *a)
{
    switch (a->kind) {
    case IOMMU_SHELL_IRQ:
        if (!s->ops->vtd) {
            trace_smmuv3_irq(iommu_shell_trace_unit(s), a->addr);
        }
        if (s->ops->pulse_irq) {
            s->ops->pulse_irq(s, a->addr);
        }
        break;
    case IOMMU_SHELL_MSI:
        iommu_shell_deliver_msi(s, a->addr, a->data, a->attr, a->source);
        break;
    case IOMMU_SHELL_UNMAP:
        iommu_shell_notify_unmap(s, &a->unmap);
        break;
    case IOMMU_SHELL_STALL_DONE:
        iommu_shell_trace_resume(s, a->addr, &a->result);
        iommu_shell_client_stall_done(s, a->addr, &a->result);
        break;
    case IOMMU_SHELL_DONE:
        iommu_shell_client_done(s, a->addr, a->cycle);
        break;
    case IOMMU_SHELL_PAGE_RESPONSE:
        IOMMU_TRACE_EVENT(s, page_response, a->response.stream,
                          iommu_shell_trace_pasid(a->response.has_pasid, a->response.pasid),
                          a->response.prgi, a->response.code);
        iommu_shell_client_page_response(s, &a->response);
        break;
    case IOMMU_SHELL_MODE:
        if (s->ops->mode_changed) {
            s->ops->mode_changed(s);
        }
        break;
    case IOMMU_SHELL_OWN:
        s->ops->own_action(s, a);
        break;
    }
}

static bool actions_pending(const IommuShell *s)
{
    return s->actions_done < s->actions->len;
}

/*
 * The oldest action. What has been done is cut off when it is most of the array: O(1) in the mean.
 */
static IommuShellAction actions_take(IommuShell *s)
{
    IommuShellAction a = g_array_index(s->actions, IommuShellAction, s->actions_done);

    s->actions_done++;
    if (s->actions_done == s->actions->len) {
        g_array_set_size(s->actions, 0);
        s->actions_done = 0;
    } else if (s->actions_done > s->actions->len / 2) {
        g_array_remove_range(s->actions, 0, s->actions_done);
        s->actions_done = 0;
    }
    return a;
}

/* Actions may call the model again and so add more. */
void iommu_shell_flush(IommuShell *s)
{
    unsigned budget = DRAIN_BUDGET;

    qemu_rec_mutex_lock(&s->lock);
    if (s->draining) {
        qemu_rec_mutex_unlock(&s->lock);
        return;
    }
    s->draining = true;
    for (; budget && actions_pending(s); budget--) {
        IommuShellAction a = actions_take(s);

        qemu_rec_mutex_unlock(&s->lock);
        shell_act(s, &a);
        qemu_rec_mutex_lock(&s->lock);
    }
    s->draining = false;
    if (actions_pending(s)) {
        qemu_bh_schedule(s->bh);
    }
    qemu_rec_mutex_unlock(&s->lock);
}

bool iommu_shell_quiescent(IommuShell *s)
{
    QEMU_LOCK_GUARD(&s->lock);
    return !actions_pending(s);
}

static void shell_drain_bh(void *opaque)
{
    iommu_shell_flush(opaque);
}

bool iommu_shell_enter_quiet(IommuShell *s)
{
    qemu_rec_mutex_lock(&s->lock);
    if (s->busy) {
        qemu_rec_mutex_unlock(&s->lock);
        return false;
    }
    s->busy = true;
    /*
     * What is due may need the BQL: invalidations that devices are told of, records and messages to
     * MMIO. A translation asked without it is resolved; time goes on with the timer.
     */
    if (s->timed && bql_locked()) {
        iommu_shell_advance(s);
    }
    return true;
}

bool iommu_shell_enter(IommuShell *s)
{
    if (!iommu_shell_enter_quiet(s)) {
        return false;
    }
    iommu_fast_new_generation(&s->fast);
    return true;
}

void iommu_shell_leave(IommuShell *s)
{
    bool pending = actions_pending(s);

    if (s->timed || s->wake_at != IOMMU_CYCLE_NEVER) {
        iommu_shell_set_timer(s);
    }
    s->busy = false;
    qemu_rec_mutex_unlock(&s->lock);
    if (unlikely(pending)) {
        if (bql_locked()) {
            iommu_shell_flush(s);
        } else {
            qemu_bh_schedule(s->bh);
        }
    }
}

void iommu_shell_defer(IommuShell *s, const IommuShellAction *a)
{
    g_array_append_vals(s->actions, a, 1);
}

IommuShellAction *iommu_shell_deferred(IommuShell *s, uint32_t own)
{
    for (guint i = s->actions_done; i < s->actions->len; i++) {
        IommuShellAction *a = &g_array_index(s->actions, IommuShellAction, i);

        if (a->kind == IOMMU_SHELL_OWN && a->own == own) {
            return a;
        }
    }
    return NULL;
}

/* In its place among the others: what was put off before it belongs to the mode before it. */
void iommu_shell_mode_dirty(IommuShell *s)
{
    guint last = s->actions->len - 1;

    if (!actions_pending(s) ||
        g_array_index(s->actions, IommuShellAction, last).kind != IOMMU_SHELL_MODE) {
        iommu_shell_defer(s, &(IommuShellAction) { .kind = IOMMU_SHELL_MODE });
    }
}

/* On its own, for its locals would cost a recent answer a stack frame. */
static __attribute__((noinline)) void translate_by_model(IommuShell *s, const IommuTxn *txn,
                                                         IommuResult *res)
{
    IommuShellTraceMark mark;
    IommuCounters before;

    if (!iommu_shell_enter_quiet(s)) {
        *res = (IommuResult) { .status = IOMMU_STATUS_ABORT };
        return;
    }
    iommu_shell_trace_begin(s, &mark);
    iommu_shell_untimed_begin(s, &before);
    iommu_fast_learn(&s->fast, s->model, txn, res);
    iommu_shell_untimed_end(s, &before);
    iommu_shell_trace_translate(s, &mark, txn, res);
    iommu_shell_leave(s);
}

void iommu_shell_translate(IommuShell *s, const IommuTxn *txn, IommuResult *res)
{
    if (iommu_fast_translate(&s->fast, txn, res, false)) {
        iommu_shell_trace_translate(s, NULL, txn, res);
        return;
    }
    translate_by_model(s, txn, res);
}

/* Registers are 32 or 64 bits wide and naturally aligned. */
static bool shell_access_ok(IommuShell *s, hwaddr addr, unsigned size, const char *what)
{
    if ((size == 4 || size == 8) && !(addr & (size - 1))) {
        return true;
    }
    iommu_shell_guest_error(s, "%u-byte register %s at 0x%" HWADDR_PRIx " ignored", size, what,
                            addr);
    return false;
}

static uint64_t shell_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    IommuShell *s = opaque;
    uint64_t value;

    if (!shell_access_ok(s, addr, size, "read") || !iommu_shell_enter_quiet(s)) {
        return 0;
    }
    value = s->model->ops->mmio_read(s->model, addr, size);
    iommu_shell_trace_register(s, false, addr, size, value);
    iommu_shell_leave(s);
    return value;
}

static void shell_mmio_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    IommuShell *s = opaque;

    if (!shell_access_ok(s, addr, size, "write")) {
        return;
    }
    if (!iommu_shell_enter(s)) {
        iommu_shell_guest_error(s, "write of its own to its register 0x%" HWADDR_PRIx " ignored",
                                addr);
        return;
    }
    iommu_shell_follow_streams(s);
    iommu_shell_trace_register(s, true, addr, size, value);
    s->model->ops->mmio_write(s->model, addr, value, size);
    iommu_shell_leave(s);
}

static const MemoryRegionOps shell_mmio_ops = {
    .read = shell_mmio_read,
    .write = shell_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

void iommu_shell_init(IommuShell *s, Object *owner, const IommuShellOps *ops)
{
    s->owner = owner;
    s->ops = ops;
    s->memory = &address_space_memory;
    qemu_rec_mutex_init(&s->lock);
    s->actions = g_array_new(false, false, sizeof(IommuShellAction));
    s->pending = g_array_new(false, false, sizeof(IommuShellPending));
    s->wake_at = IOMMU_CYCLE_NEVER;
    s->by_requester = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    QLIST_INIT(&s->devices);
    QLIST_INIT(&s->notifying);
    QLIST_INIT(&s->clients);
    if (!shells) {
        shells = g_hash_table_new(NULL, NULL);
    }
    g_hash_table_insert(shells, owner, s);
}

bool iommu_shell_realize(IommuShell *s, IommuModel *model, PCIBus *root_bus, uint64_t mmio_size,
                         Error **errp)
{
    s->model = model;
    s->root_bus = root_bus;
    s->bh = qemu_bh_new(shell_drain_bh, s);
    memory_region_init_io(&s->mmio, s->owner, &shell_mmio_ops, s,
                          object_get_typename(s->owner), mmio_size);
    /* It stands for a lookup of the main TLB, and would leave out those of a first level. */
    iommu_fast_init(&s->fast, !s->timing && s->profile->tlb.entries >= IOMMU_FAST_TLB_MIN &&
                              !s->profile->utlb.entries);
    return iommu_shell_timed_realize(s, errp);
}

void iommu_shell_finalize(IommuShell *s)
{
    IommuShellClient *c, *next;

    g_hash_table_remove(shells, s->owner);
    QLIST_FOREACH_SAFE(c, &s->clients, next, next) {
        g_free(c);
    }
    if (s->bh) {
        qemu_bh_delete(s->bh);
    }
    iommu_shell_timed_finalize(s);
    iommu_fast_destroy(&s->fast);
    if (s->model) {
        s->model->ops->free(s->model);
    }
    g_hash_table_destroy(s->by_requester);
    g_array_free(s->actions, true);
    g_array_free(s->pending, true);
    g_free(s->saved);
    qemu_rec_mutex_destroy(&s->lock);
}

void iommu_shell_reset(IommuShell *s)
{
    if (!iommu_shell_enter(s)) {
        return;
    }
    g_array_set_size(s->actions, 0);
    s->actions_done = 0;
    g_array_set_size(s->pending, 0);
    IOMMU_TRACE_EVENT(s, reset);
    s->model->ops->reset(s->model);
    iommu_shell_timed_reset(s);
    iommu_shell_watch_again(s);
    iommu_shell_mode_dirty(s);
    iommu_shell_leave(s);
}

static char *counters_text(const IommuCounters *c)
{
    int len = iommu_counters_json(c, NULL, 0);
    char *text = g_malloc(len + 1);

    iommu_counters_json(c, text, len + 1);
    return text;
}

static char *shell_get_counters(Object *obj, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);
    g_autofree char *all = NULL, *untimed = NULL;

    if (!s->model) {
        error_setg(errp, "stagewalk-counters: the device is not realized");
        return NULL;
    }
    WITH_QEMU_LOCK_GUARD(&s->lock) {
        iommu_fast_fold(&s->fast, &s->model->counters);
        all = counters_text(&s->model->counters);
        untimed = s->timed ? counters_text(&s->untimed) : NULL;
    }
    if (!untimed) {
        return g_steal_pointer(&all);
    }
    /* One more member of the same object. */
    all[strlen(all) - 1] = '\0';
    return g_strdup_printf("%s, \"untimed\": %s}", all, untimed);
}

static char *shell_get_trace(Object *obj, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);
    char *text;

    if (!s->model) {
        error_setg(errp, "stagewalk-trace: the device is not realized");
        return NULL;
    }
    WITH_QEMU_LOCK_GUARD(&s->lock) {
        text = g_strndup(s->model->trace.text, s->model->trace.len);
    }
    return text;
}

static void shell_set_trace(Object *obj, const char *value, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);

    if (!s->model) {
        error_setg(errp, "stagewalk-trace: the device is not realized");
    } else if (strcmp(value, "next")) {
        error_setg(errp, "stagewalk-trace: '%s' is not known; write 'next' to trace the next "
                         "translation that misses the TLB", value);
    } else {
        QEMU_LOCK_GUARD(&s->lock);
        iommu_fast_new_generation(&s->fast);
        iommu_trace_arm(&s->model->trace);
    }
}

void iommu_shell_class_init(ObjectClass *oc)
{
    object_class_property_add_str(oc, "stagewalk-counters", shell_get_counters, NULL);
    object_class_property_set_description(oc, "stagewalk-counters",
                                          "what the model has counted, as a JSON object; with "
                                          "timing=on 'untimed' is of requests that did not wait");
    object_class_property_add_str(oc, "stagewalk-trace", shell_get_trace, shell_set_trace);
    object_class_property_set_description(oc, "stagewalk-trace",
                                          "write 'next', then read the annotated translation");
}

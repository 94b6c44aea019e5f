/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profile and time of an IOMMU model in QEMU. The model's cycles are QEMU's virtual time since
 * reset at the profile's clock rate; the model is brought up to now whenever somebody comes to
 * it, and by a timer when it has something to do of its own.
 */
#include "qemu/osdep.h"
#include "hw/iommu/profilefile.h"
#include "hw/iommu/qdev-shell.h"
#include "qapi/error.h"
#include "qemu/host-utils.h"
#include "qemu/timer.h"
#include "system/runstate.h"

/*
 * Rounds in which actions may beget actions before a stopped machine is left as it is; see
 * iommu_shell_flush().
 */
#define STOP_ROUNDS 64

/* Below every device's: theirs is their depth in the tree of buses, from 0. */
#define RUN_STATE_PRIORITY (-1)

static uint32_t clock_mhz(const IommuShell *s)
{
    return s->profile->timing.clock_mhz;
}

uint64_t iommu_shell_cycle(const IommuShell *s)
{
    int64_t ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - s->base_ns;

    return ns > 0 ? muldiv64(ns, clock_mhz(s), 1000) : 0;
}

/* First nanosecond at which iommu_shell_cycle() is at least @cycle. */
static int64_t deadline(const IommuShell *s, uint64_t cycle)
{
    uint64_t ns = muldiv64(MIN(cycle, INT64_MAX / 2), 1000, clock_mhz(s));

    ns += muldiv64(ns, clock_mhz(s), 1000) < cycle;
    return ns < INT64_MAX - s->base_ns ? s->base_ns + (int64_t)ns : INT64_MAX;
}

void iommu_shell_advance(IommuShell *s)
{
    uint64_t cycle = iommu_shell_cycle(s);

    /* Also at the same cycle: it may have got more to do. Settled, the model is ahead of time. */
    if (cycle >= iommu_timed_now(s->timed)) {
        iommu_timed_run_until(s->timed, cycle);
    }
}

void iommu_shell_set_timer(IommuShell *s)
{
    uint64_t next = s->wake_at;

    if (s->timed) {
        next = MIN(next, iommu_timed_next(s->timed));
    }
    if (next == IOMMU_CYCLE_NEVER) {
        timer_del(s->timer);
    } else {
        timer_mod_ns(s->timer, deadline(s, next));
    }
}

static void shell_timer(void *opaque)
{
    IommuShell *s = opaque;

    if (!iommu_shell_enter(s)) {
        return;
    }
    if (s->wake_at <= iommu_shell_cycle(s)) {
        s->wake_at = IOMMU_CYCLE_NEVER;
        if (!s->timed) {
            s->model->ops->run_until(s->model, iommu_shell_cycle(s));
        }
    }
    iommu_shell_leave(s);
}

/*
 * The machine stops: time has come to now, and what was put off is done now, while guest memory and
 * other devices may still change (migration sends the last of RAM, and interrupt controllers, after
 * this). What is under way stays under way, and is saved so. The machine goes on: a loaded queue may be
 * waiting for nobody but us.
 */
static void shell_run_state(void *opaque, bool running, RunState state)
{
    IommuShell *s = opaque;

    for (unsigned i = 0; i < STOP_ROUNDS; i++) {
        if (!iommu_shell_enter(s)) {
            return;
        }
        iommu_shell_leave(s);
        iommu_shell_flush(s);
        if (iommu_shell_quiescent(s)) {
            return;
        }
    }
}

/* Called by the scheduler, inside the model. */
static void timed_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    iommu_shell_defer(opaque, &(IommuShellAction) {
        .kind = IOMMU_SHELL_DONE, .addr = cookie, .cycle = cycle,
    });
}

static const IommuTimedOps timed_ops = { .done = timed_done };

bool iommu_shell_choose_profile(IommuShell *s, Error **errp)
{
    const char *type = object_get_typename(s->owner);
    const char *name = s->profile_name ? s->profile_name : s->caches ? s->caches : "full";
    g_autofree char *why = NULL;

    if (s->profile_name && s->caches) {
        error_setg(errp, "%s: caches=%s, profile=%s: only one of them may be given", type,
                   s->caches, s->profile_name);
        return false;
    }
    s->profile = iommu_profile_find(name);
    if (s->profile) {
        return true;
    }
    if (s->caches || !g_file_test(name, G_FILE_TEST_EXISTS)) {
        error_setg(errp, "%s: %s=%s: must be one of %s%s", type,
                   s->caches ? "caches" : "profile", name, iommu_profile_names(),
                   s->caches ? "" : ", or a profile file");
        return false;
    }
    s->profile = s->own_profile = iommu_profile_load(name, &why);
    if (!s->profile) {
        error_setg(errp, "%s: profile: %s", type, why);
        return false;
    }
    return true;
}

bool iommu_shell_timed_realize(IommuShell *s, Error **errp)
{
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, shell_timer, s);
    s->base_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    /* After every device that may still come to us: the lowest priority is the last to stop. */
    s->run_state = qemu_add_vm_change_state_handler_prio(shell_run_state, s, RUN_STATE_PRIORITY);
    if (!s->timing) {
        return true;
    }
    s->timed = iommu_timed_new(s->model, &s->profile->timing, &timed_ops, s);
    if (!s->timed) {
        error_setg(errp, "%s: out of memory", object_get_typename(s->owner));
        return false;
    }
    s->port_features |= IOMMU_PORT_TIMED;
    return true;
}

void iommu_shell_timed_finalize(IommuShell *s)
{
    if (s->run_state) {
        qemu_del_vm_change_state_handler(s->run_state);
    }
    timer_free(s->timer);
    iommu_timed_free(s->timed);
    iommu_profile_free(s->own_profile);
    g_free(s->caches);
    g_free(s->profile_name);
}

void iommu_shell_timed_reset(IommuShell *s)
{
    s->wake_at = IOMMU_CYCLE_NEVER;
    s->base_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (s->timed) {
        iommu_timed_reset(s->timed);
    }
    timer_del(s->timer);
}

static bool may_set(IommuShell *s, const char *property, Error **errp)
{
    if (s->model) {
        error_setg(errp, "%s: cannot change once the device is realized", property);
    }
    return !s->model;
}

static char *get_caches(Object *obj, Error **errp)
{
    return g_strdup(iommu_shell_of(obj)->caches);
}

static char *get_profile(Object *obj, Error **errp)
{
    return g_strdup(iommu_shell_of(obj)->profile_name);
}

static void set_caches(Object *obj, const char *value, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);

    if (may_set(s, "caches", errp)) {
        g_free(s->caches);
        s->caches = g_strdup(value);
    }
}

static void set_profile(Object *obj, const char *value, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);

    if (may_set(s, "profile", errp)) {
        g_free(s->profile_name);
        s->profile_name = g_strdup(value);
    }
}

static bool get_timing(Object *obj, Error **errp)
{
    return iommu_shell_of(obj)->timing;
}

static void set_timing(Object *obj, bool value, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);

    if (may_set(s, "timing", errp)) {
        s->timing = value;
    }
}

void iommu_shell_timed_class_init(ObjectClass *oc)
{
    object_class_property_add_str(oc, "caches", get_caches, set_caches);
    object_class_property_set_description(oc, "caches", "cache sizes: full, one, off, tiny");
    object_class_property_add_str(oc, "profile", get_profile, set_profile);
    object_class_property_set_description(oc, "profile",
                                          "sizes and latencies: a name as in caches, or a file");
    object_class_property_add_bool(oc, "timing", get_timing, set_timing);
    object_class_property_set_description(oc, "timing",
                                          "on: requests, commands and records take virtual time");
}

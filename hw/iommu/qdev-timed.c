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

#define DEFAULT_PROFILE "full"

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
    if (cycle < iommu_timed_now(s->timed)) {
        return;
    }
    if (QLIST_EMPTY(&s->notifying)) {
        iommu_timed_run_until(s->timed, cycle);
        return;
    }
    /*
     * Each command may make a mirror look at all of a device's tables. When enough has been looked
     * at, the main loop has its turn; the timer, whose time is past, goes on.
     */
    s->looked = 0;
    for (;;) {
        uint64_t next = MIN(cycle, iommu_timed_next(s->timed));

        iommu_timed_run_until(s->timed, next);
        if (next == cycle || s->looked >= IOMMU_SHELL_LOOKS) {
            return;
        }
    }
}

/*
 * What is due in the timer's own turn waits for the next one: QEMU would call a timer that is set
 * to now again at once, and nobody else would have his turn.
 */
void iommu_shell_set_timer(IommuShell *s)
{
    int64_t earliest = s->in_timer ? qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + 1 : 0;
    uint64_t next = s->wake_at;

    if (s->timed) {
        next = MIN(next, iommu_timed_next(s->timed));
    }
    if (next == IOMMU_CYCLE_NEVER) {
        timer_del(s->timer);
    } else {
        timer_mod_ns(s->timer, MAX(deadline(s, next), earliest));
    }
}

static void shell_timer(void *opaque)
{
    IommuShell *s = opaque;

    s->in_timer = true;
    if (!iommu_shell_enter(s)) {
        s->in_timer = false;
        return;
    }
    if (s->wake_at <= iommu_shell_cycle(s)) {
        s->wake_at = IOMMU_CYCLE_NEVER;
        if (!s->timed) {
            s->model->ops->run_until(s->model, iommu_shell_cycle(s));
        }
    }
    iommu_shell_leave(s);
    s->in_timer = false;
}

/*
 * The machine stops: time has come to now, and what was put off is done now, while guest memory and
 * other devices may still change (migration sends the last of RAM, and interrupt controllers, after
 * this). What is under way stays under way, and is saved so. The machine goes on: a loaded queue
 * may be waiting for nobody but us.
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

static const char *profile_name(const IommuShell *s)
{
    return s->profile_name ? s->profile_name : s->caches ? s->caches : DEFAULT_PROFILE;
}

bool iommu_shell_choose_profile(IommuShell *s, Error **errp)
{
    const char *type = object_get_typename(s->owner);
    g_autofree char *why = NULL;

    if (s->profile_name && s->caches) {
        error_setg(errp, "%s: caches=%s, profile=%s: only one of them may be given", type,
                   s->caches, s->profile_name);
        return false;
    }
    if (s->caches && !iommu_profile_find(s->caches)) {
        error_setg(errp, "%s: caches=%s: must be one of %s", type, s->caches,
                   iommu_profile_names());
        return false;
    }
    iommu_profile_free(s->profile);
    s->profile = iommu_profile_open(profile_name(s), &why);
    if (!s->profile) {
        error_setg(errp, "%s: profile=%s", type, why);
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
    iommu_profile_free(s->profile);
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

void iommu_shell_untimed_begin(IommuShell *s, IommuCounters *before)
{
    if (s->timed) {
        *before = s->model->counters;
    }
}

void iommu_shell_untimed_end(IommuShell *s, const IommuCounters *before)
{
    if (s->timed) {
        iommu_counters_add(&s->untimed, before, &s->model->counters);
    }
}

/* The names that were given; without either, that of the default. */
static char *get_caches(Object *obj)
{
    const IommuShell *s = iommu_shell_of(obj);

    return g_strdup(s->caches ? s->caches : s->profile_name ? "" : DEFAULT_PROFILE);
}

static char *get_profile(Object *obj)
{
    return g_strdup(profile_name(iommu_shell_of(obj)));
}

static void set_caches(Object *obj, const char *value, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);

    g_free(s->caches);
    s->caches = g_strdup(value);
}

static void set_profile(Object *obj, const char *value, Error **errp)
{
    IommuShell *s = iommu_shell_of(obj);

    g_free(s->profile_name);
    s->profile_name = g_strdup(value);
}

static bool get_timing(Object *obj)
{
    return iommu_shell_of(obj)->timing;
}

static void set_timing(Object *obj, bool value)
{
    iommu_shell_of(obj)->timing = value;
}

void iommu_shell_timed_properties(IommuPropList *list)
{
    iommu_prop_list_string(list, "caches",
                           "cache sizes: full (the default), one, off, tiny; not with profile",
                           get_caches, set_caches);
    iommu_prop_list_string(list, "profile",
                           "sizes and latencies: a name as in caches, gem5, ideal, mmu600, mmu700, "
                           "vtd-64, vtd-128, or a file; not with caches",
                           get_profile, set_profile);
    iommu_prop_list_bool(list, "timing",
                         "on: requests, commands and records take virtual time; default off",
                         get_timing, set_timing);
}

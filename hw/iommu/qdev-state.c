/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration of an IOMMU model in QEMU: the model writes and reads its own image (state.h); here
 * it becomes one buffer of the stream. With timing on, what is under way (jobs, events, records,
 * the command between its execution and its retirement) is part of the image: saving changes
 * nothing, so that the machine that was saved goes on to the cycle as if it had not been.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-shell.h"
#include "hw/iommu/qdev-trace.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"

/* Of any image: tens of thousands of jobs under way stay well below. */
#define IMAGE_BYTES (64u << 20)

#define PENDING_WORDS (sizeof(IommuShellPending) / sizeof(uint64_t))

static void save_shell(IommuShell *s, IommuStateWriter *w)
{
    uint8_t timing = s->timed != NULL;

    iommu_shell_port_saving(s);
    iommu_state_put(w, "shell.pending", s->pending->data, sizeof(uint64_t),
                    s->pending->len * PENDING_WORDS);
    iommu_state_put(w, "shell.last_number", &s->last_number, sizeof(uint64_t), 1);
    iommu_state_put(w, "shell.base_ns", &s->base_ns, sizeof(uint64_t), 1);
    iommu_state_put(w, "shell.timing", &timing, 1, 1);
    if (timing) {
        iommu_timed_save(s->timed, w);
    }
}

static bool load_clock(IommuShell *s, IommuStateReader *r)
{
    return iommu_state_get(r, "shell.base_ns", &s->base_ns, sizeof(uint64_t), 1);
}

static bool load_shell(IommuShell *s, IommuStateReader *r)
{
    long words = iommu_state_count(r, "shell.pending");
    uint8_t timing;

    if (words < 0 || words % PENDING_WORDS) {
        return false;
    }
    g_array_set_size(s->pending, words / PENDING_WORDS);
    if (!iommu_state_get(r, "shell.pending", s->pending->data, sizeof(uint64_t), words) ||
        !iommu_state_get(r, "shell.last_number", &s->last_number, sizeof(uint64_t), 1) ||
        !iommu_state_get(r, "shell.timing", &timing, 1, 1) || timing != (s->timed != NULL)) {
        return false;
    }
    iommu_shell_port_loaded(s);
    return !timing || iommu_timed_load(s->timed, r);
}

static int shell_pre_save(void *opaque)
{
    IommuShell *s = opaque;
    IommuStateWriter w = { 0 };

    WITH_QEMU_LOCK_GUARD(&s->lock) {
        s->model->ops->save(s->model, &w);
        save_shell(s, &w);
    }
    if (w.failed || w.len > IMAGE_BYTES) {
        error_report("%s: %s", object_get_typename(s->owner),
                     w.failed ? "no memory for the migration image"
                              : "too much is under way for a migration image");
        free(w.data);
        return -ENOMEM;
    }
    IOMMU_TRACE_EVENT(s, save, w.len);
    g_free(s->saved);
    s->saved = g_memdup2(w.data, w.len);
    s->saved_size = w.len;
    free(w.data);
    return 0;
}

static int shell_post_save(void *opaque)
{
    IommuShell *s = opaque;

    g_free(s->saved);
    s->saved = NULL;
    s->saved_size = 0;
    return 0;
}

static int shell_post_load(void *opaque, int version_id)
{
    IommuShell *s = opaque;
    IommuStateReader r = { .data = s->saved, .len = s->saved_size };
    bool ok = iommu_state_valid(&r) && iommu_shell_enter(s);
    uint32_t left = 0;

    if (ok) {
        /* What the model asks for while it loads is in the saved machine's cycles. */
        s->wake_at = IOMMU_CYCLE_NEVER;
        ok = load_clock(s, &r) && s->model->ops->load(s->model, &r) && load_shell(s, &r);
        left = ok ? iommu_state_left(&r) : 0;
        iommu_shell_watch_again(s);
        iommu_shell_mode_dirty(s);
        iommu_shell_leave(s);
    }
    IOMMU_TRACE_EVENT(s, load, s->saved_size, ok && !left);
    shell_post_save(s);
    if (!ok) {
        error_report("%s: the migration image is damaged or of a device with other properties",
                     object_get_typename(s->owner));
        return -EINVAL;
    }
    if (left) {
        error_report("%s: the migration image has %u items that this QEMU does not know: it is of "
                     "a later one, or of a device with other properties",
                     object_get_typename(s->owner), left);
        return -EINVAL;
    }
    return 0;
}

/* Before anything is allocated for it. */
static bool image_size_ok(void *opaque, int version_id)
{
    IommuShell *s = opaque;

    return s->saved_size <= IMAGE_BYTES;
}

const VMStateDescription vmstate_iommu_shell = {
    .name = "stagewalk-iommu",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = shell_pre_save,
    .post_save = shell_post_save,
    .post_load = shell_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(saved_size, IommuShell),
        VMSTATE_VALIDATE("size of the image", image_size_ok),
        VMSTATE_VBUFFER_ALLOC_UINT32(saved, IommuShell, 1, NULL, saved_size),
        VMSTATE_END_OF_LIST()
    },
};

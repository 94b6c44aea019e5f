/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration of an IOMMU model in QEMU: the model writes and reads its own image (state.h); here
 * it becomes one buffer of the stream.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-shell.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"

#define PENDING_WORDS (sizeof(IommuShellPending) / sizeof(uint64_t))

static void save_shell(IommuShell *s, IommuStateWriter *w)
{
    uint64_t cycle = s->timed ? iommu_timed_now(s->timed) : 0;

    iommu_shell_port_saving(s);
    iommu_state_put(w, "shell.pending", s->pending->data, sizeof(uint64_t),
                    s->pending->len * PENDING_WORDS);
    iommu_state_put(w, "shell.last_number", &s->last_number, sizeof(uint64_t), 1);
    iommu_state_put(w, "shell.base_ns", &s->base_ns, sizeof(uint64_t), 1);
    iommu_state_put(w, "shell.cycle", &cycle, sizeof(uint64_t), 1);
}

static bool load_shell(IommuShell *s, IommuStateReader *r)
{
    long words = iommu_state_count(r, "shell.pending");
    uint64_t cycle;

    if (words < 0 || words % PENDING_WORDS) {
        return false;
    }
    g_array_set_size(s->pending, words / PENDING_WORDS);
    if (!iommu_state_get(r, "shell.pending", s->pending->data, sizeof(uint64_t), words) ||
        !iommu_state_get(r, "shell.last_number", &s->last_number, sizeof(uint64_t), 1) ||
        !iommu_state_get(r, "shell.base_ns", &s->base_ns, sizeof(uint64_t), 1) ||
        !iommu_state_get(r, "shell.cycle", &cycle, sizeof(uint64_t), 1)) {
        return false;
    }
    iommu_shell_port_loaded(s);
    iommu_shell_resume_at(s, cycle);
    return true;
}

static int shell_pre_save(void *opaque)
{
    IommuShell *s = opaque;
    IommuStateWriter w = { 0 };

    iommu_shell_settle(s);
    iommu_shell_flush(s);
    WITH_QEMU_LOCK_GUARD(&s->lock) {
        s->model->ops->save(s->model, &w);
        save_shell(s, &w);
    }
    if (w.failed || w.len > UINT32_MAX) {
        free(w.data);
        error_report("%s: no memory for the migration image", object_get_typename(s->owner));
        return -ENOMEM;
    }
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

    if (ok) {
        ok = s->model->ops->load(s->model, &r) && load_shell(s, &r);
        iommu_shell_watch_again(s);
        s->mode_dirty = true;
        iommu_shell_leave(s);
    }
    shell_post_save(s);
    if (!ok) {
        error_report("%s: the migration image is damaged or of a device with other properties",
                     object_get_typename(s->owner));
        return -EINVAL;
    }
    return 0;
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
        VMSTATE_VBUFFER_ALLOC_UINT32(saved, IommuShell, 1, NULL, saved_size),
        VMSTATE_END_OF_LIST()
    },
};

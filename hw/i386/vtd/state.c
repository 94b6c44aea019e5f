/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: saved state. Registers, what commands latched, and what the queue waits for; caches
 * start empty.
 */
#include <string.h>

#include "vtd-model.h"

/* X(name, member, width, count) of everything beside the registers. */
#define VTD_STATE_ITEMS(X)                                  \
    X("root", tables.root, 8, 1)                            \
    X("ttm", tables.ttm, 1, 1)                              \
    X("ssirwe", tables.ssirwe, 1, 1)                        \
    X("irt", tables.irt, 8, 1)                              \
    X("irt-entries", tables.irt_entries, 4, 1)              \
    X("eime", tables.eime, 1, 1)                            \
    X("fault-index", fault_index, 2, 1)                     \
    X("itags-busy", queue.itags_busy, 4, 1)                 \
    X("itag-sid", queue.itag_sid, 4, VTD_QI_ITAGS)          \
    X("waiting", queue.waiting, 1, 1)                       \
    X("wait", queue.wait, 8, 2)                             \
    X("no-itag", queue.no_itag, 1, 1)                       \
    X("command-words", command.words, 8, 4)                 \
    X("command-head", command.head, 4, 1)                   \
    X("command-next", command.next, 4, 1)                   \
    X("command-outcome", command.outcome, 1, 1)             \
    X("command-error", command.error, 1, 1)

void vtd_save(IommuModel *model, IommuStateWriter *w)
{
    VtdModel *m = vtd_model(model);

    iommu_state_put(w, "vtd-cap", &m->cap, 8, 1);
    iommu_state_put(w, "vtd-ecap", &m->ecap, 8, 1);
    iommu_state_put(w, "regs", m->regs, 4, VTD_MMIO_DWORDS);
#define X(name, member, width, count) iommu_state_put(w, name, &m->member, width, count);
    VTD_STATE_ITEMS(X)
#undef X
    vtd_perfmon_save(m, w);
}

/* Values that no unit can have saved. */
static bool state_sane(const VtdModel *m)
{
    return m->fault_index < m->cfg.nfr && m->tables.ttm <= VTD_TTM_ABORT &&
           m->tables.irt_entries <= 65536;
}

bool vtd_load(IommuModel *model, IommuStateReader *r)
{
    VtdModel *m = vtd_model(model);
    uint64_t cap, ecap;
    bool ok;

    /* A unit of other abilities cannot take over what drivers found on this one. */
    if (!iommu_state_valid(r) || !iommu_state_get(r, "vtd-cap", &cap, 8, 1) ||
        !iommu_state_get(r, "vtd-ecap", &ecap, 8, 1) || cap != m->cap || ecap != m->ecap) {
        return false;
    }
    ok = iommu_state_get(r, "regs", m->regs, 4, VTD_MMIO_DWORDS);
#define X(name, member, width, count) \
    ok = ok && iommu_state_get(r, name, &m->member, width, count);
    VTD_STATE_ITEMS(X)
#undef X
    if (!ok || !state_sane(m) || !vtd_perfmon_load(m, r)) {
        m->base.ops->reset(model);
        return false;
    }
    vtd_inv_everything(m);
    iommu_cache_flush(&m->interrupts);
    vtd_epochs_reset(&m->context_epochs);
    vtd_epochs_reset(&m->pasid_epochs);
    vtd_watch_forget(m);
    vtd_qi_wake(m); /* the saved unit may have been amid a long queue */
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace events of both IOMMUs (hw/iommu/trace-events), from what passes through the shell and from
 * the models' notes. Each has its own set, "smmuv3_*" and "vtd_*"; nothing here costs more than a
 * look at two flags while its event is off.
 */
#ifndef HW_IOMMU_QDEV_TRACE_H
#define HW_IOMMU_QDEV_TRACE_H

#include "hw/iommu/note.h"
#include "hw/iommu/qdev-shell.h"
#include "trace/trace-hw_iommu.h"

/** Whether event @EVENT is traced, of either set. */
#define IOMMU_TRACED(EVENT) \
    unlikely(trace_event_get_state_backends(TRACE_SMMUV3_##EVENT) || \
             trace_event_get_state_backends(TRACE_VTD_##EVENT))

/** Address of @s' registers, which tells units apart. */
static inline uint64_t iommu_shell_trace_unit(const IommuShell *s)
{
    return s->mmio.addr;
}

/** Trace @event, which both sets have, of @s. */
#define IOMMU_TRACE_EVENT(s, event, ...) \
    do { \
        if ((s)->ops->vtd) { \
            trace_vtd_##event(iommu_shell_trace_unit(s), ##__VA_ARGS__); \
        } else { \
            trace_smmuv3_##event(iommu_shell_trace_unit(s), ##__VA_ARGS__); \
        } \
    } while (0)

static inline int iommu_shell_trace_pasid(bool has_pasid, uint32_t pasid)
{
    return has_pasid ? (int)pasid : -1;
}

/** What the model had counted before a request: tells what answered it. */
typedef struct IommuShellTraceMark {
    bool on;
    uint64_t reads;
    uint64_t hits;
} IommuShellTraceMark;

void iommu_shell_trace_begin_slow(IommuShell *s, IommuShellTraceMark *mark);
void iommu_shell_trace_translate_slow(IommuShell *s, const IommuShellTraceMark *mark,
                                      const IommuTxn *txn, const IommuResult *res);

/** Before the model is asked, under the lock. */
static inline void iommu_shell_trace_begin(IommuShell *s, IommuShellTraceMark *mark)
{
    mark->on = IOMMU_TRACED(TRANSLATE);
    if (mark->on) {
        iommu_shell_trace_begin_slow(s, mark);
    }
}

/** After it. @mark: NULL if the answer was a recent one (qdev-fast.h). */
static inline void iommu_shell_trace_translate(IommuShell *s, const IommuShellTraceMark *mark,
                                         const IommuTxn *txn, const IommuResult *res)
{
    if (mark ? unlikely(mark->on) : IOMMU_TRACED(TRANSLATE)) {
        iommu_shell_trace_translate_slow(s, mark, txn, res);
    }
}

void iommu_shell_trace_register(IommuShell *s, bool write, uint64_t offset, unsigned size,
                          uint64_t value);
/** A stalled transaction is over. */
void iommu_shell_trace_resume(IommuShell *s, uint64_t number, const IommuResult *res);
void iommu_shell_trace_ats(IommuShell *s, const IommuAtsInv *inv, IommuAtsInvStatus status);
void iommu_shell_trace_page_request(IommuShell *s, const IommuPageRequest *req);
/** IommuHostOps.note. */
void iommu_shell_trace_note(IommuShell *s, const IommuNote *n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes: what a model did that no other callback of the host shows, for a person who watches.
 * Nothing depends on a note; a host without IommuHostOps.note gets none.
 */
#ifndef HW_IOMMU_NOTE_H
#define HW_IOMMU_NOTE_H

#include <stdint.h>

#include "hw/iommu/host.h"

typedef enum IommuNoteKind {
    /** A command or descriptor was consumed, or its queue stopped at it (@code). */
    IOMMU_NOTE_COMMAND,
    /** An event, fault or page request was recorded where software finds it. */
    IOMMU_NOTE_RECORD,
    /** It was not: no room, or the queue is off or in error. */
    IOMMU_NOTE_RECORD_LOST,
} IommuNoteKind;

/**
 * @name: what the specification calls it; lives for ever.
 * @index: COMMAND: of the queue, before the command (Arm: CONS; VT-d: IQH in bytes). RECORD: of the
 *         queue, before the record, or the number of the fault recording register.
 * @code: COMMAND: 0 or the error (Arm: CERROR; VT-d: IQEI). Records: event number, fault reason; 0
 *        for a page request.
 * @queue: COMMAND, Arm: 0 the Command queue, else number of the ECMDQ + 1. Else 0.
 * @words: as in memory or registers. 0 if they could not be fetched or were never made.
 */
typedef struct IommuNote {
    IommuNoteKind kind;
    uint32_t index;
    uint32_t code;
    uint32_t queue;
    uint32_t stream; /* records only */
    const char *name;
    uint64_t words[4];
} IommuNote;

static inline void iommu_note(const IommuHost *host, const IommuNote *n)
{
    if (host->ops->note) {
        host->ops->note(host->opaque, n);
    }
}

#endif

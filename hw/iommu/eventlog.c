/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event log: a ring of what a model did, in order.
 */
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/eventlog.h"

bool iommu_log_init(IommuEventLog *log, size_t capacity)
{
    memset(log, 0, sizeof(*log));
    if (capacity) {
        log->ring = calloc(capacity, sizeof(*log->ring));
        if (!log->ring) {
            return false;
        }
        log->capacity = capacity;
    }
    return true;
}

void iommu_log_destroy(IommuEventLog *log)
{
    free(log->ring);
    memset(log, 0, sizeof(*log));
}

void iommu_log_append(IommuEventLog *log, uint64_t cycle, IommuLogKind kind, uint64_t a,
                      uint64_t b, uint32_t c, uint32_t d)
{
    if (!log->capacity) {
        return;
    }
    log->ring[log->count % log->capacity] = (IommuLogRecord) {
        .cycle = cycle, .a = a, .b = b, .c = c, .d = d, .kind = kind, .serial = log->count,
    };
    log->count++;
}

const IommuLogRecord *iommu_log_at(const IommuEventLog *log, size_t i)
{
    uint64_t oldest = log->count > log->capacity ? log->count - log->capacity : 0;

    if (i >= log->count - oldest) {
        return NULL;
    }
    return &log->ring[(oldest + i) % log->capacity];
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event log: a ring of fixed-size records of what a model did, in order, for tests, the simulator
 * and debugging. Off unless a capacity was set; appending never allocates.
 */
#ifndef HW_IOMMU_EVENTLOG_H
#define HW_IOMMU_EVENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum IommuLogKind {
    IOMMU_LOG_TRANSLATE, /* a: input address, b: output address, c: stream, d: status */
    IOMMU_LOG_COMMAND,   /* a, b: command words 0, 1; c: consumer index; d: error */
    IOMMU_LOG_EVENT,     /* a, b: record words 0, 1; c: producer index; d: event number */
    IOMMU_LOG_IRQ,       /* a: MSI address or 0; b: MSI data or wired line; c: source */
} IommuLogKind;

typedef struct IommuLogRecord {
    uint64_t cycle;
    uint64_t a, b;
    uint32_t c, d;
    uint32_t kind;
    uint32_t serial; /* counts every record since reset, also overwritten ones */
} IommuLogRecord;

typedef struct IommuEventLog {
    IommuLogRecord *ring;
    size_t capacity; /* records, 0: off */
    uint64_t count;  /* records appended since reset */
} IommuEventLog;

/**
 * False if out of memory. @capacity 0: off. @log is taken as uninitialised: destroy an old one first.
 */
bool iommu_log_init(IommuEventLog *log, size_t capacity);
void iommu_log_destroy(IommuEventLog *log);
void iommu_log_append(IommuEventLog *log, uint64_t cycle, IommuLogKind kind, uint64_t a,
                      uint64_t b, uint32_t c, uint32_t d);

/** The @i-th oldest record still held, or NULL. */
const IommuLogRecord *iommu_log_at(const IommuEventLog *log, size_t i);

#endif

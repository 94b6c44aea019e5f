/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-shot annotated trace of a translation: every structure and descriptor read, its address, its
 * decoded fields, and the result, as text for people. Armed by a tool, filled by the next
 * translation that misses the TLB, read back by the tool.
 */
#ifndef HW_IOMMU_TRACE_H
#define HW_IOMMU_TRACE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IOMMU_TRACE_BYTES 8192

typedef struct IommuTrace {
    bool armed;  /* the next translation that misses starts recording */
    bool active; /* recording now */
    bool full;   /* text was cut */
    size_t len;
    char text[IOMMU_TRACE_BYTES];
} IommuTrace;

/** Forget the text and wait for the next translation that misses. */
void iommu_trace_arm(IommuTrace *t);

/** Begin recording if armed. */
void iommu_trace_begin(IommuTrace *t);

/** Stop recording; the text stays. */
void iommu_trace_end(IommuTrace *t);

/** Append one line (the newline is added). Nothing unless active. */
void iommu_trace_line(IommuTrace *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Same, without evaluating the arguments when not recording. */
#define IOMMU_TRACE(t, ...)                      \
    do {                                         \
        if (__builtin_expect((t)->active, 0)) {  \
            iommu_trace_line((t), __VA_ARGS__);  \
        }                                        \
    } while (0)

#define IOMMU_RIGHTS_TEXT 7

/**
 * IOMMU_RIGHT_* @rights for people, written to @text: "rwx" for unprivileged, "RWX" for privileged
 * accesses, '-' for what is not granted. Returns @text.
 */
const char *iommu_rights_text(uint8_t rights, char text[IOMMU_RIGHTS_TEXT]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-shot annotated trace of a translation, as text.
 */
#include <stdio.h>

#include "hw/iommu/trace.h"
#include "hw/iommu/txn.h"

void iommu_trace_arm(IommuTrace *t)
{
    t->armed = true;
    t->active = false;
    t->full = false;
    t->len = 0;
    t->text[0] = '\0';
}

void iommu_trace_begin(IommuTrace *t)
{
    if (t->armed) {
        t->armed = false;
        t->active = true;
    }
}

void iommu_trace_end(IommuTrace *t)
{
    t->active = false;
}

void iommu_trace_line(IommuTrace *t, const char *fmt, ...)
{
    size_t left = sizeof(t->text) - t->len;
    va_list ap;
    int n;

    if (!t->active || t->full) {
        return;
    }
    va_start(ap, fmt);
    n = vsnprintf(t->text + t->len, left, fmt, ap);
    va_end(ap);
    /* Room for the newline too, or the line is dropped whole: a reader never sees half a line. */
    if (n < 0 || (size_t)n + 1 >= left) {
        t->text[t->len] = '\0';
        t->full = true;
        return;
    }
    t->len += n;
    t->text[t->len++] = '\n';
    t->text[t->len] = '\0';
}

const char *iommu_rights_text(uint8_t rights, char text[IOMMU_RIGHTS_TEXT])
{
    static const struct {
        uint8_t right;
        char letter;
    } all[] = {
        { IOMMU_RIGHT_UR, 'r' }, { IOMMU_RIGHT_UW, 'w' }, { IOMMU_RIGHT_UX, 'x' },
        { IOMMU_RIGHT_PR, 'R' }, { IOMMU_RIGHT_PW, 'W' }, { IOMMU_RIGHT_PX, 'X' },
    };
    unsigned n = 0;

    for (; n < sizeof(all) / sizeof(all[0]); n++) {
        text[n] = rights & all[n].right ? all[n].letter : '-';
    }
    text[n] = '\0';
    return text;
}

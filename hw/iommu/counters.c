/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters: sums of what was counted meanwhile, and as JSON, for tools and tests.
 */
#include <inttypes.h>
#include <stdio.h>

#include "hw/iommu/counters.h"

/* Where the next piece goes, when earlier ones may not have fitted. */
static char *rest(char *buf, size_t size, int len, size_t *left)
{
    *left = (size_t)len < size ? size - len : 0;
    return *left ? buf + len : NULL;
}

void iommu_counters_add(IommuCounters *sum, const IommuCounters *before,
                        const IommuCounters *after)
{
#define X(name, what) sum->name += after->name - before->name;
    IOMMU_COUNTERS(X)
#undef X
}

int iommu_counters_json(const IommuCounters *c, char *buf, size_t size)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
#define X(name, what) { #name, c->name },
        IOMMU_COUNTERS(X)
#undef X
    };
    int len = 0;
    size_t left;
    char *at;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        at = rest(buf, size, len, &left);
        len += snprintf(at, left, "%s\"%s\": %" PRIu64, i ? ", " : "{", rows[i].name,
                        rows[i].value);
    }
    at = rest(buf, size, len, &left);
    return len + snprintf(at, left, "}");
}

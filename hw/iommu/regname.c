/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of registers, for people.
 */
#include <stdio.h>

#include "hw/iommu/regname.h"

void iommu_register_name(const IommuRegName *table, size_t n, uint64_t offset, char *buf,
                         size_t size)
{
    for (size_t i = 0; i < n; i++) {
        const IommuRegName *r = &table[i];
        uint64_t rest = offset - r->offset, which = 0;
        char number[16] = "", inside[24] = "";

        if (r->stride) {
            which = rest / r->stride;
            rest %= r->stride;
        }
        if (offset < r->offset || which >= r->count || rest >= r->bytes) {
            continue;
        }
        if (r->count > 1) {
            snprintf(number, sizeof(number), "%u", (unsigned)which);
        }
        if (rest) {
            snprintf(inside, sizeof(inside), "+%u", (unsigned)rest);
        }
        snprintf(buf, size, "%s%s%s", r->name, number, inside);
        return;
    }
    snprintf(buf, size, "reserved");
}

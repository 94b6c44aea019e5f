/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of registers, for people: traces and messages.
 */
#ifndef HW_IOMMU_REGNAME_H
#define HW_IOMMU_REGNAME_H

#include <stddef.h>
#include <stdint.h>

/** @count registers of @bytes, @stride apart from @offset on. One alone: @count 1, @stride 0. */
typedef struct IommuRegName {
    uint32_t offset;
    uint32_t bytes;
    uint32_t stride;
    uint32_t count;
    const char *name;
} IommuRegName;

/**
 * Write what lies at @offset into @buf: "NAME", "NAME3" of several, "NAME+4" inside one; "reserved"
 * if nothing does. The first of the @n entries of @table that holds it counts.
 */
void iommu_register_name(const IommuRegName *table, size_t n, uint64_t offset, char *buf,
                         size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of properties: what a register shows of them, and which values are refused. */
#ifndef TESTS_QTEST_SW_PROPS_H
#define TESTS_QTEST_SW_PROPS_H

#include "hw/iommu/fields.h"
#include "sw-machine.h"

/** With @properties, @field of the register @reg of @size bytes reads @value. */
typedef struct SwShown {
    const char *path;
    const char *properties;
    uint32_t reg;
    BitField field;
    uint64_t value;
} SwShown;

/** @properties are refused by one line with @named and @allowed in it; @named NULL: @properties. */
typedef struct SwRefused {
    const char *path;
    const char *properties;
    const char *named;
    const char *allowed;
} SwRefused;

/** With @properties, @property of the IOMMU reads @value (sw_get()). */
typedef struct SwReadBack {
    const char *path;
    const char *properties;
    const char *property;
    const char *value;
} SwReadBack;

/** Register a test for each. Behind the SMMUv3, whose registers are 32 bits, or VT-d, with 64. */
void sw_add_shown(const SwShown *shown, size_t count, bool vtd);
void sw_add_refused(const SwRefused *refused, size_t count, bool vtd);
void sw_add_read_back(const SwReadBack *read, size_t count, bool vtd);

/**
 * PATH-NAME for each profile that ships: the machine starts with profile=NAME and reads it back.
 */
void sw_add_profiles(const char *path, bool vtd);

/** PATH-NAME for each of @models (NULL at the end): @fn gets a machine with model=NAME. */
void sw_add_models(const char *path, const char *const *models, bool vtd,
                   void (*fn)(SwMachine *m));

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capability properties: QOM properties for the members of a model's configuration (SmmuConfig,
 * VtdConfig), made from a table. A member that the user did not set keeps the value of the named
 * set that the property "model" chose, so the order in which properties are given does not
 * matter.
 */
#ifndef HW_IOMMU_QDEV_PROPS_H
#define HW_IOMMU_QDEV_PROPS_H

#include "qom/object.h"

typedef enum IommuPropKind {
    IOMMU_PROP_BOOL,
    IOMMU_PROP_U8,
    IOMMU_PROP_U16,
    IOMMU_PROP_U32,
    IOMMU_PROP_ENUM, /* uint8_t, written by name */
} IommuPropKind;

/** One property. Its number in the table is its bit in IommuProps.given. */
typedef struct IommuProp {
    const char *name;
    const char *what;          /* description for -device help */
    const char *const *values; /* ENUM: names of 0, 1, ..., NULL at the end */
    uint16_t offset;           /* of the member in the configuration */
    uint8_t kind;              /* IommuPropKind */
} IommuProp;

#define IOMMU_PROPS_MAX 128

typedef struct IommuProps {
    const IommuProp *table; /* NULL name at the end */
    void *config;           /* what was set, in a configuration of the model's type */
    bool frozen;            /* realized: no more changes */
    uint64_t given[IOMMU_PROPS_MAX / 64];
} IommuProps;

/** Start @p for the configuration at @config (zeroed by the caller). */
void iommu_props_init(IommuProps *p, const IommuProp *table, void *config);

/**
 * Add the table's properties to class @oc. @of finds the IommuProps in an instance. Getters show
 * what was set, and after iommu_props_apply() what is.
 */
void iommu_props_class_init(ObjectClass *oc, const IommuProp *table,
                            IommuProps *(*of)(Object *obj));

/** Whether the user set the member at @offset. */
bool iommu_props_given(const IommuProps *p, size_t offset);

/** Overlay what was set onto @config, a configuration from a named set. */
void iommu_props_apply(const IommuProps *p, void *config);

/** Remember the final @config of @size bytes for getters; refuse later changes. */
void iommu_props_freeze(IommuProps *p, const void *config, size_t size);

#endif

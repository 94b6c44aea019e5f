/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of the IOMMU devices, in one list for each class: those of -device help, QMP and "info
 * qtree". Capability properties come from a table of the members of a model's configuration
 * (SmmuConfig, VtdConfig). A member that the user did not set keeps the value of the named
 * set that the property "model" chose, so the order in which properties are given does not
 * matter. Once the device is realized each property reads what is in force.
 */
#ifndef HW_IOMMU_QDEV_PROPS_H
#define HW_IOMMU_QDEV_PROPS_H

#include "hw/qdev-core.h"
#include "qom/object.h"

typedef enum IommuPropKind {
    IOMMU_PROP_BOOL,
    IOMMU_PROP_U8,
    IOMMU_PROP_U16,
    IOMMU_PROP_U32,
    IOMMU_PROP_ENUM, /* uint8_t, written by name */
    IOMMU_PROP_TEXT, /* char *, NULL if not given; the owner frees it */
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
    uint64_t given[IOMMU_PROPS_MAX / 64];
} IommuProps;

/** Start @p for the configuration at @config (zeroed by the caller). */
void iommu_props_init(IommuProps *p, const IommuProp *table, void *config);

/** Whether the user set the member at @offset. */
bool iommu_props_given(const IommuProps *p, size_t offset);

/** Overlay what was set onto @config, a configuration from a named set. */
void iommu_props_apply(const IommuProps *p, void *config);

/** Remember the final @config of @size bytes for getters. */
void iommu_props_freeze(IommuProps *p, const void *config, size_t size);

/** The properties of a class while its class_init collects them. */
typedef struct IommuPropList {
    GArray *properties; /* Property */
} IommuPropList;

IommuPropList iommu_prop_list_new(void);

/** Add a table's properties. @of finds the IommuProps in an instance. */
void iommu_prop_list_table(IommuPropList *list, const IommuProp *table,
                           IommuProps *(*of)(Object *obj));

/**
 * Add a property whose value is text. @get returns a new string. QEMU refuses changes once the
 * device is realized. The strings must live on.
 */
void iommu_prop_list_string(IommuPropList *list, const char *name, const char *what,
                            char *(*get)(Object *obj),
                            void (*set)(Object *obj, const char *value, Error **errp));

/** The same, on or off. */
void iommu_prop_list_bool(IommuPropList *list, const char *name, const char *what,
                          bool (*get)(Object *obj), void (*set)(Object *obj, bool value));

/** Add a property of QEMU's making. */
void iommu_prop_list_property(IommuPropList *list, const Property *property);

/** Make them the properties of @dc. Ends @list. */
void iommu_prop_list_install(IommuPropList *list, DeviceClass *dc);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capability properties of the IOMMU devices in QEMU, from a table of configuration members.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-props.h"
#include "qapi/error.h"
#include "qapi/visitor.h"

/* Object classes keep a property's opaque pointer only; the way to the instance goes with it. */
typedef struct PropLink {
    const IommuProp *prop;
    unsigned number;
    IommuProps *(*of)(Object *obj);
} PropLink;

static uint64_t member_get(const IommuProp *prop, const void *config)
{
    const uint8_t *at = (const uint8_t *)config + prop->offset;

    switch (prop->kind) {
    case IOMMU_PROP_BOOL:
        return *(const bool *)at;
    case IOMMU_PROP_U16:
        return *(const uint16_t *)at;
    case IOMMU_PROP_U32:
        return *(const uint32_t *)at;
    default:
        return *at;
    }
}

static void member_set(const IommuProp *prop, void *config, uint64_t value)
{
    uint8_t *at = (uint8_t *)config + prop->offset;

    switch (prop->kind) {
    case IOMMU_PROP_BOOL:
        *(bool *)at = value;
        break;
    case IOMMU_PROP_U16:
        *(uint16_t *)at = value;
        break;
    case IOMMU_PROP_U32:
        *(uint32_t *)at = value;
        break;
    default:
        *at = value;
        break;
    }
}

static uint64_t member_max(const IommuProp *prop)
{
    switch (prop->kind) {
    case IOMMU_PROP_U16:
        return UINT16_MAX;
    case IOMMU_PROP_U32:
        return UINT32_MAX;
    default:
        return UINT8_MAX;
    }
}

static bool enum_parse(const IommuProp *prop, const char *text, uint64_t *value, Error **errp)
{
    g_autofree char *names = NULL;

    for (unsigned i = 0; prop->values[i]; i++) {
        if (!strcmp(prop->values[i], text)) {
            *value = i;
            return true;
        }
    }
    names = g_strjoinv(", ", (char **)prop->values);
    error_setg(errp, "%s=%s: must be one of %s", prop->name, text, names);
    return false;
}

static bool prop_visit(const IommuProp *prop, Visitor *v, uint64_t *value, bool set, Error **errp)
{
    if (prop->kind == IOMMU_PROP_BOOL) {
        bool b = *value;

        if (!visit_type_bool(v, prop->name, &b, errp)) {
            return false;
        }
        *value = b;
        return true;
    }
    if (prop->kind == IOMMU_PROP_ENUM) {
        g_autofree char *text = set ? NULL : g_strdup(prop->values[*value]);

        return visit_type_str(v, prop->name, &text, errp) &&
               (!set || enum_parse(prop, text, value, errp));
    }
    if (!visit_type_uint64(v, prop->name, value, errp)) {
        return false;
    }
    if (*value > member_max(prop)) {
        error_setg(errp, "%s=%" PRIu64 ": must be at most %" PRIu64, prop->name, *value,
                   member_max(prop));
        return false;
    }
    return true;
}

static void prop_get(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    const PropLink *link = opaque;
    uint64_t value = member_get(link->prop, link->of(obj)->config);

    prop_visit(link->prop, v, &value, false, errp);
}

static void prop_set(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    const PropLink *link = opaque;
    IommuProps *p = link->of(obj);
    uint64_t value = 0;

    if (p->frozen) {
        error_setg(errp, "%s: cannot change once the device is realized", name);
        return;
    }
    if (prop_visit(link->prop, v, &value, true, errp)) {
        member_set(link->prop, p->config, value);
        p->given[link->number / 64] |= 1ull << (link->number % 64);
    }
}

void iommu_props_init(IommuProps *p, const IommuProp *table, void *config)
{
    p->table = table;
    p->config = config;
}

static const char *prop_type(const IommuProp *prop)
{
    switch (prop->kind) {
    case IOMMU_PROP_BOOL:
        return "bool";
    case IOMMU_PROP_ENUM:
        return "str";
    case IOMMU_PROP_U16:
        return "uint16";
    case IOMMU_PROP_U32:
        return "uint32";
    default:
        return "uint8";
    }
}

void iommu_props_class_init(ObjectClass *oc, const IommuProp *table,
                            IommuProps *(*of)(Object *obj))
{
    for (unsigned i = 0; table[i].name; i++) {
        PropLink *link = g_new0(PropLink, 1);

        g_assert(i < IOMMU_PROPS_MAX);
        link->prop = &table[i];
        link->number = i;
        link->of = of;
        object_class_property_add(oc, table[i].name, prop_type(&table[i]), prop_get, prop_set,
                                  NULL, link);
        object_class_property_set_description(oc, table[i].name, table[i].what);
    }
}

static bool given(const IommuProps *p, unsigned number)
{
    return p->given[number / 64] >> (number % 64) & 1;
}

bool iommu_props_given(const IommuProps *p, size_t offset)
{
    for (unsigned i = 0; p->table[i].name; i++) {
        if (p->table[i].offset == offset && given(p, i)) {
            return true;
        }
    }
    return false;
}

void iommu_props_apply(const IommuProps *p, void *config)
{
    for (unsigned i = 0; p->table[i].name; i++) {
        if (given(p, i)) {
            member_set(&p->table[i], config, member_get(&p->table[i], p->config));
        }
    }
}

void iommu_props_freeze(IommuProps *p, const void *config, size_t size)
{
    memcpy(p->config, config, size);
    p->frozen = true;
}

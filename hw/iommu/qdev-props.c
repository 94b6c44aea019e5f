/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of the IOMMU devices in QEMU: capabilities, from a table of configuration members, and
 * those that the shell and the devices have of their own.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-props.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qapi/visitor.h"

/*
 * A property of a class. QEMU's accessors get the Property, which points to @info: so they find the
 * rest. Lives as long as the class, for ever.
 */
typedef struct PropLink {
    PropertyInfo info;
    const IommuProp *prop; /* of a table: its row and number */
    unsigned number;
    IommuProps *(*of)(Object *obj);
    char *(*get_text)(Object *obj); /* of its own */
    void (*set_text)(Object *obj, const char *value, Error **errp);
    bool (*get_bool)(Object *obj);
    void (*set_bool)(Object *obj, bool value);
} PropLink;

static const PropLink *link_of(const void *opaque)
{
    return container_of(((const Property *)opaque)->info, PropLink, info);
}

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

static char **member_text(const PropLink *link, Object *obj)
{
    return (char **)((uint8_t *)link->of(obj)->config + link->prop->offset);
}

static void prop_get_text(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    const char *value = *member_text(link_of(opaque), obj);
    g_autofree char *text = g_strdup(value ? value : "");

    visit_type_str(v, name, &text, errp);
}

static void prop_set_text(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    char **member = member_text(link_of(opaque), obj);
    char *text;

    if (visit_type_str(v, name, &text, errp)) {
        g_free(*member);
        *member = text;
    }
}

static void prop_get(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    const PropLink *link = link_of(opaque);
    uint64_t value = member_get(link->prop, link->of(obj)->config);

    prop_visit(link->prop, v, &value, false, errp);
}

static void prop_set(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    const PropLink *link = link_of(opaque);
    IommuProps *p = link->of(obj);
    uint64_t value = 0;

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
    case IOMMU_PROP_TEXT:
        return "str";
    case IOMMU_PROP_U16:
        return "uint16";
    case IOMMU_PROP_U32:
        return "uint32";
    default:
        return "uint8";
    }
}

static void text_get(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    g_autofree char *text = link_of(opaque)->get_text(obj);

    visit_type_str(v, name, &text, errp);
}

static void text_set(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    g_autofree char *text = NULL;

    if (visit_type_str(v, name, &text, errp)) {
        link_of(opaque)->set_text(obj, text, errp);
    }
}

static void bool_get(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    bool value = link_of(opaque)->get_bool(obj);

    visit_type_bool(v, name, &value, errp);
}

static void bool_set(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    bool value;

    if (visit_type_bool(v, name, &value, errp)) {
        link_of(opaque)->set_bool(obj, value);
    }
}

IommuPropList iommu_prop_list_new(void)
{
    return (IommuPropList) { .properties = g_array_new(false, true, sizeof(Property)) };
}

/* The caller fills in how it is read and written. */
static PropLink *list_add(IommuPropList *list, const char *name, const char *type,
                          const char *what)
{
    PropLink *link = g_new0(PropLink, 1);
    Property property = { .name = name, .info = &link->info };

    link->info.type = type;
    link->info.description = what;
    g_array_append_val(list->properties, property);
    return link;
}

void iommu_prop_list_table(IommuPropList *list, const IommuProp *table,
                           IommuProps *(*of)(Object *obj))
{
    for (unsigned i = 0; table[i].name; i++) {
        PropLink *link = list_add(list, table[i].name, prop_type(&table[i]), table[i].what);

        g_assert(i < IOMMU_PROPS_MAX);
        link->info.get = table[i].kind == IOMMU_PROP_TEXT ? prop_get_text : prop_get;
        link->info.set = table[i].kind == IOMMU_PROP_TEXT ? prop_set_text : prop_set;
        link->prop = &table[i];
        link->number = i;
        link->of = of;
    }
}

void iommu_prop_list_string(IommuPropList *list, const char *name, const char *what,
                            char *(*get)(Object *obj),
                            void (*set)(Object *obj, const char *value, Error **errp))
{
    PropLink *link = list_add(list, name, "str", what);

    link->info.get = text_get;
    link->info.set = text_set;
    link->get_text = get;
    link->set_text = set;
}

void iommu_prop_list_bool(IommuPropList *list, const char *name, const char *what,
                          bool (*get)(Object *obj), void (*set)(Object *obj, bool value))
{
    PropLink *link = list_add(list, name, "bool", what);

    link->info.get = bool_get;
    link->info.set = bool_set;
    link->get_bool = get;
    link->set_bool = set;
}

void iommu_prop_list_property(IommuPropList *list, const Property *property)
{
    g_array_append_vals(list->properties, property, 1);
}

void iommu_prop_list_install(IommuPropList *list, DeviceClass *dc)
{
    guint count = list->properties->len;

    device_class_set_props_n(dc, (Property *)g_array_free(list->properties, false), count);
    list->properties = NULL;
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
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: properties that list devices, for the DMAR table (VT-d 5.10, 8.3-8.8).
 *
 * A list is words joined by '+'. A word is the id of a device, or bus:device.function of one on a
 * root bus, or ioapic or hpet. What an id names is looked up when it is needed, for a unit comes
 * before the devices that it stands in front of.
 */
#include "qemu/osdep.h"
#include "qdev-internal.h"
#include "hw/i386/pc.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie_sriov.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/id.h"

#define PAGE_BYTES 4096u

#define LIST(_which, _name, _what) \
    { .name = _name, .what = _what, .offset = offsetof(VTDScope, text[_which]), \
      .kind = IOMMU_PROP_TEXT }

const IommuProp vtd_lists[] = {
    [VTD_LIST_SCOPE] = LIST(VTD_LIST_SCOPE, "scope",
        "devices behind this unit: ids, BB:DD.F, ioapic, hpet, joined by '+'; a "
        "pxb-pcie's id is all of its bus; not given: all that is in no other's scope"),
    [VTD_LIST_RMRR] = LIST(VTD_LIST_RMRR, "rmrr",
        "reserved memory FIRST-LAST@DEVICE[+DEVICE...], several joined by '/'"),
    [VTD_LIST_SATC] = LIST(VTD_LIST_SATC, "satc",
        "integrated devices with a validated translation cache, joined by '+'"),
    [VTD_LIST_SATC_REQUIRED] = LIST(VTD_LIST_SATC_REQUIRED, "satc-required",
        "integrated devices that work only with ATS enabled, joined by '+'"),
    [VTD_LIST_ATS_PORTS] = LIST(VTD_LIST_ATS_PORTS, "ats-ports",
        "root ports that forward ATS, joined by '+', or none; not given: all"),
    [VTD_LISTS] = { .name = NULL }
};

static void place_free(gpointer data)
{
    VTDPlace *p = data;

    g_free(p->text);
    g_free(p);
}

static void reserved_clear(gpointer data)
{
    g_clear_pointer(&((VTDReserved *)data)->devices, g_ptr_array_unref);
}

/* BB:DD.F, in hexadecimal. */
static bool parse_address(VTDPlace *p)
{
    unsigned bus, slot, fn;
    int end = 0;

    /* sscanf() would take blanks and signs */
    if (p->text[strspn(p->text, "0123456789abcdefABCDEF:.")] ||
        sscanf(p->text, "%2x:%2x.%1x%n", &bus, &slot, &fn, &end) != 3 || p->text[end] ||
        slot >= PCI_SLOT_MAX || fn >= PCI_FUNC_MAX) {
        return false;
    }
    p->bus = bus;
    p->devfn = PCI_DEVFN(slot, fn);
    return true;
}

static bool parse_word(VTDPlace *p)
{
    if (g_str_equal(p->text, "ioapic")) {
        p->kind = VTD_PLACE_IOAPIC;
    } else if (g_str_equal(p->text, "hpet")) {
        p->kind = VTD_PLACE_HPET;
    } else if (g_ascii_isdigit(*p->text) || strchr(p->text, ':')) {
        p->kind = VTD_PLACE_ADDRESS;
        return parse_address(p);
    } else {
        p->kind = VTD_PLACE_ID;
        return id_wellformed(p->text);
    }
    return true;
}

/* @name and @whole: the property, for messages. */
static GPtrArray *parse_list(const char *name, const char *whole, const char *text, Error **errp)
{
    g_auto(GStrv) words = g_strsplit(text, "+", -1);
    GPtrArray *list = g_ptr_array_new_with_free_func(place_free);
    ERRP_GUARD();

    if (!*words) {
        error_setg(errp, "intel-iommu: %s=%s: names no device", name, whole);
    }
    for (char **word = words; *word; word++) {
        VTDPlace *p = g_new0(VTDPlace, 1);

        p->text = g_strdup(*word);
        g_ptr_array_add(list, p);
        if (!parse_word(p)) {
            error_setg(errp, "intel-iommu: %s=%s: '%s' is no device: must be ids or "
                       "bus:device.function, joined by '+'", name, whole, *word);
            break;
        }
        for (guint i = 0; i + 1 < list->len; i++) {
            if (g_str_equal(((VTDPlace *)list->pdata[i])->text, *word)) {
                error_setg(errp, "intel-iommu: %s=%s: has %s twice", name, whole, *word);
                goto out;
            }
        }
    }
out:
    if (*errp) {
        g_clear_pointer(&list, g_ptr_array_unref);
    }
    return list;
}

/* Functions only: neither root buses, which have an id too, nor the platform's own sources. */
static bool parse_functions(VTDScope *s, VTDList which, GPtrArray **list, Error **errp)
{
    const char *name = vtd_lists[which].name, *text = s->text[which];

    if (!text) {
        return true;
    }
    *list = parse_list(name, text, text, errp);
    if (!*list) {
        return false;
    }
    if (vtd_places_have(*list, VTD_PLACE_IOAPIC) || vtd_places_have(*list, VTD_PLACE_HPET)) {
        error_setg(errp, "intel-iommu: %s=%s: must be PCI devices", name, text);
        return false;
    }
    return true;
}

/* FIRST-LAST@DEVICES [8.4]. */
static bool parse_region(VTDScope *s, const char *text, unsigned address_bits, Error **errp)
{
    const char *whole = s->text[VTD_LIST_RMRR], *at = text;
    VTDReserved r = { 0 };

    if (qemu_strtou64(at, &at, 0, &r.first) || *at++ != '-' ||
        qemu_strtou64(at, &at, 0, &r.last) || *at++ != '@') {
        error_setg(errp, "intel-iommu: rmrr=%s: '%s' must be FIRST-LAST@DEVICE[+DEVICE...]", whole,
                   text);
        return false;
    }
    if (r.first % PAGE_BYTES || (r.last + 1) % PAGE_BYTES || r.last < r.first) {
        error_setg(errp, "intel-iommu: rmrr=%s: 0x%" PRIx64 "-0x%" PRIx64 " must be whole pages of "
                   "4 KB, the last byte included", whole, r.first, r.last);
        return false;
    }
    if (address_bits < 64 && r.last >> address_bits) {
        error_setg(errp, "intel-iommu: rmrr=%s: 0x%" PRIx64 " must be below 2^%u, the host's "
                   "addresses (haw)", whole, r.last, address_bits);
        return false;
    }
    r.devices = parse_list("rmrr", whole, at, errp);
    if (!r.devices) {
        return false;
    }
    g_array_append_val(s->reserved, r);
    if (vtd_places_have(r.devices, VTD_PLACE_IOAPIC) ||
        vtd_places_have(r.devices, VTD_PLACE_HPET)) {
        error_setg(errp, "intel-iommu: rmrr=%s: must be PCI devices", whole);
        return false;
    }
    return true;
}

static bool parse_regions(VTDScope *s, unsigned address_bits, Error **errp)
{
    g_auto(GStrv) regions = NULL;

    s->reserved = g_array_new(false, true, sizeof(VTDReserved));
    g_array_set_clear_func(s->reserved, reserved_clear);
    if (!s->text[VTD_LIST_RMRR]) {
        return true;
    }
    regions = g_strsplit(s->text[VTD_LIST_RMRR], "/", -1);
    for (char **region = regions; *region; region++) {
        if (!parse_region(s, *region, address_bits, errp)) {
            return false;
        }
    }
    return true;
}

static bool parse_ports(VTDScope *s, Error **errp)
{
    if (g_strcmp0(s->text[VTD_LIST_ATS_PORTS], "none") == 0) {
        s->ats_ports = g_ptr_array_new_with_free_func(place_free);
        return true;
    }
    return parse_functions(s, VTD_LIST_ATS_PORTS, &s->ats_ports, errp);
}

bool vtd_scope_parse(VTDScope *s, unsigned address_bits, Error **errp)
{
    const char *scope = s->text[VTD_LIST_SCOPE];
    ERRP_GUARD();

    if (scope) {
        s->devices = parse_list("scope", scope, scope, errp);
        if (!s->devices) {
            return false;
        }
    }
    return parse_regions(s, address_bits, errp) &&
           parse_functions(s, VTD_LIST_SATC, &s->satc, errp) &&
           parse_functions(s, VTD_LIST_SATC_REQUIRED, &s->satc_required, errp) &&
           parse_ports(s, errp);
}

void vtd_scope_free(VTDScope *s)
{
    g_clear_pointer(&s->devices, g_ptr_array_unref);
    g_clear_pointer(&s->satc, g_ptr_array_unref);
    g_clear_pointer(&s->satc_required, g_ptr_array_unref);
    g_clear_pointer(&s->ats_ports, g_ptr_array_unref);
    g_clear_pointer(&s->reserved, g_array_unref);
    for (unsigned i = 0; i < VTD_LISTS; i++) {
        g_free(s->text[i]);
    }
}

static PCIBus *main_bus(void)
{
    return PC_MACHINE(qdev_get_machine())->pcibus;
}

PCIDevice *vtd_place_device(const VTDPlace *p)
{
    PCIDevice *dev = NULL;

    switch (p->kind) {
    case VTD_PLACE_ID:
        pci_qdev_find_device(p->text, &dev);
        return dev;
    case VTD_PLACE_ADDRESS:
        /* Of other buses the guest decides the number. */
        dev = pci_find_device(main_bus(), p->bus, p->devfn);
        return dev && pci_bus_is_root(pci_get_bus(dev)) ? dev : NULL;
    default:
        return NULL;
    }
}

/* The root bus that an expander makes. */
static PCIBus *root_bus_of(const PCIDevice *dev)
{
    PCIBus *child;

    QLIST_FOREACH(child, &main_bus()->child, sibling) {
        if (pci_bus_is_root(child) && child->parent_dev == dev) {
            return child;
        }
    }
    return NULL;
}

PCIBus *vtd_place_root_bus(const VTDPlace *p)
{
    PCIDevice *dev = p->kind == VTD_PLACE_ID ? vtd_place_device(p) : NULL;

    return dev ? root_bus_of(dev) : NULL;
}

bool vtd_places_have(const GPtrArray *list, VTDPlaceKind kind)
{
    for (guint i = 0; list && i < list->len; i++) {
        if (((VTDPlace *)list->pdata[i])->kind == kind) {
            return true;
        }
    }
    return false;
}

static bool covers(const VTDPlace *p, PCIBus *bus, int devfn, const PCIDevice *dev)
{
    const PCIDevice *expander = bus->parent_dev;

    switch (p->kind) {
    case VTD_PLACE_ADDRESS:
        return p->bus == pci_bus_num(bus) && p->devfn == devfn;
    case VTD_PLACE_ID:
        /* By name: vtd_place_device() does not find one that is still being realized. */
        return (expander && !g_strcmp0(p->text, expander->qdev.id)) ||
               (dev && !g_strcmp0(p->text, dev->qdev.id) && !root_bus_of(dev));
    default:
        return false;
    }
}

bool vtd_places_cover(const GPtrArray *list, PCIBus *bus, int devfn, const PCIDevice *dev)
{
    for (guint i = 0; list && i < list->len; i++) {
        if (covers(list->pdata[i], bus, devfn, dev)) {
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: the DMAR table, by which firmware tells of the units (VT-d 5.10, chapter
 * 8). QEMU's ACPI code writes the header; this writes the rest, in numerical order of types [8.2].
 */
#include "qemu/osdep.h"
#include "qdev-internal.h"
#include "hw/acpi/aml-build.h"
#include "hw/i386/pc.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_host.h"
#include "hw/pci/pcie.h"

/* Remapping structures [8.2]. */
enum { DMAR_DRHD, DMAR_RMRR, DMAR_ATSR, DMAR_RHSA, DMAR_ANDD, DMAR_SATC };

/* Device scope entries [8.3.1]. */
enum { SCOPE_ENDPOINT = 1, SCOPE_BRIDGE = 2, SCOPE_IOAPIC = 3, SCOPE_HPET = 4 };

#define DMAR_INTR_REMAP   0x01u
#define DMAR_OPT_IN       0x04u
#define DRHD_ALL          0x01u
#define ATSR_ALL_PORTS    0x01u
#define SATC_ATC_REQUIRED 0x01u

/* Numbers of the IOAPIC in the MADT and of the HPET in the HPET table. */
#define IOAPIC_ID   0
#define HPET_NUMBER 0

static void put(GArray *t, uint64_t value, unsigned bytes)
{
    build_append_int_noprefix(t, value, bytes);
}

static void put_array(GArray *t, const GArray *bytes)
{
    g_array_append_vals(t, bytes->data, bytes->len);
}

/* Type and length of a structure whose fixed part has @fixed bytes. */
static void put_header(GArray *t, unsigned type, unsigned fixed, const GArray *scope)
{
    put(t, type, 2);
    put(t, fixed + (scope ? scope->len : 0), 2);
}

static void put_scope_header(GArray *t, unsigned type, unsigned steps, unsigned id, unsigned bus)
{
    put(t, type, 1);
    put(t, 6 + 2 * steps, 1);
    put(t, 0, 2); /* Flags, Reserved */
    put(t, id, 1);
    put(t, bus, 1);
}

static void put_step(GArray *t, int devfn)
{
    put(t, PCI_SLOT(devfn), 1);
    put(t, PCI_FUNC(devfn), 1);
}

/* From the root bus down: the numbers of the buses between are the guest's to assign. */
static void put_path(GArray *t, PCIDevice *dev)
{
    PCIBus *bus = pci_get_bus(dev);

    if (!pci_bus_is_root(bus)) {
        put_path(t, pci_bridge_get_device(bus));
    }
    put_step(t, dev->devfn);
}

static void put_function(GArray *t, PCIDevice *dev)
{
    PCIBus *bus = pci_get_bus(dev);
    unsigned steps = 1;

    for (; !pci_bus_is_root(bus); bus = pci_get_bus(pci_bridge_get_device(bus))) {
        steps++;
    }
    put_scope_header(t, IS_PCI_BRIDGE(dev) ? SCOPE_BRIDGE : SCOPE_ENDPOINT, steps, 0,
                     pci_bus_num(bus));
    put_path(t, dev);
}

/* The table is made anew at each reset; a device that was unplugged since is left out. */
static void put_functions(GArray *t, const GPtrArray *list)
{
    for (guint i = 0; list && i < list->len; i++) {
        PCIDevice *dev = vtd_place_device(list->pdata[i]);

        if (dev) {
            put_function(t, dev);
        }
    }
}

static void put_source(GArray *t, unsigned type, unsigned id, uint16_t sid)
{
    put_scope_header(t, type, 1, id, PCI_BUS_NUM(sid));
    put_step(t, PCI_BDF_TO_DEVFN(sid));
}

/* ---- functions of the root buses ------------------------------------------------------------ */

typedef struct Collect {
    GArray *t;
    VTDUnit *unit;
    bool (*wanted)(PCIDevice *dev); /* NULL: all */
} Collect;

/* Virtual functions are where their physical function is [8.3.3]. */
static void collect_function(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    Collect *c = opaque;

    if (!pci_is_vf(dev) && vtd_unit_for(bus, dev->devfn) == c->unit &&
        (!c->wanted || c->wanted(dev))) {
        put_function(c->t, dev);
    }
}

static int collect_bus(Object *obj, void *opaque)
{
    PCIHostState *host = (PCIHostState *)object_dynamic_cast(obj, TYPE_PCI_HOST_BRIDGE);

    if (host && host->bus && !pci_bus_bypass_iommu(host->bus)) {
        pci_for_each_device_under_bus(host->bus, collect_function, opaque);
    }
    return 0;
}

/* Functions on root buses that are behind @u. */
static void put_own(GArray *t, VTDUnit *u, bool (*wanted)(PCIDevice *dev))
{
    Collect c = { .t = t, .unit = u, .wanted = wanted };

    object_child_foreach_recursive(object_get_root(), collect_bus, &c);
}

static int find_bypass(Object *obj, void *opaque)
{
    PCIHostState *host = (PCIHostState *)object_dynamic_cast(obj, TYPE_PCI_HOST_BRIDGE);

    return host && host->bus && pci_bus_bypass_iommu(host->bus);
}

/*
 * INCLUDE_PCI_ALL would take in the buses that bypass. A single unit lists what it has, as QEMU's
 * table always did.
 */
static bool includes_all(VTDUnit *u)
{
    return !u->scope.devices && QTAILQ_FIRST(vtd_units()) != u &&
           !object_child_foreach_recursive(object_get_root(), find_bypass, NULL);
}

/* ---- structures ----------------------------------------------------------------------------- */

static void put_drhd(GArray *t, VTDUnit *u)
{
    g_autoptr(GArray) scope = g_array_new(false, true, 1);
    bool all = includes_all(u);

    if (vtd_unit_for_platform(VTD_PLACE_IOAPIC) == u) {
        put_source(scope, SCOPE_IOAPIC, IOAPIC_ID, VTD_SID_IOAPIC);
    }
    if (vtd_platform_hpet() && vtd_unit_for_platform(VTD_PLACE_HPET) == u) {
        put_source(scope, SCOPE_HPET, HPET_NUMBER, VTD_SID_HPET);
    }
    if (!all) {
        put_own(scope, u, NULL);
    }
    put_header(t, DMAR_DRHD, 16, scope);
    put(t, all ? DRHD_ALL : 0, 1);
    put(t, ctz64(u->scope.size / 4096), 1); /* Size: log2 of pages */
    put(t, 0, 2); /* Segment Number */
    put(t, u->scope.base, 8);
    put_array(t, scope);
}

static void put_rmrrs(GArray *t, const VTDUnit *u)
{
    for (guint i = 0; i < u->scope.reserved->len; i++) {
        const VTDReserved *r = &g_array_index(u->scope.reserved, VTDReserved, i);
        g_autoptr(GArray) scope = g_array_new(false, true, 1);

        put_functions(scope, r->devices);
        if (!scope->len) {
            continue;
        }
        put_header(t, DMAR_RMRR, 24, scope);
        put(t, 0, 2); /* Reserved */
        put(t, 0, 2); /* Segment Number */
        put(t, r->first, 8);
        put(t, r->last, 8);
        put_array(t, scope);
    }
}

/* One for the segment: all root ports, or those that are listed and behind a unit that has ATS. */
static void put_atsr(GArray *t)
{
    g_autoptr(GArray) scope = g_array_new(false, true, 1);
    bool all = true;
    VTDUnit *u;

    QTAILQ_FOREACH(u, vtd_units(), scope.next) {
        all = all && u->set.dt && !u->scope.ats_ports;
    }
    QTAILQ_FOREACH(u, vtd_units(), scope.next) {
        if (!all && u->set.dt && u->scope.ats_ports) {
            put_functions(scope, u->scope.ats_ports);
        } else if (!all && u->set.dt) {
            put_own(scope, u, vtd_is_root_port);
        }
    }
    if (!all && !scope->len) {
        return;
    }
    put_header(t, DMAR_ATSR, 8, scope);
    put(t, all ? ATSR_ALL_PORTS : 0, 1);
    put(t, 0, 1); /* Reserved */
    put(t, 0, 2); /* Segment Number */
    put_array(t, scope);
}

static void put_rhsa(GArray *t, VTDUnit *u)
{
    if (!vtd_has_proximity(u)) {
        return;
    }
    put_header(t, DMAR_RHSA, 20, NULL);
    put(t, 0, 4); /* Reserved */
    put(t, u->scope.base, 8);
    put(t, u->knob.proximity, 4);
}

/* Devices with the same flags are in one structure. */
static void put_satc(GArray *t, bool required)
{
    g_autoptr(GArray) scope = g_array_new(false, true, 1);
    VTDUnit *u;

    QTAILQ_FOREACH(u, vtd_units(), scope.next) {
        put_functions(scope, required ? u->scope.satc_required : u->scope.satc);
    }
    if (!scope->len) {
        return;
    }
    put_header(t, DMAR_SATC, 8, scope);
    put(t, required ? SATC_ATC_REQUIRED : 0, 1);
    put(t, 0, 1); /* Reserved */
    put(t, 0, 2); /* Segment Number */
    put_array(t, scope);
}

void vtd_build_dmar(GArray *t)
{
    uint8_t width = UINT8_MAX, flags = 0;
    VTDUnit *u;

    /* What every unit can address; interrupt remapping is the same for all. */
    QTAILQ_FOREACH(u, vtd_units(), scope.next) {
        width = MIN(width, u->set.haw);
        flags |= (u->set.ir ? DMAR_INTR_REMAP : 0) | (u->knob.opt_in ? DMAR_OPT_IN : 0);
    }
    put(t, width - 1, 1); /* Host Address Width */
    put(t, flags, 1);
    put(t, 0, 8);
    put(t, 0, 2); /* Reserved */
    QTAILQ_FOREACH(u, vtd_units(), scope.next) {
        put_drhd(t, u);
    }
    QTAILQ_FOREACH(u, vtd_units(), scope.next) {
        put_rmrrs(t, u);
    }
    put_atsr(t);
    QTAILQ_FOREACH(u, vtd_units(), scope.next) {
        put_rhsa(t, u);
    }
    put_satc(t, false);
    put_satc(t, true);
}

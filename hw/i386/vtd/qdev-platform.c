/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: the units of a machine (VT-d 5.10, 8.3). Each has registers of its own and
 * a scope: integrated devices, root ports with all that is below them, whole root buses, the
 * IOAPIC, the HPET. One unit has no scope of its own and takes the rest.
 *
 * Whose a requester is, is decided when its address space is asked for; that can be before the
 * machine is complete (vfio), so nothing here depends on what is made later. What the user named
 * and does not exist is found when the machine is complete.
 */
#include "qemu/osdep.h"
#include "qdev-internal.h"
#include "exec/address-spaces.h"
#include "hw/i386/e820_memory_layout.h"
#include "hw/i386/pc.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "hw/sysbus.h"
#include "hw/timer/hpet.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "system/numa.h"
#include "system/system.h"

/* Register blocks lie between the first unit's and the local APICs. */
#define UNITS_END VTD_IR_BASE

static VTDUnits units = QTAILQ_HEAD_INITIALIZER(units);
static bool orphans; /* somebody asked for a unit before there was one for it */

VTDUnits *vtd_units(void)
{
    return &units;
}

VTDUnit *vtd_unit_of_rest(void)
{
    VTDUnit *last = QTAILQ_LAST(&units);

    return last && !last->scope.devices ? last : NULL;
}

bool vtd_is_root_port(PCIDevice *dev)
{
    return pci_is_express(dev) && pcie_cap_get_type(dev) == PCI_EXP_TYPE_ROOT_PORT;
}

void vtd_platform_orphaned(void)
{
    orphans = true;
}

/* The function of a root bus that everything from (@*bus, @*devfn) comes through. */
static PCIDevice *climb(PCIBus **bus, int *devfn)
{
    PCIDevice *dev;

    while (!pci_bus_is_root(*bus)) {
        dev = pci_bridge_get_device(*bus);
        *devfn = dev->devfn;
        *bus = pci_get_bus(dev);
    }
    dev = (*bus)->devices[*devfn];
    if (dev && pci_is_vf(dev)) {
        dev = pcie_sriov_get_pf(dev); /* 8.3.3 */
        *devfn = dev->devfn;
    }
    return dev;
}

VTDUnit *vtd_unit_for(PCIBus *bus, int devfn)
{
    PCIDevice *dev = climb(&bus, &devfn);
    VTDUnit *u;

    QTAILQ_FOREACH(u, &units, scope.next) {
        if (!u->scope.devices || vtd_places_cover(u->scope.devices, bus, devfn, dev)) {
            return u;
        }
    }
    return NULL;
}

VTDUnit *vtd_unit_for_platform(VTDPlaceKind kind)
{
    VTDUnit *u;

    QTAILQ_FOREACH(u, &units, scope.next) {
        if (!u->scope.devices || vtd_places_have(u->scope.devices, kind)) {
            return u;
        }
    }
    return NULL;
}

/* How likely it is that a message with @d's requester id is @d's; 0: not at all. */
static unsigned likely_source(const IommuShellDevice *d, uint16_t sid)
{
    if (iommu_shell_stream(d) != sid) {
        return 0;
    }
    if (!d->bus) {
        return 1;
    }
    return 1 + 2 * pci_bus_is_root(d->bus) + (d->bus->devices[d->devfn] != NULL);
}

/*
 * Requester ids tell sources apart once the guest has numbered its buses. Before, every bus below
 * a bridge has number 0; what is on a root bus, and exists, is then meant.
 */
VTDUnit *vtd_unit_for_source(uint16_t sid)
{
    VTDUnit *found = vtd_unit_of_rest(), *u;
    unsigned best = 0;

    QTAILQ_FOREACH(u, &units, scope.next) {
        IommuShellDevice *d;

        QLIST_FOREACH(d, &u->shell.devices, next) {
            unsigned likely = likely_source(d, sid);

            if (likely > best) {
                best = likely;
                found = u;
            }
        }
    }
    return found;
}

Object *vtd_platform_hpet(void)
{
    Object *hpet = object_resolve_path_type("", TYPE_HPET, NULL);

    return hpet && object_property_find(hpet, "msi") &&
           object_property_get_bool(hpet, "msi", NULL) ? hpet : NULL;
}

/* A base aligned to the size of the block, behind the other units' [8.3]. */
static bool place_registers(VTDUnit *u, uint64_t size, Error **errp)
{
    uint64_t base = Q35_HOST_BRIDGE_IOMMU_ADDR;
    unsigned count = 0;
    VTDUnit *other;

    QTAILQ_FOREACH(other, &units, scope.next) {
        base = MAX(base, other->scope.base + other->scope.size);
        count++;
    }
    base = ROUND_UP(base, size);
    if (base + size > UNITS_END) {
        error_setg(errp, "intel-iommu: there is no room for the registers of more than %u units",
                   count);
        return false;
    }
    u->scope.base = base;
    u->scope.size = size;
    return true;
}

/* Linux and firmware take these for properties of the platform. */
static bool agree(VTDUnit *u, Error **errp)
{
    VTDUnit *other = QTAILQ_FIRST(&units);

    if (!other) {
        return true;
    }
    if (!u->scope.devices && vtd_unit_of_rest()) {
        error_setg(errp, "intel-iommu: scope= is missing: another unit takes all that is in no "
                   "scope, so this one must name its devices");
        return false;
    }
    if (u->set.ir != other->set.ir) {
        error_setg(errp, "intel-iommu: intremap=%s: must be the same for every unit, and another "
                   "has %s", u->set.ir ? "on" : "off", other->set.ir ? "on" : "off");
        return false;
    }
    if (u->set.eim != other->set.eim) {
        error_setg(errp, "intel-iommu: eim=%s: must be the same for every unit, and another has "
                   "%s", u->set.eim ? "on" : "off", other->set.eim ? "on" : "off");
        return false;
    }
    if (vtd_has_proximity(u) != vtd_has_proximity(other)) {
        error_setg(errp, "intel-iommu: proximity-domain=%u: must be given for every unit or for "
                   "none", vtd_has_proximity(u) ? u->knob.proximity : other->knob.proximity);
        return false;
    }
    return true;
}

static bool check_proximity(VTDUnit *u, Error **errp)
{
    const NumaState *numa = MACHINE(qdev_get_machine())->numa_state;
    int nodes = numa ? numa->num_nodes : 0;

    if (!vtd_has_proximity(u) || u->knob.proximity < nodes) {
        return true;
    }
    if (nodes) {
        error_setg(errp, "intel-iommu: proximity-domain=%u: must be at most %d, the machine's last "
                   "NUMA node", u->knob.proximity, nodes - 1);
    } else {
        error_setg(errp, "intel-iommu: proximity-domain=%u: needs a machine with -numa node",
                   u->knob.proximity);
    }
    return false;
}

static bool regions_apart(const VTDUnit *u, Error **errp)
{
    const GArray *mine = u->scope.reserved;

    for (guint i = 0; i < mine->len; i++) {
        const VTDReserved *a = &g_array_index(mine, VTDReserved, i);
        const VTDUnit *other = u;

        /* Those of this unit that come later, then those of all the others. */
        for (guint k = i + 1; other;) {
            for (; k < other->scope.reserved->len; k++) {
                const VTDReserved *b = &g_array_index(other->scope.reserved, VTDReserved, k);

                if (a->first <= b->last && b->first <= a->last) {
                    error_setg(errp, "intel-iommu: rmrr=%s: 0x%" PRIx64 "-0x%" PRIx64 " overlaps "
                               "0x%" PRIx64 "-0x%" PRIx64, u->scope.text[VTD_LIST_RMRR], a->first,
                               a->last, b->first, b->last);
                    return false;
                }
            }
            other = other == u ? QTAILQ_FIRST(&units) : QTAILQ_NEXT(other, scope.next);
            k = 0;
        }
    }
    return true;
}

bool vtd_platform_place(VTDUnit *u, uint64_t size, Error **errp)
{
    return vtd_scope_parse(&u->scope, u->set.haw, errp) && agree(u, errp) &&
           check_proximity(u, errp) && regions_apart(u, errp) && place_registers(u, size, errp);
}

/* ---- when the machine is complete ----------------------------------------------------------- */

/* The function that a word of property @name stands for; it must be behind @u. */
static PCIDevice *find_function(VTDUnit *u, const char *name, const VTDPlace *p, Error **errp)
{
    PCIDevice *dev = vtd_place_device(p);

    if (!dev || vtd_place_root_bus(p)) {
        error_setg(errp, dev ? "intel-iommu: %s=%s: is a root bus, must be a device"
                             : "intel-iommu: %s=%s: there is no such device; must be an id, or "
                               "bus:device.function on a root bus", name, p->text);
        return NULL;
    }
    if (pci_is_vf(dev)) {
        error_setg(errp, "intel-iommu: %s=%s: is a virtual function, name its physical function",
                   name, p->text);
        return NULL;
    }
    if (pci_bus_bypass_iommu(pci_get_bus(dev))) {
        error_setg(errp, "intel-iommu: %s=%s: must be on a bus without bypass_iommu=on", name,
                   p->text);
        return NULL;
    }
    if (vtd_unit_for(pci_get_bus(dev), dev->devfn) != u) {
        error_setg(errp, "intel-iommu: %s=%s: is behind another unit, must be given to that one",
                   name, p->text);
        return NULL;
    }
    return dev;
}

static bool in_other_scope(const VTDUnit *u, const VTDPlace *p)
{
    VTDUnit *other;

    QTAILQ_FOREACH(other, &units, scope.next) {
        const GPtrArray *list = other->scope.devices;

        for (guint i = 0; other != u && list && i < list->len; i++) {
            if (g_str_equal(((VTDPlace *)list->pdata[i])->text, p->text)) {
                return true;
            }
        }
    }
    return false;
}

/* Only what is on a root bus has a unit of its own: 8.3.4 ties the rest to its port. */
static bool refuse_below_bridge(const VTDPlace *p, PCIDevice *dev, Error **errp)
{
    PCIBus *bus = pci_get_bus(dev);
    int devfn = dev->devfn;
    g_autofree char *port = NULL;

    if (pci_bus_is_root(bus)) {
        return false;
    }
    dev = climb(&bus, &devfn);
    port = dev->qdev.id ? g_strdup(dev->qdev.id)
                        : g_strdup_printf("%02x:%02x.%x", pci_bus_num(bus), PCI_SLOT(devfn),
                                          PCI_FUNC(devfn));
    error_setg(errp, "intel-iommu: scope=%s: is below a bridge, must be the root port %s", p->text,
               port);
    return true;
}

static bool check_scope_word(VTDUnit *u, const VTDPlace *p, Error **errp)
{
    PCIDevice *dev;

    if (in_other_scope(u, p)) {
        error_setg(errp, "intel-iommu: scope=%s: is in the scope of two units", p->text);
        return false;
    }
    if (p->kind == VTD_PLACE_IOAPIC || vtd_place_root_bus(p)) {
        return true;
    }
    if (p->kind == VTD_PLACE_HPET) {
        if (!vtd_platform_hpet()) {
            error_setg(errp, "intel-iommu: scope=hpet: needs an HPET that sends messages "
                       "(-global hpet.msi=on)");
            return false;
        }
        return true;
    }
    dev = vtd_place_device(p);
    if (dev && refuse_below_bridge(p, dev, errp)) {
        return false;
    }
    return find_function(u, "scope", p, errp);
}

static bool check_scope(VTDUnit *u, Error **errp)
{
    for (guint i = 0; u->scope.devices && i < u->scope.devices->len; i++) {
        if (!check_scope_word(u, u->scope.devices->pdata[i], errp)) {
            return false;
        }
    }
    return true;
}

static bool check_reserved(VTDUnit *u, Error **errp)
{
    for (guint i = 0; i < u->scope.reserved->len; i++) {
        const GPtrArray *devices = g_array_index(u->scope.reserved, VTDReserved, i).devices;

        for (guint k = 0; k < devices->len; k++) {
            const VTDPlace *p = devices->pdata[k];
            PCIDevice *dev = find_function(u, "rmrr", p, errp);

            if (!dev) {
                return false;
            }
            if (IS_PCI_BRIDGE(dev)) {
                error_setg(errp, "intel-iommu: rmrr=%s: is a bridge, must be a device that does "
                           "DMA of its own", p->text);
                return false;
            }
        }
    }
    return true;
}

static bool in_both(const GPtrArray *a, const GPtrArray *b, Error **errp)
{
    for (guint i = 0; a && i < a->len; i++) {
        for (guint k = 0; b && k < b->len; k++) {
            if (vtd_place_device(a->pdata[i]) == vtd_place_device(b->pdata[k])) {
                error_setg(errp, "intel-iommu: satc-required=%s: must not be in satc= too",
                           ((VTDPlace *)b->pdata[k])->text);
                return true;
            }
        }
    }
    return false;
}

/* Integrated devices with ATS [8.8]. */
static bool check_satc(VTDUnit *u, const char *name, const GPtrArray *list, Error **errp)
{
    for (guint i = 0; list && i < list->len; i++) {
        const VTDPlace *p = list->pdata[i];
        PCIDevice *dev = find_function(u, name, p, errp);

        if (!dev) {
            return false;
        }
        if (!pci_bus_is_root(pci_get_bus(dev)) || IS_PCI_BRIDGE(dev) || !pci_is_express(dev) ||
            !pcie_find_capability(dev, PCI_EXT_CAP_ID_ATS)) {
            error_setg(errp, "intel-iommu: %s=%s: must be a device on a root bus with the ATS "
                       "capability", name, p->text);
            return false;
        }
        if (!u->set.dt) {
            error_setg(errp, "intel-iommu: %s=%s: needs device-iotlb=on", name, p->text);
            return false;
        }
    }
    return true;
}

static bool check_ports(VTDUnit *u, Error **errp)
{
    const GPtrArray *list = u->scope.ats_ports;

    if (list && !u->set.dt) {
        error_setg(errp, "intel-iommu: ats-ports=%s: needs device-iotlb=on",
                   u->scope.text[VTD_LIST_ATS_PORTS]);
        return false;
    }
    for (guint i = 0; list && i < list->len; i++) {
        const VTDPlace *p = list->pdata[i];
        PCIDevice *dev = find_function(u, "ats-ports", p, errp);

        if (!dev) {
            return false;
        }
        if (!vtd_is_root_port(dev)) {
            error_setg(errp, "intel-iommu: ats-ports=%s: must be a PCIe root port", p->text);
            return false;
        }
    }
    return true;
}

static bool check_platform(Error **errp)
{
    VTDUnit *u;

    if (!vtd_unit_of_rest()) {
        error_setg(errp, "intel-iommu: scope=%s: one unit must have no scope=, it takes all that "
                   "is in no other's", QTAILQ_FIRST(&units)->scope.text[VTD_LIST_SCOPE]);
        return false;
    }
    QTAILQ_FOREACH(u, &units, scope.next) {
        if (!check_scope(u, errp) || !check_reserved(u, errp) ||
            !check_satc(u, "satc", u->scope.satc, errp) ||
            !check_satc(u, "satc-required", u->scope.satc_required, errp) ||
            in_both(u->scope.satc, u->scope.satc_required, errp) || !check_ports(u, errp)) {
            return false;
        }
    }
    return true;
}

static void machine_done(Notifier *notifier, void *data)
{
    X86MachineState *x86ms = X86_MACHINE(qdev_get_machine());

    if (!check_platform(&error_fatal)) {
        return;
    }
    x86ms->ioapic_as = iommu_shell_platform_space(
        &vtd_unit_for_platform(VTD_PLACE_IOAPIC)->shell, VTD_SID_IOAPIC);
    if (vtd_platform_hpet()) {
        x86ms->hpet_as = iommu_shell_platform_space(
            &vtd_unit_for_platform(VTD_PLACE_HPET)->shell, VTD_SID_HPET);
    }
}

static Notifier machine_done_notifier = { .notify = machine_done };

/* Requesters that found another unit before this one came. */
static bool came_in_time(VTDUnit *u, Error **errp)
{
    VTDUnit *other;

    if (orphans && !u->scope.devices) {
        error_setg(errp, "intel-iommu: a device exists already that is in no unit's scope, all "
                   "units must come before it");
        return false;
    }
    QTAILQ_FOREACH(other, &units, scope.next) {
        IommuShellDevice *d;

        QLIST_FOREACH(d, &other->shell.devices, next) {
            if (d->bus && vtd_unit_for(d->bus, d->devfn) == u && other != u) {
                error_setg(errp, "intel-iommu: scope=%s: a device in it (%02x.%x) exists already, "
                           "this unit must come before it", u->scope.text[VTD_LIST_SCOPE],
                           PCI_SLOT(d->devfn), PCI_FUNC(d->devfn));
                return false;
            }
        }
    }
    return true;
}

bool vtd_platform_join(VTDUnit *u, Error **errp)
{
    bool first = QTAILQ_EMPTY(&units);
    VTDUnit *rest = vtd_unit_of_rest();

    if (rest) {
        QTAILQ_INSERT_BEFORE(rest, u, scope.next);
    } else {
        QTAILQ_INSERT_TAIL(&units, u, scope.next);
    }
    u->joined = true;
    for (guint i = 0; i < u->scope.reserved->len; i++) {
        const VTDReserved *r = &g_array_index(u->scope.reserved, VTDReserved, i);

        e820_add_entry(r->first, r->last - r->first + 1, E820_RESERVED);
    }
    if (first) {
        qemu_add_machine_init_done_notifier(&machine_done_notifier);
        pci_setup_iommu(PC_MACHINE(qdev_get_machine())->pcibus, &vtd_pci_ops, NULL);
    }
    /* The machine asks its first unit whether devices can be assigned. */
    INTEL_IOMMU_DEVICE(x86_iommu_get_default())->caching_mode |= u->set.cm;
    sysbus_mmio_map_overlap(SYS_BUS_DEVICE(u->dev), 0, u->scope.base, 1);
    return came_in_time(u, errp);
}

void vtd_platform_leave(VTDUnit *u)
{
    if (u->joined) {
        QTAILQ_REMOVE(&units, u, scope.next);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d units of one machine: what each has under its scope, where its registers are, and what
 * firmware tells of them in the DMAR table (VT-d 5.10, chapter 8).
 */
#ifndef HW_I386_VTD_QDEV_PLATFORM_H
#define HW_I386_VTD_QDEV_PLATFORM_H

#include "hw/i386/x86-iommu.h"
#include "hw/pci/pci.h"
#include "hw/pci-host/q35.h"
#include "qemu/queue.h"

typedef struct VTDUnit VTDUnit;

/* Source-ids that no bus has: the platform's own [8.3.1.1, 8.3.1.2]. */
#define VTD_SID_IOAPIC PCI_BUILD_BDF(Q35_PSEUDO_BUS_PLATFORM, Q35_PSEUDO_DEVFN_IOAPIC)
#define VTD_SID_HPET   PCI_BUILD_BDF(Q35_PSEUDO_BUS_PLATFORM, Q35_PSEUDO_DEVFN_IOAPIC + 1)

typedef enum VTDPlaceKind {
    VTD_PLACE_ID,      /* of a device, or of the device that makes a root bus */
    VTD_PLACE_ADDRESS, /* a function on a root bus */
    VTD_PLACE_IOAPIC,
    VTD_PLACE_HPET,
} VTDPlaceKind;

/** One word of a list of devices. */
typedef struct VTDPlace {
    char *text;
    VTDPlaceKind kind;
    uint8_t bus, devfn; /* ADDRESS */
} VTDPlace;

/** A region that firmware keeps for DMA of @devices [8.4]. */
typedef struct VTDReserved {
    uint64_t first, last;
    GPtrArray *devices; /* VTDPlace, all endpoints */
} VTDReserved;

/** Properties that hold lists of devices. */
typedef enum VTDList {
    VTD_LIST_SCOPE,
    VTD_LIST_RMRR,
    VTD_LIST_SATC,
    VTD_LIST_SATC_REQUIRED,
    VTD_LIST_ATS_PORTS,
    VTD_LISTS
} VTDList;

/** A unit's place in the machine. Lists of VTDPlace are NULL where the user gave none. */
typedef struct VTDScope {
    char *text[VTD_LISTS];   /* as the user gave them */
    GPtrArray *devices;      /* NULL: all that is in no other unit's scope */
    GPtrArray *satc;         /* integrated devices with a validated ATC [8.8] */
    GPtrArray *satc_required;
    GPtrArray *ats_ports;    /* root ports that forward ATS [8.5]; NULL: all */
    GArray *reserved;        /* VTDReserved */
    uint64_t base, size;     /* register block */
    QTAILQ_ENTRY(VTDUnit) next;
} VTDScope;

typedef QTAILQ_HEAD(VTDUnits, VTDUnit) VTDUnits;

/* qdev-scope.c: lists of devices in properties. */

/** The properties that hold lists, by VTDList, as members of VTDScope. */
extern const IommuProp vtd_lists[];
/** Read them. @address_bits: width of the host's addresses. */
bool vtd_scope_parse(VTDScope *s, unsigned address_bits, Error **errp);
void vtd_scope_free(VTDScope *s);
/** The function that @p names, or NULL: there is none, or it names no function. */
PCIDevice *vtd_place_device(const VTDPlace *p);
/** The root bus beside pcie.0 that @p names, or NULL. */
PCIBus *vtd_place_root_bus(const VTDPlace *p);
/** Whether @list has an entry of this kind. @list may be NULL. */
bool vtd_places_have(const GPtrArray *list, VTDPlaceKind kind);
/** Whether @list covers function @devfn of root bus @bus. @dev is that function, if it exists. */
bool vtd_places_cover(const GPtrArray *list, PCIBus *bus, int devfn, const PCIDevice *dev);

/* qdev-platform.c: the units, and whose is what. */

/** Units in the order of their DRHD structures: the one that takes the rest comes last [8.3]. */
VTDUnits *vtd_units(void);
/** The unit without a scope of its own. NULL before it is realized. */
VTDUnit *vtd_unit_of_rest(void);
/** Find @u's place: scope, registers of @size bytes. Before anything else of it is made. */
bool vtd_platform_place(VTDUnit *u, uint64_t size, Error **errp);
/** @u takes part: what is behind it goes through it from now on. */
bool vtd_platform_join(VTDUnit *u, Error **errp);
void vtd_platform_leave(VTDUnit *u);
/** The unit in front of function @devfn of @bus. NULL: none yet. */
VTDUnit *vtd_unit_for(PCIBus *bus, int devfn);
/** The unit that remaps interrupts of this source. */
VTDUnit *vtd_unit_for_source(uint16_t sid);
/** The unit in front of VTD_PLACE_IOAPIC, VTD_PLACE_HPET. */
VTDUnit *vtd_unit_for_platform(VTDPlaceKind kind);
/** A device was told that it has no unit; one that would be its unit must not come any more. */
void vtd_platform_orphaned(void);
bool vtd_is_root_port(PCIDevice *dev);
/** The machine's HPET if it can send messages, else NULL. */
Object *vtd_platform_hpet(void);

/* qdev-dmar.c */

/** IntelIOMMUState.build_dmar. */
void vtd_build_dmar(GArray *table);

#endif

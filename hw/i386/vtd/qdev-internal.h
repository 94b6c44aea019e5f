/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: what its parts share.
 */
#ifndef HW_I386_VTD_QDEV_INTERNAL_H
#define HW_I386_VTD_QDEV_INTERNAL_H

#include "hw/i386/intel_iommu.h"
#include "hw/iommu/qdev-props.h"
#include "hw/iommu/qdev-shell.h"
#include "hw/iommu/vtd.h"
#include "qdev-platform.h"

/* Interrupt address range of every requester [3.14]. */
#define VTD_IR_BASE 0xfee00000ull
#define VTD_IR_SIZE 0x100000ull

/** Properties of QEMU's device that are not one capability each. */
typedef struct VTDKnobs {
    uint32_t version;
    uint32_t proximity; /* RHSA; vtd_has_proximity() */
    uint8_t aw_bits;
    uint8_t eim; /* OnOffAuto by name */
    bool buggy_eim;
    bool caching_mode;
    bool scalable_mode;
    bool first_stage;
    bool snoop_control;
    bool pasid_mode;
    bool dma_drain;
    bool dma_translation;
    bool stale_tm;
    bool opt_in;
} VTDKnobs;

struct VTDUnit {
    IommuShell shell;
    IntelIOMMUState *dev;
    IommuProps caps;
    VtdConfig set; /* capabilities the user gave; all of them once realized */
    IommuProps knobs;
    VTDKnobs knob; /* what the user gave; what is in force once realized */
    char *model;   /* NULL: not given */
    IommuProps lists;
    VTDScope scope;
    bool joined; /* is among vtd_units() */
};

/** What a requester's address space holds beside its IOMMU region. */
typedef struct VTDRequester {
    IommuShellDevice *d;
    MemoryRegion plain;      /* system memory, while the requester bypasses */
    MemoryRegion interrupts; /* FEExxxxx */
} VTDRequester;

/** Actions of this device (IommuShellAction.own). */
typedef enum VTDAction {
    VTD_ACTION_IEC,     /* addr: index, data: ignored bits, or all if @addr is ~0 */
    VTD_ACTION_STREAMS, /* addr: stream, data: ignored bits */
} VTDAction;

static inline VTDUnit *vtd_unit_of(IommuShell *s)
{
    return container_of(s, VTDUnit, shell);
}

/** What the property reads where none was given. */
#define VTD_NO_PROXIMITY UINT32_MAX

static inline bool vtd_has_proximity(const VTDUnit *u)
{
    return iommu_props_given(&u->knobs, offsetof(VTDKnobs, proximity));
}

/* qdev-config.c */
extern const IommuProp vtd_caps[];
extern const IommuProp vtd_knobs[];
/** Make the configuration from the named set, older properties and capabilities. */
bool vtd_configure(VTDUnit *u, VtdConfig *c, Error **errp);
/** Let the older properties read what @c has. */
void vtd_show_knobs(VTDUnit *u, const VtdConfig *c);
/** Name of the set in use. */
const char *vtd_set_name(const VTDUnit *u);

/* qdev-pci.c */
extern const PCIIOMMUOps vtd_pci_ops; /* opaque: NULL; each requester has its own unit */
void vtd_requester_added(IommuShell *s, IommuShellDevice *d);
bool vtd_requester_bypasses(IommuShellDevice *d);
/** Look again which requesters bypass. */
void vtd_update_requesters(IommuShell *s);
void vtd_streams_changed(IommuShell *s, uint32_t stream, uint32_t ignored);

/* qdev-ir.c */
extern const MemoryRegionOps vtd_interrupt_ops; /* opaque: VTDRequester */
int vtd_int_remap(X86IOMMUState *iommu, MSIMessage *src, MSIMessage *dst, uint16_t sid);
void vtd_send_msi(IommuShell *s, uint64_t addr, uint32_t data);

#endif

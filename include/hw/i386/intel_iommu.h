/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d remapping unit as the rest of QEMU sees it: the device type, what machine, ACPI and
 * KVM code ask of it, and the place of its registers. Its properties are listed by "-device
 * intel-iommu,help".
 */
#ifndef HW_I386_INTEL_IOMMU_H
#define HW_I386_INTEL_IOMMU_H

#include "hw/i386/x86-iommu.h"
#include "qom/object.h"

#define TYPE_INTEL_IOMMU_DEVICE "intel-iommu"
OBJECT_DECLARE_SIMPLE_TYPE(IntelIOMMUState, INTEL_IOMMU_DEVICE)

#define TYPE_INTEL_IOMMU_MEMORY_REGION "intel-iommu-iommu-memory-region"

/** Where the register block of the machine's first unit is. */
#define Q35_HOST_BRIDGE_IOMMU_ADDR 0xfed90000ull

/* A 64-bit message address is kept as two 32-bit words in KVM's interrupt routes. */
#define VTD_MSI_ADDR_HI_SHIFT 32
#define VTD_MSI_ADDR_LO_MASK  0xffffffffull

typedef struct VTDUnit VTDUnit;

struct IntelIOMMUState {
    X86IOMMUState x86_iommu;

    /* Valid once realized. */
    bool caching_mode;  /* CAP.CM of this or, in the first one, of any unit: what assigns devices */
    uint8_t aw_bits;    /* width of the guest addresses it takes */
    /** Append what follows the header of the DMAR table. */
    void (*build_dmar)(GArray *table);

    VTDUnit *unit;
};

#endif

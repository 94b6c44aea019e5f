/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 as the rest of QEMU sees it: device types, and what machines tell firmware about one.
 * The device's properties are listed by "-device arm-smmuv3,help" and in docs.
 */
#ifndef HW_ARM_SMMUV3_H
#define HW_ARM_SMMUV3_H

#include "hw/sysbus.h"
#include "qom/object.h"

/** Abstract parent: properties "primary-bus" (link to the PCI bus it serves) and "bus_num". */
#define TYPE_ARM_SMMU "arm-smmu"

/**
 * The device: sysbus MMIO region 0 (0x20000 bytes, more with VATOS or ECMDQ), interrupts 0 to 3:
 * eventq, priq, cmdq-sync, gerror, and 4: performance monitor overflow, which need not be wired;
 * all pulsed.
 */
#define TYPE_ARM_SMMUV3 "arm-smmuv3"

#define TYPE_SMMUV3_IOMMU_MEMORY_REGION "smmuv3-iommu-memory-region"

/**
 * DeviceIDs to an ITS of an SMMUv3 (property "msi-deviceid") and of its performance monitor, which
 * is the next one. QEMU's ITS has 16 bits of DeviceID, and PCI functions' requester ids fill them:
 * these are the last two, those of functions ff:1f.6 and .7. Firmware maps no function's MSIs to
 * them.
 */
#define SMMU_MSI_DEVICEID  0xfffe
#define SMMU_PMCG_DEVICEID (SMMU_MSI_DEVICEID + 1)

/** What firmware tables say about a realized SMMUv3. */
typedef struct SMMUv3Firmware {
    uint64_t mmio_size; /* bytes of the register window */
    uint64_t vatos;     /* offset of the VATOS page in it, or 0 */
    bool ats;           /* root complexes in front of it may use ATS, ... */
    bool pri;           /* ... PRI, ... */
    uint8_t ssidsize;   /* ... and PASIDs of so many bits; 0: none */
    bool msi;           /* it sends MSIs; its performance monitor: @pmcg_msi */
    bool pmcg_msi;
    bool cohacc;
    uint8_t httu;       /* IDR0.HTTU, for IORT's override field, which has its values */
    bool canwbs;        /* stage 2 cannot be bypassed by non-cacheable stage 1 (FWB) */
    uint64_t pmcg;      /* offset of the performance monitor's page 0 in the window, or 0 */
    uint64_t pmcg_counters; /* offset of its page 1, or 0 if it has none */
} SMMUv3Firmware;

void smmuv3_firmware(DeviceState *dev, SMMUv3Firmware *fw);

#endif

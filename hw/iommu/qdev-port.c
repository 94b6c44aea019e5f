/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transaction port: its interface type, and how a device finds the one in front of it. Needs
 * neither model nor shell, so that devices can ask for a port where no IOMMU has one.
 */
#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "hw/iommu/qdev-port.h"

/* An IOMMU region lies at most this deep in a requester's address space. */
#define PORT_DEPTH 4

static IommuPort *port_below(MemoryRegion *mr, unsigned depth)
{
    IOMMUMemoryRegion *iommu;
    MemoryRegion *sub;

    /* A requester that sees plain system memory has no IOMMU; there may be others below it. */
    if (!mr || !depth || mr == get_system_memory()) {
        return NULL;
    }
    iommu = memory_region_get_iommu(mr);
    if (iommu) {
        Object *owner = memory_region_owner(MEMORY_REGION(iommu));

        return owner ? (IommuPort *)object_dynamic_cast(owner, TYPE_IOMMU_PORT) : NULL;
    }
    if (mr->alias) {
        return port_below(mr->alias, depth - 1);
    }
    QTAILQ_FOREACH(sub, &mr->subregions, subregions_link) {
        IommuPort *port = port_below(sub, depth - 1);

        if (port) {
            return port;
        }
    }
    return NULL;
}

IommuPort *iommu_port_of(AddressSpace *as)
{
    return port_below(as->root, PORT_DEPTH);
}

static const TypeInfo iommu_port_info = {
    .name = TYPE_IOMMU_PORT,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(IommuPortClass),
};

static void iommu_port_register_types(void)
{
    type_register_static(&iommu_port_info);
}

type_init(iommu_port_register_types)

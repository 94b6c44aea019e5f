/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transaction port: how a QEMU device that speaks PASID, ATS, PRI, stalls or time reaches the
 * IOMMU in front of it. (QEMU side: the one header of this directory that includes QEMU's.)
 *
 * The interface sits on the owner of the device's IOMMU memory region: take
 * pci_device_iommu_address_space(dev)->root, go through aliases and containers to the
 * IOMMUMemoryRegion, take its owner, cast with iommu_port_of(). QEMU's own IOMMU models offer no
 * port: such a device then falls back to plain DMA.
 */
#ifndef HW_IOMMU_QDEV_PORT_H
#define HW_IOMMU_QDEV_PORT_H

#include "exec/memory.h"
#include "hw/iommu/txn.h"
#include "qom/object.h"

#define TYPE_IOMMU_PORT "stagewalk-iommu-port"
typedef struct IommuPort IommuPort;
typedef struct IommuPortClass IommuPortClass;
DECLARE_CLASS_CHECKERS(IommuPortClass, IOMMU_PORT, TYPE_IOMMU_PORT)
#define IOMMU_PORT(obj) INTERFACE_CHECK(IommuPort, (obj), TYPE_IOMMU_PORT)

/* IommuPortClass.features */
#define IOMMU_PORT_PASID 0x01u
#define IOMMU_PORT_ATS   0x02u
#define IOMMU_PORT_PRI   0x04u
#define IOMMU_PORT_STALL 0x08u
#define IOMMU_PORT_TIMED 0x10u /* answers have a cycle: wait for IommuPortClient.done */

/** A device's side of the port. Members may be NULL where the device has no such notion. */
typedef struct IommuPortClient {
    /** A stalled transaction is over. May start new transactions. */
    void (*stall_done)(void *opaque, uint64_t cookie, const IommuResult *res);
    /** Forget device TLB entries. Same answers as IommuHostOps.ats_invalidate. */
    IommuAtsInvStatus (*ats_invalidate)(void *opaque, const IommuAtsInv *inv);
    void (*page_response)(void *opaque, const IommuPageResponse *rsp);
    /**
     * Timed ports: the answer to the transaction with @cookie, whose IommuResult.complete was
     * IOMMU_CYCLE_NEVER (sched.h), arrives at @cycle, which has come. NULL: the device does not
     * wait, and its transactions use no time and no resources. May start new transactions.
     */
    void (*done)(void *opaque, uint64_t cookie, uint64_t cycle);
} IommuPortClient;

/** A registered device's way into the port. */
typedef struct IommuPortWay IommuPortWay;

struct IommuPortClass {
    InterfaceClass parent_class;

    uint32_t (*features)(IommuPort *port);

    /**
     * Resolve one transaction. @txn->stream is the requester id (bus << 8 | devfn); the
     * port maps it to the IOMMU's own stream. Memory is then accessed in memory(port).
     */
    void (*translate)(IommuPortWay *way, const IommuTxn *txn, IommuResult *res);

    void (*page_request)(IommuPort *port, const IommuPageRequest *req);

    /** Answer to an ats_invalidate that said IOMMU_ATS_INV_PENDING. */
    void (*ats_inv_done)(IommuPort *port, uint32_t stream, uint32_t itag, bool ok);

    /**
     * Register the device now at @stream; its way holds until detach(). @client must outlive it.
     */
    IommuPortWay *(*attach)(IommuPort *port, uint32_t stream, const IommuPortClient *client,
                            void *opaque);

    /**
     * The device's requester id is @stream now. Another may have had it a moment ago, and not know
     * yet that it has not: each still hears of its own transactions.
     */
    void (*move)(IommuPortWay *way, uint32_t stream);

    /** Withdraw; nothing will be heard any more. */
    void (*detach)(IommuPortWay *way);

    /** Address space of physical addresses. */
    AddressSpace *(*memory)(IommuPort *port);

    /** Current cycle, and cycles per second (timing off: 0 and 1). */
    uint64_t (*now)(IommuPort *port, uint64_t *hertz);
};

/** The port in front of address space @as, or NULL. */
IommuPort *iommu_port_of(AddressSpace *as);

#endif

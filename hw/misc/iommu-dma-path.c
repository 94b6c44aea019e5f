/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: the way to memory. Through the transaction port of the IOMMU in front of the device
 * if it has one, else by plain PCI DMA (docs/specs/iommu-dma.rst, "The way to memory").
 */
#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/host-utils.h"
#include "exec/memory.h"
#include "exec/address-spaces.h"
#include "system/dma.h"
#include "iommu-dma-internal.h"

static const IommuPortClient port_client = {
    .stall_done = idma_stall_done,
    .done = idma_timed_done,
    .ats_invalidate = idma_ats_invalidate,
    .page_response = idma_page_response,
};

static uint32_t enabled_by_config(IdmaState *d)
{
    PCIDevice *dev = PCI_DEVICE(d);
    IdmaState *pf = idma_pf(d);
    PCIDevice *pf_dev = PCI_DEVICE(pf);
    uint32_t enabled = 0;

    if (pci_get_word(dev->config + PCI_COMMAND) & PCI_COMMAND_MASTER) {
        enabled |= IDMA_NEED_MASTER;
    }
    if (pf->pasid_cap) {
        uint16_t ctrl = pci_get_word(pf_dev->config + pf->pasid_cap + PCI_PASID_CTRL);

        if (ctrl & PCI_PASID_CTRL_ENABLE) {
            enabled |= IDMA_NEED_PASID;
            enabled |= ctrl & PCI_PASID_CTRL_EXEC ? IDMA_NEED_EXEC : 0;
            enabled |= ctrl & PCI_PASID_CTRL_PRIV ? IDMA_NEED_PRIV : 0;
        }
    }
    if (dev->exp.ats_cap &&
        pci_get_word(dev->config + dev->exp.ats_cap + PCI_ATS_CTRL) & PCI_ATS_CTRL_ENABLE) {
        enabled |= IDMA_NEED_ATS;
    }
    if (pf->pri_cap && !pf->pri_halted &&
        pci_get_word(pf_dev->config + pf->pri_cap + PCI_PRI_CTRL) & PCI_PRI_CTRL_ENABLE) {
        enabled |= IDMA_NEED_PRI;
    }
    return enabled;
}

void idma_path_detach(IdmaState *d)
{
    if (d->way) {
        d->portc->detach(d->way);
        d->way = NULL;
    }
    idma_direct_stop(&d->direct);
    d->port = NULL;
    d->portc = NULL;
    d->features = 0;
    d->hertz = 0;
}

void idma_path_refresh(IdmaState *d)
{
    PCIDevice *dev = PCI_DEVICE(d);
    IommuPort *port = d->use_port ? iommu_port_of(pci_device_iommu_address_space(dev)) : NULL;
    uint16_t rid = pci_requester_id(dev);

    if (port != d->port) {
        idma_path_detach(d);
    }
    if (d->way && rid != d->rid) {
        d->portc->move(d->way, rid);
    }
    d->rid = rid;
    d->plain = pci_get_address_space(dev);
    d->port = port;
    if (port) {
        d->portc = IOMMU_PORT_GET_CLASS(port);
        d->features = d->portc->features(port);
        d->memory = d->portc->memory(port);
        d->hertz = 0;
        if (d->features & IOMMU_PORT_TIMED) {
            d->portc->now(port, &d->hertz);
        }
        if (!d->way) {
            d->way = d->portc->attach(port, rid, &port_client, d);
        }
    }
    idma_direct_start(&d->direct, port ? d->memory : d->plain);
    d->enabled = enabled_by_config(d);
}

uint64_t idma_path_now(IdmaState *d)
{
    uint64_t hertz;

    return d->hertz ? d->portc->now(d->port, &hertz) : 0;
}

int64_t idma_path_deadline(IdmaState *d, uint64_t cycle)
{
    int64_t ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    uint64_t now = idma_path_now(d), delay;

    if (!d->hertz || cycle <= now) {
        return ns;
    }
    /* Not before the cycle: round up. An hour is far enough for one sleep. */
    cycle = MIN(cycle - now, d->hertz * 3600);
    delay = muldiv64_round_up(cycle, NANOSECONDS_PER_SECOND / 1000, MAX(d->hertz / 1000, 1));
    return ns + delay;
}

static uint8_t status_of(MemTxResult r)
{
    if (r == MEMTX_OK) {
        return IDMA_STATUS_OK;
    }
    if (r & MEMTX_DECODE_ERROR) {
        return IDMA_STATUS_UR;
    }
    return r & MEMTX_ACCESS_ERROR ? IDMA_STATUS_DENIED : IDMA_STATUS_ABORTED;
}

uint8_t idma_path_move(IdmaState *d, const IdmaAccess *a, void *buf, uint32_t len, bool write)
{
    if (a->as == d->direct.as && idma_direct_move(&d->direct, a->addr, buf, len, write)) {
        return IDMA_STATUS_OK;
    }
    return status_of(address_space_rw(a->as, a->addr, a->attrs, buf, len, write));
}

static uint64_t atomic_result(uint8_t op, uint64_t old, uint64_t operand, uint64_t compare)
{
    switch (op) {
    case IDMA_OP_FETCH_ADD:
        return old + operand;
    case IDMA_OP_SWAP:
        return operand;
    default:
        return old == compare ? operand : old;
    }
}

/*
 * PCIe base specification 6.15: an AtomicOp is one indivisible access of its completer. Memory
 * that the guest's processors share is RAM; anything else is no AtomicOp completer and answers
 * Unsupported Request.
 */
uint8_t idma_path_atomic(const IdmaAccess *a, uint8_t op, uint32_t len, uint64_t operand,
                         uint64_t compare, uint64_t *old)
{
    hwaddr xlat, plen = len;
    MemoryRegion *mr;
    void *host;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(a->as, a->addr, &xlat, &plen, true, a->attrs);
    if (!memory_region_is_ram(mr) || mr->readonly || mr->ram_device || plen < len) {
        return IDMA_STATUS_UR;
    }
    host = (uint8_t *)memory_region_get_ram_ptr(mr) + xlat;
    if (len == 4) {
        uint32_t found, *p = host;

        do {
            found = qatomic_read(p);
        } while (qatomic_cmpxchg(p, found,
                                 cpu_to_le32(atomic_result(op, le32_to_cpu(found),
                                                           (uint32_t)operand,
                                                           (uint32_t)compare))) != found);
        *old = le32_to_cpu(found);
    } else {
        uint64_t found, *p = host;

        do {
            found = qatomic_read(p);
        } while (qatomic_cmpxchg(p, found,
                                 cpu_to_le64(atomic_result(op, le64_to_cpu(found), operand,
                                                           compare))) != found);
        *old = le64_to_cpu(found);
    }
    memory_region_set_dirty(mr, xlat, len);
    return IDMA_STATUS_OK;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: the requesters' address spaces.
 *
 * Each holds the unit's IOMMU region, the interrupt window above it [3.14], and a view of plain
 * memory. Requests that bypass go through the model like the others, so that they are counted and
 * timed; but a requester whose mappings somebody mirrors (vfio, vhost) shows plain memory while
 * it bypasses, for there is then nothing to mirror but the machine's whole memory.
 */
#include "qemu/osdep.h"
#include "qdev-internal.h"
#include "exec/address-spaces.h"
#include "qapi/error.h"
#include "system/host_iommu_device.h"

static AddressSpace *vtd_get_address_space(PCIBus *bus, void *opaque, int devfn)
{
    VTDUnit *u = vtd_unit_for(bus, devfn);

    if (!u) {
        vtd_platform_orphaned();
        return &address_space_memory;
    }
    return iommu_shell_address_space(&u->shell, bus, devfn);
}

/* Guest tables can name any address of the guest's width: the host must take them all. */
static bool vtd_set_iommu_device(PCIBus *bus, void *opaque, int devfn, HostIOMMUDevice *hiod,
                                 Error **errp)
{
    HostIOMMUDeviceClass *hc = HOST_IOMMU_DEVICE_GET_CLASS(hiod);
    VTDUnit *u = vtd_unit_for(bus, devfn);
    uint8_t aw_bits;
    int host_bits;

    if (!hc->get_cap || !u) {
        return true;
    }
    aw_bits = u->dev->aw_bits;
    host_bits = hc->get_cap(hiod, HOST_IOMMU_DEVICE_CAP_AW_BITS, errp);
    if (host_bits < 0) {
        return false;
    }
    if (aw_bits > host_bits) {
        error_setg(errp, "intel-iommu: aw-bits=%u: must be at most %d, the host IOMMU's", aw_bits,
                   host_bits);
        return false;
    }
    return true;
}

const PCIIOMMUOps vtd_pci_ops = {
    .get_address_space = vtd_get_address_space,
    .set_iommu_device = vtd_set_iommu_device,
};

bool vtd_requester_bypasses(IommuShellDevice *d)
{
    return vtd_stream_bypassed(d->shell->model, iommu_shell_stream(d));
}

static void update_requester(IommuShellDevice *d)
{
    VTDRequester *r = d->extra;
    bool plain;

    WITH_QEMU_LOCK_GUARD(&d->shell->lock) {
        plain = d->mirrored && vtd_requester_bypasses(d);
    }
    if (r->plain.enabled == plain) {
        return;
    }
    memory_region_transaction_begin();
    memory_region_set_enabled(MEMORY_REGION(&d->iommu), !plain);
    memory_region_set_enabled(&r->plain, plain);
    memory_region_transaction_commit();
}

void vtd_update_requesters(IommuShell *s)
{
    IommuShellDevice *d;

    QLIST_FOREACH(d, &s->devices, next) {
        if (d->mirrored && iommu_shell_device_live(d)) {
            update_requester(d);
        }
    }
    iommu_shell_resync(s);
}

void vtd_streams_changed(IommuShell *s, uint32_t stream, uint32_t ignored)
{
    IommuShellDevice *d;

    QLIST_FOREACH(d, &s->devices, next) {
        if (d->mirrored && iommu_shell_device_live(d) &&
            !((iommu_shell_stream(d) ^ stream) & ~ignored)) {
            update_requester(d);
            iommu_shell_resync_device(d);
        }
    }
}

void vtd_requester_added(IommuShell *s, IommuShellDevice *d)
{
    VTDRequester *r = d->extra;
    g_autofree char *plain = NULL, *interrupts = NULL;

    if (r) {
        /* The space of one that is gone. */
        memory_region_set_enabled(&r->plain, false);
        memory_region_set_enabled(MEMORY_REGION(&d->iommu), true);
        return;
    }
    plain = g_strconcat(d->name, "-plain", NULL);
    interrupts = g_strconcat(d->name, "-interrupts", NULL);
    r = g_new0(VTDRequester, 1);
    r->d = d;
    d->extra = r;
    memory_region_init_alias(&r->plain, s->owner, plain, get_system_memory(), 0,
                             memory_region_size(get_system_memory()));
    memory_region_set_enabled(&r->plain, false);
    memory_region_add_subregion_overlap(&d->root, 0, &r->plain, 0);
    memory_region_init_io(&r->interrupts, s->owner, &vtd_interrupt_ops, r, interrupts,
                          VTD_IR_SIZE);
    memory_region_add_subregion_overlap(&d->root, VTD_IR_BASE, &r->interrupts, 64);
}

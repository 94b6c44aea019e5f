/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI requesters of an IOMMU model in QEMU: an address space for each (bus, devfn), and the
 * translation of their plain DMA.
 *
 * Requesters are kept by bus object: bus numbers are the guest's to assign, long after the devices
 * were made, so the requester id is computed at each use. When a bridge is unplugged its bus object
 * goes, and with it the requesters on it. Flat views of the devices' address spaces may name our
 * regions until the next grace period and beyond, so a requester that is gone is not freed: the
 * next new one of its shell takes its place.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-shell.h"
#include "hw/qdev-core.h"
#include "qemu/atomic.h"

/* What a terminated access sees under RAZ/WI: all addresses read zero and ignore writes. */
static uint64_t sink_read(void *opaque, hwaddr addr, unsigned size)
{
    return 0;
}

static void sink_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
}

static const MemoryRegionOps sink_ops = {
    .read = sink_read,
    .write = sink_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static MemoryRegion sink_region;
static AddressSpace sink_as;

static void sink_init(void)
{
    if (!sink_as.root) {
        memory_region_init_io(&sink_region, NULL, &sink_ops, NULL, "iommu-raz-wi", UINT64_MAX);
        address_space_init(&sink_as, &sink_region, "iommu-raz-wi");
    }
}

/* IommuShellDevice of every shell, under the BQL. */
static GPtrArray *on_buses; /* those whose bus exists */
static GPtrArray *gone;     /* those that wait for another bus */

bool iommu_shell_device_live(const IommuShellDevice *d)
{
    return QLIST_IS_INSERTED(d, next);
}

/* Its notifiers, if there are any, take themselves off it. */
static void device_gone(IommuShellDevice *d)
{
    d->platform_stream = iommu_shell_stream(d);
    qatomic_store_release(&d->bus, NULL);
    QLIST_SAFE_REMOVE(d, next);
    g_ptr_array_add(gone, d);
}

static void bus_gone(PCIBus *bus)
{
    for (guint i = on_buses->len; i > 0; i--) {
        IommuShellDevice *d = on_buses->pdata[i - 1];

        if (d->bus == bus) {
            g_ptr_array_remove_index_fast(on_buses, i - 1);
            g_hash_table_remove(d->shell->by_requester, bus);
            device_gone(d);
        }
    }
}

/* The devices on its buses are no more, the buses still are. */
static void device_unrealized(DeviceListener *listener, DeviceState *dev)
{
    BusState *bus;

    QLIST_FOREACH(bus, &dev->child_bus, sibling) {
        if (object_dynamic_cast(OBJECT(bus), TYPE_PCI_BUS)) {
            bus_gone(PCI_BUS(bus));
        }
    }
}

static DeviceListener bus_listener = { .unrealize = device_unrealized };

static void listen_to_buses(void)
{
    if (!on_buses) {
        on_buses = g_ptr_array_new();
        gone = g_ptr_array_new();
        device_listener_register(&bus_listener);
    }
}

/* One that is gone and that nothing refers to. */
static IommuShellDevice *device_reuse(IommuShell *s)
{
    for (guint i = 0; i < gone->len; i++) {
        IommuShellDevice *d = gone->pdata[i];

        if (d->shell == s && !d->notify) {
            g_ptr_array_remove_index_fast(gone, i);
            d->mirrored = false;
            return d;
        }
    }
    return NULL;
}

/* From any thread, also while the main loop takes the bus away: it is looked at once. */
uint32_t iommu_shell_stream(const IommuShellDevice *d)
{
    PCIBus *bus = qatomic_load_acquire(&d->bus);

    if (unlikely(!bus)) {
        return d->platform_stream;
    }
    return PCI_BUILD_BDF(d->bus_class->bus_num(bus), d->devfn);
}

static void device_init_regions(IommuShellDevice *d)
{
    IommuShell *s = d->shell;

    sink_init();
    memory_region_init(&d->root, s->owner, d->name, UINT64_MAX);
    memory_region_init_iommu(&d->iommu, sizeof(d->iommu), s->ops->iommu_region_type, s->owner,
                             d->name, UINT64_MAX);
    memory_region_add_subregion_overlap(&d->root, 0, MEMORY_REGION(&d->iommu), 0);
    address_space_init(&d->as, &d->root, d->name);
}

/* @name must be this requester's alone. One that takes the place of another keeps its name. */
static IommuShellDevice *device_new(IommuShell *s, PCIBus *bus, int devfn, const char *name)
{
    IommuShellDevice *d;

    listen_to_buses();
    d = device_reuse(s);
    if (!d) {
        d = g_new0(IommuShellDevice, 1);
        d->shell = s;
        d->name = g_strdup(name);
        device_init_regions(d);
    }
    d->bus_class = bus ? PCI_BUS_GET_CLASS(bus) : NULL;
    d->devfn = devfn;
    qatomic_store_release(&d->bus, bus);
    if (bus) {
        g_ptr_array_add(on_buses, d);
    }
    QLIST_INSERT_HEAD(&s->devices, d, next);
    if (s->ops->device_added) {
        s->ops->device_added(s, d);
    }
    return d;
}

AddressSpace *iommu_shell_address_space(IommuShell *s, PCIBus *bus, int devfn)
{
    IommuShellDevice **slots = g_hash_table_lookup(s->by_requester, bus);

    if (!slots) {
        slots = g_new0(IommuShellDevice *, PCI_DEVFN_MAX);
        g_hash_table_insert(s->by_requester, bus, slots);
    }
    if (!slots[devfn]) {
        /* Buses may share a name, and follow each other at one address. */
        static unsigned count;
        g_autofree char *name = g_strdup_printf("%s-%02x.%x-%u", object_get_typename(s->owner),
                                                PCI_SLOT(devfn), PCI_FUNC(devfn), count++);

        slots[devfn] = device_new(s, bus, devfn, name);
    }
    return &slots[devfn]->as;
}

AddressSpace *iommu_shell_platform_space(IommuShell *s, uint32_t stream)
{
    g_autofree char *name = g_strdup_printf("%s-platform-%04x", object_get_typename(s->owner),
                                            stream);
    IommuShellDevice *d = device_new(s, NULL, PCI_BDF_TO_DEVFN(stream), name);

    d->platform_stream = stream;
    return &d->as;
}

/*
 * Users of an IOTLB entry look its base up in the machine's memory and take all of the span to
 * lie in the same piece (vhost does), so a span must not reach over pieces: none beyond 2 MB, and
 * none in the first 2 MB, where PCs have holes.
 */
static uint64_t span_mask(const IommuResult *res)
{
    uint64_t mask = (1ull << MIN(res->page_lg2, 21)) - 1;

    return res->pa & ~mask ? mask : 0xfff;
}

/*
 * What the IOTLB entry may grant beyond the access that was asked for: only what every privilege
 * level has, since the stream table may have changed the privilege of the request.
 */
static IOMMUAccessFlags common_rights(uint8_t rights)
{
    bool r = (rights & IOMMU_RIGHTS_R) == IOMMU_RIGHTS_R;
    bool w = (rights & IOMMU_RIGHTS_W) == IOMMU_RIGHTS_W;

    return IOMMU_ACCESS_FLAG(r, w);
}

/* A look that leaves no trace: either right is enough to learn the mapping. */
static void translate_probe(IommuShell *s, IommuTxn *txn, IommuResult *res)
{
    txn->probe = true;
    iommu_shell_translate(s, txn, res);
    if (res->status != IOMMU_STATUS_OK) {
        txn->write = true;
        iommu_shell_translate(s, txn, res);
    }
}

static IOMMUTLBEntry shell_region_translate(IOMMUMemoryRegion *mr, hwaddr addr,
                                            IOMMUAccessFlags flag, int iommu_idx)
{
    IommuShellDevice *d = container_of(mr, IommuShellDevice, iommu);
    IommuShell *s = d->shell;
    IommuTxn txn = {
        .addr = addr,
        .stream = iommu_shell_stream(d),
        .size = 1,
        .attr = { .type = 0xff },
        .write = flag & IOMMU_WO,
        .atomic = flag == IOMMU_RW,
    };
    IOMMUTLBEntry entry = {
        .target_as = s->memory,
        .iova = addr & ~0xfffull,
        .addr_mask = 0xfff,
        .perm = IOMMU_NONE,
    };
    IommuResult res;
    uint64_t mask;

    if (likely(flag != IOMMU_NONE)) {
        iommu_shell_translate(s, &txn, &res);
    } else {
        translate_probe(s, &txn, &res);
    }
    if (res.status == IOMMU_STATUS_RAZWI) {
        entry.target_as = &sink_as;
        entry.translated_addr = entry.iova;
        entry.perm = IOMMU_RW;
        return entry;
    }
    if (res.status != IOMMU_STATUS_OK) {
        return entry;
    }
    mask = span_mask(&res);
    entry.iova = addr & ~mask;
    entry.translated_addr = res.pa & ~mask;
    entry.addr_mask = mask;
    if (flag == IOMMU_NONE) {
        entry.perm = IOMMU_ACCESS_FLAG(res.rights & IOMMU_RIGHTS_R, res.rights & IOMMU_RIGHTS_W);
    } else {
        entry.perm = flag | common_rights(res.rights);
    }
    return entry;
}

static uint64_t shell_region_min_page_size(IOMMUMemoryRegion *mr)
{
    return 4096;
}

void iommu_shell_region_class_init(ObjectClass *oc, void *data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(oc);

    imrc->translate = shell_region_translate;
    imrc->get_min_page_size = shell_region_min_page_size;
    imrc->notify_flag_changed = iommu_shell_notify_flag_changed;
    imrc->replay = iommu_shell_replay;
}

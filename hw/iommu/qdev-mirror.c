/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-mirror: a test device that follows another device's mappings the way vfio-pci does when
 * it fills a host IOMMU, and judges what it is told. It needs no host IOMMU, so device
 * assignment's path can be tested anywhere:
 *
 *   -device DRIVER,id=x ... -device iommu-mirror,target=x
 *
 * "mappings" says how many it holds, "plain" whether the target sees plain memory, "events" how
 * often it was told, "errors" how often what it was told was wrong: a mapping over another, or
 * the removal of a part of one, both of which a host IOMMU refuses. Reading "check" compares
 * everything it holds with what the IOMMU says now, both ways; "" means equal.
 *
 * Built with CONFIG_TEST_DEVICES, as QEMU's own test devices are. It cannot be unplugged, so what
 * it listens to stays until the emulator ends.
 */
#include "qemu/osdep.h"
#include "exec/memory.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/iova-tree.h"
#include "qemu/module.h"
#include "qemu/queue.h"

#define TYPE_IOMMU_MIRROR "iommu-mirror"
OBJECT_DECLARE_SIMPLE_TYPE(IommuMirror, IOMMU_MIRROR)

typedef struct MirrorRegion {
    IommuMirror *mirror;
    IOMMUMemoryRegion *iommu;
    hwaddr offset;
    IOMMUNotifier n;
    QLIST_ENTRY(MirrorRegion) next;
} MirrorRegion;

struct IommuMirror {
    DeviceState parent_obj;

    PCIDevice *target;
    MemoryListener listener;
    QLIST_HEAD(, MirrorRegion) regions;
    IOVATree *held;
    uint64_t mappings;
    uint64_t events;
    uint64_t errors;
    uint64_t plain; /* sections of plain RAM */
};

static void mirror_map(IommuMirror *m, const DMAMap *map)
{
    if (iova_tree_insert(m->held, map) == IOVA_OK) {
        m->mappings++;
    } else {
        m->errors++;
    }
}

/* Every mapping that the range touches must lie in it. */
static void mirror_unmap(IommuMirror *m, hwaddr first, hwaddr last)
{
    DMAMap range = { .iova = first, .size = last - first };
    const DMAMap *hit;

    while ((hit = iova_tree_find(m->held, &range))) {
        DMAMap map = *hit;

        m->errors += map.iova < first || map.iova + map.size > last;
        iova_tree_remove(m->held, map);
        m->mappings--;
    }
}

static void mirror_notify(IOMMUNotifier *n, IOMMUTLBEntry *e)
{
    MirrorRegion *r = container_of(n, MirrorRegion, n);
    DMAMap map = {
        .iova = e->iova + r->offset,
        .translated_addr = e->translated_addr,
        .size = e->addr_mask,
        .perm = e->perm,
    };

    r->mirror->events++;
    if (e->perm == IOMMU_NONE) {
        mirror_unmap(r->mirror, map.iova, map.iova + map.size);
    } else {
        mirror_map(r->mirror, &map);
    }
}

static void mirror_region_add(MemoryListener *l, MemoryRegionSection *section)
{
    IommuMirror *m = container_of(l, IommuMirror, listener);
    MirrorRegion *r;
    hwaddr first = section->offset_within_region;
    Error *err = NULL;

    if (!memory_region_is_iommu(section->mr)) {
        m->plain += memory_region_is_ram(section->mr);
        return;
    }
    r = g_new0(MirrorRegion, 1);
    r->mirror = m;
    r->iommu = IOMMU_MEMORY_REGION(section->mr);
    r->offset = section->offset_within_address_space - first;
    iommu_notifier_init(&r->n, mirror_notify, IOMMU_NOTIFIER_IOTLB_EVENTS, first,
                        first + int128_get64(int128_sub(section->size, int128_one())), 0);
    if (memory_region_register_iommu_notifier(section->mr, &r->n, &err) < 0) {
        error_report_err(err);
        g_free(r);
        m->errors++;
        return;
    }
    QLIST_INSERT_HEAD(&m->regions, r, next);
    memory_region_iommu_replay(r->iommu, &r->n);
}

static void mirror_region_del(MemoryListener *l, MemoryRegionSection *section)
{
    IommuMirror *m = container_of(l, IommuMirror, listener);
    MirrorRegion *r, *next;

    if (!memory_region_is_iommu(section->mr)) {
        m->plain -= memory_region_is_ram(section->mr);
        return;
    }
    QLIST_FOREACH_SAFE(r, &m->regions, next, next) {
        if (MEMORY_REGION(r->iommu) == section->mr && r->n.start == section->offset_within_region) {
            memory_region_unregister_iommu_notifier(section->mr, &r->n);
            mirror_unmap(m, r->n.start + r->offset, r->n.end + r->offset);
            QLIST_REMOVE(r, next);
            g_free(r);
        }
    }
}

/* ---- the check */

typedef struct MirrorCheck {
    IOMMUNotifier n;
    IommuMirror *m;
    hwaddr offset;
    uint64_t seen;
    char *wrong;
} MirrorCheck;

static void check_entry(IOMMUNotifier *n, IOMMUTLBEntry *e)
{
    MirrorCheck *c = container_of(n, MirrorCheck, n);
    DMAMap map = { .iova = e->iova + c->offset, .size = e->addr_mask };
    const DMAMap *hit = iova_tree_find(c->m->held, &map);

    c->seen++;
    if (!c->wrong && (!hit || hit->iova != map.iova || hit->size != map.size ||
                      hit->translated_addr != e->translated_addr || hit->perm != e->perm)) {
        c->wrong = g_strdup_printf("0x%" HWADDR_PRIx " is mapped and not held so", map.iova);
    }
}

static char *mirror_check(Object *obj, Error **errp)
{
    IommuMirror *m = IOMMU_MIRROR(obj);
    uint64_t events = m->events, seen = 0;
    char *wrong = NULL;
    MirrorRegion *r;

    QLIST_FOREACH(r, &m->regions, next) {
        MirrorCheck c = { .m = m, .offset = r->offset };

        iommu_notifier_init(&c.n, check_entry, IOMMU_NOTIFIER_MAP, r->n.start, r->n.end, 0);
        memory_region_iommu_replay(r->iommu, &c.n);
        seen += c.seen;
        if (!wrong) {
            wrong = g_steal_pointer(&c.wrong);
        }
        g_free(c.wrong);
    }
    if (m->events != events) {
        g_free(wrong);
        return g_strdup("changes had not been told");
    }
    if (!wrong && seen != m->mappings) {
        wrong = g_strdup_printf("%" PRIu64 " are mapped, %" PRIu64 " held", seen, m->mappings);
    }
    return wrong ? wrong : g_strdup("");
}

static void mirror_realize(DeviceState *dev, Error **errp)
{
    IommuMirror *m = IOMMU_MIRROR(dev);

    if (!m->target) {
        error_setg(errp, "iommu-mirror: target is not set: it must be the id of a PCI device");
        return;
    }
    m->held = iova_tree_new();
    m->listener = (MemoryListener) {
        .name = "iommu-mirror",
        .region_add = mirror_region_add,
        .region_del = mirror_region_del,
    };
    memory_listener_register(&m->listener, pci_device_iommu_address_space(m->target));
}

static const Property mirror_properties[] = {
    DEFINE_PROP_LINK("target", IommuMirror, target, TYPE_PCI_DEVICE, PCIDevice *),
};

static void mirror_instance_init(Object *obj)
{
    IommuMirror *m = IOMMU_MIRROR(obj);

    object_property_add_uint64_ptr(obj, "mappings", &m->mappings, OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "events", &m->events, OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "errors", &m->errors, OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "plain", &m->plain, OBJ_PROP_FLAG_READ);
}

static void mirror_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);

    dc->desc = "Mirror of another device's IOMMU mappings, for tests";
    dc->realize = mirror_realize;
    dc->hotpluggable = false;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, mirror_properties);
    object_class_property_add_str(oc, "check", mirror_check, NULL);
}

static const TypeInfo mirror_info = {
    .name = TYPE_IOMMU_MIRROR,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(IommuMirror),
    .instance_init = mirror_instance_init,
    .class_init = mirror_class_init,
};

static void mirror_register_types(void)
{
    type_register_static(&mirror_info);
}

type_init(mirror_register_types)

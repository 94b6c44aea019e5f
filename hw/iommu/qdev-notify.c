/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOMMU notifiers: QEMU devices that keep translations of their own (vhost: UNMAP or device TLB
 * invalidations) or mirror the whole page table into a host IOMMU (vfio: MAP and UNMAP).
 *
 * For a mirror the shell remembers what it told (the shadow). When an invalidation comes it
 * compares the shadow with the tables as they stand in memory, and tells the difference: mappings
 * that did not change are never taken away, for DMA may be under way in them.
 *
 * The tables are the guest's and may map more than anybody can mirror. A mirror holds at most
 * MIRROR_MAPPINGS, the lowest addresses; what is beyond is not mapped, so the device cannot reach
 * it, and the user is told. What looking costs is counted: the models end a doorbell's turn over
 * it (VT-d: qi.c), and with timing on the clock does (qdev-timed.c).
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-shell.h"
#include "hw/iommu/qdev-trace.h"
#include "block/aio.h"
#include "qapi/error.h"
#include "qemu/error-report.h"

/* Of one device. A hundred bytes each, and what the host's IOMMU takes for it. */
#define MIRROR_MAPPINGS (1u << 20)

/*
 * Tell @n of [@first, @last], cut to what it registered for, as naturally aligned powers of two, as
 * IOMMUTLBEntry wants. @pa belongs to @first.
 */
static void tell_one(IommuShellDevice *d, IOMMUNotifier *n, IOMMUNotifierFlag type, hwaddr first,
                     hwaddr last, hwaddr pa, IOMMUAccessFlags perm)
{
    hwaddr at, end;

    if (!(n->notifier_flags & type) || first > n->end || last < n->start) {
        return;
    }
    at = MAX(first, n->start);
    end = MIN(last, n->end);
    for (;;) {
        /* At most half of everything: the size of all of it does not fit 64 bits. */
        uint64_t mask = (at ? at & -at : 1ull << 63) - 1;
        IOMMUTLBEvent event;

        while (mask > end - at) {
            mask >>= 1;
        }
        event = (IOMMUTLBEvent) {
            .type = type,
            .entry = {
                .target_as = d->shell->memory,
                .iova = at,
                .translated_addr = type == IOMMU_NOTIFIER_MAP ? pa + (at - first) : 0,
                .addr_mask = mask,
                .perm = perm,
            },
        };
        memory_region_notify_iommu_one(n, &event);
        if (end - at == mask) {
            break;
        }
        at += mask + 1;
    }
}

static void trace_notice(IommuShellDevice *d, IOMMUNotifierFlag type, hwaddr first, hwaddr last,
                         hwaddr pa)
{
    const char *what = type == IOMMU_NOTIFIER_MAP ? "map" :
                       type == IOMMU_NOTIFIER_UNMAP ? "unmap" : "device TLB unmap";

    IOMMU_TRACE_EVENT(d->shell, notify, iommu_shell_stream(d), what, first, last, pa);
}

static void tell(IommuShellDevice *d, IOMMUNotifierFlag type, hwaddr first, hwaddr last,
                 hwaddr pa, IOMMUAccessFlags perm)
{
    IOMMUNotifier *n;

    if (IOMMU_TRACED(NOTIFY)) {
        trace_notice(d, type, first, last, pa);
    }
    IOMMU_NOTIFIER_FOREACH(n, &d->iommu) {
        tell_one(d, n, type, first, last, pa, perm);
    }
}

static bool collect(void *opaque, uint64_t addr, uint64_t pa, uint64_t bytes, uint8_t rights)
{
    GArray *found = opaque;
    DMAMap map = {
        .iova = addr,
        .translated_addr = pa,
        .size = bytes - 1,
        .perm = IOMMU_ACCESS_FLAG(rights & IOMMU_RIGHTS_R, rights & IOMMU_RIGHTS_W),
    };

    if (bytes && map.perm != IOMMU_NONE) {
        g_array_append_val(found, map);
    }
    return found->len < MIRROR_MAPPINGS;
}

static void mirror_full(IommuShellDevice *d)
{
    IommuShell *s = d->shell;

    iommu_shell_guest_error(s, "device %02x.%x: %u mappings are all that can be mirrored",
                            PCI_SLOT(d->devfn), PCI_FUNC(d->devfn), MIRROR_MAPPINGS);
    if (!d->shadow_full) {
        d->shadow_full = true;
        warn_report("%s: the guest maps %u pages and more for device %02x.%x on bus %s: those "
                    "beyond cannot be reached", object_get_typename(s->owner), MIRROR_MAPPINGS,
                    PCI_SLOT(d->devfn), PCI_FUNC(d->devfn), d->bus ? BUS(d->bus)->name : "none");
    }
}

/*
 * Mappings of [@first, @last] now; none while the device bypasses, for a mirror then shows plain
 * memory. The model allows this look from inside its unmap callback: the lock
 * is ours then, and enumerate() changes nothing.
 */
static GArray *mappings(IommuShellDevice *d, hwaddr first, hwaddr last)
{
    IommuShell *s = d->shell;
    GArray *found = g_array_new(false, false, sizeof(DMAMap));

    qemu_rec_mutex_lock(&s->lock);
    if (!s->ops->bypasses(d)) {
        s->looked += s->model->ops->enumerate(s->model, iommu_shell_stream(d), first, last,
                                              collect, found);
    }
    s->looked += found->len;
    qemu_rec_mutex_unlock(&s->lock);
    if (found->len == MIRROR_MAPPINGS) {
        mirror_full(d);
    }
    return found;
}

static bool same_map(const DMAMap *a, const DMAMap *b)
{
    return a->iova == b->iova && a->size == b->size &&
           a->translated_addr == b->translated_addr && a->perm == b->perm;
}

static gint map_order(gconstpointer a, gconstpointer b)
{
    const DMAMap *x = a, *y = b;

    return x->iova < y->iova ? -1 : x->iova > y->iova;
}

static bool still_mapped(const GArray *found, const DMAMap *map)
{
    guint i;

    return g_array_binary_search((GArray *)found, map, map_order, &i) &&
           same_map(map, &g_array_index(found, DMAMap, i));
}

/* Grow [*@first, *@last] until it cuts no shadowed mapping: vfio cannot unmap a part of one. */
static void cover_shadow(IommuShellDevice *d, hwaddr *first, hwaddr *last)
{
    DMAMap edge = { .iova = *first };
    const DMAMap *hit = iova_tree_find(d->shadow, &edge);

    if (hit) {
        *first = MIN(*first, hit->iova);
    }
    edge.iova = *last;
    hit = iova_tree_find(d->shadow, &edge);
    if (hit) {
        *last = MAX(*last, hit->iova + hit->size);
    }
}

/* Take from the shadow what overlaps [@first, @last] and is not in @found as it was. */
static void drop_stale(IommuShellDevice *d, const GArray *found, hwaddr first, hwaddr last)
{
    g_autoptr(GArray) kept = g_array_new(false, false, sizeof(DMAMap));
    DMAMap range = { .iova = first, .size = last - first };
    const DMAMap *hit;

    while ((hit = iova_tree_find(d->shadow, &range))) {
        DMAMap map = *hit;

        iova_tree_remove(d->shadow, map);
        d->shadowed--;
        if (still_mapped(found, &map)) {
            g_array_append_val(kept, map);
        } else {
            tell(d, IOMMU_NOTIFIER_UNMAP, map.iova, map.iova + map.size, 0, IOMMU_NONE);
        }
    }
    for (guint i = 0; i < kept->len; i++) {
        iova_tree_insert(d->shadow, &g_array_index(kept, DMAMap, i));
        d->shadowed++;
    }
}

static void sync_range(IommuShellDevice *d, hwaddr first, hwaddr last)
{
    g_autoptr(GArray) found = NULL;

    cover_shadow(d, &first, &last);
    found = mappings(d, first, last);
    drop_stale(d, found, first, last);
    for (guint i = 0; i < found->len; i++) {
        DMAMap map = g_array_index(found, DMAMap, i);
        const DMAMap *hit = iova_tree_find(d->shadow, &map);

        if (hit && same_map(hit, &map)) {
            continue;
        }
        /* A leaf may reach beyond the range that was asked for. */
        drop_stale(d, found, map.iova, map.iova + map.size);
        if (d->shadowed == MIRROR_MAPPINGS) {
            mirror_full(d);
            break;
        }
        if (iova_tree_insert(d->shadow, &map) == IOVA_OK) {
            d->shadowed++;
            tell(d, IOMMU_NOTIFIER_MAP, map.iova, map.iova + map.size, map.translated_addr,
                 map.perm);
        }
    }
}

/* With the model taken, or inside it. */
static void watch(IommuShellDevice *d, bool on)
{
    IommuShell *s = d->shell;
    uint32_t stream = on ? iommu_shell_stream(d) : d->watched_stream;
    IommuShellDevice *other;

    if (d->watched) {
        bool shared = false;

        d->watched = false;
        QLIST_FOREACH(other, &s->notifying, next_notify) {
            shared |= other->watched && other->watched_stream == d->watched_stream;
        }
        if (!shared) {
            s->model->ops->watch(s->model, d->watched_stream, false);
        }
    }
    if (on) {
        s->model->ops->watch(s->model, stream, true);
        d->watched = true;
        d->watched_stream = stream;
    }
}

void iommu_shell_follow_streams(IommuShell *s)
{
    IommuShellDevice *d;

    QLIST_FOREACH(d, &s->notifying, next_notify) {
        if (!d->watched || d->watched_stream != iommu_shell_stream(d)) {
            watch(d, true);
        }
    }
}

void iommu_shell_watch_again(IommuShell *s)
{
    IommuShellDevice *d;

    QLIST_FOREACH(d, &s->notifying, next_notify) {
        watch(d, true);
    }
}

int iommu_shell_notify_flag_changed(IOMMUMemoryRegion *mr, IOMMUNotifierFlag old,
                                    IOMMUNotifierFlag now, Error **errp)
{
    IommuShellDevice *d = container_of(mr, IommuShellDevice, iommu);
    IommuShell *s = d->shell;

    if ((now & IOMMU_NOTIFIER_MAP) && !(s->ops->can_map && s->ops->can_map(s))) {
        error_setg(errp, "%s: device %02x.%x on bus %s wants to mirror its mappings, %s",
                   object_get_typename(s->owner), PCI_SLOT(d->devfn), PCI_FUNC(d->devfn),
                   d->bus ? BUS(d->bus)->name : "none", s->ops->why_not);
        return -ENOTSUP;
    }
    QEMU_LOCK_GUARD(&s->lock);
    if (now && !d->mirrored) {
        /* Where the device shows plain memory to a mirror: not here, amid a memory transaction. */
        d->mirrored = true;
        iommu_shell_mode_dirty(s);
        qemu_bh_schedule(s->bh);
    }
    if (now && !d->notify) {
        QLIST_INSERT_HEAD(&s->notifying, d, next_notify);
        watch(d, true);
    } else if (!now && d->notify) {
        QLIST_REMOVE(d, next_notify);
        watch(d, false);
    }
    if ((now & IOMMU_NOTIFIER_MAP) && !d->shadow) {
        d->shadow = iova_tree_new();
    } else if (!(now & IOMMU_NOTIFIER_MAP)) {
        iommu_shell_device_free_shadow(d);
    }
    d->notify = now;
    return 0;
}

void iommu_shell_device_free_shadow(IommuShellDevice *d)
{
    if (d->shadow) {
        iova_tree_destroy(d->shadow);
        d->shadow = NULL;
        d->shadowed = 0;
    }
}

void iommu_shell_replay(IOMMUMemoryRegion *mr, IOMMUNotifier *n)
{
    IommuShellDevice *d = container_of(mr, IommuShellDevice, iommu);
    g_autoptr(GArray) found = NULL;

    if (!(n->notifier_flags & IOMMU_NOTIFIER_MAP)) {
        return;
    }
    /* Those that already listen first, so that all stand alike; then @n from the beginning. */
    if (d->shadow) {
        sync_range(d, 0, UINT64_MAX);
    }
    found = mappings(d, 0, UINT64_MAX);
    for (guint i = 0; i < found->len; i++) {
        DMAMap map = g_array_index(found, DMAMap, i);

        tell_one(d, n, IOMMU_NOTIFIER_MAP, map.iova, map.iova + map.size,
                 map.translated_addr, map.perm);
    }
}

/* A device TLB without ATS is told of every invalidation. */
static void tell_unmap(IommuShellDevice *d, hwaddr first, hwaddr last)
{
    if (d->shadow) {
        sync_range(d, first, last);
    } else {
        tell(d, IOMMU_NOTIFIER_UNMAP, first, last, 0, IOMMU_NONE);
    }
    if (!(d->shell->port_features & IOMMU_PORT_ATS)) {
        tell(d, IOMMU_NOTIFIER_DEVIOTLB_UNMAP, first, last, 0, IOMMU_NONE);
    }
}

void iommu_shell_notify_unmap(IommuShell *s, const IommuUnmap *u)
{
    IommuShellDevice *d;

    if (u->has_pasid) {
        return; /* notifiers see requests without PASID only */
    }
    QLIST_FOREACH(d, &s->notifying, next_notify) {
        if (d->watched_stream == u->stream) {
            tell_unmap(d, u->addr, u->last);
        }
    }
}

void iommu_shell_notify_devtlb(IommuShell *s, const IommuAtsInv *inv)
{
    IommuShellDevice *d;

    if (inv->has_pasid) {
        return;
    }
    QLIST_FOREACH(d, &s->notifying, next_notify) {
        if (iommu_shell_stream(d) == inv->stream) {
            tell(d, IOMMU_NOTIFIER_DEVIOTLB_UNMAP, inv->addr, inv->last, 0, IOMMU_NONE);
        }
    }
}

void iommu_shell_resync_device(IommuShellDevice *d)
{
    if (!d->notify) {
        return;
    }
    tell_unmap(d, 0, UINT64_MAX);
    if (d->shell->port_features & IOMMU_PORT_ATS) {
        tell(d, IOMMU_NOTIFIER_DEVIOTLB_UNMAP, 0, UINT64_MAX, 0, IOMMU_NONE);
    }
}

void iommu_shell_resync(IommuShell *s)
{
    IommuShellDevice *d, *next;

    QLIST_FOREACH_SAFE(d, &s->notifying, next_notify, next) {
        iommu_shell_resync_device(d);
    }
}

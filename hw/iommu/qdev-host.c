/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host of an IOMMU model in QEMU: memory, messages, interrupts and guest-error messages.
 *
 * The model's accesses go to the physical address space. RAM is accessed in place: aligned 8-byte
 * pieces are single-copy atomic and compare-and-swap is a host one, so both hold against vCPUs
 * that run in other threads. Anything else needs the BQL; without it (translation asked from an
 * iothread) it is an external abort, since taking the BQL below the shell's lock could deadlock.
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-shell.h"
#include "hw/iommu/qdev-trace.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"

#define LOG_BURST 32 /* guest error messages a second */

static MemTxAttrs host_attrs(IommuMemAttr attr)
{
    return (MemTxAttrs) { .secure = attr.space == 1 };
}

/*
 * Map [@addr, @addr + @len) if all of it is one piece of RAM that may be accessed so; NULL if not.
 * Undone by address_space_unmap(), which also marks it dirty.
 */
static void *host_ram(IommuShell *s, uint64_t addr, size_t len, bool write, MemTxAttrs attrs)
{
    hwaddr xlat, span = len;
    MemoryRegion *mr;
    void *p;

    if (addr + len < addr) {
        return NULL;
    }
    mr = address_space_translate(s->memory, addr, &xlat, &span, write, attrs);
    if (span < len || !memory_access_is_direct(mr, write, attrs)) {
        return NULL;
    }
    p = address_space_map(s->memory, addr, &span, write, attrs);
    if (p && span < len) {
        address_space_unmap(s->memory, p, span, write, 0);
        p = NULL;
    }
    return p;
}

/* Copy by aligned 64-bit words where possible; an aligned 32-bit word is one access too. */
static void host_copy(void *to, const void *from, size_t len)
{
    uintptr_t low = (uintptr_t)to | (uintptr_t)from;

    if (len == 4 && !(low & 3)) {
        qatomic_set((uint32_t *)to, qatomic_read((const uint32_t *)from));
        return;
    }
    if ((low | len) & 7) {
        memcpy(to, from, len);
        return;
    }
    for (size_t i = 0; i < len / 8; i++) {
        qatomic_set((uint64_t *)to + i, qatomic_read((const uint64_t *)from + i));
    }
}

static IommuMemStatus host_read(void *opaque, uint64_t addr, void *buf, size_t len,
                                IommuMemAttr attr)
{
    IommuShell *s = opaque;
    MemTxAttrs attrs = host_attrs(attr);
    hwaddr xlat, span = len;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(s->memory, addr, &xlat, &span, false, attrs);
    if (likely(span >= len && memory_access_is_direct(mr, false, attrs))) {
        host_copy(buf, (uint8_t *)memory_region_get_ram_ptr(mr) + xlat, len);
        return IOMMU_MEM_OK;
    }
    if (!bql_locked() ||
        address_space_read_full(s->memory, addr, attrs, buf, len) != MEMTX_OK) {
        return IOMMU_MEM_ABORT;
    }
    return IOMMU_MEM_OK;
}

static IommuMemStatus host_write(void *opaque, uint64_t addr, const void *buf, size_t len,
                                 IommuMemAttr attr)
{
    IommuShell *s = opaque;
    MemTxAttrs attrs = host_attrs(attr);
    void *p;

    RCU_READ_LOCK_GUARD();
    p = host_ram(s, addr, len, true, attrs);
    if (p) {
        /* Guests poll records and statuses without a lock: all that went before is seen before. */
        smp_wmb();
        host_copy(p, buf, len);
        address_space_unmap(s->memory, p, len, true, len);
        return IOMMU_MEM_OK;
    }
    if (!bql_locked() || address_space_write(s->memory, addr, attrs, buf, len) != MEMTX_OK) {
        return IOMMU_MEM_ABORT;
    }
    return IOMMU_MEM_OK;
}

static IommuMemStatus host_cas64(void *opaque, uint64_t addr, uint64_t expected, uint64_t desired,
                                 uint64_t *old, IommuMemAttr attr)
{
    IommuShell *s = opaque;
    MemTxAttrs attrs = host_attrs(attr);
    uint64_t found;
    uint64_t *p;

    RCU_READ_LOCK_GUARD();
    p = (addr & 7) ? NULL : host_ram(s, addr, 8, true, attrs);
    if (!p) {
        return IOMMU_MEM_ABORT;
    }
    found = qatomic_cmpxchg(p, cpu_to_le64(expected), cpu_to_le64(desired));
    *old = le64_to_cpu(found);
    address_space_unmap(s->memory, p, 8, true, *old == expected ? 8 : 0);
    return IOMMU_MEM_OK;
}

static void host_pulse_irq(void *opaque, unsigned line)
{
    IommuShell *s = opaque;

    iommu_shell_defer(s, &(IommuShellAction) { .kind = IOMMU_SHELL_IRQ, .addr = line });
}

/*
 * A message to RAM (a completion that software polls) is an ordinary write, in order with the
 * others. Any other may come back to us, so it leaves when the model has returned.
 */
static IommuMemStatus host_send_msi(void *opaque, uint64_t addr, uint32_t data, IommuMemAttr attr,
                                    IommuMsiSource source)
{
    IommuShell *s = opaque;
    MemTxAttrs attrs = host_attrs(attr);
    uint32_t *p;

    IOMMU_TRACE_EVENT(s, msi, addr, data);
    if (!s->ops->send_msi) {
        RCU_READ_LOCK_GUARD();
        p = (addr & 3) ? NULL : host_ram(s, addr, 4, true, attrs);
        if (p) {
            smp_wmb();
            qatomic_set(p, cpu_to_le32(data));
            address_space_unmap(s->memory, p, 4, true, 4);
            return IOMMU_MEM_OK;
        }
        if (!address_space_access_valid(s->memory, addr, 4, true, attrs)) {
            return IOMMU_MEM_ABORT;
        }
    }
    iommu_shell_defer(s, &(IommuShellAction) {
        .kind = IOMMU_SHELL_MSI, .addr = addr, .data = data, .attr = attr, .source = source,
    });
    return IOMMU_MEM_OK;
}

/*
 * Notifiers must have forgotten before software can see the invalidation complete, so they are told
 * at once. Invalidations come from register writes, which have the BQL.
 */
static void host_unmap(void *opaque, const IommuUnmap *u)
{
    IommuShell *s = opaque;

    if (QLIST_EMPTY(&s->notifying)) {
        return;
    }
    if (bql_locked()) {
        iommu_shell_notify_unmap(s, u);
    } else {
        iommu_shell_defer(s, &(IommuShellAction) { .kind = IOMMU_SHELL_UNMAP, .unmap = *u });
    }
}

static IommuAtsInvStatus host_ats_invalidate(void *opaque, const IommuAtsInv *inv)
{
    IommuShell *s = opaque;

    IommuAtsInvStatus status;

    iommu_shell_notify_devtlb(s, inv);
    status = iommu_shell_client_ats(s, inv);
    iommu_shell_trace_ats(s, inv, status);
    return status;
}

static void host_page_response(void *opaque, const IommuPageResponse *rsp)
{
    iommu_shell_defer(opaque, &(IommuShellAction) {
        .kind = IOMMU_SHELL_PAGE_RESPONSE, .response = *rsp,
    });
}

static void host_stall_done(void *opaque, uint64_t cookie, const IommuResult *res)
{
    iommu_shell_defer(opaque, &(IommuShellAction) {
        .kind = IOMMU_SHELL_STALL_DONE, .addr = cookie, .result = *res,
    });
}

static void host_wake(void *opaque, uint64_t cycle)
{
    IommuShell *s = opaque;

    s->wake_at = MIN(s->wake_at, cycle); /* whoever asks first is not forgotten */
}

static uint64_t host_now(void *opaque)
{
    return iommu_shell_cycle(opaque);
}

static void host_mode_changed(void *opaque)
{
    iommu_shell_mode_dirty(opaque);
}

/* At most LOG_BURST messages a second; those left out are counted in the next second. */
static void G_GNUC_PRINTF(2, 0) log_guest_error(IommuShell *s, const char *fmt, va_list ap)
{
    g_autofree char *text = NULL;
    int64_t now;

    if (!qemu_loglevel_mask(LOG_GUEST_ERROR)) {
        return;
    }
    now = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    if (now - s->log_window >= 1000) {
        if (s->log_dropped) {
            qemu_log("%s: %u more messages left out\n", object_get_typename(s->owner),
                     s->log_dropped);
        }
        s->log_window = now;
        s->log_count = 0;
        s->log_dropped = 0;
    }
    if (s->log_count >= LOG_BURST) {
        s->log_dropped++;
        return;
    }
    s->log_count++;
    text = g_strdup_vprintf(fmt, ap);
    qemu_log("%s: %s\n", object_get_typename(s->owner), text);
}

void iommu_shell_guest_error(IommuShell *s, const char *fmt, ...)
{
    va_list ap;

    QEMU_LOCK_GUARD(&s->lock); /* of the rate limit */
    va_start(ap, fmt);
    log_guest_error(s, fmt, ap);
    va_end(ap);
}

static void G_GNUC_PRINTF(2, 3) host_guest_error(void *opaque, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_guest_error(opaque, fmt, ap);
    va_end(ap);
}

static void host_note(void *opaque, const IommuNote *n)
{
    iommu_shell_trace_note(opaque, n);
}

static const IommuHostOps host_ops = {
    .read = host_read,
    .write = host_write,
    .cas64 = host_cas64,
    .pulse_irq = host_pulse_irq,
    .send_msi = host_send_msi,
    .unmap = host_unmap,
    .ats_invalidate = host_ats_invalidate,
    .page_response = host_page_response,
    .stall_done = host_stall_done,
    .mode_changed = host_mode_changed,
    .wake = host_wake,
    .now = host_now,
    .guest_error = host_guest_error,
    .note = host_note,
};

IommuHost iommu_shell_host(IommuShell *s)
{
    return (IommuHost) { .ops = &host_ops, .opaque = s };
}

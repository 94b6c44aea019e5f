/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IommuHost over a plain array.
 */
#include "ramhost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/fields.h"

void *ramhost_at(RamHost *ram, uint64_t addr, size_t len)
{
    uint64_t offset = addr - ram->base;

    return offset < ram->size && len <= ram->size - offset ? ram->bytes + offset : NULL;
}

static bool in_window(const RamHost *ram, uint64_t addr, size_t len, unsigned kind)
{
    for (unsigned i = 0; i < ram->window_count; i++) {
        const RamWindow *win = &ram->windows[i];

        if ((win->kinds & kind) && addr <= win->last && addr + (len - 1) >= win->first) {
            return true;
        }
    }
    return false;
}

static void run_hook(RamHost *ram, unsigned kind, uint64_t addr, uint64_t *count)
{
    if (ram->hook && (ram->hook_kinds & kind)) {
        ++*count;
        if (ram->hook_n == 0 || ram->hook_n == *count) {
            ram->hook(ram, ram->hook_opaque, kind, addr, *count);
        }
    }
}

/* The bytes of an access, or NULL if it aborts. */
static void *access_bytes(RamHost *ram, uint64_t addr, size_t len, unsigned kind)
{
    void *p = ramhost_at(ram, addr, len);

    if (!p || (ram->window_count && len && in_window(ram, addr, len, kind))) {
        ram->aborts++;
        return NULL;
    }
    return p;
}

static IommuMemStatus ram_read(void *opaque, uint64_t addr, void *buf, size_t len,
                               IommuMemAttr attr)
{
    RamHost *ram = opaque;
    const void *p;

    ram->reads++;
    ram->last_read = addr;
    ram->last_attr = attr;
    run_hook(ram, RAMHOST_READ, addr, &ram->hook_reads);
    p = access_bytes(ram, addr, len, RAMHOST_READ);
    if (!p) {
        return IOMMU_MEM_ABORT;
    }
    if (len == 8) {
        memcpy(buf, p, 8); /* one instruction: descriptors are most of what is read */
    } else {
        memcpy(buf, p, len);
    }
    return IOMMU_MEM_OK;
}

static IommuMemStatus ram_write(void *opaque, uint64_t addr, const void *buf, size_t len,
                                IommuMemAttr attr)
{
    RamHost *ram = opaque;
    void *p;

    ram->writes++;
    ram->last_write = addr;
    ram->last_attr = attr;
    run_hook(ram, RAMHOST_WRITE, addr, &ram->hook_writes);
    p = access_bytes(ram, addr, len, RAMHOST_WRITE);
    if (!p) {
        return IOMMU_MEM_ABORT;
    }
    memcpy(p, buf, len);
    return IOMMU_MEM_OK;
}

static IommuMemStatus ram_cas64(void *opaque, uint64_t addr, uint64_t expected, uint64_t desired,
                                uint64_t *old, IommuMemAttr attr)
{
    RamHost *ram = opaque;
    void *p;

    ram->swaps++;
    ram->last_swap = addr;
    ram->last_attr = attr;
    run_hook(ram, RAMHOST_CAS, addr, &ram->hook_swaps);
    p = access_bytes(ram, addr, 8, RAMHOST_CAS);
    if (!p) {
        return IOMMU_MEM_ABORT;
    }
    *old = le64_load(p);
    if (*old == expected) {
        le64_store(p, desired);
    } else {
        ram->swaps_failed++;
    }
    return IOMMU_MEM_OK;
}

static void ram_pulse_irq(void *opaque, unsigned line)
{
    RamHost *ram = opaque;

    if (ram->pulses < RAMHOST_KEPT) {
        ram->pulse_lines[ram->pulses] = line;
    }
    ram->pulses++;
}

static IommuMemStatus ram_send_msi(void *opaque, uint64_t addr, uint32_t data, IommuMemAttr attr,
                                   IommuMsiSource source)
{
    RamHost *ram = opaque;

    if (in_window(ram, addr, 4, RAMHOST_MSI)) {
        ram->aborts++;
        return IOMMU_MEM_ABORT;
    }
    if (ram->msi_count < RAMHOST_KEPT) {
        ram->msis[ram->msi_count] = (RamMsi) {
            .addr = addr, .data = data, .attr = attr, .source = source,
        };
    }
    ram->msi_count++;
    return IOMMU_MEM_OK;
}

static void ram_unmap(void *opaque, const IommuUnmap *u)
{
    RamHost *ram = opaque;

    if (ram->unmap_count < RAMHOST_KEPT) {
        ram->unmaps[ram->unmap_count] = *u;
    }
    ram->unmap_count++;
}

static IommuAtsInvStatus ram_ats_invalidate(void *opaque, const IommuAtsInv *inv)
{
    RamHost *ram = opaque;

    if (ram->ats_count < RAMHOST_KEPT) {
        ram->ats[ram->ats_count] = *inv;
    }
    ram->ats_count++;
    return ram->ats_answer;
}

static void ram_page_response(void *opaque, const IommuPageResponse *rsp)
{
    RamHost *ram = opaque;

    if (ram->response_count < RAMHOST_KEPT) {
        ram->responses[ram->response_count] = *rsp;
    }
    ram->response_count++;
}

static void ram_stall_done(void *opaque, uint64_t cookie, const IommuResult *res)
{
    RamHost *ram = opaque;

    if (ram->stall_count < RAMHOST_KEPT) {
        ram->stalls[ram->stall_count] = (RamStall) { .cookie = cookie, .result = *res };
    }
    ram->stall_count++;
}

static void ram_mode_changed(void *opaque)
{
    RamHost *ram = opaque;

    ram->mode_changes++;
}

static void ram_wake(void *opaque, uint64_t cycle)
{
    RamHost *ram = opaque;

    ram->wakes++;
    ram->wake_cycle = cycle;
}

static uint64_t ram_now(void *opaque)
{
    RamHost *ram = opaque;

    return ram->now;
}

static void ram_guest_error(void *opaque, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void ram_guest_error(void *opaque, const char *fmt, ...)
{
    RamHost *ram = opaque;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(ram->error, sizeof(ram->error), fmt, ap);
    va_end(ap);
    ram->errors++;
}

static const IommuHostOps ram_ops = {
    .read = ram_read,
    .write = ram_write,
    .cas64 = ram_cas64,
    .pulse_irq = ram_pulse_irq,
    .send_msi = ram_send_msi,
    .unmap = ram_unmap,
    .ats_invalidate = ram_ats_invalidate,
    .page_response = ram_page_response,
    .stall_done = ram_stall_done,
    .mode_changed = ram_mode_changed,
    .wake = ram_wake,
    .now = ram_now,
    .guest_error = ram_guest_error,
};

bool ramhost_try_init(RamHost *ram, uint64_t base, uint64_t size)
{
    memset(ram, 0, sizeof(*ram));
    ram->bytes = calloc(1, size);
    if (!ram->bytes) {
        return false;
    }
    ram->base = base;
    ram->size = size;
    ram->host = (IommuHost) { .ops = &ram_ops, .opaque = ram };
    return true;
}

void ramhost_init(RamHost *ram, uint64_t base, uint64_t size)
{
    if (!ramhost_try_init(ram, base, size)) {
        fprintf(stderr, "ramhost: no memory for %llu bytes\n", (unsigned long long)size);
        abort();
    }
}

void ramhost_destroy(RamHost *ram)
{
    free(ram->bytes);
    memset(ram, 0, sizeof(*ram));
}

/* The test's own accesses: outside memory is a mistake in the test. */
static void *must_at(RamHost *ram, uint64_t addr, size_t len)
{
    void *p = ramhost_at(ram, addr, len);

    if (!p) {
        fprintf(stderr, "ramhost: test accesses 0x%llx, outside memory\n",
                (unsigned long long)addr);
        abort();
    }
    return p;
}

uint64_t ramhost_read64(RamHost *ram, uint64_t addr)
{
    return le64_load(must_at(ram, addr, 8));
}

uint32_t ramhost_read32(RamHost *ram, uint64_t addr)
{
    const uint8_t *b = must_at(ram, addr, 4);

    return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

void ramhost_write64(RamHost *ram, uint64_t addr, uint64_t value)
{
    le64_store(must_at(ram, addr, 8), value);
}

void ramhost_write32(RamHost *ram, uint64_t addr, uint32_t value)
{
    uint8_t *b = must_at(ram, addr, 4);

    for (int i = 0; i < 4; i++) {
        b[i] = value >> (8 * i);
    }
}

void ramhost_abort(RamHost *ram, uint64_t first, uint64_t last, unsigned kinds)
{
    if (ram->window_count == RAMHOST_WINDOWS) {
        fprintf(stderr, "ramhost: more than %d abort windows\n", RAMHOST_WINDOWS);
        abort();
    }
    ram->windows[ram->window_count++] = (RamWindow) { first, last, kinds };
}

void ramhost_abort_none(RamHost *ram)
{
    ram->window_count = 0;
}

void ramhost_hook(RamHost *ram, RamHook *hook, void *opaque, unsigned kinds, uint64_t n)
{
    ram->hook = hook;
    ram->hook_opaque = opaque;
    ram->hook_kinds = kinds;
    ram->hook_n = n;
    ram->hook_reads = 0;
    ram->hook_writes = 0;
    ram->hook_swaps = 0;
}

void ramhost_forget(RamHost *ram)
{
    ram->reads = ram->writes = ram->swaps = ram->swaps_failed = ram->aborts = 0;
    ram->pulses = ram->msi_count = ram->unmap_count = ram->ats_count = 0;
    ram->response_count = ram->stall_count = ram->mode_changes = ram->wakes = ram->errors = 0;
    ram->error[0] = '\0';
}

static void guest_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    memcpy(must_at(opaque, addr, len), buf, len);
}

static void guest_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    memcpy(buf, must_at(opaque, addr, len), len);
}

GuestMem ramhost_guestmem(RamHost *ram, uint64_t first, uint64_t end)
{
    return (GuestMem) {
        .write = guest_write, .read = guest_read, .opaque = ram, .next = first, .end = end,
    };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: interrupt requests. A requester's write to FEExxxxx arrives at its
 * interrupt window, is remapped by the model [chapter 5], and goes to the local APICs as a
 * message.
 */
#include "qemu/osdep.h"
#include "qdev-internal.h"
#include "exec/address-spaces.h"
#include "hw/i386/apic_internal.h"
#include "hw/iommu/qdev-trace.h"

/* 64-bit messages (x2APIC destinations) exist between the unit and the APICs only. */
static void send_to_apics(uint64_t addr, uint32_t data)
{
    MSIMessage msg = { .address = addr, .data = data };

    apic_get_class(NULL)->send_msi(&msg);
}

void vtd_send_msi(IommuShell *s, uint64_t addr, uint32_t data)
{
    uint32_t low = addr;

    if (low >= VTD_IR_BASE && low - VTD_IR_BASE < VTD_IR_SIZE) {
        send_to_apics(addr, data);
    } else {
        address_space_stl_le(s->memory, addr, data, MEMTXATTRS_UNSPECIFIED, NULL);
    }
}

static void trace_remap(IommuShell *s, const VtdIrRequest *req, VtdIrStatus status,
                        const VtdIrResult *res)
{
    static const char *const outcomes[] = {
        [VTD_IR_PASS] = "passes", [VTD_IR_REMAPPED] = "becomes", [VTD_IR_POSTED] = "is posted",
        [VTD_IR_BLOCKED] = "is blocked",
    };
    bool sent = status == VTD_IR_REMAPPED;

    trace_vtd_remap(iommu_shell_trace_unit(s), req->sid, req->addr, req->data, outcomes[status],
                    sent ? res->msi_addr : 0, sent ? res->msi_data : 0);
}

static VtdIrStatus remap(IommuShell *s, const VtdIrRequest *req, VtdIrResult *res)
{
    IommuCounters before;
    VtdIrStatus status;

    if (!iommu_shell_enter_quiet(s)) {
        return VTD_IR_BLOCKED;
    }
    iommu_shell_untimed_begin(s, &before);
    status = vtd_remap_interrupt(s->model, req, res);
    iommu_shell_untimed_end(s, &before);
    if (trace_event_get_state_backends(TRACE_VTD_REMAP)) {
        trace_remap(s, req, status, res);
    }
    iommu_shell_leave(s);
    return status;
}

/*
 * Anything but a write of four bytes is no interrupt request. While translation is off it is
 * ordinary memory traffic; else the model records what is wrong with it.
 */
static MemTxResult not_interrupt(VTDRequester *r, hwaddr addr, unsigned size, bool write,
                                 uint64_t *data, MemTxAttrs attrs)
{
    IommuShell *s = r->d->shell;
    IommuTxn txn = {
        .addr = VTD_IR_BASE + addr,
        .stream = iommu_shell_stream(r->d),
        .size = size,
        .attr = { .type = 0xff },
        .write = write,
    };
    uint8_t buf[8];
    IommuResult res;
    MemTxResult result;

    iommu_shell_translate(s, &txn, &res);
    if (res.status != IOMMU_STATUS_OK || !res.bypassed) {
        return MEMTX_ACCESS_ERROR;
    }
    stn_le_p(buf, size, *data);
    result = address_space_rw(s->memory, res.pa, attrs, buf, size, write);
    *data = ldn_le_p(buf, size);
    return result;
}

static MemTxResult interrupt_read(void *opaque, hwaddr addr, uint64_t *data, unsigned size,
                                  MemTxAttrs attrs)
{
    *data = UINT64_MAX;
    return not_interrupt(opaque, addr, size, false, data, attrs);
}

/*
 * The requester is the one whose address space this is: devices that send with unspecified
 * attributes have a source-id all the same.
 */
static MemTxResult interrupt_write(void *opaque, hwaddr addr, uint64_t data, unsigned size,
                                   MemTxAttrs attrs)
{
    VTDRequester *r = opaque;
    VtdIrRequest req = {
        .addr = VTD_IR_BASE + addr,
        .data = data,
        .sid = iommu_shell_stream(r->d),
    };
    VtdIrResult res;

    if (size != 4 || (addr & 3)) {
        return not_interrupt(r, addr, size, true, &data, attrs);
    }
    switch (remap(r->d->shell, &req, &res)) {
    case VTD_IR_PASS:
        send_to_apics(req.addr, req.data);
        return MEMTX_OK;
    case VTD_IR_REMAPPED:
        send_to_apics(res.msi_addr, res.msi_data);
        return MEMTX_OK;
    case VTD_IR_POSTED:
        return MEMTX_OK;
    default:
        return MEMTX_ACCESS_ERROR;
    }
}

const MemoryRegionOps vtd_interrupt_ops = {
    .read_with_attrs = interrupt_read,
    .write_with_attrs = interrupt_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* KVM asks where a message would go, to make a route of the answer. */
int vtd_int_remap(X86IOMMUState *iommu, MSIMessage *src, MSIMessage *dst, uint16_t sid)
{
    VTDUnit *u = sid == X86_IOMMU_SID_INVALID ? vtd_unit_for_platform(VTD_PLACE_IOAPIC)
                                              : vtd_unit_for_source(sid);
    VtdIrRequest req = {
        .addr = src->address,
        .data = src->data,
        .sid = sid == X86_IOMMU_SID_INVALID ? VTD_SID_UNSPECIFIED : sid,
        .probe = true,
    };
    VtdIrResult res;

    switch (remap(&u->shell, &req, &res)) {
    case VTD_IR_PASS:
        *dst = *src;
        return 0;
    case VTD_IR_REMAPPED:
        dst->address = res.msi_addr;
        dst->data = res.msi_data;
        return 0;
    default:
        return -EINVAL;
    }
}

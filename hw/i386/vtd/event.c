/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: event interrupts of the unit itself - faults, invalidation completion, page requests,
 * counter overflow. All follow one rule [7.3, 6.5.2.10, 7.5, 11.4.13.8] and one register layout.
 */
#include "vtd-model.h"

/* Offsets from a control register. */
enum { EVENT_DATA = 4, EVENT_ADDR = 8, EVENT_UADDR = 12 };

static unsigned control_register(VtdEvent event)
{
    switch (event) {
    case VTD_EVENT_INVALIDATION:
        return VTD_REG_IECTL;
    case VTD_EVENT_PAGE:
        return VTD_REG_PECTL;
    case VTD_EVENT_PERF:
        return VTD_REG_PERFINTRCTL;
    case VTD_EVENT_FAULT:
        break;
    }
    return VTD_REG_FECTL;
}

static void set_pending(VtdModel *m, unsigned control, bool pending)
{
    vtd_set_reg32(m, control, reg_set(vtd_reg32(m, control), VTD_EVENT_IP, pending));
}

static void send_if_allowed(VtdModel *m, unsigned control)
{
    const IommuMemAttr attr = { .type = VTD_MT_UC };
    uint32_t v = vtd_reg32(m, control);
    uint64_t addr;

    if (!reg_get(v, VTD_EVENT_IP) || reg_get(v, VTD_EVENT_IM)) {
        return;
    }
    set_pending(m, control, false);
    addr = vtd_reg32(m, control + EVENT_ADDR) |
           (uint64_t)vtd_reg32(m, control + EVENT_UADDR) << 32;
    m->base.counters.interrupts++;
    plan_step(&m->plan, IOMMU_STEP_MSI, 0, 0, false, addr, 4);
    m->base.host.ops->send_msi(m->base.host.opaque, addr, vtd_reg32(m, control + EVENT_DATA), attr,
                               IOMMU_MSI_UNIT);
}

void vtd_event_raise(VtdModel *m, VtdEvent event)
{
    unsigned control = control_register(event);

    set_pending(m, control, true);
    send_if_allowed(m, control);
}

void vtd_event_settle(VtdModel *m, VtdEvent event)
{
    set_pending(m, control_register(event), false);
}

void vtd_event_control_written(VtdModel *m, VtdEvent event)
{
    send_if_allowed(m, control_register(event));
}

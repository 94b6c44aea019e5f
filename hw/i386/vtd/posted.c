/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: interrupt posting [5.2, 9.11].
 *
 * Hardware updates the descriptor as one 512-bit unit. Here the request bit is set first and ON
 * after it, each by an atomic operation; since the consumer clears ON before it takes the requests,
 * it sees nothing that the single update would not have let it see.
 */
#include "vtd-model.h"

/* A guest that never stops changing the descriptor must not hold the host. */
#define MAX_TRIES 1000

static const IommuMemAttr pid_attr = { .type = VTD_MT_WB, .snoop = true };

/* Word 4 holds ON, SN, NV and NDST. */
#define CONTROL_WORD 4
#define IN_CONTROL(f) BITFIELD(0, field_lsb(f), field_width(f))

static bool descriptor_reserved(const VtdModel *m, const uint64_t w[8])
{
    uint64_t known = field_mask(VTD_PID_ON) | field_mask(VTD_PID_SN) | field_mask(VTD_PID_NV) |
                     field_mask(m->tables.eime ? VTD_PID_NDST : VTD_PID_NDST_XAPIC);

    return (w[CONTROL_WORD] & ~known) || w[5] || w[6] || w[7];
}

static bool gave_up(VtdModel *m, uint64_t place)
{
    VTD_GUEST_ERROR(m, "posted interrupt descriptor word 0x%llx changed under %u updates in a row",
                    (unsigned long long)place, MAX_TRIES);
    return false;
}

/* Set or clear the request bit of @vector. *@changed: it was the other way before. */
static bool change_request(VtdModel *m, uint64_t addr, uint8_t vector, bool on, bool *changed)
{
    uint64_t place = addr + vector / 64 * 8, bit = 1ull << vector % 64, old, seen;

    *changed = false;
    if (!vtd_read_words(m, place, &old, 1, true)) {
        return false;
    }
    for (unsigned n = 0; n < MAX_TRIES; n++) {
        if (m->base.host.ops->cas64(m->base.host.opaque, place, old, on ? old | bit : old & ~bit,
                                    &seen, pid_attr) != IOMMU_MEM_OK) {
            return false;
        }
        if (seen == old) {
            *changed = !(old & bit) == on;
            return true;
        }
        old = seen;
    }
    return gave_up(m, place);
}

/* Set ON if a notification is due; *@control is the word as it was then. */
static bool set_outstanding(VtdModel *m, uint64_t addr, bool urgent, uint64_t *control,
                            bool *notify)
{
    uint64_t place = addr + CONTROL_WORD * 8, seen;

    if (!vtd_read_words(m, place, control, 1, true)) {
        return false;
    }
    for (unsigned n = 0; n < MAX_TRIES; n++) {
        *notify = !reg_get(*control, IN_CONTROL(VTD_PID_ON)) &&
                  (urgent || !reg_get(*control, IN_CONTROL(VTD_PID_SN)));
        if (!*notify) {
            return true;
        }
        if (m->base.host.ops->cas64(m->base.host.opaque, place, *control,
                                    reg_set(*control, IN_CONTROL(VTD_PID_ON), 1), &seen,
                                    pid_attr) != IOMMU_MEM_OK) {
            return false;
        }
        if (seen == *control) {
            return true;
        }
        *control = seen;
    }
    return gave_up(m, place);
}

/* Fixed, edge, physical: vector NV to NDST. */
static void send_notification(VtdModel *m, uint64_t control)
{
    const IommuMemAttr attr = { .type = VTD_MT_UC };
    uint32_t dest = m->tables.eime ? reg_get(control, IN_CONTROL(VTD_PID_NDST))
                                   : reg_get(control, IN_CONTROL(VTD_PID_NDST_XAPIC));
    uint64_t addr = reg_make(VTD_MSI_ADDR_FEE, 0xfee);

    addr = reg_set(addr, VTD_APIC_ADDR_DEST, dest & 0xff);
    addr = reg_set(addr, VTD_APIC_ADDR_HI, dest >> 8);
    m->base.counters.interrupts++;
    m->base.host.ops->send_msi(m->base.host.opaque, addr,
                               reg_make(VTD_APIC_DATA_VECTOR,
                                        reg_get(control, IN_CONTROL(VTD_PID_NV))) |
                                   reg_make(VTD_APIC_DATA_LEVEL, 1),
                               attr, IOMMU_MSI_UNIT);
}

VtdFaultReason vtd_post_interrupt(VtdModel *m, uint64_t addr, uint8_t vector, bool urgent)
{
    uint64_t w[8], control;
    bool notify, fresh, undone;

    if (!vtd_read_words(m, addr, w, 8, true)) {
        return VTD_FAULT_IR_PID_READ;
    }
    if (descriptor_reserved(m, w)) {
        return VTD_FAULT_IR_PID_RSVD;
    }
    if (!change_request(m, addr, vector, true, &fresh)) {
        return VTD_FAULT_IR_PID_READ;
    }
    if (!set_outstanding(m, addr, urgent, &control, &notify)) {
        /* It is one update to software: a blocked interrupt leaves no request [5.2.3]. */
        if (fresh) {
            change_request(m, addr, vector, false, &undone);
        }
        return VTD_FAULT_IR_PID_READ;
    }
    if (notify) {
        send_notification(m, control);
    }
    return VTD_FAULT_NONE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt remapping and posting (chapter 5, 9.9-9.11). */
#include "fixture.h"

#include <string.h>

#define ENTRIES_LG2 8
#define INDEX 17u
#define HANDLE_ADDR(index) (0xfee00010ull | ((index) & 0x7fff) << 5 | ((index) >> 15) << 2)

static uint64_t table;
static uint64_t irte[2];

static void put(Fix *f, unsigned index)
{
    gmem_write_words(&f->mem, table + index * 16, irte, 2);
}

static void start_mode(Fix *f, bool eime)
{
    memset(irte, 0, sizeof(irte));
    table = gmem_alloc(&f->mem, 16 << ENTRIES_LG2, 4096);
    g_assert_true(vtd_driver_queue(&f->drv, false));
    fix_set64(f, VTD_REG_IRTA, table | (ENTRIES_LG2 - 1) | (eime ? 1u << 11 : 0));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SIRTP, true));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_IRE, true));
    field_set(irte, VTD_IRTE_P, 1);
    field_set(irte, VTD_IRTE_V, 0x61);
    if (eime) {
        field_set(irte, VTD_IRTE_DST, 0x12345678);
    } else {
        field_set(irte, VTD_IRTE_DST_XAPIC, 0x12);
    }
    put(f, INDEX);
}

static void start(Fix *f)
{
    start_mode(f, false);
}

static VtdIrStatus send(Fix *f, uint64_t addr, uint32_t data, uint32_t sid, VtdIrResult *res)
{
    VtdIrRequest req = { .addr = addr, .data = data, .sid = sid };

    return vtd_remap_interrupt(f->m, &req, res);
}

static void assert_blocked(Fix *f, uint64_t addr, uint32_t data, VtdFaultReason reason, int index)
{
    VtdIrResult res;
    VtdFaultWords rec;

    g_assert_cmpuint(send(f, addr, data, RID, &res), ==, VTD_IR_BLOCKED);
    g_assert_cmphex(res.fault, ==, reason);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_cmphex(rec.reason, ==, reason);
    g_assert_cmphex(rec.sid, ==, RID);
    if (index >= 0) {
        g_assert_cmphex(rec.index, ==, index);
    }
}

static void assert_entry_blocked(Fix *f, VtdFaultReason reason)
{
    put(f, INDEX);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_global()));
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, reason, INDEX);
}

static void assert_remapped(Fix *f, uint64_t addr, uint32_t data, uint32_t vector)
{
    VtdIrResult res;

    g_assert_cmpuint(send(f, addr, data, RID, &res), ==, VTD_IR_REMAPPED);
    g_assert_cmphex(res.irq.vector, ==, vector);
}

/* ---- remapped format ---- */

static void remapped(Fix *f)
{
    VtdIrResult res;

    start(f);
    g_assert_cmpuint(send(f, HANDLE_ADDR(INDEX), 0xffff1234, RID, &res), ==, VTD_IR_REMAPPED);
    g_assert_cmphex(res.msi_addr, ==, 0xfee12000);
    g_assert_cmphex(res.msi_data, ==, 0x4061);
    g_assert_cmphex(res.irq.dest, ==, 0x12);
    g_assert_cmpuint(res.index, ==, INDEX);
    g_assert_cmpuint(f->m->counters.irq_remapped, ==, 1);
}

static void all_fields(Fix *f)
{
    VtdIrResult res;

    start(f);
    field_set(irte, VTD_IRTE_DM, 1);
    field_set(irte, VTD_IRTE_RH, 1);
    field_set(irte, VTD_IRTE_TM, 1);
    field_set(irte, VTD_IRTE_DLM, 1);
    field_set(irte, BITFIELD_AT(8, 4), 0xf); /* software's own */
    put(f, INDEX);
    g_assert_cmpuint(send(f, HANDLE_ADDR(INDEX), 0, RID, &res), ==, VTD_IR_REMAPPED);
    g_assert_true(res.irq.logical && res.irq.redirection_hint && res.irq.level);
    g_assert_cmpuint(res.irq.delivery_mode, ==, 1);
    g_assert_cmphex(res.msi_addr, ==, 0xfee1200c);
    g_assert_cmphex(res.msi_data, ==, 0xc161);
}

static void x2apic(Fix *f)
{
    VtdIrResult res;

    start_mode(f, true);
    g_assert_true(vtd_ir_extended(f->m));
    g_assert_cmpuint(send(f, HANDLE_ADDR(INDEX), 0, RID, &res), ==, VTD_IR_REMAPPED);
    g_assert_cmphex(res.irq.dest, ==, 0x12345678);
    g_assert_cmphex(res.msi_addr, ==, 0x12345600fee78000ull);
}

static void subhandle(Fix *f)
{
    start(f);
    field_set(irte, VTD_IRTE_V, 0x99);
    put(f, INDEX + 3);
    assert_remapped(f, HANDLE_ADDR(INDEX) | 1u << 3, 3, 0x99);
    assert_remapped(f, HANDLE_ADDR(INDEX), 3, 0x61); /* SHV=0: data is ignored */
    assert_blocked(f, HANDLE_ADDR(INDEX) | 1u << 3, 1u << 16, VTD_FAULT_IR_RSVD, -1);
}

static void handle_bit_15(Fix *f)
{
    start(f);
    assert_blocked(f, HANDLE_ADDR(0x8000u), 0, VTD_FAULT_IR_INDEX, 0x8000);
}

static void ioapic_entries(Fix *f)
{
    uint64_t rte = 1ull << 48 | (uint64_t)INDEX << 49 | 1u << 15 | 0x33, addr;
    uint32_t data;

    start(f);
    vtd_ioapic_message(rte, &addr, &data);
    g_assert_cmphex(addr, ==, HANDLE_ADDR(INDEX));
    assert_remapped(f, addr, data, 0x61);
    vtd_ioapic_message(0x1ull << 56 | 1u << 11 | 1u << 8 | 0x33, &addr, &data);
    g_assert_cmphex(addr, ==, 0xfee01004);
    g_assert_cmphex(data, ==, 0x4133);
}

/* ---- compatibility format ---- */

static void off_passes(Fix *f)
{
    VtdIrResult res;

    g_assert_cmpuint(send(f, 0xfee03000, 0x44, RID, &res), ==, VTD_IR_PASS);
    g_assert_cmphex(res.msi_addr, ==, 0xfee03000);
    g_assert_cmphex(res.irq.dest, ==, 3);
    g_assert_cmphex(res.irq.vector, ==, 0x44);
}

static void compatibility(Fix *f)
{
    VtdIrResult res;

    start(f);
    assert_blocked(f, 0xfee03000, 0x44, VTD_FAULT_IR_COMPAT, -1);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_CFI, true));
    g_assert_cmpuint(send(f, 0xfee03000, 0x44, RID, &res), ==, VTD_IR_PASS);
}

static void compatibility_in_extended_mode(Fix *f)
{
    start_mode(f, true);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_CFI, true));
    assert_blocked(f, 0xfee03000, 0x44, VTD_FAULT_IR_COMPAT, -1);
}

static void required(VtdConfig *c)
{
    c->irreq = c->eimer = true;
}

static void remapping_required(Fix *f)
{
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_QIE, true));
    assert_blocked(f, 0xfee03000, 0x44, VTD_FAULT_IR_REQUIRED, -1);
}

static void extended_mode_required(Fix *f)
{
    start(f);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_EIME, -1);
}

/* ---- faults ---- */

static void index_out_of_range(Fix *f)
{
    start(f);
    assert_blocked(f, HANDLE_ADDR(1u << ENTRIES_LG2), 0, VTD_FAULT_IR_INDEX, 1u << ENTRIES_LG2);
    assert_blocked(f, HANDLE_ADDR(0x7fffu) | 1u << 2 | 1u << 3, 0xffff, VTD_FAULT_IR_INDEX, -1);
}

static void entry_absent(Fix *f)
{
    start(f);
    field_set(irte, VTD_IRTE_P, 0);
    assert_entry_blocked(f, VTD_FAULT_IR_P);
}

static void entry_unreadable(Fix *f)
{
    start(f);
    ramhost_abort(&f->ram, table, table + 4095, RAMHOST_READ);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_READ, INDEX);
}

static void entry_reserved(Fix *f)
{
    static const BitField bits_[] = {
        BITFIELD_AT(12, 1), BITFIELD_AT(14, 1), BITFIELD_AT(24, 1), BITFIELD_AT(32, 1),
        BITFIELD_AT(48, 1), BITFIELD_AT(84, 1), BITFIELD_AT(96, 1),
    };

    start(f);
    for (size_t i = 0; i < G_N_ELEMENTS(bits_); i++) {
        uint64_t keep[2] = { irte[0], irte[1] };

        field_set(irte, bits_[i], 1);
        assert_entry_blocked(f, VTD_FAULT_IR_ENTRY);
        memcpy(irte, keep, sizeof(irte));
    }
}

static void delivery_modes(Fix *f)
{
    start(f);
    for (unsigned dlm = 0; dlm < 8; dlm++) {
        VtdIrResult res;

        field_set(irte, VTD_IRTE_DLM, dlm);
        if (dlm == 3 || dlm == 6) {
            assert_entry_blocked(f, VTD_FAULT_IR_ENTRY);
            continue;
        }
        put(f, INDEX);
        g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_global()));
        g_assert_cmpuint(send(f, HANDLE_ADDR(INDEX), 0, RID, &res), ==, VTD_IR_REMAPPED);
        g_assert_cmphex(res.msi_data, ==, 0x4061u | dlm << 8);
    }
}

static void fpd_silences(Fix *f)
{
    VtdIrResult res;

    start(f);
    field_set(irte, VTD_IRTE_P, 0);
    field_set(irte, VTD_IRTE_FPD, 1);
    put(f, INDEX);
    g_assert_cmpuint(send(f, HANDLE_ADDR(INDEX), 0, RID, &res), ==, VTD_IR_BLOCKED);
    g_assert_cmphex(res.fault, ==, VTD_FAULT_IR_P);
    fix_assert_no_record(f);
    assert_blocked(f, 0xfee03000, 0, VTD_FAULT_IR_COMPAT, -1); /* unqualified */
}

/* ---- source validation ---- */

static VtdIrStatus from(Fix *f, uint32_t sid)
{
    VtdIrResult res;

    return send(f, HANDLE_ADDR(INDEX), 0, sid, &res);
}

static void source(Fix *f, unsigned svt, unsigned sq, uint16_t sid)
{
    field_set(irte, VTD_IRTE_SVT, svt);
    field_set(irte, VTD_IRTE_SQ, sq);
    field_set(irte, VTD_IRTE_SID, sid);
    put(f, INDEX);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_index(INDEX, 0)));
}

static void source_exact(Fix *f)
{
    start(f);
    source(f, 1, 0, RID);
    g_assert_cmpuint(from(f, RID), ==, VTD_IR_REMAPPED);
    g_assert_cmpuint(from(f, RID ^ 1), ==, VTD_IR_BLOCKED);
    fix_assert_record(f, VTD_FAULT_IR_SOURCE);
    g_assert_cmpuint(from(f, VTD_SID_UNSPECIFIED), ==, VTD_IR_REMAPPED);
    /* The cached entry is checked as well. */
    g_assert_cmpuint(from(f, RID ^ 1), ==, VTD_IR_BLOCKED);
}

static void source_qualifier(Fix *f)
{
    static const uint16_t ignored[] = { 0, 4, 6, 7 };

    start(f);
    for (unsigned sq = 0; sq < 4; sq++) {
        source(f, 1, sq, RID);
        for (unsigned n = 0; n < 16; n++) {
            g_assert_cmpuint(from(f, RID ^ n), ==,
                             n & ~ignored[sq] ? VTD_IR_BLOCKED : VTD_IR_REMAPPED);
        }
    }
}

static void source_bus_range(Fix *f)
{
    start(f);
    source(f, 2, 0, 0x0709);
    g_assert_cmpuint(from(f, 0x06ff), ==, VTD_IR_BLOCKED);
    g_assert_cmpuint(from(f, 0x0700), ==, VTD_IR_REMAPPED);
    g_assert_cmpuint(from(f, 0x09ff), ==, VTD_IR_REMAPPED);
    g_assert_cmpuint(from(f, 0x0a00), ==, VTD_IR_BLOCKED);
}

static void source_reserved(Fix *f)
{
    start(f);
    source(f, 3, 0, RID);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_ENTRY, INDEX);
}

/* ---- interrupt entry cache ---- */

static void cached_until_invalidated(Fix *f)
{
    start(f);
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61);
    field_set(irte, VTD_IRTE_V, 0x71);
    put(f, INDEX);
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_index(INDEX ^ 2, 1)));
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_index(INDEX ^ 1, 1)));
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x71);
    g_assert_false(f->iec_global);
    g_assert_cmpuint(f->iec_ignored, ==, 1);
    field_set(irte, VTD_IRTE_V, 0x81);
    put(f, INDEX);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_global()));
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x81);
    g_assert_true(f->iec_global);
}

static void absent_is_not_cached(Fix *f)
{
    start(f);
    field_set(irte, VTD_IRTE_P, 0);
    put(f, INDEX);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_P, INDEX);
    field_set(irte, VTD_IRTE_P, 1);
    put(f, INDEX);
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61);
}

static void no_esirtps(VtdConfig *c)
{
    c->esirtps = false;
}

static void replace_table(Fix *f)
{
    start(f);
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61);
    table = gmem_alloc(&f->mem, 16 << ENTRIES_LG2, 4096);
    field_set(irte, VTD_IRTE_V, 0x71);
    put(f, INDEX);
    fix_set64(f, VTD_REG_IRTA, table | (ENTRIES_LG2 - 1));
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61); /* not latched yet */
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_SIRTP, true));
}

static void table_replaced(Fix *f)
{
    replace_table(f);
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x71);
}

static void table_replaced_stale(Fix *f)
{
    replace_table(f);
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_global()));
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x71);
}

static void disabling_flushes(Fix *f)
{
    start(f);
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x61);
    field_set(irte, VTD_IRTE_V, 0x71);
    put(f, INDEX);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_IRE, false));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_IRE, true));
    assert_remapped(f, HANDLE_ADDR(INDEX), 0, 0x71);
}

static void probing(Fix *f)
{
    VtdIrRequest req = { .addr = HANDLE_ADDR(INDEX + 1), .sid = RID, .probe = true };
    VtdIrResult res;

    start(f);
    g_assert_cmpuint(vtd_remap_interrupt(f->m, &req, &res), ==, VTD_IR_BLOCKED);
    fix_assert_no_record(f);
    g_assert_cmpuint(f->m->counters.irq_blocked, ==, 0);
    req.addr = HANDLE_ADDR(INDEX);
    g_assert_cmpuint(vtd_remap_interrupt(f->m, &req, &res), ==, VTD_IR_REMAPPED);
    g_assert_cmpuint(f->m->counters.irq_remapped, ==, 0);
}

/* ---- posting ---- */

#define PIR(vector) (pid + (vector) / 64 * 8)

static uint64_t pid;

static void posted_entry(Fix *f, uint8_t vector, bool urgent)
{
    uint64_t w[8] = { 0 };

    pid = gmem_alloc(&f->mem, 64, 64);
    field_set(w, VTD_PID_NV, 0xf2);
    field_set(w, VTD_PID_NDST_XAPIC, 0x05);
    gmem_write_words(&f->mem, pid, w, 8);
    memset(irte, 0, sizeof(irte));
    vtd_irte_posted(irte, vector, pid, urgent);
    put(f, INDEX);
    g_assert_true(vtd_driver_issue(&f->drv, vtd_make_iec_global()));
    ramhost_forget(&f->ram);
}

static void post(Fix *f)
{
    VtdIrResult res;

    g_assert_cmpuint(send(f, HANDLE_ADDR(INDEX), 0, RID, &res), ==, VTD_IR_POSTED);
}

static uint64_t control(Fix *f)
{
    return gmem_read64(&f->mem, pid + 32);
}

static void set_control(Fix *f, BitField field, uint64_t value)
{
    gmem_write64(&f->mem, pid + 32,
                 reg_set(control(f), BITFIELD(0, field_lsb(field), field_width(field)), value));
}

static void posting(Fix *f)
{
    start(f);
    posted_entry(f, 0xa5, false);
    post(f);
    g_assert_cmphex(gmem_read64(&f->mem, PIR(0xa5)), ==, 1ull << (0xa5 % 64));
    g_assert_cmphex(control(f) & 3, ==, 1);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, 0xfee05000);
    g_assert_cmphex(f->ram.msis[0].data, ==, 0x40f2);
    /* Outstanding: no second notification. */
    post(f);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    set_control(f, VTD_PID_ON, 0);
    post(f);
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
}

static void suppressed(Fix *f)
{
    start(f);
    posted_entry(f, 0x20, false);
    set_control(f, VTD_PID_SN, 1);
    post(f);
    g_assert_cmphex(gmem_read64(&f->mem, PIR(0x20)), ==, 1ull << 0x20);
    g_assert_cmphex(control(f) & 3, ==, 2);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
}

static void urgent(Fix *f)
{
    start(f);
    posted_entry(f, 0x20, true);
    set_control(f, VTD_PID_SN, 1);
    post(f);
    g_assert_cmphex(control(f) & 3, ==, 3);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
}

static void notification_to_x2apic(Fix *f)
{
    start_mode(f, true);
    posted_entry(f, 0x20, false);
    set_control(f, VTD_PID_NDST, 0x00010203);
    post(f);
    g_assert_cmphex(f->ram.msis[0].addr, ==, 0x00010200fee03000ull);
}

static void consumer_races(RamHost *ram, void *opaque, unsigned kind, uint64_t addr, uint64_t n)
{
    (void)ram;
    (void)kind;
    (void)n;
    if (addr == PIR(0x20)) {
        gmem_write64(&((Fix *)opaque)->mem, addr, 1);
    }
}

static void concurrent_change(Fix *f)
{
    start(f);
    posted_entry(f, 0x20, false);
    ramhost_hook(&f->ram, consumer_races, f, RAMHOST_CAS, 1);
    post(f);
    g_assert_cmphex(gmem_read64(&f->mem, PIR(0x20)), ==, 1ull << 0x20 | 1);
}

static void descriptor_unreadable(Fix *f)
{
    start(f);
    posted_entry(f, 0x20, false);
    ramhost_abort(&f->ram, pid, pid + 63, RAMHOST_READ);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_PID_READ, INDEX);
    ramhost_abort_none(&f->ram);
    ramhost_abort(&f->ram, pid, pid + 31, RAMHOST_CAS);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_PID_READ, INDEX);
    ramhost_abort_none(&f->ram);
    ramhost_abort(&f->ram, pid + 32, pid + 63, RAMHOST_CAS);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_PID_READ, INDEX);
}

/*
 * The request is part of the same update as ON [5.2.3]: it goes if that fails, unless it was there
 * before.
 */
static void blocked_leaves_no_request(Fix *f)
{
    start(f);
    posted_entry(f, 0x25, false);
    ramhost_abort(&f->ram, pid + 32, pid + 39, RAMHOST_CAS);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_PID_READ, INDEX);
    g_assert_cmphex(gmem_read64(&f->mem, pid), ==, 0);
    gmem_write64(&f->mem, pid, 1ull << 0x25);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_PID_READ, INDEX);
    g_assert_cmphex(gmem_read64(&f->mem, pid), ==, 1ull << 0x25);
}

static void descriptor_reserved(Fix *f)
{
    start(f);
    posted_entry(f, 0x20, false);
    gmem_write64(&f->mem, pid + 40, 1);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_PID_RSVD, INDEX);
    gmem_write64(&f->mem, pid + 40, 0);
    set_control(f, BITFIELD_AT(258, 1), 1);
    assert_blocked(f, HANDLE_ADDR(INDEX), 0, VTD_FAULT_IR_PID_RSVD, INDEX);
    g_assert_cmphex(gmem_read64(&f->mem, PIR(0x20)), ==, 0);
}

static void no_posting(VtdConfig *c)
{
    c->pi = false;
}

static void posting_absent(Fix *f)
{
    start(f);
    field_set(irte, VTD_IRTE_IM, 1);
    assert_entry_blocked(f, VTD_FAULT_IR_ENTRY);
}

static void posted_entry_reserved(Fix *f)
{
    start(f);
    posted_entry(f, 0x20, false);
    field_set(irte, BITFIELD_AT(2, 1), 1);
    assert_entry_blocked(f, VTD_FAULT_IR_ENTRY);
    field_set(irte, BITFIELD_AT(2, 1), 0);
    field_set(irte, BITFIELD_AT(127, 1), 1); /* above the host width */
    assert_entry_blocked(f, VTD_FAULT_IR_ENTRY);
}

static void own_events_bypass(Fix *f)
{
    start(f);
    fix_event_to(f, VTD_REG_FECTL, 0xfee03000, 0x44);
    assert_blocked(f, 0xfee03000, 0x44, VTD_FAULT_IR_COMPAT, -1);
    /* The event that tells of it went out in the very format that is blocked. */
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, 0xfee03000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/vtd/ir/N1-remapped", remapped);
    fix_add_profiles("/vtd/ir/N3+N5-all-fields", all_fields);
    fix_add_profiles("/vtd/ir/N3-x2apic", x2apic);
    fix_add_profiles("/vtd/ir/N1+IRF.20-subhandle", subhandle);
    fix_add_profiles("/vtd/ir/N1-handle-bit-15", handle_bit_15);
    fix_add_profiles("/vtd/ir/N1-ioapic", ioapic_entries);
    fix_add("/vtd/ir/N2-off", off_passes);
    fix_add("/vtd/ir/N2+IRF.25-compatibility", compatibility);
    fix_add("/vtd/ir/N2-extended-mode", compatibility_in_extended_mode);
    fix_add_config("/vtd/ir/N2+IRF.2B-required", "max", required, remapping_required);
    fix_add_config("/vtd/ir/N2+IRF.2A-extended-required", "max", required, extended_mode_required);
    fix_add_profiles("/vtd/ir/N9+IRF.21-index", index_out_of_range);
    fix_add_profiles("/vtd/ir/IRF.22-absent", entry_absent);
    fix_add_profiles("/vtd/ir/IRF.23-unreadable", entry_unreadable);
    fix_add_profiles("/vtd/ir/IRF.24-reserved", entry_reserved);
    fix_add_profiles("/vtd/ir/N5-delivery-modes", delivery_modes);
    fix_add_profiles("/vtd/ir/N3+F1-fpd", fpd_silences);
    fix_add_profiles("/vtd/ir/N4+IRF.26-exact", source_exact);
    fix_add_profiles("/vtd/ir/N4-qualifier", source_qualifier);
    fix_add_profiles("/vtd/ir/N4-bus-range", source_bus_range);
    fix_add_profiles("/vtd/ir/N4-reserved", source_reserved);
    fix_add("/vtd/ir/C6-cached-until-invalidated", cached_until_invalidated);
    fix_add_profiles("/vtd/ir/C4-absent-is-not-cached", absent_is_not_cached);
    fix_add("/vtd/ir/G3+C7-table-replaced", table_replaced);
    fix_add_config("/vtd/ir/G5-stale-without-esirtps", "max", no_esirtps, table_replaced_stale);
    fix_add("/vtd/ir/C7-disabling-flushes", disabling_flushes);
    fix_add("/vtd/ir/probe", probing);
    fix_add_profiles("/vtd/posted/N7-post", posting);
    fix_add_profiles("/vtd/posted/N7-suppressed", suppressed);
    fix_add_profiles("/vtd/posted/N7-urgent", urgent);
    fix_add_profiles("/vtd/posted/N6-x2apic", notification_to_x2apic);
    fix_add_profiles("/vtd/posted/N7-concurrent-change", concurrent_change);
    fix_add_profiles("/vtd/posted/IRF.27-unreadable", descriptor_unreadable);
    fix_add_profiles("/vtd/posted/N7+IRF.27-no-request-left", blocked_leaves_no_request);
    fix_add_profiles("/vtd/posted/N6+IRF.28-reserved", descriptor_reserved);
    fix_add_config("/vtd/posted/IRF.24-absent", "max", no_posting, posting_absent);
    fix_add_profiles("/vtd/posted/IRF.24-reserved", posted_entry_reserved);
    fix_add("/vtd/ir/N10+R7-own-events", own_events_bypass);
    return g_test_run();
}

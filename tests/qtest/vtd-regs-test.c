/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d registers as a guest sees them: capabilities, the global command protocol, the invalidation
 * queue and its errors, register-based invalidation (VT-d 5.10, 6.5, 11.4).
 */
#include "qemu/osdep.h"
#include "sw-machine.h"

#include "../lib/vtd-driver.h"

static SwMachine *start(VtdDriver *d)
{
    SwMachine *m = sw_machine_q35(NULL, NULL);

    vtd_driver_init(d, &m->regs, &m->mem);
    return m;
}

/* Root table installed and queue running, translation off. */
static SwMachine *start_queue(VtdDriver *d)
{
    SwMachine *m = start(d);
    VtdRootTable root;

    vtd_root_init(&root, &m->mem, false);
    g_assert_true(vtd_driver_root(d, vtd_root_reg(&root)));
    g_assert_true(vtd_driver_queue(d, false));
    return m;
}

static uint32_t r32(SwMachine *m, uint32_t reg)
{
    return reg_read32(&m->regs, reg);
}

static uint64_t r64(SwMachine *m, uint32_t reg)
{
    return reg_read64(&m->regs, reg);
}

static void w32(SwMachine *m, uint32_t reg, uint32_t value)
{
    reg_write32(&m->regs, reg, value);
}

static void w64(SwMachine *m, uint32_t reg, uint64_t value)
{
    reg_write64(&m->regs, reg, value);
}

/* ---- capabilities ------------------------------------------------------------------------ */

static void test_read_only(void)
{
    static const uint32_t ro[] = { VTD_REG_CAP, VTD_REG_ECAP, VTD_REG_IQH };
    VtdDriver d;
    SwMachine *m = start(&d);
    uint32_t ver = r32(m, VTD_REG_VER);

    for (unsigned i = 0; i < G_N_ELEMENTS(ro); i++) {
        uint64_t before = r64(m, ro[i]);

        w64(m, ro[i], ~before);
        g_assert_cmphex(r64(m, ro[i]), ==, before);
    }
    w32(m, VTD_REG_VER, ~ver);
    g_assert_cmphex(r32(m, VTD_REG_VER), ==, ver);
    w32(m, VTD_REG_GSTS, ~0u);
    g_assert_cmphex(r32(m, VTD_REG_GSTS), ==, 0);
    sw_machine_free(m);
}

static void test_capabilities(void)
{
    VtdDriver d;
    SwMachine *m = start(&d);

    g_assert_cmpuint(reg_get(r32(m, VTD_REG_VER), VTD_VER_MAX), >=, 1);
    /* Queued invalidation and remapping were asked for; remapping needs the queue. */
    g_assert_cmpuint(reg_get(d.ecap, VTD_ECAP_QI), ==, 1);
    g_assert_cmpuint(reg_get(d.ecap, VTD_ECAP_IR), ==, 1);
    g_assert_cmpuint(reg_get(d.cap, VTD_CAP_MGAW), >=, 38);
    g_assert_cmphex(reg_get(d.cap, VTD_CAP_SAGAW) & ~0xeull, ==, 0);
    g_assert_cmpuint(reg_get(d.cap, VTD_CAP_FRO), !=, 0);
    if (!reg_get(d.ecap, VTD_ECAP_SMTS)) {
        g_assert_cmpuint(reg_get(d.ecap, VTD_ECAP_FSTS), ==, 0);
        g_assert_cmpuint(reg_get(d.ecap, VTD_ECAP_NEST), ==, 0);
        g_assert_cmpuint(reg_get(d.ecap, VTD_ECAP_PASID), ==, 0);
    }
    sw_machine_free(m);
}

static void test_reset_values(void)
{
    VtdDriver d;
    SwMachine *m = start(&d);

    g_assert_cmphex(r32(m, VTD_REG_GSTS), ==, 0);
    g_assert_cmphex(r64(m, VTD_REG_RTADDR), ==, 0);
    g_assert_cmphex(r32(m, VTD_REG_FSTS), ==, 0);
    g_assert_cmphex(r32(m, VTD_REG_FECTL), ==, field_mask(VTD_EVENT_IM));
    g_assert_cmphex(r32(m, VTD_REG_IECTL), ==, field_mask(VTD_EVENT_IM));
    g_assert_cmphex(r64(m, VTD_REG_IQT), ==, 0);
    g_assert_cmphex(r64(m, VTD_REG_IQA), ==, 0);
    g_assert_cmphex(r64(m, VTD_REG_IRTA), ==, 0);
    sw_machine_free(m);
}

static void test_halves(void)
{
    const uint64_t root = 0x0000000123456000ull;
    VtdDriver d;
    SwMachine *m = start(&d);

    w32(m, VTD_REG_RTADDR, (uint32_t)root);
    w32(m, VTD_REG_RTADDR + 4, (uint32_t)(root >> 32));
    g_assert_cmphex(r64(m, VTD_REG_RTADDR), ==, root);
    g_assert_cmphex(r32(m, VTD_REG_RTADDR + 4), ==, root >> 32);
    sw_machine_free(m);
}

/* ---- global commands --------------------------------------------------------------------- */

static void test_root_pointer(void)
{
    VtdDriver d;
    SwMachine *m = start(&d);
    VtdRootTable root;

    vtd_root_init(&root, &m->mem, false);
    w64(m, VTD_REG_RTADDR, vtd_root_reg(&root));
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_GSTS), VTD_GCMD_SRTP), ==, 0);
    g_assert_true(vtd_driver_gcmd(&d, VTD_GCMD_SRTP, true));
    /* One-shot: writing 0 there later takes nothing back. */
    w32(m, VTD_REG_GCMD, 0);
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_GSTS), VTD_GCMD_SRTP), ==, 1);
    sw_machine_free(m);
}

static void test_level_bits(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);

    g_assert_true(vtd_driver_gcmd(&d, VTD_GCMD_TE, true));
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_GSTS), VTD_GCMD_QIE), ==, 1);
    /* A level bit written 0 turns its function off, and no other. */
    g_assert_true(vtd_driver_gcmd(&d, VTD_GCMD_TE, false));
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_GSTS), VTD_GCMD_QIE), ==, 1);
    g_assert_true(vtd_driver_wait(&d)); /* the queue may only go down behind a wait */
    w32(m, VTD_REG_GCMD, 0);
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_GSTS), VTD_GCMD_QIE), ==, 0);
    sw_machine_free(m);
}

static void test_interrupt_remapping_pointer(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);
    uint64_t table = gmem_alloc(&m->mem, 4096, 4096);

    g_assert_true(vtd_driver_irta(&d, table, 7, false));
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_GSTS), VTD_GCMD_SIRTP), ==, 1);
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_GSTS), VTD_GCMD_IRE), ==, 1);
    g_assert_true(vtd_driver_gcmd(&d, VTD_GCMD_IRE, false));
    sw_machine_free(m);
}

/* ---- invalidation queue ------------------------------------------------------------------ */

static void test_queue_wait(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);

    g_assert_true(vtd_driver_wait(&d));
    g_assert_cmphex(gmem_read32(&m->mem, d.status), ==, d.status_data);
    g_assert_cmphex(r64(m, VTD_REG_IQH), ==, d.tail);
    sw_machine_free(m);
}

static void test_queue_every_type(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);

    vtd_driver_push(&d, vtd_make_context_global());
    vtd_driver_push(&d, vtd_make_context_domain(1));
    vtd_driver_push(&d, vtd_make_context_device(1, SW_EDU_BDF, 0));
    vtd_driver_push(&d, vtd_make_iotlb_global());
    vtd_driver_push(&d, vtd_make_iotlb_domain(1));
    vtd_driver_push(&d, vtd_make_iotlb_page(1, 0x12345000, 0, false));
    vtd_driver_push(&d, vtd_make_iec_global());
    vtd_driver_push(&d, vtd_make_iec_index(3, 0));
    g_assert_true(vtd_driver_wait(&d));
    g_assert_cmphex(vtd_driver_fsts(&d), ==, 0);
    sw_machine_free(m);
}

static void test_queue_wraps(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);

    /* 256 descriptors fit; a wait is one. */
    for (int i = 0; i < 300; i++) {
        g_assert_true(vtd_driver_wait(&d));
    }
    g_assert_cmphex(d.tail, ==, (300 - 256) * 16);
    sw_machine_free(m);
}

static void test_queue_interrupt(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);

    g_assert_true(vtd_driver_issue(&d, vtd_make_wait_interrupt()));
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_ICS), VTD_ICS_IWC), ==, 1);
    /* IECTL.IM is 1 after reset: the message is pending. */
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_IECTL), VTD_EVENT_IP), ==, 1);
    w32(m, VTD_REG_ICS, (uint32_t)field_mask(VTD_ICS_IWC));
    g_assert_cmphex(r32(m, VTD_REG_ICS), ==, 0);
    g_assert_cmpuint(reg_get(r32(m, VTD_REG_IECTL), VTD_EVENT_IP), ==, 0);
    sw_machine_free(m);
}

/* Whatever is wrong with a descriptor: the queue stops at it and goes on when it is mended. */
static void check_bad_descriptor(VtdDescWords bad, unsigned iqei)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);
    uint32_t head;

    g_assert_true(vtd_driver_wait(&d));
    head = d.tail;
    vtd_driver_push(&d, bad);
    g_assert_false(vtd_driver_wait(&d));
    g_assert_cmpuint(reg_get(vtd_driver_fsts(&d), VTD_FSTS_IQE), ==, 1);
    g_assert_cmphex(r64(m, VTD_REG_IQH), ==, head);
    g_assert_cmpuint(reg_get(r64(m, VTD_REG_IQERCD), VTD_IQERCD_IQEI), ==, iqei);

    vtd_driver_queue_recover(&d, vtd_make_iotlb_global());
    g_assert_cmpuint(reg_get(vtd_driver_fsts(&d), VTD_FSTS_IQE), ==, 0);
    g_assert_true(vtd_driver_wait(&d));
    sw_machine_free(m);
}

static void test_queue_bad_type(void)
{
    check_bad_descriptor(vtd_make((VtdDescType)0xf), VTD_IQEI_TYPE);
}

static void test_queue_reserved(void)
{
    VtdDescWords bad = vtd_make_iec_global();

    bad.w[1] = 1;
    check_bad_descriptor(bad, VTD_IQEI_RESERVED);
}

static void test_queue_off(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);

    g_assert_true(vtd_driver_wait(&d));
    g_assert_cmphex(r64(m, VTD_REG_IQH), !=, 0);
    g_assert_true(vtd_driver_gcmd(&d, VTD_GCMD_QIE, false));
    g_assert_cmphex(r64(m, VTD_REG_IQH), ==, 0);
    sw_machine_free(m);
}

/* ---- register-based invalidation --------------------------------------------------------- */

static void test_register_invalidation(void)
{
    VtdDriver d;
    SwMachine *m = start(&d);
    VtdRootTable root;

    vtd_root_init(&root, &m->mem, false);
    g_assert_true(vtd_driver_root(&d, vtd_root_reg(&root)));
    if (reg_get(r32(m, VTD_REG_VER), VTD_VER_MAX) <= 5) {
        g_assert_cmpuint(vtd_driver_ccmd_global(&d), ==, VTD_GRAN_GLOBAL);
        g_assert_cmpuint(vtd_driver_iotlb_global(&d), ==, VTD_GRAN_GLOBAL);
    } else {
        g_assert_cmpuint(vtd_driver_ccmd_global(&d), ==, 0);
        g_assert_cmpuint(vtd_driver_iotlb_global(&d), ==, 0);
    }
    sw_machine_free(m);
}

/* ---- reset ------------------------------------------------------------------------------- */

static void test_system_reset(void)
{
    VtdDriver d;
    SwMachine *m = start_queue(&d);

    g_assert_true(vtd_driver_gcmd(&d, VTD_GCMD_TE, true));
    qtest_system_reset(m->qts);
    g_assert_cmphex(r32(m, VTD_REG_GSTS), ==, 0);
    g_assert_cmphex(r64(m, VTD_REG_RTADDR), ==, 0);
    g_assert_cmphex(r64(m, VTD_REG_IQT), ==, 0);
    g_assert_cmphex(r64(m, VTD_REG_CAP), ==, d.cap);
    g_assert_cmphex(r64(m, VTD_REG_ECAP), ==, d.ecap);
    sw_machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/vtd/regs/R3-read-only", test_read_only);
    qtest_add_func("/vtd/regs/R5-capabilities", test_capabilities);
    qtest_add_func("/vtd/regs/R4-reset-values", test_reset_values);
    qtest_add_func("/vtd/regs/R1-halves", test_halves);
    qtest_add_func("/vtd/gcmd/G1+G3-root-pointer", test_root_pointer);
    qtest_add_func("/vtd/gcmd/G1-level-bits", test_level_bits);
    qtest_add_func("/vtd/gcmd/G4-interrupt-remapping-pointer", test_interrupt_remapping_pointer);
    qtest_add_func("/vtd/queue/I3-wait-status", test_queue_wait);
    qtest_add_func("/vtd/queue/I1+I3-every-type", test_queue_every_type);
    qtest_add_func("/vtd/queue/G8-wraps", test_queue_wraps);
    qtest_add_func("/vtd/queue/I3+F5-wait-interrupt", test_queue_interrupt);
    qtest_add_func("/vtd/queue/I6+IQEI.3-bad-type", test_queue_bad_type);
    qtest_add_func("/vtd/queue/I6+IQEI.4-reserved", test_queue_reserved);
    qtest_add_func("/vtd/queue/G8-off-resets-head", test_queue_off);
    qtest_add_func("/vtd/regs/G9-register-invalidation", test_register_invalidation);
    qtest_add_func("/vtd/regs/R4-system-reset", test_system_reset);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt remapping: MSIs of a real PCI device arrive at the local APIC as the table says, or are
 * blocked and recorded (VT-d 5.10, chapters 5 and 7.1). With every cache size.
 */
#include "qemu/osdep.h"
#include "sw-machine.h"

#include "../lib/vtd-driver.h"

#define RID SW_EDU_BDF
#define S 3               /* 16 entries */
#define INDEX 5
#define VECTOR 0x51

typedef struct Bench {
    SwMachine *m;
    VtdDriver d;
    uint64_t table;
} Bench;

/* Remapping on, with a table of absent entries. */
static void bench_start(Bench *b, const SwCase *c, const char *properties)
{
    b->m = sw_machine_q35(c->caches, properties);
    vtd_driver_init(&b->d, &b->m->regs, &b->m->mem);
    b->table = gmem_alloc(&b->m->mem, 4096, 4096);
    g_assert_true(vtd_driver_queue(&b->d, false));
    g_assert_true(vtd_driver_irta(&b->d, b->table, S, false));
}

static void bench_end(Bench *b)
{
    sw_machine_free(b->m);
}

static void set_irte(Bench *b, unsigned index, const uint64_t irte[VTD_IRTE_WORDS])
{
    gmem_write_words(&b->m->mem, b->table + VTD_IRTE_BYTES * index, irte, VTD_IRTE_WORDS);
    g_assert_true(vtd_driver_issue(&b->d, vtd_make_iec_index((uint16_t)index, 0)));
}

/* Whether the boot processor's local APIC has @vector requested. */
static bool irr_has(Bench *b, unsigned vector)
{
    g_autofree char *text = qtest_hmp(b->m->qts, "info lapic");
    g_autofree char *number = g_strdup_printf(" %u", vector);
    char *line = strstr(text, "IRR");
    char *end, *at;

    g_assert_nonnull(line);
    end = strchr(line, '\n');
    if (end) {
        *end = 0;
    }
    at = strstr(line, number);
    return at && !g_ascii_isdigit(at[strlen(number)]);
}

static void assert_fault(Bench *b, unsigned reason)
{
    VtdFaultWords f;

    g_assert_true(vtd_driver_fault(&b->d, &f));
    g_assert_cmphex(f.reason, ==, reason);
    g_assert_cmphex(f.sid, ==, RID);
    g_assert_false(irr_has(b, VECTOR));
}

static void assert_no_fault(Bench *b)
{
    VtdFaultWords f;

    g_assert_false(vtd_driver_fault(&b->d, &f));
}

static void test_remapped(const SwCase *c)
{
    uint64_t irte[VTD_IRTE_WORDS];
    Bench b;

    bench_start(&b, c, NULL);
    vtd_irte_fixed(irte, VECTOR, 0);
    set_irte(&b, INDEX, irte);
    g_assert_false(irr_has(&b, VECTOR));
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    g_assert_true(irr_has(&b, VECTOR));
    assert_no_fault(&b);
    bench_end(&b);
}

static void test_subhandle(const SwCase *c)
{
    uint64_t irte[VTD_IRTE_WORDS];
    Bench b;

    bench_start(&b, c, NULL);
    vtd_irte_fixed(irte, VECTOR, 0);
    set_irte(&b, INDEX + 2, irte);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, true), 2);
    g_assert_true(irr_has(&b, VECTOR));
    assert_no_fault(&b);
    bench_end(&b);
}

static void test_absent(const SwCase *c)
{
    Bench b;

    bench_start(&b, c, NULL);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    assert_fault(&b, VTD_FAULT_IR_P);
    bench_end(&b);
}

static void test_index(const SwCase *c)
{
    VtdFaultWords f;
    Bench b;

    bench_start(&b, c, NULL);
    sw_edu_msi(b.m, vtd_msi_address(2 << S, false), 0);
    g_assert_true(vtd_driver_fault(&b.d, &f));
    g_assert_cmphex(f.reason, ==, VTD_FAULT_IR_INDEX);
    g_assert_cmphex(f.index, ==, 2 << S);
    bench_end(&b);
}

static void test_reserved(const SwCase *c)
{
    uint64_t irte[VTD_IRTE_WORDS];
    Bench b;

    bench_start(&b, c, NULL);
    vtd_irte_fixed(irte, VECTOR, 0);
    irte[1] |= 1ull << 63;
    set_irte(&b, INDEX, irte);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    assert_fault(&b, VTD_FAULT_IR_ENTRY);
    bench_end(&b);
}

static void test_source(const SwCase *c)
{
    uint64_t irte[VTD_IRTE_WORDS];
    Bench b;

    bench_start(&b, c, NULL);
    vtd_irte_fixed(irte, VECTOR, 0);
    vtd_irte_verify(irte, RID + 8);
    set_irte(&b, INDEX, irte);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    assert_fault(&b, VTD_FAULT_IR_SOURCE);

    vtd_irte_verify(irte, RID);
    set_irte(&b, INDEX, irte);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    g_assert_true(irr_has(&b, VECTOR));
    assert_no_fault(&b);
    bench_end(&b);
}

/* Compatibility format: blocked while CFIS is 0. */
static void test_compatibility(const SwCase *c)
{
    Bench b;

    bench_start(&b, c, NULL);
    sw_edu_msi(b.m, 0xfee00000, VECTOR);
    assert_fault(&b, VTD_FAULT_IR_COMPAT);
    g_assert_true(vtd_driver_gcmd(&b.d, VTD_GCMD_CFI, true));
    sw_edu_msi(b.m, 0xfee00000, VECTOR);
    g_assert_true(irr_has(&b, VECTOR));
    assert_no_fault(&b);
    bench_end(&b);
}

static void test_off(const SwCase *c)
{
    Bench b;

    bench_start(&b, c, NULL);
    g_assert_true(vtd_driver_gcmd(&b.d, VTD_GCMD_IRE, false));
    sw_edu_msi(b.m, 0xfee00000, VECTOR);
    g_assert_true(irr_has(&b, VECTOR));
    assert_no_fault(&b);
    bench_end(&b);
}

/* A changed entry counts once the entry cache was told. */
static void test_entry_cache(const SwCase *c)
{
    uint64_t irte[VTD_IRTE_WORDS];
    Bench b;

    bench_start(&b, c, NULL);
    vtd_irte_fixed(irte, VECTOR + 1, 0);
    set_irte(&b, INDEX, irte);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    g_assert_true(irr_has(&b, VECTOR + 1));
    vtd_irte_fixed(irte, VECTOR, 0);
    set_irte(&b, INDEX, irte);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    g_assert_true(irr_has(&b, VECTOR));
    bench_end(&b);
}

/* Posted: the bit is set in memory, and the notification vector arrives. */
static void test_posted(const SwCase *c)
{
    const uint8_t notify = 0xf2;
    uint64_t irte[VTD_IRTE_WORDS], pid[VTD_PID_WORDS];
    uint64_t at;
    Bench b;

    if (!sw_has_cache_sizes()) {
        g_test_skip("QEMU's own model does not post");
        return;
    }
    bench_start(&b, c, "model=max");
    g_assert_cmpuint(reg_get(b.d.cap, VTD_CAP_PI), ==, 1);
    at = gmem_alloc(&b.m->mem, VTD_PID_BYTES, 64);
    vtd_pid(pid, notify, 0);
    gmem_write_words(&b.m->mem, at, pid, VTD_PID_WORDS);
    vtd_irte_posted(irte, VECTOR, at, false);
    set_irte(&b, INDEX, irte);
    sw_edu_msi(b.m, vtd_msi_address(INDEX, false), 0);
    gmem_read_words(&b.m->mem, at, pid, VTD_PID_WORDS);
    g_assert_cmphex(pid[VECTOR / 64], ==, 1ull << VECTOR % 64);
    g_assert_cmpuint(field_get(pid, VTD_PID_ON), ==, 1);
    g_assert_true(irr_has(&b, notify));
    g_assert_false(irr_has(&b, VECTOR));
    bench_end(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/vtd/ir/N1+N3-remapped", test_remapped, NULL);
    sw_add_cached("/vtd/ir/N1-subhandle", test_subhandle, NULL);
    sw_add_cached("/vtd/ir/IRF.22-absent", test_absent, NULL);
    sw_add_cached("/vtd/ir/IRF.21-index", test_index, NULL);
    sw_add_cached("/vtd/ir/IRF.24-reserved", test_reserved, NULL);
    sw_add_cached("/vtd/ir/N4+IRF.26-source", test_source, NULL);
    sw_add_cached("/vtd/ir/N2+IRF.25-compatibility", test_compatibility, NULL);
    sw_add_cached("/vtd/ir/N2-off", test_off, NULL);
    sw_add_cached("/vtd/ir/I1-entry-cache", test_entry_cache, NULL);
    sw_add_cached("/vtd/ir/N6+N7-posted", test_posted, NULL);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 registers as a guest sees them: reset values, read-only and guarded fields, Update and
 * acknowledge protocols, command errors, interrupts (Arm IHI 0070, 6.2, 6.3, 7.1).
 */
#include "qemu/osdep.h"
#include "sw-machine.h"

#include "../lib/smmu-driver.h"

/* GICv3 distributor of virt, and the SMMU's first interrupt: SPI 74 (virt's memory map). */
#define GICD          0x08000000ull
#define GICD_ISPENDR  0x200u
#define GICD_ICPENDR  0x280u
#define GICD_ICFGR    0xc00u
#define SMMU_INTID    (32 + 74)
enum { IRQ_EVENTQ, IRQ_PRIQ, IRQ_CMDQ_SYNC, IRQ_GERROR };

static SwMachine *start(SmmuDriver *d)
{
    SwMachine *m = sw_machine_virt(NULL, NULL);

    smmu_driver_init(d, &m->regs, &m->mem);
    return m;
}

static SwMachine *start_enabled(SmmuDriver *d, StreamTable *table)
{
    SwMachine *m = start(d);

    stream_table_init_linear(table, &m->mem, 6);
    g_assert_true(smmu_driver_start(d, table));
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

/* ---- identification ---------------------------------------------------------------------- */

static void test_component_id(void)
{
    static const uint32_t cidr[] = { 0x0d, 0xf0, 0x05, 0xb1 };
    SmmuDriver d;
    SwMachine *m = start(&d);

    for (unsigned i = 0; i < G_N_ELEMENTS(cidr); i++) {
        g_assert_cmphex(r32(m, SMMU_CIDR0 + 4 * i), ==, cidr[i]);
    }
    sw_machine_free(m);
}

static void test_idr_read_only(void)
{
    static const uint32_t ro[] = {
        SMMU_IDR0, SMMU_IDR1, SMMU_IDR2, SMMU_IDR3, SMMU_IDR4, SMMU_IDR5, SMMU_IIDR, SMMU_AIDR,
        SMMU_CR0ACK, SMMU_IRQ_CTRLACK, SMMU_GERROR, SMMU_STATUSR,
    };
    SmmuDriver d;
    SwMachine *m = start(&d);

    for (unsigned i = 0; i < G_N_ELEMENTS(ro); i++) {
        uint32_t before = r32(m, ro[i]);

        w32(m, ro[i], ~before);
        g_assert_cmphex(r32(m, ro[i]), ==, before);
    }
    sw_machine_free(m);
}

static void test_idr_consistent(void)
{
    SmmuDriver d;
    SwMachine *m = start(&d);
    uint32_t stages = reg_get(d.idr0, IDR0_S1P) + reg_get(d.idr0, IDR0_S2P);

    g_assert_cmpuint(stages, >=, 1);
    g_assert_cmpuint(reg_get(d.idr0, IDR0_TTF) & IDR0_TTF_AARCH64, ==, IDR0_TTF_AARCH64);
    g_assert_cmpuint(reg_get(d.idr1, IDR1_CMDQS), <=, 19);
    g_assert_cmpuint(reg_get(d.idr1, IDR1_EVENTQS), <=, 19);
    g_assert_cmpuint(reg_get(d.idr1, IDR1_SIDSIZE), <=, 32);
    g_assert_cmpuint(reg_get(d.idr1, IDR1_SSIDSIZE), <=, 20);
    if (reg_get(d.idr1, IDR1_SIDSIZE) >= 7) {
        g_assert_cmpuint(reg_get(d.idr0, IDR0_ST_LEVEL), !=, 0);
    }
    if (!reg_get(d.idr0, IDR0_ATS)) {
        g_assert_cmpuint(reg_get(d.idr0, IDR0_PRI), ==, 0);
    }
    sw_machine_free(m);
}

static void test_undefined_res0(void)
{
    /* Between registers of Page 0. (Page 1 may alias it: RG4.) */
    static const uint32_t res0[] = { 0x038, 0x05c, 0x0f0, 0x1a0, 0x1c0 };
    SmmuDriver d;
    SwMachine *m = start(&d);

    for (unsigned i = 0; i < G_N_ELEMENTS(res0); i++) {
        w32(m, res0[i], ~0u);
        g_assert_cmphex(r32(m, res0[i]), ==, 0);
    }
    sw_machine_free(m);
}

/* ---- control registers ------------------------------------------------------------------- */

static void test_cr0_reset(void)
{
    SmmuDriver d;
    SwMachine *m = start(&d);

    g_assert_cmphex(r32(m, SMMU_CR0), ==, 0);
    g_assert_cmphex(r32(m, SMMU_CR0ACK), ==, 0);
    g_assert_cmphex(r32(m, SMMU_IRQ_CTRL), ==, 0);
    g_assert_cmphex(r32(m, SMMU_GERROR), ==, 0);
    g_assert_cmphex(r32(m, SMMU_GERRORN), ==, 0);
    sw_machine_free(m);
}

static void test_cr0_ack(void)
{
    static const BitField fields[] = { CR0_CMDQEN, CR0_EVENTQEN, CR0_SMMUEN };
    SmmuDriver d;
    SwMachine *m = start(&d);
    uint32_t cr0 = 0;

    g_assert_true(smmu_driver_start_queues(&d));
    g_assert_true(smmu_driver_cr0(&d, 0));
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        cr0 |= (uint32_t)field_mask(fields[i]);
        g_assert_true(smmu_driver_cr0(&d, cr0));
        g_assert_cmphex(r32(m, SMMU_CR0), ==, cr0);
    }
    g_assert_true(smmu_driver_cr0(&d, 0));
    sw_machine_free(m);
}

static void test_cr0_reserved(void)
{
    const uint32_t defined = (uint32_t)(field_mask(CR0_SMMUEN) | field_mask(CR0_PRIQEN) |
                                        field_mask(CR0_EVENTQEN) | field_mask(CR0_CMDQEN) |
                                        field_mask(CR0_ATSCHK) | field_mask(CR0_VMW));
    SmmuDriver d;
    SwMachine *m = start(&d);

    w32(m, SMMU_CR0, ~defined);
    g_assert_cmphex(r32(m, SMMU_CR0ACK), ==, 0);
    sw_machine_free(m);
}

static void test_cr1_guarded(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);
    uint32_t cr1 = r32(m, SMMU_CR1);

    w32(m, SMMU_CR1, 0);
    g_assert_cmphex(r32(m, SMMU_CR1), ==, cr1);

    /* Queues off, SMMU on: QUEUE_* opens, TABLE_* stays shut. */
    g_assert_true(smmu_driver_cr0(&d, (uint32_t)field_mask(CR0_SMMUEN)));
    w32(m, SMMU_CR1, 0);
    g_assert_cmphex(reg_get(r32(m, SMMU_CR1), CR1_QUEUE), ==, 0);
    g_assert_cmphex(reg_get(r32(m, SMMU_CR1), CR1_TABLE), ==, reg_get(cr1, CR1_TABLE));

    g_assert_true(smmu_driver_cr0(&d, 0));
    w32(m, SMMU_CR1, 0);
    g_assert_cmphex(r32(m, SMMU_CR1), ==, 0);
    sw_machine_free(m);
}

static void test_cr2_guarded(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);
    uint32_t cr2 = r32(m, SMMU_CR2);

    g_assert_cmpuint(reg_get(cr2, CR2_RECINVSID), ==, 1);
    w32(m, SMMU_CR2, 0);
    g_assert_cmphex(r32(m, SMMU_CR2), ==, cr2);
    g_assert_true(smmu_driver_cr0(&d, 0));
    w32(m, SMMU_CR2, 0);
    g_assert_cmphex(r32(m, SMMU_CR2), ==, 0);
    sw_machine_free(m);
}

static void test_gbpa(void)
{
    const uint32_t abort_bit = (uint32_t)field_mask(GBPA_ABORT);
    SmmuDriver d;
    SwMachine *m = start(&d);
    uint32_t gbpa = r32(m, SMMU_GBPA);

    g_assert_cmpuint(reg_get(gbpa, GBPA_UPDATE), ==, 0);
    /* Without Update: ignored. */
    w32(m, SMMU_GBPA, gbpa ^ abort_bit);
    g_assert_cmphex(r32(m, SMMU_GBPA), ==, gbpa);
    /* With it: taken, and Update falls. */
    g_assert_true(smmu_driver_gbpa(&d, gbpa ^ abort_bit));
    g_assert_cmphex(r32(m, SMMU_GBPA), ==, gbpa ^ abort_bit);
    sw_machine_free(m);
}

static void test_irq_ctrl(void)
{
    const uint32_t irqs = (uint32_t)(field_mask(IRQ_CTRL_GERROR_IRQEN) |
                                     field_mask(IRQ_CTRL_EVENTQ_IRQEN));
    SmmuDriver d;
    SwMachine *m = start(&d);

    g_assert_true(smmu_driver_irq_ctrl(&d, irqs));
    g_assert_cmphex(r32(m, SMMU_IRQ_CTRL), ==, irqs);
    w32(m, SMMU_IRQ_CTRL, ~7u);
    g_assert_cmphex(r32(m, SMMU_IRQ_CTRLACK), ==, 0);
    sw_machine_free(m);
}

static void test_irq_cfg_guarded(void)
{
    const uint64_t addr = 0x8090040;
    SmmuDriver d;
    SwMachine *m = start(&d);

    if (!reg_get(d.idr0, IDR0_MSI)) {
        w64(m, SMMU_EVENTQ_IRQ_CFG0, addr);
        g_assert_cmphex(r64(m, SMMU_EVENTQ_IRQ_CFG0), ==, 0);
    } else {
        w64(m, SMMU_EVENTQ_IRQ_CFG0, addr);
        g_assert_cmphex(r64(m, SMMU_EVENTQ_IRQ_CFG0), ==, addr);
        g_assert_true(smmu_driver_irq_ctrl(&d, (uint32_t)field_mask(IRQ_CTRL_EVENTQ_IRQEN)));
        w64(m, SMMU_EVENTQ_IRQ_CFG0, 0);
        g_assert_cmphex(r64(m, SMMU_EVENTQ_IRQ_CFG0), ==, addr);
        g_assert_true(smmu_driver_irq_ctrl(&d, 0));
        w64(m, SMMU_EVENTQ_IRQ_CFG0, 0);
        g_assert_cmphex(r64(m, SMMU_EVENTQ_IRQ_CFG0), ==, 0);
    }
    sw_machine_free(m);
}

/* ---- tables and queues ------------------------------------------------------------------- */

static void test_strtab_guarded(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);
    uint64_t base = r64(m, SMMU_STRTAB_BASE);
    uint32_t cfg = r32(m, SMMU_STRTAB_BASE_CFG);

    g_assert_cmphex(base & field_mask(STRTAB_BASE_ADDR), ==, table.base);
    w64(m, SMMU_STRTAB_BASE, 0);
    w32(m, SMMU_STRTAB_BASE_CFG, 0);
    g_assert_cmphex(r64(m, SMMU_STRTAB_BASE), ==, base);
    g_assert_cmphex(r32(m, SMMU_STRTAB_BASE_CFG), ==, cfg);
    sw_machine_free(m);
}

static void test_halves(void)
{
    const uint64_t base = 0x0000123456789ac0ull & field_mask(STRTAB_BASE_ADDR);
    SmmuDriver d;
    SwMachine *m = start(&d);

    w32(m, SMMU_STRTAB_BASE, (uint32_t)base);
    w32(m, SMMU_STRTAB_BASE + 4, (uint32_t)(base >> 32));
    g_assert_cmphex(r64(m, SMMU_STRTAB_BASE) & field_mask(STRTAB_BASE_ADDR), ==, base);
    g_assert_cmphex(r32(m, SMMU_STRTAB_BASE + 4), ==, base >> 32);
    sw_machine_free(m);
}

static void test_cmdq_guarded(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);
    uint64_t base = r64(m, SMMU_CMDQ_BASE);
    uint32_t cons = r32(m, SMMU_CMDQ_CONS);

    w64(m, SMMU_CMDQ_BASE, 0);
    g_assert_cmphex(r64(m, SMMU_CMDQ_BASE), ==, base);
    w32(m, SMMU_CMDQ_CONS, cons ^ 1);
    g_assert_cmphex(r32(m, SMMU_CMDQ_CONS), ==, cons);
    sw_machine_free(m);
}

static void test_eventq_guarded(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);
    uint64_t base = r64(m, SMMU_EVENTQ_BASE);

    w64(m, SMMU_EVENTQ_BASE, 0);
    g_assert_cmphex(r64(m, SMMU_EVENTQ_BASE), ==, base);
    w32(m, SMMU_EVENTQ_PROD, 1);
    g_assert_cmphex(r32(m, SMMU_EVENTQ_PROD), ==, 0);
    /* CONS is always writable. */
    w32(m, SMMU_EVENTQ_CONS, (uint32_t)field_mask(Q_OVFLG));
    g_assert_cmphex(r32(m, SMMU_EVENTQ_CONS), ==, field_mask(Q_OVFLG));
    sw_machine_free(m);
}

static void test_cmdq_wraps(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = sw_machine_virt(NULL, NULL);

    smmu_driver_init(&d, &m->regs, &m->mem);
    d.cmdq_log2size = 2;
    stream_table_init_linear(&table, &m->mem, 6);
    g_assert_true(smmu_driver_start(&d, &table));
    /* Three times round a queue of four. */
    for (int i = 0; i < 12; i++) {
        g_assert_true(smmu_driver_sync(&d));
    }
    sw_machine_free(m);
}

/* ---- command errors ---------------------------------------------------------------------- */

static void test_command_illegal(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);
    uint32_t cons;

    g_assert_true(smmu_driver_sync(&d));
    cons = r32(m, SMMU_CMDQ_CONS);
    g_assert_true(smmu_driver_push(&d, smmu_make((SmmuCmdOp)0xff)));
    g_assert_cmpuint(smmu_driver_cmdq_error(&d), ==, CERROR_ILL);
    /* RD stays at the culprit; what follows is not executed. */
    g_assert_cmphex(reg_get(r32(m, SMMU_CMDQ_CONS), Q_INDEX), ==, reg_get(cons, Q_INDEX));
    g_assert_true(smmu_driver_push(&d, smmu_make_sync(SYNC_CS_NONE)));
    g_assert_false(smmu_driver_drain(&d));

    smmu_driver_cmdq_recover(&d, smmu_make_sync(SYNC_CS_NONE));
    g_assert_true(smmu_driver_drain(&d));
    g_assert_cmpuint(smmu_driver_cmdq_error(&d), ==, CERROR_NONE);
    sw_machine_free(m);
}

static void test_command_abort(void)
{
    SmmuDriver d;
    SwMachine *m = start(&d);

    g_assert_true(smmu_driver_start_queues(&d));
    g_assert_true(smmu_driver_cr0(&d, 0));
    /* Above RAM and every device of virt with 1 GB. */
    w64(m, SMMU_CMDQ_BASE, 0x70000000000ull | reg_make(Q_BASE_LOG2SIZE, 4));
    w32(m, SMMU_CMDQ_PROD, 0);
    w32(m, SMMU_CMDQ_CONS, 0);
    g_assert_true(smmu_driver_cr0(&d, (uint32_t)field_mask(CR0_CMDQEN)));
    w32(m, SMMU_CMDQ_PROD, 1);
    g_assert_cmpuint(smmu_driver_cmdq_error(&d), ==, CERROR_ABT);
    sw_machine_free(m);
}

/* ---- interrupts -------------------------------------------------------------------------- */

static bool take_pending(SwMachine *m, unsigned line)
{
    unsigned intid = SMMU_INTID + line;
    uint32_t bit = 1u << intid % 32;
    bool pending = qtest_readl(m->qts, GICD + GICD_ISPENDR + 4 * (intid / 32)) & bit;

    qtest_writel(m->qts, GICD + GICD_ICPENDR + 4 * (intid / 32), bit);
    return pending;
}

/* The SMMU pulses its lines: as edge-triggered interrupts they stay pending. */
static void make_edge(SwMachine *m, unsigned line)
{
    unsigned intid = SMMU_INTID + line;
    uint64_t reg = GICD + GICD_ICFGR + 4 * (intid / 16);

    qtest_writel(m->qts, reg, qtest_readl(m->qts, reg) | 2u << 2 * (intid % 16));
}

static void test_gerror_irq(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);

    make_edge(m, IRQ_GERROR);
    g_assert_false(take_pending(m, IRQ_GERROR));
    g_assert_true(smmu_driver_irq_ctrl(&d, (uint32_t)field_mask(IRQ_CTRL_GERROR_IRQEN)));
    g_assert_true(smmu_driver_push(&d, smmu_make((SmmuCmdOp)0xff)));
    g_assert_true(take_pending(m, IRQ_GERROR));
    sw_machine_free(m);
}

static void test_gerror_irq_off(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);

    make_edge(m, IRQ_GERROR);
    g_assert_true(smmu_driver_push(&d, smmu_make((SmmuCmdOp)0xff)));
    g_assert_false(take_pending(m, IRQ_GERROR));
    sw_machine_free(m);
}

static void test_sync_irq(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);

    make_edge(m, IRQ_CMDQ_SYNC);
    g_assert_true(smmu_driver_sync(&d));
    g_assert_false(take_pending(m, IRQ_CMDQ_SYNC));
    g_assert_true(smmu_driver_push(&d, smmu_make_sync(SYNC_CS_IRQ)));
    g_assert_true(smmu_driver_drain(&d));
    g_assert_true(take_pending(m, IRQ_CMDQ_SYNC));
    sw_machine_free(m);
}

static void test_sync_msi(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);
    uint64_t word = gmem_alloc(&m->mem, 4, 64);

    if (reg_get(d.idr0, IDR0_MSI)) {
        g_assert_true(smmu_driver_push(&d, smmu_make_sync_msi(word, 0x600dcafe)));
        g_assert_true(smmu_driver_drain(&d));
        g_assert_cmphex(gmem_read32(&m->mem, word), ==, 0x600dcafe);
    } else {
        g_test_skip("IDR0.MSI is 0");
    }
    sw_machine_free(m);
}

static void test_eventq_irq(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);

    make_edge(m, IRQ_EVENTQ);
    g_assert_true(smmu_driver_irq_ctrl(&d, (uint32_t)field_mask(IRQ_CTRL_EVENTQ_IRQEN)));
    g_assert_false(take_pending(m, IRQ_EVENTQ));
    sw_edu_read(m, 0x1000, 0, 4); /* its STE is all zeroes: C_BAD_STE */
    g_assert_cmpuint(smmu_driver_event_count(&d), ==, 1);
    g_assert_true(take_pending(m, IRQ_EVENTQ));
    sw_machine_free(m);
}

/* ---- reset ------------------------------------------------------------------------------- */

static void test_system_reset(void)
{
    SmmuDriver d;
    StreamTable table;
    SwMachine *m = start_enabled(&d, &table);

    g_assert_true(smmu_driver_push(&d, smmu_make((SmmuCmdOp)0xff)));
    g_assert_cmphex(r32(m, SMMU_GERROR), !=, 0);
    qtest_system_reset(m->qts);
    g_assert_cmphex(r32(m, SMMU_CR0), ==, 0);
    g_assert_cmphex(r32(m, SMMU_CR0ACK), ==, 0);
    g_assert_cmphex(r32(m, SMMU_GERROR), ==, 0);
    g_assert_cmphex(r32(m, SMMU_GERRORN), ==, 0);
    g_assert_cmphex(r32(m, SMMU_IRQ_CTRLACK), ==, 0);
    sw_machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/smmuv3/regs/RG45-component-id", test_component_id);
    qtest_add_func("/smmuv3/regs/RG7-read-only", test_idr_read_only);
    qtest_add_func("/smmuv3/regs/ID1+ID2-consistent", test_idr_consistent);
    qtest_add_func("/smmuv3/regs/RG7-undefined-is-zero", test_undefined_res0);
    qtest_add_func("/smmuv3/regs/RG8+RG23+RG26-reset", test_cr0_reset);
    qtest_add_func("/smmuv3/regs/RG8+RG9-cr0-acknowledged", test_cr0_ack);
    qtest_add_func("/smmuv3/regs/RG9-cr0-reserved", test_cr0_reserved);
    qtest_add_func("/smmuv3/regs/RG17-cr1-guarded", test_cr1_guarded);
    qtest_add_func("/smmuv3/regs/RG19-cr2-guarded", test_cr2_guarded);
    qtest_add_func("/smmuv3/regs/RG21-gbpa-update", test_gbpa);
    qtest_add_func("/smmuv3/regs/RG23-irq-ctrl", test_irq_ctrl);
    qtest_add_func("/smmuv3/regs/RG24-irq-cfg-guarded", test_irq_cfg_guarded);
    qtest_add_func("/smmuv3/regs/RG28-strtab-guarded", test_strtab_guarded);
    qtest_add_func("/smmuv3/regs/RG6-halves", test_halves);
    qtest_add_func("/smmuv3/regs/RG30+RG32-cmdq-guarded", test_cmdq_guarded);
    qtest_add_func("/smmuv3/regs/RG33+RG42-eventq-guarded", test_eventq_guarded);
    qtest_add_func("/smmuv3/cmdq/Q1+Q2-wraps", test_cmdq_wraps);
    qtest_add_func("/smmuv3/cmdq/CM4+CM38+CM39-illegal", test_command_illegal);
    qtest_add_func("/smmuv3/cmdq/CM5+CM39-fetch-abort", test_command_abort);
    qtest_add_func("/smmuv3/cmdq/CM33-sync-irq", test_sync_irq);
    qtest_add_func("/smmuv3/cmdq/CM33-sync-msi", test_sync_msi);
    qtest_add_func("/smmuv3/irq/RG27-gerror", test_gerror_irq);
    qtest_add_func("/smmuv3/irq/RG23-gerror-off", test_gerror_irq_off);
    qtest_add_func("/smmuv3/irq/RG23-eventq", test_eventq_irq);
    qtest_add_func("/smmuv3/regs/RS1+RG8-system-reset", test_system_reset);
    return g_test_run();
}

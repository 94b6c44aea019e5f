/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An SMMUv3 in the middle of its work moves to another process: nothing is to be programmed again.
 */
#include "qemu/osdep.h"
#include "sw-smmuv3.h"

static void test_registers(const SwCase *c)
{
    static const uint32_t regs[] = {
        SMMU_CR0, SMMU_CR0ACK, SMMU_CR1, SMMU_CR2, SMMU_GBPA, SMMU_IRQ_CTRL, SMMU_IRQ_CTRLACK,
        SMMU_GERROR, SMMU_GERRORN, SMMU_STRTAB_BASE, SMMU_STRTAB_BASE + 4, SMMU_STRTAB_BASE_CFG,
        SMMU_CMDQ_BASE, SMMU_CMDQ_BASE + 4, SMMU_CMDQ_PROD, SMMU_CMDQ_CONS, SMMU_EVENTQ_BASE,
        SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS, SMMU_EVENTQ_IRQ_CFG0, SMMU_EVENTQ_IRQ_CFG1,
    };
    uint32_t before[G_N_ELEMENTS(regs)];
    SmmuBench b;

    smmu_bench_start(&b, c);
    g_assert_true(smmu_driver_irq_ctrl(&b.d, (uint32_t)field_mask(IRQ_CTRL_GERROR_IRQEN)));
    /* An error under way: the queue stands at a bad command. */
    g_assert_true(smmu_driver_push(&b.d, smmu_make((SmmuCmdOp)0xff)));
    for (unsigned i = 0; i < G_N_ELEMENTS(regs); i++) {
        before[i] = reg_read32(&b.m->regs, regs[i]);
    }
    sw_machine_migrate(b.m);
    for (unsigned i = 0; i < G_N_ELEMENTS(regs); i++) {
        g_assert_cmphex(reg_read32(&b.m->regs, regs[i]), ==, before[i]);
    }
    smmu_driver_cmdq_recover(&b.d, smmu_make_sync(SYNC_CS_NONE));
    g_assert_true(smmu_driver_drain(&b.d));
    smmu_bench_end(&b);
}

static void test_translation(const SwCase *c)
{
    SmmuStage1 s;
    ArmPages s2;
    SmmuBench b;

    smmu_bench_start(&b, c);
    if (smmu_bench_nests(&b, &s, &s2)) {
        smmu_bench_copies(&b, VA_SRC, VA_DST);
        sw_machine_migrate(b.m);
        smmu_bench_copies(&b, VA_SRC, VA_DST);
    }
    smmu_bench_end(&b);
}

static void test_events(const SwCase *c)
{
    SmmuEventWords e;
    SmmuBench b;

    smmu_bench_start(&b, c);
    sw_edu_read(b.m, VA_SRC, 0, 4);
    sw_machine_migrate(b.m);
    sw_edu_read(b.m, VA_DST, 0, 4);
    g_assert_cmpuint(smmu_driver_event_count(&b.d), ==, 2);
    g_assert_true(smmu_driver_event(&b.d, &e));
    g_assert_cmphex(e.num, ==, C_BAD_STE);
    g_assert_true(smmu_driver_event(&b.d, &e));
    g_assert_cmphex(e.num, ==, C_BAD_STE);
    smmu_bench_end(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/smmuv3/migrate/registers", test_registers, NULL);
    sw_add_cached("/smmuv3/migrate/translation", test_translation, NULL);
    sw_add_cached("/smmuv3/migrate/events", test_events, NULL);
    return g_test_run();
}

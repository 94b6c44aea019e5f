/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts and global errors: wired lines, MSIs, GERROR (IHI 0070 3.18, 7.5).
 */
#include "internal.h"

typedef struct IrqSource {
    BitField enable;     /* in IRQ_CTRL */
    SmmuCell cfg0, cfg1, cfg2;
    BitField abort;      /* in GERROR: its MSI was aborted */
    SmmuIrqLine line;
} IrqSource;

static const IrqSource irq_sources[] = {
    [SMMU_SOURCE_EVENTQ] = {
        IRQ_CTRL_EVENTQ_IRQEN, CELL_EVENTQ_IRQ_CFG0, CELL_EVENTQ_IRQ_CFG1, CELL_EVENTQ_IRQ_CFG2,
        GERROR_MSI_EVENTQ_ABT_ERR, SMMU_IRQ_EVENTQ,
    },
    [SMMU_SOURCE_PRIQ] = {
        IRQ_CTRL_PRIQ_IRQEN, CELL_PRIQ_IRQ_CFG0, CELL_PRIQ_IRQ_CFG1, CELL_PRIQ_IRQ_CFG2,
        GERROR_MSI_PRIQ_ABT_ERR, SMMU_IRQ_PRIQ,
    },
    [SMMU_SOURCE_GERROR] = {
        IRQ_CTRL_GERROR_IRQEN, CELL_GERROR_IRQ_CFG0, CELL_GERROR_IRQ_CFG1, CELL_GERROR_IRQ_CFG2,
        GERROR_MSI_GERROR_ABT_ERR, SMMU_IRQ_GERROR,
    },
};

/** One 32-bit write of @data. @abort is activated if it fails. */
static void send_msi(SmmuModel *m, uint64_t addr, uint32_t data, IommuMemAttr attr, BitField abort)
{
    addr = smmu_pa(m, addr);
    m->base.counters.interrupts++;
    plan_step(&m->plan, IOMMU_STEP_MSI, 0, 0, false, addr, 4);
    if (m->base.host.ops->send_msi(m->base.host.opaque, addr, data, attr, IOMMU_MSI_UNIT) !=
        IOMMU_MEM_OK) {
        smmu_gerror(m, abort);
    }
}

static void pulse(SmmuModel *m, SmmuIrqLine line)
{
    m->base.counters.interrupts++;
    m->base.host.ops->pulse_irq(m->base.host.opaque, line);
}

void smmu_irq_raise(SmmuModel *m, SmmuIrqSource source)
{
    const IrqSource *s = &irq_sources[source];
    uint64_t addr = field_in_place(&m->ns.cell[s->cfg0], IRQ_CFG0_ADDR);
    uint64_t cfg2 = m->ns.cell[s->cfg2];

    if (!cell_get(m, CELL_IRQ_CTRL, s->enable)) {
        return;
    }
    if (m->config.msi && addr) {
        send_msi(m, addr, (uint32_t)m->ns.cell[s->cfg1],
                 smmu_msi_attr(reg_get(cfg2, IRQ_CFG2_MEMATTR), reg_get(cfg2, IRQ_CFG2_SH)),
                 s->abort);
    }
    pulse(m, s->line);
}

bool smmu_irq_cmd_sync_has_msi(const SmmuModel *m, const uint64_t cmd[CMD_WORDS])
{
    return field_get(cmd, CMD_SYNC_CS) == SYNC_CS_IRQ && m->config.msi &&
           field_get(cmd, CMD_SYNC_MSIADDR);
}

void smmu_irq_cmd_sync(SmmuModel *m, const uint64_t cmd[CMD_WORDS])
{
    if (smmu_irq_cmd_sync_has_msi(m, cmd)) {
        send_msi(m, field_get(cmd, CMD_SYNC_MSIADDR) << 2, field_get(cmd, CMD_SYNC_MSIDATA),
                 smmu_msi_attr(field_get(cmd, CMD_SYNC_MSIATTR), field_get(cmd, CMD_SYNC_MSH)),
                 GERROR_MSI_CMDQ_ABT_ERR);
    }
    pulse(m, SMMU_IRQ_CMDQ_SYNC);
}

bool smmu_gerror_active(const SmmuModel *m, BitField bit)
{
    return cell_get(m, CELL_GERROR, bit) != cell_get(m, CELL_GERRORN, bit);
}

void smmu_gerror(SmmuModel *m, BitField bit)
{
    if (smmu_gerror_active(m, bit)) {
        return; /* a second error while one is active leaves no mark (7.5) */
    }
    cell_set(m, CELL_GERROR, bit, !cell_get(m, CELL_GERROR, bit));
    if (bit != GERROR_MSI_GERROR_ABT_ERR) {
        smmu_irq_raise(m, SMMU_SOURCE_GERROR);
    }
}

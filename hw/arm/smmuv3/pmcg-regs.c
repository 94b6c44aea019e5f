/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the performance monitor counter group (IHI 0070 10.5), its reset and its saved
 * state. With CFGR.RELOC_CTRS counters and overflow status are in a page of their own.
 */
#include "internal.h"

#include <string.h>

static uint64_t implemented_counters(const SmmuModel *m)
{
    return low_mask(m->config.pmcg);
}

static uint32_t cfgr(const SmmuConfig *c)
{
    return reg_make(CFGR_NCTR, c->pmcg - 1) | reg_make(CFGR_SIZE, c->pmcg_size - 1) |
           reg_make(CFGR_RELOC_CTRS, c->pmcg_reloc) | reg_make(CFGR_MSI, c->pmcg_msi) |
           reg_make(CFGR_CAPTURE, c->pmcg_capture) |
           reg_make(CFGR_SID_FILTER_TYPE, c->pmcg_one_filter);
}

static uint32_t evtyper_writable(const SmmuConfig *c, unsigned n)
{
    return field_mask(EVTYPER_EVENT) |
           (c->pmcg_one_filter && n ? 0 : field_mask(EVTYPER_FILTER_SID_SPAN)) |
           (c->pmcg_capture ? field_mask(EVTYPER_OVFCAP) : 0);
}

/** PIDR and CIDR: the IIDR once more, and a debug component's class. */
static uint32_t id_register(const SmmuModel *m, uint32_t offset)
{
    static const uint8_t cidr[] = { 0x0d, 0x90, 0x05, 0xb1 };
    uint64_t iidr = m->config.iidr;
    unsigned product = reg_get(iidr, IIDR_PRODUCTID), who = reg_get(iidr, IIDR_IMPLEMENTER);

    if (offset >= PMCG_CIDR0) {
        return cidr[(offset - PMCG_CIDR0) / 4];
    }
    if (!iidr) {
        return 0;
    }
    switch (offset) {
    case PMCG_PIDR0:
        return product & 0xff;
    case PMCG_PIDR0 + 4:
        return (who & 0xf) << 4 | product >> 8;
    case PMCG_PIDR0 + 8: /* bit 3: the code is a JEDEC one */
        return reg_get(iidr, IIDR_VARIANT) << 4 | 0x8 | (who >> 4 & 7);
    case PMCG_PIDR0 + 12:
        return reg_get(iidr, IIDR_REVISION) << 4;
    case PMCG_PIDR4:
        return who >> 8;
    default:
        return 0;
    }
}

/** Counter whose word is at @offset of an array. False: not implemented. */
static bool counter_at(const SmmuModel *m, uint32_t offset, unsigned *n, unsigned *shift)
{
    unsigned stride = m->config.pmcg_size <= 32 ? 4 : 8;

    *n = offset / stride;
    *shift = offset % stride * 8;
    return *n < m->config.pmcg;
}

/** A 32-bit word of the registers that move with CFGR.RELOC_CTRS. */
static uint64_t read_moved(const SmmuModel *m, uint32_t offset)
{
    const SmmuPmcg *g = &m->pmcg;
    unsigned n, shift;

    if (offset < PMCG_EVCNTR_END) {
        return counter_at(m, offset - PMCG_EVCNTR, &n, &shift) ? g->count[n] >> shift : 0;
    }
    if (offset >= PMCG_SVR && offset < PMCG_SVR_END) {
        return m->config.pmcg_capture && counter_at(m, offset - PMCG_SVR, &n, &shift)
                   ? g->shadow[n] >> shift : 0;
    }
    switch (offset) {
    case PMCG_OVSCLR0:
    case PMCG_OVSSET0:
        return g->ovs;
    case PMCG_OVSCLR0 + 4:
    case PMCG_OVSSET0 + 4:
        return g->ovs >> 32;
    default:
        return 0;
    }
}

static uint64_t read_fixed(const SmmuModel *m, uint32_t offset)
{
    const SmmuPmcg *g = &m->pmcg;

    if (offset >= PMCG_EVTYPER(0) && offset < PMCG_EVTYPER(m->config.pmcg)) {
        return g->evtyper[(offset - PMCG_EVTYPER(0)) / 4];
    }
    if (offset >= PMCG_SMR(0) && offset < PMCG_SMR(m->config.pmcg)) {
        return g->smr[(offset - PMCG_SMR(0)) / 4];
    }
    if (offset >= PMCG_PIDR4) {
        return id_register(m, offset);
    }
    switch (offset) {
    case PMCG_CNTENSET0:
    case PMCG_CNTENCLR0:
        return g->cnten;
    case PMCG_CNTENSET0 + 4:
    case PMCG_CNTENCLR0 + 4:
        return g->cnten >> 32;
    case PMCG_INTENSET0:
    case PMCG_INTENCLR0:
        return g->inten;
    case PMCG_INTENSET0 + 4:
    case PMCG_INTENCLR0 + 4:
        return g->inten >> 32;
    case PMCG_CFGR:
        return cfgr(&m->config);
    case PMCG_CR:
        return g->cr;
    case PMCG_IIDR:
        return m->config.iidr;
    case PMCG_CEID0:
        return smmu_pmcg_ceid0(&m->config);
    case PMCG_IRQ_CTRL:
    case PMCG_IRQ_CTRLACK:
        return g->irq_ctrl;
    case PMCG_IRQ_CFG0:
        return g->irq_cfg0;
    case PMCG_IRQ_CFG0 + 4:
        return g->irq_cfg0 >> 32;
    case PMCG_IRQ_CFG1:
        return g->irq_cfg1;
    case PMCG_IRQ_CFG2:
        return g->irq_cfg2;
    case PMCG_IRQ_STATUS:
        return g->irq_status;
    case PMCG_AIDR:
        return m->config.minor;
    case PMCG_PMDEVARCH:
        return PMDEVARCH_VALUE;
    case PMCG_PMDEVTYPE:
        return PMDEVTYPE_VALUE;
    default:
        return 0;
    }
}

static void write_moved(SmmuModel *m, uint32_t offset, uint32_t value)
{
    SmmuPmcg *g = &m->pmcg;
    uint64_t high = (uint64_t)value << 32;
    unsigned n, shift;

    if (offset < PMCG_EVCNTR_END) {
        if (counter_at(m, offset - PMCG_EVCNTR, &n, &shift)) {
            g->count[n] = (g->count[n] & ~((uint64_t)UINT32_MAX << shift)) |
                          (uint64_t)value << shift;
            g->count[n] &= low_mask(m->config.pmcg_size);
        }
        return;
    }
    switch (offset) {
    case PMCG_OVSCLR0:
        g->ovs &= ~(uint64_t)value;
        break;
    case PMCG_OVSCLR0 + 4:
        g->ovs &= ~high;
        break;
    case PMCG_OVSSET0:
        g->ovs |= value & implemented_counters(m);
        break;
    case PMCG_OVSSET0 + 4:
        g->ovs |= high & implemented_counters(m);
        break;
    case PMCG_CAPR:
        if (m->config.pmcg_capture && reg_get(value, CAPR_CAPTURE)) {
            smmu_pmcg_capture(m);
        }
        break;
    default:
        break;
    }
}

/** MSI configuration, guarded by IRQEN. */
static void write_irq_cfg(SmmuModel *m, uint32_t offset, uint32_t value)
{
    SmmuPmcg *g = &m->pmcg;
    uint64_t addr = field_mask(IRQ_CFG0_ADDR) & low_mask(m->config.oas);

    if (!m->config.pmcg_msi || reg_get(g->irq_ctrl, PMCG_IRQ_CTRL_IRQEN)) {
        return;
    }
    switch (offset) {
    case PMCG_IRQ_CFG0:
        g->irq_cfg0 = (g->irq_cfg0 >> 32 << 32 | value) & addr;
        break;
    case PMCG_IRQ_CFG0 + 4:
        g->irq_cfg0 = ((g->irq_cfg0 & UINT32_MAX) | (uint64_t)value << 32) & addr;
        break;
    case PMCG_IRQ_CFG1:
        g->irq_cfg1 = value;
        break;
    default:
        g->irq_cfg2 = value & (field_mask(IRQ_CFG2_MEMATTR) | field_mask(IRQ_CFG2_SH));
        break;
    }
}

static void write_fixed(SmmuModel *m, uint32_t offset, uint32_t value)
{
    SmmuPmcg *g = &m->pmcg;
    uint64_t all = implemented_counters(m), high = (uint64_t)value << 32;

    if (offset >= PMCG_EVTYPER(0) && offset < PMCG_EVTYPER(m->config.pmcg)) {
        unsigned n = (offset - PMCG_EVTYPER(0)) / 4;

        g->evtyper[n] = value & evtyper_writable(&m->config, n);
        return;
    }
    if (offset >= PMCG_SMR(0) &&
        offset < PMCG_SMR(m->config.pmcg_one_filter ? 1 : m->config.pmcg)) {
        g->smr[(offset - PMCG_SMR(0)) / 4] = value & low_mask(m->config.sidsize);
        return;
    }
    switch (offset) {
    case PMCG_CNTENSET0:
        g->cnten |= value & all;
        break;
    case PMCG_CNTENSET0 + 4:
        g->cnten |= high & all;
        break;
    case PMCG_CNTENCLR0:
        g->cnten &= ~(uint64_t)value;
        break;
    case PMCG_CNTENCLR0 + 4:
        g->cnten &= ~high;
        break;
    case PMCG_INTENSET0:
        g->inten |= value & all;
        break;
    case PMCG_INTENSET0 + 4:
        g->inten |= high & all;
        break;
    case PMCG_INTENCLR0:
        g->inten &= ~(uint64_t)value;
        break;
    case PMCG_INTENCLR0 + 4:
        g->inten &= ~high;
        break;
    case PMCG_CR:
        g->cr = value & field_mask(PMCG_CR_E);
        break;
    case PMCG_IRQ_CTRL:
        if (reg_get(value, PMCG_IRQ_CTRL_IRQEN) && !reg_get(g->irq_ctrl, PMCG_IRQ_CTRL_IRQEN)) {
            g->irq_status = 0;
        }
        g->irq_ctrl = value & field_mask(PMCG_IRQ_CTRL_IRQEN);
        break;
    case PMCG_IRQ_CFG0:
    case PMCG_IRQ_CFG0 + 4:
    case PMCG_IRQ_CFG1:
    case PMCG_IRQ_CFG2:
        write_irq_cfg(m, offset, value);
        break;
    default:
        break;
    }
}

/** Which page @offset is in, and where in it. */
static bool page_of(const SmmuModel *m, uint64_t offset, bool *moved)
{
    if (offset - PMCG_PAGE0 < PMCG_PAGE_BYTES) {
        *moved = !m->config.pmcg_reloc;
        return true;
    }
    *moved = true;
    return m->config.pmcg_reloc && offset - PMCG_PAGE1 < PMCG_PAGE_BYTES;
}

bool smmu_pmcg_owns(const SmmuModel *m, uint64_t offset)
{
    bool moved;

    return m->config.pmcg && page_of(m, offset, &moved);
}

static uint64_t read_word(const SmmuModel *m, uint64_t offset)
{
    uint32_t at = offset % PMCG_PAGE_BYTES;
    uint64_t value = 0;
    bool moved;

    page_of(m, offset, &moved);
    if (moved) {
        value = read_moved(m, at);
    }
    if (offset - PMCG_PAGE0 < PMCG_PAGE_BYTES) {
        value |= read_fixed(m, at);
    }
    return value & UINT32_MAX;
}

static void write_word(SmmuModel *m, uint64_t offset, uint32_t value)
{
    uint32_t at = offset % PMCG_PAGE_BYTES;
    bool moved;

    page_of(m, offset, &moved);
    if (moved) {
        write_moved(m, at, value);
    }
    if (offset - PMCG_PAGE0 < PMCG_PAGE_BYTES) {
        write_fixed(m, at, value);
    }
}

uint64_t smmu_pmcg_read(SmmuModel *m, uint64_t offset, unsigned size)
{
    smmu_pmcg_catch_up(m);
    return read_word(m, offset) | (size == 8 ? read_word(m, offset + 4) << 32 : 0);
}

void smmu_pmcg_write(SmmuModel *m, uint64_t offset, uint64_t value, unsigned size)
{
    smmu_pmcg_catch_up(m);
    write_word(m, offset, value);
    if (size == 8) {
        write_word(m, offset + 4, value >> 32);
    }
    m->pmcg.pmu.counting = smmu_pmcg_enabled(m);
    smmu_pmcg_arm(m);
}

/* ---- Reset, saved state ------------------------------------------------------------------- */

void smmu_pmcg_reset(SmmuModel *m)
{
    memset(&m->pmcg, 0, sizeof(m->pmcg));
    m->pmcg.pmu.seen = iommu_pmu_now(&m->base);
}

#define PMCG_ITEMS 9u

void smmu_pmcg_save(SmmuModel *m, IommuStateWriter *w)
{
    SmmuPmcg *g = &m->pmcg;
    uint64_t items[PMCG_ITEMS];

    if (!m->config.pmcg) {
        return;
    }
    smmu_pmcg_catch_up(m);
    memcpy(items, (uint64_t[PMCG_ITEMS]) {
        cfgr(&m->config), g->cnten, g->inten, g->ovs, g->irq_cfg0,
        (uint64_t)g->irq_cfg1 << 32 | g->irq_cfg2, g->cr, g->irq_ctrl, g->irq_status,
    }, sizeof(items));
    iommu_state_put(w, "smmuv3.pmcg", items, 8, PMCG_ITEMS);
    iommu_state_put(w, "smmuv3.pmcg.count", g->count, 8, PMCG_MAX_COUNTERS);
    iommu_state_put(w, "smmuv3.pmcg.shadow", g->shadow, 8, PMCG_MAX_COUNTERS);
    iommu_state_put(w, "smmuv3.pmcg.evtyper", g->evtyper, 4, PMCG_MAX_COUNTERS);
    iommu_state_put(w, "smmuv3.pmcg.smr", g->smr, 4, PMCG_MAX_COUNTERS);
}

bool smmu_pmcg_load(SmmuModel *m, IommuStateReader *r)
{
    SmmuPmcg *g = &m->pmcg;
    uint64_t items[PMCG_ITEMS], all = implemented_counters(m);

    if (!m->config.pmcg) {
        return true;
    }
    smmu_pmcg_reset(m);
    if (!iommu_state_get(r, "smmuv3.pmcg", items, 8, PMCG_ITEMS) || items[0] != cfgr(&m->config) ||
        !iommu_state_get(r, "smmuv3.pmcg.count", g->count, 8, PMCG_MAX_COUNTERS) ||
        !iommu_state_get(r, "smmuv3.pmcg.shadow", g->shadow, 8, PMCG_MAX_COUNTERS) ||
        !iommu_state_get(r, "smmuv3.pmcg.evtyper", g->evtyper, 4, PMCG_MAX_COUNTERS) ||
        !iommu_state_get(r, "smmuv3.pmcg.smr", g->smr, 4, PMCG_MAX_COUNTERS)) {
        return false;
    }
    /* An image is no more trusted than a register write */
    g->cnten = items[1] & all;
    g->inten = items[2] & all;
    g->ovs = items[3] & all;
    g->irq_cfg0 = items[4] & field_mask(IRQ_CFG0_ADDR) & low_mask(m->config.oas);
    g->irq_cfg1 = items[5] >> 32;
    g->irq_cfg2 = items[5] & (field_mask(IRQ_CFG2_MEMATTR) | field_mask(IRQ_CFG2_SH));
    g->cr = items[6] & field_mask(PMCG_CR_E);
    g->irq_ctrl = items[7] & field_mask(PMCG_IRQ_CTRL_IRQEN);
    g->irq_status = items[8] & field_mask(PMCG_IRQ_STATUS_ABT);
    for (unsigned n = 0; n < PMCG_MAX_COUNTERS; n++) {
        g->count[n] &= low_mask(m->config.pmcg_size);
        g->shadow[n] &= low_mask(m->config.pmcg_size);
        g->evtyper[n] &= evtyper_writable(&m->config, n);
        g->smr[n] &= low_mask(m->config.sidsize);
    }
    g->pmu.counting = smmu_pmcg_enabled(m);
    smmu_pmcg_arm(m);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small SMMUv3 driver: bring-up, command queue, event queue (Arm IHI 0070, 3.5, 6.3, 7.1). */
#include "smmu-driver.h"

#include <string.h>

#define QUEUE_LOG2SIZE 8
#define ATTR_WB 1u

void smmu_driver_init(SmmuDriver *d, const RegBus *bus, GuestMem *mem)
{
    *d = (SmmuDriver) {
        .bus = bus, .mem = mem,
        .idr0 = reg_read32(bus, SMMU_IDR0), .idr1 = reg_read32(bus, SMMU_IDR1),
        .idr3 = reg_read32(bus, SMMU_IDR3), .idr5 = reg_read32(bus, SMMU_IDR5),
    };
}

/* ---- registers with an acknowledge ------------------------------------------------------- */

bool smmu_driver_cr0(SmmuDriver *d, uint32_t cr0)
{
    reg_write32(d->bus, SMMU_CR0, cr0);
    return reg_poll32(d->bus, SMMU_CR0ACK, ~0u, cr0);
}

bool smmu_driver_irq_ctrl(SmmuDriver *d, uint32_t irq_ctrl)
{
    reg_write32(d->bus, SMMU_IRQ_CTRL, irq_ctrl);
    return reg_poll32(d->bus, SMMU_IRQ_CTRLACK, ~0u, irq_ctrl);
}

bool smmu_driver_gbpa(SmmuDriver *d, uint32_t gbpa)
{
    uint32_t update = (uint32_t)field_mask(GBPA_UPDATE);

    if (!reg_poll32(d->bus, SMMU_GBPA, update, 0)) {
        return false;
    }
    reg_write32(d->bus, SMMU_GBPA, gbpa | update);
    return reg_poll32(d->bus, SMMU_GBPA, update, 0);
}

/* ---- bring-up ---------------------------------------------------------------------------- */

static unsigned queue_log2size(unsigned wanted, uint32_t idr1, BitField limit)
{
    unsigned most = (unsigned)reg_get(idr1, limit);

    wanted = wanted ? wanted : QUEUE_LOG2SIZE;
    return wanted < most ? wanted : most;
}

/* Memory for a queue, and its BASE register. A queue is aligned to its size, at least 32 bytes. */
static uint64_t queue_init(SmmuDriver *d, uint32_t base_reg, unsigned entry_bytes,
                           unsigned log2size)
{
    uint64_t bytes = (uint64_t)entry_bytes << log2size;
    uint64_t base = gmem_alloc(d->mem, bytes, bytes < 32 ? 32 : bytes);

    reg_write64(d->bus, base_reg,
                base | reg_make(Q_BASE_LOG2SIZE, log2size) | reg_make(Q_BASE_HINT, 1));
    return base;
}

static uint32_t cr1_value(void)
{
    uint64_t cr1 = 0;

    field_set(&cr1, CR1_QUEUE_IC, ATTR_WB);
    field_set(&cr1, CR1_QUEUE_OC, ATTR_WB);
    field_set(&cr1, CR1_QUEUE_SH, SH_ISH);
    field_set(&cr1, CR1_TABLE_IC, ATTR_WB);
    field_set(&cr1, CR1_TABLE_OC, ATTR_WB);
    field_set(&cr1, CR1_TABLE_SH, SH_ISH);
    return (uint32_t)cr1;
}

bool smmu_driver_start_queues(SmmuDriver *d)
{
    bool pri = reg_get(d->idr0, IDR0_PRI);
    uint64_t cr0 = 0;

    /* Everything off first: what follows may only be written while it is (6.3.9). */
    if (!smmu_driver_cr0(d, 0)) {
        return false;
    }
    reg_write32(d->bus, SMMU_CR1, cr1_value());
    reg_write32(d->bus, SMMU_CR2, (uint32_t)(reg_make(CR2_RECINVSID, 1) | reg_make(CR2_PTM, 1)));

    d->cmdq_log2size = queue_log2size(d->cmdq_log2size, d->idr1, IDR1_CMDQS);
    d->cmdq = queue_init(d, SMMU_CMDQ_BASE, CMD_BYTES, d->cmdq_log2size);
    d->cmdq_prod = 0;
    reg_write32(d->bus, SMMU_CMDQ_PROD, 0);
    reg_write32(d->bus, SMMU_CMDQ_CONS, 0);

    d->eventq_log2size = queue_log2size(d->eventq_log2size, d->idr1, IDR1_EVENTQS);
    d->eventq = queue_init(d, SMMU_EVENTQ_BASE, EVENT_BYTES, d->eventq_log2size);
    d->eventq_cons = 0;
    reg_write32(d->bus, SMMU_EVENTQ_PROD, 0);
    reg_write32(d->bus, SMMU_EVENTQ_CONS, 0);

    field_set(&cr0, CR0_CMDQEN, 1);
    field_set(&cr0, CR0_EVENTQEN, 1);
    if (pri) {
        d->priq_log2size = queue_log2size(d->priq_log2size, d->idr1, IDR1_PRIQS);
        d->priq = queue_init(d, SMMU_PRIQ_BASE, PRI_BYTES, d->priq_log2size);
        d->priq_cons = 0;
        reg_write32(d->bus, SMMU_PRIQ_PROD, 0);
        reg_write32(d->bus, SMMU_PRIQ_CONS, 0);
        field_set(&cr0, CR0_PRIQEN, 1);
    }
    return smmu_driver_cr0(d, (uint32_t)cr0);
}

bool smmu_driver_start(SmmuDriver *d, const StreamTable *table)
{
    uint32_t cr0;

    if (!smmu_driver_start_queues(d)) {
        return false;
    }
    reg_write64(d->bus, SMMU_STRTAB_BASE, stream_table_base_reg(table));
    reg_write32(d->bus, SMMU_STRTAB_BASE_CFG, stream_table_cfg_reg(table));

    /* Whatever caches held before reset or under an earlier owner (3.11). */
    if (!smmu_driver_invalidate_all(d)) {
        return false;
    }
    cr0 = reg_read32(d->bus, SMMU_CR0) | (uint32_t)field_mask(CR0_SMMUEN);
    return smmu_driver_cr0(d, cr0);
}

bool smmu_driver_invalidate_all(SmmuDriver *d)
{
    bool ok = smmu_driver_push(d, smmu_make_cfgi_all());

    /* The EL2 command exists only with Hyp (4.4.2). */
    if (reg_get(d->idr0, IDR0_HYP)) {
        ok = ok && smmu_driver_push(d, smmu_make_tlbi_el2_all());
    }
    return ok && smmu_driver_issue(d, smmu_make_tlbi_nsnh_all());
}

/* ---- queues: the wrap flag is one bit above the index (3.5.1) ---------------------------- */

static uint32_t queue_next(uint32_t at, unsigned log2size)
{
    return (at + 1) & (uint32_t)low_mask(log2size + 1);
}

static uint64_t queue_slot(uint64_t base, uint32_t at, unsigned entry_bytes, unsigned log2size)
{
    return base + entry_bytes * (uint64_t)(at & low_mask(log2size));
}

static bool queue_full(uint32_t prod, uint32_t cons, unsigned log2size)
{
    return prod == (cons ^ (1u << log2size));
}

/* ---- command queue ----------------------------------------------------------------------- */

static uint32_t cmdq_cons(SmmuDriver *d)
{
    uint32_t cons = reg_read32(d->bus, SMMU_CMDQ_CONS);

    return (uint32_t)(reg_get(cons, Q_INDEX) & low_mask(d->cmdq_log2size + 1));
}

SmmuCmdError smmu_driver_cmdq_error(SmmuDriver *d)
{
    uint32_t active = reg_read32(d->bus, SMMU_GERROR) ^ reg_read32(d->bus, SMMU_GERRORN);

    if (!reg_get(active, GERROR_CMDQ_ERR)) {
        return CERROR_NONE;
    }
    return (SmmuCmdError)reg_get(reg_read32(d->bus, SMMU_CMDQ_CONS), CMDQ_CONS_ERR);
}

void smmu_driver_cmdq_recover(SmmuDriver *d, SmmuCmdWords cmd)
{
    uint32_t gerrorn = reg_read32(d->bus, SMMU_GERRORN);

    /* RD stayed at the failed command; the acknowledge makes the SMMU fetch it anew (7.1). */
    gmem_write_words(d->mem, queue_slot(d->cmdq, cmdq_cons(d), CMD_BYTES, d->cmdq_log2size),
                     cmd.w, CMD_WORDS);
    reg_write32(d->bus, SMMU_GERRORN, gerrorn ^ (uint32_t)field_mask(GERROR_CMDQ_ERR));
}

static void wait_a_little(SmmuDriver *d)
{
    if (d->bus->wait) {
        d->bus->wait(d->bus->opaque);
    }
}

bool smmu_driver_push(SmmuDriver *d, SmmuCmdWords cmd)
{
    for (int i = 0; queue_full(d->cmdq_prod, cmdq_cons(d), d->cmdq_log2size); i++) {
        if (i == REG_POLLS || smmu_driver_cmdq_error(d) != CERROR_NONE) {
            return false;
        }
        wait_a_little(d);
    }
    gmem_write_words(d->mem, queue_slot(d->cmdq, d->cmdq_prod, CMD_BYTES, d->cmdq_log2size),
                     cmd.w, CMD_WORDS);
    d->cmdq_prod = queue_next(d->cmdq_prod, d->cmdq_log2size);
    reg_write32(d->bus, SMMU_CMDQ_PROD, d->cmdq_prod);
    return true;
}

bool smmu_driver_drain(SmmuDriver *d)
{
    for (int i = 0; i < REG_POLLS; i++) {
        if (smmu_driver_cmdq_error(d) != CERROR_NONE) {
            return false;
        }
        if (cmdq_cons(d) == d->cmdq_prod) {
            return true;
        }
        wait_a_little(d);
    }
    return false;
}

bool smmu_driver_sync(SmmuDriver *d)
{
    return smmu_driver_push(d, smmu_make_sync(SYNC_CS_NONE)) && smmu_driver_drain(d);
}

bool smmu_driver_issue(SmmuDriver *d, SmmuCmdWords cmd)
{
    return smmu_driver_push(d, cmd) && smmu_driver_sync(d);
}

/* ---- event and page request queues ------------------------------------------------------- */

static bool has_ipa(unsigned num)
{
    return num >= F_TRANSLATION && num <= F_PERMISSION;
}

static bool has_fetch_addr(unsigned num)
{
    return num == F_STE_FETCH || num == F_CD_FETCH || num == F_VMS_FETCH || num == F_WALK_EABT;
}

void smmu_event_decode(const uint64_t w[EVENT_WORDS], SmmuEventWords *e)
{
    memcpy(e->w, w, EVENT_BYTES);
    e->num = (uint8_t)field_get(w, EVT_NUM);
    e->sid = (uint32_t)field_get(w, EVT_STREAMID);
    e->ssv = field_get(w, EVT_SSV);
    e->ssid = (uint32_t)field_get(w, EVT_SUBSTREAMID);
    e->stall = has_ipa(e->num) && field_get(w, EVT_STALL);
    e->stag = (uint16_t)field_get(w, EVT_STAG);
    e->rnw = field_get(w, EVT_RNW);
    e->pnu = field_get(w, EVT_PNU);
    e->ind = field_get(w, EVT_IND);
    e->s2 = field_get(w, EVT_S2);
    e->cls = (uint8_t)field_get(w, EVT_CLASS);
    e->ttrnw = field_get(w, EVT_TTRNW);
    e->input_addr = field_get(w, EVT_INPUTADDR);
    e->ipa = has_ipa(e->num) ? field_get(w, EVT_IPA) << 12 : 0;
    e->fetch_addr = has_fetch_addr(e->num) ? field_get(w, EVT_FETCHADDR) << 3 : 0;
}

static uint32_t queue_prod(SmmuDriver *d, uint32_t reg, unsigned log2size)
{
    return (uint32_t)(reg_get(reg_read32(d->bus, reg), Q_INDEX) & low_mask(log2size + 1));
}

unsigned smmu_driver_event_count(SmmuDriver *d)
{
    uint32_t prod = queue_prod(d, SMMU_EVENTQ_PROD, d->eventq_log2size);

    return (prod - d->eventq_cons) & (uint32_t)low_mask(d->eventq_log2size + 1);
}

bool smmu_driver_event(SmmuDriver *d, SmmuEventWords *e)
{
    uint32_t prod = reg_read32(d->bus, SMMU_EVENTQ_PROD);
    uint64_t w[EVENT_WORDS];
    uint64_t cons;

    if (queue_prod(d, SMMU_EVENTQ_PROD, d->eventq_log2size) == d->eventq_cons) {
        return false;
    }
    gmem_read_words(d->mem,
                    queue_slot(d->eventq, d->eventq_cons, EVENT_BYTES, d->eventq_log2size), w,
                    EVENT_WORDS);
    smmu_event_decode(w, e);
    d->eventq_cons = queue_next(d->eventq_cons, d->eventq_log2size);
    /* OVACKFLG follows OVFLG: the driver has seen that records were lost, if any (7.4). */
    cons = reg_make(Q_INDEX, d->eventq_cons) | reg_make(Q_OVFLG, reg_get(prod, Q_OVFLG));
    reg_write32(d->bus, SMMU_EVENTQ_CONS, (uint32_t)cons);
    return true;
}

bool smmu_driver_page_request(SmmuDriver *d, uint64_t request[PRI_WORDS])
{
    uint32_t prod = reg_read32(d->bus, SMMU_PRIQ_PROD);
    uint64_t cons;

    if (queue_prod(d, SMMU_PRIQ_PROD, d->priq_log2size) == d->priq_cons) {
        return false;
    }
    gmem_read_words(d->mem, queue_slot(d->priq, d->priq_cons, PRI_BYTES, d->priq_log2size),
                    request, PRI_WORDS);
    d->priq_cons = queue_next(d->priq_cons, d->priq_log2size);
    cons = reg_make(Q_INDEX, d->priq_cons) | reg_make(Q_OVFLG, reg_get(prod, Q_OVFLG));
    reg_write32(d->bus, SMMU_PRIQ_CONS, (uint32_t)cons);
    return true;
}

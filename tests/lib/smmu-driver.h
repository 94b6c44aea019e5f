/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small SMMUv3 driver (Arm IHI 0070): bring-up, commands with CMD_SYNC, event queue.
 *
 * It polls and knows no interrupts, so that it runs over any register access: a model in the same
 * process or QEMU behind a socket.
 */
#ifndef TESTS_LIB_SMMU_DRIVER_H
#define TESTS_LIB_SMMU_DRIVER_H

#include "guestmem.h"
#include "hw/iommu/smmuv3-layout.h"
#include "regbus.h"
#include "smmu-tables.h"

/** One command, in host order. */
typedef struct SmmuCmdWords {
    uint64_t w[CMD_WORDS];
} SmmuCmdWords;

/** One event record: raw, and decoded. */
typedef struct SmmuEventWords {
    uint64_t w[EVENT_WORDS];
    uint8_t num;        /* SmmuEventNum */
    uint32_t sid;
    bool ssv;
    uint32_t ssid;
    bool stall;
    uint16_t stag;
    bool rnw, pnu, ind;
    bool s2;
    uint8_t cls;        /* SmmuEventClass */
    bool ttrnw;
    uint64_t input_addr;
    uint64_t ipa;       /* F_TRANSLATION to F_PERMISSION at stage 2 */
    uint64_t fetch_addr; /* external aborts */
} SmmuEventWords;

/**
 * @log2size of the queues: chosen before smmu_driver_start(), 0 for the default of 8 (256
 * entries), and cut to what IDR1 allows.
 */
typedef struct SmmuDriver {
    const RegBus *bus;
    GuestMem *mem;
    uint32_t idr0, idr1, idr3, idr5;
    unsigned cmdq_log2size;
    unsigned eventq_log2size;
    unsigned priq_log2size;
    uint64_t cmdq;
    uint64_t eventq;
    uint64_t priq;
    uint32_t cmdq_prod;
    uint32_t eventq_cons;
    uint32_t priq_cons;
} SmmuDriver;

/** Read the ID registers. */
void smmu_driver_init(SmmuDriver *d, const RegBus *bus, GuestMem *mem);

/** Write CR0 and wait for CR0ACK. False if it is not acknowledged. */
bool smmu_driver_cr0(SmmuDriver *d, uint32_t cr0);

/** Write IRQ_CTRL and wait for IRQ_CTRLACK. */
bool smmu_driver_irq_ctrl(SmmuDriver *d, uint32_t irq_ctrl);

/** Write GBPA through its Update protocol. */
bool smmu_driver_gbpa(SmmuDriver *d, uint32_t gbpa);

/**
 * From any state to queues enabled, caches invalidated, @table installed, CR2.RECINVSID set and
 * SMMUEN=1. A PRI queue only if IDR0.PRI. False if a step is not acknowledged.
 */
bool smmu_driver_start(SmmuDriver *d, const StreamTable *table);

/** Same, but leave SMMUEN=0: queues only. */
bool smmu_driver_start_queues(SmmuDriver *d);

/** Put a command into the queue and ring its doorbell; waits for a free slot. */
bool smmu_driver_push(SmmuDriver *d, SmmuCmdWords cmd);

/** Wait until the queue is empty. False on a command error or if it never is. */
bool smmu_driver_drain(SmmuDriver *d);

/** CMD_SYNC without a signal, and wait for it. */
bool smmu_driver_sync(SmmuDriver *d);

/** A command, then CMD_SYNC. */
bool smmu_driver_issue(SmmuDriver *d, SmmuCmdWords cmd);

/** The active command error, or CERROR_NONE. */
SmmuCmdError smmu_driver_cmdq_error(SmmuDriver *d);

/** Replace the failed command by @cmd and acknowledge the error, so that the queue goes on. */
void smmu_driver_cmdq_recover(SmmuDriver *d, SmmuCmdWords cmd);

/** Drop every configuration and TLB entry of the Non-secure state. */
bool smmu_driver_invalidate_all(SmmuDriver *d);

/** Take the oldest event. False if the queue is empty. */
bool smmu_driver_event(SmmuDriver *d, SmmuEventWords *e);

/** Events waiting. */
unsigned smmu_driver_event_count(SmmuDriver *d);

/** Take the oldest page request. False if the queue is empty. */
bool smmu_driver_page_request(SmmuDriver *d, uint64_t request[PRI_WORDS]);

/** Decode a record as it lies in memory. */
void smmu_event_decode(const uint64_t w[EVENT_WORDS], SmmuEventWords *e);

/* ---- commands, one maker each (chapter 4) ------------------------------------------------ */

SmmuCmdWords smmu_make(SmmuCmdOp op);
SmmuCmdWords smmu_make_prefetch_config(uint32_t sid, bool ssv, uint32_t ssid);
SmmuCmdWords smmu_make_prefetch_addr(uint32_t sid, bool ssv, uint32_t ssid, uint64_t addr,
                                     unsigned size);
SmmuCmdWords smmu_make_cfgi_ste(uint32_t sid, bool leaf);
/** 2^(@range + 1) streams around @sid. */
SmmuCmdWords smmu_make_cfgi_ste_range(uint32_t sid, unsigned range);
SmmuCmdWords smmu_make_cfgi_all(void);
SmmuCmdWords smmu_make_cfgi_cd(uint32_t sid, uint32_t ssid, bool leaf);
SmmuCmdWords smmu_make_cfgi_cd_all(uint32_t sid);
SmmuCmdWords smmu_make_cfgi_vms_pidm(uint16_t vmid);
SmmuCmdWords smmu_make_tlbi_nh_all(uint16_t vmid);
SmmuCmdWords smmu_make_tlbi_nh_asid(uint16_t vmid, uint16_t asid);
SmmuCmdWords smmu_make_tlbi_nh_va(uint16_t vmid, uint16_t asid, uint64_t va, bool leaf);
SmmuCmdWords smmu_make_tlbi_nh_vaa(uint16_t vmid, uint64_t va, bool leaf);
SmmuCmdWords smmu_make_tlbi_el2_all(void);
SmmuCmdWords smmu_make_tlbi_el2_asid(uint16_t asid);
SmmuCmdWords smmu_make_tlbi_el2_va(uint16_t asid, uint64_t va, bool leaf);
SmmuCmdWords smmu_make_tlbi_el2_vaa(uint64_t va, bool leaf);
SmmuCmdWords smmu_make_tlbi_s12_vmall(uint16_t vmid);
SmmuCmdWords smmu_make_tlbi_s2_ipa(uint16_t vmid, uint64_t ipa, bool leaf);
SmmuCmdWords smmu_make_tlbi_nsnh_all(void);
/** 4096 * 2^@size bytes at @addr; 52: everything. */
SmmuCmdWords smmu_make_atc_inv(uint32_t sid, bool ssv, uint32_t ssid, bool global, uint64_t addr,
                               unsigned size);
SmmuCmdWords smmu_make_pri_resp(uint32_t sid, bool ssv, uint32_t ssid, unsigned prgindex,
                                unsigned resp);
SmmuCmdWords smmu_make_resume(uint32_t sid, uint16_t stag, bool retry, bool abort);
SmmuCmdWords smmu_make_stall_term(uint32_t sid);
SmmuCmdWords smmu_make_sync(unsigned cs);
/** CMD_SYNC that writes @data to @addr when it completes. */
SmmuCmdWords smmu_make_sync_msi(uint64_t addr, uint32_t data);

/**
 * Turn a TLBI by address into a range of @pages (at most 2^38) of the granule; @ttl: level of the
 * leaves, or 0 if unknown. The range is rounded up to (NUM + 1) * 2^SCALE pages.
 */
SmmuCmdWords smmu_make_range(SmmuCmdWords tlbi, unsigned granule_lg2, uint64_t pages,
                             unsigned ttl);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 model: public interface. A Non-secure Arm SMMU of architecture version 3.0 to 3.4
 * (IHI 0070 G.b), without QEMU. Layouts are in smmuv3-layout.h.
 *
 * Host contract beyond host.h:
 *  - Wired interrupt lines are SmmuIrqLine.
 *  - A transaction whose IommuTxn.cookie is 0 comes from a client that cannot wait: where the
 *    configuration asks for a stall it is terminated with an abort, and the event says Stall=0.
 *  - stall_done() is called only when no model function is active, so it may start transactions.
 *  - No event reaches the processors' WFE: IDR0.SEV is 0, and CMD_SYNC with CS=SEV completes like
 *    CS=none.
 */
#ifndef HW_IOMMU_SMMUV3_H
#define HW_IOMMU_SMMUV3_H

#include "hw/iommu/model.h"
#include "hw/iommu/profile.h"

/** Wired interrupt outputs, numbers of IommuHostOps.pulse_irq. */
typedef enum SmmuIrqLine {
    SMMU_IRQ_EVENTQ = 0,
    SMMU_IRQ_PRIQ = 1,
    SMMU_IRQ_CMDQ_SYNC = 2,
    SMMU_IRQ_GERROR = 3,
    SMMU_IRQ_PMCG = 4, /* performance monitor overflow */
    SMMU_IRQ_LINES
} SmmuIrqLine;

/** IDR0.HTTU. */
typedef enum SmmuHttu {
    SMMU_HTTU_OFF = 0,
    SMMU_HTTU_AF = 1,    /* access flag */
    SMMU_HTTU_AFDBM = 2, /* and dirty state */
    SMMU_HTTU_HAFT = 3,  /* and access flag of table descriptors */
} SmmuHttu;

/** IDR0.STALL_MODEL. */
typedef enum SmmuStallModel {
    SMMU_STALL_ON = 0,    /* stall and terminate */
    SMMU_STALL_OFF = 1,   /* terminate only */
    SMMU_STALL_FORCE = 2, /* stall only */
} SmmuStallModel;

/**
 * Capabilities, named after their ID register fields. Sizes are log2 or bits as the field is; oas
 * and vax are in bits. Fields of type uint8_t and bool so that property tables can set them.
 */
typedef struct SmmuConfig {
    const IommuProfile *profile; /* NULL: "full" */

    uint8_t minor;       /* AIDR.ArchMinorRev: 0..4 for SMMUv3.0 .. 3.4 */
    uint32_t iidr;

    /* IDR0 */
    bool s1p, s2p;
    bool cohacc;
    uint8_t httu;        /* SmmuHttu */
    bool hyp;            /* EL2 StreamWorlds */
    bool ats;
    bool ns1ats;         /* 1: split-stage ATS is NOT supported */
    bool asid16;
    bool msi;
    bool atos;
    bool pri;
    bool vmw;
    bool vmid16;
    bool cd2l;
    bool vatos;
    bool atsrecerr;
    uint8_t stall_model; /* SmmuStallModel */
    bool term_model;     /* 1: terminated means aborted, never RAZ/WI */
    uint8_t st_level;    /* 0 linear, 1 two-level too */

    /* IDR1 */
    uint8_t sidsize;     /* 0..32 */
    uint8_t ssidsize;    /* 0..20 */
    uint8_t cmdqs, eventqs, priqs; /* log2 entries, 0..19 */
    bool attr_perms_ovr;
    bool attr_types_ovr;
    bool ecmdq;
    uint8_t ecmdq_log2nump; /* control pages, log2, 0..4 */
    uint8_t ecmdq_log2numq; /* queues in each page, log2, 0..8 */

    /* IDR3 */
    bool had, xnx, pps, fwb, stt, ril, e0pd, ptwnnc, pasidtt, epan, mteperm;
    uint8_t bbml;        /* 0..2 */

    /* IDR5 */
    uint8_t oas;         /* bits: 32, 36, 40, 42, 44, 48, 52 */
    bool gran4k, gran16k, gran64k;
    bool ds;             /* 52-bit addresses with 4 and 16 KB granules */
    uint8_t vax;         /* bits of input address: 48 or 52 */
    uint16_t stall_max;  /* unresolved stall records, 1..4096; 0 if stall_model is off */

    /* Performance monitor counter group (chapter 10) at offset 0x2000 */
    uint8_t pmcg;        /* counters, 0..64; 0: there is no group */
    uint8_t pmcg_size;   /* bits of a counter: 32, 36, 40, 44, 48, 64 */
    bool pmcg_reloc;     /* CFGR.RELOC_CTRS: counters in a page at offset 0x12000 */
    bool pmcg_msi;
    bool pmcg_capture;
    bool pmcg_one_filter; /* CFGR.SID_FILTER_TYPE: counter 0's StreamID filter is all counters' */

    /* Reset values the architecture leaves to the implementation */
    bool gbpa_abort;     /* GBPA.ABORT after reset */
} SmmuConfig;

/**
 * Fill @c with a named set: "max" (everything this model has), "qemu" (what QEMU 10.0's own device
 * advertises with stage=nested), "mmu600", "mmu700" (as far as modelled), "min" (stage 1 only,
 * nothing optional). False if @name is none of these. The profile is left NULL.
 */
bool smmu_config_named(SmmuConfig *c, const char *name);

/** Names for messages: "max, qemu, mmu600, mmu700, min". */
const char *smmu_config_names(void);

/**
 * Check @c against what IDR registers may say together. False: @err holds one line that names
 * field, value and what is allowed.
 */
bool smmu_config_check(const SmmuConfig *c, char *err, size_t size);

/**
 * Switch off what is newer than the version after @c->minor's, which is as far as it may go (2.9).
 */
void smmu_config_trim(SmmuConfig *c);

/**
 * Switch off what would need registers beyond @bytes from Page 0 (0x20000: no VATOS, no ECMDQ), for
 * machines that have no room for them.
 */
void smmu_config_fit(SmmuConfig *c, uint64_t bytes);

/** Bytes of register space: 0x20000 plus the VATOS page and ECMDQ control pages. */
uint64_t smmu_mmio_size(const SmmuConfig *c);

/**
 * Create a model in its reset state. @c is copied and must pass smmu_config_check(); the profile it
 * names must outlive the model. NULL if it does not pass or memory is out.
 */
IommuModel *smmu_new(const SmmuConfig *c, const IommuHost *host);

/** The configuration @m was made with. */
const SmmuConfig *smmu_config(const IommuModel *m);

#endif

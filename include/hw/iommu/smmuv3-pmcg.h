/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 performance monitor counter group: register map, fields and events (IHI 0070 chapter 10).
 * Private to the model and its tests.
 */
#ifndef HW_IOMMU_SMMUV3_PMCG_H
#define HW_IOMMU_SMMUV3_PMCG_H

#include "hw/iommu/fields.h"

/* Where the group's two pages lie in the SMMU's register space. */
#define PMCG_PAGE0       0x02000u
#define PMCG_PAGE1       0x12000u
#define PMCG_PAGE_BYTES  0x1000u

#define PMCG_MAX_COUNTERS 64u

/* Offsets in a page (10.5.1). @n: counter. */
#define PMCG_EVCNTR      0x000u /* 4 or 8 bytes each, by CFGR.SIZE */
#define PMCG_EVCNTR_END  0x200u
#define PMCG_EVTYPER(n)  (0x400u + 4 * (n))
#define PMCG_SVR         0x600u /* as EVCNTR */
#define PMCG_SVR_END     0x800u
#define PMCG_SMR(n)      (0xa00u + 4 * (n))
#define PMCG_CNTENSET0   0xc00u /* 64 bits, as the next five */
#define PMCG_CNTENCLR0   0xc20u
#define PMCG_INTENSET0   0xc40u
#define PMCG_INTENCLR0   0xc60u
#define PMCG_OVSCLR0     0xc80u
#define PMCG_OVSSET0     0xcc0u
#define PMCG_CAPR        0xd88u
#define PMCG_SCR         0xdf8u
#define PMCG_CFGR        0xe00u
#define PMCG_CR          0xe04u
#define PMCG_IIDR        0xe08u
#define PMCG_CEID0       0xe20u /* 64 bits */
#define PMCG_CEID1       0xe28u /* 64 bits */
#define PMCG_IRQ_CTRL    0xe50u
#define PMCG_IRQ_CTRLACK 0xe54u
#define PMCG_IRQ_CFG0    0xe58u /* 64 bits */
#define PMCG_IRQ_CFG1    0xe60u
#define PMCG_IRQ_CFG2    0xe64u
#define PMCG_IRQ_STATUS  0xe68u
#define PMCG_GMPAM       0xe6cu
#define PMCG_AIDR        0xe70u
#define PMCG_PMDEVARCH   0xfbcu
#define PMCG_PMDEVTYPE   0xfccu
#define PMCG_PIDR4       0xfd0u
#define PMCG_PIDR0       0xfe0u
#define PMCG_CIDR0       0xff0u

/* EVTYPERn (10.5.2.2) */
#define EVTYPER_EVENT           REGFIELD(15, 0)
#define EVTYPER_FILTER_SID_SPAN REGFIELD(29, 29)
#define EVTYPER_OVFCAP          REGFIELD(31, 31)

#define CAPR_CAPTURE            REGFIELD(0, 0)

/* CFGR (10.5.2.13) */
#define CFGR_NCTR               REGFIELD(5, 0)   /* counters - 1 */
#define CFGR_SIZE               REGFIELD(13, 8)  /* bits of a counter - 1 */
#define CFGR_RELOC_CTRS         REGFIELD(20, 20)
#define CFGR_MSI                REGFIELD(21, 21)
#define CFGR_CAPTURE            REGFIELD(22, 22)
#define CFGR_SID_FILTER_TYPE    REGFIELD(23, 23) /* 1: one filter for all counters */

#define PMCG_CR_E               REGFIELD(0, 0)
#define PMCG_IRQ_CTRL_IRQEN     REGFIELD(0, 0)
#define PMCG_IRQ_STATUS_ABT     REGFIELD(0, 0)

/* IIDR (10.5.2.15), and the ID registers that repeat it */
#define IIDR_PRODUCTID          REGFIELD(31, 20)
#define IIDR_VARIANT            REGFIELD(19, 16)
#define IIDR_REVISION           REGFIELD(15, 12)
#define IIDR_IMPLEMENTER        REGFIELD(11, 0)

#define PMDEVARCH_VALUE         0x47702a56u /* ARCHITECT 0x23b, PRESENT, ARCHID 0x2a56 */
#define PMDEVTYPE_VALUE         0x56u

/** Architected events (10.3), then implementation-defined ones. */
typedef enum PmcgEventNum {
    PMCG_EV_CYCLES = 0,
    PMCG_EV_TRANSACTION = 1,
    PMCG_EV_TLB_MISS = 2,          /* transactions with one */
    PMCG_EV_CONFIG_MISS = 3,       /* transactions with one */
    PMCG_EV_WALK_ACCESS = 4,
    PMCG_EV_CONFIG_ACCESS = 5,
    PMCG_EV_ATS_REQUEST = 6,
    PMCG_EV_ATS_TRANSLATED = 7,

    /* Walk caches, numbered as in Arm's MMU-600: of what a descriptor of a level points to. */
    PMCG_EV_S1L0_LOOKUP = 0x80, PMCG_EV_S1L0_MISS = 0x81,
    PMCG_EV_S1L1_LOOKUP = 0x82, PMCG_EV_S1L1_MISS = 0x83,
    PMCG_EV_S1L2_LOOKUP = 0x84, PMCG_EV_S1L2_MISS = 0x85,
    PMCG_EV_S2L0_LOOKUP = 0x88, PMCG_EV_S2L0_MISS = 0x89,
    PMCG_EV_S2L1_LOOKUP = 0x8a, PMCG_EV_S2L1_MISS = 0x8b,
    PMCG_EV_S2L2_LOOKUP = 0x8c, PMCG_EV_S2L2_MISS = 0x8d,
    PMCG_EV_CONFIG_LOOKUP = 0x92,  /* STE and CD lookups */
    /* Not in the MMU-600's list. */
    PMCG_EV_CONFIG_LOOKUP_MISS = 0xa0,
    PMCG_EV_TLB_LOOKUP = 0xa1,
    PMCG_EV_TLB_LOOKUP_MISS = 0xa2,
    PMCG_EV_IPA_LOOKUP = 0xa3,
    PMCG_EV_IPA_MISS = 0xa4,
    PMCG_EV_WALK = 0xa5,
    PMCG_EV_S1_READ = 0xa6,        /* descriptors read, by stage */
    PMCG_EV_S2_READ = 0xa7,
    PMCG_EV_UPDATE = 0xa8,         /* descriptors updated by HTTU */
    PMCG_EV_S1LM1_LOOKUP = 0xa9, PMCG_EV_S1LM1_MISS = 0xaa, /* level -1 */
    PMCG_EV_S2LM1_LOOKUP = 0xab, PMCG_EV_S2LM1_MISS = 0xac,
    PMCG_EV_UTLB_LOOKUP = 0xad,    /* first-level TLB */
    PMCG_EV_UTLB_MISS = 0xae,
} PmcgEventNum;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of everything an SMMUv3 shares with software: registers, Stream table and Context
 * descriptors, commands, event and page request records (Arm IHI 0070 G.b, chapters 4 to 8).
 *
 * Offsets are bytes from the base of register Page 0. In-memory structures are arrays of uint64_t
 * in host order; memory holds them little endian.
 */
#ifndef HW_IOMMU_SMMUV3_LAYOUT_H
#define HW_IOMMU_SMMUV3_LAYOUT_H

#include "hw/iommu/fields.h"

/* ---- Registers (6.2) ---------------------------------------------------------------------- */

#define SMMU_PAGE_BYTES          0x10000u
#define SMMU_PAGE1               0x10000u
#define SMMU_FIRST_EXTRA_PAGE    0x20000u /* VATOS and ECMDQ pages begin here */

#define SMMU_IDR0                0x000u
#define SMMU_IDR1                0x004u
#define SMMU_IDR2                0x008u
#define SMMU_IDR3                0x00cu
#define SMMU_IDR4                0x010u
#define SMMU_IDR5                0x014u
#define SMMU_IIDR                0x018u
#define SMMU_AIDR                0x01cu
#define SMMU_CR0                 0x020u
#define SMMU_CR0ACK              0x024u
#define SMMU_CR1                 0x028u
#define SMMU_CR2                 0x02cu
#define SMMU_STATUSR             0x040u
#define SMMU_GBPA                0x044u
#define SMMU_AGBPA               0x048u
#define SMMU_IRQ_CTRL            0x050u
#define SMMU_IRQ_CTRLACK         0x054u
#define SMMU_GERROR              0x060u
#define SMMU_GERRORN             0x064u
#define SMMU_GERROR_IRQ_CFG0     0x068u /* 64 bits */
#define SMMU_GERROR_IRQ_CFG1     0x070u
#define SMMU_GERROR_IRQ_CFG2     0x074u
#define SMMU_STRTAB_BASE         0x080u /* 64 bits */
#define SMMU_STRTAB_BASE_CFG     0x088u
#define SMMU_CMDQ_BASE           0x090u /* 64 bits */
#define SMMU_CMDQ_PROD           0x098u
#define SMMU_CMDQ_CONS           0x09cu
#define SMMU_EVENTQ_BASE         0x0a0u /* 64 bits */
#define SMMU_EVENTQ_IRQ_CFG0     0x0b0u /* 64 bits */
#define SMMU_EVENTQ_IRQ_CFG1     0x0b8u
#define SMMU_EVENTQ_IRQ_CFG2     0x0bcu
#define SMMU_PRIQ_BASE           0x0c0u /* 64 bits */
#define SMMU_PRIQ_IRQ_CFG0       0x0d0u /* 64 bits */
#define SMMU_PRIQ_IRQ_CFG1       0x0d8u
#define SMMU_PRIQ_IRQ_CFG2       0x0dcu
#define SMMU_GATOS_CTRL          0x100u
#define SMMU_GATOS_SID           0x108u /* 64 bits */
#define SMMU_GATOS_ADDR          0x110u /* 64 bits */
#define SMMU_GATOS_PAR           0x118u /* 64 bits */
#define SMMU_VATOS_SEL           0x180u
#define SMMU_IDR6                0x190u
#define SMMU_PIDR4               0xfd0u
#define SMMU_PIDR0               0xfe0u
#define SMMU_CIDR0               0xff0u
#define SMMU_CMDQ_CONTROL_PAGE_BASE(n)   (0x4000u + 32u * (n)) /* 64 bits */
#define SMMU_CMDQ_CONTROL_PAGE_CFG(n)    (0x4008u + 32u * (n))
#define SMMU_CMDQ_CONTROL_PAGE_STATUS(n) (0x400cu + 32u * (n))

#define SMMU_EVENTQ_PROD         0x100a8u
#define SMMU_EVENTQ_CONS         0x100acu
#define SMMU_PRIQ_PROD           0x100c8u
#define SMMU_PRIQ_CONS           0x100ccu

/* Offsets inside the VATOS page */
#define SMMU_VATOS_CTRL          0xa00u
#define SMMU_VATOS_SID           0xa08u /* 64 bits */
#define SMMU_VATOS_ADDR          0xa10u /* 64 bits */
#define SMMU_VATOS_PAR           0xa18u /* 64 bits */

/* Offsets inside one ECMDQ's 16 bytes */
#define SMMU_ECMDQ_BASE          0x0u /* 64 bits */
#define SMMU_ECMDQ_PROD          0x8u
#define SMMU_ECMDQ_CONS          0xcu

/* IDR0 (6.3.1) */
#define IDR0_S2P                 REGFIELD(0, 0)
#define IDR0_S1P                 REGFIELD(1, 1)
#define IDR0_TTF                 REGFIELD(3, 2)
#define IDR0_COHACC              REGFIELD(4, 4)
#define IDR0_BTM                 REGFIELD(5, 5)
#define IDR0_HTTU                REGFIELD(7, 6)
#define IDR0_DORMHINT            REGFIELD(8, 8)
#define IDR0_HYP                 REGFIELD(9, 9)
#define IDR0_ATS                 REGFIELD(10, 10)
#define IDR0_NS1ATS              REGFIELD(11, 11)
#define IDR0_ASID16              REGFIELD(12, 12)
#define IDR0_MSI                 REGFIELD(13, 13)
#define IDR0_SEV                 REGFIELD(14, 14)
#define IDR0_ATOS                REGFIELD(15, 15)
#define IDR0_PRI                 REGFIELD(16, 16)
#define IDR0_VMW                 REGFIELD(17, 17)
#define IDR0_VMID16              REGFIELD(18, 18)
#define IDR0_CD2L                REGFIELD(19, 19)
#define IDR0_VATOS               REGFIELD(20, 20)
#define IDR0_TTENDIAN            REGFIELD(22, 21)
#define IDR0_ATSRECERR           REGFIELD(23, 23)
#define IDR0_STALL_MODEL         REGFIELD(25, 24)
#define IDR0_TERM_MODEL          REGFIELD(26, 26)
#define IDR0_ST_LEVEL            REGFIELD(28, 27)
#define IDR0_RME_IMPL            REGFIELD(30, 30)

#define IDR0_TTF_AARCH64         2u
#define IDR0_TTENDIAN_LITTLE     2u

/* IDR1 (6.3.2) */
#define IDR1_SIDSIZE             REGFIELD(5, 0)
#define IDR1_SSIDSIZE            REGFIELD(10, 6)
#define IDR1_PRIQS               REGFIELD(15, 11)
#define IDR1_EVENTQS             REGFIELD(20, 16)
#define IDR1_CMDQS               REGFIELD(25, 21)
#define IDR1_ATTR_PERMS_OVR      REGFIELD(26, 26)
#define IDR1_ATTR_TYPES_OVR      REGFIELD(27, 27)
#define IDR1_REL                 REGFIELD(28, 28)
#define IDR1_QUEUES_PRESET       REGFIELD(29, 29)
#define IDR1_TABLES_PRESET       REGFIELD(30, 30)
#define IDR1_ECMDQ               REGFIELD(31, 31)

/* IDR2 (6.3.3) */
#define IDR2_BA_VATOS            REGFIELD(9, 0)

/* IDR3 (6.3.4) */
#define IDR3_HAD                 REGFIELD(2, 2)
#define IDR3_PBHA                REGFIELD(3, 3)
#define IDR3_XNX                 REGFIELD(4, 4)
#define IDR3_PPS                 REGFIELD(5, 5)
#define IDR3_MPAM                REGFIELD(7, 7)
#define IDR3_FWB                 REGFIELD(8, 8)
#define IDR3_STT                 REGFIELD(9, 9)
#define IDR3_RIL                 REGFIELD(10, 10)
#define IDR3_BBML                REGFIELD(12, 11)
#define IDR3_E0PD                REGFIELD(13, 13)
#define IDR3_PTWNNC              REGFIELD(14, 14)
#define IDR3_DPT                 REGFIELD(15, 15)
#define IDR3_PASIDTT             REGFIELD(16, 16)
#define IDR3_EPAN                REGFIELD(17, 17)
#define IDR3_S1PI                REGFIELD(18, 18)
#define IDR3_S2PI                REGFIELD(19, 19)
#define IDR3_S2PO                REGFIELD(20, 20)
#define IDR3_THE                 REGFIELD(21, 21)
#define IDR3_MTEPERM             REGFIELD(22, 22)
#define IDR3_AIE                 REGFIELD(23, 23)

/* IDR5 (6.3.6) */
#define IDR5_OAS                 REGFIELD(2, 0)
#define IDR5_GRAN4K              REGFIELD(4, 4)
#define IDR5_GRAN16K             REGFIELD(5, 5)
#define IDR5_GRAN64K             REGFIELD(6, 6)
#define IDR5_DS                  REGFIELD(7, 7)
#define IDR5_D128                REGFIELD(8, 8)
#define IDR5_VAX                 REGFIELD(11, 10)
#define IDR5_STALL_MAX           REGFIELD(31, 16)

/* IDR6 (6.3.45) */
#define IDR6_LOG2NUMQ            REGFIELD(19, 16)
#define IDR6_LOG2NUMP            REGFIELD(27, 24)

/* CR0, CR0ACK (6.3.9) */
#define CR0_SMMUEN               REGFIELD(0, 0)
#define CR0_PRIQEN               REGFIELD(1, 1)
#define CR0_EVENTQEN             REGFIELD(2, 2)
#define CR0_CMDQEN               REGFIELD(3, 3)
#define CR0_ATSCHK               REGFIELD(4, 4)
#define CR0_VMW                  REGFIELD(8, 6)

/* CR1 (6.3.11) */
#define CR1_QUEUE_IC             REGFIELD(1, 0)
#define CR1_QUEUE_OC             REGFIELD(3, 2)
#define CR1_QUEUE_SH             REGFIELD(5, 4)
#define CR1_TABLE_IC             REGFIELD(7, 6)
#define CR1_TABLE_OC             REGFIELD(9, 8)
#define CR1_TABLE_SH             REGFIELD(11, 10)
#define CR1_QUEUE                REGFIELD(5, 0)
#define CR1_TABLE                REGFIELD(11, 6)

/* CR2 (6.3.12) */
#define CR2_E2H                  REGFIELD(0, 0)
#define CR2_RECINVSID            REGFIELD(1, 1)
#define CR2_PTM                  REGFIELD(2, 2)
#define CR2_REC_CFG_ATS          REGFIELD(3, 3)

/* GBPA (6.3.14) */
#define GBPA_MEMATTR             REGFIELD(3, 0)
#define GBPA_MTCFG               REGFIELD(4, 4)
#define GBPA_ALLOCCFG            REGFIELD(11, 8)
#define GBPA_SHCFG               REGFIELD(13, 12)
#define GBPA_PRIVCFG             REGFIELD(17, 16)
#define GBPA_INSTCFG             REGFIELD(19, 18)
#define GBPA_ABORT               REGFIELD(20, 20)
#define GBPA_UPDATE              REGFIELD(31, 31)

/* IRQ_CTRL, IRQ_CTRLACK (6.3.16) */
#define IRQ_CTRL_GERROR_IRQEN    REGFIELD(0, 0)
#define IRQ_CTRL_PRIQ_IRQEN      REGFIELD(1, 1)
#define IRQ_CTRL_EVENTQ_IRQEN    REGFIELD(2, 2)

/* GERROR, GERRORN (6.3.19) */
#define GERROR_CMDQ_ERR          REGFIELD(0, 0)
#define GERROR_EVENTQ_ABT_ERR    REGFIELD(2, 2)
#define GERROR_PRIQ_ABT_ERR      REGFIELD(3, 3)
#define GERROR_MSI_CMDQ_ABT_ERR  REGFIELD(4, 4)
#define GERROR_MSI_EVENTQ_ABT_ERR REGFIELD(5, 5)
#define GERROR_MSI_PRIQ_ABT_ERR  REGFIELD(6, 6)
#define GERROR_MSI_GERROR_ABT_ERR REGFIELD(7, 7)
#define GERROR_SFM_ERR           REGFIELD(8, 8)
#define GERROR_CMDQP_ERR         REGFIELD(9, 9)

/* x_IRQ_CFG0, x_IRQ_CFG2 (6.3.21-23, 6.3.36) */
#define IRQ_CFG0_ADDR            REGFIELD(55, 2)
#define IRQ_CFG2_MEMATTR         REGFIELD(3, 0)
#define IRQ_CFG2_SH              REGFIELD(5, 4)
#define IRQ_CFG2_LO              REGFIELD(31, 31)

/* STRTAB_BASE, STRTAB_BASE_CFG (6.3.24-25) */
#define STRTAB_BASE_ADDR         REGFIELD(55, 6)
#define STRTAB_BASE_RA           REGFIELD(62, 62)
#define STRTAB_CFG_LOG2SIZE      REGFIELD(5, 0)
#define STRTAB_CFG_SPLIT         REGFIELD(10, 6)
#define STRTAB_CFG_FMT           REGFIELD(17, 16)
#define STRTAB_FMT_LINEAR        0u
#define STRTAB_FMT_2LVL          1u

/* x_BASE of queues (6.3.26, 6.3.29, 6.3.33, 6.3.107) */
#define Q_BASE_LOG2SIZE          REGFIELD(4, 0)
#define Q_BASE_ADDR              REGFIELD(55, 5)
#define Q_BASE_HINT              REGFIELD(62, 62) /* RA of command queues, WA of the others */

/* x_PROD, x_CONS */
#define Q_INDEX                  REGFIELD(19, 0)  /* with the wrap bit at LOG2SIZE */
#define Q_OVFLG                  REGFIELD(31, 31) /* OVFLG of PROD, OVACKFLG of CONS */
#define CMDQ_CONS_ERR            REGFIELD(30, 24)

/* ECMDQ_PROD, ECMDQ_CONS (6.3.108-109) */
#define ECMDQ_PROD_ERRACK        REGFIELD(23, 23)
#define ECMDQ_PROD_EN            REGFIELD(31, 31)
#define ECMDQ_CONS_ERR           REGFIELD(23, 23)
#define ECMDQ_CONS_ERR_REASON    REGFIELD(26, 24)
#define ECMDQ_CONS_ENACK         REGFIELD(31, 31)

/* CMDQ_CONTROL_PAGE_BASEn, CFGn, STATUSn (6.3.49-51) */
#define ECMDQ_PAGE_PRESET        REGFIELD(0, 0)
#define ECMDQ_PAGE_CMDQGS        REGFIELD(2, 1)
#define ECMDQ_PAGE_ADDR          REGFIELD(55, 16)
#define ECMDQ_PAGE_CFG_EN        REGFIELD(0, 0)

/* GATOS_*, VATOS_* (6.3.37-40) */
#define ATOS_CTRL_RUN            REGFIELD(0, 0)
#define ATOS_SID_STREAMID        REGFIELD(31, 0)
#define ATOS_SID_SUBSTREAMID     REGFIELD(51, 32)
#define ATOS_SID_SSID_VALID      REGFIELD(52, 52)
#define ATOS_ADDR_HTTUI          REGFIELD(6, 6)
#define ATOS_ADDR_IND            REGFIELD(7, 7)
#define ATOS_ADDR_RNW            REGFIELD(8, 8)
#define ATOS_ADDR_PNU            REGFIELD(9, 9)
#define ATOS_ADDR_TYPE           REGFIELD(11, 10)
#define ATOS_ADDR_ADDR           REGFIELD(63, 12)
#define ATOS_TYPE_S1             1u
#define ATOS_TYPE_S2             2u
#define ATOS_TYPE_S12            3u
#define ATOS_PAR_FAULT           REGFIELD(0, 0)
#define ATOS_PAR_SH              REGFIELD(9, 8)
#define ATOS_PAR_SIZE            REGFIELD(11, 11)
#define ATOS_PAR_ADDR            REGFIELD(55, 12)
#define ATOS_PAR_ATTR            REGFIELD(63, 56)
#define ATOS_PAR_REASON          REGFIELD(2, 1)
#define ATOS_PAR_FAULTCODE       REGFIELD(11, 4)
#define ATOS_PAR_FADDR           REGFIELD(55, 12)
#define VATOS_SEL_VMID           REGFIELD(15, 0)

#define ATOS_INV_REQ             0xffu
#define ATOS_INV_STAGE           0xfeu
#define ATOS_INTERNAL_ERR        0xfdu

/* ---- Stream table (5.1, 5.2) -------------------------------------------------------------- */

#define L1STD_BYTES              8u
#define L1STD_SPAN               REGFIELD(4, 0)
#define L1STD_L2PTR              REGFIELD(55, 6)

#define STE_BYTES                64u
#define STE_WORDS                8u
#define STE_V                    BITFIELD_AT(0, 1)
#define STE_CONFIG               BITFIELD_AT(1, 3)
#define STE_S1FMT                BITFIELD_AT(4, 2)
#define STE_S1CONTEXTPTR         BITFIELD_AT(6, 50)
#define STE_S1CDMAX              BITFIELD_AT(59, 5)
#define STE_S1DSS                BITFIELD_AT(64, 2)
#define STE_S1CIR                BITFIELD_AT(66, 2)
#define STE_S1COR                BITFIELD_AT(68, 2)
#define STE_S1CSH                BITFIELD_AT(70, 2)
#define STE_S2HWU                BITFIELD_AT(72, 4)
#define STE_DRE                  BITFIELD_AT(76, 1)
#define STE_CONT                 BITFIELD_AT(77, 4)
#define STE_DCP                  BITFIELD_AT(81, 1)
#define STE_PPAR                 BITFIELD_AT(82, 1)
#define STE_MEV                  BITFIELD_AT(83, 1)
#define STE_S1PIE                BITFIELD_AT(88, 1)
#define STE_S2FWB                BITFIELD_AT(89, 1)
#define STE_S1MPAM               BITFIELD_AT(90, 1)
#define STE_S1STALLD             BITFIELD_AT(91, 1)
#define STE_EATS                 BITFIELD_AT(92, 2)
#define STE_STRW                 BITFIELD_AT(94, 2)
#define STE_MEMATTR              BITFIELD_AT(96, 4)
#define STE_MTCFG                BITFIELD_AT(100, 1)
#define STE_ALLOCCFG             BITFIELD_AT(101, 4)
#define STE_SHCFG                BITFIELD_AT(108, 2)
#define STE_NSCFG                BITFIELD_AT(110, 2)
#define STE_PRIVCFG              BITFIELD_AT(112, 2)
#define STE_INSTCFG              BITFIELD_AT(114, 2)
#define STE_S2VMID               BITFIELD_AT(128, 16)
#define STE_S2T0SZ               BITFIELD_AT(160, 6)
#define STE_S2SL0                BITFIELD_AT(166, 2)
#define STE_S2IR0                BITFIELD_AT(168, 2)
#define STE_S2OR0                BITFIELD_AT(170, 2)
#define STE_S2SH0                BITFIELD_AT(172, 2)
#define STE_S2TG                 BITFIELD_AT(174, 2)
#define STE_S2PS                 BITFIELD_AT(176, 3)
#define STE_S2AA64               BITFIELD_AT(179, 1)
#define STE_S2ENDI               BITFIELD_AT(180, 1)
#define STE_S2AFFD               BITFIELD_AT(181, 1)
#define STE_S2PTW                BITFIELD_AT(182, 1)
#define STE_S2HD                 BITFIELD_AT(183, 1)
#define STE_S2HA                 BITFIELD_AT(184, 1)
#define STE_S2S                  BITFIELD_AT(185, 1)
#define STE_S2R                  BITFIELD_AT(186, 1)
#define STE_S2HAFT               BITFIELD_AT(187, 1)
#define STE_S2PIE                BITFIELD_AT(188, 1)
#define STE_S2POE                BITFIELD_AT(189, 1)
#define STE_S2SL0_2              BITFIELD_AT(194, 1)
#define STE_S2DS                 BITFIELD_AT(195, 1)
#define STE_S2TTB                BITFIELD_AT(196, 52)

#define STE_CONFIG_S1            1u /* bits of Config once Config[2] is set */
#define STE_CONFIG_S2            2u
#define STE_CONFIG_ABORT         0u
#define STE_CONFIG_BYPASS        4u
#define STE_CONFIG_S1_TRANS      5u
#define STE_CONFIG_S2_TRANS      6u
#define STE_CONFIG_NESTED        7u

#define STE_S1FMT_LINEAR         0u
#define STE_S1FMT_4K_L2          1u
#define STE_S1FMT_64K_L2         2u

#define STE_S1DSS_TERMINATE      0u
#define STE_S1DSS_BYPASS         1u
#define STE_S1DSS_SUBSTREAM0     2u

#define STE_EATS_OFF             0u
#define STE_EATS_FULL            1u
#define STE_EATS_SPLIT           2u
#define STE_EATS_DPT             3u

#define STE_STRW_EL1             0u
#define STE_STRW_EL2             2u

#define ATTR_CFG_INCOMING        0u /* PRIVCFG, INSTCFG */
#define ATTR_CFG_CLEAR           2u /* unprivileged; data */
#define ATTR_CFG_SET             3u /* privileged; instruction */
#define SHCFG_INCOMING           1u

/* Granule encodings: CD.TG0 and STE.S2TG; CD.TG1; TLBI TG */
#define TG0_4K                   0u
#define TG0_64K                  1u
#define TG0_16K                  2u
#define TG1_16K                  1u
#define TG1_4K                   2u
#define TG1_64K                  3u
#define TLBI_TG_NONE             0u
#define TLBI_TG_4K               1u
#define TLBI_TG_16K              2u
#define TLBI_TG_64K              3u

/* Shareability */
#define SH_NSH                   0u
#define SH_OSH                   2u
#define SH_ISH                   3u

/* ---- Context descriptors (5.3, 5.4) ------------------------------------------------------- */

#define L1CD_BYTES               8u
#define L1CD_V                   REGFIELD(0, 0)
#define L1CD_L2PTR               REGFIELD(55, 12)

#define CD_BYTES                 64u
#define CD_WORDS                 8u
#define CD_T0SZ                  BITFIELD_AT(0, 6)
#define CD_TG0                   BITFIELD_AT(6, 2)
#define CD_IR0                   BITFIELD_AT(8, 2)
#define CD_OR0                   BITFIELD_AT(10, 2)
#define CD_SH0                   BITFIELD_AT(12, 2)
#define CD_EPD0                  BITFIELD_AT(14, 1)
#define CD_ENDI                  BITFIELD_AT(15, 1)
#define CD_T1SZ                  BITFIELD_AT(16, 6)
#define CD_TG1                   BITFIELD_AT(22, 2)
#define CD_IR1                   BITFIELD_AT(24, 2)
#define CD_OR1                   BITFIELD_AT(26, 2)
#define CD_SH1                   BITFIELD_AT(28, 2)
#define CD_EPD1                  BITFIELD_AT(30, 1)
#define CD_V                     BITFIELD_AT(31, 1)
#define CD_IPS                   BITFIELD_AT(32, 3)
#define CD_AFFD                  BITFIELD_AT(35, 1)
#define CD_WXN                   BITFIELD_AT(36, 1)
#define CD_UWXN                  BITFIELD_AT(37, 1)
#define CD_TBI0                  BITFIELD_AT(38, 1)
#define CD_TBI1                  BITFIELD_AT(39, 1)
#define CD_PAN                   BITFIELD_AT(40, 1)
#define CD_AA64                  BITFIELD_AT(41, 1)
#define CD_HD                    BITFIELD_AT(42, 1)
#define CD_HA                    BITFIELD_AT(43, 1)
#define CD_S                     BITFIELD_AT(44, 1)
#define CD_R                     BITFIELD_AT(45, 1)
#define CD_A                     BITFIELD_AT(46, 1)
#define CD_ASET                  BITFIELD_AT(47, 1)
#define CD_ASID                  BITFIELD_AT(48, 16)
#define CD_NSCFG0                BITFIELD_AT(64, 1)
#define CD_HAD0                  BITFIELD_AT(65, 1)
#define CD_E0PD0                 BITFIELD_AT(66, 1)
#define CD_HAFT                  BITFIELD_AT(67, 1)
#define CD_TTB0                  BITFIELD_AT(68, 52)
#define CD_EPAN                  BITFIELD_AT(123, 1)
#define CD_NSCFG1                BITFIELD_AT(128, 1)
#define CD_HAD1                  BITFIELD_AT(129, 1)
#define CD_E0PD1                 BITFIELD_AT(130, 1)
#define CD_TTB1                  BITFIELD_AT(132, 52)
#define CD_DS                    BITFIELD_AT(186, 1)
#define CD_MAIR                  BITFIELD_AT(192, 64)

/* ---- Translation table descriptors, VMSAv8-64 (Arm DDI 0487, D8.3) ------------------------ */

#define PTE_VALID                REGFIELD(0, 0)
#define PTE_TABLE                REGFIELD(1, 1) /* table above the last level, page at it */
#define PTE_ATTRINDX             REGFIELD(4, 2)
#define PTE_NS                   REGFIELD(5, 5)
#define PTE_AP1                  REGFIELD(6, 6) /* unprivileged access */
#define PTE_AP2                  REGFIELD(7, 7) /* read-only */
#define PTE_SH                   REGFIELD(9, 8)
#define PTE_AF                   REGFIELD(10, 10)
#define PTE_NG                   REGFIELD(11, 11)
#define PTE_NT                   REGFIELD(16, 16) /* blocks, FEAT_BBM */
#define PTE_DBM                  REGFIELD(51, 51)
#define PTE_CONT                 REGFIELD(52, 52)
#define PTE_PXN                  REGFIELD(53, 53)
#define PTE_UXN                  REGFIELD(54, 54)
#define PTE_XN                   REGFIELD(54, 54) /* regimes with one privilege level */
#define PTE_TABLE_PXN            REGFIELD(59, 59)
#define PTE_TABLE_UXN            REGFIELD(60, 60)
#define PTE_TABLE_AP0            REGFIELD(61, 61) /* no unprivileged access below */
#define PTE_TABLE_AP1            REGFIELD(62, 62) /* no write access below */
#define PTE_TABLE_NS             REGFIELD(63, 63)
#define PTE_OA_HIGH_64K          REGFIELD(15, 12) /* OA[51:48], 64 KB granule with 52 bits */
#define PTE_OA_HIGH_DS           REGFIELD(9, 8)   /* OA[51:50], 4 and 16 KB granule with DS */
#define S2PTE_MEMATTR            REGFIELD(5, 2)
#define S2PTE_S2AP_R             REGFIELD(6, 6)
#define S2PTE_S2AP_W             REGFIELD(7, 7)
#define S2PTE_XN                 REGFIELD(54, 53)

/* ---- Commands (chapter 4) ----------------------------------------------------------------- */

#define CMD_BYTES                16u
#define CMD_WORDS                2u

#define CMD_OP                   BITFIELD_AT(0, 8)
#define CMD_SSEC                 BITFIELD_AT(10, 1)
#define CMD_SSV                  BITFIELD_AT(11, 1)
#define CMD_SUBSTREAMID          BITFIELD_AT(12, 20)
#define CMD_STREAMID             BITFIELD_AT(32, 32)
#define CMD_LEAF                 BITFIELD_AT(64, 1)
#define CMD_ADDR                 BITFIELD_AT(76, 52)  /* Address[63:12] */

#define CMD_PREFETCH_SIZE        BITFIELD_AT(64, 5)
#define CMD_CFGI_RANGE           BITFIELD_AT(64, 5)
#define CFGI_RANGE_ALL           31u

#define CMD_TLBI_NUM             BITFIELD_AT(12, 5)
#define CMD_TLBI_SCALE           BITFIELD_AT(20, 6)
#define CMD_TLBI_VMID            BITFIELD_AT(32, 16)
#define CMD_TLBI_ASID            BITFIELD_AT(48, 16)
#define CMD_TLBI_TTL128          BITFIELD_AT(71, 1)
#define CMD_TLBI_TTL             BITFIELD_AT(72, 2)
#define CMD_TLBI_TG              BITFIELD_AT(74, 2)
#define CMD_TLBI_IPA             BITFIELD_AT(76, 44)  /* Address[55:12] */

#define CMD_ATC_GLOBAL           BITFIELD_AT(9, 1)
#define CMD_ATC_SIZE             BITFIELD_AT(64, 6)

#define CMD_PRI_PRGINDEX         BITFIELD_AT(64, 9)
#define CMD_PRI_RESP_CODE        BITFIELD_AT(76, 2)
#define PRI_RESP_FAILURE         0u
#define PRI_RESP_INVALID         1u
#define PRI_RESP_SUCCESS         2u

#define CMD_RESUME_AC            BITFIELD_AT(12, 1)
#define CMD_RESUME_AB            BITFIELD_AT(13, 1)
#define CMD_RESUME_STAG          BITFIELD_AT(64, 16)

#define CMD_SYNC_CS              BITFIELD_AT(12, 2)
#define CMD_SYNC_MSH             BITFIELD_AT(22, 2)
#define CMD_SYNC_MSIATTR         BITFIELD_AT(24, 4)
#define CMD_SYNC_MSIDATA         BITFIELD_AT(32, 32)
#define CMD_SYNC_MSIADDR         BITFIELD_AT(66, 54)  /* Address[55:2] */
#define SYNC_CS_NONE             0u
#define SYNC_CS_IRQ              1u
#define SYNC_CS_SEV              2u

typedef enum SmmuCmdOp {
    CMD_PREFETCH_CONFIG  = 0x01,
    CMD_PREFETCH_ADDR    = 0x02,
    CMD_CFGI_STE         = 0x03,
    CMD_CFGI_STE_RANGE   = 0x04,
    CMD_CFGI_CD          = 0x05,
    CMD_CFGI_CD_ALL      = 0x06,
    CMD_CFGI_VMS_PIDM    = 0x07,
    CMD_TLBI_NH_ALL      = 0x10,
    CMD_TLBI_NH_ASID     = 0x11,
    CMD_TLBI_NH_VA       = 0x12,
    CMD_TLBI_NH_VAA      = 0x13,
    CMD_TLBI_EL3_ALL     = 0x18,
    CMD_TLBI_EL3_VA      = 0x1a,
    CMD_TLBI_EL2_ALL     = 0x20,
    CMD_TLBI_EL2_ASID    = 0x21,
    CMD_TLBI_EL2_VA      = 0x22,
    CMD_TLBI_EL2_VAA     = 0x23,
    CMD_TLBI_S12_VMALL   = 0x28,
    CMD_TLBI_S2_IPA      = 0x2a,
    CMD_TLBI_NSNH_ALL    = 0x30,
    CMD_ATC_INV          = 0x40,
    CMD_PRI_RESP         = 0x41,
    CMD_RESUME           = 0x44,
    CMD_STALL_TERM       = 0x45,
    CMD_SYNC             = 0x46,
    CMD_TLBI_S_EL2_ALL   = 0x50,
    CMD_TLBI_S_EL2_ASID  = 0x51,
    CMD_TLBI_S_EL2_VA    = 0x52,
    CMD_TLBI_S_EL2_VAA   = 0x53,
    CMD_TLBI_S_S12_VMALL = 0x58,
    CMD_TLBI_S_S2_IPA    = 0x5a,
    CMD_TLBI_SNH_ALL     = 0x60,
    CMD_DPTI_ALL         = 0x70,
    CMD_DPTI_PA          = 0x73,
} SmmuCmdOp;

/** CMDQ_CONS.ERR and ECMDQ_CONS.ERR_REASON (7.1). */
typedef enum SmmuCmdError {
    CERROR_NONE = 0,
    CERROR_ILL = 1,
    CERROR_ABT = 2,
    CERROR_ATC_INV_SYNC = 3,
} SmmuCmdError;

/* ---- Event records (7.3) ------------------------------------------------------------------ */

#define EVENT_BYTES              32u
#define EVENT_WORDS              4u

#define EVT_NUM                  BITFIELD_AT(0, 8)
#define EVT_SSV                  BITFIELD_AT(11, 1)
#define EVT_SUBSTREAMID          BITFIELD_AT(12, 20)
#define EVT_STREAMID             BITFIELD_AT(32, 32)
#define EVT_STAG                 BITFIELD_AT(64, 16)
#define EVT_REASON               BITFIELD_AT(64, 16)
#define EVT_TREQ_SPAN            BITFIELD_AT(64, 4)   /* F_BAD_ATS_TREQ */
#define EVT_TREQ_P               BITFIELD_AT(92, 1)
#define EVT_TREQ_X               BITFIELD_AT(93, 1)
#define EVT_TREQ_W               BITFIELD_AT(94, 1)
#define EVT_TREQ_R               BITFIELD_AT(95, 1)
#define EVT_STALL                BITFIELD_AT(95, 1)
#define EVT_PNU                  BITFIELD_AT(97, 1)
#define EVT_IND                  BITFIELD_AT(98, 1)
#define EVT_RNW                  BITFIELD_AT(99, 1)
#define EVT_S2                   BITFIELD_AT(103, 1)
#define EVT_CLASS                BITFIELD_AT(104, 2)
#define EVT_TTRNW                BITFIELD_AT(108, 1)
#define EVT_INPUTADDR            BITFIELD_AT(128, 64)
#define EVT_IPA                  BITFIELD_AT(204, 44) /* IPA[55:12] */
#define EVT_FETCHADDR            BITFIELD_AT(195, 53) /* FetchAddr[55:3] */

typedef enum SmmuEventNum {
    F_UUT = 0x01,
    C_BAD_STREAMID = 0x02,
    F_STE_FETCH = 0x03,
    C_BAD_STE = 0x04,
    F_BAD_ATS_TREQ = 0x05,
    F_STREAM_DISABLED = 0x06,
    F_TRANSL_FORBIDDEN = 0x07,
    C_BAD_SUBSTREAMID = 0x08,
    F_CD_FETCH = 0x09,
    C_BAD_CD = 0x0a,
    F_WALK_EABT = 0x0b,
    F_TRANSLATION = 0x10,
    F_ADDR_SIZE = 0x11,
    F_ACCESS = 0x12,
    F_PERMISSION = 0x13,
    F_TLB_CONFLICT = 0x20,
    F_CFG_CONFLICT = 0x21,
    E_PAGE_REQUEST = 0x24,
    F_VMS_FETCH = 0x25,
} SmmuEventNum;

typedef enum SmmuEventClass {
    EVT_CLASS_CD = 0,
    EVT_CLASS_TT = 1,
    EVT_CLASS_IN = 2,
} SmmuEventClass;

/* ---- Page request records (chapter 8) ----------------------------------------------------- */

#define PRI_BYTES                16u
#define PRI_WORDS                2u
#define PRI_STREAMID             BITFIELD_AT(0, 32)
#define PRI_SUBSTREAMID          BITFIELD_AT(32, 20)
#define PRI_PRIV                 BITFIELD_AT(58, 1)
#define PRI_X                    BITFIELD_AT(59, 1)
#define PRI_R                    BITFIELD_AT(60, 1)
#define PRI_W                    BITFIELD_AT(61, 1)
#define PRI_LAST                 BITFIELD_AT(62, 1)
#define PRI_SSV                  BITFIELD_AT(63, 1)
#define PRI_PRGINDEX             BITFIELD_AT(64, 9)
#define PRI_ADDR                 BITFIELD_AT(76, 52)  /* Page address[63:12] */

#endif

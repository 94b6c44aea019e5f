/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: registers, in-memory structures, descriptors, records and fault reasons, as the
 * architecture specification (rev 5.10, chapters 5, 6, 7, 9 and 11) names them.
 *
 * Shared by the model, by the table builders of the tests and by whoever programs the unit. Every
 * structure is an array of little-endian 64-bit words; BITFIELD_AT() takes the bit numbers that the
 * specification prints.
 */
#ifndef HW_IOMMU_VTD_LAYOUT_H
#define HW_IOMMU_VTD_LAYOUT_H

#include "hw/iommu/fields.h"

/* ------------------------------------------------------------------ registers [11.4] */

enum {
    VTD_REG_VER = 0x000,
    VTD_REG_CAP = 0x008,
    VTD_REG_ECAP = 0x010,
    VTD_REG_GCMD = 0x018,
    VTD_REG_GSTS = 0x01c,
    VTD_REG_RTADDR = 0x020,
    VTD_REG_CCMD = 0x028,
    VTD_REG_FSTS = 0x034,
    VTD_REG_FECTL = 0x038,
    VTD_REG_FEDATA = 0x03c,
    VTD_REG_FEADDR = 0x040,
    VTD_REG_FEUADDR = 0x044,
    VTD_REG_PMEN = 0x064,
    VTD_REG_PLMBASE = 0x068,
    VTD_REG_PLMLIMIT = 0x06c,
    VTD_REG_PHMBASE = 0x070,
    VTD_REG_PHMLIMIT = 0x078,
    VTD_REG_IQH = 0x080,
    VTD_REG_IQT = 0x088,
    VTD_REG_IQA = 0x090,
    VTD_REG_ICS = 0x09c,
    VTD_REG_IECTL = 0x0a0,
    VTD_REG_IEDATA = 0x0a4,
    VTD_REG_IEADDR = 0x0a8,
    VTD_REG_IEUADDR = 0x0ac,
    VTD_REG_IQERCD = 0x0b0,
    VTD_REG_IRTA = 0x0b8,
    VTD_REG_PQH = 0x0c0,
    VTD_REG_PQT = 0x0c8,
    VTD_REG_PQA = 0x0d0,
    VTD_REG_PRS = 0x0dc,
    VTD_REG_PECTL = 0x0e0,
    VTD_REG_PEDATA = 0x0e4,
    VTD_REG_PEADDR = 0x0e8,
    VTD_REG_PEUADDR = 0x0ec,
    /* IVA and IOTLB stand at ECAP.IRO * 16 and 8 above it; FRCD[0] at CAP.FRO * 16. */
    VTD_REG_MTRRCAP = 0x100,
    VTD_REG_MTRRDEF = 0x108,
    VTD_REG_MTRR_FIX64K_00000 = 0x120,
    VTD_REG_MTRR_FIX16K_80000 = 0x128,
    VTD_REG_MTRR_FIX16K_A0000 = 0x130,
    VTD_REG_MTRR_FIX4K_C0000 = 0x138, /* ... F8000, 8 apart */
    VTD_REG_MTRR_PHYSBASE0 = 0x180,   /* 10h apart; mask 8 above each base */
    VTD_REG_MTRR_END = 0x220,
};

#define VTD_VER_MIN REGFIELD(3, 0)
#define VTD_VER_MAX REGFIELD(7, 4)

/* CAP [11.4.2] */
#define VTD_CAP_ND      REGFIELD(2, 0)
#define VTD_CAP_RWBF    REGFIELD(4, 4)
#define VTD_CAP_PLMR    REGFIELD(5, 5)
#define VTD_CAP_PHMR    REGFIELD(6, 6)
#define VTD_CAP_CM      REGFIELD(7, 7)
#define VTD_CAP_SAGAW   REGFIELD(12, 8)
#define VTD_CAP_MGAW    REGFIELD(21, 16)
#define VTD_CAP_ZLR     REGFIELD(22, 22)
#define VTD_CAP_FRO     REGFIELD(33, 24)
#define VTD_CAP_SSLPS   REGFIELD(37, 34)
#define VTD_CAP_PSI     REGFIELD(39, 39)
#define VTD_CAP_NFR     REGFIELD(47, 40)
#define VTD_CAP_MAMV    REGFIELD(53, 48)
#define VTD_CAP_DWD     REGFIELD(54, 54)
#define VTD_CAP_DRD     REGFIELD(55, 55)
#define VTD_CAP_FS1GP   REGFIELD(56, 56)
#define VTD_CAP_PI      REGFIELD(59, 59)
#define VTD_CAP_FS5LP   REGFIELD(60, 60)
#define VTD_CAP_ECMDS   REGFIELD(61, 61)
#define VTD_CAP_ESIRTPS REGFIELD(62, 62)
#define VTD_CAP_ESRTPS  REGFIELD(63, 63)

/* ECAP [11.4.3] */
#define VTD_ECAP_C      REGFIELD(0, 0)
#define VTD_ECAP_QI     REGFIELD(1, 1)
#define VTD_ECAP_DT     REGFIELD(2, 2)
#define VTD_ECAP_IR     REGFIELD(3, 3)
#define VTD_ECAP_EIM    REGFIELD(4, 4)
#define VTD_ECAP_PT     REGFIELD(6, 6)
#define VTD_ECAP_SC     REGFIELD(7, 7)
#define VTD_ECAP_IRO    REGFIELD(17, 8)
#define VTD_ECAP_MHMV   REGFIELD(23, 20)
#define VTD_ECAP_MTS    REGFIELD(25, 25)
#define VTD_ECAP_NEST   REGFIELD(26, 26)
#define VTD_ECAP_PRS    REGFIELD(29, 29)
#define VTD_ECAP_ERS    REGFIELD(30, 30)
#define VTD_ECAP_SRS    REGFIELD(31, 31)
#define VTD_ECAP_NWFS   REGFIELD(33, 33)
#define VTD_ECAP_EAFS   REGFIELD(34, 34)
#define VTD_ECAP_PSS    REGFIELD(39, 35)
#define VTD_ECAP_PASID  REGFIELD(40, 40)
#define VTD_ECAP_DIT    REGFIELD(41, 41)
#define VTD_ECAP_PDS    REGFIELD(42, 42)
#define VTD_ECAP_SMTS   REGFIELD(43, 43)
#define VTD_ECAP_VCS    REGFIELD(44, 44)
#define VTD_ECAP_SSADS  REGFIELD(45, 45)
#define VTD_ECAP_SSTS   REGFIELD(46, 46)
#define VTD_ECAP_FSTS   REGFIELD(47, 47)
#define VTD_ECAP_SMPWCS REGFIELD(48, 48)
#define VTD_ECAP_RPS    REGFIELD(49, 49)
#define VTD_ECAP_TDXCS  REGFIELD(50, 50)
#define VTD_ECAP_PMS    REGFIELD(51, 51)
#define VTD_ECAP_ADMS   REGFIELD(52, 52)
#define VTD_ECAP_RPRIVS REGFIELD(53, 53)
#define VTD_ECAP_HPTS   REGFIELD(55, 55)
#define VTD_ECAP_PTRS   REGFIELD(56, 56)
#define VTD_ECAP_SSIRWS REGFIELD(57, 57)
#define VTD_ECAP_SMS    REGFIELD(58, 58)
#define VTD_ECAP_HPT1GPS REGFIELD(59, 59)
#define VTD_ECAP_RDTS   REGFIELD(60, 60)
#define VTD_ECAP_EIMER  REGFIELD(61, 61)
#define VTD_ECAP_IRREQ  REGFIELD(62, 62)

/* GCMD and GSTS share bit positions [11.4.4, 11.4.5] */
#define VTD_GCMD_TE     REGFIELD(31, 31)
#define VTD_GCMD_SRTP   REGFIELD(30, 30)
#define VTD_GCMD_WBF    REGFIELD(27, 27)
#define VTD_GCMD_QIE    REGFIELD(26, 26)
#define VTD_GCMD_IRE    REGFIELD(25, 25)
#define VTD_GCMD_SIRTP  REGFIELD(24, 24)
#define VTD_GCMD_CFI    REGFIELD(23, 23)

/* RTADDR [11.4.6] */
#define VTD_RTADDR_RTA    REGFIELD(63, 12)
#define VTD_RTADDR_TTM    REGFIELD(11, 10)
#define VTD_RTADDR_SSIRWE REGFIELD(7, 7)

typedef enum VtdTtm {
    VTD_TTM_LEGACY = 0,
    VTD_TTM_SCALABLE = 1,
    VTD_TTM_INVALID = 2,
    VTD_TTM_ABORT = 3,
} VtdTtm;

/* CCMD, IVA, IOTLB: register-based invalidation */
#define VTD_CCMD_ICC  REGFIELD(63, 63)
#define VTD_CCMD_CIRG REGFIELD(62, 61)
#define VTD_CCMD_CAIG REGFIELD(60, 59)
#define VTD_CCMD_FM   REGFIELD(33, 32)
#define VTD_CCMD_SID  REGFIELD(31, 16)
#define VTD_CCMD_DID  REGFIELD(15, 0)
#define VTD_IVA_ADDR  REGFIELD(63, 12)
#define VTD_IVA_IH    REGFIELD(6, 6)
#define VTD_IVA_AM    REGFIELD(5, 0)
#define VTD_IOTLB_IVT  REGFIELD(63, 63)
#define VTD_IOTLB_IIRG REGFIELD(61, 60)
#define VTD_IOTLB_IAIG REGFIELD(58, 57)
#define VTD_IOTLB_DR   REGFIELD(49, 49)
#define VTD_IOTLB_DW   REGFIELD(48, 48)
#define VTD_IOTLB_DID  REGFIELD(47, 32)

/* Granularity of context and IOTLB invalidation, registers and descriptors alike. */
enum { VTD_GRAN_RSVD = 0, VTD_GRAN_GLOBAL = 1, VTD_GRAN_DOMAIN = 2, VTD_GRAN_SELECTIVE = 3 };

/* FSTS [11.4.9] */
#define VTD_FSTS_PFO REGFIELD(0, 0)
#define VTD_FSTS_PPF REGFIELD(1, 1)
#define VTD_FSTS_IQE REGFIELD(4, 4)
#define VTD_FSTS_ICE REGFIELD(5, 5)
#define VTD_FSTS_ITE REGFIELD(6, 6)
#define VTD_FSTS_FRI REGFIELD(15, 8)

/* FECTL, IECTL, PECTL */
#define VTD_EVENT_IM REGFIELD(31, 31)
#define VTD_EVENT_IP REGFIELD(30, 30)

/* The registers of such a group, from its control register on. */
#define VTD_EVENT_DATA REGFIELD(15, 0)
#define VTD_EVENT_ADDR REGFIELD(31, 2)
#define VTD_EVENT_UADDR REGFIELD(31, 0)

/* Protected memory is 2 MB aligned: N is 20 [11.4.8] */
#define VTD_PLM_ADDR REGFIELD(31, 21)
#define VTD_PHM_ADDR REGFIELD(63, 21)

/* PMEN */
#define VTD_PMEN_EPM REGFIELD(31, 31)
#define VTD_PMEN_PRS REGFIELD(0, 0)

/* Invalidation queue */
#define VTD_IQH_QH REGFIELD(18, 4)
#define VTD_IQT_QT REGFIELD(18, 4)
#define VTD_IQA_IQA REGFIELD(63, 12)
#define VTD_IQA_DW REGFIELD(11, 11)
#define VTD_IQA_QS REGFIELD(2, 0)
#define VTD_ICS_IWC REGFIELD(0, 0)
#define VTD_IQERCD_ICESID REGFIELD(63, 48)
#define VTD_IQERCD_ITESID REGFIELD(47, 32)
#define VTD_IQERCD_IQEI REGFIELD(3, 0)

typedef enum VtdIqei {
    VTD_IQEI_NONE = 0,
    VTD_IQEI_TAIL = 1,     /* tail beyond the queue */
    VTD_IQEI_FETCH = 2,
    VTD_IQEI_TYPE = 3,
    VTD_IQEI_RESERVED = 4,
    VTD_IQEI_WIDTH = 5,    /* descriptor width does not fit the table mode */
    VTD_IQEI_TAIL_ALIGN = 6,
    VTD_IQEI_TTM = 7,
} VtdIqei;

/* IRTA */
#define VTD_IRTA_IRTA REGFIELD(63, 12)
#define VTD_IRTA_EIME REGFIELD(11, 11)
#define VTD_IRTA_S    REGFIELD(3, 0)

/* Page request queue */
#define VTD_PQ_OFFSET REGFIELD(18, 5) /* PQH, PQT */
#define VTD_PQA_PQA REGFIELD(63, 12)
#define VTD_PQA_PQS REGFIELD(2, 0)
#define VTD_PRS_PPR REGFIELD(0, 0)
#define VTD_PRS_PRO REGFIELD(1, 1)

/* MTRRs */
#define VTD_MTRRCAP_VCNT REGFIELD(7, 0)
#define VTD_MTRRCAP_FIX  REGFIELD(8, 8)
#define VTD_MTRRCAP_WC   REGFIELD(10, 10)
#define VTD_MTRRDEF_TYPE REGFIELD(7, 0)
#define VTD_MTRRDEF_FE   REGFIELD(10, 10)
#define VTD_MTRRDEF_E    REGFIELD(11, 11)
#define VTD_MTRR_BASE_TYPE REGFIELD(7, 0)
#define VTD_MTRR_MASK_V  REGFIELD(11, 11)
#define VTD_MTRR_FIXED   REGFIELD(63, 0) /* eight types */
#define VTD_MTRR_RANGES  10
#define VTD_MTRR_ADDR    REGFIELD(63, 12)

/* Memory types, as in MTRR, PAT and EMT encodings */
enum {
    VTD_MT_UC = 0, VTD_MT_WC = 1, VTD_MT_WT = 4, VTD_MT_WP = 5, VTD_MT_WB = 6, VTD_MT_UCM = 7,
};

/* Fault recording register, 128 bits [11.4.12] */
#define VTD_FRCD_FI   BITFIELD_AT(12, 52)
#define VTD_FRCD_SID  BITFIELD_AT(64, 16)
#define VTD_FRCD_T2   BITFIELD_AT(92, 1)
#define VTD_FRCD_PRIV BITFIELD_AT(93, 1)
#define VTD_FRCD_EXE  BITFIELD_AT(94, 1)
#define VTD_FRCD_PP   BITFIELD_AT(95, 1)
#define VTD_FRCD_FR   BITFIELD_AT(96, 8)
#define VTD_FRCD_PV   BITFIELD_AT(104, 20)
#define VTD_FRCD_AT   BITFIELD_AT(124, 2)
#define VTD_FRCD_T1   BITFIELD_AT(126, 1)
#define VTD_FRCD_F    BITFIELD_AT(127, 1)

/* ------------------------------------------------------------------ tables [9.1-9.6] */

/* Source-id: bus and devfn; scalable mode has a context table for each half of the devfns */
#define VTD_SID_BUS   REGFIELD(15, 8)
#define VTD_SID_DEVFN REGFIELD(7, 0)
#define VTD_SID_UPPER REGFIELD(7, 7)
#define VTD_SID_INDEX REGFIELD(6, 0)

/* Legacy root entry, 128 bits, indexed by bus */
#define VTD_ROOT_BYTES 16
#define VTD_ROOT_P   BITFIELD_AT(0, 1)
#define VTD_ROOT_CTP BITFIELD_AT(12, 52)

/* Legacy context entry, 128 bits, indexed by devfn */
#define VTD_CTX_BYTES 16
#define VTD_CTX_P       BITFIELD_AT(0, 1)
#define VTD_CTX_FPD     BITFIELD_AT(1, 1)
#define VTD_CTX_TT      BITFIELD_AT(2, 2)
#define VTD_CTX_SSPTPTR BITFIELD_AT(12, 52)
#define VTD_CTX_AW      BITFIELD_AT(64, 3)
#define VTD_CTX_DID     BITFIELD_AT(72, 16)

typedef enum VtdTt {
    VTD_TT_UNTRANSLATED_ONLY = 0,
    VTD_TT_DEVICE_TLB = 1,
    VTD_TT_PASS_THROUGH = 2,
} VtdTt;

/* AW of legacy context and PASID entries: 39, 48, 57 bits */
enum { VTD_AW_39 = 1, VTD_AW_48 = 2, VTD_AW_57 = 3 };

/* Scalable-mode root entry, 128 bits: devfn bit 7 selects the half */
#define VTD_SMROOT_LP   BITFIELD_AT(0, 1)
#define VTD_SMROOT_LCTP BITFIELD_AT(12, 52)
#define VTD_SMROOT_UP   BITFIELD_AT(64, 1)
#define VTD_SMROOT_UCTP BITFIELD_AT(76, 52)

/* Scalable-mode context entry, 256 bits, indexed by devfn[6:0] */
#define VTD_SMCTX_BYTES 32
#define VTD_SMCTX_P      BITFIELD_AT(0, 1)
#define VTD_SMCTX_FPD    BITFIELD_AT(1, 1)
#define VTD_SMCTX_DTE    BITFIELD_AT(2, 1)
#define VTD_SMCTX_PASIDE BITFIELD_AT(3, 1)
#define VTD_SMCTX_PRE    BITFIELD_AT(4, 1)
#define VTD_SMCTX_HPTE   BITFIELD_AT(5, 1)
#define VTD_SMCTX_EPTR   BITFIELD_AT(6, 1)
#define VTD_SMCTX_PDTS   BITFIELD_AT(9, 3)
#define VTD_SMCTX_PASIDDIRPTR BITFIELD_AT(12, 52)
#define VTD_SMCTX_RID_PASID BITFIELD_AT(64, 20)
#define VTD_SMCTX_RID_PRIV  BITFIELD_AT(84, 1)

/* PASID directory entry, 64 bits, indexed by PASID[19:6] */
#define VTD_PASIDDIR_BYTES 8
#define VTD_PASIDDIR_P   BITFIELD_AT(0, 1)
#define VTD_PASIDDIR_FPD BITFIELD_AT(1, 1)
#define VTD_PASIDDIR_SMPTBLPTR BITFIELD_AT(12, 52)

/* PASID table entry, 512 bits, indexed by PASID[5:0] */
#define VTD_PASID_BYTES 64
#define VTD_PASID_P       BITFIELD_AT(0, 1)
#define VTD_PASID_FPD     BITFIELD_AT(1, 1)
#define VTD_PASID_AW      BITFIELD_AT(2, 3)
#define VTD_PASID_PGTT    BITFIELD_AT(6, 3)
#define VTD_PASID_SSADE   BITFIELD_AT(9, 1)
#define VTD_PASID_SSPTPTR BITFIELD_AT(12, 52)
#define VTD_PASID_DID     BITFIELD_AT(64, 16)
#define VTD_PASID_PWSNP   BITFIELD_AT(87, 1)
#define VTD_PASID_PGSNP   BITFIELD_AT(88, 1)
#define VTD_PASID_CD      BITFIELD_AT(89, 1)
#define VTD_PASID_EMTE    BITFIELD_AT(90, 1)
#define VTD_PASID_PAT     BITFIELD_AT(96, 32)
#define VTD_PASID_SRE     BITFIELD_AT(128, 1)
#define VTD_PASID_FSPM    BITFIELD_AT(130, 2)
#define VTD_PASID_WPE     BITFIELD_AT(132, 1)
#define VTD_PASID_EAFE    BITFIELD_AT(135, 1)
#define VTD_PASID_FSPTPTR BITFIELD_AT(140, 52)

typedef enum VtdPgtt {
    VTD_PGTT_LEGACY = 0, /* not an encoding: tags translations of legacy mode */
    VTD_PGTT_FS = 1,
    VTD_PGTT_SS = 2,
    VTD_PGTT_NESTED = 3,
    VTD_PGTT_PT = 4,
} VtdPgtt;

/* ------------------------------------------------------------------ page tables [9.7-9.8] */

#define VTD_FS_P    REGFIELD(0, 0)
#define VTD_FS_RW   REGFIELD(1, 1)
#define VTD_FS_US   REGFIELD(2, 2)
#define VTD_FS_PWT  REGFIELD(3, 3)
#define VTD_FS_PCD  REGFIELD(4, 4)
#define VTD_FS_A    REGFIELD(5, 5)
#define VTD_FS_D    REGFIELD(6, 6)
#define VTD_FS_PS   REGFIELD(7, 7)  /* PDPE, PDE; reserved in PML4E, PML5E */
#define VTD_FS_PAT4K REGFIELD(7, 7) /* PTE */
#define VTD_FS_EA   REGFIELD(10, 10)
#define VTD_FS_PAT_LARGE REGFIELD(12, 12)
#define VTD_FS_ADDR REGFIELD(51, 12)

#define VTD_SS_R    REGFIELD(0, 0)
#define VTD_SS_W    REGFIELD(1, 1)
#define VTD_SS_EMT  REGFIELD(5, 3)
#define VTD_SS_IPAT REGFIELD(6, 6)
#define VTD_SS_PS   REGFIELD(7, 7)
#define VTD_SS_A    REGFIELD(8, 8)
#define VTD_SS_D    REGFIELD(9, 9)
#define VTD_SS_SNP  REGFIELD(11, 11)
#define VTD_SS_ADDR REGFIELD(51, 12)
#define VTD_SS_IR   REGFIELD(61, 61)
#define VTD_SS_IW   REGFIELD(62, 62)

/* ------------------------------------------------------------------ descriptors [6.5.2] */

typedef enum VtdDescType {
    VTD_DESC_CONTEXT = 0x1,
    VTD_DESC_IOTLB = 0x2,
    VTD_DESC_DEVTLB = 0x3,
    VTD_DESC_IEC = 0x4,
    VTD_DESC_WAIT = 0x5,
    VTD_DESC_PIOTLB = 0x6,
    VTD_DESC_PASID = 0x7,
    VTD_DESC_PDEVTLB = 0x8,
    VTD_DESC_PGRP_RSP = 0x9,
    VTD_DESC_HPT = 0xa,
} VtdDescType;

#define VTD_DESC_TYPE_LO BITFIELD_AT(0, 4)
#define VTD_DESC_TYPE_HI BITFIELD_AT(9, 3)

#define VTD_CC_G   BITFIELD_AT(4, 2)
#define VTD_CC_DID BITFIELD_AT(16, 16)
#define VTD_CC_SID BITFIELD_AT(32, 16)
#define VTD_CC_FM  BITFIELD_AT(48, 2)

#define VTD_TLB_G    BITFIELD_AT(4, 2)
#define VTD_TLB_DW   BITFIELD_AT(6, 1)
#define VTD_TLB_DR   BITFIELD_AT(7, 1)
#define VTD_TLB_DID  BITFIELD_AT(16, 16)
#define VTD_TLB_AM   BITFIELD_AT(64, 6)
#define VTD_TLB_IH   BITFIELD_AT(70, 1)
#define VTD_TLB_ADDR BITFIELD_AT(76, 52)

#define VTD_DTLB_PFSID_LO BITFIELD_AT(12, 4)
#define VTD_DTLB_MIP  BITFIELD_AT(16, 5)
#define VTD_DTLB_SID  BITFIELD_AT(32, 16)
#define VTD_DTLB_PFSID_HI BITFIELD_AT(52, 12)
#define VTD_DTLB_S    BITFIELD_AT(64, 1)
#define VTD_DTLB_ADDR BITFIELD_AT(76, 52)

#define VTD_IEC_G    BITFIELD_AT(4, 1)
#define VTD_IEC_IM   BITFIELD_AT(27, 5)
#define VTD_IEC_IIDX BITFIELD_AT(32, 16)

#define VTD_WAIT_IF   BITFIELD_AT(4, 1)
#define VTD_WAIT_SW   BITFIELD_AT(5, 1)
#define VTD_WAIT_FN   BITFIELD_AT(6, 1)
#define VTD_WAIT_PD   BITFIELD_AT(7, 1)
#define VTD_WAIT_DATA BITFIELD_AT(32, 32)
#define VTD_WAIT_ADDR BITFIELD_AT(66, 62)

#define VTD_PTLB_G     BITFIELD_AT(4, 2) /* VTD_GRAN_DOMAIN: all of a PASID; SELECTIVE: pages */
#define VTD_PTLB_DID   BITFIELD_AT(16, 16)
#define VTD_PTLB_PASID BITFIELD_AT(32, 20)
#define VTD_PTLB_AM    BITFIELD_AT(64, 6)
#define VTD_PTLB_IH    BITFIELD_AT(70, 1)
#define VTD_PTLB_ADDR  BITFIELD_AT(76, 52)

#define VTD_PC_G     BITFIELD_AT(4, 2)
#define VTD_PC_DID   BITFIELD_AT(16, 16)
#define VTD_PC_PASID BITFIELD_AT(32, 20)
enum { VTD_PC_DOMAIN = 0, VTD_PC_PASID_SELECTIVE = 1, VTD_PC_RSVD = 2, VTD_PC_GLOBAL = 3 };

#define VTD_PDTLB_MIP   BITFIELD_AT(4, 5)
#define VTD_PDTLB_PFSID_LO BITFIELD_AT(12, 4)
#define VTD_PDTLB_SID   BITFIELD_AT(16, 16)
#define VTD_PDTLB_PASID BITFIELD_AT(32, 20)
#define VTD_PDTLB_PFSID_HI BITFIELD_AT(52, 12)
#define VTD_PDTLB_GI    BITFIELD_AT(64, 1)
#define VTD_PDTLB_S     BITFIELD_AT(75, 1)
#define VTD_PDTLB_ADDR  BITFIELD_AT(76, 52)

#define VTD_PGRSP_PP    BITFIELD_AT(4, 1)
#define VTD_PGRSP_RC    BITFIELD_AT(12, 4)
#define VTD_PGRSP_RID   BITFIELD_AT(16, 16)
#define VTD_PGRSP_PASID BITFIELD_AT(32, 20)
#define VTD_PGRSP_PRGI  BITFIELD_AT(67, 9)

/* Page request descriptor, 256 bits, written by the unit [7.5.1] */
#define VTD_PRQ_BYTES 32
#define VTD_PRQ_TYPE  BITFIELD_AT(0, 8)
#define VTD_PRQ_PP    BITFIELD_AT(8, 1)
#define VTD_PRQ_RID   BITFIELD_AT(16, 16)
#define VTD_PRQ_PASID BITFIELD_AT(32, 20)
#define VTD_PRQ_EXR   BITFIELD_AT(52, 1)
#define VTD_PRQ_PMR   BITFIELD_AT(53, 1)
#define VTD_PRQ_RDR   BITFIELD_AT(64, 1)
#define VTD_PRQ_WRR   BITFIELD_AT(65, 1)
#define VTD_PRQ_LPIG  BITFIELD_AT(66, 1)
#define VTD_PRQ_PRGI  BITFIELD_AT(67, 9)
#define VTD_PRQ_ADDR  BITFIELD_AT(76, 52)
enum { VTD_PRQ_TYPE_PAGE_REQUEST = 1 };

/* ------------------------------------------------------------------ interrupts [5.1, 9.9-9.11] */

/* Address and data of an MSI in remappable format */
#define VTD_MSI_ADDR_FEE       REGFIELD(31, 20)
#define VTD_MSI_ADDR_HANDLE_LO REGFIELD(19, 5)
#define VTD_MSI_ADDR_FORMAT    REGFIELD(4, 4)
#define VTD_MSI_ADDR_SHV       REGFIELD(3, 3)
#define VTD_MSI_ADDR_HANDLE_HI REGFIELD(2, 2)
#define VTD_MSI_DATA_SUBHANDLE REGFIELD(15, 0)
#define VTD_MSI_DATA_RSVD      REGFIELD(31, 16)

/* Address and data of an MSI as a local APIC takes it */
#define VTD_APIC_ADDR_HI   REGFIELD(63, 40) /* destination bits 31:8 (x2APIC) */
#define VTD_APIC_ADDR_DEST REGFIELD(19, 12)
#define VTD_APIC_ADDR_RH   REGFIELD(3, 3)
#define VTD_APIC_ADDR_DM   REGFIELD(2, 2)
#define VTD_APIC_DATA_VECTOR REGFIELD(7, 0)
#define VTD_APIC_DATA_DLM  REGFIELD(10, 8)
#define VTD_APIC_DATA_LEVEL REGFIELD(14, 14)
#define VTD_APIC_DATA_TM   REGFIELD(15, 15)

/* Interrupt remapping table entry, 128 bits */
#define VTD_IRTE_BYTES 16
#define VTD_IRTE_P   BITFIELD_AT(0, 1)
#define VTD_IRTE_FPD BITFIELD_AT(1, 1)
#define VTD_IRTE_DM  BITFIELD_AT(2, 1)
#define VTD_IRTE_RH  BITFIELD_AT(3, 1)
#define VTD_IRTE_TM  BITFIELD_AT(4, 1)
#define VTD_IRTE_DLM BITFIELD_AT(5, 3)
#define VTD_IRTE_URG BITFIELD_AT(14, 1) /* posted */
#define VTD_IRTE_IM  BITFIELD_AT(15, 1)
#define VTD_IRTE_V   BITFIELD_AT(16, 8)
#define VTD_IRTE_DST BITFIELD_AT(32, 32)
#define VTD_IRTE_DST_XAPIC BITFIELD_AT(40, 8)
#define VTD_IRTE_PDAL BITFIELD_AT(38, 26) /* posted */
#define VTD_IRTE_SID BITFIELD_AT(64, 16)
#define VTD_IRTE_SQ  BITFIELD_AT(80, 2)
#define VTD_IRTE_SVT BITFIELD_AT(82, 2)
#define VTD_IRTE_PDAH BITFIELD_AT(96, 32) /* posted */

/* Posted interrupt descriptor, 512 bits */
#define VTD_PID_BYTES 64
#define VTD_PID_ON   BITFIELD_AT(256, 1)
#define VTD_PID_SN   BITFIELD_AT(257, 1)
#define VTD_PID_NV   BITFIELD_AT(272, 8)
#define VTD_PID_NDST BITFIELD_AT(288, 32)
#define VTD_PID_NDST_XAPIC BITFIELD_AT(296, 8)

/* ------------------------------------------------------------------ fault reasons [7.1.3] */

/* X(identifier, specification's name, code) */
#define VTD_FAULT_REASONS(X)                  \
    X(LRT_2, "LRT.2", 0x01) X(LCT_2, "LCT.2", 0x02) X(LCT_4, "LCT.4", 0x03)      \
    X(LGN_1, "LGN.1", 0x04) X(LGN_2, "LGN.2", 0x05) X(LGN_3, "LGN.3", 0x06)      \
    X(LSS_1, "LSS.1", 0x07) X(LRT_1, "LRT.1", 0x08) X(LCT_1, "LCT.1", 0x09)      \
    X(LRT_3, "LRT.3", 0x0a) X(LCT_3, "LCT.3", 0x0b) X(LSS_2, "LSS.2", 0x0c)      \
    X(LCT_5, "LCT.5", 0x0d) X(LGN_4, "LGN.4", 0x0e)                              \
    X(IR_RSVD, "IR request reserved", 0x20) X(IR_INDEX, "IR index", 0x21)        \
    X(IR_P, "IRTE P=0", 0x22) X(IR_READ, "IRTE read", 0x23)                      \
    X(IR_ENTRY, "IRTE reserved", 0x24) X(IR_COMPAT, "IR compatibility", 0x25)    \
    X(IR_SOURCE, "IR source", 0x26) X(IR_PID_READ, "PID access", 0x27)           \
    X(IR_PID_RSVD, "PID reserved", 0x28) X(IR_BAD_REQUEST, "IR range", 0x29)     \
    X(IR_EIME, "IR EIME required", 0x2a) X(IR_REQUIRED, "IR required", 0x2b)     \
    X(RTA_1, "RTA.1", 0x30) X(RTA_2, "RTA.2", 0x31) X(RTA_3, "RTA.3", 0x32)      \
    X(RTA_4, "RTA.4", 0x33) X(RTA_5, "RTA.5", 0x34)                              \
    X(SRT_1, "SRT.1", 0x38) X(SRT_2, "SRT.2", 0x39) X(SRT_3, "SRT.3", 0x3a)      \
    X(SCT_1, "SCT.1", 0x40) X(SCT_2, "SCT.2", 0x41) X(SCT_3, "SCT.3", 0x42)      \
    X(SCT_4, "SCT.4", 0x43) X(SCT_5, "SCT.5", 0x44) X(SCT_6, "SCT.6", 0x45)      \
    X(SCT_7, "SCT.7", 0x46) X(SCT_8, "SCT.8", 0x47) X(SCT_9, "SCT.9", 0x48)      \
    X(SCT_10, "SCT.10", 0x49)                                                    \
    X(SPD_1, "SPD.1", 0x50) X(SPD_2, "SPD.2", 0x51) X(SPD_3, "SPD.3", 0x52)      \
    X(SPT_1, "SPT.1", 0x58) X(SPT_2, "SPT.2", 0x59) X(SPT_3, "SPT.3", 0x5a)      \
    X(SPT_4, "SPT.4", 0x5b) X(SPT_5, "SPT.5", 0x5c) X(SPT_6, "SPT.6", 0x5d)      \
    X(SFS_1, "SFS.1", 0x70) X(SFS_2, "SFS.2", 0x71) X(SFS_3, "SFS.3", 0x72)      \
    X(SFS_4, "SFS.4", 0x73) X(SFS_5, "SFS.5", 0x74) X(SFS_6, "SFS.6", 0x75)      \
    X(SFS_7, "SFS.7", 0x76) X(SFS_8, "SFS.8", 0x77)                              \
    X(SSS_1, "SSS.1", 0x78) X(SSS_2, "SSS.2", 0x79) X(SSS_3, "SSS.3", 0x7a)      \
    X(SSS_4, "SSS.4", 0x7b) X(SSS_5, "SSS.5", 0x7c) X(SSS_6, "SSS.6", 0x7d)      \
    X(SGN_1, "SGN.1", 0x80) X(SGN_2, "SGN.2", 0x81) X(SGN_4, "SGN.4", 0x83)      \
    X(SGN_5, "SGN.5", 0x84) X(SGN_6, "SGN.6", 0x85) X(SGN_7, "SGN.7", 0x86)      \
    X(SGN_8, "SGN.8", 0x87) X(SGN_10, "SGN.10", 0x89)                            \
    X(SFS_9, "SFS.9", 0x90) X(SFS_10, "SFS.10", 0x91)

typedef enum VtdFaultReason {
    VTD_FAULT_NONE = 0,
#define X(id, name, code) VTD_FAULT_##id = code,
    VTD_FAULT_REASONS(X)
#undef X
} VtdFaultReason;

#endif

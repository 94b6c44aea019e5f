/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d performance monitoring and enhanced commands: registers, fields, events (VT-d chapter 10,
 * 11.4.13, 11.4.14). Private to the model and its tests.
 */
#ifndef HW_IOMMU_VTD_PERFMON_H
#define HW_IOMMU_VTD_PERFMON_H

#include "hw/iommu/fields.h"

/* Registers at fixed offsets */
enum {
    VTD_REG_PERFCAP = 0x300,
    VTD_REG_PERFCFGOFF = 0x310,
    VTD_REG_PERFFRZOFF = 0x314,
    VTD_REG_PERFOVFOFF = 0x318,
    VTD_REG_PERFCNTROFF = 0x31c,
    VTD_REG_PERFINTRSTS = 0x324,
    VTD_REG_PERFINTRCTL = 0x328, /* data, address, upper address above it */
    VTD_REG_PERFEVNTCAP0 = 0x380, /* 8 apart */
    VTD_REG_PERF_END = 0x400,
    VTD_REG_ECMD = 0x400,
    VTD_REG_ECEO = 0x408,
    VTD_REG_ECRSP = 0x410,
    VTD_REG_ECSTS0 = 0x420,
    VTD_REG_ECCAP0 = 0x430, /* 8 apart, to ECCAP3 */
    VTD_REG_ECMD_END = 0x450,
};

/* Where the registers lie whose place is the implementation's; software reads it in PERF*OFF. */
#define VTD_PERF_COUNTERS_MAX 16u
#define VTD_PERF_FIRST     0x2000u
#define VTD_PERF_CFG       0x2000u
#define VTD_PERF_CFG_STRIDE 0x100u
#define VTD_PERF_FRZ       0x3000u
#define VTD_PERF_OVF       0x3040u
#define VTD_PERF_CNT       0x4000u
#define VTD_PERF_CNT_STRIDE 0x400u /* 2^(CS + 10), CS 0 */
#define VTD_PERF_END       0x8000u

/* PERFCAP [11.4.13.2] */
#define VTD_PERFCAP_NCNTR   REGFIELD(15, 0)
#define VTD_PERFCAP_CW      REGFIELD(22, 16)
#define VTD_PERFCAP_EGCNT   REGFIELD(28, 24)
#define VTD_PERFCAP_RIDFS   REGFIELD(32, 32)
#define VTD_PERFCAP_DIDFS   REGFIELD(33, 33)
#define VTD_PERFCAP_PASIDFS REGFIELD(34, 34)
#define VTD_PERFCAP_ATFS    REGFIELD(35, 35)
#define VTD_PERFCAP_PTLFS   REGFIELD(36, 36)
#define VTD_PERFCAP_CWE     REGFIELD(48, 48)
#define VTD_PERFCAP_GFS     REGFIELD(49, 49)
#define VTD_PERFCAP_IOS     REGFIELD(50, 50)
#define VTD_PERFCAP_PCCS    REGFIELD(51, 51)
#define VTD_PERFCAP_CS      REGFIELD(54, 52)

#define VTD_PERFINTRSTS_PIS REGFIELD(0, 0)

/* PERFCNTRCFG and the filters above it [11.4.13.15-20] */
#define VTD_PERFCFG_EN      REGFIELD(0, 0)
#define VTD_PERFCFG_IO      REGFIELD(1, 1)
#define VTD_PERFCFG_GFO     REGFIELD(2, 2)
#define VTD_PERFCFG_EGI     REGFIELD(11, 8)
#define VTD_PERFCFG_ES      REGFIELD(59, 32)
#define VTD_PERF_RIDFLTR    0x08u
#define VTD_PERF_DIDFLTR    0x0cu
#define VTD_PERF_PASIDFLTR  0x10u
#define VTD_PERF_ATFLTR     0x14u
#define VTD_PERF_PTLFLTR    0x18u
#define VTD_PERF_CNTRCAP    0x80u
#define VTD_PERFFLTR_EN     REGFIELD(31, 31)
#define VTD_PERFFLTR_AT     REGFIELD(4, 0) /* bit n: PCIe address type n */
#define VTD_PERFFLTR_PTL    REGFIELD(4, 0) /* bit n: level n + 1 */

/* ECMD, ECRSP, ECCAP3 [11.4.14] */
#define VTD_ECMD_CMD        REGFIELD(7, 0)
#define VTD_ECMD_OA         REGFIELD(63, 16)
#define VTD_ECRSP_IP        REGFIELD(0, 0)
#define VTD_ECRSP_SC        REGFIELD(7, 1)
#define VTD_ECCAP3_FIRST    192u /* command of bit 0 */

typedef enum VtdEcmd {
    VTD_ECMD_ENABLE_COUNTER = 240,
    VTD_ECMD_DISABLE_COUNTER = 241,
    VTD_ECMD_RESET_CONFIG = 242,
    VTD_ECMD_RESET_VALUES = 243,
    VTD_ECMD_FREEZE = 244,
    VTD_ECMD_UNFREEZE = 245,
} VtdEcmd;

typedef enum VtdEcmdStatus {
    VTD_ECMD_OK = 0,
    VTD_ECMD_UNDEFINED = 1,
    VTD_ECMD_FAILED = 16, /* of enabling and disabling */
} VtdEcmdStatus;

/* Event groups, and the bits of their events [Table 49] */
#define VTD_PERF_GROUPS 5u

enum {
    VTD_PERF_G0_CLOCKS = 1u << 0,
    VTD_PERF_G0_REQUESTS = 1u << 1,

    VTD_PERF_G1_MRDS = 1u << 0,
    VTD_PERF_G1_AD_UPDATE = 1u << 3,
    VTD_PERF_G1_PG_REQ_POSTED = 1u << 6,
    VTD_PERF_G1_PG_REQ_OVERFLOW = 1u << 7,

    VTD_PERF_G2_CTXT_LOOKUP = 1u << 0,
    VTD_PERF_G2_CTXT_HIT = 1u << 1,
    VTD_PERF_G2_PASID_LOOKUP = 1u << 2,
    VTD_PERF_G2_PASID_HIT = 1u << 3,
    VTD_PERF_G2_SS_LOOKUP = 1u << 4,
    VTD_PERF_G2_SS_HIT = 1u << 5,
    VTD_PERF_G2_FS_LOOKUP = 1u << 6,
    VTD_PERF_G2_FS_HIT = 1u << 7,

    VTD_PERF_G3_IOTLB_LOOKUP = 1u << 0,
    VTD_PERF_G3_IOTLB_HIT = 1u << 1,

    VTD_PERF_G4_INT_LOOKUP = 1u << 0,
    VTD_PERF_G4_INT_HIT_NONPOSTED = 1u << 1,
    VTD_PERF_G4_INT_HIT_POSTED = 1u << 2,
};

#endif

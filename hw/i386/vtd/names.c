/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: names of the registers [11.2-11.4], for traces.
 */
#include "vtd-model.h"
#include "hw/iommu/regname.h"

#define R4(reg) { VTD_REG_##reg, 4, 0, 1, #reg }
#define R8(reg) { VTD_REG_##reg, 8, 0, 1, #reg }

static const IommuRegName names[] = {
    R4(VER), R8(CAP), R8(ECAP), R4(GCMD), R4(GSTS), R8(RTADDR), R8(CCMD), R4(FSTS), R4(FECTL),
    R4(FEDATA), R4(FEADDR), R4(FEUADDR), R4(PMEN), R4(PLMBASE), R4(PLMLIMIT), R8(PHMBASE),
    R8(PHMLIMIT), R8(IQH), R8(IQT), R8(IQA), R4(ICS), R4(IECTL), R4(IEDATA), R4(IEADDR),
    R4(IEUADDR), R8(IQERCD), R8(IRTA), R8(PQH), R8(PQT), R8(PQA), R4(PRS), R4(PECTL), R4(PEDATA),
    R4(PEADDR), R4(PEUADDR), R8(MTRRCAP), R8(MTRRDEF), R8(MTRR_FIX64K_00000),
    R8(MTRR_FIX16K_80000), R8(MTRR_FIX16K_A0000),
    { VTD_REG_MTRR_FIX4K_C0000, 8, 8, 8, "MTRR_FIX4K_" },
    { VTD_REG_MTRR_PHYSBASE0, 8, 16, 10, "MTRR_PHYSBASE" },
    { VTD_REG_MTRR_PHYSBASE0 + 8, 8, 16, 10, "MTRR_PHYSMASK" },
    R8(PERFCAP), R4(PERFCFGOFF), R4(PERFFRZOFF), R4(PERFOVFOFF), R4(PERFCNTROFF),
    R4(PERFINTRSTS), R4(PERFINTRCTL), { VTD_REG_PERFINTRCTL + 4, 4, 0, 1, "PERFINTRDATA" },
    { VTD_REG_PERFINTRCTL + 8, 4, 0, 1, "PERFINTRADDR" },
    { VTD_REG_PERFINTRCTL + 12, 4, 0, 1, "PERFINTRUADDR" },
    { VTD_REG_PERFEVNTCAP0, 8, 8, VTD_PERF_GROUPS, "PERFEVNTCAP" },
    R8(ECMD), R8(ECEO), R8(ECRSP), R8(ECSTS0), { VTD_REG_ECCAP0, 8, 8, 4, "ECCAP" },
    { VTD_PERF_CFG, 8, VTD_PERF_CFG_STRIDE, VTD_PERF_COUNTERS_MAX, "PERFCNTRCFG" },
    { VTD_PERF_CFG + VTD_PERF_RIDFLTR, 4, VTD_PERF_CFG_STRIDE, VTD_PERF_COUNTERS_MAX,
      "PERFRIDFLTR" },
    { VTD_PERF_CFG + VTD_PERF_DIDFLTR, 4, VTD_PERF_CFG_STRIDE, VTD_PERF_COUNTERS_MAX,
      "PERFDIDFLTR" },
    { VTD_PERF_CFG + VTD_PERF_PASIDFLTR, 4, VTD_PERF_CFG_STRIDE, VTD_PERF_COUNTERS_MAX,
      "PERFPASIDFLTR" },
    { VTD_PERF_CFG + VTD_PERF_ATFLTR, 4, VTD_PERF_CFG_STRIDE, VTD_PERF_COUNTERS_MAX,
      "PERFATFLTR" },
    { VTD_PERF_CFG + VTD_PERF_PTLFLTR, 4, VTD_PERF_CFG_STRIDE, VTD_PERF_COUNTERS_MAX,
      "PERFPTLFLTR" },
    { VTD_PERF_CFG + VTD_PERF_CNTRCAP, 4, VTD_PERF_CFG_STRIDE, VTD_PERF_COUNTERS_MAX,
      "PERFCNTRCAP" },
    { VTD_PERF_FRZ, 8, 0, 1, "PERFFRZSTS" }, { VTD_PERF_OVF, 8, 0, 1, "PERFOVFSTS" },
    { VTD_PERF_CNT, 8, VTD_PERF_CNT_STRIDE, VTD_PERF_COUNTERS_MAX, "PERFCNTR" },
};

void vtd_register_name(const IommuModel *model, uint64_t offset, char *buf, size_t size)
{
    const VtdModel *m = (const VtdModel *)model;
    const IommuRegName placed[] = {
        { m->frcd_base, 16, 16, m->cfg.nfr, "FRCD" },
        { m->iva_base, 8, 0, 1, "IVA" },
        { m->iva_base + 8, 8, 0, 1, "IOTLB" },
    };

    for (size_t i = 0; i < sizeof(placed) / sizeof(placed[0]); i++) {
        const IommuRegName *r = &placed[i];

        if (offset >= r->offset && offset - r->offset < (uint64_t)r->bytes * r->count) {
            iommu_register_name(r, 1, offset, buf, size);
            return;
        }
    }
    iommu_register_name(names, sizeof(names) / sizeof(names[0]), offset, buf, size);
}

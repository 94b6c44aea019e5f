/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the SMMUv3's registers (IHI 0070 chapters 6 and 10), for traces.
 */
#include "internal.h"
#include "hw/iommu/regname.h"
#include "hw/iommu/smmuv3-pmcg.h"

#include <stdio.h>

#define R4(reg) { SMMU_##reg, 4, 0, 1, #reg }
#define R8(reg) { SMMU_##reg, 8, 0, 1, #reg }
#define VATOS(reg, bytes) \
    { SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_##reg, bytes, 0, 1, "VATOS_" #reg }
#define P4(reg) { PMCG_##reg, 4, 0, 1, "PMCG_" #reg }
#define P8(reg) { PMCG_##reg, 8, 0, 1, "PMCG_" #reg }

static const IommuRegName names[] = {
    R4(IDR0), R4(IDR1), R4(IDR2), R4(IDR3), R4(IDR4), R4(IDR5), R4(IIDR), R4(AIDR),
    R4(CR0), R4(CR0ACK), R4(CR1), R4(CR2), R4(STATUSR), R4(GBPA), R4(AGBPA),
    R4(IRQ_CTRL), R4(IRQ_CTRLACK), R4(GERROR), R4(GERRORN),
    R8(GERROR_IRQ_CFG0), R4(GERROR_IRQ_CFG1), R4(GERROR_IRQ_CFG2),
    R8(STRTAB_BASE), R4(STRTAB_BASE_CFG), R8(CMDQ_BASE), R4(CMDQ_PROD), R4(CMDQ_CONS),
    R8(EVENTQ_BASE), R8(EVENTQ_IRQ_CFG0), R4(EVENTQ_IRQ_CFG1), R4(EVENTQ_IRQ_CFG2),
    R8(PRIQ_BASE), R8(PRIQ_IRQ_CFG0), R4(PRIQ_IRQ_CFG1), R4(PRIQ_IRQ_CFG2),
    R4(GATOS_CTRL), R8(GATOS_SID), R8(GATOS_ADDR), R8(GATOS_PAR), R4(VATOS_SEL), R4(IDR6),
    R4(EVENTQ_PROD), R4(EVENTQ_CONS), R4(PRIQ_PROD), R4(PRIQ_CONS),
    { SMMU_PIDR4, 4, 4, 4, "PIDR4" }, { SMMU_PIDR0, 4, 4, 4, "PIDR" },
    { SMMU_CIDR0, 4, 4, 4, "CIDR" },
    { SMMU_CMDQ_CONTROL_PAGE_BASE(0), 8, 32, 16, "CMDQ_CONTROL_PAGE_BASE" },
    { SMMU_CMDQ_CONTROL_PAGE_CFG(0), 4, 32, 16, "CMDQ_CONTROL_PAGE_CFG" },
    { SMMU_CMDQ_CONTROL_PAGE_STATUS(0), 4, 32, 16, "CMDQ_CONTROL_PAGE_STATUS" },
};

static const IommuRegName vatos_names[] = {
    VATOS(CTRL, 4), VATOS(SID, 8), VATOS(ADDR, 8), VATOS(PAR, 8),
};

/* Of either page; which holds the counters is CFGR.RELOC_CTRS' to say. */
static const IommuRegName pmcg_names[] = {
    { PMCG_EVCNTR, PMCG_EVCNTR_END - PMCG_EVCNTR, 0, 1, "PMCG_EVCNTR" },
    { PMCG_EVTYPER(0), 4, 4, PMCG_MAX_COUNTERS, "PMCG_EVTYPER" },
    { PMCG_SVR, PMCG_SVR_END - PMCG_SVR, 0, 1, "PMCG_SVR" },
    { PMCG_SMR(0), 4, 4, PMCG_MAX_COUNTERS, "PMCG_SMR" },
    P8(CNTENSET0), P8(CNTENCLR0), P8(INTENSET0), P8(INTENCLR0), P8(OVSCLR0), P8(OVSSET0),
    P4(CAPR), P4(SCR), P4(CFGR), P4(CR), P4(IIDR), P8(CEID0), P8(CEID1), P4(IRQ_CTRL),
    P4(IRQ_CTRLACK), P8(IRQ_CFG0), P4(IRQ_CFG1), P4(IRQ_CFG2), P4(IRQ_STATUS), P4(GMPAM), P4(AIDR),
    P4(PMDEVARCH), P4(PMDEVTYPE), { PMCG_PIDR4, 4, 4, 4, "PMCG_PIDR4" },
    { PMCG_PIDR0, 4, 4, 4, "PMCG_PIDR" }, { PMCG_CIDR0, 4, 4, 4, "PMCG_CIDR" },
};

static const IommuRegName ecmdq_names[] = {
    { SMMU_ECMDQ_BASE, 8, 0, 1, "BASE" },
    { SMMU_ECMDQ_PROD, 4, 0, 1, "PROD" },
    { SMMU_ECMDQ_CONS, 4, 0, 1, "CONS" },
};

#define NAMES(table) table, sizeof(table) / sizeof(table[0])

void smmu_register_name(const IommuModel *base, uint64_t offset, char *buf, size_t size)
{
    const SmmuModel *m = (const SmmuModel *)base;
    unsigned reg;

    if (smmu_pmcg_owns(m, offset)) {
        iommu_register_name(NAMES(pmcg_names), offset % PMCG_PAGE_BYTES, buf, size);
    } else if (smmu_in_ecmdq_pages(m, offset)) {
        int queue = smmu_ecmdq_at(m, offset - smmu_ecmdq_first_page(m), &reg);
        int len = snprintf(buf, size, queue < 0 ? "reserved" : "ECMDQ%d_", queue);

        if (queue >= 0 && len > 0 && (size_t)len < size) {
            iommu_register_name(NAMES(ecmdq_names), reg, buf + len, size - len);
        }
    } else if (m->config.vatos && offset >= SMMU_FIRST_EXTRA_PAGE) {
        iommu_register_name(NAMES(vatos_names), offset, buf, size);
    } else {
        iommu_register_name(NAMES(names), offset, buf, size);
    }
}

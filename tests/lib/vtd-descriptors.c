/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d invalidation descriptors (VT-d 5.10, 6.5.2) and interrupt entries (9.9-9.11). */
#include "vtd-driver.h"

#include <string.h>

VtdDescWords vtd_make(VtdDescType type)
{
    VtdDescWords d = { { 0 } };

    field_set(d.w, VTD_DESC_TYPE_LO, type);
    field_set(d.w, VTD_DESC_TYPE_HI, type >> field_width(VTD_DESC_TYPE_LO));
    return d;
}

static VtdDescWords context(unsigned granularity, uint16_t did)
{
    VtdDescWords d = vtd_make(VTD_DESC_CONTEXT);

    field_set(d.w, VTD_CC_G, granularity);
    field_set(d.w, VTD_CC_DID, did);
    return d;
}

VtdDescWords vtd_make_context_global(void)
{
    return context(VTD_GRAN_GLOBAL, 0);
}

VtdDescWords vtd_make_context_domain(uint16_t did)
{
    return context(VTD_GRAN_DOMAIN, did);
}

VtdDescWords vtd_make_context_device(uint16_t did, uint16_t sid, unsigned fm)
{
    VtdDescWords d = context(VTD_GRAN_SELECTIVE, did);

    field_set(d.w, VTD_CC_SID, sid);
    field_set(d.w, VTD_CC_FM, fm);
    return d;
}

static VtdDescWords iotlb(unsigned granularity, uint16_t did)
{
    VtdDescWords d = vtd_make(VTD_DESC_IOTLB);

    field_set(d.w, VTD_TLB_G, granularity);
    field_set(d.w, VTD_TLB_DID, did);
    field_set(d.w, VTD_TLB_DR, 1);
    field_set(d.w, VTD_TLB_DW, 1);
    return d;
}

VtdDescWords vtd_make_iotlb_global(void)
{
    return iotlb(VTD_GRAN_GLOBAL, 0);
}

VtdDescWords vtd_make_iotlb_domain(uint16_t did)
{
    return iotlb(VTD_GRAN_DOMAIN, did);
}

VtdDescWords vtd_make_iotlb_page(uint16_t did, uint64_t addr, unsigned am, bool leaf_only)
{
    VtdDescWords d = iotlb(VTD_GRAN_SELECTIVE, did);

    field_set(d.w, VTD_TLB_AM, am);
    field_set(d.w, VTD_TLB_IH, leaf_only);
    field_set(d.w, VTD_TLB_ADDR, addr >> 12);
    return d;
}

static VtdDescWords pasid_cache(unsigned granularity, uint16_t did, uint32_t pasid)
{
    VtdDescWords d = vtd_make(VTD_DESC_PASID);

    field_set(d.w, VTD_PC_G, granularity);
    field_set(d.w, VTD_PC_DID, did);
    field_set(d.w, VTD_PC_PASID, pasid);
    return d;
}

VtdDescWords vtd_make_pasid_domain(uint16_t did)
{
    return pasid_cache(VTD_PC_DOMAIN, did, 0);
}

VtdDescWords vtd_make_pasid_selective(uint16_t did, uint32_t pasid)
{
    return pasid_cache(VTD_PC_PASID_SELECTIVE, did, pasid);
}

VtdDescWords vtd_make_pasid_global(void)
{
    return pasid_cache(VTD_PC_GLOBAL, 0, 0);
}

static VtdDescWords piotlb(unsigned granularity, uint16_t did, uint32_t pasid)
{
    VtdDescWords d = vtd_make(VTD_DESC_PIOTLB);

    field_set(d.w, VTD_PTLB_G, granularity);
    field_set(d.w, VTD_PTLB_DID, did);
    field_set(d.w, VTD_PTLB_PASID, pasid);
    return d;
}

VtdDescWords vtd_make_piotlb_pasid(uint16_t did, uint32_t pasid)
{
    return piotlb(VTD_GRAN_DOMAIN, did, pasid);
}

VtdDescWords vtd_make_piotlb_page(uint16_t did, uint32_t pasid, uint64_t addr, unsigned am,
                                  bool leaf_only)
{
    VtdDescWords d = piotlb(VTD_GRAN_SELECTIVE, did, pasid);

    field_set(d.w, VTD_PTLB_AM, am);
    field_set(d.w, VTD_PTLB_IH, leaf_only);
    field_set(d.w, VTD_PTLB_ADDR, addr >> 12);
    return d;
}

/*
 * PCIe ATS: with S=1 the lowest zero bit of the page number tells the size; everything is a page
 * number of ones below a zero top bit.
 */
static uint64_t ats_page_number(uint64_t addr, unsigned lg2_pages)
{
    uint64_t page = addr >> 12;

    if (!lg2_pages) {
        return page;
    }
    return (page & ~low_mask(lg2_pages)) | low_mask(lg2_pages - 1);
}

VtdDescWords vtd_make_devtlb(uint16_t sid, uint64_t addr, unsigned lg2_pages)
{
    VtdDescWords d = vtd_make(VTD_DESC_DEVTLB);

    field_set(d.w, VTD_DTLB_SID, sid);
    field_set(d.w, VTD_DTLB_S, lg2_pages != 0);
    field_set(d.w, VTD_DTLB_ADDR, ats_page_number(addr, lg2_pages));
    return d;
}

VtdDescWords vtd_make_pdevtlb(uint16_t sid, uint32_t pasid, uint64_t addr, unsigned lg2_pages,
                              bool global)
{
    VtdDescWords d = vtd_make(VTD_DESC_PDEVTLB);

    field_set(d.w, VTD_PDTLB_SID, sid);
    field_set(d.w, VTD_PDTLB_PASID, pasid);
    field_set(d.w, VTD_PDTLB_GI, global);
    field_set(d.w, VTD_PDTLB_S, lg2_pages != 0);
    field_set(d.w, VTD_PDTLB_ADDR, ats_page_number(addr, lg2_pages));
    return d;
}

VtdDescWords vtd_make_iec_global(void)
{
    return vtd_make(VTD_DESC_IEC);
}

VtdDescWords vtd_make_iec_index(uint16_t index, unsigned im)
{
    VtdDescWords d = vtd_make(VTD_DESC_IEC);

    field_set(d.w, VTD_IEC_G, 1);
    field_set(d.w, VTD_IEC_IM, im);
    field_set(d.w, VTD_IEC_IIDX, index);
    return d;
}

VtdDescWords vtd_make_wait_status(uint64_t addr, uint32_t data)
{
    VtdDescWords d = vtd_make(VTD_DESC_WAIT);

    field_set(d.w, VTD_WAIT_SW, 1);
    field_set(d.w, VTD_WAIT_DATA, data);
    field_set(d.w, VTD_WAIT_ADDR, addr >> 2);
    return d;
}

VtdDescWords vtd_make_wait_interrupt(void)
{
    VtdDescWords d = vtd_make(VTD_DESC_WAIT);

    field_set(d.w, VTD_WAIT_IF, 1);
    return d;
}

VtdDescWords vtd_make_page_response(uint16_t rid, bool pp, uint32_t pasid, unsigned prgi,
                                    unsigned code)
{
    VtdDescWords d = vtd_make(VTD_DESC_PGRP_RSP);

    field_set(d.w, VTD_PGRSP_PP, pp);
    field_set(d.w, VTD_PGRSP_RC, code);
    field_set(d.w, VTD_PGRSP_RID, rid);
    field_set(d.w, VTD_PGRSP_PASID, pasid);
    field_set(d.w, VTD_PGRSP_PRGI, prgi);
    return d;
}

/* ---- interrupt entries ------------------------------------------------------------------- */

#define SVT_VERIFY 1
#define INTERRUPT_RANGE 0xfee /* address bits 31:20 of every MSI */

void vtd_irte_fixed(uint64_t irte[VTD_IRTE_WORDS], uint8_t vector, uint8_t apic_id)
{
    memset(irte, 0, VTD_IRTE_BYTES);
    field_set(irte, VTD_IRTE_P, 1);
    field_set(irte, VTD_IRTE_V, vector);
    field_set(irte, VTD_IRTE_DST_XAPIC, apic_id);
}

void vtd_irte_verify(uint64_t irte[VTD_IRTE_WORDS], uint16_t sid)
{
    field_set(irte, VTD_IRTE_SVT, SVT_VERIFY);
    field_set(irte, VTD_IRTE_SQ, 0);
    field_set(irte, VTD_IRTE_SID, sid);
}

void vtd_irte_posted(uint64_t irte[VTD_IRTE_WORDS], uint8_t vector, uint64_t pid, bool urgent)
{
    memset(irte, 0, VTD_IRTE_BYTES);
    field_set(irte, VTD_IRTE_P, 1);
    field_set(irte, VTD_IRTE_IM, 1);
    field_set(irte, VTD_IRTE_URG, urgent);
    field_set(irte, VTD_IRTE_V, vector);
    field_set(irte, VTD_IRTE_PDAL, pid >> 6);
    field_set(irte, VTD_IRTE_PDAH, pid >> 32);
}

void vtd_pid(uint64_t pid[VTD_PID_WORDS], uint8_t nv, uint8_t apic_id)
{
    memset(pid, 0, VTD_PID_BYTES);
    field_set(pid, VTD_PID_NV, nv);
    field_set(pid, VTD_PID_NDST_XAPIC, apic_id);
}

uint64_t vtd_msi_address(uint16_t index, bool shv)
{
    uint64_t a = 0;

    field_set(&a, VTD_MSI_ADDR_FEE, INTERRUPT_RANGE);
    field_set(&a, VTD_MSI_ADDR_HANDLE_LO, index);
    field_set(&a, VTD_MSI_ADDR_HANDLE_HI, index >> field_width(VTD_MSI_ADDR_HANDLE_LO));
    field_set(&a, VTD_MSI_ADDR_FORMAT, 1);
    field_set(&a, VTD_MSI_ADDR_SHV, shv);
    return a;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nested translation with first-stage tables in the program's memory. */
#include "nested.h"

#include <errno.h>
#include <string.h>

/* log2 of the PASIDs that the context descriptor table of a vSTE has room for. */
enum { CDS_LG2 = 3 };

/* S1CIR and S1COR: write-back, allocate on read and write (IHI 0070 5.2). */
enum { S1C_WRITE_BACK = 1 };

static uint8_t *at(void *opaque, uint64_t gpa)
{
    return ((NestedParent *)opaque)->memory + (gpa - NESTED_GPA);
}

static void memory_write(void *opaque, uint64_t gpa, const void *buf, size_t len)
{
    /* A descriptor is one word that a walk may read at any time: never write it in pieces. */
    if (len == 8 && gpa % 8 == 0) {
        uint64_t word;

        memcpy(&word, buf, 8);
        __atomic_store_n((uint64_t *)at(opaque, gpa), word, __ATOMIC_RELEASE);
    } else {
        memcpy(at(opaque, gpa), buf, len);
    }
}

static void memory_read(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    memcpy(buf, at(opaque, gpa), len);
}

void nested_parent(NestedParent *p, Bed *b)
{
    int hwpt;

    *p = (NestedParent) { .iommufd = b->iommufd };
    p->ioas = OK(ioas_alloc(p->iommufd));
    if (on_arm() && viommu_alloc(p->iommufd, 0, 0, IOMMU_VIOMMU_TYPE_ARM_SMMUV3) == -ENOTTY) {
        tap_skip("the kernel has no IOMMU_VIOMMU_ALLOC, which came with Linux 6.13");
    }
    hwpt = hwpt_alloc(p->iommufd, b->vfio.dev_id, p->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
    if (hwpt == -EOPNOTSUPP) {
        tap_skip("the kernel refuses IOMMU_HWPT_ALLOC_NEST_PARENT for this IOMMU");
    }
    p->hwpt = OK(hwpt);
    p->memory = memory_alloc(NESTED_TABLES + NESTED_DATA, false);
    OK(ioas_huge_pages(p->iommufd, p->ioas, false));
    /* Tables and data apart: a test may unmap the data alone. */
    OK(ioas_map(p->iommufd, p->ioas, p->memory, NESTED_TABLES, NESTED_GPA, IOAS_RW));
    OK(ioas_map(p->iommufd, p->ioas, p->memory + NESTED_TABLES, NESTED_DATA, NESTED_DATA_GPA,
                IOAS_RW));
    p->mem = (GuestMem) {
        .write = memory_write,
        .read = memory_read,
        .opaque = p,
        .next = NESTED_GPA,
        .end = NESTED_GPA + NESTED_TABLES,
    };
}

void *nested_page(NestedParent *p, unsigned page)
{
    return p->memory + NESTED_TABLES + page * (size_t)PAGE;
}

uint64_t nested_gpa(unsigned page)
{
    return NESTED_DATA_GPA + page * (uint64_t)PAGE;
}

unsigned nested_granule(void)
{
    return __builtin_ctz(PAGE);
}

void nested_map(Nested *n, uint64_t va, unsigned page)
{
    nested_map_range(n, va, page, PAGE);
}

#ifdef __aarch64__

void nested_set_cd(Nested *n, uint32_t ssid, const ArmPages *pages, uint16_t asid)
{
    uint64_t cd[CD_WORDS];

    cd_stage1(cd, pages, asid);
    cd_table_set(&n->cds, ssid, cd);
}

void nested_open(Nested *n, Bed *b, NestedParent *p, unsigned index, unsigned granule_lg2)
{
    int viommu;

    *n = (Nested) { .b = b, .parent = p, .granule_lg2 = granule_lg2, .vsid = NESTED_VSID + index,
                     .asid = NESTED_ASID + 16 * index };
    n->space = table_space(&p->mem);
    viommu = viommu_alloc(p->iommufd, b->vfio.dev_id, p->hwpt, IOMMU_VIOMMU_TYPE_ARM_SMMUV3);
    if (viommu == -EOPNOTSUPP) {
        tap_skip("the kernel refuses a vIOMMU: it wants IDR3.FWB or CANWBS");
    }
    n->viommu = n->invalidate = OK(viommu);
    n->vdevice = OK(vdevice_alloc(p->iommufd, n->viommu, b->vfio.dev_id, n->vsid));
    arm_pages_init_simple(&n->pages, &n->space, 1, granule_lg2, 48);
    cd_table_init(&n->cds, &n->space, STE_S1FMT_LINEAR, CDS_LG2);
    nested_set_cd(n, 0, &n->pages, n->asid);
    field_set(n->ste, STE_V, 1);
    field_set(n->ste, STE_CONFIG, STE_CONFIG_S1_TRANS);
    field_set(n->ste, STE_S1FMT, STE_S1FMT_LINEAR);
    field_set(n->ste, STE_S1CONTEXTPTR, n->cds.ptr >> 6);
    field_set(n->ste, STE_S1CDMAX, CDS_LG2);
    field_set(n->ste, STE_S1DSS, STE_S1DSS_SUBSTREAM0);
    field_set(n->ste, STE_S1CIR, S1C_WRITE_BACK);
    field_set(n->ste, STE_S1COR, S1C_WRITE_BACK);
    field_set(n->ste, STE_S1CSH, SH_ISH);
    n->hwpt = OK(hwpt_alloc_nested(p->iommufd, b->vfio.dev_id, n->viommu, 0,
                                   IOMMU_HWPT_DATA_ARM_SMMUV3, n->ste, sizeof(n->ste)));
    OK(vfio_attach(&b->vfio, n->hwpt));
}

void nested_map_range(Nested *n, uint64_t va, unsigned page, uint64_t length)
{
    arm_pages_map_smallest(&n->pages, va, nested_gpa(page), length, ARM_S1_RW);
}

void nested_unmap(Nested *n, uint64_t va)
{
    arm_pages_unmap(&n->pages, va);
}

int nested_commands(Nested *n, const SmmuCmdWords *commands, uint32_t count, uint32_t *done)
{
    return hwpt_invalidate(n->parent->iommufd, n->viommu, IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
                           commands, sizeof(*commands), count, done);
}

int nested_invalidate(Nested *n, uint64_t va)
{
    /* The VMID is the kernel's to fill in. */
    SmmuCmdWords command = smmu_make_tlbi_nh_va(0, n->asid, va, true);

    return nested_commands(n, &command, 1, NULL);
}

int nested_invalidate_all(Nested *n)
{
    SmmuCmdWords command = smmu_make_tlbi_nh_all(0);

    return nested_commands(n, &command, 1, NULL);
}

#else

void nested_open(Nested *n, Bed *b, NestedParent *p, unsigned index, unsigned granule_lg2)
{
    struct iommu_hwpt_vtd_s1 s1 = { .addr_width = 48 };

    (void)index;
    CHECK_EQ(granule_lg2, 12);
    *n = (Nested) { .b = b, .parent = p, .granule_lg2 = granule_lg2 };
    n->space = table_space(&p->mem);
    vtd_pages_init(&n->pages, &n->space, 1, 4);
    s1.pgtbl_addr = n->pages.root;
    n->hwpt = OK(hwpt_alloc_nested(p->iommufd, b->vfio.dev_id, p->hwpt, 0,
                                   IOMMU_HWPT_DATA_VTD_S1, &s1, sizeof(s1)));
    n->invalidate = n->hwpt;
    OK(vfio_attach(&b->vfio, n->hwpt));
}

void nested_map_range(Nested *n, uint64_t va, unsigned page, uint64_t length)
{
    vtd_pages_map_smallest(&n->pages, va, nested_gpa(page), length, VTD_FS_USER_RW);
}

void nested_unmap(Nested *n, uint64_t va)
{
    vtd_pages_unmap(&n->pages, va);
}

static int invalidate(Nested *n, uint64_t addr, uint64_t pages)
{
    struct iommu_hwpt_vtd_s1_invalidate request = { .addr = addr, .npages = pages };

    return hwpt_invalidate(n->parent->iommufd, n->hwpt, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
                           &request, sizeof(request), 1, NULL);
}

int nested_invalidate(Nested *n, uint64_t va)
{
    return invalidate(n, va, 1);
}

int nested_invalidate_all(Nested *n)
{
    return invalidate(n, 0, UINT64_MAX);
}

#endif

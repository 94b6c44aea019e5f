/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu-dma behind either IOMMU, with PASIDs, ATS and PRI. */
#include "qemu/osdep.h"
#include "dma-iommu.h"
#include "sw-qom.h"

#include "../lib/smmu-driver.h"
#include "../lib/vtd-driver.h"

#define ASID_BASE 16
#define DID 3
#define PQ_BYTES 4096
#define S1CDMAX 3 /* log2 of DI_PASIDS */
#define SID_BITS 10 /* buses 0 to 3 */

struct DmaIommu {
    DmaMachine *m;

    /* SMMUv3 */
    SmmuDriver smmu;
    StreamTable streams;
    CdTable cds;
    ArmPages arm[DI_PASIDS];
    DiFault stalled; /* the last */
    uint64_t ste[STE_WORDS];

    /* VT-d */
    VtdDriver vtd;
    VtdRootTable root;
    VtdPasidTable pasids;
    uint64_t ctx[VTD_SMCTX_WORDS];
    VtdPages intel[DI_PASIDS];
    uint64_t pq;
    uint32_t pq_head;
    uint32_t wait_data; /* what the last wait descriptor writes */
};

/* Requests without PASID use PASID 0's space: S1DSS = substream 0, RID_PASID = 0. */
static unsigned space_of(uint32_t pasid)
{
    return pasid == DI_NO_PASID ? 0 : pasid;
}

/* ---- SMMUv3 --------------------------------------------------------------------------------- */

static void smmu_write_cd(DmaIommu *di, unsigned i, bool stall)
{
    uint64_t cd[CD_WORDS] = { 0 };

    cd_stage1(cd, &di->arm[i], ASID_BASE + i);
    field_set(cd, CD_S, stall);
    cd_table_set(&di->cds, i, cd);
}

static void smmu_start(DmaIommu *di)
{
    DmaMachine *m = di->m;
    TableSpace space = table_space(&m->mem);

    smmu_driver_init(&di->smmu, &m->iommu, &m->mem);
    stream_table_init_linear(&di->streams, &m->mem, SID_BITS);
    cd_table_init(&di->cds, &space, STE_S1FMT_LINEAR, S1CDMAX);
    for (unsigned i = 0; i < DI_PASIDS; i++) {
        arm_pages_init_simple(&di->arm[i], &space, 1, 12, 48);
        smmu_write_cd(di, i, false);
    }
    ste_stage1(di->ste, &di->cds);
    field_set(di->ste, STE_S1DSS, STE_S1DSS_SUBSTREAM0);
    field_set(di->ste, STE_EATS, STE_EATS_FULL);
    stream_table_set(&di->streams, m->rid, di->ste);
    g_assert_true(smmu_driver_start(&di->smmu, &di->streams));
}

static SmmuCmdWords smmu_atc_inv(const DmaIommu *di, uint32_t pasid, uint64_t iova)
{
    return smmu_make_atc_inv(di->m->rid, pasid != DI_NO_PASID, space_of(pasid), false, iova,
                             iova ? 0 : 52);
}

static bool smmu_fault(DmaIommu *di, DiFault *fault)
{
    SmmuEventWords e;

    if (!smmu_driver_event(&di->smmu, &e)) {
        return false;
    }
    *fault = (DiFault) {
        .reason = e.num, .pasid = e.ssv ? e.ssid : DI_NO_PASID, .addr = e.input_addr & ~0xfffull,
        .write = !e.rnw, .rid = e.sid, .stag = e.stag,
    };
    di->stalled = *fault;
    return true;
}

static bool smmu_page_request(DmaIommu *di, DiPageRequest *req)
{
    uint64_t w[PRI_WORDS];

    if (!smmu_driver_page_request(&di->smmu, w)) {
        return false;
    }
    *req = (DiPageRequest) {
        .addr = field_get(w, PRI_ADDR) << 12, .prgi = field_get(w, PRI_PRGINDEX),
        .pasid = field_get(w, PRI_SSV) ? field_get(w, PRI_SUBSTREAMID) : DI_NO_PASID,
        .r = field_get(w, PRI_R), .w = field_get(w, PRI_W), .last = field_get(w, PRI_LAST),
    };
    return true;
}

/* ---- VT-d ----------------------------------------------------------------------------------- */

static void vtd_start(DmaIommu *di)
{
    DmaMachine *m = di->m;
    TableSpace space = table_space(&m->mem);

    vtd_driver_init(&di->vtd, &m->iommu, &m->mem);
    vtd_root_init(&di->root, &m->mem, true);
    vtd_pasid_table_init(&di->pasids, &m->mem, 0);
    for (unsigned i = 0; i < DI_PASIDS; i++) {
        uint64_t entry[VTD_PASID_WORDS] = { 0 };

        vtd_pages_init(&di->intel[i], &space, 1, 4);
        vtd_pasid_first_stage(entry, &di->intel[i], DID);
        /* The accessed flag is set by walks that snoop, and by no others (T9). */
        field_set(entry, VTD_PASID_PWSNP, 1);
        vtd_pasid_set(&di->pasids, i, entry);
    }
    vtd_smctx(di->ctx, &di->pasids, true, 0);
    field_set(di->ctx, VTD_SMCTX_DTE, 1);
    field_set(di->ctx, VTD_SMCTX_PRE, 1);
    vtd_ctx_set(&di->root, m->rid, di->ctx);

    di->pq = gmem_alloc(&m->mem, PQ_BYTES, PQ_BYTES);
    reg_write64(&m->iommu, VTD_REG_PQH, 0);
    reg_write64(&m->iommu, VTD_REG_PQT, 0);
    reg_write64(&m->iommu, VTD_REG_PQA, di->pq);
    g_assert_true(vtd_driver_start(&di->vtd, &di->root));
}

static VtdDescWords vtd_devtlb(const DmaIommu *di, uint32_t pasid, uint64_t iova)
{
    unsigned pages = iova ? 0 : 52;

    return pasid == DI_NO_PASID ? vtd_make_devtlb(di->m->rid, iova, pages)
                                : vtd_make_pdevtlb(di->m->rid, pasid, iova, pages, false);
}

static bool vtd_fault(DmaIommu *di, DiFault *fault)
{
    VtdFaultWords f;

    if (!vtd_driver_fault(&di->vtd, &f)) {
        return false;
    }
    *fault = (DiFault) {
        .reason = f.reason, .pasid = f.pp ? f.pasid : DI_NO_PASID, .addr = f.addr,
        .write = f.type == VTD_FAULT_TYPE_WRITE, .rid = f.sid,
    };
    return true;
}

static bool vtd_page_request(DmaIommu *di, DiPageRequest *req)
{
    uint64_t w[VTD_PRQ_BYTES / 8];

    if (reg_read32(&di->m->iommu, VTD_REG_PQT) == di->pq_head) {
        return false;
    }
    gmem_read_words(&di->m->mem, di->pq + di->pq_head, w, ARRAY_SIZE(w));
    di->pq_head = (di->pq_head + VTD_PRQ_BYTES) % PQ_BYTES;
    reg_write32(&di->m->iommu, VTD_REG_PQH, di->pq_head);
    *req = (DiPageRequest) {
        .addr = field_get(w, VTD_PRQ_ADDR) << 12, .prgi = field_get(w, VTD_PRQ_PRGI),
        .pasid = field_get(w, VTD_PRQ_PP) ? field_get(w, VTD_PRQ_PASID) : DI_NO_PASID,
        .r = field_get(w, VTD_PRQ_RDR), .w = field_get(w, VTD_PRQ_WRR),
        .last = field_get(w, VTD_PRQ_LPIG),
    };
    return true;
}

/* ---- either --------------------------------------------------------------------------------- */

DmaIommu *di_new(const char *props)
{
    return di_new_with("", props);
}

static DmaIommu *new_at(const char *iommu, const char *props, const char *args, bool behind_ports)
{
    g_autofree char *x86 = g_strdup_printf("intremap=on,model=max%s%s", *iommu ? "," : "", iommu);
    DmaIommu *di;

    if (g_getenv("STAGEWALK_BASELINE")) {
        g_test_skip("QEMU's own IOMMUs have no transaction port");
        return NULL;
    }
    di = g_new0(DmaIommu, 1);
    iommu = dma_is_x86() ? x86 : iommu;
    di->m = behind_ports ? dma_machine_new_behind_ports(iommu, props)
                         : dma_machine_new(iommu, props, args);
    if (dma_is_x86()) {
        vtd_start(di);
    } else {
        smmu_start(di);
    }
    dma_enable_pasid(di->m, true);
    dma_enable_ats(di->m, true);
    dma_enable_pri(di->m, true);
    return di;
}

DmaIommu *di_new_with(const char *iommu, const char *props)
{
    return new_at(iommu, props, NULL, false);
}

DmaIommu *di_new_with_args(const char *args)
{
    return new_at("", NULL, args, false);
}

DmaIommu *di_new_behind_ports(const char *iommu, const char *props)
{
    return new_at(iommu, props, NULL, true);
}

void di_share(DmaIommu *di, unsigned rid)
{
    if (dma_is_x86()) {
        vtd_ctx_set(&di->root, rid, di->ctx);
    } else {
        stream_table_set(&di->streams, rid, di->ste);
    }
}

void di_free(DmaIommu *di)
{
    dma_machine_free(di->m);
    g_free(di);
}

DmaMachine *di_machine(DmaIommu *di)
{
    return di->m;
}

void di_map(DmaIommu *di, uint32_t pasid, uint64_t iova, uint64_t pa, bool writable)
{
    unsigned i = space_of(pasid);

    if (dma_is_x86()) {
        vtd_pages_map(&di->intel[i], iova, pa, 4096, writable ? VTD_FS_USER_RW : VTD_FS_USER_RO);
    } else {
        arm_pages_map(&di->arm[i], iova, pa, 4096, writable ? ARM_S1_RW : ARM_S1_RO);
    }
}

void di_unmap(DmaIommu *di, uint32_t pasid, uint64_t iova)
{
    unsigned i = space_of(pasid);

    if (dma_is_x86()) {
        vtd_pages_unmap(&di->intel[i], iova);
        g_assert_true(vtd_driver_issue(&di->vtd, vtd_make_piotlb_page(DID, i, iova, 0, false)));
    } else {
        arm_pages_unmap(&di->arm[i], iova);
        g_assert_true(smmu_driver_issue(&di->smmu,
                                        smmu_make_tlbi_nh_va(0, ASID_BASE + i, iova, true)));
    }
}

bool di_invalidate_device(DmaIommu *di, uint32_t pasid, uint64_t iova)
{
    return dma_is_x86() ? vtd_driver_issue(&di->vtd, vtd_devtlb(di, pasid, iova))
                        : smmu_driver_issue(&di->smmu, smmu_atc_inv(di, pasid, iova));
}

void di_invalidate_device_begin(DmaIommu *di, uint32_t pasid, uint64_t iova)
{
    if (dma_is_x86()) {
        di->wait_data = 0x77;
        vtd_driver_push(&di->vtd, vtd_devtlb(di, pasid, iova));
        gmem_write32(&di->m->mem, di->vtd.status, 0);
        vtd_driver_push(&di->vtd, vtd_make_wait_status(di->vtd.status, di->wait_data));
    } else {
        g_assert_true(smmu_driver_push(&di->smmu, smmu_atc_inv(di, pasid, iova)));
        g_assert_true(smmu_driver_push(&di->smmu, smmu_make_sync(0)));
    }
}

bool di_invalidate_device_done(DmaIommu *di)
{
    if (dma_is_x86()) {
        return gmem_read32(&di->m->mem, di->vtd.status) == di->wait_data;
    }
    return reg_read32(&di->m->iommu, SMMU_CMDQ_CONS) == reg_read32(&di->m->iommu, SMMU_CMDQ_PROD);
}

bool di_invalidate_device_failed(DmaIommu *di)
{
    if (dma_is_x86()) {
        return reg_get(reg_read32(&di->m->iommu, VTD_REG_FSTS), VTD_FSTS_ITE);
    }
    return reg_get(reg_read32(&di->m->iommu, SMMU_GERROR) ^
                   reg_read32(&di->m->iommu, SMMU_GERRORN), GERROR_CMDQ_ERR);
}

bool di_page_request(DmaIommu *di, DiPageRequest *req)
{
    return dma_is_x86() ? vtd_page_request(di, req) : smmu_page_request(di, req);
}

bool di_fault(DmaIommu *di, DiFault *fault)
{
    return dma_is_x86() ? vtd_fault(di, fault) : smmu_fault(di, fault);
}

void di_respond(DmaIommu *di, const DiPageRequest *req, unsigned code)
{
    bool pasid = req->pasid != DI_NO_PASID;

    if (dma_is_x86()) {
        VtdDescWords desc = vtd_make_page_response(di->m->rid, pasid, space_of(req->pasid),
                                                   req->prgi, code);

        g_assert_true(vtd_driver_issue(&di->vtd, desc));
    } else {
        /* CMD_PRI_RESP.Resp: 0b00 deny (failure), 0b01 fail (invalid request), 0b10 success. */
        unsigned resp = code == 0 ? 2 : code == 1 ? 1 : 0;

        g_assert_true(smmu_driver_issue(&di->smmu,
                                        smmu_make_pri_resp(di->m->rid, pasid, space_of(req->pasid),
                                                           req->prgi, resp)));
    }
}

void di_enable(DmaIommu *di, bool on)
{
    if (dma_is_x86()) {
        g_assert_true(vtd_driver_gcmd(&di->vtd, VTD_GCMD_TE, on));
    } else {
        uint32_t cr0 = reg_read32(&di->m->iommu, SMMU_CR0);

        g_assert_true(smmu_driver_cr0(&di->smmu, reg_set(cr0, CR0_SMMUEN, on)));
    }
}

/* The number behind @name in @json, from the object @of on. */
static uint64_t counter_of(DmaIommu *di, const char *of, const char *name)
{
    g_autofree char *path = sw_iommu_path(di->m->qts);
    g_autofree char *json = sw_get(di->m->qts, path, "stagewalk-counters");
    g_autofree char *key = g_strdup_printf("\"%s\"", name);
    const char *at = strstr(json, of);

    g_assert_nonnull(at);
    at = strstr(at, key);
    g_assert_nonnull(at);
    return g_ascii_strtoull(at + strlen(key) + strspn(at + strlen(key), ": "), NULL, 10);
}

uint64_t di_counter(DmaIommu *di, const char *name)
{
    return counter_of(di, "{", name);
}

uint64_t di_untimed(DmaIommu *di, const char *name)
{
    return counter_of(di, "\"untimed\": {", name);
}

bool di_enable_stall(DmaIommu *di, uint32_t pasid)
{
    if (dma_is_x86()) {
        return false;
    }
    smmu_write_cd(di, space_of(pasid), true);
    g_assert_true(smmu_driver_issue(&di->smmu,
                                    smmu_make_cfgi_cd(di->m->rid, space_of(pasid), true)));
    return true;
}

void di_resume_fault(DmaIommu *di, const DiFault *fault, bool retry)
{
    g_assert_true(smmu_driver_issue(&di->smmu,
                                    smmu_make_resume(fault->rid, fault->stag, retry, !retry)));
}

void di_resume(DmaIommu *di, bool retry)
{
    di_resume_fault(di, &di->stalled, retry);
}

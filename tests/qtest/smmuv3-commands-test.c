/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every command opcode of the SMMUv3 (IHI 0070 chapter 4) against iommu-dma's traffic: what an
 * invalidation takes back and what it leaves, what the others do, and what is CERROR_ILL. Caches
 * are of full size, so that an entry stays until a command takes it.
 */
#include "qemu/osdep.h"
#include "dma-smmu.h"

/* ---- Invalidation of translations --------------------------------------------------------- */

static void scene_el2(DmaSmmu *b)
{
    ds_stage1(b);
    ds_ste(b, STE_STRW, STE_STRW_EL2);
}

static void scene_e2h(DmaSmmu *b)
{
    uint32_t cr0 = ds_reg(b, SMMU_CR0);

    g_assert_true(smmu_driver_cr0(&b->d, cr0 & ~(uint32_t)field_mask(CR0_SMMUEN)));
    reg_write32(&b->m->iommu, SMMU_CR2,
                (uint32_t)(field_mask(CR2_E2H) | field_mask(CR2_RECINVSID)));
    g_assert_true(smmu_driver_cr0(&b->d, cr0));
    scene_el2(b);
}

static void scene_global(DmaSmmu *b)
{
    ds_stage1(b);
    arm_pages_set(&b->s1, DS_VA, reg_set(arm_pages_get(&b->s1, DS_VA), PTE_NG, 0));
}

static void scene_wildcards(DmaSmmu *b)
{
    g_assert_true(smmu_driver_cr0(&b->d, ds_reg(b, SMMU_CR0) |
                                         (uint32_t)reg_make(CR0_VMW, 2)));
    ds_nested(b);
}

typedef enum Maker {
    NH_ALL, NH_ASID, NH_VA, NH_VAA, EL2_ALL, EL2_ASID, EL2_VA, EL2_VAA, S12_VMALL, S2_IPA, NSNH_ALL,
} Maker;

/** One TLBI and whether the entry of what the scene maps goes. */
typedef struct Tlbi {
    const char *path;
    DsScene *scene;
    Maker cmd;
    bool gone;
    uint16_t vmid, asid; /* added to the right ones */
    int64_t offset;      /* to the address */
    uint32_t range;      /* pages of a range, 0: none */
    bool stage2;         /* what changed is the stage 2 mapping */
} Tlbi;

static const Tlbi tlbis[] = {
    { "/smmuv3/commands/CM23-NH_ALL", ds_stage1, NH_ALL, true },
    { "/smmuv3/commands/CM23-NH_ALL-nested", ds_nested, NH_ALL, true },
    { "/smmuv3/commands/CM23-NH_ALL-other-vmid", ds_nested, NH_ALL, false, .vmid = 1 },
    { "/smmuv3/commands/CM23-NH_ALL-global", scene_global, NH_ALL, true },
    { "/smmuv3/commands/CM23-NH_ALL-leaves-EL2", scene_el2, NH_ALL, false },
    { "/smmuv3/commands/CM23-NH_ALL-leaves-stage2", ds_stage2, NH_ALL, false, .stage2 = true },
    { "/smmuv3/commands/CM23-NH_ASID", ds_stage1, NH_ASID, true },
    { "/smmuv3/commands/CM23-NH_ASID-other-asid", ds_stage1, NH_ASID, false, .asid = 1 },
    { "/smmuv3/commands/CM23-NH_ASID-leaves-global", scene_global, NH_ASID, false },
    { "/smmuv3/commands/CM23-NH_ASID-other-vmid", ds_nested, NH_ASID, false, .vmid = 1 },
    { "/smmuv3/commands/CM23-NH_VA", ds_stage1, NH_VA, true },
    { "/smmuv3/commands/CM23-NH_VA-within-page", ds_stage1, NH_VA, true, .offset = 0xff8 },
    { "/smmuv3/commands/CM23-NH_VA-other-page", ds_stage1, NH_VA, false, .offset = DS_PAGE },
    { "/smmuv3/commands/CM23-NH_VA-other-asid", ds_stage1, NH_VA, false, .asid = 1 },
    { "/smmuv3/commands/CM23-NH_VA-global", scene_global, NH_VA, true, .asid = 1 },
    { "/smmuv3/commands/CM23-NH_VA-nested", ds_nested, NH_VA, true },
    { "/smmuv3/commands/CM19-NH_VA-range", ds_stage1, NH_VA, true, .offset = -4 * DS_PAGE,
      .range = 8 },
    { "/smmuv3/commands/CM19-NH_VA-range-short", ds_stage1, NH_VA, false, .offset = -4 * DS_PAGE,
      .range = 4 },
    { "/smmuv3/commands/CM23-NH_VAA", ds_stage1, NH_VAA, true, .asid = 1 },
    { "/smmuv3/commands/CM23-NH_VAA-global", scene_global, NH_VAA, true },
    { "/smmuv3/commands/CM23-NH_VAA-other-page", ds_stage1, NH_VAA, false, .offset = DS_PAGE },
    { "/smmuv3/commands/CM19-NH_VAA-range", ds_stage1, NH_VAA, true, .offset = -64 * DS_PAGE,
      .range = 128 },
    { "/smmuv3/commands/CM23-EL2_ALL", scene_el2, EL2_ALL, true },
    { "/smmuv3/commands/CM23-EL2_ALL-E2H", scene_e2h, EL2_ALL, true },
    { "/smmuv3/commands/CM23-EL2_ALL-leaves-EL1", ds_stage1, EL2_ALL, false },
    { "/smmuv3/commands/CM23-EL2_ASID-E2H", scene_e2h, EL2_ASID, true },
    { "/smmuv3/commands/CM23-EL2_ASID-other-asid", scene_e2h, EL2_ASID, false, .asid = 1 },
    { "/smmuv3/commands/CM23-EL2_VA", scene_el2, EL2_VA, true, .asid = 1 },
    { "/smmuv3/commands/CM23-EL2_VA-E2H", scene_e2h, EL2_VA, true },
    { "/smmuv3/commands/CM23-EL2_VA-E2H-other-asid", scene_e2h, EL2_VA, false, .asid = 1 },
    { "/smmuv3/commands/CM23-EL2_VA-leaves-EL1", ds_stage1, EL2_VA, false },
    { "/smmuv3/commands/CM23-EL2_VAA", scene_el2, EL2_VAA, true },
    { "/smmuv3/commands/CM23-EL2_VAA-E2H", scene_e2h, EL2_VAA, true, .asid = 1 },
    { "/smmuv3/commands/CM23-EL2_VAA-other-page", scene_el2, EL2_VAA, false, .offset = DS_PAGE },
    { "/smmuv3/commands/CM23-S12_VMALL-stage2", ds_stage2, S12_VMALL, true, .stage2 = true },
    { "/smmuv3/commands/CM23-S12_VMALL-nested", ds_nested, S12_VMALL, true, .stage2 = true },
    { "/smmuv3/commands/CM23-S12_VMALL-other-vmid", ds_stage2, S12_VMALL, false, .vmid = 1,
      .stage2 = true },
    { "/smmuv3/commands/CM23-S2_IPA", ds_stage2, S2_IPA, true, .stage2 = true },
    { "/smmuv3/commands/CM23-S2_IPA-other-page", ds_stage2, S2_IPA, false, .offset = DS_PAGE,
      .stage2 = true },
    { "/smmuv3/commands/CM23-S2_IPA-other-vmid", ds_stage2, S2_IPA, false, .vmid = 1,
      .stage2 = true },
    { "/smmuv3/commands/CM23-S2_IPA-leaves-combined", ds_nested, S2_IPA, false, .stage2 = true },
    { "/smmuv3/commands/CM19-S2_IPA-range", ds_stage2, S2_IPA, true, .offset = -8 * DS_PAGE,
      .range = 16, .stage2 = true },
    { "/smmuv3/commands/CM23-NSNH_ALL-stage1", ds_stage1, NSNH_ALL, true },
    { "/smmuv3/commands/CM23-NSNH_ALL-stage2", ds_stage2, NSNH_ALL, true, .stage2 = true },
    { "/smmuv3/commands/CM23-NSNH_ALL-nested", ds_nested, NSNH_ALL, true, .stage2 = true },
    { "/smmuv3/commands/CM23-NSNH_ALL-leaves-EL2", scene_el2, NSNH_ALL, false },
    { "/smmuv3/commands/RG8-VMW-matches-group", scene_wildcards, NH_ALL, true,
      .vmid = (uint16_t)-3 },
    { "/smmuv3/commands/RG8-VMW-other-group", scene_wildcards, NH_ALL, false, .vmid = 1 },
};

static SmmuCmdWords make_tlbi(const Tlbi *t, uint64_t at)
{
    /* Without stage 2 an SMMU that has one tags by VMID 0 */
    uint16_t vmid = (t->scene == ds_stage1 || t->scene == scene_global ? 0 : DS_VMID) + t->vmid;
    uint16_t asid = DS_ASID + t->asid;
    uint64_t addr = at + t->offset;

    switch (t->cmd) {
    case NH_ALL:
        return smmu_make_tlbi_nh_all(vmid);
    case NH_ASID:
        return smmu_make_tlbi_nh_asid(vmid, asid);
    case NH_VA:
        return smmu_make_tlbi_nh_va(vmid, asid, addr, true);
    case NH_VAA:
        return smmu_make_tlbi_nh_vaa(vmid, addr, true);
    case EL2_ALL:
        return smmu_make_tlbi_el2_all();
    case EL2_ASID:
        return smmu_make_tlbi_el2_asid(asid);
    case EL2_VA:
        return smmu_make_tlbi_el2_va(asid, addr, true);
    case EL2_VAA:
        return smmu_make_tlbi_el2_vaa(addr, true);
    case S12_VMALL:
        return smmu_make_tlbi_s12_vmall(vmid);
    case S2_IPA:
        return smmu_make_tlbi_s2_ipa(vmid, (t->scene == ds_nested ? DS_IPA : at) + t->offset, true);
    default:
        return smmu_make_tlbi_nsnh_all();
    }
}

static void test_tlbi(const void *data)
{
    const Tlbi *t = data;
    DmaSmmu *b = ds_new("");
    SmmuCmdWords cmd;

    t->scene(b);
    ds_ok(b, ds_read(b->at), b->pa);
    if (t->stage2) {
        arm_pages_set(&b->s2, DS_IPA, arm_pages_get(&b->s2, DS_IPA) + DS_PAGE);
    } else {
        arm_pages_set(&b->s1, DS_VA, arm_pages_get(&b->s1, DS_VA) + DS_PAGE);
    }
    ds_ok(b, ds_read(b->at), b->pa); /* the entry is there */
    cmd = make_tlbi(t, b->at);
    if (t->range) {
        cmd = smmu_make_range(cmd, 12, t->range, 0);
    }
    ds_issue(b, cmd);
    ds_ok(b, ds_read(b->at), b->pa + (t->gone ? DS_PAGE : 0));
    ds_free(b);
}

/* ---- Invalidation of configuration -------------------------------------------------------- */

typedef struct Cfgi {
    const char *path;
    SmmuCmdOp op;
    uint32_t sid, ssid;
    unsigned range;
    bool cd;             /* what changed is the CD of DS_SSID; else the STE */
    bool gone;
} Cfgi;

static const Cfgi cfgis[] = {
    { "/smmuv3/commands/CM13-CFGI_STE", CMD_CFGI_STE, DS_SID, .gone = true },
    { "/smmuv3/commands/CM13-CFGI_STE-other", CMD_CFGI_STE, DS_SID + 1 },
    { "/smmuv3/commands/CM13-CFGI_STE-takes-CDs", CMD_CFGI_STE, DS_SID, .cd = true, .gone = true },
    { "/smmuv3/commands/CM14-CFGI_STE_RANGE", CMD_CFGI_STE_RANGE, DS_SID ^ 7, .range = 2,
      .gone = true },
    { "/smmuv3/commands/CM14-CFGI_STE_RANGE-other", CMD_CFGI_STE_RANGE, DS_SID ^ 8, .range = 2 },
    { "/smmuv3/commands/CM14-CFGI_ALL", CMD_CFGI_STE_RANGE, 0x1234, .range = 31, .gone = true },
    { "/smmuv3/commands/CM14-CFGI_ALL-takes-CDs", CMD_CFGI_STE_RANGE, 0, .range = 31, .cd = true,
      .gone = true },
    { "/smmuv3/commands/CM15-CFGI_CD", CMD_CFGI_CD, DS_SID, DS_SSID, .cd = true, .gone = true },
    { "/smmuv3/commands/CM15-CFGI_CD-other-substream", CMD_CFGI_CD, DS_SID, DS_SSID + 1,
      .cd = true },
    { "/smmuv3/commands/CM15-CFGI_CD-other-stream", CMD_CFGI_CD, DS_SID + 1, DS_SSID, .cd = true },
    { "/smmuv3/commands/CM15-CFGI_CD-leaves-STE", CMD_CFGI_CD, DS_SID, DS_SSID },
    { "/smmuv3/commands/CM15-CFGI_CD_ALL", CMD_CFGI_CD_ALL, DS_SID, .cd = true, .gone = true },
    { "/smmuv3/commands/CM15-CFGI_CD_ALL-other", CMD_CFGI_CD_ALL, DS_SID + 1, .cd = true },
};

static SmmuCmdWords make_cfgi(const Cfgi *c)
{
    SmmuCmdWords cmd = smmu_make(c->op);

    field_set(cmd.w, CMD_STREAMID, c->sid);
    if (c->op == CMD_CFGI_STE_RANGE) {
        field_set(cmd.w, CMD_CFGI_RANGE, c->range);
    } else if (c->op == CMD_CFGI_CD) {
        field_set(cmd.w, CMD_SUBSTREAMID, c->ssid);
    }
    if (c->op != CMD_CFGI_CD_ALL && c->op != CMD_CFGI_STE_RANGE) {
        field_set(cmd.w, CMD_LEAF, 1);
    }
    return cmd;
}

static void test_cfgi(const void *data)
{
    static const uint64_t invalid[STE_WORDS];
    const Cfgi *c = data;
    DmaSmmu *b = ds_new("");
    DmaDesc access = ds_pasid(ds_read(DS_VA), DS_SSID);

    ds_substreams(b);
    ds_ok(b, access, b->pa);
    if (c->cd) {
        cd_table_set(&b->cds, DS_SSID, invalid);
    } else {
        stream_table_set(&b->streams, DS_SID, invalid);
    }
    ds_ok(b, access, b->pa);
    ds_issue(b, make_cfgi(c));
    if (c->gone) {
        ds_faults(b, access, c->cd ? C_BAD_CD : C_BAD_STE);
    } else {
        ds_ok(b, access, b->pa);
    }
    ds_free(b);
}

/* ---- Prefetch, responses, stalls ---------------------------------------------------------- */

static SmmuCmdWords make_prefetch(SmmuCmdOp op, uint64_t addr)
{
    SmmuCmdWords c = smmu_make(op);

    field_set(c.w, CMD_STREAMID, DS_SID);
    c.w[1] |= addr;
    return c;
}

/** A prefetched translation is there; one that faults leaves no event. */
static void test_prefetch_addr(void)
{
    DmaSmmu *b = ds_new("");

    ds_stage1(b);
    ds_issue(b, make_prefetch(CMD_PREFETCH_ADDR, DS_VA));
    arm_pages_unmap(&b->s1, DS_VA);
    ds_ok(b, ds_read(DS_VA), b->pa);
    ds_issue(b, make_prefetch(CMD_PREFETCH_ADDR, DS_VA_HOLE));
    ds_no_event(b);
    ds_free(b);
}

static void test_prefetch_config(void)
{
    static const uint64_t invalid[STE_WORDS];
    DmaSmmu *b = ds_new("");

    ds_stage1(b);
    ds_issue(b, make_prefetch(CMD_PREFETCH_CONFIG, 0));
    stream_table_set(&b->streams, DS_SID, invalid);
    ds_ok(b, ds_read(DS_VA), b->pa);
    ds_issue(b, smmu_make_cfgi_ste(DS_SID, true));
    ds_issue(b, make_prefetch(CMD_PREFETCH_CONFIG, 0));
    ds_no_event(b);
    ds_free(b);
}

/** ATC_INV takes device TLB entries; a device that never answers fails the CMD_SYNC. */
static void test_atc_inv(void)
{
    DmaSmmu *b = ds_new("");
    DmaDesc d = ds_with(ds_read(DS_VA), IDMA_D_AT, IDMA_AT_ATC);

    ds_stage1(b);
    ds_ste(b, STE_EATS, STE_EATS_FULL);
    ds_ok(b, d, b->pa);
    g_assert_cmpuint(dma_read(&b->m->dma, IDMA_ATC_USED), ==, 1);
    ds_issue(b, smmu_make_atc_inv(DS_SID, false, 0, false, DS_VA + DS_PAGE, 0));
    g_assert_cmpuint(dma_read(&b->m->dma, IDMA_ATC_USED), ==, 1);
    ds_issue(b, smmu_make_atc_inv(DS_SID, false, 0, false, DS_VA, 0));
    g_assert_cmpuint(dma_read(&b->m->dma, IDMA_ATC_USED), ==, 0);

    dma_write(&b->m->dma, IDMA_ATC_MODE, IDMA_ATC_MUTE);
    g_assert_true(smmu_driver_push(&b->d, smmu_make_atc_inv(DS_SID, false, 0, false, 0, 52)));
    g_assert_false(smmu_driver_sync(&b->d));
    g_assert_cmpuint(smmu_driver_cmdq_error(&b->d), ==, CERROR_ATC_INV_SYNC);
    ds_free(b);
}

static void test_pri_resp(const void *data)
{
    static const unsigned codes[] = {
        [PRI_RESP_FAILURE] = 0xf, [PRI_RESP_INVALID] = 1, [PRI_RESP_SUCCESS] = 0,
    };
    unsigned resp = GPOINTER_TO_UINT(data);
    DmaSmmu *b = ds_new("");
    uint64_t w[PRI_WORDS];
    DmaDesc d = dma_make_page_request(DS_VA_HOLE, 5, true, true, true);

    ds_stage1(b);
    ds_ste(b, STE_EATS, STE_EATS_FULL);
    dma_start(&b->m->dma, 0, &d);
    g_assert_true(smmu_driver_page_request(&b->d, w));
    g_assert_cmphex(field_get(w, PRI_STREAMID), ==, DS_SID);
    g_assert_cmphex(field_get(w, PRI_ADDR) << 12, ==, DS_VA_HOLE);
    g_assert_cmphex(field_get(w, PRI_PRGINDEX), ==, 5);
    g_assert_true(field_get(w, PRI_LAST) && field_get(w, PRI_R) && field_get(w, PRI_W));
    ds_issue(b, smmu_make_pri_resp(DS_SID, false, 0, 5, resp));
    g_assert_true(dma_wait(&b->m->dma, 0));
    g_assert_cmpuint(reg_get(dma_read(&b->m->dma, IDMA_PRI_LAST), IDMA_PRI_LAST_CODE), ==,
                     codes[resp]);
    ds_free(b);
}

typedef enum StallEnd { RETRY, RETRY_UNMENDED, ABORT, RAZWI, TERM } StallEnd;

/** A stalled read, and each way to end it. */
static void test_stall(const void *data)
{
    StallEnd end = GPOINTER_TO_UINT(data);
    DmaSmmu *b = ds_new("");
    DmaDesc d = ds_read(DS_VA_HOLE);
    DmaCompletion c;
    SmmuEventWords e, again;

    ds_stage1(b);
    ds_cd(b, CD_S, 1);
    dma_start(&b->m->dma, 0, &d);
    g_assert_true(smmu_driver_event(&b->d, &e));
    g_assert_cmphex(e.num, ==, F_TRANSLATION);
    g_assert_true(e.stall);
    g_assert_cmpuint(dma_ch_state(&b->m->dma, 0), ==, IDMA_CH_BUSY);
    /* What is not this stall's does not end it */
    ds_issue(b, smmu_make_resume(DS_SID + 1, e.stag, false, true));
    ds_issue(b, smmu_make_resume(DS_SID, e.stag + 1, false, true));
    ds_issue(b, smmu_make_stall_term(DS_SID + 1));
    g_assert_cmpuint(dma_ch_state(&b->m->dma, 0), ==, IDMA_CH_BUSY);
    switch (end) {
    case RETRY:
        arm_pages_map_smallest(&b->s1, DS_VA_HOLE, b->pa, DS_PAGE, ARM_S1_RW);
        ds_issue(b, smmu_make_resume(DS_SID, e.stag, true, false));
        break;
    case RETRY_UNMENDED:
        ds_issue(b, smmu_make_resume(DS_SID, e.stag, true, false));
        g_assert_true(smmu_driver_event(&b->d, &again));
        g_assert_true(again.stall);
        g_assert_cmpuint(dma_ch_state(&b->m->dma, 0), ==, IDMA_CH_BUSY);
        ds_issue(b, smmu_make_resume(DS_SID, again.stag, false, true));
        break;
    case TERM:
        ds_issue(b, smmu_make_stall_term(DS_SID));
        break;
    default:
        ds_issue(b, smmu_make_resume(DS_SID, e.stag, false, end == ABORT));
        break;
    }
    g_assert_true(dma_wait(&b->m->dma, 0));
    dma_completion(&b->m->dma, 0, &c);
    if (end == RETRY || end == RAZWI) {
        g_assert_cmpuint(c.status, ==, IDMA_STATUS_STALLED_OK);
        g_assert_cmpuint(c.razwi, ==, end == RAZWI);
    } else {
        g_assert_cmpuint(c.status, ==, IDMA_STATUS_ABORTED);
    }
    ds_no_event(b);
    ds_free(b);
}

static void test_sync(void)
{
    DmaSmmu *b = ds_new("");
    uint64_t at = gmem_alloc(&b->m->mem, 64, 64);

    for (unsigned cs = SYNC_CS_NONE; cs <= SYNC_CS_SEV; cs++) {
        ds_issue(b, smmu_make_sync(cs));
    }
    ds_issue(b, smmu_make_sync_msi(at, 0x5a5a));
    g_assert_cmphex(qtest_readl(b->m->qts, at), ==, 0x5a5a);
    g_assert_true(smmu_driver_push(&b->d, smmu_make_sync(3)));
    g_assert_cmpuint(smmu_driver_cmdq_error(&b->d), ==, CERROR_ILL);
    ds_free(b);
}

/* ---- What is illegal ---------------------------------------------------------------------- */

static bool is_implemented(unsigned op)
{
    static const uint8_t ops[] = {
        CMD_PREFETCH_CONFIG, CMD_PREFETCH_ADDR, CMD_CFGI_STE, CMD_CFGI_STE_RANGE, CMD_CFGI_CD,
        CMD_CFGI_CD_ALL, CMD_TLBI_NH_ALL, CMD_TLBI_NH_ASID, CMD_TLBI_NH_VA, CMD_TLBI_NH_VAA,
        CMD_TLBI_EL2_ALL, CMD_TLBI_EL2_ASID, CMD_TLBI_EL2_VA, CMD_TLBI_EL2_VAA,
        CMD_TLBI_S12_VMALL, CMD_TLBI_S2_IPA, CMD_TLBI_NSNH_ALL, CMD_ATC_INV, CMD_PRI_RESP,
        CMD_RESUME, CMD_STALL_TERM, CMD_SYNC,
    };

    return memchr(ops, op, sizeof(ops)) != NULL;
}

/**
 * All 256 opcodes: those of the Non-secure command set are consumed, and illegal with SSec=1; each
 * other stops the queue with CERROR_ILL, and replaced lets it go on.
 */
static void test_opcodes(void)
{
    DmaSmmu *b = ds_new("");

    for (unsigned op = 0; op < 256; op++) {
        SmmuCmdWords c = smmu_make(op);

        for (unsigned ssec = 0; ssec < 2; ssec++) {
            bool legal = is_implemented(op) && !ssec;

            field_set(c.w, CMD_SSEC, ssec);
            g_assert_true(smmu_driver_push(&b->d, c));
            if (smmu_driver_cmdq_error(&b->d) != (legal ? CERROR_NONE : CERROR_ILL)) {
                g_error("opcode %#x, SSec=%u: %u", op, ssec, smmu_driver_cmdq_error(&b->d));
            }
            if (!legal) {
                smmu_driver_cmdq_recover(&b->d, smmu_make_sync(SYNC_CS_NONE));
            }
            g_assert_true(smmu_driver_drain(&b->d));
        }
    }
    ds_free(b);
}

typedef struct Illegal {
    const char *path;
    SmmuCmdOp op;
    BitField field;
    uint64_t value;
} Illegal;

static const Illegal illegal[] = {
    { "/smmuv3/commands/CM28-PRI_RESP-reserved-code", CMD_PRI_RESP, CMD_PRI_RESP_CODE, 3 },
    { "/smmuv3/commands/CM27-ATC_INV-size-53", CMD_ATC_INV, CMD_ATC_SIZE, 53 },
    { "/smmuv3/commands/CM20-NH_VA-empty-range", CMD_TLBI_NH_VA, CMD_TLBI_TG, 1 },
    { "/smmuv3/commands/CM20-NH_VAA-empty-range", CMD_TLBI_NH_VAA, CMD_TLBI_TG, 2 },
    { "/smmuv3/commands/CM20-EL2_VA-empty-range", CMD_TLBI_EL2_VA, CMD_TLBI_TG, 3 },
    { "/smmuv3/commands/CM20-EL2_VAA-empty-range", CMD_TLBI_EL2_VAA, CMD_TLBI_TG, 1 },
    { "/smmuv3/commands/CM20-S2_IPA-empty-range", CMD_TLBI_S2_IPA, CMD_TLBI_TG, 1 },
};

static void test_illegal(const void *data)
{
    const Illegal *i = data;
    DmaSmmu *b = ds_new("");
    SmmuCmdWords c = smmu_make(i->op);

    field_set(c.w, i->field, i->value);
    g_assert_true(smmu_driver_push(&b->d, c));
    g_assert_cmpuint(smmu_driver_cmdq_error(&b->d), ==, CERROR_ILL);
    ds_free(b);
}

/** A queue where there is no memory: CERROR_ABT. */
static void test_fetch_abort(void)
{
    DmaSmmu *b = ds_new("");

    g_assert_true(smmu_driver_cr0(&b->d, 0));
    reg_write64(&b->m->iommu, SMMU_CMDQ_BASE, DS_NOWHERE | 8);
    reg_write32(&b->m->iommu, SMMU_CMDQ_PROD, 1);
    reg_write32(&b->m->iommu, SMMU_CMDQ_CONS, 0);
    g_assert_true(smmu_driver_cr0(&b->d, (uint32_t)field_mask(CR0_CMDQEN)));
    g_assert_cmpuint(smmu_driver_cmdq_error(&b->d), ==, CERROR_ABT);
    ds_free(b);
}

int main(int argc, char **argv)
{
    static const char *const ends[] = {
        [RETRY] = "/smmuv3/commands/CM30-RESUME-retry",
        [RETRY_UNMENDED] = "/smmuv3/commands/CM30+FM8-RESUME-retry-stalls-again",
        [ABORT] = "/smmuv3/commands/CM30-RESUME-abort",
        [RAZWI] = "/smmuv3/commands/CM30-RESUME-RAZ-WI",
        [TERM] = "/smmuv3/commands/CM31-STALL_TERM",
    };

    g_test_init(&argc, &argv, NULL);
    if (dma_is_x86()) {
        return g_test_run();
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(tlbis); i++) {
        qtest_add_data_func(tlbis[i].path, &tlbis[i], test_tlbi);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(cfgis); i++) {
        qtest_add_data_func(cfgis[i].path, &cfgis[i], test_cfgi);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        qtest_add_data_func(ends[i], GUINT_TO_POINTER(i), test_stall);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(illegal); i++) {
        qtest_add_data_func(illegal[i].path, &illegal[i], test_illegal);
    }
    qtest_add_data_func("/smmuv3/commands/CM28-PRI_RESP-failure",
                        GUINT_TO_POINTER(PRI_RESP_FAILURE), test_pri_resp);
    qtest_add_data_func("/smmuv3/commands/CM28-PRI_RESP-invalid",
                        GUINT_TO_POINTER(PRI_RESP_INVALID), test_pri_resp);
    qtest_add_data_func("/smmuv3/commands/CM28-PRI_RESP-success",
                        GUINT_TO_POINTER(PRI_RESP_SUCCESS), test_pri_resp);
    qtest_add_func("/smmuv3/commands/CM10+CM11-PREFETCH_ADDR", test_prefetch_addr);
    qtest_add_func("/smmuv3/commands/CM10-PREFETCH_CONFIG", test_prefetch_config);
    qtest_add_func("/smmuv3/commands/CM27+AT16+CM36-ATC_INV", test_atc_inv);
    qtest_add_func("/smmuv3/commands/CM33-SYNC", test_sync);
    qtest_add_func("/smmuv3/commands/CM1+CM4+CM7+CM39-opcodes", test_opcodes);
    qtest_add_func("/smmuv3/commands/CM5-fetch-abort", test_fetch_abort);
    return g_test_run();
}

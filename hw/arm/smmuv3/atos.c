/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation operations: GATOS and VATOS (IHI 0070 chapter 9, 6.3.37-40, 6.3.99-102). A
 * request is served at once, so RUN always reads 0.
 */
#include "internal.h"

/* ATOS_PAR.REASON */
#define REASON_OTHER 0u
#define REASON_CD    1u
#define REASON_TT    2u
#define REASON_IN    3u

typedef struct Atos {
    uint64_t sid, addr;
    unsigned type;
    bool vatos;
} Atos;

static uint64_t par_fault(uint8_t code, unsigned reason, uint64_t faddr)
{
    return reg_make(ATOS_PAR_FAULT, 1) | reg_make(ATOS_PAR_FAULTCODE, code) |
           reg_make(ATOS_PAR_REASON, reason) | reg_make(ATOS_PAR_FADDR, faddr >> 12);
}

static uint64_t par_success(uint64_t pa, unsigned lg2, IommuMemAttr attr)
{
    uint64_t addr = pa & ~low_mask(12);

    if (lg2 > 12) {
        /* The lowest bit set in ADDR tells the size: half of it (6.3.40) */
        addr = (pa & ~low_mask(lg2)) | 1ull << (lg2 - 1);
    }
    return reg_make(ATOS_PAR_SH, attr.sh) | reg_make(ATOS_PAR_SIZE, lg2 > 12) |
           reg_make(ATOS_PAR_ADDR, addr >> 12) | reg_make(ATOS_PAR_ATTR, attr.type);
}

/** PAR of a fault met on the way (9.1.4). */
static uint64_t par_of(const Atos *a, const SmmuFault *fault)
{
    static const uint8_t reasons[] = { REASON_CD, REASON_TT, REASON_IN };
    bool trf = fault->event >= F_TRANSLATION && fault->event <= F_PERMISSION;
    bool stage2 = fault->stage == 2 && (trf || fault->event == F_WALK_EABT);
    uint8_t code = fault->event;

    if (!stage2) {
        return par_fault(code, REASON_OTHER, 0);
    }
    switch (a->type) {
    case ATOS_TYPE_S1:
        /* Stage 2 is not this request's business: its trouble is a failed fetch */
        return par_fault(fault->cls == EVT_CLASS_CD ? F_CD_FETCH : F_WALK_EABT, REASON_OTHER, 0);
    case ATOS_TYPE_S2:
        return par_fault(code, REASON_IN, 0);
    default:
        return par_fault(code, reasons[fault->cls], trf ? fault->ipa : 0);
    }
}

static bool request_invalid(const SmmuConfig *c, const Atos *a)
{
    if (a->vatos) {
        return a->type != ATOS_TYPE_S1;
    }
    switch (a->type) {
    case ATOS_TYPE_S1:
        return !c->s1p;
    case ATOS_TYPE_S2:
        return !c->s2p || reg_get(a->sid, ATOS_SID_SSID_VALID);
    case ATOS_TYPE_S12:
        return !c->s1p || !c->s2p;
    default:
        return true;
    }
}

static bool stages_missing(const Atos *a, const SmmuSte *ste)
{
    bool want1 = a->type & ATOS_TYPE_S1, want2 = a->type & ATOS_TYPE_S2;

    return (want1 && !ste->stage1) || (want2 && !ste->stage2);
}

/**
 * Stage 1 alone of a stream that has both. Its descriptors are updated as ever, through stage 2;
 * the page that it leads to is not looked at (chapter 9).
 */
static uint64_t stage1_of_nested(SmmuModel *m, const Atos *a, SmmuReq *req)
{
    PtRegime *s1 = &req->cd->half[bits(req->addr, 55, 55)];
    PtRequest walk = {
        .addr = req->addr,
        .s1 = s1,
        .s2 = &req->ste->s2,
        .access = {
            .need = smmu_req_need(req), .priv = req->pnu, .write = req->write, .exec = req->ind,
        },
        .flags = PT_REQ_STAGE1 | (req->no_update ? PT_REQ_NO_UPDATE : 0),
    };
    IommuMemAttr attr = { .type = 0xff };
    SmmuFault fault;
    PtResult res;
    PtFault pt_fault;

    s1->walk_tag = tag_stage1(req->ste->world, req->ste->vmid, req->cd->asid,
                              req->cd->aset, true);
    if (!pt_walk(&m->walker, &walk, &res, &pt_fault)) {
        smmu_fault_from_walk(&pt_fault, &fault);
        return par_of(a, &fault);
    }
    return par_success(res.ipa, res.lg2, smmu_output_attr(attr, res.s1_attr, 0, false));
}

static uint64_t translate(SmmuModel *m, const Atos *a, SmmuReq *req)
{
    TlbEntry scratch;
    SmmuFault fault;
    const TlbEntry *e;

    if (!req->stage1 && !req->stage2) {
        /* S1DSS skips stage 1: the input is the output */
        if (!smmu_input_in_range(m, req->addr, &fault)) {
            return par_of(a, &fault);
        }
        return par_success(req->addr, 12, (IommuMemAttr) { .type = 0xff });
    }
    e = smmu_lookup_address(m, req, false, &scratch, &fault);
    if (!e) {
        return par_of(a, &fault);
    }
    return par_success(e->out + (req->va & low_mask(e->lg2)), e->lg2, e->attr);
}

static uint64_t atos_serve(SmmuModel *m, const Atos *a)
{
    bool read = reg_get(a->addr, ATOS_ADDR_RNW);
    SmmuReq req = {
        .addr = field_in_place(&a->addr, ATOS_ADDR_ADDR),
        .stream = reg_get(a->sid, ATOS_SID_STREAMID),
        .ssid = reg_get(a->sid, ATOS_SID_SUBSTREAMID),
        .ssv = reg_get(a->sid, ATOS_SID_SSID_VALID),
        .write = !read,
        .no_update = reg_get(a->addr, ATOS_ADDR_HTTUI),
        .in = { .type = 0xff },
    };
    SmmuFault fault;
    bool nested;

    if (request_invalid(&m->config, a)) {
        return par_fault(ATOS_INV_REQ, REASON_OTHER, 0);
    }
    req.va = req.addr;
    if (!smmu_lookup_ste(m, &req, NULL, &fault)) {
        return par_of(a, &fault);
    }
    /* Overrides of the STE do not apply: the register says what is asked (chapter 9) */
    req.in = (IommuMemAttr) { .type = 0xff };
    req.pnu = reg_get(a->addr, ATOS_ADDR_PNU);
    req.ind = read && reg_get(a->addr, ATOS_ADDR_IND);
    if (a->vatos && (!(req.ste->config & STE_CONFIG_BYPASS) ||
                     req.ste->config == STE_CONFIG_BYPASS ||
                     req.ste->world != SMMU_WORLD_EL1 ||
                     req.ste->vmid != cell_get(m, CELL_VATOS_SEL, VATOS_SEL_VMID))) {
        return par_fault(C_BAD_STE, REASON_OTHER, 0);
    }
    if (stages_missing(a, req.ste)) {
        return par_fault(ATOS_INV_STAGE, REASON_OTHER, 0);
    }
    if (a->type == ATOS_TYPE_S2) {
        req.stage2 = true;
        return translate(m, a, &req);
    }
    if (!smmu_lookup_cd(m, &req, NULL, &fault)) {
        return par_of(a, &fault);
    }
    nested = req.stage2;
    if (a->type == ATOS_TYPE_S1) {
        if (req.stage1 && nested) {
            return stage1_of_nested(m, a, &req);
        }
        req.stage2 = false;
    }
    return translate(m, a, &req);
}

void smmu_atos_run(SmmuModel *m, bool vatos)
{
    Atos a = {
        .sid = m->ns.cell[vatos ? CELL_VATOS_SID : CELL_GATOS_SID],
        .addr = m->ns.cell[vatos ? CELL_VATOS_ADDR : CELL_GATOS_ADDR],
        .vatos = vatos,
    };
    bool counted = smmu_pmcg_begin(m);
    uint64_t par;

    a.type = reg_get(a.addr, ATOS_ADDR_TYPE);
    plan_begin(&m->plan);
    par = atos_serve(m, &a);
    if (vatos && reg_get(par, ATOS_PAR_FAULT)) {
        /* A guest is not told what its hypervisor's stage 2 did (6.3.102) */
        par = par_fault(reg_get(par, ATOS_PAR_FAULTCODE), REASON_OTHER, 0);
    }
    m->ns.cell[vatos ? CELL_VATOS_PAR : CELL_GATOS_PAR] = par;
    if (counted) {
        smmu_pmcg_count(m, PMCG_OP_OTHER, reg_get(a.sid, ATOS_SID_STREAMID));
    }
}

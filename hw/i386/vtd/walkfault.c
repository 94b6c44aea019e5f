/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: what went wrong in a page walk, as a fault reason [7.1.3]. The walker says at which entry and
 * on whose behalf; which code that is depends on the mode and, for permissions, on what the whole
 * stage would have granted, which a second, harmless walk finds out.
 */
#include "vtd-model.h"

#define READS (IOMMU_RIGHT_UR | IOMMU_RIGHT_PR)
#define WRITES (IOMMU_RIGHT_UW | IOMMU_RIGHT_PW)

/* What @s1 and @s2 grant at @addr once flags are set; nothing is touched. */
static uint8_t grants(VtdModel *m, const PtRegime *s1, const PtRegime *s2, uint64_t addr, bool priv)
{
    PtRequest req = {
        .addr = addr,
        .s1 = s1,
        .s2 = s2,
        .access = {
            .need = priv ? IOMMU_RIGHTS_P & ~IOMMU_RIGHTS_X : IOMMU_RIGHTS_U & ~IOMMU_RIGHTS_X,
            .priv = priv,
            .write = true,
        },
        .flags = PT_REQ_GRANT | PT_REQ_NO_FILL | PT_REQ_NO_UPDATE,
    };
    PtFault fault;
    PtResult res;

    return pt_walk(&m->walker, &req, &res, &fault) ? res.rights_dirty : 0;
}

/* The same stage on a unit that may set flags: tells a missing flag from a missing right. */
static PtRegime snooped(const PtRegime *r, uint32_t unsnooped_flag)
{
    PtRegime copy = *r;

    copy.flags &= ~unsnooped_flag;
    copy.update_access = copy.update_dirty = copy.update_table = true;
    return copy;
}

static VtdFaultReason first_stage_permission(VtdModel *m, const VtdSpace *space, const PtRequest *req,
                                             const PtFault *fault)
{
    const PtRegime *under = space->pgtt == VTD_PGTT_NESTED ? &space->ss : NULL;
    uint8_t rights;

    if (space->fs.flags & VTD_FSF_UNSNOOPED) {
        PtRegime copy = snooped(&space->fs, VTD_FSF_UNSNOOPED);

        rights = grants(m, &copy, NULL, req->addr, req->access.priv);
        if (!under && !(req->access.need & ~rights)) {
            return VTD_FAULT_SFS_9;
        }
    }
    /* Reading is what U/S alone decides (3.6.1). */
    return !req->access.priv && !(fault->granted & IOMMU_RIGHT_UR) ? VTD_FAULT_SGN_2
                                                                   : VTD_FAULT_SGN_6;
}

static VtdFaultReason first_stage(VtdModel *m, const VtdSpace *space, const PtRequest *req,
                                  const PtFault *fault)
{
    switch (fault->kind) {
    case PT_FAULT_RANGE:
        return VTD_FAULT_SGN_1;
    case PT_FAULT_READ:
        return fault->top ? VTD_FAULT_SFS_4 : VTD_FAULT_SFS_1;
    case PT_FAULT_EMPTY:
        return VTD_FAULT_SFS_2;
    case PT_FAULT_MALFORMED:
        return vtd_fs_wants_update(&space->fs, fault->desc, fault->height) ? VTD_FAULT_SFS_9
                                                                         : VTD_FAULT_SFS_3;
    case PT_FAULT_ADDR_SIZE:
        return VTD_FAULT_SFS_5;
    case PT_FAULT_ACCESS:
        return VTD_FAULT_SFS_9;
    case PT_FAULT_PERMISSION:
        return first_stage_permission(m, space, req, fault);
    default:
        return VTD_FAULT_SFS_10;
    }
}

/* Legacy mode: an absent entry and a missing right are the same, named after the request. */
static VtdFaultReason legacy(const PtRequest *req, const PtFault *fault)
{
    switch (fault->kind) {
    case PT_FAULT_RANGE:
        return VTD_FAULT_LGN_1;
    case PT_FAULT_READ:
        return fault->top ? VTD_FAULT_LCT_4 : VTD_FAULT_LSS_1;
    case PT_FAULT_MALFORMED:
        return VTD_FAULT_LSS_2;
    case PT_FAULT_PERMISSION:
        return fault->missing & WRITES ? VTD_FAULT_LGN_2 : VTD_FAULT_LGN_3;
    default:
        return req->access.need & WRITES ? VTD_FAULT_LGN_2 : VTD_FAULT_LGN_3;
    }
}

static VtdFaultReason second_stage_permission(VtdModel *m, const VtdSpace *space,
                                              const PtFault *fault)
{
    if (space->ss.flags & VTD_SSF_UNSNOOPED) {
        PtRegime copy = snooped(&space->ss, VTD_SSF_UNSNOOPED);

        if (grants(m, NULL, &copy, fault->ipa, true) & ~fault->granted & WRITES) {
            return VTD_FAULT_SSS_5;
        }
    }
    if (!(fault->granted & (READS | WRITES))) {
        return VTD_FAULT_SSS_2;
    }
    if (fault->cls == PT_CLASS_TABLE) {
        if (fault->table_write) {
            return VTD_FAULT_SFS_8;
        }
        return fault->table_top ? VTD_FAULT_SFS_6 : VTD_FAULT_SFS_7;
    }
    return fault->missing & WRITES ? VTD_FAULT_SGN_6 : VTD_FAULT_SGN_7;
}

static VtdFaultReason second_stage(VtdModel *m, const VtdSpace *space, const PtFault *fault)
{
    switch (fault->kind) {
    case PT_FAULT_RANGE:
        return space->pgtt == VTD_PGTT_SS ? VTD_FAULT_SGN_5 : VTD_FAULT_SFS_5;
    case PT_FAULT_READ:
        return fault->top ? VTD_FAULT_SSS_4 : VTD_FAULT_SSS_1;
    case PT_FAULT_EMPTY:
        return VTD_FAULT_SSS_2;
    case PT_FAULT_MALFORMED:
        return vtd_ss_wants_update(&space->ss, fault->desc, fault->height) ? VTD_FAULT_SSS_5
                                                                         : VTD_FAULT_SSS_3;
    case PT_FAULT_ACCESS:
        return VTD_FAULT_SSS_5;
    case PT_FAULT_PERMISSION:
        return second_stage_permission(m, space, fault);
    default:
        return VTD_FAULT_SSS_6;
    }
}

VtdFaultReason vtd_walk_reason(VtdModel *m, const VtdSpace *space, const PtRequest *req,
                               const PtFault *fault)
{
    if (space->pgtt == VTD_PGTT_LEGACY) {
        return legacy(req, fault);
    }
    return fault->stage == 1 ? first_stage(m, space, req, fault) : second_stage(m, space, fault);
}

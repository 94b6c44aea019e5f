/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: what went wrong in a page walk, as a fault reason [7.1.3]. The walker says at which
 * entry and on whose behalf; which code that is depends on the mode and, for permissions, on what
 * the whole stage would have granted.
 *
 * A walk that does not snoop may not set flags. A request that lacks a right needs no flag set
 * (only writes that happen need D, and A of an entry that ends in a fault is a mere "may" [3.6.2]):
 * so the right is reported, and the missing flag (SFS.9, SSS.5) of a leaf only if all rights are
 * there. Of a table entry, which is used whatever the leaf then grants, it is reported at once.
 */
#include "vtd-model.h"

#define READS (IOMMU_RIGHT_UR | IOMMU_RIGHT_PR)
#define WRITES (IOMMU_RIGHT_UW | IOMMU_RIGHT_PW)

static VtdFaultReason first_stage(const PtRequest *req, const PtFault *fault)
{
    switch (fault->kind) {
    case PT_FAULT_RANGE:
        return VTD_FAULT_SGN_1;
    case PT_FAULT_READ:
        return fault->top ? VTD_FAULT_SFS_4 : VTD_FAULT_SFS_1;
    case PT_FAULT_EMPTY:
        return VTD_FAULT_SFS_2;
    case PT_FAULT_MALFORMED:
        return VTD_FAULT_SFS_3;
    case PT_FAULT_ADDR_SIZE:
        return VTD_FAULT_SFS_5;
    case PT_FAULT_ACCESS:
        return VTD_FAULT_SFS_9;
    case PT_FAULT_PERMISSION:
        /* Reading is what U/S alone decides [3.6.1]. */
        return !req->access.priv && !(fault->granted & IOMMU_RIGHT_UR) ? VTD_FAULT_SGN_2
                                                                       : VTD_FAULT_SGN_6;
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

static VtdFaultReason second_stage_permission(const PtFault *fault)
{
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

static VtdFaultReason second_stage(const VtdSpace *space, const PtFault *fault)
{
    switch (fault->kind) {
    case PT_FAULT_RANGE:
        return space->pgtt == VTD_PGTT_SS ? VTD_FAULT_SGN_5 : VTD_FAULT_SFS_5;
    case PT_FAULT_READ:
        return fault->top ? VTD_FAULT_SSS_4 : VTD_FAULT_SSS_1;
    case PT_FAULT_EMPTY:
        return VTD_FAULT_SSS_2;
    case PT_FAULT_MALFORMED:
        return VTD_FAULT_SSS_3;
    case PT_FAULT_ACCESS:
        return VTD_FAULT_SSS_5;
    case PT_FAULT_PERMISSION:
        return second_stage_permission(fault);
    default:
        return VTD_FAULT_SSS_6;
    }
}

VtdFaultReason vtd_walk_reason(const VtdSpace *space, const PtRequest *req, const PtFault *fault)
{
    if (space->pgtt == VTD_PGTT_LEGACY) {
        return legacy(req, fault);
    }
    return fault->stage == 1 ? first_stage(req, fault) : second_stage(space, fault);
}

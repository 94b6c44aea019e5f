/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second, slow walker of toy tables.
 */
#include "refwalk.h"

#include <string.h>

#include "toy.h"

typedef struct Want {
    uint8_t need;
    bool write;
    bool grant;
    bool no_dirty;
    bool passive; /* write nothing, pretend it was written */
    PtClass cls;
    bool table_write, table_top;
} Want;

typedef struct Got {
    uint64_t out, va;
    unsigned lg2;
    uint8_t rights, rights_dirty, flags;
    uint32_t attr;
} Got;

static uint8_t rights_of(uint64_t desc)
{
    uint8_t p = 0, u;

    if (desc & TOY_R) {
        p |= IOMMU_RIGHT_PR;
    }
    if (desc & TOY_W) {
        p |= IOMMU_RIGHT_PW;
    }
    if (desc & TOY_X) {
        p |= IOMMU_RIGHT_PX;
    }
    u = desc & TOY_U ? p / IOMMU_RIGHT_PR : 0;
    return p | u;
}

static bool fail(PtFault *f, PtFaultKind kind, const PtRegime *r, const Want *want, unsigned height,
                 bool top, uint64_t in, uint64_t addr, uint64_t desc, uint8_t missing)
{
    *f = (PtFault) { .kind = kind, .stage = r->stage, .height = height, .top = top,
                     .desc_addr = addr, .desc = desc, .missing = missing };
    if (r->stage == 2) {
        f->cls = want->cls;
        f->ipa = in;
        f->table_write = want->table_write;
        f->table_top = want->table_top;
    } else if (kind == PT_FAULT_READ || kind == PT_FAULT_UPDATE) {
        f->cls = PT_CLASS_TABLE;
    } else {
        f->cls = PT_CLASS_INPUT;
    }
    return false;
}

static bool ref_stage(RamHost *ram, const PtRegime *r, const PtRegime *under, uint64_t in,
                      const Want *want, Got *got, PtFault *f);

static bool place(RamHost *ram, const PtRegime *r, const PtRegime *under, uint64_t slot, bool write,
                  bool update, bool top, const Want *for_whom, uint64_t *pa, PtFault *f)
{
    Want want = {
        .need = IOMMU_RIGHT_PR | (write ? IOMMU_RIGHT_PW : 0), .write = write,
        .passive = for_whom->passive, .cls = PT_CLASS_TABLE, .table_write = update,
        .table_top = top,
    };
    Got got;

    (void)r;
    if (!ref_stage(ram, under, NULL, slot, &want, &got, f)) {
        return false;
    }
    *pa = got.out;
    return true;
}

static bool ref_stage(RamHost *ram, const PtRegime *r, const PtRegime *under, uint64_t in,
                      const Want *want, Got *got, PtFault *f)
{
    uint8_t limits = IOMMU_RIGHTS_ALL;
    uint64_t table = r->root;
    unsigned width = r->granule_lg2 - 3;

    if (in >> r->in_bits) {
        return fail(f, PT_FAULT_RANGE, r, want, r->top, true, in, 0, 0, 0);
    }
    for (int h = r->top; h >= 0; h--) {
        unsigned shift = r->granule_lg2 + width * h;
        bool top = h == r->top;
        uint64_t index = (in >> shift) & (top ? ~0ull : (1ull << width) - 1);
        uint64_t slot = table + index * 8, pa = slot, desc, want_desc;
        bool leaf, write_checked = r->table_needs_write;

        if (under &&
            !place(ram, r, under, slot, r->table_needs_write, false, top, want, &pa, f)) {
            return false;
        }
        if (!ramhost_at(ram, pa, 8)) {
            return fail(f, PT_FAULT_READ, r, want, h, top, in, pa, 0, 0);
        }
        desc = ramhost_read64(ram, pa);
        leaf = desc & TOY_LEAF;
        if (!(desc & TOY_V)) {
            return fail(f, PT_FAULT_EMPTY, r, want, h, top, in, pa, desc, 0);
        }
        if ((desc & TOY_BAD) || (leaf && h > 2) || (!leaf && h == 0)) {
            return fail(f, PT_FAULT_MALFORMED, r, want, h, top, in, pa, desc, 0);
        }
        if ((desc & 0x000ffffffffff000 & ~((leaf ? 1ull << shift : 1ull << r->granule_lg2) - 1)) >>
            r->out_bits) {
            return fail(f, PT_FAULT_ADDR_SIZE, r, want, h, top, in, pa, desc, 0);
        }
        want_desc = desc;
        if (leaf) {
            uint64_t dirty_desc = r->update_dirty && (desc & TOY_DBM) ? desc | TOY_W : desc;
            uint8_t now = rights_of(desc) & limits, then = rights_of(dirty_desc) & limits;
            bool af = desc & TOY_AF || !(r->flags & TOY_FLAG_AF);
            bool dirty = false, use = true;

            if (!af && !r->update_access) {
                return fail(f, PT_FAULT_ACCESS, r, want, h, top, in, pa, desc, 0);
            }
            if (want->grant) {
                uint8_t reach = want->no_dirty ? now : want->write || want->passive ? then : now;

                use = want->need & reach;
            } else {
                uint8_t reach = want->no_dirty ? now : then;

                if (want->need & ~reach) {
                    return fail(f, PT_FAULT_PERMISSION, r, want, h, top, in, pa, desc,
                                want->need & ~reach);
                }
                if (want->cls != PT_CLASS_INPUT && r->protect_walk && (desc & TOY_DEV)) {
                    return fail(f, PT_FAULT_PERMISSION, r, want, h, top, in, pa, desc, want->need);
                }
                dirty = want->need & ~now;
            }
            if (use && !af) {
                want_desc |= TOY_AF;
            }
            if (use && dirty) {
                want_desc |= TOY_W;
            }
        } else if (r->update_table) {
            want_desc |= TOY_AF;
        }
        if (want_desc != desc && !want->passive) {
            if (under && !write_checked &&
                !place(ram, r, under, slot, true, true, top, want, &pa, f)) {
                return false;
            }
            ramhost_write64(ram, pa, want_desc);
            desc = want_desc;
        }
        if (leaf) {
            unsigned lg2 = shift + (desc & TOY_CONT ? 4 : 0);
            uint64_t dirty_desc = r->update_dirty && (desc & TOY_DBM) ? desc | TOY_W : desc;

            got->va = in;
            got->lg2 = lg2;
            got->out = (desc & 0x000ffffffffff000) >> shift << shift;
            got->out = (got->out >> lg2 << lg2) + (in & ((1ull << lg2) - 1));
            got->rights = rights_of(desc) & limits;
            got->rights_dirty = rights_of(dirty_desc) & limits;
            got->attr = (desc >> 52) & 15;
            got->flags = desc & TOY_DEV ? PT_ENTRY_DEVICE : 0;
            if ((r->flags & TOY_FLAG_AF) && !(desc & TOY_AF)) {
                got->flags |= PT_ENTRY_AF_CLEAR;
            }
            return true;
        }
        limits &= rights_of(desc);
        table = desc & 0x000ffffffffff000 & ~((1ull << r->granule_lg2) - 1);
    }
    return false; /* not reached: height 0 is a leaf or a fault */
}

static bool once(RamHost *ram, const PtRequest *req, bool grant, uint8_t need, PtResult *res,
                 PtFault *f)
{
    Want want = {
        .need = need, .write = req->access.write, .grant = grant,
        .no_dirty = req->flags & PT_REQ_NO_DIRTY,
        .passive = req->flags & (PT_REQ_NO_UPDATE | PT_REQ_NO_FILL), .cls = PT_CLASS_INPUT,
    };
    bool pretend = want.passive && !want.no_dirty;
    Got got;

    memset(res, 0, sizeof(*res));
    res->va = res->ipa = req->addr;
    res->lg2 = 63;
    res->rights = res->rights_dirty = res->s1_rights = res->s2_rights = IOMMU_RIGHTS_ALL;
    if (req->s1) {
        if (!ref_stage(ram, req->s1, req->s2, req->addr, &want, &got, f)) {
            return false;
        }
        res->ipa = res->out = got.out;
        res->lg2 = got.lg2;
        res->s1_attr = got.attr;
        res->s1_flags = got.flags;
        res->s1_rights = res->rights = pretend ? got.rights_dirty : got.rights;
        res->rights_dirty = got.rights_dirty;
        if (req->s2 && grant) {
            want.need &= !want.no_dirty && (want.write || want.passive) ? got.rights_dirty
                                                                        : got.rights;
            if (!want.need) {
                res->rights = res->rights_dirty = res->s2_rights = 0;
                return true;
            }
        }
    }
    if (req->s2) {
        if (!ref_stage(ram, req->s2, NULL, res->ipa, &want, &got, f)) {
            return false;
        }
        res->out = got.out;
        res->lg2 = got.lg2 < res->lg2 ? got.lg2 : res->lg2;
        res->s2_attr = got.attr;
        res->s2_flags = got.flags;
        res->s2_rights = pretend ? got.rights_dirty : got.rights;
        res->rights &= res->s2_rights;
        res->rights_dirty &= got.rights_dirty;
    }
    return true;
}

bool ref_walk(RamHost *ram, const PtRequest *req, PtResult *res, PtFault *f)
{
    bool grant = req->flags & PT_REQ_GRANT;
    PtFault ignored;
    PtResult more;
    uint8_t need;

    if (!once(ram, req, grant, req->access.need, res, f)) {
        return false;
    }
    need = req->access.need & res->rights_dirty;
    if (grant && req->access.write && (need & ~res->rights) &&
        !(req->flags & (PT_REQ_NO_DIRTY | PT_REQ_NO_UPDATE | PT_REQ_NO_FILL)) &&
        once(ram, req, false, need, &more, &ignored)) {
        *res = more;
    }
    return true;
}

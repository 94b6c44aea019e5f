/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Visit every mapping of a range, both stages composed, from memory as it is now: what VFIO and
 * vhost need when they begin to watch a stream whose tables are already there.
 */
#include "walk-internal.h"

struct Visit;

/* Told of a leaf's part [@in, @last]; false stops the visit. */
typedef bool LeafPart(struct Visit *v, uint64_t in, uint64_t last, uint64_t out, uint8_t rights);

typedef struct Visit {
    PtWalker *w;
    const PtRegime *s2;
    PtLeafFn *fn;
    void *opaque;
    uint32_t reads;
    /* The stage 1 leaf whose intermediate addresses stage 2 is being visited for. */
    uint64_t va;
    uint64_t ipa;
    uint8_t rights;
} Visit;

typedef struct Table {
    const PtRegime *r;
    const PtRegime *under;
    LeafPart *part;
    uint64_t addr;
    uint8_t height;
    uint8_t granule_lg2;
    uint8_t end;
    uint8_t limits;
} Table;

static bool read_entry(Visit *v, const Table *t, uint64_t addr, uint64_t *desc)
{
    const IommuHost *host = v->w->host;
    uint8_t raw[PT_DESC_BYTES];
    uint32_t attr;
    PtFault fault;

    v->reads += t->under ? t->under->top + 2u : 1; /* the descriptor's own address is walked for */
    if (t->under && !pt_walk_ipa(v->w, t->under, addr, PT_CLASS_TABLE, PT_REQ_NO_FILL, &addr,
                                 &attr, &fault)) {
        return false;
    }
    if (host->ops->read(host->opaque, addr, raw, sizeof(raw), t->r->walk_attr) != IOMMU_MEM_OK) {
        return false;
    }
    *desc = le64_load(raw);
    return true;
}

static bool visit_leaf(Visit *v, const Table *t, const PtEntry *entry, uint64_t in, uint64_t last)
{
    uint8_t rights, rights_dirty;
    uint64_t span = low_mask(entry->lg2);

    if ((entry->flags & PT_ENTRY_AF_CLEAR) && !t->r->update_access) {
        return true;
    }
    t->r->format->rights(t->r, entry, t->limits, &rights, &rights_dirty);
    return t->part(v, in, last, (entry->addr & ~span) | (in & span),
                   t->r->update_dirty && !t->r->update_faults ? rights_dirty : rights);
}

/* Whether the walker would fault for want of a flag in @desc. */
static bool lacks_flag(const Table *t, uint64_t desc, const PtEntry *entry)
{
    return t->r->update_faults &&
           (entry->kind == PT_ENTRY_TABLE || entry->kind == PT_ENTRY_LEAF) &&
           t->r->format->update(t->r, desc, entry, t->height, false) != desc;
}

/* Visit [@in, @last], which @t translates. */
static bool visit_table(Visit *v, const Table *t, uint64_t in, uint64_t last)
{
    unsigned shift = pt_entry_lg2(t->granule_lg2, t->height);

    for (;;) {
        uint64_t end = in | low_mask(shift);
        PtEntry entry = { .kind = PT_ENTRY_EMPTY };
        uint64_t desc = 0;

        if (v->reads >= PT_ENUMERATE_READS) {
            v->w->host->ops->guest_error(v->w->host->opaque,
                                         "page tables map too much to be visited: %u descriptors",
                                         v->reads);
            return false;
        }
        end = end < last ? end : last;
        if (read_entry(v, t, t->addr + pt_entry_offset(in, t->end, shift), &desc)) {
            t->r->format->decode(t->r, desc, t->height, t->granule_lg2, &entry);
            if (lacks_flag(t, desc, &entry)) {
                entry.kind = PT_ENTRY_EMPTY;
            }
        }
        if (entry.kind == PT_ENTRY_LEAF) {
            if (!visit_leaf(v, t, &entry, in, end)) {
                return false;
            }
        } else if (entry.kind == PT_ENTRY_TABLE && t->height > 0) {
            Table next = *t;

            next.addr = entry.addr;
            next.height--;
            next.end = shift;
            next.limits &= entry.rights;
            if (!visit_table(v, &next, in, end)) {
                return false;
            }
        }
        if (end == last) {
            return true;
        }
        in = end + 1;
    }
}

/* Visit the part of [@in, @last] that one root of @r translates without dropping address bits. */
static bool visit_root(Visit *v, const PtRegime *r, const PtRegime *under, LeafPart *part,
                       uint64_t in, uint64_t last)
{
    const PtAccess access = { .need = IOMMU_RIGHT_PR, .priv = true };
    uint64_t va = in;
    PtRoot root;
    Table t;

    if (r->format->root(r, &va, &access, &root) != PT_ROOT_OK || va != in) {
        return true;
    }
    t = (Table) {
        .r = r,
        .under = under,
        .part = part,
        .addr = root.table,
        .height = root.height,
        .granule_lg2 = root.granule_lg2,
        .end = root.in_bits,
        .limits = IOMMU_RIGHTS_ALL,
    };
    return visit_table(v, &t, in, last);
}

/*
 * A format chooses its root by ranges it does not tell. They can only begin or end where the input
 * size, or half of it for a sign-extended address, says so: between these points one root serves
 * all.
 */
static bool visit_stage(Visit *v, const PtRegime *r, const PtRegime *under, LeafPart *part,
                        uint64_t first, uint64_t last)
{
    uint64_t ends[5];
    unsigned count = 0;

    if (r->in_bits > 1 && r->in_bits < 64) {
        ends[count++] = low_mask(r->in_bits);
        ends[count++] = low_mask(r->in_bits - 1);
        ends[count++] = ~low_mask(r->in_bits) - 1;
        ends[count++] = ~low_mask(r->in_bits - 1) - 1;
    }
    ends[count++] = UINT64_MAX;

    for (;;) {
        uint64_t end = last;

        for (unsigned i = 0; i < count; i++) {
            if (ends[i] >= first && ends[i] < end) {
                end = ends[i];
            }
        }
        if (!visit_root(v, r, under, part, first, end)) {
            return false;
        }
        if (end == last) {
            return true;
        }
        first = end + 1;
    }
}

static bool report(Visit *v, uint64_t in, uint64_t last, uint64_t out, uint8_t rights)
{
    return !rights || v->fn(v->opaque, in, out, last - in + 1, rights);
}

static bool report_nested(Visit *v, uint64_t in, uint64_t last, uint64_t out, uint8_t rights)
{
    uint64_t va = v->va + (in - v->ipa);

    return report(v, va, va + (last - in), out, rights & v->rights);
}

static bool descend(Visit *v, uint64_t in, uint64_t last, uint64_t out, uint8_t rights)
{
    if (!rights) {
        return true;
    }
    v->va = in;
    v->ipa = out;
    v->rights = rights;
    return visit_stage(v, v->s2, NULL, report_nested, out, out + (last - in));
}

uint32_t pt_enumerate(PtWalker *w, const PtRegime *s1, const PtRegime *s2, uint64_t first,
                      uint64_t last, PtLeafFn *fn, void *opaque)
{
    Visit v = { .w = w, .s2 = s2, .fn = fn, .opaque = opaque };

    if (first > last) {
        return 0;
    }
    if (!s1) {
        visit_stage(&v, s2, NULL, report, first, last);
    } else {
        visit_stage(&v, s1, s2, s2 ? descend : report, first, last);
    }
    return v.reads;
}

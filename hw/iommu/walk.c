/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two-stage radix walker: translation of one address (enumerate.c visits whole ranges,
 * walkcache.c keeps the caches).
 *
 * IHI 0070 3.3, 3.13 (hardware update of flags), 13.4.4 (order of a nested access); VT-d 3.6 to
 * 3.8.
 *
 * A stage is walked by walk_stage(), whichever it is; walking stage 1 over a stage 2, it sends the
 * address of each descriptor through translate_ipa(), which walks stage 2 in the same way. The
 * depth of that recursion is two.
 */
#include <string.h>

#include "walk-internal.h"

/*
 * How often an entry may change between our reading and our updating it. Hardware retries for ever;
 * a guest that does nothing but change an entry must not hold the emulator's thread.
 */
#define UPDATE_TRIES 1000

/* What a stage is asked for, and on whose behalf: the client's address or the walker's own. */
typedef struct Ask {
    PtAccess access;
    uint32_t flags;   /* PT_REQ_* */
    uint8_t cls;      /* PtClass */
    bool table_write; /* cls TABLE: to update the stage 1 descriptor, not to read it */
    bool table_top;   /* cls TABLE: the stage 1 descriptor is in its top table */
} Ask;

/* Where a walk stands: the table it is about to read, and what led there. */
typedef struct Cursor {
    uint64_t table;
    uint8_t height;
    uint8_t granule_lg2;
    uint8_t end;      /* the index ends below this bit of the input */
    uint8_t limits;   /* what the entries above left to grant */
    bool top;
    bool settled;     /* nothing used so far was left unwritten: what comes may be cached */
} Cursor;

/* A descriptor's place. */
typedef struct Slot {
    uint64_t addr;    /* as its stage names it: intermediate if another stage lies under it */
    uint64_t pa;
    bool writable;    /* the stage under it was already asked for the right to write */
    bool settled;     /* the stage under it left nothing unwritten */
} Slot;

/* One stage of one walk: what every step needs. */
typedef struct Stage {
    PtWalker *w;
    const PtRegime *r;
    const PtRegime *under; /* stage 2, if this is stage 1 of two */
    const Ask *ask;
    PtFault *fault;
} Stage;

static bool translate_ipa(PtWalker *w, const PtRegime *s2, uint64_t ipa, const Ask *ask,
                          PtLeaf *leaf, bool *settled, PtFault *fault);

static inline bool counted(const Ask *ask)
{
    return !(ask->flags & PT_REQ_NO_FILL);
}

static inline bool updates_memory(const Ask *ask)
{
    return !(ask->flags & (PT_REQ_NO_FILL | PT_REQ_NO_UPDATE));
}

static inline bool may_dirty(const Ask *ask)
{
    return !(ask->flags & PT_REQ_NO_DIRTY);
}

/* Rights a request may use without writing: where nothing is written, clean counts as dirty. */
static inline uint8_t usable_rights(const Ask *ask, const PtLeaf *leaf)
{
    return !updates_memory(ask) && may_dirty(ask) ? leaf->rights_dirty : leaf->rights;
}

/* Rights a request may come to use, by writing if need be. */
static inline uint8_t reachable_rights(const Ask *ask, const PtLeaf *leaf)
{
    return may_dirty(ask) && ask->access.write ? leaf->rights_dirty : usable_rights(ask, leaf);
}

static void note(PtWalker *w, const Ask *ask, IommuStepKind kind, unsigned stage, unsigned height,
                 bool hit, uint64_t addr, uint32_t bytes)
{
    if (counted(ask)) {
        plan_step(w->plan, kind, stage, height, hit, addr, bytes);
    }
}

/*
 * Faults
 */

static bool stage_fault(const Stage *s, PtFaultKind kind, unsigned height, bool top, uint64_t in)
{
    bool table_access = kind == PT_FAULT_READ || kind == PT_FAULT_UPDATE;

    memset(s->fault, 0, sizeof(*s->fault));
    s->fault->kind = kind;
    s->fault->stage = s->r->stage;
    s->fault->height = height;
    s->fault->top = top;
    if (s->r->stage == 2) {
        s->fault->cls = s->ask->cls;
        s->fault->table_write = s->ask->table_write;
        s->fault->table_top = s->ask->table_top;
        s->fault->ipa = in;
    } else {
        s->fault->cls = table_access ? PT_CLASS_TABLE : PT_CLASS_INPUT;
    }
    IOMMU_TRACE(s->w->trace, "stage %u: fault: %s at 0x%llx", s->r->stage, pt_fault_name(kind),
                (unsigned long long)in);
    return false;
}

static bool entry_fault(const Stage *s, PtFaultKind kind, const Cursor *at, uint64_t in,
                        const Slot *slot, uint64_t desc)
{
    stage_fault(s, kind, at->height, at->top, in);
    s->fault->desc_addr = slot->pa;
    s->fault->desc = desc;
    return false;
}

static bool permission_fault(const Stage *s, uint8_t missing, const Cursor *at, uint64_t in,
                             const Slot *slot, uint64_t desc, const PtLeaf *leaf)
{
    entry_fault(s, PT_FAULT_PERMISSION, at, in, slot, desc);
    s->fault->missing = missing;
    s->fault->granted = leaf->rights_dirty;
    return false;
}

/*
 * Descriptors in memory
 */

/* Send the descriptor's address through the stage under it, for reading or for updating. */
static bool locate(const Stage *s, const Cursor *at, Slot *slot, bool update)
{
    bool write = update || s->r->table_needs_write;
    Ask ask = {
        .access = {
            .need = IOMMU_RIGHT_PR | (write ? IOMMU_RIGHT_PW : 0),
            .priv = true,
            .write = write,
        },
        /* The client's wish to see rights, or to dirty nothing, is about its own page. */
        .flags = s->ask->flags & ~(PT_REQ_GRANT | PT_REQ_NO_DIRTY),
        .cls = PT_CLASS_TABLE,
        .table_write = update,
        .table_top = at->top,
    };
    PtLeaf leaf;

    if (!translate_ipa(s->w, s->under, slot->addr, &ask, &leaf, &slot->settled, s->fault)) {
        return false;
    }
    slot->pa = pt_leaf_addr(&leaf, slot->addr);
    slot->writable = write;
    return true;
}

static bool read_desc(const Stage *s, const Cursor *at, uint64_t in, const Slot *slot,
                      uint64_t *desc)
{
    PtWalker *w = s->w;
    uint8_t raw[PT_DESC_BYTES];

    if (counted(s->ask)) {
        w->counters->walk_reads++;
        plan_step(w->plan, IOMMU_STEP_READ, s->r->stage, at->height, false, slot->pa,
                  PT_DESC_BYTES);
    }
    if (w->host->ops->read(w->host->opaque, slot->pa, raw, sizeof(raw), s->r->walk_attr) !=
        IOMMU_MEM_OK) {
        return entry_fault(s, PT_FAULT_READ, at, in, slot, 0);
    }
    *desc = le64_load(raw);
    return true;
}

static void trace_desc(const Stage *s, const Cursor *at, const Slot *slot, uint64_t desc,
                       const PtEntry *entry)
{
    static const char *const kinds[] = {
        [PT_ENTRY_EMPTY] = "empty",
        [PT_ENTRY_TABLE] = "table",
        [PT_ENTRY_LEAF] = "leaf",
        [PT_ENTRY_MALFORMED] = "malformed",
        [PT_ENTRY_ADDR_SIZE] = "address too large",
    };
    char fields[256] = "";

    s->r->format->describe(s->r, desc, at->height, fields, sizeof(fields));
    if (s->under) {
        iommu_trace_line(
            s->w->trace, "stage %u height %u: IPA 0x%llx, PA 0x%llx = 0x%016llx: %s: %s",
            s->r->stage, at->height, (unsigned long long)slot->addr, (unsigned long long)slot->pa,
            (unsigned long long)desc, kinds[entry->kind], fields);
    } else {
        iommu_trace_line(s->w->trace, "stage %u height %u: PA 0x%llx = 0x%016llx: %s: %s",
                         s->r->stage, at->height, (unsigned long long)slot->pa,
                         (unsigned long long)desc, kinds[entry->kind], fields);
    }
}

/*
 * Swap *@desc for @want. True if memory could be reached: then *@swapped says whether it still held
 * *@desc, which becomes what it holds now.
 */
static bool swap_desc(const Stage *s, const Cursor *at, uint64_t in, Slot *slot, uint64_t *desc,
                      uint64_t want, bool *swapped)
{
    PtWalker *w = s->w;
    uint64_t found;

    if (s->under && !slot->writable && !locate(s, at, slot, true)) {
        return false;
    }
    note(w, s->ask, IOMMU_STEP_UPDATE, s->r->stage, at->height, false, slot->pa, PT_DESC_BYTES);
    if (w->host->ops->cas64(w->host->opaque, slot->pa, *desc, want, &found, s->r->walk_attr) !=
        IOMMU_MEM_OK) {
        return entry_fault(s, PT_FAULT_UPDATE, at, in, slot, *desc);
    }
    *swapped = found == *desc;
    *desc = *swapped ? want : found;
    if (*swapped) {
        w->counters->walk_updates++;
        IOMMU_TRACE(w->trace, "stage %u height %u: PA 0x%llx updated to 0x%016llx", s->r->stage,
                    at->height, (unsigned long long)slot->pa, (unsigned long long)want);
    }
    return true;
}

/*
 * Walk caches
 */

static void find_table(const Stage *s, uint64_t va, Cursor *at)
{
    PtWalker *w = s->w;
    IommuCache *caches = w->tables[s->r->stage - 1];

    if (!counted(s->ask)) {
        return;
    }
    for (unsigned height = 0; height < at->height; height++) {
        unsigned lg2 = pt_entry_lg2(at->granule_lg2, height + 1);
        const PtTableEntry *found;

        if (!caches[height].config.geometry.entries) {
            continue;
        }
        found = iommu_cache_lookup_sized(&caches[height], va, lg2, s->r->walk_tag);
        w->counters->walkcache_lookups++;
        plan_step(w->plan, IOMMU_STEP_TABLE_CACHE, s->r->stage, height, found, va, 0);
        if (found) {
            plan_hit(w->plan, iommu_cache_hit_fill(&caches[height]));
            w->counters->walkcache_hits++;
            at->table = found->table;
            at->limits = found->limits;
            at->height = height;
            at->end = lg2;
            at->top = false;
            IOMMU_TRACE(w->trace, "stage %u height %u: walk cache: table 0x%llx", s->r->stage,
                        height, (unsigned long long)at->table);
            return;
        }
    }
}

static void keep_table(const Stage *s, uint64_t va, const Cursor *at)
{
    IommuCache *c = &s->w->tables[s->r->stage - 1][at->height];
    PtTableEntry *e;

    if (!c->config.geometry.entries) {
        return;
    }
    e = iommu_cache_insert(c, va, pt_entry_lg2(at->granule_lg2, at->height + 1), s->r->walk_tag);
    e->table = at->table;
    e->limits = at->limits;
}

/*
 * Steps of a walk
 */

/* Fill *@leaf from a decoded leaf entry. */
static void leaf_from_entry(const PtRegime *r, const PtEntry *entry, uint8_t limits, PtLeaf *leaf)
{
    r->format->rights(r, entry, limits, &leaf->rights, &leaf->rights_dirty);
    if (!r->update_dirty) {
        leaf->rights_dirty = leaf->rights;
    }
    leaf->out = entry->addr & ~low_mask(entry->lg2);
    leaf->attr = entry->attr;
    leaf->lg2 = entry->lg2;
    leaf->flags = entry->flags;
}

/*
 * Judge a leaf. True: it may be used, after marking it accessed if *@mark, and dirty if *@dirty.
 * Access flag before permission (IHI 0070 3.13.2); on stage 2, base permission before the Device
 * check of a walk, and that before dirty state (3.26.2).
 */
static bool judge_leaf(const Stage *s, const Cursor *at, uint64_t in, const Slot *slot,
                       uint64_t desc, const PtLeaf *leaf, bool *mark, bool *dirty)
{
    const Ask *ask = s->ask;
    uint8_t need = ask->access.need;
    uint8_t best = may_dirty(ask) ? leaf->rights_dirty : leaf->rights;

    *mark = true;
    *dirty = false;
    if ((leaf->flags & PT_ENTRY_AF_CLEAR) && !s->r->update_access) {
        return entry_fault(s, PT_FAULT_ACCESS, at, in, slot, desc);
    }
    if (ask->flags & PT_REQ_GRANT) {
        /* A page of which nothing is granted is not used. */
        *mark = need & reachable_rights(ask, leaf);
        return true;
    }
    if (need & ~best) {
        return permission_fault(s, need & ~best, at, in, slot, desc, leaf);
    }
    if (ask->cls != PT_CLASS_INPUT && s->r->protect_walk && (leaf->flags & PT_ENTRY_DEVICE)) {
        return permission_fault(s, need, at, in, slot, desc, leaf);
    }
    *dirty = need & ~leaf->rights;
    return true;
}

/* Nothing can be written by this regime's hardware, so the format need not be asked what. */
static bool never_updates(const PtRegime *r)
{
    return !r->update_access && !r->update_dirty && !r->update_table;
}

static bool bad_entry(const Stage *s, const Cursor *at, uint64_t in, const Slot *slot,
                      uint64_t desc, unsigned kind)
{
    PtFaultKind fault = kind == PT_ENTRY_EMPTY ? PT_FAULT_EMPTY
                        : kind == PT_ENTRY_ADDR_SIZE ? PT_FAULT_ADDR_SIZE
                                                     : PT_FAULT_MALFORMED;

    return entry_fault(s, fault, at, in, slot, desc);
}

/*
 * Read and use one descriptor of the table at *@at. False: fault. True with *@done: *@leaf is the
 * translation. Else *@at is the next table.
 */
static bool walk_level(const Stage *s, uint64_t in, uint64_t va, Cursor *at, PtLeaf *leaf,
                       bool *done)
{
    const PtRegime *r = s->r;
    Slot slot = {
        .addr = at->table + pt_entry_offset(va, at->end, pt_entry_lg2(at->granule_lg2, at->height)),
        .settled = true,
    };
    uint64_t desc, want;
    bool swapped = false;
    PtEntry entry;

    slot.pa = slot.addr;
    if (s->under && !locate(s, at, &slot, false)) {
        return false;
    }
    if (!read_desc(s, at, in, &slot, &desc)) {
        return false;
    }
    for (unsigned tries = 0;; tries++) {
        bool mark = true, dirty = false;

        r->format->decode(r, desc, at->height, at->granule_lg2, &entry);
        if (__builtin_expect(s->w->trace->active, 0)) {
            trace_desc(s, at, &slot, desc, &entry);
        }
        if (entry.kind == PT_ENTRY_LEAF) {
            leaf_from_entry(r, &entry, at->limits, leaf);
            if (!swapped && !judge_leaf(s, at, in, &slot, desc, leaf, &mark, &dirty)) {
                return false;
            }
        } else if (entry.kind != PT_ENTRY_TABLE || at->height == 0) {
            return bad_entry(s, at, in, &slot, desc, entry.kind);
        }
        if (swapped || never_updates(r)) {
            break;
        }
        want = r->format->update(r, desc, &entry, at->height, dirty);
        if (want == desc) {
            break;
        }
        if (!mark) {
            at->settled = false;
            break;
        }
        if (r->update_faults) {
            return entry_fault(s, PT_FAULT_ACCESS, at, in, &slot, desc);
        }
        if (!updates_memory(s->ask)) {
            at->settled = false;
            break;
        }
        if (tries == UPDATE_TRIES) {
            s->w->host->ops->guest_error(s->w->host->opaque,
                                         "the descriptor at 0x%llx changed %u times while it was "
                                         "to be updated: the walk is given up",
                                         (unsigned long long)slot.pa, UPDATE_TRIES);
            return entry_fault(s, PT_FAULT_UPDATE, at, in, &slot, desc);
        }
        /* Swapped or not, what memory now holds is decoded again: it decides. */
        if (!swap_desc(s, at, in, &slot, &desc, want, &swapped)) {
            return false;
        }
    }
    at->settled &= slot.settled;
    *done = entry.kind == PT_ENTRY_LEAF;
    if (!*done) {
        at->table = entry.addr;
        at->limits &= entry.rights;
        at->end = pt_entry_lg2(at->granule_lg2, at->height);
        at->height--;
        at->top = false;
        if (at->settled && counted(s->ask) && !(entry.flags & PT_ENTRY_NO_CACHE)) {
            keep_table(s, va, at);
        }
    }
    return true;
}

/*
 * Translate @in by one stage. *@va is the input as used. *@settled: memory holds all that was used
 * exactly so, and a later walk would have nothing to write on the way.
 */
static bool walk_stage(const Stage *s, uint64_t in, uint64_t *va, PtLeaf *leaf, bool *settled)
{
    const PtRegime *r = s->r;
    PtRootStatus status;
    bool done = false;
    PtRoot root;
    Cursor at;

    *va = in;
    status = r->format->root(r, va, &s->ask->access, &root);
    if (status == PT_ROOT_OK && root.height >= PT_MAX_HEIGHT) {
        status = PT_ROOT_RANGE;
    }
    if (__builtin_expect(status != PT_ROOT_OK, 0)) {
        return stage_fault(s, status == PT_ROOT_RANGE ? PT_FAULT_RANGE : PT_FAULT_DISABLED, r->top,
                           true, in);
    }
    at = (Cursor) {
        .table = root.table,
        .height = root.height,
        .granule_lg2 = root.granule_lg2,
        .end = root.in_bits,
        .limits = IOMMU_RIGHTS_ALL,
        .top = true,
        .settled = true,
    };
    find_table(s, *va, &at);
    for (;;) {
        if (!walk_level(s, in, *va, &at, leaf, &done)) {
            return false;
        }
        if (done) {
            *settled = at.settled;
            return true;
        }
    }
}

/*
 * Translate @ipa by stage 2, through the IPA cache. An entry that does not suffice decides
 * nothing: memory may grant more by now, or be made to.
 */
static bool translate_ipa(PtWalker *w, const PtRegime *s2, uint64_t ipa, const Ask *ask,
                          PtLeaf *leaf, bool *settled, PtFault *fault)
{
    const Stage s = { .w = w, .r = s2, .ask = ask, .fault = fault };
    bool cached = counted(ask) && w->ipa.config.geometry.entries;
    uint64_t va;

    if (cached) {
        const PtLeaf *e = iommu_cache_lookup(&w->ipa, ipa, s2->walk_tag);
        bool hit = e && !(ask->access.need & ~usable_rights(ask, e)) &&
                   !(ask->cls != PT_CLASS_INPUT && s2->protect_walk &&
                     (e->flags & PT_ENTRY_DEVICE));

        w->counters->ipa_lookups++;
        plan_step(w->plan, IOMMU_STEP_IPA_CACHE, 2, 0, hit, ipa, 0);
        if (hit) {
            plan_hit(w->plan, iommu_cache_hit_fill(&w->ipa));
            w->counters->ipa_hits++;
            *leaf = *e;
            *settled = !(ask->access.need & ~e->rights);
            IOMMU_TRACE(w->trace, "stage 2: IPA cache: 0x%llx -> 0x%llx", (unsigned long long)ipa,
                        (unsigned long long)pt_leaf_addr(leaf, ipa));
            return true;
        }
    }
    if (!walk_stage(&s, ipa, &va, leaf, settled)) {
        return false;
    }
    if (cached && *settled && !(leaf->flags & PT_ENTRY_NO_CACHE)) {
        *(PtLeaf *)iommu_cache_insert(&w->ipa, ipa, leaf->lg2, s2->walk_tag) = *leaf;
    }
    return true;
}

/*
 * Whole translations
 */

static void use_stage1(const Ask *ask, const PtLeaf *leaf, uint64_t va, PtResult *res)
{
    res->ipa = pt_leaf_addr(leaf, va);
    res->s1_attr = leaf->attr;
    res->s1_flags = leaf->flags;
    res->s1_rights = usable_rights(ask, leaf);
    res->rights = res->s1_rights;
    res->rights_dirty = leaf->rights_dirty;
    res->lg2 = leaf->lg2;
    res->out = res->ipa;
}

static void use_stage2(const Ask *ask, const PtLeaf *leaf, PtResult *res)
{
    res->s2_attr = leaf->attr;
    res->s2_flags = leaf->flags;
    res->s2_rights = usable_rights(ask, leaf);
    res->rights &= res->s2_rights;
    res->rights_dirty &= leaf->rights_dirty;
    res->lg2 = leaf->lg2 < res->lg2 ? leaf->lg2 : res->lg2;
    res->out = pt_leaf_addr(leaf, res->ipa);
}

static bool resolve(PtWalker *w, const PtRequest *req, Ask *ask, PtResult *res, PtFault *fault)
{
    const Stage s1 = { .w = w, .r = req->s1, .under = req->s2, .ask = ask, .fault = fault };
    bool settled = true;
    PtLeaf leaf;

    *res = (PtResult) {
        .ipa = req->addr,
        .va = req->addr,
        .lg2 = 63,
        .rights = IOMMU_RIGHTS_ALL,
        .rights_dirty = IOMMU_RIGHTS_ALL,
        .s1_rights = IOMMU_RIGHTS_ALL,
        .s2_rights = IOMMU_RIGHTS_ALL,
        .settled = true,
    };
    if (req->s1) {
        if (!walk_stage(&s1, req->addr, &res->va, &leaf, &settled)) {
            return false;
        }
        use_stage1(ask, &leaf, res->va, res);
        res->settled = settled;
        if (ask->flags & PT_REQ_STAGE1) {
            return true;
        }
        if (req->s2 && (ask->flags & PT_REQ_GRANT)) {
            ask->access.need &= reachable_rights(ask, &leaf);
            if (!ask->access.need) {
                res->rights = 0;
                res->rights_dirty = 0;
                res->s2_rights = 0;
                res->settled = false;
                return true;
            }
        }
    }
    if (req->s2) {
        if (!translate_ipa(w, req->s2, res->ipa, ask, &leaf, &settled, fault)) {
            return false;
        }
        use_stage2(ask, &leaf, res);
        res->settled &= settled;
    }
    return true;
}

/*
 * After a first, harmless look, take what every stage can be made to grant. Looking first keeps a
 * stage from being made dirty for a write that the other one forbids (IHI 0070 3.13.7.1).
 */
static bool take_grants(PtWalker *w, const PtRequest *req, PtResult *res, PtFault *fault)
{
    Ask ask = { .access = req->access, .flags = req->flags & ~PT_REQ_GRANT, .cls = PT_CLASS_INPUT };
    PtResult more;

    ask.access.need &= res->rights_dirty;
    if (!updates_memory(&ask) || !may_dirty(&ask) || !ask.access.write ||
        !(ask.access.need & ~res->rights)) {
        return true;
    }
    if (resolve(w, req, &ask, &more, fault)) {
        *res = more;
        return true;
    }
    /* If it fails (the page of a table may not be written), what was found stands. */
    return !(req->flags & PT_REQ_MUST_GRANT);
}

bool pt_walk(PtWalker *w, const PtRequest *req, PtResult *res, PtFault *fault)
{
    Ask ask = { .access = req->access, .flags = req->flags, .cls = PT_CLASS_INPUT };
    bool ok;

    if (counted(&ask)) {
        w->counters->walks++;
    }
    note(w, &ask, IOMMU_STEP_WALK, 0, 0, false, req->addr, 0);
    ok = resolve(w, req, &ask, res, fault);
    if (ok && (req->flags & PT_REQ_GRANT)) {
        ok = take_grants(w, req, res, fault);
    }
    note(w, &ask, IOMMU_STEP_WALK_END, 0, 0, ok, req->addr, 0);
    return ok;
}

bool pt_walk_ipa(PtWalker *w, const PtRegime *s2, uint64_t ipa, PtClass cls, uint32_t flags,
                 uint64_t *pa, uint32_t *attr, PtFault *fault)
{
    Ask ask = {
        .access = { .need = IOMMU_RIGHT_PR, .priv = true },
        .flags = flags & ~(PT_REQ_GRANT | PT_REQ_NO_DIRTY),
        .cls = cls,
    };
    bool settled;
    PtLeaf leaf;

    if (!translate_ipa(w, s2, ipa, &ask, &leaf, &settled, fault)) {
        return false;
    }
    *pa = pt_leaf_addr(&leaf, ipa);
    *attr = leaf.attr;
    return true;
}

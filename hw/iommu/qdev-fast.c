/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recent answers in front of an IOMMU model: entering and voiding them (qdev-fast.h says what they
 * are and why they may be used).
 */
#include "qemu/osdep.h"
#include "hw/iommu/qdev-fast.h"
#include "qemu/memalign.h"

void iommu_fast_init(IommuFast *f, bool on)
{
    memset(f, 0, sizeof(*f));
    f->generation = 1;
    if (on) {
        f->entries = qemu_memalign(sizeof(IommuFastEntry),
                                   IOMMU_FAST_ENTRIES * sizeof(IommuFastEntry));
        memset(f->entries, 0, IOMMU_FAST_ENTRIES * sizeof(IommuFastEntry));
    }
}

void iommu_fast_destroy(IommuFast *f)
{
    qemu_vfree(f->entries);
    f->entries = NULL;
}

void iommu_fast_new_generation(IommuFast *f)
{
    if (!f->entries) {
        return;
    }
    qatomic_set(&f->generation, f->generation + 1);
    /* Readers see it before anything that the model now does, completion signals among it. */
    smp_mb();
}

static void enter(IommuFast *f, const IommuTxn *txn, const IommuResult *res, uint8_t kind)
{
    uint64_t page = txn->addr & ~0xfffull, who = iommu_fast_who(txn);
    IommuFastEntry *e = &f->entries[iommu_fast_index(page, who)];
    uint8_t access = iommu_fast_access(txn);

    if (e->generation == f->generation && e->page == page && e->who == who &&
        e->out == (res->pa & ~0xfffull) && e->kind == kind) {
        access |= e->access;
    }
    qatomic_set(&e->seq, e->seq + 1);
    smp_wmb();
    e->attr = res->attr;
    qatomic_set(&e->page, page);
    qatomic_set(&e->who, who);
    e->out = res->pa & ~0xfffull;
    qatomic_set(&e->access, access);
    e->lg2 = res->page_lg2;
    e->rights = res->rights;
    e->kind = kind;
    qatomic_set(&e->generation, f->generation);
    qatomic_store_release(&e->seq, e->seq + 1);
}

/*
 * What the counters tell of the request: that it was answered from configuration caches and the
 * main TLB, or by configuration alone. Whatever else it did counts something else.
 */
void iommu_fast_learn(IommuFast *f, IommuModel *m, const IommuTxn *txn, IommuResult *res)
{
    const IommuCounters *c = &m->counters;
    uint64_t configs = c->config_lookups, misses = c->config_misses;
    uint64_t lookups = c->tlb_lookups, hits = c->tlb_hits;

    iommu_translate(m, txn, res);
    if (!f->entries || res->status != IOMMU_STATUS_OK || !iommu_fast_plain(txn)) {
        return;
    }
    configs = c->config_lookups - configs;
    lookups = c->tlb_lookups - lookups;
    hits = c->tlb_hits - hits;
    /* Steps are kept while a performance monitor counts them: it is to see every request. */
    if (c->config_misses != misses || !configs || configs > 3 || lookups > 1 || hits != lookups ||
        (lookups == 0) != res->bypassed || m->trace.armed || m->plan->count) {
        return;
    }
    enter(f, txn, res,
          reg_make(IOMMU_FAST_KIND_BYPASSED, res->bypassed) |
          reg_make(IOMMU_FAST_KIND_TLB, lookups) | reg_make(IOMMU_FAST_KIND_CONFIG, configs));
}

void iommu_fast_fold(IommuFast *f, IommuCounters *c)
{
    for (unsigned kind = 0; kind < IOMMU_FAST_KINDS; kind++) {
        uint64_t n = qatomic_xchg(&f->hits[kind], 0) + f->hits_bql[kind];

        f->hits_bql[kind] = 0;
        c->transactions += n;
        if (reg_get(kind, IOMMU_FAST_KIND_BYPASSED)) {
            c->bypassed += n;
        } else {
            c->translated += n;
        }
        c->tlb_lookups += reg_get(kind, IOMMU_FAST_KIND_TLB) ? n : 0;
        c->tlb_hits += reg_get(kind, IOMMU_FAST_KIND_TLB) ? n : 0;
        c->config_lookups += n * reg_get(kind, IOMMU_FAST_KIND_CONFIG);
    }
}

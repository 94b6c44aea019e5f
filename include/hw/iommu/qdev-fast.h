/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recent answers: a table in front of an IOMMU model, from which any thread may answer a request
 * without the shell's lock as long as nothing has happened that could change the answer.
 *
 * An entry is entered under the lock, and only if the model answered from its own caches, so that
 * the table knows nothing that they might not still hold (IHI 0070 3.21, VT-d 6.1: when an entry
 * leaves a cache of its own accord is not architectural). It holds for one requester, PASID,
 * privilege, page and kind of access, and for one generation: every call of the model that could
 * change what a request gets begins a new generation before it does anything, and so makes every
 * entry void at once. A request that takes an entry at that moment is one that was
 * under way when the invalidation arrived, as it would be just after it left the lock.
 *
 * Switched off where each request counts by itself: with timing, with performance counters
 * running, with a trace armed, and with TLBs too small to be meant for speed.
 */
#ifndef HW_IOMMU_QDEV_FAST_H
#define HW_IOMMU_QDEV_FAST_H

#include "hw/iommu/fields.h"
#include "hw/iommu/model.h"
#include "qemu/atomic.h"

#define IOMMU_FAST_ENTRIES 4096u
/* Main TLBs below this are made to be looked at, not to be fast. */
#define IOMMU_FAST_TLB_MIN 256u

/* IommuFastEntry.who: the requester's part of the key. */
#define IOMMU_FAST_WHO_PASID  REGFIELD(19, 0)
#define IOMMU_FAST_WHO_HAS    REGFIELD(20, 20) /* a PASID */
#define IOMMU_FAST_WHO_PRIV   REGFIELD(21, 21)
#define IOMMU_FAST_WHO_EXEC   REGFIELD(22, 22)
#define IOMMU_FAST_WHO_SNOOP  REGFIELD(23, 23) /* incoming attribute */
#define IOMMU_FAST_WHO_STREAM REGFIELD(63, 32)

/* IommuFastEntry.kind: what the model counts for this answer. */
#define IOMMU_FAST_KIND_BYPASSED REGFIELD(0, 0)
#define IOMMU_FAST_KIND_TLB      REGFIELD(1, 1)
#define IOMMU_FAST_KIND_CONFIG   REGFIELD(3, 2) /* configuration lookups */
#define IOMMU_FAST_KINDS         16u

/* Accesses that the model let pass. */
#define IOMMU_FAST_READ   0x1u
#define IOMMU_FAST_WRITE  0x2u
#define IOMMU_FAST_ATOMIC 0x4u

typedef struct IommuFastEntry {
    uint32_t seq;        /* odd while it is being written */
    IommuMemAttr attr;
    uint64_t generation; /* 0: never written */
    uint64_t page;       /* input address, without the offset in the page */
    uint64_t who;
    uint64_t out;        /* output address likewise */
    uint8_t access;      /* IOMMU_FAST_READ ... */
    uint8_t lg2;         /* IommuResult.page_lg2 */
    uint8_t rights;
    uint8_t kind;
} QEMU_ALIGNED(64) IommuFastEntry;

typedef struct IommuFast {
    IommuFastEntry *entries;  /* IOMMU_FAST_ENTRIES; NULL: switched off */
    uint64_t generation;      /* written under the shell's lock */
    /* Hits that are not yet in the model's counters: of any thread; of those with the BQL. */
    uint64_t hits[IOMMU_FAST_KINDS], hits_bql[IOMMU_FAST_KINDS];
} IommuFast;

/** Allocate. @on: whether the model's TLB is large and no clock runs. */
void iommu_fast_init(IommuFast *f, bool on);
void iommu_fast_destroy(IommuFast *f);

/** Under the lock: void every entry. The model may be called afterwards, not before. */
void iommu_fast_new_generation(IommuFast *f);

/** Under the lock: iommu_translate(), and remember the answer if it may be. */
void iommu_fast_learn(IommuFast *f, IommuModel *m, const IommuTxn *txn, IommuResult *res);

/** Under the lock and the BQL: give the model the counts of what was answered without it. */
void iommu_fast_fold(IommuFast *f, IommuCounters *c);

static inline uint8_t iommu_fast_access(const IommuTxn *txn)
{
    return txn->atomic ? IOMMU_FAST_ATOMIC : txn->write ? IOMMU_FAST_WRITE : IOMMU_FAST_READ;
}

/* A request whose answer depends on nothing that the key leaves out. */
static inline bool iommu_fast_plain(const IommuTxn *txn)
{
    return txn->kind == IOMMU_TXN_UNTRANSLATED && txn->size && !txn->probe &&
           !txn->speculative && !txn->no_snoop && txn->attr.type == 0xff && !txn->attr.sh &&
           !txn->attr.space;
}

static inline uint64_t iommu_fast_who(const IommuTxn *txn)
{
    return reg_make(IOMMU_FAST_WHO_PASID, txn->has_pasid ? txn->pasid : 0) |
           reg_make(IOMMU_FAST_WHO_HAS, txn->has_pasid) |
           reg_make(IOMMU_FAST_WHO_PRIV, txn->priv) | reg_make(IOMMU_FAST_WHO_EXEC, txn->exec) |
           reg_make(IOMMU_FAST_WHO_SNOOP, txn->attr.snoop) |
           reg_make(IOMMU_FAST_WHO_STREAM, txn->stream);
}

/* Consecutive pages of one requester fall into consecutive entries. */
static inline unsigned iommu_fast_index(uint64_t page, uint64_t who)
{
    return ((page >> 12) + (who >> 32) * 67 + (who & 0xfffff) * 257) % IOMMU_FAST_ENTRIES;
}

/** Answer @txn without the lock; false: the model must. @bql: this thread has the BQL. */
static inline bool iommu_fast_translate(IommuFast *f, const IommuTxn *txn, IommuResult *res,
                                        bool bql)
{
    uint64_t page = txn->addr & ~0xfffull, who;
    const IommuFastEntry *e;
    uint32_t seq;
    uint8_t kind;

    if (!f->entries || !iommu_fast_plain(txn)) {
        return false;
    }
    who = iommu_fast_who(txn);
    e = &f->entries[iommu_fast_index(page, who)];
    seq = qatomic_load_acquire(&e->seq);
    if (qatomic_read(&e->generation) != qatomic_read(&f->generation) ||
        qatomic_read(&e->page) != page || qatomic_read(&e->who) != who ||
        !(qatomic_read(&e->access) & iommu_fast_access(txn)) || seq & 1) {
        return false;
    }
    kind = e->kind;
    *res = (IommuResult) {
        .pa = e->out | (txn->addr & 0xfff), .complete = txn->arrival, .attr = e->attr,
        .page_lg2 = e->lg2, .rights = e->rights,
        .bypassed = reg_get(kind, IOMMU_FAST_KIND_BYPASSED),
    };
    smp_rmb();
    if (unlikely(qatomic_read(&e->seq) != seq)) {
        return false;
    }
    if (bql) {
        f->hits_bql[kind]++;
    } else {
        qatomic_inc(&f->hits[kind]);
    }
    return true;
}

#endif

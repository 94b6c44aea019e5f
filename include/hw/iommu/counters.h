/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters that both models keep, whatever the timing mode. Identities (tests rely on them):
 * transactions = translated + bypassed + aborted + stalled; tlb_lookups = tlb_hits + tlb_misses.
 */
#ifndef HW_IOMMU_COUNTERS_H
#define HW_IOMMU_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* X(name, what it counts) */
#define IOMMU_COUNTERS(X)                                                              \
    X(transactions, "untranslated and translated requests received")                  \
    X(translated, "requests that at least one stage translated")                      \
    X(bypassed, "requests passed untranslated")                                       \
    X(aborted, "requests terminated")                                                 \
    X(stalled, "requests held for software")                                          \
    X(ats_requests, "ATS translation requests")                                       \
    X(ats_translated, "ATS translated requests")                                      \
    X(page_requests, "PRI page requests")                                             \
    X(utlb_lookups, "first-level TLB lookups")                                        \
    X(utlb_hits, "first-level TLB lookups that hit with sufficient rights")           \
    X(tlb_lookups, "main TLB lookups")                                                \
    X(tlb_hits, "main TLB lookups that hit with sufficient rights")                   \
    X(tlb_misses, "main TLB lookups that did not")                                    \
    X(ipa_lookups, "stage 2 (IPA) cache lookups")                                     \
    X(ipa_hits, "stage 2 (IPA) cache hits")                                           \
    X(walkcache_lookups, "walk cache lookups, one a level probed")                    \
    X(walkcache_hits, "walk cache hits")                                              \
    X(walks, "page table walks begun for clients' addresses")                         \
    X(walk_reads, "descriptors read from memory, both stages")                        \
    X(walk_updates, "descriptors updated in memory (access flag, dirty state)")       \
    X(config_lookups, "configuration cache lookups")                                  \
    X(config_misses, "configuration cache misses")                                    \
    X(config_reads, "configuration structures read from memory")                      \
    X(commands, "commands or invalidation descriptors consumed")                      \
    X(invalidations, "commands that invalidate a cache")                              \
    X(faults, "faults found, recorded or not")                                        \
    X(events, "events or fault records written")                                      \
    X(events_lost, "events or fault records lost to overflow")                        \
    X(interrupts, "wired interrupts and MSIs sent")                                   \
    X(irq_remapped, "interrupt requests remapped or posted")                          \
    X(irq_blocked, "interrupt requests blocked")

typedef struct IommuCounters {
#define X(name, what) uint64_t name;
    IOMMU_COUNTERS(X)
#undef X
} IommuCounters;

/** Add to @sum what has been counted between @before and @after. */
void iommu_counters_add(IommuCounters *sum, const IommuCounters *before,
                        const IommuCounters *after);

/**
 * Write the counters as one JSON object into @buf (NUL-terminated, cut at @size bytes).
 * Returns the length it has or would have, as snprintf does.
 */
int iommu_counters_json(const IommuCounters *c, char *buf, size_t size);

#endif

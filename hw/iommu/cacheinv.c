/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tagged set-associative cache: invalidation.
 *
 * An invalidation is a predicate on (address range, tag bits). Four ways lead to the entries that
 * can satisfy it: the sets that the addresses select, the list of a subgroup, the list of a group,
 * and all valid entries. Each way applies the same predicate, so they differ in work, never in
 * effect; the least work is taken.
 */
#include <string.h>

#include "cache-internal.h"

typedef struct Victims {
    uint64_t first, last; /* inclusive */
    uint64_t value, mask;
} Victims;

static void uncount_size(IommuCache *c, const IommuCacheKey *k)
{
    unsigned lg2 = reg_get(k->page, CACHE_KEY_LG2);

    if (k->tag & IOMMU_TAG_GLOBAL) {
        if (--c->global_count[lg2] == 0) {
            c->global_sizes &= ~(1ull << lg2);
        }
    } else if (--c->size_count[lg2] == 0) {
        c->sizes &= ~(1ull << lg2);
    }
}

static void unlink_group(IommuCache *c, uint32_t i, uint32_t bucket)
{
    const IommuCacheLinks *l = &c->links[i];

    if (l->group_prev == CACHE_NIL) {
        c->group_heads[bucket] = l->group_next;
    } else {
        c->links[l->group_prev].group_next = l->group_next;
    }
    if (l->group_next != CACHE_NIL) {
        c->links[l->group_next].group_prev = l->group_prev;
    }
    c->group_lens[bucket]--;
}

static void unlink_subgroup(IommuCache *c, uint32_t i, uint32_t bucket)
{
    const IommuCacheLinks *l = &c->links[i];

    if (l->subgroup_prev == CACHE_NIL) {
        c->subgroup_heads[bucket] = l->subgroup_next;
    } else {
        c->links[l->subgroup_prev].subgroup_next = l->subgroup_next;
    }
    if (l->subgroup_next != CACHE_NIL) {
        c->links[l->subgroup_next].subgroup_prev = l->subgroup_prev;
    }
    c->subgroup_lens[bucket]--;
}

void cache_drop(IommuCache *c, uint32_t i)
{
    IommuCacheKey *k = &c->keys[i];

    uncount_size(c, k);
    unlink_group(c, i, cache_group_bucket(c, k->tag));
    unlink_subgroup(c, i, cache_subgroup_bucket(c, k->tag));
    c->occupied[i / 64] &= ~(1ull << (i % 64));
    c->live--;
    k->page = CACHE_FREE;
    k->tag = UINT64_MAX;
}

/* Look at valid entry @i and drop it if it is meant. */
static uint32_t visit(IommuCache *c, uint32_t i, const Victims *v)
{
    const IommuCacheKey *k = &c->keys[i];

    c->last_scan++;
    if ((k->tag ^ v->value) & v->mask) {
        return 0;
    }
    if (cache_key_first(k) > v->last || cache_key_last(k) < v->first) {
        return 0;
    }
    cache_drop(c, i);
    return 1;
}

static uint32_t drop_by_set(IommuCache *c, const Victims *v)
{
    uint64_t mixed = cache_mix(v->value & c->config.group_mask);
    uint32_t ways = c->config.geometry.ways;
    uint32_t dropped = 0;

    for (uint64_t left = c->sizes | c->global_sizes; left; left &= left - 1) {
        unsigned lg2 = __builtin_ctzll(left);
        uint64_t count = (v->last >> lg2) - (v->first >> lg2) + 1;

        for (uint64_t n = 0; n < count; n++) {
            uint32_t base = cache_set(c, (v->first >> lg2) + n, mixed) * ways;

            for (uint32_t i = base; i < base + ways; i++) {
                if (c->keys[i].page != CACHE_FREE) {
                    dropped += visit(c, i, v);
                }
            }
        }
    }
    return dropped;
}

static uint32_t drop_by_group(IommuCache *c, const Victims *v)
{
    uint32_t i = c->group_heads[cache_group_bucket(c, v->value)];
    uint32_t dropped = 0;

    while (i != CACHE_NIL) {
        uint32_t next = c->links[i].group_next;

        dropped += visit(c, i, v);
        i = next;
    }
    return dropped;
}

static uint32_t drop_by_subgroup(IommuCache *c, const Victims *v)
{
    uint32_t i = c->subgroup_heads[cache_subgroup_bucket(c, v->value)];
    uint32_t dropped = 0;

    while (i != CACHE_NIL) {
        uint32_t next = c->links[i].subgroup_next;

        dropped += visit(c, i, v);
        i = next;
    }
    return dropped;
}

/* The next valid entry from @i on, or CACHE_NIL. */
static uint32_t next_occupied(const IommuCache *c, uint32_t i)
{
    for (; i < c->config.geometry.entries && c->live; i = (i / 64 + 1) * 64) {
        uint64_t left = c->occupied[i / 64] >> (i % 64);

        if (left) {
            return i + __builtin_ctzll(left);
        }
    }
    return CACHE_NIL;
}

static uint32_t drop_any(IommuCache *c, const Victims *v)
{
    uint32_t dropped = 0;

    for (uint32_t i = next_occupied(c, 0); i != CACHE_NIL; i = next_occupied(c, i + 1)) {
        dropped += visit(c, i, v);
    }
    return dropped;
}

/* Ways to look at when going by address; saturates at @limit. */
static uint64_t work_by_set(const IommuCache *c, const Victims *v, uint64_t limit)
{
    uint64_t ways = c->config.geometry.ways;
    uint64_t work = 0;

    for (uint64_t left = c->sizes | c->global_sizes; left; left &= left - 1) {
        unsigned lg2 = __builtin_ctzll(left);
        uint64_t pages = (v->last >> lg2) - (v->first >> lg2);

        if (pages >= limit) {
            return limit;
        }
        work += (pages + 1) * ways;
        if (work >= limit) {
            return limit;
        }
    }
    return work;
}

static bool covers(uint64_t mask, uint64_t scope)
{
    return (mask & scope) == scope;
}

static uint32_t drop(IommuCache *c, const Victims *v)
{
    uint32_t (*how)(IommuCache *c, const Victims *v) = drop_any;
    uint64_t work = (uint64_t)c->live + c->config.geometry.entries / 64;
    uint64_t other;

    c->last_scan = 0;
    if (!c->live || v->first > v->last) {
        return 0;
    }
    if (covers(v->mask, c->config.group_mask)) {
        other = c->group_lens[cache_group_bucket(c, v->value)];
        if (other <= work) {
            how = drop_by_group;
            work = other;
        }
        other = work_by_set(c, v, work + 1);
        if (other < work) {
            how = drop_by_set;
            work = other;
        }
    }
    if (covers(v->mask, c->config.subgroup_mask)) {
        other = c->subgroup_lens[cache_subgroup_bucket(c, v->value)];
        /*
         * Global entries of the group have no subgroup bits, so they are on the list of subgroup 0
         * only: right, because the predicate compares their tag like any other.
         */
        if (other < work) {
            how = drop_by_subgroup;
        }
    }
    return how(c, v);
}

uint32_t iommu_cache_invalidate(IommuCache *c, uint64_t value, uint64_t mask)
{
    Victims v = { .first = 0, .last = UINT64_MAX, .value = value, .mask = mask };

    return drop(c, &v);
}

uint32_t iommu_cache_invalidate_range(IommuCache *c, uint64_t first, uint64_t last, uint64_t value,
                                      uint64_t mask)
{
    Victims v = { .first = first, .last = last, .value = value, .mask = mask };

    return drop(c, &v);
}

void iommu_cache_each(IommuCache *c, void (*fn)(void *payload, void *opaque), void *opaque)
{
    for (uint32_t i = next_occupied(c, 0); i != CACHE_NIL; i = next_occupied(c, i + 1)) {
        fn(cache_payload(c, i), opaque);
    }
}

void iommu_cache_flush(IommuCache *c)
{
    iommu_cache_invalidate(c, 0, 0);
}

uint32_t iommu_cache_last_scan(const IommuCache *c)
{
    return c->last_scan;
}

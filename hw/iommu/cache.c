/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tagged set-associative cache: look-up, fill and replacement (cacheinv.c invalidates).
 *
 * Models no particular structure: TLBs, walk caches and configuration caches of both architectures
 * are instances (IHI 0070 3.17 and 3.21; VT-d 6.2). Which entry is evicted is part of the timing
 * specification, so nothing here depends on anything but the sequence of calls.
 */
#include <stdlib.h>
#include <string.h>

#include "cache-internal.h"

bool iommu_cache_geometry_valid(const IommuCacheGeometry *g, const char **error)
{
    const char *wrong = NULL;
    uint32_t sets;

    if (g->entries == 0) {
        return true;
    }
    sets = g->ways ? g->entries / g->ways : 0;
    if (g->entries > IOMMU_CACHE_MAX_ENTRIES) {
        wrong = "entries must be at most 1048576";
    } else if (g->ways == 0 || g->ways > IOMMU_CACHE_MAX_WAYS) {
        wrong = "ways must be 1 to 64";
    } else if (sets == 0 || g->entries % g->ways) {
        wrong = "entries must be a multiple of ways";
    } else if (g->replacement > IOMMU_REPLACE_RANDOM) {
        wrong = "replacement must be lru, plru, rr or random";
    } else if (g->replacement == IOMMU_REPLACE_PLRU && (g->ways & (g->ways - 1))) {
        wrong = "ways must be a power of two for plru";
    }
    if (wrong && error) {
        *error = wrong;
    }
    return !wrong;
}

/* A zeroed array that begins on a cache line, so that a set of four ways is one line. */
static void *new_lines(size_t count, size_t size)
{
    size_t bytes = (count * size + 63) / 64 * 64;
    void *p = aligned_alloc(64, bytes);

    if (p) {
        memset(p, 0, bytes);
    }
    return p;
}

static uint32_t *new_heads(uint32_t count)
{
    uint32_t *heads = malloc(count * sizeof(*heads));

    if (heads) {
        memset(heads, 0xff, count * sizeof(*heads));
    }
    return heads;
}

bool iommu_cache_init(IommuCache *c, const IommuCacheConfig *config)
{
    uint32_t n = config->geometry.entries;
    uint32_t buckets = 1;
    uint32_t sets;

    memset(c, 0, sizeof(*c));
    c->config = *config;
    c->config.payload_bytes = (config->payload_bytes + 7) & ~7u;
    /* A global entry belongs to its group whether or not a mask names the global bit. */
    c->config.group_mask &= ~IOMMU_TAG_GLOBAL;
    c->config.subgroup_mask |= config->group_mask;
    c->config.subgroup_mask &= ~IOMMU_TAG_GLOBAL;
    c->random = config->geometry.seed ? config->geometry.seed : 0x2545f491;

    c->scratch = calloc(1, c->config.payload_bytes + 8);
    if (!c->scratch) {
        return false;
    }
    if (n == 0) {
        c->config.geometry.ways = 0;
        return true;
    }
    sets = n / config->geometry.ways;
    c->sets = sets;
    c->set_mask = sets & (sets - 1) ? 0 : sets - 1;
    c->set_lg2 = 31 - __builtin_clz(sets);
    while (buckets < n && buckets < IOMMU_CACHE_MAX_BUCKETS) {
        buckets *= 2;
    }
    c->bucket_mask = buckets - 1;

    c->keys = new_lines(n, sizeof(*c->keys));
    c->payloads = new_lines(n, c->config.payload_bytes + 8);
    c->occupied = calloc((n + 63) / 64, sizeof(*c->occupied));
    c->stamps = calloc(n, sizeof(*c->stamps));
    c->set_state = calloc(sets, sizeof(*c->set_state));
    c->links = malloc(n * sizeof(*c->links));
    c->group_heads = new_heads(buckets);
    c->subgroup_heads = new_heads(buckets);
    c->group_lens = calloc(buckets, sizeof(*c->group_lens));
    c->subgroup_lens = calloc(buckets, sizeof(*c->subgroup_lens));
    if (!c->keys || !c->payloads || !c->occupied || !c->stamps || !c->set_state || !c->links ||
        !c->group_heads || !c->subgroup_heads || !c->group_lens || !c->subgroup_lens) {
        iommu_cache_destroy(c);
        return false;
    }
    memset(c->keys, 0xff, n * sizeof(*c->keys));
    return true;
}

void iommu_cache_destroy(IommuCache *c)
{
    free(c->keys);
    free(c->payloads);
    free(c->scratch);
    free(c->occupied);
    free(c->stamps);
    free(c->set_state);
    free(c->links);
    free(c->fills);
    free(c->group_heads);
    free(c->subgroup_heads);
    free(c->group_lens);
    free(c->subgroup_lens);
    memset(c, 0, sizeof(*c));
}

static inline uint32_t find(const IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag,
                            uint64_t mixed)
{
    uint64_t page = cache_page(addr, lg2);
    uint32_t ways = c->config.geometry.ways;
    uint32_t first = cache_set(c, addr >> lg2, mixed) * ways;
    const IommuCacheKey *k = c->keys + first;

    for (uint32_t i = 0; i < ways; i++) {
        if (k[i].page == page && k[i].tag == tag) {
            return first + i;
        }
    }
    return CACHE_NIL;
}

/*
 * The stamp ran out of values. Replace each by its rank in its set: order is all that is used.
 */
static void renumber(IommuCache *c)
{
    uint32_t ways = c->config.geometry.ways;
    uint32_t rank[IOMMU_CACHE_MAX_WAYS];

    for (uint32_t set = 0; set < c->sets; set++) {
        uint32_t *stamps = c->stamps + (size_t)set * ways;

        for (uint32_t i = 0; i < ways; i++) {
            rank[i] = 0;
            for (uint32_t j = 0; j < ways; j++) {
                rank[i] += stamps[j] < stamps[i] || (stamps[j] == stamps[i] && j < i);
            }
        }
        memcpy(stamps, rank, ways * sizeof(*rank));
    }
    c->clock = ways;
}

/* Tree of ways - 1 nodes, numbered as in a heap from 1: a set bit sends the victim right. */
static void plru_touch(IommuCache *c, uint32_t set, uint32_t way)
{
    uint64_t state = c->set_state[set];
    uint32_t node = 1;

    for (uint32_t half = c->config.geometry.ways / 2; half; half /= 2) {
        uint32_t right = !!(way & half);

        if (right) {
            state &= ~(1ull << node);
        } else {
            state |= 1ull << node;
        }
        node = node * 2 + right;
    }
    c->set_state[set] = state;
}

static uint32_t plru_victim(const IommuCache *c, uint32_t set)
{
    uint64_t state = c->set_state[set];
    uint32_t node = 1;

    while (node < c->config.geometry.ways) {
        node = node * 2 + ((state >> node) & 1);
    }
    return node - c->config.geometry.ways;
}

bool iommu_cache_stamp_fills(IommuCache *c, const IommuPlan *plan)
{
    if (!c->fills && c->keys) {
        c->fills = calloc(c->config.geometry.entries, sizeof(*c->fills));
        if (!c->fills) {
            return false;
        }
    }
    c->plan = plan;
    return true;
}

static inline void touch(IommuCache *c, uint32_t i)
{
    switch (c->config.geometry.replacement) {
    case IOMMU_REPLACE_LRU:
        if (__builtin_expect(++c->clock == 0, 0)) {
            renumber(c);
        }
        c->stamps[i] = c->clock;
        break;
    case IOMMU_REPLACE_PLRU:
        plru_touch(c, i / c->config.geometry.ways, i % c->config.geometry.ways);
        break;
    case IOMMU_REPLACE_RR:
    case IOMMU_REPLACE_RANDOM:
        break;
    }
}

static uint32_t lru_victim(const IommuCache *c, uint32_t first)
{
    uint32_t oldest = 0;

    for (uint32_t way = 1; way < c->config.geometry.ways; way++) {
        if (c->stamps[first + way] < c->stamps[first + oldest]) {
            oldest = way;
        }
    }
    return oldest;
}

static uint32_t next_random(IommuCache *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 17;
    c->random ^= c->random << 5;
    return c->random;
}

/* The slot a new entry of @set takes: the first free way, else what the policy gives up. */
static uint32_t choose(IommuCache *c, uint32_t set)
{
    uint32_t ways = c->config.geometry.ways;
    uint32_t first = set * ways;
    uint32_t way = 0;

    for (uint32_t i = 0; i < ways; i++) {
        if (c->keys[first + i].page == CACHE_FREE) {
            return first + i;
        }
    }
    switch (c->config.geometry.replacement) {
    case IOMMU_REPLACE_LRU:
        way = lru_victim(c, first);
        break;
    case IOMMU_REPLACE_PLRU:
        way = plru_victim(c, set);
        break;
    case IOMMU_REPLACE_RR:
        way = c->set_state[set];
        c->set_state[set] = (way + 1) % ways;
        break;
    case IOMMU_REPLACE_RANDOM:
        way = next_random(c) % ways;
        break;
    }
    return first + way;
}

static inline void *use_entry(IommuCache *c, uint32_t i)
{
    touch(c, i);
    if (__builtin_expect(c->fills != NULL, 0)) {
        c->hit_fill = c->fills[i];
    }
    return cache_payload(c, i);
}

void *iommu_cache_lookup(IommuCache *c, uint64_t addr, uint64_t tag)
{
    uint64_t mixed = cache_mix(tag & c->config.group_mask);
    uint32_t i;

    for (uint64_t left = c->sizes; left; left &= left - 1) {
        i = find(c, addr, __builtin_ctzll(left), tag, mixed);
        if (i != CACHE_NIL) {
            return use_entry(c, i);
        }
    }
    if (c->global_sizes) {
        tag &= ~(c->config.subgroup_mask & ~c->config.group_mask);
        tag |= IOMMU_TAG_GLOBAL;
        for (uint64_t left = c->global_sizes; left; left &= left - 1) {
            i = find(c, addr, __builtin_ctzll(left), tag, mixed);
            if (i != CACHE_NIL) {
                return use_entry(c, i);
            }
        }
    }
    return NULL;
}

void *iommu_cache_lookup_sized(IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag)
{
    uint32_t i;

    if (!c->live) {
        return NULL;
    }
    i = find(c, addr, lg2, tag, cache_mix(tag & c->config.group_mask));
    if (i == CACHE_NIL) {
        return NULL;
    }
    return use_entry(c, i);
}

const void *iommu_cache_peek(const IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag)
{
    uint32_t i;

    if (!c->live) {
        return NULL;
    }
    i = find(c, addr, lg2, tag, cache_mix(tag & c->config.group_mask));
    return i == CACHE_NIL ? NULL : cache_payload(c, i);
}

uint64_t iommu_cache_tag_of(const IommuCache *c, const void *payload)
{
    return c->keys[((const uint8_t *)payload - c->payloads) / c->config.payload_bytes].tag;
}

static void count_size(IommuCache *c, uint64_t tag, unsigned lg2)
{
    if (tag & IOMMU_TAG_GLOBAL) {
        c->global_count[lg2]++;
        c->global_sizes |= 1ull << lg2;
    } else {
        c->size_count[lg2]++;
        c->sizes |= 1ull << lg2;
    }
}

static void link_group(IommuCache *c, uint32_t i, uint32_t bucket)
{
    IommuCacheLinks *l = &c->links[i];

    l->group_prev = CACHE_NIL;
    l->group_next = c->group_heads[bucket];
    if (l->group_next != CACHE_NIL) {
        c->links[l->group_next].group_prev = i;
    }
    c->group_heads[bucket] = i;
    c->group_lens[bucket]++;
}

static void link_subgroup(IommuCache *c, uint32_t i, uint32_t bucket)
{
    IommuCacheLinks *l = &c->links[i];

    l->subgroup_prev = CACHE_NIL;
    l->subgroup_next = c->subgroup_heads[bucket];
    if (l->subgroup_next != CACHE_NIL) {
        c->links[l->subgroup_next].subgroup_prev = i;
    }
    c->subgroup_heads[bucket] = i;
    c->subgroup_lens[bucket]++;
}

void *iommu_cache_insert(IommuCache *c, uint64_t addr, unsigned lg2, uint64_t tag)
{
    uint64_t mixed = cache_mix(tag & c->config.group_mask);
    uint32_t i;

    if (!c->keys) {
        return c->scratch;
    }
    i = find(c, addr, lg2, tag, mixed);
    if (i == CACHE_NIL) {
        i = choose(c, cache_set(c, addr >> lg2, mixed));
        if (c->keys[i].page != CACHE_FREE) {
            cache_drop(c, i);
        }
        c->keys[i].page = cache_page(addr, lg2);
        c->keys[i].tag = tag;
        c->occupied[i / 64] |= 1ull << (i % 64);
        c->live++;
        count_size(c, tag, lg2);
        link_group(c, i, cache_group_bucket(c, tag));
        link_subgroup(c, i, cache_subgroup_bucket(c, tag));
    }
    if (c->fills) {
        c->fills[i] = plan_stamp(c->plan);
        c->hit_fill = c->fills[i];
    }
    touch(c, i);
    return cache_payload(c, i);
}

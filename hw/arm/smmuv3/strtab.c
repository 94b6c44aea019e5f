/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream table: from StreamID to STE, linear and two-level (IHI 0070 3.3.1, 5.1, 6.3.24-25), and
 * the cache of decoded STEs.
 */
#include "internal.h"

#define STRTAB_SPLIT_DEFAULT 6u

/** SPLIT holds 6, 8 or 10; anything else acts as 6. */
static unsigned strtab_split(const SmmuModel *m)
{
    unsigned split = cell_get(m, CELL_STRTAB_BASE_CFG, STRTAB_CFG_SPLIT);

    return split == 8 || split == 10 ? split : STRTAB_SPLIT_DEFAULT;
}

static bool strtab_is_two_level(const SmmuModel *m)
{
    return m->config.st_level &&
           cell_get(m, CELL_STRTAB_BASE_CFG, STRTAB_CFG_FMT) == STRTAB_FMT_2LVL;
}

/** Base, aligned down to the table's own size, by LOG2SIZE as written. */
static uint64_t strtab_base(const SmmuModel *m, bool two_level, unsigned split)
{
    unsigned log2size = cell_get(m, CELL_STRTAB_BASE_CFG, STRTAB_CFG_LOG2SIZE);
    uint64_t base = field_in_place(&m->ns.cell[CELL_STRTAB_BASE], STRTAB_BASE_ADDR);
    unsigned align = log2size + 6;

    if (two_level) {
        align = log2size > split ? log2size - split + 3 : 3;
        align = align > 6 ? align : 6;
    }
    return base & ~low_mask(align < 64 ? align : 64);
}

static bool strtab_read(SmmuModel *m, uint64_t addr, uint64_t *words, unsigned count, bool quiet,
                        SmmuFault *fault)
{
    uint8_t buf[STE_BYTES];

    addr = smmu_pa(m, addr);
    if (!quiet) {
        m->base.counters.config_reads++;
        plan_step(&m->plan, IOMMU_STEP_CONFIG_READ, 0, 0, false, addr, count * 8);
    }
    if (m->base.host.ops->read(m->base.host.opaque, addr, buf, count * 8, smmu_table_attr(m)) !=
        IOMMU_MEM_OK) {
        *fault = (SmmuFault) { .event = F_STE_FETCH, .fetch_addr = addr };
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = le64_load(buf + 8 * i);
    }
    return true;
}

/** Address of the STE of @stream. */
static bool strtab_locate(SmmuModel *m, uint32_t stream, bool quiet, uint64_t *addr,
                          SmmuFault *fault)
{
    unsigned log2size = cell_get(m, CELL_STRTAB_BASE_CFG, STRTAB_CFG_LOG2SIZE);
    unsigned effective = log2size < m->config.sidsize ? log2size : m->config.sidsize;
    bool two_level = strtab_is_two_level(m);
    unsigned split = strtab_split(m);
    uint64_t base = strtab_base(m, two_level, split);
    uint64_t l1std, index;
    unsigned span;

    *fault = (SmmuFault) { .event = C_BAD_STREAMID };
    if ((uint64_t)stream >> effective) {
        return false;
    }
    if (!two_level) {
        *addr = base + (uint64_t)stream * STE_BYTES;
        return true;
    }
    if (!strtab_read(m, base + (uint64_t)(stream >> split) * L1STD_BYTES, &l1std, 1, quiet,
                     fault)) {
        return false;
    }
    span = reg_get(l1std, L1STD_SPAN);
    index = stream & low_mask(split);
    IOMMU_TRACE(&m->base.trace, "L1STD[%u] = 0x%016llx: Span=%u L2Ptr=0x%llx", stream >> split,
                (unsigned long long)l1std, span,
                (unsigned long long)field_in_place(&l1std, L1STD_L2PTR));
    /* Span 0 is invalid; above SPLIT + 1 it reaches beyond its L1STD (5.1) */
    if (span == 0 || span > split + 1 || index >> (span - 1)) {
        *fault = (SmmuFault) { .event = C_BAD_STREAMID };
        return false;
    }
    *addr = (field_in_place(&l1std, L1STD_L2PTR) & ~low_mask(5 + span)) + index * STE_BYTES;
    return true;
}

static void strtab_trace(SmmuModel *m, uint32_t stream, uint64_t addr, const SmmuSte *ste,
                         const char *illegal)
{
    static const char *const configs[] = {
        "abort", "abort", "abort", "abort", "bypass", "stage 1", "stage 2", "stage 1 and 2",
    };
    IommuTrace *t = &m->base.trace;
    const uint64_t *raw = ste->raw;

    IOMMU_TRACE(t, "STE[0x%x] at 0x%llx: V=%u Config=%u (%s) S2VMID=%u EATS=%u STRW=%u", stream,
                (unsigned long long)addr, (unsigned)field_get(raw, STE_V),
                (unsigned)field_get(raw, STE_CONFIG), configs[field_get(raw, STE_CONFIG)],
                (unsigned)field_get(raw, STE_S2VMID), (unsigned)field_get(raw, STE_EATS),
                (unsigned)field_get(raw, STE_STRW));
    if (illegal) {
        IOMMU_TRACE(t, "  ILLEGAL: %s", illegal);
        return;
    }
    if (ste->stage1) {
        IOMMU_TRACE(t, "  S1ContextPtr=0x%llx S1Fmt=%u S1CDMax=%u S1DSS=%u S1STALLD=%u",
                    (unsigned long long)ste->context_ptr, ste->s1fmt, ste->s1cdmax, ste->s1dss,
                    ste->s1stalld);
    }
    if (ste->stage2) {
        IOMMU_TRACE(t, "  S2TTB=0x%llx S2T0SZ=%u granule=2^%u start level=%d S2PS=%u bits "
                    "S2HA=%u S2HD=%u S2PTW=%u S2FWB=%u S2S=%u S2R=%u",
                    (unsigned long long)ste->s2.root, 64 - ste->s2.in_bits, ste->s2.granule_lg2,
                    3 - ste->s2.top, ste->s2.out_bits, ste->s2.update_access,
                    ste->s2.update_dirty, ste->s2.protect_walk,
                    (ste->s2.flags & VMSA_FWB) != 0, ste->s2s, ste->s2r);
    }
}

bool smmu_ste_fetch(SmmuModel *m, uint32_t stream, bool quiet, SmmuSte *ste, SmmuFault *fault)
{
    uint64_t raw[STE_WORDS], addr;
    const char *illegal;

    if (!strtab_locate(m, stream, quiet, &addr, fault) ||
        !strtab_read(m, addr, raw, STE_WORDS, quiet, fault)) {
        return false;
    }
    illegal = smmu_ste_decode(&m->config, cell_get(m, CELL_CR2, CR2_E2H), raw, ste);
    strtab_trace(m, stream, smmu_pa(m, addr), ste, illegal);
    if (illegal) {
        *fault = (SmmuFault) { .event = C_BAD_STE };
        return false;
    }
    return true;
}

SmmuSte *smmu_ste_get(SmmuModel *m, uint32_t stream, SmmuFault *fault)
{
    SmmuSte fetched, *ste;

    m->base.counters.config_lookups++;
    ste = iommu_cache_lookup_sized(&m->ste_cache, stream, 0, 0);
    plan_step(&m->plan, IOMMU_STEP_CONFIG, 0, 0, ste != NULL, stream, 0);
    if (ste) {
        plan_hit(&m->plan, iommu_cache_hit_fill(&m->ste_cache));
        return ste;
    }
    m->base.counters.config_misses++;
    /* Failed fetches and ILLEGAL structures are not cached (3.21.3) */
    if (!smmu_ste_fetch(m, stream, false, &fetched, fault)) {
        return NULL;
    }
    m->recent.valid = false;
    ste = iommu_cache_insert(&m->ste_cache, stream, 0, 0);
    *ste = fetched;
    return ste;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Twins of the SMMUv3: a guest that edits leaves, tables, CDs and STEs and invalidates exactly what
 * the architecture asks for (Arm IHI 0070, 3.17, 3.21, 4.3, 4.4).
 */
#include "twin.h"

#include "../lib/smmu-driver.h"
#include "hw/iommu/smmuv3.h"

#define STREAMS 8
#define SUBSTREAMS 4
#define IPA_DELTA (1ull << 38)
#define IPA_BITS 40
#define PAGES 12

/* Every stream has a VMID of its own, so that streams may differ in stage 2 settings. */
#define VMID(sid) ((uint16_t)(1 + (sid)))
#define ASID(ssid) ((uint16_t)(1 + (ssid)))

/* Data, apart from every table: 64 KB frames. */
#define DATA (FUZZ_RAM_BASE + (6ull << 20))

typedef struct Guest {
    SmmuConfig config;
    SmmuDriver d;
    StreamTable table;
    ArmPages pages[2];  /* stage 1: physical, and under stage 2 */
    CdTable cds[2];
    ArmPages s2;
    uint64_t vas[PAGES], ipas[PAGES];
} Guest;

static void choose_config(FuzzBed *b, Guest *g, const IommuProfile *profile)
{
    smmu_config_named(&g->config, "max");
    g->config.profile = profile;
    g->config.httu = (uint8_t)fuzz_below(b->in, 4);
    g->config.stall_model = SMMU_STALL_OFF;
    g->config.stall_max = 0;
    g->config.vmw = false;
}

static void issue(Guest *g, SmmuCmdWords c)
{
    if (!smmu_driver_push(&g->d, c) || !smmu_driver_drain(&g->d)) {
        fuzz_fail("command %#x is refused: error %d", (unsigned)field_get(c.w, CMD_OP),
                  (int)smmu_driver_cmdq_error(&g->d));
    }
}

/* ---- leaves ------------------------------------------------------------------------------ */

static uint64_t some_attrs(FuzzBed *b, const ArmPages *t)
{
    uint64_t attrs;

    if (t->config.stage == 1) {
        attrs = arm_s1_attrs(fuzz_chance(b->in, 2) ? fuzz_below(b->in, 4) : VMSA_AP_ALL_RW);
        attrs = reg_set(attrs, PTE_ATTRINDX, fuzz_below(b->in, 4));
        attrs = reg_set(attrs, PTE_NG, !fuzz_chance(b->in, 4));
        attrs |= reg_make(PTE_UXN, fuzz_chance(b->in, 2));
        attrs |= reg_make(PTE_PXN, fuzz_chance(b->in, 2));
    } else {
        attrs = arm_s2_attrs(fuzz_chance(b->in, 4) ? fuzz_below(b->in, 4) : VMSA_S2AP_RW);
    }
    attrs = reg_set(attrs, PTE_AF, !fuzz_chance(b->in, 4));
    return attrs | reg_make(PTE_DBM, fuzz_chance(b->in, 2));
}

static uint64_t some_output(FuzzBed *b, const Guest *g, const ArmPages *t)
{
    if (t == &g->pages[1]) {
        return g->ipas[fuzz_below(b->in, PAGES)];
    }
    return DATA + ((uint64_t)fuzz_below(b->in, 24) << 16);
}

/* The input address of a leaf: two in three pages of level 3, the rest blocks of level 2. */
static int leaf_level(unsigned i)
{
    return i % 3 == 2 ? 2 : 3;
}

static void map_leaf(FuzzBed *b, Guest *g, ArmPages *t, uint64_t addr, unsigned i)
{
    arm_pages_map_level(t, addr, some_output(b, g, t), leaf_level(i), some_attrs(b, t));
}

static void invalidate_stage1_leaf(FuzzBed *b, Guest *g, uint64_t va, bool global, bool leaf)
{
    uint32_t how = fuzz_below(b->in, 5);
    /* A range of 16 pages of the granule around the address. */
    unsigned granule = g->pages[0].config.granule_lg2;
    uint64_t first = va & ~((16ull << granule) - 1);

    for (uint32_t sid = 0; sid < STREAMS; sid++) {
        for (uint32_t ssid = 0; ssid < SUBSTREAMS; ssid++) {
            switch (how) {
            case 0:
                issue(g, smmu_make_tlbi_nh_va(VMID(sid), ASID(ssid), va, leaf));
                break;
            case 1:
                issue(g, smmu_make_range(smmu_make_tlbi_nh_va(VMID(sid), ASID(ssid), first, leaf),
                                         granule, 16, 0));
                break;
            case 2:
                issue(g, global ? smmu_make_tlbi_nh_all(VMID(sid))
                                : smmu_make_tlbi_nh_asid(VMID(sid), ASID(ssid)));
                break;
            default:
                break;
            }
        }
        if (how == 3) {
            issue(g, smmu_make_tlbi_nh_vaa(VMID(sid), va, leaf));
        } else if (how == 4) {
            issue(g, smmu_make_tlbi_nh_all(VMID(sid)));
        }
    }
    issue(g, smmu_make_tlbi_el2_va(0, va, leaf));
    issue(g, smmu_make_sync(SYNC_CS_NONE));
}

static void edit_stage1_leaf(FuzzBed *b, Guest *g)
{
    ArmPages *t = &g->pages[fuzz_below(b->in, 2)];
    unsigned i = fuzz_below(b->in, PAGES);
    uint64_t va = g->vas[i], old = arm_pages_get(t, va);
    /* Only one that nobody may hold needs no invalidation. */
    bool was_valid = reg_get(old, PTE_VALID);

    if (was_valid && fuzz_chance(b->in, 5)) {
        arm_pages_set(t, va, 0);
    } else {
        map_leaf(b, g, t, va, i);
    }
    if (was_valid) {
        invalidate_stage1_leaf(b, g, va, !reg_get(old, PTE_NG), true);
    }
}

static void edit_stage2_leaf(FuzzBed *b, Guest *g)
{
    unsigned i = fuzz_below(b->in, PAGES);
    uint64_t ipa = g->ipas[i];
    uint64_t old = arm_pages_get(&g->s2, ipa);
    bool everything = fuzz_chance(b->in, 4);

    if (reg_get(old, PTE_VALID) && fuzz_chance(b->in, 5)) {
        arm_pages_set(&g->s2, ipa, 0);
    } else {
        map_leaf(b, g, &g->s2, ipa, i);
    }
    if (!reg_get(old, PTE_VALID)) {
        return;
    }
    for (uint32_t sid = 0; sid < STREAMS; sid++) {
        if (everything) {
            issue(g, smmu_make_tlbi_s12_vmall(VMID(sid)));
        } else {
            /* Combined entries do not know the IPA: they need NH_ALL as well (4.4.3). */
            issue(g, smmu_make_tlbi_s2_ipa(VMID(sid), ipa, true));
            issue(g, smmu_make_tlbi_nh_all(VMID(sid)));
        }
    }
    issue(g, smmu_make_sync(SYNC_CS_NONE));
}

/* A hierarchical limit in a table descriptor: it concerns every address below. */
static void edit_stage1_limits(FuzzBed *b, Guest *g)
{
    static const BitField limits[] = {
        PTE_TABLE_AP0, PTE_TABLE_AP1, PTE_TABLE_UXN, PTE_TABLE_PXN,
    };
    ArmPages *t = &g->pages[fuzz_below(b->in, 2)];
    uint64_t at = arm_pages_desc_addr(t, g->vas[fuzz_below(b->in, PAGES)], 1);
    uint64_t desc = gmem_read64(&b->mem, at);

    desc = reg_set(desc, limits[fuzz_below(b->in, 4)], fuzz_chance(b->in, 4));
    gmem_write64(&b->mem, at, desc);
    for (uint32_t sid = 0; sid < STREAMS; sid++) {
        issue(g, smmu_make_tlbi_nh_all(VMID(sid)));
    }
    issue(g, smmu_make_tlbi_el2_all());
    issue(g, smmu_make_sync(SYNC_CS_NONE));
}

/*
 * A table goes away for a moment: invalidation by one address with Leaf=0 must reach the walk
 * caches on its way, and only that address is then asked for.
 */
static void hide_stage1_table(FuzzBed *b, Guest *g, TwinResult *r)
{
    ArmPages *t = &g->pages[fuzz_below(b->in, 2)];
    uint64_t va = g->vas[fuzz_below(b->in, PAGES)];
    uint64_t at = arm_pages_desc_addr(t, va, fuzz_below(b->in, 2) ? 1 : t->start);
    uint64_t desc = gmem_read64(&b->mem, at);

    gmem_write64(&b->mem, at, reg_set(desc, PTE_VALID, 0));
    invalidate_stage1_leaf(b, g, va, true, false);
    twin_request(t == &g->pages[0] ? 1 : 4, SUBSTREAMS, va, r, b);
    /* An entry that is not valid is in no cache: coming back needs no command. */
    gmem_write64(&b->mem, at, reg_set(gmem_read64(&b->mem, at), PTE_VALID, 1));
}

/* ---- configuration ----------------------------------------------------------------------- */

static void settings(FuzzBed *b, const Guest *g, uint64_t cd[CD_WORDS])
{
    bool ha = g->config.httu >= SMMU_HTTU_AF && fuzz_chance(b->in, 2);

    field_set(cd, CD_HA, ha);
    field_set(cd, CD_HD, ha && g->config.httu >= SMMU_HTTU_AFDBM && fuzz_chance(b->in, 2));
    field_set(cd, CD_HAFT, ha && g->config.httu >= SMMU_HTTU_HAFT && fuzz_chance(b->in, 2));
    field_set(cd, CD_AFFD, fuzz_chance(b->in, 4));
    field_set(cd, CD_WXN, fuzz_chance(b->in, 4));
    field_set(cd, CD_PAN, fuzz_chance(b->in, 4));
    field_set(cd, CD_HAD0, fuzz_chance(b->in, 4));
    field_set(cd, CD_EPD0, fuzz_chance(b->in, 16));
}

/* The CDs of one table share address space and settings; their ASIDs differ (5.4: CD28). */
static void write_cds(FuzzBed *b, Guest *g, unsigned which)
{
    uint64_t shared[CD_WORDS];

    cd_stage1(shared, &g->pages[which], 0);
    settings(b, g, shared);
    for (uint32_t ssid = 0; ssid < SUBSTREAMS; ssid++) {
        field_set(shared, CD_ASID, ASID(ssid));
        cd_table_set(&g->cds[which], ssid, shared);
    }
}

static void edit_cds(FuzzBed *b, Guest *g)
{
    write_cds(b, g, fuzz_below(b->in, 2));
    for (uint32_t sid = 0; sid < STREAMS; sid++) {
        /* Cached for each StreamID (4.3.3). */
        if (fuzz_chance(b->in, 2)) {
            issue(g, smmu_make_cfgi_cd_all(sid));
        } else {
            for (uint32_t ssid = 0; ssid < SUBSTREAMS; ssid++) {
                issue(g, smmu_make_cfgi_cd(sid, ssid, true));
            }
        }
        issue(g, smmu_make_tlbi_nh_all(VMID(sid)));
    }
    issue(g, smmu_make_tlbi_el2_all());
    issue(g, smmu_make_sync(SYNC_CS_NONE));
}

static void write_ste(FuzzBed *b, Guest *g, uint32_t sid)
{
    uint64_t ste[STE_WORDS];
    bool ha = g->config.httu >= SMMU_HTTU_AF && fuzz_chance(b->in, 2);

    /* Streams 0 to 2 keep to stage 1, 3 to stage 2, 4 to 7 to both, or bypass. */
    switch (fuzz_chance(b->in, 8) ? 0 : 1 + sid) {
    case 0:
        ste_bypass(ste);
        break;
    case 1 ... 3:
        ste_stage1(ste, &g->cds[0]);
        field_set(ste, STE_S2VMID, VMID(sid));
        field_set(ste, STE_STRW, fuzz_chance(b->in, 4) ? STE_STRW_EL2 : STE_STRW_EL1);
        break;
    case 4:
        ste_stage2(ste, &g->s2, VMID(sid));
        break;
    default:
        ste_nested(ste, &g->cds[1], &g->s2, VMID(sid));
        break;
    }
    if (field_get(ste, STE_CONFIG) & STE_CONFIG_S2) {
        field_set(ste, STE_S2HA, ha);
        field_set(ste, STE_S2HD, ha && g->config.httu >= SMMU_HTTU_AFDBM);
        field_set(ste, STE_S2AFFD, fuzz_chance(b->in, 4));
        field_set(ste, STE_S2FWB, fuzz_chance(b->in, 4));
    }
    field_set(ste, STE_S1DSS, fuzz_chance(b->in, 4) ? fuzz_below(b->in, 3)
                                                    : STE_S1DSS_SUBSTREAM0);
    field_set(ste, STE_EATS, fuzz_chance(b->in, 2) ? STE_EATS_FULL : STE_EATS_OFF);
    if (fuzz_chance(b->in, 4)) {
        field_set(ste, STE_PRIVCFG, fuzz_below(b->in, 4));
        field_set(ste, STE_INSTCFG, fuzz_below(b->in, 4));
    }
    if (fuzz_chance(b->in, 4)) {
        field_set(ste, STE_MTCFG, 1);
        field_set(ste, STE_MEMATTR, fuzz_below(b->in, 16));
        field_set(ste, STE_SHCFG, fuzz_below(b->in, 4));
    }
    field_set(ste, STE_V, !fuzz_chance(b->in, 16));
    stream_table_set(&g->table, sid, ste);
}

static void edit_ste(FuzzBed *b, Guest *g)
{
    uint32_t sid = fuzz_below(b->in, STREAMS);

    write_ste(b, g, sid);
    issue(g, fuzz_chance(b->in, 2) ? smmu_make_cfgi_ste(sid, true)
                                   : smmu_make_cfgi_ste_range(sid, fuzz_below(b->in, 3)));
    /* Fields of the STE that TLB entries hold: all entries of its VMID (5.2.1). */
    issue(g, smmu_make_tlbi_s12_vmall(VMID(sid)));
    issue(g, smmu_make_tlbi_el2_all());
    issue(g, smmu_make_sync(SYNC_CS_NONE));
}

/* ---- twin -------------------------------------------------------------------------------- */

static void start(Twin *t, const IommuProfile *profile, bool timed)
{
    static const unsigned granules[] = { 12, 14, 16 };
    FuzzBed *b = &t->bed;
    Guest *g = t->guest;
    TableSpace physical = table_space(&b->mem), nested;
    unsigned s1_lg2 = granules[fuzz_below(b->in, 3)], s2_lg2 = granules[fuzz_below(b->in, 3)];

    b->mem.end = DATA;
    choose_config(b, g, profile);
    fuzz_bed_attach(b, smmu_new(&g->config, &b->ram.host), smmu_mmio_size(&g->config));
    if (!b->m) {
        fuzz_fail("smmu_new refuses the configuration of the twins");
    }
    if (timed) {
        fuzz_bed_clock(b);
    }
    /* Leaves 4 GB apart: each has a level 2 descriptor of its own, whatever the granule. */
    for (unsigned i = 0; i < PAGES; i++) {
        g->vas[i] = 0x100000000ull * (1 + i) + 0x30000;
        g->ipas[i] = 0x100000000ull * (20 + i) + 0x30000;
    }
    arm_pages_init_simple(&g->s2, &physical, 2, s2_lg2, IPA_BITS);
    nested = arm_pages_nested_space(&g->s2, IPA_DELTA);
    arm_pages_init_simple(&g->pages[0], &physical, 1, s1_lg2, 48);
    arm_pages_init_simple(&g->pages[1], &nested, 1, s1_lg2, 48);
    for (unsigned i = 0; i < PAGES; i++) {
        map_leaf(b, g, &g->s2, g->ipas[i], i);
        map_leaf(b, g, &g->pages[0], g->vas[i], i);
        map_leaf(b, g, &g->pages[1], g->vas[i], i);
    }
    cd_table_init(&g->cds[0], &physical, STE_S1FMT_LINEAR, 2);
    cd_table_init(&g->cds[1], &nested, STE_S1FMT_4K_L2, 2);
    write_cds(b, g, 0);
    write_cds(b, g, 1);
    stream_table_init_linear(&g->table, &b->mem, 4);
    for (uint32_t sid = 0; sid < STREAMS; sid++) {
        write_ste(b, g, sid);
    }
    smmu_driver_init(&g->d, &b->bus, &b->mem);
    if (!smmu_driver_start(&g->d, &g->table)) {
        fuzz_fail("the SMMU does not come up");
    }
}

static void step(Twin *t, TwinResult *r)
{
    FuzzBed *b = &t->bed;
    Guest *g = t->guest;
    SmmuEventWords e;
    uint32_t which, sid;

    switch (fuzz_below(b->in, 32)) {
    case 0 ... 1:
        edit_stage1_leaf(b, g);
        break;
    case 2 ... 3:
        edit_stage2_leaf(b, g);
        break;
    case 4:
        if (fuzz_chance(b->in, 2)) {
            edit_stage1_limits(b, g);
        } else {
            hide_stage1_table(b, g, r);
        }
        break;
    case 5:
        edit_cds(b, g);
        break;
    case 6:
        edit_ste(b, g);
        break;
    case 7:
        while (smmu_driver_event(&g->d, &e)) {
        }
        break;
    default:
        which = fuzz_below(b->in, PAGES);
        sid = fuzz_below(b->in, STREAMS);
        twin_request(sid, SUBSTREAMS,
                     sid == 3 || fuzz_chance(b->in, 16) ? g->ipas[which] : g->vas[which], r, b);
        break;
    }
}

void twin_smmuv3(const uint8_t *data, size_t size)
{
    static const TwinOps ops = { sizeof(Guest), start, step };

    twin_run(&ops, data, size);
}

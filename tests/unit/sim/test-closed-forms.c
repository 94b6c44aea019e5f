/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closed forms: what docs/timing.rst says of a request that meets no other, for every wiring. Each
 * latency has a value of its own, so that no two can be taken for each other.
 */
#include "simfix.h"

enum { PORT = 2, CONFIG = 3, TLB = 5, TABLE = 7, IPA = 11, MEM = 100, RESPONSE = 13 };

static const char latencies[] =
    "timing.port.latency=2 timing.config.latency=3 timing.tlb.latency=5 timing.table.latency=7 "
    "timing.ipa.latency=11 timing.mem.latency=100 timing.response.latency=13";

typedef struct Form {
    const char *name, *iommu, *mode, *profile;
    uint64_t first;  /* cycles of the first request */
    uint64_t second; /* of the same again, long after */
} Form;

/* Frame of every request; lookups of two configuration caches; a TLB lookup. */
#define FRAME (PORT + RESPONSE)
#define HIT (FRAME + 2 * CONFIG + TLB)
/* Cold configuration: one structure each (SMMUv3 STE and CD), or two each (VT-d). */
#define SMMU_CONFIG (2 * MEM)
#define VTD_CONFIG (4 * MEM)

static const Form forms[] = {
    { "smmuv3-bypass", "smmuv3", "bypass", "full", FRAME + CONFIG + MEM, FRAME + CONFIG },
    { "smmuv3-s1-off", "smmuv3", "s1", "off", HIT + SMMU_CONFIG + 4 * MEM,
      HIT + SMMU_CONFIG + 4 * MEM },
    { "smmuv3-s1", "smmuv3", "s1", "full", HIT + SMMU_CONFIG + TABLE + 4 * MEM, HIT },
    /* 44-bit input of stage 2 with 4 KB pages: four levels. No CD. */
    { "smmuv3-s2-off", "smmuv3", "s2", "off", FRAME + CONFIG + TLB + MEM + 4 * MEM,
      FRAME + CONFIG + TLB + MEM + 4 * MEM },
    /* The CD lies behind stage 2: 4 reads more; the walk is (4 + 1) x (4 + 1) - 1 reads. */
    { "smmuv3-nested-off", "smmuv3", "nested", "off", HIT + SMMU_CONFIG + 4 * MEM + 24 * MEM,
      HIT + SMMU_CONFIG + 4 * MEM + 24 * MEM },
    { "vtd-pass-through", "vtd", "bypass", "full", FRAME + 2 * CONFIG + VTD_CONFIG,
      FRAME + 2 * CONFIG },
    { "vtd-s1", "vtd", "s1", "full", 0, HIT },
    { "vtd-s2-off", "vtd", "s2", "off", HIT + VTD_CONFIG + 4 * MEM, HIT + VTD_CONFIG + 4 * MEM },
    { "vtd-s2", "vtd", "s2", "full", 0, HIT },
    { "vtd-nested", "vtd", "nested", "full", 0, HIT },
};

static uint64_t latency_of(const SimReport *r, uint64_t arrival)
{
    for (unsigned i = 0; i < r->slow_count; i++) {
        if (r->slowest[i].arrival == arrival) {
            return r->slowest[i].done - arrival;
        }
    }
    return UINT64_MAX;
}

static void test_form(gconstpointer data)
{
    const Form *f = data;
    IommuProfile p = simfix_profile(f->profile, latencies);
    SimGeneratorOptions o = simfix_options(f->iommu, f->mode, 2, 100000);
    SimReport r = simfix_run(&o, &p, NULL);

    if (f->first) {
        g_assert_cmpuint(latency_of(&r, 0), ==, f->first);
    }
    g_assert_cmpuint(latency_of(&r, 100000), ==, f->second);
    sim_report_clear(&r);
}

/* Reads of a cold walk: 4; nested 24; and those for configuration. */
static void test_reads(gconstpointer data)
{
    bool vtd = !strcmp(data, "vtd");
    IommuProfile p = simfix_profile("off", "");
    SimGeneratorOptions one = simfix_options(data, vtd ? "s2" : "s1", 1, 1);
    SimGeneratorOptions two = simfix_options(data, "nested", 1, 1);
    SimReport r = simfix_run(&one, &p, NULL);

    g_assert_cmpuint(r.counters.walk_reads, ==, 4);
    g_assert_cmpuint(r.counters.config_reads, ==, vtd ? 4 : 2);
    sim_report_clear(&r);
    /*
     * The SMMU's CD lies behind stage 2. VT-d sets the accessed flags of four entries: each asks
     * stage 2 again.
     */
    r = simfix_run(&two, &p, NULL);
    g_assert_cmpuint(r.counters.walk_reads, ==, 24 + (vtd ? 4 * 4 : 4));
    g_assert_cmpuint(r.counters.config_reads, ==, vtd ? 4 : 2);
    sim_report_clear(&r);
    two.count = 2;
    r = simfix_run(&two, &p, NULL);
    g_assert_cmpuint(r.counters.walk_reads, ==, vtd ? 24 + 4 * 4 + 24 : 2 * (24 + 4));
    sim_report_clear(&r);
}

/*
 * Two requests to one page, the second while the first's walk is under way: it waits for the fill.
 */
static void test_merge(void)
{
    IommuProfile p = simfix_profile("full", latencies);
    SimGeneratorOptions o = simfix_options("smmuv3", "s1", 2, 10);
    uint64_t cold = HIT + SMMU_CONFIG + TABLE + 4 * MEM;
    SimReport r = simfix_run(&o, &p, NULL);

    g_assert_cmpuint(r.counters.walks, ==, 1);
    /*
     * It has waited for the STE and the CD, so it looks up the TLB when the first does and then
     * waits for the translation: both end together.
     */
    g_assert_cmpuint(latency_of(&r, 0), ==, cold);
    g_assert_cmpuint(latency_of(&r, 10), ==, cold - 10);
    sim_report_clear(&r);
}

/*
 * A first-level TLB: with a hit there the main TLB is not looked up; after a miss there it is, as
 * before.
 */
static void test_first_level(gconstpointer data)
{
    g_autofree char *settings = g_strconcat(latencies, " utlb.entries=1 utlb.ways=1 "
                                            "timing.utlb.latency=17", NULL);
    IommuProfile p = simfix_profile("full", settings);
    SimGeneratorOptions o = simfix_options(data, "s1", 4, 100000);
    SimReport r;

    o.pages = 2; /* 0, 1, 0, 1: each takes the only entry */
    r = simfix_run(&o, &p, NULL);
    g_assert_cmpuint(latency_of(&r, 200000), ==, HIT + 17);
    g_assert_cmpuint(latency_of(&r, 300000), ==, HIT + 17);
    g_assert_cmpuint(r.counters.utlb_lookups, ==, 4);
    g_assert_cmpuint(r.counters.utlb_hits, ==, 0);
    g_assert_cmpuint(r.counters.tlb_lookups, ==, 4);
    sim_report_clear(&r);
    o.pages = 1;
    r = simfix_run(&o, &p, NULL);
    for (unsigned i = 1; i < 4; i++) {
        g_assert_cmpuint(latency_of(&r, 100000 * i), ==, HIT - TLB + 17);
    }
    g_assert_cmpuint(r.counters.utlb_hits, ==, 3);
    g_assert_cmpuint(r.counters.tlb_lookups, ==, 1);
    sim_report_clear(&r);
}

/* A hit in the first level, of an entry that is on its way there, waits for it. */
static void test_first_level_merge(void)
{
    g_autofree char *settings = g_strconcat(latencies, " utlb.entries=4 utlb.ways=4 "
                                            "timing.utlb.latency=17", NULL);
    IommuProfile p = simfix_profile("full", settings);
    SimGeneratorOptions o = simfix_options("smmuv3", "s1", 2, 10);
    uint64_t cold = HIT + 17 + SMMU_CONFIG + TABLE + 4 * MEM;
    SimReport r = simfix_run(&o, &p, NULL);

    g_assert_cmpuint(r.counters.walks, ==, 1);
    g_assert_cmpuint(r.counters.utlb_hits, ==, 1);
    g_assert_cmpuint(r.counters.tlb_lookups, ==, 1);
    g_assert_cmpuint(latency_of(&r, 0), ==, cold);
    g_assert_cmpuint(latency_of(&r, 10), ==, cold - 10);
    sim_report_clear(&r);
}

/* As many walks at a time as there are walkers. */
static void test_walkers(void)
{
    IommuProfile p = simfix_profile("off", "timing.walker.slots=2 timing.mem.interval=0 "
                                           "timing.port.interval=0 timing.config.width=8 "
                                           "timing.tlb.width=8");
    SimGeneratorOptions o = simfix_options("smmuv3", "s1", 4, 0);
    SimReport r;

    o.pages = 4;
    r = simfix_run(&o, &p, NULL);
    g_assert_cmpuint(r.counters.walks, ==, 4);
    /* Two pairs of walks of 400 cycles. */
    g_assert_cmpuint(r.latency_max - r.latency_min, ==, 4 * 100);
    g_assert_cmpuint(r.resources[IOMMU_RES_WALKER].max_queue, >=, 2);
    sim_report_clear(&r);
}

/* timing.rst of the published kind: an LRU TLB of 16 entries never hits on 17 pages in turn. */
static void test_lru_thrash(void)
{
    IommuProfile p = simfix_profile("full", "tlb.entries=16 tlb.ways=16 tlb.replacement=lru");
    SimGeneratorOptions o = simfix_options("smmuv3", "s1", 34, 1000);
    SimReport r;

    o.pages = 17;
    r = simfix_run(&o, &p, NULL);
    g_assert_cmpuint(r.counters.tlb_misses, ==, 34);
    sim_report_clear(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *name = g_strconcat("/sim/closed-form/", forms[i].name, NULL);

        g_test_add_data_func(name, &forms[i], test_form);
    }
    g_test_add_data_func("/sim/closed-form/reads-smmuv3", "smmuv3", test_reads);
    g_test_add_data_func("/sim/closed-form/reads-vtd", "vtd", test_reads);
    g_test_add_func("/sim/closed-form/merge", test_merge);
    g_test_add_data_func("/sim/closed-form/first-level-smmuv3", "smmuv3", test_first_level);
    g_test_add_data_func("/sim/closed-form/first-level-vtd", "vtd", test_first_level);
    g_test_add_func("/sim/closed-form/first-level-merge", test_first_level_merge);
    g_test_add_func("/sim/closed-form/walkers", test_walkers);
    g_test_add_func("/sim/closed-form/lru-thrash", test_lru_thrash);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identities that hold in every run, and relations between runs.
 */
#include <string.h>

#include "simfix.h"

static const struct {
    const char *iommu, *mode;
} wirings[] = {
    { "smmuv3", "bypass" }, { "smmuv3", "s1" }, { "smmuv3", "s2" }, { "smmuv3", "nested" },
    { "vtd", "bypass" }, { "vtd", "s1" }, { "vtd", "s2" }, { "vtd", "nested" },
};

static const char *const profiles[] = { "tiny", "one", "off", "full" };

static SimGeneratorOptions busy(unsigned wiring)
{
    SimGeneratorOptions o = simfix_options(wirings[wiring].iommu, wirings[wiring].mode, 600, 3);

    o.order = "random";
    o.pages = 40;
    o.streams = 3;
    o.writes = 30;
    o.commands = 37;
    return o;
}

static void check_identities(const SimReport *r)
{
    const IommuCounters *c = &r->counters;
    uint64_t latencies = 0, held;

    g_assert_cmpuint(c->tlb_lookups, ==, c->tlb_hits + c->tlb_misses);
    g_assert_cmpuint(c->transactions, ==, c->translated + c->bypassed + c->aborted + c->stalled);
    g_assert_cmpuint(c->walks, ==, c->tlb_misses);
    g_assert_cmpuint(r->requests, ==, 600);
    g_assert_cmpuint(r->ok, ==, 600);
    /* A slot of TXN is held from grant to response: the wait for it is the rest of the latency. */
    held = r->resources[IOMMU_RES_TXN].busy + r->resources[IOMMU_RES_TXN].waited;
    latencies = r->latency_sum;
    g_assert_cmpuint(held, ==, latencies);
    g_assert_cmpuint(r->resources[IOMMU_RES_PORT].grants, ==, r->requests);
    g_assert_cmpuint(r->resources[IOMMU_RES_TLB].grants, ==, c->tlb_lookups);
}

static void test_identities(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);

    for (unsigned p = 0; p < G_N_ELEMENTS(profiles); p++) {
        IommuProfile profile = simfix_profile(profiles[p], "timing.walker.slots=3");
        SimGeneratorOptions o = busy(i);
        SimReport r = simfix_run(&o, &profile, NULL);

        check_identities(&r);
        sim_report_clear(&r);
    }
}

static void test_repeats(gconstpointer data)
{
    IommuProfile profile = simfix_profile("tiny", "timing.txn.slots=5");
    SimGeneratorOptions o = busy(GPOINTER_TO_UINT(data));
    g_autofree char *one = NULL, *two = NULL;
    SimReport r = simfix_run(&o, &profile, &one);

    sim_report_clear(&r);
    r = simfix_run(&o, &profile, &two);
    sim_report_clear(&r);
    g_assert_cmpstr(one, ==, two);
    g_assert_cmpuint(strlen(one), >, 30000);
}

/* A run that is logged plays every operation; one that is not may take short cuts. */
static void test_watching_changes_nothing(gconstpointer data)
{
    static const uint64_t gaps[] = { 1, 9, 50 };
    static const char *const slots[] = { "timing.txn.slots=2", "timing.txn.slots=64" };
    SimGeneratorOptions o = busy(GPOINTER_TO_UINT(data));

    for (unsigned p = 0; p < G_N_ELEMENTS(slots); p++) {
        IommuProfile profile = simfix_profile("tiny", slots[p]);

        for (unsigned g = 0; g < G_N_ELEMENTS(gaps); g++) {
            g_autofree char *log = NULL;
            SimReport watched, alone;

            o.gap = gaps[g];
            o.pages = 4;
            watched = simfix_run(&o, &profile, &log);
            alone = simfix_run(&o, &profile, NULL);
            g_assert_cmpuint(watched.cycles, ==, alone.cycles);
            g_assert_cmpmem(watched.latencies, SIM_LATENCIES * sizeof(uint64_t), alone.latencies,
                            SIM_LATENCIES * sizeof(uint64_t));
            g_assert_cmpmem(&watched.counters, sizeof(watched.counters), &alone.counters,
                            sizeof(alone.counters));
            g_assert_cmpuint(watched.slow_count, ==, alone.slow_count);
            for (unsigned i = 0; i < alone.slow_count; i++) {
                g_assert_cmpuint(watched.slowest[i].job, ==, alone.slowest[i].job);
                g_assert_cmpuint(watched.slowest[i].done, ==, alone.slowest[i].done);
            }
            g_assert_cmpmem(watched.resources, sizeof(watched.resources), alone.resources,
                            sizeof(alone.resources));
            sim_report_clear(&watched);
            sim_report_clear(&alone);
        }
    }
}

/* Lines "... request JOB ..." of a log without their cycle: the outcomes. */
static char *outcomes(const char *log)
{
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    GString *out = g_string_new(NULL);

    for (char **l = lines; *l; l++) {
        const char *request = strstr(*l, " request ");
        const char *status = request ? strstr(request, " status ") : NULL;

        if (status) {
            g_string_append(out, status);
            g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

/* However slow the parts, every request gets the same answer. */
static void test_latencies_change_no_answer(gconstpointer data)
{
    IommuProfile fast = simfix_profile("full", "timing.mem.latency=0 timing.txn.slots=1000");
    IommuProfile slow = simfix_profile("one", "timing.mem.latency=999 timing.walker.slots=1");
    SimGeneratorOptions o = busy(GPOINTER_TO_UINT(data));
    g_autofree char *one = NULL, *two = NULL, *a = NULL, *b = NULL;
    SimReport r = simfix_run(&o, &fast, &one);

    sim_report_clear(&r);
    r = simfix_run(&o, &slow, &two);
    sim_report_clear(&r);
    a = outcomes(one);
    b = outcomes(two);
    g_assert_cmpstr(a, ==, b);
    g_assert_cmpuint(strlen(a), >, 10000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(wirings); i++) {
        const struct {
            const char *name;
            GTestDataFunc test;
        } tests[] = {
            { "identities", test_identities },
            { "repeats", test_repeats },
            { "watching-changes-nothing", test_watching_changes_nothing },
            { "latencies-change-no-answer", test_latencies_change_no_answer },
        };

        for (unsigned t = 0; t < G_N_ELEMENTS(tests); t++) {
            g_autofree char *name = g_strdup_printf("/sim/%s/%s-%s", tests[t].name,
                                                    wirings[i].iommu, wirings[i].mode);

            g_test_add_data_func(name, GUINT_TO_POINTER(i), tests[t].test);
        }
    }
    return g_test_run();
}

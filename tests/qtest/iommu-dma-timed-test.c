/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma on an IOMMU that takes time: cycles of completions, pacing, transactions in flight,
 * latency statistics; and that all of it repeats (docs/specs/iommu-dma.rst, "Time").
 */
#include "qemu/osdep.h"
#include "dma-iommu.h"

#define IOVA 0x7000123000ull
#define GAP  5000u /* longer than any latency here */

typedef struct Fixture {
    DmaIommu *di;
    DmaMachine *m;
} Fixture;

static bool start(Fixture *f)
{
    f->di = di_new_with("timing=on", NULL);
    if (!f->di) {
        return false;
    }
    f->m = di_machine(f->di);
    for (int i = 0; i < 16; i++) {
        di_map(f->di, DI_NO_PASID, IOVA + 4096 * i, gmem_alloc(&f->m->mem, 4096, 4096), true);
    }
    return true;
}

static void stop(Fixture *f)
{
    di_free(f->di);
}

static DmaCompletion fill(Fixture *f, unsigned count, unsigned gap, unsigned flight, bool relaxed)
{
    DmaDesc desc = dma_make_fill(IOVA, 64, 1, true);
    DmaCompletion c;

    dma_set_strided(&desc, count, 4096, 16 * 4096);
    field_set(desc.w, IDMA_D_GAP, gap);
    field_set(desc.w, IDMA_D_FLIGHT, flight);
    field_set(desc.w, IDMA_D_RELAXED, relaxed);
    c = dma_do(f->m, desc);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_OK);
    g_assert_cmpuint(c.done, ==, count);
    return c;
}

static uint64_t counter(Fixture *f, uint32_t reg)
{
    return dma_ch_read(&f->m->dma, 0, reg);
}

static void clear(Fixture *f)
{
    dma_ch_write(&f->m->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_CLEAR, 1));
}

static void test_path(void)
{
    Fixture f;
    uint64_t before;

    if (!start(&f)) {
        return;
    }
    g_assert_cmpuint(reg_get(dma_read(&f.m->dma, IDMA_PATH), IDMA_PATH_TIMED), ==, 1);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_HERTZ), >, 0);
    before = dma_read(&f.m->dma, IDMA_CYCLE);
    qtest_clock_step(f.m->qts, 1000000);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_CYCLE) - before, ==,
                     dma_read(&f.m->dma, IDMA_HERTZ) / 1000);
    stop(&f);
}

static void test_completion_cycles(void)
{
    Fixture f;
    DmaCompletion c;

    if (!start(&f)) {
        return;
    }
    c = fill(&f, 1, 0, 1, false);
    g_assert_cmpuint(c.end, >, c.start);
    g_assert_cmpuint(counter(&f, IDMA_CH_STAT_FIRST), ==, c.start);
    g_assert_cmpuint(counter(&f, IDMA_CH_STAT_LAST), ==, c.end);
    g_assert_cmpuint(counter(&f, IDMA_CH_STAT_LAT_SUM), ==, c.end - c.start);
    g_assert_cmpuint(dma_read(&f.m->dma, IDMA_CYCLE), >=, c.end);
    stop(&f);
}

/* The second access of a page hits, and is faster. */
static void test_hit_is_faster(void)
{
    Fixture f;
    DmaCompletion cold, warm;

    if (!start(&f)) {
        return;
    }
    cold = fill(&f, 1, 0, 1, false);
    warm = fill(&f, 1, 0, 1, false);
    g_assert_cmpuint(warm.end - warm.start, <, cold.end - cold.start);
    stop(&f);
}

static void test_gap(void)
{
    Fixture f;
    DmaCompletion c;
    uint64_t last;

    if (!start(&f)) {
        return;
    }
    fill(&f, 16, 0, 1, false);
    clear(&f);
    c = fill(&f, 11, GAP, 1, false);
    /* All hit, so that all take equally long. */
    last = counter(&f, IDMA_CH_STAT_LAT_MAX);
    g_assert_cmpuint(counter(&f, IDMA_CH_STAT_LAT_MIN), ==, last);
    g_assert_cmpuint(c.end - c.start, ==, 10 * GAP + last);
    stop(&f);
}

/* One at a time: each arrives when the one before it has completed. */
static void test_one_in_flight(void)
{
    Fixture f;
    DmaCompletion c;

    if (!start(&f)) {
        return;
    }
    c = fill(&f, 16, 0, 1, false);
    g_assert_cmpuint(c.end - c.start, ==, counter(&f, IDMA_CH_STAT_LAT_SUM));
    stop(&f);
}

static void test_in_flight_overlap(void)
{
    Fixture f;
    DmaCompletion one, eight;

    if (!start(&f)) {
        return;
    }
    fill(&f, 16, 0, 1, false);
    one = fill(&f, 64, 0, 1, false);
    eight = fill(&f, 64, 0, 8, true);
    g_assert_cmpuint(eight.end - eight.start, <, one.end - one.start);
    stop(&f);
}

static void test_statistics(void)
{
    Fixture f;
    uint64_t total = 0, sum, low = 0, high = 0;

    if (!start(&f)) {
        return;
    }
    fill(&f, 100, 3, 4, true);
    sum = counter(&f, IDMA_CH_STAT_LAT_SUM);
    g_assert_cmpuint(counter(&f, IDMA_CH_STAT_LAT_MEAN), ==, (sum << 16) / 100);
    g_assert_cmpuint(counter(&f, IDMA_CH_STAT_RATE), ==,
                     (6400ull << 16) / (counter(&f, IDMA_CH_STAT_LAST) -
                                        counter(&f, IDMA_CH_STAT_FIRST)));
    for (unsigned i = 0; i < IDMA_CH_HIST_BUCKETS; i++) {
        uint64_t n = counter(&f, IDMA_CH_HIST + 8 * i);

        total += n;
        low += n * (i ? 1ull << (i - 1) : 0);
        high += n * ((1ull << i) - 1);
    }
    /* The buckets bound the sum. */
    g_assert_cmpuint(total, ==, 100);
    g_assert_cmpuint(low, <=, sum);
    g_assert_cmpuint(high, >=, sum);
    stop(&f);
}

static void test_repeats(void)
{
    DmaCompletion c[2];
    uint64_t sums[2];

    for (int i = 0; i < 2; i++) {
        Fixture f;

        if (!start(&f)) {
            return;
        }
        c[i] = fill(&f, 200, 7, 5, true);
        sums[i] = counter(&f, IDMA_CH_STAT_LAT_SUM);
        stop(&f);
    }
    g_assert_cmpuint(c[0].end - c[0].start, ==, c[1].end - c[1].start);
    g_assert_cmpuint(sums[0], ==, sums[1]);
}

/* Through the device TLB the IOMMU is asked for a translation, and then for the access. */
static void test_ats_latency(void)
{
    Fixture f;
    DmaDesc desc = dma_make_fill(IOVA, 64, 1, true);
    DmaCompletion miss, hit;

    if (!start(&f)) {
        return;
    }
    field_set(desc.w, IDMA_D_AT, IDMA_AT_ATC);
    miss = dma_do(f.m, desc);
    hit = dma_do(f.m, desc);
    g_assert_cmpuint(miss.status, ==, IDMA_STATUS_OK);
    g_assert_cmpuint(hit.status, ==, IDMA_STATUS_OK);
    g_assert_cmpuint(hit.end - hit.start, <, miss.end - miss.start);
    stop(&f);
}

static void test_flr_in_flight(void)
{
    Fixture f;
    DmaDesc desc = dma_make_fill(IOVA, 64, 1, true);

    if (!start(&f)) {
        return;
    }
    dma_start(&f.m->dma, 0, &desc);
    g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_BUSY);
    dma_flr(f.m);
    qtest_clock_step(f.m->qts, 1000000);
    g_assert_cmpuint(dma_ch_state(&f.m->dma, 0), ==, IDMA_CH_IDLE);
    g_assert_cmpuint(counter(&f, IDMA_CH_STAT_TXNS), ==, 0);
    stop(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/iommu-dma-timed/path", test_path);
    qtest_add_func("/iommu-dma-timed/completion", test_completion_cycles);
    qtest_add_func("/iommu-dma-timed/hit-is-faster", test_hit_is_faster);
    qtest_add_func("/iommu-dma-timed/gap", test_gap);
    qtest_add_func("/iommu-dma-timed/one-in-flight", test_one_in_flight);
    qtest_add_func("/iommu-dma-timed/overlap", test_in_flight_overlap);
    qtest_add_func("/iommu-dma-timed/statistics", test_statistics);
    qtest_add_func("/iommu-dma-timed/repeats", test_repeats);
    qtest_add_func("/iommu-dma-timed/ats-latency", test_ats_latency);
    qtest_add_func("/iommu-dma-timed/flr", test_flr_in_flight);
    return g_test_run();
}

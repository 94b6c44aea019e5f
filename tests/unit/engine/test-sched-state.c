/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scheduler saved in the middle of its work, and loaded into another: both go on alike. And
 * images that no scheduler has written.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/sched.h"
#include "hw/iommu/timed.h"

typedef struct Bench {
    IommuSched *s;
    GString *log;
} Bench;

static void on_done(void *opaque, uint64_t job, unsigned job_class, uint64_t cookie,
                    uint64_t cycle)
{
    Bench *b = opaque;

    g_string_append_printf(b->log, "%" G_GUINT64_FORMAT " done %" G_GUINT64_FORMAT " %u %"
                           G_GUINT64_FORMAT "\n", cycle, job, job_class, cookie);
}

static void on_action(void *opaque, uint64_t job, uint64_t arg, uint64_t cycle)
{
    Bench *b = opaque;

    g_string_append_printf(b->log, "%" G_GUINT64_FORMAT " action %" G_GUINT64_FORMAT " %"
                           G_GUINT64_FORMAT "\n", cycle, job, arg);
}

static void on_log(void *opaque, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end)
{
    Bench *b = opaque;

    g_string_append_printf(b->log, "%" G_GUINT64_FORMAT " op %" G_GUINT64_FORMAT " %u %u %"
                           G_GUINT64_FORMAT "\n", end, job, op->kind, op->res, begin);
}

static void bench_init(Bench *b)
{
    static const IommuSchedOps ops = { .done = on_done, .action = on_action, .log = on_log };
    uint32_t servers[IOMMU_RESOURCES];

    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        servers[r] = 1 + r % 3;
    }
    b->log = g_string_new(NULL);
    b->s = sched_new(servers, &ops, b);
    g_assert_nonnull(b->s);
}

static void bench_clear(Bench *b)
{
    sched_free(b->s);
    g_string_free(b->log, TRUE);
}

/*
 * A job of a random few operations; a slot it holds it also releases. What is held is not used, nor
 * is a younger job waited for: else two could wait for each other.
 */
static void submit(Bench *b, GRand *rand)
{
    IommuOp ops[16];
    unsigned count = g_rand_int_range(rand, 1, 8), n = 0;
    unsigned held = g_rand_boolean(rand) ? IOMMU_RES_TXN : IOMMU_RES_WALKER;

    ops[n++] = (IommuOp) { .kind = IOMMU_OP_HOLD, .res = held };
    for (unsigned i = 0; i < count; i++) {
        IommuOp *op = &ops[n++];

        *op = (IommuOp) { .mark = i };
        switch (g_rand_int_range(rand, 0, 6)) {
        case 0:
            op->kind = IOMMU_OP_DELAY;
            op->latency = g_rand_int_range(rand, 0, 3000);
            break;
        case 1:
            op->kind = IOMMU_OP_WAIT;
            op->arg = (uint64_t)g_rand_int_range(rand, 1, sched_next_job(b->s) + 1)
                          << IOMMU_WAIT_MARK_BITS | g_rand_int_range(rand, 0, 8);
            break;
        case 2:
            op->kind = IOMMU_OP_ACTION;
            op->arg = g_rand_int(rand);
            break;
        default:
            op->kind = IOMMU_OP_USE;
            op->res = g_rand_int_range(rand, IOMMU_RES_TABLE, IOMMU_RESOURCES);
            op->occupancy = g_rand_int_range(rand, 0, 20);
            op->latency = g_rand_int_range(rand, 0, 2000);
            break;
        }
    }
    ops[n++] = (IommuOp) { .kind = IOMMU_OP_RELEASE, .res = held };
    if (g_rand_int_range(rand, 0, 8) == 0) {
        ops[n++] = (IommuOp) { .kind = IOMMU_OP_DRAIN, .arg = IOMMU_JOB_REQUEST };
    }
    ops[n++] = (IommuOp) { .kind = IOMMU_OP_DONE, .mark = 9 };
    g_assert_cmpuint(sched_submit(b->s, 1u << g_rand_int_range(rand, 0, 3), g_rand_int(rand), ops,
                                  n), !=, 0);
}

static void work(Bench *b, GRand *rand, unsigned jobs)
{
    for (unsigned i = 0; i < jobs; i++) {
        sched_run_until(b->s, sched_now(b->s) + g_rand_int_range(rand, 0, 60));
        submit(b, rand);
    }
}

static IommuStateWriter save(Bench *b)
{
    IommuStateWriter w = { 0 };

    sched_save(b->s, &w);
    g_assert_false(w.failed);
    return w;
}

static void a_loaded_scheduler_goes_on_alike(void)
{
    for (unsigned seed = 1; seed <= 200; seed++) {
        GRand *rand = g_rand_new_with_seed(seed), *after;
        Bench a, b;
        IommuStateWriter w, again;
        IommuStateReader r;

        bench_init(&a);
        bench_init(&b);
        work(&a, rand, seed);
        w = save(&a);
        r = (IommuStateReader) { .data = w.data, .len = w.len };
        g_assert_true(sched_load(b.s, &r));
        again = save(&b);
        g_assert_cmpmem(again.data, again.len, w.data, w.len);
        free(again.data);
        free(w.data);

        g_string_truncate(a.log, 0);
        after = g_rand_copy(rand);
        work(&a, rand, 50);
        work(&b, after, 50);
        sched_run_until(a.s, sched_now(a.s) + 1000000);
        sched_run_until(b.s, sched_now(b.s) + 1000000);
        g_assert_cmpuint(a.log->len, >, 0);
        g_assert_cmpstr(a.log->str, ==, b.log->str);
        for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
            g_assert_cmpmem(sched_stats(a.s, i), sizeof(IommuResourceStats),
                            sched_stats(b.s, i), sizeof(IommuResourceStats));
        }
        g_rand_free(rand);
        g_rand_free(after);
        bench_clear(&a);
        bench_clear(&b);
    }
}

/* Whatever an image says, what has been loaded runs, or was refused. */
static void a_damaged_image_does_no_harm(void)
{
    unsigned refused = 0, taken = 0;

    for (unsigned seed = 1; seed <= 3000; seed++) {
        GRand *rand = g_rand_new_with_seed(seed);
        IommuStateReader r;
        IommuStateWriter w;
        Bench a;

        bench_init(&a);
        work(&a, rand, 12);
        w = save(&a);
        for (int i = g_rand_int_range(rand, 1, 4); i; i--) {
            w.data[g_rand_int_range(rand, 0, w.len)] ^= 1u << g_rand_int_range(rand, 0, 8);
        }
        r = (IommuStateReader) { .data = w.data, .len = w.len };
        if (iommu_state_valid(&r) && sched_load(a.s, &r)) {
            taken++;
            submit(&a, rand);
            sched_run_until(a.s, sched_now(a.s) + 1000);
        } else {
            refused++;
            sched_reset(a.s);
            g_assert_cmpuint(sched_now(a.s), ==, 0);
        }
        free(w.data);
        g_rand_free(rand);
        bench_clear(&a);
    }
    g_assert_cmpuint(refused, >, 100);
    g_assert_cmpuint(taken, >, 100);
}

static void another_machine_is_refused(void)
{
    static const IommuSchedOps ops = { 0 };
    uint32_t servers[IOMMU_RESOURCES];
    IommuStateReader r;
    IommuStateWriter w;
    IommuSched *other;
    Bench a;

    bench_init(&a);
    w = save(&a);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        servers[i] = 7;
    }
    other = sched_new(servers, &ops, NULL);
    g_assert_false(sched_load(other, &r));
    sched_free(other);
    free(w.data);
    bench_clear(&a);
}

static void test_page_request(void)
{
    const IommuPageRequest reqs[] = {
        { 0 },
        { UINT64_MAX, UINT64_MAX, UINT32_MAX, 0xfffff, UINT16_MAX, true, true, true, true, true,
          true },
        { .addr = 0x1000, .arrival = 2, .stream = 3, .pasid = 4, .prgi = 5, .r = true,
          .last = true },
        { .has_pasid = true, .w = true }, { .x = true, .priv = true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(reqs); i++) {
        IommuRecord r = { 0 };
        IommuPageRequest back;

        iommu_record_put_page_request(&r, &reqs[i]);
        back = iommu_record_page_request(&r);
        g_assert_cmpuint(back.addr, ==, reqs[i].addr);
        g_assert_cmpuint(back.arrival, ==, reqs[i].arrival);
        g_assert_cmpuint(back.stream, ==, reqs[i].stream);
        g_assert_cmpuint(back.pasid, ==, reqs[i].pasid);
        g_assert_cmpuint(back.prgi, ==, reqs[i].prgi);
        g_assert_true(back.has_pasid == reqs[i].has_pasid && back.last == reqs[i].last &&
                      back.r == reqs[i].r && back.w == reqs[i].w && back.x == reqs[i].x &&
                      back.priv == reqs[i].priv);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/sched-state/goes-on-alike", a_loaded_scheduler_goes_on_alike);
    g_test_add_func("/engine/sched-state/damaged-image", a_damaged_image_does_no_harm);
    g_test_add_func("/engine/sched-state/another-machine", another_machine_is_refused);
    g_test_add_func("/engine/timed/record-of-a-page-request", test_page_request);
    return g_test_run();
}

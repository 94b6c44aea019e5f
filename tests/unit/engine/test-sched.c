/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: every rule of docs/timing.rst, "Jobs, resources and events", each on its own.
 */
#include <glib.h>

#include "hw/iommu/sched.h"

#define MOST 64

typedef struct Bench {
    IommuSched *s;
    uint64_t done[MOST];  /* cycle by job number */
    uint64_t order[MOST]; /* job numbers as they finished */
    unsigned finished;
    uint64_t acted;       /* cycle of the last action */
    IommuOp extra[4];     /* operations that the action inserts */
    unsigned extras;
    uint64_t logged;      /* operations logged */
    uint64_t submits;     /* latency of a job that the action submits, if not 0 */
} Bench;

static void on_done(void *opaque, uint64_t job, unsigned job_class, uint64_t cookie,
                    uint64_t cycle)
{
    Bench *b = opaque;

    (void)job_class;
    (void)cookie;
    b->done[job] = cycle;
    b->order[b->finished++] = job;
}

static void on_action(void *opaque, uint64_t job, uint64_t arg, uint64_t cycle)
{
    Bench *b = opaque;

    (void)arg;
    b->acted = cycle;
    if (b->extras) {
        sched_append(b->s, job, b->extra, b->extras);
    }
    if (b->submits) {
        const IommuOp ops[] = {
            { .kind = IOMMU_OP_DELAY, .latency = b->submits }, { .kind = IOMMU_OP_DONE },
        };

        sched_submit(b->s, IOMMU_JOB_RECORD, 0, ops, G_N_ELEMENTS(ops));
    }
}

static void on_log(void *opaque, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end)
{
    Bench *b = opaque;

    (void)job;
    (void)op;
    g_assert_cmpuint(begin, <=, end);
    b->logged++;
}

static Bench *bench_with(bool log)
{
    const IommuSchedOps ops = {
        .done = on_done, .action = on_action, .log = log ? on_log : NULL,
    };
    uint32_t servers[IOMMU_RESOURCES];
    Bench *b = g_new0(Bench, 1);

    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        servers[r] = 1;
    }
    servers[IOMMU_RES_WALKER] = 2;
    b->s = sched_new(servers, &ops, b);
    return b;
}

static Bench *bench_new(void)
{
    return bench_with(true);
}

static void bench_free(Bench *b)
{
    sched_free(b->s);
    g_free(b);
}

#define USE(r, occ, lat) { .kind = IOMMU_OP_USE, .res = (r), .occupancy = (occ), .latency = (lat) }
#define HOLD(r) { .kind = IOMMU_OP_HOLD, .res = (r) }
#define RELEASE(r) { .kind = IOMMU_OP_RELEASE, .res = (r) }
#define DELAY(n) { .kind = IOMMU_OP_DELAY, .latency = (n) }
#define WAIT(job, m) { .kind = IOMMU_OP_WAIT, .arg = (uint64_t)(job) << IOMMU_WAIT_MARK_BITS | (m) }
#define DRAIN(classes) { .kind = IOMMU_OP_DRAIN, .arg = (classes) }
#define ACTION { .kind = IOMMU_OP_ACTION }
#define DONE { .kind = IOMMU_OP_DONE }

#define SUBMIT_CLASS(b, class, ...)                                                       \
    sched_submit((b)->s, class, 0, (const IommuOp[]) { __VA_ARGS__ },                     \
                 sizeof((const IommuOp[]) { __VA_ARGS__ }) / sizeof(IommuOp))
#define SUBMIT(b, ...) SUBMIT_CLASS(b, IOMMU_JOB_REQUEST, __VA_ARGS__)

static void idle_job_takes_the_sum(void)
{
    Bench *b = bench_new();

    sched_run_until(b->s, 7);
    SUBMIT(b, USE(IOMMU_RES_PORT, 1, 3), USE(IOMMU_RES_TLB, 1, 4), DELAY(5), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[1], ==, 7 + 3 + 4 + 5);
    bench_free(b);
}

static void occupancy_spaces_grants(void)
{
    Bench *b = bench_new();

    for (int i = 0; i < 3; i++) {
        SUBMIT(b, USE(IOMMU_RES_MEM, 4, 10), DONE);
    }
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[1], ==, 10);
    g_assert_cmpuint(b->done[2], ==, 14);
    g_assert_cmpuint(b->done[3], ==, 18);
    g_assert_cmpuint(sched_stats(b->s, IOMMU_RES_MEM)->busy, ==, 12);
    g_assert_cmpuint(sched_stats(b->s, IOMMU_RES_MEM)->waited, ==, 4 + 8);
    g_assert_cmpuint(sched_stats(b->s, IOMMU_RES_MEM)->grants, ==, 3);
    bench_free(b);
}

static void slots_are_held_until_released(void)
{
    Bench *b = bench_new();

    for (int i = 0; i < 3; i++) {
        SUBMIT(b, HOLD(IOMMU_RES_WALKER), DELAY(20), RELEASE(IOMMU_RES_WALKER), DONE);
    }
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[1], ==, 20);
    g_assert_cmpuint(b->done[2], ==, 20);
    g_assert_cmpuint(b->done[3], ==, 40);
    g_assert_cmpuint(sched_stats(b->s, IOMMU_RES_WALKER)->busy, ==, 60);
    bench_free(b);
}

/* A plan that was cut short may lack its releases. */
static void done_gives_back_what_is_held(void)
{
    Bench *b = bench_new();

    for (int i = 0; i < 4; i++) {
        SUBMIT(b, HOLD(IOMMU_RES_WALKER), DELAY(5), DONE);
    }
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->finished, ==, 4);
    g_assert_cmpuint(b->done[4], ==, 10);
    bench_free(b);
}

static void queues_are_first_in_first_out(void)
{
    Bench *b = bench_new();

    SUBMIT(b, DELAY(2), USE(IOMMU_RES_TLB, 5, 5), DONE);
    SUBMIT(b, DELAY(1), USE(IOMMU_RES_TLB, 5, 5), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[2], ==, 6);
    g_assert_cmpuint(b->done[1], ==, 11);
    bench_free(b);
}

static void same_cycle_goes_by_order_of_scheduling(void)
{
    Bench *b = bench_new();

    SUBMIT(b, USE(IOMMU_RES_TLB, 1, 1), DONE);
    SUBMIT(b, USE(IOMMU_RES_TLB, 1, 1), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->order[0], ==, 1);
    g_assert_cmpuint(b->order[1], ==, 2);
    bench_free(b);
}

static void zero_latency_stays_in_the_cycle(void)
{
    Bench *b = bench_new();

    SUBMIT(b, USE(IOMMU_RES_TLB, 0, 0), USE(IOMMU_RES_PORT, 0, 0), DELAY(0), DONE);
    sched_run_until(b->s, 0);
    g_assert_cmpuint(b->finished, ==, 1);
    g_assert_cmpuint(b->done[1], ==, 0);
    bench_free(b);
}

static void wait_ends_at_the_mark(void)
{
    Bench *b = bench_new();
    IommuOp ops[] = { DELAY(10), DELAY(30), DONE };

    ops[0].mark = 1;
    ops[1].mark = 2;
    sched_submit(b->s, IOMMU_JOB_REQUEST, 0, ops, G_N_ELEMENTS(ops));
    SUBMIT(b, WAIT(1, 1), DONE);
    SUBMIT(b, WAIT(1, 2), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[2], ==, 10);
    g_assert_cmpuint(b->done[3], ==, 40);
    bench_free(b);
}

static void wait_for_a_finished_job_takes_no_time(void)
{
    Bench *b = bench_new();

    SUBMIT(b, DONE);
    sched_run_until(b->s, 5);
    SUBMIT(b, WAIT(1, 9), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[2], ==, 5);
    bench_free(b);
}

static void wait_for_oneself_takes_no_time(void)
{
    Bench *b = bench_new();

    SUBMIT(b, WAIT(1, 9), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->finished, ==, 1);
    bench_free(b);
}

/*
 * A job that was alone, and so let time pass without events, is no longer. Whatever the sum of the
 * two delays, the second one ends in its cycle.
 */
static void company_after_time_alone(void)
{
    for (uint32_t sum = 1023; sum <= 4097; sum += sum % 1024 == 1 ? 1022 : 1) {
        for (uint32_t alone = 0; alone < sum; alone += 3) {
            Bench *b = bench_new();

            b->submits = 5000;
            SUBMIT(b, DELAY(alone), ACTION, DELAY(sum - alone), DONE);
            sched_run_until(b->s, 10000);
            g_assert_cmpuint(b->done[1], ==, sum);
            g_assert_cmpuint(b->done[2], ==, alone + 5000);
            bench_free(b);
        }
    }
}

static void wait_for_a_younger_job(void)
{
    Bench *b = bench_new();

    SUBMIT_CLASS(b, IOMMU_JOB_COMMAND, DELAY(5), WAIT(2, 9), DONE);
    SUBMIT(b, DELAY(50), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[1], ==, 50);
    bench_free(b);
}

static void wait_for_no_job_takes_no_time(void)
{
    Bench *b = bench_new();

    SUBMIT(b, WAIT(1000, 1), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->finished, ==, 1);
    bench_free(b);
}

static void drain_waits_for_older_jobs_only(void)
{
    Bench *b = bench_new();

    SUBMIT(b, DELAY(50), DONE);
    SUBMIT_CLASS(b, IOMMU_JOB_COMMAND, DRAIN(IOMMU_JOB_REQUEST | IOMMU_JOB_RECORD), DONE);
    SUBMIT(b, DELAY(90), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[2], ==, 50);
    bench_free(b);
}

static void drain_looks_at_its_classes(void)
{
    Bench *b = bench_new();

    SUBMIT(b, DELAY(50), DONE);
    SUBMIT_CLASS(b, IOMMU_JOB_COMMAND, DRAIN(IOMMU_JOB_RECORD), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[2], ==, 0);
    bench_free(b);
}

static void action_may_insert_operations(void)
{
    Bench *b = bench_new();

    b->extra[0] = (IommuOp) DELAY(6);
    b->extras = 1;
    SUBMIT(b, DELAY(3), ACTION, DELAY(1), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->acted, ==, 3);
    g_assert_cmpuint(b->done[1], ==, 10);
    bench_free(b);
}

static void far_events_keep_their_order(void)
{
    Bench *b = bench_new();

    SUBMIT(b, DELAY(100000), USE(IOMMU_RES_TLB, 9, 9), DONE);
    SUBMIT(b, DELAY(99999), DELAY(1), USE(IOMMU_RES_TLB, 9, 9), DONE);
    sched_run_until(b->s, IOMMU_CYCLE_NEVER - 1);
    g_assert_cmpuint(b->done[1], ==, 100009);
    g_assert_cmpuint(b->done[2], ==, 100018);
    bench_free(b);
}

static void next_event_says_when(void)
{
    Bench *b = bench_new();

    g_assert_cmpuint(sched_next_event(b->s), ==, IOMMU_CYCLE_NEVER);
    SUBMIT(b, DELAY(5000), DONE);
    g_assert_cmpuint(sched_next_event(b->s), ==, 0);
    sched_run_until(b->s, 0);
    g_assert_cmpuint(sched_next_event(b->s), ==, 5000);
    bench_free(b);
}

static void a_server_nobody_waits_for_is_no_event(void)
{
    Bench *b = bench_new();

    SUBMIT(b, USE(IOMMU_RES_MEM, 100, 5), DONE);
    sched_run_until(b->s, 5);
    g_assert_cmpuint(b->done[1], ==, 5);
    g_assert_cmpuint(sched_next_event(b->s), ==, IOMMU_CYCLE_NEVER);
    g_assert_cmpuint(sched_idle_at(b->s), ==, 100);
    SUBMIT(b, USE(IOMMU_RES_MEM, 1, 1), DONE);
    sched_run_until(b->s, 5);
    g_assert_cmpuint(sched_next_event(b->s), ==, 100);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[2], ==, 101);
    g_assert_cmpuint(sched_idle_at(b->s), ==, 1000);
    bench_free(b);
}

/*
 * Two servers become free in one cycle: that which was granted first grants first, whoever queued
 * first.
 */
static void releases_of_a_cycle_go_by_order_of_grant(void)
{
    Bench *b = bench_new();

    SUBMIT(b, USE(IOMMU_RES_PORT, 10, 1), DONE);
    SUBMIT(b, USE(IOMMU_RES_TLB, 10, 1), DONE);
    sched_run_until(b->s, 3);
    SUBMIT(b, USE(IOMMU_RES_TLB, 1, 5), DONE);
    sched_run_until(b->s, 4);
    SUBMIT(b, USE(IOMMU_RES_PORT, 1, 5), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[3], ==, 15);
    g_assert_cmpuint(b->done[4], ==, 15);
    g_assert_cmpuint(b->order[2], ==, 4);
    g_assert_cmpuint(b->order[3], ==, 3);
    bench_free(b);
}

/* Shapes. */

#define SHAPE(shape, ...)                                                                 \
    sched_shape_init(shape, (const IommuOp[]) { __VA_ARGS__ },                            \
                     sizeof((const IommuOp[]) { __VA_ARGS__ }) / sizeof(IommuOp))

static void a_closed_form_is_the_sum(void)
{
    IommuShape s;

    SHAPE(&s, HOLD(IOMMU_RES_TXN), USE(IOMMU_RES_TLB, 1, 3), USE(IOMMU_RES_TLB, 2, 4), DELAY(5),
          RELEASE(IOMMU_RES_TXN), DONE);
    g_assert_true(s.closed);
    g_assert_cmpuint(s.latency, ==, 12);
    g_assert_cmpuint(s.uses, ==, 2);
    g_assert_cmpuint(s.use[0].res, ==, IOMMU_RES_TXN);
    g_assert_cmpuint(s.use[0].busy, ==, 12);
    g_assert_cmpuint(s.use[0].grants, ==, 1);
    g_assert_cmpuint(s.use[1].busy, ==, 3);
    g_assert_cmpuint(s.use[1].grants, ==, 2);
}

static void no_closed_form(void)
{
    IommuShape s;

    /*
     * It meets itself; it is over before its server is free; it keeps what it holds; others matter.
     */
    SHAPE(&s, USE(IOMMU_RES_TLB, 4, 3), USE(IOMMU_RES_TLB, 1, 3), DONE);
    g_assert_false(s.closed);
    SHAPE(&s, USE(IOMMU_RES_TLB, 4, 3), DONE);
    g_assert_false(s.closed);
    SHAPE(&s, HOLD(IOMMU_RES_TXN), DELAY(3), DONE);
    g_assert_false(s.closed);
    SHAPE(&s, DELAY(1), WAIT(1, 1), DONE);
    g_assert_false(s.closed);
    SHAPE(&s, DELAY(1), DRAIN(IOMMU_JOB_REQUEST), DONE);
    g_assert_false(s.closed);
    SHAPE(&s, DELAY(1), ACTION, DONE);
    g_assert_false(s.closed);
}

static unsigned random_ops(GRand *r, IommuOp *ops)
{
    unsigned n = 0;

    ops[n++] = (IommuOp) HOLD(IOMMU_RES_WALKER);
    for (int i = g_rand_int_range(r, 1, 6); i; i--) {
        static const IommuResource of[] = { IOMMU_RES_PORT, IOMMU_RES_TLB, IOMMU_RES_CONFIG };

        ops[n++] = (IommuOp) USE(of[g_rand_int_range(r, 0, 3)], g_rand_int_range(r, 0, 4),
                                 g_rand_int_range(r, 0, 7));
    }
    ops[n++] = (IommuOp) DELAY(g_rand_int_range(r, 0, 4));
    ops[n++] = (IommuOp) RELEASE(IOMMU_RES_WALKER);
    ops[n++] = (IommuOp) DONE;
    return n;
}

/*
 * The same jobs as shapes, unwatched, and operation by operation, logged: the same cycles, order
 * and totals, however far apart the jobs are and wherever time is stopped.
 */
static void a_shape_is_as_its_operations(void)
{
    unsigned closed = 0, open = 0;

    for (guint32 seed = 1; seed <= 2000; seed++) {
        GRand *r = g_rand_new_with_seed(seed);
        Bench *one = bench_with(false), *other = bench_with(true);
        IommuShape shapes[2];
        IommuOp ops[2][IOMMU_SHAPE_OPS];
        int gap = g_rand_int_range(r, 1, 60);

        for (unsigned i = 0; i < 2; i++) {
            sched_shape_init(&shapes[i], ops[i], random_ops(r, ops[i]));
            closed += shapes[i].closed;
            open += !shapes[i].closed;
        }
        for (unsigned n = 1; n < MOST; n++) {
            unsigned i = g_rand_int_range(r, 0, 2);

            sched_submit_shape(one->s, IOMMU_JOB_REQUEST, 0, &shapes[i]);
            sched_submit(other->s, IOMMU_JOB_REQUEST, 0, ops[i], shapes[i].count);
            for (int slices = g_rand_int_range(r, 1, 3); slices; slices--) {
                uint64_t until = sched_now(one->s) + g_rand_int_range(r, 0, gap);

                sched_run_until(one->s, until);
                sched_run_until(other->s, until);
                g_assert_cmpuint(one->finished, ==, other->finished);
                g_assert_cmpuint(sched_now(one->s), ==, until);
                g_assert_cmpuint(sched_idle_at(one->s), ==, sched_idle_at(other->s));
            }
        }
        sched_run_until(one->s, 1000000);
        sched_run_until(other->s, 1000000);
        g_assert_cmpuint(one->finished, ==, MOST - 1);
        g_assert_cmpmem(one->done, sizeof(one->done), other->done, sizeof(other->done));
        g_assert_cmpmem(one->order, sizeof(one->order), other->order, sizeof(other->order));
        for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
            g_assert_cmpmem(sched_stats(one->s, i), sizeof(IommuResourceStats),
                            sched_stats(other->s, i), sizeof(IommuResourceStats));
        }
        bench_free(one);
        bench_free(other);
        g_rand_free(r);
    }
    g_assert_cmpuint(closed, >, 500);
    g_assert_cmpuint(open, >, 500);
}

/* Whoever comes while the job is under way finds it where it would be. */
static void a_shape_is_no_further_than_time(void)
{
    Bench *b = bench_with(false);
    IommuShape s;

    SHAPE(&s, HOLD(IOMMU_RES_TXN), USE(IOMMU_RES_TLB, 10, 10), RELEASE(IOMMU_RES_TXN), DONE);
    g_assert_true(s.closed);
    sched_submit_shape(b->s, IOMMU_JOB_REQUEST, 0, &s);
    sched_run_until(b->s, 4);
    g_assert_cmpuint(b->finished, ==, 0);
    g_assert_cmpuint(sched_now(b->s), ==, 4);
    SUBMIT(b, USE(IOMMU_RES_TLB, 1, 1), DONE);
    sched_run_until(b->s, 1000);
    g_assert_cmpuint(b->done[1], ==, 10);
    g_assert_cmpuint(b->done[2], ==, 11);
    bench_free(b);
}

/* A random job mix; the same mix must give the same cycles however time is sliced. */
static void play_random(Bench *b, guint32 seed, unsigned slice)
{
    GRand *r = g_rand_new_with_seed(seed);
    uint64_t arrival = 0;

    for (unsigned n = 1; n < MOST; n++) {
        IommuOp ops[12];
        unsigned count = 0;
        bool walker = g_rand_boolean(r);

        arrival += g_rand_int_range(r, 0, 30);
        for (uint64_t c = sched_now(b->s); slice && c + slice < arrival; c += slice) {
            sched_run_until(b->s, c);
        }
        sched_run_until(b->s, arrival);
        if (walker) {
            ops[count++] = (IommuOp) HOLD(IOMMU_RES_WALKER);
        }
        for (unsigned i = 0; i < 6; i++) {
            int res = g_rand_int_range(r, 0, 3);
            int occ = g_rand_int_range(r, 0, 8);
            int lat = g_rand_int_range(r, 0, 1500);

            ops[count++] = (IommuOp) USE(res == 0 ? IOMMU_RES_MEM : res == 1 ? IOMMU_RES_TLB
                                                                            : IOMMU_RES_PORT,
                                         occ, lat);
        }
        if (walker) {
            ops[count++] = (IommuOp) RELEASE(IOMMU_RES_WALKER);
        }
        ops[count++] = (IommuOp) DONE;
        sched_submit(b->s, IOMMU_JOB_REQUEST, 0, ops, count);
    }
    sched_run_until(b->s, IOMMU_CYCLE_NEVER - 1);
    g_rand_free(r);
}

static void slicing_does_not_matter(void)
{
    for (guint32 seed = 1; seed <= 50; seed++) {
        Bench *one = bench_new();
        Bench *other = bench_new();

        play_random(one, seed, 0);
        play_random(other, seed, 1 + seed % 7);
        g_assert_cmpuint(one->finished, ==, MOST - 1);
        g_assert_cmpmem(one->done, sizeof(one->done), other->done, sizeof(other->done));
        g_assert_cmpmem(one->order, sizeof(one->order), other->order, sizeof(other->order));
        bench_free(one);
        bench_free(other);
    }
}

static void reset_starts_over(void)
{
    Bench *b = bench_new();
    Bench *fresh = bench_new();

    play_random(b, 3, 0);
    SUBMIT(b, DELAY(100), DONE);
    sched_reset(b->s);
    b->finished = 0;
    memset(b->done, 0, sizeof(b->done));
    play_random(b, 4, 0);
    play_random(fresh, 4, 0);
    g_assert_cmpmem(b->done, sizeof(b->done), fresh->done, sizeof(fresh->done));
    bench_free(b);
    bench_free(fresh);
}

static void every_operation_is_logged(void)
{
    Bench *b = bench_new();

    SUBMIT(b, USE(IOMMU_RES_TLB, 1, 1), DELAY(2), DONE);
    sched_run_until(b->s, 100);
    g_assert_cmpuint(b->logged, ==, 3);
    bench_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/sched/idle-job-takes-the-sum", idle_job_takes_the_sum);
    g_test_add_func("/engine/sched/occupancy-spaces-grants", occupancy_spaces_grants);
    g_test_add_func("/engine/sched/slots-are-held-until-released", slots_are_held_until_released);
    g_test_add_func("/engine/sched/done-gives-back", done_gives_back_what_is_held);
    g_test_add_func("/engine/sched/queues-are-fifo", queues_are_first_in_first_out);
    g_test_add_func("/engine/sched/same-cycle-by-order", same_cycle_goes_by_order_of_scheduling);
    g_test_add_func("/engine/sched/zero-latency", zero_latency_stays_in_the_cycle);
    g_test_add_func("/engine/sched/wait-ends-at-the-mark", wait_ends_at_the_mark);
    g_test_add_func("/engine/sched/wait-for-finished", wait_for_a_finished_job_takes_no_time);
    g_test_add_func("/engine/sched/wait-for-oneself", wait_for_oneself_takes_no_time);
    g_test_add_func("/engine/sched/company-after-time-alone", company_after_time_alone);
    g_test_add_func("/engine/sched/wait-for-a-younger-job", wait_for_a_younger_job);
    g_test_add_func("/engine/sched/wait-for-no-job", wait_for_no_job_takes_no_time);
    g_test_add_func("/engine/sched/drain-older-only", drain_waits_for_older_jobs_only);
    g_test_add_func("/engine/sched/drain-classes", drain_looks_at_its_classes);
    g_test_add_func("/engine/sched/action-inserts", action_may_insert_operations);
    g_test_add_func("/engine/sched/far-events-keep-order", far_events_keep_their_order);
    g_test_add_func("/engine/sched/next-event", next_event_says_when);
    g_test_add_func("/engine/sched/free-server-is-no-event", a_server_nobody_waits_for_is_no_event);
    g_test_add_func("/engine/sched/releases-by-order", releases_of_a_cycle_go_by_order_of_grant);
    g_test_add_func("/engine/sched/shape/sum", a_closed_form_is_the_sum);
    g_test_add_func("/engine/sched/shape/none", no_closed_form);
    g_test_add_func("/engine/sched/shape/as-its-operations", a_shape_is_as_its_operations);
    g_test_add_func("/engine/sched/shape/no-further-than-time", a_shape_is_no_further_than_time);
    g_test_add_func("/engine/sched/slicing", slicing_does_not_matter);
    g_test_add_func("/engine/sched/reset", reset_starts_over);
    g_test_add_func("/engine/sched/log", every_operation_is_logged);
    return g_test_run();
}

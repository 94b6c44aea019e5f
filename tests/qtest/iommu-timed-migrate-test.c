/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With timing on, a machine is saved while DMA, a fault record and commands are on their way:
 * nothing is lost where it goes on, and the machine that was saved goes on as if it had not been.
 */
#include "qemu/osdep.h"
#include "dma-iommu.h"

#include "qobject/qdict.h"

#define IOVA    0x7000123000ull
#define BAD     0x7000999000ull
#define PAGES   16
#define COUNT   64
#define EARLY   200 /* ns: requests, their walks and the faulting one are under way */
#define STEP    50
#define RUNNING 1   /* channel of the ordinary DMA */
#define FAULTY  2

typedef struct Outcome {
    uint64_t end, sum;   /* of the ordinary DMA: cycles */
    uint8_t memory[PAGES * 4096];
} Outcome;

typedef struct Fixture {
    DmaIommu *di;
    DmaMachine *m;
    uint64_t pa[PAGES];
} Fixture;

static DmaDesc fill_desc(uint64_t iova, unsigned count)
{
    DmaDesc desc = dma_make_fill(iova, 64, 1, true);

    dma_set_strided(&desc, count, 4096 + 64, PAGES * 4096 - 64);
    field_set(desc.w, IDMA_D_GAP, 15);
    field_set(desc.w, IDMA_D_FLIGHT, 4);
    field_set(desc.w, IDMA_D_RELAXED, 1);
    return desc;
}

/* Everything at once, and just so much time that none of it is over. */
static bool start(Fixture *f)
{
    DmaDesc good = fill_desc(IOVA, COUNT), bad = fill_desc(BAD, 1);
    DiFault fault;

    f->di = di_new_with("timing=on", NULL);
    if (!f->di) {
        return false;
    }
    f->m = di_machine(f->di);
    for (int i = 0; i < PAGES; i++) {
        f->pa[i] = gmem_alloc(&f->m->mem, 4096, 4096);
        di_map(f->di, DI_NO_PASID, IOVA + 4096 * i, f->pa[i], true);
    }
    dma_start(&f->m->dma, FAULTY, &bad);
    dma_start(&f->m->dma, RUNNING, &good);
    qtest_clock_step(f->m->qts, EARLY);
    di_invalidate_device_begin(f->di, DI_NO_PASID, 0);
    qtest_clock_step(f->m->qts, STEP);
    g_assert_cmpuint(dma_ch_state(&f->m->dma, RUNNING), ==, IDMA_CH_BUSY);
    g_assert_false(di_fault(f->di, &fault));
    g_assert_false(di_invalidate_device_done(f->di));
    return true;
}

/* Let it all come to its end: once each, and right. */
static void finish(Fixture *f, Outcome *o)
{
    DiFault fault;

    for (int i = 0; i < 100; i++) {
        qtest_clock_step(f->m->qts, 1000);
    }
    g_assert_true(di_invalidate_device_done(f->di));
    g_assert_true(di_fault(f->di, &fault));
    g_assert_cmphex(fault.addr, ==, BAD);
    g_assert_true(fault.write);
    g_assert_false(di_fault(f->di, &fault));
    g_assert_cmpuint(dma_ch_state(&f->m->dma, FAULTY), !=, IDMA_CH_BUSY);
    g_assert_cmpuint(dma_ch_state(&f->m->dma, RUNNING), !=, IDMA_CH_BUSY);
    g_assert_cmpuint(dma_ch_read(&f->m->dma, RUNNING, IDMA_CH_STAT_TXNS), ==, COUNT);
    g_assert_cmpuint(dma_ch_read(&f->m->dma, FAULTY, IDMA_CH_STAT_TXNS), ==, 1);
    o->end = dma_ch_read(&f->m->dma, RUNNING, IDMA_CH_STAT_LAST);
    o->sum = dma_ch_read(&f->m->dma, RUNNING, IDMA_CH_STAT_LAT_SUM);
    for (int i = 0; i < PAGES; i++) {
        qtest_memread(f->m->qts, f->pa[i], o->memory + 4096 * i, 4096);
    }
}

static void wait_for(QTestState *qts, const char *command, const char *value, bool equal)
{
    for (int i = 0; i < 10000; i++) {
        QDict *rsp = qtest_qmp(qts, "{'execute': %s}", command);
        QDict *info = qdict_get_qdict(rsp, "return");
        const char *status = qdict_get_try_str(info, "status");
        bool same = !g_strcmp0(status, value);

        g_assert_cmpstr(status, !=, "failed");
        qobject_unref(rsp);
        if (same == equal) {
            return;
        }
        g_usleep(2000);
    }
    g_assert_not_reached();
}

/* Save the stopped machine into a file. */
static char *save(Fixture *f)
{
    char *file = g_strdup_printf("%s/stagewalk-%d.mig", g_get_tmp_dir(), getpid());
    g_autofree char *uri = g_strdup_printf("file:%s", file);

    qtest_qmp_assert_success(f->m->qts, "{'execute': 'stop'}");
    qtest_qmp_assert_success(f->m->qts, "{'execute': 'migrate', 'arguments': {'uri': %s}}", uri);
    wait_for(f->m->qts, "query-migrate", "completed", true);
    return file;
}

static void reference(Outcome *o)
{
    Fixture f;

    if (start(&f)) {
        finish(&f, o);
        di_free(f.di);
    }
}

static void test_arrives(void)
{
    g_autofree Outcome *alone = g_new0(Outcome, 1), *moved = g_new0(Outcome, 1);
    g_autofree char *file = NULL, *args = NULL, *x86 = NULL, *line = NULL;
    Fixture f;

    if (!start(&f)) {
        return;
    }
    reference(alone);
    file = save(&f);
    qtest_quit(f.m->qts);

    x86 = g_strdup("intremap=on,model=max,timing=on");
    args = g_strdup_printf("-incoming file:%s", file);
    line = dma_machine_args(dma_is_x86() ? x86 : "timing=on", NULL, args);
    f.m->qts = qtest_init(line);
    f.m->mem.opaque = f.m->qts;
    wait_for(f.m->qts, "query-status", "inmigrate", false);
    /* qtest's clock does not migrate. */
    qtest_clock_set(f.m->qts, EARLY + STEP);
    qtest_qmp_assert_success(f.m->qts, "{'execute': 'cont'}");
    g_assert_cmpuint(dma_ch_state(&f.m->dma, RUNNING), ==, IDMA_CH_BUSY);
    finish(&f, moved);
    g_assert_cmpmem(moved->memory, sizeof(moved->memory), alone->memory, sizeof(alone->memory));
    /* Caches start empty there, so it takes a little longer, and never less. */
    g_assert_cmpuint(moved->sum, >=, alone->sum);
    unlink(file);
    di_free(f.di);
}

static void test_saving_changes_nothing(void)
{
    g_autofree Outcome *alone = g_new0(Outcome, 1), *saved = g_new0(Outcome, 1);
    g_autofree char *file = NULL;
    Fixture f;

    if (!start(&f)) {
        return;
    }
    reference(alone);
    file = save(&f);
    qtest_qmp_assert_success(f.m->qts, "{'execute': 'cont'}");
    finish(&f, saved);
    g_assert_cmpuint(saved->end, ==, alone->end);
    g_assert_cmpuint(saved->sum, ==, alone->sum);
    g_assert_cmpmem(saved->memory, sizeof(saved->memory), alone->memory, sizeof(alone->memory));
    unlink(file);
    di_free(f.di);
}

/* An image of a machine on a clock is none for one that is not. */
static void test_needs_timing(void)
{
    g_autofree char *file = NULL, *args = NULL, *line = NULL, *command = NULL, *err = NULL;
    Fixture f;
    int status;

    if (!start(&f)) {
        return;
    }
    file = save(&f);
    di_free(f.di);
    args = g_strdup_printf("-incoming file:%s", file);
    line = dma_machine_args(dma_is_x86() ? "intremap=on,model=max" : "", NULL, args);
    command = g_strdup_printf("timeout 30 %s -accel qtest -display none %s",
                              g_getenv("QTEST_QEMU_BINARY"), line);
    g_assert_true(g_spawn_command_line_sync(command, NULL, &err, &status, NULL));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    g_assert_nonnull(strstr(err, "of a device with other properties"));
    unlink(file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/iommu-timed-migrate/nothing-is-lost", test_arrives);
    qtest_add_func("/iommu-timed-migrate/saving-changes-nothing", test_saving_changes_nothing);
    qtest_add_func("/iommu-timed-migrate/needs-timing", test_needs_timing);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces: both forms give what was written, and wrong ones are told with file, line and value.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "simfix.h"

static char *temporary(void)
{
    char *path = NULL;
    int fd = g_file_open_tmp("trace-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_true(g_close(fd, NULL));
    return path;
}

static char *run_trace(const char *path, const IommuProfile *p)
{
    char *error = NULL, *text = NULL, *log;
    SimSource *s = sim_trace_open(path, &error);
    size_t length;
    SimRunOptions o = { .log = open_memstream(&text, &length) };
    SimReport r;

    g_assert_cmpstr(error, ==, NULL);
    g_assert_true(sim_run(s, p, &o, &r, &error));
    s->free(s);
    sim_report_clear(&r);
    fclose(o.log);
    log = g_strdup(text);
    free(text);
    return log;
}

/* What a generator did, written as a trace and played, is the same to the last cycle. */
static void test_round_trip(gconstpointer data)
{
    bool binary = GPOINTER_TO_INT(data);
    IommuProfile p = simfix_profile("tiny", "");
    SimGeneratorOptions o = simfix_options("smmuv3", "nested", 300, 20);
    g_autofree char *path = temporary(), *one = NULL, *two = NULL, *text = NULL;
    char *error = NULL;
    SimSource *s;
    SimRunOptions run = { 0 };
    size_t length;
    SimReport r;

    o.order = "random";
    o.pages = 30;
    o.streams = 2;
    o.writes = 50;
    o.commands = 20;
    s = sim_generator_new(&o, &error);
    run.log = open_memstream(&text, &length);
    run.copy = sim_trace_create(path, binary, &s->machine, &error);
    g_assert_true(sim_run(s, &p, &run, &r, &error));
    g_assert_true(sim_trace_close(run.copy));
    fclose(run.log);
    s->free(s);
    sim_report_clear(&r);
    two = run_trace(path, &p);
    g_assert_cmpstr(text, ==, two);
    g_unlink(path);
}

#define HEADER "stagewalk-trace 1\niommu smmuv3 max\nmemory 0x1000 0x10000\n"

static const struct {
    const char *name, *text, *words[4];
} wrong[] = {
    { "no-header", "hello\n", { "stagewalk-trace 1" } },
    { "iommu", "stagewalk-trace 1\niommu amd\n", { ":2:", "smmuv3" } },
    { "memory", "stagewalk-trace 1\niommu vtd\nmemory 0 12\n", { ":3:", "12", "4096" } },
    { "set", "stagewalk-trace 1\niommu vtd xyz\nmemory 0 0x10000\nstart\n", { "xyz", "max" } },
    { "word", HEADER "start\n5 t 1 0x2000 64 sideways\n", { ":5:", "sideways", "write" } },
    { "number", HEADER "start\n5 t 1 0xzz 64\n", { ":5:", "0xzz", "number" } },
    { "crossing", HEADER "start\n5 t 1 0x2fff 64\n", { ":5:", "4096" } },
    { "back", HEADER "start\n5 r 0 4\n4 r 0 4\n", { ":6:", "4", "back" } },
    { "item", HEADER "q 1\n", { ":4:", "q" } },
    { "size", HEADER "w 0x20 3 1\n", { ":4:", "3", "4 or 8" } },
    { "alignment", HEADER "m 0x1004 1\n", { ":4:", "0x1004", "multiple of 8" } },
    { "outside", HEADER "m 0x900000 1\n", { "0x900000" } },
    { "early", HEADER "t 1 0 4\n", { "start" } },
};

static void test_wrong(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);
    g_autofree char *path = temporary();
    const IommuProfile *p = iommu_profile_find("tiny");
    char *error = NULL;
    SimRunOptions o = { 0 };
    SimReport r = { 0 };
    SimSource *s;

    g_assert_true(g_file_set_contents(path, wrong[i].text, -1, NULL));
    s = sim_trace_open(path, &error);
    g_assert_true(!s || !sim_run(s, p, &o, &r, &error));
    g_assert_nonnull(error);
    g_assert_null(strchr(error, '\n'));
    for (unsigned w = 0; w < G_N_ELEMENTS(wrong[i].words) && wrong[i].words[w]; w++) {
        g_assert_nonnull(strstr(error, wrong[i].words[w]));
    }
    if (s) {
        s->free(s);
    }
    sim_report_clear(&r);
    g_free(error);
    g_unlink(path);
}

/* Whatever bytes follow the magic, a binary trace is played or refused. */
static void test_binary_garbage(void)
{
    GRand *rand = g_rand_new_with_seed(5);
    g_autofree char *path = temporary();
    const IommuProfile *p = iommu_profile_find("tiny");

    for (unsigned n = 0; n < 300; n++) {
        /* A good header with little memory, then anything. */
        GByteArray *b = g_byte_array_new();
        char *error = NULL;
        SimRunOptions o = { 0 };
        SimReport r = { 0 };
        SimSource *s;

        g_byte_array_append(b, (const guint8 *)"SWT1\x00\x00\x80\x80\x04\x03max", 13);
        g_byte_array_append(b, (const guint8 *)"\x05\x00", 2);
        for (unsigned i = 0; i < 60; i++) {
            guint8 byte = g_rand_int_range(rand, 0, i % 3 ? 256 : 6);

            g_byte_array_append(b, &byte, 1);
        }
        g_assert_true(g_file_set_contents(path, (char *)b->data, b->len, NULL));
        s = sim_trace_open(path, &error);
        if (s) {
            sim_run(s, p, &o, &r, &error);
            s->free(s);
            sim_report_clear(&r);
        }
        g_free(error);
        g_byte_array_unref(b);
    }
    g_unlink(path);
    g_rand_free(rand);
}

static void sweep_values(const char *text, const char *name, unsigned count, uint64_t last)
{
    char *error = NULL;
    SimSweep *s = sim_sweep_parse(text, &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpstr(s->name, ==, name);
    g_assert_cmpuint(s->values->len, ==, count);
    g_assert_cmpuint(g_array_index(s->values, uint64_t, count - 1), ==, last);
    sim_sweep_free(s);
}

static void test_sweep(void)
{
    static const char *const bad[] = { "tlb", "a=", "a=1..", "a=1..4:x1", "a=0..4:x2", "a=1,,2" };

    sweep_values("tlb.entries=64..4096:x2", "tlb.entries", 7, 4096);
    sweep_values("walker.slots=1..10:+3", "walker.slots", 4, 10);
    sweep_values("pages=1,5,9", "pages", 3, 9);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *error = NULL;

        g_assert_null(sim_sweep_parse(bad[i], &error));
        g_assert_nonnull(strstr(error, bad[i]));
        g_free(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/sim/trace/text", GINT_TO_POINTER(0), test_round_trip);
    g_test_add_data_func("/sim/trace/binary", GINT_TO_POINTER(1), test_round_trip);
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *name = g_strconcat("/sim/trace/wrong/", wrong[i].name, NULL);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_wrong);
    }
    g_test_add_func("/sim/trace/binary-garbage", test_binary_garbage);
    g_test_add_func("/sim/sweep", test_sweep);
    return g_test_run();
}

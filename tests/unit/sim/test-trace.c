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
    g_autofree char *path = temporary(), *two = NULL, *text = NULL;
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
    { "outside", HEADER "m 0x900000 1\n", { ":4:", "0x900000" } },
    { "early", HEADER "t 1 0 4\n", { ":4:", "start" } },
    { "no-start", HEADER "m 0x1000 1\n", { "start" } },
    { "value", HEADER "w 0x20 4 0x1ffffffff\n", { ":4:", "0x1ffffffff", "4 bytes" } },
    { "register", HEADER "r 0x1000000 4\n", { ":4:", "0x1000000", "no register" } },
    { "both", HEADER "start\n1 t 1 0 4 ats translated\n", { ":5:", "ats", "translated" } },
    { "pasid", HEADER "start\n1 t 1 0 4 pasid 0x100000\n", { ":5:", "0xfffff" } },
    { "page-pasid", HEADER "start\n1 p 1 0 4 pasid 0x100000\n", { ":5:", "0xfffff" } },
    { "group", HEADER "start\n1 p 1 0 600\n", { ":5:", "600", "511" } },
    { "stream", HEADER "start\n1 t 0x100000000 0 4\n", { ":5:", "0x100000000", "32" } },
    { "page-word", HEADER "start\n1 p 1 0 5 ats\n", { ":5:", "page request", "ats" } },
    { "request-word", HEADER "start\n1 t 1 0 5 last\n", { ":5:", "page request", "'last'" } },
    { "cycle", HEADER "start\n4611686018427387905 t 1 0 4\n",
      { ":5:", "'4611686018427387905'", "2^62" } },
    { "cycle-64", HEADER "start\n18446744073709551615 t 1 0 4\n", { ":5:", "2^62" } },
    { "negative", HEADER "start\n-1 t 1 0 4\n", { ":5:", "'-1'", "number" } },
    { "octal", HEADER "start\n5 t 1 0x 4\n", { ":5:", "'0x'", "number" } },
    { "start-words", HEADER "start now\n", { ":4:", "'now'", "nothing more" } },
    { "iommu-words", "stagewalk-trace 1\niommu vtd max 3\n", { ":2:", "'3'", "nothing more" } },
    { "memory-words", "stagewalk-trace 1\niommu vtd\nmemory 0 0x10000 3\nstart\n",
      { ":3:", "'3'", "nothing more" } },
    { "read-words", HEADER "start\n1 r 0x20 4 9\n", { ":5:", "'9'", "nothing more" } },
    { "write-words", HEADER "w 0x20 4 1 9\n", { ":4:", "'9'", "nothing more" } },
    { "offset", HEADER "start\n1 r 0x3 8\n", { ":5:", "'0x3'", "multiple" } },
    { "offset-4", HEADER "w 0x22 4 1\n", { ":4:", "'0x22'", "multiple" } },
    { "nothing-written", HEADER "start\n1 t 1 0 0 write\n", { ":5:", "'0'", "0 bytes" } },
    { "nothing-asked", HEADER "start\n1 t 1 0 0 ats\n", { ":5:", "'0'", "0 bytes" } },
    { "quotes-value", HEADER "w 0x20 4 0x1ffffffff\n", { "'0x1ffffffff'" } },
    { "quotes-size", HEADER "w 0x20 3 1\n", { "'3'" } },
    { "quotes-huge-size", HEADER "start\n1 t 1 0 0x100000040\n", { "'0x100000040'", "4096" } },
    { "quotes-flag", HEADER "start\n1 t 1 0 4 ats translated priv\n", { "'translated'" } },
    { "quotes-pasid", HEADER "start\n1 t 1 0 4 pasid 0x100000 priv\n", { "'0x100000'" } },
    { "quotes-group", HEADER "start\n1 p 1 0x600 600\n", { "'600'" } },
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

/* A binary trace with little memory: the header, "start", then @items. */
static char *binary_trace(const char *items, size_t length, char **error)
{
    g_autoptr(GByteArray) b = g_byte_array_new();
    const IommuProfile *p = iommu_profile_find("tiny");
    g_autofree char *path = temporary();
    SimRunOptions o = { 0 };
    SimReport r = { 0 };
    char *where = NULL;
    SimSource *s;

    g_byte_array_append(b, (const guint8 *)"SWT1\x00\x00\x80\x80\x04\x03max\x05\x00", 15);
    g_byte_array_append(b, (const guint8 *)items, length);
    g_assert_true(g_file_set_contents(path, (char *)b->data, b->len, NULL));
    s = sim_trace_open(path, error);
    g_assert_nonnull(s);
    if (!sim_run(s, p, &o, &r, error)) {
        where = g_strdup(*error);
    }
    s->free(s);
    sim_report_clear(&r);
    g_unlink(path);
    return where;
}

#define MOST "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
#define STREAM_33 "\x88\x80\x80\x80\x10" /* 2^32 + 8 */
#define HALF "\x80\x80\x80\x80\x80\x80\x80\x80\x20" /* 2^61 */

/* What the text cannot say the other form cannot either. */
static const struct {
    const char *name, *items;
    size_t length;
    const char *words[2]; /* none: it is allowed */
} binary[] = {
#define ITEMS(text) (text), sizeof(text) - 1
    { "good", ITEMS("\x03\x01\x08\x00\x40\x00"), { NULL } },
    { "last-cycle", ITEMS("\x03" HALF "\x08\x00\x40\x00\x03" HALF "\x08\x00\x40\x00"),
      { NULL } },
    { "cycle", ITEMS("\x03" MOST "\x08\x00\x40\x00"), { "item 2:", "2^62" } },
    { "cycle-sum",
      ITEMS("\x03" HALF "\x08\x00\x40\x00\x03" HALF "\x08\x00\x40\x00\x03\x01\x08\x00\x40\x00"),
      { "item 4:", "2^62" } },
    { "cycle-wraps", ITEMS("\x03\x01\x08\x00\x40\x00\x03" MOST "\x08\x00\x40\x00"),
      { "item 3:", "2^62" } },
    { "stream", ITEMS("\x03\x01" STREAM_33 "\x00\x40\x00"), { "item 2:", "32 bits" } },
    { "page-stream", ITEMS("\x04\x01" STREAM_33 "\x00\x03\x00"), { "item 2:", "32 bits" } },
    { "flags", ITEMS("\x03\x01\x08\x00\x40\x80\x20"), { "item 2:", "no such flags" } },
    { "page-flags", ITEMS("\x04\x01\x08\x00\x03\x80\x20"), { "item 2:", "no such flags" } },
    { "flags-of-pages", ITEMS("\x03\x01\x08\x00\x40\x80\x04"), { "item 2:", "page requests" } },
    { "memory", ITEMS("\x00\x01\x04\x07"), { "item 2:", "multiple of 8" } },
    { "register", ITEMS("\x02\x01\x03\x08"), { "item 2:", "multiple of its size" } },
    { "size", ITEMS("\x02\x01\x00\x84\x02"), { "item 2:", "4 or 8 bytes" } },
    { "nothing", ITEMS("\x03\x01\x08\x00\x00\x01"), { "item 2:", "0 bytes" } },
    { "number", ITEMS("\x00\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03"),
      { "item 2:", "malformed" } },
    { "start", ITEMS("\x05\x01"), { "item 2:", "start" } },
#undef ITEMS
};

static void test_binary(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);
    char *error = NULL;
    g_autofree char *said = binary_trace(binary[i].items, binary[i].length, &error);

    g_assert_true(!said == !binary[i].words[0]);
    for (unsigned w = 0; said && w < G_N_ELEMENTS(binary[i].words); w++) {
        g_assert_nonnull(strstr(said, binary[i].words[w]));
    }
    g_free(error);
}

/* An item that is refused has not been run, and is not written as if it had. */
static void test_copy_of_refused(void)
{
    g_autofree char *from = temporary(), *to = temporary(), *copy = NULL;
    const IommuProfile *p = iommu_profile_find("tiny");
    char *error = NULL;
    SimRunOptions o = { 0 };
    SimReport r = { 0 };
    SimSource *s;

    g_assert_true(g_file_set_contents(from, HEADER "m 0x1000 7\nm 0x900000 1\nstart\n", -1, NULL));
    s = sim_trace_open(from, &error);
    o.copy = sim_trace_create(to, false, &s->machine, &error);
    g_assert_false(sim_run(s, p, &o, &r, &error));
    g_assert_true(sim_trace_close(o.copy));
    g_assert_true(g_file_get_contents(to, &copy, NULL, NULL));
    g_assert_true(g_str_has_suffix(copy, "\nm 0x1000 0x7\n"));
    s->free(s);
    sim_report_clear(&r);
    g_free(error);
    g_unlink(from);
    g_unlink(to);
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

static void sweep_values(const char *text, const char *name, unsigned count, const char *last)
{
    char *error = NULL;
    SimSweep *s = sim_sweep_parse(text, &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpstr(s->name, ==, name);
    g_assert_cmpuint(s->values->len, ==, count);
    g_assert_cmpstr(g_ptr_array_index(s->values, count - 1), ==, last);
    sim_sweep_free(s);
}

static void test_sweep(void)
{
    static const char *const bad[] = { "tlb", "a=", "a=1..", "a=1..4:x1", "a=0..4:x2", "a=1,,2" };

    sweep_values("tlb.entries=64..4096:x2", "tlb.entries", 7, "4096");
    sweep_values("walker.slots=1..10:+3", "walker.slots", 4, "10");
    sweep_values("pages=1,5,9", "pages", 3, "9");
    sweep_values("tlb.replacement=lru,rr", "tlb.replacement", 2, "rr");
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *error = NULL;

        g_assert_null(sim_sweep_parse(bad[i], &error));
        g_assert_nonnull(strstr(error, bad[i]));
        g_free(error);
    }
}

/* ---- converters */

static char *file_with(const char *text)
{
    char *path = temporary();

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

/* The items after "start" of what @text converts to; or the message. */
static char *converted(const char *kind, const char *text, char **error)
{
    SimGeneratorOptions o = simfix_options("smmuv3", "s1", 0, 1);
    g_autofree char *from = file_with(text), *to = temporary(), *all = NULL;
    SimSource *setup;
    SimTraceWriter *out;
    char *start;
    bool ok;

    o.pages = 16;
    setup = sim_generator_new(&o, error);
    out = sim_trace_create(to, false, &setup->machine, error);
    ok = sim_convert(kind, from, setup, 2, out, error);
    setup->free(setup);
    g_assert_true(sim_trace_close(out));
    g_assert_true(g_file_get_contents(to, &all, NULL, NULL));
    g_unlink(from);
    g_unlink(to);
    if (!ok) {
        g_assert_nonnull(*error);
        return NULL;
    }
    start = strstr(all, "\nstart\n");
    g_assert_nonnull(start);
    return g_strdup(start + strlen("\nstart\n"));
}

static void assert_converts(const char *kind, const char *text, const char *expected)
{
    char *error = NULL;
    g_autofree char *items = converted(kind, text, &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpstr(items, ==, expected);
}

static void test_script_sequential(void)
{
    assert_converts("script",
                    "# two elements\n5 0x8 write addr=0x10000000 length=64 count=2 gap=10\n",
                    "5 t 0x8 0x10000000 64 write\n15 t 0x8 0x10000040 64 write\n");
}

/* An element is cut at 4 KB and by CHUNK; copies alternate. */
static void test_script_cuts(void)
{
    assert_converts("script", "0 8 read addr=0x10000ff0 length=48\n",
                    "0 t 0x8 0x10000ff0 16\n1 t 0x8 0x10001000 32\n");
    assert_converts("script", "0 8 read addr=0x10000000 length=48 chunk=5\n",
                    "0 t 0x8 0x10000000 32\n1 t 0x8 0x10000020 16\n");
    assert_converts("script", "0 8 copy addr=0x10000000 addr2=0x10001ff8 length=16\n",
                    "0 t 0x8 0x10000000 8\n1 t 0x8 0x10001ff8 8 write\n"
                    "2 t 0x8 0x10000008 8\n3 t 0x8 0x10002000 8 write\n");
}

static void test_script_words(void)
{
    assert_converts("script", "0 8 cas addr=0x10000008 length=8 pasid=3 priv no_snoop\n",
                    "0 t 0x8 0x10000008 8 pasid 3 atomic priv nosnoop\n");
    assert_converts("script", "0 8 ats_request addr=0x10001000 no_write\n",
                    "0 t 0x8 0x10001000 8 nw ats\n");
    assert_converts("script", "0 8 page_request addr=0x10001000 count=2 length=4096 prgi=7 last "
                              "pr_read\n",
                    "0 p 0x8 0x10001000 7 read\n1 p 0x8 0x10002000 7 last read\n");
}

/* Several channels: by cycle, and within one in the order of the script. */
static void test_script_order(void)
{
    assert_converts("script", "0 8 read addr=0x10000000 length=8 count=2 gap=5\n"
                              "5 9 zero_read addr=0x10003000\n0 9 read addr=0x10002000 length=8\n",
                    "0 t 0x8 0x10000000 8\n0 t 0x9 0x10002000 8\n5 t 0x8 0x10000008 8\n"
                    "5 t 0x9 0x10003000 0\n");
}

/* The offsets that docs/specs/iommu-dma.rst prescribes: quadword i of the mixed pattern of SEED. */
static void test_script_random(void)
{
    char *error = NULL;
    g_autofree char *items = converted("script",
                                       "0 8 read addr=0x10000000 length=64 count=200 random "
                                       "window=65536 seed=1\n",
                                       &error);
    g_auto(GStrv) lines = g_strsplit(items, "\n", -1);
    uint64_t seed = 1;

    for (unsigned i = 0; i < 200; i++) {
        uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15ull;
        g_autofree char *expected = NULL;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ z >> 27) * 0x94d049bb133111ebull;
        z ^= z >> 31;
        expected = g_strdup_printf("%u t 0x8 0x%" PRIx64 " 64", i, 0x10000000 + z % 1024 * 64);
        g_assert_cmpstr(lines[i], ==, expected);
    }
    g_assert_cmpuint(g_strv_length(lines), ==, 201);
}

static const struct {
    const char *name, *kind, *text, *words[3];
} bad_input[] = {
    { "operation", "script", "0 8 erase addr=1\n", { ":1:", "erase", "fetch_add" } },
    { "key", "script", "\n0 8 read addres=1\n", { ":2:", "addres=1", "stride" } },
    { "range", "script", "0 8 read count=0\n", { "count=0", "1 to 4294967295" } },
    { "number", "script", "0 8 read addr=x\n", { ":1:", "'x'", "number" } },
    { "aligned", "script", "0 8 cas addr=0x1004 length=8\n", { ":1:", "cas", "multiple" } },
    { "address", "script", "0 8 read length=8\n", { ":1:", "read", "addr=" } },
    { "short", "script", "0 8\n", { ":1:", "OPERATION" } },
    { "window", "script", "0 8 read random\n", { "random", "window" } },
    { "empty", "script", "# nothing\n", { "no descriptor" } },
    { "no-inputs", "log", "0 request 1 status 0 pa 0x0 fault 0x0\n", { "--log-inputs" } },
    { "log-item", "log", "0 input t 0x8 0x10 9999\n", { ":1:", "4096" } },
    { "kind", "cups", "0", { "cups", "log", "script" } },
    { "many", "script", "0 8 read addr=0 length=0xffffffff chunk=0\n", { ":1:", "4000000 items" } },
    { "many-elements", "script", "0 8 read addr=0 length=1 count=4000001\n", { "4000000 items" } },
    { "many-pages", "script", "0 8 page_request addr=0 count=4000001\n", { "4000000 items" } },
    { "strided", "script", "0 8 cas addr=0 length=8 count=2 strided stride=4\n",
      { ":1:", "cas", "multiple" } },
    { "copy", "script", "0 8 copy addr=0 length=8\n", { ":1:", "copy", "addr2=" } },
    { "cycle", "script", "18446744073709551615 8 read addr=0 count=2\n", { ":1:", "2^62" } },
    { "gap", "script", "0x3fffffffffffffff 8 read addr=0 count=3 gap=1\n", { ":1:", "2^62" } },
    { "negative", "script", "-1 8 read addr=0\n", { ":1:", "'-1'", "number" } },
    { "stream", "script", "0 0x100000008 read addr=0\n", { ":1:", "0x100000008", "32 bits" } },
    { "no-such-stream", "script", "0 0xa read addr=0\n", { "0xa", "0x8 to 0x9", "--streams" } },
    { "no-such-page-stream", "script", "0 7 page_request addr=0\n", { "0x7", "0x8 to 0x9" } },
    { "log-stream", "log", "0 input t 0xa 0x10 9\n", { "0xa", "0x8 to 0x9", "--setup" } },
    { "log-cycle", "log", "18446744073709551615 input t 0x8 0x10 9\n", { ":1:", "2^62" } },
    { "log-start", "log", "0 input start\n", { ":1:", "start" } },
};

static void test_bad_input(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);
    char *error = NULL;

    g_assert_null(converted(bad_input[i].kind, bad_input[i].text, &error));
    for (unsigned w = 0; w < 3 && bad_input[i].words[w]; w++) {
        g_assert_nonnull(strstr(error, bad_input[i].words[w]));
    }
    g_assert_null(strchr(error, '\n'));
    g_free(error);
}

/* A log with inputs, made a trace of and played: the same log again. */
static void test_log_round_trip(void)
{
    IommuProfile p = simfix_profile("tiny", "");
    SimGeneratorOptions o = simfix_options("smmuv3", "s1", 300, 20), none = o;
    g_autofree char *one = NULL, *two = NULL, *from = NULL, *to = temporary();
    SimRunOptions run = { .inputs = true };
    SimSource *s, *setup;
    SimTraceWriter *out;
    char *error = NULL;
    size_t length;
    SimReport r;

    o.order = none.order = "random";
    o.pages = none.pages = 30;
    o.commands = 20;
    s = sim_generator_new(&o, &error);
    run.log = open_memstream(&one, &length);
    g_assert_true(sim_run(s, &p, &run, &r, &error));
    fclose(run.log);
    s->free(s);
    sim_report_clear(&r);
    from = file_with(one);
    none.count = 0;
    setup = sim_generator_new(&none, &error);
    out = sim_trace_create(to, true, &setup->machine, &error);
    g_assert_true(sim_convert("log", from, setup, 0, out, &error));
    g_assert_true(sim_trace_close(out));
    setup->free(setup);
    s = sim_trace_open(to, &error);
    run.log = open_memstream(&two, &length);
    g_assert_true(sim_run(s, &p, &run, &r, &error));
    fclose(run.log);
    s->free(s);
    sim_report_clear(&r);
    g_assert_cmpstr(one, ==, two);
    g_unlink(from);
    g_unlink(to);
}

/*
 * A page request that finds no queue is answered; with devices the log has it, without it has not.
 */
static void test_devices(void)
{
    g_autofree char *path = file_with(HEADER "start\n7 p 0x8 0x5000 3 read last\n");
    IommuProfile p = simfix_profile("tiny", "");

    for (unsigned devices = 0; devices < 2; devices++) {
        g_autofree char *text = NULL;
        SimRunOptions o = { .devices = devices };
        char *error = NULL;
        SimSource *s = sim_trace_open(path, &error);
        size_t length;
        SimReport r;

        o.log = open_memstream(&text, &length);
        g_assert_true(sim_run(s, &p, &o, &r, &error));
        fclose(o.log);
        s->free(s);
        sim_report_clear(&r);
        g_assert_cmpint(strstr(text, " response 0x8 3 15\n") != NULL, ==, devices);
    }
    g_unlink(path);
}

static void test_plot(void)
{
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(SimPoint));
    g_autofree char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    GMarkupParser nothing = { 0 };
    GMarkupParseContext *xml = g_markup_parse_context_new(&nothing, 0, NULL, NULL);

    for (unsigned i = 0; i < 3; i++) {
        static const char *const values[] = { "64", "<&>", "256" };
        SimPoint p = {
            .value = values[i], .mean = 40 - i, .median = 30, .p99 = 90, .hit_rate = 0.5
        };

        g_array_append_val(points, p);
    }
    sim_plot_sweep(f, "tlb.entries <&", "iommu-sim -g <>", points);
    fclose(f);
    g_assert_true(g_markup_parse_context_parse(xml, text, length, NULL));
    g_assert_true(g_markup_parse_context_end_parse(xml, NULL));
    g_markup_parse_context_free(xml);
    g_assert_nonnull(strstr(text, "tlb.entries"));
    g_assert_nonnull(strstr(text, "<title>256: 38</title>"));
    g_assert_nonnull(strstr(text, "<title>&lt;&amp;&gt;: 39</title>"));
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
    for (unsigned i = 0; i < G_N_ELEMENTS(binary); i++) {
        g_autofree char *name = g_strconcat("/sim/trace/items/", binary[i].name, NULL);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_binary);
    }
    g_test_add_func("/sim/trace/binary-garbage", test_binary_garbage);
    g_test_add_func("/sim/trace/copy-of-refused", test_copy_of_refused);
    g_test_add_func("/sim/sweep", test_sweep);
    g_test_add_func("/sim/convert/script-sequential", test_script_sequential);
    g_test_add_func("/sim/convert/script-cuts", test_script_cuts);
    g_test_add_func("/sim/convert/script-words", test_script_words);
    g_test_add_func("/sim/convert/script-order", test_script_order);
    g_test_add_func("/sim/convert/script-random", test_script_random);
    g_test_add_func("/sim/convert/log-round-trip", test_log_round_trip);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_input); i++) {
        g_autofree char *name = g_strconcat("/sim/convert/wrong/", bad_input[i].name, NULL);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_bad_input);
    }
    g_test_add_func("/sim/plot", test_plot);
    g_test_add_func("/sim/devices", test_devices);
    return g_test_run();
}

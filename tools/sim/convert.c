/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converters: an event log with inputs, or a script of iommu-dma descriptors, becomes a trace
 * (docs/specs/trace.rst, "Converters"). The set-up comes from another source, up to its "start".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* ---- scripts of iommu-dma descriptors: docs/specs/iommu-dma.rst, "Descriptors" */

typedef struct Operation {
    const char *name;
    bool read, write, atomic;
    bool cut;      /* elements are cut into transactions */
    bool ats, page;
} Operation;

static const Operation operations[] = {
    { "read", .read = true, .cut = true },
    { "write", .write = true, .cut = true },
    { "copy", .read = true, .write = true, .cut = true },
    { "fill", .write = true, .cut = true },
    { "verify", .read = true, .cut = true },
    { "fetch_add", .write = true, .atomic = true },
    { "swap", .write = true, .atomic = true },
    { "cas", .write = true, .atomic = true },
    { "zero_read", .read = true },
    { "ats_request", .ats = true },
    { "page_request", .page = true },
};

/* Fields of a descriptor that have a number, and the least and most of it. */
typedef enum Field {
    F_ADDR, F_ADDR2, F_LENGTH, F_COUNT, F_STRIDE, F_WINDOW, F_SEED, F_CHUNK, F_GAP, F_PASID, F_PRGI,
    FIELDS
} Field;

static const struct {
    const char *name;
    uint64_t least, most, standard;
} fields[FIELDS] = {
    [F_ADDR] = { "addr", 0, UINT64_MAX, 0 },
    [F_ADDR2] = { "addr2", 0, UINT64_MAX, 0 },
    [F_LENGTH] = { "length", 1, UINT32_MAX, 64 },
    [F_COUNT] = { "count", 1, UINT32_MAX, 1 },
    [F_STRIDE] = { "stride", 0, UINT64_MAX, 0 },
    [F_WINDOW] = { "window", 0, UINT64_MAX, 0 },
    [F_SEED] = { "seed", 0, UINT64_MAX, 0 },
    [F_CHUNK] = { "chunk", 0, 12, 12 },
    [F_GAP] = { "gap", 0, UINT32_MAX, 0 },
    [F_PASID] = { "pasid", 0, 0xfffff, 0 },
    [F_PRGI] = { "prgi", 0, 511, 0 },
};

typedef enum Switch { S_PRIV, S_EXEC, S_NO_SNOOP, S_NO_WRITE, S_LAST, S_PR_READ, S_PR_WRITE,
                      S_TRANSLATED, S_STRIDED, S_RANDOM, SWITCHES } Switch;

static const char *const switches[SWITCHES] = {
    "priv", "exec", "no_snoop", "no_write", "last", "pr_read", "pr_write", "translated", "strided",
    "random",
};

typedef struct Descriptor {
    const Operation *op;
    uint64_t cycle, stream;
    uint64_t field[FIELDS];
    bool has_pasid, has_addr;
    bool on[SWITCHES];
} Descriptor;

typedef struct Converter {
    const char *path;
    unsigned long line;
    GArray *items;
} Converter;

#define MOST_ITEMS 50000000u

static bool fail(const Converter *c, char **error, const char *what, const char *value)
{
    *error = g_strdup_printf("%s:%lu: '%s': %s", c->path, c->line, value, what);
    return false;
}

static bool number(const Converter *c, const char *word, uint64_t *v, char **error)
{
    char *end;

    errno = 0;
    *v = strtoull(word, &end, 0);
    if (errno || end == word || *end || *word == '-') {
        return fail(c, error, "a number is expected, such as 4096 or 0x1000", word);
    }
    return true;
}

static bool parse_word(const Converter *c, Descriptor *d, const char *word, char **error)
{
    const char *equals = strchr(word, '=');

    for (unsigned i = 0; !equals && i < SWITCHES; i++) {
        if (!strcmp(word, switches[i])) {
            d->on[i] = true;
            return true;
        }
    }
    for (unsigned i = 0; equals && i < FIELDS; i++) {
        if (strncmp(word, fields[i].name, equals - word) || fields[i].name[equals - word]) {
            continue;
        }
        if (!number(c, equals + 1, &d->field[i], error)) {
            return false;
        }
        if (d->field[i] < fields[i].least || d->field[i] > fields[i].most) {
            g_autofree char *range = g_strdup_printf("%" PRIu64 " to %" PRIu64 " is allowed",
                                                     fields[i].least, fields[i].most);

            return fail(c, error, range, word);
        }
        d->has_pasid |= i == F_PASID;
        d->has_addr |= i == F_ADDR;
        return true;
    }
    return fail(c, error, "unknown: addr, addr2, length, count, stride, window, seed, chunk, gap, "
                "pasid and prgi have a value; priv, exec, no_snoop, no_write, last, pr_read, "
                "pr_write, translated, strided and random have none", word);
}

static bool parse_descriptor(const Converter *c, Descriptor *d, char **w, char **error)
{
    *d = (Descriptor) { 0 };
    for (unsigned i = 0; i < FIELDS; i++) {
        d->field[i] = fields[i].standard;
    }
    if (g_strv_length(w) < 3) {
        return fail(c, error, "CYCLE STREAM OPERATION is needed", w[0]);
    }
    if (!number(c, w[0], &d->cycle, error) || !number(c, w[1], &d->stream, error)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(operations) && !d->op; i++) {
        d->op = strcmp(w[2], operations[i].name) ? NULL : &operations[i];
    }
    if (!d->op) {
        return fail(c, error, "read, write, copy, fill, verify, fetch_add, swap, cas, zero_read, "
                    "ats_request or page_request is allowed", w[2]);
    }
    for (w += 3; *w; w++) {
        if (!parse_word(c, d, *w, error)) {
            return false;
        }
    }
    if (d->op->atomic && d->field[F_LENGTH] != 4 && d->field[F_LENGTH] != 8) {
        return fail(c, error, "length=4 or length=8 is needed", d->op->name);
    }
    if (d->op->atomic && d->field[F_ADDR] % d->field[F_LENGTH]) {
        return fail(c, error, "addr must be a multiple of length", d->op->name);
    }
    if (d->on[S_RANDOM] && d->field[F_WINDOW] < (d->field[F_STRIDE] ? d->field[F_STRIDE]
                                                                    : d->field[F_LENGTH])) {
        return fail(c, error, "a window of at least one stride, or length, is needed", "random");
    }
    if (!d->has_addr) {
        return fail(c, error, "addr= is needed", d->op->name);
    }
    return true;
}

static uint64_t mixed(uint64_t data, uint64_t q)
{
    uint64_t z = data + (q + 1) * 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static uint64_t offset_of(const Descriptor *d, uint64_t i)
{
    uint64_t window = d->field[F_WINDOW], offset;

    if (d->on[S_RANDOM]) {
        uint64_t g = d->field[F_STRIDE] ? d->field[F_STRIDE] : d->field[F_LENGTH];

        return mixed(d->field[F_SEED], i) % (window / g) * g;
    }
    offset = i * (d->on[S_STRIDED] ? d->field[F_STRIDE] : d->field[F_LENGTH]);
    return window ? offset % window : offset;
}

static void add_page_request(Converter *c, const Descriptor *d, uint64_t cycle, uint64_t addr,
                             bool last)
{
    SimItem item = {
        .kind = SIM_PAGE, .cycle = cycle,
        .page = {
            .addr = addr & ~4095ull, .stream = d->stream, .pasid = d->field[F_PASID],
            .prgi = d->field[F_PRGI], .has_pasid = d->has_pasid, .last = last && d->on[S_LAST],
            .r = d->on[S_PR_READ], .w = d->on[S_PR_WRITE], .x = d->on[S_EXEC],
            .priv = d->on[S_PRIV],
        },
    };

    g_array_append_val(c->items, item);
}

static void add_request(Converter *c, const Descriptor *d, uint64_t cycle, uint64_t addr,
                        uint32_t bytes, bool write)
{
    SimItem item = {
        .kind = SIM_REQUEST, .cycle = cycle,
        .txn = {
            .addr = addr, .stream = d->stream, .pasid = d->field[F_PASID], .size = bytes,
            .attr = { .type = 0xff }, .has_pasid = d->has_pasid, .write = write,
            .atomic = d->op->atomic, .exec = d->on[S_EXEC], .priv = d->on[S_PRIV],
            .no_snoop = d->on[S_NO_SNOOP], .no_write = d->op->ats && d->on[S_NO_WRITE],
            .kind = d->op->ats ? IOMMU_TXN_ATS_REQUEST
                    : d->on[S_TRANSLATED] ? IOMMU_TXN_TRANSLATED : IOMMU_TXN_UNTRANSLATED,
        },
    };

    g_array_append_val(c->items, item);
}

/* Bytes of the next transaction, @done of an element into it: no more than a chunk, within 4 KB. */
static uint32_t cut(const Descriptor *d, uint64_t addr, uint64_t addr2, uint64_t done)
{
    uint64_t left = d->field[F_LENGTH] - done;
    uint64_t bytes = MIN(left, 1ull << d->field[F_CHUNK]);

    bytes = MIN(bytes, 4096 - (addr & 4095));
    return d->op->read && d->op->write ? MIN(bytes, 4096 - (addr2 & 4095)) : bytes;
}

/*
 * Requests arrive as far apart as GAP says, and one a cycle at most: how long each takes is not
 * known.
 */
static bool expand(Converter *c, const Descriptor *d, char **error)
{
    uint64_t cycle = d->cycle, step = MAX(d->field[F_GAP], 1);

    for (uint64_t i = 0; i < d->field[F_COUNT]; i++) {
        uint64_t addr = d->field[F_ADDR] + offset_of(d, i);
        uint64_t addr2 = d->field[F_ADDR2] + offset_of(d, i);
        uint64_t done = 0;

        if (c->items->len > MOST_ITEMS) {
            return fail(c, error, "the script makes more than 50 million requests", d->op->name);
        }
        if (d->op->page) {
            add_page_request(c, d, cycle, addr, i == d->field[F_COUNT] - 1);
            cycle += step;
            continue;
        }
        if (!d->op->cut) {
            add_request(c, d, cycle, addr, d->op->atomic ? d->field[F_LENGTH] : d->op->ats ? 8 : 0,
                        d->op->write);
            cycle += step;
            continue;
        }
        while (done < d->field[F_LENGTH]) {
            uint32_t bytes = cut(d, addr + done, addr2 + done, done);

            if (d->op->read) {
                add_request(c, d, cycle, addr + done, bytes, false);
                cycle += step;
            }
            if (d->op->write) {
                add_request(c, d, cycle, (d->op->read ? addr2 : addr) + done, bytes, true);
                cycle += step;
            }
            done += bytes;
        }
    }
    return true;
}

/* ---- event logs */

static bool log_line(Converter *c, char **w, char **error)
{
    g_autofree char *text = NULL;
    SimItem item;

    if (!w[1] || strcmp(w[1], "input") || !w[2]) {
        return true; /* what the IOMMU did: that will be seen again */
    }
    text = g_strjoinv(" ", w + 2);
    if (!sim_trace_parse(c->path, c->line, text, &item, error) ||
        !number(c, w[0], &item.cycle, error)) {
        return false;
    }
    g_array_append_val(c->items, item);
    return true;
}

/* ---- either */

static gint by_cycle(gconstpointer a, gconstpointer b)
{
    const SimItem *x = a, *y = b;

    return x->cycle < y->cycle ? -1 : x->cycle > y->cycle;
}

/* Runs of blanks leave empty words, which go. */
static char **split_words(const char *line)
{
    char **words = g_strsplit_set(line, " \t\r", -1), **out = words;

    for (char **w = words; *w; w++) {
        if (**w) {
            *out++ = *w;
        } else {
            g_free(*w);
        }
    }
    *out = NULL;
    return words;
}

static bool read_file(Converter *c, bool script, char **error)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) err = NULL;

    if (!g_file_get_contents(c->path, &text, NULL, &err)) {
        *error = g_strdup(err->message);
        return false;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = NULL;
        char *comment = strchr(*line, '#');
        Descriptor d;

        c->line++;
        if (comment) {
            *comment = 0;
        }
        words = split_words(*line);
        if (!words[0]) {
            continue;
        }
        if (script ? !parse_descriptor(c, &d, words, error) || !expand(c, &d, error)
                   : !log_line(c, words, error)) {
            return false;
        }
    }
    if (!c->items->len) {
        *error = g_strdup_printf("%s: %s", c->path, script
                                 ? "no descriptor in it"
                                 : "no inputs in it: it must be made with --log-inputs");
        return false;
    }
    g_array_sort(c->items, by_cycle); /* stable for equal cycles */
    return true;
}

bool sim_convert(const char *kind, const char *path, SimSource *setup, SimTraceWriter *out,
                 char **error)
{
    Converter c = { .path = path, .items = g_array_new(FALSE, FALSE, sizeof(SimItem)) };
    bool script = !strcmp(kind, "script"), ok, started = false;
    SimItem item;

    if (!script && strcmp(kind, "log")) {
        *error = g_strdup_printf("--convert '%s': log or script is allowed", kind);
        g_array_unref(c.items);
        return false;
    }
    ok = read_file(&c, script, error);
    while (ok && !started && setup->next(setup, &item, error)) {
        sim_trace_put(out, &item);
        started = item.kind == SIM_START;
    }
    if (ok && !started) {
        if (!*error) {
            *error = g_strdup("the set-up has no 'start'");
        }
        ok = false;
    }
    for (guint i = 0; ok && i < c.items->len; i++) {
        sim_trace_put(out, &g_array_index(c.items, SimItem, i));
    }
    g_array_unref(c.items);
    return ok;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converters: an event log with inputs, or a script of iommu-dma descriptors, becomes a trace
 * (docs/specs/trace.rst, "Converters"). The set-up comes from another source, up to its "start".
 */
#include <string.h>

#include "trace.h"

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
    bool has_pasid, has_addr, has_addr2;
    bool on[SWITCHES];
} Descriptor;

typedef struct Converter {
    const char *path;
    unsigned long line;
    uint64_t streams; /* of the generator's set-up; 0: any */
    GArray *items;
} Converter;

#define MOST_ITEMS 4000000u /* which take half a gigabyte */

static bool fail(const Converter *c, char **error, const char *what, const char *value)
{
    *error = g_strdup_printf("%s:%lu: '%s': %s", c->path, c->line, value, what);
    return false;
}

static bool number(const Converter *c, const char *word, uint64_t *v, char **error)
{
    return sim_number(word, v) ||
           fail(c, error, "a number is expected, such as 4096 or 0x1000", word);
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
        d->has_addr2 |= i == F_ADDR2;
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
    if (d->op->read && d->op->write && !d->has_addr2) {
        return fail(c, error, "addr2= is needed, which says where to", d->op->name);
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

/* Take @item, whose device must be there; what of it cannot be has been looked at. */
static bool add_item(Converter *c, const SimItem *item, char **error)
{
    uint32_t stream = item->kind == SIM_PAGE ? item->page.stream : item->txn.stream;
    bool sent = item->kind == SIM_PAGE || item->kind == SIM_REQUEST;

    if (sent && c->streams && stream - SIM_FIRST_DEVICE >= c->streams) {
        g_autofree char *text = g_strdup_printf("0x%x", stream);
        g_autofree char *why =
            g_strdup_printf("the generator's set-up has streams 0x%x to 0x%x: --streams makes more,"
                            " --setup takes another's", SIM_FIRST_DEVICE,
                            (unsigned)(SIM_FIRST_DEVICE + c->streams - 1));

        return fail(c, error, why, text);
    }
    if (c->items->len >= MOST_ITEMS) {
        *error = g_strdup_printf("%s:%lu: more than %u items: a trace is made of so many at most",
                                 c->path, c->line, MOST_ITEMS);
        return false;
    }
    g_array_append_val(c->items, *item);
    return true;
}

/* A descriptor's next item, with what @n says of it. */
static bool add(Converter *c, const Descriptor *d, TraceNumbers *n, char **error)
{
    TraceField field;
    const char *why;
    SimItem item;

    n->v[T_STREAM] = d->stream;
    n->v[T_PASID] = d->field[F_PASID];
    n->v[T_FLAGS] |= (d->has_pasid ? TRACE_PASID : 0) | (d->on[S_EXEC] ? TRACE_EXEC : 0) |
                     (d->on[S_PRIV] ? TRACE_PRIV : 0);
    why = trace_bad_item(n, &field);
    if (why) {
        g_autofree char *text = g_strdup_printf("0x%" PRIx64, n->v[field]);

        return fail(c, error, why, text);
    }
    trace_fill(&item, n);
    return add_item(c, &item, error);
}

static bool add_page_request(Converter *c, const Descriptor *d, uint64_t cycle, uint64_t addr,
                             bool last, char **error)
{
    TraceNumbers n = { .kind = SIM_PAGE };

    n.v[T_CYCLE] = cycle;
    n.v[T_ADDR] = addr & ~4095ull;
    n.v[T_GROUP] = d->field[F_PRGI];
    n.v[T_FLAGS] = (last && d->on[S_LAST] ? TRACE_LAST : 0) | (d->on[S_PR_READ] ? TRACE_READ : 0) |
                   (d->on[S_PR_WRITE] ? TRACE_WRITE : 0);
    return add(c, d, &n, error);
}

static bool add_request(Converter *c, const Descriptor *d, uint64_t cycle, uint64_t addr,
                        uint32_t bytes, bool write, char **error)
{
    TraceNumbers n = { .kind = SIM_REQUEST };

    if (d->op->atomic && addr % bytes) {
        return fail(c, error, "the address of every element must be a multiple of length",
                    d->op->name);
    }
    n.v[T_CYCLE] = cycle;
    n.v[T_ADDR] = addr;
    n.v[T_SIZE] = bytes;
    n.v[T_FLAGS] = (write ? TRACE_WRITE : 0) | (d->op->atomic ? TRACE_ATOMIC : 0) |
                   (d->on[S_NO_SNOOP] ? TRACE_NOSNOOP : 0) |
                   (d->op->ats && d->on[S_NO_WRITE] ? TRACE_NW : 0) |
                   (d->op->ats ? TRACE_ATS : d->on[S_TRANSLATED] ? TRACE_TRANSLATED : 0);
    return add(c, d, &n, error);
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

        if (d->op->page) {
            if (!add_page_request(c, d, cycle, addr, i == d->field[F_COUNT] - 1, error)) {
                return false;
            }
            cycle += step;
            continue;
        }
        if (!d->op->cut) {
            uint32_t bytes = d->op->atomic ? d->field[F_LENGTH] : d->op->ats ? 8 : 0;

            if (!add_request(c, d, cycle, addr, bytes, d->op->write, error)) {
                return false;
            }
            cycle += step;
            continue;
        }
        while (done < d->field[F_LENGTH]) {
            uint32_t bytes = cut(d, addr + done, addr2 + done, done);

            if (d->op->read) {
                if (!add_request(c, d, cycle, addr + done, bytes, false, error)) {
                    return false;
                }
                cycle += step;
            }
            if (d->op->write) {
                uint64_t to = d->op->read ? addr2 : addr;

                if (!add_request(c, d, cycle, to + done, bytes, true, error)) {
                    return false;
                }
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
    char *input = w[1];
    SimItem item;
    bool ok;

    if (!w[1] || strcmp(w[1], "input") || !w[2]) {
        return true; /* what the IOMMU did: that will be seen again */
    }
    w[1] = w[0]; /* without the word it is a line of a trace */
    ok = sim_trace_parse(c->path, c->line, w + 1, &item, error) && add_item(c, &item, error);
    w[1] = input;
    return ok;
}

/* ---- either */

static gint by_cycle(gconstpointer a, gconstpointer b)
{
    const SimItem *x = a, *y = b;

    return x->cycle < y->cycle ? -1 : x->cycle > y->cycle;
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
        words = sim_words(*line);
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

bool sim_convert(const char *kind, const char *path, SimSource *setup, uint64_t streams,
                 SimTraceWriter *out, char **error)
{
    Converter c = {
        .path = path, .streams = streams, .items = g_array_new(FALSE, FALSE, sizeof(SimItem)),
    };
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

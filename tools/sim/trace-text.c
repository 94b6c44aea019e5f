/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces as text (docs/specs/trace.rst, "Text").
 */
#include <string.h>

#include "trace.h"

typedef struct Flag {
    const char *word;
    uint32_t bit;
} Flag;

static const Flag flags[] = {
    { "write", TRACE_WRITE }, { "atomic", TRACE_ATOMIC | TRACE_WRITE }, { "exec", TRACE_EXEC },
    { "priv", TRACE_PRIV }, { "nw", TRACE_NW }, { "nosnoop", TRACE_NOSNOOP }, { "ats", TRACE_ATS },
    { "translated", TRACE_TRANSLATED }, { "last", TRACE_LAST }, { "read", TRACE_READ },
    { "speculative", TRACE_SPECULATIVE },
};

/* ---- reading */

static bool fail(TraceSource *t, char **error, const char *what, const char *value)
{
    *error = g_strdup_printf("%s:%lu: '%s': %s", t->path, t->number, value ? value : "", what);
    return false;
}

static bool number(TraceSource *t, const char *word, uint64_t *v, char **error)
{
    if (!word) {
        return fail(t, error, "a number is missing at the end of the line", NULL);
    }
    return sim_number(word, v) ||
           fail(t, error, "a number is expected, such as 4096 or 0x1000", word);
}

/* Split off the next line with something on it. */
static char **next_line(TraceSource *t)
{
    while (getline(&t->line, &t->line_cap, t->f) >= 0) {
        char *comment = strchr(t->line, '#');
        char **words;

        t->number++;
        if (comment) {
            *comment = 0;
        }
        words = sim_words(t->line);
        if (words[0]) {
            return words;
        }
        g_strfreev(words);
    }
    return NULL;
}

/* An item under way: its numbers, and the words that they come from. */
typedef struct TextItem {
    TraceNumbers n;
    const char *words[TRACE_FIELDS];
} TextItem;

static bool take(TraceSource *t, TextItem *i, TraceField field, const char *word, char **error)
{
    i->words[field] = word;
    return number(t, word, &i->n.v[field], error);
}

static bool take_flags(TraceSource *t, TextItem *i, char **w, char **error)
{
    for (; *w; w++) {
        unsigned f = 0;
        const char *why;

        if (!strcmp(*w, "pasid")) {
            if (!take(t, i, T_PASID, w[1], error)) {
                return false;
            }
            i->n.v[T_FLAGS] |= TRACE_PASID;
            w++;
            continue;
        }
        while (f < G_N_ELEMENTS(flags) && strcmp(*w, flags[f].word)) {
            f++;
        }
        if (f == G_N_ELEMENTS(flags)) {
            return fail(t, error, "unknown word: allowed are pasid N, write, atomic, exec, priv, "
                        "nw, nosnoop, ats, translated, speculative, read, last", *w);
        }
        i->n.v[T_FLAGS] |= flags[f].bit;
        why = trace_bad_flags(i->n.kind, i->n.v[T_FLAGS]);
        if (why) {
            return fail(t, error, why, *w);
        }
    }
    return true;
}

static bool at_end(TraceSource *t, const char *word, char **error)
{
    return !word || fail(t, error, "nothing more is expected on this line", word);
}

static bool text_register(TraceSource *t, TextItem *i, char **w, char **error)
{
    bool write = i->n.kind == SIM_WRITE;

    return take(t, i, T_ADDR, w[0], error) && take(t, i, T_SIZE, w[0] ? w[1] : NULL, error) &&
           (!write || take(t, i, T_VALUE, w[2], error)) && at_end(t, w[write ? 3 : 2], error);
}

/* A request or page request. */
static bool text_sender(TraceSource *t, TextItem *i, char **w, char **error)
{
    bool page = i->n.kind == SIM_PAGE;

    if (g_strv_length(w) < 3) {
        return fail(t, error, page ? "stream, address and group index are needed"
                                   : "stream, address and size are needed", w[0]);
    }
    return take(t, i, T_STREAM, w[0], error) && take(t, i, T_ADDR, w[1], error) &&
           take(t, i, page ? T_GROUP : T_SIZE, w[2], error) && take_flags(t, i, w + 3, error);
}

/* Words behind the first are left for more_words(). */
static bool text_memory(TraceSource *t, TextItem *i, char **w, char **error)
{
    if (!take(t, i, T_ADDR, w[0], error) ||
        !take(t, i, T_VALUE, w[0] ? w[1] : NULL, error)) {
        return false;
    }
    if (w[2]) {
        t->more = g_strdupv(w + 2);
        t->more_at = 0;
    }
    return true;
}

static bool more_words(TraceSource *t, SimItem *item, char **error)
{
    t->words.addr += 8;
    if (!number(t, t->more[t->more_at], &t->words.value, error)) {
        return false;
    }
    *item = t->words;
    if (!t->more[++t->more_at]) {
        g_clear_pointer(&t->more, g_strfreev);
    }
    return true;
}

static bool text_numbers(TraceSource *t, TextItem *i, char **w, char **error)
{
    switch (w[0][1] ? 0 : w[0][0]) {
    case 'm':
        i->n.kind = SIM_MEMORY;
        return text_memory(t, i, w + 1, error);
    case 'w':
        i->n.kind = SIM_WRITE;
        return text_register(t, i, w + 1, error);
    case 'r':
        i->n.kind = SIM_READ;
        return text_register(t, i, w + 1, error);
    case 't':
        i->n.kind = SIM_REQUEST;
        return text_sender(t, i, w + 1, error);
    case 'p':
        i->n.kind = SIM_PAGE;
        return text_sender(t, i, w + 1, error);
    }
    return fail(t, error, "m, w, r, t, p or start is expected", w[0]);
}

static bool text_item(TraceSource *t, char **words, SimItem *item, char **error)
{
    TextItem i = { .n = { 0 } };
    char **w = words;
    const char *why;
    TraceField field;

    if (!strcmp(w[0], "start") && !t->started) {
        t->started = true;
        memset(item, 0, sizeof(*item));
        item->kind = SIM_START;
        return at_end(t, w[1], error);
    }
    if (t->started) {
        if (!take(t, &i, T_CYCLE, w[0], error)) {
            return false;
        }
        if (i.n.v[T_CYCLE] < t->cycle) {
            return fail(t, error, "cycles may not go back", w[0]);
        }
        w++;
    }
    if (!w[0]) {
        return fail(t, error, "nothing after the cycle", words[0]);
    }
    if (!text_numbers(t, &i, w, error)) {
        return false;
    }
    why = trace_bad_item(&i.n, &field);
    if (why) {
        return fail(t, error, why, i.words[field]);
    }
    t->cycle = i.n.v[T_CYCLE];
    trace_fill(item, &i.n);
    if (t->more) {
        t->words = *item;
    }
    return true;
}

bool sim_trace_parse(const char *path, unsigned long line, char **words, SimItem *item,
                     char **error)
{
    TraceSource t = { .path = (char *)path, .number = line, .started = true };
    bool ok = text_item(&t, words, item, error);

    if (ok && t.more) {
        ok = fail(&t, error, "one word of memory is allowed here", t.more[0]);
    }
    g_strfreev(t.more);
    return ok;
}

bool trace_text_next(SimSource *s, SimItem *item, char **error)
{
    TraceSource *t = (TraceSource *)s;
    char **words;
    bool ok;

    if (t->more) {
        return more_words(t, item, error);
    }
    words = next_line(t);
    if (!words) {
        return false;
    }
    ok = text_item(t, words, item, error);
    g_strfreev(words);
    return ok;
}

char *trace_text_where(const SimSource *s)
{
    const TraceSource *t = (const TraceSource *)s;

    return g_strdup_printf("%s:%lu", t->path, t->number);
}

bool trace_text_header(TraceSource *t, char **error)
{
    SimMachine *m = &t->base.machine;
    g_auto(GStrv) iommu = next_line(t), memory = NULL;

    if (!iommu || strcmp(iommu[0], "iommu") || !iommu[1] ||
        (strcmp(iommu[1], "smmuv3") && strcmp(iommu[1], "vtd"))) {
        return fail(t, error, "'iommu smmuv3 [SET]' or 'iommu vtd [SET]' is expected",
                    iommu ? iommu[0] : NULL);
    }
    if (iommu[2] && !at_end(t, iommu[3], error)) {
        return false;
    }
    m->vtd = !strcmp(iommu[1], "vtd");
    m->set = g_strdup(iommu[2]);
    memory = next_line(t);
    if (!memory || strcmp(memory[0], "memory")) {
        return fail(t, error, "'memory BASE BYTES' is expected", memory ? memory[0] : NULL);
    }
    if (!number(t, memory[1], &m->memory_base, error) ||
        !number(t, memory[1] ? memory[2] : NULL, &m->memory_bytes, error)) {
        return false;
    }
    if (m->memory_bytes < 4096 || m->memory_bytes > 16ull << 30) {
        return fail(t, error, "4096 bytes to 16 GB of memory are allowed", memory[2]);
    }
    return at_end(t, memory[3], error);
}

/* ---- writing */

void trace_text_begin(SimTraceWriter *w, const SimMachine *m)
{
    fprintf(w->f, TRACE_TEXT_MAGIC "\niommu %s %s\nmemory 0x%" PRIx64 " 0x%" PRIx64 "\n",
            m->vtd ? "vtd" : "smmuv3", m->set ? m->set : "max", m->memory_base, m->memory_bytes);
}

static void put_flag_words(FILE *f, uint32_t bits, uint32_t pasid)
{
    if (bits & TRACE_PASID) {
        fprintf(f, " pasid %u", pasid);
    }
    if (bits & TRACE_ATOMIC) {
        bits &= ~TRACE_WRITE; /* the word says both */
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
        uint32_t bit = flags[i].bit & TRACE_ATOMIC ? TRACE_ATOMIC : flags[i].bit;

        if (bits & bit) {
            fprintf(f, " %s", flags[i].word);
        }
    }
    fputc('\n', f);
}

void sim_trace_print(FILE *f, const SimItem *item)
{
    switch (item->kind) {
    case SIM_MEMORY:
        fprintf(f, "m 0x%" PRIx64 " 0x%" PRIx64 "\n", item->addr, item->value);
        break;
    case SIM_WRITE:
        fprintf(f, "w 0x%" PRIx64 " %u 0x%" PRIx64 "\n", item->addr, item->size, item->value);
        break;
    case SIM_READ:
        fprintf(f, "r 0x%" PRIx64 " %u\n", item->addr, item->size);
        break;
    case SIM_REQUEST:
        fprintf(f, "t 0x%x 0x%" PRIx64 " %u", item->txn.stream, item->txn.addr, item->txn.size);
        put_flag_words(f, trace_request_to_flags(&item->txn), item->txn.pasid);
        break;
    case SIM_PAGE:
        fprintf(f, "p 0x%x 0x%" PRIx64 " %u", item->page.stream, item->page.addr,
                item->page.prgi);
        put_flag_words(f, trace_page_to_flags(&item->page), item->page.pasid);
        break;
    default:
        break;
    }
}

void trace_text_put(SimTraceWriter *w, const SimItem *item)
{
    if (item->kind == SIM_START) {
        fputs("start\n", w->f);
        w->started = true;
        return;
    }
    if (w->started) {
        fprintf(w->f, "%" PRIu64 " ", item->cycle);
    }
    sim_trace_print(w->f, item);
}

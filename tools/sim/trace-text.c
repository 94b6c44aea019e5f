/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces as text (docs/specs/trace.rst, "Text").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

typedef struct Flag {
    const char *word;
    uint32_t bit;
} Flag;

static const Flag flags[] = {
    { "write", F_WRITE }, { "atomic", F_ATOMIC | F_WRITE }, { "exec", F_EXEC }, { "priv", F_PRIV },
    { "nw", F_NW }, { "nosnoop", F_NOSNOOP }, { "ats", F_ATS }, { "translated", F_TRANSLATED },
    { "last", F_LAST }, { "read", F_READ }, { "speculative", F_SPECULATIVE },
};

/* ---- reading */

static bool fail(TraceSource *t, char **error, const char *what, const char *value)
{
    *error = g_strdup_printf("%s:%lu: '%s': %s", t->path, t->number, value ? value : "", what);
    return false;
}

static bool number(TraceSource *t, const char *word, uint64_t *v, char **error)
{
    char *end;

    if (!word) {
        return fail(t, error, "a number is missing at the end of the line", NULL);
    }
    errno = 0;
    *v = strtoull(word, &end, 0);
    if (errno || end == word || *end) {
        return fail(t, error, "a number is expected, such as 4096 or 0x1000", word);
    }
    return true;
}

static bool read_flags(TraceSource *t, char **w, uint32_t *f, uint64_t *pasid, char **error)
{
    for (*f = 0; *w; w++) {
        unsigned i = 0;

        if (!strcmp(*w, "pasid")) {
            if (!number(t, w[1], pasid, error)) {
                return false;
            }
            *f |= F_PASID;
            w++;
            continue;
        }
        while (i < G_N_ELEMENTS(flags) && strcmp(*w, flags[i].word)) {
            i++;
        }
        if (i == G_N_ELEMENTS(flags)) {
            return fail(t, error, "unknown word: allowed are pasid N, write, atomic, exec, priv, nw, "
                        "nosnoop, ats, translated, speculative, read, last", *w);
        }
        *f |= flags[i].bit;
    }
    return true;
}

/* Split off the next line with something on it. */
static char **next_line(TraceSource *t)
{
    while (getline(&t->line, &t->line_cap, t->f) >= 0) {
        char *comment = strchr(t->line, '#');
        char **words, **out;

        t->number++;
        if (comment) {
            *comment = 0;
        }
        words = g_strsplit_set(g_strstrip(t->line), " \t", -1);
        /* Runs of blanks leave empty words. */
        out = words;
        for (char **w = words; *w; w++) {
            if (**w) {
                *out++ = *w;
            } else {
                g_free(*w);
            }
        }
        *out = NULL;
        if (words[0]) {
            return words;
        }
        g_strfreev(words);
    }
    return NULL;
}

static bool text_register(TraceSource *t, char **w, SimItem *item, bool write, char **error)
{
    const char *why;
    uint64_t size;

    item->kind = write ? SIM_WRITE : SIM_READ;
    if (!number(t, w[0], &item->addr, error) || !number(t, w[0] ? w[1] : NULL, &size, error) ||
        (write && !number(t, w[2], &item->value, error))) {
        return false;
    }
    item->size = MIN(size, 255);
    why = trace_bad_register(item);
    return !why || fail(t, error, why, w[item->size == 4 ? 2 : 1]);
}

static bool text_request(TraceSource *t, char **w, SimItem *item, char **error)
{
    uint64_t stream, size, pasid = 0;
    const char *why;
    uint32_t f;

    item->kind = SIM_REQUEST;
    memset(&item->txn, 0, sizeof(item->txn));
    if (g_strv_length(w) < 3) {
        return fail(t, error, "stream, address and size are needed", w[0]);
    }
    if (!number(t, w[0], &stream, error) || !number(t, w[1], &item->txn.addr, error) ||
        !number(t, w[2], &size, error) || !read_flags(t, w + 3, &f, &pasid, error)) {
        return false;
    }
    if (stream > UINT32_MAX) {
        return fail(t, error, "a stream has 32 bits", w[0]);
    }
    item->txn.size = MIN(size, UINT32_MAX);
    why = trace_bad_request(&item->txn, f, pasid);
    if (why) {
        return fail(t, error, why, w[2]);
    }
    item->txn.stream = stream;
    item->txn.pasid = pasid;
    trace_flags_to_request(item, f);
    return true;
}

static bool text_page(TraceSource *t, char **w, SimItem *item, char **error)
{
    uint64_t stream, prgi, pasid = 0;
    const char *why;
    uint32_t f;

    item->kind = SIM_PAGE;
    memset(&item->page, 0, sizeof(item->page));
    if (g_strv_length(w) < 3) {
        return fail(t, error, "stream, address and group index are needed", w[0]);
    }
    if (!number(t, w[0], &stream, error) || !number(t, w[1], &item->page.addr, error) ||
        !number(t, w[2], &prgi, error) || !read_flags(t, w + 3, &f, &pasid, error)) {
        return false;
    }
    if (stream > UINT32_MAX) {
        return fail(t, error, "a stream has 32 bits", w[0]);
    }
    why = trace_bad_page(prgi, f, pasid);
    if (why) {
        return fail(t, error, why, w[2]);
    }
    item->page.stream = stream;
    item->page.prgi = prgi;
    item->page.pasid = pasid;
    trace_flags_to_page(item, f);
    return true;
}

static bool text_memory(TraceSource *t, char **words, char **w, SimItem *item, char **error)
{
    item->kind = SIM_MEMORY;
    if (!number(t, w[0], &item->addr, error) || !number(t, w[0] ? w[1] : NULL, &item->value, error)) {
        return false;
    }
    if (item->addr % 8) {
        return fail(t, error, "memory is written in words of 8 bytes: the address must be a multiple "
                    "of 8", w[0]);
    }
    if (w[2]) {
        t->words = *item;
        t->more = g_strdupv(words);
        t->more_at = (w + 2) - words;
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

static bool text_item(TraceSource *t, char **words, SimItem *item, char **error)
{
    char **w = words;

    memset(item, 0, sizeof(*item));
    if (!strcmp(w[0], "start") && !t->started) {
        t->started = true;
        item->kind = SIM_START;
        return true;
    }
    if (t->started) {
        uint64_t cycle;

        if (!number(t, w[0], &cycle, error)) {
            return false;
        }
        if (cycle < t->cycle) {
            return fail(t, error, "cycles may not go back", w[0]);
        }
        t->cycle = cycle;
        w++;
    }
    item->cycle = t->cycle;
    if (!w[0]) {
        return fail(t, error, "nothing after the cycle", words[0]);
    }
    switch (w[0][1] ? 0 : w[0][0]) {
    case 'm':
        return text_memory(t, words, w + 1, item, error);
    case 'w':
        return text_register(t, w + 1, item, true, error);
    case 'r':
        return text_register(t, w + 1, item, false, error);
    case 't':
        return text_request(t, w + 1, item, error);
    case 'p':
        return text_page(t, w + 1, item, error);
    }
    return fail(t, error, "m, w, r, t, p or start is expected", w[0]);
}

bool sim_trace_parse(const char *path, unsigned long line, const char *text, SimItem *item,
                     char **error)
{
    TraceSource t = { .path = (char *)path, .number = line };
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    bool ok = words[0] && text_item(&t, words, item, error);

    if (ok && t.more) {
        ok = fail(&t, error, "one word of memory is allowed here", text);
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
    g_auto(GStrv) iommu = next_line(t);
    g_auto(GStrv) memory = iommu ? next_line(t) : NULL;

    if (!iommu || strcmp(iommu[0], "iommu") || !iommu[1] ||
        (strcmp(iommu[1], "smmuv3") && strcmp(iommu[1], "vtd"))) {
        return fail(t, error, "'iommu smmuv3 [SET]' or 'iommu vtd [SET]' is expected",
                    iommu ? iommu[0] : NULL);
    }
    m->vtd = !strcmp(iommu[1], "vtd");
    m->set = g_strdup(iommu[2]);
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
    return true;
}

/* ---- writing */

void trace_text_begin(SimTraceWriter *w, const SimMachine *m)
{
    fprintf(w->f, TRACE_TEXT_MAGIC "\niommu %s %s\nmemory 0x%" PRIx64 " 0x%" PRIx64 "\n",
            m->vtd ? "vtd" : "smmuv3", m->set ? m->set : "max", m->memory_base, m->memory_bytes);
}

static void put_flag_words(FILE *f, uint32_t bits, uint32_t pasid)
{
    if (bits & F_PASID) {
        fprintf(f, " pasid %u", pasid);
    }
    if (bits & F_ATOMIC) {
        bits &= ~F_WRITE; /* the word says both */
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
        uint32_t bit = flags[i].bit & F_ATOMIC ? F_ATOMIC : flags[i].bit;

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

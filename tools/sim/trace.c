/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces: text and compact binary, both ways (docs/specs/trace.rst).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define TEXT_MAGIC "stagewalk-trace 1"
#define BINARY_MAGIC "SWT1"

/* Flags of a request or page request, in both forms. */
typedef struct Flag {
    const char *word;
    uint32_t bit;
} Flag;

enum {
    F_WRITE = 1, F_ATOMIC = 2, F_EXEC = 4, F_PRIV = 8, F_NW = 16, F_NOSNOOP = 32, F_PASID = 64,
    F_ATS = 128, F_TRANSLATED = 256, F_LAST = 512, F_READ = 1024, F_SPECULATIVE = 2048,
};

static const Flag flags[] = {
    { "write", F_WRITE }, { "atomic", F_ATOMIC | F_WRITE }, { "exec", F_EXEC }, { "priv", F_PRIV },
    { "nw", F_NW }, { "nosnoop", F_NOSNOOP }, { "ats", F_ATS }, { "translated", F_TRANSLATED },
    { "last", F_LAST }, { "read", F_READ }, { "speculative", F_SPECULATIVE },
};

static void flags_to_request(SimItem *item, uint32_t f)
{
    IommuTxn *t = &item->txn;

    t->write = f & F_WRITE;
    t->atomic = f & F_ATOMIC;
    t->exec = f & F_EXEC;
    t->priv = f & F_PRIV;
    t->no_write = f & F_NW;
    t->no_snoop = f & F_NOSNOOP;
    t->speculative = f & F_SPECULATIVE;
    t->has_pasid = f & F_PASID;
    t->kind = f & F_ATS ? IOMMU_TXN_ATS_REQUEST
              : f & F_TRANSLATED ? IOMMU_TXN_TRANSLATED : IOMMU_TXN_UNTRANSLATED;
    t->attr.type = 0xff;
}

static uint32_t request_to_flags(const IommuTxn *t)
{
    return (t->write ? F_WRITE : 0) | (t->atomic ? F_ATOMIC : 0) | (t->exec ? F_EXEC : 0) |
           (t->priv ? F_PRIV : 0) | (t->no_write ? F_NW : 0) | (t->no_snoop ? F_NOSNOOP : 0) |
           (t->has_pasid ? F_PASID : 0) | (t->speculative ? F_SPECULATIVE : 0) |
           (t->kind == IOMMU_TXN_ATS_REQUEST ? F_ATS : 0) |
           (t->kind == IOMMU_TXN_TRANSLATED ? F_TRANSLATED : 0);
}

static void flags_to_page(SimItem *item, uint32_t f)
{
    IommuPageRequest *p = &item->page;

    p->w = f & F_WRITE;
    p->x = f & F_EXEC;
    p->priv = f & F_PRIV;
    p->has_pasid = f & F_PASID;
    p->last = f & F_LAST;
    p->r = f & F_READ;
}

static uint32_t page_to_flags(const IommuPageRequest *p)
{
    return (p->w ? F_WRITE : 0) | (p->x ? F_EXEC : 0) | (p->priv ? F_PRIV : 0) |
           (p->has_pasid ? F_PASID : 0) | (p->last ? F_LAST : 0) | (p->r ? F_READ : 0);
}

/* ---- reading text */

typedef struct TraceSource {
    SimSource base;
    FILE *f;
    char *path;
    char *line;
    size_t line_cap;
    unsigned long number;  /* of the line */
    bool started;
    uint64_t cycle;
    SimItem words;         /* an "m" line with words left to give */
    char **more;
    unsigned more_at;
} TraceSource;

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

static bool read_flags(TraceSource *t, char **w, uint32_t *f, uint32_t *pasid, char **error)
{
    for (*f = 0; *w; w++) {
        unsigned i = 0;

        if (!strcmp(*w, "pasid")) {
            uint64_t v;

            if (!number(t, w[1], &v, error)) {
                return false;
            }
            *f |= F_PASID;
            *pasid = v;
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
    uint64_t size;

    item->kind = write ? SIM_WRITE : SIM_READ;
    if (!number(t, w[0], &item->addr, error) || !number(t, w[0] ? w[1] : NULL, &size, error) ||
        (write && !number(t, w[2], &item->value, error))) {
        return false;
    }
    if (size != 4 && size != 8) {
        return fail(t, error, "a register access has 4 or 8 bytes", w[1]);
    }
    item->size = size;
    return true;
}

static bool text_request(TraceSource *t, char **w, SimItem *item, char **error)
{
    uint64_t stream, size;
    uint32_t f, pasid = 0;

    item->kind = SIM_REQUEST;
    memset(&item->txn, 0, sizeof(item->txn));
    if (g_strv_length(w) < 3) {
        return fail(t, error, "stream, address and size are needed", w[0]);
    }
    if (!number(t, w[0], &stream, error) || !number(t, w[1], &item->txn.addr, error) ||
        !number(t, w[2], &size, error) || !read_flags(t, w + 3, &f, &pasid, error)) {
        return false;
    }
    if (size > 4096 || (item->txn.addr & 4095) + size > 4096) {
        return fail(t, error, "a request may not cross a 4096-byte boundary", w[2]);
    }
    item->txn.stream = stream;
    item->txn.size = size;
    item->txn.pasid = pasid;
    flags_to_request(item, f);
    return true;
}

static bool text_page(TraceSource *t, char **w, SimItem *item, char **error)
{
    uint64_t stream, prgi;
    uint32_t f, pasid = 0;

    item->kind = SIM_PAGE;
    memset(&item->page, 0, sizeof(item->page));
    if (g_strv_length(w) < 3) {
        return fail(t, error, "stream, address and group index are needed", w[0]);
    }
    if (!number(t, w[0], &stream, error) || !number(t, w[1], &item->page.addr, error) ||
        !number(t, w[2], &prgi, error) || !read_flags(t, w + 3, &f, &pasid, error)) {
        return false;
    }
    item->page.stream = stream;
    item->page.prgi = prgi;
    item->page.pasid = pasid;
    flags_to_page(item, f);
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

static bool text_next(SimSource *s, SimItem *item, char **error)
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

static bool text_header(TraceSource *t, char **error)
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

/* ---- binary: a byte of kind and flags, then numbers of seven bits a byte, least first */

static void put_varint(FILE *f, uint64_t v)
{
    while (v >= 0x80) {
        putc_unlocked(v | 0x80, f);
        v >>= 7;
    }
    putc_unlocked(v, f);
}

static bool get_varint(FILE *f, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        int c = getc_unlocked(f);

        if (c == EOF) {
            return false;
        }
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80)) {
            return true;
        }
    }
    return false;
}

static bool get_numbers(TraceSource *t, uint64_t *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!get_varint(t->f, &v[i])) {
            return false;
        }
    }
    return true;
}

static bool binary_next(SimSource *s, SimItem *item, char **error)
{
    TraceSource *t = (TraceSource *)s;
    int kind = getc_unlocked(t->f);
    uint64_t v[6];
    bool ok;

    if (kind == EOF) {
        return false;
    }
    t->number++;
    memset(item, 0, sizeof(*item));
    item->kind = kind;
    ok = get_numbers(t, v, 1);
    t->cycle += v[0];
    item->cycle = t->cycle;
    switch (ok ? kind : -1) {
    case SIM_START:
        break;
    case SIM_MEMORY:
        ok = get_numbers(t, v, 2);
        item->addr = v[0];
        item->value = v[1];
        break;
    case SIM_WRITE:
    case SIM_READ:
        ok = get_numbers(t, v, kind == SIM_WRITE ? 3 : 2) && (v[1] == 4 || v[1] == 8);
        item->addr = v[0];
        item->size = v[1];
        item->value = kind == SIM_WRITE ? v[2] : 0;
        break;
    case SIM_REQUEST:
        ok = get_numbers(t, v, 4) && (v[3] & F_PASID ? get_numbers(t, v + 4, 1) : true) &&
             v[2] <= 4096 && (v[1] & 4095) + v[2] <= 4096;
        item->txn.stream = v[0];
        item->txn.addr = v[1];
        item->txn.size = v[2];
        item->txn.pasid = v[3] & F_PASID ? v[4] : 0;
        flags_to_request(item, v[3]);
        break;
    case SIM_PAGE:
        ok = get_numbers(t, v, 4) && (v[3] & F_PASID ? get_numbers(t, v + 4, 1) : true);
        item->page.stream = v[0];
        item->page.addr = v[1];
        item->page.prgi = v[2];
        item->page.pasid = v[3] & F_PASID ? v[4] : 0;
        flags_to_page(item, v[3]);
        break;
    default:
        ok = false;
        break;
    }
    if (!ok) {
        *error = g_strdup_printf("%s: item %lu is cut short or malformed", t->path, t->number);
    }
    return ok;
}

static bool binary_header(TraceSource *t, char **error)
{
    SimMachine *m = &t->base.machine;
    uint64_t v[4];

    if (!get_numbers(t, v, 4) || v[0] > 1 || v[3] > 64 || v[2] < 4096 || v[2] > 16ull << 30) {
        *error = g_strdup_printf("%s: not a trace of this format", t->path);
        return false;
    }
    m->vtd = v[0];
    m->memory_base = v[1];
    m->memory_bytes = v[2];
    m->set = g_malloc0(v[3] + 1);
    if (fread(m->set, 1, v[3], t->f) != v[3]) {
        *error = g_strdup_printf("%s: not a trace of this format", t->path);
        return false;
    }
    return true;
}

/* ---- opening */

static void trace_free(SimSource *s)
{
    TraceSource *t = (TraceSource *)s;

    if (t->f && t->f != stdin) {
        fclose(t->f);
    }
    g_strfreev(t->more);
    free(t->line);
    g_free(t->path);
    sim_machine_clear(&s->machine);
    g_free(t);
}

SimSource *sim_trace_open(const char *path, char **error)
{
    TraceSource *t = g_new0(TraceSource, 1);
    char magic[4] = "";
    bool ok;

    t->base.free = trace_free;
    t->path = g_strdup(path);
    t->f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    if (!t->f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        trace_free(&t->base);
        return NULL;
    }
    if (fread(magic, 1, 4, t->f) == 4 && !memcmp(magic, BINARY_MAGIC, 4)) {
        t->base.next = binary_next;
        ok = binary_header(t, error);
    } else {
        char rest[64] = "";

        t->base.next = text_next;
        t->number = 1;
        ok = fgets(rest, sizeof(rest), t->f) && !strncmp(magic, TEXT_MAGIC, 4) &&
             !strcmp(g_strchomp(rest), TEXT_MAGIC + 4);
        if (!ok) {
            *error = g_strdup_printf("%s: not a trace: the first line must be '%s'", path,
                                     TEXT_MAGIC);
        }
        ok = ok && text_header(t, error);
    }
    if (!ok) {
        trace_free(&t->base);
        return NULL;
    }
    return &t->base;
}

/* ---- writing */

struct SimTraceWriter {
    FILE *f;
    bool binary;
    bool started;
    uint64_t cycle;
};

SimTraceWriter *sim_trace_create(const char *path, bool binary, const SimMachine *m, char **error)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "wb") : stdout;
    const char *set = m->set ? m->set : "max";
    SimTraceWriter *w;

    if (!f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return NULL;
    }
    w = g_new0(SimTraceWriter, 1);
    w->f = f;
    w->binary = binary;
    if (binary) {
        fputs(BINARY_MAGIC, f);
        put_varint(f, m->vtd);
        put_varint(f, m->memory_base);
        put_varint(f, m->memory_bytes);
        put_varint(f, strlen(set));
        fputs(set, f);
    } else {
        fprintf(f, TEXT_MAGIC "\niommu %s %s\nmemory 0x%" PRIx64 " 0x%" PRIx64 "\n",
                m->vtd ? "vtd" : "smmuv3", set, m->memory_base, m->memory_bytes);
    }
    return w;
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
        put_flag_words(f, request_to_flags(&item->txn), item->txn.pasid);
        break;
    case SIM_PAGE:
        fprintf(f, "p 0x%x 0x%" PRIx64 " %u", item->page.stream, item->page.addr,
                item->page.prgi);
        put_flag_words(f, page_to_flags(&item->page), item->page.pasid);
        break;
    default:
        break;
    }
}

static void put_text(SimTraceWriter *w, const SimItem *item)
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

static void put_binary(SimTraceWriter *w, const SimItem *item)
{
    uint32_t bits;

    putc_unlocked(item->kind, w->f);
    put_varint(w->f, item->cycle - w->cycle);
    w->cycle = item->cycle;
    switch (item->kind) {
    case SIM_MEMORY:
        put_varint(w->f, item->addr);
        put_varint(w->f, item->value);
        break;
    case SIM_WRITE:
    case SIM_READ:
        put_varint(w->f, item->addr);
        put_varint(w->f, item->size);
        if (item->kind == SIM_WRITE) {
            put_varint(w->f, item->value);
        }
        break;
    case SIM_REQUEST:
        bits = request_to_flags(&item->txn);
        put_varint(w->f, item->txn.stream);
        put_varint(w->f, item->txn.addr);
        put_varint(w->f, item->txn.size);
        put_varint(w->f, bits);
        if (bits & F_PASID) {
            put_varint(w->f, item->txn.pasid);
        }
        break;
    case SIM_PAGE:
        bits = page_to_flags(&item->page);
        put_varint(w->f, item->page.stream);
        put_varint(w->f, item->page.addr);
        put_varint(w->f, item->page.prgi);
        put_varint(w->f, bits);
        if (bits & F_PASID) {
            put_varint(w->f, item->page.pasid);
        }
        break;
    default:
        break;
    }
}

void sim_trace_put(SimTraceWriter *w, const SimItem *item)
{
    if (w->binary) {
        put_binary(w, item);
    } else {
        put_text(w, item);
    }
}

bool sim_trace_close(SimTraceWriter *w)
{
    bool ok = !ferror(w->f);

    ok = (w->f == stdout ? fflush(w->f) : fclose(w->f)) == 0 && ok;
    g_free(w);
    return ok;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces: which form a file has, and what the forms share.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

static void flags_to_request(SimItem *item, uint32_t f)
{
    IommuTxn *t = &item->txn;

    t->write = f & TRACE_WRITE;
    t->atomic = f & TRACE_ATOMIC;
    t->exec = f & TRACE_EXEC;
    t->priv = f & TRACE_PRIV;
    t->no_write = f & TRACE_NW;
    t->no_snoop = f & TRACE_NOSNOOP;
    t->speculative = f & TRACE_SPECULATIVE;
    t->has_pasid = f & TRACE_PASID;
    t->kind = f & TRACE_ATS ? IOMMU_TXN_ATS_REQUEST
              : f & TRACE_TRANSLATED ? IOMMU_TXN_TRANSLATED : IOMMU_TXN_UNTRANSLATED;
    t->attr.type = 0xff;
}

uint32_t trace_request_to_flags(const IommuTxn *t)
{
    return (t->write ? TRACE_WRITE : 0) | (t->atomic ? TRACE_ATOMIC : 0) |
           (t->exec ? TRACE_EXEC : 0) | (t->priv ? TRACE_PRIV : 0) |
           (t->no_write ? TRACE_NW : 0) | (t->no_snoop ? TRACE_NOSNOOP : 0) |
           (t->has_pasid ? TRACE_PASID : 0) | (t->speculative ? TRACE_SPECULATIVE : 0) |
           (t->kind == IOMMU_TXN_ATS_REQUEST ? TRACE_ATS : 0) |
           (t->kind == IOMMU_TXN_TRANSLATED ? TRACE_TRANSLATED : 0);
}

static void flags_to_page(SimItem *item, uint32_t f)
{
    IommuPageRequest *p = &item->page;

    p->w = f & TRACE_WRITE;
    p->x = f & TRACE_EXEC;
    p->priv = f & TRACE_PRIV;
    p->has_pasid = f & TRACE_PASID;
    p->last = f & TRACE_LAST;
    p->r = f & TRACE_READ;
}

uint32_t trace_page_to_flags(const IommuPageRequest *p)
{
    return (p->w ? TRACE_WRITE : 0) | (p->x ? TRACE_EXEC : 0) | (p->priv ? TRACE_PRIV : 0) |
           (p->has_pasid ? TRACE_PASID : 0) | (p->last ? TRACE_LAST : 0) | (p->r ? TRACE_READ : 0);
}

/* ---- what cannot be, in either form */

#define MOST_PASID 0xfffffu
#define MOST_PRGI 511u

/* Flags that a page request has not. */
#define NOT_OF_PAGES (TRACE_ATOMIC | TRACE_NW | TRACE_NOSNOOP | TRACE_ATS | TRACE_TRANSLATED | \
                      TRACE_SPECULATIVE)

const char *trace_bad_flags(SimItemKind kind, uint64_t f)
{
    if (f & ~(uint64_t)TRACE_FLAGS) {
        return "there are no such flags";
    }
    if (kind == SIM_PAGE) {
        return f & NOT_OF_PAGES
                   ? "a page request has none of atomic, nw, nosnoop, ats, translated, speculative"
                   : NULL;
    }
    return f & (TRACE_LAST | TRACE_READ)
               ? "'last' and 'read' are of page requests"
           : (f & TRACE_ATS) && (f & TRACE_TRANSLATED)
               ? "a request is 'ats' or 'translated', not both" : NULL;
}

static const char *bad_request(const TraceNumbers *n, TraceField *field)
{
    uint64_t size = n->v[T_SIZE], flags = n->v[T_FLAGS];

    *field = T_SIZE;
    if (size > 4096 || (n->v[T_ADDR] & 4095) + size > 4096) {
        return "a request may not cross a 4096-byte boundary";
    }
    return !size && (flags & (TRACE_WRITE | TRACE_ATOMIC | TRACE_ATS))
               ? "only a read may have 0 bytes" : NULL;
}

static const char *bad_register(const TraceNumbers *n, TraceField *field)
{
    uint64_t size = n->v[T_SIZE];

    *field = T_SIZE;
    if (size != 4 && size != 8) {
        return "a register access has 4 or 8 bytes";
    }
    *field = T_ADDR;
    if (n->v[T_ADDR] % size) {
        return "the offset of a register access must be a multiple of its size";
    }
    *field = T_VALUE;
    return size == 4 && n->v[T_VALUE] >> 32 ? "the value has more than 4 bytes" : NULL;
}

/* What requests and page requests have both. */
static const char *bad_sender(const TraceNumbers *n, TraceField *field)
{
    *field = T_STREAM;
    if (n->v[T_STREAM] > UINT32_MAX) {
        return "a stream has 32 bits";
    }
    *field = T_PASID;
    if (n->v[T_PASID] > MOST_PASID) {
        return "a PASID is 0 to 0xfffff";
    }
    *field = T_FLAGS;
    return trace_bad_flags(n->kind, n->v[T_FLAGS]);
}

const char *trace_bad_item(const TraceNumbers *n, TraceField *field)
{
    const char *why;

    *field = T_CYCLE;
    if (n->v[T_CYCLE] > TRACE_LAST_CYCLE) {
        return "the last cycle is 2^62, 4611686018427387904";
    }
    switch (n->kind) {
    case SIM_MEMORY:
        *field = T_ADDR;
        return n->v[T_ADDR] % 8 ? "memory is written in words of 8 bytes: the address must be a "
                                  "multiple of 8" : NULL;
    case SIM_WRITE:
    case SIM_READ:
        return bad_register(n, field);
    case SIM_REQUEST:
        why = bad_sender(n, field);
        return why ? why : bad_request(n, field);
    case SIM_PAGE:
        why = bad_sender(n, field);
        if (!why && n->v[T_GROUP] > MOST_PRGI) {
            *field = T_GROUP;
            why = "a page request group is 0 to 511";
        }
        return why;
    default:
        return NULL;
    }
}

void trace_fill(SimItem *item, const TraceNumbers *n)
{
    memset(item, 0, sizeof(*item));
    item->kind = n->kind;
    item->cycle = n->v[T_CYCLE];
    switch (n->kind) {
    case SIM_REQUEST:
        item->txn.stream = n->v[T_STREAM];
        item->txn.addr = n->v[T_ADDR];
        item->txn.size = n->v[T_SIZE];
        item->txn.pasid = n->v[T_PASID];
        flags_to_request(item, n->v[T_FLAGS]);
        break;
    case SIM_PAGE:
        item->page.stream = n->v[T_STREAM];
        item->page.addr = n->v[T_ADDR];
        item->page.prgi = n->v[T_GROUP];
        item->page.pasid = n->v[T_PASID];
        flags_to_page(item, n->v[T_FLAGS]);
        break;
    default:
        item->addr = n->v[T_ADDR];
        item->size = n->v[T_SIZE];
        item->value = n->v[T_VALUE];
        break;
    }
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
    if (fread(magic, 1, 4, t->f) == 4 && !memcmp(magic, TRACE_BINARY_MAGIC, 4)) {
        t->base.next = trace_binary_next;
        t->base.where = trace_binary_where;
        ok = trace_binary_header(t, error);
    } else {
        char rest[64] = "";

        t->base.next = trace_text_next;
        t->base.where = trace_text_where;
        t->number = 1;
        ok = fgets(rest, sizeof(rest), t->f) && !strncmp(magic, TRACE_TEXT_MAGIC, 4) &&
             !strcmp(g_strchomp(rest), &TRACE_TEXT_MAGIC[4]);
        if (!ok) {
            *error = g_strdup_printf("%s: not a trace: the first line must be '%s'", path,
                                     TRACE_TEXT_MAGIC);
        }
        ok = ok && trace_text_header(t, error);
    }
    if (!ok) {
        trace_free(&t->base);
        return NULL;
    }
    return &t->base;
}

/* ---- writing */

SimTraceWriter *sim_trace_create(const char *path, bool binary, const SimMachine *m, char **error)
{
    FILE *f = sim_output_open(path, error);
    SimTraceWriter *w;

    if (!f) {
        return NULL;
    }
    w = g_new0(SimTraceWriter, 1);
    w->f = f;
    w->binary = binary;
    (binary ? trace_binary_begin : trace_text_begin)(w, m);
    return w;
}

void sim_trace_put(SimTraceWriter *w, const SimItem *item)
{
    if (w->binary) {
        trace_binary_put(w, item);
    } else {
        trace_text_put(w, item);
    }
}

bool sim_trace_close(SimTraceWriter *w)
{
    bool ok = !ferror(w->f);

    ok = (w->f == stdout ? fflush(w->f) : fclose(w->f)) == 0 && ok;
    g_free(w);
    return ok;
}

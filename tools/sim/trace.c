/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces: which form a file has, and what the forms share.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

void trace_flags_to_request(SimItem *item, uint32_t f)
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

uint32_t trace_request_to_flags(const IommuTxn *t)
{
    return (t->write ? F_WRITE : 0) | (t->atomic ? F_ATOMIC : 0) | (t->exec ? F_EXEC : 0) |
           (t->priv ? F_PRIV : 0) | (t->no_write ? F_NW : 0) | (t->no_snoop ? F_NOSNOOP : 0) |
           (t->has_pasid ? F_PASID : 0) | (t->speculative ? F_SPECULATIVE : 0) |
           (t->kind == IOMMU_TXN_ATS_REQUEST ? F_ATS : 0) |
           (t->kind == IOMMU_TXN_TRANSLATED ? F_TRANSLATED : 0);
}

void trace_flags_to_page(SimItem *item, uint32_t f)
{
    IommuPageRequest *p = &item->page;

    p->w = f & F_WRITE;
    p->x = f & F_EXEC;
    p->priv = f & F_PRIV;
    p->has_pasid = f & F_PASID;
    p->last = f & F_LAST;
    p->r = f & F_READ;
}

uint32_t trace_page_to_flags(const IommuPageRequest *p)
{
    return (p->w ? F_WRITE : 0) | (p->x ? F_EXEC : 0) | (p->priv ? F_PRIV : 0) |
           (p->has_pasid ? F_PASID : 0) | (p->last ? F_LAST : 0) | (p->r ? F_READ : 0);
}

/* ---- what cannot be, in either form */

#define MOST_PASID 0xfffffu
#define MOST_PRGI 511u

const char *trace_bad_request(const IommuTxn *t, uint32_t f, uint64_t pasid)
{
    return t->size > 4096 || (t->addr & 4095) + t->size > 4096
               ? "a request may not cross a 4096-byte boundary"
           : (f & F_ATS) && (f & F_TRANSLATED)
               ? "a request is 'ats' or 'translated', not both"
           : (f & F_PASID) && pasid > MOST_PASID ? "a PASID is 0 to 0xfffff"
           : f & (F_LAST | F_READ) ? "'last' and 'read' are of page requests" : NULL;
}

const char *trace_bad_page(uint64_t prgi, uint32_t f, uint64_t pasid)
{
    return prgi > MOST_PRGI ? "a page request group is 0 to 511"
           : (f & F_PASID) && pasid > MOST_PASID ? "a PASID is 0 to 0xfffff"
           : f & (F_ATOMIC | F_NW | F_NOSNOOP | F_ATS | F_TRANSLATED | F_SPECULATIVE)
               ? "a page request has none of atomic, nw, nosnoop, ats, translated, speculative"
               : NULL;
}

const char *trace_bad_register(const SimItem *item)
{
    return item->size != 4 && item->size != 8 ? "a register access has 4 or 8 bytes"
           : item->size == 4 && item->value >> 32 ? "the value has more than 4 bytes" : NULL;
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
    FILE *f = strcmp(path, "-") ? fopen(path, "wb") : stdout;
    SimTraceWriter *w;

    if (!f) {
        *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
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

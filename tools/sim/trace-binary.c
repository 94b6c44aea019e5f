/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces in the compact form (docs/specs/trace.rst, "Binary"): a byte of kind, then numbers of
 * seven bits a byte, least first.
 */
#include <string.h>

#include "trace.h"

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

bool trace_binary_next(SimSource *s, SimItem *item, char **error)
{
    TraceSource *t = (TraceSource *)s;
    int kind = getc_unlocked(t->f);
    uint64_t v[6] = { 0 };
    const char *why = NULL;
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
        ok = get_numbers(t, v, kind == SIM_WRITE ? 3 : 2);
        item->addr = v[0];
        item->size = MIN(v[1], 255);
        item->value = kind == SIM_WRITE ? v[2] : 0;
        why = trace_bad_register(item);
        break;
    case SIM_REQUEST:
        ok = get_numbers(t, v, 4) && (v[3] & F_PASID ? get_numbers(t, v + 4, 1) : true);
        item->txn.stream = v[0];
        item->txn.addr = v[1];
        item->txn.size = MIN(v[2], UINT32_MAX);
        item->txn.pasid = v[3] & F_PASID ? v[4] : 0;
        trace_flags_to_request(item, v[3]);
        why = trace_bad_request(&item->txn, v[3], v[4]);
        break;
    case SIM_PAGE:
        ok = get_numbers(t, v, 4) && (v[3] & F_PASID ? get_numbers(t, v + 4, 1) : true);
        item->page.stream = v[0];
        item->page.addr = v[1];
        item->page.prgi = v[2];
        item->page.pasid = v[3] & F_PASID ? v[4] : 0;
        trace_flags_to_page(item, v[3]);
        why = trace_bad_page(v[2], v[3], v[4]);
        break;
    default:
        ok = false;
        break;
    }
    if (!ok || why) {
        *error = g_strdup_printf("%s: item %lu: %s", t->path, t->number,
                                 ok ? why : "is cut short or malformed");
    }
    return ok && !why;
}

char *trace_binary_where(const SimSource *s)
{
    const TraceSource *t = (const TraceSource *)s;

    return g_strdup_printf("%s: item %lu", t->path, t->number);
}

bool trace_binary_header(TraceSource *t, char **error)
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

/* ---- writing */

void trace_binary_begin(SimTraceWriter *w, const SimMachine *m)
{
    const char *set = m->set ? m->set : "max";

    fputs(TRACE_BINARY_MAGIC, w->f);
    put_varint(w->f, m->vtd);
    put_varint(w->f, m->memory_base);
    put_varint(w->f, m->memory_bytes);
    put_varint(w->f, strlen(set));
    fputs(set, w->f);
}

void trace_binary_put(SimTraceWriter *w, const SimItem *item)
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
        bits = trace_request_to_flags(&item->txn);
        put_varint(w->f, item->txn.stream);
        put_varint(w->f, item->txn.addr);
        put_varint(w->f, item->txn.size);
        put_varint(w->f, bits);
        if (bits & F_PASID) {
            put_varint(w->f, item->txn.pasid);
        }
        break;
    case SIM_PAGE:
        bits = trace_page_to_flags(&item->page);
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

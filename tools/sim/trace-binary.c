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
        if (shift == 63 && c > 1) {
            return false; /* more than 64 bits */
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

/* Stream, address, @third, flags, and the PASID if there is one. */
static bool get_sender(TraceSource *t, TraceNumbers *n, TraceField third)
{
    return get_varint(t->f, &n->v[T_STREAM]) && get_varint(t->f, &n->v[T_ADDR]) &&
           get_varint(t->f, &n->v[third]) && get_varint(t->f, &n->v[T_FLAGS]) &&
           (!(n->v[T_FLAGS] & TRACE_PASID) || get_varint(t->f, &n->v[T_PASID]));
}

static bool get_item(TraceSource *t, TraceNumbers *n)
{
    switch (n->kind) {
    case SIM_START:
        return true;
    case SIM_MEMORY:
        return get_varint(t->f, &n->v[T_ADDR]) && get_varint(t->f, &n->v[T_VALUE]);
    case SIM_WRITE:
        return get_varint(t->f, &n->v[T_ADDR]) && get_varint(t->f, &n->v[T_SIZE]) &&
               get_varint(t->f, &n->v[T_VALUE]);
    case SIM_READ:
        return get_varint(t->f, &n->v[T_ADDR]) && get_varint(t->f, &n->v[T_SIZE]);
    case SIM_REQUEST:
        return get_sender(t, n, T_SIZE);
    case SIM_PAGE:
        return get_sender(t, n, T_GROUP);
    default:
        return false;
    }
}

bool trace_binary_next(SimSource *s, SimItem *item, char **error)
{
    TraceSource *t = (TraceSource *)s;
    int kind = getc_unlocked(t->f);
    TraceNumbers n = { .kind = kind };
    const char *why = NULL;
    TraceField field;
    uint64_t cycles;

    if (kind == EOF) {
        return false;
    }
    t->number++;
    if (!get_varint(t->f, &cycles) || !get_item(t, &n)) {
        why = "is cut short or malformed";
    } else if (n.kind == SIM_START && t->started) {
        why = "a second 'start'";
    } else if (!t->started && cycles) {
        why = "cycles begin at 'start'";
    } else {
        /* No sum of two that are allowed wraps. */
        n.v[T_CYCLE] = MIN(cycles, TRACE_LAST_CYCLE + 1) + t->cycle;
        why = trace_bad_item(&n, &field);
    }
    if (why) {
        *error = g_strdup_printf("%s: item %lu: %s", t->path, t->number, why);
        return false;
    }
    t->started |= n.kind == SIM_START;
    t->cycle = n.v[T_CYCLE];
    trace_fill(item, &n);
    return true;
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
        if (bits & TRACE_PASID) {
            put_varint(w->f, item->txn.pasid);
        }
        break;
    case SIM_PAGE:
        bits = trace_page_to_flags(&item->page);
        put_varint(w->f, item->page.stream);
        put_varint(w->f, item->page.addr);
        put_varint(w->f, item->page.prgi);
        put_varint(w->f, bits);
        if (bits & TRACE_PASID) {
            put_varint(w->f, item->page.pasid);
        }
        break;
    default:
        break;
    }
}

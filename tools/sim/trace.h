/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces, what their two forms share. docs/specs/trace.rst
 */
#ifndef TOOLS_SIM_TRACE_H
#define TOOLS_SIM_TRACE_H

#include "sim.h"

#define TRACE_TEXT_MAGIC "stagewalk-trace 1"
#define TRACE_BINARY_MAGIC "SWT1"

/* Flags of a request or page request, in both forms. */
enum {
    TRACE_WRITE = 1, TRACE_ATOMIC = 2, TRACE_EXEC = 4, TRACE_PRIV = 8, TRACE_NW = 16,
    TRACE_NOSNOOP = 32, TRACE_PASID = 64, TRACE_ATS = 128, TRACE_TRANSLATED = 256,
    TRACE_LAST = 512, TRACE_READ = 1024, TRACE_SPECULATIVE = 2048,
};

#define TRACE_FLAGS 4095u /* all of them */

/* The last cycle there is: sums of cycles and latencies stay far from 2^64. */
#define TRACE_LAST_CYCLE (1ull << 62)

/* Numbers of an item, as a file has them: wider than the types of SimItem. */
typedef enum TraceField {
    T_CYCLE, T_STREAM, T_ADDR, T_SIZE, T_VALUE, T_GROUP, T_FLAGS, T_PASID, TRACE_FIELDS
} TraceField;

typedef struct TraceNumbers {
    SimItemKind kind;
    uint64_t v[TRACE_FIELDS]; /* 0: the kind has none */
} TraceNumbers;

/* Why flags cannot be with @kind, or NULL. */
const char *trace_bad_flags(SimItemKind kind, uint64_t flags);
/* Why there can be no such item, or NULL; @field: which number it is. */
const char *trace_bad_item(const TraceNumbers *n, TraceField *field);
/* @n, which trace_bad_item() has nothing against. */
void trace_fill(SimItem *item, const TraceNumbers *n);

uint32_t trace_request_to_flags(const IommuTxn *t);
uint32_t trace_page_to_flags(const IommuPageRequest *p);

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

struct SimTraceWriter {
    FILE *f;
    bool binary;
    bool started;
    uint64_t cycle;
};

/* A reader: the header behind the magic, then SimSource.next. */
char *trace_text_where(const SimSource *s);
bool trace_text_header(TraceSource *t, char **error);
bool trace_text_next(SimSource *s, SimItem *item, char **error);
char *trace_binary_where(const SimSource *s);
bool trace_binary_header(TraceSource *t, char **error);
bool trace_binary_next(SimSource *s, SimItem *item, char **error);

/* A writer: magic and header, then items. */
void trace_text_begin(SimTraceWriter *w, const SimMachine *m);
void trace_text_put(SimTraceWriter *w, const SimItem *item);
void trace_binary_begin(SimTraceWriter *w, const SimMachine *m);
void trace_binary_put(SimTraceWriter *w, const SimItem *item);

#endif

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
    F_WRITE = 1, F_ATOMIC = 2, F_EXEC = 4, F_PRIV = 8, F_NW = 16, F_NOSNOOP = 32, F_PASID = 64,
    F_ATS = 128, F_TRANSLATED = 256, F_LAST = 512, F_READ = 1024, F_SPECULATIVE = 2048,
};

void trace_flags_to_request(SimItem *item, uint32_t f);
uint32_t trace_request_to_flags(const IommuTxn *t);
void trace_flags_to_page(SimItem *item, uint32_t f);
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

/*
 * Why a request or page request cannot be, or NULL. Its numbers fit their types.
 */
const char *trace_bad_request(const IommuTxn *t, uint32_t f, uint64_t pasid);
const char *trace_bad_page(uint64_t prgi, uint32_t f, uint64_t pasid);
/* Why an access to a register of the IOMMU cannot be. */
const char *trace_bad_register(const SimItem *item);

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

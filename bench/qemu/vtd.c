/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Benchmark in QEMU: VT-d, legacy mode with a second stage of 4 levels. */
#include "qemu-bench.h"

#include <glib.h>

#include "../../tests/lib/vtd-driver.h"

#define DID 7
#define OTHER_DID 8
#define QUEUE_QS 3 /* log2 of the pages of the queue: room for a batch */

typedef struct State {
    VtdDriver driver;
    VtdRootTable root;
    VtdPages pages;
} State;

static void *start(Emulator *e, uint64_t data, bool nested)
{
    State *s = g_new0(State, 1);
    TableSpace space = table_space(&e->mem);
    uint64_t ctx[VTD_CTX_WORDS] = { 0 };

    g_assert(!nested);
    vtd_driver_init(&s->driver, &e->iommu, &e->mem);
    s->driver.qs = QUEUE_QS;
    vtd_root_init(&s->root, &e->mem, false);
    vtd_pages_init(&s->pages, &space, 2, 4);
    for (unsigned i = 0; i < BENCH_PAGES_MAX; i++) {
        vtd_pages_map_smallest(&s->pages, BENCH_IOVA + i * 4096ull,
                               data + i % BENCH_DATA_PAGES * 4096ull, 4096, VTD_SS_RW);
    }
    vtd_ctx_second_stage(ctx, &s->pages, DID);
    vtd_ctx_set(&s->root, EMULATOR_RID, ctx);
    if (!vtd_driver_start(&s->driver, &s->root)) {
        g_free(s);
        return NULL;
    }
    return s;
}

static bool flush(void *state)
{
    State *s = state;

    return vtd_driver_issue(&s->driver, vtd_make_iotlb_global());
}

static void put(VtdDriver *d, VtdDescWords desc)
{
    gmem_write_words(d->mem, d->queue + d->tail, desc.w, 2);
    d->tail = (d->tail + 16) & ((4096u << QUEUE_QS) - 1);
}

static void queue_other(void *state, unsigned batch, bool whole)
{
    State *s = state;
    VtdDriver *d = &s->driver;

    for (unsigned i = 0; i < batch; i++) {
        put(d, whole ? vtd_make_iotlb_domain(OTHER_DID)
                     : vtd_make_iotlb_page(OTHER_DID, BENCH_IOVA + i * 4096ull, 0, false));
    }
    put(d, vtd_make_wait_status(d->status, ++d->status_data));
}

static bool ring(void *state)
{
    State *s = state;
    VtdDriver *d = &s->driver;

    reg_write64(d->bus, VTD_REG_IQT, d->tail);
    for (int i = 0; i < REG_POLLS; i++) {
        /* The read comes back when the write has been done. */
        reg_read32(d->bus, VTD_REG_FSTS);
        if (gmem_read32(d->mem, d->status) == d->status_data) {
            return true;
        }
    }
    return false;
}

const BenchIommu bench_vtd = {
    .name = "vtd",
    .x86 = true,
    .ours = "model=qemu",
    .baseline = "",
    .start = start,
    .flush = flush,
    .queue_other = queue_other,
    .ring = ring,
    .free = g_free,
};

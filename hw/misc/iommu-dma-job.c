/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: a descriptor at work. Cuts it into transactions, keeps as many in flight as it allows,
 * paces them, and gathers what its completion says (docs/specs/iommu-dma.rst, "Transactions").
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "iommu-dma-internal.h"

#define PAGE_BYTES 4096u

void idma_job_begin(IdmaChannel *ch)
{
    IdmaJob *job = &ch->job;
    IdmaDesc d = job->d;
    uint64_t words[IDMA_DESC_WORDS];

    memcpy(words, job->words, sizeof(words));
    memset(job, 0, sizeof(*job));
    memcpy(job->words, words, sizeof(words));
    job->d = d;
    job->next_arrival = idma_path_now(ch->dev);
    job->ending = d.op == IDMA_OP_NOP;
}

/* idma_random_offset() with its divisions done once, or not at all. */
static uint64_t random_place(const IdmaDesc *d, uint64_t i)
{
    uint64_t number = idma_pattern(d->seed, 1, i);

    return is_power_of_2(d->places) ? number & (d->places - 1) : number % d->places;
}

static uint64_t element_offset(const IdmaDesc *d, uint64_t i)
{
    uint64_t off;

    switch (d->order) {
    case IDMA_ORDER_SEQUENTIAL:
        off = i * d->length;
        break;
    case IDMA_ORDER_STRIDED:
        off = i * d->stride;
        break;
    default:
        return random_place(d, i) * d->granule;
    }
    return d->window ? off % d->window : off;
}

static uint32_t to_page_end(uint64_t addr)
{
    return PAGE_BYTES - (addr & (PAGE_BYTES - 1));
}

/* Whether LENGTH is data to be cut into transactions; else each element is one transaction. */
static bool cut(const IdmaDesc *d)
{
    return d->op >= IDMA_OP_READ && d->op <= IDMA_OP_VERIFY;
}

/* Fill @s with the next transaction, and step over it. */
static void next_transaction(IdmaChannel *ch, IdmaSlot *s)
{
    IdmaJob *job = &ch->job;
    const IdmaDesc *d = &job->d;
    uint64_t off = element_offset(d, job->element) + job->offset;
    uint64_t at = MAX(job->next_arrival, s->free_at);

    memset(s, 0, offsetof(IdmaSlot, data));
    s->addr[0] = d->addr + off;
    s->addr[1] = d->addr2 + off;
    s->legs = 1;
    if (cut(d)) {
        s->len = MIN(d->chunk, MIN(d->length - job->offset, to_page_end(s->addr[0])));
        if (d->op == IDMA_OP_COPY) {
            s->len = MIN(s->len, to_page_end(s->addr[1]));
            s->legs = 2;
        }
    } else if (d->op >= IDMA_OP_FETCH_ADD && d->op <= IDMA_OP_CAS) {
        s->len = d->length;
    }
    s->local = d->local + job->offset;
    s->last = d->last && job->element == d->count - 1;
    s->serial = ch->serial++;
    s->cookie = (uint64_t)ch->dev->epoch++ << 32 | ch->index << 8 | (uint64_t)(s - ch->slots);
    s->state = IDMA_SLOT_READY;
    s->at = ch->dev->hertz ? at : 0;
    s->arrival = s->at;
    job->next_arrival = s->at + d->gap;

    job->offset += s->len;
    if (!cut(d) || job->offset == d->length) {
        job->offset = 0;
        job->element++;
        job->ending |= job->element == d->count;
    }
}

static void account(IdmaChannel *ch, IdmaSlot *s, bool ok)
{
    IdmaStats *st = &ch->stats;
    uint64_t latency = s->at - s->arrival;

    if (!st->txns || s->arrival < st->first) {
        st->first = s->arrival;
    }
    st->txns++;
    if (ok) {
        st->bytes += s->len;
    } else {
        st->errors++;
    }
    st->lat_sum += latency;
    st->lat_min = MIN(st->lat_min, latency);
    st->lat_max = MAX(st->lat_max, latency);
    st->last = MAX(st->last, s->at);
    st->hist[latency ? MIN(64 - clz64(latency), IDMA_CH_HIST_BUCKETS - 1) : 0]++;
}

/* @s is DONE: into the job's result with it. */
static void retire(IdmaChannel *ch, IdmaSlot *s)
{
    IdmaJob *job = &ch->job;
    bool ok = s->status == IDMA_STATUS_OK || s->status == IDMA_STATUS_STALLED_OK;

    account(ch, s, ok);
    if (!job->started || s->arrival < job->start) {
        job->started = true;
        job->start = s->arrival;
    }
    job->end = MAX(job->end, s->at);
    job->stalled |= s->stalled;
    job->razwi |= s->razwi;
    job->paged |= s->paged;
    if (!ok) {
        job->errors++;
        job->ending |= !job->d.go_on;
    } else {
        job->done++;
    }
    if (job->errors == !ok) {
        /* The first failure, or a success while there is none. */
        job->status = s->status;
        job->fault = ok ? 0 : s->fault;
        job->addr = s->status == IDMA_STATUS_MISMATCH ? s->mismatch : s->addr[s->leg];
        job->pa = s->pa;
        job->value = s->value;
        job->bypassed = s->bypassed;
    }
    s->free_at = MAX(s->at, ch->dev->hertz && !job->d.relaxed ? ch->last_retire : 0);
    ch->last_retire = s->free_at;
    idma_slot_free(ch, s);
}

/* Advance transaction number @i in order of age; true if it is gone. */
static bool advance(IdmaChannel *ch, unsigned i, uint64_t now, IdmaBudget *budget)
{
    IdmaSlot *s = &ch->slots[ch->order[i]];

    idma_slot_advance(ch, s, &ch->job.d, now, i == 0);
    if (s->state != IDMA_SLOT_DONE) {
        return false;
    }
    budget->txns--;
    budget->bytes -= s->len;
    retire(ch, s);
    ch->inflight--;
    if (i < ch->inflight) {
        memmove(&ch->order[i], &ch->order[i + 1], ch->inflight - i);
    }
    return true;
}

/* The free slot that has been free for longest, or NULL. */
static IdmaSlot *free_slot(IdmaChannel *ch)
{
    IdmaSlot *best = NULL;

    for (unsigned i = 0; i < ch->job.d.flight; i++) {
        IdmaSlot *s = &ch->slots[i];

        if (s->state == IDMA_SLOT_FREE && (!best || s->free_at < best->free_at)) {
            best = s;
        }
    }
    return best;
}

static bool issue_next(IdmaChannel *ch)
{
    IdmaJob *job = &ch->job;
    IdmaSlot *s;

    if (job->ending || ch->inflight == job->d.flight) {
        return false;
    }
    /* One transaction at a time waits for its turn. */
    if (ch->inflight) {
        s = &ch->slots[ch->order[ch->inflight - 1]];
        if (s->state == IDMA_SLOT_READY && !s->started) {
            return false;
        }
    }
    s = free_slot(ch);
    next_transaction(ch, s);
    ch->order[ch->inflight++] = s - ch->slots;
    return true;
}

IdmaProgress idma_job_run(IdmaChannel *ch, IdmaBudget *budget, uint64_t *wake)
{
    IdmaJob *job = &ch->job;
    uint64_t now = idma_path_now(ch->dev);
    bool moved;

    do {
        moved = false;
        for (unsigned i = 0; i < ch->inflight;) {
            if (advance(ch, i, now, budget)) {
                moved = true;
            } else {
                i++;
            }
        }
        while (budget->txns > 0 && budget->bytes > 0 && issue_next(ch)) {
            moved |= advance(ch, ch->inflight - 1, now, budget) ||
                     ch->slots[ch->order[ch->inflight - 1]].started;
        }
        if (budget->txns <= 0 || budget->bytes <= 0) {
            return IDMA_PROGRESS_BUDGET;
        }
    } while (moved);

    if (job->ending && !ch->inflight) {
        return IDMA_PROGRESS_DONE;
    }
    *wake = UINT64_MAX;
    for (unsigned i = 0; i < ch->inflight; i++) {
        const IdmaSlot *s = &ch->slots[ch->order[i]];

        if ((s->state == IDMA_SLOT_READY || s->state == IDMA_SLOT_WAIT) && s->at > now) {
            *wake = MIN(*wake, s->at);
        }
    }
    return IDMA_PROGRESS_WAIT;
}

void idma_job_cancel(IdmaChannel *ch)
{
    for (unsigned i = 0; i < ch->inflight; i++) {
        idma_slot_free(ch, &ch->slots[ch->order[i]]);
    }
    ch->inflight = 0;
    ch->job.ending = true;
    if (!ch->job.errors) {
        ch->job.status = IDMA_STATUS_CANCELLED;
        ch->job.fault = 0;
    }
}

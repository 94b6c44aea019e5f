/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: channels. A channel takes descriptors from its registers or its ring, runs them one
 * after the other, and delivers completions (docs/specs/iommu-dma.rst, "Channels").
 *
 * Work is done in ticks of bounded size, so that the guest stays live however long a job is. A tick
 * runs from a bottom half; from a virtual timer if the path is timed, or with -icount, so that it
 * repeats exactly.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/log.h"
#include "hw/pci/msix.h"
#include "system/cpu-timers.h"
#include "system/runstate.h"
#include "iommu-dma-internal.h"

/* Virtual time between two ticks of one long job under -icount. */
#define ICOUNT_TICK_NS 1000

static void channel_tick(IdmaChannel *ch);

/* Processor time of this thread: what else the host does is not ours. */
static int64_t work_clock(void)
{
#ifdef CLOCK_THREAD_CPUTIME_ID
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * NANOSECONDS_PER_SECOND + t.tv_nsec;
#else
    return get_clock();
#endif
}

static void channel_timer(void *opaque)
{
    channel_tick(opaque);
}

static void channel_bh(void *opaque)
{
    IdmaChannel *ch = opaque;

    /* Nothing moves while the machine is stopped; idma_vm_state() brings the tick back. */
    if (runstate_is_running()) {
        channel_tick(ch);
    }
}

/* Let others have the processor, then go on. */
static void channel_yield(IdmaChannel *ch)
{
    if (icount_enabled()) {
        timer_mod(ch->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + ICOUNT_TICK_NS);
    } else {
        qemu_bh_schedule(ch->bh);
    }
}

void idma_channel_wake(IdmaChannel *ch)
{
    if (ch->dev->hertz) {
        /* In the cycle that it is now: a bottom half would come when the host likes. */
        timer_mod(ch->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
    } else {
        channel_yield(ch);
    }
}

void idma_channel_init(IdmaState *d, unsigned index)
{
    IdmaChannel *ch = &d->ch[index];

    ch->dev = d;
    ch->index = index;
    ch->slots = g_new0(IdmaSlot, IDMA_SLOTS);
    ch->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, channel_timer, ch);
    ch->bh = qemu_bh_new_guarded(channel_bh, ch, &DEVICE(d)->mem_reentrancy_guard);
}

void idma_channel_exit(IdmaChannel *ch)
{
    timer_free(ch->timer);
    qemu_bh_delete(ch->bh);
    g_free(ch->slots);
    ch->timer = NULL;
    ch->bh = NULL;
    ch->slots = NULL;
}

void idma_channel_stats_clear(IdmaChannel *ch)
{
    memset(&ch->stats, 0, sizeof(ch->stats));
    ch->stats.lat_min = UINT64_MAX;
}

void idma_channel_reset(IdmaChannel *ch)
{
    timer_del(ch->timer);
    qemu_bh_cancel(ch->bh);
    if (ch->phase == IDMA_PHASE_JOB) {
        idma_job_cancel(ch);
    }
    idma_slot_free(ch, &ch->ring_slot);
    for (unsigned i = 0; i < IDMA_SLOTS; i++) {
        ch->slots[i].free_at = 0;
    }
    ch->ring_base = ch->cmpl_base = ch->ring_attr = ch->intr = ch->intr_enable = 0;
    ch->vector = ch->index;
    memset(ch->desc, 0, sizeof(ch->desc));
    memset(ch->cmpl, 0, sizeof(ch->cmpl));
    memset(&ch->job, 0, sizeof(ch->job));
    ch->ring_size = ch->ring_tail = ch->ring_head = ch->cmpl_tail = ch->cmpl_head = 0;
    ch->completions = 0;
    ch->enable = ch->from_ring = ch->stop = ch->stopped = false;
    ch->round = true;
    ch->error = 0;
    ch->phase = IDMA_PHASE_IDLE;
    ch->last_retire = 0;
    idma_channel_stats_clear(ch);
}

static void interrupt(IdmaChannel *ch, BitField cause)
{
    PCIDevice *dev = PCI_DEVICE(ch->dev);

    ch->intr = reg_set(ch->intr, cause, 1);
    if (reg_get(ch->intr_enable, cause) && msix_enabled(dev) && ch->vector < ch->dev->vectors) {
        ch->stats.irqs++;
        msix_notify(dev, ch->vector);
    }
}

static void channel_stop(IdmaChannel *ch, uint8_t error)
{
    ch->stopped = true;
    ch->error = error;
    ch->enable = false;
    ch->phase = IDMA_PHASE_IDLE;
    interrupt(ch, IDMA_CH_INTR_ERROR);
}

static uint32_t ring_mask(const IdmaChannel *ch)
{
    return (1u << ch->ring_size) - 1;
}

static void ring_slot_begin(IdmaChannel *ch, uint8_t home, uint64_t addr, uint32_t len)
{
    IdmaSlot *s = &ch->ring_slot;

    memset(s, 0, offsetof(IdmaSlot, data));
    s->home = home;
    s->addr[0] = addr;
    s->len = len;
    s->legs = 1;
    s->cookie = (uint64_t)ch->dev->epoch++ << 32 | ch->index << 8 | IDMA_SLOTS;
    s->state = IDMA_SLOT_READY;
    s->at = idma_path_now(ch->dev);
}

/* Make the completion of the job, or of a descriptor that never became one. */
static void complete(IdmaChannel *ch)
{
    const IdmaJob *job = &ch->job;
    const IdmaDesc *d = &job->d;
    uint64_t *c = ch->cmpl;

    memset(ch->cmpl, 0, sizeof(ch->cmpl));
    field_set(c, IDMA_C_STATUS, job->status);
    field_set(c, IDMA_C_OP, d->op);
    field_set(c, IDMA_C_STALLED, job->stalled);
    field_set(c, IDMA_C_RAZWI, job->razwi);
    field_set(c, IDMA_C_PAGED, job->paged);
    field_set(c, IDMA_C_BYPASSED, job->bypassed);
    field_set(c, IDMA_C_PHASE, ch->from_ring && ch->round);
    field_set(c, IDMA_C_FAULT, job->fault);
    field_set(c, IDMA_C_COOKIE, d->cookie);
    field_set(c, IDMA_C_DONE, job->done);
    field_set(c, IDMA_C_ERRORS, job->errors);
    field_set(c, IDMA_C_ADDR, job->addr);
    field_set(c, IDMA_C_PA, d->debug_pa ? job->pa : 0);
    field_set(c, IDMA_C_VALUE, d->checksum && !job->errors ? job->checksum : job->value);
    field_set(c, IDMA_C_START, job->start);
    field_set(c, IDMA_C_END, job->end);
}

static void delivered(IdmaChannel *ch)
{
    bool irq = ch->job.d.irq;

    ch->phase = IDMA_PHASE_IDLE;
    ch->completions++;
    if (ch->from_ring) {
        ch->cmpl_tail = (ch->cmpl_tail + 1) & ring_mask(ch);
        if (ch->cmpl_tail == 0) {
            ch->round = !ch->round;
        }
    }
    if (ch->stop) {
        ch->stop = false;
        channel_stop(ch, IDMA_STATUS_MALFORMED);
    }
    if (irq) {
        interrupt(ch, IDMA_CH_INTR_DONE);
    }
}

static void finish_job(IdmaChannel *ch)
{
    complete(ch);
    if (ch->from_ring) {
        ch->phase = IDMA_PHASE_CMPL;
        ring_slot_begin(ch, IDMA_HOME_CMPL,
                        ch->cmpl_base + (uint64_t)ch->cmpl_tail * IDMA_CMPL_BYTES,
                        IDMA_CMPL_BYTES);
    } else {
        delivered(ch);
    }
}

/* Begin the descriptor in job.words. */
static void begin_job(IdmaChannel *ch)
{
    IdmaJob *job = &ch->job;
    bool ok = idma_decode(job->words, IDMA_LOCAL_SIZE, &job->d);

    idma_job_begin(ch);
    ch->phase = IDMA_PHASE_JOB;
    if (!ok) {
        qemu_log_mask(LOG_GUEST_ERROR, "iommu-dma: channel %u: malformed descriptor, opcode %u\n",
                      ch->index, job->d.op);
        job->ending = true;
        job->status = IDMA_STATUS_MALFORMED;
        ch->stop = true;
    }
}

void idma_channel_start(IdmaChannel *ch)
{
    if (ch->stopped || ch->enable || ch->phase != IDMA_PHASE_IDLE) {
        qemu_log_mask(LOG_GUEST_ERROR, "iommu-dma: channel %u: START while not idle\n",
                      ch->index);
        return;
    }
    idma_path_refresh(ch->dev);
    memcpy(ch->job.words, ch->desc, sizeof(ch->desc));
    ch->from_ring = false;
    begin_job(ch);
    idma_channel_wake(ch);
}

void idma_channel_abort(IdmaChannel *ch)
{
    if (ch->phase == IDMA_PHASE_JOB) {
        idma_job_cancel(ch);
        idma_channel_wake(ch);
    }
}

static bool ring_ready(const IdmaChannel *ch)
{
    uint32_t next = (ch->cmpl_tail + 1) & ring_mask(ch);

    return ch->enable && ch->ring_head != ch->ring_tail && next != ch->cmpl_head;
}

/* The ring slot's transaction. True when it is over. */
static bool ring_slot_run(IdmaChannel *ch, uint64_t *wake)
{
    IdmaSlot *s = &ch->ring_slot;
    uint64_t now = idma_path_now(ch->dev);
    IdmaDesc attr;

    idma_decode_ring_attr(ch->ring_attr, &attr);
    idma_slot_advance(ch, s, &attr, now, true);
    if (s->state == IDMA_SLOT_DONE) {
        return true;
    }
    *wake = s->state == IDMA_SLOT_WAIT || s->state == IDMA_SLOT_READY ? s->at : UINT64_MAX;
    return false;
}

static bool ring_slot_end(IdmaChannel *ch)
{
    uint8_t status = ch->ring_slot.status;

    idma_slot_free(ch, &ch->ring_slot);
    return status == IDMA_STATUS_OK || status == IDMA_STATUS_STALLED_OK;
}

static void fetched(IdmaChannel *ch)
{
    if (!ring_slot_end(ch)) {
        channel_stop(ch, IDMA_STATUS_RING);
        return;
    }
    for (unsigned i = 0; i < IDMA_DESC_WORDS; i++) {
        ch->job.words[i] = le64_load(ch->fetched + 8 * i);
    }
    ch->ring_head = (ch->ring_head + 1) & ring_mask(ch);
    ch->from_ring = true;
    begin_job(ch);
}

/* Do what can be done now. BUDGET: come back; WAIT: *@wake; DONE: nothing to do. */
static IdmaProgress channel_run(IdmaChannel *ch, uint64_t *wake)
{
    IdmaBudget budget = { .txns = IDMA_TICK_TXNS, .bytes = IDMA_TICK_BYTES };
    IdmaProgress p;

    while (budget.txns > 0) {
        budget.txns--;
        switch (ch->phase) {
        case IDMA_PHASE_IDLE:
            if (ch->stopped || !ring_ready(ch)) {
                return IDMA_PROGRESS_DONE;
            }
            ch->phase = IDMA_PHASE_FETCH;
            ring_slot_begin(ch, IDMA_HOME_FETCH,
                            ch->ring_base + (uint64_t)ch->ring_head * IDMA_DESC_BYTES,
                            IDMA_DESC_BYTES);
            break;
        case IDMA_PHASE_FETCH:
            if (!ring_slot_run(ch, wake)) {
                return IDMA_PROGRESS_WAIT;
            }
            fetched(ch);
            break;
        case IDMA_PHASE_JOB:
            p = idma_job_run(ch, &budget, wake);
            if (p != IDMA_PROGRESS_DONE) {
                return p;
            }
            finish_job(ch);
            break;
        default:
            if (!ring_slot_run(ch, wake)) {
                return IDMA_PROGRESS_WAIT;
            }
            if (ring_slot_end(ch)) {
                delivered(ch);
            } else {
                ch->stop = false;
                channel_stop(ch, IDMA_STATUS_RING);
            }
            break;
        }
    }
    return IDMA_PROGRESS_BUDGET;
}

static void channel_tick(IdmaChannel *ch)
{
    MemReentrancyGuard *guard = &DEVICE(ch->dev)->mem_reentrancy_guard;
    bool engaged = guard->engaged_in_io;
    uint64_t wake = UINT64_MAX;
    int64_t t0 = work_clock();

    /* The device does not hear its own DMA into its registers; peers do. */
    guard->engaged_in_io = true;
    ch->dev->dirty_first = IDMA_LOCAL_SIZE;
    ch->dev->dirty_end = 0;
    idma_path_refresh(ch->dev);
    switch (channel_run(ch, &wake)) {
    case IDMA_PROGRESS_BUDGET:
        channel_yield(ch);
        break;
    case IDMA_PROGRESS_WAIT:
        if (wake != UINT64_MAX) {
            timer_mod(ch->timer, idma_path_deadline(ch->dev, wake));
        }
        break;
    case IDMA_PROGRESS_DONE:
        break;
    }
    if (ch->dev->dirty_end) {
        memory_region_set_dirty(&ch->dev->local, ch->dev->dirty_first,
                                ch->dev->dirty_end - ch->dev->dirty_first);
    }
    guard->engaged_in_io = engaged;
    ch->stats.host_ns += work_clock() - t0;
}

bool idma_channel_post_load(IdmaChannel *ch)
{
    bool seen[IDMA_SLOTS] = { false };
    bool on_board;

    if (ch->ring_size > 15 || ch->phase > IDMA_PHASE_CMPL || ch->inflight > IDMA_SLOTS ||
        (ch->ring_head | ch->ring_tail | ch->cmpl_head | ch->cmpl_tail) > ring_mask(ch)) {
        return false;
    }
    /* The image is input too: every transaction must be one that the descriptor could issue. */
    if (ch->phase == IDMA_PHASE_JOB) {
        IdmaJob *job = &ch->job;

        /* A malformed one only ends: nothing of it is issued. */
        if (!idma_decode(job->words, IDMA_LOCAL_SIZE, &job->d) &&
            !(ch->stop && job->ending && !ch->inflight)) {
            return false;
        }
        if (ch->inflight > job->d.flight || job->element > job->d.count ||
            (job->offset && job->offset >= job->d.length)) {
            return false;
        }
    } else if (ch->inflight) {
        return false;
    }
    for (unsigned i = 0; i < ch->inflight; i++) {
        if (ch->order[i] >= ch->job.d.flight || seen[ch->order[i]]) {
            return false;
        }
        seen[ch->order[i]] = true;
    }
    on_board = ch->job.d.op == IDMA_OP_READ || ch->job.d.op == IDMA_OP_WRITE;
    for (unsigned i = 0; i <= IDMA_SLOTS; i++) {
        IdmaSlot *s = i < IDMA_SLOTS ? &ch->slots[i] : &ch->ring_slot;
        bool used = i < IDMA_SLOTS ? seen[i]
                                   : ch->phase == IDMA_PHASE_FETCH || ch->phase == IDMA_PHASE_CMPL;

        if ((s->state != IDMA_SLOT_FREE) != used || s->state > IDMA_SLOT_DONE ||
            s->step > IDMA_STEP_ATC || s->leg >= 2 || s->legs > 2 || s->len > IDMA_CHUNK_MAX ||
            s->prgi >= IDMA_PRGI_COUNT ||
            (used && i < IDMA_SLOTS && on_board &&
             (s->local > IDMA_LOCAL_SIZE || s->len > IDMA_LOCAL_SIZE - s->local))) {
            return false;
        }
        /* Device TLB entries do not travel: what came from there is asked for again. */
        s->stale = s->state != IDMA_SLOT_FREE && s->step != IDMA_STEP_ACCESS;
    }
    idma_channel_wake(ch);
    return true;
}

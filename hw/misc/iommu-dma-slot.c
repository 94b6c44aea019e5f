/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: one transaction, from its arrival at the IOMMU to its data
 * (docs/specs/iommu-dma.rst, "Transactions").
 *
 * A slot is READY until it is its turn, then asks the IOMMU and WAITs for the cycle of the answer;
 * or it waits for software: STALLED, PAGE (a page request group response), CREDIT. Data moves at
 * the cycle of the answer. Without a timed port every cycle is 0 and nothing waits for time.
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "iommu-dma-internal.h"

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME  0x100000001b3ull

static bool leg_writes(const IdmaSlot *s, const IdmaDesc *d)
{
    switch (s->home) {
    case IDMA_HOME_FETCH:
        return false;
    case IDMA_HOME_CMPL:
        return true;
    default:
        break;
    }
    switch (d->op) {
    case IDMA_OP_WRITE:
    case IDMA_OP_FILL:
    case IDMA_OP_FETCH_ADD:
    case IDMA_OP_SWAP:
    case IDMA_OP_CAS:
        return true;
    case IDMA_OP_COPY:
        return s->leg == 1;
    default:
        return false;
    }
}

static bool is_atomic(const IdmaSlot *s, const IdmaDesc *d)
{
    return s->home == IDMA_HOME_JOB && d->op >= IDMA_OP_FETCH_ADD && d->op <= IDMA_OP_CAS;
}

static bool leg_reads(const IdmaSlot *s, const IdmaDesc *d)
{
    return !leg_writes(s, d) || is_atomic(s, d);
}

static void done(IdmaSlot *s, uint8_t status)
{
    s->state = IDMA_SLOT_DONE;
    s->status = status;
}

/* FILL and VERIFY: the bytes that belong at @addr. */
static void pattern_bytes(const IdmaDesc *d, uint64_t addr, uint8_t *buf, uint32_t len)
{
    uint64_t word = idma_pattern(d->data, d->mixed, addr / 8);

    for (uint32_t i = 0; i < len; i++, addr++) {
        if (i && addr % 8 == 0) {
            word = idma_pattern(d->data, d->mixed, addr / 8);
        }
        buf[i] = word >> (addr % 8 * 8);
    }
}

static bool verify_bytes(const IdmaDesc *d, IdmaSlot *s)
{
    uint8_t expected[IDMA_CHUNK_MAX];

    pattern_bytes(d, s->addr[0], expected, s->len);
    if (!memcmp(expected, s->data, s->len)) {
        return true;
    }
    for (uint32_t i = 0; i < s->len; i++) {
        if (expected[i] != s->data[i]) {
            s->mismatch = s->addr[0] + i;
            s->value = reg_make(IDMA_V_FOUND, s->data[i]);
            s->value = reg_set(s->value, IDMA_V_EXPECTED, expected[i]);
            break;
        }
    }
    return false;
}

static void checksum(IdmaJob *job, const uint8_t *buf, uint32_t len)
{
    uint64_t sum = job->checksum ? job->checksum : FNV_OFFSET;

    for (uint32_t i = 0; i < len; i++) {
        sum = (sum ^ buf[i]) * FNV_PRIME;
    }
    job->checksum = sum;
}

/* What goes out of the device in the current leg. */
static void *source(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d)
{
    if (s->home == IDMA_HOME_CMPL) {
        for (unsigned i = 0; i < IDMA_CMPL_WORDS; i++) {
            le64_store(s->data + 8 * i, ch->cmpl[i]);
        }
        return s->data;
    }
    if (d->op == IDMA_OP_FILL) {
        pattern_bytes(d, s->addr[0], s->data, s->len);
        return s->data;
    }
    return d->op == IDMA_OP_WRITE ? ch->dev->local_ram + s->local : s->data;
}

/* What came into the device, in s->data. */
static uint8_t sink(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d)
{
    if (s->home == IDMA_HOME_FETCH) {
        memcpy(ch->fetched, s->data, sizeof(ch->fetched));
        return IDMA_STATUS_OK;
    }
    if (d->checksum) {
        checksum(&ch->job, s->data, s->len);
    }
    if (d->op == IDMA_OP_READ) {
        IdmaState *dev = ch->dev;

        memcpy(dev->local_ram + s->local, s->data, s->len);
        dev->dirty_first = MIN(dev->dirty_first, s->local);
        dev->dirty_end = MAX(dev->dirty_end, s->local + s->len);
    } else if (d->op == IDMA_OP_VERIFY && !verify_bytes(d, s)) {
        return IDMA_STATUS_MISMATCH;
    }
    return IDMA_STATUS_OK;
}

/* Move the data of the current leg at @a (NULL: terminated as read-as-zero, write-ignored). */
static uint8_t move(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d, const IdmaAccess *a)
{
    uint8_t status = IDMA_STATUS_OK;

    if (is_atomic(s, d)) {
        s->value = 0;
        return a ? idma_path_atomic(a, d->op, s->len, d->data, d->compare, &s->value) : status;
    }
    if (leg_writes(s, d)) {
        return a ? idma_path_move(ch->dev, a, source(ch, s, d), s->len, true) : status;
    }
    if (a) {
        status = idma_path_move(ch->dev, a, s->data, s->len, false);
    } else {
        memset(s->data, 0, s->len);
    }
    return status == IDMA_STATUS_OK ? sink(ch, s, d) : status;
}

/* The current leg is over. */
static void leg_done(IdmaSlot *s, uint8_t status)
{
    if (status != IDMA_STATUS_OK || s->leg + 1 == s->legs) {
        done(s, status == IDMA_STATUS_OK && s->stalled ? IDMA_STATUS_STALLED_OK : status);
        return;
    }
    s->leg++;
    s->step = IDMA_STEP_ACCESS;
    s->state = IDMA_SLOT_READY;
    s->stale = false;
    s->untranslated = false;
}

static void issue_plain(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d)
{
    IdmaState *dev = ch->dev;
    IdmaAccess a = {
        .as = dev->plain,
        .addr = s->addr[s->leg],
        .attrs = { .requester_id = dev->rid },
    };

    leg_done(s, move(ch, s, d, &a));
}

static uint8_t gate(IdmaState *dev, const IdmaDesc *d)
{
    uint32_t missing = d->need & ~dev->enabled;

    /* A device may misbehave, but the fabric does not pass on what is not a bus master. */
    if (missing & IDMA_NEED_MASTER || (missing && !d->force)) {
        return IDMA_STATUS_NOT_ENABLED;
    }
    if (!dev->port ? d->port_only : (d->features & ~dev->features) != 0) {
        return IDMA_STATUS_NO_PATH;
    }
    return IDMA_STATUS_OK;
}

/* Whether a translation completion with @bits lets the leg go on. */
static bool grants(const IdmaSlot *s, const IdmaDesc *d, uint8_t bits)
{
    return (!leg_reads(s, d) || reg_get(bits, IDMA_V_ATS_R)) &&
           (!leg_writes(s, d) || reg_get(bits, IDMA_V_ATS_W)) &&
           (!d->exec || reg_get(bits, IDMA_V_ATS_X));
}

static void lookup_atc(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d)
{
    IdmaState *dev = ch->dev;
    uint64_t addr = s->addr[s->leg];
    const IdmaAtcEntry *e;

    s->stale = false;
    s->step = IDMA_STEP_ATS;
    e = idma_atc_lookup(&dev->atc, addr, d->has_pasid, d->pasid, d->priv);
    if (e && grants(s, d, e->bits)) {
        uint64_t span = e->lg2 >= 64 ? ~0ull : (1ull << e->lg2) - 1;

        s->step = IDMA_STEP_ATC;
        s->ats_bits = e->bits;
        s->ats_lg2 = e->lg2;
        s->pa = e->pa | (addr & span);
    }
}

static void issue_port(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d, uint64_t now)
{
    IdmaState *dev = ch->dev;
    IommuTxn txn = {
        .addr = s->addr[s->leg], .arrival = MAX(s->at, now), .cookie = s->cookie,
        .stream = dev->rid, .pasid = d->pasid, .has_pasid = d->has_pasid, .size = s->len,
        .attr = { .type = 0xff, .space = d->secure, .snoop = !d->no_snoop },
        .write = leg_writes(s, d), .atomic = is_atomic(s, d), .exec = d->exec, .priv = d->priv,
        .no_snoop = d->no_snoop,
    };
    IommuResult res;

    if (d->op == IDMA_OP_ATS_REQUEST && s->home == IDMA_HOME_JOB) {
        s->step = IDMA_STEP_ATS;
        s->stale = false;
    } else if (d->at == IDMA_AT_ATC && !s->untranslated &&
               (s->step == IDMA_STEP_ACCESS || s->stale)) {
        lookup_atc(ch, s, d);
    }
    switch (s->step) {
    case IDMA_STEP_ATS:
        txn.kind = IOMMU_TXN_ATS_REQUEST;
        txn.no_write = d->no_write && !txn.write;
        break;
    case IDMA_STEP_ATC:
        /* 10.2.3: a translated request carries no PASID. */
        txn.kind = IOMMU_TXN_TRANSLATED;
        txn.addr = s->pa;
        txn.has_pasid = false;
        txn.pasid = 0;
        break;
    default:
        txn.kind = d->at == IDMA_AT_TRANSLATED ? IOMMU_TXN_TRANSLATED : IOMMU_TXN_UNTRANSLATED;
        break;
    }
    if (!s->started) {
        s->started = true;
        s->arrival = txn.arrival;
    }
    s->state = IDMA_SLOT_WAIT;
    dev->portc->translate(dev->way, &txn, &res);
    s->answer = res.status;
    s->fault = res.fault;
    s->bypassed = res.bypassed;
    s->at = dev->hertz ? MAX(res.complete, txn.arrival) : 0;
    if (s->step == IDMA_STEP_ATS) {
        s->ats_lg2 = res.page_lg2;
        s->ats_bits = reg_make(IDMA_V_ATS_R, res.ats_r) | reg_make(IDMA_V_ATS_W, res.ats_w) |
                      reg_make(IDMA_V_ATS_X, res.ats_x) | reg_make(IDMA_V_ATS_U, res.ats_u) |
                      reg_make(IDMA_V_ATS_PRIV, res.ats_priv) |
                      reg_make(IDMA_V_ATS_GLOBAL, res.ats_global) |
                      reg_make(IDMA_V_ATS_N, res.ats_no_snoop);
    }
    s->pa = res.pa;
    if (res.status == IOMMU_STATUS_STALLED) {
        s->state = IDMA_SLOT_STALLED;
        s->stalled = true;
        ch->stats.stalls++;
    }
}

static void issue(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d, uint64_t now)
{
    uint8_t status = gate(ch->dev, d);

    if (status != IDMA_STATUS_OK) {
        done(s, status);
    } else if (s->home == IDMA_HOME_JOB &&
               (d->op == IDMA_OP_PAGE_REQUEST || d->op == IDMA_OP_STOP_MARKER)) {
        idma_pri_explicit(ch, s, d);
    } else if (ch->dev->port) {
        issue_port(ch, s, d, now);
    } else {
        issue_plain(ch, s, d);
    }
}

static uint8_t status_of(uint8_t answer)
{
    switch (answer) {
    case IOMMU_STATUS_UR:
        return IDMA_STATUS_UR;
    case IOMMU_STATUS_CA:
        return IDMA_STATUS_CA;
    default:
        return IDMA_STATUS_ABORTED;
    }
}

/* A translation completion has come back. */
static void translated(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d)
{
    bool any = s->ats_bits & (field_mask(IDMA_V_ATS_R) | field_mask(IDMA_V_ATS_W) |
                              field_mask(IDMA_V_ATS_X));

    if (s->answer != IOMMU_STATUS_OK) {
        done(s, status_of(s->answer));
        return;
    }
    /* 10.2.3: "untranslated access only" and "no access" are not kept. */
    if (any && !s->stale && !reg_get(s->ats_bits, IDMA_V_ATS_U)) {
        idma_atc_insert(&ch->dev->atc, s->addr[s->leg], s->pa, s->ats_lg2, s->ats_bits,
                        d->has_pasid, d->pasid, d->priv);
    }
    if (s->home == IDMA_HOME_JOB && d->op == IDMA_OP_ATS_REQUEST) {
        s->value = reg_set(s->ats_bits, IDMA_V_ATS_LG2, s->ats_lg2);
        done(s, IDMA_STATUS_OK);
    } else if (s->stale) {
        /* Invalidated between question and answer: ask again. */
        s->step = IDMA_STEP_ACCESS;
        s->state = IDMA_SLOT_READY;
    } else if (!grants(s, d, s->ats_bits)) {
        if (!d->page || s->retries == IDMA_PAGE_RETRIES) {
            done(s, IDMA_STATUS_DENIED);
            return;
        }
        s->retries++;
        s->step = IDMA_STEP_ACCESS;
        idma_pri_fault(ch, s, d, leg_reads(s, d), leg_writes(s, d), d->exec);
    } else if (reg_get(s->ats_bits, IDMA_V_ATS_U)) {
        s->step = IDMA_STEP_ACCESS;
        s->state = IDMA_SLOT_READY;
        s->untranslated = true;
    } else {
        s->step = IDMA_STEP_ATC;
        s->state = IDMA_SLOT_READY;
    }
}

/* The answer takes effect: the data moves. */
static void answered(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d)
{
    IdmaState *dev = ch->dev;
    IdmaAccess a = {
        .as = dev->memory, .addr = s->pa,
        .attrs = { .requester_id = dev->rid, .secure = d->secure },
    };
    bool zero_read = s->home == IDMA_HOME_JOB && d->op == IDMA_OP_ZERO_READ;

    switch (s->answer) {
    case IOMMU_STATUS_OK:
        leg_done(s, zero_read ? IDMA_STATUS_OK : move(ch, s, d, &a));
        break;
    case IOMMU_STATUS_RAZWI:
        s->razwi = true;
        leg_done(s, zero_read ? IDMA_STATUS_OK : move(ch, s, d, NULL));
        break;
    case IOMMU_STATUS_INTERRUPT:
        /* An interrupt message: the IOMMU remaps it on the way of plain DMA. */
        issue_plain(ch, s, d);
        break;
    default:
        leg_done(s, status_of(s->answer));
        break;
    }
}

void idma_slot_advance(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d, uint64_t now,
                       bool oldest)
{
    /* Every turn ends in another state, or at a later step of the transaction. */
    for (;;) {
        switch (s->state) {
        case IDMA_SLOT_READY:
            if (s->at > now) {
                return;
            }
            issue(ch, s, d, now);
            break;
        case IDMA_SLOT_WAIT:
            if (s->at > now) {
                return;
            }
            if (s->step == IDMA_STEP_ATS) {
                translated(ch, s, d);
                break;
            }
            /* Without relaxed ordering no data overtakes that of an older transaction. */
            if (!oldest && !d->relaxed && s->leg + 1 == s->legs) {
                return;
            }
            answered(ch, s, d);
            if (s->holds && s->state != IDMA_SLOT_WAIT) {
                idma_atc_release(ch->dev, s);
            }
            break;
        case IDMA_SLOT_CREDIT:
            if (!(ch->dev->enabled & IDMA_NEED_PRI) && !d->force) {
                done(s, IDMA_STATUS_NOT_ENABLED);
                break;
            }
            idma_pri_fault(ch, s, d, leg_reads(s, d), leg_writes(s, d), d->exec);
            if (s->state == IDMA_SLOT_CREDIT) {
                return;
            }
            break;
        default:
            return;
        }
    }
}

void idma_slot_free(IdmaChannel *ch, IdmaSlot *s)
{
    if (s->state == IDMA_SLOT_PAGE) {
        idma_pri_forget(ch->dev, s);
    }
    s->state = IDMA_SLOT_FREE;
    if (s->holds) {
        idma_atc_release(ch->dev, s);
    }
}

/* An answer to a transaction that a reset or an abort has ended finds another cookie: NULL. */
static IdmaSlot *slot_of(IdmaState *dev, uint64_t cookie, IdmaSlotState state, IdmaChannel **ch)
{
    unsigned c = cookie >> 8 & 0xff, i = cookie & 0xff;
    IdmaSlot *s;

    if (c >= dev->channels || i > IDMA_SLOTS) {
        return NULL;
    }
    *ch = &dev->ch[c];
    s = i == IDMA_SLOTS ? &(*ch)->ring_slot : &(*ch)->slots[i];
    return s->state == state && s->cookie == cookie ? s : NULL;
}

/* On a timed port, what translate() answered arrives now. */
void idma_timed_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    IdmaChannel *ch;
    IdmaSlot *s = slot_of(opaque, cookie, IDMA_SLOT_WAIT, &ch);

    if (s && s->at == UINT64_MAX) {
        s->at = cycle;
        idma_channel_wake(ch);
    }
}

void idma_stall_done(void *opaque, uint64_t cookie, const IommuResult *res)
{
    IdmaState *dev = opaque;
    IdmaChannel *ch;
    IdmaSlot *s = slot_of(dev, cookie, IDMA_SLOT_STALLED, &ch);

    if (!s) {
        return;
    }
    if (res->status == IOMMU_STATUS_STALLED) {
        ch->stats.stalls++;
        return;
    }
    s->state = IDMA_SLOT_WAIT;
    s->answer = res->status;
    s->fault = res->fault;
    s->bypassed = res->bypassed;
    s->pa = res->pa;
    s->at = dev->hertz ? MAX(res->complete, idma_path_now(dev)) : 0;
    idma_channel_wake(ch);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: registers of BAR 0 (docs/specs/iommu-dma.rst, "Registers").
 *
 * A register is 64 bits; half of it may be accessed. A write is (value, mask of the bits that the
 * access covers), so that a half does not disturb the other.
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "iommu-dma-internal.h"

static uint64_t merge(uint64_t old, uint64_t value, uint64_t mask)
{
    return (old & ~mask) | (value & mask);
}

static uint64_t caps(IdmaState *d)
{
    IdmaState *pf = idma_pf(d);
    uint64_t v = reg_make(IDMA_CAPS_CHANNELS, d->channels);

    v = reg_set(v, IDMA_CAPS_ATS, d->ats);
    v = reg_set(v, IDMA_CAPS_PRI, pf->pri);
    v = reg_set(v, IDMA_CAPS_PASID, pf->pasid);
    v = reg_set(v, IDMA_CAPS_VF, pci_is_vf(PCI_DEVICE(d)));
    v = reg_set(v, IDMA_CAPS_VFS, d->vfs);
    v = reg_set(v, IDMA_CAPS_PASID_BITS, pf->pasid ? pf->pasid_bits : 0);
    v = reg_set(v, IDMA_CAPS_VECTORS, d->vectors);
    return reg_set(v, IDMA_CAPS_LOCAL, IDMA_LOCAL_SIZE);
}

static uint64_t path(IdmaState *d)
{
    uint64_t v = reg_make(IDMA_PATH_RID, d->rid);

    v = reg_set(v, IDMA_PATH_PORT, d->port != NULL);
    v = reg_set(v, IDMA_PATH_PASID, !!(d->features & IOMMU_PORT_PASID));
    v = reg_set(v, IDMA_PATH_ATS, !!(d->features & IOMMU_PORT_ATS));
    v = reg_set(v, IDMA_PATH_PRI, !!(d->features & IOMMU_PORT_PRI));
    v = reg_set(v, IDMA_PATH_STALL, !!(d->features & IOMMU_PORT_STALL));
    return reg_set(v, IDMA_PATH_TIMED, d->hertz != 0);
}

static uint64_t pending_interrupts(IdmaState *d)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < d->channels; i++) {
        v |= (uint64_t)(d->ch[i].intr != 0) << i;
    }
    return v;
}

static uint64_t device_read(IdmaState *d, uint64_t reg)
{
    switch (reg) {
    case IDMA_ID:
        return reg_make(IDMA_ID_MAGIC, IDMA_MAGIC) | reg_make(IDMA_ID_VERSION, IDMA_REVISION);
    case IDMA_CAPS:
        return caps(d);
    case IDMA_PATH:
        idma_path_refresh(d);
        return path(d);
    case IDMA_CYCLE:
        idma_path_refresh(d);
        return idma_path_now(d);
    case IDMA_HERTZ:
        idma_path_refresh(d);
        return d->hertz;
    case IDMA_INTR:
        return pending_interrupts(d);
    case IDMA_ATC_MODE:
        return d->atc_mode;
    case IDMA_ATC_SIZE:
        return d->atc.size;
    case IDMA_ATC_USED:
        return d->atc.used;
    case IDMA_ATC_LOOKUPS:
        return d->atc.lookups;
    case IDMA_ATC_HITS:
        return d->atc.hits;
    case IDMA_ATC_INVALIDATIONS:
        return d->atc.invalidations;
    case IDMA_ATC_DROPPED:
        return d->atc.dropped;
    case IDMA_ATC_HELD:
        return idma_atc_held(d);
    case IDMA_PRI_SENT:
        return d->pri_sent;
    case IDMA_PRI_RESPONSES:
        return d->pri_responses;
    case IDMA_PRI_OUTSTANDING:
        return idma_pf(d)->pri_outstanding;
    case IDMA_PRI_LAST:
        return d->pri_last;
    default:
        return 0;
    }
}

static void device_write(IdmaState *d, uint64_t reg, uint64_t value, uint64_t mask)
{
    switch (reg) {
    case IDMA_CTRL:
        value &= mask;
        if (reg_get(value, IDMA_CTRL_RESET)) {
            idma_reset(d);
            return;
        }
        if (reg_get(value, IDMA_CTRL_ATC_FLUSH)) {
            idma_atc_flush(&d->atc);
        }
        if (reg_get(value, IDMA_CTRL_INV_ANSWER)) {
            idma_atc_answer_held(d, true);
        }
        break;
    case IDMA_ATC_MODE:
        d->atc_mode = merge(d->atc_mode, value, mask) & field_mask(IDMA_ATC_MODE_MODE);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "iommu-dma: write to read-only register 0x%" PRIx64 "\n",
                      reg);
        break;
    }
}

static uint64_t channel_status(const IdmaChannel *ch)
{
    bool ring = ch->enable && ch->ring_head != ch->ring_tail;
    bool busy = ch->phase != IDMA_PHASE_IDLE || ring;
    const IdmaSlot *s = ch->phase == IDMA_PHASE_JOB && ch->inflight ? &ch->slots[ch->order[0]]
                                                                    : &ch->ring_slot;
    uint64_t wait = IDMA_WAIT_NONE, v;

    switch (s->state) {
    case IDMA_SLOT_READY:
    case IDMA_SLOT_WAIT:
        wait = IDMA_WAIT_TIME;
        break;
    case IDMA_SLOT_STALLED:
        wait = IDMA_WAIT_STALL;
        break;
    case IDMA_SLOT_PAGE:
        wait = IDMA_WAIT_PAGE;
        break;
    case IDMA_SLOT_CREDIT:
        wait = IDMA_WAIT_CREDIT;
        break;
    default:
        break;
    }
    v = reg_make(IDMA_CH_STATUS_STATE,
                 ch->stopped ? IDMA_CH_STOPPED : busy ? IDMA_CH_BUSY : IDMA_CH_IDLE);
    v = reg_set(v, IDMA_CH_STATUS_ERROR, ch->error);
    v = reg_set(v, IDMA_CH_STATUS_WAIT, wait);
    v = reg_set(v, IDMA_CH_STATUS_FLIGHT, ch->inflight);
    return reg_set(v, IDMA_CH_STATUS_COUNT, ch->completions);
}

static uint64_t statistic(const IdmaStats *st, uint64_t reg)
{
    switch (reg) {
    case IDMA_CH_STAT_TXNS:
        return st->txns;
    case IDMA_CH_STAT_BYTES:
        return st->bytes;
    case IDMA_CH_STAT_ERRORS:
        return st->errors;
    case IDMA_CH_STAT_STALLS:
        return st->stalls;
    case IDMA_CH_STAT_PAGES:
        return st->pages;
    case IDMA_CH_STAT_IRQS:
        return st->irqs;
    case IDMA_CH_STAT_LAT_SUM:
        return st->lat_sum;
    case IDMA_CH_STAT_LAT_MIN:
        return st->lat_min;
    case IDMA_CH_STAT_LAT_MAX:
        return st->lat_max;
    case IDMA_CH_STAT_LAT_MEAN:
        return st->txns ? muldiv64(st->lat_sum, 1u << 16, MIN(st->txns, UINT32_MAX)) : 0;
    case IDMA_CH_STAT_FIRST:
        return st->first;
    case IDMA_CH_STAT_LAST:
        return st->last;
    case IDMA_CH_STAT_RATE:
        return st->last > st->first
               ? muldiv64(st->bytes, 1u << 16, MIN(st->last - st->first, UINT32_MAX)) : 0;
    case IDMA_CH_STAT_HOST_NS:
        return st->host_ns;
    default:
        return 0;
    }
}

static uint64_t channel_read(IdmaChannel *ch, uint64_t reg)
{
    switch (reg) {
    case IDMA_CH_CTRL:
        return reg_make(IDMA_CH_CTRL_ENABLE, ch->enable);
    case IDMA_CH_STATUS:
        return channel_status(ch);
    case IDMA_CH_RING_BASE:
        return ch->ring_base;
    case IDMA_CH_CMPL_BASE:
        return ch->cmpl_base;
    case IDMA_CH_RING_SIZE:
        return ch->ring_size;
    case IDMA_CH_RING_TAIL:
        return ch->ring_tail;
    case IDMA_CH_RING_HEAD:
        return ch->ring_head;
    case IDMA_CH_CMPL_TAIL:
        return ch->cmpl_tail;
    case IDMA_CH_CMPL_HEAD:
        return ch->cmpl_head;
    case IDMA_CH_RING_ATTR:
        return ch->ring_attr;
    case IDMA_CH_INTR:
        return ch->intr;
    case IDMA_CH_INTR_ENABLE:
        return ch->intr_enable;
    case IDMA_CH_VECTOR:
        return ch->vector;
    default:
        break;
    }
    if (reg >= IDMA_CH_DESC && reg < IDMA_CH_DESC + IDMA_DESC_BYTES) {
        return ch->desc[(reg - IDMA_CH_DESC) / 8];
    }
    if (reg >= IDMA_CH_CMPL && reg < IDMA_CH_CMPL + IDMA_CMPL_BYTES) {
        return ch->cmpl[(reg - IDMA_CH_CMPL) / 8];
    }
    if (reg >= IDMA_CH_HIST && reg < IDMA_CH_HIST + 8 * IDMA_CH_HIST_BUCKETS) {
        return ch->stats.hist[(reg - IDMA_CH_HIST) / 8];
    }
    return statistic(&ch->stats, reg);
}

static void channel_control(IdmaChannel *ch, uint64_t value, uint64_t mask)
{
    if (reg_get(value & mask, IDMA_CH_CTRL_RESET)) {
        idma_channel_reset(ch);
        return;
    }
    if (reg_get(value & mask, IDMA_CH_CTRL_CLEAR)) {
        idma_channel_stats_clear(ch);
    }
    if (reg_get(value & mask, IDMA_CH_CTRL_ABORT)) {
        idma_channel_abort(ch);
    }
    if (reg_get(value & mask, IDMA_CH_CTRL_START)) {
        idma_channel_start(ch);
        return;
    }
    if (reg_get(mask, IDMA_CH_CTRL_ENABLE) && !ch->stopped) {
        ch->enable = reg_get(value, IDMA_CH_CTRL_ENABLE);
        idma_channel_wake(ch);
    }
}

/* The ring's place and size cannot change under it. */
static bool ring_frozen(const IdmaChannel *ch)
{
    return ch->enable || ch->phase != IDMA_PHASE_IDLE;
}

static void channel_write(IdmaChannel *ch, uint64_t reg, uint64_t value, uint64_t mask)
{
    uint32_t ring_mask = (1u << ch->ring_size) - 1;

    switch (reg) {
    case IDMA_CH_CTRL:
        channel_control(ch, value, mask);
        return;
    case IDMA_CH_RING_TAIL:
        ch->ring_tail = merge(ch->ring_tail, value, mask) & ring_mask;
        idma_channel_wake(ch);
        return;
    case IDMA_CH_CMPL_HEAD:
        ch->cmpl_head = merge(ch->cmpl_head, value, mask) & ring_mask;
        idma_channel_wake(ch);
        return;
    case IDMA_CH_INTR:
        ch->intr &= ~(value & mask);
        return;
    case IDMA_CH_INTR_ENABLE:
        ch->intr_enable = merge(ch->intr_enable, value, mask) &
                          (field_mask(IDMA_CH_INTR_DONE) | field_mask(IDMA_CH_INTR_ERROR));
        return;
    case IDMA_CH_VECTOR:
        ch->vector = merge(ch->vector, value, mask);
        return;
    case IDMA_CH_RING_BASE:
    case IDMA_CH_CMPL_BASE:
    case IDMA_CH_RING_SIZE:
    case IDMA_CH_RING_ATTR:
        break;
    default:
        if (reg >= IDMA_CH_DESC && reg < IDMA_CH_DESC + IDMA_DESC_BYTES) {
            uint64_t *w = &ch->desc[(reg - IDMA_CH_DESC) / 8];

            *w = merge(*w, value, mask);
            return;
        }
        qemu_log_mask(LOG_GUEST_ERROR,
                      "iommu-dma: channel %u: write to read-only register 0x%" PRIx64 "\n",
                      ch->index, reg);
        return;
    }

    if (ring_frozen(ch)) {
        qemu_log_mask(LOG_GUEST_ERROR,
                      "iommu-dma: channel %u: ring register 0x%" PRIx64 " written while in use\n",
                      ch->index, reg);
        return;
    }
    switch (reg) {
    case IDMA_CH_RING_BASE:
        ch->ring_base = merge(ch->ring_base, value, mask) & ~(uint64_t)(IDMA_DESC_BYTES - 1);
        break;
    case IDMA_CH_CMPL_BASE:
        ch->cmpl_base = merge(ch->cmpl_base, value, mask) & ~(uint64_t)(IDMA_CMPL_BYTES - 1);
        break;
    case IDMA_CH_RING_SIZE:
        ch->ring_size = merge(ch->ring_size, value, mask) & 15;
        ch->ring_head = ch->ring_tail = ch->cmpl_head = ch->cmpl_tail = 0;
        ch->round = true;
        break;
    default:
        ch->ring_attr = merge(ch->ring_attr, value, mask) & idma_ring_attr_mask();
        break;
    }
}

static IdmaChannel *channel_at(IdmaState *d, hwaddr offset)
{
    unsigned n = offset / IDMA_CHANNEL(0);

    return n >= 1 && n <= d->channels ? &d->ch[n - 1] : NULL;
}

static uint64_t regs_read(void *opaque, hwaddr offset, unsigned size)
{
    IdmaState *d = opaque;
    hwaddr reg = offset & ~(hwaddr)7;
    IdmaChannel *ch = channel_at(d, offset);
    uint64_t v;

    if (ch) {
        v = channel_read(ch, reg & (IDMA_CHANNEL(0) - 1));
    } else {
        v = device_read(d, reg);
    }
    return size == 8 ? v : extract64(v, (offset & 4) * 8, 32);
}

static void regs_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    IdmaState *d = opaque;
    hwaddr reg = offset & ~(hwaddr)7;
    IdmaChannel *ch = channel_at(d, offset);
    uint64_t mask = UINT64_MAX;

    if (size == 4) {
        mask = MAKE_64BIT_MASK((offset & 4) * 8, 32);
        value <<= (offset & 4) * 8;
    }
    if (ch) {
        channel_write(ch, reg & (IDMA_CHANNEL(0) - 1), value, mask);
    } else {
        device_write(d, reg, value, mask);
    }
}

const MemoryRegionOps idma_regs_ops = {
    .read = regs_read,
    .write = regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 8 },
};

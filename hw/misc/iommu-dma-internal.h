/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: the device's state and the seams between its files.
 *
 *   iommu-dma.c       the PCI function: capabilities, properties, reset, migration
 *   iommu-dma-regs.c  registers of BAR 0
 *   iommu-dma-desc.c  descriptors: decoding and legality
 *   iommu-dma-ring.c  channels: rings, one-shot work, completions, ticks
 *   iommu-dma-job.c   a descriptor as a sequence of transactions in flight
 *   iommu-dma-slot.c  one transaction, from its arrival to its data
 *   iommu-dma-path.c  the way to memory: an IOMMU's port, or plain DMA
 *   iommu-dma-direct.c  RAM that needs no more translation
 *   iommu-dma-atc.c   device TLB
 *   iommu-dma-pri.c   page requests and their responses
 */
#ifndef HW_MISC_IOMMU_DMA_INTERNAL_H
#define HW_MISC_IOMMU_DMA_INTERNAL_H

#include "hw/pci/pci_device.h"
#include "hw/iommu/qdev-port.h"
#include "hw/misc/iommu-dma.h"
#include "qemu/timer.h"
#include "system/runstate.h"

#define TYPE_IOMMU_DMA    "iommu-dma"
#define TYPE_IOMMU_DMA_VF "iommu-dma-vf"
#define TYPE_IOMMU_DMA_BASE "iommu-dma-base"
OBJECT_DECLARE_SIMPLE_TYPE(IdmaState, IOMMU_DMA_BASE)

typedef struct IdmaChannel IdmaChannel;

#define IDMA_PRGI_COUNT   512
#define IDMA_HELD_MAX     32  /* ATS Invalidate Queue Depth */
#define IDMA_TICK_TXNS    1024
#define IDMA_TICK_BYTES   (256 * 1024)
#define IDMA_PAGE_RETRIES 16

/* What a descriptor needs and config space must have enabled. */
#define IDMA_NEED_MASTER 0x01u
#define IDMA_NEED_PASID  0x02u
#define IDMA_NEED_EXEC   0x04u
#define IDMA_NEED_PRIV   0x08u
#define IDMA_NEED_ATS    0x10u
#define IDMA_NEED_PRI    0x20u

/** A decoded descriptor. */
typedef struct IdmaDesc {
    uint64_t addr, addr2, stride, window, seed, data, compare, cookie;
    uint64_t granule, places; /* random order: offsets are @granule * 0 .. @places - 1 */
    uint32_t length, count, pasid, local, gap, chunk;
    uint32_t need;     /* IDMA_NEED_* */
    uint32_t features; /* IOMMU_PORT_* the path must have */
    uint16_t prgi;
    uint8_t op, order, at, flight;
    bool port_only;    /* plain DMA cannot carry it */
    bool has_pasid, priv, exec, no_snoop, relaxed, secure, no_write, irq, page, last;
    bool pr_read, pr_write, go_on, force, debug_pa, checksum, mixed;
} IdmaDesc;

typedef enum IdmaSlotState {
    IDMA_SLOT_FREE = 0,
    IDMA_SLOT_READY,   /* to be issued at cycle .at */
    IDMA_SLOT_WAIT,    /* answered; takes effect at cycle .at */
    IDMA_SLOT_STALLED, /* until stall_done() */
    IDMA_SLOT_PAGE,    /* until a page request group response */
    IDMA_SLOT_CREDIT,  /* until a page request may be sent */
    IDMA_SLOT_DONE,    /* .status says how */
} IdmaSlotState;

/** What the answer being waited for is about. */
typedef enum IdmaSlotStep {
    IDMA_STEP_ACCESS = 0, /* untranslated, or claimed to be translated */
    IDMA_STEP_ATS,        /* translation request */
    IDMA_STEP_ATC,        /* access with an address from the device TLB */
} IdmaSlotStep;

/** Where a slot's data lives on the device. */
typedef enum IdmaSlotHome {
    IDMA_HOME_JOB = 0, /* by the operation: on-board memory, pattern, .data */
    IDMA_HOME_FETCH,   /* IdmaChannel.fetched */
    IDMA_HOME_CMPL,    /* IdmaChannel.cmpl */
} IdmaSlotHome;

/** One transaction in flight. A COPY is two legs: the read, then the write. */
typedef struct IdmaSlot {
    uint64_t serial;   /* order of issue within the channel */
    uint64_t cookie;
    uint64_t at;
    uint64_t arrival;  /* cycle of the first arrival */
    uint64_t free_at;  /* cycle at which the slot was last given back */
    uint64_t addr[2];  /* by leg */
    uint64_t pa;
    uint64_t value;    /* atomics: old value; VERIFY, ATS, PRI: IDMA_V_* */
    uint64_t mismatch; /* VERIFY: first byte that differs */
    uint32_t len;
    uint32_t local;
    uint32_t fault;
    uint32_t holds;    /* bit n: held invalidation n waits for this transaction */
    uint16_t prgi;
    uint8_t state;     /* IdmaSlotState */
    uint8_t step;      /* IdmaSlotStep */
    uint8_t home;      /* IdmaSlotHome */
    uint8_t leg, legs;
    uint8_t answer;    /* IommuStatus of the last answer */
    uint8_t status;    /* IDMA_STATUS_* */
    uint8_t retries;
    uint8_t ats_lg2;
    uint8_t ats_bits;  /* IDMA_V_ATS_* of the last translation completion */
    bool started;      /* .arrival is valid */
    bool stale;        /* invalidated since it was translated: translate anew */
    bool untranslated; /* ATS said that this leg must go untranslated */
    bool last;         /* PAGE_REQUEST: last of its group */
    bool stalled, razwi, paged, bypassed;
    uint8_t data[IDMA_CHUNK_MAX];
} IdmaSlot;

/** A descriptor at work. */
typedef struct IdmaJob {
    uint64_t words[IDMA_DESC_WORDS];
    IdmaDesc d;
    uint64_t next_arrival;
    uint64_t start, end;
    uint64_t addr, pa, value, checksum;
    uint32_t element; /* next to issue */
    uint32_t offset;  /* within it */
    uint32_t done, errors, fault;
    bool started;     /* .start is valid */
    bool ending;      /* issue no more */
    bool stalled, razwi, paged, bypassed;
    uint8_t status;
} IdmaJob;

typedef struct IdmaStats {
    uint64_t txns, bytes, errors, stalls, pages, irqs;
    uint64_t lat_sum, lat_min, lat_max, first, last, host_ns;
    uint64_t hist[IDMA_CH_HIST_BUCKETS];
} IdmaStats;

typedef enum IdmaPhase {
    IDMA_PHASE_IDLE = 0,
    IDMA_PHASE_FETCH, /* the ring slot reads a descriptor */
    IDMA_PHASE_JOB,
    IDMA_PHASE_CMPL,  /* the ring slot writes a completion */
} IdmaPhase;

struct IdmaChannel {
    IdmaState *dev;
    unsigned index;
    QEMUTimer *timer;
    QEMUBH *bh;

    uint64_t ring_base, cmpl_base, ring_attr, intr, intr_enable, vector;
    uint64_t desc[IDMA_DESC_WORDS];
    uint64_t cmpl[IDMA_CMPL_WORDS];
    uint32_t ring_size; /* log2 */
    uint32_t ring_tail, ring_head, cmpl_tail, cmpl_head;
    uint32_t completions;
    bool enable;
    bool round;         /* phase bit of the next completion */
    bool from_ring;     /* the job came from the ring */
    bool stop;          /* stop when its completion is delivered */
    bool stopped;
    uint8_t error;
    uint8_t phase;      /* IdmaPhase */

    IdmaJob job;
    IdmaStats stats;
    uint64_t serial;
    uint64_t last_retire;
    uint8_t fetched[IDMA_DESC_BYTES];
    uint8_t inflight;
    uint8_t order[IDMA_SLOTS]; /* indices of slots in flight, oldest first */
    IdmaSlot *slots;           /* IDMA_SLOTS */
    IdmaSlot ring_slot;
};

/** Device TLB entry; a translation of 2^lg2 bytes. */
typedef struct IdmaAtcEntry {
    uint64_t addr, pa;
    uint32_t pasid;
    uint32_t next;        /* in its bucket; index + 1 */
    uint32_t newer, older; /* in order of use; index + 1 */
    uint8_t lg2;
    uint8_t bits;         /* IDMA_V_ATS_* */
    bool used, has_pasid, priv;
} IdmaAtcEntry;

typedef struct IdmaAtc {
    IdmaAtcEntry *entries;
    uint32_t *buckets;    /* index + 1 */
    uint32_t size, mask, used;
    uint32_t free;        /* list through .next; index + 1 */
    uint32_t newest, oldest;
    uint32_t by_lg2[65];  /* entries of each size */
    uint64_t lookups, hits, invalidations, dropped;
} IdmaAtc;

/** An invalidation that has not been answered. */
typedef struct IdmaHeld {
    uint32_t stream, itag;
    uint32_t users; /* transactions in flight that use what it took away */
    bool used;
    bool on_request; /* waits for IDMA_CTRL_INV_ANSWER as well */
} IdmaHeld;

/** A page request group without a response. */
typedef struct IdmaPrg {
    uint32_t pasid;
    uint32_t requests;
    uint8_t channel;
    uint8_t slot;   /* that waits, or IDMA_PRG_NOBODY */
    bool used, closed, has_pasid;
} IdmaPrg;
#define IDMA_PRG_NOBODY 0xff

#define IDMA_DIRECT_PIECES 2 /* RAM below and above 4 GB */

/** A piece of the memory map. */
typedef struct IdmaPiece {
    MemoryRegionCache cache; /* .ptr NULL: no RAM */
    hwaddr first, last;
    bool used;
} IdmaPiece;

/** Pieces of @as used last, until it changes. */
typedef struct IdmaDirect {
    AddressSpace *as; /* NULL: stopped */
    MemoryListener listener;
    IdmaPiece piece[IDMA_DIRECT_PIECES];
    unsigned next;
} IdmaDirect;

struct IdmaState {
    PCIDevice parent_obj;

    MemoryRegion bar, regs, local;
    uint8_t *local_ram;
    VMChangeStateEntry *vm_state;
    uint8_t vpd[256];
    unsigned vpd_len;

    /* Properties. */
    uint32_t channels, vectors, atc_entries, pri_capacity, vfs;
    uint8_t pasid_bits;
    bool ats, pasid;
    OnOffAuto pri; /* auto: as @ats; never so once realized */
    bool use_port;

    uint16_t pasid_cap, pri_cap, vpd_cap;

    /* The way to memory, looked up anew at each tick. */
    IommuPort *port;
    const IommuPortClass *portc;
    IommuPortWay *way;    /* NULL without a port */
    AddressSpace *plain;  /* of plain DMA */
    AddressSpace *memory; /* behind the port */
    IdmaDirect direct;    /* of @memory; without a port, of @plain */
    uint32_t features;    /* IOMMU_PORT_* */
    uint32_t enabled;     /* IDMA_NEED_* that config space grants now */
    uint16_t rid;
    uint64_t hertz;

    uint32_t dirty_first, dirty_end; /* on-board memory written in this tick */

    uint32_t epoch;       /* makes cookies unique */
    uint64_t atc_mode;
    IdmaAtc atc;
    IdmaHeld held[IDMA_HELD_MAX];
    IdmaPrg prg[IDMA_PRGI_COUNT];
    uint32_t pri_outstanding;
    uint16_t next_prgi;
    bool pri_halted;      /* by a response failure, until the interface is reset */
    uint64_t pri_sent, pri_responses, pri_last;

    IdmaChannel ch[IDMA_CHANNELS_MAX];
};

/* iommu-dma.c */

/** The physical function whose PASID and PRI capabilities serve @d. */
IdmaState *idma_pf(IdmaState *d);

/** Power-on state of everything that is not config space. Keeps nothing outstanding. */
void idma_reset(IdmaState *d);

/* iommu-dma-regs.c */
extern const MemoryRegionOps idma_regs_ops;

/* iommu-dma-desc.c */

/** Decode @words into @out. False: malformed. */
bool idma_decode(const uint64_t *words, uint32_t local_size, IdmaDesc *out);

/** Decode the RING_ATTR register into the fields of @out that ring accesses use. */
void idma_decode_ring_attr(uint64_t attr, IdmaDesc *out);

/** Bits of RING_ATTR that exist. */
uint64_t idma_ring_attr_mask(void);

/* iommu-dma-ring.c */
void idma_channel_init(IdmaState *d, unsigned index);
void idma_channel_exit(IdmaChannel *ch);
void idma_channel_reset(IdmaChannel *ch);
void idma_channel_start(IdmaChannel *ch);
void idma_channel_abort(IdmaChannel *ch);
void idma_channel_stats_clear(IdmaChannel *ch);
void idma_channel_wake(IdmaChannel *ch);
bool idma_channel_post_load(IdmaChannel *ch);

/* iommu-dma-job.c */
typedef enum IdmaProgress {
    IDMA_PROGRESS_DONE,   /* nothing is left */
    IDMA_PROGRESS_BUDGET, /* there is more to do now */
    IDMA_PROGRESS_WAIT,   /* for *@wake, or for somebody's answer (*@wake ~0) */
} IdmaProgress;

typedef struct IdmaBudget {
    int txns;
    int64_t bytes;
} IdmaBudget;

void idma_job_begin(IdmaChannel *ch);
IdmaProgress idma_job_run(IdmaChannel *ch, IdmaBudget *budget, uint64_t *wake);
void idma_job_cancel(IdmaChannel *ch);

/* iommu-dma-slot.c */

/** Move @s on as far as it goes at cycle @now. @oldest: it may retire. */
void idma_slot_advance(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d, uint64_t now,
                       bool oldest);
/** Forget a transaction, finished or not. */
void idma_slot_free(IdmaChannel *ch, IdmaSlot *s);
void idma_stall_done(void *opaque, uint64_t cookie, const IommuResult *res);
void idma_timed_done(void *opaque, uint64_t cookie, uint64_t cycle);

/* iommu-dma-path.c */

/** Find the way to memory again: port, requester id, features, enables. */
void idma_path_refresh(IdmaState *d);
void idma_path_detach(IdmaState *d);
uint64_t idma_path_now(IdmaState *d);
/** Virtual time, in ns, at which @cycle is reached. */
int64_t idma_path_deadline(IdmaState *d, uint64_t cycle);

typedef struct IdmaAccess {
    AddressSpace *as;
    uint64_t addr;
    MemTxAttrs attrs;
} IdmaAccess;

/** Move @len bytes. IDMA_STATUS_OK, _UR, _ABORTED or _DENIED. */
uint8_t idma_path_move(IdmaState *d, const IdmaAccess *a, void *buf, uint32_t len, bool write);
/** One atomic operation of @len bytes (4, 8). */
uint8_t idma_path_atomic(const IdmaAccess *a, uint8_t op, uint32_t len, uint64_t operand,
                         uint64_t compare, uint64_t *old);

/* iommu-dma-direct.c */
void idma_direct_start(IdmaDirect *direct, AddressSpace *as);
void idma_direct_stop(IdmaDirect *direct);
/** Move @len bytes if all of [@addr, @addr + @len) is in one piece of RAM. */
bool idma_direct_move(IdmaDirect *direct, hwaddr addr, void *buf, uint32_t len, bool write);

/* iommu-dma-atc.c */
void idma_atc_init(IdmaAtc *atc, uint32_t size);
void idma_atc_destroy(IdmaAtc *atc);
void idma_atc_flush(IdmaAtc *atc);
/** The entry for @addr, or NULL. */
const IdmaAtcEntry *idma_atc_lookup(IdmaAtc *atc, uint64_t addr, bool has_pasid, uint32_t pasid,
                                    bool priv);
void idma_atc_insert(IdmaAtc *atc, uint64_t addr, uint64_t pa, unsigned lg2, uint8_t bits,
                     bool has_pasid, uint32_t pasid, bool priv);
IommuAtsInvStatus idma_ats_invalidate(void *opaque, const IommuAtsInv *inv);
/** A transaction that held up invalidations is over. */
void idma_atc_release(IdmaState *d, IdmaSlot *s);
/** Answer what INV_ANSWER asks for (@ok), or give everything up (reset). */
void idma_atc_answer_held(IdmaState *d, bool ok);
unsigned idma_atc_held(const IdmaState *d);

/* iommu-dma-pri.c */
/** Ask for the page of @s's current leg. Changes its state. */
void idma_pri_fault(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d, bool read, bool write,
                    bool exec);
/** Operations PAGE_REQUEST and STOP_MARKER. */
void idma_pri_explicit(IdmaChannel *ch, IdmaSlot *s, const IdmaDesc *d);
void idma_page_response(void *opaque, const IommuPageResponse *rsp);
/** Forget every group that waits; who waited fails. */
void idma_pri_reset(IdmaState *d);
/** @s does not wait any more; its group's response will find nobody. */
void idma_pri_forget(IdmaState *d, IdmaSlot *s);
void idma_pri_config_write(IdmaState *d);

#endif

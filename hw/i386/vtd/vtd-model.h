/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: the state of one remapping unit and what its rooms offer each other. Private to
 * hw/i386/vtd.
 */
#ifndef HW_I386_VTD_MODEL_H
#define HW_I386_VTD_MODEL_H

#include "hw/iommu/vtd.h"
#include "hw/iommu/vtd-perfmon.h"
#include "hw/iommu/pmu.h"
#include "hw/iommu/tlb.h"
#include "hw/iommu/walk.h"

#define VTD_PAGE_LG2 12
#define VTD_PAGE_BYTES 4096u
#define VTD_MMIO_MAX_BYTES 8192u
#define VTD_MMIO_DWORDS (VTD_MMIO_MAX_BYTES / 4)
#define VTD_MAX_FRCD 256
/* Units with at most this many records collapse pending faults of one requester. */
#define VTD_COLLAPSE_MAX_FRCD 1

/* The interrupt address range FEE00000h-FEEFFFFFh [3.15]. */
#define VTD_INTR_FIRST 0xfee00000ull
#define VTD_INTR_LAST  0xfeefffffull

static inline bool vtd_in_intr_range(uint64_t addr)
{
    return addr >= VTD_INTR_FIRST && addr <= VTD_INTR_LAST;
}

/** Whether any part of the page of 2^@lg2 bytes at @addr is in the interrupt range. */
static inline bool vtd_page_has_interrupts(uint64_t addr, unsigned lg2)
{
    return addr <= VTD_INTR_LAST && (addr | low_mask(lg2)) >= VTD_INTR_FIRST;
}

/*
 * Tag of IOTLB and paging-structure cache entries [6.2.1]. The domain is the group, domain and
 * PASID the subgroup of the invalidation indexes (cache.h). Bit 63 is the cache's own.
 */
#define VTD_TAG_DID   REGFIELD(15, 0)
#define VTD_TAG_PASID REGFIELD(35, 16)
#define VTD_TAG_KIND  REGFIELD(36, 36) /* 1: request with PASID */
#define VTD_TAG_PGTT  REGFIELD(39, 37)
#define VTD_TAG_SID   REGFIELD(55, 40)

/* What a domain and PASID contribute to the tag. */
static inline uint64_t vtd_pair_tag(uint16_t did, uint32_t pasid)
{
    return reg_set(reg_make(VTD_TAG_DID, did), VTD_TAG_PASID, pasid);
}

/*
 * Configuration caches are found by source-id (and PASID) but invalidated by domain (and PASID),
 * which is no part of their lookup tag: each entry keeps the number of the fill that made it, and
 * an invalidation by domain notes the number from which on entries of that domain are good. There
 * is a note for each domain. Domain-PASID pairs share places by hash; one that has to make room for
 * another is carried out on the entries themselves.
 */
#define VTD_DOMAINS     (1u << 16)
#define VTD_EPOCH_PAIRS 4096u

typedef struct VtdEpochPair {
    uint64_t pair; /* DID and PASID as in the tag */
    uint64_t epoch;
} VtdEpochPair;

typedef struct VtdEpochs {
    uint64_t clock;
    uint64_t by_domain[VTD_DOMAINS];
    VtdEpochPair by_pair[VTD_EPOCH_PAIRS];
} VtdEpochs;

/* What SRTP and SIRTP latched [6.6, 6.7]. */
typedef struct VtdTables {
    uint64_t root;
    uint8_t ttm;    /* VtdTtm */
    uint8_t ssirwe; /* flags that are saved are bytes: any value of theirs can be loaded */
    uint64_t irt;
    uint32_t irt_entries;
    uint8_t eime;
} VtdTables;

/* A translation context: what a PASID entry, or a legacy context entry, says. */
typedef struct VtdSpace {
    uint8_t pgtt; /* VtdPgtt; VTD_PGTT_LEGACY: second stage of a legacy context entry */
    uint16_t did;
    bool sre;
    bool pgsnp;
    bool cache_disable;
    bool emte;
    uint32_t pat;
    uint8_t ss_bits; /* min(MGAW, AW): addresses the second stage takes */
    PtRegime fs;
    PtRegime ss;
} VtdSpace;

/* A context entry of either mode, decoded and found legal. */
typedef struct VtdContext {
    uint64_t epoch;
    uint32_t sid;
    bool scalable;
    bool fpd;
    /* legacy */
    uint8_t tt; /* VtdTt */
    VtdSpace space;
    /* scalable */
    bool dte, paside, pre, eptr;
    bool rid_priv;
    uint8_t pdts;
    uint32_t rid_pasid;
    uint64_t pasid_dir;
} VtdContext;

/* A PASID table entry, decoded and found legal. */
typedef struct VtdPasidEntry {
    uint64_t epoch;
    uint32_t sid;
    uint32_t pasid;
    bool fpd; /* of the directory entry or its own */
    VtdSpace space;
} VtdPasidEntry;

/* The answer of a configuration lookup: no fault and an entry, or a fault. */
typedef struct VtdFault {
    VtdFaultReason reason;
    bool fpd; /* some entry on the way disables recording of qualified faults */
    /* SCT.4.3: what requests with PASID meet, for which it is no condition; else NONE */
    VtdFaultReason ats_with_pasid, with_pasid;
} VtdFault;

/* An IRTE as read, in the interrupt entry cache. */
typedef struct VtdIrte {
    uint64_t words[2];
} VtdIrte;

/*
 * Where the last untranslated request found its space, if both lookups hit: the next one from the
 * same source and PASID need not look again. Using the most recently used entries once more leaves
 * replacement as it is, so nothing but time is saved. Any other use or change of the configuration
 * caches forgets it.
 */
typedef struct VtdMemo {
    bool valid;
    bool has_pasid;
    bool fpd;
    uint32_t stream;
    uint32_t pasid; /* as requested */
    uint32_t effective_pasid;
    const VtdContext *ctx;
    const VtdSpace *space;
    uint64_t tag;
} VtdMemo;

/* Event messages of the unit itself [7.3, 6.5.2.10, 7.5]. */
typedef enum VtdEvent {
    VTD_EVENT_FAULT,
    VTD_EVENT_INVALIDATION,
    VTD_EVENT_PAGE,
    VTD_EVENT_PERF,
} VtdEvent;

/* Invalidation queue state beyond its registers. */
#define VTD_QI_ITAGS 32
typedef struct VtdQueue {
    uint32_t itags_busy;             /* bit n: device-TLB invalidation n is unanswered */
    uint32_t itag_sid[VTD_QI_ITAGS]; /* whom it was sent to */
    uint8_t waiting;                 /* a wait descriptor holds the queue until they are answered */
    uint64_t wait[2];                /* that descriptor */
    bool running;                    /* guards against being re-entered by host callbacks */
    bool batch;                      /* a descriptor is at work: notices may be owed (watch.c) */
    uint8_t no_itag;                 /* timing on: the next descriptor needs one that is not free */
} VtdQueue;

#define VTD_SOURCES 65536u
#define VTD_SOURCE_WORDS (VTD_SOURCES / 64)

/* Whoever mirrors mappings, by source-id, and the notices that are owed to them (watch.c). */
typedef struct VtdWatch {
    uint64_t watched[VTD_SOURCE_WORDS];
    uint64_t owed[VTD_SOURCE_WORDS]; /* everything is to be looked at again */
    uint32_t count;                  /* of bits in watched */
    uint32_t told;                   /* cost of notices given since a doorbell, in descriptors */
    bool owes;                       /* a bit of owed is set */
    bool streams_owed;               /* streams_changed(sid, ignored) is owed */
    uint16_t sid, ignored;
} VtdWatch;

/* Timing on: the descriptor between execution and retirement. */
typedef struct VtdCommand {
    uint64_t words[4];
    uint32_t head, next;
    uint8_t outcome;
    uint8_t error; /* VtdIqei */
} VtdCommand;

/* What performance events count that is no step of a plan. */
typedef enum VtdPerfNote {
    VTD_PERF_REQUEST,
    VTD_PERF_READ, /* of memory */
    VTD_PERF_PAGE_POSTED,
    VTD_PERF_PAGE_OVERFLOW,
    VTD_PERF_INT_LOOKUP,
    VTD_PERF_INT_HIT_NONPOSTED,
    VTD_PERF_INT_HIT_POSTED,
    VTD_PERF_NOTES
} VtdPerfNote;

#define VTD_PERF_WIDTH  48u /* bits of a counter */
#define VTD_PERF_LEVELS 5u  /* of page tables, as the filter sees them */
/* Untranslated, translation and translated requests; there is no HPT. */
#define VTD_PERF_AT_WRITABLE (field_mask(VTD_PERFFLTR_EN) | low_mask(3))

/* Performance monitoring [chapter 10]. */
typedef struct VtdPerfmon {
    IommuPmu pmu;
    uint64_t config[VTD_PERF_COUNTERS_MAX];
    uint64_t count[VTD_PERF_COUNTERS_MAX];
    uint32_t at_filter[VTD_PERF_COUNTERS_MAX];
    uint32_t level_filter[VTD_PERF_COUNTERS_MAX];
    uint64_t frozen, overflow;
    uint32_t notes[VTD_PERF_NOTES]; /* of the operation being watched */
    uint8_t address_type;           /* of the request being watched */
} VtdPerfmon;

typedef struct VtdModel {
    IommuModel base;
    VtdConfig cfg;
    VtdHostOps extra;
    uint64_t cap, ecap;
    uint32_t mmio_bytes;
    uint32_t frcd_base; /* byte offset of FRCD[0] */
    uint32_t iva_base;  /* byte offset of IVA; IOTLB is 8 above */

    uint32_t regs[VTD_MMIO_DWORDS];
    uint32_t rw_mask[VTD_MMIO_DWORDS];
    uint32_t w1c_mask[VTD_MMIO_DWORDS];
    uint8_t hook[VTD_MMIO_DWORDS];

    VtdTables tables;
    uint16_t fault_index; /* internal index of the next fault recording register */
    VtdQueue queue;
    VtdCommand command;
    bool committing; /* timing on: a record's cycle has come */

    IommuTlb iotlb;
    IommuCache contexts;
    IommuCache pasids;
    IommuCache interrupts;
    VtdEpochs context_epochs;
    VtdEpochs pasid_epochs;
    PtWalker walker;
    IommuPlan plan;
    VtdContext probe_context; /* where a lookup that may not touch the caches leaves its answer */
    VtdPasidEntry probe_pasid;

    VtdMemo memo;
    VtdPerfmon perfmon;

    VtdWatch watch;
} VtdModel;

static inline VtdModel *vtd_model(IommuModel *m)
{
    return (VtdModel *)m;
}

#define VTD_GUEST_ERROR(m, ...) \
    ((m)->base.host.ops->guest_error((m)->base.host.opaque, "vtd: " __VA_ARGS__))

/* ---- regs.c: register file [11.4] */

void vtd_regs_init(VtdModel *m);
void vtd_regs_reset(VtdModel *m);
uint64_t vtd_mmio_read(IommuModel *m, uint64_t offset, unsigned size);
void vtd_mmio_write(IommuModel *m, uint64_t offset, uint64_t value, unsigned size);

/* ---- names.c */

void vtd_register_name(const IommuModel *m, uint64_t offset, char *buf, size_t size);

static inline uint32_t vtd_reg32(const VtdModel *m, unsigned offset)
{
    return m->regs[offset / 4];
}

static inline void vtd_set_reg32(VtdModel *m, unsigned offset, uint32_t value)
{
    m->regs[offset / 4] = value;
}

static inline uint64_t vtd_reg64(const VtdModel *m, unsigned offset)
{
    return m->regs[offset / 4] | (uint64_t)m->regs[offset / 4 + 1] << 32;
}

static inline void vtd_set_reg64(VtdModel *m, unsigned offset, uint64_t value)
{
    m->regs[offset / 4] = (uint32_t)value;
    m->regs[offset / 4 + 1] = value >> 32;
}

/* ---- gcmd.c: global commands [11.4.4] */

void vtd_gcmd_write(VtdModel *m, uint32_t value);

static inline bool vtd_gsts(const VtdModel *m, BitField bit)
{
    return reg_get(vtd_reg32(m, VTD_REG_GSTS), bit);
}

/* ---- event.c: event interrupts */

/** A condition of the group arose while none of its status bits was set. */
void vtd_event_raise(VtdModel *m, VtdEvent event);
/** No status bit of the group is set any longer. */
void vtd_event_settle(VtdModel *m, VtdEvent event);
/** Its control register was written: send what is pending and no longer masked. */
void vtd_event_control_written(VtdModel *m, VtdEvent event);

/* ---- fault.c: reasons, recording registers, fault status [chapter 7] */

/** How the unit answers a translation or translated request that met a fault [Table 30]. */
typedef enum VtdAnswer {
    VTD_ANSWER_UR,
    VTD_ANSWER_CA,
    VTD_ANSWER_EMPTY,          /* success without any permission; not recorded */
    VTD_ANSWER_EMPTY_REPORTED, /* the same, but recorded */
} VtdAnswer;

typedef struct VtdFaultInfo {
    const char *name;
    bool qualified;
    uint8_t request;    /* VtdAnswer to a translation request */
    uint8_t translated; /* to a translated request: UR or CA */
} VtdFaultInfo;

/** What chapter 7 says about @reason. Never NULL. */
const VtdFaultInfo *vtd_fault_info(VtdFaultReason reason);

/** Kind of request in a fault record: T1 and T2. */
typedef enum VtdFaultType {
    VTD_FTYPE_WRITE = 0,
    VTD_FTYPE_PAGE_REQUEST = 1,
    VTD_FTYPE_READ = 2,
    VTD_FTYPE_ATOMIC = 3,
} VtdFaultType;

typedef struct VtdFaultRecord {
    VtdFaultReason reason;
    uint64_t info; /* FI in place: page address, or interrupt index in bits 63:48 */
    uint32_t sid;
    uint32_t pasid;
    uint8_t type; /* VtdFaultType */
    uint8_t at;   /* PCIe address type: 0 untranslated, 1 request, 2 translated */
    bool has_pasid, exec, priv;
} VtdFaultRecord;

/** Count, and record unless @fpd silences it, a non-recoverable fault. */
void vtd_fault_record(VtdModel *m, const VtdFaultRecord *r, bool fpd);
/** Set IQE, ICE or ITE of the fault status register, with its event. */
void vtd_fault_status_set(VtdModel *m, BitField bit);
/** FSTS was written (status bits already cleared). */
void vtd_fault_status_written(VtdModel *m, uint32_t cleared);
/** The F field of a recording register was written. */
void vtd_fault_record_written(VtdModel *m);
/** Translation or interrupt remapping was switched. */
void vtd_fault_index_check(VtdModel *m);

/* ---- config.c is public only (vtd.h) */

/* ---- context.c: root and context tables [9.1-9.4] */

/** Read @words little-endian 64-bit words at host address @addr. False on a bus error. */
bool vtd_read_words(VtdModel *m, uint64_t addr, uint64_t *words, unsigned count, bool snoop);

/**
 * Find the context entry of @sid, from the cache or from memory. The answer holds until the next
 * call. @probe: touch nothing. NULL: *@fault says why; else fault->fpd is that of the entry.
 */
const VtdContext *vtd_context_find(VtdModel *m, uint32_t sid, bool probe, VtdFault *fault);

void vtd_epochs_reset(VtdEpochs *e);
uint64_t vtd_epoch_now(VtdEpochs *e);
bool vtd_epoch_valid(const VtdEpochs *e, uint64_t epoch, uint16_t did);
void vtd_epoch_expire_domain(VtdEpochs *e, uint16_t did);

/** Set up the second stage of @space: @aw is the AW encoding, legal already. */
void vtd_space_second_stage(const VtdModel *m, VtdSpace *space, uint64_t table, unsigned aw,
                            bool snoop, bool update);
/** Whether @aw is an AW encoding that SAGAW allows. */
bool vtd_aw_supported(const VtdModel *m, unsigned aw);

/* ---- pasid.c: PASID directory and table [9.5, 9.6] */

/** Find the PASID entry of (@ctx, @pasid); as vtd_context_find(). */
const VtdPasidEntry *vtd_pasid_find(VtdModel *m, const VtdContext *ctx, uint32_t pasid, bool probe,
                                    VtdFault *fault);
/** Forget the entries of @did and @pasid, of whatever source. */
void vtd_pasid_expire(VtdModel *m, uint16_t did, uint32_t pasid);

/* ---- firststage.c, secondstage.c: paging structures [9.7, 9.8] */

extern const PtFormat vtd_fs_format;
extern const PtFormat vtd_ss_format;

/* PtRegime.flags of first-stage regimes */
#define VTD_FSF_1GP      0x01u /* 1 GB pages */
#define VTD_FSF_WPE      0x02u
#define VTD_FSF_EAFE     0x04u
#define VTD_FSF_NESTED   0x08u
/* PtRegime.flags of second-stage regimes */
#define VTD_SSF_2M       0x01u
#define VTD_SSF_1G       0x02u
#define VTD_SSF_SC       0x04u
#define VTD_SSF_AD       0x08u /* accessed and dirty flags are in use */
#define VTD_SSF_IRW      0x10u /* rights are IR and IW */

/* PtEntry.attr of leaves */
#define VTD_FSA_PAT_INDEX REGFIELD(2, 0)
#define VTD_SSA_EMT  REGFIELD(2, 0)
#define VTD_SSA_IPAT REGFIELD(3, 3)
#define VTD_SSA_SNP  REGFIELD(4, 4)

/* ---- translate.c: DMA requests [chapters 3 and 4] */

void vtd_translate(IommuModel *m, const IommuTxn *txn, IommuResult *res);

/* ---- space.c: translation contexts */

/** Whether the translation table mode lets requests with or without PASID through [3.4.1]. */
VtdFaultReason vtd_check_mode(const VtdModel *m, bool has_pasid, bool exec);

/** *@pasid becomes the PASID in effect: the request's, checked, or RID_PASID. */
VtdFaultReason vtd_choose_pasid(const VtdModel *m, const VtdContext *ctx, bool has_pasid,
                                uint32_t *pasid);

/**
 * The space that requests of @sid use; *@pasid in: the request's PASID if @has_pasid, out: the
 * PASID in effect. @ctx gets the context entry. NULL: *@fault.
 */
const VtdSpace *vtd_space_find(VtdModel *m, uint32_t sid, bool has_pasid, uint32_t *pasid,
                               bool probe, const VtdContext **ctx, VtdFault *fault);

/** Cache tag of translations of @space. */
uint64_t vtd_tlb_tag(const VtdSpace *space, uint32_t sid, bool has_pasid, uint32_t pasid);

/** Whether requests in @space pass the second stage's tables. */
static inline bool vtd_second_stage_involved(const VtdSpace *space)
{
    return space->pgtt != VTD_PGTT_FS;
}

uint64_t vtd_enumerate(IommuModel *m, uint32_t stream, uint64_t first, uint64_t last,
                       IommuMappingFn *fn, void *opaque);

/* ---- walkfault.c: faults of page walks as reasons of the table */

VtdFaultReason vtd_walk_reason(const VtdSpace *space, const PtRequest *req, const PtFault *fault);

/* ---- memtype.c: memory types [3.11] */

/** Memory type of a final page, and of the leaves that gave it. */
uint8_t vtd_memory_type(const VtdModel *m, const VtdSpace *space, const PtResult *walk);

/* ---- pmr.c: protected memory [11.4.8] */

void vtd_pmr_written(VtdModel *m);
/**
 * Whether DMA to [@addr, @addr + @size) must be blocked; @remapped: page tables gave the address.
 */
bool vtd_pmr_blocks(const VtdModel *m, uint64_t addr, uint32_t size, bool remapped);

/* ---- invalidate.c: scopes of invalidation [6.5] */

void vtd_inv_context(VtdModel *m, unsigned gran, uint16_t did, uint16_t sid, unsigned fm);
void vtd_inv_pasid(VtdModel *m, unsigned gran, uint16_t did, uint32_t pasid);
void vtd_inv_iotlb_global(VtdModel *m);
void vtd_inv_iotlb_domain(VtdModel *m, uint16_t did);
void vtd_inv_iotlb_page(VtdModel *m, uint16_t did, uint64_t addr, unsigned am, bool ih);
void vtd_inv_piotlb_pasid(VtdModel *m, uint16_t did, uint32_t pasid);
void vtd_inv_piotlb_page(VtdModel *m, uint16_t did, uint32_t pasid, uint64_t addr, unsigned am,
                         bool ih);
void vtd_inv_interrupts(VtdModel *m, bool global, uint16_t index, unsigned im);
/** Every DMA-remapping cache. */
void vtd_inv_everything(VtdModel *m);
/** Implicit invalidation that a page request makes [6.5.3.1]. */
void vtd_inv_page_request(VtdModel *m, const VtdSpace *space, uint32_t pasid, uint64_t addr);
/** CCMD or IOTLB written with its trigger bit [11.4.6]. */
void vtd_inv_ccmd_written(VtdModel *m);
void vtd_inv_iotlb_reg_written(VtdModel *m);

/* ---- watch.c: who mirrors mappings */

void vtd_watch(IommuModel *m, uint32_t stream, bool on);

/** Nothing is owed any more: whoever watches is told in another way to look at everything. */
void vtd_watch_forget(VtdModel *m);

/** [@first, @last] of @did, or of every domain, is no longer as it was. */
void vtd_tell_domain(VtdModel *m, bool any_domain, uint16_t did, uint64_t first, uint64_t last);
/** Same for one PASID: notifiers see requests without PASID, that is RID_PASID. */
void vtd_tell_pasid(VtdModel *m, uint16_t did, uint32_t pasid, uint64_t first, uint64_t last);
/**
 * Context or PASID entries of the sources equal to @sid in all bits not @ignored may have changed.
 */
void vtd_tell_streams(VtdModel *m, uint16_t sid, uint16_t ignored);
/** Somebody has read @reads descriptors of page tables, perhaps because of a notice. */
void vtd_watch_looked(VtdModel *m, uint32_t reads);
/** Give the notices that are owed. */
void vtd_tell_owed(VtdModel *m);

/* ---- qi.c: invalidation queue [6.5.2] */

/** Run the queue as far as it goes. */
void vtd_qi_run(VtdModel *m);
/** Have the host call run_until() if there are descriptors to execute. */
void vtd_qi_wake(VtdModel *m);
void vtd_qi_disable(VtdModel *m);
void vtd_ats_inv_done(IommuModel *m, uint32_t stream, uint32_t itag, bool ok);

/* The same one descriptor at a time, with timing on (model.h). */
uint32_t vtd_command_pending(IommuModel *m);
void vtd_command_execute(IommuModel *m);
void vtd_command_retire(IommuModel *m);

/* ---- timed.c: records with timing on */

/**
 * With timing on and outside vtd_timed_commit(): keep it for its cycle, and return true. Else the
 * caller acts now.
 */
bool vtd_timed_fault(VtdModel *m, const VtdFaultRecord *r);
bool vtd_timed_page_request(VtdModel *m, const IommuPageRequest *req);
void vtd_timed_commit(IommuModel *model, const struct IommuRecord *r);

/* ---- ir.c, posted.c: interrupt remapping and posting [chapter 5] */

/** Post @vector into the descriptor at @addr and send the notification if one is due. */
VtdFaultReason vtd_post_interrupt(VtdModel *m, uint64_t addr, uint8_t vector, bool urgent);

/* ---- prq.c: page requests [7.4-7.10] */

void vtd_page_request(IommuModel *m, const IommuPageRequest *req);
void vtd_prs_written(VtdModel *m);

/* ---- perfmon.c, perfmon-regs.c, ecmd.c: performance monitoring, enhanced commands */

bool vtd_perfmon_watch(VtdModel *m);
/** The operation that vtd_perfmon_begin() began to watch is over. */
void vtd_perfmon_count(VtdModel *m);

/** Watch an operation if a counter counts. True: vtd_perfmon_count() must follow. */
static inline bool vtd_perfmon_begin(VtdModel *m)
{
    return __builtin_expect(m->perfmon.pmu.counting, 0) && vtd_perfmon_watch(m);
}

/** It happened in the operation being watched. */
static inline void vtd_perfmon_note(VtdModel *m, VtdPerfNote note)
{
    m->perfmon.notes[note]++;
}

/** Let clock events happen up to now. */
void vtd_perfmon_catch_up(VtdModel *m);
/** Counters were enabled, disabled, frozen or written. */
void vtd_perfmon_update(VtdModel *m);
/** Time has passed. */
void vtd_perfmon_tick(VtdModel *m);
/** Supported events of @group. */
uint32_t vtd_perfmon_events(unsigned group);
bool vtd_perfmon_enable(VtdModel *m, uint64_t n);
bool vtd_perfmon_disable(VtdModel *m, uint64_t n);
void vtd_perfmon_freeze(VtdModel *m, bool on);
void vtd_perfmon_reset_config(VtdModel *m);
void vtd_perfmon_reset_values(VtdModel *m);
void vtd_perfmon_reset(VtdModel *m);
/** Registers from VTD_PERF_FIRST on. */
uint64_t vtd_perfmon_read(VtdModel *m, unsigned offset, unsigned size);
void vtd_perfmon_write(VtdModel *m, unsigned offset, uint64_t value, unsigned size);
void vtd_perfmon_save(VtdModel *m, IommuStateWriter *w);
bool vtd_perfmon_load(VtdModel *m, IommuStateReader *r);
/** ECMD was written: run it. */
void vtd_ecmd_written(VtdModel *m);
uint64_t vtd_ecmd_eccap3(const VtdConfig *cfg);

/* ---- state.c: save and restore */

void vtd_save(IommuModel *m, IommuStateWriter *w);
bool vtd_load(IommuModel *m, IommuStateReader *r);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rooms of the SMMUv3 model share: the model's state, the values that travel from room to
 * room (decoded structures, requests, faults), and each room's door.
 *
 * The way of a transaction: model.c -> translate.c -> strtab.c, ste.c -> cd.c -> TLB or walker
 * (vmsa.c) -> attrs.c -> result; a fault travels back as an SmmuFault until translate.c decides, by
 * the kind of transaction, whether event.c records it or stall.c holds it.
 */
#ifndef HW_ARM_SMMUV3_INTERNAL_H
#define HW_ARM_SMMUV3_INTERNAL_H

#include "hw/iommu/smmuv3.h"
#include "hw/iommu/smmuv3-layout.h"
#include "hw/iommu/smmuv3-pmcg.h"
#include "hw/iommu/pmu.h"
#include "hw/iommu/tlb.h"
#include "hw/iommu/walk.h"

/* ---- Registers ---------------------------------------------------------------------------- */

/** Cells of a register bank. One bank is one security state's programming interface. */
typedef enum SmmuCell {
    CELL_IDR0, CELL_IDR1, CELL_IDR2, CELL_IDR3, CELL_IDR4, CELL_IDR5, CELL_IDR6,
    CELL_IIDR, CELL_AIDR,
    CELL_CR0, CELL_CR0ACK, CELL_CR1, CELL_CR2, CELL_STATUSR,
    CELL_GBPA, CELL_AGBPA,
    CELL_IRQ_CTRL, CELL_IRQ_CTRLACK, CELL_GERROR, CELL_GERRORN,
    CELL_GERROR_IRQ_CFG0, CELL_GERROR_IRQ_CFG1, CELL_GERROR_IRQ_CFG2,
    CELL_STRTAB_BASE, CELL_STRTAB_BASE_CFG,
    CELL_CMDQ_BASE, CELL_CMDQ_PROD, CELL_CMDQ_CONS,
    CELL_EVENTQ_BASE, CELL_EVENTQ_IRQ_CFG0, CELL_EVENTQ_IRQ_CFG1, CELL_EVENTQ_IRQ_CFG2,
    CELL_PRIQ_BASE, CELL_PRIQ_IRQ_CFG0, CELL_PRIQ_IRQ_CFG1, CELL_PRIQ_IRQ_CFG2,
    CELL_GATOS_CTRL, CELL_GATOS_SID, CELL_GATOS_ADDR, CELL_GATOS_PAR,
    CELL_VATOS_SEL, CELL_VATOS_CTRL, CELL_VATOS_SID, CELL_VATOS_ADDR, CELL_VATOS_PAR,
    CELL_EVENTQ_PROD, CELL_EVENTQ_CONS, CELL_PRIQ_PROD, CELL_PRIQ_CONS,
    SMMU_CELLS
} SmmuCell;

typedef struct SmmuBank {
    uint64_t cell[SMMU_CELLS];
} SmmuBank;

/* ---- Tags --------------------------------------------------------------------------------- */

/** StreamWorld (3.3.3). Secure and Realm worlds would follow. */
typedef enum SmmuWorld {
    SMMU_WORLD_EL1 = 0,
    SMMU_WORLD_EL2 = 1,
    SMMU_WORLD_EL2_E2H = 2,
} SmmuWorld;

/* Context tag of TLB, stage 2 and walk cache entries (3.17). */
#define TAG_ASID   REGFIELD(15, 0)
#define TAG_VMID   REGFIELD(31, 16)
#define TAG_WORLD  REGFIELD(35, 32)
#define TAG_S1     REGFIELD(36, 36) /* stage 1 took part */
#define TAG_S2     REGFIELD(37, 37) /* stage 2 took part */
#define TAG_ASET   REGFIELD(38, 38) /* CD.ASET: global entries are shared within one set */

static inline uint64_t tag_make(SmmuWorld world, uint32_t vmid, uint32_t asid, bool s1, bool s2)
{
    return reg_make(TAG_WORLD, world) | reg_make(TAG_VMID, vmid) | reg_make(TAG_ASID, asid) |
           reg_make(TAG_S1, s1) | reg_make(TAG_S2, s2);
}

/**
 * Tag of stage 1 entries. Only global entries are tied to their ASET (3.17.1); a miss of others
 * costs a walk and nothing else, and invalidations do not look at it.
 */
static inline uint64_t tag_stage1(SmmuWorld world, uint32_t vmid, uint32_t asid, bool aset, bool s2)
{
    return tag_make(world, vmid, asid, true, s2) | reg_make(TAG_ASET, aset);
}

static inline uint64_t tag_group_mask(void)
{
    return field_mask(TAG_WORLD) | field_mask(TAG_VMID);
}

static inline uint64_t tag_subgroup_mask(void)
{
    return tag_group_mask() | field_mask(TAG_ASID);
}

/* ---- Decoded structures ------------------------------------------------------------------- */

/** Overrides of what a transaction brings along: an STE's, or GBPA's. */
typedef struct SmmuOverride {
    bool mtcfg;
    uint8_t memattr;
    uint8_t alloccfg;
    uint8_t shcfg;
    uint8_t privcfg;
    uint8_t instcfg;
} SmmuOverride;

/** A legal STE. Capabilities that are absent have been folded in: absent means "as if zero". */
typedef struct SmmuSte {
    uint64_t raw[STE_WORDS];
    uint64_t context_ptr;  /* S1ContextPtr, aligned to its table */
    IommuMemAttr cd_attr;  /* S1CIR, S1COR, S1CSH */
    SmmuOverride over;
    PtRegime s2;           /* valid if @stage2 */
    uint8_t config;        /* STE.Config */
    bool stage1, stage2;
    uint8_t s1fmt;
    uint8_t s1cdmax;       /* 0 if SubstreamIDs are not implemented */
    uint8_t s1dss;
    uint8_t eats;          /* as written; smmu_effective_eats() applies ATSCHK */
    uint8_t world;         /* SmmuWorld */
    uint16_t vmid;
    bool s1stalld;
    bool s2s, s2r;
    bool dre, dcp, ppar, mev;
} SmmuSte;

/** A legal CD. Each half of the input range is a regime of its own: they share few fields. */
typedef struct SmmuCd {
    uint64_t raw[CD_WORDS];
    PtRegime half[2];
    uint16_t asid;
    bool aset;
    bool tbi[2];
    bool e0pd[2];
    bool a, r, s;
} SmmuCd;

/* PtRegime.flags of VMSAv8-64 */
#define VMSA_ONE_PRIV  0x0001u /* any-EL2: one privilege level, AP[1] taken as 1, XN */
#define VMSA_WXN       0x0002u
#define VMSA_PAN       0x0004u
#define VMSA_EPAN      0x0008u
#define VMSA_HAD       0x0010u /* hierarchical attributes of tables ignored */
#define VMSA_AFFD      0x0020u
#define VMSA_DS        0x0040u /* LPA2 descriptors */
#define VMSA_LPA       0x0080u /* 64 KB: OA[51:48] in the descriptor, 4 TB blocks */
#define VMSA_UPPER     0x0100u /* TTB1's half */
#define VMSA_TBI       0x0200u
#define VMSA_DISABLED  0x0400u /* EPDx */
#define VMSA_E0PD      0x0800u
#define VMSA_XNX       0x1000u
#define VMSA_FWB       0x2000u
#define VMSA_MTEPERM   0x4000u
#define VMSA_CONT      0x8000u /* honour the contiguous hint */
#define VMSA_SH        BITFIELD(0, 16, 2) /* shareability of leaves with DS */

extern const PtFormat vmsa_s1_format;
extern const PtFormat vmsa_s2_format;

/* ---- Faults and requests ------------------------------------------------------------------ */

/**
 * Why something went wrong, ready to become an event record.
 *
 * @event: SmmuEventNum; 0: terminate without an event (STE.Config=0b0xx).
 * @stage: 1 or 2, events that have S2.
 * @forced: a stage 1 fault that no CD governs: always recorded, always aborts.
 */
typedef struct SmmuFault {
    uint8_t event;
    uint8_t stage;
    uint8_t cls;       /* SmmuEventClass */
    bool tt_write;     /* CLASS=TT: the descriptor's write failed */
    bool read_missing; /* F_PERMISSION: an atomic lacks read permission only */
    bool forced;
    uint64_t ipa;
    uint64_t fetch_addr;
    uint16_t reason;
} SmmuFault;

/** A request on its way: what was asked, and what the STE made of it. */
typedef struct SmmuReq {
    uint64_t addr;
    uint32_t stream;
    uint32_t ssid;
    bool ssv;
    bool write;
    bool atomic;
    bool ind;         /* instruction; after INSTCFG */
    bool pnu;         /* privileged; after PRIVCFG */
    bool no_snoop;
    bool quiet;       /* probe: no counter, no cache fill, no memory update */
    bool no_update;   /* ATOS with HTTUI */
    bool no_dirty;    /* speculative; ATS translation request with NW=1 */
    uint8_t ats_need; /* ATS translation request: rights that are asked for; else 0 */
    IommuMemAttr in;  /* after overrides */
    uint64_t va;      /* @addr with a tag byte (TBI) replaced; valid after the lookup */
    /* Filled by configuration lookup */
    SmmuSte *ste;
    SmmuCd *cd;       /* NULL if stage 1 is bypassed */
    bool stage1;      /* after S1DSS */
    bool stage2;
} SmmuReq;

/* ---- Stalls, command queues, watchers ----------------------------------------------------- */

typedef enum SmmuStallState {
    SMMU_STALL_FREE = 0,
    SMMU_STALL_WAITING,  /* its record could not be written yet */
    SMMU_STALL_REPORTED, /* software knows it by its STAG */
    SMMU_STALL_DONE,     /* result ready, client not yet told */
    SMMU_STALL_RETRIED,  /* timing on: answered, but its retry takes time */
} SmmuStallState;

typedef struct SmmuStall {
    IommuTxn txn;
    IommuResult res; /* valid in SMMU_STALL_DONE and SMMU_STALL_RETRIED */
    uint16_t serial; /* tells one use of the slot from the next */
    uint8_t state;   /* SmmuStallState */
} SmmuStall;

/** What CMD_SYNC of one command queue must wait for. */
typedef struct SmmuCmdSync {
    uint32_t atc_pending; /* ATC_INVs sent and not answered */
    bool atc_failed;      /* one of them timed out */
    bool waiting;         /* a SYNC is at the head and waits */
} SmmuCmdSync;

/* IommuAtsInv.itag: who asked, and since which reset */
#define ITAG_QUEUE REGFIELD(15, 0)
#define ITAG_EPOCH REGFIELD(31, 16)

/** A stream that somebody mirrors, and the tag that its mappings were made under. */
typedef struct SmmuWatched {
    uint64_t tag;
    uint32_t stream;
    bool tagged; /* @tag is known: it translated when it was last told all */
} SmmuWatched;

typedef struct SmmuEcmdq {
    uint64_t base;
    uint32_t prod;
    uint32_t cons;
} SmmuEcmdq;

/** Performance monitor counter group (chapter 10). */
typedef struct SmmuPmcg {
    IommuPmu pmu;
    uint64_t count[PMCG_MAX_COUNTERS];
    uint64_t shadow[PMCG_MAX_COUNTERS];
    uint32_t evtyper[PMCG_MAX_COUNTERS];
    uint32_t smr[PMCG_MAX_COUNTERS];
    uint64_t cnten, inten, ovs;
    uint64_t irq_cfg0;
    uint32_t irq_cfg1, irq_cfg2;
    uint32_t cr, irq_ctrl, irq_status;
} SmmuPmcg;

typedef struct SmmuModel {
    IommuModel base;
    SmmuConfig config;
    IommuProfile profile;
    SmmuBank ns;               /* a Secure bank would stand beside it */

    IommuTlb tlb;
    IommuCache ste_cache;      /* "address" StreamID, SmmuSte */
    IommuCache cd_cache;       /* "address" SubstreamID, tag StreamID, SmmuCd */
    PtWalker walker;
    IommuPlan plan;

    /* The STE and CD of the last transaction: the common case of a busy device costs no lookup. */
    struct {
        SmmuSte *ste;
        SmmuCd *cd;
        uint32_t stream, ssid;
        bool ssv, valid;
    } recent;

    SmmuStall *stalls;
    uint32_t stall_slots;
    uint32_t stalls_reported;
    uint32_t stalls_waiting;
    uint32_t stalls_done;

    SmmuEcmdq *ecmdq;          /* ecmdq_count */
    uint32_t ecmdq_count;
    SmmuCmdSync *sync;         /* 1 + ecmdq_count: [0] is the Command queue's */

    struct {                   /* timing on: the command between execution and retirement */
        uint64_t words[CMD_WORDS];
        uint32_t queue;
        uint8_t outcome;
    } command;
    bool committing;           /* timing on: a record's cycle has come */

    SmmuWatched *watched;
    uint32_t watched_count;
    uint32_t watched_cap;
    bool watch_lost;           /* no memory for a watcher: whatever goes, all must look again */
    uint32_t notified;         /* what notifications cost since the doorbell, in commands */
    uint16_t epoch;            /* counts resets */

    uint64_t last_event[EVENT_WORDS]; /* event merging: the newest record */
    uint32_t last_event_prod;
    bool last_event_valid;

    SmmuPmcg pmcg;

    uint32_t busy;             /* depth of entry: no register write while one is active */
    bool draining;
} SmmuModel;

static inline SmmuModel *smmu_of(IommuModel *m)
{
    return (SmmuModel *)m;
}

static inline uint64_t cell_get(const SmmuModel *m, SmmuCell cell, BitField f)
{
    return reg_get(m->ns.cell[cell], f);
}

static inline void cell_set(SmmuModel *m, SmmuCell cell, BitField f, uint64_t value)
{
    field_set(&m->ns.cell[cell], f, value);
}

static inline bool smmu_enabled(const SmmuModel *m)
{
    return cell_get(m, CELL_CR0, CR0_SMMUEN);
}

/** Physical address as the SMMU drives it: truncated to OAS (3.4.3). */
static inline uint64_t smmu_pa(const SmmuModel *m, uint64_t addr)
{
    return addr & low_mask(m->config.oas);
}

#define SMMU_GUEST_ERROR(m, ...) \
    ((m)->base.host.ops->guest_error((m)->base.host.opaque, __VA_ARGS__))

/* ---- model.c ------------------------------------------------------------------------------ */

/** Begin work on behalf of someone outside. */
void smmu_enter(SmmuModel *m);
/** End it; the outermost end tells clients whose stalls are over. */
void smmu_leave(SmmuModel *m);
/** Forget every cached structure and translation. */
void smmu_flush_all(SmmuModel *m);
void smmu_mode_changed(SmmuModel *m);

/* ---- config.c ----------------------------------------------------------------------------- */

/** Values of the ID registers that @c stands for. */
void smmu_config_id_registers(const SmmuConfig *c, uint64_t cell[SMMU_CELLS]);
/** Bits of a physical address size encoding (IPS, S2PS, OAS), capped at OAS. */
uint8_t smmu_size_bits(const SmmuConfig *c, uint64_t encoding);
/** Granule of a TG0 / S2TG or TG1 encoding, log2; 0 if reserved or not implemented. */
uint8_t smmu_tg0_lg2(const SmmuConfig *c, uint64_t tg);
uint8_t smmu_tg1_lg2(const SmmuConfig *c, uint64_t tg);
/** Smallest implemented granule, log2. */
uint8_t smmu_min_granule(const SmmuConfig *c);

/* ---- regs.c ------------------------------------------------------------------------------- */

void smmu_regs_reset(SmmuModel *m);
uint64_t smmu_regs_read(SmmuModel *m, uint64_t offset, unsigned size);
/** Where the ECMDQs' registers lie: from this offset on, if there are any. */
uint64_t smmu_ecmdq_first_page(const SmmuModel *m);
bool smmu_in_ecmdq_pages(const SmmuModel *m, uint64_t offset);

/* ---- names.c ------------------------------------------------------------------------------ */

/** IommuModelOps.register_name. */
void smmu_register_name(const IommuModel *base, uint64_t offset, char *buf, size_t size);
void smmu_regs_write(SmmuModel *m, uint64_t offset, uint64_t value, unsigned size);

/* ---- queue.h part: a circular queue in memory (3.5.1) ------------------------------------- */

/** log2 entries: LOG2SIZE of @base capped at @max. */
static inline unsigned smmu_q_log2(uint64_t base, unsigned max)
{
    unsigned n = reg_get(base, Q_BASE_LOG2SIZE);

    return n < max ? n : max;
}

/** Physical address of entry @index. */
static inline uint64_t smmu_q_addr(uint64_t base, unsigned log2, unsigned entry_bytes,
                                   uint32_t index)
{
    uint64_t bytes = (uint64_t)entry_bytes << log2;
    uint64_t align = bytes > 32 ? bytes : 32;

    return (field_in_place(&base, Q_BASE_ADDR) & ~(align - 1)) +
           (uint64_t)(index & low_mask(log2)) * entry_bytes;
}

/** Index with its wrap bit. */
static inline uint32_t smmu_q_wrap(uint32_t index, unsigned log2)
{
    return index & low_mask(log2 + 1);
}

/** Entries between @cons and @prod; above 1 << @log2 if the indexes are inconsistent. */
static inline uint32_t smmu_q_used(uint32_t prod, uint32_t cons, unsigned log2)
{
    return smmu_q_wrap(prod - cons, log2);
}

static inline bool smmu_q_full(uint32_t prod, uint32_t cons, unsigned log2)
{
    /* Inconsistent indexes count as full: nothing is overwritten (3.5.1) */
    return smmu_q_used(prod, cons, log2) >= 1u << log2;
}

/* ---- strtab.c, ste.c ---------------------------------------------------------------------- */

/**
 * Decode and check an STE. NULL if legal, else the rule that was broken. @e2h: CR2.E2H.
 */
const char *smmu_ste_decode(const SmmuConfig *c, bool e2h, const uint64_t raw[STE_WORDS],
                            SmmuSte *ste);
uint8_t smmu_effective_eats(const SmmuModel *m, const SmmuSte *ste);
/** Find and decode the STE of @stream in memory, past any cache. */
bool smmu_ste_fetch(SmmuModel *m, uint32_t stream, bool quiet, SmmuSte *ste, SmmuFault *fault);
/** Same through the cache. */
SmmuSte *smmu_ste_get(SmmuModel *m, uint32_t stream, SmmuFault *fault);

/* ---- cd.c --------------------------------------------------------------------------------- */

const char *smmu_cd_decode(const SmmuConfig *c, const SmmuSte *ste, const uint64_t raw[CD_WORDS],
                           SmmuCd *cd);
bool smmu_cd_fetch(SmmuModel *m, const SmmuSte *ste, uint32_t stream, uint32_t ssid, bool quiet,
                   SmmuCd *cd, SmmuFault *fault);
SmmuCd *smmu_cd_get(SmmuModel *m, const SmmuSte *ste, uint32_t stream, uint32_t ssid,
                    SmmuFault *fault);

/* ---- attrs.c ------------------------------------------------------------------------------ */

/** MAIR byte of a 4-bit MemAttr (stage 2 encoding), allocation hints RA=WA=1. */
uint8_t smmu_memattr_type(unsigned memattr, bool mteperm);
/** MAIR byte and shareability of inner/outer cacheability codes as in CDs and STEs. */
IommuMemAttr smmu_walk_attr(unsigned inner, unsigned outer, unsigned sh);
/** Attributes of CR1.TABLE_* and CR1.QUEUE_* accesses. */
IommuMemAttr smmu_table_attr(const SmmuModel *m);
IommuMemAttr smmu_queue_attr(const SmmuModel *m);
IommuMemAttr smmu_msi_attr(unsigned memattr, unsigned sh);
/** PtEntry.attr of leaves. */
uint32_t smmu_s1_attr(uint8_t mair, unsigned sh);
uint32_t smmu_s2_attr(unsigned memattr, unsigned sh, bool fwb, bool mteperm);
bool smmu_s2_attr_is_device(uint32_t s2_attr);
/** Incoming attributes after overrides. */
IommuMemAttr smmu_override_attr(const SmmuOverride *o, IommuMemAttr in, bool mteperm);
/**
 * Output attributes. @s1, @s2: leaf attributes, 0 for a stage that took no part. @no_snoop as
 * asserted.
 */
IommuMemAttr smmu_output_attr(IommuMemAttr in, uint32_t s1, uint32_t s2, bool no_snoop);
/** Device and non-cacheable memory is Outer Shareable (13.1.7). */
IommuMemAttr smmu_normalise_attr(IommuMemAttr a);
bool smmu_attr_cacheable(IommuMemAttr a);

/* ---- translate.c -------------------------------------------------------------------------- */

/** Take what @txn says; overrides come with the STE. */
void smmu_req_init(SmmuReq *req, const IommuTxn *txn);
/** Find the STE (C_BAD_STREAMID, F_STE_FETCH, C_BAD_STE) and apply its overrides. */
bool smmu_lookup_ste(SmmuModel *m, SmmuReq *req, SmmuSte *scratch, SmmuFault *fault);
/** Which stages take part, and the CD (C_BAD_SUBSTREAMID to C_BAD_CD). */
bool smmu_lookup_cd(SmmuModel *m, SmmuReq *req, SmmuCd *scratch, SmmuFault *fault);
/**
 * Translate by the stages of @req, through TLB and walker. The TLB entry that holds (or @scratch
 * where nothing may be cached), NULL on a fault. @grant: lack of rights is no fault (ATS).
 */
const TlbEntry *smmu_lookup_address(SmmuModel *m, SmmuReq *req, bool grant, TlbEntry *scratch,
                                    SmmuFault *fault);
/** Rights that @req needs of a page. */
uint8_t smmu_req_need(const SmmuReq *req);
/** Output attributes of @req through @e. */
IommuMemAttr smmu_entry_attr(const SmmuReq *req, const TlbEntry *e);
/** Input address above what the bypassed stage 1 lets through (3.4). */
bool smmu_input_in_range(const SmmuModel *m, uint64_t addr, SmmuFault *fault);
void smmu_translate_ordinary(SmmuModel *m, const IommuTxn *txn, IommuResult *res);
/** Try again a stalled transaction, as new; it may stall again in the same slot. */
void smmu_translate_retry(SmmuModel *m, uint32_t slot, IommuResult *res);
/** Let @req pass untranslated. */
void smmu_result_bypass(const SmmuModel *m, const SmmuReq *req, IommuResult *res);
void smmu_fault_from_walk(const PtFault *walk, SmmuFault *fault);

/* ---- event.c ------------------------------------------------------------------------------ */

bool smmu_eventq_writable(const SmmuModel *m);
void smmu_event_build(const SmmuReq *req, const SmmuFault *fault, uint64_t rec[EVENT_WORDS]);
/** Record a non-stall event, or lose it as the architecture says. @may_merge: STE.MEV. */
void smmu_event_record(SmmuModel *m, const uint64_t rec[EVENT_WORDS], bool may_merge);
/** Write a record to a queue known to be writable. False: external abort. */
bool smmu_event_write(SmmuModel *m, const uint64_t rec[EVENT_WORDS]);
const char *smmu_event_name(unsigned event);
void smmu_event_trace(SmmuModel *m, const SmmuFault *fault);

/* ---- timed.c ------------------------------------------------------------------------------ */

/**
 * With timing on and outside smmu_timed_commit(): keep the record for its cycle, and return true.
 * Else the caller writes it now.
 */
bool smmu_timed_event(SmmuModel *m, const uint64_t rec[EVENT_WORDS], bool may_merge);
bool smmu_timed_stall(SmmuModel *m, const uint64_t rec[EVENT_WORDS], uint32_t slot);
bool smmu_timed_page_request(SmmuModel *m, const IommuPageRequest *req);
void smmu_timed_commit(IommuModel *base, const struct IommuRecord *r);
/** Names the stall in @slot as it is now, to smmu_timed_retried(). */
uint32_t smmu_timed_stall_tag(const SmmuModel *m, uint32_t slot);
void smmu_timed_retried(IommuModel *base, uint32_t token);

/* ---- stall.c ------------------------------------------------------------------------------ */

/**
 * Hold @txn because of the fault described by @rec. @slot: the one it already has, or UINT32_MAX.
 * False if it cannot be held: the caller terminates it.
 */
bool smmu_stall_hold(SmmuModel *m, const IommuTxn *txn, uint64_t rec[EVENT_WORDS], uint32_t slot,
                     IommuResult *res);
/** The record of a held transaction is due (timing on). @serial: as it was when it was made. */
void smmu_stall_report(SmmuModel *m, const uint64_t rec[EVENT_WORDS], uint32_t slot,
                       uint16_t serial);
/** The Event queue may have become writable: retry what waits for it (3.12.2). */
void smmu_stall_retry_waiting(SmmuModel *m);
void smmu_stall_resume(SmmuModel *m, uint32_t stream, uint32_t stag, bool retry, bool abort);
void smmu_stall_terminate(SmmuModel *m, bool all, uint32_t stream);
/** Timing on: the retry of the stall in @slot, if it still is the one of @serial, is over. */
void smmu_stall_retried(SmmuModel *m, uint32_t slot, uint16_t serial, uint64_t cycle);
void smmu_stalls_save(const SmmuModel *m, IommuStateWriter *w);
bool smmu_stalls_load(SmmuModel *m, IommuStateReader *r);
void smmu_stall_tell_clients(SmmuModel *m);

/* ---- cmdq.c, ecmdq.c, invalidate.c, notify.c ---------------------------------------------- */

/** Consume commands of queue @q (0: the Command queue; n: ECMDQ n - 1), at most one lap. */
void smmu_cmdq_run(SmmuModel *m, unsigned q);
/** Ask the host for a call of smmu_cmdq_continue() if some queue has commands. */
void smmu_cmdq_wake(SmmuModel *m);
/** Go on with what a doorbell left. */
void smmu_cmdq_continue(SmmuModel *m);
/* The same one command at a time, with timing on (model.h). */
/** Queue @q was switched: what is under way there retires no more. */
void smmu_cmdq_forget(SmmuModel *m, unsigned q);
uint32_t smmu_cmdq_pending(SmmuModel *m);
void smmu_cmdq_execute(SmmuModel *m);
void smmu_cmdq_retire(SmmuModel *m);

/** An ATC_INV of queue @q was answered. */
void smmu_cmdq_atc_done(SmmuModel *m, unsigned q, bool ok);

uint64_t smmu_ecmdq_read(SmmuModel *m, uint64_t offset);
/**
 * Queue at @offset from the first control page, or -1 between queues; *@reg: the register's offset
 * in the queue's space.
 */
int smmu_ecmdq_at(const SmmuModel *m, uint64_t offset, unsigned *reg);
void smmu_ecmdq_write(SmmuModel *m, uint64_t offset, uint64_t value, unsigned size);
bool smmu_ecmdq_any_enabled(const SmmuModel *m);

void smmu_inv_ste_range(SmmuModel *m, uint32_t first, uint32_t last);
void smmu_inv_cd(SmmuModel *m, uint32_t stream, uint32_t ssid);
void smmu_inv_cd_all(SmmuModel *m, uint32_t stream);
/** One TLBI command, already found legal. */
void smmu_inv_tlbi(SmmuModel *m, const uint64_t cmd[CMD_WORDS]);

/**
 * Tell watchers of streams in (@tag & @mask) that [@first, @last] is gone. Only kinds of entries
 * that @s1 / @s2 name; @leaf addresses are VAs or IPAs accordingly.
 */
void smmu_notify_tlbi(SmmuModel *m, uint64_t first, uint64_t last, uint64_t tag, uint64_t mask);
void smmu_notify_streams(SmmuModel *m, uint32_t first, uint32_t last);
void smmu_watch(SmmuModel *m, uint32_t stream, bool on);
/** Look up anew what tags the watched streams translate under. */
void smmu_learn_watched(SmmuModel *m);

/* ---- irq.c -------------------------------------------------------------------------------- */

typedef enum SmmuIrqSource {
    SMMU_SOURCE_EVENTQ,
    SMMU_SOURCE_PRIQ,
    SMMU_SOURCE_GERROR,
} SmmuIrqSource;

void smmu_irq_raise(SmmuModel *m, SmmuIrqSource source);
/** Whether the completion of CMD_SYNC @cmd is told by MSI. */
bool smmu_irq_cmd_sync_has_msi(const SmmuModel *m, const uint64_t cmd[CMD_WORDS]);
/** Completion of a CMD_SYNC with CS=IRQ. */
void smmu_irq_cmd_sync(SmmuModel *m, const uint64_t cmd[CMD_WORDS]);
/** Activate global error @bit unless it is active already. */
void smmu_gerror(SmmuModel *m, BitField bit);
bool smmu_gerror_active(const SmmuModel *m, BitField bit);

/* ---- ats.c, pri.c, atos.c ----------------------------------------------------------------- */

void smmu_ats_request(SmmuModel *m, const IommuTxn *txn, IommuResult *res);
void smmu_ats_translated(SmmuModel *m, const IommuTxn *txn, IommuResult *res);
void smmu_pri_request(SmmuModel *m, const IommuPageRequest *req);
void smmu_pri_respond(SmmuModel *m, uint32_t stream, bool ssv, uint32_t ssid, uint32_t prgi,
                      uint8_t code);
void smmu_atos_run(SmmuModel *m, bool vatos);

/* ---- pmcg.c, pmcg-regs.c: performance monitor ---------------------------------------------- */

/** What an operation is to the counters. */
typedef enum SmmuPmcgOp {
    PMCG_OP_TRANSACTION,
    PMCG_OP_ATS_REQUEST,
    PMCG_OP_TRANSLATED,
    PMCG_OP_OTHER, /* ATOS, prefetch: only accesses and lookups count */
} SmmuPmcgOp;

bool smmu_pmcg_watch(SmmuModel *m);
void smmu_pmcg_count(SmmuModel *m, SmmuPmcgOp op, uint32_t stream);

/** Watch an operation if a counter is enabled. True: smmu_pmcg_count() must follow. */
static inline bool smmu_pmcg_begin(SmmuModel *m)
{
    return __builtin_expect(m->pmcg.pmu.counting, 0) && smmu_pmcg_watch(m);
}

/** Time has passed. */
void smmu_pmcg_tick(SmmuModel *m);
/** Let clock events happen up to now. */
void smmu_pmcg_catch_up(SmmuModel *m);
/** A clock counter must overflow in time, whether anybody looks or not. */
void smmu_pmcg_arm(SmmuModel *m);
/** Bitmap of counters that count. */
uint64_t smmu_pmcg_enabled(const SmmuModel *m);
void smmu_pmcg_capture(SmmuModel *m);
/** Bitmap of the supported events below 64. */
uint64_t smmu_pmcg_ceid0(const SmmuConfig *c);

/** Whether @offset of the register space is the group's. */
bool smmu_pmcg_owns(const SmmuModel *m, uint64_t offset);
uint64_t smmu_pmcg_read(SmmuModel *m, uint64_t offset, unsigned size);
void smmu_pmcg_write(SmmuModel *m, uint64_t offset, uint64_t value, unsigned size);
void smmu_pmcg_reset(SmmuModel *m);
void smmu_pmcg_save(SmmuModel *m, IommuStateWriter *w);
bool smmu_pmcg_load(SmmuModel *m, IommuStateReader *r);

#endif

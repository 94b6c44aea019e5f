/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two-stage radix walker: nesting, access and dirty updates, walk caches, the stage 2 (IPA)
 * cache and memory reads live here once, for every format.
 *
 * Order of a nested access (Arm IHI 0070 13.4.4, VT-d 3.8): input range; for each stage 1 level the
 * descriptor's address through stage 2 in full, then the descriptor itself; stage 1 access flag;
 * stage 1 permission; stage 1 update; then the final address through stage 2 in full.
 */
#ifndef HW_IOMMU_WALK_H
#define HW_IOMMU_WALK_H

#include "hw/iommu/cache.h"
#include "hw/iommu/counters.h"
#include "hw/iommu/format.h"
#include "hw/iommu/plan.h"
#include "hw/iommu/profile.h"
#include "hw/iommu/trace.h"

typedef enum PtFaultKind {
    PT_FAULT_NONE = 0,
    PT_FAULT_RANGE,      /* input outside the range / not canonical (PT_ROOT_RANGE) */
    PT_FAULT_DISABLED,   /* PT_ROOT_DISABLED */
    PT_FAULT_READ,       /* external abort on a descriptor read */
    PT_FAULT_EMPTY,
    PT_FAULT_MALFORMED,
    PT_FAULT_ADDR_SIZE,
    PT_FAULT_ACCESS,     /* access flag clear, not updated by hardware */
    PT_FAULT_PERMISSION,
    PT_FAULT_UPDATE,     /* external abort on a descriptor update */
} PtFaultKind;

/** What was being translated or done when it faulted. Arm's CLASS encoding. */
typedef enum PtClass {
    PT_CLASS_CONFIG = 0, /* CD: a stage 1 configuration structure */
    PT_CLASS_TABLE = 1,  /* TT: a stage 1 descriptor */
    PT_CLASS_INPUT = 2,  /* IN: the client's own address */
} PtClass;

typedef struct PtFault {
    uint8_t kind;         /* PtFaultKind */
    uint8_t stage;        /* 1 or 2: whose rules were broken */
    uint8_t cls;          /* PtClass; INPUT for stage 1 faults other than READ/UPDATE of a table */
    uint8_t height;       /* of the descriptor concerned; RANGE, DISABLED: of the top table */
    bool top;             /* it was in the top table */
    bool table_write;     /* cls TABLE, stage 2: the update (not the read) of the descriptor */
    bool table_top;       /* cls TABLE, stage 2: the stage 1 descriptor was in its top table */
    uint8_t missing;      /* PERMISSION: the needed rights that are not granted */
    uint8_t granted;      /* PERMISSION: what the stage grants at most, once dirty */
    uint64_t ipa;         /* stage 2 faults: the address stage 2 was given */
    uint64_t desc_addr;   /* physical address of the descriptor, where there is one */
    uint64_t desc;        /* the descriptor as read, where there is one */
} PtFault;

/* PtRequest.flags */
#define PT_REQ_NO_FILL    0x01u /* touch no cache, no counter: a debugger's look. NO_UPDATE too */
#define PT_REQ_NO_UPDATE  0x02u /* write no descriptor; where hardware would set it, clean counts as
                                   dirty and AF=0 as 1 (ATOS HTTUI) */
#define PT_REQ_GRANT      0x04u /* report rights instead of a permission fault (ATS); see below */
#define PT_REQ_STAGE1     0x10u /* the output of stage 1 is the answer: stage 2 serves only the
                                   addresses of stage 1's tables (ATOS of stage 1 of two) */
#define PT_REQ_NO_DIRTY   0x08u /* never make the client's page dirty (speculative, ATS with NW=1);
                                   pages of tables that are themselves updated still become so */

#define PT_REQ_MUST_GRANT 0x20u /* with GRANT: if a page that may be made dirty cannot be, that is a
                                   fault and not the lack of a right (VT-d, table 30) */

/**
 * @s1/@s2: NULL if that stage is bypassed; not both NULL.
 *
 * PT_REQ_GRANT: lack of rights is no fault. Result rights say what is granted; if access.write and
 * not NO_DIRTY, writable-clean pages are made dirty and W granted, provided every stage allows it.
 * If stage 1 grants nothing of access.need, stage 2 is not consulted for the final address and the
 * rights are none. Faults other than lack of rights are faults as ever.
 */
typedef struct PtRequest {
    uint64_t addr;
    const PtRegime *s1;
    const PtRegime *s2;
    PtAccess access;
    uint32_t flags;
} PtRequest;

typedef struct PtResult {
    uint64_t out;         /* output address of PtRequest.addr */
    uint64_t ipa;         /* stage 1 output (nested) */
    uint64_t va;          /* input address as used: tag byte removed */
    uint32_t s1_attr;     /* PtEntry.attr of the leaf of each stage */
    uint32_t s2_attr;
    uint8_t lg2;          /* span that translates alike: smaller of the two stages' */
    uint8_t rights;       /* granted now by every stage */
    uint8_t rights_dirty; /* granted if dirtied (superset): a TLB hit that needs more than .rights
                             but not more than this must walk again */
    uint8_t s1_rights;
    uint8_t s2_rights;
    bool settled;         /* memory holds every flag that this use must leave: only then may the
                             translation be cached, or later uses would not set them */
    uint8_t s1_flags;     /* PtEntry.flags of the leaf of each stage */
    uint8_t s2_flags;
} PtResult;

/**
 * A walker: caches and the seams it needs. Owned by the model; initialised by pt_walker_init().
 */
typedef struct PtWalker {
    const IommuHost *host;
    IommuCounters *counters;
    IommuTrace *trace;
    IommuPlan *plan;
    IommuCache ipa;                     /* stage 2 leaves, by IPA, with stage 2's walk_tag */
    IommuCache tables[2][PT_MAX_HEIGHT];  /* [stage - 1][height of the table found] */
    uint32_t last_scan;                 /* entries the last pt_walker_invalidate() looked at */
} PtWalker;

/**
 * @group_mask/@subgroup_mask: as in IommuCacheConfig, for tags used in PtRegime.walk_tag.
 * False if out of memory.
 */
bool pt_walker_init(PtWalker *w, const IommuHost *host, IommuCounters *counters, IommuTrace *trace,
                    IommuPlan *plan, const IommuProfile *profile, uint64_t group_mask,
                    uint64_t subgroup_mask);
void pt_walker_destroy(PtWalker *w);

/** iommu_cache_stamp_fills() for every cache of the walker. */
bool pt_walker_stamp_fills(PtWalker *w);

/** Translate. True: *@res is valid. False: *@fault is. */
bool pt_walk(PtWalker *w, const PtRequest *req, PtResult *res, PtFault *fault);

/**
 * Translate @ipa by stage 2 alone on behalf of the SMMU itself: CD and L1CD fetches
 * (@cls CONFIG). Uses and fills the IPA cache. *@pa and *@attr (stage 2 leaf attr) on success.
 */
bool pt_walk_ipa(PtWalker *w, const PtRegime *s2, uint64_t ipa, PtClass cls, uint32_t flags,
                 uint64_t *pa, uint32_t *attr, PtFault *fault);

/** Called for each leaf of pt_enumerate; false stops it. */
typedef bool PtLeafFn(void *opaque, uint64_t addr, uint64_t out, uint64_t bytes, uint8_t rights);

/**
 * Visit every mapping of [@first, @last] (inclusive), both stages composed, from memory as it is
 * now, in ascending order of address. Touches no cache, no counter, no memory.
 *
 * A mapping that reaches outside the interval is cut to it. Rights include what hardware would
 * grant by setting dirty state; pages whose use would fault for want of an access flag are left
 * out. A guest can build tables that map far more than there is memory: after PT_ENUMERATE_READS
 * descriptors the visit ends with a guest error. Returns how many were read.
 */
#define PT_ENUMERATE_READS (1u << 22)
uint32_t pt_enumerate(PtWalker *w, const PtRegime *s1, const PtRegime *s2, uint64_t first,
                      uint64_t last, PtLeafFn *fn, void *opaque);

/**
 * Invalidate this walker's caches: walk caches of @stage (1, 2, or 0 for both) and, if stage is
 * not 1, the IPA cache; entries overlapping [@first, @last] with (tag & @mask) == (@value & @mask).
 * @leaf_only: spare table entries (Arm Leaf=1, VT-d IH=1). Returns entries dropped.
 */
uint32_t pt_walker_invalidate(PtWalker *w, unsigned stage, bool leaf_only, uint64_t first,
                              uint64_t last, uint64_t value, uint64_t mask);

/** Empty every cache. */
void pt_walker_flush(PtWalker *w);

/** Entries that the last invalidation or flush looked at, in all caches together. */
uint32_t pt_walker_last_scan(const PtWalker *w);

/** Name of a fault kind, for traces. */
const char *pt_fault_name(PtFaultKind kind);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transaction: what a client asks of an IOMMU, and what it gets back.
 */
#ifndef HW_IOMMU_TXN_H
#define HW_IOMMU_TXN_H

#include "hw/iommu/host.h"

/** PCIe address type of a request (ATS). */
typedef enum IommuTxnKind {
    IOMMU_TXN_UNTRANSLATED = 0,
    IOMMU_TXN_ATS_REQUEST,  /* translation request: no data moves */
    IOMMU_TXN_TRANSLATED,   /* address came from an earlier translation completion */
} IommuTxnKind;

/**
 * One request of a client. It must not cross a 4 KB boundary; who issues larger ones splits them.
 *
 * @addr: input address, all 64 bits.
 * @arrival: cycle at which it reaches the IOMMU's port (timing on; else 0).
 * @cookie: the client's own handle, given back in IommuHostOps.stall_done.
 * @stream: Arm StreamID; VT-d source-id (bus << 8 | devfn).
 * @pasid: Arm SubstreamID; valid if @has_pasid.
 * @size: bytes, 0 for a zero-length read.
 * @attr: incoming attributes; .type 0xff and .sh 0 if the bus has none.
 * @write: a write; an atomic sets both @write and @atomic.
 * @exec, @priv: instruction fetch, privileged: as asserted by the client.
 * @no_write: ATS translation request with NW=1.
 * @speculative: nothing may be recorded, and nothing made dirty; the SMMUv3 refuses writes.
 * @probe: debugger's or monitor's look: no record, no cache fill, no memory update, no counters. It
 *   reads the tables as they are in memory and asks no cache, so it shows what a device would get
 *   once stale entries are gone.
 */
typedef struct IommuTxn {
    uint64_t addr;
    uint64_t arrival;
    uint64_t cookie;
    uint32_t stream;
    uint32_t pasid;
    uint32_t size;
    IommuMemAttr attr;
    uint8_t kind; /* IommuTxnKind */
    bool has_pasid;
    bool write;
    bool atomic;
    bool exec;
    bool priv;
    bool no_write;
    bool no_snoop;
    bool speculative;
    bool probe;
} IommuTxn;

typedef enum IommuStatus {
    IOMMU_STATUS_OK = 0,   /* proceed with @pa; ATS request: success, rights may be none */
    IOMMU_STATUS_ABORT,    /* terminate with an abort (PCIe untranslated: UR) */
    IOMMU_STATUS_RAZWI,    /* terminate: reads return zero, writes vanish, no error */
    IOMMU_STATUS_STALLED,  /* held; stall_done() will tell */
    IOMMU_STATUS_UR,       /* ATS request / translated: Unsupported Request */
    IOMMU_STATUS_CA,       /* ATS request / translated: Completer Abort */
    IOMMU_STATUS_INTERRUPT,/* VT-d: a write into the interrupt range; @pa unset, to be remapped */
} IommuStatus;

/* Rights of a translation, by privilege. Bits of IommuResult.rights and of the walker. */
#define IOMMU_RIGHT_UR 0x01u
#define IOMMU_RIGHT_UW 0x02u
#define IOMMU_RIGHT_UX 0x04u
#define IOMMU_RIGHT_PR 0x08u
#define IOMMU_RIGHT_PW 0x10u
#define IOMMU_RIGHT_PX 0x20u
#define IOMMU_RIGHTS_U (IOMMU_RIGHT_UR | IOMMU_RIGHT_UW | IOMMU_RIGHT_UX)
#define IOMMU_RIGHTS_P (IOMMU_RIGHT_PR | IOMMU_RIGHT_PW | IOMMU_RIGHT_PX)
#define IOMMU_RIGHTS_R (IOMMU_RIGHT_UR | IOMMU_RIGHT_PR)
#define IOMMU_RIGHTS_W (IOMMU_RIGHT_UW | IOMMU_RIGHT_PW)
#define IOMMU_RIGHTS_X (IOMMU_RIGHT_UX | IOMMU_RIGHT_PX)
#define IOMMU_RIGHTS_ALL 0x3fu

/** Answer to a transaction. */
typedef struct IommuResult {
    uint64_t pa;        /* output address of @addr (status OK) */
    uint64_t complete;  /* cycle of completion (timing on) */
    IommuMemAttr attr;  /* output attributes */
    uint32_t fault;     /* 0, or the architecture's event number / fault reason */
    uint32_t tag;       /* STALLED: the stall tag */
    uint8_t status;     /* IommuStatus */
    uint8_t page_lg2;   /* log2 of the span around @addr that translates alike (>= 12 when OK) */
    uint8_t rights;     /* IOMMU_RIGHT_*: what the same page grants now */
    bool bypassed;      /* no stage translated it */
    /* ATS translation completion fields, valid for IOMMU_TXN_ATS_REQUEST with status OK. */
    bool ats_r, ats_w, ats_x, ats_u, ats_priv, ats_global, ats_no_snoop;
} IommuResult;

/** A PRI page request message (PCIe page request or stop marker). */
typedef struct IommuPageRequest {
    uint64_t addr;    /* page address */
    uint64_t arrival; /* cycle */
    uint32_t stream;
    uint32_t pasid;
    uint16_t prgi;
    bool has_pasid, last, r, w, x, priv;
} IommuPageRequest;

/** The last that a device says of a PASID: it asks for nothing and is never answered. */
static inline bool iommu_page_request_is_stop_marker(const IommuPageRequest *req)
{
    return req->has_pasid && req->last && !req->r && !req->w;
}

#endif

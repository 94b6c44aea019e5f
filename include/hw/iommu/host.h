/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: everything an IOMMU model may do to the machine around it.
 *
 * QEMU implements the table over AddressSpace, qemu_irq and notifiers; unit tests, the fuzzer and
 * the simulator over a plain array (tests/lib/ramhost.h).
 * Every callback is mandatory unless it says otherwise. Callbacks may not re-enter the model,
 * except that unmap() may call IommuModelOps.enumerate: the model has finished its own update when
 * it calls out.
 */
#ifndef HW_IOMMU_HOST_H
#define HW_IOMMU_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Outcome of a memory access made by the model itself. */
typedef enum IommuMemStatus {
    IOMMU_MEM_OK = 0,
    IOMMU_MEM_ABORT, /* external abort / bus error: nothing was transferred */
} IommuMemStatus;

/**
 * Attributes of an access, model's own or client's.
 *
 * @type: Arm: a MAIR byte (0x00 Device-nGnRnE ... 0xff iWB-oWB-RWA); VT-d: the PAT memory type.
 * @sh: 0 non-shareable, 2 outer, 3 inner shareable. VT-d leaves it 0.
 * @space: physical address space: 0 Non-secure, 1 Secure.
 * @snoop: the access snoops processor caches.
 */
typedef struct IommuMemAttr {
    uint8_t type;
    uint8_t sh;
    uint8_t space;
    bool snoop;
} IommuMemAttr;

/** What a device TLB or an IOMMU notifier must forget. */
typedef struct IommuUnmap {
    uint32_t stream;  /* requester / stream id whose translations go */
    bool has_pasid;
    uint32_t pasid;   /* valid if has_pasid */
    uint64_t addr;    /* first input address, page aligned */
    uint64_t last;    /* last input address, inclusive; ~0 for "everything above" */
} IommuUnmap;

/** An ATS invalidation sent down to an endpoint. */
typedef struct IommuAtsInv {
    uint32_t stream;
    bool has_pasid;
    bool global;      /* all PASIDs */
    uint32_t pasid;
    uint64_t addr;
    uint64_t last;    /* inclusive */
    uint32_t itag;    /* to be given back in IommuModelOps.ats_inv_done */
} IommuAtsInv;

typedef enum IommuAtsInvStatus {
    IOMMU_ATS_INV_DONE = 0, /* completed before the call returned (or nobody was there: UR) */
    IOMMU_ATS_INV_PENDING,  /* the endpoint will answer; the model gets ats_inv_done() later */
    IOMMU_ATS_INV_TIMEOUT,  /* the endpoint will never answer */
} IommuAtsInvStatus;

/** A page request group response on its way to an endpoint. */
typedef struct IommuPageResponse {
    uint32_t stream;
    bool has_pasid;
    uint32_t pasid;
    uint16_t prgi;
    uint8_t code; /* PCIe: 0 success, 1 invalid request, 0xf response failure */
} IommuPageResponse;

/**
 * Which part of an IOMMU sends a message: to an interrupt controller each is a device of its own.
 */
typedef enum IommuMsiSource {
    IOMMU_MSI_UNIT = 0, /* the IOMMU: its queues, errors and completions */
    IOMMU_MSI_PMU,      /* Arm: its performance monitor counter group */
    IOMMU_MSI_SOURCES
} IommuMsiSource;

struct IommuNote;
struct IommuResult;

typedef struct IommuHostOps {
    /** Read @len bytes at physical @addr. A failed read leaves @buf undefined. */
    IommuMemStatus (*read)(void *opaque, uint64_t addr, void *buf, size_t len, IommuMemAttr attr);

    /** Write @len bytes at physical @addr. Aligned 8-byte pieces are single-copy atomic. */
    IommuMemStatus (*write)(void *opaque, uint64_t addr, const void *buf, size_t len,
                            IommuMemAttr attr);

    /**
     * Atomic 64-bit compare-and-swap of the little-endian word at @addr (8-byte aligned), atomic
     * also against the guest's CPUs. *@old gets the value found; the swap happened iff it
     * equals @expected.
     */
    IommuMemStatus (*cas64)(void *opaque, uint64_t addr, uint64_t expected, uint64_t desired,
                            uint64_t *old, IommuMemAttr attr);

    /** Pulse (edge) wired interrupt output @line; numbering is the model's. */
    void (*pulse_irq)(void *opaque, unsigned line);

    /** Write the 32-bit MSI @data of @source to @addr. */
    IommuMemStatus (*send_msi)(void *opaque, uint64_t addr, uint32_t data, IommuMemAttr attr,
                               IommuMsiSource source);

    /** Tell IOMMU notifiers (VFIO, vhost) of stream @u->stream. May be NULL. */
    void (*unmap)(void *opaque, const IommuUnmap *u);

    /** Send an ATS invalidation to the endpoint. NULL: there are no ATS endpoints. */
    IommuAtsInvStatus (*ats_invalidate)(void *opaque, const IommuAtsInv *inv);

    /** Deliver a page request group response. NULL: there are no PRI endpoints. */
    void (*page_response)(void *opaque, const IommuPageResponse *rsp);

    /**
     * A transaction answered IOMMU_STATUS_STALLED is over: @cookie is its IommuTxn.cookie, @res
     * its final result. NULL: clients cannot stall (the model then aborts instead).
     */
    void (*stall_done)(void *opaque, uint64_t cookie, const struct IommuResult *res);

    /**
     * The way requests are handled changed at large (translation switched on or off, root table
     * or aperture replaced): whoever mirrors mappings must look again. May be NULL.
     */
    void (*mode_changed)(void *opaque);

    /** Call run_until() no later than at @cycle (with timing off, of @now). May be NULL. */
    void (*wake)(void *opaque, uint64_t cycle);

    /**
     * Cycle of a free-running clock, for performance counters while timing is off. NULL: it
     * stands still.
     */
    uint64_t (*now)(void *opaque);

    /** The guest did something the architecture forbids: rate-limited log. printf-like. */
    void (*guest_error)(void *opaque, const char *fmt, ...)
        __attribute__((format(printf, 2, 3)));

    /** To be watched (note.h). NULL: nobody does. */
    void (*note)(void *opaque, const struct IommuNote *n);
} IommuHostOps;

/** A host: table and its instance. Copied into the model at initialisation. */
typedef struct IommuHost {
    const IommuHostOps *ops;
    void *opaque;
} IommuHost;

#endif

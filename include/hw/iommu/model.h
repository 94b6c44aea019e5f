/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model: the one door through which QEMU, the DMA engine, the simulator, the benchmarks, the
 * fuzzers and the oracle drive either IOMMU.
 *
 * A concrete model (SmmuModel, VtdModel) has an IommuModel as its first member. It is created by
 * its own xxx_new(config, host, error) and is used by one thread at a time.
 */
#ifndef HW_IOMMU_MODEL_H
#define HW_IOMMU_MODEL_H

#include "hw/iommu/counters.h"
#include "hw/iommu/host.h"
#include "hw/iommu/plan.h"
#include "hw/iommu/state.h"
#include "hw/iommu/trace.h"
#include "hw/iommu/txn.h"

typedef struct IommuModel IommuModel;
struct IommuRecord;
struct IommuTimed;

/** One leaf found by IommuModelOps.enumerate: return false to stop. */
typedef bool IommuMappingFn(void *opaque, uint64_t addr, uint64_t pa, uint64_t bytes,
                            uint8_t rights);

typedef struct IommuModelOps {
    const char *name;

    /** Resolve one transaction of any kind. *@res is written completely. */
    void (*translate)(IommuModel *m, const IommuTxn *txn, IommuResult *res);

    /** Register access: @offset in bytes from the model's base, @size 4 or 8. */
    uint64_t (*mmio_read)(IommuModel *m, uint64_t offset, unsigned size);
    void (*mmio_write)(IommuModel *m, uint64_t offset, uint64_t value, unsigned size);

    /** What the register at @offset is called, into @buf of @size bytes (regname.h). */
    void (*register_name)(const IommuModel *m, uint64_t offset, char *buf, size_t size);

    /** A page request message from an endpoint. NULL if the model has no PRI. */
    void (*page_request)(IommuModel *m, const IommuPageRequest *req);

    /**
     * Completion of an ATS invalidation that answered IOMMU_ATS_INV_PENDING.
     * @ok false: the endpoint timed out.
     */
    void (*ats_inv_done)(IommuModel *m, uint32_t stream, uint32_t itag, bool ok);

    /** Advance the model's time to @cycle (timing on): commands, records, interrupts due. */
    void (*run_until)(IommuModel *m, uint64_t cycle);

    /** Power-on reset: architectural state and every cache. */
    void (*reset)(IommuModel *m);

    /** Append / restore the complete architectural state. load: false if the image is not ours. */
    void (*save)(IommuModel *m, IommuStateWriter *w);
    bool (*load)(IommuModel *m, IommuStateReader *r);

    /**
     * Call @fn for every mapping of (@stream, no PASID) in [@first, @last] as the tables stand in
     * memory now. No records, no cache fills, no updates. The one member that may be called from
     * inside a host callback (IommuHostOps.unmap): it leaves no trace in the model or its plan, but
     * its work counts for the command under way. Returns how many descriptors were read.
     */
    uint64_t (*enumerate)(IommuModel *m, uint32_t stream, uint64_t first, uint64_t last,
                      IommuMappingFn *fn, void *opaque);

    /** Watch @stream: invalidations that concern it are told by IommuHostOps.unmap. */
    void (*watch)(IommuModel *m, uint32_t stream, bool on);

    void (*free)(IommuModel *m);

    /*
     * Timing (timed.h). NULL in a model that cannot be put on a clock.
     */

    /** About to be put on a clock: stamp cache fills. False if out of memory. */
    bool (*stamp_fills)(IommuModel *m);

    /** Bytes of the next command to fetch, 0 if none: queue off, stopped by an error, or empty. */
    uint32_t (*command_pending)(IommuModel *m);

    /**
     * Fetch the next command and let it take effect on caches. What software can see of its
     * consumption (completion signals, errors, the consumer index) waits for command_retire().
     */
    void (*command_execute)(IommuModel *m);

    /** The command executed last is consumed, or has failed. */
    void (*command_retire)(IommuModel *m);

    /** Write a record that iommu_timed_record() was given. */
    void (*commit)(IommuModel *m, const struct IommuRecord *r);

    /** The retry with @token (iommu_timed_retry_end) is over. NULL if nothing is ever retried. */
    void (*retried)(IommuModel *m, uint32_t token);
} IommuModelOps;

struct IommuModel {
    const IommuModelOps *ops;
    IommuHost host;
    IommuCounters counters;
    IommuTrace trace;
    IommuPlan *plan;          /* of the request or command being resolved; the model's own */
    struct IommuTimed *timed; /* NULL: timing off */
};

static inline void iommu_translate(IommuModel *m, const IommuTxn *txn, IommuResult *res)
{
    m->ops->translate(m, txn, res);
}

#endif

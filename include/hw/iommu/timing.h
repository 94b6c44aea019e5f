/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timing: the latencies and widths of a microarchitecture, and the rule that turns a plan (what a
 * request used) into a job (operations on resources). docs/timing.rst is the specification.
 */
#ifndef HW_IOMMU_TIMING_H
#define HW_IOMMU_TIMING_H

#include "hw/iommu/plan.h"
#include "hw/iommu/sched.h"

/* X(member, key, unit, least, most); hw/iommu/embed-profiles reads this, too. */
#define IOMMU_TIMING_PARAMETERS(X)                                                        \
    X(clock_mhz, "clock.mhz", "MHz", 1, 100000)                                           \
    X(txn_slots, "txn.slots", "transactions", 1, 65536)                                   \
    X(port_interval, "port.interval", "cycles", 0, 1000)                                  \
    X(port_latency, "port.latency", "cycles", 0, 100000)                                  \
    X(response_latency, "response.latency", "cycles", 0, 100000)                          \
    X(config_width, "config.width", "lookups", 1, 1024)                                   \
    X(config_latency, "config.latency", "cycles", 0, 10000)                               \
    X(utlb_width, "utlb.width", "lookups", 1, 1024)                                       \
    X(utlb_latency, "utlb.latency", "cycles", 0, 10000)                                   \
    X(tlb_width, "tlb.width", "lookups", 1, 1024)                                         \
    X(tlb_latency, "tlb.latency", "cycles", 0, 10000)                                     \
    X(walker_slots, "walker.slots", "walks", 1, 65536)                                    \
    X(table_width, "table.width", "lookups", 1, 1024)                                     \
    X(table_latency, "table.latency", "cycles", 0, 10000)                                 \
    X(ipa_width, "ipa.width", "lookups", 1, 1024)                                         \
    X(ipa_latency, "ipa.latency", "cycles", 0, 10000)                                     \
    X(mem_interval, "mem.interval", "cycles", 0, 10000)                                   \
    X(mem_latency, "mem.latency", "cycles", 0, 1000000)                                   \
    X(mem_write_latency, "mem.write-latency", "cycles", 0, 1000000)                       \
    X(mem_beat, "mem.beat", "bytes", 8, 4096)                                             \
    X(record_slots, "record.slots", "records", 1, 65536)                                  \
    X(command_latency, "command.latency", "cycles", 0, 100000)                            \
    X(invalidate_base, "invalidate.base", "cycles", 0, 100000)                            \
    X(invalidate_rate, "invalidate.rate", "entries/cycle", 1, 65536)

typedef struct IommuTiming {
#define X(member, key, unit, least, most) uint32_t member;
    IOMMU_TIMING_PARAMETERS(X)
#undef X
} IommuTiming;

/**
 * Operations one plan can need: four for a step (a lookup in a walk that must wait), and a frame.
 */
#define IOMMU_JOB_OPS (4 * IOMMU_PLAN_STEPS + 8)

/* IommuOp.arg of the ACTION operations that plans make. */
#define IOMMU_ACTION_RECORD  1u /* the record's handle is in bits 63:32 */
#define IOMMU_ACTION_EXECUTE 2u /* a fetched command takes effect */
#define IOMMU_ACTION_VISIBLE 3u /* a command's consumption becomes visible */
#define IOMMU_ACTION_RETRIED 4u /* a retried request is over; whose it is, is in bits 63:32 */

/** Numbers of servers that @t asks for. */
void iommu_timing_servers(const IommuTiming *t, uint32_t servers[IOMMU_RESOURCES]);

/**
 * Operations of a request whose plan is @p, in @ops[IOMMU_JOB_OPS]; returns how many. @s tells
 * which fills are still under way.
 */
size_t iommu_job_of_request(const IommuTiming *t, const IommuPlan *p, const IommuSched *s,
                            IommuOp *ops);

/**
 * Same for a stalled request that is tried again: not through the port, and @token comes back in
 * IOMMU_ACTION_RETRIED.
 */
size_t iommu_job_of_retry(const IommuTiming *t, const IommuPlan *p, const IommuSched *s,
                          uint32_t token, IommuOp *ops);

/** A read or write of @bytes through the memory port. */
IommuOp iommu_memory_op(const IommuTiming *t, uint32_t bytes, bool write);

/**
 * Operations of the execution of a command whose plan is @p, to be put behind
 * IOMMU_ACTION_EXECUTE of its job @job. No frame, no DONE; the read of the command, a step of the
 * plan, is in the frame.
 */
size_t iommu_ops_of_command(const IommuTiming *t, const IommuPlan *p, const IommuSched *s,
                            uint64_t job, IommuOp *ops);

#endif

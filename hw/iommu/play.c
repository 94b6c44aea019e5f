/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From plan to job: which resource each step of a plan uses, and for how long
 * (docs/timing.rst, "From plan to job").
 */
#include "hw/iommu/timing.h"

_Static_assert(IOMMU_PLAN_STAMP_BITS == IOMMU_WAIT_MARK_BITS, "a stamp is what a WAIT waits for");
_Static_assert(IOMMU_PLAN_STEPS < 1u << IOMMU_PLAN_STAMP_BITS, "a stamp counts every step");

typedef struct Builder {
    const IommuTiming *t;
    const IommuSched *s;
    uint64_t job; /* whose operations these become */
    IommuOp *ops;
    size_t count;
    unsigned mark;
    bool walking; /* a walker slot is held */
} Builder;

static IommuOp *add(Builder *b, IommuOpKind kind, IommuResource res)
{
    IommuOp *op = &b->ops[b->count++];

    *op = (IommuOp) { .kind = kind, .res = res, .mark = b->mark };
    return op;
}

static void use(Builder *b, IommuResource res, uint32_t occupancy, uint32_t latency)
{
    IommuOp *op = add(b, IOMMU_OP_USE, res);

    op->occupancy = occupancy;
    op->latency = latency;
}

static void use_memory(Builder *b, uint32_t bytes, bool write)
{
    IommuOp *op = add(b, IOMMU_OP_USE, IOMMU_RES_MEM);
    uint16_t mark = op->mark;

    *op = iommu_memory_op(b->t, bytes, write);
    op->mark = mark;
}

/*
 * The entry that was hit may still be on its way. A job that keeps a walker gives it back while it
 * waits: the job it waits for may be queueing for a walker.
 */
static void wait_for(Builder *b, uint64_t fill)
{
    uint64_t job = fill >> IOMMU_PLAN_STAMP_BITS;
    unsigned mark = fill & ((1u << IOMMU_PLAN_STAMP_BITS) - 1);

    if (!job || job == b->job || sched_reached(b->s, job, mark)) {
        return;
    }
    if (b->walking) {
        add(b, IOMMU_OP_RELEASE, IOMMU_RES_WALKER);
    }
    add(b, IOMMU_OP_WAIT, 0)->arg = fill;
    if (b->walking) {
        add(b, IOMMU_OP_HOLD, IOMMU_RES_WALKER);
    }
}

static void add_step(Builder *b, const IommuPlan *p, uint32_t i)
{
    const IommuStep *step = &p->steps[i];
    const IommuTiming *t = b->t;
    size_t first = b->count;

    /* Until its last operation has ended the step is not complete. */
    b->mark = i;
    switch (step->kind) {
    case IOMMU_STEP_UTLB:
        use(b, IOMMU_RES_UTLB, 1, t->utlb_latency);
        wait_for(b, step->fill);
        break;
    case IOMMU_STEP_TLB:
        use(b, IOMMU_RES_TLB, 1, t->tlb_latency);
        wait_for(b, step->fill);
        break;
    case IOMMU_STEP_CONFIG:
        use(b, IOMMU_RES_CONFIG, 1, t->config_latency);
        wait_for(b, step->fill);
        break;
    case IOMMU_STEP_IPA_CACHE:
        use(b, IOMMU_RES_IPA, 1, t->ipa_latency);
        wait_for(b, step->fill);
        break;
    case IOMMU_STEP_TABLE_CACHE:
        /* All levels are probed at once: one lookup for a run of steps of one stage. */
        if (!i || p->steps[i - 1].kind != IOMMU_STEP_TABLE_CACHE ||
            p->steps[i - 1].stage != step->stage || p->steps[i - 1].hit) {
            use(b, IOMMU_RES_TABLE, 1, t->table_latency);
        }
        wait_for(b, step->fill);
        break;
    case IOMMU_STEP_CONFIG_READ:
    case IOMMU_STEP_READ:
    case IOMMU_STEP_QUEUE_READ:
        use_memory(b, step->bytes, false);
        break;
    case IOMMU_STEP_UPDATE:
    case IOMMU_STEP_QUEUE_WRITE:
    case IOMMU_STEP_MSI:
        use_memory(b, step->bytes, true);
        break;
    case IOMMU_STEP_RECORD:
        add(b, IOMMU_OP_ACTION, 0)->arg = step->addr << 32 | IOMMU_ACTION_RECORD;
        break;
    case IOMMU_STEP_WALK:
        add(b, IOMMU_OP_HOLD, IOMMU_RES_WALKER);
        b->walking = true;
        break;
    case IOMMU_STEP_WALK_END:
        add(b, IOMMU_OP_RELEASE, IOMMU_RES_WALKER);
        b->walking = false;
        break;
    default:
        break;
    }
    if (b->count > first) {
        b->ops[b->count - 1].mark = i + 1;
    }
    b->mark = i + 1;
}

IommuOp iommu_memory_op(const IommuTiming *t, uint32_t bytes, bool write)
{
    uint32_t beats = bytes ? (bytes + t->mem_beat - 1) / t->mem_beat : 1;

    return (IommuOp) {
        .kind = IOMMU_OP_USE,
        .res = IOMMU_RES_MEM,
        .occupancy = t->mem_interval * beats,
        .latency = (write ? t->mem_write_latency : t->mem_latency) + t->mem_interval * (beats - 1),
    };
}

void iommu_timing_servers(const IommuTiming *t, uint32_t servers[IOMMU_RESOURCES])
{
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        servers[r] = 1;
    }
    servers[IOMMU_RES_TXN] = t->txn_slots;
    servers[IOMMU_RES_CONFIG] = t->config_width;
    servers[IOMMU_RES_UTLB] = t->utlb_width;
    servers[IOMMU_RES_TLB] = t->tlb_width;
    servers[IOMMU_RES_WALKER] = t->walker_slots;
    servers[IOMMU_RES_TABLE] = t->table_width;
    servers[IOMMU_RES_IPA] = t->ipa_width;
}

static void add_steps(Builder *b, const IommuPlan *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        add_step(b, p, i);
    }
    add(b, IOMMU_OP_DELAY, 0)->latency = b->t->response_latency;
    add(b, IOMMU_OP_RELEASE, IOMMU_RES_TXN);
}

size_t iommu_job_of_request(const IommuTiming *t, const IommuPlan *p, const IommuSched *s,
                            IommuOp *ops)
{
    Builder b = { .t = t, .s = s, .job = sched_next_job(s), .ops = ops };

    add(&b, IOMMU_OP_HOLD, IOMMU_RES_TXN);
    use(&b, IOMMU_RES_PORT, t->port_interval, t->port_latency);
    add_steps(&b, p);
    add(&b, IOMMU_OP_DONE, 0);
    return b.count;
}

size_t iommu_job_of_retry(const IommuTiming *t, const IommuPlan *p, const IommuSched *s,
                          uint32_t token, IommuOp *ops)
{
    Builder b = { .t = t, .s = s, .job = sched_next_job(s), .ops = ops };

    add(&b, IOMMU_OP_HOLD, IOMMU_RES_TXN);
    add_steps(&b, p);
    add(&b, IOMMU_OP_ACTION, 0)->arg = (uint64_t)token << 32 | IOMMU_ACTION_RETRIED;
    add(&b, IOMMU_OP_DONE, 0);
    return b.count;
}

size_t iommu_ops_of_command(const IommuTiming *t, const IommuPlan *p, const IommuSched *s,
                            uint64_t job, IommuOp *ops)
{
    Builder b = { .t = t, .s = s, .job = job, .ops = ops };
    uint32_t cost;

    for (uint32_t i = 0; i < p->count; i++) {
        const IommuStep *step = &p->steps[i];

        switch (step->kind) {
        case IOMMU_STEP_INVALIDATE:
            cost = t->invalidate_base +
                   (step->dropped + t->invalidate_rate - 1) / t->invalidate_rate;
            use(&b, IOMMU_RES_INVALIDATE, cost, cost);
            break;
        case IOMMU_STEP_DRAIN:
            add(&b, IOMMU_OP_DRAIN, 0)->arg = IOMMU_JOB_REQUEST | IOMMU_JOB_RECORD;
            break;
        case IOMMU_STEP_QUEUE_READ:
            break; /* the job began with it */
        default:
            add_step(&b, p, i);
            break;
        }
    }
    return b.count;
}

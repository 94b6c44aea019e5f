/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shapes: what a list of operations comes to for a job that is alone, in closed form.
 */
#include <string.h>

#include "sched-internal.h"

/* One operation more, @latency cycles after the first. False: the form is not closed. */
static bool shape_add(IommuShape *shape, const IommuOp *op, uint64_t *held, uint64_t *until)
{
    IommuShapeUse *u = shape->use;

    switch (op->kind) {
    case IOMMU_OP_DELAY:
        shape->latency += op->latency;
        return true;
    case IOMMU_OP_USE:
    case IOMMU_OP_HOLD:
    case IOMMU_OP_RELEASE:
        break;
    default:
        return op->kind == IOMMU_OP_DONE;
    }
    while (u < &shape->use[shape->uses] && u->res != op->res) {
        u++;
    }
    if (op->kind == IOMMU_OP_RELEASE) {
        u->busy += shape->latency - held[op->res];
        held[op->res] = IOMMU_CYCLE_NEVER;
        return true;
    }
    if (u == &shape->use[shape->uses]) {
        shape->uses++;
        u->res = op->res;
    }
    u->grants++;
    if (op->kind == IOMMU_OP_HOLD) {
        held[op->res] = shape->latency;
        return true;
    }
    /* It must not come upon itself. */
    if (until[op->res] > shape->latency) {
        return false;
    }
    until[op->res] = shape->latency + op->occupancy;
    u->busy += op->occupancy;
    shape->latency += op->latency;
    return true;
}

void sched_shape_init(IommuShape *shape, const IommuOp *ops, uint32_t count)
{
    uint64_t held[IOMMU_RESOURCES], until[IOMMU_RESOURCES] = { 0 };

    memset(shape, 0, sizeof(*shape));
    memset(held, 0xff, sizeof(held));
    memcpy(shape->ops, ops, count * sizeof(*ops));
    shape->count = count;
    shape->closed = true;
    for (uint32_t i = 0; shape->closed && i < count; i++) {
        shape->closed = shape_add(shape, &ops[i], held, until);
    }
    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        shape->closed &= held[i] == IOMMU_CYCLE_NEVER && until[i] <= shape->latency;
    }
}

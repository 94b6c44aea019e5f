/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chrome trace JSON, as Perfetto and chrome://tracing read it: a track for each resource.
 */
#include "sim.h"


void sim_perfetto_begin(FILE *f)
{
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", f);
    for (unsigned r = 0; r < IOMMU_RESOURCES; r++) {
        fprintf(f, "%s{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_name\","
                "\"args\":{\"name\":\"%s\"}}", r ? ",\n" : "", r + 1, sim_resource_name(r));
    }
}

void sim_perfetto_span(FILE *f, uint64_t job, const IommuOp *op, uint64_t begin, uint64_t end,
                       uint32_t mhz)
{
    if (op->kind != IOMMU_OP_USE && op->kind != IOMMU_OP_HOLD && op->kind != IOMMU_OP_WAIT) {
        return;
    }
    fprintf(f, ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%u,\"name\":\"%s %" PRIu64 "\",\"ts\":%.4f,"
            "\"dur\":%.4f,\"args\":{\"job\":%" PRIu64 ",\"begin\":%" PRIu64 ",\"end\":%" PRIu64 "}}",
            op->kind == IOMMU_OP_WAIT ? IOMMU_RESOURCES + 1u : op->res + 1u, sim_op_name(op->kind),
            job, (double)begin / mhz, (double)(end - begin) / mhz, job, begin, end);
}

void sim_perfetto_end(FILE *f)
{
    fputs("\n]}\n", f);
}

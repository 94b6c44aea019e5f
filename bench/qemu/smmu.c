/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Benchmark in QEMU: SMMUv3, stage 1 and nested, 4 KB pages, 4 levels each. */
#include "qemu-bench.h"

#include <glib.h>

#include "../../tests/lib/smmu-driver.h"

#define ASID 5
#define OTHER_ASID 6
#define VMID 9
#define IPA_BITS 44
#define CMDQ_LOG2 11 /* room for a batch */

typedef struct State {
    SmmuDriver driver;
    StreamTable streams;
    CdTable cds;
    ArmPages s1, s2;
    TableSpace nested;
    bool is_nested;
    uint32_t end; /* producer index after the batch */
} State;

static void *start(Emulator *e, uint64_t data, bool nested)
{
    State *s = g_new0(State, 1);
    TableSpace space = table_space(&e->mem);
    uint64_t ste[STE_WORDS] = { 0 }, cd[CD_WORDS] = { 0 };

    smmu_driver_init(&s->driver, &e->iommu, &e->mem);
    s->driver.cmdq_log2size = CMDQ_LOG2;
    stream_table_init_linear(&s->streams, &e->mem, 6);
    s->is_nested = nested;
    if (nested) {
        /* Pages of 4 KB, as data may lie in a guest: 24 reads for a cold walk. */
        arm_pages_init_simple(&s->s2, &space, 2, 12, IPA_BITS);
        s->nested = arm_pages_nested_space(&s->s2, 1ull << 40);
        space = s->nested;
        arm_pages_map_smallest(&s->s2, data + (1ull << 40), data, BENCH_DATA_PAGES * 4096ull,
                               ARM_S2_RW);
    }
    arm_pages_init_simple(&s->s1, &space, 1, 12, 48);
    for (unsigned i = 0; i < BENCH_PAGES_MAX; i++) {
        uint64_t pa = data + i % BENCH_DATA_PAGES * 4096ull;

        arm_pages_map_smallest(&s->s1, BENCH_IOVA + i * 4096ull, nested ? pa + (1ull << 40) : pa,
                               4096, ARM_S1_RW);
    }
    cd_table_init(&s->cds, &space, STE_S1FMT_LINEAR, 0);
    cd_stage1(cd, &s->s1, ASID);
    cd_table_set(&s->cds, 0, cd);
    if (nested) {
        ste_nested(ste, &s->cds, &s->s2, VMID);
    } else {
        ste_stage1(ste, &s->cds);
    }
    stream_table_set(&s->streams, EMULATOR_RID, ste);
    if (!smmu_driver_start(&s->driver, &s->streams)) {
        g_free(s);
        return NULL;
    }
    return s;
}

static bool flush(void *state)
{
    State *s = state;

    return smmu_driver_issue(&s->driver, smmu_make_tlbi_nsnh_all());
}

static void put(State *s, SmmuCmdWords cmd)
{
    SmmuDriver *d = &s->driver;
    uint32_t entries = 1u << d->cmdq_log2size;

    gmem_write_words(d->mem, d->cmdq + (s->end & (entries - 1)) * (uint64_t)CMD_BYTES, cmd.w,
                     CMD_WORDS);
    s->end = (s->end + 1) & (2 * entries - 1);
}

static void queue_other(void *state, unsigned batch, bool whole)
{
    State *s = state;
    uint16_t vmid = s->is_nested ? VMID : 0;

    s->end = s->driver.cmdq_prod;
    for (unsigned i = 0; i < batch; i++) {
        put(s, whole ? smmu_make_tlbi_nh_asid(vmid, OTHER_ASID)
                     : smmu_make_tlbi_nh_va(vmid, OTHER_ASID, BENCH_IOVA + i * 4096ull, true));
    }
    put(s, smmu_make_sync(0));
}

static bool ring(void *state)
{
    State *s = state;

    s->driver.cmdq_prod = s->end;
    reg_write32(s->driver.bus, SMMU_CMDQ_PROD, s->end);
    return smmu_driver_drain(&s->driver);
}

const BenchIommu bench_smmu = {
    .name = "smmuv3",
    .ours = "model=qemu,stage=nested",
    .baseline = "stage=nested",
    .nested = true,
    .start = start,
    .flush = flush,
    .queue_other = queue_other,
    .ring = ring,
    .free = g_free,
};

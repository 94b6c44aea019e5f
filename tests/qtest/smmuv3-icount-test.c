/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With -icount and timing=on a whole run repeats bit for bit: cycles, latencies, events, counters,
 * the annotated walk, memory.
 */
#include "qemu/osdep.h"
#include "icount.h"

#include "../lib/smmu-driver.h"
#include "../lib/smmu-tables.h"

#define SCRIPT  0x60000000ull /* the program's first instruction says so too */
#define QUEUE_LG2 8
#define SID_BITS 6

static const uint32_t program[] = {
    0xd2ac0000, /*        movz x0, #0x6000, lsl #16 */
    0xf8408401, /* loop:  ldr  x1, [x0], #8         */
    0xb4000101, /*        cbz  x1, end              */
    0xf8408402, /*        ldr  x2, [x0], #8         */
    0x37000061, /*        tbnz x1, #0, small        */
    0xf9000022, /*        str  x2, [x1]             */
    0x17fffffb, /*        b    loop                 */
    0xd1000421, /* small: sub  x1, x1, #1           */
    0xb9000022, /*        str  w2, [x1]             */
    0x17fffff8, /*        b    loop                 */
    0x14000000, /* end:   b    end                  */
};

static void prepare(IcountRun *r)
{
    GuestMem *mem = &r->m->mem;
    TableSpace space = table_space(mem);
    uint64_t cd[CD_WORDS], ste[STE_WORDS], queue = gmem_alloc(mem, 1 << 16, 1 << 16);
    const RegBus *bus = &r->iommu;
    StreamTable streams;
    ArmPages pages;
    CdTable cds;

    arm_pages_init_simple(&pages, &space, 1, 12, 48);
    for (unsigned i = 0; i < ICOUNT_PAGES; i++) {
        arm_pages_map(&pages, ICOUNT_IOVA + 4096 * i, gmem_alloc(mem, 4096, 4096), 4096, ARM_S1_RW);
    }
    stream_table_init_linear(&streams, mem, SID_BITS);
    cd_table_init(&cds, &space, 0, 0);
    cd_stage1(cd, &pages, 7);
    cd_table_set(&cds, 0, cd);
    ste_stage1(ste, &cds);
    stream_table_set(&streams, DMA_RID(0), ste);

    reg_write64(bus, SMMU_STRTAB_BASE, streams.base);
    reg_write32(bus, SMMU_STRTAB_BASE_CFG, SID_BITS);
    reg_write64(bus, SMMU_CMDQ_BASE, queue | QUEUE_LG2);
    reg_write64(bus, SMMU_EVENTQ_BASE, (queue + 0x8000) | QUEUE_LG2);
    reg_write32(bus, SMMU_CR0, field_mask(CR0_SMMUEN) | field_mask(CR0_CMDQEN) |
                               field_mask(CR0_EVENTQEN));
    for (unsigned i = 0; i < ICOUNT_CHANNELS * ICOUNT_COMMANDS; i++) {
        SmmuCmdWords w = i % 4 == 3 ? smmu_make_sync(SYNC_CS_NONE)
                                    : smmu_make_tlbi_nh_va(0, 7, ICOUNT_IOVA + 4096 * i, true);

        gmem_write64(mem, queue + 16 * i, w.w[0]);
        gmem_write64(mem, queue + 16 * i + 8, w.w[1]);
    }
}

static void ring(IcountRun *r, unsigned commands)
{
    reg_write32(&r->iommu, SMMU_CMDQ_PROD, commands);
}

static bool rung(IcountRun *r, unsigned commands)
{
    return reg_read32(&r->m->iommu, SMMU_CMDQ_CONS) == commands;
}

static void test_repeats(void)
{
    static const IcountCase c = {
        .program = program, .bytes = sizeof(program), .option = "-kernel", .script = SCRIPT,
        .prepare = prepare, .ring = ring, .rung = rung,
    };
    g_autofree char *seen = icount_repeats(&c);

    if (seen) {
        /* It was no empty run. */
        g_assert_nonnull(strstr(seen, "\"events\": 4,"));
        g_assert_nonnull(strstr(seen, "TLB miss"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/smmuv3/icount/repeats", test_repeats);
    return g_test_run();
}

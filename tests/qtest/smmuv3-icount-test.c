/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With -icount and timing=on a whole run repeats bit for bit: a small program on the guest's
 * processor programs the SMMU and iommu-dma, and everything that can be seen afterwards (cycles,
 * latencies, events, counters, the annotated walk, memory) is the same in a second run.
 */
#include "qemu/osdep.h"
#include "dma-machine.h"
#include "sw-qom.h"

#include "../lib/smmu-driver.h"
#include "../lib/smmu-tables.h"

#define SCRIPT  0x60000000ull /* the program's first instruction says so too */
#define IOVA    0x7000120000ull
#define BAD     0x7000990000ull
#define PAGES   32
#define CHANNELS 3
#define QUEUE_LG2 8

/* Store pairs of (address, value) from SCRIPT on; bit 0 of the address: 32 bits. Address 0 ends. */
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

typedef struct Run {
    DmaMachine *m;
    RegBus recorded[2]; /* registers whose writes go into the script: the SMMU's, iommu-dma's */
    uint64_t script;
} Run;

static void record(Run *r, uint64_t addr, uint64_t value, unsigned size)
{
    gmem_write64(&r->m->mem, r->script, addr | (size == 4));
    gmem_write64(&r->m->mem, r->script + 8, value);
    r->script += 16;
}

static void record_smmu(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Run *r = opaque;

    record(r, r->m->iommu_base + offset, value, size);
}

static void record_dma(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Run *r = opaque;

    record(r, r->m->bar + offset, value, size);
}

static uint64_t read_dma(void *opaque, uint64_t offset, unsigned size)
{
    Run *r = opaque;

    return r->m->regs.read(r->m, offset, size);
}

static void append_property(GString *out, QTestState *qts, const char *path, const char *property)
{
    g_autofree char *value = sw_get(qts, path, property);

    g_string_append_printf(out, "%s: %s\n", property, value);
}

/* Tables are written while the machine stands; the program does what touches registers. */
static void prepare(Run *r)
{
    GuestMem *mem = &r->m->mem;
    TableSpace space = table_space(mem);
    uint64_t cd[CD_WORDS], ste[STE_WORDS], queue = gmem_alloc(mem, 1 << 16, 1 << 16);
    RegBus *bus = &r->recorded[0];
    StreamTable streams;
    ArmPages pages;
    DmaDriver dma;
    CdTable cds;

    arm_pages_init_simple(&pages, &space, 1, 12, 48);
    for (unsigned i = 0; i < PAGES; i++) {
        arm_pages_map(&pages, IOVA + 4096 * i, gmem_alloc(mem, 4096, 4096), 4096, ARM_S1_RW);
    }
    stream_table_init_linear(&streams, mem, 6);
    cd_table_init(&cds, &space, 0, 0);
    cd_stage1(cd, &pages, 7);
    cd_table_set(&cds, 0, cd);
    ste_stage1(ste, &cds);
    stream_table_set(&streams, DMA_RID(0), ste);

    reg_write64(bus, SMMU_STRTAB_BASE, streams.base);
    reg_write32(bus, SMMU_STRTAB_BASE_CFG, 6);
    reg_write64(bus, SMMU_CMDQ_BASE, queue | QUEUE_LG2);
    reg_write64(bus, SMMU_EVENTQ_BASE, (queue + 0x8000) | QUEUE_LG2);
    reg_write32(bus, SMMU_CR0, field_mask(CR0_SMMUEN) | field_mask(CR0_CMDQEN) |
                               field_mask(CR0_EVENTQEN));
    for (unsigned i = 0; i < 40; i++) {
        SmmuCmdWords w = i % 4 == 3 ? smmu_make_sync(SYNC_CS_NONE)
                                    : smmu_make_tlbi_nh_va(0, 7, IOVA + 4096 * i, true);

        gmem_write64(mem, queue + 16 * i, w.w[0]);
        gmem_write64(mem, queue + 16 * i + 8, w.w[1]);
    }
    g_assert_true(dma_driver_init(&dma, &r->recorded[1]));
    for (unsigned ch = 0; ch < CHANNELS; ch++) {
        DmaDesc desc = dma_make_fill(ch == 2 ? BAD : IOVA, 64, 1 + ch, true);

        dma_set_strided(&desc, ch == 2 ? 5 : 300, 4096 - 192 * ch, PAGES * 4096 - 4096);
        field_set(desc.w, IDMA_D_GAP, 7 + ch);
        field_set(desc.w, IDMA_D_FLIGHT, 4);
        field_set(desc.w, IDMA_D_RELAXED, 1);
        dma_start(&dma, ch, &desc);
        reg_write32(bus, SMMU_CMDQ_PROD, 12 * (ch + 1));
    }
    gmem_write64(mem, r->script, 0);
}

static bool finished(Run *r)
{
    for (unsigned ch = 0; ch < CHANNELS; ch++) {
        if (!dma_ch_read(&r->m->dma, ch, IDMA_CH_STAT_TXNS) ||
            dma_ch_state(&r->m->dma, ch) == IDMA_CH_BUSY) {
            return false;
        }
    }
    return reg_read32(&r->m->iommu, SMMU_CMDQ_CONS) == 36;
}

/* Everything that can be seen of a run. */
static char *observe(Run *r, const char *path)
{
    static const uint32_t regs[] = {
        IDMA_CH_STAT_TXNS, IDMA_CH_STAT_FIRST, IDMA_CH_STAT_LAST, IDMA_CH_STAT_LAT_SUM,
        IDMA_CH_STAT_LAT_MIN, IDMA_CH_STAT_LAT_MAX,
    };
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    GString *out = g_string_new(NULL);
    uint8_t page[4096];

    for (unsigned ch = 0; ch < CHANNELS; ch++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(regs); i++) {
            g_string_append_printf(out, "%u %x: %" PRIu64 "\n", ch, regs[i],
                                   dma_ch_read(&r->m->dma, ch, regs[i]));
        }
        for (unsigned i = 0; i < IDMA_CH_HIST_BUCKETS; i++) {
            g_string_append_printf(out, " %" PRIu64,
                                   dma_ch_read(&r->m->dma, ch, IDMA_CH_HIST + 8 * i));
        }
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "events %u\n", reg_read32(&r->m->iommu, SMMU_EVENTQ_PROD));
    append_property(out, r->m->qts, path, "stagewalk-counters");
    append_property(out, r->m->qts, path, "stagewalk-trace");
    for (uint64_t at = r->m->mem.next - (1 << 20); at < r->m->mem.next; at += sizeof(page)) {
        qtest_memread(r->m->qts, at, page, sizeof(page));
        g_checksum_update(sum, page, sizeof(page));
    }
    g_string_append_printf(out, "memory %s\n", g_checksum_get_string(sum));
    return g_string_free(out, FALSE);
}

static char *run_once(unsigned poll_us)
{
    Run r = { .script = SCRIPT };
    g_autofree char *path = NULL, *file = NULL, *args = NULL;
    int fd = g_file_open_tmp("stagewalk-XXXXXX", &file, NULL);
    char *seen;

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(file, (const char *)program, sizeof(program), NULL));
    args = g_strdup_printf("-S -accel tcg -icount shift=0,sleep=off -kernel %s", file);
    r.m = dma_machine_new("timing=on", NULL, args);
    unlink(file);
    r.recorded[0] = (RegBus) { .write = record_smmu, .opaque = &r };
    r.recorded[1] = (RegBus) { .write = record_dma, .read = read_dma, .opaque = &r };
    path = sw_iommu_path(r.m->qts);
    prepare(&r);
    qtest_qmp_assert_success(r.m->qts, "{'execute': 'qom-set', 'arguments': {'path': %s, "
                             "'property': 'stagewalk-trace', 'value': 'next'}}", path);
    qtest_qmp_assert_success(r.m->qts, "{'execute': 'cont'}");
    for (unsigned i = 0; i < 20000 && !finished(&r); i++) {
        g_usleep(poll_us);
    }
    g_assert_true(finished(&r));
    qtest_qmp_assert_success(r.m->qts, "{'execute': 'stop'}");
    seen = observe(&r, path);
    dma_machine_free(r.m);
    return seen;
}

/* The second time we look at other moments, which must not matter either. */
static void test_repeats(void)
{
    g_autofree char *first = NULL, *second = NULL;

    if (g_getenv("STAGEWALK_BASELINE")) {
        g_test_skip("QEMU's own SMMUv3 has no clock");
        return;
    }
    first = run_once(1000);
    second = run_once(7000);
    g_test_message("%s", first);
    g_assert_cmpstr(first, ==, second);
    /* It was no empty run. */
    g_assert_nonnull(strstr(first, "events 4\n"));
    g_assert_nonnull(strstr(first, "TLB miss"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/smmuv3/icount/repeats", test_repeats);
    return g_test_run();
}

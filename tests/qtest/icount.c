/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run on a clock that counts instructions, and all that can be seen of it. */
#include "qemu/osdep.h"
#include "icount.h"
#include "sw-qom.h"

static void record(IcountRun *r, uint64_t addr, uint64_t value, unsigned size)
{
    gmem_write64(&r->m->mem, r->script, addr | (size == 4));
    gmem_write64(&r->m->mem, r->script + 8, value);
    r->script += 16;
}

static void record_iommu(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IcountRun *r = opaque;

    record(r, r->m->iommu_base + offset, value, size);
}

static void record_dma(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IcountRun *r = opaque;

    record(r, r->m->bar + offset, value, size);
}

static uint64_t read_dma(void *opaque, uint64_t offset, unsigned size)
{
    IcountRun *r = opaque;

    return r->m->regs.read(r->m, offset, size);
}

/* Tables are written while the machine stands; the program does what touches registers. */
static void prepare(IcountRun *r)
{
    DmaDriver dma;

    r->c->prepare(r);
    g_assert_true(dma_driver_init(&dma, &r->dma));
    for (unsigned ch = 0; ch < ICOUNT_CHANNELS; ch++) {
        DmaDesc desc = dma_make_fill(ch == 2 ? ICOUNT_BAD : ICOUNT_IOVA, 64, 1 + ch, true);

        dma_set_strided(&desc, ch == 2 ? 5 : 300, 4096 - 192 * ch, ICOUNT_PAGES * 4096 - 4096);
        field_set(desc.w, IDMA_D_GAP, 7 + ch);
        field_set(desc.w, IDMA_D_FLIGHT, 4);
        field_set(desc.w, IDMA_D_RELAXED, 1);
        dma_start(&dma, ch, &desc);
        r->c->ring(r, ICOUNT_COMMANDS * (ch + 1));
    }
    gmem_write64(&r->m->mem, r->script, 0);
}

static bool finished(IcountRun *r)
{
    for (unsigned ch = 0; ch < ICOUNT_CHANNELS; ch++) {
        if (!dma_ch_read(&r->m->dma, ch, IDMA_CH_STAT_TXNS) ||
            dma_ch_state(&r->m->dma, ch) == IDMA_CH_BUSY) {
            return false;
        }
    }
    return r->c->rung(r, ICOUNT_COMMANDS * ICOUNT_CHANNELS);
}

static void append_property(GString *out, QTestState *qts, const char *path, const char *property)
{
    g_autofree char *value = sw_get(qts, path, property);

    g_string_append_printf(out, "%s: %s\n", property, value);
}

static char *observe(IcountRun *r, const char *path)
{
    static const uint32_t regs[] = {
        IDMA_CH_STAT_TXNS, IDMA_CH_STAT_FIRST, IDMA_CH_STAT_LAST, IDMA_CH_STAT_LAT_SUM,
        IDMA_CH_STAT_LAT_MIN, IDMA_CH_STAT_LAT_MAX,
    };
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    GString *out = g_string_new(NULL);
    uint8_t page[4096];

    for (unsigned ch = 0; ch < ICOUNT_CHANNELS; ch++) {
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
    append_property(out, r->m->qts, path, "stagewalk-counters");
    append_property(out, r->m->qts, path, "stagewalk-trace");
    for (uint64_t at = r->m->mem.next - (1 << 20); at < r->m->mem.next; at += sizeof(page)) {
        qtest_memread(r->m->qts, at, page, sizeof(page));
        g_checksum_update(sum, page, sizeof(page));
    }
    g_string_append_printf(out, "memory %s\n", g_checksum_get_string(sum));
    return g_string_free(out, FALSE);
}

static char *run_once(const IcountCase *c, unsigned poll_us)
{
    IcountRun r = { .c = c, .script = c->script };
    g_autofree char *path = NULL, *file = NULL, *args = NULL;
    int fd = g_file_open_tmp("stagewalk-XXXXXX", &file, NULL);
    char *seen;

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(file, c->program, c->bytes, NULL));
    args = g_strdup_printf("-S -accel tcg -icount shift=0,sleep=off %s %s", c->option, file);
    r.m = dma_machine_new("timing=on", NULL, args);
    unlink(file);
    r.iommu = (RegBus) { .write = record_iommu, .opaque = &r };
    r.dma = (RegBus) { .write = record_dma, .read = read_dma, .opaque = &r };
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

char *icount_repeats(const IcountCase *c)
{
    g_autofree char *first = NULL, *second = NULL;

    if (g_getenv("STAGEWALK_BASELINE")) {
        g_test_skip("QEMU's own IOMMUs have no clock");
        return NULL;
    }
    /* The second time we look at other moments, which must not matter either. */
    first = run_once(c, 1000);
    second = run_once(c, 7000);
    g_test_message("%s", first);
    g_assert_cmpstr(first, ==, second);
    return g_steal_pointer(&first);
}

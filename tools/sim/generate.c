/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generator: builds tables for some devices, brings the IOMMU up, then issues requests.
 *
 * The set-up is made once on a bed of its own, whose memory and register writes become the first
 * items; so a generated run and a trace written from it are the same.
 */
#include <string.h>

#include "hw/iommu/smmuv3.h"
#include "sim.h"
#include "tests/lib/smmu-driver.h"
#include "tests/lib/smmu-tables.h"
#include "tests/lib/vtd-driver.h"
#include "tests/lib/vtd-tables.h"

#define RAM_BASE 0x40000000ull
#define TABLES_AT (RAM_BASE + 0x1000)
#define INPUT_BASE 0x10000000ull
#define OUTPUT_BASE 0x100000000ull /* where pages go: outside RAM, nobody reads them */
#define NESTED_DELTA 0x8000000000ull

typedef enum Order { SEQUENTIAL, RANDOM, STRIDE, ZIPF, ORDERS } Order;

static const char *const orders[ORDERS] = { "sequential", "random", "stride", "zipf" };

typedef struct Generator {
    SimSource base;
    SimGeneratorOptions o;
    GArray *setup;       /* SimItem */
    guint setup_at;
    uint64_t issued, cycle, random;
    uint64_t next_page;
    Order order;
    bool command_due;
    /* the commands that are being written, a word at a time */
    uint64_t words[8];
    unsigned word_count, command_step;
    /* where invalidation commands go */
    uint64_t queue;
    uint32_t queue_entries, prod;
    bool wide;
} Generator;

/* ---- set-up, recorded */

typedef struct Recorder {
    SimBed bed;
    RegBus inner;
    GArray *items;
} Recorder;

static uint64_t record_read(void *opaque, uint64_t offset, unsigned size)
{
    Recorder *r = opaque;

    return r->inner.read(r->inner.opaque, offset, size);
}

static void record_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Recorder *r = opaque;
    SimItem item = { .kind = SIM_WRITE, .addr = offset, .value = value, .size = size };

    g_array_append_val(r->items, item);
    r->inner.write(r->inner.opaque, offset, value, size);
}

/* Builders live as long as others point to them: until the set-up is done. */
static gpointer pooled(GPtrArray *pool, gsize size)
{
    gpointer p = g_malloc0(size);

    g_ptr_array_add(pool, p);
    return p;
}

#define POOLED(pool, type) ((type *)pooled(pool, sizeof(type)))

static void smmu_device(GuestMem *mem, GPtrArray *pool, StreamTable *streams,
                        const SimGeneratorOptions *o, uint32_t stream, uint16_t id)
{
    uint64_t bytes = o->pages * 4096;
    uint64_t ste[STE_WORDS], cd[CD_WORDS];
    TableSpace space = table_space(mem);
    ArmPages *s1 = POOLED(pool, ArmPages), *s2 = POOLED(pool, ArmPages);
    bool first = strcmp(o->mode, "s2"), second = strcmp(o->mode, "s1");
    CdTable cds;
    uint64_t input = INPUT_BASE;

    if (!strcmp(o->mode, "bypass")) {
        ste_bypass(ste);
        stream_table_set(streams, stream, ste);
        return;
    }
    if (second) {
        arm_pages_init_simple(s2, &space, 2, 12, 44);
        if (o->page_bytes == 4096) {
            arm_pages_map_smallest(s2, input, OUTPUT_BASE, bytes, ARM_S2_RW);
        } else {
            arm_pages_map(s2, input, OUTPUT_BASE, bytes, ARM_S2_RW);
        }
    }
    if (first) {
        TableSpace under = second ? arm_pages_nested_space(s2, NESTED_DELTA) : space;
        uint64_t output = second ? INPUT_BASE : OUTPUT_BASE;

        arm_pages_init_simple(s1, &under, 1, 12, 48);
        if (o->page_bytes == 4096) {
            arm_pages_map_smallest(s1, input, output, bytes, ARM_S1_RW);
        } else {
            arm_pages_map(s1, input, output, bytes, ARM_S1_RW);
        }
        cd_table_init(&cds, &under, 0, 0);
        cd_stage1(cd, s1, id);
        cd_table_set(&cds, 0, cd);
    }
    if (first && second) {
        ste_nested(ste, &cds, s2, id);
    } else if (first) {
        ste_stage1(ste, &cds);
    } else {
        ste_stage2(ste, s2, id);
    }
    stream_table_set(streams, stream, ste);
}

static void smmu_setup(Generator *g, const RegBus *bus, GuestMem *mem, GPtrArray *pool)
{
    StreamTable *streams = POOLED(pool, StreamTable);
    SmmuDriver d;

    stream_table_init_linear(streams, mem, 8);
    for (uint64_t i = 0; i < g->o.streams; i++) {
        smmu_device(mem, pool, streams, &g->o, SIM_FIRST_DEVICE + i, 1 + i);
    }
    smmu_driver_init(&d, bus, mem);
    smmu_driver_start(&d, streams);
    g->queue = d.cmdq;
    g->queue_entries = 1u << d.cmdq_log2size;
    g->prod = d.cmdq_prod;
}

static void vtd_device(GuestMem *mem, GPtrArray *pool, VtdRootTable *root,
                       const SimGeneratorOptions *o, uint16_t rid, uint16_t did)
{
    uint64_t entry[VTD_PASID_WORDS] = { 0 }, context[VTD_SMCTX_WORDS] = { 0 };
    VtdPasidTable *pasids = POOLED(pool, VtdPasidTable);
    VtdPages *fs = POOLED(pool, VtdPages), *ss = POOLED(pool, VtdPages);
    TableSpace space = table_space(mem);
    bool first = strcmp(o->mode, "s2"), second = strcmp(o->mode, "s1");
    uint64_t bytes = o->pages * 4096;
    void (*map)(VtdPages *, uint64_t, uint64_t, uint64_t, uint64_t) =
        o->page_bytes == 4096 ? vtd_pages_map_smallest : vtd_pages_map;

    vtd_pasid_table_init(pasids, mem, 0);
    if (!strcmp(o->mode, "bypass")) {
        vtd_pasid_pass_through(entry, did);
    } else {
        if (second) {
            vtd_pages_init(ss, &space, 2, 4);
            map(ss, INPUT_BASE, OUTPUT_BASE, bytes, VTD_SS_RW);
        }
        if (first) {
            TableSpace under = second ? vtd_nested_space(ss, NESTED_DELTA) : space;

            vtd_pages_init(fs, &under, 1, 4);
            map(fs, INPUT_BASE, second ? INPUT_BASE : OUTPUT_BASE, bytes, VTD_FS_USER_RW);
        }
        if (first && second) {
            vtd_pasid_nested(entry, fs, ss, did);
        } else if (first) {
            vtd_pasid_first_stage(entry, fs, did);
        } else {
            vtd_pasid_second_stage(entry, ss, did);
        }
    }
    /* Accessed flags may only be set on walks that snoop (3.6.2). */
    field_set(entry, VTD_PASID_PWSNP, 1);
    vtd_pasid_set(pasids, 0, entry);
    vtd_smctx(context, pasids, false, 0);
    vtd_ctx_set(root, rid, context);
}

static void vtd_setup(Generator *g, const RegBus *bus, GuestMem *mem, GPtrArray *pool)
{
    VtdRootTable *root = POOLED(pool, VtdRootTable);
    VtdDriver d;

    vtd_root_init(root, mem, true);
    for (uint64_t i = 0; i < g->o.streams; i++) {
        vtd_device(mem, pool, root, &g->o, SIM_FIRST_DEVICE + i, 1 + i);
    }
    vtd_driver_init(&d, bus, mem);
    vtd_driver_start(&d, root);
    g->queue = d.queue;
    g->wide = d.wide;
    g->queue_entries = (4096u << d.qs) / (d.wide ? 32 : 16);
    g->prod = d.tail / (d.wide ? 32 : 16);
}

/* Memory as the set-up left it comes before the register writes that make the IOMMU look at it. */
static GArray *memory_first(const RamHost *ram, const GArray *writes)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(SimItem));
    SimItem start = { .kind = SIM_START };

    for (uint64_t at = 0; at < ram->size; at += 8) {
        SimItem item = { .kind = SIM_MEMORY, .addr = ram->base + at };

        item.value = le64_load(ram->bytes + at);
        if (item.value) {
            g_array_append_val(all, item);
        }
    }
    g_array_append_vals(all, writes->data, writes->len);
    g_array_append_val(all, start);
    return all;
}

static bool set_up(Generator *g, char **error)
{
    Recorder r = { .items = g_array_new(FALSE, FALSE, sizeof(SimItem)) };
    RegBus bus = { .read = record_read, .write = record_write, .opaque = &r };
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func(g_free);
    GuestMem mem;

    if (!sim_bed_init(&r.bed, &g->base.machine, iommu_profile_find("full"), error)) {
        g_array_unref(r.items);
        return false;
    }
    r.inner = sim_bed_bus(&r.bed);
    mem = ramhost_guestmem(&r.bed.ram, TABLES_AT, RAM_BASE + g->base.machine.memory_bytes);
    if (g->base.machine.vtd) {
        vtd_setup(g, &bus, &mem, pool);
    } else {
        smmu_setup(g, &bus, &mem, pool);
    }
    g->setup = memory_first(&r.bed.ram, r.items);
    g_array_unref(r.items);
    sim_bed_destroy(&r.bed);
    return true;
}

/* ---- requests */

static uint64_t next_random(Generator *g)
{
    /* xorshift64* */
    g->random ^= g->random >> 12;
    g->random ^= g->random << 25;
    g->random ^= g->random >> 27;
    return g->random * 0x2545f4914f6cdd1dull;
}

static uint64_t choose_page(Generator *g)
{
    uint64_t n = g->o.pages, page;

    switch (g->order) {
    case RANDOM:
        return next_random(g) % n;
    case STRIDE:
        page = g->next_page;
        g->next_page = (g->next_page + 17) % n;
        return page;
    case ZIPF: {
        /*
         * Zipf's law with exponent 3/4: the pages before page k get (k / n)^(1/4) of the requests,
         * so page k about (k + 1)^-(3/4) of what page 0 gets.
         */
        double u = (next_random(g) >> 11) / 9007199254740992.0;

        page = (uint64_t)(n * u * u * u * u);
        return page < n ? page : n - 1;
    }
    default:
        page = g->next_page;
        g->next_page = (g->next_page + 1) % n;
        return page;
    }
}

/* An invalidation of one page of one device and its synchronisation, a memory word at a time. */
static void command_words(Generator *g)
{
    uint64_t *words = g->words;
    uint64_t device = next_random(g) % g->o.streams;
    uint64_t addr = INPUT_BASE + choose_page(g) * 4096;

    memset(g->words, 0, sizeof(g->words));
    if (g->base.machine.vtd) {
        VtdDescWords inv = vtd_make_iotlb_page(1 + device, addr, 0, false);
        VtdDescWords wait = vtd_make_wait_status(RAM_BASE + 8, 1);

        g->word_count = g->wide ? 8 : 4;
        memcpy(words, inv.w, g->word_count / 2 * 8);
        memcpy(words + g->word_count / 2, wait.w, g->word_count / 2 * 8);
    } else {
        bool vm = strcmp(g->o.mode, "s1");
        SmmuCmdWords inv = !strcmp(g->o.mode, "s2")
            ? smmu_make_tlbi_s2_ipa(1 + device, addr, true)
            : smmu_make_tlbi_nh_va(vm ? 1 + device : 0, 1 + device, addr, true);
        SmmuCmdWords sync = smmu_make_sync(0);

        g->word_count = 4;
        memcpy(words, inv.w, 16);
        memcpy(words + 2, sync.w, 16);
    }
}

static void command_item(Generator *g, SimItem *item)
{
    unsigned half;

    if (!g->command_step) {
        command_words(g);
    }
    half = g->word_count / 2;
    item->cycle = g->cycle;
    if (g->command_step < g->word_count) {
        uint32_t slot = (g->prod + g->command_step / half) % g->queue_entries;

        item->kind = SIM_MEMORY;
        item->addr = g->queue + (uint64_t)slot * half * 8 + g->command_step % half * 8;
        item->value = g->words[g->command_step];
        g->command_step++;
        return;
    }
    item->kind = SIM_WRITE;
    if (g->base.machine.vtd) {
        g->prod = (g->prod + 2) % g->queue_entries;
        item->addr = VTD_REG_IQT;
        item->size = 4;
        item->value = g->prod * half * 8;
    } else {
        g->prod = (g->prod + 2) % (2 * g->queue_entries);
        item->addr = SMMU_CMDQ_PROD;
        item->size = 4;
        item->value = g->prod;
    }
    g->command_step = 0;
    g->command_due = false;
}

static void request_item(Generator *g, SimItem *item)
{
    IommuTxn *t = &item->txn;

    item->kind = SIM_REQUEST;
    item->cycle = g->cycle;
    *t = (IommuTxn) {
        .addr = INPUT_BASE + choose_page(g) * 4096,
        .stream = SIM_FIRST_DEVICE + (g->o.streams > 1 ? next_random(g) % g->o.streams : 0),
        .size = g->o.size,
        .attr = { .type = 0xff },
    };
    t->write = g->o.writes && next_random(g) % 100 < g->o.writes;
    g->cycle += g->o.gap;
    g->issued++;
    g->command_due = g->o.commands && g->issued % g->o.commands == 0;
}

static bool generator_next(SimSource *s, SimItem *item, char **error)
{
    Generator *g = (Generator *)s;

    (void)error;
    if (g->setup_at < g->setup->len) {
        *item = g_array_index(g->setup, SimItem, g->setup_at);
        g->setup_at++;
        return true;
    }
    if (g->command_due) {
        memset(item, 0, sizeof(*item));
        command_item(g, item);
        return true;
    }
    if (g->issued == g->o.count) {
        return false;
    }
    request_item(g, item);
    return true;
}

static void generator_free(SimSource *s)
{
    Generator *g = (Generator *)s;

    if (g->setup) {
        g_array_unref(g->setup);
    }
    sim_machine_clear(&s->machine);
    g_free(g);
}

static bool one_of(const char *name, const char *value, const char *allowed, char **error)
{
    g_auto(GStrv) words = g_strsplit(allowed, ", ", -1);

    if (g_strv_contains((const char *const *)words, value)) {
        return true;
    }
    *error = g_strdup_printf("--%s '%s': %s is allowed", name, value, allowed);
    return false;
}

static bool in_range(const char *name, uint64_t v, uint64_t least, uint64_t most, char **error)
{
    if (v >= least && v <= most) {
        return true;
    }
    *error = g_strdup_printf("--%s %" PRIu64 ": %" PRIu64 " to %" PRIu64 " is allowed", name, v,
                             least, most);
    return false;
}

bool sim_generator_check(const SimGeneratorOptions *o, char **error)
{
    return one_of("iommu", o->iommu, "smmuv3, vtd", error) &&
           one_of("mode", o->mode, "bypass, s1, s2, nested", error) &&
           one_of("order", o->order, "sequential, random, stride, zipf", error) &&
           in_range("pages", o->pages, 1, 1 << 20, error) &&
           in_range("streams", o->streams, 1, 64, error) &&
           in_range("size", o->size, 1, 4096, error) &&
           in_range("writes", o->writes, 0, 100, error) &&
           in_range("gap", o->gap, 0, 1u << 30, error);
}

SimSource *sim_generator_new(const SimGeneratorOptions *o, char **error)
{
    Generator *g;

    if (!sim_generator_check(o, error)) {
        return NULL;
    }
    g = g_new0(Generator, 1);
    g->base.next = generator_next;
    g->base.free = generator_free;
    g->o = *o;
    while (g->order < ORDERS - 1 && strcmp(o->order, orders[g->order])) {
        g->order++;
    }
    g->random = o->seed * 0x9e3779b97f4a7c15ull + 1;
    g->base.machine = (SimMachine) {
        .vtd = !strcmp(o->iommu, "vtd"),
        .set = g_strdup("max"),
        .memory_base = RAM_BASE,
        /*
         * Tables of every device: eight bytes a page and stage, padded when nested, and upper
         * levels.
         */
        .memory_bytes = (2ull << 20) + o->streams * (o->pages * 64 + (512 << 10)),
    };
    if (!set_up(g, error)) {
        generator_free(&g->base);
        return NULL;
    }
    return &g->base;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma by itself, without an IOMMU: every operation, addressing, completions, statistics,
 * malformed descriptors (docs/specs/iommu-dma.rst).
 */
#include "qemu/osdep.h"
#include "dma-machine.h"

#include "hw/pci/pci_regs.h"

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME  0x100000001b3ull

static DmaMachine *start(void)
{
    return dma_machine_new(NULL, NULL, NULL);
}

static void put(DmaMachine *m, uint64_t addr, const void *buf, size_t len)
{
    m->mem.write(m->mem.opaque, addr, buf, len);
}

static void get(DmaMachine *m, uint64_t addr, void *buf, size_t len)
{
    m->mem.read(m->mem.opaque, addr, buf, len);
}

static void random_bytes(uint8_t *buf, size_t len, uint32_t seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

    for (size_t i = 0; i < len; i++) {
        buf[i] = g_rand_int(rand);
    }
}

static void assert_ok(const DmaCompletion *c)
{
    g_assert_cmpuint(c->status, ==, IDMA_STATUS_OK);
    g_assert_cmpuint(c->errors, ==, 0);
}

/* ---- moving data ---------------------------------------------------------------------------- */

static void test_read(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    uint8_t want[256], have[256];
    DmaCompletion c;

    random_bytes(want, sizeof(want), 1);
    put(m, pa + 24, want, sizeof(want));
    c = dma_do(m, dma_make_read(pa + 24, sizeof(want), 0x800));
    assert_ok(&c);
    g_assert_cmpuint(c.done, ==, 1);
    dma_local_read(&m->dma, 0x800, have, sizeof(have));
    g_assert_cmpmem(have, sizeof(have), want, sizeof(want));
    dma_machine_free(m);
}

static void test_write(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 8192, 4096);
    uint8_t want[512], have[512 + 2];
    DmaCompletion c;

    random_bytes(want, sizeof(want), 2);
    dma_local_write(&m->dma, 0x100, want, sizeof(want));
    /* Unaligned, and across a page: two transactions. */
    c = dma_do(m, dma_make_write(pa + 4096 - 255, sizeof(want), 0x100));
    assert_ok(&c);
    g_assert_cmpuint(c.done, ==, 2);
    get(m, pa + 4096 - 256, have, sizeof(have));
    g_assert_cmpmem(have + 1, sizeof(want), want, sizeof(want));
    g_assert_cmphex(have[0], ==, 0);
    g_assert_cmphex(have[513], ==, 0);
    dma_machine_free(m);
}

static void test_copy(void)
{
    DmaMachine *m = start();
    uint64_t src = gmem_alloc(&m->mem, 65536, 4096), dst = gmem_alloc(&m->mem, 65536, 4096);
    g_autofree uint8_t *want = g_malloc(50000), *have = g_malloc(50000);
    DmaCompletion c;

    random_bytes(want, 50000, 3);
    put(m, src + 7, want, 50000);
    c = dma_do(m, dma_make_copy(dst + 4001, src + 7, 50000));
    assert_ok(&c);
    get(m, dst + 4001, have, 50000);
    g_assert_cmpmem(have, 50000, want, 50000);
    dma_machine_free(m);
}

static void check_fill(bool mixed)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 16384, 4096);
    g_autofree uint8_t *want = g_malloc(9999), *have = g_malloc(9999);
    DmaCompletion c;

    c = dma_do(m, dma_make_fill(pa + 3, 9999, 0x1122334455667788ull, mixed));
    assert_ok(&c);
    dma_pattern(0x1122334455667788ull, mixed, pa + 3, want, 9999);
    get(m, pa + 3, have, 9999);
    g_assert_cmpmem(have, 9999, want, 9999);
    c = dma_do(m, dma_make_verify(pa + 3, 9999, 0x1122334455667788ull, mixed));
    assert_ok(&c);
    dma_machine_free(m);
}

static void test_fill_constant(void)
{
    check_fill(false);
}

static void test_fill_mixed(void)
{
    check_fill(true);
}

static void test_verify_mismatch(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 8192, 4096);
    uint8_t wrong = 0x5a;
    DmaCompletion c;

    c = dma_do(m, dma_make_fill(pa, 8192, 0xabababababababab, false));
    assert_ok(&c);
    put(m, pa + 4999, &wrong, 1);
    c = dma_do(m, dma_make_verify(pa, 8192, 0xabababababababab, false));
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_MISMATCH);
    g_assert_cmphex(c.addr, ==, pa + 4999);
    g_assert_cmphex(field_get(&c.value, IDMA_V_FOUND), ==, 0x5a);
    g_assert_cmphex(field_get(&c.value, IDMA_V_EXPECTED), ==, 0xab);
    dma_machine_free(m);
}

static void test_checksum(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 8192, 4096), sum = FNV_OFFSET;
    uint8_t data[6000];
    DmaDesc desc = dma_make_read(pa + 1, sizeof(data), 0);
    DmaCompletion c;

    random_bytes(data, sizeof(data), 4);
    put(m, pa + 1, data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i++) {
        sum = (sum ^ data[i]) * FNV_PRIME;
    }
    field_set(desc.w, IDMA_D_CHECKSUM, 1);
    c = dma_do(m, desc);
    assert_ok(&c);
    g_assert_cmphex(c.value, ==, sum);
    dma_machine_free(m);
}

static void test_chunk(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc = dma_make_fill(pa, 4096, 1, true);
    DmaCompletion c;

    field_set(desc.w, IDMA_D_CHUNK, 6);
    c = dma_do(m, desc);
    assert_ok(&c);
    g_assert_cmpuint(c.done, ==, 64);
    dma_machine_free(m);
}

/* ---- addressing ----------------------------------------------------------------------------- */

static void test_strided(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 65536, 4096);
    DmaDesc desc = dma_make_fill(pa, 8, 0xffffffffffffffff, false);
    DmaCompletion c;

    dma_set_strided(&desc, 10, 0x1000, 0);
    c = dma_do(m, desc);
    assert_ok(&c);
    g_assert_cmpuint(c.done, ==, 10);
    for (int i = 0; i < 16; i++) {
        g_assert_cmphex(gmem_read64(&m->mem, pa + 0x1000 * i), ==, i < 10 ? UINT64_MAX : 0);
        g_assert_cmphex(gmem_read64(&m->mem, pa + 0x1000 * i + 8), ==, 0);
    }
    dma_machine_free(m);
}

static void test_window(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 65536, 4096);
    DmaDesc desc = dma_make_atomic(IDMA_OP_FETCH_ADD, pa, 8, 1, 0);
    DmaCompletion c;

    dma_set_strided(&desc, 10, 0x1000, 0x3000);
    c = dma_do(m, desc);
    assert_ok(&c);
    g_assert_cmpuint(gmem_read64(&m->mem, pa), ==, 4);
    g_assert_cmpuint(gmem_read64(&m->mem, pa + 0x1000), ==, 3);
    g_assert_cmpuint(gmem_read64(&m->mem, pa + 0x2000), ==, 3);
    g_assert_cmpuint(gmem_read64(&m->mem, pa + 0x3000), ==, 0);
    dma_machine_free(m);
}

static void test_random(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 65536, 4096);
    uint64_t want[64] = { 0 };
    DmaDesc desc = dma_make_atomic(IDMA_OP_FETCH_ADD, pa, 8, 1, 0);
    DmaCompletion c;

    dma_set_random(&desc, 1000, 0x400, 0x10000, 77);
    c = dma_do(m, desc);
    assert_ok(&c);
    for (int i = 0; i < 1000; i++) {
        want[idma_random_offset(77, i, 0x400, 0x10000) / 0x400]++;
    }
    for (int i = 0; i < 64; i++) {
        g_assert_cmpuint(gmem_read64(&m->mem, pa + 0x400 * i), ==, want[i]);
    }
    dma_machine_free(m);
}

/* ---- atomics -------------------------------------------------------------------------------- */

static void check_atomic(unsigned op, unsigned bytes, uint64_t before, uint64_t data,
                         uint64_t compare, uint64_t after)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    uint64_t mask = bytes == 8 ? UINT64_MAX : UINT32_MAX;
    DmaCompletion c;

    gmem_write64(&m->mem, pa + 8, before);
    c = dma_do(m, dma_make_atomic(op, pa + 8, bytes, data, compare));
    assert_ok(&c);
    g_assert_cmphex(c.value, ==, before & mask);
    /* The other half of a 32-bit operation's quadword stays. */
    g_assert_cmphex(gmem_read64(&m->mem, pa + 8), ==, (before & ~mask) | (after & mask));
    dma_machine_free(m);
}

static void test_fetch_add(void)
{
    check_atomic(IDMA_OP_FETCH_ADD, 8, 0xffffffffffffffff, 2, 0, 1);
    check_atomic(IDMA_OP_FETCH_ADD, 4, 0x12345678fffffffe, 3, 0, 1);
}

static void test_swap(void)
{
    check_atomic(IDMA_OP_SWAP, 8, 0x1111, 0x2222222222222222, 0, 0x2222222222222222);
    check_atomic(IDMA_OP_SWAP, 4, 0x1111, 0x22222222, 0, 0x22222222);
}

static void test_cas(void)
{
    check_atomic(IDMA_OP_CAS, 8, 5, 6, 5, 6);
    check_atomic(IDMA_OP_CAS, 8, 5, 6, 4, 5);
    check_atomic(IDMA_OP_CAS, 4, 0x700000005, 6, 5, 6);
    check_atomic(IDMA_OP_CAS, 4, 0x700000005, 6, 4, 5);
}

static void test_atomic_not_memory(void)
{
    DmaMachine *m = start();
    DmaCompletion c;

    /* The device's own registers complete no AtomicOp. */
    c = dma_do(m, dma_make_atomic(IDMA_OP_SWAP, m->bar + IDMA_CTRL, 8, 0, 0));
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_UR);
    dma_machine_free(m);
}

/* ---- failures ------------------------------------------------------------------------------- */

#define NOWHERE 0xfff000000000ull

static void test_unmapped(void)
{
    DmaMachine *m = start();
    DmaCompletion c;

    c = dma_do(m, dma_make_read(NOWHERE + 16, 64, 0));
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_UR);
    g_assert_cmphex(c.addr, ==, NOWHERE + 16);
    g_assert_cmpuint(c.done, ==, 0);
    g_assert_cmpuint(c.errors, ==, 1);
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_IDLE);
    dma_machine_free(m);
}

static void test_first_failure_ends(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc = dma_make_read(pa, 8, 0);
    DmaCompletion c;

    dma_set_strided(&desc, 100, NOWHERE, 2 * NOWHERE);
    c = dma_do(m, desc);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_UR);
    g_assert_cmpuint(c.done, ==, 1);
    g_assert_cmpuint(c.errors, ==, 1);
    dma_machine_free(m);
}

static void test_continue(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc = dma_make_read(pa, 8, 0);
    DmaCompletion c;

    dma_set_strided(&desc, 100, NOWHERE, 2 * NOWHERE);
    field_set(desc.w, IDMA_D_CONTINUE, 1);
    c = dma_do(m, desc);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_UR);
    g_assert_cmphex(c.addr, ==, pa + NOWHERE);
    g_assert_cmpuint(c.done, ==, 50);
    g_assert_cmpuint(c.errors, ==, 50);
    dma_machine_free(m);
}

static void test_bus_master_off(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaCompletion c;

    dma_cfg_write(m, 0, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    c = dma_do(m, dma_make_fill(pa, 8, 1, false));
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_NOT_ENABLED);
    g_assert_cmphex(gmem_read64(&m->mem, pa), ==, 0);
    dma_machine_free(m);
}

static void test_not_enabled(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc[5];

    for (unsigned i = 0; i < ARRAY_SIZE(desc); i++) {
        desc[i] = dma_make_read(pa, 8, 0);
    }
    dma_set_pasid(&desc[0], 1);
    field_set(desc[1].w, IDMA_D_PRIV, 1);
    field_set(desc[2].w, IDMA_D_EXEC, 1);
    field_set(desc[3].w, IDMA_D_AT, IDMA_AT_ATC);
    desc[4] = dma_make_page_request(pa, 0, true, false, true);
    for (unsigned i = 0; i < ARRAY_SIZE(desc); i++) {
        DmaCompletion c = dma_do(m, desc[i]);

        g_assert_cmpuint(c.status, ==, IDMA_STATUS_NOT_ENABLED);
    }
    dma_machine_free(m);
}

/* Plain PCI DMA says what it cannot carry, instead of carrying something else. */
static void test_no_path(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc[9];

    dma_enable_pasid(m, true);
    dma_enable_ats(m, true);
    dma_enable_pri(m, true);
    for (unsigned i = 0; i < ARRAY_SIZE(desc); i++) {
        desc[i] = dma_make_read(pa, 8, 0);
    }
    dma_set_pasid(&desc[0], 1);
    field_set(desc[1].w, IDMA_D_PRIV, 1);
    field_set(desc[2].w, IDMA_D_EXEC, 1);
    field_set(desc[3].w, IDMA_D_AT, IDMA_AT_ATC);
    field_set(desc[4].w, IDMA_D_AT, IDMA_AT_TRANSLATED);
    field_set(desc[5].w, IDMA_D_SECURE, 1);
    desc[6] = dma_make(IDMA_OP_ATS_REQUEST, pa, 4096);
    desc[7] = dma_make(IDMA_OP_ZERO_READ, pa, 0);
    desc[8] = dma_make_page_request(pa, 0, true, false, true);
    g_assert_cmphex(dma_read(&m->dma, IDMA_PATH) & 0xffff, ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(desc); i++) {
        DmaCompletion c = dma_do(m, desc[i]);

        g_assert_cmpuint(c.status, ==, IDMA_STATUS_NO_PATH);
    }
    dma_machine_free(m);
}

/* ---- malformed descriptors ------------------------------------------------------------------ */

typedef struct Malformed {
    const char *name;
    unsigned op;
    BitField field;
    uint64_t value;
} Malformed;

static const Malformed malformed[] = {
    { "opcode-0", IDMA_OP_READ, IDMA_D_OP, 0 },
    { "opcode-unknown", IDMA_OP_READ, IDMA_D_OP, 0x77 },
    { "count-0", IDMA_OP_READ, IDMA_D_COUNT, 0 },
    { "length-0", IDMA_OP_READ, IDMA_D_LENGTH, 0 },
    { "length-over-local", IDMA_OP_READ, IDMA_D_LENGTH, IDMA_LOCAL_SIZE + 1 },
    { "local-outside", IDMA_OP_WRITE, IDMA_D_LOCAL, IDMA_LOCAL_SIZE },
    { "local-end", IDMA_OP_WRITE, IDMA_D_LOCAL, IDMA_LOCAL_SIZE - 7 },
    { "order-3", IDMA_OP_READ, IDMA_D_ORDER, 3 },
    { "random-without-window", IDMA_OP_READ, IDMA_D_ORDER, IDMA_ORDER_RANDOM },
    { "at-3", IDMA_OP_READ, IDMA_D_AT, 3 },
    { "page-without-atc", IDMA_OP_READ, IDMA_D_PAGE, 1 },
    { "in-flight-65", IDMA_OP_READ, IDMA_D_FLIGHT, IDMA_SLOTS + 1 },
    { "chunk-8192", IDMA_OP_READ, IDMA_D_CHUNK, 13 },
    { "atomic-2-bytes", IDMA_OP_SWAP, IDMA_D_LENGTH, 2 },
    { "atomic-16-bytes", IDMA_OP_SWAP, IDMA_D_LENGTH, 16 },
    { "atomic-unaligned", IDMA_OP_SWAP, BITFIELD(1, 0, 4), 4 },
    { "stop-marker-without-pasid", IDMA_OP_STOP_MARKER, IDMA_D_COUNT, 1 },
    { "reserved-word-0", IDMA_OP_READ, BITFIELD(0, 52, 12), 1 },
    { "reserved-word-9", IDMA_OP_READ, BITFIELD(9, 53, 11), 1 },
    { "reserved-word-10", IDMA_OP_READ, BITFIELD(10, 32, 32), 1 },
    { "reserved-word-15", IDMA_OP_READ, BITFIELD(15, 0, 64), 1ull << 63 },
};

static void test_malformed(const void *opaque)
{
    const Malformed *bad = opaque;
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc = dma_make(bad->op, pa, 8), good = dma_make_fill(pa, 8, 7, false);
    DmaCompletion c;
    uint64_t status;

    field_set(desc.w, IDMA_D_COOKIE, 0x1234);
    field_set(desc.w, bad->field, bad->value);
    c = dma_do(m, desc);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_MALFORMED);
    g_assert_cmphex(c.cookie, ==, 0x1234);
    g_assert_cmpuint(c.done, ==, 0);
    status = dma_ch_read(&m->dma, 0, IDMA_CH_STATUS);
    g_assert_cmpuint(reg_get(status, IDMA_CH_STATUS_STATE), ==, IDMA_CH_STOPPED);
    g_assert_cmpuint(reg_get(status, IDMA_CH_STATUS_ERROR), ==, IDMA_STATUS_MALFORMED);

    /* The channel does nothing until it is reset ... */
    dma_start(&m->dma, 0, &good);
    g_assert_cmphex(gmem_read64(&m->mem, pa), ==, 0);
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_STOPPED);
    /* ... others go on ... */
    g_assert_true(dma_run(&m->dma, 1, &good, &c));
    assert_ok(&c);
    g_assert_cmphex(gmem_read64(&m->mem, pa), ==, 7);
    /* ... and so does it afterwards. */
    dma_ch_write(&m->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_RESET, 1));
    c = dma_do(m, good);
    assert_ok(&c);
    dma_machine_free(m);
}

/* ---- long work ------------------------------------------------------------------------------ */

/* 2^32 - 1 transactions: no machine finishes these within the test. */
static DmaDesc endless(uint64_t pa)
{
    DmaDesc desc = dma_make_atomic(IDMA_OP_FETCH_ADD, pa, 8, 1, 0);

    dma_set_strided(&desc, UINT32_MAX, 8, 8);
    return desc;
}

static void test_guest_stays_live(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 8192, 4096), before;
    DmaDesc desc = endless(pa), other = dma_make_fill(pa + 4096, 8, 9, false);
    DmaCompletion c;

    dma_start(&m->dma, 0, &desc);
    g_assert_true(dma_run(&m->dma, 1, &other, &c));
    assert_ok(&c);
    before = gmem_read64(&m->mem, pa);
    while (gmem_read64(&m->mem, pa) == before) {
        g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_BUSY);
    }
    dma_machine_free(m);
}

static void test_abort(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc = endless(pa);
    DmaCompletion c;

    dma_start(&m->dma, 0, &desc);
    while (!gmem_read64(&m->mem, pa)) {
    }
    dma_ch_write(&m->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_ABORT, 1));
    g_assert_true(dma_wait(&m->dma, 0));
    dma_completion(&m->dma, 0, &c);
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_CANCELLED);
    g_assert_cmpuint(c.done, ==, gmem_read64(&m->mem, pa));
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_IDLE);
    dma_machine_free(m);
}

static void check_reset_while_busy(void (*reset)(DmaMachine *m))
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096), stopped;
    DmaDesc desc = endless(pa);
    DmaCompletion c;

    dma_start(&m->dma, 0, &desc);
    while (!gmem_read64(&m->mem, pa)) {
    }
    reset(m);
    stopped = gmem_read64(&m->mem, pa);
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_IDLE);
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_STAT_TXNS), ==, 0);
    g_assert_cmphex(dma_ch_read(&m->dma, 0, IDMA_CH_DESC), ==, 0);
    g_assert_cmpuint(gmem_read64(&m->mem, pa), ==, stopped);
    c = dma_do(m, dma_make_fill(pa, 8, 3, false));
    assert_ok(&c);
    g_assert_cmphex(gmem_read64(&m->mem, pa), ==, 3);
    dma_machine_free(m);
}

static void device_reset(DmaMachine *m)
{
    dma_write(&m->dma, IDMA_CTRL, reg_make(IDMA_CTRL_RESET, 1));
}

static void channel_reset(DmaMachine *m)
{
    dma_ch_write(&m->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_RESET, 1));
}

static void test_flr_while_busy(void)
{
    check_reset_while_busy(dma_flr);
}

static void test_reset_while_busy(void)
{
    check_reset_while_busy(device_reset);
}

static void test_channel_reset_while_busy(void)
{
    check_reset_while_busy(channel_reset);
}

/* ---- statistics and registers --------------------------------------------------------------- */

static void test_statistics(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 8192, 4096), hist = 0;
    DmaCompletion c;

    c = dma_do(m, dma_make_fill(pa, 6000, 1, false));
    assert_ok(&c);
    c = dma_do(m, dma_make_read(NOWHERE, 100, 0));
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_UR);
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_STAT_TXNS), ==, 3);
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_STAT_BYTES), ==, 6000);
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_STAT_ERRORS), ==, 1);
    for (unsigned i = 0; i < IDMA_CH_HIST_BUCKETS; i++) {
        hist += dma_ch_read(&m->dma, 0, IDMA_CH_HIST + 8 * i);
    }
    g_assert_cmpuint(hist, ==, 3);
    dma_ch_write(&m->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_CLEAR, 1));
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_STAT_TXNS), ==, 0);
    g_assert_cmphex(dma_ch_read(&m->dma, 0, IDMA_CH_STAT_LAT_MIN), ==, UINT64_MAX);
    dma_machine_free(m);
}

static void test_half_accesses(void)
{
    DmaMachine *m = start();
    uint64_t reg = IDMA_CHANNEL(1) + IDMA_CH_DESC + 8;

    reg_write64(&m->regs, reg, 0x1111111122222222ull);
    reg_write32(&m->regs, reg + 4, 0x33333333);
    g_assert_cmphex(reg_read64(&m->regs, reg), ==, 0x3333333322222222ull);
    reg_write32(&m->regs, reg, 0x44444444);
    g_assert_cmphex(reg_read32(&m->regs, reg + 4), ==, 0x33333333);
    g_assert_cmphex(reg_read32(&m->regs, reg), ==, 0x44444444);
    dma_machine_free(m);
}

static void test_register_holes(void)
{
    DmaMachine *m = start();

    /* Neither channels that are not there nor holes hold anything, nor do harm. */
    for (uint64_t reg = 0; reg < IDMA_LOCAL; reg += 0x88) {
        if ((reg & 0xfff) >= IDMA_CH_END || reg >= IDMA_CHANNEL(m->dma.channels)) {
            reg_write64(&m->regs, reg, UINT64_MAX);
            g_assert_cmphex(reg_read64(&m->regs, reg), ==, 0);
        }
    }
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_IDLE);
    dma_machine_free(m);
}

static void test_garbage(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20);
    DmaMachine *m = dma_machine_new(NULL, "channels=8", NULL);

    for (int i = 0; i < 20000; i++) {
        uint64_t reg = g_rand_int_range(rand, 0, IDMA_CHANNEL(8) / 8) * 8;
        uint64_t value = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);

        /* Many of the few registers there are. */
        reg = (reg & ~0xfffull) | (reg & 0x3f8);
        if (g_rand_boolean(rand)) {
            reg_write64(&m->regs, reg, value & (g_rand_boolean(rand) ? 0xff : UINT64_MAX));
        } else {
            reg_read64(&m->regs, reg);
        }
    }
    device_reset(m);
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_IDLE);
    dma_machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/iommu-dma/data/read", test_read);
    qtest_add_func("/iommu-dma/data/write", test_write);
    qtest_add_func("/iommu-dma/data/copy", test_copy);
    qtest_add_func("/iommu-dma/data/fill-constant", test_fill_constant);
    qtest_add_func("/iommu-dma/data/fill-mixed", test_fill_mixed);
    qtest_add_func("/iommu-dma/data/verify-mismatch", test_verify_mismatch);
    qtest_add_func("/iommu-dma/data/checksum", test_checksum);
    qtest_add_func("/iommu-dma/data/chunk", test_chunk);
    qtest_add_func("/iommu-dma/order/strided", test_strided);
    qtest_add_func("/iommu-dma/order/window", test_window);
    qtest_add_func("/iommu-dma/order/random", test_random);
    qtest_add_func("/iommu-dma/atomic/fetch-add", test_fetch_add);
    qtest_add_func("/iommu-dma/atomic/swap", test_swap);
    qtest_add_func("/iommu-dma/atomic/compare-and-swap", test_cas);
    qtest_add_func("/iommu-dma/atomic/not-memory", test_atomic_not_memory);
    qtest_add_func("/iommu-dma/failure/unmapped", test_unmapped);
    qtest_add_func("/iommu-dma/failure/first-ends", test_first_failure_ends);
    qtest_add_func("/iommu-dma/failure/continue", test_continue);
    qtest_add_func("/iommu-dma/failure/bus-master-off", test_bus_master_off);
    qtest_add_func("/iommu-dma/failure/not-enabled", test_not_enabled);
    qtest_add_func("/iommu-dma/failure/no-path", test_no_path);
    for (unsigned i = 0; i < ARRAY_SIZE(malformed); i++) {
        g_autofree char *path = g_strdup_printf("/iommu-dma/malformed/%s", malformed[i].name);

        qtest_add_data_func(path, &malformed[i], test_malformed);
    }
    qtest_add_func("/iommu-dma/long/guest-stays-live", test_guest_stays_live);
    qtest_add_func("/iommu-dma/long/abort", test_abort);
    qtest_add_func("/iommu-dma/long/flr", test_flr_while_busy);
    qtest_add_func("/iommu-dma/long/reset", test_reset_while_busy);
    qtest_add_func("/iommu-dma/long/channel-reset", test_channel_reset_while_busy);
    qtest_add_func("/iommu-dma/registers/statistics", test_statistics);
    qtest_add_func("/iommu-dma/registers/halves", test_half_accesses);
    qtest_add_func("/iommu-dma/registers/holes", test_register_holes);
    qtest_add_func("/iommu-dma/registers/garbage", test_garbage);
    return g_test_run();
}

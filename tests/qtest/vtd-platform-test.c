/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several VT-d units on one machine (VT-d 5.10, 8.3): each has registers, tables, faults and
 * interrupt entries of its own, and sees what its scope names and nothing else. The scopes'
 * sources that are no PCI devices: IOAPIC and HPET.
 *
 *   00:04.0 dma0            the unit that takes the rest, at fed90000
 *   00:05.0 dma1            u1, at fed91000
 *   00:06.0 rp1 - dma2      u1
 *   20:00.0 rp2 - dma3      u2, by the id of the root bus, pxb
 */
#include "qemu/osdep.h"
#include "vtd-units.h"

#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"

#define VF_OFFSET 0x200000ull

#define HPET         0xfed00000ull
#define HPET_CONFIG  0x10
#define HPET_COUNTER 0xf0
#define HPET_T0      0x100
#define HPET_FSB     0x110
#define IOAPIC       0xfec00000ull

#define SID_IOAPIC 0xff00
#define SID_HPET   0xff01

#define PXB_BUS 0x20

#define S 3 /* 16 interrupt entries */
#define INDEX 5
#define VECTOR 0x51

/* Which unit each device is behind: 0 takes the rest. */
static const unsigned unit_of[DEVICES_MAX] = { 0, 1, 1, 2 };

static char *bench_args(const SwCase *c, const char *u0, const char *u1, const char *more)
{
    const char *caches = c->caches ? c->caches : "full";

    return g_strdup_printf(
        "-M q35 -m 1G -nic none "
        "-device intel-iommu,id=u0,caches=%s%s "
        "-device intel-iommu,id=u1,caches=%s,scope=dma1+rp1%s "
        "-device intel-iommu,id=u2,caches=%s,scope=pxb "
        "-device iommu-dma,id=dma0,addr=04.0 "
        "-device iommu-dma,id=dma1,addr=05.0,sriov-vfs=2 "
        "-device pcie-root-port,id=rp1,addr=06.0,chassis=1 -device iommu-dma,id=dma2,bus=rp1 "
        "-device pxb-pcie,id=pxb,bus_nr=%u,addr=07.0 "
        "-device pcie-root-port,id=rp2,bus=pxb,addr=00.0,chassis=2 "
        "-device iommu-dma,id=dma3,bus=rp2 %s", caches, u0, caches, u1, caches, PXB_BUS, more);
}

static void bench_start(Units *b, const SwCase *c, const char *u0, const char *u1,
                        const char *more)
{
    g_autofree char *args = bench_args(c, u0, u1, more);

    *b = (Units) { 0 };
    units_attach(b, qtest_init(args));
    units_open_ecam(b);
    units_open_port(b, RID(0, 6, 0), 1, UNITS_MMIO + 2 * UNITS_MMIO_STEP);
    units_open_port(b, RID(PXB_BUS, 0, 0), PXB_BUS + 1, UNITS_MMIO + 3 * UNITS_MMIO_STEP);
    units_open_device(b, &b->dev[0], RID(0, 4, 0), UNITS_MMIO);
    units_open_device(b, &b->dev[1], RID(0, 5, 0), UNITS_MMIO + UNITS_MMIO_STEP);
    units_open_device(b, &b->dev[2], RID(1, 0, 0), UNITS_MMIO + 2 * UNITS_MMIO_STEP);
    units_open_device(b, &b->dev[3], RID(PXB_BUS + 1, 0, 0), UNITS_MMIO + 3 * UNITS_MMIO_STEP);
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        b->unit[i].base = 0xfed90000ull + 0x1000 * i;
        units_drive_unit(b, &b->unit[i]);
    }
}

static void bench_end(Units *b)
{
    qtest_quit(b->qts);
}

/* ---- DMA ------------------------------------------------------------------------------------ */

/* One address, another page behind each unit: a device's write lands where its unit says. */
static void test_own_tables(const SwCase *c)
{
    Units b;

    bench_start(&b, c, "", "", "");
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        units_translate(&b, &b.unit[i]);
    }
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < DEVICES_MAX; i++) {
            uint64_t value = 0x1111 * (i + 1) + 0x100000 * (round + 1);
            uint64_t before[UNITS_MAX];

            for (unsigned k = 0; k < UNITS_MAX; k++) {
                before[k] = gmem_read64(&b.mem, b.unit[k].page);
            }
            g_assert_cmpuint(units_fill(&b.dev[i], UNITS_IOVA, value), ==, IDMA_STATUS_OK);
            for (unsigned k = 0; k < UNITS_MAX; k++) {
                g_assert_cmphex(gmem_read64(&b.mem, b.unit[k].page), ==,
                                k == unit_of[i] ? value : before[k]);
            }
        }
    }
    units_assert_no_faults(&b);
    bench_end(&b);
}

/* A unit that is on blocks its own devices, records that itself, and concerns nobody else. */
static void test_own_faults(const SwCase *c)
{
    uint64_t plain, page;
    Units b;

    bench_start(&b, c, "", "", "");
    plain = gmem_alloc(&b.mem, 4096, 4096);
    units_translate(&b, &b.unit[1]);
    for (unsigned i = 0; i < DEVICES_MAX; i++) {
        bool mine = unit_of[i] == 1;
        VtdFaultWords f;

        gmem_write64(&b.mem, plain, 0);
        g_assert_true((units_fill(&b.dev[i], plain, 7) == IDMA_STATUS_OK) != mine);
        g_assert_cmphex(gmem_read64(&b.mem, plain), ==, mine ? 0 : 7);
        if (mine) {
            g_assert_true(vtd_driver_fault(&b.unit[1].d, &f));
            g_assert_cmphex(f.sid, ==, b.dev[i].rid);
            g_assert_cmphex(f.addr, ==, plain);
        }
        units_assert_no_faults(&b);
    }
    /* Invalidation commands reach the unit whose queue they are in. */
    units_translate(&b, &b.unit[2]);
    g_assert_cmpuint(units_fill(&b.dev[1], UNITS_IOVA, 1), ==, IDMA_STATUS_OK);
    g_assert_cmpuint(units_fill(&b.dev[3], UNITS_IOVA, 1), ==, IDMA_STATUS_OK);
    page = gmem_alloc(&b.mem, 4096, 4096);
    for (unsigned i = 1; i < UNITS_MAX; i++) {
        vtd_pages_map_smallest(&b.unit[i].pages, UNITS_IOVA, page, 4096, VTD_SS_RW);
        g_assert_true(vtd_driver_issue(&b.unit[i].d, vtd_make_iotlb_global()));
        g_assert_cmpuint(units_fill(&b.dev[i == 1 ? 1 : 3], UNITS_IOVA + 8 * i, 0x33 + i), ==,
                         IDMA_STATUS_OK);
        g_assert_cmphex(gmem_read64(&b.mem, page + 8 * i), ==, 0x33 + i);
    }
    units_assert_no_faults(&b);
    bench_end(&b);
}

/* Virtual functions are behind their physical function's unit [8.3.3]. */
static void test_virtual_functions(const SwCase *c)
{
    uint16_t pf = RID(0, 5, 0);
    uint64_t cap;
    Units b;

    bench_start(&b, c, "", "", "");
    cap = units_config(pf, units_ext_cap(&b, pf, PCI_EXT_CAP_ID_SRIOV));
    qtest_writel(b.qts, cap + PCI_SRIOV_BAR, b.dev[1].bar + VF_OFFSET);
    qtest_writew(b.qts, cap + PCI_SRIOV_NUM_VF, 2);
    qtest_writew(b.qts, cap + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE);
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        units_translate(&b, &b.unit[i]);
    }
    for (unsigned n = 1; n <= 2; n++) {
        Device vf = { .rid = pf + n,
                      .bar = b.dev[1].bar + VF_OFFSET + (n - 1) * IDMA_BAR_SIZE };

        qtest_writew(b.qts, units_config(vf.rid, PCI_COMMAND),
                     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
        units_drive(&b, &vf);
        for (unsigned i = 0; i < UNITS_MAX; i++) {
            units_admit(&b.unit[i], vf.rid);
        }
        g_assert_cmpuint(units_fill(&vf, UNITS_IOVA, 0xf0 + n), ==, IDMA_STATUS_OK);
        for (unsigned i = 0; i < UNITS_MAX; i++) {
            g_assert_cmphex(gmem_read64(&b.mem, b.unit[i].page), ==, i == 1 ? 0xf0 + n : 0);
        }
    }
    units_assert_no_faults(&b);
    bench_end(&b);
}

/* ---- interrupts ----------------------------------------------------------------------------- */

/* Remapping on; entry INDEX takes what comes to @vector. */
static void unit_remap(Units *b, Unit *u, uint8_t vector, uint16_t only_from)
{
    uint64_t table = gmem_alloc(&b->mem, 4096, 4096);
    uint64_t irte[VTD_IRTE_WORDS];

    vtd_irte_fixed(irte, vector, 0);
    if (only_from) {
        vtd_irte_verify(irte, only_from);
    }
    gmem_write_words(&b->mem, table + VTD_IRTE_BYTES * INDEX, irte, VTD_IRTE_WORDS);
    g_assert_true(vtd_driver_queue(&u->d, false));
    g_assert_true(vtd_driver_irta(&u->d, table, S, false));
}

/* Whether the boot processor's local APIC has @vector requested. */
static bool irr_has(Units *b, unsigned vector)
{
    g_autofree char *text = qtest_hmp(b->qts, "info lapic");
    g_autofree char *number = g_strdup_printf(" %u", vector);
    char *line = strstr(text, "IRR");
    char *at;

    g_assert_nonnull(line);
    strchrnul(line, '\n')[0] = 0;
    at = strstr(line, number);
    return at && !g_ascii_isdigit(at[strlen(number)]);
}

static void send_msi(Device *d, uint64_t addr, uint32_t data)
{
    DmaDesc desc = dma_make_fill(addr, 4, data, false);
    DmaCompletion c;

    /* A message is a write of four bytes. */
    g_assert_true(dma_run(&d->dma, 0, &desc, &c));
}

static void test_own_interrupts(const SwCase *c)
{
    VtdFaultWords f;
    Units b;

    bench_start(&b, c, "", "", "");
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        unit_remap(&b, &b.unit[i], VECTOR + i, 0);
    }
    send_msi(&b.dev[1], vtd_msi_address(INDEX, false), 0);
    g_assert_true(irr_has(&b, VECTOR + 1));
    g_assert_false(irr_has(&b, VECTOR));
    g_assert_false(irr_has(&b, VECTOR + 2));
    send_msi(&b.dev[3], vtd_msi_address(INDEX, false), 0);
    g_assert_true(irr_has(&b, VECTOR + 2));
    g_assert_false(irr_has(&b, VECTOR));
    send_msi(&b.dev[0], vtd_msi_address(INDEX, false), 0);
    g_assert_true(irr_has(&b, VECTOR));
    units_assert_no_faults(&b);
    /* What is wrong is recorded where it arrived. */
    send_msi(&b.dev[2], vtd_msi_address(INDEX + 1, false), 0);
    g_assert_true(vtd_driver_fault(&b.unit[1].d, &f));
    g_assert_cmphex(f.reason, ==, VTD_FAULT_IR_P);
    g_assert_cmphex(f.sid, ==, b.dev[2].rid);
    units_assert_no_faults(&b);
    bench_end(&b);
}

/* Timer 0 sends @data to @addr in a moment; with @addr 0 it raises pin @pin of the IOAPIC. */
static void hpet_fire(Units *b, uint64_t addr, uint32_t data, unsigned pin)
{
    uint64_t how = 1 << 2 /* enable */ | (addr ? 1 << 14 /* FSB */ : pin << 9);

    qtest_writeq(b->qts, HPET + HPET_CONFIG, 0);
    qtest_writeq(b->qts, HPET + HPET_COUNTER, 0);
    qtest_writeq(b->qts, HPET + HPET_T0, how);
    qtest_writeq(b->qts, HPET + HPET_FSB, addr << 32 | data);
    qtest_writeq(b->qts, HPET + HPET_T0 + 8, 100);
    qtest_writeq(b->qts, HPET + HPET_CONFIG, 1);
    qtest_clock_step(b->qts, 1000000);
    qtest_writeq(b->qts, HPET + HPET_CONFIG, 0);
}

/* Messages of the HPET are remapped by the unit that has it, under the source-id of the DMAR. */
static void hpet_messages(const SwCase *c, const char *u1, unsigned mine)
{
    Unit *u;
    VtdFaultWords f;
    Units b;

    bench_start(&b, c, "", u1, "-global hpet.msi=on");
    u = &b.unit[mine];
    g_assert_cmphex(qtest_readq(b.qts, HPET + HPET_T0) & 1 << 15, !=, 0);
    hpet_fire(&b, 0xfee00000, VECTOR + 8, 0);
    g_assert_true(irr_has(&b, VECTOR + 8)); /* remapping is off */

    for (unsigned i = 0; i < UNITS_MAX; i++) {
        unit_remap(&b, &b.unit[i], VECTOR + i, SID_HPET);
    }
    hpet_fire(&b, vtd_msi_address(INDEX, false), 0, 0);
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        g_assert_true(irr_has(&b, VECTOR + i) == (i == mine));
    }
    units_assert_no_faults(&b);
    /* Compatibility format is blocked, and the record names the source. */
    hpet_fire(&b, 0xfee00000, VECTOR + 9, 0);
    g_assert_false(irr_has(&b, VECTOR + 9));
    g_assert_true(vtd_driver_fault(&u->d, &f));
    g_assert_cmphex(f.reason, ==, VTD_FAULT_IR_COMPAT);
    g_assert_cmphex(f.sid, ==, SID_HPET);
    units_assert_no_faults(&b);
    bench_end(&b);
}

static void test_hpet_rest(const SwCase *c)
{
    hpet_messages(c, "", 0);
}

static void test_hpet_scope(const SwCase *c)
{
    hpet_messages(c, "+hpet", 1);
}

/* An entry for another source blocks it. */
static void test_hpet_source(const SwCase *c)
{
    VtdFaultWords f;
    Units b;

    bench_start(&b, c, "", "", "-global hpet.msi=on");
    unit_remap(&b, &b.unit[0], VECTOR, SID_IOAPIC);
    hpet_fire(&b, vtd_msi_address(INDEX, false), 0, 0);
    g_assert_false(irr_has(&b, VECTOR));
    g_assert_true(vtd_driver_fault(&b.unit[0].d, &f));
    g_assert_cmphex(f.reason, ==, VTD_FAULT_IR_SOURCE);
    g_assert_cmphex(f.sid, ==, SID_HPET);
    bench_end(&b);
}

/* A redirection entry in remappable format [5.1.5.1] for @index. */
static void ioapic_route(Units *b, unsigned pin, unsigned index)
{
    uint64_t entry = (uint64_t)(index & 0x7fff) << 49 | 1ull << 48 | (uint64_t)(index >> 15) << 11;

    for (unsigned half = 0; half < 2; half++) {
        qtest_writel(b->qts, IOAPIC, 0x10 + 2 * pin + half);
        qtest_writel(b->qts, IOAPIC + 0x10, entry >> (32 * half));
    }
}

static void ioapic_messages(const SwCase *c, const char *u1, unsigned mine)
{
    Units b;

    bench_start(&b, c, "", u1, "");
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        unit_remap(&b, &b.unit[i], VECTOR + i, SID_IOAPIC);
    }
    ioapic_route(&b, 20, INDEX);
    hpet_fire(&b, 0, 0, 20);
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        g_assert_true(irr_has(&b, VECTOR + i) == (i == mine));
    }
    units_assert_no_faults(&b);
    bench_end(&b);
}

static void test_ioapic_rest(const SwCase *c)
{
    ioapic_messages(c, "", 0);
}

static void test_ioapic_scope(const SwCase *c)
{
    ioapic_messages(c, "+ioapic", 1);
}

/* ---- migration ------------------------------------------------------------------------------ */

static void wait_migrated(QTestState *qts)
{
    for (;;) {
        QDict *r = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        const char *status = qdict_get_try_str(qdict_get_qdict(r, "return"), "status");
        bool done = g_strcmp0(status, "completed") == 0;

        g_assert_cmpstr(status, !=, "failed");
        qobject_unref(r);
        if (done) {
            return;
        }
        g_usleep(10000);
    }
}

/* Each unit goes on with its own state. */
static void test_migrate(const SwCase *c)
{
    g_autofree char *dir = g_dir_make_tmp("stagewalk-XXXXXX", NULL);
    g_autofree char *uri = g_strdup_printf("file:%s/state", dir);
    g_autofree char *args = bench_args(c, "", "", "");
    g_autofree char *incoming = g_strdup_printf("%s -incoming %s", args, uri);
    Units b;

    bench_start(&b, c, "", "", "");
    for (unsigned i = 1; i < UNITS_MAX; i++) {
        units_translate(&b, &b.unit[i]);
    }
    qtest_qmp_assert_success(b.qts, "{ 'execute': 'stop' }");
    qtest_qmp_assert_success(b.qts, "{ 'execute': 'migrate', 'arguments': { 'uri': %s } }", uri);
    wait_migrated(b.qts);
    qtest_quit(b.qts);

    units_attach(&b, qtest_init(incoming));
    wait_migrated(b.qts);
    qtest_qmp_assert_success(b.qts, "{ 'execute': 'cont' }");
    for (unsigned i = 1; i < DEVICES_MAX; i++) {
        Unit *u = &b.unit[unit_of[i]];

        g_assert_cmpuint(units_fill(&b.dev[i], UNITS_IOVA, 0xabc0 + i), ==, IDMA_STATUS_OK);
        g_assert_cmphex(gmem_read64(&b.mem, u->page), ==, 0xabc0 + i);
    }
    /* The one that takes the rest was off and is. */
    g_assert_cmpuint(units_fill(&b.dev[0], b.unit[1].page, 0xdef), ==, IDMA_STATUS_OK);
    g_assert_cmphex(gmem_read64(&b.mem, b.unit[1].page), ==, 0xdef);
    units_assert_no_faults(&b);
    bench_end(&b);
    unlink(uri + strlen("file:"));
    rmdir(dir);
}

/* ---- refusals ------------------------------------------------------------------------------- */

typedef struct Wrong {
    const char *path;
    const char *args;
    const char *value;   /* as the message has it */
    const char *allowed;
} Wrong;

#define UNIT "-device intel-iommu"
#define PORT_RP " -device pcie-root-port,id=rp,chassis=1"
#define FIVE(text) text text text text text
#define RANGE "0x1000-0x1fff"
#define NUMA "-m 128M -object memory-backend-ram,id=ram,size=128M -numa node,memdev=ram -numa node "

static const Wrong wrong[] = {
    { "/vtd/platform/refuse-two-without-scope", UNIT " " UNIT, "scope=", "must name its devices" },
    { "/vtd/platform/refuse-all-with-scope", UNIT ",scope=00:1f.2", "scope=00:1f.2",
      "one unit must have no scope=" },
    { "/vtd/platform/refuse-unknown-device", UNIT ",scope=nosuch " UNIT, "scope=nosuch",
      "must be an id" },
    { "/vtd/platform/refuse-no-such-address", UNIT ",scope=00:1e.7 " UNIT, "scope=00:1e.7",
      "must be an id" },
    { "/vtd/platform/refuse-word", UNIT ",scope=a+!b " UNIT, "'!b'", "bus:device.function" },
    { "/vtd/platform/refuse-address", UNIT ",scope=00:20.0 " UNIT, "'00:20.0'",
      "bus:device.function" },
    { "/vtd/platform/refuse-sign", UNIT ",scope=-1:00.0 " UNIT, "'-1:00.0'",
      "bus:device.function" },
    { "/vtd/platform/refuse-empty", UNIT ",scope= " UNIT, "scope=", "names no device" },
    { "/vtd/platform/refuse-twice", UNIT ",scope=a+a " UNIT, "scope=a+a", "twice" },
    { "/vtd/platform/refuse-two-owners", UNIT ",scope=rp " UNIT ",scope=rp " UNIT PORT_RP,
      "scope=rp", "two units" },
    { "/vtd/platform/refuse-below-bridge", UNIT ",scope=d " UNIT PORT_RP
      " -device iommu-dma,id=d,bus=rp", "scope=d", "must be the root port rp" },
    { "/vtd/platform/refuse-virtual-function", UNIT ",scope=00:05.1 " UNIT
      " -device iommu-dma,addr=5,sriov-vfs=1", "scope=00:05.1", "physical function" },
    { "/vtd/platform/refuse-hpet", UNIT ",scope=hpet " UNIT, "scope=hpet", "hpet.msi=on" },
    { "/vtd/platform/refuse-bypass", UNIT ",scope=p " UNIT
      " -device pxb-pcie,id=x,bus_nr=32,bypass_iommu=on"
      " -device pcie-root-port,id=p,bus=x,chassis=1", "scope=p", "without bypass_iommu=on" },
    /* iommu-mirror asks at once for its target's address space, like vfio-pci. */
    { "/vtd/platform/refuse-late-unit", UNIT ",caching-mode=on -device edu,id=v"
      " -device iommu-mirror,target=v " UNIT ",scope=v", "scope=v", "must come before it" },
    { "/vtd/platform/refuse-late-rest", UNIT ",scope=00:1f.2 -device edu,id=v"
      " -device iommu-mirror,target=v " UNIT, "in no unit's scope", "units must come before it" },
    { "/vtd/platform/refuse-crowd", FIVE(FIVE(UNIT ",model=max,scope=a ")), "more than 14 units",
      "no room" },
    { "/vtd/platform/refuse-intremap", UNIT ",intremap=off " UNIT ",intremap=on,scope=00:1f.2",
      "intremap=on", "must be the same for every unit" },
    { "/vtd/platform/refuse-eim", UNIT ",intremap=on,eim=off " UNIT
      ",intremap=on,eim=on,scope=00:1f.2", "eim=on", "must be the same for every unit" },
    { "/vtd/platform/refuse-proximity-without-numa", UNIT ",proximity-domain=1",
      "proximity-domain=1", "-numa node" },
    { "/vtd/platform/refuse-proximity", NUMA UNIT ",proximity-domain=2",
      "proximity-domain=2", "at most 1" },
    { "/vtd/platform/refuse-proximity-of-some", NUMA UNIT ",proximity-domain=0 " UNIT
      ",scope=00:1f.2", "proximity-domain=0", "for every unit or for none" },
    { "/vtd/platform/refuse-rmrr-form", UNIT ",rmrr=" RANGE, "rmrr=" RANGE, "FIRST-LAST@DEVICE" },
    { "/vtd/platform/refuse-rmrr-pages", UNIT ",rmrr=0x1000-0x1ffe@00:1f.2", "0x1000-0x1ffe",
      "whole pages" },
    { "/vtd/platform/refuse-rmrr-order", UNIT ",rmrr=0x2000-0x0fff@00:1f.2", "0x2000-0xfff",
      "whole pages" },
    { "/vtd/platform/refuse-rmrr-width", UNIT ",haw=40,rmrr=0x10000000000-0x10000000fff@00:1f.2",
      "0x10000000fff", "2^40" },
    { "/vtd/platform/refuse-rmrr-overlap", UNIT ",rmrr=" RANGE "@00:1f.2/0x0-0x1fff@00:1f.2",
      RANGE, "overlaps 0x0-0x1fff" },
    { "/vtd/platform/refuse-rmrr-overlap-of-units", UNIT ",rmrr=" RANGE "@00:1f.2 " UNIT
      ",scope=00:1f.3,rmrr=" RANGE "@00:1f.3", RANGE, "overlaps" },
    { "/vtd/platform/refuse-rmrr-device", UNIT ",rmrr=" RANGE "@nosuch", "rmrr=nosuch",
      "must be an id" },
    { "/vtd/platform/refuse-rmrr-bridge", UNIT ",rmrr=" RANGE "@rp" PORT_RP, "rmrr=rp",
      "DMA of its own" },
    { "/vtd/platform/refuse-rmrr-other-unit", UNIT ",rmrr=" RANGE "@00:1f.3 " UNIT
      ",scope=00:1f.3", "rmrr=00:1f.3", "behind another unit" },
    { "/vtd/platform/refuse-satc-device", UNIT ",model=max,satc=00:1f.2", "satc=00:1f.2",
      "ATS capability" },
    { "/vtd/platform/refuse-satc-port", UNIT ",model=max,satc=d" PORT_RP
      " -device iommu-dma,id=d,bus=rp", "satc=d", "on a root bus" },
    { "/vtd/platform/refuse-satc-without-dt", UNIT ",satc=d -device iommu-dma,id=d", "satc=d",
      "device-iotlb=on" },
    { "/vtd/platform/refuse-satc-both", UNIT ",model=max,satc=d,satc-required=d"
      " -device iommu-dma,id=d", "satc-required=d", "must not be in satc=" },
    { "/vtd/platform/refuse-ats-ports-without-dt", UNIT ",ats-ports=rp" PORT_RP, "ats-ports=rp",
      "device-iotlb=on" },
    { "/vtd/platform/refuse-ats-ports-device", UNIT ",model=max,ats-ports=00:1f.2",
      "ats-ports=00:1f.2", "PCIe root port" },
};

static void test_wrong(const void *data)
{
    const Wrong *w = data;
    g_autofree char *args = g_strdup_printf("-M q35 -nodefaults %s", w->args);

    sw_assert_refused(args, w->value, w->allowed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/vtd/platform/own-tables", test_own_tables, NULL);
    sw_add_cached("/vtd/platform/own-faults", test_own_faults, NULL);
    sw_add_cached("/vtd/platform/virtual-functions", test_virtual_functions, NULL);
    sw_add_cached("/vtd/platform/own-interrupts", test_own_interrupts, NULL);
    sw_add_cached("/vtd/platform/N4-hpet", test_hpet_rest, NULL);
    sw_add_cached("/vtd/platform/N4-hpet-in-scope", test_hpet_scope, NULL);
    sw_add_cached("/vtd/platform/N4+IRF.26-hpet-source", test_hpet_source, NULL);
    sw_add_cached("/vtd/platform/ioapic", test_ioapic_rest, NULL);
    sw_add_cached("/vtd/platform/ioapic-in-scope", test_ioapic_scope, NULL);
    sw_add_cached("/vtd/platform/migrate", test_migrate, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        qtest_add_data_func(wrong[i].path, &wrong[i], test_wrong);
    }
    return g_test_run();
}

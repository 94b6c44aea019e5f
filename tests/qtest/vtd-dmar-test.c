/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMAR table (VT-d 5.10, chapter 8) as firmware has put it into the guest's memory: SeaBIOS
 * runs, and the table is looked for the way an operating system does.
 *
 * A structure is compared as a whole, in hexadecimal; the spaces in what is expected only help to
 * read it.
 */
#include "qemu/osdep.h"
#include "sw-machine.h"

#include "qemu/bswap.h"
#include "tests/qtest/acpi-utils.h"
#include "tests/qtest/libqos/fw_cfg.h"

#define BIOS_AREA  0xf0000ull
#define BIOS_BYTES 0x10000u
#define BOOT_POLLS 600
#define BOOT_STEP  100000 /* us */

#define TABLES_BYTES (512u * 1024)

#define HEADER 48 /* of the table, with what belongs to DMAR alone */

enum { DRHD, RMRR, ATSR, RHSA, ANDD, SATC };

/* Scopes of the machine without options: host bridge, LPC, AHCI, SMBus. */
#define S_IOAPIC  "03 08 0000 00 ff 0000 "
#define S_HPET    "04 08 0000 00 ff 0001 "
#define S_HOST    "01 08 0000 00 00 0000 "
#define S_LPC     "01 08 0000 00 00 1f00 "
#define S_AHCI    "01 08 0000 00 00 1f02 "
#define S_SMBUS   "01 08 0000 00 00 1f03 "

typedef struct Dmar {
    QTestState *qts;
    uint8_t *table;
    uint32_t len;
} Dmar;

/* ---- finding the table ---------------------------------------------------------------------- */

/* Firmware makes the RSDP last, and sums it up when it is complete. */
static bool find_rsdp(QTestState *qts, uint8_t rsdp[20])
{
    g_autofree uint8_t *area = g_malloc(BIOS_BYTES);

    qtest_memread(qts, BIOS_AREA, area, BIOS_BYTES);
    for (unsigned at = 0; at + 20 <= BIOS_BYTES; at += 16) {
        if (!memcmp(area + at, "RSD PTR ", 8) && !acpi_calc_checksum(area + at, 20)) {
            memcpy(rsdp, area + at, 20);
            return true;
        }
    }
    return false;
}

static void fetch_dmar(Dmar *d, const uint8_t *rsdp)
{
    uint8_t *rsdt, *entry;
    uint32_t rsdt_len;

    acpi_fetch_table(d->qts, &rsdt, &rsdt_len, rsdp + 16, 4, "RSDT", true);
    ACPI_FOREACH_RSDT_ENTRY(rsdt, rsdt_len, entry, 4) {
        uint32_t addr = ldl_le_p(entry);
        char sig[4];

        qtest_memread(d->qts, addr, sig, 4);
        if (!memcmp(sig, "DMAR", 4)) {
            g_assert_null(d->table);
            acpi_fetch_table(d->qts, &d->table, &d->len, entry, 4, "DMAR", true);
        }
    }
    g_free(rsdt);
    g_assert_nonnull(d->table);
}

static Dmar dmar_new(const char *args)
{
    g_autofree char *line = g_strdup_printf("-accel tcg -M q35 -m 256M -nodefaults %s", args);
    Dmar d = { .qts = qtest_init(line) };
    uint8_t rsdp[20];

    for (unsigned i = 0; !find_rsdp(d.qts, rsdp); i++) {
        g_assert_cmpuint(i, <, BOOT_POLLS);
        g_usleep(BOOT_STEP);
    }
    /* Firmware must not be at fw_cfg while a test is. */
    qtest_qmp_assert_success(d.qts, "{ 'execute': 'stop' }");
    fetch_dmar(&d, rsdp);
    return d;
}

static void dmar_free(Dmar *d)
{
    qtest_quit(d->qts);
    g_free(d->table);
}

/* The @n-th structure of @type, or NULL. Checks the chain: it is whole, and in order of types. */
static const uint8_t *structure(const Dmar *d, unsigned type, unsigned n)
{
    const uint8_t *found = NULL;
    unsigned last = 0;
    uint32_t at;

    for (at = HEADER; at < d->len; at += lduw_le_p(d->table + at + 2)) {
        unsigned this = lduw_le_p(d->table + at);

        g_assert_cmpuint(d->len - at, >=, 4);
        g_assert_cmpuint(lduw_le_p(d->table + at + 2), >=, 4);
        g_assert_cmpuint(this, >=, last);
        last = this;
        if (this == type && !n--) {
            found = d->table + at;
        }
    }
    g_assert_cmpuint(at, ==, d->len);
    return found;
}

static char *hex(const uint8_t *bytes, unsigned count)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < count; i++) {
        g_string_append_printf(s, "%02x", bytes[i]);
    }
    return g_string_free(s, FALSE);
}

static char *without_spaces(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    return g_strjoinv("", words);
}

/* Structure @n of @type is @fixed from its fifth byte on, then @scopes. NULL: there is none. */
static void assert_structure(const Dmar *d, unsigned type, unsigned n, const char *fixed,
                             const char *scopes)
{
    const uint8_t *s = structure(d, type, n);
    g_autofree char *have = NULL, *want = NULL, *spaced = NULL;

    if (!fixed) {
        g_assert_null(s);
        return;
    }
    g_assert_nonnull(s);
    have = hex(s + 4, lduw_le_p(s + 2) - 4);
    spaced = g_strconcat(fixed, scopes, NULL);
    want = without_spaces(spaced);
    g_assert_cmpstr(have, ==, want);
}

static void assert_count(const Dmar *d, unsigned type, unsigned count)
{
    g_assert_null(structure(d, type, count));
    g_assert_true(!count || structure(d, type, count - 1));
}

#define AT_1 "0000d9fe00000000 " /* register block of the first unit ... */
#define AT_2 "0010d9fe00000000 "
#define AT_3 "0020d9fe00000000 "

/* ---- one unit ------------------------------------------------------------------------------- */

/* All of it, for the command line that everybody uses: what QEMU's own device makes of it. */
static void test_default(void)
{
    Dmar d = dmar_new("-device intel-iommu,intremap=on,device-iotlb=on");
    g_autofree char *have = NULL;
    g_autofree char *want = without_spaces(
        "444d4152 70000000 01" "XX" "424f43485320 4258504320202020 01000000 42585043 01000000"
        "2f 01 0000000000000000 0000"
        "0000 3800 00 00 0000 " AT_1 S_IOAPIC S_HOST S_LPC S_AHCI S_SMBUS
        "0200 0800 01 00 0000");

    have = hex(d.table, d.len);
    memcpy(have + 18, "XX", 2); /* checksum, right as fetch_dmar() found */
    g_assert_cmpstr(have, ==, want);
    dmar_free(&d);
}

typedef struct OneByte {
    const char *path;
    const char *args;
    unsigned offset;
    uint8_t value;
} OneByte;

#define HAW   36
#define FLAGS 37
#define SIZE  (HEADER + 5)

static const OneByte bytes[] = {
    { "/vtd/dmar/host-width-default", "-device intel-iommu", HAW, 48 - 1 },
    { "/vtd/dmar/host-width-is-not-mgaw", "-device intel-iommu,model=max", HAW, 52 - 1 },
    { "/vtd/dmar/host-width-property", "-device intel-iommu,model=max,haw=46", HAW, 46 - 1 },
    { "/vtd/dmar/host-width-of-all", "-device intel-iommu,model=max "
      "-device intel-iommu,haw=44,scope=00:1f.2", HAW, 44 - 1 },
    { "/vtd/dmar/intr-remap-off", "-device intel-iommu,intremap=off", FLAGS, 0 },
    { "/vtd/dmar/intr-remap-on", "-device intel-iommu,intremap=on", FLAGS, 1 },
    { "/vtd/dmar/opt-in", "-device intel-iommu,platform-opt-in=on", FLAGS, 1 | 4 },
    { "/vtd/dmar/opt-in-alone", "-device intel-iommu,intremap=off,platform-opt-in=on", FLAGS, 4 },
    { "/vtd/dmar/opt-in-of-second", "-device intel-iommu "
      "-device intel-iommu,platform-opt-in=on,scope=00:1f.2", FLAGS, 1 | 4 },
    { "/vtd/dmar/R6-size-one-page", "-device intel-iommu", SIZE, 0 },
    { "/vtd/dmar/R6-size-two-pages", "-device intel-iommu,nfr=256,fro=255", SIZE, 1 },
    { "/vtd/dmar/R6-size-eight-pages", "-device intel-iommu,model=max", SIZE, 3 },
};

static void test_byte(const void *data)
{
    const OneByte *one = data;
    Dmar d = dmar_new(one->args);

    g_assert_cmphex(d.table[one->offset], ==, one->value);
    dmar_free(&d);
}

/* ---- units and scopes ----------------------------------------------------------------------- */

#define DEVICES \
    " -device iommu-dma,id=dma0,addr=04.0 -device iommu-dma,id=dma1,addr=05.0,sriov-vfs=2" \
    " -device pcie-root-port,id=rp1,addr=06.0,chassis=1 -device iommu-dma,id=dma2,bus=rp1" \
    " -device pxb-pcie,id=pxb,bus_nr=32,addr=07.0" \
    " -device pcie-root-port,id=rp2,bus=pxb,addr=00.0,chassis=2" \
    " -device pcie-root-port,id=rp3,bus=pxb,addr=01.0,chassis=3"

#define S_DMA0 "01 08 0000 00 00 0400 "
#define S_DMA1 "01 08 0000 00 00 0500 "
#define S_RP1  "02 08 0000 00 00 0600 "
#define S_PXB  "01 08 0000 00 00 0700 " /* the function that stands for it on bus 0 */
#define S_RP2  "02 08 0000 00 20 0000 "
#define S_RP3  "02 08 0000 00 20 0100 "

/* Scoped units first, in the order of the command line; the one for the rest last [8.3]. */
static void test_units(void)
{
    Dmar d = dmar_new("-device intel-iommu -device intel-iommu,scope=rp1+dma1 "
                      "-device intel-iommu,scope=pxb" DEVICES);

    assert_count(&d, DRHD, 3);
    assert_structure(&d, DRHD, 0, "00 00 0000 " AT_2, S_DMA1 S_RP1);
    assert_structure(&d, DRHD, 1, "00 00 0000 " AT_3, S_RP2 S_RP3);
    assert_structure(&d, DRHD, 2, "01 00 0000 " AT_1, S_IOAPIC);
    assert_count(&d, ATSR, 0);
    assert_count(&d, RHSA, 0);
    dmar_free(&d);
}

/* A port of a root bus may go to another unit than the rest of that bus. */
static void test_split_bus(void)
{
    Dmar d = dmar_new("-device intel-iommu,scope=rp3 -device intel-iommu,scope=pxb "
                      "-device intel-iommu" DEVICES);

    assert_structure(&d, DRHD, 0, "00 00 0000 " AT_1, S_RP3);
    assert_structure(&d, DRHD, 1, "00 00 0000 " AT_2, S_RP2);
    assert_structure(&d, DRHD, 2, "01 00 0000 " AT_3, S_IOAPIC);
    dmar_free(&d);
}

static void test_platform_sources(void)
{
    Dmar d = dmar_new("-device intel-iommu,scope=00:1f.2+ioapic+hpet -device intel-iommu "
                      "-global hpet.msi=on");

    assert_structure(&d, DRHD, 0, "00 00 0000 " AT_1, S_IOAPIC S_HPET S_AHCI);
    assert_structure(&d, DRHD, 1, "01 00 0000 " AT_2, "");
    dmar_free(&d);
}

static void test_hpet_one_unit(void)
{
    Dmar d = dmar_new("-device intel-iommu -global hpet.msi=on");

    assert_structure(&d, DRHD, 0, "00 00 0000 " AT_1,
                     S_IOAPIC S_HPET S_HOST S_LPC S_AHCI S_SMBUS);
    dmar_free(&d);
}

/* INCLUDE_PCI_ALL would claim a bus that bypasses. */
static void test_bypass(void)
{
    Dmar d = dmar_new("-device intel-iommu,scope=dma0 -device intel-iommu "
                      "-device iommu-dma,id=dma0,addr=04.0 "
                      "-device pxb-pcie,id=pxb,bus_nr=32,addr=07.0,bypass_iommu=on "
                      "-device pcie-root-port,id=rp2,bus=pxb,chassis=2");

    assert_structure(&d, DRHD, 0, "00 00 0000 " AT_1, S_DMA0);
    assert_structure(&d, DRHD, 1, "00 00 0000 " AT_2,
                     S_IOAPIC S_HOST S_PXB S_LPC S_AHCI S_SMBUS);
    dmar_free(&d);
}

/* Only the physical function is listed [8.3]. */
static void test_virtual_functions(void)
{
    Dmar d = dmar_new("-device intel-iommu -device iommu-dma,addr=05.0,sriov-vfs=3");

    assert_structure(&d, DRHD, 0, "00 00 0000 " AT_1,
                     S_IOAPIC S_HOST S_DMA1 S_LPC S_AHCI S_SMBUS);
    dmar_free(&d);
}

/* A register block is aligned to its size. */
static void test_alignment(void)
{
    Dmar d = dmar_new("-device intel-iommu,scope=00:1f.2 "
                      "-device intel-iommu,scope=00:1f.3,model=max -device intel-iommu");
    const uint64_t cap = 0x8, base[] = { 0xfed90000, 0xfed98000, 0xfeda0000 };

    assert_structure(&d, DRHD, 0, "00 00 0000 " AT_1, S_AHCI);
    assert_structure(&d, DRHD, 1, "00 03 0000 0080d9fe00000000 ", S_SMBUS);
    assert_structure(&d, DRHD, 2, "01 00 0000 0000dafe00000000 ", S_IOAPIC);
    for (unsigned i = 0; i < G_N_ELEMENTS(base); i++) {
        g_assert_cmphex(qtest_readq(d.qts, base[i] + cap), !=, 0);
        g_assert_cmphex(qtest_readq(d.qts, base[i] + cap), !=, UINT64_MAX);
    }
    dmar_free(&d);
}

/* ---- reserved memory ------------------------------------------------------------------------ */

static void assert_e820_reserved(QTestState *qts, uint64_t base, uint64_t bytes)
{
    QFWCFG *fw_cfg = pc_fw_cfg_init(qts);
    uint8_t buf[20 * 64];
    size_t len = qfw_cfg_get_file(fw_cfg, "etc/e820", buf, sizeof(buf));
    bool found = false;

    for (size_t at = 0; at + 20 <= MIN(len, sizeof(buf)); at += 20) {
        found |= ldq_le_p(buf + at) == base && ldq_le_p(buf + at + 8) == bytes &&
                 ldl_le_p(buf + at + 16) == 2;
    }
    g_assert_true(found);
    pc_fw_cfg_uninit(fw_cfg);
}

static void test_rmrr(void)
{
    Dmar d = dmar_new("-device intel-iommu,scope=rp1,rmrr=0xa000000-0xa0fffff@dma2 "
                      "-device intel-iommu,"
                      "rmrr=0xb000000-0xb000fff@00:1f.2+dma0/0xb001000-0xb002fff@00:1f.2" DEVICES);

    assert_count(&d, RMRR, 3);
    /* The path to a device behind a port goes through the port. */
    assert_structure(&d, RMRR, 0, "0000 0000 0000000a00000000 ffff0f0a00000000 ",
                     "01 0a 0000 00 00 0600 0000");
    assert_structure(&d, RMRR, 1, "0000 0000 0000000b00000000 ff0f000b00000000 ", S_AHCI S_DMA0);
    assert_structure(&d, RMRR, 2, "0000 0000 0010000b00000000 ff2f000b00000000 ", S_AHCI);
    assert_e820_reserved(d.qts, 0xa000000, 0x100000);
    assert_e820_reserved(d.qts, 0xb000000, 0x1000);
    assert_e820_reserved(d.qts, 0xb001000, 0x2000);
    dmar_free(&d);
}

/* ---- ATS ------------------------------------------------------------------------------------ */

typedef struct Ats {
    const char *path;
    const char *args;
    const char *fixed; /* NULL: no ATSR */
    const char *scopes;
} Ats;

#define SOME "00 00 0000 "

static const Ats ats[] = {
    { "/vtd/dmar/atsr-all-units", "-device intel-iommu,device-iotlb=on,scope=rp1 "
      "-device intel-iommu,device-iotlb=on", "01 00 0000 ", "" },
    { "/vtd/dmar/atsr-of-one-unit", "-device intel-iommu,device-iotlb=on,scope=pxb "
      "-device intel-iommu", SOME, S_RP2 S_RP3 },
    { "/vtd/dmar/atsr-of-rest", "-device intel-iommu,scope=pxb "
      "-device intel-iommu,device-iotlb=on", SOME, S_RP1 },
    { "/vtd/dmar/atsr-ports", "-device intel-iommu,device-iotlb=on,ats-ports=rp3+rp1", SOME,
      S_RP3 S_RP1 },
    { "/vtd/dmar/atsr-ports-of-one-unit",
      "-device intel-iommu,device-iotlb=on,scope=pxb,ats-ports=rp3 "
      "-device intel-iommu,device-iotlb=on", SOME, S_RP3 S_RP1 },
    { "/vtd/dmar/atsr-none", "-device intel-iommu,device-iotlb=on,ats-ports=none", NULL, NULL },
    { "/vtd/dmar/atsr-no-device-tlbs", "-device intel-iommu", NULL, NULL },
};

static void test_ats(const void *data)
{
    const Ats *a = data;
    g_autofree char *args = g_strconcat(a->args, DEVICES, NULL);
    Dmar d = dmar_new(args);

    assert_structure(&d, ATSR, 0, a->fixed, a->scopes);
    assert_count(&d, ATSR, a->fixed != NULL);
    dmar_free(&d);
}

/* One structure for all devices with the same flag [8.8]. */
static void test_satc(void)
{
    Dmar d = dmar_new("-device intel-iommu,device-iotlb=on,scope=dma1,satc-required=dma1 "
                      "-device intel-iommu,device-iotlb=on,scope=dma3,satc=dma3 "
                      "-device intel-iommu,device-iotlb=on,satc=dma0 "
                      "-device iommu-dma,id=dma3,addr=08.0" DEVICES);

    assert_count(&d, SATC, 2);
    assert_structure(&d, SATC, 0, "00 00 0000 ", "01 08 0000 00 00 0800" S_DMA0);
    assert_structure(&d, SATC, 1, "01 00 0000 ", S_DMA1);
    dmar_free(&d);
}

/* ---- NUMA ----------------------------------------------------------------------------------- */

static void test_rhsa(void)
{
    Dmar d = dmar_new("-object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 "
                      "-object memory-backend-ram,id=m1,size=128M -numa node,memdev=m1 "
                      "-device intel-iommu,proximity-domain=0 "
                      "-device intel-iommu,proximity-domain=1,scope=00:1f.2");

    assert_count(&d, RHSA, 2);
    assert_structure(&d, RHSA, 0, "00000000 " AT_2 "01000000", "");
    assert_structure(&d, RHSA, 1, "00000000 " AT_1 "00000000", "");
    dmar_free(&d);
}

/* Firmware's copy of the tables is made when it is first read after a reset. */
static bool tables_have(QTestState *qts, const char *bytes, size_t len)
{
    QFWCFG *fw_cfg = pc_fw_cfg_init(qts);
    g_autofree char *tables = g_malloc(TABLES_BYTES);
    size_t have = qfw_cfg_get_file(fw_cfg, "etc/acpi/tables", tables, TABLES_BYTES);

    pc_fw_cfg_uninit(fw_cfg);
    g_assert_cmpuint(have, >, 0);
    return memmem(tables, MIN(have, TABLES_BYTES), bytes, len);
}

/* A device that was named and is unplugged is left out of the next table. */
static void test_device_gone(void)
{
    static const char reserved[] = "\0\0\0\x08\0\0\0\0\xff\xff\x0f\x08"; /* its two addresses */
    QTestState *qts = qtest_init("-M q35 -m 256M -nodefaults "
                                 "-device intel-iommu,rmrr=0x8000000-0x80fffff@nic "
                                 "-device pcie-root-port,id=rp,chassis=1 "
                                 "-device e1000e,id=nic,bus=rp");

    g_assert_true(tables_have(qts, "DMAR", 4));
    g_assert_true(tables_have(qts, reserved, 12));
    qtest_qmp_assert_success(qts, "{ 'execute': 'device_del', 'arguments': { 'id': 'nic' } }");
    qtest_system_reset_nowait(qts);
    qtest_qmp_eventwait(qts, "DEVICE_DELETED");
    g_assert_true(tables_have(qts, "DMAR", 4));
    g_assert_false(tables_have(qts, reserved, 12));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/vtd/dmar/default", test_default);
    for (unsigned i = 0; i < G_N_ELEMENTS(bytes); i++) {
        qtest_add_data_func(bytes[i].path, &bytes[i], test_byte);
    }
    qtest_add_func("/vtd/dmar/units", test_units);
    qtest_add_func("/vtd/dmar/split-bus", test_split_bus);
    qtest_add_func("/vtd/dmar/ioapic-and-hpet", test_platform_sources);
    qtest_add_func("/vtd/dmar/hpet", test_hpet_one_unit);
    qtest_add_func("/vtd/dmar/bypass", test_bypass);
    qtest_add_func("/vtd/dmar/virtual-functions", test_virtual_functions);
    qtest_add_func("/vtd/dmar/R6-alignment", test_alignment);
    qtest_add_func("/vtd/dmar/rmrr", test_rmrr);
    qtest_add_func("/vtd/dmar/rmrr-of-a-device-that-is-gone", test_device_gone);
    for (unsigned i = 0; i < G_N_ELEMENTS(ats); i++) {
        qtest_add_data_func(ats[i].path, &ats[i], test_ats);
    }
    qtest_add_func("/vtd/dmar/satc", test_satc);
    qtest_add_func("/vtd/dmar/rhsa", test_rhsa);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices and bridges that come and go behind a VT-d unit: requesters follow them, and what is
 * plugged later is a requester of its own. By PCIe's native hot plug, with the test for a guest.
 */
#include "qemu/osdep.h"
#include "vtd-units.h"

#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"

#define IOVA_LOW 0x76543000ull /* edu has 32 address bits here */

#define PORT RID(0, 6, 0)
#define FURTHER 3 /* bridges that stay, in port1 to port3 */

static void plug_start(Units *b, const SwCase *c, const char *more)
{
    g_autofree char *args = g_strdup_printf(
        "-M q35 -m 1G -nic none -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off "
        "-device intel-iommu,id=u0%s%s %s "
        "-device pcie-root-port,id=rp,addr=06.0,chassis=1 "
        "-device pcie-root-port,id=port1,addr=08.0,chassis=2 "
        "-device pcie-root-port,id=port2,addr=09.0,chassis=3 "
        "-device pcie-root-port,id=port3,addr=0a.0,chassis=4", c->caches ? ",caches=" : "",
        c->caches ? c->caches : "", more);

    *b = (Units) { 0 };
    b->unit[0].base = 0xfed90000ull;
    units_attach(b, qtest_init(args));
    units_open_ecam(b);
}

/* Once it is known who comes. */
static void plug_translate(Units *b, uint16_t rid)
{
    b->dev[0].rid = rid;
    units_drive_unit(b, &b->unit[0]);
    units_translate(b, &b->unit[0]);
}

static uint64_t slot_control(Units *b)
{
    return units_config(PORT, units_cap(b, PORT, PCI_CAP_ID_EXP) + PCI_EXP_SLTCTL);
}

/* The way of native hot plug: ask, and let the "guest" switch the slot off. */
static void unplug(Units *b, const char *id)
{
    uint64_t at = slot_control(b);
    uint16_t control = qtest_readw(b->qts, at);

    qtest_writew(b->qts, at,
                 (control & ~(PCI_EXP_SLTCTL_PIC | PCI_EXP_SLTCTL_PCC)) |
                 PCI_EXP_SLTCTL_PWR_IND_ON);
    qtest_qmp_assert_success(b->qts, "{ 'execute': 'device_del', 'arguments': { 'id': %s } }", id);
    qtest_writew(b->qts, at,
                 (control & ~PCI_EXP_SLTCTL_PIC) | PCI_EXP_SLTCTL_PWR_IND_OFF |
                 PCI_EXP_SLTCTL_PWR_OFF);
    qtest_qmp_eventwait(b->qts, "DEVICE_DELETED");
}

static void power_on(Units *b)
{
    uint64_t at = slot_control(b);
    uint16_t control = qtest_readw(b->qts, at);

    qtest_writew(b->qts, at,
                 (control & ~(PCI_EXP_SLTCTL_PIC | PCI_EXP_SLTCTL_PCC)) |
                 PCI_EXP_SLTCTL_PWR_IND_ON);
}

static void add_dma(Units *b, uint64_t mmio)
{
    qtest_qmp_assert_success(b->qts, "{ 'execute': 'device_add', 'arguments': { 'driver': "
                             "'iommu-dma', 'id': 'dma', 'bus': 'rp' } }");
    power_on(b);
    units_open_port(b, PORT, 1, mmio);
    units_open_device(b, &b->dev[0], RID(1, 0, 0), mmio);
}

/* Another device in the slot of one that is gone: translated, and by what its tables say now. */
static void test_replug(const SwCase *c)
{
    uint64_t second;
    Units b;

    plug_start(&b, c, "");
    for (unsigned round = 0; round < 3; round++) {
        add_dma(&b, UNITS_MMIO + round * UNITS_MMIO_STEP);
        if (!round) {
            plug_translate(&b, RID(1, 0, 0));
        }
        g_assert_cmpuint(units_fill(&b.dev[0], UNITS_IOVA, 0x50 + round), ==, IDMA_STATUS_OK);
        g_assert_cmphex(gmem_read64(&b.mem, b.unit[0].page), ==, 0x50 + round);
        unplug(&b, "dma");
        second = gmem_alloc(&b.mem, 4096, 4096);
        vtd_pages_map_smallest(&b.unit[0].pages, UNITS_IOVA, second, 4096, VTD_SS_RW);
        g_assert_true(vtd_driver_issue(&b.unit[0].d, vtd_make_iotlb_global()));
        b.unit[0].page = second;
    }
    qtest_quit(b.qts);
}

/* What is plugged below a port is behind the port's unit [8.3.4]. */
static void test_scope(const SwCase *c)
{
    Units b;

    plug_start(&b, c, "-device intel-iommu,id=u1,scope=rp");
    b.unit[0].base += 0x1000;
    add_dma(&b, UNITS_MMIO);
    plug_translate(&b, RID(1, 0, 0));
    g_assert_cmpuint(units_fill(&b.dev[0], UNITS_IOVA, 0x60), ==, IDMA_STATUS_OK);
    g_assert_cmphex(gmem_read64(&b.mem, b.unit[0].page), ==, 0x60);
    qtest_quit(b.qts);
}

/* IOMMU regions of the unit: one for each requester there is or was. */
static unsigned requesters(Units *b)
{
    QDict *r = qtest_qmp(b->qts, "{ 'execute': 'qom-list', "
                                 "'arguments': { 'path': '/machine/peripheral/u0' } }");
    unsigned count = 0;
    const QListEntry *e;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(r, "return"), e) {
        count += g_str_equal(qdict_get_str(qobject_to(QDict, qlist_entry_obj(e)), "type"),
                             "child<intel-iommu-iommu-memory-region>");
    }
    qobject_unref(r);
    return count;
}

/*
 * A bridge goes with the bus that it made, and another comes with a bus of the same number. What is
 * behind that is translated like any other, and no requester's remains pile up. A further bridge
 * that stays takes the memory of the one that went, so that the next bus is another object.
 */
static void test_bridge_goes(const SwCase *c)
{
    const uint16_t bridge = RID(1, 0, 0);
    const uint16_t rid = RID(2, 0, 0); /* of all that is behind a PCIe-to-PCI bridge */
    unsigned before;
    Units b;

    plug_start(&b, c, "");
    before = requesters(&b);
    for (unsigned round = 0; round <= FURTHER; round++) {
        unsigned slot = 1 + round;
        g_autofree char *addr = g_strdup_printf("%02x.0", slot);
        SwMachine edu = { .qts = b.qts, .edu_bar = UNITS_MMIO };
        uint64_t page, at;

        qtest_qmp_assert_success(b.qts, "{ 'execute': 'device_add', 'arguments': { 'driver': "
                                 "'pcie-pci-bridge', 'id': 'br', 'bus': 'rp' } }");
        power_on(&b);
        units_open_port(&b, PORT, 1, UNITS_MMIO);
        qtest_writeb(b.qts, units_config(PORT, PCI_SUBORDINATE_BUS), 2);
        units_open_port(&b, bridge, 2, UNITS_MMIO);
        qtest_qmp_assert_success(b.qts, "{ 'execute': 'device_add', 'arguments': { 'driver': "
                                 "'edu', 'id': 'edu', 'bus': 'br', 'addr': %s, "
                                 "'dma_mask': 4294967295 } }", addr);
        at = units_config(RID(2, slot, 0), 0);
        g_assert_cmphex(qtest_readw(b.qts, at + PCI_DEVICE_ID), ==, 0x11e8);
        qtest_writel(b.qts, at + PCI_BASE_ADDRESS_0, UNITS_MMIO);
        qtest_writew(b.qts, at + PCI_COMMAND,
                     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
        if (!round) {
            plug_translate(&b, rid);
        }
        page = gmem_alloc(&b.mem, 4096, 4096);
        vtd_pages_map_smallest(&b.unit[0].pages, IOVA_LOW, page, 4096, VTD_SS_RW);
        g_assert_true(vtd_driver_issue(&b.unit[0].d, vtd_make_iotlb_global()));
        gmem_write64(&b.mem, page, 0x7700 + round);
        sw_edu_copy(&edu, IOVA_LOW + 8, IOVA_LOW, 8);
        g_assert_cmphex(gmem_read64(&b.mem, page + 8), ==, 0x7700 + round);

        unplug(&b, "br");
        if (round < FURTHER) {
            g_autofree char *id = g_strdup_printf("further%u", round + 1);
            g_autofree char *port = g_strdup_printf("port%u", round + 1);

            qtest_qmp_assert_success(b.qts, "{ 'execute': 'device_add', 'arguments': { 'driver': "
                                     "'pcie-pci-bridge', 'id': %s, 'bus': %s } }", id, port);
        }
        /* One for the slot of the port; and edu's, which the further bridge has taken over. */
        g_assert_cmpuint(requesters(&b), ==, before + 1 + round + 1);
    }
    qtest_quit(b.qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sw_add_cached("/vtd/hotplug/device", test_replug, NULL);
    sw_add_cached("/vtd/hotplug/scope", test_scope, NULL);
    sw_add_cached("/vtd/hotplug/bridge", test_bridge_goes, NULL);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine under qtest with iommu-dma. */
#include "qemu/osdep.h"
#include "dma-machine.h"
#include "sw-bus.h"
#include "sw-migrate.h"

#include "hw/pci/pci_regs.h"

/* virt: addresses of hw/arm/virt.c's memory map. */
#define VIRT_RAM       0x40000000ull
#define VIRT_SMMU      0x09050000ull
#define VIRT_ECAM      0x4010000000ull
#define VIRT_PCI_MMIO  0x10000000ull

/* q35: RAM from 0, PCI hole below 4 GB. */
#define Q35_VTD        0xfed90000ull
#define Q35_PCI_MMIO   0xc0000000ull
#define Q35_MMCONFIG   0xb0000000ull
#define Q35_PCIEXBAR   0x60
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

#define RAM_BYTES      (1024ull << 20)
#define ALLOC_OFFSET   (256ull << 20)
#define MSIX_OFFSET    0x100000
#define WAIT_NS        1000

#define PORT_SLOT      5 /* of rp0 */
#define PORT_WINDOW    0x200000

bool dma_is_x86(void)
{
    return g_str_equal(qtest_get_arch(), "x86_64");
}

static uint64_t dma_reg_read(void *opaque, uint64_t offset, unsigned size)
{
    DmaMachine *m = opaque;

    return sw_reg_read(m->qts, m->bar + offset, size);
}

static void dma_reg_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    DmaMachine *m = opaque;

    sw_reg_write(m->qts, m->bar + offset, value, size);
}

static uint64_t iommu_reg_read(void *opaque, uint64_t offset, unsigned size)
{
    DmaMachine *m = opaque;

    return sw_reg_read(m->qts, m->iommu_base + offset, size);
}

static void iommu_reg_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    DmaMachine *m = opaque;

    sw_reg_write(m->qts, m->iommu_base + offset, value, size);
}

/* A device that waits for a cycle waits in virtual time, which stands still under qtest. */
static void wait_step(void *opaque)
{
    DmaMachine *m = opaque;

    qtest_clock_step(m->qts, WAIT_NS);
}

static uint64_t cfg_addr(const DmaMachine *m, unsigned fn, unsigned reg)
{
    return m->ecam + ((m->rid + fn) << 12) + reg;
}

uint32_t dma_cfg_read(DmaMachine *m, unsigned fn, unsigned reg, unsigned size)
{
    uint64_t addr = cfg_addr(m, fn, reg);

    switch (size) {
    case 1:
        return qtest_readb(m->qts, addr);
    case 2:
        return qtest_readw(m->qts, addr);
    default:
        return qtest_readl(m->qts, addr);
    }
}

void dma_cfg_write(DmaMachine *m, unsigned fn, unsigned reg, uint32_t value, unsigned size)
{
    uint64_t addr = cfg_addr(m, fn, reg);

    switch (size) {
    case 1:
        qtest_writeb(m->qts, addr, value);
        break;
    case 2:
        qtest_writew(m->qts, addr, value);
        break;
    default:
        qtest_writel(m->qts, addr, value);
        break;
    }
}

unsigned dma_cfg_cap(DmaMachine *m, unsigned fn, unsigned id)
{
    return sw_pci_cap(m->qts, cfg_addr(m, fn, 0), id);
}

unsigned dma_cfg_ext_cap(DmaMachine *m, unsigned fn, unsigned id)
{
    return sw_pci_ext_cap(m->qts, cfg_addr(m, fn, 0), id);
}

static unsigned need_ext_cap(DmaMachine *m, unsigned id)
{
    unsigned cap = dma_cfg_ext_cap(m, 0, id);

    g_assert_cmphex(cap, !=, 0);
    return cap;
}

void dma_enable_pasid(DmaMachine *m, bool on)
{
    dma_cfg_write(m, 0, need_ext_cap(m, PCI_EXT_CAP_ID_PASID) + PCI_PASID_CTRL,
                  on ? PCI_PASID_CTRL_ENABLE | PCI_PASID_CTRL_EXEC | PCI_PASID_CTRL_PRIV : 0, 2);
}

void dma_enable_ats(DmaMachine *m, bool on)
{
    dma_cfg_write(m, 0, need_ext_cap(m, PCI_EXT_CAP_ID_ATS) + PCI_ATS_CTRL,
                  on ? PCI_ATS_CTRL_ENABLE : 0, 2);
}

void dma_enable_pri(DmaMachine *m, bool on)
{
    unsigned cap = need_ext_cap(m, PCI_EXT_CAP_ID_PRI);

    dma_cfg_write(m, 0, cap + PCI_PRI_ALLOC_REQ, 32, 4);
    dma_cfg_write(m, 0, cap + PCI_PRI_CTRL, on ? PCI_PRI_CTRL_ENABLE : 0, 2);
}

void dma_enable_msix(DmaMachine *m, unsigned vector, uint64_t addr, uint32_t data)
{
    unsigned cap = dma_cfg_cap(m, 0, PCI_CAP_ID_MSIX);
    uint64_t entry = m->msix + vector * PCI_MSIX_ENTRY_SIZE;

    g_assert_cmphex(cap, !=, 0);
    qtest_writel(m->qts, entry + PCI_MSIX_ENTRY_LOWER_ADDR, addr);
    qtest_writel(m->qts, entry + PCI_MSIX_ENTRY_UPPER_ADDR, addr >> 32);
    qtest_writel(m->qts, entry + PCI_MSIX_ENTRY_DATA, data);
    qtest_writel(m->qts, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    dma_cfg_write(m, 0, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
}

static void place_bars(DmaMachine *m)
{
    dma_cfg_write(m, 0, PCI_BASE_ADDRESS_0 + 4 * IDMA_BAR, m->bar, 4);
    dma_cfg_write(m, 0, PCI_BASE_ADDRESS_0 + 4 * IDMA_MSIX_BAR, m->msix, 4);
    dma_cfg_write(m, 0, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

void dma_flr(DmaMachine *m)
{
    unsigned cap = dma_cfg_cap(m, 0, PCI_CAP_ID_EXP);

    dma_cfg_write(m, 0, cap + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2);
    place_bars(m);
}

char *dma_machine_args(const char *iommu, const char *props, const char *args)
{
    GString *s;

    if (dma_is_x86()) {
        s = g_string_new("-M q35 -m 1G");
        if (iommu) {
            g_string_append_printf(s, " -device intel-iommu%s%s", *iommu ? "," : "", iommu);
        }
    } else {
        s = g_string_new(iommu ? "-M virt,iommu=smmuv3,gic-version=3 -cpu max -m 1G"
                               : "-M virt,gic-version=3 -cpu max -m 1G");
        if (iommu && *iommu) {
            g_auto(GStrv) list = g_strsplit(iommu, ",", -1);

            for (char **p = list; *p; p++) {
                g_string_append_printf(s, " -global arm-smmuv3.%s", *p);
            }
        }
    }
    if (args) {
        g_string_append_printf(s, " %s", args);
    }
    g_string_append_printf(s, " -nic none -device iommu-dma,id=dma,addr=%02x.0%s%s", DMA_SLOT,
                           props ? "," : "", props ? props : "");
    return g_string_free(s, FALSE);
}

/* All but the device. */
static DmaMachine *machine_attach(QTestState *qts)
{
    DmaMachine *m = g_new0(DmaMachine, 1);
    bool x86 = dma_is_x86();

    m->qts = qts;
    m->rid = DMA_RID(0);
    m->ram = x86 ? 0 : VIRT_RAM;
    m->ecam = x86 ? Q35_MMCONFIG : VIRT_ECAM;
    m->iommu_base = x86 ? Q35_VTD : VIRT_SMMU;
    m->bar = x86 ? Q35_PCI_MMIO : VIRT_PCI_MMIO;
    m->msix = m->bar + MSIX_OFFSET;
    m->regs = (RegBus) {
        .read = dma_reg_read, .write = dma_reg_write, .wait = wait_step, .opaque = m,
    };
    m->iommu = (RegBus) {
        .read = iommu_reg_read, .write = iommu_reg_write, .wait = wait_step, .opaque = m,
    };
    m->mem = (GuestMem) {
        .write = sw_mem_write, .read = sw_mem_read, .opaque = qts,
        .next = m->ram + ALLOC_OFFSET, .end = m->ram + RAM_BYTES,
    };
    return m;
}

/* Let the host bridge decode MMCONFIG, as firmware would. */
static void enable_mmconfig(DmaMachine *m)
{
    if (dma_is_x86()) {
        qtest_outl(m->qts, CONFIG_ADDRESS, 0x80000000u | Q35_PCIEXBAR);
        qtest_outl(m->qts, CONFIG_DATA, Q35_MMCONFIG | 1);
    }
}

DmaMachine *dma_machine_attach(QTestState *qts, bool setup)
{
    DmaMachine *m = machine_attach(qts);

    if (setup) {
        enable_mmconfig(m);
        place_bars(m);
    }
    g_assert_true(dma_driver_init(&m->dma, &m->regs));
    return m;
}

DmaMachine *dma_machine_new(const char *iommu, const char *props, const char *args)
{
    char *line = dma_machine_args(iommu, props, args);
    DmaMachine *m = dma_machine_attach(qtest_init(line), true);

    m->args = line;
    return m;
}

void dma_machine_free(DmaMachine *m)
{
    qtest_quit(m->qts);
    g_free(m->args);
    g_free(m);
}

static uint64_t port_cfg(const DmaMachine *m, unsigned port, unsigned reg)
{
    return m->ecam + ((PORT_SLOT + port) << 15) + reg;
}

void dma_number_bus(DmaMachine *m, unsigned port, unsigned bus)
{
    qtest_writel(m->qts, port_cfg(m, port, PCI_PRIMARY_BUS), bus << 16 | bus << 8);
}

/* Window @port of memory space goes to the bus below it. */
static void open_port(DmaMachine *m, unsigned port)
{
    uint64_t first = m->bar + (uint64_t)port * PORT_WINDOW, last = first + PORT_WINDOW - 1;

    qtest_writel(m->qts, port_cfg(m, port, PCI_MEMORY_BASE), (last & 0xfff00000) | first >> 16);
    qtest_writew(m->qts, port_cfg(m, port, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    dma_number_bus(m, port, port + 1);
}

DmaMachine *dma_machine_new_behind_ports(const char *iommu, const char *props)
{
    /* Hot-plug by the port's own registers: what ACPI would do needs a guest. */
    g_autofree char *ports = g_strdup_printf(
        "%s -device pcie-root-port,id=rp0,addr=%02x.0,chassis=1 "
        "-device pcie-root-port,id=rp1,addr=%02x.0,chassis=2 "
        "-device iommu-dma,id=other,bus=rp1%s%s",
        dma_is_x86() ? "-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off" : "",
        PORT_SLOT, PORT_SLOT + 1, props ? "," : "", props ? props : "");
    g_autofree char *all = g_strdup_printf("bus=rp0,addr=0%s%s", props ? "," : "",
                                           props ? props : "");
    char *line = dma_machine_args(iommu, all, ports);
    DmaMachine *m = machine_attach(qtest_init(line));

    m->args = line;
    m->rid = 1 << 8;
    enable_mmconfig(m);
    for (unsigned port = 0; port < DMA_PORTS; port++) {
        open_port(m, port);
    }
    place_bars(m);
    g_assert_true(dma_driver_init(&m->dma, &m->regs));
    return m;
}

DmaMachine *dma_machine_other(DmaMachine *m)
{
    DmaMachine *other = machine_attach(m->qts);

    other->rid = 2 << 8;
    other->bar += PORT_WINDOW;
    other->msix += PORT_WINDOW;
    place_bars(other);
    g_assert_true(dma_driver_init(&other->dma, &other->regs));
    return other;
}

void dma_machine_other_free(DmaMachine *other)
{
    g_free(other);
}

void dma_unplug(DmaMachine *m)
{
    unsigned at = sw_pci_cap(m->qts, port_cfg(m, 0, 0), PCI_CAP_ID_EXP);

    qtest_qmp_assert_success(m->qts, "{'execute': 'device_del', 'arguments': {'id': 'dma'}}");
    qtest_writew(m->qts, port_cfg(m, 0, at + PCI_EXP_SLTCTL),
                 PCI_EXP_SLTCTL_PWR_IND_OFF | PCI_EXP_SLTCTL_PCC);
    qtest_qmp_eventwait(m->qts, "DEVICE_DELETED");
}

void dma_machine_migrate(DmaMachine *m)
{
    m->qts = sw_migrate(m->qts, m->args);
    m->mem.opaque = m->qts;
    sw_continue(m->qts);
}

DmaCompletion dma_do(DmaMachine *m, DmaDesc desc)
{
    DmaCompletion c;

    g_assert_true(dma_run(&m->dma, 0, &desc, &c));
    return c;
}

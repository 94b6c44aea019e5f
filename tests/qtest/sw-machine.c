/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine under qtest with an IOMMU and one `edu` device behind it. */
#include "qemu/osdep.h"
#include "sw-machine.h"
#include "sw-bus.h"
#include "sw-migrate.h"

#include "hw/pci/pci_regs.h"

#define SLOT 4
#define DEVFN (SLOT << 3)
#define EDU_DEVICE "edu,addr=04.0,dma_mask=0xffffffffffffffff"

/* virt: addresses of hw/arm/virt.c's memory map. */
#define VIRT_RAM       0x40000000ull
#define VIRT_RAM_BYTES (1024ull << 20)
#define VIRT_SMMU      0x09050000ull
#define VIRT_SMMU_WIDE 0x0b000000ull /* one with more than two register pages */
#define SMMU_CIDR0     0xff0
#define VIRT_ECAM      0x4010000000ull
#define VIRT_PCI_MMIO  0x10000000ull

/* q35: RAM from 0, PCI hole below 4 GB. */
#define Q35_RAM_BYTES (1024ull << 20)
#define Q35_VTD       0xfed90000ull
#define Q35_PCI_MMIO  0xc0000000ull
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

/* What gmem_alloc() may use: above firmware, loader and data of tests. */
#define ALLOC_OFFSET (256ull << 20)

/* edu registers (docs/specs/edu.rst). */
#define EDU_ID       0x00
#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACK  0x64
#define EDU_DMA_SRC  0x80
#define EDU_DMA_DST  0x88
#define EDU_DMA_CNT  0x90
#define EDU_DMA_CMD  0x98
#define EDU_CMD_RUN  0x1
#define EDU_CMD_TO_RAM 0x2
#define EDU_BUFFER   0x40000
#define EDU_DELAY_NS (100 * 1000 * 1000)

const char *const sw_cache_sizes[] = { "off", "one", "full" };

static uint64_t iommu_read(void *opaque, uint64_t offset, unsigned size)
{
    SwMachine *m = opaque;

    return sw_reg_read(m->qts, m->iommu_base + offset, size);
}

static void iommu_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    SwMachine *m = opaque;

    sw_reg_write(m->qts, m->iommu_base + offset, value, size);
}

static void config_write(SwMachine *m, unsigned reg, uint32_t value)
{
    if (m->ecam) {
        qtest_writel(m->qts, m->ecam + (DEVFN << 12) + reg, value);
    } else {
        qtest_outl(m->qts, CONFIG_ADDRESS, 0x80000000u | DEVFN << 8 | reg);
        qtest_outl(m->qts, CONFIG_DATA, value);
    }
}

static void edu_configure(SwMachine *m)
{
    config_write(m, PCI_BASE_ADDRESS_0, m->edu_bar);
    config_write(m, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_assert_cmphex(qtest_readl(m->qts, m->edu_bar + EDU_ID), ==, 0x010000ed);
}

static SwMachine *machine_new(const char *args, uint64_t iommu_base, uint64_t ecam, uint64_t mmio,
                              uint64_t ram, uint64_t ram_bytes)
{
    SwMachine *m = g_new0(SwMachine, 1);

    m->qts = qtest_init(args);
    m->args = g_strdup(args);
    m->iommu_base = iommu_base;
    m->ecam = ecam;
    m->edu_bar = mmio;
    m->regs = (RegBus) { .read = iommu_read, .write = iommu_write, .opaque = m };
    m->mem = (GuestMem) {
        .write = sw_mem_write, .read = sw_mem_read, .opaque = m->qts,
        .next = ram + ALLOC_OFFSET, .end = ram + ram_bytes,
    };
    edu_configure(m);
    return m;
}

/* " -global arm-smmuv3.NAME=VALUE" for each of a comma-separated list. */
static void append_globals(GString *args, const char *driver, const char *properties)
{
    g_auto(GStrv) list = g_strsplit(properties, ",", -1);

    for (char **p = list; *p; p++) {
        g_string_append_printf(args, " -global %s.%s", driver, *p);
    }
}

SwMachine *sw_machine_virt(const char *caches, const char *properties)
{
    g_autoptr(GString) args = g_string_new("-M virt,iommu=smmuv3,gic-version=3 -cpu max -m 1G "
                                           "-device " EDU_DEVICE);
    SwMachine *m;

    if (caches) {
        g_string_append_printf(args, " -global arm-smmuv3.caches=%s", caches);
    }
    if (properties) {
        append_globals(args, "arm-smmuv3", properties);
    }
    m = machine_new(args->str, VIRT_SMMU, VIRT_ECAM, VIRT_PCI_MMIO, VIRT_RAM, VIRT_RAM_BYTES);
    if (!qtest_readl(m->qts, VIRT_SMMU + SMMU_CIDR0)) {
        m->iommu_base = VIRT_SMMU_WIDE;
    }
    return m;
}

SwMachine *sw_machine_q35(const char *caches, const char *properties)
{
    g_autoptr(GString) args = g_string_new("-M q35 -m 1G "
                                           "-device intel-iommu,intremap=on");

    if (caches) {
        g_string_append_printf(args, ",caches=%s", caches);
    }
    if (properties) {
        g_string_append_printf(args, ",%s", properties);
    }
    g_string_append(args, " -device " EDU_DEVICE);
    return machine_new(args->str, Q35_VTD, 0, Q35_PCI_MMIO, 0, Q35_RAM_BYTES);
}

void sw_machine_free(SwMachine *m)
{
    qtest_quit(m->qts);
    g_free(m->args);
    g_free(m);
}

void sw_machine_migrate(SwMachine *m)
{
    m->qts = sw_migrate(m->qts, m->args);
    sw_continue(m->qts);
    m->mem.opaque = m->qts;
    edu_configure(m);
}

void sw_assert_refused(const char *args, const char *value, const char *allowed)
{
    g_autofree char *command = g_strdup_printf("timeout 30 %s -accel qtest -display none %s",
                                               g_getenv("QTEST_QEMU_BINARY"), args);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    if (!g_spawn_command_line_sync(command, &out, &err, &status, &error)) {
        g_error("%s: %s", command, error->message);
    }
    g_test_message("%s: %s", args, err);
    g_assert_cmpint(status, !=, 0);
    /* Refused, not crashed or waited for in vain. */
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    g_assert_nonnull(strstr(err, value));
    g_assert_nonnull(strstr(err, allowed));
    g_assert_cmpuint(strlen(err), >, 0);
    g_assert_true(strchr(err, '\n') == err + strlen(err) - 1);
}

bool sw_has_cache_sizes(void)
{
    return !g_getenv("STAGEWALK_BASELINE");
}

typedef struct CachedTest {
    SwCase c;
    void (*fn)(const SwCase *c);
} CachedTest;

static void run_cached(const void *opaque)
{
    const CachedTest *t = opaque;

    t->fn(&t->c);
}

static void add_one(const char *path, void (*fn)(const SwCase *c), const char *caches,
                    const void *data)
{
    CachedTest *t = g_new(CachedTest, 1);

    *t = (CachedTest) { .c = { caches, data }, .fn = fn };
    qtest_add_data_func_full(path, t, run_cached, g_free);
}

void sw_add_cached(const char *path, void (*fn)(const SwCase *c), const void *data)
{
    if (!sw_has_cache_sizes()) {
        add_one(path, fn, NULL, data);
        return;
    }
    for (int i = 0; i < SW_CACHE_SIZES; i++) {
        g_autofree char *full = g_strdup_printf("%s/caches-%s", path, sw_cache_sizes[i]);

        add_one(full, fn, sw_cache_sizes[i], data);
    }
}

static void edu_run(SwMachine *m, uint64_t src, uint64_t dst, unsigned bytes, uint32_t direction)
{
    qtest_writeq(m->qts, m->edu_bar + EDU_DMA_SRC, src);
    qtest_writeq(m->qts, m->edu_bar + EDU_DMA_DST, dst);
    qtest_writeq(m->qts, m->edu_bar + EDU_DMA_CNT, bytes);
    qtest_writeq(m->qts, m->edu_bar + EDU_DMA_CMD, EDU_CMD_RUN | direction);
    qtest_clock_step(m->qts, EDU_DELAY_NS + 1);
    g_assert_cmphex(qtest_readq(m->qts, m->edu_bar + EDU_DMA_CMD) & EDU_CMD_RUN, ==, 0);
}

void sw_edu_read(SwMachine *m, uint64_t iova, unsigned offset, unsigned bytes)
{
    edu_run(m, iova, EDU_BUFFER + offset, bytes, 0);
}

void sw_edu_write(SwMachine *m, uint64_t iova, unsigned offset, unsigned bytes)
{
    edu_run(m, EDU_BUFFER + offset, iova, bytes, EDU_CMD_TO_RAM);
}

void sw_edu_copy(SwMachine *m, uint64_t dst, uint64_t src, unsigned bytes)
{
    sw_edu_read(m, src, 0, bytes);
    sw_edu_write(m, dst, 0, bytes);
}

static uint32_t config_read(SwMachine *m, unsigned reg)
{
    if (m->ecam) {
        return qtest_readl(m->qts, m->ecam + (DEVFN << 12) + reg);
    }
    qtest_outl(m->qts, CONFIG_ADDRESS, 0x80000000u | DEVFN << 8 | reg);
    return qtest_inl(m->qts, CONFIG_DATA);
}

static unsigned find_capability(SwMachine *m, unsigned id)
{
    unsigned at = config_read(m, PCI_CAPABILITY_LIST) & 0xfc;

    while (at && (config_read(m, at) & 0xff) != id) {
        at = config_read(m, at) >> 8 & 0xfc;
    }
    g_assert_cmphex(at, !=, 0);
    return at;
}

void sw_edu_msi(SwMachine *m, uint64_t addr, uint16_t data)
{
    unsigned msi = find_capability(m, PCI_CAP_ID_MSI);

    config_write(m, msi + PCI_MSI_ADDRESS_LO, (uint32_t)addr);
    config_write(m, msi + PCI_MSI_ADDRESS_HI, (uint32_t)(addr >> 32));
    config_write(m, msi + PCI_MSI_DATA_64, data);
    config_write(m, msi, config_read(m, msi) | PCI_MSI_FLAGS_ENABLE << 16);
    /* Raise and take back: the device sends on the rising edge of its own status. */
    qtest_writel(m->qts, m->edu_bar + EDU_IRQ_RAISE, 1);
    qtest_writel(m->qts, m->edu_bar + EDU_IRQ_ACK, 1);
}

/* Weyl sequence: every word differs from its neighbours and from every other seed's. */
static uint64_t pattern(uint64_t seed, unsigned i)
{
    return (seed + 1) * 0x9e3779b97f4a7c15ull + i * 0xd1b54a32d192ed03ull;
}

void sw_fill(SwMachine *m, uint64_t pa, unsigned bytes, uint64_t seed)
{
    for (unsigned i = 0; i < bytes / 8; i++) {
        gmem_write64(&m->mem, pa + 8 * i, pattern(seed, i));
    }
}

bool sw_filled(SwMachine *m, uint64_t pa, unsigned bytes, uint64_t seed)
{
    for (unsigned i = 0; i < bytes / 8; i++) {
        if (gmem_read64(&m->mem, pa + 8 * i) != pattern(seed, i)) {
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* q35 under qtest with several VT-d units and iommu-dma devices. */
#include "qemu/osdep.h"
#include "vtd-units.h"
#include "sw-bus.h"

#include "hw/pci/pci_regs.h"

#define RAM_BYTES      (1024ull << 20)
#define ALLOC_OFFSET   (256ull << 20)
#define MMCONFIG       0xb0000000ull
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define PCIEXBAR       0x80000060u
#define MSIX_OFFSET    0x100000ull
#define DID            5

static uint64_t unit_read(void *opaque, uint64_t offset, unsigned size)
{
    Unit *u = opaque;

    return sw_reg_read(u->qts, u->base + offset, size);
}

static void unit_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Unit *u = opaque;

    sw_reg_write(u->qts, u->base + offset, value, size);
}

static uint64_t device_read(void *opaque, uint64_t offset, unsigned size)
{
    Device *d = opaque;

    return sw_reg_read(d->qts, d->bar + offset, size);
}

static void device_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Device *d = opaque;

    sw_reg_write(d->qts, d->bar + offset, value, size);
}

void units_attach(Units *b, QTestState *qts)
{
    b->qts = qts;
    b->mem = (GuestMem) {
        .write = sw_mem_write, .read = sw_mem_read, .opaque = qts,
        .next = b->mem.next ? b->mem.next : ALLOC_OFFSET, .end = RAM_BYTES,
    };
    for (unsigned i = 0; i < UNITS_MAX; i++) {
        b->unit[i].qts = qts;
    }
    for (unsigned i = 0; i < DEVICES_MAX; i++) {
        b->dev[i].qts = qts;
    }
}

void units_open_ecam(Units *b)
{
    qtest_outl(b->qts, CONFIG_ADDRESS, PCIEXBAR);
    qtest_outl(b->qts, CONFIG_DATA, MMCONFIG | 1);
}

uint64_t units_config(uint16_t rid, unsigned reg)
{
    return MMCONFIG + (rid << 12) + reg;
}

unsigned units_cap(Units *b, uint16_t rid, unsigned id)
{
    unsigned at = sw_pci_cap(b->qts, units_config(rid, 0), id);

    g_assert_cmpuint(at, !=, 0);
    return at;
}

unsigned units_ext_cap(Units *b, uint16_t rid, unsigned id)
{
    unsigned at = sw_pci_ext_cap(b->qts, units_config(rid, 0), id);

    g_assert_cmpuint(at, !=, 0);
    return at;
}

void units_open_port(Units *b, uint16_t rid, unsigned bus, uint64_t mmio)
{
    uint32_t base = (mmio >> 16) & 0xfff0, limit = ((mmio + UNITS_MMIO_STEP - 1) >> 16) & 0xfff0;

    qtest_writel(b->qts, units_config(rid, PCI_PRIMARY_BUS), bus << 16 | bus << 8 | rid >> 8);
    qtest_writel(b->qts, units_config(rid, PCI_MEMORY_BASE), limit << 16 | base);
    qtest_writew(b->qts, units_config(rid, PCI_COMMAND),
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void units_drive(Units *b, Device *d)
{
    d->qts = b->qts;
    d->regs = (RegBus) { .read = device_read, .write = device_write, .opaque = d };
    g_assert_true(dma_driver_init(&d->dma, &d->regs));
}

void units_open_device(Units *b, Device *d, uint16_t rid, uint64_t mmio)
{
    d->rid = rid;
    d->bar = mmio;
    g_assert_cmphex(qtest_readw(b->qts, units_config(rid, PCI_DEVICE_ID)), ==, IDMA_DEVICE_ID);
    qtest_writel(b->qts, units_config(rid, PCI_BASE_ADDRESS_0 + 4 * IDMA_BAR), mmio);
    qtest_writel(b->qts, units_config(rid, PCI_BASE_ADDRESS_0 + 4 * IDMA_MSIX_BAR),
                 mmio + MSIX_OFFSET);
    qtest_writew(b->qts, units_config(rid, PCI_COMMAND),
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    units_drive(b, d);
}

void units_drive_unit(Units *b, Unit *u)
{
    u->regs = (RegBus) { .read = unit_read, .write = unit_write, .opaque = u };
    vtd_driver_init(&u->d, &u->regs, &b->mem);
}

void units_admit(Unit *u, uint16_t rid)
{
    uint64_t ctx[VTD_CTX_WORDS];

    vtd_ctx_second_stage(ctx, &u->pages, DID);
    vtd_ctx_set(&u->root, rid, ctx);
}

void units_translate(Units *b, Unit *u)
{
    TableSpace physical = table_space(&b->mem);

    vtd_root_init(&u->root, &b->mem, false);
    vtd_pages_init(&u->pages, &physical, 2, 3);
    u->page = gmem_alloc(&b->mem, 4096, 4096);
    vtd_pages_map_smallest(&u->pages, UNITS_IOVA, u->page, 4096, VTD_SS_RW);
    for (unsigned i = 0; i < DEVICES_MAX; i++) {
        if (b->dev[i].rid) {
            units_admit(u, b->dev[i].rid);
        }
    }
    g_assert_true(vtd_driver_start(&u->d, &u->root));
}

unsigned units_fill(Device *d, uint64_t addr, uint64_t value)
{
    DmaDesc desc = dma_make_fill(addr, 8, value, false);
    DmaCompletion c;

    g_assert_true(dma_run(&d->dma, 0, &desc, &c));
    return c.status;
}

void units_assert_no_faults(Units *b)
{
    VtdFaultWords f;

    for (unsigned i = 0; i < UNITS_MAX; i++) {
        g_assert_false(b->unit[i].d.bus && vtd_driver_fault(&b->unit[i].d, &f));
    }
}

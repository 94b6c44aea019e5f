/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every machine under qtest gives to tests/lib. */
#include "qemu/osdep.h"
#include "sw-bus.h"

#include "hw/pci/pci_regs.h"

void sw_mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    qtest_memwrite(opaque, addr, buf, len);
}

void sw_mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    qtest_memread(opaque, addr, buf, len);
}

uint64_t sw_reg_read(QTestState *qts, uint64_t addr, unsigned size)
{
    return size == 8 ? qtest_readq(qts, addr) : qtest_readl(qts, addr);
}

void sw_reg_write(QTestState *qts, uint64_t addr, uint64_t value, unsigned size)
{
    if (size == 8) {
        qtest_writeq(qts, addr, value);
    } else {
        qtest_writel(qts, addr, value);
    }
}

unsigned sw_pci_cap(QTestState *qts, uint64_t config, unsigned id)
{
    unsigned at = qtest_readb(qts, config + PCI_CAPABILITY_LIST) & 0xfc;

    while (at && qtest_readb(qts, config + at) != id) {
        at = qtest_readb(qts, config + at + PCI_CAP_LIST_NEXT) & 0xfc;
    }
    return at;
}

unsigned sw_pci_ext_cap(QTestState *qts, uint64_t config, unsigned id)
{
    unsigned at = PCI_CFG_SPACE_SIZE;

    while (at) {
        uint32_t header = qtest_readl(qts, config + at);

        if (header && PCI_EXT_CAP_ID(header) == id) {
            return at;
        }
        at = PCI_EXT_CAP_NEXT(header);
    }
    return 0;
}

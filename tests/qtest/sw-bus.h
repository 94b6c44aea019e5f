/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every machine under qtest gives to tests/lib: its memory, registers, configuration space. */
#ifndef TESTS_QTEST_SW_BUS_H
#define TESTS_QTEST_SW_BUS_H

#include "tests/qtest/libqtest.h"

#include "../lib/guestmem.h"

/** GuestMem.write and .read; the opaque is the QTestState. */
void sw_mem_write(void *opaque, uint64_t addr, const void *buf, size_t len);
void sw_mem_read(void *opaque, uint64_t addr, void *buf, size_t len);

/** A register of @size bytes, 4 or 8. */
uint64_t sw_reg_read(QTestState *qts, uint64_t addr, unsigned size);
void sw_reg_write(QTestState *qts, uint64_t addr, uint64_t value, unsigned size);

/** Offset of a capability in the configuration space at @config (ECAM), 0 if there is none. */
unsigned sw_pci_cap(QTestState *qts, uint64_t config, unsigned id);
unsigned sw_pci_ext_cap(QTestState *qts, uint64_t config, unsigned id);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * q35 under qtest with several VT-d units and iommu-dma devices, and a driver of each of them.
 */
#ifndef TESTS_QTEST_VTD_UNITS_H
#define TESTS_QTEST_VTD_UNITS_H

#include "sw-machine.h"

#include "../lib/dma-driver.h"
#include "../lib/vtd-driver.h"

#define UNITS_MAX   3
#define DEVICES_MAX 4

/** Requester id. */
#define RID(bus, slot, fn) ((uint16_t)((bus) << 8 | (slot) << 3 | (fn)))

/** What every unit's tables map, each to a page of its own. */
#define UNITS_IOVA 0x1234567000ull

/* Where BARs go: each device's, and the window of the port above it. */
#define UNITS_MMIO      0xc0000000ull
#define UNITS_MMIO_STEP 0x400000ull

typedef struct Unit {
    QTestState *qts;
    uint64_t base; /* of its registers */
    RegBus regs;
    VtdDriver d;
    VtdRootTable root;
    VtdPages pages;
    uint64_t page; /* what UNITS_IOVA stands for */
} Unit;

typedef struct Device {
    QTestState *qts;
    uint16_t rid;
    uint64_t bar;
    RegBus regs;
    DmaDriver dma;
} Device;

/** Not to be copied: the drivers point into it. */
typedef struct Units {
    QTestState *qts;
    GuestMem mem;
    Unit unit[UNITS_MAX];
    Device dev[DEVICES_MAX]; /* rid 0: not there */
} Units;

/** Use machine @qts. What is known of units and devices stays: after a migration it holds. */
void units_attach(Units *b, QTestState *qts);

/** Let the host bridge decode MMCONFIG, as firmware would. */
void units_open_ecam(Units *b);

/** Address of register @reg in the configuration space of @rid. */
uint64_t units_config(uint16_t rid, unsigned reg);

/** Offset of a capability of @rid, which must be there. */
unsigned units_cap(Units *b, uint16_t rid, unsigned id);
unsigned units_ext_cap(Units *b, uint16_t rid, unsigned id);

/** Number the bus below the port at @rid, and open a window of UNITS_MMIO_STEP at @mmio. */
void units_open_port(Units *b, uint16_t rid, unsigned bus, uint64_t mmio);

/** Place the BARs of the iommu-dma at @rid and start its driver. */
void units_open_device(Units *b, Device *d, uint16_t rid, uint64_t mmio);

/** A driver for the registers at d->bar of a device that is enabled already. */
void units_drive(Units *b, Device *d);

/** Start the driver of unit @u. */
void units_drive_unit(Units *b, Unit *u);

/** Legacy mode on, with tables that know every device: whom they serve is the scope's business. */
void units_translate(Units *b, Unit *u);

/** Let @rid use the unit's tables too. */
void units_admit(Unit *u, uint16_t rid);

/** Write @value to 8 bytes at @addr; IDMA_STATUS_*. */
unsigned units_fill(Device *d, uint64_t addr, uint64_t value);

/** No unit that is driven has recorded a fault. */
void units_assert_no_faults(Units *b);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine under qtest with iommu-dma at 00:04.0: `virt` or `q35`, by the emulator's architecture.
 */
#ifndef TESTS_QTEST_DMA_MACHINE_H
#define TESTS_QTEST_DMA_MACHINE_H

#include "tests/qtest/libqtest.h"

#include "../lib/dma-driver.h"
#include "../lib/guestmem.h"
#include "../lib/regbus.h"

#define DMA_SLOT 4
/** Requester id of function @fn of the device; also its StreamID. */
#define DMA_RID(fn) (DMA_SLOT << 3 | (fn))

/** Root ports of dma_machine_new_behind_ports(): "rp0" at 00:05.0, "rp1" at 00:06.0. */
#define DMA_PORTS 2

/**
 * @dma: the driver of its function 0; @regs: registers of BAR 0; @iommu: registers of the IOMMU, if
 * the machine was started with one; @mem: RAM, with a region for gmem_alloc() of its own.
 */
typedef struct DmaMachine {
    QTestState *qts;
    GuestMem mem;
    RegBus regs;
    RegBus iommu;
    DmaDriver dma;
    uint64_t bar;
    uint64_t msix;
    uint64_t iommu_base;
    uint64_t ecam;
    uint64_t ram;
    unsigned rid; /* of function 0 */
    char *args;   /* command line */
} DmaMachine;

/** Whether the emulator under test is the x86 one. */
bool dma_is_x86(void);

/**
 * Start a machine. @iommu: NULL for none, else properties of the IOMMU ("" or "name=value,...");
 * @props: properties of iommu-dma ("name=value,..."), or NULL; @args: more arguments, or NULL.
 * BARs are placed, memory and bus mastering enabled.
 */
DmaMachine *dma_machine_new(const char *iommu, const char *props, const char *args);
void dma_machine_free(DmaMachine *m);

/**
 * The same with the device behind root port rp0, whose bus is number 1. It is device 0 there, and
 * can be unplugged. Another iommu-dma, "other", is behind rp1, on bus 2.
 */
DmaMachine *dma_machine_new_behind_ports(const char *iommu, const char *props);
/** "other" as a machine of its own, which ends with @m. */
DmaMachine *dma_machine_other(DmaMachine *m);
void dma_machine_other_free(DmaMachine *other);
/** Give the bus below root port @port the number @bus. */
void dma_number_bus(DmaMachine *m, unsigned port, unsigned bus);
/** Unplug the device from rp0, as a guest that agrees does, and wait until it is gone. */
void dma_unplug(DmaMachine *m);

/** Go on in a new emulator that loads the state of this one. */
void dma_machine_migrate(DmaMachine *m);

/** The command line alone, for tests that start emulators themselves. Free with g_free(). */
char *dma_machine_args(const char *iommu, const char *props, const char *args);

/** Use @qts, started with dma_machine_args(); @setup: place BARs and enable the function. */
DmaMachine *dma_machine_attach(QTestState *qts, bool setup);

/* Configuration space of function @fn of the device, extended space included. */
uint32_t dma_cfg_read(DmaMachine *m, unsigned fn, unsigned reg, unsigned size);
void dma_cfg_write(DmaMachine *m, unsigned fn, unsigned reg, uint32_t value, unsigned size);

/** Offset of a capability, 0 if there is none. */
unsigned dma_cfg_cap(DmaMachine *m, unsigned fn, unsigned id);
unsigned dma_cfg_ext_cap(DmaMachine *m, unsigned fn, unsigned id);

/** Enable or disable PASID (with execute and privilege), ATS, PRI (allocation 32). */
void dma_enable_pasid(DmaMachine *m, bool on);
void dma_enable_ats(DmaMachine *m, bool on);
void dma_enable_pri(DmaMachine *m, bool on);

/** Enable MSI-X and aim @vector, unmasked, at @addr with @data. */
void dma_enable_msix(DmaMachine *m, unsigned vector, uint64_t addr, uint32_t data);

/** Function level reset of function 0. */
void dma_flr(DmaMachine *m);

/** Run @desc on channel 0, which must end, and return its completion. */
DmaCompletion dma_do(DmaMachine *m, DmaDesc desc);

#endif

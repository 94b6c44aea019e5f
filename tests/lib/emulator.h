/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU process with an IOMMU and iommu-dma, driven through the qtest protocol, with the guest's
 * RAM mapped into this process: tables are built at the speed of memory, and what reads and
 * writes registers is pipelined. For programs that drive two emulators side by side.
 */
#ifndef TESTS_LIB_EMULATOR_H
#define TESTS_LIB_EMULATOR_H

#include <sys/types.h>

#include "dma-driver.h"
#include "guestmem.h"
#include "regbus.h"

/** Requester id of iommu-dma. */
#define EMULATOR_RID 0x20u

/**
 * @x86: `q35` with a VT-d unit; else `virt` with an SMMUv3.
 * @no_iommu: the machine without it.
 * @binary: path of the emulator.
 * @iommu: properties of the IOMMU, "name=value,..."; @dma: of iommu-dma. May be NULL.
 * @ram_bytes: of guest RAM, a multiple of 2 MB.
 * @log: file for what it prints; NULL: where this program prints.
 */
typedef struct EmulatorConfig {
    bool x86;
    bool no_iommu;
    const char *binary;
    const char *iommu;
    const char *dma;
    uint64_t ram_bytes;
    const char *log;
} EmulatorConfig;

typedef struct Emulator {
    EmulatorConfig config;
    pid_t pid;
    int fd;              /* qtest socket */
    uint8_t *ram;        /* the guest's, mapped */
    uint64_t ram_base;   /* its physical address */
    uint64_t iommu_base;
    uint64_t bar;
    uint64_t ecam;
    GuestMem mem;        /* all of RAM above 16 MB */
    RegBus iommu;
    RegBus bar0;
    DmaDriver dma;
    uint64_t desc[IDMA_DESC_WORDS]; /* what DESC of channel 0 holds */
    bool dead;
    unsigned pending;    /* replies owed for writes */
    size_t out_len, in_len, in_pos;
    char out[65536];
    char in[65536];
} Emulator;

/** Start one and set up the device. NULL, and a line on stderr, if it does not come up. */
Emulator *emulator_start(const EmulatorConfig *config);

/** End the process. */
void emulator_stop(Emulator *e);

/** Give all of RAM back to e->mem and zero what was used. */
void emulator_clear(Emulator *e);

/* Physical memory and registers. Reads of a dead emulator give 0. */
uint64_t emulator_read(Emulator *e, uint64_t addr, unsigned size);
void emulator_write(Emulator *e, uint64_t addr, uint64_t value, unsigned size);

/** @count quadwords in one exchange. */
void emulator_read_words(Emulator *e, uint64_t addr, uint64_t *words, unsigned count);

/** Advance virtual time to the next timer. */
void emulator_step(Emulator *e);

/** Pointer to RAM at physical @addr, or NULL if [@addr, @addr + @len) is not all in RAM. */
void *emulator_ram(Emulator *e, uint64_t addr, uint64_t len);

/** Run @desc one-shot on channel 0. False if the emulator died or the work does not end. */
bool emulator_dma(Emulator *e, const DmaDesc *desc, DmaCompletion *c);

#endif

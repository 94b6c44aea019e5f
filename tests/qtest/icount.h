/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole run on a clock that counts instructions: a small program on the guest's processor
 * programs the IOMMU and iommu-dma with what a script in memory says, and everything that can be
 * seen afterwards is written down. Two runs must tell the same.
 */
#ifndef TESTS_QTEST_ICOUNT_H
#define TESTS_QTEST_ICOUNT_H

#include "dma-machine.h"

#define ICOUNT_IOVA     0x7000120000ull
#define ICOUNT_BAD      0x7000990000ull /* mapped by nobody */
#define ICOUNT_PAGES    32
#define ICOUNT_CHANNELS 3
#define ICOUNT_COMMANDS 12 /* commands for each channel */

typedef struct IcountRun IcountRun;

typedef struct IcountCase {
    /**
     * Stores pairs of (address, value), 64 bits each, from @script on; bit 0 of an address: a value
     * of 32 bits. Address 0 ends.
     */
    const void *program;
    size_t bytes;
    const char *option; /* of the emulator, that loads the file */
    uint64_t script;
    /** Tables, for ICOUNT_IOVA, and a queue of commands; register writes through r->iommu. */
    void (*prepare)(IcountRun *r);
    /** Let the queue go on to the first @commands commands, through r->iommu. */
    void (*ring)(IcountRun *r, unsigned commands);
    /** Whether the queue has come to the end of @commands commands. */
    bool (*rung)(IcountRun *r, unsigned commands);
} IcountCase;

struct IcountRun {
    const IcountCase *c;
    DmaMachine *m;
    RegBus iommu, dma; /* writes go into the script */
    uint64_t script;   /* next pair */
};

/**
 * Compare two runs, looked at in different moments while they run. What the first has told: the
 * caller checks that it was no empty run, and frees it. NULL, and the test skipped, on QEMU's own
 * models.
 */
char *icount_repeats(const IcountCase *c);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second translation procedure, slow and plain, written from the rules of IHI 0070 (3.3, 3.4,
 * 3.12, 3.13, 7.3.22, 13.4.4) and DDI 0487 D8, not from the model: what the model must agree with.
 *
 * It knows legal STEs of stage 1, stage 2 and both, one CD or a linear table of them with each
 * S1DSS, both halves of the addresses, attributes of requests that bring none (Write-Back,
 * Non-shareable), every VMSAv8-64 granule with and without LPA2, and hardware update of leaves. It
 * has no caches and writes nothing: it says what must be written.
 */
#ifndef TESTS_UNIT_SMMUV3_REFSMMU_H
#define TESTS_UNIT_SMMUV3_REFSMMU_H

#include <stdbool.h>
#include <stdint.h>

#define REF_WRITES 8

/** 64 bits of memory at @addr; false: external abort. */
typedef bool RefRead(void *opaque, uint64_t addr, uint64_t *value);

typedef struct RefAccess {
    uint64_t addr;
    bool read, write, exec; /* an atomic reads and writes */
    bool priv;
    bool ssv;               /* it has a SubstreamID */
    uint32_t ssid;
} RefAccess;

/** What comes of it: @pa, or the fields of an event. */
typedef struct RefResult {
    uint64_t pa;
    uint8_t type, sh;       /* attributes: a MAIR byte, and shareability */
    uint8_t event;          /* 0: @pa is valid */
    bool s2;
    uint8_t cls;            /* 0 CD, 1 TT, 2 IN */
    bool ttrnw;
    uint64_t ipa;           /* if @s2 */
    uint64_t fetch_addr;    /* external aborts */
    unsigned writes;        /* descriptors as they must be afterwards */
    struct {
        uint64_t addr, value;
    } write[REF_WRITES];
} RefResult;

/** @ste: its eight words. @oas: bits. */
void ref_translate(const uint64_t ste[8], unsigned oas, const RefAccess *access, RefRead *read,
                   void *opaque, RefResult *res);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second VT-d translation procedure, slow and plain, written from the text of VT-d 5.10
 * (3.4-3.11, 3.14, 3.15, 4.2, table 30 of 7.1.3, 9.1-9.8), not from the model: what the model must
 * agree with.
 *
 * It takes CAP, ECAP, RTADDR and memory as a driver knows them, has no caches and writes nothing:
 * it says what must be written. It does not know protected memory, host permission tables and page
 * requests.
 *
 * What the text leaves open it does as docs/timing.rst and docs/conformance/vtd.tsv say: a fault
 * leaves the entry at which it was found as it is; at one entry the order is access, present,
 * reserved bits, address limit, rights of the request, accessed and dirty bits. With SSADE=1 the
 * second stage takes reading a first-stage entry for a write, as processors do: 3.8.1 asks for both
 * rights. A translation request without PASID into the interrupt range is answered (S.1, S.2) once
 * the context entry admits it.
 */
#ifndef TESTS_UNIT_VTD_REFVTD_H
#define TESTS_UNIT_VTD_REFVTD_H

#include <stdbool.h>
#include <stdint.h>

#define REF_WRITES 64

/** What memory does with an access of the unit's: false is an error. */
typedef struct RefMemory {
    bool (*read)(void *opaque, uint64_t addr, uint64_t *value);
    bool (*update)(void *opaque, uint64_t addr);
    void *opaque;
} RefMemory;

/** @ver: VER. @haw: bits. @rtaddr: as latched by SRTP. @mtrr: type of all memory. */
typedef struct RefUnit {
    uint64_t cap, ecap, rtaddr;
    uint32_t ver;
    unsigned haw, mtrr;
} RefUnit;

typedef enum RefKind { REF_UNTRANSLATED, REF_TRANSLATION, REF_TRANSLATED } RefKind;

/** @zero: a zero-length read. @dword: one DWORD long. An atomic reads and writes. */
typedef struct RefRequest {
    RefKind kind;
    uint64_t addr;
    uint16_t sid;
    uint32_t pasid;
    bool has_pasid, read, write, zero, dword, priv, exec, no_write, no_snoop;
} RefRequest;

typedef enum RefOutcome { REF_OK, REF_UR, REF_CA, REF_INTERRUPT } RefOutcome;

typedef struct RefResult {
    RefOutcome outcome;
    uint8_t reason;      /* condition met, reported or not; 0: none */
    bool recorded;
    bool translated;     /* @pa, @lg2 and what follows hold */
    bool through;        /* by no page table: @lg2 is not fixed */
    uint64_t pa;
    unsigned lg2;        /* of the page: the smaller of both stages */
    bool r, w;           /* what the page grants to requests of this privilege */
    bool clean;          /* @w, but some D bit is still to be set */
    bool snoop;          /* of an untranslated request; N of a translation completion */
    unsigned type;       /* memory type; scalable mode, MTS=1 */
    bool answer_r, answer_w, answer_u, answer_priv; /* of a translation request */
    unsigned writes;     /* entries as they must be afterwards */
    struct {
        uint64_t addr, value;
    } write[REF_WRITES];
} RefResult;

void ref_translate(const RefUnit *unit, const RefRequest *req, const RefMemory *memory,
                   RefResult *res);

#endif

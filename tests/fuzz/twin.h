/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Twins: the same guest on a model without caches, and on one with them and perhaps on a clock. As
 * long as the guest invalidates what it changes, with the least command that suffices, nobody may
 * tell them apart: same results, same memory, same records. A stale entry, a wrong tag, a missed
 * invalidation or a lost record does.
 */
#ifndef TESTS_FUZZ_TWIN_H
#define TESTS_FUZZ_TWIN_H

#include "fuzz.h"

/** What an operation showed; unused members stay zero. @seen: anything else, as one number. */
typedef struct TwinResult {
    uint64_t seen;
    bool is_translation;
    IommuTxn txn;
    IommuResult result;
} TwinResult;

/** One guest: a bed, and the model's own tables beside it. */
typedef struct Twin {
    FuzzBed bed;
    void *guest;
} Twin;

/**
 * @guest_bytes: size of the model's own part, zeroed.
 * @start: bring up, with caches of @profile; @timed: on a clock.
 * @step: one operation; must take the same input whatever the model's caches hold.
 */
typedef struct TwinOps {
    size_t guest_bytes;
    void (*start)(Twin *t, const IommuProfile *profile, bool timed);
    void (*step)(Twin *t, TwinResult *r);
} TwinOps;

void twin_run(const TwinOps *ops, const uint8_t *data, size_t size);

/**
 * An ordinary or ATS request of @stream to some byte of the 4 KB page at @page, up to 3 times; with
 * one of the first @pasids PASIDs, or none.
 */
void twin_request(uint32_t stream, uint32_t pasids, uint64_t page, TwinResult *r, FuzzBed *b);

void twin_smmuv3(const uint8_t *data, size_t size);
void twin_vtd(const uint8_t *data, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzing of the models: a string of bytes decides everything a guest and its devices do.
 *
 * Each fuzzer brings its model up in a half-legal configuration, then lets the bytes write
 * registers, tables, commands and requests. Nothing may crash, hang, read out of bounds or break an
 * invariant that holds whatever the guest does (fuzz_check).
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "../lib/ramhost.h"
#include "../lib/regbus.h"
#include "hw/iommu/model.h"
#include "hw/iommu/profile.h"
#include "hw/iommu/timed.h"

/** What is left of the bytes. At their end everything reads 0. */
typedef struct FuzzInput {
    const uint8_t *data;
    size_t left;
} FuzzInput;

/** @bytes (1..8) of input as a number. */
uint64_t fuzz_take(FuzzInput *in, unsigned bytes);

/** A number below @n (1..65536). */
uint32_t fuzz_below(FuzzInput *in, uint32_t n);

/** True once in @n. */
bool fuzz_chance(FuzzInput *in, uint32_t n);

/** A 64-bit value of the kinds that find mistakes: small, all ones, one bit, an edge, anything. */
uint64_t fuzz_word(FuzzInput *in);

#define FUZZ_RAM_BASE  0x40000000ull
#define FUZZ_RAM_BYTES (8ull << 20)
#define FUZZ_PLACES 64

/**
 * @places: physical addresses worth damaging: table entries, descriptors, queue slots.
 * @inputs: input addresses worth asking for.
 * @streams: requests come from 0 to one less.
 * @wild: 0: only requests, commands and one damage at a time; 1: lasting damage; 2: registers too.
 */
typedef struct FuzzBed {
    FuzzInput *in;
    RamHost ram;
    GuestMem mem;
    RegBus bus;
    IommuModel *m;
    IommuTimed *timed; /* NULL: not on a clock */
    uint64_t places[FUZZ_PLACES];
    unsigned place_count;
    uint64_t inputs[FUZZ_PLACES];
    unsigned input_count;
    uint32_t streams;
    unsigned wild;
    uint64_t mmio_size;
    uint64_t cycle;
    uint64_t last_done;
    uint64_t cookie;
} FuzzBed;

void fuzz_bed_init(FuzzBed *b, FuzzInput *in);
void fuzz_bed_destroy(FuzzBed *b);

/** Give the model to the bed: registers work from now on. */
void fuzz_bed_attach(FuzzBed *b, IommuModel *m, uint64_t mmio_size);

/**
 * Put the model on a clock: requests with a cookie wait, commands and records take their time.
 * Whoever waits for a register lets time pass.
 */
void fuzz_bed_clock(FuzzBed *b);

/** Let time pass until nothing is under way. */
void fuzz_bed_settle(FuzzBed *b);

void fuzz_place(FuzzBed *b, uint64_t pa);
void fuzz_input_addr(FuzzBed *b, uint64_t addr);

/** Some cache sizes, most of them small: entries are to be evicted. */
const IommuProfile *fuzz_profile(FuzzInput *in);

/** One of a model's own operations (a command, a table edit). */
typedef void FuzzOpFn(FuzzBed *b, void *opaque);

/**
 * Until the input ends, at most a few hundred times: a request, a register access, damage to
 * memory, a page request, save and load, reset, or an operation of @own.
 */
void fuzz_loop(FuzzBed *b, FuzzOpFn *own, void *opaque, const uint32_t *registers,
               size_t register_count, IommuModel *(*spare)(FuzzBed *b, void *opaque));

/** What must hold after anything: identities of the counters. */
void fuzz_check(const FuzzBed *b);

/** Print what went wrong and abort. */
void fuzz_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** Counters of all models so far: what the inputs reached. */
extern IommuCounters fuzz_totals;

/* The fuzzers. */
void fuzz_smmuv3(const uint8_t *data, size_t size);
void fuzz_vtd(const uint8_t *data, size_t size);

#endif

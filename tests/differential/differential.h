/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differential test: one script, generated from a seed, on two emulators; results side by side.
 *
 * A script is: configure the IOMMU, then steps, each a change with its invalidation or nothing,
 * and one transaction. Everything random comes from the GRand that is handed in, and memory is laid
 * out the same on both sides, so that the same seed gives the same script.
 */
#ifndef TESTS_DIFFERENTIAL_H
#define TESTS_DIFFERENTIAL_H

#include <glib.h>

#include "../lib/emulator.h"

#define DIFF_EVENTS 8
#define DIFF_EVENT_FIELDS 10
#define DIFF_NAME 160

/** A fault record: named fields, as the script's field_names say. */
typedef struct DiffEvent {
    uint64_t field[DIFF_EVENT_FIELDS];
} DiffEvent;

/** What one step did on one side. */
typedef struct DiffResult {
    bool hung;          /* or the emulator died */
    bool driver_failed; /* a queue did not go on */
    bool ok;            /* the transaction succeeded */
    uint64_t data;      /* checksum of what was read; old value of an atomic */
    unsigned events;    /* records found after it; the first DIFF_EVENTS are kept */
    DiffEvent event[DIFF_EVENTS];
} DiffResult;

/** What the script knows about a step, for messages and for telling known differences. */
typedef struct DiffStep {
    char change[64];
    unsigned op;        /* IDMA_OP_* */
    bool write;
    uint64_t addr;
    uint32_t len;
    char target[32];
} DiffStep;

/** A region of memory whose content may differ: queues that hold records. */
typedef struct DiffRange {
    uint64_t addr, bytes;
} DiffRange;

#define DIFF_PLACES 12
#define DIFF_PAGE 4096u

/** A page of data and where the device finds it. */
typedef struct DiffPlace {
    uint64_t pa;
    uint64_t iova;
    char note[24];
} DiffPlace;

typedef struct DiffScript DiffScript;

/** What makes a pair of emulators. */
typedef struct DiffVariant {
    const char *name;
    const char *ours;     /* properties of our IOMMU */
    const char *baseline; /* of QEMU's */
} DiffVariant;

/** One IOMMU's scripts. A side's state is what configure() returns. */
struct DiffScript {
    const char *name;
    bool x86;
    const DiffVariant *variants;
    unsigned variant_count;
    const char *const *field_names; /* DIFF_EVENT_FIELDS, NULL at the end */

    /**
     * Configure; @summary says how, for people (DIFF_NAME bytes). @block: number of the pair of
     * emulators, for what must not change on one. NULL if the driver failed.
     */
    void *(*configure)(Emulator *e, const DiffVariant *v, unsigned block, GRand *rand,
                       char *summary);
    /** Change something, or nothing, and make up the next transaction. */
    bool (*step)(void *side, GRand *rand, DiffStep *step, DmaDesc *desc);
    /** Take the records that are there. */
    unsigned (*events)(void *side, DiffEvent *events, unsigned max);
    /** Ranges whose content may differ. */
    unsigned (*exclude)(void *side, DiffRange *ranges, unsigned max);
    /**
     * The entry of docs/baseline-differences.rst that explains why @ours and @theirs differ in the
     * step that was just made, or NULL. @side is ours.
     */
    const char *(*known)(void *side, const DiffStep *step, const DiffResult *ours,
                         const DiffResult *theirs);
    /** DIFF_PLACES of them. */
    const DiffPlace *(*places)(void *side);
    /** Switch the IOMMU off, so that the next configuration finds it as after reset. */
    void (*stop)(void *side);
    void (*free)(void *side);
};

extern const DiffScript smmu_script;
extern const DiffScript vtd_script;

/** One of [0, n). */
static inline unsigned pick(GRand *rand, unsigned n)
{
    return g_rand_int_range(rand, 0, n);
}

/** True in @percent of the cases. */
static inline bool chance(GRand *rand, unsigned percent)
{
    return pick(rand, 100) < percent;
}

static inline uint64_t rand64(GRand *rand)
{
    uint64_t high = g_rand_int(rand);

    return high << 32 | g_rand_int(rand);
}

/**
 * Append @event unless it tells again what the last one told: QEMU cuts an access that does not
 * go to RAM into pieces of at most 8 bytes, and each of them is translated and faults anew. Fields
 * @addr and @ipa (-1: none) are addresses; pieces are of one page. @total counts what is kept.
 */
void diff_add_event(DiffEvent *events, unsigned max, unsigned *total, const DiffEvent *event,
                    int addr, int ipa);

/* data.c */

/** Allocate @place's page and give it content of its own. */
void diff_place_init(Emulator *e, DiffPlace *place, unsigned number);

/** A transaction on one of @places, near one, or (@wild) anywhere below 2^@wild_bits. */
void diff_transaction(GRand *rand, const DiffPlace *places, unsigned count, unsigned wild_bits,
                      DiffStep *step, DmaDesc *desc);

#endif

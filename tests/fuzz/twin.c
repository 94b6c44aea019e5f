/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Twins: run two guests side by side and compare. */
#include "twin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/fields.h"

#define STEPS 400
#define COMPARE_EVERY 16 /* steps between comparisons of all memory */

static void request(FuzzBed *b, TwinResult *r)
{
    if (b->timed) {
        IommuTxn t = r->txn;

        t.arrival = iommu_timed_now(b->timed);
        t.cookie = ++b->cookie;
        iommu_timed_submit(b->timed, &t, &r->result);
    } else {
        iommu_translate(b->m, &r->txn, &r->result);
    }
}

void twin_request(uint32_t stream, uint32_t pasids, uint64_t page, TwinResult *r, FuzzBed *b)
{
    uint32_t flags = (uint32_t)fuzz_take(b->in, 2);

    r->is_translation = true;
    r->txn = (IommuTxn) {
        .addr = page + (flags & 0xff8),
        .stream = stream,
        .size = 8,
        .attr = { .type = 0xff },
        .write = flags & 1,
        .priv = flags & 2,
        .exec = !(flags & 1) && (flags & 0x3000) == 0x3000,
        .has_pasid = pasids && (flags & 0xc) == 0xc,
    };
    r->txn.pasid = r->txn.has_pasid ? fuzz_below(b->in, pasids) : 0;
    if ((flags & 0xc000) == 0xc000) {
        r->txn.kind = IOMMU_TXN_ATS_REQUEST;
        r->txn.addr &= ~0xfffull;
        r->txn.no_write = flags & 8;
    }
    /* Asked again, it comes from the caches. */
    for (uint32_t again = fuzz_below(b->in, 3); again; again--) {
        request(b, r);
    }
    request(b, r);
}

static void compare_results(const TwinResult *a, const TwinResult *b)
{
    const IommuResult *x = &a->result, *y = &b->result;

    if (a->seen != b->seen) {
        fuzz_fail("records, registers or interrupts: %#" PRIx64 " without caches, %#" PRIx64
                  " with", a->seen, b->seen);
    }
    if (!a->is_translation) {
        return;
    }
    if (x->status != y->status || x->fault != y->fault) {
        fuzz_fail("stream %u address %#" PRIx64 ": status %u fault %#x without caches, status %u "
                  "fault %#x with", a->txn.stream, a->txn.addr, x->status, x->fault, y->status,
                  y->fault);
    }
    if (x->status != IOMMU_STATUS_OK) {
        return;
    }
    /*
     * A cached page may not know yet that another context has made it dirty: it then shows no write
     * right, and a write walks again.
     */
    if (x->pa != y->pa || (x->rights | IOMMU_RIGHTS_W) != (y->rights | IOMMU_RIGHTS_W) ||
        (y->rights & ~x->rights)) {
        fuzz_fail("stream %u address %#" PRIx64 ": %#" PRIx64 " rights %#x without caches, "
                  "%#" PRIx64 " rights %#x with",
                  a->txn.stream, a->txn.addr, x->pa, x->rights, y->pa, y->rights);
    }
    if (x->page_lg2 != y->page_lg2) {
        fuzz_fail("stream %u address %#" PRIx64 ": span 2^%u without caches, 2^%u with",
                  a->txn.stream, a->txn.addr, x->page_lg2, y->page_lg2);
    }
    if (memcmp(&x->attr, &y->attr, sizeof(x->attr))) {
        fuzz_fail("stream %u address %#" PRIx64 ": type %#x sh %u snoop %d without caches, "
                  "type %#x sh %u snoop %d with",
                  a->txn.stream, a->txn.addr, x->attr.type, x->attr.sh, x->attr.snoop, y->attr.type,
                  y->attr.sh, y->attr.snoop);
    }
    if (a->txn.kind == IOMMU_TXN_ATS_REQUEST &&
        (x->ats_r != y->ats_r || x->ats_w < y->ats_w || x->ats_x != y->ats_x ||
         x->ats_priv != y->ats_priv)) {
        fuzz_fail("stream %u address %#" PRIx64 ": ATS answers differ", a->txn.stream,
                  a->txn.addr);
    }
}

static void compare_memory(const Twin *a, const Twin *b)
{
    if (!memcmp(a->bed.ram.bytes, b->bed.ram.bytes, FUZZ_RAM_BYTES)) {
        return;
    }
    for (uint64_t i = 0; i < FUZZ_RAM_BYTES; i += 8) {
        uint64_t x = le64_load(a->bed.ram.bytes + i), y = le64_load(b->bed.ram.bytes + i);

        if (x != y) {
            fuzz_fail("memory at %#" PRIx64 ": %#" PRIx64 " without caches, %#" PRIx64 " with",
                      (uint64_t)FUZZ_RAM_BASE + i, x, y);
        }
    }
}

void twin_run(const TwinOps *ops, const uint8_t *data, size_t size)
{
    FuzzInput chooser = { data, size };
    const IommuProfile *profiles[2] = { iommu_profile_find("off"), NULL };
    FuzzInput inputs[2];
    Twin twins[2];
    bool timed;

    while (!profiles[1] || !profiles[1]->tlb.entries) {
        profiles[1] = chooser.left ? fuzz_profile(&chooser) : iommu_profile_find("tiny");
    }
    timed = fuzz_chance(&chooser, 3);
    for (int i = 0; i < 2; i++) {
        inputs[i] = chooser;
        fuzz_bed_init(&twins[i].bed, &inputs[i]);
        twins[i].guest = calloc(1, ops->guest_bytes);
        ops->start(&twins[i], profiles[i], i == 1 && timed);
    }
    for (int step = 0; step < STEPS && inputs[0].left; step++) {
        TwinResult results[2];

        memset(results, 0, sizeof(results));
        for (int i = 0; i < 2; i++) {
            ops->step(&twins[i], &results[i]);
            fuzz_bed_settle(&twins[i].bed);
        }
        compare_results(&results[0], &results[1]);
        if (inputs[0].left != inputs[1].left) {
            fuzz_fail("twins have parted: the registers they read differ");
        }
        if (step % COMPARE_EVERY == COMPARE_EVERY - 1) {
            compare_memory(&twins[0], &twins[1]);
        }
    }
    compare_memory(&twins[0], &twins[1]);
    for (int i = 0; i < 2; i++) {
        fuzz_check(&twins[i].bed);
        fuzz_bed_destroy(&twins[i].bed);
        free(twins[i].guest);
    }
}

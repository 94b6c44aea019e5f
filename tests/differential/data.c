/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differential test: pages of data, transactions on them, and lists of fault records. */
#include "differential.h"

#include <stdio.h>
#include <string.h>

#define LOCAL_BYTES 8192u

void diff_place_init(Emulator *e, DiffPlace *place, unsigned number)
{
    uint8_t data[DIFF_PAGE];

    place->pa = gmem_alloc(&e->mem, DIFF_PAGE, DIFF_PAGE);
    dma_pattern(0x1000 + number, true, place->pa, data, sizeof(data));
    e->mem.write(e->mem.opaque, place->pa, data, sizeof(data));
}

void diff_transaction(GRand *rand, const DiffPlace *places, unsigned count, unsigned wild_bits,
                      DiffStep *step, DmaDesc *desc)
{
    const DiffPlace *place = &places[pick(rand, count)];
    unsigned kind = pick(rand, 100), how = pick(rand, 100);
    uint64_t addr = place->iova;
    uint32_t len;

    len = chance(rand, 50) ? 8 : 1 + pick(rand, 512);
    if (how < 82) {
        addr += pick(rand, DIFF_PAGE - len + 1);
        snprintf(step->target, sizeof(step->target), "%s", place->note);
    } else if (how < 94) {
        /* Across its end, or right behind. Where that is mapped too, reading does no harm. */
        addr += DIFF_PAGE - (chance(rand, 50) ? len / 2 : 0);
        kind = 0;
        snprintf(step->target, sizeof(step->target), "behind %s", place->note);
    } else {
        addr = rand64(rand) & low_mask(wild_bits);
        kind = 0;
        snprintf(step->target, sizeof(step->target), "wild");
    }
    if (kind < 45) {
        *desc = dma_make_read(addr, len, 0);
        field_set(desc->w, IDMA_D_CHECKSUM, 1);
    } else if (kind < 90) {
        *desc = dma_make_fill(addr, len, rand64(rand), true);
        step->write = true;
    } else {
        len = 8;
        addr &= ~7ull;
        *desc = dma_make_atomic(IDMA_OP_FETCH_ADD, addr, len, rand64(rand), 0);
        step->write = true;
    }
    step->op = field_get(desc->w, IDMA_D_OP);
    step->addr = addr;
    step->len = len;
}

void diff_add_event(DiffEvent *events, unsigned max, unsigned *total, const DiffEvent *event,
                    int addr, int ipa)
{
    if (*total > 0 && *total <= max) {
        DiffEvent last = events[*total - 1], this = *event;

        for (int f = 0; f < DIFF_EVENT_FIELDS; f++) {
            if (f == addr || f == ipa) {
                last.field[f] &= ~(uint64_t)(DIFF_PAGE - 1);
                this.field[f] &= ~(uint64_t)(DIFF_PAGE - 1);
            }
        }
        if (!memcmp(&last, &this, sizeof(last))) {
            return;
        }
    }
    if (*total < max) {
        events[*total] = *event;
    }
    (*total)++;
}

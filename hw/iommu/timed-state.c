/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timed model: what a saved machine holds of it.
 */
#include "hw/iommu/fields.h"

#include <stdlib.h>
#include <string.h>

#include "timed-internal.h"

/* ---- what a record holds */

#define REQUEST_STREAM    BITFIELD(2, 0, 32)
#define REQUEST_PASID     BITFIELD(2, 32, 20)
#define REQUEST_HAS_PASID BITFIELD(2, 52, 1)
#define REQUEST_LAST      BITFIELD(2, 53, 1)
#define REQUEST_R         BITFIELD(2, 54, 1)
#define REQUEST_W         BITFIELD(2, 55, 1)
#define REQUEST_X         BITFIELD(2, 56, 1)
#define REQUEST_PRIV      BITFIELD(2, 57, 1)
#define REQUEST_PRGI      BITFIELD(3, 0, 16)

void iommu_record_put_page_request(IommuRecord *r, const IommuPageRequest *req)
{
    uint64_t *w = r->words;

    w[0] = req->addr;
    w[1] = req->arrival;
    field_set(w, REQUEST_STREAM, req->stream);
    field_set(w, REQUEST_PASID, req->pasid);
    field_set(w, REQUEST_HAS_PASID, req->has_pasid);
    field_set(w, REQUEST_LAST, req->last);
    field_set(w, REQUEST_R, req->r);
    field_set(w, REQUEST_W, req->w);
    field_set(w, REQUEST_X, req->x);
    field_set(w, REQUEST_PRIV, req->priv);
    field_set(w, REQUEST_PRGI, req->prgi);
}

IommuPageRequest iommu_record_page_request(const IommuRecord *r)
{
    const uint64_t *w = r->words;

    return (IommuPageRequest) {
        .addr = w[0], .arrival = w[1],
        .stream = field_get(w, REQUEST_STREAM), .pasid = field_get(w, REQUEST_PASID),
        .has_pasid = field_get(w, REQUEST_HAS_PASID), .last = field_get(w, REQUEST_LAST),
        .r = field_get(w, REQUEST_R), .w = field_get(w, REQUEST_W),
        .x = field_get(w, REQUEST_X), .priv = field_get(w, REQUEST_PRIV),
        .prgi = field_get(w, REQUEST_PRGI),
    };
}

/* ---- saved state */

/* A record: words, then what RECORD_* name. */
#define RECORD_STATE_WORDS 6u
#define RECORD_BYTES   REGFIELD(31, 0)
#define RECORD_TAG     REGFIELD(63, 32)
#define RECORD_KIND    REGFIELD(7, 0)
#define RECORD_UNBOUNDED REGFIELD(8, 8)
#define RECORD_USED    REGFIELD(9, 9)

void iommu_timed_save(const IommuTimed *t, IommuStateWriter *w)
{
    size_t count = t->record_cap * RECORD_STATE_WORDS;
    uint64_t *v = calloc(count + 1, sizeof(*v));
    uint8_t commanding = t->commanding;

    if (!v) {
        w->failed = true;
        return;
    }
    for (uint32_t i = 0; i < t->record_cap; i++) {
        const IommuRecord *r = &t->records[i].record;
        uint64_t *word = v + i * RECORD_STATE_WORDS;

        if (t->records[i].used) {
            memcpy(word, r->words, sizeof(r->words));
            word[4] = reg_make(RECORD_BYTES, r->bytes) | reg_make(RECORD_TAG, r->tag);
            word[5] = reg_make(RECORD_KIND, r->kind) | reg_make(RECORD_UNBOUNDED, r->unbounded) |
                      reg_make(RECORD_USED, 1);
        }
    }
    iommu_state_put(w, "timed.commanding", &commanding, 1, 1);
    iommu_state_put(w, "timed.records", v, 8, count);
    free(v);
    sched_save(t->sched, w);
}

static bool load_records(IommuTimed *t, IommuStateReader *r)
{
    long words = iommu_state_count(r, "timed.records");
    uint32_t count = words / (long)RECORD_STATE_WORDS;
    uint64_t *v;

    if (words < 0 || words % RECORD_STATE_WORDS || count > MAX_RECORDS) {
        return false;
    }
    v = malloc(words * sizeof(*v) + 1);
    if (!v || !iommu_state_get(r, "timed.records", v, 8, words)) {
        free(v);
        return false;
    }
    while (t->record_cap < count) {
        if (!iommu_timed_grow(t)) {
            free(v);
            return false;
        }
    }
    t->free_count = 0;
    for (uint32_t i = t->record_cap; i-- > 0;) {
        const uint64_t *word = v + (size_t)i * RECORD_STATE_WORDS;
        bool used = i < count && reg_get(word[5], RECORD_USED);

        t->records[i] = (Kept) { .used = used };
        if (!used) {
            t->free_records[t->free_count++] = i;
            continue;
        }
        t->records[i].record = (IommuRecord) {
            .bytes = reg_get(word[4], RECORD_BYTES),
            .tag = reg_get(word[4], RECORD_TAG),
            .kind = reg_get(word[5], RECORD_KIND),
            .unbounded = reg_get(word[5], RECORD_UNBOUNDED),
        };
        memcpy(t->records[i].record.words, word, sizeof(t->records[i].record.words));
    }
    free(v);
    return true;
}

bool iommu_timed_load(IommuTimed *t, IommuStateReader *r)
{
    uint8_t commanding;

    iommu_timed_reset(t);
    if (!iommu_state_get(r, "timed.commanding", &commanding, 1, 1) || commanding > 1 ||
        !load_records(t, r) || !sched_load(t->sched, r)) {
        iommu_timed_reset(t);
        return false;
    }
    t->commanding = commanding && sched_active(t->sched, IOMMU_JOB_COMMAND);
    iommu_timed_kick(t);
    return true;
}

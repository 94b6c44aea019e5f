/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calendar of continue events: a wheel of near cycles, a heap of far ones (sched-internal.h).
 * Only sched.c includes it, at every step of every job.
 */
#ifndef HW_IOMMU_SCHED_WHEEL_H
#define HW_IOMMU_SCHED_WHEEL_H

#include "sched-internal.h"

#define WHEEL SCHED_WHEEL

static inline void wheel_add(IommuSched *s, uint64_t cycle, SchedJob *job)
{
    unsigned slot = cycle % WHEEL;
    SchedList *l = &s->wheel[slot];

    job->event_next = NULL;
    if (l->head) {
        l->tail->event_next = job;
    } else {
        l->head = job;
        s->wheel_used[slot / 64] |= 1ull << (slot % 64);
    }
    l->tail = job;
}

static inline bool far_before(const SchedFar *a, const SchedFar *b)
{
    return a->cycle != b->cycle ? a->cycle < b->cycle : a->serial < b->serial;
}

static inline void far_add(IommuSched *s, SchedFar e)
{
    size_t i;

    for (i = s->far_count++; i && far_before(&e, &s->far[(i - 1) / 2]); i = (i - 1) / 2) {
        s->far[i] = s->far[(i - 1) / 2];
    }
    s->far[i] = e;
}

static inline SchedFar far_take(IommuSched *s)
{
    SchedFar first = s->far[0];
    SchedFar last = s->far[--s->far_count];
    size_t i = 0;

    for (;;) {
        size_t c = 2 * i + 1;

        if (c >= s->far_count) {
            break;
        }
        if (c + 1 < s->far_count && far_before(&s->far[c + 1], &s->far[c])) {
            c++;
        }
        if (!far_before(&s->far[c], &last)) {
            break;
        }
        s->far[i] = s->far[c];
        i = c;
    }
    s->far[i] = last;
    return first;
}

static inline void schedule(IommuSched *s, uint64_t cycle, SchedJob *job)
{
    if (__builtin_expect(cycle - s->now < WHEEL, 1)) {
        wheel_add(s, cycle, job);
    } else {
        far_add(s, (SchedFar) { .cycle = cycle, .serial = s->far_serial++, .job = job });
    }
}

/** Move time to @cycle; no event may be earlier. */
static inline void set_now(IommuSched *s, uint64_t cycle)
{
    s->now = cycle;
    while (__builtin_expect(s->far_count && s->far[0].cycle - cycle < WHEEL, 0)) {
        SchedFar e = far_take(s);

        wheel_add(s, e.cycle, e.job);
    }
}

/** Earliest cycle in the wheel, or NEVER. */
static inline uint64_t wheel_next(const IommuSched *s)
{
    unsigned start = s->now % WHEEL;
    unsigned word = start / 64;
    uint64_t w = s->wheel_used[word] & (~0ull << (start % 64));

    /* Once round, as the first word may have had its later half looked at only. */
    for (unsigned n = 0; !w && n < WHEEL / 64; n++) {
        word = (word + 1) % (WHEEL / 64);
        w = s->wheel_used[word];
    }
    return w ? s->now + ((word * 64 + __builtin_ctzll(w) - start) & (WHEEL - 1))
             : IOMMU_CYCLE_NEVER;
}

#endif

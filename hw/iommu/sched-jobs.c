/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler: its jobs, by number and by class, and the memory they take.
 */
#include <stdlib.h>
#include <string.h>

#include "sched-internal.h"

static inline SchedJob **index_slot(const IommuSched *s, uint64_t number)
{
    uint32_t h = number & s->index_mask;

    while (s->index[h] && s->index[h]->number != number) {
        h = (h + 1) & s->index_mask;
    }
    return &s->index[h];
}

static inline void index_insert(IommuSched *s, SchedJob *job)
{
    SchedJob **at = index_slot(s, job->number);

    *at = job;
    s->displaced += at != &s->index[job->number & s->index_mask];
}

static void index_close_gap(IommuSched *s, uint32_t hole)
{
    /* Put those behind the gap in anew: some would no longer be found. */
    for (uint32_t h = (hole + 1) & s->index_mask; s->index[h]; h = (h + 1) & s->index_mask) {
        SchedJob *job = s->index[h];

        s->displaced -= h != (job->number & s->index_mask);
        s->index[h] = NULL;
        index_insert(s, job);
    }
}

static inline void index_remove(IommuSched *s, uint64_t number)
{
    uint32_t hole = index_slot(s, number) - s->index;

    s->displaced -= hole != (number & s->index_mask);
    s->index[hole] = NULL;
    /* Mostly each is where it belongs, as numbers that come one after the other are. */
    if (s->displaced) {
        index_close_gap(s, hole);
    }
}

/* Blocks double in number, so that each job has been moved in the index but once or twice. */
static bool index_grow(IommuSched *s, uint32_t jobs)
{
    uint32_t old_mask = s->index_mask;
    SchedJob **old = s->index;
    SchedJob **index = calloc(2 * (size_t)jobs, sizeof(*index));

    if (!index) {
        return false;
    }
    s->index = index;
    s->index_mask = 2 * jobs - 1;
    s->displaced = 0;
    for (uint32_t i = 0; old && i <= old_mask; i++) {
        if (old[i]) {
            index_insert(s, old[i]);
        }
    }
    free(old);
    return true;
}

/* Room for more jobs, and for the events that they can have pending. */
static bool jobs_grow(IommuSched *s)
{
    uint32_t more = s->block_count ? s->block_count : 1;
    uint32_t blocks = s->block_count + more;
    SchedJob **table = realloc(s->blocks, blocks * sizeof(*table));
    SchedFar *far = realloc(s->far, (size_t)blocks * SCHED_BLOCK * sizeof(*far));

    /* What could be had is kept: it is at least as large as before. */
    s->blocks = table ? table : s->blocks;
    s->far = far ? far : s->far;
    if (!table || !far || !index_grow(s, blocks * SCHED_BLOCK)) {
        return false;
    }
    while (more--) {
        SchedJob *block = calloc(SCHED_BLOCK, sizeof(*block));

        if (!block) {
            return s->free_jobs; /* some are better than none */
        }
        for (uint32_t i = SCHED_BLOCK; i-- > 0;) {
            block[i].id = s->block_count * SCHED_BLOCK + i;
            block[i].queue_next = s->free_jobs;
            s->free_jobs = &block[i];
        }
        s->blocks[s->block_count++] = block;
    }
    return true;
}

/* Room for @count operations of its own in @j. */
static bool ops_grow(SchedJob *j, uint32_t count)
{
    IommuOp *ops;

    if (count <= j->room) {
        return true;
    }
    count = count < 16 ? 16 : count;
    ops = malloc(count * sizeof(*ops));
    if (!ops) {
        return false;
    }
    if (j->own && j->ops == j->own) {
        memcpy(ops, j->own, j->count * sizeof(*ops));
        j->op = ops + (j->op - j->ops);
        j->ops = ops;
    }
    free(j->own);
    j->own = ops;
    j->room = count;
    return true;
}

SchedJob *sched_job_find(const IommuSched *s, uint64_t number)
{
    return *index_slot(s, number);
}

SchedJob *sched_job_new(IommuSched *s, uint64_t number, unsigned class_index)
{
    SchedJob *older = s->newest[class_index];
    SchedJob *j;

    if (!s->free_jobs && !jobs_grow(s)) {
        return NULL;
    }
    j = s->free_jobs;
    s->free_jobs = j->queue_next;
    j->number = number;
    j->begun = s->now;
    j->ops = NULL;
    j->shape = NULL;
    j->mark = 0;
    j->class_index = class_index;
    j->waiters.head = NULL;
    j->entered = false;
    j->holding = 0;
    j->newer = NULL;
    j->older = older;
    if (older) {
        older->newer = j;
    } else {
        s->oldest[class_index] = j;
    }
    s->newest[class_index] = j;
    s->active[class_index]++;
    s->alive++;
    index_insert(s, j);
    return j;
}

SchedJob *sched_job_copy(IommuSched *s, uint64_t number, unsigned class_index, const IommuOp *ops,
                         size_t count)
{
    SchedJob *j = sched_job_new(s, number, class_index);

    if (j && !ops_grow(j, count)) {
        sched_job_free(s, j);
        return NULL;
    }
    if (j) {
        j->op = j->ops = memcpy(j->own, ops, count * sizeof(IommuOp));
        j->count = count;
    }
    return j;
}

void sched_job_free(IommuSched *s, SchedJob *j)
{
    unsigned c = j->class_index;

    if (j->older) {
        j->older->newer = j->newer;
    } else {
        s->oldest[c] = j->newer;
    }
    if (j->newer) {
        j->newer->older = j->older;
    } else {
        s->newest[c] = j->older;
    }
    s->active[c]--;
    s->alive--;
    index_remove(s, j->number);
    j->queue_next = s->free_jobs;
    s->free_jobs = j;
}

bool sched_append(IommuSched *s, uint64_t job, const IommuOp *ops, size_t count)
{
    SchedJob *j = sched_job_find(s, job);
    size_t next = j->op - j->ops + 1;

    if (!ops_grow(j, j->count + count)) {
        return false;
    }
    if (j->ops != j->own) {
        memcpy(j->own, j->ops, j->count * sizeof(IommuOp));
        j->ops = j->own;
        j->op = j->own + next - 1;
    }
    memmove(j->own + next + count, j->own + next, (j->count - next) * sizeof(IommuOp));
    memcpy(j->own + next, ops, count * sizeof(IommuOp));
    j->count += count;
    return true;
}

bool sched_jobs_init(IommuSched *s)
{
    return jobs_grow(s);
}

void sched_jobs_reset(IommuSched *s)
{
    s->free_jobs = NULL;
    for (uint32_t b = s->block_count; b-- > 0;) {
        for (uint32_t i = SCHED_BLOCK; i-- > 0;) {
            s->blocks[b][i].queue_next = s->free_jobs;
            s->free_jobs = &s->blocks[b][i];
        }
    }
    memset(s->index, 0, (s->index_mask + 1ul) * sizeof(*s->index));
    s->displaced = 0;
    memset(s->oldest, 0, sizeof(s->oldest));
    memset(s->newest, 0, sizeof(s->newest));
    memset(s->active, 0, sizeof(s->active));
    s->alive = 0;
}

void sched_jobs_destroy(IommuSched *s)
{
    for (uint32_t b = 0; b < s->block_count; b++) {
        for (uint32_t i = 0; i < SCHED_BLOCK; i++) {
            free(s->blocks[b][i].own);
        }
        free(s->blocks[b]);
    }
    free(s->blocks);
    free(s->index);
    free(s->far);
}

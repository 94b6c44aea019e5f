/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differential test, the program: configurations of one IOMMU on two emulators, and what differs.
 * Prints TAP: one test for every block of configurations that shares a pair of emulators.
 */
#include "differential.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RAM_BYTES (512ull << 20)
#define RANGES 8
#define KNOWN_MAX 32
#define SHOW 5   /* disagreements printed in full for each block */

typedef struct Options {
    const DiffScript *script;
    const char *ours, *baseline;
    const char *log;
    uint64_t seed;
    unsigned first, configs, steps;
    unsigned block; /* configurations on one pair of emulators */
    bool verbose;
} Options;

typedef struct Tally {
    uint64_t transactions, succeeded, failed, events;
    uint64_t differences;
    unsigned known_count;
    const char *known[KNOWN_MAX];
    uint64_t known_times[KNOWN_MAX];
} Tally;

typedef struct Side {
    Emulator *e;
    void *state;
    char summary[DIFF_NAME];
    DiffResult result;
    DiffStep step;
} Side;

/* splitmix64: a seed for each configuration and step. */
static uint32_t sub_seed(uint64_t seed, uint64_t n)
{
    return idma_pattern(seed, 1, n) >> 32;
}

/* The same random numbers on both sides. */
static void seed_step(const Options *o, GRand *rand, unsigned config, unsigned step)
{
    g_rand_set_seed(rand, sub_seed(o->seed ^ config, step + 1));
}

static bool configure(const Options *o, Side *s, const DiffVariant *v, unsigned config)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(sub_seed(o->seed, config));

    emulator_clear(s->e);
    s->state = o->script->configure(s->e, v, config / o->block, rand, s->summary);
    return s->state;
}

static void run_step(const Options *o, Side *s, unsigned config, unsigned step)
{
    g_autoptr(GRand) rand = g_rand_new();
    DiffResult *r = &s->result;
    DmaCompletion c;
    DmaDesc desc;

    memset(r, 0, sizeof(*r));
    memset(&s->step, 0, sizeof(s->step));
    seed_step(o, rand, config, step);
    r->driver_failed = !o->script->step(s->state, rand, &s->step, &desc);
    r->hung = !emulator_dma(s->e, &desc, &c);
    if (!r->hung) {
        r->ok = c.status == IDMA_STATUS_OK;
        r->data = r->ok ? c.value : 0;
        r->events = o->script->events(s->state, r->event, DIFF_EVENTS);
    }
}

static bool same_events(const DiffResult *a, const DiffResult *b)
{
    return a->events == b->events &&
           !memcmp(a->event, b->event, MIN(a->events, DIFF_EVENTS) * sizeof(DiffEvent));
}

static bool same(const DiffResult *a, const DiffResult *b)
{
    return a->hung == b->hung && a->driver_failed == b->driver_failed && a->ok == b->ok &&
           a->data == b->data && same_events(a, b);
}

static void print_result(const DiffScript *script, const char *who, const DiffResult *r)
{
    printf("#     %s: %s", who, r->hung ? "hung" : r->ok ? "ok" : "failed");
    if (r->driver_failed) {
        printf(", queue error");
    }
    if (r->ok) {
        printf(", data %016" PRIx64, r->data);
    }
    printf("\n");
    for (unsigned i = 0; i < MIN(r->events, DIFF_EVENTS); i++) {
        printf("#       record");
        for (unsigned f = 0; script->field_names[f]; f++) {
            printf(" %s=%" PRIx64, script->field_names[f], r->event[i].field[f]);
        }
        printf("\n");
    }
}

static void count_known(Tally *t, const char *id)
{
    unsigned i = 0;

    while (i < t->known_count && strcmp(t->known[i], id)) {
        i++;
    }
    if (i == t->known_count) {
        g_assert(i < KNOWN_MAX);
        t->known[t->known_count++] = id;
    }
    t->known_times[i]++;
}

/* First address at which the two memories differ outside the excluded ranges; 0: none. */
static uint64_t memory_difference(const Options *o, Side *a, Side *b)
{
    uint64_t first = a->e->ram_base + (16ull << 20), end = MAX(a->e->mem.next, b->e->mem.next);
    DiffRange skip[RANGES];
    unsigned n = o->script->exclude(a->state, skip, RANGES);

    for (uint64_t at = first; at < end; at += 64) {
        bool excluded = false;

        if (!memcmp(emulator_ram(a->e, at, 64), emulator_ram(b->e, at, 64), 64)) {
            continue;
        }
        for (unsigned i = 0; i < n; i++) {
            excluded |= at >= skip[i].addr && at < skip[i].addr + skip[i].bytes;
        }
        if (!excluded) {
            return at;
        }
    }
    return 0;
}

/* Where one side has written and the other has not, or something else: go on with our data. */
static void resync(const Options *o, Side *ours, Side *theirs)
{
    const DiffPlace *place = o->script->places(ours->state);

    for (unsigned i = 0; i < DIFF_PLACES; i++) {
        memcpy(emulator_ram(theirs->e, place[i].pa, DIFF_PAGE),
               emulator_ram(ours->e, place[i].pa, DIFF_PAGE), DIFF_PAGE);
    }
}

/* One step on both sides. False if nothing explains how they differ. */
static bool compare_step(const Options *o, Side *ours, Side *theirs, unsigned config,
                         const char *variant, unsigned step, Tally *t, unsigned *shown)
{
    const DiffResult *a = &ours->result, *b = &theirs->result;
    const DiffStep *s = &ours->step;
    const char *id;

    run_step(o, ours, config, step);
    run_step(o, theirs, config, step);
    t->transactions++;
    t->succeeded += a->ok;
    t->failed += !a->ok;
    t->events += a->events;
    if (same(a, b)) {
        if (o->verbose) {
            printf("#     step %u: %s; op %u at %" PRIx64 " (%s): same, %s\n", step,
                   *s->change ? s->change : "no change", s->op, s->addr, s->target,
                   a->ok ? "ok" : "failed");
        }
        return true;
    }
    t->differences++;
    id = a->hung || b->hung ? NULL : o->script->known(ours->state, s, a, b);
    if (id) {
        count_known(t, id);
    }
    if (!id ? (*shown)++ < SHOW || o->verbose : o->verbose) {
        printf("#   configuration %u (%s): %s\n", config, variant, ours->summary);
        printf("#     step %u: %s; op %u at %" PRIx64 " (%s), %u bytes%s%s\n", step,
               *s->change ? s->change : "no change", s->op, s->addr, s->target, s->len,
               id ? "; known: " : "", id ? id : "");
        print_result(o->script, "ours    ", a);
        print_result(o->script, "baseline", b);
    }
    if (!a->hung && !b->hung) {
        resync(o, ours, theirs);
    }
    return id != NULL;
}

/* Number of disagreements that nothing explains. */
static unsigned compare(const Options *o, Side *ours, Side *theirs, unsigned config,
                        const char *variant, Tally *t, unsigned *shown)
{
    unsigned bad = 0;
    uint64_t at;

    for (unsigned i = 0; i < o->steps; i++) {
        bad += !compare_step(o, ours, theirs, config, variant, i, t, shown);
        if (ours->result.hung || theirs->result.hung) {
            return bad;
        }
    }
    o->script->stop(ours->state);
    o->script->stop(theirs->state);
    at = memory_difference(o, ours, theirs);
    if (at) {
        bad++;
        if ((*shown)++ < SHOW) {
            printf("#   configuration %u (%s): %s\n#     memory differs at %" PRIx64
                   ": ours %016" PRIx64 ", baseline %016" PRIx64 "\n", config, variant,
                   ours->summary, at, gmem_read64(&ours->e->mem, at),
                   gmem_read64(&theirs->e->mem, at));
        }
    }
    return bad;
}

static bool start_pair(const Options *o, const DiffVariant *v, bool port, const char *caches,
                       Side *ours, Side *theirs)
{
    g_autofree char *props = g_strdup_printf("%s%scaches=%s", v->ours, *v->ours ? "," : "", caches);
    EmulatorConfig a = {
        .x86 = o->script->x86, .binary = o->ours, .iommu = props,
        .dma = port ? NULL : "port=off", .ram_bytes = RAM_BYTES, .log = o->log,
    };
    EmulatorConfig b = {
        .x86 = o->script->x86, .binary = o->baseline, .iommu = *v->baseline ? v->baseline : NULL,
        .ram_bytes = RAM_BYTES, .log = o->log,
    };

    ours->e = emulator_start(&a);
    theirs->e = emulator_start(&b);
    return ours->e && theirs->e;
}

static void stop_pair(Side *ours, Side *theirs)
{
    if (ours->e) {
        emulator_stop(ours->e);
    }
    if (theirs->e) {
        emulator_stop(theirs->e);
    }
    ours->e = theirs->e = NULL;
}

/* One block: configurations [first, first + count). */
static bool run_block(const Options *o, unsigned first, unsigned count, unsigned number, Tally *t)
{
    static const char *const cache_sizes[] = { "full", "one", "off" };
    unsigned block = first / o->block;
    const DiffVariant *v = &o->script->variants[block % o->script->variant_count];
    const char *caches = cache_sizes[block / o->script->variant_count % 3];
    bool port = block / o->script->variant_count / 3 % 2 == 0;
    Side ours = { .e = NULL }, theirs = { .e = NULL };
    unsigned bad = 0, shown = 0;

    for (unsigned i = first; i < first + count; i++) {
        if (!ours.e && !start_pair(o, v, port, caches, &ours, &theirs)) {
            bad++;
            break;
        }
        if (!configure(o, &ours, v, i) || !configure(o, &theirs, v, i)) {
            printf("#   configuration %u (%s): %s: %s does not come up\n", i, v->name,
                   ours.summary, ours.state ? "baseline" : "ours");
            bad++;
        } else {
            bad += compare(o, &ours, &theirs, i, v->name, t, &shown);
        }
        if (ours.state) {
            o->script->free(ours.state);
        }
        if (theirs.state) {
            o->script->free(theirs.state);
        }
        if (!ours.state || !theirs.state || ours.e->dead || theirs.e->dead) {
            stop_pair(&ours, &theirs);
        }
        ours.state = theirs.state = NULL;
    }
    stop_pair(&ours, &theirs);
    printf("%s %u %s configurations %u-%u (%s, caches %s, %s)", bad ? "not ok" : "ok", number,
           o->script->name, first, first + count - 1, v->name, caches, port ? "port" : "plain DMA");
    if (bad) {
        printf(": %u disagreements", bad);
    }
    printf("\n");
    fflush(stdout);
    return bad == 0;
}

static const char *argument(char **argv, int *i)
{
    if (!argv[*i + 1]) {
        fprintf(stderr, "differential: %s needs a value\n", argv[*i]);
        exit(2);
    }
    return argv[++*i];
}

static Options parse(char **argv)
{
    Options o = { .seed = 1, .configs = 40, .steps = 50, .block = 25 };

    for (int i = 1; argv[i]; i++) {
        if (!strcmp(argv[i], "--iommu")) {
            const char *name = argument(argv, &i);

            o.script = !strcmp(name, "smmuv3") ? &smmu_script
                       : !strcmp(name, "vtd") ? &vtd_script : NULL;
        } else if (!strcmp(argv[i], "--ours")) {
            o.ours = argument(argv, &i);
        } else if (!strcmp(argv[i], "--baseline")) {
            o.baseline = argument(argv, &i);
        } else if (!strcmp(argv[i], "--log")) {
            o.log = argument(argv, &i);
        } else if (!strcmp(argv[i], "--seed")) {
            o.seed = strtoull(argument(argv, &i), NULL, 0);
        } else if (!strcmp(argv[i], "--first")) {
            o.first = strtoul(argument(argv, &i), NULL, 0);
        } else if (!strcmp(argv[i], "--configs")) {
            o.configs = strtoul(argument(argv, &i), NULL, 0);
        } else if (!strcmp(argv[i], "--steps")) {
            o.steps = strtoul(argument(argv, &i), NULL, 0);
        } else if (!strcmp(argv[i], "--block")) {
            o.block = strtoul(argument(argv, &i), NULL, 0);
        } else if (!strcmp(argv[i], "--verbose")) {
            o.verbose = true;
        } else {
            fprintf(stderr, "differential: unknown option '%s'\n", argv[i]);
            exit(2);
        }
    }
    if (!o.script || !o.ours || !o.baseline || !o.steps || !o.block) {
        fprintf(stderr, "usage: differential --iommu smmuv3|vtd --ours EMULATOR "
                        "--baseline EMULATOR [--log FILE] [--seed N] [--first N] [--configs N] "
                        "[--steps N] [--block N] [--verbose]\n");
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    Options o = parse(argv);
    Tally t = { 0 };
    unsigned number = 0, failed = 0;

    (void)argc;
    for (unsigned i = o.first; i < o.first + o.configs;) {
        unsigned count = MIN(o.block - i % o.block, o.first + o.configs - i);

        failed += !run_block(&o, i, count, ++number, &t);
        i += count;
    }
    printf("1..%u\n", number);
    printf("# %s: %" PRIu64 " transactions (%" PRIu64 " succeeded, %" PRIu64 " failed), %" PRIu64
           " records, %" PRIu64 " differences\n", o.script->name, t.transactions, t.succeeded,
           t.failed, t.events, t.differences);
    for (unsigned i = 0; i < t.known_count; i++) {
        printf("# known %s: %" PRIu64 " times\n", t.known[i], t.known_times[i]);
    }
    return failed ? 1 : 0;
}

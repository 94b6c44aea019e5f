/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's small parts: fields, counters, trace, saved state, profiles, plan.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/counters.h"
#include "hw/iommu/fields.h"
#include "hw/iommu/plan.h"
#include "hw/iommu/profile.h"
#include "hw/iommu/state.h"
#include "hw/iommu/trace.h"

/*
 * Fields
 */

static void test_field_get_set(void)
{
    uint64_t words[2] = { 0, 0 };
    BitField f = BITFIELD_AT(100, 12);

    field_set(words, f, 0xfabc);
    g_assert_cmphex(words[0], ==, 0);
    g_assert_cmphex(words[1], ==, 0xabcull << 36);
    g_assert_cmphex(field_get(words, f), ==, 0xabc);
    g_assert_cmphex(field_in_place(words, f), ==, 0xabcull << 36);
}

static void test_field_whole_word(void)
{
    g_assert_cmphex(reg_get(UINT64_MAX, REGFIELD(63, 0)), ==, UINT64_MAX);
    g_assert_cmphex(reg_set(UINT64_MAX, REGFIELD(63, 0), 5), ==, 5);
    g_assert_cmphex(reg_make(REGFIELD(63, 63), 3), ==, 1ull << 63);
}

static void test_le64(void)
{
    const uint8_t image[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint8_t out[8];

    g_assert_cmphex(le64_load(image), ==, 0x0807060504030201);
    le64_store(out, 0x0807060504030201);
    g_assert_cmpmem(out, 8, image, 8);
}

static void test_bits_and_low_mask(void)
{
    g_assert_cmphex(bits(0x123456789abcdef0, 63, 0), ==, 0x123456789abcdef0);
    g_assert_cmphex(bits(0x123456789abcdef0, 15, 8), ==, 0xde);
    g_assert_cmphex(low_mask(0), ==, 0);
    g_assert_cmphex(low_mask(12), ==, 0xfff);
    g_assert_cmphex(low_mask(64), ==, UINT64_MAX);
}

/*
 * Counters
 */

static void test_counters_json(void)
{
    IommuCounters c = { .transactions = 12, .irq_blocked = UINT64_MAX };
    char buf[4096];
    int len = iommu_counters_json(&c, buf, sizeof(buf));

    g_assert_cmpint(len, ==, strlen(buf));
    g_assert_true(g_str_has_prefix(buf, "{\"transactions\": 12, "));
    g_assert_true(g_str_has_suffix(buf, "\"irq_blocked\": 18446744073709551615}"));
}

/* Only what was counted in between is added. */
static void test_counters_add(void)
{
    IommuCounters sum = { .transactions = 1, .walks = 5 };
    IommuCounters before = { .transactions = 10, .walks = 7, .irq_blocked = 3 };
    IommuCounters after = { .transactions = 12, .walks = 7, .irq_blocked = 4 };

    iommu_counters_add(&sum, &before, &after);
    g_assert_cmpuint(sum.transactions, ==, 3);
    g_assert_cmpuint(sum.walks, ==, 5);
    g_assert_cmpuint(sum.irq_blocked, ==, 1);
    g_assert_cmpuint(sum.faults, ==, 0);
}

static void test_counters_json_cut(void)
{
    IommuCounters c = { 0 };
    char whole[4096], part[16];
    int len = iommu_counters_json(&c, whole, sizeof(whole));

    g_assert_cmpint(iommu_counters_json(&c, NULL, 0), ==, len);
    g_assert_cmpint(iommu_counters_json(&c, part, sizeof(part)), ==, len);
    g_assert_cmpint(strlen(part), ==, sizeof(part) - 1);
    g_assert_cmpmem(part, 15, whole, 15);
}

/*
 * Trace
 */

static void test_trace_silent_unless_armed(void)
{
    IommuTrace *t = g_new0(IommuTrace, 1);

    iommu_trace_begin(t);
    iommu_trace_line(t, "x");
    g_assert_cmpuint(t->len, ==, 0);
    g_free(t);
}

static void test_trace_is_one_shot(void)
{
    IommuTrace *t = g_new0(IommuTrace, 1);

    iommu_trace_arm(t);
    iommu_trace_line(t, "too early");
    iommu_trace_begin(t);
    IOMMU_TRACE(t, "a %d", 1);
    iommu_trace_end(t);
    IOMMU_TRACE(t, "too late");
    iommu_trace_begin(t);
    IOMMU_TRACE(t, "not armed again");
    g_assert_cmpstr(t->text, ==, "a 1\n");
    g_free(t);
}

static void test_trace_cuts_at_lines(void)
{
    IommuTrace *t = g_new0(IommuTrace, 1);

    iommu_trace_arm(t);
    iommu_trace_begin(t);
    for (unsigned i = 0; i < 1000; i++) {
        iommu_trace_line(t, "line %u of several that do not all fit", i);
    }
    g_assert_true(t->full);
    g_assert_cmpuint(t->len, <, IOMMU_TRACE_BYTES);
    g_assert_cmpuint(strlen(t->text), ==, t->len);
    g_assert_true(t->text[t->len - 1] == '\n');
    iommu_trace_arm(t);
    g_assert_false(t->full);
    g_assert_cmpuint(t->len, ==, 0);
    g_free(t);
}

static void test_trace_fills_to_the_last_byte(void)
{
    IommuTrace *t = g_new0(IommuTrace, 1);
    g_autofree char *exact = g_strnfill(IOMMU_TRACE_BYTES - 2, 'x');

    iommu_trace_arm(t);
    iommu_trace_begin(t);
    iommu_trace_line(t, "%s", exact);
    g_assert_cmpuint(t->len, ==, IOMMU_TRACE_BYTES - 1);
    g_assert_false(t->full);
    iommu_trace_line(t, "%s", "");
    g_assert_true(t->full);
    g_free(t);
}

/*
 * Saved state
 */

static void test_state_round_trip(void)
{
    IommuStateWriter w = { 0 };
    uint8_t b[3] = { 1, 2, 255 }, b2[3];
    uint16_t h[2] = { 1, 0xfffe }, h2[2];
    uint32_t s[1] = { 0xdeadbeef }, s2[1];
    uint64_t l[2] = { UINT64_MAX, 0x0123456789abcdef }, l2[2];
    IommuStateReader r;

    iommu_state_put(&w, "bytes", b, 1, 3);
    iommu_state_put(&w, "halves", h, 2, 2);
    iommu_state_put(&w, "words", s, 4, 1);
    iommu_state_put(&w, "longs", l, 8, 2);
    iommu_state_put(&w, "none", NULL, 8, 0);
    g_assert_false(w.failed);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_true(iommu_state_valid(&r));
    /* Any order. */
    g_assert_true(iommu_state_get(&r, "longs", l2, 8, 2));
    g_assert_true(iommu_state_get(&r, "bytes", b2, 1, 3));
    g_assert_true(iommu_state_get(&r, "words", s2, 4, 1));
    g_assert_true(iommu_state_get(&r, "halves", h2, 2, 2));
    g_assert_cmpmem(b, sizeof(b), b2, sizeof(b2));
    g_assert_cmpmem(h, sizeof(h), h2, sizeof(h2));
    g_assert_cmpmem(s, sizeof(s), s2, sizeof(s2));
    g_assert_cmpmem(l, sizeof(l), l2, sizeof(l2));
    g_assert_cmpint(iommu_state_count(&r, "longs"), ==, 2);
    g_assert_cmpint(iommu_state_count(&r, "none"), ==, 0);
    g_assert_cmpint(iommu_state_count(&r, "absent"), ==, -1);
    free(w.data);
}

static void test_state_is_little_endian(void)
{
    IommuStateWriter w = { 0 };
    uint32_t v = 0x04030201;
    const uint8_t image[] = { 1, 'v', 4, 1, 0, 0, 0, 1, 2, 3, 4 };

    iommu_state_put(&w, "v", &v, 4, 1);
    g_assert_cmpmem(w.data, w.len, image, sizeof(image));
    free(w.data);
}

static void test_state_mismatch_writes_nothing(void)
{
    IommuStateWriter w = { 0 };
    uint64_t v[2] = { 1, 2 }, out[4] = { 9, 9, 9, 9 };
    IommuStateReader r;

    iommu_state_put(&w, "v", v, 8, 2);
    r = (IommuStateReader) { .data = w.data, .len = w.len };
    g_assert_false(iommu_state_get(&r, "v", out, 8, 1));
    g_assert_false(iommu_state_get(&r, "v", out, 8, 3));
    g_assert_false(iommu_state_get(&r, "v", out, 4, 2));
    g_assert_false(iommu_state_get(&r, "w", out, 8, 2));
    g_assert_false(iommu_state_get(&r, "vv", out, 8, 2));
    g_assert_cmpuint(out[0], ==, 9);
    free(w.data);
}

static void test_state_empty_is_valid(void)
{
    IommuStateReader r = { .data = NULL, .len = 0 };

    g_assert_true(iommu_state_valid(&r));
    g_assert_cmpint(iommu_state_count(&r, "v"), ==, -1);
}

static void test_state_every_cut_is_invalid(void)
{
    IommuStateWriter w = { 0 };
    uint64_t v[2] = { 1, 2 }, out[2];

    iommu_state_put(&w, "value", v, 8, 2);
    for (size_t len = 1; len < w.len; len++) {
        /* A copy of just that size, so that a sanitizer sees a read past it. */
        g_autofree uint8_t *part = g_memdup2(w.data, len);
        IommuStateReader r = { .data = part, .len = len };

        g_assert_false(iommu_state_valid(&r));
        g_assert_false(iommu_state_get(&r, "value", out, 8, 2));
    }
    free(w.data);
}

static void test_state_bad_width_and_huge_count(void)
{
    static const uint8_t width3[] = { 1, 'v', 3, 1, 0, 0, 0, 1, 2, 3 };
    static const uint8_t width0[] = { 1, 'v', 0, 1, 0, 0, 0 };
    static const uint8_t noname[] = { 0, 1, 1, 0, 0, 0, 1 };
    static const uint8_t huge[] = { 1, 'v', 8, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8 };
    IommuStateReader images[] = {
        { .data = width3, .len = sizeof(width3) },
        { .data = width0, .len = sizeof(width0) },
        { .data = noname, .len = sizeof(noname) },
        { .data = huge, .len = sizeof(huge) },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(images); i++) {
        g_assert_false(iommu_state_valid(&images[i]));
        g_assert_cmpint(iommu_state_count(&images[i], "v"), ==, -1);
    }
}

static void test_state_garbage(void)
{
    GRand *rand = g_rand_new_with_seed(3);

    for (unsigned i = 0; i < 20000; i++) {
        size_t len = g_rand_int_range(rand, 1, 40);
        g_autofree uint8_t *image = g_malloc(len);
        IommuStateReader r = { .data = image, .len = len };
        uint64_t out[4];

        for (size_t j = 0; j < len; j++) {
            image[j] = g_rand_int_range(rand, 0, 4) ? g_rand_int_range(rand, 0, 9) : 'v';
        }
        iommu_state_valid(&r);
        iommu_state_get(&r, "v", out, 8, 1);
        iommu_state_count(&r, "vv");
    }
    g_rand_free(rand);
}

static void test_state_name_too_long(void)
{
    IommuStateWriter w = { 0 };
    g_autofree char *name = g_strnfill(256, 'n');
    uint8_t v = 1;

    iommu_state_put(&w, name, &v, 1, 1);
    g_assert_true(w.failed);
    free(w.data);
}

/*
 * Profiles and plan
 */

static void test_profiles_are_valid(void)
{
    g_auto(GStrv) names = g_strsplit(iommu_profile_names(), ", ", 0);

    g_assert_cmpuint(g_strv_length(names), ==, 4);
    for (unsigned i = 0; names[i]; i++) {
        const IommuProfile *p = iommu_profile_find(names[i]);

        g_assert_nonnull(p);
        g_assert_cmpstr(p->name, ==, names[i]);
        g_assert_true(iommu_cache_geometry_valid(&p->tlb, NULL));
        g_assert_true(iommu_cache_geometry_valid(&p->ipa, NULL));
        g_assert_true(iommu_cache_geometry_valid(&p->tables[0][0], NULL));
        g_assert_true(iommu_cache_geometry_valid(&p->tables[1][4], NULL));
        g_assert_true(iommu_cache_geometry_valid(&p->config, NULL));
        g_assert_true(iommu_cache_geometry_valid(&p->subconfig, NULL));
        g_assert_true(iommu_cache_geometry_valid(&p->interrupt, NULL));
    }
}

static void test_profile_sizes(void)
{
    g_assert_cmpuint(iommu_profile_find("off")->tlb.entries, ==, 0);
    g_assert_cmpuint(iommu_profile_find("one")->tables[1][0].entries, ==, 1);
    g_assert_cmpuint(iommu_profile_find("tiny")->config.entries, ==, 4);
    g_assert_null(iommu_profile_find("huge"));
    g_assert_null(iommu_profile_find(""));
}

static void test_plan_is_kept_on_demand(void)
{
    IommuPlan *p = g_new0(IommuPlan, 1);

    plan_begin(p);
    plan_step(p, IOMMU_STEP_READ, 1, 2, false, 0x1000, 8);
    g_assert_cmpuint(p->count, ==, 0);
    p->keep = true;
    for (unsigned i = 0; i < IOMMU_PLAN_STEPS + 3; i++) {
        plan_step(p, IOMMU_STEP_READ, 1, 2, true, 0x1000 + i, 8);
    }
    g_assert_cmpuint(p->count, ==, IOMMU_PLAN_STEPS);
    g_assert_cmphex(p->steps[1].addr, ==, 0x1001);
    plan_begin(p);
    g_assert_cmpuint(p->count, ==, 0);
    g_free(p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/fields/get-set", test_field_get_set);
    g_test_add_func("/engine/fields/whole-word", test_field_whole_word);
    g_test_add_func("/engine/fields/le64", test_le64);
    g_test_add_func("/engine/fields/bits", test_bits_and_low_mask);
    g_test_add_func("/engine/counters/json", test_counters_json);
    g_test_add_func("/engine/counters/json-cut", test_counters_json_cut);
    g_test_add_func("/engine/counters/add", test_counters_add);
    g_test_add_func("/engine/trace/silent-unless-armed", test_trace_silent_unless_armed);
    g_test_add_func("/engine/trace/one-shot", test_trace_is_one_shot);
    g_test_add_func("/engine/trace/cut-at-lines", test_trace_cuts_at_lines);
    g_test_add_func("/engine/trace/last-byte", test_trace_fills_to_the_last_byte);
    g_test_add_func("/engine/state/round-trip", test_state_round_trip);
    g_test_add_func("/engine/state/little-endian", test_state_is_little_endian);
    g_test_add_func("/engine/state/mismatch", test_state_mismatch_writes_nothing);
    g_test_add_func("/engine/state/empty", test_state_empty_is_valid);
    g_test_add_func("/engine/state/every-cut", test_state_every_cut_is_invalid);
    g_test_add_func("/engine/state/bad-items", test_state_bad_width_and_huge_count);
    g_test_add_func("/engine/state/garbage", test_state_garbage);
    g_test_add_func("/engine/state/name-too-long", test_state_name_too_long);
    g_test_add_func("/engine/profile/valid", test_profiles_are_valid);
    g_test_add_func("/engine/profile/sizes", test_profile_sizes);
    g_test_add_func("/engine/plan/kept-on-demand", test_plan_is_kept_on_demand);
    return g_test_run();
}

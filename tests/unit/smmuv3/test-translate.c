/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translation procedure: stages, ranges, order of checks (IHI 0070 3.3.2, 3.4, 7.3.22). */
#include "fixture.h"

static void test_stage1(Fix *f)
{
    scene_stage1(f);
    expect_ok(f, VA + 0x123, true, PA + 0x123);
    expect_ok(f, VA + 5 * PAGE + 8, false, PA + 5 * PAGE + 8);
    expect_ok(f, VA + 0x124, true, PA + 0x124);
}

static void test_stage2(Fix *f)
{
    scene_stage2(f);
    expect_ok(f, IPA + 0x123, true, PA + 0x123);
    expect_ok(f, IPA + 3 * PAGE, false, PA + 3 * PAGE);
}

static void test_nested(Fix *f)
{
    scene_nested(f);
    expect_ok(f, VA + 0x123, true, PA + 0x123);
    expect_ok(f, VA + 3 * PAGE, false, PA + 3 * PAGE);
    expect_ok(f, VA + 0x123, false, PA + 0x123);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/translate/TR1-stage1", test_stage1);
    fix_add_profiles("/smmuv3/translate/TR1-stage2", test_stage2);
    fix_add_profiles("/smmuv3/translate/TR13-nested", test_nested);
    return g_test_run();
}

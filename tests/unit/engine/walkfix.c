/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every walker test starts from.
 */
#include "walkfix.h"

#include <glib.h>

WalkFix *walkfix_new(const char *profile)
{
    WalkFix *f = g_new0(WalkFix, 1);

    ramhost_init(&f->ram, 0, FIX_RAM);
    g_assert_true(pt_walker_init(&f->walker, &f->ram.host, &f->counters, &f->trace, &f->plan,
                                 iommu_profile_find(profile), FIX_GROUP, 0xffff));
    f->plan.keep = true;
    f->s1 = toy_regime(1, FIX_S1_ROOT, 3);
    f->s2 = toy_regime(2, FIX_S2_ROOT, 3);
    f->s1.walk_tag = FIX_S1_TAG;
    f->s2.walk_tag = FIX_S2_TAG;
    f->use = FIX_USE_S1;
    f->next = FIX_TABLES;
    return f;
}

unsigned walkfix_steps(const WalkFix *f, IommuStepKind kind)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < f->plan.count; i++) {
        n += f->plan.steps[i].kind == kind;
    }
    return n;
}

void walkfix_free(WalkFix *f)
{
    pt_walker_destroy(&f->walker);
    ramhost_destroy(&f->ram);
    g_free(f);
}

void walkfix_nest(WalkFix *f)
{
    uint64_t next = FIX_MAPPED;

    f->use = FIX_USE_S1 | FIX_USE_S2;
    for (uint64_t ipa = 0; ipa < FIX_MAPPED; ipa += 0x1000) {
        toy_map(&f->ram, &f->s2, ipa, 0, TOY_PAGE | ipa, 0, &next);
    }
}

void walkfix_map1(WalkFix *f, uint64_t va, uint64_t desc)
{
    toy_map(&f->ram, &f->s1, va, 0, desc, 0, &f->next);
}

void walkfix_map2(WalkFix *f, uint64_t ipa, uint64_t desc)
{
    uint64_t next = FIX_RAM - 0x10000;

    toy_map(&f->ram, &f->s2, ipa, 0, desc, 0, &next);
}

uint64_t walkfix_slot1(WalkFix *f, uint64_t va, unsigned height)
{
    return toy_slot(&f->ram, &f->s1, va, height);
}

uint64_t walkfix_slot2(WalkFix *f, uint64_t ipa, unsigned height)
{
    return toy_slot(&f->ram, &f->s2, ipa, height);
}

uint64_t walkfix_desc1(WalkFix *f, uint64_t va, unsigned height)
{
    return ramhost_read64(&f->ram, walkfix_slot1(f, va, height));
}

uint64_t walkfix_desc2(WalkFix *f, uint64_t ipa, unsigned height)
{
    return ramhost_read64(&f->ram, walkfix_slot2(f, ipa, height));
}

bool walkfix_go(WalkFix *f, uint64_t addr, uint8_t need, uint32_t flags)
{
    PtRequest req = {
        .addr = addr,
        .s1 = f->use & FIX_USE_S1 ? &f->s1 : NULL,
        .s2 = f->use & FIX_USE_S2 ? &f->s2 : NULL,
        .access = {
            .need = need,
            .priv = f->priv,
            .write = need & IOMMU_RIGHTS_W,
            .exec = need & IOMMU_RIGHTS_X,
        },
        .flags = flags,
    };

    return pt_walk(&f->walker, &req, &f->res, &f->fault);
}

void walkfix_faults(WalkFix *f, uint64_t addr, uint8_t need, PtFaultKind kind, unsigned stage,
                    PtClass cls, unsigned height)
{
    g_assert_false(walkfix_go(f, addr, need, 0));
    g_assert_cmpstr(pt_fault_name(f->fault.kind), ==, pt_fault_name(kind));
    g_assert_cmpuint(f->fault.stage, ==, stage);
    g_assert_cmpuint(f->fault.cls, ==, cls);
    g_assert_cmpuint(f->fault.height, ==, height);
}

typedef struct Case {
    const char *profile;
    WalkFixTest *fn;
} Case;

static void run_case(gconstpointer data)
{
    const Case *c = data;
    WalkFix *f = walkfix_new(c->profile);

    c->fn(f);
    walkfix_free(f);
}

void walkfix_add_with(const char *path, const char *profile, WalkFixTest *fn)
{
    g_autofree char *name = g_strdup_printf("%s/%s", path, profile);
    Case *c = g_new(Case, 1);

    *c = (Case) { profile, fn };
    g_test_add_data_func_full(name, c, run_case, g_free);
}

void walkfix_add(const char *path, WalkFixTest *fn)
{
    walkfix_add_with(path, "off", fn);
    walkfix_add_with(path, "one", fn);
    walkfix_add_with(path, "full", fn);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "simfix.h"

SimGeneratorOptions simfix_options(const char *iommu, const char *mode, uint64_t count,
                                   uint64_t gap)
{
    return (SimGeneratorOptions) {
        .iommu = iommu, .mode = mode, .order = "sequential", .count = count, .pages = 1,
        .streams = 1, .gap = gap, .size = 64, .page_bytes = 4096, .seed = 1,
    };
}

IommuProfile simfix_profile(const char *base, const char *settings)
{
    IommuProfile p = *iommu_profile_find(base);
    g_auto(GStrv) words = g_strsplit(settings, " ", -1);
    char *error = NULL;

    for (char **w = words; *w; w++) {
        g_auto(GStrv) parts = g_strsplit(*w, "=", 2);

        if (**w) {
            g_assert_true(iommu_profile_set(&p, parts[0], parts[1], &error));
        }
    }
    g_assert_true(iommu_profile_check(&p, &error));
    return p;
}

SimReport simfix_run(const SimGeneratorOptions *o, const IommuProfile *p, char **log)
{
    char *error = NULL;
    SimSource *s = sim_generator_new(o, &error);
    SimRunOptions run = { 0 };
    char *text = NULL;
    size_t length;
    SimReport r;

    g_assert_cmpstr(error, ==, NULL);
    run.log = log ? open_memstream(&text, &length) : NULL;
    g_assert_true(sim_run(s, p, &run, &r, &error));
    s->free(s);
    if (log) {
        fclose(run.log);
        *log = g_strdup(text);
        free(text);
    }
    return r;
}

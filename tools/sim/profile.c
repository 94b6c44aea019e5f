/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of the profile on the command line.
 */
#include <string.h>

#include "sim.h"

typedef struct Search {
    const char *name;
    bool found;
} Search;

static void look(void *opaque, const char *name, const char *unit, const char *value)
{
    Search *s = opaque;

    (void)unit;
    (void)value;
    s->found |= !strcmp(name, s->name);
}

bool sim_profile_is_named(const char *name)
{
    const IommuShippedProfile *s = iommu_shipped_profiles;

    while (s->name && strcmp(s->name, name)) {
        s++;
    }
    return s->name || iommu_profile_find(name);
}

bool sim_profile_set(IommuProfile *p, const char *name, const char *value, char **error)
{
    bool timing = g_str_has_prefix(name, "timing.");
    g_autofree char *other = timing ? g_strdup(name + strlen("timing."))
                                    : g_strconcat("timing.", name, NULL);
    g_autofree char *why = NULL;
    Search s = { .name = other };

    if (iommu_profile_set(p, name, value, &why)) {
        return true;
    }
    iommu_profile_each(p, look, &s);
    *error = s.found ? g_strdup_printf("parameter '%s': its name is %s", name, other)
                     : g_steal_pointer(&why);
    return false;
}

bool sim_profile_set_all(IommuProfile *p, char **sets, char **error)
{
    for (; sets && *sets; sets++) {
        g_auto(GStrv) parts = g_strsplit(*sets, "=", 2);

        if (!parts[0] || !parts[1]) {
            *error = g_strdup_printf("--set '%s': NAME=VALUE is expected", *sets);
            return false;
        }
        if (!sim_profile_set(p, parts[0], parts[1], error)) {
            return false;
        }
    }
    return true;
}

static void print(void *opaque, const char *name, const char *unit, const char *value)
{
    static const struct {
        const char *name;
        unsigned least, most;
    } ranges[] = {
#define X(member, key, unit, least, most) { "timing." key, least, most },
        IOMMU_TIMING_PARAMETERS(X)
#undef X
    };

    fprintf(opaque, "%-34s %-10s %-16s", name, value, unit);
    for (unsigned i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (!strcmp(name, ranges[i].name)) {
            fprintf(opaque, " %u to %u", ranges[i].least, ranges[i].most);
        }
    }
    fputc('\n', opaque);
}

void sim_profile_print(const IommuProfile *p, FILE *out)
{
    iommu_profile_each(p, print, out);
}

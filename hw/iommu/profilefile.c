/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles as files.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "hw/iommu/profilefile.h"

/* Where a cache's section stands in IommuProfile. */
typedef struct CacheSection {
    const char *name;
    size_t offset;
    unsigned count; /* geometries it sets: walk caches of every height, or one */
} CacheSection;

#define TABLE(s, h) offsetof(IommuProfile, tables[s][h])

static const CacheSection sections[] = {
    { "utlb", offsetof(IommuProfile, utlb), 1 },
    { "tlb", offsetof(IommuProfile, tlb), 1 },
    { "ipa", offsetof(IommuProfile, ipa), 1 },
    { "config", offsetof(IommuProfile, config), 1 },
    { "subconfig", offsetof(IommuProfile, subconfig), 1 },
    { "interrupt", offsetof(IommuProfile, interrupt), 1 },
    { "table.stage1", TABLE(0, 0), PT_MAX_HEIGHT },
    { "table.stage2", TABLE(1, 0), PT_MAX_HEIGHT },
    { "table.stage1.height0", TABLE(0, 0), 1 },
    { "table.stage1.height1", TABLE(0, 1), 1 },
    { "table.stage1.height2", TABLE(0, 2), 1 },
    { "table.stage1.height3", TABLE(0, 3), 1 },
    { "table.stage2.height0", TABLE(1, 0), 1 },
    { "table.stage2.height1", TABLE(1, 1), 1 },
    { "table.stage2.height2", TABLE(1, 2), 1 },
    { "table.stage2.height3", TABLE(1, 3), 1 },
};

static const char *const replacements[] = {
    [IOMMU_REPLACE_LRU] = "lru",
    [IOMMU_REPLACE_PLRU] = "plru",
    [IOMMU_REPLACE_RR] = "rr",
    [IOMMU_REPLACE_RANDOM] = "random",
};

static const struct {
    const char *key, *unit;
    uint32_t least, most;
    size_t offset;
} geometry_keys[] = {
    { "entries", "entries", 0, 1u << 20, offsetof(IommuCacheGeometry, entries) },
    { "ways", "ways", 1, 64, offsetof(IommuCacheGeometry, ways) },
    { "seed", "", 0, UINT32_MAX, offsetof(IommuCacheGeometry, seed) },
};

static const struct {
    const char *key, *unit;
    uint32_t least, most;
    size_t offset;
} timing_keys[] = {
#define X(member, key, unit, least, most) \
    { key, unit, least, most, offsetof(IommuTiming, member) },
    IOMMU_TIMING_PARAMETERS(X)
#undef X
};

static bool parse_number(const char *text, uint32_t least, uint32_t most, uint32_t *value,
                         char **error)
{
    guint64 v;

    if (!g_ascii_string_to_unsigned(text, 10, least, most, &v, NULL)) {
        *error = g_strdup_printf("'%s': a number from %u to %u is allowed", text, least, most);
        return false;
    }
    *value = v;
    return true;
}

static bool set_geometry(IommuCacheGeometry *g, const char *key, const char *value, char **error)
{
    if (!strcmp(key, "replacement")) {
        for (unsigned i = 0; i < G_N_ELEMENTS(replacements); i++) {
            if (!strcmp(value, replacements[i])) {
                g->replacement = i;
                return true;
            }
        }
        *error = g_strdup_printf("'%s': lru, plru, rr or random is allowed", value);
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(geometry_keys); i++) {
        if (!strcmp(key, geometry_keys[i].key)) {
            return parse_number(value, geometry_keys[i].least, geometry_keys[i].most,
                                (uint32_t *)((char *)g + geometry_keys[i].offset), error);
        }
    }
    *error = g_strdup("unknown key: entries, ways, replacement or seed is allowed");
    return false;
}

static bool set_timing(IommuTiming *t, const char *key, const char *value, char **error)
{
    GString *known;

    for (unsigned i = 0; i < G_N_ELEMENTS(timing_keys); i++) {
        if (!strcmp(key, timing_keys[i].key)) {
            return parse_number(value, timing_keys[i].least, timing_keys[i].most,
                                (uint32_t *)((char *)t + timing_keys[i].offset), error);
        }
    }
    known = g_string_new("unknown key: allowed are");
    for (unsigned i = 0; i < G_N_ELEMENTS(timing_keys); i++) {
        g_string_append_printf(known, "%s %s", i ? "," : "", timing_keys[i].key);
    }
    *error = g_string_free(known, FALSE);
    return false;
}

static bool set_in_section(IommuProfile *p, const char *section, const char *key,
                           const char *value, char **error)
{
    if (!strcmp(section, "timing")) {
        return set_timing(&p->timing, key, value, error);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++) {
        IommuCacheGeometry *g = (void *)((char *)p + sections[i].offset);

        if (strcmp(section, sections[i].name)) {
            continue;
        }
        for (unsigned n = 0; n < sections[i].count; n++) {
            if (!set_geometry(&g[n], key, value, error)) {
                return false;
            }
        }
        return true;
    }
    *error = g_strdup(
        "unknown section: allowed are profile, timing, utlb, tlb, ipa, config, subconfig, "
        "interrupt, table.stage1, table.stage2 and table.stageN.height0 to height3");
    return false;
}

bool iommu_profile_set(IommuProfile *p, const char *name, const char *value, char **error)
{
    g_autofree char *why = NULL;
    g_autofree char *section = NULL;
    const char *key;

    /* Keys of [timing] have dots of their own; those of caches have none. */
    if (g_str_has_prefix(name, "timing.")) {
        section = g_strdup("timing");
        key = name + strlen("timing.");
    } else {
        const char *dot = strrchr(name, '.');

        if (!dot) {
            *error = g_strdup_printf("parameter '%s': a name like tlb.entries or "
                                     "timing.mem.latency is allowed", name);
            return false;
        }
        section = g_strndup(name, dot - name);
        key = dot + 1;
    }
    if (!set_in_section(p, section, key, value, &why)) {
        *error = g_strdup_printf("parameter '%s' = %s", name, why);
        return false;
    }
    return true;
}

static bool check_geometry(const char *name, const IommuCacheGeometry *g, char **error)
{
    const char *why;

    if (iommu_cache_geometry_valid(g, &why)) {
        return true;
    }
    *error = g_strdup_printf("[%s] entries=%u ways=%u replacement=%s: %s", name, g->entries,
                             g->ways, replacements[g->replacement], why);
    return false;
}

bool iommu_profile_check(const IommuProfile *p, char **error)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++) {
        const IommuCacheGeometry *g = (const void *)((const char *)p + sections[i].offset);

        for (unsigned n = 0; n < sections[i].count; n++) {
            if (!check_geometry(sections[i].name, &g[n], error)) {
                return false;
            }
        }
    }
    return true;
}

/* Keys that say where a value comes from. */
static bool is_provenance(const char *key)
{
    return g_str_has_suffix(key, ".from");
}

/* @key says it of a key that is there, in one of three ways; the first two name something. */
static bool check_provenance(GKeyFile *file, const char *section, const char *key,
                             const char *value, char **error)
{
    g_autofree char *of = g_strndup(key, strlen(key) - strlen(".from"));
    static const char *const kinds[] = { "documented: ", "inferred: " };

    if (!g_key_file_has_key(file, section, of, NULL)) {
        *error = g_strdup_printf("'%s': there is no %s in this section", value, of);
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(value, kinds[i]) && value[strlen(kinds[i])]) {
            return true;
        }
    }
    if (!strcmp(value, "invented") || g_str_has_prefix(value, "invented: ")) {
        return true;
    }
    *error = g_strdup_printf("'%s': 'documented: SOURCE', 'inferred: FROM WHAT' or 'invented' "
                             "is allowed", value);
    return false;
}

/* It says what the whole is; it has no parameters. */
static bool check_head(GKeyFile *file, const char *path, char **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, "profile", NULL, NULL);

    for (char **key = keys; *key; key++) {
        if (strcmp(*key, "summary")) {
            *error = g_strdup_printf("%s: [profile] %s: unknown key: summary is allowed", path,
                                     *key);
            return false;
        }
    }
    return true;
}

static bool load_section(IommuProfile *p, GKeyFile *file, const char *path, const char *section,
                         char **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, section, NULL, NULL);

    for (char **key = keys; *key; key++) {
        g_autofree char *value = g_key_file_get_string(file, section, *key, NULL);
        g_autofree char *why = NULL;

        g_strstrip(value);
        if (is_provenance(*key) ? !check_provenance(file, section, *key, value, &why)
                                : !set_in_section(p, section, *key, value, &why)) {
            *error = g_strdup_printf("%s: [%s] %s = %s", path, section, *key, why);
            return false;
        }
    }
    return true;
}

static bool load_all(IommuProfile *p, GKeyFile *file, const char *path, char **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    g_autofree char *why = NULL;

    if (!groups[0]) {
        *error = g_strdup_printf("%s: a profile has a section at least, such as [profile] or "
                                 "[timing]", path);
        return false;
    }
    for (char **group = groups; *group; group++) {
        if (strcmp(*group, "profile") ? !load_section(p, file, path, *group, error)
                                      : !check_head(file, path, error)) {
            return false;
        }
    }
    if (!iommu_profile_check(p, &why)) {
        *error = g_strdup_printf("%s: %s (what the file does not mention is as in full)", path,
                                 why);
        return false;
    }
    return true;
}

static IommuProfile *copy_of(const IommuProfile *p, const char *name)
{
    IommuProfile *copy = g_new(IommuProfile, 1);

    *copy = *p;
    copy->name = g_strdup(name);
    return copy;
}

/* GLib lets the last of two equal keys win; which one was meant nobody knows. */
static bool check_once(const char *text, const char *path, char **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *section = "";

    for (char **line = lines; *line; line++) {
        char *equals = strchr(g_strstrip(*line), '=');

        if (**line == '[') {
            section = *line;
        } else if (**line != '#' && equals) {
            g_autofree char *key = g_strndup(*line, equals - *line);
            char *name = g_strdup_printf("%s %s", section, g_strchomp(key));

            if (!g_hash_table_add(seen, name)) {
                *error = g_strdup_printf("%s: %s is there more than once", path, name);
                return false;
            }
        }
    }
    return true;
}

/* @path: what messages call the file. */
static IommuProfile *profile_from(const char *text, const char *path, char **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) err = NULL;
    g_autofree char *name = g_path_get_basename(path);
    IommuProfile *p;

    if (!g_key_file_load_from_data(file, text, -1, G_KEY_FILE_NONE, &err)) {
        *error = g_strdup_printf("%s: %s", path, err->message);
        return NULL;
    }
    if (!check_once(text, path, error)) {
        return NULL;
    }
    p = copy_of(iommu_profile_find("full"), name);
    if (!load_all(p, file, path, error)) {
        iommu_profile_free(p);
        return NULL;
    }
    return p;
}

IommuProfile *iommu_profile_load(const char *path, char **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) err = NULL;

    if (!g_file_get_contents(path, &text, NULL, &err)) {
        *error = g_strdup_printf("%s: %s", path, err->message);
        return NULL;
    }
    return profile_from(text, path, error);
}

/* Both kinds of names, each once. */
static char *known_names(void)
{
    GString *names = g_string_new(iommu_profile_names());

    for (const IommuShippedProfile *s = iommu_shipped_profiles; s->name; s++) {
        if (!iommu_profile_find(s->name)) {
            g_string_append_printf(names, ", %s", s->name);
        }
    }
    return g_string_free(names, FALSE);
}

IommuProfile *iommu_profile_open(const char *name, char **error)
{
    const IommuProfile *built_in = iommu_profile_find(name);
    g_autofree char *known = NULL;

    if (built_in) {
        return copy_of(built_in, name);
    }
    for (const IommuShippedProfile *s = iommu_shipped_profiles; s->name; s++) {
        if (!strcmp(s->name, name)) {
            return profile_from(s->text, s->name, error);
        }
    }
    if (g_file_test(name, G_FILE_TEST_EXISTS)) {
        return iommu_profile_load(name, error);
    }
    known = known_names();
    *error = g_strdup_printf(
        "%s: must be one of %s, or a profile file (there is none of this name)", name, known);
    return NULL;
}

void iommu_profile_free(IommuProfile *p)
{
    if (p) {
        g_free((char *)p->name);
        g_free(p);
    }
}

void iommu_profile_each(const IommuProfile *p,
                        void (*fn)(void *opaque, const char *name, const char *unit,
                                   const char *value), void *opaque)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++) {
        const IommuCacheGeometry *g = (const void *)((const char *)p + sections[i].offset);

        if (sections[i].count > 1) {
            continue; /* its members follow one by one */
        }
        for (unsigned k = 0; k < G_N_ELEMENTS(geometry_keys); k++) {
            g_autofree char *name = g_strdup_printf("%s.%s", sections[i].name,
                                                    geometry_keys[k].key);
            uint32_t v = *(const uint32_t *)((const char *)g + geometry_keys[k].offset);
            g_autofree char *value = g_strdup_printf("%u", v);

            fn(opaque, name, geometry_keys[k].unit, value);
        }
        g_autofree char *name = g_strdup_printf("%s.replacement", sections[i].name);

        fn(opaque, name, "", replacements[g->replacement]);
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(timing_keys); k++) {
        g_autofree char *name = g_strdup_printf("timing.%s", timing_keys[k].key);
        uint32_t v = *(const uint32_t *)((const char *)&p->timing + timing_keys[k].offset);
        g_autofree char *value = g_strdup_printf("%u", v);

        fn(opaque, name, timing_keys[k].unit, value);
    }
}

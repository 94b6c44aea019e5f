/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles as files: those that ship, and what is said of wrong ones.
 */
#include <glib.h>
#include <glib/gstdio.h>

#include "hw/iommu/profilefile.h"

static const char *const shipped[] = {
    "full", "gem5", "ideal", "mmu600", "mmu700", "off", "one", "tiny", "vtd-64", "vtd-128",
};

static const char *profile_dir(void)
{
    const char *dir = g_getenv("STAGEWALK_PROFILES");

    g_assert_nonnull(dir);
    return dir;
}

static char *shipped_path(const char *name)
{
    g_autofree char *file = g_strdup_printf("%s.ini", name);

    return g_build_filename(profile_dir(), file, NULL);
}

static void test_shipped_loads(gconstpointer data)
{
    g_autofree char *path = shipped_path(data);
    char *error = NULL;
    IommuProfile *p = iommu_profile_load(path, &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(p);
    iommu_profile_free(p);
}

/* Every value says where it comes from, in one of three ways; what is not invented, from what. */
static void test_shipped_provenance(gconstpointer data)
{
    g_autofree char *path = shipped_path(data);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;
    unsigned values = 0;

    g_assert_true(g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL));
    groups = g_key_file_get_groups(file, NULL);
    for (char **g = groups; *g; g++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file, *g, NULL, NULL);

        for (char **k = keys; *k && g_strcmp0(*g, "profile"); k++) {
            g_autofree char *from_key = g_strconcat(*k, ".from", NULL);
            g_autofree char *from = NULL;

            if (g_str_has_suffix(*k, ".from")) {
                continue;
            }
            values++;
            from = g_key_file_get_string(file, *g, from_key, NULL);
            g_assert_nonnull(from);
            if (g_str_has_prefix(from, "documented: ") || g_str_has_prefix(from, "inferred: ")) {
                g_assert_cmpuint(strlen(strstr(from, ": ") + 2), >=, 10);
            } else {
                g_assert_true(g_str_has_prefix(from, "invented"));
            }
        }
    }
    g_assert_cmpuint(values, >, 30);
}

/* Its name split into section and key: @key of [timing] has dots of its own. */
static char *section_of(const char *name, const char **key)
{
    const char *dot = g_str_has_prefix(name, "timing.") ? strchr(name, '.') : strrchr(name, '.');

    *key = dot + 1;
    return g_strndup(name, dot - name);
}

/* A file that ships leaves no parameter to the default, whose provenance would be another's. */
static void mentioned(void *opaque, const char *name, const char *unit, const char *value)
{
    GKeyFile *file = opaque;
    const char *key;
    g_autofree char *section = section_of(name, &key);
    char *height = strstr(section, ".height");

    (void)unit;
    (void)value;
    if (strcmp(key, "seed") == 0) {
        return; /* 0: the specification's own */
    }
    if (height && !g_key_file_has_key(file, section, key, NULL)) {
        *height = '\0';
    }
    if (!g_key_file_has_key(file, section, key, NULL)) {
        g_error("%s is missing", name);
    }
}

static void test_shipped_mentions_all(gconstpointer data)
{
    g_autofree char *path = shipped_path(data);
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_assert_true(g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL));
    iommu_profile_each(iommu_profile_find("full"), mentioned, file);
}

static IommuProfile *load_text(const char *text, char **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("profile-XXXXXX", &path, NULL);
    IommuProfile *p;

    g_assert_cmpint(fd, >=, 0);
    g_assert_true(g_close(fd, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    p = iommu_profile_load(path, error);
    g_unlink(path);
    return p;
}

static void list_parameter(void *opaque, const char *name, const char *unit, const char *value)
{
    g_string_append_printf(opaque, "%s = %s %s\n", name, value, unit);
}

static char *parameters_of(const IommuProfile *p)
{
    GString *text = g_string_new(NULL);

    iommu_profile_each(p, list_parameter, text);
    return g_string_free(text, FALSE);
}

static void test_values_arrive(void)
{
    char *error = NULL;
    IommuProfile *p = load_text("[tlb]\nentries=96\nways=3\nreplacement=rr\n"
                                "[table.stage1]\nentries=12\nways=4\n"
                                "[table.stage1.height1]\nentries=28\n"
                                "[timing]\nmem.latency=77\n", &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpuint(p->tlb.entries, ==, 96);
    g_assert_cmpuint(p->tlb.replacement, ==, IOMMU_REPLACE_RR);
    g_assert_cmpuint(p->tables[0][0].entries, ==, 12);
    g_assert_cmpuint(p->tables[0][1].entries, ==, 28);
    g_assert_cmpuint(p->tables[0][1].ways, ==, 4);
    g_assert_cmpuint(p->timing.mem_latency, ==, 77);
    g_assert_cmpuint(p->timing.port_latency, ==, iommu_timing_standard.port_latency);
    iommu_profile_free(p);
}

/* A wrong file and every word that its message must contain. */
static const struct {
    const char *name, *text, *words[5];
} wrong[] = {
    { "value-too-large",
      "[tlb]\nentries=70000000\n",
      { "[tlb]", "entries", "70000000", "1048576" } },
    { "value-no-number", "[timing]\nmem.latency=fast\n", { "mem.latency", "fast", "1000000" } },
    { "unknown-key", "[timing]\nmem.speed=1\n", { "mem.speed", "unknown key", "mem.latency" } },
    { "unknown-section", "[l3]\nentries=1\n", { "[l3]", "unknown section", "table.stage1" } },
    { "replacement", "[ipa]\nreplacement=fifo\n", { "[ipa]", "fifo", "plru" } },
    { "sets", "[tlb]\nentries=10\nways=4\n", { "[tlb]", "entries=10", "multiple of ways" } },
    { "plru-ways", "[tlb]\nentries=9\nways=3\nreplacement=plru\n", { "plru", "power of two" } },
    { "inherited-ways", "[tlb]\nentries=1\n", { "entries=1 ways=8", "as in full" } },
    { "provenance-of-nothing",
      "[tlb]\nways.from=invented\n",
      { "[tlb]", "ways.from", "there is no ways" } },
    { "provenance-kind",
      "[tlb]\nentries=64\nentries.from=guess\n",
      { "entries.from", "guess", "documented: SOURCE" } },
    { "provenance-without-source",
      "[tlb]\nentries=64\nentries.from=documented: \n",
      { "entries.from", "documented:", "SOURCE" } },
    { "key-twice",
      "[tlb]\nways=8\n[ipa]\nways=8\n[tlb]\nways = 4\n",
      { "[tlb] ways", "more than once" } },
    { "no-key-file", "entries=3\n", { "profile-" } },
};

static void test_wrong(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);
    char *error = NULL;

    g_assert_null(load_text(wrong[i].text, &error));
    g_assert_nonnull(error);
    g_assert_null(strchr(error, '\n'));
    for (unsigned w = 0; w < G_N_ELEMENTS(wrong[i].words) && wrong[i].words[w]; w++) {
        g_assert_nonnull(strstr(error, wrong[i].words[w]));
    }
    g_free(error);
}

/* Its bare name finds each, with the values of its file. */
static void test_shipped_by_name(gconstpointer data)
{
    g_autofree char *path = shipped_path(data);
    g_autofree char *in_file = NULL, *by_name = NULL;
    char *error = NULL;
    IommuProfile *named = iommu_profile_open(data, &error);
    IommuProfile *file = iommu_profile_open(path, &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(named);
    g_assert_nonnull(file);
    g_assert_cmpstr(named->name, ==, data);
    in_file = parameters_of(file);
    by_name = parameters_of(named);
    g_assert_cmpstr(by_name, ==, in_file);
    iommu_profile_free(named);
    iommu_profile_free(file);
}

/* No file of the directory is forgotten in the programs. */
static void test_all_files_ship(void)
{
    g_autoptr(GDir) dir = g_dir_open(profile_dir(), 0, NULL);
    const char *file;
    unsigned files = 0;

    g_assert_nonnull(dir);
    while ((file = g_dir_read_name(dir))) {
        bool found = false;

        for (unsigned i = 0; i < G_N_ELEMENTS(shipped); i++) {
            g_autofree char *name = g_strconcat(shipped[i], ".ini", NULL);

            found |= g_str_equal(name, file);
        }
        g_assert_true(found);
        files++;
    }
    g_assert_cmpuint(files, ==, G_N_ELEMENTS(shipped));
}

static void test_built_in_by_name(void)
{
    static const char *const names[] = { "full", "one", "off", "tiny" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        char *error = NULL;
        IommuProfile *p = iommu_profile_open(names[i], &error);
        g_autofree char *is = NULL, *should_be = parameters_of(iommu_profile_find(names[i]));

        g_assert_nonnull(p);
        g_assert_cmpstr(p->name, ==, names[i]);
        is = parameters_of(p);
        g_assert_cmpstr(is, ==, should_be);
        iommu_profile_free(p);
    }
}

/* The line for a name that nothing has lists all there are. */
static void test_unknown_name(void)
{
    char *error = NULL;

    g_assert_null(iommu_profile_open("mmu800", &error));
    g_assert_nonnull(strstr(error, "mmu800"));
    g_assert_nonnull(strstr(error, iommu_profile_names()));
    for (unsigned i = 0; i < G_N_ELEMENTS(shipped); i++) {
        g_assert_nonnull(strstr(error, shipped[i]));
    }
    g_assert_null(strchr(error, '\n'));
    g_free(error);
}

static void test_missing_file(void)
{
    char *error = NULL;

    g_assert_null(iommu_profile_load("/nowhere/at-all.ini", &error));
    g_assert_nonnull(strstr(error, "/nowhere/at-all.ini"));
    g_free(error);
}

static void test_set_by_name(void)
{
    IommuProfile p = *iommu_profile_find("full");
    char *error = NULL;

    g_assert_true(iommu_profile_set(&p, "timing.walker.slots", "3", &error));
    g_assert_true(iommu_profile_set(&p, "table.stage2.height1.entries", "8", &error));
    g_assert_cmpuint(p.timing.walker_slots, ==, 3);
    g_assert_cmpuint(p.tables[1][1].entries, ==, 8);
    g_assert_false(iommu_profile_set(&p, "walkers", "3", &error));
    g_assert_nonnull(strstr(error, "walkers"));
    g_free(error);
}

static void count(void *opaque, const char *name, const char *unit, const char *value)
{
    IommuProfile p = *iommu_profile_find("full");
    char *error = NULL;

    (void)unit;
    /* What is listed can be set. */
    g_assert_true(iommu_profile_set(&p, name, value, &error));
    ++*(unsigned *)opaque;
}

static void test_each_parameter(void)
{
    unsigned n = 0;

    iommu_profile_each(iommu_profile_find("full"), count, &n);
    g_assert_cmpuint(n, >, 60);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(shipped); i++) {
        g_autofree char *loads = g_strconcat("/engine/profile/loads/", shipped[i], NULL);
        g_autofree char *from = g_strconcat("/engine/profile/provenance/", shipped[i], NULL);
        g_autofree char *named = g_strconcat("/engine/profile/by-name/", shipped[i], NULL);
        g_autofree char *all = g_strconcat("/engine/profile/mentions-all/", shipped[i], NULL);

        g_test_add_data_func(loads, shipped[i], test_shipped_loads);
        g_test_add_data_func(from, shipped[i], test_shipped_provenance);
        g_test_add_data_func(named, shipped[i], test_shipped_by_name);
        g_test_add_data_func(all, shipped[i], test_shipped_mentions_all);
    }
    g_test_add_func("/engine/profile/by-name/all-files", test_all_files_ship);
    g_test_add_func("/engine/profile/by-name/built-in", test_built_in_by_name);
    g_test_add_func("/engine/profile/by-name/unknown", test_unknown_name);
    g_test_add_func("/engine/profile/values-arrive", test_values_arrive);
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *name = g_strconcat("/engine/profile/wrong/", wrong[i].name, NULL);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_wrong);
    }
    g_test_add_func("/engine/profile/missing-file", test_missing_file);
    g_test_add_func("/engine/profile/set-by-name", test_set_by_name);
    g_test_add_func("/engine/profile/each", test_each_parameter);
    return g_test_run();
}

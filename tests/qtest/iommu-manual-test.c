/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manual says what the device does: each property of the IOMMU is in a table of its page below
 * docs/system and each row is a property, described; sets and defaults are what the device reads
 * back; the value behind each range is refused.
 *
 * A table's heading has "property", "values", "what" and either "default" or the names of sets. The
 * manual is in the directory STAGEWALK_DOCS.
 */
#include "qemu/osdep.h"
#include "sw-machine.h"
#include "sw-props.h"
#include "sw-qom.h"

#include "qobject/qdict.h"
#include "qobject/qlist.h"

#define COLUMNS_MAX 12

/** One property's row of a table. Strings belong to the test for ever. */
typedef struct ManualRow {
    char *name;
    char *values;
    char *cells[COLUMNS_MAX]; /* by column: defaults, values in sets */
    char **heads;             /* of the columns; NULL at the end */
} ManualRow;

static GPtrArray *rows; /* ManualRow */

static bool is_x86(void)
{
    return g_str_equal(qtest_get_arch(), "x86_64");
}

static const char *device_type(void)
{
    return is_x86() ? "intel-iommu" : "arm-smmuv3";
}

static SwMachine *start(const char *properties)
{
    return is_x86() ? sw_machine_q35(NULL, properties) : sw_machine_virt(NULL, properties);
}

/* ---- reading a table ------------------------------------------------------------------------ */

static bool is_rule(const char *line)
{
    return g_str_has_prefix(line, "===") && !line[strspn(line, "= ")] && strchr(line, ' ');
}

/* The cells of @line under the runs of @rule; the last one goes on to the end. */
static char **split(const char *line, const char *rule)
{
    GPtrArray *cells = g_ptr_array_new();
    size_t length = strlen(line), at = 0;

    while (rule[at]) {
        size_t width = strspn(rule + at, "=");
        bool last = !rule[at + width];
        char *cell = g_strndup(line + MIN(at, length), last ? length : width);

        g_ptr_array_add(cells, g_strstrip(cell));
        at += width + strspn(rule + at + width, " ");
    }
    g_ptr_array_add(cells, NULL);
    return (char **)g_ptr_array_free(cells, false);
}

/* A row may have several names, for one property; one without a name goes on with the last. */
static void add_rows(char **cells, char **heads)
{
    g_auto(GStrv) words = g_strsplit(cells[0], "``", -1);

    g_assert_cmpuint(g_strv_length(cells), <=, COLUMNS_MAX);
    for (unsigned i = 1; words[0] && i < g_strv_length(words); i += 2) {
        ManualRow *row = g_new0(ManualRow, 1);

        row->name = g_strdup(words[i]);
        row->values = g_strdup(cells[1]);
        row->heads = heads;
        for (unsigned c = 0; cells[c]; c++) {
            row->cells[c] = g_strdup(cells[c]);
        }
        g_ptr_array_add(rows, row);
    }
}

static char **read_table(char **line)
{
    const char *rule = *line;
    char **heads = split(line[1], rule);

    for (line += 3; !is_rule(*line); line++) {
        g_auto(GStrv) cells = split(*line, rule);

        g_assert_nonnull(line[1]);
        add_rows(cells, heads);
    }
    return line;
}

static void read_manual(void)
{
    const char *dir = g_getenv("STAGEWALK_DOCS");
    g_autofree char *name = g_strconcat(device_type(), ".rst", NULL);
    g_autofree char *path = g_build_filename(dir ? dir : "docs", "system", name, NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    rows = g_ptr_array_new();
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_error("cannot read %s: set STAGEWALK_DOCS to the directory docs", path);
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (is_rule(*line) && line[1] && g_str_has_prefix(line[1], "property ")) {
            line = read_table(line);
        }
    }
}

static const ManualRow *row_of(const char *name)
{
    for (guint i = 0; i < rows->len; i++) {
        const ManualRow *row = rows->pdata[i];

        if (g_str_equal(row->name, name)) {
            return row;
        }
    }
    return NULL;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* fn(name, description or NULL) for each property of the device. */
static unsigned each_property(void (*fn)(const char *name, const char *description))
{
    QTestState *qts = qtest_init("-M none");
    QDict *r = qtest_qmp(qts, "{ 'execute': 'device-list-properties', "
                         "'arguments': { 'typename': %s } }", device_type());
    const QListEntry *e;
    unsigned n = 0;

    for (e = qlist_first(qdict_get_qlist(r, "return")); e; e = qlist_next(e), n++) {
        const QDict *p = qobject_to(QDict, qlist_entry_obj(e));

        fn(qdict_get_str(p, "name"), qdict_get_try_str(p, "description"));
    }
    qobject_unref(r);
    qtest_quit(qts);
    return n;
}

static void assert_in_manual(const char *name, const char *description)
{
    g_test_message("%s", name);
    g_assert_nonnull(row_of(name));
}

static void assert_described(const char *name, const char *description)
{
    g_test_message("%s", name);
    g_assert_nonnull(description);
    g_assert_cmpuint(strlen(description), >, 6);
    /* What QEMU says of a switch that nobody has described. */
    g_assert_cmpstr(description, !=, "on/off");
    g_assert_cmpstr(description, !=, "on/off/auto");
}

static void test_in_manual(void)
{
    g_assert_cmpuint(each_property(assert_in_manual), >, 50);
}

static void test_described(void)
{
    g_assert_cmpuint(each_property(assert_described), >, 50);
}

static unsigned unknown;

static void strike(const char *name, const char *description)
{
    unknown -= row_of(name) != NULL;
}

static void test_no_other(void)
{
    unknown = rows->len;
    each_property(strike);
    g_assert_cmpuint(unknown, ==, 0);
}

/* ---- values --------------------------------------------------------------------------------- */

static bool same_value(const char *cell, const char *value)
{
    char *end;
    uint64_t number = g_ascii_strtoull(cell, &end, 0);

    return g_str_equal(cell, value) ||
           (end != cell && !*end && number == g_ascii_strtoull(value, NULL, 0));
}

/* Each row that has a column @head, on a machine with the set (or that of the default, if NULL). */
static void assert_column(const char *head, const char *set)
{
    g_autofree char *property = set ? g_strdup_printf("model=%s", set) : NULL;
    SwMachine *m = start(property);
    g_autofree char *path = sw_iommu_path(m->qts);
    unsigned n = 0;

    for (guint i = 0; i < rows->len; i++) {
        const ManualRow *row = rows->pdata[i];

        for (unsigned c = 2; row->heads[c]; c++) {
            g_autofree char *value = NULL;

            /* In parentheses, or empty: no value. */
            if (strcmp(row->heads[c], head) || !row->cells[c][0] || row->cells[c][0] == '(') {
                continue;
            }
            value = sw_get(m->qts, path, row->name);
            g_test_message("%s: %s, manual %s", row->name, value, row->cells[c]);
            g_assert_nonnull(value);
            g_assert_true(same_value(row->cells[c], value));
            n++;
        }
    }
    g_assert_cmpuint(n, >, 4);
    sw_machine_free(m);
}

static void test_set(const void *set)
{
    assert_column(set, set);
}

static void test_defaults(void)
{
    assert_column("default", NULL);
}

/* "3 to 9" or "3, 5, 9": 9, or 0. */
static uint64_t last_allowed(const char *values)
{
    const char *end = values + strlen(values);

    while (end > values && g_ascii_isdigit(end[-1])) {
        end--;
    }
    return values[strspn(values, "0123456789, to")] ? 0 : g_ascii_strtoull(end, NULL, 10);
}

static void test_range(const void *data)
{
    const ManualRow *row = data;
    g_autofree char *property = g_strdup_printf("%s=%" PRIu64, row->name,
                                                last_allowed(row->values) + 1);
    g_autofree char *args = g_strdup_printf(is_x86() ? "-M q35 -device intel-iommu,%s"
                                            : "-M virt,iommu=smmuv3 -global arm-smmuv3.%s",
                                            property);

    sw_assert_refused(args, row->name, row->name);
}

static void test_shown_in_qtree(void)
{
    SwMachine *m = start("caches=tiny");
    g_autofree char *tree = qtest_hmp(m->qts, "info qtree");

    for (guint i = 0; i < rows->len; i++) {
        const ManualRow *row = rows->pdata[i];
        g_autofree char *shown = g_strdup_printf(" %s = ", row->name);

        if (!g_str_has_prefix(row->name, "stagewalk-") && strcmp(row->name, "primary-bus")) {
            g_test_message("%s", row->name);
            g_assert_nonnull(strstr(tree, shown));
        }
    }
    g_assert_nonnull(strstr(tree, is_x86() ? " model = \"qemu\"" : " model = \"default\""));
    g_assert_nonnull(strstr(tree, " caches = \"tiny\""));
    sw_machine_free(m);
}

int main(int argc, char **argv)
{
    static const char *const sets[] = { "qemu", "spr", "max", NULL };
    static const char *const smmu_sets[] = { "default", "max", "qemu", "mmu600", "mmu700", "min",
                                             NULL };

    g_test_init(&argc, &argv, NULL);
    read_manual();
    qtest_add_func("/iommu-manual/names/in-manual", test_in_manual);
    qtest_add_func("/iommu-manual/names/described", test_described);
    qtest_add_func("/iommu-manual/names/no-other", test_no_other);
    qtest_add_func("/iommu-manual/defaults", test_defaults);
    qtest_add_func("/iommu-manual/qtree", test_shown_in_qtree);
    for (const char *const *set = is_x86() ? sets : smmu_sets; *set; set++) {
        g_autofree char *path = g_strconcat("/iommu-manual/set/", *set, NULL);

        qtest_add_data_func(path, *set, test_set);
    }
    for (guint i = 0; i < rows->len; i++) {
        const ManualRow *row = rows->pdata[i];
        g_autofree char *path = g_strconcat("/iommu-manual/range/", row->name, NULL);

        if (last_allowed(row->values) && last_allowed(row->values) != UINT32_MAX) {
            qtest_add_data_func(path, row, test_range);
        }
    }
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of saved state as text. */
#include "image.h"
#include "hw/iommu/profile.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_A_LINE 8

/* The words of @line after the first two: "VALUE" or "VALUE*N". */
static void put_line(IommuStateWriter *w, char **words)
{
    unsigned width = strtoul(words[1], NULL, 10);
    GArray *values = g_array_new(false, false, sizeof(uint64_t));
    g_autofree uint8_t *packed = NULL;

    for (char **p = words + 2; *p; p++) {
        char *end;
        uint64_t value = strtoull(*p, &end, 16);
        unsigned long times = *end == '*' ? strtoul(end + 1, NULL, 10) : 1;

        g_assert_true(*end == '*' || *end == '\0');
        for (unsigned long i = 0; i < times; i++) {
            g_array_append_val(values, value);
        }
    }
    packed = g_malloc0(values->len * 8 + 8);
    for (guint i = 0; i < values->len; i++) {
        uint64_t value = g_array_index(values, uint64_t, i);

        /* Host order, as iommu_state_put() takes it. */
        switch (width) {
        case 1:
            packed[i] = value;
            break;
        case 2:
            ((uint16_t *)packed)[i] = value;
            break;
        case 4:
            ((uint32_t *)packed)[i] = value;
            break;
        default:
            ((uint64_t *)packed)[i] = value;
            break;
        }
    }
    iommu_state_put(w, words[0], packed, width, values->len);
    g_array_free(values, true);
}

static IommuStateReader reader(const IommuStateWriter *w)
{
    return (IommuStateReader) { .data = w->data, .len = w->len };
}

static IommuStateWriter image_read(const char *name)
{
    const char *dir = g_getenv("STAGEWALK_IMAGES");
    g_autofree char *path = g_build_filename(dir ? dir : "tests/unit/images", name, NULL);
    g_autofree char *text = NULL, *joined = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) parts = NULL;
    g_auto(GStrv) lines = NULL;
    IommuStateWriter w = { 0 };

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    /* A line that ends in a backslash goes on. */
    parts = g_strsplit(text, "\\\n", -1);
    joined = g_strjoinv("", parts);
    lines = g_strsplit(joined, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (**line && **line != '#') {
            g_auto(GStrv) words = g_strsplit(g_strstrip(*line), " ", -1);

            put_line(&w, words);
        }
    }
    g_assert_false(w.failed);
    return w;
}

static bool find(const IommuStateWriter *w, const IommuStateItem *like, IommuStateItem *found)
{
    IommuStateReader r = reader(w);

    for (size_t at = 0; iommu_state_next(&r, &at, found);) {
        if (found->name_len == like->name_len &&
            !memcmp(found->name, like->name, like->name_len)) {
            return true;
        }
    }
    return false;
}

static void assert_holds(const IommuStateWriter *now, const IommuStateWriter *kept)
{
    IommuStateReader r = reader(kept);
    IommuStateItem a, b;

    for (size_t at = 0; iommu_state_next(&r, &at, &a);) {
        g_autofree char *name = g_strndup((const char *)a.name, a.name_len);

        if (!find(now, &a, &b)) {
            g_error("item %s is not saved any more", name);
        }
        if (a.width != b.width || a.count != b.count) {
            g_error("item %s was %u values of %u bytes, is %u of %u", name, a.count, a.width,
                    b.count, b.width);
        }
        for (uint32_t i = 0; i < a.count; i++) {
            if (iommu_state_value(&a, i) != iommu_state_value(&b, i)) {
                g_error("item %s, value %u was 0x%" G_GINT64_MODIFIER "x, is 0x%"
                        G_GINT64_MODIFIER "x", name, i, iommu_state_value(&a, i),
                        iommu_state_value(&b, i));
            }
        }
    }
}

static void write_item(FILE *out, const IommuStateItem *item)
{
    unsigned words = 0;

    fprintf(out, "%.*s %u", (int)item->name_len, (const char *)item->name, item->width);
    for (uint32_t i = 0; i < item->count;) {
        uint64_t value = iommu_state_value(item, i);
        uint32_t times = 1;

        while (i + times < item->count && iommu_state_value(item, i + times) == value) {
            times++;
        }
        fprintf(out, words++ % VALUES_A_LINE ? " " : words > 1 ? " \\\n" : " ");
        fprintf(out, "%" G_GINT64_MODIFIER "x", value);
        if (times > 1) {
            fprintf(out, "*%u", times);
        }
        i += times;
    }
    fputc('\n', out);
}

static void offer(const IommuStateWriter *w, const char *name)
{
    const char *dir = g_getenv("STAGEWALK_IMAGES_WRITE");
    IommuStateReader r = reader(w);
    g_autofree char *path = NULL;
    IommuStateItem item;
    FILE *out;

    if (!dir) {
        return;
    }
    path = g_build_filename(dir, name, NULL);
    out = fopen(path, "w");
    g_assert_nonnull(out);
    fprintf(out, "# SPDX-License-Identifier: GPL-2.0-or-later\n");
    for (size_t at = 0; iommu_state_next(&r, &at, &item);) {
        write_item(out, &item);
    }
    fclose(out);
}

static IommuStateWriter save(IommuModel *m)
{
    IommuStateWriter w = { 0 };

    m->ops->save(m, &w);
    if (m->timed) {
        iommu_timed_save(m->timed, &w);
    }
    g_assert_false(w.failed);
    return w;
}

void image_check(IommuModel *m, const char *name)
{
    IommuStateWriter now = save(m), kept = image_read(name);
    IommuStateReader r = reader(&kept);

    offer(&now, name);
    free(now.data);
    if (m->timed) {
        iommu_timed_reset(m->timed);
    }
    m->ops->reset(m);
    g_assert_true(m->ops->load(m, &r));
    if (m->timed) {
        g_assert_true(iommu_timed_load(m->timed, &r));
    }
    g_assert_cmpuint(iommu_state_left(&r), ==, 0);
    now = save(m);
    assert_holds(&now, &kept);
    free(now.data);
    free(kept.data);
}

void image_check_unknown_item(IommuModel *m, const char *name)
{
    uint32_t value = 1;
    IommuStateWriter w = save(m);
    IommuStateReader r;

    iommu_state_put(&w, name, &value, 4, 1);
    r = reader(&w);
    g_assert_true(m->ops->load(m, &r));
    g_assert_cmpuint(iommu_state_left(&r), ==, 1);
    free(w.data);
}

static void on_done(void *opaque, uint64_t cookie, uint64_t cycle)
{
    (void)opaque;
    (void)cookie;
    (void)cycle;
}

IommuTimed *image_start_clock(IommuModel *m)
{
    static const IommuTimedOps ops = { .done = on_done };
    IommuTimed *t = iommu_timed_new(m, &iommu_timing_standard, &ops, NULL);

    g_assert_nonnull(t);
    return t;
}

void image_submit(IommuTimed *t, IommuTxn txn, unsigned i)
{
    IommuResult res;

    txn.cookie = i + 1;
    txn.arrival = iommu_timed_now(t) + i;
    iommu_timed_submit(t, &txn, &res);
}

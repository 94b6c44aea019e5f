/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of properties of an IOMMU. */
#include "qemu/osdep.h"
#include "sw-props.h"
#include "sw-qom.h"

typedef struct Row {
    const void *data;
    const char *model; /* or profile */
    void (*fn)(SwMachine *m);
    bool vtd;
} Row;

static SwMachine *start(bool vtd, const char *properties)
{
    return vtd ? sw_machine_q35(NULL, properties) : sw_machine_virt(NULL, properties);
}

static void add(const char *path, Row row, void (*fn)(const void *))
{
    Row *copy = g_new(Row, 1);

    *copy = row;
    qtest_add_data_func_full(path, copy, fn, g_free);
}

static void test_shown(const void *data)
{
    const Row *row = data;
    const SwShown *s = row->data;
    SwMachine *m = start(row->vtd, s->properties);
    uint64_t value = row->vtd ? reg_read64(&m->regs, s->reg) : reg_read32(&m->regs, s->reg);

    g_assert_cmphex(reg_get(value, s->field), ==, s->value);
    sw_machine_free(m);
}

static void test_refused(const void *data)
{
    const Row *row = data;
    const SwRefused *r = row->data;
    g_autofree char *args = g_strdup_printf(row->vtd ? "-M q35 -device intel-iommu,%s"
                                            : "-M virt,iommu=smmuv3 -global arm-smmuv3.%s",
                                            r->properties);

    sw_assert_refused(args, r->named ? r->named : r->properties, r->allowed);
}

static void assert_reads(SwMachine *m, const char *property, const char *value)
{
    g_autofree char *path = sw_iommu_path(m->qts);
    g_autofree char *is = sw_get(m->qts, path, property);

    g_assert_cmpstr(is, ==, value);
}

static void test_read_back(const void *data)
{
    const Row *row = data;
    const SwReadBack *r = row->data;
    SwMachine *m = start(row->vtd, r->properties);

    assert_reads(m, r->property, r->value);
    sw_machine_free(m);
}

static void test_profile(const void *data)
{
    const Row *row = data;
    g_autofree char *property = g_strdup_printf("profile=%s", row->model);
    SwMachine *m = start(row->vtd, property);

    assert_reads(m, "profile", row->model);
    sw_machine_free(m);
}

static void test_model(const void *data)
{
    const Row *row = data;
    g_autofree char *property = g_strdup_printf("model=%s", row->model);
    SwMachine *m = start(row->vtd, property);

    row->fn(m);
    sw_machine_free(m);
}

void sw_add_shown(const SwShown *shown, size_t count, bool vtd)
{
    for (size_t i = 0; i < count; i++) {
        add(shown[i].path, (Row) { .data = &shown[i], .vtd = vtd }, test_shown);
    }
}

void sw_add_refused(const SwRefused *refused, size_t count, bool vtd)
{
    for (size_t i = 0; i < count; i++) {
        add(refused[i].path, (Row) { .data = &refused[i], .vtd = vtd }, test_refused);
    }
}

void sw_add_read_back(const SwReadBack *read, size_t count, bool vtd)
{
    for (size_t i = 0; i < count; i++) {
        add(read[i].path, (Row) { .data = &read[i], .vtd = vtd }, test_read_back);
    }
}

void sw_add_profiles(const char *path, bool vtd)
{
    static const char *const shipped[] = {
        "full", "gem5", "ideal", "mmu600", "mmu700", "off", "one", "tiny", "vtd-64", "vtd-128",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(shipped); i++) {
        g_autofree char *name = g_strdup_printf("%s-%s", path, shipped[i]);

        add(name, (Row) { .model = shipped[i], .vtd = vtd }, test_profile);
    }
}

void sw_add_models(const char *path, const char *const *models, bool vtd,
                   void (*fn)(SwMachine *m))
{
    for (; *models; models++) {
        g_autofree char *name = g_strdup_printf("%s-%s", path, *models);

        add(name, (Row) { .model = *models, .fn = fn, .vtd = vtd }, test_model);
    }
}

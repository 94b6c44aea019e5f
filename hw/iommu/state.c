/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state: items of (name, width, count, values), one after the other, little endian.
 *
 * Layout of an item: length of the name (1 byte, 1..255), the name, width (1 byte: 1, 2, 4, 8),
 * count (4 bytes), count * width bytes of values. A reader may be given anything: every length is
 * checked against what is left before it is used.
 */
#include <stdlib.h>
#include <string.h>

#include "hw/iommu/state.h"

static uint64_t load_le(const uint8_t *p, unsigned width)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < width; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static void store_le(uint8_t *p, uint64_t v, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        p[i] = v >> (8 * i);
    }
}

static bool width_valid(unsigned width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

bool iommu_state_next(const IommuStateReader *r, size_t *at, IommuStateItem *item)
{
    size_t left = r->len - *at;
    const uint8_t *p;
    size_t head;

    if (left < 1) {
        return false;
    }
    p = r->data + *at;
    item->name_len = p[0];
    head = 1 + item->name_len + 1 + 4;
    if (item->name_len == 0 || left < head) {
        return false;
    }
    item->name = p + 1;
    item->width = p[1 + item->name_len];
    item->count = load_le(p + 2 + item->name_len, 4);
    item->values = p + head;
    if (!width_valid(item->width) || item->count > (left - head) / item->width) {
        return false;
    }
    *at += head + (size_t)item->count * item->width;
    return true;
}

static bool find_item(const IommuStateReader *r, const char *name, IommuStateItem *item)
{
    size_t len = strlen(name);
    size_t at = 0;

    while (iommu_state_next(r, &at, item)) {
        if (item->name_len == len && memcmp(item->name, name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Room for @more bytes at the end, or NULL. */
static uint8_t *extend(IommuStateWriter *w, size_t more)
{
    uint8_t *at;

    if (w->failed) {
        return NULL;
    }
    if (w->cap - w->len < more) {
        size_t cap = w->cap * 2 > w->len + more ? w->cap * 2 : w->len + more + 1024;
        uint8_t *data = realloc(w->data, cap);

        if (!data) {
            w->failed = true;
            return NULL;
        }
        w->data = data;
        w->cap = cap;
    }
    at = w->data + w->len;
    w->len += more;
    return at;
}

static uint64_t load_host(const void *items, unsigned width, size_t i)
{
    switch (width) {
    case 1:
        return ((const uint8_t *)items)[i];
    case 2:
        return ((const uint16_t *)items)[i];
    case 4:
        return ((const uint32_t *)items)[i];
    default:
        return ((const uint64_t *)items)[i];
    }
}

static void store_host(void *items, unsigned width, size_t i, uint64_t v)
{
    switch (width) {
    case 1:
        ((uint8_t *)items)[i] = v;
        break;
    case 2:
        ((uint16_t *)items)[i] = v;
        break;
    case 4:
        ((uint32_t *)items)[i] = v;
        break;
    default:
        ((uint64_t *)items)[i] = v;
        break;
    }
}

void iommu_state_put(IommuStateWriter *w, const char *name, const void *items, unsigned width,
                     size_t count)
{
    size_t len = strlen(name);
    uint8_t *p;

    if (len == 0 || len > UINT8_MAX || !width_valid(width) || count > UINT32_MAX) {
        w->failed = true;
        return;
    }
    p = extend(w, 1 + len + 1 + 4 + count * width);
    if (!p) {
        return;
    }
    *p++ = len;
    memcpy(p, name, len);
    p += len;
    *p++ = width;
    store_le(p, count, 4);
    p += 4;
    for (size_t i = 0; i < count; i++, p += width) {
        store_le(p, load_host(items, width, i), width);
    }
}

bool iommu_state_get(IommuStateReader *r, const char *name, void *items, unsigned width,
                     size_t count)
{
    IommuStateItem item;

    if (!find_item(r, name, &item) || item.width != width || item.count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        store_host(items, width, i, load_le(item.values + i * width, width));
    }
    r->taken++;
    return true;
}

uint32_t iommu_state_left(const IommuStateReader *r)
{
    IommuStateItem item;
    uint32_t items = 0;

    for (size_t at = 0; iommu_state_next(r, &at, &item);) {
        items++;
    }
    return items - r->taken;
}

uint64_t iommu_state_value(const IommuStateItem *item, uint32_t i)
{
    return load_le(item->values + (size_t)i * item->width, item->width);
}

long iommu_state_count(IommuStateReader *r, const char *name)
{
    IommuStateItem item;

    return find_item(r, name, &item) ? (long)item.count : -1;
}

bool iommu_state_valid(const IommuStateReader *r)
{
    IommuStateItem item;
    size_t at = 0;

    while (iommu_state_next(r, &at, &item)) {
    }
    return at == r->len;
}

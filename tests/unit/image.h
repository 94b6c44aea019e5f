/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of saved state as text, one item a line: NAME WIDTH VALUE..., a value repeated N times as
 * VALUE*N; lines with # are comments. Kept in tests/unit/images, they are what earlier programs
 * have saved (docs/devel/migration.rst).
 */
#ifndef TESTS_UNIT_IMAGE_H
#define TESTS_UNIT_IMAGE_H

#include "hw/iommu/state.h"

/** The image in file @name of the directory that STAGEWALK_IMAGES names. Free the data. */
IommuStateWriter image_read(const char *name);

/** Fails unless every item of @kept is in @now, with the same values. */
void image_assert_holds(const IommuStateWriter *now, const IommuStateWriter *kept);

/** With STAGEWALK_IMAGES_WRITE=DIR in the environment, write @w to DIR/@name. */
void image_offer(const IommuStateWriter *w, const char *name);

static inline IommuStateReader image_reader(const IommuStateWriter *w)
{
    return (IommuStateReader) { .data = w->data, .len = w->len };
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of saved state as text, one item a line: NAME WIDTH VALUE..., a value repeated N times as
 * VALUE*N; lines with # are comments. Kept in tests/unit/images, they are what earlier programs
 * have saved (docs/devel/migration.rst).
 */
#ifndef TESTS_UNIT_IMAGE_H
#define TESTS_UNIT_IMAGE_H

#include "hw/iommu/model.h"
#include "hw/iommu/timed.h"

/**
 * What @m has now is what the image @name (a file of the directory that STAGEWALK_IMAGES names) was
 * made of: load that image into @m as it is after reset, and fail unless every item of it is saved
 * again with the same values. With STAGEWALK_IMAGES_WRITE=DIR in the environment, first write what
 * @m saves now to DIR/@name.
 */
void image_check(IommuModel *m, const char *name);

/** Fails unless @m loads what it saves with an item @name besides, and that item is left over. */
void image_check_unknown_item(IommuModel *m, const char *name);

/** Give @m a clock, with nobody to tell what is done. Free it with iommu_timed_free(). */
IommuTimed *image_start_clock(IommuModel *m);

/** Submit @txn as number @i: it arrives @i cycles from now. */
void image_submit(IommuTimed *t, IommuTxn txn, unsigned i);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a model tells whoever watches it (hw/iommu/note.h), kept to be looked at. */
#ifndef TESTS_UNIT_NOTES_H
#define TESTS_UNIT_NOTES_H

#include "hw/iommu/model.h"
#include "hw/iommu/note.h"

#define NOTES 64

/** The first NOTES since watch_notes(). */
extern IommuNote notes[NOTES];

/** All since watch_notes(), those beyond NOTES too. */
extern unsigned note_count;

/** Keep what @m tells from now on. */
void watch_notes(IommuModel *m);

/** The only note of @kind so far; fails unless there is one, and called @name. */
const IommuNote *the_note(IommuNoteKind kind, const char *name);

#endif

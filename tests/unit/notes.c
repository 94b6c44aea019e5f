/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a model tells, kept. */
#include "notes.h"

#include <glib.h>

IommuNote notes[NOTES];
unsigned note_count;

static void on_note(void *opaque, const IommuNote *n)
{
    (void)opaque;
    if (note_count < NOTES) {
        notes[note_count] = *n;
    }
    note_count++;
}

void watch_notes(IommuModel *m)
{
    static IommuHostOps ops;

    ops = *m->host.ops;
    ops.note = on_note;
    m->host.ops = &ops;
    note_count = 0;
}

const IommuNote *the_note(IommuNoteKind kind, const char *name)
{
    const IommuNote *found = NULL;

    for (unsigned i = 0; i < note_count && i < NOTES; i++) {
        if (notes[i].kind == kind) {
            g_assert_null(found);
            found = &notes[i];
        }
    }
    g_assert_nonnull(found);
    g_assert_cmpstr(found->name, ==, name);
    return found;
}

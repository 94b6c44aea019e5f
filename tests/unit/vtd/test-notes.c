/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VT-d unit tells whoever watches it (note.h), and what its registers are called.
 */
#include "fixture.h"
#include "../notes.h"
#include "hw/iommu/vtd-perfmon.h"

static void descriptor(Fix *f)
{
    const IommuNote *n;
    uint32_t head;

    scene_legacy(f);
    head = fix_reg64(f, VTD_REG_IQH);
    watch_notes(f->m);
    vtd_driver_push(&f->drv, vtd_make_iotlb_global());
    n = the_note(IOMMU_NOTE_COMMAND, "IOTLB");
    g_assert_cmpuint(n->index, ==, head);
    g_assert_cmpuint(n->code, ==, VTD_IQEI_NONE);
    g_assert_cmphex(n->words[0], ==, vtd_make_iotlb_global().w[0]);
}

static void refused_descriptor(Fix *f)
{
    scene_legacy(f);
    watch_notes(f->m);
    vtd_driver_push(&f->drv, (VtdDescWords) { .w = { 0xe } });
    g_assert_cmpuint(the_note(IOMMU_NOTE_COMMAND, "unknown descriptor")->code, ==, VTD_IQEI_TYPE);
    g_assert_cmphex(notes[0].words[0], ==, 0xe);
}

static void fault(Fix *f)
{
    const IommuNote *n;

    scene_fs(f);
    watch_notes(f->m);
    fix_read(f, HOLE);
    n = the_note(IOMMU_NOTE_RECORD, "SFS.2");
    g_assert_cmpuint(n->code, ==, VTD_FAULT_SFS_2);
    g_assert_cmphex(n->words[0], ==, HOLE);
    g_assert_cmpuint(n->index, ==, 0);
}

/* Without a free record a fault is lost, and told as that. */
static void fault_lost(Fix *f)
{
    scene_fs(f);
    for (unsigned i = 0; i < reg_get(fix_reg64(f, VTD_REG_CAP), VTD_CAP_NFR) + 1; i++) {
        fix_read(f, HOLE + i * PAGE);
    }
    watch_notes(f->m);
    fix_read(f, HOLE);
    the_note(IOMMU_NOTE_RECORD_LOST, "SFS.2");
}

typedef struct Named {
    uint32_t offset;
    const char *name;
} Named;

static void names(Fix *f)
{
    const uint32_t frcd = 16 * reg_get(fix_reg64(f, VTD_REG_CAP), VTD_CAP_FRO);
    const uint32_t iro = 16 * reg_get(fix_reg64(f, VTD_REG_ECAP), VTD_ECAP_IRO);
    const Named all[] = {
        { 0x00, "VER" }, { 0x10, "ECAP" }, { 0x14, "ECAP+4" }, { 0x18, "GCMD" }, { 0x88, "IQT" },
        { 0x44, "FEUADDR" }, { 0x30, "reserved" }, { frcd, "FRCD0" }, { frcd + 28, "FRCD1+12" },
        { iro, "IVA" }, { iro + 8, "IOTLB" }, { 0x198, "MTRR_PHYSMASK1" }, { 0x400, "ECMD" },
        { VTD_PERF_CNT + VTD_PERF_CNT_STRIDE, "PERFCNTR1" },
    };
    char buf[40];

    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        f->m->ops->register_name(f->m, all[i].offset, buf, sizeof(buf));
        g_assert_cmpstr(buf, ==, all[i].name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/notes/descriptor", descriptor);
    fix_add("/vtd/notes/refused-descriptor", refused_descriptor);
    fix_add("/vtd/notes/fault", fault);
    fix_add("/vtd/notes/fault-lost", fault_lost);
    fix_add("/vtd/notes/register-names", names);
    return g_test_run();
}

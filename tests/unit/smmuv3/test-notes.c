/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the SMMUv3 tells whoever watches it (note.h), and what its registers are called.
 */
#include "fixture.h"
#include "../notes.h"
#include "hw/iommu/smmuv3-pmcg.h"

static void test_command(Fix *f)
{
    uint32_t cons;

    scene_stage1(f);
    cons = rd(f, SMMU_CMDQ_CONS);
    watch_notes(f->m);
    g_assert_true(smmu_driver_push(&f->drv, smmu_make(CMD_TLBI_NSNH_ALL)));
    g_assert_cmpuint(note_count, ==, 1);
    the_note(IOMMU_NOTE_COMMAND, "CMD_TLBI_NSNH_ALL");
    g_assert_cmpuint(notes[0].index, ==, cons);
    g_assert_cmpuint(notes[0].queue, ==, 0);
    g_assert_cmpuint(notes[0].code, ==, CERROR_NONE);
    g_assert_cmphex(notes[0].words[0], ==, CMD_TLBI_NSNH_ALL);
}

static void test_illegal_command(Fix *f)
{
    watch_notes(f->m);
    g_assert_true(smmu_driver_push(&f->drv, (SmmuCmdWords) { .w = { 0xfe, 3 } }));
    the_note(IOMMU_NOTE_COMMAND, "unknown command");
    g_assert_cmpuint(notes[0].code, ==, CERROR_ILL);
    g_assert_cmphex(notes[0].words[1], ==, 3);
}

static void test_unread_command(Fix *f)
{
    watch_notes(f->m);
    ramhost_abort(&f->ram, f->drv.cmdq, f->drv.cmdq + 4095, RAMHOST_READ);
    g_assert_true(smmu_driver_push(&f->drv, smmu_make_sync(0)));
    the_note(IOMMU_NOTE_COMMAND, "unknown command");
    g_assert_cmpuint(notes[0].code, ==, CERROR_ABT);
}

static void test_event(Fix *f)
{
    const IommuNote *n;

    scene_stage1(f);
    watch_notes(f->m);
    access_at(f, VA_HOLE, false);
    n = the_note(IOMMU_NOTE_RECORD, "F_TRANSLATION");
    expect_one_event(f, F_TRANSLATION);
    g_assert_cmpuint(n->code, ==, F_TRANSLATION);
    g_assert_cmpuint(n->stream, ==, SID);
    g_assert_cmphex(n->words[0], ==, f->event.w[0]);
    g_assert_cmphex(n->words[2], ==, f->event.w[2]);
}

/* An event that finds the queue off is lost, and told as that. */
static void test_event_lost(Fix *f)
{
    scene_stage1(f);
    cr0_set(f, CR0_EVENTQEN, 0);
    watch_notes(f->m);
    access_at(f, VA_HOLE, false);
    g_assert_cmpuint(the_note(IOMMU_NOTE_RECORD_LOST, "F_TRANSLATION")->stream, ==, SID);
}

static void test_page_request(Fix *f)
{
    IommuPageRequest req = { .addr = VA, .stream = SID, .prgi = 9, .r = true, .last = true };

    scene_stage1(f);
    watch_notes(f->m);
    f->m->ops->page_request(f->m, &req);
    g_assert_cmpuint(the_note(IOMMU_NOTE_RECORD, "page request")->stream, ==, SID);
    cr0_set(f, CR0_PRIQEN, 0);
    note_count = 0;
    f->m->ops->page_request(f->m, &req);
    the_note(IOMMU_NOTE_RECORD_LOST, "page request");
}

/* ---- names -------------------------------------------------------------------------------- */

typedef struct Named {
    uint32_t offset;
    const char *name;
} Named;

static void test_names(Fix *f)
{
    const uint64_t page = rd64(f, SMMU_CMDQ_CONTROL_PAGE_BASE(0));
    const uint32_t ecmdq = field_in_place(&page, ECMDQ_PAGE_ADDR);
    const uint32_t spacing = 0x10000u >> f->config.ecmdq_log2numq;
    const Named all[] = {
        { 0x000, "IDR0" }, { 0x020, "CR0" }, { 0x080, "STRTAB_BASE" }, { 0x084, "STRTAB_BASE+4" },
        { 0x0b0, "EVENTQ_IRQ_CFG0" }, { 0x100a8, "EVENTQ_PROD" }, { 0x100cc, "PRIQ_CONS" },
        { 0x034, "reserved" }, { 0xfe4, "PIDR1" }, { 0x4028, "CMDQ_CONTROL_PAGE_CFG1" },
        { PMCG_PAGE0 + 0x404, "PMCG_EVTYPER1" }, { PMCG_PAGE0 + 0xe04, "PMCG_CR" },
        { 0x20a10, "VATOS_ADDR" }, { ecmdq, "ECMDQ0_BASE" },
        { ecmdq + 3 * spacing + 8, "ECMDQ3_PROD" }, { ecmdq + 16, "reserved" },
    };
    char buf[40];

    g_assert_cmpuint(spacing, >, 16);
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        f->m->ops->register_name(f->m, all[i].offset, buf, sizeof(buf));
        g_assert_cmpstr(buf, ==, all[i].name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/smmuv3/notes/command", test_command);
    fix_add("/smmuv3/notes/illegal-command", test_illegal_command);
    fix_add("/smmuv3/notes/unread-command", test_unread_command);
    fix_add("/smmuv3/notes/event", test_event);
    fix_add("/smmuv3/notes/event-lost", test_event_lost);
    fix_add("/smmuv3/notes/page-request", test_page_request);
    fix_add_reset("/smmuv3/notes/register-names", "max", NULL, test_names);
    return g_test_run();
}

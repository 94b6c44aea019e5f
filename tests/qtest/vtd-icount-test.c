/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With -icount and timing=on a whole run repeats bit for bit: cycles, latencies, faults, counters,
 * the annotated walk, memory.
 */
#include "qemu/osdep.h"
#include "icount.h"

#include "../lib/vtd-driver.h"
#include "../lib/vtd-pages.h"
#include "../lib/vtd-tables.h"

#define SCRIPT 0x08000000ull /* the program says so too */
#define DID 7

/* In place of a BIOS: 64 KB below 4 GB, of which only the end is used. */
#define ROM_BYTES 0x10000
#define CODE_AT   0xff00 /* the processor begins in real mode at 0xfff0 */

static const uint8_t code[] = {
    0x2e, 0x66, 0x0f, 0x01, 0x16, 0x60, 0xff,       /*        lgdtl %cs:table            */
    0x0f, 0x20, 0xc0,                               /*        mov  %cr0, %eax            */
    0x0c, 0x01,                                     /*        or   $1, %al               */
    0x0f, 0x22, 0xc0,                               /*        mov  %eax, %cr0            */
    0x66, 0xea, 0x17, 0xff, 0xff, 0xff, 0x08, 0x00, /*        ljmpl $8, flat             */
    0xb8, 0x10, 0x00, 0x00, 0x00,                   /* flat:  mov  $16, %eax             */
    0x8e, 0xd8,                                     /*        mov  %eax, %ds             */
    0xbe, 0x00, 0x00, 0x00, 0x08,                   /*        mov  $SCRIPT, %esi         */
    0x8b, 0x3e,                                     /* loop:  mov  (%esi), %edi          */
    0x85, 0xff,                                     /*        test %edi, %edi            */
    0x74, 0x1c,                                     /*        je   end                   */
    0xf7, 0xc7, 0x01, 0x00, 0x00, 0x00,             /*        test $1, %edi              */
    0x75, 0x0c,                                     /*        jne  small                 */
    0x0f, 0x6f, 0x46, 0x08,                         /*        movq 8(%esi), %mm0         */
    0x0f, 0x7f, 0x07,                               /*        movq %mm0, (%edi)          */
    0x83, 0xc6, 0x10,                               /* next:  add  $16, %esi             */
    0xeb, 0xe6,                                     /*        jmp  loop                  */
    0x8b, 0x46, 0x08,                               /* small: mov  8(%esi), %eax         */
    0x89, 0x47, 0xff,                               /*        mov  %eax, -1(%edi)        */
    0xeb, 0xf3,                                     /*        jmp  next                  */
    0xeb, 0xfe,                                     /* end:   jmp  end                   */
    0x90,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* 0xff48: no segment                */
    0xff, 0xff, 0x00, 0x00, 0x00, 0x9b, 0xcf, 0x00, /* 8: flat code                      */
    0xff, 0xff, 0x00, 0x00, 0x00, 0x93, 0xcf, 0x00, /* 16: flat data                     */
    0x17, 0x00, 0x48, 0xff, 0xff, 0xff,             /* table: 24 bytes at 0xffffff48     */
};

static const uint8_t reset[] = { 0xe9, 0x0d, 0xff }; /* jmp to the code */

static void prepare(IcountRun *r)
{
    const uint32_t qie = (uint32_t)field_mask(VTD_GCMD_QIE);
    GuestMem *mem = &r->m->mem;
    TableSpace space = table_space(mem);
    uint64_t ctx[VTD_CTX_WORDS], status = gmem_alloc(mem, 4, 64),
             queue = gmem_alloc(mem, 4096, 4096);
    const RegBus *bus = &r->iommu;
    VtdRootTable root;
    VtdPages pages;

    vtd_root_init(&root, mem, false);
    vtd_pages_init(&pages, &space, 2, 4);
    for (unsigned i = 0; i < ICOUNT_PAGES; i++) {
        vtd_pages_map(&pages, ICOUNT_IOVA + 4096 * i, gmem_alloc(mem, 4096, 4096), 4096, VTD_SS_RW);
    }
    vtd_ctx_second_stage(ctx, &pages, DID);
    vtd_ctx_set(&root, DMA_RID(0), ctx);

    reg_write64(bus, VTD_REG_RTADDR, vtd_root_reg(&root));
    reg_write32(bus, VTD_REG_GCMD, (uint32_t)field_mask(VTD_GCMD_SRTP));
    reg_write64(bus, VTD_REG_IQA, queue);
    reg_write32(bus, VTD_REG_GCMD, qie);
    reg_write32(bus, VTD_REG_GCMD, qie | (uint32_t)field_mask(VTD_GCMD_TE));
    for (unsigned i = 0; i < ICOUNT_CHANNELS * ICOUNT_COMMANDS; i++) {
        VtdDescWords w = i % 4 == 3 ? vtd_make_wait_status(status, i)
                                    : vtd_make_iotlb_page(DID, ICOUNT_IOVA + 4096 * i, 0, false);

        gmem_write_words(mem, queue + 16 * i, w.w, 2);
    }
}

static void ring(IcountRun *r, unsigned commands)
{
    reg_write64(&r->iommu, VTD_REG_IQT, 16 * commands);
}

static bool rung(IcountRun *r, unsigned commands)
{
    return reg_read64(&r->m->iommu, VTD_REG_IQH) == 16 * commands;
}

static void test_repeats(void)
{
    g_autofree uint8_t *rom = g_malloc0(ROM_BYTES);
    const IcountCase c = {
        .program = rom, .bytes = ROM_BYTES, .option = "-bios", .script = SCRIPT,
        .prepare = prepare, .ring = ring, .rung = rung,
    };
    g_autofree char *seen = NULL;

    memcpy(rom + CODE_AT, code, sizeof(code));
    memcpy(rom + ROM_BYTES - 16, reset, sizeof(reset));
    seen = icount_repeats(&c);
    if (seen) {
        /* It was no empty run. */
        g_assert_nonnull(strstr(seen, "\"faults\": 4, \"events\": 1,"));
        g_assert_nonnull(strstr(seen, "stage 2 height 0"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/vtd/icount/repeats", test_repeats);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested translation on an SMMUv3: vIOMMU, vDEVICE, vSTE, raw invalidation commands, virtual
 * events.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/nested.h"

#define VA 0x700000000ull

typedef struct Stage {
    Bed b;
    NestedParent parent;
    Nested n;
} Stage;

static void open_granule(Stage *s, unsigned granule_lg2)
{
    bed_open(&s->b, 0, -1);
    nested_parent(&s->parent, &s->b);
    nested_open(&s->n, &s->b, &s->parent, 0, granule_lg2);
}

static void open_stage(Stage *s)
{
    open_granule(s, nested_granule());
}

static void user_tables_translate(void)
{
    Stage s;

    open_stage(&s);
    nested_map(&s.n, VA, 3);
    nested_map(&s.n, VA + PAGE, 8);
    CHECK_EQ(bed_write(&s.b, VA, 11), IDMA_STATUS_OK);
    CHECK_EQ(bed_write(&s.b, VA + PAGE, 12), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 3), 11));
    CHECK(page_is(nested_page(&s.parent, 8), 12));
    page_fill(nested_page(&s.parent, 8), 13);
    CHECK_EQ(bed_verify(&s.b, VA + PAGE, 13), IDMA_STATUS_OK);
}

static void blocks(void)
{
    const unsigned page = MIB / PAGE + 3;
    uint64_t block, base;
    Stage s;

    /* The block that the data lies in: larger granules have blocks larger than the data. */
    open_stage(&s);
    block = 1ull << arm_pages_level_lg2(&s.n.pages, 2);
    base = nested_gpa(page) & ~(block - 1);
    arm_pages_map_level(&s.n.pages, VA, base, 2, ARM_S1_RW);
    CHECK_EQ(bed_write(&s.b, VA + nested_gpa(page) - base, 21), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, page), 21));
}

static bool page_range_is(Stage *s, unsigned page, unsigned count, uint64_t pattern)
{
    for (unsigned i = 0; i < count; i++) {
        if (!page_is(nested_page(&s->parent, page + i), pattern)) {
            return false;
        }
    }
    return true;
}

static void every_granule(void)
{
    static const struct {
        BitField idr5;
        unsigned granule_lg2;
    } granules[] = { { IDR5_GRAN4K, 12 }, { IDR5_GRAN16K, 14 }, { IDR5_GRAN64K, 16 } };
    struct iommu_hw_info_arm_smmuv3 hw;
    struct iommu_hw_info info;
    unsigned done = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(granules); i++) {
        const uint64_t unit = MAX(PAGE, 1u << granules[i].granule_lg2);
        const unsigned pages = unit / PAGE;
        Stage s;

        open_granule(&s, granules[i].granule_lg2);
        OK(hw_info(s.b.iommufd, s.b.vfio.dev_id, &hw, sizeof(hw), &info));
        if (reg_get(hw.idr[5], granules[i].idr5)) {
            /* A page of the larger of the two stages, whole; then another one in its place. */
            for (unsigned round = 0; round < 2; round++) {
                const unsigned page = (1 + 2 * round) * pages;

                nested_map_range(&s.n, VA, page, unit);
                OK(nested_invalidate_all(&s.n));
                CHECK_EQ(bed_dma(&s.b, dma_make_fill(VA, unit, 25 + round, false)).status,
                         IDMA_STATUS_OK);
                CHECK(page_range_is(&s, page, pages, 25 + round));
                CHECK(page_range_is(&s, page + pages, pages, 0));
                CHECK(refused(bed_dma(&s.b, dma_make_fill(VA + unit, 8, 1, false)).status));
            }
            CHECK(page_range_is(&s, pages, pages, 25));
            done++;
        }
        bed_close(&s.b);
    }
    tap_note("%u granules of stage 1 over pages of %u KB", done, PAGE >> 10);
    CHECK(done > 0);
}

/* What one form of invalidation must do: the new page after it, either one before. */
static void changed(Stage *s, const SmmuCmdWords *commands, unsigned count)
{
    uint32_t done = 0;

    nested_map(&s->n, VA, 1);
    OK(nested_invalidate_all(&s->n));
    CHECK_EQ(bed_write(&s->b, VA, 31), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s->parent, 1), 31));
    nested_map(&s->n, VA, 2);
    CHECK_EQ(bed_write(&s->b, VA, 32), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s->parent, 1), 32) != page_is(nested_page(&s->parent, 2), 32));
    OK(nested_commands(&s->n, commands, count, &done));
    CHECK_EQ(done, count);
    CHECK_EQ(bed_write(&s->b, VA, 33), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s->parent, 2), 33));
    CHECK(!page_is(nested_page(&s->parent, 1), 33));
}

static void by_va(void)
{
    SmmuCmdWords leaf = smmu_make_tlbi_nh_va(0, NESTED_ASID, VA, true);
    SmmuCmdWords all = smmu_make_tlbi_nh_va(0, NESTED_ASID, VA, false);
    Stage s;

    open_stage(&s);
    changed(&s, &leaf, 1);
    changed(&s, &all, 1);
}

static void by_va_all_asids(void)
{
    SmmuCmdWords command = smmu_make_tlbi_nh_vaa(0, VA, true);
    Stage s;

    open_stage(&s);
    changed(&s, &command, 1);
}

static void by_asid(void)
{
    SmmuCmdWords command = smmu_make_tlbi_nh_asid(0, NESTED_ASID);
    Stage s;

    open_stage(&s);
    changed(&s, &command, 1);
}

static void by_vmid(void)
{
    SmmuCmdWords nh_all = smmu_make_tlbi_nh_all(0), nsnh_all = smmu_make_tlbi_nsnh_all();
    Stage s;

    open_stage(&s);
    changed(&s, &nh_all, 1);
    changed(&s, &nsnh_all, 1);
}

static void by_range(void)
{
    struct iommu_hw_info_arm_smmuv3 hw;
    struct iommu_hw_info info;
    SmmuCmdWords command;
    Stage s;

    open_stage(&s);
    OK(hw_info(s.b.iommufd, s.b.vfio.dev_id, &hw, sizeof(hw), &info));
    if (!reg_get(hw.idr[3], IDR3_RIL)) {
        tap_skip("IDR3.RIL is 0");
    }
    command = smmu_make_range(smmu_make_tlbi_nh_va(0, NESTED_ASID, VA - 4 * PAGE, true),
                              s.n.granule_lg2, 16, 3);
    changed(&s, &command, 1);
}

static void many_at_once(void)
{
    enum { COUNT = 150 };
    SmmuCmdWords commands[COUNT];
    Stage s;

    open_stage(&s);
    for (unsigned i = 0; i < COUNT; i++) {
        commands[i] = smmu_make_tlbi_nh_va(0, NESTED_ASID, VA + (i + 1 - COUNT) * (uint64_t)PAGE,
                                           true);
    }
    changed(&s, commands, COUNT);
}

static void asid_is_kept_apart(void)
{
    SmmuCmdWords other = smmu_make_tlbi_nh_va(0, NESTED_ASID + 1, VA, true);
    uint32_t done;
    Stage s;

    /* Another ASID's invalidation need not, but may, remove the entry: data must be one of both. */
    open_stage(&s);
    nested_map(&s.n, VA, 1);
    CHECK_EQ(bed_write(&s.b, VA, 41), IDMA_STATUS_OK);
    nested_map(&s.n, VA, 2);
    OK(nested_commands(&s.n, &other, 1, &done));
    CHECK_EQ(bed_write(&s.b, VA, 42), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 1), 42) != page_is(nested_page(&s.parent, 2), 42));
    OK(nested_invalidate(&s.n, VA));
    CHECK_EQ(bed_write(&s.b, VA, 43), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 2), 43));
}

static void context_descriptors(void)
{
    SmmuCmdWords commands[2];
    ArmPages other;
    Stage s;

    /* A new table under the same PASID: the descriptor is cached until CFGI_CD. */
    for (unsigned all = 0; all < 2; all++) {
        open_stage(&s);
        commands[0] = all ? smmu_make_cfgi_cd_all(s.n.vsid) : smmu_make_cfgi_cd(s.n.vsid, 0, true);
        commands[1] = smmu_make_tlbi_nh_asid(0, NESTED_ASID);
        nested_map(&s.n, VA, 1);
        CHECK_EQ(bed_write(&s.b, VA, 51), IDMA_STATUS_OK);
        arm_pages_init_simple(&other, &s.n.space, 1, s.n.granule_lg2, 48);
        arm_pages_map_smallest(&other, VA, nested_gpa(2), PAGE, ARM_S1_RW);
        nested_set_cd(&s.n, 0, &other, NESTED_ASID);
        OK(nested_commands(&s.n, commands, 2, NULL));
        CHECK_EQ(bed_write(&s.b, VA, 52), IDMA_STATUS_OK);
        CHECK(page_is(nested_page(&s.parent, 2), 52));
        CHECK(page_is(nested_page(&s.parent, 1), 51));
        bed_close(&s.b);
    }
}

static void substreams(void)
{
    SmmuCmdWords commands[2];
    ArmPages other;
    Stage s;

    open_stage(&s);
    nested_map(&s.n, VA, 1);
    arm_pages_init_simple(&other, &s.n.space, 1, s.n.granule_lg2, 48);
    arm_pages_map_smallest(&other, VA, nested_gpa(2), PAGE, ARM_S1_RW);
    CHECK_EQ(bed_write(&s.b, VA, 61), IDMA_STATUS_OK);
    s.b.has_pasid = true;
    s.b.pasid = 5;
    CHECK(refused(bed_write(&s.b, VA, 62)));
    nested_set_cd(&s.n, 5, &other, NESTED_ASID + 1);
    commands[0] = smmu_make_cfgi_cd(s.n.vsid, 5, true);
    OK(nested_commands(&s.n, commands, 1, NULL));
    CHECK_EQ(bed_write(&s.b, VA, 63), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 2), 63));
    CHECK(page_is(nested_page(&s.parent, 1), 61));
    /* Beyond the table. */
    s.b.pasid = 100;
    CHECK(refused(bed_write(&s.b, VA, 64)));
}

static void attached_by_config(Stage *s, unsigned config)
{
    uint64_t ste[2] = { 0 };
    int hwpt;

    field_set(ste, STE_V, 1);
    field_set(ste, STE_CONFIG, config);
    hwpt = OK(hwpt_alloc_nested(s->b.iommufd, s->b.vfio.dev_id, s->n.viommu, 0,
                                IOMMU_HWPT_DATA_ARM_SMMUV3, ste, sizeof(ste)));
    OK(vfio_attach(&s->b.vfio, hwpt));
}

static void bypass_and_abort(void)
{
    Stage s;

    open_stage(&s);
    nested_map(&s.n, VA, 1);
    CHECK_EQ(bed_write(&s.b, VA, 71), IDMA_STATUS_OK);
    attached_by_config(&s, STE_CONFIG_BYPASS);
    CHECK_EQ(bed_write(&s.b, nested_gpa(4), 72), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 4), 72));
    CHECK(refused(bed_write(&s.b, VA, 73)));
    attached_by_config(&s, STE_CONFIG_ABORT);
    CHECK(refused(bed_write(&s.b, nested_gpa(4), 74)));
    CHECK(page_is(nested_page(&s.parent, 4), 72));
    OK(vfio_attach(&s.b.vfio, s.n.hwpt));
    CHECK_EQ(bed_write(&s.b, VA, 75), IDMA_STATUS_OK);
    CHECK(page_is(nested_page(&s.parent, 1), 75));
}

static void forbidden_ste_refused(void)
{
    uint64_t ste[2];
    Stage s;

    open_stage(&s);
    memcpy(ste, s.n.ste, sizeof(ste));
    field_set(ste, STE_CONFIG, STE_CONFIG_NESTED);
    CHECK_EQ(hwpt_alloc_nested(s.b.iommufd, s.b.vfio.dev_id, s.n.viommu, 0,
                               IOMMU_HWPT_DATA_ARM_SMMUV3, ste, sizeof(ste)), -EIO);
    memcpy(ste, s.n.ste, sizeof(ste));
    field_set(ste, STE_EATS, STE_EATS_SPLIT);
    CHECK_EQ(hwpt_alloc_nested(s.b.iommufd, s.b.vfio.dev_id, s.n.viommu, 0,
                               IOMMU_HWPT_DATA_ARM_SMMUV3, ste, sizeof(ste)), -EIO);
}

static void bad_commands_refused(void)
{
    enum { COUNT = 4 };
    Stage s;

    open_stage(&s);
    nested_map(&s.n, VA, 1);
    for (unsigned bad = 0; bad < 4; bad++) {
        SmmuCmdWords commands[COUNT];
        uint32_t done = 99;

        for (unsigned i = 0; i < COUNT; i++) {
            commands[i] = smmu_make_tlbi_nh_va(0, NESTED_ASID, VA, true);
        }
        switch (bad) {
        case 0: /* no invalidation */
            commands[2] = smmu_make_sync(0);
            break;
        case 1: /* another exception level's */
            commands[2] = smmu_make_tlbi_el2_all();
            break;
        case 2: /* a stream that is not the vSMMU's */
            commands[2] = smmu_make_cfgi_cd_all(s.n.vsid + 9);
            break;
        default: /* a bit that must be 0 */
            field_set(commands[2].w, BITFIELD(0, 9, 1), 1);
            break;
        }
        CHECK_EQ(nested_commands(&s.n, commands, COUNT, &done), -EIO);
        /* The kernel counts up to the bad one, or less: it issues commands in batches. */
        CHECK(done <= 2);
        CHECK_EQ(bed_write(&s.b, VA, 80 + bad), IDMA_STATUS_OK);
        CHECK(page_is(nested_page(&s.parent, 1), 80 + bad));
    }
}

static void events_reach_the_user(void)
{
    struct {
        struct iommufd_vevent_header header;
        struct iommu_vevent_arm_smmuv3 event;
    } record;
    SmmuEventWords event;
    Stage s;
    int fd;

    open_stage(&s);
    OK(veventq_alloc(s.b.iommufd, s.n.viommu, IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, 16, &fd));
    nested_map(&s.n, VA, 1);
    for (unsigned pass = 0; pass < 3; pass++) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        uint64_t va = VA + 0x100000 + pass * PAGE, w[EVENT_WORDS];
        bool reading = pass == 1;

        s.b.has_pasid = pass == 2;
        if (s.b.has_pasid) {
            nested_set_cd(&s.n, 3, &s.n.pages, NESTED_ASID + 3);
            s.b.pasid = 3;
        }
        CHECK(refused(reading ? bed_verify(&s.b, va, 1) : bed_write(&s.b, va, 1)));
        CHECK_EQ(poll(&wait, 1, 2000), 1);
        CHECK_EQ(read(fd, &record, sizeof(record)), sizeof(record));
        CHECK_EQ(record.header.sequence, pass);
        memcpy(w, record.event.evt, sizeof(w));
        smmu_event_decode(w, &event);
        CHECK_EQ(event.num, F_TRANSLATION);
        CHECK_EQ(event.sid, s.n.vsid);
        CHECK_EQ(event.input_addr, va);
        CHECK_EQ(event.rnw, reading);
        CHECK_EQ(event.s2, false);
        CHECK_EQ(event.stall, false);
        CHECK_EQ(event.ssv, s.b.has_pasid);
        CHECK_EQ(event.ssid, s.b.has_pasid ? 3 : 0);
    }
}

static void second_stage_fault_is_the_kernels(void)
{
    char address[48];
    const char *words[] = { "event: F_TRANSLATION", address, NULL };
    Stage s;

    /* The first stage points outside the second: the kernel's own event, with both addresses. */
    open_stage(&s);
    arm_pages_map_smallest(&s.n.pages, VA, 0x123450000, PAGE, ARM_S1_RW);
    klog_mark();
    CHECK(refused(bed_write(&s.b, VA, 1)));
    snprintf(address, sizeof(address), "iova: 0x%llx ipa: 0x%llx", VA, 0x123450000ull);
    CHECK(klog_find(NULL, 0, words));
}

static void attached_without_vdevice(void)
{
    Stage s;
    int hwpt;

    /* A stream that the vSMMU does not know cannot be invalidated: the kernel refuses. */
    open_stage(&s);
    OK(vfio_detach(&s.b.vfio));
    OK(iommufd_destroy(s.b.iommufd, s.n.vdevice));
    hwpt = OK(hwpt_alloc_nested(s.b.iommufd, s.b.vfio.dev_id, s.n.viommu, 0,
                                IOMMU_HWPT_DATA_ARM_SMMUV3, s.n.ste, sizeof(s.n.ste)));
    CHECK(vfio_attach(&s.b.vfio, hwpt) < 0);
}

int main(void)
{
    static const Test tests[] = {
        { "stage 1 tables in the program's memory translate", user_tables_translate },
        { "level 2 blocks of stage 1 over pages of stage 2", blocks },
        { "stage 1 in each granule that IDR5 offers", every_granule },
        { "a changed entry is used after CMD_TLBI_NH_VA, leaf and not", by_va },
        { "a changed entry is used after CMD_TLBI_NH_VAA", by_va_all_asids },
        { "a changed entry is used after CMD_TLBI_NH_ASID", by_asid },
        { "a changed entry is used after CMD_TLBI_NH_ALL and NSNH_ALL", by_vmid },
        { "a changed entry is used after a range invalidation", by_range },
        { "150 commands in one call are carried out", many_at_once },
        { "invalidating another ASID leaves no page but the old or the new", asid_is_kept_apart },
        { "a changed CD is used after CMD_CFGI_CD and CD_ALL", context_descriptors },
        { "PASIDs choose CDs of the program's own table", substreams },
        { "a vSTE may bypass stage 1, or abort", bypass_and_abort },
        { "a vSTE with forbidden fields is refused", forbidden_ste_refused },
        { "bad commands are refused and counted", bad_commands_refused },
        { "stage 1 faults come to the program with its vSID", events_reach_the_user },
        { "stage 2 faults go to the kernel with both addresses", second_stage_fault_is_the_kernels },
        { "a translating vSTE without a vDEVICE is refused", attached_without_vdevice },
    };

    return tap_main(TESTS(tests));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test bed around one iommu-dma. */
#include "bed.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/iommu/smmuv3-layout.h"

static uint64_t bar_read(void *opaque, uint64_t offset, unsigned size)
{
    volatile uint8_t *bar = opaque;

    return size == 8 ? *(volatile uint64_t *)(bar + offset) : *(volatile uint32_t *)(bar + offset);
}

static void bar_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    volatile uint8_t *bar = opaque;

    /* What the device is to read must be in memory before it is told. */
    __sync_synchronize();
    if (size == 8) {
        *(volatile uint64_t *)(bar + offset) = value;
    } else {
        *(volatile uint32_t *)(bar + offset) = (uint32_t)value;
    }
}

static void bar_wait(void *opaque)
{
    (void)opaque;
    usleep(100);
}

void bed_registers(Bed *b, void *bar)
{
    b->bus = (RegBus) { .read = bar_read, .write = bar_write, .wait = bar_wait, .opaque = bar };
    if (!dma_driver_init(&b->dma, &b->bus)) {
        FAIL("%s has not the registers of an iommu-dma", b->name);
    }
}

void bed_open(Bed *b, unsigned index, int iommufd)
{
    int error;

    *b = (Bed) { .iommufd = iommufd, .own_iommufd = iommufd < 0 };
    if (!pci_find(IDMA_VENDOR_ID, IDMA_DEVICE_ID, index, b->name)) {
        tap_skip("the machine has no iommu-dma number %u", index);
    }
    error = pci_bind(b->name, "vfio-pci");
    if (error) {
        FAIL("%s does not bind to vfio-pci: %s", b->name, strerror(-error));
    }
    if (b->iommufd < 0) {
        b->iommufd = OK(iommufd_open());
    }
    OK(vfio_open(&b->vfio, b->iommufd, b->name));
    b->bar = vfio_map_bar(&b->vfio, IDMA_BAR, &b->bar_size);
    if (!b->bar) {
        FAIL("BAR %d of %s cannot be mapped", IDMA_BAR, b->name);
    }
    vfio_bus_master(&b->vfio, true);
    bed_registers(b, b->bar);
}

uint32_t bed_open_attached(Bed *b, unsigned index)
{
    uint32_t ioas;

    bed_open(b, index, -1);
    ioas = OK(ioas_alloc(b->iommufd));
    OK(vfio_attach(&b->vfio, ioas));
    return ioas;
}

void bed_close(Bed *b)
{
    munmap(b->bar, b->bar_size);
    vfio_close(&b->vfio);
    if (b->own_iommufd) {
        close(b->iommufd);
    }
}

void bed_start(Bed *b, unsigned ch, DmaDesc desc)
{
    if (b->has_pasid) {
        dma_set_pasid(&desc, b->pasid);
    }
    if (b->ats) {
        field_set(desc.w, IDMA_D_AT, IDMA_AT_ATC);
        field_set(desc.w, IDMA_D_PAGE, b->page);
    }
    dma_start(&b->dma, ch, &desc);
}

DmaCompletion bed_finish(Bed *b, unsigned ch)
{
    DmaCompletion c;

    if (!dma_wait(&b->dma, ch)) {
        FAIL("DMA did not end; channel status %#" PRIx64,
             dma_ch_read(&b->dma, ch, IDMA_CH_STATUS));
    }
    dma_completion(&b->dma, ch, &c);
    return c;
}

void bed_quiesce(Bed *b, unsigned ch)
{
    if (on_arm()) {
        bed_finish(b, ch);
        return;
    }
    dma_ch_write(&b->dma, ch, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_ABORT, 1));
    for (unsigned i = 0; i < 2000 && dma_read(&b->dma, IDMA_PRI_OUTSTANDING); i++) {
        usleep(1000);
    }
    CHECK_EQ(dma_read(&b->dma, IDMA_PRI_OUTSTANDING), 0);
}

DmaCompletion bed_dma(Bed *b, DmaDesc desc)
{
    bed_start(b, 0, desc);
    return bed_finish(b, 0);
}

unsigned bed_write(Bed *b, uint64_t iova, uint64_t pattern)
{
    return bed_dma(b, dma_make_fill(iova, PAGE, pattern, false)).status;
}

unsigned bed_verify(Bed *b, uint64_t iova, uint64_t pattern)
{
    return bed_dma(b, dma_make_verify(iova, PAGE, pattern, false)).status;
}

bool page_is(const void *memory, uint64_t pattern)
{
    const volatile uint64_t *words = memory;

    for (unsigned i = 0; i < PAGE / 8; i++) {
        if (words[i] != pattern) {
            return false;
        }
    }
    return true;
}

void page_fill(void *memory, uint64_t pattern)
{
    volatile uint64_t *words = memory;

    for (unsigned i = 0; i < PAGE / 8; i++) {
        words[i] = pattern;
    }
}

bool refused(unsigned status)
{
    return status == IDMA_STATUS_ABORTED || status == IDMA_STATUS_UR || status == IDMA_STATUS_CA ||
           status == IDMA_STATUS_DENIED || status == IDMA_STATUS_PRI_INVALID ||
           status == IDMA_STATUS_PRI_FAILURE;
}

/*
 * Every Linux prints an SMMU's event as its number and a line for each of its words, newer ones in
 * words as well. Word 0: number 7:0, SSV 11, SubstreamID 31:12, StreamID 63:32; word 2: the
 * address.
 */
static bool event_logged(Bed *b, const char *event, uint64_t iova, int pasid)
{
    static const struct {
        const char *name;
        unsigned number;
    } events[] = { { "F_TRANSLATION", F_TRANSLATION }, { "F_PERMISSION", F_PERMISSION } };
    uint64_t word = (uint64_t)pci_rid(b->name) << 32;
    char first[24], address[24];
    const char *words[] = { first, NULL }, *then[] = { address, NULL };

    for (unsigned i = 0; i < G_N_ELEMENTS(events); i++) {
        if (!strcmp(events[i].name, event)) {
            word |= events[i].number;
        }
    }
    if (pasid >= 0) {
        word |= 1u << 11 | (uint64_t)pasid << 12;
    }
    snprintf(first, sizeof(first), "0x%016" PRIx64, word);
    snprintf(address, sizeof(address), "0x%016" PRIx64, iova);
    return klog_find(NULL, 0, words) && klog_find(NULL, 0, then);
}

bool bed_fault_logged(Bed *b, const char *arm_event, const char *x86_reason, uint64_t iova,
                      int pasid)
{
    char event[48], address[48], substream[32];
    /* Older kernels leave the PCI domain out of the name. */
    const char *words[] = { event, address, substream, strchr(b->name, ':') + 1, NULL };

    if (on_arm()) {
        return event_logged(b, arm_event, iova, pasid);
    }
    snprintf(event, sizeof(event), "[fault reason %s", x86_reason ? x86_reason : "");
    snprintf(address, sizeof(address), "fault addr 0x%" PRIx64 " ", iova);
    if (pasid < 0) {
        snprintf(substream, sizeof(substream), "NO_PASID]");
    } else {
        snprintf(substream, sizeof(substream), "PASID 0x%x]", pasid);
    }
    return klog_find(NULL, 0, words);
}

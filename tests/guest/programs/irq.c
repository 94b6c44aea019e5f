/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSI-X through the IOMMU: every message becomes one interrupt of the right vector. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/bed.h"

enum { VECTORS = 4, INTERRUPTS = 100000 };

typedef struct Irqs {
    Bed b;
    uint32_t ioas;
    int events[VECTORS];
} Irqs;

static void open_irqs(Irqs *q)
{
    q->ioas = bed_open_attached(&q->b, 0);
    for (unsigned i = 0; i < VECTORS; i++) {
        q->events[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    }
    OK(vfio_msix(&q->b.vfio, q->events, VECTORS));
    for (unsigned ch = 0; ch < VECTORS; ch++) {
        DmaDesc nop = dma_make(IDMA_OP_NOP, 0, 0);

        field_set(nop.w, IDMA_D_IRQ, 1);
        for (unsigned i = 0; i < IDMA_DESC_WORDS; i++) {
            dma_ch_write(&q->b.dma, ch, IDMA_CH_DESC + 8 * i, nop.w[i]);
        }
        dma_ch_write(&q->b.dma, ch, IDMA_CH_VECTOR, ch);
        dma_ch_write(&q->b.dma, ch, IDMA_CH_INTR_ENABLE, reg_make(IDMA_CH_INTR_DONE, 1));
    }
}

static void raise(Irqs *q, unsigned ch)
{
    dma_ch_write(&q->b.dma, ch, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_START, 1));
}

/* Interrupts that have arrived at @vector, waiting for the first up to @milliseconds. */
static uint64_t taken(Irqs *q, unsigned vector, int milliseconds)
{
    struct pollfd wait = { .fd = q->events[vector], .events = POLLIN };
    uint64_t count = 0;

    if (poll(&wait, 1, milliseconds) == 1 &&
        read(q->events[vector], &count, sizeof(count)) != sizeof(count)) {
        FAIL("eventfd: %s", strerror(errno));
    }
    return count;
}

static void right_vector(void)
{
    Irqs q;

    open_irqs(&q);
    for (unsigned ch = 0; ch < VECTORS; ch++) {
        for (unsigned other = 0; other < VECTORS; other++) {
            dma_ch_write(&q.b.dma, ch, IDMA_CH_VECTOR, other);
            raise(&q, ch);
            CHECK_EQ(taken(&q, other, 2000), 1);
            for (unsigned i = 0; i < VECTORS; i++) {
                CHECK_EQ(taken(&q, i, 0), 0);
            }
        }
    }
}

static void none_lost(void)
{
    uint64_t sum = 0;
    Irqs q;

    open_irqs(&q);
    for (unsigned n = 0; n < INTERRUPTS / VECTORS; n++) {
        for (unsigned ch = 0; ch < VECTORS; ch++) {
            raise(&q, ch);
        }
        for (unsigned ch = 0; ch < VECTORS; ch++) {
            uint64_t count = taken(&q, ch, 2000);

            if (count != 1) {
                FAIL("round %u: vector %u had %" PRIu64 " interrupts, not one", n, ch, count);
            }
            sum += count;
        }
    }
    CHECK_EQ(sum, INTERRUPTS);
    for (unsigned ch = 0; ch < VECTORS; ch++) {
        CHECK_EQ(taken(&q, ch, 50), 0);
        CHECK_EQ(dma_ch_read(&q.b.dma, ch, IDMA_CH_STAT_IRQS), INTERRUPTS / VECTORS);
    }
}

/* The data is in memory when the interrupt that tells of it arrives. */
static void data_and_interrupts(Irqs *q, uint32_t ioas, unsigned rounds)
{
    uint64_t *memory = memory_alloc(PAGE, false);
    DmaDesc fill = dma_make_fill(0x40000000, PAGE, 0, false);

    OK(ioas_map(q->b.iommufd, ioas, memory, PAGE, 0x40000000, IOAS_RW));
    field_set(fill.w, IDMA_D_IRQ, 1);
    for (unsigned i = 1; i <= rounds; i++) {
        field_set(fill.w, IDMA_D_DATA, i);
        bed_start(&q->b, 1, fill);
        CHECK_EQ(taken(q, 1, 2000), 1);
        CHECK(page_is(memory, i));
    }
}

static void with_data(void)
{
    Irqs q;

    open_irqs(&q);
    data_and_interrupts(&q, q.ioas, 300);
}

static void in_another_space(void)
{
    uint32_t ioas;
    Irqs q;

    /* The vectors stay; on Arm the doorbell must be mapped in the new space too. */
    open_irqs(&q);
    if (on_arm() && !vfio_knows_pasids(&q.b.vfio)) {
        tap_skip("the kernel maps the doorbell only where vectors are set up, before Linux 6.15");
    }
    ioas = OK(ioas_alloc(q.b.iommufd));
    OK(vfio_attach(&q.b.vfio, ioas));
    data_and_interrupts(&q, ioas, 20);
}

static void counted_by_the_iommu(void)
{
    Counters before, after;
    Irqs q;

    open_irqs(&q);
    counters_read(&before);
    for (unsigned i = 0; i < 100; i++) {
        raise(&q, 2);
        CHECK_EQ(taken(&q, 2, 2000), 1);
    }
    counters_read(&after);
    /* Arm translates the write to the doorbell; VT-d looks up the remapping table. */
    if (on_arm()) {
        CHECK(after.translated - before.translated >= 100);
    } else {
        CHECK(after.irq_remapped - before.irq_remapped >= 100);
        CHECK_EQ(after.irq_blocked - before.irq_blocked, 0);
    }
    CHECK_EQ(after.faults - before.faults, 0);
}

static void forged(void)
{
    Irqs q;

    /* A write to where MSIs go, that is not one of the function's own, is no interrupt. */
    open_irqs(&q);
    if (on_arm()) {
        CHECK(refused(bed_dma(&q.b, dma_make_fill(0x08100040, 4, 0, false)).status));
    } else {
        /* Compatibility format, vector 0x31: blocked under extended interrupt mode. */
        Counters before, after;

        counters_read(&before);
        bed_dma(&q.b, dma_make_fill(0xfee00000, 4, 0x31, false));
        counters_read(&after);
        CHECK_EQ(after.irq_blocked - before.irq_blocked, 1);
    }
    for (unsigned i = 0; i < VECTORS; i++) {
        CHECK_EQ(taken(&q, i, 20), 0);
    }
}

static void posted(void)
{
    uint64_t notified[2];
    char text[4096];
    Irqs q;

    open_irqs(&q);
    for (unsigned i = 0; i < 2; i++) {
        FILE *file = fopen("/proc/interrupts", "r");

        notified[i] = ~0ull;
        while (fgets(text, sizeof(text), file)) {
            if (sscanf(text, " PMN: %" SCNu64, &notified[i]) == 1) {
                break;
            }
        }
        fclose(file);
        if (notified[i] == ~0ull) {
            FAIL("/proc/interrupts has no posted MSI notifications: is CAP.PI set?");
        }
        for (unsigned n = 0; n < 50 && i == 0; n++) {
            raise(&q, 3);
            CHECK_EQ(taken(&q, 3, 2000), 1);
        }
    }
    CHECK(notified[1] - notified[0] >= 50);
}

int main(void)
{
    char cmdline[1024] = "";
    static const Test tests[] = {
        { "each channel reaches each vector, and no other", right_vector },
        { "100,000 interrupts: none lost, none twice, none elsewhere", none_lost, 200 },
        { "data is there before its interrupt", with_data },
        { "interrupts go on in another address space", in_another_space },
        { "the IOMMU handled each message", counted_by_the_iommu },
        { "a forged message is no interrupt", forged },
        { "posted: notifications replace messages", posted },
    };

    /* The last only where the kernel was told to post. */
    sysfs_read("/proc/cmdline", cmdline, sizeof(cmdline));
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]) - !strstr(cmdline, "posted_msi"));
}

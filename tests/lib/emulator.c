/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QEMU process with an IOMMU and iommu-dma. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* QEMU's build says so itself */
#endif
#include "emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* virt: hw/arm/virt.c's memory map. q35: RAM from 0, PCI hole below 4 GB. */
#define VIRT_RAM       0x40000000ull
#define VIRT_SMMU      0x09050000ull
#define VIRT_ECAM      0x4010000000ull
#define VIRT_PCI_MMIO  0x10000000ull
#define Q35_VTD        0xfed90000ull
#define Q35_MMCONFIG   0xb0000000ull
#define Q35_PCI_MMIO   0xc0000000ull
#define Q35_PCIEXBAR   0x60u
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

#define PCI_COMMAND_REG 0x04u
#define PCI_BAR0_REG    0x10u
#define PCI_BAR4_REG    0x20u
#define PCI_MEM_MASTER  0x6u

/* Below lie firmware and boot code of the machine. */
#define MEM_OFFSET (16ull << 20)

#define POLLS 2000000

static void die(Emulator *e)
{
    e->dead = true;
    e->pending = 0;
    e->out_len = 0;
}

static void flush(Emulator *e)
{
    size_t done = 0;

    while (done < e->out_len && !e->dead) {
        ssize_t n = send(e->fd, e->out + done, e->out_len - done, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            die(e);
            return;
        }
        done += n;
    }
    e->out_len = 0;
}

/* One line of reply, without its newline; NULL if the emulator is gone. */
static char *line(Emulator *e)
{
    for (;;) {
        char *start = e->in + e->in_pos;
        char *end = memchr(start, '\n', e->in_len - e->in_pos);
        ssize_t n;

        if (end) {
            *end = '\0';
            e->in_pos = end + 1 - e->in;
            return start;
        }
        memmove(e->in, start, e->in_len - e->in_pos);
        e->in_len -= e->in_pos;
        e->in_pos = 0;
        n = recv(e->fd, e->in + e->in_len, sizeof(e->in) - e->in_len, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            die(e);
            return NULL;
        }
        e->in_len += n;
    }
}

static char *reply(Emulator *e)
{
    char *text = NULL;

    flush(e);
    /* Replies owed for writes, then ours. */
    for (;;) {
        text = e->dead ? NULL : line(e);
        if (!text) {
            return NULL;
        }
        if (strncmp(text, "OK", 2) && strncmp(text, "FAIL", 4)) {
            continue;
        }
        if (e->pending == 0) {
            return text;
        }
        e->pending--;
    }
}

/* The socket holds some hundred replies; do not let both sides wait for each other. */
static void settle(Emulator *e)
{
    flush(e);
    while (e->pending > 0 && !e->dead) {
        if (line(e)) {
            e->pending--;
        }
    }
}

static void command(Emulator *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void command(Emulator *e, const char *fmt, ...)
{
    va_list ap;

    if (e->dead) {
        return;
    }
    va_start(ap, fmt);
    e->out_len += vsnprintf(e->out + e->out_len, sizeof(e->out) - e->out_len, fmt, ap);
    va_end(ap);
    if (e->out_len > sizeof(e->out) - 256) {
        flush(e);
    }
}

static uint64_t value_of(const char *text)
{
    return text && strlen(text) > 3 ? strtoull(text + 3, NULL, 0) : 0;
}

uint64_t emulator_read(Emulator *e, uint64_t addr, unsigned size)
{
    command(e, "read%c 0x%" PRIx64 "\n", size == 8 ? 'q' : size == 4 ? 'l' : 'w', addr);
    return value_of(reply(e));
}

void emulator_read_words(Emulator *e, uint64_t addr, uint64_t *words, unsigned count)
{
    settle(e);
    for (unsigned i = 0; i < count; i++) {
        command(e, "readq 0x%" PRIx64 "\n", addr + 8 * i);
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = value_of(reply(e));
    }
}

static void posted(Emulator *e)
{
    e->pending++;
    if (e->pending == 256) {
        settle(e);
    }
}

void emulator_write(Emulator *e, uint64_t addr, uint64_t value, unsigned size)
{
    command(e, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", size == 8 ? 'q' : size == 4 ? 'l' : 'w',
            addr, value);
    posted(e);
}

static void port_write(Emulator *e, unsigned port, uint32_t value)
{
    command(e, "outl 0x%x 0x%x\n", port, value);
    posted(e);
}

void emulator_step(Emulator *e)
{
    command(e, "clock_step\n");
    reply(e);
}

void *emulator_ram(Emulator *e, uint64_t addr, uint64_t len)
{
    uint64_t at = addr - e->ram_base;

    return at < e->config.ram_bytes && len <= e->config.ram_bytes - at ? e->ram + at : NULL;
}

static void mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    void *p = emulator_ram(opaque, addr, len);

    g_assert(p);
    memcpy(p, buf, len);
}

static void mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    void *p = emulator_ram(opaque, addr, len);

    g_assert(p);
    memcpy(buf, p, len);
}

static uint64_t iommu_read(void *opaque, uint64_t offset, unsigned size)
{
    Emulator *e = opaque;

    return emulator_read(e, e->iommu_base + offset, size);
}

static void iommu_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Emulator *e = opaque;

    emulator_write(e, e->iommu_base + offset, value, size);
}

static uint64_t bar_read(void *opaque, uint64_t offset, unsigned size)
{
    Emulator *e = opaque;

    return emulator_read(e, e->bar + offset, size);
}

static void bar_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Emulator *e = opaque;

    emulator_write(e, e->bar + offset, value, size);
}

static void bus_wait(void *opaque)
{
    emulator_step(opaque);
}

/* " -global DRIVER.NAME=VALUE" for each of a comma-separated list. */
static void add_globals(GPtrArray *argv, const char *driver, const char *properties)
{
    g_auto(GStrv) list = g_strsplit(properties, ",", -1);

    for (char **p = list; *p; p++) {
        g_ptr_array_add(argv, g_strdup("-global"));
        g_ptr_array_add(argv, g_strdup_printf("%s.%s", driver, *p));
    }
}

static char **arguments(const EmulatorConfig *c, int fd, const char *ram_path)
{
    GPtrArray *argv = g_ptr_array_new();
    const char *machine = c->x86 ? "q35" : c->no_iommu ? "virt,gic-version=3"
                                                       : "virt,iommu=smmuv3,gic-version=3";

#define ADD(...) g_ptr_array_add(argv, g_strdup_printf(__VA_ARGS__))
    ADD("%s", c->binary);
    ADD("-M");
    ADD("%s,memory-backend=ram", machine);
    ADD("-object");
    ADD("memory-backend-file,id=ram,share=on,mem-path=%s,size=%" PRIu64, ram_path, c->ram_bytes);
    ADD("-m");
    ADD("%" PRIu64 "M", c->ram_bytes >> 20);
    ADD("-accel");
    ADD("qtest");
    ADD("-display");
    ADD("none");
    ADD("-nodefaults");
    ADD("-chardev");
    ADD("socket,id=qtest,fd=%d", fd);
    ADD("-qtest");
    ADD("chardev:qtest");
    ADD("-qtest-log");
    ADD("/dev/null");
    if (c->x86 && !c->no_iommu) {
        ADD("-device");
        ADD("intel-iommu%s%s", c->iommu ? "," : "", c->iommu ? c->iommu : "");
    }
    if (!c->x86) {
        ADD("-cpu");
        ADD("max");
        if (c->iommu) {
            add_globals(argv, "arm-smmuv3", c->iommu);
        }
    }
    ADD("-device");
    ADD("iommu-dma,addr=%02x.%x%s%s", EMULATOR_RID >> 3, EMULATOR_RID & 7, c->dma ? "," : "",
        c->dma ? c->dma : "");
#undef ADD
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

static bool spawn(Emulator *e)
{
    g_autofree char *path = g_strdup("/dev/shm/stagewalk-XXXXXX");
    g_auto(GStrv) argv = NULL;
    int fds[2], ram = g_mkstemp(path);

    if (ram < 0 || ftruncate(ram, e->config.ram_bytes) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0) {
        fprintf(stderr, "emulator: %s: %s\n", path, strerror(errno));
        return false;
    }
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    e->ram = mmap(NULL, e->config.ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ram, 0);
    argv = arguments(&e->config, fds[1], path);
    e->pid = fork();
    if (e->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (e->config.log) {
            int log = open(e->config.log, O_WRONLY | O_CREAT | O_APPEND, 0666);

            dup2(log, STDOUT_FILENO);
            dup2(log, STDERR_FILENO);
        }
        execv(argv[0], argv);
        fprintf(stderr, "emulator: %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    close(fds[1]);
    close(ram);
    e->fd = fds[0];
    /* Its first reply says that it has opened the file, which then may go. */
    emulator_read(e, e->ram_base, 8);
    unlink(path);
    return e->pid > 0 && e->ram != MAP_FAILED && !e->dead;
}

static void setup(Emulator *e)
{
    uint64_t config = e->ecam + (EMULATOR_RID << 12);

    if (e->config.x86) {
        /* Let the host bridge decode MMCONFIG, as firmware would. */
        port_write(e, CONFIG_ADDRESS, 0x80000000u | Q35_PCIEXBAR);
        port_write(e, CONFIG_DATA, Q35_MMCONFIG | 1);
    }
    emulator_write(e, config + PCI_BAR0_REG, e->bar, 4);
    emulator_write(e, config + PCI_BAR4_REG, e->bar + 0x100000, 4);
    emulator_write(e, config + PCI_COMMAND_REG, PCI_MEM_MASTER, 2);
}

Emulator *emulator_start(const EmulatorConfig *config)
{
    Emulator *e = g_new0(Emulator, 1);

    e->config = *config;
    e->ram_base = config->x86 ? 0 : VIRT_RAM;
    e->iommu_base = config->x86 ? Q35_VTD : VIRT_SMMU;
    e->ecam = config->x86 ? Q35_MMCONFIG : VIRT_ECAM;
    e->bar = config->x86 ? Q35_PCI_MMIO : VIRT_PCI_MMIO;
    e->iommu = (RegBus) { .read = iommu_read, .write = iommu_write, .wait = bus_wait, .opaque = e };
    e->bar0 = (RegBus) { .read = bar_read, .write = bar_write, .wait = bus_wait, .opaque = e };
    e->mem = (GuestMem) {
        .write = mem_write, .read = mem_read, .opaque = e,
        .next = e->ram_base + MEM_OFFSET, .end = e->ram_base + config->ram_bytes,
    };
    if (!spawn(e)) {
        emulator_stop(e);
        return NULL;
    }
    setup(e);
    if (!dma_driver_init(&e->dma, &e->bar0)) {
        fprintf(stderr, "emulator: %s: no iommu-dma at the place it was put\n", config->binary);
        emulator_stop(e);
        return NULL;
    }
    return e;
}

void emulator_stop(Emulator *e)
{
    if (e->pid > 0) {
        kill(e->pid, SIGKILL);
        waitpid(e->pid, NULL, 0);
    }
    if (e->fd > 0) {
        close(e->fd);
    }
    if (e->ram && e->ram != MAP_FAILED) {
        munmap(e->ram, e->config.ram_bytes);
    }
    g_free(e);
}

void emulator_clear(Emulator *e)
{
    uint64_t first = e->ram_base + MEM_OFFSET;

    memset(emulator_ram(e, first, e->mem.next - first), 0, e->mem.next - first);
    e->mem.next = first;
}

bool emulator_dma(Emulator *e, const DmaDesc *desc, DmaCompletion *c)
{
    uint64_t words[IDMA_CMPL_WORDS];

    for (unsigned i = 0; i < IDMA_DESC_WORDS; i++) {
        if (e->desc[i] != desc->w[i]) {
            e->desc[i] = desc->w[i];
            dma_ch_write(&e->dma, 0, IDMA_CH_DESC + 8 * i, desc->w[i]);
        }
    }
    dma_ch_write(&e->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_START, 1));
    for (unsigned i = 0; i < POLLS && !e->dead; i++) {
        if (dma_ch_state(&e->dma, 0) != IDMA_CH_BUSY) {
            emulator_read_words(e, e->bar + IDMA_CHANNEL(0) + IDMA_CH_CMPL, words,
                                IDMA_CMPL_WORDS);
            dma_completion_decode(words, c);
            return !e->dead;
        }
    }
    return false;
}

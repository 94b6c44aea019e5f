/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start another kernel in the place of this one, which busybox cannot:
 *
 *   next-kernel load KERNEL INITRD COMMAND-LINE     the kernel that "start" starts
 *   next-kernel crash KERNEL INITRD COMMAND-LINE    the kernel that a panic starts
 *   next-kernel start
 *
 * By file where the kernel can, else (Debian's arm64) segment by segment with the device tree of
 * this boot, changed in place.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kexec.h>
#include <linux/reboot.h>

static int complain(const char *what)
{
    fprintf(stderr, "next-kernel: %s: %s\n", what, strerror(errno));
    return 1;
}

#ifdef __aarch64__

/* Where the next kernel goes unless it has a reservation: RAM of "virt", away from its start. */
#define PLACE      0x50000000ull
#define ALIGNMENT  0x200000ull
#define IMAGE_SIZE 16 /* offset in the header of an arm64 Image */

/* A kernel wants its device tree's address in x0: the few instructions that put it there. */
typedef struct Stub {
    uint32_t code[6];
    uint64_t fdt, entry;
} Stub;

static const Stub stub_template = {
    .code = {
        0x580000c0, /* ldr x0, fdt */
        0x580000e4, /* ldr x4, entry */
        0xaa1f03e1, /* mov x1, xzr */
        0xaa1f03e2, /* mov x2, xzr */
        0xaa1f03e3, /* mov x3, xzr */
        0xd61f0080, /* br x4 */
    },
};

typedef struct Range {
    uint64_t start, end; /* @end is the first byte after */
} Range;

/* A whole file in memory that can be changed. */
static void *slurp(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY);
    struct stat st;
    uint8_t *data;
    size_t done = 0;

    if (fd < 0 || fstat(fd, &st)) {
        exit(complain(path));
    }
    data = malloc(st.st_size);
    while (done < (size_t)st.st_size) {
        ssize_t length = read(fd, data + done, st.st_size - done);

        if (length <= 0) {
            exit(complain(path));
        }
        done += length;
    }
    close(fd);
    *size = done;
    return data;
}

static bool crash_reservation(Range *range)
{
    FILE *file = fopen("/proc/iomem", "r");
    unsigned long long start, end;
    bool found = false;
    char line[256];

    while (file && fgets(line, sizeof(line), file)) {
        if (strstr(line, ": Crash kernel") && sscanf(line, " %llx-%llx", &start, &end) == 2) {
            *range = (Range) { start, end + 1 };
            found = true;
        }
    }
    if (file) {
        fclose(file);
    }
    return found;
}

/* The value of a property of a top-level node whose name begins with @node. NULL: there is none. */
static uint8_t *fdt_property(uint8_t *fdt, const char *node, const char *name, uint32_t *length)
{
    enum { BEGIN = 1, END, PROP, NOP };
    const uint32_t *head = (uint32_t *)fdt;
    uint8_t *at = fdt + be32toh(head[2]);
    const char *strings = (char *)fdt + be32toh(head[3]);
    unsigned depth = 0;
    bool inside = false;

    for (;;) {
        uint32_t *word = (uint32_t *)at;

        switch (be32toh(word[0])) {
        case BEGIN:
            depth++;
            if (depth == 2) {
                inside = !strncmp((char *)(word + 1), node, strlen(node));
            }
            at += 4 + ((strlen((char *)(word + 1)) + 4) & ~3ull);
            break;
        case END:
            depth--;
            at += 4;
            break;
        case PROP:
            if (inside && depth == 2 && !strcmp(strings + be32toh(word[2]), name)) {
                *length = be32toh(word[1]);
                return (uint8_t *)(word + 3);
            }
            at += 12 + ((be32toh(word[1]) + 3) & ~3u);
            break;
        case NOP:
            at += 4;
            break;
        default:
            return NULL;
        }
    }
}

static void fdt_number(uint8_t *fdt, const char *node, const char *name, unsigned index,
                       uint64_t value)
{
    uint32_t length = 0;
    uint8_t *at = fdt_property(fdt, node, name, &length);
    uint64_t wide = htobe64(value);
    uint32_t narrow = htobe32(value);

    if (at && length >= 8) {
        memcpy(at + 8 * index, &wide, sizeof(wide));
    } else if (at && length == 4) {
        memcpy(at, &narrow, sizeof(narrow));
    } else {
        fprintf(stderr, "next-kernel: the device tree has no %s/%s\n", node, name);
        exit(1);
    }
}

/* The same room, the rest of it filled up. */
static void fdt_text(uint8_t *fdt, const char *node, const char *name, const char *text)
{
    uint32_t length = 0;
    uint8_t *at = fdt_property(fdt, node, name, &length);

    if (!at || strlen(text) >= length) {
        fprintf(stderr, "next-kernel: no room for '%s' in %s/%s\n", text, node, name);
        exit(1);
    }
    memset(at, ' ', length - 1);
    memcpy(at, text, strlen(text));
}

static uint64_t aligned(uint64_t address)
{
    return (address + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static int load_segments(const char *kernel, const char *initrd, const char *words, bool crash)
{
    Range room = { PLACE, PLACE + (512ull << 20) };
    enum { KERNEL, INITRD, FDT, STUB, SEGMENTS };
    struct kexec_segment segments[SEGMENTS];
    Stub stub = stub_template;
    uint64_t image_size, end;
    char text[2048];
    uint8_t *fdt;

    if (crash && !crash_reservation(&room)) {
        fprintf(stderr, "next-kernel: no memory is reserved for a crash kernel\n");
        return 1;
    }
    segments[KERNEL].buf = slurp(kernel, &segments[KERNEL].bufsz);
    segments[INITRD].buf = slurp(initrd, &segments[INITRD].bufsz);
    segments[FDT].buf = fdt = slurp("/sys/firmware/fdt", &segments[FDT].bufsz);
    segments[STUB].buf = &stub;
    segments[STUB].bufsz = sizeof(stub);
    memcpy(&image_size, (uint8_t *)segments[KERNEL].buf + IMAGE_SIZE, sizeof(image_size));
    end = aligned(room.start);
    for (unsigned i = 0; i < SEGMENTS; i++) {
        uint64_t size = i == KERNEL ? le64toh(image_size) : segments[i].bufsz;

        segments[i].mem = (void *)end;
        segments[i].memsz = (size + 0xffff) & ~0xffffull;
        end = aligned(end + size);
    }
    if (end >= room.end) {
        fprintf(stderr, "next-kernel: the reservation is too small\n");
        return 1;
    }
    snprintf(text, sizeof(text), "%s", words);
    if (crash) {
        /* Only its reservation is memory to it. What says that this is a crash is an address. */
        fdt_number(fdt, "memory", "reg", 0, room.start);
        fdt_number(fdt, "memory", "reg", 1, room.end - room.start);
        snprintf(text, sizeof(text), "%s elfcorehdr=0x%llx", words,
                 (unsigned long long)room.end - 0x10000);
    }
    fdt_text(fdt, "chosen", "bootargs", text);
    fdt_number(fdt, "chosen", "linux,initrd-start", 0, (uint64_t)segments[INITRD].mem);
    fdt_number(fdt, "chosen", "linux,initrd-end", 0,
               (uint64_t)segments[INITRD].mem + segments[INITRD].bufsz);
    stub.fdt = (uint64_t)segments[FDT].mem;
    stub.entry = (uint64_t)segments[KERNEL].mem;
    if (syscall(SYS_kexec_load, segments[STUB].mem, SEGMENTS, segments,
                KEXEC_ARCH_AARCH64 | (crash ? KEXEC_ON_CRASH : 0))) {
        return complain("kexec_load");
    }
    return 0;
}

#else

static int load_segments(const char *kernel, const char *initrd, const char *words, bool crash)
{
    (void)kernel, (void)initrd, (void)words, (void)crash;
    return complain("kexec_file_load");
}

#endif

static int load(const char *kernel, const char *initrd, const char *words, bool crash)
{
    int kernel_fd = open(kernel, O_RDONLY), initrd_fd = open(initrd, O_RDONLY);

    if (kernel_fd < 0 || initrd_fd < 0) {
        return complain(kernel_fd < 0 ? kernel : initrd);
    }
    if (!syscall(SYS_kexec_file_load, kernel_fd, initrd_fd, strlen(words) + 1, words,
                 crash ? KEXEC_FILE_ON_CRASH : 0)) {
        return 0;
    }
    return errno == ENOSYS ? load_segments(kernel, initrd, words, crash) :
                             complain("kexec_file_load");
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "load")) {
        return load(argv[2], argv[3], argv[4], false);
    }
    if (argc == 5 && !strcmp(argv[1], "crash")) {
        return load(argv[2], argv[3], argv[4], true);
    }
    if (argc == 2 && !strcmp(argv[1], "start")) {
        reboot(LINUX_REBOOT_CMD_KEXEC);
        return complain("reboot");
    }
    fprintf(stderr, "next-kernel: load, crash or start\n");
    return 2;
}

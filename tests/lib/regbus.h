/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register access as a driver sees it: offsets from the device's base, 4 or 8 bytes.
 */
#ifndef TESTS_LIB_REGBUS_H
#define TESTS_LIB_REGBUS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * @wait: let the device work a little, between two looks at a register that must change; NULL if
 * it needs no help.
 */
typedef struct RegBus {
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
    void (*write)(void *opaque, uint64_t offset, uint64_t value, unsigned size);
    void (*wait)(void *opaque);
    void *opaque;
} RegBus;

/* Looks at a register before a driver gives up on it. */
#define REG_POLLS 10000

static inline uint32_t reg_read32(const RegBus *b, uint64_t offset)
{
    return (uint32_t)b->read(b->opaque, offset, 4);
}

static inline uint64_t reg_read64(const RegBus *b, uint64_t offset)
{
    return b->read(b->opaque, offset, 8);
}

static inline void reg_write32(const RegBus *b, uint64_t offset, uint32_t value)
{
    b->write(b->opaque, offset, value, 4);
}

static inline void reg_write64(const RegBus *b, uint64_t offset, uint64_t value)
{
    b->write(b->opaque, offset, value, 8);
}

/** Wait until (register & @mask) == @want. False if it never does. */
static inline bool reg_poll32(const RegBus *b, uint64_t offset, uint32_t mask, uint32_t want)
{
    for (int i = 0; i < REG_POLLS; i++) {
        if ((reg_read32(b, offset) & mask) == want) {
            return true;
        }
        if (b->wait) {
            b->wait(b->opaque);
        }
    }
    return false;
}

#endif

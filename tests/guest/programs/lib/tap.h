/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test runner that speaks TAP on standard output, here the guest's serial port.
 *
 * Every test runs in a process of its own: it starts fresh, its file descriptors and mappings go
 * when it ends, and one that crashes or hangs fails alone.
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** @name: what is so if the test passes. @seconds: time allowed, 0 for TAP_SECONDS. */
typedef struct Test {
    const char *name;
    void (*run)(void);
    unsigned seconds;
} Test;

#define TAP_SECONDS 40
#define TESTS(array) (array), sizeof(array) / sizeof((array)[0])

/** Run all tests, print TAP; what main() returns. */
int tap_main(const Test *tests, size_t count);

/** End this test as failed. */
void tap_fail(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

/** End this test: it cannot be run, and why. */
void tap_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** End this test as its child process has ended, unless that was well: @status is waitpid()'s. */
void tap_child(int status);

/** A line for whoever reads the log. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define FAIL(...) tap_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(condition)                                  \
    do {                                                  \
        if (!(condition)) {                               \
            FAIL("not so: %s", #condition);               \
        }                                                 \
    } while (0)

#define CHECK_EQ(have, want)                                                        \
    do {                                                                            \
        uint64_t have_ = (uint64_t)(have), want_ = (uint64_t)(want);                \
                                                                                    \
        if (have_ != want_) {                                                       \
            FAIL("%s is %#" PRIx64 ", not %#" PRIx64 " (%s)", #have, have_, want_,  \
                 #want);                                                            \
        }                                                                           \
    } while (0)

/** The call returned 0 or an id; a negative errno fails the test. */
#define OK(call)                                                            \
    ({                                                                      \
        int ok_ = (call);                                                   \
                                                                            \
        if (ok_ < 0) {                                                      \
            FAIL("%s: %s", #call, strerror(-ok_));                          \
        }                                                                   \
        ok_;                                                                \
    })

#endif

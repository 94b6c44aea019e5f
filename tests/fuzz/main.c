/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Smoke fuzzing: a number of inputs made from seeds. On a crash, a hang or a broken invariant the
 * seed is printed; "PROGRAM --seed N --count 1" repeats it.
 *
 *   PROGRAM [--seed FIRST] [--count N]     inputs FIRST, FIRST + 1, ...
 *   PROGRAM FILE...                        inputs from files (libFuzzer's)
 *
 * At the end it prints the sum of the models' counters: inputs that reach nothing test nothing.
 */
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twin.h"

#define INPUT_BYTES 4096
#define HANG_SECONDS 60

static volatile uint64_t current;

/* Called by signal handlers and by the sanitizers: only what is safe there. */
static void tell_seed(void)
{
    char text[80];
    int len = snprintf(text, sizeof(text), "\nfuzz: %s --seed %" PRIu64 " --count 1\n",
                       FUZZ_NAME, current);

    if (write(STDERR_FILENO, text, (size_t)len) != len) {
        return;
    }
}

static void on_signal(int number)
{
    tell_seed();
    if (number == SIGALRM) {
        static const char hang[] = "fuzz: it hangs\n";

        if (write(STDERR_FILENO, hang, sizeof(hang) - 1) < 0) {
            _exit(3);
        }
    }
    signal(number, SIG_DFL);
    raise(number == SIGALRM ? SIGKILL : number);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* splitmix64: every seed gives an input unlike its neighbours'. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static void run_seed(uint64_t seed)
{
    static uint8_t data[INPUT_BYTES];
    uint64_t state = seed;

    current = seed;
    for (size_t i = 0; i < sizeof(data); i += 8) {
        uint64_t v = next_random(&state);

        memcpy(data + i, &v, 8);
    }
    alarm(HANG_SECONDS);
    FUZZ_ONE(data, sizeof(data));
}

static void run_file(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *data = NULL;
    size_t size;

    if (!g_file_get_contents(name, &data, &size, &error)) {
        fprintf(stderr, "%s: %s\n", FUZZ_NAME, error->message);
        exit(2);
    }
    alarm(HANG_SECONDS);
    FUZZ_ONE((const uint8_t *)data, size);
}

static uint64_t number(const char *option, const char *text)
{
    uint64_t v;

    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, &v, NULL)) {
        fprintf(stderr, "%s: %s %s: must be a number\n", FUZZ_NAME, option, text ? text : "");
        exit(2);
    }
    return v;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, count = 1000;
    char counters[4096];
    bool files = false;

    signal(SIGABRT, on_signal);
    signal(SIGALRM, on_signal);
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(tell_seed);
    } else {
        signal(SIGSEGV, on_signal);
    }
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--seed")) {
            seed = number(argv[i], argv[i + 1]);
            i++;
        } else if (!strcmp(argv[i], "--count")) {
            count = number(argv[i], argv[i + 1]);
            i++;
        } else {
            run_file(argv[i]);
            files = true;
        }
    }
    for (uint64_t i = 0; !files && i < count; i++) {
        run_seed(seed + i);
    }
    iommu_counters_json(&fuzz_totals, counters, sizeof(counters));
    printf("%s\n", counters);
    return 0;
}

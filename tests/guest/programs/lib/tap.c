/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test runner that speaks TAP. */
#include "tap.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_SKIP = 77 };

/* Where the test's process leaves the reason of a skip. */
static int reason_fd = -1;

void tap_note(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("# ");
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
}

void tap_fail(const char *file, int line, const char *format, ...)
{
    const char *base = strrchr(file, '/');
    va_list args;

    va_start(args, format);
    printf("# %s:%d: ", base ? base + 1 : file, line);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
    _exit(EXIT_FAIL);
}

void tap_skip(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (write(reason_fd, text, strlen(text)) < 0) {
        perror("reason");
    }
    fflush(stdout);
    _exit(EXIT_SKIP);
}

void tap_child(int status)
{
    if (WIFSIGNALED(status)) {
        FAIL("a child process ended of signal %d", WTERMSIG(status));
    }
    if (WEXITSTATUS(status)) {
        fflush(stdout);
        _exit(WEXITSTATUS(status));
    }
}

static int run_one(const Test *test, char *reason, size_t size)
{
    int ends[2], status;
    ssize_t length;
    pid_t child;

    if (pipe(ends) < 0) {
        perror("pipe");
        return EXIT_FAIL;
    }
    fflush(stdout);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        reason_fd = ends[1];
        alarm(test->seconds ? test->seconds : TAP_SECONDS);
        test->run();
        fflush(stdout);
        _exit(EXIT_PASS);
    }
    close(ends[1]);
    length = read(ends[0], reason, size - 1);
    reason[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        tap_note("%s", WTERMSIG(status) == SIGALRM ? "took too long" :
                 strsignal(WTERMSIG(status)));
        return EXIT_FAIL;
    }
    return WEXITSTATUS(status);
}

int tap_main(const Test *tests, size_t count)
{
    int failed = 0;

    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        char reason[256];
        int result = run_one(&tests[i], reason, sizeof(reason));

        printf("%s %zu - %s%s%s\n", result == EXIT_PASS || result == EXIT_SKIP ? "ok" : "not ok",
               i + 1, tests[i].name, result == EXIT_SKIP ? " # SKIP " : "",
               result == EXIT_SKIP ? reason : "");
        fflush(stdout);
        failed += result != EXIT_PASS && result != EXIT_SKIP;
    }
    return failed ? EXIT_FAIL : EXIT_PASS;
}

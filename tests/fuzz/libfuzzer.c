/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry for libFuzzer and its like: clang -fsanitize=fuzzer (see docs/devel/testing.rst). */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_ONE(data, size);
    return 0;
}

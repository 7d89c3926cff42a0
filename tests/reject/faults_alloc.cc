/* SPDX-License-Identifier: Apache-2.0 */
#include "reject/faults_alloc.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

namespace faults {
std::atomic<size_t> requested;
std::atomic<long> countdown{-1};
std::atomic<bool> fired;

static bool fails(size_t bytes) {
    requested += bytes;
    if (countdown < 0 || --countdown != 0) return false;
    countdown = -1;
    fired = true;
    errno = ENOMEM;
    return true;
}
} // namespace faults

using faults::fails;

extern "C" {
void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__real_aligned_alloc(size_t, size_t);
int __real_posix_memalign(void **, size_t, size_t);
char *__real_strdup(const char *);
char *__real_strndup(const char *, size_t);
void *__real_sodium_malloc(size_t);

void *__wrap_malloc(size_t n) { return fails(n) ? nullptr : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return fails(n * size) ? nullptr : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails(n) ? nullptr : __real_realloc(p, n); }
void *__wrap_aligned_alloc(size_t a, size_t n) { return fails(n) ? nullptr : __real_aligned_alloc(a, n); }
int __wrap_posix_memalign(void **p, size_t a, size_t n) { return fails(n) ? ENOMEM : __real_posix_memalign(p, a, n); }
char *__wrap_strdup(const char *s) { return fails(strlen(s) + 1) ? nullptr : __real_strdup(s); }
char *__wrap_strndup(const char *s, size_t n) { return fails(n + 1) ? nullptr : __real_strndup(s, n); }
void *__wrap_sodium_malloc(size_t n) { return fails(n) ? nullptr : __real_sodium_malloc(n); }
}

namespace faults {
CountJson::CountJson() { json_set_alloc_funcs(__wrap_malloc, free); }
CountJson::~CountJson() { json_set_alloc_funcs(__real_malloc, free); }
} // namespace faults

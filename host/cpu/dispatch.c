/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel sets this build holds and which of them this processor runs. */
#include "cpu/dispatch.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cpu/kernels_ifma.h"

#if defined(__x86_64__) && !defined(SABLE_NO_X86)
static bool has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
static bool has_ifma(void) { return has_avx512() && __builtin_cpu_supports("avx512ifma"); }

static cpu_kernels ifma;
static void make_ifma(void) {
    ifma = cpu_kernels_avx512;
    ifma.name = "ifma";
    cpu_ifma_transforms(&ifma);
}
static bool runs_ifma(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return has_ifma() && pthread_once(&once, make_ifma) == 0;
}
#endif

static bool always(void) { return true; }

/* From the plainest to the best. */
static const struct path {
    const cpu_kernels *kernels; /* NULL: not in this build */
    bool (*runs)(void);
} paths[] = {
    {&cpu_kernels_portable, always},
#if defined(__x86_64__) && !defined(SABLE_NO_X86)
    {&cpu_kernels_avx2, has_avx2},
    {&cpu_kernels_avx512, has_avx512},
    {&ifma, runs_ifma},
#endif
};
#define PATHS (sizeof paths / sizeof paths[0])

static bool offered(const struct path *path) { return path->kernels && path->runs(); }

const cpu_kernels *cpu_kernels_at(size_t index) {
    for (size_t i = 0; i < PATHS; i++)
        if (offered(&paths[i]) && index-- == 0) return paths[i].kernels;
    return NULL;
}

const cpu_kernels *cpu_kernels_find(const char *name) {
    for (size_t i = PATHS; i-- > 0;)
        if (offered(&paths[i]) && (!name || strcmp(paths[i].kernels->name, name) == 0)) return paths[i].kernels;
    return NULL;
}

void cpu_kernels_list(char *text, size_t bytes) {
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < PATHS; i++) {
        if (!offered(&paths[i])) continue;
        int n = snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", paths[i].kernels->name);
        if (n < 0 || (size_t)n >= bytes - used) return;
        used += (size_t)n;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel sets this build holds and which of them this processor runs. */
#include "cpu/dispatch.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cpu/kernels_amx.h"
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

#if defined(__linux__) && defined(__x86_64__) && !defined(SABLE_NO_X86) && !defined(SABLE_NO_AMX)
#define HAVE_AMX 1
static cpu_kernels amx;
static bool amx_permitted;
/* The table is the best other one with another base conversion. */
static void make_amx(void) {
    if (!runs_ifma() || !cpu_amx_permitted()) return;
    amx = ifma;
    amx.name = "amx";
    amx.convert_prepare = cpu_amx_convert_prepare;
    amx.base_convert = cpu_amx_base_convert;
    amx_permitted = true;
}
static bool runs_amx(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return pthread_once(&once, make_amx) == 0 && amx_permitted;
}
#endif

static bool always(void) { return true; }

/* From the plainest to the best. */
static const struct path {
    const char *name;
    const cpu_kernels *kernels;
    bool (*runs)(void); /* may ask the system for a permission: called for the path that is looked for */
} paths[] = {
    {"portable", &cpu_kernels_portable, always},
#if defined(__x86_64__) && !defined(SABLE_NO_X86)
    {"avx2", &cpu_kernels_avx2, has_avx2},
    {"avx512", &cpu_kernels_avx512, has_avx512},
    {"ifma", &ifma, runs_ifma},
#endif
#ifdef HAVE_AMX
    {"amx", &amx, runs_amx},
#endif
};
#define PATHS (sizeof paths / sizeof paths[0])

const cpu_kernels *cpu_kernels_at(size_t index) {
    for (size_t i = 0; i < PATHS; i++)
        if (paths[i].runs() && index-- == 0) return paths[i].kernels;
    return NULL;
}

const cpu_kernels *cpu_kernels_find(const char *name) {
    for (size_t i = PATHS; i-- > 0;)
        if ((!name || strcmp(paths[i].name, name) == 0) && paths[i].runs()) return paths[i].kernels;
    return NULL;
}

void cpu_kernels_list(char *text, size_t bytes) {
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < PATHS; i++) {
        if (!paths[i].runs()) continue;
        int n = snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", paths[i].name);
        if (n < 0 || (size_t)n >= bytes - used) return;
        used += (size_t)n;
    }
}

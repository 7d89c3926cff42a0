/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on every processor: no flags of its own. */
#if defined(__x86_64__) && defined(__linux__) && !defined(SABLE_NO_X86) && !defined(SABLE_NO_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpu/kernels_amx.h"

/* Leaf 7: tiles and products of bytes. XCR0: the system saves the configuration of tiles (17) and their data (18). */
#define LEAF7_EDX_TILES (1u << 24 | 1u << 25)
#define XCR0_TILES      (1u << 17 | 1u << 18)

#define REQUEST_PERMISSION 0x1023 /* ARCH_REQ_XCOMP_PERM of asm/prctl.h, which older headers lack */
#define TILE_DATA          18     /* the state component that needs it */

static bool saved_by_system(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & XCR0_TILES) == XCR0_TILES;
}

bool cpu_amx_permitted(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & LEAF7_EDX_TILES) == LEAF7_EDX_TILES && saved_by_system() &&
           __builtin_cpu_supports("avx512vnni") && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#else
typedef int cpu_amx_permission_is_empty; /* a translation unit holds at least one declaration */
#endif

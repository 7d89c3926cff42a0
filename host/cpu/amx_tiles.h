/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_AMX_TILES_H
#define SABLE_CPU_AMX_TILES_H
/* The AMX tile instructions that cpu/kernels_amx.c uses, as statements with a constant tile number. Not the compiler's
 * intrinsics: those of gcc 12 do not tell it which memory they read and write. Tiles are 16 rows of 64 bytes at most,
 * and lie densely in memory. */
#include <stdint.h>

#define AMX_TILE_BYTES 1024
typedef char amx_memory[AMX_TILE_BYTES];

typedef struct amx_config { /* the format of ldtilecfg */
    uint8_t palette, start_row, zero1[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} amx_config;
_Static_assert(sizeof(amx_config) == 64, "size of a tile configuration");

static inline void amx_configure(const amx_config *c) { __asm__ volatile("ldtilecfg %0" : : "m"(*c)); }
static inline void amx_release(void) { __asm__ volatile("tilerelease"); }

#define AMX_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile : :)
#define AMX_LOAD(tile, from)                            \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile \
                     :                                  \
                     : "r"(from), "r"((intptr_t)64), "m"(*(const amx_memory *)(const void *)(from)))
#define AMX_STORE(tile, to)                                 \
    __asm__ volatile("tilestored %%tmm" #tile ", (%1,%2,1)" \
                     : "=m"(*(amx_memory *)(void *)(to))    \
                     : "r"(to), "r"((intptr_t)64))
/* sum += a * b over bytes: signed bytes of a, unsigned bytes of b, groups of four along a row of a and within a word of
 * b; sums of 32 bits. */
#define AMX_DOT(sum, a, b) __asm__ volatile("tdpbsud %%tmm" #b ", %%tmm" #a ", %%tmm" #sum : :)

#endif

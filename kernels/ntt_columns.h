/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_NTT_COLUMNS_H
#define SABLE_KERNELS_NTT_COLUMNS_H
/* The outer levels of a transform: WIDTH columns of 2^LOG_R rows, 16 words a thread, in steps of up to 4 levels with an
 * exchange through shared memory between them. 16 rows or fewer: one step, a thread holds whole columns; up to 256: two; 512: three.
 *
 *   step FIRST   word k in row u + k*R/16       (u: number of the thread among those of its column)
 *   step MIDDLE  word k in row 32*(u/2) + u%2 + 2*k     512 rows only
 *   step LAST    word k in row 16*u + k
 *
 * Shared memory holds the tile row by row, with WIDTH words of room after every 16 rows: a warp then reaches all banks
 * in every step. */
#include "kernels/ntt_steps.h"
#include "kernels/ntt_tables.h"

enum gpu_column_step { GPU_FIRST, GPU_MIDDLE, GPU_LAST };

template <uint32_t LOG_R, uint32_t WIDTH>
struct gpu_column_tile {
    static constexpr uint32_t rows = 1u << LOG_R, threads = rows * WIDTH / 16, tiles = 256 / WIDTH;
    static constexpr uint32_t shared_words = LOG_R > 4 ? rows *WIDTH + rows / 16 * WIDTH : 1;
    uint32_t u, x; /* place of the thread: column x */

    __device__ __forceinline__ explicit gpu_column_tile(uint32_t thread) {
        u = LOG_R > 4 ? thread / WIDTH : 0;
        x = LOG_R > 4 ? thread % WIDTH : thread;
    }
    /* Word k of a step lies at a place of the thread (word 0) plus a constant, in memory and in the tile: 16 addresses are one
     * register. row/16 splits likewise: (first + d)/16 = first/16 + d/16, as first%16 + d%16 < 16 in every step. */
    template <gpu_column_step STEP>
    __device__ __forceinline__ uint32_t first_row() const {
        return LOG_R <= 4 ? 0 : STEP == GPU_FIRST ? u : STEP == GPU_LAST ? 16 * u : u / 2 * 32 + u % 2;
    }
    template <gpu_column_step STEP>
    static __device__ __forceinline__ constexpr uint32_t later_row(uint32_t k) {
        return LOG_R <= 4 ? k % rows : k * (STEP == GPU_FIRST ? rows / 16 : STEP == GPU_LAST ? 1 : 2);
    }
    static __device__ __forceinline__ constexpr uint32_t later_column(uint32_t k) {
        return LOG_R < 4 ? (k >> LOG_R) * threads : 0;
    }

    /* To and from the tile in memory; `tile` points to its first column. */
    template <gpu_column_step STEP>
    __device__ __forceinline__ void load(uint32_t (&a)[16], const uint32_t *tile) const {
        const uint32_t *from = tile + first_row<STEP>() * 256 + x;
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) a[k] = from[later_row<STEP>(k) * 256 + later_column(k)];
    }
    template <gpu_column_step STEP>
    __device__ __forceinline__ void store(uint32_t *tile, const uint32_t (&a)[16]) const {
        uint32_t *to = tile + first_row<STEP>() * 256 + x;
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) to[later_row<STEP>(k) * 256 + later_column(k)] = a[k];
    }

    template <gpu_column_step STEP>
    __device__ __forceinline__ uint32_t first_in_tile() const {
        return (first_row<STEP>() + first_row<STEP>() / 16) * WIDTH + x;
    }
    template <gpu_column_step STEP>
    static __device__ __forceinline__ constexpr uint32_t later_in_tile(uint32_t k) {
        return (later_row<STEP>(k) + later_row<STEP>(k) / 16) * WIDTH + later_column(k);
    }
    template <gpu_column_step STEP>
    __device__ __forceinline__ void get(uint32_t (&a)[16], const uint32_t *shared) const {
        const uint32_t *from = shared + first_in_tile<STEP>();
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) a[k] = from[later_in_tile<STEP>(k)];
    }
    template <gpu_column_step FROM, gpu_column_step TO>
    __device__ __forceinline__ void exchange(uint32_t (&a)[16], uint32_t *shared) const {
        uint32_t *to = shared + first_in_tile<FROM>();
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) to[later_in_tile<FROM>(k)] = a[k];
        __syncthreads();
        get<TO>(a, shared);
    }

    /* From words of step FIRST to words of step LAST. tables: those of the direction. Shared memory that others may still be
     * reading needs a barrier before. */
    __device__ __forceinline__ void forward(uint32_t (&a)[16], uint32_t *shared, const uint32_t *tables,
                                            uint32_t p) const {
        const uint4 *heap = (const uint4 *)(tables + 16);
        const uint32_t p2 = 2 * p;
        constexpr bool quads = LOG_R == 9; /* what spills least in keyswitch_begin.cu */
        gpu_forward_levels<(LOG_R < 4 ? 4 - LOG_R : 0), quads>(a, heap, p, p2);
        if (LOG_R == 9) {
            exchange<GPU_FIRST, GPU_MIDDLE>(a, shared);
            gpu_forward_levels<0, quads>(a, heap + (1 + u / 2) * 8, p, p2);
            __syncthreads();
            exchange<GPU_MIDDLE, GPU_LAST>(a, shared);
            gpu_forward_levels<3, quads>(a, heap + (17 + u) * 8, p, p2);
        } else if (LOG_R > 4) {
            exchange<GPU_FIRST, GPU_LAST>(a, shared);
            gpu_forward_levels<(LOG_R > 4 && LOG_R < 9 ? 8 - LOG_R : 0), quads>(a, heap + (1 + u) * 8, p, p2);
        }
    }
    /* From words of step LAST to words of step FIRST, all in [0,2p). */
    __device__ __forceinline__ void inverse(uint32_t (&a)[16], uint32_t *shared, const uint32_t *tables,
                                            uint32_t p) const {
        const uint4 *heap = (const uint4 *)(tables + 16);
        const uint32_t p2 = heap[0].x;
        if (LOG_R == 9) {
            gpu_inverse_levels<3>(a, heap + (17 + u) * 8, p, p2);
            exchange<GPU_LAST, GPU_MIDDLE>(a, shared);
            gpu_inverse_levels<0>(a, heap + (1 + u / 2) * 8, p, p2);
            __syncthreads();
            exchange<GPU_MIDDLE, GPU_FIRST>(a, shared);
        } else if (LOG_R > 4) {
            gpu_inverse_levels<(LOG_R > 4 && LOG_R < 9 ? 8 - LOG_R : 0)>(a, heap + (1 + u) * 8, p, p2);
            exchange<GPU_LAST, GPU_FIRST>(a, shared);
        }
        gpu_inverse_levels<(LOG_R < 4 ? 4 - LOG_R : 0)>(a, heap, p, p2);
    }
};

#endif

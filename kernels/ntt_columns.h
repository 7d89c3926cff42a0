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
    template <gpu_column_step STEP>
    __device__ __forceinline__ uint32_t row(uint32_t k) const {
        if (LOG_R <= 4) return k % rows;
        return STEP == GPU_FIRST ? u + k * (rows / 16) : STEP == GPU_LAST ? 16 * u + k : u / 2 * 32 + u % 2 + 2 * k;
    }
    __device__ __forceinline__ uint32_t column(uint32_t k) const {
        return x + (LOG_R < 4 ? (k >> LOG_R) * threads : 0);
    }
    /* Where word k of a step lies, from the tile's first column. */
    template <gpu_column_step STEP>
    __device__ __forceinline__ uint32_t at(uint32_t k) const {
        return row<STEP>(k) * 256 + column(k);
    }

    /* The same in shared memory. What k adds is a constant: u < R/16, so row/16 splits as written. */
    template <gpu_column_step STEP>
    __device__ __forceinline__ uint32_t in_tile(uint32_t k) const {
        const uint32_t step = rows / 16;
        uint32_t group = STEP == GPU_FIRST ? k * step / 16 : STEP == GPU_MIDDLE ? k / 8 : 0; /* row/16 */
        if (STEP == GPU_FIRST && step > 16) group += u / 16;
        if (STEP == GPU_MIDDLE) group += u / 2 * 2;
        if (STEP == GPU_LAST && LOG_R > 4) group = u;
        return (row<STEP>(k) + group) * WIDTH + column(k);
    }
    template <gpu_column_step FROM, gpu_column_step TO>
    __device__ __forceinline__ void exchange(uint32_t (&a)[16], uint32_t *shared) const {
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) shared[in_tile<FROM>(k)] = a[k];
        __syncthreads();
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) a[k] = shared[in_tile<TO>(k)];
    }

    /* From words of step FIRST to words of step LAST. tables: those of the direction. Shared memory that others may still be
     * reading needs a barrier before. */
    __device__ __forceinline__ void forward(uint32_t (&a)[16], uint32_t *shared, const uint32_t *tables,
                                            uint32_t p) const {
        const uint4 *heap = (const uint4 *)(tables + 16);
        gpu_forward_levels<(LOG_R < 4 ? 4 - LOG_R : 0)>(a, heap, p);
        if (LOG_R == 9) {
            exchange<GPU_FIRST, GPU_MIDDLE>(a, shared);
            gpu_forward_levels<0>(a, heap + (1 + u / 2) * 8, p);
            __syncthreads();
            exchange<GPU_MIDDLE, GPU_LAST>(a, shared);
            gpu_forward_levels<3>(a, heap + (17 + u) * 8, p);
        } else if (LOG_R > 4) {
            exchange<GPU_FIRST, GPU_LAST>(a, shared);
            gpu_forward_levels<(LOG_R > 4 && LOG_R < 9 ? 8 - LOG_R : 0)>(a, heap + (1 + u) * 8, p);
        }
    }
    /* From words of step LAST to words of step FIRST, all in [0,2p). */
    __device__ __forceinline__ void inverse(uint32_t (&a)[16], uint32_t *shared, const uint32_t *tables,
                                            uint32_t p) const {
        const uint4 *heap = (const uint4 *)(tables + 16);
        if (LOG_R == 9) {
            gpu_inverse_levels<3>(a, heap + (17 + u) * 8, p);
            exchange<GPU_LAST, GPU_MIDDLE>(a, shared);
            gpu_inverse_levels<0>(a, heap + (1 + u / 2) * 8, p);
            __syncthreads();
            exchange<GPU_MIDDLE, GPU_FIRST>(a, shared);
        } else if (LOG_R > 4) {
            gpu_inverse_levels<(LOG_R > 4 && LOG_R < 9 ? 8 - LOG_R : 0)>(a, heap + (1 + u) * 8, p);
            exchange<GPU_LAST, GPU_FIRST>(a, shared);
        }
        gpu_inverse_levels<(LOG_R < 4 ? 4 - LOG_R : 0)>(a, heap, p);
    }
};

#endif

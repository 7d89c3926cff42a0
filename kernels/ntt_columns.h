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
    static constexpr uint32_t step = rows < 16 ? 0 : rows / 16; /* between rows of step FIRST */
    uint32_t u, x;                                              /* place of the thread: column x */

    __device__ __forceinline__ explicit gpu_column_tile(uint32_t thread) {
        u = LOG_R > 4 ? thread / WIDTH : 0;
        x = LOG_R > 4 ? thread % WIDTH : thread;
    }

    /* Word k of a step lies at(step) + offset(k) from the tile's first word, and in shared memory at in_tile(step) +
     * tile_offset(k); what depends on k is a constant. Since u < R/16, that holds for row + row/16 too. */
    template <gpu_column_step STEP>
    __device__ __forceinline__ uint32_t at() const {
        return (STEP == GPU_FIRST || LOG_R <= 4 ? u : STEP == GPU_LAST ? 16 * u : u / 2 * 32 + u % 2) * 256 + x;
    }
    template <gpu_column_step STEP>
    static __device__ __forceinline__ constexpr uint32_t offset(uint32_t k) {
        return LOG_R <= 4 ? k % rows * 256 + (k >> LOG_R) * threads
                          : (STEP == GPU_FIRST  ? k * step
                             : STEP == GPU_LAST ? k
                                                : 2 * k) *
                                256;
    }
    template <gpu_column_step STEP>
    __device__ __forceinline__ uint32_t in_tile() const {
        const uint32_t row = STEP == GPU_FIRST || LOG_R <= 4 ? u + (step > 16 ? u / 16 : 0)
                             : STEP == GPU_LAST              ? 17 * u
                                                             : u / 2 * 34 + u % 2;
        return row * WIDTH + x;
    }
    template <gpu_column_step STEP>
    static __device__ __forceinline__ constexpr uint32_t tile_offset(uint32_t k) {
        return LOG_R <= 4 ? k % rows * WIDTH + (k >> LOG_R) * threads
                          : (STEP == GPU_FIRST  ? k * step + k * step / 16
                             : STEP == GPU_LAST ? k
                                                : 2 * k + k / 8) *
                                WIDTH;
    }

    template <gpu_column_step STEP>
    __device__ __forceinline__ void load(uint32_t (&a)[16], const uint32_t *tile) const {
        const uint32_t *const from = tile + at<STEP>();
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) a[k] = from[offset<STEP>(k)];
    }
    template <gpu_column_step STEP>
    __device__ __forceinline__ void store(uint32_t *tile, const uint32_t (&a)[16]) const {
        uint32_t *const to = tile + at<STEP>();
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) to[offset<STEP>(k)] = a[k];
    }
    /* From shared memory. */
    template <gpu_column_step STEP>
    __device__ __forceinline__ void fetch(uint32_t (&a)[16], const uint32_t *shared) const {
        const uint32_t *const from = shared + in_tile<STEP>();
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) a[k] = from[tile_offset<STEP>(k)];
    }
    template <gpu_column_step FROM, gpu_column_step TO>
    __device__ __forceinline__ void exchange(uint32_t (&a)[16], uint32_t *shared) const {
        uint32_t *const to = shared + in_tile<FROM>();
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) to[tile_offset<FROM>(k)] = a[k];
        __syncthreads();
        fetch<TO>(a, shared);
    }

    /* From words of step FIRST to words of step LAST. tables: those of the direction. Shared memory that others may still be
     * reading needs a barrier before. */
    __device__ __forceinline__ void forward(uint32_t (&a)[16], uint32_t *shared, const uint32_t *tables,
                                            uint32_t p) const {
        const uint4 *heap = (const uint4 *)(tables + 16);
        const gpu_modulus q = gpu_modulus_of(p, tables + 16);
        gpu_forward_levels<(LOG_R < 4 ? 4 - LOG_R : 0)>(a, heap, q);
        if (LOG_R == 9) {
            exchange<GPU_FIRST, GPU_MIDDLE>(a, shared);
            gpu_forward_levels<0>(a, heap + (1 + u / 2) * 8, q);
            __syncthreads();
            exchange<GPU_MIDDLE, GPU_LAST>(a, shared);
            gpu_forward_levels<3>(a, heap + (17 + u) * 8, q);
        } else if (LOG_R > 4) {
            exchange<GPU_FIRST, GPU_LAST>(a, shared);
            gpu_forward_levels<(LOG_R > 4 && LOG_R < 9 ? 8 - LOG_R : 0)>(a, heap + (1 + u) * 8, q);
        }
    }
    /* From words of step LAST to words of step FIRST, all in [0,2p). */
    __device__ __forceinline__ void inverse(uint32_t (&a)[16], uint32_t *shared, const uint32_t *tables,
                                            uint32_t p) const {
        const uint4 *heap = (const uint4 *)(tables + 16);
        const gpu_modulus q = gpu_modulus_of(p, tables + 16);
        if (LOG_R == 9) {
            gpu_inverse_levels<3>(a, heap + (17 + u) * 8, q);
            exchange<GPU_LAST, GPU_MIDDLE>(a, shared);
            gpu_inverse_levels<0>(a, heap + (1 + u / 2) * 8, q);
            __syncthreads();
            exchange<GPU_MIDDLE, GPU_FIRST>(a, shared);
        } else if (LOG_R > 4) {
            gpu_inverse_levels<(LOG_R > 4 && LOG_R < 9 ? 8 - LOG_R : 0)>(a, heap + (1 + u) * 8, q);
            exchange<GPU_LAST, GPU_FIRST>(a, shared);
        }
        gpu_inverse_levels<(LOG_R < 4 ? 4 - LOG_R : 0)>(a, heap, q);
    }
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_GRID_H
#define SABLE_KERNELS_GRID_H
/* The grids of kernels in which a thread owns W neighbouring words: x runs over the columns of all polynomials, y over
 * limbs, so one launch does the whole batch (x holds 2^31 - 1 blocks, y and z only 65535). With limbs outermost, blocks
 * that run together share a prime, and what members have in common is read again while it is in the second-level cache. */
#include "kernels/device.h"
#include "kernels/tune.h"

/* A limb is 2^this blocks of 2^block_log threads. */
template <uint32_t W, uint32_t block_log>
static __host__ __device__ __forceinline__ uint32_t gpu_blocks_log(uint32_t log_n) {
    const uint32_t words_log = block_log + W / 2; /* W = 2 or 4 */
    return log_n > words_log ? log_n - words_log : 0;
}

typedef struct gpu_columns {
    uint32_t rest,
        column; /* block number x = rest * blocks of a limb + block; column: number of the W words in the limb */
    bool valid;
} gpu_columns;

template <uint32_t W, uint32_t block_log>
static __device__ __forceinline__ gpu_columns gpu_columns_of(const gpu_ring &ring, uint32_t x) {
    const uint32_t log = gpu_blocks_log<W, block_log>(ring.log_n);
    gpu_columns at;
    at.rest = x >> log;
    at.column = ((x - (at.rest << log)) << block_log) + threadIdx.x;
    at.valid = at.column < ring.n / W;
    return at;
}

/* Element-wise kernels: W = 4, GPU_BLOCK threads. */
typedef struct gpu_place {
    uint32_t member, part, limb, column;
    bool valid;
} gpu_place;

static inline dim3 gpu_grid_of(const gpu_ring *ring, const gpu_view *v) {
    return dim3((v->parts * v->batch) << gpu_blocks_log<4, GPU_BLOCK_LOG>(ring->log_n), v->limbs);
}

static __device__ __forceinline__ gpu_place gpu_place_of(const gpu_ring &ring, const gpu_view &v) {
    const gpu_columns columns = gpu_columns_of<4, GPU_BLOCK_LOG>(ring, blockIdx.x);
    gpu_place at;
    at.member = columns.rest / v.parts;
    at.part = columns.rest - at.member * v.parts;
    at.limb = blockIdx.y;
    at.column = columns.column;
    at.valid = columns.valid;
    return at;
}

#endif

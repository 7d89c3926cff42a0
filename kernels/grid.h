/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_GRID_H
#define SABLE_KERNELS_GRID_H
/* The grid of kernels in which a thread owns four neighbouring words: x runs over the columns of all polynomials, y over
 * limbs, so one launch does the whole batch (x holds 2^31 - 1 blocks, y and z only 65535). */
#include "kernels/device.h"
#include "kernels/tune.h"

typedef struct gpu_place {
    uint32_t member, part, limb, column; /* column: number of the group of four words in the limb */
    bool valid;
} gpu_place;

static inline uint32_t gpu_grid_blocks(uint32_t n) { return (n / 4 + GPU_BLOCK - 1) / GPU_BLOCK; }

static inline dim3 gpu_grid_of(const gpu_ring *ring, const gpu_view *v) {
    return dim3(gpu_grid_blocks(ring->n) * v->parts * v->batch, v->limbs);
}

static __device__ __forceinline__ gpu_place gpu_place_of(const gpu_ring &ring, const gpu_view &v) {
    const uint32_t blocks = (ring.n / 4 + GPU_BLOCK - 1) / GPU_BLOCK, poly = blockIdx.x / blocks;
    gpu_place at;
    at.member = poly / v.parts;
    at.part = poly % v.parts;
    at.limb = blockIdx.y;
    at.column = blockIdx.x % blocks * GPU_BLOCK + threadIdx.x;
    at.valid = at.column < ring.n / 4;
    return at;
}

#endif

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

/* Blocks of a limb are 2^this. */
static __host__ __device__ __forceinline__ uint32_t gpu_grid_log(uint32_t log_n) {
    return log_n > 2 + GPU_BLOCK_LOG ? log_n - 2 - GPU_BLOCK_LOG : 0;
}

static inline dim3 gpu_grid_of(const gpu_ring *ring, const gpu_view *v) {
    return dim3((v->parts * v->batch) << gpu_grid_log(ring->log_n), v->limbs);
}

static __device__ __forceinline__ gpu_place gpu_place_of(const gpu_ring &ring, const gpu_view &v) {
    const uint32_t log = gpu_grid_log(ring.log_n), poly = blockIdx.x >> log;
    gpu_place at;
    at.member = poly / v.parts;
    at.part = poly - at.member * v.parts;
    at.limb = blockIdx.y;
    at.column = (blockIdx.x - (poly << log)) * GPU_BLOCK + threadIdx.x;
    at.valid = at.column < ring.n / 4;
    return at;
}

#endif

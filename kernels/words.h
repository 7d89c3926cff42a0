/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_WORDS_H
#define SABLE_KERNELS_WORDS_H
/* W neighbouring words that a thread owns, W = 2 or 4, moved by one load or store. */
#include "kernels/device.h"

/* Run number `at` of a limb. */
static __device__ __forceinline__ void gpu_load(uint32_t (&x)[4], const uint32_t *limb, uint32_t at) {
    const uint4 v = ((const uint4 *)limb)[at];
    x[0] = v.x, x[1] = v.y, x[2] = v.z, x[3] = v.w;
}
static __device__ __forceinline__ void gpu_load(uint32_t (&x)[2], const uint32_t *limb, uint32_t at) {
    const uint2 v = ((const uint2 *)limb)[at];
    x[0] = v.x, x[1] = v.y;
}
static __device__ __forceinline__ void gpu_store(uint32_t *limb, uint32_t at, const uint32_t (&x)[4]) {
    ((uint4 *)limb)[at] = make_uint4(x[0], x[1], x[2], x[3]);
}
static __device__ __forceinline__ void gpu_store(uint32_t *limb, uint32_t at, const uint32_t (&x)[2]) {
    ((uint2 *)limb)[at] = make_uint2(x[0], x[1]);
}

/* acc += x * y, word by word. */
template <uint32_t W>
static __device__ __forceinline__ void gpu_multiply_add(uint64_t (&acc)[W], const uint32_t (&x)[W],
                                                        const uint32_t (&y)[W]) {
    GPU_UNROLL
    for (uint32_t w = 0; w < W; w++) acc[w] += (uint64_t)x[w] * y[w];
}
template <uint32_t W>
static __device__ __forceinline__ void gpu_multiply_add(uint64_t (&acc)[W], const uint32_t (&x)[W], uint32_t c) {
    GPU_UNROLL
    for (uint32_t w = 0; w < W; w++) acc[w] += (uint64_t)x[w] * c;
}

#endif

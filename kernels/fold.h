/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_FOLD_H
#define SABLE_KERNELS_FOLD_H
/* 64-bit sums of products of words modulo p, as in host/cpu/portable_sums.c: acc < p*2^32, then GPU_FOLD_NEXT products of
 * two words below 2^30 and p, then the upper half is made canonical:
 *   p*2^32 + 12 * 2^30 * p = 4p*2^32 < 2^64, so the upper half lies in [0,4p) when it is folded, where canon2 applies.
 * From 0 on, GPU_FOLD_FIRST products fit: 16 * 2^30 * p = 4p*2^32. */
#include "kernels/device.h"

#define GPU_FOLD_FIRST 16
#define GPU_FOLD_NEXT  12

/* acc < 4p*2^32 -> the same value modulo p, below p*2^32. */
static __device__ __forceinline__ uint64_t gpu_fold(uint64_t acc, uint32_t p) {
    return (uint64_t)sable_canon2((uint32_t)(acc >> 32), p) << 32 | (uint32_t)acc;
}

template <uint32_t W>
static __device__ __forceinline__ void gpu_fold(uint64_t (&acc)[W], uint32_t p) {
    GPU_UNROLL
    for (uint32_t w = 0; w < W; w++) acc[w] = gpu_fold(acc[w], p);
}

/* acc * 2^-32 modulo p, in [0,2p); acc < 4p*2^32. */
static __device__ __forceinline__ uint32_t gpu_finish_lazy(uint64_t acc, uint32_t p, uint32_t pinv) {
    return sable_mont_lazy(gpu_fold(acc, p), p, pinv);
}

/* acc * 2^-32 modulo p, canonical, for acc < 3p*2^32 (from 0 on 12 products): the upper half less [0,p) plus p is below
 * 4p, so it needs no fold. */
static __device__ __forceinline__ uint32_t gpu_finish_short(uint64_t acc, uint32_t p, uint32_t pinv) {
    const uint32_t m = (uint32_t)acc * pinv;
    return sable_canon2((uint32_t)(acc >> 32) - (uint32_t)((uint64_t)m * p >> 32) + p, p);
}

/* x * 2^32 modulo p, canonical, for x < 2p: x * r2 < 2p * p < p*2^32. */
static __device__ __forceinline__ uint32_t gpu_to_mont(uint32_t x, const sable_prime &q) {
    return sable_canon1(sable_mont_lazy((uint64_t)x * q.r2, q.p, q.pinv), q.p);
}

/* acc modulo p, canonical; acc < 4p*2^32. */
static __device__ __forceinline__ uint32_t gpu_finish_plain(uint64_t acc, const sable_prime &q) {
    return gpu_to_mont(gpu_finish_lazy(acc, q.p, q.pinv), q);
}

#endif

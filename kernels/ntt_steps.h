/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_NTT_STEPS_H
#define SABLE_KERNELS_NTT_STEPS_H
/* Up to four levels of a transform on 16 words in registers. Words of level s are paired 8 >> s apart; tables: ntt_tables.h.
 *
 *   forward (Cooley-Tukey):     words in [0,4p) between levels
 *   inverse (Gentleman-Sande):  words in [0,2p) between levels
 *
 * A butterfly is 3 multiplications (1 high, 2 low) and 3 additions or minima. */
#include "kernels/device.h"

static __device__ __forceinline__ void gpu_forward_pair(uint32_t &x, uint32_t &y, uint32_t w, uint32_t quotient,
                                                        uint32_t p) {
    const uint32_t u = sable_min32(x, x - 2 * p), v = sable_shoup_lazy(y, w, quotient, p);
    x = u + v;
    y = u - v + 2 * p;
}

static __device__ __forceinline__ void gpu_inverse_pair(uint32_t &x, uint32_t &y, uint32_t w, uint32_t quotient,
                                                        uint32_t p) {
    const uint32_t s = x + y, d = x - y + 2 * p;
    x = sable_min32(s, s - 2 * p);
    y = sable_shoup_lazy(d, w, quotient, p);
}

/* Levels FROM to 3 below a heap. */
template <uint32_t FROM>
static __device__ __forceinline__ void gpu_forward_levels(uint32_t (&a)[16], const uint4 *heap, uint32_t p) {
    GPU_UNROLL
    for (uint32_t s = FROM; s < 4; s++) {
        const uint32_t half = 8u >> s;
        uint4 two = heap[(1u << s) / 2];
        GPU_UNROLL
        for (uint32_t i = 0; i < 1u << s; i++) {
            if (i && i % 2 == 0) two = heap[((1u << s) + i) / 2];
            const bool second = s == 0 || i % 2;
            GPU_UNROLL
            for (uint32_t j = 0; j < half; j++)
                gpu_forward_pair(a[2 * i * half + j], a[(2 * i + 1) * half + j], second ? two.z : two.x,
                                 second ? two.w : two.y, p);
        }
    }
}

/* Levels 3 to FROM above a heap of inverse values. */
template <uint32_t FROM>
static __device__ __forceinline__ void gpu_inverse_levels(uint32_t (&a)[16], const uint4 *heap, uint32_t p) {
    GPU_UNROLL
    for (uint32_t s = 4; s-- > FROM;) {
        const uint32_t half = 8u >> s;
        uint4 two = heap[(1u << s) / 2];
        GPU_UNROLL
        for (uint32_t i = 0; i < 1u << s; i++) {
            if (i && i % 2 == 0) two = heap[((1u << s) + i) / 2];
            const bool second = s == 0 || i % 2;
            GPU_UNROLL
            for (uint32_t j = 0; j < half; j++)
                gpu_inverse_pair(a[2 * i * half + j], a[(2 * i + 1) * half + j], second ? two.z : two.x,
                                 second ? two.w : two.y, p);
        }
    }
}

/* Cyclic transform of 16 words below 2p: 17 of the 32 butterflies multiply. Words end in [0,4p). */
static __device__ __forceinline__ void gpu_forward_cyclic(uint32_t (&a)[16], const uint4 *roots, uint32_t p) {
    const uint4 r[4] = {roots[0], roots[1], roots[2], roots[3]};
    GPU_UNROLL
    for (uint32_t s = 0; s < 4; s++) {
        const uint32_t half = 8u >> s;
        GPU_UNROLL
        for (uint32_t i = 0; i < 1u << s; i++) {
            GPU_UNROLL
            for (uint32_t j = 0; j < half; j++) {
                uint32_t &x = a[2 * i * half + j], &y = a[(2 * i + 1) * half + j];
                if (i > 0) {
                    gpu_forward_pair(x, y, i % 2 ? r[i / 2].z : r[i / 2].x, i % 2 ? r[i / 2].w : r[i / 2].y, p);
                } else {
                    const uint32_t u = s ? sable_min32(x, x - 2 * p) : x, v = s ? sable_min32(y, y - 2 * p) : y;
                    x = u + v;
                    y = u - v + 2 * p;
                }
            }
        }
    }
}

/* The inverse without its factor 1/16, from words below 2p to words below 4p. */
static __device__ __forceinline__ void gpu_inverse_cyclic(uint32_t (&a)[16], const uint4 *roots, uint32_t p) {
    const uint4 r[4] = {roots[0], roots[1], roots[2], roots[3]};
    GPU_UNROLL
    for (uint32_t s = 4; s-- > 0;) {
        const uint32_t half = 8u >> s;
        GPU_UNROLL
        for (uint32_t i = 0; i < 1u << s; i++) {
            GPU_UNROLL
            for (uint32_t j = 0; j < half; j++) {
                uint32_t &x = a[2 * i * half + j], &y = a[(2 * i + 1) * half + j];
                if (i > 0) {
                    gpu_inverse_pair(x, y, i % 2 ? r[i / 2].z : r[i / 2].x, i % 2 ? r[i / 2].w : r[i / 2].y, p);
                } else {
                    const uint32_t sum = x + y, d = x - y + 2 * p;
                    x = s ? sable_min32(sum, sum - 2 * p) : sum;
                    y = s ? sable_min32(d, d - 2 * p) : d;
                }
            }
        }
    }
}

static __device__ __forceinline__ uint32_t gpu_mont(uint32_t a, uint32_t b, const sable_prime &q) {
    return sable_canon1(sable_mont_lazy((uint64_t)a * b, q.p, q.pinv), q.p);
}

/* f[k] = c * g^k in Montgomery form, canonical; SCALED false: c = 1, f[0] is not set. 18 or 14 products. */
template <bool SCALED>
static __device__ __forceinline__ void gpu_powers(uint32_t (&f)[16], uint32_t c, uint32_t g, const sable_prime &q) {
    if (SCALED) f[0] = c;
    f[1] = SCALED ? gpu_mont(c, g, q) : g;
    uint32_t power = g;
    GPU_UNROLL
    for (uint32_t m = 2; m < 16; m *= 2) {
        power = gpu_mont(power, power, q);
        GPU_UNROLL
        for (uint32_t k = 0; k < m; k++) f[m + k] = SCALED || k > 0 ? gpu_mont(f[k], power, q) : power;
    }
}

/* a[k] * f[k] in [0,2p) for words below 4p: 4p * p < p * 2^32. */
template <bool SCALED>
static __device__ __forceinline__ void gpu_twist(uint32_t (&a)[16], const uint32_t (&f)[16], const sable_prime &q) {
    a[0] = SCALED ? sable_mont_lazy((uint64_t)a[0] * f[0], q.p, q.pinv) : sable_min32(a[0], a[0] - 2 * q.p);
    GPU_UNROLL
    for (uint32_t k = 1; k < 16; k++) a[k] = sable_mont_lazy((uint64_t)a[k] * f[k], q.p, q.pinv);
}

#endif

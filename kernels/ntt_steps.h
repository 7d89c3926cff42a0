/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_NTT_STEPS_H
#define SABLE_KERNELS_NTT_STEPS_H
/* Up to four levels of a transform on 16 words in registers. Words of level s are paired 8 >> s apart; tables: ntt_tables.h.
 *
 *   forward (Cooley-Tukey):     words in [0,4p) between levels
 *   inverse (Gentleman-Sande):  words in [0,2p) between levels
 *
 * A butterfly is 3 multiplications (1 high, 2 low) and 3 other instructions: a minimum of a sum, a sum of two and one of three. */
#include "kernels/device.h"

/* A prime as butterflies want it. 2p and -2p come from memory: made from p, they would be made again, by a multiplication
 * each, at every use. */
struct gpu_modulus {
    uint32_t p, twice, minus_twice;
};
static __device__ __forceinline__ gpu_modulus gpu_modulus_of(uint32_t p, const uint32_t *heap) {
    return {p, heap[0], heap[1]};
}
/* [0,4p) -> [0,2p), one instruction. */
static __device__ __forceinline__ uint32_t gpu_below_2p(uint32_t x, const gpu_modulus &m) {
    return sable_min32(x, x + m.minus_twice);
}

static __device__ __forceinline__ void gpu_forward_pair(uint32_t &x, uint32_t &y, uint32_t w, uint32_t quotient,
                                                        const gpu_modulus &m) {
    const uint32_t u = gpu_below_2p(x, m), v = sable_shoup_lazy(y, w, quotient, m.p);
    x = u + v;
    y = u - v + m.twice;
}

static __device__ __forceinline__ void gpu_inverse_pair(uint32_t &x, uint32_t &y, uint32_t w, uint32_t quotient,
                                                        const gpu_modulus &m) {
    const uint32_t s = x + y, d = x - y + m.twice;
    x = gpu_below_2p(s, m);
    y = sable_shoup_lazy(d, w, quotient, m.p);
}

/* Level S: node m / half of 2^S has words m % half and m % half + half of its 2*half. Bounds of loops and numbers of words are
 * constants, so that the words stay in registers. */
template <uint32_t S>
static __device__ __forceinline__ void gpu_forward_level(uint32_t (&a)[16], const uint4 *heap, const gpu_modulus &q) {
    constexpr uint32_t half = 8u >> S, nodes = 1u << S;
    uint4 two[nodes / 2 + 1]; /* pairs of nodes 2*i and 2*i + 1; the root is the second of its four words */
    GPU_UNROLL
    for (uint32_t i = 0; i < (nodes + 1) / 2; i++) two[i] = heap[nodes / 2 + i];
    GPU_UNROLL
    for (uint32_t m = 0; m < 8; m++) {
        const uint32_t i = m / half, at = 2 * i * half + m % half;
        const bool second = S == 0 || i % 2;
        gpu_forward_pair(a[at], a[at + half], second ? two[i / 2].z : two[i / 2].x,
                         second ? two[i / 2].w : two[i / 2].y, q);
    }
}

template <uint32_t S>
static __device__ __forceinline__ void gpu_inverse_level(uint32_t (&a)[16], const uint4 *heap, const gpu_modulus &q) {
    constexpr uint32_t half = 8u >> S, nodes = 1u << S;
    uint4 two[nodes / 2 + 1];
    GPU_UNROLL
    for (uint32_t i = 0; i < (nodes + 1) / 2; i++) two[i] = heap[nodes / 2 + i];
    GPU_UNROLL
    for (uint32_t m = 0; m < 8; m++) {
        const uint32_t i = m / half, at = 2 * i * half + m % half;
        const bool second = S == 0 || i % 2;
        gpu_inverse_pair(a[at], a[at + half], second ? two[i / 2].z : two[i / 2].x,
                         second ? two[i / 2].w : two[i / 2].y, q);
    }
}

/* Levels FROM to 3 below a heap. */
template <uint32_t FROM>
static __device__ __forceinline__ void gpu_forward_levels(uint32_t (&a)[16], const uint4 *heap, const gpu_modulus &q) {
    if (FROM <= 0) gpu_forward_level<0>(a, heap, q);
    if (FROM <= 1) gpu_forward_level<1>(a, heap, q);
    if (FROM <= 2) gpu_forward_level<2>(a, heap, q);
    gpu_forward_level<3>(a, heap, q);
}

/* Levels 3 to FROM above a heap of inverse values. */
template <uint32_t FROM>
static __device__ __forceinline__ void gpu_inverse_levels(uint32_t (&a)[16], const uint4 *heap, const gpu_modulus &q) {
    gpu_inverse_level<3>(a, heap, q);
    if (FROM <= 2) gpu_inverse_level<2>(a, heap, q);
    if (FROM <= 1) gpu_inverse_level<1>(a, heap, q);
    if (FROM <= 0) gpu_inverse_level<0>(a, heap, q);
}

/* Level S of a cyclic transform: node 0 multiplies with 1. */
template <uint32_t S>
static __device__ __forceinline__ void gpu_forward_cyclic_level(uint32_t (&a)[16], const uint4 (&r)[4],
                                                                const gpu_modulus &q) {
    constexpr uint32_t half = 8u >> S;
    GPU_UNROLL
    for (uint32_t m = 0; m < 8; m++) {
        const uint32_t i = m / half, at = 2 * i * half + m % half;
        uint32_t &x = a[at], &y = a[at + half];
        if (i > 0) {
            gpu_forward_pair(x, y, i % 2 ? r[i / 2].z : r[i / 2].x, i % 2 ? r[i / 2].w : r[i / 2].y, q);
        } else {
            const uint32_t u = S ? gpu_below_2p(x, q) : x, v = S ? gpu_below_2p(y, q) : y;
            x = u + v;
            y = u - v + q.twice;
        }
    }
}

template <uint32_t S>
static __device__ __forceinline__ void gpu_inverse_cyclic_level(uint32_t (&a)[16], const uint4 (&r)[4],
                                                                const gpu_modulus &q) {
    constexpr uint32_t half = 8u >> S;
    GPU_UNROLL
    for (uint32_t m = 0; m < 8; m++) {
        const uint32_t i = m / half, at = 2 * i * half + m % half;
        uint32_t &x = a[at], &y = a[at + half];
        if (i > 0) {
            gpu_inverse_pair(x, y, i % 2 ? r[i / 2].z : r[i / 2].x, i % 2 ? r[i / 2].w : r[i / 2].y, q);
        } else {
            const uint32_t sum = x + y, d = x - y + q.twice;
            x = S ? gpu_below_2p(sum, q) : sum;
            y = S ? gpu_below_2p(d, q) : d;
        }
    }
}

/* Cyclic transform of 16 words below 2p: 17 of the 32 butterflies multiply. Words end in [0,4p). */
static __device__ __forceinline__ void gpu_forward_cyclic(uint32_t (&a)[16], const uint4 *roots, const gpu_modulus &q) {
    const uint4 r[4] = {roots[0], roots[1], roots[2], roots[3]};
    gpu_forward_cyclic_level<0>(a, r, q);
    gpu_forward_cyclic_level<1>(a, r, q);
    gpu_forward_cyclic_level<2>(a, r, q);
    gpu_forward_cyclic_level<3>(a, r, q);
}

/* The inverse without its factor 1/16, from words below 2p to words below 4p. */
static __device__ __forceinline__ void gpu_inverse_cyclic(uint32_t (&a)[16], const uint4 *roots, const gpu_modulus &q) {
    const uint4 r[4] = {roots[0], roots[1], roots[2], roots[3]};
    gpu_inverse_cyclic_level<3>(a, r, q);
    gpu_inverse_cyclic_level<2>(a, r, q);
    gpu_inverse_cyclic_level<1>(a, r, q);
    gpu_inverse_cyclic_level<0>(a, r, q);
}

static __device__ __forceinline__ uint32_t gpu_mont(uint32_t a, uint32_t b, const sable_prime &q) {
    return sable_canon1(sable_mont_lazy((uint64_t)a * b, q.p, q.pinv), q.p);
}

/* f[k] = c * g^k in Montgomery form, canonical; SCALED false: c = 1, f[0] is not set. 18 or 14 products. */
template <bool SCALED>
static __device__ __forceinline__ void gpu_powers(uint32_t (&f)[16], uint32_t c, uint32_t g, const sable_prime &q) {
    if (SCALED) f[0] = c;
    f[1] = SCALED ? gpu_mont(c, g, q) : g;
    const uint32_t g2 = gpu_mont(g, g, q), g4 = gpu_mont(g2, g2, q), g8 = gpu_mont(g4, g4, q);
    f[2] = SCALED ? gpu_mont(f[0], g2, q) : g2;
    f[3] = gpu_mont(f[1], g2, q);
    f[4] = SCALED ? gpu_mont(f[0], g4, q) : g4;
    GPU_UNROLL
    for (uint32_t k = 1; k < 4; k++) f[4 + k] = gpu_mont(f[k], g4, q);
    f[8] = SCALED ? gpu_mont(f[0], g8, q) : g8;
    GPU_UNROLL
    for (uint32_t k = 1; k < 8; k++) f[8 + k] = gpu_mont(f[k], g8, q);
}

/* a[k] * f[k] in [0,2p) for words below 4p: 4p * p < p * 2^32. */
template <bool SCALED>
static __device__ __forceinline__ void gpu_twist(uint32_t (&a)[16], const uint32_t (&f)[16], const sable_prime &q) {
    a[0] = SCALED ? sable_mont_lazy((uint64_t)a[0] * f[0], q.p, q.pinv) : sable_min32(a[0], a[0] - 2 * q.p);
    GPU_UNROLL
    for (uint32_t k = 1; k < 16; k++) a[k] = sable_mont_lazy((uint64_t)a[k] * f[k], q.p, q.pinv);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_WORD_H
#define SABLE_RING_WORD_H
/* Arithmetic on 32-bit words modulo a prime p < 2^30, portable C. The vector paths have the same functions with the
 * same contracts; the GPU kernels include these. R = 2^32. Ranges are intervals of the value, in multiples of p; a result of a *_lazy function is not canonical. */
#include <stdint.h>

#include "sable/backend.h"

/* The same functions for the host and inside kernels. */
#ifdef __CUDACC__
#define SABLE_WORD static __host__ __device__ __forceinline__
#else
#define SABLE_WORD static inline
#endif

#if defined SABLE_VERIFY && !defined __CUDA_ARCH__
#include <stdlib.h>
#define SABLE_ASSERT_RANGE(value, bound) ((uint64_t)(value) < (uint64_t)(bound) ? (void)0 : abort())
#else
#define SABLE_ASSERT_RANGE(value, bound) ((void)0)
#endif

SABLE_WORD uint32_t sable_min32(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* [0,2p) -> [0,p): x - p wraps above x exactly when x < p. */
SABLE_WORD uint32_t sable_canon1(uint32_t x, uint32_t p) {
    SABLE_ASSERT_RANGE(x, 2ull * p);
    return sable_min32(x, x - p);
}
/* [0,4p) -> [0,p). */
SABLE_WORD uint32_t sable_canon2(uint32_t x, uint32_t p) {
    SABLE_ASSERT_RANGE(x, 4ull * p);
    return sable_canon1(sable_min32(x, x - 2 * p), p);
}
SABLE_WORD uint32_t sable_add_mod(uint32_t a, uint32_t b, uint32_t p) { return sable_canon1(a + b, p); }
SABLE_WORD uint32_t sable_sub_mod(uint32_t a, uint32_t b, uint32_t p) {
    uint32_t d = a - b; /* (-p,p) modulo 2^32 */
    return sable_min32(d, d + p);
}
SABLE_WORD uint32_t sable_neg_mod(uint32_t a, uint32_t p) { return a ? p - a : 0; }

/* Montgomery reduction: t in [0,2p), t = T/2^32 mod p, for T < p*2^32. */
SABLE_WORD uint32_t sable_mont_lazy(uint64_t T, uint32_t p, uint32_t pinv) {
    SABLE_ASSERT_RANGE(T >> 32, p);
    uint32_t m = (uint32_t)T * pinv;
    return (uint32_t)(T >> 32) - (uint32_t)(((uint64_t)m * p) >> 32) + p;
}
/* Product with a precomputed quotient ws = floor(w*2^32/p): t in [0,2p), t = b*w mod p; any b, w < p. */
SABLE_WORD uint32_t sable_shoup_lazy(uint32_t b, uint32_t w, uint32_t ws, uint32_t p) {
    uint32_t q = (uint32_t)(((uint64_t)b * ws) >> 32);
    return b * w - q * p;
}
SABLE_WORD uint32_t sable_shoup_of(uint32_t w, uint32_t p) { return (uint32_t)(((uint64_t)w << 32) / p); }
/* Any 64-bit x to its canonical residue: hi*2^64/2^32 + lo*2^32/2^32, each term below 2p. */
SABLE_WORD uint32_t sable_reduce64(uint64_t x, const sable_prime *q) {
    uint32_t a = sable_mont_lazy((uint64_t)(uint32_t)(x >> 32) * q->r2, q->p, q->pinv);
    uint32_t b = sable_mont_lazy((uint64_t)(uint32_t)x * q->r1, q->p, q->pinv);
    return sable_canon2(a + b, q->p);
}
SABLE_WORD uint32_t sable_mul_mod(uint32_t a, uint32_t b, uint32_t p) { return (uint32_t)((uint64_t)a * b % p); }
SABLE_WORD uint32_t sable_pow_mod(uint32_t a, uint64_t e, uint32_t p) {
    uint64_t r = 1, b = a % p;
    for (; e; e >>= 1, b = b * b % p)
        if (e & 1) r = r * b % p;
    return (uint32_t)r;
}
/* p prime, a not 0 mod p. */
SABLE_WORD uint32_t sable_inv_mod(uint32_t a, uint32_t p) { return sable_pow_mod(a, p - 2u, p); }
SABLE_WORD uint32_t sable_brv(uint32_t x, uint32_t bits) {
    uint32_t r = 0;
    for (uint32_t i = 0; i < bits; i++) r = r << 1 | ((x >> i) & 1);
    return r;
}

#endif

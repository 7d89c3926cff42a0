/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_CONVERT_H
#define SABLE_KERNELS_CONVERT_H
/* Steps of a base conversion (sable_basis in backend.h), for kernels that hold four columns of all sources in registers.
 *
 * The constants are brought to Montgomery form when a block copies them to shared memory, so a destination ends with one
 * Montgomery reduction instead of two: with `sources` of them, sources + 1 wide products, one low and one high one a word.
 *
 * Bounds of a sum: y_i <= q_i - 1 <= 2^30 - 32 (primes are 1 modulo 2N >= 32), constants at most p - 1, v < 2^8.
 *   start:   v * neg_d' < 2^8 p
 *   12 rows: 2^8 p + 12 (2^30 - 32)(p - 1) < 12 * 2^30 p = 3p * 2^32
 *   16 rows: 2^8 p + 16 (2^30 - 32)(p - 1) < 16 * 2^30 p = 4p * 2^32 < 2^64
 *   later:   upper half to [0,p), then 12 rows: p*2^32 + 12 * 2^30 p = 4p * 2^32
 * so the upper half lies in [0,4p) whenever it is folded. */
#include "kernels/fold.h"

/* What a quotient needs of a source. */
struct alignas(8) gpu_source {
    uint32_t wq, shift;
};

/* What a destination needs besides its row of constants: 16 bytes, so that one load brings it. */
struct alignas(16) gpu_target {
    uint32_t p, pinv, neg_d; /* neg_d in Montgomery form */
    uint32_t pos;            /* in the ring */
};

static __device__ __forceinline__ gpu_source gpu_source_of(const gpu_ring &ring, const gpu_basis &basis, uint32_t i) {
    gpu_source s = {0, 0};
    if (i < basis.src_count) {
        s.wq = ring.prime[basis.src[i]].wq;
        s.shift = ring.prime[basis.src[i]].bits - 1;
    }
    return s;
}

static __device__ __forceinline__ gpu_target gpu_target_of(const gpu_ring &ring, const gpu_basis &basis, uint32_t d) {
    gpu_target t = {1, 1, 0, 0}; /* beyond the basis: a sum of nothing modulo 1 */
    if (d < basis.dst_count) {
        const sable_prime q = ring.prime[basis.dst[d]];
        t.pos = basis.dst[d];
        t.p = q.p;
        t.pinv = q.pinv;
        t.neg_d = gpu_to_mont(basis.neg_d[d], q);
    }
    return t;
}

/* m[d][i] in Montgomery form; 0 beyond the basis. */
static __device__ __forceinline__ uint32_t gpu_factor_of(const gpu_ring &ring, const gpu_basis &basis, uint32_t d,
                                                         uint32_t i) {
    if (d >= basis.dst_count || i >= basis.src_count) return 0;
    return gpu_to_mont(basis.m[d * basis.src_count + i], ring.prime[basis.dst[d]]);
}

/* One source's share of the sum of quotients, below 2^32; y < q_i. */
static __device__ __forceinline__ uint32_t gpu_quotient(uint32_t y, gpu_source s) {
    return (uint32_t)((uint64_t)y * s.wq >> s.shift);
}

/* acc * 2^-32 modulo p, canonical, after v * neg_d and `rows` products without a fold. */
template <uint32_t rows>
static __device__ __forceinline__ uint32_t gpu_finish_rows(uint64_t acc, uint32_t p, uint32_t pinv) {
    static_assert(rows <= GPU_FOLD_FIRST, "the sum needs a fold");
    if (rows <= GPU_FOLD_NEXT) return gpu_finish_short(acc, p, pinv);
    return sable_canon1(gpu_finish_lazy(acc, p, pinv), p);
}

#endif

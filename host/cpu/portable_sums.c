/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that add up products of canonical words, (p-1)^2 < 2^60 each, in 64-bit accumulators. Two ways to keep them
 * small:
 *
 *   plain factors:      acc < p, then 16 products, then acc := acc mod p.
 *                       p - 1 + 16 (p-1)^2 < 2^30 + 16 (2^60 - 2^31) < 2^64.
 *   Montgomery factors: acc < p*2^32, then 12 products, then the upper half is made canonical.
 *                       4 products are below 4 p^2 < p*2^32, so acc < 4 p*2^32 < 2^64: upper half in [0,4p), where
 *                       canon2 applies.
 *                       At the end one Montgomery reduction, which asks for acc < p*2^32.
 *
 * Columns are taken BLOCK at a time with accumulators on the stack (first-level cache), rows in the outer loop. */
#include <string.h>

#include "cpu/portable.h"
#include "ring/word.h"

#define BLOCK      256
#define FOLD_PLAIN 16
#define FOLD_MONT  12

static size_t block_of(size_t rest) { return rest < BLOCK ? rest : BLOCK; }

static void add_products(uint64_t *restrict acc, const uint32_t *restrict a, const uint32_t *restrict b, size_t count) {
    for (size_t j = 0; j < count; j++) acc[j] += (uint64_t)a[j] * b[j];
}

static void add_scaled(uint64_t *restrict acc, const uint32_t *restrict a, uint32_t c, size_t count) {
    for (size_t j = 0; j < count; j++) acc[j] += (uint64_t)a[j] * c;
}

static void fold_plain(uint64_t *acc, size_t count, const sable_prime *q) {
    for (size_t j = 0; j < count; j++) acc[j] = sable_reduce64(acc[j], q);
}

/* acc < 4 p*2^32 -> the same value modulo p, below p*2^32. */
static void fold_mont(uint64_t *acc, size_t count, uint32_t p) {
    for (size_t j = 0; j < count; j++)
        acc[j] = (uint64_t)sable_canon2((uint32_t)(acc[j] >> 32), p) << 32 | (uint32_t)acc[j];
}

void cpu_portable_tensor(uint32_t *d0, uint32_t *d1, uint32_t *d2, const uint32_t *a0, const uint32_t *a1,
                         size_t a_stride, const uint32_t *b0, const uint32_t *b1, size_t b_stride, uint32_t terms,
                         size_t n, const sable_prime *q) {
    uint64_t s0[BLOCK], s1[BLOCK], s2[BLOCK];
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t count = block_of(n - from);
        memset(s0, 0, sizeof s0);
        memset(s1, 0, sizeof s1);
        memset(s2, 0, sizeof s2);
        for (uint32_t t = 0; t < terms; t++) {
            const uint32_t *x0 = a0 + t * a_stride + from, *x1 = a1 + t * a_stride + from;
            const uint32_t *y0 = b0 + t * b_stride + from, *y1 = b1 + t * b_stride + from;
            add_products(s0, x0, y0, count);
            add_products(s1, x0, y1, count);
            add_products(s1, x1, y0, count);
            add_products(s2, x1, y1, count);
            if ((t + 1) % (FOLD_PLAIN / 2) == 0) { /* s1 took two products a term */
                fold_plain(s0, count, q);
                fold_plain(s1, count, q);
                fold_plain(s2, count, q);
            }
        }
        for (size_t j = 0; j < count; j++) {
            d0[from + j] = sable_reduce64(s0[j], q);
            d1[from + j] = sable_reduce64(s1[j], q);
            d2[from + j] = sable_reduce64(s2[j], q);
        }
    }
}

void cpu_portable_combine(uint32_t *out, const uint32_t *in, size_t stride, const uint32_t *c, size_t c_stride,
                          uint32_t count, size_t n, const sable_prime *q) {
    uint64_t sum[BLOCK];
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t columns = block_of(n - from);
        memset(sum, 0, sizeof sum);
        for (uint32_t t = 0; t < count; t++) {
            add_scaled(sum, in + t * stride + from, c[t * c_stride], columns);
            if ((t + 1) % FOLD_PLAIN == 0) fold_plain(sum, columns, q);
        }
        for (size_t j = 0; j < columns; j++) out[from + j] = sable_reduce64(sum[j], q);
    }
}

/* out = sum * 2^-32 + add*c; sum < 4 p*2^32. */
static void finish_inner(uint32_t *restrict out, uint64_t *restrict sum, const uint32_t *restrict add, uint32_t c,
                         size_t count, const sable_prime *q) {
    const uint32_t p = q->p, cs = sable_shoup_of(c, p);
    fold_mont(sum, count, p);
    if (!add) {
        for (size_t j = 0; j < count; j++) out[j] = sable_canon1(sable_mont_lazy(sum[j], p, q->pinv), p);
        return;
    }
    for (size_t j = 0; j < count; j++) /* each term below 2p */
        out[j] = sable_canon2(sable_mont_lazy(sum[j], p, q->pinv) + sable_shoup_lazy(add[j], c, cs, p), p);
}

void cpu_portable_inner(uint32_t *out0, uint32_t *out1, const uint32_t *const *d, const uint32_t *const *kb,
                        const uint32_t *const *ka, uint32_t count, const uint32_t *add0, const uint32_t *add1,
                        uint32_t c, size_t n, const sable_prime *q) {
    uint64_t s0[BLOCK], s1[BLOCK];
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t columns = block_of(n - from);
        memset(s0, 0, sizeof s0);
        memset(s1, 0, sizeof s1);
        for (uint32_t t = 0; t < count; t++) {
            add_products(s0, d[t] + from, kb[t] + from, columns);
            add_products(s1, d[t] + from, ka[t] + from, columns);
            if ((t + 1) % FOLD_MONT == 0) {
                fold_mont(s0, columns, q->p);
                fold_mont(s1, columns, q->p);
            }
        }
        finish_inner(out0 + from, s0, add0 ? add0 + from : NULL, c, columns, q);
        finish_inner(out1 + from, s1, add1 ? add1 + from : NULL, c, columns, q);
    }
}

/* v = round(sum of y_i/q_i) from fixed-point quotients with 32 fractional bits. Each quotient is below 2^32, so the sum
 * of up to SABLE_MAX_LIMBS of them, and v, are small. */
static void quotients(uint64_t *v, const uint32_t *const *y, size_t from, size_t columns, const sable_basis *basis,
                      const sable_ring *ring) {
    for (size_t j = 0; j < columns; j++) v[j] = 1ull << 31;
    for (uint32_t i = 0; i < basis->src_count; i++) {
        const sable_prime *q = &ring->prime[basis->src[i]];
        const uint32_t *row = y[i] + from;
        const uint32_t wq = q->wq, shift = q->bits - 1;
        for (size_t j = 0; j < columns; j++) {
            SABLE_ASSERT_RANGE(row[j], q->p);
            v[j] += (uint64_t)row[j] * wq >> shift;
        }
    }
    for (size_t j = 0; j < columns; j++) v[j] >>= 32;
}

size_t cpu_portable_convert_prepare(void *constants, const sable_basis *basis, const sable_ring *ring) {
    (void)constants, (void)basis, (void)ring;
    return 0; /* the basis holds them as they are used */
}

void cpu_portable_base_convert(uint32_t *const *out, const uint32_t *const *y, const sable_basis *basis,
                               const void *constants, const sable_ring *ring, size_t count, bool stream) {
    (void)constants, (void)stream;
    uint64_t v[BLOCK], sum[BLOCK];
    for (size_t from = 0; from < count; from += BLOCK) {
        size_t columns = block_of(count - from);
        quotients(v, y, from, columns, basis, ring);
        for (uint32_t d = 0; d < basis->dst_count; d++) {
            const sable_prime *q = &ring->prime[basis->dst[d]];
            const uint32_t *m = basis->m + (size_t)d * basis->src_count, neg_d = basis->neg_d[d];
            /* The row of v: v < 2^8, so v*neg_d < 2^38. Primes are 1 modulo 2N >= 32, hence at most 2^30 - 31, and 16
             * products leave 2^64 - 16 (2^30 - 32)^2 > 2^39 of room. */
            for (size_t j = 0; j < columns; j++) sum[j] = v[j] * neg_d;
            for (uint32_t i = 0; i < basis->src_count; i++) {
                add_scaled(sum, y[i] + from, m[i], columns);
                if ((i + 1) % FOLD_PLAIN == 0) fold_plain(sum, columns, q);
            }
            for (size_t j = 0; j < columns; j++) out[d][from + j] = sable_reduce64(sum[j], q);
        }
    }
}

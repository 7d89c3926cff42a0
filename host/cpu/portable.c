/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/portable.h"

#include "ring/word.h"

static size_t prepare(void *packed, const sable_ring *ring, uint32_t pos) {
    (void)packed, (void)ring, (void)pos;
    return 0; /* the ring's own tables serve */
}

static void add(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const uint32_t p = q->p;
    for (size_t j = 0; j < n; j++) out[j] = sable_add_mod(a[j], b[j], p);
}

static void sub(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const uint32_t p = q->p;
    for (size_t j = 0; j < n; j++) out[j] = sable_sub_mod(a[j], b[j], p);
}

static void negate(uint32_t *out, const uint32_t *a, size_t n, const sable_prime *q) {
    const uint32_t p = q->p;
    for (size_t j = 0; j < n; j++) out[j] = sable_sub_mod(0, a[j], p);
}

/* Products below p^2 < p*2^32: what mont_lazy asks for. */
static void mul_mont(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const uint32_t p = q->p, pinv = q->pinv;
    for (size_t j = 0; j < n; j++) out[j] = sable_canon1(sable_mont_lazy((uint64_t)a[j] * b[j], p, pinv), p);
}

static void mul_mont_add(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const uint32_t p = q->p, pinv = q->pinv;
    for (size_t j = 0; j < n; j++) /* [0,p) + [0,2p) */
        out[j] = sable_canon2(out[j] + sable_mont_lazy((uint64_t)a[j] * b[j], p, pinv), p);
}

/* a*b/2^32 in [0,2p), times 2^64/2^32: the second product is below 2p * p < p*2^32. */
static void mul(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const uint32_t p = q->p, pinv = q->pinv, r2 = q->r2;
    for (size_t j = 0; j < n; j++) {
        uint32_t t = sable_mont_lazy((uint64_t)a[j] * b[j], p, pinv);
        out[j] = sable_canon1(sable_mont_lazy((uint64_t)t * r2, p, pinv), p);
    }
}

static void mul_const(uint32_t *out, const uint32_t *a, uint32_t c, size_t n, const sable_prime *q) {
    const uint32_t p = q->p, cs = sable_shoup_of(c, p);
    for (size_t j = 0; j < n; j++) out[j] = sable_canon1(sable_shoup_lazy(a[j], c, cs, p), p);
}

static void add_const(uint32_t *out, const uint32_t *a, uint32_t c, size_t n, const sable_prime *q) {
    const uint32_t p = q->p;
    for (size_t j = 0; j < n; j++) out[j] = sable_add_mod(a[j], c, p);
}

/* a*b + m < p^2 + p <= p*2^32. */
static void affine(uint32_t *out, const uint32_t *s, const uint32_t *a, const uint32_t *b, const uint32_t *m, size_t n,
                   const sable_prime *q) {
    const uint32_t p = q->p, pinv = q->pinv;
    for (size_t j = 0; j < n; j++)
        out[j] = sable_canon2(s[j] + sable_mont_lazy((uint64_t)a[j] * b[j] + (m ? m[j] : 0), p, pinv), p);
}

static void lift(uint32_t *out, const int8_t *x, const uint32_t *e, uint32_t c, size_t n, const sable_prime *q) {
    const uint32_t p = q->p, cs = sable_shoup_of(c, p);
    for (size_t j = 0; j < n; j++) {
        uint32_t word = (uint32_t)(int32_t)x[j], residue = sable_min32(word, word + p); /* x < 0 wraps to p + x */
        out[j] = sable_canon1(sable_shoup_lazy(residue + p - (e ? e[j] : 0), c, cs, p), p);
    }
}

static void mod_down(uint32_t *out, const uint32_t *x, const uint32_t *e, uint32_t xc, uint32_t ec, size_t n,
                     const sable_prime *q) {
    const uint32_t p = q->p, minus = sable_neg_mod(ec, p);
    const uint32_t xs = sable_shoup_of(xc, p), es = sable_shoup_of(minus, p);
    if (!x) {
        for (size_t j = 0; j < n; j++) out[j] = sable_canon1(sable_shoup_lazy(e[j], minus, es, p), p);
        return;
    }
    for (size_t j = 0; j < n; j++) /* two terms below 2p */
        out[j] = sable_canon2(sable_shoup_lazy(x[j], xc, xs, p) + sable_shoup_lazy(e[j], minus, es, p), p);
}

static void encode(uint32_t *out, const uint64_t *x, size_t n, const sable_prime *q) {
    const uint32_t p = q->p, less = sable_neg_mod((uint32_t)(((uint64_t)1 << 62) % p), p);
    for (size_t j = 0; j < n; j++) out[j] = sable_mul_mod(sable_add_mod(sable_reduce64(x[j], q), less, p), q->r1, p);
}

static void encode_wide(uint32_t *out, const uint64_t *low, const uint64_t *high, size_t n, const sable_prime *q) {
    const uint32_t p = q->p, two64 = sable_reduce64(UINT64_MAX, q) + 1; /* 1..p */
    for (size_t j = 0; j < n; j++) {
        const uint32_t upper = sable_reduce64(high[j] ^ (uint64_t)1 << 63, q); /* less 2^63, as two's complement */
        uint32_t r = sable_reduce64((uint64_t)upper * two64 + sable_reduce64(low[j], q), q);
        if (!(high[j] >> 63)) r = sable_sub_mod(r, sable_mul_mod(two64 % p, two64 % p, p), p);
        out[j] = sable_mul_mod(r, q->r1, p);
    }
}

size_t cpu_portable_check_range(const uint32_t *a, size_t n, const sable_prime *q) {
    for (size_t j = 0; j < n; j++)
        if (a[j] >= q->p) return j;
    return n;
}

static void drain(void) {} /* stores are ordinary ones */

const cpu_kernels cpu_kernels_portable = {
    .name = "portable",
    .prepare = prepare,
    .ntt_block_words = cpu_portable_ntt_block_words,
    .ntt_forward_outer = cpu_portable_ntt_forward_outer,
    .ntt_forward_block = cpu_portable_ntt_forward_block,
    .ntt_inverse = cpu_portable_ntt_inverse,
    .add = add,
    .sub = sub,
    .negate = negate,
    .mul_mont = mul_mont,
    .mul_mont_add = mul_mont_add,
    .mul = mul,
    .mul_const = mul_const,
    .add_const = add_const,
    .affine = affine,
    .lift = lift,
    .tensor = cpu_portable_tensor,
    .combine = cpu_portable_combine,
    .inner = cpu_portable_inner,
    .mod_down = mod_down,
    .convert_prepare = cpu_portable_convert_prepare,
    .base_convert = cpu_portable_base_convert,
    .automorphism = cpu_portable_automorphism,
    .encode = encode,
    .encode_wide = encode_wide,
    .drain = drain,
    .check_range = cpu_portable_check_range,
    .uniform = cpu_portable_uniform,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Number-theoretic transforms with lazy residues, after D. Harvey, "Faster arithmetic for number-theoretic transforms"
 * (2014). p < 2^30, so that 4p fits a word.
 *
 *   forward (Cooley-Tukey):     every word in [0,4p) between stages; canonical at the end
 *   inverse (Gentleman-Sande):  every word in [0,2p) between stages; canonical at the end
 *
 * Both go from plain to bit-reversed order, or back, with no permutation: tables are in bit-reversed order. */
#include <string.h>

#include "cpu/portable.h"
#include "ring/word.h"

/* One block of a stage: x, y in [0,4p) -> x + w*y, x - w*y in [0,4p). */
static void forward_block(uint32_t *restrict x, uint32_t *restrict y, uint32_t count, uint32_t w, uint32_t ws,
                          uint32_t p) {
    for (uint32_t j = 0; j < count; j++) {
        SABLE_ASSERT_RANGE(x[j], 4ull * p);
        SABLE_ASSERT_RANGE(y[j], 4ull * p);
        uint32_t u = sable_min32(x[j], x[j] - 2 * p);  /* [0,2p) */
        uint32_t v = sable_shoup_lazy(y[j], w, ws, p); /* [0,2p) for any word y */
        x[j] = u + v;
        y[j] = u - v + 2 * p;
    }
}

/* Blocks of 16 KiB stay in the first-level cache. */
#define BLOCK_LOG 12u

size_t cpu_portable_ntt_block_words(uint32_t log_n) { return (size_t)1 << (log_n < BLOCK_LOG ? log_n : BLOCK_LOG); }

void cpu_portable_ntt_forward_outer(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                                    const cpu_tables *t, int stream) {
    (void)stream;
    const sable_ring *ring = t->ring;
    const uint32_t *w = ring->w[t->pos], *ws = ring->w_shoup[t->pos], p = ring->prime[t->pos].p;
    const uint32_t rows = ring->n / (uint32_t)cpu_portable_ntt_block_words(ring->log_n);
    for (uint32_t r = 0; r < rows; r++)
        if (out != in) memcpy(out + r * out_step, in + r * in_step, columns * sizeof *out);
    for (uint32_t m = 1, half = rows / 2; m < rows; m *= 2, half /= 2)
        for (uint32_t r = 0; r < rows; r++)
            if (!(r & half))
                forward_block(out + r * out_step, out + (r + half) * out_step, (uint32_t)columns, w[m + r / (2 * half)],
                              ws[m + r / (2 * half)], p);
}

void cpu_portable_ntt_forward_block(uint32_t *out, const uint32_t *in, const cpu_tables *t, size_t block,
                                    const cpu_ahead *ahead) {
    (void)ahead;
    const sable_ring *ring = t->ring;
    const uint32_t *w = ring->w[t->pos], *ws = ring->w_shoup[t->pos], p = ring->prime[t->pos].p;
    const uint32_t words = (uint32_t)cpu_portable_ntt_block_words(ring->log_n);
    if (out != in) memcpy(out, in, words * sizeof *out);
    for (uint32_t m = 1, half = words / 2; half; m *= 2, half /= 2)
        for (uint32_t i = 0; i < m; i++) { /* node of the limb's tree: below the block's own */
            uint32_t *x = out + (size_t)2 * i * half;
            size_t k = (ring->n / words + block) * m + i;
            forward_block(x, x + half, half, w[k], ws[k], p);
        }
    for (uint32_t j = 0; j < words; j++) out[j] = sable_canon2(out[j], p);
}

/* x, y in [0,2p) -> x + y, w*(x - y), both in [0,2p). */
static void inverse_block(uint32_t *restrict x, uint32_t *restrict y, uint32_t count, uint32_t w, uint32_t ws,
                          uint32_t p) {
    for (uint32_t j = 0; j < count; j++) {
        SABLE_ASSERT_RANGE(x[j], 2ull * p);
        SABLE_ASSERT_RANGE(y[j], 2ull * p);
        uint32_t s = x[j] + y[j], d = x[j] - y[j] + 2 * p; /* both in [0,4p) */
        x[j] = sable_min32(s, s - 2 * p);
        y[j] = sable_shoup_lazy(d, w, ws, p);
    }
}

void cpu_portable_ntt_inverse(uint32_t *out, const uint32_t *in, const cpu_tables *t, uint32_t mult) {
    const sable_ring *ring = t->ring;
    const sable_prime *q = &ring->prime[t->pos];
    const uint32_t *w = ring->iw[t->pos], *ws = ring->iw_shoup[t->pos];
    const uint32_t p = q->p, n = ring->n;
    if (out != in) memcpy(out, in, n * sizeof *out);
    for (uint32_t m = n / 2, half = 1; m > 1; m /= 2, half *= 2)
        for (uint32_t i = 0; i < m; i++) {
            uint32_t *x = out + (size_t)2 * i * half;
            inverse_block(x, x + half, half, w[m + i], ws[m + i], p);
        }
    /* The last stage has one twiddle: both of its outputs take the factor N^-1 * mult on the way. */
    uint32_t c = sable_mul_mod(q->n_inv, mult, p), cs = sable_shoup_of(c, p);
    uint32_t cw = sable_mul_mod(c, w[1], p), cws = sable_shoup_of(cw, p);
    uint32_t *restrict x = out, *restrict y = out + n / 2;
    for (uint32_t j = 0; j < n / 2; j++) {
        uint32_t s = x[j] + y[j], d = x[j] - y[j] + 2 * p;
        SABLE_ASSERT_RANGE(s, 4ull * p);
        SABLE_ASSERT_RANGE(d, 4ull * p);
        x[j] = sable_canon1(sable_shoup_lazy(s, c, cs, p), p);
        y[j] = sable_canon1(sable_shoup_lazy(d, cw, cws, p), p);
    }
}

static uint32_t reverse_bits(uint32_t x) {
    x = (x & 0x55555555u) << 1 | (x >> 1 & 0x55555555u);
    x = (x & 0x33333333u) << 2 | (x >> 2 & 0x33333333u);
    x = (x & 0x0f0f0f0fu) << 4 | (x >> 4 & 0x0f0f0f0fu);
    return __builtin_bswap32(x);
}

void cpu_portable_automorphism(uint32_t *out, const uint32_t *in, uint32_t galois, uint32_t log_n) {
    /* X^galois takes the value at psi^u to the place of the value at psi^(galois*u), u odd modulo 2N. */
    const uint32_t n = 1u << log_n, shift = 32 - log_n;
    for (uint32_t j = 0; j < n; j++) {
        uint32_t u = 2 * (reverse_bits(j) >> shift) + 1;
        uint32_t k = (galois * u >> 1) & (n - 1); /* galois*u is odd; wrapping at 2^32 is harmless modulo 2N */
        out[j] = in[reverse_bits(k) >> shift];
    }
}

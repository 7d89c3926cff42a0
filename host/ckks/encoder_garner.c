/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/encoder_garner.h"

#include "ckks/fft.h"
#include "ring/word.h"

SABLE_BODY void load(uint32_t *restrict out, const uint32_t *x, size_t stride, size_t first, size_t count) {
    if (stride == 1) {
        for (size_t t = 0; t < count; t++) out[t] = x[first + t];
    } else {
        for (size_t t = 0; t < count; t++) out[t] = x[(first + t) * stride];
    }
}

/* d_i = (...((x_i - d_0)/p_0 - d_1)/p_1 ...)/p_{i-1} mod p_i. d < 2p < 2^31 between steps; the digit that is subtracted
 * is below 2^30 < cover <= 2^30 + p < 2^31, so d + cover - digit is in (0, 2^32). */
SABLE_BODY void digits(const sable_garner *g, sable_garner_work *work, const uint32_t *const *x, size_t stride,
                       size_t first, size_t count) {
    for (size_t t = 0; t < count; t++) work->negative[t] = 0;
    for (uint32_t i = 0; i < g->used; i++) {
        const uint32_t p = g->p[i], cover = g->cover[i], half = (p - 1) / 2;
        uint32_t *restrict d = work->digit[i];
        load(d, x[i], stride, first, count);
        for (uint32_t j = 0; j < i; j++) {
            const uint32_t *restrict digit = work->digit[j];
            const sable_garner_factor f = g->inverse[i * g->used + j];
            SABLE_INDEPENDENT
            for (size_t t = 0; t < count; t++) d[t] = sable_shoup_lazy(d[t] + (cover - digit[t]), f.w, f.shoup, p);
        }
        uint32_t *restrict negative = work->negative;
        SABLE_INDEPENDENT
        for (size_t t = 0; t < count; t++) {
            uint32_t v = sable_canon1(d[t], p);
            d[t] = v;
            /* A higher digit overrules the lower ones. */
            negative[t] = (uint32_t)(v > half) | ((uint32_t)(v == half) & negative[t]);
        }
    }
}

/* Counts coefficients whose centred value has another residue than an extra limb. */
SABLE_BODY size_t check(const sable_garner *g, sable_garner_work *work, const uint32_t *const *x, size_t stride,
                        size_t first, size_t count) {
    uint32_t *restrict sum = work->sum, *restrict bad = work->bad, *restrict residue = work->residue;
    const uint32_t *restrict negative = work->negative;
    for (size_t t = 0; t < count; t++) bad[t] = 0;
    for (uint32_t e = 0; e < g->extra; e++) {
        const uint32_t p = g->extra_p[e], d = g->extra_d[e];
        for (size_t t = 0; t < count; t++) sum[t] = 0;
        for (uint32_t i = 0; i < g->used; i++) {
            const uint32_t *restrict digit = work->digit[i];
            const sable_garner_factor f = g->weight[e * g->used + i];
            SABLE_INDEPENDENT
            for (size_t t = 0; t < count; t++)
                sum[t] = sable_canon2(sum[t] + sable_shoup_lazy(digit[t], f.w, f.shoup, p), p); /* < 3p */
        }
        load(residue, x[g->used + e], stride, first, count);
        SABLE_INDEPENDENT
        for (size_t t = 0; t < count; t++) {
            uint32_t v = negative[t] ? sable_sub_mod(sum[t], d, p) : sum[t];
            bad[t] |= v ^ residue[t];
        }
    }
    size_t total = 0;
    for (size_t t = 0; t < count; t++) total += bad[t] != 0;
    return total;
}

/* |value| by Horner in double-double, a few 2^-105 a step, then / scale and the sign. */
SABLE_BODY void values(const sable_garner *g, sable_garner_work *work, double *restrict coeff, size_t count) {
    double *restrict hi = work->hi, *restrict lo = work->lo;
    const uint32_t *restrict negative = work->negative;
    for (size_t t = 0; t < count; t++) hi[t] = lo[t] = 0;
    for (uint32_t i = g->used; i-- > 0;) {
        const uint32_t top = g->p[i] - 1, one = i == 0;
        const double p = (double)g->p[i];
        const uint32_t *restrict digit = work->digit[i];
        SABLE_INDEPENDENT
        for (size_t t = 0; t < count; t++) {
            uint32_t v = negative[t] ? top - digit[t] + one : digit[t]; /* <= p < 2^30 */
            double h = hi[t] * p, e = fma(lo[t], p, fma(hi[t], p, -h));
            sable_dd s = dd_two_sum(h, (double)(int32_t)v);
            s = dd_quick_sum(s.hi, s.lo + e);
            hi[t] = s.hi, lo[t] = s.lo;
        }
    }
    const double r = g->inverse_scale.hi, r_lo = g->inverse_scale.lo;
    SABLE_INDEPENDENT
    for (size_t t = 0; t < count; t++) {
        double p = hi[t] * r, e = fma(hi[t], r, -p) + fma(lo[t], r, hi[t] * r_lo);
        double v = p + e;
        coeff[t] = negative[t] ? -v : v;
    }
}

SABLE_BODY size_t block_body(const sable_garner *g, sable_garner_work *work, double *coeff, const uint32_t *const *x,
                             size_t stride, size_t first, size_t count) {
    digits(g, work, x, stride, first, count);
    size_t bad = g->extra ? check(g, work, x, stride, first, count) : 0;
    values(g, work, coeff, count);
    return bad;
}

#define BLOCK(target, suffix)                                                                                  \
    target static size_t block_##suffix(const sable_garner *g, sable_garner_work *work, double *coeff,         \
                                        const uint32_t *const *x, size_t stride, size_t first, size_t count) { \
        return block_body(g, work, coeff, x, stride, first, count);                                            \
    }
BLOCK(, portable)
#ifdef SABLE_ENCODER_X86
BLOCK(SABLE_TARGET_AVX2, avx2)
BLOCK(SABLE_TARGET_AVX512, avx512)
#endif

sable_garner_block *sable_garner_block_at(uint32_t index) {
    if (index == 0) return block_portable;
#ifdef SABLE_ENCODER_X86
    if (index == 1 && sable_fft_kernels_at(1)) return block_avx2;
    if (index == 2 && sable_fft_kernels_at(2)) return block_avx512;
#endif
    return NULL;
}

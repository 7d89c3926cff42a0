/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of the transform, compiled for the base instruction set (fma() may be a library call) and for those that
 * have the instruction. fma() rounds once by definition, so all give the same bits. */
#include "ckks/fft.h"

#include <sodium.h>

#define L SABLE_FFT_LANES

/* One radix-4 butterfly on rows of `lanes`, decimation in time, sign -: the rows arrive in bit-reversed order, so the
 * second one takes w^2 and the third one w. */
SABLE_BODY void dit4_rows(double *restrict r0, double *restrict i0, double *restrict r1, double *restrict i1,
                          double *restrict r2, double *restrict i2, double *restrict r3, double *restrict i3,
                          const double *restrict tw, size_t lanes) {
    const double w1r = tw[0], w1i = tw[1], w2r = tw[2], w2i = tw[3], w3r = tw[4], w3i = tw[5];
    SABLE_INDEPENDENT
    for (size_t l = 0; l < lanes; l++) {
        double xr = fma(r1[l], w2r, i1[l] * w2i), xi = fma(i1[l], w2r, -(r1[l] * w2i));
        double yr = fma(r2[l], w1r, i2[l] * w1i), yi = fma(i2[l], w1r, -(r2[l] * w1i));
        double zr = fma(r3[l], w3r, i3[l] * w3i), zi = fma(i3[l], w3r, -(r3[l] * w3i));
        double ar = r0[l] + xr, ai = i0[l] + xi, br = r0[l] - xr, bi = i0[l] - xi;
        double cr = yr + zr, ci = yi + zi, dr = yr - zr, di = yi - zi;
        r0[l] = ar + cr, i0[l] = ai + ci;
        r1[l] = br + di, i1[l] = bi - dr;
        r2[l] = ar - cr, i2[l] = ai - ci;
        r3[l] = br - di, i3[l] = bi + dr;
    }
}

/* Its transpose with sign +: decimation in frequency, natural to bit-reversed order. */
SABLE_BODY void dif4_rows(double *restrict r0, double *restrict i0, double *restrict r1, double *restrict i1,
                          double *restrict r2, double *restrict i2, double *restrict r3, double *restrict i3,
                          const double *restrict tw, size_t lanes) {
    const double w1r = tw[0], w1i = tw[1], w2r = tw[2], w2i = tw[3], w3r = tw[4], w3i = tw[5];
    SABLE_INDEPENDENT
    for (size_t l = 0; l < lanes; l++) {
        double ar = r0[l] + r2[l], ai = i0[l] + i2[l], br = r0[l] - r2[l], bi = i0[l] - i2[l];
        double cr = r1[l] + r3[l], ci = i1[l] + i3[l], dr = r1[l] - r3[l], di = i1[l] - i3[l];
        double xr = ar - cr, xi = ai - ci;
        double yr = br - di, yi = bi + dr, zr = br + di, zi = bi - dr;
        r0[l] = ar + cr, i0[l] = ai + ci;
        r1[l] = fma(xr, w2r, -(xi * w2i)), i1[l] = fma(xi, w2r, xr * w2i);
        r2[l] = fma(yr, w1r, -(yi * w1i)), i2[l] = fma(yi, w1r, yr * w1i);
        r3[l] = fma(zr, w3r, -(zi * w3i)), i3[l] = fma(zi, w3r, zr * w3i);
    }
}

SABLE_BODY void radix2_body(double *re, double *im, size_t rows, size_t lanes) {
    for (size_t row = 0; row < rows; row += 2) {
        double *restrict r0 = re + row * lanes, *restrict r1 = r0 + lanes, *restrict i0 = im + row * lanes,
                         *restrict i1 = i0 + lanes;
        SABLE_INDEPENDENT
        for (size_t l = 0; l < lanes; l++) {
            double ar = r0[l], ai = i0[l], br = r1[l], bi = i1[l];
            r0[l] = ar + br, i0[l] = ai + bi;
            r1[l] = ar - br, i1[l] = ai - bi;
        }
    }
}

#define STAGE_BODY(name)                                                                                        \
    SABLE_BODY void name##_lanes(double *re, double *im, size_t rows, size_t quarter, size_t from, size_t to,   \
                                 const double *tw, size_t lanes) {                                              \
        const size_t d = quarter * lanes;                                                                       \
        for (size_t block = 0; block < rows; block += 4 * quarter)                                              \
            for (size_t j = from; j < to; j++) {                                                                \
                double *r = re + (block + j) * lanes, *i = im + (block + j) * lanes;                            \
                name##_rows(r, i, r + d, i + d, r + 2 * d, i + 2 * d, r + 3 * d, i + 3 * d, tw + 6 * j, lanes); \
            }                                                                                                   \
    }                                                                                                           \
    SABLE_BODY void name##_body(double *re, double *im, size_t rows, size_t quarter, size_t from, size_t to,    \
                                const double *tw, size_t lanes) {                                               \
        if (lanes == L)                                                                                         \
            name##_lanes(re, im, rows, quarter, from, to, tw, L);                                               \
        else                                                                                                    \
            name##_lanes(re, im, rows, quarter, from, to, tw, 1);                                               \
    }
STAGE_BODY(dit4)
STAGE_BODY(dif4)

/* 8-point transforms of L columns, sign -; with re and im exchanged, sign +. */
SABLE_BODY void dft8(double (*restrict r)[L], double (*restrict i)[L], double h) {
    SABLE_INDEPENDENT
    for (size_t l = 0; l < L; l++) {
        double s0r = r[0][l] + r[4][l], s0i = i[0][l] + i[4][l], t0r = r[0][l] - r[4][l], t0i = i[0][l] - i[4][l];
        double s1r = r[1][l] + r[5][l], s1i = i[1][l] + i[5][l], t1r = r[1][l] - r[5][l], t1i = i[1][l] - i[5][l];
        double s2r = r[2][l] + r[6][l], s2i = i[2][l] + i[6][l], t2r = r[2][l] - r[6][l], t2i = i[2][l] - i[6][l];
        double s3r = r[3][l] + r[7][l], s3i = i[3][l] + i[7][l], t3r = r[3][l] - r[7][l], t3i = i[3][l] - i[7][l];
        double c0r = s0r + s2r, c0i = s0i + s2i, c2r = s0r - s2r, c2i = s0i - s2i;
        double c1r = t0r + t2i, c1i = t0i - t2r, c3r = t0r - t2i, c3i = t0i + t2r;
        double d0r = s1r + s3r, d0i = s1i + s3i, d2r = s1r - s3r, d2i = s1i - s3i;
        double d1r = t1r + t3i, d1i = t1i - t3r, d3r = t1r - t3i, d3i = t1i + t3r;
        double er = d1r + d1i, ei = d1i - d1r, fr = d3i - d3r, fi = -d3r - d3i;
        r[0][l] = c0r + d0r, i[0][l] = c0i + d0i;
        r[1][l] = fma(h, er, c1r), i[1][l] = fma(h, ei, c1i);
        r[2][l] = c2r + d2i, i[2][l] = c2i - d2r;
        r[3][l] = fma(h, fr, c3r), i[3][l] = fma(h, fi, c3i);
        r[4][l] = c0r - d0r, i[4][l] = c0i - d0i;
        r[5][l] = fma(-h, er, c1r), i[5][l] = fma(-h, ei, c1i);
        r[6][l] = c2r - d2i, i[6][l] = c2i + d2r;
        r[7][l] = fma(-h, fr, c3r), i[7][l] = fma(-h, fi, c3i);
    }
}

/* z = x * conj(w) and x * w on `count` lanes; z may be x. */
SABLE_BODY void mul_conj(double *zr, double *zi, const double *xr, const double *xi, const double *wr, const double *wi,
                         size_t count) {
    SABLE_INDEPENDENT
    for (size_t l = 0; l < count; l++) {
        double a = xr[l], b = xi[l];
        zr[l] = fma(a, wr[l], b * wi[l]);
        zi[l] = fma(b, wr[l], -(a * wi[l]));
    }
}
SABLE_BODY void mul_plain(double *zr, double *zi, const double *xr, const double *xi, const double *wr,
                          const double *wi, size_t count) {
    SABLE_INDEPENDENT
    for (size_t l = 0; l < count; l++) {
        double a = xr[l], b = xi[l];
        zr[l] = fma(a, wr[l], -(b * wi[l]));
        zi[l] = fma(b, wr[l], a * wi[l]);
    }
}

SABLE_BODY void finish_body(double *coeff, const double *re, const double *im, const sable_fft_size *size, size_t from,
                            size_t to) {
    const size_t n = size->n, rows = size->rows;
    const double inverse = 1.0 / (double)n; /* a power of two: exact */
    if (size->lanes == 1) {
        mul_conj(coeff, coeff + n, re, im, size->twist_re, size->twist_im, n);
        for (size_t t = 0; t < 2 * n; t++) coeff[t] *= inverse;
        return;
    }
    double xr[L][L], xi[L][L];
    for (size_t row = from; row < to; row += L) {
        for (size_t l = 0; l < L; l++)
            for (size_t c = 0; c < L; c++) xr[c][l] = re[(row + l) * L + c], xi[c][l] = im[(row + l) * L + c];
        for (size_t c = 0; c < L; c++)
            mul_conj(xr[c], xi[c], xr[c], xi[c], size->twist_re + c * rows + row, size->twist_im + c * rows + row, L);
        dft8(xr, xi, size->half_root);
        for (size_t k = 0; k < L; k++) {
            const double wr = size->lane_re[k] * inverse, wi = size->lane_im[k] * inverse;
            double *restrict zr = coeff + k * rows + row, *restrict zi = zr + n;
            for (size_t l = 0; l < L; l++) {
                zr[l] = fma(xr[k][l], wr, xi[k][l] * wi);
                zi[l] = fma(xi[k][l], wr, -(xr[k][l] * wi));
            }
        }
    }
    sodium_memzero(xr, sizeof xr); /* the last block of a message that may be secret */
    sodium_memzero(xi, sizeof xi);
}

SABLE_BODY void start_body(double *re, double *im, const double *coeff, const sable_fft_size *size, size_t from,
                           size_t to) {
    const size_t n = size->n, rows = size->rows;
    if (size->lanes == 1) {
        mul_plain(re, im, coeff, coeff + n, size->twist_re, size->twist_im, n);
        return;
    }
    double xr[L][L], xi[L][L];
    for (size_t row = from; row < to; row += L) {
        for (size_t k = 0; k < L; k++) {
            const double wr = size->lane_re[k], wi = size->lane_im[k];
            const double *zr = coeff + k * rows + row, *zi = zr + n;
            for (size_t l = 0; l < L; l++) {
                xr[k][l] = fma(zr[l], wr, -(zi[l] * wi));
                xi[k][l] = fma(zi[l], wr, zr[l] * wi);
            }
        }
        dft8(xi, xr, size->half_root);
        for (size_t c = 0; c < L; c++)
            mul_plain(xr[c], xi[c], xr[c], xi[c], size->twist_re + c * rows + row, size->twist_im + c * rows + row, L);
        for (size_t l = 0; l < L; l++)
            for (size_t c = 0; c < L; c++) re[(row + l) * L + c] = xr[c][l], im[(row + l) * L + c] = xi[c][l];
    }
    sodium_memzero(xr, sizeof xr);
    sodium_memzero(xi, sizeof xi);
}

/* rint(product.hi), then the rest: product.hi - hi is exact, adding product.lo rounds once. */
SABLE_BODY void scale_round_body(double *hi, double *lo, const double *coeff, size_t count, sable_dd scale) {
    const double s = scale.hi, s_lo = scale.lo;
    SABLE_INDEPENDENT
    for (size_t t = 0; t < count; t++) {
        double c = coeff[t], p = c * s, e = fma(c, s_lo, fma(c, s, -p));
        double sum = p + e, rest = e - (sum - p);
        double h = rint(sum);
        hi[t] = h;
        lo[t] = rint((sum - h) + rest);
    }
}

#define KERNELS(target, suffix, label)                                                                                \
    target static void radix2_##suffix(double *re, double *im, size_t rows, size_t lanes) {                           \
        if (lanes == L)                                                                                               \
            radix2_body(re, im, rows, L);                                                                             \
        else                                                                                                          \
            radix2_body(re, im, rows, 1);                                                                             \
    }                                                                                                                 \
    target static void dit4_##suffix(double *re, double *im, size_t rows, size_t quarter, size_t from, size_t to,     \
                                     const double *tw, size_t lanes) {                                                \
        dit4_body(re, im, rows, quarter, from, to, tw, lanes);                                                        \
    }                                                                                                                 \
    target static void dif4_##suffix(double *re, double *im, size_t rows, size_t quarter, size_t from, size_t to,     \
                                     const double *tw, size_t lanes) {                                                \
        dif4_body(re, im, rows, quarter, from, to, tw, lanes);                                                        \
    }                                                                                                                 \
    target static void finish_##suffix(double *coeff, const double *re, const double *im, const sable_fft_size *size, \
                                       size_t from, size_t to) {                                                      \
        finish_body(coeff, re, im, size, from, to);                                                                   \
    }                                                                                                                 \
    target static void start_##suffix(double *re, double *im, const double *coeff, const sable_fft_size *size,        \
                                      size_t from, size_t to) {                                                       \
        start_body(re, im, coeff, size, from, to);                                                                    \
    }                                                                                                                 \
    target static void scale_round_##suffix(double *hi, double *lo, const double *coeff, size_t count,                \
                                            sable_dd scale) {                                                         \
        scale_round_body(hi, lo, coeff, count, scale);                                                                \
    }                                                                                                                 \
    static const sable_fft_kernels kernels_##suffix = {                                                               \
        label, radix2_##suffix, dit4_##suffix, dif4_##suffix, finish_##suffix, start_##suffix, scale_round_##suffix};

KERNELS(, portable, "portable")
#ifdef SABLE_ENCODER_X86
KERNELS(SABLE_TARGET_AVX2, avx2, "avx2")
KERNELS(SABLE_TARGET_AVX512, avx512, "avx512")
#endif

const sable_fft_kernels *sable_fft_kernels_at(uint32_t index) {
    if (index == 0) return &kernels_portable;
#ifdef SABLE_ENCODER_X86
    if (index == 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &kernels_avx2;
    if (index == 2 && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return &kernels_avx512;
#endif
    return NULL;
}

const sable_fft_kernels *sable_fft_kernels_best(void) {
    for (uint32_t index = SABLE_FFT_KERNELS; index-- > 1;) {
        const sable_fft_kernels *kernels = sable_fft_kernels_at(index);
        if (kernels) return kernels;
    }
    return &kernels_portable;
}

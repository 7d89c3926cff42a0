/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_FFT_H
#define SABLE_CKKS_FFT_H
/* The transform of the encoder: c <-> b with b[k] = sum over t < n of c[t] * zeta^((4k+1)t), zeta = exp(i*pi/(2n)).
 * These are the values of a polynomial of degree < 2n with real coefficients at zeta^(4k+1), c[t] being coefficient t
 * plus i times coefficient t+n.
 *
 * From 64 points on, b is a matrix of M = n/8 rows and 8 columns, k = 8*row + column, t = t_r + M*t_c:
 *     b[8r+c] = sum_{t_r} w_M^(r*t_r) * zeta^((4c+1)t_r) * sum_{t_c} w_8^(c*t_c) * w_32^t_c * c[t], w_m = e^(2 pi i/m),
 * so all column transforms run on rows of 8 contiguous lanes, and the twist costs no pass of its own. Below 64 points
 * there is one column. Rows of b are in bit-reversed order. The order of operations is fixed and every fused
 * multiply-add is an explicit fma(): the same bits on every machine, with and without vector instructions. */
#include <stddef.h>
#include <stdint.h>

#include "base/dd.h"
#include "base/shared.h"

#define SABLE_FFT_LANES   8
#define SABLE_FFT_MAX_LOG 20
/* im begins this many doubles after the end of re in a work array, lest both fall into the same cache sets. */
#define SABLE_FFT_PAD     136

/* Tables of one size n. */
typedef struct sable_fft_size {
    uint32_t n, lanes, rows;     /* n = lanes * rows */
    double *twist_re, *twist_im; /* [lanes][rows]: zeta^((4c+1)t_r) */
    uint32_t *place; /* [n]: slot j is b[kappa(j)] with kappa(j) = (5^j mod 4n - 1)/4; its index in the matrix */
    uint32_t *slot;  /* [n]: the slot at an index */
    double lane_re[8], lane_im[8]; /* e^(2 pi i t_c/32) */
    double half_root;              /* sqrt(1/2) */
} sable_fft_size;

/* The loops that use fma(), once per instruction set. dit4, dif4: butterflies `from` to `to` of each block of 4 quarters;
 * tw: [quarter][w, w^2, w^3 as re, im], w = e^(2 pi i j/(4 quarter)); dit4 has sign -, dif4 sign +. finish, start: rows
 * `from` to `to`, multiples of 8; all of them where there is one lane. */
typedef struct sable_fft_kernels {
    const char *name;
    void (*radix2)(double *re, double *im, size_t rows, size_t lanes); /* pairs of rows */
    void (*dit4)(double *re, double *im, size_t rows, size_t quarter, size_t from, size_t to, const double *tw,
                 size_t lanes);
    void (*dif4)(double *re, double *im, size_t rows, size_t quarter, size_t from, size_t to, const double *tw,
                 size_t lanes);
    void (*finish)(double *coeff, const double *re, const double *im, const sable_fft_size *size, size_t from,
                   size_t to);
    void (*start)(double *re, double *im, const double *coeff, const sable_fft_size *size, size_t from, size_t to);
    void (*scale_round)(double *hi, double *lo, const double *coeff, size_t count, sable_dd scale);
} sable_fft_kernels;
/* Implementation `index` (0 = portable, then faster ones), NULL if the processor or the build lacks it. */
SABLE_SHARED const sable_fft_kernels *sable_fft_kernels_at(uint32_t index);
#define SABLE_FFT_KERNELS 3
const sable_fft_kernels *sable_fft_kernels_best(void);

typedef struct sable_fft {
    const sable_fft_kernels *kernels;
    uint32_t log_max;
    double *stage[SABLE_FFT_MAX_LOG];           /* [log quarter] */
    sable_fft_size size[SABLE_FFT_MAX_LOG + 1]; /* [log n] */
    void *memory;
} sable_fft;

/* Tables for n = 1 .. 2^log_max. 0, or -1 when there is no memory. */
int sable_fft_init(sable_fft *fft, uint32_t log_max);
void sable_fft_free(sable_fft *fft);
/* coeff[0..2n) from the matrix b (re, im: n doubles each, destroyed), divided by n. threads: of OpenMP, 4 at most have
 * work; the same bits for any number. */
void sable_fft_to_coeff(const sable_fft *fft, uint32_t log, double *coeff, double *re, double *im, uint32_t threads);
/* The matrix b from coeff[0..2n). */
void sable_fft_from_coeff(const sable_fft *fft, uint32_t log, double *re, double *im, const double *coeff,
                          uint32_t threads);

/* -- one body, several instruction sets: a body is always inlined into functions that differ in their target ------- */
#define SABLE_BODY static inline __attribute__((always_inline))
#if defined(__x86_64__) && !defined(SABLE_NO_X86)
#define SABLE_ENCODER_X86   1
#define SABLE_TARGET_AVX2   __attribute__((target("avx2,fma")))
#define SABLE_TARGET_AVX512 __attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")))
#endif
/* Iterations of the next loop are independent. */
#if defined(__clang__)
#define SABLE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define SABLE_INDEPENDENT _Pragma("GCC ivdep")
#endif

#endif

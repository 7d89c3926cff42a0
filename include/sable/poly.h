/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_POLY_H
#define SABLE_POLY_H
/* Real polynomials of one variable, evaluated on every slot of a ciphertext.
 *
 * A polynomial is a sum of Chebyshev polynomials T_i(u) of the variable u = (2x - lo - hi)/(hi - lo), which maps its
 * interval [lo, hi] to [-1, 1]; there |T_i| <= 1, so intermediate values stay small. Evaluation takes
 * ceil(log2(degree + 1)) levels, which is the least possible, and one more for the affine map when the interval is
 * not [-1, 1] and the degree exceeds 1. (The map could be hidden in the scale of the input, but T_i would then have the
 * scale of the input times its factor to the power i: scales of one level would differ by factors that square at every
 * level.) Immutable once created; freely shared by threads. */
#include "sable/keys.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SABLE_POLY_MAX_DEGREE 255

typedef struct sable_poly sable_poly;
/* A function to approximate. Called on the interval only, in any order. */
typedef double (*sable_poly_function)(double x, void *arg);

/* p(x) = sum over i < count of coefficient[i] * T_i(u). Zeros at the end are dropped. Errors: SABLE_INVALID (interval,
 * degree 0 or above SABLE_POLY_MAX_DEGREE), SABLE_DATA (a coefficient that is not finite). */
SABLE_API SABLE_CHECKED sable_status sable_poly_chebyshev(sable_poly **out, const double *coefficient, size_t count,
                                                          double lo, double hi, sable_error *err);
/* p(x) = sum over i < count of coefficient[i] * x^i. The change of basis runs in double-double; beyond degree 30 or so the
 * power basis itself loses digits on wide intervals. */
SABLE_API SABLE_CHECKED sable_status sable_poly_powers(sable_poly **out, const double *coefficient, size_t count,
                                                       double lo, double hi, sable_error *err);
/* The polynomial of at most `degree` that equals f at the degree+1 Chebyshev nodes of [lo, hi]: within a small factor of
 * the best approximation. Coefficients below 2^-50 of the largest are rounding of f and become 0, so that even and
 * odd functions give even and odd polynomials. SABLE_DATA: f is not finite somewhere (x is named). */
SABLE_API SABLE_CHECKED sable_status sable_poly_interpolate(sable_poly **out, sable_poly_function f, void *arg,
                                                            uint32_t degree, double lo, double hi, sable_error *err);

/* -- best fits ----------------------------------------------------------------------------------------------------- */
#define SABLE_FIT_MAX_DEGREE 63

typedef enum sable_parity { SABLE_PARITY_NONE = 0, SABLE_PARITY_EVEN, SABLE_PARITY_ODD } sable_parity;

/* What a fit has to match. With a parity, f counts for x > 0 alone (even: x >= 0) and is continued by p(-x) = p(x) or -p(x). */
typedef struct sable_fit {
    size_t struct_size;
    uint32_t degree; /* at most this one, 1 .. SABLE_FIT_MAX_DEGREE */
    double lo, hi;   /* interval of the polynomial; lo = -hi with a parity */
    sable_parity parity;
    double gap; /* with a parity: |x| < gap does not count; below hi */
} sable_fit;
/* The polynomial whose largest |p - f| is least (exchange algorithm of Remez, in double-double): |p - f| takes that value with
 * alternating signs at one point more than there are free coefficients. *error (may be NULL): the largest |p - f| of the
 * rounded coefficients. f is a function of one value for each x; its own rounding limits what can be reached: at a size of
 * 2^-50 of the largest |f| the error counts as zero. The same coefficients on every machine, if f gives the same values.
 * Errors: SABLE_INVALID (degree, interval, parity, gap), SABLE_DATA (f not finite at x; no convergence: f is not continuous;
 * coefficients so large that rounding them spoils the fit). */
SABLE_API SABLE_CHECKED sable_status sable_poly_minimax(sable_poly **out, sable_poly_function f, void *arg,
                                                        const sable_fit *fit, double *error, sable_error *err);
/* The polynomial with the least integral of (p - f)^2 over the points that count (Gauss's rule with 256 points). Its largest error is
 * above the minimax one and lies at the ends; where |x| is small it is the better one. Errors: as sable_poly_minimax. */
SABLE_API SABLE_CHECKED sable_status sable_poly_least_squares(sable_poly **out, sable_poly_function f, void *arg,
                                                              const sable_fit *fit, double *error, sable_error *err);

typedef enum sable_fit_kind { SABLE_FIT_MINIMAX = 0, SABLE_FIT_LEAST_SQUARES, SABLE_FIT_INTERPOLATION } sable_fit_kind;
/* 1/(1 + exp(-x)) on [-bound, bound]: 1/2 plus an odd polynomial of at most `degree`, 1 .. SABLE_FIT_MAX_DEGREE. The function is
 * computed in double-double without the C library, so coefficients are the same on every machine. Errors: as sable_poly_minimax. */
SABLE_API SABLE_CHECKED sable_status sable_poly_sigmoid(sable_poly **out, sable_fit_kind kind, uint32_t degree,
                                                        double bound, double *error, sable_error *err);

SABLE_API void sable_poly_destroy(sable_poly **poly);

typedef struct sable_poly_info {
    size_t struct_size;
    uint32_t degree;
    bool even, odd; /* only even, only odd coefficients: the others cost nothing */
    uint32_t depth; /* levels that evaluation takes, the affine map included */
    double lo, hi;
    double bound; /* |p(x)| <= bound on [lo, hi]; at most 0.13 % above the largest |p(x)| there */
} sable_poly_info;
SABLE_API SABLE_CHECKED sable_status sable_poly_describe(const sable_poly *poly, sable_poly_info *info);
SABLE_API uint32_t sable_poly_degree(const sable_poly *poly);
SABLE_API uint32_t sable_poly_depth(const sable_poly *poly);
/* Coefficient i of the Chebyshev basis; 0 above the degree. */
SABLE_API double sable_poly_coefficient(const sable_poly *poly, uint32_t i);
/* p(x) by Clenshaw's recurrence in double precision: what evaluation approximates. Any x. */
SABLE_API double sable_poly_value(const sable_poly *poly, double x);

/* What one evaluation costs from a given input level. */
typedef struct sable_poly_cost {
    size_t struct_size;
    uint32_t level_out;
    uint32_t products;          /* ciphertext by ciphertext, squares included */
    uint32_t relinearizations;  /* key switches */
    uint32_t rescales;          /* relinearisations with rescale are counted in both */
    uint32_t constant_products; /* ciphertext by constant */
    uint32_t adjusts;           /* level changes that are not free */
    bool needs_key;
    uint32_t key_low, key_high; /* relinearisations happen at levels key_low..key_high: for sable_key_spec_add_relin */
} sable_poly_cost;
/* Errors: SABLE_LEVEL (fewer levels than the depth), SABLE_SCALE and SABLE_BOUND as sable_poly_evaluate. */
SABLE_API SABLE_CHECKED sable_status sable_poly_plan(const sable_poly *poly, const sable_params *params, uint32_t level,
                                                     sable_poly_cost *cost, sable_error *err);
/* Adds to a specification the relinearisation key of an evaluation from `level`; nothing when none is needed. `params` are
 * those of the specification. */
SABLE_API SABLE_CHECKED sable_status sable_poly_add_keys(sable_key_spec *spec, const sable_poly *poly,
                                                         const sable_params *params, uint32_t level, sable_error *err);

/* out = p(in) in every slot of every member: level(in) - depth, with exactly the canonical scale of that level. Requires 2
 * parts, canonical scale of power 1, and slots that are real (up to noise) within [lo, hi]. The declared bound B must
 * not exceed max(|lo|, |hi|): SABLE_BOUND otherwise. A bound cannot say on which side of 0 values lie: with lo != -hi the
 * caller answers for the side. The declared bound of out is sable_poly_info.bound, its rms and noise are those of values
 * spread evenly over the declared range of `in`.
 *
 * Nothing is computed before the whole plan is known to fit. Errors: SABLE_LEVEL (levels needed), SABLE_NO_KEY (level that the
 * key does not cover), SABLE_SCALE (input not canonical; or an intermediate factor would be rounded to fewer than 20
 * bits because scales of the levels involved lie too far apart: start at another level), SABLE_BOUND (also: values too
 * large for the modulus of a level), SABLE_DEGREE, SABLE_KEY_MISMATCH. Cost: sable_poly_plan. keys may be NULL if none is
 * needed. */
SABLE_API SABLE_CHECKED sable_status sable_poly_evaluate(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                                         const sable_poly *poly, const sable_keyset *keys);

#ifdef __cplusplus
}
#endif
#endif

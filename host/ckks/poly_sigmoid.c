/* SPDX-License-Identifier: Apache-2.0 */
/* The logistic function and its fits. exp is computed here and not by the C library, whose last bits differ between machines:
 * coefficients become integers of ring operations. */
#include <stdlib.h>
#include <string.h>

#include "ckks/poly_fit.h"

static const sable_dd LN2 = {0.69314718055994530942, 2.3190468138462995584e-17};

/* exp(-a), a >= 0: a = k*ln 2 - r, exp(r/64) by Taylor's series, six squarings. */
static sable_dd exp_minus(double a) {
    if (a > 745) return dd(0); /* below every double */
    const double k = floor(a / LN2.hi + 0.5);
    sable_dd r = dd_sub(dd_mul(LN2, dd(k)), dd(a)), term = dd(1), sum = dd(1);
    r = (sable_dd){r.hi / 64, r.lo / 64}; /* below 2^-7.5: the 14th term is below 2^-140 */
    for (int i = 1; i <= 13; i++) {
        term = dd_div(dd_mul(term, r), dd(i));
        sum = dd_add(sum, term);
    }
    for (int i = 0; i < 6; i++) sum = dd_mul(sum, sum);
    return (sable_dd){ldexp(sum.hi, -(int)k), ldexp(sum.lo, -(int)k)};
}

/* 1/(1 + exp(-x)) - 1/2, odd. */
static double centred_sigmoid(double x, void *arg) {
    (void)arg;
    const sable_dd t = exp_minus(fabs(x)), twice = {2 * t.hi, 2 * t.lo};
    return copysign(dd_div(dd_sub(dd(1), t), dd_add(dd(2), twice)).hi, x);
}

static sable_status interpolate(double *c, double *error, const sable_fit_domain *d, sable_error *err) {
    sable_poly *poly = NULL;
    sable_fit_point *grid = NULL;
    size_t count = 0;
    SABLE_TRY(sable_poly_interpolate(&poly, d->f, d->arg, d->degree, d->lo, d->hi, err));
    memcpy(c, poly->c, sizeof poly->c);
    sable_poly_destroy(&poly);
    SABLE_TRY(sable_fit_grid(&grid, &count, d, err));
    const sable_status status = sable_fit_error(error, d, c, grid, count, err);
    free(grid);
    return status;
}

sable_status sable_poly_sigmoid(sable_poly **out, sable_fit_kind kind, uint32_t degree, double bound, double *error,
                                sable_error *err) {
    if (!out) return sable_fail(err, SABLE_INVALID, "sable_poly_sigmoid: out must not be NULL");
    const sable_fit fit = {sizeof fit, degree, -bound, bound, SABLE_PARITY_ODD, 0};
    sable_fit_domain d;
    double c[SABLE_POLY_COEFFS], reached = 0;
    SABLE_TRY(sable_fit_open(&d, centred_sigmoid, NULL, &fit, "sigmoid", err));
    switch (kind) {
    case SABLE_FIT_MINIMAX: SABLE_TRY(sable_fit_minimax(c, &reached, &d, err)); break;
    case SABLE_FIT_LEAST_SQUARES: SABLE_TRY(sable_fit_least_squares(c, &reached, &d, err)); break;
    case SABLE_FIT_INTERPOLATION: SABLE_TRY(interpolate(c, &reached, &d, err)); break;
    default: return sable_fail(err, SABLE_INVALID, "sigmoid: fit %d is not known", (int)kind);
    }
    c[0] = 0.5;
    SABLE_TRY(sable_poly_make(out, c, d.degree + 1, d.lo, d.hi, err));
    if (error) *error = reached;
    return SABLE_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Polynomials: construction from Chebyshev coefficients, questions about them, the plaintext value. */
#include "ckks/poly_impl.h"

#include <stdlib.h>
#include <string.h>

sable_status sable_poly_check_interval(double lo, double hi, size_t count, sable_error *err) {
    if (!isfinite(lo) || !isfinite(hi) || !(lo < hi) || !isfinite(hi - lo))
        return sable_fail(err, SABLE_INVALID, "polynomial on [%g, %g]: needed finite lo < hi", lo, hi);
    if (count < 2 || count > SABLE_POLY_COEFFS)
        return sable_fail(err, SABLE_INVALID, "polynomial of %zu coefficients: 2 to %d", count, SABLE_POLY_COEFFS);
    return SABLE_OK;
}

/* p where the variable of the T_i is u. */
static double clenshaw(const sable_poly *poly, double u) {
    double b1 = 0, b2 = 0;
    for (uint32_t i = poly->degree; i > 0; i--) {
        const double b = 2 * u * b1 - b2 + poly->c[i];
        b2 = b1;
        b1 = b;
    }
    return u * b1 - b2 + poly->c[0];
}

/* p on 32 points a half-wave of T_degree. A trigonometric polynomial of degree d is at least cos(d*delta) times its largest value at a
 * distance delta from where it takes it (Ehlich and Zeller, 1964), so the largest value on points 2*delta = pi/(32 d) apart is short of
 * it by a factor of 1/cos(pi/64) = 1.001206 at most; the rest of the factor is rounding. */
static double largest(const sable_poly *poly, double sum) {
    const uint32_t points = 32 * poly->degree;
    double most = 0;
    for (uint32_t j = 0; j <= points; j++) most = fmax(most, fabs(clenshaw(poly, sable_cos_pi(j, points).hi)));
    return fmin(sum, 1.00121 * most);
}

sable_status sable_poly_make(sable_poly **out, const double *coefficient, size_t count, double lo, double hi,
                             sable_error *err) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += fabs(coefficient[i]);
    if (!isfinite(sum)) return sable_fail(err, SABLE_DATA, "a Chebyshev coefficient of the polynomial is not finite");
    while (count > 1 && coefficient[count - 1] == 0) count--;
    if (count < 2)
        return sable_fail(err, SABLE_INVALID,
                          "a constant polynomial (degree 0) has no encrypted evaluation: encode the constant %g",
                          coefficient[0]);
    sable_poly *poly = calloc(1, sizeof *poly);
    if (!poly) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a polynomial");
    poly->lo = lo;
    poly->hi = hi;
    poly->degree = (uint32_t)count - 1;
    memcpy(poly->c, coefficient, count * sizeof *coefficient);
    poly->bound = largest(poly, sum);
    *out = poly;
    return SABLE_OK;
}

sable_status sable_poly_copy(sable_poly **out, const sable_poly *poly, sable_error *err) {
    sable_poly *copy = malloc(sizeof *copy);
    if (!copy) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a polynomial");
    *copy = *poly;
    *out = copy;
    return SABLE_OK;
}

bool sable_poly_equal(const sable_poly *a, const sable_poly *b) {
    return a->lo == b->lo && a->hi == b->hi && a->degree == b->degree &&
           memcmp(a->c, b->c, (a->degree + 1) * sizeof *a->c) == 0;
}

sable_status sable_poly_chebyshev(sable_poly **out, const double *coefficient, size_t count, double lo, double hi,
                                  sable_error *err) {
    if (!out || !coefficient)
        return sable_fail(err, SABLE_INVALID, "sable_poly_chebyshev: out and coefficient must not be NULL");
    while (count > 1 && coefficient[count - 1] == 0) count--; /* more zeros than the largest degree do no harm */
    if (count == 0) return sable_fail(err, SABLE_INVALID, "sable_poly_chebyshev: no coefficients");
    SABLE_TRY(sable_poly_check_interval(lo, hi, count == 1 ? 2 : count, err)); /* a constant has its own sentence */
    return sable_poly_make(out, coefficient, count, lo, hi, err);
}

void sable_poly_destroy(sable_poly **poly) {
    if (!poly) return;
    free(*poly);
    *poly = NULL;
}

void sable_poly_reduce(sable_poly_reduced *r, const sable_poly *poly) {
    memset(r, 0, sizeof *r);
    memcpy(r->c, poly->c, sizeof r->c);
    r->degree = poly->degree;
    r->input_bound = 1;
    r->bound = poly->bound;
    sable_dd width = dd_sub(dd(poly->hi), dd(poly->lo)), middle = dd_add(dd(poly->hi), dd(poly->lo));
    sable_dd slope = dd_div(dd(2), width), shift = dd_neg(dd_div(middle, width));
    r->slope = slope.hi;
    r->shift = shift.hi;
    r->affine = poly->lo != -1 || poly->hi != 1;
    if (r->affine && r->degree == 1) { /* a line of a line is a line */
        r->affine = false;
        r->c[0] = dd_add(dd(poly->c[0]), dd_mul(dd(poly->c[1]), shift)).hi;
        r->c[1] = dd_mul(dd(poly->c[1]), slope).hi;
        r->input_bound = fmax(fabs(poly->lo), fabs(poly->hi));
    }
}

uint32_t sable_poly_degree(const sable_poly *poly) { return poly ? poly->degree : 0; }

uint32_t sable_poly_depth(const sable_poly *poly) {
    if (!poly) return 0;
    bool affine = poly->degree > 1 && (poly->lo != -1 || poly->hi != 1);
    return sable_poly_levels(poly->degree) + affine;
}

double sable_poly_coefficient(const sable_poly *poly, uint32_t i) { return poly && i <= poly->degree ? poly->c[i] : 0; }

sable_status sable_poly_describe(const sable_poly *poly, sable_poly_info *info) {
    if (!poly || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    info->degree = poly->degree;
    info->depth = sable_poly_depth(poly);
    info->even = info->odd = true;
    info->bound = poly->bound;
    for (uint32_t i = 0; i <= poly->degree; i++)
        if (poly->c[i] != 0) *(i & 1 ? &info->even : &info->odd) = false;
    info->lo = poly->lo;
    info->hi = poly->hi;
    return SABLE_OK;
}

double sable_poly_value(const sable_poly *poly, double x) {
    return poly ? clenshaw(poly, (2 * x - (poly->lo + poly->hi)) / (poly->hi - poly->lo)) : NAN;
}

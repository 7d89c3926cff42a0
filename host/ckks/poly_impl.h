/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_POLY_IMPL_H
#define SABLE_CKKS_POLY_IMPL_H
/* The insides of a polynomial. */
#include "base/dd.h"
#include "base/fail.h"
#include "sable/poly.h"

#define SABLE_POLY_COEFFS (SABLE_POLY_MAX_DEGREE + 1)

struct sable_poly {
    double lo, hi;
    double bound;                /* |p| <= bound on [lo, hi] */
    uint32_t degree;             /* 1.. */
    double c[SABLE_POLY_COEFFS]; /* Chebyshev coefficients in u; c[degree] != 0, zeros above */
};

/* Checks interval, count and values; takes rounded coefficients. */
sable_status sable_poly_make(sable_poly **out, const double *coefficient, size_t count, double lo, double hi,
                             sable_error *err);
sable_status sable_poly_check_interval(double lo, double hi, size_t count, sable_error *err);

/* A polynomial of its own with the same interval and coefficients; whether two have the same. */
sable_status sable_poly_copy(sable_poly **out, const sable_poly *poly, sable_error *err);
bool sable_poly_equal(const sable_poly *a, const sable_poly *b);

/* cos(pi*p/q), 0 <= p <= q: the same digits on every machine. */
sable_dd sable_cos_pi(uint32_t p, uint32_t q);
/* series * (alpha*u + beta) + add for a series in T_0(u) .. T_degree(u); s has room for one more term. */
void sable_series_multiply_add(sable_dd *s, uint32_t degree, sable_dd alpha, sable_dd beta, sable_dd add);

/* The polynomial as the planner sees it: in the variable that the ciphertext holds after the affine map, if there is one. */
typedef struct sable_poly_reduced {
    uint32_t degree;
    double c[SABLE_POLY_COEFFS];
    bool affine; /* u = slope*x + shift comes first and costs a level */
    double slope, shift;
    double input_bound; /* of the variable of c: 1, or max(|lo|, |hi|) for a line, whose map is folded into c */
    double bound;       /* of the value */
} sable_poly_reduced;
void sable_poly_reduce(sable_poly_reduced *r, const sable_poly *poly);

/* ceil(log2(degree + 1)). */
static inline uint32_t sable_poly_levels(uint32_t degree) {
    uint32_t d = 0;
    while (degree >> d) d++;
    return d;
}

#endif

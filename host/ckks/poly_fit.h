/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_POLY_FIT_H
#define SABLE_CKKS_POLY_FIT_H
/* What fits share: the points that count, the basis in which equations are solved, the way back to Chebyshev coefficients.
 *
 * Without a parity the unknown is a series in T_j(w) with w = u, the variable of the polynomial. An even polynomial is one in u^2; an
 * odd one is u times one. So with a parity the unknown is a series in T_j(w), times u where it is odd, and w maps the values of u^2
 * that count to [-1, 1]. Then |T_j(w)| <= 1 wherever equations are set up, and they are well conditioned however small the
 * range of |x| is: a stage of a sign composition sees [0.999, 1.001]. */
#include "ckks/poly_impl.h"

#define SABLE_FIT_TERMS     (SABLE_FIT_MAX_DEGREE + 1)
#define SABLE_FIT_NEAR_ZERO 0x1p-40 /* odd fits without a gap begin at this part of hi */

typedef struct sable_fit_domain {
    sable_poly_function f;
    void *arg;
    const char *what; /* begins sentences */
    sable_parity parity;
    uint32_t degree;       /* of the right parity */
    uint32_t terms;        /* free coefficients */
    double lo, hi;         /* interval of the polynomial */
    double near, far;      /* x that count: [near, far]; with a parity, -x counts as well */
    sable_dd middle, half; /* w = (s - middle)/half, s = x, or (x/hi)^2 with a parity */
} sable_fit_domain;

/* f and the basis at one x. */
typedef struct sable_fit_point {
    double x, f;
    sable_dd u, w, weight; /* weight: u for odd fits, else 1 */
} sable_fit_point;

/* Checks a description. */
sable_status sable_fit_open(sable_fit_domain *d, sable_poly_function f, void *arg, const sable_fit *fit,
                            const char *what, sable_error *err);
/* Only near <= |x| <= far counts, within [0, hi] with a parity. */
void sable_fit_restrict(sable_fit_domain *d, double near, double far);

/* x at w in [-1, 1]. */
double sable_fit_x(const sable_fit_domain *d, sable_dd w);
sable_status sable_fit_point_at(sable_fit_point *point, const sable_fit_domain *d, double x, sable_error *err);

/* basis[j] = T_j(w) * weight, j < terms: what an equation multiplies the unknowns with. */
void sable_fit_basis(sable_dd *basis, const sable_fit_domain *d, const sable_fit_point *point);

/* A series on the domain: in T_j(w) times the weight, or in T_k(u). */
typedef struct sable_fit_curve {
    const sable_fit_domain *d;
    const sable_dd *c;
    uint32_t count;
    bool in_u;
} sable_fit_curve;
/* series - f at a point. */
double sable_fit_residual(const sable_fit_curve *curve, const sable_fit_point *point);
/* From *point, between a and b, to the nearest point where |residual| is largest; value: the residual there. */
sable_status sable_fit_climb(sable_fit_point *point, double *value, const sable_fit_curve *curve, double a, double b,
                             sable_error *err);

/* Points in ascending order, even in the angle of w, ends included: *count of them, 16 for each free coefficient. Freed by the caller. */
sable_status sable_fit_grid(sable_fit_point **grid, size_t *count, const sable_fit_domain *d, sable_error *err);

/* Chebyshev coefficients in u, rounded, of a series in T_j(w) times the weight. */
void sable_fit_to_chebyshev(double *c, const sable_fit_domain *d, const sable_dd *series);
/* The largest |p - f| of rounded coefficients over the points that count. */
sable_status sable_fit_error(double *error, const sable_fit_domain *d, const double *c, const sable_fit_point *grid,
                             size_t count, sable_error *err);

/* Solves n equations; a: [n][n + 1] with the right side last, destroyed. false: singular. */
bool sable_fit_solve(sable_dd *x, sable_dd *a, uint32_t n);

/* The fits themselves: c[SABLE_POLY_COEFFS], zeros above the degree. */
sable_status sable_fit_minimax(double *c, double *error, const sable_fit_domain *d, sable_error *err);
sable_status sable_fit_least_squares(double *c, double *error, const sable_fit_domain *d, sable_error *err);

#endif

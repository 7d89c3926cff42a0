/* SPDX-License-Identifier: Apache-2.0 */
/* Least-squares fits: normal equations over the nodes of Gauss's rule. In the basis T_j(w) their condition grows with the square of the degree
 * at most, which double-double does not notice. */
#include <stdlib.h>

#include "ckks/poly_fit.h"

#define NODES 256 /* exact for products of polynomials up to degree 511 */

/* Nodes (x in [-1, 1], the positive half) and weights: zeros of the Legendre polynomial P_NODES by Newton's method from cosines that are
 * within 1e-5 of them. */
static void gauss(double *node, double *weight) {
    for (uint32_t i = 0; i < NODES / 2; i++) {
        double x = sable_cos_pi(4 * i + 3, 4 * NODES + 2).hi, slope = 1;
        for (int step = 0; step < 4; step++) {
            double before = 1, now = x; /* P_0, P_1 */
            for (int k = 2; k <= NODES; k++) {
                const double next = ((2 * k - 1) * x * now - (k - 1) * before) / k;
                before = now;
                now = next;
            }
            slope = NODES * (x * now - before) / (x * x - 1);
            x -= now / slope;
        }
        node[i] = x;
        weight[i] = 2 / ((1 - x * x) * slope * slope);
    }
}

/* Adds one node to the equations. */
static void add_node(sable_dd *matrix, const sable_fit_domain *d, const sable_fit_point *p, double weight) {
    sable_dd basis[SABLE_FIT_TERMS];
    sable_fit_basis(basis, d, p);
    for (uint32_t i = 0; i < d->terms; i++) {
        sable_dd *row = &matrix[(size_t)i * (d->terms + 1)];
        const sable_dd scaled = dd_mul(basis[i], dd(weight));
        for (uint32_t j = 0; j < d->terms; j++) row[j] = dd_add(row[j], dd_mul(scaled, basis[j]));
        row[d->terms] = dd_add(row[d->terms], dd_mul(scaled, dd(p->f)));
    }
}

static sable_status equations(sable_dd *matrix, const sable_fit_domain *d, sable_error *err) {
    double node[NODES / 2], weight[NODES / 2];
    gauss(node, weight);
    const sable_dd middle = dd_mul(dd_add(dd(d->near), dd(d->far)), dd(0.5)),
                   half = dd_mul(dd_sub(dd(d->far), dd(d->near)), dd(0.5));
    for (int side = -1; side <= 1; side += 2)
        for (uint32_t i = 0; i < NODES / 2; i++) {
            sable_fit_point p;
            const double x = dd_add(middle, dd_mul(half, dd(side * node[i]))).hi;
            SABLE_TRY(sable_fit_point_at(&p, d, x, err));
            add_node(matrix, d, &p, weight[i]);
        }
    return SABLE_OK;
}

sable_status sable_fit_least_squares(double *c, double *error, const sable_fit_domain *d, sable_error *err) {
    sable_dd *matrix = calloc((size_t)d->terms * (d->terms + 1), sizeof *matrix), series[SABLE_FIT_TERMS];
    if (!matrix) return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %u equations", d->what, d->terms);
    sable_status status = equations(matrix, d, err);
    if (status == SABLE_OK && !sable_fit_solve(series, matrix, d->terms))
        status = sable_fail(err, SABLE_DATA, "%s of degree %u on [%g, %g]: too few different doubles that count",
                            d->what, d->degree, d->near, d->far);
    free(matrix);
    SABLE_TRY(status);
    sable_fit_to_chebyshev(c, d, series);
    sable_fit_point *grid = NULL;
    size_t count = 0;
    SABLE_TRY(sable_fit_grid(&grid, &count, d, err));
    status = sable_fit_error(error, d, c, grid, count, err);
    free(grid);
    return status;
}

sable_status sable_poly_least_squares(sable_poly **out, sable_poly_function f, void *arg, const sable_fit *fit,
                                      double *error, sable_error *err) {
    if (!out) return sable_fail(err, SABLE_INVALID, "sable_poly_least_squares: out must not be NULL");
    sable_fit_domain d;
    double c[SABLE_POLY_COEFFS], reached = 0;
    SABLE_TRY(sable_fit_open(&d, f, arg, fit, "least-squares fit", err));
    SABLE_TRY(sable_fit_least_squares(c, &reached, &d, err));
    SABLE_TRY(sable_poly_make(out, c, d.degree + 1, d.lo, d.hi, err));
    if (error) *error = reached;
    return SABLE_OK;
}

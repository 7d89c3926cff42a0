/* SPDX-License-Identifier: Apache-2.0 */
/* Minimax fits by the exchange algorithm of Remez. A reference is a set of points, one more than there are free coefficients. Each round
 * finds the series whose error has one size and alternating signs there, and takes the places where the error of that series is largest,
 * still alternating, for the next reference. The size never falls, and it is a lower bound of what any polynomial of the degree reaches
 * (de la Vallee Poussin), so its distance from the largest error says how good the fit is. */
#include <stdlib.h>
#include <string.h>

#include "ckks/poly_fit.h"

#define MOST_ROUNDS 100

typedef struct exchange {
    const sable_fit_domain *d;
    uint32_t size; /* points of a reference */
    sable_fit_point *grid, *merged, *reference, *peak;
    size_t grid_count, merged_count, peaks;
    double *value, *top; /* errors at merged, at peak */
    sable_dd *matrix, *solution;
    double level, largest; /* the lower bound; the largest error */
    double magnitude;      /* largest |f| */
} exchange;

static void close_exchange(exchange *e) {
    free(e->grid);
    free(e->merged);
    free(e->reference);
    free(e->peak);
    free(e->value);
    free(e->top);
    free(e->matrix);
    free(e->solution);
}

/* The reference that is right for T_n itself: extrema of a Chebyshev polynomial, of which odd ones see the positive half. */
static sable_status first_reference(exchange *e, sable_error *err) {
    const sable_fit_domain *d = e->d;
    const bool half = d->parity == SABLE_PARITY_ODD && d->near <= SABLE_FIT_NEAR_ZERO * d->hi;
    for (uint32_t i = 0; i < e->size; i++) {
        const uint32_t k = e->size - 1 - i; /* ascending x */
        double x;
        if (half) {
            x = dd_mul(sable_cos_pi(k, 2 * e->size - 1), dd(d->far)).hi;
        } else {
            x = sable_fit_x(d, sable_cos_pi(k, e->size - 1));
        }
        SABLE_TRY(sable_fit_point_at(&e->reference[i], d, x, err));
    }
    return SABLE_OK;
}

static sable_status open_exchange(exchange *e, const sable_fit_domain *d, sable_error *err) {
    *e = (exchange){.d = d, .size = d->terms + 1};
    SABLE_TRY(sable_fit_grid(&e->grid, &e->grid_count, d, err));
    const size_t room = e->grid_count + e->size;
    e->merged = malloc(room * sizeof *e->merged);
    e->peak = malloc(room * sizeof *e->peak);
    e->value = malloc(room * sizeof *e->value);
    e->top = malloc(room * sizeof *e->top);
    e->reference = malloc(e->size * sizeof *e->reference);
    e->matrix = malloc((size_t)e->size * (e->size + 1) * sizeof *e->matrix);
    e->solution = malloc(e->size * sizeof *e->solution);
    if (!e->merged || !e->peak || !e->value || !e->top || !e->reference || !e->matrix || !e->solution)
        return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %zu points", d->what, room);
    for (size_t i = 0; i < e->grid_count; i++) e->magnitude = fmax(e->magnitude, fabs(e->grid[i].f));
    return first_reference(e, err);
}

/* series(x_i) - (-1)^i * level = f(x_i) for the points of the reference. false: two of them coincide. */
static bool solve(exchange *e) {
    const uint32_t terms = e->d->terms;
    for (uint32_t i = 0; i < e->size; i++) {
        sable_dd *row = &e->matrix[(size_t)i * (e->size + 1)];
        sable_fit_basis(row, e->d, &e->reference[i]);
        row[terms] = dd(i & 1 ? 1 : -1);
        row[terms + 1] = dd(e->reference[i].f);
    }
    if (!sable_fit_solve(e->solution, e->matrix, e->size)) return false;
    e->level = fabs(e->solution[terms].hi);
    return true;
}

/* Grid and reference, ascending, each x once. */
static void merge(exchange *e) {
    size_t g = 0, r = 0, n = 0;
    while (g < e->grid_count || r < e->size) {
        const bool from_grid = r == e->size || (g < e->grid_count && e->grid[g].x < e->reference[r].x);
        const sable_fit_point *p = from_grid ? &e->grid[g++] : &e->reference[r++];
        if (n == 0 || p->x > e->merged[n - 1].x) e->merged[n++] = *p;
    }
    e->merged_count = n;
}

static bool same_sign(double a, double b) { return a == 0 || b == 0 || (a < 0) == (b < 0); }

/* One peak for each stretch of one sign. */
static sable_status find_peaks(exchange *e, sable_error *err) {
    const sable_fit_curve curve = {e->d, e->solution, e->d->terms, false};
    merge(e);
    for (size_t i = 0; i < e->merged_count; i++) e->value[i] = sable_fit_residual(&curve, &e->merged[i]);
    e->peaks = 0;
    e->largest = 0;
    for (size_t i = 0; i < e->merged_count;) {
        size_t best = i, end = i + 1;
        while (end < e->merged_count && same_sign(e->value[end], e->value[best])) {
            if (fabs(e->value[end]) > fabs(e->value[best])) best = end;
            end++;
        }
        const size_t before = best ? best - 1 : best, after = best + 1 < e->merged_count ? best + 1 : best;
        e->peak[e->peaks] = e->merged[best];
        e->top[e->peaks] = e->value[best];
        SABLE_TRY(sable_fit_climb(&e->peak[e->peaks], &e->top[e->peaks], &curve, e->merged[before].x,
                                  e->merged[after].x, err));
        e->largest = fmax(e->largest, fabs(e->top[e->peaks]));
        e->peaks++;
        i = end;
    }
    return SABLE_OK;
}

static void drop_peaks(exchange *e, size_t first, size_t count) {
    const size_t behind = e->peaks - first - count;
    memmove(&e->peak[first], &e->peak[first + count], behind * sizeof *e->peak);
    memmove(&e->top[first], &e->top[first + count], behind * sizeof *e->top);
    e->peaks -= count;
}

/* Leaves as many peaks as a reference has, alternating still, the largest among them. */
static void thin_peaks(exchange *e) {
    while (e->peaks > e->size) {
        const size_t last = e->peaks - 1;
        size_t least = 0;
        if (e->peaks == e->size + 1) {
            if (fabs(e->top[last]) < fabs(e->top[0])) least = last;
            drop_peaks(e, least, 1);
            continue;
        }
        for (size_t i = 1; i <= last; i++)
            if (fabs(e->top[i]) < fabs(e->top[least])) least = i;
        if (least == 0 || least == last) {
            drop_peaks(e, least, 1);
        } else { /* with one neighbour, so that signs go on alternating */
            drop_peaks(e, fabs(e->top[least - 1]) < fabs(e->top[least + 1]) ? least - 1 : least, 2);
        }
    }
}

/* Leaves the best series in e->solution. */
static sable_status run(exchange *e, sable_error *err) {
    const sable_fit_domain *d = e->d;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        if (!solve(e))
            return sable_fail(err, SABLE_DATA,
                              "%s of degree %u on [%g, %g]: too few different doubles that count: "
                              "take a lower degree or a wider range",
                              d->what, d->degree, d->near, d->far);
        SABLE_TRY(find_peaks(e, err));
        /* A sign stage with an error of 0.9999 has to be exact in the distance from 1. The second term: what is left is rounding, of f
         * or of the equations. */
        if (e->largest - e->level <= 0x1p-32 * e->level + 0x1p-50 * e->magnitude || e->peaks < e->size) return SABLE_OK;
        thin_peaks(e);
        memcpy(e->reference, e->peak, e->size * sizeof *e->reference);
    }
    return sable_fail(
        err, SABLE_DATA,
        "%s of degree %u on [%g, %g]: after %d rounds the largest error is %g, the least possible between "
        "%g and that: the function is not continuous, or changes too fast",
        d->what, d->degree, d->near, d->far, MOST_ROUNDS, e->largest, e->level);
}

sable_status sable_fit_minimax(double *c, double *error, const sable_fit_domain *d, sable_error *err) {
    exchange e;
    sable_status status = open_exchange(&e, d, err);
    if (status == SABLE_OK) status = run(&e, err);
    if (status == SABLE_OK) {
        sable_fit_to_chebyshev(c, d, e.solution);
        status = sable_fit_error(error, d, c, e.grid, e.grid_count, err);
    }
    if (status == SABLE_OK && !(*error <= 1.01 * e.largest + 0x1p-45 * e.magnitude)) {
        double most = 0;
        for (uint32_t i = 0; i <= d->degree; i++) most = fmax(most, fabs(c[i]));
        status =
            sable_fail(err, SABLE_DATA,
                       "%s of degree %u on [%g, %g]: the error %g becomes %g when coefficients up to %g are rounded to "
                       "doubles: take a lower degree",
                       d->what, d->degree, d->near, d->far, e.largest, *error, most);
    }
    close_exchange(&e);
    return status;
}

sable_status sable_poly_minimax(sable_poly **out, sable_poly_function f, void *arg, const sable_fit *fit, double *error,
                                sable_error *err) {
    if (!out) return sable_fail(err, SABLE_INVALID, "sable_poly_minimax: out must not be NULL");
    sable_fit_domain d;
    double c[SABLE_POLY_COEFFS], reached = 0;
    SABLE_TRY(sable_fit_open(&d, f, arg, fit, "minimax fit", err));
    SABLE_TRY(sable_fit_minimax(c, &reached, &d, err));
    SABLE_TRY(sable_poly_make(out, c, d.degree + 1, d.lo, d.hi, err));
    if (error) *error = reached;
    return SABLE_OK;
}

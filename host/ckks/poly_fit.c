/* SPDX-License-Identifier: Apache-2.0 */
/* What fits share (poly_fit.h). All arithmetic is double-double or exact, in a fixed order. */
#include "ckks/poly_fit.h"

#include <stdlib.h>
#include <string.h>

#define GRID_PER_TERM 16
#define CLIMB_STEPS   12

static sable_dd dd_twice(sable_dd x) { return (sable_dd){2 * x.hi, 2 * x.lo}; }
static sable_dd dd_half(sable_dd x) { return (sable_dd){x.hi / 2, x.lo / 2}; }

/* -- the points that count ----------------------------------------------------------------------------------------- */

void sable_fit_restrict(sable_fit_domain *d, double near, double far) {
    d->near = near;
    d->far = far;
    sable_dd low = dd(near), high = dd(far);
    if (d->parity != SABLE_PARITY_NONE) {
        low = dd_div(low, dd(d->hi)), high = dd_div(high, dd(d->hi));
        low = dd_mul(low, low), high = dd_mul(high, high);
    }
    d->middle = dd_half(dd_add(low, high));
    d->half = dd_half(dd_sub(high, low));
}

sable_status sable_fit_open(sable_fit_domain *d, sable_poly_function f, void *arg, const sable_fit *fit,
                            const char *what, sable_error *err) {
    if (!f || !fit || fit->struct_size != sizeof *fit)
        return sable_fail(err, SABLE_INVALID, "%s: the function or the description is NULL, or struct_size is not set",
                          what);
    const sable_parity parity = fit->parity;
    if (parity != SABLE_PARITY_NONE && parity != SABLE_PARITY_EVEN && parity != SABLE_PARITY_ODD)
        return sable_fail(err, SABLE_INVALID, "%s: parity %d is not known", what, (int)parity);
    const uint32_t least = parity == SABLE_PARITY_EVEN ? 2 : 1;
    if (fit->degree < least || fit->degree > SABLE_FIT_MAX_DEGREE)
        return sable_fail(err, SABLE_INVALID, "%s of degree %u: %u to %d", what, fit->degree, least,
                          SABLE_FIT_MAX_DEGREE);
    SABLE_TRY(sable_poly_check_interval(fit->lo, fit->hi, fit->degree + 1, err));
    if (parity == SABLE_PARITY_NONE && fit->gap != 0)
        return sable_fail(err, SABLE_INVALID, "%s: a gap of %g around 0 needs an even or odd polynomial", what,
                          fit->gap);
    if (parity != SABLE_PARITY_NONE && fit->lo != -fit->hi)
        return sable_fail(err, SABLE_INVALID, "%s on [%g, %g]: an even or odd polynomial needs lo = -hi", what, fit->lo,
                          fit->hi);
    if (!(fit->gap >= 0 && fit->gap < fit->hi) && parity != SABLE_PARITY_NONE)
        return sable_fail(err, SABLE_INVALID, "%s on [%g, %g]: a gap of %g: needed is 0 <= gap < %g", what, fit->lo,
                          fit->hi, fit->gap, fit->hi);
    *d = (sable_fit_domain){.f = f, .arg = arg, .what = what, .parity = parity, .lo = fit->lo, .hi = fit->hi};
    switch (parity) {
    case SABLE_PARITY_NONE: d->degree = fit->degree, d->terms = d->degree + 1; break;
    case SABLE_PARITY_EVEN: d->degree = fit->degree & ~1u, d->terms = d->degree / 2 + 1; break;
    case SABLE_PARITY_ODD: d->degree = (fit->degree - 1) | 1u, d->terms = (d->degree + 1) / 2; break;
    }
    /* f may jump at 0, where every odd polynomial is 0: what counts is its limit from above. */
    const double least_x = parity == SABLE_PARITY_ODD ? SABLE_FIT_NEAR_ZERO * fit->hi : 0;
    sable_fit_restrict(d, parity == SABLE_PARITY_NONE ? fit->lo : fmax(fit->gap, least_x), fit->hi);
    return SABLE_OK;
}

double sable_fit_x(const sable_fit_domain *d, sable_dd w) {
    const sable_dd s = dd_add(dd_mul(d->half, w), d->middle);
    const double x = d->parity == SABLE_PARITY_NONE ? s.hi : dd_mul(dd_sqrt(s), dd(d->hi)).hi;
    return fmin(fmax(x, d->near), d->far);
}

sable_status sable_fit_point_at(sable_fit_point *point, const sable_fit_domain *d, double x, sable_error *err) {
    const bool plain = d->parity == SABLE_PARITY_NONE;
    point->x = x;
    point->f = d->f(x, d->arg);
    if (!isfinite(point->f))
        return sable_fail(err, SABLE_DATA, "%s: the function is %g at x = %.17g", d->what, point->f, x);
    const sable_dd ratio = dd_div(dd(x), dd(d->hi));
    point->w = dd_div(dd_sub(plain ? dd(x) : dd_mul(ratio, ratio), d->middle), d->half);
    point->u = plain ? point->w : ratio;
    point->weight = d->parity == SABLE_PARITY_ODD ? ratio : dd(1);
    return SABLE_OK;
}

void sable_fit_basis(sable_dd *basis, const sable_fit_domain *d, const sable_fit_point *point) {
    const sable_dd w2 = dd_twice(point->w);
    sable_dd before = point->weight, now = dd_mul(point->w, point->weight);
    for (uint32_t j = 0; j < d->terms; j++) {
        basis[j] = before;
        const sable_dd next = dd_sub(dd_mul(w2, now), before);
        before = now;
        now = next;
    }
}

sable_status sable_fit_grid(sable_fit_point **grid, size_t *count, const sable_fit_domain *d, sable_error *err) {
    const uint32_t steps = GRID_PER_TERM * (d->terms + 1);
    sable_fit_point *points = malloc((steps + 1) * sizeof *points);
    if (!points) return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %u points", d->what, steps + 1);
    size_t n = 0;
    sable_status status = SABLE_OK;
    for (uint32_t i = 0; i <= steps && status == SABLE_OK; i++) {
        const double x = sable_fit_x(d, sable_cos_pi(steps - i, steps));
        if (n > 0 && x <= points[n - 1].x) continue; /* a range of few doubles */
        status = sable_fit_point_at(&points[n++], d, x, err);
    }
    if (status != SABLE_OK) {
        free(points);
        return status;
    }
    *grid = points;
    *count = n;
    return SABLE_OK;
}

/* -- errors -------------------------------------------------------------------------------------------------------- */

double sable_fit_residual(const sable_fit_curve *curve, const sable_fit_point *point) {
    const sable_dd v = curve->in_u ? point->u : point->w, v2 = dd_twice(v);
    sable_dd b1 = dd(0), b2 = dd(0);
    for (uint32_t i = curve->count - 1; i > 0; i--) {
        const sable_dd b = dd_add(dd_sub(dd_mul(v2, b1), b2), curve->c[i]);
        b2 = b1;
        b1 = b;
    }
    sable_dd value = dd_add(dd_sub(dd_mul(v, b1), b2), curve->c[0]);
    if (!curve->in_u) value = dd_mul(value, point->weight);
    return dd_sub(value, dd(point->f)).hi;
}

sable_status sable_fit_climb(sable_fit_point *point, double *value, const sable_fit_curve *curve, double a, double b,
                             sable_error *err) {
    const double sign = *value < 0 ? -1 : 1;
    sable_fit_point p;
    SABLE_TRY(sable_fit_point_at(&p, curve->d, a, err));
    double at_a = sign * sable_fit_residual(curve, &p);
    SABLE_TRY(sable_fit_point_at(&p, curve->d, b, err));
    double at_b = sign * sable_fit_residual(curve, &p);
    for (int step = 0; step < CLIMB_STEPS; step++) {
        const double m = point->x, left = m - a, right = b - m, best = sign * *value;
        /* The vertex of the parabola through the three points; where that is no progress, the middle of the longer side. */
        const double den = left * (best - at_b) + right * (best - at_a);
        double x = den > 0 ? m - (left * left * (best - at_b) - right * right * (best - at_a)) / (2 * den) : m;
        if (!(x > a && x < b) || fabs(x - m) < 0x1p-30 * (b - a)) x = left > right ? m - left / 2 : m + right / 2;
        if (!(x > a && x < b) || x == m) break;
        SABLE_TRY(sable_fit_point_at(&p, curve->d, x, err));
        const double at_x = sign * sable_fit_residual(curve, &p);
        const bool flat = fabs(at_x - best) <= 0x1p-42 * best; /* a smooth top is reached in about four steps */
        if (at_x > best) {
            if (x < m)
                b = m, at_b = best;
            else
                a = m, at_a = best;
            *point = p;
            *value = sign * at_x;
        } else if (x < m) {
            a = x, at_a = at_x;
        } else {
            b = x, at_b = at_x;
        }
        if (flat) break;
    }
    return SABLE_OK;
}

sable_status sable_fit_error(double *error, const sable_fit_domain *d, const double *c, const sable_fit_point *grid,
                             size_t count, sable_error *err) {
    sable_dd exact[SABLE_FIT_TERMS];
    for (uint32_t i = 0; i <= d->degree; i++) exact[i] = dd(c[i]);
    const sable_fit_curve curve = {d, exact, d->degree + 1, true};
    double *value = malloc(count * sizeof *value), most = 0;
    if (!value) return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %zu errors", d->what, count);
    for (size_t i = 0; i < count; i++) {
        value[i] = sable_fit_residual(&curve, &grid[i]);
        most = fmax(most, fabs(value[i]));
    }
    /* Between points of the grid the error is larger by less than 1 %: only peaks that come so near can hold the largest. */
    sable_status status = SABLE_OK;
    const double least = 0.9 * most;
    for (size_t i = 0; i < count && status == SABLE_OK; i++) {
        const size_t before = i ? i - 1 : 0, after = i + 1 < count ? i + 1 : i;
        if (fabs(value[i]) < least || fabs(value[i]) < fabs(value[before]) || fabs(value[i]) < fabs(value[after]))
            continue;
        sable_fit_point peak = grid[i];
        double top = value[i];
        status = sable_fit_climb(&peak, &top, &curve, grid[before].x, grid[after].x, err);
        most = fmax(most, fabs(top));
    }
    free(value);
    *error = most;
    return status;
}

/* -- from equations to coefficients -------------------------------------------------------------------------------- */

bool sable_fit_solve(sable_dd *x, sable_dd *a, uint32_t n) {
    const size_t width = n + 1;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t pivot = i;
        for (uint32_t r = i + 1; r < n; r++)
            if (fabs(a[r * width + i].hi) > fabs(a[pivot * width + i].hi)) pivot = r;
        if (a[pivot * width + i].hi == 0) return false;
        for (uint32_t k = i; k <= n && pivot != i; k++) {
            const sable_dd swap = a[i * width + k];
            a[i * width + k] = a[pivot * width + k];
            a[pivot * width + k] = swap;
        }
        for (uint32_t r = i + 1; r < n; r++) {
            const sable_dd m = dd_neg(dd_div(a[r * width + i], a[i * width + i]));
            for (uint32_t k = i + 1; k <= n; k++)
                a[r * width + k] = dd_add(a[r * width + k], dd_mul(m, a[i * width + k]));
        }
    }
    for (uint32_t i = n; i-- > 0;) {
        sable_dd sum = a[i * width + n];
        for (uint32_t k = i + 1; k < n; k++) sum = dd_sub(sum, dd_mul(a[i * width + k], x[k]));
        x[i] = dd_div(sum, a[i * width + i]);
    }
    return true;
}

/* Clenshaw's rule on series in T_k(s), s = T_2(u): w = (u^2 - middle)/half = slope*s + shift. T_k(s) is T_2k(u). */
static void in_squares(sable_dd *p, const sable_fit_domain *d, const sable_dd *series) {
    const sable_dd slope = dd_div(dd(1), dd_twice(d->half)), shift = dd_mul(dd_sub(dd(1), dd_twice(d->middle)), slope);
    sable_dd b1[SABLE_FIT_TERMS + 1] = {{0, 0}}, b2[SABLE_FIT_TERMS + 1] = {{0, 0}};
    for (uint32_t j = d->terms, degree = 0; j-- > 0; degree++) {
        memcpy(p, b1, sizeof b1);
        /* The last step takes w once, the others twice. */
        if (j > 0)
            sable_series_multiply_add(p, degree, dd_twice(slope), dd_twice(shift), series[j]);
        else
            sable_series_multiply_add(p, degree, slope, shift, series[j]);
        for (uint32_t k = 0; k <= degree; k++) p[k] = dd_sub(p[k], b2[k]);
        memcpy(b2, b1, sizeof b2);
        memcpy(b1, p, sizeof b1);
    }
}

void sable_fit_to_chebyshev(double *c, const sable_fit_domain *d, const sable_dd *series) {
    memset(c, 0, SABLE_POLY_COEFFS * sizeof *c);
    if (d->parity == SABLE_PARITY_NONE) {
        double largest = 0;
        for (uint32_t k = 0; k < d->terms; k++) largest = fmax(largest, fabs(c[k] = series[k].hi));
        for (uint32_t k = 0; k < d->terms; k++) /* rounding of f: an even f gives an even polynomial */
            if (fabs(c[k]) < 0x1p-50 * largest) c[k] = 0;
        return;
    }
    sable_dd p[SABLE_FIT_TERMS + 1];
    in_squares(p, d, series);
    if (d->parity == SABLE_PARITY_EVEN) {
        for (uint32_t k = 0; k < d->terms; k++) c[2 * k] = p[k].hi;
        return;
    }
    /* u*T_2k = (T_{2k+1} + T_{2k-1})/2, u*T_0 = T_1. */
    for (uint32_t k = 0; k < d->terms; k++) {
        const sable_dd next = k + 1 < d->terms ? p[k + 1] : dd(0);
        c[2 * k + 1] = dd_half(dd_add(k ? p[k] : dd_twice(p[0]), next)).hi;
    }
}

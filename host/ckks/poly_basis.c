/* SPDX-License-Identifier: Apache-2.0 */
/* Chebyshev coefficients from powers and from a function. Everything runs in double-double in a fixed order, cosines
 * included: the same coefficients, hence the same ciphertext words, on every machine. */
#include <stdlib.h>

#include "ckks/poly_impl.h"

static sable_dd dd_half(sable_dd x) { return (sable_dd){x.hi / 2, x.lo / 2}; }

/* By u*T_0 = T_1, u*T_k = (T_{k+1} + T_{k-1})/2. */
void sable_series_multiply_add(sable_dd *s, uint32_t degree, sable_dd alpha, sable_dd beta, sable_dd add) {
    sable_dd r[SABLE_POLY_COEFFS];
    for (uint32_t k = 0; k <= degree + 1; k++) {
        sable_dd up = k > 1 ? dd_half(s[k - 1]) : k == 1 ? s[0] : dd(0); /* from T_{k-1} */
        sable_dd down = k < degree ? dd_half(s[k + 1]) : dd(0);          /* from T_{k+1} */
        r[k] = dd_mul(alpha, dd_add(up, down));
        if (k <= degree) r[k] = dd_add(r[k], dd_mul(beta, s[k]));
    }
    r[0] = dd_add(r[0], add);
    for (uint32_t k = 0; k <= degree + 1; k++) s[k] = r[k];
}

sable_status sable_poly_powers(sable_poly **out, const double *coefficient, size_t count, double lo, double hi,
                               sable_error *err) {
    if (!out || !coefficient)
        return sable_fail(err, SABLE_INVALID, "sable_poly_powers: out and coefficient must not be NULL");
    SABLE_TRY(sable_poly_check_interval(lo, hi, count, err));
    /* x = alpha*u + beta; Horner's rule on series in T_k. */
    sable_dd alpha = dd_half(dd_sub(dd(hi), dd(lo))), beta = dd_half(dd_add(dd(hi), dd(lo)));
    sable_dd s[SABLE_POLY_COEFFS + 1] = {{coefficient[count - 1], 0}};
    for (uint32_t i = (uint32_t)count - 1, degree = 0; i > 0; i--, degree++)
        sable_series_multiply_add(s, degree, alpha, beta, dd(coefficient[i - 1]));
    double c[SABLE_POLY_COEFFS];
    for (size_t k = 0; k < count; k++) c[k] = s[k].hi;
    return sable_poly_make(out, c, count, lo, hi, err);
}

static const sable_dd PI = {3.141592653589793116, 1.2246467991473531772e-16};

/* Symmetries bring the angle into [0, pi/4], Taylor's series does the rest. */
sable_dd sable_cos_pi(uint32_t p, uint32_t q) {
    if (2 * p > q) return dd_neg(sable_cos_pi(q - p, q));
    if (2 * p == q) return dd(0);
    bool sine = 4 * p > q; /* cos(pi*p/q) = sin(pi*(q - 2p)/(2q)) */
    sable_dd angle = dd_div(dd_mul(PI, dd(sine ? q - 2 * p : p)), dd(sine ? 2 * q : q));
    sable_dd square = dd_neg(dd_mul(angle, angle)), term = sine ? angle : dd(1), sum = term;
    for (uint32_t i = sine ? 2 : 1; i < 30; i += 2) {
        term = dd_div(dd_mul(term, square), dd(i * (i + 1)));
        sum = dd_add(sum, term);
    }
    return sum;
}

sable_status sable_poly_interpolate(sable_poly **out, sable_poly_function f, void *arg, uint32_t degree, double lo,
                                    double hi, sable_error *err) {
    if (!out || !f) return sable_fail(err, SABLE_INVALID, "sable_poly_interpolate: out and f must not be NULL");
    SABLE_TRY(sable_poly_check_interval(lo, hi, degree < SABLE_POLY_COEFFS ? degree + 1 : SABLE_POLY_COEFFS + 1, err));
    uint32_t n = degree + 1;
    sable_dd table[2 * SABLE_POLY_COEFFS + 1]; /* cos(pi*m/2n), m <= 2n */
    for (uint32_t m = 0; m <= 2 * n; m++) table[m] = sable_cos_pi(m, 2 * n);
    sable_dd alpha = dd_half(dd_sub(dd(hi), dd(lo))), beta = dd_half(dd_add(dd(hi), dd(lo)));
    double value[SABLE_POLY_COEFFS], c[SABLE_POLY_COEFFS], largest = 0;
    for (uint32_t j = 0; j < n; j++) {
        double x = dd_add(dd_mul(alpha, table[2 * j + 1]), beta).hi;
        value[j] = f(x, arg);
        if (!isfinite(value[j]))
            return sable_fail(err, SABLE_DATA, "interpolation: the function is %g at x = %.17g", value[j], x);
    }
    for (uint32_t k = 0; k < n; k++) {
        /* Nodes j and n-1-j have opposite u: pairing them makes the sums of odd and even functions vanish exactly. */
        sable_dd sum = dd(0);
        for (uint32_t j = 0; j < n / 2; j++) {
            double mirror = value[n - 1 - j];
            uint32_t m = k * (2 * j + 1) % (4 * n);
            sable_dd pair = k & 1 ? dd_two_sum(value[j], -mirror) : dd_two_sum(value[j], mirror);
            sum = dd_add(sum, dd_mul(pair, table[m <= 2 * n ? m : 4 * n - m]));
        }
        if (n & 1 && !(k & 1))
            sum = k & 2 ? dd_sub(sum, dd(value[n / 2])) : dd_add(sum, dd(value[n / 2])); /* cos(k*pi/2) */
        c[k] = dd_div(sum, k == 0 ? dd(n) : dd_half(dd(n))).hi;
        largest = fmax(largest, fabs(c[k]));
    }
    for (uint32_t k = 0; k < n; k++)
        if (fabs(c[k]) < 0x1p-50 * largest) c[k] = 0;
    return sable_poly_make(out, c, n, lo, hi, err);
}

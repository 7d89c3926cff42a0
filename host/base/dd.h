/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BASE_DD_H
#define SABLE_BASE_DD_H
/* Double-double arithmetic: a value is the unevaluated sum hi + lo with |lo| <= ulp(hi)/2, about 106 bits.
 * Used for scales, encoder tables and constants, never for ring elements. The order of operations is fixed and every
 * fused multiply-add is explicit (the build sets -ffp-contract=off), so results are the same words on every machine.
 * Error bounds (Joldes, Muller, Popescu, ACM TOMS 44(2), 2017): add 3 u^2, mul 5 u^2, div 10 u^2 relative, u = 2^-53. */
#include <math.h>
#include <stdbool.h>

typedef struct sable_dd {
    double hi, lo;
} sable_dd;

static inline sable_dd dd(double x) { return (sable_dd){x, 0.0}; }

static inline sable_dd dd_two_sum(double a, double b) {
    double s = a + b, t = s - a;
    return (sable_dd){s, (a - (s - t)) + (b - t)};
}
static inline sable_dd dd_quick_sum(double a, double b) { /* needs |a| >= |b| or a = 0 */
    double s = a + b;
    return (sable_dd){s, b - (s - a)};
}
static inline sable_dd dd_two_prod(double a, double b) {
    double p = a * b;
    return (sable_dd){p, fma(a, b, -p)};
}
static inline sable_dd dd_add(sable_dd a, sable_dd b) {
    sable_dd s = dd_two_sum(a.hi, b.hi), t = dd_two_sum(a.lo, b.lo);
    s = dd_quick_sum(s.hi, s.lo + t.hi);
    return dd_quick_sum(s.hi, s.lo + t.lo);
}
static inline sable_dd dd_neg(sable_dd a) { return (sable_dd){-a.hi, -a.lo}; }
static inline sable_dd dd_sub(sable_dd a, sable_dd b) { return dd_add(a, dd_neg(b)); }
static inline sable_dd dd_mul(sable_dd a, sable_dd b) {
    sable_dd p = dd_two_prod(a.hi, b.hi);
    double cross = fma(a.lo, b.hi, a.hi * b.lo);
    return dd_quick_sum(p.hi, p.lo + cross);
}
static inline sable_dd dd_div(sable_dd a, sable_dd b) {
    double q1 = a.hi / b.hi;
    sable_dd r = dd_sub(a, dd_mul(b, dd(q1)));
    double q2 = r.hi / b.hi;
    r = dd_sub(r, dd_mul(b, dd(q2)));
    double q3 = r.hi / b.hi;
    return dd_add(dd_quick_sum(q1, q2), dd(q3));
}
/* One Newton step on the correctly rounded square root; a >= 0. */
static inline sable_dd dd_sqrt(sable_dd a) {
    if (a.hi <= 0) return dd(0);
    double x = sqrt(a.hi);
    sable_dd r = dd_sub(a, dd_two_prod(x, x));
    return dd_quick_sum(x, r.hi / (2 * x));
}
static inline bool dd_equal(sable_dd a, sable_dd b) { return a.hi == b.hi && a.lo == b.lo; }
static inline double dd_log2(sable_dd a) { return log2(a.hi) + log1p(a.lo / a.hi) / 0.693147180559945309417232; }

#endif

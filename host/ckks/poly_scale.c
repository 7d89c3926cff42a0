/* SPDX-License-Identifier: Apache-2.0 */
/* Scales as formal products. */
#include <string.h>

#include "ckks/poly_plan.h"

static int16_t plus(int16_t a, int16_t b, int sign) { return (int16_t)(a + sign * b); }

sable_monomial sable_monomial_times(const sable_monomial *a, const sable_monomial *b, int sign) {
    sable_monomial r;
    r.in = plus(a->in, b->in, sign);
    r.out = plus(a->out, b->out, sign);
    for (uint32_t i = 0; i < SABLE_MAX_Q; i++) r.prime[i] = plus(a->prime[i], b->prime[i], sign);
    for (uint32_t i = 0; i < SABLE_POLY_MAX_K; i++) r.k[i] = plus(a->k[i], b->k[i], sign);
    return r;
}

bool sable_monomial_equal(const sable_monomial *a, const sable_monomial *b) { return memcmp(a, b, sizeof *a) == 0; }

/* A double-double with an exponent of its own: powers of scales leave the range of a double. */
typedef struct wide {
    sable_dd m; /* 1/2 <= |m.hi| < 1 */
    int e;
} wide;

static wide normal(sable_dd m, int e) {
    int shift;
    (void)frexp(m.hi, &shift);
    return (wide){{ldexp(m.hi, -shift), ldexp(m.lo, -shift)}, e + shift};
}
static wide wide_mul(wide a, wide b) { return normal(dd_mul(a.m, b.m), a.e + b.e); }

static wide times_power(wide r, sable_dd base, int exponent) {
    if (exponent == 0) return r;
    wide b = normal(base, 0), power = normal(dd(1), 0);
    for (int n = exponent < 0 ? -exponent : exponent; n; n >>= 1, b = wide_mul(b, b))
        if (n & 1) power = wide_mul(power, b);
    if (exponent > 0) return wide_mul(r, power);
    return normal(dd_div(r.m, power.m), r.e - power.e);
}

sable_dd sable_monomial_value(const sable_poly_program *p, const sable_monomial *m) {
    wide r = normal(dd(1), 0);
    r = times_power(r, p->in_scale, m->in);
    r = times_power(r, p->out_scale, m->out);
    for (uint32_t i = 0; i < p->params->q_count; i++) r = times_power(r, dd(p->params->prime[i]), m->prime[i]);
    for (uint32_t i = 0; i < p->k_count; i++) r = times_power(r, p->k[i].value, m->k[i]);
    return (sable_dd){ldexp(r.m.hi, r.e), ldexp(r.m.lo, r.e)};
}

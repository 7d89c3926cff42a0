/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/noise.h"

#include <math.h>

double sable_noise_rounding(const sable_ctx *ctx, uint32_t parts) {
    double h = 2.0 * ctx->params.n / 3, energy = 1 + h;
    /* Coefficients of s^2 are sums of 2*s_i*s_j: total energy about 2*h^2. */
    if (parts == 3) energy += 2 * h * h;
    return energy / 12;
}

double sable_noise_key_switch(const sable_ctx *ctx, uint32_t level) {
    const sable_level_tables *t = &ctx->level[level];
    /* D_j/P prime by prime. A digit is no larger than P, at most 24 primes, so nothing overflows; and no libm, whose last bit could differ
     * between machines: the variance is written to files. */
    double sum = 0;
    for (uint32_t j = 0; j < t->digits; j++) {
        double ratio = 1;
        for (uint32_t i = 0; i < t->digit_limbs[j]; i++) ratio *= ctx->ring->prime[t->pos[t->digit_first[j] + i]].p;
        for (uint32_t i = 0; i < ctx->params.p_count; i++) ratio /= ctx->ring->prime[ctx->params.q_count + i].p;
        sum += ratio * ratio;
    }
    return ctx->params.n * SABLE_SIGMA2 / 12 * sum;
}

double sable_noise_product(const sable_ct *a, const sable_ct *b) {
    double sa = a->scale.hi * a->rms, sb = b->scale.hi * b->rms, n = a->ctx->params.n;
    if (a == b) return 4 * a->noise_var * sa * sa + 2 * n * a->noise_var * a->noise_var;
    return a->noise_var * sb * sb + b->noise_var * sa * sa + n * a->noise_var * b->noise_var;
}

double sable_rms_product(const sable_ct *a, const sable_ct *b) {
    /* A square has the mean of |z|^4, between rms^4 (constant modulus) and rms^2*bound^2; the geometric mean fits uniform values within 2 %. */
    if (a == b) return a->rms * sqrt(a->rms * a->bound);
    return a->rms * b->rms;
}

double sable_noise_slot_std(const sable_ct *ct) {
    double absolute = sqrt(ct->ctx->params.n / 2.0 * ct->noise_var) / ct->scale.hi, relative = ct->relative * ct->rms;
    return sqrt(absolute * absolute + relative * relative);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_NOISE_H
#define SABLE_CKKS_NOISE_H
/* The noise tracker: variance of one coefficient of the error polynomial, assumed centred and independent (docs/NOISE.md).
 * h = 2N/3, the expected weight of the ternary secret; sigma^2 = 10.5 (CBD21). */
#include <math.h>

#include "ckks/objects.h"

#define SABLE_SIGMA2 10.5

/* Rounding of a division: each of the parts' residues is uniform in (-1/2, 1/2); part i meets s^i. */
SABLE_SHARED double sable_noise_rounding(const sable_ctx *ctx, uint32_t parts);
/* The digits' part of a key switch at a level: N sigma^2/12 * sum_j (D_j/P)^2, without the rounding. */
double sable_noise_key_switch(const sable_ctx *ctx, uint32_t level);
/* Variance of a product of ciphertexts before rescaling. */
double sable_noise_product(const sable_ct *a, const sable_ct *b);
/* Standard deviation of the error of one slot component: sqrt(N/2 * var)/scale, and the relative part. */
SABLE_SHARED double sable_noise_slot_std(const sable_ct *ct);
/* The smallest power of two >= x > 0, exactly. */
static inline double sable_power_of_two_from(double x) {
    int exponent;
    double fraction = frexp(x, &exponent);
    return ldexp(1, fraction == 0.5 ? exponent - 1 : exponent);
}
/* rms of a product of two independent messages, of a square. */
double sable_rms_product(const sable_ct *a, const sable_ct *b);

#endif

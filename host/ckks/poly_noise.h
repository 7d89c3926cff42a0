/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_POLY_NOISE_H
#define SABLE_CKKS_POLY_NOISE_H
#include "ckks/objects.h"
#include "ckks/poly_plan.h"

typedef struct sable_poly_estimate {
    double variance; /* of one coefficient of the error of the result, divided by the scale squared */
    double rms;      /* of p(x) */
} sable_poly_estimate;

/* First-order error of a run of the plan. Errors of the T_i are strongly correlated (all come from one input), so variances must not simply be
 * added as the operations do: the derivative of the result with respect to every intermediate value is computed at sample points, spread
 * evenly over the declared range of `in`, and each source of noise is weighted with the mean square of its derivative. u: the input of
 * the plan (after the affine map) with its tracked noise. */
sable_status sable_poly_noise(sable_queue *queue, sable_poly_estimate *estimate, const sable_poly_program *p,
                              const sable_poly *poly, const sable_poly_reduced *reduced, const sable_ct *in,
                              const sable_ct *u);

#endif

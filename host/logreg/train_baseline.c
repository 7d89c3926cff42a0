/* SPDX-License-Identifier: Apache-2.0 */
/* One step after the other; all in tiles with samples in rows, weights as column vectors. Levels of a step:
 *     1  Z v, products        2  its sums, masked     3  U^2, Z U      4  their product; sums over samples are free
 *     5  baseline: (1-e) w' + e w
 * The folded circuit carries v/(1-e), so that the momentum costs one scalar product with an old w, and multiplies the next mask by 1-e. */
#include <math.h>

#include "logreg/training.h"

void training_build_sequential(sable_training *tr) {
    const sable_training_options *o = &tr->options;
    sable_circuit *c = tr->circuit;
    const bool folded = o->kind == SABLE_TRAIN_FOLDED;
    const sable_matrix *w = training_add_input(tr, TRAINING_START, false, 0, 1), *v = w;
    double carry = 1; /* v is carried divided by it */
    for (uint32_t t = 1; t <= o->iterations; t++) {
        const training_step *s = &tr->step[t];
        const sable_matrix *z = training_add_input(tr, TRAINING_ROWS, false, t, 1);
        const sable_matrix *u = sable_matrix_sum_cols(c, sable_matrix_hadamard(c, z, v), carry * s->scale);
        training_declare(tr, u, 2 * o->range * s->scale);
        const sable_matrix *g = sable_matrix_sum_rows(c, training_product(tr, z, u, training_factor(tr, u, t), t));
        const double most = o->weight_bound / s->divide;
        training_declare(tr, g, 2 * most); /* the difference of two states */
        const sable_matrix *next = sable_matrix_add(c, training_scaled(tr, v, carry / s->divide), g);
        training_declare(tr, next, most);
        if (t == o->iterations) training_finish(tr, next);
        if (t == o->iterations && (folded || o->infer_range > 0)) return;
        if (folded) {
            carry = 1 - s->momentum;
            v = sable_matrix_add(c, next, sable_matrix_mul_scalar(c, w, s->momentum / carry));
            training_declare(tr, v, o->weight_bound / fabs(carry));
        } else {
            v = sable_matrix_add(c, training_scaled(tr, next, 1 - s->momentum),
                                 sable_matrix_mul_scalar(c, w, s->momentum));
            training_declare(tr, v, o->weight_bound);
        }
        w = next;
    }
    sable_matrix_output(c, "v", v); /* the method as it is written ends each step with its momentum */
    tr->outputs += tr->result_outputs;
}

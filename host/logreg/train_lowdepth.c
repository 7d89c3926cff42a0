/* SPDX-License-Identifier: Apache-2.0 */
/* Low depth: u_{t+1} = Z_{t+1} v_{t+1} does not wait for v_{t+1}. With the Gram matrix G_t = Z_{t+1} Z_t^T that the data owner sends,
 *     u_{t+1} = (1-e_t) a_t G_t p(u_t) + Z_{t+1} x_t,     x_t = (1-e_t) v_t + e_t w_t,     v_t = (1-e_{t-1}) w_t + e_{t-1} w_{t-1},
 * so the chain u_1, u_2, .. runs through b x b matrices, two products and at most one mask a step, and the weights follow beside it.
 *
 * Formats. A value that the products need as a column vector is summed freely, one that they need as a row vector takes a mask. u_t as column vector (C, in tall
 * tiles: the transposed minibatch) gives u_{t+1} as row vector (R, wide), and that gives u_{t+2} as column vector: a mask every second step, 5 levels
 * for two steps. A step from u in C uses x in C and gives the gradient in R; one from u in R uses x in R and gives the gradient in C. (Weights: C in
 * wide tiles, R in tall ones.)
 *
 * One chain: u in C for odd t, in R for even t; new weights are converted to the other format, which has time until they are used. Two chains:
 * everything in both formats, no conversion, nearly twice the inputs.
 *
 * The cubic's factor s (training.h) rides in the mask where u becomes a row vector; where it becomes a column vector there is none: the data owner
 * sends that Gram matrix multiplied by s, x has scalars anyway, and Z_1^T is sent multiplied by s_1, which the mask of its gradient takes out. */
#include "logreg/training.h"

enum { C, R, FORMATS };

typedef struct weights {
    const sable_matrix *now, *before; /* w_t, w_{t-1} */
} weights;

typedef struct chain {
    sable_training *tr;
    sable_circuit *c;
    uint32_t last; /* k */
    bool both;
    weights w[FORMATS];
    const sable_matrix *u[FORMATS]; /* U_t; NULL: not computed in this format */
    const sable_matrix *z[FORMATS]; /* minibatch t as u of this format needs it */
} chain;

static double first_factor(const chain *k, uint32_t t, int format) {
    return t == 1 && format == C ? k->tr->step[1].scale : 1;
}

/* u in this format is computed for step t: of the last step only what gives the result. */
static bool wanted(const chain *k, uint32_t t, int format) {
    if (k->both) return t < k->last || format == R;
    return (t % 2 ? C : R) == format;
}

static void add_data(chain *k, uint32_t t) {
    for (int f = C; f < FORMATS; f++)
        k->z[f] = wanted(k, t, f) ? training_add_input(k->tr, TRAINING_ROWS, f == C, t, first_factor(k, t, f)) : NULL;
}

/* now*w_t + before*w_{t-1}; at the first step both are the start. */
static const sable_matrix *mix(const chain *k, int format, double now, double before) {
    const weights *w = &k->w[format];
    if (!w->before) return training_scaled(k->tr, w->now, now + before);
    return sable_matrix_add(k->c, training_scaled(k->tr, w->now, now),
                            sable_matrix_mul_scalar(k->c, w->before, before));
}

static double momentum_before(const chain *k, uint32_t t) { return t > 1 ? k->tr->step[t - 1].momentum : 0; }

/* w_{t+1} in the format other than f, from the gradient of u in format f. */
static const sable_matrix *new_weights(const chain *k, uint32_t t, int f, const sable_matrix *factor) {
    const training_step *s = &k->tr->step[t];
    const sable_matrix *terms = training_product(k->tr, k->z[f], k->u[f], factor, t);
    const sable_matrix *g =
        f == C ? sable_matrix_sum_cols(k->c, terms, 1 / first_factor(k, t, f)) : sable_matrix_sum_rows(k->c, terms);
    const double e = momentum_before(k, t), most = k->tr->options.weight_bound / s->divide;
    training_declare(k->tr, g, 2 * most);
    const sable_matrix *next = sable_matrix_add(k->c, mix(k, f == C ? R : C, (1 - e) / s->divide, e / s->divide), g);
    return training_declare(k->tr, next, most);
}

/* U_{t+1} in the format other than f; z: minibatch t+1 as that needs it. */
static const sable_matrix *next_u(const chain *k, uint32_t t, int f, const sable_matrix *factor,
                                  const sable_matrix *z) {
    const training_step *s = &k->tr->step[t];
    const double e = s->momentum, before = momentum_before(k, t), scale = s[1].scale, carried = f == R ? scale : 1;
    const sable_matrix *x = mix(k, f, carried * ((1 - e) * (1 - before) + e), carried * (1 - e) * before);
    const sable_matrix *gram = training_add_input(k->tr, TRAINING_GRAM, f == R, t, carried * (1 - e));
    const sable_matrix *terms = training_product(k->tr, gram, k->u[f], factor, t), *u;
    if (f == C) {
        const sable_matrix *const both[] = {terms, sable_matrix_hadamard(k->c, z, x)};
        u = sable_matrix_sum_cols_many(k->c, both, 2, scale);
    } else {
        const sable_matrix *const both[] = {sable_matrix_transpose_tile(k->c, terms),
                                            sable_matrix_hadamard(k->c, x, z)};
        u = sable_matrix_sum_rows_many(k->c, both, 2);
    }
    return training_declare(k->tr, u, 2 * k->tr->options.range * scale);
}

static void begin(chain *k) {
    sable_training *tr = k->tr;
    k->w[C].now = training_add_input(tr, TRAINING_START, false, 0, 1);
    k->w[R].now = training_add_input(tr, TRAINING_START, true, 0, 1);
    add_data(k, 1);
    const double scale = tr->step[1].scale;
    if (k->z[C]) k->u[C] = sable_matrix_sum_rows(k->c, sable_matrix_hadamard(k->c, k->w[R].now, k->z[C]));
    if (k->z[R]) k->u[R] = sable_matrix_sum_cols(k->c, sable_matrix_hadamard(k->c, k->z[R], k->w[C].now), scale);
    for (int f = C; f < FORMATS; f++)
        if (k->u[f]) training_declare(tr, k->u[f], 2 * tr->options.range * scale);
}

static void step(chain *k, uint32_t t) {
    const sable_matrix *next[FORMATS] = {NULL, NULL}, *u[FORMATS] = {NULL, NULL}, *factor[FORMATS] = {NULL, NULL};
    for (int f = C; f < FORMATS; f++)
        if (k->u[f]) {
            factor[f] = training_factor(k->tr, k->u[f], t);
            next[f == C ? R : C] = new_weights(k, t, f, factor[f]);
        }
    if (t < k->last) {
        add_data(k, t + 1);
        for (int f = C; f < FORMATS; f++) {
            const int to = f == C ? R : C;
            if (k->u[f] && k->z[to]) u[to] = next_u(k, t, f, factor[f], k->z[to]);
        }
        if (!k->both && next[R])
            next[C] = sable_matrix_row_to_col(k->c, next[R], 1);
        else if (!k->both)
            next[R] = sable_matrix_col_to_row(k->c, next[C], 1);
    }
    for (int f = C; f < FORMATS; f++) {
        k->w[f] = (weights){next[f], k->w[f].now};
        k->u[f] = u[f];
    }
}

void training_build_lowdepth(sable_training *tr) {
    chain k = {.tr = tr, .c = tr->circuit, .last = tr->options.iterations, .both = tr->options.chains == 2};
    begin(&k);
    for (uint32_t t = 1; t <= k.last; t++) step(&k, t);
    const bool row = k.w[C].now == NULL; /* one chain, odd k */
    const sable_matrix *w = row ? k.w[R].now : k.w[C].now;
    if (row && tr->options.infer_range > 0) w = sable_matrix_row_to_col(tr->circuit, w, 1);
    training_finish(tr, w);
}

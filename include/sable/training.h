/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TRAINING_H
#define SABLE_TRAINING_H
/* Training a binary logistic regression on encrypted minibatches, without bootstrapping (docs/TRAINING.md).
 *
 * Nesterov's accelerated gradient. Rows z_i = y_i (x_i, 1), y_i = 1 or -1; Z_t is the minibatch of b rows of step t = 1..k, p a cubic that approximates
 * 1/(1 + exp(u)):
 *     w_{t+1} = v_t + a_t Z_t^T p(Z_t v_t),   v_{t+1} = (1 - e_t) w_{t+1} + e_t w_t,   v_1 = w_1 = start,   a_t = rate_t / b
 * The schedule of e_t and a_t is public. Weights have features + 1 components, the constant's last.
 *
 * Roles. The data owner draws minibatches, packs and encrypts the inputs of the circuit (sable_training_draw, sable_training_pack). Whoever computes lowers
 * the circuit for a parameter set and runs it with evaluation keys alone (circuit.h). The owner decrypts the outputs (sable_training_unpack). */
#include "sable/circuit.h"
#include "sable/dataset.h"
#include "sable/linalg.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sable_training_kind {
    SABLE_TRAIN_BASELINE = 1, /* 5 levels a minibatch: products with v, mask, square, cubic, momentum */
    SABLE_TRAIN_FOLDED,       /* 4: the momentum's factor is carried into the next mask */
    SABLE_TRAIN_LOWDEPTH /* 2.5, and 1 at the start: Z_{t+1} v_{t+1} by way of encrypted Gram matrices Z_{t+1} Z_t^T, not of the weights */
} sable_training_kind;

typedef struct sable_training_options {
    size_t struct_size;
    sable_training_kind kind;
    uint32_t chains; /* low depth: 1 (0 too) converts weights between formats; 2 computes everything in both formats */
    uint32_t iterations; /* k, 1..64 */
    uint32_t minibatch;  /* b */
    uint32_t features;
    double rate;        /* 0 = 4 */
    bool constant_rate; /* rate_t = rate; default rate/t */
    double
        range; /* p is the least-squares cubic on [-range, range], and the caller states that |Z_t v_t| <= 2*range; 0 = 8 */
    double weight_bound; /* the caller states: no component of w_t or v_t is larger; 0 = 8 */
    double
        infer_range; /* 0: outputs are the weights. Else a model for sable_infer_encrypted with row packing, divided by this number, which the
                          * caller states to bound every |logit| */
} sable_training_options;

/* Step t = 1..: momentum e_t, rate a_t = rate_t/b. */
SABLE_API SABLE_CHECKED sable_status sable_training_step(const sable_training_options *options, uint32_t t,
                                                         double *momentum, double *rate, sable_error *err);
/* p(u) = c[0] + c[1] u + c[2] u^3. */
SABLE_API void sable_training_cubic(double range, double c[3]);

typedef struct sable_training sable_training;
/* The circuit for `slots` slots (N/2). Tiles are minibatch x features, rounded up to powers of two, the rest of the slots beside them; the
 * low-depth circuit takes tiles with the sides' ratio 1 or 2. Features that do not fit one tile's width take several. Errors: SABLE_INVALID,
 * SABLE_LIMIT (a minibatch or a number of features that do not fit, with the largest that do). */
SABLE_API SABLE_CHECKED sable_status sable_training_create(sable_training **out, const sable_training_options *options,
                                                           uint32_t slots, sable_error *err);
SABLE_API void sable_training_destroy(sable_training **training);

typedef struct sable_training_info {
    size_t struct_size;
    sable_training_options options; /* with the defaults put in */
    sable_tile tile;                /* of minibatches with samples in rows */
    uint32_t tiles;                 /* of one minibatch */
    uint32_t depth;        /* levels that the circuit takes, by the formula of its kind; lowering confirms it */
    uint32_t output_level; /* what sable_lowering must ask for: 0, or the level of a model */
    size_t inputs, outputs;
} sable_training_info;
SABLE_API SABLE_CHECKED sable_status sable_training_describe(const sable_training *training, sable_training_info *info);
/* Lives as long as the training. */
SABLE_API const sable_circuit *sable_training_circuit(const sable_training *training);

/* -- the data owner ------------------------------------------------------------------------------------------------ */
/* model->mean = 0, or the mean of each feature (centre); model->deviation = the largest |x - mean|, or 1: after sable_model_standardise
 * every |x| <= 1. `model` has mean and deviation. */
SABLE_API void sable_training_scaling(sable_model *model, const double *x, size_t samples, bool centre);
/* z[iterations][minibatch][features+1] from x[samples][features] and labels 0 or 1: samples in an order that `order` fixes, none again
 * before all were drawn. Errors: SABLE_INVALID (fewer samples than a minibatch), SABLE_BOUND (|x| above 1: sample, feature), SABLE_DATA. */
SABLE_API SABLE_CHECKED sable_status sable_training_draw(double *z, const sable_training_options *options,
                                                         const double *x, const int32_t *labels, size_t samples,
                                                         uint64_t order, sable_error *err);
/* What |slots| of an input may reach, for its encoding; 0 past the end. */
SABLE_API double sable_training_bound(const sable_training *training, size_t input);
/* Slots of an input, 0 <= input < inputs, in the circuit's order. start[features+1]; NULL: zeros. */
SABLE_API SABLE_CHECKED sable_status sable_training_pack(const sable_training *training, size_t input, const double *z,
                                                         const double *start, double *slots, sable_error *err);
/* weights[features+1] = w_{k+1} from the slots of all outputs, [outputs][slots]. */
SABLE_API SABLE_CHECKED sable_status sable_training_unpack(const sable_training *training, const double *slots,
                                                           double *weights, sable_error *err);

/* -- who computes -------------------------------------------------------------------------------------------------- */
/* Of a training with infer_range: the model, from the outputs of a run at output_level. *model's handles are created. */
SABLE_API SABLE_CHECKED sable_status sable_training_model(sable_queue *queue, sable_encrypted_model *model,
                                                          const sable_training *training, sable_ct *const *outputs,
                                                          size_t output_count);

/* -- in the clear -------------------------------------------------------------------------------------------------- */
/* The recurrence above, step by step: weights = w_{k+1}, momentum = v_{k+1} (may be NULL); the largest |Z_t v_t| (may be NULL). */
SABLE_API SABLE_CHECKED sable_status sable_training_reference(const sable_training_options *options, const double *z,
                                                              const double *start, double *weights, double *momentum,
                                                              double *largest, sable_error *err);
/* The circuit in double precision: the encrypted run's twin. SABLE_BOUND when values leave what the options state. */
SABLE_API SABLE_CHECKED sable_status sable_training_twin(const sable_training *training, const double *z,
                                                         const double *start, double *weights, sable_error *err);

#ifdef __cplusplus
}
#endif
#endif

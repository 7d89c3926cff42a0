/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LOGREG_H
#define SABLE_LOGREG_H
/* Logistic regression on encrypted data: models, their twins in the clear, and batched inference.
 *
 * A model has `classes` rows: 1 for a binary model (logit of the positive class), k for one-versus-rest. Features may be standardised,
 * z = (x - mean)/deviation; that map is applied by the data owner before encryption, weights refer to z.
 *
 * Packings of a data set in ciphertexts of S slots:
 *   feature-major   for many samples: one ciphertext a feature, slot i = sample i of a block of S samples; a block is one batch of `features`
 *                   members. logit_c = sum_j w_cj X_j + b_c: no rotation; with plaintext weights no key at all.
 *   row             for few samples: slot i*W + j = feature j of sample i, W = features rounded up to a power of two, S/W samples a
 *                   ciphertext; sums over the W slots by rotations, the other slots are masked to zero.
 * Results: one ciphertext batch of `classes` members a block: feature-major: sample i in slot i; row: sample i in slot i*W. */
#include "sable/poly.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sable_model {
    uint32_t classes, features;
    double *weights;          /* [classes][features] */
    double *bias;             /* [classes] */
    double *mean, *deviation; /* [features] each, or both NULL: no standardisation */
} sable_model;

/* Zero weights. mean and deviation allocated (0 and 1) if standardised. */
SABLE_API SABLE_CHECKED sable_status sable_model_create(sable_model **out, uint32_t classes, uint32_t features,
                                                        bool standardised, sable_error *err);
SABLE_API void sable_model_destroy(sable_model **model);
/* JSON: {"format":"sable-model","version":1,"classes":..,"features":..,"weights":[[..]],"bias":[..],"mean":[..],"deviation":[..]}; numbers with
 * 17 digits; saved as it is when path ends in ".json", else inside a container. Errors: SABLE_IO, SABLE_FORMAT, SABLE_DATA (not finite, deviation <= 0). */
SABLE_API SABLE_CHECKED sable_status sable_model_load(sable_model **out, const char *path, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_model_save(const sable_model *model, const char *path, sable_error *err);

typedef struct sable_train_options {
    size_t struct_size;
    uint32_t iterations; /* full-batch Nesterov steps; 0 = 300 */
    double rate;         /* learning rate; 0 = 1 */
    double ridge;        /* l2 penalty on the weights; 0 = 1e-3 */
    bool standardise;
} sable_train_options;
/* The twin in the clear: minimises the mean logistic loss (one-versus-rest for classes > 1; labels 0 .. max(classes,2)-1) over the rows of x
 * [samples][features]. Deterministic. Errors: SABLE_DATA (labels, not finite). */
SABLE_API SABLE_CHECKED sable_status sable_model_train(sable_model **out, const double *x, const int32_t *labels,
                                                       size_t samples, uint32_t features, uint32_t classes,
                                                       const sable_train_options *options, sable_error *err);
/* In place: rows standardised as the model says; a copy-through without mean and deviation. */
SABLE_API void sable_model_standardise(const sable_model *model, double *x, size_t samples);
/* logits[samples][classes] of standardised rows, in double. */
SABLE_API void sable_model_logits(const sable_model *model, double *logits, const double *z, size_t samples);
/* Class of a row of logits: logit > 0 for one class, else the first largest. */
SABLE_API int32_t sable_model_predict(const sable_model *model, const double *logits);

/* -- packings ------------------------------------------------------------------------------------------------------ */
typedef enum sable_packing { SABLE_PACK_FEATURE_MAJOR = 1, SABLE_PACK_ROW = 2 } sable_packing;

typedef struct sable_layout {
    sable_packing packing;
    uint32_t features;
    uint32_t slots;             /* S = N/2 */
    uint32_t width;             /* row: W; feature-major: 1 */
    uint32_t samples_per_block; /* S, or S/W */
    uint32_t members;           /* ciphertexts of a block: features, or 1 */
} sable_layout;
/* packing 0 chooses: row when samples <= S/W, else feature-major. SABLE_LIMIT when W > S. */
SABLE_API SABLE_CHECKED sable_status sable_layout_choose(sable_layout *out, const sable_params *params,
                                                         sable_packing packing, uint32_t features, size_t samples,
                                                         sable_error *err);
/* values[members][S] of the block that holds `count` <= samples_per_block rows; the rest is zero. */
SABLE_API void sable_layout_pack(const sable_layout *layout, double *values, const double *rows, size_t count);
/* results[count][classes] from the decoded result values[classes][S]. */
SABLE_API void sable_layout_unpack(const sable_layout *layout, double *results, const double *values, uint32_t classes,
                                   size_t count);

/* -- inference ----------------------------------------------------------------------------------------------------- */
typedef struct sable_infer_options {
    size_t struct_size;
    bool probabilities; /* sigmoid under encryption; else logits */
    uint32_t degree;    /* of the sigmoid polynomial (minimax on [-range, range]), up to SABLE_FIT_MAX_DEGREE; 0 = 15 */
    double
        range; /* what the caller states: every |logit| <= range. Logits are computed divided by it. 0: it follows from the rigorous bound
                           L = max_c sum_j |w_cj| * bound + |b_c| of plaintext weights: logits: the power of two in [1, L/32), so that results
                           stay below 64; probabilities: L itself, refused above 64. Encrypted weights: 0 = 1, nothing stated; probabilities
                           need it stated */
    const sable_poly *
        sigmoid; /* probabilities: from sable_infer_sigmoid with the same degree and range, which saves fitting it for every block; NULL: fitted */
} sable_infer_options;

/* The polynomial in u = logit/range on [-1, 1] that stands for the sigmoid: the minimax fit of options->degree. *error (may be NULL): its
 * largest distance from the sigmoid. Errors: as sable_poly_sigmoid. */
SABLE_API SABLE_CHECKED sable_status sable_infer_sigmoid(sable_poly **out, const sable_infer_options *options,
                                                         double range, double *error, sable_error *err);

/* Levels that inference takes below the data's level: 1 (feature-major logits), 2 (row, one for the mask), plus the polynomial's depth. */
SABLE_API uint32_t sable_infer_depth(const sable_layout *layout, const sable_infer_options *options);
/* Adds the keys that inference needs when data are at `level`: relinearisation (encrypted weights, probabilities), rotations by 1, 2, .. W/2 (row). */
SABLE_API SABLE_CHECKED sable_status sable_infer_keys(sable_key_spec *spec, const sable_layout *layout,
                                                      const sable_infer_options *options, bool encrypted_weights,
                                                      uint32_t level, sable_error *err);

/* An encrypted model: `weights` at level l (feature-major: classes*features members, each weight in every slot; row: classes members, the weight
 * row repeated), `bias` at level l-1 (classes members); both divided by `range`. The bias is added before the row packing's mask. */
typedef struct sable_model_values {
    uint32_t weight_members, bias_members;
    double *weights; /* [weight_members][S] */
    double *bias;    /* [bias_members][S] */
} sable_model_values;
/* Slot values for the data owner's or trainer's encryption of a model. */
SABLE_API SABLE_CHECKED sable_status sable_model_pack(sable_model_values *out, const sable_model *model,
                                                      const sable_layout *layout, double range, sable_error *err);
SABLE_API void sable_model_values_free(sable_model_values *values);

/* out (classes members) = logits/range or probabilities of one block at level(data) - depth. Plaintext weights: keys may be NULL for
 * feature-major logits. Errors beside those of eval.h: SABLE_INVALID (features of model and data differ, with both numbers). */
SABLE_API SABLE_CHECKED sable_status sable_infer_plain(sable_queue *queue, sable_ct *out, const sable_ct *data,
                                                       const sable_model *model, const sable_layout *layout,
                                                       const sable_infer_options *options, const sable_keyset *keys);
/* Encrypted weights, as sable_model_pack lays them out; options->range is the one they were divided by. Feature-major: one relinearisation a class. */
SABLE_API SABLE_CHECKED sable_status sable_infer_encrypted(sable_queue *queue, sable_ct *out, const sable_ct *data,
                                                           const sable_ct *weights, const sable_ct *bias,
                                                           uint32_t classes, const sable_layout *layout,
                                                           const sable_infer_options *options,
                                                           const sable_keyset *keys);
/* The factor by which decrypted results are multiplied to give logits: options->range as resolved (1 for probabilities). */
SABLE_API SABLE_CHECKED sable_status sable_infer_range(double *range, const sable_model *model, double data_bound,
                                                       const sable_infer_options *options, sable_error *err);

#ifdef __cplusplus
}
#endif
#endif

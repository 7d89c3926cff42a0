/* SPDX-License-Identifier: Apache-2.0 */
/* Batched inference. Feature-major blocks cost one weighted sum (plaintext weights) or one lazy relinearisation a class (encrypted weights);
 * row blocks add log2(W) rotations and a mask. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "ckks/noise.h"
#include "sable/logreg.h"

/* Above this the best polynomial of degree <= 63 is no longer a sigmoid; a caller who wants it states the range. */
#define AUTOMATIC_RANGE_LIMIT 64.0

static uint32_t poly_degree(const sable_infer_options *o) { return o->degree ? o->degree : 15; }

static uint32_t levels_of_degree(uint32_t degree) {
    uint32_t depth = 0;
    while ((1u << depth) < degree + 1) depth++;
    return depth;
}

uint32_t sable_infer_depth(const sable_layout *layout, const sable_infer_options *options) {
    uint32_t depth = layout->packing == SABLE_PACK_ROW ? 2 : 1;
    if (options && options->probabilities) depth += levels_of_degree(poly_degree(options));
    return depth;
}

sable_status sable_infer_keys(sable_key_spec *spec, const sable_layout *layout, const sable_infer_options *options,
                              bool encrypted_weights, uint32_t level, sable_error *err) {
    if (!spec || !layout) return sable_fail(err, SABLE_INVALID, "sable_infer_keys: arguments must not be NULL");
    uint32_t depth = sable_infer_depth(layout, options);
    if (level < depth)
        return sable_fail(
            err, SABLE_LEVEL,
            "inference takes %u levels, the data are at level %u: encrypt at a higher level or choose a deeper "
            "parameter set",
            depth, level);
    bool row = layout->packing == SABLE_PACK_ROW, probabilities = options && options->probabilities;
    /* A key is as wide as the levels it serves: the product at `level`, the polynomial below the logits. */
    if (encrypted_weights) SABLE_TRY(sable_key_spec_add_relin(spec, level, level, err));
    if (probabilities) SABLE_TRY(sable_key_spec_add_relin(spec, level - depth, level - (row ? 2 : 1), err));
    for (uint32_t step = 1; row && step < layout->width; step *= 2)
        SABLE_TRY(sable_key_spec_add_rotation(spec, step, 0, level - 1, level - 1, err));
    return SABLE_OK;
}

/* L: no sample with |feature| <= data_bound has a larger |logit|. */
static double logit_bound(const sable_model *model, double data_bound) {
    double widest = 0;
    for (uint32_t c = 0; c < model->classes; c++) {
        double sum = fabs(model->bias[c]);
        for (uint32_t j = 0; j < model->features; j++)
            sum += fabs(model->weights[(size_t)c * model->features + j]) * data_bound;
        widest = fmax(widest, sum);
    }
    return widest;
}

sable_status sable_infer_range(double *range, const sable_model *model, double data_bound,
                               const sable_infer_options *options, sable_error *err) {
    double stated = options ? options->range : 0;
    if (!(stated >= 0) || !isfinite(stated))
        return sable_fail(err, SABLE_INVALID, "range %g: a positive number, or 0", stated);
    if (stated > 0) {
        *range = stated;
        return SABLE_OK;
    }
    bool probabilities = options && options->probabilities;
    *range = 1;
    if (!model) {
        if (!probabilities) return SABLE_OK;
        return sable_fail(err, SABLE_BOUND,
                          "probabilities with encrypted weights need the range that bounds every logit: state it");
    }
    double widest = logit_bound(model, data_bound);
    if (!probabilities) {
        if (widest > 64) *range = sable_power_of_two_from(widest / 64);
        return SABLE_OK;
    }
    if (widest > AUTOMATIC_RANGE_LIMIT)
        return sable_fail(
            err, SABLE_BOUND,
            "logits can reach %.4g with data up to %g: beyond %g no sigmoid polynomial is accurate; state a "
            "smaller range that you know to hold",
            widest, data_bound, AUTOMATIC_RANGE_LIMIT);
    *range = widest > 0 ? widest : 1;
    return SABLE_OK;
}

sable_status sable_infer_sigmoid(sable_poly **out, const sable_infer_options *options, double range, double *error,
                                 sable_error *err) {
    if (!out || !options)
        return sable_fail(err, SABLE_INVALID, "sable_infer_sigmoid: out and options must not be NULL");
    sable_poly *wide = NULL;
    SABLE_TRY(sable_poly_sigmoid(&wide, SABLE_FIT_MINIMAX, poly_degree(options), range, error, err));
    double c[SABLE_FIT_MAX_DEGREE + 1];
    const uint32_t count = sable_poly_degree(wide) + 1;
    for (uint32_t i = 0; i < count; i++) c[i] = sable_poly_coefficient(wide, i);
    sable_poly_destroy(&wide);
    return sable_poly_chebyshev(out, c, count, -1, 1, err);
}

/* -- steps --------------------------------------------------------------------------------------------------------- */

static sable_status check_shapes(sable_queue *queue, const sable_ct *data, const sable_layout *layout,
                                 uint32_t features, const sable_infer_options *options) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_ct(queue, data, "the data"));
    if (!layout) return SABLE_REFUSE(queue, SABLE_INVALID, "inference: the layout is NULL");
    if (features != layout->features)
        return SABLE_REFUSE(queue, SABLE_INVALID, "inference: the model has %u features, the data %u", features,
                            layout->features);
    if (data->batch != layout->members || data->slots != layout->slots)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "inference: the block has %u ciphertexts of %u slots, its layout %u of %u", data->batch,
                            data->slots, layout->members, layout->slots);
    if (options && options->struct_size != sizeof *options)
        return SABLE_REFUSE(queue, SABLE_INVALID, "inference: sable_infer_options.struct_size is not set");
    if (options && options->probabilities && options->degree > SABLE_FIT_MAX_DEGREE)
        return SABLE_REFUSE(queue, SABLE_INVALID, "inference: a sigmoid of degree %u: at most %d is possible",
                            options->degree, SABLE_FIT_MAX_DEGREE);
    if (options && options->probabilities && options->sigmoid) {
        sable_poly_info sigmoid = {.struct_size = sizeof sigmoid};
        SABLE_TRY(sable_poly_describe(options->sigmoid, &sigmoid));
        if (sigmoid.lo != -1 || sigmoid.hi != 1 || sigmoid.degree > poly_degree(options))
            return SABLE_REFUSE(
                queue, SABLE_INVALID,
                "inference: a sigmoid of degree %u on [%g, %g] is given: degree %u at most and [-1, 1] are needed",
                sigmoid.degree, sigmoid.lo, sigmoid.hi, poly_degree(options));
    }
    uint32_t depth = sable_infer_depth(layout, options);
    if (data->level < depth)
        return SABLE_REFUSE(
            queue, SABLE_LEVEL,
            "inference takes %u levels, the data are at level %u: encrypt at a higher level or choose a "
            "deeper parameter set",
            depth, data->level);
    return SABLE_OK;
}

/* A plaintext with the same `count` x S values for every member; bound and rms follow the values. */
static sable_status encode_at(sable_queue *queue, sable_pt *pt, const double *values, uint32_t members, uint32_t slots,
                              uint32_t level) {
    double square = 0, bound = 0;
    for (size_t i = 0; i < (size_t)members * slots; i++) {
        square += values[i] * values[i];
        bound = fmax(bound, fabs(values[i]));
    }
    sable_encoding e = {.struct_size = sizeof e, .level = level, .batch = members};
    e.bound = bound > 0 ? bound : 1;
    e.rms = bound > 0 ? sqrt(square / ((double)members * slots)) : 1;
    return sable_encode(queue, pt, values, (size_t)members * slots, &e);
}

/* ct = sums over the W slots of each row, in the row's first slot (other slots hold partial sums). */
static sable_status sum_rows(sable_queue *queue, sable_ct *ct, uint32_t width, const sable_keyset *keys) {
    for (uint32_t step = 1; step < width; step *= 2) SABLE_TRY(sable_rotate_add(queue, ct, ct, ct, step, keys));
    return SABLE_OK;
}

/* The rounding-free bound of a logit is far below the product of worst cases that the operations carry (terms * |w| * |x|). */
static sable_status declare_logits(sable_queue *queue, sable_ct *ct, double bound) {
    return ct->bound > bound ? sable_ct_declare(queue, ct, bound, fmin(ct->rms, bound)) : SABLE_OK;
}

/* Every slot but the first of each row becomes 0: partial sums would tell about the weights. Takes one level. */
static sable_status mask_rows(sable_queue *queue, sable_ct *ct, const sable_layout *layout, double bound) {
    double *mask = calloc(layout->slots, sizeof *mask);
    sable_pt *pt = NULL;
    if (!mask) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "inference: no memory for a mask");
    for (size_t i = 0; i < layout->slots; i += layout->width) mask[i] = 1;
    sable_status status = sable_pt_create(&pt, queue->ctx, &queue->error);
    if (status == SABLE_OK) status = encode_at(queue, pt, mask, 1, layout->slots, ct->level);
    if (status == SABLE_OK) status = sable_mul_plain(queue, ct, ct, pt);
    if (status == SABLE_OK) status = declare_logits(queue, ct, bound);
    if (status == SABLE_OK) status = sable_rescale(queue, ct, ct);
    sable_pt_destroy(queue, &pt);
    free(mask);
    return status;
}

static sable_status to_probabilities(sable_queue *queue, sable_ct *ct, const sable_infer_options *options, double range,
                                     const sable_keyset *keys) {
    /* |u| <= 1 is what the range states. */
    if (ct->bound > 1) SABLE_TRY(sable_ct_declare(queue, ct, 1, fmin(ct->rms, 1)));
    if (options->sigmoid) return sable_poly_evaluate(queue, ct, ct, options->sigmoid, keys);
    sable_poly *poly = NULL;
    SABLE_TRY(sable_infer_sigmoid(&poly, options, range, NULL, &queue->error));
    sable_status status = sable_poly_evaluate(queue, ct, ct, poly, keys);
    sable_poly_destroy(&poly);
    return status;
}

/* Members' bias (plaintext, divided by range) added slotwise. */
static sable_status add_bias(sable_queue *queue, sable_ct *ct, const sable_model *model, double range) {
    if (model->classes == 1) return sable_add_scalar(queue, ct, ct, model->bias[0] / range, 0);
    uint32_t slots = ct->slots;
    double *values = malloc((size_t)model->classes * slots * sizeof *values);
    sable_pt *pt = NULL;
    if (!values) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "inference: no memory for %u biases", model->classes);
    for (size_t i = 0; i < (size_t)model->classes * slots; i++) values[i] = model->bias[i / slots] / range;
    sable_status status = sable_pt_create(&pt, queue->ctx, &queue->error);
    if (status == SABLE_OK) status = encode_at(queue, pt, values, model->classes, slots, ct->level);
    if (status == SABLE_OK) status = sable_add_plain(queue, ct, ct, pt);
    sable_pt_destroy(queue, &pt);
    free(values);
    return status;
}

static sable_status products_plain(sable_queue *queue, sable_ct *out, const sable_ct *data, const sable_model *model,
                                   const sable_layout *layout, double range) {
    size_t count = (size_t)model->classes * model->features;
    if (layout->packing == SABLE_PACK_FEATURE_MAJOR) {
        double *weights = malloc(count * sizeof *weights);
        if (!weights) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "inference: no memory for %zu weights", count);
        for (size_t i = 0; i < count; i++) weights[i] = model->weights[i] / range;
        sable_status status = sable_combine(queue, out, data, weights, model->classes);
        free(weights);
        return status;
    }
    sable_model_values v;
    SABLE_TRY(sable_model_pack(&v, model, layout, range, &queue->error));
    sable_pt *pt = NULL;
    sable_status status = sable_pt_create(&pt, queue->ctx, &queue->error);
    if (status == SABLE_OK) status = encode_at(queue, pt, v.weights, model->classes, layout->slots, data->level);
    if (status == SABLE_OK) status = sable_mul_plain(queue, out, data, pt);
    sable_pt_destroy(queue, &pt);
    sable_model_values_free(&v);
    return status;
}

sable_status sable_infer_plain(sable_queue *queue, sable_ct *out, const sable_ct *data, const sable_model *model,
                               const sable_layout *layout, const sable_infer_options *options,
                               const sable_keyset *keys) {
    if (!queue || !model) return SABLE_INVALID;
    SABLE_TRY(check_shapes(queue, data, layout, model->features, options));
    SABLE_TRY(sable_check_out(queue, out));
    double range;
    SABLE_TRY(sable_infer_range(&range, model, data->bound, options, &queue->error));
    sable_ct *work = NULL; /* the output stays untouched until all steps succeeded */
    SABLE_TRY(sable_ct_create(&work, queue->ctx, &queue->error));
    double bound = fmax(logit_bound(model, data->bound) / range, 0x1p-40);
    bool row = layout->packing == SABLE_PACK_ROW;
    sable_status status = products_plain(queue, work, data, model, layout, range);
    if (status == SABLE_OK && !row) status = declare_logits(queue, work, bound);
    if (status == SABLE_OK) status = sable_rescale(queue, work, work);
    if (status == SABLE_OK && row) status = sum_rows(queue, work, layout->width, keys);
    if (status == SABLE_OK) status = add_bias(queue, work, model, range);
    if (status == SABLE_OK && row) status = mask_rows(queue, work, layout, bound);
    if (status == SABLE_OK && options && options->probabilities)
        status = to_probabilities(queue, work, options, range, keys);
    if (status == SABLE_OK) status = sable_ct_copy(queue, out, work);
    sable_ct_destroy(queue, &work);
    return status;
}

sable_status sable_infer_encrypted(sable_queue *queue, sable_ct *out, const sable_ct *data, const sable_ct *weights,
                                   const sable_ct *bias, uint32_t classes, const sable_layout *layout,
                                   const sable_infer_options *options, const sable_keyset *keys) {
    if (!queue) return SABLE_INVALID;
    SABLE_TRY(check_shapes(queue, data, layout, layout ? layout->features : 0, options));
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, weights, "the encrypted weights"));
    SABLE_TRY(sable_check_ct(queue, bias, "the encrypted bias"));
    bool row = layout->packing == SABLE_PACK_ROW;
    uint64_t members = (uint64_t)classes * (row ? 1 : layout->features);
    if (classes == 0 || weights->batch != members || bias->batch != classes)
        return SABLE_REFUSE(
            queue, SABLE_INVALID,
            "inference: %u classes of %u features take %llu weight and %u bias ciphertexts, the model has %u "
            "and %u",
            classes, layout->features, (unsigned long long)members, classes, weights->batch, bias->batch);
    if (bias->level + 1 != data->level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "inference: the bias is at level %u, data at %u need it at %u",
                            bias->level, data->level, data->level - 1);
    double range;
    SABLE_TRY(sable_infer_range(&range, NULL, data->bound, options, &queue->error));
    sable_ct *work = NULL;
    SABLE_TRY(sable_ct_create(&work, queue->ctx, &queue->error));
    sable_status status =
        row ? sable_tensor(queue, work, weights, data) : sable_tensor_sum(queue, work, weights, data, layout->features);
    /* A stated range bounds the results by 1 (with the bias still to come: twice that); without one the carried bound stands. */
    double bound = options && options->range > 0 ? 2 : INFINITY;
    if (status == SABLE_OK && !row) status = declare_logits(queue, work, bound);
    if (status == SABLE_OK) status = sable_relinearize_rescale(queue, work, work, keys);
    if (status == SABLE_OK && row) status = sum_rows(queue, work, layout->width, keys);
    if (status == SABLE_OK) status = sable_add(queue, work, work, bias);
    if (status == SABLE_OK && row) status = mask_rows(queue, work, layout, bound);
    if (status == SABLE_OK && options && options->probabilities)
        status = to_probabilities(queue, work, options, range, keys);
    if (status == SABLE_OK) status = sable_ct_copy(queue, out, work);
    sable_ct_destroy(queue, &work);
    return status;
}

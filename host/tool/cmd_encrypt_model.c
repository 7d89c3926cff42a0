/* SPDX-License-Identifier: Apache-2.0 */
/* sable encrypt --model-weights: weights and bias become an encrypted model. */
#include <math.h>
#include <string.h>

#include "tool/cmd_encrypt.h"
#include "tool/key_plan.h"
#include "tool/options.h"
#include "tool/report.h"

/* The smallest power of two above all slot values: those of a model are its weights or biases divided by the range. */
static double bound_of(const double *values, size_t count, double range) {
    double most = 0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(values[i] / range));
    return power_above(most);
}

/* What becomes ciphertexts: the weights, then the bias a level below. */
static void pieces_of(const encrypt *e, const sable_model *model, const sable_encrypted_model *out,
                      encrypt_piece piece[2]) {
    const size_t classes = model->classes, weights = classes * model->features;
    const bool row = out->layout.packing == SABLE_PACK_ROW;
    piece[0] =
        (encrypt_piece){(uint32_t)(row ? classes : weights), e->level, bound_of(model->weights, weights, out->range)};
    piece[1] = (encrypt_piece){model->classes, e->level - 1, bound_of(model->bias, classes, out->range)};
}

/* Largest value of usual standardised data. A wrong guess does no harm: what the owner does not state, the range only
 * scales. */
#define USUAL_DATA_BOUND 8

/* Weights are divided by a range such that logits of data within the bound divided by it stay below 64. */
static sable_status choose_range(encrypt *e, const sable_model *model, sable_encrypted_model *out) {
    const double bound = e->data_bound > 0 ? e->data_bound : USUAL_DATA_BOUND;
    const sable_infer_options options = {
        .struct_size = sizeof options, .probabilities = e->probabilities, .range = e->range};
    SABLE_TRY(sable_infer_range(&out->range, model, bound, &options, &e->s.err));
    out->range_bounds = e->range > 0 || e->probabilities; /* the computed range of logits only keeps them small */
    return SABLE_OK;
}

static sable_status pack_and_encrypt(encrypt *e, const sable_model *model, sable_encrypted_model *out,
                                     const encrypt_piece piece[2]) {
    sable_model_values values;
    sable_error *err = &e->s.err;
    SABLE_TRY(sable_model_pack(&values, model, &out->layout, out->range, err));
    sable_status status = sable_ct_create(&out->weights, e->s.ctx, err);
    if (status == SABLE_OK) status = sable_ct_create(&out->bias, e->s.ctx, err);
    if (status == SABLE_OK)
        status = encrypt_values(e, out->weights, values.weights, piece[0].members, piece[0].level, piece[0].bound);
    if (status == SABLE_OK)
        status = encrypt_values(e, out->bias, values.bias, piece[1].members, piece[1].level, piece[1].bound);
    sable_model_values_free(&values);
    return status;
}

static sable_status make(encrypt *e, const sable_model *model) {
    double start = seconds_now();
    sable_encrypted_model out = {.classes = model->classes};
    sable_packing packing = e->packing ? (sable_packing)e->packing : SABLE_PACK_FEATURE_MAJOR;
    if (e->level < 1)
        return sable_fail(&e->s.err, SABLE_LEVEL,
                          "a model is encrypted at level 1 or above: its bias lies one level below its weights");
    SABLE_TRY(sable_layout_choose(&out.layout, e->s.params, packing, model->features, 0, &e->s.err));
    SABLE_TRY(choose_range(e, model, &out));
    encrypt_piece piece[2];
    pieces_of(e, model, &out, piece);
    if (settings.dry_run) return encrypt_dry_model(e, &out, piece);
    const uint64_t values = (uint64_t)(piece[0].members + piece[1].members) * e->s.info.slots * sizeof(double);
    if (settings.memory) SABLE_TRY(encrypt_check_room(e, piece, 2, values));
    sable_status status = pack_and_encrypt(e, model, &out, piece);
    const sable_file_options stored = file_options();
    if (status == SABLE_OK) status = via_queue(&e->s, sable_encrypted_model_save(e->s.queue, &out, e->out, &stored));
    if (status == SABLE_OK) {
        uint64_t bytes = file_bytes(e->out);
        report_text("params", e->s.info.name);
        report_integer("classes", out.classes);
        report_integer("features", out.layout.features);
        report_text("packing", packing_words[packing]);
        report_integer("level", e->level);
        report_number("range", out.range);
        report_bool("range_bounds", out.range_bounds);
        report_integer("bytes", (int64_t)bytes);
        report_integer("backend_peak_bytes", (int64_t)session_peak(&e->s));
        report_number("seconds", seconds_now() - start);
        report_text("out", e->out);
        say("%s: %u %s of %u features, %s packing, level %u, range %g%s", e->out, out.classes,
            out.classes == 1 ? "row" : "classes", out.layout.features, packing_words[packing], e->level, out.range,
            out.range_bounds ? " (bounds every logit)" : "");
        say("%s in %s", shown_bytes(bytes).text, shown_seconds(seconds_now() - start).text);
    }
    sable_encrypted_model_clear(e->s.queue, &out);
    return status;
}

sable_status encrypt_model(encrypt *e) {
    sable_model *model = NULL;
    SABLE_TRY(sable_model_load(&model, e->model_weights, &e->s.err));
    sable_status status = make(e, model);
    sable_model_destroy(&model);
    return status;
}

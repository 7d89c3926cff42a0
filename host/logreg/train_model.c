/* SPDX-License-Identifier: Apache-2.0 */
/* Weights under encryption as a model for row-packed inference: slot i*W + j holds weight j, and slot i*W of another ciphertext the bias, which is the last
 * weight. W = features rounded up to a power of two. Inference masks what else the bias ciphertext holds, and data are 0 where no feature is. */
#include <stdlib.h>

#include "base/fail.h"
#include "ckks/eval_internal.h"
#include "logreg/training.h"

static uint32_t row_width(const sable_training *tr) {
    uint32_t width = 1;
    while (width < tr->options.features) width *= 2;
    return width;
}

/* One tile whose rows hold all weights, the bias beside W-periodic ones: nothing needs to be masked. */
static bool lies_ready(const sable_training *tr) {
    return tr->width <= tr->wide.width && tr->options.features < row_width(tr);
}

/* Column vectors repeat with the width of their tile: the slots of a period of `period` slots that hold weights first .. first+count-1 in their place stay. */
static sable_node keep(sable_training *tr, sable_node tile, uint32_t period, uint32_t from, uint32_t count) {
    const uint32_t slots = tr->wide.height * tr->wide.width;
    double *mask = calloc(slots, sizeof *mask);
    if (!mask) return SABLE_NODE_NONE;
    for (uint32_t s = 0; s < slots; s++) mask[s] = s % period >= from && s % period < from + count;
    const sable_node kept = sable_circuit_mul_plain(tr->circuit, tile, mask);
    free(mask);
    return kept;
}

/* *bias in slots i*W; the result: weights in slots i*W + j. */
static sable_node masked(sable_training *tr, const sable_matrix *weights, sable_node *bias) {
    sable_circuit *c = tr->circuit;
    const uint32_t d = tr->options.features, period = row_width(tr), n = tr->wide.width;
    const uint32_t last = d / n;
    sable_node sum = SABLE_NODE_NONE;
    if (n > period) { /* d = W: the row's second half begins with the bias */
        const sable_node tile = sable_matrix_tile_node(weights, 0, 0);
        sum = sable_circuit_rotate_sum(c, keep(tr, tile, n, 0, d), period, n / period);
        *bias = sable_circuit_rotate_sum(c, sable_circuit_rotate(c, keep(tr, tile, n, d, 1), d), period, n / period);
        return sum;
    }
    for (uint32_t first = 0; first < d; first += n) {
        const uint32_t count = d - first < n ? d - first : n;
        const sable_node part = keep(tr, sable_matrix_tile_node(weights, 0, first / n), period, first, count);
        sum = first ? sable_circuit_add(c, sum, part) : part;
    }
    *bias = sable_circuit_rotate(c, sable_matrix_tile_node(weights, 0, last), d % n);
    return sum;
}

void training_output_model(sable_training *tr, const sable_matrix *weights) {
    sable_circuit *c = tr->circuit;
    sable_node bias, row;
    if (lies_ready(tr)) {
        row = sable_circuit_rotate_sum(c, sable_matrix_tile_node(weights, 0, 0), row_width(tr),
                                       tr->wide.width / row_width(tr));
        bias = sable_circuit_rotate(c, row, tr->options.features);
    } else {
        row = masked(tr, weights, &bias);
    }
    /* Copies of the weights stand side by side and are never added. */
    const double most = tr->options.weight_bound / tr->options.infer_range;
    sable_circuit_declare(c, row, most);
    sable_circuit_declare(c, bias, most);
    sable_circuit_output(c, "weights", row);
    sable_circuit_output(c, "bias", bias);
}

void training_unpack_model(const sable_training *tr, const double *slots, double *weights) {
    const uint32_t d = tr->options.features;
    const double *bias = slots + (size_t)tr->wide.height * tr->wide.width;
    for (uint32_t j = 0; j < d; j++) weights[j] = slots[j] * tr->options.infer_range;
    weights[d] = bias[0] * tr->options.infer_range;
}

/* -- the model ----------------------------------------------------------------------------------------------------- */

static sable_status fill(sable_queue *queue, sable_encrypted_model *model, const sable_training *tr,
                         sable_ct *const *outputs) {
    sable_ctx *ctx = sable_queue_ctx(queue);
    SABLE_TRY(sable_layout_choose(&model->layout, sable_ctx_params(ctx), SABLE_PACK_ROW, tr->options.features, 1,
                                  &queue->error));
    SABLE_TRY(sable_ct_create(&model->weights, ctx, &queue->error));
    SABLE_TRY(sable_ct_create(&model->bias, ctx, &queue->error));
    SABLE_TRY(sable_ct_copy(queue, model->weights, outputs[0]));
    return sable_adjust(queue, model->bias, outputs[1], outputs[0]->level - 1); /* it is added to rescaled products */
}

sable_status sable_training_model(sable_queue *queue, sable_encrypted_model *model, const sable_training *tr,
                                  sable_ct *const *outputs, size_t output_count) {
    SABLE_TRY(sable_check_queue(queue));
    if (!model || !tr || !outputs)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_training_model: an argument is NULL");
    if (!(tr->options.infer_range > 0))
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_training_model: the training gives weights: set infer_range");
    if (output_count != tr->outputs)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_training_model: %zu outputs, the training has %zu",
                            output_count, tr->outputs);
    SABLE_TRY(sable_check_ct(queue, outputs[0], "the weights"));
    SABLE_TRY(sable_check_ct(queue, outputs[1], "the bias"));
    if (outputs[0]->level < tr->output_level)
        return SABLE_REFUSE(queue, SABLE_LEVEL,
                            "the weights are at level %u, inference takes %u: lower the circuit "
                            "with output_level %u",
                            outputs[0]->level, tr->output_level, tr->output_level);
    sable_encrypted_model m = {.classes = 1, .range = tr->options.infer_range, .range_bounds = true};
    const sable_status status = fill(queue, &m, tr, outputs);
    if (status == SABLE_OK)
        *model = m;
    else
        sable_encrypted_model_clear(queue, &m);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A training: its tiles, its circuit, and the parts that all kinds of circuits are built from. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "logreg/training.h"
#include "sable/evaluators.h"

static uint32_t power_from(uint32_t least) {
    uint32_t power = 1;
    while (power < least) power *= 2;
    return power;
}

/* -- tiles --------------------------------------------------------------------------------------------------------- */

/* Sequential circuits take the narrowest tile that holds a sample, and as many rows as there is room for: 2 log2(width) + log2(height) rotations
 * a step. The low-depth one exchanges height and width between steps: square, or twice as wide as high. */
static sable_status choose_tiles(sable_training *tr, uint32_t slots, sable_error *err) {
    const sable_training_options *o = &tr->options;
    const uint32_t least = power_from(o->minibatch), sample = power_from(tr->width);
    uint32_t width = 1;
    if (o->kind == SABLE_TRAIN_LOWDEPTH)
        while ((uint64_t)width * width < slots) width *= 2;
    else
        while (width < sample && 2 * (uint64_t)width * least <= slots) width *= 2;
    const uint32_t height = slots / width;
    tr->wide = (sable_tile){height, width};
    tr->tall = (sable_tile){width, height};
    if (o->minibatch > height)
        return sable_fail(err, SABLE_LIMIT,
                          "training: a minibatch of %u samples does not fit into tiles of %u x %u: at most %u, or a "
                          "larger ring",
                          o->minibatch, height, width, height);
    const uint64_t most = (uint64_t)TRAINING_MOST_TILES * width - 1;
    if (o->features > most)
        return sable_fail(err, SABLE_LIMIT,
                          "training: %u features do not fit into %d tiles of %u x %u: at most %llu, or a larger ring",
                          o->features, TRAINING_MOST_TILES, height, width, (unsigned long long)most);
    return SABLE_OK;
}

/* -- parts of circuits --------------------------------------------------------------------------------------------- */

static sable_format format_of(training_source source, bool transposed) {
    if (source != TRAINING_START) return SABLE_MATRIX;
    return transposed ? SABLE_ROW_VECTOR : SABLE_COL_VECTOR;
}

/* Where the data owner finds what each tile of the input holds. */
static bool remember_inputs(sable_training *tr, const training_input *first, uint32_t down, uint32_t across) {
    const size_t count = (size_t)down * across;
    training_input *grown = realloc(tr->input, (tr->inputs + count) * sizeof *grown);
    if (!grown) return false;
    tr->input = grown;
    for (size_t i = 0; i < count; i++) {
        training_input *input = &grown[tr->inputs++];
        *input = *first;
        input->tile_row = (uint32_t)(i / across);
        input->tile_col = (uint32_t)(i % across);
    }
    return true;
}

const sable_matrix *training_add_input(sable_training *tr, training_source source, bool transposed, uint32_t t,
                                       double factor) {
    static const char letter[] = {[TRAINING_START] = 'w', [TRAINING_ROWS] = 'Z', [TRAINING_GRAM] = 'G'};
    const sable_training_options *o = &tr->options;
    const uint32_t b = o->minibatch, d = tr->width;
    training_input in = {.source = source, .transposed = transposed, .t = t, .factor = factor};
    in.format = format_of(source, transposed);
    in.tile = transposed && source != TRAINING_GRAM ? tr->tall : tr->wide;
    in.bound = fabs(factor);
    switch (source) {
    case TRAINING_START:
        in.rows = transposed ? d : 1, in.cols = transposed ? 1 : d;
        in.bound *= o->weight_bound;
        break;
    case TRAINING_ROWS: in.rows = transposed ? d : b, in.cols = transposed ? b : d; break;
    case TRAINING_GRAM: in.rows = in.cols = b, in.bound *= d; break;
    }
    char name[24], number[12] = "";
    if (t) snprintf(number, sizeof number, "%u", t);
    snprintf(name, sizeof name, "%c%s%s", letter[source], number, transposed ? "'" : "");
    const sable_matrix *m = sable_matrix_input(tr->circuit, name, in.format, in.rows, in.cols, in.tile, in.bound);
    sable_matrix_info info = {.struct_size = sizeof info};
    if (!m || sable_matrix_describe(m, &info) != SABLE_OK) return NULL;
    return remember_inputs(tr, &in, info.down, info.across) ? m : NULL;
}

const sable_matrix *training_declare(sable_training *tr, const sable_matrix *m, double bound) {
    sable_matrix_declare(tr->circuit, m, bound);
    return m;
}

const sable_matrix *training_scaled(sable_training *tr, const sable_matrix *m, double x) {
    return x == 1 ? m : sable_matrix_mul_scalar(tr->circuit, m, x);
}

const sable_matrix *training_factor(sable_training *tr, const sable_matrix *u, uint32_t t) {
    return sable_matrix_add_scalar(tr->circuit, sable_matrix_square(tr->circuit, u), tr->step[t].linear);
}

/* A matrix whose rows, or columns, are multiplied by the values of a vector. */
static const sable_matrix *times(sable_training *tr, const sable_matrix *m, const sable_matrix *vector) {
    sable_matrix_info a = {.struct_size = sizeof a}, b = {.struct_size = sizeof b};
    if (sable_matrix_describe(m, &a) != SABLE_OK || sable_matrix_describe(vector, &b) != SABLE_OK) return NULL;
    if (b.format == SABLE_ROW_VECTOR) return sable_matrix_hadamard(tr->circuit, vector, m);
    if (a.tile.width == b.tile.width) return sable_matrix_hadamard(tr->circuit, m, vector);
    return sable_matrix_hadamard_mixed(tr->circuit, m, vector);
}

const sable_matrix *training_product(sable_training *tr, const sable_matrix *m, const sable_matrix *u,
                                     const sable_matrix *factor, uint32_t t) {
    return sable_matrix_add(tr->circuit, times(tr, times(tr, m, u), factor),
                            sable_matrix_mul_scalar(tr->circuit, m, tr->step[t].constant));
}

void training_finish(sable_training *tr, const sable_matrix *weights) {
    sable_matrix_info info = {.struct_size = sizeof info};
    if (!weights || sable_matrix_describe(weights, &info) != SABLE_OK) return;
    if (tr->options.infer_range > 0) {
        training_output_model(tr, weights);
        tr->outputs = 2;
        return;
    }
    sable_matrix_output(tr->circuit, "w", weights);
    tr->result = info.format;
    tr->result_outputs = info.down * info.across;
    tr->outputs += tr->result_outputs;
}

/* -- object -------------------------------------------------------------------------------------------------------- */

static sable_status build(sable_training *tr, sable_error *err) {
    training_schedule(tr->step, &tr->options);
    if (tr->options.kind == SABLE_TRAIN_LOWDEPTH)
        training_build_lowdepth(tr);
    else
        training_build_sequential(tr);
    SABLE_TRY(sable_circuit_status(tr->circuit, err));
    if (tr->outputs == 0) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the inputs of a training");
    sable_depth_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_circuit_depth(tr->circuit, &info, NULL, err));
    tr->depth = info.depth;
    return SABLE_OK;
}

sable_status sable_training_create(sable_training **out, const sable_training_options *options, uint32_t slots,
                                   sable_error *err) {
    if (!out) return sable_fail(err, SABLE_INVALID, "sable_training_create: out is NULL");
    sable_training *tr = calloc(1, sizeof *tr);
    if (!tr) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a training");
    sable_status status = training_options_resolve(&tr->options, options, err);
    if (status == SABLE_OK) status = sable_circuit_create(&tr->circuit, slots, err);
    if (status == SABLE_OK) {
        tr->width = tr->options.features + 1;
        status = choose_tiles(tr, slots, err);
    }
    if (status == SABLE_OK) {
        tr->output_level = tr->options.infer_range > 0 ? 2 : 0; /* what row-packed inference takes */
        status = build(tr, err);
    }
    if (status == SABLE_OK)
        *out = tr;
    else
        sable_training_destroy(&tr);
    return status;
}

void sable_training_destroy(sable_training **training) {
    if (!training || !*training) return;
    sable_circuit_destroy(&(*training)->circuit);
    free((*training)->input);
    free(*training);
    *training = NULL;
}

sable_status sable_training_describe(const sable_training *tr, sable_training_info *info) {
    if (!tr || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    *info = (sable_training_info){.struct_size = sizeof *info,
                                  .options = tr->options,
                                  .tile = tr->wide,
                                  .tiles = (tr->width + tr->wide.width - 1) / tr->wide.width,
                                  .depth = tr->depth,
                                  .output_level = tr->output_level,
                                  .inputs = tr->inputs,
                                  .outputs = tr->outputs};
    return SABLE_OK;
}

const sable_circuit *sable_training_circuit(const sable_training *tr) { return tr ? tr->circuit : NULL; }

double sable_training_bound(const sable_training *tr, size_t input) {
    return tr && input < tr->inputs ? tr->input[input].bound : 0;
}

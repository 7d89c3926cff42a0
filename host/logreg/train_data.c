/* SPDX-License-Identifier: Apache-2.0 */
/* The data owner's side: scaling, minibatches, what each input of a circuit holds, and weights from its outputs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "logreg/training.h"

void sable_training_scaling(sable_model *model, const double *x, size_t samples, bool centre) {
    const size_t d = model->features;
    for (size_t j = 0; j < d; j++) {
        double sum = 0, most = 0;
        for (size_t i = 0; i < samples; i++) sum += x[i * d + j];
        model->mean[j] = centre && samples ? sum / (double)samples : 0;
        for (size_t i = 0; i < samples; i++) most = fmax(most, fabs(x[i * d + j] - model->mean[j]));
        model->deviation[j] = most > 0 ? most : 1;
    }
}

/* -- minibatches --------------------------------------------------------------------------------------------------- */

/* splitmix64: the same on every machine. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static sable_status draw_row(double *z, const double *x, int32_t label, size_t sample, size_t features,
                             sable_error *err) {
    if (label != 0 && label != 1)
        return sable_fail(err, SABLE_DATA, "sample %zu has label %d: training is binary, labels are 0 and 1",
                          sample + 1, label);
    const double y = label ? 1 : -1;
    for (size_t j = 0; j < features; j++) {
        if (!(fabs(x[j]) <= 1))
            return sable_fail(err, SABLE_BOUND,
                              "feature %zu of sample %zu is %g: training takes values in [-1, 1], see "
                              "sable_training_scaling",
                              j + 1, sample + 1, x[j]);
        z[j] = y * x[j];
    }
    z[features] = y;
    return SABLE_OK;
}

sable_status sable_training_draw(double *z, const sable_training_options *options, const double *x,
                                 const int32_t *labels, size_t samples, uint64_t order, sable_error *err) {
    sable_training_options o;
    SABLE_TRY(training_options_resolve(&o, options, err));
    if (!z || !x || !labels) return sable_fail(err, SABLE_INVALID, "sable_training_draw: an array is NULL");
    if (samples < o.minibatch)
        return sable_fail(err, SABLE_INVALID, "a minibatch of %u samples, and there are %zu: take a smaller one",
                          o.minibatch, samples);
    size_t *drawn = malloc(samples * sizeof *drawn), left = 0;
    if (!drawn) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the order of %zu samples", samples);
    sable_status status = SABLE_OK;
    const size_t d = o.features, rows = (size_t)o.iterations * o.minibatch;
    for (size_t i = 0; i < rows && status == SABLE_OK; i++) {
        if (left == 0)
            for (; left < samples; left++) drawn[left] = left;
        const size_t at = next_random(&order) % left, sample = drawn[at];
        drawn[at] = drawn[--left];
        status = draw_row(z + i * (d + 1), x + sample * d, labels[sample], sample, d, err);
    }
    free(drawn);
    return status;
}

/* -- inputs -------------------------------------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) sum += a[j] * b[j];
    return sum;
}

/* values[rows][cols] of the whole matrix that the input is a tile of. */
static void fill_matrix(double *values, const sable_training *tr, const training_input *in, const double *z,
                        const double *start) {
    const size_t b = tr->options.minibatch, d = tr->width, cols = in->cols;
    const double *now = z + (in->t ? in->t - 1 : 0) * b * d, *next = now + b * d;
    for (size_t i = 0; i < in->rows; i++)
        for (size_t j = 0; j < cols; j++) {
            const size_t r = in->transposed ? j : i, c = in->transposed ? i : j; /* of the matrix as it is */
            double value = 0;
            switch (in->source) {
            case TRAINING_START: value = start ? start[c] : 0; break;
            case TRAINING_ROWS: value = now[r * d + c]; break;
            case TRAINING_GRAM: value = dot(next + r * d, now + c * d, d); break;
            }
            values[i * cols + j] = in->factor * value;
        }
}

sable_status sable_training_pack(const sable_training *tr, size_t input, const double *z, const double *start,
                                 double *slots, sable_error *err) {
    if (!tr || !z || !slots) return sable_fail(err, SABLE_INVALID, "sable_training_pack: an argument is NULL");
    if (input >= tr->inputs)
        return sable_fail(err, SABLE_INVALID, "input %zu of a training that has %zu", input, tr->inputs);
    const training_input *in = &tr->input[input];
    double *values = malloc((size_t)in->rows * in->cols * sizeof *values);
    if (!values) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a matrix of %u x %u", in->rows, in->cols);
    fill_matrix(values, tr, in, z, start);
    const sable_status status =
        sable_matrix_pack(in->format, in->rows, in->cols, in->tile, in->tile_row, in->tile_col, values, slots, err);
    free(values);
    return status;
}

/* -- outputs ------------------------------------------------------------------------------------------------------- */

sable_status sable_training_unpack(const sable_training *tr, const double *slots, double *weights, sable_error *err) {
    if (!tr || !slots || !weights) return sable_fail(err, SABLE_INVALID, "sable_training_unpack: an argument is NULL");
    if (tr->options.infer_range > 0) {
        training_unpack_model(tr, slots, weights);
        return SABLE_OK;
    }
    const bool row = tr->result == SABLE_ROW_VECTOR;
    const sable_tile tile = row ? tr->tall : tr->wide;
    const size_t count = (size_t)tile.height * tile.width;
    for (uint32_t i = 0; i < tr->result_outputs; i++)
        SABLE_TRY(sable_matrix_unpack(tr->result, row ? tr->width : 1, row ? 1 : tr->width, tile, row ? i : 0,
                                      row ? 0 : i, slots + i * count, weights, err));
    return SABLE_OK;
}

/* -- twin ---------------------------------------------------------------------------------------------------------- */

/* The run in the clear takes and gives pairs. */
static sable_status run_twin(const sable_training *tr, double *pairs, double *slots, double **port, const double *z,
                             const double *start, double *weights, sable_error *err) {
    const size_t count = (size_t)tr->wide.height * tr->wide.width, ports = tr->inputs + tr->outputs;
    for (size_t i = 0; i < ports; i++) port[i] = pairs + 2 * i * count;
    for (size_t i = 0; i < tr->inputs; i++) {
        double *pair = pairs + 2 * i * count;
        SABLE_TRY(sable_training_pack(tr, i, z, start, slots, err));
        for (size_t s = 0; s < count; s++) pair[2 * s] = slots[s], pair[2 * s + 1] = 0;
    }
    SABLE_TRY(sable_circuit_run_plain(tr->circuit, port + tr->inputs, tr->outputs, (const double *const *)port,
                                      tr->inputs, err));
    const double *results = pairs + 2 * tr->inputs * count;
    for (size_t s = 0; s < tr->outputs * count; s++) slots[s] = results[2 * s];
    return sable_training_unpack(tr, slots, weights, err);
}

sable_status sable_training_twin(const sable_training *tr, const double *z, const double *start, double *weights,
                                 sable_error *err) {
    if (!tr || !z || !weights) return sable_fail(err, SABLE_INVALID, "sable_training_twin: an argument is NULL");
    const size_t count = (size_t)tr->wide.height * tr->wide.width, ports = tr->inputs + tr->outputs;
    double *pairs = malloc(2 * ports * count * sizeof *pairs), *slots = malloc(tr->outputs * count * sizeof *slots);
    double **port = malloc(ports * sizeof *port);
    const sable_status status =
        pairs && slots && port
            ? run_twin(tr, pairs, slots, port, z, start, weights, err)
            : sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu inputs of %zu slots", ports, count);
    free(pairs);
    free(slots);
    free(port);
    return status;
}

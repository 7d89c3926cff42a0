/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LOGREG_TRAINING_H
#define SABLE_LOGREG_TRAINING_H
/* Circuits of training, and what their builders share (docs/TRAINING.md).
 *
 * The cubic without a factor of its own. With s^3 = a c3 and U = s u,
 *     a M p(u) = (M U) (U^2 + a c1/s) + a c0 M
 * for M = Z_t or a Gram matrix: s rides in whatever mask or scalar makes u, so M is multiplied by U as it is, and only M's share of the constant takes a
 * scalar product, which is added before the rescale. */
#include "sable/training.h"

enum { TRAINING_MOST_STEPS = 64, TRAINING_MOST_TILES = 64 };

typedef struct training_step {
    double momentum, rate; /* e_t, a_t */
    double divide;         /* of the last step: what the results are divided by; else 1 */
    double scale;          /* s: cube root of a c3, divided likewise */
    double linear;         /* a c1/s */
    double constant;       /* a c0 */
} training_step;

typedef enum training_source {
    TRAINING_START, /* weights: as column vector, transposed as row vector */
    TRAINING_ROWS,  /* Z_t, wide; transposed: Z_t^T, tall */
    TRAINING_GRAM   /* Z_{t+1} Z_t^T; transposed: Z_t Z_{t+1}^T; wide */
} training_source;

/* What the data owner encrypts for one input of the circuit: a tile of a matrix times a factor. */
typedef struct training_input {
    training_source source;
    bool transposed;
    uint32_t t;
    double factor, bound;
    sable_format format;
    uint32_t rows, cols, tile_row, tile_col;
    sable_tile tile;
} training_input;

struct sable_training {
    sable_training_options options;
    sable_circuit *circuit;
    uint32_t width;        /* of minibatch rows: features + 1 */
    sable_tile wide, tall; /* minibatches: samples in rows, in columns */
    uint32_t depth, output_level;
    training_step step[TRAINING_MOST_STEPS + 1]; /* [1 .. iterations] */
    training_input *input;                       /* in the circuit's order */
    size_t inputs, outputs;
    sable_format
        result; /* of the weights among the outputs; those of a model are laid out by host/logreg/training_model.c */
    uint32_t result_outputs; /* tiles of the weights: the first outputs */
};

sable_status training_options_resolve(sable_training_options *out, const sable_training_options *options,
                                      sable_error *err);
/* step[1 .. iterations] */
void training_schedule(training_step *step, const sable_training_options *options);

/* -- building: NULL after an error, which the circuit keeps -------------------------------------------------------- */
const sable_matrix *training_add_input(sable_training *training, training_source source, bool transposed, uint32_t t,
                                       double factor);
/* m, with a bound that the options state. */
const sable_matrix *training_declare(sable_training *training, const sable_matrix *m, double bound);
/* m * x; m itself for x = 1. */
const sable_matrix *training_scaled(sable_training *training, const sable_matrix *m, double x);
/* What multiplies M U: U^2 + a c1/s. */
const sable_matrix *training_factor(sable_training *training, const sable_matrix *u, uint32_t t);
/* a M p(u), before any sum: two levels below U. M's rows or columns go with u's values; a column vector may be that of the exchanged tile. */
const sable_matrix *training_product(sable_training *training, const sable_matrix *m, const sable_matrix *u,
                                     const sable_matrix *factor, uint32_t t);
void training_build_sequential(sable_training *training); /* baseline, folded */
void training_build_lowdepth(sable_training *training);
/* Outputs of the result: the weights, or a model. */
void training_finish(sable_training *training, const sable_matrix *weights);
/* Outputs "weights" and "bias" from weights as column vector. */
void training_output_model(sable_training *training, const sable_matrix *weights);
/* weights[features+1] from the slots of those. */
void training_unpack_model(const sable_training *training, const double *slots, double *weights);

#endif

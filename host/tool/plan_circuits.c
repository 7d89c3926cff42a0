/* SPDX-License-Identifier: Apache-2.0 */
/* The circuits that sable plan knows. A circuit that is a graph needs `build` alone; inference calls the functions of logreg.h. */
#include <math.h>
#include <stdlib.h>

#include "ckks/noise.h"
#include "sable/linalg.h"
#include "tool/options.h"
#include "tool/plan.h"

/* -- inference ----------------------------------------------------------------------------------------------------- */

static sable_infer_options infer_options(const plan_request *r) {
    return (sable_infer_options){.struct_size = sizeof(sable_infer_options),
                                 .probabilities = r->probabilities,
                                 .degree = r->degree,
                                 .range = r->range};
}

static uint32_t infer_levels(const plan_request *r, uint32_t slots) {
    (void)slots;
    const sable_layout row = {.packing = SABLE_PACK_ROW};
    const sable_infer_options o = infer_options(r);
    return sable_infer_depth(&row, &o) + 1; /* one to hold large values */
}

static sable_status plan_layout(plan_trial *t, const plan_request *r, sable_layout *layout) {
    SABLE_TRY(sable_layout_choose(layout, t->s.params, (sable_packing)r->packing, r->features, r->samples, &t->s.err));
    t->runs = (r->samples + layout->samples_per_block - 1) / layout->samples_per_block;
    return SABLE_OK;
}

/* A model of that shape: every weight as large as is stated. */
static sable_status make_model(sable_model **model, const plan_request *r, sable_error *err) {
    SABLE_TRY(sable_model_create(model, r->classes, r->features, false, err));
    for (size_t i = 0; i < (size_t)r->classes * r->features; i++) (*model)->weights[i] = r->weight;
    return SABLE_OK;
}

typedef struct inference {
    sable_layout layout;
    sable_model *model;
    sable_ct *data, *weights, *bias, *result;
} inference;

static sable_status run_inference(plan_trial *t, const plan_request *r, inference *f, bool encrypted, uint32_t level) {
    session *s = &t->s;
    sable_infer_options o = infer_options(r);
    const sable_layout *layout = &f->layout;
    SABLE_TRY(sable_infer_range(&o.range, f->model, r->bound, &o, &s->err));
    SABLE_TRY(sable_infer_keys(t->spec, layout, &o, encrypted, level, &s->err));
    SABLE_TRY(plan_input(t, &f->data, level, layout->members, layout->slots, r->bound));
    if (encrypted) {
        const uint32_t members = layout->packing == SABLE_PACK_ROW ? r->classes : r->classes * r->features;
        const double bound = sable_power_of_two_from(r->weight / o.range);
        SABLE_TRY(plan_input(t, &f->weights, level, members, layout->slots, bound));
        SABLE_TRY(plan_input(t, &f->bias, level - 1, r->classes, layout->slots, bound));
    }
    SABLE_TRY(plan_begin_run(t));
    SABLE_TRY(sable_ct_create(&f->result, s->ctx, &s->err));
    SABLE_TRY(via_queue(s, encrypted ? sable_infer_encrypted(s->queue, f->result, f->data, f->weights, f->bias,
                                                             r->classes, layout, &o, t->keys)
                                     : sable_infer_plain(s->queue, f->result, f->data, f->model, layout, &o, t->keys)));
    return plan_end_run(t, &f->result, 1, o.probabilities ? 1 : o.range);
}

/* Data enter at the lowest level that holds the values on their way. */
static sable_status infer(plan_trial *t, const plan_request *r, bool encrypted) {
    session *s = &t->s;
    inference f = {0};
    const sable_infer_options o = infer_options(r);
    SABLE_TRY(plan_layout(t, r, &f.layout));
    SABLE_TRY(make_model(&f.model, r, &s->err));
    const uint32_t depth = sable_infer_depth(&f.layout, &o);
    sable_status status = SABLE_OK;
    for (uint32_t level = depth; level <= s->info.top_level || level == depth; level++) {
        if (level > s->info.top_level) {
            status = sable_fail(&s->err, SABLE_LEVEL, "inference takes %u levels, %s has %u", depth, s->info.name,
                                s->info.top_level);
            break;
        }
        status = plan_trial_reset(t);
        if (status == SABLE_OK) status = run_inference(t, r, &f, encrypted, level);
        sable_ct_destroy(s->queue, &f.data);
        sable_ct_destroy(s->queue, &f.weights);
        sable_ct_destroy(s->queue, &f.bias);
        sable_ct_destroy(s->queue, &f.result);
        if (status != SABLE_BOUND) break;
    }
    sable_model_destroy(&f.model);
    return status;
}

static sable_status infer_plain(plan_trial *t, const plan_request *r) { return infer(t, r, false); }
static sable_status infer_encrypted(plan_trial *t, const plan_request *r) { return infer(t, r, true); }

/* -- matrices ------------------------------------------------------------------------------------------------------ */

/* As many columns of a tile as a row takes, the rest rows. */
static sable_tile tile_for(uint32_t cols, uint32_t slots) {
    uint32_t width = 1;
    while (width < cols && width < slots) width *= 2;
    return (sable_tile){slots / width, width};
}

static uint32_t product_levels(const plan_request *r, uint32_t slots) {
    (void)r, (void)slots;
    return 3; /* two, and one to hold large values */
}

static sable_status build_product(plan_graph *graph, const plan_request *r, uint32_t slots, sable_error *err) {
    SABLE_TRY(sable_circuit_create(&graph->own, slots, err));
    sable_circuit *c = graph->own;
    graph->circuit = c;
    const sable_tile tile = tile_for(r->cols, slots);
    const sable_matrix *a = sable_matrix_input(c, "A", SABLE_MATRIX, r->rows, r->cols, tile, r->bound);
    const sable_matrix *x = sable_matrix_input(c, "x", SABLE_COL_VECTOR, 1, r->cols, tile, r->bound);
    sable_matrix_output(c, "y", sable_matrix_multiply(c, a, x, 1));
    return sable_circuit_status(c, err);
}

/* -- training ------------------------------------------------------------------------------------------------------ */

static sable_status train(plan_graph *graph, const plan_request *r, sable_training_kind kind, uint32_t slots,
                          sable_error *err) {
    const sable_training_options o = {.struct_size = sizeof o,
                                      .kind = kind,
                                      .chains = r->chains,
                                      .iterations = r->iterations,
                                      .minibatch = r->minibatch,
                                      .features = r->features};
    sable_training_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_training_create(&graph->training, &o, slots, err));
    SABLE_TRY(sable_training_describe(graph->training, &info));
    graph->circuit = sable_training_circuit(graph->training);
    graph->output_level = info.output_level;
    return sable_circuit_status(graph->circuit, err);
}
static sable_status build_baseline(plan_graph *graph, const plan_request *r, uint32_t slots, sable_error *err) {
    return train(graph, r, SABLE_TRAIN_BASELINE, slots, err);
}
static sable_status build_folded(plan_graph *graph, const plan_request *r, uint32_t slots, sable_error *err) {
    return train(graph, r, SABLE_TRAIN_FOLDED, slots, err);
}
static sable_status build_lowdepth(plan_graph *graph, const plan_request *r, uint32_t slots, sable_error *err) {
    return train(graph, r, SABLE_TRAIN_LOWDEPTH, slots, err);
}
static uint32_t training_levels(const plan_request *r, uint32_t slots) {
    (void)slots;
    return 5 * r->iterations + 1;
}

/* Centred samples of length about 2 with both labels and the constant: training on them converges. The same ones in every run. */
static sable_status training_values(const plan_graph *graph, const plan_request *r, size_t input, double *values,
                                    sable_error *err) {
    const size_t width = (size_t)r->features + 1, count = (size_t)r->iterations * r->minibatch * width;
    double *z = malloc(count * sizeof *z), *start = malloc(width * sizeof *start);
    if (!z || !start) {
        free(z);
        free(start);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu values of minibatches", count);
    }
    for (size_t i = 0; i < width; i++) start[i] = 0x1p-6;
    uint64_t state = 1;
    double label = 1;
    const double size = fmin(1, sqrt(12.0 / r->features));
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        if (i % width == 0) label = state >> 63 ? 1 : -1;
        z[i] = label * (i % width == width - 1 ? 1 : size * ((double)(state >> 40) * 0x1p-23 - 1));
    }
    const sable_status status = sable_training_pack(graph->training, input, z, start, values, err);
    free(z);
    free(start);
    return status;
}

void plan_graph_close(plan_graph *graph) {
    sable_circuit_destroy(&graph->own);
    sable_training_destroy(&graph->training);
}

/* -- the registry -------------------------------------------------------------------------------------------------- */

static const char *const of_inference[] = {"features", "classes", "samples", "packing", "probabilities",
                                           "degree",   "range",   "weight",  NULL};
static const char *const of_product[] = {"rows", "cols", NULL};
static const char *const of_training[] = {"features", "minibatch", "iterations", NULL};
static const char *const of_lowdepth[] = {"features", "minibatch", "iterations", "chains", NULL};

static const plan_circuit circuits[] = {
    {.name = "infer-plain",
     .summary = "logits or probabilities of encrypted samples, model in the clear",
     .options = of_inference,
     .needed = "features",
     .levels = infer_levels,
     .run = infer_plain},
    {.name = "infer-encrypted",
     .summary = "the same with an encrypted model",
     .options = of_inference,
     .needed = "features",
     .levels = infer_levels,
     .run = infer_encrypted},
    {.name = "matrix-vector",
     .summary = "encrypted matrix times encrypted vector",
     .options = of_product,
     .needed = "rows",
     .levels = product_levels,
     .run = plan_run_program,
     .build = build_product},
    {.name = "train-baseline",
     .summary = "training on encrypted minibatches, 5 levels each",
     .options = of_training,
     .needed = "features",
     .levels = training_levels,
     .run = plan_run_program,
     .build = build_baseline,
     .values = training_values},
    {.name = "train-folded",
     .summary = "the same with the momentum in the masks, 4 levels each",
     .options = of_training,
     .needed = "features",
     .levels = training_levels,
     .run = plan_run_program,
     .build = build_folded,
     .values = training_values},
    {.name = "train-lowdepth",
     .summary = "the same by way of encrypted Gram matrices, 2.5 levels each",
     .options = of_lowdepth,
     .needed = "features",
     .levels = training_levels,
     .run = plan_run_program,
     .build = build_lowdepth,
     .values = training_values},
};

const plan_circuit *plan_circuit_at(size_t index) {
    return index < sizeof circuits / sizeof *circuits ? &circuits[index] : NULL;
}

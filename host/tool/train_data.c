/* SPDX-License-Identifier: Apache-2.0 */
/* sable train: the data owner's table, its scaling, and how good weights are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool/cmd_train.h"

static bool is_named(const char *data) { return strcmp(data, "mnist-3v8") == 0 || strcmp(data, "breast-cancer") == 0; }

static sable_status load_table(train *t) {
    sable_table *table = NULL;
    SABLE_TRY(data_source_read(&table, &t->source, t->err));
    const size_t rows = table->rows - (size_t)floor(t->held_out * (double)table->rows);
    sable_status status = table->labels
                              ? demo_data_take(&t->data, table, t->source.data, rows, t->err)
                              : sable_fail(t->err, SABLE_INVALID, "no labels: see --label-column and --labels");
    sable_table_destroy(&table);
    return status;
}

/* Training rows first: they are drawn from. */
static sable_status gather(train *t, double **x, int32_t **labels) {
    const demo_data *data = &t->data;
    const size_t features = data->features;
    *x = malloc(data->train * features * sizeof **x);
    *labels = malloc(data->train * sizeof **labels);
    if (!*x || !*labels) return sable_fail(t->err, SABLE_NO_MEMORY, "no memory for %zu samples", data->train);
    for (size_t i = 0, at = 0; i < data->samples; i++) {
        if (!data->trains[i]) continue;
        memcpy(*x + at * features, data->x + i * features, features * sizeof **x);
        (*labels)[at++] = data->labels[i];
    }
    return SABLE_OK;
}

/* The scaling is that of training samples; test samples may leave [-1, 1]. Pixels are not centred: most are 0 and stay it. */
static sable_status draw(train *t, double *x, const int32_t *labels) {
    demo_data *data = &t->data;
    SABLE_TRY(sable_model_create(&t->scaling, 1, data->features, true, t->err));
    sable_training_scaling(t->scaling, x, data->train, data->standardise);
    sable_model_standardise(t->scaling, x, data->train);
    sable_model_standardise(t->scaling, data->x, data->samples);
    const size_t width = (size_t)data->features + 1;
    t->z = malloc(t->options.iterations * (size_t)t->options.minibatch * width * sizeof *t->z);
    t->weights = calloc(2 * width, sizeof *t->weights);
    if (!t->z || !t->weights)
        return sable_fail(t->err, SABLE_NO_MEMORY, "no memory for %u minibatches", t->options.iterations);
    t->twin = t->weights + width;
    return sable_training_draw(t->z, &t->options, x, labels, data->train, t->order, t->err);
}

sable_status train_load(train *t) {
    const demo_options named = {.data = t->source.data};
    SABLE_TRY(is_named(t->source.data) ? demo_data_load(&t->data, &named, t->err) : load_table(t));
    t->options.features = t->data.features;
    double *x = NULL;
    int32_t *labels = NULL;
    sable_status status = gather(t, &x, &labels);
    if (status == SABLE_OK) status = draw(t, x, labels);
    free(x);
    free(labels);
    if (status == SABLE_OK)
        status = sable_training_reference(&t->options, t->z, NULL, t->twin, NULL, &t->largest, t->err);
    return status;
}

/* -- scores -------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Probability that a positive sample has the larger logit than a negative one; ties count half. */
static double auroc(double *positive, size_t positives, double *negative, size_t negatives) {
    qsort(positive, positives, sizeof *positive, by_value);
    qsort(negative, negatives, sizeof *negative, by_value);
    double pairs = 0;
    for (size_t i = 0, below = 0, not_above = 0; i < positives; i++) {
        while (below < negatives && negative[below] < positive[i]) below++;
        if (not_above < below) not_above = below;
        while (not_above < negatives && negative[not_above] <= positive[i]) not_above++;
        pairs += 0.5 * (double)(below + not_above);
    }
    return positives && negatives ? pairs / (double)positives / (double)negatives : NAN;
}

train_score train_judge(const train *t, const double *weights) {
    const demo_data *data = &t->data;
    const size_t features = data->features;
    double *logits = malloc(2 * data->samples * sizeof *logits), *negative = logits + data->samples;
    train_score score = {NAN, NAN};
    if (!logits) return score;
    size_t counts[2] = {0, 0}, right = 0;
    for (size_t i = 0; i < data->samples; i++) {
        if (data->trains[i]) continue;
        double logit = weights[features];
        for (size_t j = 0; j < features; j++) logit += weights[j] * data->x[i * features + j];
        const bool positive = data->labels[i] == 1;
        right += (logit > 0) == positive;
        (positive ? logits : negative)[counts[positive]++] = logit;
    }
    if (counts[0] + counts[1]) score.accuracy = (double)right / (double)(counts[0] + counts[1]);
    score.auroc = auroc(logits, counts[1], negative, counts[0]);
    free(logits);
    return score;
}

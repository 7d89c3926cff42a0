/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/training.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "ckks/price.h"

/* Beyond the second-level cache, as samples of a training that takes long are. */
#define TRIAL_BYTES ((size_t)4 << 20)

typedef struct trial {
    double *x, *logits;
    int32_t *labels;
    size_t samples;
    uint32_t features;
    sable_train_options options;
    sable_model *model; /* of the last run */
    sable_status status;
    sable_error *err;
} trial;

static void train(void *arg) {
    trial *t = arg;
    sable_model_destroy(&t->model);
    if (t->status == SABLE_OK)
        t->status = sable_model_train(&t->model, t->x, t->labels, t->samples, t->features, 1, &t->options, t->err);
}

static void predict(void *arg) {
    trial *t = arg;
    sable_model_standardise(t->model, t->x, t->samples);
    sable_model_logits(t->model, t->logits, t->x, t->samples);
}

static sable_status trial_open(trial *t, size_t samples, sable_error *err) {
    t->err = err;
    t->samples = TRIAL_BYTES / sizeof(double) / t->features + 1;
    if (t->samples > samples) t->samples = samples;
    const size_t values = t->samples * t->features;
    t->x = malloc(values * sizeof *t->x);
    t->logits = malloc(t->samples * sizeof *t->logits);
    t->labels = malloc(t->samples * sizeof *t->labels);
    if (!t->x || !t->logits || !t->labels)
        return sable_fail(err, SABLE_NO_MEMORY, "measuring what training costs needs %zu bytes", values * sizeof *t->x);
    for (size_t i = 0; i < values; i++) t->x[i] = sin(0.37 * (double)i);
    for (size_t i = 0; i < t->samples; i++) t->labels[i] = i % 2;
    return SABLE_OK;
}

static void trial_close(trial *t) {
    sable_model_destroy(&t->model);
    free(t->x);
    free(t->logits);
    free(t->labels);
}

sable_status training_measure(training_time *time, size_t samples, uint32_t features, uint32_t classes,
                              const sable_train_options *options, sable_error *err) {
    trial t = {.features = features, .options = *options};
    sable_status status = trial_open(&t, samples, err);
    if (status == SABLE_OK) {
        enum { FEW = 1, MORE = 4 };
        t.options.iterations = FEW;
        const double few = sable_time_of(train, &t);
        t.options.iterations = MORE;
        const double step = fmax(0, sable_time_of(train, &t) - few) / (MORE - FEW), part = (double)t.samples;
        const double steps = (double)classes * (options->iterations ? options->iterations : 300);
        time->train = (few + step * (steps - FEW)) * (double)samples / part;
        /* standardising is once a sample, a sum once a class */
        if (t.status == SABLE_OK) time->predict = sable_time_of(predict, &t) / part * (1 + classes) / 2;
        status = t.status;
    }
    trial_close(&t);
    return status;
}

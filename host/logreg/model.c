/* SPDX-License-Identifier: Apache-2.0 */
/* Models in the clear: memory, training twin, prediction. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "logreg/model_plan.h"

sable_status sable_model_check_shape(uint32_t classes, uint32_t features, sable_error *err) {
    if (classes == 0 || features == 0 || classes > 1024 || features > 1u << 20)
        return sable_fail(err, SABLE_INVALID, "a model of %u classes and %u features: 1..1024 and 1..%u are possible",
                          classes, features, 1u << 20);
    return SABLE_OK;
}

sable_status sable_model_create(sable_model **out, uint32_t classes, uint32_t features, bool standardised,
                                sable_error *err) {
    if (!out) return sable_fail(err, SABLE_INVALID, "sable_model_create: out must not be NULL");
    SABLE_TRY(sable_model_check_shape(classes, features, err));
    sable_model *m = calloc(1, sizeof *m);
    if (!m) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a model");
    m->classes = classes;
    m->features = features;
    m->weights = calloc((size_t)classes * features, sizeof(double));
    m->bias = calloc(classes, sizeof(double));
    if (standardised) {
        m->mean = calloc(features, sizeof(double));
        m->deviation = malloc(features * sizeof(double));
    }
    if (!m->weights || !m->bias || (standardised && (!m->mean || !m->deviation))) {
        sable_model_destroy(&m);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for a model of %u x %u weights", classes, features);
    }
    for (uint32_t j = 0; standardised && j < features; j++) m->deviation[j] = 1;
    *out = m;
    return SABLE_OK;
}

void sable_model_destroy(sable_model **model) {
    if (!model || !*model) return;
    free((*model)->weights);
    free((*model)->bias);
    free((*model)->mean);
    free((*model)->deviation);
    free(*model);
    *model = NULL;
}

void sable_model_standardise(const sable_model *model, double *x, size_t samples) {
    if (!model->mean) return;
    for (size_t i = 0; i < samples; i++)
        for (uint32_t j = 0; j < model->features; j++) {
            double *v = &x[i * model->features + j];
            *v = (*v - model->mean[j]) / model->deviation[j];
        }
}

void sable_model_logits(const sable_model *model, double *logits, const double *z, size_t samples) {
    for (size_t i = 0; i < samples; i++)
        for (uint32_t c = 0; c < model->classes; c++) {
            const double *w = model->weights + (size_t)c * model->features, *row = z + i * model->features;
            double sum = model->bias[c];
            for (uint32_t j = 0; j < model->features; j++) sum += w[j] * row[j];
            logits[i * model->classes + c] = sum;
        }
}

int32_t sable_model_predict(const sable_model *model, const double *logits) {
    if (model->classes == 1) return logits[0] > 0;
    uint32_t best = 0;
    for (uint32_t c = 1; c < model->classes; c++)
        if (logits[c] > logits[best]) best = c;
    return (int32_t)best;
}

/* -- training ------------------------------------------------------------------------------------------------------ */

static void moments(sable_model *m, const double *x, size_t samples) {
    for (uint32_t j = 0; j < m->features; j++) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < samples; i++) sum += x[i * m->features + j];
        double mean = sum / (double)samples;
        for (size_t i = 0; i < samples; i++) square += pow(x[i * m->features + j] - mean, 2);
        double deviation = sqrt(square / (double)samples);
        m->mean[j] = mean;
        m->deviation[j] = deviation > 1e-12 * (1 + fabs(mean)) ? deviation : 1; /* a constant feature carries nothing */
    }
}

/* One class against the rest by Nesterov's accelerated gradient; w has features + 1 entries, the bias last. */
static void train_class(double *w, const double *z, const double *target, size_t samples, uint32_t features,
                        const sable_train_options *o, double *scratch) {
    uint32_t d = features + 1;
    double *previous = scratch, *ahead = scratch + d, *gradient = scratch + 2 * d, t = 1;
    memset(w, 0, d * sizeof *w);
    memset(previous, 0, d * sizeof *previous);
    /* Lipschitz bound of the mean loss: (1/4) * mean |row|^2, so rate/L is a safe step for rate <= 1. */
    double energy = 0;
    for (size_t i = 0; i < samples * features; i++) energy += z[i] * z[i];
    double step = o->rate / (0.25 * (energy / (double)samples + 1) + o->ridge);
    for (uint32_t k = 0; k < o->iterations; k++) {
        double next = (1 + sqrt(1 + 4 * t * t)) / 2, momentum = (t - 1) / next;
        t = next;
        for (uint32_t j = 0; j < d; j++) ahead[j] = w[j] + momentum * (w[j] - previous[j]);
        for (uint32_t j = 0; j < features; j++) gradient[j] = o->ridge * ahead[j];
        gradient[features] = 0;
        for (size_t i = 0; i < samples; i++) {
            const double *row = z + i * features;
            double u = ahead[features];
            for (uint32_t j = 0; j < features; j++) u += ahead[j] * row[j];
            double residual = (1 / (1 + exp(-u)) - target[i]) / (double)samples;
            for (uint32_t j = 0; j < features; j++) gradient[j] += residual * row[j];
            gradient[features] += residual;
        }
        for (uint32_t j = 0; j < d; j++) {
            previous[j] = w[j];
            w[j] = ahead[j] - step * gradient[j];
        }
    }
}

sable_status sable_model_check_labels(const int32_t *labels, size_t samples, uint32_t classes, sable_error *err) {
    const int32_t last = classes > 1 ? (int32_t)classes - 1 : 1;
    for (size_t i = 0; i < samples; i++)
        if (labels[i] < 0 || labels[i] > last)
            return sable_fail(err, SABLE_DATA, "label %d of sample %zu: a model of %u classes takes 0..%d", labels[i],
                              i, classes, last);
    return SABLE_OK;
}

/* scratch of train_class, in doubles */
static size_t work_values(uint32_t features) { return 4 * ((size_t)features + 1); }

uint64_t sable_model_train_bytes(size_t samples, uint32_t features, uint32_t classes, bool standardise) {
    const uint64_t model = (uint64_t)classes * (features + 1ull) + (standardise ? 2ull * features : 0);
    return (samples * (features + 1ull) + work_values(features) + model) * sizeof(double);
}

sable_status sable_model_train(sable_model **out, const double *x, const int32_t *labels, size_t samples,
                               uint32_t features, uint32_t classes, const sable_train_options *options,
                               sable_error *err) {
    sable_train_options o = {sizeof o, 300, 1, 1e-3, true};
    if (!out || !x || !labels || samples == 0)
        return sable_fail(err, SABLE_INVALID, "training needs samples and labels");
    if (options) {
        if (options->struct_size != sizeof o)
            return sable_fail(err, SABLE_INVALID, "sable_train_options: struct_size is not set");
        o = *options;
        if (o.iterations == 0) o.iterations = 300;
        if (o.rate == 0) o.rate = 1;
        if (o.ridge == 0) o.ridge = 1e-3;
    }
    SABLE_TRY(sable_model_check_labels(labels, samples, classes, err));
    for (size_t i = 0; i < samples * features; i++)
        if (!isfinite(x[i]))
            return sable_fail(err, SABLE_DATA, "feature %zu of sample %zu is %g", i % features, i / features, x[i]);
    sable_model *m;
    SABLE_TRY(sable_model_create(&m, classes, features, o.standardise, err));
    double *z = malloc(samples * features * sizeof *z), *target = malloc(samples * sizeof *target);
    double *work = malloc(work_values(features) * sizeof *work);
    if (!z || !target || !work) {
        free(z), free(target), free(work);
        sable_model_destroy(&m);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory to train on %zu x %u values", samples, features);
    }
    memcpy(z, x, samples * features * sizeof *z);
    if (m->mean) {
        moments(m, x, samples);
        sable_model_standardise(m, z, samples);
    }
    for (uint32_t c = 0; c < classes; c++) {
        for (size_t i = 0; i < samples; i++) target[i] = labels[i] == (classes > 1 ? (int32_t)c : 1);
        train_class(work, z, target, samples, features, &o, work + features + 1);
        memcpy(m->weights + (size_t)c * features, work, features * sizeof(double));
        m->bias[c] = work[features];
    }
    free(z), free(target), free(work);
    *out = m;
    return SABLE_OK;
}

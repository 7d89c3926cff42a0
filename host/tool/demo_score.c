/* SPDX-License-Identifier: Apache-2.0 */
/* Training in the clear, the twin of the encrypted computation, and what is compared with it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/demo.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/workspace.h"

/* What a run must reach. */
#define ERROR_BAR       1e-4 /* largest difference, relative to the largest value */
#define UNDECIDED_LOGIT 1e-3 /* a prediction may differ where the clear |logit| is smaller */

/* -- training -------------------------------------------------------------------------------------------------------- */

static sable_status train_model(demo *d) {
    const demo_data *data = &d->data;
    const uint32_t features = data->features;
    double *x = malloc(data->train * features * sizeof *x);
    int32_t *labels = malloc(data->train * sizeof *labels);
    sable_status status =
        x && labels ? SABLE_OK : sable_fail(&d->err, SABLE_NO_MEMORY, "no memory for %zu samples", data->train);
    for (size_t i = 0, at = 0; status == SABLE_OK && i < data->samples; i++) {
        if (!data->trains[i]) continue;
        memcpy(x + at * features, data->x + i * features, features * sizeof *x);
        labels[at++] = data->labels[i];
    }
    const sable_train_options options = {
        .struct_size = sizeof options, .standardise = data->standardise, .ridge = d->options.ridge};
    if (status == SABLE_OK)
        status = sable_model_train(&d->model, x, labels, data->train, features, 1, &options, &d->err);
    free(x);
    free(labels);
    return status;
}

/* The value that the encrypted computation approximates, in double precision. */
static sable_status make_twin(demo *d) {
    const size_t n = d->data.count;
    if (!d->options.probabilities) {
        memcpy(d->values.twin, d->values.logits, n * sizeof *d->values.twin);
        return SABLE_OK;
    }
    sable_poly *poly = NULL;
    const double range = d->range;
    const sable_infer_options infer = {.struct_size = sizeof infer, .probabilities = true, .degree = d->options.degree};
    SABLE_TRY(sable_infer_sigmoid(&poly, &infer, range, NULL, &d->err));
    for (size_t i = 0; i < n; i++) {
        d->values.twin[i] = sable_poly_value(poly, d->values.logits[i] / range);
        d->poly_error = fmax(d->poly_error, fabs(d->values.twin[i] - 1 / (1 + exp(-d->values.logits[i]))));
    }
    sable_poly_destroy(&poly);
    return SABLE_OK;
}

sable_status demo_train(demo *d) {
    const demo_data *data = &d->data;
    const size_t n = data->count, values = n * data->features;
    double start = seconds_now();
    SABLE_TRY(train_model(d));
    d->steps[d->step_count++] =
        (demo_step){.name = "train in the clear", .who = "model owner", .seconds = seconds_now() - start};
    double **const to[] = {&d->values.logits, &d->values.twin, &d->values.plain, &d->values.encrypted};
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) *to[i] = calloc(n, sizeof(double));
    double *z = malloc(values * sizeof *z);
    if (!z || !d->values.logits || !d->values.twin || !d->values.plain || !d->values.encrypted) {
        free(z);
        return sable_fail(&d->err, SABLE_NO_MEMORY, "no memory for %zu samples", n);
    }
    memcpy(z, data->x + data->first * data->features, values * sizeof *z);
    sable_model_standardise(d->model, z, n);
    sable_model_logits(d->model, d->values.logits, z, n);
    free(z);
    for (size_t i = 0; i < n; i++) d->largest_logit = fmax(d->largest_logit, fabs(d->values.logits[i]));
    d->range = fmax(1, ceil(d->largest_logit));
    return make_twin(d);
}

/* -- comparison ------------------------------------------------------------------------------------------------------ */

static bool predicts(const demo *d, const double *values, size_t i) {
    return values[i] > (d->options.probabilities ? 0.5 : 0);
}

static demo_score score(const demo *d, const double *values, const double *twin) {
    demo_score s = {0};
    size_t right = 0, right_test = 0, test = 0;
    double largest = 0;
    for (size_t i = 0; i < d->data.count; i++) {
        const size_t row = d->data.first + i;
        const bool correct = predicts(d, values, i) == (d->data.labels[row] == 1);
        right += correct;
        if (!d->data.trains[row]) {
            test++;
            right_test += correct;
        }
        largest = fmax(largest, fabs(twin[i]));
        const double error = fabs(values[i] - twin[i]);
        if (isnan(error) || error > s.error) s.error = error; /* once not a number, for ever */
        if (fabs(d->values.logits[i]) > UNDECIDED_LOGIT && predicts(d, values, i) != (d->values.logits[i] > 0))
            s.mismatched++;
    }
    s.accuracy_all = (double)right / (double)d->data.count;
    s.accuracy_test = test ? (double)right_test / (double)test : NAN;
    s.relative_error = largest > 0 ? s.error / largest : s.error;
    return s;
}

void demo_compare(demo *d) {
    d->clear = score(d, d->values.twin, d->values.twin);
    d->plain = score(d, d->values.plain, d->values.twin);
    d->encrypted = score(d, d->values.encrypted, d->values.twin);
}

const char *demo_verdict(const demo *d) {
    static char sentence[256];
    const demo_score *const scores[] = {&d->plain, &d->encrypted};
    static const char *const weights[] = {"plaintext", "encrypted"};
    for (size_t i = 0; i < 2; i++) {
        const demo_score *s = scores[i];
        if (s->mismatched) {
            snprintf(sentence, sizeof sentence,
                     "with %s weights %llu of %zu predictions differ from the clear ones: none may", weights[i],
                     (unsigned long long)s->mismatched, d->data.count);
            return sentence;
        }
        if (!(s->relative_error <= ERROR_BAR)) {
            snprintf(sentence, sizeof sentence,
                     "with %s weights the largest error is %.3g of the largest value: at most %g may be", weights[i],
                     s->relative_error, ERROR_BAR);
            return sentence;
        }
    }
    if (d->way_count && !d->same_results) return "the ways to compute do not give the same results bit for bit";
    return NULL;
}

/* -- timings --------------------------------------------------------------------------------------------------------- */

uint32_t demo_ways(const demo *d, sable_ctx_options how[WAYS]) {
    how[WAY_PORTABLE_1] = (sable_ctx_options){sizeof *how, "cpu", "portable", 1, settings.memory};
    how[WAY_BEST_1] = (sable_ctx_options){sizeof *how, "cpu", NULL, 1, settings.memory};
    how[WAY_BEST] = (sable_ctx_options){sizeof *how, "cpu", NULL, settings.threads, settings.memory};
    how[WAY_BACKEND] = (sable_ctx_options){sizeof *how, settings.backend, NULL, settings.threads, settings.memory};
    /* The fourth way is another one only where the work does not run on the cpu. */
    return strcmp(d->backend, "cpu") == 0 ? WAY_BACKEND : WAYS;
}

sable_status demo_baselines(demo *d) {
    char *const path[] = {path_join(d->evaluator, "samples.sable"), path_join(d->evaluator, "keys.sable"),
                          path_join(d->evaluator, "model.json"), path_join(d->evaluator, "model.sable"),
                          path_join(d->evaluator, "compare.tmp")};
    const baseline_job job = {
        .params = d->params,
        .data = path[0],
        .keys = path[1],
        .model = path[2],
        .encrypted_model = path[3],
        .scratch = path[4],
        .options = {.struct_size = sizeof job.options,
                    .probabilities = d->options.probabilities,
                    .degree = d->options.probabilities ? d->options.degree : 0,
                    .range = d->options.probabilities ? d->range : 0},
        .seconds = d->options.seconds,
    };
    sable_ctx_options how[WAYS];
    const uint32_t ways = demo_ways(d, how);
    sable_status status = SABLE_OK;
    d->same_results = true;
    for (uint32_t i = 0; i < ways && status == SABLE_OK; i++) {
        progress("timing", i, ways);
        status = baseline_measure(&d->ways[i], &job, &how[i], &d->err);
        if (memcmp(d->ways[i].digest, d->ways[0].digest, sizeof d->ways[0].digest) != 0) d->same_results = false;
        d->way_count = i + 1;
    }
    progress_end();
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) free(path[i]);
    return status;
}

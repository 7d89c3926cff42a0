/* SPDX-License-Identifier: Apache-2.0 */
/* The method in the clear: schedule, cubic, and the recurrence step by step, which knows nothing of circuits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "logreg/training.h"

sable_status training_options_resolve(sable_training_options *out, const sable_training_options *options,
                                      sable_error *err) {
    if (!options || options->struct_size != sizeof *options)
        return sable_fail(err, SABLE_INVALID, "sable_training_options: NULL, or struct_size is not %zu", sizeof *out);
    sable_training_options o = *options;
    if (o.chains == 0) o.chains = 1;
    if (o.rate == 0) o.rate = 4;
    if (o.range == 0) o.range = 8;
    if (o.weight_bound == 0) o.weight_bound = 8;
    if (o.kind < SABLE_TRAIN_BASELINE || o.kind > SABLE_TRAIN_LOWDEPTH)
        return sable_fail(err, SABLE_INVALID, "training: there is no circuit of kind %d", (int)o.kind);
    if (o.chains > 2 || (o.chains == 2 && o.kind != SABLE_TRAIN_LOWDEPTH))
        return sable_fail(err, SABLE_INVALID, "training: %u chains: 1, or with the low-depth circuit 2", o.chains);
    if (o.iterations == 0 || o.iterations > TRAINING_MOST_STEPS)
        return sable_fail(err, SABLE_LIMIT, "training: %u iterations: 1 to %d are possible", o.iterations,
                          TRAINING_MOST_STEPS);
    if (o.minibatch == 0 || o.features == 0)
        return sable_fail(err, SABLE_INVALID, "training: a minibatch of %u samples of %u features", o.minibatch,
                          o.features);
    const struct {
        const char *name;
        double value, low, high;
    } number[] = {{"rate", o.rate, 1e-6, 1e6},
                  {"range", o.range, 0.5, 64},
                  {"weight_bound", o.weight_bound, 1e-3, 64},
                  {"infer_range", o.infer_range == 0 ? 1 : o.infer_range, 1e-3, 1e6}};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        if (!(number[i].value >= number[i].low && number[i].value <= number[i].high))
            return sable_fail(err, SABLE_INVALID, "training: %s is %g: %g to %g is possible", number[i].name,
                              number[i].value, number[i].low, number[i].high);
    *out = o;
    return SABLE_OK;
}

/* -- schedule ------------------------------------------------------------------------------------------------------ */

void training_schedule(training_step *step, const sable_training_options *o) {
    double c[3], a = 0.01;
    sable_training_cubic(o->range, c);
    for (uint32_t t = 1; t <= o->iterations; t++) {
        const double next = (1 + sqrt(1 + 4 * a * a)) / 2;
        training_step *s = &step[t];
        s->momentum = (1 - a) / next;
        s->rate = (o->constant_rate ? o->rate : o->rate / t) / o->minibatch;
        s->divide = t == o->iterations && o->infer_range > 0 ? o->infer_range : 1;
        const double rate = s->rate / s->divide;
        s->scale = cbrt(rate * c[2]);
        s->linear = rate * c[1] / s->scale;
        s->constant = rate * c[0];
        a = next;
    }
}

sable_status sable_training_step(const sable_training_options *options, uint32_t t, double *momentum, double *rate,
                                 sable_error *err) {
    sable_training_options o;
    training_step step[TRAINING_MOST_STEPS + 1];
    SABLE_TRY(training_options_resolve(&o, options, err));
    if (t == 0 || t > o.iterations || !momentum || !rate)
        return sable_fail(err, SABLE_INVALID, "training: step %u of %u, or a pointer is NULL", t, o.iterations);
    training_schedule(step, &o);
    *momentum = step[t].momentum;
    *rate = step[t].rate;
    return SABLE_OK;
}

/* Least squares in x and x^3 on [0, 1], where odd functions need be looked at: the moments of f = 1/(1 + exp(range*x)) - 1/2 by Simpson's rule, whose
 * error is far below that of the fit. */
void sable_training_cubic(double range, double c[3]) {
    enum { PANELS = 2048 };
    double first = 0, third = 0;
    for (int i = 0; i <= PANELS; i++) {
        const double x = (double)i / PANELS, f = 1 / (1 + exp(range * x)) - 0.5;
        const double weight = (i == 0 || i == PANELS ? 1.0 : i % 2 ? 4.0 : 2.0) / (3.0 * PANELS);
        first += weight * x * f;
        third += weight * x * x * x * f;
    }
    /* [1/3 1/5; 1/5 1/7] (linear, cubic) = (first, third); the determinant is 4/525. */
    const double linear = (first / 7 - third / 5) * 525 / 4, cubic = (third / 3 - first / 5) * 525 / 4;
    c[0] = 0.5;
    c[1] = linear / range;
    c[2] = cubic / (range * range * range);
}

/* -- recurrence ---------------------------------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) sum += a[j] * b[j];
    return sum;
}

sable_status sable_training_reference(const sable_training_options *options, const double *z, const double *start,
                                      double *weights, double *momentum, double *largest, sable_error *err) {
    sable_training_options o;
    SABLE_TRY(training_options_resolve(&o, options, err));
    if (!z || !weights) return sable_fail(err, SABLE_INVALID, "sable_training_reference: an array is NULL");
    const size_t d = (size_t)o.features + 1;
    double *v = calloc(2 * d, sizeof *v), *g = v + d, c[3], most = 0;
    if (!v) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu weights", 2 * d);
    training_step step[TRAINING_MOST_STEPS + 1];
    training_schedule(step, &o);
    sable_training_cubic(o.range, c);
    if (start) memcpy(v, start, d * sizeof *v);
    memcpy(weights, v, d * sizeof *v);
    for (uint32_t t = 1; t <= o.iterations; t++) {
        memset(g, 0, d * sizeof *g);
        for (uint32_t i = 0; i < o.minibatch; i++, z += d) {
            const double u = dot(z, v, d), p = c[0] + u * (c[1] + c[2] * u * u);
            most = fmax(most, fabs(u));
            for (size_t j = 0; j < d; j++) g[j] += p * z[j];
        }
        for (size_t j = 0; j < d; j++) {
            const double next = v[j] + step[t].rate * g[j];
            v[j] = (1 - step[t].momentum) * next + step[t].momentum * weights[j];
            weights[j] = next;
        }
    }
    if (momentum) memcpy(momentum, v, d * sizeof *v);
    if (largest) *largest = most;
    free(v);
    return SABLE_OK;
}

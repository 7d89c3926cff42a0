/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/poly_noise.h"

#include <stdlib.h>

#include "ckks/noise.h"

#define SAMPLES 64

/* Values that the declared bound and rms allow, mapped to the plan's variable: an even spread has rms = width/sqrt(3). */
static void sample(double *u, const sable_poly *poly, const sable_poly_reduced *reduced, const sable_ct *in) {
    double width = fmin(in->bound, sqrt(3) * in->rms);
    double lo = fmax(-width, poly->lo), hi = fmin(width, poly->hi);
    if (!(lo < hi)) { /* the range and a one-sided interval do not meet: take the interval's */
        lo = poly->lo;
        hi = poly->hi;
    }
    for (int s = 0; s < SAMPLES; s++) {
        double x = lo + (hi - lo) * (s + 0.5) / SAMPLES;
        u[s] = reduced->affine ? reduced->slope * x + reduced->shift : x;
    }
}

/* value of every node at one sample. */
static void forward(double *value, const sable_poly_program *p, double u) {
    for (uint32_t i = 0; i < p->count; i++) {
        const sable_poly_node *n = &p->node[i];
        double a = n->a >= 0 ? value[n->a] : u, b = n->b >= 0 ? value[n->b] : 0;
        switch (n->op) {
        case SABLE_POLY_TENSOR: value[i] = a * b; break;
        case SABLE_POLY_DOUBLE: value[i] = 2 * a; break;
        case SABLE_POLY_CONST_PRODUCT: value[i] = n->constant * a; break;
        case SABLE_POLY_ADD_CONST: value[i] = a + n->constant; break;
        case SABLE_POLY_ADD: value[i] = a + b; break;
        case SABLE_POLY_SUB: value[i] = a - b; break;
        case SABLE_POLY_INPUT:
        case SABLE_POLY_RESCALE:
        case SABLE_POLY_DROP:
        case SABLE_POLY_ADJUST: value[i] = a; break;
        }
    }
}

/* slope[i] = d result / d node i at the sample of `value`. */
static void backward(double *slope, const double *value, const sable_poly_program *p) {
    for (uint32_t i = 0; i < p->count; i++) slope[i] = 0;
    slope[p->result] = 1;
    for (uint32_t i = p->count; i-- > 1;) {
        const sable_poly_node *n = &p->node[i];
        double d = slope[i];
        switch (n->op) {
        case SABLE_POLY_TENSOR:
            slope[n->a] += d * value[n->b];
            slope[n->b] += d * value[n->a];
            break;
        case SABLE_POLY_DOUBLE: slope[n->a] += 2 * d; break;
        case SABLE_POLY_CONST_PRODUCT: slope[n->a] += d * n->constant; break;
        case SABLE_POLY_ADD: slope[n->a] += d, slope[n->b] += d; break;
        case SABLE_POLY_SUB: slope[n->a] += d, slope[n->b] -= d; break;
        case SABLE_POLY_ADD_CONST:
        case SABLE_POLY_RESCALE:
        case SABLE_POLY_DROP:
        case SABLE_POLY_ADJUST: slope[n->a] += d; break;
        case SABLE_POLY_INPUT: break;
        }
    }
}

/* Noise that node i adds of its own, per unit of message squared; x2: the square of the operand at the sample. */
static double injected(const sable_ctx *ctx, const sable_poly_program *p, const sable_poly_node *n, double x2) {
    double scale2 = n->scale_value.hi * n->scale_value.hi, size = 2.0 / ctx->params.n;
    if (n->op == SABLE_POLY_RESCALE) {
        const sable_poly_node *a = &p->node[n->a];
        double var = sable_noise_rounding(ctx, 2) / scale2;
        if (a->parts == 3) var += sable_noise_key_switch(ctx, a->level) / (a->scale_value.hi * a->scale_value.hi);
        return var;
    }
    if (n->op == SABLE_POLY_ADJUST) return sable_noise_rounding(ctx, 2) / scale2;
    /* A rounded constant errs by the same real number in every slot; slot variance v is coefficient variance 2v/N. */
    if (n->op == SABLE_POLY_CONST_PRODUCT)
        return size * x2 / 12 / (n->constant_scale_value.hi * n->constant_scale_value.hi);
    if (n->op == SABLE_POLY_ADD_CONST) return size / 12 / scale2;
    return 0;
}

sable_status sable_poly_noise(sable_queue *queue, sable_poly_estimate *estimate, const sable_poly_program *p,
                              const sable_poly *poly, const sable_poly_reduced *reduced, const sable_ct *in,
                              const sable_ct *u) {
    const sable_ctx *ctx = queue->ctx;
    double *value = malloc(2 * p->count * sizeof *value), *slope = value ? value + p->count : NULL, point[SAMPLES];
    if (!value)
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "polynomial: no memory for the noise of %u steps", p->count);
    sample(point, poly, reduced, in);
    double variance = 0, square = 0;
    /* The relative part of the input's error is an error of relative*rms in every slot. */
    double relative = u->relative * u->rms;
    double input = u->noise_var / (u->scale.hi * u->scale.hi) + 2.0 / ctx->params.n * relative * relative;
    for (int s = 0; s < SAMPLES; s++) {
        forward(value, p, point[s]);
        backward(slope, value, p);
        square += value[p->result] * value[p->result];
        variance += input * slope[0] * slope[0];
        for (uint32_t i = 1; i < p->count; i++) {
            double x = value[p->node[i].a];
            variance += injected(ctx, p, &p->node[i], x * x) * slope[i] * slope[i];
        }
    }
    free(value);
    estimate->variance = variance / SAMPLES;
    estimate->rms = sqrt(square / SAMPLES);
    return SABLE_OK;
}

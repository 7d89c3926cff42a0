/* SPDX-License-Identifier: Apache-2.0 */
/* Products that are not rescaled: with plaintexts, with ciphertexts, weighted sums. */
#include "ckks/encoder.h"
#include "ckks/eval_internal.h"

sable_status sable_mul_plain(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_pt *b) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the ciphertext"));
    SABLE_TRY(sable_check_pt(queue, b, "the plaintext"));
    if (a->level != b->level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "multiply by plaintext: ciphertext at level %u, plaintext at %u",
                            a->level, b->level);
    if (b->slots > a->slots)
        return SABLE_REFUSE(queue, SABLE_INVALID, "multiply by plaintext: %u slots on a ciphertext of %u", b->slots,
                            a->slots);
    if (a->batch != b->batch && a->batch != 1 && b->batch != 1)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "multiply by plaintext: batches of %u and %u: equal, or one of them 1", a->batch, b->batch);
    double message = a->scale.hi * a->rms, factor = b->scale.hi * b->rms;
    sable_ct meta = *a;
    meta.batch = a->batch > b->batch ? a->batch : b->batch;
    meta.scale = sable_scale_product(a->scale, b->scale);
    meta.bound = a->bound * b->bound;
    meta.rms = a->rms * b->rms;
    meta.noise_var = a->noise_var * factor * factor + message * message / 12;
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, "multiply by plaintext"));
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, a->batch == meta.batch || out != a, "multiply by plaintext"));
    sable_limbs r = sable_meta_limbs(queue->ctx, &meta, data);
    sable_limbs x = sable_limbs_repeat(sable_ct_limbs(a), meta.batch),
                y = sable_limbs_repeat(sable_pt_limbs(b), meta.batch);
    y.parts = a->parts; /* the same plaintext for every part */
    y.part_stride = 0;
    sable_status status = queue->ctx->backend->mul_mont(queue->handle, &r, &x, &y, 0);
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}

sable_status sable_tensor_meta(sable_queue *queue, sable_ct *meta, const sable_ct *a, const sable_ct *b,
                               uint32_t groups, uint32_t terms, const char *name) {
    SABLE_TRY(sable_check_parts(queue, a, 2, name));
    SABLE_TRY(sable_check_parts(queue, b, 2, name));
    *meta = *a;
    meta->batch = groups;
    meta->parts = 3;
    meta->scale = sable_scale_product(a->scale, b->scale);
    meta->bound = terms * a->bound * b->bound;
    meta->rms = sqrt(terms) * sable_rms_product(a, b);
    meta->noise_var = terms * sable_noise_product(a, b);
    meta->relative = a->relative + b->relative;
    meta->insecure = a->insecure || b->insecure;
    meta->seeded = false;
    return sable_check_capacity(queue, meta, name);
}

/* Member g = sum of `terms` products; strides in members. */
static sable_status tensor_run(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b, uint32_t groups,
                               uint32_t terms, bool repeat_a, bool repeat_b, const char *name) {
    const sable_ctx *ctx = queue->ctx;
    sable_ct meta;
    SABLE_TRY(sable_tensor_meta(queue, &meta, a, b, groups, terms, name));
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, out != a && out != b, name));
    sable_limbs r = sable_meta_limbs(ctx, &meta, data), x = sable_ct_limbs(a), y = sable_ct_limbs(b);
    size_t xs = x.batch_stride, ys = y.batch_stride;
    x.batch = y.batch = groups;
    x.batch_stride = repeat_a ? 0 : xs * terms;
    y.batch_stride = repeat_b ? 0 : ys * terms;
    sable_status status = ctx->backend->tensor(queue->handle, &r, &x, xs, &y, ys, terms);
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}

sable_status sable_tensor(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b) {
    SABLE_TRY(sable_check_pair(queue, out, a, b, "tensor"));
    uint32_t batch = a->batch > b->batch ? a->batch : b->batch;
    return tensor_run(queue, out, a, b, batch, 1, a->batch != batch, b->batch != batch, "tensor");
}

sable_status sable_tensor_sum(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b, uint32_t terms) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the first operand"));
    SABLE_TRY(sable_check_ct(queue, b, "the second operand"));
    if (terms == 0 || a->batch % terms || b->batch % terms ||
        (a->batch != b->batch && a->batch != terms && b->batch != terms))
        return SABLE_REFUSE(
            queue, SABLE_INVALID,
            "tensor sum: batches of %u and %u in groups of %u: multiples of it, and equal or one of them one group",
            a->batch, b->batch, terms);
    sable_ct one = *b; /* the remaining checks do not concern the batch */
    one.batch = a->batch;
    SABLE_TRY(sable_check_pair(queue, out, a, &one, "tensor sum"));
    uint32_t groups = (a->batch > b->batch ? a->batch : b->batch) / terms;
    return tensor_run(queue, out, a, b, groups, terms, a->batch != groups * terms, b->batch != groups * terms,
                      "tensor sum");
}

sable_status sable_combine(sable_queue *queue, sable_ct *out, const sable_ct *a, const double *weights, uint32_t rows) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the operand"));
    if (!weights || rows == 0) return SABLE_REFUSE(queue, SABLE_INVALID, "combine: no weights");
    sable_ctx *ctx = queue->ctx;
    sable_scale delta = sable_scale_canonical(ctx, a->level);
    double widest = 0, energy = 0;
    for (uint32_t g = 0; g < rows; g++) {
        double sum = 0, square = 0;
        for (uint32_t t = 0; t < a->batch; t++) {
            double w = weights[(size_t)g * a->batch + t];
            if (!isfinite(w)) return SABLE_REFUSE(queue, SABLE_DATA, "combine: weight %u of row %u is %g", t, g, w);
            sum += fabs(w);
            square += w * w;
        }
        widest = fmax(widest, sum);
        energy = fmax(energy, square);
    }
    if (widest > 0 && log2(widest) + log2(delta.hi) > 100)
        return SABLE_REFUSE(queue, SABLE_BOUND, "combine: weights of sum %g at scale 2^%.2f exceed 2^100", widest,
                            log2(delta.hi));
    double message = a->scale.hi * a->rms;
    sable_ct meta = *a;
    meta.batch = rows;
    meta.scale = sable_scale_product(a->scale, delta);
    meta.bound = a->bound * widest;
    meta.rms = a->rms * sqrt(energy);
    meta.noise_var = a->noise_var * energy * delta.hi * delta.hi + a->batch * message * message / ctx->params.n / 12;
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, "combine"));

    const sable_level_tables *t = &ctx->level[a->level];
    size_t count = (size_t)rows * a->batch;
    uint32_t *words = malloc(count * t->limbs * sizeof *words), *data;
    if (!words) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "combine: no memory for %zu weights", count);
    uint32_t ignored[SABLE_MAX_Q];
    for (size_t i = 0; i < count; i++)
        sable_encode_scalar(words + i * t->limbs, ignored, ctx->ring, t->pos, t->limbs, weights[i], 0,
                            sable_scale_dd(delta));
    sable_status status = sable_out_words(queue, &data, out, &meta, out != a, "combine");
    if (status != SABLE_OK) {
        free(words);
        return status;
    }
    sable_limbs r = sable_meta_limbs(ctx, &meta, data), x = sable_ct_limbs(a);
    status = ctx->backend->combine(queue->handle, &r, &x, words);
    free(words);
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Additions, and multiplications that cost no level. */
#include "ckks/encoder.h"
#include "ckks/eval_internal.h"
#include "ring/word.h"

static sable_status check_scales(sable_queue *queue, sable_scale a, sable_scale b, const char *name) {
    if (sable_scale_equal(a, b)) return SABLE_OK;
    return SABLE_REFUSE(
        queue, SABLE_SCALE,
        "%s: scales 2^%.6f (level %d, power %u) and 2^%.6f (level %d, power %u) differ: bring both to the "
        "canonical scale (sable_rescale, sable_adjust)",
        name, log2(a.hi), a.level, a.power, log2(b.hi), b.level, b.power);
}

sable_status sable_sum_meta(sable_queue *queue, sable_ct *meta, const sable_ct *a, const sable_ct *b,
                            const char *name) {
    SABLE_TRY(check_scales(queue, a->scale, b->scale, name));
    *meta = *a;
    meta->batch = a->batch > b->batch ? a->batch : b->batch;
    meta->parts = a->parts > b->parts ? a->parts : b->parts;
    meta->bound = a->bound + b->bound;
    meta->rms = a == b ? 2 * a->rms : sqrt(a->rms * a->rms + b->rms * b->rms);
    meta->noise_var = a == b ? 4 * a->noise_var : a->noise_var + b->noise_var;
    /* The relative parts refer to the inputs' rms: keep the error, divide by the new rms. */
    meta->relative = meta->rms > 0 ? (a->relative * a->rms + b->relative * b->rms) / meta->rms : 0;
    meta->insecure = a->insecure || b->insecure;
    meta->seeded = false;
    return sable_check_capacity(queue, meta, name);
}

typedef sable_status (*binary_fn)(void *, const sable_limbs *, const sable_limbs *, const sable_limbs *);

static sable_status add_or_sub(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b, bool subtract) {
    const char *name = subtract ? "subtract" : "add";
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_pair(queue, out, a, b, name));
    const sable_backend *be = queue->ctx->backend;
    sable_ct meta;
    SABLE_TRY(sable_sum_meta(queue, &meta, a, b, name));
    /* A repeated input must not be overwritten while it is still needed, nor one whose parts lie elsewhere. */
    bool same = a->batch == b->batch && a->parts == b->parts;
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, same || (out != a && out != b), name));
    sable_limbs r = sable_meta_limbs(queue->ctx, &meta, data);
    sable_limbs x = sable_limbs_repeat(sable_ct_limbs(a), meta.batch),
                y = sable_limbs_repeat(sable_ct_limbs(b), meta.batch);
    uint32_t common = a->parts < b->parts ? a->parts : b->parts;
    sable_limbs rc = sable_view_parts(r, 0, common), xc = sable_view_parts(x, 0, common),
                yc = sable_view_parts(y, 0, common);
    binary_fn f = subtract ? be->sub : be->add;
    sable_status status = f(queue->handle, &rc, &xc, &yc);
    if (status == SABLE_OK && common < meta.parts) {
        bool from_b = b->parts > common;
        sable_limbs rest = sable_view_parts(from_b ? y : x, common, meta.parts - common);
        sable_limbs ro = sable_view_parts(r, common, meta.parts - common);
        status = from_b && subtract ? be->negate(queue->handle, &ro, &rest) : be->copy(queue->handle, &ro, &rest);
    }
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}

sable_status sable_add(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b) {
    return add_or_sub(queue, out, a, b, false);
}
sable_status sable_sub(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b) {
    return add_or_sub(queue, out, a, b, true);
}

sable_status sable_negate(sable_queue *queue, sable_ct *out, const sable_ct *a) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the operand"));
    sable_ct meta = *a;
    meta.seeded = false;
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, true, "negate"));
    sable_limbs r = sable_meta_limbs(queue->ctx, &meta, data), x = sable_ct_limbs(a);
    sable_status status = queue->ctx->backend->negate(queue->handle, &r, &x);
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}

/* out = a +- plain: the plaintext leaves Montgomery form through a product with 2^-32 (one pass over one part). */
static sable_status plain_sum(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_pt *b, bool subtract) {
    const char *name = subtract ? "subtract plaintext" : "add plaintext";
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the ciphertext"));
    SABLE_TRY(sable_check_pt(queue, b, "the plaintext"));
    sable_ctx *ctx = queue->ctx;
    if (a->level != b->level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "%s: ciphertext at level %u, plaintext at %u", name, a->level,
                            b->level);
    SABLE_TRY(check_scales(queue, a->scale, b->scale, name));
    if (b->slots > a->slots || (b->batch != 1 && b->batch != a->batch))
        return SABLE_REFUSE(queue, SABLE_INVALID, "%s: plaintext of %u slots x %u members on a ciphertext of %u x %u",
                            name, b->slots, b->batch, a->slots, a->batch);
    sable_ct meta = *a;
    meta.bound = a->bound + b->bound;
    meta.rms = sqrt(a->rms * a->rms + b->rms * b->rms);
    meta.relative = meta.rms > 0 ? a->relative * a->rms / meta.rms : 0;
    meta.noise_var += 1.0 / 12;
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, name));
    const sable_backend *be = ctx->backend;
    sable_limbs p = sable_pt_limbs(b);
    uint32_t *plain, *data;
    SABLE_TRY(sable_words_alloc(queue, &plain, (size_t)p.batch * p.limbs * ctx->params.n, name));
    sable_status status = sable_out_words(queue, &data, out, &meta, true, name);
    if (status != SABLE_OK) {
        sable_words_release(queue, plain);
        return status;
    }
    uint32_t inverse[SABLE_MAX_Q];
    for (uint32_t i = 0; i < p.limbs; i++) {
        const sable_prime *q = &ctx->ring->prime[p.pos[i]];
        inverse[i] = sable_inv_mod(q->r1, q->p);
    }
    sable_limbs t = sable_dense_limbs(ctx, plain, p.pos, p.limbs, 1, p.batch);
    sable_limbs r = sable_meta_limbs(ctx, &meta, data), x = sable_ct_limbs(a);
    sable_limbs r0 = sable_view_parts(r, 0, 1), x0 = sable_view_parts(x, 0, 1), t0 = sable_limbs_repeat(t, a->batch);
    status = be->mul_const(queue->handle, &t, &p, inverse, NULL);
    if (status == SABLE_OK) status = (subtract ? be->sub : be->add)(queue->handle, &r0, &x0, &t0);
    if (status == SABLE_OK && data != a->data) {
        sable_limbs r1 = sable_view_parts(r, 1, a->parts - 1), x1 = sable_view_parts(x, 1, a->parts - 1);
        status = be->copy(queue->handle, &r1, &x1);
    }
    sable_words_release(queue, plain);
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}

sable_status sable_add_plain(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_pt *b) {
    return plain_sum(queue, out, a, b, false);
}
sable_status sable_sub_plain(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_pt *b) {
    return plain_sum(queue, out, a, b, true);
}

sable_status sable_add_scalar(sable_queue *queue, sable_ct *out, const sable_ct *a, double re, double im) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the operand"));
    if (!isfinite(re) || !isfinite(im))
        return SABLE_REFUSE(queue, SABLE_DATA, "add scalar: %g + %gi is not finite", re, im);
    sable_ctx *ctx = queue->ctx;
    double size = sqrt(re * re + im * im);
    sable_ct meta = *a;
    meta.bound += size;
    meta.rms = sqrt(a->rms * a->rms + size * size);
    meta.relative = meta.rms > 0 ? a->relative * a->rms / meta.rms : 0;
    meta.noise_var += 1.0 / 12;
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, "add scalar"));
    uint32_t *data, lo[SABLE_MAX_Q], hi[SABLE_MAX_Q];
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, true, "add scalar"));
    sable_limbs r = sable_meta_limbs(ctx, &meta, data), x = sable_ct_limbs(a);
    sable_scalar_words(ctx, lo, hi, a->level, re, im, sable_scale_dd(a->scale));
    sable_limbs r0 = sable_view_parts(r, 0, 1), x0 = sable_view_parts(x, 0, 1);
    sable_status status = ctx->backend->add_const(queue->handle, &r0, &x0, lo, hi);
    if (status == SABLE_OK && data != a->data) {
        sable_limbs r1 = sable_view_parts(r, 1, a->parts - 1), x1 = sable_view_parts(x, 1, a->parts - 1);
        status = ctx->backend->copy(queue->handle, &r1, &x1);
    }
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}

/* out = a * (lo on the first half, hi on the second half), constants of the level's limbs. */
static sable_status times_words(sable_queue *queue, sable_ct *out, const sable_ct *a, sable_ct *meta,
                                const uint32_t *lo, const uint32_t *hi, const char *name) {
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, meta, true, name));
    sable_limbs r = sable_meta_limbs(queue->ctx, meta, data), x = sable_ct_limbs(a);
    sable_status status = queue->ctx->backend->mul_const(queue->handle, &r, &x, lo, hi);
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, meta, data, status);
}

sable_status sable_mul_integer(sable_queue *queue, sable_ct *out, const sable_ct *a, int64_t integer) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the operand"));
    double size = fabs((double)integer);
    sable_ct meta = *a;
    meta.bound *= size;
    meta.rms *= size;
    meta.noise_var *= size * size;
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, "multiply by an integer"));
    uint32_t words[SABLE_MAX_Q];
    const sable_level_tables *t = &queue->ctx->level[a->level];
    for (uint32_t i = 0; i < t->limbs; i++) {
        int64_t p = queue->ctx->ring->prime[t->pos[i]].p, v = integer % p;
        words[i] = (uint32_t)(v < 0 ? v + p : v);
    }
    return times_words(queue, out, a, &meta, words, NULL, "multiply by an integer");
}

sable_status sable_mul_i(sable_queue *queue, sable_ct *out, const sable_ct *a) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the operand"));
    sable_ct meta = *a;
    meta.seeded = false;
    uint32_t lo[SABLE_MAX_Q], hi[SABLE_MAX_Q];
    const sable_level_tables *t = &queue->ctx->level[a->level];
    for (uint32_t i = 0; i < t->limbs; i++) {
        const sable_prime *q = &queue->ctx->ring->prime[t->pos[i]];
        lo[i] = sable_pow_mod(q->psi, queue->ctx->params.n / 2, q->p); /* I */
        hi[i] = q->p - lo[i];
    }
    return times_words(queue, out, a, &meta, lo, hi, "multiply by i");
}

sable_status sable_mul_scalar_at(sable_queue *queue, sable_ct *out, const sable_ct *a, double re, double im,
                                 sable_scale scale) {
    sable_ctx *ctx = queue->ctx;
    double size = sqrt(re * re + im * im);
    sable_ct meta = *a;
    meta.scale = sable_scale_product(a->scale, scale);
    meta.bound *= size;
    meta.rms *= size;
    /* Rounding the two components of the constant: an error of variance 1/12 each, times the message. */
    double message = a->scale.hi * a->rms;
    meta.noise_var = a->noise_var * size * size * scale.hi * scale.hi + message * message / ctx->params.n / 6;
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, "multiply by a scalar"));
    uint32_t lo[SABLE_MAX_Q], hi[SABLE_MAX_Q];
    sable_scalar_words(ctx, lo, hi, a->level, re, im, sable_scale_dd(scale));
    return times_words(queue, out, a, &meta, lo, hi, "multiply by a scalar");
}

sable_status sable_mul_scalar(sable_queue *queue, sable_ct *out, const sable_ct *a, double re, double im) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the operand"));
    if (!isfinite(re) || !isfinite(im))
        return SABLE_REFUSE(queue, SABLE_DATA, "multiply by a scalar: %g + %gi is not finite", re, im);
    return sable_mul_scalar_at(queue, out, a, re, im, sable_scale_canonical(queue->ctx, a->level));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Plaintexts: slot values to residues and back. Values pass through host memory; the embedding runs in fixed order on every machine. */
#include <sodium.h>
#include <stdint.h>

#include "ckks/encoder.h"
#include "ckks/eval_internal.h"
#include "ring/word.h"

/* Numbers that one thread looks at in a microsecond: four times as many are worth a parallel region. */
#define RUN ((size_t)2048)

/* What sable_encoding means for this context, checked. */
static sable_status encoding_shape(sable_queue *queue, sable_pt *meta, const sable_encoding *e, size_t count) {
    const sable_ctx *ctx = queue->ctx;
    const sable_params *p = &ctx->params;
    if (!e || e->struct_size != sizeof *e)
        return SABLE_REFUSE(queue, SABLE_INVALID, "encode: sable_encoding is NULL or its struct_size is not set");
    if (e->level > p->top_level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "encode: level %u, the set %s has 0..%u", e->level, p->name,
                            p->top_level);
    meta->level = e->level;
    meta->slots = e->slots ? e->slots : p->n / 2;
    meta->batch = e->batch ? e->batch : 1;
    if (meta->slots & (meta->slots - 1) || meta->slots > p->n / 2)
        return SABLE_REFUSE(queue, SABLE_INVALID, "encode: %u slots: a power of two up to %u", meta->slots, p->n / 2);
    uint64_t expected = (uint64_t)meta->slots * meta->batch * (e->is_complex ? 2 : 1);
    if (count != expected)
        return SABLE_REFUSE(queue, SABLE_INVALID, "encode: %zu values given, %u members of %u %s slots take %llu",
                            count, meta->batch, meta->slots, e->is_complex ? "complex" : "real",
                            (unsigned long long)expected);
    meta->scale = e->scale.hi != 0 ? e->scale : sable_scale_canonical(ctx, e->level);
    if (!(meta->scale.hi >= 1) || !isfinite(meta->scale.hi) || meta->scale.level > (int32_t)p->top_level)
        return SABLE_REFUSE(queue, SABLE_SCALE, "encode: scale %g is not a finite number >= 1", meta->scale.hi);
    if (!(e->bound >= 0) || !isfinite(e->bound) || !(e->rms >= 0) || (e->bound > 0 && e->rms > e->bound))
        return SABLE_REFUSE(queue, SABLE_INVALID, "encode: declared bound %g and rms %g", e->bound, e->rms);
    return SABLE_OK;
}

static double size_of(const double *value, bool is_complex) {
    return is_complex ? sqrt(value[0] * value[0] + value[1] * value[1]) : fabs(value[0]);
}

/* Largest |value|, or infinity if one of them is not finite. */
static double extent_of(const double *values, size_t count, bool is_complex) {
    double most = 0, zero = 0;
#pragma omp simd reduction(max : most) reduction(+ : zero)
    for (size_t i = 0; i < count; i += is_complex ? 2 : 1) {
        const double size = size_of(values + i, is_complex);
        most = size > most ? size : most;
        zero += size * 0;
    }
    return zero == 0 ? most : INFINITY;
}

/* Refuses values that are not finite. */
static sable_status values_extent(sable_queue *queue, double *largest, const double *values, size_t count,
                                  bool is_complex) {
    const uint32_t threads = sable_host_threads(queue->ctx);
    (void)threads; /* unused without OpenMP */
    double most = 0;
#pragma omp parallel for schedule(static) reduction(max : most) if (count > 4 * RUN) num_threads(threads)
    for (size_t first = 0; first < count; first += RUN) {
        const size_t left = count - first < RUN ? count - first : RUN;
        const double size = is_complex ? extent_of(values + first, left, true) : extent_of(values + first, left, false);
        most = size > most ? size : most;
    }
    *largest = most;
    const size_t step = is_complex ? 2 : 1;
    for (size_t i = 0; !isfinite(*largest) && i < count; i += step)
        if (!isfinite(size_of(values + i, is_complex)))
            return SABLE_REFUSE(queue, SABLE_DATA, "encode: value %zu is %g: every value must be finite", i / step,
                                values[i]);
    return SABLE_OK;
}

sable_status sable_encode_member(sable_queue *queue, const sable_limbs *out, const double *z, bool is_complex,
                                 uint32_t slots, sable_scale scale, double *scratch) {
    const sable_ctx *ctx = queue->ctx;
    const uint32_t threads = sable_host_threads(ctx), gap = ctx->params.n / (2 * slots);
    const size_t n2 = 2 * (size_t)slots;
    double *coeff = scratch, *hi = scratch + n2, *lo = hi + n2;
    if (!ctx->tally) { /* a plan reads no values */
        SABLE_TRY(sable_embed_inverse(ctx->encoder, coeff, z, is_complex, slots, threads, &queue->error));
        sable_scale_round(hi, lo, coeff, n2, sable_scale_dd(scale), threads);
    }
    SABLE_RUN(queue, encode(queue->handle, out, hi, lo, gap));
    return SABLE_OK;
}

/* All members: by the backend where that is asked for and possible, else by the fixed-order encoder. host: 6 numbers a slot. */
static sable_status encode_members(sable_queue *queue, const sable_limbs *all, const double *values, size_t count,
                                   const sable_encoding *encoding, const sable_pt *meta, double *host) {
    const sable_ctx *ctx = queue->ctx;
    if (encoding->fast && ctx->backend->encode_slots) {
        const sable_status status = ctx->backend->encode_slots(queue->handle, all, values, meta->slots, meta->scale.hi,
                                                               meta->scale.lo, encoding->is_complex);
        if (status != SABLE_UNSUPPORTED) return status == SABLE_OK ? SABLE_OK : sable_queue_kill(queue, status);
    }
    sable_limbs one = *all;
    one.batch = 1;
    for (uint32_t b = 0; b < meta->batch; b++) {
        one.data = all->data + b * all->batch_stride;
        SABLE_TRY(sable_encode_member(queue, &one, values + count / meta->batch * b, encoding->is_complex, meta->slots,
                                      meta->scale, host));
    }
    return SABLE_OK;
}

sable_status sable_encode(sable_queue *queue, sable_pt *out, const double *values, size_t count,
                          const sable_encoding *encoding) {
    SABLE_TRY(sable_check_out_pt(queue, out));
    if (!values) return SABLE_REFUSE(queue, SABLE_INVALID, "encode: the values are NULL");
    sable_ctx *ctx = queue->ctx;
    sable_pt meta = {.ctx = ctx};
    SABLE_TRY(encoding_shape(queue, &meta, encoding, count));
    double largest = 0; /* a plan reads no values */
    if (!ctx->tally) SABLE_TRY(values_extent(queue, &largest, values, count, encoding->is_complex));
    /* A bound that follows the data shows one power of two of it, not the value. */
    meta.bound = encoding->bound > 0 ? encoding->bound : largest > 0 ? sable_power_of_two_from(largest) : 1;
    meta.rms = encoding->rms > 0 ? encoding->rms : meta.bound;
    if (largest > meta.bound)
        return SABLE_REFUSE(queue, SABLE_BOUND, "encode: a value of size %g exceeds the declared bound %g", largest,
                            meta.bound);
    double need = log2(meta.bound) + log2(meta.scale.hi), have = sable_level_capacity_log2(ctx, meta.level);
    if (need > have || need > 119)
        return SABLE_REFUSE(
            queue, SABLE_BOUND,
            "encode: values up to %g at scale 2^%.2f need %.1f bits, level %u holds %.1f (and 119 at most)", meta.bound,
            log2(meta.scale.hi), need, meta.level, have);

    const sable_level_tables *t = &ctx->level[meta.level];
    size_t n2 = 2 * (size_t)meta.slots;
    double *host = malloc(3 * n2 * sizeof *host);
    if (!host) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "encode: no memory for %zu coefficients", n2);
    uint32_t *data;
    sable_status status = sable_words_alloc(queue, &data, (size_t)meta.batch * t->limbs * ctx->params.n, "encode");
    if (status == SABLE_OK) {
        const sable_limbs all = sable_dense_limbs(ctx, data, t->pos, t->limbs, 1, meta.batch);
        status = encode_members(queue, &all, values, count, encoding, &meta, host);
        if (status == SABLE_OK)
            sable_pt_commit(queue, out, &meta, data);
        else
            sable_words_release(queue, data);
    }
    sable_wipe(host, 3 * n2 * sizeof *host, sable_host_threads(ctx));
    free(host);
    return status;
}

/* Values from the residues y in the backend's memory, by the fixed-order encoder. */
static sable_status decode_on_host(sable_queue *queue, double *values, bool is_complex, const sable_pt *in,
                                   const uint32_t *y) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[in->level];
    const size_t n = ctx->params.n, count = 2 * (size_t)in->slots, words = in->batch * t->limbs * n;
    const uint32_t threads = sable_host_threads(ctx);
    uint32_t *host = malloc(words * sizeof *host);
    double *coeff = malloc(count * sizeof *coeff);
    sable_status status = SABLE_OK;
    if (!host || !coeff)
        status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "decode: no memory for %zu words", words);
    else if ((status = ctx->backend->download(queue->handle, host, y, words * sizeof *host)) != SABLE_OK)
        status = sable_queue_kill(queue, status);
    for (uint32_t b = 0; b < in->batch && status == SABLE_OK; b++) {
        const uint32_t *limb[SABLE_MAX_Q];
        for (uint32_t i = 0; i < t->limbs; i++) limb[i] = host + (b * (size_t)t->limbs + i) * n;
        size_t inconsistent;
        status = sable_residues_to_doubles(coeff, &inconsistent, limb, n / count, count, ctx->ring, t->pos, t->limbs,
                                           t->limbs, sable_scale_dd(in->scale), INFINITY, threads, &queue->error);
        if (status == SABLE_OK)
            status = sable_embed(ctx->encoder, values + b * (size_t)in->slots * (is_complex ? 2 : 1), is_complex, coeff,
                                 in->slots, threads, &queue->error);
    }
    free(host);
    free(coeff);
    return status;
}

/* Likewise by the backend. SABLE_UNSUPPORTED: it lacks what that takes. */
static sable_status decode_on_device(sable_queue *queue, double *values, bool is_complex, const sable_pt *in,
                                     const sable_limbs *y) {
    const sable_dd unit = dd_div(dd(1), sable_scale_dd(in->scale));
    const sable_backend *be = queue->ctx->backend;
    const sable_status status = be->decode(queue->handle, values, y, in->slots, unit.hi, unit.lo, is_complex);
    return status == SABLE_OK || status == SABLE_UNSUPPORTED ? status : sable_queue_kill(queue, status);
}

sable_status sable_decode(sable_queue *queue, double *values, size_t count, bool is_complex, const sable_pt *in) {
    SABLE_TRY(sable_check_idle(queue, "a decoding"));
    SABLE_TRY(sable_check_pt(queue, in, "the plaintext"));
    const sable_ctx *ctx = queue->ctx;
    const size_t room = (size_t)in->batch * in->slots * (is_complex ? 2 : 1);
    if (!values || count != room)
        return SABLE_REFUSE(queue, SABLE_INVALID, "decode: room for %zu values, the plaintext has %zu", count, room);
    const sable_level_tables *t = &ctx->level[in->level];
    SABLE_TRY(sable_residues_fit(ctx->ring, t->pos, t->limbs, t->limbs, &queue->error));
    uint32_t inverse[SABLE_MAX_Q]; /* out of Montgomery form, folded into the inverse transform */
    for (uint32_t i = 0; i < t->limbs; i++)
        inverse[i] = sable_inv_mod(ctx->ring->prime[t->pos[i]].r1, ctx->ring->prime[t->pos[i]].p);
    uint32_t *data;
    SABLE_TRY(sable_words_alloc(queue, &data, (size_t)in->batch * t->limbs * ctx->params.n, "decode"));
    const sable_limbs x = sable_pt_limbs(in), y = sable_dense_limbs(ctx, data, t->pos, t->limbs, 1, in->batch);
    sable_status status = ctx->backend->ntt_inverse(queue->handle, &y, &x, inverse);
    if (status != SABLE_OK) {
        status = sable_queue_kill(queue, status);
    } else {
        status = ctx->backend->decode ? decode_on_device(queue, values, is_complex, in, &y) : SABLE_UNSUPPORTED;
        if (status == SABLE_UNSUPPORTED) status = decode_on_host(queue, values, is_complex, in, data);
    }
    sable_words_release(queue, data);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan.h"

#include <sodium.h>
#include <stdlib.h>

#include "client/encrypt.h"

/* Guarded memory: a page before each block keeps its size and a canary, the pages around it hold nothing. */
enum { PAGE = 4096 };

static uint32_t lanes_of(const sable_ctx *ctx, uint32_t tasks) {
    const uint32_t threads = ctx->backend->threads(ctx->state);
    return tasks < threads ? tasks : threads;
}

static size_t lanes_bytes(const sable_ctx *ctx, uint32_t tasks) {
    return lanes_of(ctx, tasks) * (CLIENT_SCRATCH * (ctx->params.n * sizeof(uint32_t) + PAGE) + sizeof(sable_stream));
}

/* One small polynomial modulo each of `limbs` primes. */
static void count_small(double *work, double polys, double limbs, double n) {
    work[SABLE_WORK_LIFT] += polys * limbs * n;
    work[SABLE_WORK_FORWARD] += polys * limbs * n;
}

/* What a run holds at its fullest: words in the backend, bytes beside it. */
static sable_status hold(sable_queue *queue, size_t words, size_t bytes, const sable_drop_plan *division,
                         uint32_t polys) {
    sable_ctx *ctx = queue->ctx;
    uint32_t *scratch = NULL;
    if (words) SABLE_TRY(sable_words_alloc(queue, &scratch, words, "scratch"));
    sable_tally_scratch(ctx->tally, bytes);
    if (division) { /* its conversion takes memory too */
        const sable_limbs out = sable_dense_limbs(ctx, scratch, division->out, division->out_count, 1, polys);
        SABLE_RUN(queue, base_convert(queue->handle, &out, NULL, division->basis));
    }
    if (scratch) sable_words_release(queue, scratch);
    return SABLE_OK;
}

sable_status client_plan_encrypt(sable_queue *queue, uint32_t level, uint32_t batch, bool with_public_key) {
    sable_ctx *ctx = queue->ctx;
    const uint32_t small = with_public_key ? 3 : 1;
    const size_t special = 2 * (size_t)(ctx->level[level].limbs + ctx->params.p_count) * client_run_row(ctx->params.n);
    const double n = ctx->params.n, limbs = ctx->level[level].limbs, p = ctx->params.p_count, all = limbs + p;
    const uint32_t members = client_run_members(ctx, level, batch, small, with_public_key);
    const uint32_t pieces = (batch + members - 1) / members;
    const double runs = pieces, b = batch;
    double *work = ctx->tally->work;
    if (!with_public_key) {
        work[SABLE_WORK_ERROR] += b * n;
        count_small(work, runs + b, limbs, n); /* the secret, the errors */
        work[SABLE_WORK_EXPAND] += b * limbs * n;
        work[SABLE_WORK_ELEMENT] += b * limbs * n;
    } else {
        work[SABLE_WORK_TERNARY] += b * n;
        work[SABLE_WORK_ERROR] += 2 * b * n;
        count_small(work, b, all, n);
        work[SABLE_WORK_LIFT] += 2 * b * all * n;
        work[SABLE_WORK_FORWARD] += 2 * b * limbs * n;
        work[SABLE_WORK_INVERSE] += 2 * b * p * n;
        work[SABLE_WORK_ELEMENT] += 2 * b * all * n;
    }
    SABLE_TRY(hold(queue, with_public_key ? members * special : 0,
                   (size_t)small * members * ctx->params.n + lanes_bytes(ctx, (uint32_t)all),
                   with_public_key ? &ctx->level[level].down : NULL, 2 * batch));
    return SABLE_OK;
}

sable_status client_plan_decrypt(sable_queue *queue, const client_decrypt_shape *shape) {
    sable_ctx *ctx = queue->ctx;
    const double n = shape->n, limbs = shape->limbs, b = shape->batch, parts = shape->parts;
    const uint32_t pieces = (shape->batch + shape->members - 1) / shape->members;
    const double runs = pieces;
    const uint32_t tasks = client_decrypt_tasks(shape->members, shape->limbs, shape->slots),
                   lanes = lanes_of(ctx, tasks), decoders = shape->members < lanes ? 1 : lanes;
    double *work = ctx->tally->work;
    count_small(work, runs, limbs, n);
    work[SABLE_WORK_ELEMENT] += b * (parts - 1) * limbs * n;
    work[SABLE_WORK_INVERSE] += b * limbs * n;
    work[SABLE_WORK_DECODE] += b * limbs * 2 * shape->slots;
    work[SABLE_WORK_EMBED] += b * 2 * shape->slots * ctx->params.log_n;
    return hold(queue, (size_t)shape->members * shape->limbs * shape->n,
                (size_t)decoders * 2 * shape->slots * sizeof(double) + shape->values * sizeof(double) +
                    lanes_bytes(ctx, tasks),
                NULL, 0);
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

/* make_limb of keygen.c over all limbs; neither relin nor galois: a public key. */
static void count_key(sable_tally *tally, double n, double limbs, double digits, bool relin, bool galois) {
    double *work = tally->work;
    work[SABLE_WORK_ERROR] += digits * n;
    count_small(work, 1 + galois + digits, limbs, n);
    work[SABLE_WORK_EXPAND] += digits * limbs * n;
    work[SABLE_WORK_ELEMENT] += (2 * digits + (relin ? 2 : galois)) * limbs * n;
}

void sable_public_key_plan(sable_ctx *ctx) {
    const size_t n = ctx->params.n, limbs = ctx->params.q_count + ctx->params.p_count;
    count_key(ctx->tally, (double)n, (double)limbs, 1, false, false);
    ctx->tally->work[SABLE_WORK_ELEMENT] += (double)(limbs * n); /* out of Montgomery form, for the file */
    sable_tally_scratch(ctx->tally, 2 * limbs * n * sizeof(uint32_t) + n + lanes_bytes(ctx, (uint32_t)limbs));
}

sable_status sable_keyset_plan(sable_queue *queue, sable_keyset **out, const sable_key_spec *spec) {
    sable_ctx *ctx = queue->ctx;
    const sable_params *params = &ctx->params;
    const size_t n = params->n;
    sable_keyset *set = calloc(1, sizeof *set);
    if (set) *set = (sable_keyset){.ctx = ctx, .key = calloc(sable_key_spec_count(spec) + 1, sizeof *set->key)};
    if (!set || !set->key) {
        free(set);
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu key handles", sable_key_spec_count(spec));
    }
    sable_status status = SABLE_OK;
    size_t widest = 0;
    for (size_t i = 0; i < sable_key_spec_count(spec) && status == SABLE_OK; i++) {
        sable_evk *key = &set->key[i];
        status = sable_key_spec_get(spec, i, &key->need);
        if (status != SABLE_OK) break;
        set->count = i + 1;
        const size_t digits = sable_key_digits(params, &key->need), limbs = key->need.limbs + params->p_count,
                     words = 2 * digits * limbs * n, bytes = (digits + 1) * n;
        const bool relin = key->need.kind == SABLE_KEY_RELIN;
        count_key(ctx->tally, (double)n, (double)limbs, (double)digits, relin, !relin);
        if (bytes > widest) widest = bytes;
        status = sable_words_alloc(queue, &key->data, words, "an evaluation key");
    }
    sable_tally_scratch(ctx->tally, widest + lanes_bytes(ctx, params->q_count + params->p_count));
    if (status == SABLE_OK)
        *out = set;
    else
        sable_keyset_destroy(queue, &set);
    return status;
}

/* -- prices -------------------------------------------------------------------------------------------------------- */

typedef struct sampling {
    sable_stream *stream;
    int8_t *small;
    size_t n;
} sampling;

static void run_error(void *arg) {
    sampling *s = arg;
    sable_sample_error(s->small, s->n, s->stream);
}
static void run_ternary(void *arg) {
    sampling *s = arg;
    sable_sample_ternary(s->small, s->n, s->stream);
}
sable_status sable_client_prices_measure(sable_prices *prices, const sable_ctx *ctx, sable_error *err) {
    static const uint8_t key[SABLE_SEED_BYTES] = {1}; /* what is drawn here is nobody's secret */
    sampling s = {.n = ctx->params.n < 1u << 14 ? ctx->params.n : 1u << 14};
    s.stream = sodium_malloc((sizeof *s.stream + 63) / 64 * 64);
    s.small = calloc(s.n, 1);
    if (s.stream && s.small) {
        const double each = (double)s.n * prices->speedup;
        sable_stream_open(s.stream, key);
        prices->seconds[SABLE_WORK_ERROR] = sable_time_of(run_error, &s) / each;
        prices->seconds[SABLE_WORK_TERNARY] = sable_time_of(run_ternary, &s) / each;
        sable_stream_wipe(s.stream);
    }
    const bool good = s.stream && s.small;
    sodium_free(s.stream);
    free(s.small);
    return good ? SABLE_OK : sable_fail(err, SABLE_NO_MEMORY, "no memory to measure what sampling costs");
}

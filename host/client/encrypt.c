/* SPDX-License-Identifier: Apache-2.0 */
/* Secret-key encryption, and the runs that both encryptions work in. */
#include "client/encrypt.h"

#include <sodium.h>
#include <string.h>

#include "ckks/expand.h"
#include "ckks/noise.h"
#include "client/plan.h"

/* -- runs ---------------------------------------------------------------------------------------------------------- */

static size_t message_words(const sable_pt *in) { return (size_t)in->ctx->level[in->level].limbs * in->ctx->params.n; }

uint32_t client_run_members(const sable_ctx *ctx, uint32_t level, uint32_t batch, uint32_t small_polys, bool division) {
    const bool stage = !client_shares_memory(ctx);
    const size_t n = ctx->params.n, limbs = ctx->level[level].limbs, all = limbs + ctx->params.p_count;
    const size_t words =
        (small_polys + 3) / 4 * n + (stage ? 3 * limbs * n : 0) + (division ? 2 * all * client_run_row(n) : 0);
    size_t members = CLIENT_RUN_BYTES / (words * sizeof(uint32_t));
    if (members > CLIENT_RUN_MEMBERS) members = CLIENT_RUN_MEMBERS;
    if (members > batch) members = batch;
    return members < 1 ? 1 : (uint32_t)members;
}

sable_status client_run_open(client_run *run, const client_ring *on, const sable_queue *queue, const sable_pt *in,
                             uint32_t small_polys, bool division, sable_error *err) {
    const sable_ctx *ctx = in->ctx;
    const bool stage = !client_shares_memory(queue->ctx);
    const size_t n = ctx->params.n, limbs = ctx->level[in->level].limbs, all = limbs + ctx->params.p_count;
    const uint32_t members = client_run_members(ctx, in->level, in->batch, small_polys, division);
    *run = (client_run){.members = members};
    SABLE_TRY(client_work_open(&run->work, on, (uint32_t)all, err));
    sable_status status = client_rng_take(on, &run->rng, err);
    run->small_bytes = (size_t)small_polys * members * n;
    if (status == SABLE_OK && !(run->small = client_guarded_take(on, run->small_bytes)))
        status = sable_fail(err, SABLE_NO_MEMORY, "encryption needs %zu bytes of guarded memory", run->small_bytes);
    if (status == SABLE_OK && stage)
        status = client_scratch_take(&run->work, &run->staged, (size_t)members * 3 * limbs * n, "encryption", err);
    if (status == SABLE_OK && division)
        status = client_scratch_take(&run->work, &run->special, (size_t)members * 2 * all * client_run_row(n),
                                     "encryption", err);
    if (status != SABLE_OK) client_run_close(run, in);
    return status;
}

void client_run_close(client_run *run, const sable_pt *in) {
    if (run->staged) sodium_memzero(run->staged, run->members * message_words(in) * sizeof(uint32_t));
    if (run->work.lane) {
        client_scratch_give(&run->work, run->staged);
        client_scratch_give(&run->work, run->special);
    }
    client_guarded_give(run->work.on, run->small, run->small_bytes);
    client_rng_give(run->work.on, run->rng);
    client_work_close(&run->work);
    memset(run, 0, sizeof *run);
}

sable_status client_run_begin(client_run *run, sable_queue *queue, uint32_t *data, const sable_pt *in, uint32_t first,
                              uint32_t count) {
    const size_t words = message_words(in);
    const uint32_t *from = in->data + first * words;
    run->message = from;
    run->cipher = data + 2 * first * words;
    if (!run->staged) return SABLE_OK;
    run->message = run->staged;
    run->cipher = run->staged + run->members * words;
    SABLE_RUN(queue, download(queue->handle, run->staged, from, count * words * sizeof(uint32_t)));
    return SABLE_OK;
}

sable_status client_run_end(client_run *run, sable_queue *queue, uint32_t *data, const sable_pt *in, uint32_t first,
                            uint32_t count) {
    if (!run->staged) return SABLE_OK;
    const size_t words = 2 * message_words(in);
    SABLE_RUN(queue, upload(queue->handle, data + first * words, run->cipher, count * words * sizeof(uint32_t)));
    return SABLE_OK;
}

sable_ct client_ct_meta(const sable_pt *in, const uint8_t key_id[SABLE_DIGEST_BYTES], bool insecure) {
    sable_ct meta = {.batch = in->batch,
                     .parts = 2,
                     .level = in->level,
                     .slots = in->slots,
                     .scale = in->scale,
                     .bound = in->bound,
                     .rms = in->rms,
                     .insecure = insecure};
    memcpy(meta.key_id, key_id, sizeof meta.key_id);
    return meta;
}

/* -- secret key ---------------------------------------------------------------------------------------------------- */

/* A limb of `count` members, the first being member `first` of the batch, c0 = m + e - c1*s. First part: c1, a third of
 * the work; last part: the rest. */
static void encrypt_limb(client_lane *lane, const client_run *run, const sable_secret *secret, const uint8_t expand[32],
                         const sable_level_tables *level, sable_cut_item item, uint32_t first, uint32_t count) {
    const size_t n = lane->on->ring->n, limbs = level->limbs;
    const uint32_t i = item.task, p = level->pos[i];
    uint32_t *minus_s = lane->limb[0], *error = lane->limb[1];
    if (item.last) lane_expand_small(lane, minus_s, secret->s, lane_mont_negative(lane, p), p);
    for (uint32_t b = 0; b < count; b++) {
        uint32_t *c0 = run->cipher + (2 * b * limbs + i) * n, *c1 = c0 + limbs * n;
        if (item.last) lane_expand_small(lane, error, run->small + b * n, 1, p);
        if (item.first)
            sable_expand_limb(c1, (uint32_t)n, &lane->on->ring->prime[p], expand, SABLE_EXPAND_CIPHERTEXT, 0, p,
                              first + b);
        if (item.last) lane_affine(lane, c0, error, c1, minus_s, run->message + (b * limbs + i) * n, p);
    }
}

static sable_status encrypt_members(sable_queue *queue, uint32_t *data, sable_ct *meta, const sable_pt *in,
                                    const sable_secret *secret) {
    const sable_level_tables *level = &queue->ctx->level[in->level];
    if (queue->ctx->tally) {
        meta->seeded = true;
        return client_plan_encrypt(queue, in->level, in->batch, false);
    }
    client_run run;
    SABLE_TRY(client_run_open(&run, &secret->ring, queue, in, 1, false, &queue->error));
    meta->insecure |= sable_rng_insecure(run.rng);
    meta->seeded = true;
    uint8_t expand[32];
    sable_rng_public(run.rng, meta->seed, sizeof meta->seed);
    sable_expand_key(expand, &queue->ctx->params, secret->key_id, meta->seed);
    sable_status status = SABLE_OK;
    for (uint32_t first = 0; first < in->batch && status == SABLE_OK; first += run.members) {
        const uint32_t count = in->batch - first < run.members ? in->batch - first : run.members;
        status = client_run_begin(&run, queue, data, in, first, count);
        const client_draw errors = {run.small, count, false, SABLE_DOMAIN_ENCRYPT_E0};
        if (status == SABLE_OK) status = client_sample(&run.work, &errors, 1, run.rng, &queue->error);
        if (status != SABLE_OK) break;
        client_work *work = &run.work;
        sable_cut cut;
        sable_cut_open(&cut, level->limbs, work->lanes);
        CLIENT_PARALLEL(work)
        for (uint32_t i = 0; i < sable_cut_items(&cut); i++) {
            const sable_cut_item item = sable_cut_take(&cut, i);
            encrypt_limb(client_lane_of(work), &run, secret, expand, level, item, first, count);
            client_lane_rest();
            sable_cut_finish(&cut, item);
        }
        status = client_work_status(work, &queue->error);
        if (status == SABLE_OK) status = client_run_end(&run, queue, data, in, first, count);
    }
    client_run_close(&run, in);
    return status;
}

sable_status sable_encrypt_secret(sable_queue *queue, sable_ct *out, const sable_pt *in, const sable_secret *secret) {
    SABLE_TRY(sable_check_idle(queue, "an encryption"));
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_pt(queue, in, "the plaintext"));
    if (!secret) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_encrypt_secret: the secret is NULL");
    SABLE_TRY(client_check_params(queue, secret->ctx, "the secret"));
    sable_ct meta = client_ct_meta(in, secret->key_id, secret->insecure || queue->ctx->params.insecure);
    meta.noise_var = SABLE_SIGMA2 + 1.0 / 12; /* the error, and the rounding of the encoding */
    uint32_t *data;
    SABLE_TRY(sable_words_alloc(queue, &data, 2 * in->batch * message_words(in), "a ciphertext"));
    sable_status status = encrypt_members(queue, data, &meta, in, secret);
    if (status != SABLE_OK) {
        sable_words_release(queue, data);
        return status;
    }
    sable_ct_commit(queue, out, &meta, data);
    return SABLE_OK;
}

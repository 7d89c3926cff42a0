/* SPDX-License-Identifier: Apache-2.0 */
/* Public-key encryption: a fresh encryption of zero modulo P*Q_l, divided by P, plus the message. The division leaves
 * its own rounding as the noise instead of the products v*e and e1*s. */
#include <math.h>
#include <string.h>

#include "ckks/noise.h"
#include "client/encrypt.h"

/* Limb i of Q_l then P of `count` members: (v*b + e0, v*a + e1). */
static void zero_limb(client_lane *lane, const client_run *run, const sable_public_key *key,
                      const sable_level_tables *level, uint32_t i, uint32_t count) {
    const sable_ring *ring = lane->on->ring;
    const size_t n = ring->n, all = level->limbs + ring->p_count, total = ring->q_count + ring->p_count;
    const size_t block = run->members * n; /* v, then e0, then e1 of all members */
    const uint32_t p = level->pos[i];
    uint32_t *v = lane->limb[0], *sum = lane->limb[1], *error = lane->limb[2];
    for (uint32_t b = 0; b < count; b++) {
        lane_expand_small(lane, v, run->small + b * n, p, false);
        for (uint32_t part = 0; part < 2; part++) {
            lane_mul_mont(lane, sum, v, key->data + (part * total + p) * n, p);
            lane_expand_small(lane, error, run->small + (1 + part) * block + b * n, p, false);
            lane_add(lane, sum, sum, error, p);
            memcpy(run->extended + ((2 * b + part) * all + i) * n, sum, n * sizeof *sum);
        }
    }
}

/* cipher = round(extended / P) + message. */
static sable_status finish(const client_run *run, const sable_pt *in, uint32_t count) {
    const client_ring *on = run->work.on;
    const sable_ctx *ctx = on->ctx;
    const sable_level_tables *level = &ctx->level[in->level];
    const sable_drop_plan *plan = &level->down;
    const size_t n = ctx->params.n, all = level->limbs + ctx->params.p_count;
    void *queue = run->work.lane[0].queue;
    sable_limbs x = sable_dense_limbs(ctx, run->extended, level->pos, (uint32_t)all, 2, count);
    sable_limbs special = x;
    special.data += level->limbs * n; /* P follows Q_l, in the order of plan->drop */
    special.pos = level->pos + level->limbs;
    special.limbs = plan->drop_count;
    sable_limbs y = sable_dense_limbs(ctx, run->scratch, plan->drop, plan->drop_count, 2, count);
    sable_limbs e = sable_dense_limbs(ctx, run->scratch + count * y.batch_stride, plan->out, plan->out_count, 2, count);
    sable_limbs out = sable_dense_limbs(ctx, run->cipher, level->pos, level->limbs, 2, count);
    sable_limbs c0 = sable_limbs_parts(out, 0, 1);
    sable_limbs m = sable_dense_limbs(ctx, run->message, level->pos, level->limbs, 1, count);
    uint32_t r_inverse[SABLE_MAX_LIMBS];
    for (uint32_t i = 0; i < level->limbs; i++) r_inverse[i] = client_r_inverse(on, level->pos[i]);
    SABLE_TRY(on->cpu->ntt_inverse(queue, &y, &special, plan->basis->y_mult));
    SABLE_TRY(on->cpu->base_convert(queue, &e, &y, plan->basis));
    SABLE_TRY(on->cpu->ntt_mod_down(queue, &out, &e, &x, plan->x_mult, plan->e_mult));
    SABLE_TRY(on->cpu->mul_const(queue, &m, &m, r_inverse, NULL));
    SABLE_TRY(on->cpu->add(queue, &c0, &c0, &m));
    return SABLE_OK;
}

static sable_status encrypt_members(sable_queue *queue, uint32_t *data, sable_ct *meta, const sable_pt *in,
                                    const sable_public_key *key) {
    sable_error *err = &queue->error;
    const sable_level_tables *level = &queue->ctx->level[in->level];
    const uint32_t all = level->limbs + queue->ctx->params.p_count;
    const size_t n = queue->ctx->params.n;
    client_run run;
    SABLE_TRY(client_run_open(&run, &key->ring, in, 3, true, err));
    meta->insecure |= sable_rng_insecure(run.rng);
    const size_t block = run.members * n;
    client_work *work = &run.work;
    sable_status status = SABLE_OK;
    for (uint32_t first = 0; first < in->batch && status == SABLE_OK; first += run.members) {
        const uint32_t count = in->batch - first < run.members ? in->batch - first : run.members;
        status = client_run_fetch(&run, queue, in, first, count);
        if (status == SABLE_OK)
            status = client_sample(work, run.small, count, true, run.rng, SABLE_DOMAIN_ENCRYPT_U, err);
        if (status == SABLE_OK)
            status = client_sample(work, run.small + block, count, false, run.rng, SABLE_DOMAIN_ENCRYPT_E0, err);
        if (status == SABLE_OK)
            status = client_sample(work, run.small + 2 * block, count, false, run.rng, SABLE_DOMAIN_ENCRYPT_E1, err);
        if (status != SABLE_OK) break;
        CLIENT_PARALLEL(work)
        for (uint32_t i = 0; i < all; i++) {
            zero_limb(client_lane_of(work), &run, key, level, i, count);
            client_lane_rest();
        }
        status = client_work_status(work, err);
        if (status == SABLE_OK) {
            status = finish(&run, in, count);
            if (status != SABLE_OK)
                status = sable_fail(err, status, "cpu backend: %s", key->ring.cpu->queue_error(work->lane[0].queue));
        }
        if (status == SABLE_OK) status = client_run_store(&run, queue, data, in, first, count);
    }
    client_run_close(&run, in);
    return status;
}

/* Rounding of the division and of the encoding; (v*e + e0 + e1*s)/P is far below. */
static double public_noise(const sable_ctx *ctx) {
    double log_p = 0, n = ctx->params.n, h = 2 * n / 3;
    for (uint32_t i = 0; i < ctx->params.p_count; i++) log_p += log2(ctx->ring->prime[ctx->params.q_count + i].p);
    return sable_noise_rounding(ctx, 2) + SABLE_SIGMA2 * (n * 2 / 3 + h + 1) * exp2(-2 * log_p) + 1.0 / 12;
}

sable_status sable_encrypt_public(sable_queue *queue, sable_ct *out, const sable_pt *in, const sable_public_key *key) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_pt(queue, in, "the plaintext"));
    if (!key) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_encrypt_public: the public key is NULL");
    SABLE_TRY(client_check_params(queue, key->ctx, "the public key"));
    const sable_ctx *ctx = queue->ctx;
    sable_ct meta = client_ct_meta(in, key->key_id, key->insecure || ctx->params.insecure);
    meta.noise_var = public_noise(ctx);
    uint32_t *data;
    SABLE_TRY(sable_words_alloc(queue, &data, 2 * (size_t)in->batch * ctx->level[in->level].limbs * ctx->params.n,
                                "a ciphertext"));
    sable_status status = encrypt_members(queue, data, &meta, in, key);
    if (status != SABLE_OK) {
        sable_words_release(queue, data);
        return status;
    }
    sable_ct_commit(queue, out, &meta, data);
    return SABLE_OK;
}

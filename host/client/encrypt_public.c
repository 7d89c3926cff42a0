/* SPDX-License-Identifier: Apache-2.0 */
/* Public-key encryption: a fresh encryption (v*b + e0, v*a + e1) of zero modulo P*Q_l, divided by P, plus the message.
 * The division leaves its own rounding as the noise instead of the products v*e and e1*s.
 *
 * The transforms are linear, so fewer are needed than formulas show: modulo a prime of P the errors are added behind the
 * inverse transform; modulo a prime of Q_l, with r the residue modulo P converted to Q_l, out = v*key/P + m +
 * NTT((e - r)/P). One limb at a time, in scratch that stays in the second-level cache. */
#include <math.h>

#include "ckks/noise.h"
#include "client/encrypt.h"
#include "client/plan.h"

typedef struct public_job {
    const client_run *run;
    const sable_public_key *key;
    const sable_level_tables *level;
    uint32_t count;            /* members */
    uint32_t *residue, *moved; /* run->special: modulo P, ready for the base conversion, and its result */
} public_job;

static const int8_t *small_poly(const public_job *job, uint32_t which, uint32_t member, size_t n) {
    return job->run->small + ((size_t)which * job->run->members + member) * n; /* v, e0, e1 */
}

static const uint32_t *key_limb(const public_job *job, const sable_ring *ring, uint32_t part, uint32_t position) {
    return job->key->data + ((size_t)part * (ring->q_count + ring->p_count) + position) * ring->n;
}

/* Polynomials of a pair that an item has: both, or one where a limb is cut in two. v is transformed for either. */
static uint32_t first_part(sable_cut_item item) { return item.first ? 0 : 1; }
static uint32_t end_part(sable_cut_item item) { return item.last ? 2 : 1; }

/* A limb of P. */
static void special_limb(client_lane *lane, const public_job *job, sable_cut_item item) {
    const sable_ring *ring = lane->on->ring;
    const sable_drop_plan *plan = &job->level->down;
    const size_t n = ring->n;
    const uint32_t i = item.task, pos = plan->drop[i], minus_one = ring->prime[pos].p - 1;
    uint32_t *v = lane->limb[0], *product = lane->limb[1];
    for (uint32_t b = 0; b < job->count; b++) {
        lane_expand_small(lane, v, small_poly(job, 0, b, n), 1, pos);
        for (uint32_t part = first_part(item); part < end_part(item); part++) {
            lane_mul_mont(lane, product, v, key_limb(job, ring, part, pos), pos);
            lane_inverse(lane, product, product, minus_one, pos);
            lane_lift(lane, job->residue + ((2 * b + part) * (size_t)plan->drop_count + i) * client_run_row(n),
                      small_poly(job, 1 + part, b, n), product, plan->basis->y_mult[i], pos);
        }
    }
}

/* A limb of Q_l. */
static void cipher_limb(client_lane *lane, const public_job *job, sable_cut_item item) {
    const sable_ring *ring = lane->on->ring;
    const size_t n = ring->n, limbs = job->level->limbs;
    const uint32_t i = item.task, pos = job->level->pos[i], inverse_p = job->level->down.e_mult[i];
    uint32_t *v = lane->limb[0], *rest = lane->limb[1];
    for (uint32_t b = 0; b < job->count; b++) {
        lane_expand_small(lane, v, small_poly(job, 0, b, n), inverse_p, pos);
        for (uint32_t part = first_part(item); part < end_part(item); part++) {
            const size_t at = (2 * b + part) * limbs + i;
            lane_lift(lane, rest, small_poly(job, 1 + part, b, n), job->moved + at * client_run_row(n), inverse_p, pos);
            lane_forward(lane, rest, pos);
            lane_affine(lane, job->run->cipher + at * n, rest, v, key_limb(job, ring, part, pos),
                        part == 0 ? job->run->message + (b * limbs + i) * n : NULL, pos);
        }
    }
}

/* Two polynomials a member on the limbs `pos`, in scratch. */
static sable_limbs scratch_limbs(const public_job *job, uint32_t *data, const uint16_t *pos, uint32_t limbs) {
    const size_t row = client_run_row(job->run->work.on->ring->n);
    return (sable_limbs){data, pos, limbs, 2, job->count, row, limbs * row, 2 * limbs * row, NULL};
}

static void limbs_of(const public_job *job, uint32_t count,
                     void (*limb)(client_lane *lane, const public_job *job, sable_cut_item item)) {
    const client_work *work = &job->run->work;
    sable_cut cut;
    sable_cut_open(&cut, count, work->lanes);
    CLIENT_PARALLEL(work)
    for (uint32_t i = 0; i < sable_cut_items(&cut); i++) {
        const sable_cut_item item = sable_cut_take(&cut, i);
        limb(client_lane_of(work), job, item);
        client_lane_rest();
        sable_cut_finish(&cut, item);
    }
}

/* The members of the run at hand. */
static sable_status encrypt_run(const public_job *job, sable_error *err) {
    const client_work *work = &job->run->work;
    const sable_drop_plan *plan = &job->level->down;
    limbs_of(job, plan->drop_count, special_limb);
    SABLE_TRY(client_work_status(work, err));
    void *queue = work->lane[0].queue;
    const sable_limbs y = scratch_limbs(job, job->residue, plan->drop, plan->drop_count);
    const sable_limbs r = scratch_limbs(job, job->moved, plan->out, plan->out_count);
    sable_status status = work->on->cpu->base_convert(queue, &r, &y, plan->basis);
    if (status != SABLE_OK) return sable_fail(err, status, "cpu backend: %s", work->on->cpu->queue_error(queue));
    limbs_of(job, job->level->limbs, cipher_limb);
    return client_work_status(work, err);
}

static sable_status encrypt_members(sable_queue *queue, uint32_t *data, sable_ct *meta, const sable_pt *in,
                                    const sable_public_key *key) {
    sable_error *err = &queue->error;
    const size_t n = queue->ctx->params.n;
    if (queue->ctx->tally) return client_plan_encrypt(queue, in->level, in->batch, true);
    client_run run;
    SABLE_TRY(client_run_open(&run, &key->ring, queue, in, 3, true, err));
    meta->insecure |= sable_rng_insecure(run.rng);
    const size_t block = run.members * n;
    public_job job = {.run = &run, .key = key, .level = &queue->ctx->level[in->level], .residue = run.special};
    job.moved = job.residue + 2 * run.members * client_run_row(n) * queue->ctx->params.p_count;
    sable_status status = SABLE_OK;
    for (uint32_t first = 0; first < in->batch && status == SABLE_OK; first += run.members) {
        job.count = in->batch - first < run.members ? in->batch - first : run.members;
        status = client_run_begin(&run, queue, data, in, first, job.count);
        const client_draw draws[3] = {{run.small, job.count, true, SABLE_DOMAIN_ENCRYPT_U},
                                      {run.small + block, job.count, false, SABLE_DOMAIN_ENCRYPT_E0},
                                      {run.small + 2 * block, job.count, false, SABLE_DOMAIN_ENCRYPT_E1}};
        if (status == SABLE_OK) status = client_sample(&run.work, draws, 3, run.rng, err);
        if (status == SABLE_OK) status = encrypt_run(&job, err);
        if (status == SABLE_OK) status = client_run_end(&run, queue, data, in, first, job.count);
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
    SABLE_TRY(sable_check_idle(queue, "an encryption"));
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

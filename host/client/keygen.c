/* SPDX-License-Identifier: Apache-2.0 */
/* One key: (b, a) with b = -a*s + e, plus the gadget of a key switch; and public keys. */
#include <stdlib.h>
#include <string.h>

#include "ckks/expand.h"
#include "client/plan.h"

/* -- one key ------------------------------------------------------------------------------------------------------- */

/* Limb i of all digits. Keys are in Montgomery form: a product of two such words divided by 2^32 stays in it. */
static void make_limb(client_lane *lane, const client_key_job *job, uint32_t i) {
    const client_ring *on = lane->on;
    const size_t n = on->ring->n, part = job->limbs * n;
    const uint32_t p = job->pos[i], alpha = on->ctx->params.alpha, q_count = on->ring->q_count;
    const uint32_t mont = lane_mont(lane, p);
    uint32_t *minus_target = lane->limb[0], *gadget = lane->limb[1], *error = lane->limb[2];

    lane_expand_small(lane, minus_target, job->target, lane_mont_negative(lane, p), p);
    /* P*g_j is P modulo the primes of block j and 0 modulo every other prime, those of P included. */
    const bool has_gadget = p < q_count && (job->from || job->square);
    if (has_gadget) {
        if (job->square)
            lane_mul_mont(lane, gadget, minus_target, minus_target, p);
        else
            lane_expand_small(lane, gadget, job->from, mont, p);
        uint64_t product_p = 1;
        for (uint32_t k = 0; k < on->ring->p_count; k++)
            product_p = product_p * on->ring->prime[q_count + k].p % on->ring->prime[p].p;
        lane_mul_const(lane, gadget, gadget, (uint32_t)product_p, p);
    }
    for (uint32_t j = 0; j < job->digits; j++) {
        uint32_t *b = job->out + 2 * j * part + i * n, *a = b + part;
        lane_expand_small(lane, error, job->errors + j * n, mont, p);
        if (has_gadget && p / alpha == job->first_block + j) lane_add(lane, error, error, gadget, p);
        sable_expand_limb(a, (uint32_t)n, &on->ring->prime[p], job->expand, (sable_expand_purpose)job->purpose,
                          job->first_block + j, p, job->object);
        lane_mul_const(lane, a, a, mont, p);
        lane_affine(lane, b, error, a, minus_target, NULL, p);
    }
}

void client_key_make(client_work *work, const client_key_job *job) {
    CLIENT_PARALLEL(work)
    for (uint32_t i = 0; i < job->limbs; i++) {
        make_limb(client_lane_of(work), job, i);
        client_lane_rest();
    }
}

/* -- public key ---------------------------------------------------------------------------------------------------- */

sable_status client_public_key_new(sable_public_key **out, sable_ctx *ctx, sable_error *err) {
    sable_public_key *key = calloc(1, sizeof *key);
    if (!key) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a public key's handle");
    key->ctx = ctx;
    size_t words = 2 * (size_t)(ctx->ring->q_count + ctx->ring->p_count) * ctx->ring->n;
    sable_status status = client_ring_open(&key->ring, ctx, err);
    if (status == SABLE_OK && !(key->data = client_words_alloc(words)))
        status = sable_fail(err, SABLE_NO_MEMORY, "a public key needs %zu bytes", words * sizeof(uint32_t));
    if (status != SABLE_OK) {
        sable_public_key_destroy(NULL, &key);
        return status;
    }
    *out = key;
    return SABLE_OK;
}

void sable_public_key_destroy(sable_queue *queue, sable_public_key **key) {
    (void)queue; /* the key lies in host memory */
    if (!key || !*key) return;
    free((*key)->data);
    client_ring_close(&(*key)->ring);
    free(*key);
    *key = NULL;
}

sable_status sable_public_key_key_id(const sable_public_key *key, uint8_t key_id[SABLE_DIGEST_BYTES]) {
    if (!key || !key_id) return SABLE_INVALID;
    memcpy(key_id, key->key_id, SABLE_DIGEST_BYTES);
    return SABLE_OK;
}

static sable_status make_public_key(sable_public_key *key, const sable_secret *secret, int8_t *errors, sable_rng *rng,
                                    sable_error *err) {
    const sable_ring *ring = key->ring.ring;
    uint16_t pos[SABLE_MAX_LIMBS];
    const uint32_t limbs = ring->q_count + ring->p_count;
    for (uint32_t i = 0; i < limbs; i++) pos[i] = (uint16_t)i;

    client_work work;
    SABLE_TRY(client_work_open(&work, &key->ring, limbs, err));
    const client_draw draw = {errors, 1, false, SABLE_DOMAIN_PUBLIC_ERROR};
    sable_status status = client_sample(&work, &draw, 1, rng, err);
    if (status == SABLE_OK) {
        uint8_t expand[32];
        sable_rng_public(rng, key->seed, sizeof key->seed);
        key->seeded = true;
        sable_expand_key(expand, &key->ctx->params, secret->key_id, key->seed);
        const client_key_job job = {.target = secret->s,
                                    .errors = errors,
                                    .expand = expand,
                                    .purpose = SABLE_EXPAND_PUBLIC_KEY,
                                    .digits = 1,
                                    .pos = pos,
                                    .limbs = limbs,
                                    .out = key->data};
        client_key_make(&work, &job);
        status = client_work_status(&work, err);
    }
    client_work_close(&work);
    memcpy(key->key_id, secret->key_id, sizeof key->key_id);
    key->test_rng = secret->test_rng || sable_rng_insecure(rng);
    key->insecure = secret->insecure || key->test_rng;
    return status;
}

sable_status sable_public_key_generate(sable_queue *queue, sable_public_key **out, const sable_secret *secret) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out || !secret)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_public_key_generate: out and secret must not be NULL");
    SABLE_TRY(client_check_params(queue, secret->ctx, "the secret"));
    sable_error *err = &queue->error;
    sable_rng *rng = NULL;
    sable_public_key *key = NULL;
    int8_t *errors = NULL;
    sable_status status = client_rng_take(&secret->ring, &rng, err);
    if (status == SABLE_OK) status = client_public_key_new(&key, queue->ctx, err);
    if (status == SABLE_OK && !(errors = client_guarded_take(&secret->ring, queue->ctx->params.n)))
        status = sable_fail(err, SABLE_NO_MEMORY, "no guarded memory for the errors of a public key");
    if (status == SABLE_OK && queue->ctx->tally) {
        sable_public_key_plan(queue->ctx);
        memcpy(key->key_id, secret->key_id, sizeof key->key_id);
    } else if (status == SABLE_OK) {
        status = make_public_key(key, secret, errors, rng, err);
    }
    client_guarded_give(&secret->ring, errors, queue->ctx->params.n);
    client_rng_give(&secret->ring, rng);
    if (status != SABLE_OK) {
        sable_public_key_destroy(queue, &key);
        return status;
    }
    *out = key;
    return SABLE_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a public key belongs to a secret: b + a*s must be one polynomial of errors, modulo every prime. Its
 * coefficients are as secret as s: they stay in guarded memory, and no branch depends on one of them alone. */
#include <string.h>

#include "client/secret.h"

typedef struct public_check {
    const sable_public_key *key;
    const sable_secret *secret;
    int8_t *errors; /* as the first prime shows them; guarded memory */
    uint32_t bad[SABLE_MAX_LIMBS];
} public_check;

/* (b + a*s) modulo the prime at pos, into limb 1 of the lane: in Montgomery form, as keys are, NTT order. */
static uint32_t *phase(client_lane *lane, const public_check *c, uint32_t pos) {
    const sable_ring *ring = lane->on->ring;
    const size_t n = ring->n, part = (size_t)(ring->q_count + ring->p_count) * n;
    const uint32_t *b = c->key->data + pos * n, *a = b + part;
    lane_expand_small(lane, lane->limb[0], c->secret->s, lane_mont(lane, pos), pos);
    lane_affine(lane, lane->limb[1], b, a, lane->limb[0], NULL, pos);
    return lane->limb[1];
}

/* Reads the errors off the first prime. */
static void first_limb(client_lane *lane, public_check *c) {
    const sable_ring *ring = lane->on->ring;
    const uint32_t p = ring->prime[0].p;
    uint32_t *x = phase(lane, c, 0), bad = 0;
    lane_inverse(lane, x, x, client_r_inverse(lane->on, 0), 0);
    for (uint32_t k = 0; k < ring->n; k++) {
        uint32_t t = x[k] + SABLE_CBD_COINS - p; /* e + 21 is 0 to 42 for an error e; p < 2^30 */
        t += p & (0u - (t >> 31));
        bad |= 2u * SABLE_CBD_COINS - t;
        c->errors[k] = (int8_t)((int)(t & 63u) - SABLE_CBD_COINS);
    }
    c->bad[0] = bad >> 31;
}

/* They must be the same modulo every other one. */
static void other_limb(client_lane *lane, public_check *c, uint32_t pos) {
    uint32_t *x = phase(lane, c, pos), bad = 0;
    lane_expand_small(lane, lane->limb[2], c->errors, lane_mont_negative(lane, pos), pos);
    lane_add(lane, x, x, lane->limb[2], pos);
    for (uint32_t k = 0; k < lane->on->ring->n; k++) bad |= x[k];
    c->bad[pos] = bad;
}

static sable_status check_all(public_check *c, uint32_t limbs, sable_error *err) {
    client_work work;
    SABLE_TRY(client_work_open(&work, &c->key->ring, limbs, err));
    client_work *w = &work;
    first_limb(&work.lane[0], c);
    client_lane_rest();
    CLIENT_PARALLEL(w)
    for (uint32_t i = 1; i < limbs; i++) {
        other_limb(client_lane_of(w), c, i);
        client_lane_rest();
    }
    sable_status status = client_work_status(&work, err);
    client_work_close(&work);
    return status;
}

sable_status sable_public_key_check(sable_queue *queue, const sable_public_key *key, const sable_secret *secret) {
    SABLE_TRY(sable_check_queue(queue));
    if (!key || !secret)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_public_key_check: key and secret must not be NULL");
    SABLE_TRY(client_check_params(queue, key->ctx, "the public key"));
    SABLE_TRY(client_check_params(queue, secret->ctx, "the secret"));
    char a[17], b[17];
    client_short_id(a, key->key_id);
    client_short_id(b, secret->key_id);
    if (memcmp(key->key_id, secret->key_id, sizeof key->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "the public key is of key %s..., the secret is of key %s...", a,
                            b);
    if (queue->ctx->tally) return SABLE_OK;
    public_check c = {.key = key, .secret = secret, .errors = client_guarded_take(&key->ring, key->ctx->params.n)};
    if (!c.errors) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no guarded memory for the errors of a public key");
    const uint32_t limbs = key->ctx->params.q_count + key->ctx->params.p_count;
    sable_status status = check_all(&c, limbs, &queue->error);
    client_guarded_give(&key->ring, c.errors, key->ctx->params.n);
    for (uint32_t i = 0; i < limbs && status == SABLE_OK; i++)
        if (c.bad[i])
            status = SABLE_REFUSE(queue, SABLE_KEY_MISMATCH,
                                  "the public key calls itself key %s... and was not made with that secret (seen at "
                                  "limb %u of %u): encrypt nothing with it, and fetch it again from its owner",
                                  a, i, limbs);
    return status;
}

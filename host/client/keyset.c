/* SPDX-License-Identifier: Apache-2.0 */
/* Key-switching keys of a specification. */
#include <stdlib.h>
#include <string.h>

#include "ckks/expand.h"
#include "client/plan.h"
#include "ring/security.h"

/* Bit length of the product of the primes at pos: exact, schoolbook on 32-bit digits. */
static uint32_t product_bits(const sable_ring *ring, const uint16_t *pos, uint32_t count) {
    uint32_t digit[SABLE_MAX_LIMBS] = {1}, used = 1;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t carry = 0;
        for (uint32_t k = 0; k < used; k++) {
            carry += (uint64_t)digit[k] * ring->prime[pos[i]].p;
            digit[k] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry) digit[used++] = (uint32_t)carry;
    }
    uint32_t bits = 32 * (used - 1);
    for (uint32_t top = digit[used - 1]; top; top >>= 1) bits++;
    return bits;
}

static sable_status check_security(const sable_ctx *ctx, const uint16_t *pos, uint32_t limbs, sable_error *err) {
    if (ctx->params.insecure) return SABLE_OK; /* the caller asked for such a set; what it makes is marked */
    const sable_security_query query = {.secret = SABLE_SECRET_TERNARY,
                                        .log_n = ctx->params.log_n,
                                        .modulus_bits = product_bits(ctx->ring, pos, limbs),
                                        .security_bits = ctx->params.security_bits,
                                        .model = (sable_security_model)ctx->params.security_model};
    return sable_security_check(&query, NULL, err);
}

/* Inverse of an odd g modulo 2n, a power of two: Newton's iteration doubles the correct bits, 3 to start with. */
static uint32_t galois_inverse(uint32_t g, uint32_t n) {
    uint32_t x = g;
    for (int i = 0; i < 5; i++) x *= 2u - g * x;
    return x & (2 * n - 1);
}

typedef struct keygen_scratch {
    client_work work;
    sable_rng *rng;
    int8_t *errors, *target; /* [digits][N], [N], guarded memory */
    size_t error_bytes;
    uint32_t *staged; /* one key on its way to a device; NULL: keys are made where they lie */
} keygen_scratch;

static size_t key_words(const sable_params *params, const sable_key_need *need) {
    return 2 * (size_t)sable_key_digits(params, need) * (need->limbs + params->p_count) * params->n;
}

static sable_status make_key(sable_queue *queue, sable_evk *key, const sable_secret *secret, keygen_scratch *scratch) {
    const sable_ctx *ctx = queue->ctx;
    const sable_params *params = &ctx->params;
    const sable_key_need *need = &key->need;
    const bool relin = need->kind == SABLE_KEY_RELIN;
    uint16_t pos[SABLE_MAX_LIMBS];
    uint32_t limbs = 0;
    for (uint32_t i = 0; i < need->limbs; i++) pos[limbs++] = (uint16_t)(need->first + i);
    for (uint32_t i = 0; i < params->p_count; i++) pos[limbs++] = (uint16_t)(params->q_count + i);
    SABLE_TRY(check_security(ctx, pos, limbs, &queue->error));

    const size_t words = key_words(params, need);
    SABLE_TRY(sable_words_alloc(queue, &key->data, words, "an evaluation key"));
    key->first_block = need->first / params->alpha;
    key->digits = sable_key_digits(params, need);
    if (relin)
        memcpy(scratch->target, secret->s, params->n);
    else
        sable_small_automorphism(scratch->target, secret->s, params->n, galois_inverse(need->galois, params->n));
    const client_draw errors = {scratch->errors, key->digits, false, SABLE_DOMAIN_SWITCH_ERROR};
    SABLE_TRY(client_sample(&scratch->work, &errors, 1, scratch->rng, &queue->error));
    uint8_t expand[32];
    sable_rng_public(scratch->rng, key->seed, sizeof key->seed);
    sable_expand_key(expand, params, secret->key_id, key->seed);
    const client_key_job job = {.target = scratch->target,
                                .errors = scratch->errors,
                                .expand = expand,
                                .purpose = relin ? SABLE_EXPAND_RELIN : SABLE_EXPAND_GALOIS,
                                .object = need->galois,
                                .first_block = key->first_block,
                                .digits = key->digits,
                                .pos = pos,
                                .limbs = limbs,
                                .from = relin ? NULL : secret->s,
                                .square = relin,
                                .out = scratch->staged ? scratch->staged : key->data};
    client_key_make(&scratch->work, &job);
    SABLE_TRY(client_work_status(&scratch->work, &queue->error));
    if (!scratch->staged) return SABLE_OK;
    SABLE_RUN(queue, upload(queue->handle, key->data, scratch->staged, words * sizeof(uint32_t)));
    return SABLE_OK;
}

static sable_status make_keys(sable_queue *queue, sable_keyset *set, const sable_secret *secret,
                              keygen_scratch *scratch) {
    const sable_params *params = &queue->ctx->params;
    sable_error *err = &queue->error;
    const bool stage = !client_shares_memory(queue->ctx);
    size_t words = 0;
    uint32_t digits = 0;
    for (size_t i = 0; i < set->count; i++) {
        const sable_key_need *need = &set->key[i].need;
        words = key_words(params, need) > words ? key_words(params, need) : words;
        digits = sable_key_digits(params, need) > digits ? sable_key_digits(params, need) : digits;
    }
    SABLE_TRY(client_rng_take(&secret->ring, &scratch->rng, err));
    SABLE_TRY(client_work_open(&scratch->work, &secret->ring, params->q_count + params->p_count, err));
    scratch->error_bytes = (size_t)digits * params->n;
    scratch->errors = client_guarded_take(&secret->ring, scratch->error_bytes);
    scratch->target = client_guarded_take(&secret->ring, params->n);
    if (stage) scratch->staged = client_words_alloc(words);
    if (!scratch->errors || !scratch->target || (stage && !scratch->staged))
        return sable_fail(err, SABLE_NO_MEMORY, "key generation needs %zu bytes of host memory",
                          scratch->error_bytes + params->n + (stage ? words * sizeof(uint32_t) : 0));
    set->seeded = true;
    set->insecure = secret->insecure || params->insecure || sable_rng_insecure(scratch->rng);
    for (size_t i = 0; i < set->count; i++) SABLE_TRY(make_key(queue, &set->key[i], secret, scratch));
    return sable_queue_sync(queue); /* every queue may use them from here on */
}

sable_status sable_keyset_generate(sable_queue *queue, sable_keyset **out, const sable_secret *secret,
                                   const sable_key_spec *spec) {
    SABLE_TRY(sable_check_idle(queue, "the making of keys"));
    if (!out || !secret || !spec)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_generate: out, secret and spec must not be NULL");
    SABLE_TRY(client_check_params(queue, secret->ctx, "the secret"));
    const sable_params *params = &queue->ctx->params;
    sable_keyset *set = calloc(1, sizeof *set);
    if (set) {
        set->ctx = queue->ctx;
        set->count = sable_key_spec_count(spec);
        set->key = calloc(set->count ? set->count : 1, sizeof *set->key);
    }
    if (!set || !set->key) {
        free(set);
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu key handles", sable_key_spec_count(spec));
    }
    memcpy(set->key_id, secret->key_id, sizeof set->key_id);
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < set->count && status == SABLE_OK; i++) {
        sable_key_need *need = &set->key[i].need;
        status = sable_key_spec_get(spec, i, need);
        if (status == SABLE_OK &&
            (need->limbs == 0 || need->first >= params->q_count || need->limbs > params->q_count - need->first ||
             !(need->galois & 1) || need->galois >= 2 * params->n))
            status =
                SABLE_REFUSE(queue, SABLE_INVALID,
                             "key %zu of the specification (galois %u, positions %u+%u) is not of these parameters", i,
                             need->galois, need->first, need->limbs);
    }
    if (status == SABLE_OK && queue->ctx->tally) {
        sable_keyset_destroy(queue, &set);
        SABLE_TRY(sable_keyset_plan(queue, out, spec));
        memcpy((*out)->key_id, secret->key_id, sizeof(*out)->key_id);
        return SABLE_OK;
    }
    keygen_scratch scratch = {0};
    if (status == SABLE_OK) status = make_keys(queue, set, secret, &scratch);
    client_work_close(&scratch.work);
    client_rng_give(&secret->ring, scratch.rng);
    client_guarded_give(&secret->ring, scratch.errors, scratch.error_bytes);
    client_guarded_give(&secret->ring, scratch.target, params->n);
    free(scratch.staged);
    if (status != SABLE_OK) {
        sable_keyset_destroy(queue, &set);
        return status;
    }
    *out = set;
    return SABLE_OK;
}

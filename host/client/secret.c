/* SPDX-License-Identifier: Apache-2.0 */
#include "client/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

sable_status client_secret_new(sable_secret **out, sable_ctx *ctx, sable_error *err) {
    sable_secret *secret = calloc(1, sizeof *secret);
    if (!secret) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a secret's handle");
    secret->ctx = ctx;
    secret->insecure = ctx->params.insecure;
    sable_status status = client_ring_open(&secret->ring, ctx, err);
    if (status == SABLE_OK && !(secret->s = sodium_malloc(ctx->params.n)))
        status = sable_fail(err, SABLE_NO_MEMORY, "no guarded memory of %u bytes for a secret", ctx->params.n);
    if (status != SABLE_OK) {
        sable_secret_destroy(&secret);
        return status;
    }
    memset(secret->s, 0, ctx->params.n);
    /* sodium_malloc has tried to lock its pages and does not tell; locking twice is harmless and does. */
    secret->locked = sodium_mlock(secret->s, ctx->params.n) == 0;
    *out = secret;
    return SABLE_OK;
}

void client_secret_set_id(sable_secret *secret) {
    static const char label[] = "sable/v1/key-id";
    sable_hash_state state;
    sable_hash_init(&state);
    sable_hash_update(&state, label, sizeof label - 1);
    sable_hash_update(&state, secret->ctx->params.digest, SABLE_DIGEST_BYTES);
    sable_hash_update(&state, secret->public_bytes, sizeof secret->public_bytes);
    sable_hash_final(&state, secret->key_id);
}

sable_status sable_secret_generate(sable_secret **out, sable_ctx *ctx, sable_error *err) {
    if (!out || !ctx) return sable_fail(err, SABLE_INVALID, "sable_secret_generate: out and ctx must not be NULL");
    sable_rng *rng = NULL;
    SABLE_TRY(sable_rng_create(&rng, err));
    sable_secret *secret = NULL;
    client_work work = {0};
    sable_status status = client_secret_new(&secret, ctx, err);
    if (status == SABLE_OK) status = client_work_open(&work, &secret->ring, 1, err);
    if (status == SABLE_OK) {
        const client_draw draw = {secret->s, 1, true, SABLE_DOMAIN_SECRET};
        status = client_sample(&work, &draw, 1, rng, err);
    }
    client_work_close(&work);
    if (status == SABLE_OK) {
        sable_rng_public(rng, secret->public_bytes, sizeof secret->public_bytes);
        client_secret_set_id(secret);
        secret->test_rng = sable_rng_insecure(rng);
        secret->insecure |= secret->test_rng;
    }
    sable_rng_destroy(&rng);
    if (status != SABLE_OK) {
        sable_secret_destroy(&secret);
        return status;
    }
    *out = secret;
    return SABLE_OK;
}

void sable_secret_destroy(sable_secret **secret) {
    if (!secret || !*secret) return;
    sodium_free((*secret)->s);
    client_ring_close(&(*secret)->ring);
    free(*secret);
    *secret = NULL;
}

sable_status sable_secret_key_id(const sable_secret *secret, uint8_t key_id[SABLE_DIGEST_BYTES]) {
    if (!secret || !key_id) return SABLE_INVALID;
    memcpy(key_id, secret->key_id, SABLE_DIGEST_BYTES);
    return SABLE_OK;
}

bool sable_secret_is_locked(const sable_secret *secret) { return secret && secret->locked; }

/* -- shared checks ------------------------------------------------------------------------------------------------- */

sable_status client_check_params(sable_queue *queue, const sable_ctx *ctx, const char *what) {
    if (memcmp(queue->ctx->params.digest, ctx->params.digest, SABLE_DIGEST_BYTES) == 0) return SABLE_OK;
    char a[17], b[17];
    client_short_id(a, ctx->params.digest);
    client_short_id(b, queue->ctx->params.digest);
    return SABLE_REFUSE(queue, SABLE_PARAMS_MISMATCH, "%s is of parameters \"%s\" (%s...), the queue of \"%s\" (%s...)",
                        what, ctx->params.name, a, queue->ctx->params.name, b);
}

void client_short_id(char text[17], const uint8_t key_id[SABLE_DIGEST_BYTES]) { sable_hex(text, key_id, 8); }

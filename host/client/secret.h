/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_SECRET_H
#define SABLE_CLIENT_SECRET_H
/* The insides of secrets and public keys, for the files of this library. */
#include "client/host_ring.h"
#include "client/sampler.h"
#include "sable/client.h"

struct sable_secret {
    sable_ctx *ctx;
    client_ring ring;
    int8_t *s; /* N coefficients in {-1,0,1}, guarded memory */
    bool locked, insecure;
    bool test_rng;                          /* made by the seeded generator of the test tool */
    uint8_t public_bytes[SABLE_SEED_BYTES]; /* key_id = hash of the parameters and these */
    uint8_t key_id[SABLE_DIGEST_BYTES];
};

struct sable_public_key {
    sable_ctx *ctx;
    client_ring ring;
    uint32_t *data; /* [b, a][U then P][N], NTT order, Montgomery form, host memory */
    bool insecure, test_rng, seeded;
    uint8_t seed[32]; /* if seeded, a is its expansion */
    uint8_t key_id[SABLE_DIGEST_BYTES];
};

/* A secret with its memory and ring and no coefficients yet. */
sable_status client_secret_new(sable_secret **out, sable_ctx *ctx, sable_error *err);
/* key_id from public_bytes and the parameters. */
void client_secret_set_id(sable_secret *secret);
sable_status client_public_key_new(sable_public_key **out, sable_ctx *ctx, sable_error *err);

/* Same parameters, or a refusal that names both sets. `what` is "the secret" or "the public key". */
sable_status client_check_params(sable_queue *queue, const sable_ctx *ctx, const char *what);
/* Lower-case hexadecimal of the first 8 bytes of a key id. */
void client_short_id(char text[17], const uint8_t key_id[SABLE_DIGEST_BYTES]);

/* What a key-switching or public key is made of: for each digit, b = -a*target + e [+ P*g_j*s']. */
typedef struct client_key_job {
    const int8_t *target;  /* the secret that the key switches to */
    const int8_t *errors;  /* [digits][N] */
    const uint8_t *expand; /* key of sable_expand_key */
    uint32_t purpose, object;
    uint32_t first_block, digits;
    const uint16_t *pos;
    uint32_t limbs;
    const int8_t *from; /* s' as small coefficients; NULL: see square */
    bool square;        /* s' = target^2; from = NULL and !square: no s' (public keys) */
    uint32_t *out;      /* [digits][b, a][limbs][N], Montgomery form */
} client_key_job;
void client_key_make(client_work *work, const client_key_job *job);

#endif

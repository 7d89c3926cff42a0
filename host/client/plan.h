/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_PLAN_H
#define SABLE_CLIENT_PLAN_H
/* What the secret side would compute and hold, on contexts that only plan (sable_ctx_create_planning): there encryption
 * and decryption count their work here instead of doing it. Counts follow the loops of the files they are named after;
 * docs/CPU_MODEL.md has them as formulas. */
#include "ckks/price.h"
#include "client/secret.h"

typedef struct client_decrypt_shape {
    uint32_t n, slots, parts, batch;
    uint32_t limbs, members; /* that are used, of a run */
    size_t values;
} client_decrypt_shape;

/* Lanes that a decryption has work for: limbs, members, or ranges of the coefficients of one member. */
static inline uint32_t client_decrypt_tasks(uint32_t members, uint32_t limbs, uint32_t slots) {
    const uint32_t ranges = slots / 2048, most = members > limbs ? members : limbs;
    return ranges > most ? ranges : most;
}

sable_status client_plan_encrypt(sable_queue *queue, uint32_t level, uint32_t batch, bool with_public_key);
sable_status client_plan_decrypt(sable_queue *queue, const client_decrypt_shape *shape);

/* As sable_keyset_generate and sable_public_key_generate, on a planning context and without a secret. */
SABLE_SHARED SABLE_CHECKED sable_status sable_keyset_plan(sable_queue *queue, sable_keyset **out,
                                                          const sable_key_spec *spec);
SABLE_SHARED void sable_public_key_plan(sable_ctx *ctx);

/* As sable_public_key_load, on a planning context and without a file. */
SABLE_SHARED SABLE_CHECKED sable_status sable_public_key_plan_read(sable_queue *queue, sable_public_key **out,
                                                                   const uint8_t key_id[SABLE_DIGEST_BYTES],
                                                                   const sable_file_options *stored);

/* Prices of what only this library does; the others are there already. */
SABLE_SHARED SABLE_CHECKED sable_status sable_client_prices_measure(sable_prices *prices, const sable_ctx *ctx,
                                                                    sable_error *err);

#endif

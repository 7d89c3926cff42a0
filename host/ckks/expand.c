/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/expand.h"

#include "base/hash.h"
#include "cpu/kernels.h"

void sable_expand_limb(uint32_t *out, uint32_t n, const sable_prime *prime, const uint8_t key[32],
                       sable_expand_purpose purpose, uint32_t digit, uint32_t position, uint32_t object) {
    uint8_t nonce[8];
    cpu_nonce(nonce, purpose, digit, position, object);
    /* Vector paths take whole blocks of 16 words. */
    const cpu_kernels *kernels = n < 16 ? &cpu_kernels_portable : cpu_kernels_find(NULL);
    kernels->uniform(out, n, prime, key, nonce);
}

void sable_expand_key(uint8_t key[32], const sable_params *params, const uint8_t key_id[SABLE_DIGEST_BYTES],
                      const uint8_t seed[32]) {
    static const char label[] = "sable/v1/expand-a";
    sable_hash_state hash;
    sable_hash_init(&hash);
    sable_hash_update(&hash, label, sizeof label - 1);
    sable_hash_update(&hash, params->digest, sizeof params->digest);
    sable_hash_update(&hash, key_id, SABLE_DIGEST_BYTES);
    sable_hash_update(&hash, seed, 32);
    sable_hash_final(&hash, key);
}

sable_status sable_expand(sable_queue *queue, const sable_limbs *out, const uint8_t key_id[SABLE_DIGEST_BYTES],
                          const uint8_t seed[32], sable_expand_purpose purpose, uint32_t first_digit,
                          uint32_t first_object, bool montgomery) {
    sable_expansion from = {
        .purpose = purpose, .first_digit = first_digit, .first_object = first_object, .montgomery = montgomery};
    sable_expand_key(from.key, &queue->ctx->params, key_id, seed);
    SABLE_RUN(queue, expand(queue->handle, out, &from));
    return SABLE_OK;
}

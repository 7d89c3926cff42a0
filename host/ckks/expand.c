/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/expand.h"

#include <sodium.h>

#include "base/hash.h"
#include "cpu/kernels.h"

static void store_be(uint8_t *out, uint32_t x, int bytes) {
    for (int i = bytes; i-- > 0; x >>= 8) out[i] = (uint8_t)x;
}

void sable_expand_limb(uint32_t *out, uint32_t n, const sable_prime *prime, const uint8_t key[32],
                       sable_expand_purpose purpose, uint32_t digit, uint32_t position, uint32_t object) {
    /* Byte order of the nonce: byte 0 purpose, byte 1 digit, bytes 2-3 limb, bytes 4-7 object, both big-endian. */
    uint8_t nonce[8] = {(uint8_t)purpose, (uint8_t)digit};
    store_be(nonce + 2, position, 2);
    store_be(nonce + 4, object, 4);
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

void sable_expand(uint32_t *out, const sable_ctx *ctx, const uint8_t key_id[SABLE_DIGEST_BYTES], const uint8_t seed[32],
                  sable_expand_purpose purpose, uint32_t first_digit, uint32_t digits, const uint16_t *pos,
                  uint32_t limbs, uint32_t object) {
    uint8_t key[32];
    /* Picks libsodium's vector code, 4 times faster; without it the same words come from the portable code. */
    if (sodium_init() < 0) { /* nothing is lost */
    }
    sable_expand_key(key, &ctx->params, key_id, seed);
    const uint32_t n = ctx->ring->n;
    const int64_t total = (int64_t)digits * limbs;
    const uint32_t threads = sable_host_threads(ctx);
    (void)threads; /* unused without OpenMP */
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (int64_t i = 0; i < total; i++) {
        uint32_t digit = (uint32_t)(i / limbs), limb = (uint32_t)(i % limbs);
        sable_expand_limb(out + (size_t)i * n, n, &ctx->ring->prime[pos[limb]], key, purpose, first_digit + digit,
                          pos[limb], object);
    }
}

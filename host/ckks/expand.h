/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_EXPAND_H
#define SABLE_CKKS_EXPAND_H
/* Uniform public halves from a seed: key = BLAKE2b-256("sable/v1/expand-a" || parameter digest || key id || seed), words by sable_expansion
 * (sable/backend.h). */
#include "ckks/objects.h"

typedef enum sable_expand_purpose {
    SABLE_EXPAND_CIPHERTEXT = 1, /* object = batch member, digit 0 */
    SABLE_EXPAND_PUBLIC_KEY = 2, /* object 0, digit 0 */
    SABLE_EXPAND_RELIN = 3,      /* object 1, digit = absolute block number */
    SABLE_EXPAND_GALOIS = 4      /* object = Galois element, digit = absolute block number */
} sable_expand_purpose;

/* One limb of the same in host memory, for what never reaches a backend: n words of the prime at `position`. */
SABLE_SHARED void sable_expand_limb(uint32_t *out, uint32_t n, const sable_prime *prime, const uint8_t key[32],
                                    sable_expand_purpose purpose, uint32_t digit, uint32_t position, uint32_t object);
/* The ChaCha20 key of a seed. */
SABLE_SHARED void sable_expand_key(uint8_t key[32], const sable_params *params,
                                   const uint8_t key_id[SABLE_DIGEST_BYTES], const uint8_t seed[32]);
/* out, in the memory of the queue's backend = the expansion of a seed: part c has digit first_digit + c, member b object
 * first_object + b. */
SABLE_SHARED sable_status sable_expand(sable_queue *queue, const sable_limbs *out,
                                       const uint8_t key_id[SABLE_DIGEST_BYTES], const uint8_t seed[32],
                                       sable_expand_purpose purpose, uint32_t first_digit, uint32_t first_object,
                                       bool montgomery);

#endif

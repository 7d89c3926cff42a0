/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_EXPAND_H
#define SABLE_CKKS_EXPAND_H
/* Uniform public halves from a seed. key = BLAKE2b-256("sable/v1/expand-a" || parameter digest || key id || seed); ChaCha20 with the 64-bit
 * nonce purpose:8 | digit:8 | limb:16 | object:32 (most significant field first) and the 64-bit block counter attempt<<32 | i/16;
 * coefficient i takes word i%16 (little-endian) masked to the prime's bit length, the first attempt below p wins. limb is the absolute
 * position in the list U then P, so a key cut to fewer primes regenerates the same words. */
#include "ckks/objects.h"

typedef enum sable_expand_purpose {
    SABLE_EXPAND_CIPHERTEXT = 1, /* object = batch member, digit 0 */
    SABLE_EXPAND_PUBLIC_KEY = 2, /* object 0, digit 0 */
    SABLE_EXPAND_RELIN = 3,      /* object 1, digit = absolute block number */
    SABLE_EXPAND_GALOIS = 4      /* object = Galois element, digit = absolute block number */
} sable_expand_purpose;

/* n canonical words of the prime at `position`, host memory, to be read as NTT-order data. */
SABLE_SHARED void sable_expand_limb(uint32_t *out, uint32_t n, const sable_prime *prime, const uint8_t key[32],
                                    sable_expand_purpose purpose, uint32_t digit, uint32_t position, uint32_t object);
/* The ChaCha20 key of a seed. */
SABLE_SHARED void sable_expand_key(uint8_t key[32], const sable_params *params,
                                   const uint8_t key_id[SABLE_DIGEST_BYTES], const uint8_t seed[32]);
/* out (dense host words [parts][limbs][n]) for positions pos of digits first_digit.. (parts of them), threads over limbs. */
SABLE_SHARED void sable_expand(uint32_t *out, const sable_ctx *ctx, const uint8_t key_id[SABLE_DIGEST_BYTES],
                               const uint8_t seed[32], sable_expand_purpose purpose, uint32_t first_digit,
                               uint32_t digits, const uint16_t *pos, uint32_t limbs, uint32_t object);

#endif

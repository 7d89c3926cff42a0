/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KEYS_H
#define SABLE_KEYS_H
/* Evaluation keys: which are needed (specifications, no secret involved) and sets of them.
 *
 * A hybrid key-switching key from s' to s: for every digit j, over the primes it covers, b_j = -a_j*s + e_j + P*g_j*s', a_j uniform; digits
 * are fixed blocks of alpha positions of U. A key covers the hull of the windows of the levels it serves, and P: coverage compares
 * positions, never levels, because windows are not nested. Keys are read-only and shared by threads and queues. */
#include "sable/cipher.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sable_key_kind {
    SABLE_KEY_RELIN = 1, /* s^2 -> s */
    SABLE_KEY_GALOIS =
        2 /* for X -> X^galois; the key's target secret is phi_g^-1(s): switch first, permute afterwards */
} sable_key_kind;

typedef struct sable_key_need {
    sable_key_kind kind;
    uint32_t galois;       /* odd, < 2N; 1 for SABLE_KEY_RELIN */
    uint32_t first, limbs; /* hull: positions first .. first+limbs-1 of U */
} sable_key_need;

typedef struct sable_key_spec sable_key_spec;
SABLE_API SABLE_CHECKED sable_status sable_key_spec_create(sable_key_spec **out, const sable_params *params,
                                                           sable_error *err);
SABLE_API void sable_key_spec_destroy(sable_key_spec **spec);
/* Each adds one need for levels low..high, or widens the hull of the one that is there. */
SABLE_API SABLE_CHECKED sable_status sable_key_spec_add_relin(sable_key_spec *spec, uint32_t low, uint32_t high,
                                                              sable_error *err);
/* steps: slot j <- slot j+steps, reduced modulo `slots` (0 = N/2); a multiple of slots needs no key. */
SABLE_API SABLE_CHECKED sable_status sable_key_spec_add_rotation(sable_key_spec *spec, int64_t steps, uint32_t slots,
                                                                 uint32_t low, uint32_t high, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_key_spec_add_conjugation(sable_key_spec *spec, uint32_t low, uint32_t high,
                                                                    sable_error *err);
SABLE_API size_t sable_key_spec_count(const sable_key_spec *spec);
SABLE_API SABLE_CHECKED sable_status sable_key_spec_get(const sable_key_spec *spec, size_t index, sable_key_need *need);
/* Bytes of all keys in memory; sable_keyset_file_bytes (files.h) tells those of the file. */
SABLE_API uint64_t sable_key_spec_bytes(const sable_key_spec *spec);

typedef struct sable_keyset sable_keyset;
SABLE_API void sable_keyset_destroy(sable_queue *queue, sable_keyset **keys);
SABLE_API size_t sable_keyset_count(const sable_keyset *keys);
SABLE_API SABLE_CHECKED sable_status sable_keyset_get(const sable_keyset *keys, size_t index, sable_key_need *need);
SABLE_API uint64_t sable_keyset_bytes(const sable_keyset *keys);
SABLE_API SABLE_CHECKED sable_status sable_keyset_key_id(const sable_keyset *keys, uint8_t key_id[SABLE_DIGEST_BYTES]);

/* The Galois element of a rotation by steps in a packing of `slots` slots (0 = N/2): 5^steps mod 2N; of conjugation: 2N-1. */
SABLE_API uint32_t sable_galois_rotation(const sable_params *params, int64_t steps, uint32_t slots);
SABLE_API uint32_t sable_galois_conjugation(const sable_params *params);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RAW_H
#define SABLE_RAW_H
/* Raw interchange: residues of ciphertexts and evaluation keys in the program's own memory, for programs that have their own
 * implementation of the scheme beside this one. The program describes its layout; words are 32-bit residues below their primes.
 *
 * Memory of the device (of the process, where the backend is cpu) is read and written in the queue's order, so a queue on the program's
 * own stream (sable_queue_create) needs no other synchronisation. Memory of the host is complete when the call returns. */
#include "sable/keys.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sable_raw_order {
    SABLE_RAW_COEFFICIENTS = 1, /* word j belongs to X^j */
    SABLE_RAW_NTT = 2 /* word j is the value at psi^(2*brv(j)+1); brv reverses log2 N bits; psi: sable_raw_root */
} sable_raw_order;

typedef enum sable_raw_form {
    SABLE_RAW_PLAIN = 1,
    SABLE_RAW_MONTGOMERY = 2 /* times 2^32 modulo the prime */
} sable_raw_form;

/* Word j of limb i of part c of member b: words[b*batch_stride + c*part_stride + i*limb_stride + j], in any order of the three strides,
 * without overlap. */
typedef struct sable_raw {
    size_t struct_size;
    uint32_t *words; /* imports only read */
    bool on_device;  /* then 64-byte aligned, strides multiples of 16 */
    sable_raw_order order;
    sable_raw_form form;
    uint32_t n; /* words of a limb: N of the context */
    uint32_t batch, parts, limbs;
    const uint32_t *primes;                        /* [limbs]: those of the object, in any order */
    const uint32_t *roots;                         /* [limbs]: psi of each; NULL: those of sable_raw_root */
    size_t batch_stride, part_stride, limb_stride; /* in words */
} sable_raw;

/* The primitive 2N-th root psi that transforms modulo a prime of the set use: g^((p-1)/2N) for the least g >= 2 that gives
 * psi^N = -1. 0: not a prime of the set. */
SABLE_API uint32_t sable_raw_root(const sable_ctx *ctx, uint32_t prime);

/* A ciphertext into memory. Batch, parts and primes are the ciphertext's (sable_params_level, sable_params_prime). Errors: SABLE_INVALID
 * (what the description says and what it must say), SABLE_NO_MEMORY. */
SABLE_API SABLE_CHECKED sable_status sable_ct_export(sable_queue *queue, const sable_raw *to, const sable_ct *ct);

/* What residues do not say. */
typedef struct sable_raw_ct {
    size_t struct_size;
    uint32_t level, slots;
    sable_scale scale; /* hi = 0: canonical scale of the level */
    double bound, rms; /* as sable_ct_declare */
    double noise_var;  /* variance of one coefficient of the error, in units of the encrypted integers */
    bool insecure;
    uint8_t key_id[SABLE_DIGEST_BYTES];
} sable_raw_ct;
/* A ciphertext from memory, 2 or 3 parts. Synchronises. Errors: as sable_ct_export; SABLE_LEVEL, SABLE_SCALE, SABLE_BOUND; SABLE_DATA (a word
 * that is not below its prime, and where). */
SABLE_API SABLE_CHECKED sable_status sable_ct_import(sable_queue *queue, sable_ct *out, const sable_raw *from,
                                                     const sable_raw_ct *meta);

/* Key `index` of a set: batch 1, parts b_0, a_0, b_1, a_1, ... of its digits, primes of its hull and all special ones
 * (docs/ALGORITHMS.md, key switching; keys.h has the equation). */
SABLE_API SABLE_CHECKED sable_status sable_keyset_export(sable_queue *queue, const sable_raw *to,
                                                         const sable_keyset *keys, size_t index);
/* A set of `count` keys, from[i] being the key for needs[i]. Synchronises. Errors: as sable_ct_import; two keys for one purpose are
 * SABLE_INVALID. What the words are, nobody can check: a wrong key gives wrong results. */
SABLE_API SABLE_CHECKED sable_status sable_keyset_import(sable_queue *queue, sable_keyset **out, const sable_raw *from,
                                                         const sable_key_need *needs, size_t count,
                                                         const uint8_t key_id[SABLE_DIGEST_BYTES]);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_H
#define SABLE_CLIENT_H
/* The secret side (libsable_client): key generation, encryption, decryption. Programs that only evaluate do not link it.
 *
 * Secrets lie in guarded, locked memory (libsodium) as ternary coefficients, are expanded limb by limb where needed and wiped on free.
 * Randomness for secrets and errors comes from the operating system through libsodium into a ChaCha20 generator; samplers run in constant time.
 * Decrypted values of CKKS carry information about the key: they are for the key's owner only (docs/SECURITY.md). */
#include "sable/files.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sable_secret sable_secret;         /* ternary s */
typedef struct sable_public_key sable_public_key; /* (-a*s + e, a) modulo P * prod U */

/* A fresh secret, coefficients uniform in {-1, 0, 1}, and its key id (random public bytes, hashed with the parameters). */
SABLE_API SABLE_CHECKED sable_status sable_secret_generate(sable_secret **out, sable_ctx *ctx, sable_error *err);
SABLE_API void sable_secret_destroy(sable_secret **secret); /* wipes */
SABLE_API SABLE_CHECKED sable_status sable_secret_key_id(const sable_secret *secret,
                                                         uint8_t key_id[SABLE_DIGEST_BYTES]);
/* Whether the operating system locked the secret's memory (no swap). */
SABLE_API bool sable_secret_is_locked(const sable_secret *secret);

SABLE_API SABLE_CHECKED sable_status sable_public_key_generate(sable_queue *queue, sable_public_key **out,
                                                               const sable_secret *secret);
SABLE_API void sable_public_key_destroy(sable_queue *queue, sable_public_key **key);
SABLE_API SABLE_CHECKED sable_status sable_public_key_key_id(const sable_public_key *key,
                                                             uint8_t key_id[SABLE_DIGEST_BYTES]);
/* SABLE_KEY_MISMATCH unless the key is one of this secret: equal ids, and b + a*s is the same polynomial modulo all primes, no
 * coefficient beyond 21. An id alone proves nothing, because whoever writes a file chooses it. Costs about what making a key costs. */
SABLE_API SABLE_CHECKED sable_status sable_public_key_check(sable_queue *queue, const sable_public_key *key,
                                                            const sable_secret *secret);
/* All keys of the specification. Each key's modulus is checked against the security table again. */
SABLE_API SABLE_CHECKED sable_status sable_keyset_generate(sable_queue *queue, sable_keyset **out,
                                                           const sable_secret *secret, const sable_key_spec *spec);

/* c1 = a from a fresh 32-byte seed, c0 = -a*s + m + e with e from CBD21 (variance 10.5). Level, scale, bound: the plaintext's. */
SABLE_API SABLE_CHECKED sable_status sable_encrypt_secret(sable_queue *queue, sable_ct *out, const sable_pt *in,
                                                          const sable_secret *secret);
/* (v*pk0 + e0, v*pk1 + e1) modulo P*Q_l, divided by P, plus m: the noise is the rounding of the division, variance (1+h)/12. */
SABLE_API SABLE_CHECKED sable_status sable_encrypt_public(sable_queue *queue, sable_ct *out, const sable_pt *in,
                                                          const sable_public_key *key);
/* Slot values of c0 + c1*s (+ c2*s^2): [batch][slots], pairs if is_complex; count = exactly the doubles written. For the owner of the key only.
 * SABLE_KEY_MISMATCH names both ids. SABLE_BOUND: the decrypted polynomial contradicts the declared bound (values overflowed the modulus, or the
 * ciphertext is not what it claims). */
SABLE_API SABLE_CHECKED sable_status sable_decrypt(sable_queue *queue, double *values, size_t count, bool is_complex,
                                                   const sable_ct *in, const sable_secret *secret);
/* The first member of the batch whose parts behind the first are all zero, or the size of the batch. Such a member is in
 * the clear: whoever has it reads it without a key. Encryption makes none. Multiplication by zero does (a model of
 * zeros), and so does whoever has nothing to return. It is a legal value to all operations, sable_decrypt among them. */
SABLE_API SABLE_CHECKED sable_status sable_ct_find_transparent(sable_queue *queue, uint32_t *member,
                                                               const sable_ct *in);

/* Files (docs/FORMAT.md). Secret files are created 0600 and refused when others can read them. */
SABLE_API SABLE_CHECKED sable_status sable_secret_save(const sable_secret *secret, const char *path, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_secret_load(sable_secret **out, sable_ctx *ctx, const char *path,
                                                       sable_error *err);
/* Exact lengths of the files, before they are made. */
SABLE_API SABLE_CHECKED sable_status sable_secret_file_bytes(uint64_t *bytes, const sable_params *params,
                                                             sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_public_key_file_bytes(uint64_t *bytes, const sable_params *params,
                                                                 const sable_file_options *options, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_public_key_save(sable_queue *queue, const sable_public_key *key,
                                                           const char *path, const sable_file_options *options);
SABLE_API SABLE_CHECKED sable_status sable_public_key_load(sable_queue *queue, sable_public_key **out,
                                                           const char *path);

#ifdef __cplusplus
}
#endif
#endif

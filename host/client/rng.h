/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_RNG_H
#define SABLE_CLIENT_RNG_H
/* Randomness of the secret side.
 *
 * A generator is seeded with 32 bytes of the operating system (libsodium) and only derives keys: each derivation runs
 * one ChaCha20 block, overwrites the generator's key with its first half (fast key erasure: an earlier state cannot be
 * computed from a later one) and makes a stream key of the second half and a domain string. A stream is ChaCha20 under
 * that key. The nonce of a derivation is a 64-bit counter that only grows, that of a stream its chunk number, so no
 * (key, nonce) pair is used twice.
 *
 * A generator notices that the process was forked (its page reads as zeros in the child, or the process id changed) and
 * takes a new seed. One thread at a time uses a generator. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

#define SABLE_SEED_BYTES   32
#define SABLE_STREAM_CHUNK 4096

/* What a stream is for; its string goes into the key. Never renumbered: known answers depend on the strings. */
typedef enum sable_domain {
    SABLE_DOMAIN_SECRET = 0,   /* "sk": coefficients of a secret */
    SABLE_DOMAIN_EPHEMERAL,    /* "sk-eph": sparse ephemeral secret */
    SABLE_DOMAIN_PUBLIC_ERROR, /* "pk-e": error of a public key */
    SABLE_DOMAIN_ENCRYPT_U,    /* "enc-u": ternary multiplier of public-key encryption */
    SABLE_DOMAIN_ENCRYPT_E0,   /* "enc-e0": error of c0 */
    SABLE_DOMAIN_ENCRYPT_E1,   /* "enc-e1": error of c1 */
    SABLE_DOMAIN_SWITCH_ERROR, /* "ksk-e": errors of key-switching keys */
    SABLE_DOMAIN_FLOOD,        /* "flood": noise added before a decryption is shared */
    SABLE_DOMAIN_COUNT
} sable_domain;
const char *sable_domain_name(sable_domain domain);
/* Stream key of a domain: BLAKE2b-256 keyed with `half`, of "sable/v1/rng/" and the domain's string. */
void sable_domain_key(uint8_t key[SABLE_SEED_BYTES], const uint8_t half[SABLE_SEED_BYTES], sable_domain domain);

typedef struct sable_rng sable_rng;
/* SABLE_NO_MEMORY, or SABLE_INTERNAL when the system's generator repeats itself. */
sable_status sable_rng_create(sable_rng **out, sable_error *err);
void sable_rng_destroy(sable_rng **rng); /* wipes; NULL is a no-op */
/* A generator that is kept between uses: wiped it knows nothing of what it derived, restarted it is as if created. */
void sable_rng_wipe(sable_rng *rng);
sable_status sable_rng_restart(sable_rng *rng, sable_error *err);
/* A key that no other call has had or will have. */
void sable_rng_derive(sable_rng *rng, sable_domain domain, uint8_t key[SABLE_SEED_BYTES]);
/* Bytes that will be published (seeds of uniform halves, key ids): straight from the operating system, unrelated to any
 * secret draw. */
void sable_rng_public(sable_rng *rng, uint8_t *out, size_t bytes);
/* True for the generators of the test build that were given a seed: all that they make is marked insecure. */
bool sable_rng_insecure(const sable_rng *rng);

/* Lies in memory that is wiped (sodium_malloc). */
typedef struct sable_stream {
    uint8_t key[SABLE_SEED_BYTES];
    uint64_t chunk; /* next chunk number */
    size_t used;    /* bytes of buffer that were given out */
    uint8_t buffer[SABLE_STREAM_CHUNK];
} sable_stream;
void sable_stream_open(sable_stream *stream, const uint8_t key[SABLE_SEED_BYTES]);
/* The next byte read is the first of a chunk. */
void sable_stream_seek(sable_stream *stream, uint64_t chunk);
/* Bytes are erased from the stream as they are given out. */
void sable_stream_read(sable_stream *stream, void *out, size_t bytes);
void sable_stream_wipe(sable_stream *stream);

#ifdef SABLE_TEST_RNG
/* Makes every generator created from now on a function of the seed and of how many were created before it. Exists in
 * the test tool only. */
void sable_test_rng_seed(const uint8_t seed[SABLE_SEED_BYTES]);
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BASE_HASH_H
#define SABLE_BASE_HASH_H
/* BLAKE2b-256, the one hash of files, fingerprints and key ids (ring/params.c adds SHA-256 of the prime chain, which
 * other implementations publish). */
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"

#define SABLE_HASH_BYTES 32

typedef struct sable_hash_state {
    _Alignas(64) unsigned char opaque[384];
} sable_hash_state;

SABLE_SHARED void sable_hash_init(sable_hash_state *state);
SABLE_SHARED void sable_hash_update(sable_hash_state *state, const void *data, size_t bytes);
SABLE_SHARED void sable_hash_final(sable_hash_state *state, uint8_t out[SABLE_HASH_BYTES]);
SABLE_SHARED void sable_hash(uint8_t out[SABLE_HASH_BYTES], const void *data, size_t bytes);
/* Lower-case hexadecimal of bytes, terminated; text has room for 2*bytes + 1. */
SABLE_SHARED void sable_hex(char *text, const uint8_t *data, size_t bytes);

#endif

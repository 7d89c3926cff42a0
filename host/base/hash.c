/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <sodium.h>

_Static_assert(sizeof(crypto_generichash_state) <= sizeof(sable_hash_state), "hash state does not fit");

static crypto_generichash_state *inner(sable_hash_state *state) {
    return (crypto_generichash_state *)(void *)state->opaque;
}

void sable_hash_init(sable_hash_state *state) { crypto_generichash_init(inner(state), NULL, 0, SABLE_HASH_BYTES); }

void sable_hash_update(sable_hash_state *state, const void *data, size_t bytes) {
    crypto_generichash_update(inner(state), data, bytes);
}

void sable_hash_final(sable_hash_state *state, uint8_t out[SABLE_HASH_BYTES]) {
    crypto_generichash_final(inner(state), out, SABLE_HASH_BYTES);
}

void sable_hash(uint8_t out[SABLE_HASH_BYTES], const void *data, size_t bytes) {
    crypto_generichash(out, SABLE_HASH_BYTES, data, bytes, NULL, 0);
}

void sable_hex(char *text, const uint8_t *data, size_t bytes) {
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        text[2 * i] = digit[data[i] >> 4];
        text[2 * i + 1] = digit[data[i] & 15];
    }
    text[2 * bytes] = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/expand.h"

#include <sodium.h>
#include <string.h>

#include "base/hash.h"

/* Blocks of 16 coefficients drawn together: 16 KiB of words stay in the first-level cache over all attempts. */
#define CHUNK_BLOCKS 256u
#define BLOCK_WORDS  16u

static void store_be(uint8_t *out, uint32_t x, int bytes) {
    for (int i = bytes; i-- > 0; x >>= 8) out[i] = (uint8_t)x;
}

/* words[0..count) = key stream from block `counter` on, as little-endian words. */
static void stream(uint32_t *words, size_t count, const uint8_t nonce[8], uint64_t counter, const uint8_t key[32]) {
    memset(words, 0, count * sizeof *words);
    crypto_stream_chacha20_xor_ic((unsigned char *)words, (const unsigned char *)words, count * sizeof *words, nonce,
                                  counter, key);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < count; i++) words[i] = __builtin_bswap32(words[i]);
#endif
}

static bool block_misses(const uint32_t *words, size_t count, uint32_t p) {
    uint32_t miss = 0;
    for (size_t i = 0; i < count; i++) miss |= words[i] >= p;
    return miss != 0;
}

/* `count` words from block first_block on. A word that is not below p has no value yet: it stays in out until an
 * attempt gives one, and no other mark is needed. */
static void expand_chunk(uint32_t *out, size_t count, uint32_t first_block, const sable_prime *prime,
                         const uint8_t nonce[8], const uint8_t key[32]) {
    uint32_t words[CHUNK_BLOCKS * BLOCK_WORDS];
    const uint32_t p = prime->p, mask = (uint32_t)((1ull << prime->bits) - 1);
    stream(out, count, nonce, first_block, key);
    for (size_t i = 0; i < count; i++) out[i] &= mask;

    for (uint64_t attempt = 1;; attempt++) {
        bool missed = false;
        for (size_t i = 0; i < count;) {
            /* Runs of blocks that miss a value; gaps of one or two blocks cost less than another call. */
            size_t end = i, gap = 0;
            for (size_t j = i; j < count && gap <= 2; j += BLOCK_WORDS) {
                size_t size = count - j < BLOCK_WORDS ? count - j : BLOCK_WORDS;
                if (block_misses(out + j, size, p)) {
                    end = j + size;
                    gap = 0;
                } else if (j == i) {
                    break;
                } else {
                    gap++;
                }
            }
            if (end == i) {
                i += BLOCK_WORDS;
                continue;
            }
            missed = true;
            stream(words, end - i, nonce, attempt << 32 | (first_block + i / BLOCK_WORDS), key);
            for (size_t j = i; j < end; j++) {
                uint32_t candidate = words[j - i] & mask;
                out[j] = out[j] >= p ? candidate : out[j];
            }
            i = end;
        }
        if (!missed) return;
    }
}

void sable_expand_limb(uint32_t *out, uint32_t n, const sable_prime *prime, const uint8_t key[32],
                       sable_expand_purpose purpose, uint32_t digit, uint32_t position, uint32_t object) {
    /* Byte order of the nonce: byte 0 purpose, byte 1 digit, bytes 2-3 limb, bytes 4-7 object, both big-endian. */
    uint8_t nonce[8] = {(uint8_t)purpose, (uint8_t)digit};
    store_be(nonce + 2, position, 2);
    store_be(nonce + 4, object, 4);
    const uint32_t chunk = CHUNK_BLOCKS * BLOCK_WORDS;
    for (uint32_t i = 0; i < n; i += chunk)
        expand_chunk(out + i, n - i < chunk ? n - i : chunk, i / BLOCK_WORDS, prime, nonce, key);
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

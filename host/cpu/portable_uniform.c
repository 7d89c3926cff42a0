/* SPDX-License-Identifier: Apache-2.0 */
/* Uniform residues from a ChaCha20 key stream, by libsodium's cipher. */
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "cpu/portable.h"

/* Blocks of 16 coefficients drawn together: 16 KiB of words stay in the first-level cache over all attempts. */
#define CHUNK_BLOCKS 256u
#define BLOCK_WORDS  16u

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
static void uniform_chunk(uint32_t *out, size_t count, uint32_t first_block, const sable_prime *prime,
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

void cpu_portable_uniform(uint32_t *out, size_t n, const sable_prime *q, const uint8_t key[32],
                          const uint8_t nonce[8]) {
    const size_t chunk = CHUNK_BLOCKS * BLOCK_WORDS;
    for (size_t i = 0; i < n; i += chunk)
        uniform_chunk(out + i, n - i < chunk ? n - i : chunk, (uint32_t)(i / BLOCK_WORDS), q, nonce, key);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/sampler.h"

#include <sodium.h>

void sable_sample_ternary(int8_t *out, size_t n, sable_stream *stream) {
    uint8_t bytes[64];
    size_t done = 0;
    while (done < n) {
        sable_stream_read(stream, bytes, sizeof bytes);
        for (size_t i = 0; i < 4 * sizeof bytes && done < n; i++) {
            uint32_t draw = bytes[i / 4] >> (2 * (i % 4)) & 3u;
            out[done] = (int8_t)((int)draw - 1); /* a rejected 3 is overwritten by the next draw */
            done += 1 - ((draw & draw >> 1) & 1u);
        }
    }
    sodium_memzero(bytes, sizeof bytes);
}

/* Bits set in x < 2^24, without a table: a processor without the instruction would otherwise read one at x. */
static uint32_t count_bits(uint32_t x) {
    x = x - (x >> 1 & 0x555555u);
    x = (x & 0x333333u) + (x >> 2 & 0x333333u);
    x = (x + (x >> 4)) & 0x0f0f0fu;
    return (x + (x >> 8) + (x >> 16)) & 0xffu;
}

void sable_sample_error(int8_t *out, size_t n, sable_stream *stream) {
    uint64_t words[64];
    const uint32_t mask = (1u << SABLE_CBD_COINS) - 1;
    for (size_t done = 0; done < n;) {
        size_t take = n - done < 64 ? n - done : 64;
        sable_stream_read(stream, words, take * sizeof words[0]);
        for (size_t i = 0; i < take; i++) {
            uint32_t heads = count_bits((uint32_t)words[i] & mask);
            uint32_t tails = count_bits((uint32_t)(words[i] >> SABLE_CBD_COINS) & mask);
            out[done + i] = (int8_t)((int)heads - (int)tails);
        }
        done += take;
    }
    sodium_memzero(words, sizeof words);
}

/* Smaller to a, larger to b. */
static void order(uint64_t *a, uint64_t *b) {
    uint64_t x = *a, y = *b, swap = (x ^ y) & (0 - (uint64_t)(y < x));
    *a = x ^ swap;
    *b = y ^ swap;
}

/* Bitonic network: which elements meet depends on n only. */
static void sort_words(uint64_t *x, size_t n) {
    for (size_t run = 2; run <= n; run *= 2)
        for (size_t gap = run / 2; gap; gap /= 2)
            for (size_t i = 0; i < n; i++) {
                size_t j = i ^ gap;
                if (j < i) continue;
                if (i & run)
                    order(&x[j], &x[i]);
                else
                    order(&x[i], &x[j]);
            }
}

void sable_sample_sparse(int8_t *out, size_t n, size_t weight, uint64_t *scratch, sable_stream *stream) {
    /* Words of 62 random bits and a 2-bit coefficient, sorted by the random bits, put the coefficients in uniformly
     * random order as long as no two of them are equal: then start again (probability below 2^-30 for n = 2^16, and
     * independent of the order). */
    uint64_t equal;
    do {
        sable_stream_read(stream, scratch, n * sizeof scratch[0]);
        for (size_t i = 0; i < n; i++) {
            uint64_t sign = scratch[i] & 1u; /* bit 0 random, not part of the sort key */
            uint64_t value = i < weight ? 2 | sign : 0;
            scratch[i] = (scratch[i] & ~(uint64_t)3) | value;
        }
        sort_words(scratch, n);
        equal = 0;
        for (size_t i = 1; i < n; i++) equal |= (uint64_t)((scratch[i] ^ scratch[i - 1]) >> 2 == 0);
    } while (equal);
    for (size_t i = 0; i < n; i++) {
        int present = (int)(scratch[i] >> 1 & 1u), sign = (int)(scratch[i] & 1u);
        out[i] = (int8_t)(present - 2 * (present & sign));
    }
    sodium_memzero(scratch, n * sizeof scratch[0]);
}

void sable_small_automorphism(int8_t *out, const int8_t *x, size_t n, uint32_t galois) {
    const uint64_t mask = 2 * (uint64_t)n - 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t to = (uint64_t)i * galois & mask; /* X^n = -1 */
        int negate = to >= n;
        out[to & (n - 1)] = (int8_t)(negate ? -x[i] : x[i]);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_DIGEST_H
#define SABLE_RING_DIGEST_H
/* What one word adds to the digest of a view (sable_backend.digest), the same for the host and inside kernels. */
#include "ring/word.h"

/* For a given index both are bijections of 32-bit words into 64-bit numbers: the multipliers are odd, and x ^ x >> k can
 * be undone. So one changed word changes both sums. The index is spread over all bits first, so that exchanged words do too, but for
 * one case in about 2^64. */
SABLE_WORD void sable_digest_add(uint64_t sum[2], uint64_t index, uint32_t word) {
    const uint64_t place = (index + 1) * 0x9e3779b97f4a7c15u;
    uint64_t x = (place ^ word) * 0xbf58476d1ce4e5b9u, y = (place | 1) * ((uint64_t)word + 0x94d049bb133111ebu);
    x ^= x >> 32;
    y ^= y >> 29;
    sum[0] += x * 0xd6e8feb86659fd93u;
    sum[1] += y * 0xa0761d6478bd642fu;
}

#endif

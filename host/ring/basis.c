/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ring/ring.h"
#include "ring/word.h"

uint32_t sable_product_mod(const sable_ring *ring, const uint16_t *pos, uint32_t count, uint32_t p) {
    uint32_t product = 1u % p;
    for (uint32_t i = 0; i < count; i++) product = sable_mul_mod(product, ring->prime[pos[i]].p % p, p);
    return product;
}

/* Product of all listed primes but the one at index skip. */
static uint32_t product_without(const sable_ring *ring, const uint16_t *pos, uint32_t count, uint32_t skip,
                                uint32_t p) {
    return sable_mul_mod(sable_product_mod(ring, pos, skip, p),
                         sable_product_mod(ring, pos + skip + 1, count - skip - 1, p), p);
}

sable_status sable_basis_create(sable_basis **out, const sable_ring *ring, const uint16_t *src, uint32_t src_count,
                                const uint16_t *dst, uint32_t dst_count, const uint16_t *factor, uint32_t factor_count,
                                const uint32_t *k_mod, sable_error *err) {
    size_t words = (size_t)src_count * (1 + dst_count) + dst_count;
    size_t bytes = sizeof(sable_basis) + words * sizeof(uint32_t) + (src_count + dst_count) * sizeof(uint16_t);
    sable_basis *basis = malloc(bytes);
    if (!basis)
        return sable_fail(err, SABLE_NO_MEMORY, "base conversion of %u to %u primes needs %zu bytes of host memory",
                          src_count, dst_count, bytes);

    uint32_t *y_mult = (uint32_t *)(basis + 1), *m = y_mult + src_count, *neg_d = m + (size_t)src_count * dst_count;
    uint16_t *src_copy = (uint16_t *)(neg_d + dst_count), *dst_copy = src_copy + src_count;
    if (src_count) memcpy(src_copy, src, src_count * sizeof *src);
    if (dst_count) memcpy(dst_copy, dst, dst_count * sizeof *dst);
    for (uint32_t i = 0; i < src_count; i++) {
        uint32_t q = ring->prime[src[i]].p;
        uint32_t c = sable_product_mod(ring, factor, factor_count, q);
        if (k_mod) c = sable_mul_mod(c, k_mod[i], q);
        y_mult[i] = sable_mul_mod(c, sable_inv_mod(product_without(ring, src, src_count, i, q), q), q);
    }
    for (uint32_t d = 0; d < dst_count; d++) {
        uint32_t p = ring->prime[dst[d]].p;
        for (uint32_t i = 0; i < src_count; i++)
            m[(size_t)d * src_count + i] = product_without(ring, src, src_count, i, p);
        neg_d[d] = sable_neg_mod(sable_product_mod(ring, src, src_count, p), p); /* 0 when p is in S */
    }
    *basis = (sable_basis){.src_count = src_count,
                           .dst_count = dst_count,
                           .src = src_copy,
                           .dst = dst_copy,
                           .y_mult = y_mult,
                           .m = m,
                           .neg_d = neg_d};
    *out = basis;
    return SABLE_OK;
}

void sable_basis_free(sable_basis **basis) {
    if (!basis) return;
    free(*basis);
    *basis = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/ring.h"

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "ring/word.h"

#define CACHE_LINE ((size_t)64)
#define HUGE_PAGE  ((size_t)2 << 20)

/* w[i] = base^brv(i) with its companion, i < count. For i < m, m a power of two: brv(m + i) = brv(i) + n/(2m), so each half of a
 * prefix of the table is the other half times one power. */
static void fill_powers(uint32_t *w, uint32_t *w_shoup, uint32_t base, uint32_t p, uint32_t n, uint32_t count) {
    w[0] = 1;
    for (uint32_t m = 1; m < count; m *= 2) {
        uint32_t step = sable_pow_mod(base, n / (2 * m), p), step_shoup = sable_shoup_of(step, p);
        for (uint32_t i = 0; i < m; i++) w[m + i] = sable_canon1(sable_shoup_lazy(w[i], step, step_shoup, p), p);
    }
    for (uint32_t i = 0; i < count; i++) w_shoup[i] = sable_shoup_of(w[i], p);
}

/* words: of each table, from its first. */
static sable_status create(sable_ring **out, const sable_params *params, uint32_t words, sable_error *err) {
    uint32_t count = params->q_count + params->p_count;
    size_t head = (sizeof(sable_ring) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    size_t bytes = head + (size_t)count * 4 * words * sizeof(uint32_t);
    /* Butterflies of the first stages walk whole tables: huge pages spare them misses of the address cache. */
    size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
    void *memory = NULL;
    if (posix_memalign(&memory, align, bytes) != 0)
        return sable_fail(err, SABLE_NO_MEMORY,
                          "transform tables of set %s (N = %u, %u primes) need %zu bytes of host memory", params->name,
                          params->n, count, bytes);
#ifdef MADV_HUGEPAGE
    if (align == HUGE_PAGE)
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* advice only: refusal costs speed, nothing else */
#endif

    sable_ring *ring = memory;
    memset(ring, 0, head);
    ring->log_n = params->log_n;
    ring->n = params->n;
    ring->q_count = params->q_count;
    ring->p_count = params->p_count;
    uint32_t *table = (uint32_t *)((char *)memory + head);
    for (uint32_t pos = 0; pos < count; pos++) {
        sable_prime *q = &ring->prime[pos];
        sable_prime_init(q, params->prime[pos], params->n);
        uint32_t *w = table, *w_shoup = w + words, *iw = w_shoup + words, *iw_shoup = iw + words;
        table = iw_shoup + words;
        fill_powers(w, w_shoup, q->psi, q->p, ring->n, words);
        fill_powers(iw, iw_shoup, sable_inv_mod(q->psi, q->p), q->p, ring->n, words);
        ring->w[pos] = w;
        ring->w_shoup[pos] = w_shoup;
        ring->iw[pos] = iw;
        ring->iw_shoup[pos] = iw_shoup;
    }
    *out = ring;
    return SABLE_OK;
}

sable_status sable_ring_create(sable_ring **out, const sable_params *params, sable_error *err) {
    return create(out, params, params->n, err);
}

sable_status sable_ring_create_constants(sable_ring **out, const sable_params *params, sable_error *err) {
    return create(out, params, 2, err);
}

void sable_ring_free(sable_ring **ring) {
    if (!ring) return;
    free(*ring);
    *ring = NULL;
}

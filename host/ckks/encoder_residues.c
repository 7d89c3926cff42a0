/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/encoder.h"
#include "ckks/encoder_garner.h"
#include "ring/word.h"

/* Fewer coefficients than this are not worth waking threads. */
#define PARALLEL_FROM 4096u

static sable_garner_factor factor_of(uint32_t w, uint32_t p) { return (sable_garner_factor){w, sable_shoup_of(w, p)}; }

sable_status sable_residues_fit(const sable_ring *ring, const uint16_t *pos, uint32_t limbs, uint32_t used,
                                sable_error *err) {
    double product = 1;
    for (uint32_t i = 0; i < used; i++) product *= (double)ring->prime[pos[i]].p;
    if (used < 1 || used > limbs || limbs > SABLE_MAX_LIMBS || used > SABLE_GARNER_MAX || !(product < 0x1p1000))
        return sable_fail(
            err, SABLE_INVALID,
            "conversion from %u of %u limbs: 1 to %u limbs with a product below 2^1000 can be read as doubles", used,
            limbs, SABLE_GARNER_MAX);
    return SABLE_OK;
}

/* Memory is one allocation, in g->inverse. */
sable_status sable_garner_init(sable_garner *g, const sable_ring *ring, const uint16_t *pos, uint32_t limbs,
                               uint32_t used, sable_dd scale, sable_error *err) {
    SABLE_TRY(sable_residues_fit(ring, pos, limbs, used, err));
    g->used = used;
    g->extra = limbs - used;
    g->inverse_scale = dd_div(dd(1), scale);
    size_t factors = (size_t)used * limbs;
    size_t bytes = factors * sizeof(sable_garner_factor) + 2 * (size_t)g->extra * sizeof(uint32_t);
    g->inverse = malloc(bytes);
    if (!g->inverse) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu bytes of conversion constants", bytes);
    g->weight = g->inverse + (size_t)used * used;
    uint32_t *extra = (uint32_t *)(g->inverse + factors);
    g->extra_p = extra;
    g->extra_d = extra + g->extra;
    for (uint32_t i = 0; i < used; i++) {
        uint32_t p = ring->prime[pos[i]].p;
        g->p[i] = p;
        g->cover[i] = ((1u << 30) / p + 1) * p;
        for (uint32_t j = 0; j < i; j++) g->inverse[i * used + j] = factor_of(sable_inv_mod(g->p[j] % p, p), p);
    }
    for (uint32_t e = 0; e < g->extra; e++) {
        uint32_t p = ring->prime[pos[used + e]].p, product_mod = 1;
        for (uint32_t i = 0; i < used; i++) {
            g->weight[e * used + i] = factor_of(product_mod, p);
            product_mod = sable_mul_mod(product_mod, g->p[i] % p, p);
        }
        extra[e] = p;
        extra[g->extra + e] = product_mod;
    }
    return SABLE_OK;
}

void sable_garner_free(sable_garner *g) {
    free(g->inverse);
    g->inverse = NULL;
}

sable_status sable_residues_to_doubles(double *coeff, size_t *inconsistent, const uint32_t *const *x, size_t stride,
                                       size_t count, const sable_ring *ring, const uint16_t *pos, uint32_t limbs,
                                       uint32_t used, sable_dd scale, double largest, uint32_t threads,
                                       sable_error *err) {
    sable_garner g;
    SABLE_TRY(sable_garner_init(&g, ring, pos, limbs, used, scale, err));
    sable_garner_block *block = NULL;
    for (uint32_t index = SABLE_GARNER_KERNELS; !block;) block = sable_garner_block_at(--index);

    const int64_t blocks = (int64_t)((count + SABLE_GARNER_BLOCK - 1) / SABLE_GARNER_BLOCK);
    size_t bad = 0;
    (void)threads;
#ifdef _OPENMP
#pragma omp parallel if (count >= PARALLEL_FROM) num_threads(threads) reduction(+ : bad)
#endif
    {
        sable_garner_work work;
#ifdef _OPENMP
#pragma omp for schedule(static)
#endif
        for (int64_t b = 0; b < blocks; b++) {
            size_t first = (size_t)b * SABLE_GARNER_BLOCK, left = count - first;
            if (left > SABLE_GARNER_BLOCK) left = SABLE_GARNER_BLOCK;
            bad += block(&g, &work, coeff + first, x, stride, first, left);
            for (size_t t = first; t < first + left; t++) bad += !(fabs(coeff[t]) <= largest);
        }
        sodium_memzero(&work, sizeof work);
    }
    sable_garner_free(&g);
    if (inconsistent) *inconsistent = bad;
    return SABLE_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The transforms on AVX-512 with IFMA. */
#include "cpu/kernels_ifma.h"

#include "cpu/simd_avx512.h"

#include "cpu/vec_mod.inc.h"

#include "cpu/vec_ntt.inc.h"

#include "cpu/vec_ifma.inc.h"

#include "cpu/vec_ifma_forward.inc.h"
#include "cpu/vec_ifma_inverse.inc.h"

/* The tables of the other vector paths, for the tail, then pairs (w, wq) of the nodes above it, forward and inverse. */
static const uint64_t *ifma_pairs(const cpu_tables *t, int inverse) {
    const size_t n = t->ring->n;
    return (const uint64_t *)(const void *)((const uint32_t *)t->packed + 2 * n) + (inverse ? n >> (VEC_TAIL - 1) : 0);
}
static size_t ifma_prepare(void *packed, const sable_ring *ring, uint32_t pos) {
    const size_t vec_bytes = vec_prepare(packed, ring, pos), nodes = ring->n >> VEC_TAIL;
    if (ring->log_n < IFMA_MIN_LOG) return vec_bytes;
    if (packed) {
        uint64_t *w = (uint64_t *)(void *)((uint32_t *)packed + 2 * (size_t)ring->n);
        for (size_t k = 0; k < 2 * nodes; k++) {
            const uint32_t value = k < nodes ? ring->w[pos][k] : ring->iw[pos][k - nodes];
            w[2 * k] = value;
            w[2 * k + 1] = ifma_quotient(value, ring->prime[pos].p);
        }
    }
    return vec_bytes + 4 * nodes * sizeof(uint64_t);
}
VEC_INLINE void iforward_outer(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                               const cpu_tables *t, const int stream) {
    const imod m = imod_of(&t->ring->prime[t->pos]);
    const uint64_t *w = ifma_pairs(t, 0);
    switch (vouter(t->ring->log_n)) {
    case 1: iforward_pass(out, out_step, in, in_step, columns, w, 1, 1, IFMA_WORDS, IFMA_WORDS, m, stream, NULL); break;
    case 2: iforward_pass(out, out_step, in, in_step, columns, w, 1, 2, IFMA_WORDS, IFMA_WORDS, m, stream, NULL); break;
    case 3: iforward_pass(out, out_step, in, in_step, columns, w, 1, 3, IFMA_WORDS, IFMA_WORDS, m, stream, NULL); break;
    default:
        iforward_pass(out, out_step, in, in_step, columns, w, 1, 4, IFMA_WORDS, IFMA_WORDS, m, stream, NULL);
        break;
    }
}
static void ifma_ntt_forward_outer(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                                   const cpu_tables *t, int stream) {
    if (t->ring->log_n < IFMA_MIN_LOG)
        vec_ntt_forward_outer(out, out_step, in, in_step, columns, t, stream);
    else if (stream)
        iforward_outer(out, out_step, in, in_step, columns, t, 1);
    else
        iforward_outer(out, out_step, in, in_step, columns, t, 0);
}
static void ifma_ntt_forward_block(uint32_t *out, const uint32_t *in, const cpu_tables *t, size_t block,
                                   const cpu_ahead *ahead) {
    if (t->ring->log_n < IFMA_MIN_LOG) {
        vec_ntt_forward_block(out, in, t, block, ahead);
        return;
    }
    const sable_prime *q = &t->ring->prime[t->pos];
    const uint32_t outer = vouter(t->ring->log_n), stages = t->ring->log_n - outer - VEC_TAIL;
    const size_t words = t->ring->n >> outer, k = ((size_t)1 << outer) + block; /* its node */
    uint32_t rows = 0;                                                          /* to fetch, one a pass */
    if (stages == 8) {
        iforward_eight(out, in, ifma_pairs(t, 0), k, q, ahead);
        rows = ahead->rows < 2 ? ahead->rows : 2;
    } else {
        for (uint32_t down = 0, radix; down < stages; down += radix, in = out) {
            radix = vradix(stages - down);
            iforward_passes(out, in, words >> down, (size_t)1 << down, ifma_pairs(t, 0), k << down, radix,
                            down + radix == stages, q, rows < ahead->rows ? ahead->row[rows++] : NULL);
        }
    }
    vforward_tail(out, words / (2 * VEC_LANES), t->packed, k << (stages - 1), vmod_of(q), ahead->row + rows,
                  ahead->rows - rows);
}
static void ifma_ntt_inverse(uint32_t *out, const uint32_t *in, const cpu_tables *t, uint32_t mult) {
    const sable_ring *ring = t->ring;
    if (ring->log_n < IFMA_MIN_LOG) {
        vec_ntt_inverse(out, in, t, mult);
        return;
    }
    const size_t n = ring->n;
    const sable_prime *q = &ring->prime[t->pos];
    const uint32_t *tail = (const uint32_t *)t->packed + n, outer = vouter(ring->log_n);
    const uint64_t *w = ifma_pairs(t, 1);
    const size_t blocks = (size_t)1 << outer, words = n >> outer;
    const uint32_t stages = ring->log_n - outer - VEC_TAIL;
    const ibias narrow = ibias_of(q, 2), wide = ibias_of(q, 128);
    for (size_t b = 0; b < blocks; b++) {
        uint32_t *block = out + b * words;
        const size_t k = blocks + b; /* its node */
        vinverse_tail(block, in + b * words, words / (2 * VEC_LANES), tail, k << (stages - 1), vmod_of(q));
        if (stages == 8) {
            iinverse_eight(block, w, k, &narrow, &wide, q);
            continue;
        }
        for (uint32_t down = stages, radix; down; down -= radix) {
            radix = vradix(down);
            iinverse_passes(block, words >> (down - radix), (size_t)1 << (down - radix), w, k << (down - radix), radix,
                            &narrow, q);
        }
    }
    const uint32_t scale = sable_mul_mod(mult, q->n_inv, q->p), root = sable_mul_mod(ring->iw[t->pos][1], scale, q->p);
    const uint64_t ends[4] = {scale, ifma_quotient(scale, q->p), root, ifma_quotient(root, q->p)};
    iinverse_last(out, n, w, outer, ends, &narrow, q);
}

void cpu_ifma_transforms(cpu_kernels *k) {
    k->prepare = ifma_prepare;
    k->ntt_block_words = vec_ntt_block_words;
    k->ntt_forward_outer = ifma_ntt_forward_outer;
    k->ntt_forward_block = ifma_ntt_forward_block;
    k->ntt_inverse = ifma_ntt_inverse;
    k->drain = vec_drain;
}

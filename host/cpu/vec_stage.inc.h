/* SPDX-License-Identifier: Apache-2.0 */
/* What the base conversions share: source columns laid next to each other; include after vec_mod.inc.h.
 *
 * Limbs of a polynomial lie a power of two apart, so equal columns of all of them fall into the same sets of every
 * cache: a block of columns that every destination reads again is copied once to where nothing else pushes it out. The
 * same pass finds the quotients v.
 *
 * Staged columns: for each vector of columns `rows` vectors in turn: v, one a source, then zeros. */
#include <string.h>

#define VEC_STAGED_WORDS 4096u /* 16 KiB: a third of a first-level cache */

/* `vectors` vectors (a constant at every call) of the columns from `offset` on. v is the sum of
 * floor(y*wq / 2^(bits-1)), each below 2^32, so the sum of up to 2^31 sources fits 64 bits. */
VEC_INLINE void vstage_some(uint32_t *staged, const uint32_t *const *y, size_t offset, const uint32_t vectors,
                            uint32_t rows, const sable_basis *basis, const sable_ring *ring) {
    const size_t step = (size_t)rows * VEC_LANES;
    vec e[4], o[4];
    VEC_UNROLL
    for (uint32_t k = 0; k < vectors; k++) e[k] = o[k] = vsetq((uint64_t)1 << 31);
    for (uint32_t i = 0; i < basis->src_count; i++) {
        const sable_prime *q = &ring->prime[basis->src[i]];
        const vec w = vset(q->wq), shift = vsetq(q->bits - 1);
        const uint32_t *from = y[i] + offset;
        uint32_t *to = staged + (size_t)(i + 1) * VEC_LANES;
        VEC_UNROLL
        for (uint32_t k = 0; k < vectors; k++) {
            const vec x = vload(from + k * VEC_LANES);
            vstore(to + k * step, x);
            e[k] = vaddq(e[k], vsrlvq(vmulq(x, w), shift));
            o[k] = vaddq(o[k], vsrlvq(vmulq(vodd(x), w), shift));
        }
    }
    VEC_UNROLL
    for (uint32_t k = 0; k < vectors; k++) {
        vstore(staged + k * step, vhi(e[k], o[k]));
        for (uint32_t i = basis->src_count + 1; i < rows; i++) vstore(staged + k * step + i * VEC_LANES, vzero());
    }
}
static void vstage(uint32_t *staged, const uint32_t *const *y, size_t offset, uint32_t vectors, uint32_t rows,
                   const sable_basis *basis, const sable_ring *ring) {
    const size_t step = (size_t)rows * VEC_LANES;
    uint32_t k = 0;
    for (; k + 4 <= vectors; k += 4) vstage_some(staged + k * step, y, offset + k * VEC_LANES, 4, rows, basis, ring);
    for (; k < vectors; k++) vstage_some(staged + k * step, y, offset + k * VEC_LANES, 1, rows, basis, ring);
}

/* The constants of destination d in the order of the rows, and zeros up to `words`. */
static void vec_constants(uint32_t *row, const sable_basis *basis, uint32_t d, uint32_t words) {
    const uint32_t sources = basis->src_count;
    row[0] = basis->neg_d[d];
    memcpy(row + 1, basis->m + (size_t)d * sources, sources * sizeof *row);
    memset(row + 1 + sources, 0, (words - 1 - sources) * sizeof *row);
}

VEC_INLINE void vput(uint32_t *out, vec x, bool stream) {
    if (stream)
        vstream(out, x);
    else
        vstore(out, x);
}

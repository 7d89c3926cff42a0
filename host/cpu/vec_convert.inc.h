/* SPDX-License-Identifier: Apache-2.0 */
/* Base conversion by sums of 64-bit products; include after vec_stage.inc.h. Bounds: vec_mod.inc.h, "Sums of
 * products". */

#define VEC_ROW (SABLE_MAX_LIMBS / 16 * 16 + 16) /* words of one destination, in whole vectors */

/* `group` destinations (a constant at every call) of `vectors` vectors of staged columns. c holds, row after row, the
 * constants of VEC_DEST_GROUP destinations in Montgomery form. v is at most `sources`, so its row is below 154p: with 16
 * sources the sum is at most 16(p-1)(2^30 - 1) + 16(p-1) < 4pR, with more the v row counts as one of the first 16 rows. */
VEC_INLINE void vconvert(uint32_t *const *out, size_t offset, const uint32_t *staged, uint32_t vectors,
                         uint32_t sources, const uint32_t *c, const sable_prime *const *q, bool stream,
                         const uint32_t group) {
    for (uint32_t k = 0; k < vectors; k++, offset += VEC_LANES) {
        vec e[VEC_DEST_GROUP], o[VEC_DEST_GROUP], x = vload(staged), z = vodd(x);
        VEC_UNROLL
        for (uint32_t d = 0; d < VEC_DEST_GROUP; d++)
            if (d < group) {
                vec w = vset(c[d]);
                e[d] = vmulq(x, w);
                o[d] = vmulq(z, w);
            }
        staged += VEC_LANES;
        uint32_t i = 1, stop = sources <= VEC_FIRST_CHUNK ? sources : VEC_FIRST_CHUNK - 1;
        for (;;) {
            for (; i <= stop; i++, staged += VEC_LANES) {
                x = vload(staged);
                z = vodd(x);
                VEC_UNROLL
                for (uint32_t d = 0; d < VEC_DEST_GROUP; d++)
                    if (d < group) {
                        vec w = vset(c[i * VEC_DEST_GROUP + d]);
                        e[d] = vaddq(e[d], vmulq(x, w));
                        o[d] = vaddq(o[d], vmulq(z, w));
                    }
            }
            if (stop == sources) break;
            stop = sources - stop < VEC_NEXT_CHUNK ? sources : stop + VEC_NEXT_CHUNK;
            VEC_UNROLL
            for (uint32_t d = 0; d < VEC_DEST_GROUP; d++)
                if (d < group) {
                    vec high = vp2_high(q[d]);
                    e[d] = vfold(e[d], high);
                    o[d] = vfold(o[d], high);
                }
        }
        VEC_UNROLL
        for (uint32_t d = 0; d < VEC_DEST_GROUP; d++)
            if (d < group) vput(out[d] + offset, vsum(e[d], o[d], vmod_of(q[d])), stream);
    }
}
static void vconvert_group(uint32_t *const *out, size_t offset, const uint32_t *staged, uint32_t vectors,
                           uint32_t sources, const uint32_t *c, const sable_prime *const *q, bool stream,
                           uint32_t group) {
#define VEC_CONVERT(constant) \
    case constant: vconvert(out, offset, staged, vectors, sources, c, q, stream, constant); break;
    switch (group) {
#if VEC_DEST_GROUP == 8
        VEC_CONVERT(8)
        VEC_CONVERT(7)
        VEC_CONVERT(6)
        VEC_CONVERT(5)
#endif
        VEC_CONVERT(4)
        VEC_CONVERT(3)
        VEC_CONVERT(2)
        VEC_CONVERT(1)
    }
#undef VEC_CONVERT
}

/* The constants: for each group of destinations, row after row. */
static size_t vec_convert_prepare(void *constants, const sable_basis *basis, const sable_ring *ring) {
    _Alignas(64) uint32_t row[VEC_ROW];
    uint32_t *c = constants;
    const uint32_t rows = basis->src_count + 1, groups = (basis->dst_count + VEC_DEST_GROUP - 1) / VEC_DEST_GROUP;
    for (uint32_t d = 0; c && d < basis->dst_count; d++) {
        const sable_prime *q = &ring->prime[basis->dst[d]];
        const vmod m = vmod_of(q);
        const vec r2 = vset(q->r2);
        uint32_t *to = c + (size_t)(d / VEC_DEST_GROUP) * VEC_DEST_GROUP * rows + d % VEC_DEST_GROUP;
        vec_constants(row, basis, d, VEC_ROW);
        for (uint32_t i = 0; i < rows; i += VEC_LANES) vstore(row + i, vcanon1(vmont_set(vload(row + i), r2, m), m));
        for (uint32_t i = 0; i < rows; i++) to[i * VEC_DEST_GROUP] = row[i];
    }
    return (size_t)groups * VEC_DEST_GROUP * rows * sizeof *c;
}

static void vec_base_convert(uint32_t *const *out, const uint32_t *const *y, const sable_basis *basis,
                             const void *constants, const sable_ring *ring, size_t count, bool stream) {
    _Alignas(64) uint32_t staged[VEC_STAGED_WORDS];
    const sable_prime *q[SABLE_MAX_LIMBS];
    const uint32_t *c = constants;
    const uint32_t sources = basis->src_count, dests = basis->dst_count, rows = sources + 1;
    const uint32_t most = VEC_STAGED_WORDS / (rows * VEC_LANES);
    for (uint32_t d = 0; d < dests; d++) q[d] = &ring->prime[basis->dst[d]];
    for (size_t offset = 0; offset < count;) {
        const size_t left = (count - offset) / VEC_LANES;
        const uint32_t vectors = left < most ? (uint32_t)left : most;
        vstage(staged, y, offset, vectors, rows, basis, ring);
        for (uint32_t d = 0; d < dests; d += VEC_DEST_GROUP)
            vconvert_group(out + d, offset, staged, vectors, sources, c + (size_t)d * rows, q + d, stream,
                           dests - d < VEC_DEST_GROUP ? dests - d : VEC_DEST_GROUP);
        offset += (size_t)vectors * VEC_LANES;
    }
}

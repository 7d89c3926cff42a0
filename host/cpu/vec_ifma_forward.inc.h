/* SPDX-License-Identifier: Apache-2.0 */
/* Forward passes in 64-bit lanes; include after vec_ifma.inc.h. */

/* The stages of a forward pass on half of the words, each below 2^32, or on lanes that another pass left, below 2^34.
 * Butterfly: s = x + [0,1], d = x + bias - [0,1] = (2x + bias) - s, where the low product by two adds the bias for
 * nothing. Unless lanes are wanted, the last stage leaves s and 2x + bias: their difference costs half as much in words.
 *
 * Everything that is multiplied may be as large as it likes. So only what x[0] contributes to counts, half of the values
 * in each stage. To words it is reduced to [0,1] before the last two stages; with biases 2p, and p for the second of two
 * differences, the results are [0,3], [1,4], [1,4] and [1,4], a lower end 1 meaning p - 2e > 0. So words are below
 * 4p + 2^13, since y < 2^34 here. To the tail it is reduced before the last stage: [0,2] and [1,3], below 4p. To lanes
 * nothing is reduced: below 2^32 + 4 * 2p < 2^34. */
VEC_INLINE void iforward_stages(vec *x, const uint64_t *w, size_t k, const uint32_t log_r, const int to, imod m) {
    const uint32_t reduced = to == IFMA_LANES ? log_r : to == IFMA_TAIL || log_r < 2 ? log_r - 1 : log_r - 2;
    VEC_UNROLL
    for (uint32_t s = 0; s < 4; s++) {
        if (s >= log_r) continue;
        const uint32_t h = (1u << (log_r - 1)) >> s;
        if (s == reduced) {
            VEC_UNROLL
            for (uint32_t i = 0; i < 16; i += 2)
                if (i < 1u << log_r && i % (2 * h) == 0) x[i] = ireduce(x[i], m);
        }
        VEC_UNROLL
        for (uint32_t b = 0; b < 8; b++) {
            if (b >= 1u << (log_r - 1)) continue;
            const uint32_t g = b / h, i = g * 2 * h + b % h;
            const vec bias = s == log_r - 1 && to == IFMA_WORDS && (i & 2) ? m.p : m.p2;
            const vec twice = vmadlo(bias, x[i], m.two);
            x[i] = imul_add(x[i], x[i + h], IFMA_W((k << s) + g), IFMA_WQ((k << s) + g), m);
            x[i + h] = s == log_r - 1 && to != IFMA_LANES ? twice : vsubq(twice, x[i]);
        }
    }
}
/* As vforward_pass. One half of the words after the other: both together do not fit the registers. `from` lanes or to
 * lanes: in, or out, is memory of twice the size, in which every vector of words is two of lanes. */
VEC_INLINE void iforward_pass(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                              const uint64_t *w, size_t k, const uint32_t log_r, const int from, const int to, imod m,
                              const int stream, const uint32_t *ahead) {
    _Alignas(64) uint32_t even[16 * VEC_LANES];
    for (size_t j = 0; j < columns; j += VEC_LANES) {
        vec x[16];
        VEC_UNROLL
        for (int odd = 0; odd < 2; odd++) {
            VEC_UNROLL
            for (uint32_t r = 0; r < 16; r++) {
                if (r >= 1u << log_r) continue;
                if (ahead && !odd) vprefetch(ahead + (j << log_r) + r * VEC_LANES);
                if (from == IFMA_LANES)
                    x[r] = vload(in + 2 * (j + r * in_step) + odd * VEC_LANES);
                else
                    x[r] = ihalf(vload(in + j + r * in_step), odd);
            }
            iforward_stages(x, w, k, log_r, to, m);
            if (odd && to != IFMA_LANES) continue;
            VEC_UNROLL
            for (uint32_t r = 0; r < 16; r++) {
                if (r >= 1u << log_r) continue;
                if (to == IFMA_LANES)
                    vstore(out + 2 * (j + r * out_step) + odd * VEC_LANES, x[r]);
                else
                    vstore(even + r * VEC_LANES, x[r]);
            }
            IFMA_HALF;
        }
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r += 2) {
            if (r >= 1u << log_r || to == IFMA_LANES) continue;
            const vec s = imerge(vload(even + r * VEC_LANES), x[r]);
            const vec d = vsub(imerge(vload(even + (r + 1) * VEC_LANES), x[r + 1]), s);
            if (stream) {
                vstream(out + j + r * out_step, s);
                vstream(out + j + (r + 1) * out_step, d);
            } else {
                vstore(out + j + r * out_step, s);
                vstore(out + j + (r + 1) * out_step, d);
            }
        }
    }
}
/* last: the tail follows. */
static void iforward_passes(uint32_t *out, const uint32_t *in, size_t len, size_t count, const uint64_t *w, size_t k,
                            uint32_t log_r, int last, const sable_prime *q, const uint32_t *ahead) {
    const size_t step = len >> log_r;
    const imod m = imod_of(q);
    for (size_t i = 0; i < count; i++, out += len, in += len, k++, ahead = ahead ? ahead + len : NULL)
        switch (2 * log_r + (last != 0)) {
        case 2: iforward_pass(out, step, in, step, step, w, k, 1, IFMA_WORDS, IFMA_WORDS, m, 0, ahead); break;
        case 3: iforward_pass(out, step, in, step, step, w, k, 1, IFMA_WORDS, IFMA_TAIL, m, 0, ahead); break;
        case 4: iforward_pass(out, step, in, step, step, w, k, 2, IFMA_WORDS, IFMA_WORDS, m, 0, ahead); break;
        case 5: iforward_pass(out, step, in, step, step, w, k, 2, IFMA_WORDS, IFMA_TAIL, m, 0, ahead); break;
        case 6: iforward_pass(out, step, in, step, step, w, k, 3, IFMA_WORDS, IFMA_WORDS, m, 0, ahead); break;
        case 7: iforward_pass(out, step, in, step, step, w, k, 3, IFMA_WORDS, IFMA_TAIL, m, 0, ahead); break;
        case 8: iforward_pass(out, step, in, step, step, w, k, 4, IFMA_WORDS, IFMA_WORDS, m, 0, ahead); break;
        default: iforward_pass(out, step, in, step, step, w, k, 4, IFMA_WORDS, IFMA_TAIL, m, 0, ahead); break;
        }
}
/* Eight stages of a block of 4096 words as two passes with lanes between them. */
static void iforward_eight(uint32_t *out, const uint32_t *in, const uint64_t *w, size_t k, const sable_prime *q,
                           const cpu_ahead *ahead) {
    _Alignas(64) uint32_t lanes[2 * 4096];
    const imod m = imod_of(q);
    iforward_pass(lanes, 256, in, 256, 256, w, k, 4, IFMA_WORDS, IFMA_LANES, m, 0,
                  ahead->rows > 0 ? ahead->row[0] : NULL);
    for (size_t i = 0; i < 16; i++)
        iforward_pass(out + 256 * i, 16, lanes + 512 * i, 16, 16, w, 16 * k + i, 4, IFMA_LANES, IFMA_TAIL, m, 0,
                      ahead->rows > 1 ? ahead->row[1] + 256 * i : NULL);
}

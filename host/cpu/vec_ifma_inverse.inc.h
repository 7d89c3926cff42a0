/* SPDX-License-Identifier: Apache-2.0 */
/* Inverse passes in 64-bit lanes; include after vec_ifma.inc.h. */

/* Sums stay unreduced, and so must their differences stay positive. Of `count` values that are added and subtracted in
 * pairs, pairs of pairs and so on, value t carries a bias of (lowest(t) - 1) times the largest of them: the first half of
 * every aligned group then outweighs the second by what the second can be more than its biases. */
VEC_INLINE uint32_t ilowest(uint32_t t, uint32_t count) { return (t | count) & (0u - (t | count)); }

typedef struct ibias {
    uint64_t products[8]; /* multiples of 2p, above any product */
    uint64_t sums[8];     /* multiples of twice the unit */
    uint64_t unit;        /* a multiple of p that no value which a pass reads reaches */
} ibias;
static ibias ibias_of(const sable_prime *q, uint32_t unit) {
    ibias bias = {.unit = (uint64_t)unit * q->p};
    for (uint64_t i = 0; i < 8; i++) {
        bias.products[i] = 2 * i * q->p;
        bias.sums[i] = 2 * i * bias.unit;
    }
    return bias;
}

/* The stages of an inverse pass on half of the words. from words: all but the first stage, whose sums x[2t] and
 * differences x[2t + 1] are given. to words: [0,1] where the last stage multiplied, in x[0] and in sums of four and
 * more; 2p + [0,2] in sums of two. to lanes: sums are left as they are, at most those of 16 words, below 16 * 2p with
 * biases of 12 * 4p: below 128p, the unit of the pass that follows. to the end: both outputs of the last stage are
 * products, x[i] with a scale. The largest sums are 16 units with biases of 24, below 40 * 128p < 2^43. */
VEC_INLINE void iinverse_stages(vec *x, const uint64_t *w, size_t k, const uint32_t log_r, const int from, const int to,
                                const uint64_t *ends, const ibias *bias, imod m) {
    VEC_UNROLL
    for (uint32_t c = 0; c < 4; c++) {
        if (c >= log_r) continue;
        const uint32_t s = log_r - 1 - c, h = 1u << c, both = to == IFMA_END && c == log_r - 1;
        VEC_UNROLL
        for (uint32_t b = 0; b < 8; b++) {
            if (b >= 1u << (log_r - 1)) continue;
            const uint32_t g = b / h, i = g * 2 * h + b % h, count = (1u << (log_r - 1)) >> c;
            vec d = x[i + h];
            if (c > 0 || from == IFMA_LANES) {
                if (c == 1 && b % h == 0) /* sums of the first stage get what they lack */
                    x[i] = vaddq(x[i], vfresh(&bias->sums[ilowest(2 * g, 2 * count) - 1], x[i]));
                d = vsubq(c == 0 ? vaddq(x[i], vfresh(&bias->unit, x[i])) : x[i], x[i + h]);
                x[i] = vaddq(x[i], x[i + h]);
            }
            if (both) {
                x[i] = imul_add(vclear(x[i]), x[i], vsetq(ends[0]), vsetq(ends[1]), m);
                x[i + h] = imul_add(vclear(d), d, vsetq(ends[2]), vsetq(ends[3]), m);
            } else {
                const uint32_t units = ilowest(g, count) - 1;
                x[i + h] = imul_add(units ? vfresh(&bias->products[units], d) : vclear(d), d, IFMA_W((k << s) + g),
                                    IFMA_WQ((k << s) + g), m);
            }
        }
    }
    VEC_UNROLL
    for (uint32_t r = 0; r < 16; r++)
        if (to == IFMA_WORDS && r < 1u << log_r && (r == 0 || 4 * r < 1u << log_r)) x[r] = ireduce(x[r], m);
}
/* Columns as in iforward_pass. Words are below 2p, to the end canonical; out may be in. */
VEC_INLINE void iinverse_pass(uint32_t *out, const uint32_t *in, size_t step, const uint64_t *w, size_t k,
                              const uint32_t log_r, const int from, const int to, const uint64_t *ends,
                              const ibias *bias, uint32_t p, imod m) {
    _Alignas(64) uint32_t first[16 * VEC_LANES], even[16 * VEC_LANES];
    const vec p1 = vset(p), p2 = vset(2 * p), p3 = vset(3 * p);
    for (size_t j = 0; j < step; j += VEC_LANES) {
        vec x[16];
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r += 2) {
            if (r >= 1u << log_r || from == IFMA_LANES) continue;
            const vec s = vload(in + j + r * step), t = vload(in + j + (r + 1) * step);
            vstore(first + r * VEC_LANES, vadd(s, t));
            vstore(first + (r + 1) * VEC_LANES, vsub(vadd(s, p2), t));
        }
        VEC_UNROLL
        for (int odd = 0; odd < 2; odd++) {
            VEC_UNROLL
            for (uint32_t r = 0; r < 16; r++) {
                if (r >= 1u << log_r) continue;
                if (from == IFMA_LANES)
                    x[r] = vload(in + 2 * (j + r * step) + odd * VEC_LANES);
                else
                    x[r] = ihalf(vload(first + r * VEC_LANES), odd);
            }
            iinverse_stages(x, w, k, log_r, from, to, ends, bias, m);
            if (odd && to != IFMA_LANES) continue;
            VEC_UNROLL
            for (uint32_t r = 0; r < 16; r++) {
                if (r >= 1u << log_r) continue;
                if (to == IFMA_LANES)
                    vstore(out + 2 * (j + r * step) + odd * VEC_LANES, x[r]);
                else
                    vstore(even + r * VEC_LANES, x[r]);
            }
            IFMA_HALF;
        }
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++) {
            if (r >= 1u << log_r || to == IFMA_LANES) continue;
            vec z = imerge(vload(even + r * VEC_LANES), x[r]);
            if (to == IFMA_END)
                z = vmin(z, vsub(z, p1));
            else if (r > 0 && 4 * r >= 1u << log_r && 2 * r < 1u << log_r) /* 2p + [0,2] */
                z = vmin(vsub(z, p2), vsub(z, p3));
            vstore(out + j + r * step, z);
        }
    }
}
static void iinverse_passes(uint32_t *a, size_t len, size_t count, const uint64_t *w, size_t k, uint32_t log_r,
                            const ibias *b, const sable_prime *q) {
    const imod m = imod_of(q);
    const size_t step = len >> log_r;
    for (size_t i = 0; i < count; i++, a += len, k++) switch (log_r) {
        case 1: iinverse_pass(a, a, step, w, k, 1, IFMA_WORDS, IFMA_WORDS, NULL, b, q->p, m); break;
        case 2: iinverse_pass(a, a, step, w, k, 2, IFMA_WORDS, IFMA_WORDS, NULL, b, q->p, m); break;
        case 3: iinverse_pass(a, a, step, w, k, 3, IFMA_WORDS, IFMA_WORDS, NULL, b, q->p, m); break;
        default: iinverse_pass(a, a, step, w, k, 4, IFMA_WORDS, IFMA_WORDS, NULL, b, q->p, m); break;
        }
}
/* Eight stages of a block of 4096 words as two passes with lanes between them; wide: biases for a unit of 128p. */
static void iinverse_eight(uint32_t *a, const uint64_t *w, size_t k, const ibias *b, const ibias *wide,
                           const sable_prime *q) {
    _Alignas(64) uint32_t lanes[2 * 4096];
    const imod m = imod_of(q);
    for (size_t i = 0; i < 16; i++)
        iinverse_pass(lanes + 512 * i, a + 256 * i, 16, w, 16 * k + i, 4, IFMA_WORDS, IFMA_LANES, NULL, b, q->p, m);
    iinverse_pass(a, lanes, 256, w, k, 4, IFMA_LANES, IFMA_WORDS, NULL, wide, q->p, m);
}
static void iinverse_last(uint32_t *a, size_t len, const uint64_t *w, uint32_t log_r, const uint64_t *ends,
                          const ibias *b, const sable_prime *q) {
    const imod m = imod_of(q);
    const size_t step = len >> log_r;
    switch (log_r) {
    case 1: iinverse_pass(a, a, step, w, 1, 1, IFMA_WORDS, IFMA_END, ends, b, q->p, m); break;
    case 2: iinverse_pass(a, a, step, w, 1, 2, IFMA_WORDS, IFMA_END, ends, b, q->p, m); break;
    case 3: iinverse_pass(a, a, step, w, 1, 3, IFMA_WORDS, IFMA_END, ends, b, q->p, m); break;
    default: iinverse_pass(a, a, step, w, 1, 4, IFMA_WORDS, IFMA_END, ends, b, q->p, m); break;
    }
}

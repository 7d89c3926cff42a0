/* SPDX-License-Identifier: Apache-2.0 */
/* Passes of the negacyclic transform in 64-bit lanes with 52-bit products (AVX-512 IFMA); include after vec_ntt.inc.h,
 * whose passes and plans these mirror.
 *
 * A vector of 16 words becomes two of 8 lanes, its even and its odd words, for the stages of one pass; between passes
 * words stay 32 bits wide, so the caches see the traffic of the other vector paths. A lane holds a number modulo 2^52:
 * bits above are carries that no product reads. 22 bits more than a prime has make reductions between stages
 * unnecessary.
 *
 * Product with a constant w < p: the table holds w and wq = floor(w * 2^52 / p). For y < 2^40 the quotient q = floor(y *
 * wq / 2^52) is floor(yw/p) or one less, so yw - qp lies in [0, p + e) with e = p * y / 2^52 < p / 2^12. Two steps add it
 * to anything: low halves of y * w and of q * (2^52 - p). "[0,1]" below means [0, p + e) or, for sums, the same multiple
 * of both; e is counted where a bound is tight.
 *
 * Smallest degree: N = 2^11, where p < 2^30 - 2^12 + 2, so that 4p + 2^13 fits a word. */

#define IFMA_MIN_LOG 11

VEC_INLINE vec vmadlo(vec sum, vec a, vec b) { return _mm512_madd52lo_epu64(sum, a, b); }
VEC_INLINE vec vmadhi(vec sum, vec a, vec b) { return _mm512_madd52hi_epu64(sum, a, b); }

/* Multiplications add to a register that they overwrite. A copy of a register that holds zero may take an execution
 * slot, a cleared register never does: compilers copy, so each sum starts with an explicit one. `near` keeps it there. */
VEC_INLINE vec vclear(vec near) {
    vec zero;
    __asm__("vpxord %0, %0, %0" : "=v"(zero) : "v"(near));
    return zero;
}

/* The same with a constant from memory, which compilers would keep in an integer register and move over. */
VEC_INLINE vec vfresh(const uint64_t *x, vec near) {
    vec copy;
    __asm__("vpbroadcastq %1, %0" : "=v"(copy) : "m"(*x), "v"(near));
    return copy;
}

typedef struct imod {
    vec neg_p; /* 2^52 - p */
    vec inv;   /* floor(2^52 / p) */
    vec two, p, p2;
} imod;

static uint64_t ifma_quotient(uint32_t w, uint32_t p) { /* floor(w * 2^52 / p) */
    const uint64_t high = ((uint64_t)w << 32) / p, rest = ((uint64_t)w << 32) % p;
    return (high << 20) + (rest << 20) / p;
}
VEC_INLINE imod imod_of(const sable_prime *q) {
    return (imod){vsetq(((uint64_t)1 << 52) - q->p), vsetq(((uint64_t)1 << 52) / q->p), vsetq(2), vsetq(q->p),
                  vsetq(2 * q->p)};
}

/* sum + yw mod p, the product in [0,1]. */
VEC_INLINE vec imul_add(vec sum, vec y, vec w, vec wq, imod m) {
    return vmadlo(vmadlo(sum, y, w), vmadhi(vclear(y), y, wq), m.neg_p);
}
/* Any x < 2^40 to [0,1]. */
VEC_INLINE vec ireduce(vec x, imod m) { return vmadlo(x, vmadhi(vclear(x), x, m.inv), m.neg_p); }
/* Lanes of even and odd words, and back. */
VEC_INLINE vec ihalf(vec x, const int odd) { return odd ? vodd(x) : vand(x, vsetq(0xffffffff)); }
VEC_INLINE vec imerge(vec even, vec odd) { return _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, (_MM_PERM_ENUM)0xA0); }

/* Keeps the compiler from loading the second half of the words early, into registers that the first half needs. */
#define IFMA_HALF __asm__ volatile("" ::: "memory")

#define IFMA_W(k)  vsetq(w[2 * (k)])
#define IFMA_WQ(k) vsetq(w[2 * (k) + 1])

/* ---- forward ---- */

/* The stages of a forward pass on half of the words, each below 2^32. Butterfly: s = x + [0,1], d = x + bias - [0,1] =
 * (2x + bias) - s, where the low product by two adds the bias for nothing. The last stage leaves s and 2x + bias, since
 * their difference costs half as much in words.
 *
 * Everything that is multiplied may be as large as it likes, so only what x[0] contributes to counts, half of the values in
 * each stage. Reduced to [0,1] before the last two stages (tight: before the last one), with biases 2p, and p for the
 * second of two differences, the results are [0,3], [1,4], [1,4] and [1,4] (tight: [0,2] and [1,3]); a lower end 1 stands
 * for p - 2e > 0. So words are below 4p + 2^13 (tight: below 4p). */
VEC_INLINE void iforward_stages(vec *x, const uint64_t *w, size_t k, const uint32_t log_r, const int tight, imod m) {
    const uint32_t reduced = tight || log_r < 2 ? log_r - 1 : log_r - 2;
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
            const vec bias = s == log_r - 1 && !tight && (i & 2) ? m.p : m.p2;
            const vec twice = vmadlo(bias, x[i], m.two);
            x[i] = imul_add(x[i], x[i + h], IFMA_W((k << s) + g), IFMA_WQ((k << s) + g), m);
            x[i + h] = s == log_r - 1 ? twice : vsubq(twice, x[i]);
        }
    }
}
/* As vforward_pass. One half of the words after the other: both together do not fit the registers. */
VEC_INLINE void iforward_pass(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                              const uint64_t *w, size_t k, const uint32_t log_r, const int tight, imod m,
                              const int stream, const uint32_t *ahead) {
    _Alignas(64) uint32_t even[16 * VEC_LANES];
    for (size_t j = 0; j < columns; j += VEC_LANES) {
        vec x[16];
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++) {
            if (r >= 1u << log_r) continue;
            if (ahead) vprefetch(ahead + (j << log_r) + r * VEC_LANES);
            x[r] = ihalf(vload(in + j + r * in_step), 0);
        }
        iforward_stages(x, w, k, log_r, tight, m);
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) vstore(even + r * VEC_LANES, x[r]);
        IFMA_HALF;
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) x[r] = ihalf(vload(in + j + r * in_step), 1);
        iforward_stages(x, w, k, log_r, tight, m);
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r += 2) {
            if (r >= 1u << log_r) continue;
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
/* last: the tail follows, which wants words below 4p. */
static void iforward_passes(uint32_t *out, const uint32_t *in, size_t len, size_t count, const uint64_t *w, size_t k,
                            uint32_t log_r, int last, const sable_prime *q, const uint32_t *ahead) {
    const size_t step = len >> log_r;
    const imod m = imod_of(q);
    for (size_t i = 0; i < count; i++, out += len, in += len, k++, ahead = ahead ? ahead + len : NULL)
        switch (2 * log_r + (last != 0)) {
        case 2: iforward_pass(out, step, in, step, step, w, k, 1, 0, m, 0, ahead); break;
        case 3: iforward_pass(out, step, in, step, step, w, k, 1, 1, m, 0, ahead); break;
        case 4: iforward_pass(out, step, in, step, step, w, k, 2, 0, m, 0, ahead); break;
        case 5: iforward_pass(out, step, in, step, step, w, k, 2, 1, m, 0, ahead); break;
        case 6: iforward_pass(out, step, in, step, step, w, k, 3, 0, m, 0, ahead); break;
        case 7: iforward_pass(out, step, in, step, step, w, k, 3, 1, m, 0, ahead); break;
        case 8: iforward_pass(out, step, in, step, step, w, k, 4, 0, m, 0, ahead); break;
        default: iforward_pass(out, step, in, step, step, w, k, 4, 1, m, 0, ahead); break;
        }
}

/* ---- inverse ---- */

/* Multiple of the unit that element t of `count` alternating sums and differences carries, so that every difference of
 * sums is positive: the first half of any aligned group outweighs the second by at least the width of both. */
VEC_INLINE uint32_t ilowest(uint32_t t, uint32_t count) { return (t | count) & (0u - (t | count)); }

/* The stages of an inverse pass but the first, whose sums x[2t] < 4p and differences x[2t + 1] < 4p are given, on half of
 * the words. last: the last stage multiplies both outputs, x[i] by scale. Results: [0,1] where the last stage multiplied
 * (all, if last) and in x[0] and sums of four and more; 2p + [0,2] in sums of two. twice: multiples of 2p. */
VEC_INLINE void iinverse_stages(vec *x, const uint64_t *w, size_t k, const uint32_t log_r, const int last,
                                const uint64_t *ends, const uint64_t *twice, imod m) {
    VEC_UNROLL
    for (uint32_t c = 0; c < 4; c++) {
        if (c >= log_r) continue;
        const uint32_t s = log_r - 1 - c, h = 1u << c, both = last && c == log_r - 1;
        VEC_UNROLL
        for (uint32_t b = 0; b < 8; b++) {
            if (b >= 1u << (log_r - 1)) continue;
            const uint32_t g = b / h, i = g * 2 * h + b % h, count = (1u << (log_r - 1)) >> c;
            vec d = x[i + h];
            if (c > 0) {
                if (c == 1 && b % h == 0) /* sums of the first stage, in [0,4), get what they lack */
                    x[i] = vaddq(x[i], vfresh(&twice[2 * ilowest(2 * g, 2 * count) - 2], x[i]));
                d = vsubq(x[i], x[i + h]);
                x[i] = vaddq(x[i], x[i + h]);
            }
            if (both) {
                x[i] = imul_add(vclear(x[i]), x[i], vsetq(ends[0]), vsetq(ends[1]), m);
                x[i + h] = imul_add(vclear(d), d, vsetq(ends[2]), vsetq(ends[3]), m);
            } else {
                const uint32_t units = ilowest(g, count) - 1;
                x[i + h] = imul_add(units ? vfresh(&twice[units], d) : vclear(d), d, IFMA_W((k << s) + g),
                                    IFMA_WQ((k << s) + g), m);
            }
        }
    }
    if (!last) {
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r && (r == 0 || 4 * r < 1u << log_r)) x[r] = ireduce(x[r], m);
    }
}
/* Words below 2p before and after (last: canonical after). */
VEC_INLINE void iinverse_pass(uint32_t *a, size_t len, const uint64_t *w, size_t k, const uint32_t log_r,
                              const int last, const uint64_t *ends, const uint64_t *twice, uint32_t p, imod m) {
    _Alignas(64) uint32_t first[16 * VEC_LANES], even[16 * VEC_LANES];
    const size_t step = len >> log_r;
    const vec p1 = vset(p), p2 = vset(2 * p), p3 = vset(3 * p);
    for (size_t j = 0; j < step; j += VEC_LANES) {
        vec x[16];
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r += 2) {
            if (r >= 1u << log_r) continue;
            const vec s = vload(a + j + r * step), t = vload(a + j + (r + 1) * step);
            x[r] = vadd(s, t);
            x[r + 1] = vsub(vadd(s, p2), t);
            vstore(first + r * VEC_LANES, x[r]);
            vstore(first + (r + 1) * VEC_LANES, x[r + 1]);
        }
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) x[r] = ihalf(x[r], 0);
        iinverse_stages(x, w, k, log_r, last, ends, twice, m);
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) vstore(even + r * VEC_LANES, x[r]);
        IFMA_HALF;
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) x[r] = ihalf(vload(first + r * VEC_LANES), 1);
        iinverse_stages(x, w, k, log_r, last, ends, twice, m);
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++) {
            if (r >= 1u << log_r) continue;
            vec z = imerge(vload(even + r * VEC_LANES), x[r]);
            if (last)
                z = vmin(z, vsub(z, p1));
            else if (r > 0 && 4 * r >= 1u << log_r && 2 * r < 1u << log_r) /* 2p + [0,2] */
                z = vmin(vsub(z, p2), vsub(z, p3));
            vstore(a + j + r * step, z);
        }
    }
}
static void iinverse_passes(uint32_t *a, size_t len, size_t count, const uint64_t *w, size_t k, uint32_t log_r,
                            const uint64_t *twice, const sable_prime *q) {
    const imod m = imod_of(q);
    for (size_t i = 0; i < count; i++, a += len, k++) switch (log_r) {
        case 1: iinverse_pass(a, len, w, k, 1, 0, NULL, twice, q->p, m); break;
        case 2: iinverse_pass(a, len, w, k, 2, 0, NULL, twice, q->p, m); break;
        case 3: iinverse_pass(a, len, w, k, 3, 0, NULL, twice, q->p, m); break;
        default: iinverse_pass(a, len, w, k, 4, 0, NULL, twice, q->p, m); break;
        }
}
static void iinverse_last(uint32_t *a, size_t len, const uint64_t *w, uint32_t log_r, const uint64_t *ends,
                          const uint64_t *twice, const sable_prime *q) {
    const imod m = imod_of(q);
    switch (log_r) {
    case 1: iinverse_pass(a, len, w, 1, 1, 1, ends, twice, q->p, m); break;
    case 2: iinverse_pass(a, len, w, 1, 2, 1, ends, twice, q->p, m); break;
    case 3: iinverse_pass(a, len, w, 1, 3, 1, ends, twice, q->p, m); break;
    default: iinverse_pass(a, len, w, 1, 4, 1, ends, twice, q->p, m); break;
    }
}

/* ---- table functions ---- */

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
    case 1: iforward_pass(out, out_step, in, in_step, columns, w, 1, 1, 0, m, stream, NULL); break;
    case 2: iforward_pass(out, out_step, in, in_step, columns, w, 1, 2, 0, m, stream, NULL); break;
    case 3: iforward_pass(out, out_step, in, in_step, columns, w, 1, 3, 0, m, stream, NULL); break;
    default: iforward_pass(out, out_step, in, in_step, columns, w, 1, 4, 0, m, stream, NULL); break;
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
    for (uint32_t down = 0, radix; down < stages; down += radix, in = out) {
        radix = vradix(stages - down);
        iforward_passes(out, in, words >> down, (size_t)1 << down, ifma_pairs(t, 0), k << down, radix,
                        down + radix == stages, q, rows < ahead->rows ? ahead->row[rows++] : NULL);
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
    uint64_t twice[15];
    for (uint64_t i = 0; i < 15; i++) twice[i] = 2 * i * q->p;
    for (size_t b = 0; b < blocks; b++) {
        uint32_t down = ring->log_n - outer - VEC_TAIL;
        vinverse_tail(out + b * words, in + b * words, words / (2 * VEC_LANES), tail, (blocks + b) << (down - 1),
                      vmod_of(q));
        for (uint32_t radix; down; down -= radix) {
            radix = vradix(down);
            iinverse_passes(out + b * words, words >> (down - radix), (size_t)1 << (down - radix), w,
                            (blocks + b) << (down - radix), radix, twice, q);
        }
    }
    const uint32_t scale = sable_mul_mod(mult, q->n_inv, q->p), root = sable_mul_mod(ring->iw[t->pos][1], scale, q->p);
    const uint64_t ends[4] = {scale, ifma_quotient(scale, q->p), root, ifma_quotient(root, q->p)};
    iinverse_last(out, n, w, outer, ends, twice, q);
}

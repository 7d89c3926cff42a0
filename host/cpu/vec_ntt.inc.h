/* SPDX-License-Identifier: Apache-2.0 */
/* Negacyclic transform of one limb; include after vec_mod.inc.h. The table is ring->w in Montgomery form, in the ring's
 * own order, then ring->iw likewise: node k of the tree of stages (k = m + i for block i of the stage with m blocks)
 * has its twiddle at index k, its halves are nodes 2k and 2k+1. One word a twiddle: with 40 primes the tables come from
 * the last-level cache, and Montgomery products need no second word as Shoup products do.
 *
 * Shape: stages over the whole limb until a block fits the first-level cache, then block by block: passes of 3 or 4
 * stages with one twiddle a vector, then the VEC_TAIL stages inside a pair of vectors. Ranges: forward [0,4p) before
 * and after every stage, inverse [0,2p); the last stage makes them canonical. */

#define VEC_BLOCK_LOG   12 /* 16 KiB: data, twiddles and the next block together fit 48 KiB */
#define VEC_NTT_MIN_LOG 8
#define VEC_PAIRS       4 /* pairs of vectors that go through the tail together */

/* ---- butterflies ---- */

/* X, Y in [0,4p), w < p: X in [0,2p) after the halving, t = Yw/R in [0,2p), X + t and X - t + 2p in [0,4p). */
VEC_INLINE void vbutterfly(vec *x, vec *y, vec we, vec wo, vmod m) {
    vec u = vhalve(*x, m), t = vmont_eo(*y, we, wo, m);
    *x = vadd(u, t);
    *y = vsub(vadd(u, m.p2), t);
}
/* X, Y in [0,2p): the sum in [0,4p) is halved to [0,2p); X - Y + 2p in (0,4p), its product in [0,2p). */
VEC_INLINE void vbutterfly_inv(vec *x, vec *y, vec we, vec wo, vmod m) {
    vec u = *x, v = *y;
    *x = vhalve(vadd(u, v), m);
    *y = vmont_eo(vadd(vsub(u, v), m.p2), we, wo, m);
}

/* ---- passes of `log_r` stages with distances of whole vectors ---- */

/* `columns` columns of node k's block, 2^log_r words each, at multiples of in_step and out_step: stages at nodes k,
 * 2k.., 4k.., 8k... log_r is a constant at every call. stream: stores that bypass the caches. ahead: a row as long as
 * all the columns, fetched on the way, or NULL. */
VEC_INLINE void vforward_pass(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                              const uint32_t *w, size_t k, const uint32_t log_r, vmod m, const int stream,
                              const uint32_t *ahead) {
    for (size_t j = 0; j < columns; j += VEC_LANES) {
        vec x[16];
        if (ahead) {
            const uint32_t *row = ahead + (j << log_r);
            VEC_UNROLL
            for (uint32_t r = 0; r < 16; r++)
                if (r < 1u << log_r) vprefetch(row + r * VEC_LANES);
        }
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) x[r] = vload(in + j + r * in_step);
        VEC_UNROLL
        for (uint32_t s = 0; s < 4; s++) {
            if (s >= log_r) continue;
            VEC_UNROLL
            for (uint32_t b = 0; b < 8; b++) { /* butterfly b of the stage */
                if (b >= 1u << (log_r - 1)) continue;
                const uint32_t h = (1u << (log_r - 1)) >> s, g = b / h, i = g * 2 * h + b % h;
                vec t = vset(w[(k << s) + g]);
                vbutterfly(&x[i], &x[i + h], t, t, m);
            }
        }
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) {
                if (stream)
                    vstream(out + j + r * out_step, x[r]);
                else
                    vstore(out + j + r * out_step, x[r]);
            }
    }
}
/* The inverse stages in opposite order. last: the root (k = 1); both outputs are multiplied by scale (Montgomery form;
 * w_last = w[1] * scale) and canonical. */
VEC_INLINE void vinverse_pass(uint32_t *a, size_t len, const uint32_t *w, size_t k, const uint32_t log_r, vmod m,
                              const int last, vec scale, vec w_last) {
    const size_t step = len >> log_r;
    for (size_t j = 0; j < step; j += VEC_LANES) {
        vec x[16];
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) x[r] = vload(a + j + r * step);
        VEC_UNROLL
        for (uint32_t c = 0; c < 4; c++) {
            if (c >= log_r || (last && c == log_r - 1)) continue;
            const uint32_t s = log_r - 1 - c;
            VEC_UNROLL
            for (uint32_t b = 0; b < 8; b++) {
                if (b >= 1u << (log_r - 1)) continue;
                const uint32_t h = (1u << (log_r - 1)) >> s, g = b / h, i = g * 2 * h + b % h;
                vec t = vset(w[(k << s) + g]);
                vbutterfly_inv(&x[i], &x[i + h], t, t, m);
            }
        }
        if (last) {
            VEC_UNROLL
            for (uint32_t b = 0; b < 8; b++) { /* sums in [0,4p) may be multiplied as they are */
                const uint32_t h = 1u << (log_r - 1);
                if (b >= h) continue;
                vec u = x[b], v = x[b + h];
                x[b] = vcanon1(vmont_set(vadd(u, v), scale, m), m);
                x[b + h] = vcanon1(vmont_set(vadd(vsub(u, v), m.p2), w_last, m), m);
            }
        }
        VEC_UNROLL
        for (uint32_t r = 0; r < 16; r++)
            if (r < 1u << log_r) vstore(a + j + r * step, x[r]);
    }
}
static void vforward_passes(uint32_t *out, const uint32_t *in, size_t len, size_t count, const uint32_t *w, size_t k,
                            uint32_t log_r, vmod m, const uint32_t *ahead) {
    const size_t step = len >> log_r;
    for (size_t i = 0; i < count; i++, out += len, in += len, k++, ahead = ahead ? ahead + len : NULL) switch (log_r) {
        case 1: vforward_pass(out, step, in, step, step, w, k, 1, m, 0, ahead); break;
        case 2: vforward_pass(out, step, in, step, step, w, k, 2, m, 0, ahead); break;
        case 3: vforward_pass(out, step, in, step, step, w, k, 3, m, 0, ahead); break;
#if VEC_MAX_RADIX >= 4
        default: vforward_pass(out, step, in, step, step, w, k, 4, m, 0, ahead); break;
#endif
        }
}
static void vinverse_passes(uint32_t *a, size_t len, size_t count, const uint32_t *w, size_t k, uint32_t log_r,
                            vmod m) {
    for (size_t i = 0; i < count; i++, a += len, k++) switch (log_r) {
        case 1: vinverse_pass(a, len, w, k, 1, m, 0, m.p, m.p); break;
        case 2: vinverse_pass(a, len, w, k, 2, m, 0, m.p, m.p); break;
        case 3: vinverse_pass(a, len, w, k, 3, m, 0, m.p, m.p); break;
#if VEC_MAX_RADIX >= 4
        default: vinverse_pass(a, len, w, k, 4, m, 0, m.p, m.p); break;
#endif
        }
}
static void vinverse_last(uint32_t *a, size_t len, const uint32_t *w, uint32_t log_r, vmod m, vec scale, vec w_last) {
    switch (log_r) {
    case 1: vinverse_pass(a, len, w, 1, 1, m, 1, scale, w_last); break;
    case 2: vinverse_pass(a, len, w, 1, 2, m, 1, scale, w_last); break;
    case 3: vinverse_pass(a, len, w, 1, 3, m, 1, scale, w_last); break;
#if VEC_MAX_RADIX >= 4
    default: vinverse_pass(a, len, w, 1, 4, m, 1, scale, w_last); break;
#endif
    }
}

/* ---- the stages inside a pair of vectors ---- */

/* A pair of vectors is one long chain of dependent operations, longer than the processor looks ahead: `pairs` of them, a
 * constant at every call, go through each stage together. */
#define VEC_EACH_PAIR                        \
    VEC_UNROLL                               \
    for (uint32_t i = 0; i < VEC_PAIRS; i++) \
        if (i < pairs)

/* Node k's pairs of vectors at a: distances VEC_LANES/2 .. 1, nodes k.., 2k.., ... Writes canonical words. */
VEC_INLINE void vforward_pairs(uint32_t *a, const uint32_t *w, size_t k, vmod m, const uint32_t pairs) {
    vec x[VEC_PAIRS], y[VEC_PAIRS], t[VEC_PAIRS];
    VEC_EACH_PAIR {
        x[i] = vload(a + 2 * i * VEC_LANES);
        y[i] = vload(a + (2 * i + 1) * VEC_LANES);
        vtail_enter_wide(&x[i], &y[i]);
    }
#if VEC_TAIL == 4
    VEC_EACH_PAIR vbutterfly(&x[i], &y[i], vset(w[2 * (k + i)]), vset(w[2 * (k + i) + 1]), m);
    VEC_EACH_PAIR vtail_8_to_4(&x[i], &y[i]);
#endif
    VEC_EACH_PAIR {
        t[i] = vtwiddle_4(w + VEC_LANES / 4 * (k + i));
        vbutterfly(&x[i], &y[i], t[i], t[i], m);
    }
    VEC_EACH_PAIR {
        t[i] = vtwiddle_2(w + VEC_LANES / 2 * (k + i));
        vpair_quads(&x[i], &y[i]);
    }
    VEC_EACH_PAIR vbutterfly(&x[i], &y[i], t[i], t[i], m);
    VEC_EACH_PAIR {
        t[i] = vload(w + VEC_LANES * (k + i));
        vpair_words(&x[i], &y[i]);
    }
    VEC_EACH_PAIR { /* the last butterfly on canonical parts: sums below 2p, differences in (-p,p) need one correction */
        vec u = vcanon2(x[i], m), v = vcanon1(vmont(y[i], t[i], m), m), d = vsub(u, v);
        x[i] = vcanon1(vadd(u, v), m);
        y[i] = vmin(d, vadd(d, m.p));
    }
    VEC_EACH_PAIR {
        vtail_leave_narrow(&x[i], &y[i]);
        vstore(a + 2 * i * VEC_LANES, x[i]);
        vstore(a + (2 * i + 1) * VEC_LANES, y[i]);
    }
}
VEC_INLINE void vinverse_pairs(uint32_t *out, const uint32_t *in, const uint32_t *w, size_t k, vmod m,
                               const uint32_t pairs) {
    vec x[VEC_PAIRS], y[VEC_PAIRS], t[VEC_PAIRS];
    VEC_EACH_PAIR {
        x[i] = vload(in + 2 * i * VEC_LANES);
        y[i] = vload(in + (2 * i + 1) * VEC_LANES);
        vtail_enter_narrow(&x[i], &y[i]);
    }
    VEC_EACH_PAIR {
        t[i] = vload(w + VEC_LANES * (k + i));
        vbutterfly_inv(&x[i], &y[i], t[i], vodd(t[i]), m);
    }
    VEC_EACH_PAIR {
        vpair_words(&x[i], &y[i]);
        t[i] = vtwiddle_2(w + VEC_LANES / 2 * (k + i));
    }
    VEC_EACH_PAIR vbutterfly_inv(&x[i], &y[i], t[i], t[i], m);
    VEC_EACH_PAIR {
        vpair_quads(&x[i], &y[i]);
        t[i] = vtwiddle_4(w + VEC_LANES / 4 * (k + i));
    }
    VEC_EACH_PAIR vbutterfly_inv(&x[i], &y[i], t[i], t[i], m);
#if VEC_TAIL == 4
    VEC_EACH_PAIR vtail_4_to_8(&x[i], &y[i]);
    VEC_EACH_PAIR vbutterfly_inv(&x[i], &y[i], vset(w[2 * (k + i)]), vset(w[2 * (k + i) + 1]), m);
#endif
    VEC_EACH_PAIR {
        vtail_leave_wide(&x[i], &y[i]);
        vstore(out + 2 * i * VEC_LANES, x[i]);
        vstore(out + (2 * i + 1) * VEC_LANES, y[i]);
    }
}
/* `count` pairs, a power of two; fetches `rows` rows as long. */
static void vforward_tail(uint32_t *a, size_t count, const uint32_t *w, size_t k, vmod m, const uint32_t *const *ahead,
                          uint32_t rows) {
    const uint32_t pairs = count < VEC_PAIRS ? 1 : VEC_PAIRS;
    for (size_t i = 0; i < count; i += pairs, a += 2 * pairs * VEC_LANES, k += pairs) {
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t j = 0; j < 2 * pairs; j++) vprefetch(ahead[r] + (2 * i + j) * VEC_LANES);
        if (pairs == 1)
            vforward_pairs(a, w, k, m, 1);
        else
            vforward_pairs(a, w, k, m, VEC_PAIRS);
    }
}
static void vinverse_tail(uint32_t *out, const uint32_t *in, size_t count, const uint32_t *w, size_t k, vmod m) {
    const uint32_t pairs = count < VEC_PAIRS ? 1 : VEC_PAIRS;
    for (size_t i = 0; i < count; i += pairs, k += pairs, in += 2 * pairs * VEC_LANES, out += 2 * pairs * VEC_LANES) {
        if (pairs == 1)
            vinverse_pairs(out, in, w, k, m, 1);
        else
            vinverse_pairs(out, in, w, k, m, VEC_PAIRS);
    }
}

/* ---- plans ---- */

/* Stages of the pass over the whole limb: what is above a block. A limb of two blocks stays whole, and a limb that fits
 * the first-level cache gives the first of its passes, but leaves a stage: the tail needs blocks of a pair of vectors. */
static uint32_t vouter(uint32_t log_n) {
    const uint32_t over = log_n > VEC_BLOCK_LOG + 1 ? log_n - VEC_BLOCK_LOG : (log_n - VEC_TAIL + 1) / 2;
    return over < VEC_MAX_RADIX ? over : VEC_MAX_RADIX;
}
/* Radix of the next of the passes that `stages` stages take, the fewest, the larger ones first. */
static uint32_t vradix(uint32_t stages) {
    return stages <= VEC_MAX_RADIX       ? stages
           : stages <= 2 * VEC_MAX_RADIX ? (stages + 1) / 2
           : stages <= 3 * VEC_MAX_RADIX ? (stages + 2) / 3
                                         : VEC_MAX_RADIX;
}

static void vec_drain(void) { _mm_sfence(); }

/* ---- table functions ---- */

static size_t vec_prepare(void *packed, const sable_ring *ring, uint32_t pos) {
    if (ring->log_n < VEC_NTT_MIN_LOG) return 0;
    size_t n = ring->n;
    if (packed) {
        uint32_t *w = packed;
        const sable_prime *q = &ring->prime[pos];
        for (size_t i = 0; i < n; i++) w[i] = vec_to_mont(ring->w[pos][i], q);
        for (size_t i = 0; i < n; i++) w[n + i] = vec_to_mont(ring->iw[pos][i], q);
    }
    return 2 * n * sizeof(uint32_t);
}

/* Degrees too small for a pair of passes: plain loops with the ring's tables. */
static void vec_small_forward(uint32_t *a, const sable_ring *ring, uint32_t pos) {
    const uint32_t n = ring->n, p = ring->prime[pos].p, *w = ring->w[pos], *ws = ring->w_shoup[pos];
    for (uint32_t m = 1, t = n / 2; m < n; m *= 2, t /= 2)
        for (uint32_t i = 0; i < m; i++)
            for (uint32_t *x = a + 2 * i * t, *end = x + t; x < end; x++) {
                uint32_t u = sable_min32(x[0], x[0] - 2 * p), v = sable_shoup_lazy(x[t], w[m + i], ws[m + i], p);
                x[0] = u + v;
                x[t] = u - v + 2 * p;
            }
    for (uint32_t j = 0; j < n; j++) a[j] = sable_canon2(a[j], p);
}
static void vec_small_inverse(uint32_t *a, const sable_ring *ring, uint32_t pos, uint32_t scale) {
    const uint32_t n = ring->n, p = ring->prime[pos].p, *w = ring->iw[pos], *ws = ring->iw_shoup[pos];
    for (uint32_t m = n / 2, t = 1; m; m /= 2, t *= 2)
        for (uint32_t i = 0; i < m; i++)
            for (uint32_t *x = a + 2 * i * t, *end = x + t; x < end; x++) {
                uint32_t s = x[0] + x[t], d = x[0] - x[t] + 2 * p;
                x[0] = sable_min32(s, s - 2 * p);
                x[t] = sable_shoup_lazy(d, w[m + i], ws[m + i], p);
            }
    for (uint32_t j = 0; j < n; j++) a[j] = sable_mul_mod(a[j], scale, p);
}

static size_t vec_ntt_block_words(uint32_t log_n) {
    return (size_t)1 << (log_n < VEC_NTT_MIN_LOG ? log_n : log_n - vouter(log_n));
}
/* Words in [0,4p) afterwards. */
VEC_INLINE void vforward_outer(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                               const cpu_tables *t, const int stream) {
    const vmod m = vmod_of(&t->ring->prime[t->pos]);
    const uint32_t *w = t->packed;
    switch (vouter(t->ring->log_n)) {
    case 1: vforward_pass(out, out_step, in, in_step, columns, w, 1, 1, m, stream, NULL); break;
    case 2: vforward_pass(out, out_step, in, in_step, columns, w, 1, 2, m, stream, NULL); break;
    case 3: vforward_pass(out, out_step, in, in_step, columns, w, 1, 3, m, stream, NULL); break;
#if VEC_MAX_RADIX >= 4
    default: vforward_pass(out, out_step, in, in_step, columns, w, 1, 4, m, stream, NULL); break;
#endif
    }
}
static void vec_ntt_forward_outer(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                                  const cpu_tables *t, int stream) {
    if (!t->packed) {
        for (size_t j = 0; j < columns; j++) out[j] = in[j];
    } else if (stream) {
        vforward_outer(out, out_step, in, in_step, columns, t, 1);
    } else {
        vforward_outer(out, out_step, in, in_step, columns, t, 0);
    }
}
static void vec_ntt_forward_block(uint32_t *out, const uint32_t *in, const cpu_tables *t, size_t block,
                                  const cpu_ahead *ahead) {
    if (!t->packed) {
        if (out != in)
            for (size_t j = 0; j < t->ring->n; j++) out[j] = in[j];
        vec_small_forward(out, t->ring, t->pos);
        return;
    }
    const uint32_t *w = t->packed, outer = vouter(t->ring->log_n), stages = t->ring->log_n - outer - VEC_TAIL;
    const vmod m = vmod_of(&t->ring->prime[t->pos]);
    const size_t words = t->ring->n >> outer, k = ((size_t)1 << outer) + block; /* its node */
    /* A row to fetch for each pass, what is left for the tail: fetches at the pace of the arithmetic. */
    uint32_t rows = 0;
    for (uint32_t down = 0, radix; down < stages; down += radix, in = out) {
        radix = vradix(stages - down);
        vforward_passes(out, in, words >> down, (size_t)1 << down, w, k << down, radix, m,
                        rows < ahead->rows ? ahead->row[rows++] : NULL);
    }
    vforward_tail(out, words / (2 * VEC_LANES), w, k << (stages - 1), m, ahead->row + rows, ahead->rows - rows);
}

static void vec_ntt_inverse(uint32_t *out, const uint32_t *in, const cpu_tables *t, uint32_t mult) {
    const sable_ring *ring = t->ring;
    const size_t n = ring->n;
    const sable_prime *q = &ring->prime[t->pos];
    const uint32_t scale = sable_mul_mod(mult, q->n_inv, q->p);
    if (!t->packed) {
        for (size_t j = 0; j < n; j++) out[j] = in[j];
        vec_small_inverse(out, ring, t->pos, scale);
        return;
    }
    const uint32_t *w = (const uint32_t *)t->packed + n, outer = vouter(ring->log_n);
    const vmod m = vmod_of(q);
    const vec vscale = vset(vec_to_mont(scale, q)), w_last = vset(sable_mul_mod(w[1], scale, q->p));
    const size_t blocks = (size_t)1 << outer, words = n >> outer;
    for (size_t b = 0; b < blocks; b++) {
        uint32_t down = ring->log_n - outer - VEC_TAIL;
        vinverse_tail(out + b * words, in + b * words, words / (2 * VEC_LANES), w, (blocks + b) << (down - 1), m);
        for (uint32_t radix; down; down -= radix) {
            radix = vradix(down);
            vinverse_passes(out + b * words, words >> (down - radix), (size_t)1 << (down - radix), w,
                            (blocks + b) << (down - radix), radix, m);
        }
    }
    vinverse_last(out, n, w, outer, m, vscale, w_last);
}

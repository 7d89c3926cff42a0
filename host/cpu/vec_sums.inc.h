/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of products: key products, tensor, integer combinations; include after vec_mod.inc.h. Bounds: vec_mod.inc.h,
 * "Sums of products". */

/* ---- key products ---- */

/* d[i] < p and k[i] < p: products below p^2 < 2^30 p. add * c is one product of the first 16. */
static void vec_inner(uint32_t *out0, uint32_t *out1, const uint32_t *const *d, const uint32_t *const *kb,
                      const uint32_t *const *ka, uint32_t count, const uint32_t *add0, const uint32_t *add1, uint32_t c,
                      size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec high = vp2_high(q), cm = vset(vec_to_mont(c, q));
    const uint32_t *const add[2] = {add0, add1};
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec e[2], o[2];
        VEC_UNROLL
        for (uint32_t h = 0; h < 2; h++) {
            e[h] = o[h] = vzero();
            if (add[h]) {
                vec x = vload(add[h] + j);
                e[h] = vmulq(x, cm);
                o[h] = vmulq(vodd(x), cm);
            }
        }
        for (uint32_t i = 0, stop = VEC_FIRST_CHUNK - 1; i < count;) {
            if (stop > count) stop = count;
            for (; i < stop; i++) {
                vec x = vload(d[i] + j), b = vload(kb[i] + j), a = vload(ka[i] + j), z = vodd(x);
                e[0] = vaddq(e[0], vmulq(x, b));
                o[0] = vaddq(o[0], vmulq(z, vodd(b)));
                e[1] = vaddq(e[1], vmulq(x, a));
                o[1] = vaddq(o[1], vmulq(z, vodd(a)));
            }
            if (i < count) {
                VEC_UNROLL
                for (uint32_t h = 0; h < 2; h++) {
                    e[h] = vfold(e[h], high);
                    o[h] = vfold(o[h], high);
                }
            }
            stop = i + VEC_NEXT_CHUNK;
        }
        vstore(out0 + j, vsum(e[0], o[0], m));
        vstore(out1 + j, vsum(e[1], o[1], m));
    }
}

/* ---- tensor ---- */

/* d1 takes two products a term: 8 terms before the first fold, 4 between folds. The sums carry no factor R, so the
 * reduced sum in [0,2p) is multiplied by R^2/R: a product below 2p*p < pR. */
static void vec_tensor(uint32_t *d0, uint32_t *d1, uint32_t *d2, const uint32_t *a0, const uint32_t *a1,
                       size_t a_stride, const uint32_t *b0, const uint32_t *b1, size_t b_stride, uint32_t terms,
                       size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec high = vp2_high(q), r2 = vset(q->r2);
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec e[3], o[3];
        VEC_UNROLL
        for (uint32_t h = 0; h < 3; h++) e[h] = o[h] = vzero();
        for (uint32_t t = 0, stop = VEC_FIRST_CHUNK / 2; t < terms;) {
            if (stop > terms) stop = terms;
            for (; t < stop; t++) {
                const size_t i = t * a_stride + j, k = t * b_stride + j;
                vec x0 = vload(a0 + i), x1 = vload(a1 + i), y0 = vload(b0 + k), y1 = vload(b1 + k);
                vec u0 = vodd(x0), u1 = vodd(x1), v0 = vodd(y0), v1 = vodd(y1);
                e[0] = vaddq(e[0], vmulq(x0, y0));
                o[0] = vaddq(o[0], vmulq(u0, v0));
                e[1] = vaddq(e[1], vaddq(vmulq(x0, y1), vmulq(x1, y0)));
                o[1] = vaddq(o[1], vaddq(vmulq(u0, v1), vmulq(u1, v0)));
                e[2] = vaddq(e[2], vmulq(x1, y1));
                o[2] = vaddq(o[2], vmulq(u1, v1));
            }
            if (t < terms) {
                VEC_UNROLL
                for (uint32_t h = 0; h < 3; h++) {
                    e[h] = vfold(e[h], high);
                    o[h] = vfold(o[h], high);
                }
            }
            stop = t + VEC_NEXT_CHUNK / 2;
        }
        vstore(d0 + j, vcanon1(vmont_set(vsum_lazy(e[0], o[0], m), r2, m), m));
        vstore(d1 + j, vcanon1(vmont_set(vsum_lazy(e[1], o[1], m), r2, m), m));
        vstore(d2 + j, vcanon1(vmont_set(vsum_lazy(e[2], o[2], m), r2, m), m));
    }
}

/* ---- integer combinations ---- */

#define VEC_TERMS   256  /* terms whose Montgomery constants wait on the stack */
#define VEC_STREAMS 4    /* terms read at a time */
#define VEC_SUMS    1024 /* columns whose sums wait on the stack */

/* Adds `rows` terms (a constant at every call) to the sums e, o of each vector of columns, which lie side by side. fold:
 * the sums hold more than 16 - rows products. */
VEC_INLINE void vcombine_rows(uint32_t *sum, const uint32_t *in, size_t stride, const uint32_t *c, const uint32_t rows,
                              const int fold, size_t n, vec high) {
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec e = vload(sum + 2 * j), o = vload(sum + 2 * j + VEC_LANES);
        if (fold) {
            e = vfold(e, high);
            o = vfold(o, high);
        }
        VEC_UNROLL
        for (uint32_t i = 0; i < rows; i++) {
            vec x = vload(in + i * stride + j), w = vset(c[i]);
            e = vaddq(e, vmulq(x, w));
            o = vaddq(o, vmulq(vodd(x), w));
        }
        vstore(sum + 2 * j, e);
        vstore(sum + 2 * j + VEC_LANES, o);
    }
}
/* Terms [0, count), count <= VEC_TERMS, of at most VEC_SUMS columns; more: add to what out holds, as a product with
 * R mod p. Terms lie far apart, often by a multiple of a page, so that all of them at once would fall into few sets of
 * a cache and out of it again before their lines are used up: a few terms at a time are streams that prefetching
 * follows. */
static void vcombine(uint32_t *out, const uint32_t *in, size_t stride, const uint32_t *c, uint32_t count, int more,
                     size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec high = vp2_high(q), one = vset(more ? q->r1 : 0);
    _Alignas(64) uint32_t sum[2 * VEC_SUMS];
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec x = more ? vload(out + j) : vzero();
        vstore(sum + 2 * j, vmulq(x, one));
        vstore(sum + 2 * j + VEC_LANES, vmulq(vodd(x), one));
    }
    for (uint32_t i = 0, rows; i < count; i += rows, in += rows * stride) {
        rows = count - i < VEC_STREAMS ? 1 : VEC_STREAMS;
        const int fold = i + VEC_STREAMS >= VEC_FIRST_CHUNK;
        if (rows == 1)
            vcombine_rows(sum, in, stride, c + i, 1, fold, n, high);
        else
            vcombine_rows(sum, in, stride, c + i, VEC_STREAMS, fold, n, high);
    }
    for (size_t j = 0; j < n; j += VEC_LANES)
        vstore(out + j, vsum(vload(sum + 2 * j), vload(sum + 2 * j + VEC_LANES), m));
}
static void vec_combine(uint32_t *out, const uint32_t *in, size_t stride, const uint32_t *c, size_t c_stride,
                        uint32_t count, size_t n, const sable_prime *q) {
    uint32_t w[VEC_TERMS], done = 0;
    do {
        const uint32_t terms = count - done < VEC_TERMS ? count - done : VEC_TERMS;
        for (uint32_t t = 0; t < terms; t++) w[t] = vec_to_mont(c[(done + t) * c_stride], q);
        for (size_t from = 0; from < n; from += VEC_SUMS)
            vcombine(out + from, in + done * stride + from, stride, w, terms, done != 0,
                     n - from < VEC_SUMS ? n - from : VEC_SUMS, q);
        done += terms;
    } while (done < count);
}

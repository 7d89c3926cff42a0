/* SPDX-License-Identifier: Apache-2.0 */
/* Word by word functions; include after vec_mod.inc.h. All read a vector before they write it, so outputs may be
 * inputs. */

static void vec_add(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    for (size_t j = 0; j < n; j += VEC_LANES) vstore(out + j, vcanon1(vadd(vload(a + j), vload(b + j)), m));
}
static void vec_sub(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec d = vsub(vload(a + j), vload(b + j)); /* (-p,p) */
        vstore(out + j, vmin(d, vadd(d, m.p)));
    }
}
static void vec_negate(uint32_t *out, const uint32_t *a, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    for (size_t j = 0; j < n; j += VEC_LANES) vstore(out + j, vcanon1(vsub(m.p, vload(a + j)), m)); /* p - a in (0,p] */
}
static void vec_mul_mont(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    for (size_t j = 0; j < n; j += VEC_LANES) vstore(out + j, vcanon1(vmont(vload(a + j), vload(b + j), m), m));
}
static void vec_mul_mont_add(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    for (size_t j = 0; j < n; j += VEC_LANES)
        vstore(out + j, vcanon2(vadd(vload(out + j), vmont(vload(a + j), vload(b + j), m)), m)); /* below 3p */
}
static void vec_mul(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec r2 = vset(q->r2);
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec t = vmont(vload(a + j), vload(b + j), m); /* ab/R in [0,2p): the next product is below 2p*p < pR */
        vstore(out + j, vcanon1(vmont_set(t, r2, m), m));
    }
}
static void vec_mul_const(uint32_t *out, const uint32_t *a, uint32_t c, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec w = vset(vec_to_mont(c, q));
    for (size_t j = 0; j < n; j += VEC_LANES) vstore(out + j, vcanon1(vmont_set(vload(a + j), w, m), m));
}
static void vec_add_const(uint32_t *out, const uint32_t *a, uint32_t c, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec w = vset(c);
    for (size_t j = 0; j < n; j += VEC_LANES) vstore(out + j, vcanon1(vadd(vload(a + j), w), m));
}
/* a*b + m < p^2 + p <= pR, reduced below 2p; with s below 3p. */
VEC_INLINE void vaffine(uint32_t *out, const uint32_t *s, const uint32_t *a, const uint32_t *b, const uint32_t *m,
                        size_t n, const sable_prime *q) {
    const vmod k = vmod_of(q);
    const vec low = vsetq(UINT32_MAX);
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec x = vload(a + j), y = vload(b + j), te = vmulq(x, y), to = vmulq(vodd(x), vodd(y));
        if (m) {
            vec z = vload(m + j);
            te = vaddq(te, vand(z, low));
            to = vaddq(to, vsrlq(z, _mm_cvtsi32_si128(32)));
        }
        vstore(out + j, vcanon2(vadd(vload(s + j), vredc(te, to, k)), k));
    }
}
static void vec_affine(uint32_t *out, const uint32_t *s, const uint32_t *a, const uint32_t *b, const uint32_t *m,
                       size_t n, const sable_prime *q) {
    if (m)
        vaffine(out, s, a, b, m, n, q);
    else
        vaffine(out, s, a, b, NULL, n, q);
}

/* x - e + p in (0,2p): its product with c is below 2p*p < pR. */
VEC_INLINE void vlift(uint32_t *out, const int8_t *x, const uint32_t *e, uint32_t c, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec w = vset(vec_to_mont(c, q));
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec word = vload_small(x + j), r = vmin(word, vadd(word, m.p)); /* x < 0 wraps to p + x */
        if (e) r = vadd(r, vsub(m.p, vload(e + j)));
        vstore(out + j, vcanon1(vmont_set(r, w, m), m));
    }
}
static void vec_lift(uint32_t *out, const int8_t *x, const uint32_t *e, uint32_t c, size_t n, const sable_prime *q) {
    if (e)
        vlift(out, x, e, c, n, q);
    else if (c != 1)
        vlift(out, x, NULL, c, n, q);
    else
        for (size_t j = 0; j < n; j += VEC_LANES) {
            vec word = vload_small(x + j);
            vstore(out + j, vmin(word, vadd(word, vset(q->p))));
        }
}

/* x*xc + e*(p - ec): two products below 2p^2 < pR/2, one reduction. */
static void vec_mod_down(uint32_t *out, const uint32_t *x, const uint32_t *e, uint32_t xc, uint32_t ec, size_t n,
                         const sable_prime *q) {
    const vmod m = vmod_of(q);
    const vec u = vset(vec_to_mont(xc, q)), v = vset(vec_to_mont(sable_neg_mod(ec, q->p), q));
    if (!x) {
        for (size_t j = 0; j < n; j += VEC_LANES) vstore(out + j, vcanon1(vmont_set(vload(e + j), v, m), m));
        return;
    }
    for (size_t j = 0; j < n; j += VEC_LANES) {
        vec a = vload(x + j), b = vload(e + j);
        vec te = vaddq(vmulq(a, u), vmulq(b, v)), to = vaddq(vmulq(vodd(a), u), vmulq(vodd(b), v));
        vstore(out + j, vcanon1(vredc(te, to, m), m));
    }
}
static size_t vec_check_range(const uint32_t *a, size_t n, const sable_prime *q) {
    const vec p = vset(q->p);
    for (size_t j = 0; j < n; j += VEC_LANES) {
        uint32_t bad = vmask_ge(vload(a + j), p);
        if (bad) return j + (size_t)__builtin_ctz(bad);
    }
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Automorphism and encoding; include after vec_mod.inc.h. */

/* ---- automorphism ---- */

/* Bit reversal of 32-bit words: bytes, then nibbles of each byte by a table. */
VEC_INLINE vec vbrv32(vec x) {
    static const uint8_t bytes[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
    static const uint8_t nibbles[16] = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};
    const vec low = vset(0x0F0F0F0Fu), table = vload16(nibbles);
    x = vshuffle_bytes(x, vload16(bytes));
    vec lo = vshuffle_bytes(table, vand(x, low)), hi = vshuffle_bytes(table, vand(vsrl4(x), low));
    return vor(vsll4(lo), hi);
}

/* Word j = V*J + l of the output, V = VEC_LANES: brv(j) = brv(J) + brv(l)*N/V, so with u = 2*brv(J) + 1 the product
 * galois*(2*brv(j)+1) mod 2N is galois*u + galois*brv(l)*2N/V: its low bits do not depend on l, its top VEC_LOG bits
 * are c + galois*brv(l) mod V, c = top bits of galois*u mod 2N. Hence a vector of outputs is one vector of inputs,
 * permuted by one of V permutations. */
static void vec_automorphism(uint32_t *out, const uint32_t *in, uint32_t galois, uint32_t log_n) {
    uint32_t count_up[VEC_LANES];
    for (uint32_t i = 0; i < VEC_LANES; i++) count_up[i] = i;
    const vec iota = vload(count_up), brv = vsrl(vbrv32(iota), 32 - VEC_LOG), g = vset(galois);
    const uint32_t bits = log_n - VEC_LOG; /* of J */
    vec order[VEC_LANES];
    const vec turn = vmullo(g, brv);
    for (uint32_t c = 0; c < VEC_LANES; c++) {
        vec l = vand(vadd(vset(c), turn), vset(VEC_LANES - 1));
        order[c] = vperm(brv, l);
    }
    const uint32_t blocks = 1u << bits;
    for (uint32_t first = 0; first < blocks; first += VEC_LANES) {
        _Alignas(64) uint32_t from[VEC_LANES], which[VEC_LANES];
        vec J = vadd(vset(first), iota), r = vsrl(vbrv32(J), 32 - bits);
        vec u = vand(vmullo(g, vadd(vadd(r, r), vset(1))), vset((2u << log_n) - 1));
        vstore(which, vsrl(u, bits + 1));
        vstore(from, vsrl(vbrv32(vand(vsrl(u, 1), vset(blocks - 1))), 32 - bits));
        const uint32_t stop = blocks - first < VEC_LANES ? blocks - first : VEC_LANES;
        for (uint32_t i = 0; i < stop; i++)
            vstore(out + (size_t)(first + i) * VEC_LANES,
                   vperm(vload(in + (size_t)from[i] * VEC_LANES), order[which[i]]));
    }
}

/* ---- encoding ---- */

/* T + (T * npinv mod R) * p, a multiple of R; the high word is T/R mod p. */
VEC_INLINE vec vclear_low(vec t, vmod m) { return vaddq(t, vmulq(vmulq(t, m.npinv), m.p)); }

/* x*R^2 in 64-bit lanes, x < 2^63: hi(x)*R^3 + lo(x)*R^2 < pR/2 + pR, and `less` < p that takes 2^62 away again. Clearing
 * the low words adds less than pR: high words below 2.6p. */
VEC_INLINE vec vencode_lanes(vec x, vec r2, vec r3, vec less, vmod m) {
    return vclear_low(vaddq(vaddq(vmulq(vodd(x), r3), vmulq(x, r2)), less), m);
}
static void vec_encode(uint32_t *out, const uint64_t *x, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const uint32_t two62 = (uint32_t)(((uint64_t)1 << 62) % q->p);
    const vec r2 = vset(q->r2), r3 = vset(vec_to_mont(q->r2, q)),
              less = vsetq(sable_mul_mod(sable_neg_mod(two62, q->p), q->r2, q->p));
    for (size_t t = 0; t < n; t += VEC_LANES) {
        vec a = vencode_lanes(vloadq(x + t), r2, r3, less, m);
        vec b = vencode_lanes(vloadq(x + t + VEC_LANES / 2), r2, r3, less, m);
        vstore(out + t, vcanon2(vpack_hi(a, b), m));
    }
}

/* An integer-valued double below 2^51 in absolute value becomes x + bias >= 0 by the bits of x + 1.5*2^52, bias = k*p a
 * multiple of p in [2^52, 2^52 + p): x + bias < 2^53. */
typedef struct vencoder {
    vmod m;
    vec bias, r2, r3, c40, c80; /* bias - bits of 1.5*2^52; R^2, R^3, 2^40 R, 2^80 R mod p */
} vencoder;

VEC_INLINE vec vbiased(vecd x, const vencoder *k) { return vaddq(vdbits(vdadd(x, vdset(0x1.8p52))), k->bias); }
/* x*R^2 as hi(x)*R^3 + lo(x)*R^2 for x < 2^53: below 2^21 p + pR. */
VEC_INLINE vec vspread(vec x, const vencoder *k) { return vaddq(vmulq(vodd(x), k->r3), vmulq(x, k->r2)); }

/* Residues in the high words of the 64-bit lanes, below 4p. */
VEC_INLINE vec vencode_wide_lanes(vecd hi, vecd lo, const vencoder *k) {
    /* hi = a*2^80 + b*2^40 + c, lo = d*2^40 + f, truncated quotients: every remainder keeps the sign and is exact.
     * |a| < 2^47, |b|, |c|, |f| < 2^40, |d| <= 2^13. */
    vecd a = vdtrunc(vdmul(hi, vdset(0x1p-80)));
    vecd rest = vdsub(hi, vdmul(a, vdset(0x1p80)));
    vecd b = vdtrunc(vdmul(rest, vdset(0x1p-40)));
    vecd c = vdsub(rest, vdmul(b, vdset(0x1p40)));
    vecd d = vdtrunc(vdmul(lo, vdset(0x1p-40)));
    vecd f = vdsub(lo, vdmul(d, vdset(0x1p40)));
    /* a*R and (b + d)*R as residues below 2.01p; their products with constants below p are below 2.01 p^2 < 0.51 pR each;
     * with the spread of c + f below 1.01 pR the sum is below 2.1 pR, cleared below 3.1 pR < 2^64. */
    vec ra = vodd(vclear_low(vspread(vbiased(a, k), k), k->m)),
        rb = vodd(vclear_low(vspread(vbiased(vdadd(b, d), k), k), k->m));
    vec t = vaddq(vaddq(vmulq(ra, k->c80), vmulq(rb, k->c40)), vspread(vbiased(vdadd(c, f), k), k));
    return vclear_low(t, k->m);
}
VEC_INLINE vec vencode_wide(const double *hi, const double *lo, const vencoder *k) {
    const size_t half = VEC_LANES / 2;
    vec a = vencode_wide_lanes(vdload(hi), vdload(lo), k),
        b = vencode_wide_lanes(vdload(hi + half), vdload(lo + half), k);
    return vcanon2(vpack_hi(a, b), k->m);
}
static void vec_encode_wide(uint32_t *out, const double *hi, const double *lo, size_t n, const sable_prime *q) {
    const uint64_t bias = (((uint64_t)1 << 52) / q->p + 1) * q->p;
    const uint32_t p40 = (uint32_t)(((uint64_t)1 << 40) % q->p), p80 = sable_mul_mod(p40, p40, q->p);
    const vencoder k = {vmod_of(q),
                        vsetq(bias - 0x4338000000000000ull),
                        vset(q->r2),
                        vset(vec_to_mont(q->r2, q)),
                        vset(vec_to_mont(p40, q)),
                        vset(vec_to_mont(p80, q))};
    for (size_t t = 0; t < n; t += VEC_LANES) vstore(out + t, vencode_wide(hi + t, lo + t, &k));
}

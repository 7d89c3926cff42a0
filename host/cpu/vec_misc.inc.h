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

/* Four 32-bit words times R^2 .. R^5 and `less`, which takes 2^127 away: 4 (R-1)(p-1) + p < 4pR. Reduced as in vsum. */
static void vec_encode_wide(uint32_t *out, const uint64_t *low, const uint64_t *high, size_t n, const sable_prime *q) {
    const vmod m = vmod_of(q);
    const uint32_t r3 = vec_to_mont(q->r2, q), r4 = vec_to_mont(r3, q), r5 = vec_to_mont(r4, q);
    const uint32_t two31 = (uint32_t)(((uint64_t)1 << 31) % q->p);
    const vec c0 = vset(q->r2), c1 = vset(r3), c2 = vset(r4), c3 = vset(r5);
    const vec less = vsetq(sable_mul_mod(sable_neg_mod(two31, q->p), r5, q->p)); /* 2^127 = 2^31 R^3 */
    for (size_t t = 0; t < n; t += VEC_LANES) {
        vec sum[2];
        VEC_UNROLL
        for (size_t h = 0; h < 2; h++) {
            vec l = vloadq(low + t + h * VEC_LANES / 2), u = vloadq(high + t + h * VEC_LANES / 2);
            sum[h] = vaddq(vaddq(vmulq(l, c0), vmulq(vodd(l), c1)), vaddq(vmulq(u, c2), vmulq(vodd(u), c3)));
            sum[h] = vaddq(sum[h], less);
        }
        vec k = vhalve(vpack_hi(sum[0], sum[1]), m);
        vec d = vsub(k, vpack_hi(vmulq(vmulq(sum[0], m.pinv), m.p), vmulq(vmulq(sum[1], m.pinv), m.p)));
        vstore(out + t, vcanon1(vmin(d, vadd(d, m.p)), m)); /* d in (-p, 2p) */
    }
}

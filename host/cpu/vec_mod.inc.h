/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic modulo a prime p < 2^30 on vectors of 32-bit words; include after simd_*.h. Ranges are intervals of the
 * value. R = 2^32. A 64-bit sum T lives in two vectors, e for the even words and o for the odd ones. */
#include "ring/word.h"

typedef struct vmod {
    vec p, p2; /* p and 2p in every word */
    vec pinv;  /* p * pinv = 1 mod R */
    vec npinv; /* p * npinv = -1 mod R */
} vmod;

VEC_INLINE vmod vmod_of(const sable_prime *q) {
    return (vmod){vset(q->p), vset(2 * q->p), vset(q->pinv), vset(0u - q->pinv)};
}

/* [0,2p) -> [0,p), [0,4p) -> [0,2p), [0,4p) -> [0,p): x - k wraps above x exactly when x < k, since 4p < 2^32. */
VEC_INLINE vec vcanon1(vec x, vmod m) { return vmin(x, vsub(x, m.p)); }
VEC_INLINE vec vhalve(vec x, vmod m) { return vmin(x, vsub(x, m.p2)); }
VEC_INLINE vec vcanon2(vec x, vmod m) { return vcanon1(vhalve(x, m), m); }

/* T in [0, pR) to T/R in [0,2p): with k = T * npinv mod R the sum T + k*p is a multiple of R below 2pR < 2^63. */
VEC_INLINE vec vredc(vec e, vec o, vmod m) {
    vec ke = vmulq(e, m.npinv), ko = vmulq(o, m.npinv);
    return vhi(vaddq(e, vmulq(ke, m.p)), vaddq(o, vmulq(ko, m.p)));
}
/* y * w / R in [0,2p) for y*w < pR: any y < 4p with w < p, or y < 2p, w < 2p. we, wo: w in even places for even and odd
 * words of y. */
VEC_INLINE vec vmont_eo(vec y, vec we, vec wo, vmod m) { return vredc(vmulq(y, we), vmulq(vodd(y), wo), m); }
VEC_INLINE vec vmont(vec y, vec w, vmod m) { return vmont_eo(y, w, vodd(w), m); }
VEC_INLINE vec vmont_set(vec y, vec w, vmod m) { return vmont_eo(y, w, w, m); } /* the same word everywhere in w */

/* Sums of products. A product of two residues, one below 2^30 and one below p, is < 2^30 p = pR/4. So 16 of them stay
 * below 4pR <= 2^64 - 4R; vfold brings [0,4pR) to [0,2pR), which leaves room for 8 more. vsum ends a sum in [0,4pR):
 * T/R mod p, canonical. */
#define VEC_FIRST_CHUNK 16u
#define VEC_NEXT_CHUNK  8u
/* The low words of t and t - 2pR are equal, so minima of words are minima of the whole. */
VEC_INLINE vec vfold(vec t, vec p2_high) { return vmin(t, vsubq(t, p2_high)); }
VEC_INLINE vec vp2_high(const sable_prime *q) { return vsetq((uint64_t)(2 * q->p) << 32); }
VEC_INLINE vec vsum_lazy(vec e, vec o, vmod m) { /* result in [0,2p) */
    vec ke = vmulq(e, m.pinv), ko = vmulq(o, m.pinv);
    vec h = vhalve(vhi(e, o), m);                         /* hi(T) < 4p to [0,2p): T changes by a multiple of pR */
    vec t = vsub(h, vhi(vmulq(ke, m.p), vmulq(ko, m.p))); /* low words cancel: T/R in (-p, 2p) */
    return vmin(t, vadd(t, m.p));
}
VEC_INLINE vec vsum(vec e, vec o, vmod m) { return vcanon1(vsum_lazy(e, o, m), m); }

/* c * R mod p, canonical. */
VEC_INLINE uint32_t vec_to_mont(uint32_t c, const sable_prime *q) {
    return sable_canon1(sable_mont_lazy((uint64_t)c * q->r2, q->p, q->pinv), q->p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic in 64-bit lanes with 52-bit products (AVX-512 IFMA) for the transform passes in vec_ifma_forward.inc.h and
 * vec_ifma_inverse.inc.h; include after vec_ntt.inc.h, whose passes and plans those mirror.
 *
 * A vector of 16 words becomes two of 8 lanes, its even and its odd words, for the stages of a pass, or of the two passes
 * inside a block; elsewhere words stay 32 bits wide, so the caches see the traffic of the other vector paths. A lane
 * holds a number modulo 2^52: bits above are carries that no product reads. 22 bits more than a prime has make
 * reductions between stages unnecessary.
 *
 * Product with a constant w < p: the table holds w and wq = floor(w * 2^52 / p). For y < 2^43 the quotient q = floor(y *
 * wq / 2^52) is floor(yw/p) or one less, so yw - qp lies in [0, p + e) with e = p * y / 2^52 < p / 2^9. Two steps add it
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
/* Any x < 2^43 to [0,1]. */
VEC_INLINE vec ireduce(vec x, imod m) { return vmadlo(x, vmadhi(vclear(x), x, m.inv), m.neg_p); }
/* Lanes of even and odd words, and back. */
VEC_INLINE vec ihalf(vec x, const int odd) { return odd ? vodd(x) : vand(x, vsetq(0xffffffff)); }
VEC_INLINE vec imerge(vec even, vec odd) { return _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, (_MM_PERM_ENUM)0xA0); }

/* Keeps the compiler from loading the second half of the words early, into registers that the first half needs. */
#define IFMA_HALF __asm__ volatile("" ::: "memory")

/* What a pass reads and leaves: words, words below 4p for the forward tail, canonical words, lanes. */
enum { IFMA_WORDS, IFMA_TAIL, IFMA_END, IFMA_LANES };

#define IFMA_W(k)  vsetq(w[2 * (k)])
#define IFMA_WQ(k) vsetq(w[2 * (k) + 1])

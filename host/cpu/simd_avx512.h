/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_SIMD_AVX512_H
#define SABLE_CPU_SIMD_AVX512_H
/* The vector operations that the vec_*.inc.h kernels are written in, on AVX-512 (F, BW, DQ, VL): 16 lanes of 32 bits,
 * or 8 of 64. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_INLINE static inline __attribute__((always_inline, unused))
#ifdef __clang__
#define VEC_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VEC_UNROLL _Pragma("GCC unroll 32")
#endif

#define VEC_LOG        4
#define VEC_LANES      16
#define VEC_DEST_GROUP 8 /* destinations of a base conversion in registers: 2 accumulators each of 32 registers */
#define VEC_TAIL       4 /* last transform stages, those inside a pair of vectors */
#define VEC_MAX_RADIX  4 /* log2 of the largest radix that fits the registers */

typedef __m512i vec;

/* The line of p, into the second-level cache. */
VEC_INLINE void vprefetch(const uint32_t *p) { __builtin_prefetch(p, 0, 2); }
VEC_INLINE vec vload(const uint32_t *p) { return _mm512_loadu_si512(p); }
VEC_INLINE void vstore(uint32_t *p, vec x) { _mm512_storeu_si512(p, x); }
/* Aligned store past the caches; _mm_sfence before another thread reads. */
VEC_INLINE void vstream(uint32_t *p, vec x) { _mm512_stream_si512((void *)p, x); }
VEC_INLINE vec vset(uint32_t x) { return _mm512_set1_epi32((int)x); }
VEC_INLINE vec vsetq(uint64_t x) { return _mm512_set1_epi64((long long)x); }
VEC_INLINE vec vzero(void) { return _mm512_setzero_si512(); }
VEC_INLINE vec vadd(vec a, vec b) { return _mm512_add_epi32(a, b); }
VEC_INLINE vec vsub(vec a, vec b) { return _mm512_sub_epi32(a, b); }
VEC_INLINE vec vmin(vec a, vec b) { return _mm512_min_epu32(a, b); }
VEC_INLINE vec vand(vec a, vec b) { return _mm512_and_si512(a, b); }
VEC_INLINE vec vor(vec a, vec b) { return _mm512_or_si512(a, b); }
VEC_INLINE vec vaddq(vec a, vec b) { return _mm512_add_epi64(a, b); }
VEC_INLINE vec vsubq(vec a, vec b) { return _mm512_sub_epi64(a, b); }
/* 64-bit products of the even (low) halves. */
VEC_INLINE vec vmulq(vec a, vec b) { return _mm512_mul_epu32(a, b); }
VEC_INLINE vec vmullo(vec a, vec b) { return _mm512_mullo_epi32(a, b); }
VEC_INLINE vec vsrl(vec a, uint32_t k) { return _mm512_srl_epi32(a, _mm_cvtsi32_si128((int)k)); } /* k >= 32 gives 0 */
VEC_INLINE vec vsll4(vec a) { return _mm512_slli_epi32(a, 4); }
VEC_INLINE vec vsrl4(vec a) { return _mm512_srli_epi32(a, 4); }
VEC_INLINE vec vsrlq(vec a, __m128i k) { return _mm512_srl_epi64(a, k); }
VEC_INLINE vec vsrlvq(vec a, vec k) { return _mm512_srlv_epi64(a, k); }
/* Odd words moved to even places. */
VEC_INLINE vec vodd(vec a) { return _mm512_srli_epi64(a, 32); }
/* High halves of two vectors of 64-bit lanes, of e at even places and of o at odd ones. */
VEC_INLINE vec vhi(vec e, vec o) { return _mm512_mask_shuffle_epi32(o, 0x5555, e, (_MM_PERM_ENUM)0xF5); }
/* High halves of the 64-bit lanes of a, then those of b, in order. */
VEC_INLINE vec vpack_hi(vec a, vec b) {
    const vec i = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_permutex2var_epi32(a, i, b);
}
/* Words k[0], k[1], ... of x; the low VEC_LOG bits of an index count. */
VEC_INLINE vec vperm(vec x, vec k) { return _mm512_permutexvar_epi32(k, x); }
VEC_INLINE vec vshuffle_bytes(vec x, vec k) { return _mm512_shuffle_epi8(x, k); }
VEC_INLINE vec vload16(const uint8_t *p) { return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p)); }
/* Bit i set: word i of x is >= p (unsigned). */
VEC_INLINE uint32_t vmask_ge(vec x, vec p) { return _mm512_cmpge_epu32_mask(x, p); }

VEC_INLINE vec vloadq(const uint64_t *p) { return _mm512_loadu_si512(p); }
/* Signed bytes as words modulo 2^32. */
VEC_INLINE vec vload_small(const int8_t *p) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/* ---- key streams ---- */
VEC_INLINE vec vxor(vec a, vec b) { return _mm512_xor_si512(a, b); }
VEC_INLINE vec vrol16(vec a) { return _mm512_rol_epi32(a, 16); }
VEC_INLINE vec vrol8(vec a) { return _mm512_rol_epi32(a, 8); }
VEC_INLINE vec vrol12(vec a) { return _mm512_rol_epi32(a, 12); }
VEC_INLINE vec vrol7(vec a) { return _mm512_rol_epi32(a, 7); }
/* Words of `word` where x >= p, of x elsewhere. */
VEC_INLINE vec vpick_ge(vec x, vec p, vec word) {
    return _mm512_mask_mov_epi32(x, _mm512_cmpge_epu32_mask(x, p), word);
}
/* x[w] = word w of block b in lane b, to x[b * 16 / VEC_LANES ..] = the words of block b in order. */
VEC_INLINE void vblocks(vec x[16]) {
    vec t[16];
    VEC_UNROLL
    for (uint32_t i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
    }
    VEC_UNROLL
    for (uint32_t g = 0; g < 16; g += 4) { /* now x[g + j], 128-bit lane k: words g .. g + 3 of block 4k + j */
        x[g] = _mm512_unpacklo_epi64(t[g], t[g + 2]);
        x[g + 1] = _mm512_unpackhi_epi64(t[g], t[g + 2]);
        x[g + 2] = _mm512_unpacklo_epi64(t[g + 1], t[g + 3]);
        x[g + 3] = _mm512_unpackhi_epi64(t[g + 1], t[g + 3]);
    }
    VEC_UNROLL
    for (uint32_t j = 0; j < 4; j++) { /* even and odd lanes k apart, then each */
        t[j] = _mm512_shuffle_i32x4(x[j], x[4 + j], 0x88);
        t[4 + j] = _mm512_shuffle_i32x4(x[j], x[4 + j], 0xDD);
        t[8 + j] = _mm512_shuffle_i32x4(x[8 + j], x[12 + j], 0x88);
        t[12 + j] = _mm512_shuffle_i32x4(x[8 + j], x[12 + j], 0xDD);
    }
    VEC_UNROLL
    for (uint32_t j = 0; j < 4; j++) {
        x[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
        x[4 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0x88);
        x[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xDD);
        x[12 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0xDD);
    }
}

/* ---- pairs of vectors inside a block of 32 words, for the transform stages with distance 8, 4, 2, 1 ----
 * Element numbers are places in the block. A, B hold 0..15 and 16..31. Lanes of (X, Y) at distance t: X the lower, Y
 * the upper element of each butterfly; chosen so that one twiddle serves a pair of lanes (2i, 2i+1), except at distance
 * 8, where even lanes hold elements of A and odd lanes those of B. */
VEC_INLINE vec vselect2(vec a, vec i, vec b) { return _mm512_permutex2var_epi32(a, i, b); }
/* (X, Y) at distance 1 from (X, Y) at distance 2, and back: transposes 2x2 blocks of words. */
VEC_INLINE void vpair_words(vec *x, vec *y) {
    vec u = _mm512_mask_shuffle_epi32(*x, 0xAAAA, *y, (_MM_PERM_ENUM)0xA0);
    *y = _mm512_mask_shuffle_epi32(*y, 0x5555, *x, (_MM_PERM_ENUM)0xF5);
    *x = u;
}
/* Distance 2 from distance 4, and back: transposes 2x2 blocks of double words. */
VEC_INLINE void vpair_quads(vec *x, vec *y) {
    vec u = _mm512_unpacklo_epi64(*x, *y);
    *y = _mm512_unpackhi_epi64(*x, *y);
    *x = u;
}
VEC_INLINE void vtail_enter_wide(vec *x, vec *y) { /* (A, B) to distance 8 */
    const vec i = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const vec j = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    vec a = *x, b = *y;
    *x = vselect2(a, i, b);
    *y = vselect2(a, j, b);
}
VEC_INLINE void vtail_8_to_4(vec *x, vec *y) {
    const vec i = _mm512_setr_epi32(0, 2, 4, 6, 16, 18, 20, 22, 1, 3, 5, 7, 17, 19, 21, 23);
    const vec j = _mm512_setr_epi32(8, 10, 12, 14, 24, 26, 28, 30, 9, 11, 13, 15, 25, 27, 29, 31);
    vec a = *x, b = *y;
    *x = vselect2(a, i, b);
    *y = vselect2(a, j, b);
}
VEC_INLINE void vtail_4_to_8(vec *x, vec *y) {
    const vec i = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 16, 24, 17, 25, 18, 26, 19, 27);
    const vec j = _mm512_setr_epi32(4, 12, 5, 13, 6, 14, 7, 15, 20, 28, 21, 29, 22, 30, 23, 31);
    vec a = *x, b = *y;
    *x = vselect2(a, i, b);
    *y = vselect2(a, j, b);
}
VEC_INLINE void vtail_leave_narrow(vec *x, vec *y) { /* distance 1 to (A, B) */
    const vec i = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const vec j = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    vec a = *x, b = *y;
    *x = vselect2(a, i, b);
    *y = vselect2(a, j, b);
}
VEC_INLINE void vtail_enter_narrow(vec *x, vec *y) { /* (A, B) to distance 1 */
    const vec i = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const vec j = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    vec a = *x, b = *y;
    *x = vselect2(a, i, b);
    *y = vselect2(a, j, b);
}
VEC_INLINE void vtail_leave_wide(vec *x, vec *y) { /* distance 8 to (A, B) */
    const vec i = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const vec j = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    vec a = *x, b = *y;
    *x = vselect2(a, i, b);
    *y = vselect2(a, j, b);
}
/* Twiddles of a block at distance 4 (4 words) and 2 (8 words), each in the even words of the lanes it serves. */
VEC_INLINE vec vtwiddle_4(const uint32_t *w) {
    const vec i = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return vperm(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)w)), i);
}
VEC_INLINE vec vtwiddle_2(const uint32_t *w) {
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)w));
}
#endif

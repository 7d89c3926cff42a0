/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_SIMD_AVX2_H
#define SABLE_CPU_SIMD_AVX2_H
/* The vector operations that the vec_*.inc.h kernels are written in, on AVX2: 8 lanes of 32 bits, or 4 of 64. See
 * simd_avx512.h for what each one means. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_INLINE static inline __attribute__((always_inline, unused))
#ifdef __clang__
#define VEC_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VEC_UNROLL _Pragma("GCC unroll 32")
#endif

#define VEC_LOG        3
#define VEC_LANES      8
#define VEC_DEST_GROUP 4 /* 2 accumulators each of 16 registers */
#define VEC_TAIL       3
#define VEC_MAX_RADIX  3 /* log2 of the largest radix that fits the registers */

typedef __m256i vec;

/* The line of p, into the second-level cache. */
VEC_INLINE void vprefetch(const uint32_t *p) { __builtin_prefetch(p, 0, 2); }
VEC_INLINE vec vload(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
VEC_INLINE void vstore(uint32_t *p, vec x) { _mm256_storeu_si256((__m256i *)(void *)p, x); }
/* Aligned store past the caches; _mm_sfence before another thread reads. */
VEC_INLINE void vstream(uint32_t *p, vec x) { _mm256_stream_si256((__m256i *)(void *)p, x); }
VEC_INLINE vec vset(uint32_t x) { return _mm256_set1_epi32((int)x); }
VEC_INLINE vec vsetq(uint64_t x) { return _mm256_set1_epi64x((long long)x); }
VEC_INLINE vec vzero(void) { return _mm256_setzero_si256(); }
VEC_INLINE vec vadd(vec a, vec b) { return _mm256_add_epi32(a, b); }
VEC_INLINE vec vsub(vec a, vec b) { return _mm256_sub_epi32(a, b); }
VEC_INLINE vec vmin(vec a, vec b) { return _mm256_min_epu32(a, b); }
VEC_INLINE vec vand(vec a, vec b) { return _mm256_and_si256(a, b); }
VEC_INLINE vec vor(vec a, vec b) { return _mm256_or_si256(a, b); }
VEC_INLINE vec vaddq(vec a, vec b) { return _mm256_add_epi64(a, b); }
VEC_INLINE vec vsubq(vec a, vec b) { return _mm256_sub_epi64(a, b); }
VEC_INLINE vec vmulq(vec a, vec b) { return _mm256_mul_epu32(a, b); }
VEC_INLINE vec vmullo(vec a, vec b) { return _mm256_mullo_epi32(a, b); }
VEC_INLINE vec vsrl(vec a, uint32_t k) { return _mm256_srl_epi32(a, _mm_cvtsi32_si128((int)k)); }
VEC_INLINE vec vsll4(vec a) { return _mm256_slli_epi32(a, 4); }
VEC_INLINE vec vsrl4(vec a) { return _mm256_srli_epi32(a, 4); }
VEC_INLINE vec vsrlq(vec a, __m128i k) { return _mm256_srl_epi64(a, k); }
VEC_INLINE vec vsrlvq(vec a, vec k) { return _mm256_srlv_epi64(a, k); }
/* A shuffle, not a shift: shifts share the multiplier's ports. */
VEC_INLINE vec vodd(vec a) { return _mm256_shuffle_epi32(a, 0xF5); }
VEC_INLINE vec vhi(vec e, vec o) { return _mm256_blend_epi32(vodd(e), o, 0xAA); }
VEC_INLINE vec vpack_hi(vec a, vec b) {
    __m256 s = _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0xDD);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(s), 0xD8);
}
VEC_INLINE vec vperm(vec x, vec k) { return _mm256_permutevar8x32_epi32(x, k); }
VEC_INLINE vec vshuffle_bytes(vec x, vec k) { return _mm256_shuffle_epi8(x, k); }
VEC_INLINE vec vload16(const uint8_t *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p));
}
VEC_INLINE uint32_t vmask_ge(vec x, vec p) {
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(x, p), x)));
}

VEC_INLINE vec vloadq(const uint64_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
VEC_INLINE vec vload_small(const int8_t *p) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}

/* ---- key streams ---- */
VEC_INLINE vec vxor(vec a, vec b) { return _mm256_xor_si256(a, b); }
VEC_INLINE vec vrol16(vec a) {
    const vec k = _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11,
                                   8, 9, 14, 15, 12, 13);
    return vshuffle_bytes(a, k);
}
VEC_INLINE vec vrol8(vec a) {
    const vec k = _mm256_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8,
                                   9, 10, 15, 12, 13, 14);
    return vshuffle_bytes(a, k);
}
VEC_INLINE vec vrol12(vec a) { return vor(_mm256_slli_epi32(a, 12), _mm256_srli_epi32(a, 20)); }
VEC_INLINE vec vrol7(vec a) { return vor(_mm256_slli_epi32(a, 7), _mm256_srli_epi32(a, 25)); }
VEC_INLINE vec vpick_ge(vec x, vec p, vec word) {
    return _mm256_blendv_epi8(x, word, _mm256_cmpeq_epi32(_mm256_max_epu32(x, p), x));
}
VEC_INLINE void vblocks(vec x[16]) {
    vec t[16];
    VEC_UNROLL
    for (uint32_t i = 0; i < 16; i += 2) {
        t[i] = _mm256_unpacklo_epi32(x[i], x[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(x[i], x[i + 1]);
    }
    VEC_UNROLL
    for (uint32_t g = 0; g < 16; g += 4) { /* now x[g + j], 128-bit lane k: words g .. g + 3 of block 4k + j */
        x[g] = _mm256_unpacklo_epi64(t[g], t[g + 2]);
        x[g + 1] = _mm256_unpackhi_epi64(t[g], t[g + 2]);
        x[g + 2] = _mm256_unpacklo_epi64(t[g + 1], t[g + 3]);
        x[g + 3] = _mm256_unpackhi_epi64(t[g + 1], t[g + 3]);
    }
    for (uint32_t i = 0; i < 16; i++) t[i] = x[i];
    VEC_UNROLL
    for (uint32_t j = 0; j < 4; j++) {
        x[2 * j] = _mm256_permute2x128_si256(t[j], t[4 + j], 0x20);
        x[2 * j + 1] = _mm256_permute2x128_si256(t[8 + j], t[12 + j], 0x20);
        x[8 + 2 * j] = _mm256_permute2x128_si256(t[j], t[4 + j], 0x31);
        x[8 + 2 * j + 1] = _mm256_permute2x128_si256(t[8 + j], t[12 + j], 0x31);
    }
}

/* ---- pairs of vectors inside a block of 16 words, for the stages with distance 4 (wide), 2, 1 (narrow) ----
 * A, B hold words 0..7 and 8..15. One twiddle serves a pair of lanes (2i, 2i+1), except at distance 1. */
VEC_INLINE void vpair_words(vec *x, vec *y) {
    vec u = _mm256_blend_epi32(*x, _mm256_shuffle_epi32(*y, 0xA0), 0xAA);
    *y = _mm256_blend_epi32(_mm256_shuffle_epi32(*x, 0xF5), *y, 0xAA);
    *x = u;
}
VEC_INLINE void vpair_quads(vec *x, vec *y) {
    vec u = _mm256_unpacklo_epi64(*x, *y);
    *y = _mm256_unpackhi_epi64(*x, *y);
    *x = u;
}
VEC_INLINE void vpair_halves(vec *x, vec *y) {
    vec u = _mm256_permute2x128_si256(*x, *y, 0x20);
    *y = _mm256_permute2x128_si256(*x, *y, 0x31);
    *x = u;
}
VEC_INLINE void vtail_enter_wide(vec *x, vec *y) { vpair_halves(x, y); }
VEC_INLINE void vtail_leave_wide(vec *x, vec *y) { vpair_halves(x, y); }
VEC_INLINE void vtail_leave_narrow(vec *x, vec *y) {
    vec lo = _mm256_unpacklo_epi32(*x, *y), hi = _mm256_unpackhi_epi32(*x, *y);
    vpair_halves(&lo, &hi);
    *x = lo;
    *y = hi;
}
VEC_INLINE void vtail_enter_narrow(vec *x, vec *y) {
    vpair_halves(x, y);
    __m256 u = _mm256_castsi256_ps(*x), v = _mm256_castsi256_ps(*y);
    *x = _mm256_castps_si256(_mm256_shuffle_ps(u, v, 0x88));
    *y = _mm256_castps_si256(_mm256_shuffle_ps(u, v, 0xDD));
}
/* Twiddles of a block at distance 4 (2 words) and 2 (4 words), each in the even words of the lanes it serves. */
VEC_INLINE vec vtwiddle_4(const uint32_t *w) {
    const vec i = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    return vperm(_mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(const void *)w)), i);
}
VEC_INLINE vec vtwiddle_2(const uint32_t *w) {
    return _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)(const void *)w));
}
#endif

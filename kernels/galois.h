/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_GALOIS_H
#define SABLE_KERNELS_GALOIS_H
/* The automorphism X -> X^galois on NTT data, four words at a time: out[j] = in[pi(j)] with
 * 2*brv(pi(j)) + 1 = g * (2*brv(j) + 1) modulo 2N, that is brv(pi(j)) = g*brv(j) + (g-1)/2 modulo N.
 *
 * Write j = J*2^k + t with t < 2^k: brv(j) = U + 2^(L-k) * brv_k(t), U = brv_{L-k}(J), L = log2 N, and
 * brv(pi(j)) = (g*U + (g-1)/2) + 2^(L-k) * g*brv_k(t). The lower L-k bits do not depend on t: an aligned block of 2^k words
 * comes from one aligned block of 2^k words, for every k. So a thread moves one 16-byte word to another (k = 2), a warp 512
 * contiguous bytes to 512 contiguous bytes, and neither side is scattered; only the four words change places, by
 * brv_2(t') = h + g*brv_2(t) modulo 4. */
#include "kernels/device.h"

typedef struct gpu_quad {
    uint32_t column; /* of the four words to read */
    uint32_t turn;   /* h */
} gpu_quad;

static __device__ __forceinline__ gpu_quad gpu_galois_source(uint32_t galois, uint32_t log_n, uint32_t column) {
    const uint32_t bits = log_n - 2, u = __brev(column) >> (32 - bits), v = galois * u + (galois >> 1);
    gpu_quad from;
    from.column = __brev(v) >> (32 - bits);
    from.turn = v >> bits & 3;
    return from;
}

/* The four words in their places: with y the words in the order of brv_2, y'[s] = y[(turn + galois*s) mod 4]. */
static __device__ __forceinline__ uint4 gpu_galois_words(uint32_t galois, uint32_t turn, uint4 x) {
    uint32_t y0 = x.x, y1 = x.z, y2 = x.y, y3 = x.w, swap;
    if (galois & 2) { /* galois = 3 modulo 4: y[turn - s] is y[-s] turned the other way */
        swap = y1, y1 = y3, y3 = swap;
        turn = 4 - turn;
    }
    if (turn & 1) swap = y0, y0 = y1, y1 = y2, y2 = y3, y3 = swap;
    if (turn & 2) {
        swap = y0, y0 = y2, y2 = swap;
        swap = y1, y1 = y3, y3 = swap;
    }
    return make_uint4(y0, y2, y1, y3);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_KEYSWITCH_H
#define SABLE_KERNELS_KEYSWITCH_H
/* Launchers of keyswitch_*.cu: base conversions joined with the columns' half of a transform, and the rows' half joined
 * with what uses the result. Words between the two are below 4p. Rings of N >= 2^10 only, but for
 * gpu_launch_down_words. */
#include "kernels/sums.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Part j of out = base_convert(part j of y, or its only one; basis[j], or the only one) and the columns' half of its
 * transform. Conversions have at most GPU_BEGIN_SOURCES sources; parts <= GPU_BEGIN_PARTS. */
#define GPU_BEGIN_PARTS 16u
typedef struct gpu_begin {
    gpu_rows out, y; /* by position */
    gpu_basis basis[GPU_BEGIN_PARTS];
    uint32_t bases, parts, y_parts, batch;
} gpu_begin;
cudaError_t gpu_launch_begin(cudaStream_t stream, const gpu_ring *ring, const gpu_begin *begin);

/* Operands of the rest of a key switch: inner, and two things that other calls would do with what it reads and writes. */
typedef struct gpu_switch {
    gpu_inner inner;
    /* Data not NULL: what is switched is a product. inner.own then is its first factor, of 2 parts, and times the other one:
     * own = own1*times1, add = (own0*times0, own0*times1 + own1*times0); add_mult counts, add does not. */
    gpu_rows times;
    /* By limb of acc: 0, or the limb leaves as the rows' half of INTT(limb) * leave, below 2p. */
    gpu_words leave;
} gpu_switch;
/* acc as sable_backend.key_inner, for its limbs first to first + limbs - 1. Digits outside their own block have the columns'
 * half of their transform behind them. */
cudaError_t gpu_launch_switch_rows(cudaStream_t stream, const gpu_ring *ring, const gpu_switch *operands,
                                   uint32_t first, uint32_t limbs);

/* Operands of the end of a division: out = phi_galois(x * x_mult - NTT(e) * e_mult) + add, limb by limb of out; limbs that x
 * or add lack count as 0. galois 1: out may be x. add may be out. */
typedef struct gpu_down {
    gpu_view out;
    gpu_rows e, x, add; /* by limb of out */
    gpu_words x_mult, e_mult;
    uint32_t galois, none;
} gpu_down;
/* e has the columns' half of its transform behind it. */
cudaError_t gpu_launch_down_rows(cudaStream_t stream, const gpu_ring *ring, const gpu_down *down);
/* e is transformed; any ring. */
cudaError_t gpu_launch_down_words(cudaStream_t stream, const gpu_ring *ring, const gpu_down *down);

#ifdef __cplusplus
}
#endif
#endif

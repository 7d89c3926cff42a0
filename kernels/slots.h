/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_SLOTS_H
#define SABLE_KERNELS_SLOTS_H
/* Launchers of slots.cu: what comes before and after the transform of a decoding or an encoding. Points are complex numbers, real and imaginary
 * part in turn, `slots` of them a member. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GPU_MIXED_MOST 54u /* primes above 2^19 with a product below 2^1000 */

/* Constants of a mixed-radix conversion of `count` residues, in device memory, one array after the other: the primes p_i; the
 * least multiples of them above 2^30; [i][j], j < i, p_j inverted modulo p_i; quotients of these inverses. */
typedef struct gpu_mixed {
    uint32_t *words; /* [2*count + 2*count*count] */
    uint32_t count, none;
} gpu_mixed;
static inline size_t gpu_mixed_words(uint32_t count) { return 2 * (size_t)count * (1 + count); }

/* Makes the words for the primes of y. */
cudaError_t gpu_launch_mixed(cudaStream_t stream, const gpu_ring *ring, const gpu_mixed *mixed, const gpu_view *y);
/* points[b*slots + t] = (c_t + i c_{t+slots}) * exp(i*pi*t / (2*slots)) for members b < y->batch, c_t being the centred integer
 * of coefficient t*gap times unit_hi + unit_lo, gap = N / (2*slots). */
cudaError_t gpu_launch_points(cudaStream_t stream, const gpu_ring *ring, double *points, const gpu_view *y,
                              const gpu_mixed *mixed, uint32_t slots, double unit_hi, double unit_lo);
/* values[b*slots + j] = points[b*slots + k], 4k + 1 = 5^j modulo 4*slots; parts 1: real parts only, 2: both. */
cudaError_t gpu_launch_slots(cudaStream_t stream, double *values, const double *points, uint32_t slots,
                             uint32_t members, uint32_t parts);

/* The other way round. points[b*slots + k] = value j of member b; parts as above. */
cudaError_t gpu_launch_spread(cudaStream_t stream, double *points, const double *values, uint32_t slots,
                              uint32_t members, uint32_t parts);
/* hi + lo at b*2*slots + t and at b*2*slots + slots + t = the integers nearest to the real and the imaginary part of
 * points[b*slots + t] * exp(-i*pi*t / (2*slots)) / slots * (scale_hi + scale_lo). */
cudaError_t gpu_launch_integers(cudaStream_t stream, double *hi, double *lo, const double *points, uint32_t slots,
                                uint32_t members, double scale_hi, double scale_lo);

#ifdef __cplusplus
}
#endif
#endif

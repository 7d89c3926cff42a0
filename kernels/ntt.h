/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_NTT_H
#define SABLE_KERNELS_NTT_H
/* Launchers of ntt.cu. They allocate nothing and wait for nothing. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x = NTT(x) * factor[limb], in place; factor NULL: 1. Plain canonical residues. */
cudaError_t gpu_launch_ntt_forward(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x,
                                   const gpu_words *factor);
/* out = INTT(in) * factor[limb]; in place allowed. */
cudaError_t gpu_launch_ntt_inverse(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *in,
                                   const gpu_words *factor);

/* The halves of a forward transform, N >= 2^10: between them words are below 4p. */
cudaError_t gpu_launch_ntt_columns(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x);
cudaError_t gpu_launch_ntt_rows(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x);

#ifdef __cplusplus
}
#endif
#endif

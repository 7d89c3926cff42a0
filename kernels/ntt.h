/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_NTT_H
#define SABLE_KERNELS_NTT_H
/* Launchers of ntt.cu. They allocate nothing and wait for nothing. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x = NTT(x), in place. */
cudaError_t gpu_launch_ntt_forward(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x);
/* out = INTT(in) * factor[limb], a plain canonical residue; in place allowed. */
cudaError_t gpu_launch_ntt_inverse(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *in,
                                   const gpu_words *factor);

/* out = INTT(a * b) * factor[limb], N >= 2^10. out may be a or b. */
cudaError_t gpu_launch_ntt_inverse_product(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                           const gpu_view *a, const gpu_view *b, const gpu_words *factor);

/* The second half of an inverse transform, N >= 2^10: words below 2p, as the rows' half leaves them, in place. */
cudaError_t gpu_launch_ntt_inverse_columns(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x);

/* The halves of a forward transform, N >= 2^10: between them words are below 4p. */
cudaError_t gpu_launch_ntt_columns(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x);
/* Only limbs of the set, which has as many parts as x, at most GPU_SET_PARTS. */
#define GPU_SET_PARTS 16u
typedef struct gpu_limb_set {
    uint32_t bits[GPU_SET_PARTS][(SABLE_MAX_LIMBS + 31) / 32]; /* limb i of a part: bit i % 32 of word i / 32 */
} gpu_limb_set;
cudaError_t gpu_launch_ntt_rows(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x, const gpu_limb_set *set);

#ifdef __cplusplus
}
#endif
#endif

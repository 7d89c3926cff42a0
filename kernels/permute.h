/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_PERMUTE_H
#define SABLE_KERNELS_PERMUTE_H
/* Launchers of permute.cu: moves of words. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limb i of out = limb i of in; out may be in. */
cudaError_t gpu_launch_copy(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *in);
cudaError_t gpu_launch_zero(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out);
/* The automorphism of galois.h; out shares no memory with in. */
cudaError_t gpu_launch_automorphism(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *in,
                                    uint32_t galois);

#ifdef __cplusplus
}
#endif
#endif

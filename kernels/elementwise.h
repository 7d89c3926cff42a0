/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_ELEMENTWISE_H
#define SABLE_KERNELS_ELEMENTWISE_H
/* Launchers of elementwise.cu. They choose the grid, launch and return what the launch says; they allocate nothing and
 * wait for nothing. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gpu_binary { GPU_ADD, GPU_SUB, GPU_MUL, GPU_MUL_MONT, GPU_MUL_MONT_ADD } gpu_binary;
typedef enum gpu_unary { GPU_NEGATE, GPU_MUL_CONST, GPU_ADD_CONST } gpu_unary;

/* out = a op b, canonical words; any of them may be the same view. */
cudaError_t gpu_launch_binary(cudaStream_t stream, const gpu_ring *ring, gpu_binary op, const gpu_view *out,
                              const gpu_view *a, const gpu_view *b);

/* out = a op c, canonical words; c = lo[limb] in the lower half of a limb, hi[limb] in the upper one (GPU_NEGATE reads
 * neither). out may be a. */
cudaError_t gpu_launch_unary(cudaStream_t stream, const gpu_ring *ring, gpu_unary op, const gpu_view *out,
                             const gpu_view *a, const gpu_words *lo, const gpu_words *hi);

#ifdef __cplusplus
}
#endif
#endif

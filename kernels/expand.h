/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_EXPAND_H
#define SABLE_KERNELS_EXPAND_H
/* Launcher of expand.cu. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* out = the words that sable_expansion describes. */
cudaError_t gpu_launch_expand(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                              const sable_expansion *from);

#ifdef __cplusplus
}
#endif
#endif

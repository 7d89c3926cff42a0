/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_BASIS_H
#define SABLE_KERNELS_BASIS_H
/* Launcher of basis.cu. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* out from y as backend.h defines base_convert: limb i of y is source i, limb d of out destination d. */
cudaError_t gpu_launch_base_convert(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *y,
                                    const gpu_basis *basis);

#ifdef __cplusplus
}
#endif
#endif

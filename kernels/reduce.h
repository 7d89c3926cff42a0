/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_REDUCE_H
#define SABLE_KERNELS_REDUCE_H
/* Launcher of reduce.cu. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *bad (device memory) = number, in dense view order, of the first word of x that is not below its prime, or UINT64_MAX.
 * `view` is x in device memory. In two calls, as in CUB: with scratch == NULL only *bytes is written, the size of the
 * scratch memory that the second call is given. */
cudaError_t gpu_launch_check_range(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x, const gpu_view *view,
                                   uint64_t *bad, void *scratch, size_t *bytes);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_DIGEST_H
#define SABLE_KERNELS_DIGEST_H
/* Launchers of digest.cu. `view` is x in device memory, results are device memory. Each is called twice, as in CUB: with scratch ==
 * NULL only *bytes is written, the size of the scratch memory that the second call is given. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Two sums. */
cudaError_t gpu_launch_digest(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x, const gpu_view *view,
                              uint64_t *digest, void *scratch, size_t *bytes);
/* One word a limb. */
cudaError_t gpu_launch_largest(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x, const gpu_view *view,
                               uint32_t *largest, void *scratch, size_t *bytes);
/* Words [first, first + count) of the dense order: *found of them are not below their primes, list holds the numbers of the first
 * `most`. count < 2^31. */
cudaError_t gpu_launch_out_of_range(cudaStream_t stream, const gpu_ring *ring, const gpu_view *view, uint64_t first,
                                    uint32_t count, uint64_t *found, uint64_t *list, uint32_t most, void *scratch,
                                    size_t *bytes);

#ifdef __cplusplus
}
#endif
#endif

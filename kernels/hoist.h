/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_HOIST_H
#define SABLE_KERNELS_HOIST_H
/* Launchers of hoist.cu: accumulations whose operands serve several results. */
#include "kernels/sums.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gpu_key {
    const uint32_t *data;
    size_t limb_stride, part_stride;
    uint32_t galois, inverse;       /* galois * inverse = 1 modulo 2N */
    uint16_t slot[SABLE_MAX_LIMBS]; /* by limb of the result */
} gpu_key;

/* Members k*members + b of inner->acc for keys k < count, from members b < members of the digits. keys: device memory;
 * inner->key is not read. */
cudaError_t gpu_launch_key_inner_many(cudaStream_t stream, const gpu_ring *ring, const gpu_inner *inner,
                                      uint32_t members, const gpu_key *keys, uint32_t count);

/* As sable_backend.accumulate; which: device memory. */
cudaError_t gpu_launch_accumulate(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *in,
                                  const gpu_view *pt, const uint32_t *which, uint32_t terms);

#ifdef __cplusplus
}
#endif
#endif

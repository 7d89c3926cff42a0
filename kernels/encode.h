/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_ENCODE_H
#define SABLE_KERNELS_ENCODE_H
/* Launcher of encode.cu. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Part 0 of every member of out = the polynomial with coefficients hi[t] + lo[t] at the multiples of gap and 0 elsewhere,
 * in Montgomery form, not transformed. hi, lo: N/gap doubles a member in device memory; gap: a power of two <= N. */
cudaError_t gpu_launch_encode(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const double *hi,
                              const double *lo, uint32_t gap);

/* table_data.c. sable_backend.encode of integers that are in device memory. */
sable_status gpu_encode_integers(gpu_queue *queue, const sable_limbs *out, const double *hi, const double *lo,
                                 uint32_t gap);
/* Gives memory back that held a message, with zeros in it. */
sable_status gpu_wipe(gpu_queue *queue, const void *memory, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_SUMS_H
#define SABLE_KERNELS_SUMS_H
/* Launchers of sums.cu: sums of products over terms, members and digits. */
#include "kernels/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As sable_backend.tensor; strides in words. */
cudaError_t gpu_launch_tensor(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *a,
                              size_t a_term_stride, const gpu_view *b, size_t b_term_stride, uint32_t terms);

/* As sable_backend.combine; c lies in device memory. */
cudaError_t gpu_launch_combine(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *in,
                               const uint32_t *c);

/* Where the limbs of an operand lie, by limb of the result: GPU_ABSENT where it has none of that position. */
typedef struct gpu_rows {
    uint32_t *data;
    size_t limb_stride, part_stride, batch_stride;
    uint16_t slot[SABLE_MAX_LIMBS];
} gpu_rows;
/* The limbs of v, which may be NULL, that have the positions of `of`. */
gpu_rows gpu_rows_of(const sable_limbs *v, const sable_limbs *of);

/* Operands of sable_backend.key_inner; a struct: launches stay below the 4 KiB that every driver takes. */
typedef struct gpu_inner {
    gpu_view acc;
    gpu_rows digits, own, key, add;
    gpu_words add_mult; /* by limb of acc */
    uint32_t count;     /* digits */
    uint32_t add_parts; /* 0: nothing is added */
    uint32_t alpha, first_block;
} gpu_inner;
/* From the arguments of sable_backend.key_inner. */
gpu_inner gpu_inner_of(const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                       const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                       const uint32_t *add_mult);
/* add_mult, which has a word for each limb of `of`, by limb of acc. */
void gpu_add_mult(gpu_inner *inner, const sable_limbs *acc, const sable_limbs *of, const uint32_t *add_mult);
cudaError_t gpu_launch_key_inner(cudaStream_t stream, const gpu_ring *ring, const gpu_inner *inner);

#ifdef __cplusplus
}
#endif
#endif

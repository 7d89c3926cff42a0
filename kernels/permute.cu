// SPDX-License-Identifier: Apache-2.0
// Moves of words. A thread owns four neighbouring words of one limb of the output. Bound by memory: 8 bytes a word, 4 for
// zero; an automorphism moves whole 512-byte pieces a warp (galois.h), so it should run as fast as a copy.
#include "kernels/permute.h"

#include "kernels/device.h"
#include "kernels/galois.h"
#include "kernels/grid.h"

namespace {

__global__ void copy_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view in) {
    const gpu_place at = gpu_place_of(ring, out);
    if (!at.valid) return;
    ((uint4 *)gpu_limb(out, at.member, at.part, at.limb))[at.column] =
        ((const uint4 *)gpu_limb(in, at.member, at.part, at.limb))[at.column];
}

__global__ void zero_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out) {
    const gpu_place at = gpu_place_of(ring, out);
    if (!at.valid) return;
    ((uint4 *)gpu_limb(out, at.member, at.part, at.limb))[at.column] = make_uint4(0, 0, 0, 0);
}

__global__ void automorphism_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view in,
                                    uint32_t galois) {
    const gpu_place at = gpu_place_of(ring, out);
    if (!at.valid) return;
    const gpu_quad from = gpu_galois_source(galois, ring.log_n, at.column);
    const uint4 x = ((const uint4 *)gpu_limb(in, at.member, at.part, at.limb))[from.column];
    ((uint4 *)gpu_limb(out, at.member, at.part, at.limb))[at.column] = gpu_galois_words(galois, from.turn, x);
}

} // namespace

extern "C" cudaError_t gpu_launch_copy(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                       const gpu_view *in) {
    return gpu_launch(stream, gpu_grid_of(ring, out), GPU_BLOCK, 0, copy_kernel, *ring, *out, *in);
}

extern "C" cudaError_t gpu_launch_zero(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out) {
    return gpu_launch(stream, gpu_grid_of(ring, out), GPU_BLOCK, 0, zero_kernel, *ring, *out);
}

extern "C" cudaError_t gpu_launch_automorphism(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                               const gpu_view *in, uint32_t galois) {
    return gpu_launch(stream, gpu_grid_of(ring, out), GPU_BLOCK, 0, automorphism_kernel, *ring, *out, *in, galois);
}

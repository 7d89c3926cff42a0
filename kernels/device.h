/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_DEVICE_H
#define SABLE_KERNELS_DEVICE_H
/* What every kernel file includes, and the only place that knows which compiler reads it: nvcc, or a host compiler with
 * the emulator's headers (tests/emulator), which define __CUDA_EMULATOR__.
 *
 * Rules that keep both possible: shared memory by the two macros below, at the top of a kernel; no clusters, no
 * cooperative launches, no inline PTX outside this file; launches by gpu_launch, never <<<>>>; kernels are static, their
 * launchers are declared in a header that C reads. No __device__ or __constant__ variables: tables arrive by pointer, so two
 * contexts live in one process. */
#include <cuda_runtime.h>

#include "kernels/runtime.h"
#include "ring/word.h"

#ifdef __CUDA_EMULATOR__
#define GPU_SHARED(type, name, count)  EMU_SHARED(type, name, count)
#define GPU_SHARED_DYNAMIC(type, name) EMU_SHARED_DYNAMIC(type, name)
#define GPU_UNROLL
#define GPU_NO_UNROLL
#define GPU_OPAQUE(x) ((void)(x))
#else
#define GPU_SHARED(type, name, count)  __shared__ type name[count]
#define GPU_SHARED_DYNAMIC(type, name) extern __shared__ type name[]
#define GPU_UNROLL                     _Pragma("unroll") /* before a loop whose arrays must be registers */
#define GPU_NO_UNROLL                  _Pragma("unroll 1")
#define GPU_OPAQUE(x)                  asm volatile("" : "+r"(x)) /* no instruction: what is made of x is made after it */
#endif

/* Parameters of a kernel that are indexed by a run-time number: read where they lie, never copied to local memory. */
#define GPU_PARAM const __grid_constant__

/* Limb `limb` of part `part` of member `member` of a view. */
static __device__ __forceinline__ uint32_t *gpu_limb(const gpu_view &v, uint32_t member, uint32_t part, uint32_t limb) {
    return v.data + member * v.batch_stride + part * v.part_stride + v.slot[limb] * v.limb_stride;
}

/* Launches a kernel and reports what the launch says; a fault of earlier work may show here too. */
template <typename... P, typename... A>
static cudaError_t gpu_launch(cudaStream_t stream, dim3 grid, dim3 block, size_t shared, void (*kernel)(P...),
                              A... arguments) {
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared;
    config.stream = stream;
    (void)cudaLaunchKernelEx(&config, kernel, P(arguments)...);
    return cudaGetLastError();
}

#endif

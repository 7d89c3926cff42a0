/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUDA_RUNTIME_H
#define EMU_CUDA_RUNTIME_H
/* Stands in for CUDA's header of this name: the C interface, and in C++ also what kernels and launchers use. */
#include "cuda_runtime_api.h"
#include "vector_functions.h"

/* __shared__, __constant__ and __managed__ are left undefined: shared memory is declared by EMU_SHARED, and kernels have
 * no globals. */
#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __forceinline__  inline __attribute__((always_inline))

#ifdef __cplusplus
#include "emu_atomic.h"
#include "emu_block.h"
#include "emu_intrinsics.h"
#include "emu_launch.h"
#include "emu_overloads.h"
#include "emu_warp.h"
#endif

#endif

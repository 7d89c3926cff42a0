// SPDX-License-Identifier: Apache-2.0
// Reductions over all words of a view, by CUB. An item is four neighbouring words; 4 bytes read a word. The view lies
// in device memory, because CUB copies its operands into registers and local memory.
#include "kernels/reduce.h"

#include <cub/device/device_reduce.cuh>
#include <thrust/iterator/counting_iterator.h>

#include "kernels/device.h"

namespace {

// Number of the first bad word among words 4k .. 4k+3.
struct FirstBad {
    const gpu_view *view;
    const sable_prime *prime;
    uint32_t quads_log; // a limb is 2^this items

    __device__ uint64_t operator()(uint64_t k) const {
        const uint32_t row = (uint32_t)(k >> quads_log), poly = row / view->limbs, limb = row - poly * view->limbs;
        const uint32_t member = poly / view->parts, part = poly - member * view->parts;
        const uint32_t p = prime[view->pos[limb]].p, column = (uint32_t)(k - ((uint64_t)row << quads_log));
        const uint4 x = ((const uint4 *)gpu_limb(*view, member, part, limb))[column];
        if (x.x >= p) return 4 * k;
        if (x.y >= p) return 4 * k + 1;
        if (x.z >= p) return 4 * k + 2;
        if (x.w >= p) return 4 * k + 3;
        return UINT64_MAX;
    }
};

struct Least {
    __device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a < b ? a : b; }
};

} // namespace

extern "C" cudaError_t gpu_launch_check_range(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x,
                                              const gpu_view *view, uint64_t *bad, void *scratch, size_t *bytes) {
    const FirstBad first = {view, ring->prime, ring->log_n - 2};
    const uint64_t items = ((uint64_t)x->batch * x->parts * x->limbs) << first.quads_log;
    return cub::DeviceReduce::TransformReduce(scratch, *bytes, thrust::counting_iterator<uint64_t>(0), bad, items,
                                              Least(), first, (uint64_t)UINT64_MAX, stream);
}

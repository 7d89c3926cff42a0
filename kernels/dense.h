/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_DENSE_H
#define SABLE_KERNELS_DENSE_H
/* The words of a view in dense view order (member, part, limb, word), four at a time, for CUB. The view lies in device memory,
 * because CUB copies its operands into registers and local memory. */
#include "kernels/device.h"

struct gpu_dense {
    const gpu_view *view;
    const sable_prime *prime;
    uint32_t quads_log; /* a limb is 2^this groups of four words */

    /* Group k; *p: its prime. */
    __device__ __forceinline__ uint4 at(uint64_t k, uint32_t *p) const {
        const uint32_t row = (uint32_t)(k >> quads_log), poly = row / view->limbs, limb = row - poly * view->limbs;
        const uint32_t member = poly / view->parts, part = poly - member * view->parts;
        *p = prime[view->pos[limb]].p;
        return ((const uint4 *)gpu_limb(*view, member, part, limb))[(uint32_t)(k - ((uint64_t)row << quads_log))];
    }
};

static inline uint64_t gpu_dense_groups(const gpu_dense &dense, const gpu_view *x) {
    return ((uint64_t)x->batch * x->parts * x->limbs) << dense.quads_log;
}

#endif

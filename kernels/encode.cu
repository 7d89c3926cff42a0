// SPDX-License-Identifier: Apache-2.0
// Integers, given as sums of two doubles, to residues in Montgomery form. A thread owns four neighbouring coefficients of a
// member and takes them through GPU_ENCODE_LIMBS limbs, so the doubles are read and split once for all of these: 16
// bytes a coefficient and group of limbs, 4 written a word.
//
// |hi| = top * 2^64 + rest with top < 2^63, rest < 2^64: divisions by powers of two and truncations are exact, and
// integer-valued doubles below 2^64 convert exactly.
#include "kernels/encode.h"

#include "kernels/fold.h"
#include "kernels/grid.h"
#include "kernels/words.h"

namespace {

struct Integer {
    uint64_t top, rest; // of |hi|
    int64_t low;        // |low| < 2^53
    bool negative;      // hi
};

__device__ __forceinline__ Integer integer_of(double hi, double lo) {
    const double size = fabs(hi), top = trunc(size * 0x1p-64);
    Integer x;
    x.top = (uint64_t)top;
    x.rest = (uint64_t)(size - top * 0x1p64);
    x.low = (int64_t)lo;
    x.negative = hi < 0;
    return x;
}

// r2 = 2^64 mod p, so top * r2 + rest < p^2 + p < 2^64 after both are reduced.
__device__ __forceinline__ uint32_t residue_of(const Integer &x, const sable_prime &q) {
    const uint32_t top = sable_reduce64(x.top, &q), rest = sable_reduce64(x.rest, &q);
    const uint32_t size = sable_reduce64((uint64_t)top * q.r2 + rest, &q);
    const uint32_t low = sable_reduce64((uint64_t)(x.low < 0 ? -x.low : x.low), &q);
    const uint32_t upper = x.negative ? sable_neg_mod(size, q.p) : size;
    return x.low < 0 ? sable_sub_mod(upper, low, q.p) : sable_add_mod(upper, low, q.p);
}

// gap = 2^gap_log; x runs over columns of members, y over groups of limbs.
__global__ void __launch_bounds__(GPU_BLOCK) encode_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out,
                                                           const double *hi, const double *lo, uint32_t gap_log) {
    const gpu_columns at = gpu_columns_of<4, GPU_BLOCK_LOG>(ring, blockIdx.x);
    if (!at.valid) return;
    const size_t first = (size_t)at.rest << (ring.log_n - gap_log); // number of the member's first coefficient
    Integer x[4];
    GPU_UNROLL
    for (uint32_t w = 0; w < 4; w++) {
        const uint32_t j = at.column * 4 + w, t = j >> gap_log;
        const bool given = t << gap_log == j;
        x[w] = integer_of(given ? hi[first + t] : 0, given ? lo[first + t] : 0);
    }
    const uint32_t begin = blockIdx.y * GPU_ENCODE_LIMBS, end = sable_min32(begin + GPU_ENCODE_LIMBS, out.limbs);
    for (uint32_t limb = begin; limb < end; limb++) {
        const sable_prime q = ring.prime[out.pos[limb]];
        uint32_t r[4];
        GPU_UNROLL
        for (uint32_t w = 0; w < 4; w++) r[w] = gpu_to_mont(residue_of(x[w], q), q);
        gpu_store(gpu_limb(out, at.rest, 0, limb), at.column, r);
    }
}

} // namespace

extern "C" cudaError_t gpu_launch_encode(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                         const double *hi, const double *lo, uint32_t gap) {
    uint32_t gap_log = 0;
    while (gap >> gap_log > 1) gap_log++;
    const dim3 grid(out->batch << gpu_blocks_log<4, GPU_BLOCK_LOG>(ring->log_n),
                    (out->limbs + GPU_ENCODE_LIMBS - 1) / GPU_ENCODE_LIMBS);
    return gpu_launch(stream, grid, GPU_BLOCK, 0, encode_kernel, *ring, *out, hi, lo, gap_log);
}

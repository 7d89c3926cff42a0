// SPDX-License-Identifier: Apache-2.0
// Base conversion: out_d = (sum_i y_i * m[d][i] + v * neg_d[d]) mod p_d, v the integer quotient of backend.h, for every
// column. Two kernels; in both a thread owns four neighbouring columns, and the constants lie in shared memory, where all lanes
// read the same 16 bytes: one load feeds 16 products.
//
//   convert: up to 16 sources stay in registers while the thread goes through a group of destinations. Every word of y is
//            read once a group (one group when there are polynomials enough to fill the device), every result written once.
//            12 sources to 47 destinations: 4 + 12*4/47 bytes and 15 multiplies a result.
//            Shared memory: 16 bytes a source of a group's destinations, padded to 4 sources, and 16 a destination.
//   stream:  any number of sources: sums of eight destinations stay in registers while the sources pass. Every word of y is
//            read once for eight destinations, mostly from the caches. 40 bytes of shared memory a source.
#include "kernels/basis.h"

#include "kernels/convert.h"
#include "kernels/grid.h"
#include "kernels/words.h"

namespace {

__device__ __forceinline__ void add_quotients(uint64_t (&sum)[4], const uint32_t (&y)[4], gpu_source s) {
    GPU_UNROLL
    for (uint32_t w = 0; w < 4; w++) sum[w] += gpu_quotient(y[w], s);
}

// S sources, a multiple of 4, of which those beyond the basis count as 0; S <= GPU_FOLD_FIRST: sums are never folded.
// 32 registers beside the 4S that hold y.
template <uint32_t S>
__global__ void __launch_bounds__(GPU_CONVERT_BLOCK, 65536 / (32 + 4 * S) / GPU_CONVERT_BLOCK)
    convert_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view y, GPU_PARAM gpu_basis basis,
                   uint32_t group) {
    GPU_SHARED_DYNAMIC(uint4, shared);
    GPU_SHARED(gpu_source, sources, S);
    gpu_target *targets = (gpu_target *)shared;
    uint4 *factors = shared + group; // [destination of the group][S / 4]
    const uint32_t first = blockIdx.y * group;
    for (uint32_t k = threadIdx.x; k < group * S; k += GPU_CONVERT_BLOCK)
        ((uint32_t *)factors)[k] = gpu_factor_of(ring, basis, first + k / S, k % S);
    for (uint32_t k = threadIdx.x; k < group; k += GPU_CONVERT_BLOCK)
        targets[k] = gpu_target_of(ring, basis, first + k);
    if (threadIdx.x < S) sources[threadIdx.x] = gpu_source_of(ring, basis, threadIdx.x);
    __syncthreads();

    const gpu_columns at = gpu_columns_of<4, GPU_CONVERT_LOG>(ring, blockIdx.x);
    if (!at.valid) return;
    const uint32_t member = at.rest / out.parts, part = at.rest - member * out.parts;
    uint32_t x[S][4];
    GPU_UNROLL
    for (uint32_t i = 0; i < S; i++) // beyond the basis any words do: their constants are 0
        gpu_load(x[i], gpu_limb(y, member, part, i < basis.src_count ? i : 0), at.column);
    uint64_t sum[4] = {1ull << 31, 1ull << 31, 1ull << 31, 1ull << 31};
    GPU_UNROLL
    for (uint32_t i = 0; i < S; i++) add_quotients(sum, x[i], sources[i]);
    const uint32_t v[4] = {(uint32_t)(sum[0] >> 32), (uint32_t)(sum[1] >> 32), (uint32_t)(sum[2] >> 32),
                           (uint32_t)(sum[3] >> 32)};

    const uint32_t count = sable_min32(group, basis.dst_count - first);
    GPU_NO_UNROLL // four sums are independent enough, and registers are short
        for (uint32_t d = 0; d < count; d++) {
        const gpu_target t = targets[d];
        uint64_t acc[4] = {};
        gpu_multiply_add(acc, v, t.neg_d);
        GPU_UNROLL
        for (uint32_t i = 0; i < S; i += 4) {
            const uint4 m = factors[d * (S / 4) + i / 4];
            gpu_multiply_add(acc, x[i], m.x);
            gpu_multiply_add(acc, x[i + 1], m.y);
            gpu_multiply_add(acc, x[i + 2], m.z);
            gpu_multiply_add(acc, x[i + 3], m.w);
        }
        uint32_t r[4];
        GPU_UNROLL
        for (uint32_t w = 0; w < 4; w++) r[w] = gpu_finish_rows<S>(acc[w], t.p, t.pinv);
        gpu_store(gpu_limb(out, member, part, first + d), at.column, r);
    }
}

constexpr uint32_t targets_each = 8; // destinations of a thread of stream_kernel

__global__ void __launch_bounds__(GPU_CONVERT_BLOCK)
    stream_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view y, GPU_PARAM gpu_basis basis) {
    GPU_SHARED(uint4, factors, SABLE_MAX_LIMBS * (targets_each / 4)); // [source][destination / 4]
    GPU_SHARED(gpu_source, sources, SABLE_MAX_LIMBS);
    GPU_SHARED(gpu_target, targets, targets_each);
    const uint32_t first = blockIdx.y * targets_each;
    for (uint32_t k = threadIdx.x; k < basis.src_count * targets_each; k += GPU_CONVERT_BLOCK)
        ((uint32_t *)factors)[k] = gpu_factor_of(ring, basis, first + k % targets_each, k / targets_each);
    for (uint32_t k = threadIdx.x; k < basis.src_count; k += GPU_CONVERT_BLOCK)
        sources[k] = gpu_source_of(ring, basis, k);
    if (threadIdx.x < targets_each) targets[threadIdx.x] = gpu_target_of(ring, basis, first + threadIdx.x);
    __syncthreads();

    const gpu_columns at = gpu_columns_of<4, GPU_CONVERT_LOG>(ring, blockIdx.x);
    if (!at.valid) return;
    const uint32_t member = at.rest / out.parts, part = at.rest - member * out.parts;
    uint64_t sum[4] = {1ull << 31, 1ull << 31, 1ull << 31, 1ull << 31}, acc[targets_each][4] = {};
    for (uint32_t i = 0, rows = 0; i < basis.src_count; i++) {
        uint32_t x[4];
        gpu_load(x, gpu_limb(y, member, part, i), at.column);
        add_quotients(sum, x, sources[i]);
        GPU_UNROLL
        for (uint32_t d = 0; d < targets_each; d += 4) {
            const uint4 m = factors[i * (targets_each / 4) + d / 4];
            gpu_multiply_add(acc[d], x, m.x);
            gpu_multiply_add(acc[d + 1], x, m.y);
            gpu_multiply_add(acc[d + 2], x, m.z);
            gpu_multiply_add(acc[d + 3], x, m.w);
        }
        if (++rows == GPU_FOLD_NEXT) {
            rows = 0;
            GPU_UNROLL
            for (uint32_t d = 0; d < targets_each; d++) gpu_fold(acc[d], targets[d].p);
        }
    }
    GPU_UNROLL
    for (uint32_t d = 0; d < targets_each; d++) {
        if (first + d >= basis.dst_count) return;
        const gpu_target t = targets[d];
        uint32_t r[4];
        GPU_UNROLL
        for (uint32_t w = 0; w < 4; w++) // at most 11 rows since the last fold, so v * neg_d fits too
            r[w] = sable_canon1(gpu_finish_lazy(acc[d][w] + (sum[w] >> 32) * t.neg_d, t.p, t.pinv), t.p);
        gpu_store(gpu_limb(out, member, part, first + d), at.column, r);
    }
}

uint32_t divide_up(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

template <uint32_t S>
cudaError_t launch(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *y,
                   const gpu_basis *basis, uint32_t blocks) {
    // Groups of destinations only as far as the device would be idle otherwise: each reads y and makes v again.
    const uint32_t most = divide_up(basis->dst_count, GPU_CONVERT_LEAST);
    uint32_t groups = divide_up(GPU_CONVERT_FILL, blocks);
    if (groups > most) groups = most;
    const uint32_t group = divide_up(basis->dst_count, groups);
    return gpu_launch(stream, dim3(blocks, divide_up(basis->dst_count, group)), GPU_CONVERT_BLOCK,
                      group * (sizeof(gpu_target) + S * sizeof(uint32_t)), convert_kernel<S>, *ring, *out, *y, *basis,
                      group);
}

} // namespace

extern "C" cudaError_t gpu_launch_base_convert(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                               const gpu_view *y, const gpu_basis *basis) {
    const uint32_t blocks = (out->parts * out->batch) << gpu_blocks_log<4, GPU_CONVERT_LOG>(ring->log_n);
    const uint32_t sources = basis->src_count;
    if (sources <= 4) return launch<4>(stream, ring, out, y, basis, blocks);
    if (sources <= 8) return launch<8>(stream, ring, out, y, basis, blocks);
    if (sources <= 12) return launch<12>(stream, ring, out, y, basis, blocks);
    if (sources <= 16) return launch<16>(stream, ring, out, y, basis, blocks);
    return gpu_launch(stream, dim3(blocks, divide_up(basis->dst_count, targets_each)), GPU_CONVERT_BLOCK, 0,
                      stream_kernel, *ring, *out, *y, *basis);
}

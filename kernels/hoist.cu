// SPDX-License-Identifier: Apache-2.0
// Accumulations whose operands serve several results; folds as in fold.h.
//
//   key_inner_many  a thread owns four words of one limb of one member, holds those words of up to 8 digits in registers, and
//                   goes through the keys; the automorphism is where it writes (galois.h). With d digits 4d bytes are read a
//                   word, and for each key 8d of the key and 8 written.
//   accumulate      a thread owns two words of all parts of GPU_GROUPS groups of a member: a word of `in` is read once for so many
//                   groups. With P parts and T terms, 4PT / GPU_GROUPS bytes a word and group, 4T of plaintexts, 4P written.
// Members are neighbours in the grid: what they share, keys and plaintexts, comes from memory once and otherwise from the
// second-level cache.
#include "kernels/hoist.h"

#include "kernels/fold.h"
#include "kernels/galois.h"
#include "kernels/grid.h"
#include "kernels/words.h"

namespace {

__device__ __forceinline__ const uint32_t *row_of(const gpu_rows &rows, uint32_t member, uint32_t part, uint32_t limb) {
    return rows.data + member * rows.batch_stride + part * rows.part_stride + rows.slot[limb] * rows.limb_stride;
}

template <uint32_t W>
__device__ __forceinline__ void finish(uint32_t (&r)[W], const uint64_t (&acc)[W], const sable_prime &q) {
    GPU_UNROLL
    for (uint32_t w = 0; w < W; w++) r[w] = sable_canon1(gpu_finish_lazy(acc[w], q.p, q.pinv), q.p);
}

// HELD: digits in registers; 0: any number of digits, which are read again for each key.
template <int HELD>
__global__ void __launch_bounds__(GPU_BLOCK, 2) // 128 registers
    key_inner_many_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_inner o, uint32_t members, const gpu_key *keys,
                          uint32_t count) {
    const uint32_t x = blockIdx.x / members, b = blockIdx.x - x * members, limb = blockIdx.y;
    const gpu_columns at = gpu_columns_of<4, GPU_BLOCK_LOG>(ring, x);
    if (!at.valid) return;
    const uint32_t pos = o.acc.pos[limb], own = pos < ring.q_count ? pos / o.alpha - o.first_block : UINT32_MAX;
    const sable_prime q = ring.prime[pos];
    const uint32_t *own_row = own < o.count ? row_of(o.own, b, 0, limb) : nullptr;
    const uint32_t *digits = row_of(o.digits, b, 0, limb);
    uint32_t d[HELD ? HELD : 1][4];
    GPU_UNROLL
    for (int j = 0; j < HELD; j++)
        if ((uint32_t)j < o.count)
            gpu_load(d[j], (uint32_t)j == own ? own_row : digits + j * o.digits.part_stride, at.column);

    // add * add_mult is the first product of a sum, with add_mult in Montgomery form.
    uint32_t plus[2][4] = {}, mult = 0;
    if (o.add_parts > 0 && o.add.slot[limb] != GPU_ABSENT) {
        mult = gpu_to_mont(o.add_mult.at[limb], q);
        GPU_UNROLL
        for (uint32_t h = 0; h < 2; h++)
            if (h < o.add_parts) gpu_load(plus[h], row_of(o.add, b, h, limb), at.column);
    }
    for (uint32_t k = 0; k < count; k++) {
        GPU_UNROLL
        for (int i = 0; i < 4 * HELD; i++) GPU_OPAQUE(d[i / 4][i % 4]); // words, not 64-bit copies, live on
        const gpu_key &key = keys[k];
        const uint32_t *row = key.data + key.slot[limb] * key.limb_stride;
        uint64_t sum[2][4] = {};
        gpu_multiply_add(sum[0], plus[0], mult);
        gpu_multiply_add(sum[1], plus[1], mult);
        for (uint32_t j = 0, rows = 1; !HELD && j < o.count; j++) {
            uint32_t half[4];
            gpu_load(d[0], j == own ? own_row : digits + j * o.digits.part_stride, at.column);
            gpu_load(half, row, at.column);
            gpu_multiply_add(sum[0], d[0], half);
            row += key.part_stride;
            gpu_load(half, row, at.column);
            gpu_multiply_add(sum[1], d[0], half);
            row += key.part_stride;
            if (++rows == GPU_FOLD_NEXT) {
                rows = 0;
                gpu_fold(sum[0], q.p);
                gpu_fold(sum[1], q.p);
            }
        }
        GPU_UNROLL
        for (int j = 0; j < HELD; j++) // 9 products: no fold
            if ((uint32_t)j < o.count) {
                uint32_t half[4];
                gpu_load(half, row, at.column);
                gpu_multiply_add(sum[0], d[j], half);
                row += key.part_stride;
                gpu_load(half, row, at.column);
                gpu_multiply_add(sum[1], d[j], half);
                row += key.part_stride;
            }
        // The four words of the result that these become, and their order.
        const uint32_t to = gpu_galois_source(key.inverse, ring.log_n, at.column).column;
        const uint32_t turn = gpu_galois_source(key.galois, ring.log_n, to).turn;
        GPU_UNROLL
        for (uint32_t h = 0; h < 2; h++) {
            uint32_t r[4];
            finish(r, sum[h], q);
            ((uint4 *)gpu_limb(o.acc, k * members + b, h, limb))[to] =
                gpu_galois_words(key.galois, turn, make_uint4(r[0], r[1], r[2], r[3]));
        }
    }
}

// x = ((block of columns) * tiles + tile of groups) * members + member.
template <uint32_t PARTS>
__global__ void __launch_bounds__(GPU_BLOCK)
    accumulate_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view in, GPU_PARAM gpu_view pt,
                      const uint32_t *which, uint32_t terms, uint32_t members, uint32_t groups, uint32_t tiles) {
    const uint32_t limb = blockIdx.y, outer = blockIdx.x / members, b = blockIdx.x - outer * members;
    const uint32_t x = outer / tiles, first = (outer - x * tiles) * GPU_GROUPS;
    const gpu_columns at = gpu_columns_of<2, GPU_BLOCK_LOG>(ring, x);
    if (!at.valid) return;
    const sable_prime q = ring.prime[out.pos[limb]];
    uint64_t sum[GPU_GROUPS][PARTS][2] = {};
    for (uint32_t t = 0, rows = 0; t < terms; t++) {
        uint32_t words[PARTS][2];
        GPU_UNROLL
        for (uint32_t c = 0; c < PARTS; c++) gpu_load(words[c], gpu_limb(in, t * members + b, c, limb), at.column);
        GPU_UNROLL
        for (uint32_t g = 0; g < GPU_GROUPS; g++) {
            const uint32_t w = first + g < groups ? which[(size_t)(first + g) * terms + t] : SABLE_ABSENT;
            if (w == SABLE_ABSENT) continue;
            uint32_t factor[2];
            gpu_load(factor, gpu_limb(pt, w, 0, limb), at.column);
            GPU_UNROLL
            for (uint32_t c = 0; c < PARTS; c++) gpu_multiply_add(sum[g][c], words[c], factor);
        }
        if (++rows == GPU_FOLD_NEXT) {
            rows = 0;
            GPU_UNROLL
            for (uint32_t g = 0; g < GPU_GROUPS; g++) GPU_UNROLL
            for (uint32_t c = 0; c < PARTS; c++) gpu_fold(sum[g][c], q.p);
        }
    }
    GPU_UNROLL
    for (uint32_t g = 0; g < GPU_GROUPS; g++) {
        if (first + g >= groups) return;
        GPU_UNROLL
        for (uint32_t c = 0; c < PARTS; c++) {
            uint32_t r[2];
            finish(r, sum[g][c], q);
            gpu_store(gpu_limb(out, (first + g) * members + b, c, limb), at.column, r);
        }
    }
}

} // namespace

extern "C" cudaError_t gpu_launch_key_inner_many(cudaStream_t stream, const gpu_ring *ring, const gpu_inner *inner,
                                                 uint32_t members, const gpu_key *keys, uint32_t count) {
    void (*const kernel)(const gpu_ring, const gpu_inner, uint32_t, const gpu_key *, uint32_t) =
        inner->count <= 4   ? key_inner_many_kernel<4>
        : inner->count <= 8 ? key_inner_many_kernel<8>
                            : key_inner_many_kernel<0>;
    const dim3 grid(members << gpu_blocks_log<4, GPU_BLOCK_LOG>(ring->log_n), inner->acc.limbs);
    return gpu_launch(stream, grid, GPU_BLOCK, 0, kernel, *ring, *inner, members, keys, count);
}

extern "C" cudaError_t gpu_launch_accumulate(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                             const gpu_view *in, const gpu_view *pt, const uint32_t *which,
                                             uint32_t terms) {
    const uint32_t members = in->batch / terms, groups = out->batch / members;
    const uint32_t tiles = (groups + GPU_GROUPS - 1) / GPU_GROUPS;
    void (*const kernels[])(const gpu_ring, const gpu_view, const gpu_view, const gpu_view, const uint32_t *, uint32_t,
                            uint32_t, uint32_t,
                            uint32_t) = {accumulate_kernel<1>, accumulate_kernel<2>, accumulate_kernel<3>};
    const dim3 grid((tiles * members) << gpu_blocks_log<2, GPU_BLOCK_LOG>(ring->log_n), out->limbs);
    return gpu_launch(stream, grid, GPU_BLOCK, 0, kernels[out->parts - 1], *ring, *out, *in, *pt, which, terms, members,
                      groups, tiles);
}

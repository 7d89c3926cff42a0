// SPDX-License-Identifier: Apache-2.0
// Sums of products. Every word of the result has its sum in registers while the terms pass; folds as in fold.h.
//
//   tensor     a thread owns four words of the three parts of a member: 16 bytes read a word and term, 12 written a word.
//              An operand that is broadcast is read again for the next member from the second-level cache: members
//              of one limb follow each other in the grid.
//   combine    a thread owns W words of G members of the result: each input word is read once for G of them (G up to 12, so
//              once for ten classes), 4 bytes a word and term; 4 written a word of the result. The constants of
//              GPU_SUM_TERMS terms lie in shared memory, where all lanes read the same 16 bytes.
//   key_inner  a thread owns W words of both parts of M members: with d digits 4d bytes read a word and member, 8d/M of the
//              key, 8 written. The blocks of the other members of the same columns are neighbours in the grid, so the key
//              comes from memory once and otherwise from the second-level cache. M = 1 where members have their own keys.
#include "kernels/sums.h"

#include "kernels/fold.h"
#include "kernels/grid.h"
#include "kernels/words.h"

namespace {

template <uint32_t W>
__device__ __forceinline__ void store_plain(uint32_t *limb, uint32_t column, const uint64_t (&acc)[W],
                                            const sable_prime &q) {
    uint32_t r[W];
    GPU_UNROLL
    for (uint32_t w = 0; w < W; w++) r[w] = gpu_finish_plain(acc[w], q);
    gpu_store(limb, column, r);
}

__global__ void __launch_bounds__(GPU_BLOCK)
    tensor_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view a, size_t a_term_stride,
                  GPU_PARAM gpu_view b, size_t b_term_stride, uint32_t terms) {
    const gpu_columns at = gpu_columns_of<4, GPU_BLOCK_LOG>(ring, blockIdx.x);
    if (!at.valid) return;
    const uint32_t member = at.rest, limb = blockIdx.y;
    const sable_prime q = ring.prime[out.pos[limb]];
    const uint32_t *a0 = gpu_limb(a, member, 0, limb), *b0 = gpu_limb(b, member, 0, limb);
    uint64_t d0[4] = {}, d1[4] = {}, d2[4] = {};
    for (uint32_t t = 0, rows = 0; t < terms; t++) {
        uint32_t x0[4], x1[4], y0[4], y1[4];
        gpu_load(x0, a0, at.column);
        gpu_load(x1, a0 + a.part_stride, at.column);
        gpu_load(y0, b0, at.column);
        gpu_load(y1, b0 + b.part_stride, at.column);
        gpu_multiply_add(d0, x0, y0);
        gpu_multiply_add(d1, x0, y1);
        gpu_multiply_add(d1, x1, y0);
        gpu_multiply_add(d2, x1, y1);
        a0 += a_term_stride;
        b0 += b_term_stride;
        if (++rows == GPU_FOLD_NEXT / 2) { // d1 took two products a term
            rows = 0;
            gpu_fold(d0, q.p);
            gpu_fold(d1, q.p);
            gpu_fold(d2, q.p);
        }
    }
    store_plain(gpu_limb(out, member, 0, limb), at.column, d0, q);
    store_plain(gpu_limb(out, member, 1, limb), at.column, d1, q);
    store_plain(gpu_limb(out, member, 2, limb), at.column, d2, q);
}

// x = (part * blocks of a limb + block) * chunks + chunk: the chunks of G members read the same words at about one time.
template <uint32_t W, uint32_t G>
__global__ void __launch_bounds__(GPU_SUM_BLOCK)
    combine_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view in, const uint32_t *c,
                   uint32_t chunks) {
    constexpr uint32_t quads = (G + 3) / 4; // a row of constants is `quads` 16-byte words
    GPU_SHARED(uint4, rows, GPU_SUM_TERMS * quads);
    const uint32_t block = blockIdx.x / chunks, first = (blockIdx.x - block * chunks) * G, limb = blockIdx.y;
    const gpu_columns at = gpu_columns_of<W, GPU_SUM_LOG>(ring, block);
    const sable_prime q = ring.prime[out.pos[limb]];
    const uint32_t *from = gpu_limb(in, 0, at.rest, limb);
    uint64_t acc[G][W] = {};
    for (uint32_t begin = 0, folded = 0; begin < in.batch; begin += GPU_SUM_TERMS) {
        const uint32_t count = sable_min32(GPU_SUM_TERMS, in.batch - begin);
        __syncthreads(); // the rows of the last round have been read
        for (uint32_t k = threadIdx.x; k < GPU_SUM_TERMS * quads * 4; k += GPU_SUM_BLOCK) {
            const uint32_t t = k / (quads * 4), g = first + k % (quads * 4);
            ((uint32_t *)rows)[k] =
                t < count && g < out.batch ? c[((size_t)g * in.batch + begin + t) * out.limbs + limb] : 0;
        }
        __syncthreads();
        if (!at.valid) continue;
        for (uint32_t t = 0; t < count; t += 4) { // four loads under way; beyond the last term any words do: times 0
            uint32_t x[4][W];
            GPU_UNROLL
            for (uint32_t i = 0; i < 4; i++)
                gpu_load(x[i], from + (begin + sable_min32(t + i, count - 1)) * in.batch_stride, at.column);
            GPU_UNROLL
            for (uint32_t i = 0; i < 4; i++) {
                GPU_UNROLL
                for (uint32_t g = 0; g < G; g += 4) {
                    const uint4 m = rows[(t + i) * quads + g / 4];
                    gpu_multiply_add(acc[g], x[i], m.x);
                    if (g + 1 < G) gpu_multiply_add(acc[g + 1], x[i], m.y);
                    if (g + 2 < G) gpu_multiply_add(acc[g + 2], x[i], m.z);
                    if (g + 3 < G) gpu_multiply_add(acc[g + 3], x[i], m.w);
                }
            }
            if ((folded += 4) == GPU_FOLD_NEXT) {
                folded = 0;
                GPU_UNROLL
                for (uint32_t g = 0; g < G; g++) gpu_fold(acc[g], q.p);
            }
        }
    }
    if (!at.valid) return;
    GPU_UNROLL
    for (uint32_t g = 0; g < G; g++)
        if (first + g < out.batch) store_plain(gpu_limb(out, first + g, at.rest, limb), at.column, acc[g], q);
}

__device__ __forceinline__ uint32_t *row_of(const gpu_rows &rows, uint32_t member, uint32_t part, uint32_t limb) {
    return rows.data + member * rows.batch_stride + part * rows.part_stride + rows.slot[limb] * rows.limb_stride;
}

// x = block * chunks + chunk, a chunk being M members.
template <uint32_t W, uint32_t M>
__global__ void __launch_bounds__(GPU_SUM_BLOCK)
    inner_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_inner o, uint32_t chunks) {
    const uint32_t block = blockIdx.x / chunks, first = (blockIdx.x - block * chunks) * M, limb = blockIdx.y;
    const gpu_columns at = gpu_columns_of<W, GPU_SUM_LOG>(ring, block);
    if (!at.valid) return;
    const uint32_t pos = o.acc.pos[limb], own = pos < ring.q_count ? pos / o.alpha - o.first_block : UINT32_MAX;
    const sable_prime q = ring.prime[pos];
    uint64_t s0[M][W] = {}, s1[M][W] = {};
    for (uint32_t j = 0, rows = 0; j < o.count; j++) {
        uint32_t kb[W], ka[W];
        gpu_load(kb, row_of(o.key, first, 2 * j, limb), at.column);
        gpu_load(ka, row_of(o.key, first, 2 * j + 1, limb), at.column);
        GPU_UNROLL
        for (uint32_t m = 0; m < M; m++) {
            if (first + m >= o.acc.batch) break;
            uint32_t d[W];
            gpu_load(d, j == own ? row_of(o.own, first + m, 0, limb) : row_of(o.digits, first + m, j, limb), at.column);
            gpu_multiply_add(s0[m], d, kb);
            gpu_multiply_add(s1[m], d, ka);
        }
        if (++rows == GPU_FOLD_NEXT) {
            rows = 0;
            GPU_UNROLL
            for (uint32_t m = 0; m < M; m++) {
                gpu_fold(s0[m], q.p);
                gpu_fold(s1[m], q.p);
            }
        }
    }
    const bool adds = o.add_parts > 0 && o.add.slot[limb] != GPU_ABSENT;
    const uint32_t c = gpu_to_mont(o.add_mult.at[limb], q);
    GPU_UNROLL
    for (uint32_t m = 0; m < M; m++) {
        if (first + m >= o.acc.batch) return;
        GPU_UNROLL
        for (uint32_t part = 0; part < 2; part++) {
            uint32_t r[W], e[W];
            const bool add = adds && part < o.add_parts;
            if (add) gpu_load(e, row_of(o.add, first + m, part, limb), at.column);
            GPU_UNROLL
            for (uint32_t w = 0; w < W; w++) { // two terms below 2p
                r[w] = gpu_finish_lazy(part ? s1[m][w] : s0[m][w], q.p, q.pinv);
                if (add) r[w] += sable_mont_lazy((uint64_t)e[w] * c, q.p, q.pinv);
                r[w] = sable_canon2(r[w], q.p);
            }
            gpu_store(gpu_limb(o.acc, first + m, part, limb), at.column, r);
        }
    }
}

uint32_t divide_up(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

template <uint32_t W, uint32_t G>
cudaError_t launch_combine(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const gpu_view *in,
                           const uint32_t *c) {
    const uint32_t chunks = divide_up(out->batch, G);
    const dim3 grid((out->parts << gpu_blocks_log<W, GPU_SUM_LOG>(ring->log_n)) * chunks, out->limbs);
    return gpu_launch(stream, grid, GPU_SUM_BLOCK, 0, combine_kernel<W, G>, *ring, *out, *in, c, chunks);
}

template <uint32_t W, uint32_t M>
cudaError_t launch_inner(cudaStream_t stream, const gpu_ring *ring, const gpu_inner *inner) {
    const uint32_t chunks = divide_up(inner->acc.batch, M);
    const dim3 grid(chunks << gpu_blocks_log<W, GPU_SUM_LOG>(ring->log_n), inner->acc.limbs);
    return gpu_launch(stream, grid, GPU_SUM_BLOCK, 0, inner_kernel<W, M>, *ring, *inner, chunks);
}

} // namespace

extern "C" cudaError_t gpu_launch_tensor(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                         const gpu_view *a, size_t a_term_stride, const gpu_view *b,
                                         size_t b_term_stride, uint32_t terms) {
    const dim3 grid(out->batch << gpu_blocks_log<4, GPU_BLOCK_LOG>(ring->log_n), out->limbs);
    return gpu_launch(stream, grid, GPU_BLOCK, 0, tensor_kernel, *ring, *out, *a, a_term_stride, *b, b_term_stride,
                      terms);
}

extern "C" cudaError_t gpu_launch_combine(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                          const gpu_view *in, const uint32_t *c) {
    const uint32_t chunks = divide_up(out->batch, 12), each = divide_up(out->batch, chunks);
    if (each == 1) return launch_combine<4, 1>(stream, ring, out, in, c);
    if (each == 2) return launch_combine<4, 2>(stream, ring, out, in, c);
    if (each <= 4) return launch_combine<4, 4>(stream, ring, out, in, c);
    if (each <= 8) return launch_combine<2, 8>(stream, ring, out, in, c);
    return launch_combine<2, 12>(stream, ring, out, in, c);
}

extern "C" cudaError_t gpu_launch_key_inner(cudaStream_t stream, const gpu_ring *ring, const gpu_inner *inner) {
    const bool own_keys = inner->key.batch_stride != 0;
    if (inner->acc.batch == 1 || own_keys) return launch_inner<4, 1>(stream, ring, inner);
    if (inner->acc.batch == 2) return launch_inner<4, 2>(stream, ring, inner);
    return launch_inner<2, 4>(stream, ring, inner);
}

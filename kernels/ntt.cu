// SPDX-License-Identifier: Apache-2.0
// Number-theoretic transforms of all limbs of a view, in place or from one view to another.
//
//   N >= 2^10: two kernels, down the columns and along the rows of the N/256 x 256 matrix (ntt_tables.h). Blocks of 256 threads,
//              4096 words, 17 KiB of shared memory; a launch takes as many limbs as the second-level cache keeps between the two.
//   N <  2^10: one block a limb, radix 2; such rings are for tests.
//
// Words between the two kernels are below 4p (forward) or 2p (inverse), what leaves is canonical. Blocks of one limb's tables
// follow each other, so that tables stay in the caches. A word, N = 2^16:
//
//                     bytes      tables    multiplications (high or wide)    registers
//   forward_columns   4 in, 4 out   0.03   12 (4)                            63
//   forward_rows      4 in, 4 out   0.75   14.6 (6.7)                        64
//   inverse_rows      4 in, 4 out   0.75   15.6 (7.3)                        54
//     of a product    8 in, 4 out   0.75   18.1 (9.6)                        52
//   inverse_columns   4 in, 4 out   0.03   12 (4)                            64
//
// A butterfly is 6 instructions, of which 3 multiply. The powers of a run's g are 2.6 of the 14.6 multiplications; a table of all N
// of them would save these and read 3.75 bytes a word more, which costs more wherever a cache or memory is what binds.
#include "kernels/ntt.h"

#include "kernels/ntt_columns.h"
#include "kernels/ntt_rows.h"
#include "kernels/tune.h"

namespace {

// Which polynomial and tile a block has: polynomials of one tile are neighbours.
struct Place {
    uint32_t tile, member, part, limb;
};
__device__ __forceinline__ Place place_of(const gpu_view &v, uint32_t first_limb) {
    const uint32_t polys = v.parts * v.batch, tile = blockIdx.x / polys, poly = blockIdx.x - tile * polys;
    return {tile, poly / v.parts, poly % v.parts, first_limb + blockIdx.y};
}

template <uint32_t LOG_R>
using Columns = gpu_column_tile<LOG_R, (LOG_R <= 4 ? 256u : 4096u >> LOG_R)>;

template <uint32_t LOG_R>
__global__ void __launch_bounds__(256, 4)
    forward_columns(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view v, const uint32_t first_limb) {
    GPU_SHARED(uint32_t, shared, Columns<LOG_R>::shared_words);
    const Place at = place_of(v, first_limb);
    const Columns<LOG_R> c(threadIdx.x);
    const uint32_t pos = v.pos[at.limb];
    uint32_t *words = gpu_limb(v, at.member, at.part, at.limb) + at.tile * (256 / Columns<LOG_R>::tiles);
    uint32_t a[16];
    c.template load<GPU_FIRST>(a, words);
    c.forward(a, shared, ring.tables + pos * ring.table_words, ring.prime[pos].p);
    c.template store<GPU_LAST>(words, a);
}

template <uint32_t LOG_R>
__global__ void __launch_bounds__(256, 4) inverse_columns(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view v,
                                                          GPU_PARAM gpu_ntt_layout layout, const uint32_t first_limb) {
    GPU_SHARED(uint32_t, shared, Columns<LOG_R>::shared_words);
    const Place at = place_of(v, first_limb);
    const Columns<LOG_R> c(threadIdx.x);
    const uint32_t pos = v.pos[at.limb], p = ring.prime[pos].p;
    uint32_t *words = gpu_limb(v, at.member, at.part, at.limb) + at.tile * (256 / Columns<LOG_R>::tiles);
    uint32_t a[16];
    c.template load<GPU_LAST>(a, words);
    c.inverse(a, shared, ring.tables + pos * ring.table_words + layout.inverse, p);
    GPU_UNROLL
    for (uint32_t k = 0; k < 16; k++) a[k] = sable_canon1(a[k], p);
    c.template store<GPU_FIRST>(words, a);
}

// 16 rows a block, or all where there are fewer.
constexpr uint32_t block_rows = 16;

// SOME: only limbs of the set.
template <bool SOME>
__global__ void __launch_bounds__(256)
    forward_rows(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view v, GPU_PARAM gpu_ntt_layout layout,
                 GPU_PARAM gpu_limb_set set, const uint32_t first_limb) {
    GPU_SHARED(uint4, shared, block_rows * GPU_ROW_SHARED / 4);
    const Place at = place_of(v, first_limb);
    if (SOME && !(set.bits[at.part][at.limb / 32] >> at.limb % 32 & 1)) return;
    const uint32_t t = threadIdx.x % 16, local = threadIdx.x / 16, row = at.tile * (blockDim.x / 16) + local;
    const uint32_t pos = v.pos[at.limb];
    const sable_prime q = ring.prime[pos];
    const uint32_t *direction = ring.tables + pos * ring.table_words;
    const gpu_row_tables tables = gpu_row_tables_of(direction, layout, row, t);
    uint32_t *words = gpu_limb(v, at.member, at.part, at.limb) + row * 256;
    uint4 *mine = shared + local * (GPU_ROW_SHARED / 4);
    uint32_t a[16], f[16];
    gpu_row_load(a, words, t);
    gpu_powers<false>(f, 0, tables.run, q);
    gpu_forward_row<false>(a, (uint32_t *)mine, tables, f, t, q);
    uint4 *const to = (uint4 *)words + t;
    GPU_UNROLL
    for (uint32_t i = 0; i < 4; i++) to[16 * i] = mine[gpu_row_group(t, i)];
}

// x * y * 2^-32 word by word, below 2p; words are canonical.
__device__ __forceinline__ uint4 product_lazy(uint4 x, uint4 y, const sable_prime &q) {
    return make_uint4(
        sable_mont_lazy((uint64_t)x.x * y.x, q.p, q.pinv), sable_mont_lazy((uint64_t)x.y * y.y, q.p, q.pinv),
        sable_mont_lazy((uint64_t)x.z * y.z, q.p, q.pinv), sable_mont_lazy((uint64_t)x.w * y.w, q.p, q.pinv));
}

// PRODUCT: of in * other; otherwise of in.
template <bool PRODUCT>
__global__ void __launch_bounds__(256)
    inverse_rows(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view in, GPU_PARAM gpu_view other,
                 GPU_PARAM gpu_ntt_layout layout, GPU_PARAM gpu_words factor, const uint32_t first_limb) {
    GPU_SHARED(uint4, shared, block_rows * GPU_ROW_SHARED / 4);
    const Place at = place_of(out, first_limb);
    const uint32_t t = threadIdx.x % 16, local = threadIdx.x / 16, row = at.tile * (blockDim.x / 16) + local;
    const uint32_t pos = out.pos[at.limb];
    const sable_prime q = ring.prime[pos];
    const uint32_t *direction = ring.tables + pos * ring.table_words + layout.inverse;
    const gpu_row_tables tables = gpu_row_tables_of(direction, layout, row, t);
    const uint4 *const from = (const uint4 *)(gpu_limb(in, at.member, at.part, at.limb) + row * 256) + t;
    uint32_t *to = gpu_limb(out, at.member, at.part, at.limb) + row * 256;
    uint4 *mine = shared + local * (GPU_ROW_SHARED / 4);
    uint32_t c = gpu_mont(factor.at[at.limb], direction[layout.roots], q);
    if (PRODUCT) {
        const uint4 *const times = (const uint4 *)(gpu_limb(other, at.member, at.part, at.limb) + row * 256) + t;
        GPU_UNROLL
        for (uint32_t i = 0; i < 4; i++) mine[gpu_row_group(t, i)] = product_lazy(from[16 * i], times[16 * i], q);
        c = gpu_mont(c, q.r2, q); // 2^32 that the products lack
    } else {
        GPU_UNROLL
        for (uint32_t i = 0; i < 4; i++) mine[gpu_row_group(t, i)] = from[16 * i];
    }
    __syncwarp();
    uint32_t a[16], f[16];
    gpu_powers<true>(f, c, tables.run, q);
    gpu_inverse_row(a, (uint32_t *)mine, tables, f, t, q);
    gpu_row_store(to, a, t);
}

// A limb of N words by N/2 threads, one butterfly a thread and level.
constexpr uint32_t small_words = 1u << (GPU_NTT_TWO_STEPS - 1);

__global__ void forward_small(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view v) {
    GPU_SHARED(uint32_t, a, small_words);
    const Place at = place_of(v, 0);
    const uint32_t pos = v.pos[at.limb], thread = threadIdx.x, threads = ring.n / 2;
    const sable_prime q = ring.prime[pos];
    const gpu_modulus modulus = {q.p, 2 * q.p, 0 - 2 * q.p};
    const uint32_t *tree = ring.tables + pos * ring.table_words;
    uint32_t *words = gpu_limb(v, at.member, at.part, at.limb);
    for (uint32_t j = thread; j < ring.n; j += threads) a[j] = words[j];
    for (uint32_t m = 1; m < ring.n; m *= 2) {
        const uint32_t half = threads / m, i = thread / half, x = thread + i * half;
        __syncthreads();
        gpu_forward_pair(a[x], a[x + half], tree[2 * (m + i)], tree[2 * (m + i) + 1], modulus);
    }
    __syncthreads();
    for (uint32_t j = thread; j < ring.n; j += threads) words[j] = sable_canon2(a[j], q.p);
}

__global__ void inverse_small(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view in,
                              GPU_PARAM gpu_ntt_layout layout, GPU_PARAM gpu_words factor) {
    GPU_SHARED(uint32_t, a, small_words);
    const Place at = place_of(out, 0);
    const uint32_t pos = out.pos[at.limb], thread = threadIdx.x, threads = ring.n / 2;
    const sable_prime q = ring.prime[pos];
    const gpu_modulus modulus = {q.p, 2 * q.p, 0 - 2 * q.p};
    const uint32_t *tree = ring.tables + pos * ring.table_words + layout.inverse;
    const uint32_t *from = gpu_limb(in, at.member, at.part, at.limb);
    uint32_t *to = gpu_limb(out, at.member, at.part, at.limb);
    for (uint32_t j = thread; j < ring.n; j += threads) a[j] = from[j];
    for (uint32_t m = threads; m; m /= 2) {
        const uint32_t half = threads / m, i = thread / half, x = thread + i * half;
        __syncthreads();
        gpu_inverse_pair(a[x], a[x + half], tree[2 * (m + i)], tree[2 * (m + i) + 1], modulus);
    }
    __syncthreads();
    const uint32_t c = gpu_mont(factor.at[at.limb], tree[0], q);
    for (uint32_t j = thread; j < ring.n; j += threads) to[j] = gpu_mont(a[j], c, q);
}

struct Round {
    cudaStream_t stream;
    const gpu_ring *ring;
    gpu_ntt_layout layout;
    uint32_t polys, first, limbs;
};

template <uint32_t LOG_R>
cudaError_t launch_columns(const Round &r, const gpu_view *v, bool inverse) {
    const dim3 grid(Columns<LOG_R>::tiles * r.polys, r.limbs);
    return inverse
               ? gpu_launch(r.stream, grid, Columns<LOG_R>::threads, 0, inverse_columns<LOG_R>, *r.ring, *v, r.layout,
                            r.first)
               : gpu_launch(r.stream, grid, Columns<LOG_R>::threads, 0, forward_columns<LOG_R>, *r.ring, *v, r.first);
}

cudaError_t columns(const Round &r, const gpu_view *v, bool inverse) {
    cudaError_t (*const of_log_rows[])(const Round &, const gpu_view *, bool) = {
        launch_columns<2>, launch_columns<3>, launch_columns<4>, launch_columns<5>,
        launch_columns<6>, launch_columns<7>, launch_columns<8>, launch_columns<9>};
    return of_log_rows[r.layout.log_rows - 2](r, v, inverse);
}

// What an inverse transform is of: in, or in * other.
struct Inverse {
    const gpu_view *in, *other;
    const gpu_words *factor;
};

cudaError_t inverse_rows_of(const Round &r, const gpu_view *out, const Inverse &of) {
    const uint32_t all = 1u << r.layout.log_rows, local = all < block_rows ? all : block_rows;
    const gpu_view nothing = {};
    return gpu_launch(r.stream, dim3(all / local * r.polys, r.limbs), 16 * local, 0,
                      of.other ? &inverse_rows<true> : &inverse_rows<false>, *r.ring, *out, *of.in,
                      of.other ? *of.other : nothing, r.layout, *of.factor, r.first);
}

cudaError_t forward_rows_of(const Round &r, const gpu_view *x, const gpu_limb_set *set) {
    const uint32_t all = 1u << r.layout.log_rows, local = all < block_rows ? all : block_rows;
    const gpu_limb_set everything = {};
    auto *const kernel = set ? &forward_rows<true> : &forward_rows<false>;
    return gpu_launch(r.stream, dim3(all / local * r.polys, r.limbs), 16 * local, 0, kernel, *r.ring, *x, r.layout,
                      set ? *set : everything, r.first);
}

// Both kernels on so many limbs at a time that the words are still in the second-level cache for the second one.
cudaError_t transform(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out, const Inverse *of) {
    Round r = {stream, ring, gpu_ntt_layout_of(ring->log_n), out->parts * out->batch, 0, 0};
    const size_t limb_bytes = (size_t)r.polys * ring->n * sizeof(uint32_t);
    const uint32_t most = limb_bytes < GPU_NTT_ROUND_BYTES ? (uint32_t)(GPU_NTT_ROUND_BYTES / limb_bytes) : 1;
    cudaError_t error = cudaSuccess;
    for (; r.first < out->limbs && error == cudaSuccess; r.first += r.limbs) {
        r.limbs = out->limbs - r.first < most ? out->limbs - r.first : most;
        error = of ? inverse_rows_of(r, out, *of) : columns(r, out, false);
        if (error == cudaSuccess) error = of ? columns(r, out, true) : forward_rows_of(r, out, NULL);
    }
    return error;
}

} // namespace

extern "C" cudaError_t gpu_launch_ntt_forward(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x) {
    if (ring->log_n >= GPU_NTT_TWO_STEPS) return transform(stream, ring, x, NULL);
    return gpu_launch(stream, dim3(x->parts * x->batch, x->limbs), ring->n / 2, 0, forward_small, *ring, *x);
}

extern "C" cudaError_t gpu_launch_ntt_inverse(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                              const gpu_view *in, const gpu_words *factor) {
    const Inverse of = {in, NULL, factor};
    if (ring->log_n >= GPU_NTT_TWO_STEPS) return transform(stream, ring, out, &of);
    return gpu_launch(stream, dim3(out->parts * out->batch, out->limbs), ring->n / 2, 0, inverse_small, *ring, *out,
                      *in, gpu_ntt_layout_of(ring->log_n), *factor);
}

extern "C" cudaError_t gpu_launch_ntt_inverse_product(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                                      const gpu_view *a, const gpu_view *b, const gpu_words *factor) {
    const Inverse of = {a, b, factor};
    return transform(stream, ring, out, &of);
}

static Round whole(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x) {
    return {stream, ring, gpu_ntt_layout_of(ring->log_n), x->parts * x->batch, 0, x->limbs};
}

extern "C" cudaError_t gpu_launch_ntt_columns(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x) {
    return columns(whole(stream, ring, x), x, false);
}

extern "C" cudaError_t gpu_launch_ntt_inverse_columns(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x) {
    return columns(whole(stream, ring, x), x, true);
}

extern "C" cudaError_t gpu_launch_ntt_rows(cudaStream_t stream, const gpu_ring *ring, const gpu_view *x,
                                           const gpu_limb_set *set) {
    return forward_rows_of(whole(stream, ring, x), x, set);
}

// SPDX-License-Identifier: Apache-2.0
// Base conversion joined with the columns' half of the transforms of its results, which reach memory once.
//
// A block has a tile of whole columns, 2048 words (1024 if N = 2^10), and a run of destinations. A thread keeps four
// neighbouring words of up to 16 sources in registers, 64 of them, and makes those words of four destinations; they change
// hands in shared memory, and each quarter of the block takes one destination down the columns, 16 words a thread.
//
//   threads:       512 of 128 registers: one block a multiprocessor
//   shared memory: four tiles, 34 KiB, and 80 bytes of constants a destination of the run
//   bytes:         4 a word of y and run of destinations (32-byte pieces if N = 2^16), 4 a result
//   multiplies:    S + 3 a result of the conversion from S sources, S a multiple of 4, and 1.5 log2(N/256) of the transform
#include "kernels/convert.h"
#include "kernels/keyswitch.h"
#include "kernels/ntt_columns.h"
#include "kernels/tune.h"
#include "kernels/words.h"

namespace {

constexpr uint32_t most_sources = GPU_BEGIN_SOURCES;
static_assert(most_sources % 4 == 0 && most_sources <= GPU_FOLD_FIRST, "sums would need a fold");

template <uint32_t LOG_R>
struct Shape {
    static constexpr uint32_t width = LOG_R <= 3 ? 256 : 2048u >> LOG_R;
    typedef gpu_column_tile<LOG_R, width> Tile;
    static constexpr uint32_t threads = 4 * Tile::threads;
    static constexpr uint32_t tile_words = (Tile::rows + Tile::rows / 16) * width;
};

// Four words of destination `target`, below 2p; quotients: v of each, at most the number of sources, in a byte.
__device__ __forceinline__ void convert(uint32_t (&r)[4], const uint32_t (&x)[most_sources][4], uint32_t quotients,
                                        uint32_t sources, const gpu_target &target, const uint4 *factors) {
    uint64_t acc[4];
    GPU_UNROLL
    for (uint32_t w = 0; w < 4; w++) acc[w] = (uint64_t)(quotients >> 8 * w & 255) * target.neg_d;
    GPU_UNROLL
    for (uint32_t i = 0; i < most_sources; i += 4) {
        if (i < sources) {
            const uint4 m = factors[i / 4];
            gpu_multiply_add(acc, x[i], m.x);
            gpu_multiply_add(acc, x[i + 1], m.y);
            gpu_multiply_add(acc, x[i + 2], m.z);
            gpu_multiply_add(acc, x[i + 3], m.w);
        }
    }
    GPU_UNROLL
    for (uint32_t w = 0; w < 4; w++) r[w] = gpu_finish_lazy(acc[w], target.p, target.pinv);
}

// Sources first to first + 3 and their shares of the quotients. Beyond the basis any words do: their constants are 0.
__device__ __forceinline__ void load_sources(uint32_t (&x)[most_sources][4], uint64_t (&sum)[4], uint32_t first,
                                             const gpu_ring &ring, const gpu_basis &basis, const gpu_rows &rows,
                                             const uint32_t *y) {
    GPU_UNROLL
    for (uint32_t i = first; i < first + 4; i++) {
        const uint32_t source = i < basis.src_count ? i : 0;
        gpu_load(x[i], y + rows.slot[basis.src[source]] * rows.limb_stride, 0);
    }
    GPU_UNROLL
    for (uint32_t i = first; i < first + 4; i++) {
        const gpu_source s = gpu_source_of(ring, basis, i);
        GPU_UNROLL
        for (uint32_t w = 0; w < 4; w++) sum[w] += gpu_quotient(x[i][w], s);
    }
}

template <uint32_t LOG_R>
__global__ void __launch_bounds__(Shape<LOG_R>::threads, 1)
    begin_columns(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_begin in, const uint32_t run, const uint32_t runs) {
    typedef typename Shape<LOG_R>::Tile Tile;
    constexpr uint32_t width = Shape<LOG_R>::width, tile_words = Shape<LOG_R>::tile_words;
    GPU_SHARED_DYNAMIC(uint4, shared);
    gpu_target *const targets = (gpu_target *)(shared + tile_words);
    uint4 *const factors = shared + tile_words + run; // [destination of the run][most_sources / 4]

    const uint32_t tile = blockIdx.x % Tile::tiles, rest = blockIdx.x / Tile::tiles, member = rest / runs;
    const uint32_t first = (rest - member * runs) * run, part = blockIdx.y;
    const gpu_basis &basis = in.basis[in.bases > 1 ? part : 0];
    if (first >= basis.dst_count) return;
    const uint32_t count = sable_min32(run, basis.dst_count - first), sources = basis.src_count;
    for (uint32_t k = threadIdx.x; k < count; k += Shape<LOG_R>::threads)
        targets[k] = gpu_target_of(ring, basis, first + k);
    for (uint32_t k = threadIdx.x; k < count * most_sources; k += Shape<LOG_R>::threads)
        ((uint32_t *)factors)[k] = gpu_factor_of(ring, basis, first + k / most_sources, k % most_sources);

    const uint32_t row = threadIdx.x / (width / 4), column = threadIdx.x % (width / 4) * 4;
    uint4 *const mine_in = shared + ((row + row / 16) * width + column) / 4;
    const uint32_t *const y = in.y.data + member * in.y.batch_stride + (in.y_parts > 1 ? part : 0) * in.y.part_stride +
                              row * 256 + tile * width + column;
    uint32_t x[most_sources][4];
    uint64_t sum[4] = {1ull << 31, 1ull << 31, 1ull << 31, 1ull << 31};
    GPU_UNROLL
    for (uint32_t i = 0; i < most_sources; i += 4)
        if (i < sources) load_sources(x, sum, i, ring, basis, in.y, y);
    const uint32_t quotients = (uint32_t)(sum[0] >> 32) | (uint32_t)(sum[1] >> 32) << 8 |
                               (uint32_t)(sum[2] >> 32) << 16 | (uint32_t)(sum[3] >> 32) << 24;

    const uint32_t quarter = threadIdx.x / Tile::threads;
    const Tile c(threadIdx.x % Tile::threads);
    uint32_t *const mine = (uint32_t *)shared + quarter * tile_words;
    GPU_NO_UNROLL
    for (uint32_t base = 0; base < count; base += 4) {
        __syncthreads(); // constants are there, and the last tiles have been read
        GPU_NO_UNROLL
        for (uint32_t g = 0; g < 4 && base + g < count; g++) {
            // Otherwise compilers for sm_120 keep 64-bit copies of the sources from one turn to the next, and spill.
            GPU_UNROLL
            for (uint32_t i = 0; i < 4 * most_sources; i++) GPU_OPAQUE(x[i / 4][i % 4]);
            uint32_t r[4];
            convert(r, x, quotients, sources, targets[base + g], factors + (base + g) * (most_sources / 4));
            mine_in[g * (tile_words / 4)] = make_uint4(r[0], r[1], r[2], r[3]);
        }
        __syncthreads();
        const bool valid = base + quarter < count; // barriers are for all
        const uint32_t d = valid ? base + quarter : base, pos = targets[d].pos;
        uint32_t a[16] = {};
        if (valid) c.template fetch<GPU_FIRST>(a, mine);
        c.forward(a, mine, ring.tables + pos * ring.table_words, targets[d].p);
        if (!valid) continue;
        uint32_t *const to = in.out.data + member * in.out.batch_stride + part * in.out.part_stride +
                             in.out.slot[pos] * in.out.limb_stride + tile * width;
        c.template store<GPU_LAST>(to, a);
    }
}

struct Launch {
    cudaStream_t stream;
    const gpu_ring *ring;
    const gpu_begin *begin;
    uint32_t most; // destinations of the part that has most
};

uint32_t divide_up(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

// Runs of destinations for which the blocks, one a multiprocessor at a time, end soonest; a block reads its sources at the
// cost of about four destinations.
uint32_t runs_of(uint32_t tiles, uint32_t destinations) {
    uint32_t best = 1;
    uint64_t least = UINT64_MAX;
    for (uint32_t runs = 1; runs <= divide_up(destinations, 4); runs++) {
        const uint64_t rounds = ((uint64_t)tiles * runs + GPU_BEGIN_FILL - 1) / GPU_BEGIN_FILL;
        const uint64_t cost = rounds * (divide_up(divide_up(destinations, runs), 4) + 1);
        if (cost < least) least = cost, best = runs;
    }
    return best;
}

template <uint32_t LOG_R>
cudaError_t launch(const Launch &l) {
    typedef Shape<LOG_R> S;
    const uint32_t tiles = S::Tile::tiles * l.begin->batch;
    const uint32_t run = divide_up(divide_up(l.most, runs_of(tiles * l.begin->parts, l.most)), 4) * 4;
    const uint32_t runs = divide_up(l.most, run);
    const size_t shared = S::tile_words * sizeof(uint4) + run * (sizeof(gpu_target) + most_sources * sizeof(uint32_t));
    return gpu_launch(l.stream, dim3(tiles * runs, l.begin->parts), S::threads, shared, begin_columns<LOG_R>, *l.ring,
                      *l.begin, run, runs);
}

} // namespace

extern "C" cudaError_t gpu_launch_begin(cudaStream_t stream, const gpu_ring *ring, const gpu_begin *begin) {
    Launch l = {stream, ring, begin, 0};
    for (uint32_t j = 0; j < begin->bases; j++)
        if (begin->basis[j].dst_count > l.most) l.most = begin->basis[j].dst_count;
    if (l.most == 0) return cudaSuccess;
    cudaError_t (*const of_log_rows[])(const Launch &) = {launch<2>, launch<3>, launch<4>, launch<5>,
                                                          launch<6>, launch<7>, launch<8>, launch<9>};
    return of_log_rows[ring->log_n - GPU_NTT_ROW_LOG - 2](l);
}

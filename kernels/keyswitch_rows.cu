// SPDX-License-Identifier: Apache-2.0
// The rows' half of transforms, joined with what uses the result, so that the result itself never reaches memory.
//
//   switch_rows  product with a key: the digits of a limb are transformed one after another and kept in shared memory; then
//                each group of four words is multiplied with the key's rows in 64-bit sums. The powers for the cyclic steps
//                are made once for all digits. A word of acc, D digits: 12 D bytes in (digit and two key words), 8 out; 12 D
//                + 3 multiplies of the transforms, 2 D + 4 of the product. Shared memory: 1088 bytes a row and digit. 64 registers.
//                Of a product of ciphertexts it reads the four parts, 16 bytes a word, and makes the three of the product on the way: 19
//                multiplies, 72 registers. Limbs that are divided away go through the rows' half of their inverse transform before
//                they are stored: 15.6 multiplies.
//   down_rows    end of a division: the factor of e rides on the cyclic step, x * x_mult is added in the order in which x
//                lies, and an automorphism, which takes rows to rows (galois.h), permutes the row on its way out, where it
//                meets what is added. 12 bytes a word, 16 with a sum, and 18.6 multiplies; 64 registers.
//
// 16 threads have a row, two rows a warp; no barrier of the block is needed.
#include "kernels/galois.h"
#include "kernels/grid.h"
#include "kernels/keyswitch.h"
#include "kernels/ntt_rows.h"
#include "kernels/tune.h"

namespace {

__device__ __forceinline__ bool has(const gpu_rows &v, uint32_t limb) { return v.slot[limb] != GPU_ABSENT; }
__device__ __forceinline__ uint32_t *row_of(const gpu_rows &v, uint32_t member, uint32_t part, uint32_t limb) {
    return v.data + member * v.batch_stride + part * v.part_stride + v.slot[limb] * v.limb_stride;
}

__device__ __forceinline__ void add_products(uint64_t (&sum)[4], uint4 x, uint4 y) {
    sum[0] += (uint64_t)x.x * y.x;
    sum[1] += (uint64_t)x.y * y.y;
    sum[2] += (uint64_t)x.z * y.z;
    sum[3] += (uint64_t)x.w * y.w;
}

// p*2^32 + p^2 < 2p*2^32: the upper half is below 2p.
__device__ __forceinline__ void fold_once(uint64_t (&sum)[4], uint32_t p) {
    GPU_UNROLL
    for (uint32_t w = 0; w < 4; w++)
        sum[w] = (uint64_t)sable_canon1((uint32_t)(sum[w] >> 32), p) << 32 | (uint32_t)sum[w];
}

// sum * 2^-32 + more, canonical; sum < p*2^32, more < 2p.
__device__ __forceinline__ uint32_t reduced(uint64_t sum, uint32_t more, const sable_prime &q) {
    return sable_canon2(sable_mont_lazy(sum, q.p, q.pinv) + more, q.p);
}

// Four products of canonical words fit below p*2^32, since 4p < 2^32; further ones fold.
constexpr uint32_t unfolded = 4;

__device__ __forceinline__ uint4 words_at(const gpu_rows &v, uint32_t member, uint32_t part, uint32_t limb,
                                          uint32_t at) {
    return ((const uint4 *)row_of(v, member, part, limb))[at];
}

// x * c * 2^-32 word by word, below 2p.
__device__ __forceinline__ uint4 times_lazy(uint4 x, uint32_t c, const sable_prime &q) {
    return make_uint4(sable_mont_lazy((uint64_t)x.x * c, q.p, q.pinv), sable_mont_lazy((uint64_t)x.y * c, q.p, q.pinv),
                      sable_mont_lazy((uint64_t)x.z * c, q.p, q.pinv), sable_mont_lazy((uint64_t)x.w * c, q.p, q.pinv));
}

// Sums of one or two products of canonical words, below 2p^2 < p*2^32, times 2^-32: below 2p.
__device__ __forceinline__ uint4 finished(const uint64_t (&sum)[4], const sable_prime &q) {
    return make_uint4(sable_mont_lazy(sum[0], q.p, q.pinv), sable_mont_lazy(sum[1], q.p, q.pinv),
                      sable_mont_lazy(sum[2], q.p, q.pinv), sable_mont_lazy(sum[3], q.p, q.pinv));
}

// Four words of a polynomial that is switched, canonical, and of what is added to the two results, below 2p.
struct Switched {
    uint4 own, add[2];
};

// Those of a product; add_mult in Montgomery form twice over, since the sums lack a factor of 2^32.
__device__ __forceinline__ Switched switched_product(const gpu_rows &a, const gpu_rows &b, uint32_t member,
                                                     uint32_t limb, uint32_t at, uint32_t add_mult,
                                                     const sable_prime &q) {
    const uint4 a0 = words_at(a, member, 0, limb, at), a1 = words_at(a, member, 1, limb, at),
                b0 = words_at(b, member, 0, limb, at), b1 = words_at(b, member, 1, limb, at);
    uint64_t d0[4] = {}, d1[4] = {}, d2[4] = {};
    add_products(d0, a0, b0);
    add_products(d1, a0, b1);
    add_products(d1, a1, b0);
    add_products(d2, a1, b1);
    const uint4 own = times_lazy(finished(d2, q), q.r2, q);
    return {make_uint4(sable_canon1(own.x, q.p), sable_canon1(own.y, q.p), sable_canon1(own.z, q.p),
                       sable_canon1(own.w, q.p)),
            {times_lazy(finished(d0, q), add_mult, q), times_lazy(finished(d1, q), add_mult, q)}};
}

// Two rows of shared memory, canonical, to the rows' half of their inverse transform times c, below 2p.
__device__ __forceinline__ void leave_rows(const gpu_view &acc, uint32_t member, uint32_t limb, uint32_t row,
                                           uint4 *rows, uint32_t stride, const gpu_row_tables &tables, uint32_t c,
                                           uint32_t t, const sable_prime &q) {
    uint32_t a[16], f[16];
    gpu_powers<true>(f, c, tables.run, q);
    GPU_NO_UNROLL
    for (uint32_t h = 0; h < 2; h++) {
        GPU_UNROLL
        for (uint32_t k = 0; k < 16; k++) GPU_OPAQUE(f[k]);
        gpu_inverse_row(a, (uint32_t *)(rows + h * stride), tables, f, t, q);
        gpu_row_store(gpu_limb(acc, member, h, limb) + row * 256, a, t);
    }
}

// PRODUCT: of two ciphertexts, whose products are made here, where each word of them is needed once.
template <bool PRODUCT>
__global__ void __launch_bounds__(GPU_SWITCH_ROWS * 16)
    switch_rows(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_switch operands, GPU_PARAM gpu_ntt_layout layout,
                const uint32_t first_limb, const uint32_t group) {
    GPU_SHARED_DYNAMIC(uint4, shared); // [digit of the group, at least two][row of the block]
    const gpu_inner &in = operands.inner;
    const uint32_t tile = blockIdx.x / in.acc.batch, member = blockIdx.x - tile * in.acc.batch;
    const uint32_t limb = first_limb + blockIdx.y, pos = in.acc.pos[limb];
    const uint32_t t = threadIdx.x % 16, local = threadIdx.x / 16, rows = blockDim.x / 16, row = tile * rows + local;
    const sable_prime q = ring.prime[pos];
    const uint32_t *const direction = ring.tables + pos * ring.table_words;
    const gpu_row_tables tables = gpu_row_tables_of(direction, layout, row, t);
    const uint32_t own_digit = pos < ring.q_count ? pos / in.alpha - in.first_block : GPU_ABSENT;
    const bool adds = PRODUCT ? has(in.own, limb) : in.add_parts && has(in.add, limb);
    uint32_t add_mult = adds ? gpu_mont(in.add_mult.at[limb], q.r2, q) : 0;
    if (PRODUCT) add_mult = gpu_mont(add_mult, q.r2, q);
    uint4 *const mine = shared + local * (GPU_ROW_SHARED / 4);
    const uint32_t stride = rows * (GPU_ROW_SHARED / 4); // of a digit
    uint32_t f[16];
    gpu_powers<false>(f, 0, tables.run, q);
    for (uint32_t base = 0; base < in.count; base += group) {
        const uint32_t count = in.count - base < group ? in.count - base : group;
        for (uint32_t j = 0; j < count; j++) {
            if (base + j == own_digit) continue;
            GPU_UNROLL
            for (uint32_t k = 1; k < 16; k++) GPU_OPAQUE(f[k]); // words, not 64-bit copies, live on
            const uint32_t *from = row_of(in.digits, member, base + j, limb) + row * 256;
            uint32_t a[16];
            gpu_row_load(a, from, t);
            gpu_forward_row<false>(a, (uint32_t *)(mine + j * stride), tables, f, t, q);
        }
        const uint32_t leave = base + count == in.count ? operands.leave.at[limb] : 0;
        GPU_NO_UNROLL
        for (uint32_t i = 0; i < 4; i++) {
            const uint32_t n = 16 * i + t, at = row * 64 + n;
            uint64_t sum[2][4] = {};
            Switched x = {};
            if (PRODUCT && adds) x = switched_product(in.own, operands.times, member, limb, at, add_mult, q);
            for (uint32_t j = 0; j < count; j++) {
                const uint4 d = base + j != own_digit ? mine[j * stride + gpu_row_group(t, i)]
                                : PRODUCT             ? x.own
                                                      : words_at(in.own, member, 0, limb, at);
                const uint4 *const key = (const uint4 *)row_of(in.key, member, 2 * (base + j), limb) + at;
                add_products(sum[0], d, __ldcs(key));
                add_products(sum[1], d, __ldcs((const uint4 *)((const uint32_t *)key + in.key.part_stride)));
                if (j >= unfolded) fold_once(sum[0], q.p), fold_once(sum[1], q.p);
            }
            GPU_UNROLL
            for (uint32_t h = 0; h < 2; h++) {
                uint4 *const to = (uint4 *)gpu_limb(in.acc, member, h, limb) + at;
                uint4 more = make_uint4(0, 0, 0, 0);
                if (base)
                    more = *to;
                else if (PRODUCT)
                    more = x.add[h];
                else if (adds && h < in.add_parts)
                    more = times_lazy(words_at(in.add, member, h, limb, at), add_mult, q);
                const uint4 r = make_uint4(reduced(sum[h][0], more.x, q), reduced(sum[h][1], more.y, q),
                                           reduced(sum[h][2], more.z, q), reduced(sum[h][3], more.w, q));
                if (leave)
                    mine[h * stride + gpu_row_group(t, i)] = r; // no other thread looks there, and this one has
                else
                    *to = r;
            }
        }
        __syncwarp(); // before the next group's digits take the place of these, or all of the row is looked at
        if (leave) {
            const uint32_t *const inverse = direction + layout.inverse;
            leave_rows(in.acc, member, limb, row, mine, stride, gpu_row_tables_of(inverse, layout, row, t),
                       gpu_mont(leave, inverse[layout.roots], q), t, q);
        }
    }
}

__device__ __forceinline__ uint4 times_plus(uint4 x, uint32_t mult, uint4 e, const sable_prime &q) {
    return make_uint4(reduced((uint64_t)x.x * mult, e.x, q), reduced((uint64_t)x.y * mult, e.y, q),
                      reduced((uint64_t)x.z * mult, e.z, q), reduced((uint64_t)x.w * mult, e.w, q));
}

// Four words of a limb's result, and what is added to them.
__device__ __forceinline__ void store_sum(const gpu_down &down, uint32_t member, uint32_t part, uint32_t limb,
                                          uint32_t column, uint4 r, uint32_t p) {
    if (has(down.add, limb)) {
        const uint4 more = ((const uint4 *)row_of(down.add, member, part, limb))[column];
        r = make_uint4(sable_add_mod(r.x, more.x, p), sable_add_mod(r.y, more.y, p), sable_add_mod(r.z, more.z, p),
                       sable_add_mod(r.w, more.w, p));
    }
    ((uint4 *)gpu_limb(down.out, member, part, limb))[column] = r;
}

// Row of `bits` bits to which an automorphism takes row b; inverse: galois^-1 modulo 2N. The rule of galois.h for blocks of
// a whole row.
__device__ __forceinline__ uint32_t target_row(uint32_t inverse, uint32_t bits, uint32_t b) {
    const uint32_t u = __brev(b) >> (32 - bits);
    return __brev(inverse * u + (inverse >> 1)) >> (32 - bits);
}

// MOVES: with an automorphism.
template <bool MOVES>
__global__ void __launch_bounds__(256, 4) down_rows(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_down down,
                                                    GPU_PARAM gpu_ntt_layout layout, const uint32_t inverse) {
    GPU_SHARED(uint4, shared, 16 * GPU_ROW_SHARED / 4);
    const uint32_t polys = down.out.parts * down.out.batch, tile = blockIdx.x / polys, poly = blockIdx.x - tile * polys;
    const uint32_t member = poly / down.out.parts, part = poly - member * down.out.parts, limb = blockIdx.y;
    const uint32_t t = threadIdx.x % 16, local = threadIdx.x / 16, row = tile * (blockDim.x / 16) + local;
    const uint32_t pos = down.out.pos[limb];
    const sable_prime q = ring.prime[pos];
    const uint32_t *direction = ring.tables + pos * ring.table_words;
    const gpu_row_tables tables = gpu_row_tables_of(direction, layout, row, t);
    const uint32_t *from = row_of(down.e, member, part, limb) + row * 256;
    uint4 *const mine = shared + local * (GPU_ROW_SHARED / 4);
    uint32_t a[16], f[16];
    gpu_row_load(a, from, t);
    const uint32_t minus = sable_neg_mod(gpu_mont(down.e_mult.at[limb], direction[layout.roots], q), q.p);
    gpu_powers<true>(f, minus, tables.run, q);
    gpu_forward_row<true>(a, (uint32_t *)mine, tables, f, t, q);
    const uint4 *const x = has(down.x, limb) ? (const uint4 *)row_of(down.x, member, part, limb) + row * 64 : NULL;
    const uint32_t x_mult = gpu_mont(down.x_mult.at[limb], q.r2, q);
    GPU_UNROLL
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t n = 16 * i + t;
        uint4 r = mine[gpu_row_group(t, i)];
        if (x) r = times_plus(x[n], x_mult, r, q);
        if (MOVES)
            mine[gpu_row_group(t, i)] = r;
        else
            store_sum(down, member, part, limb, row * 64 + n, r, q.p);
    }
    if (!MOVES) return;
    __syncwarp();
    const uint32_t to = target_row(inverse, layout.log_rows, row) * 64;
    GPU_UNROLL
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t n = 16 * i + t;
        const gpu_quad source = gpu_galois_source(down.galois, ring.log_n, to + n);
        const uint4 r =
            gpu_galois_words(down.galois, source.turn, mine[gpu_row_group(source.column % 16, source.column / 16 % 4)]);
        store_sum(down, member, part, limb, to + n, r, q.p);
    }
}

__global__ void __launch_bounds__(GPU_BLOCK) down_words(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_down down) {
    const gpu_place at = gpu_place_of(ring, down.out);
    if (!at.valid) return;
    const sable_prime q = ring.prime[down.out.pos[at.limb]];
    gpu_quad source = {at.column, 0};
    if (down.galois != 1) source = gpu_galois_source(down.galois, ring.log_n, at.column);
    const uint4 e = ((const uint4 *)row_of(down.e, at.member, at.part, at.limb))[source.column];
    uint4 r = make_uint4(0, 0, 0, 0);
    r = times_plus(e, sable_neg_mod(gpu_mont(down.e_mult.at[at.limb], q.r2, q), q.p), r, q);
    if (has(down.x, at.limb)) {
        const uint4 x = ((const uint4 *)row_of(down.x, at.member, at.part, at.limb))[source.column];
        r = times_plus(x, gpu_mont(down.x_mult.at[at.limb], q.r2, q), r, q);
    }
    if (down.galois != 1) r = gpu_galois_words(down.galois, source.turn, r);
    store_sum(down, at.member, at.part, at.limb, at.column, r, q.p);
}

// g^-1 modulo 2^32, and so modulo 2N, for odd g: each step doubles the correct low bits, from 3 on.
uint32_t inverse_of(uint32_t g) {
    uint32_t x = g;
    for (int i = 0; i < 4; i++) x *= 2 - g * x;
    return x;
}

uint32_t less(uint32_t a, uint32_t b) { return a < b ? a : b; }

} // namespace

extern "C" cudaError_t gpu_launch_switch_rows(cudaStream_t stream, const gpu_ring *ring, const gpu_switch *operands,
                                              uint32_t first, uint32_t limbs) {
    const gpu_inner *const inner = &operands->inner;
    const gpu_ntt_layout layout = gpu_ntt_layout_of(ring->log_n);
    const uint32_t halves = inner->count > GPU_SWITCH_DIGITS ? 2 : 1,
                   group = less(inner->count, halves * GPU_SWITCH_DIGITS);
    const uint32_t rows = less(GPU_SWITCH_ROWS / halves, 1u << layout.log_rows);
    const dim3 grid((1u << layout.log_rows) / rows * inner->acc.batch, limbs);
    const size_t shared = (size_t)(group < 2 ? 2 : group) * rows * GPU_ROW_SHARED * sizeof(uint32_t);
    return gpu_launch(stream, grid, rows * 16, shared, operands->times.data ? switch_rows<true> : switch_rows<false>,
                      *ring, *operands, layout, first, group);
}

extern "C" cudaError_t gpu_launch_down_rows(cudaStream_t stream, const gpu_ring *ring, const gpu_down *down) {
    const gpu_ntt_layout layout = gpu_ntt_layout_of(ring->log_n);
    const uint32_t rows = less(16, 1u << layout.log_rows);
    const dim3 grid((1u << layout.log_rows) / rows * down->out.parts * down->out.batch, down->out.limbs);
    return gpu_launch(stream, grid, rows * 16, 0, down->galois == 1 ? down_rows<false> : down_rows<true>, *ring, *down,
                      layout, inverse_of(down->galois));
}

extern "C" cudaError_t gpu_launch_down_words(cudaStream_t stream, const gpu_ring *ring, const gpu_down *down) {
    return gpu_launch(stream, gpu_grid_of(ring, &down->out), GPU_BLOCK, 0, down_words, *ring, *down);
}

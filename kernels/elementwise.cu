// SPDX-License-Identifier: Apache-2.0
// Word-by-word functions. A thread owns four neighbouring words of one limb: 16-byte loads and stores, N >= 16.
// Bound by memory: 12 bytes a word of a sum or product, 16 of a multiply-accumulate, 8 of the functions with one operand.
#include "kernels/elementwise.h"

#include "kernels/fold.h"
#include "kernels/grid.h"

namespace {

template <gpu_binary op>
__device__ __forceinline__ uint32_t apply(uint32_t out, uint32_t a, uint32_t b, const sable_prime &q) {
    if (op == GPU_ADD) return sable_add_mod(a, b, q.p);
    if (op == GPU_SUB) return sable_sub_mod(a, b, q.p);
    const uint32_t t = sable_mont_lazy((uint64_t)a * b, q.p, q.pinv); // [0,2p): a*b < p^2 < p*2^32
    if (op == GPU_MUL_MONT) return sable_canon1(t, q.p);
    if (op == GPU_MUL_MONT_ADD) return sable_canon2(out + t, q.p);
    return gpu_to_mont(t, q);
}

template <gpu_binary op>
__global__ void binary_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view a,
                              GPU_PARAM gpu_view b) {
    const gpu_place at = gpu_place_of(ring, out);
    if (!at.valid) return;
    const sable_prime q = ring.prime[out.pos[at.limb]];
    const uint4 x = ((const uint4 *)gpu_limb(a, at.member, at.part, at.limb))[at.column];
    const uint4 y = ((const uint4 *)gpu_limb(b, at.member, at.part, at.limb))[at.column];
    uint4 *to = (uint4 *)gpu_limb(out, at.member, at.part, at.limb) + at.column;
    const uint4 r = op == GPU_MUL_MONT_ADD ? *to : x;
    *to = make_uint4(apply<op>(r.x, x.x, y.x, q), apply<op>(r.y, x.y, y.y, q), apply<op>(r.z, x.z, y.z, q),
                     apply<op>(r.w, x.w, y.w, q));
}

// c: for products the constant in Montgomery form.
template <gpu_unary op>
__device__ __forceinline__ uint32_t apply(uint32_t a, uint32_t c, const sable_prime &q) {
    if (op == GPU_NEGATE) return sable_sub_mod(0, a, q.p);
    if (op == GPU_ADD_CONST) return sable_add_mod(a, c, q.p);
    return sable_canon1(sable_mont_lazy((uint64_t)a * c, q.p, q.pinv), q.p);
}

// The words of a quad lie in one half of the limb: N/2 is a multiple of 4.
template <gpu_unary op>
__global__ void unary_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM gpu_view a,
                             GPU_PARAM gpu_words lo, GPU_PARAM gpu_words hi) {
    const gpu_place at = gpu_place_of(ring, out);
    if (!at.valid) return;
    const sable_prime q = ring.prime[out.pos[at.limb]];
    uint32_t c = at.column < ring.n / 8 ? lo.at[at.limb] : hi.at[at.limb];
    if (op == GPU_MUL_CONST) c = gpu_to_mont(c, q);
    const uint4 x = ((const uint4 *)gpu_limb(a, at.member, at.part, at.limb))[at.column];
    ((uint4 *)gpu_limb(out, at.member, at.part, at.limb))[at.column] =
        make_uint4(apply<op>(x.x, c, q), apply<op>(x.y, c, q), apply<op>(x.z, c, q), apply<op>(x.w, c, q));
}

} // namespace

extern "C" cudaError_t gpu_launch_binary(cudaStream_t stream, const gpu_ring *ring, gpu_binary op, const gpu_view *out,
                                         const gpu_view *a, const gpu_view *b) {
    void (*const kernels[])(const gpu_ring, const gpu_view, const gpu_view,
                            const gpu_view) = {binary_kernel<GPU_ADD>, binary_kernel<GPU_SUB>, binary_kernel<GPU_MUL>,
                                               binary_kernel<GPU_MUL_MONT>, binary_kernel<GPU_MUL_MONT_ADD>};
    return gpu_launch(stream, gpu_grid_of(ring, out), GPU_BLOCK, 0, kernels[op], *ring, *out, *a, *b);
}

extern "C" cudaError_t gpu_launch_unary(cudaStream_t stream, const gpu_ring *ring, gpu_unary op, const gpu_view *out,
                                        const gpu_view *a, const gpu_words *lo, const gpu_words *hi) {
    void (*const kernels[])(const gpu_ring, const gpu_view, const gpu_view, const gpu_words, const gpu_words) = {
        unary_kernel<GPU_NEGATE>, unary_kernel<GPU_MUL_CONST>, unary_kernel<GPU_ADD_CONST>};
    return gpu_launch(stream, gpu_grid_of(ring, out), GPU_BLOCK, 0, kernels[op], *ring, *out, *a, *lo, *hi);
}

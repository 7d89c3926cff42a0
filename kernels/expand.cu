// SPDX-License-Identifier: Apache-2.0
// Uniform residues from a seed. A block of threads owns GPU_BLOCK consecutive key-stream blocks (of 16 words) of one limb; a
// thread draws one key-stream block an attempt. What misses a word is listed in shared memory and drawn again by
// the first threads, so warps stay full: of the primes of A40 up to a fifth of the words miss, and nearly every warp
// would run three times or more for its unluckiest word.
//
// Bound by arithmetic: 80 quarter rounds of 12 operations (additions, exclusive ors, rotations) and 16 final additions are 61
// operations a word and attempt, against 4 bytes written. Shared memory: 1 KiB.
#include "kernels/expand.h"

#include "kernels/device.h"
#include "kernels/fold.h"
#include "kernels/tune.h"

namespace {

// Key-stream blocks of a limb are 2^(log_n - 4); blocks of threads of a limb 2^this.
__host__ __device__ __forceinline__ uint32_t chunks_log(uint32_t log_n) {
    return log_n > 4 + GPU_BLOCK_LOG ? log_n - 4 - GPU_BLOCK_LOG : 0;
}

__device__ __forceinline__ void quarter(uint32_t &a, uint32_t &b, uint32_t &c, uint32_t &d) {
    a += b, d ^= a, d = d << 16 | d >> 16;
    c += d, b ^= c, b = b << 12 | b >> 20;
    a += b, d ^= a, d = d << 8 | d >> 24;
    c += d, b ^= c, b = b << 7 | b >> 25;
}

__device__ __forceinline__ uint32_t swap_bytes(uint32_t x) {
    return x << 24 | (x & 0xff00) << 8 | (x >> 8 & 0xff00) | x >> 24;
}

struct cipher {
    uint32_t state[16];
};

// The key stream of one block, in x.
__device__ __forceinline__ void chacha(uint32_t x[16], const cipher &c) {
    GPU_UNROLL
    for (int i = 0; i < 16; i++) x[i] = c.state[i];
    GPU_NO_UNROLL
    for (int round = 0; round < 10; round++) {
        quarter(x[0], x[4], x[8], x[12]);
        quarter(x[1], x[5], x[9], x[13]);
        quarter(x[2], x[6], x[10], x[14]);
        quarter(x[3], x[7], x[11], x[15]);
        quarter(x[0], x[5], x[10], x[15]);
        quarter(x[1], x[6], x[11], x[12]);
        quarter(x[2], x[7], x[8], x[13]);
        quarter(x[3], x[4], x[9], x[14]);
    }
    GPU_UNROLL
    for (int i = 0; i < 16; i++) x[i] += c.state[i];
}

// The word that stands: `before` unless it misses, else the candidate, in Montgomery form where that is asked for. What is
// not below the prime misses in either form, so no other mark is needed.
__device__ __forceinline__ uint32_t settle(uint32_t before, uint32_t word, uint32_t mask, const sable_prime &q,
                                           int montgomery, bool &missing) {
    if (before < q.p) return before;
    word &= mask;
    if (word >= q.p)
        missing = true;
    else if (montgomery)
        word = gpu_to_mont(word, q);
    return word;
}

__global__ void __launch_bounds__(GPU_BLOCK)
    expand_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_view out, GPU_PARAM sable_expansion from) {
    GPU_SHARED(uint16_t, list, 2 * GPU_BLOCK);
    GPU_SHARED(uint32_t, count, 3); // of the list that is read, the one that is written, and 0
    const uint32_t log = chunks_log(ring.log_n), poly = blockIdx.x >> log, limb = blockIdx.y;
    const uint32_t first = (blockIdx.x - (poly << log)) * GPU_BLOCK;
    const uint32_t member = poly / out.parts, part = poly - member * out.parts, pos = out.pos[limb];
    const sable_prime q = ring.prime[pos];
    const uint32_t mask = 0xffffffffu >> (32 - q.bits);
    uint4 *const row = (uint4 *)gpu_limb(out, member, part, limb);

    cipher c = {{0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u}};
    GPU_UNROLL
    for (int i = 0; i < 8; i++) c.state[4 + i] = ((const uint32_t *)from.key)[i];
    c.state[14] = swap_bytes(from.purpose << 24 | (from.first_digit + part) << 16 | pos);
    c.state[15] = swap_bytes(from.first_object + member);

    const uint32_t blocks = ring.n / 16 - first;
    list[threadIdx.x] = (uint16_t)threadIdx.x;
    if (threadIdx.x < 3) count[threadIdx.x] = threadIdx.x ? 0 : blocks < GPU_BLOCK ? blocks : GPU_BLOCK;
    __syncthreads();
    for (uint32_t attempt = 0, now = 0;; attempt++, now = now < 2 ? now + 1 : 0) {
        const uint32_t next = now < 2 ? now + 1 : 0, after = next < 2 ? next + 1 : 0;
        if (count[now] == 0) break;
        if (threadIdx.x < count[now]) {
            const uint32_t block = list[(attempt & 1) * GPU_BLOCK + threadIdx.x];
            uint4 *const to = row + 4 * (first + block);
            uint32_t x[16];
            bool missing = false;
            c.state[12] = first + block, c.state[13] = attempt;
            chacha(x, c);
            GPU_UNROLL
            for (int i = 0; i < 4; i++) {
                const uint4 before = attempt ? to[i] : make_uint4(~0u, ~0u, ~0u, ~0u);
                to[i] = make_uint4(settle(before.x, x[4 * i], mask, q, from.montgomery, missing),
                                   settle(before.y, x[4 * i + 1], mask, q, from.montgomery, missing),
                                   settle(before.z, x[4 * i + 2], mask, q, from.montgomery, missing),
                                   settle(before.w, x[4 * i + 3], mask, q, from.montgomery, missing));
            }
            if (missing) list[(~attempt & 1) * GPU_BLOCK + atomicAdd(&count[next], 1u)] = (uint16_t)block;
        }
        if (threadIdx.x == 0) count[after] = 0; // read before the last barrier, written after the next
        __syncthreads();
    }
}

} // namespace

extern "C" cudaError_t gpu_launch_expand(cudaStream_t stream, const gpu_ring *ring, const gpu_view *out,
                                         const sable_expansion *from) {
    const dim3 grid((out->parts * out->batch) << chunks_log(ring->log_n), out->limbs);
    return gpu_launch(stream, grid, GPU_BLOCK, 0, expand_kernel, *ring, *out, *from);
}

// SPDX-License-Identifier: Apache-2.0
// Residues to slot values, but for the transform in between, which is cuFFT's. The values of the polynomial at zeta^(4k+1),
// zeta = exp(i*pi/2n), n slots, are a transform of n points c_t + i c_{t+n} that are turned by zeta^t first (host/ckks/fft.h).
//
//   points  a thread makes one point: two mixed-radix conversions of `count` residues, count^2 modular products, digits in local
//           memory; 8 count bytes read and 16 written a point. Exact integers, sums in double-double as on the host.
//   slots   a thread moves one value; 5^j modulo 4n by squaring.
#include "kernels/decode.h"

#include <math.h>

#include "kernels/device.h"
#include "kernels/tune.h"

namespace {

// One thread an entry.
__global__ void __launch_bounds__(GPU_BLOCK)
    mixed_kernel(GPU_PARAM gpu_ring ring, GPU_PARAM gpu_mixed mixed, GPU_PARAM gpu_view y) {
    const uint32_t k = blockIdx.x * GPU_BLOCK + threadIdx.x, count = mixed.count, i = k / count, j = k - i * count;
    if (i >= count) return;
    const uint32_t p = ring.prime[y.pos[i]].p;
    uint32_t *const inverse = mixed.words + 2 * count, *const shoup = inverse + count * count;
    if (j == 0) {
        mixed.words[i] = p;
        mixed.words[count + i] = ((1u << 30) / p + 1) * p;
    }
    const uint32_t w = j < i ? sable_inv_mod(ring.prime[y.pos[j]].p % p, p) : 0;
    inverse[k] = w;
    shoup[k] = sable_shoup_of(w, p);
}

// The centred integer with these residues, times the unit. v = d_0 + d_1 p_0 + d_2 p_0 p_1 + ...; above (D-1)/2, whose digits are
// (p_i - 1)/2, it stands for v - D, and D - v = 1 + the number with the digits p_i - 1 - d_i.
__device__ double coefficient(const gpu_view &y, const gpu_mixed &mixed, uint32_t member, uint32_t at) {
    const uint32_t count = mixed.count;
    const uint32_t *const prime = mixed.words, *const inverse = prime + 2 * count,
                          *const shoup = inverse + count * count;
    uint32_t digit[GPU_MIXED_MOST];
    bool negative = false;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t p = prime[i], cover = prime[count + i], half = (p - 1) / 2;
        uint32_t d = gpu_limb(y, member, 0, i)[at];
        for (uint32_t j = 0; j < i; j++) { // d < 2p < 2^31, digit < 2^30 < cover < 2^31
            const uint32_t k = i * count + j;
            d = sable_shoup_lazy(d + (cover - digit[j]), inverse[k], shoup[k], p);
        }
        d = sable_canon1(d, p);
        digit[i] = d;
        negative = d > half || (d == half && negative);
    }
    double hi = 0, lo = 0;
    for (uint32_t i = count; i-- > 0;) {
        const uint32_t p = prime[i], v = negative ? p - 1 - digit[i] + (i == 0) : digit[i];
        const double q = (double)p, h = hi * q, e = fma(lo, q, fma(hi, q, -h));
        const double s = h + (double)v, t = s - h, rest = (h - (s - t)) + ((double)v - t) + e;
        hi = s + rest;
        lo = rest - (hi - s);
    }
    const double product = hi * mixed.unit_hi;
    const double rest = fma(hi, mixed.unit_hi, -product) + fma(lo, mixed.unit_hi, hi * mixed.unit_lo);
    return negative ? -(product + rest) : product + rest;
}

__global__ void __launch_bounds__(GPU_BLOCK)
    points_kernel(double *points, GPU_PARAM gpu_view y, GPU_PARAM gpu_mixed mixed, uint32_t slots, uint32_t gap,
                  uint32_t blocks) {
    const uint32_t member = blockIdx.x / blocks, t = (blockIdx.x - member * blocks) * GPU_BLOCK + threadIdx.x;
    if (t >= slots) return;
    const double re = coefficient(y, mixed, member, t * gap), im = coefficient(y, mixed, member, (t + slots) * gap);
    const double angle = 1.5707963267948966 * ((double)t / slots), c = cos(angle), s = sin(angle);
    double *const to = points + 2 * ((size_t)member * slots + t);
    to[0] = re * c - im * s;
    to[1] = re * s + im * c;
}

__global__ void __launch_bounds__(GPU_BLOCK)
    slots_kernel(double *values, const double *points, uint32_t slots, uint32_t blocks, uint32_t parts) {
    const uint32_t member = blockIdx.x / blocks, j = (blockIdx.x - member * blocks) * GPU_BLOCK + threadIdx.x;
    if (j >= slots) return;
    uint32_t power = 1, base = 5; // modulo 2^32, of which 4n is a divisor
    for (uint32_t e = j; e; e >>= 1, base *= base)
        if (e & 1) power *= base;
    const size_t first = (size_t)member * slots, from = first + ((power & (4 * slots - 1)) >> 2);
    for (uint32_t c = 0; c < parts; c++) values[(first + j) * parts + c] = points[2 * from + c];
}

uint32_t blocks_of(uint32_t threads) { return (threads + GPU_BLOCK - 1) / GPU_BLOCK; }

} // namespace

extern "C" cudaError_t gpu_launch_mixed(cudaStream_t stream, const gpu_ring *ring, const gpu_mixed *mixed,
                                        const gpu_view *y) {
    return gpu_launch(stream, dim3(blocks_of(mixed->count * mixed->count)), GPU_BLOCK, 0, mixed_kernel, *ring, *mixed,
                      *y);
}

extern "C" cudaError_t gpu_launch_points(cudaStream_t stream, const gpu_ring *ring, double *points, const gpu_view *y,
                                         const gpu_mixed *mixed, uint32_t slots) {
    return gpu_launch(stream, dim3(blocks_of(slots) * y->batch), GPU_BLOCK, 0, points_kernel, points, *y, *mixed, slots,
                      ring->n / (2 * slots), blocks_of(slots));
}

extern "C" cudaError_t gpu_launch_slots(cudaStream_t stream, double *values, const double *points, uint32_t slots,
                                        uint32_t members, uint32_t parts) {
    return gpu_launch(stream, dim3(blocks_of(slots) * members), GPU_BLOCK, 0, slots_kernel, values, points, slots,
                      blocks_of(slots), parts);
}

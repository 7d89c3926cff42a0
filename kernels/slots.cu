// SPDX-License-Identifier: Apache-2.0
// Residues to slot values and back, but for the transform in between, which is cuFFT's. The values of the polynomial at zeta^(4k+1),
// zeta = exp(i*pi/2n), n slots, are a transform of n points c_t + i c_{t+n} that are turned by zeta^t first (host/ckks/fft.h).
//
//   points  a thread makes one point: two mixed-radix conversions of `count` residues, count^2 modular products, digits in
//           shared memory, a column a thread; 8 count bytes read and 16 written a point. Exact integers, sums in double-double as on the host.
//   slots, spread   a thread moves one value; 5^j modulo 4n by squaring.
//   integers        a thread turns one point back and rounds two coefficients: 16 bytes read, 32 written.
#include "kernels/slots.h"

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

// The centred integer with these residues, times unit_hi + unit_lo. v = d_0 + d_1 p_0 + d_2 p_0 p_1 + ...; above (D-1)/2, whose digits are
// (p_i - 1)/2, it stands for v - D, and D - v = 1 + the number with the digits p_i - 1 - d_i. digit: the thread's column.
__device__ double coefficient(const gpu_view &y, const gpu_mixed &mixed, uint32_t member, uint32_t at, uint32_t *digit,
                              double unit_hi, double unit_lo) {
    const uint32_t count = mixed.count;
    const uint32_t *const prime = mixed.words, *const inverse = prime + 2 * count,
                          *const shoup = inverse + count * count;
    bool negative = false;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t p = prime[i], cover = prime[count + i], half = (p - 1) / 2;
        uint32_t d = gpu_limb(y, member, 0, i)[at];
        for (uint32_t j = 0; j < i; j++) { // d < 2p < 2^31, digit < 2^30 < cover < 2^31
            const uint32_t k = i * count + j;
            d = sable_shoup_lazy(d + (cover - digit[j * GPU_POINTS_BLOCK]), inverse[k], shoup[k], p);
        }
        d = sable_canon1(d, p);
        digit[i * GPU_POINTS_BLOCK] = d;
        negative = d > half || (d == half && negative);
    }
    double hi = 0, lo = 0;
    for (uint32_t i = count; i-- > 0;) {
        const uint32_t p = prime[i],
                       v = negative ? p - 1 - digit[i * GPU_POINTS_BLOCK] + (i == 0) : digit[i * GPU_POINTS_BLOCK];
        const double q = (double)p, h = hi * q, e = fma(lo, q, fma(hi, q, -h));
        const double s = h + (double)v, t = s - h, rest = (h - (s - t)) + ((double)v - t) + e;
        hi = s + rest;
        lo = rest - (hi - s);
    }
    const double product = hi * unit_hi;
    const double rest = fma(hi, unit_hi, -product) + fma(lo, unit_hi, hi * unit_lo);
    return negative ? -(product + rest) : product + rest;
}

// exp(i*pi*t / 2n), t < n.
__device__ __forceinline__ void turn_of(double *c, double *s, uint32_t t, uint32_t slots) {
    const double half = 0.5 * t / slots; // exact: slots is a power of two
    *c = cospi(half);
    *s = sinpi(half);
}

__global__ void __launch_bounds__(GPU_POINTS_BLOCK)
    points_kernel(double *points, GPU_PARAM gpu_view y, GPU_PARAM gpu_mixed mixed, uint32_t slots, uint32_t gap,
                  uint32_t blocks, double unit_hi, double unit_lo) {
    GPU_SHARED_DYNAMIC(uint32_t, digits);
    const uint32_t member = blockIdx.x / blocks, t = (blockIdx.x - member * blocks) * GPU_POINTS_BLOCK + threadIdx.x;
    if (t >= slots) return;
    uint32_t *const digit = digits + threadIdx.x;
    const double re = coefficient(y, mixed, member, t * gap, digit, unit_hi, unit_lo);
    const double im = coefficient(y, mixed, member, (t + slots) * gap, digit, unit_hi, unit_lo);
    double c, s;
    turn_of(&c, &s, t, slots);
    double *const to = points + 2 * ((size_t)member * slots + t);
    to[0] = re * c - im * s;
    to[1] = re * s + im * c;
}

// Where slot j is among the values of the transform.
__device__ __forceinline__ uint32_t place_of(uint32_t j, uint32_t slots) {
    uint32_t power = 1, base = 5; // modulo 2^32, of which 4n is a divisor
    for (uint32_t e = j; e; e >>= 1, base *= base)
        if (e & 1) power *= base;
    return (power & (4 * slots - 1)) >> 2;
}

__global__ void __launch_bounds__(GPU_BLOCK)
    slots_kernel(double *values, const double *points, uint32_t slots, uint32_t blocks, uint32_t parts) {
    const uint32_t member = blockIdx.x / blocks, j = (blockIdx.x - member * blocks) * GPU_BLOCK + threadIdx.x;
    if (j >= slots) return;
    const size_t first = (size_t)member * slots, from = first + place_of(j, slots);
    for (uint32_t c = 0; c < parts; c++) values[(first + j) * parts + c] = points[2 * from + c];
}

__global__ void __launch_bounds__(GPU_BLOCK)
    spread_kernel(double *points, const double *values, uint32_t slots, uint32_t blocks, uint32_t parts) {
    const uint32_t member = blockIdx.x / blocks, j = (blockIdx.x - member * blocks) * GPU_BLOCK + threadIdx.x;
    if (j >= slots) return;
    const size_t first = (size_t)member * slots, to = first + place_of(j, slots);
    points[2 * to] = values[(first + j) * parts];
    points[2 * to + 1] = parts == 2 ? values[(first + j) * parts + 1] : 0;
}

// hi + lo = the integer nearest to x * scale, the product in double-double.
__device__ __forceinline__ void round_scaled(double *hi, double *lo, double x, double scale_hi, double scale_lo) {
    const double p = x * scale_hi, e = fma(x, scale_lo, fma(x, scale_hi, -p)), sum = p + e, rest = e - (sum - p);
    const double whole = rint(sum);
    *hi = whole;
    *lo = rint((sum - whole) + rest);
}

__global__ void __launch_bounds__(GPU_BLOCK)
    integers_kernel(double *hi, double *lo, const double *points, uint32_t slots, uint32_t blocks, double scale_hi,
                    double scale_lo) {
    const uint32_t member = blockIdx.x / blocks, t = (blockIdx.x - member * blocks) * GPU_BLOCK + threadIdx.x;
    if (t >= slots) return;
    const double *const from = points + 2 * ((size_t)member * slots + t);
    const double re = from[0] / slots, im = from[1] / slots; // exact: slots is a power of two
    double c, s;
    turn_of(&c, &s, t, slots);
    const size_t to = 2 * (size_t)member * slots + t;
    round_scaled(hi + to, lo + to, re * c + im * s, scale_hi, scale_lo);
    round_scaled(hi + to + slots, lo + to + slots, im * c - re * s, scale_hi, scale_lo);
}

uint32_t blocks_of(uint32_t threads) { return (threads + GPU_BLOCK - 1) / GPU_BLOCK; }

} // namespace

extern "C" cudaError_t gpu_launch_mixed(cudaStream_t stream, const gpu_ring *ring, const gpu_mixed *mixed,
                                        const gpu_view *y) {
    return gpu_launch(stream, dim3(blocks_of(mixed->count * mixed->count)), GPU_BLOCK, 0, mixed_kernel, *ring, *mixed,
                      *y);
}

extern "C" cudaError_t gpu_launch_points(cudaStream_t stream, const gpu_ring *ring, double *points, const gpu_view *y,
                                         const gpu_mixed *mixed, uint32_t slots, double unit_hi, double unit_lo) {
    const uint32_t blocks = (slots + GPU_POINTS_BLOCK - 1) / GPU_POINTS_BLOCK;
    return gpu_launch(stream, dim3(blocks * y->batch), GPU_POINTS_BLOCK,
                      mixed->count * GPU_POINTS_BLOCK * sizeof(uint32_t), points_kernel, points, *y, *mixed, slots,
                      ring->n / (2 * slots), blocks, unit_hi, unit_lo);
}

extern "C" cudaError_t gpu_launch_slots(cudaStream_t stream, double *values, const double *points, uint32_t slots,
                                        uint32_t members, uint32_t parts) {
    return gpu_launch(stream, dim3(blocks_of(slots) * members), GPU_BLOCK, 0, slots_kernel, values, points, slots,
                      blocks_of(slots), parts);
}

extern "C" cudaError_t gpu_launch_spread(cudaStream_t stream, double *points, const double *values, uint32_t slots,
                                         uint32_t members, uint32_t parts) {
    return gpu_launch(stream, dim3(blocks_of(slots) * members), GPU_BLOCK, 0, spread_kernel, points, values, slots,
                      blocks_of(slots), parts);
}

extern "C" cudaError_t gpu_launch_integers(cudaStream_t stream, double *hi, double *lo, const double *points,
                                           uint32_t slots, uint32_t members, double scale_hi, double scale_lo) {
    return gpu_launch(stream, dim3(blocks_of(slots) * members), GPU_BLOCK, 0, integers_kernel, hi, lo, points, slots,
                      blocks_of(slots), scale_hi, scale_lo);
}

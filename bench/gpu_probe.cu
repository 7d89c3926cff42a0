// SPDX-License-Identifier: Apache-2.0
// What docs/GPU_MODEL.md has to know of a device and no data sheet says: copy bandwidth of memory and of the second-level cache, issue
// rates of the integer multiplications, butterflies in registers, cost of launches, graph nodes and stream-ordered
// allocations. Prints one JSON object. Medians of 15 runs; every run is a few milliseconds.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include <cuda_runtime.h>

#include "ring/word.h"

namespace {

void check(cudaError_t error, const char *what) {
    if (error == cudaSuccess) return;
    std::fprintf(stderr, "gpu_probe: %s: %s\n", what, cudaGetErrorString(error));
    std::exit(3);
}
#define CHECK(call) check((call), #call)

constexpr int kChains = 8;    // independent products a thread
constexpr int kRounds = 2048; // dependent steps of a chain

enum Op { kMulLo, kMadLo, kMulHi, kMulWide, kMadWide, kAdd, kShoup, kMontgomery };

template <Op op>
__device__ __forceinline__ uint32_t step(uint32_t x, uint32_t a, uint32_t b) {
    const uint32_t p = 1073479681u;
    switch (op) {
    case kMulLo: return x * a;
    case kMadLo: return x * a + b;
    case kMulHi: return __umulhi(x, a);
    case kMulWide: {
        const uint64_t t = (uint64_t)x * a;
        return (uint32_t)t ^ (uint32_t)(t >> 32);
    }
    case kMadWide: {
        const uint64_t t = (uint64_t)x * a + b;
        return (uint32_t)t ^ (uint32_t)(t >> 32);
    }
    case kAdd: return x + (a ^ x);
    case kShoup: return sable_shoup_lazy(x, a, b, p);
    default: return sable_mont_lazy((uint64_t)x * a, p, b);
    }
}

template <Op op>
__global__ void chains(uint32_t *out, uint32_t a, uint32_t b) {
    uint32_t x[kChains];
#pragma unroll
    for (int c = 0; c < kChains; c++) x[c] = threadIdx.x + c * 7919u + blockIdx.x;
    for (int r = 0; r < kRounds; r += 4)
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int c = 0; c < kChains; c++) x[c] = step<op>(x[c], a, b);
    uint32_t sum = 0;
#pragma unroll
    for (int c = 0; c < kChains; c++) sum ^= x[c];
    if (sum == 0x12345678u) out[0] = sum; // never optimised away, hardly ever stored
}

// A radix-16 step in registers: 32 butterflies on 16 words, lazy range [0,4p), twiddles from parameters.
template <bool montgomery>
__global__ void butterflies(uint32_t *out, uint32_t w, uint32_t ws) {
    const uint32_t p = 1073479681u;
    uint32_t x[16];
#pragma unroll
    for (int i = 0; i < 16; i++) x[i] = threadIdx.x * 31u + i;
    for (int r = 0; r < kRounds / 32; r++)
#pragma unroll
        for (int half = 8; half; half /= 2)
#pragma unroll
            for (int i = 0; i < 16; i++)
                if (!(i & half)) {
                    const uint32_t u = sable_min32(x[i], x[i] - 2 * p);
                    const uint32_t v = montgomery ? sable_mont_lazy((uint64_t)x[i + half] * w, p, ws)
                                                  : sable_shoup_lazy(x[i + half], w, ws, p);
                    x[i] = u + v;
                    x[i + half] = u - v + 2 * p;
                }
    uint32_t sum = 0;
#pragma unroll
    for (int i = 0; i < 16; i++) sum ^= x[i];
    if (sum == 0x12345678u) out[0] = sum;
}

__global__ void copy(uint4 *to, const uint4 *from, size_t count) {
    for (size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x)
        to[i] = from[i];
}

__global__ void read(uint4 *out, const uint4 *from, size_t count, int rounds) {
    uint4 sum = make_uint4(0, 0, 0, 0);
    for (int r = 0; r < rounds; r++)
        for (size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) {
            const uint4 v = __ldcg(from + i); // not from the first-level cache
            sum.x ^= v.x, sum.y += v.y, sum.z ^= v.z, sum.w += v.w;
        }
    if (sum.x == 0x12345678u && sum.y == 1) out[0] = sum;
}

__global__ void nothing() {}

cudaStream_t stream;

// Median milliseconds of `work`.
double median_ms(const std::function<void()> &work) {
    cudaEvent_t from, to;
    CHECK(cudaEventCreate(&from));
    CHECK(cudaEventCreate(&to));
    std::vector<float> times;
    for (int i = 0; i < 18; i++) {
        CHECK(cudaEventRecord(from, stream));
        work();
        CHECK(cudaEventRecord(to, stream));
        CHECK(cudaEventSynchronize(to));
        float ms;
        CHECK(cudaEventElapsedTime(&ms, from, to));
        if (i >= 3) times.push_back(ms);
    }
    CHECK(cudaEventDestroy(from));
    CHECK(cudaEventDestroy(to));
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
}

template <typename Kernel, typename... A>
void launch(int blocks, int threads, Kernel kernel, A... arguments) {
    kernel<<<blocks, threads, 0, stream>>>(arguments...);
    CHECK(cudaGetLastError());
}

} // namespace

int main() {
    cudaDeviceProp device;
    CHECK(cudaGetDeviceProperties(&device, 0));
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    int khz = 0;
    CHECK(cudaDeviceGetAttribute(&khz, cudaDevAttrClockRate, 0));
    const size_t large = (size_t)1 << 30, small = (size_t)16 << 20;
    void *a, *b;
    CHECK(cudaMalloc(&a, large));
    CHECK(cudaMalloc(&b, large));
    CHECK(cudaMemsetAsync(a, 1, large, stream));
    const int sms = device.multiProcessorCount, blocks = sms * 8, threads = 256;
    uint32_t *out = (uint32_t *)b;

    std::printf("{\"device\": \"%s\", \"compute_capability\": \"%d.%d\", \"multiprocessors\": %d, \"clock_mhz\": %d, "
                "\"l2_bytes\": %d, \"memory_bytes\": %zu",
                device.name, device.major, device.minor, sms, khz / 1000, device.l2CacheSize, device.totalGlobalMem);

    const double copy_ms = median_ms([&] { launch(sms * 16, 512, copy, (uint4 *)b, (const uint4 *)a, large / 16); });
    std::printf(", \"copy_gb_per_s\": %.0f", 2.0 * large / copy_ms * 1e-6);
    const double copy_l2_ms = median_ms([&] {
        for (int r = 0; r < 8; r++) launch(sms * 8, 512, copy, (uint4 *)b, (const uint4 *)a, small / 2 / 16);
    });
    std::printf(", \"copy_8mib_gb_per_s\": %.0f", 8.0 * small / copy_l2_ms * 1e-6);
    const double read_ms = median_ms([&] { launch(sms * 8, 512, read, (uint4 *)b, (const uint4 *)a, small / 16, 32); });
    std::printf(", \"l2_read_gb_per_s\": %.0f", 32.0 * small / read_ms * 1e-6);

    const double products = (double)blocks * threads * kChains * kRounds;
    const auto rate = [&](const char *name, auto kernel, uint32_t x, uint32_t y) {
        const double ms = median_ms([&] { launch(blocks, threads, kernel, out, x, y); });
        // A warp instruction is 32 of them: per SM and clock, 64 is one a clock on half of the lanes.
        std::printf(", \"%s_per_s\": %.3e, \"%s_per_clock_and_sm\": %.1f", name, products / ms * 1e3, name,
                    products / ms * 1e3 / sms / (khz * 1e3));
    };
    const uint32_t p = 1073479681u, w = 123456789u;
    rate("mul_lo", chains<kMulLo>, 2654435761u, 0);
    rate("mad_lo", chains<kMadLo>, 2654435761u, 12345u);
    rate("mul_hi", chains<kMulHi>, 4294967291u, 0);
    rate("mul_wide_xor", chains<kMulWide>, 2654435761u, 0);
    rate("mad_wide_xor", chains<kMadWide>, 2654435761u, 12345u);
    rate("xor_add", chains<kAdd>, 2654435761u, 0);
    rate("shoup", chains<kShoup>, w, (uint32_t)(((uint64_t)w << 32) / p));
    uint32_t pinv = 1;
    for (int i = 0; i < 5; i++) pinv *= 2 - p * pinv;
    rate("montgomery", chains<kMontgomery>, w, pinv);

    const double count = (double)blocks * threads * 32 * (kRounds / 32);
    for (int montgomery = 0; montgomery < 2; montgomery++) {
        const double ms = median_ms([&] {
            launch(blocks, threads, montgomery ? butterflies<true> : butterflies<false>, out, w,
                   montgomery ? pinv : (uint32_t)(((uint64_t)w << 32) / p));
        });
        std::printf(", \"%s_butterflies_per_s\": %.3e", montgomery ? "montgomery" : "shoup", count / ms * 1e3);
    }

    const int many = 200;
    const double launches_ms = median_ms([&] {
        for (int i = 0; i < many; i++) launch(1, 32, nothing);
    });
    std::printf(", \"launch_us\": %.2f", launches_ms * 1e3 / many);
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < many; i++) launch(1, 32, nothing);
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&exec, graph, 0));
    const double graph_ms = median_ms([&] { CHECK(cudaGraphLaunch(exec, stream)); });
    std::printf(", \"graph_node_us\": %.2f", graph_ms * 1e3 / many);
    CHECK(cudaGraphExecDestroy(exec));
    CHECK(cudaGraphDestroy(graph));

    cudaMemPool_t pool;
    uint64_t keep = UINT64_MAX;
    CHECK(cudaDeviceGetDefaultMemPool(&pool, 0));
    CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep));
    const double alloc_ms = median_ms([&] {
        for (int i = 0; i < many; i++) {
            void *memory;
            CHECK(cudaMallocAsync(&memory, small, stream));
            CHECK(cudaFreeAsync(memory, stream));
        }
    });
    std::printf(", \"alloc_free_us\": %.2f}\n", alloc_ms * 1e3 / many);
    CHECK(cudaFree(a));
    CHECK(cudaFree(b));
    CHECK(cudaStreamDestroy(stream));
    return 0;
}

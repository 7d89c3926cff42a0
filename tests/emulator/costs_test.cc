// SPDX-License-Identifier: Apache-2.0
// What emulation costs, in processor time, printed for docs/EMULATOR.md. The bounds are loose: they find a change by an order of
// magnitude, on a busy machine and under sanitizers too.
#include <ctime>

#include "world.h"

using namespace world;

namespace {

using Costs = Emulator;

__global__ void add(const unsigned *from, unsigned *to) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    to[i] = from[i] + i;
}
__global__ void reverse(const unsigned *from, unsigned *to) {
    EMU_SHARED(unsigned, tile, 256);
    tile[threadIdx.x] = from[blockIdx.x * 256 + threadIdx.x];
    __syncthreads();
    to[blockIdx.x * 256 + threadIdx.x] = tile[255 - threadIdx.x];
}
__global__ void butterfly(const unsigned *from, unsigned *to) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    to[i] = __shfl_xor_sync(0xffffffffu, from[i], 1);
}

// Nanoseconds a thread of `blocks` blocks of 256, the least of several launches.
double nanoseconds(void (*kernel)(const unsigned *, unsigned *), unsigned blocks, cudaStream_t stream,
                   const unsigned *from, unsigned *to) {
    double least = 1e18;
    for (int i = 0; i < 10; ++i) {
        const clock_t start = clock();
        must(launch(stream, blocks, 256, 0, kernel, from, to));
        least = std::min(least, 1e9 * static_cast<double>(clock() - start) / CLOCKS_PER_SEC / (256.0 * blocks));
    }
    return least;
}

TEST_F(Costs, AreSmall) {
    Stream stream;
    Words<> from(std::vector<unsigned>(256 * 256)), to(256 * 256);
    const double plain = nanoseconds(add, 256, stream, from, to);
    const double barrier = nanoseconds(reverse, 256, stream, from, to) - plain;
    const double shuffle = nanoseconds(butterfly, 256, stream, from, to) - plain;
    const double launched = 256 * nanoseconds(add, 1, stream, from, to);
    printf("    a thread %.1f ns, a barrier %.1f ns, a shuffle %.1f ns, a launch with two allocations %.1f us\n", plain,
           barrier, shuffle, launched / 1000);
    EXPECT_LT(plain, 500);
    EXPECT_LT(barrier, 10000);
    EXPECT_LT(shuffle, 10000);
    EXPECT_LT(launched, 1e6);
}

} // namespace

// SPDX-License-Identifier: Apache-2.0
// Threads that do not meet, meet elsewhere, or do not wait for each other.
#include "case.h"

using namespace world;

static void expect_end(bool planted, cudaStream_t stream) {
    const cudaError_t error = cudaStreamSynchronize(stream);
    EXPECT_EQ(error != cudaSuccess, planted) << cudaGetErrorName(error);
}

static __global__ void some_wait(unsigned limit) {
    if (threadIdx.x < limit) __syncthreads();
}
DEFECT(SomeThreadsWait, EMU_DIVERGENT_BARRIER) {
    Stream stream;
    must(launch(stream, 1, 64, 0, some_wait, planted ? 63 : 64));
    expect_end(planted, stream);
}

static __global__ void early_end(unsigned limit) {
    if (threadIdx.x >= limit) return;
    __syncthreads();
}
DEFECT(ThreadsEndBeforeABarrier, EMU_DIVERGENT_BARRIER) {
    Stream stream;
    emu_set_order("reverse");
    must(launch(stream, 1, 64, 0, early_end, planted ? 32 : 64));
    expect_end(planted, stream);
}

static __global__ void two_places(unsigned limit) {
    if (threadIdx.x < limit) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}
DEFECT(TwoBarriersAtOnce, EMU_DIVERGENT_BARRIER) {
    Stream stream;
    must(launch(stream, 1, 64, 0, two_places, planted ? 32 : 64));
    expect_end(planted, stream);
}

static __global__ void shuffle_some(unsigned limit, unsigned mask) {
    if (threadIdx.x < limit) (void)__shfl_sync(mask, threadIdx.x, 0);
}
DEFECT(MaskNamesLanesThatDoNotCome, EMU_DIVERGENT_WARP) {
    Stream stream;
    must(launch(stream, 1, 32, 0, shuffle_some, 16, planted ? 0xffffffffu : 0xffffu));
    expect_end(planted, stream);
}
DEFECT(MaskNamesLanesThatDoNotExist, EMU_DIVERGENT_WARP) {
    Stream stream;
    must(launch(stream, 1, 16, 0, shuffle_some, 16, planted ? 0xffffffffu : 0xffffu));
    expect_end(planted, stream);
}

static __global__ void different_masks(unsigned odd) { (void)__ballot_sync(threadIdx.x & 1 ? odd : 0xffffffffu, 1); }
DEFECT(MasksDiffer, EMU_DIVERGENT_WARP) {
    Stream stream;
    must(launch(stream, 1, 32, 0, different_masks, planted ? 0xfffffffeu : 0xffffffffu));
    expect_end(planted, stream);
}

static __global__ void barrier_or_shuffle(unsigned limit) {
    if (threadIdx.x < limit) (void)__any_sync(0xffffffffu, 1);
    __syncthreads();
}
DEFECT(HalfAWarpAtTheBarrier, EMU_DIVERGENT_WARP) {
    Stream stream;
    must(launch(stream, 1, 32, 0, barrier_or_shuffle, planted ? 16 : 32));
    expect_end(planted, stream);
}

static __global__ void read_outside_mask(int lane) { (void)__shfl_sync(0xffffu, threadIdx.x, lane); }
DEFECT(ReadsALaneOutsideItsMask, EMU_DIVERGENT_WARP) {
    Stream stream;
    must(launch(stream, 1, 16, 0, read_outside_mask, planted ? 20 : 15));
    expect_end(planted, stream);
}

static __global__ void reverse(unsigned *data, bool wait) {
    EMU_SHARED(unsigned, tile, 64);
    tile[threadIdx.x] = data[threadIdx.x];
    if (wait) __syncthreads();
    data[threadIdx.x] = tile[63 - threadIdx.x];
}
DEFECT(NoBarrierBetweenWriteAndRead, EMU_RACE) {
    Stream stream;
    std::vector<unsigned> values(64);
    for (unsigned i = 0; i < 64; ++i) values[i] = i;
    Words<> words(values);
    emu_set_order("all");
    must(launch(stream, 1, 64, 0, reverse, words, !planted));
    must(cudaStreamSynchronize(stream));
}

static __global__ void last_wins(unsigned *data, bool all) {
    if (all || blockIdx.x == 0) *data = blockIdx.x;
}
DEFECT(BlocksWriteOneWord, EMU_RACE) {
    Stream stream;
    Words<> words(1);
    emu_set_order("all");
    must(launch(stream, 8, 1, 0, last_wins, words, planted));
    must(cudaStreamSynchronize(stream));
}

static __global__ void count_without_atomics(unsigned *data, bool atomic) {
    if (atomic) {
        atomicAdd(data, 1u);
        return;
    }
    const unsigned seen = *data;
    __syncthreads();
    *data = seen + threadIdx.x;
}
DEFECT(PlainAdditions, EMU_RACE) {
    Stream stream;
    Words<> words(std::vector<unsigned>{0});
    emu_set_order("all");
    must(launch(stream, 1, 64, 0, count_without_atomics, words, !planted));
    must(cudaStreamSynchronize(stream));
}

static __device__ unsigned deep(unsigned depth) { // not a tail call
    volatile unsigned frame[64];
    frame[depth % 64] = depth;
    return depth == 0 ? 0 : deep(depth - 1) + frame[depth % 64];
}
static __global__ void recurse(unsigned depth, unsigned *out) { *out = deep(depth); }
DEFECT(TooMuchStack, EMU_STACK) {
    Stream stream;
    Words<> out(1);
    must(launch(stream, 1, 1, 0, recurse, planted ? 100000 : 10, out));
    expect_end(planted, stream);
}

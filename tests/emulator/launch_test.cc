// SPDX-License-Identifier: Apache-2.0
// Launches: arguments, refusals with CUDA's error codes, and what a fault leaves behind.
#include <thread>

#include "world.h"

using namespace world;

namespace {

using Launches = Emulator;

struct Wide {
    unsigned words[64];
};
__global__ void add_all(unsigned *out, const Wide wide, unsigned char byte, double number) {
    unsigned sum = byte + static_cast<unsigned>(number);
    for (unsigned word : wide.words) sum += word;
    out[threadIdx.x] = sum;
}
__global__ void nothing() {}
__global__ void use_dynamic(unsigned *out) {
    EMU_SHARED_DYNAMIC(unsigned, tile);
    tile[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = tile[threadIdx.x];
}

TEST_F(Launches, CopyArguments) {
    Stream stream;
    Words<> out(4);
    Wide wide;
    for (unsigned i = 0; i < 64; ++i) wide.words[i] = i;
    must(launch(stream, 1, 4, 0, add_all, out, wide, 200, 3.9));
    EXPECT_EQ(out.read(), std::vector<unsigned>(4, 2016 + 203));
}

TEST_F(Launches, TakeArgumentsByAddress) {
    Stream stream;
    Words<> out(4);
    unsigned *data = out;
    Wide wide = {};
    unsigned char byte = 7;
    double number = 1;
    void *arguments[] = {&data, &wide, &byte, &number};
    cudaLaunchConfig_t config = {};
    config.gridDim = 1;
    config.blockDim = 4;
    config.stream = stream;
    must(cudaFuncSetAttribute(add_all, cudaFuncAttributeMaxDynamicSharedMemorySize, 0)); // makes it known
    must(cudaLaunchKernelExC(&config, reinterpret_cast<const void *>(add_all), arguments));
    EXPECT_EQ(out.read(), std::vector<unsigned>(4, 8));
    EXPECT_EQ(cudaLaunchKernelExC(&config, &config, arguments), cudaErrorInvalidDeviceFunction);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDeviceFunction);
}

TEST_F(Launches, AreRefusedWhereCudaRefuses) {
    Stream stream;
    const unsigned large = 70000;
    EXPECT_EQ(launch(stream, 1, 1025, 0, nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(launch(stream, 1, dim3(32, 33), 0, nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(launch(stream, 1, dim3(1, 1, 65), 0, nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(launch(stream, 1, 0, 0, nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(launch(stream, 0, 1, 0, nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(launch(stream, dim3(1, large), 1, 0, nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(launch(stream, dim3(1, 1, large), 1, 0, nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(launch(stream, large, 1, 0, nothing), cudaSuccess);
    EXPECT_EQ(launch(stream, 1, 1, 49 << 10, nothing), cudaErrorInvalidValue);
}

TEST_F(Launches, NeedAnAttributeForMuchSharedMemory) {
    Stream stream;
    Words<> out(32);
    EXPECT_EQ(launch(stream, 1, 32, 100 << 10, use_dynamic, out), cudaErrorInvalidValue);
    must(cudaFuncSetAttribute(use_dynamic, cudaFuncAttributeMaxDynamicSharedMemorySize, 100 << 10));
    must(launch(stream, 1, 32, 100 << 10, use_dynamic, out));
    EXPECT_EQ(out.read()[31], 31u);
    EXPECT_EQ(cudaFuncSetAttribute(use_dynamic, cudaFuncAttributeMaxDynamicSharedMemorySize, 164 << 10),
              cudaErrorInvalidValue);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
    cudaFuncAttributes attributes;
    must(cudaFuncGetAttributes(&attributes, use_dynamic));
    EXPECT_EQ(attributes.maxDynamicSharedSizeBytes, 100 << 10);
    int blocks;
    must(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, use_dynamic, 256, 100 << 10));
    EXPECT_EQ(blocks, 1);
    must(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, use_dynamic, 256, 0));
    EXPECT_EQ(blocks, 8);
}

TEST_F(Launches, KnowNoClusters) {
    cudaLaunchAttribute attribute = {};
    attribute.id = cudaLaunchAttributeClusterDimension;
    attribute.val.clusterDim.x = 2;
    cudaLaunchConfig_t config = {};
    config.gridDim = 2;
    config.blockDim = 1;
    config.attrs = &attribute;
    config.numAttrs = 1;
    EXPECT_EQ(cudaLaunchKernelEx(&config, nothing), cudaErrorNotSupported);
    EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
}

__global__ void write_through(unsigned *data, size_t index) { data[index] = 1; }

// As on a device: the launch succeeds, the next call that waits tells, and so does every one after it.
TEST_F(Launches, EndTheDeviceByAFault) {
    Stream stream, other;
    Words<> words(1);
    EXPECT_EQ(launch(stream, 1, 1, 0, write_through, words, size_t{1} << 30), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorIllegalAddress);
    EXPECT_EQ(launch(other, 1, 1, 0, write_through, words, 0), cudaErrorIllegalAddress);
    void *more;
    EXPECT_EQ(cudaMallocAsync(&more, 4, other), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
    ASSERT_EQ(emu_defects(), 1u);
    const std::string sentence = emu_defect(0).sentence;
    EXPECT_NE(sentence.find("kernel write_through, grid"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("block (0,0,0), thread (0,0,0)"), std::string::npos) << sentence;
    emu_clear();
    must(launch(other, 1, 1, 0, write_through, words, 0));
    EXPECT_EQ(words.read()[0], 1u);
}

// Threads of the host launch side by side; each kernel runs as a whole.
__global__ void add_one(unsigned *data) {
    const unsigned seen = data[threadIdx.x];
    __syncthreads();
    data[threadIdx.x] = seen + 1;
}
TEST_F(Launches, ComeFromSeveralThreads) {
    Stream streams[4];
    Words<> words[4] = {Words<>(std::vector<unsigned>(64)), Words<>(std::vector<unsigned>(64)),
                        Words<>(std::vector<unsigned>(64)), Words<>(std::vector<unsigned>(64))};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            for (int k = 0; k < 50; ++k) must(launch(streams[i], 1, 64, 0, add_one, words[i]));
        });
    for (std::thread &thread : threads) thread.join();
    for (const Words<> &done : words) EXPECT_EQ(done.read(), std::vector<unsigned>(64, 50));
}

} // namespace

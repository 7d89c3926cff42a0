// SPDX-License-Identifier: Apache-2.0
// Streams, events, copies: what is ordered by what, and what each call answers.
#include "world.h"

using namespace world;

namespace {

using Streams = Emulator;

__global__ void add(unsigned *data, unsigned value) { data[threadIdx.x] += value; }

TEST_F(Streams, AreOrderedByEvents) {
    Stream a, b, c;
    Event first, second;
    Words<> words(std::vector<unsigned>(32));
    must(launch(a, 1, 32, 0, add, words, 1));
    must(cudaEventRecord(first, a));
    must(cudaStreamWaitEvent(b, first));
    must(launch(b, 1, 32, 0, add, words, 2));
    must(cudaEventRecord(second, b));
    must(cudaStreamWaitEvent(c, second)); // behind a too, through b
    must(launch(c, 1, 32, 0, add, words, 4));
    must(cudaEventSynchronize(second));
    must(cudaStreamSynchronize(c));
    EXPECT_EQ(words.read(), std::vector<unsigned>(32, 7));
}

TEST_F(Streams, AreOrderedByTheHost) {
    Stream a, b;
    Event event;
    Words<> words(std::vector<unsigned>(32));
    must(launch(a, 1, 32, 0, add, words, 1));
    must(cudaStreamSynchronize(a));
    must(launch(b, 1, 32, 0, add, words, 2));
    must(cudaEventRecord(event, b));
    must(cudaEventQuery(event));
    must(launch(a, 1, 32, 0, add, words, 4));
    must(cudaStreamQuery(a));
    must(launch(b, 1, 32, 0, add, words, 8));
    EXPECT_EQ(words.read(), std::vector<unsigned>(32, 15));
}

TEST_F(Streams, ReadTogether) {
    Stream a, b;
    Words<> words(std::vector<unsigned>(32, 5)), one(std::vector<unsigned>(32)), two(std::vector<unsigned>(32));
    must(cudaMemcpyAsync(one, words, 128, cudaMemcpyDeviceToDevice, a));
    must(cudaMemcpyAsync(two, words, 128, cudaMemcpyDeviceToDevice, b));
    EXPECT_EQ(one.read(), two.read());
}

// Many streams come and go: their places in clocks are used again.
TEST_F(Streams, ComeAndGo) {
    Words<> words(std::vector<unsigned>(32));
    for (unsigned i = 0; i < 600; ++i) {
        Stream a, b;
        Event event;
        for (unsigned k = 0; k < 1 + i % 3; ++k) must(launch(a, 1, 32, 0, add, words, 1));
        must(cudaEventRecord(event, a));
        must(cudaStreamWaitEvent(b, event));
        must(launch(b, 1, 32, 0, add, words, 1));
        must(cudaStreamSynchronize(b));
    }
    EXPECT_EQ(words.read(), std::vector<unsigned>(32, 1800));
}

TEST_F(Streams, BlockingOnesFollowTheDefaultStream) {
    Stream a(cudaStreamDefault), b(cudaStreamDefault);
    Words<> words(std::vector<unsigned>(32));
    must(launch(a, 1, 32, 0, add, words, 1));
    must(launch(nullptr, 1, 32, 0, add, words, 2));
    must(launch(b, 1, 32, 0, add, words, 4));
    must(launch(cudaStreamLegacy, 1, 32, 0, add, words, 8));
    must(launch(cudaStreamPerThread, 1, 32, 0, add, words, 16));
    EXPECT_EQ(words.read(), std::vector<unsigned>(32, 31));
}

TEST_F(Streams, MeasureTime) {
    Stream stream;
    Event start(cudaEventDefault), end(cudaEventDefault), untimed;
    float ms = -1;
    EXPECT_EQ(cudaEventElapsedTime(&ms, start, end), cudaErrorInvalidResourceHandle);
    (void)cudaGetLastError();
    must(cudaEventRecord(start, stream));
    must(cudaEventRecord(end, stream));
    must(cudaEventRecord(untimed, stream));
    must(cudaEventElapsedTime(&ms, start, end));
    EXPECT_GE(ms, 0);
    EXPECT_EQ(cudaEventElapsedTime(&ms, start, untimed), cudaErrorInvalidResourceHandle);
    (void)cudaGetLastError();
}

TEST_F(Streams, RunHostFunctionsInOrder) {
    Stream stream;
    unsigned *locked;
    must(cudaMallocHost(&locked, 128));
    Words<> words(std::vector<unsigned>(32, 3));
    struct Seen {
        const unsigned *from;
        unsigned value;
    } seen = {locked, 0};
    must(cudaMemcpyAsync(locked, words, 128, cudaMemcpyDeviceToHost, stream));
    must(cudaLaunchHostFunc(
        stream,
        [](void *data) {
            Seen *into = static_cast<Seen *>(data);
            into->value = into->from[31];
        },
        &seen));
    must(cudaStreamSynchronize(stream));
    EXPECT_EQ(seen.value, 3u);
    must(cudaFreeHost(locked));
}

TEST_F(Streams, TellWhatTheyAre) {
    int least = -9, greatest = 9, priority = 9, device = 9;
    unsigned flags = 9;
    must(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    EXPECT_EQ(least, 0);
    EXPECT_LT(greatest, 0);
    cudaStream_t stream;
    must(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -100)); // brought into the range
    must(cudaStreamGetPriority(stream, &priority));
    must(cudaStreamGetFlags(stream, &flags));
    must(cudaStreamGetDevice(stream, &device));
    EXPECT_EQ(priority, greatest);
    EXPECT_EQ(flags, static_cast<unsigned>(cudaStreamNonBlocking));
    EXPECT_EQ(device, 0);
    must(cudaStreamDestroy(stream));
}

TEST_F(Streams, CopyRowsAndFill) {
    Stream stream;
    std::vector<unsigned char> host(6 * 10);
    for (size_t i = 0; i < host.size(); ++i) host[i] = static_cast<unsigned char>(i);
    Words<unsigned char> bytes(6 * 16);
    must(cudaMemsetAsync(bytes, 0xAB, 6 * 16, stream));
    must(cudaMemcpy2DAsync(bytes, 16, host.data(), 10, 10, 6, cudaMemcpyHostToDevice, stream));
    std::vector<unsigned char> expected(6 * 16, 0xAB);
    for (size_t row = 0; row < 6; ++row)
        for (size_t i = 0; i < 10; ++i) expected[16 * row + i] = host[10 * row + i];
    EXPECT_EQ(bytes.read(), expected);
    EXPECT_EQ(cudaMemcpy2DAsync(bytes, 9, host.data(), 10, 10, 6, cudaMemcpyHostToDevice, stream),
              cudaErrorInvalidPitchValue);
    EXPECT_EQ(cudaMemcpyAsync(bytes, host.data(), 4, cudaMemcpyDeviceToHost, stream), cudaErrorInvalidValue);
    (void)cudaGetLastError();
}

TEST_F(Streams, KnowKindsOfPointers) {
    Words<> words(32);
    unsigned *locked, plain = 0;
    must(cudaHostAlloc(&locked, 128, cudaHostAllocDefault));
    cudaPointerAttributes attributes;
    must(cudaPointerGetAttributes(&attributes, words + 5));
    EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
    EXPECT_EQ(attributes.device, 0);
    must(cudaPointerGetAttributes(&attributes, locked + 5));
    EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
    must(cudaPointerGetAttributes(&attributes, &plain));
    EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered);
    must(cudaFreeHost(locked));
}

TEST_F(Streams, RememberTheLastError) {
    EXPECT_EQ(cudaEventCreateWithFlags(nullptr, 0), cudaErrorInvalidValue);
    must(cudaDeviceSynchronize()); // does not change it
    EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidValue);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
    EXPECT_STREQ(cudaGetErrorName(cudaErrorIllegalAddress), "cudaErrorIllegalAddress");
    EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
}

} // namespace

// SPDX-License-Identifier: Apache-2.0
// Capture, graphs, and what capture forbids.
#include <thread>

#include "world.h"

using namespace world;

namespace {

using Graphs = Emulator;

__global__ void add(unsigned *data, unsigned value) { data[threadIdx.x] += value; }

// What was captured, launched once in the stream.
void launch_and_drop(cudaGraph_t graph, cudaStream_t stream, int times) {
    cudaGraphExec_t exec;
    must(cudaGraphInstantiate(&exec, graph));
    must(cudaGraphDestroy(graph));
    must(cudaGraphUpload(exec, stream));
    for (int i = 0; i < times; ++i) must(cudaGraphLaunch(exec, stream));
    must(cudaGraphExecDestroy(exec));
}

TEST_F(Graphs, RepeatWhatWasCaptured) {
    Stream stream;
    Words<> words(std::vector<unsigned>(32)), copy(32);
    cudaGraph_t graph;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    cudaStreamCaptureStatus status;
    must(cudaStreamIsCapturing(stream, &status));
    EXPECT_EQ(status, cudaStreamCaptureStatusActive);
    must(launch(stream, 1, 32, 0, add, words, 3));
    must(cudaMemsetAsync(copy, 0, 128, stream));
    must(cudaMemcpyAsync(copy, words, 128, cudaMemcpyDeviceToDevice, stream));
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaStreamIsCapturing(stream, &status));
    EXPECT_EQ(status, cudaStreamCaptureStatusNone);
    EXPECT_EQ(words.read(), std::vector<unsigned>(32, 0)); // nothing has run
    size_t nodes;
    must(cudaGraphGetNodes(graph, nullptr, &nodes));
    EXPECT_EQ(nodes, 3u);
    launch_and_drop(graph, stream, 5);
    EXPECT_EQ(copy.read(), std::vector<unsigned>(32, 15));
}

TEST_F(Graphs, BranchAndJoin) {
    Stream a, b;
    Event fork, join;
    Words<> left(std::vector<unsigned>(32)), right(std::vector<unsigned>(32));
    cudaGraph_t graph;
    must(cudaStreamBeginCapture(a, cudaStreamCaptureModeRelaxed));
    must(cudaEventRecord(fork, a));
    must(cudaStreamWaitEvent(b, fork));
    must(launch(a, 1, 32, 0, add, left, 1));
    must(launch(b, 1, 32, 0, add, right, 2));
    must(cudaEventRecord(join, b));
    must(cudaStreamWaitEvent(a, join));
    must(cudaMemcpyAsync(left, right, 128, cudaMemcpyDeviceToDevice, a));
    must(cudaStreamEndCapture(a, &graph));
    launch_and_drop(graph, a, 3);
    EXPECT_EQ(left.read(), std::vector<unsigned>(32, 6));
}

TEST_F(Graphs, AreOrderedLikeOtherWork) {
    Stream a, b;
    Event done;
    Words<> words(std::vector<unsigned>(32));
    cudaGraph_t graph;
    must(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
    must(launch(a, 1, 32, 0, add, words, 1));
    must(cudaStreamEndCapture(a, &graph));
    launch_and_drop(graph, b, 1); // not the stream that captured
    must(cudaEventRecord(done, b));
    must(cudaStreamWaitEvent(a, done));
    must(launch(a, 1, 32, 0, add, words, 1));
    EXPECT_EQ(words.read(), std::vector<unsigned>(32, 2));
}

// Each forbidden call, in a capture of its own that it spoils.
void expect_spoilt(cudaError_t expected, cudaError_t (*forbidden)(cudaStream_t), const char *what) {
    Stream stream;
    cudaGraph_t graph;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    EXPECT_EQ(forbidden(stream), expected) << what;
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated) << what;
    EXPECT_EQ(graph, nullptr);
    (void)cudaGetLastError();
}
#define SPOILT(error, call) \
    expect_spoilt(          \
        error, [](cudaStream_t stream) -> cudaError_t { return (void)stream, call; }, #call)

void *out;

TEST_F(Graphs, RefuseWhatCannotBeCaptured) {
    SPOILT(cudaErrorStreamCaptureUnsupported, cudaStreamSynchronize(stream));
    SPOILT(cudaErrorStreamCaptureUnsupported, cudaStreamQuery(stream));
    SPOILT(cudaErrorStreamCaptureUnsupported, cudaDeviceSynchronize());
    SPOILT(cudaErrorStreamCaptureUnsupported, cudaMalloc(&out, 4));
    SPOILT(cudaErrorStreamCaptureUnsupported, cudaMallocHost(&out, 4));
    SPOILT(cudaErrorStreamCaptureUnsupported, cudaMallocAsync(&out, 4, stream));
    SPOILT(cudaErrorStreamCaptureUnsupported, cudaLaunchHostFunc(
                                                  stream, [](void *) {}, nullptr));
}

TEST_F(Graphs, RefuseTheDefaultStreamBesideABlockingOne) {
    Stream stream(cudaStreamDefault);
    Words<> words(4);
    cudaGraph_t graph;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    EXPECT_EQ(cudaMemsetAsync(words, 0, 16, nullptr), cudaErrorStreamCaptureImplicit);
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    (void)cudaGetLastError();
}

TEST_F(Graphs, RefuseWorkThatWasNotJoined) {
    Stream a, b;
    Event fork;
    Words<> words(4);
    cudaGraph_t graph;
    must(cudaStreamBeginCapture(a, cudaStreamCaptureModeGlobal));
    must(cudaEventRecord(fork, a));
    must(cudaStreamWaitEvent(b, fork));
    must(cudaMemsetAsync(words, 0, 16, b));
    EXPECT_EQ(cudaStreamEndCapture(a, &graph), cudaErrorStreamCaptureUnjoined);
    (void)cudaGetLastError();
    must(cudaMemsetAsync(words, 0, 16, b)); // captures no longer
}

TEST_F(Graphs, RefuseOthersEnds) {
    Stream a, b;
    Event before, fork;
    cudaGraph_t graph;
    EXPECT_EQ(cudaStreamEndCapture(a, &graph), cudaErrorIllegalState);
    EXPECT_EQ(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal), cudaErrorStreamCaptureUnsupported);
    must(cudaEventRecord(before, b));
    must(cudaStreamBeginCapture(a, cudaStreamCaptureModeGlobal));
    EXPECT_EQ(cudaStreamBeginCapture(a, cudaStreamCaptureModeGlobal), cudaErrorIllegalState);
    std::thread([&] { EXPECT_EQ(cudaStreamEndCapture(a, &graph), cudaErrorStreamCaptureWrongThread); }).join();
    must(cudaEventRecord(fork, a));
    EXPECT_EQ(cudaEventSynchronize(fork), cudaErrorCapturedEvent);
    EXPECT_EQ(cudaStreamEndCapture(a, &graph), cudaErrorStreamCaptureInvalidated);
    must(cudaStreamBeginCapture(a, cudaStreamCaptureModeGlobal));
    EXPECT_EQ(cudaStreamWaitEvent(a, before), cudaErrorStreamCaptureIsolation);
    EXPECT_EQ(cudaStreamEndCapture(a, &graph), cudaErrorStreamCaptureInvalidated);
    (void)cudaGetLastError();
}

// A capture of mode ThreadLocal leaves other threads alone, one of mode Global does not.
TEST_F(Graphs, ConcernOtherThreadsByTheirMode) {
    Stream stream;
    cudaGraph_t graph;
    void *memory = nullptr;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    std::thread([&] { must(cudaMalloc(&memory, 4)); }).join();
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaGraphDestroy(graph));
    must(cudaFree(memory));
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    std::thread([&] { EXPECT_EQ(cudaMalloc(&memory, 4), cudaErrorStreamCaptureUnsupported); }).join();
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    (void)cudaGetLastError();
}

// A thread that has exchanged its mode may allocate while it captures.
TEST_F(Graphs, AllowUnsafeCallsOnRequest) {
    Stream stream;
    cudaGraph_t graph;
    void *memory = nullptr;
    cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    must(cudaThreadExchangeStreamCaptureMode(&mode));
    must(cudaMalloc(&memory, 4));
    must(cudaThreadExchangeStreamCaptureMode(&mode));
    EXPECT_EQ(mode, cudaStreamCaptureModeRelaxed);
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaGraphDestroy(graph));
    must(cudaFree(memory));
}

} // namespace

// SPDX-License-Identifier: Apache-2.0
// Two streams and one allocation, with and without what must stand between them.
#include "case.h"

using namespace world;

static __global__ void fill(unsigned *data, unsigned value) { data[threadIdx.x] = value; }
static __global__ void copy(const unsigned *from, unsigned *to) { to[threadIdx.x] = from[threadIdx.x]; }

// Orders the second stream behind the first.
static void order(bool planted, cudaStream_t first, cudaStream_t second) {
    if (planted) return;
    Event event;
    must(cudaEventRecord(event, first));
    must(cudaStreamWaitEvent(second, event));
}

DEFECT(ReadBehindWrite, EMU_STREAM_ORDER) {
    Stream a, b;
    Words<> words(32), out(32);
    must(launch(a, 1, 32, 0, fill, words, 1));
    order(planted, a, b);
    must(launch(b, 1, 32, 0, copy, words, out));
}

DEFECT(WriteBehindRead, EMU_STREAM_ORDER) {
    Stream a, b;
    Words<> words(std::vector<unsigned>(32)), out(32);
    must(launch(a, 1, 32, 0, copy, words, out));
    order(planted, a, b);
    must(launch(b, 1, 32, 0, fill, words, 1));
}

DEFECT(WriteBehindWrite, EMU_STREAM_ORDER) {
    Stream a, b;
    Words<> words(32);
    must(launch(a, 1, 32, 0, fill, words, 1));
    order(planted, a, b);
    must(launch(b, 1, 32, 0, fill, words, 2));
}

// An event recorded before the work does not order what follows behind it.
DEFECT(EventRecordedTooEarly, EMU_STREAM_ORDER) {
    Stream a, b;
    Event event;
    Words<> words(32);
    if (planted) must(cudaEventRecord(event, a));
    must(launch(a, 1, 32, 0, fill, words, 1));
    if (!planted) must(cudaEventRecord(event, a));
    must(cudaStreamWaitEvent(b, event));
    must(launch(b, 1, 32, 0, fill, words, 2));
}

DEFECT(HostWaitsForTheWrongStream, EMU_STREAM_ORDER) {
    Stream a, b;
    Words<> words(32);
    must(launch(a, 1, 32, 0, fill, words, 1));
    must(cudaStreamSynchronize(planted ? b : a));
    must(launch(b, 1, 32, 0, fill, words, 2));
}

DEFECT(CopyBehindKernel, EMU_STREAM_ORDER) {
    Stream a, b;
    Words<> words(32);
    std::vector<unsigned> host(32);
    must(launch(a, 1, 32, 0, fill, words, 1));
    order(planted, a, b);
    must(cudaMemcpyAsync(host.data(), words, 128, cudaMemcpyDeviceToHost, b));
}

DEFECT(UseBeforeItsAllocation, EMU_STREAM_ORDER) {
    Stream a, b;
    unsigned *words;
    must(cudaMallocAsync(&words, 128, a));
    order(planted, a, b);
    must(launch(b, 1, 32, 0, fill, words, 1));
    must(cudaFreeAsync(words, b));
}

DEFECT(FreedWhileAnotherStreamUsesIt, EMU_STREAM_ORDER) {
    Stream a, b;
    unsigned *words;
    must(cudaMallocAsync(&words, 128, a));
    order(false, a, b);
    must(launch(b, 1, 32, 0, fill, words, 1));
    order(planted, b, a);
    must(cudaFreeAsync(words, a));
}

// cudaFree does not wait for memory of a pool.
DEFECT(PoolMemoryFreedByTheHost, EMU_STREAM_ORDER) {
    Stream a;
    unsigned *words;
    must(cudaMallocAsync(&words, 128, a));
    must(launch(a, 1, 32, 0, fill, words, 1));
    if (!planted) must(cudaStreamSynchronize(a));
    must(cudaFree(words));
}

// The default stream waits for blocking streams, not for the others.
DEFECT(NonBlockingBesideTheDefaultStream, EMU_STREAM_ORDER) {
    Stream a(planted ? cudaStreamNonBlocking : cudaStreamDefault);
    Words<> words(32);
    must(launch(a, 1, 32, 0, fill, words, 1));
    must(launch(nullptr, 1, 32, 0, fill, words, 2));
    must(launch(a, 1, 32, 0, fill, words, 3));
}

// Two branches of one graph.
DEFECT(BranchesOfAGraph, EMU_STREAM_ORDER) {
    Stream a, b;
    Event fork, middle, join;
    Words<> words(32);
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    must(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
    must(cudaEventRecord(fork, a));
    must(cudaStreamWaitEvent(b, fork));
    must(launch(a, 1, 32, 0, fill, words, 1));
    if (!planted) {
        must(cudaEventRecord(middle, a));
        must(cudaStreamWaitEvent(b, middle));
    }
    must(launch(b, 1, 32, 0, fill, words, 2));
    must(cudaEventRecord(join, b));
    must(cudaStreamWaitEvent(a, join));
    must(cudaStreamEndCapture(a, &graph));
    must(cudaGraphInstantiate(&exec, graph));
    must(cudaGraphLaunch(exec, a));
    must(cudaGraphExecDestroy(exec));
    must(cudaGraphDestroy(graph));
}

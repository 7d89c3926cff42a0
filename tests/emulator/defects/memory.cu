// SPDX-License-Identifier: Apache-2.0
// Touches of memory that is not there, not any more, or not the allocation's own.
#include "case.h"

using namespace world;

static __global__ void write_at(unsigned *data, long index) { data[index] = 1; }
static __global__ void read_at(const unsigned *data, long index, unsigned *out) { *out = data[index]; }

DEFECT(WriteBehindTheEnd, EMU_OUT_OF_BOUNDS) {
    Stream stream;
    Words<> words(4096);
    must(launch(stream, 1, 1, 0, write_at, words, planted ? 4096 : 4095));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorIllegalAddress : cudaSuccess);
}

DEFECT(ReadBehindTheEnd, EMU_OUT_OF_BOUNDS) {
    Stream stream;
    Words<> words(std::vector<unsigned>(4096)), out(1);
    must(launch(stream, 1, 1, 0, read_at, words, planted ? 4096 : 4095, out));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorIllegalAddress : cudaSuccess);
}

// Where no allocation ever was. (A null pointer ends alike, but UndefinedBehaviorSanitizer is faster.)
DEFECT(WriteAnywhere, EMU_OUT_OF_BOUNDS) {
    Stream stream;
    Words<> words(1);
    must(launch(stream, 1, 1, 0, write_at, words, planted ? 1l << 30 : 0));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorIllegalAddress : cudaSuccess);
}

#if defined __x86_64__ // the processor that tells
// A vector type: structures like uint4 are not moved by one instruction everywhere. UndefinedBehaviorSanitizer would be faster.
typedef unsigned four __attribute__((vector_size(16)));
__attribute__((no_sanitize("alignment"))) static __global__ void copy_four(const unsigned *from, four *to) {
    *to = *reinterpret_cast<const four *>(from);
}
DEFECT(WideLoadBetweenWords, EMU_MISALIGNED) {
    Stream stream;
    Words<> from(std::vector<unsigned>(16));
    Words<four> to(1);
    must(launch(stream, 1, 1, 0, copy_four, from + (planted ? 1 : 4), to));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorMisalignedAddress : cudaSuccess);
}
#endif

DEFECT(CopyBehindTheEnd, EMU_OUT_OF_BOUNDS) {
    Words<> words(16);
    std::vector<unsigned> host(32, 1);
    EXPECT_EQ(cudaMemcpy(words, host.data(), 4 * (planted ? 17 : 16), cudaMemcpyHostToDevice),
              planted ? cudaErrorInvalidValue : cudaSuccess);
}

DEFECT(FillBehindTheEnd, EMU_OUT_OF_BOUNDS) {
    Words<> words(16);
    EXPECT_EQ(cudaMemset(words, 0, planted ? 65 : 64), planted ? cudaErrorInvalidValue : cudaSuccess);
}

// 100 bytes lie in 256: what follows is no page of its own, but words that must stay.
DEFECT(WriteIntoTheSlack, EMU_GUARD) {
    Stream stream;
    Words<> words(25);
    must(launch(stream, 1, 1, 0, write_at, words, planted ? 25 : 24));
    must(cudaStreamSynchronize(stream));
}

DEFECT(WriteBeforeTheStart, EMU_GUARD) {
    Stream stream;
    Words<> words(25);
    must(launch(stream, 1, 1, 0, write_at, words + (planted ? 0 : 1), -1));
    must(cudaStreamSynchronize(stream));
}

// A graph keeps addresses, not memory.
DEFECT(GraphOutlivesItsMemory, EMU_USE_AFTER_FREE) {
    Stream stream;
    unsigned *words;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    must(cudaMallocAsync(&words, 64, stream));
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    must(launch(stream, 1, 1, 0, write_at, words, 0));
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaGraphInstantiate(&exec, graph));
    must(cudaGraphLaunch(exec, stream));
    if (planted) must(cudaFreeAsync(words, stream));
    must(cudaGraphLaunch(exec, stream));
    if (!planted) must(cudaFreeAsync(words, stream));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorIllegalAddress : cudaSuccess);
    must(cudaGraphExecDestroy(exec));
    must(cudaGraphDestroy(graph));
}

DEFECT(KernelAfterFree, EMU_USE_AFTER_FREE) {
    Stream stream;
    unsigned *words;
    must(cudaMallocAsync(&words, 64, stream));
    if (planted) must(cudaFreeAsync(words, stream));
    must(launch(stream, 1, 1, 0, write_at, words, 0));
    if (!planted) must(cudaFreeAsync(words, stream));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorIllegalAddress : cudaSuccess);
}

DEFECT(CopyAfterFree, EMU_USE_AFTER_FREE) {
    unsigned *words, host = 0;
    must(cudaMalloc(&words, 64));
    if (planted) must(cudaFree(words));
    EXPECT_EQ(cudaMemcpy(words, &host, 4, cudaMemcpyHostToDevice), planted ? cudaErrorInvalidValue : cudaSuccess);
    if (!planted) must(cudaFree(words));
}

DEFECT(FreedTwice, EMU_INVALID_FREE) {
    Stream stream;
    unsigned *words;
    must(cudaMallocAsync(&words, 64, stream));
    must(cudaFreeAsync(words, stream));
    if (planted) EXPECT_EQ(cudaFreeAsync(words, stream), cudaErrorInvalidValue);
}

DEFECT(FreedInTheMiddle, EMU_INVALID_FREE) {
    unsigned *words;
    must(cudaMalloc(&words, 64));
    if (planted) EXPECT_EQ(cudaFree(words + 1), cudaErrorInvalidValue);
    must(cudaFree(words));
}

DEFECT(HostReadsDeviceMemory, EMU_HOST_ACCESS) {
    Words<> words(std::vector<unsigned>{7});
    const volatile unsigned *direct = words;
    EXPECT_EQ(planted ? *direct : words.read()[0], 7u);
}

DEFECT(HostWritesDeviceMemory, EMU_HOST_ACCESS) {
    Words<> words(std::vector<unsigned>{7});
    if (planted) *static_cast<volatile unsigned *>(words) = 8;
    EXPECT_EQ(words.read()[0], planted ? 8u : 7u);
}

struct Reference {
    size_t index;
    const unsigned *data;
};
static __global__ void read_reference(const Reference from, unsigned *out) { *out = from.data[from.index]; }

DEFECT(HostPointerAsArgument, EMU_HOST_POINTER) {
    Stream stream;
    const unsigned on_stack = 1;
    unsigned *locked;
    must(cudaMallocHost(&locked, 4));
    *locked = 1;
    Words<> out(1);
    must(launch(stream, 1, 1, 0, read_at, planted ? &on_stack : locked, 0, out));
    must(cudaStreamSynchronize(stream));
    must(cudaFreeHost(locked));
}

// It is no defect to have captured it: what was captured may never run.
DEFECT(HostPointerInAGraph, EMU_HOST_POINTER) {
    Stream stream;
    const unsigned on_stack = 1;
    Words<> out(1);
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    must(launch(stream, 1, 1, 0, read_at, &on_stack, 0, out));
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaGraphInstantiate(&exec, graph));
    if (planted) must(cudaGraphLaunch(exec, stream));
    must(cudaStreamSynchronize(stream));
    must(cudaGraphExecDestroy(exec));
    must(cudaGraphDestroy(graph));
}

DEFECT(HostPointerInStructure, EMU_HOST_POINTER) {
    Stream stream;
    const std::vector<unsigned> on_heap(1, 1);
    Words<> on_device(on_heap), out(1);
    must(launch(stream, 1, 1, 0, read_reference, Reference{0, planted ? on_heap.data() : on_device}, out));
    must(cudaStreamSynchronize(stream));
}

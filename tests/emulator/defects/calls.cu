// SPDX-License-Identifier: Apache-2.0
// Calls of the runtime that no program should make.
#include "case.h"

using namespace world;

static __global__ void nothing() {}

DEFECT(NobodyAsksForTheErrorOfALaunch, EMU_UNCHECKED_LAUNCH) {
    cudaLaunchConfig_t config = {};
    config.gridDim = 1;
    config.blockDim = 2000; // too many
    EXPECT_EQ(cudaLaunchKernelEx(&config, nothing), cudaErrorInvalidConfiguration);
    if (!planted) EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
    must(cudaDeviceSynchronize());
    (void)cudaGetLastError();
}

DEFECT(StreamIsDestroyed, EMU_INVALID_HANDLE) {
    cudaStream_t stream;
    must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    if (planted) must(cudaStreamDestroy(stream));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorInvalidResourceHandle : cudaSuccess);
    if (!planted) must(cudaStreamDestroy(stream));
}

DEFECT(EventIsDestroyed, EMU_INVALID_HANDLE) {
    Stream stream;
    cudaEvent_t event;
    must(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    if (planted) must(cudaEventDestroy(event));
    EXPECT_EQ(cudaEventRecord(event, stream), planted ? cudaErrorInvalidResourceHandle : cudaSuccess);
    if (!planted) must(cudaEventDestroy(event));
}

static void CUDART_CB call_back(void *data) {
    int device;
    if (*static_cast<bool *>(data)) EXPECT_EQ(cudaGetDevice(&device), cudaErrorNotPermitted);
}
DEFECT(HostFunctionCallsTheRuntime, EMU_CALLBACK) {
    Stream stream;
    must(cudaLaunchHostFunc(stream, call_back, &planted));
    must(cudaStreamSynchronize(stream));
}

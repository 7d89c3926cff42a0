// SPDX-License-Identifier: Apache-2.0
// Shared memory: beside an array, and more than there is.
#include "case.h"

using namespace world;

static __global__ void write_array(unsigned index) {
    EMU_SHARED(unsigned, tile, 8);
    unsigned *const at = tile; // UndefinedBehaviorSanitizer would end the process at tile[8]
    at[index] = 1;
}
DEFECT(WriteBehindASharedArray, EMU_SHARED_GUARD) {
    Stream stream;
    volatile unsigned index = planted ? 8 : 7; // the compiler must not see it
    must(launch(stream, 1, 1, 0, write_array, index));
    must(cudaStreamSynchronize(stream));
}

static __global__ void write_dynamic(unsigned index) {
    EMU_SHARED_DYNAMIC(unsigned, tile);
    tile[index] = 1;
}
DEFECT(WriteBehindDynamicSharedMemory, EMU_OUT_OF_BOUNDS) {
    Stream stream;
    must(launch(stream, 1, 1, 64, write_dynamic, planted ? 16 : 15));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorIllegalAddress : cudaSuccess);
}

DEFECT(WriteIntoTheSlackOfDynamicSharedMemory, EMU_SHARED_GUARD) {
    Stream stream;
    must(launch(stream, 1, 1, 60, write_dynamic, planted ? 15 : 14));
    must(cudaStreamSynchronize(stream));
}

DEFECT(NoDynamicSharedMemory, EMU_SHARED_SIZE) {
    Stream stream;
    must(launch(stream, 1, 1, planted ? 0 : 4, write_dynamic, 0));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorIllegalAddress : cudaSuccess);
}

static __global__ void two_arrays(bool both) {
    EMU_SHARED(unsigned, large, 10000);
    large[threadIdx.x] = 1;
    if (!both) return;
    EMU_SHARED(unsigned, more, 4000);
    more[threadIdx.x] = 1;
}
DEFECT(MoreSharedMemoryThanABlockHas, EMU_SHARED_SIZE) {
    Stream stream;
    must(launch(stream, 1, 1, 0, two_arrays, planted));
    EXPECT_EQ(cudaStreamSynchronize(stream), planted ? cudaErrorLaunchOutOfResources : cudaSuccess);
}
